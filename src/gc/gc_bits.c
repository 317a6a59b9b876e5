/* gc_bits.c: searches in the heap's bitmaps (gc_starts, gc_marks, gc_pin_bits).
 * In: one bit per 8 bytes of heap, at the object's address.  Safe beside writers that set bits: a word is read once.
 * Book: gc.md  Tests: tests/unit/gc/old.c */
#include "gc/gc_int.h"

static inline u64 word_at(const u64 *map, size_t w)
{
    return __atomic_load_n(&map[w], __ATOMIC_RELAXED);
}

Object *gc_bit_before(const u64 *map, const char *p, const char *low)
{
    if (p < low)
        return NULL;
    size_t b = gc_bit(p), w = b >> 6, first = gc_bit((const char *)ALIGN_UP((uintptr_t)low, (uintptr_t)8));
    u64 bits = word_at(map, w) & (~0ull >> (63 - (b & 63)));
    while (!bits) {
        if (w <= first >> 6)
            return NULL;
        bits = word_at(map, --w);
    }
    b = w << 6 | (63 - (size_t)__builtin_clzll(bits));
    return b < first ? NULL : (Object *)(gc_heap_base + (b << 3));
}

Object *gc_bit_after(const u64 *map, const char *p, const char *high)
{
    if (p >= high)
        return NULL;
    size_t b = gc_bit((const char *)ALIGN_UP((uintptr_t)p, (uintptr_t)8)), w = b >> 6;
    size_t end = gc_bit((const char *)ALIGN_UP((uintptr_t)high, (uintptr_t)8));
    if (b >= end)
        return NULL;
    u64 bits = word_at(map, w) & (~0ull << (b & 63));
    while (!bits) {
        if (++w > (end - 1) >> 6)
            return NULL;
        bits = word_at(map, w);
    }
    b = w << 6 | (size_t)__builtin_ctzll(bits);
    return b < end ? (Object *)(gc_heap_base + (b << 3)) : NULL;
}
