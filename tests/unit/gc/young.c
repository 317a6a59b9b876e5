/* young.c: evacuation of the young generations by several workers. */
#include "test.h"
#include "unit/gc/fake_types.h"

#include "gc/gc_int.h"

enum { HOLDERS = 4, HOLDER_LENGTH = 140000, N = 20, BYTES = 60000 };

static Object **held(u32 holder, u32 i) { return fake_slot(fake_roots[2 * holder], (int)i + 1); }
static u8 *last_byte(Object *o) { return (u8 *)fake_slot(o, 1) + BYTES - 1; }

/* The same young objects in several arrays, whose cards are different workers'. */
static void share_objects(Thread *t)
{
    for (u32 i = 0; i < N; i++) {
        Object *o = gc_alloc_array(t, fake(FAKE_BYTES), BYTES, 0);
        *last_byte(o) = (u8)i;
        for (u32 k = 0; k < HOLDERS; k++)
            gc_store_ref(held(k, i), o);
    }
}

static void check_objects(void)
{
    for (u32 i = 0; i < N; i++) {
        EXPECT_EQ(*last_byte(*held(0, i)), i);
        for (u32 k = 1; k < HOLDERS; k++)
            EXPECT(*held(k, i) == *held(0, i));
    }
}

/* Workers that meet at one object: one copy counts, and what the others wrote is gone; gc_verify looks behind the regions' last objects. */
TEST(races_for_an_object)
{
    Thread *t = fake_start();
    for (u32 k = 0; k < HOLDERS; k++)
        fake_roots[2 * k] = gc_alloc_array(t, fake(FAKE_REFS), HOLDER_LENGTH, 0);
    gc_worker_count = HOLDERS;
    for (u32 round = 0; round < 100; round++) {
        share_objects(t);
        gc_young_is_long = true;
        gc_collect(t, (i32)(round % 2), 0, GC_REASON_INDUCED);
        gc_verify(t, "after an evacuation");
        check_objects();
    }
    gc_worker_count = 1;
    for (u32 k = 0; k < HOLDERS; k++)
        fake_roots[2 * k] = NULL;
}

TEST_MAIN(races_for_an_object)
