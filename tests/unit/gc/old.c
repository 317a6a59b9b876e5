/* old.c: labs, gaps, sweeping, the pinned-object heap, searches in bitmaps. */
#include "test.h"
#include "unit/gc/fake_types.h"

#include "gc/gc_int.h"

static Object *bytes_at(char *p, size_t n)
{
    Object *o = (Object *)(void *)(p + 8);
    *(u64 *)(void *)p = 0;
    o->mt = fake(FAKE_BYTES);
    *(u32 *)((char *)o + ARRAY_LENGTH) = (u32)(n - 24);
    gc_bit_set_atomic(gc_starts, o);
    return o;
}

static void clear_bit(u64 *map, const Object *o)
{
    map[gc_bit(o) >> 6] &= ~(1ull << (gc_bit(o) & 63));
}

TEST(bits)
{
    fake_start();
    pthread_mutex_lock(&gc_heap_lock);
    GcRegion *r = gc_region_new(GC_REGION_OLD, true);
    pthread_mutex_unlock(&gc_heap_lock);
    char *a = r->start + 8, *b = r->start + 5000, *c = r->end - 16;
    u64 *map = gc_pin_bits;
    EXPECT(!gc_bit_before(map, r->end - 8, r->start) && !gc_bit_after(map, r->start, r->end));
    gc_bit_set(map, a);
    gc_bit_set(map, b);
    gc_bit_set(map, c);
    EXPECT((char *)gc_bit_before(map, b, r->start) == b && (char *)gc_bit_before(map, b - 1, r->start) == a);
    EXPECT((char *)gc_bit_before(map, b + 511, r->start) == b && (char *)gc_bit_before(map, r->end - 1, r->start) == c);
    EXPECT(!gc_bit_before(map, b - 1, a + 8) && !gc_bit_before(map, a - 1, r->start));
    EXPECT((char *)gc_bit_after(map, r->start, r->end) == a && (char *)gc_bit_after(map, a + 1, r->end) == b);
    EXPECT(!gc_bit_after(map, a + 8, b) && (char *)gc_bit_after(map, a + 8, b + 1) == b);
    EXPECT((char *)gc_bit_after(map, b + 8, r->end) == c && !gc_bit_after(map, c + 8, r->end));
    clear_bit(map, (Object *)(void *)a);
    clear_bit(map, (Object *)(void *)b);
    clear_bit(map, (Object *)(void *)c);
    pthread_mutex_lock(&gc_heap_lock);
    gc_region_free(r);
    pthread_mutex_unlock(&gc_heap_lock);
}

enum { COUNT = 60000 };
static Object *objects[COUNT];

static u64 sweep_all(void)
{
    u64 freed = 0;
    for (u32 i = 0; i < gc_region_count; i++)
        if (gc_regions[i].kind == GC_REGION_OLD || gc_regions[i].kind == GC_REGION_PINNED)
            freed += gc_sweep_region(&gc_regions[i]);
    return freed;
}

static u32 regions(GcRegionKind kind)
{
    u32 n = 0;
    for (u32 i = 0; i < gc_region_count; i++)
        n += gc_regions[i].kind == kind;
    return n;
}

static void check_apart(void)
{
    for (u32 i = 0; i < gc_region_count; i++) {
        GcRegion *r = &gc_regions[i];
        char *end = r->start;
        if (r->kind != GC_REGION_OLD && r->kind != GC_REGION_PINNED)
            continue;
        for (Object *o = gc_bit_after(gc_starts, r->start, r->end); o; o = gc_bit_after(gc_starts, (char *)o + 8, r->end)) {
            EXPECT((char *)o - 8 >= end);
            end = (char *)o - 8 + gc_object_size(o);
        }
        EXPECT(end <= r->end);
        for (GcGap *g = r->gaps; g; g = ((GcGap **)(void *)g)[3])
            EXPECT(((Object *)(void *)((char *)g + 8))->mt == gc_free_mt && (char *)g >= r->start && (char *)g < r->bump);
    }
}

