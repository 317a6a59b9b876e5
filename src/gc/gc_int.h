/* gc_int.h: what the files of gc/ share.
 *
 * Locks: heap_lock (regions, chunks, thread views, large and pinned allocation), then none below it; the handle, root and
 * finalisation locks are leaves.  All are held for a few hundred instructions and never across a safepoint, so a thread
 * in either mode may take them.  The background thread holds gc_back_lock while it touches the heap, in quanta of less
 * than a millisecond; whoever stops the world takes it after the stop.
 *
 * Phases.  A collection runs on the thread that asked for it, world stopped (gc_collect.c gives the order).  Two ways of
 * tracing share one loop: a region is CONDEMNED, so that its live objects are copied out (generations 0 and 1, evacuation
 * candidates), or its objects are marked in gc_marks (gc_cycle.mark_states says which).  gc_keep and gc_survivor hide which. */
#ifndef GC_GC_INT_H
#define GC_GC_INT_H
#include "gc/gc.h"
#include "base/vec.h"

#include <pthread.h>

/* The first fields of Thread (thread_fields.def), all that gc/ knows of it; thread.c asserts the offsets. */
typedef struct GcThreadView {
    char *stack_limit;
    char *alloc_ptr, *alloc_limit; /* the chunk really ends GC_MIN_OBJECT later: room for its closing free object */
    u64 alloc_bytes;
} GcThreadView;
static inline GcThreadView *gc_view(Thread *t) { return (GcThreadView *)t; }

#define GC_REGION_SHIFT 20
#define GC_REGION_SIZE ((size_t)1 << GC_REGION_SHIFT)
#define GC_MAX_REGIONS 262144
#define GC_CARD_SHIFT 8
#define GC_BRICK_SHIFT 12 /* one brick per 4 KB; generation 0 only */
#define GC_PAGE ((size_t)4096)

typedef enum GcRegionKind {
    GC_REGION_FREE, /* must be 0 */
    GC_REGION_GEN0, /* chunks of threads; walkable by sizes */
    GC_REGION_GEN1, /* this and all following: objects found by gc_starts */
    GC_REGION_OLD,
    GC_REGION_LARGE, /* in the upper half of the range; pages handed out by gc_large.c */
    GC_REGION_PINNED,
    GC_REGION_FROZEN,
    GC_REGION_KINDS
} GcRegionKind;

/* What every hot path asks about an address: one byte per region. 0: free or outside. */
enum {
    GC_STATE_GEN0 = 1,
    GC_STATE_YOUNG = 2,     /* generation 0 or 1 */
    GC_STATE_OLD = 4,       /* generation 2: old, large, pinned */
    GC_STATE_FROZEN = 8,    /* never collected; may refer to others */
    GC_STATE_LARGE = 16,
    GC_STATE_CONDEMNED = 32, /* only while the world is stopped: live objects are copied out, pinned ones stay */
    GC_STATE_CANDIDATE = 64, /* to be evacuated by the running background cycle: slots that point here are recorded */
};

typedef struct GcGap GcGap; /* gc_old.c: free memory inside a region */
typedef struct GcRegion {
    u8 kind;         /* GcRegionKind */
    bool has_pins;   /* condemned: some object in it is pinned (gc_pin_bits) */
    bool pins_age;   /* and becomes older where it is; else a region of generation 0 stays one */
    bool swept;      /* old: gaps and live_bytes are those of the last marking */
    bool listed;     /* old: on the list of regions with gaps */
    char *start, *bump, *end; /* objects lie in [start, bump) */
    char *zero_from; /* memory from here to end is zero; [bump, zero_from) must be cleared before it is handed out */
    GcGap *gaps;     /* old, in address order after a sweep */
    u32 live_bytes, gap_bytes; /* old, pinned: at the last sweep, plus what was promoted since; live_bytes of other kinds is 0 */
    u32 max_gap;     /* old: no gap is bigger */
    u32 mean_bytes;  /* old: of an object at the last sweep */
    u32 sequence;    /* rises with each use of a region: order of allocation */
    u32 next;        /* index + 1 of the next region on the same list (free, by kind, available); 0: end */
} GcRegion;

