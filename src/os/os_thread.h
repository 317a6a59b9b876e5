/* os_thread.h: native threads, locks and waits.  Knows nothing of managed threads or modes.
 * Times are nanoseconds; a timeout below zero waits for ever.  Conditions use the monotonic clock. */
#ifndef OS_THREAD_H
#define OS_THREAD_H
#include "base/base.h"

#include <pthread.h>

typedef struct OsThread {
    pthread_t handle;
} OsThread;
typedef void (*OsThreadFn)(void *arg);

/* stack_size 0: the system's default.  name (up to 15 bytes are kept) may be NULL.  false: the system refuses.
 * A thread that is not detached must be joined. */
bool os_thread_create(OsThread *t, OsThreadFn fn, void *arg, size_t stack_size, const char *name, bool detached);
void os_thread_join(OsThread t);
void os_thread_set_name(const char *name);      /* of the calling thread */
void os_thread_set_name_of(OsThread t, const char *name);
OsThread os_thread_self(void);
u32 os_thread_id(void);                         /* the kernel's */
void os_thread_stack(char **low, char **high);  /* the calling thread's, without its guard pages */
void os_thread_yield(void);
void os_thread_sleep(u64 ns);
void os_thread_kill(OsThread t, int sig);       /* sends a signal */
void os_thread_at_exit(pthread_key_t *key, void (*fn)(void *)); /* key whose destructor runs at thread end */
u32 os_cpu_count(void);                         /* this process may use: affinity and cgroup quota, at least 1 */
static inline void os_cpu_pause(void)
{
    __builtin_ia32_pause();
}

typedef struct OsMutex {
    pthread_mutex_t m;
} OsMutex;
#define OS_MUTEX_INIT {PTHREAD_MUTEX_INITIALIZER}
void os_mutex_init(OsMutex *m);
void os_mutex_done(OsMutex *m);
void os_mutex_lock(OsMutex *m); /* not recursive */
bool os_mutex_try_lock(OsMutex *m);
void os_mutex_unlock(OsMutex *m);

typedef struct OsCond {
    pthread_cond_t c;
} OsCond;
void os_cond_init(OsCond *c); /* required: there is no static initialiser for the monotonic clock */
void os_cond_done(OsCond *c);
void os_cond_wait(OsCond *c, OsMutex *m);
bool os_cond_wait_for(OsCond *c, OsMutex *m, i64 timeout_ns); /* false: timed out */
void os_cond_signal(OsCond *c);
void os_cond_broadcast(OsCond *c);

/* Sleeps while *addr == expect.  false: timed out.  true: woken, or the value differed, or for no reason. */
bool os_futex_wait(u32 *addr, u32 expect, i64 timeout_ns);
void os_futex_wake(u32 *addr, u32 count);

/* When it returns, every thread of the process has passed a full memory barrier. */
void os_membarrier(void);
void os_membarrier_init(void); /* optional, at start: registers, so that the first use is quick */
#endif
