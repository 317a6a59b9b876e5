/* sem_token.c: what names a type, a field or a string: look-ups of shared code, fields, arrays, boxes and casts, ldtoken, ldstr.
 * In: decoded instruction with a token.  Out: SemInst with the token resolved.
 * A dictionary slot is asked for only where the exact identity matters at run time (D10); layout is the same for all that share the code.
 * Folded here: box then a null test, box then isinst, ldtoken then GetTypeFromHandle, comparison of two typeof.
 * Not here: methods (sem_call.c).  Book: sem.md  Tests: tests/unit/sem/, tests/il/ */
#include "sem/sem_int.h"

bool sem_lookup(SemWalk *w, DictKind kind, u32 token, u32 token2, SemLookup *out, Err *e)
{
    Method *m = w->method;
    DictLayout **layout;
    if (m->flags & MF_CTX_METHOD)
        layout = &m->dict_layout;
    else if (w->ctx_kind)
        layout = &m->mt->klass->dict_layout;
    else
        return err_set(e, ERR_MISSING_FEATURE, token, "generic look-up in code without a generic context");
    DictEntry d = {.kind = (u32)kind, .token = token, .token2 = token2, .module = w->ctx.module, .stub = w->priv->stub};
    out->slot = type_dict_slot(layout, type_method_context_of(m), &d);
    out->lookup = true;
    return true;
}

static bool resolve(SemWalk *w, u32 token, SemType *out, bool *shared, Err *e)
{
    *shared = false;
    TypeHandle th = type_resolve_type(&w->ctx, token, shared, e);
    if (!th)
        return false;
    MethodTable *mt = th_mt(th);
    if (UNLIKELY(mt && mt->klass && mt->klass->num_generic && mt == mt->klass->typical) && w->priv->in.op != IL_LDTOKEN && !mt_is_array(mt))
        return err_set(e, ERR_TYPE_LOAD, token, "Could not load type '%s': a generic type is used without type arguments.", mt->klass->name);
    *out = sem_type_of(th);
    return true;
}

bool sem_type(SemWalk *w, u32 token, SemType *out, Err *e)
{
    bool shared;
    return resolve(w, token, out, &shared, e);
}

bool sem_type_exact(SemWalk *w, u32 token, SemType *out, Err *e)
{
    bool shared;
    return resolve(w, token, out, &shared, e) && (!shared || sem_lookup(w, DICT_TYPE, token, 0, &out->exact, e));
}

static bool is_address(u8 k) { return k == SEM_I4 || k == SEM_I8 || k == SEM_I || k == SEM_REF || k == SEM_BYREF; }

/* --- Fields --------------------------------------------------------------------------------------------------------------- */
static bool field_type(SemField *f, MethodTable *owner, Err *e)
{
    f->type = (SemType){.kind = f->f->kind};
    if (f->f->kind == ET_VALUETYPE || f->f->kind == ET_TYPEDBYREF) {
        f->type.th = owner == f->f->mt && f->f->type ? f->f->type : type_field_type(owner, f->f, e);
        return f->type.th != 0;
    }
    if (f->f->kind == ET_CLASS && owner == f->f->mt && !type_is_shared(th_of(owner)))
        f->type.th = f->f->type; /* 0 when it was not needed so far */
    return true;
}

static bool static_field(SemWalk *w, SemField *f, bool shared, Err *e)
{
    SemPrivate *p = w->priv;
    if (shared && !(f->f->flags & FF_RVA)) {
        bool owner = (f->f->flags & FF_THREAD_STATIC) || sem_client.neutral; /* a dictionary serves all domains */
        DictKind kind = owner ? DICT_FIELD_OWNER : DICT_STATICS;
        return sem_lookup(w, kind, p->in.token, 0, &f->owner_exact, e); /* both run the class constructor */
    }
    bool own = (w->method->flags & MF_CCTOR) && w->method->mt == f->owner;
    f->init_check = !own && (sem_client.is_class_inited ? !sem_client.is_class_inited(f->owner) : (f->owner->flags2 & MT2_HAS_CCTOR) != 0);
    return true;
}

