/* gc_final.c: which objects want their finaliser run.
 * An object is recorded when allocated; "suppressed" is a bit of its header word, so that suppressing needs no search.
 * The list does not keep objects alive.  The collector moves dead ones to the ready queue; until it exists that stays
 * empty.  Lock: final_lock, a leaf.  Book: gc.md  Tests: tests/unit/gc/ */
#include "base/vec.h"
#include "gc/gc_header.h"
#include "gc/gc_int.h"

static pthread_mutex_t final_lock = PTHREAD_MUTEX_INITIALIZER;
static VEC(Object *) recorded; /* weak; the collector clears and moves entries */
static VEC(Object *) ready;    /* strong */

void gc_final_register(Object *o)
{
    pthread_mutex_lock(&final_lock);
    vec_push(&recorded, o);
    pthread_mutex_unlock(&final_lock);
}

void gc_suppress_finalize(Object *o)
{
    if (gc_type(o)->flags & GC_TYPE_HAS_FINALIZER)
        __atomic_fetch_or(gc_header(o), GC_HEADER_NO_FINALIZE, __ATOMIC_SEQ_CST);
}

void gc_reregister_finalize(Object *o)
{
    if (!(gc_type(o)->flags & GC_TYPE_HAS_FINALIZER))
        return;
    u32 old = __atomic_fetch_and(gc_header(o), ~GC_HEADER_NO_FINALIZE, __ATOMIC_SEQ_CST);
    if (!(old & GC_HEADER_NO_FINALIZE)) /* its finaliser ran, or it is asked to run twice */
        gc_final_register(o);
}

Object *gc_next_finalizable(void)
{
    Object *o = NULL;
    pthread_mutex_lock(&final_lock);
    while (ready.len && !o) {
        o = vec_pop(&ready);
        if (__atomic_fetch_and(gc_header(o), ~GC_HEADER_NO_FINALIZE, __ATOMIC_SEQ_CST) & GC_HEADER_NO_FINALIZE)
            o = NULL;
    }
    pthread_mutex_unlock(&final_lock);
    return o;
}

void gc_final_visit(void (*visit)(void *arg, Object **slot), void *arg)
{
    pthread_mutex_lock(&final_lock);
    for (u32 i = 0; i < recorded.len; i++)
        visit(arg, &recorded.data[i]);
    for (u32 i = 0; i < ready.len; i++)
        visit(arg, &ready.data[i]);
    pthread_mutex_unlock(&final_lock);
}