extern GcRegion gc_regions[GC_MAX_REGIONS];
extern u32 gc_region_count;  /* regions of the lower half ever used; grows under heap_lock */
extern char *gc_large_base;  /* the upper half: [gc_large_base, gc_heap_end) */
extern char *gc_large_top;   /* end of the large pages ever used */
extern const GcClient *gc_client;
extern MethodTable *gc_free_mt;
extern u8 *gc_state_biased;  /* state of address a: gc_state_biased[a >> GC_REGION_SHIFT]; 0 outside the range, where foreign objects may lie */
extern u8 *gc_card_biased;   /* card of address a: gc_card_biased[a >> GC_CARD_SHIFT] */
/* YOUNG: a reference to a young object was stored here since the last collection.  CHANGED: something was stored here since marking began.
 * GEN1: an old object may refer to one of generation 1 here; collections of generation 0 need not look.  Stores leave YOUNG for both, without
 * GEN1: the next collection looks at every slot of the card and says which it is. */
enum { GC_CARD_YOUNG = 1, GC_CARD_CHANGED = 2, GC_CARD_STORED = 3, GC_CARD_GEN1 = 4, GC_CARD_ALL = 7 };
extern u64 gc_heap_size;     /* gc_heap_end - gc_heap_base */
extern pthread_mutex_t gc_heap_lock, gc_back_lock;

/* Bitmaps, one bit per 8 bytes of heap, at the object's address. */
extern u64 *gc_starts;   /* where objects start, all kinds but GEN0 */
extern u64 *gc_marks;    /* objects found alive by the marking in progress */
extern u64 *gc_pin_bits; /* objects of condemned regions that must stay; clear outside collections */
static inline size_t gc_bit(const void *p) { return ((uintptr_t)p - (uintptr_t)gc_heap_base) >> 3; }
static inline bool gc_bit_test(const u64 *map, const void *p)
{
    size_t b = gc_bit(p);
    return __atomic_load_n(&map[b >> 6], __ATOMIC_RELAXED) >> (b & 63) & 1;
}
static inline void gc_bit_set(u64 *map, const void *p) { map[gc_bit(p) >> 6] |= 1ull << (gc_bit(p) & 63); }
/* True when this call set it. */
static inline bool gc_bit_set_atomic(u64 *map, const void *p)
{
    u64 bit = 1ull << (gc_bit(p) & 63), *w = &map[gc_bit(p) >> 6];
    if (__atomic_load_n(w, __ATOMIC_RELAXED) & bit)
        return false;
    return !(__atomic_fetch_or(w, bit, __ATOMIC_RELAXED) & bit);
}
static inline void gc_bits_clear(u64 *map, const char *from, const char *to) /* both 512-byte aligned */
{
    memset(map + (gc_bit(from) >> 6), 0, (size_t)(to - from) / 64);
}
/* The last set bit at or before p, not before low; NULL: none. */
Object *gc_bit_before(const u64 *map, const char *p, const char *low);
/* The first set bit at or after p and before high; NULL: none. */
Object *gc_bit_after(const u64 *map, const char *p, const char *high);

static inline GcRegion *gc_region_of(const void *p)
{
    return &gc_regions[((uintptr_t)p - (uintptr_t)gc_heap_base) >> GC_REGION_SHIFT];
}
static inline u8 gc_state(const void *p) { return gc_state_biased[(uintptr_t)p >> GC_REGION_SHIFT]; } /* p NULL or an object */
static inline u8 gc_state_any(const void *p) { return gc_in_heap(p) ? gc_state(p) : 0; }
static inline u8 *gc_card(const void *p) { return gc_card_biased + ((uintptr_t)p >> GC_CARD_SHIFT); }
static inline bool gc_is_free(const Object *o) { return o->mt == gc_free_mt; }

/* Forwarding: the MethodTable word of an object that was copied out holds its new address + 1. */
static inline Object *gc_forwarded(const Object *o)
{
    uintptr_t w = (uintptr_t)__atomic_load_n(&o->mt, __ATOMIC_ACQUIRE);
    return w & 1 ? (Object *)(w - 1) : NULL;
}
/* Size of an object that may have been copied out. */
static inline size_t gc_size_any(const Object *o)
{
    const Object *f = gc_forwarded(o);
    return gc_object_size(f ? f : o);
}

