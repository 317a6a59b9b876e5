/* thread.c: threads come and go.
 * A Thread is linked into the list before its OS thread runs and unlinked by thread_detach; ids are given lowest first and
 * reused, as they are the owner ids of thin locks.
 * Not here: modes and stops (thread_suspend.c), waiting (thread_wait.c).  Book: thread.md  Tests: tests/unit/thread/ */
#define _GNU_SOURCE 1 /* pthread_getattr_default_np */
#include "thread/thread.h"
#include "base/knobs.h"
#include "gc/gc_int.h"
#include "os/os_thread.h"
#include "thread/thread_int.h"

#include <time.h>

_Static_assert(offsetof(Thread, alloc_ptr) == offsetof(GcThreadView, alloc_ptr), "gc's view of a thread");
_Static_assert(offsetof(Thread, alloc_limit) == offsetof(GcThreadView, alloc_limit), "gc's view of a thread");
_Static_assert(offsetof(Thread, alloc_bytes) == offsetof(GcThreadView, alloc_bytes), "gc's view of a thread");

#define NATIVE_RESERVE ((size_t)256 << 10) /* below the limit, for C code (D6) */
#define MIN_STACK ((size_t)128 << 10)
static size_t default_stack = (size_t)1536 << 10; /* the system's, as `ulimit -s` says */

__thread Thread *thread_current_tls;
void (*thread_detach_hook)(Thread *t);
u32 thread_processors = 1;

/* Under the list lock. */
static Thread *first_thread;
static u64 *id_bits; /* set: in use; bit 0 of word 0 is id 0, never given */
static u32 id_words;

static u32 foreground_changes; /* futex word of thread_wait_foreground */
static pthread_key_t exit_key;

static void foreign_exit(void *p)
{
    Thread *t = p;
    if (t && thread_current_tls == t && !t->dead)
        thread_detach(t);
}

void thread_init(void)
{
    pthread_attr_t attr;
    if (pthread_getattr_default_np(&attr) == 0) {
        pthread_attr_getstacksize(&attr, &default_stack);
        pthread_attr_destroy(&attr);
    }
    thread_processors = os_cpu_count();
    pthread_key_create(&exit_key, foreign_exit);
    thread_suspend_init();
}

/* --- Time, parking ------------------------------------------------------------------------------------------------ */

u64 thread_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (u64)ts.tv_sec * 1000000000u + (u64)ts.tv_nsec;
}

u64 thread_deadline(i32 timeout_ms)
{
    return timeout_ms < 0 ? THREAD_FOREVER : thread_now() + (u64)timeout_ms * 1000000u;
}

void thread_futex_wait(u32 *word, u32 value, u64 timeout_ns)
{
    os_futex_wait(word, value, timeout_ns == THREAD_FOREVER ? -1 : (i64)timeout_ns);
}

void thread_futex_wake(u32 *word, u32 count)
{
    os_futex_wake(word, count);
}

bool thread_park(Thread *t, u64 deadline)
{
    ThreadWait *w = t->wait;
    for (;;) {
        if (__atomic_exchange_n(&w->word, 0, __ATOMIC_SEQ_CST))
            return true;
        u64 left = THREAD_FOREVER;
        if (deadline != THREAD_FOREVER) {
            u64 now = thread_now();
            if (now >= deadline)
                return false;
            left = deadline - now;
        }
        thread_futex_wait(&w->word, 0, left);
    }
}

void thread_unpark_end(u32 *word)
{
    if (word)
        thread_futex_wake(word, 1);
}

static bool killed(Thread *t)
{
    return UNLIKELY(__atomic_load_n(&t->request, __ATOMIC_SEQ_CST) & THREAD_REQ_KILL) && t == thread_current_tls && thread_kill_ends_wait &&
           thread_kill_ends_wait(t);
}

bool thread_interrupt_pending(Thread *t)
{
    return __atomic_load_n(&t->request, __ATOMIC_SEQ_CST) & THREAD_REQ_INTERRUPT || killed(t);
}

/* One request to leave ends every wait until it is reset; it is looked at first, so that an interrupt is kept for a wait behind it. */
bool thread_take_interrupt(Thread *t)
{
    return killed(t) || (__atomic_load_n(&t->request, __ATOMIC_SEQ_CST) & THREAD_REQ_INTERRUPT &&
                         __atomic_fetch_and(&t->request, ~(u32)THREAD_REQ_INTERRUPT, __ATOMIC_SEQ_CST) & THREAD_REQ_INTERRUPT);
}

