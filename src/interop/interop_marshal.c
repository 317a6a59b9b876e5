/* interop_marshal.c: IL that turns managed arguments into native ones and native results into managed ones.
 * Shape of the body: try { convert each argument into a local, load them, call, convert what comes back } finally { release what was made },
 * return; without the try when there is nothing to release.
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
    if (mt && mt_is_generic(mt))
        return false;
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

/* ---- what the stub does with one argument -------------------------------------------------------------------------------------------- */
static void store(IlBuilder *b, u32 local) { ilb_local_op(b, IL_STLOC, local); }
static void load(IlBuilder *b, u32 local) { ilb_local_op(b, IL_LDLOC, local); }
static void load_address(IlBuilder *b, u32 local) { ilb_local_op(b, IL_LDLOCA, local); }

static u32 local_of(IlBuilder *b, SigType type)
{
    type.pinned = false;
    if (type.kind == ET_CLASS)
        type = plan_prim(ET_OBJECT);
    return ilb_local(b, &type);
}

static u32 pinned_local(IlBuilder *b)
{
    SigType pin = ilb_sigtype_byref();
    pin.pinned = true;
    return ilb_local(b, &pin);
}

static void call_custom(IlBuilder *b, u32 arg, const ArgPlan *a, const char *name)
{
    plan_push_custom(b, a, a->local);
    if (a->kind == ARG_CUSTOM_REF)
        ilb_ldarg(b, arg);
    else
        ilb_local_op(b, IL_LDARGA, arg);
    load_address(b, a->local);
    plan_call_custom(b, name);
}

/* Address of the fields of the object, the first element of the array or character of the string, pinned in a->local; null stays null. */
static void pin_contents(IlBuilder *b, u32 arg, ArgPlan *a)
{
    MethodTable *raw = plan_core("System.Runtime.CompilerServices", "RawData");
    a->local = pinned_local(b);
    ilb_ldarg(b, arg);
    u32 null = ilb_branch(b, IL_BRFALSE);
    ilb_ldarg(b, arg);
    if (a->kind == ARG_ARRAY) {
        ilb_op_token(b, IL_LDFLDA, ilb_field(b, type_field_by_name(raw, "Data"), raw));
        ilb_op_i32(b, IL_LDC_I4, (i32)th_mt(a->type)->base_size - 16);
        ilb_op(b, IL_ADD);
    } else if (a->kind == ARG_PINNED_STRING) {
        ilb_op_token(b, IL_LDFLDA, ilb_field(b, type_field_by_name(type_wk(WK_STRING), "_firstChar"), type_wk(WK_STRING)));
    } else {
        ilb_op_token(b, IL_LDFLDA, ilb_field(b, type_field_by_name(raw, "Data"), raw));
    }
    store(b, a->local);
    ilb_bind(b, null);
}

/* m_array and m_offset of an ArrayWithOffset: the array is pinned, the address is in a->extra. */
static void pin_offset(IlBuilder *b, u32 arg, ArgPlan *a)
{
    MethodTable *mt = plan_core("System.Runtime.InteropServices", "ArrayWithOffset"), *raw = plan_core("System.Runtime.CompilerServices", "RawData");
    a->local = pinned_local(b);
    a->extra = local_of(b, plan_prim(ET_I));
    ilb_local_op(b, IL_LDARGA, arg);
    ilb_op_token(b, IL_LDFLD, ilb_field(b, type_field_by_name(mt, "m_array"), mt));
    u32 null = ilb_branch(b, IL_BRFALSE);
    ilb_local_op(b, IL_LDARGA, arg);
    ilb_op_token(b, IL_LDFLD, ilb_field(b, type_field_by_name(mt, "m_array"), mt));
    ilb_op_token(b, IL_LDFLDA, ilb_field(b, type_field_by_name(raw, "Data"), raw));
    store(b, a->local);
    ilb_local_op(b, IL_LDARGA, arg);
    ilb_op_token(b, IL_LDFLD, ilb_field(b, type_field_by_name(mt, "m_array"), mt));
    ilb_i8(b, 0);
    ilb_op(b, IL_DUP);
    ilb_op(b, IL_DUP);
    plan_call_helper(b, (void *)helper_array_data, HELPER_OBJECT, false);
    ilb_local_op(b, IL_LDARGA, arg);
    ilb_op_token(b, IL_LDFLD, ilb_field(b, type_field_by_name(mt, "m_offset"), mt));
    ilb_op(b, IL_ADD);
    store(b, a->extra);
    ilb_bind(b, null);
}

