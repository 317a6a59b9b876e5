/* keeper.c: collectible types: whatever is an instance keeps its context's keeper, wherever it lies and whoever finds it, and the keeper what
 * hangs off it; without instances all of it goes in one collection. */
#include "test.h"
#include "unit/gc/fake_types.h"

#include "gc/gc_int.h"
#include "gc/gc_header.h"
#include "os/os_thread.h"

enum { CONTEXTS = 300, TYPES = 4, INST_PLAIN = 0, INST_PAIR, INST_FINAL, INST_BYTES };
typedef struct Context {
    FakeType types[TYPES];
    GcHandle keeper; /* tracking weak */
} Context;
static Context contexts[CONTEXTS];

static MethodTable *type_of(u32 c, int type) { return (MethodTable *)&contexts[c].types[type].mt; }
static Object *keeper_of(u32 c) { return gc_handle_get(contexts[c].keeper); }

static bool is_type(const void *p)
{
    if (fake_is_type(p))
        return true;
    for (u32 c = 0; c < CONTEXTS; c++)
        for (int k = 0; k < TYPES; k++)
            if (p == type_of(c, k))
                return true;
    return false;
}

static Object **keeper_slot(const MethodTable *mt)
{
    u32 c = (u32)(((const char *)mt - (const char *)contexts) / sizeof(Context));
    EXPECT(c < CONTEXTS);
    return contexts[c].keeper;
}

static bool start_thread(void (*fn)(Thread *t, void *arg), const char *name)
{
    (void)name;
    return thread_create(NULL, 0, fn, NULL, NULL) != NULL;
}

static GcClient client;

/* New keepers: each a PAIR in the pinned space whose second reference is an array there (the slots). */
static Thread *start(void)
{
    static const u32 base[TYPES] = {32, 40, 24, 24};
    static const u32 flags[TYPES] = {0, GC_TYPE_HAS_REFS, GC_TYPE_HAS_FINALIZER, GC_TYPE_HAS_COMPONENTS | 1};
    Thread *t = fake_start();
    if (gc_client != &client) {
        client = *gc_client;
        client.start_thread = start_thread;
        client.is_method_table = is_type;
        client.keeper = keeper_slot;
        gc_client = &client;
        gc_settings.concurrent = true;
        gc_latency_mode = 1;
    }
    for (u32 c = 0; c < CONTEXTS; c++) {
        for (int k = 0; k < TYPES; k++) {
            FakeType *f = &contexts[c].types[k];
            f->mt = (GcTypePrefix){.flags = flags[k] | GC_TYPE_COLLECTIBLE, .base_size = base[k]};
            if (k == INST_PAIR) {
                f->run = (GcRun){8, 2};
                f->runs = 1;
            }
        }
        Object *o = gc_alloc_bytes(t, fake(FAKE_PAIR), 40, GC_ALLOC_PINNED);
        if (contexts[c].keeper)
            gc_handle_set(contexts[c].keeper, o);
        else
            contexts[c].keeper = gc_handle_new(NULL, GC_HANDLE_WEAK_TRACK, o);
        gc_store_ref(fake_slot(o, 1), gc_alloc_array(t, fake(FAKE_REFS), 4, GC_ALLOC_PINNED));
    }
    return t;
}

static void full(Thread *t, u32 flags)
{
    gc_collect(t, 2, GC_COLLECT_BLOCKING | flags, GC_REASON_INDUCED);
    gc_verify(t, "after a full collection");
}

static u32 alive(void)
{
    u32 n = 0;
    for (u32 c = 0; c < CONTEXTS; c++)
        n += keeper_of(c) != NULL;
    return n;
}

static void all_gone(Thread *t)
{
    memset(fake_roots, 0, sizeof fake_roots);
    full(t, 0);
    EXPECT_EQ(alive(), 0);
}

