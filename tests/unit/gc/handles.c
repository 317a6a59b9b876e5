/* handles.c: handles of each kind over collections, their ages, ephemerons, owners, creation by many threads. */
#include "test.h"
#include "unit/gc/fake_collector.h"

#include <time.h>

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static Object *made(void)
{
    return new_thing(PLAIN_THING, NULL, NULL);
}

TEST(kinds)
{
    things_move = true;
    GcHandle weak[2], track[2], strong[2], pinned[2];
    Object *at[2];
    for (int i = 0; i < 2; i++) {
        Object *o = made();
        weak[i] = gc_handle_new(NULL, GC_HANDLE_WEAK, o);
        track[i] = gc_handle_new(NULL, GC_HANDLE_WEAK_TRACK, o);
        strong[i] = gc_handle_new(NULL, GC_HANDLE_STRONG, i ? NULL : o);
        pinned[i] = gc_handle_new(NULL, GC_HANDLE_PINNED, at[i] = made());
    }
    u32 n = number_of(gc_handle_get(strong[0]));
    Object *before = gc_handle_get(strong[0]);
    collect_things(0);
    EXPECT(gc_handle_get(strong[0]) == numbered(n) && numbered(n) != before);
    EXPECT(gc_handle_get(weak[0]) == numbered(n) && gc_handle_get(track[0]) == numbered(n));
    EXPECT(!gc_handle_get(weak[1]) && !gc_handle_get(track[1]));
    for (int i = 0; i < 2; i++)
        EXPECT(gc_handle_get(pinned[i]) == at[i] && gc_generation_of(at[i]) == 1);
    gc_handle_set(strong[0], NULL);
    collect_things(0);
    EXPECT(gc_handle_get(weak[0]) == numbered(n)); /* older than what was collected */
    collect_things(1);
    EXPECT(!gc_handle_get(weak[0]) && !numbered(n));
    for (int i = 0; i < 2; i++) {
        gc_handle_free(weak[i]);
        gc_handle_free(track[i]);
        gc_handle_free(strong[i]);
        gc_handle_free(pinned[i]);
    }
    collect_things(2);
    EXPECT_EQ(gc_handles_count(), 0);
}

/* What a handle keeps keeps what it refers to; tracking handles follow into finalisation, short ones do not. */
TEST(resurrection)
{
    things_move = true;
    Object *child = made(), *o = new_thing(FINAL_THING, child, NULL);
    u32 n = number_of(o), c = number_of(child);
    GcHandle weak = gc_handle_new(NULL, GC_HANDLE_WEAK, o), track = gc_handle_new(NULL, GC_HANDLE_WEAK_TRACK, o);
    GcHandle child_weak = gc_handle_new(NULL, GC_HANDLE_WEAK, child), child_track = gc_handle_new(NULL, GC_HANDLE_WEAK_TRACK, child);
    collect_things(0);
    EXPECT(!gc_handle_get(weak) && !gc_handle_get(child_weak));
    EXPECT(numbered(n) && gc_handle_get(track) == numbered(n) && gc_handle_get(child_track) == numbered(c));
    EXPECT(gc_next_finalizable() == numbered(n));
    collect_things(1);
    EXPECT(!gc_handle_get(track) && !gc_handle_get(child_track) && !numbered(n));
    gc_handle_free(weak), gc_handle_free(track), gc_handle_free(child_weak), gc_handle_free(child_track);
}

static bool wanted;
static bool is_wanted(GcHandle h)
{
    (void)h;
    return wanted;
}

TEST(refcounted)
{
    things_move = true;
    thing_client.refcounted = is_wanted;
    GcHandle h = gc_handle_new(NULL, GC_HANDLE_REFCOUNTED, made());
    u32 n = number_of(gc_handle_get(h));
    wanted = true;
    collect_things(0);
    EXPECT(numbered(n) && gc_handle_get(h) == numbered(n));
    wanted = false;
    collect_things(2);
    EXPECT(!gc_handle_get(h) && !numbered(n));
    gc_handle_free(h);
    thing_client.refcounted = NULL;
}

/* --- Dependents ---------------------------------------------------------------------------------------------------------------- */

enum { CHAIN = 10000 };

