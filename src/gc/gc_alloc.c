/* gc_alloc.c: chunks of threads and the slow paths of allocation.
 * In: cooperative mode, at a safepoint.  Out: zeroed memory with the MethodTable set.
 * Invariant: from alloc_ptr to the chunk's real end (alloc_limit + GC_MIN_OBJECT) memory is zero; when a thread lets go
 * of a rest it becomes a free object.  A walk recognises a rest by its zero MethodTable and the list of views.
 * Not here: regions (gc_heap.c).  Book: gc.md  Tests: tests/unit/gc/ */
#include "base/vec.h"
#include "gc/gc_int.h"

#define CHUNK_MIN ((size_t)8 << 10)
#define CHUNK_MAX ((size_t)128 << 10)
#define REST_WORTH_KEEPING ((size_t)4 << 10)

typedef struct Rest {
    char *start, *end;
} Rest;

/* Under heap_lock. */
static VEC(GcThreadView *) views; /* threads that have or had a chunk */
static VEC(Rest) rests;           /* free objects that can be a chunk again */
static u64 dead_threads_bytes;

bool gc_stress_allocs;

char *gc_rest_end(const char *p)
{
    char *end = NULL;
    pthread_mutex_lock(&gc_heap_lock);
    for (u32 i = 0; i < views.len && !end; i++)
        if (views.data[i]->alloc_ptr == p)
            end = views.data[i]->alloc_limit + GC_MIN_OBJECT;
    pthread_mutex_unlock(&gc_heap_lock);
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

/* heap_lock held */
static void retire_chunk(GcThreadView *v)
{
    if (!v->alloc_ptr)
        return;
    char *p = v->alloc_ptr, *end = v->alloc_limit + GC_MIN_OBJECT;
    v->alloc_bytes = allocated(v);
    v->alloc_ptr = v->alloc_limit = NULL;
    gc_format_free(p, (size_t)(end - p));
    if ((size_t)(end - p) >= REST_WORTH_KEEPING && rests.len < 64)
        vec_push(&rests, ((Rest){p, end}));
}

/* heap_lock held: a chunk of at least need bytes (closing room included), about want. */
static bool take_range(size_t need, size_t want, Rest *out)
{
    for (u32 i = rests.len; i-- > 0;) {
        Rest r = rests.data[i];
        if ((size_t)(r.end - r.start) < need)
            continue;
        rests.data[i] = vec_pop(&rests);
        memset(r.start, 0, GC_MIN_OBJECT); /* the rest is still zero behind the free object's words */
        *out = r;
        return true;
    }
    size_t n = MAX(need, want);
    char *p = gc_region_take(GC_REGION_NURSERY, n);
    if (!p)
        p = gc_region_take(GC_REGION_NURSERY, n = need);
    *out = (Rest){p, p + n};
    return p != NULL;
}

static bool new_chunk(GcThreadView *v, size_t n)
{
    size_t want = ALIGN_UP((size_t)MIN(MAX(v->alloc_bytes / 4, CHUNK_MIN), CHUNK_MAX), CHUNK_MIN);
    if (gc_stress_allocs)
        want = 0;
    pthread_mutex_lock(&gc_heap_lock);
    add_view(v);
    Rest r = {0};
    bool ok = take_range(n + GC_MIN_OBJECT, want, &r);
    bool adjacent = v->alloc_ptr && r.start == v->alloc_limit + GC_MIN_OBJECT;
    if (ok && adjacent && gc_region_of(r.start)->start != r.start) { /* no object spans two small regions */
        v->alloc_bytes += (u64)(r.end - GC_MIN_OBJECT - v->alloc_limit); /* grows in place */
        v->alloc_limit = r.end - GC_MIN_OBJECT;
    } else if (ok) {
        retire_chunk(v);
        gc_set_brick(r.start);
        v->alloc_ptr = r.start;
        v->alloc_limit = r.end - GC_MIN_OBJECT;
        v->alloc_bytes += (u64)(v->alloc_limit - v->alloc_ptr);
    }
    pthread_mutex_unlock(&gc_heap_lock);
    return ok;
}

static Object *alloc_in(GcThreadView *v, GcRegionKind kind, MethodTable *mt, size_t n)
{
    pthread_mutex_lock(&gc_heap_lock);
    char *p = gc_region_take(kind, n);
    if (p) {
        gc_set_brick(p);
        if (v) {
            add_view(v);
            v->alloc_bytes += n;
        }
        ((Object *)(p + 8))->mt = mt;
    }
    pthread_mutex_unlock(&gc_heap_lock);
    return p ? (Object *)(p + 8) : NULL;
}

static Object *alloc_slow(Thread *t, MethodTable *mt, size_t n)
{
    GcThreadView *v = gc_view(t);
    if (gc_client && gc_client->poll)
        gc_client->poll(t);
    gc_verify_chance(t, "chunk");
    if (n >= GC_LARGE_OBJECT)
        return alloc_in(v, GC_REGION_LARGE, mt, n);
    if (n > (size_t)(v->alloc_limit - v->alloc_ptr) || !v->alloc_ptr)
        if (!new_chunk(v, n))
            return NULL;
    Object *o = (Object *)(v->alloc_ptr + 8);
    v->alloc_ptr += n;
    o->mt = mt;
    return o;
}

Object *gc_alloc_bytes(Thread *t, MethodTable *mt, size_t n, u32 flags)
{
    n = ALIGN_UP(MAX(n, (size_t)GC_MIN_OBJECT), (size_t)8);
    if (UNLIKELY(gc_stress_allocs))
        gc_stress_chance(t, "alloc");
    if (UNLIKELY(flags & GC_ALLOC_FROZEN))
        return alloc_in(gc_view(t), GC_REGION_FROZEN, mt, n);
    if (UNLIKELY(flags & GC_ALLOC_PINNED))
        return alloc_in(gc_view(t), GC_REGION_PINNED, mt, n);
    GcThreadView *v = gc_view(t);
    if (UNLIKELY(n > (size_t)(v->alloc_limit - v->alloc_ptr) || n >= GC_LARGE_OBJECT))
        return alloc_slow(t, mt, n);
    Object *o = (Object *)(v->alloc_ptr + 8);
    v->alloc_ptr += n;
    o->mt = mt;
    return o;
}

Object *gc_alloc(Thread *t, MethodTable *mt)
{
    const GcTypePrefix *p = (const GcTypePrefix *)mt;
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
    Object *o = gc_alloc_bytes(t, mt, n, flags);
    if (o)
        *(u32 *)((char *)o + ARRAY_LENGTH) = length;
    return o;
}

Object *gc_alloc_frozen(MethodTable *mt, size_t n)
{
    return alloc_in(NULL, GC_REGION_FROZEN, mt, ALIGN_UP(MAX(n, (size_t)GC_MIN_OBJECT), (size_t)8));
}

void gc_thread_detach(Thread *t)
{
    GcThreadView *v = gc_view(t);
    pthread_mutex_lock(&gc_heap_lock);
    retire_chunk(v);
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
    u64 n = dead_threads_bytes;
    for (u32 i = 0; i < views.len; i++)
        n += allocated(views.data[i]);
    pthread_mutex_unlock(&gc_heap_lock);
    return n;
}
