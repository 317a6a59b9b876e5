/* gc_evac.c: sparse old regions are emptied in the final pause of a background cycle, so that the old generation does not fray.
 * Candidates are chosen before marking: the emptiest regions, as many as the pause may copy.  Whoever visits a slot while the cycle marks
 * (the background thread, young collections, the final pause) hands slots that refer to a candidate to gc_evac_record.  Incremental
 * update sees to it that each slot of a live old object is visited after its last change, so the record is complete: what remains are roots,
 * and objects of generation 1, all of which the final pause visits.
 * Invariants: nothing is allocated in a candidate.  A recorded slot lies in an object that does not move and whose memory is not used again before
 * the final pause is over.
 * Time: what the pause has to do is estimated from what is known then, and candidates stay where they are as long as it is more than BUDGET_NS.
 * Not here: compaction of everything (gc_full.c).  Book: gc.md  Tests: tests/unit/gc/back.c */
#include "base/log.h"
#include "gc/gc_int.h"
#include "os/os_time.h"

enum {
    MAX_CANDIDATES = 64,
    BUDGET_NS = 500000,       /* of the final pause; twice that when most of the old generation is gaps */
    EAGER_BUDGET_NS = 4000000, /* when memory is to be conserved */
    OBJECT_NS = 30,           /* to copy one and correct what it refers to, */
    REGION_NS = 14000,        /* to look for them in a region's bitmap, */
    SLOT_NS = 12,             /* to correct a recorded slot, */
    ROOT_NS = 4,              /* and a handle */
    BYTES_PER_NS = 4,         /* copied */
    MAX_SLOTS = EAGER_BUDGET_NS / SLOT_NS + 1,
    SPARSE_PERCENT = 25,      /* live share of a region up to which it is worth its copying */
    EAGER_SPARSE_PERCENT = 50,
    FRAYED_PERCENT = 15,      /* share of gaps in the old regions from which on regions are evacuated at all */
    MOST_PERCENT = 50,
    MIN_REGIONS = 4,
};

static struct {
    u32 regions[MAX_CANDIDATES];
    u32 count;
    u64 budget;           /* ns */
    pthread_mutex_t lock; /* several workers record */
    VEC(Object **) slots;
    VEC(Object *) copies;
} evac = {.lock = PTHREAD_MUTEX_INITIALIZER};

static u8 *state_of(const GcRegion *r)
{
    return &gc_state_biased[(uintptr_t)r->start >> GC_REGION_SHIFT];
}

/* --- Candidates --------------------------------------------------------------------------------------------------------------- */

/* What the final pause may spend, by the share of gaps in the old regions. */
static u64 choose_budget(void)
{
    u64 regions = 0, live = 0, conserve = (u64)gc_settings.conserve_memory;
    for (u32 i = 0; i < gc_region_count; i++)
        if (gc_regions[i].kind == GC_REGION_OLD) {
            regions++;
            live += gc_regions[i].live_bytes;
        }
    u64 total = regions * GC_REGION_SIZE, gaps = total - MIN(live, total);
    if (regions < MIN_REGIONS || gaps * 100 < total * (conserve ? (10 - conserve) * 10 : FRAYED_PERCENT))
        return 0;
    return conserve ? EAGER_BUDGET_NS : gaps * 100 >= total * MOST_PERCENT ? 2 * BUDGET_NS : BUDGET_NS;
}

/* Keeps the list sorted by live bytes, the emptiest first, and as long as may be. */
static void consider(u32 index)
{
    u32 at = evac.count;
    while (at && gc_regions[evac.regions[at - 1]].live_bytes > gc_regions[index].live_bytes)
        at--;
    if (at == MAX_CANDIDATES)
        return;
    evac.count += evac.count < MAX_CANDIDATES;
    memmove(&evac.regions[at + 1], &evac.regions[at], (evac.count - at - 1) * sizeof *evac.regions);
    evac.regions[at] = index;
}

/* How many of the candidates can be emptied within the budget, the emptiest first.  What lived in them after their last sweep is the most
 * that can live now. */
static u32 affordable(u64 fixed)
{
    u64 left = evac.budget, cost;
    u32 n = 0;
    fixed += gc_cycle.stacks_ns + gc_handles_count() * ROOT_NS + (u64)evac.slots.len * SLOT_NS;
    for (left -= MIN(fixed, left); n < evac.count; n++, left -= cost) {
        const GcRegion *r = &gc_regions[evac.regions[n]];
        cost = REGION_NS + r->live_bytes / MAX(r->mean_bytes, (u32)GC_MIN_OBJECT) * OBJECT_NS + r->live_bytes / BYTES_PER_NS;
        if (cost > left)
            break;
    }
    return n;
}

void gc_evac_choose(void)
{
    evac.count = 0;
    vec_clear(&evac.slots);
    evac.budget = choose_budget();
    if (!evac.budget)
        return;
    u64 sparse = GC_REGION_SIZE * (gc_settings.conserve_memory ? EAGER_SPARSE_PERCENT : SPARSE_PERCENT) / 100;
    for (u32 i = 0; i < gc_region_count; i++)
        if (gc_regions[i].kind == GC_REGION_OLD && gc_regions[i].swept && gc_regions[i].live_bytes <= sparse)
            consider(i);
    evac.count = affordable(0);
    for (u32 i = 0; i < evac.count; i++) {
        GcRegion *r = &gc_regions[evac.regions[i]];
        r->has_pins = false;
        *state_of(r) |= GC_STATE_CANDIDATE;
    }
}

