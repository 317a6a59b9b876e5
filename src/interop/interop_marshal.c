/* interop_marshal.c: IL that turns managed arguments into native ones and native results into managed ones.
 * Shape of the body: convert each argument into a local, load them, call, convert the result, release what was made, return.
 * Conversions that may fail come before the call; an exception leaves what was converted before it unreleased.
 * Book: interop.md  Tests: tests/app */
#include "interop/interop.h"

#include "md/md_attr.h"

#include <errno.h>

enum { /* NativeType (§II.23.4) and CorNativeType */
    NT_BOOLEAN = 2, NT_I1 = 3, NT_U1 = 4, NT_LPSTR = 0x14, NT_LPWSTR = 0x15, NT_LPTSTR = 0x16, NT_LPUTF8 = 0x30, NT_NONE = 0xff,
};
typedef enum ArgKind { 
    ARG_PLAIN, ARG_BOOL, ARG_CHAR_NARROW, ARG_BYREF, ARG_UTF8, ARG_UTF16, ARG_ARRAY, ARG_SAFEHANDLE, ARG_DELEGATE, ARG_BAD
} ArgKind;
typedef struct ArgPlan {
    u8 kind;        /* ArgKind */
    SigType native;
    u32 local, flag;
} ArgPlan;

bool marshal_disabled(Module *m)
{
    return md_find_attribute(m->md, MD_TOKEN(MDT_Assembly, 1), "System.Runtime.CompilerServices", "DisableRuntimeMarshallingAttribute") != 0;
}

/* MarshalAs of parameter i (0: the result) */
static u8 native_type(const Method *m, u32 sequence)
{
    if (MD_TABLE_OF(m->token) != MDT_MethodDef)
        return NT_NONE;
    const MdImage *md = m->mt->module->md;
    MdRange r = md_method_params(md, MD_RID(m->token));
    for (u32 i = r.first; i < r.end; i++) {
        u32 rid = md_param_at(md, i);
        if (md_Param_Sequence(md, rid) != sequence)
            continue;
        u32 row = md_marshal_of(md, MD_TOKEN(MDT_Param, rid)), n = 0;
        const u8 *blob = row ? md_blob(md, md_FieldMarshal_NativeType(md, row), &n) : NULL;
        return blob && n ? blob[0] : NT_NONE;
    }
    return NT_NONE;
}

static SigType prim(u8 kind)
{
    switch (kind) {
    case ET_U1: return ilb_sigtype(th_of(type_wk(WK_BYTE)));
    case ET_I4: return ilb_sigtype(th_of(type_wk(WK_INT32)));
    case ET_BOOLEAN: return ilb_sigtype(th_of(type_wk(WK_BOOLEAN)));
    default: return ilb_sigtype(th_of(type_wk(WK_INTPTR)));
    }
}

static bool blittable(TypeHandle th)
{
    MethodTable *mt = th_mt(th);
    return !mt || (mt_is_valuetype(mt) && !mt_has_refs(mt));
}

static MethodTable *core(const char *ns, const char *name)
{
    MethodTable *mt = type_load_name(type_corelib, ns, name, NULL);
    CHECKF(mt != NULL, "%s.%s", ns, name);
    return mt;
}

static Method *core_fn(const char *ns, const char *type, const char *name, i32 params)
{
    Method *m = type_method_by_name(core(ns, type), name, params);
    CHECKF(m != NULL, "%s.%s", type, name);
    return m;
}

static Method *marshal_fn(const char *name, i32 params) { return core_fn("System.Runtime.InteropServices", "Marshal", name, params); }

