/* sync_inline.h: the thin-lock paths, for FCalls that inline Monitor.Enter and Exit.
 * Header word, low 28 bits (gc_header.h has the rest):
 *   bit 27 clear: thin lock.  bits 0-15 owner's thread id (0: free), 16-21 recursion, 22-26 zero.
 *   bit 27 set, 26 set: hash code in bits 0-25.  bit 27 set, 26 clear: sync-block index in bits 0-25.
 * Every change is a compare-and-swap, since another thread may inflate a held lock. */
#ifndef THREAD_SYNC_INLINE_H
#define THREAD_SYNC_INLINE_H
#include "gc/gc_header.h"
#include "thread/sync.h"

#define SYNC_OWNER_MASK 0x0000ffffu
#define SYNC_RECURSION_ONE 0x00010000u
#define SYNC_RECURSION_MASK 0x003f0000u
#define SYNC_PAYLOAD_MASK 0x03ffffffu
#define SYNC_IS_HASH 0x04000000u
#define SYNC_HASH_OR_INDEX 0x08000000u

typedef enum SyncFast { SYNC_FAST_DONE, SYNC_FAST_SLOW } SyncFast;

/* SLOW: call sync_enter_fast, then sync_enter. */
static inline SyncFast sync_enter_thin(Thread *t, Object *o)
{
    u32 *h = gc_header(o), old = __atomic_load_n(h, __ATOMIC_RELAXED), low = old & GC_HEADER_LOW, next;
    if (LIKELY(!low))
        next = old | t->id;
    else if (!(low & SYNC_HASH_OR_INDEX) && (low & SYNC_OWNER_MASK) == t->id && (low & SYNC_RECURSION_MASK) != SYNC_RECURSION_MASK)
        next = old + SYNC_RECURSION_ONE;
    else
        return SYNC_FAST_SLOW;
    if (UNLIKELY(t->id > SYNC_OWNER_MASK))
        return SYNC_FAST_SLOW;
    return LIKELY(__atomic_compare_exchange_n(h, &old, next, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) ? SYNC_FAST_DONE
                                                                                                     : SYNC_FAST_SLOW;
}

/* SLOW: call sync_exit, which also says whether the caller owns the lock. */
static inline SyncFast sync_exit_thin(Thread *t, Object *o)
{
    u32 *h = gc_header(o), old = __atomic_load_n(h, __ATOMIC_RELAXED), low = old & GC_HEADER_LOW, next;
    if (UNLIKELY(low & SYNC_HASH_OR_INDEX) || (low & SYNC_OWNER_MASK) != t->id)
        return SYNC_FAST_SLOW;
    next = low & SYNC_RECURSION_MASK ? old - SYNC_RECURSION_ONE : old & GC_HEADER_OWN;
    return LIKELY(__atomic_compare_exchange_n(h, &old, next, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) ? SYNC_FAST_DONE
                                                                                                     : SYNC_FAST_SLOW;
}
#endif
