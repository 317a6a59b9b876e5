/* gc_young.c: evacuation of generations 0 and 1.
 * In: world stopped, chunks retired, gc_cycle.generation 0 or 1.  Out: the condemned regions hold only forwarding words and pinned
 * objects; gc_young_finish gives them back or lets those with pins age in place.
 * All pins are known before anything moves.  An object's copy goes to generation 1 (from 0) or to the old space (from 1, or from 0 when
 * waiting has not paid lately); when there is no memory for the copy it is pinned where it is, so that an evacuation cannot fail.
 * Invariant: an old or generation-1 object that refers to a younger one has its card set when this file is done with it.
 * Not here: weak references and finalisation (gc_collect.c), choice of the generation.  Book: gc.md  Tests: tests/unit/gc/ */
#include "base/log.h"
#include "gc/gc_int.h"
#include "os/os_time.h"

#include <stdlib.h>

typedef struct Root {
    Object **slot;
    Object *owner; /* of an interior pointer: found before anything moves */
} Root;

bool gc_young_is_long; /* the last one was: help pays */
bool gc_young_tenures; /* survivors of generation 0 become old at once */

static VEC(Root) roots;       /* precise slots of stacks, gathered while the pins are */
static VEC(Object *) pinned;  /* objects pinned by this collection */
static bool pins_age;         /* what gc_pin pins now ages in place */

/* --- Pins -------------------------------------------------------------------------------------------------------------------- */

/* There is no room for a copy: only a worker that is alone comes here. o is of a condemned region and not forwarded. */
static void pin_object(Object *o)
{
    CHECKF(gc_parallel_count <= 1, "the system refused memory that the heap's limit allows");
    gc_bit_set(gc_pin_bits, o);
    vec_push(&pinned, o);
    gc_region_of(o)->has_pins = true;
}

void gc_pin(const void *p)
{
    u8 s = gc_state_any((const void *)((uintptr_t)p - 8)); /* p may lie just past the last object of a region */
    if (!s || s & GC_STATE_FROZEN)
        return;
    if (gc_cycle.generation < 2 && !(s & GC_STATE_CONDEMNED) && !(s & GC_STATE_CANDIDATE && gc_cycle.final))
        return;
    Object *o = gc_containing_object(p);
    if (o && gc_bit_set_atomic(gc_pin_bits, o)) {
        vec_push(&pinned, o);
        gc_region_of(o)->has_pins = true;
        gc_region_of(o)->pins_age |= pins_age;
    }
}

u32 gc_pinned_count(void)
{
    return pinned.len;
}

Object *gc_pinned_object(u32 i)
{
    return pinned.data[i];
}

void gc_unpin_all(void)
{
    for (u32 i = 0; i < pinned.len; i++)
        gc_pin_bits[gc_bit(pinned.data[i]) >> 6] = 0;
    pinned.len = 0;
}

/* --- Copies ------------------------------------------------------------------------------------------------------------------ */

static inline GcRegionKind target_kind(u8 state)
{
    return state & GC_STATE_GEN0 && !gc_young_tenures ? GC_REGION_GEN1 : GC_REGION_OLD;
}

