/* verify_ops.c: what each opcode needs on the stack and leaves there.
 * In: the instruction at VMethod.pos, prefixes included.  Out: the stack after it, issues.
 * Tables of §III.1.5 in their strict, verifiable form; §III.3 and III.4 for the rest.
 * Not here: fields (verify_field.c), calls, newobj, ldftn (verify_call.c).
 * Book: verify.md  Tests: tests/verify/ */
#include "verify/verify_int.h"

#include <stdio.h>

static bool is_int(u8 k) { return k == V_I4 || k == V_I8 || k == V_I || k == V_PTR || k == V_BAD; }
static bool is_number(u8 k) { return is_int(k) || k == V_F; }
static bool is_word(u8 k) { return k == V_I4 || k == V_I || k == V_PTR; }

/* The instantiations inside an open type are not checked when it is loaded. */
bool v_constraints_hold(TypeHandle th, Err *e)
{
    MethodTable *mt = th_mt(th);
    while (mt && mt_is_array(mt))
        mt = th_mt(mt->elem);
    if (!mt || !mt->aux->inst || mt == mt->klass->typical || (mt->flags2 & MT2_CONSTRAINTS_OK))
        return true;
    return type_check_constraints(mt->klass->typical, NULL, mt->aux->inst, mt->klass->num_generic, e);
}

TypeHandle v_type_token(VMethod *v, u32 token, VerifyCode constraint)
{
    Err *const e = v_err(v);
    u32 table = MD_TABLE_OF(token);
    if (table != MDT_TypeDef && table != MDT_TypeRef && table != MDT_TypeSpec) {
        v_error(v, VERIFY_ExpectedTypeToken);
        v->dead = true;
        return 0;
    }
    TypeHandle th = type_resolve_type(&v->w->ctx, token, NULL, e);
    if (!th || !v_constraints_hold(th, e)) {
        v_resolve_error(v, constraint, e);
        return 0;
    }
    if (!v_may_use_type(v, th)) {
        char name[256];
        v_report(v, VERIFY_TypeAccess, v_type_text(th, name, sizeof name), "", "");
    }
    return th;
}

/* --- Numbers ------------------------------------------------------------------------------------------------------------------ */
static u8 int_result(u8 a, u8 b)
{
    if (a == V_BAD || b == V_BAD)
        return V_BAD;
    if (a == b)
        return a;
    return is_word(a) && is_word(b) ? V_I : V_NONE;
}

static void binary(VMethod *v, u32)
{
    u32 op = v->in.op;
    if (op == IL_ADD && v_memory_add(v))
        return;
    VValue b = v_pop(v), a = v_pop(v);
    bool integer = op == IL_AND || op == IL_OR || op == IL_XOR || op == IL_DIV_UN || op == IL_REM_UN || op >= IL_ADD_OVF;
    if (v->dead)
        return;
    VerifyCode need = integer ? VERIFY_ExpectedIntegerType : VERIFY_ExpectedNumericType;
    const VValue *wrong = !(integer ? is_int(a.kind) : is_number(a.kind))   ? &a
                          : !(integer ? is_int(b.kind) : is_number(b.kind)) ? &b
                                                                            : NULL;
    u8 r = wrong ? V_BAD : a.kind == V_F || b.kind == V_F ? (a.kind == b.kind || a.kind == V_BAD || b.kind == V_BAD ? V_F : V_NONE)
                                                          : int_result(a.kind, b.kind);
    if (wrong) {
        v_unexpected(v, need, wrong, 0);
        v->dead = true;
        return;
    } else if (r == V_NONE) {
        char f[64], x[64];
        v_report(v, VERIFY_StackUnexpected, v_value_text(&b, f, sizeof f), v_value_text(&a, x, sizeof x), "");
        r = V_BAD;
    }
    v_push_kind(v, r);
}

static void shift(VMethod *v, u32)
{
    VValue by = v_pop(v), x = v_pop(v);
    if (v->dead)
        return;
    if (!is_int(x.kind))
        v_unexpected(v, VERIFY_ExpectedIntegerType, &x, 0);
    else if (!is_word(by.kind) && by.kind != V_BAD)
        v_unexpected(v, VERIFY_StackUnexpected, &by, th_of(type_wk(WK_INT32)));
    v_push_kind(v, is_int(x.kind) ? x.kind : V_BAD);
}

static void unary(VMethod *v, u32 integer)
{
    VValue x = v_pop(v);
    if (v->dead)
        return;
    bool ok = integer ? is_int(x.kind) : is_number(x.kind);
    if (!ok)
        v_unexpected(v, integer ? VERIFY_ExpectedIntegerType : VERIFY_ExpectedNumericType, &x, 0);
    v_push_kind(v, ok ? x.kind : V_BAD);
}

static void conv(VMethod *v, u32 to)
{
    VValue x = v_pop(v);
    if (v->dead)
        return;
    if (!is_number(x.kind))
        v_unexpected(v, VERIFY_ExpectedNumericType, &x, 0);
    v_push_kind(v, (u8)to);
}

/* Table 4, without its unverifiable entries; order: other comparisons than equality. */
static void compare(VMethod *v, bool order, bool cgt_un)
{
    VValue b = v_pop(v), a = v_pop(v);
    if (v->dead || a.kind == V_BAD || b.kind == V_BAD || v_uninit(v, &a) || v_uninit(v, &b))
        return;
    bool ok;
    if (a.kind == V_REF)
        ok = b.kind == V_REF && (!order || cgt_un);
    else if (a.kind == V_BYREF || a.kind == V_F || a.kind == V_I8)
        ok = a.kind == b.kind;
    else
        ok = (is_word(a.kind) || a.kind == V_METHOD) && (is_word(b.kind) || b.kind == V_METHOD);
    if (!ok) {
        char f[256], x[256];
        v_report(v, VERIFY_StackUnexpected, v_value_text(&b, f, sizeof f), v_value_text(&a, x, sizeof x), "");
    }
}