static void plan_class(const MarshalSource *s, const SigType *p, u8 nt, ArgPlan *a)
{
    TypeHandle th = type_sigtype_load(&s->ctx, p, NULL);
    MethodTable *mt = th_mt(th);
    a->native = prim(ET_I);
    a->kind = ARG_BAD;
    if (!mt)
        return;
    if (mt == type_wk(WK_STRING)) {
        bool wide = nt == NT_LPWSTR || (nt == NT_NONE && s->unicode) || (nt == NT_LPTSTR && s->unicode);
        bool known = nt == NT_NONE || nt == NT_LPSTR || nt == NT_LPWSTR || nt == NT_LPTSTR || nt == NT_LPUTF8;
        a->kind = !known ? ARG_BAD : wide ? ARG_UTF16 : ARG_UTF8;
    } else if (mt_is_szarray(mt) && type_elem_kind(mt->elem) != ET_CLASS && blittable(mt->elem) &&
               (s->plain || (type_elem_kind(mt->elem) != ET_BOOLEAN && (type_elem_kind(mt->elem) != ET_CHAR || s->unicode)))) {
        a->kind = ARG_ARRAY;
    } else if (type_is_subclass(mt, core("System.Runtime.InteropServices", "SafeHandle"))) {
        a->kind = ARG_SAFEHANDLE;
    } else if (mt_is_delegate(mt)) {
        a->kind = ARG_DELEGATE;
    }
}

static ArgPlan plan_arg(const MarshalSource *s, const SigType *p, u32 sequence)
{
    ArgPlan a = {.kind = ARG_PLAIN, .native = *p};
    u8 nt = NT_NONE;
    if (p->kind == ET_BOOLEAN || p->kind == ET_CHAR || p->kind == ET_CLASS)
        nt = native_type(s->method, sequence);
    switch (p->kind) {
    case ET_BOOLEAN:
        if (!s->plain) {
            a.kind = ARG_BOOL;
            a.native = prim(nt == NT_I1 || nt == NT_U1 ? ET_U1 : ET_I4);
        }
        break;
    case ET_CHAR:
        if (!s->plain && !s->unicode && nt != 6 && nt != 5) { /* I2, U2 */
            a.kind = ARG_CHAR_NARROW;
            a.native = prim(ET_U1);
        }
        break;
    case ET_VALUETYPE:
        if (!blittable(p->th))
            a.kind = ARG_BAD;
        break;
    case ET_BYREF: {
        TypeHandle th = type_sigtype_load(&s->ctx, p, NULL);
        TypeDesc *d = th_desc(th);
        u8 of = d ? type_elem_kind(d->elem) : ET_CLASS;
        bool wrong_size = !s->plain && (of == ET_BOOLEAN || (of == ET_CHAR && !s->unicode));
        a.kind = of == ET_CLASS || !blittable(d->elem) || wrong_size ? ARG_BAD : ARG_BYREF;
        a.native = prim(ET_I);
        break;
    }
    case ET_CLASS:
        plan_class(s, p, nt, &a);
        break;
    case ET_TYPEDBYREF:
        a.kind = ARG_BAD;
        break;
    default:
        break;
    }
    return a;
}

bool marshal_is_plain(const MarshalSource *s)
{
    for (u32 i = 0; i < s->sig->num_params; i++)
        if (plan_arg(s, &s->sig->params[i], i + 1).kind != ARG_PLAIN)
            return false;
    u8 r = s->sig->ret.kind;
    return !s->set_last_error && r != ET_CLASS && r != ET_BYREF && (s->plain || (r != ET_BOOLEAN && r != ET_CHAR)) &&
           (r != ET_VALUETYPE || blittable(s->sig->ret.th));
}

static void call(IlBuilder *b, Method *m) { ilb_op_token(b, IL_CALL, ilb_method(b, m)); }