/* A call of the helper that converts a value, fields or elements. */
static void helper_on(IlBuilder *b, u32 arg, const ArgPlan *a, NativeOp op)
{
    bool address = a->kind == ARG_VALUE || a->kind == ARG_VALUE_REF;
    if (a->kind == ARG_VALUE)
        ilb_local_op(b, IL_LDARGA, arg);
    else
        ilb_ldarg(b, arg);
    ilb_local_op(b, a->kind == ARG_VALUE ? IL_LDLOCA : IL_LDLOC, a->local);
    ilb_i8(b, a->kind == ARG_OBJECT_REF ? (i64)a->type : (i64)(uintptr_t)a->value);
    ilb_i8(b, (i64)op);
    void *fn = address ? (void *)helper_value : a->kind == ARG_OBJECT_REF ? (void *)helper_object : (void *)helper_array;
    plan_call_helper(b, fn, address ? HELPER_ADDRESS : HELPER_OBJECT, false);
    if (a->kind == ARG_ARRAY_COPY && (op == NV_TO_NATIVE || op == (NativeOp)HELPER_SPACE))
        store(b, a->local);
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
    store(b, a->local);
    ilb_bind(b, null);
}

/* count * 4 + op: SizeConst and the parameter that SizeParamIndex names */
static void push_count(IlBuilder *b, const MarshalSource *s, const ArgPlan *a, NativeOp op)
{
    i32 param = a->spec.count_param;
    ilb_i8(b, param < 0 ? MAX(a->spec.count, 1u) : a->spec.count);
    const SigType *p = param < 0 ? NULL : &s->sig->params[param];
    u8 kind = p ? p->kind : 0;
    if (p && p->kind == ET_BYREF) {
        TypeDesc *d = th_desc(type_sigtype_load(&s->ctx, p, NULL));
        kind = d ? type_elem_kind(d->elem) : 0;
    }
    static const u16 load_op[ET_U8 + 1] = {[ET_I1] = IL_LDIND_I1, [ET_U1] = IL_LDIND_U1, [ET_I2] = IL_LDIND_I2, [ET_U2] = IL_LDIND_U2,
                                           [ET_I4] = IL_LDIND_I4, [ET_U4] = IL_LDIND_U4, [ET_I8] = IL_LDIND_I8, [ET_U8] = IL_LDIND_I8};
    bool integer = (kind >= ET_I1 && kind <= ET_U8) || kind == ET_I || kind == ET_U;
    if (integer) {
        ilb_ldarg(b, s->first_arg + (u32)param);
        if (p->kind == ET_BYREF)
            ilb_op(b, kind == ET_I || kind == ET_U ? IL_LDIND_I : load_op[kind]);
        ilb_op(b, IL_CONV_I);
        ilb_op(b, IL_ADD);
    }
    ilb_op(b, IL_LDC_I4_2);
    ilb_op(b, IL_SHL);
    ilb_i8(b, (i64)op);
    ilb_op(b, IL_ADD);
}

static void array_ref(IlBuilder *b, const MarshalSource *s, u32 arg, const ArgPlan *a, NativeOp op)
{
    ilb_ldarg(b, arg);
    load_address(b, a->local);
    ilb_i8(b, (i64)(uintptr_t)a->value);
    if (op == NV_TO_MANAGED)
        push_count(b, s, a, op);
    else
        ilb_i8(b, (i64)op);
    plan_call_helper(b, (void *)helper_array_ref, HELPER_ADDRESS, false);
    ilb_op(b, IL_POP);
}