static void comparison(VMethod *v, u32)
{
    compare(v, v->in.op != IL_CEQ, v->in.op == IL_CGT_UN);
    if (!v->dead)
        v_push_kind(v, V_I4);
}

/* --- Arguments, locals -------------------------------------------------------------------------------------------------------- */
static u16 level_of_local(const VMethod *v, u32 i)
{
    u64 bit = 1ull << MIN(i, 63u);
    return (v->stack_locals & bit ? VF_STACK : 0) | (v->param_locals & bit ? VF_PARAM : 0);
}

static u16 level_of_variable(const VMethod *v, u32 i)
{
    return i < v->w->num_locals ? level_of_local(v, i) : v->args[i - v->w->num_locals].flags & VF_LEVEL;
}

static bool is_holder(const VVar *x) { return x && v_is_byref_like(x->th); }

u16 v_content(VMethod *v, const VValue *a)
{
    u16 level = (a->flags & VF_INNER ? VF_STACK : 0) | (a->flags & VF_INNER_PARAM ? VF_PARAM : 0);
    if (a->local)
        return level | level_of_variable(v, a->local - 1u);
    for (u32 i = 0; (a->flags & VF_MAY_OWN) && i < v->w->num_locals; i++)
        level |= is_holder(v_local(v, i)) ? level_of_local(v, i) : 0;
    for (u32 i = 0; (a->flags & VF_MAY_OWN) && i < v->w->num_args; i++)
        level |= is_holder(v_arg(v, i)) ? v->args[i].flags & VF_LEVEL : 0;
    return level;
}

static void load_arg(VMethod *v, u32 i)
{
    VVar *a = v_arg(v, i);
    if (!a)
        return;
    v_check_loadable(v, &a->value);
    VValue x = a->value;
    x.flags |= a->flags;
    if (i == 0 && v->w->sig->has_this && (!v->w->this_stored || (v->tracks_this && !v->this_init)))
        x.flags |= VF_THIS;
    v_push(v, x);
}

static void load_local(VMethod *v, u32 i)
{
    VVar *l = v_local(v, i);
    if (!l)
        return;
    v_check_loadable(v, &l->value);
    VValue x = l->value;
    if (l->holds_pointer) {
        u16 level = level_of_local(v, i);
        x.flags |= level | (v->ro_locals & 1ull << MIN(i, 63u) ? VF_RO : 0);
        if (x.kind == V_BYREF && l->alias.kind) {
            x.flags |= l->alias.flags;
            x.local = l->alias.local;
        }
    }
    v_push(v, x);
}

static void store_arg(VMethod *v, u32 i)
{
    VVar *a = v_arg(v, i);
    VValue x = v_pop(v);
    if (v->dead)
        return;
    if (i == 0 && v->tracks_this && !v->this_init)
        v_error(v, VERIFY_ThisUninitStore);
    else
        v_check(v, &x, a->th);
    if (a->holds_pointer)
        v_add_arg_flags(v, i, x.flags & (VF_LEVEL | VF_RO | VF_MAY_OWN | VF_INNERS));
}

/* Which variable a local points to is known, whatever the path, when all that is stored to it points to the same. */
static void note_alias(VMethod *v, VValue *a, const VValue *x)
{
    u16 may = VF_MAY_OWN | VF_INNERS;
    VValue n = {.kind = V_BYREF, .flags = x->flags & (may | VF_OWN), .local = x->local};
    if (a->kind) {
        n.flags = (u16)((a->flags & n.flags & VF_OWN) | ((a->flags | n.flags) & may));
        n.local = a->local == n.local ? n.local : 0;
        if (n.flags == a->flags && n.local == a->local)
            return;
    }
    *a = n;
    v_all_again(v);
}

static void store_local(VMethod *v, u32 i)
{
    VVar *l = v_local(v, i);
    VValue x = v_pop(v);
    if (v->dead || (x.kind == l->value.kind && x.kind <= V_F)) /* most are numbers, or references of that very type */
        return;
    if (v_check(v, &x, l->th) && l->holds_pointer)
        v_set_local_bits(v, i, x.flags, false);
    if (x.kind == V_BYREF && v_is_byref_like(x.th))
        note_alias(v, &l->alias, &x);
}

void v_address(VMethod *v, TypeHandle th, u16 flags, u32 local)
{
    VValue x = v_of(th);
    v_check_loadable(v, &x);
    if (x.kind == V_BYREF) {
        v_error(v, VERIFY_ByrefOfByref);
        v_push_kind(v, V_BAD);
        return;
    }
    v_push(v, (VValue){.kind = V_BYREF, .flags = flags, .th = th, .local = local > UINT16_MAX ? 0 : (u16)local});
}

static void address_arg(VMethod *v, u32 i)
{
    if (i == 0 && v->tracks_this && !v->this_init)
        v_error(v, VERIFY_ThisUninitStore);
    VVar *a = v_arg(v, i);
    if (a)
        v_address(v, a->th, VF_STACK | VF_OWN | VF_MAY_OWN, v->w->num_locals + i + 1);
}

static void address_local(VMethod *v, u32 i)
{
    VVar *l = v_local(v, i);
    if (l)
        v_address(v, l->th, VF_STACK | VF_OWN | VF_MAY_OWN, i + 1);
}

void v_all_own(VMethod *v, u16 level)
{
    for (u32 i = 0; i < v->w->num_locals; i++)
        if (is_holder(v_local(v, i)))
            v_set_local_bits(v, i, level, true);
    for (u32 i = 0; i < v->w->num_args; i++)
        if (is_holder(v_arg(v, i)))
            v_add_arg_flags(v, i, level);
}

/* What may point into a frame is kept by variables of that frame only; a struct's constructor may keep what its parameters point to: whoever
 * calls it knows. */
