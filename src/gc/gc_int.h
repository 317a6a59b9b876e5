/* gc_int.h: what the files of gc/ share.  Locks: heap_lock (regions, chunks, thread views), then none below it;
 * the handle, root and finalisation locks are leaves.  All are held for a few hundred instructions and never across
 * a safepoint, so a thread in either mode may take them. */
#ifndef GC_GC_INT_H
#define GC_GC_INT_H
#include "gc/gc.h"

#include <pthread.h>

/* The first fields of Thread (thread_fields.def), all that gc/ knows of it; thread.c asserts the offsets. */
typedef struct GcThreadView {
    char *stack_limit;
    char *alloc_ptr, *alloc_limit; /* the chunk really ends GC_MIN_OBJECT later: room for its closing free object */
    u64 alloc_bytes;
} GcThreadView;
static inline GcThreadView *gc_view(Thread *t) { return (GcThreadView *)t; }

#define GC_REGION_SHIFT 22
#define GC_REGION_SIZE ((size_t)1 << GC_REGION_SHIFT)
#define GC_MAX_REGIONS 65536
#define GC_CARD_SHIFT 9
#define GC_BRICK_SHIFT 12 /* one brick per 4 KB */

typedef enum GcRegionKind {
    GC_REGION_FREE, /* must be 0 */
    GC_REGION_NURSERY,
    GC_REGION_LARGE,
    GC_REGION_PINNED,
    GC_REGION_FROZEN,
    GC_REGION_TAIL, /* continues the large object of region `head` */
    GC_REGION_KINDS
} GcRegionKind;

typedef struct GcRegion {
    u32 kind, head, span; /* span: regions in a row, on the head */
    char *start, *bump, *end; /* [start, bump) is walkable; memory from bump on is zero */
    char *populated;          /* pages below are mapped ahead of use */
} GcRegion;

extern GcRegion gc_regions[GC_MAX_REGIONS];
extern u32 gc_region_count; /* regions ever used; grows under heap_lock */
extern const GcClient *gc_client;
extern MethodTable *gc_free_mt;
extern u8 *gc_card_biased; /* card of address a: gc_card_biased[a >> GC_CARD_SHIFT] */
extern u64 gc_heap_size;   /* gc_heap_end - gc_heap_base */
extern pthread_mutex_t gc_heap_lock;
/* Start bits of gc_verify: one per 8 bytes of heap, reserved; meaningful only while it runs. */
extern u64 *gc_start_bits;

static inline GcRegion *gc_region_of(const void *p)
{
    return &gc_regions[((uintptr_t)p - (uintptr_t)gc_heap_base) >> GC_REGION_SHIFT];
}
static inline bool gc_is_free(const Object *o) { return o->mt == gc_free_mt; }

/* heap_lock held: n bytes of a region kind (never FREE or TAIL), zero; NULL: out of memory. */
char *gc_region_take(GcRegionKind kind, size_t n);
void gc_set_brick(const char *p); /* an object's header starts, or will start, at p */
/* Makes [p, p+n) one free object; n a multiple of 8, at least GC_MIN_OBJECT. */
void gc_format_free(char *p, size_t n);
/* Header start of what follows the object (or unused chunk rest) whose header starts at p; NULL when nothing sensible lies at p.
 * *o gets the object at p, NULL for a rest. */
char *gc_walk_next(const GcRegion *r, char *p, Object **o);
/* Calls visit for every object, free ones included; world stopped. */
void gc_walk_heap(void (*visit)(void *arg, Object *o, GcRegion *r), void *arg);
/* Finds an unused chunk rest that starts at p; NULL or its end. */
char *gc_rest_end(const char *p);

/* Visits every reference of o. */
typedef void (*GcVisitRef)(void *arg, Object *holder, Object **slot);
void gc_object_refs(Object *o, GcVisitRef visit, void *arg);

void gc_handles_init(void);
void gc_handles_visit(void (*visit)(void *arg, GcHandleKind kind, Object **slot), void *arg);
u64 gc_handles_count(void);
void gc_roots_visit(void (*visit)(void *arg, Object **slot), void *arg);
void gc_final_register(Object *o);
void gc_final_visit(void (*visit)(void *arg, Object **slot), void *arg);
void gc_stress_init(void);
extern bool gc_stress_allocs; /* each allocation takes the slow path and is a chance */
#endif
