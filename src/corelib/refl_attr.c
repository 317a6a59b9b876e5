/* refl_attr.c: System.Reflection.CustomAttribute: instances of attributes from their blobs (§II.23.3).
 * The blob is read in place in the image; what it says about lengths is checked against its end.  Type names inside are resolved by
 * managed code (TypeNameResolver), so anything here may run managed code. */
#include "corelib/refl_int.h"

#include "md/md_attr.h"

typedef struct Blob {
    const u8 *p, *end;
    Module *module; /* for type names */
} Blob;

static bool bad_format(Thread *t)
{
    MethodTable *mt = refl_class("System.Reflection", "CustomAttributeFormatException");
    Object *o = vm_new_object(t, mt);
    if (o && refl_default_ctor(t, mt, o))
        vm_throw_object(t, o);
    return false;
}

static bool take(Thread *t, Blob *b, void *out, size_t n)
{
    if ((size_t)(b->end - b->p) < n)
        return bad_format(t);
    memcpy(out, b->p, n);
    b->p += n;
    return true;
}

/* SerString: *s NULL for null */
static bool take_string(Thread *t, Blob *b, const char **s, u32 *n)
{
    *s = NULL;
    *n = 0;
    if (b->p < b->end && *b->p == 0xFF) {
        b->p++;
        return true;
    }
    MdSig r = md_sig(b->p, (u32)(b->end - b->p));
    u32 len = md_sig_uint(&r);
    if (r.bad || len > (u32)(r.end - r.p))
        return bad_format(t);
    *s = (const char *)r.p;
    *n = len;
    b->p = r.p + len;
    return true;
}

/* The type of a value as a blob spells it (FieldOrPropType). */
static TypeHandle take_type(Thread *t, Blob *b, u8 *code)
{
    u8 et = 0;
    if (!take(t, b, &et, 1))
        return 0;
    *code = et;
    switch (et) {
    case ET_BOOLEAN: return th_of(type_wk(WK_BOOLEAN));
    case ET_CHAR: return th_of(type_wk(WK_CHAR));
    case ET_I1: return th_of(type_wk(WK_SBYTE));
    case ET_U1: return th_of(type_wk(WK_BYTE));
    case ET_I2: return th_of(type_wk(WK_INT16));
    case ET_U2: return th_of(type_wk(WK_UINT16));
    case ET_I4: return th_of(type_wk(WK_INT32));
    case ET_U4: return th_of(type_wk(WK_UINT32));
    case ET_I8: return th_of(type_wk(WK_INT64));
    case ET_U8: return th_of(type_wk(WK_UINT64));
    case ET_R4: return th_of(type_wk(WK_SINGLE));
    case ET_R8: return th_of(type_wk(WK_DOUBLE));
    case ET_STRING: return th_of(type_wk(WK_STRING));
    case ET_ATTR_TYPE: return th_of(refl_class("System", "Type"));
    case ET_ATTR_BOXED: return th_of(type_wk(WK_OBJECT));
    case ET_ATTR_ENUM: {
        const char *name;
        u32 n;
        if (!take_string(t, b, &name, &n))
            return 0;
        if (!name || !n) {
            bad_format(t);
            return 0;
        }
        Object *o = refl_type_by_name(t, b->module, name, n);
        return o ? refl_th(o) : 0;
    }
    case ET_SZARRAY: {
        u8 inner;
        Err e = {0};
        TypeHandle elem = take_type(t, b, &inner);
        TypeHandle th = elem ? type_szarray_of(elem, &e) : 0;
        if (elem && !th)
            vm_throw_err(t, &e);
        return th;
    }
    default:
        bad_format(t);
        return 0;
    }
}

static bool is_system_type(MethodTable *mt) { return mt == refl_class("System", "Type"); }

/* Where a value goes: raw bits of primitives and enums, or an object reference.  Lives on the stack, which the collector scans. */
typedef union Slot {
    u64 bits;
    Object *ref;
} Slot;

