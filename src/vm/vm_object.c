/* vm_object.c: boxes and arrays made from C, and the objects that stand for types, assemblies, modules, members and threads.
 * A RuntimeType is frozen and unique per TypeHandle; MtAux.exposed or TypeDesc.exposed holds it raw (CoreLib reads them), in
 * neutral mode the domain's tables do (D12).  The others are ordinary objects behind strong handles.
 * Those of a collectible context are held by its keeper and hold the keeper themselves; its RuntimeTypes lie in the pinned space.
 * Book: vm.md  Tests: tests/app */
#include "vm/vm.h"

#include "os/os_thread.h"

static OsMutex expose_lock = OS_MUTEX_INIT;

Object *vm_new_object(Thread *t, MethodTable *mt)
{
    Object *o = gc_alloc(t, mt);
    if (UNLIKELY(!o))
        vm_throw(t, VM_ERR_OUT_OF_MEMORY);
    return o;
}

Object *vm_box(Thread *t, MethodTable *mt, const void *value)
{
    if (mt_is_nullable(mt)) {
        if (!*(const u8 *)value)
            return NULL;
        value = (const char *)value + mt->nullable_value_offset;
        mt = th_mt(mt->aux->inst[0]);
    }
    Object *o = vm_new_object(t, mt);
    if (!o)
        return NULL;
    if (mt_has_refs(mt))
        gc_copy_refs((char *)o + OBJ_DATA, value, mt->klass->size);
    else
        memcpy((char *)o + OBJ_DATA, value, mt->klass->size);
    return o;
}

Array *vm_new_array(Thread *t, TypeHandle elem, u32 n)
{
    Err e = {0};
    TypeHandle th = type_szarray_of(elem, &e);
    if (!th) {
        vm_throw_err(t, &e);
        return NULL;
    }
    Array *a = n <= 0x7fffffff ? (Array *)gc_alloc_array(t, th_mt(th), n, 0) : NULL;
    if (UNLIKELY(!a))
        vm_throw(t, VM_ERR_OUT_OF_MEMORY);
    return a;
}

/* --- Types ---------------------------------------------------------------------------------------------------------- */
static Object *new_type_object(TypeHandle th)
{
    MethodTable *mt = type_wk(WK_RUNTIMETYPE);
    Object *o = gc_alloc_frozen(mt, mt->base_size);
    CF_VAL(o, RUNTIMETYPE_HANDLE, TypeHandle) = th;
    return o;
}

static Object **type_object_cell(TypeHandle th)
{
    if (vm_runtime.neutral)
        return th_is_desc(th) ? (Object **)&thread_current()->domain->neutral_table[type_domain_slot(th_desc(th))]
                              : &type_in_domain(th_mt(th))->object;
    return th_is_desc(th) ? &th_desc(th)->exposed : &th_mt(th)->aux->exposed;
}

