/* gc_barrier.c: the barriers for C code, and bulk copies.
 * Invariant: a card is marked after the store it stands for.  References are copied whole words at a time, because
 * other threads may read them meanwhile; memmove promises no such thing.
 * Book: gc.md  Tests: tests/unit/gc/ */
#include "gc/gc_int.h"

#include <emmintrin.h>

void gc_barrier_store(void);
void gc_barrier_exchange(void);
void gc_barrier_store_marking(void);
void gc_barrier_exchange_marking(void);
GcBarrierCells gc_barrier_cells = {(void *)gc_barrier_store, (void *)gc_barrier_exchange};

static bool marking;

void gc_barrier_set_marking(bool on)
{
    marking = on;
    gc_barrier_cells.store = on ? (void *)gc_barrier_store_marking : (void *)gc_barrier_store;
    gc_barrier_cells.exchange = on ? (void *)gc_barrier_exchange_marking : (void *)gc_barrier_exchange;
}

/* v was stored, and is not NULL.  See gc_barrier.S for the two rules. */
static inline void mark_card(const void *slot, const Object *v)
{
    if ((uintptr_t)slot - (uintptr_t)gc_heap_base >= gc_heap_size)
        return;
    u8 *card = gc_card(slot);
    if (UNLIKELY(marking))
        __atomic_store_n(card, GC_CARD_STORED, __ATOMIC_RELEASE);
    else if (gc_state(v) & GC_STATE_YOUNG && !(gc_state(slot) & GC_STATE_GEN0) && !(__atomic_load_n(card, __ATOMIC_RELAXED) & GC_CARD_YOUNG))
        __atomic_store_n(card, *card | GC_CARD_YOUNG, __ATOMIC_RELAXED); /* others set the same bit only */
}

void gc_store_ref(Object **slot, Object *v)
{
    __atomic_store_n(slot, v, __ATOMIC_RELEASE);
    if (v)
        mark_card(slot, v);
}

Object *gc_exchange_ref(Object **slot, Object *v)
{
    Object *old = __atomic_exchange_n(slot, v, __ATOMIC_SEQ_CST);
    if (v)
        mark_card(slot, v);
    return old;
}

Object *gc_compare_exchange_ref(Object **slot, Object *v, Object *expected)
{
    Object *seen = expected;
    if (__atomic_compare_exchange_n(slot, &seen, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) && v)
        mark_card(slot, v);
    return seen;
}

/* 16-byte moves at 8-aligned addresses never split a word on this architecture. */
#define WORDWISE __attribute__((noinline, optimize("no-tree-loop-distribute-patterns")))

WORDWISE static void copy_up(char *d, const char *s, size_t n)
{
    for (; n >= 32; n -= 32, d += 32, s += 32) {
        __m128i a = _mm_loadu_si128((const __m128i *)s), b = _mm_loadu_si128((const __m128i *)(s + 16));
        _mm_storeu_si128((__m128i *)d, a);
        _mm_storeu_si128((__m128i *)(d + 16), b);
    }
    for (; n; n -= 8, d += 8, s += 8)
        *(volatile u64 *)d = *(const volatile u64 *)s;
}

WORDWISE static void copy_down(char *d, const char *s, size_t n)
{
    for (; n >= 32; n -= 32) {
        __m128i a = _mm_loadu_si128((const __m128i *)(s + n - 16)), b = _mm_loadu_si128((const __m128i *)(s + n - 32));
        _mm_storeu_si128((__m128i *)(d + n - 16), a);
        _mm_storeu_si128((__m128i *)(d + n - 32), b);
    }
    for (; n; n -= 8)
        *(volatile u64 *)(d + n - 8) = *(const volatile u64 *)(s + n - 8);
}

/* Which values were copied is not looked at. */
static void mark_range(const char *dst, size_t n)
{
    if (!gc_in_heap(dst) || (!marking && gc_state(dst) & GC_STATE_GEN0))
        return;
    u8 value = marking ? GC_CARD_STORED : GC_CARD_YOUNG;
    u8 *card = gc_card(dst), *last = gc_card(dst + n - 1);
    if (card == last)
        __atomic_store_n(card, value, __ATOMIC_RELEASE);
    else
        memset(card, value, (size_t)(last - card) + 1);
}

void gc_copy_refs(void *dst, const void *src, size_t nbytes)
{
    char *d = dst;
    const char *s = src;
    if (!nbytes || d == s)
        return;
    if (((uintptr_t)d | (uintptr_t)s | nbytes) & 7) {
        /* No reference can lie at an odd distance; whole words of a range with ragged ends are copied as words. */
        size_t head = -(uintptr_t)d & 7;
        if ((((uintptr_t)d ^ (uintptr_t)s) & 7) || nbytes < head + 8) {
            memmove(d, s, nbytes);
        } else {
            size_t words = (nbytes - head) & ~(size_t)7, tail = nbytes - head - words;
            char ends[16];
            memcpy(ends, s, head);
            memcpy(ends + 8, s + head + words, tail);
            gc_copy_refs(d + head, s + head, words);
            memcpy(d, ends, head);
            memcpy(d + head + words, ends + 8, tail);
        }
    } else if ((uintptr_t)d - (uintptr_t)s >= nbytes) {
        copy_up(d, s, nbytes);
    } else {
        copy_down(d, s, nbytes);
    }
    mark_range(d, nbytes);
}
