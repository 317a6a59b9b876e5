/* full.c: marking by one and several workers, and the blocking full collection. */
#include "test.h"
#include "unit/gc/fake_types.h"
#include "unit/gc/heap_count.h"

#include "gc/gc_int.h"

#include <time.h>

extern size_t gc_mark_stack_limit; /* gc_mark.c */

static u64 now_ns(void)
{
    struct timespec a;
    clock_gettime(CLOCK_MONOTONIC, &a);
    return (u64)a.tv_sec * 1000000000 + (u64)a.tv_nsec;
}

static void full(Thread *t, u32 flags)
{
    gc_collect(t, 2, GC_COLLECT_BLOCKING | flags, GC_REASON_INDUCED);
    gc_verify(t, "after a full collection");
}

static u32 seed = 1;
static u32 roll(u32 n)
{
    seed = seed * 1664525 + 1013904223;
    return (u32)(((u64)seed * n) >> 32);
}

/* The array in fake_roots[0] holds nodes; node i is a PAIR whose u64 is i. */
static Object *node(u32 i) { return *fake_slot(fake_roots[0], (int)i + 1); }
static u64 *id(Object *o) { return (u64 *)(void *)fake_slot(o, 2); }
static void make_nodes(Thread *t, u32 n)
{
    fake_roots[0] = gc_alloc_array(t, fake(FAKE_REFS), n, 0);
    for (u32 i = 0; i < n; i++) {
        Object *o = gc_alloc(t, fake(FAKE_PAIR));
        *id(o) = i;
        gc_store_ref(fake_slot(fake_roots[0], (int)i + 1), o);
    }
}

TEST(order_of_survivors)
{
    Thread *t = fake_start();
    full(t, GC_COLLECT_COMPACTING);
    EXPECT_EQ(count_objects(t), 0);
    fake_roots[0] = gc_alloc_array(t, fake(FAKE_REFS), 5, 0);
    static const int types[10] = {FAKE_PAIR, FAKE_PLAIN, FAKE_PLAIN, FAKE_PAIR, FAKE_PAIR, FAKE_PLAIN, FAKE_PAIR, FAKE_PAIR, FAKE_PLAIN, FAKE_PLAIN};
    static const char *const kept = "ACDFH";
    for (int i = 0; i < 10; i++) {
        Object *o = gc_alloc(t, fake(types[i]));
        *(u64 *)(void *)(types[i] == FAKE_PAIR ? fake_slot(o, 2) : fake_slot(o, 0)) = (u64)('A' + i);
        const char *k = strchr(kept, 'A' + i);
        if (k)
            gc_store_ref(fake_slot(fake_roots[0], 1 + (int)(k - kept)), o);
    }
    for (int round = 0; round < 3; round++) {
        full(t, GC_COLLECT_COMPACTING);
        EXPECT_EQ(gc_generation_of(fake_roots[0]), round ? 2 : 1);
        char *at = (char *)fake_roots[0];
        for (int i = 0; i < 5; i++) {
            Object *o = *fake_slot(fake_roots[0], 1 + i);
            EXPECT((char *)o == at + gc_object_size((Object *)at));
            EXPECT_EQ(*(u64 *)(void *)(gc_object_size(o) == 40 ? fake_slot(o, 2) : fake_slot(o, 0)), kept[i]);
            at = (char *)o;
        }
        EXPECT_EQ(count_objects(t), 6);
    }
    fake_roots[0] = NULL;
    full(t, 0);
    EXPECT_EQ(count_objects(t), 0);
}

