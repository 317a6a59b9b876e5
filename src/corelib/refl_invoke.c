/* refl_invoke.c: calling methods from managed reflection, compiling ahead, running class constructors.
 * Exceptions of the callee come back as they are; managed code wraps them. */
#include "corelib/refl_int.h"

#include "vm/vm_delegate.h"

enum { MANY_ARGS = 64, RESULT_BYTES = 1024 };

/* A result's bytes, big enough for any struct that is not huge; aligned. */
static bool box_result(Thread *t, const SigContext *c, const MethodSig *sig, void *bytes, Object **out)
{
    *out = NULL;
    if (sig->ret.kind == ET_VOID)
        return true;
    if (sig->ret.kind == ET_CLASS) {
        *out = *(Object **)bytes;
        return true;
    }
    Err e = {0};
    TypeHandle th = type_sigtype_load(c, &sig->ret, &e);
    if (!th)
        return vm_throw_err(t, &e);
    if (sig->ret.kind == ET_BYREF && !*(void **)bytes)
        return vm_throwf(t, VM_ERR_NULL_REFERENCE, "The target method returned a null reference.");
    return refl_load(t, th, bytes, out);
}

bool refl_call_boxed(Thread *t, Method *m, void **args, Object **out)
{
    Err e = {0};
    *out = NULL;
    const MethodSig *sig = type_method_sig(m, &e);
    if (!sig)
        return vm_throw_err(t, &e);
    SigContext c = type_method_context(m);
    u32 size = sig->ret.kind == ET_VALUETYPE ? type_size(sig->ret.th) : 8;
    if (size > RESULT_BYTES)
        base_missing("feature", "reflection call that returns a struct of %u bytes", size);
    _Alignas(16) char bytes[RESULT_BYTES];
    memset(bytes, 0, ALIGN_UP(size, 8u));
    return vm_call(t, m, args, bytes) && box_result(t, &c, sig, bytes, out);
}

void corelib_array_create_md(MethodTable *mt, u32 n, i32 *args, ObjectHandleOnStack out); /* corelib_memory.c */

/* Lengths, pairs of lower bound and length, or for arrays of arrays the lengths of the nested ones too. */
static Object *new_array(Thread *t, MethodTable *mt, const i32 *v, u32 n)
{
    if (!mt_is_szarray(mt)) {
        i32 args[64];
        Object *r = NULL;
        memcpy(args, v, n * sizeof *v);
        PREEMPTIVE(t) { corelib_array_create_md(mt, n, args, (ObjectHandleOnStack){&r}); }
        return r;
    }
    if (v[0] < 0) {
        vm_throw(t, VM_ERR_OVERFLOW);
        return NULL;
    }
    Array *a = vm_new_array(t, mt->elem, (u32)v[0]);
    for (i32 i = 0; a && n > 1 && i < v[0]; i++) {
        Object *o = new_array(t, th_mt(mt->elem), v + 1, n - 1);
        if (!o)
            return NULL;
        refl_array_set(a, (u32)i, o);
    }
    return (Object *)a;
}

static Object *new_array_by_ctor(Thread *t, Method *m, void **values)
{
    u32 n = m->sig[1];
    i32 v[64];
    if (n > ARRAY_LEN(v))
        base_missing("feature", "array of rank %u", m->mt->klass->rank);
    for (u32 i = 0; i < n; i++)
        v[i] = *(i32 *)values[i];
    return new_array(t, m->mt, v, n);
}

static bool is_string_ctor(const Method *m) { return m->mt == type_wk(WK_STRING) && (m->flags & MF_CTOR); }

/* String's constructors are static methods Ctor with the same parameters. */
static Method *string_ctor(Method *m, Err *e)
{
    MtClass *k = m->mt->klass;
    for (u32 i = 0; i < k->num_methods; i++) {
        Method *c = type_method_by_rid(m->mt, k->first_method_rid + i, e);
        if (!c)
            return NULL;
        if (strcmp(c->name, "Ctor") != 0 || c->sig_len != m->sig_len)
            continue;
        /* same parameters: number, then after one byte (void / string) the types */
        if (c->sig[1] == m->sig[1] && memcmp(c->sig + 3, m->sig + 3, m->sig_len - 3) == 0)
            return c;
    }
    err_set(e, ERR_MISSING_METHOD, m->token, "String constructor");
    return NULL;
}

