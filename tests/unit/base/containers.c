/* Arena, vector and maps. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "test.h"

TEST(arena_zeroes_and_releases)
{
    Arena a;
    arena_init(&a, 256);
    char *first = arena_alloc(&a, 10);
    EXPECT_EQ((uintptr_t)first % 16, 0);
    ArenaMark m = arena_mark(&a);
    memset(arena_alloc(&a, 100), 0xff, 100);
    memset(arena_alloc(&a, 1000), 0xff, 1000);
    arena_release(&a, m);
    EXPECT_EQ(a.total, 256);
    char *p = arena_alloc(&a, 200);
    for (int i = 0; i < 200; i++)
        EXPECT_EQ(p[i], 0);
    EXPECT_STR(arena_printf(&a, "%s-%d", "x", 7), "x-7");
    EXPECT_STR(arena_strndup(&a, "hello", 3), "hel");
    arena_free(&a);
    EXPECT_EQ(a.total, 0);
    EXPECT(arena_alloc(&a, 0) != NULL);
    arena_free(&a);
}

TEST(arena_release_to_the_start)
{
    Arena a;
    arena_init(&a, 0);
    ArenaMark m = arena_mark(&a);
    arena_alloc(&a, 100000);
    arena_alloc(&a, 5);
    arena_release(&a, m);
    EXPECT_EQ(a.total, 0);
    arena_free(&a);
}

TEST(vec_grows)
{
    VEC(u32) v = {0};
    for (u32 i = 0; i < 1000; i++)
        vec_push(&v, i * 3);
    EXPECT_EQ(v.len, 1000);
    EXPECT_EQ(v.data[999], 2997);
    EXPECT_EQ(vec_pop(&v), 2997);
    EXPECT_EQ(vec_last(&v), 2994);
    vec_free(&v);
    EXPECT_EQ(v.cap, 0);
}

/* Random puts and removes against a plain array. */
TEST(map64_against_array)
{
    enum { N = 500 };
    u64 have[N] = {0};
    Map64 m = {0};
    srand(1);
    for (int i = 0; i < 100000; i++) {
        u32 k = (u32)rand() % N;
        if (rand() % 2) {
            have[k] = (u64)i + 1;
            map64_put(&m, (k + 1) * 4096ull, have[k]);
        } else {
            EXPECT_EQ(map64_remove(&m, (k + 1) * 4096ull), have[k] != 0);
            have[k] = 0;
        }
    }
    u32 count = 0;
    for (u32 k = 0; k < N; k++) {
        u64 v = 0;
        EXPECT_EQ(map64_get(&m, (k + 1) * 4096ull, &v), have[k] != 0);
        EXPECT_EQ(v, have[k]);
        count += have[k] != 0;
    }
    EXPECT_EQ(m.len, count);
    map64_free(&m);
}

TEST(strmap_keeps_copies)
{
    StrMap m = {0};
    char key[32];
    for (uintptr_t i = 1; i <= 2000; i++) {
        snprintf(key, sizeof key, "key%d", (int)i);
        strmap_put(&m, key, (void *)i);
    }
    EXPECT_EQ(m.len, 2000);
    EXPECT_EQ((uintptr_t)strmap_get(&m, "key1234"), 1234);
    EXPECT(strmap_get(&m, "key") == NULL);
    strmap_putn(&m, "a\0b", 3, key);
    EXPECT(strmap_getn(&m, "a\0b", 3) == key);
    EXPECT(strmap_getn(&m, "a\0c", 3) == NULL);
    strmap_put(&m, "key1", key);
    EXPECT(strmap_get(&m, "key1") == key);
    strmap_free(&m);
}

TEST(hashes_spread)
{
    u32 seen[256] = {0};
    char s[16];
    for (int i = 0; i < 25600; i++) {
        snprintf(s, sizeof s, "%d", i);
        seen[base_hash_str(s) & 255]++;
    }
    for (int i = 0; i < 256; i++)
        EXPECT(seen[i] > 40 && seen[i] < 180);
}

TEST(err_keeps_the_first)
{
    Err e = {0};
    EXPECT(!err_set(&e, ERR_BAD_IMAGE, 7, "first %d", 1));
    EXPECT(!err_set(&e, ERR_TYPE_LOAD, 8, "second"));
    EXPECT_EQ(e.kind, ERR_BAD_IMAGE);
    EXPECT_EQ(e.token, 7);
    EXPECT_STR(e.text, "first 1");
    EXPECT(!err_set(NULL, ERR_TYPE_LOAD, 0, "nobody listens"));
}

TEST_MAIN(arena_zeroes_and_releases, arena_release_to_the_start, vec_grows, map64_against_array, strmap_keeps_copies,
          hashes_spread, err_keeps_the_first)
