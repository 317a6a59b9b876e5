/* corelib_types.c: calls of the cast helpers, MethodTable, RuntimeHelpers, ValueType, and what Activator and typeof need.
 * Not here: the rest of reflection (corelib/refl_*.c).  Book: corelib.md  Tests: tests/app */
#include "vm/vm_unload.h"
#include "corelib/corelib.h"

/* --- Casts ------------------------------------------------------------------------------------------------------------- */
CALL(i32, corelib_is_instance, TypeHandle th, i32 throws, ObjectHandleOnStack o)
{
    QCALL_BEGIN(t);
    TypeHandle from = th_of((*o.ptr)->mt);
    bool ok = type_can_cast(from, th);
    if (!ok && throws)
        vm_throw_invalid_cast(t, from, th);
    QCALL_END(t);
    return ok;
}

CALL(i32, corelib_can_cast, TypeHandle from, TypeHandle to)
{
    QCALL_BEGIN(t);
    bool ok = type_can_cast(from, to);
    /* Nullable<T> is not castable to T's interfaces, but T is to Nullable<T> (as Type.IsAssignableFrom has it) */
    if (!ok && th_mt(to) && mt_is_nullable(th_mt(to)) && th_mt(to)->aux->inst)
        ok = th_mt(to)->aux->inst[0] == from;
    QCALL_END(t);
    return ok;
}

CALL(void, corelib_throw_cast, TypeHandle from, TypeHandle to)
{
    QCALL_BEGIN(t);
    vm_throw_invalid_cast(t, from, to);
    QCALL_END(t);
}

/* As in a signature: enums are value types, String and Object classes.  SuppressGCTransition. */
CALL(i32, corelib_th_elem_type, TypeHandle th)
{
    if (th_is_desc(th))
        return (i32)(th_desc(th)->flags & 0xff);
    u8 k = th_mt(th)->klass->elem_kind;
    if (!k)
        k = mt_is_valuetype(th_mt(th)) ? ET_VALUETYPE : ET_CLASS;
    return k == ET_STRING || k == ET_OBJECT ? ET_CLASS : k;
}

CALL(void, corelib_init_class, MethodTable *mt)
{
    QCALL_BEGIN(t);
    vm_class_init(t, mt);
    QCALL_END(t);
}

/* --- MethodTable ----------------------------------------------------------------------------------------------------------- */
CALL(u32, corelib_mt_field_bytes, MethodTable *mt)
{
    return mt->klass->size;
}

CALL(u32, corelib_mt_primitive, MethodTable *mt)
{
    return mt->klass->underlying ? mt->klass->underlying : mt->klass->elem_kind;
}

CALL(MethodTable *, corelib_mt_matching_parent, MethodTable *mt, MethodTable *parent)
{
    while (mt && mt->klass->typical != parent->klass->typical)
        mt = mt->parent;
    return mt;
}

CALL(MethodTable *, corelib_mt_arg0, MethodTable *mt)
{
    return (MethodTable *)mt->aux->inst[0];
}

CALL(u64, corelib_mt_allocator, MethodTable *mt)
{
    return (u64)(uintptr_t)(mt->flags & MTF_COLLECTIBLE ? type_handle_context(th_of(mt))->keeper : NULL);
}

/* --- Value types ------------------------------------------------------------------------------------------------------------ */
static bool overrides(MethodTable *mt, const char *name, i32 params)
{
    return type_method_by_name(mt, name, params) != NULL;
}

/* Fields without gaps, none a reference or a float, none of a type that compares in its own way. */
static bool bits_compare(MethodTable *mt)
{
    if (mt_has_refs(mt))
        return false;
    u32 sum = 0;
    for (u32 i = 0; i < mt->klass->num_fields; i++) {
        Field *f = &mt->klass->fields[i];
        if (f->flags & FF_STATIC)
            continue;
        sum += f->size;
        if (f->kind == ET_R4 || f->kind == ET_R8)
            return false;
        if (f->kind == ET_VALUETYPE) {
            Err e = {0};
            TypeHandle ft = type_field_type(mt, f, &e);
            MethodTable *fm = ft ? th_mt(ft) : NULL;
            if (!fm || overrides(fm, "Equals", 1) || overrides(fm, "GetHashCode", 0) || !bits_compare(fm))
                return false;
        }
    }
    return sum == mt->klass->size && !(mt->flags2 & MT2_INLINE_ARRAY);
}

