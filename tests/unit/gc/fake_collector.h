/* fake_collector.h: a collector of a few lines under the real handle tables and finalisation lists, for their tests: objects are
 * `Thing`s of C memory that know their generation and whether they were reached.  Include once per program. */
#ifndef FAKE_COLLECTOR_H
#define FAKE_COLLECTOR_H
#include "unit/gc/fake_types.h"

#include "gc/gc_header.h"
#include "gc/gc_int.h"

typedef struct Thing {
    u32 pad, header;
    MethodTable *mt;
    Object *refs[2];
    struct Thing *copy; /* where it went in this collection */
    u8 generation;
    bool live, pinned;
    u32 number;
} Thing;
static inline Thing *thing(const Object *o) { return CONTAINER_OF((MethodTable **)(uintptr_t)o, Thing, mt); }
static inline Object *object_of(Thing *t) { return (Object *)(void *)&t->mt; }

/* Two references each. */
static FakeType thing_types[] = {
    {.run = {8, 2}, .runs = 1, .mt = {GC_TYPE_HAS_REFS, 40}},
    {.run = {8, 2}, .runs = 1, .mt = {GC_TYPE_HAS_REFS | GC_TYPE_HAS_FINALIZER, 40}},
    {.run = {8, 2}, .runs = 1, .mt = {GC_TYPE_HAS_REFS | GC_TYPE_HAS_FINALIZER, 40}},
};
enum { PLAIN_THING, FINAL_THING, CRITICAL_THING };
static GcFinalKind thing_final_kind(const MethodTable *mt)
{
    return mt == (MethodTable *)&thing_types[CRITICAL_THING].mt ? GC_FINAL_CRITICAL : GC_FINAL_ORDINARY;
}

/* --- What the tested files call ------------------------------------------------------------------------------------------ */
static GcClient thing_client = {.final_kind = thing_final_kind};
const GcClient *gc_client = &thing_client;
GcCycle gc_cycle;
char *gc_heap_base, *gc_heap_end; /* empty: gc_moved changes nothing */
u8 *gc_state_biased;

static bool things_move; /* survivors get new addresses */
static u64 kept, surveyed;
static VEC(Object *) to_trace;

i32 gc_generation_of(const Object *o) { return thing(o)->generation; }
Object *gc_large_forward(Object *o) { return o; }
void gc_pin(const void *p) { thing((const Object *)p)->pinned = true; }

Object *gc_survivor(Object *o)
{
    Thing *t = thing(o);
    surveyed++;
    if (t->generation > gc_cycle.generation)
        return o;
    return t->copy ? object_of(t->copy) : t->live ? o : NULL;
}

void gc_keep(Object **slot)
{
    if (!*slot)
        return;
    Object *now = gc_survivor(*slot);
    if (!now) {
        Thing *t = thing(*slot);
        t->live = true;
        kept++;
        if (things_move && !t->pinned) {
            t->copy = base_malloc(sizeof *t);
            *t->copy = *t;
            t->copy->copy = NULL;
            t->copy->generation = (u8)MIN(t->generation + 1, 2);
            t->mt = (MethodTable *)((uintptr_t)object_of(t->copy) | 1);
        }
        now = object_of(t->copy ? t->copy : t);
        vec_push(&to_trace, now);
    }
    *slot = now;
}

bool gc_drain(void)
{
    bool any = to_trace.len;
    while (to_trace.len) {
        Thing *t = thing(vec_pop(&to_trace));
        for (int i = 0; i < 2; i++)
            gc_keep(&t->refs[i]);
    }
    return any;
}

/* --- What tests call ---------------------------------------------------------------------------------------------------------- */
static VEC(Thing *) things; /* where each is now, by number; NULL: freed */
static VEC(u32) thing_roots;

static inline Object *new_thing(int type, Object *a, Object *b)
{
    Thing *t = base_calloc(1, sizeof *t);
    *t = (Thing){.mt = (MethodTable *)&thing_types[type].mt, .refs = {a, b}, .number = things.len};
    vec_push(&things, t);
    if (type != PLAIN_THING)
        gc_final_register(object_of(t));
    return object_of(t);
}
static inline u32 number_of(const Object *o) { return thing(o)->number; }
static inline Object *numbered(u32 n) { return things.data[n] ? object_of(things.data[n]) : NULL; }

/* Rounds of the last settling. */
static u32 settle_rounds;
static inline void settle_things(i32 generation)
{
    gc_drain();
    for (settle_rounds = 1; gc_dependents_keep(generation); settle_rounds++)
        gc_drain();
}

/* The order of gc_collect.c; things that nobody reached are freed. */
static inline void collect_things(i32 generation)
{
    gc_cycle = (GcCycle){.running = true, .generation = generation, .deciding = true};
    kept = surveyed = 0;
    gc_handles_pins();
    for (u32 i = 0; i < thing_roots.len; i++) {
        Object *o = numbered(thing_roots.data[i]);
        gc_keep(&o);
    }
    for (u32 i = 0; i < things.len; i++) /* the cards */
        if (things.data[i] && things.data[i]->generation > generation)
            for (int k = 0; k < 2; k++)
                gc_keep(&things.data[i]->refs[k]);
    gc_handles_keep(generation);
    gc_final_keep();
    settle_things(generation);
    gc_handles_clear(GC_HANDLE_WEAK, generation);
    if (gc_final_scan(generation))
        settle_things(generation);
    gc_handles_clear(GC_HANDLE_WEAK_TRACK, generation);
    gc_handles_clear(GC_HANDLE_DEPENDENT, generation);
    gc_final_update(generation);
    for (u32 i = 0; i < things.len; i++) {
        Thing *t = things.data[i];
        if (!t || t->generation > generation)
            continue;
        things.data[i] = t->copy ? t->copy : t->live ? t : NULL;
        if (things.data[i] != t) {
            memset(t, 0xdd, sizeof *t);
            base_free(t);
        } else {
            t->generation = (u8)MIN(t->generation + 1, 2);
        }
        if (things.data[i])
            things.data[i]->live = things.data[i]->pinned = false;
    }
    gc_handles_aged(generation);
    gc_cycle.running = false;
}
#endif
