/* gc_worker.c: the threads that help a collection.
 * gc_parallel runs one function on several workers; worker 0 is the caller, the others are plain threads (never managed, all signals
 * blocked) made at the first use that wants them.  A helper waits a moment for the next job, then sleeps in a futex; it holds nothing
 * while it waits, so that the process can end at any time.
 * Nobody waits for a helper that has not begun: on a busy machine it may be milliseconds before the system lets it run.  A job is closed when the
 * caller's own part returns, and a helper that comes later finds it so.  Hence a job's work must be open to all, down to worker 0 alone.
 * Work is shared through the pool, by marking and by copying alike.
 * Invariant: one gc_parallel at a time (the world is stopped, or its caller holds gc_back_lock).
 * Book: gc.md  Tests: tests/unit/gc/mark.c */
#include "gc/gc_int.h"
#include "os/os_thread.h"

#include <signal.h>
#include <stdio.h>

enum { SPIN = 2000, HELPER_STACK = 256 << 10, OPEN = 1 << 16, POOL = 4096, GIVE = 256 };

GcWorker gc_workers[GC_MAX_WORKERS];
u32 gc_worker_count = 1;
u32 gc_parallel_count;

static struct {
    void (*fn)(GcWorker *w, void *arg);
    void *arg;
    u32 limit;                 /* workers with an id below it may take part */
    u32 job;                   /* OPEN, and the count of helpers inside; fn, arg and limit stand while it is not nought; the caller's futex */
    u32 go[GC_MAX_WORKERS];    /* counts the jobs given to a helper; its futex */
    u32 made;                  /* workers that exist, the caller included */
} team = {.made = 1};

/* Waits until *word differs from old: for a moment, then asleep. */
static void wait_change(u32 *word, u32 old)
{
    for (u32 i = 0; i < SPIN; i++) {
        if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != old)
            return;
        os_cpu_pause();
    }
    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == old)
        os_futex_wait(word, old, -1);
}

/* False: the job is closed. */
static bool join(void)
{
    u32 job = __atomic_load_n(&team.job, __ATOMIC_ACQUIRE);
    while (job & OPEN)
        if (__atomic_compare_exchange_n(&team.job, &job, job + 1, true, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return true;
    return false;
}

static void help(void *arg)
{
    GcWorker *w = arg;
    for (u32 seen = 0;;) {
        wait_change(&team.go[w->id], seen);
        seen = __atomic_load_n(&team.go[w->id], __ATOMIC_ACQUIRE);
        if (!join())
            continue;
        if (w->id < team.limit)
            team.fn(w, team.arg);
        if (__atomic_sub_fetch(&team.job, 1, __ATOMIC_ACQ_REL) == 0)
            os_futex_wake(&team.job, 1);
    }
}

u32 gc_workers_ready(u32 n)
{
    if (LIKELY(n <= team.made))
        return n;
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while (team.made < n) {
        char name[16];
        snprintf(name, sizeof name, ".NET GC %u", team.made & 63);
        OsThread thread;
        if (!os_thread_create(&thread, help, &gc_workers[team.made], HELPER_STACK, name, true)) {
            gc_worker_count = team.made; /* the system refuses: these must do */
            break;
        }
        team.made++;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return MIN(n, team.made);
}

void gc_workers_init(void)
{
    u32 n = gc_settings.server ? gc_settings.heap_count : os_cpu_count();
    gc_worker_count = MIN(MAX(n, 1u), (u32)GC_MAX_WORKERS);
    for (u32 i = 0; i < GC_MAX_WORKERS; i++)
        gc_workers[i].id = i;
}

void gc_parallel(u32 n, void (*fn)(GcWorker *w, void *arg), void *arg)
{
    n = gc_workers_ready(MIN(n, gc_worker_count));
    DCHECK(!gc_parallel_count);
    gc_parallel_count = n;
    team.fn = fn;
    team.arg = arg;
    team.limit = n;
    __atomic_store_n(&team.job, OPEN, __ATOMIC_RELEASE);
    for (u32 i = 1; i < n; i++) {
        __atomic_add_fetch(&team.go[i], 1, __ATOMIC_RELEASE);
        os_futex_wake(&team.go[i], 1);
    }
    fn(&gc_workers[0], arg);
    for (u32 inside = __atomic_and_fetch(&team.job, ~(u32)OPEN, __ATOMIC_ACQ_REL); inside; inside = __atomic_load_n(&team.job, __ATOMIC_ACQUIRE))
        wait_change(&team.job, inside);
    gc_parallel_count = 0;
}

/* --- The pool --------------------------------------------------------------------------------------------------------------- */

static struct {
    pthread_mutex_t lock;
    u32 len, idle, workers; /* idle: how many of the workers that take part wait; written under the lock, read without it */
    bool done;
    Object *data[POOL];
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

void gc_pool_open(void)
{
    pool.len = pool.idle = pool.workers = 0;
    pool.done = false;
}

void gc_pool_join(void)
{
    pthread_mutex_lock(&pool.lock);
    __atomic_store_n(&pool.workers, pool.workers + 1, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&pool.lock);
}

bool gc_pool_wants(void)
{
    return __atomic_load_n(&pool.idle, __ATOMIC_RELAXED) && __atomic_load_n(&pool.len, __ATOMIC_RELAXED) < POOL / 4;
}

void gc_pool_give(GcStack *from)
{
    pthread_mutex_lock(&pool.lock);
    u32 n = MIN(MIN(from->len / 2, (u32)GIVE), (u32)POOL - pool.len);
    memcpy(&pool.data[pool.len], from->data, n * sizeof *from->data);
    memmove(from->data, from->data + from->len - n, n * sizeof *from->data);
    from->len -= n;
    __atomic_store_n(&pool.len, pool.len + n, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&pool.lock);
}

/* Lock held: half of what there is. */
static void take_some(GcWorker *w, void (*push)(GcWorker *w, Object *o))
{
    u32 n = MIN((pool.len + 1) / 2, (u32)GIVE / 2);
    __atomic_store_n(&pool.len, pool.len - n, __ATOMIC_RELAXED);
    for (u32 i = 0; i < n; i++)
        push(w, pool.data[pool.len + i]);
}

static bool nothing_changed(void)
{
    return !__atomic_load_n(&pool.len, __ATOMIC_RELAXED) && !__atomic_load_n(&pool.done, __ATOMIC_RELAXED) &&
           __atomic_load_n(&pool.idle, __ATOMIC_RELAXED) < __atomic_load_n(&pool.workers, __ATOMIC_RELAXED);
}

bool gc_pool_take(GcWorker *w, void (*push)(GcWorker *w, Object *o))
{
    pthread_mutex_lock(&pool.lock);
    __atomic_store_n(&pool.idle, pool.idle + 1, __ATOMIC_RELAXED);
    for (u32 turns = 0;;) {
        bool some = pool.len > 0;
        if (some) {
            take_some(w, push);
            __atomic_store_n(&pool.idle, pool.idle - 1, __ATOMIC_RELAXED);
        } else if (pool.idle == pool.workers) {
            __atomic_store_n(&pool.done, true, __ATOMIC_RELAXED);
        }
        bool done = pool.done;
        pthread_mutex_unlock(&pool.lock);
        if (some || done)
            return some;
        while (nothing_changed()) {
            if (++turns % 64)
                os_cpu_pause();
            else
                os_thread_yield();
        }
        pthread_mutex_lock(&pool.lock);
    }
}
