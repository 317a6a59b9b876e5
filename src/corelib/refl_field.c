/* refl_field.c: System.RuntimeFieldHandle: asking a field, reading and writing it; values as objects.
 * A Field is the canonical type's; static fields of shared types have one per exact owner (refl_exact_field). */
#include "corelib/refl_int.h"

#include "vm/vm_code.h"
#include "vm/vm_throw.h"

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

/* As the reference does for fields: a failing class constructor counts as the target's failure. */
static bool init_class(Thread *t, MethodTable *mt)
{
    if (vm_class_init(t, mt))
        return true;
    Object *inner = t->pending;
    t->pending = NULL;
    Object *o = vm_exception_new(t, VM_ERR_TARGET_INVOCATION, NULL);
    if (o) {
        vm_exception_set_inner(o, inner);
        t->pending = o;
    }
    return false;
}

/* Address of the field, class constructor run for statics; NULL: pending. */
static void *field_address(Thread *t, Field *f, Object *instance, TypeHandle declaring, i32 *inited)
{
    MethodTable *owner = refl_field_owner(f, declaring);
    if (f->flags & FF_STATIC) {
        if (inited && !*inited) {
            if (!init_class(t, owner))
                return NULL;
            *inited = vm_class_is_inited(owner);
        } else if (!inited && !init_class(t, owner)) {
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

/* An initonly static is written to only until its class is initialised.  false: pending. */
static bool may_store(Thread *t, Field *f, TypeHandle declaring)
{
    MethodTable *owner = refl_field_owner(f, declaring);
    if (!(f->flags & FF_STATIC) || !(f->attrs & FD_INIT_ONLY) || !vm_class_is_ready(owner))
        return true;
    char name[300];
    type_name(th_of(owner), TN_NAMESPACE, name, sizeof name);
    return vm_throwf(t, VM_ERR_FIELD_ACCESS, "Cannot set initonly static field '%s' after type '%s' is initialized.", f->name, name);
}

REFL(void, RuntimeFieldHandle_SetValue, Field *f, ObjectHandleOnStack instance, ObjectHandleOnStack value, QCallTypeHandle type,
     QCallTypeHandle declaring, i32 *inited)
{
    QCALL_BEGIN(t);
    void *p = field_address(t, f, *instance.ptr, declaring.th, inited);
    if (p && may_store(t, f, declaring.th))
        refl_store(t, type.th, p, *value.ptr);
    QCALL_END(t);
}

typedef struct TypedRef {
    char *value; /* managed pointer */
    TypeHandle type;
} TypedRef;

/* type: the declaring one, which what the reference leads to must be. */
static void *direct_address(Thread *t, Field *f, TypedRef *r, TypeHandle declaring)
{
    if (f->flags & FF_STATIC)
        return field_address(t, f, NULL, declaring, NULL);
    bool value = th_is_valuetype(r->type);
    Object *o = value ? NULL : *(Object **)r->value;
    TypeHandle to = th_of(refl_field_owner(f, declaring));
    if (!type_can_cast(o ? th_of(o->mt) : r->type, to)) {
        vm_throw_arg(t, VM_ERR_ARGUMENT, "obj", "Value does not fall within the expected range.");
        return NULL;
    }
    return value ? r->value + f->offset : field_address(t, f, o, declaring, NULL);
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

/* Element types that each primitive widens to (§I.8.7.2 and what reflection adds): bit n for type n. */
static bool widens(u8 from, u8 to)
{
    enum { B = 1 << ET_BOOLEAN, C = 1 << ET_CHAR, I1 = 1 << ET_I1, U1 = 1 << ET_U1, I2 = 1 << ET_I2, U2 = 1 << ET_U2,
           I4 = 1 << ET_I4, U4 = 1 << ET_U4, I8 = 1 << ET_I8, U8 = 1 << ET_U8,
           R = 1 << ET_R4 | 1 << ET_R8, R8 = 1 << ET_R8, I = 1 << ET_I, U = 1 << ET_U };
    static const u32 to_of[] = {
        [ET_BOOLEAN] = B, [ET_CHAR] = C | U2 | I4 | U4 | I8 | U8 | R, [ET_I1] = I1 | I2 | I4 | I8 | R,
        [ET_U1] = C | U1 | I2 | U2 | I4 | U4 | I8 | U8 | R, [ET_I2] = I2 | I4 | I8 | R, [ET_U2] = C | U2 | I4 | U4 | I8 | U8 | R,
        [ET_I4] = I4 | I8 | R, [ET_U4] = U4 | I8 | U8 | R, [ET_I8] = I8 | R, [ET_U8] = U8 | R, [ET_R4] = R, [ET_R8] = R8, [ET_I] = I, [ET_U] = U,
    };
    return from < ARRAY_LEN(to_of) && (to_of[from] >> to & 1);
}

static u8 primitive_of(TypeHandle th) { return th_is_valuetype(th) ? th_mt(th)->klass->underlying : 0; }

/* Stores value as the field's type; a primitive may widen.  false: pending. */
static bool store_direct(Thread *t, TypeHandle th, void *p, Object *value)
{
    u8 to = primitive_of(th), from = value ? primitive_of(th_of(value->mt)) : 0;
    if (!value || type_can_cast(th_of(value->mt), th) || (th_is_desc(th) && value->mt == refl_class("System.Reflection", "Pointer")) ||
        (th_is_desc(th) && value->mt == type_wk(WK_INTPTR)) || (!th_is_desc(th) && mt_is_valuetype(th_mt(th)) && mt_is_nullable(th_mt(th)) &&
        th_of(value->mt) == th_mt(th)->aux->inst[0])) {
        if (!value && th_is_valuetype(th) && !th_is_desc(th) && !mt_is_nullable(th_mt(th))) {
            memset(p, 0, type_size(th));
            return true;
        }
        return refl_store(t, th, p, value);
    }
    if (!to || !from || !widens(from, to))
        return vm_throwf(t, VM_ERR_ARGUMENT, "Object type cannot be converted to target type.");
    u64 bits = 0;
    memcpy(&bits, (char *)value + OBJ_DATA, value->mt->klass->size);
    i64 v = from == ET_I1 ? (i8)bits : from == ET_I2 ? (i16)bits : from == ET_I4 ? (i32)bits : (i64)bits;
    float single;
    double number;
    memcpy(&single, &bits, sizeof single);
    memcpy(&number, &bits, sizeof number);
    if (from == ET_R4)
        number = single;
    else if (from != ET_R8)
        number = from == ET_U8 ? (double)bits : (double)v;
    single = (float)number;
    if (to == ET_R4)
        memcpy(p, &single, sizeof single);
    else if (to == ET_R8)
        memcpy(p, &number, sizeof number);
    else
        memcpy(p, &v, type_size(th));
    return true;
}

REFL(void, RuntimeFieldHandle_SetValueDirect, Field *f, TypedRef *r, ObjectHandleOnStack value, QCallTypeHandle type, QCallTypeHandle context)
{
    QCALL_BEGIN(t);
    void *p = direct_address(t, f, r, context.th);
    if (p && may_store(t, f, context.th))
        store_direct(t, type.th, p, *value.ptr);
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