static bool instance_field(SemWalk *w, SemInst *o, SemOp op, SemField *f, Err *e)
{
    u32 pops = op == SEM_STFLD ? 2 : 1;
    SEM_NEED(pops);
    u8 obj = sem_top(w, pops - 1)->kind;
    if (!(is_address(obj) || (obj == SEM_VALUE && op == SEM_LDFLD)))
        return sem_invalid(e);
    bool in_value = mt_is_valuetype(f->owner);
    f->on_value = obj == SEM_VALUE;
    f->on_ref = !in_value;
    if (f->on_value && !in_value)
        return sem_invalid(e);
    f->offset = f->f->offset + (in_value ? 0 : 8);
    if (op == SEM_STFLD && sem_coerce(w, o, sem_kind_of_et(f->type.kind)))
        return true;
    sem_head(w, o, op, pops);
    o->field = *f;
    if (op == SEM_LDFLD)
        sem_push_type(w, o, f->type.kind, f->type.th);
    else if (op == SEM_LDFLDA)
        sem_push(w, o, SEM_BYREF, 0, 0); /* of a pointer too: it may meet a managed one */
    return true;
}

/* ldfld and the like may name a static field: the object is evaluated and dropped. */
static bool static_access(SemWalk *w, SemInst *o, SemOp op, SemField *f, bool has_object, Err *e)
{
    static const u8 to[] = {[SEM_LDFLD] = SEM_LDSFLD, [SEM_LDFLDA] = SEM_LDSFLDA, [SEM_STFLD] = SEM_STSFLD};
    bool store = op == SEM_STFLD || op == SEM_STSFLD;
    SEM_NEED(store + has_object);
    if (store && sem_coerce(w, o, sem_kind_of_et(f->type.kind)))
        return true;
    if (has_object && !store) {
        sem_head(w, o, SEM_POP, 1);
        o = sem_queue(w);
    }
    sem_head(w, o, has_object ? (SemOp)to[op] : op, store);
    o->field = *f;
    if (op == SEM_LDFLD || op == SEM_LDSFLD)
        sem_push_type(w, o, f->type.kind, f->type.th);
    else if (!store)
        sem_push(w, o, SEM_BYREF, 0, SEMV_NONNULL);
    if (has_object && store)
        sem_head(w, sem_queue(w), SEM_POP, 1);
    return true;
}

bool sem_field_op(SemWalk *w, SemInst *o, Err *e)
{
    SemPrivate *p = w->priv;
    static const u8 ops[] = {SEM_LDFLD, SEM_LDFLDA, SEM_STFLD, SEM_LDSFLD, SEM_LDSFLDA, SEM_STSFLD};
    SemOp op = ops[p->in.op - IL_LDFLD];
    bool shared = false;
    SemField f = {.is_volatile = p->pf_volatile, .unaligned = p->pf_unaligned};
    f.f = type_resolve_field(&w->ctx, p->in.token, &f.owner, &shared, e);
    if (!f.f || !field_type(&f, f.owner, e))
        return false;
    if (sem_denied(w, o, 2, f.f))
        return true;
    if (f.f->flags & FF_LITERAL)
        return err_set(e, ERR_MISSING_FIELD, p->in.token, "Field not found: '%s'.", f.f->name);
    if (!(f.f->flags & FF_STATIC))
        return op >= SEM_LDSFLD ? sem_invalid(e) : instance_field(w, o, op, &f, e);
    return static_field(w, &f, shared, e) && static_access(w, o, op, &f, op < SEM_LDSFLD, e);
}

/* --- Arrays ------------------------------------------------------------------------------------------------------------------- */
/* No other type's array may stand where one of this element type is expected. */
static bool exact_element(TypeHandle th)
{
    MethodTable *mt = th_mt(th);
    if (!mt)
        return th != 0;
    if (mt_is_valuetype(mt))
        return true;
    return (mt->flags2 & MT2_SEALED) && !(mt->flags2 & (MT2_HAS_VARIANCE | MT2_IS_CANON)) && !mt_is_array(mt) && !type_is_shared(th);
}

static TypeHandle element_of(const SemValue *array)
{
    MethodTable *mt = array->kind == SEM_REF ? th_mt(array->th) : NULL;
    return mt && mt_is_szarray(mt) && !type_is_shared(array->th) ? mt->elem : 0;
}

static bool newarr(SemWalk *w, SemInst *o, Err *e)
{
    bool shared;
    SemType t;
    u32 token = w->priv->in.token;
    SEM_NEED(1);
    if (!resolve(w, token, &t, &shared, e))
        return false;
    if (!is_address(sem_top(w, 0)->kind) || t.kind == ET_VOID)
        return sem_invalid(e);
    if (sem_denied(w, o, 0, (void *)t.th))
        return true;
    sem_head(w, o, SEM_NEWARR, 1);
    o->elem = (SemElem){.type = t};
    o->elem.array = (SemType){.kind = ET_CLASS, .th = type_szarray_of(t.th, e)};
    if (!o->elem.array.th || (shared && !sem_lookup(w, DICT_ARRAY_OF, token, 0, &o->elem.array.exact, e)))
        return false;
    sem_push(w, o, SEM_REF, shared ? 0 : o->elem.array.th, SEMV_NONNULL | (shared ? 0 : SEMV_EXACT));
    return true;
}

