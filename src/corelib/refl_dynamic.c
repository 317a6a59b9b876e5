/* refl_dynamic.c: System.Reflection.Emit.DynamicMethod.
 *
 * A dynamic method becomes a Method with an IL body of the VM's own kind (IlStub): its DynamicResolver is asked, at the time the handle is
 * made, for code, locals, clauses and what every token stands for, and the tokens in a copy of the code are renumbered to that table.  So
 * compilation runs no managed code.  DynamicMethod._methodHandle is set before the tokens are asked for, so that a method may call itself.
 * Another thread that finds that handle meanwhile and calls waits until the body is there.
 * Signatures of SignatureHelper hold type handles (ET_INTERNAL) where files hold tokens.
 * Each is a collectible context of its own, whose keeper is the resolver: frames that run hold it.  When the resolver is gone, a finaliser of its
 * calls RuntimeMethodHandle_Destroy, and body, code and stubs go away together (vm_unload.c).
 * Not here: types built at run time (refl_emit.c). */
#include "corelib/refl_int.h"

#include "vm/vm_code.h"
#include "vm/vm_unload.h"

enum { STUB_TOKEN = 0x7e000000, HANDLE_BYTES = 8 };

REFL(Object *, RuntimeMethodHandle_GetResolver, Method *m)
{
    return m && (m->flags & MF_DYNAMIC) && m->il_stub->resolver ? gc_handle_get(m->il_stub->resolver) : NULL;
}

/* Called when nothing refers to the method any more. */
REFL(void, RuntimeMethodHandle_Destroy, Method *m)
{
    if (m && (m->flags & MF_DYNAMIC))
        vm_unload_context(m->il_stub->alc);
}

/* --- Signatures with handles in them ------------------------------------------------------------------------------------------- */
static TypeHandle read_type(MdSig *s, u32 depth, Err *e);

static TypeHandle read_handle(MdSig *s)
{
    u64 v = 0;
    if (s->end - s->p < HANDLE_BYTES) {
        md_sig_fail(s);
        return 0;
    }
    memcpy(&v, s->p, HANDLE_BYTES);
    s->p += HANDLE_BYTES;
    return (TypeHandle)v;
}

static void skip_mods(MdSig *s)
{
    for (;;) {
        u8 et = md_sig_peek(s);
        if (et == ET_CMOD_REQD || et == ET_CMOD_OPT) {
            s->p++;
            md_sig_token(s);
        } else if (et == ET_CMOD_INTERNAL) {
            s->p += MIN(2, s->end - s->p);
            read_handle(s);
        } else {
            return;
        }
    }
}

static TypeHandle read_instance(MdSig *s, u32 depth, Err *e)
{
    TypeHandle small[16], *args = small, def = md_sig_byte(s) == ET_INTERNAL ? read_handle(s) : 0, r = 0;
    u32 n = md_sig_uint(s), i = 0;
    if (!def || th_is_desc(def) || n > (size_t)(s->end - s->p)) {
        err_set(e, ERR_BAD_IMAGE, 0, "Bad generic instance in a dynamic signature.");
        return 0;
    }
    if (n > ARRAY_LEN(small))
        args = base_malloc(n * sizeof *args);
    while (i < n && (args[i] = read_type(s, depth + 1, e)))
        i++;
    if (i == n)
        r = type_instantiate(th_mt(def)->klass->typical, args, n, e);
    if (args != small)
        base_free(args);
    return r;
}

static TypeHandle primitive(u8 et)
{
    static const u8 wk[] = {
        [ET_VOID] = WK_VOID, [ET_BOOLEAN] = WK_BOOLEAN, [ET_CHAR] = WK_CHAR, [ET_I1] = WK_SBYTE, [ET_U1] = WK_BYTE, [ET_I2] = WK_INT16,
        [ET_U2] = WK_UINT16, [ET_I4] = WK_INT32, [ET_U4] = WK_UINT32, [ET_I8] = WK_INT64, [ET_U8] = WK_UINT64, [ET_R4] = WK_SINGLE,
        [ET_R8] = WK_DOUBLE, [ET_STRING] = WK_STRING, [ET_OBJECT] = WK_OBJECT, [ET_I] = WK_INTPTR, [ET_U] = WK_UINTPTR,
        [ET_TYPEDBYREF] = WK_TYPEDREFERENCE,
    };
    return et < ARRAY_LEN(wk) && (wk[et] || et == ET_OBJECT) ? th_of(type_wk((WellKnown)wk[et])) : 0;
}

