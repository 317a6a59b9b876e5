/* verify_call.c: calls, construction, method pointers and delegates.
 * In: call, callvirt, calli, newobj, ldftn, ldvirtftn.  Out: the stack after it, issues.
 * Rules: §III.3.19, III.4.2, III.4.21, III.1.8.1.5.2 (delegates), II.15.4.2 (family members are reached through the own class), §III.2.1
 * (constrained., static ones too), and how far a result may point into this frame: what C# calls ref-safe contexts.
 * Book: verify.md  Tests: tests/verify/ */
#include "verify/verify_int.h"

#include <stdio.h>

static const MdImage *md_of(const Method *m) { return m->mt->module->md; }
static bool is_ctor_name(const Method *m) { return m->flags & MF_CTOR; }

static void name_method(VMethod *v, VerifyCode c, Method *m)
{
    char name[400];
    type_method_name(m, false, name, sizeof name);
    v_report(v, c, name, "", "");
}

/* --- Arguments ---------------------------------------------------------------------------------------------------------------- */
typedef struct Args {
    Method *m;
    const MethodSig *sig;
    bool may_hold; /* the result may be a pointer into a frame: is it one into ours? */
    bool returns_pointer; /* a managed pointer, not a ref struct */
    u16 result;    /* VF_LEVEL of the result, */
    u16 given;     /* and of the ref structs passed: what a ref struct passed by address may now hold */
    VValue holders[4];
    u32 num_holders;
    bool own; /* a ref struct passed by address is some variable of this frame; */
    VValue outside; /* this one is none */
} Args;

static void args_of(Args *a, Method *m, Err *e) /* .sig NULL: e says why */
{
    a->m = m;
    a->sig = type_method_sig(m, e);
    a->may_hold = a->returns_pointer = a->own = false;
    a->result = a->given = 0;
    a->num_holders = 0;
    a->outside.kind = V_NONE;
}

static TypeHandle sig_type(VMethod *v, const Args *a, const SigType *t)
{
    if (t->th)
        return t->th;
    Err *const e = v_err(v);
    SigContext c = type_method_context(a->m);
    TypeHandle th = v_sig_type(&c, t, e);
    if (!th)
        v_resolve_error(v, VERIFY_UnsatisfiedMethodParentInst, e);
    return th;
}

/* --- Which method, and may it be used? ---------------------------------------------------------------------------------------- */
static bool constraints_hold(Method *m, bool trusted, VerifyCode *code, Err *e)
{
    MethodTable *mt = m->mt;
    u32 n;
    *code = VERIFY_UnsatisfiedMethodParentInst;
    if (mt->aux->inst && !mt_is_array(mt) && mt != mt->klass->typical && !(mt->flags2 & MT2_CONSTRAINTS_OK) &&
        !type_check_constraints(mt->klass->typical, NULL, mt->aux->inst, mt->klass->num_generic, e))
        return false;
    *code = VERIFY_UnsatisfiedMethodInst;
    TypeHandle *inst = m->num_generic && !(m->flags & MF_GENERIC_DEF) ? type_method_inst(m, &n) : NULL;
    bool open = !inst || trusted; /* a closed instantiation was checked when the token was resolved */
    for (u32 i = 0; inst && !open && i < n; i++)
        open = th_is_desc(inst[i]) || (((MethodTable *)inst[i])->flags & MTF_HAS_GENERIC_VARS);
    return !inst || !open || type_check_constraints(NULL, m, inst, n, e);
}

static Method *method_token(VMethod *v, u32 token)
{
    Err *const e = v_err(v);
    VerifyCode code = VERIFY_UnsatisfiedMethodParentInst;
    u32 table = MD_TABLE_OF(token);
    if (table != MDT_MethodDef && table != MDT_MemberRef && table != MDT_MethodSpec) {
        v_error(v, VERIFY_ExpectedMethodToken);
        v->dead = true;
        return NULL;
    }
    Method *m = type_resolve_method(&v->w->ctx, token, NULL, e);
    if (m && constraints_hold(m, v->m->mt->module->assembly->trusted, &code, e))
        return m;
    v_resolve_error(v, code, e);
    return NULL;
}

