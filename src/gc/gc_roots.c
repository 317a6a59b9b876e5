/* gc_roots.c: registered blocks of static fields.
 * Every young collection visits all of them, since stores to statics leave no trace: so the blocks lie in one array, and those without
 * references stay out of it.
 * Lock: root_lock; types are loaded, and blocks added, in preemptive mode while the world is stopped.  A visit may take gc_heap_lock.
 * Book: gc.md  Tests: tests/unit/gc/ */
#include "base/vec.h"
#include "gc/gc_int.h"

struct GcRootBlock {
    char *base;
    Domain *domain;
    u32 index; /* in blocks, when nruns is not 0 */
    u32 nruns;
    GcRun runs[];
};

static pthread_mutex_t root_lock = PTHREAD_MUTEX_INITIALIZER;
static VEC(GcRootBlock *) blocks;

GcRootBlock *gc_root_block_add(Domain *d, void *base, const GcRun *runs, u32 nruns)
{
    GcRootBlock *b = base_malloc(sizeof *b + nruns * sizeof *runs);
    *b = (GcRootBlock){.domain = d, .base = base, .nruns = nruns};
    if (!nruns)
        return b;
    memcpy(b->runs, runs, nruns * sizeof *runs);
    pthread_mutex_lock(&root_lock);
    b->index = blocks.len;
    vec_push(&blocks, b);
    pthread_mutex_unlock(&root_lock);
    return b;
}

void gc_root_block_remove(GcRootBlock *b)
{
    if (b->nruns) {
        pthread_mutex_lock(&root_lock);
        GcRootBlock *last = vec_pop(&blocks);
        blocks.data[last->index = b->index] = last;
        pthread_mutex_unlock(&root_lock);
    }
    base_free(b);
}

void gc_roots_visit(void (*visit)(void *arg, Object **slot), void *arg)
{
    pthread_mutex_lock(&root_lock);
    for (u32 n = 0; n < blocks.len; n++) {
        const GcRootBlock *b = blocks.data[n];
        if (n + 4 < blocks.len)
            __builtin_prefetch(blocks.data[n + 4]);
        for (u32 i = 0; i < b->nruns; i++) {
            Object **slot = (Object **)(void *)(b->base + b->runs[i].offset);
            for (u32 k = 0; k < b->runs[i].count; k++)
                if (slot[k])
                    visit(arg, slot + k);
        }
    }
    pthread_mutex_unlock(&root_lock);
}