static TypeHandle read_type(MdSig *s, u32 depth, Err *e)
{
    skip_mods(s);
    u8 et = md_sig_byte(s);
    TypeHandle th = 0;
    MdArrayShape shape;
    if (s->bad || depth > 64) {
        err_set(e, ERR_BAD_IMAGE, 0, "Bad dynamic signature.");
        return 0;
    }
    switch (et) {
    case ET_INTERNAL: return read_handle(s);
    case ET_GENERICINST: return read_instance(s, depth, e);
    case ET_PINNED: return read_type(s, depth + 1, e);
    case ET_SZARRAY: return (th = read_type(s, depth + 1, e)) ? type_szarray_of(th, e) : 0;
    case ET_BYREF: return (th = read_type(s, depth + 1, e)) ? type_byref_to(th, e) : 0;
    case ET_PTR: return (th = read_type(s, depth + 1, e)) ? type_pointer_to(th, e) : 0;
    case ET_ARRAY:
        th = read_type(s, depth + 1, e);
        return th && md_sig_array_shape(s, &shape) ? type_mdarray_of(th, shape.rank, e) : 0;
    default:
        th = primitive(et);
        if (!th)
            err_set(e, ERR_BAD_IMAGE, 0, "Bad type in a dynamic signature (element 0x%02x).", et);
        return th;
    }
}

/* A SigType whose encoding names the type by its handle, so that readers of signatures can read it too. */
static SigType sigtype_of(LoadContext *alc, TypeHandle th)
{
    SigType s = ilb_sigtype(th);
    TypeDesc *d = th_desc(th);
    bool byref = d && d->kind == TD_BYREF;
    u8 *p = type_alloc(alc, HEAP_COLD, 2 + HANDLE_BYTES), *at = p;
    u64 v = byref ? d->elem : th;
    if (byref)
        *at++ = ET_BYREF;
    *at++ = ET_INTERNAL;
    memcpy(at, &v, HANDLE_BYTES);
    s.sig = p;
    s.module = type_corelib->module;
    return s;
}

static MethodSig *read_method_sig(LoadContext *alc, const u8 *sig, u32 len, Err *e)
{
    MdSig s = md_sig(sig, len);
    MdMethodSig head;
    s.internal = true;
    if (!md_sig_method(&s, &head) || head.param_count > 0xffff) {
        err_set(e, ERR_BAD_IMAGE, 0, "Bad dynamic method signature.");
        return NULL;
    }
    MethodSig *r = type_alloc(alc, HEAP_COLD, sizeof *r + head.param_count * sizeof(SigType));
    r->callconv = head.conv;
    r->has_this = head.has_this;
    r->explicit_this = head.explicit_this;
    r->num_params = (u16)head.param_count;
    r->sentinel = 0xffff;
    r->params = (SigType *)(r + 1);
    TypeHandle th = read_type(&s, 0, e);
    if (!th)
        return NULL;
    r->ret = sigtype_of(alc, th);
    for (u32 i = 0; i < head.param_count; i++) {
        if (md_sig_sentinel(&s))
            r->sentinel = (u16)i;
        if (!(th = read_type(&s, 0, e)))
            return NULL;
        r->params[i] = sigtype_of(alc, th);
    }
    return r;
}

static bool read_locals(IlStub *stub, const u8 *sig, u32 len, Err *e)
{
    MdSig s = md_sig(sig, len);
    u32 n;
    s.internal = true;
    if (!len)
        return true;
    if (!md_sig_locals(&s, &n) || n > 0xffff)
        return err_set(e, ERR_BAD_IMAGE, 0, "Bad local variable signature.");
    stub->locals = type_alloc(stub->alc, HEAP_COLD, n * sizeof(SigType) + 1);
    for (u32 i = 0; i < n; i++) {
        skip_mods(&s);
        bool pinned = md_sig_peek(&s) == ET_PINNED;
        TypeHandle th = read_type(&s, 0, e);
        if (!th)
            return false;
        stub->locals[i] = sigtype_of(stub->alc, th);
        stub->locals[i].pinned = pinned;
    }
    stub->num_locals = n;
    return true;
}

