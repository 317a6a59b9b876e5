/* heap.c: allocation, walks, barriers, handles, roots, finalisation registration, the debug check. */
#include "test.h"
#include "unit/gc/fake_types.h"

#include "gc/gc_int.h"
#include "thread/wait.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct Walk {
    u64 objects, bytes, dirty;
} Walk;

static void count(void *arg, Object *o, GcRegion *r)
{
    Walk *w = arg;
    (void)r;
    w->objects += !gc_is_free(o);
    w->bytes += gc_object_size(o);
}

static Walk walk(Thread *t)
{
    Walk w = {0};
    thread_stop_world(t, NULL);
    gc_walk_heap(count, &w);
    thread_resume_world(t);
    return w;
}

static u8 *card_of(const void *p)
{
    return gc_card_biased + ((uintptr_t)p >> GC_CARD_SHIFT);
}

/* These tests hold raw pointers: nothing is collected behind their backs. */
static Thread *start(void)
{
    Thread *t = fake_start();
    gc_settings.gen0_size = gc_gen0_budget = (u64)1 << 40;
    gc_settings.concurrent = false;
    return t;
}

TEST(sizes)
{
    Thread *t = start();
    Walk before = walk(t);
    u64 allocated = gc_allocated_bytes(t);
    Object *small = gc_alloc(t, fake(FAKE_PLAIN));
    Object *array = gc_alloc_array(t, fake(FAKE_BYTES), 13, 0);
    EXPECT_EQ(gc_array_length(array), 13);
    EXPECT_EQ(gc_object_size(array), 40);
    EXPECT_EQ(gc_allocated_bytes(t) - allocated, 32 + 40);
    Object *large = gc_alloc_array(t, fake(FAKE_BYTES), 100000, 0);
    Object *huge = gc_alloc_array(t, fake(FAKE_BYTES), 20000000, 0);
    Object *pinned = gc_alloc_array(t, fake(FAKE_BYTES), 100, GC_ALLOC_PINNED);
    Object *frozen = gc_alloc_frozen(fake(FAKE_PAIR), 40);
    EXPECT(gc_alloc_array(t, fake(FAKE_REFS), 0x80000000u, 0) == NULL);
    Object *all[] = {small, array, large, huge, pinned, frozen};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        EXPECT(gc_in_heap(all[i]) && gc_is_object(all[i]));
        EXPECT_EQ((uintptr_t)all[i] & 7, 0);
        EXPECT(gc_containing_object((char *)all[i] + 17) == all[i]);
        EXPECT(!gc_is_object((char *)all[i] + 8));
    }
    EXPECT(gc_containing_object((char *)huge + 19999999) == huge);
    EXPECT(gc_containing_object((char *)huge + 20500000) == NULL);
    EXPECT(gc_containing_object(t->alloc_ptr + 8) == NULL);
    for (u32 i = 0; i < 20000000; i += 1000)
        EXPECT_EQ(((u8 *)huge)[ARRAY_DATA + i], 0);
    EXPECT_EQ(walk(t).objects - before.objects, 6);
    GcFigures f;
    gc_figures(&f);
    EXPECT(f.large_bytes >= 20100000 && f.pinned_bytes >= 120 && f.committed_bytes >= f.heap_bytes);
}

TEST(many_small)
{
    Thread *t = start();
    Walk before = walk(t);
    static Object *kept[2000];
    for (u32 i = 0; i < 200000; i++) {
        Object *o = fake_new(t, i & 1 ? FAKE_PLAIN : FAKE_FINAL);
        EXPECT_EQ(*(u64 *)((char *)o + 8), 0);
        *(u64 *)((char *)o + 8) = ~0ull;
        if (i % 100 == 0)
            kept[i / 100] = o;
        if (i % 1000 == 0)
            EXPECT(gc_alloc_array(t, fake(FAKE_BYTES), 60000 + i % 24000, 0) != NULL);
    }
    EXPECT_EQ(walk(t).objects - before.objects, 200200);
    for (u32 i = 0; i < 2000; i++) {
        EXPECT(gc_is_object(kept[i]));
        EXPECT(gc_containing_object((char *)kept[i] + 11) == kept[i]);
    }
}