TEST(gaps_are_filled)
{
    GcLab lab = {0};
    u64 before = gc_old_bytes, bytes = 0;
    for (u32 i = 0; i < COUNT; i++) {
        size_t n = 64 + i % 7 * 8;
        char *p = gc_lab_alloc(&lab, GC_REGION_OLD, n);
        EXPECT(p && gc_state(p) == GC_STATE_OLD && !((uintptr_t)p & 7));
        objects[i] = bytes_at(p, n);
        bytes += n;
    }
    gc_lab_close(&lab);
    EXPECT_EQ(gc_old_bytes - before, bytes);
    check_apart();
    u32 count = regions(GC_REGION_OLD);
    u64 dead = 0;
    for (u32 i = 0; i < COUNT; i++)
        if (i % 3) {
            dead += gc_object_size(objects[i]);
            clear_bit(gc_starts, objects[i]);
            objects[i] = NULL;
        }
    gc_old_forget();
    EXPECT_EQ(sweep_all(), dead);
    EXPECT_EQ(gc_old_bytes - before, bytes - dead);
    check_apart();
    u64 filled = 0;
    for (u32 i = 0; i < COUNT; i++) {
        if (objects[i])
            continue;
        size_t n = 48 + i % 5 * 8;
        char *p = gc_lab_alloc(&lab, GC_REGION_OLD, n);
        objects[i] = bytes_at(p, n);
        filled += n;
    }
    gc_lab_close(&lab);
    check_apart();
    EXPECT(regions(GC_REGION_OLD) <= count + 1);
    EXPECT_EQ(gc_old_bytes - before, bytes - dead + filled);
    for (u32 i = 0; i < COUNT; i++)
        clear_bit(gc_starts, objects[i]);
    gc_old_forget();
    EXPECT_EQ(sweep_all(), bytes - dead + filled);
    EXPECT_EQ(regions(GC_REGION_OLD), 0);
    EXPECT_EQ(gc_old_bytes, before);
}

TEST(big_ones)
{
    GcLab lab = {0};
    Object *big[40];
    for (u32 i = 0; i < ARRAY_LEN(big); i++) {
        big[i] = bytes_at(gc_lab_alloc(&lab, GC_REGION_OLD, 80000), 80000);
        bytes_at(gc_lab_alloc(&lab, GC_REGION_OLD, 24), 24);
    }
    EXPECT(gc_lab_alloc(&lab, GC_REGION_OLD, GC_REGION_SIZE + 8) == NULL);
    gc_lab_close(&lab);
    u32 count = regions(GC_REGION_OLD);
    for (u32 i = 0; i < ARRAY_LEN(big); i += 2)
        clear_bit(gc_starts, big[i]);
    gc_old_forget();
    sweep_all();
    for (u32 i = 0; i < ARRAY_LEN(big); i += 2)
        big[i] = bytes_at(gc_lab_alloc(&lab, GC_REGION_OLD, 79000), 79000);
    gc_lab_close(&lab);
    check_apart();
    EXPECT(regions(GC_REGION_OLD) <= count);
    for (u32 i = 0; i < gc_region_count; i++)
        if (gc_regions[i].kind == GC_REGION_OLD)
            gc_bits_clear(gc_starts, gc_regions[i].start, gc_regions[i].end);
    gc_old_forget();
    sweep_all();
    EXPECT_EQ(gc_old_bytes, 0);
}

TEST(generation_1)
{
    GcLab lab = {0};
    char *p = gc_lab_alloc(&lab, GC_REGION_GEN1, 1000);
    EXPECT_EQ(gc_state(p), GC_STATE_YOUNG);
    gc_lab_close(&lab);
    char *q = gc_lab_alloc(&lab, GC_REGION_GEN1, 1000);
    EXPECT(q == p + 1000); /* goes on where the last collection stopped */
    gc_lab_close(&lab);
    EXPECT(gc_region_of(p)->bump == q + 1000);
    gc_state_biased[(uintptr_t)p >> GC_REGION_SHIFT] |= GC_STATE_CONDEMNED;
    char *r = gc_lab_alloc(&lab, GC_REGION_GEN1, 1000);
    EXPECT(gc_region_of(r) != gc_region_of(p));
    gc_lab_close(&lab);
    EXPECT_EQ(gc_old_bytes, 0);
}

