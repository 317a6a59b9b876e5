/* verify_field.c: fields: which, may they be used, what a load gives and what may be stored.
 * In: ldfld, ldflda, stfld, ldsfld, ldsflda, stsfld.  Out: the stack after it, issues.
 * Rules: §III.4.10, III.4.14, III.4.28; initonly and protected fields: §II.16.1; init accessors and ref fields: C#.
 * Book: verify.md  Tests: tests/verify/ */
#include "verify/verify_int.h"

static bool may_use_member(VMethod *v, MethodTable *owner, u32 attrs)
{
    if (v_visible(v, owner, attrs))
        return true;
    return v->m->mt->module->assembly->trusted || type_may_use_member(v->m->mt, owner, attrs, false);
}

static bool in_own_constructor(const VMethod *v, MethodTable *owner, bool is_static)
{
    if (owner->klass->typical != v->m->mt->klass->typical)
        return false;
    return is_static ? v->is_cctor : v->is_ctor || v->is_init_accessor;
}

static TypeHandle field_token(VMethod *v, Field **out, MethodTable **owner)
{
    Err *const e = v_err(v);
    u32 table = MD_TABLE_OF(v->in.token);
    if (table != MDT_Field && table != MDT_MemberRef) {
        v_error(v, VERIFY_ExpectedFieldToken);
        v->dead = true;
        return 0;
    }
    Field *f = *out = type_resolve_field(&v->w->ctx, v->in.token, owner, NULL, e);
    TypeHandle th = f && v_constraints_hold(th_of(*owner), e) ? type_field_type(*owner, f, e) : 0;
    if (!th)
        v_resolve_error(v, VERIFY_UnsatisfiedFieldParentInst, e);
    return th;
}

static bool keeps_rules(const Field *f) /* of what it may hold */
{
    const MethodTable *mt = f->kind == ET_VALUETYPE ? (const MethodTable *)f->type : NULL;
    return f->kind == ET_CLASS || f->kind == ET_BYREF || (mt && (mt->flags & (MTF_HAS_REFS | MTF_BYREF_LIKE)));
}

static u32 field_size(const Field *f) { return f->kind == ET_CLASS || f->kind == ET_BYREF ? 8 : f->size; }

/* The loader lets references overlap other references, and the rest of a span other data. */
static void check_overlap(VMethod *v, MethodTable *owner, const Field *f)
{
    if (!(owner->flags2 & MT2_EXPLICIT_LAYOUT) || (f->flags & FF_STATIC))
        return;
    const MtClass *k = owner->klass;
    for (u32 i = 0; i < k->num_fields; i++) {
        const Field *g = &k->fields[i];
        if (g == f || (g->flags & FF_STATIC) || f->offset >= g->offset + field_size(g) || g->offset >= f->offset + field_size(f))
            continue;
        if ((keeps_rules(f) || keeps_rules(g)) && type_field_type(owner, (Field *)f, NULL) != type_field_type(owner, (Field *)g, NULL)) {
            v_report(v, VERIFY_ExplicitLayoutOverlap, f->name, "", "");
            return;
        }
    }
}

static void field_access(VMethod *v, MethodTable *owner, const Field *f, const VValue *object)
{
    check_overlap(v, owner, f);
    if (LIKELY(owner == v->m->mt))
        return;
    if (may_use_member(v, owner, f->attrs) && v_may_use_type(v, th_of(owner)) &&
        (!object || v_protected_ok(v, owner, f->attrs & FD_ACCESS, object)))
        return;
    v_report(v, VERIFY_FieldAccess, f->name, "", "");
}

static void check_object(VMethod *v, MethodTable *owner, VValue *o, bool allow_value)
{
    TypeHandle th = th_of(owner);
    char f[256], x[256];
    if (o->kind == V_BAD || v->dead)
        return;
    if (!mt_is_valuetype(owner)) {
        if (!v_is_uninit(v, o)) /* fields of an uninitialized this may be used, its own */
            v_check(v, o, th);
        else if (!v_assignable(o, th))
            v_unexpected(v, VERIFY_StackUnexpected, o, th);
        return;
    }
    bool ok = o->kind == V_BYREF ? o->th == th : allow_value && o->kind == V_VALUE ? o->th == th : false;
    if (!ok && allow_value && o->kind != V_BYREF && o->kind != V_REF) /* primitives */
        ok = v_assignable(o, th);
    VValue want = {.kind = V_BYREF, .th = th};
    if (!ok)
        v_report(v, o->kind == V_REF ? VERIFY_StackByRef : VERIFY_StackUnexpected, v_value_text(o, f, sizeof f),
            v_value_text(&want, x, sizeof x), "");
}