static void allocate(Thread *t, void *arg)
{
    (void)arg;
    COOPERATIVE(t)
    {
        for (u32 i = 0; i < 20000; i++) {
            Object *o = fake_new(t, FAKE_PAIR);
            gc_store_ref(fake_slot(o, 0), o);
            if (i % 64 == 0)
                thread_poll(t);
        }
    }
}

TEST(threads)
{
    Thread *t = start();
    Walk before = walk(t);
    u64 total = gc_total_allocated_bytes();
    Thread *threads[8];
    for (int i = 0; i < 8; i++)
        threads[i] = thread_create(NULL, 0, allocate, NULL, NULL);
    u64 checks = gc_verify_counts.checks;
    for (int i = 0; i < 20; i++)
        gc_verify(t, "test");
    EXPECT(gc_verify_counts.checks - checks >= 20);
    PREEMPTIVE(t)
    {
        for (int i = 0; i < 8; i++) {
            EXPECT_EQ(wait_join(t, threads[i], -1), 0);
            thread_release(threads[i]);
        }
    }
    EXPECT_EQ(walk(t).objects - before.objects, 160000);
    EXPECT_EQ(gc_total_allocated_bytes() - total, 160000 * 40);
}

typedef void (*StoreFn)(Object **, Object *);
static void barrier_call(void *code, Object **slot, Object *v, Object **old)
{
    Object *rax = NULL;
    register Object **rdi __asm__("rdi") = slot;
    register Object *rsi __asm__("rsi") = v;
    __asm__ volatile("call *%[code]" : "+r"(rdi), "+r"(rsi), "+a"(rax) : [code] "r"(code) : "r10", "r11", "cc", "memory");
    if (old)
        *old = rax;
}

/* A holder outside of generation 0, whose cards matter, and a card of it put to a value. */
static void expect_card(Object **slot, u8 value)
{
    EXPECT_EQ(*card_of(slot), value);
    *card_of(slot) = 0;
}

TEST(barriers)
{
    Thread *t = start();
    Object *a = gc_alloc_frozen(fake(FAKE_PAIR), 40), *v = gc_alloc(t, fake(FAKE_PLAIN)), *outside = NULL, *old = NULL;
    Object **slot = fake_slot(a, 0), **second = fake_slot(a, 1);
    *card_of(slot) = 0;
    barrier_call(gc_barrier_cells.store, slot, NULL, NULL);
    expect_card(slot, 0);
    barrier_call(gc_barrier_cells.store, slot, v, NULL);
    EXPECT(*slot == v);
    expect_card(slot, GC_CARD_YOUNG);
    *card_of(slot) = GC_CARD_GEN1;
    barrier_call(gc_barrier_cells.store, slot, v, NULL);
    expect_card(slot, GC_CARD_GEN1 | GC_CARD_YOUNG);
    barrier_call(gc_barrier_cells.store, slot, a, NULL); /* not young */
    expect_card(slot, 0);
    barrier_call(gc_barrier_cells.exchange, slot, v, &old);
    EXPECT(old == a && *slot == v);
    expect_card(slot, GC_CARD_YOUNG);
    barrier_call(gc_barrier_cells.store, &outside, v, NULL);
    EXPECT(outside == v);
    EXPECT(gc_compare_exchange_ref(second, v, a) == NULL && *second == NULL);
    expect_card(second, 0);
    EXPECT(gc_compare_exchange_ref(second, v, NULL) == NULL && *second == v);
    expect_card(second, GC_CARD_YOUNG);
    EXPECT(gc_exchange_ref(second, NULL) == v);
    Object *young = gc_alloc(t, fake(FAKE_PAIR));
    *card_of(young) = 0;
    barrier_call(gc_barrier_cells.store, fake_slot(young, 0), v, NULL); /* collected as a whole: no card */
    expect_card(fake_slot(young, 0), 0);
    gc_barrier_set_marking(true);
    barrier_call(gc_barrier_cells.store, slot, a, NULL);
    expect_card(slot, GC_CARD_STORED);
    barrier_call(gc_barrier_cells.exchange, slot, NULL, &old);
    expect_card(slot, 0);
    EXPECT(gc_exchange_ref(second, a) == NULL);
    expect_card(second, GC_CARD_STORED);
    gc_barrier_set_marking(false);
    EXPECT(&gc_barrier_code_start[0] < &gc_barrier_code_end[0]);
}

