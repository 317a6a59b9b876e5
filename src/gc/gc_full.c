/* gc_full.c: the blocking collection of all generations.
 * In: world stopped, gc_back_lock held, chunks retired, no background cycle.  Out: generation 0 is empty; what lived in it is in
 * generation 1, all else is old; gc_starts has exactly the live objects; gaps of the old regions are known.
 * Phases, one function each: mark, decide (gc_collect.c), choose the regions to evacuate, pin, copy, correct every reference, settle the
 * regions, sweep what stayed.
 * Copies are made in order of allocation (regions by sequence, objects by address) and lie without gaps.  Originals keep a forwarding
 * word until all references are right; the from-space marks tell which object an interior pointer is into.
 * When there is no room for a copy its object is pinned instead, so that a full collection cannot fail.
 * Invariant: every slot outside generation 0 and 1 that refers to generation 1 has its card set at the end, and no other card is set.
 * Not here: marking (gc_mark.c), how large objects move (gc_large.c).  Book: gc.md  Tests: tests/unit/gc/full.c */
#include "base/log.h"
#include "gc/gc_int.h"
#include "os/os_time.h"

#include <stdlib.h>

enum {
    FRAGMENTED_PERCENT = 30, /* of the old regions: sparse ones are evacuated */
    PIECE_BYTES = 1 << 20,   /* large objects are corrected piecewise */
    FIX_WINDOW = 16,
    WORKER_REGIONS = 8,      /* regions worth a worker of their own */
};

typedef struct Piece {
    Object *o;
    const char *low;
} Piece;

static struct {
    VEC(u32) sources; /* regions to evacuate, by sequence */
    VEC(u32) kept;    /* regions whose objects stay and that are swept */
    VEC(Piece) large;
    bool move_old, move_large;
    size_t refused; /* there was no room for a copy of so many bytes */
    u32 next; /* work that is handed out to workers one by one */
} run;

static void in_parallel(u32 units, void (*part)(GcWorker *w, void *arg))
{
    u32 n = MIN(gc_worker_count, 1 + units / WORKER_REGIONS);
    run.next = 0;
    if (n > 1)
        gc_parallel(n, part, NULL);
    else
        part(&gc_workers[0], NULL);
}

static inline u32 next_unit(void)
{
    return __atomic_fetch_add(&run.next, 1, __ATOMIC_RELAXED);
}

static u8 *state_of(const GcRegion *r)
{
    return &gc_state_biased[(uintptr_t)r->start >> GC_REGION_SHIFT];
}

/* --- Mark --------------------------------------------------------------------------------------------------------------------- */

static void clear_marks(GcWorker *w, void *arg)
{
    (void)w;
    (void)arg;
    for (u32 i; (i = next_unit()) < gc_region_count;)
        if (gc_regions[i].kind != GC_REGION_FREE)
            gc_bits_clear(gc_marks, gc_regions[i].start, gc_regions[i].end);
}

static void mark_all(void)
{
    in_parallel(gc_region_count / 16, clear_marks);
    gc_large_unmark();
    gc_cycle.mark_states = GC_STATE_OLD | GC_STATE_YOUNG;
    gc_mark_roots();
    gc_mark_drain(&gc_workers[0]);
    gc_gray_release();
}

/* --- Choose ------------------------------------------------------------------------------------------------------------------- */

static u32 count_bits(const u64 *map, const GcRegion *r)
{
    u32 n = 0;
    size_t first = gc_bit(r->start) >> 6, last = gc_bit(r->end) >> 6;
    for (size_t w = first; w < last; w++)
        n += (u32)__builtin_popcountll(map[w]);
    return n;
}

/* About how many bytes of an old region live: by the share of its objects that do. */
static u64 live_estimate(const GcRegion *r)
{
    u64 objects = count_bits(gc_starts, r), live = count_bits(gc_marks, r);
    return objects ? live * MIN((u64)r->live_bytes, (u64)GC_REGION_SIZE) / objects : 0;
}

/* Are the old regions so sparse that those less than half full are worth their copying? */
static bool fragmented(void)
{
    u64 live = 0, total = 0, percent = gc_settings.conserve_memory ? (10 - gc_settings.conserve_memory) * 10 : FRAGMENTED_PERCENT;
    for (u32 i = 0; i < gc_region_count; i++)
        if (gc_regions[i].kind == GC_REGION_OLD) {
            live += live_estimate(&gc_regions[i]);
            total += GC_REGION_SIZE;
        }
    return total > 2 * GC_REGION_SIZE && (total - MIN(live, total)) * 100 >= total * percent;
}

