/* vm_unload.c: collectible load contexts and dynamic methods go away whole.
 *
 * Life of a collectible AssemblyLoadContext: vm_context_make_keeper allocates its LoaderAllocator in the pinned space (so it dies in a
 * collection of everything only) and remembers it by a tracking weak handle.  Until Unload() a strong handle holds it; then only what
 * uses the context does: instances (GcClient.keeper), running frames (code_walk.c), reflection objects, delegates, stack traces, other
 * contexts.  When the collector finds it dead its scout is finalised and calls vm_context_destroy.
 * A dynamic method is a small context of its own, whose keeper is its DynamicResolver.
 *
 * Order of unloading (vm_unload_flush), for all that is queued:
 *   1  type_lock is taken, the world is stopped: nobody reads the tables without a lock now
 *   2  memory is marked as dying; the code table forgets the code
 *   3  tables of type/, vm/ and whoever registered forget what dies; call sites of others lose their cached pairs
 *   4  marks go, the world runs, type_lock is let go
 *   5  handles, images, heaps and code are given back
 * Not here: tables of type/ (type_unload.c).  Book: vm.md  Tests: tests/app/AssemblyLoadContexts.cs, tests/app/Unloading.cs */
#include "vm/vm_unload.h"

#include "base/vec.h"
#include "md/md_pdb.h"
#include "os/os_mem.h"
#include "os/os_thread.h"
#include "vm/vm_code.h"
#include "vm/vm_throw.h"

typedef struct Literal {
    u32 hash;
    GcHandle h;
} Literal;
typedef struct VmContext { /* LoadContext.vm_data */
    VEC(CallSite *) sites;  /* of other contexts, that were given a pair of this one */
    VEC(Literal) literals;
    VEC(GcHandle) handles;
    GcHandle strong;        /* until Unload() */
} VmContext;
typedef struct Hook {
    void (*forget)(void);
    void (*freed)(LoadContext *alc);
} Hook;

static OsMutex data_lock = OS_MUTEX_INIT; /* a leaf: VmContexts, queue */
static VEC(LoadContext *) queue;
static Hook hooks[8];
static u32 num_hooks;
static u32 background_now, background_before; /* background cycles when this pass of finalisers began, and the one before */
u64 vm_unloaded_contexts;

enum { STATE_ASKED = 1, STATE_QUEUED = 2 };

static VmContext *data_of(LoadContext *alc) /* data_lock held */
{
    if (!alc->vm_data)
        alc->vm_data = base_calloc(1, sizeof(VmContext));
    return alc->vm_data;
}

void vm_unload_hook(void (*forget)(void), void (*freed)(LoadContext *alc))
{
    CHECK(num_hooks < ARRAY_LEN(hooks));
    hooks[num_hooks++] = (Hook){forget, freed};
}

void vm_context_keep_handle(LoadContext *alc, GcHandle h)
{
    os_mutex_lock(&data_lock);
    vec_push(&data_of(alc)->handles, h);
    os_mutex_unlock(&data_lock);
}

void vm_context_forget_handle(LoadContext *alc, GcHandle h)
{
    os_mutex_lock(&data_lock);
    VmContext *c = data_of(alc);
    for (u32 i = 0; i < c->handles.len; i++)
        if (c->handles.data[i] == h) {
            c->handles.data[i] = vec_pop(&c->handles);
            break;
        }
    os_mutex_unlock(&data_lock);
}

void vm_context_note_site(LoadContext *alc, CallSite *site)
{
    os_mutex_lock(&data_lock);
    VmContext *c = data_of(alc);
    for (u32 i = c->sites.len; i-- > 0 && i + 8 > c->sites.len;)
        if (c->sites.data[i] == site)
            goto known;
    vec_push(&c->sites, site);
known:
    os_mutex_unlock(&data_lock);
}

void vm_context_note_literal(LoadContext *alc, u32 hash, GcHandle h)
{
    os_mutex_lock(&data_lock);
    vec_push(&data_of(alc)->literals, ((Literal){hash, h}));
    os_mutex_unlock(&data_lock);
}

/* --- Keepers ---------------------------------------------------------------------------------------------------------------- */
Object **vm_unload_keeper(const MethodTable *mt) { return mt->aux->loader_module->alc->keeper; }

static bool set_native(Object *keeper, LoadContext *alc)
{
    Field *scout = type_field_by_name(keeper->mt, "m_scout");
    Object *s = scout ? *(Object **)(void *)((char *)keeper + OBJ_DATA + scout->offset) : NULL;
    Field *native = s ? type_field_by_name(s->mt, "m_nativeLoaderAllocator") : NULL;
    if (!native)
        return false;
    *(LoadContext **)(void *)((char *)s + OBJ_DATA + native->offset) = alc;
    return true;
}

Object *vm_context_make_keeper(Thread *t, LoadContext *alc, bool hold)
{
    Err e = {0};
    MethodTable *mt;
    Method *ctor = NULL;
    PREEMPTIVE(t)
    {
        mt = type_load_name(type_corelib, "System.Reflection", "LoaderAllocator", &e);
        if (mt)
            ctor = type_method_by_name(mt, ".ctor", 0);
    }
    CHECKF(ctor != NULL, "LoaderAllocator: %s", e.text);
    Object *o = gc_alloc_bytes(t, mt, mt->base_size, GC_ALLOC_PINNED);
    if (!o) {
        vm_throw(t, VM_ERR_OUT_OF_MEMORY);
        return NULL;
    }
    if (!vm_call(t, ctor, (void *[]){&o}, NULL))
        return NULL;
    alc->keeper = gc_handle_new(alc->domain, GC_HANDLE_WEAK_TRACK, o);
    if (hold) {
        GcHandle strong = gc_handle_new(alc->domain, GC_HANDLE_STRONG, o);
        os_mutex_lock(&data_lock);
        data_of(alc)->strong = strong;
        os_mutex_unlock(&data_lock);
    }
    CHECKF(set_native(o, alc), "LoaderAllocator has no scout");
    return o;
}