static void handle_helper(IlBuilder *b, const ArgPlan *a, NativeOp op)
{
    load_address(b, a->extra);
    load_address(b, a->local);
    ilb_i8(b, a->value->critical);
    ilb_i8(b, (i64)op);
    plan_call_helper(b, (void *)helper_handle, HELPER_ADDRESS, false);
    ilb_op(b, IL_POP);
}

/* The object in *managed becomes the new one (extra2) when the handle has changed. */
static void handle_new(IlBuilder *b, u32 arg, const ArgPlan *a)
{
    ilb_ldarg(b, arg);
    load_address(b, a->local);
    load_address(b, a->extra2);
    ilb_i8(b, a->value->critical + 2 * a->in);
    plan_call_helper(b, (void *)helper_handle_new, HELPER_ADDRESS, false);
    ilb_op(b, IL_POP);
}

/* Made before the call, so that the handle cannot be lost. */
static void make_handle(IlBuilder *b, TypeHandle type, u32 into)
{
    Method *ctor;
    bool has = plan_has_constructor(th_mt(type), &ctor);
    CHECK(has);
    ilb_op_token(b, IL_NEWOBJ, ilb_method(b, ctor));
    store(b, into);
}

/* Locals: three words, the object that goes in, the object that comes out. */
static void convert_handle_arg(IlBuilder *b, u32 arg, ArgPlan *a)
{
    Err e = {0};
    bool by_reference = a->kind == ARG_HANDLE_REF;
    a->local = local_of(b, plan_words(3, &e));
    a->extra = local_of(b, plan_prim(ET_OBJECT));
    if (!by_reference || a->in) {
        ilb_ldarg(b, arg);
        if (by_reference)
            ilb_op(b, IL_LDIND_REF);
        store(b, a->extra);
        handle_helper(b, a, NV_TO_NATIVE);
    }
    if (by_reference && a->out) {
        a->extra2 = local_of(b, plan_prim(ET_OBJECT));
        make_handle(b, a->type, a->extra2);
    }
}

enum { ANY_IN = 0x10000000, ANY_OUT = 0x20000000, ANY_ANSI = 0x00ff0000, ANY_BEST_FIT = 0x000000ff, ANY_STATE = 48 };

static void convert_any(IlBuilder *b, u32 arg, ArgPlan *a)
{
    MethodTable *mt = plan_core("System.StubHelpers", "AsAnyMarshaler");
    a->local = local_of(b, plan_prim(ET_I));
    a->extra = local_of(b, ilb_sigtype(th_of(mt)));
    a->extra2 = local_of(b, plan_prim(ET_I));
    ilb_op_i32(b, IL_LDC_I4, ANY_STATE);
    ilb_op(b, IL_CONV_U);
    ilb_op(b, IL_LOCALLOC);
    store(b, a->extra2);
    load_address(b, a->extra);
    load(b, a->extra2);
    call(b, plan_core_fn("System.StubHelpers", "AsAnyMarshaler", ".ctor", 1));
    load_address(b, a->extra);
    ilb_ldarg(b, arg);
    ilb_op_i32(b, IL_LDC_I4, (a->in ? ANY_IN : 0) | (a->out ? ANY_OUT : 0) | (a->unicode ? 0 : ANY_ANSI) | ANY_BEST_FIT);
    call(b, plan_core_fn("System.StubHelpers", "AsAnyMarshaler", "ConvertToNative", 2));
    store(b, a->local);
}

static bool is_pinned(u8 kind)
{
    return kind == ARG_BYREF || kind == ARG_ARRAY || kind == ARG_OBJECT || kind == ARG_PINNED_STRING;
}