static bool is_source(const GcRegion *r, bool sparse)
{
    switch (r->kind) {
    case GC_REGION_GEN0:
    case GC_REGION_GEN1: return true;
    case GC_REGION_OLD: return run.move_old || (sparse && live_estimate(r) < GC_REGION_SIZE / 2);
    default: return false;
    }
}

static int by_sequence(const void *a, const void *b)
{
    u32 x = gc_regions[*(const u32 *)a].sequence, y = gc_regions[*(const u32 *)b].sequence;
    return x < y ? -1 : x > y;
}

static void choose_sources(void)
{
    run.move_old = gc_cycle.flags & (GC_COLLECT_COMPACTING | GC_COLLECT_AGGRESSIVE) || gc_cycle.reason == GC_REASON_STRESS ||
                   gc_cycle.reason == GC_REASON_LIMIT;
    run.move_large = gc_loh_compaction == 2 || gc_cycle.flags & GC_COLLECT_AGGRESSIVE;
    run.refused = SIZE_MAX;
    vec_clear(&run.sources);
    vec_clear(&run.kept);
    bool sparse = !run.move_old && fragmented();
    run.move_old |= sparse && gc_settings.conserve_memory; /* there no hole is too small */
    for (u32 i = 0; i < gc_region_count; i++) {
        GcRegion *r = &gc_regions[i];
        r->has_pins = false;
        if (is_source(r, sparse)) {
            *state_of(r) |= GC_STATE_CONDEMNED;
            vec_push(&run.sources, i);
            gc_cycle.record.compacted |= r->kind == GC_REGION_OLD;
        } else if (r->kind == GC_REGION_OLD || r->kind == GC_REGION_PINNED) {
            vec_push(&run.kept, i);
        }
    }
    if (run.sources.len)
        qsort(run.sources.data, run.sources.len, sizeof *run.sources.data, by_sequence);
    gc_cycle.record.compacted |= run.move_old || run.move_large;
}

/* --- Pin ----------------------------------------------------------------------------------------------------------------------- */

static void pin_slot(void *arg, Object **slot, GcSlotKind kind)
{
    (void)arg;
    const char *v = (const char *)*slot;
    if (kind == GC_SLOT_REF || kind == GC_SLOT_INTERIOR || !v)
        return;
    gc_pin(v);
    if (kind == GC_SLOT_CONSERVATIVE)
        gc_pin(v + 8); /* C may hold no more than the address of the header */
}

static void pin_all(void)
{
    u64 frames = 0;
    gc_client->walk_stacks(pin_slot, NULL, gc_cycle.low, &frames);
    gc_handles_pins();
    gc_cycle.record.pinned_objects = gc_pinned_count();
}

/* --- Copy ----------------------------------------------------------------------------------------------------------------------- */

static char *room_for(GcWorker *w, bool to_old, size_t n)
{
    if (UNLIKELY(n >= run.refused))
        return NULL;
    char *p = to_old ? gc_lab_alloc(&w->lab2, GC_REGION_OLD, n) : gc_lab_alloc(&w->lab1, GC_REGION_GEN1, n);
    if (UNLIKELY(!p))
        run.refused = n;
    return p;
}

static void copy_object(GcWorker *w, Object *o, bool to_old)
{
    size_t n = gc_object_size(o);
    char *to = room_for(w, to_old, n);
    if (UNLIKELY(!to)) {
        gc_pin(o);
        return;
    }
    Object *copy = (Object *)(void *)(to + 8);
    memcpy(to, (const char *)o - 8, n);
    gc_bit_set(gc_marks, copy);
    o->mt = (MethodTable *)((uintptr_t)copy + 1);
    w->moved_objects++;
    w->promoted_bytes += n;
}

static void copy_region(GcWorker *w, GcRegion *r)
{
    bool to_old = r->kind != GC_REGION_GEN0;
    size_t first = gc_bit(r->start) >> 6, last = gc_bit(r->end) >> 6;
    for (size_t k = first; k < last; k++)
        for (u64 bits = gc_marks[k] & ~gc_pin_bits[k]; bits; bits &= bits - 1)
            copy_object(w, (Object *)(gc_heap_base + (k * 64 + (size_t)__builtin_ctzll(bits)) * 8), to_old);
}

static void copy_all(void)
{
    GcWorker *w = &gc_workers[0];
    gc_old_forget(); /* copies go to fresh regions only: they lie in order and without gaps */
    for (u32 i = 0; i < run.sources.len; i++)
        copy_region(w, &gc_regions[run.sources.data[i]]);
    gc_lab_close(&w->lab1);
    gc_lab_close(&w->lab2);
}

/* --- Correct every reference ------------------------------------------------------------------------------------------------------- */

/* Is an object in a region of this state in generation 1 once the collection is over? A pinned one ages in place. */
static inline bool ends_young(u8 s)
{
    return s & GC_STATE_GEN0 || (s & (GC_STATE_YOUNG | GC_STATE_CONDEMNED)) == GC_STATE_YOUNG;
}

