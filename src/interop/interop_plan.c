/* interop_plan.c: decides how parameters and results are passed, by their types and MarshalAs; and what emitted IL calls in C.
 * Book: interop.md  Tests: tests/app */
#include "interop/interop_plan.h"

#include "base/utf.h"
#include "md/md_attr.h"
#include "os/os_thread.h"

#include <stdio.h>

SigType plan_prim(u8 kind)
{
    switch (kind) {
    case ET_U1: return ilb_sigtype(th_of(type_wk(WK_BYTE)));
    case ET_I4: return ilb_sigtype(th_of(type_wk(WK_INT32)));
    case ET_BOOLEAN: return ilb_sigtype(th_of(type_wk(WK_BOOLEAN)));
    case ET_R8: return ilb_sigtype(th_of(plan_core("System", "Double")));
    case ET_OBJECT: return ilb_sigtype(th_of(type_wk(WK_OBJECT)));
    default: return ilb_sigtype(th_of(type_wk(WK_INTPTR)));
    }
}

MethodTable *plan_core(const char *ns, const char *name)
{
    MethodTable *mt = type_load_name(type_corelib, ns, name, NULL);
    CHECKF(mt != NULL, "%s.%s", ns, name);
    return mt;
}

Method *plan_core_fn(const char *ns, const char *type, const char *name, i32 params)
{
    Method *m = type_method_by_name(plan_core(ns, type), name, params);
    CHECKF(m != NULL, "%s.%s", type, name);
    return m;
}

Method *plan_marshal_fn(const char *name, i32 params) { return plan_core_fn("System.Runtime.InteropServices", "Marshal", name, params); }

/* MarshalAs, In and Out of parameter `sequence` (0: the result) */
static NativeSpec param_spec(const Method *m, u32 sequence, u32 *flags)
{
    *flags = 0;
    if (m && MD_TABLE_OF(m->token) == MDT_MethodDef) {
        const MdImage *md = m->mt->module->md;
        MdRange r = md_method_params(md, MD_RID(m->token));
        for (u32 i = r.first; i < r.end; i++) {
            u32 rid = md_param_at(md, i);
            if (md_Param_Sequence(md, rid) != sequence)
                continue;
            *flags = md_Param_Flags(md, rid);
            return native_spec(md, MD_TOKEN(MDT_Param, rid));
        }
    }
    return NATIVE_SPEC_NONE;
}

static NativeValue *keep(NativeValue v)
{
    NativeValue *p = base_malloc(sizeof *p);
    *p = v;
    return p;
}

/* ---- custom marshalers -------------------------------------------------------------------------------------------------------------- */
static bool no_marshaler(const NativeSpec *spec, const char *format)
{
    char name[260];
    snprintf(name, sizeof name, "%.*s", (int)MIN(spec->custom_type_len, 250u), spec->custom_type);
    char *text = base_asprintf(format, name);
    vm_throwf(thread_current(), VM_ERR_APPLICATION, "%s", text);
    base_free(text);
    return false;
}

/* The class by its name, as Type.GetType with the assembly as the first to be asked. NULL: pending */
static MethodTable *custom_class(Thread *t, Method *m, const NativeSpec *spec)
{
    String *name = vm_string_utf8n(t, spec->custom_type, spec->custom_type_len);
    Object *assembly = name ? vm_assembly_object(t, m->mt->module->assembly) : NULL, *type = NULL;
    if (!assembly)
        return NULL;
    char16 *chars = base_malloc(((size_t)name->length + 1) * 2);
    memcpy(chars, name->chars, ((size_t)name->length + 1) * 2);
    bool throw_it = true, qualified = false;
    void *accessor = NULL, *args[] = {&chars, &assembly, &throw_it, &qualified, &accessor};
    bool ok = vm_call(t, vm_core_method(CM_TYPE_BY_NAME), args, &type);
    base_free(chars);
    MethodTable *mt = ok && type ? th_mt(vm_type_of_object(type)) : NULL;
    if (ok && !mt)
        no_marshaler(spec, "Custom marshaler '%s' does not implement the ICustomMarshaler interface.");
    return mt;
}