/* Leaves the native value in a->local (ARG_PLAIN: nothing to do). */
static void convert(IlBuilder *b, const MarshalSource *s, u32 arg, ArgPlan *a)
{
    (void)s;
    SigType native = a->native, pin = ilb_sigtype_byref();
    pin.pinned = true;
    switch (a->kind) {
    case ARG_PLAIN:
        return;
    case ARG_BYREF:
        a->local = ilb_local(b, &pin);
        ilb_ldarg(b, arg);
        break;
    case ARG_ARRAY: {
        MethodTable *raw = core("System.Runtime.CompilerServices", "RawArrayData");
        a->local = ilb_local(b, &pin);
        ilb_ldarg(b, arg);
        u32 null = ilb_branch(b, IL_BRFALSE);
        ilb_ldarg(b, arg);
        ilb_op_token(b, IL_LDFLDA, ilb_field(b, type_field_by_name(raw, "Data"), raw));
        ilb_local_op(b, IL_STLOC, a->local);
        ilb_bind(b, null);
        return;
    }
    case ARG_BOOL:
        a->local = ilb_local(b, &native);
        ilb_ldarg(b, arg);
        ilb_op(b, IL_LDC_I4_0);
        ilb_op(b, IL_CGT_UN);
        break;
    case ARG_CHAR_NARROW:
        a->local = ilb_local(b, &native);
        ilb_ldarg(b, arg);
        ilb_op(b, IL_CONV_U1);
        break;
    case ARG_UTF8:
    case ARG_UTF16:
        a->local = ilb_local(b, &native);
        ilb_ldarg(b, arg);
        call(b, marshal_fn(a->kind == ARG_UTF8 ? "StringToCoTaskMemUTF8" : "StringToCoTaskMemUni", 1));
        break;
    case ARG_SAFEHANDLE: {
        SigType flag = prim(ET_BOOLEAN);
        a->local = ilb_local(b, &native);
        a->flag = ilb_local(b, &flag);
        ilb_ldarg(b, arg);
        ilb_local_op(b, IL_LDLOCA, a->flag);
        ilb_op_token(b, IL_CALLVIRT, ilb_method(b, core_fn("System.Runtime.InteropServices", "SafeHandle", "DangerousAddRef", 1)));
        ilb_ldarg(b, arg);
        ilb_op_token(b, IL_CALLVIRT, ilb_method(b, core_fn("System.Runtime.InteropServices", "SafeHandle", "DangerousGetHandle", 0)));
        break;
    }
    case ARG_DELEGATE: {
        a->local = ilb_local(b, &native);
        MethodTable *mt = core("System.Runtime.InteropServices", "Marshal");
        Method *m = NULL;
        for (u32 i = 0; i < mt->klass->num_methods && !m; i++) {
            Method *x = type_method_by_rid(mt, mt->klass->first_method_rid + i, NULL);
            if (x && strcmp(x->name, "GetFunctionPointerForDelegate") == 0 && !x->num_generic)
                m = x;
        }
        CHECK(m != NULL);
        ilb_ldarg(b, arg);
        u32 null = ilb_branch(b, IL_BRFALSE);
        ilb_ldarg(b, arg);
        call(b, m);
        ilb_local_op(b, IL_STLOC, a->local);
        ilb_bind(b, null);
        return;
    }
    default:
        return;
    }
    ilb_local_op(b, IL_STLOC, a->local);
}

static void release(IlBuilder *b, u32 arg, const ArgPlan *a)
{
    if (a->kind == ARG_UTF8 || a->kind == ARG_UTF16) {
        ilb_local_op(b, IL_LDLOC, a->local);
        call(b, marshal_fn("FreeCoTaskMem", 1));
    } else if (a->kind == ARG_SAFEHANDLE) {
        ilb_ldarg(b, arg);
        ilb_op_token(b, IL_CALLVIRT, ilb_method(b, core_fn("System.Runtime.InteropServices", "SafeHandle", "DangerousRelease", 0)));
    } else if (a->kind == ARG_DELEGATE) {
        ilb_ldarg(b, arg);
        call(b, core_fn("System", "GC", "KeepAlive", 1));
    }
}

static NORETURN void cannot(const MarshalSource *s, u32 sequence)
{
    char name[400];
    vm_name_of(s->method, name, sizeof name);
    base_missing("marshalling", "%s, %s %u", name, sequence ? "parameter" : "result", sequence);
}

/* ---- last error: leaves called like FCalls ----------------------------------------------------------------------------------- */
static void clear_errno(void) { errno = 0; }
static void save_errno(void) { thread_current()->last_error = errno; }

static void call_leaf(IlBuilder *b, void (*fn)(void))
{
    static const MethodSig none = {.sentinel = 0xffff, .ret = {.kind = ET_VOID}};
    ilb_i8(b, (i64)(uintptr_t)fn);
    ilb_op_token(b, IL_CALLI, ilb_sig(b, &none));
}