/* Out of the lock, as it may collect; the first one made is used. */
static Object *collectible_type_object(LoadContext *alc, TypeHandle th, Object **cell)
{
    MethodTable *mt = type_wk(WK_RUNTIMETYPE);
    GcHandle slot;
    Thread *t = thread_current();
    bool was_preemptive = t->mode == THREAD_PREEMPTIVE;
    if (was_preemptive)
        thread_enter_cooperative(t);
    Object *o = type_context_object(alc, mt, mt->base_size, &slot), *none = NULL;
    CF_VAL(o, RUNTIMETYPE_HANDLE, TypeHandle) = th;
    CF_SET_REF(o, RUNTIMETYPE_KEEPALIVE, type_context_keeper(alc));
    if (!__atomic_compare_exchange_n(cell, &none, o, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        type_context_handle_clear(alc, slot);
        o = none;
    }
    if (was_preemptive)
        thread_enter_preemptive(t);
    return o;
}

Object *vm_type_object(TypeHandle th)
{
    Object **slot = type_object_cell(th);
    Object *o = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
    if (LIKELY(o != NULL))
        return o;
    type_wk(WK_RUNTIMETYPE); /* loaded before the lock is taken */
    LoadContext *alc = type_handle_context(th);
    if (UNLIKELY(alc->collectible))
        return collectible_type_object(alc, th, slot);
    os_mutex_lock(&expose_lock);
    o = *slot;
    if (!o) {
        o = new_type_object(th);
        __atomic_store_n(slot, o, __ATOMIC_RELEASE);
    }
    os_mutex_unlock(&expose_lock);
    return o;
}

TypeHandle vm_type_of_object(Object *runtime_type)
{
    return CF_VAL(runtime_type, RUNTIMETYPE_HANDLE, TypeHandle);
}

/* --- Assemblies, modules, members -------------------------------------------------------------------------------------- */
/* An assembly may be loaded for all domains: in neutral mode the handle is in the current domain's table, and *shared stays NULL. */
static GcHandle *cell_of(GcHandle *shared)
{
    return vm_runtime.neutral ? (GcHandle *)&thread_current()->domain->neutral_table[type_domain_slot(shared)] : shared;
}

/* Publishes o in *slot behind a strong handle unless another thread was first; the object that stays. */
static Object *expose(LoadContext *alc, GcHandle *slot, Object *o)
{
    bool collectible = alc && alc->collectible;
    GcHandle first = NULL;
    GcHandle mine = collectible ? type_context_handle(alc, o) : gc_handle_new(thread_current()->domain, GC_HANDLE_STRONG, o);
    if (__atomic_compare_exchange_n(slot, &first, mine, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return gc_handle_get(mine);
    if (collectible)
        type_context_handle_clear(alc, mine);
    else
        gc_handle_free(mine);
    return gc_handle_get(first);
}

static Object *exposed(GcHandle *slot)
{
    GcHandle h = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
    return h ? gc_handle_get(h) : NULL;
}

Object *vm_assembly_object(Thread *t, Assembly *a)
{
    Object *o = exposed(cell_of(&a->exposed));
    if (o)
        return o;
    o = vm_new_object(t, type_wk(WK_RUNTIMEASSEMBLY));
    if (!o)
        return NULL;
    CF_VAL(o, ASSEMBLY_HANDLE, void *) = a;
    if (a->alc->collectible)
        CF_SET_REF(o, ASSEMBLY_SYNCROOT, type_context_keeper(a->alc));
    return expose(a->alc, cell_of(&a->exposed), o);
}

Object *vm_module_object(Thread *t, Module *m)
{
    Object *o = exposed(cell_of(&m->exposed));
    if (o)
        return o;
    Object *assembly = vm_assembly_object(t, m->assembly);
    if (!assembly)
        return NULL;
    o = vm_new_object(t, type_wk(WK_RUNTIMEMODULE));
    if (!o)
        return NULL;
    CF_VAL(o, MODULE_HANDLE, void *) = m;
    CF_SET_REF(o, MODULE_ASSEMBLY, assembly);
    return expose(m->alc, cell_of(&m->exposed), o);
}

Object *vm_method_stub_object(Thread *t, Method *m)
{
    Object *o = vm_new_object(t, type_wk(WK_RUNTIMEMETHODINFOSTUB));
    if (o)
        CF_VAL(o, METHODSTUB_VALUE, void *) = m;
    if (o && !(m->flags & MF_DYNAMIC) && type_method_is_collectible(m))
        CF_SET_REF(o, METHODSTUB_KEEPALIVE, type_context_keeper(type_method_context_of(m)));
    return o;
}

Object *vm_field_stub_object(Thread *t, Field *f, MethodTable *owner)
{
    Object *o = vm_new_object(t, type_wk(WK_RUNTIMEFIELDINFOSTUB));
    if (o)
        CF_VAL(o, FIELDSTUB_VALUE, void *) = f;
    if (!owner)
        owner = f->mt;
    if (o && (owner->flags & MTF_COLLECTIBLE))
        CF_SET_REF(o, FIELDSTUB_KEEPALIVE, type_context_keeper(type_handle_context(th_of(owner))));
    return o;
}

/* --- Threads ---------------------------------------------------------------------------------------------------------- */
Object *vm_thread_object(Thread *t, Thread *of)
{
    enum { PRIORITY_NORMAL = 2 };
    Object *o = exposed(&of->object);
    if (o)
        return o;
    o = vm_new_object(t, type_wk(WK_THREAD));
    if (!o)
        return NULL;
    CF_VAL(o, THREAD_HANDLE, void *) = of;
    CF_VAL(o, THREAD_ID, i32) = (i32)of->id;
    CF_VAL(o, THREAD_PRIORITY, i32) = PRIORITY_NORMAL;
    return expose(NULL, &of->object, o);
}