static bool take_value(Thread *t, Blob *b, TypeHandle th, Slot *out, u32 depth);

static bool take_array(Thread *t, Blob *b, TypeHandle elem, Slot *out, u32 depth)
{
    u32 n = 0;
    out->bits = 0;
    if (!take(t, b, &n, 4))
        return false;
    if (n == 0xFFFFFFFF)
        return true; /* null */
    if (n > (u32)(b->end - b->p))
        return bad_format(t);
    Array *a = vm_new_array(t, elem, n);
    if (!a)
        return false;
    bool value = th_is_valuetype(elem);
    u32 size = type_size(elem);
    for (u32 i = 0; i < n; i++) {
        Slot v;
        if (!take_value(t, b, elem, &v, depth + 1))
            return false;
        if (value)
            memcpy((char *)a->data + (size_t)i * size, &v.bits, size);
        else
            refl_array_set(a, i, v.ref);
    }
    out->ref = (Object *)a;
    return true;
}

static bool take_value(Thread *t, Blob *b, TypeHandle th, Slot *out, u32 depth)
{
    MethodTable *mt = th_mt(th);
    out->bits = 0;
    if (!mt || depth > 16)
        return bad_format(t);
    if (mt_is_valuetype(mt)) {
        if (!mt->klass->underlying || mt->klass->size > 8)
            return bad_format(t);
        return take(t, b, &out->bits, mt->klass->size);
    }
    if (mt_is_szarray(mt))
        return take_array(t, b, mt->elem, out, depth);
    const char *s;
    u32 n = 0;
    if (mt == type_wk(WK_STRING)) {
        if (!take_string(t, b, &s, &n))
            return false;
        out->ref = s ? (Object *)vm_string_utf8n(t, s, n) : NULL;
        return !vm_pending(t);
    }
    if (is_system_type(mt)) {
        if (!take_string(t, b, &s, &n))
            return false;
        out->ref = s ? refl_type_by_name(t, b->module, s, n) : NULL;
        return !vm_pending(t);
    }
    if (mt == type_wk(WK_OBJECT)) {
        u8 code = 0;
        TypeHandle of = take_type(t, b, &code);
        Slot v;
        if (!of || !take_value(t, b, of, &v, depth + 1))
            return false;
        out->ref = th_is_valuetype(of) ? vm_box(t, th_mt(of), &v.bits) : v.ref;
        return !vm_pending(t);
    }
    return bad_format(t);
}

/* The constructor's arguments: values and, from args[1] on, where they lie. */
static bool take_arguments(Thread *t, Blob *b, Method *ctor, const MethodSig *sig, Slot *values, void **args)
{
    Err e = {0};
    SigContext c = type_method_context(ctor);
    for (u32 i = 0; i < sig->num_params; i++) {
        TypeHandle th = type_sigtype_load(&c, &sig->params[i], &e);
        if (!th)
            return vm_throw_err(t, &e);
        if (!take_value(t, b, th, &values[i], 0))
            return false;
        args[i + 1] = &values[i];
    }
    return true;
}

static Object *create_with(Thread *t, Blob *b, MethodTable *type, Method *ctor, const MethodSig *sig, Slot *values, void **args, i32 *named)
{
    u16 prolog = 0, count = 0;
    if (!take(t, b, &prolog, 2))
        return NULL;
    if (prolog != 1) {
        bad_format(t);
        return NULL;
    }
    if (!take_arguments(t, b, ctor, sig, values, args) || (b->p < b->end && !take(t, b, &count, 2)))
        return NULL;
    Object *o = vm_new_object(t, type);
    if (!o)
        return NULL;
    void *value = (char *)o + OBJ_DATA;
    args[0] = mt_is_valuetype(type) ? (void *)&value : (void *)&o;
    if (!vm_call(t, ctor, args, NULL))
        return NULL;
    *named = count;
    return o;
}

