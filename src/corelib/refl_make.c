/* refl_make.c: types made from types (instances, arrays, pointers, references), and objects of types: allocation, default constructors.
 * Not here: asking a type (refl_type.c); ActivatorCache's pointers (corelib_types.c). */
#include "corelib/refl_int.h"

/* --- Types from types -------------------------------------------------------------------------------------------------------- */
/* Loaded preemptive; the object is handed out cooperative. */
static void give_type(TypeHandle th, Err *e, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    if (th)
        qc_set_object(out, vm_type_object(th));
    else
        vm_throw_err(t, e);
    QCALL_END(t);
}

static TypeHandle instantiate(MethodTable *mt, const TypeHandle *args, u32 n, Err *e)
{
    if (!mt || mt_is_array(mt) || mt->klass->num_generic != n || !n) {
        err_set(e, ERR_TYPE_LOAD, 0, "The number of generic arguments provided doesn't equal the arity of the generic type definition.");
        return 0;
    }
    for (u32 i = 0; i < n; i++)
        if (args[i] == th_of(type_wk(WK_TYPEDREFERENCE))) {
            char name[200], from[200];
            type_name(th_of(mt->klass->typical), TN_NAMESPACE, name, sizeof name);
            md_format_assembly_name(&mt->module->assembly->identity, from, sizeof from);
            err_set(e, ERR_TYPE_LOAD, 0, "The generic type '%s' was used with an invalid instantiation in assembly '%s'.", name, from);
            return 0;
        }
    TypeHandle r = type_instantiate(mt->klass->typical, args, n, e); /* what keeps it from being loaded is told first */
    return r && type_check_constraints(mt->klass->typical, NULL, args, n, e) ? r : 0;
}

REFL(void, RuntimeTypeHandle_Instantiate, QCallTypeHandle type, const TypeHandle *args, i32 n, ObjectHandleOnStack out)
{
    Err e = {0};
    give_type(instantiate(th_mt(type.th), args, (u32)n, &e), &e, out);
}

REFL(void, RuntimeTypeHandle_MakeSZArray, QCallTypeHandle type, ObjectHandleOnStack out)
{
    Err e = {0};
    give_type(type_szarray_of(type.th, &e), &e, out);
}

REFL(void, RuntimeTypeHandle_MakeArray, QCallTypeHandle type, i32 rank, ObjectHandleOnStack out)
{
    Err e = {0};
    give_type(type_mdarray_of(type.th, (u32)rank, &e), &e, out);
}

REFL(void, RuntimeTypeHandle_MakePointer, QCallTypeHandle type, ObjectHandleOnStack out)
{
    Err e = {0};
    give_type(type_pointer_to(type.th, &e), &e, out);
}

REFL(void, RuntimeTypeHandle_MakeByRef, QCallTypeHandle type, ObjectHandleOnStack out)
{
    Err e = {0};
    give_type(type_byref_to(type.th, &e), &e, out);
}

/* [return type, parameters…] */
REFL(void, RuntimeTypeHandle_GetArgumentTypesFromFunctionPointer, QCallTypeHandle type, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    TypeDesc *d = th_desc(type.th);
    if (d && d->kind == TD_FNPTR)
        qc_set_object(out, (Object *)refl_type_array(t, refl_class("System", "Type"), (TypeHandle *)(d + 1), d->index));
    QCALL_END(t);
}

/* --- Objects -------------------------------------------------------------------------------------------------------------------- */
bool refl_check_instantiable(Thread *t, TypeHandle th, bool uninitialized)
{
    MethodTable *mt = th_mt(th);
    VmError missing = uninitialized ? VM_ERR_ARGUMENT : VM_ERR_MISSING_METHOD;
    const char *unsupported = "Type is not supported.";
    if (!mt || mt_is_array(mt))
        return vm_throwf(t, missing, "%s", uninitialized ? unsupported : "No parameterless constructor defined.");
    if (mt->flags & MTF_HAS_COMPONENTS)
        return vm_throwf(t, missing, uninitialized ? "Uninitialized Strings cannot be created." : "No parameterless constructor defined.");
    if (mt_is_delegate(mt) || (uninitialized && mt == type_wk(WK_VOID)))
        return vm_throwf(t, VM_ERR_ARGUMENT, "%s", unsupported);
    if (mt_is_interface(mt))
        return vm_throwf(t, VM_ERR_MEMBER_ACCESS, "Cannot create an instance of an interface.");
    if (mt->flags2 & MT2_ABSTRACT)
        return vm_throwf(t, VM_ERR_MEMBER_ACCESS, "Cannot create an abstract class.");
    if (type_is_open(th))
        return vm_throwf(t, VM_ERR_MEMBER_ACCESS, "Cannot create a type for which Type.ContainsGenericParameters is true.");
    if (mt == type_wk(WK_VOID))
        return vm_throwf(t, VM_ERR_ARGUMENT, "Cannot dynamically create an instance of System.Void.");
    if (mt->flags & MTF_BYREF_LIKE)
        return vm_throwf(t, VM_ERR_NOT_SUPPORTED, "Cannot create boxed ByRef-like values.");
    if (mt->flags & MTF_GENERIC_SHARED)
        return vm_throwf(t, VM_ERR_NOT_SUPPORTED, "%s", unsupported);
    return true;
}

