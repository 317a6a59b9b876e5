/* thread_int.h: what the files of thread/ share: parking, the wait record of a thread, hooks between the files.
 * Locks: stop lock, then thread list lock, then (leaves) the wait lock and each sync block's lock. */
#ifndef THREAD_THREAD_INT_H
#define THREAD_THREAD_INT_H
#include "os/os_thread.h"
#include "thread/thread.h"
#include "thread/wait.h"

#include <pthread.h>

/* Waiting is done in one place: a thread parks on its own word and whoever makes it runnable unparks it.  Wakes may be
 * spurious; every loop looks again at its own condition, the time and the interrupt request. */
typedef struct ThreadWait {
    u32 word; /* 1: a wake is due */
    u32 hash_seed;
    WaitObject *exited;      /* manual event, set by thread_detach */
    WaitObject *owned;       /* mutexes held, under the wait lock */
    struct NamedMutex *named_owned; /* mutexes with a name that it holds; its own */
    struct MultiWait *multi; /* the wait in progress, under the wait lock */
    u32 refs;                /* of the Thread */
    OsThread os;             /* Thread.os points here */
} ThreadWait;

#define THREAD_FOREVER UINT64_MAX
u64 thread_now(void);                     /* ns, monotonic */
u64 thread_deadline(i32 timeout_ms);      /* THREAD_FOREVER for -1 */
/* Parks until unparked or the deadline; preemptive mode.  False: time is up. */
bool thread_park(Thread *t, u64 deadline);
/* Two halves, so that the system call is made outside of locks; the address may be stale by then, which is harmless. */
static inline u32 *thread_unpark_begin(Thread *t)
{
    __atomic_store_n(&t->wait->word, 1, __ATOMIC_SEQ_CST);
    return &t->wait->word;
}
void thread_unpark_end(u32 *word); /* NULL: nothing */
bool thread_interrupt_pending(Thread *t);
bool thread_take_interrupt(Thread *t); /* true once per request */
static inline void thread_pause(void) { __builtin_ia32_pause(); }
extern u32 thread_processors;

void thread_futex_wait(u32 *word, u32 value, u64 timeout_ns); /* THREAD_FOREVER: no limit */
void thread_futex_wake(u32 *word, u32 count);

/* thread_suspend.c */
void thread_suspend_init(void);
/* Takes the list lock in either mode; a stop in progress holds it.  The stopper itself need not take it. */
bool thread_list_lock(void); /* false: the caller has stopped the world, do not unlock */
void thread_list_unlock(bool locked);
void thread_suspend_attach(Thread *t); /* list lock held: sticky requests of stress runs */

/* thread_wait.c */
void wait_thread_exit(Thread *t); /* abandons mutexes, sets the exit event */
#endif