/* Leaves the native value in a->local (ARG_PLAIN: nothing to do). */
static void convert(IlBuilder *b, const MarshalSource *s, u32 arg, ArgPlan *a)
{
    switch ((ArgKind)a->kind) {
    case ARG_BYREF:
        a->local = pinned_local(b);
        ilb_ldarg(b, arg);
        store(b, a->local);
        return;
    case ARG_ARRAY:
    case ARG_OBJECT:
    case ARG_PINNED_STRING:
        pin_contents(b, arg, a);
        return;
    case ARG_OFFSET:
        pin_offset(b, arg, a);
        return;
    case ARG_HANDLE:
    case ARG_HANDLE_REF:
        convert_handle_arg(b, arg, a);
        return;
    case ARG_VALUE:
        a->local = local_of(b, a->native);
        helper_on(b, arg, a, NV_TO_NATIVE);
        return;
    case ARG_VALUE_REF:
    case ARG_OBJECT_REF:
        a->local = local_of(b, a->native);
        buffer(b, arg, a);
        if (a->in)
            helper_on(b, arg, a, NV_TO_NATIVE);
        return;
    case ARG_ARRAY_COPY: /* one that only comes back is made of zeros */
        a->local = local_of(b, a->native);
        helper_on(b, arg, a, a->in ? NV_TO_NATIVE : (NativeOp)HELPER_SPACE);
        return;
    case ARG_ARRAY_REF:
        a->local = local_of(b, a->native);
        if (a->in)
            array_ref(b, s, arg, a, NV_TO_NATIVE);
        return;
    case ARG_CUSTOM:
    case ARG_CUSTOM_REF:
        if (a->in)
            call_custom(b, arg, a, "ConvertContentsToNative");
        return;
    case ARG_ASANY:
        convert_any(b, arg, a);
        return;
    default:
        return;
    }
}

static void push_native(IlBuilder *b, u32 arg, const ArgPlan *a)
{
    switch ((ArgKind)a->kind) {
    case ARG_PLAIN:
        ilb_ldarg(b, arg);
        return;
    case ARG_BOOL:
        ilb_ldarg(b, arg);
        ilb_op(b, IL_LDC_I4_0);
        ilb_op(b, IL_CGT_UN);
        return;
    case ARG_ADDRESS:
        ilb_local_op(b, IL_LDARGA, arg);
        ilb_op(b, IL_CONV_U);
        return;
    case ARG_HANDLEREF: {
        MethodTable *mt = plan_core("System.Runtime.InteropServices", "HandleRef");
        ilb_local_op(b, IL_LDARGA, arg);
        ilb_op_token(b, IL_LDFLD, ilb_field(b, type_field_by_name(mt, "_handle"), mt));
        return;
    }
    case ARG_OFFSET:
        load(b, a->extra);
        return;
    case ARG_HANDLE:
        load_address(b, a->local);
        ilb_op(b, IL_CONV_U);
        ilb_op(b, IL_LDIND_I);
        return;
    case ARG_HANDLE_REF:
    case ARG_ARRAY_REF:
    case ARG_CUSTOM_REF:
        load_address(b, a->local);
        ilb_op(b, IL_CONV_U);
        return;
    default:
        load(b, a->local);
        if (is_pinned(a->kind))
            ilb_op(b, IL_CONV_U);
    }
}

/* After the call: what native code has changed. */
static void convert_back(IlBuilder *b, const MarshalSource *s, u32 arg, const ArgPlan *a)
{
    switch ((ArgKind)a->kind) {
    case ARG_VALUE:
    case ARG_VALUE_REF:
    case ARG_OBJECT_REF:
    case ARG_ARRAY_COPY:
        if (a->out && (a->kind != ARG_VALUE || a->value->kind == NV_BUILDER))
            helper_on(b, arg, a, NV_TO_MANAGED);
        break;
    case ARG_ARRAY_REF:
        if (a->out)
            array_ref(b, s, arg, a, NV_TO_MANAGED);
        break;
    case ARG_HANDLE_REF:
        if (a->out)
            handle_new(b, arg, a);
        break;
    case ARG_CUSTOM:
    case ARG_CUSTOM_REF:
        if (a->out && a->in && a->kind == ARG_CUSTOM_REF)
            call_custom(b, arg, a, "ClearManaged");
        if (a->out)
            call_custom(b, arg, a, "ConvertContentsToManaged");
        break;
    case ARG_ASANY: /* it knows itself what goes back */
        load_address(b, a->extra);
        ilb_ldarg(b, arg);
        load(b, a->local);
        call(b, plan_core_fn("System.StubHelpers", "AsAnyMarshaler", "ConvertToManaged", 2));
        break;
    default:
        break;
    }
}

