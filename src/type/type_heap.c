/* type_heap.c: loader heaps (D11): bump memory of a load context, in chunks of the process-wide span.
 * Chunks start at 1 KB and double up to 64 KB, so that a small context stays small.  Memory is zero.
 * Unloading gives all chunks of a context back; the span hands them out again.
 * Book: type.md  Tests: tests/unit/type/ */
#include "os/os_mem.h"
#include "os/os_thread.h"
#include "type/type_int.h"

typedef struct HeapChunk {
    struct HeapChunk *prev;
    size_t size;
} HeapChunk;
struct LoaderHeap {
    char *cur, *end;
    HeapChunk *chunks; /* newest first */
    size_t next_size;
};
static OsMutex heap_lock = OS_MUTEX_INIT;

static const OsChunkKind kinds[HEAP_KINDS] = {OS_CHUNK_HOT, OS_CHUNK_COLD, OS_CHUNK_STUB};

static void *take_chunk(HeapKind kind, size_t n)
{
    void *p = os_span_alloc(kinds[kind], n);
    if (!p)
        base_fatal(EXIT_UNHANDLED, "stator: loader memory is used up");
    return p;
}

static void heap_grow(LoaderHeap *h, HeapKind kind, size_t need)
{
    size_t size = h->next_size ? h->next_size : OS_CHUNK_UNIT;
    while (size < need + sizeof(HeapChunk))
        size *= 2;
    h->next_size = MIN(MAX(size, h->next_size) * 2, (size_t)65536);
    char *p = take_chunk(kind, size);
    HeapChunk *c = (HeapChunk *)p;
    c->prev = h->chunks;
    c->size = size;
    h->chunks = c;
    h->cur = p + sizeof *c;
    h->end = p + size;
}

void *type_alloc(LoadContext *alc, HeapKind kind, size_t n)
{
    n = ALIGN_UP(n, (size_t)8);
    os_mutex_lock(&heap_lock);
    LoaderHeap *h = alc->heaps[kind];
    if (UNLIKELY(!h)) {
        h = alc->heaps[kind] = base_calloc(1, sizeof *h);
        if (alc->is_default)
            h->next_size = 65536;
    }
    if (UNLIKELY((size_t)(h->end - h->cur) < n))
        heap_grow(h, kind, n);
    void *p = h->cur;
    h->cur += n;
    alc->allocated_bytes += n;
    os_mutex_unlock(&heap_lock);
    return p;
}

char *type_strdup(LoadContext *alc, const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(type_alloc(alc, HEAP_COLD, n), s, n);
}

void heap_each_chunk(LoadContext *alc, void (*visit)(const void *p, size_t n))
{
    for (u32 k = 0; k < HEAP_KINDS; k++)
        for (HeapChunk *c = alc->heaps[k] ? alc->heaps[k]->chunks : NULL; c; c = c->prev)
            visit(c, c->size);
}

void heap_free(LoadContext *alc)
{
    for (u32 k = 0; k < HEAP_KINDS; k++) {
        LoaderHeap *h = alc->heaps[k];
        for (HeapChunk *c = h ? h->chunks : NULL, *prev; c; c = prev) {
            prev = c->prev;
            os_span_free(kinds[k], c, c->size);
        }
        base_free(h);
        alc->heaps[k] = NULL;
    }
}