/* One context each: an instance in every space, found by every kind of root. */
TEST(spaces)
{
    Thread *t = start();
    for (u32 round = 0; round < 4; round++) {
        gc_worker_count = round & 1 ? 4 : 1;
        start();
        fake_roots[0] = gc_alloc_array(t, fake(FAKE_REFS), 12, 0);
        Object **at = fake_slot(fake_roots[0], 1);
        gc_store_ref(at + 0, gc_alloc(t, type_of(0, INST_PLAIN)));
        gc_store_ref(at + 1, gc_alloc(t, type_of(1, INST_PAIR)));
        gc_store_ref(at + 2, gc_alloc_array(t, type_of(2, INST_BYTES), 500000, 0));
        gc_store_ref(at + 3, gc_alloc_bytes(t, type_of(3, INST_PLAIN), 32, GC_ALLOC_PINNED));
        fake_roots[2] = gc_alloc(t, type_of(4, INST_PLAIN));
        fake_roots[3] = (Object *)(void *)((char *)gc_alloc(t, type_of(5, INST_PAIR)) + 17); /* an address inside */
        GcHandle pinned = gc_handle_new(NULL, GC_HANDLE_PINNED, gc_alloc_array(t, type_of(6, INST_BYTES), 9, 0));
        GcHandle weak = gc_handle_new(NULL, GC_HANDLE_WEAK, gc_alloc(t, type_of(7, INST_PLAIN)));
        for (u32 k = 0; k < 4; k++) {
            if (k == 2)
                gc_collect(t, 0, GC_COLLECT_BLOCKING, GC_REASON_INDUCED);
            full(t, round & 2 ? GC_COLLECT_COMPACTING : 0);
            for (u32 c = 0; c < 7; c++)
                EXPECT(keeper_of(c) != NULL);
            EXPECT_EQ(alive(), 7);
        }
        EXPECT(!gc_handle_get(weak));
        gc_handle_free(pinned);
        gc_handle_free(weak);
        all_gone(t);
    }
    gc_worker_count = 1;
}

/* The test of the tests: without the client's word the keepers go. */
TEST(without_keepers)
{
    Thread *t = start();
    fake_roots[0] = gc_alloc(t, type_of(0, INST_PLAIN));
    client.keeper = NULL;
    full(t, 0);
    EXPECT_EQ(alive(), 0);
    client.keeper = keeper_slot;
    all_gone(t);
}

/* What hangs off a keeper lives and dies with it; a cycle through it keeps nothing. */
TEST(belongings)
{
    Thread *t = start();
    fake_roots[0] = gc_alloc_array(t, type_of(0, INST_BYTES), 7, 0);
    GcHandle block = gc_handle_new(NULL, GC_HANDLE_WEAK_TRACK, gc_alloc_bytes(t, type_of(0, INST_PAIR), 40, GC_ALLOC_PINNED));
    GcHandle value = gc_handle_new(NULL, GC_HANDLE_WEAK, gc_alloc(t, type_of(0, INST_PLAIN)));
    Object **slot = fake_slot(*fake_slot(keeper_of(0), 1), 3);
    gc_store_ref(slot, gc_handle_get(block));                       /* a block of statics ... */
    gc_store_ref(fake_slot(*slot, 0), gc_handle_get(value));        /* ... that refers to an instance of the context's own type */
    Object *at = gc_handle_get(block), *keeper = keeper_of(0);
    for (u32 i = 0; i < 6; i++) {
        gc_collect(t, (i32)(i % 3), GC_COLLECT_BLOCKING | GC_COLLECT_COMPACTING, GC_REASON_INDUCED);
        EXPECT(keeper_of(0) == keeper && gc_handle_get(block) == at && *slot == at && gc_handle_get(value) == *fake_slot(at, 0));
    }
    EXPECT_EQ(alive(), 1);
    all_gone(t);
    EXPECT(!gc_handle_get(block) && !gc_handle_get(value));
    gc_handle_free(block);
    gc_handle_free(value);
}

