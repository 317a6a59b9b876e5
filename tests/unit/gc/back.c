/* back.c: background cycles beside a program that rewires a graph, and what they free. */
#include "test.h"
#include "unit/gc/fake_types.h"
#include "unit/gc/heap_count.h"

#include "gc/gc_int.h"
#include "os/os_thread.h"

static bool start_thread(void (*fn)(Thread *t, void *arg), const char *name)
{
    (void)name;
    return thread_create(NULL, 0, fn, NULL, NULL) != NULL;
}

static Thread *start(void)
{
    static GcClient client;
    Thread *t = fake_start();
    if (gc_client != &client) {
        client = *gc_client;
        client.start_thread = start_thread;
        gc_client = &client;
        gc_settings.concurrent = true;
        gc_latency_mode = 1;
    }
    return t;
}

static u32 seed = 1;
static u32 roll(u32 n)
{
    seed = seed * 1664525 + 1013904223;
    return (u32)(((u64)seed * n) >> 32);
}

static u64 *id(Object *o) { return (u64 *)(void *)fake_slot(o, 2); }
static Object *node(u32 i) { return *fake_slot(fake_roots[0], (int)i + 1); }
static void set_node(u32 i, Object *o) { gc_store_ref(fake_slot(fake_roots[0], (int)i + 1), o); }

/* One background cycle from its start to the end of its sweep; mutate runs meanwhile. */
static u32 cycle(Thread *t, void (*mutate)(Thread *t))
{
    u32 turns = 0;
    gc_back_wait(t);
    gc_collect(t, 2, 0, GC_REASON_INDUCED);
    EXPECT(gc_back_active);
    for (; gc_back_active; turns++) {
        if (mutate)
            mutate(t);
        thread_poll(t);
    }
    gc_verify(t, "after a background cycle");
    return turns;
}

enum { N = 120000 };
static u32 edges[N][2];
static bool dropped[N];

/* Rewires at random: old and new nodes, by old and new references, some held by the stack alone for a while. */
static void rewire(Thread *t)
{
    for (u32 n = 0; n < 200; n++) {
        u32 i = roll(N), k = roll(2), v = roll(N + N / 8);
        edges[i][k] = v;
        gc_store_ref(fake_slot(node(i), (int)k), v < N ? node(v) : NULL);
        if (roll(3))
            continue;
        i = roll(N);
        Object *o = gc_alloc(t, fake(FAKE_PAIR)), *old = node(i); /* the node is remade; others may still refer to the old one */
        *id(o) = i;
        gc_store_ref(fake_slot(o, 0), *fake_slot(old, 0));
        gc_store_ref(fake_slot(o, 1), *fake_slot(old, 1));
        set_node(i, o);
    }
    u32 i = roll(N);
    fake_roots[2] = node(i); /* away from the heap, and back in another place */
    set_node(i, node((i + 1) % N));
    gc_alloc_array(t, fake(FAKE_BYTES), 50000, 0);
    thread_poll(t);
    set_node(i, fake_roots[2]);
    fake_roots[2] = NULL;
}

