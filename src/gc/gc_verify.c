/* gc_verify.c: the debug check, and the chances at which a stress run collects.
 * One pass proves the MethodTable and size of every object, and notes the starts of generation 0, which gc_starts does not know, in
 * gc_pin_bits (free outside of collections).  Then every reference of the heap, the stacks, static blocks, handles and the
 * finalisation lists must point at a start, and each that leads to a younger generation must lie on a dirty card.
 * Not here: brick look-ups, which work without a stop (gc_heap.c).  Book: gc.md  Tests: tests/unit/gc/ */
#include "base/knobs.h"
#include "base/log.h"
#include "gc/gc_int.h"

#include <stdio.h>
#include <stdlib.h>

enum { ZERO_WORDS = 256 };

GcVerifyCounts gc_verify_counts;

static GcStress stress;
static u64 stress_every = 1, stress_chances, verify_every;
static u64 stress_rarer; /* after so many collections the next ones come half as often; 0: they do not */
static __thread bool in_check; /* a chance inside a check is none */

/* State of the running check; the world is stopped. */
static struct {
    const char *why;
    u64 frames, slots;
    const void *known[256]; /* MethodTables that passed, by hash */
} run;

static bool is_start(const void *p)
{
    if ((uintptr_t)p & 7)
        return false;
    u8 state = gc_state_any(p);
    if (UNLIKELY(!state))
        return gc_is_foreign(p);
    return gc_bit_test(state & GC_STATE_GEN0 ? gc_pin_bits : gc_starts, p);
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
    if (r->kind == GC_REGION_GEN0 && gc_is_free(o))
        return;
    CHECKF(good_type(o->mt), "gc verify (%s): object %p in region kind %u has MethodTable %p, which is none", run.why,
           (void *)o, r->kind, (void *)o->mt);
    CHECKF(r->kind == GC_REGION_LARGE || (char *)o - 8 + gc_object_size(o) <= r->bump, "gc verify (%s): object %p reaches beyond its region",
           run.why, (void *)o);
    if (r->kind == GC_REGION_GEN0)
        gc_bit_set(gc_pin_bits, o);
    gc_verify_counts.objects++;
}

/* What is said to be zero is; its beginning stands for the rest, which may never have been touched. */
static void check_zero(const GcRegion *r)
{
    const u64 *from = (const u64 *)(const void *)MAX(r->bump, r->zero_from);
    for (const u64 *p = from; p < from + ZERO_WORDS && (const char *)p < r->end; p++)
        CHECKF(!*p, "gc verify (%s): region %p of kind %u: word at %p, behind its objects, is %llx", run.why, (const void *)r->start, r->kind,
               (const void *)p, (unsigned long long)*p);
}

static void check_regions(void)
{
    for (u32 i = 0; i < gc_region_count; i++)
        if (gc_regions[i].kind != GC_REGION_FREE)
            check_zero(&gc_regions[i]);
}

static void clear_starts(void)
{
    for (u32 i = 0; i < gc_region_count; i++)
        if (gc_regions[i].kind == GC_REGION_GEN0)
            gc_bits_clear(gc_pin_bits, gc_regions[i].start, gc_regions[i].end);
}

/* Generations of states, oldest 2. */
static int age_of(u8 state)
{
    return state & GC_STATE_GEN0 ? 0 : state & GC_STATE_YOUNG ? 1 : 2;
}

static void check_heap_ref(void *arg, Object *holder, Object **slot)
{
    (void)arg;
    Object *v = *slot;
    gc_verify_counts.references++;
    char buf[256];
    if (LIKELY(!v || is_start(v))) {
        u8 enough = v && gc_state(v) & GC_STATE_GEN0 ? GC_CARD_YOUNG : GC_CARD_YOUNG | GC_CARD_GEN1;
        if (LIKELY(!v || age_of(gc_state(v)) >= age_of(gc_state(slot)) || *gc_card(slot) & enough))
            return;
        CHECKF(false, "gc verify (%s): object %p (%s) refers to a younger object, %p, at offset %ld, and its card is clean", run.why,
               (void *)holder, name_of(holder, buf, sizeof buf), (void *)v, (long)((char *)slot - (char *)holder));
    }
    CHECKF(false, "gc verify (%s): object %p (%s) holds %p at offset %ld: not an object", run.why, (void *)holder,
           name_of(holder, buf, sizeof buf), (void *)v, (long)((char *)slot - (char *)holder));
}

