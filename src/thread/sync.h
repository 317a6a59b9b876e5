/* sync.h: object header words, identity hash codes, Monitor.
 * The u32 header word at object - 4: 0 fresh; thin lock (owner id and recursion); hash code; or index of a sync block when
 * both are needed, under contention or for Wait.  Bit layout is private to thread_sync.c and documented in the book. */
#ifndef THREAD_SYNC_H
#define THREAD_SYNC_H
#include "thread/thread.h"

/* All: cooperative on entry and exit; those that can wait switch to preemptive inside. o is not NULL. */
i32 sync_hash_code(Thread *t, Object *o);      /* stable, never 0, 26 bits as the reference */
i32 sync_hash_code_if_any(Object *o);          /* 0: none yet; lock-free, no allocation */
bool sync_enter_fast(Thread *t, Object *o);    /* thin lock or uncontended; false: use sync_enter */
/* timeout_ms: -1 infinite. Returns false on timeout, and when a listener (wait.h) left an exception pending. Interruptible: returns false
 * with *interrupted = true. */
bool sync_enter(Thread *t, Object *o, i32 timeout_ms, bool *interrupted);
/* false: the calling thread does not own it (SynchronizationLockException). */
bool sync_exit(Thread *t, Object *o);
bool sync_is_owner(Thread *t, Object *o);
/* Monitor.Wait/Pulse; the caller owns the lock (else returns SYNC_NOT_OWNER). */
/* SYNC_PENDING: a listener (wait.h) left an exception. */
typedef enum SyncWaitResult { SYNC_SIGNALED, SYNC_TIMEOUT, SYNC_INTERRUPTED, SYNC_NOT_OWNER, SYNC_PENDING } SyncWaitResult;
SyncWaitResult sync_wait(Thread *t, Object *o, i32 timeout_ms);
bool sync_pulse(Thread *t, Object *o, bool all);
u64 sync_contention_count(void);
/* What a thread says that has to wait for another's lock: before, and after it got the lock or gave up.  Preemptive. */
typedef struct SyncContention {
    const void *lock, *object; /* tell locks and objects apart; not to be followed */
    u32 owner;                 /* id of the thread that holds it */
    bool ended;
    bool *announced;           /* for the client: belongs to the lock; atomic */
    u64 waited_ns;             /* when ended */
} SyncContention;
extern void (*sync_contended)(const SyncContention *c); /* NULL: nobody listens */
/* From GcClient.sweep and, with 2, from GcClient.moved: frees the blocks of dead objects, follows the others.  generation: oldest condemned. */
void sync_sweep(i32 generation);
/* Inspection: state of a header word for printers. */
void sync_describe(Object *o, char *buf, size_t n);
#endif
