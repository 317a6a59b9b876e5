/* type_unload.c: collectible load contexts: who owns what, what keeps them alive, and how their structures are taken apart.
 *
 * A collectible context lives as long as its keeper, a managed object that is allocated in the pinned space and is known to C by a
 * tracking weak handle only.  Whatever lives as long as the context and is managed (type objects, blocks of static fields, literals)
 * hangs off the keeper: LoaderAllocator.m_slots heads a chain of object[] in the pinned space, so a slot has an address for good.
 * A context whose keeper has no slots (a dynamic method's resolver), or none yet, takes strong handles in their place.
 * One context keeps another by a dependent handle from keeper to keeper.
 * Unloading: all memory of the dying contexts is marked unit by unit (type_is_dying); then each table that may name it is gone
 * through once.  Contexts note what tables outside of them lead to them, so that most tables need not be looked at.
 * Lock: type_lock for the notes, slot_lock (a leaf) for the slots.  Book: type.md  Tests: tests/unit/type/ */
#include "os/os_mem.h"
#include "os/os_thread.h"
#include "type/type_int.h"

enum { SLOT_CHUNK = 30, UNIT_SHIFT = 10 };
_Static_assert(1 << UNIT_SHIFT == OS_CHUNK_UNIT, "one mark a unit");

typedef struct ContextParts {
    VEC(MethodTable *) types;   /* published */
    VEC(Method *) method_insts; /* generic method instantiations */
    VEC(u32) tls;               /* thread-static indices */
    Map64 refers;               /* LoadContext * -> GcHandle: dependent handle to its keeper */
    VEC(GcHandle) free_slots;   /* under slot_lock */
    VEC(GcHandle) handles;      /* strong ones; under slot_lock */
    Map64 shapes;               /* MethodTable * -> type of its blocks of thread statics */
} ContextParts;

static OsMutex slot_lock = OS_MUTEX_INIT;