static bool needs_release(const ArgPlan *a)
{
    switch ((ArgKind)a->kind) {
    case ARG_HANDLE:
    case ARG_HANDLE_REF:
    case ARG_HANDLEREF:
    case ARG_VALUE_REF:
    case ARG_OBJECT_REF:
    case ARG_ARRAY_COPY:
    case ARG_ARRAY_REF:
    case ARG_CUSTOM:
    case ARG_CUSTOM_REF:
    case ARG_ASANY: return true;
    case ARG_VALUE: return a->value->kind != NV_CHAR_NARROW && a->value->kind != NV_DATE && a->value->kind != NV_CURRENCY;
    default: return false;
    }
}

static void keep_alive(IlBuilder *b) { call(b, plan_core_fn("System", "GC", "KeepAlive", 1)); }

/* In any case, after an exception too; locals that were not set are zero. */
static void release(IlBuilder *b, const MarshalSource *s, u32 arg, const ArgPlan *a)
{
    switch ((ArgKind)a->kind) {
    case ARG_HANDLE:
    case ARG_HANDLE_REF:
        if (a->kind == ARG_HANDLE_REF && !a->in)
            break;
        handle_helper(b, a, NV_FREE);
        load(b, a->extra);
        keep_alive(b);
        break;
    case ARG_HANDLEREF: {
        MethodTable *mt = plan_core("System.Runtime.InteropServices", "HandleRef");
        ilb_local_op(b, IL_LDARGA, arg);
        ilb_op_token(b, IL_LDFLD, ilb_field(b, type_field_by_name(mt, "_wrapper"), mt));
        keep_alive(b);
        break;
    }
    case ARG_CUSTOM:
    case ARG_CUSTOM_REF:
        call_custom(b, arg, a, "ClearNative");
        break;
    case ARG_ASANY:
        load_address(b, a->extra);
        load(b, a->local);
        call(b, plan_core_fn("System.StubHelpers", "AsAnyMarshaler", "ClearNative", 1));
        break;
    case ARG_ARRAY_REF:
        array_ref(b, s, arg, a, NV_FREE);
        break;
    case ARG_VALUE:
        if (a->value->kind == NV_DELEGATE) {
            ilb_ldarg(b, arg);
            keep_alive(b);
            break;
        }
        helper_on(b, arg, a, NV_FREE);
        break;
    case ARG_VALUE_REF:
    case ARG_OBJECT_REF:
    case ARG_ARRAY_COPY:
        helper_on(b, arg, a, NV_FREE);
        break;
    default:
        break;
    }
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
    return plan_arg(s, &s->sig->ret, 0, r, e) && (r->kind != ARG_BAD || plan_refuse(0, r, e));
}

static void value_to_managed(IlBuilder *b, const ArgPlan *r, u32 from, u32 into)
{
    for (NativeOp op = NV_TO_MANAGED; op <= NV_FREE; op++) {
        load_address(b, into);
        load_address(b, from);
        ilb_i8(b, (i64)(uintptr_t)r->value);
        ilb_i8(b, (i64)op);
        plan_call_helper(b, (void *)helper_value, HELPER_ADDRESS, false);
        ilb_op(b, IL_POP);
    }
}

