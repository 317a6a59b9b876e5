/* gc_mark.c: finds what is alive from the roots; moves nothing.
 * In: gc_cycle.mark_states says in which regions objects are marked; roots come from the client, static blocks, handles, the ready
 * queue and frozen objects.  Out: bits in gc_marks.
 * Invariant: a marked object's slots were visited, or it is on a gray stack, in a marker's window or in the pool; only when memory for a
 * gray stack runs out it is in none of these, and then all marked objects are visited again.
 * Marking waits for memory most of the time: an object taken off the stack is fetched ahead and passes a short window before
 * its slots are read.  Large objects are visited in pieces of 16 KB, so that several workers share them and a quantum stays short.
 * Concurrent marking (gc_mark_some) runs beside the program: it reads slots once, touches old objects only and keeps no
 * object in its window from one quantum to the next.
 * Not here: who is told what died (gc_collect.c), moving (gc_full.c), the cycle (gc_back.c).  Book: gc.md  Tests: tests/unit/gc/mark.c */
#include "gc/gc_int.h"
#include "os/os_mem.h"
#include "os/os_thread.h"
#include "os/os_time.h"

enum {
    WINDOW = 16,
    PIECE_SHIFT = 14,
    ALONE = 8192,          /* visits before other workers are called */
    SHARE_EVERY = 64,      /* visits between looks at who is idle */
    SHARE_MIN = 8,         /* gray objects worth sharing */
    CLOCK_EVERY = 64,
};
#define GRAY_START ((size_t)64 << 10) /* bytes */
#define GRAY_KEEP ((size_t)1 << 20)

typedef struct Marker {
    GcWorker *w;
    u8 states;
    bool atomic; /* other markers or the program set mark bits meanwhile */
    u32 first, last; /* window: entries [first, last), counted modulo WINDOW */
    Object *window[WINDOW];
} Marker;

static bool overflowed; /* some marked object is on no stack */
size_t gc_mark_stack_limit = (size_t)UINT32_MAX; /* entries of one stack; less in tests */

/* --- Gray stacks ----------------------------------------------------------------------------------------------------------- */

static bool grow(GcStack *s)
{
    size_t old = (size_t)s->cap * sizeof *s->data, bytes = MAX(old * 2, GRAY_START);
    if (bytes / sizeof *s->data > gc_mark_stack_limit)
        return false;
    void *p = os_mem_reserve(bytes, 0);
    if (!p)
        return false;
    if (!os_mem_commit(p, bytes)) {
        os_mem_release(p, bytes);
        return false;
    }
    if (old) {
        memcpy(p, s->data, (size_t)s->len * sizeof *s->data);
        os_mem_release(s->data, old);
    }
    s->data = p;
    s->cap = (u32)(bytes / sizeof *s->data);
    return true;
}

void gc_gray_push_slow(GcWorker *w, Object *o)
{
    if (grow(&w->gray))
        w->gray.data[w->gray.len++] = o;
    else
        __atomic_store_n(&overflowed, true, __ATOMIC_RELAXED);
}

void gc_gray_release(void)
{
    for (u32 i = 0; i < GC_MAX_WORKERS; i++) {
        GcStack *s = &gc_workers[i].gray;
        size_t bytes = (size_t)s->cap * sizeof *s->data;
        if (s->len || bytes <= GRAY_KEEP)
            continue;
        os_mem_release(s->data, bytes);
        *s = (GcStack){0};
    }
}

/* --- Visiting ---------------------------------------------------------------------------------------------------------------- */

/* A gray entry is an object, or a piece of one: bit 0 set, then the object's word index in the heap (35 bits), then the piece's number. */
static Object *piece_entry(const Object *o, u64 number)
{
    return (Object *)(uintptr_t)(number << 36 | (u64)gc_bit(o) << 1 | 1);
}

static inline __attribute__((always_inline)) void mark_value(Marker *m, Object *v, Object **slot, bool atomic)
{
    u8 s = __atomic_load_n(&gc_state_biased[(uintptr_t)v >> GC_REGION_SHIFT], __ATOMIC_RELAXED);
    if (!(s & m->states))
        return;
    if (UNLIKELY(s & GC_STATE_CANDIDATE))
        gc_evac_record(slot);
    if (atomic) {
        if (!gc_bit_set_atomic(gc_marks, v))
            return;
    } else {
        if (gc_bit_test(gc_marks, v))
            return;
        gc_bit_set(gc_marks, v);
    }
    gc_gray_push(m->w, v);
}