/* Family members of a base class: the object has to be of the using class, or of the class around it that derives from the owner. */
bool v_protected_ok(VMethod *v, MethodTable *owner, u32 access, const VValue *object)
{
    MethodTable *user = v->m->mt->klass->typical, *base = owner->klass->typical;
    if (access != MD_FAMILY && access != MD_FAM_AND_ASSEM && access != MD_FAM_OR_ASSEM)
        return true;
    if (v->m->mt->module->assembly->trusted || object->kind == V_BAD || (object->kind == V_REF && !object->th) || (object->flags & VF_THIS))
        return true;
    if (access == MD_FAM_OR_ASSEM && type_may_use_member(user, owner, MD_ASSEMBLY, false))
        return true;
    MethodTable *o = th_mt(object->th);
    for (MethodTable *u = user; u; u = type_enclosing(u, NULL)) {
        if (u == base)
            return true;
        bool derives = false;
        for (MethodTable *p = u; p; p = p->parent)
            derives |= p->klass->typical == base;
        if (!derives)
            continue;
        if (!o && v_is_var(object->th))
            return v_ref_assignable(object->th, th_of(u));
        for (MethodTable *p = o; p; p = p->parent)
            if (p->klass->typical == u)
                return true;
    }
    return false;
}

static bool may_use_method(VMethod *v, Method *m, const VValue *object)
{
    MethodTable *user = v->m->mt;
    u32 n;
    if (LIKELY(!m->num_generic && (m->mt == user || (v_visible(v, m->mt, m->attrs) && (m->attrs & MD_ACCESS) != MD_FAM_OR_ASSEM))))
        return true;
    if (user->module->assembly->trusted || (m->flags & MF_ARRAY))
        return user->module->assembly->trusted || type_may_use_type(user, th_of(m->mt), true);
    if (!v_visible(v, m->mt, m->attrs) && !type_may_use_member(user, m->mt, m->attrs, true))
        return false;
    TypeHandle *inst = m->num_generic ? type_method_inst(m, &n) : NULL;
    for (u32 i = 0; inst && i < n; i++)
        if (!type_may_use_type(user, inst[i], true))
            return false;
    return !object || (m->flags & MF_STATIC) || v_protected_ok(v, m->mt, m->attrs & MD_ACCESS, object);
}

/* A method whose signature names what is not visible here is not either.  Only nested types of the same assembly can be in question: signatures
 * are read for those, nothing is loaded for others. */
static bool may_use_signature(VMethod *v, const Args *a)
{
    MethodTable *user = v->m->mt;
    Module *m = a->m->mt->module;
    if (user->module->assembly->trusted || m != user->module || user->klass->typical == a->m->mt->klass->typical)
        return true;
    for (u32 i = 0; i <= a->sig->num_params; i++) {
        const SigType *t = i ? &a->sig->params[i - 1] : &a->sig->ret;
        if ((t->kind != ET_CLASS && t->kind != ET_VALUETYPE) || !t->sig || t->module != m || (t->sig[0] != ET_CLASS && t->sig[0] != ET_VALUETYPE))
            continue;
        MdSig s = md_sig(t->sig + 1, 8);
        u32 token = md_sig_token(&s);
        if (MD_TABLE_OF(token) != MDT_TypeDef || (md_TypeDef_Flags(m->md, MD_RID(token)) & TD_VISIBILITY) <= TD_NESTED_PUBLIC)
            continue;
        TypeHandle th = sig_type(v, a, t);
        if (th && !type_may_use_type(user, th, false))
            return false;
    }
    return true;
}

/* --- Escapes: what the result and what is passed by address may hold of this frame -------------------------------------------- */
/* Another body may run: its rows of parameters and its attributes are not these. */
static bool is_overridable(const Method *m)
{
    return (m->flags & MF_VIRTUAL) && !(m->flags & MF_FINAL) && !(m->mt->flags2 & MT2_SEALED) && !mt_is_valuetype(m->mt);
}

static bool any_body(const Method *m) { return is_overridable(m) || (m->flags & MF_RUNTIME); } /* one by the newer rules, too */

