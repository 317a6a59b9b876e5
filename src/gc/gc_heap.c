/* gc_heap.c: the reserved range, its regions, bricks and walks.
 * In: addresses only; no type is known but by its prefix.
 * Invariant: [start, bump) of each region is a row of objects, free objects and chunk rests; memory from bump to end is
 * untouched and zero.  A brick, when not 0, is 1 + the word index of an object start within its 4 KB.
 * Not here: chunks of threads (gc_alloc.c).  Book: gc.md  Tests: tests/unit/gc/ */
#include "gc/gc.h"
#include "base/knobs.h"
#include "gc/gc_int.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum { SMALL_HEAP_REGIONS = 4 }; /* so many keep small pages and are never mapped ahead: little programs stay little */
#define POPULATE_STEP ((size_t)512 << 10)

char *gc_heap_base, *gc_heap_end;
u64 gc_heap_size;
u8 *gc_card_biased;
u64 *gc_start_bits;
GcRegion gc_regions[GC_MAX_REGIONS];
u32 gc_region_count;
const GcClient *gc_client;
MethodTable *gc_free_mt;
pthread_mutex_t gc_heap_lock = PTHREAD_MUTEX_INITIALIZER;

static u16 *bricks; /* by (address - heap base) >> GC_BRICK_SHIFT */
static u32 region_limit;
static u64 commit_limit, committed;
static GcRegion *current[GC_REGION_KINDS]; /* region being filled, by kind; under heap_lock */

