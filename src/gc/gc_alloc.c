/* gc_alloc.c: chunks of threads and the slow paths of allocation.
 * In: cooperative mode, at a safepoint.  Out: zeroed memory with the MethodTable set.
 * Invariant: from alloc_ptr to the chunk's real end (alloc_limit + GC_MIN_OBJECT) memory is zero; when a thread lets go
 * of a rest it becomes a free object.  A walk recognises a rest by its zero MethodTable and the list of views.
 * Not here: regions (gc_heap.c), when to collect which generation (gc_collect.c).  Book: gc.md  Tests: tests/unit/gc/ */
#include "gc/gc_int.h"

#define CHUNK_MIN ((size_t)8 << 10)
#define CHUNK_MAX ((size_t)64 << 10)
#define REST_WORTH_KEEPING ((size_t)4 << 10)

typedef struct Rest {
    char *start, *end;
    bool dirty; /* not zero behind its first words */
    bool fresh; /* nothing was here since the region was taken: no brick says that an object starts inside */
} Rest;

/* Under heap_lock. */
static VEC(GcThreadView *) views; /* threads that have or had a chunk */
static VEC(Rest) rests;           /* free objects of generation 0 that can be a chunk again */
static GcRegion *current, *current_frozen;
static u64 dead_threads_bytes, gen0_used, other_bytes; /* other: without a thread's view */

u64 gc_gen0_budget;
bool gc_stress_allocs;

char *gc_rest_end(const char *p)
{
    char *end = NULL;
    for (u32 i = 0; i < views.len && !end; i++)
        if (views.data[i]->alloc_ptr == p)
            end = views.data[i]->alloc_limit + GC_MIN_OBJECT;
    return end;
}

static void add_view(GcThreadView *v)
{
    for (u32 i = 0; i < views.len; i++)
        if (views.data[i] == v)
            return;
    vec_push(&views, v);
}

static u64 allocated(const GcThreadView *v)
{
    return v->alloc_bytes - (u64)(v->alloc_limit - v->alloc_ptr);
}

/* heap_lock held or world stopped */
static void retire_chunk(GcThreadView *v, bool keep_rest)
{
    if (!v->alloc_ptr)
        return;
    char *p = v->alloc_ptr, *end = v->alloc_limit + GC_MIN_OBJECT;
    v->alloc_bytes = allocated(v);
    v->alloc_ptr = v->alloc_limit = NULL;
    gc_format_free(p, (size_t)(end - p));
    if (keep_rest && (size_t)(end - p) >= REST_WORTH_KEEPING && rests.len < 64)
        vec_push(&rests, ((Rest){.start = p, .end = end}));
}

void gc_retire_chunks(void)
{
    for (u32 i = 0; i < views.len; i++)
        retire_chunk(views.data[i], false);
    rests.len = 0;
}

void gc_reuse_gap(char *p, char *end)
{
    gc_format_free(p, (size_t)(end - p));
    if ((size_t)(end - p) >= REST_WORTH_KEEPING)
        vec_push(&rests, ((Rest){.start = p, .end = end, .dirty = true}));
}

void gc_forget_gen0(void)
{
    current = NULL;
    gen0_used = 0;
}

u64 gc_gen0_used(void)
{
    return gen0_used;
}

/* heap_lock held: a chunk of at least need bytes (closing room included), about want; *dirty: [start, dirty) must be cleared. */
static bool take_range(size_t need, size_t want, Rest *out, char **dirty)
{
    *dirty = NULL;
    for (u32 i = rests.len; i-- > 0;) {
        Rest r = rests.data[i];
        if ((size_t)(r.end - r.start) < need)
            continue;
        rests.data[i] = vec_pop(&rests);
        /* Not all at once: what is cleared should stay in the cache. */
        if (r.dirty && want >= CHUNK_MIN && (size_t)(r.end - r.start) > MAX(need, want) + GC_MIN_OBJECT) {
            Rest more = {.start = r.start + MAX(need, want), .end = r.end, .dirty = true};
            gc_format_free(more.start, (size_t)(more.end - more.start));
            vec_push(&rests, more);
            r.end = more.start;
        }
        memset(r.start, 0, GC_MIN_OBJECT);
        if (r.dirty) {
            *dirty = r.end;
            gen0_used += (u64)(r.end - r.start);
        }
        *out = r;
        return true;
    }
    size_t n = MAX(need, want);
    if (!current || need > (size_t)(current->end - current->bump)) {
        GcRegion *r = gc_region_new(GC_REGION_GEN0, false);
        if (!r)
            return false;
        current = r;
    }
    GcRegion *r = current;
    if (n > (size_t)(r->end - r->bump) || (size_t)(r->end - r->bump) - n < GC_MIN_OBJECT)
        n = (size_t)(r->end - r->bump);
    *out = (Rest){r->bump, r->bump + n, .fresh = true};
    *dirty = MIN(r->zero_from, out->end);
    r->zero_from = MAX(r->zero_from, out->end);
    __atomic_store_n(&r->bump, out->end, __ATOMIC_RELEASE);
    gen0_used += n;
    return true;
}