/* --- gc_heap.c: regions.  heap_lock held, or world stopped. ------------------------------------------------------------- */
/* NULL: the limit is reached.  Cards, starts, marks clear; state set. for_collector: may use the reserve that mutators may not. */
GcRegion *gc_region_new(GcRegionKind kind, bool for_collector);
/* Running, no lock held: makes the pages of one more region, so that no pause waits for them; false: there are enough free ones, or no memory. */
bool gc_region_prepare(void);
bool gc_regions_wanted(void);                         /* gc_region_prepare would find something to do */
void gc_region_free(GcRegion *r);                     /* back to the free list; its memory stays committed until gc_trim */
void gc_region_set_kind(GcRegion *r, GcRegionKind kind); /* state follows */
/* Accounting of committed memory against the limit; gc_large.c uses it for its pages. */
bool gc_commit(u64 bytes, bool for_collector);
void gc_uncommit(u64 bytes);
u64 gc_committed(void);
u64 gc_room(void); /* at least so many bytes of regions can be had for copies, unless the system refuses */
typedef struct GcForeign {
    const char *start, *end;
} GcForeign;
bool gc_is_foreign(const void *p); /* world stopped: p lies in what gc_foreign_add was told of */
/* Gives free regions beyond keep_bytes back to the system. */
void gc_trim(u64 keep_bytes);
bool gc_trim_some(u64 keep_bytes, u32 most); /* up to so many regions; false: done */
void gc_marks_clear(void); /* over all that was ever used */
u64 gc_free_region_bytes(void); /* committed, on the free list */
extern bool gc_quarantine; /* stress: freed regions become unreadable and are used again late */
void gc_set_brick(const char *p); /* GEN0: an object's header starts, or will start, at p */
/* Makes [p, p+n) one free object; n a multiple of 8, at least GC_MIN_OBJECT. */
void gc_format_free(char *p, size_t n);
/* GEN0: header start of what follows the object (or unused chunk rest) whose header starts at p; NULL when nothing sensible lies at p.
 * *o gets the object at p, NULL for a rest. Copied objects are stepped over by their copy's size. */
char *gc_walk_next(const GcRegion *r, char *p, Object **o);
/* Calls visit for every object (free ones of GEN0 included); world stopped. */
typedef void (*GcVisitObject)(void *arg, Object *o, GcRegion *r);
void gc_walk_heap(GcVisitObject visit, void *arg);
void gc_walk_region(GcRegion *r, GcVisitObject visit, void *arg);
char *gc_rest_end(const char *p); /* end of an unused chunk rest that starts at p; NULL: none */

/* --- gc_alloc.c --------------------------------------------------------------------------------------------------------- */
/* World stopped: every thread lets go of its chunk; GEN0 is then a row of objects and free objects. */
void gc_retire_chunks(void);
void gc_reuse_gap(char *p, char *end); /* world stopped: between pinned objects of a region that stays in generation 0 */
void gc_forget_gen0(void); /* world stopped: no region is being filled any more */
/* Cooperative, at a safepoint, no lock: collect if it is due.  gc_collect.c */
void gc_before_chunk(Thread *t);
void gc_before_large(Thread *t, size_t n);
/* An allocation of n bytes failed for the attempt-th time (from 0): collects ever harder; false: give up. */
bool gc_make_room(Thread *t, u32 attempt, size_t n);
extern u64 gc_gen0_budget; /* bytes of generation 0 at which it is collected; set after each collection */
u64 gc_gen0_used(void);    /* bytes handed out as chunks since the last collection */

/* --- gc_large.c: objects of gc_settings.loh_threshold bytes and more.  heap_lock held or world stopped. ---------------------- */
void gc_large_init(void);
/* Zeroed unless no_zero; start bit set, and mark bit while marking; header start is page-aligned.  NULL: limit. */
char *gc_large_alloc(size_t n, bool no_zero, bool for_collector);
char *gc_large_alloc_fixed(size_t n, bool no_zero, bool immortal); /* for mutators: no compaction moves it; immortal: never freed either */
void gc_large_free(Object *o);                 /* its pages become a free run; start bit cleared */
Object *gc_large_containing(const char *p);    /* the object whose pages contain p; NULL */
void gc_large_each(void (*visit)(void *arg, Object *o), void *arg); /* address order */
void gc_large_unmark(void); /* clears the mark bits, but those of immortal objects: before a marking, which leaves them set */
/* After marking, world stopped or back_lock, heap_lock not held: frees each object without a mark bit.  Returns bytes freed. */
u64 gc_large_sweep(void);
/* World stopped, all marked, nothing else moved yet: slides the marked ones together and leaves forwarding for gc_full.c by
 * gc_large_forward; refs are fixed later. */
