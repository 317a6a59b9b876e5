/* refl_invoke.c: calling methods from managed reflection, compiling ahead, running class constructors.
 * Exceptions of the callee come back as they are; managed code wraps them. */
#include "corelib/refl_int.h"

#include "md/md_sig.h"
#include "vm/vm_delegate.h"
#include "vm/vm_trace.h"

enum { FEW_ARGS = 64, RESULT_BYTES = 1024 };

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
    _Alignas(16) char few[RESULT_BYTES];
    ReflScratch many;
    char *bytes = size <= sizeof few ? few : (char *)refl_scratch_push(t, &many, ALIGN_UP(size, 8u) / 8);
    if (bytes == few)
        memset(few, 0, ALIGN_UP(size, 8u));
    bool ok = vm_call(t, m, args, bytes) && box_result(t, &c, sig, bytes, out);
    if (bytes != few)
        refl_scratch_pop(t, &many);
    return ok;
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
    MdMethodSig head;
    MdSig s = md_sig(m->sig, m->sig_len);
    md_sig_method(&s, &head);
    u32 n = head.param_count;
    i32 *v = base_malloc(n * sizeof *v);
    for (u32 i = 0; i < n; i++)
        v[i] = *(i32 *)values[i];
    Object *r = new_array(t, m->mt, v, n);
    base_free(v);
    return r;
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

/* The method that runs on self; its signature. */
static const MethodSig *find_target(Thread *t, Method **m, Object *self)
{
    Err e = {0};
    if ((*m)->flags & MF_VIRTUAL)
        *m = type_find_virtual(self->mt, *m, &e);
    const MethodSig *sig = *m ? type_method_sig(*m, &e) : NULL;
    if (!sig)
        vm_throw_err(t, &e);
    return sig;
}

/* args has room for this and all parameters. */
static bool invoke_with(Thread *t, Method *m, const MethodSig *sig, Object *target, void **values, void **args, bool construct, Object **out)
{
    u32 at = 0;
    Object *self = target;
    void *address;
    if (construct) {
        self = vm_new_object(t, m->mt);
        if (!self)
            return false;
        if (m->mt->flags2 & MT2_DELEGATE) { /* (object, nint) */
            *out = self;
            return vm_delegate_construct(t, self, *(Object **)values[0], *(void **)values[1]);
        }
    }
    if (!(m->flags & MF_STATIC)) {
        if (!construct && mt_is_nullable(m->mt) && self->mt != m->mt) { /* what was boxed is its value: made whole again */
            Object *whole = vm_new_object(t, m->mt);
            if (!whole || !refl_store(t, th_of(m->mt), (char *)whole + OBJ_DATA, self))
                return false;
            self = whole;
        }
        address = (char *)self + OBJ_DATA;
        args[at++] = mt_is_valuetype(m->mt) ? (void *)&address : (void *)&self;
    }
    for (u32 i = 0; i < sig->num_params; i++)
        args[at++] = sig->params[i].kind == ET_BYREF ? (void *)&values[i] : values[i];
    if (!construct) {
        bool ok = refl_call_boxed(t, m, args, out);
        if (ok && (m->flags & MF_ARRAY) && m->array_kind == ARRAY_ADDRESS && !th_is_valuetype(self->mt->elem))
            return vm_throw(t, VM_ERR_ARRAY_TYPE); /* a reflection call names no type of element, so none matches */
        return ok;
    }
    if (!vm_call(t, m, args, NULL))
        return false;
    *out = mt_is_nullable(m->mt) ? vm_box(t, m->mt, (char *)self + OBJ_DATA) : self;
    return !vm_pending(t);
}

