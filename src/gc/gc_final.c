/* gc_final.c: which objects want their finaliser run.
 * An object is recorded when allocated; the record does not keep it alive.  Suppressing is a bit of its header word and needs no search.
 * Records lie on a list per generation: a collection looks at those of the generations it collects.  New ones are pushed, without a
 * lock, onto the inbox, which is read as the youngest part of list 0; gc_final_update sorts them by where the objects are now.
 * A record found dead goes to the ready queue and is kept alive from then on; if suppressed it is dropped.
 * Order, as on the reference: older generations first, within one the newest object first; critical finalisers after all others.
 * Invariant: an object is never younger than the list it is on.
 * Locks: final_lock, a leaf, for new inbox blocks and for taking from the ready queues.  Both happen in cooperative mode without a
 * safepoint inside, so the collector's passes, at a stop, need none.  Book: gc.md  Tests: tests/unit/gc/final.c */
#include "base/vec.h"
#include "gc/gc_header.h"
#include "gc/gc_int.h"

enum { INBOX_ROOM = 2045, OLDEST = 2 };

typedef struct Inbox {
    struct Inbox *next; /* older */
    u32 taken;          /* places given out; more than INBOX_ROOM when full */
    Object *objects[INBOX_ROOM];
} Inbox;

typedef VEC(Object *) List;
typedef struct Queue {
    List list;
    u32 first; /* those before were taken */
    u32 young; /* those before are old */
} Queue;

static pthread_mutex_t final_lock = PTHREAD_MUTEX_INITIALIZER;
static Inbox *inbox;              /* newest block */
static List recorded[OLDEST + 1]; /* each in order of allocation */
static Queue ready[2];            /* [1]: critical */
static u64 pending;               /* on the ready queues */

/* --- Recording -------------------------------------------------------------------------------------------------------------- */