void gc_large_compact_plan(void);
Object *gc_large_forward(Object *o); /* new address by the plan; o itself when it stays */
void gc_large_compact_move(void);    /* after all references were fixed: moves the memory */
u64 gc_large_bytes(void);            /* used by objects */
u64 gc_large_ref_bytes(u64 enough);  /* used by objects with references; stops counting at `enough` */
u64 gc_large_free_bytes(void);       /* committed, in free runs between objects: the fragmentation */
/* After a full collection.  all: gives every free page back.  Else what exceeds a share of the bytes in use no longer counts as committed:
 * gc_large_release will offer it to the system, which gets it for good by and by if it is not used again. */
void gc_large_trim(bool all);
/* A step, some ten microseconds, of what gc_large_trim left to do; heap_lock held, the world may run; false: done. */
bool gc_large_release(void);
void gc_large_check(void);           /* aborts when the space's records contradict each other */

/* --- gc_old.c: allocation in generations 1 and 2 by the collector, and sweeping. ------------------------------------------------- */
typedef struct GcLab { /* one worker's window of allocation */
    char *ptr, *end;
    GcRegion *region; /* taken off the list of regions with room */
    char *start;      /* what was handed out from here on is not yet in live_bytes */
    GcGap *passed;    /* gaps of the region that were too small */
} GcLab;
/* World stopped.  n bytes (a multiple of 8) in a region of kind GEN1 or OLD, not zeroed; start bit not set.  NULL: limit. */
char *gc_lab_alloc_slow(GcLab *lab, GcRegionKind kind, size_t n);
static inline char *gc_lab_alloc(GcLab *lab, GcRegionKind kind, size_t n)
{
    char *p = lab->ptr;
    if (LIKELY((size_t)(lab->end - p) >= n)) {
        lab->ptr = p + n;
        return p;
    }
    return gc_lab_alloc_slow(lab, kind, n);
}
void gc_lab_close(GcLab *lab); /* gives the rest back */
/* By gc_starts (after a marking: starts are the marks): builds gaps, live_bytes; frees the region when nothing lives. Returns bytes freed.
 * World stopped or back_lock held; heap_lock is taken inside where needed. */
u64 gc_sweep_region(GcRegion *r);
void gc_old_forget(void);   /* world stopped: the list of regions with gaps is emptied (sweeping fills it again) */
char *gc_pinned_alloc(size_t n, bool no_zero); /* the pinned-object heap; heap_lock held; start bit set */
extern u64 gc_old_bytes;    /* bytes of objects in OLD and PINNED regions: at the last marking, plus promoted since */

/* --- Workers (gc_worker.c): tracing in parallel ------------------------------------------------------------------------------- */
typedef VEC(Object *) GcStack;
typedef struct GcWorker {
    u32 id;            /* 0: the collecting thread itself */
    GcStack copied;    /* objects copied or pinned whose slots are still to be visited */
    GcStack gray;      /* marked objects whose slots are still to be visited; gc_gray_push only, its memory is gc_mark.c's */
    GcLab lab1, lab2;  /* generations 1 and 2 */
    u64 promoted_bytes, moved_objects;
} GcWorker;
#define GC_MAX_WORKERS 16
extern GcWorker gc_workers[GC_MAX_WORKERS];
extern u32 gc_worker_count; /* at least 1 */
/* Runs fn(worker, arg) on up to n workers (1..gc_worker_count), worker 0 on the caller; returns when all that began are done.  Who has not begun
 * when the caller's part returns does not take part: fn must be able to do the work with any number. */
void gc_parallel(u32 n, void (*fn)(GcWorker *w, void *arg), void *arg);
extern u32 gc_parallel_count;  /* workers of the gc_parallel that runs; 0: none */
u32 gc_workers_ready(u32 n);   /* how many of n can be had: makes their threads */
void gc_workers_init(void);    /* after gc_config_init */
/* The pool: objects that a worker of the gc_parallel that runs offers to those who have none.  gc_pool_open comes before the job; each worker
 * joins, works, and takes until there is nothing left: gc_pool_take waits while another that joined still works. */