static bool load_element(SemWalk *w, SemInst *o, SemType t, bool shared, Err *e)
{
    SEM_NEED(2);
    sem_head(w, o, SEM_LDELEM, 2);
    TypeHandle known = t.kind == ET_CLASS && !t.th ? element_of(&w->stack[w->depth]) : t.th;
    o->elem = (SemElem){.type = t};
    sem_push_type(w, o, t.kind, shared && t.kind == ET_CLASS ? 0 : known);
    return true;
}

static bool store_element(SemWalk *w, SemInst *o, SemType t, Err *e)
{
    SEM_NEED(3);
    if (sem_coerce(w, o, sem_kind_of_et(t.kind)))
        return true;
    sem_head(w, o, SEM_STELEM, 3);
    o->elem = (SemElem){.type = t};
    TypeHandle value = w->stack[w->depth + 2].th, of = t.th ? t.th : element_of(&w->stack[w->depth]);
    o->elem.exact_known = t.kind != ET_CLASS || (exact_element(of) && value == of);
    return true;
}

static bool element_address(SemWalk *w, SemInst *o, Err *e)
{
    SEM_NEED(2);
    SemType t;
    u32 token = w->priv->in.token;
    bool shared;
    if (!resolve(w, token, &t, &shared, e))
        return false;
    bool known = t.kind != ET_CLASS || exact_element(t.th);
    if (shared && !known && !w->priv->pf_readonly && !sem_lookup(w, DICT_TYPE, token, 0, &t.exact, e))
        return false;
    sem_head(w, o, SEM_LDELEMA, 2);
    o->elem = (SemElem){.type = t, .readonly = w->priv->pf_readonly, .exact_known = known};
    sem_push(w, o, SEM_BYREF, 0, SEMV_NONNULL);
    return true;
}

bool sem_array_op(SemWalk *w, SemInst *o, Err *e)
{
    static const u8 ld[] = {ET_I1, ET_U1, ET_I2, ET_U2, ET_I4, ET_U4, ET_I8, ET_I, ET_R4, ET_R8, ET_CLASS};
    static const u8 st[] = {ET_I, ET_I1, ET_I2, ET_I4, ET_I8, ET_R4, ET_R8, ET_CLASS};
    u32 op = w->priv->in.op;
    SemType t;
    bool shared;
    switch (op) {
    case IL_NEWARR: return newarr(w, o, e);
    case IL_LDLEN:
        SEM_NEED(1);
        sem_head(w, o, SEM_LDLEN, 1);
        o->elem = (SemElem){0};
        sem_push(w, o, SEM_I, 0, 0);
        return true;
    case IL_LDELEMA: return element_address(w, o, e);
    case IL_LDELEM: return resolve(w, w->priv->in.token, &t, &shared, e) && load_element(w, o, t, shared, e);
    case IL_STELEM: return sem_type(w, w->priv->in.token, &t, e) && store_element(w, o, t, e);
    }
    if (op <= IL_LDELEM_REF)
        return load_element(w, o, (SemType){.kind = ld[op - IL_LDELEM_I1]}, false, e);
    return store_element(w, o, (SemType){.kind = st[op - IL_STELEM_I]}, e);
}

/* --- Boxes and casts ---------------------------------------------------------------------------------------------------------------- */
/* box of a value that is never null, then a test for null or a cast whose outcome is known: gives the constant.  *value: what the test
 * sees (0 or 1). */
static bool folded_box(SemWalk *w, const SemType *t, bool shared, i64 *value)
{
    SemPrivate *p = w->priv;
    IlInst a, b;
    if (mt_is_nullable(th_mt(t->th)) || !sem_peek(w, p->pos, &a))
        return false;
    bool br = a.op == IL_BRTRUE || a.op == IL_BRTRUE_S || a.op == IL_BRFALSE || a.op == IL_BRFALSE_S;
    if (br) {
        *value = 1;
        return true;
    }
    if (!sem_peek(w, a.offset + a.size, &b))
        return false;
    if (a.op == IL_LDNULL && (b.op == IL_CEQ || b.op == IL_CGT_UN)) {
        *value = b.op == IL_CGT_UN;
        p->pos = b.offset + b.size;
        return true;
    }
    br = b.op == IL_BRTRUE || b.op == IL_BRTRUE_S || b.op == IL_BRFALSE || b.op == IL_BRFALSE_S;
    if (a.op == IL_ISINST && br && !shared) {
        bool to_shared = false;
        TypeHandle to = type_resolve_type(&w->ctx, a.token, &to_shared, NULL);
        if (to && !to_shared && !type_is_open(to)) {
            *value = type_can_cast(t->th, to);
            p->pos = a.offset + a.size;
            return true;
        }
    }
    return false;
}

