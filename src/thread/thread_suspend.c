/* thread_suspend.c: modes, safepoints, stopping the world.
 * Protocol: the stopper holds stop_lock and the list lock from stop to resume; it sets stop_active, each thread's request and
 * limit, then makes every CPU of the process run a full barrier.  A thread that enters cooperative mode stores mode, then
 * reads request: either the stopper sees it cooperative and waits, or it sees the request and parks.  A parked thread is
 * preemptive with park_sp set, so its C frames are scanned; one that turned preemptive inside of C code has c_sp set (PREEMPTIVE).  Waking goes
 * by stop_active, a futex word.
 * During a stop mode may flicker: a preemptive thread that returns stores it before it sees the request and parks.  Walkers
 * look at park_sp and c_sp, not at mode; neither changes during the stop, and record not in a way that would hide a frame.
 * Invariant: while a stop is active no thread passes from preemptive to cooperative but the stopper.
 * Book: thread.md  Tests: tests/unit/thread/ */
#include "thread/thread.h"
#include "os/os_thread.h"
#include "thread/thread_int.h"

#define RAISED ((char *)UINTPTR_MAX)

void (*thread_stress_hook)(Thread *t, const char *where);

static pthread_mutex_t stop_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static u32 stop_active;   /* 1 while the world is stopped or being stopped */
static u32 park_count;    /* futex word the stopper waits on */
static Thread *stopper;   /* the thread that holds both locks */
static bool sticky_stop, sticky_limit; /* stress runs: every check takes the slow path */
static __thread bool in_hook;

void thread_suspend_init(void)
{
    os_membarrier_init();
    sticky_stop = gc_stress_mode() == GC_STRESS_TRANSITION;
    sticky_limit = gc_stress_mode() == GC_STRESS_POLL;
    if (sticky_stop && !thread_stress_hook)
        thread_stress_hook = gc_stress_chance;
}

/* --- List lock ------------------------------------------------------------------------------------------------------ */

bool thread_list_lock(void)
{
    Thread *t = thread_current_tls;
    if (t && __atomic_load_n(&stopper, __ATOMIC_RELAXED) == t)
        return false;
    if (!pthread_mutex_trylock(&list_lock))
        return true;
    if (!t || t->mode == THREAD_PREEMPTIVE) {
        pthread_mutex_lock(&list_lock);
        return true;
    }
    ThreadSpill spill;
    thread_preemptive_begin(t, &spill);
    pthread_mutex_lock(&list_lock);
    __atomic_store_n(&t->mode, THREAD_COOPERATIVE, __ATOMIC_SEQ_CST); /* no stop can be active while this lock is held: no need to look */
    t->c_sp = spill.outer;
    return true;
}

void thread_list_unlock(bool locked)
{
    if (locked)
        pthread_mutex_unlock(&list_lock);
}

void thread_suspend_attach(Thread *t)
{
    if (sticky_stop)
        t->request |= THREAD_REQ_STOP;
    if (sticky_limit)
        t->stack_limit = RAISED;
}

/* --- Parking -------------------------------------------------------------------------------------------------------- */

static void park_while_stopped(Thread *t)
{
    do {
        __atomic_store_n(&t->mode, THREAD_PREEMPTIVE, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&stop_active, __ATOMIC_SEQ_CST)) {
            __atomic_add_fetch(&park_count, 1, __ATOMIC_SEQ_CST);
            thread_futex_wake(&park_count, 1);
            thread_futex_wait(&stop_active, 1, THREAD_FOREVER);
        }
        __atomic_store_n(&t->mode, THREAD_COOPERATIVE, __ATOMIC_SEQ_CST);
    } while (__atomic_load_n(&stop_active, __ATOMIC_SEQ_CST));
}

static bool must_park(Thread *t)
{
    return __atomic_load_n(&stop_active, __ATOMIC_SEQ_CST) && __atomic_load_n(&stopper, __ATOMIC_RELAXED) != t;
}

static void stress(Thread *t, void (*hook)(Thread *, const char *), const char *where)
{
    if (in_hook || !hook || __atomic_load_n(&stopper, __ATOMIC_RELAXED) == t)
        return;
    in_hook = true;
    hook(t, where);
    in_hook = false;
}

void thread_enter_cooperative_slow(Thread *t)
{
    if (must_park(t))
        park_while_stopped(t); /* park_sp stays NULL: whoever comes from preemptive mode holds nothing, or has c_sp set */
    stress(t, thread_stress_hook, "transition");
}

/* Registers of the caller are on the stack above park_sp while it is set. */
__attribute__((noinline)) static void park_here(Thread *t)
{
    __builtin_unwind_init();
    __atomic_store_n(&t->park_sp, (char *)__builtin_frame_address(0) - 128, __ATOMIC_RELEASE);
    park_while_stopped(t);
    t->park_sp = NULL;
}

static void serve(Thread *t, const char *where)
{
    if (must_park(t))
        park_here(t);
    if (sticky_limit)
        stress(t, gc_stress_chance, where);
}

