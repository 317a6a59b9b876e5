/* heap_count.h: how many objects the heap holds, for tests of the real collector. */
#ifndef HEAP_COUNT_H
#define HEAP_COUNT_H
#include "gc/gc_int.h"
#include "thread/thread.h"

static inline void heap_count_one(void *arg, Object *o, GcRegion *r)
{
    (void)r;
    *(u64 *)arg += !gc_is_free(o);
}

static inline u64 count_objects(Thread *t)
{
    u64 n = 0;
    thread_stop_world(t, NULL);
    gc_retire_chunks();
    gc_walk_heap(heap_count_one, &n);
    thread_resume_world(t);
    return n;
}
#endif