static void check_graph(void)
{
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

static void make_graph(Thread *t)
{
    fake_roots[0] = gc_alloc_array(t, fake(FAKE_REFS), N, 0);
    for (u32 i = 0; i < N; i++) {
        Object *o = gc_alloc(t, fake(FAKE_PAIR));
        *id(o) = i;
        set_node(i, o);
        edges[i][0] = edges[i][1] = N;
    }
}

TEST(graph_under_marking)
{
    Thread *t = start();
    make_graph(t);
    u32 turns = 0;
    for (u32 round = 0; round < 16; round++) {
        gc_settings.conserve_memory = round & 8 ? 9 : 0; /* regions are evacuated sooner */
        turns += cycle(t, rewire);
        check_graph();
        if (round % 4 == 3)
            gc_collect(t, 2, GC_COLLECT_BLOCKING | (round & 4 ? GC_COLLECT_COMPACTING : 0), GC_REASON_INDUCED);
        check_graph();
    }
    EXPECT(turns > 16);
    gc_settings.conserve_memory = 0;
    /* an abort in the middle */
    for (u32 round = 0; round < 5; round++) {
        gc_back_wait(t);
        gc_collect(t, 2, 0, GC_REASON_INDUCED);
        for (u32 i = 0; i < round * 3; i++)
            rewire(t);
        gc_collect(t, 2, GC_COLLECT_BLOCKING, GC_REASON_INDUCED);
        EXPECT(!gc_back_active);
        gc_verify(t, "after an aborted cycle");
        check_graph();
    }
}

TEST(garbage_goes)
{
    Thread *t = start();
    make_graph(t);
    gc_collect(t, 1, 0, GC_REASON_INDUCED);
    gc_collect(t, 1, 0, GC_REASON_INDUCED);
    for (u32 i = 0; i < N; i++)
        if (roll(10))
            set_node(i, NULL), dropped[i] = true;
    GcHandle weak[100];
    for (u32 i = 0; i < 100; i++)
        weak[i] = gc_handle_new(NULL, GC_HANDLE_WEAK, node(i));
    u64 kept = 1;
    for (u32 i = 0; i < N; i++)
        kept += !dropped[i];
    cycle(t, NULL);
    EXPECT_EQ(count_objects(t), kept);
    for (u32 i = 0; i < N; i++)
        EXPECT(dropped[i] ? !node(i) : *id(node(i)) == i);
    for (u32 i = 0; i < 100; i++) {
        EXPECT(gc_handle_get(weak[i]) == node(i));
        gc_handle_free(weak[i]);
    }
    fake_roots[0] = NULL;
    cycle(t, NULL);
    cycle(t, NULL);
    EXPECT_EQ(count_objects(t), 0);
}

static u32 old_regions(void)
{
    u32 n = 0;
    for (u32 i = 0; i < gc_region_count; i++)
        n += gc_regions[i].kind == GC_REGION_OLD;
    return n;
}

/* Every tenth node of a list stays; the holes are where old regions fray. */
TEST(sparse_regions_are_emptied)
{
    Thread *t = start();
    make_graph(t);
    gc_collect(t, 2, GC_COLLECT_BLOCKING | GC_COLLECT_COMPACTING, GC_REASON_INDUCED);
    gc_collect(t, 2, GC_COLLECT_BLOCKING | GC_COLLECT_COMPACTING, GC_REASON_INDUCED);
    fake_roots[4] = gc_alloc_array(t, fake(FAKE_REFS), N / 10, 0);
    for (u32 i = 0; i < N / 10; i++)
        gc_store_ref(fake_slot(fake_roots[4], (int)i + 1), node(i * 10));
    fake_roots[0] = fake_roots[4];
    fake_roots[4] = NULL;
    fake_roots[1] = (Object *)((char *)node(77) + 11); /* an interior pointer into one that will move */
    GcHandle pin = gc_handle_new(NULL, GC_HANDLE_PINNED, node(500)), weak = gc_handle_new(NULL, GC_HANDLE_WEAK, node(600));
    Object *pinned = node(500);
    for (u32 i = 0; i < N / 10; i++) {
        gc_store_ref(fake_slot(node(i), 0), node(roll(N / 10)));
        Object *o = gc_alloc(t, fake(FAKE_PAIR));
        *id(o) = i;
        gc_store_ref(fake_slot(node(i), 1), o); /* young ones of old ones */
        gc_store_ref(fake_slot(o, 0), node(i));
    }
    gc_settings.conserve_memory = 5; /* a larger budget: all of them within a few cycles */
    cycle(t, NULL);
    u32 before = old_regions();
    Object *first = node(0);
    bool moved = false;
    for (u32 round = 0; round < 8; round++) {
        static u32 to[N / 10];
        for (u32 i = 0; i < N / 10; i++)
            to[i] = (u32)*id(*fake_slot(node(i), 0));
        cycle(t, NULL);
        moved |= node(0) != first;
        for (u32 i = 0; i < N / 10; i++) {
            EXPECT_EQ(*id(node(i)), i * 10);
            EXPECT_EQ(*id(*fake_slot(node(i), 0)), to[i]);
            Object *young = *fake_slot(node(i), 1);
            EXPECT(*id(young) == i && *fake_slot(young, 0) == node(i));
            if (i % 16 == round) {
                gc_store_ref(fake_slot(node(i), 0), node(roll(N / 10)));
                Object *o = gc_alloc(t, fake(FAKE_PAIR));
                *id(o) = i;
                gc_store_ref(fake_slot(o, 0), node(i));
                gc_store_ref(fake_slot(node(i), 1), o);
            }
        }
        EXPECT(node(500) == pinned);
        EXPECT(gc_handle_get(weak) == node(600));
        EXPECT((char *)fake_roots[1] == (char *)node(77) + 11);
    }
    EXPECT(moved);
    EXPECT(old_regions() < before);
    printf("old regions: %u, then %u\n", before, old_regions());
    gc_settings.conserve_memory = 0;
    gc_handle_free(pin);
    gc_handle_free(weak);
    memset(fake_roots, 0, sizeof fake_roots);
    gc_collect(t, 2, GC_COLLECT_BLOCKING, GC_REASON_INDUCED);
    EXPECT_EQ(count_objects(t), 0);
}

static void large_garbage(Thread *t)
{
    Object *o = gc_alloc_array(t, fake(FAKE_REFS), 20000, 0);
    u32 i = roll(100);
    gc_store_ref(fake_slot(o, 1 + (int)i), gc_alloc(t, fake(FAKE_PAIR)));
    *id(*fake_slot(o, 1 + (int)i)) = i;
    gc_store_ref(fake_slot(fake_roots[0], (int)i + 1), o);
    Object *seen = node(roll(100));
    for (u32 k = 0; seen && k < 100; k++)
        if (*fake_slot(seen, 1 + (int)k))
            EXPECT_EQ(*id(*fake_slot(seen, 1 + (int)k)), k);
}

TEST(large_objects_under_marking)
{
    Thread *t = start();
    fake_roots[0] = gc_alloc_array(t, fake(FAKE_REFS), 100, 0);
    for (u32 round = 0; round < 8; round++) {
        for (u32 i = 0; i < 300; i++)
            large_garbage(t);
        cycle(t, large_garbage);
        gc_large_check();
    }
    u64 n = 0;
    for (u32 i = 0; i < 100; i++)
        n += node(i) != NULL;
    cycle(t, NULL);
    EXPECT(gc_large_bytes() <= n * 164 * 1024);
    fake_roots[0] = NULL;
    gc_collect(t, 2, GC_COLLECT_BLOCKING, GC_REASON_INDUCED);
    EXPECT_EQ(count_objects(t), 0);
}

TEST_MAIN(graph_under_marking, garbage_goes, sparse_regions_are_emptied, large_objects_under_marking)