/* Does the parameter let what it points to, or holds, out with the result? */
static bool is_scoped(const Args *a, u32 i)
{
    if ((a->m->flags & (MF_ARRAY | MF_RUNTIME | MF_STUB | MF_UNSAFE_ACCESSOR)) || is_overridable(a->m))
        return false;
    const MdImage *md = md_of(a->m);
    u32 row = v_param_row(md, MD_RID(a->m->token), i + 1), token = MD_TOKEN(MDT_Param, row);
    if (!row)
        return false;
    bool out = (md_Param_Flags(md, row) & (PD_OUT | PD_IN)) == PD_OUT && v_new_ref_rules(a->m) && !v_has_attribute(md, token, "UnscopedRefAttribute");
    return out || ((v_module_uses(a->m->mt->module) & VA_SCOPED) && v_has_attribute(md, token, "ScopedRefAttribute"));
}

/* A ref struct passed by its address may be stored to. */
static void note_holder(Args *a, const VValue *x, u32 i, bool is_this)
{
    if (is_this ? v_only_reads_this(a->m) && !v_has_mod(a->m, 0, "IsExternalInit") : v_is_readonly(a->m, i + 1))
        return;
    if (x->local && a->num_holders < ARRAY_LEN(a->holders))
        a->holders[a->num_holders++] = *x;
    else if (x->flags & VF_OWN)
        a->own = true;
    else
        a->outside = *x;
}

static void note_escape(VMethod *v, Args *a, const VValue *x, u32 i, bool is_this)
{
    bool holder = x->kind == V_BYREF && v_is_byref_like(x->th);
    u16 points = x->kind == V_BYREF ? x->flags & VF_LEVEL : 0, inner = x->kind == V_VALUE ? x->flags & VF_LEVEL : holder ? v_content(v, x) : 0;
    if (holder)
        note_holder(a, x, i, is_this);
    if (!points && !inner)
        return;
    /* by C# 11's rules a pointer passed by reference may end up inside a ref struct that is returned; before, it could not */
    u16 in_result = !a->may_hold ? 0 : inner | (a->returns_pointer || any_body(a->m) || v_new_ref_rules(a->m) ? points : 0);
    if (!inner && !(in_result & ~a->result)) /* nothing to learn: no attribute is looked for */
        return;
    if (is_this) {
        if (!v_unscoped_this(a->m))
            in_result = a->may_hold ? inner : 0;
    } else if (is_scoped(a, i)) {
        if (!holder)
            return;
        in_result = a->may_hold ? inner : 0; /* the address does not leave, what is there may */
    }
    a->given |= inner;
    a->result |= in_result;
}

static void pop_args(VMethod *v, Args *a)
{
    for (u32 i = a->sig->num_params; i-- && !v->dead;) {
        const SigType *p = &a->sig->params[i];
        if (LIKELY(v->depth)) { /* most references are null or just what is wanted, most numbers of the right kind: no type to load */
            const VValue *top = &v->stack[v->depth - 1];
            if (top->kind == V_REF ? p->kind == ET_CLASS && !(top->flags & VF_THIS) && (!top->th || top->th == p->th)
                                   : top->kind != V_NONE && top->kind == v_number(p->kind)) {
                v->depth--;
                continue;
            }
        }
        TypeHandle th = sig_type(v, a, p);
        VValue x = v_pop(v);
        if (v->dead)
            return;
        bool in = x.kind == V_BYREF && (x.flags & (VF_CM | VF_RO)) && v_is_readonly(a->m, i + 1);
        if (in && (x.flags & VF_CM)) /* which only reads it */
            x.flags = (u16)((x.flags & ~VF_CM) | VF_RO);
        bool ok = v_check(v, &x, th);
        if (ok && x.kind == V_BYREF && (x.flags & VF_RO) && !in)
            v_unexpected(v, VERIFY_StackUnexpected, &x, th);
        if (v->pf_tail && v_holds_pointer(th) && (x.flags & VF_STACK))
            v_error(v, VERIFY_TailByRef);
        if (v_holds_pointer(th))
            note_escape(v, a, &x, i, false);
    }
}