static bool invoke(Thread *t, Method *m, Object *target, void **values, bool construct, Object **out)
{
    Err e = {0};
    *out = NULL;
    if (construct && (m->flags & MF_ARRAY))
        return (*out = new_array_by_ctor(t, m, values)) != NULL;
    if (construct && is_string_ctor(m)) {
        m = string_ctor(m, &e);
        if (!m)
            return vm_throw_err(t, &e);
        construct = false;
    }
    if (!construct && !(m->flags & MF_STATIC) && !target)
        return vm_throw(t, VM_ERR_NULL_REFERENCE);
    if ((m->flags & MF_STATIC) && (m->flags & MF_ABSTRACT))
        return vm_throwf(t, VM_ERR_BAD_IMAGE, "An attempt was made to load a program with an incorrect format.\n (0x8007000B)");
    if (m->flags & MF_UNMANAGED_CALLERS_ONLY)
        vm_callers_only_called(t);
    const MethodSig *sig = construct || m->flags & MF_STATIC ? type_method_sig(m, &e) : find_target(t, &m, target);
    if (!sig)
        return vm_pending(t) ? false : vm_throw_err(t, &e);
    void *few[FEW_ARGS + 1];
    if (sig->num_params <= FEW_ARGS)
        return invoke_with(t, m, sig, target, values, few, construct, out);
    ReflScratch many;
    bool ok = invoke_with(t, m, sig, target, values, refl_scratch_push(t, &many, sig->num_params + 1), construct, out);
    refl_scratch_pop(t, &many);
    return ok;
}

/* arguments: for by-reference parameters the reference itself, else where the value (or object reference) lies; on the caller's stack,
 * where the collector keeps them right. */
REFL(void, RuntimeMethodHandle_InvokeMethod, ObjectHandleOnStack target, void **arguments, ObjectHandleOnStack sig, i32 construct,
     ObjectHandleOnStack out)
{
    QCALL_BEGIN(t);
    Method *m = RF_VAL(*sig.ptr, SIG_METHOD, Method *);
    Object *r = NULL;
    /* A constructor that is called on an existing object (ConstructorInfo.Invoke(obj, …)) is an ordinary call. */
    bool create = construct && !*target.ptr && !(m->flags & MF_STATIC);
    if (invoke(t, m, *target.ptr, arguments, create, &r))
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

/* m over the arguments given, those of its type first.  NULL with e unset: they do not fit. */
static Method *instance_of(Method *m, const TypeHandle *inst, u32 n, Err *e)
{
    MethodTable *mt = m->mt;
    u32 own = m->num_generic, cls = mt_is_array(mt) ? 0 : mt->klass->num_generic;
    if (n != own + cls)
        return NULL;
    for (u32 i = 0; i < n; i++)
        if (!inst[i] || type_is_open(inst[i]) || (th_is_desc(inst[i]) && th_desc(inst[i])->kind == TD_BYREF) || inst[i] == th_of(type_wk(WK_VOID)))
            return NULL;
    if (cls)
        mt = th_mt(type_instantiate(mt->klass->typical, inst, cls, e));
    m = mt ? type_method_by_rid(mt, MD_RID(m->token), e) : NULL;
    return m && own ? type_instantiate_method(m, inst + cls, own, e) : m;
}

REFL(void, ReflectionInvocation_PrepareMethod, Method *m, const TypeHandle *inst, i32 n)
{
    Err e = {0};
    QCALL_BEGIN(t);
    if (m->flags & MF_ABSTRACT) {
        vm_throwf(t, VM_ERR_ARGUMENT, "Abstract methods cannot be prepared.");
    } else {
        if (inst)
            m = instance_of(m, inst, (u32)n, &e);
        if (!m && e.kind != ERR_NONE)
            vm_throw_err(t, &e);
        else if (!m || type_is_open(th_of(m->mt)) || refl_is_method_generic_open(m))
            vm_throwf(t, VM_ERR_ARGUMENT, "The given generic instantiation was invalid.");
        else
            vm_method_code(t, m->canon);
    }
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
    if (mt && !type_is_open(type.th)) /* of an open type there is none */
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