/* A graph that changes between collections, against a copy of its edges. */
TEST(graphs)
{
    Thread *t = fake_start();
    enum { N = 20000 };
    static u32 edges[N][2];
    make_nodes(t, N);
    for (u32 round = 0; round < 12; round++) {
        for (u32 i = 0; i < N; i++)
            for (u32 k = 0; k < 2; k++)
                if (!round || !roll(4)) {
                    edges[i][k] = roll(N + N / 8);
                    gc_store_ref(fake_slot(node(i), (int)k), edges[i][k] < N ? node(edges[i][k]) : NULL);
                }
        for (u32 k = 0; k < N / 4; k++) { /* a new node in an old one's place, which others may still refer to */
            u32 i = roll(N);
            Object *o = gc_alloc(t, fake(FAKE_PAIR)), *old = node(i);
            *id(o) = i;
            gc_store_ref(fake_slot(o, 0), *fake_slot(old, 0));
            gc_store_ref(fake_slot(o, 1), *fake_slot(old, 1));
            gc_store_ref(fake_slot(fake_roots[0], (int)i + 1), o);
        }
        gc_worker_count = round % 3 ? 4 : 1;
        if (round % 4 == 3)
            gc_collect(t, (i32)(round & 1), 0, GC_REASON_INDUCED);
        full(t, round & 1 ? GC_COLLECT_COMPACTING : 0);
        for (u32 i = 0; i < N; i++) {
            Object *o = node(i);
            EXPECT_EQ(*id(o), i);
            for (int k = 0; k < 2; k++) {
                Object *v = *fake_slot(o, k);
                if (v ? *id(v) != edges[i][k] : edges[i][k] < N)
                    EXPECT(!"edge differs");
            }
        }
    }
    gc_worker_count = 1;
    fake_roots[0] = NULL;
    full(t, 0);
    full(t, 0);
    EXPECT_EQ(count_objects(t), 0);
}

TEST(lists_and_cycles)
{
    Thread *t = fake_start();
    enum { N = 300000 };
    for (int workers = 1; workers <= 2; workers++) {
        gc_worker_count = (u32)workers;
        for (u32 i = 0; i < N; i++) {
            Object *o = gc_alloc(t, fake(FAKE_PAIR));
            *id(o) = i;
            gc_store_ref(fake_slot(o, 0), fake_roots[0]);
            fake_roots[0] = o;
            if (!i)
                fake_roots[2] = o;
        }
        gc_store_ref(fake_slot(fake_roots[2], 0), fake_roots[0]); /* a cycle */
        fake_roots[2] = NULL;
        full(t, GC_COLLECT_COMPACTING);
        Object *o = fake_roots[0];
        for (u32 i = N; i-- > 0; o = *fake_slot(o, 0))
            if (*id(o) != i)
                EXPECT(!"list broken");
        EXPECT(o == fake_roots[0]);
        fake_roots[0] = NULL;
        full(t, 0);
        EXPECT_EQ(count_objects(t), 0);
    }
    gc_worker_count = 1;
}

TEST(pins)
{
    Thread *t = fake_start();
    enum { N = 4000 };
    make_nodes(t, N);
    static GcHandle pin[N / 50];
    static Object *was[N / 50];
    for (u32 i = 0; i < N; i++)
        gc_store_ref(fake_slot(node(i), 0), node((i * 7) % N));
    for (u32 i = 0; i < N / 50; i++)
        pin[i] = gc_handle_new(NULL, GC_HANDLE_PINNED, was[i] = node(i * 50 + 3));
    for (int round = 0; round < 4; round++) {
        Object *first = node(0);
        full(t, GC_COLLECT_COMPACTING);
        EXPECT(round > 1 || node(0) != first);
        for (u32 i = 0; i < N / 50; i++)
            EXPECT(node(i * 50 + 3) == was[i] && gc_handle_get(pin[i]) == was[i]);
        for (u32 i = 0; i < N; i++)
            EXPECT_EQ(*id(*fake_slot(node(i), 0)), (i * 7) % N);
        EXPECT_EQ(gc_generation_of(was[0]), round ? 2 : 1);
        gc_collect(t, round & 1, 0, GC_REASON_INDUCED);
    }
    GcRecord r;
    gc_record(GC_RECORD_FULL_BLOCKING, &r);
    EXPECT_EQ(r.pinned_objects, N / 50);
    for (u32 i = 0; i < N / 50; i++)
        gc_handle_free(pin[i]);
    full(t, GC_COLLECT_COMPACTING);
    EXPECT(node(3) != was[0] && *id(node(3)) == 3);
    fake_roots[0] = NULL;
    full(t, 0);
    EXPECT_EQ(count_objects(t), 0);
}

