/* interop_plan.c: decides how parameters and results are passed, by their types and MarshalAs; and what emitted IL calls in C.
 * Book: interop.md  Tests: tests/app */
#include "interop/interop_plan.h"

#include "md/md_attr.h"

SigType plan_prim(u8 kind)
{
    switch (kind) {
    case ET_U1: return ilb_sigtype(th_of(type_wk(WK_BYTE)));
    case ET_I4: return ilb_sigtype(th_of(type_wk(WK_INT32)));
    case ET_BOOLEAN: return ilb_sigtype(th_of(type_wk(WK_BOOLEAN)));
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

static bool is_core(const MethodTable *mt, const char *ns, const char *name)
{
    return mt && mt->module->assembly == type_corelib && strcmp(mt->klass->name, name) == 0 && strcmp(mt->klass->ns, ns) == 0;
}

/* MarshalAs, In and Out of parameter `sequence` (0: the result) */
static NativeSpec param_spec(const Method *m, u32 sequence, u32 *flags)
{
    *flags = 0;
    if (MD_TABLE_OF(m->token) == MDT_MethodDef) {
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
    return (NativeSpec){.type = NT_NONE, .elem = NT_NONE, .count_param = -1};
}

/* The form in memory; with DisableRuntimeMarshalling everything without references is what it is. */
static NativeValue *value_for(const MarshalSource *s, TypeHandle th, const NativeSpec *spec)
{
    NativeValue v = native_value(th, spec, s->unicode);
    if (s->plain && type_elem_kind(th) != ET_CLASS && (!th_mt(th) || !mt_has_refs(th_mt(th)))) {
        v.kind = NV_COPY;
        v.size = v.align = v.managed_size;
    }
    NativeValue *p = base_malloc(sizeof *p);
    *p = v;
    return p;
}

/* ---- custom marshalers -------------------------------------------------------------------------------------------------------------- */
static Object *make_custom(Thread *t, Method *m, const NativeSpec *spec, Err *e)
{
    String *name = vm_string_utf8n(t, spec->custom_type, spec->custom_type_len);
    Object *assembly = name ? vm_assembly_object(t, m->mt->module->assembly) : NULL, *type = NULL, *result = NULL;
    String *cookie = assembly ? vm_string_utf8n(t, spec->custom_cookie ? spec->custom_cookie : "", spec->custom_cookie_len) : NULL;
    if (!cookie)
        return NULL;
    char16 *chars = base_malloc(((size_t)name->length + 1) * 2);
    memcpy(chars, name->chars, ((size_t)name->length + 1) * 2);
    bool throw_it = true, qualified = false;
    void *accessor = NULL, *args[] = {&chars, &assembly, &throw_it, &qualified, &accessor};
    bool ok = vm_call(t, vm_core_method(CM_TYPE_BY_NAME), args, &type);
    base_free(chars);
    MethodTable *mt = ok && type ? th_mt(vm_type_of_object(type)) : NULL;
    Method *get = mt ? type_method_by_name(mt, "GetInstance", 1) : NULL;
    if (ok && (!get || !(get->flags & MF_STATIC))) {
        err_set(e, ERR_BAD_IMAGE, m->token, "A custom marshaler has no static method GetInstance.");
        return NULL;
    }
    return ok && vm_call(t, get, (void *[]){&cookie}, &result) ? result : NULL;
}

static bool plan_custom(const MarshalSource *s, ArgPlan *a, Err *e)
{
    Thread *t = thread_current();
    a->kind = ARG_CUSTOM;
    a->native = plan_prim(ET_I);
    COOPERATIVE(t)
    {
        Object *o = make_custom(t, s->method, &a->spec, e);
        if (o)
            a->custom = gc_handle_new(t->domain, GC_HANDLE_STRONG, o);
        else if (e->kind == ERR_NONE)
            err_set(e, ERR_PENDING, 0, "exception while a custom marshaler was made");
    }
    return a->custom != NULL;
}

/* ---- structs by value ------------------------------------------------------------------------------------------------------------------ */
/* Marks the words (of the first two) that hold something else than floating point. */
static void find_integers(const NativeLayout *l, u32 at, bool integer[2])
{
    for (u32 i = 0; i < l->num_fields; i++) {
        const NativeField *f = &l->fields[i];
        u32 word = (at + f->native) / 8;
        u8 k = type_elem_kind(f->value.type);
        if (f->value.layout)
            find_integers(f->value.layout, at + f->native, integer);
        else if (f->value.kind != NV_COPY || (k != ET_R4 && k != ET_R8))
            for (u32 w = word; w < 2 && w * 8 < at + f->native + MAX(f->value.size, 1u); w++)
                integer[w] = true;
    }
}

static TypeHandle words(u32 first, u32 n, const bool integer[2], Err *e)
{
    if (n == 1)
        return th_of(first < 2 && !integer[first] ? plan_core("System", "Double") : plan_core("System", "Int64"));
    TypeHandle args[2] = {words(first, n / 2, integer, e), words(first + n / 2, n - n / 2, integer, e)};
    return args[0] && args[1] ? type_instantiate(plan_core("System", "ValueTuple`2"), args, 2, e) : 0;
}

/* A type that the calling convention passes as it would the native struct (psABI 3.2.3): above 16 bytes, in memory. */
static bool plan_value(const MarshalSource *s, TypeHandle th, ArgPlan *a, Err *e)
{
    a->type = th;
    a->value = value_for(s, th, &a->spec);
    a->kind = ARG_BAD;
    if (a->value->kind != NV_STRUCT || a->value->size > 4096)
        return true;
    u32 n = (a->value->size + 7) / 8;
    bool integer[2] = {n > 2, n > 2};
    if (n <= 2)
        find_integers(a->value->layout, 0, integer);
    TypeHandle native = words(0, n, integer, e);
    if (!native)
        return false;
    a->kind = ARG_VALUE;
    a->native = ilb_sigtype(native);
    return true;
}

/* ---- parameters ---------------------------------------------------------------------------------------------------------------------- */
static void plan_array(const MarshalSource *s, MethodTable *mt, ArgPlan *a)
{
    NativeSpec inner = {.type = a->spec.type == NT_LPARRAY ? a->spec.elem : (u8)NT_NONE, .elem = NT_NONE, .count_param = -1};
    a->value = value_for(s, mt->elem, &inner);
    a->kind = a->value->kind == NV_BAD ? ARG_BAD : a->value->kind == NV_COPY ? ARG_ARRAY : ARG_ARRAY_COPY;
}

static void plan_class(const MarshalSource *s, MethodTable *mt, ArgPlan *a)
{
    u8 nt = a->spec.type;
    a->native = plan_prim(ET_I);
    a->kind = ARG_BAD;
    if (!mt)
        return;
    if (mt == type_wk(WK_STRING)) {
        NativeValue v = native_value(th_of(mt), &a->spec, s->unicode);
        a->kind = v.kind == NV_STRING ? ARG_STRING : ARG_BAD;
        a->wide = v.wide;
    } else if (mt_is_szarray(mt)) {
        plan_array(s, mt, a);
    } else if (type_is_subclass(mt, plan_core("System.Runtime.InteropServices", "SafeHandle"))) {
        a->kind = ARG_SAFEHANDLE;
    } else if (mt_is_delegate(mt)) {
        a->kind = ARG_DELEGATE;
    } else if (is_core(mt, "System.Text", "StringBuilder")) {
        a->kind = ARG_BUILDER;
        a->wide = nt == NT_LPWSTR || (s->unicode && nt != NT_LPSTR && nt != NT_LPUTF8);
    } else if ((mt->klass->attrs & TD_LAYOUT) != TD_AUTO_LAYOUT && !mt_is_interface(mt)) {
        const NativeLayout *l = native_layout(mt);
        a->kind = !l->ok ? ARG_BAD : l->same ? ARG_OBJECT : ARG_OBJECT_REF;
    }
}

static void plan_byref(const MarshalSource *s, TypeHandle th, ArgPlan *a)
{
    TypeDesc *d = th_desc(th);
    a->native = plan_prim(ET_I);
    a->kind = ARG_BAD;
    if (!d)
        return;
    a->type = d->elem;
    MethodTable *mt = th_mt(d->elem);
    if (mt && type_elem_kind(d->elem) == ET_CLASS && a->out && !a->in &&
        type_is_subclass(mt, plan_core("System.Runtime.InteropServices", "SafeHandle"))) {
        a->kind = ARG_SAFEHANDLE_OUT;
        return;
    }
    a->value = value_for(s, d->elem, &a->spec);
    a->kind = a->value->kind == NV_COPY ? ARG_BYREF : a->value->kind == NV_BAD ? ARG_BAD : ARG_VALUE_REF;
}

bool plan_arg(const MarshalSource *s, const SigType *p, u32 sequence, ArgPlan *a, Err *e)
{
    u32 flags = 0;
    *a = (ArgPlan){.kind = ARG_PLAIN, .native = *p};
    if (p->kind == ET_BOOLEAN || p->kind == ET_CHAR || p->kind == ET_CLASS || p->kind == ET_BYREF)
        a->spec = param_spec(s->method, sequence, &flags);
    bool by_reference = p->kind == ET_BYREF;
    a->in = (flags & PD_IN) || !(flags & PD_OUT);
    a->out = (flags & PD_OUT) || (by_reference && !(flags & PD_IN));
    u8 nt = a->spec.type;
    switch (p->kind) {
    case ET_BOOLEAN:
        if (!s->plain) {
            a->kind = ARG_BOOL;
            a->native = plan_prim(nt == NT_I1 || nt == NT_U1 ? ET_U1 : ET_I4);
        }
        break;
    case ET_CHAR:
        if (!s->plain && (nt == NT_I1 || nt == NT_U1 || (!s->unicode && nt != NT_I2 && nt != NT_U2))) {
            a->kind = ARG_CHAR_NARROW;
            a->native = plan_prim(ET_U1);
        }
        break;
    case ET_VALUETYPE:
        if (is_core(th_mt(p->th), "System.Runtime.InteropServices", "HandleRef")) {
            a->kind = ARG_HANDLEREF;
            a->native = plan_prim(ET_I);
        } else if (!s->plain && !native_layout(th_mt(p->th))->same && type_elem_kind(p->th) == ET_VALUETYPE &&
                   (mt_has_refs(th_mt(p->th)) || native_layout(th_mt(p->th))->ok)) {
            return plan_value(s, p->th, a, e);
        } else if (mt_has_refs(th_mt(p->th))) {
            a->kind = ARG_BAD;
        }
        break;
    case ET_BYREF:
        plan_byref(s, type_sigtype_load(&s->ctx, p, NULL), a);
        break;
    case ET_CLASS:
        a->type = type_sigtype_load(&s->ctx, p, NULL);
        if (nt == NT_CUSTOM)
            return plan_custom(s, a, e);
        plan_class(s, th_mt(a->type), a);
        if (a->kind == ARG_BUILDER && !(flags & (PD_IN | PD_OUT)))
            a->out = true;
        break;
    case ET_TYPEDBYREF:
        a->kind = ARG_BAD;
        break;
    default:
        break;
    }
    return true;
}

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

void *helper_array(Array *a, char *native, const NativeValue *v, i64 op)
{
    Thread *t = thread_current();
    if (!a)
        return NULL;
    if (!native)
        native = base_calloc(a->length, v->size);
    bool ok = true;
    for (u32 i = 0; ok && i < a->length; i++)
        ok = native_convert(t, v, (char *)a->data + (size_t)i * v->managed_size, native + (size_t)i * v->size, (NativeOp)op);
    if (op == NV_FREE)
        base_free(native);
    return native;
}

Object *helper_array_in(char *native, i64 count, const NativeValue *v, TypeHandle elem)
{
    Thread *t = thread_current();
    Array *a = native ? vm_new_array(t, elem, (u32)count) : NULL;
    bool ok = true;
    for (u32 i = 0; a && ok && i < a->length; i++)
        ok = native_convert(t, v, (char *)a->data + (size_t)i * v->managed_size, native + (size_t)i * v->size, NV_TO_MANAGED);
    return (Object *)a;
}

static Method *builder_fn(const char *name, i32 params, bool string)
{
    MethodTable *mt = plan_core("System.Text", "StringBuilder");
    for (u32 i = 0; i < mt->klass->num_methods; i++) {
        Method *m = type_method_by_rid(mt, mt->klass->first_method_rid + i, NULL);
        const MethodSig *s = m && strcmp(m->name, name) == 0 ? type_method_sig(m, NULL) : NULL;
        if (s && s->num_params == params && (!string || (s->params[0].sig && *s->params[0].sig == ET_STRING)))
            return m;
    }
    CHECKF(false, "StringBuilder.%s", name);
    return NULL;
}

/* Room for the capacity in the native form, and a terminator. */
static char *builder_buffer(Thread *t, Object *builder, bool wide, bool content)
{
    i32 capacity = 0;
    Object *text = NULL;
    if (!vm_call(t, builder_fn("get_Capacity", 0, false), (void *[]){&builder}, &capacity) ||
        (content && !vm_call(t, builder_fn("ToString", 0, false), (void *[]){&builder}, &text)))
        return NULL;
    char *buffer = base_calloc((size_t)capacity + 2, wide ? 2 : 3);
    if (!text)
        return buffer;
    if (wide) {
        memcpy(buffer, ((String *)text)->chars, (size_t)((String *)text)->length * 2);
    } else {
        char *utf8 = vm_string_to_utf8((String *)text);
        strcpy(buffer, utf8);
        base_free(utf8);
    }
    return buffer;
}

static void builder_set(Thread *t, Object *builder, const char *native, bool wide)
{
    const char16 *w = (const char16 *)(const void *)native;
    u32 n = 0;
    while (wide && w[n])
        n++;
    Object *text = (Object *)(wide ? vm_string_new(t, w, n) : vm_string_utf8(t, native)), *ignored;
    if (text && vm_call(t, builder_fn("Clear", 0, false), (void *[]){&builder}, &ignored))
        vm_call(t, builder_fn("Append", 1, true), (void *[]){&builder, &text}, &ignored);
}

void *helper_builder(Object *builder, char *native, i64 flags, i64 op)
{
    Thread *t = thread_current();
    if (!builder)
        return NULL;
    switch ((NativeOp)op) {
    case NV_TO_NATIVE: return builder_buffer(t, builder, flags & 1, flags & 2);
    case NV_TO_MANAGED:
        builder_set(t, builder, native, flags & 1);
        return native;
    case NV_FREE: break;
    }
    base_free(native);
    return NULL;
}

Object *helper_delegate_in(void *fn, MethodTable *mt, i64 x, i64 y)
{
    (void)x, (void)y;
    return fn ? interop_delegate_from_native(thread_current(), mt, fn) : NULL;
}