static Object *create(Thread *t, Blob *b, MethodTable *type, Method *ctor, i32 *named)
{
    enum { FEW = 32 };
    Err e = {0};
    const MethodSig *sig = type_method_sig(ctor, &e);
    if (!sig) {
        vm_throw_err(t, &e);
        return NULL;
    }
    Slot values[FEW] = {0};
    void *args[FEW + 1];
    if (sig->num_params <= FEW)
        return create_with(t, b, type, ctor, sig, values, args, named);
    ReflScratch many;
    void **words = refl_scratch_push(t, &many, sig->num_params * 2u + 1);
    Object *o = create_with(t, b, type, ctor, sig, (Slot *)(words + sig->num_params + 1), words, named);
    refl_scratch_pop(t, &many);
    return o;
}

REFL(void, CustomAttribute_CreateCustomAttributeInstance, QCallModule module, ObjectHandleOnStack type, ObjectHandleOnStack ctor,
     const u8 **at, const u8 *end, i32 *named, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    Blob b = {*at, end, module.module};
    Method *m = refl_method_of(*ctor.ptr);
    MethodTable *mt = th_mt(refl_th(*type.ptr));
    Err e = {0};
    if (m && mt)
        m = refl_method_on(m, mt, &e);
    Object *o = NULL;
    if (!m || !mt)
        vm_throw_err(t, &e);
    else
        o = create(t, &b, mt, m, named);
    if (o) {
        *at = b.p;
        qc_set_object(out, o);
    }
    QCALL_END(t);
}

/* type: set where the value's own type does not say which member is meant (null, boxed). */
REFL(void, CustomAttribute_CreatePropertyOrFieldData, QCallModule module, const u8 **at, const u8 *end, StringHandleOnStack name,
     i32 *is_property, ObjectHandleOnStack type, ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    Blob b = {*at, end, module.module};
    u8 kind = 0, code = 0;
    const char *s;
    u32 n = 0;
    Slot v;
    if (take(t, &b, &kind, 1)) {
        *is_property = kind == ET_ATTR_PROPERTY;
        TypeHandle th = 0;
        if (kind != ET_ATTR_PROPERTY && kind != ET_ATTR_FIELD)
            bad_format(t);
        else
            th = take_type(t, &b, &code);
        if (th && take_string(t, &b, &s, &n)) {
            String *text = vm_string_utf8n(t, s ? s : "", n);
            if (text)
                qc_set_string(name, text);
            if (text && take_value(t, &b, th, &v, 0)) {
                Object *o = th_is_valuetype(th) ? vm_box(t, th_mt(th), &v.bits) : v.ref;
                if (!o || code == ET_ATTR_BOXED || code == ET_ATTR_ENUM || code == ET_SZARRAY)
                    qc_set_object(type, vm_type_object(th));
                if (!vm_pending(t)) {
                    qc_set_object(out, o);
                    *at = b.p;
                }
            }
        }
    }
    QCALL_END(t);
}

/* AttributeUsage(targets, Inherited = …, AllowMultiple = …) without running its constructor. */
REFL(i32, CustomAttribute_ParseAttributeUsageAttribute, const u8 *p, i32 len, i32 *targets, i32 *multiple, i32 *inherited)
{
    const u8 *end = p + len;
    *targets = 0x7FFF;
    *multiple = 0;
    *inherited = 1;
    if (len < 8 || pe_u16(p) != 1)
        return 0;
    *targets = (i32)pe_u32(p + 2);
    u32 n = pe_u16(p + 6);
    for (p += 8; n--;) {
        if (end - p < 3 || p[0] != ET_ATTR_PROPERTY || p[1] != ET_BOOLEAN)
            return 0;
        MdSig s = md_sig(p + 2, (u32)(end - p - 2));
        u32 k = md_sig_uint(&s);
        if (s.bad || k >= (u32)(s.end - s.p))
            return 0;
        i32 v = s.p[k] != 0;
        if (k == 13 && !memcmp(s.p, "AllowMultiple", 13))
            *multiple = v;
        else if (k == 9 && !memcmp(s.p, "Inherited", 9))
            *inherited = v;
        p = s.p + k + 1;
    }
    return 1;
}
