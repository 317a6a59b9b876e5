/* vm_ilstub.c: IL bodies made by the VM: the builder, and how their tokens resolve.
 * A body lives in a loader heap with its tokens and locals; the builder's own arrays are freed by ilb_finish.
 * Book: vm.md  Tests: tests/il */
#include "vm/vm_code.h"

typedef struct BuildState {
    VEC(IlStubToken) tokens;
    VEC(SigType) locals;
} BuildState;
enum { STUB_TOKEN_BASE = 0x7e000000 };

static BuildState *state(IlBuilder *b) { return (BuildState *)(void *)b->unused; }

void ilb_begin(IlBuilder *b, LoadContext *alc, const char *kind, Method *target)
{
    *b = (IlBuilder){.alc = alc};
    b->unused = base_calloc(1, sizeof(BuildState));
    b->stub = type_alloc(alc, HEAP_COLD, sizeof(IlStub));
    b->stub->alc = alc;
    b->stub->kind = kind;
    b->stub->target = target;
    b->stub->hidden_from_trace = true;
    b->stub->init_locals = true;
}

static void put(IlBuilder *b, const void *p, u32 n)
{
    for (u32 i = 0; i < n; i++)
        vec_push(&b->code, ((const u8 *)p)[i]);
}

u32 ilb_pos(const IlBuilder *b) { return b->code.len; }

void ilb_op(IlBuilder *b, u32 op)
{
    if (op >= 0x100)
        vec_push(&b->code, 0xFE);
    vec_push(&b->code, (u8)op);
}

void ilb_op_u8(IlBuilder *b, u32 op, u8 v)
{
    ilb_op(b, op);
    vec_push(&b->code, v);
}

void ilb_op_i32(IlBuilder *b, u32 op, i32 v)
{
    ilb_op(b, op);
    put(b, &v, 4);
}

void ilb_op_token(IlBuilder *b, u32 op, u32 token) { ilb_op_i32(b, op, (i32)token); }

void ilb_i8(IlBuilder *b, i64 v)
{
    ilb_op(b, IL_LDC_I8);
    put(b, &v, 8);
    ilb_op(b, IL_CONV_I);
}

void ilb_ldarg(IlBuilder *b, u32 n)
{
    if (n < 4)
        ilb_op(b, IL_LDARG_0 + n);
    else if (n < 256)
        ilb_op_u8(b, IL_LDARG_S, (u8)n);
    else
        ilb_local_op(b, IL_LDARG, n);
}

void ilb_local_op(IlBuilder *b, u32 op, u32 n)
{
    u16 v = (u16)n;
    ilb_op(b, op);
    put(b, &v, 2);
}

u32 ilb_branch(IlBuilder *b, u32 op)
{
    ilb_op_i32(b, op, 0);
    return b->code.len - 4;
}

void ilb_bind(IlBuilder *b, u32 patch)
{
    i32 d = (i32)(b->code.len - (patch + 4));
    memcpy(b->code.data + patch, &d, 4);
}

void ilb_branch_to(IlBuilder *b, u32 op, u32 target)
{
    u32 patch = ilb_branch(b, op);
    i32 d = (i32)target - (i32)(patch + 4);
    memcpy(b->code.data + patch, &d, 4);
}

u32 ilb_local(IlBuilder *b, const SigType *type)
{
    vec_push(&state(b)->locals, *type);
    return state(b)->locals.len - 1;
}

static u32 add_token(IlBuilder *b, IlStubToken t)
{
    vec_push(&state(b)->tokens, t);
    return STUB_TOKEN_BASE | (state(b)->tokens.len - 1);
}