void gc_evac_cancel(void)
{
    for (u32 i = 0; i < evac.count; i++)
        *state_of(&gc_regions[evac.regions[i]]) &= (u8)~(GC_STATE_CANDIDATE | GC_STATE_CONDEMNED);
    evac.count = 0;
    vec_free(&evac.slots);
}

void gc_evac_record(Object **slot)
{
    u8 s = gc_state_any(slot);
    bool stays = !(s & GC_STATE_YOUNG) || (s & (GC_STATE_CONDEMNED | GC_STATE_GEN0)) == GC_STATE_CONDEMNED; /* pinned, about to be old */
    if (!s || (!stays && !gc_cycle.final))
        return; /* a root, or an object that the final pause visits again */
    pthread_mutex_lock(&evac.lock);
    if (evac.slots.len < MAX_SLOTS) /* so many are over every budget */
        vec_push(&evac.slots, slot);
    pthread_mutex_unlock(&evac.lock);
}

/* --- The final pause ----------------------------------------------------------------------------------------------------------------- */

static void copy_object(GcWorker *w, Object *o)
{
    size_t n = gc_object_size(o);
    char *to = gc_lab_alloc(&w->lab2, GC_REGION_OLD, n);
    if (!to) { /* it stays */
        gc_pin(o);
        return;
    }
    Object *copy = (Object *)(void *)(to + 8);
    memcpy(to, (const char *)o - 8, n);
    gc_bit_set(gc_starts, copy);
    gc_bit_set(gc_marks, copy);
    o->mt = (MethodTable *)((uintptr_t)copy + 1);
    vec_push(&evac.copies, copy);
    w->moved_objects++;
}

static void copy_region(GcWorker *w, const GcRegion *r)
{
    size_t first = gc_bit(r->start) >> 6, last = gc_bit(r->end) >> 6;
    for (size_t k = first; k < last; k++) {
        u64 bits = gc_marks[k];
        if (UNLIKELY(r->has_pins))
            bits &= ~gc_pin_bits[k];
        for (; bits; bits &= bits - 1)
            copy_object(w, (Object *)(gc_heap_base + (k * 64 + (size_t)__builtin_ctzll(bits)) * 8));
    }
}

static inline void fix_slot(Object **slot)
{
    Object *v = *slot, *now;
    if (v && gc_state(v) & GC_STATE_CANDIDATE && (now = gc_forwarded(v)))
        *slot = now;
}

static void fix_slot_of_copy(void *arg, Object *holder, Object **slot)
{
    (void)arg;
    (void)holder;
    if (!*slot)
        return;
    fix_slot(slot);
    if (gc_state(*slot) & GC_STATE_YOUNG)
        *gc_card(slot) |= GC_CARD_YOUNG;
}

/* Nothing lives in it any more, or pinned objects only. */
static void settle_region(GcRegion *r)
{
    u64 any = 0;
    size_t first = gc_bit(r->start) >> 6, last = gc_bit(r->end) >> 6;
    *state_of(r) = GC_STATE_OLD;
    for (size_t k = first; k < last && r->has_pins; k++)
        any |= gc_marks[k] &= gc_pin_bits[k];
    if (!any)
        gc_region_free(r); /* else it is swept like others */
}

void gc_evac_move(u64 decide_ns)
{
    u64 start = os_time_mono_ns();
    u32 chosen = evac.count, n = affordable(decide_ns);
    for (u32 i = n; i < evac.count; i++)
        *state_of(&gc_regions[evac.regions[i]]) = GC_STATE_OLD;
    evac.count = n;
    if (!n) {
        if (chosen)
            LOG(gc, 2, "background: %u sparse regions stay, %u slots lead there", chosen, evac.slots.len);
        gc_evac_cancel();
        return;
    }
    GcWorker *w = &gc_workers[0];
    for (u32 i = 0; i < n; i++)
        *state_of(&gc_regions[evac.regions[i]]) |= GC_STATE_CONDEMNED;
    for (u32 i = 0; i < n; i++)
        copy_region(w, &gc_regions[evac.regions[i]]);
    for (u32 i = 0; i < evac.slots.len; i++)
        fix_slot(evac.slots.data[i]);
    for (u32 i = 0; i < evac.copies.len; i++)
        gc_refs(evac.copies.data[i], fix_slot_of_copy, NULL);
    gc_fix_roots();
    for (u32 i = 0; i < n; i++)
        settle_region(&gc_regions[evac.regions[i]]);
    LOG(gc, 2, "background: %u of %u sparse regions evacuated, %u objects moved, %u slots corrected, %llu us", n, chosen, evac.copies.len,
        evac.slots.len, (unsigned long long)(os_time_mono_ns() - start) / 1000);
    gc_cycle.record.compacted = true;
    evac.count = 0;
    vec_free(&evac.slots);
    vec_free(&evac.copies);
}
