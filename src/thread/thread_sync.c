/* thread_sync.c: header words, sync blocks, Monitor.
 * A lock starts thin (sync_inline.h) and is inflated when contended, when a hash code is wanted as well, or for Wait; it then
 * stays inflated.  A block's lock is a word that is taken by compare-and-swap (newcomers may overtake); who must wait
 * queues and parks, and the one that exits wakes the first of the queue.  Pulse moves a waiter from the wait queue to
 * the entry queue without waking it.
 * Rule: once a thread has begun to wait it touches the block only, never the object: the object may move.
 * Book: thread.md  Tests: tests/unit/thread/ */
#include "thread/sync.h"
#include "base/vec.h"
#include "thread/sync_inline.h"
#include "thread/thread_int.h"

#include <stdio.h>

#define SEGMENT_SHIFT 10
#define SEGMENT_BLOCKS (1u << SEGMENT_SHIFT)
enum { HELD = 1, QUEUED = 2 }; /* SyncBlock.lock */
enum { THIN_SPINS = 60, BLOCK_SPINS = 60 };

typedef enum WaiterPlace { NOWHERE, IN_ENTRY, IN_WAIT } WaiterPlace;
typedef struct Waiter {
    struct Waiter *next, *prev;
    Thread *t;
    WaitObject *event; /* not NULL: what wakes it, instead of its parking word (a told wait) */
    WaiterPlace place; /* under the block's mutex */
} Waiter;
typedef struct Queue {
    Waiter *head, *tail;
} Queue;

typedef struct SyncBlock {
    u32 lock;      /* HELD | QUEUED; atomic */
    u32 owner;     /* thread id; written by the holder */
    u32 recursion; /* of the holder, beyond the first */
    u32 users;     /* threads inside slow paths; the sweep leaves such blocks alone */
    i32 hash;      /* 0: none; atomic */
    u32 index;
    bool young;     /* on young_blocks */
    bool announced; /* SyncContention */
    Object *object; /* weak: sync_sweep follows it; NULL while the block is free */
    pthread_mutex_t mutex;
    Queue entry, waiting;
} SyncBlock;

/* A segment never moves once it is there, so a block is found without a lock. */
static SyncBlock *segments[(SYNC_PAYLOAD_MASK + 1) >> SEGMENT_SHIFT];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static u32 next_index = 1; /* under table_lock, as is free_list */
static VEC(u32) free_list;
static VEC(u32) young_blocks; /* those whose object may be younger than the oldest generation; under table_lock */
static u64 contentions;
void (*sync_contended)(const SyncContention *c);

/* --- Blocks --------------------------------------------------------------------------------------------------------- */

static SyncBlock *block_at(u32 index)
{
    return &__atomic_load_n(&segments[index >> SEGMENT_SHIFT], __ATOMIC_ACQUIRE)[index & (SEGMENT_BLOCKS - 1)];
}

static SyncBlock *new_block(Object *o)
{
    pthread_mutex_lock(&table_lock);
    u32 index = free_list.len ? vec_pop(&free_list) : next_index++;
    CHECKF(index <= SYNC_PAYLOAD_MASK, "too many sync blocks");
    SyncBlock **segment = &segments[index >> SEGMENT_SHIFT];
    if (!*segment)
        __atomic_store_n(segment, base_calloc(SEGMENT_BLOCKS, sizeof(SyncBlock)), __ATOMIC_RELEASE);
    SyncBlock *b = block_at(index);
    if (!b->young)
        vec_push(&young_blocks, index);
    *b = (SyncBlock){.index = index, .young = true, .object = o, .mutex = PTHREAD_MUTEX_INITIALIZER};
    pthread_mutex_unlock(&table_lock);
    return b;
}

/* table_lock held, or world stopped. */
static void give_back(SyncBlock *b)
{
    b->object = NULL;
    vec_push(&free_list, b->index);
}

static void free_block(SyncBlock *b)
{
    pthread_mutex_lock(&table_lock);
    give_back(b);
    pthread_mutex_unlock(&table_lock);
}