static void push_result(VMethod *v, Args *a, VValue x)
{
    if (v->dead || x.kind == V_NONE)
        return;
    v_check_loadable(v, &x);
    if (a->may_hold)
        x.flags |= a->result;
    if (x.kind == V_BYREF && a->result && v_is_byref_like(x.th))
        x.flags |= VF_MAY_OWN | (a->given & VF_STACK ? VF_INNER : 0) | (a->given & VF_PARAM ? VF_INNER_PARAM : 0);
    if (x.kind == V_BYREF && v_is_readonly(a->m, 0))
        x.flags |= VF_RO;
    v_push(v, x);
}

static void note_holders(VMethod *v, const Args *a)
{
    if (!a->given)
        return;
    for (u32 i = 0; i < a->num_holders; i++)
        v_add_level(v, a->holders[i].local - 1u, a->given);
    if (a->own)
        v_all_own(v, a->given);
    if (a->outside.kind)
        v_unexpected(v, VERIFY_ReturnPtrToStack, &a->outside, 0);
}

/* --- This --------------------------------------------------------------------------------------------------------------------- */
static void constrained_this(VMethod *v, const VValue *self, TypeHandle th, Method *m)
{
    VValue want = {.kind = V_BYREF, .th = th};
    char f[256], x[256];
    if (self->kind == V_BAD || v->dead)
        return;
    if (self->kind != V_BYREF)
        v_unexpected(v, VERIFY_ConstrainedCallWithNonByRefThis, self, 0);
    else if (self->th != th)
        v_report(v, VERIFY_StackUnexpected, v_value_text(self, f, sizeof f), v_value_text(&want, x, sizeof x), "");
    else if (!v_ref_assignable(th, th_of(m->mt)))
        v_unexpected(v, VERIFY_StackUnexpected, &(VValue){.kind = V_REF, .th = th}, th_of(m->mt));
}

/* Direct call of a virtual method: only on this method's own this, a boxed value, or where nothing can override it. */
static void check_non_virtual(VMethod *v, Method *m, const VValue *self)
{
    if (!(m->flags & MF_VIRTUAL) || (m->flags & MF_FINAL) || (m->mt->flags2 & MT2_SEALED) || self->kind != V_REF || !self->th)
        return;
    if (!(self->flags & VF_THIS) && !th_is_valuetype(self->th))
        v_unexpected(v, VERIFY_ThisMismatch, self, 0);
}

static void plain_this(VMethod *v, const VValue *self, Method *m, bool is_virtual)
{
    TypeHandle owner = th_of(m->mt);
    char f[256], x[256];
    if (self->kind == V_BAD || v->dead)
        return;
    if (mt_is_valuetype(m->mt)) {
        VValue want = {.kind = V_BYREF, .th = owner};
        if (is_virtual)
            v_error(v, VERIFY_CallVirtOnValueType);
        if (self->kind != V_BYREF || !v_same_reduced(self->th, owner))
            v_report(v, VERIFY_StackUnexpected, v_value_text(self, f, sizeof f), v_value_text(&want, x, sizeof x), "");
        return;
    }
    if (!v_check(v, self, owner))
        return;
    if (!is_virtual)
        check_non_virtual(v, m, self);
}

/* Called on a read-only pointer: the method, or whatever of the constrained type is called, does not write to this.  An open type has no
 * slots to ask, so all of its methods of that name are looked at. */