static void custom_result(IlBuilder *b, const ArgPlan *r, u32 from, u32 into, const char *name)
{
    plan_push_custom(b, r, from);
    load_address(b, into);
    load_address(b, from);
    plan_call_custom(b, name);
}

/* The native result is in local `from`; puts the managed one into local `into`. */
static void convert_result(IlBuilder *b, const ArgPlan *r, u32 from, u32 into)
{
    switch ((ArgKind)r->kind) {
    case ARG_CUSTOM:
        custom_result(b, r, from, into, "ConvertContentsToManaged");
        return;
    case ARG_VALUE:
        value_to_managed(b, r, from, into);
        return;
    case ARG_HANDLE: /* `into` was made before the call */
        load(b, into);
        load(b, from);
        call(b, plan_core_fn("System.Runtime.InteropServices", r->value->critical ? "CriticalHandle" : "SafeHandle", "SetHandle", 1));
        return;
    default:
        break;
    }
    load(b, from);
    if (r->kind == ARG_BOOL) {
        ilb_op(b, IL_LDC_I4_0);
        ilb_op(b, IL_CGT_UN);
    }
    store(b, into);
}

static bool plan_all(const MarshalSource *s, ArgPlan *plans, MethodSig *native, Err *e)
{
    for (u32 i = 0; i < s->sig->num_params; i++) {
        if (!plan_arg(s, &s->sig->params[i], i + 1, &plans[i], e))
            return false;
        if (plans[i].kind == ARG_BAD)
            return plan_refuse(i + 1, &plans[i], e);
        native->params[i] = plans[i].native;
    }
    return true;
}

typedef struct Emit {
    IlBuilder *b;
    const MarshalSource *s;
    ArgPlan *plans, r;
    MethodSig *native;
    bool has_result;
    u32 from, into; /* locals of the result: native, managed */
} Emit;

static void emit_arguments(Emit *m)
{
    IlBuilder *b = m->b;
    u32 n = m->s->sig->num_params;
    if (m->has_result && m->r.kind == ARG_HANDLE)
        make_handle(b, m->r.type, m->into);
    for (u32 i = 0; i < n; i++) /* marshalers are made before anything is converted */
        if (m->plans[i].kind == ARG_CUSTOM || m->plans[i].kind == ARG_CUSTOM_REF)
            plan_make_custom(b, &m->plans[i], m->plans[i].local = local_of(b, m->plans[i].native));
    for (u32 i = 0; i < n; i++)
        convert(b, m->s, m->s->first_arg + i, &m->plans[i]);
    if (m->has_result && m->r.kind == ARG_CUSTOM)
        plan_make_custom(b, &m->r, m->from);
    if (m->s->set_last_error)
        call_leaf(b, clear_errno);
    for (u32 i = 0; i < n; i++)
        push_native(b, m->s->first_arg + i, &m->plans[i]);
    if (m->s->hresult && m->has_result) {
        load_address(b, m->from);
        ilb_op(b, IL_CONV_U);
    }
}

static void emit_after(Emit *m)
{
    IlBuilder *b = m->b;
    if (m->s->hresult) {
        SigType i4 = plan_prim(ET_I4);
        u32 code = ilb_local(b, &i4);
        store(b, code);
        if (m->s->set_last_error)
            call_leaf(b, save_errno);
        load(b, code);
        call(b, plan_marshal_fn("ThrowExceptionForHR", 1));
    } else {
        if (m->has_result)
            store(b, m->from);
        if (m->s->set_last_error)
            call_leaf(b, save_errno);
    }
    for (u32 i = 0; i < m->s->sig->num_params; i++)
        convert_back(b, m->s, m->s->first_arg + i, &m->plans[i]);
    if (m->has_result)
        convert_result(b, &m->r, m->from, m->into);
}

