/* gc_back.c: the background cycle: generation 2 is marked while the program runs.
 * Incremental update.  A cycle begins inside a collection of generation 1, which grays the old objects that roots and live young ones
 * refer to; from then on the barrier sets CHANGED on the card of each stored reference.  The background thread marks in quanta,
 * then cleans changed cards by visiting the marked objects on them again, and when few are left asks for the final pause: another
 * collection of generation 1 that visits roots and young objects once more, the remaining cards, and decides what is dead.
 * There the bitmaps change places: gc_marks becomes gc_starts, so that dead objects are gone at once, and the thread sweeps region by
 * region afterwards.
 * Every young collection in between grays what it sees, and promoted objects are born marked, so the final pause has little left to do.
 * Locks: the thread holds gc_back_lock while it touches the heap; a stopper raises stop_wanted first, so that it need not wait for
 * more than a quantum.  Book: gc.md  Tests: tests/unit/gc/ */
#include "base/log.h"
#include "gc/gc_int.h"
#include "os/os_thread.h"
#include "os/os_time.h"

#define QUANTUM_NS 300000u
#define FEW_CARDS 256
#define MAX_ROUNDS 4

typedef enum BackState { BACK_IDLE, BACK_MARKING, BACK_READY, BACK_SWEEPING } BackState;

bool gc_back_active;

static u32 state;       /* BackState; changed with gc_back_lock held */
static u32 cycle;       /* counts cycles: the thread notices that one was aborted */
static u32 wake, stop_wanted; /* futex words */
static bool has_thread, marks_dirty;
static GcWorker marker;
static u64 started_ns;
static u64 first_pause_ns;

void gc_back_init(void) {}

bool gc_back_wants_pause(void)
{
    return __atomic_load_n(&state, __ATOMIC_ACQUIRE) == BACK_READY;
}

