/* vm_accessor.c: bodies of methods with UnsafeAccessorAttribute.
 * The body replaces the method's own (MF_HAS_BODY_OVERRIDE).  Under shared generics its one token is read again in the exact context
 * when a dictionary slot is filled (IlStubToken.from).  A parameter or result with UnsafeAccessorTypeAttribute is declared object and
 * passed as it is; the type named there counts when the member is looked for.
 * Book: vm.md  Tests: tests/app/UnsafeAccessors.cs */
#include "vm/vm_accessor.h"

#include "md/md_attr.h"
#include "vm/vm_verify.h"

#include <stdio.h>

enum { UA_CTOR, UA_METHOD, UA_STATIC_METHOD, UA_FIELD, UA_STATIC_FIELD };

typedef struct Accessor {
    Method *m;
    const MethodSig *sig;
    TypeHandle *named; /* [0] result, [1 + i] parameters: types of UnsafeAccessorTypeAttribute, 0 where there is none */
    SigType **open;    /* in shared code: what named has over variables; NULL: no variables */
    i64 kind;
    bool has_name;
    char name[512];
} Accessor;

/* ---- types given by name --------------------------------------------------------------------------------------------------------- */
/* Cooperative.  Runs managed code: TypeNameResolver.GetTypeHelper(char *name, RuntimeAssembly, bool throwOnError, bool
 * requireAssemblyQualifiedName, nint unsafeAccessorMethod). */
static TypeHandle type_by_name(Thread *t, Method *m, const char *name, u32 len)
{
    String *s = vm_string_utf8n(t, name, len);
    Object *assembly = s ? vm_assembly_object(t, m->mt->module->assembly) : NULL, *type = NULL;
    if (!assembly)
        return 0;
    char16 *chars = base_malloc(((size_t)s->length + 1) * 2);
    memcpy(chars, s->chars, ((size_t)s->length + 1) * 2);
    bool throw_it = true, qualified = false;
    void *args[] = {&chars, &assembly, &throw_it, &qualified, &m};
    bool ok = vm_call(t, vm_core_method(CM_TYPE_BY_NAME), args, &type);
    base_free(chars);
    if (ok && !type)
        vm_throwf(t, VM_ERR_TYPE_LOAD, "Could not load type '%.*s'.", (int)len, name);
    return ok && type ? vm_type_of_object(type) : 0;
}

static u32 target_of(const Accessor *a) { return a->kind == UA_CTOR ? 0 : 1; }

typedef struct Encoding {
    u8 bytes[512];
    u32 len;
    bool bad; /* too long */
} Encoding;

static void put_byte(Encoding *c, u32 b)
{
    if (c->len < sizeof c->bytes)
        c->bytes[c->len++] = (u8)b;
    else
        c->bad = true;
}

static void put_uint(Encoding *c, u32 v) /* §II.23.2 */
{
    if (v >= 0x4000) {
        put_byte(c, 0xc0 | v >> 24);
        put_byte(c, v >> 16 & 0xff);
    }
    if (v >= 0x80)
        put_byte(c, (v < 0x4000 ? 0x80 | v >> 8 : v >> 8) & 0xff);
    put_byte(c, v & 0xff);
}

static void put_handle(Encoding *c, u64 th)
{
    put_byte(c, ET_INTERNAL);
    for (u32 i = 0; i < 8; i++)
        put_byte(c, th >> 8 * i & 0xff);
}

/* As a signature that is read in any generic context of the accessor: variables stay variables, closed types are their handles. */
static void put_type(Encoding *c, TypeHandle th)
{
    TypeDesc *d = th_desc(th);
    MethodTable *mt = th_mt(th);
    if (d && (d->kind == TD_VAR || d->kind == TD_MVAR)) {
        put_byte(c, d->kind == TD_VAR ? ET_VAR : ET_MVAR);
        put_uint(c, d->index);
    } else if (d && d->kind != TD_FNPTR) {
        put_byte(c, d->kind == TD_BYREF ? ET_BYREF : ET_PTR);
        put_type(c, d->elem);
    } else if (mt && !mt_is_array(mt) && mt->aux->inst) {
        put_byte(c, ET_GENERICINST);
        put_handle(c, th_of(mt->klass->typical));
        put_uint(c, mt->klass->num_generic);
        for (u32 i = 0; i < mt->klass->num_generic; i++)
            put_type(c, mt->aux->inst[i]);
    } else {
        put_handle(c, th);
    }
}