/* Context c needs context c + 1: a dependent handle from keeper to keeper. */
TEST(chains)
{
    Thread *t = start();
    static GcHandle needs[CONTEXTS];
    for (u32 c = 0; c + 1 < CONTEXTS; c++) /* made in another order than they are needed in */
        needs[c] = gc_handle_new_dependent(NULL, keeper_of(c * 7 % (CONTEXTS - 1)), keeper_of(c * 7 % (CONTEXTS - 1) + 1));
    fake_roots[0] = gc_alloc(t, type_of(100, INST_PAIR));
    full(t, 0);
    EXPECT_EQ(alive(), CONTEXTS - 100);
    EXPECT(!keeper_of(99) && keeper_of(100) && keeper_of(CONTEXTS - 1));
    fake_roots[0] = gc_alloc(t, type_of(CONTEXTS - 1, INST_PAIR));
    full(t, 0);
    EXPECT_EQ(alive(), 1);
    all_gone(t);
    for (u32 c = 0; c + 1 < CONTEXTS; c++)
        gc_handle_free(needs[c]);
}

/* The secondary of a dependent handle is an instance: its keeper follows by the walk that settles many handles at once, too. */
TEST(instances_behind_handles)
{
    Thread *t = start();
    enum { N = 200 };
    static GcHandle links[N];
    fake_roots[0] = gc_alloc(t, fake(FAKE_PLAIN));
    fake_roots[2] = fake_roots[0];
    for (u32 i = 0; i < N; i++) {
        Object *o = gc_alloc(t, type_of(i, i & 1 ? INST_PLAIN : INST_PAIR));
        links[N - 1 - i] = gc_handle_new_dependent(NULL, fake_roots[2], o);
        fake_roots[2] = o;
    }
    fake_roots[2] = NULL;
    full(t, 0);
    EXPECT_EQ(alive(), N);
    full(t, GC_COLLECT_COMPACTING);
    EXPECT_EQ(alive(), N);
    all_gone(t);
    for (u32 i = 0; i < N; i++)
        gc_handle_free(links[i]);
}

/* An instance that waits for its finaliser, or came back by it, keeps its context. */
TEST(finalisers)
{
    Thread *t = start();
    gc_alloc(t, type_of(3, INST_FINAL));
    full(t, 0);
    EXPECT(keeper_of(3) != NULL);
    EXPECT_EQ(alive(), 1);
    fake_roots[0] = gc_next_finalizable();
    EXPECT(fake_roots[0] && fake_roots[0]->mt == type_of(3, INST_FINAL));
    EXPECT(!gc_next_finalizable());
    full(t, 0);
    EXPECT_EQ(alive(), 1);
    gc_reregister_finalize(fake_roots[0]);
    fake_roots[0] = NULL;
    full(t, 0);
    EXPECT_EQ(alive(), 1);
    EXPECT(gc_next_finalizable() != NULL);
    all_gone(t);
}

/* A keeper that is an ordinary young object moves; its handle follows, in collections of the young, too. */
TEST(young_keepers)
{
    Thread *t = start();
    for (u32 round = 0; round < 8; round++) {
        gc_worker_count = round & 1 ? 3 : 1;
        gc_handle_set(contexts[0].keeper, gc_alloc(t, fake(FAKE_PAIR)));
        *(u64 *)(void *)fake_slot(keeper_of(0), 2) = 4711;
        fake_roots[0] = gc_alloc(t, type_of(0, INST_PLAIN));
        for (i32 g = 0; g < 3; g++) {
            gc_collect(t, g, GC_COLLECT_BLOCKING, GC_REASON_INDUCED);
            EXPECT(keeper_of(0) != NULL);
            EXPECT_EQ(*(u64 *)(void *)fake_slot(keeper_of(0), 2), 4711);
        }
        fake_roots[0] = NULL;
        gc_handle_set(contexts[0].keeper, gc_alloc(t, fake(FAKE_PAIR)));
        gc_collect(t, 0, GC_COLLECT_BLOCKING, GC_REASON_INDUCED);
        EXPECT(!keeper_of(0));
    }
    gc_worker_count = 1;
    all_gone(t);
}

/* Background cycles, while instances come, go and wander between old objects, young ones and the stack. */
static u32 seed = 1;
static u32 roll(u32 n)
{
    seed = seed * 1664525 + 1013904223;
    return (u32)(((u64)seed * n) >> 32);
}