/* ---- results --------------------------------------------------------------------------------------------------------------------- */
typedef struct ResultPlan {
    u8 kind;
    SigType native;
    MethodTable *type; /* SAFEHANDLE */
} ResultPlan;

static ResultPlan plan_result(const MarshalSource *s)
{
    ArgPlan a = plan_arg(s, &s->sig->ret, 0);
    ResultPlan r = {.kind = a.kind, .native = a.native};
    if (s->sig->ret.kind == ET_VOID)
        r.kind = ARG_PLAIN;
    if (r.kind == ARG_ARRAY || r.kind == ARG_DELEGATE || r.kind == ARG_BYREF)
        r.kind = ARG_BAD;
    if (r.kind == ARG_SAFEHANDLE)
        r.type = th_mt(type_sigtype_load(&s->ctx, &s->sig->ret, NULL));
    return r;
}

/* The native result is in local `from`; leaves the managed one on the stack. */
static void convert_result(IlBuilder *b, const ResultPlan *r, u32 from)
{
    ilb_local_op(b, IL_LDLOC, from);
    switch (r->kind) {
    case ARG_BOOL:
        ilb_op(b, IL_LDC_I4_0);
        ilb_op(b, IL_CGT_UN);
        break;
    case ARG_UTF8:
    case ARG_UTF16:
        call(b, marshal_fn(r->kind == ARG_UTF8 ? "PtrToStringUTF8" : "PtrToStringUni", 1));
        ilb_local_op(b, IL_LDLOC, from);
        call(b, marshal_fn("FreeCoTaskMem", 1));
        break;
    case ARG_SAFEHANDLE: {
        Method *ctor = type_method_by_name(r->type, ".ctor", 0);
        CHECKF(ctor != NULL, "a safe handle without a constructor");
        ilb_op(b, IL_POP);
        ilb_op_token(b, IL_NEWOBJ, ilb_method(b, ctor));
        ilb_op(b, IL_DUP);
        ilb_local_op(b, IL_LDLOC, from);
        call(b, core_fn("System.Runtime.InteropServices", "SafeHandle", "SetHandle", 1));
        break;
    }
    default:
        break;
    }
}

bool marshal_emit_call(IlBuilder *b, const MarshalSource *s, void (*push_target)(IlBuilder *b, void *arg), void *arg, Err *e)
{
    u32 n = s->sig->num_params;
    ArgPlan *plans = base_calloc(n + 1, sizeof *plans);
    MethodSig *native = ilb_sig_copy(b->alc, s->sig, false, NULL);
    (void)e;
    native->callconv = SIG_UNMANAGED;
    for (u32 i = 0; i < n; i++) {
        plans[i] = plan_arg(s, &s->sig->params[i], i + 1);
        if (plans[i].kind == ARG_BAD)
            cannot(s, i + 1);
        native->params[i] = plans[i].native;
    }
    ResultPlan r = plan_result(s);
    if (r.kind == ARG_BAD)
        cannot(s, 0);
    native->ret = r.native;
    for (u32 i = 0; i < n; i++)
        convert(b, s, s->first_arg + i, &plans[i]);
    if (s->set_last_error)
        call_leaf(b, clear_errno);
    for (u32 i = 0; i < n; i++) {
        if (plans[i].kind == ARG_PLAIN) {
            ilb_ldarg(b, s->first_arg + i);
            continue;
        }
        ilb_local_op(b, IL_LDLOC, plans[i].local);
        if (plans[i].kind == ARG_BYREF || plans[i].kind == ARG_ARRAY)
            ilb_op(b, IL_CONV_U);
    }
    if (push_target)
        push_target(b, arg);
    ilb_op_token(b, IL_CALLI, ilb_sig(b, native));
    bool has_result = s->sig->ret.kind != ET_VOID;
    u32 result = 0;
    if (has_result)
        ilb_local_op(b, IL_STLOC, result = ilb_local(b, &r.native));
    if (s->set_last_error)
        call_leaf(b, save_errno);
    for (u32 i = 0; i < n; i++)
        release(b, s->first_arg + i, &plans[i]);
    if (has_result)
        convert_result(b, &r, result);
    ilb_op(b, IL_RET);
    base_free(plans);
    return true;
}