static Object *pinned_new(size_t n)
{
    pthread_mutex_lock(&gc_heap_lock);
    char *p = gc_pinned_alloc(n, false);
    for (size_t i = 0; i < n / 8; i++)
        EXPECT_EQ(((u64 *)(void *)p)[i], 0);
    Object *o = bytes_at(p, n);
    memset((char *)o + ARRAY_DATA, 0xee, n - 24);
    pthread_mutex_unlock(&gc_heap_lock);
    return o;
}

TEST(pinned_heap)
{
    static Object *kept[3000];
    u64 bytes = 0;
    for (u32 i = 0; i < ARRAY_LEN(kept); i++) {
        kept[i] = pinned_new(24 + i % 50 * 16);
        bytes += gc_object_size(kept[i]);
        EXPECT(gc_state(kept[i]) == GC_STATE_OLD && gc_region_of(kept[i])->kind == GC_REGION_PINNED);
    }
    EXPECT_EQ(gc_old_bytes, bytes);
    check_apart();
    u32 count = regions(GC_REGION_PINNED);
    for (u32 round = 0; round < 20; round++) {
        for (u32 i = round % 3; i < ARRAY_LEN(kept); i += 3) {
            clear_bit(gc_starts, kept[i]);
            kept[i] = NULL;
        }
        gc_old_forget();
        if (round & 1)
            kept[round % 3] = pinned_new(100 * 8); /* before the sweep: in a region of its own */
        sweep_all();
        for (u32 i = 0; i < ARRAY_LEN(kept); i++)
            if (!kept[i])
                kept[i] = pinned_new(24 + (i + round) % 50 * 16);
        check_apart();
    }
    EXPECT(regions(GC_REGION_PINNED) <= count + 2);
    Object *huge = pinned_new(3 << 20);
    EXPECT(gc_state(huge) & GC_STATE_LARGE);
    bytes = 0;
    for (u32 i = 0; i < ARRAY_LEN(kept); i++)
        bytes += gc_object_size(kept[i]);
    EXPECT_EQ(gc_old_bytes, bytes);
    gc_bit_set(gc_marks, huge);
    gc_large_compact_plan();
    EXPECT(gc_large_forward(huge) == huge);
    gc_large_compact_move();
    gc_large_check();
}

static void *promote(void *arg)
{
    GcLab lab = {0};
    u64 *bytes = arg;
    for (u32 i = 0; i < 50000; i++) {
        size_t n = 24 + i % 11 * 8;
        bytes_at(gc_lab_alloc(&lab, GC_REGION_OLD, n), n);
        *bytes += n;
        if (i % 1000 == 0) {
            bytes_at(gc_lab_alloc(&lab, GC_REGION_OLD, 30000), 30000);
            *bytes += 30000;
        }
    }
    gc_lab_close(&lab);
    return NULL;
}

TEST(workers)
{
    pthread_t threads[4];
    u64 bytes[4] = {0}, before = gc_old_bytes;
    for (u32 i = 0; i < ARRAY_LEN(threads); i++)
        pthread_create(&threads[i], NULL, promote, &bytes[i]);
    for (u32 i = 0; i < ARRAY_LEN(threads); i++)
        pthread_join(threads[i], NULL);
    check_apart();
    EXPECT_EQ(gc_old_bytes - before, bytes[0] + bytes[1] + bytes[2] + bytes[3]);
    gc_old_forget();
    EXPECT_EQ(sweep_all(), 0);
    EXPECT_EQ(gc_old_bytes - before, bytes[0] + bytes[1] + bytes[2] + bytes[3]);
}

TEST_MAIN(bits, gaps_are_filled, big_ones, generation_1, pinned_heap, workers)
