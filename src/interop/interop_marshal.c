/* interop_marshal.c: IL that turns managed arguments into native ones and native results into managed ones.
 * Shape of the body: convert each argument into a local, load them, call, convert the result, release what was made, return.
 * Conversions that may fail come before the call; an exception leaves what was converted before it unreleased.
 * Book: interop.md  Tests: tests/app */
#include "interop/interop_plan.h"

#include "md/md_attr.h"

#include <errno.h>

bool marshal_disabled(Module *m)
{
    return md_find_attribute(m->md, MD_TOKEN(MDT_Assembly, 1), "System.Runtime.CompilerServices", "DisableRuntimeMarshallingAttribute") != 0;
}

static bool blittable(TypeHandle th)
{
    MethodTable *mt = th_mt(th);
    return !mt || (mt_is_valuetype(mt) && !mt_has_refs(mt));
}

bool marshal_is_plain(const MarshalSource *s)
{
    for (u32 i = 0; i < s->sig->num_params; i++) {
        u8 k = s->sig->params[i].kind;
        if (k == ET_CLASS || k == ET_BYREF || k == ET_TYPEDBYREF || (!s->plain && (k == ET_BOOLEAN || k == ET_CHAR)) ||
            (k == ET_VALUETYPE && (!blittable(s->sig->params[i].th) || (!s->plain && !native_layout(th_mt(s->sig->params[i].th))->same))))
            return false;
    }
    u8 r = s->sig->ret.kind;
    return !s->set_last_error && r != ET_CLASS && r != ET_BYREF && (s->plain || (r != ET_BOOLEAN && r != ET_CHAR)) &&
           (r != ET_VALUETYPE || blittable(s->sig->ret.th));
}

static void call(IlBuilder *b, Method *m) { ilb_op_token(b, IL_CALL, ilb_method(b, m)); }

static void push_custom(IlBuilder *b, const ArgPlan *a)
{
    ilb_i8(b, (i64)(uintptr_t)a->custom);
    ilb_op(b, IL_LDIND_REF);
}

static void call_custom(IlBuilder *b, const char *name)
{
    ilb_op_token(b, IL_CALLVIRT, ilb_method(b, plan_core_fn("System.Runtime.InteropServices", "ICustomMarshaler", name, 1)));
}

/* Address of the fields of the object or the first element of the array, pinned in a->local; null stays null. */
static void pin_contents(IlBuilder *b, u32 arg, const ArgPlan *a)
{
    MethodTable *raw = plan_core("System.Runtime.CompilerServices", a->kind == ARG_ARRAY ? "RawArrayData" : "RawData");
    ilb_ldarg(b, arg);
    u32 null = ilb_branch(b, IL_BRFALSE);
    ilb_ldarg(b, arg);
    ilb_op_token(b, IL_LDFLDA, ilb_field(b, type_field_by_name(raw, "Data"), raw));
    ilb_local_op(b, IL_STLOC, a->local);
    ilb_bind(b, null);
}

static void helper_on(IlBuilder *b, u32 arg, const ArgPlan *a, NativeOp op)
{
    static void *const fns[] = {[ARG_VALUE] = (void *)helper_value, [ARG_VALUE_REF] = (void *)helper_value, [ARG_OBJECT_REF] = (void *)helper_object,
                                [ARG_ARRAY_COPY] = (void *)helper_array, [ARG_BUILDER] = (void *)helper_builder};
    bool keeps = a->kind == ARG_ARRAY_COPY || a->kind == ARG_BUILDER;
    i64 what = a->kind == ARG_OBJECT_REF ? (i64)a->type : a->kind == ARG_BUILDER ? a->wide + 2 * a->in : (i64)(uintptr_t)a->value;
    if (a->kind == ARG_VALUE)
        ilb_local_op(b, IL_LDARGA, arg);
    else
        ilb_ldarg(b, arg);
    ilb_local_op(b, a->kind == ARG_VALUE ? IL_LDLOCA : IL_LDLOC, a->local);
    ilb_i8(b, what);
    ilb_i8(b, (i64)op);
    plan_call_helper(b, fns[a->kind], a->kind == ARG_VALUE || a->kind == ARG_VALUE_REF ? HELPER_ADDRESS : HELPER_OBJECT, false);
    if (keeps && op == NV_TO_NATIVE)
        ilb_local_op(b, IL_STLOC, a->local);
    else
        ilb_op(b, IL_POP);
}