void gc_pool_open(void);
void gc_pool_join(void);
bool gc_pool_wants(void);                /* somebody waits: worth a gc_pool_give now and then */
void gc_pool_give(GcStack *from);        /* moves a part, the oldest entries: they lead to more work than the newest */
bool gc_pool_take(GcWorker *w, void (*push)(GcWorker *w, Object *o)); /* false: all is done */
/* A full stack grows; when the system refuses, all marked objects are visited again later. */
void gc_gray_push_slow(GcWorker *w, Object *o);
static inline void gc_gray_push(GcWorker *w, Object *o)
{
    if (LIKELY(w->gray.len < w->gray.cap))
        w->gray.data[w->gray.len++] = o;
    else
        gc_gray_push_slow(w, o);
}
void gc_gray_release(void);    /* after a marking: gives long stacks' memory back */

/* --- The collection in progress (gc_collect.c) ------------------------------------------------------------------------------- */
typedef struct GcCycle {
    bool running;
    i32 generation;   /* oldest condemned: 0, 1 (evacuation), 2 (marking of everything) */
    u32 flags;        /* GC_COLLECT_ */
    GcReason reason;
    u8 mark_states;   /* GC_STATE_ bits of regions whose liveness is in gc_marks: 0 (young only), OLD (final pause of a background cycle; young
                         collections while marking), OLD|YOUNG (blocking full) */
    bool deciding;    /* marks are complete for mark_states: gc_survivor may say NULL for marked kinds.  False while marking goes on */
    bool all_roots;   /* roots that lead to old objects must be visited too: first and final pause */
    bool final;       /* final pause of a background cycle */
    bool full_moved;  /* blocking full: objects were moved, gc_moved gives new addresses */
    u64 stacks_ns;    /* young: what the walk of the stacks took */
    Thread *self;
    char *low;        /* where the frames of whoever asked for the collection begin */
    GcRecord record;
} GcCycle;
extern GcCycle gc_cycle;
void gc_collect_init(void);
void gc_clear_dead_frames(void); /* of the collector, below its caller: at the end of what was done on a thread of the program */
extern bool gc_marking; /* a background cycle marks: promoted and large objects are born marked, their cards CHANGED */

/* Liveness.  World stopped. gc_survivor is in gc.h. */
void gc_keep(Object **slot);  /* makes *slot reachable; the slot gets its new address */
void gc_keep_object(Object *o); /* for an object that cannot move (or whose slot is fixed later) */
bool gc_drain(void);          /* traces all that was kept; false: there was nothing to do */
/* Blocking full, after the moves: the new address. */
static inline Object *gc_moved(Object *o)
{
    Object *f;
    if (!o || !gc_in_heap(o))
        return o;
    if (UNLIKELY(gc_state(o) & GC_STATE_LARGE))
        return gc_large_forward(o);
    if (!(gc_state(o) & GC_STATE_CONDEMNED))
        return o;
    f = gc_forwarded(o);
    return f ? f : o;
}

/* gc_young.c, gc_mark.c, gc_full.c, gc_back.c: see each file's top */
void gc_pin(const void *p);              /* world stopped, before anything moves: the object that p points into or at stays */
u32 gc_pinned_count(void);               /* what gc_pin pinned in this collection */
Object *gc_pinned_object(u32 i);
void gc_unpin_all(void);                 /* end of the collection: gc_pin_bits clear again */
extern bool gc_young_is_long;            /* set by gc_collect.c from the last pause: the next trace is shared among workers */
extern bool gc_young_tenures;            /* likewise, from what survived generation 1 */
void gc_young_trace(i32 generation);     /* roots, cards, closure of the condemned regions */
void gc_young_finish(void);              /* after weak references: frees condemned regions */
void gc_full_collect(void);
void gc_fix_roots(void);                 /* gc_full.c: after moves of old objects: each root = gc_moved() */
void gc_mark_roots(void);                /* after gc_large_unmark: grays everything the roots refer to in mark_states */
void gc_mark_drain(GcWorker *w);         /* to the end; calls other workers when there is much to do, unless inside gc_parallel */
bool gc_mark_some(GcWorker *w, u64 deadline_ns); /* gc_back_lock held, beside the program: old objects only; true: nothing is gray */
void gc_decide(i32 generation);          /* gc_collect.c: dependents, weak, finalisation, tracking weak, client->sweep, in that order */
static inline void gc_mark_object(GcWorker *w, Object *o) /* o's state is in mark_states */
{
    if (gc_bit_set_atomic(gc_marks, o))
        gc_gray_push(w, o);
}
void gc_barrier_set_marking(bool on);    /* world stopped: which barrier the cells lead to */