static Object *make_custom(Thread *t, Method *m, const NativeSpec *spec)
{
    MethodTable *mt = custom_class(t, m, spec), *face = plan_core("System.Runtime.InteropServices", "ICustomMarshaler");
    String *cookie = mt ? vm_string_utf8n(t, spec->custom_cookie ? spec->custom_cookie : "", spec->custom_cookie_len) : NULL;
    Object *result = NULL;
    if (!cookie)
        return NULL;
    if (!type_can_cast(th_of(mt), th_of(face))) {
        no_marshaler(spec, "Custom marshaler '%s' does not implement the ICustomMarshaler interface.");
        return NULL;
    }
    Method *get = NULL;
    for (MethodTable *p = mt; p && !get; p = p->parent)
        get = type_method_by_name(p, "GetInstance", 1);
    const MethodSig *sig = get ? type_method_sig(get, NULL) : NULL;
    bool fits = sig && (get->flags & MF_STATIC) && sig->params[0].sig && *sig->params[0].sig == ET_STRING && sig->ret.kind == ET_CLASS;
    if (!fits) {
        no_marshaler(spec, "Custom marshaler '%s' does not implement a static GetInstance method that takes a single string "
                                        "parameter and returns an ICustomMarshaler.");
        return NULL;
    }
    if (!vm_call(t, get, (void *[]){&cookie}, &result))
        return NULL;
    if (!result)
        no_marshaler(spec, "A call to GetInstance() for custom marshaler '%s' returned null, which is not allowed.");
    return result;
}

/* One marshaler for each class, cookie and assembly.  Of an assembly that may be unloaded it is not kept alive, but made again. */
static GcHandle shared_custom(Thread *t, Method *m, const NativeSpec *spec, Object **out)
{
    static OsMutex lock = OS_MUTEX_INIT;
    static StrMap made;
    char *key = base_asprintf("%p:%p:%.*s:%.*s", (void *)t->domain, (void *)m->mt->module->assembly, (int)spec->custom_type_len, spec->custom_type,
                              (int)spec->custom_cookie_len, spec->custom_cookie ? spec->custom_cookie : "");
    os_mutex_lock(&lock);
    GcHandle h = strmap_get(&made, key);
    os_mutex_unlock(&lock);
    Object *o = h ? gc_handle_get(h) : NULL;
    if (!o && (o = make_custom(t, m, spec))) {
        if (h) {
            gc_handle_set(h, o);
        } else {
            h = gc_handle_new(t->domain, m->mt->module->alc->collectible ? GC_HANDLE_WEAK : GC_HANDLE_STRONG, o);
            os_mutex_lock(&lock);
            strmap_put(&made, key, h);
            os_mutex_unlock(&lock);
        }
    }
    base_free(key);
    *out = o;
    return h;
}

Object *interop_custom_marshaler(Thread *t, Method *m, u32 param_token)
{
    Object *o;
    NativeSpec spec = native_spec(m->mt->module->md, param_token);
    shared_custom(t, m, &spec, &o);
    return o;
}

/* Made when it is first needed. */
Object *helper_custom(char *nothing, CustomSource *c, i64 x, i64 y)
{
    Thread *t = thread_current();
    (void)nothing, (void)x, (void)y;
    Object *o = __atomic_load_n(&c->domain, __ATOMIC_ACQUIRE) == t->domain ? gc_handle_get(c->marshaler) : NULL;
    if (o)
        return o;
    GcHandle h = shared_custom(t, c->method, &c->spec, &o);
    if (o) {
        c->marshaler = h;
        __atomic_store_n(&c->domain, t->domain, __ATOMIC_RELEASE);
    }
    return o;
}

static bool plan_custom(const MarshalSource *s, ArgPlan *a, bool by_reference)
{
    a->kind = by_reference ? ARG_CUSTOM_REF : ARG_CUSTOM;
    a->native = plan_prim(ET_I);
    a->custom = base_calloc(1, sizeof *a->custom);
    a->custom->method = s->method;
    a->custom->spec = a->spec;
    return true;
}

/* ---- structs by value ------------------------------------------------------------------------------------------------------------------ */
static void find_integers(const NativeLayout *l, u32 at, bool integer[2]);

