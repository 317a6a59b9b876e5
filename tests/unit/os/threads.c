/* Threads, futex, conditions, barriers, clocks. */
#include "os/os_thread.h"
#include "os/os_time.h"
#include "test.h"

static u32 word;

static void wake_later(void *arg)
{
    char *low, *high;
    os_thread_stack(&low, &high);
    EXPECT((char *)&low > low && (char *)&low < high);
    EXPECT(high - low >= 256 * 1024 && high - low < 1024 * 1024);
    os_thread_sleep(5000000);
    __atomic_store_n((u32 *)arg, 1, __ATOMIC_SEQ_CST);
    os_futex_wake(arg, UINT32_MAX);
}

TEST(futex_wakes)
{
    OsThread t;
    EXPECT(os_thread_create(&t, wake_later, &word, 256 * 1024, "a rather long thread name", false));
    while (__atomic_load_n(&word, __ATOMIC_SEQ_CST) == 0)
        os_futex_wait(&word, 0, -1);
    os_thread_join(t);
    u64 start = os_time_mono_ns();
    EXPECT(!os_futex_wait(&word, 1, 3000000));
    EXPECT(os_time_mono_ns() - start >= 2900000);
    EXPECT(os_futex_wait(&word, 5, -1));
}

TEST(condition_times_out)
{
    OsMutex m = OS_MUTEX_INIT;
    OsCond c;
    os_cond_init(&c);
    os_mutex_lock(&m);
    EXPECT(!os_mutex_try_lock(&m));
    u64 start = os_time_mono_ns();
    while (os_cond_wait_for(&c, &m, 2000000)) {
    }
    EXPECT(os_time_mono_ns() - start >= 1900000);
    os_mutex_unlock(&m);
    os_cond_done(&c);
}

/* Store-load on two threads with the barrier on one side only: both may never read zero. */
static u32 x, y, seen_x, go;

static void light_side(void *arg)
{
    for (u32 i = 1; i <= *(u32 *)arg; i++) {
        while (__atomic_load_n(&go, __ATOMIC_ACQUIRE) != i)
            os_cpu_pause();
        __atomic_store_n(&x, 1, __ATOMIC_RELAXED);
        __asm__ volatile("" ::: "memory");
        seen_x = __atomic_load_n(&y, __ATOMIC_RELAXED);
        __atomic_store_n(&go, 0, __ATOMIC_RELEASE);
    }
}

TEST(membarrier_orders)
{
    u32 rounds = 2000, both_zero = 0;
    OsThread t;
    os_membarrier_init();
    EXPECT(os_thread_create(&t, light_side, &rounds, 0, NULL, false));
    for (u32 i = 1; i <= rounds; i++) {
        x = y = 0;
        __atomic_store_n(&go, i, __ATOMIC_RELEASE);
        __atomic_store_n(&y, 1, __ATOMIC_RELAXED);
        os_membarrier();
        u32 seen_y = __atomic_load_n(&x, __ATOMIC_RELAXED);
        while (__atomic_load_n(&go, __ATOMIC_ACQUIRE) != 0)
            os_cpu_pause();
        both_zero += seen_y == 0 && seen_x == 0;
    }
    os_thread_join(t);
    EXPECT_EQ(both_zero, 0);
}

TEST(clocks)
{
    const i64 year_2024 = 638396640000000000;
    EXPECT(os_time_utc_ticks() > year_2024);
    EXPECT(os_time_thread_cpu_ns() <= os_time_process_cpu_ns());
    EXPECT(os_cpu_count() >= 1);
    char *low, *high;
    os_thread_stack(&low, &high);
    EXPECT((char *)&low > low && (char *)&low < high);
}

TEST_MAIN(futex_wakes, condition_times_out, membarrier_orders, clocks)