static bool reads_only(Method *m, TypeHandle constrained)
{
    MethodTable *mt = constrained ? th_mt(constrained) : m->mt;
    if (!constrained)
        return !mt_is_valuetype(mt) || v_only_reads_this(m);
    if (!mt || !mt_is_valuetype(mt) || mt_is_enum(mt) || v_has_attribute(mt->module->md, mt->klass->token, "IsReadOnlyAttribute"))
        return mt != NULL;
    V_ERR(e);
    Method *called = type_is_open(constrained) ? NULL : type_find_constrained(constrained, m, &e);
    if (called) /* inherited: of a boxed copy */
        return !mt_is_valuetype(called->mt) || v_only_reads_this(called);
    const MdImage *md = mt->module->md;
    MdIter it = md_method_impls_of(md, MD_RID(mt->klass->token));
    bool found = !mt_is_interface(m->mt);
    for (u32 i = 0; i < mt->klass->num_methods; i++) {
        u32 rid = type_method_rid(mt, i);
        if (strcmp(md_method_name(md, rid), m->name) != 0)
            continue;
        found = true;
        if (!v_has_attribute(md, MD_TOKEN(MDT_MethodDef, rid), "IsReadOnlyAttribute"))
            return false;
    }
    for (u32 r; (r = md_next_row(&it));) { /* a method of another name in its place */
        u32 token = md_MethodImpl_MethodDeclaration(md, r);
        const char *name = MD_TABLE_OF(token) == MDT_MethodDef ? md_method_name(md, MD_RID(token)) : md_memberref_name(md, MD_RID(token));
        if (strcmp(name, m->name) == 0)
            return false;
    }
    return found;
}

/* call .ctor: initializes this (§III.1.8.1.4), or a value by its address. */
static void constructor_call(VMethod *v, Method *m, const VValue *self)
{
    MethodTable *own = v->m->mt, *mt = m->mt;
    if (mt_is_valuetype(mt)) {
        plain_this(v, self, m, false);
        return;
    }
    bool base = own->parent == mt || own == mt;
    bool makes_delegate = mt_is_delegate(mt) && (m->flags & MF_RUNTIME); /* of any number */
    if (!(self->flags & VF_THIS) || !v->is_ctor || !base || makes_delegate) {
        if (self->kind != V_BAD)
            v_error(v, VERIFY_CallCtor);
        return;
    }
    v->this_init = true;
}

/* --- call, callvirt, calli ---------------------------------------------------------------------------------------------------- */
static void check_tail(VMethod *v, VValue r)
{
    IlInst n;
    bool followed = v->pos < v->w->body.code_size && il_decode(v->w->body.code, v->w->body.code_size, v->pos, &n) && n.op == IL_RET;
    if (v->block->region || v->block->try_region)
        v_error(v, VERIFY_TailCallInsideER);
    if (!followed) {
        v_error(v, VERIFY_TailRet);
        return;
    }
    bool is_void = v->w->sig->ret.kind == ET_VOID, gives = r.kind != V_NONE;
    if (v->depth)
        v_error(v, VERIFY_TailStackEmpty);
    else if (is_void && gives)
        v_error(v, VERIFY_TailRetVoid);
    else if (!is_void) {
        TypeHandle own = v_ret(v);
        if (own && !v_assignable(&r, own))
            v_unexpected(v, VERIFY_TailRetType, &r, own);
    }
}

static void calli(VMethod *v)
{
    v_error(v, VERIFY_Unverifiable); /* nothing says what a function pointer points to */
    v->dead = true;
}

/* Static abstract and virtual methods of interfaces: reached by constrained. T only, where T implements the interface. */
static void check_static_virtual(VMethod *v, Method *m, TypeHandle constrained)
{
    if (!(m->flags & MF_VIRTUAL)) {
        if (constrained)
            v_error(v, VERIFY_Constrained);
        return;
    }
    if (!constrained) {
        if (m->flags & MF_ABSTRACT)
            name_method(v, VERIFY_CallAbstract, m);
        return;
    }
    if (!v_ref_assignable(constrained, th_of(m->mt)))
        v_unexpected(v, VERIFY_Constrained, &(VValue){.kind = V_REF, .th = constrained}, th_of(m->mt));
}

static TypeHandle constrained_type(VMethod *v)
{
    return v->pf_constrained ? v_type_token(v, v->pf_constrained, VERIFY_UnsatisfiedMethodParentInst) : 0;
}