static bool invoke(Thread *t, Method *m, Object *target, void **values, bool construct, Object **out)
{
    Err e = {0};
    void *args[MANY_ARGS + 1], *address;
    u32 at = 0;
    Object *self = target;
    *out = NULL;
    if (construct && (m->flags & MF_ARRAY))
        return (*out = new_array_by_ctor(t, m, values)) != NULL;
    if (construct && is_string_ctor(m)) {
        m = string_ctor(m, &e);
        if (!m)
            return vm_throw_err(t, &e);
        construct = false;
    }
    const MethodSig *sig = type_method_sig(m, &e);
    if (!sig)
        return vm_throw_err(t, &e);
    if (sig->num_params > MANY_ARGS)
        base_missing("feature", "reflection call with %u arguments", sig->num_params);
    if (construct) {
        self = vm_new_object(t, m->mt);
        if (!self)
            return false;
        if (m->mt->flags2 & MT2_DELEGATE) { /* (object, nint) */
            *out = self;
            return vm_delegate_construct(t, self, *(Object **)values[0], *(void **)values[1]);
        }
    } else if (!(m->flags & MF_STATIC)) {
        if (!self)
            return vm_throw(t, VM_ERR_NULL_REFERENCE);
        if (m->flags & MF_VIRTUAL) {
            m = type_find_virtual(self->mt, m, &e);
            if (!m)
                return vm_throw_err(t, &e);
            if (!(sig = type_method_sig(m, &e)))
                return vm_throw_err(t, &e);
        }
    }
    if (!(m->flags & MF_STATIC)) {
        address = (char *)self + OBJ_DATA;
        args[at++] = mt_is_valuetype(m->mt) ? (void *)&address : (void *)&self;
    }
    for (u32 i = 0; i < sig->num_params; i++)
        args[at++] = sig->params[i].kind == ET_BYREF ? (void *)&values[i] : values[i];
    if (construct) {
        if (!vm_call(t, m, args, NULL))
            return false;
        *out = self;
        return true;
    }
    return refl_call_boxed(t, m, args, out);
}

/* arguments: for by-reference parameters the reference itself, else where the value (or object reference) lies. */
REFL(void, RuntimeMethodHandle_InvokeMethod, ObjectHandleOnStack target, void **arguments, ObjectHandleOnStack sig, i32 construct,
     ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    Method *m = RF_VAL(*sig.ptr, SIG_METHOD, Method *);
    Object *r = NULL;
    void *values[MANY_ARGS];
    Array *types = RF_VAL(*sig.ptr, SIG_ARGS, Array *);
    u32 n = types ? types->length : 0;
    if (n > MANY_ARGS)
        base_missing("feature", "reflection call with %u arguments", n);
    for (u32 i = 0; i < n; i++)
        values[i] = arguments[i];
    /* A constructor that is called on an existing object (ConstructorInfo.Invoke(obj, …)) is an ordinary call. */
    bool create = construct && !*target.ptr && !(m->flags & MF_STATIC);
    if (invoke(t, m, *target.ptr, values, create, &r))
        qc_set_object(out, r);
    QCALL_END(t);
}

/* --- Compiling ahead, constructors ----------------------------------------------------------------------------------------------------- */
REFL(void, ReflectionInvocation_CompileMethod, Method *m)
{
    QCALL_BEGIN(t);
    if (!type_is_open(th_of(m->mt)))
        vm_method_code(t, m->canon);
    QCALL_END(t);
}

REFL(void, ReflectionInvocation_PrepareMethod, Method *m, const TypeHandle *inst, i32 n)
{
    Err e = {0};
    QCALL_BEGIN(t);
    if (n > 0 && inst) {
        u32 own = m->num_generic, cls = (u32)n - MIN(own, (u32)n);
        MethodTable *mt = m->mt;
        if (cls && mt->klass->num_generic == cls)
            mt = th_mt(type_instantiate(mt->klass->typical, inst, cls, &e));
        m = mt ? type_method_by_rid(mt, MD_RID(m->token), &e) : NULL;
        if (m && own)
            m = type_instantiate_method(m, inst + cls, own, &e);
    }
    if (!m)
        vm_throw_err(t, &e);
    else if (type_is_open(th_of(m->mt)) || (m->flags & MF_GENERIC_DEF))
        vm_throwf(t, VM_ERR_ARGUMENT, "The given generic instantiation was invalid.");
    else if (!(m->flags & MF_ABSTRACT))
        vm_method_code(t, m->canon);
    QCALL_END(t);
}

REFL(void, ReflectionInvocation_PrepareDelegate, ObjectHandleOnStack delegate)
{
    QCALL_BEGIN(t);
    Method *m = *delegate.ptr ? vm_delegate_method(*delegate.ptr) : NULL;
    if (m && !(m->flags & MF_ABSTRACT))
        vm_method_code(t, m->canon);
    QCALL_END(t);
}

REFL(void, ReflectionInvocation_RunClassConstructor, QCallTypeHandle type)
{
    QCALL_BEGIN(t);
    MethodTable *mt = th_mt(type.th);
    if (mt && type_is_open(type.th))
        vm_throwf(t, VM_ERR_ARGUMENT, "The given type cannot be a generic type definition.");
    else if (mt)
        vm_class_init(t, mt);
    QCALL_END(t);
}

REFL(void, ReflectionInvocation_RunModuleConstructor, QCallModule module)
{
    Err e = {0};
    MethodTable *mt = type_load_typedef(module.module, MD_TOKEN(MDT_TypeDef, 1), &e);
    QCALL_BEGIN(t);
    if (mt)
        vm_class_init(t, mt);
    else
        vm_throw_err(t, &e);
    QCALL_END(t);
}

REFL(i32, ReflectionInvocation_SizeOf, QCallTypeHandle type)
{
    MethodTable *mt = th_mt(type.th);
    /* called without a transition: managed code raises */
    return !type.th || type_is_open(type.th) || mt == type_wk(WK_VOID) ? -1 : (i32)type_size(type.th);
}