CALL(i32, corelib_can_compare_bits, MethodTable *mt)
{
    QCALL_BEGIN(t);
    bool ok = bits_compare(mt);
    __atomic_or_fetch(&mt->aux->flags, AUX_CHECKED_COMPARE_BITS | (ok ? AUX_CAN_COMPARE_BITS : 0), __ATOMIC_RELEASE);
    QCALL_END(t);
    return ok;
}

/* What of a value to hash: its first field that says something. ValueTypeHashCodeStrategy. */
enum { HASH_NONE, HASH_REFERENCE, HASH_DOUBLE, HASH_SINGLE, HASH_BITS, HASH_OVERRIDE };
static i32 hash_strategy(MethodTable *mt, const char *data, u32 base, u32 *offset, u32 *size, MethodTable **field_mt)
{
    for (u32 i = 0; i < mt->klass->num_fields; i++) {
        Field *f = &mt->klass->fields[i];
        if (f->flags & FF_STATIC)
            continue;
        u32 at = base + f->offset;
        if (f->kind == ET_CLASS) {
            if (!*(Object *const *)(data + at))
                continue;
            *offset = at;
            return HASH_REFERENCE;
        }
        *offset = at;
        *size = f->size;
        if (f->kind == ET_R8)
            return HASH_DOUBLE;
        if (f->kind == ET_R4)
            return HASH_SINGLE;
        if (f->kind != ET_VALUETYPE)
            return HASH_BITS;
        Err e = {0};
        TypeHandle ft = type_field_type(mt, f, &e);
        MethodTable *fm = ft ? th_mt(ft) : NULL;
        if (!fm)
            continue;
        if (overrides(fm, "GetHashCode", 0)) {
            *field_mt = fm;
            return HASH_OVERRIDE;
        }
        if (bits_compare(fm))
            return HASH_BITS;
        i32 inner = hash_strategy(fm, data, at, offset, size, field_mt);
        if (inner != HASH_NONE)
            return inner;
    }
    return HASH_NONE;
}

CALL(i32, corelib_hash_strategy, MethodTable *mt, ObjectHandleOnStack o, u32 *offset, u32 *size, MethodTable **field_mt)
{
    QCALL_BEGIN(t);
    *offset = *size = 0;
    *field_mt = NULL;
    i32 r = hash_strategy(mt, (const char *)*o.ptr + OBJ_DATA, 0, offset, size, field_mt);
    QCALL_END(t);
    return r;
}

/* --- Objects ------------------------------------------------------------------------------------------------------------------ */
CALL(void, corelib_clone, ObjectHandleOnStack o)
{
    QCALL_BEGIN(t);
    Object *from = *o.ptr, *to;
    if (gc_type(from)->flags & GC_TYPE_HAS_COMPONENTS)
        to = gc_alloc_array(t, from->mt, gc_array_length(from), 0);
    else
        to = gc_alloc(t, from->mt);
    if (to)
        qc_set_object(o, to);
    else
        vm_throw(t, VM_ERR_OUT_OF_MEMORY);
    QCALL_END(t);
}

CALL(i32, corelib_hash_slow, ObjectHandleOnStack o)
{
    QCALL_BEGIN(t);
    i32 h = sync_hash_code(t, *o.ptr);
    QCALL_END(t);
    return h;
}

CALL(i32, corelib_hash_fast, Object *o)
{
    return o ? sync_hash_code_if_any(o) : 0;
}