static inline __attribute__((always_inline)) void visit_slot_alone(void *arg, Object *holder, Object **slot)
{
    (void)holder;
    Object *v = *slot;
    if (v)
        mark_value(arg, v, slot, false);
}

static inline __attribute__((always_inline)) void visit_slot_shared(void *arg, Object *holder, Object **slot)
{
    (void)holder;
    Object *v = __atomic_load_n(slot, __ATOMIC_RELAXED);
    if (v)
        mark_value(arg, v, slot, true);
}

static __attribute__((noinline)) void visit_keeper(Marker *m, const Object *o)
{
    Object **slot = gc_client->keeper ? gc_client->keeper(o->mt) : NULL;
    if (slot)
        visit_slot_shared(m, NULL, slot);
}

static __attribute__((noinline)) void visit_piece(Marker *m, Object *o, u64 number)
{
    const char *low = (const char *)o + (number << PIECE_SHIFT), *high = low + ((size_t)1 << PIECE_SHIFT);
    if (high < (char *)o + gc_object_size(o) - 8)
        gc_gray_push(m->w, piece_entry(o, number + 1)); /* first, so that another worker can have it */
    gc_refs_between(o, low, high, visit_slot_shared, m);
}

static inline __attribute__((always_inline)) void visit(Marker *m, Object *o, bool atomic)
{
    if (UNLIKELY((uintptr_t)o & 1)) {
        u64 e = (u64)(uintptr_t)o;
        visit_piece(m, (Object *)(gc_heap_base + ((e >> 1 & (((u64)1 << 35) - 1)) << 3)), e >> 36);
        return;
    }
    u32 flags = gc_type(o)->flags;
    if (UNLIKELY(flags & GC_TYPE_COLLECTIBLE))
        visit_keeper(m, o);
    if (!(flags & GC_TYPE_HAS_REFS))
        return;
    if (UNLIKELY(flags & GC_TYPE_HAS_COMPONENTS) && gc_object_size(o) > (size_t)1 << PIECE_SHIFT)
        visit_piece(m, o, 0);
    else if (atomic)
        gc_refs(o, visit_slot_shared, m);
    else
        gc_refs(o, visit_slot_alone, m);
}

/* --- The loop ------------------------------------------------------------------------------------------------------------------ */

static inline void fetch_ahead(const Object *o)
{
    if (UNLIKELY((uintptr_t)o & 1))
        return;
    __builtin_prefetch(o);
    __builtin_prefetch((const char *)o + 24); /* a small object's last field may lie on the next line */
}

/* Keeps the window full; NULL: nothing is gray. */
static inline Object *next_gray(Marker *m)
{
    GcStack *s = &m->w->gray;
    while (m->last - m->first < WINDOW && s->len) {
        Object *o = s->data[--s->len];
        fetch_ahead(o);
        m->window[m->last++ % WINDOW] = o;
    }
    return m->first == m->last ? NULL : m->window[m->first++ % WINDOW];
}

static void empty_window(Marker *m)
{
    while (m->first != m->last)
        gc_gray_push(m->w, m->window[m->first++ % WINDOW]);
}

static inline __attribute__((always_inline)) bool run_loop(Marker *m, u64 visits, bool atomic)
{
    while (visits--) {
        Object *o = next_gray(m);
        if (!o)
            return true;
        visit(m, o, atomic);
    }
    return m->first == m->last && !m->w->gray.len;
}

/* At most so many visits; true: nothing is gray any more. */
static bool run(Marker *m, u64 visits)
{
    return m->atomic ? run_loop(m, visits, true) : run_loop(m, visits, false);
}

static Marker marker(GcWorker *w, u8 states, bool atomic)
{
    return (Marker){.w = w, .states = states, .atomic = atomic};
}

/* --- Several workers ---------------------------------------------------------------------------------------------------------------- */

static void mark_shared(GcWorker *w, void *arg)
{
    (void)arg;
    Marker m = marker(w, gc_cycle.mark_states, true);
    gc_pool_join();
    do {
        while (!run(&m, SHARE_EVERY))
            if (gc_pool_wants() && w->gray.len >= SHARE_MIN)
                gc_pool_give(&w->gray);
    } while (gc_pool_take(w, gc_gray_push));
}