static ContextParts *parts_of(LoadContext *alc)
{
    ContextParts *p = __atomic_load_n(&alc->parts, __ATOMIC_ACQUIRE), *none = NULL;
    if (p)
        return p;
    p = base_calloc(1, sizeof *p);
    if (__atomic_compare_exchange_n(&alc->parts, &none, p, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return p;
    base_free(p);
    return none;
}

/* --- Owners --------------------------------------------------------------------------------------------------------------- */
static Module *module_of(TypeHandle th)
{
    while (th_is_desc(th) && th_desc(th)->elem)
        th = th_desc(th)->elem;
    Module *m = th_is_desc(th) ? th_desc(th)->module : ((MethodTable *)th)->aux->loader_module;
    return m ? m : type_corelib->module;
}

LoadContext *type_handle_context(TypeHandle th) { return module_of(th)->alc; }

Module *owner_among(Module *of, const TypeHandle *args, u32 n)
{
    Module *owner = of;
    for (u32 i = 0; i < n; i++) {
        Module *m = module_of(args[i]);
        if (m->alc->collectible)
            owner = m;
    }
    if (owner->alc->collectible) {
        type_context_refer(owner->alc, of->alc);
        for (u32 i = 0; i < n; i++)
            type_context_refer(owner->alc, module_of(args[i])->alc);
    }
    return owner;
}

/* A cell in the span that holds the context's address; its number fits where a pointer does not. */
u32 type_context_number(LoadContext *alc)
{
    if (!alc->collectible)
        return 0;
    if (!alc->number) {
        LoadContext **cell = type_alloc(alc, HEAP_COLD, sizeof *cell);
        *cell = alc;
        alc->number = (u32)(((char *)cell - os_span.base) / 8);
    }
    return alc->number;
}

LoadContext *type_method_context_of(Method *m)
{
    if (m->context)
        return *(LoadContext **)(void *)(os_span.base + (size_t)m->context * 8);
    return m->mt ? alc_of(m->mt) : type_corelib->alc;
}

void note_type(LoadContext *alc, MethodTable *mt) { vec_push(&parts_of(alc)->types, mt); }
void note_method_inst(LoadContext *alc, Method *m) { vec_push(&parts_of(alc)->method_insts, m); }
void note_tls_index(LoadContext *alc, u32 index) { vec_push(&parts_of(alc)->tls, index); }

/* --- What the keeper holds --------------------------------------------------------------------------------------------------- */
static bool enter(Thread *t)
{
    bool was_preemptive = t && t->mode == THREAD_PREEMPTIVE;
    if (was_preemptive)
        thread_enter_cooperative(t);
    return was_preemptive;
}

static void leave(Thread *t, bool was_preemptive)
{
    if (was_preemptive)
        thread_enter_preemptive(t);
}

Object *type_context_keeper(LoadContext *alc) { return alc->keeper ? gc_handle_get(alc->keeper) : NULL; }

/* LoaderAllocator.m_slots; NULL: the keeper has none. */
static Object **slots_field(Object *keeper)
{
    static u32 offset; /* of the one class that has it */
    static MethodTable *allocator;
    MethodTable *mt = keeper->mt;
    if (mt == __atomic_load_n(&allocator, __ATOMIC_ACQUIRE))
        return (Object **)(void *)((char *)keeper + offset);
    Field *f = strcmp(mt->klass->name, "LoaderAllocator") == 0 ? type_field_by_name(mt, "m_slots") : NULL;
    if (!f)
        return NULL;
    offset = OBJ_DATA + f->offset;
    __atomic_store_n(&allocator, mt, __ATOMIC_RELEASE);
    return (Object **)(void *)((char *)keeper + offset);
}

static void add_slots(Thread *t, ContextParts *p, Object **head)
{
    Err e = {0};
    TypeHandle array = type_szarray_of(th_of(type_wk(WK_OBJECT)), &e);
    Object *chunk = array ? gc_alloc_array(t, th_mt(array), SLOT_CHUNK, GC_ALLOC_PINNED) : NULL;
    if (!chunk)
        base_fatal(EXIT_UNHANDLED, "out of memory for a collectible load context");
    Object **slots = (Object **)(void *)((char *)chunk + ARRAY_DATA);
    os_mutex_lock(&slot_lock);
    gc_store_ref(slots, *head);
    gc_store_ref(head, chunk);
    for (u32 i = SLOT_CHUNK; i-- > 1;)
        vec_push(&p->free_slots, slots + i);
    os_mutex_unlock(&slot_lock);
}

static GcHandle take_slot(ContextParts *p)
{
    os_mutex_lock(&slot_lock);
    GcHandle h = p->free_slots.len ? vec_pop(&p->free_slots) : NULL;
    os_mutex_unlock(&slot_lock);
    return h;
}

GcHandle type_context_handle(LoadContext *alc, Object *o)
{
    Thread *t = thread_current();
    if (!alc->collectible)
        return gc_handle_new(t ? t->domain : alc->domain, GC_HANDLE_STRONG, o);
    ContextParts *p = parts_of(alc);
    bool was_preemptive = enter(t);
    Object *volatile held = o; /* on the stack, while adding slots may collect */
    Object *keeper = type_context_keeper(alc), **head = keeper ? slots_field(keeper) : NULL;
    GcHandle h;
    if (head) {
        while (!(h = take_slot(p)))
            add_slots(t, p, head);
        gc_store_ref(h, held);
    } else {
        h = gc_handle_new(alc->domain, GC_HANDLE_STRONG, held);
        os_mutex_lock(&slot_lock);
        vec_push(&p->handles, h);
        os_mutex_unlock(&slot_lock);
    }
    leave(t, was_preemptive);
    return h;
}

void type_context_handle_clear(LoadContext *alc, GcHandle h)
{
    if (!gc_in_heap(h)) {
        gc_handle_set(h, NULL);
        return;
    }
    gc_store_ref(h, NULL);
    os_mutex_lock(&slot_lock);
    vec_push(&parts_of(alc)->free_slots, h);
    os_mutex_unlock(&slot_lock);
}

Object *type_context_object(LoadContext *alc, MethodTable *mt, size_t n, GcHandle *slot)
{
    CHECK(alc->collectible);
    Thread *t = thread_current();
    bool was_preemptive = enter(t);
    Object *o = gc_alloc_bytes(t, mt, n, GC_ALLOC_PINNED);
    if (!o)
        base_fatal(EXIT_UNHANDLED, "out of memory for a collectible load context");
    *slot = type_context_handle(alc, o);
    leave(t, was_preemptive);
    return o;
}

void type_context_refer(LoadContext *from, LoadContext *to)
{
    if (from == to || !from->collectible || !to->collectible)
        return;
    type_lock();
    ContextParts *p = parts_of(from);
    if (!map64_ptr(&p->refers, (u64)(uintptr_t)to)) {
        Thread *t = thread_current();
        bool was_preemptive = enter(t);
        Object *a = type_context_keeper(from), *b = type_context_keeper(to);
        if (a && b)
            map64_put(&p->refers, (u64)(uintptr_t)to, (u64)(uintptr_t)gc_handle_new_dependent(from->domain, a, b));
        leave(t, was_preemptive);
    }
    type_unlock();
}

/* A type whose only use is to be the shape of a block: n bytes after the MethodTable word, references by runs (offsets from the
 * block's start, which lies `skip` bytes into the object).  The same one whenever `of` is the same, if not NULL.  Under the lock. */
MethodTable *block_shape(LoadContext *alc, const void *of, u32 n, u32 skip, const GcRun *runs, u32 num_runs)
{
    ContextParts *p = parts_of(alc);
    MethodTable *made = of ? map64_ptr(&p->shapes, (u64)(uintptr_t)of) : NULL;
    if (made)
        return made;
    MtAux *aux;
    MethodTable *base = type_wk(WK_OBJECT), *mt = mt_alloc(alc, 0, num_runs, &aux);
    *mt = *base;
    mt->aux = aux;
    type_id_free(alc->domain, aux->type_id); /* nobody asks for it */
    aux->type_id = 0;
    mt->num_virtuals = 0;
    mt->base_size = (u32)ALIGN_UP(8 + skip + n, 8u);
    mt->base_size = MAX(mt->base_size, (u32)GC_MIN_OBJECT);
    mt->flags |= MTF_COLLECTIBLE;
    aux->canon = base;
    aux->loader_module = alc->assemblies.len ? alc->assemblies.data[0]->module : type_corelib->module;
    GcRun *moved = base_malloc((num_runs + 1) * sizeof *moved);
    for (u32 i = 0; i < num_runs; i++)
        moved[i] = (GcRun){runs[i].offset + skip, runs[i].count};
    mt_set_runs(mt, moved, num_runs, false);
    base_free(moved);
    mt_or_flags2(mt, MT2_LOADED);
    if (of)
        map64_put(&p->shapes, (u64)(uintptr_t)of, (u64)(uintptr_t)mt);
    return mt;
}

/* --- Dying ---------------------------------------------------------------------------------------------------------------------- */
static u8 *dying_units; /* one a unit of the span; touched where something dies only */
static LoadContext **dying;
static u32 num_dying;

bool type_is_dying(const void *p)
{
    return dying_units && os_span_contains(p) && dying_units[(size_t)((const char *)p - os_span.base) >> UNIT_SHIFT];
}

static void set_units(const void *p, size_t n, u8 v)
{
    size_t first = (size_t)((const char *)p - os_span.base) >> UNIT_SHIFT;
    memset(dying_units + first, v, ALIGN_UP(n, (size_t)OS_CHUNK_UNIT) >> UNIT_SHIFT);
}

static void mark_units(const void *p, size_t n) { set_units(p, n, 1); }
static void clear_units(const void *p, size_t n) { set_units(p, n, 0); }
void type_dying_mark(const void *p, size_t n) { mark_units(p, n); }
void type_dying_unmark(const void *p, size_t n) { clear_units(p, n); }

void type_dying_begin(LoadContext **v, u32 n)
{
    if (!dying_units) {
        size_t size = ALIGN_UP((size_t)(os_span.end - os_span.base) >> UNIT_SHIFT, (size_t)OS_PAGE);
        dying_units = os_mem_reserve(size, 0);
        CHECKF(dying_units && os_mem_commit(dying_units, size), "no address space for unloading");
    }
    dying = v;
    num_dying = n;
    for (u32 i = 0; i < n; i++)
        heap_each_chunk(v[i], mark_units);
}

void type_dying_end(void)
{
    for (u32 i = 0; i < num_dying; i++)
        heap_each_chunk(dying[i], clear_units);
    num_dying = 0;
}

u32 type_map_forget(Map64 *m, bool keys)
{
    u32 n = 0;
    VEC(u64) dead = {0};
    for (u32 i = 0; i < m->cap; i++)
        if (m->keys[i] && (type_is_dying((void *)(uintptr_t)m->vals[i]) || (keys && type_is_dying((void *)(uintptr_t)m->keys[i]))))
            vec_push(&dead, m->keys[i]);
    for (; n < dead.len; n++)
        map64_remove(m, dead.data[n]);
    vec_free(&dead);
    return n;
}

/* Probing goes from key to key: what was behind a removed entry has to come forward. */
static void rebuild_insts(Module *m)
{
    Map64 old = m->insts;
    m->insts = (Map64){0};
    for (u32 i = 0; i < old.cap; i++) {
        MethodTable *mt = old.keys[i] ? (MethodTable *)(uintptr_t)old.vals[i] : NULL;
        if (!mt || type_is_dying(mt))
            continue;
        u64 k = inst_hash(mt->klass->typical, mt->aux->inst, mt->klass->num_generic), v;
        while (map64_get(&m->insts, k, &v))
            k = k + 1 ? k + 1 : 1;
        map64_put(&m->insts, k, (u64)(uintptr_t)mt);
    }
    map64_free(&old);
}

static Method *definition_of(Method *inst)
{
    return type_method_by_rid(inst->mt, MD_RID(inst->token), NULL);
}

static void rebuild_method_insts(Module *m)
{
    Map64 old = m->method_insts;
    m->method_insts = (Map64){0};
    for (u32 i = 0; i < old.cap; i++) {
        Method *x = old.keys[i] ? (Method *)(uintptr_t)old.vals[i] : NULL;
        if (!x || type_is_dying(x))
            continue;
        u64 k = method_inst_hash(definition_of(x), x->dict->args, x->num_generic), v;
        while (map64_get(&m->method_insts, k, &v))
            k = k + 1 ? k + 1 : 1;
        map64_put(&m->method_insts, k, (u64)(uintptr_t)x);
    }
    map64_free(&old);
}

/* Chains from what stays to what dies. */
static void unchain(MethodTable **head, size_t link)
{
    while (*head) {
        MtAux *aux = (*head)->aux;
        MethodTable **next = (MethodTable **)(void *)((char *)aux + link);
        if (type_is_dying(*head))
            *head = *next;
        else
            head = next;
    }
}

static void forget_types(ContextParts *p, Map64 *done, Map64 *modules)
{
    for (u32 i = 0; i < p->types.len; i++) {
        MethodTable *mt = p->types.data[i], *typical = mt->klass->typical;
        if (mt->parent && !type_is_dying(mt->parent) && !map64_ptr(done, (u64)(uintptr_t)mt->parent)) {
            unchain(&mt->parent->aux->first_derived, offsetof(MtAux, next_derived));
            map64_put(done, (u64)(uintptr_t)mt->parent, 1);
        }
        if (mt->aux->inst && typical != mt && !type_is_dying(typical)) {
            u64 key = (u64)(uintptr_t)typical | 1; /* told apart from its chain of derived types */
            if (!map64_ptr(done, key)) {
                unchain(&typical->aux->next_inst, offsetof(MtAux, next_inst));
                map64_put(done, key, 1);
            }
            map64_put(modules, (u64)(uintptr_t)typical->module, 1);
        }
    }
}

static void forget_method_insts(ContextParts *p, Map64 *modules)
{
    for (u32 i = 0; i < p->method_insts.len; i++) {
        Method *m = p->method_insts.data[i];
        Method *def = type_is_dying(m->mt) ? NULL : definition_of(m);
        if (!def)
            continue;
        for (Method **at = &def->next; *at;)
            if (type_is_dying(*at))
                *at = (*at)->next;
            else
                at = &(*at)->next;
        map64_put(modules, (u64)(uintptr_t)m->mt->module, 1);
    }
}

static void forget_friends(void *arg, LoadContext *alc)
{
    (void)arg;
    for (u32 i = 0; i < alc->assemblies.len; i++) {
        alc->assemblies.data[i]->friend = NULL;
        type_map_forget(&alc->assemblies.data[i]->friends, true);
    }
}

void type_forget_dying(void)
{
    Map64 done = {0}, modules = {0}, method_modules = {0};
    bool any = false;
    for (u32 i = 0; i < num_dying; i++) {
        ContextParts *p = dying[i]->parts;
        any |= dying[i]->assemblies.len || (p && (p->types.len || p->method_insts.len));
        if (!p)
            continue;
        forget_types(p, &done, &modules);
        forget_method_insts(p, &method_modules);
        tls_forget(p->tls.data, p->tls.len);
        for (u32 k = 0; k < p->types.len; k++)
            type_id_free(dying[i]->domain, p->types.data[k]->aux->type_id);
    }
    for (u32 i = 0; i < modules.cap; i++)
        if (modules.keys[i] && !type_is_dying((void *)(uintptr_t)modules.keys[i]))
            rebuild_insts((Module *)(uintptr_t)modules.keys[i]);
    for (u32 i = 0; i < method_modules.cap; i++)
        if (method_modules.keys[i] && !type_is_dying((void *)(uintptr_t)method_modules.keys[i]))
            rebuild_method_insts((Module *)(uintptr_t)method_modules.keys[i]);
    map64_free(&done);
    map64_free(&modules);
    map64_free(&method_modules);
    if (type_client.neutral)
        numbers_forget(dying[0]->domain);
    if (!any)
        return;
    casts_forget();
    impls_forget();
    shapes_forget();
    type_each_context(forget_friends, NULL);
}

/* --- Freeing ---------------------------------------------------------------------------------------------------------------------- */
static void free_module(Module *m)
{
    for (u32 i = 0; type_client.neutral && i < m->literals.cap; i++)
        if (m->literals.keys[i])
            domain_slot_free(m->alc->domain, (u32)m->literals.vals[i]);
    map64_free(&m->method_insts);
    map64_free(&m->rva_copies);
    map64_free(&m->insts);
    map64_free(&m->literals);
    if (m->md)
        md_close(m->md);
    if (m->pe)
        pe_close(m->pe);
}

static void forget_refers(void *arg, LoadContext *alc)
{
    u64 h = 0, key = (u64)(uintptr_t)arg;
    if (alc->parts && map64_get(&alc->parts->refers, key, &h)) {
        gc_handle_free((GcHandle)(uintptr_t)h);
        map64_remove(&alc->parts->refers, key);
    }
}

void type_context_free(LoadContext *alc)
{
    CHECK(alc->collectible);
    ContextParts *p = alc->parts;
    type_lock();
    type_context_unlink(alc);
    if (alc->assemblies.len)
        type_each_context(forget_refers, alc); /* its address may be another context's soon */
    type_unlock();
    for (u32 i = 0; i < alc->assemblies.len; i++) {
        Assembly *a = alc->assemblies.data[i];
        map64_free(&a->refs);
        map64_free(&a->friends);
        free_module(a->module);
    }
    __atomic_fetch_sub(&type_assembly_count, alc->assemblies.len, __ATOMIC_RELAXED);
    vec_free(&alc->assemblies);
    if (p) {
        for (u32 i = 0; i < p->refers.cap; i++)
            if (p->refers.keys[i])
                gc_handle_free((GcHandle)(uintptr_t)p->refers.vals[i]);
        for (u32 i = 0; i < p->handles.len; i++)
            gc_handle_free(p->handles.data[i]);
        map64_free(&p->refers);
        map64_free(&p->shapes);
        vec_free(&p->types);
        vec_free(&p->method_insts);
        vec_free(&p->tls);
        vec_free(&p->free_slots);
        vec_free(&p->handles);
        base_free(p);
    }
    if (alc->keeper)
        gc_handle_free(alc->keeper);
    heap_free(alc);
    base_free(alc->name);
    base_free(alc);
}
