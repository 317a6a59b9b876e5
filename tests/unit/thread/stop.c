/* stop.c: ids, stack bounds, stopping the world, foreground threads. */
#include "test.h"
#include "unit/gc/fake_types.h"

#include "thread/wait.h"

static u64 work[8];
static u32 go, entered;

static void poll_forever(Thread *t, void *arg)
{
    u64 *mine = &work[(uintptr_t)arg];
    COOPERATIVE(t)
    {
        __atomic_add_fetch(&entered, 1, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&go, __ATOMIC_RELAXED)) {
            __atomic_store_n(mine, *mine + 1, __ATOMIC_RELAXED);
            if ((uintptr_t)arg & 1)
                thread_poll(t);
            else if (t->stack_limit > (char *)__builtin_frame_address(0)) /* as compiled code */
                EXPECT(!thread_limit_hit(t, __builtin_frame_address(0), 64));
            if ((*mine & 1023) == 0)
                PREEMPTIVE(t) wait_sleep(t, 0);
        }
    }
}

TEST(stop_world)
{
    Thread *self = fake_start(), *threads[8];
    go = 1;
    for (u32 i = 0; i < 8; i++)
        threads[i] = thread_create(NULL, 0, poll_forever, (void *)(uintptr_t)i, NULL);
    while (__atomic_load_n(&entered, __ATOMIC_SEQ_CST) < 8)
        PREEMPTIVE(self) wait_sleep(self, 1);
    for (u32 round = 0; round < 200; round++) {
        u64 before[8];
        thread_stop_world(self, NULL);
        memcpy(before, work, sizeof work);
        for (volatile u32 k = 0; k < 2000; k++)
            ;
        EXPECT(!memcmp(before, work, sizeof work));
        thread_resume_world(self);
        if (round % 20 == 0)
            PREEMPTIVE(self) wait_sleep(self, 1);
    }
    EXPECT_EQ(thread_count_foreground(), 9);
    __atomic_store_n(&go, 0, __ATOMIC_RELAXED);
    PREEMPTIVE(self)
    {
        thread_wait_foreground(self);
        for (u32 i = 0; i < 8; i++) {
            wait_join(self, threads[i], -1);
            EXPECT(work[i] > 0);
            thread_release(threads[i]);
        }
    }
    EXPECT_EQ(thread_count_foreground(), 1);
}

/* A thread that turns preemptive inside of C code: its stack from c_sp on shows what its callers hold, in registers too. */
static u32 held, let_go_of;

__attribute__((noinline)) static void block(Thread *t)
{
    PREEMPTIVE(t)
    {
        __atomic_store_n(&held, 1, __ATOMIC_SEQ_CST);
        while (!__atomic_load_n(&let_go_of, __ATOMIC_SEQ_CST))
            wait_sleep(t, 1);
    }
}

static void hold(Thread *t, void *arg)
{
    COOPERATIVE(t)
    {
        uintptr_t word = *(uintptr_t *)arg + 0x1234500000000000u;
        __asm__ volatile("" : "+b"(word)); /* in a register that callees save */
        block(t);
        __asm__ volatile("" : "+b"(word));
        EXPECT(word == *(uintptr_t *)arg + 0x1234500000000000u);
        EXPECT(!t->c_sp);
    }
}

TEST(preemptive_in_c)
{
    Thread *self = fake_start();
    uintptr_t seed = 77;
    Thread *t = thread_create(NULL, 0, hold, &seed, NULL);
    while (!__atomic_load_n(&held, __ATOMIC_SEQ_CST))
        PREEMPTIVE(self) wait_sleep(self, 1);
    thread_stop_world(self, NULL);
    bool found = false;
    EXPECT(t->c_sp > t->stack_low && t->c_sp < t->stack_high);
    for (uintptr_t *p = (uintptr_t *)(void *)t->c_sp; (char *)p < t->stack_high; p++)
        found |= *p == 77 + 0x1234500000000000u;
    EXPECT(found);
    thread_resume_world(self);
    __atomic_store_n(&let_go_of, 1, __ATOMIC_SEQ_CST);
    PREEMPTIVE(self) wait_join(self, t, -1);
    EXPECT(!self->c_sp);
    thread_release(t);
}

static void stop_others(Thread *t, void *arg)
{
    (void)arg;
    COOPERATIVE(t)
    {
        for (u32 i = 0; i < 100; i++) {
            thread_stop_world(t, NULL);
            work[0]++;
            thread_resume_world(t);
        }
    }
}

TEST(many_stoppers)
{
    Thread *self = fake_start(), *threads[4];
    work[0] = 0;
    for (u32 i = 0; i < 4; i++)
        threads[i] = thread_create(NULL, 0, stop_others, NULL, NULL);
    PREEMPTIVE(self)
    {
        for (u32 i = 0; i < 4; i++) {
            wait_join(self, threads[i], -1);
            thread_release(threads[i]);
        }
    }
    EXPECT_EQ(work[0], 400);
}

static u32 deep(Thread *t, u32 n)
{
    volatile char frame[1000];
    frame[n % 1000] = 1;
    if ((char *)frame < t->stack_limit && thread_limit_hit(t, (char *)frame, 0))
        return n;
    return deep(t, n + 1) + frame[n % 1000] - 1u;
}

static void overflow(Thread *t, void *arg)
{
    COOPERATIVE(t) *(u32 *)arg = deep(t, 0);
    EXPECT_EQ(t->id, 2);
    EXPECT(thread_by_id(2) == t);
}

TEST(stacks_and_ids)
{
    Thread *self = fake_start();
    u32 depth = 0;
    EXPECT_EQ(self->id, 1);
    EXPECT(self->stack_low < self->stack_limit_real && (char *)&depth > self->stack_limit_real && (char *)&depth < self->stack_high);
    for (u32 i = 0; i < 3; i++) {
        Thread *t = thread_create(NULL, i == 2 ? 0 : 256 << 10, overflow, &depth, NULL);
        PREEMPTIVE(self) wait_join(self, t, -1);
        thread_release(t);
        u32 kb = (u32)((u64)depth * 1050 >> 10); /* frames are a little larger than that */
        EXPECT(kb > 150); /* libc may hand out a bigger stack that it kept */
    }
}

static void background(Thread *t, void *arg)
{
    thread_set_background(t, true);
    wait_one(arg, -1);
}

TEST(background_threads)
{
    Thread *self = fake_start();
    WaitObject *end = wait_event_new(true, false);
    Thread *t = thread_create(NULL, 0, background, end, NULL);
    PREEMPTIVE(self)
    {
        thread_wait_foreground(self);
        EXPECT(!t->dead);
        wait_event_set(end);
        wait_join(self, t, -1);
    }
    EXPECT(t->dead && t->state & THREAD_STATE_STOPPED);
    thread_release(t);
    wait_close(end);
}

TEST_MAIN(stop_world, preemptive_in_c, many_stoppers, stacks_and_ids, background_threads)