static bool names_type(SemWalk *w, const IlInst *in, TypeHandle th)
{
    bool shared = false;
    return type_resolve_type(&w->ctx, in->token, &shared, NULL) == th && !shared;
}

/* box T; unbox.any T, perhaps with isinst T between them. */
static bool unboxed_at_once(SemWalk *w, TypeHandle th)
{
    IlInst a, b;
    if (!sem_peek(w, w->priv->in.offset + w->priv->in.size, &a))
        return false;
    if (a.op == IL_UNBOX_ANY)
        return names_type(w, &a, th);
    return a.op == IL_ISINST && names_type(w, &a, th) && sem_peek(w, a.offset + a.size, &b) && b.op == IL_UNBOX_ANY && names_type(w, &b, th);
}

static bool box(SemWalk *w, SemInst *o, Err *e)
{
    SEM_NEED(1);
    SemType t;
    bool shared;
    u32 token = w->priv->in.token;
    i64 value;
    if (!resolve(w, token, &t, &shared, e))
        return false;
    if (sem_denied(w, o, 0, (void *)t.th))
        return true;
    if (!th_is_valuetype(t.th)) {
        sem_head(w, o, SEM_NOP, 0);
        return true;
    }
    if (folded_box(w, &t, shared, &value)) {
        sem_head(w, o, SEM_POP, 1);
        sem_const_i4(w, sem_queue(w), value);
        return true;
    }
    if ((th_mt(t.th)->flags & MTF_BYREF_LIKE) && !unboxed_at_once(w, t.th)) {
        IlInst next;
        if (!sem_peek(w, w->priv->in.offset + w->priv->in.size, &next) || (next.op != IL_ISINST && next.op != IL_UNBOX_ANY))
            return sem_invalid(e); /* only the tests of pattern matching may name such a type */
        sem_head(w, o, SEM_POP, 1); /* it is nothing else, and there is no such object */
        SemInst *null = sem_queue(w);
        sem_head(w, null, SEM_CONST, 0);
        null->value.i = 0;
        null->value.f = 0;
        sem_push(w, null, SEM_REF, 0, 0);
        return true;
    }
    if ((sem_kind_of_et(t.kind) == SEM_VALUE) != (sem_top(w, 0)->kind == SEM_VALUE))
        return sem_invalid(e);
    if (sem_coerce(w, o, sem_kind_of_et(t.kind)))
        return true;
    if (shared && !sem_lookup(w, DICT_TYPE, token, 0, &t.exact, e))
        return false;
    sem_head(w, o, SEM_BOX, 1);
    o->type = t;
    bool nullable = mt_is_nullable(th_mt(t.th));
    sem_push(w, o, SEM_REF, nullable || shared ? 0 : t.th, nullable ? 0 : shared ? SEMV_NONNULL : SEMV_NONNULL | SEMV_EXACT);
    return true;
}

bool sem_box_op(SemWalk *w, SemInst *o, Err *e)
{
    SEM_NEED(1);
    SemType t;
    u32 op = w->priv->in.op;
    if (op == IL_BOX)
        return box(w, o, e);
    if (sem_top(w, 0)->kind != SEM_REF || !sem_type_exact(w, w->priv->in.token, &t, e))
        return sem_invalid(e);
    bool value = th_is_valuetype(t.th);
    u8 keep = sem_top(w, 0)->flags & SEMV_NONNULL;
    if ((op == IL_UNBOX && !value))
        return sem_invalid(e);
    if (sem_denied(w, o, 0, (void *)t.th))
        return true;
    if (op == IL_UNBOX_ANY && !value)
        op = IL_CASTCLASS;
    sem_head(w, o, op == IL_UNBOX ? SEM_UNBOX : op == IL_UNBOX_ANY ? SEM_UNBOX_ANY : op == IL_CASTCLASS ? SEM_CASTCLASS : SEM_ISINST, 1);
    o->type = t;
    if (op == IL_UNBOX)
        sem_push(w, o, SEM_BYREF, 0, SEMV_NONNULL);
    else if (op == IL_UNBOX_ANY)
        sem_push_type(w, o, t.kind, t.th);
    else
        sem_push(w, o, SEM_REF, t.exact.lookup || value ? 0 : t.th, op == IL_CASTCLASS ? keep : 0);
    return true;
}

