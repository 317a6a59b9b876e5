/* gc_dependents.c: settling of dependent handles: the secondary lives if the primary does.
 * The collector calls gc_dependents_keep, traces what that kept, and calls again until nothing new was kept.  The first call reads
 * the segments and leaves those with a dead primary in `pending`; later calls read `pending` only, which shrinks.
 * One by one that takes as many rounds as the longest chain of handles, each over all that is pending.  So after a few rounds
 * the rest is settled in one: what the secondaries reach is walked here, and each object met is looked up among the
 * primaries (`linear`).  Each object and handle is then seen once.  Whatever that walk misses, the next round finds.
 * World stopped.  Book: gc.md  Tests: tests/unit/gc/handles.c */
#include "gc/gc_handles.h"

enum { ROUNDS = 3, FEW = 64, WALK_LIMIT = 1 << 22 };

static bool begun;                /* pending is that of the collection in progress */
static u32 rounds;                /* in a row that kept something */
static VEC(Object **) pending;    /* handles whose primary was not alive when last looked at */

/* True: the secondary was dead until now. */
static bool keep_secondary(Object **h)
{
    Object *s = h[1] ? gc_survivor(h[1]) : NULL;
    if (s)
        h[1] = s;
    else if (h[1])
        gc_keep(&h[1]);
    else
        return false;
    return !s;
}

static void first_look(void *arg, Segment *s)
{
    bool *some = arg;
    FOR_SLOTS(s, h) {
        if (!h[0] || !h[1])
            continue;
        if (gc_survivor(h[0]))
            *some |= keep_secondary(h);
        else
            vec_push(&pending, h);
    }
}

static bool look_again(void)
{
    bool some = false;
    u32 left = 0;
    for (u32 i = 0; i < pending.len; i++) {
        Object **h = pending.data[i];
        if (!h[0] || !h[1]) /* freed meanwhile by a preemptive thread */
            continue;
        if (gc_survivor(h[0]))
            some |= keep_secondary(h);
        else
            pending.data[left++] = h;
    }
    pending.len = left;
    return some;
}

/* --- All at once ------------------------------------------------------------------------------------------------------------ */

typedef struct Walk {
    Map64 by_primary;     /* dead primary -> 1 + index in pending of its first handle */
    VEC(u32) next;        /* same for the handle after it */
    Map64 seen;           /* dead objects met */
    VEC(Object *) stack;
    VEC(Object **) alive; /* handles whose secondary is to be kept */
} Walk;

static void meet(Walk *w, Object *o)
{
    u64 one;
    if (!o || w->seen.len >= WALK_LIMIT || map64_get(&w->seen, (u64)(uintptr_t)o, &one) || gc_survivor(o))
        return;
    map64_put(&w->seen, (u64)(uintptr_t)o, 1);
    vec_push(&w->stack, o);
}

static void meet_slot(void *arg, Object *holder, Object **slot)
{
    (void)holder;
    meet(arg, *slot);
}

static void settle(Walk *w, Object **h)
{
    vec_push(&w->alive, h);
    meet(w, h[1]);
}

static void walk(Walk *w)
{
    while (w->stack.len) {
        Object *o = vec_pop(&w->stack);
        u64 i = 0;
        map64_get(&w->by_primary, (u64)(uintptr_t)o, &i);
        for (; i; i = w->next.data[i - 1])
            settle(w, pending.data[i - 1]);
        gc_refs(o, meet_slot, w);
        Object **keeper = gc_type(o)->flags & GC_TYPE_COLLECTIBLE && gc_client->keeper ? gc_client->keeper(o->mt) : NULL;
        if (keeper)
            meet(w, *keeper);
    }
}

static bool linear(void)
{
    Walk w = {0};
    vec_reserve(&w.next, pending.len);
    for (u32 i = 0; i < pending.len; i++) {
        u64 first = 0, primary = (u64)(uintptr_t)pending.data[i][0];
        if (primary && !gc_survivor(pending.data[i][0])) {
            map64_get(&w.by_primary, primary, &first);
            map64_put(&w.by_primary, primary, i + 1);
        } else if (primary) {
            settle(&w, pending.data[i]);
        }
        w.next.data[i] = (u32)first;
    }
    walk(&w);
    bool some = false;
    for (u32 i = 0; i < w.alive.len; i++)
        some |= keep_secondary(w.alive.data[i]);
    map64_free(&w.by_primary);
    map64_free(&w.seen);
    vec_free(&w.next);
    vec_free(&w.stack);
    vec_free(&w.alive);
    return some;
}

bool gc_dependents_keep(i32 generation)
{
    bool some = false;
    if (begun) {
        gc_handles_lock();
        some = rounds > ROUNDS && pending.len > FEW ? linear() : look_again();
        gc_handles_unlock();
    } else {
        begun = true;
        vec_clear(&pending);
        gc_handle_segments(1u << GC_HANDLE_DEPENDENT, (u8)generation, first_look, &some);
    }
    rounds = some ? rounds + 1 : 0;
    return some;
}

void gc_dependents_done(void)
{
    begun = false;
    rounds = 0;
    if (pending.cap > 1 << 16)
        vec_free(&pending);
}