static u8 count_slot(void *arg, Object *holder, Object **slot)
{
    (void)holder;
    *(u32 *)arg += *slot != NULL;
    return GC_CARD_YOUNG;
}

/* A worker that begins after others made regions for their copies visits what is left, all of it. */
TEST(shared_cards)
{
    enum { N = 1 << 19, EACH = 4096 };
    Thread *t = start();
    Object *a = gc_alloc_array(t, fake(FAKE_REFS), N, 0), *v = gc_alloc(t, fake(FAKE_PLAIN));
    u32 want = 0, seen = 0;
    gc_cards_visit(GC_CARD_ALL, count_slot, &seen);
    for (u32 i = 0; i < N; i += EACH, want++)
        gc_store_ref((Object **)(void *)((char *)a + ARRAY_DATA) + i, v);
    seen = 0;
    GcCardParts parts = gc_card_parts();
    for (u32 i = 0; i < 8; i++)
        EXPECT(gc_region_new(GC_REGION_OLD, false) != NULL);
    gc_cards_visit_part(GC_CARD_YOUNG, &parts, count_slot, &seen);
    EXPECT_EQ(seen, want);
    EXPECT_EQ(gc_state(a) & GC_STATE_LARGE, GC_STATE_LARGE);
}

TEST(copies)
{
    Thread *t = start();
    Object *o = gc_alloc_array(t, fake(FAKE_BYTES), 4096, GC_ALLOC_PINNED);
    u8 *data = (u8 *)o + ARRAY_DATA, expected[4096];
    u32 seed = 1;
    for (u32 i = 0; i < 4096; i++)
        data[i] = (u8)(seed = seed * 1103515245 + 12345);
    memcpy(expected, data, 4096);
    for (u32 i = 0; i < 20000; i++) {
        seed = seed * 1103515245 + 12345;
        u32 from = seed >> 8 & 1023, to = seed >> 18 & 1023, n = (seed >> 3) % 300;
        if (i & 1)
            from &= ~7u, to &= ~7u, n &= ~7u;
        memset(card_of(data), 0, 16);
        gc_copy_refs(data + to, data + from, n);
        memmove(expected + to, expected + from, n);
        if (memcmp(data, expected, 4096)) {
            EXPECT(!"copy differs");
            break;
        }
        if (n && from != to)
            EXPECT(*card_of(data + to) && *card_of(data + to + n - 1));
    }
}

TEST(handles)
{
    Thread *t = start();
    enum { N = 3000 };
    static GcHandle h[N];
    GcFigures f, g;
    gc_figures(&f);
    Object *o = gc_alloc(t, fake(FAKE_PLAIN));
    Domain *d = (Domain *)&f;
    for (u32 i = 0; i < N; i++) {
        GcHandleKind k = (GcHandleKind)(i % GC_HANDLE_KINDS);
        h[i] = k == GC_HANDLE_DEPENDENT ? gc_handle_new_dependent(d, o, o) : gc_handle_new(i & 8 ? d : NULL, k, i & 1 ? o : NULL);
        EXPECT_EQ((uintptr_t)h[i] & 7, 0);
        EXPECT_EQ(gc_handle_kind(h[i]), k);
        EXPECT(gc_handle_get(h[i]) == (k == GC_HANDLE_DEPENDENT || i & 1 ? o : NULL));
    }
    gc_figures(&g);
    EXPECT_EQ(g.handles - f.handles, N);
    EXPECT(gc_dependent_get_secondary(h[4]) == o);
    gc_dependent_set_secondary(h[4], NULL);
    EXPECT(gc_dependent_get_secondary(h[4]) == NULL);
    EXPECT(gc_handle_compare_exchange(h[1], NULL, o) == o && gc_handle_get(h[1]) == NULL);
    gc_handle_set(h[1], o);
    gc_verify(t, "handles");
    for (u32 i = 0; i < N; i += 2)
        gc_handle_free(h[i]);
    for (u32 i = 0; i < N; i += 2)
        h[i] = gc_handle_new(d, GC_HANDLE_STRONG, o);
    for (u32 i = 0; i < N; i++)
        gc_handle_free((GcHandle)((uintptr_t)h[i] | 1)); /* tags are ignored */
    gc_figures(&g);
    EXPECT_EQ(g.handles, f.handles);
}