/* Marks the words (of the first two) that hold something else than floating point. */
static void find_integer(const NativeValue *v, u32 at, bool integer[2])
{
    u8 k = type_elem_kind(v->type);
    if (v->kind == NV_DATE)
        return;
    if (v->kind == NV_FIXED_ARRAY) {
        for (u32 i = 0; i < v->count && i < 16; i++)
            find_integer(v->elem, at + i * v->elem->size, integer);
    } else if (v->layout && (v->kind == NV_COPY || v->kind == NV_STRUCT || v->kind == NV_CLASS)) {
        find_integers(v->layout, at, integer);
    } else if (v->kind != NV_COPY || (k != ET_R4 && k != ET_R8)) {
        for (u32 w = at / 8; w < 2 && w * 8 < at + MAX(v->size, 1u); w++)
            integer[w] = true;
    }
}

/* A struct larger than its only field stands for an array of them. */
static void find_integers(const NativeLayout *l, u32 at, bool integer[2])
{
    for (u32 i = 0; i < l->num_fields; i++) {
        const NativeField *f = &l->fields[i];
        u32 step = f->value.size, repeat = l->num_fields == 1 && step && !f->native ? l->size / step : 1;
        for (u32 r = 0; r < repeat && r < 16; r++)
            find_integer(&f->value, at + f->native + r * step, integer);
    }
}

static TypeHandle words(u32 first, u32 n, const bool integer[2], Err *e)
{
    if (n == 1)
        return th_of(first < 2 && !integer[first] ? plan_core("System", "Double") : plan_core("System", "Int64"));
    TypeHandle args[2] = {words(first, n / 2, integer, e), words(first + n / 2, n - n / 2, integer, e)};
    return args[0] && args[1] ? type_instantiate(plan_core("System", "ValueTuple`2"), args, 2, e) : 0;
}

SigType plan_words(u32 n, Err *e)
{
    static const bool integer[2] = {true, true};
    return ilb_sigtype(words(0, n, integer, e));
}

static bool is_unaligned(const NativeLayout *l, u32 at);

static bool value_is_unaligned(const NativeValue *v, u32 at)
{
    if (v->kind == NV_FIXED_STRING)
        return v->form == STRING_WIDE && at % 2;
    if (v->kind == NV_FIXED_ARRAY) {
        for (u32 i = 0; i < v->count && i < 16; i++)
            if (value_is_unaligned(v->elem, at + i * v->elem->size))
                return true;
        return false;
    }
    if (v->layout && (v->kind == NV_COPY || v->kind == NV_STRUCT || v->kind == NV_CLASS))
        return is_unaligned(v->layout, at);
    return at % MAX(v->size, 1u);
}

/* Has a field, at any depth, where its size does not divide: by packing or an offset of its own. */
static bool is_unaligned(const NativeLayout *l, u32 at)
{
    for (u32 i = 0; i < l->num_fields; i++)
        if (value_is_unaligned(&l->fields[i].value, at + l->fields[i].native))
            return true;
    return false;
}

/* Types of CoreLib that the convention passes in memory though they are small: unaligned, or without any field. */
static TypeHandle small_in_memory(u32 n)
{
    return th_of(n == 1 ? plan_core("", "<PrivateImplementationDetails>+__StaticArrayInitTypeSize=8_Align=2")
                        : plan_core("System", "Decimal+DecCalc+Buf12"));
}

/* A type that the calling convention passes as it would the native struct (psABI 3.2.3): above 16 bytes or unaligned, in memory. */
static bool native_struct(const NativeValue *v, SigType *out, Err *e)
{
    u32 n = (v->size + 7) / 8;
    bool integer[2] = {n > 2, n > 2};
    if (n <= 2)
        find_integers(v->layout, 0, integer);
    TypeHandle native = n <= 2 && is_unaligned(v->layout, 0) ? small_in_memory(n) : words(0, n, integer, e);
    if (!native)
        return false;
    SigType type = ilb_sigtype(native);
    *out = type;
    return true;
}

