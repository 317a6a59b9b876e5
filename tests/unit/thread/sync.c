/* sync.c: header words, monitors, wait objects, interruption. */
#include "test.h"
#include "unit/gc/fake_types.h"

#include "thread/sync.h"
#include "thread/sync_inline.h"
#include "thread/wait.h"
#include <time.h>

static Thread *self;
static GcHandle shared;
static u64 counter;
static u32 arrived, passed;

static Object *object(void)
{
    return gc_handle_get(shared);
}

static void fresh_object(void)
{
    self = fake_start();
    Object *o = gc_alloc(self, fake(FAKE_PLAIN));
    shared = gc_handle_new(NULL, GC_HANDLE_STRONG, o);
    counter = arrived = passed = 0;
}

static void sleep_ms(i32 ms)
{
    PREEMPTIVE(self) wait_sleep(self, ms);
}

static void run_all(u32 n, void (*fn)(Thread *, void *), Thread **out)
{
    for (u32 i = 0; i < n; i++)
        out[i] = thread_create(NULL, 0, fn, (void *)(uintptr_t)i, NULL);
}

static void join_all(u32 n, Thread **threads)
{
    PREEMPTIVE(self)
    {
        for (u32 i = 0; i < n; i++) {
            EXPECT_EQ(wait_join(self, threads[i], 60000), 0);
            EXPECT(threads[i]->dead);
            thread_release(threads[i]);
        }
    }
}

static void until(u32 *value, u32 n)
{
    for (int i = 0; i < 5000 && __atomic_load_n(value, __ATOMIC_SEQ_CST) < n; i++)
        sleep_ms(1);
    EXPECT_EQ(*value, n);
}

TEST(thin_and_hash)
{
    fresh_object();
    Object *o = object();
    char buf[100];
    EXPECT(!sync_is_owner(self, o) && !sync_exit(self, o));
    EXPECT_EQ(sync_hash_code_if_any(o), 0);
    for (int i = 0; i < 100; i++) /* past the thin recursion */
        EXPECT(sync_enter(self, o, -1, NULL));
    EXPECT(sync_is_owner(self, o));
    i32 h = sync_hash_code(self, o);
    EXPECT(h > 0 && h < 1 << 26);
    EXPECT_EQ(sync_hash_code(self, o), h);
    for (int i = 0; i < 100; i++)
        EXPECT(sync_exit(self, o));
    EXPECT(!sync_exit(self, o) && !sync_is_owner(self, o));
    EXPECT_EQ(sync_hash_code_if_any(o), h);
    Object *p = gc_alloc(self, fake(FAKE_FINAL));
    gc_suppress_finalize(p);
    EXPECT(sync_enter_fast(self, p));
    sync_describe(p, buf, sizeof buf);
    EXPECT_STR(buf, "thin lock: owner 1, recursion 0");
    EXPECT(sync_exit(self, p));
    h = sync_hash_code(self, p);
    EXPECT(sync_enter(self, p, 0, NULL) && sync_exit(self, p));
    EXPECT_EQ(sync_hash_code(self, p), h);
    EXPECT(*gc_header(p) & GC_HEADER_NO_FINALIZE);
    thread_stop_world(self, NULL);
    sync_sweep(2);
    thread_resume_world(self);
    EXPECT_EQ(sync_hash_code(self, p), h);
}

static void increment(Thread *t, void *arg)
{
    (void)arg;
    COOPERATIVE(t)
    {
        for (int i = 0; i < 100000; i++) {
            EXPECT(sync_enter(t, object(), -1, NULL));
            counter++;
            if (i % 1000 == 0)
                sync_hash_code(t, object());
            EXPECT(sync_exit(t, object()));
        }
    }
}

TEST(eight_threads)
{
    fresh_object();
    Thread *threads[8];
    run_all(8, increment, threads);
    join_all(8, threads);
    EXPECT_EQ(counter, 800000);
    printf("contentions: %llu\n", (unsigned long long)sync_contention_count());
}