CALL(u8, corelib_content_equals, Object *a, Object *b)
{
    return memcmp((char *)a + OBJ_DATA, (char *)b + OBJ_DATA, a->mt->base_size - 16) == 0;
}

CALL(u8, corelib_stack_left, void)
{
    enum { NEEDED = 128 << 10 };
    return (char *)__builtin_frame_address(0) > thread_current()->stack_limit_real + NEEDED;
}

CALL(void, corelib_write_barrier, Object **slot, Object *v)
{
    gc_store_ref(slot, v);
}

/* Does a stream type replace BeginRead/EndRead (or BeginWrite/EndWrite)? */
CALL(i32, corelib_stream_overridden, MethodTable *mt, i32 reads)
{
    QCALL_BEGIN(t);
    static const char *const names[2][2] = {{"BeginWrite", "EndWrite"}, {"BeginRead", "EndRead"}};
    bool yes = false;
    for (MethodTable *k = mt; k && k->parent && !yes; k = k->parent) {
        if (k->module->assembly == type_corelib && strcmp(k->klass->name, "Stream") == 0)
            break;
        yes = overrides(k, names[reads != 0][0], 5) || overrides(k, names[reads != 0][1], 1);
    }
    QCALL_END(t);
    return yes;
}

/* Virtual or interface method of an object: address to call with plain arguments. */
CALL(void *, corelib_resolve_virtual, ObjectHandleOnStack o, MethodTable *mt, Method *m)
{
    QCALL_BEGIN(t);
    Err e = {0};
    (void)mt;
    Method *target = type_find_virtual((*o.ptr)->mt, m, &e);
    void *entry = target ? vm_method_entry(t, target) : NULL;
    if (!target)
        vm_throw_err(t, &e);
    QCALL_END(t);
    return entry;
}

/* --- First needs of reflection --------------------------------------------------------------------------------------------------- */
CALL(void, corelib_type_from_handle, TypeHandle th, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    if (th)
        qc_set_object(out, vm_type_object(th));
    QCALL_END(t);
}

CALL(u8, corelib_rt_is_open, Object *type)
{
    return type_is_open(vm_type_of_object(type));
}

static Module *module_of(TypeHandle th)
{
    for (;;) {
        TypeDesc *d = th_desc(th);
        if (d && (d->kind == TD_VAR || d->kind == TD_MVAR))
            return d->module;
        if (d && d->kind == TD_FNPTR)
            return type_corelib->module;
        if (d) {
            th = d->elem;
            continue;
        }
        MethodTable *mt = th_mt(th);
        if (!mt_is_array(mt))
            return mt->module;
        th = mt->elem;
    }
}

CALL(Object *, corelib_rt_module_if_any, Object *type)
{
    Module *m = module_of(vm_type_of_object(type));
    return m->exposed ? gc_handle_get(m->exposed) : NULL;
}

CALL(void, corelib_rt_module, ObjectHandleOnStack type, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    Object *o = vm_module_object(t, module_of(vm_type_of_object(*type.ptr)));
    if (o)
        qc_set_object(out, o);
    QCALL_END(t);
}

/* <Module>; nothing while the global members of an emitted module are not finished */
CALL(void, corelib_module_type, QCallModule m, ObjectHandleOnStack out)
{
    if (!md_type_is_finished(m.module->md, 1))
        return;
    QCALL_BEGIN(t);
    Err e = {0};
    MethodTable *mt = type_load_typedef(m.module, MD_TOKEN(MDT_TypeDef, 1), &e);
    if (mt)
        qc_set_object(out, vm_type_object(th_of(mt)));
    else
        vm_throw_err(t, &e);
    QCALL_END(t);
}

CALL(u64, corelib_type_gc_handle, QCallTypeHandle type, i32 kind)
{
    QCALL_BEGIN(t);
    LoadContext *alc = type_handle_context(type.th);
    GcHandle h = gc_handle_new(t->domain, (GcHandleKind)kind, NULL);
    if (alc->collectible)
        vm_context_keep_handle(alc, h);
    QCALL_END(t);
    return (u64)(uintptr_t)h;
}

