/* gc_roots.c: registered blocks of static fields.
 * Lock: root_lock, a leaf.  Book: gc.md  Tests: tests/unit/gc/ */
#include "gc/gc_int.h"

struct GcRootBlock {
    GcRootBlock *next, *prev;
    Domain *domain;
    char *base;
    u32 nruns;
    GcRun runs[];
};

static pthread_mutex_t root_lock = PTHREAD_MUTEX_INITIALIZER;
static GcRootBlock *first_block;

GcRootBlock *gc_root_block_add(Domain *d, void *base, const GcRun *runs, u32 nruns)
{
    GcRootBlock *b = base_malloc(sizeof *b + nruns * sizeof *runs);
    *b = (GcRootBlock){.domain = d, .base = base, .nruns = nruns};
    if (nruns)
        memcpy(b->runs, runs, nruns * sizeof *runs);
    pthread_mutex_lock(&root_lock);
    b->next = first_block;
    if (first_block)
        first_block->prev = b;
    first_block = b;
    pthread_mutex_unlock(&root_lock);
    return b;
}

void gc_root_block_remove(GcRootBlock *b)
{
    pthread_mutex_lock(&root_lock);
    if (b->prev)
        b->prev->next = b->next;
    else
        first_block = b->next;
    if (b->next)
        b->next->prev = b->prev;
    pthread_mutex_unlock(&root_lock);
    base_free(b);
}

void gc_roots_visit(void (*visit)(void *arg, Object **slot), void *arg)
{
    pthread_mutex_lock(&root_lock);
    for (GcRootBlock *b = first_block; b; b = b->next)
        for (u32 i = 0; i < b->nruns; i++)
            for (u32 k = 0; k < b->runs[i].count; k++)
                visit(arg, (Object **)(void *)(b->base + b->runs[i].offset) + k);
    pthread_mutex_unlock(&root_lock);
}