void v_call(VMethod *v)
{
    bool is_virtual = v->in.op == IL_CALLVIRT;
    if (v->in.op == IL_CALL && v_memory_span(v))
        return;
    Err *const e = v_err(v);
    if (v->in.op == IL_CALLI) {
        calli(v);
        return;
    }
    Method *m = method_token(v, v->in.token);
    if (!m)
        return;
    Args a;
    args_of(&a, m, e);
    if (!a.sig) {
        v_resolve_error(v, VERIFY_UnsatisfiedMethodParentInst, e);
        return;
    }
    if (m->flags & MF_VARARG) {
        v_error(v, VERIFY_Unverifiable);
        v->dead = true;
        return;
    }
    if (m->flags & MF_UNMANAGED_CALLERS_ONLY)
        v_error(v, VERIFY_Unverifiable);
    u8 number = v_number(a.sig->ret.kind);
    TypeHandle constrained = constrained_type(v);
    VValue ret = number ? (VValue){.kind = number} : a.sig->ret.kind == ET_VOID ? (VValue){.kind = V_NONE} : v_of(sig_type(v, &a, &a.sig->ret));
    if (v->dead)
        return;
    a.returns_pointer = ret.kind == V_BYREF;
    a.may_hold = a.returns_pointer || (ret.kind == V_VALUE && v_is_byref_like(ret.th));
    bool is_static = m->flags & MF_STATIC, is_ctor = is_ctor_name(m) && !is_static && !(m->flags & MF_ARRAY);
    if (v->pf_readonly && !((m->flags & MF_ARRAY) && m->array_kind == ARRAY_ADDRESS)) {
        v_error(v, VERIFY_ReadonlyUnexpectedCallee);
        v->pf_readonly = false;
    }
    if (is_static && is_virtual)
        v_error(v, VERIFY_CallVirtOnStatic);
    if (is_static)
        check_static_virtual(v, m, constrained);
    else if (constrained && !is_virtual)
        v_error(v, VERIFY_Constrained);
    if ((m->flags & MF_ABSTRACT) && !is_virtual && !is_static)
        name_method(v, VERIFY_CallAbstract, m);
    bool holder_ctor = is_ctor && v_is_byref_like(th_of(m->mt)); /* the result goes into self */
    if (holder_ctor)
        a.may_hold = true;
    pop_args(v, &a);
    VValue self = {0};
    if (!is_static && !v->dead) {
        self = v_pop(v);
        if (v->dead)
            return;
        if (is_ctor)
            constructor_call(v, m, &self);
        else if (v_is_uninit(v, &self))
            v_uninit(v, &self);
        else if (constrained)
            constrained_this(v, &self, constrained, m);
        else
            plain_this(v, &self, m, is_virtual);
        if (self.kind == V_BYREF && (self.flags & VF_RO) && !is_ctor && !reads_only(m, constrained))
            v_unexpected(v, VERIFY_ReadOnlyIllegalWrite, &self, 0);
        if (v->pf_tail && self.kind == V_BYREF && (self.flags & VF_STACK))
            v_error(v, VERIFY_TailByRef);
        if (holder_ctor)
            v_stored(v, &self, &(VValue){.kind = V_VALUE, .th = th_of(m->mt), .flags = a.result});
        if (self.kind == V_BYREF)
            note_escape(v, &a, &self, 0, true);
    }
    if (v->dead)
        return;
    if (!may_use_method(v, m, is_static || self.kind != V_REF ? NULL : &self) || !may_use_signature(v, &a))
        name_method(v, VERIFY_MethodAccess, m);
    note_holders(v, &a);
    if (v->pf_tail)
        check_tail(v, ret);
    push_result(v, &a, ret);
    if (v->pf_readonly && v->depth)
        v->stack[v->depth - 1].flags |= VF_CM;
}

/* --- Delegates ---------------------------------------------------------------------------------------------------------------- */
/* May a value of type `from` be used as `to` with no change of its bits?  (§I.8.7: references by compatibility, all else by identity) */
static bool passes(TypeHandle from, TypeHandle to)
{
    if (from == to)
        return true;
    return (v_is_ref_type(from) || (v_is_var(from) && v_var_is_reference(from))) && v_is_ref_type(to) && v_ref_assignable(from, to);
}