/* indirect: the secondary refers to the next primary instead of being it. */
static void chain(int order, bool indirect, bool live)
{
    static Object *keys[CHAIN + 1];
    static GcHandle handles[CHAIN];
    static u32 numbers[CHAIN + 1];
    for (int i = 0; i <= CHAIN; i++)
        numbers[i] = number_of(keys[i] = made());
    for (int k = 0; k < CHAIN; k++) {
        int i = order == 0 ? k : order == 1 ? CHAIN - 1 - k : (int)((u64)k * 7919 % CHAIN);
        Object *value = indirect ? new_thing(PLAIN_THING, NULL, keys[i + 1]) : keys[i + 1];
        handles[i] = gc_handle_new_dependent(NULL, keys[i], value);
    }
    if (live)
        vec_push(&thing_roots, numbers[0]);
    collect_things(0);
    EXPECT(settle_rounds < 12);
    EXPECT(surveyed < 30 * CHAIN);
    int wrong = 0;
    for (int i = 0; i < CHAIN; i++) {
        Object *next = gc_dependent_get_secondary(handles[i]);
        if (indirect && next)
            next = thing(next)->refs[1];
        wrong += gc_handle_get(handles[i]) != numbered(numbers[i]) || next != (live ? numbered(numbers[i + 1]) : NULL);
        wrong += !numbered(numbers[i]) == live;
        gc_handle_free(handles[i]);
    }
    EXPECT_EQ(wrong, 0);
    thing_roots.len = 0;
    collect_things(2);
    EXPECT(!numbered(numbers[1]));
}

TEST(chains)
{
    for (int moving = 0; moving < 2; moving++) {
        things_move = moving;
        for (int order = 0; order < 3; order++) {
            chain(order, false, true);
            chain(order, true, true);
            chain(order, false, false);
        }
    }
}

/* Pairs that keep each other are dead together; one that holds its own primary is dead, too. */
TEST(cycles)
{
    things_move = true;
    Object *a = made(), *b = made(), *c = made();
    GcHandle h[3] = {gc_handle_new_dependent(NULL, a, b), gc_handle_new_dependent(NULL, b, a),
                     gc_handle_new_dependent(NULL, c, new_thing(PLAIN_THING, c, NULL))};
    collect_things(0);
    for (int i = 0; i < 3; i++) {
        EXPECT(!gc_handle_get(h[i]) && !gc_dependent_get_secondary(h[i]) && !h[i][1]);
        gc_handle_free(h[i]);
    }
}

/* A primary that lives on for its finaliser keeps its secondary. */
TEST(dependents_of_the_dying)
{
    things_move = true;
    Object *o = new_thing(FINAL_THING, NULL, NULL), *v = made();
    u32 n = number_of(o), value = number_of(v);
    GcHandle h = gc_handle_new_dependent(NULL, o, v);
    collect_things(0);
    EXPECT(gc_handle_get(h) && gc_handle_get(h) == numbered(n) && gc_dependent_get_secondary(h) == numbered(value));
    gc_next_finalizable();
    collect_things(2);
    EXPECT(!gc_handle_get(h) && !h[1]);
    gc_handle_free(h);
}

/* An old primary with a young secondary. */
TEST(young_secondary)
{
    things_move = true;
    u32 n = number_of(made());
    vec_push(&thing_roots, n);
    GcHandle h = gc_handle_new_dependent(NULL, numbered(n), NULL);
    collect_things(2);
    collect_things(2);
    collect_things(0);
    u32 v = number_of(made());
    gc_dependent_set_secondary(h, numbered(v));
    collect_things(0);
    EXPECT(numbered(v) && gc_dependent_get_secondary(h) == numbered(v));
    gc_handle_free(h);
    thing_roots.len = 0;
    collect_things(2);
}

/* --- Ages ------------------------------------------------------------------------------------------------------------------------ */

TEST(ages)
{
    enum { MANY = 100000 };
    static GcHandle strong[MANY], weak[MANY];
    things_move = false;
    for (int i = 0; i < MANY; i++) {
        Object *o = made();
        strong[i] = gc_handle_new(NULL, GC_HANDLE_STRONG, o);
        weak[i] = gc_handle_new(NULL, i & 1 ? GC_HANDLE_WEAK : GC_HANDLE_WEAK_TRACK, o);
    }
    collect_things(0);
    EXPECT(surveyed >= 2 * MANY);
    collect_things(0);
    EXPECT_EQ(surveyed, 0); /* generation 1 all */
    collect_things(1);
    EXPECT(surveyed >= 2 * MANY);
    double start = seconds();
    gc_cycle = (GcCycle){.generation = 0};
    for (int i = 0; i < 100; i++) {
        gc_handles_pins();
        gc_handles_keep(1);
        gc_handles_clear(GC_HANDLE_WEAK, 1);
        gc_handles_clear(GC_HANDLE_WEAK_TRACK, 1);
        gc_handles_aged(1);
    }
    double each = (seconds() - start) / 100;
    printf("200,000 handles of old objects: %.1f us a collection\n", each * 1e6);
    EXPECT(each < 1e-3);

    /* One young target: its segment alone is looked at. */
    u32 n = number_of(made());
    gc_handle_set(strong[MANY / 2], numbered(n));
    collect_things(0);
    EXPECT(numbered(n) && gc_handle_get(strong[MANY / 2]) == numbered(n));
    EXPECT(surveyed < 2000);
    u32 m = number_of(made());
    EXPECT(gc_handle_compare_exchange(strong[7], numbered(m), gc_handle_get(strong[7])));
    collect_things(0);
    EXPECT(numbered(m) != NULL);
    for (int i = 0; i < MANY; i++) {
        gc_handle_free(strong[i]);
        gc_handle_free(weak[i]);
    }
    collect_things(2);
    EXPECT_EQ(gc_handles_count(), 0);
}