CALL(u64, corelib_type_free_handle, QCallTypeHandle type, u64 h)
{
    QCALL_BEGIN(t);
    LoadContext *alc = type_handle_context(type.th);
    if (h && alc->collectible)
        vm_context_forget_handle(alc, (GcHandle)(uintptr_t)h);
    if (h)
        gc_handle_free((GcHandle)(uintptr_t)h);
    QCALL_END(t);
    return h;
}

/* What ActivatorCache calls: object (*allocator)(void *first), then void (*ctor)(object) or void (*ctor)(ref byte). */
static bool activation_allowed(Thread *t, TypeHandle th)
{
    const char *missing = NULL, *unsupported = NULL;
    MethodTable *mt = th_mt(th);
    if (!mt || mt_is_array(mt))
        missing = "Type is not supported.";
    else if (mt == type_wk(WK_VOID))
        unsupported = "Cannot dynamically create an instance of System.Void.";
    else if (mt_is_interface(mt))
        missing = "Cannot create an instance of an interface.";
    else if (mt->flags2 & MT2_ABSTRACT)
        missing = "Cannot create an abstract class.";
    else if (mt == type_wk(WK_STRING))
        missing = "Uninitialized Strings cannot be created.";
    else if (mt_is_delegate(mt))
        return vm_throwf(t, VM_ERR_ARGUMENT, "Type is not supported.");
    else if (mt->flags & MTF_GENERIC_SHARED)
        unsupported = "Type is not supported.";
    if (missing)
        return vm_throwf(t, VM_ERR_MISSING_METHOD, "%s", missing);
    return !unsupported || vm_throwf(t, VM_ERR_NOT_SUPPORTED, "%s", unsupported);
}

/* Allocator of ref structs: finding it is fine, calling it is not. */
static Object *refuse_boxing(MethodTable *mt)
{
    (void)mt;
    vm_throwf(thread_current(), VM_ERR_NOT_SUPPORTED, "Cannot create boxed ByRef-like values.");
    return NULL;
}

static void *allocator_of(MethodTable *mt)
{
    static void *refusal;
    if (!(mt->flags & MTF_BYREF_LIKE))
        return jit_env.helpers[JIT_HELPER_NEW];
    if (!__atomic_load_n(&refusal, __ATOMIC_ACQUIRE))
        __atomic_store_n(&refusal, code_helper_stub((void *)refuse_boxing), __ATOMIC_RELEASE);
    return refusal;
}

CALL(void, corelib_activation_info, ObjectHandleOnStack type, void **allocator, void **first, void **ctor, void **ref_ctor,
     i32 *is_public)
{
    QCALL_BEGIN(t);
    TypeHandle th = vm_type_of_object(*type.ptr);
    *allocator = *first = *ctor = *ref_ctor = NULL;
    *is_public = 1;
    if (activation_allowed(t, th)) {
        MethodTable *mt = th_mt(th);
        bool value = mt_is_valuetype(mt);
        Method *m = mt_is_nullable(mt) ? NULL : type_method_by_name(mt, ".ctor", 0);
        Err e = {0};
        if (!m && !value) {
            vm_throwf(t, VM_ERR_MISSING_METHOD, "No parameterless constructor defined.");
        } else {
            if (!mt_is_nullable(mt)) {
                *allocator = allocator_of(mt);
                *first = mt;
            }
            if (m) {
                *is_public = (m->attrs & MD_ACCESS) == MD_PUBLIC;
                Method *boxed = value ? vm_unboxing_stub(m, &e) : m;
                *ctor = boxed ? vm_method_entry(t, boxed) : NULL;
                *ref_ctor = value ? vm_method_entry(t, m) : NULL;
                if (!boxed)
                    vm_throw_err(t, &e);
            }
        }
    }
    QCALL_END(t);
}