void v_stored(VMethod *v, const VValue *to, const VValue *value)
{
    u16 level = value->flags & VF_LEVEL;
    if ((value->kind != V_BYREF && value->kind != V_VALUE) || !level || to->kind != V_BYREF)
        return;
    if (to->local)
        v_add_level(v, to->local - 1u, level);
    else if (to->flags & VF_OWN)
        v_all_own(v, level);
    else if ((level & VF_STACK) || !(to->flags & VF_OUTER) || !v->new_rules)
        v_unexpected(v, VERIFY_ReturnPtrToStack, value, 0);
}

/* --- Memory ------------------------------------------------------------------------------------------------------------------- */
static VValue pop_address(VMethod *v, bool write)
{
    VValue a = v_pop(v);
    if (v->dead || a.kind == V_BAD)
        return (VValue){.kind = V_BAD};
    if (a.kind != V_BYREF) {
        v_unexpected(v, VERIFY_StackByRef, &a, 0);
        return (VValue){.kind = V_BAD};
    }
    if (write && (a.flags & (VF_CM | VF_RO)))
        v_unexpected(v, VERIFY_ReadOnlyIllegalWrite, &a, 0);
    return a;
}

static void address_of(VMethod *v, const VValue *a, TypeHandle th) /* it has to point to a th */
{
    VValue want = {.kind = V_BYREF, .th = th};
    char f[256], x[256];
    if (a->kind == V_BYREF && !v_same_reduced(a->th, th))
        v_report(v, VERIFY_StackUnexpected, v_value_text(a, f, sizeof f), v_value_text(&want, x, sizeof x), "");
}

static TypeHandle short_type(u32 i)
{
    static const u8 wk[] = {WK_SBYTE, WK_BYTE, WK_INT16, WK_UINT16, WK_INT32, WK_UINT32, WK_INT64, WK_INTPTR, WK_SINGLE, WK_DOUBLE};
    return th_of(type_wk(wk[i]));
}

static u16 from_pointee(VMethod *v, const VValue *a, TypeHandle th) { return v_holds_pointer(th) ? v_content(v, a) : 0; }

static void load_indirect(VMethod *v, u32)
{
    u32 op = v->in.op;
    VValue a = pop_address(v, false);
    if (op == IL_LDIND_REF) {
        if (a.kind == V_BYREF && !v_is_ref_type(a.th)) {
            v_unexpected(v, VERIFY_StackUnexpected, &a, 0);
            a.kind = V_BAD;
        }
        v_push(v, (VValue){.kind = a.kind == V_BAD ? V_BAD : V_REF, .th = a.th});
        return;
    }
    TypeHandle th = short_type(op - IL_LDIND_I1);
    if (!(op == IL_LDIND_U1 && v->pos < v->block->il_end && v->w->body.code[v->pos] == IL_POP)) /* a test for null: nothing is read */
        address_of(v, &a, th);
    v_push(v, v_of(th));
}

static void store_indirect(VMethod *v, u32)
{
    u32 op = v->in.op;
    static const u8 size[] = {4, 0, 2, 4, 6, 8, 9}; /* of short_type, by stind.ref, i1, i2 … r8 */
    if (op != IL_STIND_REF && v_memory_store(v, op == IL_STIND_I ? short_type(7) : short_type(size[op - IL_STIND_REF])))
        return;
    VValue x = v_pop(v), a = pop_address(v, true);
    if (v->dead || a.kind == V_BAD)
        return;
    if (op == IL_STIND_REF) {
        if (!v_is_ref_type(a.th))
            v_unexpected(v, VERIFY_StackUnexpected, &a, 0);
        else
            v_check(v, &x, a.th);
        return;
    }
    TypeHandle th = op == IL_STIND_I ? short_type(7) : short_type(size[op - IL_STIND_REF]);
    address_of(v, &a, th);
    v_check(v, &x, th);
}

static void load_object(VMethod *v, u32)
{
    TypeHandle th = v_type_token(v, v->in.token, VERIFY_UnsatisfiedMethodParentInst);
    VValue a = pop_address(v, false);
    if (v->dead)
        return;
    if (a.kind == V_BYREF && !(v_is_ref_type(a.th) && v_is_ref_type(th) && v_ref_assignable(a.th, th)))
        address_of(v, &a, th);
    VValue x = v_of(th);
    x.flags |= from_pointee(v, &a, th);
    v_check_loadable(v, &x);
    v_push(v, x);
}

static void store_object(VMethod *v, u32)
{
    TypeHandle th = v_type_token(v, v->in.token, VERIFY_UnsatisfiedMethodParentInst);
    if (th && v_memory_store(v, th))
        return;
    VValue x = v_pop(v), a = pop_address(v, true);
    if (v->dead)
        return;
    if (a.kind == V_BYREF && !(v_is_ref_type(a.th) && v_is_ref_type(th) && v_ref_assignable(th, a.th)))
        address_of(v, &a, th);
    v_check(v, &x, th);
    v_stored(v, &a, &x);
}

static void init_object(VMethod *v, u32)
{
    TypeHandle th = v_type_token(v, v->in.token, VERIFY_UnsatisfiedMethodParentInst);
    VValue a = pop_address(v, true);
    if (!v->dead)
        address_of(v, &a, th);
}

static void copy_object(VMethod *v, u32)
{
    TypeHandle th = v_type_token(v, v->in.token, VERIFY_UnsatisfiedMethodParentInst);
    VValue from = pop_address(v, false), to = pop_address(v, true);
    if (v->dead)
        return;
    address_of(v, &from, th);
    address_of(v, &to, th);
    VValue x = v_of(th);
    x.flags |= from_pointee(v, &from, th);
    v_stored(v, &to, &x);
}

