/* wait.h: the kernel-like wait objects that CoreLib expects below WaitHandle on Unix: events, semaphores, mutexes, thread
 * exits, with WaitAny/WaitAll, timeouts, interruption (Thread.Interrupt); named mutexes are made by thread_named.h.
 * A WaitObject * is the value of the SafeWaitHandle.  All calls: preemptive mode. */
#ifndef THREAD_WAIT_H
#define THREAD_WAIT_H
#include "thread/thread.h"

typedef struct WaitObject WaitObject;
WaitObject *wait_event_new(bool manual_reset, bool initial);
WaitObject *wait_semaphore_new(i32 initial, i32 max);
WaitObject *wait_mutex_new(bool owned_by_caller);
void wait_event_set(WaitObject *w);
void wait_event_reset(WaitObject *w);
bool wait_semaphore_release(WaitObject *w, i32 count, i32 *previous); /* false: would pass the maximum */
bool wait_mutex_release(WaitObject *w);                             /* false: not the owner */
void wait_close(WaitObject *w); /* drops the handle's reference; waiters keep the object alive */
/* Results as the Win32 numbers that CoreLib reads: 0+i signalled, 0x80+i abandoned mutex, 0x102 timeout, -1 interrupted
 * (ThreadInterruptedException).  At most 64 objects. */
#define WAIT_TIMED_OUT 0x102
#define WAIT_ABANDONED 0x80
#define WAIT_WAS_INTERRUPTED (-1)
/* Refused: */
#define WAIT_DUPLICATE (-2)          /* all of a list with one object twice */
#define WAIT_NAMED_WITH_OTHERS (-3)  /* a named mutex in a wait for several */
#define WAIT_NOT_OWNER (-4)          /* the mutex to be signalled is not the caller's */
#define WAIT_TOO_MANY_POSTS 298      /* the semaphore to be signalled is full; the number that CoreLib reads */
i32 wait_one(WaitObject *w, i32 timeout_ms);
i32 wait_many(WaitObject **w, u32 n, bool all, i32 timeout_ms);
/* FIFO is not asked for; "prioritized" waits wake the most recent waiter (LowLevelLifoSemaphore). */
i32 wait_one_lifo(WaitObject *w, i32 timeout_ms);
i32 wait_signal_and_wait(WaitObject *signal, WaitObject *w, i32 timeout_ms);
/* Thread.Interrupt / Sleep / Join. sleep and join return WAIT_WAS_INTERRUPTED when interrupted. */
void wait_interrupt(Thread *t);
i32 wait_sleep(Thread *self, i32 timeout_ms);
/* Called, preemptive, when a thread begins to wait, and when that ends; monitor: for a pulse.  NULL: nobody listens; never reset. */
extern void (*wait_begins_or_ends)(bool begins, bool monitor, const void *object);
static inline void wait_tell(bool begins, bool monitor, const void *object)
{
    if (UNLIKELY(wait_begins_or_ends != NULL))
        wait_begins_or_ends(begins, monitor, object);
}
/* Waits that somebody wants to hear of (SynchronizationContext.Wait): may this thread's context wait for it?  It does so in managed code; a result
 * as wait_one's, or -1 and an exception is pending.  Both cooperative; set once, may be NULL. */
typedef struct WaitListener {
    bool (*wanted)(Thread *t);
    i32 (*wait)(Thread *t, WaitObject *w, i32 timeout_ms);
} WaitListener;
extern const WaitListener *wait_listener;
static inline bool wait_is_told(Thread *t) { return wait_listener && wait_listener->wanted(t); }
WaitObject *wait_of_exit(Thread *target); /* signalled when it ends; belongs to target */
i32 wait_join(Thread *self, Thread *target, i32 timeout_ms); /* target kept alive by the caller */
#endif
