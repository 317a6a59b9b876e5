/* gc_verify.c: the debug check, and the chances at which a stress run makes it.
 * One pass marks the start of every object in gc_start_bits, with its MethodTable and size proved; then every
 * reference of the heap, the stacks, static blocks, handles and the finalisation lists must point at such a start.
 * Not here: brick look-ups, which work without a stop (gc_heap.c).  Book: gc.md  Tests: tests/unit/gc/ */
#include "base/knobs.h"
#include "gc/gc_int.h"

#include <stdio.h>
#include <stdlib.h>

GcVerifyCounts gc_verify_counts;

static GcStress stress;
static u64 stress_every = 1, stress_chances, verify_every;
static __thread bool in_check; /* a chance inside a check is none */

/* State of the running check; the world is stopped. */
static struct {
    const char *why;
    u64 frames, slots;
    const void *known[256]; /* MethodTables that passed, by hash */
} run;

static size_t bit_of(const void *p)
{
    return (size_t)((const char *)p - gc_heap_base) >> 3;
}

static bool is_start(const void *p)
{
    return gc_in_heap(p) && !((uintptr_t)p & 7) && gc_start_bits[bit_of(p) >> 6] >> (bit_of(p) & 63) & 1;
}

static const char *name_of(const Object *o, char *buf, size_t n)
{
    snprintf(buf, n, "?");
    return o && gc_client->type_name ? gc_client->type_name(o->mt, buf, n) : buf;
}

static bool good_type(const MethodTable *mt)
{
    const void **seen = &run.known[base_hash_u64((u64)(uintptr_t)mt >> 3) & 255];
    if (*seen == mt)
        return true;
    if (!mt || (gc_client->is_method_table && !gc_client->is_method_table(mt)))
        return false;
    *seen = mt;
    return true;
}

static void mark_start(void *arg, Object *o, GcRegion *r)
{
    (void)arg;
    if (gc_is_free(o))
        return;
    CHECKF(good_type(o->mt), "gc verify (%s): object %p in region kind %u has MethodTable %p, which is none", run.why,
           (void *)o, r->kind, (void *)o->mt);
    gc_start_bits[bit_of(o) >> 6] |= 1ull << (bit_of(o) & 63);
    gc_verify_counts.objects++;
}

static void clear_starts(void)
{
    for (u32 i = 0; i < gc_region_count; i++)
        if (gc_regions[i].kind != GC_REGION_TAIL && gc_regions[i].kind != GC_REGION_FREE) {
            size_t from = bit_of(gc_regions[i].start) >> 6, to = bit_of(gc_regions[i].bump) >> 6;
            memset(gc_start_bits + from, 0, (to - from + 1) * 8);
        }
}

static void check_heap_ref(void *arg, Object *holder, Object **slot)
{
    (void)arg;
    Object *v = *slot;
    gc_verify_counts.references++;
    if (LIKELY(!v || is_start(v)))
        return;
    char buf[256];
    CHECKF(false, "gc verify (%s): object %p (%s) holds %p at offset %ld: not an object", run.why, (void *)holder,
           name_of(holder, buf, sizeof buf), (void *)v, (long)((char *)slot - (char *)holder));
}

static void check_object(void *arg, Object *o, GcRegion *r)
{
    (void)r;
    if (!gc_is_free(o))
        gc_object_refs(o, check_heap_ref, arg);
}

/* The object that p points into or just past. */
static Object *holder_of(const char *p)
{
    const GcRegion *r = gc_region_of(p);
    if (r->kind == GC_REGION_TAIL)
        r = &gc_regions[r->head];
    if (r->kind == GC_REGION_FREE || p > r->bump)
        return NULL;
    if (r->span > 1)
        p = MIN(p, r->start + 8);
    size_t first = bit_of(r->start) >> 6, w = bit_of(p) >> 6;
    u64 bits = gc_start_bits[w] & (~0ull >> (63 - (bit_of(p) & 63)));
    while (!bits && w > first)
        bits = gc_start_bits[--w];
    return bits ? (Object *)(gc_heap_base + (w * 64 + 63 - (size_t)__builtin_clzll(bits)) * 8) : NULL;
}

static bool good_interior(const char *p)
{
    if (!gc_in_heap(p))
        return true;
    for (u32 past = 0; past <= 8; past += 8) { /* a header's address belongs to the object behind and, as its end, to the one before */
        Object *o = holder_of(p - past);
        if (o && p <= (char *)o - 8 + gc_object_size(o))
            return true;
    }
    return is_start(p + 8);
}

