/* young.c: evacuation of the young generations: several workers, pinned objects. */
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

static Object *on_c_stack;
static void walk_with_c_stack(GcVisitSlot visit, void *arg, char *low, u64 *frames)
{
    fake_walk(visit, arg, low, frames);
    visit(arg, &on_c_stack, GC_SLOT_CONSERVATIVE);
}

static void fill_a_region(Thread *t)
{
    for (u32 n = 0; n < GC_REGION_SIZE; n += BYTES)
        memset(fake_slot(gc_alloc_array(t, fake(FAKE_BYTES), BYTES, 0), 1), 0x7b, BYTES);
}

/* A handle's object becomes older where it is, one that C holds stays in generation 0: the card between them must be dirty. */
TEST(pinned_of_two_ages)
{
    Thread *t = fake_start();
    GcClient client = *gc_client;
    const GcClient *usual = gc_client;
    client.walk_stacks = walk_with_c_stack;
    gc_client = &client;
    Object *older = gc_alloc(t, fake(FAKE_PAIR));
    GcHandle h = gc_handle_new(NULL, GC_HANDLE_PINNED, older);
    fill_a_region(t);
    on_c_stack = gc_alloc(t, fake(FAKE_PAIR));
    *fake_slot(on_c_stack, 2) = (Object *)(uintptr_t)0x1234567;
    gc_store_ref(fake_slot(older, 0), on_c_stack);
    gc_collect(t, 0, 0, GC_REASON_SOH);
    EXPECT_EQ(gc_generation_of(older), 1);
    EXPECT_EQ(gc_generation_of(on_c_stack), 0);
    gc_verify(t, "pins of two ages");
    on_c_stack = NULL;
    for (int i = 0; i < 3; i++) {
        gc_collect(t, 0, 0, GC_REASON_SOH);
        fill_a_region(t);
        EXPECT(*fake_slot(*fake_slot(older, 0), 2) == (Object *)(uintptr_t)0x1234567);
    }
    gc_handle_free(h);
    gc_client = usual;
}

TEST_MAIN(races_for_an_object, pinned_of_two_ages)