/* gc_back.c: the background cycle.  World stopped and back_lock held, unless said otherwise. */
void gc_back_init(void);
void gc_back_lock_stopped(void);   /* takes back_lock for a stopper: the thread lets go within a quantum */
void gc_back_unlock_stopped(void);
bool gc_back_prepare(void); /* running: makes the thread; false: there is none, collect without it */
bool gc_back_start(void);  /* before the young collection that is the first pause: from here on old objects are grayed; false: cannot */
void gc_back_adopt(void);  /* end of a young collection while marking: takes what it left on the workers' gray stacks */
bool gc_back_wants_pause(void); /* any time: marking is done, the next collection of generation 1 should be the final pause */
void gc_back_final(void);  /* after gc_young_trace(1): final marking, decisions for all generations, gc_young_finish; sweeping begins */
bool gc_back_assist(void); /* a running thread, cooperative: marks for a quantum; false: the thread does, or there is nothing to mark */
void gc_back_make_regions(void); /* running: the thread, when there is one, prepares regions */
void gc_back_abort(void);  /* a blocking full collection takes over */
void gc_back_wait(Thread *t); /* running: until no cycle is in progress; a safepoint */
/* gc_collect.c, called by the background thread */
void gc_background_pause(Thread *t); /* running: nobody else made the final pause */
void gc_background_swept(void);
/* A little of what a full collection leaves to do after its pause; gc_back_lock held or cooperative; false: done. */
bool gc_give_back_step(void);
extern bool gc_back_active;
/* gc_evac.c: sparse regions that the cycle empties.  World stopped but for recording. */
void gc_evac_choose(void);            /* first pause, before anything is marked */
void gc_evac_record(Object **slot);   /* it refers to a CANDIDATE; any worker, or the background thread */
void gc_evac_move(u64 decide_ns);     /* final pause, all decided, which took so long; labs open */
void gc_evac_cancel(void);

/* --- Cards (gc_card.c) -------------------------------------------------------------------------------------------------------- */
/* World stopped. For each card with any of `bits` in regions that are not condemned and not GEN0: they are cleared, and visit is called for each
 * reference slot on it; it returns the bits that the card must have for this slot. */
typedef u8 (*GcVisitCardSlot)(void *arg, Object *holder, Object **slot);
void gc_cards_visit(u8 bits, GcVisitCardSlot visit, void *arg);
/* The same by several workers: each takes regions off the list until none is left.  The list is what there was at the beginning: copying
 * adds regions. */
typedef struct GcCardParts {
    u32 next, small, large; /* large: how many regions the large space has, up to its top */
} GcCardParts;
GcCardParts gc_card_parts(void);
void gc_cards_visit_part(u8 bits, GcCardParts *parts, GcVisitCardSlot visit, void *arg);

/* Visits every reference of o; inline, so that a constant visit is inlined with it. */
typedef void (*GcVisitRef)(void *arg, Object *holder, Object **slot);
static inline __attribute__((always_inline)) void gc_refs_between(Object *o, const char *low, const char *high, GcVisitRef visit, void *arg)
{
    if (!(gc_type(o)->flags & GC_TYPE_HAS_REFS))
        return;
    i64 n = ((i64 *)o->mt)[-1];
    const GcRun *runs = (const GcRun *)((i64 *)o->mt - 1);
    if (n >= 0) {
        for (i64 i = 0; i < n; i++) {
            Object **s = (Object **)((char *)o + runs[-1 - i].offset), **e = s + runs[-1 - i].count;
            if ((char *)s < low)
                s = (Object **)ALIGN_UP((uintptr_t)low, sizeof *s);
            for (; s < e && (char *)s < high; s++)
                visit(arg, o, s);
        }
        return;
    }
    size_t element = gc_type(o)->flags & 0xffff;
    /* Bounds of a multi-dimensional array lie before its data; base_size counts them. */
    char *data = (char *)o + gc_type(o)->base_size - 8, *end = data + (size_t)gc_array_length(o) * element;
    if (n == -1 && runs[-1].count * 8 == element) { /* references only */
        Object **s = (Object **)MAX(data, (char *)ALIGN_UP((uintptr_t)low, sizeof *s)), **e = (Object **)MIN(end, (char *)high);
        for (; s < e; s++)
            visit(arg, o, s);
        return;
    }
    if (low > data)
        data += (size_t)(low - data) / element * element;
    for (; data < end && data < high; data += element)
        for (i64 i = 0; i < -n; i++)
            for (u32 k = 0; k < runs[-1 - i].count; k++) {
                Object **s = (Object **)(data + runs[-1 - i].offset) + k;
                if ((char *)s >= low && (char *)s < high)
                    visit(arg, o, s);
            }
}
static inline __attribute__((always_inline)) void gc_refs(Object *o, GcVisitRef visit, void *arg)
{
    gc_refs_between(o, (const char *)o, (const char *)UINTPTR_MAX, visit, arg);
}
void gc_object_refs(Object *o, GcVisitRef visit, void *arg); /* out of line */