static void try_timeout(Thread *t, void *arg)
{
    (void)arg;
    bool interrupted = true;
    COOPERATIVE(t)
    {
        EXPECT(!sync_enter(t, object(), 0, &interrupted));
        EXPECT(!sync_enter(t, object(), 20, &interrupted) && !interrupted);
        EXPECT(!sync_exit(t, object()));
        __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
        EXPECT(!sync_enter(t, object(), -1, &interrupted) && interrupted);
    }
    u64 before = (u64)time(NULL);
    wait_interrupt(t);
    EXPECT_EQ(wait_sleep(t, 100000), WAIT_WAS_INTERRUPTED);
    EXPECT((u64)time(NULL) - before < 50);
}

TEST(timeout_and_interrupt)
{
    fresh_object();
    EXPECT(sync_enter(self, object(), -1, NULL));
    Thread *t;
    run_all(1, try_timeout, &t);
    until(&arrived, 1);
    sleep_ms(20);
    wait_interrupt(t);
    join_all(1, &t);
    EXPECT(sync_exit(self, object()));
    EXPECT(sync_enter(self, object(), 0, NULL) && sync_exit(self, object()));
}

static u32 order[8], order_len;

static void wait_for_pulse(Thread *t, void *arg)
{
    COOPERATIVE(t)
    {
        EXPECT(sync_enter(t, object(), -1, NULL) && sync_enter(t, object(), -1, NULL));
        __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
        SyncWaitResult r = sync_wait(t, object(), (i32)(intptr_t)arg == 7 ? 10 : -1);
        EXPECT_EQ(r, (uintptr_t)arg == 7 ? SYNC_TIMEOUT : (uintptr_t)arg == 6 ? SYNC_INTERRUPTED : SYNC_SIGNALED);
        EXPECT(sync_is_owner(t, object()));
        order[order_len++] = (u32)(uintptr_t)arg;
        EXPECT(sync_exit(t, object()) && sync_exit(t, object()));
        EXPECT(!sync_is_owner(t, object()));
    }
    __atomic_add_fetch(&passed, 1, __ATOMIC_SEQ_CST);
}

TEST(pulse)
{
    fresh_object();
    EXPECT_EQ(sync_wait(self, object(), 0), SYNC_NOT_OWNER);
    EXPECT(!sync_pulse(self, object(), false));
    Thread *threads[8];
    for (u32 i = 0; i < 8; i++) { /* in order */
        threads[i] = thread_create(NULL, 0, wait_for_pulse, (void *)(uintptr_t)i, NULL);
        until(&arrived, i + 1);
    }
    until(&passed, 1);
    wait_interrupt(threads[6]);
    until(&passed, 2);
    for (u32 i = 0; i < 3; i++) {
        sync_enter(self, object(), -1, NULL);
        EXPECT(sync_pulse(self, object(), false));
        EXPECT(sync_exit(self, object()));
        until(&passed, 3 + i);
    }
    sync_enter(self, object(), -1, NULL);
    EXPECT(sync_pulse(self, object(), true));
    sync_exit(self, object());
    join_all(8, threads);
    EXPECT_EQ(order[0] * 10 + order[1], 76);
    EXPECT_EQ(order[2] * 100 + order[3] * 10 + order[4], 12); /* 0, 1, 2: first in, first out */
    EXPECT_EQ(order_len, 8);
}

static WaitObject *auto_event, *manual_event, *semaphore, *mutex;

static void take_one(Thread *t, void *arg)
{
    (void)t;
    (void)arg;
    WaitObject *w[] = {auto_event, semaphore};
    i32 r = wait_many(w, 2, false, -1);
    EXPECT(r == 0 || r == 1);
    __atomic_add_fetch(&passed, 1, __ATOMIC_SEQ_CST);
}

static void take_all(Thread *t, void *arg)
{
    (void)arg;
    (void)t;
    WaitObject *w[] = {auto_event, semaphore, mutex};
    EXPECT_EQ(wait_many(w, 3, true, -1), 0);
    __atomic_add_fetch(&passed, 1, __ATOMIC_SEQ_CST);
    EXPECT(wait_mutex_release(mutex));
    EXPECT(!wait_mutex_release(mutex));
}

