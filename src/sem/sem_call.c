/* sem_call.c: which method a call reaches, and how: dispatch, constrained calls, hidden arguments, newobj, calli, ldftn.
 * In: decoded call, callvirt, newobj, calli, jmp, ldftn or ldvirtftn.  Out: SemCall.
 * The hidden argument of shared code is a constant where the target is exact, else a dictionary slot of the caller (D10).
 * Not here: intrinsics (sem_intrinsics.c).  Book: sem.md  Tests: tests/unit/sem/, tests/il/ */
#include "sem/sem_int.h"

static inline Method *canon_of(Method *m) { return m->canon ? m->canon : m; }

/* Hidden argument for a direct call of m.  owner_kind/owner_token: how to look its exact owner up. */
static bool set_ctx(SemWalk *w, SemCall *c, Method *m, bool shared, DictKind owner_kind, u32 owner_token, Err *e)
{
    u32 f = canon_of(m)->flags;
    if (f & MF_CTX_METHOD) {
        c->ctx = SEM_CTX_METHOD;
        if (shared)
            return sem_lookup(w, DICT_METHOD, w->priv->in.token, 0, &c->ctx_lookup, e);
        c->ctx_const = m;
    } else if (f & MF_CTX_MT) {
        c->ctx = SEM_CTX_MT;
        if (shared)
            return sem_lookup(w, owner_kind, owner_token, 0, &c->ctx_lookup, e);
        c->ctx_const = m->mt;
    }
    return true;
}

static bool direct(SemWalk *w, SemCall *c, Method *m, bool shared, Err *e)
{
    c->m = m;
    c->dispatch = SEM_CALL_DIRECT;
    w->priv->maybe_intrinsic = sem_may_expand(m);
    w->priv->call_shared = shared;
    if (UNLIKELY(w->priv->maybe_intrinsic))
        return true; /* no slot is asked for before it is known to be needed: finish_direct */
    return set_ctx(w, c, m, shared, DICT_METHOD_OWNER, w->priv->in.token, e);
}

/* The direct call was not expanded after all. */
static bool finish_direct(SemWalk *w, SemCall *c, Err *e)
{
    if (!w->priv->maybe_intrinsic)
        return true;
    w->priv->maybe_intrinsic = false;
    return set_ctx(w, c, c->m, w->priv->call_shared, DICT_METHOD_OWNER, w->priv->in.token, e);
}

static bool exact_method(SemWalk *w, SemCall *c, bool shared, Err *e)
{
    return !shared || sem_lookup(w, DICT_METHOD, w->priv->in.token, 0, &c->method_lookup, e);
}

/* callvirt without constraint: the receiver is an object. */
static bool virtual_call(SemWalk *w, SemCall *c, Method *m, bool shared, Err *e)
{
    MethodTable *mt = m->mt;
    c->m = m;
    if (!(m->flags & MF_VIRTUAL) || (!mt_is_interface(mt) && ((m->flags & MF_FINAL) || (mt->flags2 & MT2_SEALED)) && !(m->flags & MF_ABSTRACT))) {
        c->null_check = true;
        return direct(w, c, shared && m->num_generic ? m : type_direct_body(m), shared, e);
    }
    if (m->num_generic) {
        c->dispatch = SEM_CALL_GENERIC_VIRTUAL;
        return exact_method(w, c, shared, e);
    }
    if (mt_is_interface(mt)) {
        c->dispatch = SEM_CALL_INTERFACE;
        return exact_method(w, c, shared, e);
    }
    if (m->slot == 0xffff)
        return sem_invalid(e);
    c->dispatch = SEM_CALL_VIRTUAL;
    return true;
}

/* An implementation that depends on the caller's generic context, whole: the dictionary holds the Method. */
static bool by_lookup(SemWalk *w, SemCall *c, Method *m, Err *e)
{
    c->m = m;
    c->dispatch = SEM_CALL_LOOKUP;
    c->ctx = SEM_CTX_NONE;
    return sem_lookup(w, DICT_CONSTRAINED, w->priv->in.token, w->priv->pf_constrained, &c->method_lookup, e);
}