/* --- Arrays ------------------------------------------------------------------------------------------------------------------- */
static void pop_index(VMethod *v)
{
    VValue i = v_pop(v);
    if (!v->dead && !is_word(i.kind) && i.kind != V_BAD)
        v_unexpected(v, VERIFY_StackUnexpected, &i, th_of(type_wk(WK_INT32)));
}

/* Element type; 0: null or bad (*bad). */
static TypeHandle pop_array(VMethod *v, bool *bad)
{
    VValue a = v_pop(v);
    *bad = a.kind == V_BAD || v->dead;
    if (*bad || (a.kind == V_REF && !a.th))
        return 0;
    MethodTable *mt = a.kind == V_REF ? th_mt(a.th) : NULL;
    if (mt && mt_is_szarray(mt))
        return mt->elem;
    v_unexpected(v, VERIFY_ExpectedArray, &a, 0);
    *bad = true;
    return 0;
}

static void array_mismatch(VMethod *v, TypeHandle found, TypeHandle expected)
{
    char f[256], x[256];
    v_report(v, VERIFY_StackUnexpectedArrayType, v_type_text(found, f, sizeof f), v_type_text(expected, x, sizeof x), "");
}

static TypeHandle element_type(VMethod *v, u32 op, bool store)
{
    static const u8 st[] = {7, 0, 2, 4, 6, 8, 9};
    if (op == IL_LDELEM || op == IL_STELEM)
        return v_type_token(v, v->in.token, VERIFY_UnsatisfiedMethodParentInst);
    if (op == IL_LDELEM_REF || op == IL_STELEM_REF)
        return 0;
    return short_type(store ? st[op - IL_STELEM_I] : op - IL_LDELEM_I1);
}

static void load_element(VMethod *v, u32)
{
    u32 op = v->in.op;
    bool bad;
    TypeHandle want = element_type(v, op, false);
    pop_index(v);
    TypeHandle elem = pop_array(v, &bad);
    if (v->dead)
        return;
    if (op == IL_LDELEM_REF) {
        if (elem && !v_is_ref_type(elem)) {
            array_mismatch(v, elem, th_of(type_wk(WK_OBJECT)));
            bad = true;
        }
        v_push(v, (VValue){.kind = bad ? V_BAD : V_REF, .th = elem});
        return;
    }
    if (elem && !v_same_reduced(elem, want) && !(v_is_ref_type(elem) && v_is_ref_type(want) && v_ref_assignable(elem, want)))
        array_mismatch(v, elem, want);
    v_push_type(v, want);
}

static void store_element(VMethod *v, u32)
{
    u32 op = v->in.op;
    bool bad;
    TypeHandle want = element_type(v, op, true);
    VValue x = v_pop(v);
    pop_index(v);
    TypeHandle elem = pop_array(v, &bad);
    if (v->dead)
        return;
    if (op == IL_STELEM_REF) {
        if (elem && !v_is_ref_type(elem))
            array_mismatch(v, elem, th_of(type_wk(WK_OBJECT)));
        else if (!bad)
            v_check(v, &x, elem ? elem : th_of(type_wk(WK_OBJECT)));
        return;
    }
    bool refs = v_is_ref_type(elem) && v_is_ref_type(want) && (v_ref_assignable(want, elem) || v_ref_assignable(elem, want));
    if (elem && !v_same_reduced(elem, want) && !refs)
        array_mismatch(v, elem, want);
    v_check(v, &x, want);
}

static void element_address(VMethod *v, u32)
{
    bool bad;
    TypeHandle want = v_type_token(v, v->in.token, VERIFY_UnsatisfiedMethodParentInst);
    pop_index(v);
    TypeHandle elem = pop_array(v, &bad);
    if (v->dead)
        return;
    bool ok = !elem || v_same_reduced(elem, want) || (v->pf_readonly && v_is_ref_type(elem) && v_is_ref_type(want) && v_ref_assignable(elem, want));
    if (!ok)
        array_mismatch(v, elem, want);
    v_push(v, (VValue){.kind = V_BYREF, .th = want, .flags = v->pf_readonly ? VF_CM : 0});
}

static void new_array(VMethod *v, u32)
{
    TypeHandle th = v_type_token(v, v->in.token, VERIFY_UnsatisfiedMethodParentInst);
    pop_index(v);
    if (v->dead)
        return;
    Err *const e = v_err(v);
    if (v_desc(th, TD_BYREF) || v_is_byref_like(th)) {
        v_error(v, VERIFY_ArrayByRef);
        v_push_kind(v, V_BAD);
        return;
    }
    TypeHandle a = type_szarray_of(th, e);
    if (!a)
        v_resolve_error(v, VERIFY_TokenResolve, e);
    else
        v_push(v, v_of(a));
}

/* --- Boxes, casts ------------------------------------------------------------------------------------------------------------- */
static bool is_test(u32 op) { return op == IL_BRTRUE || op == IL_BRTRUE_S || op == IL_BRFALSE || op == IL_BRFALSE_S; }

/* Boxed for a test of null or type only: allowed for ref structs too, nothing is boxed. */
static bool box_is_test(const VMethod *v, TypeHandle th)
{
    IlInst n, then;
    if (v->pos >= v->block->il_end || !il_decode(v->w->body.code, v->w->body.code_size, v->pos, &n))
        return false;
    if (is_test(n.op))
        return true;
    if (n.op == IL_UNBOX_ANY)
        return type_resolve_type(&v->w->ctx, n.token, NULL, NULL) == th;
    if (n.op != IL_ISINST || n.offset + n.size >= v->block->il_end || !il_decode(v->w->body.code, v->w->body.code_size, n.offset + n.size, &then))
        return false;
    return is_test(then.op) || then.op == IL_UNBOX_ANY;
}