static void add_inbox(Inbox *full)
{
    pthread_mutex_lock(&final_lock);
    if (inbox == full) {
        Inbox *b = base_malloc(sizeof *b);
        b->next = full;
        b->taken = 0;
        __atomic_store_n(&inbox, b, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&final_lock);
}

void gc_final_register(Object *o)
{
    for (;;) {
        Inbox *b = __atomic_load_n(&inbox, __ATOMIC_ACQUIRE);
        u32 i = b ? __atomic_fetch_add(&b->taken, 1, __ATOMIC_RELAXED) : INBOX_ROOM;
        if (LIKELY(i < INBOX_ROOM)) {
            b->objects[i] = o;
            return;
        }
        add_inbox(b);
    }
}

/* World stopped: the inbox becomes the end of list 0. */
static void empty_inbox(void)
{
    u32 n = 0;
    for (Inbox *b = inbox; b; b = b->next)
        n += MIN(b->taken, (u32)INBOX_ROOM);
    vec_reserve(&recorded[0], recorded[0].len + n);
    u32 end = recorded[0].len += n;
    for (Inbox *b = inbox, *next; b; b = next) {
        u32 k = MIN(b->taken, (u32)INBOX_ROOM);
        if (k)
            memcpy(recorded[0].data + (end -= k), b->objects, k * sizeof *b->objects);
        next = b->next;
        if (b == inbox)
            b->next = NULL;
        else
            base_free(b);
    }
    if (inbox)
        inbox->taken = 0;
}

void gc_suppress_finalize(Object *o)
{
    if (gc_type(o)->flags & GC_TYPE_HAS_FINALIZER)
        __atomic_fetch_or(gc_header(o), GC_HEADER_NO_FINALIZE, __ATOMIC_SEQ_CST);
}

void gc_reregister_finalize(Object *o)
{
    if (!(gc_type(o)->flags & GC_TYPE_HAS_FINALIZER))
        return;
    u32 old = __atomic_fetch_and(gc_header(o), ~GC_HEADER_NO_FINALIZE, __ATOMIC_SEQ_CST);
    if (!(old & GC_HEADER_NO_FINALIZE)) /* its finaliser ran, or it is asked to run twice */
        gc_final_register(o);
}

static bool take_suppression(Object *o)
{
    if (!(__atomic_load_n(gc_header(o), __ATOMIC_RELAXED) & GC_HEADER_NO_FINALIZE))
        return false;
    __atomic_fetch_and(gc_header(o), ~GC_HEADER_NO_FINALIZE, __ATOMIC_SEQ_CST);
    return true;
}

/* --- The ready queues ----------------------------------------------------------------------------------------------------------- */

static Object *take(Queue *q)
{
    Object *o = q->list.data[q->first++];
    if (q->first == q->list.len)
        q->first = q->young = q->list.len = 0;
    __atomic_sub_fetch(&pending, 1, __ATOMIC_RELAXED);
    return o;
}

Object *gc_next_finalizable(void)
{
    Object *o = NULL;
    pthread_mutex_lock(&final_lock);
    for (u32 c = 0; c < 2 && !o; c++)
        while (ready[c].list.len && !o) {
            o = take(&ready[c]);
            if (take_suppression(o))
                o = NULL;
        }
    pthread_mutex_unlock(&final_lock);
    return o;
}

u64 gc_final_pending(void)
{
    return __atomic_load_n(&pending, __ATOMIC_RELAXED);
}

/* The handle of a dead weak reference; the low bit says that it tracks resurrection, and stays. */
static void free_weak_reference(Object *o)
{
    u64 *field = (u64 *)(void *)((char *)o + sizeof(MethodTable *)), handle = *field & ~(u64)7;
    *field &= 1;
    if (handle)
        gc_handle_free((GcHandle)(uintptr_t)handle);
}

static void make_ready(Object *o)
{
    GcFinalKind kind = gc_client->final_kind ? gc_client->final_kind(o->mt) : GC_FINAL_ORDINARY;
    if (kind == GC_FINAL_WEAK) {
        free_weak_reference(o);
        return;
    }
    bool critical = kind == GC_FINAL_CRITICAL;
    vec_push(&ready[critical].list, o);
    pending++;
}

/* --- The collector's passes.  World stopped. ---------------------------------------------------------------------------------------- */

void gc_final_keep(void)
{
    bool all = gc_cycle.generation == OLDEST || gc_cycle.all_roots;
    for (u32 c = 0; c < 2; c++)
        for (u32 i = all ? ready[c].first : MAX(ready[c].first, ready[c].young); i < ready[c].list.len; i++)
            gc_keep(&ready[c].list.data[i]);
}

/* All that are dead are found before any is kept: one that another refers to has its finaliser run in the same round. */
bool gc_final_scan(i32 generation)
{
    u32 before[2] = {ready[0].list.len, ready[1].list.len};
    empty_inbox();
    for (i32 g = generation; g >= 0; g--) {
        u32 dead = 0;
        for (u32 i = recorded[g].len; i-- > 0;) {
            Object *o = recorded[g].data[i];
            if (gc_survivor(o))
                continue;
            if (!take_suppression(o))
                make_ready(o);
            recorded[g].data[i] = NULL;
            dead++;
        }
        u32 left = 0;
        for (u32 i = 0; i < recorded[g].len && dead; i++)
            if (recorded[g].data[i])
                recorded[g].data[left++] = recorded[g].data[i];
        if (dead)
            recorded[g].len = left;
    }
    bool some = false;
    for (u32 c = 0; c < 2; c++)
        for (u32 i = before[c]; i < ready[c].list.len; i++, some = true)
            gc_keep(&ready[c].list.data[i]);
    return some;
}

static i32 list_of(const Object *o)
{
    i32 g = gc_generation_of(o);
    return MIN(g, OLDEST);
}

static void trim(List *l)
{
    if (!l->len && l->cap > 1u << 16)
        vec_free(l);
}

/* Each record of these lists follows its object, and changes to the list of the generation that it is in now. */
static void sort_records(i32 generation, Object *(*now)(Object *o))
{
    for (i32 g = generation; g >= 0; g--) {
        List *l = &recorded[g];
        u32 left = 0;
        for (u32 i = 0; i < l->len; i++) {
            Object *o = now(l->data[i]);
            CHECKF(o, "a dead object is recorded for finalisation");
            i32 to = MAX(list_of(o), g);
            if (to == g)
                l->data[left++] = o;
            else
                vec_push(&recorded[to], o);
        }
        l->len = left;
        trim(l);
    }
}

static void forget_taken(Queue *q)
{
    if (q->first <= q->list.len / 2)
        return;
    memmove(q->list.data, q->list.data + q->first, (q->list.len - q->first) * sizeof *q->list.data);
    q->list.len -= q->first;
    q->young -= MIN(q->young, q->first);
    q->first = 0;
}

static void follow_ready(i32 generation, Object *(*now)(Object *o))
{
    for (u32 c = 0; c < 2; c++) {
        Queue *q = &ready[c];
        forget_taken(q);
        u32 from = generation == OLDEST ? q->first : MAX(q->first, q->young), young = q->list.len;
        for (u32 i = from; i < q->list.len; i++) {
            q->list.data[i] = now(q->list.data[i]);
            if (list_of(q->list.data[i]) < OLDEST)
                young = MIN(young, i);
        }
        q->young = young;
        trim(&q->list);
    }
}

void gc_final_update(i32 generation)
{
    sort_records(generation, gc_survivor);
    follow_ready(generation, gc_survivor);
}

static Object *moved(Object *o)
{
    return gc_moved(o);
}

void gc_final_moved(void)
{
    sort_records(OLDEST, moved);
    follow_ready(OLDEST, moved);
}

void gc_final_visit(void (*visit)(void *arg, Object **slot), void *arg)
{
    for (Inbox *b = inbox; b; b = b->next)
        for (u32 i = 0; i < MIN(b->taken, (u32)INBOX_ROOM); i++)
            visit(arg, &b->objects[i]);
    for (u32 g = 0; g <= OLDEST; g++)
        for (u32 i = 0; i < recorded[g].len; i++)
            visit(arg, &recorded[g].data[i]);
    for (u32 c = 0; c < 2; c++)
        for (u32 i = ready[c].first; i < ready[c].list.len; i++)
            visit(arg, &ready[c].list.data[i]);
}