/* May the exact types choose between several instantiations of the interface, where over __Canon they look the same? */
static bool ambiguous(TypeHandle th, Method *m)
{
    u32 n, found = 0;
    bool generic = mt_is_interface(m->mt) && m->mt->klass->num_generic;
    MethodTable **map = generic && !th_is_desc(th) ? type_interfaces(th_mt(th)->klass->typical, &n, NULL) : NULL;
    for (u32 i = 0; map && i < n; i++)
        found += map[i]->klass->typical == m->mt->klass->typical;
    return found > 1;
}

/* constrained. T, static method (§III.2.1 as amended): T's implementation. */
static bool constrained_static(SemWalk *w, SemCall *c, Method *m, bool shared, Err *e)
{
    bool t_shared = false;
    TypeHandle th = type_resolve_type(&w->ctx, w->priv->pf_constrained, &t_shared, e);
    if (!th)
        return false;
    if (!(m->flags & MF_VIRTUAL))
        return direct(w, c, m, shared, e);
    if (shared || t_shared) {
        Method *impl = th_is_valuetype(th) && !(shared && m->num_generic) && !ambiguous(th, m) ? type_find_constrained(th, m, NULL) : NULL;
        if (impl && !(canon_of(impl)->flags & (MF_CTX_MT | MF_CTX_METHOD | MF_CTX_THIS)) && !mt_is_interface(impl->mt))
            return direct(w, c, impl, false, e); /* the same code whatever the context is */
        return by_lookup(w, c, m, e);
    }
    Method *impl = type_find_constrained(th, m, e);
    return impl && direct(w, c, impl, false, e);
}

static bool box_this(SemWalk *w, SemCall *c, bool t_shared, Err *e)
{
    c->this_fix = SEM_THIS_BOX;
    return !t_shared || sem_lookup(w, DICT_TYPE, w->priv->pf_constrained, 0, &c->this_type.exact, e);
}

/* constrained. T callvirt, T a value type. */
static bool constrained_value(SemWalk *w, SemCall *c, Method *m, bool shared, bool t_shared, Err *e)
{
    TypeHandle th = c->this_type.th;
    bool any = shared || t_shared;
    if (th_mt(th)->flags & MTF_BYREF_LIKE) { /* what is inherited would need a box */
        Method *own = m->flags & MF_VIRTUAL ? type_find_constrained(th, m, NULL) : m;
        if (!own || !mt_is_valuetype(own->mt))
            return sem_invalid(e);
    }
    if (!(m->flags & MF_VIRTUAL)) {
        if (mt_is_valuetype(m->mt))
            return direct(w, c, m, shared, e);
        c->null_check = mt_is_nullable(th_mt(th));
        return box_this(w, c, t_shared, e) && direct(w, c, m, shared, e);
    }
    Err why;
    why.kind = ERR_NONE;
    why.name[0] = 0;
    why.hresult = 0;
    Method *impl = any && ambiguous(th, m) ? NULL : type_find_constrained(th, m, &why);
    if (!impl && any)
        return by_lookup(w, c, m, e);
    if (!impl && why.kind == ERR_TYPE_LOAD && mt_is_interface(m->mt)) /* several default methods: raised when the call is reached */
        return box_this(w, c, t_shared, e) && virtual_call(w, c, m, shared, e);
    if (!impl) {
        if (e && e->kind == ERR_NONE)
            *e = why;
        return false;
    }
    if (mt_is_valuetype(impl->mt)) {
        if (any && (canon_of(impl)->flags & MF_CTX_METHOD))
            return by_lookup(w, c, m, e);
        c->m = impl;
        c->dispatch = SEM_CALL_DIRECT;
        return set_ctx(w, c, impl, t_shared, DICT_TYPE, w->priv->pf_constrained, e);
    }
    if (!box_this(w, c, t_shared, e))
        return false;
    if (mt_is_interface(impl->mt) || m->num_generic)
        return virtual_call(w, c, m, shared, e);
    return direct(w, c, impl, false, e); /* Object's, ValueType's or Enum's */
}

static bool constrained_call(SemWalk *w, SemCall *c, Method *m, bool shared, Err *e)
{
    bool t_shared = false;
    TypeHandle th = type_resolve_type(&w->ctx, w->priv->pf_constrained, &t_shared, e);
    if (!th)
        return false;
    c->this_type = sem_type_of(th);
    if (th_is_valuetype(th))
        return constrained_value(w, c, m, shared, t_shared, e);
    c->this_fix = SEM_THIS_DEREF;
    return virtual_call(w, c, m, shared, e);
}