/* --- List and ids -------------------------------------------------------------------------------------------------- */

static u32 take_id(void)
{
    for (u32 w = 0;; w++) {
        if (w == id_words) {
            id_words = id_words ? id_words * 2 : 4;
            id_bits = base_realloc(id_bits, id_words * sizeof *id_bits);
            memset(id_bits + w, 0, (id_words - w) * sizeof *id_bits);
            if (!w)
                id_bits[0] = 1;
        }
        if (~id_bits[w]) {
            u32 bit = (u32)__builtin_ctzll(~id_bits[w]);
            id_bits[w] |= 1ull << bit;
            return w * 64 + bit;
        }
    }
}

static Thread *new_thread(Domain *d)
{
    Thread *t = base_calloc(1, sizeof *t);
    t->wait = base_calloc(1, sizeof *t->wait);
    t->wait->refs = 1;
    t->wait->exited = wait_event_new(true, false);
    t->domain = d;
    bool locked = thread_list_lock();
    CHECKF(locked, "a thread is made while the world is stopped");
    t->id = take_id();
    t->next = first_thread;
    if (first_thread)
        first_thread->prev_thread = t;
    first_thread = t;
    thread_suspend_attach(t);
    thread_list_unlock(locked);
    return t;
}

static void unlink_thread(Thread *t)
{
    bool locked = thread_list_lock();
    if (t->prev_thread)
        t->prev_thread->next = t->next;
    else
        first_thread = t->next;
    if (t->next)
        t->next->prev_thread = t->prev_thread;
    t->next = t->prev_thread = NULL;
    id_bits[t->id / 64] &= ~(1ull << (t->id & 63));
    t->dead = true;
    thread_list_unlock(locked);
}

static void foreground_changed(void)
{
    __atomic_add_fetch(&foreground_changes, 1, __ATOMIC_SEQ_CST);
    thread_futex_wake(&foreground_changes, 1u << 30);
}

void thread_retain(Thread *t)
{
    __atomic_add_fetch(&t->wait->refs, 1, __ATOMIC_RELAXED);
}

void thread_release(Thread *t)
{
    if (__atomic_sub_fetch(&t->wait->refs, 1, __ATOMIC_ACQ_REL))
        return;
    wait_close(t->wait->exited);
    base_free(t->wait);
    base_free(t);
}

void thread_for_each(void (*visit)(Thread *, void *), void *arg)
{
    bool locked = thread_list_lock();
    for (Thread *t = first_thread, *next; t; t = next) {
        next = t->next;
        visit(t, arg);
    }
    thread_list_unlock(locked);
}

Thread *thread_by_id(u32 id)
{
    bool locked = thread_list_lock();
    Thread *t = first_thread;
    while (t && t->id != id)
        t = t->next;
    thread_list_unlock(locked);
    return t;
}

/* --- Life ---------------------------------------------------------------------------------------------------------- */

static void set_stack(Thread *t)
{
    char *low = NULL, *high = NULL;
    os_thread_stack(&low, &high);
    size_t reserve = MIN(NATIVE_RESERVE, (size_t)(high - low) / 2);
    bool locked = thread_list_lock();
    t->stack_low = low;
    t->stack_high = t->scan_high = high;
    t->stack_limit_real = low + reserve;
    if (t->stack_limit != (char *)UINTPTR_MAX)
        t->stack_limit = t->stack_limit_real;
    t->os_id = os_thread_id();
    t->wait->os = os_thread_self();
    t->os = &t->wait->os;
    thread_list_unlock(locked);
}

Thread *thread_attach(Domain *d)
{
    if (thread_current_tls)
        return thread_current_tls;
    Thread *t = new_thread(d);
    t->attached_foreign = true;
    set_stack(t);
    thread_current_tls = t;
    pthread_setspecific(exit_key, t);
    return t;
}