static u32 held[CONTEXTS]; /* instances of each context that the table holds */
enum { PLACES = 4000 };
static i32 holds[PLACES];  /* the context of the instance there, or -1 */

static void put(u32 place, Object *o, i32 c)
{
    gc_store_ref(fake_slot(fake_roots[0], (int)place + 1), o);
    if (holds[place] >= 0)
        held[holds[place]]--;
    holds[place] = c;
    if (c >= 0)
        held[c]++;
}

static void wander(Thread *t)
{
    for (u32 n = 0; n < 300; n++) {
        u32 i = roll(PLACES), k = roll(PLACES);
        if (roll(3)) { /* from one place to another, by the stack alone */
            fake_roots[2] = *fake_slot(fake_roots[0], (int)i + 1);
            i32 c = holds[i];
            put(i, NULL, -1);
            if (!roll(20))
                gc_alloc_array(t, fake(FAKE_BYTES), 3000, 0);
            thread_poll(t);
            put(k, fake_roots[2], c);
            fake_roots[2] = NULL;
        } else {
            i32 c = holds[i]; /* another of the same type, while the one may be the last */
            if (c >= 0) {
                Object *o = gc_alloc(t, type_of((u32)c, roll(2) ? INST_PLAIN : INST_PAIR));
                put(k, o, c);
                put(i, NULL, -1);
            }
        }
    }
}

TEST(background)
{
    Thread *t = start();
    u32 turns = 0, most = 0;
    for (u32 round = 0; round < 10; round++) {
        start();
        memset(held, 0, sizeof held);
        memset(holds, -1, sizeof holds);
        fake_roots[0] = gc_alloc_array(t, fake(FAKE_REFS), PLACES, 0);
        for (u32 i = 0; i < PLACES; i++)
            put(i, gc_alloc(t, type_of(i % CONTEXTS, INST_PLAIN)), (i32)(i % CONTEXTS));
        full(t, 0);
        for (u32 k = 0; k < 60000; k++) /* something to mark */
            gc_store_ref(fake_slot(fake_roots[4] = gc_alloc(t, fake(FAKE_PAIR)), 0), fake_roots[6]), fake_roots[6] = fake_roots[4];
        for (u32 cycles = 0; cycles < 4; cycles++) {
            gc_back_wait(t);
            gc_collect(t, 2, 0, GC_REASON_INDUCED);
            for (; gc_back_active; turns++) {
                wander(t);
                thread_poll(t);
            }
            gc_verify(t, "after a background cycle");
            for (u32 c = 0; c < CONTEXTS; c++)
                if (held[c] && !keeper_of(c))
                    EXPECT(!"a keeper is gone, its instance is there");
        }
        full(t, 0);
        u32 in_use = 0;
        for (u32 c = 0; c < CONTEXTS; c++) {
            in_use += held[c] > 0;
            EXPECT_EQ(keeper_of(c) != NULL, held[c] > 0);
        }
        most = MAX(most, CONTEXTS - in_use);
        fake_roots[4] = fake_roots[6] = NULL;
    }
    EXPECT(turns > 10 && most > 0);
    gc_back_wait(t);
    all_gone(t);
}

/* Ten thousand contexts made, used and dropped: the pinned space and the handles stay as they are. */
TEST(many)
{
    Thread *t = start();
    u64 bytes = 0;
    for (u32 i = 0; i < 40; i++) {
        start();
        for (u32 c = 0; c < CONTEXTS; c++)
            gc_store_ref(fake_slot(*fake_slot(keeper_of(c), 1), 2), gc_alloc(t, type_of(c, INST_PAIR)));
        gc_collect(t, 0, GC_COLLECT_BLOCKING, GC_REASON_INDUCED);
        EXPECT_EQ(alive(), CONTEXTS);
        all_gone(t);
        GcFigures f;
        gc_figures(&f);
        if (i == 5)
            bytes = f.committed_bytes;
        EXPECT(i < 5 || f.committed_bytes <= bytes + (2 << 20));
    }
}

TEST_MAIN(spaces, without_keepers, belongings, chains, instances_behind_handles, finalisers, young_keepers, background, many)