/* --- Signatures --------------------------------------------------------------------------------------------------------------- */
/* As the reference on this platform. */
static bool no_varargs(Err *e) { return err_set(e, ERR_INVALID_PROGRAM, 0, "Vararg calling convention not supported."); }

static bool set_sig(SemWalk *w, SemCall *c, Err *e)
{
    if (LIKELY(!(c->m->flags & MF_VARARG)) || w->priv->stub) {
        c->sig = type_method_sig(c->m, e);
        return c->sig != NULL;
    }
    return no_varargs(e);
}

static u32 stack_args(const MethodSig *s) { return s->num_params + (u32)(s->has_this && !s->explicit_this); }

static void push_result(SemWalk *w, SemInst *o, const SigType *t)
{
    if (t->kind != ET_VOID)
        sem_push_type(w, o, t->kind, t->kind == ET_VALUETYPE || t->kind == ET_TYPEDBYREF || !t->shared ? t->th : 0);
}

/* Can the callee's result be our own as it lies in its register?  Else the call is an ordinary one, and ret converts. */
static bool same_result(const SigType *to, const SigType *from)
{
    u8 a = sem_kind_of(to), b = sem_kind_of(from);
    if (a == SEM_VALUE && b == SEM_VALUE)
        return to->th == from->th || !to->th || !from->th || type_size(to->th) == type_size(from->th);
    if (a == SEM_I4 && b == SEM_I4)
        return to->kind == from->kind || to->kind == ET_I4 || to->kind == ET_U4;
    return a == b || (sem_is_word(a) && sem_is_word(b) && a != SEM_I4 && b != SEM_I4);
}

static bool before_ret(SemWalk *w, const MethodSig *callee)
{
    IlInst in;
    return w->priv->pf_tail && sem_peek(w, w->priv->pos, &in) && in.op == IL_RET && same_result(&w->sig->ret, &callee->ret);
}

/* The last argument may need widening; the others are as compilers leave them. */
static bool coerce_last(SemWalk *w, SemInst *o, const MethodSig *s, u32 above)
{
    return above == 0 && s->num_params && w->depth && sem_coerce(w, o, sem_kind_of(&s->params[s->num_params - 1]));
}

/* Is there an implicit conversion from this kind to a parameter's?  (§III.1.6; integers, pointers and byrefs meet freely.) */
static bool passes(u8 to, u8 from)
{
    switch (to) {
    case SEM_F4: case SEM_F8: return sem_is_float(from);
    case SEM_VALUE: return from == SEM_VALUE;
    case SEM_I4: return from == SEM_I4 || from == SEM_I || from == SEM_I8 || from == SEM_BYREF;
    case SEM_REF: return sem_is_word(from) && from != SEM_I4;
    default: return sem_is_word(from);
    }
}

static bool check_args(SemWalk *w, const MethodSig *s, u32 above, Err *e)
{
    const SemValue *v = &w->stack[w->depth - above - s->num_params];
    for (u32 i = 0; i < s->num_params; i++) {
        u8 kind = (u8)sem_kind_of(&s->params[i]);
        if (UNLIKELY(!passes(kind, v[i].kind)))
            return sem_invalid(e);
        if (kind == SEM_VALUE && UNLIKELY(s->params[i].th != v[i].th) && s->params[i].th && v[i].th &&
            type_size(s->params[i].th) != type_size(v[i].th))
            return sem_invalid(e);
    }
    return true;
}

/* --- call, callvirt, jmp ------------------------------------------------------------------------------------------------------------- */
static bool pick(SemWalk *w, SemCall *c, Method *m, bool shared, Err *e)
{
    SemPrivate *p = w->priv;
    bool is_virtual = p->in.op == IL_CALLVIRT;
    if (m->flags & MF_STATIC) {
        if (is_virtual)
            return sem_invalid(e);
        if ((m->flags & MF_ABSTRACT) && !p->pf_constrained)
            return err_set(e, ERR_BAD_IMAGE, p->in.token, "Bad IL format.");
        return p->pf_constrained ? constrained_static(w, c, m, shared, e) : direct(w, c, m, shared, e);
    }
    if (m->flags & MF_ARRAY && m->array_kind != ARRAY_CTOR) {
        c->m = m;
        c->dispatch = SEM_CALL_ARRAY;
        c->readonly = p->pf_readonly;
        c->newobj_type = sem_type_of(th_of(m->mt));
        return !shared || sem_lookup(w, DICT_METHOD_OWNER, p->in.token, 0, &c->newobj_type.exact, e);
    }
    if (mt_is_delegate(m->mt) && (m->flags & MF_RUNTIME) && strcmp(m->name, "Invoke") == 0) {
        c->m = m;
        c->dispatch = SEM_CALL_DELEGATE;
        return true;
    }
    if (p->pf_constrained && is_virtual)
        return constrained_call(w, c, m, shared, e);
    if (UNLIKELY(m->flags & MF_ABSTRACT) && !is_virtual)
        return err_set(e, ERR_BAD_IMAGE, p->in.token, "Bad IL format.");
    if (is_virtual)
        return virtual_call(w, c, m, shared, e);
    return direct(w, c, shared && m->num_generic ? m : type_direct_body(m), shared, e);
}