/* Does the target go with the delegate's Invoke, its first parameters taken from the object where closed? */
static bool fits_delegate(VMethod *v, Method *invoke, Method *target, const VValue *object)
{
    Err *const e = v_err(v);
    Args d, t;
    args_of(&d, invoke, e);
    args_of(&t, target, e);
    if (!d.sig || !t.sig || (target->flags & MF_VARARG))
        return false;
    bool is_static = target->flags & MF_STATIC;
    bool null_object = object->kind == V_REF && !object->th;
    u32 n = d.sig->num_params, from = 0, skip = 0; /* skip: parameters of Invoke that the instance takes; from: of the target that the object is */
    if (!is_static && null_object && n == t.sig->num_params + 1u)
        skip = 1;
    else if (is_static && t.sig->num_params == n + 1u)
        from = 1;
    if (n - skip != t.sig->num_params - from)
        return false;
    if (skip && !passes(sig_type(v, &d, &d.sig->params[0]), mt_is_valuetype(target->mt) ? 0 : th_of(target->mt)))
        return false;
    if (from) {
        TypeHandle first = sig_type(v, &t, &t.sig->params[0]);
        bool reference = v_is_ref_type(first) || (v_is_var(first) && v_var_is_reference(first));
        if (!reference || object->kind != V_REF || !v_ref_assignable(object->th, first))
            return false;
    }
    if (!is_static && !skip && object->kind == V_REF && object->th && !v_ref_assignable(object->th, th_of(target->mt)))
        return false;
    for (u32 i = skip; i < n; i++) {
        u32 k = i - skip + from;
        if (!passes(sig_type(v, &d, &d.sig->params[i]), sig_type(v, &t, &t.sig->params[k])))
            return false;
        if (d.sig->params[i].kind == ET_BYREF && v_is_readonly(invoke, i + 1) && !v_is_readonly(target, k + 1))
            return false;
    }
    TypeHandle dr = sig_type(v, &d, &d.sig->ret), tr = sig_type(v, &t, &t.sig->ret);
    return passes(tr, dr) && (!v_desc(tr, TD_BYREF) || !v_is_readonly(target, 0) || v_is_readonly(invoke, 0));
}

/* A lambda in an initialiser of a class with a primary constructor: it reads the parameters from fields, and is made before the base class's
 * constructor runs.  What it may see then, a finaliser of the class may see, too. */
static bool own_lambda(const VMethod *v, const VValue *object, const VValue *ftn)
{
    return v_is_uninit(v, object) && !(ftn->flags & VF_VIRTFTN) && !(ftn->m->flags & (MF_STATIC | MF_VIRTUAL)) &&
           ftn->m->mt->klass == v->m->mt->klass;
}

static void new_delegate(VMethod *v, Method *ctor)
{
    MethodTable *mt = ctor->mt;
    VValue ftn = v_pop(v), object = v_pop(v);
    if (v->dead)
        return;
    VValue result = v_of(th_of(mt));
    if (ftn.kind != V_METHOD) {
        if (ftn.kind != V_BAD)
            v_unexpected(v, VERIFY_StackMethod, &ftn, 0);
        v_push(v, result);
        return;
    }
    if (!own_lambda(v, &object, &ftn) && !v_check(v, &object, th_of(type_wk(WK_OBJECT)))) {
        v_error(v, VERIFY_DelegateCtorSigO);
        if (v->ftn_at != v->at + 1 || ((ftn.flags & VF_VIRTFTN) && !v->ftn_pattern))
            v_error(v, VERIFY_DelegatePattern);
        v_push(v, result);
        return;
    }
    Method *m = ftn.m;
    if (v->ftn_at != v->at + 1 || ((ftn.flags & VF_VIRTFTN) && !v->ftn_pattern))
        v_error(v, VERIFY_DelegatePattern);
    Method *invoke = type_method_by_name(mt, "Invoke", -1);
    bool is_static = m->flags & MF_STATIC;
    if (!invoke || (!(is_static && (ftn.flags & VF_VIRTFTN)) && !fits_delegate(v, invoke, m, &object))) {
        bool type_only = !is_static && object.th && !v_ref_assignable(object.th, th_of(m->mt)) && (ftn.flags & VF_VIRTFTN);
        if (!type_only) /* said at the ldvirtftn */
            name_method(v, VERIFY_DelegateCtor, m);
    }
    if (!is_static && !(ftn.flags & VF_VIRTFTN) && (m->flags & MF_VIRTUAL) && !(m->flags & MF_FINAL) && !(m->mt->flags2 & MT2_SEALED) &&
        object.th && !(object.flags & VF_THIS) && !th_is_valuetype(object.th))
        name_method(v, VERIFY_LdftnNonFinalVirtual, m);
    if (!v->dead)
        v_push(v, result);
}