/* --- ldtoken, ldstr -------------------------------------------------------------------------------------------------------------------- */
/* Can the two typeof be told apart, or are they surely the same? -1: only at run time. */
static i32 same_type(const SemType *a, bool a_shared, const SemType *b, bool b_shared)
{
    if (!a_shared && !b_shared)
        return a->th == b->th;
    if (th_is_desc(a->th) || th_is_desc(b->th))
        return -1;
    return type_canonical(a->th) != type_canonical(b->th) ? 0 : -1;
}

/* typeof(A) == typeof(B), typeof(A).IsValueType: at is behind the first GetTypeFromHandle. */
static bool folded_typeof(SemWalk *w, const SemType *t, bool shared, u32 at, i64 *value, u32 *end)
{
    IlInst in;
    if (!sem_peek(w, at, &in))
        return false;
    if (in.op == IL_CALL || in.op == IL_CALLVIRT) {
        *value = th_is_valuetype(t->th);
        return sem_peek_intrinsic(w, at, end) == SEM_INTR_TYPE_IS_VALUE_TYPE;
    }
    u32 next;
    if (in.op != IL_LDTOKEN || sem_peek_intrinsic(w, at + in.size, &next) != SEM_INTR_TYPE_FROM_HANDLE)
        return false;
    SemIntrinsic id = sem_peek_intrinsic(w, next, end);
    if (id != SEM_INTR_TYPE_EQUALS && id != SEM_INTR_TYPE_NOT_EQUALS)
        return false;
    SemType b;
    bool b_shared;
    if (!resolve(w, in.token, &b, &b_shared, NULL))
        return false;
    i32 same = same_type(t, shared, &b, b_shared);
    *value = (id == SEM_INTR_TYPE_EQUALS) == (same == 1);
    return same >= 0;
}

static bool token_of_type(SemWalk *w, SemInst *o, u32 token, Err *e)
{
    SemPrivate *p = w->priv;
    SemType t;
    bool shared;
    u32 next, end;
    i64 value;
    if (!resolve(w, token, &t, &shared, e))
        return false;
    bool type_of = sem_peek_intrinsic(w, p->pos, &next) == SEM_INTR_TYPE_FROM_HANDLE;
    if (type_of && folded_typeof(w, &t, shared, next, &value, &end)) {
        p->pos = end;
        sem_const_i4(w, o, value);
        return true;
    }
    if (shared && !sem_lookup(w, DICT_TYPE, token, 0, &t.exact, e))
        return false;
    sem_head(w, o, type_of ? SEM_TYPEOF : SEM_LDTOKEN, 0);
    if (type_of) {
        o->type = t;
        p->pos = next;
        sem_push(w, o, SEM_REF, th_of(type_wk(WK_RUNTIMETYPE)), SEMV_NONNULL | SEMV_EXACT);
        return true;
    }
    memset(&o->token, 0, sizeof o->token);
    o->token.type = t;
    o->token.exact = t.exact;
    sem_push(w, o, SEM_VALUE, th_of(type_wk(WK_RUNTIMETYPEHANDLE)), 0);
    return true;
}

static bool token_of_method(SemWalk *w, SemInst *o, u32 token, Err *e)
{
    bool shared = false;
    Method *m = type_resolve_method(&w->ctx, token, &shared, e);
    if (!m)
        return false;
    sem_head(w, o, SEM_LDTOKEN, 0);
    memset(&o->token, 0, sizeof o->token);
    o->token.what = 1;
    o->token.m = m;
    sem_push(w, o, SEM_VALUE, th_of(type_wk(WK_RUNTIMEMETHODHANDLE)), 0);
    return !shared || sem_lookup(w, DICT_METHOD, token, 0, &o->token.exact, e);
}