/* Slots whose values' forwarding words are on their way from memory. */
typedef struct Fixer {
    bool wants_cards; /* the holders will be older than generation 1 */
    u32 first, last;  /* window: entries [first, last), counted modulo FIX_WINDOW */
    Object **window[FIX_WINDOW];
} Fixer;

static inline void set_card(const Fixer *f, Object **slot, u8 s)
{
    if (f->wants_cards && ends_young(s))
        *gc_card(slot) |= GC_CARD_GEN1; /* a card's holders all belong to one worker */
}

static inline void fix_oldest(Fixer *f)
{
    Object **slot = f->window[f->first++ % FIX_WINDOW], *v = *slot;
    u8 s = gc_state(v);
    Object *now = s & GC_STATE_LARGE ? gc_large_forward(v) : gc_forwarded(v);
    if (now && now != v) {
        *slot = now;
        s = gc_state(now);
    }
    set_card(f, slot, s);
}

static inline __attribute__((always_inline)) void fix_slot(void *arg, Object *holder, Object **slot)
{
    Fixer *f = arg;
    (void)holder;
    Object *v = *slot;
    if (!v)
        return;
    u8 s = gc_state(v);
    if (!(s & (GC_STATE_CONDEMNED | GC_STATE_LARGE))) {
        set_card(f, slot, s);
        return;
    }
    __builtin_prefetch(v);
    f->window[f->last++ % FIX_WINDOW] = slot;
    if (f->last - f->first == FIX_WINDOW)
        fix_oldest(f);
}

static void fix_rest(Fixer *f)
{
    while (f->first != f->last)
        fix_oldest(f);
}

static void fix_root(void *arg, Object **slot)
{
    (void)arg;
    *slot = gc_moved(*slot);
}

static void fix_interior(Object **slot)
{
    const char *p = (const char *)*slot, *inside = (const char *)((uintptr_t)p - 8);
    u8 s = gc_state_any(inside);
    Object *o = NULL, *now = NULL;
    if (s & GC_STATE_LARGE) {
        o = gc_large_containing(inside);
        now = o ? gc_large_forward(o) : NULL;
    } else if (s & GC_STATE_CONDEMNED) {
        o = gc_bit_before(gc_marks, p, gc_region_of(inside)->start);
        now = o ? gc_forwarded(o) : NULL;
    }
    if (now && p < (const char *)o + gc_size_any(o))
        *slot = (Object *)((char *)now + (p - (const char *)o));
}

static void fix_stack_slot(void *arg, Object **slot, GcSlotKind kind)
{
    if (kind == GC_SLOT_REF)
        fix_root(arg, slot);
    else if (kind == GC_SLOT_INTERIOR)
        fix_interior(slot);
}

static void fix_region(GcRegion *r)
{
    u8 s = *state_of(r);
    const u64 *map = r->kind == GC_REGION_FROZEN ? gc_starts : gc_marks;
    bool condemned = s & GC_STATE_CONDEMNED;
    Fixer f = {.wants_cards = !ends_young(s)};
    if (r->kind == GC_REGION_FREE || (condemned && !r->has_pins))
        return;
    memset(gc_card(r->start), 0, GC_REGION_SIZE >> GC_CARD_SHIFT);
    size_t first = gc_bit(r->start) >> 6, last = gc_bit(r->end) >> 6;
    for (size_t k = first; k < last; k++)
        for (u64 bits = condemned ? map[k] & gc_pin_bits[k] : map[k]; bits; bits &= bits - 1)
            gc_refs((Object *)(gc_heap_base + (k * 64 + (size_t)__builtin_ctzll(bits)) * 8), fix_slot, &f);
    fix_rest(&f);
}

static void list_large(void *arg, Object *o)
{
    (void)arg;
    if (!gc_bit_test(gc_marks, o))
        return;
    const char *end = (const char *)o - 8 + gc_object_size(o);
    memset(gc_card(o), 0, (size_t)(gc_card(end - 1) - gc_card(o)) + 1);
    if (gc_type(o)->flags & GC_TYPE_HAS_REFS)
        for (const char *low = (const char *)o; low < end; low += PIECE_BYTES)
            vec_push(&run.large, ((Piece){o, low}));
}

/* Pieces are cut where cards begin, so that a card belongs to one worker. */
static void fix_piece(const Piece *p)
{
    Fixer f = {.wants_cards = true};
    gc_refs_between(p->o, p->low - 8, p->low - 8 + PIECE_BYTES, fix_slot, &f);
    fix_rest(&f);
}

