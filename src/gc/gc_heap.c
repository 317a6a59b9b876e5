/* gc_heap.c: the reserved range, its regions, bricks and walks.
 * In: addresses only; no type is known but by its prefix.  Out: regions, each in one of the kinds, with its state byte.
 * The lower half of the range is cut into regions; the upper half belongs to gc_large.c, whose regions exist for their state only.
 * Invariant: [start, bump) of a GEN0 region is a row of objects, free objects and chunk rests; in all other kinds gc_starts
 * says where objects are.  A brick, when not 0, is 1 + the word index of an object start within its 4 KB.
 * Not here: chunks of threads (gc_alloc.c), gaps (gc_old.c).  Book: gc.md  Tests: tests/unit/gc/ */
#include "gc/gc.h"
#include "base/knobs.h"
#include "gc/gc_int.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum {
    SMALL_HEAP_REGIONS = 16, /* so many keep small pages and are never mapped ahead: little programs stay little */
    READY_REGIONS = 6,       /* free ones with pages, beyond a small heap: what a collection or an allocation is likely to want next */
    PROTECT_REGIONS = 4,     /* opened by one system call */
    HUGE_FROM = 48,          /* regions from here on lie in huge pages: what is random in a big heap waits for the page tables else */
    QUARANTINE_REGIONS = 64, /* stress: so many wait unreadable, if the heap's limit allows */
};

#define HUGE_PAGE ((size_t)2 << 20)
#define ADDRESSES ((size_t)1 << 47) /* of user space */

char *gc_heap_base, *gc_heap_end, *gc_large_base, *gc_large_top;
u64 gc_heap_size;
u8 *gc_state_biased, *gc_card_biased;
u64 *gc_starts, *gc_marks, *gc_pin_bits;
GcRegion gc_regions[GC_MAX_REGIONS];
u32 gc_region_count;
const GcClient *gc_client;
MethodTable *gc_free_mt;
pthread_mutex_t gc_heap_lock = PTHREAD_MUTEX_INITIALIZER, gc_back_lock = PTHREAD_MUTEX_INITIALIZER;
bool gc_quarantine;

static u16 *bricks; /* by (address - heap base) >> GC_BRICK_SHIFT */
static u32 region_limit, opened; /* regions of the lower half; those readable so far */
static u64 committed, sequence;
static struct RegionList {
    u32 first; /* index + 1 */
    u32 count; /* may be read without the lock */
} free_list, bare_list; /* committed and given-back regions */
static u32 jail_first, jail_last, jailed;  /* quarantine, oldest first */