/* ---- parameters ---------------------------------------------------------------------------------------------------------------------- */
static bool refuse(ArgPlan *a, NativeText why)
{
    a->kind = ARG_BAD;
    a->why = (u8)why;
    return true;
}

bool plan_refuse(u32 sequence, const ArgPlan *a, Err *e)
{
    char which[40];
    if (a->why == WHY_NOT_COMPATIBLE)
        return err_set(e, ERR_MARSHAL_DIRECTIVE, 0, "Method's type signature is not PInvoke compatible.");
    snprintf(which, sizeof which, sequence ? "parameter #%u" : "return value", sequence);
    return err_set(e, ERR_MARSHAL_DIRECTIVE, 0, "Cannot marshal '%s': %s", which, native_texts[a->why]);
}

/* A parameter by reference that gives the size is an integer. */
static bool count_fits(const MarshalSource *s, i32 param)
{
    const SigType *p = param < 0 ? NULL : &s->sig->params[param];
    TypeDesc *d = p && p->kind == ET_BYREF ? th_desc(type_sigtype_load(&s->ctx, p, NULL)) : NULL;
    u8 k = d ? type_elem_kind(d->elem) : 0;
    return !d || (k >= ET_I1 && k <= ET_U8) || k == ET_I || k == ET_U;
}

static bool plan_array(const MarshalSource *s, MethodTable *mt, ArgPlan *a, bool by_reference, u32 sequence, Err *e)
{
    NativeSpec inner = NATIVE_SPEC_NONE;
    u8 nt = a->spec.type;
    if (nt != NT_NONE && nt != NT_LPARRAY)
        return refuse(a, TEXT_ARRAY);
    if (nt == NT_LPARRAY)
        inner.type = a->spec.elem;
    if (a->spec.count_param >= (i32)s->sig->num_params)
        return refuse(a, TEXT_SIZE_PARAM);
    if (by_reference && !count_fits(s, a->spec.count_param))
        return err_set(e, ERR_MARSHAL_DIRECTIVE, 0, "Array size control parameter type not supported.");
    MethodTable *elem = th_mt(mt->elem);
    bool objects = elem == type_wk(WK_OBJECT) && (inner.type == NT_IUNKNOWN || inner.type == NT_IDISPATCH || inner.type == NT_INTERFACE);
    NativeValue v = native_value(mt->elem, &inner, s->unicode, AT_ELEMENT);
    if (v.kind == NV_BAD && !objects)
        return refuse(a, (NativeText)v.why);
    if (sequence == 0)
        return refuse(a, TEXT_PLAIN);
    a->value = keep(v);
    a->native = plan_prim(ET_I);
    a->kind = by_reference ? ARG_ARRAY_REF : v.kind == NV_COPY ? ARG_ARRAY : ARG_ARRAY_COPY;
    return !v.layout || native_layout_check(v.layout, e);
}

static bool plan_handle(const MarshalSource *s, MethodTable *mt, const NativeValue *v, ArgPlan *a, bool by_reference, u32 sequence, Err *e)
{
    Method *ctor;
    bool abstract = (mt->klass->attrs & TD_ABSTRACT) != 0;
    if (s->reverse && !sequence)
        return refuse(a, TEXT_SAFEHANDLE_BACK); /* both kinds, in the reference too */
    if (s->reverse)
        return refuse(a, v->critical ? TEXT_CRITICALHANDLE_ENTRY : TEXT_SAFEHANDLE_ENTRY);
    if (by_reference && abstract && a->out)
        return refuse(a, v->critical ? TEXT_CRITICALHANDLE_ABSTRACT : TEXT_SAFEHANDLE_ABSTRACT);
    if (!sequence && abstract)
        return refuse(a, v->critical ? TEXT_CRITICALHANDLE_RETURN : TEXT_SAFEHANDLE_RETURN);
    a->value = keep(*v);
    a->native = plan_prim(ET_I);
    a->kind = by_reference ? ARG_HANDLE_REF : ARG_HANDLE;
    if ((!sequence || by_reference) && !abstract && !plan_has_constructor(mt, &ctor))
        return err_set(e, ERR_MISSING_METHOD, mt->klass->token, ".ctor");
    return true;
}