/* --- Asking the resolver ---------------------------------------------------------------------------------------------------------- */
static Method *resolver_method(Object *resolver, const char *name, i32 params)
{
    for (MethodTable *mt = resolver->mt; mt; mt = mt->parent) {
        Method *m = type_method_by_name(mt, name, params);
        if (m && !(m->attrs & MD_ABSTRACT))
            return m;
    }
    base_fatal(EXIT_MISSING, "stator: this System.Private.CoreLib has no %s.%s", resolver->mt->klass->name, name);
}

typedef struct Tokens {
    VEC(IlStubToken) v;
    Map64 seen; /* token -> number + 1 */
} Tokens;

static bool ask_token(Thread *t, Object *resolver, u32 token, IlStubToken *out)
{
    TypeHandle type = 0;
    Method *m = NULL;
    Field *f = NULL;
    Err e = {0};
    void *p_type = &type, *p_method = &m, *p_field = &f;
    void *args[] = {&resolver, &token, &p_type, &p_method, &p_field};
    if (!vm_call(t, resolver_method(resolver, "ResolveToken", 4), args, NULL))
        return false;
    *out = (IlStubToken){.type = type};
    if (m) {
        out->kind = STUB_TOKEN_METHOD;
        out->method = type && th_mt(type) ? refl_method_on(m, th_mt(type), &e) : m;
        return out->method || vm_throw_err(t, &e);
    }
    if (f) {
        out->kind = STUB_TOKEN_FIELD;
        MethodTable *owner = refl_field_owner(f, type);
        out->type = th_of(owner);
        /* code wants the canonical type's Field */
        out->field = owner == f->mt && owner->aux->canon != owner ? type_field_by_rid(owner, MD_RID(f->token), &e) : f;
        return out->field || vm_throw_err(t, &e);
    }
    out->kind = STUB_TOKEN_TYPE;
    return type != 0 || vm_throw(t, VM_ERR_INVALID_PROGRAM);
}

static bool ask_string(Thread *t, LoadContext *alc, Object *resolver, u32 token, IlStubToken *out)
{
    Object *s = NULL;
    void *args[] = {&resolver, &token};
    if (!vm_call(t, resolver_method(resolver, "GetStringLiteral", 1), args, &s))
        return false;
    if (!s)
        return vm_throw(t, VM_ERR_INVALID_PROGRAM);
    *out = (IlStubToken){.kind = STUB_TOKEN_STRING, .string = type_context_handle(alc, s)}; /* interned when it is compiled */
    return true;
}

/* Bytes of a managed byte[] that will be read while managed code may run: copied. */
static u8 *copy_bytes(LoadContext *alc, Object *array, u32 *n)
{
    Array *a = (Array *)array;
    *n = a ? a->length : 0;
    u8 *p = type_alloc(alc, HEAP_COLD, *n + 1);
    if (*n)
        memcpy(p, a->data, *n);
    return p;
}

static bool ask_signature(Thread *t, LoadContext *alc, Object *resolver, u32 token, IlStubToken *out)
{
    Object *bytes = NULL;
    i32 from_method = 0;
    u32 n;
    Err e = {0};
    void *args[] = {&resolver, &token, &from_method};
    if (!vm_call(t, resolver_method(resolver, "ResolveSignature", 2), args, &bytes))
        return false;
    if (!bytes)
        return vm_throw(t, VM_ERR_INVALID_PROGRAM);
    const u8 *sig = copy_bytes(alc, bytes, &n);
    *out = (IlStubToken){.kind = STUB_TOKEN_SIG, .sig = read_method_sig(alc, sig, n, &e)};
    return out->sig || vm_throw_err(t, &e);
}