/* Follows or frees.  Nobody can find the block of a dead object; but a thread may still be inside of it. */
static void sweep_block(SyncBlock *b)
{
    static Object gone;
    if (!b->object)
        return;
    Object *o = b->object == &gone ? NULL : gc_survivor(b->object);
    b->object = o ? o : &gone;
    if (!o && !b->users)
        give_back(b);
}

static bool may_be_young(const SyncBlock *b)
{
    return b->object && gc_generation_of(b->object) < 2;
}

/* Blocks are made and freed in cooperative mode only, so nothing changes here meanwhile. */
void sync_sweep(i32 generation)
{
    u32 left = 0;
    if (generation >= 2)
        for (u32 i = 1; i < next_index; i++)
            sweep_block(block_at(i));
    for (u32 i = 0; i < young_blocks.len; i++) {
        if (i + 8 < young_blocks.len)
            __builtin_prefetch(block_at(young_blocks.data[i + 8]));
        SyncBlock *b = block_at(young_blocks.data[i]);
        if (generation < 2)
            sweep_block(b);
        b->young = may_be_young(b);
        if (b->young)
            young_blocks.data[left++] = b->index;
    }
    young_blocks.len = left;
}

static u32 low_of(Object *o)
{
    return __atomic_load_n(gc_header(o), __ATOMIC_ACQUIRE) & GC_HEADER_LOW;
}

static SyncBlock *block_if_any(u32 low)
{
    return (low & (SYNC_HASH_OR_INDEX | SYNC_IS_HASH)) == SYNC_HASH_OR_INDEX ? block_at(low & SYNC_PAYLOAD_MASK) : NULL;
}

