/* gc_handles.c: handle tables of every kind, one per owner (a domain; the process itself has owner NULL).
 * A segment is one page: a header with a bitmap of used slots, then slots.  Segments are cut from pools of 1 MB, whose first
 * page says for each of the others its kind and its AGE: the generation of its youngest target.  So a handle's kind and age
 * are found by rounding its address down, and a collection finds the segments it must look at by reading two bytes each.
 * Invariant: no target of a segment is younger than its age.  Storing a target makes the age 0; gc_handles_aged raises it.  Both
 * happen in cooperative mode or at a stop, without a safepoint between the store of the target and that of the age.
 * A free slot holds NULL.  Dependent handles use slots 2i and 2i+1 under bit i.  A segment without handles goes back to its pool.
 * Lock: handle_lock for bitmaps and lists; slots are read and written without it.  Preemptive threads free handles, and make
 * ones that hold NULL, while the world is stopped, so the collector's passes hold it; what they call may take gc_heap_lock.
 * Not here: when each pass runs (gc_collect.c), settling of dependent handles (gc_dependents.c).
 * Book: gc.md  Tests: tests/unit/gc/handles.c */
#include "gc/gc_handles.h"
#include "base/log.h"

#include <sys/mman.h>

static pthread_mutex_t handle_lock = PTHREAD_MUTEX_INITIALIZER;
static Map64 tables;      /* owner + 1 -> Table */
static Table *last_table; /* the one asked for last */
static VEC(Pool *) pools; /* never unmapped: a stale handle reads NULL */
static Pool *roomy;       /* a pool that had free segments when last looked at */
static u64 counts[GC_HANDLE_KINDS];

void gc_handles_init(void)
{
}

/* --- Segments --------------------------------------------------------------------------------------------------------------- */