static void *reserve(size_t n, int prot)
{
    void *p = mmap(NULL, n, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* Where addresses are limited (ulimit -v), code, libraries and stacks need most of them. */
static size_t most_addresses(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX : limit.rlim_cur / 4;
}

static char *reserve_range(size_t *size)
{
    size_t most = most_addresses();
    for (size_t n = (size_t)GC_MAX_REGIONS << GC_REGION_SHIFT; n >= (size_t)1 << 28; n >>= 1) {
        if (n > most)
            continue;
        char *p = reserve(n + HUGE_PAGE, PROT_NONE);
        if (p) {
            *size = n;
            return (char *)ALIGN_UP((uintptr_t)p, HUGE_PAGE);
        }
    }
    return NULL;
}

bool gc_init(const GcClient *client, Err *e)
{
    CHECK(!gc_heap_base);
    size_t size = 0;
    gc_stats_init();
    if (!gc_config_init(e))
        return false;
    char *base = reserve_range(&size);
    if (!base)
        return err_set(e, ERR_OUT_OF_MEMORY, 0, "cannot reserve address space for the managed heap (errno %d)", errno);
    int rw = PROT_READ | PROT_WRITE;
    u8 *cards = reserve(size >> GC_CARD_SHIFT, rw);
    gc_state_biased = reserve(ADDRESSES >> GC_REGION_SHIFT, rw);
    bricks = reserve((size >> GC_BRICK_SHIFT) * sizeof(u16), rw);
    gc_starts = reserve(size / 64, rw);
    gc_marks = reserve(size / 64, rw);
    gc_pin_bits = reserve(size / 64, rw);
    if (!cards || !gc_state_biased || !bricks || !gc_starts || !gc_marks || !gc_pin_bits)
        return err_set(e, ERR_OUT_OF_MEMORY, 0, "cannot reserve the heap's tables (errno %d)", errno);
    madvise(gc_state_biased, ADDRESSES >> GC_REGION_SHIFT, MADV_NOHUGEPAGE);
    gc_client = client;
    gc_card_biased = cards - ((uintptr_t)base >> GC_CARD_SHIFT);
    gc_heap_base = base;
    gc_heap_end = base + size;
    gc_heap_size = size;
    gc_large_base = gc_large_top = base + size / 2;
    region_limit = (u32)(size / 2 >> GC_REGION_SHIFT);
    gc_large_init();
    gc_workers_init();
    gc_handles_init();
    gc_stress_init();
    gc_collect_init();
    return true;
}

void gc_set_free_type(MethodTable *free_mt)
{
    gc_free_mt = free_mt;
}

/* --- Memory against the limit -------------------------------------------------------------------------------------------- */

/* Kept for the collector's copies, so that a collection at the limit can still evacuate. */
static u64 collector_reserve(u64 limit)
{
    return MIN(limit / 16, (u64)16 << 20);
}

static u64 memory_limit(void)
{
    u64 limit = gc_settings.hard_limit ? gc_settings.hard_limit : gc_settings.physical;
    return MAX(limit, (u64)4 << 20); /* the runtime's own first objects */
}

u64 gc_room(void)
{
    u64 limit = memory_limit(), left = committed < limit ? limit - committed : 0;
    return ((u64)free_list.count << GC_REGION_SHIFT) + MIN(left, (u64)(region_limit - gc_region_count) << GC_REGION_SHIFT);
}

bool gc_commit(u64 bytes, bool for_collector)
{
    u64 limit = memory_limit();
    if (!for_collector)
        limit -= collector_reserve(limit);
    if (bytes > limit || committed > limit - bytes)
        return false;
    committed += bytes;
    return true;
}

void gc_uncommit(u64 bytes)
{
    DCHECK(committed >= bytes);
    committed -= bytes;
}

u64 gc_committed(void)
{
    return committed;
}

/* --- Regions ----------------------------------------------------------------------------------------------------------------- */

static u8 state_of_kind(GcRegionKind kind)
{
    static const u8 by_kind[GC_REGION_KINDS] = {
        [GC_REGION_GEN0] = GC_STATE_GEN0 | GC_STATE_YOUNG,
        [GC_REGION_GEN1] = GC_STATE_YOUNG,
        [GC_REGION_OLD] = GC_STATE_OLD,
        [GC_REGION_LARGE] = GC_STATE_OLD | GC_STATE_LARGE,
        [GC_REGION_PINNED] = GC_STATE_OLD,
        [GC_REGION_FROZEN] = GC_STATE_FROZEN,
    };
    return by_kind[kind];
}

static char *region_start(u32 index)
{
    return gc_heap_base + ((size_t)index << GC_REGION_SHIFT);
}

/* Takes the region that *link, in the list, names.  0: none. */
static u32 pop_at(struct RegionList *list, u32 *link)
{
    u32 top = *link;
    if (top) {
        *link = gc_regions[top - 1].next;
        __atomic_store_n(&list->count, list->count - 1, __ATOMIC_RELAXED);
    }
    return top;
}

static u32 pop(struct RegionList *list)
{
    return pop_at(list, &list->first);
}

static void push(struct RegionList *list, u32 index)
{
    gc_regions[index].next = list->first;
    list->first = index + 1;
    __atomic_store_n(&list->count, list->count + 1, __ATOMIC_RELAXED);
}

/* A share of the memory that there may be. */
static bool jail_is_full(void)
{
    u64 limit = gc_settings.hard_limit ? gc_settings.hard_limit : gc_settings.physical;
    return jailed > MIN((u64)QUARANTINE_REGIONS, limit / 16 >> GC_REGION_SHIFT);
}

/* The oldest of the jail, readable again. */
static u32 release_jailed(void)
{
    u32 top = jail_first;
    jail_first = gc_regions[top - 1].next;
    if (!--jailed)
        jail_last = 0;
    CHECK(!mprotect(region_start(top - 1), GC_REGION_SIZE, PROT_READ | PROT_WRITE));
    return top;
}

static bool open_regions(u32 index)
{
    if (index < opened)
        return true;
    u32 n = MIN((u32)PROTECT_REGIONS, region_limit - opened);
    char *start = region_start(opened);
    if (mprotect(start, (size_t)n << GC_REGION_SHIFT, PROT_READ | PROT_WRITE))
        return false;
    if (opened < SMALL_HEAP_REGIONS)
        madvise(start, (size_t)n << GC_REGION_SHIFT, MADV_NOHUGEPAGE);
    else if (opened >= HUGE_FROM)
        madvise(start, (size_t)n << GC_REGION_SHIFT, MADV_HUGEPAGE);
    opened += n;
    return true;
}

/* A region without memory: one given back earlier, or the next that was never used.  0: none. */
static u32 fresh_region(bool for_collector)
{
    if (!gc_commit(GC_REGION_SIZE, for_collector))
        return 0;
    u32 top = pop(&bare_list);
    if (!top && gc_region_count < region_limit && open_regions(gc_region_count)) {
        char *start = region_start(gc_region_count);
        gc_regions[gc_region_count] = (GcRegion){.start = start, .bump = start, .end = start + GC_REGION_SIZE, .zero_from = start};
        top = gc_region_count + 1;
        __atomic_store_n(&gc_region_count, top, __ATOMIC_RELEASE);
    }
    if (!top)
        gc_uncommit(GC_REGION_SIZE);
    return top;
}

static void populate(u32 index)
{
    madvise(region_start(index), GC_REGION_SIZE, MADV_POPULATE_WRITE); /* only saves page faults */
}

bool gc_regions_wanted(void)
{
    return gc_region_count >= SMALL_HEAP_REGIONS && __atomic_load_n(&free_list.count, __ATOMIC_RELAXED) < READY_REGIONS;
}

bool gc_region_prepare(void)
{
    if (!gc_regions_wanted())
        return false;
    pthread_mutex_lock(&gc_heap_lock);
    u32 top = fresh_region(false);
    pthread_mutex_unlock(&gc_heap_lock);
    if (!top)
        return false;
    GcRegion *r = &gc_regions[top - 1]; /* on no list: nobody else's */
    populate(top - 1);
    u64 *const maps[] = {gc_starts, gc_marks, gc_pin_bits}; /* two may change places meanwhile: in each the region's part means nothing now */
    for (u32 i = 0; i < ARRAY_LEN(maps); i++)
        gc_bits_clear(maps[i], r->start, r->end);
    memset(gc_card(r->start), 0, GC_REGION_SIZE >> GC_CARD_SHIFT);
    pthread_mutex_lock(&gc_heap_lock);
    push(&free_list, top - 1);
    pthread_mutex_unlock(&gc_heap_lock);
    return true;
}

GcRegion *gc_region_new(GcRegionKind kind, bool for_collector)
{
    u32 top = pop(&free_list);
    if (!top && (top = fresh_region(for_collector)) > SMALL_HEAP_REGIONS)
        populate(top - 1);
    if (!top && jailed)
        top = release_jailed();
    if (!top)
        return NULL;
    GcRegion *r = &gc_regions[top - 1];
    r->has_pins = r->pins_age = r->swept = r->listed = false;
    r->gaps = NULL;
    r->live_bytes = r->gap_bytes = r->next = 0;
    r->sequence = (u32)++sequence;
    gc_bits_clear(gc_starts, r->start, r->end);
    gc_bits_clear(gc_marks, r->start, r->end);
    gc_region_set_kind(r, kind);
    return r;
}

void gc_region_set_kind(GcRegion *r, GcRegionKind kind)
{
    if (r->kind == GC_REGION_GEN0 || r->kind == GC_REGION_FREE) { /* nobody keeps the cards of these in order */
        memset(gc_card(r->start), 0, GC_REGION_SIZE >> GC_CARD_SHIFT);
        memset(bricks + ((size_t)(r->start - gc_heap_base) >> GC_BRICK_SHIFT), 0, (GC_REGION_SIZE >> GC_BRICK_SHIFT) * sizeof *bricks);
    }
    r->kind = (u8)kind;
    __atomic_store_n(&gc_state_biased[(uintptr_t)r->start >> GC_REGION_SHIFT], state_of_kind(kind), __ATOMIC_RELEASE);
}

void gc_region_free(GcRegion *r)
{
    u32 index = (u32)(r - gc_regions);
    r->zero_from = MAX(r->zero_from, r->bump);
    r->bump = r->start;
    r->kind = GC_REGION_FREE;
    r->gaps = NULL;
    __atomic_fetch_sub(&gc_old_bytes, r->live_bytes, __ATOMIC_RELAXED);
    r->live_bytes = 0;
    gc_state_biased[(uintptr_t)r->start >> GC_REGION_SHIFT] = 0;
    if (LIKELY(!gc_quarantine)) {
        push(&free_list, index);
        return;
    }
    mprotect(r->start, GC_REGION_SIZE, PROT_NONE);
    r->next = 0;
    if (jail_last)
        gc_regions[jail_last - 1].next = index + 1;
    else
        jail_first = index + 1;
    jail_last = index + 1;
    jailed++;
    if (jail_is_full())
        push(&free_list, release_jailed() - 1);
}

void gc_trim(u64 keep_bytes)
{
    gc_trim_some(keep_bytes, UINT32_MAX);
}

bool gc_trim_some(u64 keep_bytes, u32 most)
{
    u64 seen = 0;
    for (u32 *link = &free_list.first; *link;) {
        GcRegion *r = &gc_regions[*link - 1];
        if ((seen += GC_REGION_SIZE) <= keep_bytes) {
            link = &r->next;
            continue;
        }
        if (!most--)
            return true;
        u32 index = pop_at(&free_list, link) - 1;
        if (madvise(r->start, GC_REGION_SIZE, MADV_DONTNEED))
            memset(r->start, 0, GC_REGION_SIZE);
        r->zero_from = r->start;
        gc_uncommit(GC_REGION_SIZE);
        push(&bare_list, index);
    }
    return false;
}

u64 gc_free_region_bytes(void)
{
    return (u64)free_list.count << GC_REGION_SHIFT;
}

void gc_marks_clear(void)
{
    if (gc_region_count)
        gc_bits_clear(gc_marks, gc_regions[0].start, gc_regions[gc_region_count - 1].end);
    gc_bits_clear(gc_marks, gc_large_base, (char *)ALIGN_UP((uintptr_t)gc_large_top, (uintptr_t)GC_REGION_SIZE));
}

void gc_set_brick(const char *p)
{
    size_t offset = (size_t)(p - gc_heap_base);
    u16 *b = &bricks[offset >> GC_BRICK_SHIFT];
    u16 v = (u16)(1 + ((offset & ((1u << GC_BRICK_SHIFT) - 1)) >> 3));
    u16 old = __atomic_load_n(b, __ATOMIC_RELAXED);
    if (!old || v < old)
        __atomic_store_n(b, v, __ATOMIC_RELAXED);
}

void gc_format_free(char *p, size_t n)
{
    DCHECK(n >= GC_MIN_OBJECT && !(n & 7));
    Object *o = (Object *)(p + 8);
    *(u64 *)p = 0;
    *(u32 *)((char *)o + ARRAY_LENGTH) = (u32)(n - GC_MIN_OBJECT);
    __atomic_store_n(&o->mt, gc_free_mt, __ATOMIC_RELEASE);
}

/* --- Walks ------------------------------------------------------------------------------------------------------------------- */

char *gc_walk_next(const GcRegion *r, char *p, Object **o)
{
    Object *here = (Object *)(p + 8);
    if (!here->mt) {
        *o = NULL;
        return gc_rest_end(p);
    }
    *o = here;
    size_t n = gc_size_any(here);
    return n < GC_MIN_OBJECT || n > (size_t)(r->bump - p) ? NULL : p + n;
}

static void walk_gen0(GcRegion *r, GcVisitObject visit, void *arg)
{
    u64 brick = ~0ull;
    for (char *p = r->start, *next; p < r->bump; p = next) {
        Object *o;
        next = gc_walk_next(r, p, &o);
        CHECKF(next, "heap not walkable at %p (MethodTable %p), region from %p to %p", (void *)p, *(void **)(p + 8), (void *)r->start,
               (void *)r->bump);
        u64 b = (u64)(p - gc_heap_base) >> GC_BRICK_SHIFT;
        if (b != brick)
            gc_set_brick(p);
        brick = b;
        if (o)
            visit(arg, o, r);
    }
}

void gc_walk_region(GcRegion *r, GcVisitObject visit, void *arg)
{
    if (r->kind == GC_REGION_FREE)
        return;
    if (r->kind == GC_REGION_GEN0) {
        walk_gen0(r, visit, arg);
        return;
    }
    size_t first = gc_bit(r->start) >> 6, last = (gc_bit(r->end) >> 6);
    for (size_t w = first; w < last; w++)
        for (u64 bits = gc_starts[w]; bits; bits &= bits - 1)
            visit(arg, (Object *)(gc_heap_base + (w * 64 + (size_t)__builtin_ctzll(bits)) * 8), r);
}

typedef struct LargeWalk {
    GcVisitObject visit;
    void *arg;
} LargeWalk;

static void walk_large(void *arg, Object *o)
{
    LargeWalk *w = arg;
    w->visit(w->arg, o, gc_region_of(o));
}

void gc_walk_heap(GcVisitObject visit, void *arg)
{
    for (u32 i = 0; i < gc_region_count; i++)
        gc_walk_region(&gc_regions[i], visit, arg);
    LargeWalk w = {visit, arg};
    gc_large_each(walk_large, &w);
}

/* The header start of a known object at or before p. */
static char *known_start(const GcRegion *r, const char *p)
{
    size_t first = (size_t)(r->start - gc_heap_base) >> GC_BRICK_SHIFT;
    for (size_t g = (size_t)(p - gc_heap_base) >> GC_BRICK_SHIFT; g > first; g--) {
        u16 b = __atomic_load_n(&bricks[g], __ATOMIC_RELAXED);
        char *start = gc_heap_base + (g << GC_BRICK_SHIFT) + ((size_t)b - 1) * 8;
        if (b && start <= p)
            return start;
    }
    return r->start;
}

/* header: the address whose block is looked for; a block runs from its header word. */
static Object *containing_gen0(const GcRegion *r, const char *header)
{
    if (header < r->start || header >= __atomic_load_n(&r->bump, __ATOMIC_ACQUIRE))
        return NULL;
    u64 brick = ~0ull;
    for (char *at = known_start(r, header), *next;; at = next) {
        Object *o;
        next = gc_walk_next(r, at, &o);
        if (!next)
            return NULL;
        u64 b = (u64)(at - gc_heap_base) >> GC_BRICK_SHIFT;
        if (b != brick)
            gc_set_brick(at);
        brick = b;
        if (header < next)
            return o && (gc_forwarded(o) || !gc_is_free(o)) ? o : NULL;
    }
}

/* An object owns the addresses from its own to its end, the next header word included: a pointer just past an array is the array's. */
Object *gc_containing_object(const void *address)
{
    const char *p = address, *inside = (const char *)((uintptr_t)p - 8); /* just past the last object of a region is still that region's */
    if (!gc_in_heap(inside))
        return NULL;
    u8 s = gc_state(inside);
    const GcRegion *r = gc_region_of(inside);
    if (!s)
        return NULL;
    if (s & GC_STATE_GEN0)
        return containing_gen0(r, inside);
    Object *o = s & GC_STATE_LARGE ? gc_large_containing(inside) : gc_bit_before(gc_starts, p, r->start);
    return o && p >= (char *)o && p < (char *)o + gc_size_any(o) ? o : NULL;
}

/* --- Objects outside the heap --------------------------------------------------------------------------------------------------- */

static VEC(GcForeign) foreign; /* under heap_lock */

bool gc_foreign_add(const void *start, size_t n)
{
    if (!start || !n || gc_in_heap(start))
        return false;
    GcForeign new = {start, (const char *)start + n};
    pthread_mutex_lock(&gc_heap_lock);
    u32 i = 0;
    while (i < foreign.len && foreign.data[i].start != new.start)
        i++;
    if (i == foreign.len)
        vec_push(&foreign, new);
    foreign.data[i].end = MAX(foreign.data[i].end, new.end);
    pthread_mutex_unlock(&gc_heap_lock);
    return true;
}

bool gc_is_foreign(const void *p)
{
    for (u32 i = 0; i < foreign.len; i++)
        if ((const char *)p >= foreign.data[i].start && (const char *)p < foreign.data[i].end)
            return true;
    return false;
}

bool gc_is_object(const void *p)
{
    return !((uintptr_t)p & 7) && p && gc_containing_object(p) == p;
}

void gc_object_refs(Object *o, GcVisitRef visit, void *arg)
{
    gc_refs(o, visit, arg);
}

i32 gc_generation_of(const Object *o)
{
    u8 s = gc_state_any(o);
    if (!s || s & GC_STATE_FROZEN)
        return INT32_MAX;
    return s & GC_STATE_GEN0 ? 0 : s & GC_STATE_YOUNG ? 1 : 2;
}
