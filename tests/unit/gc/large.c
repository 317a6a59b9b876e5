/* large.c: the large-object space: allocation, clearing, merging, sweeping, trimming, compaction, searches by address. */
#include "test.h"
#include "unit/gc/fake_types.h"

#include "gc/gc_int.h"

static u64 seed = 88172645463325252ull;
static u32 random_below(u32 n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (u32)(seed >> 33) % n;
}

static Object *large_new(u32 length)
{
    pthread_mutex_lock(&gc_heap_lock);
    char *p = gc_large_alloc(24 + (size_t)length, false, false);
    Object *o = NULL;
    if (p) {
        o = (Object *)(void *)(p + 8);
        o->mt = fake(FAKE_BYTES);
        *(u32 *)((char *)o + ARRAY_LENGTH) = length;
    }
    pthread_mutex_unlock(&gc_heap_lock);
    return o;
}

static void large_free(Object *o)
{
    pthread_mutex_lock(&gc_heap_lock);
    gc_large_free(o);
    pthread_mutex_unlock(&gc_heap_lock);
}

static void trim(bool all)
{
    pthread_mutex_lock(&gc_heap_lock);
    gc_large_trim(all);
    pthread_mutex_unlock(&gc_heap_lock);
}

static bool is_zero(const Object *o)
{
    const char *p = (const char *)o + ARRAY_DATA;
    u32 n = gc_array_length(o);
    return !*p && !memcmp(p, p + 1, n - 1);
}

static u32 visited;
static void visit(void *arg, Object *o)
{
    Object **last = arg;
    EXPECT(o > *last);
    *last = o;
    visited++;
}

TEST(life)
{
    fake_start();
    u64 before = gc_large_bytes();
    Object *a = large_new(100000), *b = large_new(200000), *c = large_new(5000000);
    EXPECT(is_zero(a) && is_zero(b) && is_zero(c));
    EXPECT_EQ((uintptr_t)a & 4095, 8);
    EXPECT_EQ(gc_state(a), GC_STATE_OLD | GC_STATE_LARGE);
    EXPECT_EQ(gc_state((char *)c + 4999999), GC_STATE_OLD | GC_STATE_LARGE);
    EXPECT(gc_bit_test(gc_starts, b) && !gc_bit_test(gc_marks, b));
    EXPECT(gc_large_containing((char *)a) == a && gc_large_containing((char *)a + 99000) == a);
    EXPECT(gc_large_containing((char *)c + 4999999) == c);
    EXPECT(gc_large_containing(gc_large_top) == NULL && gc_large_containing(gc_heap_base) == NULL);
    Object *last = NULL;
    visited = 0;
    gc_large_each(visit, &last);
    EXPECT_EQ(visited, 3);
    memset((char *)b + ARRAY_DATA, 7, 200000);
    large_free(b);
    EXPECT(gc_large_containing((char *)b) == NULL && !gc_bit_test(gc_starts, b));
    Object *d = large_new(150000);
    EXPECT(d == b && is_zero(d)); /* memory that is there already comes first */
    large_free(a);
    large_free(d);
    gc_large_check();
    Object *e = large_new(280000);
    EXPECT(e == a && is_zero(e));
    large_free(e);
    large_free(c);
    EXPECT_EQ(gc_large_bytes(), before);
    gc_large_check();
    u64 committed = gc_committed();
    trim(true);
    EXPECT_EQ(gc_large_free_bytes(), 0);
    EXPECT(gc_committed() < committed);
    gc_large_check();
}

TEST(limits)
{
    EXPECT(large_new(0x7fffffff) == NULL || gc_settings.physical > 0x7fffffff);
    pthread_mutex_lock(&gc_heap_lock);
    EXPECT(gc_large_alloc((size_t)1 << 62, false, false) == NULL);
    EXPECT(gc_large_alloc((size_t)(gc_heap_end - gc_large_base) + 8, false, false) == NULL);
    gc_large_trim(true);
    pthread_mutex_unlock(&gc_heap_lock);
    gc_large_check();
}

TEST(huge)
{
    static const char none[4096];
    pthread_mutex_lock(&gc_heap_lock);
    u64 limit = gc_settings.hard_limit;
    gc_settings.hard_limit = (u64)64 << 30;
    char *p = gc_large_alloc((size_t)8 << 30, false, false);
    EXPECT(p && !memcmp(p, none, 4096) && !memcmp(p + ((size_t)8 << 30) - 4096, none, 4096));
    EXPECT(gc_large_containing(p + ((size_t)7 << 30)) == (Object *)(void *)(p + 8));
    gc_large_free((Object *)(void *)(p + 8));
    gc_large_trim(true);
    gc_settings.hard_limit = limit;
    pthread_mutex_unlock(&gc_heap_lock);
    gc_large_check();
}

enum { LIVE = 400 };
static Object *live[LIVE];