TEST(interior_pointers)
{
    Thread *t = fake_start();
    for (int i = 0; i < 1000; i++)
        gc_alloc(t, fake(FAKE_PLAIN)); /* so that the survivors move */
    Object *a = gc_alloc_array(t, fake(FAKE_BYTES), 100, 0), *b = gc_alloc(t, fake(FAKE_PAIR)), *c = gc_alloc_array(t, fake(FAKE_BYTES), 200000, 0);
    for (int i = 0; i < 100; i++)
        ((u8 *)a)[ARRAY_DATA + i] = (u8)i;
    *id(b) = 77;
    memset((char *)c + ARRAY_DATA, 5, 200000);
    fake_roots[1] = (Object *)((char *)a + ARRAY_DATA + 51);
    fake_roots[3] = (Object *)((char *)a + ALIGN_UP(ARRAY_DATA + 100, 8)); /* just past it: where b's header is */
    fake_roots[5] = (Object *)id(b);
    fake_roots[7] = (Object *)((char *)c + ARRAY_DATA + 199999);
    for (int round = 0; round < 3; round++) {
        char *before = (char *)fake_roots[1];
        full(t, GC_COLLECT_COMPACTING);
        EXPECT(round > 1 || (char *)fake_roots[1] != before);
        EXPECT_EQ(*(u8 *)fake_roots[1], 51);
        EXPECT_EQ((char *)fake_roots[3] - (char *)fake_roots[1], ALIGN_UP(ARRAY_DATA + 100, 8) - ARRAY_DATA - 51);
        EXPECT_EQ(*(u64 *)fake_roots[5], 77);
        EXPECT_EQ(*(u8 *)fake_roots[7], 5);
        EXPECT_EQ(count_objects(t), 3);
    }
    memset(fake_roots, 0, sizeof fake_roots);
    full(t, 0);
    EXPECT_EQ(count_objects(t), 0);
}

TEST(cards)
{
    Thread *t = fake_start();
    enum { N = 3000 };
    make_nodes(t, N);
    full(t, 0);
    full(t, 0);
    EXPECT_EQ(gc_generation_of(node(5)), 2);
    for (u32 i = 0; i < N; i++) {
        Object *o = gc_alloc(t, fake(FAKE_PAIR));
        *id(o) = i + N;
        gc_store_ref(fake_slot(node(i), 1), o);
    }
    full(t, 0); /* the new ones are in generation 1; only cards know of them */
    for (int round = 0; round < 3; round++) {
        EXPECT_EQ(gc_generation_of(*fake_slot(node(9), 1)), round ? 2 : 1);
        gc_collect(t, 1, 0, GC_REASON_INDUCED);
        gc_verify(t, "cards");
        for (u32 i = 0; i < N; i++)
            EXPECT_EQ(*id(*fake_slot(node(i), 1)), i + N);
    }
    fake_roots[0] = NULL;
    full(t, 0);
    EXPECT_EQ(count_objects(t), 0);
}