static void *reserve(size_t n, int prot)
{
    void *p = mmap(NULL, n, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static char *reserve_range(size_t *size)
{
    for (size_t n = (size_t)GC_MAX_REGIONS << GC_REGION_SHIFT; n >= (size_t)1 << 30; n >>= 1) {
        char *p = reserve(n + GC_REGION_SIZE, PROT_NONE);
        if (p) {
            *size = n;
            return (char *)ALIGN_UP((uintptr_t)p, GC_REGION_SIZE);
        }
    }
    return NULL;
}

bool gc_init(const GcClient *client, Err *e)
{
    CHECK(!gc_heap_base);
    size_t size = 0;
    char *base = reserve_range(&size);
    if (!base)
        return err_set(e, ERR_OUT_OF_MEMORY, 0, "cannot reserve address space for the managed heap (errno %d)", errno);
    u8 *cards = reserve(size >> GC_CARD_SHIFT, PROT_READ | PROT_WRITE);
    bricks = reserve((size >> GC_BRICK_SHIFT) * sizeof(u16), PROT_READ | PROT_WRITE);
    gc_start_bits = reserve(size / 64, PROT_READ | PROT_WRITE);
    if (!cards || !bricks || !gc_start_bits)
        return err_set(e, ERR_OUT_OF_MEMORY, 0, "cannot reserve the heap's tables (errno %d)", errno);
    gc_client = client;
    gc_card_biased = cards - ((uintptr_t)base >> GC_CARD_SHIFT);
    gc_heap_base = base;
    gc_heap_end = base + size;
    gc_heap_size = size;
    region_limit = (u32)(size >> GC_REGION_SHIFT);
    commit_limit = knob_u64(KNOB_GC_HEAP_HARD_LIMIT);
    if (!commit_limit)
        commit_limit = (u64)sysconf(_SC_PHYS_PAGES) * (u64)sysconf(_SC_PAGESIZE);
    gc_handles_init();
    gc_stress_init();
    return true;
}

void gc_set_free_type(MethodTable *free_mt)
{
    gc_free_mt = free_mt;
}

/* --- Regions ----------------------------------------------------------------------------------------------------- */

void gc_set_brick(const char *p)
{
    size_t offset = (size_t)(p - gc_heap_base);
    u16 *b = &bricks[offset >> GC_BRICK_SHIFT];
    u16 v = (u16)(1 + ((offset & ((1u << GC_BRICK_SHIFT) - 1)) >> 3));
    u16 old = __atomic_load_n(b, __ATOMIC_RELAXED);
    if (!old || v < old)
        __atomic_store_n(b, v, __ATOMIC_RELAXED);
}

/* heap_lock held.  span regions in a row, committed. */
static GcRegion *new_region(GcRegionKind kind, size_t span)
{
    u64 bytes = (u64)span << GC_REGION_SHIFT;
    /* A small limit must still admit the first regions, which are committed far ahead of use. */
    if (span > region_limit - gc_region_count || committed + bytes > MAX(commit_limit, (u64)16 << 20))
        return NULL;
    u32 index = gc_region_count;
    char *start = gc_heap_base + ((size_t)index << GC_REGION_SHIFT);
    if (mprotect(start, bytes, PROT_READ | PROT_WRITE))
        return NULL;
    if (index < SMALL_HEAP_REGIONS)
        madvise(start, bytes, MADV_NOHUGEPAGE);
    committed += bytes;
    GcRegion *r = &gc_regions[index];
    *r = (GcRegion){kind, index, (u32)span, start, start, start + bytes, start};
    for (u32 i = 1; i < span; i++)
        gc_regions[index + i] = (GcRegion){.kind = GC_REGION_TAIL, .head = index};
    __atomic_store_n(&gc_region_count, index + (u32)span, __ATOMIC_RELEASE);
    return r;
}

static void populate(GcRegion *r)
{
    if (r->bump <= r->populated || gc_region_count <= SMALL_HEAP_REGIONS || r->kind != GC_REGION_NURSERY)
        return;
    char *from = (char *)ALIGN_DOWN((uintptr_t)MAX(r->populated, r->bump - POPULATE_STEP), (uintptr_t)4096);
    size_t n = MIN(POPULATE_STEP, (size_t)(r->end - from));
    madvise(from, n, MADV_POPULATE_WRITE); /* only saves page faults */
    r->populated = from + n;
}

char *gc_region_take(GcRegionKind kind, size_t n)
{
    GcRegion *r = current[kind];
    if (!r || n > (size_t)(r->end - r->bump)) {
        size_t span = (n + GC_REGION_SIZE - 1) >> GC_REGION_SHIFT;
        r = new_region(kind, span);
        if (!r)
            return NULL;
        if (n <= GC_REGION_SIZE / 2) /* a bigger object has its regions to itself */
            current[kind] = r;
    }
    char *p = r->bump;
    __atomic_store_n(&r->bump, p + n, __ATOMIC_RELEASE);
    populate(r);
    return p;
}

void gc_format_free(char *p, size_t n)
{
    DCHECK(n >= GC_MIN_OBJECT && !(n & 7));
    Object *o = (Object *)(p + 8);
    *(u64 *)p = 0;
    *(u32 *)((char *)o + ARRAY_LENGTH) = (u32)(n - GC_MIN_OBJECT);
    __atomic_store_n(&o->mt, gc_free_mt, __ATOMIC_RELEASE);
}

/* --- Walks ------------------------------------------------------------------------------------------------------- */

char *gc_walk_next(const GcRegion *r, char *p, Object **o)
{
    Object *here = (Object *)(p + 8);
    if (!here->mt) {
        *o = NULL;
        return gc_rest_end(p);
    }
    *o = here;
    size_t n = gc_object_size(here);
    return n < GC_MIN_OBJECT || n > (size_t)(r->bump - p) ? NULL : p + n;
}

void gc_walk_heap(void (*visit)(void *arg, Object *o, GcRegion *r), void *arg)
{
    for (u32 i = 0; i < gc_region_count; i++) {
        GcRegion *r = &gc_regions[i];
        if (r->kind == GC_REGION_FREE || r->kind == GC_REGION_TAIL)
            continue;
        u64 brick = ~0ull;
        for (char *p = r->start, *next; p < r->bump; p = next) {
            Object *o;
            next = gc_walk_next(r, p, &o);
            CHECKF(next, "heap not walkable at %p (MethodTable %p), region %u of kind %u from %p to %p", (void *)p,
                   *(void **)(p + 8), i, r->kind, (void *)r->start, (void *)r->bump);
            u64 b = (u64)(p - gc_heap_base) >> GC_BRICK_SHIFT;
            if (b != brick)
                gc_set_brick(p);
            brick = b;
            if (o)
                visit(arg, o, r);
        }
    }
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

Object *gc_containing_object(const void *address)
{
    const char *p = address;
    if (!gc_in_heap(p))
        return NULL;
    const GcRegion *r = gc_region_of(p);
    if (r->kind == GC_REGION_TAIL)
        r = &gc_regions[r->head];
    if (r->kind == GC_REGION_FREE || p >= __atomic_load_n(&r->bump, __ATOMIC_ACQUIRE))
        return NULL;
    if (r->span > 1)
        p = MIN(p, r->start + 8); /* one large object fills a row of regions */
    u64 brick = ~0ull;
    for (char *at = known_start(r, p), *next;; at = next) {
        Object *o;
        next = gc_walk_next(r, at, &o);
        if (!next)
            return NULL;
        u64 b = (u64)(at - gc_heap_base) >> GC_BRICK_SHIFT;
        if (b != brick)
            gc_set_brick(at);
        brick = b;
        if (p < next)
            return o && !gc_is_free(o) && (const char *)address < next ? o : NULL;
    }
}

bool gc_is_object(const void *p)
{
    return !((uintptr_t)p & 7) && p && gc_containing_object(p) == p;
}

void gc_object_refs(Object *o, GcVisitRef visit, void *arg)
{
    if (!(gc_type(o)->flags & GC_TYPE_HAS_REFS))
        return;
    i64 n = ((i64 *)o->mt)[-1];
    const GcRun *runs = (const GcRun *)((i64 *)o->mt - 1);
    if (n >= 0) {
        for (i64 i = 0; i < n; i++)
            for (u32 k = 0; k < runs[-1 - i].count; k++)
                visit(arg, o, (Object **)((char *)o + runs[-1 - i].offset) + k);
        return;
    }
    size_t element = gc_type(o)->flags & 0xffff;
    u32 length = gc_array_length(o);
    /* Bounds of a multi-dimensional array lie before its data; base_size counts them. */
    char *data = (char *)o + gc_type(o)->base_size - 8;
    for (u32 e = 0; e < length; e++, data += element)
        for (i64 i = 0; i < -n; i++)
            for (u32 k = 0; k < runs[-1 - i].count; k++)
                visit(arg, o, (Object **)(data + runs[-1 - i].offset) + k);
}

void gc_figures(GcFigures *out)
{
    *out = (GcFigures){.handles = gc_handles_count()};
    pthread_mutex_lock(&gc_heap_lock);
    out->committed_bytes = committed;
    for (u32 i = 0; i < gc_region_count; i++) {
        const GcRegion *r = &gc_regions[i];
        u64 used = (u64)(r->bump - r->start);
        out->heap_bytes += used;
        if (r->kind == GC_REGION_LARGE)
            out->large_bytes += used;
        if (r->kind == GC_REGION_PINNED)
            out->pinned_bytes += used;
    }
    pthread_mutex_unlock(&gc_heap_lock);
}

i32 gc_generation_of(const Object *o)
{
    if (!gc_in_heap(o))
        return INT32_MAX;
    switch (gc_region_of(o)->kind) {
    case GC_REGION_NURSERY: return 0;
    case GC_REGION_FROZEN: return INT32_MAX;
    default: return 2;
    }
}