/* try { the call } finally { what is given back } */
static void emit_releases(Emit *m, u32 try_start)
{
    IlBuilder *b = m->b;
    u32 out = ilb_branch(b, IL_LEAVE), handler = ilb_pos(b);
    for (u32 i = 0; i < m->s->sig->num_params; i++)
        release(b, m->s, m->s->first_arg + i, &m->plans[i]);
    if (m->has_result && m->r.kind == ARG_CUSTOM)
        custom_result(b, &m->r, m->from, m->into, "ClearNative");
    ilb_op(b, IL_ENDFINALLY);
    u32 clause[6] = {2 /* finally */, try_start, handler - try_start, handler, ilb_pos(b) - handler, 0};
    void *copy = type_alloc(b->alc, HEAP_COLD, sizeof clause);
    b->stub->clauses = memcpy(copy, clause, sizeof clause);
    b->stub->num_clauses = 1;
    ilb_bind(b, out);
}

static void emit_body(Emit *m, void (*push_target)(IlBuilder *b, void *arg), void *arg)
{
    IlBuilder *b = m->b;
    m->has_result = m->s->sig->ret.kind != ET_VOID;
    bool releases = m->has_result && m->r.kind == ARG_CUSTOM;
    if (m->has_result) {
        m->from = local_of(b, m->r.native);
        m->into = local_of(b, m->s->sig->ret);
    }
    for (u32 i = 0; i < m->s->sig->num_params; i++)
        releases |= needs_release(&m->plans[i]);
    u32 try_start = ilb_pos(b);
    emit_arguments(m);
    if (push_target)
        push_target(b, arg);
    ilb_op_token(b, IL_CALLI, ilb_sig(b, m->native));
    emit_after(m);
    if (releases)
        emit_releases(m, try_start);
    if (m->has_result)
        load(b, m->into);
    ilb_op(b, IL_RET);
}

static bool disabled(const MarshalSource *s, Err *e)
{
    const char *what = s->set_last_error ? "Setting SetLastError to 'true'" : s->hresult ? "Setting PreserveSig to false for a P/Invoke" : NULL;
    if (!s->plain || !what)
        return true;
    return err_set(e, ERR_MARSHAL_DIRECTIVE, 0, "%s is not supported when runtime marshalling is disabled.", what);
}

bool marshal_emit_call(IlBuilder *b, const MarshalSource *s, void (*push_target)(IlBuilder *b, void *arg), void *arg, Err *e)
{
    Emit m = {.b = b, .s = s, .plans = base_calloc(s->sig->num_params + 1u, sizeof(ArgPlan))};
    m.native = ilb_sig_copy(b->alc, s->sig, false, NULL);
    m.native->callconv = SIG_UNMANAGED;
    bool ok = disabled(s, e) && plan_all(s, m.plans, m.native, e) && plan_result(s, &m.r, e);
    if (ok && s->hresult) { /* the result's address goes last */
        SigType address = plan_prim(ET_I);
        MethodSig *longer = ilb_sig_copy(b->alc, m.native, false, &address);
        if (s->sig->ret.kind == ET_VOID)
            longer = m.native;
        else
            memmove(longer->params, longer->params + 1, (longer->num_params - 1u) * sizeof(SigType)),
                longer->params[longer->num_params - 1] = address;
        m.native = longer;
        m.native->callconv = SIG_UNMANAGED;
        m.native->ret = plan_prim(ET_I4);
    } else {
        m.native->ret = m.r.native;
    }
    if (ok)
        emit_body(&m, push_target, arg);
    base_free(m.plans);
    return ok;
}

/* ---- structs in memory ------------------------------------------------------------------------------------------------------------- */
static void *struct_helper(char *managed, char *native, const NativeLayout *l, i64 op)
{
    Thread *t = thread_current();
    if (l->handles && op == NV_TO_NATIVE)
        vm_throwf(t, VM_ERR_INVALID_OPERATION, "Structures containing SafeHandle fields are not allowed in this operation.");
    else
        native_convert_fields(t, l, managed, native, (NativeOp)op);
    if (op == NV_FREE)
        memset(native, 0, l->size);
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
