/* thread_wait.c: events, semaphores, mutexes, thread exits; waits for one, any or all of them; sleep, join, interrupt.
 * All state is under one lock, wait_lock: WaitAll then is atomic by itself.  A wait puts a node on each object's list; who
 * signals an object satisfies waits from the head of its list while the object stays signalled, consuming it for
 * them, and unparks their threads.
 * Book: thread.md  Tests: tests/unit/thread/ */
#include "thread/wait.h"
#include "thread/thread_int.h"
#include "thread/thread_named.h"

typedef enum WaitKind { WAIT_EVENT_AUTO, WAIT_EVENT_MANUAL, WAIT_SEMAPHORE, WAIT_MUTEX, WAIT_NAMED } WaitKind;

typedef struct Node {
    struct Node *next, *prev;
    struct MultiWait *multi;
    u32 index;
} Node;

struct WaitObject {
    WaitKind kind;
    u32 refs;
    i32 count, max; /* event: 0 or 1; semaphore: count; mutex: recursion of the owner */
    Thread *owner;  /* mutex */
    bool abandoned; /* mutex: the last owner ended with it */
    WaitObject *next_owned, *prev_owned; /* the owner's list */
    Node *head, *tail;
    NamedMutex *named; /* WAIT_NAMED: all the rest is there */
};

/* One wait in progress, on the waiting thread's stack. */
typedef struct MultiWait {
    Thread *t;
    WaitObject **objects;
    Node *nodes;
    u32 n;
    bool all, done;
    i32 result;
} MultiWait;

const WaitListener *wait_listener;
void (*wait_begins_or_ends)(bool begins, bool monitor, const void *object);
enum { MAX_OBJECTS = 64, MAX_WAKES = 64 };
static pthread_mutex_t wait_lock = PTHREAD_MUTEX_INITIALIZER;

/* Futex words to wake once the lock is released. */
typedef struct Wakes {
    u32 n;
    u32 *words[MAX_WAKES];
} Wakes;

/* --- Objects --------------------------------------------------------------------------------------------------------- */

static WaitObject *new_object(WaitKind kind, i32 count, i32 max)
{
    WaitObject *w = base_calloc(1, sizeof *w);
    w->kind = kind;
    w->refs = 1;
    w->count = count;
    w->max = max;
    return w;
}

WaitObject *wait_event_new(bool manual_reset, bool initial)
{
    return new_object(manual_reset ? WAIT_EVENT_MANUAL : WAIT_EVENT_AUTO, initial, 1);
}

WaitObject *wait_semaphore_new(i32 initial, i32 max)
{
    return new_object(WAIT_SEMAPHORE, initial, max);
}

WaitObject *wait_object_named(NamedMutex *m)
{
    WaitObject *w = new_object(WAIT_NAMED, 0, 0);
    w->named = m;
    return w;
}

static void own(WaitObject *w, Thread *t)
{
    w->owner = t;
    w->refs++; /* a held mutex whose handle is closed stays for the abandonment */
    w->prev_owned = NULL;
    w->next_owned = t->wait->owned;
    if (w->next_owned)
        w->next_owned->prev_owned = w;
    t->wait->owned = w;
}

WaitObject *wait_mutex_new(bool owned_by_caller)
{
    WaitObject *w = new_object(WAIT_MUTEX, 0, 0);
    if (owned_by_caller) {
        pthread_mutex_lock(&wait_lock);
        own(w, thread_current());
        w->count = 1;
        pthread_mutex_unlock(&wait_lock);
    }
    return w;
}

/* wait_lock held, as for all below that take no lock themselves */
static void drop(WaitObject *w)
{
    if (!--w->refs)
        base_free(w);
}

void wait_close(WaitObject *w)
{
    if (w->kind == WAIT_NAMED) {
        named_mutex_close(w->named);
        return;
    }
    pthread_mutex_lock(&wait_lock);
    drop(w);
    pthread_mutex_unlock(&wait_lock);
}

static void disown(WaitObject *w)
{
    if (w->prev_owned)
        w->prev_owned->next_owned = w->next_owned;
    else
        w->owner->wait->owned = w->next_owned;
    if (w->next_owned)
        w->next_owned->prev_owned = w->prev_owned;
    w->next_owned = w->prev_owned = NULL;
    w->owner = NULL;
}