static SigType *encode_open(Method *m, TypeHandle th)
{
    Encoding c = {0};
    put_type(&c, th);
    if (c.bad)
        return NULL;
    LoadContext *alc = type_method_context_of(m);
    u8 *bytes = type_alloc(alc, HEAP_COLD, c.len);
    memcpy(bytes, c.bytes, c.len);
    SigType *s = type_alloc(alc, HEAP_COLD, sizeof *s);
    s->kind = ET_CLASS;
    s->sig = bytes;
    s->module = m->mt->module;
    return s;
}

static bool name_types(Accessor *a, Err *e)
{
    Method *m = a->m;
    const MdImage *md = m->mt->module->md;
    MdRange r = md_method_params(md, MD_RID(m->token));
    for (u32 i = r.first; i < r.end; i++) {
        u32 rid = md_param_at(md, i), at = md_Param_Sequence(md, rid), len = 0;
        u32 row = md_find_attribute(md, MD_TOKEN(MDT_Param, rid), "System.Runtime.CompilerServices", "UnsafeAccessorTypeAttribute");
        const char *text = NULL;
        if (!row || at > a->sig->num_params)
            continue;
        if (!md_attr_string(md, row, 0, &text, &len) || !text)
            return err_set(e, ERR_BAD_IMAGE, m->token, "Invalid usage of UnsafeAccessorTypeAttribute.");
        Thread *t = thread_current();
        TypeHandle open = 0;
        Method *typical = (m->flags & (MF_CTX_MT | MF_CTX_METHOD)) && memchr(text, '!', len)
                              ? type_method_by_rid(m->mt->klass->typical, MD_RID(m->token), e)
                              : NULL;
        COOPERATIVE(t)
        {
            a->named[at] = type_by_name(t, m, text, len);
            if (a->named[at] && typical)
                open = type_by_name(t, typical, text, len);
        }
        if (!a->named[at] || (typical && !open))
            return err_set(e, ERR_PENDING, 0, "exception while a type was looked for");
        if (open && !(a->open[at] = encode_open(m, open)))
            return err_set(e, ERR_TYPE_LOAD, m->token, "Could not load type '%.*s': too long.", (int)len, text);
    }
    return true;
}

/* ---- the member ------------------------------------------------------------------------------------------------------------------ */
static TypeHandle type_at(const Accessor *a, u32 i, Err *e) /* 0: result, 1 + n: parameter */
{
    if (a->named[i])
        return a->named[i];
    SigContext c = type_method_context(a->m);
    return type_sigtype_load(&c, i ? &a->sig->params[i - 1] : &a->sig->ret, e);
}

static bool same_named(TypeHandle named, const SigContext *c, const SigType *s)
{
    return s->kind != ET_VOID && named == type_sigtype_load(c, s, NULL);
}

/* The signature behind the target's parameter, as it stands in metadata: a variable matches the variable of the same number. */
static bool matches(const Accessor *a, Method *x, Err *e)
{
    Method *exact = x; /* types given by name are those of this instance */
    if (x->num_generic) {
        u32 n;
        TypeHandle *args = type_method_inst(a->m, &n);
        if (n != x->num_generic || !(exact = type_instantiate_method(x, args, n, e)))
            return false;
    }
    const MethodSig *s = type_method_sig(exact, e);
    bool ctor = a->kind == UA_CTOR;
    u32 skip = ctor ? 0 : 1;
    MdSig own = md_sig(a->m->sig, a->m->sig_len), its = md_sig(x->sig, x->sig_len);
    MdMethodSig head, target;
    if (!s || !md_sig_method(&own, &head) || !md_sig_method(&its, &target) || head.generic_count != target.generic_count ||
        target.param_count + skip != head.param_count)
        return false;
    SigContext c = type_method_context(exact);
    Module *from = a->m->mt->module, *to = x->mt->module;
    for (u32 i = 0; i <= head.param_count; i++) { /* 0: the result */
        if (i && i <= skip) {
            md_sig_skip_type(&own);
        } else if (a->named[i] || (!i && ctor)) {
            if (a->named[i] && !ctor && !same_named(a->named[i], &c, i ? &s->params[i - 1 - skip] : &s->ret))
                return false;
            md_sig_skip_type(&own);
            md_sig_skip_type(&its);
        } else if (!type_sig_types_equal(from, &own, to, &its)) {
            return false;
        }
    }
    return true;
}

static bool not_found(const Accessor *a, MethodTable *mt, bool field, Err *e)
{
    char type[300];
    type_name(th_of(mt_is_array(mt) ? mt : mt->klass->typical), TN_NAMESPACE, type, sizeof type);
    return err_set(e, field ? ERR_MISSING_FIELD : ERR_MISSING_METHOD, 0, "%s not found: '%s.%s'.", field ? "Field" : "Method", type, a->name);
}