TEST(large_objects)
{
    Thread *t = fake_start();
    enum { N = 60, LENGTH = 40000 };
    fake_roots[0] = gc_alloc_array(t, fake(FAKE_REFS), N, 0);
    for (u32 i = 0; i < N; i++) {
        Object *o = gc_alloc_array(t, fake(FAKE_REFS), LENGTH + i * 1000, 0);
        gc_store_ref(fake_slot(fake_roots[0], (int)i + 1), o);
        for (u32 k = 0; k < LENGTH; k += 100) {
            Object *n = gc_alloc(t, fake(FAKE_PAIR));
            *id(n) = i * LENGTH + k;
            gc_store_ref(fake_slot(*fake_slot(fake_roots[0], (int)i + 1), (int)k + 1), n);
        }
    }
    for (u32 round = 0; round < 6; round++) {
        gc_worker_count = 1 + round % 2 * 3;
        for (u32 i = round; i < N; i += 7)
            *fake_slot(fake_roots[0], (int)i + 1) = NULL;
        gc_loh_compaction = round & 1 ? 2 : 1;
        u64 bytes = gc_large_bytes();
        full(t, round == 5 ? GC_COLLECT_COMPACTING | GC_COLLECT_AGGRESSIVE : 0);
        EXPECT(gc_large_bytes() < bytes);
        EXPECT_EQ(gc_loh_compaction, 1);
        gc_large_check();
        for (u32 i = 0; i < N; i++) {
            Object *o = node(i);
            EXPECT(!o == (i % 7 <= round));
            for (u32 k = 0; o && k < LENGTH; k += 100)
                if (*id(*fake_slot(o, (int)k + 1)) != i * LENGTH + k)
                    EXPECT(!"element differs");
        }
    }
    gc_worker_count = 1;
    fake_roots[0] = NULL;
    full(t, 0);
    EXPECT_EQ(gc_large_bytes(), 0);
    EXPECT_EQ(count_objects(t), 0);
}

TEST(weak_references)
{
    Thread *t = fake_start();
    make_nodes(t, 10);
    GcHandle weak[10], track[10], dependent[10];
    for (u32 i = 0; i < 10; i++) {
        weak[i] = gc_handle_new(NULL, GC_HANDLE_WEAK, node(i));
        track[i] = gc_handle_new(NULL, GC_HANDLE_WEAK_TRACK, node(i));
        Object *second = gc_alloc(t, fake(FAKE_PAIR));
        *id(second) = 100 + i;
        dependent[i] = gc_handle_new_dependent(NULL, node(i), second);
    }
    Object *f = gc_alloc(t, fake(FAKE_FINAL));
    GcHandle final_weak = gc_handle_new(NULL, GC_HANDLE_WEAK, f), final_track = gc_handle_new(NULL, GC_HANDLE_WEAK_TRACK, f);
    for (u32 i = 0; i < 10; i += 2)
        *fake_slot(fake_roots[0], (int)i + 1) = NULL;
    full(t, GC_COLLECT_COMPACTING);
    for (u32 i = 0; i < 10; i++) {
        EXPECT(gc_handle_get(weak[i]) == node(i) && gc_handle_get(track[i]) == node(i));
        Object *second = gc_dependent_get_secondary(dependent[i]);
        EXPECT(i & 1 ? second && *id(second) == 100 + i : !second);
    }
    EXPECT(gc_handle_get(final_weak) == NULL);
    EXPECT(gc_handle_get(final_track) != NULL);
    f = gc_next_finalizable();
    EXPECT(f && f == gc_handle_get(final_track) && gc_next_finalizable() == NULL);
    fake_roots[0] = NULL;
    full(t, GC_COLLECT_COMPACTING);
    EXPECT(gc_handle_get(final_track) == NULL && gc_handle_get(weak[1]) == NULL);
    for (u32 i = 0; i < 10; i++) {
        gc_handle_free(weak[i]);
        gc_handle_free(track[i]);
        gc_handle_free(dependent[i]);
    }
    EXPECT_EQ(count_objects(t), 0);
}