/* Kinds of value types that are known by their name; false: none of them. */
static bool known_struct(const MarshalSource *s, MethodTable *mt, ArgPlan *a, bool by_reference, u32 sequence)
{
    bool pointer = a->spec.type == NT_LPSTRUCT, plain = a->spec.type == NT_NONE;
    if (native_is_core(mt, "System.Runtime.InteropServices", "HandleRef")) {
        a->kind = ARG_HANDLEREF;
        a->native = plan_prim(ET_I);
        if (by_reference || !sequence || s->reverse)
            refuse(a, TEXT_HANDLEREF);
        if (!plain)
            refuse(a, TEXT_PLAIN);
    } else if (native_is_core(mt, "System.Runtime.InteropServices", "ArrayWithOffset")) {
        a->kind = ARG_OFFSET;
        a->native = plan_prim(ET_I);
        if (!sequence) {
            a->kind = ARG_BAD;
            a->why = WHY_NOT_COMPATIBLE;
        } else if (by_reference || s->reverse || !a->in || !a->out) {
            refuse(a, TEXT_ARRAYWITHOFFSET);
        }
    } else if (pointer && (native_is_core(mt, "System", "Guid") || native_is_core(mt, "System", "Decimal"))) {
        a->kind = by_reference ? ARG_VALUE_REF : sequence && !s->reverse ? ARG_ADDRESS : ARG_VALUE;
        a->native = plan_prim(ET_I);
        NativeValue v = native_value(th_of(mt), NULL, false, AT_PARAM);
        v.kind = NV_COPY_PTR;
        a->value = keep(v);
    } else if ((native_is_core(mt, "System", "RuntimeTypeHandle") || native_is_core(mt, "System", "RuntimeMethodHandle") ||
                native_is_core(mt, "System", "RuntimeFieldHandle")) && !by_reference && sequence && !s->reverse) {
        NativeValue v = {.kind = NV_RUNTIME_HANDLE, .type = th_of(mt), .size = 8, .align = 8, .managed_size = 8};
        a->kind = ARG_VALUE;
        a->native = plan_prim(ET_I);
        a->value = keep(v);
    } else if (!by_reference && (native_is_core(mt, "System", "Int128") || native_is_core(mt, "System", "UInt128"))) {
        refuse(a, TEXT_INT128);
    } else {
        return false;
    }
    return true;
}

static bool plan_object(const MarshalSource *s, MethodTable *mt, ArgPlan *a, bool by_reference, u32 sequence, Err *e)
{
    if (a->spec.type == NT_ASANY && mt == type_wk(WK_OBJECT)) {
        a->kind = ARG_ASANY;
        a->unicode = s->unicode;
        a->native = plan_prim(ET_I);
        return by_reference || !sequence || s->reverse ? refuse(a, TEXT_ASANY) : true;
    }
    if (mt && mt_is_array(mt))
        return plan_array(s, mt, a, by_reference, sequence, e);
    NativeValue v = native_value(a->type, &a->spec, s->unicode, AT_PARAM);
    if (v.kind == NV_BAD)
        return refuse(a, (NativeText)v.why);
    if (v.layout && !native_layout_check(v.layout, e))
        return false;
    if (v.kind == NV_HANDLE)
        return plan_handle(s, mt, &v, a, by_reference, sequence, e);
    a->value = keep(v);
    a->native = plan_prim(ET_I);
    a->kind = by_reference ? ARG_VALUE_REF : ARG_VALUE;
    if (by_reference || !sequence)
        return true;
    if (v.kind == NV_CLASS_PTR)
        a->kind = v.layout->same && !s->reverse ? ARG_OBJECT : ARG_OBJECT_REF;
    else if (v.kind == NV_STRING && v.form == STRING_WIDE && !s->reverse)
        a->kind = ARG_PINNED_STRING;
    return true;
}

