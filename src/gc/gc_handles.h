/* gc_handles.h: the layout of handle segments, for gc_handles.c and gc_dependents.c. */
#ifndef GC_GC_HANDLES_H
#define GC_GC_HANDLES_H
#include "base/map.h"
#include "gc/gc_int.h"

#define SEGMENT_SIZE 4096u
#define POOL_SIZE ((size_t)1 << 20)
enum {
    SLOTS = 496,
    WORDS = (SLOTS + 63) / 64,
    POOL_SEGMENTS = 256, /* number 0 is the pool's own head */
    SEGMENT_FREE = 0xff, /* Pool.kind */
    AGE_NONE = 3,        /* Pool.age: no target that a collection could move or free */
    ALL_KINDS = (1 << GC_HANDLE_KINDS) - 1
};

typedef struct Segment Segment;
typedef struct Table {
    const void *owner;
    Segment *avail[GC_HANDLE_KINDS]; /* segments with room */
    u64 counts[GC_HANDLE_KINDS];
} Table;

struct Segment {
    Segment *next, *prev; /* avail list */
    Table *table;
    u32 used, capacity; /* in handles */
    bool on_avail;
    u64 bits[WORDS];
    _Alignas(128) Object *slots[SLOTS];
};
_Static_assert(sizeof(Segment) == SEGMENT_SIZE, "a segment is a page");

typedef struct Pool {
    u8 kind[POOL_SEGMENTS]; /* GcHandleKind or SEGMENT_FREE */
    u8 age[POOL_SEGMENTS];  /* generation of the youngest target, or AGE_NONE */
    u32 free;               /* segments */
} Pool;
_Static_assert(sizeof(Pool) <= SEGMENT_SIZE, "a pool's head is a page");

static inline Pool *pool_of(const void *p) { return (Pool *)((uintptr_t)p & ~(uintptr_t)(POOL_SIZE - 1)); }
static inline u32 index_of(const void *p) { return (u32)(((uintptr_t)p & (POOL_SIZE - 1)) / SEGMENT_SIZE); }
static inline Segment *segment_at(Pool *p, u32 index) { return (Segment *)(void *)((char *)p + (size_t)index * SEGMENT_SIZE); }
static inline Segment *segment_of(GcHandle h) { return (Segment *)((uintptr_t)h & ~(uintptr_t)(SEGMENT_SIZE - 1)); }
static inline u8 kind_of(const Segment *s) { return pool_of(s)->kind[index_of(s)]; }
/* A target was stored. */
static inline void rejuvenate(GcHandle h)
{
    u8 *age = &pool_of(h)->age[index_of(h)];
    if (__atomic_load_n(age, __ATOMIC_RELAXED))
        __atomic_store_n(age, 0, __ATOMIC_RELAXED);
}

/* The (first) slot of each handle in s. */
static inline Object **next_slot(Segment *s, u32 *w, u64 *bits)
{
    while (!*bits) {
        if (++*w == WORDS)
            return NULL;
        *bits = s->bits[*w];
    }
    u32 i = *w * 64 + (u32)__builtin_ctzll(*bits);
    *bits &= *bits - 1;
    return &s->slots[s->capacity == SLOTS ? i : 2 * i];
}
#define FOR_SLOTS(s, slot)                                                                                             \
    for (struct { u32 w; u64 bits; } at_ = {0, (s)->bits[0]}, *one_ = &at_; one_; one_ = NULL)                         \
        for (Object **slot; (slot = next_slot((s), &at_.w, &at_.bits));)

void gc_handles_lock(void); /* handle_lock */
void gc_handles_unlock(void);
/* Calls each on the segments of these kinds (bits) with an age of at most oldest, holding handle_lock. */
void gc_handle_segments(u32 kinds, u8 oldest, void (*each)(void *arg, Segment *s), void *arg);
void gc_dependents_done(void); /* the collection has decided */
#endif
