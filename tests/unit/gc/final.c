/* final.c: which finalisers become due, in which order; suppression, registering again, ages; registration by many threads. */
#include "test.h"
#include "unit/gc/fake_collector.h"

#include <time.h>

static Object *final(void)
{
    return new_thing(FINAL_THING, NULL, NULL);
}

/* Takes all that is ready; n: how many numbers fit. */
static u32 take_ready(u32 *numbers, u32 n)
{
    u32 k = 0;
    for (Object *o; (o = gc_next_finalizable()); k++)
        if (k < n)
            numbers[k] = number_of(o);
    return k;
}

static void root(Object *o)
{
    vec_push(&thing_roots, number_of(o));
}

TEST(order)
{
    things_move = true;
    u32 first = number_of(final()), got[12];
    for (int i = 1; i < 4; i++)
        final();
    new_thing(CRITICAL_THING, NULL, NULL);
    final();
    collect_things(0);
    EXPECT_EQ(gc_final_pending(), 6);
    EXPECT_EQ(take_ready(got, 12), 6);
    static const u32 want[] = {5, 3, 2, 1, 0, 4}; /* the newest first, the critical one last */
    for (int i = 0; i < 6; i++)
        EXPECT_EQ(got[i] - first, want[i]);
    EXPECT_EQ(gc_final_pending(), 0);
    collect_things(2);
    EXPECT(!numbered(first));
    EXPECT_EQ(take_ready(got, 12), 0);
}

/* Critical ones of an earlier collection still come after others of a later one. */
TEST(critical_waits)
{
    u32 c = number_of(new_thing(CRITICAL_THING, NULL, NULL)), got[4];
    collect_things(0);
    u32 f = number_of(final());
    collect_things(0);
    EXPECT_EQ(take_ready(got, 4), 2);
    EXPECT_EQ(got[0], f);
    EXPECT_EQ(got[1], c);
    collect_things(2);
}

/* A collection looks at its own generations, and takes the oldest first. */
TEST(generations)
{
    things_move = true;
    u32 first = things.len, got[12];
    for (int g = 0; g < 3; g++) {
        for (int i = 0; i < 3; i++)
            root(final());
        if (g == 0)
            collect_things(1), collect_things(1);
        if (g == 1)
            collect_things(0);
    }
    thing_roots.len = 0;
    for (u32 i = first; i < things.len; i++)
        EXPECT_EQ(gc_generation_of(numbered(i)), 2 - (i - first) / 3);
    collect_things(0);
    EXPECT_EQ(gc_final_pending(), 3);
    EXPECT_EQ(take_ready(got, 12), 3);
    EXPECT_EQ(got[0] - first, 8);
    collect_things(2);
    EXPECT_EQ(take_ready(got, 12), 6);
    static const u32 want[] = {2, 1, 0, 5, 4, 3};
    for (int i = 0; i < 6; i++)
        EXPECT_EQ(got[i] - first, want[i]);
    collect_things(2);
}

/* Everything found dead in one collection is due in that collection, whoever refers to whom. */
TEST(reachable_from_another)
{
    things_move = true;
    Object *inner = final(), *outer = new_thing(FINAL_THING, inner, NULL), *plain = new_thing(PLAIN_THING, outer, NULL);
    Object *top = new_thing(FINAL_THING, plain, inner);
    u32 numbers[] = {number_of(inner), number_of(outer), number_of(plain), number_of(top)}, got[4];
    collect_things(0);
    EXPECT_EQ(gc_final_pending(), 3);
    for (int i = 0; i < 4; i++)
        EXPECT(numbered(numbers[i]) != NULL);
    EXPECT(thing(numbered(numbers[2]))->refs[0] == numbered(numbers[1]));
    /* Kept while it waits, however often it is collected meanwhile. */
    collect_things(0);
    collect_things(2);
    collect_things(0);
    collect_things(2);
    EXPECT_EQ(gc_final_pending(), 3);
    EXPECT_EQ(take_ready(got, 4), 3);
    collect_things(2);
    EXPECT(!numbered(numbers[0]) && !numbered(numbers[2]));
}