/* A generic variable that stands for reference types only: its boxed form is itself. */
bool v_var_is_reference(TypeHandle th)
{
    TypeDesc *d = th_desc(th);
    const MdImage *md = d->module->md;
    if (md_GenericParam_Flags(md, MD_RID(d->token)) & GP_CLASS)
        return true;
    SigContext c = d->kind == TD_VAR ? type_mt_context(d->owner) : type_method_context(d->owner);
    MdIter it = md_constraints_of(md, MD_RID(d->token));
    for (u32 r; (r = md_next_row(&it));) {
        TypeHandle k = type_resolve_type(&c, md_GenericParamConstraint_Constraint(md, r), NULL, NULL);
        if (v_is_ref_type(k) && !mt_is_interface((MethodTable *)k) && k != th_of(type_wk(WK_OBJECT)) && k != th_of(type_wk(WK_VALUETYPE)) &&
            k != th_of(type_wk(WK_ENUM)))
            return true;
    }
    return false;
}

static void box(VMethod *v, u32)
{
    TypeHandle th = v_type_token(v, v->in.token, VERIFY_UnsatisfiedBoxOperand);
    VValue x = v_pop(v);
    if (v->dead)
        return;
    if (v_desc(th, TD_BYREF) || (v_is_byref_like(th) && !box_is_test(v, th)))
        v_error(v, VERIFY_BoxByRef);
    if (th_is_desc(th) && !v_is_var(th)) {
        v_error(v, VERIFY_ExpectedValClassObjRefVariable);
        v_push_kind(v, V_BAD);
        return;
    }
    bool boxed_already = x.kind == V_REF && x.th == th && v_is_var(th) && v_var_is_reference(th);
    if (!boxed_already)
        v_check(v, &x, th);
    MethodTable *mt = th_mt(th);
    if (mt && mt_is_nullable(mt))
        th = mt->aux->inst[0];
    v_push(v, (VValue){.kind = V_REF, .th = th});
}

static bool pop_object(VMethod *v)
{
    VValue x = v_pop(v);
    if (v->dead || x.kind == V_BAD || v_uninit(v, &x))
        return false;
    if (x.kind == V_REF)
        return true;
    v_unexpected(v, VERIFY_StackObjRef, &x, 0);
    return false;
}

static void cast(VMethod *v, u32)
{
    u32 op = v->in.op;
    TypeHandle th = v_type_token(v, v->in.token, VERIFY_UnsatisfiedMethodParentInst);
    pop_object(v);
    if (v->dead)
        return;
    if (th_is_desc(th) && !v_is_var(th)) {
        v_error(v, VERIFY_ExpectedValClassObjRefVariable);
        v_push_kind(v, V_BAD);
    } else if (op == IL_UNBOX) {
        bool values = v_is_var(th) && (md_GenericParam_Flags(th_desc(th)->module->md, MD_RID(th_desc(th)->token)) & GP_STRUCT);
        if (!th_is_valuetype(th) && !values) /* other variables may stand for classes */
            v_error(v, VERIFY_ValueTypeExpected);
        v_push(v, (VValue){.kind = V_BYREF, .th = th, .flags = VF_CM});
    } else if (op == IL_UNBOX_ANY) {
        v_push_type(v, th);
    } else {
        MethodTable *mt = th_mt(th);
        if (mt && mt_is_nullable(mt))
            th = mt->aux->inst[0];
        v_push(v, (VValue){.kind = V_REF, .th = th});
    }
}

static void ldtoken(VMethod *v, u32)
{
    Err *const e = v_err(v);
    u32 token = v->in.token, wk;
    bool ok;
    switch (MD_TABLE_OF(token)) {
    case MDT_TypeDef: case MDT_TypeRef: case MDT_TypeSpec:
        wk = WK_RUNTIMETYPEHANDLE;
        ok = type_resolve_type(&v->w->ctx, token, NULL, e) != 0;
        break;
    case MDT_Field: wk = WK_RUNTIMEFIELDHANDLE; ok = type_resolve_field(&v->w->ctx, token, &(MethodTable *){NULL}, NULL, e) != NULL; break;
    case MDT_MemberRef: {
        MdSig sig = md_sig_of(v->w->ctx.module->md, token);
        if ((md_sig_peek(&sig) & SIG_KIND) == SIG_FIELD) {
            wk = WK_RUNTIMEFIELDHANDLE;
            ok = type_resolve_field(&v->w->ctx, token, &(MethodTable *){NULL}, NULL, e) != NULL;
            break;
        }
    }
        /* fall through */
    default: wk = WK_RUNTIMEMETHODHANDLE; ok = type_resolve_method(&v->w->ctx, token, NULL, e) != NULL;
    }
    if (!ok)
        v_resolve_error(v, VERIFY_UnsatisfiedMethodParentInst, e);
    else
        v_push(v, v_of(th_of(type_wk(wk))));
}

static void typed_reference(VMethod *v, u32)
{
    u32 op = v->in.op;
    TypeHandle tr = th_of(type_wk(WK_TYPEDREFERENCE));
    if (op == IL_REFANYTYPE) {
        v_pop_type(v, tr);
        v_push(v, v_of(th_of(type_wk(WK_RUNTIMETYPEHANDLE))));
        return;
    }
    TypeHandle th = v_type_token(v, v->in.token, VERIFY_UnsatisfiedMethodParentInst);
    if (v->dead)
        return;
    VValue x = v_pop(v), y = v_of(tr);
    if (op == IL_MKREFANY) {
        if (x.kind != V_BYREF)
            v_unexpected(v, VERIFY_StackByRef, &x, 0);
        else
            address_of(v, &x, th);
        if (x.flags & (VF_CM | VF_RO))
            v_unexpected(v, VERIFY_ReadOnlyIllegalWrite, &x, 0);
        if (v_is_byref_like(th))
            v_error(v, VERIFY_ByrefOfByref);
        y.flags = VF_STACK;
    } else {
        v_check(v, &x, tr);
        y = (VValue){.kind = V_BYREF, .th = th, .flags = x.flags & VF_STACK};
    }
    if (!v->dead)
        v_push(v, y);
}