/* The number that replaces token; 0: pending. */
static u32 renumber(Thread *t, IlStub *stub, Tokens *tokens, Object *resolver, u32 token, u8 operand)
{
    u64 n = 0, key = (u64)operand << 32 | token;
    if (operand != IL_OPR_STRING && operand != IL_OPR_SIG)
        key = token;
    if (map64_get(&tokens->seen, key, &n))
        return (u32)n;
    IlStubToken x = {0};
    bool ok = operand == IL_OPR_STRING ? ask_string(t, stub->alc, resolver, token, &x)
              : operand == IL_OPR_SIG  ? ask_signature(t, stub->alc, resolver, token, &x)
                                       : ask_token(t, resolver, token, &x);
    if (!ok)
        return 0;
    vec_push(&tokens->v, x);
    n = STUB_TOKEN | (tokens->v.len - 1);
    map64_put(&tokens->seen, key, n);
    return (u32)n;
}

static bool renumber_code(Thread *t, IlStub *stub, Tokens *tokens, Object *resolver, u8 *code, u32 size)
{
    IlInst in;
    for (u32 at = 0; at < size; at = in.offset + in.size) {
        if (!il_decode(code, size, at, &in))
            return vm_throw(t, VM_ERR_INVALID_PROGRAM);
        switch (in.operand) {
        case IL_OPR_METHOD: case IL_OPR_FIELD: case IL_OPR_TYPE: case IL_OPR_TOKEN: case IL_OPR_SIG: case IL_OPR_STRING: {
            u32 n = renumber(t, stub, tokens, resolver, in.token, in.operand);
            if (!n)
                return false;
            memcpy(code + in.offset + in.size - 4, &n, 4);
            break;
        }
        default:
            break;
        }
    }
    return true;
}

/* Clauses of the body in the fat format of files, with tokens renumbered. */
static bool ask_clauses(Thread *t, IlStub *stub, Tokens *tokens, Object *resolver, u32 count)
{
    enum { FAT = 24, CATCH = 0, KINDS = 7 };
    if (!count)
        return true;
    Object *raw = NULL;
    void *raw_args[] = {&resolver};
    if (!vm_call(t, resolver_method(resolver, "GetRawEHInfo", 0), raw_args, &raw))
        return false;
    u8 *out = type_alloc(stub->alc, HEAP_COLD, count * FAT);
    if (raw) { /* a section with its header */
        u32 n;
        const u8 *p = copy_bytes(stub->alc, raw, &n);
        bool fat = p[0] & 0x40;
        IlBody b = {.clause_count = count, .clauses = p + 4, .clauses_fat = fat};
        if (4 + count * (fat ? 24u : 12u) > n)
            return vm_throw(t, VM_ERR_INVALID_PROGRAM);
        for (u32 i = 0; i < count; i++) {
            IlClause c;
            il_clause(&b, i, &c);
            u32 w[6] = {c.kind, c.try_start, c.try_end - c.try_start, c.handler_start, c.handler_end - c.handler_start,
                        c.kind == IL_EH_FILTER ? c.filter_start : c.class_token};
            memcpy(out + i * FAT, w, FAT);
        }
    } else {
        Method *get = resolver_method(resolver, "GetEHInfo", 2);
        for (u32 i = 0; i < count; i++) {
            u32 w[6] = {0};
            void *p = w;
            void *args[] = {&resolver, &i, &p};
            if (!vm_call(t, get, args, NULL))
                return false;
            w[0] &= KINDS;
            memcpy(out + i * FAT, w, FAT);
        }
    }
    for (u32 i = 0; i < count; i++) {
        u32 kind, token;
        memcpy(&kind, out + i * FAT, 4);
        if (kind != CATCH)
            continue;
        memcpy(&token, out + i * FAT + 20, 4);
        token = renumber(t, stub, tokens, resolver, token, IL_OPR_TYPE);
        if (!token)
            return false;
        memcpy(out + i * FAT + 20, &token, 4);
    }
    stub->clauses = out;
    stub->num_clauses = count;
    return true;
}

