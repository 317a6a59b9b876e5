/* gc_card.c: from dirty cards to the reference slots on them.
 * World stopped.  Cards of regions of generation 0 and of condemned regions mean nothing and are not looked at.
 * A region's dirty cards are gathered into runs first, so that the memory of the next runs is fetched while one is visited.
 * Book: gc.md  Tests: tests/unit/gc/ */
#include "gc/gc_int.h"

#define CARD_BYTES ((size_t)1 << GC_CARD_SHIFT)
#define REGION_CARDS (GC_REGION_SIZE >> GC_CARD_SHIFT)
enum { AHEAD = 6 };

typedef struct Run {
    char *low, *high;
} Run;

typedef struct Visit {
    u8 bits;
    GcVisitCardSlot visit;
    void *arg;
} Visit;

static inline __attribute__((always_inline)) void visit_slot(void *arg, Object *holder, Object **slot)
{
    Visit *v = arg;
    u8 bits = v->visit(v->arg, holder, slot);
    if (bits)
        *gc_card(slot) |= bits; /* not atomic: the world is stopped, and the cards of a region belong to one worker */
}

static void visit_run(const GcRegion *r, bool large, const Run *run, Visit *v)
{
    Object *o = large ? gc_large_containing(run->low) : gc_bit_before(gc_starts, run->low, r->start);
    if (!o || (!large && run->low >= (char *)o - 8 + gc_object_size(o)))
        o = gc_bit_after(gc_starts, run->low, run->high);
    while (o && (char *)o < run->high) {
        gc_refs_between(o, run->low, run->high, visit_slot, v);
        o = gc_bit_after(gc_starts, MAX((char *)o + 8, run->low), run->high); /* o may start far before */
    }
}

/* Clears the bits and gathers runs; returns how many. */
static u32 gather(char *start, char *end, u8 bits, Run *runs)
{
    u32 n = 0;
    u8 *c = gc_card(start), *last = gc_card(end - 1) + 1;
    u64 pattern = 0x0101010101010101ull * bits;
    for (; c < last; c += 8) { /* cards of a region are a whole number of words */
        u64 w = *(u64 *)(void *)c & pattern;
        if (LIKELY(!w))
            continue;
        *(u64 *)(void *)c &= ~pattern;
        for (u32 k; w; w &= ~((u64)0xff << (k * 8))) {
            k = (u32)__builtin_ctzll(w) >> 3;
            char *low = (char *)((uintptr_t)(c + k - gc_card_biased) << GC_CARD_SHIFT);
            if (n && runs[n - 1].high == low)
                runs[n - 1].high = low + CARD_BYTES;
            else
                runs[n++] = (Run){low, low + CARD_BYTES};
        }
    }
    return n;
}

static void visit_region(GcRegion *r, char *start, char *end, bool large, Visit *v)
{
    Run runs[REGION_CARDS / 2 + 1];
    u32 n = gather(start, end, v->bits, runs);
    for (u32 i = 0; i < n; i++) {
        if (i + AHEAD < n) {
            const char *p = runs[i + AHEAD].low;
            __builtin_prefetch(p);
            __builtin_prefetch(p + 64);
            __builtin_prefetch(p + 128);
            __builtin_prefetch(p + 192);
            __builtin_prefetch(&gc_starts[gc_bit(p) >> 6]);
        }
        visit_run(r, large, &runs[i], v);
    }
}

GcCardParts gc_card_parts(void)
{
    u32 large = (u32)((size_t)(gc_large_top - gc_large_base + GC_REGION_SIZE - 1) >> GC_REGION_SHIFT);
    return (GcCardParts){0, gc_region_count, large};
}

void gc_cards_visit_part(u8 bits, GcCardParts *parts, GcVisitCardSlot visit, void *arg)
{
    Visit v = {bits, visit, arg};
    for (u32 i; (i = __atomic_fetch_add(&parts->next, 1, __ATOMIC_RELAXED)) < parts->small + parts->large;) {
        if (i >= parts->small) {
            char *start = gc_large_base + ((size_t)(i - parts->small) << GC_REGION_SHIFT);
            visit_region(NULL, start, MIN(start + GC_REGION_SIZE, gc_large_top), true, &v);
            continue;
        }
        GcRegion *r = &gc_regions[i];
        if (r->kind > GC_REGION_GEN0 && r->bump > r->start && !(gc_state(r->start) & GC_STATE_CONDEMNED))
            visit_region(r, r->start, r->bump, false, &v);
    }
}

void gc_cards_visit(u8 bits, GcVisitCardSlot visit, void *arg)
{
    GcCardParts parts = gc_card_parts();
    gc_cards_visit_part(bits, &parts, visit, arg);
}