static bool plan_simple(const MarshalSource *s, ArgPlan *a, bool by_reference, u32 sequence, Err *e)
{
    MethodTable *mt = th_mt(a->type);
    u8 kind = type_elem_kind(a->type);
    if (kind == ET_VALUETYPE && known_struct(s, mt, a, by_reference, sequence))
        return true;
    NativeValue v = native_value(a->type, &a->spec, s->unicode, AT_PARAM);
    if (v.kind == NV_BAD)
        return refuse(a, (NativeText)v.why);
    if (v.layout && !native_layout_check(v.layout, e))
        return false;
    if (v.kind == NV_COPY) {
        a->kind = by_reference ? ARG_BYREF : ARG_PLAIN;
        if (by_reference)
            a->native = plan_prim(ET_I);
        return by_reference && !sequence ? refuse(a, TEXT_PLAIN) : true;
    }
    if (v.kind == NV_CURRENCY && !sequence) {
        a->kind = ARG_BAD;
        a->why = WHY_NOT_COMPATIBLE;
        return true;
    }
    a->value = keep(v);
    a->kind = by_reference ? ARG_VALUE_REF : v.kind == NV_BOOL ? ARG_BOOL : ARG_VALUE;
    a->native = plan_prim(by_reference || v.kind == NV_CURRENCY ? ET_I : v.kind == NV_DATE ? ET_R8 : v.size == 1 ? ET_U1 : ET_I4);
    if (v.kind == NV_STRUCT && !by_reference)
        return native_struct(&v, &a->native, e);
    return true;
}

/* DisableRuntimeMarshalling: everything without references is what it is, the rest is refused. */
static bool plan_plain(const MarshalSource *s, const SigType *p, ArgPlan *a)
{
    MethodTable *mt = p->kind == ET_VALUETYPE ? th_mt(p->th) : NULL;
    (void)s;
    if (p->kind == ET_CLASS || p->kind == ET_BYREF || p->kind == ET_TYPEDBYREF || (mt && mt_has_refs(mt)))
        return refuse(a, TEXT_DISABLED);
    if (mt && (mt->klass->attrs & TD_LAYOUT) == TD_AUTO_LAYOUT && !mt->klass->underlying)
        return refuse(a, TEXT_AUTO_LAYOUT);
    if (mt && mt_is_generic(mt) && native_not_for_calls(mt))
        return refuse(a, TEXT_GENERIC);
    if (mt && (native_is_core(mt, "System", "Int128") || native_is_core(mt, "System", "UInt128")))
        return refuse(a, TEXT_INT128);
    return true;
}

bool plan_arg(const MarshalSource *s, const SigType *p, u32 sequence, ArgPlan *a, Err *e)
{
    u32 flags = 0;
    bool by_reference = p->kind == ET_BYREF;
    *a = (ArgPlan){.kind = ARG_PLAIN, .native = *p};
    if (s->plain)
        return plan_plain(s, p, a);
    a->spec = param_spec(s->method, sequence, &flags);
    a->in = (flags & PD_IN) || !(flags & PD_OUT);
    a->out = (flags & PD_OUT) || (by_reference && !(flags & PD_IN));
    if (p->kind == ET_TYPEDBYREF)
        return refuse(a, TEXT_PLAIN);
    a->type = type_sigtype_load(&s->ctx, p, NULL);
    if (by_reference) {
        TypeDesc *d = th_desc(a->type);
        if (!d)
            return refuse(a, TEXT_PLAIN);
        a->type = d->elem;
        if (!sequence)
            return refuse(a, TEXT_PLAIN);
    }
    if (!a->type)
        return true;
    bool object = type_elem_kind(a->type) == ET_CLASS;
    if (a->spec.type == NT_CUSTOM)
        return object ? plan_custom(s, a, by_reference) : refuse(a, TEXT_CUSTOM);
    bool ok = object ? plan_object(s, th_mt(a->type), a, by_reference, sequence, e) : plan_simple(s, a, by_reference, sequence, e);
    if (ok && a->kind == ARG_VALUE && a->value->kind == NV_BUILDER) {
        a->value->count = !a->in;
        a->out |= !(flags & (PD_IN | PD_OUT));
    }
    return ok;
}

bool plan_has_constructor(MethodTable *mt, Method **ctor) { return (*ctor = type_method_by_name(mt, ".ctor", 0)) != NULL; }