static void check_slot(void *arg, Object **slot, GcSlotKind kind)
{
    (void)arg;
    static const char *const names[] = {"reference", "interior pointer", "pinned reference", "pinned interior pointer", "word"};
    Object *v = *slot;
    run.slots++;
    bool good = true;
    if (kind == GC_SLOT_REF || kind == GC_SLOT_PINNED_REF)
        good = !v || is_start(v);
    else if (kind == GC_SLOT_INTERIOR || kind == GC_SLOT_PINNED_INTERIOR)
        good = good_interior((const char *)v);
    if (LIKELY(good))
        return;
    CHECKF(false, "gc verify (%s): frame %llu of this walk, slot %p (%s) holds %p: not an object", run.why,
           (unsigned long long)run.frames, (void *)slot, names[kind], (void *)v);
}

static void check_root(const char *what, Object **slot)
{
    gc_verify_counts.references++;
    CHECKF(!*slot || is_start(*slot), "gc verify (%s): %s slot %p holds %p: not an object", run.why, what, (void *)slot,
           (void *)*slot);
}

static void check_static(void *arg, Object **slot)
{
    (void)arg;
    check_root("static block", slot);
}

static void check_final(void *arg, Object **slot)
{
    (void)arg;
    check_root("finalisation list", slot);
}

static void check_handle(void *arg, GcHandleKind kind, Object **slot)
{
    static const char *const names[] = {"weak handle", "tracking weak handle", "strong handle", "pinned handle", "dependent handle"};
    (void)arg;
    check_root(names[kind], slot);
}

void gc_verify(Thread *self, const char *why)
{
    if (in_check || !gc_client || !gc_client->stop_world)
        return;
    in_check = true;
    gc_client->stop_world(self);
    run.why = why;
    run.frames = run.slots = 0;
    memset(run.known, 0, sizeof run.known);
    clear_starts();
    gc_walk_heap(mark_start, NULL);
    gc_walk_heap(check_object, NULL);
    gc_roots_visit(check_static, NULL);
    gc_handles_visit(check_handle, NULL);
    gc_final_visit(check_final, NULL);
    if (gc_client->walk_stacks)
        gc_client->walk_stacks(check_slot, NULL, &run.frames);
    gc_verify_counts.checks++;
    gc_verify_counts.frames += run.frames;
    gc_verify_counts.slots += run.slots;
    gc_client->resume_world(self);
    in_check = false;
}

static void print_counts(void)
{
    const GcVerifyCounts *c = &gc_verify_counts;
    fprintf(stderr, "gc verify: %llu checks, %llu frames, %llu slots, %llu references, %llu objects\n",
            (unsigned long long)c->checks, (unsigned long long)c->frames, (unsigned long long)c->slots,
            (unsigned long long)c->references, (unsigned long long)c->objects);
}

void gc_stress_init(void)
{
    static const struct {
        const char *name;
        GcStress mode;
    } modes[] = {{"alloc", GC_STRESS_ALLOC}, {"poll", GC_STRESS_POLL}, {"transition", GC_STRESS_TRANSITION}};
    const char *text = knob_str(KNOB_GCSTRESS);
    if (text && *text) {
        size_t n = strcspn(text, ":");
        for (u32 i = 0; i < ARRAY_LEN(modes); i++)
            if (strlen(modes[i].name) == n && !strncmp(text, modes[i].name, n))
                stress = modes[i].mode;
        if (!stress)
            base_fatal(1, "STATOR_GCSTRESS=%s: expected alloc, poll or transition, then :n", text);
        stress_every = text[n] ? strtoull(text + n + 1, NULL, 10) : 1;
        if (!stress_every)
            stress_every = 1;
    }
    gc_stress_allocs = stress == GC_STRESS_ALLOC;
    verify_every = knob_u64(KNOB_GCVERIFY);
    if (verify_every)
        atexit(print_counts);
}

void gc_verify_chance(Thread *t, const char *where)
{
    static u64 chances;
    if (UNLIKELY(verify_every) && __atomic_add_fetch(&chances, 1, __ATOMIC_RELAXED) % verify_every == 0)
        gc_verify(t, where);
}

GcStress gc_stress_mode(void)
{
    return stress;
}

void gc_stress_chance(Thread *t, const char *where)
{
    if (in_check || __atomic_add_fetch(&stress_chances, 1, __ATOMIC_RELAXED) % stress_every)
        return;
    gc_verify(t, where);
}