/* --- Owners, memory, threads --------------------------------------------------------------------------------------------------------- */

TEST(owners)
{
    static int owners[300];
    GcHandleStat stat;
    for (int round = 0; round < 3; round++) {
        GcHandle mine = gc_handle_new(NULL, GC_HANDLE_WEAK, NULL);
        for (int i = 0; i < 300; i++)
            for (int k = 0; k < 100; k++)
                gc_handle_new((Domain *)(void *)&owners[i], k & 1 ? GC_HANDLE_STRONG : GC_HANDLE_PINNED, NULL);
        gc_handles_stat(&owners[5], &stat);
        EXPECT_EQ(stat.count[GC_HANDLE_STRONG], 50);
        EXPECT_EQ(stat.count[GC_HANDLE_PINNED], 50);
        EXPECT_EQ(stat.segments, 2);
        EXPECT_EQ(gc_handles_count(), 30001);
        for (int i = 0; i < 300; i++)
            gc_handles_free_domain((Domain *)(void *)&owners[i]);
        gc_handles_stat(GC_ALL_OWNERS, &stat);
        EXPECT_EQ(stat.count[GC_HANDLE_WEAK], 1);
        EXPECT_EQ(stat.count[GC_HANDLE_STRONG], 0);
        EXPECT_EQ(gc_handles_count(), 1);
        EXPECT(stat.segments < 10);
        gc_handle_free(mine);
    }
}

TEST(million)
{
    enum { MILLION = 1000000 };
    GcHandle *h = base_malloc(MILLION * sizeof *h);
    for (int round = 0; round < 2; round++) {
        double start = seconds();
        for (int i = 0; i < MILLION; i++)
            h[i] = gc_handle_new(NULL, GC_HANDLE_WEAK, NULL);
        double mid = seconds();
        for (int i = 0; i < MILLION; i++)
            gc_handle_free(h[round ? i : (int)((u64)i * 7919 % MILLION)]);
        printf("a million: %.0f ns to make, %.0f ns to free one\n", (mid - start) * 1e3, (seconds() - mid) * 1e3);
    }
    GcHandleStat stat;
    gc_handles_stat(GC_ALL_OWNERS, &stat);
    EXPECT_EQ(gc_handles_count(), 0);
    EXPECT(stat.segments < 10);
    base_free(h);
}

static void visit_count(void *arg, GcHandleKind kind, Object **slot)
{
    (void)kind, (void)slot;
    ++*(u64 *)arg;
}

static u64 failed;
static void *churn(void *arg)
{
    u32 seed = (u32)(uintptr_t)arg * 977 + 1;
    GcHandle mine[200] = {0};
    for (int i = 0; i < 100000; i++) {
        seed = seed * 1664525 + 1013904223;
        u32 k = (seed >> 8) % 200;
        Object *tag = (Object *)(void *)(mine + k);
        if (mine[k]) {
            if (gc_handle_get(mine[k]) != tag)
                __atomic_add_fetch(&failed, 1, __ATOMIC_RELAXED);
            gc_handle_free(mine[k]);
            mine[k] = NULL;
        } else {
            mine[k] = gc_handle_new((Domain *)(void *)(uintptr_t)(seed >> 20 & 3), (GcHandleKind)(seed >> 24 & 3), tag);
        }
    }
    for (int k = 0; k < 200; k++)
        if (mine[k])
            gc_handle_free(mine[k]);
    return NULL;
}

TEST(threads)
{
    pthread_t t[4];
    for (uintptr_t i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, churn, (void *)i);
    u64 seen = 0;
    for (int i = 0; i < 200; i++)
        gc_handles_visit(visit_count, &seen);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    EXPECT_EQ(failed, 0);
    EXPECT_EQ(gc_handles_count(), 0);
}

TEST_MAIN(kinds, resurrection, refcounted, chains, cycles, dependents_of_the_dying, young_secondary, ages, owners, million, threads)