u32 ilb_type(IlBuilder *b, TypeHandle th) { return add_token(b, (IlStubToken){.kind = STUB_TOKEN_TYPE, .type = th}); }
u32 ilb_method(IlBuilder *b, Method *m) { return add_token(b, (IlStubToken){.kind = STUB_TOKEN_METHOD, .method = m}); }
u32 ilb_field(IlBuilder *b, Field *f, MethodTable *owner)
{
    return add_token(b, (IlStubToken){.kind = STUB_TOKEN_FIELD, .field = f, .type = th_of(owner)});
}
u32 ilb_method_from(IlBuilder *b, Method *m, const SigType *from)
{
    return add_token(b, (IlStubToken){.kind = STUB_TOKEN_METHOD, .method = m, .from = from});
}
u32 ilb_type_from(IlBuilder *b, TypeHandle th, const SigType *from)
{
    return add_token(b, (IlStubToken){.kind = STUB_TOKEN_TYPE, .type = th, .from = from});
}
u32 ilb_field_from(IlBuilder *b, Field *f, MethodTable *owner, const SigType *from)
{
    return add_token(b, (IlStubToken){.kind = STUB_TOKEN_FIELD, .field = f, .type = th_of(owner), .from = from});
}
u32 ilb_sig(IlBuilder *b, const MethodSig *sig) { return add_token(b, (IlStubToken){.kind = STUB_TOKEN_SIG, .sig = sig}); }

SigType ilb_sigtype(TypeHandle th)
{
    SigType s = {.kind = type_elem_kind(th), .th = th};
    if (type_is_shared(th))
        s.shared = true;
    return s;
}

SigType ilb_sigtype_byref(void)
{
    static const u8 byref_to_byte[2] = {ET_BYREF, ET_U1};
    return (SigType){.kind = ET_BYREF, .sig = byref_to_byte, .module = type_corelib->module};
}

MethodSig *ilb_sig_copy(LoadContext *alc, const MethodSig *sig, bool has_this, const SigType *first)
{
    u32 n = sig->num_params, extra = first != NULL;
    MethodSig *r = type_alloc(alc, HEAP_COLD, sizeof *r + (n + extra) * sizeof(SigType));
    *r = *sig;
    r->params = (SigType *)(r + 1);
    if (first)
        r->params[0] = *first;
    memcpy(r->params + extra, sig->params, n * sizeof(SigType));
    r->num_params = (u16)(n + extra);
    r->has_this = has_this;
    r->explicit_this = false;
    r->callconv = SIG_DEFAULT;
    r->num_generic = 0;
    return r;
}

static void *to_heap(LoadContext *alc, const void *p, size_t n)
{
    void *q = type_alloc(alc, HEAP_COLD, n ? n : 1);
    if (n)
        memcpy(q, p, n);
    return q;
}

IlStub *ilb_finish_body(IlBuilder *b, const MethodSig *sig)
{
    BuildState *st = state(b);
    IlStub *s = b->stub;
    s->code = to_heap(b->alc, b->code.data, b->code.len);
    s->code_size = b->code.len;
    s->tokens = to_heap(b->alc, st->tokens.data, st->tokens.len * sizeof(IlStubToken));
    s->num_tokens = st->tokens.len;
    s->locals = to_heap(b->alc, st->locals.data, st->locals.len * sizeof(SigType));
    s->num_locals = st->locals.len;
    s->max_stack = MAX(b->max_stack, sig->num_params + 12u);
    vec_free(&b->code);
    vec_free(&st->tokens);
    vec_free(&st->locals);
    base_free(st);
    b->unused = NULL;
    return s;
}

Method *ilb_finish(IlBuilder *b, MethodTable *owner, const MethodSig *sig, const char *name)
{
    IlStub *s = ilb_finish_body(b, sig);
    Method *m = type_alloc(b->alc, HEAP_HOT, sizeof *m);
    m->mt = owner;
    m->canon = m;
    m->flags = MF_STUB | (sig->has_this ? 0 : MF_STATIC);
    m->slot = 0xffff;
    m->index = 0xffff;
    m->attrs = MD_PUBLIC | (sig->has_this ? 0 : MD_STATIC);
    m->name = name;
    m->msig = ilb_sig_copy(b->alc, sig, sig->has_this, NULL);
    m->il_stub = s;
    m->context = type_context_number(b->alc);
    type_client.method_made(m);
    LOG(interop, 2, "%s stub %s", s->kind, name);
    return m;
}