/* ---- helpers: called by emitted IL through code_helper_stub, cooperative ----------------------------------------------------------- */
void plan_call_helper(IlBuilder *b, void *fn, HelperArg first, bool object_result)
{
    MethodSig *sig = type_alloc(b->alc, HEAP_COLD, sizeof *sig + 4 * sizeof(SigType));
    sig->params = (SigType *)(sig + 1);
    sig->num_params = 4;
    sig->sentinel = 0xffff;
    sig->ret = plan_prim(object_result ? ET_OBJECT : ET_I);
    sig->params[0] = first == HELPER_OBJECT ? plan_prim(ET_OBJECT) : ilb_sigtype_byref();
    for (u32 i = 1; i < 4; i++)
        sig->params[i] = plan_prim(ET_I);
    ilb_i8(b, (i64)(uintptr_t)code_helper_stub(fn));
    ilb_op_token(b, IL_CALLI, ilb_sig(b, sig));
}

void plan_push_custom(IlBuilder *b, const ArgPlan *a, u32 any_local)
{
    ilb_local_op(b, IL_LDLOCA, any_local);
    ilb_i8(b, (i64)(uintptr_t)a->custom);
    ilb_i8(b, 0);
    ilb_op(b, IL_DUP);
    plan_call_helper(b, (void *)helper_custom, HELPER_ADDRESS, true);
}

void plan_make_custom(IlBuilder *b, const ArgPlan *a, u32 any_local)
{
    plan_push_custom(b, a, any_local);
    ilb_op(b, IL_POP);
}

void plan_call_custom(IlBuilder *b, const char *name)
{
    ilb_op_token(b, IL_CALL, ilb_method(b, plan_core_fn("System.StubHelpers", "MngdRefCustomMarshaler", name, 3)));
}

void *helper_value(char *managed, char *native, const NativeValue *v, i64 op)
{
    if (managed && native)
        native_convert(thread_current(), v, managed, native, (NativeOp)op);
    return NULL;
}

void *helper_object(Object *o, char *native, MethodTable *mt, i64 op)
{
    if (o && native)
        native_convert_fields(thread_current(), native_layout(mt), (char *)o + 8, native, (NativeOp)op);
    return NULL;
}

static char *array_data(Array *a) { return (char *)a + a->mt->base_size - 8; }

void *helper_array_data(Array *a, i64 x, i64 y, i64 z)
{
    (void)x, (void)y, (void)z;
    return a ? array_data(a) : NULL;
}

/* Narrow characters: the array as one text in UTF-8; the buffer has three bytes for each. */
static void convert_chars(char *managed, char *native, u32 n, NativeOp op)
{
    if (op == NV_TO_NATIVE) {
        utf16_to_utf8((const char16 *)(void *)managed, n, native);
    } else if (op == NV_TO_MANAGED) {
        char16 *units = base_malloc(((size_t)n + 1) * 2);
        memcpy(managed, units, 2 * MIN(utf8_to_utf16(native, n, units), (size_t)n));
        base_free(units);
    }
}

static bool convert_elements(Thread *t, char *managed, char *native, u32 n, const NativeValue *v, NativeOp op)
{
    bool ok = true;
    if (v->kind == NV_CHAR_NARROW)
        convert_chars(managed, native, n, op);
    else if (v->kind == NV_COPY && op != NV_FREE)
        memcpy(op == NV_TO_NATIVE ? native : managed, op == NV_TO_NATIVE ? managed : native, (size_t)n * v->size);
    else if (v->kind != NV_COPY)
        for (u32 i = 0; ok && i < n; i++)
            ok = native_convert(t, v, managed ? managed + (size_t)i * v->managed_size : NULL, native + (size_t)i * v->size, op);
    return ok;
}

void *helper_array(Array *a, char *native, const NativeValue *v, i64 op)
{
    Thread *t = thread_current();
    if (!a || (op == NV_FREE && !native))
        return NULL;
    if (!native)
        native = base_calloc(a->length + 1u, v->kind == NV_CHAR_NARROW ? 3 : v->size);
    if (op != HELPER_SPACE)
        convert_elements(t, array_data(a), native, a->length, v, (NativeOp)op);
    if (op == NV_FREE)
        base_free(native);
    return native;
}