static void mark_together(void)
{
    for (u32 i = 1; i < gc_worker_count; i++) /* that worker may come too late */
        for (GcStack *s = &gc_workers[i].gray; s->len;)
            gc_gray_push(&gc_workers[0], s->data[--s->len]);
    gc_pool_open();
    gc_parallel(gc_worker_count, mark_shared, NULL);
}

/* --- When memory for a gray stack ran out ----------------------------------------------------------------------------------------------- */

static void visit_again(void *arg, Object *o)
{
    Marker *m = arg;
    if (!gc_bit_test(gc_marks, o))
        return;
    visit(m, o, true);
    run(m, UINT64_MAX);
}

static void visit_all_marked(Marker *m)
{
    for (u32 i = 0; i < gc_region_count; i++) {
        const GcRegion *r = &gc_regions[i];
        if (!(gc_state(r->start) & m->states))
            continue;
        for (Object *o = gc_bit_after(gc_marks, r->start, r->end); o; o = gc_bit_after(gc_marks, (char *)o + 8, r->end))
            visit_again(m, o);
    }
    gc_large_each(visit_again, m);
}

static void finish(Marker *m)
{
    while (UNLIKELY(__atomic_exchange_n(&overflowed, false, __ATOMIC_RELAXED)))
        visit_all_marked(m);
}

/* --- Entries --------------------------------------------------------------------------------------------------------------------------------- */

void gc_mark_drain(GcWorker *w)
{
    bool shared = gc_parallel_count > 1;
    Marker m = marker(w, gc_cycle.mark_states, shared);
    bool others = gc_worker_count > 1 && !shared && w->id == 0;
    if (!run(&m, others ? ALONE : UINT64_MAX)) {
        empty_window(&m);
        mark_together();
    }
    if (!shared)
        finish(&m);
}

bool gc_mark_some(GcWorker *w, u64 deadline_ns)
{
    Marker m = marker(w, GC_STATE_OLD, true);
    while (!run(&m, CLOCK_EVERY))
        if (os_time_mono_ns() >= deadline_ns) {
            empty_window(&m);
            return false;
        }
    finish(&m);
    return true;
}

/* --- Roots ------------------------------------------------------------------------------------------------------------------------------------- */

static void mark_root(Object *o)
{
    if (gc_state_any(o) & gc_cycle.mark_states)
        gc_mark_object(&gc_workers[0], o);
}

static void mark_owner(const void *p)
{
    Object *o = gc_containing_object(p);
    if (o)
        mark_root(o);
}

static void mark_stack_slot(void *arg, Object **slot, GcSlotKind kind)
{
    (void)arg;
    Object *v = *slot;
    if (!v)
        return;
    switch (kind) {
    case GC_SLOT_REF:
    case GC_SLOT_PINNED_REF: mark_root(v); break;
    case GC_SLOT_INTERIOR:
    case GC_SLOT_PINNED_INTERIOR: mark_owner(v); break;
    case GC_SLOT_CONSERVATIVE: /* C may hold no more than the address of the header */
        mark_owner(v);
        mark_owner((const char *)v + 8);
        break;
    }
}

static void mark_static(void *arg, Object **slot)
{
    (void)arg;
    mark_root(*slot);
}

static void mark_frozen_slot(void *arg, Object *holder, Object **slot)
{
    (void)arg;
    (void)holder;
    mark_root(*slot);
}

static void mark_frozen(void *arg, Object *o, GcRegion *r)
{
    (void)r;
    gc_refs(o, mark_frozen_slot, arg);
}

/* Before anything else is marked, these are. */
static void mark_immortal(void *arg, Object *o)
{
    (void)arg;
    if (gc_bit_test(gc_marks, o))
        gc_gray_push(&gc_workers[0], o);
}

void gc_mark_roots(void)
{
    gc_large_each(mark_immortal, NULL);
    u64 frames = 0;
    gc_client->walk_stacks(mark_stack_slot, NULL, gc_cycle.low, &frames);
    gc_roots_visit(mark_static, NULL);
    gc_handles_keep(2);
    gc_final_keep();
    for (u32 i = 0; i < gc_region_count; i++)
        if (gc_regions[i].kind == GC_REGION_FROZEN)
            gc_walk_region(&gc_regions[i], mark_frozen, NULL);
}
