/* gc_card.c: from dirty cards to the reference slots on them.
 * World stopped.  Cards of regions of generation 0 and of condemned regions mean nothing and are not looked at.
 * A region's dirty cards are gathered into runs first, so that the memory of the next runs is fetched while one is visited.
 * Book: gc.md  Tests: tests/unit/gc/ */
#include "gc/gc_int.h"

#define CARD_BYTES ((size_t)1 << GC_CARD_SHIFT)
#define REGION_CARDS (GC_REGION_SIZE >> GC_CARD_SHIFT)
enum { AHEAD = 6 };

/* Numbers of cards within a region, not addresses: a stack is no place to leave those (gc_collect.c). */
typedef struct Run {
    u16 first, end;
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

static void visit_run(const GcRegion *r, bool large, char *low, char *high, Visit *v)
{
    Object *o = large ? gc_large_containing(low) : gc_bit_before(gc_starts, low, r->start);
    if (!o || (!large && low >= (char *)o - 8 + gc_object_size(o)))
        o = gc_bit_after(gc_starts, low, high);
    while (o && (char *)o < high) {
        gc_refs_between(o, low, high, visit_slot, v);
        o = gc_bit_after(gc_starts, MAX((char *)o + 8, low), high); /* o may start far before */
    }
}

/* Clears the bits and gathers runs; returns how many. */
static u32 gather(char *start, char *end, u8 bits, Run *runs)
{
    u32 n = 0;
    u8 *const first = gc_card(start), *const last = gc_card(end - 1) + 1, *c = first;
    u64 pattern = 0x0101010101010101ull * bits;
    for (; c < last; c += 8) { /* cards of a region are a whole number of words */
        u64 w = *(u64 *)(void *)c & pattern;
        if (LIKELY(!w))
            continue;
        *(u64 *)(void *)c &= ~pattern;
        for (u32 k; w; w &= ~((u64)0xff << (k * 8))) {
            k = (u32)__builtin_ctzll(w) >> 3;
            u16 card = (u16)(c + k - first);
            if (n && runs[n - 1].end == card)
                runs[n - 1].end++;
            else
                runs[n++] = (Run){card, (u16)(card + 1)};
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
            const char *p = start + runs[i + AHEAD].first * CARD_BYTES;
            __builtin_prefetch(p);
            __builtin_prefetch(p + 64);
            __builtin_prefetch(p + 128);
            __builtin_prefetch(p + 192);
            __builtin_prefetch(&gc_starts[gc_bit(p) >> 6]);
        }
        visit_run(r, large, start + runs[i].first * CARD_BYTES, start + runs[i].end * CARD_BYTES, v);
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