/* The method found, over the accessor's own arguments; what its variables may stand for must be declared the same. */
static Method *bound(const Accessor *a, Method *x, Err *e)
{
    MethodTable *own = a->m->mt->klass->typical, *its = x->mt->klass->typical;
    if (its->klass->num_generic && !type_same_constraints(own->module, own->klass->token, its->module, its->klass->token)) {
        err_set(e, ERR_INVALID_PROGRAM, a->m->token, "Generic type constraints do not match.");
        return NULL;
    }
    if (!x->num_generic)
        return x;
    if (!type_same_constraints(own->module, a->m->token, its->module, x->token)) {
        err_set(e, ERR_INVALID_PROGRAM, a->m->token, "Generic method constraints do not match.");
        return NULL;
    }
    u32 n;
    TypeHandle *args = type_method_inst(a->m, &n);
    return type_instantiate_method(x, args, n, e);
}

/* Of the type itself: its bases are not searched. */
static Method *find_method(const Accessor *a, MethodTable *mt, Err *e)
{
    bool is_static = a->kind == UA_STATIC_METHOD;
    for (u32 i = 0; !mt_is_array(mt) && i < mt->klass->num_methods; i++) {
        Method *x = type_method_by_rid(mt, type_method_rid(mt, i), e);
        if (!x)
            return NULL;
        if (strcmp(x->name, a->name) == 0 && !(x->flags & MF_STATIC) == !is_static && matches(a, x, e))
            return bound(a, x, e);
    }
    not_found(a, mt, false, e);
    return NULL;
}

static Field *find_field(const Accessor *a, MethodTable *mt, Err *e)
{
    Field *f = mt_is_array(mt) ? NULL : type_field_by_name(mt, a->name);
    MdSig own = md_sig(a->m->sig, a->m->sig_len), its = md_sig(f ? f->sig : NULL, f ? f->sig_len : 0);
    MdMethodSig head;
    bool ok = f && !(f->flags & FF_STATIC) == (a->kind == UA_FIELD) && md_sig_method(&own, &head) && md_sig_field(&its);
    if (ok && a->named[0]) {
        TypeHandle th = type_field_type(mt, f, e);
        ok = th && th_is_desc(a->named[0]) && th_desc(a->named[0])->elem == th;
    } else if (ok) {
        md_sig_skip_mods(&own);
        ok = md_sig_byte(&own) == ET_BYREF && type_sig_types_equal(a->m->mt->module, &own, mt->module, &its);
    }
    if (ok)
        return f;
    not_found(a, mt, true, e);
    return NULL;
}

/* ---- the body -------------------------------------------------------------------------------------------------------------------- */
static TypeHandle no_byref(TypeHandle th)
{
    TypeDesc *d = th_desc(th);
    return d && d->kind == TD_BYREF ? d->elem : th;
}

/* Where the token is read again in another generic context; NULL: it is the same in all. */
static const SigType *owner_in_context(const Accessor *a, u32 at)
{
    if (!(a->m->flags & (MF_CTX_MT | MF_CTX_METHOD)) || a->named[at])
        return a->open[at];
    return at ? &a->sig->params[at - 1] : &a->sig->ret;
}

/* Does the declaration have the shape that its kind asks for? */
static bool well_formed(const Accessor *a, TypeHandle target, bool variable)
{
    TypeDesc *d = th_desc(target);
    MethodTable *mt = target ? th_mt(no_byref(target)) : NULL;
    if (!mt || variable)
        return false;
    switch (a->kind) {
    case UA_CTOR: return !d && !a->has_name;
    case UA_FIELD: case UA_STATIC_FIELD:
        if (a->sig->num_params != 1 || (a->sig->ret.kind != ET_BYREF && !a->named[0]))
            return false;
        return a->kind == UA_STATIC_FIELD || !mt_is_valuetype(mt) || d;
    case UA_METHOD: return !mt_is_valuetype(mt) || d;
    default: return true;
    }
}

/* Is the target (0: the result, 1: the first parameter) declared as a bare variable? */
static bool is_variable(const Accessor *a, u32 at)
{
    MdSig s = md_sig(a->m->sig, a->m->sig_len);
    MdMethodSig head;
    if (a->named[at] || !md_sig_method(&s, &head))
        return false;
    if (at)
        md_sig_skip_type(&s);
    md_sig_skip_mods(&s);
    if (md_sig_peek(&s) == ET_BYREF)
        md_sig_byte(&s);
    return md_sig_peek(&s) == ET_VAR || md_sig_peek(&s) == ET_MVAR;
}

