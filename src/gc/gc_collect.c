/* gc_collect.c: when to collect, which generation, and the order of a collection's phases.
 * A collection runs on the thread that asks for it, with the world stopped:
 *   chunks retired → roots, closure → dependents → short weak → finalisation → dependents again → tracking weak → client->sweep
 *   → regions freed → budgets.
 * Generations 0 and 1 are evacuated (gc_young.c).  Generation 2 is either collected here and now (gc_full.c) or marked by the background
 * thread while the program runs (gc_back.c), which begins and ends with a collection of generation 1.
 * Budgets: generation 0 grows while its pauses are short for what they free and shrinks when they are long; generation 1 is
 * collected when its regions pass a few megabytes; generation 2 when it has grown by a share of what lived after the last time.
 * Book: gc.md  Tests: tests/unit/gc/ */
#include "base/log.h"
#include "gc/gc_int.h"
#include "os/os_thread.h"
#include "os/os_time.h"

#define MB ((u64)1 << 20)
#define GEN0_START (4 * MB)
#define GEN0_MIN (MB / 4)
#define GEN1_REGIONS_MAX 8
#define CHEAP_MARK (2 * MB)
#define FULL_MIN (24 * MB)       /* no full collection below */
#define PACE_MIN (16 * MB)
#define PACE_SLEEP_NS 100000u
#define PAUSE_GOAL_NS 1000000u
#define PAUSE_SHORT_NS 400000u
#define PAUSE_SHARED_NS 300000u  /* help of other workers pays from here on */
#define DEAD_FRAMES (16u << 10)  /* as deep as the collector goes */
#define TENURE_FOR 15            /* young collections without generation 1, once nearly all of it has survived */
#define TENURE_MIN (64u << 10)   /* bytes of generation 1 that tell */

GcCycle gc_cycle;
bool gc_marking;

static u64 gen1_limit = 4;            /* regions of generation 1 at which it is collected together with 0 */
static u64 full_threshold = FULL_MIN; /* old and large bytes at which generation 2 is due */
static u32 tenure_left;               /* young collections that still promote to the old space at once */
static u64 pace_limit = FULL_MIN + PACE_MIN; /* old and large bytes beyond which a background cycle is not left alone */
static u64 stop_limit = FULL_MIN + 4 * PACE_MIN; /* that nobody passes before its cycle is over */
static u64 resumed_at;                /* end of the last pause: who waited for it to stop the world himself did not pause the program twice */
static u64 collections_started;       /* a thread that waited for another's stop need not collect again */

void gc_collect_init(void)
{
    gc_gen0_budget = gc_settings.gen0_size ? gc_settings.gen0_size : MIN(GEN0_START, gc_settings.gen0_max_budget);
    if (gc_settings.hard_limit)
        gc_gen0_budget = MAX(MIN(gc_gen0_budget, gc_settings.hard_limit / 8), GEN0_MIN);
    gc_back_init();
}

/* --- Liveness of what is reached weakly ---------------------------------------------------------------------------------------------- */

static void settle_dependents(i32 generation)
{
    gc_drain();
    while (gc_dependents_keep(generation))
        gc_drain();
}

void gc_decide(i32 generation)
{
    settle_dependents(generation);
    gc_handles_clear(GC_HANDLE_WEAK, generation);
    if (gc_final_scan(generation))
        settle_dependents(generation);
    gc_handles_clear(GC_HANDLE_WEAK_TRACK, generation);
    gc_handles_clear(GC_HANDLE_DEPENDENT, generation);
    gc_final_update(generation);
    if (gc_client->sweep)
        gc_client->sweep(generation);
}

/* --- Budgets --------------------------------------------------------------------------------------------------------------------------- */

static u64 gen1_regions(void)
{
    u64 n = 0;
    for (u32 i = 0; i < gc_region_count; i++)
        n += gc_regions[i].kind == GC_REGION_GEN1;
    return n;
}

static u64 old_bytes(void)
{
    return gc_old_bytes + gc_large_bytes();
}