static bool plain_call(SemWalk *w, SemInst *o, Method *m, bool shared, Err *e)
{
    SemPrivate *p = w->priv;
    SemCall *c = &o->call;
    p->maybe_intrinsic = false;
    if (!pick(w, c, m, shared, e) || !set_sig(w, c, e))
        return false;
    u32 n = stack_args(c->sig);
    if (p->in.op == IL_JMP) {
        if (n != w->num_args || w->depth)
            return sem_invalid(e);
        sem_head(w, o, SEM_CALL, 0);
        c->num_args = (u16)n;
        c->is_jmp = true;
        p->live = false;
        return finish_direct(w, c, e);
    }
    SEM_NEED(n);
    if (c->dispatch == SEM_CALL_DIRECT && c->this_fix == SEM_THIS_ASIS) {
        switch (sem_expand(w, o, e)) {
        case -1: return false;
        case 1: return true;
        }
        n = stack_args(c->sig);
    }
    if (c->dispatch == SEM_CALL_DIRECT && !finish_direct(w, c, e))
        return false;
    if (UNLIKELY(canon_of(m) == w->method) && sem_is_isa_method(m))
        return err_set(e, ERR_PLATFORM_NOT_SUPPORTED, p->in.token, "Operation is not supported on this platform.");
    if (!check_args(w, c->sig, 0, e))
        return false;
    if (n > c->sig->num_params && UNLIKELY(!sem_is_word(w->stack[w->depth - n].kind))) /* this */
        return sem_invalid(e);
    if (coerce_last(w, o, c->sig, 0))
        return true;
    c->num_args = (u16)n;
    if (c->null_check && n && (w->stack[w->depth - n].flags & SEMV_NONNULL) && w->stack[w->depth - n].kind == SEM_REF &&
        c->this_fix == SEM_THIS_ASIS)
        c->null_check = false;
    if (c->dispatch == SEM_CALL_DIRECT && c->ctx == SEM_CTX_NONE && c->this_fix == SEM_THIS_ASIS && n <= 3 && sem_splice(w, o))
        return true;
    sem_head(w, o, SEM_CALL, n);
    c->tail = before_ret(w, c->sig);
    push_result(w, o, &c->sig->ret);
    return true;
}

/* --- newobj -------------------------------------------------------------------------------------------------------------------------- */
/* String has no constructors: the static Ctor with the same parameters makes it. */
static Method *string_maker(Method *ctor, Err *e)
{
    MethodTable *mt = ctor->mt;
    MdSig want = md_sig(ctor->sig, ctor->sig_len), s;
    MdMethodSig head;
    md_sig_method(&want, &head);
    md_sig_skip_type(&want);
    for (u32 i = 0; i < mt->klass->num_methods; i++) {
        u32 rid = mt->klass->first_method_rid + i;
        if (strcmp(md_method_name(mt->module->md, rid), "Ctor") != 0)
            continue;
        s = md_sig_of(mt->module->md, MD_TOKEN(MDT_MethodDef, rid));
        md_sig_method(&s, &head);
        md_sig_skip_type(&s);
        if (s.end - s.p == want.end - want.p && memcmp(s.p, want.p, (size_t)(s.end - s.p)) == 0)
            return type_method_by_rid(mt, rid, e);
    }
    err_set(e, ERR_MISSING_METHOD, ctor->token, "Method not found: 'String.Ctor'.");
    return NULL;
}