/* o lies in a condemned region whose state is s; returns where it is from now on. */
static Object *evacuate(GcWorker *w, Object *o, u8 s)
{
    uintptr_t word = (uintptr_t)__atomic_load_n(&o->mt, __ATOMIC_ACQUIRE);
    if (word & 1)
        return (Object *)(word - 1);
    if (UNLIKELY(gc_region_of(o)->has_pins) && gc_bit_test(gc_pin_bits, o))
        return o;
    MethodTable *mt = (MethodTable *)word;
    const GcTypePrefix *type = (const GcTypePrefix *)mt;
    size_t n = type->base_size;
    if (type->flags & GC_TYPE_HAS_COMPONENTS)
        n += (size_t)gc_array_length(o) * (type->flags & 0xffff);
    n = ALIGN_UP(n, (size_t)8);
    GcRegionKind kind = target_kind(s);
    GcLab *lab = kind == GC_REGION_GEN1 ? &w->lab1 : &w->lab2;
    char *to = gc_lab_alloc(lab, kind, n);
    if (UNLIKELY(!to)) {
        pin_object(o);
        vec_push(&w->copied, o);
        return o;
    }
    const u64 *from = (const u64 *)(const void *)((char *)o - 8);
    u64 *dest = (u64 *)(void *)to;
    Object *copy = (Object *)(to + 8);
    dest[0] = from[0];
    dest[1] = (u64)word;
    if (n <= 128)
        for (size_t i = 2; i < n / 8; i++)
            dest[i] = from[i];
    else
        memcpy(dest + 2, from + 2, n - 16);
    if (LIKELY(gc_parallel_count <= 1)) {
        gc_bit_set(gc_starts, copy);
        o->mt = (MethodTable *)((uintptr_t)copy + 1);
    } else {
        MethodTable *expected = mt;
        if (!__atomic_compare_exchange_n(&o->mt, &expected, (MethodTable *)((uintptr_t)copy + 1), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            lab->ptr = to; /* another worker was first */
            lab->region->zero_from = MAX(lab->region->zero_from, to + n); /* what was written there stays */
            return (Object *)((uintptr_t)expected - 1);
        }
        gc_bit_set_atomic(gc_starts, copy);
    }
    w->moved_objects++;
    w->promoted_bytes += n;
    if (UNLIKELY(gc_marking) && kind == GC_REGION_OLD)
        gc_bit_set_atomic(gc_marks, copy); /* born marked; all its slots are visited below */
    if (type->flags & (GC_TYPE_HAS_REFS | GC_TYPE_COLLECTIBLE))
        vec_push(&w->copied, copy);
    return copy;
}

/* The generation of an object that survived, once this collection is over. */
static inline i32 age_after(const Object *o)
{
    u8 s = gc_state(o);
    if (LIKELY(!(s & GC_STATE_CONDEMNED)))
        return s & GC_STATE_YOUNG ? 1 : 2;
    if (!(s & GC_STATE_GEN0)) /* pinned */
        return 2;
    return gc_region_of(o)->pins_age ? 1 : 0;
}

/* What the card of a slot needs. */
static inline u8 card_bits(i32 holder, i32 value)
{
    return value >= holder ? 0 : value ? GC_CARD_GEN1 : GC_CARD_YOUNG;
}

/* v, of a condemned region, is what *slot holds; returns the generation of what it holds afterwards. */
static inline i32 follow(GcWorker *w, Object **slot, Object *v, u8 s)
{
    v = evacuate(w, v, s);
    *slot = v;
    return age_after(v);
}

/* Visits one slot; returns the generation of what it holds afterwards.  gray: old objects are marked when a cycle is. */
static inline __attribute__((always_inline)) i32 visit_slot(GcWorker *w, Object **slot, bool gray)
{
    Object *v = *slot;
    if (!v)
        return 2;
    u8 s = gc_state(v);
    if (s & GC_STATE_CONDEMNED)
        return follow(w, slot, v, s);
    if (gray && UNLIKELY(s & gc_cycle.mark_states)) {
        if (UNLIKELY(s & GC_STATE_CANDIDATE))
            gc_evac_record(slot);
        gc_mark_object(w, v);
    }
    return s & GC_STATE_YOUNG ? 1 : 2;
}

typedef struct Holder {
    GcWorker *worker;
    i32 age; /* 2: born marked while a cycle marks, so that its references are gray */
} Holder;

static inline __attribute__((always_inline)) void visit_of_copy(void *arg, Object *holder, Object **slot)
{
    Holder *h = arg;
    (void)holder;
    i32 age = visit_slot(h->worker, slot, h->age == 2 || gc_cycle.all_roots);
    if (UNLIKELY(age < h->age))
        __atomic_fetch_or(gc_card(slot), card_bits(h->age, age), __ATOMIC_RELAXED);
}

static void visit_keeper(GcWorker *w, Object *o)
{
    Object **slot = gc_client->keeper ? gc_client->keeper(o->mt) : NULL;
    if (slot)
        visit_slot(w, slot, true);
}

static inline void visit_copy(GcWorker *w, Object *o)
{
    Holder h = {w, age_after(o)};
    if (UNLIKELY(gc_type(o)->flags & GC_TYPE_COLLECTIBLE))
        visit_keeper(w, o);
    gc_refs(o, visit_of_copy, &h);
}

static bool drain_copied(GcWorker *w)
{
    bool any = w->copied.len > 0;
    while (w->copied.len)
        visit_copy(w, vec_pop(&w->copied));
    return any;
}

/* --- Several workers ------------------------------------------------------------------------------------------------------------ */

#define SHARE_EVERY 32
#define SHARE_MIN 16

static void push_copied(GcWorker *w, Object *o)
{
    vec_push(&w->copied, o);
}

static void drain_shared(GcWorker *w, void *arg)
{
    (void)arg;
    gc_pool_join();
    do {
        for (u32 n = 0; w->copied.len; n++) {
            visit_copy(w, vec_pop(&w->copied));
            if (n % SHARE_EVERY == 0 && gc_pool_wants() && w->copied.len >= SHARE_MIN)
                gc_pool_give(&w->copied);
        }
    } while (gc_pool_take(w, push_copied));
}

/* --- gc_keep and its kin: worker 0 ---------------------------------------------------------------------------------------------- */

void gc_keep(Object **slot)
{
    visit_slot(&gc_workers[0], slot, true);
}

void gc_keep_object(Object *o)
{
    visit_slot(&gc_workers[0], &o, true);
}

bool gc_drain(void)
{
    GcWorker *w = &gc_workers[0];
    bool any = drain_copied(w);
    while (gc_cycle.deciding && w->gray.len) {
        gc_mark_drain(w);
        drain_copied(w);
        any = true;
    }
    return any;
}

Object *gc_survivor(Object *o)
{
    if (UNLIKELY(gc_cycle.full_moved))
        return gc_moved(o);
    u8 s = gc_state_any(o);
    if (s & GC_STATE_CONDEMNED) {
        Object *f = gc_forwarded(o);
        return f ? f : gc_bit_test(gc_pin_bits, o) ? o : NULL;
    }
    if (gc_cycle.deciding && s & gc_cycle.mark_states)
        return !gc_bit_test(gc_marks, o) ? NULL : gc_cycle.full_moved ? gc_moved(o) : o;
    return o;
}

/* --- Roots ------------------------------------------------------------------------------------------------------------------------ */

static inline void pin_and_mark(const char *v, u8 s)
{
    gc_pin(v);
    if (LIKELY(!(s & gc_cycle.mark_states)))
        return;
    Object *o = gc_containing_object(v);
    if (o && gc_state(o) & gc_cycle.mark_states)
        gc_mark_object(&gc_workers[0], o);
}

static void gather_root(void *arg, Object **slot, GcSlotKind kind)
{
    (void)arg;
    Object *v = *slot;
    u8 s = gc_state_any(kind == GC_SLOT_REF ? (const void *)v : (const void *)((uintptr_t)v - 8)); /* an interior one may lie just past its object */
    if (!s)
        return;
    switch (kind) {
    case GC_SLOT_REF:
        if (s & (GC_STATE_CONDEMNED | gc_cycle.mark_states))
            vec_push(&roots, ((Root){slot, NULL}));
        break;
    case GC_SLOT_INTERIOR:
        if (s & (GC_STATE_CONDEMNED | gc_cycle.mark_states)) {
            Object *owner = gc_containing_object(v);
            if (owner)
                vec_push(&roots, ((Root){slot, owner}));
        }
        break;
    case GC_SLOT_PINNED_REF:
    case GC_SLOT_PINNED_INTERIOR:
    case GC_SLOT_CONSERVATIVE:
        pin_and_mark((const char *)v, s);
        if (kind == GC_SLOT_CONSERVATIVE && UNLIKELY(s & gc_cycle.mark_states))
            pin_and_mark((const char *)v + 8, s); /* C may hold no more than the address of the header */
        break;
    }
}

static void keep_roots(GcWorker *w)
{
    for (u32 i = 0; i < roots.len; i++) {
        Object **slot = roots.data[i].slot, *owner = roots.data[i].owner, *now = owner;
        if (!owner) {
            visit_slot(w, slot, true);
            continue;
        }
        visit_slot(w, &now, true);
        *slot = (Object *)((char *)*slot + ((char *)now - (char *)owner));
    }
    roots.len = 0;
}

static void keep_static(void *arg, Object **slot)
{
    visit_slot(arg, slot, true);
}

/* Slots on cards whose objects are being fetched into the cache. */
typedef struct CardQueue {
    GcWorker *worker;
    u32 first, last; /* counted modulo AHEAD */
    Object **slots[16];
} CardQueue;

static inline void follow_card_slot(CardQueue *q)
{
    Object **slot = q->slots[q->first++ % ARRAY_LEN(q->slots)], *v = *slot;
    u8 s = gc_state(v);
    if (!(s & GC_STATE_CONDEMNED))
        return; /* met twice: on the card, and in a copy that was made there meanwhile */
    u8 bits = card_bits(gc_state(slot) & GC_STATE_YOUNG ? 1 : 2, follow(q->worker, slot, v, s));
    if (bits)
        *gc_card(slot) |= bits;
}

static inline __attribute__((always_inline)) u8 keep_card_slot(void *arg, Object *holder, Object **slot)
{
    CardQueue *q = arg;
    Object *v = *slot;
    if (!v)
        return 0;
    u8 s = gc_state(v);
    if (!(s & GC_STATE_CONDEMNED))
        return s & GC_STATE_YOUNG && !(gc_state(holder) & GC_STATE_YOUNG) ? GC_CARD_GEN1 : 0;
    __builtin_prefetch(v);
    if (q->last - q->first == ARRAY_LEN(q->slots))
        follow_card_slot(q);
    q->slots[q->last++ % ARRAY_LEN(q->slots)] = slot;
    return 0;
}

/* Returns how many bytes it may have to copy. */
static u64 condemn(i32 generation)
{
    u64 bytes = 0;
    for (u32 i = 0; i < gc_region_count; i++) {
        GcRegion *r = &gc_regions[i];
        if (r->kind == GC_REGION_GEN0 || (r->kind == GC_REGION_GEN1 && generation >= 1)) {
            r->has_pins = r->pins_age = false;
            gc_state_biased[(uintptr_t)r->start >> GC_REGION_SHIFT] |= GC_STATE_CONDEMNED;
            bytes += (u64)(r->bump - r->start);
        }
    }
    return bytes;
}

/* One alone pins what there is no room for; of two, one could pin what the other copies. */
static u32 workers_for(u64 bytes)
{
    if (!gc_young_is_long || gc_room() < 2 * bytes + ((u64)2 * gc_worker_count << GC_REGION_SHIFT))
        return 1;
    return gc_workers_ready(gc_worker_count);
}

/* Their pinned objects will be of generation 1, and tracing sets the cards that they need then. */
static void clean_cards_of_ageing(void)
{
    for (u32 i = 0; i < gc_region_count; i++) {
        GcRegion *r = &gc_regions[i];
        if (r->kind == GC_REGION_GEN0 && r->pins_age)
            memset(gc_card(r->start), 0, GC_REGION_SIZE >> GC_CARD_SHIFT);
    }
}

static GcCardParts card_parts;

static void trace_part(GcWorker *w, void *arg)
{
    (void)arg;
    if (w->id == 0) {
        keep_roots(w);
        gc_roots_visit(keep_static, w);
    }
    CardQueue q = {.worker = w};
    gc_cards_visit_part(gc_cycle.generation ? GC_CARD_YOUNG | GC_CARD_GEN1 : GC_CARD_YOUNG, &card_parts, keep_card_slot, &q);
    while (q.first != q.last)
        follow_card_slot(&q);
}

/* Cards first, then all that was copied: the slots of copies dirty cards that the first part must not clean. */
static void trace_together(u32 workers)
{
    gc_parallel(workers, trace_part, NULL);
    for (u32 i = 1; i < workers; i++) /* that worker may come too late */
        while (gc_workers[i].copied.len)
            vec_push(&gc_workers[0].copied, vec_pop(&gc_workers[i].copied));
    gc_pool_open();
    gc_parallel(workers, drain_shared, NULL);
}

void gc_young_trace(i32 generation)
{
    u64 t0 = os_time_mono_ns();
    u64 bytes = condemn(generation);
    pins_age = gc_cycle.reason == GC_REASON_INDUCED || gc_cycle.reason == GC_REASON_STRESS;
    u64 frames = 0;
    gc_client->walk_stacks(gather_root, NULL, gc_cycle.low, &frames);
    pins_age = true; /* a pinned handle will be there for long */
    gc_handles_pins();
    clean_cards_of_ageing();
    for (u32 i = 0; i < pinned.len; i++)
        vec_push(&gc_workers[0].copied, pinned.data[i]);
    gc_cycle.record.pinned_objects = pinned.len;
    card_parts = gc_card_parts();
    u64 t1 = os_time_mono_ns();
    gc_cycle.stacks_ns = t1 - t0;
    u32 workers = workers_for(bytes);
    if (workers > 1)
        trace_together(workers);
    else
        trace_part(&gc_workers[0], NULL);
    u64 t2 = os_time_mono_ns();
    gc_handles_keep(gc_cycle.all_roots ? 2 : generation);
    gc_final_keep();
    gc_drain();
    LOG(gc, 3, "young: stacks %llu us, cards and copies %llu, handles and rest %llu; %u workers", (unsigned long long)(t1 - t0) / 1000,
        (unsigned long long)(t2 - t1) / 1000, (unsigned long long)(os_time_mono_ns() - t2) / 1000, workers);
}

/* --- The end ------------------------------------------------------------------------------------------------------------------------ */

static int by_address(const void *a, const void *b)
{
    const Object *const *x = a, *const *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* A region of generation 0 stays one; what lies between its pinned objects is for new chunks. first: their index; returns the index behind. */
static u32 stay_young(GcRegion *r, u32 first)
{
    char *at = r->start;
    u32 i = first;
    for (; i < pinned.len && (char *)pinned.data[i] < r->end; i++) {
        char *header = (char *)pinned.data[i] - 8;
        if (header > at)
            gc_reuse_gap(at, header);
        at = header + gc_object_size(pinned.data[i]);
    }
    if (r->bump > at)
        gc_reuse_gap(at, r->bump);
    gc_region_set_kind(r, GC_REGION_GEN0);
    r->has_pins = false;
    return i;
}

/* A condemned region with pinned objects goes on as one of the next generation. */
static void age_in_place(GcRegion *r)
{
    bool to_old = r->kind == GC_REGION_GEN1;
    gc_bits_clear(gc_starts, r->start, r->end);
    r->kind = GC_REGION_GEN1; /* so that its cards stay as they are */
    gc_region_set_kind(r, to_old ? GC_REGION_OLD : GC_REGION_GEN1);
    r->has_pins = false;
}

void gc_young_finish(void)
{
    for (u32 i = 0; i < gc_worker_count; i++) {
        gc_lab_close(&gc_workers[i].lab1);
        gc_lab_close(&gc_workers[i].lab2);
    }
    qsort(pinned.data, pinned.len, sizeof *pinned.data, by_address);
    for (u32 i = 0; i < gc_region_count; i++) {
        GcRegion *r = &gc_regions[i];
        if (!(gc_state(r->start) & GC_STATE_CONDEMNED))
            continue;
        if (!r->has_pins)
            gc_region_free(r);
        else if (r->kind == GC_REGION_GEN1 || r->pins_age)
            age_in_place(r);
    }
    for (u32 i = 0; i < pinned.len;) {
        Object *o = pinned.data[i];
        GcRegion *r = gc_region_of(o);
        if (r->kind == GC_REGION_GEN0) {
            i = stay_young(r, i);
            continue;
        }
        gc_bit_set(gc_starts, o);
        if (r->kind == GC_REGION_OLD && gc_marking)
            gc_bit_set(gc_marks, o);
        i++;
    }
    for (u32 i = 0; i < pinned.len; i++) { /* after all their start bits are set; a swept region is marked so */
        GcRegion *r = gc_region_of(pinned.data[i]);
        if (r->kind == GC_REGION_OLD && !r->swept)
            gc_sweep_region(r);
    }
    gc_unpin_all();
}