static void leave_mutex(Thread *t, void *arg)
{
    (void)t;
    (void)arg;
    EXPECT_EQ(wait_one(mutex, -1), 0);
}

static void wait_long(Thread *t, void *arg)
{
    (void)t;
    (void)arg;
    __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
    EXPECT_EQ(wait_one(auto_event, -1), WAIT_WAS_INTERRUPTED);
}

TEST(wait_objects)
{
    fresh_object();
    Thread *threads[4];
    i32 previous = -1;
    auto_event = wait_event_new(false, false);
    manual_event = wait_event_new(true, true);
    semaphore = wait_semaphore_new(0, 3);
    mutex = wait_mutex_new(true);
    thread_enter_preemptive(self);
    EXPECT_EQ(wait_one(manual_event, -1), 0);
    EXPECT_EQ(wait_one(manual_event, 0), 0);
    wait_event_reset(manual_event);
    EXPECT_EQ(wait_one(manual_event, 5), WAIT_TIMED_OUT);
    run_all(4, take_one, threads);
    wait_event_set(auto_event);
    thread_enter_cooperative(self);
    until(&passed, 1);
    thread_enter_preemptive(self);
    EXPECT(wait_semaphore_release(semaphore, 3, &previous));
    EXPECT_EQ(previous, 0);
    thread_enter_cooperative(self);
    join_all(4, threads);
    thread_enter_preemptive(self);
    EXPECT(!wait_semaphore_release(semaphore, 4, NULL));

    run_all(1, take_all, threads);
    wait_event_set(auto_event);
    EXPECT(wait_semaphore_release(semaphore, 1, NULL));
    EXPECT_EQ(wait_sleep(self, 20), 0);
    EXPECT_EQ(passed, 4);
    EXPECT_EQ(wait_one(semaphore, 0), 0); /* it took nothing while the mutex was held */
    EXPECT(wait_mutex_release(mutex));
    EXPECT_EQ(wait_sleep(self, 20), 0);
    EXPECT_EQ(passed, 4);
    EXPECT_EQ(wait_signal_and_wait(semaphore, manual_event, 10), WAIT_TIMED_OUT);
    thread_enter_cooperative(self);
    join_all(1, threads);
    EXPECT_EQ(passed, 5);
    run_all(1, leave_mutex, threads);
    join_all(1, threads);
    run_all(1, wait_long, threads);
    until(&arrived, 1);
    wait_interrupt(threads[0]);
    join_all(1, threads);
    thread_enter_preemptive(self);
    WaitObject *both[] = {auto_event, mutex};
    EXPECT_EQ(wait_many(both, 2, false, -1), 1 + WAIT_ABANDONED);
    EXPECT_EQ(wait_one(mutex, 0), 0);
    EXPECT(wait_mutex_release(mutex) && wait_mutex_release(mutex) && !wait_mutex_release(mutex));
    wait_close(auto_event);
    wait_close(manual_event);
    wait_close(semaphore);
    wait_close(mutex);
    thread_enter_cooperative(self);
}

TEST(speed)
{
    fresh_object();
    Object *o = object();
    struct timespec a, b;
    for (int inflated = 0; inflated < 2; inflated++) {
        clock_gettime(CLOCK_MONOTONIC, &a);
        for (u32 i = 0; i < 5000000; i++) {
            sync_enter_fast(self, o);
            sync_exit(self, o);
        }
        clock_gettime(CLOCK_MONOTONIC, &b);
        printf("lock and unlock, %s: %.1f ns\n", inflated ? "inflated" : "thin",
               ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / 5e6);
        sync_enter_fast(self, o);
        sync_hash_code(self, o);
        sync_exit(self, o);
    }
}

TEST_MAIN(thin_and_hash, eight_threads, timeout_and_interrupt, pulse, wait_objects, speed)