/* --- Control ------------------------------------------------------------------------------------------------------------------ */
static void ret(VMethod *v, u32)
{
    u32 at = v->at;
    v->live = false;
    for (u32 i = 0; i < v->w->num_clauses; i++) {
        const IlClause *c = &v->w->clauses[i].il;
        if (c->try_start <= at && at < c->try_end)
            v_error(v, VERIFY_ReturnFromTry);
        if (c->kind == IL_EH_FILTER && c->filter_start <= at && at < c->handler_start)
            v_error(v, VERIFY_ReturnFromFilter);
        if (c->handler_start <= at && at < c->handler_end)
            v_error(v, VERIFY_ReturnFromHandler);
    }
    if (v->block->try_region || v->block->region)
        return;
    if (v->tracks_this && !v->this_init)
        v_error(v, VERIFY_ThisUninitReturn);
    if (v->w->sig->ret.kind == ET_VOID) {
        if (v->depth)
            v_error(v, VERIFY_ReturnVoid);
        return;
    }
    char x[256];
    TypeHandle th = v_ret(v);
    if (!th)
        return;
    VValue want = v_of(th);
    if (v->depth == 0) {
        v_report(v, VERIFY_ReturnMissing, "", v_value_text(&want, x, sizeof x), "");
        return;
    }
    if (v->depth > 1)
        v_error(v, VERIFY_ReturnEmpty);
    VValue r = v_pop(v);
    v_check_loadable(v, &want);
    if (want.kind == V_BYREF && v->ret_readonly)
        r.flags = (u16)(r.flags & ~VF_CM); /* whoever gets it only reads */
    if (!v_check(v, &r, th))
        return;
    bool keeps = want.kind == V_VALUE && (r.flags & VF_PARAM) && !v->new_rules; /* by the old rules a ref struct holds no parameter's pointer */
    if (v_holds_pointer(th) && ((r.flags & VF_STACK) || keeps))
        v_unexpected(v, VERIFY_ReturnPtrToStack, &r, 0);
    else if (want.kind == V_BYREF && (r.flags & VF_RO) && !v->ret_readonly)
        v_unexpected(v, VERIFY_StackUnexpected, &r, th);
}

static bool in_handler_of(const VMethod *v, bool filter, bool final)
{
    const SemBlock *b = v->block;
    if (!b->region)
        return false;
    const IlClause *c = &v->w->clauses[b->region - 1].il;
    if (c->kind == IL_EH_FILTER && v->at < c->handler_start)
        return filter;
    return !filter && final == (c->kind == IL_EH_FINALLY || c->kind == IL_EH_FAULT);
}

static void end_handler(VMethod *v, u32)
{
    u32 op = v->in.op;
    v->live = false;
    if (op == IL_RETHROW) {
        bool in_catch = false;
        for (u32 i = 0; i < v->w->num_clauses; i++) {
            const IlClause *c = &v->w->clauses[i].il;
            in_catch |= (c->kind == IL_EH_CATCH || c->kind == IL_EH_FILTER) && c->handler_start <= v->at && v->at < c->handler_end;
        }
        if (!in_catch)
            v_error(v, VERIFY_Rethrow);
    } else if (op == IL_ENDFINALLY) {
        if (!in_handler_of(v, false, true))
            v_error(v, VERIFY_Endfinally);
    } else {
        bool inside = in_handler_of(v, true, false);
        if (!inside)
            v_error(v, VERIFY_Endfilter);
        VValue x = v_pop(v);
        if (v->dead)
            return;
        if (x.kind != V_I4 && x.kind != V_BAD)
            v_unexpected(v, VERIFY_StackUnexpected, &x, th_of(type_wk(WK_INT32)));
        if (v->depth)
            v_error(v, VERIFY_EndfilterStack);
        if (inside && v->pos != v->w->clauses[v->block->region - 1].il.handler_start)
            v_error(v, VERIFY_Endfilter);
    }
}

static void branch(VMethod *v, u32)
{
    u32 op = v->in.op;
    u32 n = op >= IL_BR ? op - IL_BR + IL_BR_S : op;
    if (n == IL_BR_S) {
        v->live = false;
    } else if (n <= IL_BRTRUE_S) {
        VValue x = v_pop(v);
        if (!v->dead && (x.kind == V_F || x.kind == V_VALUE))
            v_unexpected(v, VERIFY_StackUnexpected, &x, 0);
        v_uninit(v, &x);
    } else {
        compare(v, n != IL_BEQ_S && n != IL_BNE_UN_S, false);
    }
    if (!v->dead)
        v_branch(v, v->in.target);
}

static void switch_op(VMethod *v, u32)
{
    VValue x = v_pop(v);
    if (v->dead)
        return;
    if (!is_word(x.kind) && x.kind != V_BAD)
        v_unexpected(v, VERIFY_StackUnexpected, &x, th_of(type_wk(WK_INT32)));
    for (u32 i = 0; i < v->in.switch_count; i++)
        v_branch(v, il_switch_target(&v->in, i));
}

/* --- One instruction ---------------------------------------------------------------------------------------------------------- */
static void nothing(VMethod *, u32) {}
static void unknown(VMethod *v, u32) { v_error(v, VERIFY_UnknownOpcode); }
static void push(VMethod *v, u32 kind) { v_push_kind(v, (u8)kind); }
static void drop(VMethod *v, u32) { v_pop(v); }
static void load_arg_n(VMethod *v, u32) { load_arg(v, (u32)v->in.i); }
static void load_local_n(VMethod *v, u32) { load_local(v, (u32)v->in.i); }
static void store_arg_n(VMethod *v, u32) { store_arg(v, (u32)v->in.i); }
static void store_local_n(VMethod *v, u32) { store_local(v, (u32)v->in.i); }
static void address_arg_n(VMethod *v, u32) { address_arg(v, (u32)v->in.i); }
static void address_local_n(VMethod *v, u32) { address_local(v, (u32)v->in.i); }
static void any_call(VMethod *v, u32) { v_call(v); }
static void construct(VMethod *v, u32) { v_newobj(v); }