static bool fill_body(Thread *t, IlStub *stub, Object *resolver)
{
    i32 stack = 0, init = 0, clauses = 0;
    Object *code = NULL, *locals = NULL;
    Err e = {0};
    Tokens tokens = {0};
    u32 size, n;
    void *p_stack = &stack, *p_init = &init, *p_clauses = &clauses;
    void *args[] = {&resolver, &p_stack, &p_init, &p_clauses};
    if (!vm_call(t, resolver_method(resolver, "GetCodeInfo", 3), args, &code))
        return false;
    if (!code)
        return vm_throw(t, VM_ERR_INVALID_PROGRAM);
    u8 *il = copy_bytes(stub->alc, code, &size);
    if (!vm_call(t, resolver_method(resolver, "GetLocalsSignature", 0), args, &locals))
        return false;
    const u8 *sig = copy_bytes(stub->alc, locals, &n);
    if (!read_locals(stub, sig, n, &e))
        return vm_throw_err(t, &e);
    bool ok = renumber_code(t, stub, &tokens, resolver, il, size) && ask_clauses(t, stub, &tokens, resolver, (u32)clauses);
    if (ok) {
        stub->tokens = type_alloc(stub->alc, HEAP_COLD, tokens.v.len * sizeof(IlStubToken) + 1);
        if (tokens.v.len)
            memcpy(stub->tokens, tokens.v.data, tokens.v.len * sizeof(IlStubToken));
        stub->num_tokens = tokens.v.len;
        stub->code = il;
        stub->code_size = size;
        stub->max_stack = (u32)stack;
        stub->init_locals = init != 0;
    }
    vec_free(&tokens.v);
    map64_free(&tokens.seen);
    return ok;
}

/* --- The handle ------------------------------------------------------------------------------------------------------------------------ */
static Method *new_dynamic_method(LoadContext *alc, Module *module, const char *name, const u8 *sig, u32 len, Err *e)
{
    MethodTable *owner = type_load_typedef(module, MD_TOKEN(MDT_TypeDef, 1), e);
    u8 *bytes = type_alloc(alc, HEAP_COLD, len + 1);
    memcpy(bytes, sig, len);
    MethodSig *msig = owner ? read_method_sig(alc, bytes, len, e) : NULL;
    if (!msig)
        return NULL;
    IlStub *stub = type_alloc(alc, HEAP_COLD, sizeof *stub);
    stub->alc = alc;
    stub->kind = "dynamic method";
    Method *m = type_alloc(alc, HEAP_HOT, sizeof *m);
    m->mt = owner;
    m->canon = m;
    m->flags = MF_STUB | MF_DYNAMIC | (msig->has_this ? 0 : MF_STATIC);
    m->slot = 0xffff;
    m->index = 0xffff;
    m->attrs = MD_PUBLIC | (msig->has_this ? 0 : MD_STATIC);
    m->name = type_strdup(alc, name);
    m->sig = bytes;
    m->sig_len = len;
    m->msig = msig;
    m->il_stub = stub;
    m->context = type_context_number(alc);
    return m;
}

REFL(void, ModuleHandle_GetDynamicMethod, QCallModule module, const char *name, const u8 *sig, i32 len, ObjectHandleOnStack resolver,
     ObjectHandleOnStack out)
{
    Err e = {0};
    LoadContext *alc = type_context_new(module.module->alc->domain, true, NULL);
    Method *m = new_dynamic_method(alc, module.module, name ? name : "", sig, (u32)len, &e);
    bool done = false;
    QCALL_BEGIN(t);
    if (!m) {
        vm_throw_err(t, &e);
    } else {
        m->il_stub->resolver = alc->keeper = gc_handle_new(t->domain, GC_HANDLE_WEAK_TRACK, *resolver.ptr);
        type_client.method_made(m);
        Object *handle = vm_method_stub_object(t, m);
        if (handle) {
            Object *dynamic = RF_VAL(*resolver.ptr, RESOLVER_METHOD, Object *);
            vm_hold_compilation(t, m); /* from here on other threads can call it, and wait for its body */
            if (dynamic)
                gc_store_ref((Object **)((char *)dynamic + refl_offset(RF_DYNAMIC_METHOD_HANDLE)), handle);
            done = fill_body(t, m->il_stub, *resolver.ptr);
            vm_allow_compilation(t, m);
            if (done)
                qc_set_object(out, handle);
            else if (dynamic)
                gc_store_ref((Object **)((char *)dynamic + refl_offset(RF_DYNAMIC_METHOD_HANDLE)), NULL);
        }
    }
    QCALL_END(t);
    if (!done)
        vm_unload_context(alc);
}