TEST(roots_and_verify)
{
    Thread *t = start();
    static Object *statics[4];
    GcRun run = {8, 2};
    GcRootBlock *b = gc_root_block_add(NULL, statics, &run, 1);
    Object *o = gc_alloc(t, fake(FAKE_PAIR));
    statics[1] = o;
    statics[3] = (Object *)8; /* not part of the run */
    fake_roots[0] = o;
    fake_roots[1] = (Object *)((char *)o + 12);
    fake_roots[3] = (Object *)((char *)o - 8 + gc_object_size(o)); /* just past: legal */
    GcVerifyCounts before = gc_verify_counts;
    gc_verify(t, "roots");
    EXPECT_EQ(gc_verify_counts.frames - before.frames, 1);
    EXPECT_EQ(gc_verify_counts.slots - before.slots, ARRAY_LEN(fake_roots));
    EXPECT(gc_verify_counts.objects > before.objects && gc_verify_counts.references > before.references);
    gc_root_block_remove(b);
    memset(fake_roots, 0, sizeof fake_roots);
    Object *f = gc_alloc(t, fake(FAKE_FINAL));
    gc_suppress_finalize(f);
    gc_reregister_finalize(f);
    gc_reregister_finalize(f);
    EXPECT(gc_next_finalizable() == NULL);
}

/* What the check must find, in a child that then aborts. */
static bool caught(void (*spoil)(Thread *))
{
    Thread *t = start();
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        spoil(t);
        gc_verify(t, "must fail");
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void spoil_nothing(Thread *t)
{
    gc_alloc(t, fake(FAKE_PAIR));
}

static void spoil_field(Thread *t)
{
    Object *o = gc_alloc(t, fake(FAKE_PAIR));
    *fake_slot(o, 1) = (Object *)((char *)o + 8);
}

static void spoil_element(Thread *t)
{
    Object *o = gc_alloc_array(t, fake(FAKE_REFS), 5, 0);
    *fake_slot(o, 5) = (Object *)gc_heap_end;
}

static void spoil_type(Thread *t)
{
    static u64 odd[2] = {(u64)32 << 32, 0};
    gc_alloc(t, fake(FAKE_PLAIN))->mt = (MethodTable *)odd;
}

static void spoil_size(Thread *t)
{
    *(u32 *)((char *)gc_alloc_array(t, fake(FAKE_BYTES), 100, 0) + ARRAY_LENGTH) = 60;
    gc_alloc(t, fake(FAKE_PLAIN));
}

static void spoil_frame(Thread *t)
{
    fake_roots[2] = (Object *)((char *)gc_alloc(t, fake(FAKE_PLAIN)) + 8);
}

static void spoil_interior(Thread *t)
{
    fake_roots[1] = (Object *)(t->alloc_ptr + 64);
}

static void spoil_handle(Thread *t)
{
    gc_handle_new(NULL, GC_HANDLE_WEAK, (Object *)((char *)gc_alloc(t, fake(FAKE_PLAIN)) + 16));
}

TEST(failures_are_found)
{
    EXPECT(!caught(spoil_nothing));
    EXPECT(caught(spoil_field));
    EXPECT(caught(spoil_element));
    EXPECT(caught(spoil_type));
    EXPECT(caught(spoil_size));
    EXPECT(caught(spoil_frame));
    EXPECT(caught(spoil_interior));
    EXPECT(caught(spoil_handle));
}

TEST(speed)
{
    Thread *t = start();
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (u32 i = 0; i < 2000000; i++)
        fake_new(t, FAKE_PLAIN);
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("allocation of 32 bytes: %.1f ns\n",
           ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / 2e6);
}

TEST_MAIN(sizes, many_small, threads, barriers, shared_cards, copies, handles, roots_and_verify, failures_are_found, speed)