static bool newobj(SemWalk *w, SemInst *o, Method *m, bool shared, Err *e)
{
    SemPrivate *p = w->priv;
    SemCall *c = &o->call;
    MethodTable *mt = m->mt;
    if ((m->flags & MF_STATIC) || mt_is_interface(mt) || (!(m->flags & MF_CTOR) && mt == type_wk(WK_STRING)))
        return sem_invalid(e); /* any instance method without result will do: older compilers named constructors otherwise */
    if (UNLIKELY(mt->flags2 & MT2_ABSTRACT) && !mt_is_array(mt))
        return err_set(e, ERR_INVALID_OPERATION, p->in.token, "Instances of abstract classes cannot be created.");
    if (mt == type_wk(WK_STRING)) {
        if (!(m = string_maker(m, e)) || !direct(w, c, m, false, e) || !finish_direct(w, c, e) || !set_sig(w, c, e))
            return false;
        c->newobj_string = true;
    } else {
        c->is_newobj = true;
        if (m->flags & MF_ARRAY) {
            c->m = m;
            c->dispatch = SEM_CALL_ARRAY;
        } else if (!direct(w, c, m, shared, e) || !finish_direct(w, c, e)) {
            return false;
        }
        if (!set_sig(w, c, e))
            return false;
        c->newobj_type = sem_type_of(th_of(mt));
        if (shared && !sem_lookup(w, DICT_METHOD_OWNER, p->in.token, 0, &c->newobj_type.exact, e))
            return false;
    }
    if (c->is_newobj && (!c->sig->has_this || c->sig->ret.kind != ET_VOID || (mt_is_delegate(mt) && c->sig->num_params != 2)))
        return sem_invalid(e);
    SEM_NEED(c->sig->num_params);
    if (!check_args(w, c->sig, 0, e))
        return false;
    if (coerce_last(w, o, c->sig, 0))
        return true;
    if (mt_is_delegate(mt) && p->ftn_end == p->in.offset && p->ftn_end > w->blocks[p->block].il_start) {
        c->delegate_ctor = true;
        c->dl_target = p->ftn_target;
    }
    c->num_args = c->sig->num_params;
    sem_head(w, o, SEM_CALL, c->num_args);
    if (c->newobj_string)
        sem_push(w, o, SEM_REF, th_of(mt), SEMV_NONNULL | SEMV_EXACT);
    else if (mt_is_valuetype(mt))
        sem_push_type(w, o, c->newobj_type.kind, th_of(mt));
    else if (m->flags & MF_ARRAY) /* of rank 1 from 0: a vector comes */
        sem_push(w, o, SEM_REF, 0, SEMV_NONNULL);
    else
        sem_push(w, o, SEM_REF, shared ? 0 : th_of(mt), SEMV_NONNULL | (shared ? 0 : SEMV_EXACT));
    return true;
}

/* --- calli --------------------------------------------------------------------------------------------------------------------------- */
/* modopt(CallConvSuppressGCTransition) on the return type */
static bool suppresses_transition(SemWalk *w, u32 token)
{
    const MdImage *md = w->ctx.module->md;
    MdSig s = md_sig_of(md, token);
    MdMethodSig head;
    u32 mod;
    bool required;
    if (!md_sig_method(&s, &head))
        return false;
    while (md_sig_mod(&s, &mod, &required)) {
        const char *name = MD_TABLE_OF(mod) == MDT_TypeRef   ? md_typeref_name(md, MD_RID(mod))
                           : MD_TABLE_OF(mod) == MDT_TypeDef ? md_typedef_name(md, MD_RID(mod))
                                                             : "";
        if (strcmp(name, "CallConvSuppressGCTransition") == 0)
            return true;
    }
    return false;
}