static bool signalled_for(const WaitObject *w, const Thread *t)
{
    return w->kind == WAIT_MUTEX ? !w->owner || w->owner == t : w->count > 0;
}

/* Takes what a satisfied wait takes; true: an abandoned mutex. */
static bool consume(WaitObject *w, Thread *t)
{
    bool abandoned = false;
    if (w->kind == WAIT_MUTEX) {
        if (!w->owner)
            own(w, t);
        w->count++;
        abandoned = w->abandoned;
        w->abandoned = false;
    } else if (w->kind != WAIT_EVENT_MANUAL) {
        w->count--;
    }
    return abandoned;
}

/* --- Satisfying ------------------------------------------------------------------------------------------------------ */

static void link_node(WaitObject *w, Node *n, bool first)
{
    w->refs++;
    n->next = first ? w->head : NULL;
    n->prev = first ? NULL : w->tail;
    if (n->next)
        n->next->prev = n;
    else
        w->tail = n;
    if (n->prev)
        n->prev->next = n;
    else
        w->head = n;
}

static void unlink_all(MultiWait *m)
{
    for (u32 i = 0; i < m->n; i++) {
        WaitObject *w = m->objects[i];
        Node *n = &m->nodes[i];
        if (n->prev)
            n->prev->next = n->next;
        else
            w->head = n->next;
        if (n->next)
            n->next->prev = n->prev;
        else
            w->tail = n->prev;
        drop(w);
    }
}

/* Satisfies m if its objects allow it now; sets result. */
static bool satisfy(MultiWait *m)
{
    if (!m->all) {
        for (u32 i = 0; i < m->n; i++)
            if (signalled_for(m->objects[i], m->t)) {
                m->result = (i32)i + (consume(m->objects[i], m->t) ? WAIT_ABANDONED : 0);
                return true;
            }
        return false;
    }
    for (u32 i = 0; i < m->n; i++)
        if (!signalled_for(m->objects[i], m->t))
            return false;
    m->result = 0;
    for (u32 i = 0; i < m->n; i++)
        if (consume(m->objects[i], m->t) && m->result < WAIT_ABANDONED)
            m->result = WAIT_ABANDONED + (i32)i;
    return true;
}

static void wake(Wakes *wakes, u32 *word)
{
    if (wakes->n == MAX_WAKES)
        thread_unpark_end(word); /* many: the rest is woken under the lock */
    else
        wakes->words[wakes->n++] = word;
}

/* w may have become signalled. */
static void serve_waiters(WaitObject *w, Wakes *wakes)
{
    w->refs++; /* the last waiter may hold the last reference */
    for (Node *n = w->head, *next; n && signalled_for(w, n->multi->t); n = next) {
        next = n->next;
        MultiWait *m = n->multi;
        while (next && next->multi == m) /* one wait may name an object twice */
            next = next->next;
        if (satisfy(m)) {
            m->done = true;
            unlink_all(m);
            wake(wakes, thread_unpark_begin(m->t));
        }
    }
    drop(w);
}

static void unlock_and_wake(const Wakes *wakes)
{
    pthread_mutex_unlock(&wait_lock);
    for (u32 i = 0; i < wakes->n; i++)
        thread_unpark_end(wakes->words[i]);
}

/* --- Signalling ------------------------------------------------------------------------------------------------------ */

static void set_event(WaitObject *w, Wakes *wakes)
{
    w->count = 1;
    serve_waiters(w, wakes);
}

void wait_event_set(WaitObject *w)
{
    Wakes wakes;
    wakes.n = 0;
    pthread_mutex_lock(&wait_lock);
    set_event(w, &wakes);
    unlock_and_wake(&wakes);
}

void wait_event_reset(WaitObject *w)
{
    pthread_mutex_lock(&wait_lock);
    w->count = 0;
    pthread_mutex_unlock(&wait_lock);
}

static bool release_semaphore(WaitObject *w, i32 count, i32 *previous, Wakes *wakes)
{
    if (previous)
        *previous = w->count;
    if (count < 1 || count > w->max - w->count)
        return false;
    w->count += count;
    serve_waiters(w, wakes);
    return true;
}

bool wait_semaphore_release(WaitObject *w, i32 count, i32 *previous)
{
    Wakes wakes;
    wakes.n = 0;
    pthread_mutex_lock(&wait_lock);
    bool ok = release_semaphore(w, count, previous, &wakes);
    unlock_and_wake(&wakes);
    return ok;
}

