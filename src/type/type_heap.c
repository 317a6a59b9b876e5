/* type_heap.c: loader heaps (D11): bump memory of a load context, in chunks of the process-wide span.
 * Chunks start at 1 KB and double up to 64 KB, so that a small context stays small.  Memory is zero.
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
    HeapChunk *chunks; /* HEAP_STUB: NULL, chunks are not linked (they hold code addresses only) */
    size_t next_size;
};
static OsMutex heap_lock = OS_MUTEX_INIT;

static void *take_chunk(HeapKind kind, size_t n)
{
    static const OsChunkKind kinds[HEAP_KINDS] = {OS_CHUNK_HOT, OS_CHUNK_COLD, OS_CHUNK_STUB};
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