static bool new_chunk(GcThreadView *v, size_t n)
{
    size_t want = ALIGN_UP((size_t)MIN(MAX(v->alloc_bytes / 4, CHUNK_MIN), CHUNK_MAX), CHUNK_MIN);
    if (gc_stress_allocs)
        want = 0;
    char *dirty;
    Rest r = {0};
    pthread_mutex_lock(&gc_heap_lock);
    add_view(v);
    bool ok = take_range(n + GC_MIN_OBJECT, want, &r, &dirty);
    bool adjacent = ok && r.fresh && v->alloc_ptr && r.start == v->alloc_limit + GC_MIN_OBJECT;
    if (adjacent && gc_region_of(r.start)->start == r.start)
        adjacent = false; /* no object spans two regions */
    if (ok && !adjacent) {
        retire_chunk(v, true);
        gc_set_brick(r.start);
    }
    pthread_mutex_unlock(&gc_heap_lock);
    if (!ok)
        return false;
    if (dirty > r.start) /* no stop can happen here: the range has no owner yet, but this thread is not at a safepoint */
        memset(r.start, 0, (size_t)(dirty - r.start));
    if (adjacent) {
        v->alloc_bytes += (u64)(r.end - GC_MIN_OBJECT - v->alloc_limit); /* grows in place */
        v->alloc_limit = r.end - GC_MIN_OBJECT;
    } else {
        v->alloc_ptr = r.start;
        v->alloc_limit = r.end - GC_MIN_OBJECT;
        v->alloc_bytes += (u64)(v->alloc_limit - v->alloc_ptr);
    }
    return true;
}

/* heap_lock held */
static char *take_frozen(size_t n)
{
    GcRegion *r = current_frozen;
    if (n > GC_REGION_SIZE)
        return NULL;
    if (!r || n > (size_t)(r->end - r->bump)) {
        r = gc_region_new(GC_REGION_FROZEN, false);
        if (!r)
            return NULL;
        if (r->zero_from != r->start)
            memset(r->start, 0, (size_t)(r->zero_from - r->start));
        r->zero_from = r->start;
        current_frozen = r;
    }
    char *p = r->bump;
    __atomic_store_n(&r->bump, p + n, __ATOMIC_RELEASE);
    r->zero_from = r->bump;
    return p;
}

typedef enum Space { SPACE_LARGE, SPACE_PINNED, SPACE_FROZEN } Space;

static Object *alloc_in(GcThreadView *v, Space space, MethodTable *mt, size_t n, u32 flags)
{
    bool no_zero = flags & GC_ALLOC_NO_ZERO && !(((const GcTypePrefix *)mt)->flags & GC_TYPE_HAS_REFS);
    char *p = NULL;
    pthread_mutex_lock(&gc_heap_lock);
    if (space == SPACE_LARGE)
        p = gc_large_alloc(n, no_zero, false);
    else if (n >= GC_LARGE_OBJECT)
        p = gc_large_alloc_fixed(n, no_zero, space == SPACE_FROZEN);
    else if (space == SPACE_PINNED)
        p = gc_pinned_alloc(n, no_zero);
    else
        p = take_frozen(n);
    if (p) {
        if (v) {
            add_view(v);
            v->alloc_bytes += n;
        } else {
            other_bytes += n;
        }
        *(u64 *)p = 0;
        __atomic_store_n(&((Object *)(p + 8))->mt, mt, __ATOMIC_RELEASE);
        if (space == SPACE_FROZEN && n < GC_LARGE_OBJECT)
            gc_bit_set(gc_starts, p + 8);
    }
    pthread_mutex_unlock(&gc_heap_lock);
    return p ? (Object *)(p + 8) : NULL;
}