TEST(suppression)
{
    things_move = true;
    u32 got[4];
    Object *o = final();
    u32 n = number_of(o);
    gc_suppress_finalize(o);
    collect_things(0);
    EXPECT(!numbered(n) && !take_ready(got, 4));

    o = final(); /* suppressed and asked for again: once */
    gc_suppress_finalize(o);
    gc_reregister_finalize(o);
    collect_things(0);
    EXPECT_EQ(take_ready(got, 4), 1);
    collect_things(2);

    o = final(); /* asked for twice: twice */
    gc_reregister_finalize(o);
    collect_things(0);
    EXPECT_EQ(take_ready(got, 4), 2);
    EXPECT_EQ(got[0], got[1]);
    collect_things(2);
    EXPECT(!take_ready(got, 4));

    o = final(); /* suppressed while it is ready */
    n = number_of(o);
    collect_things(0);
    gc_suppress_finalize(numbered(n));
    EXPECT(!take_ready(got, 4));
    EXPECT(!(*gc_header(numbered(n)) & GC_HEADER_NO_FINALIZE));
    EXPECT_EQ(gc_final_pending(), 0);
    collect_things(2);
    EXPECT(!numbered(n));

    o = final(); /* suppressed when it dies, but another's finaliser brings it back and registers it */
    n = number_of(o);
    gc_suppress_finalize(o);
    new_thing(FINAL_THING, o, NULL);
    collect_things(0);
    EXPECT_EQ(take_ready(got, 4), 1);
    EXPECT_EQ(got[0], n + 1);
    gc_reregister_finalize(numbered(n));
    collect_things(2);
    EXPECT_EQ(take_ready(got, 4), 1);
    EXPECT_EQ(got[0], n);
    collect_things(2);

    o = new_thing(PLAIN_THING, NULL, NULL); /* without a finaliser */
    gc_suppress_finalize(o);
    EXPECT_EQ(*gc_header(o), 0);
    gc_reregister_finalize(o);
    collect_things(2);
    EXPECT(!take_ready(got, 4));
}

/* Registered again, an old object is due when it dies, which only a collection of its generation sees. */
TEST(again)
{
    things_move = true;
    u32 got[4], n = number_of(final());
    for (int round = 0; round < 4; round++) {
        collect_things(2);
        EXPECT_EQ(take_ready(got, 4), 1);
        EXPECT_EQ(got[0], n);
        gc_reregister_finalize(numbered(n));
        if (round < 2)
            continue;
        EXPECT_EQ(gc_generation_of(numbered(n)), 2);
        collect_things(0);
        collect_things(1);
        EXPECT(!take_ready(got, 4));
    }
    gc_suppress_finalize(numbered(n));
    collect_things(2);
    EXPECT(!numbered(n));
}

static void count(void *arg, Object **slot)
{
    (void)slot;
    ++*(u64 *)arg;
}

/* Old records cost a young collection nothing. */
TEST(many)
{
    enum { MANY = 200000 };
    things_move = true;
    u32 got[1];
    for (int i = 0; i < MANY; i++)
        root(final());
    collect_things(1);
    collect_things(1);
    u64 n = 0;
    gc_final_visit(count, &n);
    EXPECT_EQ(n, MANY);
    thing_roots.len = 0;
    collect_things(1);
    EXPECT_EQ(surveyed, 0);
    collect_things(2);
    EXPECT_EQ(gc_final_pending(), MANY);
    collect_things(1);
    EXPECT_EQ(surveyed, 0); /* those that wait are old as well */
    for (int i = 0; i < MANY * 3 / 4; i++)
        gc_next_finalizable();
    collect_things(2);
    EXPECT_EQ(take_ready(got, 1), MANY / 4);
    collect_things(2);
    n = 0;
    gc_final_visit(count, &n);
    EXPECT_EQ(n, 0);
}

static void *registers(void *arg)
{
    Thing *mine = arg;
    for (int i = 0; i < 100000; i++)
        gc_final_register(object_of(&mine[i]));
    return NULL;
}

static void check_order(void *arg, Object **slot)
{
    Thing *t = thing(*slot);
    u32 *next = arg;
    u32 of = t->number >> 24, i = t->number & 0xffffff;
    EXPECT(next[of] == i);
    next[of] = i + 1;
}

TEST(threads)
{
    enum { THREADS = 4, EACH = 100000 };
    pthread_t t[THREADS];
    Thing *all = base_calloc(THREADS * EACH, sizeof *all);
    for (u32 i = 0; i < THREADS * EACH; i++)
        all[i] = (Thing){.mt = (MethodTable *)&thing_types[FINAL_THING].mt, .number = (i / EACH) << 24 | i % EACH, .generation = 2};
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, registers, all + i * EACH);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("registration: %.1f ns\n", ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / (THREADS * EACH));
    gc_cycle = (GcCycle){.generation = 0};
    gc_final_scan(0); /* sorts by allocation, per thread */
    gc_final_update(0);
    u32 next[THREADS] = {0};
    u64 n = 0;
    gc_final_visit(check_order, next);
    gc_final_visit(count, &n);
    EXPECT_EQ(n, THREADS * EACH);
}

TEST_MAIN(order, critical_waits, generations, reachable_from_another, suppression, again, many, threads)