REFL(Object *, RuntimeTypeHandle_InternalAllocNoChecks_FastPath, MethodTable *mt) { return vm_new_object(thread_current(), mt); }

REFL(void, RuntimeTypeHandle_InternalAllocNoChecks, MethodTable *mt, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    qc_set_object(out, vm_new_object(t, mt));
    QCALL_END(t);
}

/* For delegates that are about to be bound.  An open type has no objects: the binding is refused, and what is refused is an object of its base. */
REFL(void, RuntimeTypeHandle_InternalAlloc, MethodTable *mt, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    qc_set_object(out, vm_new_object(t, mt->flags & MTF_HAS_GENERIC_VARS ? mt->parent : mt));
    QCALL_END(t);
}

bool refl_default_ctor(Thread *t, MethodTable *mt, Object *o)
{
    Method *m = type_method_by_name(mt, ".ctor", 0);
    if (!m) {
        if (mt_is_valuetype(mt))
            return true;
        char name[300];
        type_name(th_of(mt), TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
        return vm_throwf(t, VM_ERR_MISSING_METHOD,
                         "Cannot dynamically create an instance of type '%s'. Reason: No parameterless constructor defined.", name);
    }
    void *value = (char *)o + OBJ_DATA;
    void *args[] = {mt_is_valuetype(mt) ? (void *)&value : (void *)&o};
    return vm_call(t, m, args, NULL);
}

/* An object of type's definition over other arguments, its default constructor run. */
REFL(void, RuntimeTypeHandle_CreateInstanceForAnotherGenericParameter, QCallTypeHandle type, const TypeHandle *args, i32 n,
     ObjectHandleOnStack out)
{
    Err e = {0};
    TypeHandle th = instantiate(th_mt(type.th), args, (u32)n, &e);
    QCALL_BEGIN(t);
    if (!th) {
        vm_throw_err(t, &e);
    } else {
        Object *o = vm_new_object(t, th_mt(th));
        if (o && refl_default_ctor(t, th_mt(th), o))
            qc_set_object(out, o);
    }
    QCALL_END(t);
}

/* What CreateUninitializedCache calls: object (*allocator)(void *first). */
REFL(void, ReflectionSerialization_GetCreateUninitializedObjectInfo, QCallTypeHandle type, void **allocator, void **first)
{
    QCALL_BEGIN(t);
    if (refl_check_instantiable(t, type.th, true)) {
        MethodTable *mt = th_mt(type.th);
        if (mt_is_nullable(mt))
            mt = th_mt(mt->aux->inst[0]);
        if ((mt->flags2 & MT2_BEFOREFIELDINIT) || vm_class_init(t, mt)) {
            *allocator = jit_env.helpers[JIT_HELPER_NEW];
            *first = mt;
        }
    }
    QCALL_END(t);
}

REFL(void, ReflectionInvocation_GetBoxInfo, QCallTypeHandle type, void **allocator, void **first, i32 *offset, u32 *size)
{
    QCALL_BEGIN(t);
    if (refl_check_instantiable(t, type.th, true)) {
        MethodTable *mt = th_mt(type.th);
        *offset = 0;
        if (mt_is_nullable(mt)) {
            *offset = (i32)mt->nullable_value_offset;
            mt = th_mt(mt->aux->inst[0]);
        }
        *size = mt->klass->size;
        *allocator = jit_env.helpers[JIT_HELPER_NEW];
        *first = mt;
    }
    QCALL_END(t);
}