/* So little to mark takes less time than a background cycle's two pauses, and what large arrays without references occupy is free at once. */
static bool cheap_to_mark(void)
{
    pthread_mutex_lock(&gc_heap_lock);
    bool cheap = gc_old_bytes < CHEAP_MARK && gc_old_bytes + gc_large_ref_bytes(CHEAP_MARK) < CHEAP_MARK;
    pthread_mutex_unlock(&gc_heap_lock);
    return cheap;
}

/* By how long the pause was that the last budgets led to; how long the system kept the thread waiting says nothing about them. */
static void set_young_budgets(i32 generation, u64 pause_ns)
{
    gc_young_is_long = pause_ns > PAUSE_SHARED_NS;
    if (generation == 2)
        return;
    if (gc_settings.gen0_size)
        return;
    u64 top = gc_settings.gen0_max_budget;
    if (gc_settings.hard_limit)
        top = MAX(MIN(top, gc_settings.hard_limit / 8), GEN0_MIN);
    if (generation == 1 && pause_ns > PAUSE_GOAL_NS && gen1_limit > 1) {
        gen1_limit /= 2;
        return;
    }
    if (generation == 1 && pause_ns < PAUSE_SHORT_NS)
        gen1_limit = MIN(gen1_limit + 1, (u64)GEN1_REGIONS_MAX);
    if (pause_ns > 3 * PAUSE_GOAL_NS)
        gc_gen0_budget /= 2;
    else if (pause_ns > PAUSE_GOAL_NS)
        gc_gen0_budget = gc_gen0_budget * 3 / 4;
    else if (pause_ns < PAUSE_SHORT_NS)
        gc_gen0_budget += gc_gen0_budget / 2;
    gc_gen0_budget = ALIGN_UP(MIN(MAX(gc_gen0_budget, MIN(top, GEN0_MIN)), top), (u64)64 << 10);
}

/* Where seven eighths of generation 1 survive, as in a program that builds something large, a second copy and a second visit of the
 * cards that lead there buy nothing: survivors become old at once for a while, then it is measured again.
 * grown: bytes that the old space gained by the collection. */
static void set_tenuring(i32 generation, u64 grown)
{
    const u64 gen1 = gc_cycle.record.generations[1].size_before;
    if (tenure_left)
        tenure_left--;
    else if (generation == 1 && gen1 >= TENURE_MIN && grown >= gen1 - gen1 / 8)
        tenure_left = TENURE_FOR;
    gc_young_tenures = tenure_left > 0;
}

static void set_full_threshold(void)
{
    u64 live = old_bytes();
    full_threshold = MAX(live + live / 8 + 8 * MB, FULL_MIN);
    u64 limit = gc_settings.hard_limit ? gc_settings.hard_limit : gc_settings.physical / 10 * 9;
    if (full_threshold > limit - limit / 8)
        full_threshold = MAX(limit - limit / 8, live + live / 32);
    pace_limit = full_threshold + MAX(live / 4, PACE_MIN);
    stop_limit = full_threshold + MAX(live, 4 * PACE_MIN);
}

static bool full_is_due(void)
{
    return old_bytes() >= full_threshold && gc_latency_mode != GC_LATENCY_LOW;
}

void gc_full_progress(u64 *used, u64 *due)
{
    *used = old_bytes();
    *due = full_threshold;
}

/* GC.Collect in optimised mode: most of the budget since the last collection is used. */
static bool worth_while(i32 generation)
{
    if (generation < 2)
        return gc_gen0_used() >= gc_gen0_budget / 3;
    return old_bytes() + gc_gen0_used() >= full_threshold - full_threshold / 8;
}

/* What an allocation collects: the youngest generation that will do. */
static i32 due_generation(void)
{
    if (full_is_due() && !gc_back_active)
        return 2;
    return gen1_regions() >= gen1_limit || (gc_back_active && gc_back_wants_pause()) ? 1 : 0;
}

/* --- One collection ------------------------------------------------------------------------------------------------------------------------ */

static bool use_background(i32 generation, u32 flags)
{
    const u32 stopped = GC_COLLECT_BLOCKING | GC_COLLECT_COMPACTING | GC_COLLECT_AGGRESSIVE;
    return generation == 2 && gc_settings.concurrent && gc_latency_mode != 0 && !(flags & stopped);
}