static void dup(VMethod *v, u32)
{
    if (!v->depth) {
        v_pop(v);
        return;
    }
    v_push(v, v->stack[v->depth - 1]);
    v->dup_at = v->pos + 1;
}

static void string(VMethod *v, u32)
{
    if (MD_TABLE_OF(v->in.token) != 0x70 || !md_valid_token(v->m->mt->module->md, v->in.token))
        v_error(v, VERIFY_StringOperand);
    v_push(v, v_of(th_of(type_wk(WK_STRING))));
}

static void throw(VMethod *v, u32)
{
    pop_object(v);
    v->live = false;
}

static void leave(VMethod *v, u32)
{
    v->live = false;
    v_leave(v, v->in.target);
}

static void jump(VMethod *v, u32)
{
    v_error(v, VERIFY_Unverifiable);
    v->live = false;
}

static void check_finite(VMethod *v, u32 kind)
{
    VValue x = v_pop(v);
    if (!v->dead && x.kind != V_F)
        v_unexpected(v, VERIFY_ExpectedFloatType, &x, 0);
    v_push_kind(v, (u8)kind);
}

static void length(VMethod *v, u32 kind)
{
    bool bad;
    pop_array(v, &bad);
    v_push_kind(v, (u8)kind);
}

static void size_of(VMethod *v, u32 kind)
{
    v_type_token(v, v->in.token, VERIFY_UnsatisfiedMethodParentInst);
    v_push_kind(v, (u8)kind);
}

static void unverifiable(VMethod *v, u32 pops, u8 push_kind)
{
    v_error(v, VERIFY_Unverifiable);
    while (pops-- && !v->dead)
        v_pop(v);
    if (push_kind && !v->dead)
        v_push_kind(v, push_kind);
}

static void argument_list(VMethod *v, u32 kind) { unverifiable(v, 0, (u8)kind); }

static void allocate(VMethod *v, u32 kind)
{
    if (!v_stack_memory(v))
        unverifiable(v, 1, (u8)kind);
}

static void memory_block(VMethod *v, u32 copy)
{
    if (!v_memory_block(v, copy))
        unverifiable(v, 3, 0);
}

static bool is_memory_op(u32 op, bool statics)
{
    return (op >= IL_LDIND_I1 && op <= IL_STIND_R8) || op == IL_STIND_I || op == IL_LDFLD || op == IL_STFLD || op == IL_LDOBJ || op == IL_STOBJ ||
           op == IL_INITBLK || op == IL_CPBLK || (statics && (op == IL_LDSFLD || op == IL_STSFLD));
}

static void check_prefixes(VMethod *v, u32 op)
{
    bool call = op == IL_CALL || op == IL_CALLVIRT;
    if (v->pf_volatile && !is_memory_op(op, true))
        v_error(v, VERIFY_Volatile);
    if (v->pf_unaligned && !is_memory_op(op, false))
        v_error(v, VERIFY_Unaligned);
    if (v->pf_readonly && op != IL_LDELEMA && !call) {
        v_error(v, VERIFY_ReadOnly);
        v->pf_readonly = false;
    }
    if (v->pf_tail && !call && op != IL_CALLI) {
        v_error(v, VERIFY_TailCall);
        v->pf_tail = false;
    }
    if (v->pf_constrained && !call && op != IL_LDFTN) {
        v_error(v, VERIFY_Constrained);
        v->pf_constrained = 0;
    }
}