/* ---- tokens ---------------------------------------------------------------------------------------------------------- */
static bool token(IlStub *s, u32 tok, u8 kind, IlStubToken *out)
{
    u32 i = tok & 0xffffff;
    if ((tok & ~0xffffffu) != STUB_TOKEN_BASE || i >= s->num_tokens || s->tokens[i].kind != kind)
        return false;
    *out = s->tokens[i];
    return true;
}

static TypeHandle stub_type(IlStub *s, u32 tok, const SigType **from)
{
    IlStubToken t;
    *from = NULL;
    if (!token(s, tok, STUB_TOKEN_TYPE, &t))
        return 0;
    *from = t.from;
    return t.type;
}

/* The type that t->from is in c, or the base of it that owner's definition is. */
static MethodTable *owner_in(const IlStubToken *t, const SigContext *c, const MethodTable *owner, Err *e)
{
    SigContext k = *c;
    k.module = t->from->module;
    k.stub = NULL;
    const u8 *p = t->from->sig;
    TypeHandle th = type_from_sig(&k, &p, p + 0x1000000, e);
    TypeDesc *d = th ? th_desc(th) : NULL;
    MethodTable *mt = th_mt(d && d->kind == TD_BYREF ? d->elem : th);
    while (mt && mt->klass->typical != owner->klass->typical)
        mt = mt->parent;
    return mt;
}

static Method *stub_method(IlStub *s, u32 tok, const SigContext *c, bool *shared, Err *e)
{
    IlStubToken t;
    if (!token(s, tok, STUB_TOKEN_METHOD, &t))
        return NULL;
    if (!t.from || !c)
        return t.method;
    MethodTable *mt = owner_in(&t, c, t.method->mt, e);
    Method *m = mt ? type_method_by_rid(mt, MD_RID(t.method->token), e) : NULL;
    if (m && m->num_generic)
        m = type_instantiate_method(m, c->method_args, c->num_method_args, e);
    if (m && shared)
        *shared = (m->flags & (MF_CTX_MT | MF_CTX_METHOD)) || type_is_shared(th_of(mt));
    return m;
}

static Field *stub_field(IlStub *s, u32 tok, const SigContext *c, MethodTable **owner, bool *shared, Err *e)
{
    IlStubToken t;
    if (!token(s, tok, STUB_TOKEN_FIELD, &t))
        return NULL;
    *owner = th_mt(t.type);
    if (t.from && c) {
        *owner = owner_in(&t, c, *owner, e);
        if (*owner && shared)
            *shared = type_is_shared(th_of(*owner));
        return *owner ? type_field_by_rid(*owner, MD_RID(t.field->token), e) : NULL;
    }
    return t.field;
}

static const MethodSig *stub_sig(IlStub *s, u32 tok)
{
    IlStubToken t;
    return token(s, tok, STUB_TOKEN_SIG, &t) ? t.sig : NULL;
}

static bool stub_body(IlStub *s, IlBody *body, const SigType **locals, u32 *num_locals)
{
    *body = (IlBody){.code = s->code, .code_size = s->code_size, .max_stack = s->max_stack, .init_locals = s->init_locals,
                     .fat = true, .clause_count = s->num_clauses, .clauses = s->clauses, .clauses_fat = true};
    *locals = s->locals;
    *num_locals = s->num_locals;
    return true;
}

static void *stub_native(IlStub *s, bool *suppress_transition)
{
    *suppress_transition = s->suppress_transition;
    return s->native_target;
}

static bool body_override(Method *m, IlBody *body, IlStub **stub)
{
    if (m->il_stub) {
        *stub = m->il_stub;
        return true;
    }
    return vm_body_override && vm_body_override(m, body, stub);
}

void vm_ilstub_init(void)
{
    type_client.stub_type = stub_type;
    type_client.stub_method = stub_method;
    type_client.stub_field = stub_field;
    sem_client.stub_body = stub_body;
    sem_client.stub_sig = stub_sig;
    sem_client.stub_native = stub_native;
    sem_client.body_override = body_override;
}