static bool release_mutex(WaitObject *w, Thread *t, Wakes *wakes)
{
    if (!w->owner || w->owner != t)
        return false;
    if (--w->count)
        return true;
    disown(w);
    serve_waiters(w, wakes);
    drop(w);
    return true;
}

bool wait_mutex_release(WaitObject *w)
{
    if (w->kind == WAIT_NAMED)
        return named_mutex_release(w->named);
    Wakes wakes;
    wakes.n = 0;
    pthread_mutex_lock(&wait_lock);
    bool ok = release_mutex(w, thread_current(), &wakes);
    unlock_and_wake(&wakes);
    return ok;
}

void wait_thread_exit(Thread *t)
{
    named_mutex_thread_exit(t);
    Wakes wakes;
    wakes.n = 0;
    pthread_mutex_lock(&wait_lock);
    for (WaitObject *w; (w = t->wait->owned);) {
        w->count = 0;
        w->abandoned = true;
        disown(w);
        serve_waiters(w, &wakes);
        drop(w);
    }
    set_event(t->wait->exited, &wakes);
    unlock_and_wake(&wakes);
}

/* --- Waiting --------------------------------------------------------------------------------------------------------- */

/* wait_lock held on entry, not on return.  The wait was not satisfied at once. */
static i32 wait_parked(MultiWait *m, i32 timeout_ms, bool lifo, const Wakes *wakes)
{
    Thread *t = m->t;
    for (u32 i = 0; i < m->n; i++) {
        m->nodes[i].multi = m;
        m->nodes[i].index = i;
        link_node(m->objects[i], &m->nodes[i], lifo);
    }
    unlock_and_wake(wakes);
    u64 deadline = thread_deadline(timeout_ms);
    __atomic_fetch_or(&t->state, THREAD_STATE_WAITSLEEPJOIN, __ATOMIC_RELAXED);
    for (bool more = true; more;) {
        bool interrupted = thread_interrupt_pending(t);
        bool in_time = interrupted || thread_park(t, deadline);
        interrupted |= thread_interrupt_pending(t);
        pthread_mutex_lock(&wait_lock);
        if (m->done) {
            more = false;
        } else if (interrupted || !in_time) {
            unlink_all(m);
            m->result = interrupted ? WAIT_WAS_INTERRUPTED : WAIT_TIMED_OUT;
            more = false;
        }
        pthread_mutex_unlock(&wait_lock);
    }
    __atomic_fetch_and(&t->state, ~(u32)THREAD_STATE_WAITSLEEPJOIN, __ATOMIC_RELAXED);
    if (m->result == WAIT_WAS_INTERRUPTED)
        thread_take_interrupt(t);
    return m->result;
}

/* wait_lock held.  0, or why it cannot be signalled: WAIT_TOO_MANY_POSTS, WAIT_NOT_OWNER. */
static i32 signal_object(WaitObject *w, Thread *t, Wakes *wakes)
{
    if (w->kind == WAIT_MUTEX)
        return release_mutex(w, t, wakes) ? 0 : WAIT_NOT_OWNER;
    if (w->kind == WAIT_SEMAPHORE)
        return release_semaphore(w, 1, NULL, wakes) ? 0 : WAIT_TOO_MANY_POSTS;
    set_event(w, wakes);
    return 0;
}

/* A mutex with a name among the objects: signalling and waiting are two steps then, and it is waited for alone. */
static i32 wait_with_named(WaitObject *signal, WaitObject **w, u32 n, i32 timeout_ms, bool *done)
{
    bool any = signal && signal->kind == WAIT_NAMED;
    for (u32 i = 0; i < n; i++)
        any |= w[i]->kind == WAIT_NAMED;
    *done = any;
    if (!any)
        return 0;
    if (n > 1)
        return WAIT_NAMED_WITH_OTHERS;
    i32 r = 0;
    if (signal && signal->kind == WAIT_NAMED) {
        r = named_mutex_release(signal->named) ? 0 : WAIT_NOT_OWNER;
    } else if (signal) {
        Wakes wakes;
        wakes.n = 0;
        pthread_mutex_lock(&wait_lock);
        r = signal_object(signal, thread_current(), &wakes);
        unlock_and_wake(&wakes);
    }
    if (r)
        return r;
    return w[0]->kind == WAIT_NAMED ? named_mutex_wait(w[0]->named, timeout_ms) : wait_one(w[0], timeout_ms);
}

