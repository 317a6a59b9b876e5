/* gc_notify.c: what users ask of the collector beforehand: regions without collections, and notice of full blocking collections.
 * Region.  gc_region_start lets a full collection make room and then holds collections back until the bytes asked for were allocated; generation
 * 0's budget is nought meanwhile, so that every chunk asks.  A collection that happens all the same (asked for by GC.Collect, or no memory) ends the
 * region; one that is asked for while a watch waits counts as the watch's moment instead and leaves the region, as on the reference.
 * Notice.  Two events stay raised until the next collection or registration.  Only blocking full collections that the program's allocation brings
 * about count, as on the reference.
 * Locks: region_lock and notice_lock are leaves; neither is held while anything waits or collects.
 * Book: gc-settings.md  Tests: tests/app/GcRegions.cs, tests/app/GcNotifications.cs */
#include "base/log.h"
#include "gc/gc_int.h"
#include "os/os_thread.h"
#include "os/os_time.h"

/* --- Regions without collections -------------------------------------------------------------------------------------------- */

bool gc_region_active;

typedef struct DueWatch {
    void *watch;
    bool abandoned;
} DueWatch;

static pthread_mutex_t region_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    u64 start, budget; /* total of allocated bytes at its start; bytes that may follow */
    u64 watch_limit;   /* a watch may wait for so many */
    u64 gen0_budget;   /* in force outside */
    i32 mode;          /* latency mode outside */
    u64 watch_at;      /* bytes of the region */
    void *watch;       /* who waits for them; NULL: nobody */
    VEC(DueWatch) due; /* those whose moment came and that nobody took yet */
} region; /* under region_lock */

/* region_lock held; somebody waits */
static void end_watch(bool abandoned)
{
    vec_push(&region.due, ((DueWatch){region.watch, abandoned}));
    region.watch = NULL;
    if (gc_client->wake_finalizer)
        gc_client->wake_finalizer();
}

/* region_lock held */
static void leave(void)
{
    gc_region_active = false;
    gc_latency_mode = region.mode;
    gc_gen0_budget = region.gen0_budget;
    if (region.watch)
        end_watch(true);
}

static u64 room(void)
{
    u64 limit = gc_settings.hard_limit ? gc_settings.hard_limit : gc_settings.physical, used;
    pthread_mutex_lock(&gc_heap_lock);
    used = gc_committed() - gc_free_region_bytes() - gc_large_free_bytes();
    pthread_mutex_unlock(&gc_heap_lock);
    limit = MIN(limit - MIN(limit / 8, (u64)32 << 20), gc_heap_size / 2);
    return limit > used ? limit - used : 0;
}

static bool begin(u64 budget, u64 watch_limit)
{
    u64 allocated = gc_total_allocated_bytes();
    pthread_mutex_lock(&region_lock);
    bool ok = !gc_region_active;
    if (ok) {
        region.start = allocated;
        region.budget = budget;
        region.watch_limit = watch_limit;
        region.gen0_budget = gc_gen0_budget;
        region.mode = gc_latency_mode;
        gc_latency_mode = GC_LATENCY_NO_GC_REGION;
        gc_gen0_budget = 0;
        gc_region_active = true;
    }
    pthread_mutex_unlock(&region_lock);
    return ok;
}

GcRegionStart gc_region_start(Thread *t, u64 total, bool split, bool no_full)
{
    if (gc_region_end()) /* asking twice ends the first, as on the reference */
        return GC_REGION_IN_PROGRESS;
    if (total > gc_heap_size / 2)
        return GC_REGION_NO_MEMORY;
    u64 more = total + total / 20, budget = ALIGN_UP(more, (u64)GC_REGION_SIZE); /* objects' headers and the ends of chunks */
    if (!no_full && budget <= (gc_settings.hard_limit ? gc_settings.hard_limit : gc_settings.physical))
        gc_collect(t, 2, GC_COLLECT_BLOCKING, GC_REASON_INDUCED);
    if (budget > room())
        return GC_REGION_NO_MEMORY;
    return begin(split ? budget : 2 * budget, split ? more : 2 * more) ? GC_REGION_STARTED : GC_REGION_IN_PROGRESS;
}

bool gc_region_end(void)
{
    pthread_mutex_lock(&region_lock);
    bool was = gc_region_active;
    if (was)
        leave();
    pthread_mutex_unlock(&region_lock);
    return was;
}

GcRegionWatch gc_region_watch(u64 total, void *watch)
{
    GcRegionWatch status = GC_WATCH_SET;
    pthread_mutex_lock(&region_lock);
    if (!gc_region_active) {
        status = GC_WATCH_NO_REGION;
    } else if (total > region.watch_limit) {
        status = GC_WATCH_TOO_LARGE;
    } else if (region.watch) {
        status = GC_WATCH_ALREADY;
    } else {
        region.watch = watch;
        region.watch_at = total;
    }
    pthread_mutex_unlock(&region_lock);
    return status;
}