void vm_context_let_go(LoadContext *alc)
{
    os_mutex_lock(&data_lock);
    VmContext *c = data_of(alc);
    GcHandle h = c->strong;
    c->strong = NULL;
    os_mutex_unlock(&data_lock);
    if (h)
        gc_handle_free(h);
}

void vm_unload_pass_begins(void)
{
    background_before = background_now;
    GcFigures f;
    gc_figures(&f);
    background_now = f.background_collections;
}

/* Was the collection that found it dead one that swept at once?  A background cycle sweeps behind the program's back: dead objects of the
 * context may still lie in the heap, and are gone for certain when a further collection of everything has ended. */
static bool heap_is_clean(LoadContext *alc)
{
    GcFigures f;
    gc_figures(&f);
    if (!(alc->state & STATE_ASKED)) {
        alc->state |= STATE_ASKED;
        alc->full_collections = f.collections[2];
        return f.background_collections == background_before;
    }
    return f.collections[2] > alc->full_collections;
}

bool vm_context_destroy(LoadContext *alc)
{
    if (type_context_keeper(alc) || !heap_is_clean(alc))
        return false;
    vm_unload_context(alc);
    return true;
}

void vm_unload_context(LoadContext *alc)
{
    os_mutex_lock(&data_lock);
    CHECK(alc->collectible && !(alc->state & STATE_QUEUED));
    alc->state |= STATE_QUEUED;
    vec_push(&queue, alc);
    os_mutex_unlock(&data_lock);
}

/* --- Unloading ------------------------------------------------------------------------------------------------------------------ */
/* Sites of those that stay lose pairs of those that go; those that stay forget sites of those that go. */
static void forget_sites(void *arg, LoadContext *alc)
{
    (void)arg;
    VmContext *c = alc->vm_data;
    if (!c)
        return;
    u32 left = 0;
    for (u32 i = 0; i < c->sites.len; i++) {
        CallSite *site = c->sites.data[i];
        if (type_is_dying(site))
            continue;
        if (type_is_dying(site->pair))
            __atomic_store_n(&site->pair, &code_empty_pair, __ATOMIC_RELEASE);
        c->sites.data[left++] = site;
    }
    c->sites.len = left;
}

static void free_data(LoadContext *alc)
{
    VmContext *c = alc->vm_data;
    for (u32 i = 0; i < alc->assemblies.len; i++)
        if ((uintptr_t)alc->assemblies.data[i]->module->pdb > 1)
            md_pdb_close(alc->assemblies.data[i]->module->pdb);
    if (!c)
        return;
    for (u32 i = 0; i < c->literals.len; i++)
        vm_literal_release(alc->domain, c->literals.data[i].hash, c->literals.data[i].h);
    for (u32 i = 0; i < c->handles.len; i++)
        gc_handle_free(c->handles.data[i]);
    vec_free(&c->sites);
    vec_free(&c->literals);
    vec_free(&c->handles);
    base_free(c);
    alc->vm_data = NULL;
}

static void unload(Thread *t, LoadContext **v, u32 n)
{
    type_lock();
    thread_stop_world(t, NULL);
    type_dying_begin(v, n);
    for (u32 i = 0; i < n; i++)
        code_context_dying(v[i]);
    type_each_context(forget_sites, NULL);
    vm_prestub_forget();
    vm_delegate_forget();
    for (u32 i = 0; i < num_hooks; i++)
        if (hooks[i].forget)
            hooks[i].forget();
    type_forget_dying();
    for (u32 i = 0; i < n; i++)
        code_context_undying(v[i]);
    type_dying_end();
    thread_resume_world(t);
    type_unlock();
    for (u32 i = 0; i < n; i++) {
        LOG(start, 1, "unloaded %s: %lu bytes", v[i]->assemblies.len ? v[i]->assemblies.data[0]->name : "a dynamic method",
            (unsigned long)v[i]->allocated_bytes);
        for (u32 k = 0; k < num_hooks; k++)
            if (hooks[k].freed)
                hooks[k].freed(v[i]);
        free_data(v[i]);
        code_context_free(v[i]);
        type_context_free(v[i]);
    }
    vm_unloaded_contexts += n;
    LOG(load, 1, "unloaded %lu contexts; loader heaps %zu KB, code %zu KB", (unsigned long)vm_unloaded_contexts,
        (os_span_used(OS_CHUNK_HOT) + os_span_used(OS_CHUNK_COLD) + os_span_used(OS_CHUNK_STUB)) >> 10, os_span_used(OS_CHUNK_CODE) >> 10);
}

void vm_unload_flush(Thread *t)
{
    for (;;) {
        os_mutex_lock(&data_lock);
        LoadContext **v = queue.data;
        u32 n = queue.len;
        memset(&queue, 0, sizeof queue);
        os_mutex_unlock(&data_lock);
        if (!n)
            return;
        unload(t, v, n);
        base_free(v);
    }
}
