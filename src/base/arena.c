/* arena.c: chunks chained newest first; a request larger than the chunk size gets a chunk of its own size.
 * Memory is cleared as it is given out: most lives use a small part of their first chunk.
 * Book: base.md  Tests: tests/unit/base/ */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>

struct ArenaChunk {
    ArenaChunk *next; /* older */
    size_t size;      /* bytes after the header */
    _Alignas(16) char data[];
};

enum { DEFAULT_CHUNK = 64 * 1024 };

void arena_init(Arena *a, size_t chunk_size)
{
    *a = (Arena){.chunk_size = chunk_size};
}

static void chunk_drop(Arena *a)
{
    ArenaChunk *c = a->chunk;
    a->chunk = c->next;
    a->total -= c->size;
#ifdef STATOR_DEBUG
    memset(c->data, 0xDD, c->size);
#endif
    base_free(c);
}

void arena_free(Arena *a)
{
    while (a->chunk)
        chunk_drop(a);
    a->cur = a->end = NULL;
}

static void chunk_add(Arena *a, size_t n)
{
    size_t size = a->chunk_size ? a->chunk_size : DEFAULT_CHUNK;
    size = ALIGN_UP(MAX(size, n), 16);
    ArenaChunk *c = base_malloc(sizeof *c + size);
    c->next = a->chunk;
    c->size = size;
    a->chunk = c;
    a->total += size;
    a->cur = c->data;
    a->end = c->data + size;
}

void *arena_alloc(Arena *a, size_t n)
{
    n = ALIGN_UP(n, (size_t)16);
    if (n == 0)
        n = 16;
    if (UNLIKELY(n > (size_t)(a->end - a->cur)))
        chunk_add(a, n);
    void *p = a->cur;
    a->cur += n;
    return memset(p, 0, n);
}

char *arena_strndup(Arena *a, const char *s, size_t n)
{
    char *p = arena_alloc(a, n + 1);
    if (n) memcpy(p, s, n);
    return p;
}

char *arena_strdup(Arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_printf(Arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    CHECK(n >= 0);
    char *s = arena_alloc(a, (size_t)n + 1);
    vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}

ArenaMark arena_mark(Arena *a)
{
    return (ArenaMark){a->chunk, a->cur};
}

void arena_release(Arena *a, ArenaMark m)
{
    for (; a->chunk != m.chunk; chunk_drop(a))
        CHECK(a->chunk);
    if (!a->chunk) {
        a->cur = a->end = NULL;
        return;
    }
    a->cur = m.cur;
    a->end = a->chunk->data + a->chunk->size;
}
