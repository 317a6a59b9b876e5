/* fake_types.h: MethodTables made by hand, for tests of gc/ and thread/ without a type system. */
#ifndef FAKE_TYPES_H
#define FAKE_TYPES_H
#include "base/knobs.h"
#include "gc/gc.h"
#include "thread/thread.h"

typedef struct FakeType {
    GcRun run; /* run 0, just before the count */
    i64 runs;
    GcTypePrefix mt;
    u64 rest[7];
} FakeType;
_Static_assert(offsetof(FakeType, mt) - offsetof(FakeType, runs) == 8, "the count lies before the MethodTable");

enum { FAKE_FREE, FAKE_PLAIN, FAKE_PAIR, FAKE_FINAL, FAKE_BYTES, FAKE_REFS, FAKE_COUNT };
/* PLAIN: 16 bytes of data.  PAIR: two references, then a u64. */
static FakeType fake_types[FAKE_COUNT] = {
    [FAKE_FREE] = {.mt = {GC_TYPE_HAS_COMPONENTS | 1, 24}},
    [FAKE_PLAIN] = {.mt = {0, 32}},
    [FAKE_PAIR] = {.run = {8, 2}, .runs = 1, .mt = {GC_TYPE_HAS_REFS, 40}},
    [FAKE_FINAL] = {.mt = {GC_TYPE_HAS_FINALIZER, 24}},
    [FAKE_BYTES] = {.mt = {GC_TYPE_HAS_COMPONENTS | 1, 24}},
    [FAKE_REFS] = {.run = {0, 1}, .runs = -1, .mt = {GC_TYPE_HAS_COMPONENTS | GC_TYPE_HAS_REFS | 8, 24}},
};
static inline MethodTable *fake(int type) { return (MethodTable *)&fake_types[type].mt; }
static inline bool fake_is_type(const void *p)
{
    for (int i = 0; i < FAKE_COUNT; i++)
        if (p == fake(i))
            return true;
    return false;
}
static Object *fake_roots[8]; /* what fake_walk reports */
static inline void fake_walk(GcVisitSlot visit, void *arg, char *low, u64 *frames)
{
    (void)low;
    ++*frames;
    for (size_t i = 0; i < ARRAY_LEN(fake_roots); i++)
        visit(arg, &fake_roots[i], i & 1 ? GC_SLOT_INTERIOR : GC_SLOT_REF);
}
/* Starts gc/ and thread/ once; the caller is attached and cooperative afterwards. */
static inline Thread *fake_start(void)
{
    static const GcClient client = {.stop_world = thread_stop_world,
                                    .resume_world = thread_resume_world,
                                    .walk_stacks = fake_walk,
                                    .is_method_table = fake_is_type,
                                    .poll = thread_poll};
    if (!gc_heap_base) {
        knobs_init();
        Err e = {0};
        CHECKF(gc_init(&client, &e), "%s", e.text);
        gc_set_free_type(fake(FAKE_FREE));
        thread_init();
        thread_enter_cooperative(thread_attach(NULL));
    }
    return thread_current();
}
/* The inline path of compiled code. */
static inline Object *fake_new(Thread *t, int type)
{
    size_t n = fake_types[type].mt.base_size;
    if (n > (size_t)(t->alloc_limit - t->alloc_ptr))
        return gc_alloc(t, fake(type));
    Object *o = (Object *)(void *)(t->alloc_ptr + 8);
    t->alloc_ptr += n;
    o->mt = fake(type);
    return o;
}
static inline Object **fake_slot(Object *o, int i) { return (Object **)(void *)((char *)o + 8 + 8 * i); }
#endif