void *helper_array_ref(Array **managed, char **native, const NativeValue *v, i64 count_op)
{
    Thread *t = thread_current();
    i64 n = count_op >> 2;
    Array *a = *managed;
    if (n < 0 || n > INT32_MAX) {
        vm_throw(t, VM_ERR_OVERFLOW);
        return NULL;
    }
    switch ((NativeOp)(count_op & 3)) {
    case NV_TO_NATIVE:
        if (a) {
            *native = base_calloc(a->length + 1u, v->kind == NV_CHAR_NARROW ? 3 : v->size);
            convert_elements(t, array_data(a), *native, a->length, v, NV_TO_NATIVE);
        }
        return NULL;
    case NV_TO_MANAGED:
        a = *native ? vm_new_array(t, v->type, (u32)n) : NULL;
        if (*native && !a)
            return NULL;
        gc_store_ref((Object **)(void *)managed, (Object *)a);
        if (!a || !convert_elements(t, array_data(a), *native, (u32)n, v, NV_TO_MANAGED))
            return NULL;
        convert_elements(t, NULL, *native, (u32)n, v, NV_FREE);
        base_free(*native);
        *native = NULL;
        return NULL;
    case NV_FREE: break;
    }
    if (*native && a)
        convert_elements(t, NULL, *native, a->length, v, NV_FREE);
    base_free(*native);
    *native = NULL;
    return NULL;
}

Object *helper_array_in(char *native, i64 count, const NativeValue *v, TypeHandle elem)
{
    Thread *t = thread_current();
    Array *a = native ? vm_new_array(t, elem, (u32)count) : NULL;
    if (a)
        convert_elements(t, array_data(a), native, a->length, v, NV_TO_MANAGED);
    return (Object *)a;
}

/* ---- handles ------------------------------------------------------------------------------------------------------------------------- */
#define HANDLE_FN(type, name, n) NATIVE_CORE("System.Runtime.InteropServices", type, name, n)

void *helper_handle(Object **managed, i64 *w, i64 critical, i64 op)
{
    Thread *t = thread_current();
    Object *o = *managed;
    if (op == NV_FREE) {
        if (w[1])
            vm_call(t, HANDLE_FN("SafeHandle", "DangerousRelease", 0), (void *[]){&o}, NULL);
        return NULL;
    }
    if (!o) {
        if (critical)
            vm_throw(t, VM_ERR_NULL_REFERENCE);
        else
            vm_throw_arg(t, VM_ERR_ARGUMENT_NULL, "pHandle", "SafeHandle cannot be null.");
        return NULL;
    }
    u8 done = 0;
    void *flag = &done;
    if (!critical && !vm_call(t, HANDLE_FN("SafeHandle", "DangerousAddRef", 1), (void *[]){&o, &flag}, NULL))
        return NULL;
    w[1] = done;
    w[0] = w[2] = (i64)(uintptr_t)*native_handle_of(o, critical);
    return NULL;
}

void *helper_handle_new(Object **managed, i64 *w, Object **made, i64 flags)
{
    Thread *t = thread_current();
    Object *o = *made;
    if ((flags & 2) && w[0] == w[2])
        return NULL;
    Method *set = flags & 1 ? HANDLE_FN("CriticalHandle", "SetHandle", 1) : HANDLE_FN("SafeHandle", "SetHandle", 1);
    if (vm_call(t, set, (void *[]){&o, &w[0]}, NULL))
        gc_store_ref(managed, o);
    return NULL;
}

void *helper_builder_back(Object *builder, char *native, i64 form, i64 x)
{
    Thread *t = thread_current();
    NativeValue v = {.kind = NV_BUILDER, .form = (u8)form};
    char *made = NULL;
    (void)x;
    if (!builder || !native || !native_convert(t, &v, (char *)&builder, (char *)&made, NV_TO_NATIVE))
        return NULL;
    size_t n = 0;
    if (form == STRING_WIDE)
        while (((char16 *)(void *)made)[n])
            n++;
    memcpy(native, made, form == STRING_WIDE ? (n + 1) * 2 : strlen(made) + 1);
    base_free(made);
    return NULL;
}
