/* refl_field.c: System.RuntimeFieldHandle: asking a field, reading and writing it; values as objects.
 * A Field is the canonical type's; static fields of shared types have one per exact owner (refl_exact_field). */
#include "corelib/refl_int.h"

REFL(u8, RuntimeFieldHandle_AcquiresContextFromThis, Field *f)
{
    return !(f->flags & FF_STATIC) && type_is_shared(th_of(f->mt));
}
REFL(MethodTable *, RuntimeFieldHandle_GetApproxDeclaringMethodTable, Field *f) { return f->mt; }
REFL(u32, RuntimeFieldHandle_GetAttributes, Field *f) { return f->attrs; }
REFL(i32, RuntimeFieldHandle_GetInstanceFieldOffset, Object *info)
{
    Field *f = refl_field_of(info);
    return f ? (i32)f->offset : 0;
}
REFL(Field *, RuntimeFieldHandle_GetStaticFieldForGenericType, Field *f, MethodTable *exact) { return refl_exact_field(f, exact); }
REFL(u32, RuntimeFieldHandle_GetToken, Field *f) { return f->token; }
REFL(const void *, RuntimeFieldHandle_GetUtf8NameInternal, Field *f) { return f->name; }
REFL(Object *, RuntimeFieldHandle_GetLoaderAllocatorInternal, Field *f)
{
    return f->mt->flags & MTF_COLLECTIBLE ? type_context_keeper(type_handle_context(th_of(f->mt))) : NULL;
}
REFL(u8, RuntimeFieldHandle_IsFastPathSupported, Object *info)
{
    Field *f = refl_field_of(info);
    /* the fast path takes static structs to be boxed, which they are not here */
    return f && !(f->flags & FF_THREAD_STATIC) && !((f->flags & FF_STATIC) && f->kind == ET_VALUETYPE);
}
REFL(void *, RuntimeFieldHandle_GetStaticFieldAddress, Object *info)
{
    Field *f = refl_field_of(info);
    Object *declaring = RF_VAL(info, FIELDINFO_DECLARING, Object *);
    return type_static_address(refl_field_owner(f, refl_th(declaring)), f, thread_current());
}

/* --- Values as objects -------------------------------------------------------------------------------------------------------------- */
static Object *new_pointer(Thread *t, TypeHandle th, void *p)
{
    Object *o = vm_new_object(t, refl_class("System.Reflection", "Pointer"));
    if (o) {
        RF_VAL(o, POINTER_PTR, void *) = p;
        RF_SET_REF(o, POINTER_TYPE, vm_type_object(th));
    }
    return o;
}

bool refl_load(Thread *t, TypeHandle th, const void *p, Object **out)
{
    *out = NULL;
    TypeDesc *d = th_desc(th);
    if (d && d->kind == TD_PTR) {
        *out = new_pointer(t, th, *(void *const *)p);
    } else if (d && d->kind == TD_FNPTR) {
        *out = vm_box(t, type_wk(WK_INTPTR), p);
    } else if (d && d->kind == TD_BYREF) {
        return refl_load(t, d->elem, *(void *const *)p, out);
    } else if (th_is_valuetype(th)) {
        if (th_mt(th) == type_wk(WK_VOID))
            return true;
        *out = vm_box(t, th_mt(th), p);
    } else {
        *out = *(Object *const *)p;
    }
    return !vm_pending(t);
}

bool refl_store(Thread *t, TypeHandle th, void *p, Object *value)
{
    TypeDesc *d = th_desc(th);
    if (d) { /* pointers: a boxed IntPtr or a Pointer, or null */
        void *v = NULL;
        if (value && value->mt == refl_class("System.Reflection", "Pointer"))
            v = RF_VAL(value, POINTER_PTR, void *);
        else if (value)
            memcpy(&v, (char *)value + OBJ_DATA, sizeof v);
        memcpy(p, &v, sizeof v);
        return true;
    }
    MethodTable *mt = th_mt(th);
    if (!mt_is_valuetype(mt)) {
        gc_store_ref(p, value);
        return true;
    }
    const char *src = value ? (char *)value + OBJ_DATA : NULL;
    char *dst = p;
    u32 size = mt->klass->size;
    if (mt_is_nullable(mt) && (!value || value->mt != mt)) {
        *(u8 *)p = value != NULL;
        dst += mt->nullable_value_offset;
        size = mt->nullable_value_size ? mt->nullable_value_size : type_size(mt->aux->inst[0]);
    } else if (!value) {
        return vm_throw(t, VM_ERR_NULL_REFERENCE);
    }
    if (!src)
        memset(dst, 0, size);
    else if (mt_has_refs(mt))
        gc_copy_refs(dst, src, size);
    else
        memcpy(dst, src, size);
    return true;
}