static bool any_twice(WaitObject **w, u32 n)
{
    for (u32 i = 1; i < n; i++)
        for (u32 k = 0; k < i; k++)
            if (w[i] == w[k])
                return true;
    return false;
}

static i32 wait_from(WaitObject *signal, WaitObject **w, u32 n, bool all, i32 timeout_ms, bool lifo)
{
    CHECKF(n && n <= MAX_OBJECTS, "a wait for %u objects", n);
    Thread *t = thread_current();
    DCHECK(t->mode == THREAD_PREEMPTIVE);
    bool done;
    i32 r = wait_with_named(signal, w, n, timeout_ms, &done);
    if (done)
        return r;
    if (all && any_twice(w, n))
        return WAIT_DUPLICATE;
    if (thread_take_interrupt(t))
        return WAIT_WAS_INTERRUPTED;
    Node nodes[MAX_OBJECTS];
    MultiWait m = {.t = t, .objects = w, .nodes = nodes, .n = n, .all = all};
    Wakes wakes;
    wakes.n = 0;
    pthread_mutex_lock(&wait_lock);
    if (signal && (r = signal_object(signal, t, &wakes))) {
        unlock_and_wake(&wakes);
        return r;
    }
    if (satisfy(&m)) {
        unlock_and_wake(&wakes);
        return m.result;
    }
    if (!timeout_ms) {
        unlock_and_wake(&wakes);
        return WAIT_TIMED_OUT;
    }
    if (signal) /* of this nobody is told */
        return wait_parked(&m, timeout_ms, lifo, &wakes);
    wait_tell(true, false, NULL);
    r = wait_parked(&m, timeout_ms, lifo, &wakes);
    wait_tell(false, false, NULL);
    return r;
}

i32 wait_one(WaitObject *w, i32 timeout_ms)
{
    return wait_from(NULL, &w, 1, false, timeout_ms, false);
}

i32 wait_one_lifo(WaitObject *w, i32 timeout_ms)
{
    return wait_from(NULL, &w, 1, false, timeout_ms, true);
}

i32 wait_many(WaitObject **w, u32 n, bool all, i32 timeout_ms)
{
    return wait_from(NULL, w, n, all, timeout_ms, false);
}

i32 wait_signal_and_wait(WaitObject *signal, WaitObject *w, i32 timeout_ms)
{
    return wait_from(signal, &w, 1, false, timeout_ms, false);
}

/* --- Sleep, join, interrupt ------------------------------------------------------------------------------------------ */

void wait_interrupt(Thread *t)
{
    __atomic_fetch_or(&t->request, THREAD_REQ_INTERRUPT, __ATOMIC_SEQ_CST);
    thread_unpark_end(thread_unpark_begin(t));
}

i32 wait_sleep(Thread *self, i32 timeout_ms)
{
    if (thread_take_interrupt(self))
        return WAIT_WAS_INTERRUPTED;
    if (!timeout_ms) {
        os_thread_yield();
        return 0;
    }
    u64 deadline = thread_deadline(timeout_ms);
    bool interrupted = false;
    __atomic_fetch_or(&self->state, THREAD_STATE_WAITSLEEPJOIN, __ATOMIC_RELAXED);
    while (!(interrupted = thread_take_interrupt(self)) && thread_park(self, deadline))
        ;
    __atomic_fetch_and(&self->state, ~(u32)THREAD_STATE_WAITSLEEPJOIN, __ATOMIC_RELAXED);
    return interrupted ? WAIT_WAS_INTERRUPTED : 0;
}

WaitObject *wait_of_exit(Thread *target)
{
    return target->wait->exited;
}

i32 wait_join(Thread *self, Thread *target, i32 timeout_ms)
{
    (void)self;
    WaitObject *exited = target->wait->exited;
    if (__atomic_load_n(&target->state, __ATOMIC_ACQUIRE) & THREAD_STATE_STOPPED) {
        while (!__atomic_load_n(&exited->count, __ATOMIC_ACQUIRE)) /* a moment */
            os_thread_yield();
        return 0; /* no wait, so an interrupt is kept for the next */
    }
    return wait_one(exited, timeout_ms);
}