void v_load_field(VMethod *v, u32 want_address)
{
    Field *f;
    MethodTable *owner;
    TypeHandle th = field_token(v, &f, &owner);
    VValue o = v_pop(v);
    if (v->dead)
        return;
    bool is_static = f->flags & FF_STATIC;
    if (is_static && o.kind != V_REF && o.kind != V_BYREF && o.kind != V_BAD)
        v_unexpected(v, VERIFY_StackUnexpected, &o, 0);
    if (!is_static)
        check_object(v, owner, &o, true);
    else if (v_is_byref_like(th) && !v_is_var(th))
        v_error(v, VERIFY_ByrefOfByref);
    field_access(v, owner, f, is_static ? NULL : &o);
    VValue x = v_of(th);
    v_check_loadable(v, &x);
    if (!want_address) {
        if (v_holds_pointer(th) && !is_static)
            x.flags |= o.kind == V_BYREF ? v_content(v, &o) : o.flags & VF_LEVEL;
        if (x.kind == V_BYREF && v_field_is_readonly(owner, f))
            x.flags |= VF_RO;
        v_push(v, x);
        return;
    }
    if (x.kind == V_BYREF) {
        v_error(v, VERIFY_ByrefOfByref);
        v_push_kind(v, V_BAD);
        return;
    }
    x = (VValue){.kind = V_BYREF, .th = th};
    if (!is_static && o.kind == V_BYREF) {
        x.flags = o.flags & (VF_LEVEL | VF_RO | VF_CM | VF_INNERS | VF_OWN | VF_MAY_OWN | VF_OUTER);
        x.local = o.local;
    } else if (!is_static && o.kind != V_REF) {
        x.flags = VF_STACK;
    }
    bool own = in_own_constructor(v, owner, is_static) && (is_static || (o.flags & VF_THIS));
    if ((f->flags & FF_INITONLY) && !own)
        x.flags |= VF_RO;
    v_push(v, x);
}

void v_store_field(VMethod *v, u32)
{
    Field *f;
    MethodTable *owner;
    TypeHandle th = field_token(v, &f, &owner);
    VValue x = v_pop(v), o = v_pop(v);
    if (v->dead)
        return;
    bool is_static = f->flags & FF_STATIC;
    if (!is_static)
        check_object(v, owner, &o, false);
    else if (v_is_byref_like(th) && !v_is_var(th))
        v_error(v, VERIFY_ByrefOfByref);
    field_access(v, owner, f, is_static ? NULL : &o);
    if (f->flags & FF_INITONLY) {
        bool object_ok = is_static || (o.flags & VF_THIS) || (mt_is_valuetype(owner) && v->is_init_accessor);
        if (!in_own_constructor(v, owner, is_static) || !object_ok)
            v_report(v, VERIFY_InitOnly, f->name, "", "");
    }
    if (o.kind == V_BYREF && (o.flags & (VF_CM | VF_RO)))
        v_unexpected(v, VERIFY_ReadOnlyIllegalWrite, &o, 0);
    if (v_check(v, &x, th) && x.kind == V_BYREF && (x.flags & VF_RO) && !v_field_is_readonly(owner, f))
        v_unexpected(v, VERIFY_StackUnexpected, &x, th);
    if (v_holds_pointer(th))
        v_stored(v, &o, &x);
}

void v_static_field(VMethod *v, u32)
{
    u32 op = v->in.op;
    Field *f;
    MethodTable *owner;
    TypeHandle th = field_token(v, &f, &owner);
    if (v->dead)
        return;
    if (!(f->flags & FF_STATIC)) {
        v_report(v, VERIFY_ExpectedStaticField, f->name, "", "");
        v->dead = true;
        return;
    }
    field_access(v, owner, f, NULL);
    if (v_is_byref_like(th) && !v_is_var(th)) /* outlives every frame */
        v_error(v, VERIFY_ByrefOfByref);
    if (op == IL_LDSFLDA && v_span_over_data(v, f))
        return;
    bool own = !(f->flags & FF_RVA) && in_own_constructor(v, owner, true); /* initonly data of the image is never writable */
    if (op == IL_STSFLD) {
        if ((f->flags & FF_INITONLY) && !own)
            v_report(v, VERIFY_InitOnly, f->name, "", "");
        v_pop_type(v, th);
    } else if (op == IL_LDSFLD) {
        v_push_type(v, th);
    } else {
        v_address(v, th, (f->flags & FF_INITONLY) && !own ? VF_RO : 0, 0);
    }
}
