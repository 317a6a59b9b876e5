/* os_thread.c: pthreads, futex and membarrier.
 * Book: os.md  Tests: tests/unit/os/ */
#define _GNU_SOURCE
#include "os/os_thread.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os/os_mem.h"

enum { NS_PER_S = 1000000000 };

typedef struct StartRecord {
    OsThreadFn fn;
    void *arg;
    char name[16];
} StartRecord;

static void *thread_start(void *p)
{
    StartRecord r = *(StartRecord *)p;
    base_free(p);
    if (r.name[0])
        pthread_setname_np(pthread_self(), r.name);
    r.fn(r.arg);
    return NULL;
}

bool os_thread_create(OsThread *t, OsThreadFn fn, void *arg, size_t stack_size, const char *name, bool detached)
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    if (stack_size)
        pthread_attr_setstacksize(&attr, ALIGN_UP(MAX(stack_size, (size_t)PTHREAD_STACK_MIN), (size_t)OS_PAGE));
    if (detached)
        pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    StartRecord *r = base_calloc(1, sizeof *r);
    r->fn = fn;
    r->arg = arg;
    if (name)
        snprintf(r->name, sizeof r->name, "%s", name);
    int rc = pthread_create(&t->handle, &attr, thread_start, r);
    pthread_attr_destroy(&attr);
    if (rc != 0)
        base_free(r);
    return rc == 0;
}

void os_thread_join(OsThread t)
{
    pthread_join(t.handle, NULL);
}

void os_thread_set_name_of(OsThread t, const char *name)
{
    char cut[16];
    snprintf(cut, sizeof cut, "%s", name);
    pthread_setname_np(t.handle, cut);
}

void os_thread_set_name(const char *name)
{
    os_thread_set_name_of(os_thread_self(), name);
}

OsThread os_thread_self(void)
{
    return (OsThread){pthread_self()};
}

u32 os_thread_id(void)
{
    return (u32)syscall(SYS_gettid);
}

void os_thread_stack(char **low, char **high)
{
    pthread_attr_t attr;
    void *base;
    size_t size, guard;
    CHECK(pthread_getattr_np(pthread_self(), &attr) == 0);
    pthread_attr_getstack(&attr, &base, &size);
    pthread_attr_getguardsize(&attr, &guard);
    pthread_attr_destroy(&attr);
    *low = base; /* glibc does not count the guard pages in */
    *high = (char *)base + size;
    (void)guard;
}

void os_thread_yield(void)
{
    sched_yield();
}

void os_thread_sleep(u64 ns)
{
    struct timespec ts = {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &ts) == EINTR) {
    }
}

void os_thread_kill(OsThread t, int sig)
{
    pthread_kill(t.handle, sig);
}

void os_thread_at_exit(pthread_key_t *key, void (*fn)(void *))
{
    CHECK(pthread_key_create(key, fn) == 0);
}

/* Processors that a cgroup-2 quota allows, rounded up; 0: no quota. */
static u32 quota_cpus(void)
{
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (!f)
        return 0;
    unsigned long long quota, period;
    int got = fscanf(f, "%llu %llu", &quota, &period);
    fclose(f);
    return got == 2 && period ? (u32)((quota + period - 1) / period) : 0;
}

u32 os_cpu_count(void)
{
    cpu_set_t set;
    u32 n = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        n = (u32)CPU_COUNT(&set);
    u32 quota = quota_cpus();
    if (quota && quota < n)
        n = quota;
    return MAX(n, 1);
}

void os_mutex_init(OsMutex *m)
{
    pthread_mutex_init(&m->m, NULL);
}

void os_mutex_done(OsMutex *m)
{
    pthread_mutex_destroy(&m->m);
}

void os_mutex_lock(OsMutex *m)
{
    int rc = pthread_mutex_lock(&m->m);
    CHECKF(rc == 0, "mutex lock: %d", rc);
}

bool os_mutex_try_lock(OsMutex *m)
{
    return pthread_mutex_trylock(&m->m) == 0;
}

void os_mutex_unlock(OsMutex *m)
{
    int rc = pthread_mutex_unlock(&m->m);
    CHECKF(rc == 0, "mutex unlock: %d", rc);
}

void os_cond_init(OsCond *c)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->c, &attr);
    pthread_condattr_destroy(&attr);
}

void os_cond_done(OsCond *c)
{
    pthread_cond_destroy(&c->c);
}

void os_cond_wait(OsCond *c, OsMutex *m)
{
    pthread_cond_wait(&c->c, &m->m);
}

bool os_cond_wait_for(OsCond *c, OsMutex *m, i64 timeout_ns)
{
    if (timeout_ns < 0) {
        os_cond_wait(c, m);
        return true;
    }
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    i64 ns = ts.tv_nsec + timeout_ns % NS_PER_S;
    ts.tv_sec += (time_t)(timeout_ns / NS_PER_S + ns / NS_PER_S);
    ts.tv_nsec = (long)(ns % NS_PER_S);
    return pthread_cond_timedwait(&c->c, &m->m, &ts) != ETIMEDOUT;
}

void os_cond_signal(OsCond *c)
{
    pthread_cond_signal(&c->c);
}

void os_cond_broadcast(OsCond *c)
{
    pthread_cond_broadcast(&c->c);
}

bool os_futex_wait(u32 *addr, u32 expect, i64 timeout_ns)
{
    struct timespec ts = {(time_t)(timeout_ns / NS_PER_S), (long)(timeout_ns % NS_PER_S)};
    long rc = syscall(SYS_futex, addr, FUTEX_WAIT_PRIVATE, expect, timeout_ns < 0 ? NULL : &ts, NULL, 0);
    return !(rc < 0 && errno == ETIMEDOUT);
}

void os_futex_wake(u32 *addr, u32 count)
{
    syscall(SYS_futex, addr, FUTEX_WAKE_PRIVATE, count > INT_MAX ? INT_MAX : (int)count, NULL, NULL, 0);
}

/* Where membarrier is refused: taking write access from a page that is present makes the kernel interrupt every
 * processor that runs a thread of this process, which orders their memory accesses. */
static char *barrier_page;
static OsMutex barrier_lock = OS_MUTEX_INIT;
static enum { BARRIER_UNKNOWN, BARRIER_CALL, BARRIER_PAGE } barrier_way;

void os_membarrier_init(void)
{
    os_mutex_lock(&barrier_lock);
    if (barrier_way == BARRIER_UNKNOWN) {
        bool ok = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
        if (!ok) {
            barrier_page = os_mem_reserve(OS_PAGE, 0);
            CHECK(barrier_page);
        }
        __atomic_store_n(&barrier_way, ok ? BARRIER_CALL : BARRIER_PAGE, __ATOMIC_RELEASE);
    }
    os_mutex_unlock(&barrier_lock);
}

void os_membarrier(void)
{
    if (__atomic_load_n(&barrier_way, __ATOMIC_ACQUIRE) == BARRIER_UNKNOWN)
        os_membarrier_init();
    if (barrier_way == BARRIER_CALL) {
        long rc = syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
        CHECK(rc == 0);
        return;
    }
    os_mutex_lock(&barrier_lock);
    CHECK(os_mem_protect(barrier_page, OS_PAGE, OS_PROT_RW));
    __atomic_fetch_add(barrier_page, 1, __ATOMIC_SEQ_CST);
    CHECK(os_mem_protect(barrier_page, OS_PAGE, OS_PROT_NONE));
    os_mutex_unlock(&barrier_lock);
}