/* Large and pinned: collects when that is due, and again, harder, when there is no room. */
static Object *alloc_special(Thread *t, Space space, MethodTable *mt, size_t n, u32 flags)
{
    if (gc_client && gc_client->poll)
        gc_client->poll(t);
    gc_verify_chance(t, "large");
    if (n > (gc_settings.hard_limit ? gc_settings.hard_limit : gc_settings.physical))
        return NULL; /* before addresses are taken for it, whose cards every collection would look at */
    gc_before_large(t, n);
    for (u32 attempt = 0;; attempt++) {
        Object *o = alloc_in(gc_view(t), space, mt, n, flags);
        if (o || !gc_make_room(t, attempt, n))
            return o;
    }
}

static Object *alloc_slow(Thread *t, MethodTable *mt, size_t n)
{
    GcThreadView *v = gc_view(t);
    if (gc_client && gc_client->poll)
        gc_client->poll(t);
    gc_verify_chance(t, "chunk");
    if (n > (size_t)(v->alloc_limit - v->alloc_ptr) || !v->alloc_ptr) {
        gc_before_chunk(t);
        for (u32 attempt = 0; !new_chunk(v, n); attempt++)
            if (!gc_make_room(t, attempt, n))
                return NULL;
    }
    Object *o = (Object *)(v->alloc_ptr + 8);
    v->alloc_ptr += n;
    o->mt = mt;
    return o;
}

Object *gc_alloc_bytes(Thread *t, MethodTable *mt, size_t n, u32 flags)
{
    bool large = n >= gc_settings.loh_threshold; /* before rounding, as on the reference */
    n = ALIGN_UP(MAX(n, (size_t)GC_MIN_OBJECT), (size_t)8);
    if (UNLIKELY(gc_stress_allocs))
        gc_stress_chance(t, "alloc");
    if (UNLIKELY(flags & GC_ALLOC_FROZEN))
        return alloc_in(gc_view(t), SPACE_FROZEN, mt, n, flags);
    if (UNLIKELY(flags & GC_ALLOC_PINNED))
        return alloc_special(t, SPACE_PINNED, mt, n, flags);
    if (UNLIKELY(large))
        return alloc_special(t, SPACE_LARGE, mt, n, flags);
    GcThreadView *v = gc_view(t);
    if (UNLIKELY(n > (size_t)(v->alloc_limit - v->alloc_ptr)))
        return alloc_slow(t, mt, n);
    Object *o = (Object *)(v->alloc_ptr + 8);
    v->alloc_ptr += n;
    o->mt = mt;
    return o;
}

Object *gc_alloc(Thread *t, MethodTable *mt)
{
    const GcTypePrefix *p = (const GcTypePrefix *)mt;
    DCHECK(p->base_size >= GC_MIN_OBJECT);
    Object *o = gc_alloc_bytes(t, mt, p->base_size, 0);
    if (UNLIKELY(p->flags & GC_TYPE_HAS_FINALIZER) && o)
        gc_final_register(o);
    return o;
}

Object *gc_alloc_array(Thread *t, MethodTable *mt, u32 length, u32 flags)
{
    const GcTypePrefix *p = (const GcTypePrefix *)mt;
    u64 n = (u64)p->base_size + (u64)length * (p->flags & 0xffff);
    if (length > 0x7fffffff || n > gc_heap_size)
        return NULL;
    if (p->base_size & 7) /* strings; their size is rounded before it is compared with the threshold */
        n = ALIGN_UP(n, (u64)8);
    Object *o = gc_alloc_bytes(t, mt, n, flags);
    if (o)
        *(u32 *)((char *)o + ARRAY_LENGTH) = length;
    return o;
}

Object *gc_alloc_frozen(MethodTable *mt, size_t n)
{
    return alloc_in(NULL, SPACE_FROZEN, mt, ALIGN_UP(MAX(n, (size_t)GC_MIN_OBJECT), (size_t)8), 0);
}

void gc_thread_detach(Thread *t)
{
    GcThreadView *v = gc_view(t);
    pthread_mutex_lock(&gc_heap_lock);
    retire_chunk(v, true);
    for (u32 i = 0; i < views.len; i++)
        if (views.data[i] == v) {
            views.data[i] = vec_pop(&views);
            dead_threads_bytes += v->alloc_bytes;
            break;
        }
    pthread_mutex_unlock(&gc_heap_lock);
}

u64 gc_allocated_bytes(Thread *t)
{
    return allocated(gc_view(t));
}

u64 gc_total_allocated_bytes(void)
{
    pthread_mutex_lock(&gc_heap_lock);
    u64 n = dead_threads_bytes + other_bytes;
    for (u32 i = 0; i < views.len; i++)
        n += allocated(views.data[i]);
    pthread_mutex_unlock(&gc_heap_lock);
    return n;
}