void thread_poll(Thread *t)
{
    if (UNLIKELY(__atomic_load_n(&t->request, __ATOMIC_ACQUIRE) & THREAD_REQ_STOP) || sticky_limit)
        serve(t, "poll");
}

bool thread_limit_hit(Thread *t, char *sp, size_t frame_size)
{
    __atomic_store_n(&t->stack_limit, t->stack_limit_real, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* a stopper that raised the limit before this store is seen by its request */
    bool overflow = (size_t)(sp - t->stack_low) < frame_size || sp - frame_size < t->stack_limit_real;
    /* On overflow the frame may not be there yet (large ones ask before they are made), so it must not be walked. */
    if (!overflow && (__atomic_load_n(&t->request, __ATOMIC_SEQ_CST) & THREAD_REQ_STOP || sticky_limit))
        serve(t, "limit check");
    if (sticky_limit || __atomic_load_n(&t->request, __ATOMIC_SEQ_CST) & THREAD_REQ_KILL)
        __atomic_store_n(&t->stack_limit, RAISED, __ATOMIC_SEQ_CST);
    return overflow;
}

/* --- Leaving --------------------------------------------------------------------------------------------------------- */

bool (*thread_kill_ends_wait)(Thread *t);

/* Under the list lock, so that no stop ends in between and takes the raised limit away. */
void thread_kill(Thread *t)
{
    bool locked = thread_list_lock();
    __atomic_fetch_or(&t->request, THREAD_REQ_KILL, __ATOMIC_SEQ_CST);
    __atomic_store_n(&t->stack_limit, RAISED, __ATOMIC_SEQ_CST);
    thread_list_unlock(locked);
    thread_unpark_end(thread_unpark_begin(t));
}

void thread_kill_reset(Thread *t)
{
    __atomic_fetch_and(&t->request, ~(u32)THREAD_REQ_KILL, __ATOMIC_SEQ_CST); /* the next limit check lowers the limit */
}

/* --- Stop and resume ------------------------------------------------------------------------------------------------ */

static void ask(Thread *t, void *self)
{
    if (t == self)
        return;
    __atomic_fetch_or(&t->request, THREAD_REQ_STOP, __ATOMIC_SEQ_CST);
    __atomic_store_n(&t->stack_limit, RAISED, __ATOMIC_SEQ_CST);
}

static void await(Thread *t, void *self)
{
    if (t == self)
        return;
    for (u32 spins = 0; __atomic_load_n(&t->mode, __ATOMIC_ACQUIRE) == THREAD_COOPERATIVE; spins++) {
        if (spins < 200 && thread_processors > 1) {
            thread_pause();
        } else if (spins < 220) {
            os_thread_yield();
        } else {
            u32 seen = __atomic_load_n(&park_count, __ATOMIC_SEQ_CST);
            if (__atomic_load_n(&t->mode, __ATOMIC_ACQUIRE) == THREAD_COOPERATIVE)
                thread_futex_wait(&park_count, seen, 100000); /* a switch to preemptive mode wakes nobody: look again */
        }
    }
}

static void let_go(Thread *t, void *self)
{
    if (t == self)
        return;
    if (!sticky_stop)
        __atomic_fetch_and(&t->request, ~(u32)THREAD_REQ_STOP, __ATOMIC_SEQ_CST);
    if (!sticky_limit && !(__atomic_load_n(&t->request, __ATOMIC_SEQ_CST) & THREAD_REQ_KILL))
        __atomic_store_n(&t->stack_limit, t->stack_limit_real, __ATOMIC_SEQ_CST);
}

static void lock_for_stop(Thread *self, char *low)
{
    u32 mode = self->mode;
    __builtin_unwind_init();
    /* Another stopper may be waiting for this thread: be a parked one until the locks are ours. */
    if (mode == THREAD_COOPERATIVE)
        __atomic_store_n(&self->park_sp, low ? low : (char *)__builtin_frame_address(0) - 128, __ATOMIC_RELEASE);
    thread_enter_preemptive(self);
    pthread_mutex_lock(&stop_lock);
    pthread_mutex_lock(&list_lock);
    __atomic_store_n(&stopper, self, __ATOMIC_SEQ_CST);
    __atomic_store_n(&self->mode, mode, __ATOMIC_SEQ_CST);
    self->park_sp = NULL;
}

void thread_stop_world(Thread *self, char *low)
{
    CHECK(self == thread_current_tls && __atomic_load_n(&stopper, __ATOMIC_RELAXED) != self);
    lock_for_stop(self, low);
    __atomic_store_n(&stop_active, 1, __ATOMIC_SEQ_CST);
    thread_for_each(ask, self);
    os_membarrier();
    thread_for_each(await, self);
}

void thread_resume_world(Thread *self)
{
    CHECK(__atomic_load_n(&stopper, __ATOMIC_RELAXED) == self);
    thread_for_each(let_go, self);
    __atomic_store_n(&stop_active, 0, __ATOMIC_SEQ_CST);
    thread_futex_wake(&stop_active, 1u << 30);
    __atomic_store_n(&stopper, NULL, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&list_lock);
    pthread_mutex_unlock(&stop_lock);
}