/* A zeroed buffer of the stub's frame; null for null. */
static void buffer(IlBuilder *b, u32 arg, const ArgPlan *a)
{
    u32 size = a->kind == ARG_VALUE_REF ? a->value->size : native_layout(th_mt(a->type))->size;
    ilb_ldarg(b, arg);
    u32 null = ilb_branch(b, IL_BRFALSE);
    ilb_op_i32(b, IL_LDC_I4, (i32)ALIGN_UP(MAX(size, 8u), 8u));
    ilb_op(b, IL_CONV_U);
    ilb_op(b, IL_LOCALLOC);
    ilb_local_op(b, IL_STLOC, a->local);
    ilb_bind(b, null);
}

/* An array that only comes back is made of zeros: its strings are not passed in. */
static void convert_copy(IlBuilder *b, u32 arg, const ArgPlan *a)
{
    if (a->kind == ARG_VALUE_REF || a->kind == ARG_OBJECT_REF)
        buffer(b, arg, a);
    if (a->in || a->kind == ARG_VALUE || a->kind == ARG_ARRAY_COPY || a->kind == ARG_BUILDER)
        helper_on(b, arg, a, NV_TO_NATIVE);
}

/* Leaves the native value in a->local (ARG_PLAIN: nothing to do). */
static void convert(IlBuilder *b, u32 arg, ArgPlan *a)
{
    SigType native = a->native, pin = ilb_sigtype_byref();
    bool pinned = a->kind == ARG_BYREF || a->kind == ARG_ARRAY || a->kind == ARG_OBJECT;
    pin.pinned = true;
    if (a->kind == ARG_PLAIN)
        return;
    a->local = ilb_local(b, pinned ? &pin : &native);
    switch ((ArgKind)a->kind) {
    case ARG_BYREF:
        ilb_ldarg(b, arg);
        break;
    case ARG_ARRAY:
    case ARG_OBJECT:
        pin_contents(b, arg, a);
        return;
    case ARG_BOOL:
        ilb_ldarg(b, arg);
        ilb_op(b, IL_LDC_I4_0);
        ilb_op(b, IL_CGT_UN);
        break;
    case ARG_CHAR_NARROW:
        ilb_ldarg(b, arg);
        ilb_op(b, IL_CONV_U1);
        break;
    case ARG_STRING:
        ilb_ldarg(b, arg);
        call(b, plan_marshal_fn(a->wide ? "StringToCoTaskMemUni" : "StringToCoTaskMemUTF8", 1));
        break;
    case ARG_SAFEHANDLE: {
        SigType flag = plan_prim(ET_BOOLEAN);
        a->flag = ilb_local(b, &flag);
        ilb_ldarg(b, arg);
        ilb_local_op(b, IL_LDLOCA, a->flag);
        ilb_op_token(b, IL_CALLVIRT, ilb_method(b, plan_core_fn("System.Runtime.InteropServices", "SafeHandle", "DangerousAddRef", 1)));
        ilb_ldarg(b, arg);
        ilb_op_token(b, IL_CALLVIRT, ilb_method(b, plan_core_fn("System.Runtime.InteropServices", "SafeHandle", "DangerousGetHandle", 0)));
        break;
    }
    case ARG_DELEGATE: {
        MethodTable *mt = plan_core("System.Runtime.InteropServices", "Marshal");
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
    case ARG_HANDLEREF: {
        MethodTable *mt = plan_core("System.Runtime.InteropServices", "HandleRef");
        ilb_local_op(b, IL_LDARGA, arg);
        ilb_op_token(b, IL_LDFLD, ilb_field(b, type_field_by_name(mt, "_handle"), mt));
        break;
    }
    case ARG_SAFEHANDLE_OUT: { /* made before the call, so that the handle cannot be lost; the address of the local is passed */
        Method *ctor = type_method_by_name(th_mt(a->type), ".ctor", 0);
        SigType object = plan_prim(ET_OBJECT);
        CHECKF(ctor != NULL, "a safe handle without a constructor");
        a->flag = ilb_local(b, &object);
        ilb_op_token(b, IL_NEWOBJ, ilb_method(b, ctor));
        ilb_local_op(b, IL_STLOC, a->flag);
        return;
    }
    case ARG_CUSTOM: {
        ilb_ldarg(b, arg);
        u32 null = ilb_branch(b, IL_BRFALSE);
        push_custom(b, a);
        ilb_ldarg(b, arg);
        call_custom(b, "MarshalManagedToNative");
        ilb_local_op(b, IL_STLOC, a->local);
        ilb_bind(b, null);
        return;
    }
    default:
        convert_copy(b, arg, a);
        return;
    }
    ilb_local_op(b, IL_STLOC, a->local);
}

static void clean_custom(IlBuilder *b, const ArgPlan *a, u32 local)
{
    ilb_local_op(b, IL_LDLOC, local);
    u32 null = ilb_branch(b, IL_BRFALSE);
    push_custom(b, a);
    ilb_local_op(b, IL_LDLOC, local);
    call_custom(b, "CleanUpNativeData");
    ilb_bind(b, null);
}

static void release(IlBuilder *b, u32 arg, const ArgPlan *a)
{
    switch ((ArgKind)a->kind) {
    case ARG_STRING:
        ilb_local_op(b, IL_LDLOC, a->local);
        call(b, plan_marshal_fn("FreeCoTaskMem", 1));
        break;
    case ARG_SAFEHANDLE:
        ilb_ldarg(b, arg);
        ilb_op_token(b, IL_CALLVIRT, ilb_method(b, plan_core_fn("System.Runtime.InteropServices", "SafeHandle", "DangerousRelease", 0)));
        break;
    case ARG_DELEGATE:
        ilb_ldarg(b, arg);
        call(b, plan_core_fn("System", "GC", "KeepAlive", 1));
        break;
    case ARG_HANDLEREF: {
        MethodTable *mt = plan_core("System.Runtime.InteropServices", "HandleRef");
        ilb_local_op(b, IL_LDARGA, arg);
        ilb_op_token(b, IL_LDFLD, ilb_field(b, type_field_by_name(mt, "_wrapper"), mt));
        call(b, plan_core_fn("System", "GC", "KeepAlive", 1));
        break;
    }
    case ARG_CUSTOM:
        clean_custom(b, a, a->local);
        break;
    case ARG_SAFEHANDLE_OUT:
        ilb_local_op(b, IL_LDLOC, a->flag);
        ilb_local_op(b, IL_LDLOC, a->local);
        call(b, plan_core_fn("System.Runtime.InteropServices", "SafeHandle", "SetHandle", 1));
        ilb_ldarg(b, arg);
        ilb_local_op(b, IL_LDLOC, a->flag);
        ilb_op(b, IL_STIND_REF);
        break;
    case ARG_VALUE:
        helper_on(b, arg, a, NV_FREE);
        break;
    case ARG_VALUE_REF:
    case ARG_OBJECT_REF:
    case ARG_ARRAY_COPY:
    case ARG_BUILDER:
        if (a->out)
            helper_on(b, arg, a, NV_TO_MANAGED);
        helper_on(b, arg, a, NV_FREE);
        break;
    default:
        break;
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
static bool plan_result(const MarshalSource *s, ArgPlan *r, Err *e)
{
    if (s->sig->ret.kind == ET_VOID) {
        *r = (ArgPlan){.kind = ARG_PLAIN, .native = s->sig->ret};
        return true;
    }
    if (!plan_arg(s, &s->sig->ret, 0, r, e))
        return false;
    bool can = r->kind == ARG_PLAIN || r->kind == ARG_BOOL || r->kind == ARG_CHAR_NARROW || r->kind == ARG_STRING ||
               r->kind == ARG_SAFEHANDLE || r->kind == ARG_DELEGATE || r->kind == ARG_CUSTOM || r->kind == ARG_VALUE;
    if (!can)
        r->kind = ARG_BAD;
    return true;
}

/* The native result is in local `from`; leaves the managed one on the stack. */
static void convert_result(IlBuilder *b, const ArgPlan *r, u32 from)
{
    if (r->kind == ARG_CUSTOM) {
        push_custom(b, r);
        ilb_local_op(b, IL_LDLOC, from);
        call_custom(b, "MarshalNativeToManaged");
        clean_custom(b, r, from);
        return;
    }
    if (r->kind == ARG_VALUE) {
        SigType type = ilb_sigtype(r->type);
        u32 made = ilb_local(b, &type);
        for (NativeOp op = NV_TO_MANAGED; op <= NV_FREE; op++) {
            ilb_local_op(b, IL_LDLOCA, made);
            ilb_local_op(b, IL_LDLOCA, from);
            ilb_i8(b, (i64)(uintptr_t)r->value);
            ilb_i8(b, (i64)op);
            plan_call_helper(b, (void *)helper_value, HELPER_ADDRESS, false);
            ilb_op(b, IL_POP);
        }
        ilb_local_op(b, IL_LDLOC, made);
        return;
    }
    ilb_local_op(b, IL_LDLOC, from);
    switch ((ArgKind)r->kind) {
    case ARG_BOOL:
        ilb_op(b, IL_LDC_I4_0);
        ilb_op(b, IL_CGT_UN);
        break;
    case ARG_STRING:
        call(b, plan_marshal_fn(r->wide ? "PtrToStringUni" : "PtrToStringUTF8", 1));
        ilb_local_op(b, IL_LDLOC, from);
        call(b, plan_marshal_fn("FreeCoTaskMem", 1));
        break;
    case ARG_DELEGATE:
        ilb_i8(b, (i64)r->type);
        ilb_op(b, IL_LDC_I4_0);
        ilb_op(b, IL_CONV_I);
        ilb_op(b, IL_DUP);
        plan_call_helper(b, (void *)helper_delegate_in, HELPER_ADDRESS, true);
        break;
    case ARG_SAFEHANDLE: {
        Method *ctor = type_method_by_name(th_mt(r->type), ".ctor", 0);
        CHECKF(ctor != NULL, "a safe handle without a constructor");
        ilb_op(b, IL_POP);
        ilb_op_token(b, IL_NEWOBJ, ilb_method(b, ctor));
        ilb_op(b, IL_DUP);
        ilb_local_op(b, IL_LDLOC, from);
        call(b, plan_core_fn("System.Runtime.InteropServices", "SafeHandle", "SetHandle", 1));
        break;
    }
    default:
        break;
    }
}

static bool plan_all(const MarshalSource *s, ArgPlan *plans, MethodSig *native, Err *e)
{
    for (u32 i = 0; i < s->sig->num_params; i++) {
        if (!plan_arg(s, &s->sig->params[i], i + 1, &plans[i], e))
            return false;
        if (plans[i].kind == ARG_BAD)
            cannot(s, i + 1);
        native->params[i] = plans[i].native;
    }
    return true;
}

bool marshal_emit_call(IlBuilder *b, const MarshalSource *s, void (*push_target)(IlBuilder *b, void *arg), void *arg, Err *e)
{
    u32 n = s->sig->num_params;
    ArgPlan *plans = base_calloc(n + 1, sizeof *plans);
    MethodSig *native = ilb_sig_copy(b->alc, s->sig, false, NULL);
    ArgPlan r;
    native->callconv = SIG_UNMANAGED;
    if (!plan_all(s, plans, native, e) || !plan_result(s, &r, e)) {
        base_free(plans);
        return false;
    }
    if (r.kind == ARG_BAD)
        cannot(s, 0);
    native->ret = r.native;
    for (u32 i = 0; i < n; i++)
        convert(b, s->first_arg + i, &plans[i]);
    if (s->set_last_error)
        call_leaf(b, clear_errno);
    for (u32 i = 0; i < n; i++) {
        if (plans[i].kind == ARG_PLAIN) {
            ilb_ldarg(b, s->first_arg + i);
            continue;
        }
        ilb_local_op(b, plans[i].kind == ARG_SAFEHANDLE_OUT ? IL_LDLOCA : IL_LDLOC, plans[i].local);
        if (plans[i].kind == ARG_BYREF || plans[i].kind == ARG_ARRAY || plans[i].kind == ARG_OBJECT ||
            plans[i].kind == ARG_SAFEHANDLE_OUT)
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

/* ---- structs in memory ------------------------------------------------------------------------------------------------------------- */
static void *struct_helper(char *managed, char *native, const NativeLayout *l, i64 op)
{
    native_convert_fields(thread_current(), l, managed, native, (NativeOp)op);
    return NULL;
}

/* void (ref byte managed, byte *native, int operation, ref CleanupWorkListElement): operations are NativeOp's. */
void *interop_struct_stub(Thread *t, MethodTable *mt, const NativeLayout *l)
{
    _Static_assert(NV_TO_NATIVE == 0 && NV_TO_MANAGED == 1 && NV_FREE == 2, "as CoreLib's MarshalOperation");
    Method *m = NULL;
    PREEMPTIVE(t)
    {
        SigType params[4] = {ilb_sigtype_byref(), plan_prim(ET_I), plan_prim(ET_I4), ilb_sigtype_byref()};
        MethodSig sig = {.sentinel = 0xffff, .ret = {.kind = ET_VOID}, .params = params, .num_params = 4};
        IlBuilder b;
        ilb_begin(&b, mt->aux->loader_module->alc, "struct", NULL);
        ilb_ldarg(&b, 0);
        ilb_ldarg(&b, 1);
        ilb_i8(&b, (i64)(uintptr_t)l);
        ilb_ldarg(&b, 2);
        ilb_op(&b, IL_CONV_I);
        plan_call_helper(&b, (void *)struct_helper, HELPER_ADDRESS, false);
        ilb_op(&b, IL_POP);
        ilb_op(&b, IL_RET);
        m = ilb_finish(&b, type_wk(WK_OBJECT), &sig, mt->klass->name);
    }
    return vm_method_code(t, m);
}