TEST(no_room)
{
    Thread *t = fake_start();
    enum { N = 50000 };
    make_nodes(t, N);
    for (u32 i = 0; i < N; i++)
        gc_store_ref(fake_slot(node(i), 0), node(roll(N)));
    u64 limit = gc_settings.hard_limit;
    gc_trim(0);
    gc_settings.hard_limit = gc_committed() + (1 << 20);
    full(t, GC_COLLECT_COMPACTING); /* most objects have to stay where they are */
    full(t, GC_COLLECT_COMPACTING);
    gc_settings.hard_limit = limit;
    for (u32 i = 0; i < N; i++)
        EXPECT_EQ(*id(node(i)), i);
    full(t, GC_COLLECT_COMPACTING);
    for (u32 i = 0; i < N; i++)
        EXPECT_EQ(*id(node(i)), i);
    fake_roots[0] = NULL;
    full(t, 0);
    EXPECT_EQ(count_objects(t), 0);
}

/* Gray stacks that may not grow: what does not fit is found again. */
TEST(short_stacks)
{
    Thread *t = fake_start();
    enum { N = 100000 };
    for (u32 workers = 1; workers <= 3; workers++) {
        gc_worker_count = workers;
        make_nodes(t, N);
        for (u32 i = 0; i < N; i++) {
            Object *o = gc_alloc(t, fake(FAKE_PAIR));
            *id(o) = i;
            gc_store_ref(fake_slot(node(i), 0), o);
        }
        gc_mark_stack_limit = 8192;
        full(t, GC_COLLECT_COMPACTING);
        for (u32 i = 0; i < N; i++)
            EXPECT_EQ(*id(*fake_slot(node(i), 0)), i);
        fake_roots[0] = NULL;
        full(t, 0);
        EXPECT_EQ(count_objects(t), 0);
    }
    gc_mark_stack_limit = UINT32_MAX;
    gc_worker_count = 1;
}

static void mark_speed(Thread *t, u32 workers, u64 bytes)
{
    gc_worker_count = workers;
    u64 best = ~0ull;
    for (int k = 0; k < 3; k++) {
        thread_stop_world(t, NULL);
        gc_retire_chunks();
        gc_marks_clear();
        gc_large_unmark();
        gc_cycle.mark_states = GC_STATE_OLD | GC_STATE_YOUNG;
        u64 a = now_ns();
        gc_mark_roots();
        gc_mark_drain(&gc_workers[0]);
        best = MIN(best, now_ns() - a);
        gc_marks_clear();
        thread_resume_world(t);
    }
    printf("marking, %u workers: %.0f MB/s\n", workers, (double)bytes / ((double)best / 1e9) / 1e6);
    gc_worker_count = 1;
}

TEST(speed)
{
    Thread *t = fake_start();
    u64 best = ~0ull;
    make_nodes(t, 1000);
    for (int i = 0; i < 200; i++) {
        u64 a = now_ns();
        gc_collect(t, 2, GC_COLLECT_BLOCKING, GC_REASON_INDUCED);
        best = MIN(best, now_ns() - a);
    }
    printf("full collection of 1000 objects: %llu us\n", (unsigned long long)best / 1000);
    fake_roots[0] = NULL;
    full(t, 0);
}

TEST(mark_rate)
{
    Thread *t = fake_start();
    enum { N = 1000000 };
    make_nodes(t, N);
    full(t, 0);
    Object **at = fake_slot(fake_roots[0], 1);
    for (u32 i = 0; i < N; i++)
        for (int k = 0; k < 2; k++)
            gc_store_ref(fake_slot(at[i], k), at[roll(N)]);
    fake_roots[0] = at[0]; /* all but a few are reached from here, in no order */
    mark_speed(t, 1, N * 40ull * 8 / 10);
    mark_speed(t, 2, N * 40ull * 8 / 10);
    u64 a = now_ns();
    gc_collect(t, 2, GC_COLLECT_BLOCKING | GC_COLLECT_COMPACTING, GC_REASON_INDUCED);
    printf("full compacting collection of %d objects: %llu ms\n", N, (unsigned long long)(now_ns() - a) / 1000000);
    fake_roots[0] = NULL;
    full(t, 0);
}

TEST_MAIN(order_of_survivors, graphs, lists_and_cycles, pins, interior_pointers, cards, large_objects, weak_references, no_room, short_stacks, speed, mark_rate)
