/* code_heap.c: executable memory of the load contexts.
 * Each context bumps through chunks of the span's code range; chunks start at 1 KB for collectible contexts, so that a
 * small one stays small, and double up to 256 KB.  Code runs in one view and is written through the other (os_mem.h).
 * Invariant: blocks are CODE_GRANULE-aligned and one byte longer than asked for, so the address just after a body (the
 * return address of a call that ends it) still belongs to it in the table (code_table.c).
 * Unloading gives the chunks back: world stopped while the table forgets them, so no reader of it sees a body go.
 * Locks: one leaf lock for the folder.  Book: code.md  Tests: tests/unit/code/ */
#include "code/code_int.h"

#include "base/map.h"
#include "base/vec.h"
#include "os/os_mem.h"
#include "os/os_thread.h"

enum { CODE_GRANULE = 32, FIRST_CHUNK = 16 * 1024, FIRST_SMALL_CHUNK = 1024, LAST_CHUNK = 256 * 1024 };

typedef struct CodeChunk {
    char *start;
    size_t size;
} CodeChunk;
typedef struct CodeHeap {
    char *cur, *end;
    size_t next_chunk;
    VEC(CodeChunk) chunks; /* of collectible contexts only: others keep theirs */
    ReverseData *thunks;   /* likewise */
} CodeHeap;

static OsMutex lock = OS_MUTEX_INIT;
static Map64 heaps;          /* LoadContext * -> CodeHeap *; under lock */
static CodeHeap common_heap; /* stubs that belong to no context */

void code_lock(void) { os_mutex_lock(&lock); }
void code_unlock(void) { os_mutex_unlock(&lock); }

static CodeHeap *heap_of(LoadContext *alc)
{
    if (!alc)
        return &common_heap;
    CodeHeap *h = map64_ptr(&heaps, (u64)(uintptr_t)alc);
    if (!h) {
        h = base_calloc(1, sizeof(*h));
        h->next_chunk = alc->collectible ? FIRST_SMALL_CHUNK : FIRST_CHUNK;
        map64_put(&heaps, (u64)(uintptr_t)alc, (u64)(uintptr_t)h);
    }
    return h;
}

char *code_alloc_locked(LoadContext *alc, size_t n, char **rw)
{
    CodeHeap *h = heap_of(alc);
    n = ALIGN_UP(n + 1, (size_t)CODE_GRANULE);
    if ((size_t)(h->end - h->cur) < n) {
        size_t size = MAX(h->next_chunk, (size_t)FIRST_SMALL_CHUNK);
        h->next_chunk = MIN(size * 2, (size_t)LAST_CHUNK);
        size = ALIGN_UP(MAX(size, n), (size_t)OS_CHUNK_UNIT);
        char *chunk = os_span_alloc(OS_CHUNK_CODE, size);
        if (!chunk)
            base_fatal(EXIT_UNHANDLED, "the code range is used up");
        if (alc && alc->collectible)
            vec_push(&h->chunks, ((CodeChunk){chunk, size}));
        /* a neighbouring chunk continues the old one */
        if (chunk != h->end)
            h->cur = chunk;
        h->end = chunk + size;
    }
    char *p = h->cur;
    h->cur += n;
    *rw = os_span_rw(p);
    return p;
}

ReverseData **code_reverse_list_locked(LoadContext *alc) { return &heap_of(alc)->thunks; }

char *code_alloc(LoadContext *alc, size_t n, char **rw)
{
    code_lock();
    char *p = code_alloc_locked(alc, n, rw);
    code_unlock();
    return p;
}

static void each_chunk(LoadContext *alc, void (*visit)(const void *p, size_t n))
{
    code_lock();
    CodeHeap *h = map64_ptr(&heaps, (u64)(uintptr_t)alc);
    for (u32 i = 0; h && i < h->chunks.len; i++)
        visit(h->chunks.data[i].start, h->chunks.data[i].size);
    code_unlock();
}

void code_context_dying(LoadContext *alc)
{
    each_chunk(alc, type_dying_mark);
    each_chunk(alc, code_table_forget);
}

void code_context_undying(LoadContext *alc) { each_chunk(alc, type_dying_unmark); }

void code_context_free(LoadContext *alc)
{
    code_lock();
    u64 key = (u64)(uintptr_t)alc;
    CodeHeap *h = map64_ptr(&heaps, key);
    map64_remove(&heaps, key);
    code_stubs_forget(alc);
    if (h)
        code_reverse_forget(h->thunks);
    code_unlock();
    for (u32 i = 0; h && i < h->chunks.len; i++)
        os_span_free(OS_CHUNK_CODE, h->chunks.data[i].start, h->chunks.data[i].size);
    if (h)
        vec_free(&h->chunks);
    base_free(h);
}