static void fix_part(GcWorker *w, void *arg)
{
    (void)w;
    (void)arg;
    for (u32 i; (i = next_unit()) < gc_region_count + run.large.len;)
        if (i < gc_region_count)
            fix_region(&gc_regions[i]);
        else
            fix_piece(&run.large.data[i - gc_region_count]);
}

void gc_fix_roots(void)
{
    u64 frames = 0;
    gc_cycle.full_moved = true;
    gc_client->walk_stacks(fix_stack_slot, NULL, gc_cycle.low, &frames);
    gc_roots_visit(fix_root, NULL);
    gc_handles_update();
    gc_final_moved();
    if (gc_client->moved)
        gc_client->moved();
    gc_cycle.full_moved = false;
}

static void fix_all(void)
{
    gc_fix_roots();
    vec_clear(&run.large);
    gc_large_each(list_large, NULL);
    in_parallel(gc_region_count + run.large.len, fix_part);
}

/* --- Settle and sweep ----------------------------------------------------------------------------------------------------------------- */

/* A region with pinned objects: they are all that is left in it.  false: none of them lives. */
static bool keep_pinned(const GcRegion *r)
{
    u64 any = 0;
    size_t first = gc_bit(r->start) >> 6, last = gc_bit(r->end) >> 6;
    for (size_t k = first; k < last; k++)
        any |= gc_marks[k] &= gc_pin_bits[k];
    return any;
}

static void settle_source(u32 i)
{
    GcRegion *r = &gc_regions[i];
    if (!r->has_pins || !keep_pinned(r)) {
        gc_region_free(r);
        return;
    }
    gc_region_set_kind(r, r->kind == GC_REGION_GEN0 ? GC_REGION_GEN1 : GC_REGION_OLD);
    if (r->kind == GC_REGION_OLD) {
        r->listed = false;
        vec_push(&run.kept, i);
    }
}

/* What is marked now is all there is: the bitmaps change places. */
static void marks_become_starts(void)
{
    for (u32 i = 0; i < gc_region_count; i++)
        if (gc_regions[i].kind == GC_REGION_FROZEN) {
            size_t w = gc_bit(gc_regions[i].start) >> 6;
            memcpy(gc_marks + w, gc_starts + w, GC_REGION_SIZE / 64);
        }
    u64 *starts = gc_starts;
    gc_starts = gc_marks;
    gc_marks = starts;
}

static void settle_all(void)
{
    for (u32 i = 0; i < run.sources.len; i++)
        settle_source(run.sources.data[i]);
    if (run.move_large)
        gc_large_compact_move();
    else
        gc_large_sweep();
    marks_become_starts();
    gc_unpin_all();
    if (gc_loh_compaction == 2)
        gc_loh_compaction = 1;
}

static void sweep_part(GcWorker *w, void *arg)
{
    (void)w;
    (void)arg;
    for (u32 i; (i = next_unit()) < run.kept.len;)
        gc_sweep_region(&gc_regions[run.kept.data[i]]);
}

static void sweep_all(void)
{
    in_parallel(run.kept.len, sweep_part);
    for (u32 i = 0; i < run.kept.len; i++)
        gc_cycle.record.promoted_bytes += gc_regions[run.kept.data[i]].kind == GC_REGION_FREE ? 0 : gc_regions[run.kept.data[i]].live_bytes;
    gc_cycle.record.promoted_bytes += gc_large_bytes();
}

/* --- The collection ---------------------------------------------------------------------------------------------------------------------- */

typedef enum Phase { PHASE_MARK, PHASE_DECIDE, PHASE_COPY, PHASE_FIX, PHASE_SWEEP, PHASES } Phase;

void gc_full_collect(void)
{
    u64 at[PHASES + 1] = {os_time_mono_ns()};
    mark_all();
    at[PHASE_MARK + 1] = os_time_mono_ns();
    gc_cycle.deciding = true;
    gc_decide(2);
    at[PHASE_DECIDE + 1] = os_time_mono_ns();
    choose_sources();
    pin_all();
    copy_all();
    if (run.move_large)
        gc_large_compact_plan();
    at[PHASE_COPY + 1] = os_time_mono_ns();
    fix_all();
    at[PHASE_FIX + 1] = os_time_mono_ns();
    settle_all();
    sweep_all();
    at[PHASE_SWEEP + 1] = os_time_mono_ns();
    LOG(gc, 2, "full: mark %llu us, decide %llu, copy %llu (%u regions of %u), correct %llu, sweep %llu", (unsigned long long)(at[1] - at[0]) / 1000,
        (unsigned long long)(at[2] - at[1]) / 1000, (unsigned long long)(at[3] - at[2]) / 1000, run.sources.len, gc_region_count,
        (unsigned long long)(at[4] - at[3]) / 1000, (unsigned long long)(at[5] - at[4]) / 1000);
}