/* The block of o, made from whatever its header holds.  A thin lock's owner goes on owning it. */
static SyncBlock *inflate(Object *o)
{
    SyncBlock *made = NULL;
    for (;;) {
        u32 old = __atomic_load_n(gc_header(o), __ATOMIC_ACQUIRE), low = old & GC_HEADER_LOW;
        SyncBlock *b = block_if_any(low);
        if (b) {
            if (made)
                free_block(made);
            return b;
        }
        if (!made)
            made = new_block(o);
        made->hash = low & SYNC_HASH_OR_INDEX ? (i32)(low & SYNC_PAYLOAD_MASK) : 0;
        made->owner = low & SYNC_HASH_OR_INDEX ? 0 : low & SYNC_OWNER_MASK;
        made->recursion = made->owner ? (low & SYNC_RECURSION_MASK) / SYNC_RECURSION_ONE : 0;
        made->lock = made->owner ? HELD : 0;
        u32 next = (old & GC_HEADER_OWN) | SYNC_HASH_OR_INDEX | made->index;
        if (__atomic_compare_exchange_n(gc_header(o), &old, next, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return made;
    }
}

/* --- Hash codes ------------------------------------------------------------------------------------------------------ */

static i32 new_hash(Thread *t)
{
    u32 *seed = &t->wait->hash_seed, x = *seed;
    if (!x)
        x = t->id * 0x9e3779b9u | 1;
    do {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
    } while (!(x & SYNC_PAYLOAD_MASK));
    *seed = x;
    return (i32)(x & SYNC_PAYLOAD_MASK);
}

i32 sync_hash_code_if_any(Object *o)
{
    u32 low = low_of(o);
    if (!(low & SYNC_HASH_OR_INDEX))
        return 0;
    if (low & SYNC_IS_HASH)
        return (i32)(low & SYNC_PAYLOAD_MASK);
    return __atomic_load_n(&block_if_any(low)->hash, __ATOMIC_RELAXED);
}

i32 sync_hash_code(Thread *t, Object *o)
{
    i32 hash = sync_hash_code_if_any(o);
    if (hash)
        return hash;
    hash = new_hash(t);
    for (;;) {
        u32 old = __atomic_load_n(gc_header(o), __ATOMIC_ACQUIRE), low = old & GC_HEADER_LOW;
        if (low)
            break;
        if (__atomic_compare_exchange_n(gc_header(o), &old, old | SYNC_HASH_OR_INDEX | SYNC_IS_HASH | (u32)hash, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return hash;
    }
    i32 seen = sync_hash_code_if_any(o);
    if (seen)
        return seen;
    SyncBlock *b = inflate(o);
    seen = 0;
    return __atomic_compare_exchange_n(&b->hash, &seen, hash, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED) ? hash : seen;
}

/* --- Queues, under the block's mutex ---------------------------------------------------------------------------------- */

static void append(Queue *q, Waiter *w, WaiterPlace place)
{
    w->place = place;
    w->next = NULL;
    w->prev = q->tail;
    if (q->tail)
        q->tail->next = w;
    else
        q->head = w;
    q->tail = w;
}

static void prepend(Queue *q, Waiter *w, WaiterPlace place)
{
    w->place = place;
    w->prev = NULL;
    w->next = q->head;
    if (q->head)
        q->head->prev = w;
    else
        q->tail = w;
    q->head = w;
}

static void take_out(Queue *q, Waiter *w)
{
    if (w->prev)
        w->prev->next = w->next;
    else
        q->head = w->next;
    if (w->next)
        w->next->prev = w->prev;
    else
        q->tail = w->prev;
    w->next = w->prev = NULL;
    w->place = NOWHERE;
}

/* Keeps QUEUED equal to "the entry queue holds someone". */
static void update_queued(SyncBlock *b)
{
    if (b->entry.head)
        __atomic_fetch_or(&b->lock, QUEUED, __ATOMIC_SEQ_CST);
    else
        __atomic_fetch_and(&b->lock, ~(u32)QUEUED, __ATOMIC_SEQ_CST);
}

/* Takes the first of the entry queue out and makes its wake due. */
static u32 *wake_first(SyncBlock *b)
{
    Waiter *w = b->entry.head;
    u32 *word = NULL;
    if (w) {
        take_out(&b->entry, w);
        if (w->event)
            wait_event_set(w->event);
        else
            word = thread_unpark_begin(w->t);
    }
    update_queued(b);
    return word;
}

/* --- Block lock ------------------------------------------------------------------------------------------------------ */

static bool try_lock(SyncBlock *b, u32 id)
{
    u32 old = __atomic_load_n(&b->lock, __ATOMIC_RELAXED);
    while (!(old & HELD))
        if (__atomic_compare_exchange_n(&b->lock, &old, old | HELD, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            b->recursion = 0;
            __atomic_store_n(&b->owner, id, __ATOMIC_RELAXED);
            return true;
        }
    return false;
}

static bool owns(SyncBlock *b, Thread *t)
{
    return __atomic_load_n(&b->owner, __ATOMIC_RELAXED) == t->id;
}

static void unlock(SyncBlock *b)
{
    __atomic_store_n(&b->owner, 0, __ATOMIC_RELAXED);
    u32 old = __atomic_fetch_and(&b->lock, ~(u32)HELD, __ATOMIC_SEQ_CST);
    if (LIKELY(!(old & QUEUED)))
        return;
    pthread_mutex_lock(&b->mutex);
    /* Whoever has overtaken meanwhile wakes the first when it exits. */
    u32 *word = __atomic_load_n(&b->lock, __ATOMIC_SEQ_CST) & HELD ? NULL : wake_first(b);
    pthread_mutex_unlock(&b->mutex);
    thread_unpark_end(word);
}

typedef enum LockResult { GOT_IT, TIMED_OUT, INTERRUPTED, FAILED /* an exception is pending */ } LockResult;

/* The waiter gives up; a wake that was meant for it goes to the next. */
static void abandon(SyncBlock *b, Waiter *w)
{
    u32 *word = NULL;
    pthread_mutex_lock(&b->mutex);
    if (w->place == IN_ENTRY) {
        take_out(&b->entry, w);
        update_queued(b);
    } else if (!(__atomic_load_n(&b->lock, __ATOMIC_SEQ_CST) & HELD)) {
        word = wake_first(b);
    }
    pthread_mutex_unlock(&b->mutex);
    thread_unpark_end(word);
}

/* Queues w, which is in the entry queue or NOWHERE.  true: the lock was free and is w's now. */
static bool queue_or_lock(SyncBlock *b, Waiter *w, bool first)
{
    pthread_mutex_lock(&b->mutex);
    if (w->place == NOWHERE) {
        if (first)
            prepend(&b->entry, w, IN_ENTRY);
        else
            append(&b->entry, w, IN_ENTRY);
        update_queued(b);
    }
    /* QUEUED is set: a holder that exits from here on sees it.  One that exited before left the lock free. */
    bool got = try_lock(b, w->t->id);
    if (got) {
        take_out(&b->entry, w);
        update_queued(b);
    }
    pthread_mutex_unlock(&b->mutex);
    return got;
}

/* After a wait; w is in the entry queue or NOWHERE. */
static bool lock_and_leave_queue(SyncBlock *b, Waiter *w)
{
    if (!try_lock(b, w->t->id))
        return false;
    pthread_mutex_lock(&b->mutex);
    if (w->place == IN_ENTRY)
        take_out(&b->entry, w);
    update_queued(b);
    pthread_mutex_unlock(&b->mutex);
    return true;
}

/* Preemptive.  w is in the entry queue or NOWHERE. */
static LockResult lock_waiting(SyncBlock *b, Waiter *w, u64 deadline, bool interruptible)
{
    Thread *t = w->t;
    bool woken = false;
    for (;;) {
        if (queue_or_lock(b, w, woken))
            return GOT_IT;
        if (interruptible && thread_take_interrupt(t)) {
            abandon(b, w);
            return INTERRUPTED;
        }
        bool in_time = thread_park(t, deadline);
        woken = true;
        if (lock_and_leave_queue(b, w))
            return GOT_IT;
        if (!in_time) {
            abandon(b, w);
            return TIMED_OUT;
        }
    }
}

static i32 ms_until(u64 deadline)
{
    u64 now = thread_now();
    return deadline == THREAD_FOREVER ? -1 : deadline <= now ? 0 : (i32)((deadline - now + 999999) / 1000000);
}

/* Cooperative: each wait is a call of the listener, which runs managed code; w->event wakes it. */
static LockResult lock_told(SyncBlock *b, Waiter *w, u64 deadline)
{
    for (bool woken = false;; woken = true) {
        if (queue_or_lock(b, w, woken))
            return GOT_IT;
        i32 result = wait_listener->wait(w->t, w->event, ms_until(deadline));
        if (result != -1 && lock_and_leave_queue(b, w))
            return GOT_IT;
        if (result != 0) {
            abandon(b, w);
            return result == -1 ? FAILED : TIMED_OUT;
        }
    }
}

static void tell(SyncBlock *b, bool ended, u64 since)
{
    if (!sync_contended)
        return;
    SyncContention c = {.lock = b, .object = b->object, .owner = __atomic_load_n(&b->owner, __ATOMIC_RELAXED), .ended = ended,
                        .announced = &b->announced, .waited_ns = ended ? thread_now() - since : 0};
    sync_contended(&c);
}

static LockResult lock_block(Thread *t, SyncBlock *b, u64 deadline, bool interruptible)
{
    for (u32 i = 0; i < BLOCK_SPINS && thread_processors > 1; i++) {
        if (try_lock(b, t->id))
            return GOT_IT;
        for (u32 k = 0; k < 8; k++)
            thread_pause();
    }
    __atomic_add_fetch(&contentions, 1, __ATOMIC_RELAXED);
    LockResult result = GOT_IT;
    bool told = interruptible && wait_is_told(t);
    Waiter w = {.t = t, .event = told ? wait_event_new(false, false) : NULL};
    __atomic_add_fetch(&b->users, 1, __ATOMIC_RELAXED);
    u64 since = thread_now();
    if (told) {
        PREEMPTIVE(t) { tell(b, false, 0); }
        result = lock_told(b, &w, deadline);
        PREEMPTIVE(t) { tell(b, true, since); }
        wait_close(w.event);
    } else {
        PREEMPTIVE(t)
        {
            __atomic_fetch_or(&t->state, THREAD_STATE_WAITSLEEPJOIN, __ATOMIC_RELAXED);
            tell(b, false, 0);
            wait_tell(true, false, NULL);
            result = lock_waiting(b, &w, deadline, interruptible);
            wait_tell(false, false, NULL);
            tell(b, true, since);
            __atomic_fetch_and(&t->state, ~(u32)THREAD_STATE_WAITSLEEPJOIN, __ATOMIC_RELAXED);
        }
    }
    __atomic_sub_fetch(&b->users, 1, __ATOMIC_RELAXED);
    return result;
}

/* --- Monitor --------------------------------------------------------------------------------------------------------- */

bool sync_enter_fast(Thread *t, Object *o)
{
    if (LIKELY(sync_enter_thin(t, o) == SYNC_FAST_DONE))
        return true;
    SyncBlock *b = block_if_any(low_of(o));
    if (!b)
        return false;
    if (owns(b, t)) {
        b->recursion++;
        return true;
    }
    return try_lock(b, t->id);
}

bool sync_enter(Thread *t, Object *o, i32 timeout_ms, bool *interrupted)
{
    if (interrupted)
        *interrupted = false;
    if (sync_enter_fast(t, o))
        return true;
    if (!timeout_ms && thread_processors == 1)
        return false;
    /* A thin lock held by another: short critical sections end while we spin. */
    for (u32 i = 0; i < THIN_SPINS && thread_processors > 1 && timeout_ms && !(low_of(o) & SYNC_HASH_OR_INDEX); i++) {
        for (u32 k = 0; k < 8; k++)
            thread_pause();
        if (sync_enter_fast(t, o))
            return true;
    }
    SyncBlock *b = inflate(o);
    if (owns(b, t)) { /* its own thin lock, recursion beyond the thin bits */
        b->recursion++;
        return true;
    }
    if (!timeout_ms)
        return try_lock(b, t->id);
    LockResult result = lock_block(t, b, thread_deadline(timeout_ms), interrupted != NULL);
    if (interrupted)
        *interrupted = result == INTERRUPTED;
    return result == GOT_IT;
}

bool sync_exit(Thread *t, Object *o)
{
    for (;;) {
        if (LIKELY(sync_exit_thin(t, o) == SYNC_FAST_DONE))
            return true;
        u32 low = low_of(o);
        SyncBlock *b = block_if_any(low);
        if (b) {
            if (!owns(b, t))
                return false;
            if (b->recursion)
                b->recursion--;
            else
                unlock(b);
            return true;
        }
        if (low & SYNC_HASH_OR_INDEX || (low & SYNC_OWNER_MASK) != t->id)
            return false;
    }
}

bool sync_is_owner(Thread *t, Object *o)
{
    u32 low = low_of(o);
    SyncBlock *b = block_if_any(low);
    if (b)
        return owns(b, t);
    return !(low & SYNC_HASH_OR_INDEX) && (low & SYNC_OWNER_MASK) == t->id;
}

/* --- Wait and Pulse --------------------------------------------------------------------------------------------------- */

/* Parks until pulsed, out of time or interrupted; the waiter is in the entry queue or NOWHERE afterwards. */
static SyncWaitResult wait_in_queue(SyncBlock *b, Waiter *w, u64 deadline)
{
    for (;;) {
        bool in_time = thread_park(w->t, deadline);
        bool interrupted = thread_interrupt_pending(w->t);
        SyncWaitResult result = SYNC_SIGNALED;
        pthread_mutex_lock(&b->mutex);
        bool still = w->place == IN_WAIT;
        if (still && (interrupted || !in_time)) {
            take_out(&b->waiting, w);
            result = interrupted ? SYNC_INTERRUPTED : SYNC_TIMEOUT;
            still = false;
        }
        pthread_mutex_unlock(&b->mutex);
        if (still)
            continue; /* a wake for nothing */
        if (result == SYNC_INTERRUPTED)
            thread_take_interrupt(w->t);
        return result;
    }
}

/* The owner gives the lock up and stands in the wait queue. */
static void leave_for(SyncBlock *b, Waiter *w)
{
    pthread_mutex_lock(&b->mutex);
    append(&b->waiting, w, IN_WAIT);
    pthread_mutex_unlock(&b->mutex);
    b->recursion = 0;
    unlock(b);
}

static SyncWaitResult wait_parked(Thread *t, SyncBlock *b, i32 timeout_ms)
{
    Waiter w = {.t = t};
    SyncWaitResult result = SYNC_SIGNALED;
    PREEMPTIVE(t)
    {
        u64 deadline = thread_deadline(timeout_ms);
        __atomic_fetch_or(&t->state, THREAD_STATE_WAITSLEEPJOIN, __ATOMIC_RELAXED);
        leave_for(b, &w);
        if (timeout_ms)
            wait_tell(true, true, b->object);
        result = wait_in_queue(b, &w, deadline);
        if (timeout_ms)
            wait_tell(false, true, b->object);
        lock_waiting(b, &w, THREAD_FOREVER, false);
        __atomic_fetch_and(&t->state, ~(u32)THREAD_STATE_WAITSLEEPJOIN, __ATOMIC_RELAXED);
    }
    return result;
}

/* As wait_parked, by calls of the listener.  The pulse itself signals the event; the lock is got back also when the listener fails. */
static SyncWaitResult wait_told(Thread *t, SyncBlock *b, i32 timeout_ms)
{
    Waiter w = {.t = t, .event = wait_event_new(false, false)};
    leave_for(b, &w);
    i32 r = wait_listener->wait(t, w.event, timeout_ms);
    pthread_mutex_lock(&b->mutex);
    bool pulsed = w.place != IN_WAIT;
    if (!pulsed)
        take_out(&b->waiting, &w);
    pthread_mutex_unlock(&b->mutex);
    SyncWaitResult result = r == -1 ? SYNC_PENDING : pulsed ? SYNC_SIGNALED : SYNC_TIMEOUT;
    if (result == SYNC_PENDING || lock_told(b, &w, THREAD_FOREVER) != GOT_IT) {
        WaitObject *event = w.event;
        w.event = NULL;
        PREEMPTIVE(t) { lock_waiting(b, &w, THREAD_FOREVER, false); }
        wait_close(event);
        return SYNC_PENDING;
    }
    wait_close(w.event);
    return result;
}

SyncWaitResult sync_wait(Thread *t, Object *o, i32 timeout_ms)
{
    if (!sync_is_owner(t, o))
        return SYNC_NOT_OWNER;
    if (thread_take_interrupt(t))
        return SYNC_INTERRUPTED;
    SyncBlock *b = inflate(o);
    u32 recursion = b->recursion;
    SyncWaitResult result = SYNC_SIGNALED;
    __atomic_add_fetch(&b->users, 1, __ATOMIC_RELAXED);
    if (wait_is_told(t))
        result = wait_told(t, b, timeout_ms);
    else
        result = wait_parked(t, b, timeout_ms);
    b->recursion = recursion;
    __atomic_sub_fetch(&b->users, 1, __ATOMIC_RELAXED);
    return result;
}

bool sync_pulse(Thread *t, Object *o, bool all)
{
    if (!sync_is_owner(t, o))
        return false;
    SyncBlock *b = block_if_any(low_of(o));
    if (!b)
        return true; /* nobody can be waiting */
    pthread_mutex_lock(&b->mutex);
    for (Waiter *w; (w = b->waiting.head);) {
        take_out(&b->waiting, w);
        if (w->event)
            wait_event_set(w->event);
        else
            append(&b->entry, w, IN_ENTRY);
        if (!all)
            break;
    }
    update_queued(b);
    pthread_mutex_unlock(&b->mutex);
    return true;
}

u64 sync_contention_count(void)
{
    return __atomic_load_n(&contentions, __ATOMIC_RELAXED);
}

void sync_describe(Object *o, char *buf, size_t n)
{
    u32 low = low_of(o);
    SyncBlock *b = block_if_any(low);
    if (b)
        snprintf(buf, n, "sync block %u: owner %u, recursion %u, hash %d%s", b->index, b->owner, b->recursion, b->hash,
                 b->lock & QUEUED ? ", threads queued" : "");
    else if (low & SYNC_HASH_OR_INDEX)
        snprintf(buf, n, "hash %u", low & SYNC_PAYLOAD_MASK);
    else if (low)
        snprintf(buf, n, "thin lock: owner %u, recursion %u", low & SYNC_OWNER_MASK,
                 (low & SYNC_RECURSION_MASK) / SYNC_RECURSION_ONE);
    else
        snprintf(buf, n, "free");
}