static Pool *new_pool(void)
{
    char *p = mmap(NULL, 2 * POOL_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        base_fatal(EXIT_UNHANDLED, "out of memory for GC handles");
    char *start = (char *)ALIGN_UP((uintptr_t)p, (uintptr_t)POOL_SIZE), *rest = start + POOL_SIZE;
    if (start > p)
        munmap(p, (size_t)(start - p));
    munmap(rest, (size_t)(p + 2 * POOL_SIZE - rest));
    madvise(start, POOL_SIZE, MADV_NOHUGEPAGE);
    Pool *pool = (Pool *)(void *)start;
    memset(pool->kind, SEGMENT_FREE, sizeof pool->kind);
    pool->free = POOL_SEGMENTS - 1;
    vec_push(&pools, pool);
    return pool;
}

static Pool *pool_with_room(void)
{
    if (roomy && roomy->free)
        return roomy;
    roomy = NULL;
    for (u32 i = 0; i < pools.len && !roomy; i++)
        if (pools.data[i]->free)
            roomy = pools.data[i];
    return roomy ? roomy : (roomy = new_pool());
}

static void avail_add(Segment *s)
{
    Segment **head = &s->table->avail[kind_of(s)];
    s->next = *head;
    s->prev = NULL;
    if (*head)
        (*head)->prev = s;
    *head = s;
    s->on_avail = true;
}

static void avail_remove(Segment *s)
{
    if (s->prev)
        s->prev->next = s->next;
    else
        s->table->avail[kind_of(s)] = s->next;
    if (s->next)
        s->next->prev = s->prev;
    s->on_avail = false;
}

static Segment *new_segment(Table *t, GcHandleKind kind)
{
    Pool *p = pool_with_room();
    u8 *k = memchr(p->kind + 1, SEGMENT_FREE, POOL_SEGMENTS - 1);
    Segment *s = segment_at(p, (u32)(k - p->kind));
    s->table = t;
    s->capacity = kind == GC_HANDLE_DEPENDENT ? SLOTS / 2 : SLOTS;
    *k = (u8)kind;
    p->age[k - p->kind] = 0;
    p->free--;
    avail_add(s);
    return s;
}

/* s holds no handle and is on no list. */
static void free_segment(Segment *s)
{
    Pool *p = pool_of(s);
    p->kind[index_of(s)] = SEGMENT_FREE;
    s->used = 0;
    memset(s->bits, 0, sizeof s->bits);
    if (++p->free == POOL_SEGMENTS - 1 && p != roomy)
        madvise((char *)p + SEGMENT_SIZE, POOL_SIZE - SEGMENT_SIZE, MADV_DONTNEED);
    if (!roomy || !roomy->free)
        roomy = p;
}

static Table *table_of(const void *owner)
{
    if (last_table && last_table->owner == owner)
        return last_table;
    Table *t = map64_ptr(&tables, (u64)(uintptr_t)owner + 1);
    if (!t) {
        t = base_calloc(1, sizeof *t);
        t->owner = owner;
        map64_put(&tables, (u64)(uintptr_t)owner + 1, (u64)(uintptr_t)t);
    }
    return last_table = t;
}

/* --- Making and freeing ------------------------------------------------------------------------------------------------------- */

static GcHandle take(const void *owner, GcHandleKind kind, Object *o, Object *secondary)
{
    pthread_mutex_lock(&handle_lock);
    Table *t = table_of(owner);
    Segment *s = t->avail[kind] ? t->avail[kind] : new_segment(t, kind);
    u32 w = 0;
    while (!~s->bits[w])
        w++;
    u32 i = w * 64 + (u32)__builtin_ctzll(~s->bits[w]);
    s->bits[w] |= 1ull << (i & 63);
    if (++s->used == s->capacity)
        avail_remove(s);
    t->counts[kind]++;
    __atomic_store_n(&counts[kind], counts[kind] + 1, __ATOMIC_RELAXED);
    GcHandle h = &s->slots[kind == GC_HANDLE_DEPENDENT ? 2 * i : i];
    if (kind == GC_HANDLE_DEPENDENT)
        __atomic_store_n(h + 1, secondary, __ATOMIC_RELEASE);
    __atomic_store_n(h, o, __ATOMIC_RELEASE);
    rejuvenate(h);
    pthread_mutex_unlock(&handle_lock);
    return h;
}

GcHandle gc_handle_new(Domain *d, GcHandleKind kind, Object *o)
{
    DCHECK(kind < GC_HANDLE_KINDS);
    return take(d, kind, o, NULL);
}

GcHandle gc_handle_new_dependent(Domain *d, Object *primary, Object *secondary)
{
    return take(d, GC_HANDLE_DEPENDENT, primary, secondary);
}

void gc_handle_free(GcHandle h)
{
    h = (GcHandle)((uintptr_t)h & ~(uintptr_t)7);
    Segment *s = segment_of(h);
    u32 i = (u32)(h - s->slots);
    pthread_mutex_lock(&handle_lock);
    u8 kind = kind_of(s);
    i /= kind == GC_HANDLE_DEPENDENT ? 2 : 1;
    if (!(s->bits[i / 64] >> (i & 63) & 1)) { /* the program's own mistake: copies of a GCHandle */
        pthread_mutex_unlock(&handle_lock);
        LOG(gc, 1, "handle %p freed twice", (void *)h);
        return;
    }
    __atomic_store_n(h, NULL, __ATOMIC_RELEASE);
    if (kind == GC_HANDLE_DEPENDENT)
        __atomic_store_n(h + 1, NULL, __ATOMIC_RELEASE);
    s->bits[i / 64] &= ~(1ull << (i & 63));
    s->used--;
    s->table->counts[kind]--;
    __atomic_store_n(&counts[kind], counts[kind] - 1, __ATOMIC_RELAXED);
    if (!s->on_avail)
        avail_add(s);
    if (!s->used && (s->next || s->prev)) { /* the table keeps one, so that a single handle made and freed costs nothing more */
        avail_remove(s);
        free_segment(s);
    }
    pthread_mutex_unlock(&handle_lock);
}

void gc_handles_free_owner(const void *owner)
{
    pthread_mutex_lock(&handle_lock);
    Table *t = map64_ptr(&tables, (u64)(uintptr_t)owner + 1);
    if (t) {
        for (u32 p = 0; p < pools.len; p++)
            for (u32 i = 1; i < POOL_SEGMENTS; i++) {
                Segment *s = segment_at(pools.data[p], i);
                if (pools.data[p]->kind[i] == SEGMENT_FREE || s->table != t)
                    continue;
                memset(s->slots, 0, sizeof s->slots);
                free_segment(s);
            }
        for (u32 k = 0; k < GC_HANDLE_KINDS; k++)
            __atomic_store_n(&counts[k], counts[k] - t->counts[k], __ATOMIC_RELAXED);
        map64_remove(&tables, (u64)(uintptr_t)owner + 1);
        last_table = NULL;
        base_free(t);
    }
    pthread_mutex_unlock(&handle_lock);
}

/* --- Reading and writing ------------------------------------------------------------------------------------------------------- */

GcHandleKind gc_handle_kind(GcHandle h)
{
    return (GcHandleKind)kind_of(segment_of(h));
}

void gc_handle_set(GcHandle h, Object *o)
{
    __atomic_store_n(h, o, __ATOMIC_RELEASE);
    if (o)
        rejuvenate(h);
}

Object *gc_handle_compare_exchange(GcHandle h, Object *v, Object *expected)
{
    Object *seen = expected;
    if (__atomic_compare_exchange_n(h, &seen, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) && v)
        rejuvenate(h);
    return seen;
}

Object *gc_dependent_get_secondary(GcHandle h)
{
    return gc_handle_get(h) ? __atomic_load_n(h + 1, __ATOMIC_ACQUIRE) : NULL;
}

void gc_dependent_set_secondary(GcHandle h, Object *o)
{
    __atomic_store_n(h + 1, o, __ATOMIC_RELEASE);
    if (o)
        rejuvenate(h);
}

u64 gc_handles_count(void)
{
    u64 n = 0;
    for (u32 k = 0; k < GC_HANDLE_KINDS; k++)
        n += __atomic_load_n(&counts[k], __ATOMIC_RELAXED);
    return n;
}

void gc_handles_stat(const void *owner, GcHandleStat *out)
{
    *out = (GcHandleStat){0};
    pthread_mutex_lock(&handle_lock);
    Table *t = owner == GC_ALL_OWNERS ? NULL : map64_ptr(&tables, (u64)(uintptr_t)owner + 1);
    if (owner == GC_ALL_OWNERS || t)
        memcpy(out->count, t ? t->counts : counts, sizeof out->count);
    for (u32 p = 0; p < pools.len; p++)
        for (u32 i = 1; i < POOL_SEGMENTS; i++)
            out->segments += pools.data[p]->kind[i] != SEGMENT_FREE && (owner == GC_ALL_OWNERS || segment_at(pools.data[p], i)->table == t);
    pthread_mutex_unlock(&handle_lock);
}

/* --- The collector's passes.  World stopped. ---------------------------------------------------------------------------------- */

void gc_handles_lock(void)
{
    pthread_mutex_lock(&handle_lock);
}

void gc_handles_unlock(void)
{
    pthread_mutex_unlock(&handle_lock);
}

void gc_handle_segments(u32 kinds, u8 oldest, void (*each)(void *arg, Segment *s), void *arg)
{
    pthread_mutex_lock(&handle_lock);
    for (u32 p = 0; p < pools.len; p++) {
        Pool *pool = pools.data[p];
        for (u32 i = 1; i < POOL_SEGMENTS; i++)
            if (UNLIKELY(pool->age[i] <= oldest) && pool->kind[i] != SEGMENT_FREE && kinds >> pool->kind[i] & 1)
                each(arg, segment_at(pool, i));
    }
    pthread_mutex_unlock(&handle_lock);
}

static void keep_segment(void *arg, Segment *s)
{
    (void)arg;
    bool asks = kind_of(s) == GC_HANDLE_REFCOUNTED;
    FOR_SLOTS(s, slot)
        if (*slot && (!asks || (gc_client->refcounted && gc_client->refcounted(slot))))
            gc_keep(slot);
}

void gc_handles_keep(i32 generation)
{
    gc_handle_segments(1u << GC_HANDLE_STRONG | 1u << GC_HANDLE_PINNED | 1u << GC_HANDLE_REFCOUNTED, (u8)generation, keep_segment, NULL);
}

static void pin_segment(void *arg, Segment *s)
{
    (void)arg;
    FOR_SLOTS(s, slot)
        if (*slot)
            gc_pin(*slot);
}

/* Only objects of condemned regions can move; old ones are when all roots are asked for. */
void gc_handles_pins(void)
{
    gc_handle_segments(1u << GC_HANDLE_PINNED, gc_cycle.all_roots ? 2 : (u8)gc_cycle.generation, pin_segment, NULL);
}

static void clear_segment(void *arg, Segment *s)
{
    (void)arg;
    bool dependent = kind_of(s) == GC_HANDLE_DEPENDENT;
    FOR_SLOTS(s, slot) {
        Object *o = *slot;
        if (o && (o = gc_survivor(o)) != *slot)
            __atomic_store_n(slot, o, __ATOMIC_RELEASE);
        if (dependent && slot[1])
            slot[1] = o ? gc_survivor(slot[1]) : NULL;
    }
}

void gc_handles_clear(GcHandleKind kind, i32 generation)
{
    u32 kinds = 1u << kind;
    if (kind == GC_HANDLE_WEAK_TRACK) /* those that were not to be kept follow the same rule */
        kinds |= 1u << GC_HANDLE_REFCOUNTED;
    if (kind == GC_HANDLE_DEPENDENT)
        gc_dependents_done();
    gc_handle_segments(kinds, (u8)generation, clear_segment, NULL);
}

static void update_segment(void *arg, Segment *s)
{
    (void)arg;
    bool dependent = kind_of(s) == GC_HANDLE_DEPENDENT;
    FOR_SLOTS(s, slot) {
        *slot = gc_moved(*slot);
        if (dependent)
            slot[1] = gc_moved(slot[1]);
    }
}

void gc_handles_update(void)
{
    gc_handle_segments(ALL_KINDS, AGE_NONE, update_segment, NULL);
}

static u8 age_of(const Object *o)
{
    return o ? (u8)MIN(gc_generation_of(o), AGE_NONE) : AGE_NONE;
}

static void age_segment(void *arg, Segment *s)
{
    (void)arg;
    bool dependent = kind_of(s) == GC_HANDLE_DEPENDENT;
    u8 age = AGE_NONE;
    FOR_SLOTS(s, slot) {
        age = MIN(age, age_of(*slot));
        if (dependent)
            age = MIN(age, age_of(slot[1]));
    }
    pool_of(s)->age[index_of(s)] = age;
}

void gc_handles_aged(i32 generation)
{
    gc_handle_segments(ALL_KINDS, (u8)generation, age_segment, NULL);
}

typedef struct Visit {
    void (*visit)(void *arg, GcHandleKind kind, Object **slot);
    void *arg;
} Visit;

static void visit_segment(void *arg, Segment *s)
{
    Visit *v = arg;
    GcHandleKind kind = (GcHandleKind)kind_of(s);
    FOR_SLOTS(s, slot) {
        v->visit(v->arg, kind, slot);
        if (kind == GC_HANDLE_DEPENDENT)
            v->visit(v->arg, kind, slot + 1);
    }
}

void gc_handles_visit(void (*visit)(void *arg, GcHandleKind kind, Object **slot), void *arg)
{
    gc_handle_segments(ALL_KINDS, AGE_NONE, visit_segment, &(Visit){visit, arg});
}