/* Random lifetimes of arrays of 90 to 200 KB, swept when a quarter has died. */
TEST(fragmentation)
{
    u64 dead = 0, worst = 0;
    u32 collections = 0;
    for (u32 i = 0; i < 8000; i++) {
        u32 k = random_below(LIVE);
        if (live[k])
            dead += gc_array_length(live[k]);
        live[k] = large_new(90000 + random_below(110000));
        EXPECT(live[k] && is_zero(live[k]));
        ((char *)live[k])[ARRAY_DATA + 80000] = 1;
        *(u32 *)((char *)live[k] + ARRAY_DATA) = k;
        if (dead < (u64)(LIVE / 4) * 145000)
            continue;
        dead = 0;
        collections++;
        for (u32 m = 0; m < LIVE; m++)
            if (live[m])
                gc_bit_set(gc_marks, live[m]);
        gc_large_sweep();
        gc_large_unmark();
        trim(false);
        u64 percent = gc_large_free_bytes() * 100 / gc_large_bytes();
        worst = MAX(worst, i > 2000 ? percent : 0);
        gc_large_check();
    }
    EXPECT(collections > 40);
    EXPECT(worst <= 25); /* a small space: the floor of what is kept shows */
    for (u32 m = 0; m < LIVE; m++)
        EXPECT(*(u32 *)((char *)live[m] + ARRAY_DATA) == m && gc_large_containing((char *)live[m] + 85000) == live[m]);
}

static void compact(void)
{
    for (u32 m = 0; m < LIVE; m++)
        if (live[m])
            gc_bit_set(gc_marks, live[m]);
    gc_large_compact_plan();
    Object *to[LIVE];
    for (u32 m = 0; m < LIVE; m++)
        to[m] = live[m] ? gc_large_forward(live[m]) : NULL;
    gc_large_compact_move();
    for (u32 m = 0; m < LIVE; m++) {
        live[m] = to[m];
        EXPECT(!to[m] || (*(u32 *)((char *)to[m] + ARRAY_DATA) == m && to[m]->mt == fake(FAKE_BYTES) && gc_bit_test(gc_starts, to[m])));
        EXPECT(!to[m] || gc_large_containing((char *)to[m] + 85000) == to[m]);
    }
    gc_large_unmark();
    gc_large_check();
}

TEST(compaction)
{
    for (u32 m = 0; m < LIVE; m += 2)
        live[m] = NULL;
    Object *pinned[] = {live[1], live[201], live[333]};
    for (u32 i = 0; i < ARRAY_LEN(pinned); i++)
        gc_bit_set(gc_pin_bits, pinned[i]);
    *gc_card((char *)live[5] + 4096) = GC_CARD_YOUNG;
    compact();
    EXPECT_EQ(*gc_card((char *)live[5] + 4096), GC_CARD_YOUNG);
    *gc_card((char *)live[5] + 4096) = 0;
    EXPECT(live[1] == pinned[0] && live[201] == pinned[1] && live[333] == pinned[2]);
    for (u32 i = 0; i < ARRAY_LEN(pinned); i++)
        gc_pin_bits[gc_bit(pinned[i]) >> 6] = 0;
    compact();
    char *end = NULL;
    for (u32 m = 0; m < LIVE; m++)
        end = live[m] ? MAX(end, (char *)live[m] + gc_object_size(live[m])) : end;
    EXPECT((u64)(end - gc_large_base) < gc_large_bytes() + 4096);
    trim(true);
    for (u32 m = 0; m < LIVE; m++) { /* the freed end is used again, zeroed */
        if (!live[m])
            live[m] = large_new(90000 + random_below(110000));
        EXPECT(m % 2 || is_zero(live[m]));
        *(u32 *)((char *)live[m] + ARRAY_DATA) = m;
    }
    gc_large_check();
    memset(live, 0, sizeof live);
    gc_large_sweep();
    EXPECT_EQ(gc_large_bytes(), 0);
    gc_large_check();
}

TEST(at_the_limit)
{
    u64 limit = gc_settings.hard_limit;
    trim(true);
    gc_settings.hard_limit = gc_committed() + ((u64)64 << 20);
    u32 n = 0;
    while (n < LIVE && (live[n] = large_new(200000)))
        n++;
    EXPECT(n > 200 && n < LIVE);
    for (u32 m = 0; m < n; m += 2)
        large_free(live[m]);
    Object *big = large_new(20000000); /* no hole takes it: the memory of others makes room */
    EXPECT(big && is_zero(big));
    gc_large_check();
    live[0] = big;
    *(u32 *)((char *)big + ARRAY_DATA) = 0;
    for (u32 m = 1; m < LIVE; m++) {
        live[m] = m < n && m % 2 ? live[m] : NULL;
        if (live[m])
            *(u32 *)((char *)live[m] + ARRAY_DATA) = m;
    }
    compact();
    gc_settings.hard_limit = limit;
    gc_large_sweep();
}

TEST_MAIN(life, limits, huge, fragmentation, compaction, at_the_limit)