static void collect_young(i32 generation)
{
    bool final = generation == 1 && gc_back_active && gc_back_wants_pause();
    gc_cycle.mark_states = gc_marking ? GC_STATE_OLD : 0;
    gc_cycle.all_roots |= final;
    gc_cycle.final = final;
    const u64 old = gc_old_bytes;
    gc_young_trace(generation);
    if (final) {
        gc_back_final(); /* decides and finishes, both generations and the old */
        return;
    }
    gc_decide(generation);
    gc_young_finish();
    set_tenuring(generation, gc_old_bytes - old);
    if (gc_marking)
        gc_back_adopt();
}

/* World stopped. */
static void collect_stopped(Thread *t, i32 generation, u32 flags, GcReason reason, bool background, char *low)
{
    gc_back_lock_stopped();
    gc_cycle = (GcCycle){.running = true, .generation = background ? 1 : generation, .flags = flags, .reason = reason, .self = t, .low = low};
    gc_cycle.record.reason = reason;
    gc_stats_begin();
    gc_retire_chunks();
    gc_forget_gen0();
    if (generation == 2 && !background) {
        gc_back_abort();
        gc_full_collect();
    } else {
        gc_cycle.all_roots = background && gc_back_start();
        collect_young(gc_cycle.generation);
    }
    gc_handles_aged(gc_cycle.generation);
    u64 moved = 0, promoted = 0;
    for (u32 i = 0; i < gc_worker_count; i++) {
        moved += gc_workers[i].moved_objects;
        promoted += gc_workers[i].promoted_bytes;
        gc_workers[i].moved_objects = gc_workers[i].promoted_bytes = 0;
    }
    gc_cycle.record.moved_objects += moved;
    gc_cycle.record.promoted_bytes += promoted;
    gc_cycle.running = false;
    gc_back_unlock_stopped();
}

static u64 free_bytes_worth_keeping(void)
{
    return 2 * gc_gen0_budget + old_bytes() / 16;
}

/* After a full collection; after a background cycle the world runs. */
static void give_back(u32 flags)
{
    pthread_mutex_lock(&gc_heap_lock);
    if (flags & GC_COLLECT_AGGRESSIVE)
        gc_trim(0);
    if (flags & GC_COLLECT_AGGRESSIVE || !gc_settings.retain_vm)
        gc_large_trim(flags & GC_COLLECT_AGGRESSIVE);
    pthread_mutex_unlock(&gc_heap_lock);
}

bool gc_give_back_step(void)
{
    if (gc_settings.retain_vm)
        return false;
    pthread_mutex_lock(&gc_heap_lock);
    bool more = gc_trim_some(free_bytes_worth_keeping(), 1);
    more |= gc_large_release();
    pthread_mutex_unlock(&gc_heap_lock);
    return more;
}

/* What the collector's frames held would be met as roots by later scans of C frames that come to lie where these were. */
__attribute__((noinline)) void gc_clear_dead_frames(void)
{
    char dead[DEAD_FRAMES];
    memset(dead, 0, sizeof dead);
    __asm__ volatile("" : : "r"(dead) : "memory");
}

static __attribute__((noinline)) void collect(Thread *t, i32 generation, u32 flags, GcReason reason, u64 seen)
{
    __builtin_unwind_init(); /* the callers' registers are in this frame, and what lies below is the collector's own */
    char *low = (char *)__builtin_frame_address(0) - 128;
    bool background = use_background(generation, flags);
    if (background && gc_back_active) { /* one is under way */
        background = false;
        generation = 1;
    }
    background = background && gc_back_prepare();
    u64 start = os_time_mono_ns();
    gc_client->stop_world(t, low);
    bool done_by_another = seen && collections_started != seen; /* while this one waited for the stop */
    if (done_by_another || (reason == GC_REASON_STRESS && gc_region_active)) {
        gc_client->resume_world(t);
        return;
    }
    collections_started++;
    u64 stopped = os_time_thread_cpu_ns();
    collect_stopped(t, generation, flags, reason, background, low);
    i32 done = gc_cycle.generation;
    if (done == 2) {
        give_back(flags);
        set_full_threshold();
    }
    u64 pause = os_time_mono_ns() - MAX(start, resumed_at);
    set_young_budgets(done, MIN(pause, os_time_thread_cpu_ns() - stopped));
    gc_stats_end(pause);
    if (gc_client->collected)
        gc_client->collected(&gc_cycle.record, pause);
    resumed_at = os_time_mono_ns();
    gc_client->resume_world(t);
    gc_back_make_regions();
    if (gc_final_pending() && gc_client->wake_finalizer)
        gc_client->wake_finalizer();
    while (done == 2 && gc_give_back_step())
        if (gc_client->poll)
            gc_client->poll(t);
    gc_clear_dead_frames();
}