void gc_back_lock_stopped(void)
{
    __atomic_store_n(&stop_wanted, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_lock(&gc_back_lock);
}

void gc_back_unlock_stopped(void)
{
    __atomic_store_n(&stop_wanted, 0, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&gc_back_lock);
    if (has_thread)
        os_futex_wake(&stop_wanted, 1);
}

/* --- The thread's side -------------------------------------------------------------------------------------------------------------- */

/* Not in a pause: the collector's helpers want the processor. */
static void await_pause(void)
{
    while (__atomic_load_n(&stop_wanted, __ATOMIC_SEQ_CST))
        os_futex_wait(&stop_wanted, 1, -1);
}

static void prepare_regions(void)
{
    do
        await_pause();
    while (gc_region_prepare());
}

/* False: the cycle that the caller works for is over. */
static bool lock_for(u32 mine, BackState expected)
{
    prepare_regions();
    pthread_mutex_lock(&gc_back_lock);
    if (cycle == mine && state == expected)
        return true;
    pthread_mutex_unlock(&gc_back_lock);
    return false;
}

static inline __attribute__((always_inline)) void gray_ref(void *arg, Object *holder, Object **slot)
{
    (void)holder;
    Object *v = __atomic_load_n(slot, __ATOMIC_RELAXED);
    u8 s = v ? gc_state(v) : 0;
    if (!(s & GC_STATE_OLD))
        return;
    if (UNLIKELY(s & GC_STATE_CANDIDATE))
        gc_evac_record(slot);
    gc_mark_object(arg, v);
}

/* Visits the marked objects on the card again. */
static void clean_card(GcRegion *r, bool large, char *low)
{
    char *high = low + ((size_t)1 << GC_CARD_SHIFT);
    Object *o = large ? gc_large_containing(low) : gc_bit_before(gc_starts, low, r->start);
    if (!o)
        o = gc_bit_after(gc_starts, low, high);
    for (; o && (char *)o < high; o = gc_bit_after(gc_starts, MAX((char *)o + 8, low), high))
        if (gc_bit_test(gc_marks, o))
            gc_refs_between(o, low, high, gray_ref, &marker);
}

/* One region's changed cards; returns how many there were. back_lock held. */
static u32 clean_region(GcRegion *r, char *start, char *end, bool large)
{
    u32 n = 0;
    u8 *last = gc_card(end - 1);
    for (u8 *c = gc_card(start); c <= last; c++) {
        if (!((uintptr_t)c & 7) && c + 8 <= last + 1 && !(*(u64 *)(void *)c & 0x0202020202020202ull)) {
            c += 7;
            continue;
        }
        if (!(__atomic_load_n(c, __ATOMIC_RELAXED) & GC_CARD_CHANGED))
            continue;
        __atomic_fetch_and(c, (u8)~GC_CARD_CHANGED, __ATOMIC_SEQ_CST); /* before the slots are read: a store after this dirties it again */
        clean_card(r, large, (char *)((uintptr_t)(c - gc_card_biased) << GC_CARD_SHIFT));
        n++;
    }
    return n;
}

static bool clean_round(u32 mine, u32 *cards)
{
    *cards = 0;
    for (u32 i = 0; i < __atomic_load_n(&gc_region_count, __ATOMIC_ACQUIRE); i++) {
        GcRegion *r = &gc_regions[i];
        if (r->kind != GC_REGION_OLD && r->kind != GC_REGION_PINNED)
            continue;
        if (!lock_for(mine, BACK_MARKING))
            return false;
        if (r->kind == GC_REGION_PINNED)
            pthread_mutex_lock(&gc_heap_lock); /* objects are allocated here by running threads */
        if ((r->kind == GC_REGION_OLD || r->kind == GC_REGION_PINNED) && r->bump > r->start)
            *cards += clean_region(r, r->start, r->bump, false);
        if (r->kind == GC_REGION_PINNED)
            pthread_mutex_unlock(&gc_heap_lock);
        gc_mark_some(&marker, os_time_mono_ns() + QUANTUM_NS);
        pthread_mutex_unlock(&gc_back_lock);
    }
    for (char *p = gc_large_base; p < __atomic_load_n(&gc_large_top, __ATOMIC_ACQUIRE); p += GC_REGION_SIZE) {
        if (!lock_for(mine, BACK_MARKING))
            return false;
        pthread_mutex_lock(&gc_heap_lock);
        *cards += clean_region(NULL, p, MIN(p + GC_REGION_SIZE, gc_large_top), true);
        pthread_mutex_unlock(&gc_heap_lock);
        gc_mark_some(&marker, os_time_mono_ns() + QUANTUM_NS);
        pthread_mutex_unlock(&gc_back_lock);
    }
    return true;
}

static bool mark_all(u32 mine)
{
    for (bool done = false; !done;) {
        if (!lock_for(mine, BACK_MARKING))
            return false;
        done = gc_mark_some(&marker, os_time_mono_ns() + QUANTUM_NS);
        pthread_mutex_unlock(&gc_back_lock);
    }
    return true;
}

static void mark_cycle(u32 mine)
{
    u32 cards = FEW_CARDS + 1;
    if (!mark_all(mine))
        return;
    for (u32 round = 0; cards > FEW_CARDS && round < MAX_ROUNDS; round++)
        if (!clean_round(mine, &cards) || !mark_all(mine))
            return;
    if (!lock_for(mine, BACK_MARKING))
        return;
    __atomic_store_n(&state, BACK_READY, __ATOMIC_RELEASE);
    LOG(gc, 2, "background: marked after %llu us", (unsigned long long)(os_time_mono_ns() - started_ns) / 1000);
    pthread_mutex_unlock(&gc_back_lock);
}

static void sweep_cycle(u32 mine)
{
    u64 freed = 0;
    for (u32 i = 0; i < __atomic_load_n(&gc_region_count, __ATOMIC_ACQUIRE); i++) {
        GcRegion *r = &gc_regions[i];
        if ((r->kind != GC_REGION_OLD && r->kind != GC_REGION_PINNED) || r->swept)
            continue;
        if (!lock_for(mine, BACK_SWEEPING))
            return;
        if ((r->kind == GC_REGION_OLD || r->kind == GC_REGION_PINNED) && !r->swept)
            freed += gc_sweep_region(r);
        pthread_mutex_unlock(&gc_back_lock);
    }
    for (u32 i = 0; i < __atomic_load_n(&gc_region_count, __ATOMIC_ACQUIRE); i++) { /* for the next cycle */
        if (!lock_for(mine, BACK_SWEEPING))
            return;
        gc_bits_clear(gc_marks, gc_regions[i].start, gc_regions[i].end);
        pthread_mutex_unlock(&gc_back_lock);
    }
    for (char *p = gc_large_base; p < __atomic_load_n(&gc_large_top, __ATOMIC_ACQUIRE); p += GC_REGION_SIZE) {
        if (!lock_for(mine, BACK_SWEEPING))
            return;
        gc_bits_clear(gc_marks, p, p + GC_REGION_SIZE);
        pthread_mutex_unlock(&gc_back_lock);
    }
    if (!lock_for(mine, BACK_SWEEPING))
        return;
    marks_dirty = false;
    state = BACK_IDLE;
    gc_background_swept();
    __atomic_store_n(&gc_back_active, false, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&gc_back_lock);
    for (bool more = true; more && lock_for(mine, BACK_IDLE);) {
        more = gc_give_back_step();
        pthread_mutex_unlock(&gc_back_lock);
    }
    LOG(gc, 2, "background: swept, %llu KB freed, %llu us since its start", (unsigned long long)freed >> 10,
        (unsigned long long)(os_time_mono_ns() - started_ns) / 1000);
}

static void run(Thread *t, void *arg)
{
    (void)arg;
    for (;;) {
        u32 seen = __atomic_load_n(&wake, __ATOMIC_ACQUIRE);
        pthread_mutex_lock(&gc_back_lock);
        u32 mine = cycle, now = state;
        pthread_mutex_unlock(&gc_back_lock);
        if (now == BACK_MARKING)
            mark_cycle(mine);
        else if (now == BACK_SWEEPING)
            sweep_cycle(mine);
        if (gc_back_wants_pause()) { /* an allocating thread may be first; else this one does it */
            os_futex_wait(&wake, seen, 2000000);
            if (gc_back_wants_pause())
                gc_background_pause(t);
            continue;
        }
        prepare_regions();
        os_futex_wait(&wake, seen, -1);
    }
}

static void wake_thread(void)
{
    __atomic_add_fetch(&wake, 1, __ATOMIC_ACQ_REL);
    os_futex_wake(&wake, 1);
}

void gc_back_make_regions(void)
{
    if (gc_regions_wanted() && __atomic_load_n(&has_thread, __ATOMIC_ACQUIRE))
        wake_thread();
}

bool gc_back_assist(void)
{
    if (pthread_mutex_trylock(&gc_back_lock))
        return false;
    bool can = state == BACK_MARKING && !__atomic_load_n(&stop_wanted, __ATOMIC_SEQ_CST);
    if (can)
        gc_mark_some(&marker, os_time_mono_ns() + QUANTUM_NS);
    pthread_mutex_unlock(&gc_back_lock);
    return can;
}

/* --- The stopped side: back_lock held -------------------------------------------------------------------------------------------------- */

static void gray_frozen(void *arg, Object *o, GcRegion *r)
{
    (void)r;
    gc_refs(o, gray_ref, arg);
}

/* Before anything else is marked, only immortal large objects are. */
static void gray_immortal(void *arg, Object *o)
{
    if (gc_bit_test(gc_marks, o))
        gc_gray_push(arg, o);
}

bool gc_back_prepare(void)
{
    static bool asked;
    if (!gc_client->start_thread)
        return false;
    if (!__atomic_exchange_n(&asked, true, __ATOMIC_ACQ_REL))
        __atomic_store_n(&has_thread, gc_client->start_thread(run, ".NET BGC"), __ATOMIC_RELEASE);
    return __atomic_load_n(&has_thread, __ATOMIC_ACQUIRE);
}

bool gc_back_start(void)
{
    if (state != BACK_IDLE || !__atomic_load_n(&has_thread, __ATOMIC_ACQUIRE))
        return false;
    if (marks_dirty)
        gc_marks_clear();
    marks_dirty = true;
    started_ns = os_time_mono_ns();
    cycle++;
    gc_back_active = gc_marking = true;
    gc_barrier_set_marking(true);
    gc_evac_choose();
    gc_large_unmark(); /* those allocated while the last cycle ended are marked */
    gc_large_each(gray_immortal, &marker);
    for (u32 i = 0; i < gc_region_count; i++)
        if (gc_regions[i].kind == GC_REGION_FROZEN)
            gc_walk_region(&gc_regions[i], gray_frozen, &marker);
    return true;
}

/* What the workers of a young collection left on their stacks. */
static void gather_gray(GcWorker *to)
{
    for (u32 i = 0; i < gc_worker_count; i++)
        while (&gc_workers[i] != to && gc_workers[i].gray.len)
            gc_gray_push(to, vec_pop(&gc_workers[i].gray));
}

void gc_back_adopt(void)
{
    gather_gray(&marker);
    if (state == BACK_IDLE) {
        first_pause_ns = os_time_mono_ns() - started_ns;
        state = BACK_MARKING;
        wake_thread();
    } else if (state == BACK_READY && marker.gray.len > 1000) {
        state = BACK_MARKING; /* a young collection found more than a final pause should have to do */
        wake_thread();
    }
}

void gc_back_abort(void)
{
    cycle++;
    state = BACK_IDLE;
    if (gc_marking)
        gc_barrier_set_marking(false);
    gc_back_active = gc_marking = false;
    marks_dirty = true;
    marker.gray.len = marker.copied.len = 0;
    gc_evac_cancel();
}

static inline __attribute__((always_inline)) u8 gray_card_slot(void *arg, Object *holder, Object **slot)
{
    if (gc_state(holder) & GC_STATE_OLD && !gc_bit_test(gc_marks, holder))
        return 0; /* if it is reached yet, all of it is visited */
    gray_ref(arg, holder, slot);
    return 0;
}

/* Start bits of what is not marked by bits: generation 1 and the frozen space. */
static void keep_other_starts(void)
{
    for (u32 i = 0; i < gc_region_count; i++)
        if (gc_regions[i].kind == GC_REGION_GEN1 || gc_regions[i].kind == GC_REGION_FROZEN) {
            size_t w = gc_bit(gc_regions[i].start) >> 6;
            memcpy(gc_marks + w, gc_starts + w, GC_REGION_SIZE / 64);
        }
}

static void take_gray(GcWorker *from)
{
    while (from->gray.len)
        gc_gray_push(&gc_workers[0], vec_pop(&from->gray));
}

void gc_back_final(void)
{
    GcWorker *w = &gc_workers[0];
    take_gray(&marker);
    for (u32 i = 1; i < gc_worker_count; i++)
        take_gray(&gc_workers[i]);
    gc_cards_visit(GC_CARD_CHANGED, gray_card_slot, w);
    gc_cycle.deciding = true;
    gc_mark_drain(w);
    u64 before = os_time_mono_ns();
    gc_decide(2);
    gc_evac_move(os_time_mono_ns() - before);
    gc_young_finish();
    gc_marking = false;
    gc_barrier_set_marking(false);
    gc_large_sweep();
    gc_old_forget();
    keep_other_starts();
    u64 *starts = gc_starts;
    gc_starts = gc_marks;
    gc_marks = starts;
    for (u32 i = 0; i < gc_region_count; i++)
        gc_regions[i].swept = false;
    gc_cycle.record.generation = 2;
    gc_cycle.record.concurrent = true;
    gc_cycle.record.pause_ns[0] = first_pause_ns;
    state = BACK_SWEEPING;
    wake_thread();
}

/* --- Waiting ------------------------------------------------------------------------------------------------------------------------------ */

void gc_back_wait(Thread *t)
{
    while (__atomic_load_n(&gc_back_active, __ATOMIC_ACQUIRE)) {
        if (gc_client->poll)
            gc_client->poll(t);
        os_thread_sleep(200000);
    }
}