static bool calli(SemWalk *w, SemInst *o, Err *e)
{
    SemPrivate *p = w->priv;
    SemCall *c = &o->call;
    u32 token = p->in.token;
    memset(c, 0, sizeof *c);
    if (p->stub) {
        c->sig = sem_client.stub_sig ? sem_client.stub_sig(p->stub, token) : NULL;
        if (!c->sig)
            return err_set(e, ERR_MISSING_FEATURE, token, "signature of a calli in a stub");
    } else {
        MdSig s = md_sig_of(w->ctx.module->md, token);
        c->sig = type_parse_method_sig(w->arena, &w->ctx, s.p, (u32)(s.end - s.p), e);
        if (!c->sig)
            return false;
    }
    if (c->sig->callconv == SIG_VARARG)
        return no_varargs(e);
    bool managed = c->sig->callconv == SIG_DEFAULT;
    c->dispatch = managed ? SEM_CALL_INDIRECT : SEM_CALL_UNMANAGED;
    bool own = p->stub && !(w->method->flags & MF_DYNAMIC); /* a body of the VM's passes what is native already */
    if (!managed && !own && sem_client.unmanaged_stub && !sem_client.unmanaged_stub(&w->ctx, c->sig, token, &c->m, e))
        return false;
    if (c->m) {
        c->sig = c->m->msig;
        c->dispatch = SEM_CALL_DIRECT;
        managed = true;
    }
    if (!managed && p->stub) {
        c->native_target = p->native_target;
        c->suppress_transition = p->suppress_transition;
    } else if (!managed) {
        c->suppress_transition = suppresses_transition(w, token);
    }
    u32 n = stack_args(c->sig), pops = n + (c->native_target == NULL && !c->m);
    SEM_NEED(pops);
    if (!check_args(w, c->sig, pops - n, e))
        return false;
    if (coerce_last(w, o, c->sig, pops - n))
        return true;
    c->num_args = (u16)n;
    sem_head(w, o, SEM_CALL, pops);
    c->tail = managed && before_ret(w, c->sig);
    push_result(w, o, &c->sig->ret);
    return true;
}

/* --- ldftn, ldvirtftn ------------------------------------------------------------------------------------------------------------------ */
static bool ldftn(SemWalk *w, SemInst *o, Method *m, bool shared, Err *e)
{
    SemPrivate *p = w->priv;
    SemCall *c = &o->call;
    bool is_virtual = p->in.op == IL_LDVIRTFTN;
    c->m = m = is_virtual || (shared && m->num_generic) ? m : type_direct_body(m);
    c->dispatch = SEM_CALL_DIRECT;
    if (is_virtual) {
        SEM_NEED(1);
        if (m->flags & MF_STATIC)
            return sem_invalid(e);
        if (m->flags & MF_VIRTUAL)
            c->dispatch = m->num_generic ? SEM_CALL_GENERIC_VIRTUAL : mt_is_interface(m->mt) ? SEM_CALL_INTERFACE : SEM_CALL_VIRTUAL;
        if (!exact_method(w, c, shared, e))
            return false;
    } else if (p->pf_constrained && (m->flags & MF_STATIC)) {
        if (!constrained_static(w, c, m, shared, e))
            return false;
        shared = c->dispatch == SEM_CALL_LOOKUP;
        c->ctx = SEM_CTX_NONE;
    } else if (shared) {
        c->dispatch = SEM_CALL_LOOKUP;
        if (!exact_method(w, c, true, e))
            return false;
    }
    if (!set_sig(w, c, e))
        return false;
    p->ftn_end = p->pos;
    p->ftn_target = is_virtual || shared ? NULL : c->m;
    sem_head(w, o, is_virtual ? SEM_LDVIRTFTN : SEM_LDFTN, is_virtual);
    sem_push(w, o, SEM_I, 0, SEMV_NONNULL);
    return true;
}

bool sem_call_op(SemWalk *w, SemInst *o, Err *e)
{
    const IlInst *in = &w->priv->in;
    if (in->op == IL_CALLI)
        return calli(w, o, e);
    bool shared = false;
    Method *m = type_resolve_method(&w->ctx, in->token, &shared, e);
    if (!m)
        return false;
    if (UNLIKELY(m->mt->klass->num_generic) && m->mt == m->mt->klass->typical)
        return err_set(e, ERR_TYPE_LOAD, in->token, "Could not load type '%s': a generic type is used without type arguments.", m->mt->klass->name);
    if (in->op != IL_JMP && sem_denied(w, o, 1, m)) /* the reference does not ask for jmp */
        return true;
    if (UNLIKELY(m->flags & MF_UNMANAGED_CALLERS_ONLY) && in->op != IL_LDFTN && sem_deny(w, o, SEM_CALLERS_ONLY, m))
        return true;
    memset(&o->call, 0, sizeof o->call);
    switch ((u32)in->op) {
    case IL_NEWOBJ: return newobj(w, o, m, shared, e);
    case IL_LDFTN: case IL_LDVIRTFTN: return ldftn(w, o, m, shared, e);
    }
    return plain_call(w, o, m, shared, e);
}