void gc_collect(Thread *t, i32 generation, u32 flags, GcReason reason)
{
    if (generation < 0 || generation > 2)
        generation = 2;
    if (!gc_client || !gc_client->stop_world || !gc_free_mt)
        return;
    if (flags & GC_COLLECT_OPTIMIZED && (gc_region_active || !worth_while(generation)))
        return;
    collect(t, generation, flags, reason, 0);
    if (generation == 2 && use_background(generation, flags) && reason == GC_REASON_INDUCED)
        LOG(gc, 2, "background collection %s", gc_back_active ? "runs" : "is over");
}

void gc_background_pause(Thread *t)
{
    collect(t, 1, 0, GC_REASON_SOH, collections_started);
}

void gc_background_swept(void)
{
    give_back(0);
    set_full_threshold();
}

/* A background cycle that does not get its processor must not let the heap grow without end: who allocates marks for it, a quantum each
 * time, and waits for it once twice as much was allocated as lived before. */
static void keep_pace(Thread *t)
{
    u64 bytes = old_bytes();
    if (bytes <= pace_limit || gc_latency_mode == GC_LATENCY_LOW || !gc_may_collect())
        return;
    while (gc_back_active) {
        if (gc_back_wants_pause())
            collect(t, 1, 0, GC_REASON_SOH, collections_started);
        else if (!gc_back_assist())
            os_thread_sleep(PACE_SLEEP_NS);
        else
            gc_clear_dead_frames();
        if (gc_client->poll)
            gc_client->poll(t);
        if (bytes <= stop_limit)
            return;
        bytes = old_bytes();
    }
}

/* --- What allocation asks ---------------------------------------------------------------------------------------------------------------------- */

void gc_before_chunk(Thread *t)
{
    u64 seen = __atomic_load_n(&collections_started, __ATOMIC_RELAXED);
    if (LIKELY(gc_gen0_used() < gc_gen0_budget && !(gc_back_active && gc_back_wants_pause())))
        return;
    if (!gc_client || !gc_client->stop_world || !gc_may_collect())
        return;
    if (gc_back_active)
        keep_pace(t);
    i32 generation = due_generation();
    collect(t, generation, generation == 2 && !gc_settings.concurrent ? GC_COLLECT_BLOCKING : 0, GC_REASON_SOH, seen);
}

void gc_before_large(Thread *t, size_t n)
{
    if (UNLIKELY(gc_region_active))
        gc_may_collect(); /* somebody may wait for so many bytes to be allocated */
    if (UNLIKELY(gc_back_active) && gc_client && gc_client->stop_world)
        keep_pace(t);
    if (LIKELY(old_bytes() + n < full_threshold) || gc_latency_mode == GC_LATENCY_LOW || gc_back_active)
        return;
    if (!gc_client || !gc_client->stop_world || !gc_may_collect())
        return;
    collect(t, 2, gc_settings.concurrent && !cheap_to_mark() ? 0 : GC_COLLECT_BLOCKING, GC_REASON_LOH, collections_started);
}

bool gc_make_room(Thread *t, u32 attempt, size_t n)
{
    static const u32 flags[] = {GC_COLLECT_BLOCKING, GC_COLLECT_BLOCKING | GC_COLLECT_COMPACTING | GC_COLLECT_AGGRESSIVE};
    if (attempt >= ARRAY_LEN(flags) || n > gc_heap_size / 2 || !gc_client || !gc_client->stop_world)
        return false;
    u64 limit = gc_settings.hard_limit ? gc_settings.hard_limit : gc_settings.physical;
    if (n > limit)
        return false; /* no collection can help */
    LOG(gc, 1, "no room for %zu bytes: full collection, attempt %u", n, attempt);
    collect(t, 2, flags[attempt], GC_REASON_LIMIT, 0);
    return true;
}