/* --- Roots.  World stopped; generation: oldest condemned, so that entries known to be older may be skipped. -------------------- */
void gc_handles_init(void);
void gc_handles_keep(i32 generation);             /* gc_keep on strong and pinned ones, ref-counted kinds later */
void gc_handles_pins(void);                       /* gc_pin on the targets of pinned ones */
bool gc_dependents_keep(i32 generation);          /* gc_keep on the secondary of each live primary; true: some was newly kept */
void gc_handles_clear(GcHandleKind kind, i32 generation); /* weak kinds and dependent: dead targets become NULL, moved ones are updated */
void gc_handles_update(void);                     /* every slot of every kind = gc_moved */
void gc_handles_aged(i32 generation);             /* end of the collection: what survived is one generation older */
void gc_handles_visit(void (*visit)(void *arg, GcHandleKind kind, Object **slot), void *arg);
u64 gc_handles_count(void);

void gc_roots_visit(void (*visit)(void *arg, Object **slot), void *arg);

void gc_final_register(Object *o);
void gc_final_keep(void);                         /* the ready queue */
bool gc_final_scan(i32 generation);               /* dead registered objects become ready (kept; suppressed ones are dropped); true: some did */
void gc_final_update(i32 generation);             /* registered and ready entries of collected generations follow moved objects, age */
void gc_final_moved(void);                        /* every entry = gc_moved */
u64 gc_final_pending(void);
void gc_final_visit(void (*visit)(void *arg, Object **slot), void *arg);

/* --- Figures (gc_stats.c) ------------------------------------------------------------------------------------------------------ */
void gc_stats_init(void);
void gc_stats_begin(void);                 /* start of a pause: sizes before */
void gc_stats_end(u64 pause_ns);           /* end of a collection: sizes after; files gc_cycle.record under its kinds, counts, logs gc:1 */
extern u32 gc_collections[3], gc_background_collections;
extern u64 gc_pause_ns_total, gc_moved_total;
void gc_generation_sizes(u64 size[5], u64 fragmented[5]); /* heap_lock held or world stopped */

bool gc_config_init(Err *e);               /* fills gc_settings; false: they cannot work */
typedef enum GcSettingId {
#define GC_SETTING(id, name, variable, property, type, dflt, effect) GC_SETTING_##id,
#include "gc/gc_settings.def"
#undef GC_SETTING
    GC_SETTING_COUNT
} GcSettingId;
/* The smallest number that the memory cgroups of this process hold in a file, by version; groups: /proc/self/cgroup, root: where the
 * hierarchies are mounted.  UINT64_MAX: none. */
u64 gc_cgroup_number(const char *groups, const char *root, const char *file_v2, const char *file_v1);

/* gc_notify.c: full-GC notifications and no-GC regions' side of the collector. */
extern bool gc_region_active;              /* a region without collections: each chunk and large object asks gc_may_collect */
bool gc_may_collect(void);                 /* false inside a no-GC region with budget left; no lock held */
void gc_notify_starts(void);               /* world stopped, gc_cycle filled */
void gc_notify_ends(i32 generation, bool blocking); /* world stopped, budgets set */
/* gc_collect.c: what the older generations hold, and at how much they are due; both without a lock. */
void gc_full_progress(u64 *used, u64 *due);

void gc_stress_init(void);
extern bool gc_stress_allocs; /* each allocation takes the slow path and is a chance */
#endif