/* An argument that is declared as object and named as another class is cast. */
static void load_argument(const Accessor *a, IlBuilder *b, u32 i)
{
    TypeHandle th = a->named[i + 1];
    ilb_ldarg(b, i);
    if (th && th_mt(th) && !mt_is_valuetype(th_mt(th)) && a->sig->params[i].kind != ET_BYREF)
        ilb_op_token(b, IL_CASTCLASS, ilb_type_from(b, th, a->open[i + 1]));
}

/* Verified code does not get at what the framework keeps to itself: it could do anything with the insides of spans and delegates. */
static bool is_barred(const Accessor *a, const MethodTable *of, bool open)
{
    return !open && of->module->assembly->trusted && vm_verify_used && vm_verify_assembly(a->m->mt->module->assembly) == VM_VERIFY_ENFORCE;
}

static bool emit(const Accessor *a, IlBuilder *b, Err *e)
{
    u32 at = target_of(a);
    TypeHandle th = at <= a->sig->num_params && (at || a->sig->ret.kind != ET_VOID) ? type_at(a, at, e) : 0;
    MethodTable *mt = th ? th_mt(no_byref(th)) : NULL;
    if (!well_formed(a, th, th && is_variable(a, at)))
        return err_set(e, ERR_BAD_IMAGE, a->m->token, "Invalid usage of UnsafeAccessorAttribute.");
    const SigType *from = owner_in_context(a, at);
    if (a->kind == UA_FIELD || a->kind == UA_STATIC_FIELD) {
        Field *f = find_field(a, mt, e);
        if (f && is_barred(a, mt, (f->attrs & FD_ACCESS) == FD_PUBLIC && !(f->flags & FF_INITONLY)))
            return not_found(a, mt, true, e);
        if (!f)
            return false;
        if (a->kind == UA_FIELD)
            load_argument(a, b, 0);
        ilb_op_token(b, a->kind == UA_FIELD ? IL_LDFLDA : IL_LDSFLDA, ilb_field_from(b, f, mt, from));
    } else {
        Method *x = find_method(a, mt, e);
        if (x && is_barred(a, mt, (x->attrs & MD_ACCESS) == MD_PUBLIC))
            return not_found(a, mt, false, e);
        if (!x)
            return false;
        for (u32 i = a->kind == UA_STATIC_METHOD ? 1 : 0; i < a->sig->num_params; i++)
            load_argument(a, b, i);
        bool virt = a->kind == UA_METHOD && (x->flags & MF_VIRTUAL) && !mt_is_valuetype(mt);
        ilb_op_token(b, a->kind == UA_CTOR ? IL_NEWOBJ : virt ? IL_CALLVIRT : IL_CALL, ilb_method_from(b, x, from));
    }
    ilb_op(b, IL_RET);
    return true;
}

IlStub *vm_accessor_body(Method *m, Err *e)
{
    const MdImage *md = m->mt->module->md;
    u32 row = md_find_attribute(md, m->token, "System.Runtime.CompilerServices", "UnsafeAccessorAttribute");
    Accessor a = {.m = m, .sig = type_method_sig(m, e)};
    if (!a.sig)
        return NULL;
    if (!row || !md_attr_int(md, row, 0, &a.kind) || a.kind < UA_CTOR || a.kind > UA_STATIC_FIELD) {
        err_set(e, ERR_BAD_IMAGE, m->token, "Invalid usage of UnsafeAccessorAttribute.");
        return NULL;
    }
    snprintf(a.name, sizeof a.name, "%s", a.kind == UA_CTOR ? ".ctor" : m->name);
    MdAttrValue v;
    a.has_name = md_attr_find_named(md, row, "Name", &v) && !v.is_null;
    if (a.kind != UA_CTOR && a.has_name)
        snprintf(a.name, sizeof a.name, "%.*s", (int)v.str_len, v.str);
    a.named = base_calloc(a.sig->num_params + 1u, sizeof *a.named);
    a.open = base_calloc(a.sig->num_params + 1u, sizeof *a.open);
    IlBuilder b;
    ilb_begin(&b, type_method_context_of(m), "UnsafeAccessor", NULL);
    bool ok = name_types(&a, e) && emit(&a, &b, e);
    IlStub *s = ilb_finish_body(&b, a.sig);
    base_free(a.named);
    base_free(a.open);
    return ok ? s : NULL;
}