void *gc_region_watch_take(bool *abandoned)
{
    void *watch = NULL;
    pthread_mutex_lock(&region_lock);
    if (region.due.len) {
        watch = region.due.data[0].watch;
        *abandoned = region.due.data[0].abandoned;
        memmove(region.due.data, region.due.data + 1, --region.due.len * sizeof *region.due.data);
    }
    pthread_mutex_unlock(&region_lock);
    return watch;
}

bool gc_may_collect(void)
{
    if (LIKELY(!__atomic_load_n(&gc_region_active, __ATOMIC_RELAXED)))
        return true;
    u64 allocated = gc_total_allocated_bytes();
    pthread_mutex_lock(&region_lock);
    u64 used = allocated - region.start;
    if (gc_region_active && region.watch && used >= region.watch_at)
        end_watch(false);
    bool may = !gc_region_active || used >= region.budget;
    pthread_mutex_unlock(&region_lock);
    return may;
}

/* World stopped: a collection happened. */
static void region_collected(void)
{
    if (!gc_region_active)
        return;
    pthread_mutex_lock(&region_lock);
    if (region.watch && gc_cycle.reason == GC_REASON_INDUCED) {
        end_watch(false);
        region.gen0_budget = MAX(gc_gen0_budget, region.gen0_budget);
        gc_gen0_budget = 0;
    } else {
        LOG(gc, 1, "the region without collections is over");
        leave();
    }
    pthread_mutex_unlock(&region_lock);
}

/* --- Notice of full collections --------------------------------------------------------------------------------------------- */

static pthread_mutex_t notice_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    u32 percent;            /* 0: nobody is registered */
    u32 registration;       /* grows with each registration and cancellation */
    bool raised[GC_EVENTS];
} notice; /* under notice_lock */
static u32 notice_changes; /* futex word */

/* notice_lock held */
static void changed(void)
{
    __atomic_add_fetch(&notice_changes, 1, __ATOMIC_ACQ_REL);
    os_futex_wake(&notice_changes, UINT32_MAX >> 1);
}

/* notice_lock held */
static void raise_event(GcEvent event)
{
    if (!notice.raised[event]) {
        notice.raised[event] = true;
        notice.raised[!event] = false;
        changed();
    }
}

static void set_registration(u32 percent)
{
    pthread_mutex_lock(&notice_lock);
    notice.percent = percent;
    notice.registration++;
    notice.raised[GC_EVENT_APPROACH] = notice.raised[GC_EVENT_COMPLETE] = false;
    changed();
    pthread_mutex_unlock(&notice_lock);
}

void gc_notice_register(u32 percent)
{
    set_registration(percent);
}

void gc_notice_cancel(void)
{
    set_registration(0);
}

GcNotice gc_notice_wait(GcEvent event, i64 timeout_ns)
{
    u64 end = os_time_mono_ns() + (u64)MAX(timeout_ns, 0);
    u32 registration = 0;
    for (bool first = true;; first = false) {
        pthread_mutex_lock(&notice_lock);
        u32 seen = __atomic_load_n(&notice_changes, __ATOMIC_ACQUIRE), percent = notice.percent, now = notice.registration;
        bool raised = notice.raised[event];
        pthread_mutex_unlock(&notice_lock);
        if (first)
            registration = now;
        if (registration != now)
            return GC_NOTICE_CANCELED;
        if (!percent)
            return GC_NOTICE_NOT_APPLICABLE;
        if (raised)
            return GC_NOTICE_SUCCEEDED;
        u64 t = os_time_mono_ns();
        if (timeout_ns >= 0 && t >= end)
            return GC_NOTICE_TIMEOUT;
        os_futex_wait(&notice_changes, seen, timeout_ns < 0 ? -1 : (i64)(end - t));
    }
}

/* A full collection that allocation brings about would block. */
static bool would_block(void)
{
    return !gc_settings.concurrent || gc_latency_mode == GC_LATENCY_BATCH;
}

void gc_notify_starts(void)
{
    if (LIKELY(!notice.percent) || gc_cycle.generation < 2 || gc_cycle.reason == GC_REASON_INDUCED)
        return;
    pthread_mutex_lock(&notice_lock);
    raise_event(GC_EVENT_APPROACH);
    pthread_mutex_unlock(&notice_lock);
}

void gc_notify_ends(i32 generation, bool blocking)
{
    region_collected();
    if (LIKELY(!notice.percent))
        return;
    u64 used, due;
    gc_full_progress(&used, &due);
    pthread_mutex_lock(&notice_lock);
    if (generation == 2 && blocking && notice.raised[GC_EVENT_APPROACH])
        raise_event(GC_EVENT_COMPLETE);
    else if (generation < 2 && would_block() && used >= due - MIN(due / 100 * notice.percent / 4, due)) /* growth allowed is about a quarter */
        raise_event(GC_EVENT_APPROACH);
    pthread_mutex_unlock(&notice_lock);
}