static void check_object(void *arg, Object *o, GcRegion *r)
{
    if (r->kind != GC_REGION_GEN0 || !gc_is_free(o))
        gc_object_refs(o, check_heap_ref, arg);
}

static bool good_interior(const char *p)
{
    return !gc_state_any(p) || gc_containing_object(p);
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
    gc_client->stop_world(self, NULL);
    gc_back_lock_stopped();
    run.why = why;
    run.frames = run.slots = 0;
    memset(run.known, 0, sizeof run.known);
    check_regions();
    gc_walk_heap(mark_start, NULL);
    gc_walk_heap(check_object, NULL);
    gc_roots_visit(check_static, NULL);
    gc_handles_visit(check_handle, NULL);
    gc_final_visit(check_final, NULL);
    if (gc_client->walk_stacks)
        gc_client->walk_stacks(check_slot, NULL, NULL, &run.frames);
    clear_starts();
    gc_verify_counts.checks++;
    gc_verify_counts.frames += run.frames;
    gc_verify_counts.slots += run.slots;
    gc_back_unlock_stopped();
    gc_client->resume_world(self);
    gc_clear_dead_frames();
    in_check = false;
}

/* To standard error, or as one line, with the command, at the end of the file that STATOR_GCREPORT names. */
static void report(const char *text)
{
    const char *path = knob_str(KNOB_GCREPORT);
    FILE *f = path && *path ? fopen(path, "a") : NULL;
    if (!f) {
        fprintf(stderr, "%s\n", text);
        return;
    }
    char command[512] = "";
    FILE *c = fopen("/proc/self/cmdline", "r");
    size_t n = c ? fread(command, 1, sizeof command - 1, c) : 0;
    if (c)
        fclose(c);
    for (size_t i = 0; i < n; i++)
        if (!command[i] || command[i] == '\n')
            command[i] = ' ';
    fprintf(f, "%s: %s\n", text, command);
    fclose(f);
}

static void print_counts(void)
{
    const GcVerifyCounts *c = &gc_verify_counts;
    char text[200];
    snprintf(text, sizeof text, "gc verify: %llu checks, %llu frames, %llu slots, %llu references, %llu objects", (unsigned long long)c->checks,
             (unsigned long long)c->frames, (unsigned long long)c->slots, (unsigned long long)c->references, (unsigned long long)c->objects);
    report(text);
}

static void print_collections(void)
{
    char text[100];
    snprintf(text, sizeof text, "gc stress: %u collections, %llu objects moved", gc_collections[0], (unsigned long long)gc_moved_total);
    report(text);
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
            base_fatal(1, "STATOR_GCSTRESS=%s: expected alloc, poll or transition, then :n or :n:m", text);
        char *end = NULL;
        stress_every = text[n] ? strtoull(text + n + 1, &end, 10) : 1;
        stress_rarer = end && *end == ':' ? strtoull(end + 1, NULL, 10) : 0;
        if (!stress_every)
            stress_every = 1;
    }
    gc_stress_allocs = stress == GC_STRESS_ALLOC;
    gc_quarantine = stress != GC_STRESS_NONE;
    if (stress)
        atexit(print_collections);
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

/* All three generations in turn; the full one moves everything that can move, or every other time begins a cycle in the background, which the
 * chances that follow leave alone. */
void gc_stress_chance(Thread *t, const char *where)
{
    static u32 turn;
    u64 chance = __atomic_add_fetch(&stress_chances, 1, __ATOMIC_RELAXED);
    if (in_check || chance % __atomic_load_n(&stress_every, __ATOMIC_RELAXED) || !gc_free_mt)
        return;
    in_check = true;
    u32 count = __atomic_add_fetch(&turn, 1, __ATOMIC_RELAXED);
    if (stress_rarer && count % stress_rarer == 0)
        __atomic_store_n(&stress_every, stress_every * 2, __ATOMIC_RELAXED);
    i32 generation = (i32)(count % 3);
    bool background = count % 6 == 5;
    if (generation == 2 && gc_back_active && !background)
        generation = 1;
    LOG(gc, 2, "stress: chance %llu (%s), generation %d", (unsigned long long)chance, where, generation);
    gc_collect(t, generation, background ? 0 : GC_COLLECT_BLOCKING | GC_COLLECT_COMPACTING, GC_REASON_STRESS);
    in_check = false;
    if (verify_every)
        gc_verify(t, where);
}