static bool token_of_field(SemWalk *w, SemInst *o, u32 token, Err *e)
{
    bool shared = false;
    MethodTable *owner;
    Field *f = type_resolve_field(&w->ctx, token, &owner, &shared, e);
    if (!f)
        return false;
    u32 next;
    if ((f->flags & FF_RVA) && !shared && sem_peek_intrinsic(w, w->priv->pos, &next) == SEM_INTR_CREATE_SPAN) {
        IlInst call;
        u32 n = 0;
        TypeHandle *elem = NULL, span = 0;
        if (sem_peek(w, w->priv->pos, &call)) {
            Method *m = type_resolve_method(&w->ctx, call.token, NULL, NULL);
            elem = m ? type_method_inst(m, &n) : NULL;
        }
        if (elem && n == 1 && th_is_valuetype(elem[0]) && !type_is_shared(elem[0]))
            span = type_instantiate(type_wk(WK_READONLYSPAN), elem, 1, e);
        if (span) {
            sem_head(w, o, SEM_RVASPAN, 0);
            memset(&o->token, 0, sizeof o->token);
            o->token.what = 2;
            o->token.f = f;
            o->token.type = (SemType){.kind = type_elem_kind(elem[0]), .th = elem[0]};
            w->priv->pos = next;
            sem_push(w, o, SEM_VALUE, span, 0);
            return true;
        }
    }
    sem_head(w, o, SEM_LDTOKEN, 0);
    memset(&o->token, 0, sizeof o->token);
    o->token.what = 2;
    o->token.f = f;
    o->token.type = (SemType){.kind = type_elem_kind(th_of(owner)), .th = th_of(owner)}; /* the owner; exact gives it at run time */
    sem_push(w, o, SEM_VALUE, th_of(type_wk(WK_RUNTIMEFIELDHANDLE)), 0);
    if (!shared)
        return true;
    return sem_lookup(w, DICT_FIELD_OWNER, token, 0, &o->token.exact, e);
}

static bool ldtoken(SemWalk *w, SemInst *o, Err *e)
{
    u32 token = w->priv->in.token;
    struct IlStub *s = w->priv->stub;
    if (s) {
        if (type_client.stub_type(s, token, &(const SigType *){NULL}))
            return token_of_type(w, o, token, e);
        return type_client.stub_method(s, token, NULL, NULL, NULL) ? token_of_method(w, o, token, e) : token_of_field(w, o, token, e);
    }
    switch (MD_TABLE_OF(token)) {
    case MDT_TypeDef: case MDT_TypeRef: case MDT_TypeSpec: return token_of_type(w, o, token, e);
    case MDT_MethodDef: case MDT_MethodSpec: return token_of_method(w, o, token, e);
    case MDT_Field: return token_of_field(w, o, token, e);
    case MDT_MemberRef: {
        MdSig sig = md_sig_of(w->ctx.module->md, token);
        return (md_sig_peek(&sig) & SIG_KIND) == SIG_FIELD ? token_of_field(w, o, token, e) : token_of_method(w, o, token, e);
    }
    }
    return err_set(e, ERR_BAD_IMAGE, token, "Bad token 0x%08x.", token);
}

bool sem_token_op(SemWalk *w, SemInst *o, Err *e)
{
    if (w->priv->in.op == IL_LDTOKEN)
        return ldtoken(w, o, e);
    sem_head(w, o, SEM_LDSTR, 0);
    memset(&o->str, 0, sizeof o->str);
    o->str.module = w->ctx.module;
    o->str.token = w->priv->in.token;
    o->str.stub = w->priv->stub;
    sem_push(w, o, SEM_REF, th_of(type_wk(WK_STRING)), SEMV_NONNULL | SEMV_EXACT);
    return true;
}

bool sem_typedref_op(SemWalk *w, SemInst *o, Err *e)
{
    SEM_NEED(1);
    u32 op = w->priv->in.op;
    SemType t = {0};
    u8 kind = sem_top(w, 0)->kind;
    if (op == IL_MKREFANY ? !is_address(kind) : kind != SEM_VALUE)
        return sem_invalid(e);
    if (op != IL_REFANYTYPE && !sem_type_exact(w, w->priv->in.token, &t, e))
        return false;
    sem_head(w, o, op == IL_MKREFANY ? SEM_MKREFANY : op == IL_REFANYVAL ? SEM_REFANYVAL : SEM_REFANYTYPE, 1);
    o->type = t;
    if (op == IL_MKREFANY)
        sem_push(w, o, SEM_VALUE, th_of(type_wk(WK_TYPEDREFERENCE)), 0);
    else if (op == IL_REFANYVAL)
        sem_push(w, o, SEM_BYREF, 0, 0);
    else
        sem_push(w, o, SEM_VALUE, th_of(type_wk(WK_RUNTIMETYPEHANDLE)), 0);
    return true;
}
