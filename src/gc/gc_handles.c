/* gc_handles.c: handle tables of every kind, per domain.
 * A segment is one page: a header with a bitmap of used slots, then slots.  A handle's page is its address rounded down,
 * so kind and domain need no look-up.  A free slot holds NULL.  Dependent handles use slots 2i and 2i+1 under bit i.
 * Lock: handle_lock, a leaf, for the bitmaps and lists; slots are read and written without it.
 * Book: gc.md  Tests: tests/unit/gc/ */
#include "base/vec.h"
#include "gc/gc_int.h"

#include <sys/mman.h>

#define SEGMENT_SIZE 4096u
#define POOL_SIZE ((size_t)1 << 20)
enum { SLOTS = 496, WORDS = (SLOTS + 63) / 64 };

typedef struct Table Table;
typedef struct Segment {
    struct Segment *next;       /* all of the table's kind; newest first */
    struct Segment *next_avail; /* those with room */
    Table *table;
    u32 kind, used, capacity;
    bool on_avail;
    u64 bits[WORDS];
    _Alignas(128) Object *slots[SLOTS];
} Segment;
_Static_assert(sizeof(Segment) == SEGMENT_SIZE, "a segment is a page");

struct Table {
    Domain *domain;
    Segment *all[GC_HANDLE_KINDS], *avail[GC_HANDLE_KINDS];
};

static pthread_mutex_t handle_lock = PTHREAD_MUTEX_INITIALIZER;
static VEC(Table *) tables;
static char *pool, *pool_end;
static u64 handle_count;

void gc_handles_init(void)
{
    Table *t = base_calloc(1, sizeof *t); /* domain NULL: the process's own */
    vec_push(&tables, t);
}

static Table *table_of(Domain *d)
{
    for (u32 i = 0; i < tables.len; i++)
        if (tables.data[i]->domain == d)
            return tables.data[i];
    Table *t = base_calloc(1, sizeof *t);
    t->domain = d;
    vec_push(&tables, t);
    return t;
}

static Segment *new_segment(Table *t, GcHandleKind kind)
{
    if (pool == pool_end) {
        pool = mmap(NULL, POOL_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (pool == MAP_FAILED)
            base_fatal(EXIT_UNHANDLED, "out of memory for GC handles");
        madvise(pool, POOL_SIZE, MADV_NOHUGEPAGE);
        pool_end = pool + POOL_SIZE;
    }
    Segment *s = (Segment *)(void *)pool;
    pool += SEGMENT_SIZE;
    s->table = t;
    s->kind = kind;
    s->capacity = kind == GC_HANDLE_DEPENDENT ? SLOTS / 2 : SLOTS;
    s->next = t->all[kind];
    t->all[kind] = s;
    s->next_avail = t->avail[kind];
    t->avail[kind] = s;
    s->on_avail = true;
    return s;
}

static Segment *segment_of(GcHandle h)
{
    return (Segment *)((uintptr_t)h & ~(uintptr_t)(SEGMENT_SIZE - 1));
}

static GcHandle take(Domain *d, GcHandleKind kind, Object *o, Object *secondary)
{
    pthread_mutex_lock(&handle_lock);
    Table *t = table_of(d);
    Segment *s = t->avail[kind] ? t->avail[kind] : new_segment(t, kind);
    u32 w = 0;
    while (!~s->bits[w])
        w++;
    u32 i = w * 64 + (u32)__builtin_ctzll(~s->bits[w]);
    s->bits[w] |= 1ull << (i & 63);
    if (++s->used == s->capacity) {
        t->avail[kind] = s->next_avail;
        s->on_avail = false;
    }
    __atomic_store_n(&handle_count, handle_count + 1, __ATOMIC_RELAXED);
    GcHandle h = &s->slots[kind == GC_HANDLE_DEPENDENT ? 2 * i : i];
    __atomic_store_n(h, o, __ATOMIC_RELEASE);
    if (kind == GC_HANDLE_DEPENDENT)
        __atomic_store_n(h + 1, secondary, __ATOMIC_RELEASE);
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
    h[0] = NULL;
    if (s->kind == GC_HANDLE_DEPENDENT) {
        h[1] = NULL;
        i /= 2;
    }
    CHECKF(s->bits[i / 64] >> (i & 63) & 1, "handle %p freed twice", (void *)h);
    s->bits[i / 64] &= ~(1ull << (i & 63));
    s->used--;
    __atomic_store_n(&handle_count, handle_count - 1, __ATOMIC_RELAXED);
    if (!s->on_avail) {
        s->next_avail = s->table->avail[s->kind];
        s->table->avail[s->kind] = s;
        s->on_avail = true;
    }
    pthread_mutex_unlock(&handle_lock);
}

GcHandleKind gc_handle_kind(GcHandle h)
{
    return (GcHandleKind)segment_of(h)->kind;
}

void gc_handle_set(GcHandle h, Object *o)
{
    __atomic_store_n(h, o, __ATOMIC_RELEASE);
}

Object *gc_handle_compare_exchange(GcHandle h, Object *v, Object *expected)
{
    Object *seen = expected;
    __atomic_compare_exchange_n(h, &seen, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return seen;
}

Object *gc_dependent_get_secondary(GcHandle h)
{
    return gc_handle_get(h) ? __atomic_load_n(h + 1, __ATOMIC_ACQUIRE) : NULL;
}

void gc_dependent_set_secondary(GcHandle h, Object *o)
{
    __atomic_store_n(h + 1, o, __ATOMIC_RELEASE);
}

u64 gc_handles_count(void)
{
    return __atomic_load_n(&handle_count, __ATOMIC_RELAXED);
}

static void visit_segment(Segment *s, void (*visit)(void *arg, GcHandleKind kind, Object **slot), void *arg)
{
    u32 step = s->kind == GC_HANDLE_DEPENDENT ? 2 : 1;
    for (u32 w = 0; w < WORDS; w++)
        for (u64 bits = s->bits[w]; bits; bits &= bits - 1) {
            Object **slot = &s->slots[(w * 64 + (u32)__builtin_ctzll(bits)) * step];
            for (u32 k = 0; k < step; k++)
                visit(arg, (GcHandleKind)s->kind, slot + k);
        }
}

void gc_handles_visit(void (*visit)(void *arg, GcHandleKind kind, Object **slot), void *arg)
{
    pthread_mutex_lock(&handle_lock);
    for (u32 i = 0; i < tables.len; i++)
        for (u32 k = 0; k < GC_HANDLE_KINDS; k++)
            for (Segment *s = tables.data[i]->all[k]; s; s = s->next)
                visit_segment(s, visit, arg);
    pthread_mutex_unlock(&handle_lock);
}