void thread_detach(Thread *t)
{
    CHECK(t == thread_current_tls && t->mode == THREAD_PREEMPTIVE);
    bool kept = t->object != NULL;
    COOPERATIVE(t)
    {
        if (thread_detach_hook)
            thread_detach_hook(t);
        gc_thread_detach(t);
        if (t->object)
            gc_handle_free(t->object);
        if (t->start_arg)
            gc_handle_free(t->start_arg);
        t->object = t->start_arg = NULL;
    }
    __atomic_fetch_or(&t->state, THREAD_STATE_STOPPED, __ATOMIC_SEQ_CST);
    unlink_thread(t);
    thread_current_tls = NULL;
    wait_thread_exit(t);
    foreground_changed();
    if (!t->attached_foreign || !kept)
        thread_release(t);
}

typedef struct Start {
    Thread *t;
    void (*fn)(Thread *, void *);
    void *arg;
} Start;

static void *thread_main(void *p)
{
    Start s = *(Start *)p;
    base_free(p);
    set_stack(s.t);
    s.t->scan_high = __builtin_frame_address(0);
    thread_current_tls = s.t;
    s.fn(s.t, s.arg);
    thread_detach(s.t);
    return NULL;
}

static size_t stack_bytes(size_t asked)
{
    if (!asked)
        asked = knob_u64(KNOB_THREAD_STACK_SIZE);
    if (!asked)
        return default_stack;
    return ALIGN_UP(MAX(asked, MIN_STACK) + NATIVE_RESERVE, (size_t)4096);
}

Thread *thread_new(Domain *d)
{
    Thread *t = new_thread(d);
    __atomic_fetch_or(&t->state, THREAD_STATE_UNSTARTED, __ATOMIC_SEQ_CST);
    return t;
}

bool thread_start(Thread *t, size_t stack_size, void (*fn)(Thread *, void *), void *arg, Err *e)
{
    thread_retain(t); /* for the OS thread */
    Start *s = base_malloc(sizeof *s);
    *s = (Start){t, fn, arg};
    __atomic_fetch_and(&t->state, ~(u32)THREAD_STATE_UNSTARTED, __ATOMIC_SEQ_CST);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_t id;
    int rc = pthread_attr_setstacksize(&attr, stack_bytes(stack_size));
    if (!rc)
        rc = pthread_create(&id, &attr, thread_main, s);
    pthread_attr_destroy(&attr);
    if (!rc)
        return true;
    base_free(s);
    __atomic_fetch_or(&t->state, THREAD_STATE_UNSTARTED, __ATOMIC_SEQ_CST);
    thread_release(t);
    return err_set(e, ERR_OUT_OF_MEMORY, 0, "cannot start a thread (error %d)", rc);
}

void thread_discard(Thread *t)
{
    if (!t->dead)
        unlink_thread(t);
    thread_release(t);
}

Thread *thread_create(Domain *d, size_t stack_size, void (*fn)(Thread *, void *), void *arg, Err *e)
{
    Thread *t = new_thread(d); /* held once by the caller */
    if (thread_start(t, stack_size, fn, arg, e))
        return t;
    thread_discard(t);
    return NULL;
}

/* --- Foreground ------------------------------------------------------------------------------------------------------ */

typedef struct Count {
    Thread *but;
    u32 n;
} Count;

static void count_foreground(Thread *t, void *arg)
{
    Count *c = arg;
    if (t != c->but && !(__atomic_load_n(&t->state, __ATOMIC_RELAXED) &
                      (THREAD_STATE_BACKGROUND | THREAD_STATE_STOPPED | THREAD_STATE_UNSTARTED)))
        c->n++;
}

u32 thread_count_foreground(void)
{
    Count c = {NULL, 0};
    thread_for_each(count_foreground, &c);
    return c.n;
}

void thread_set_background(Thread *t, bool background)
{
    if (background)
        __atomic_fetch_or(&t->state, THREAD_STATE_BACKGROUND, __ATOMIC_SEQ_CST);
    else
        __atomic_fetch_and(&t->state, ~(u32)THREAD_STATE_BACKGROUND, __ATOMIC_SEQ_CST);
    foreground_changed();
}

void thread_wait_foreground(Thread *self)
{
    for (;;) {
        u32 seen = __atomic_load_n(&foreground_changes, __ATOMIC_SEQ_CST);
        Count c = {self, 0};
        thread_for_each(count_foreground, &c);
        if (!c.n)
            return;
        thread_futex_wait(&foreground_changes, seen, 50000000); /* state may be stored without thread_set_background */
    }
}