/* Address of the field, class constructor run for statics; NULL: pending. */
static void *field_address(Thread *t, Field *f, Object *instance, TypeHandle declaring, i32 *inited)
{
    MethodTable *owner = refl_field_owner(f, declaring);
    if (f->flags & FF_STATIC) {
        if (inited && !*inited) {
            if (!vm_class_init(t, owner))
                return NULL;
            *inited = vm_class_is_inited(owner);
        } else if (!inited && !vm_class_init(t, owner)) {
            return NULL;
        }
        return type_static_address(owner, f, t);
    }
    if (!instance) {
        vm_throw(t, VM_ERR_NULL_REFERENCE);
        return NULL;
    }
    if (inited) /* from now on the managed accessors read and write the field themselves */
        *inited = vm_class_is_inited(owner);
    return (char *)instance + OBJ_DATA + f->offset;
}

REFL(void, RuntimeFieldHandle_GetValue, Field *f, ObjectHandleOnStack instance, QCallTypeHandle type, QCallTypeHandle declaring,
     i32 *inited, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    void *p = field_address(t, f, *instance.ptr, declaring.th, inited);
    Object *v = NULL;
    if (p && refl_load(t, type.th, p, &v))
        qc_set_object(out, v);
    QCALL_END(t);
}

REFL(void, RuntimeFieldHandle_SetValue, Field *f, ObjectHandleOnStack instance, ObjectHandleOnStack value, QCallTypeHandle type,
     QCallTypeHandle declaring, i32 *inited)
{
    QCALL_BEGIN(t);
    void *p = field_address(t, f, *instance.ptr, declaring.th, inited);
    if (p)
        refl_store(t, type.th, p, *value.ptr);
    QCALL_END(t);
}

typedef struct TypedRef {
    char *value; /* managed pointer */
    TypeHandle type;
} TypedRef;

static void *direct_address(Thread *t, Field *f, TypedRef *r, TypeHandle declaring)
{
    if (f->flags & FF_STATIC)
        return field_address(t, f, NULL, declaring, NULL);
    if (th_is_valuetype(r->type))
        return r->value + f->offset;
    return field_address(t, f, *(Object **)r->value, declaring, NULL);
}

REFL(void, RuntimeFieldHandle_GetValueDirect, Field *f, TypedRef *r, QCallTypeHandle type, QCallTypeHandle context, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    void *p = direct_address(t, f, r, context.th);
    Object *v = NULL;
    if (p && refl_load(t, type.th, p, &v))
        qc_set_object(out, v);
    QCALL_END(t);
}

REFL(void, RuntimeFieldHandle_SetValueDirect, Field *f, TypedRef *r, ObjectHandleOnStack value, QCallTypeHandle type, QCallTypeHandle context)
{
    QCALL_BEGIN(t);
    void *p = direct_address(t, f, r, context.th);
    if (p)
        refl_store(t, type.th, p, *value.ptr);
    QCALL_END(t);
}

REFL(void, RuntimeFieldHandle_GetFieldDataReference, Field *f, ObjectHandleOnStack object, void **out)
{
    QCALL_BEGIN(t);
    void *p = field_address(t, f, *object.ptr, 0, NULL);
    if (p)
        *out = p;
    QCALL_END(t);
}

REFL(i32, RuntimeFieldHandle_GetRVAFieldInfo, Field *f, void **address, u32 *size)
{
    if (!(f->flags & FF_RVA))
        return 0;
    Err e = {0};
    TypeHandle th = type_field_type(f->mt, f, &e);
    QCALL_BEGIN(t);
    if (!th) {
        vm_throw_err(t, &e);
    } else {
        *address = type_static_address(f->mt, f, t);
        *size = type_size(th);
    }
    QCALL_END(t);
    return th != 0;
}

REFL(void *, RuntimeFieldHandle_GetEnCFieldAddr, ObjectHandleOnStack object, void *field)
{
    (void)object;
    (void)field;
    base_missing("feature", "fields added while running");
}