static void prefixed(VMethod *v, u32 x);
typedef struct Step {
    void (*run)(VMethod *v, u32 x); /* VMethod.in has the opcode and its operand */
    u8 x;                           /* what tells opcodes of one kind apart, where the opcode itself does not */
} Step;
#define FOUR(op, f) [op] = {f, 0}, [(op) + 1] = {f, 1}, [(op) + 2] = {f, 2}, [(op) + 3] = {f, 3}
static const Step steps[IL_OP_LIMIT] = {
    [IL_NOP] = {nothing}, [IL_BREAK] = {nothing}, [IL_DUP] = {dup}, [IL_POP] = {drop},
    FOUR(IL_LDARG_0, load_arg), FOUR(IL_LDLOC_0, load_local), FOUR(IL_STLOC_0, store_local),
    [IL_LDARG_S] = {load_arg_n}, [IL_LDARG] = {load_arg_n}, [IL_LDARGA_S] = {address_arg_n}, [IL_LDARGA] = {address_arg_n},
    [IL_STARG_S] = {store_arg_n}, [IL_STARG] = {store_arg_n}, [IL_LDLOC_S] = {load_local_n}, [IL_LDLOC] = {load_local_n},
    [IL_LDLOCA_S] = {address_local_n}, [IL_LDLOCA] = {address_local_n}, [IL_STLOC_S] = {store_local_n}, [IL_STLOC] = {store_local_n},
    [IL_LDNULL] = {push, V_REF}, [IL_LDC_I4_M1 ... IL_LDC_I4] = {push, V_I4}, [IL_LDC_I8] = {push, V_I8}, [IL_LDC_R4 ... IL_LDC_R8] = {push, V_F},
    [IL_LDSTR] = {string}, [IL_LDTOKEN] = {ldtoken}, [IL_SIZEOF] = {size_of, V_I4},

    [IL_ADD ... IL_XOR] = {binary}, [IL_ADD_OVF ... IL_SUB_OVF_UN] = {binary}, [IL_SHL ... IL_SHR_UN] = {shift}, [IL_NEG] = {unary, false},
    [IL_NOT] = {unary, true}, [IL_CKFINITE] = {check_finite, V_F}, [IL_CEQ ... IL_CLT_UN] = {comparison},
    [IL_CONV_I1 ... IL_CONV_I4] = {conv, V_I4}, [IL_CONV_I8] = {conv, V_I8}, [IL_CONV_R4 ... IL_CONV_R8] = {conv, V_F}, [IL_CONV_U4] = {conv, V_I4},
    [IL_CONV_U8] = {conv, V_I8}, [IL_CONV_R_UN] = {conv, V_F}, [IL_CONV_U2 ... IL_CONV_U1] = {conv, V_I4}, [IL_CONV_I] = {conv, V_I},
    [IL_CONV_U] = {conv, V_I}, [IL_CONV_OVF_I ... IL_CONV_OVF_U] = {conv, V_I}, [IL_CONV_OVF_I1 ... IL_CONV_OVF_U4] = {conv, V_I4},
    [IL_CONV_OVF_I8 ... IL_CONV_OVF_U8] = {conv, V_I8}, [IL_CONV_OVF_I1_UN ... IL_CONV_OVF_I4_UN] = {conv, V_I4},
    [IL_CONV_OVF_I8_UN] = {conv, V_I8}, [IL_CONV_OVF_U1_UN ... IL_CONV_OVF_U4_UN] = {conv, V_I4}, [IL_CONV_OVF_U8_UN] = {conv, V_I8},
    [IL_CONV_OVF_I_UN ... IL_CONV_OVF_U_UN] = {conv, V_I},

    [IL_BR_S ... IL_BLT_UN] = {branch}, [IL_SWITCH] = {switch_op}, [IL_LEAVE ... IL_LEAVE_S] = {leave}, [IL_RET] = {ret}, [IL_THROW] = {throw},
    [IL_RETHROW] = {end_handler}, [IL_ENDFINALLY] = {end_handler}, [IL_ENDFILTER] = {end_handler}, [IL_JMP] = {jump},

    [IL_CALL ... IL_CALLI] = {any_call}, [IL_CALLVIRT] = {any_call}, [IL_NEWOBJ] = {construct}, [IL_LDFTN] = {v_ldftn, false},
    [IL_LDVIRTFTN] = {v_ldftn, true},

    [IL_LDIND_I1 ... IL_LDIND_REF] = {load_indirect}, [IL_STIND_REF ... IL_STIND_R8] = {store_indirect}, [IL_STIND_I] = {store_indirect},
    [IL_LDOBJ] = {load_object}, [IL_STOBJ] = {store_object}, [IL_CPOBJ] = {copy_object}, [IL_INITOBJ] = {init_object},
    [IL_LOCALLOC] = {allocate, V_PTR}, [IL_CPBLK] = {memory_block, true}, [IL_INITBLK] = {memory_block, false},
    [IL_LDFLD] = {v_load_field, false}, [IL_LDFLDA] = {v_load_field, true}, [IL_STFLD] = {v_store_field},
    [IL_LDSFLD ... IL_STSFLD] = {v_static_field},

    [IL_NEWARR] = {new_array}, [IL_LDLEN] = {length, V_I}, [IL_LDELEMA] = {element_address}, [IL_LDELEM_I1 ... IL_LDELEM_REF] = {load_element},
    [IL_LDELEM] = {load_element}, [IL_STELEM_I ... IL_STELEM_REF] = {store_element}, [IL_STELEM] = {store_element},
    [IL_BOX] = {box}, [IL_CASTCLASS ... IL_ISINST] = {cast}, [IL_UNBOX] = {cast}, [IL_UNBOX_ANY] = {cast},
    [IL_MKREFANY] = {typed_reference}, [IL_REFANYVAL] = {typed_reference}, [IL_REFANYTYPE] = {typed_reference}, [IL_ARGLIST] = {argument_list, V_BAD},

    [IL_UNALIGNED ... IL_TAIL] = {prefixed}, [IL_CONSTRAINED] = {prefixed}, [IL_NO] = {prefixed}, [IL_READONLY] = {prefixed},
};
#undef FOUR

static inline void step(VMethod *v)
{
    const Step *s = &steps[v->in.op];
    (s->run ? s->run : unknown)(v, s->x);
}

static void prefixed(VMethod *v, u32)
{
    const IlBody *b = &v->w->body;
    for (; il_op_info[v->in.op].flow == IL_FLOW_META && !v->dead; v->pos += v->in.size) {
        switch ((u32)v->in.op) {
        case IL_VOLATILE: v->pf_volatile = true; break;
        case IL_READONLY: v->pf_readonly = true; break;
        case IL_TAIL: v->pf_tail = true; break;
        case IL_UNALIGNED: v->pf_unaligned = true; break;
        case IL_CONSTRAINED: v->pf_constrained = v->in.token; break;
        default: v_error(v, VERIFY_Unverifiable); /* no. */
        }
        if (v->pos >= v->block->il_end) { /* a block, or a try, ends behind it */
            v_error(v, VERIFY_BadJumpTarget);
            v->dead = true;
            break;
        }
        il_decode(b->code, b->code_size, v->pos, &v->in);
    }
    if (!v->dead) {
        check_prefixes(v, v->in.op);
        step(v);
    }
    v->pf_volatile = v->pf_readonly = v->pf_tail = v->pf_unaligned = false;
    v->pf_constrained = 0;
}

void v_ops(VMethod *v, u32 end)
{
    const IlBody *b = &v->w->body;
    while (v->live && !v->dead && v->pos < end) {
        v->at = v->pos;
        il_decode_known(b->code, b->code_size, v->pos, &v->in);
        v->pos += v->in.size;
        step(v);
        v->prev[v->num_prev++ % VERIFY_LOOK_BACK] = v->at;
    }
}