void v_ldftn(VMethod *v, u32 is_virtual)
{
    VValue self = {0};
    Method *m = method_token(v, v->in.token);
    TypeHandle constrained = constrained_type(v);
    bool pattern = is_virtual && v->dup_at == v->at + 1;
    if (is_virtual && !v->dead)
        self = v_pop(v);
    if (v->dead)
        return;
    bool is_static = m->flags & MF_STATIC;
    if (is_ctor_name(m))
        name_method(v, VERIFY_LdftnCtor, m);
    if (is_virtual && is_static) {
        name_method(v, VERIFY_LdvirtftnOnStatic, m);
    } else if (is_virtual && !v_uninit(v, &self) && self.kind != V_BAD) {
        if (self.kind != V_REF)
            v_unexpected(v, VERIFY_StackObjRef, &self, 0);
        if (self.kind != V_REF || !v_ref_assignable(self.th, th_of(m->mt)))
            v_unexpected(v, VERIFY_StackUnexpected, &self, th_of(m->mt));
    } else if (!is_virtual && is_static) {
        check_static_virtual(v, m, constrained);
    } else if (!is_virtual && (m->flags & MF_ABSTRACT)) {
        name_method(v, VERIFY_CallAbstract, m);
    }
    if (!may_use_method(v, m, is_virtual && !is_static && self.kind == V_REF ? &self : NULL))
        name_method(v, VERIFY_MethodAccess, m);
    v_push(v, (VValue){.kind = V_METHOD, .flags = is_virtual ? VF_VIRTFTN : 0, .m = m});
    v->ftn_at = v->pos + 1;
    v->ftn_pattern = pattern;
}

/* --- newobj ------------------------------------------------------------------------------------------------------------------- */
void v_newobj(VMethod *v)
{
    if (v_memory_span(v))
        return;
    Err *const e = v_err(v);
    Method *m = method_token(v, v->in.token);
    if (!m)
        return;
    bool is_ctor = is_ctor_name(m) || ((m->flags & MF_ARRAY) && m->array_kind == ARRAY_CTOR);
    if (!is_ctor)
        name_method(v, VERIFY_CtorExpected, m);
    if (m->flags & (MF_STATIC | MF_ABSTRACT))
        name_method(v, VERIFY_CtorSig, m);
    if (!is_ctor || (m->flags & (MF_STATIC | MF_ABSTRACT))) {
        v->dead = true;
        return;
    }
    MethodTable *mt = m->mt;
    if ((mt->flags2 & MT2_ABSTRACT) && !mt_is_array(mt))
        name_method(v, VERIFY_NewobjAbstractClass, m);
    if (!may_use_method(v, m, NULL))
        name_method(v, VERIFY_MethodAccess, m);
    Args a;
    args_of(&a, m, e);
    if (!a.sig) {
        v_resolve_error(v, VERIFY_UnsatisfiedMethodParentInst, e);
        return;
    }
    if (mt_is_delegate(mt)) {
        u8 k1 = a.sig->num_params == 2 ? a.sig->params[0].kind : 0, k2 = a.sig->num_params == 2 ? a.sig->params[1].kind : 0;
        if (k1 != ET_CLASS)
            v_error(v, VERIFY_DelegateCtorSigO);
        if (k2 != ET_I && k2 != ET_U)
            v_error(v, VERIFY_DelegateCtorSigI);
        if (a.sig->num_params == 2)
            new_delegate(v, m);
        else
            v->dead = true;
        return;
    }
    a.may_hold = v_is_byref_like(th_of(mt));
    pop_args(v, &a);
    if (v->dead)
        return;
    note_holders(v, &a);
    VValue x = v_of(th_of(mt));
    if (a.may_hold)
        x.flags |= a.result;
    v_push(v, x);
}
