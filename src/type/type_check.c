/* type_check.c: generic constraints (§II.10.1.7), positions of variant parameters (§II.9.7).
 * Book: type.md  Tests: tests/unit/type/ */
#include "type/type_int.h"

#include <stdio.h>

/* Is the variable known to stand for a reference type, by its own constraints? */
static bool var_is_reference(TypeDesc *d, u32 depth)
{
    if (md_GenericParam_Flags(d->module->md, MD_RID(d->token)) & GP_CLASS)
        return true;
    SigContext c = d->kind == TD_MVAR ? context_of(((Method *)d->owner)->mt) : context_of(d->owner);
    c.module = d->module;
    if (d->kind == TD_MVAR)
        c.method_args = type_method_inst(d->owner, &c.num_method_args);
    MdIter it = md_constraints_of(d->module->md, MD_RID(d->token));
    for (u32 k; (k = md_next_row(&it));) {
        Err ignored = {0};
        TypeHandle to = load_token(&c, md_GenericParamConstraint_Constraint(d->module->md, k), &ignored);
        TypeDesc *v = th_desc(to);
        MethodTable *mt = th_mt(to);
        if (v && (v->kind == TD_VAR || v->kind == TD_MVAR) && depth < 16 && var_is_reference(v, depth + 1))
            return true;
        if (mt && !mt_is_interface(mt) && !mt_is_valuetype(mt) && mt != type_wk(WK_OBJECT) && mt != type_wk(WK_VALUETYPE) && mt != type_wk(WK_ENUM))
            return true;
    }
    return false;
}

static bool special_ok(u32 flags, TypeHandle arg)
{
    MethodTable *mt = th_mt(arg);
    TypeDesc *d = th_desc(arg);
    bool var = d && (d->kind == TD_VAR || d->kind == TD_MVAR);
    if ((d && !var) || (mt && mt->klass->elem_kind == ET_VOID)) /* pointers of all kinds and void stand for no variable */
        return false;
    u32 vflags = var ? md_GenericParam_Flags(d->module->md, MD_RID(d->token)) : 0;
    if (var) {
        if ((flags & GP_STRUCT) && !(vflags & GP_STRUCT))
            return false;
        if ((flags & GP_NEW) && !(vflags & (GP_NEW | GP_STRUCT)))
            return false;
        if ((vflags & GP_ALLOW_BYREF_LIKE) && !(flags & GP_ALLOW_BYREF_LIKE))
            return false;
        return !(flags & GP_CLASS) || var_is_reference(d, 0);
    }
    if ((flags & GP_CLASS) && (!mt || mt_is_valuetype(mt)))
        return false;
    if ((flags & GP_STRUCT) && (!mt || !mt_is_valuetype(mt) || mt_is_nullable(mt)))
        return false;
    if ((flags & GP_NEW) && mt && !mt_is_valuetype(mt) &&
        (mt_is_array(mt) || (mt->flags2 & MT2_ABSTRACT) || mt_is_interface(mt) || !(mt->flags & MTF_HAS_DEFAULT_CTOR)))
        return false;
    if (mt && mt_is_valuetype(mt) && (mt->flags & MTF_BYREF_LIKE) && !(flags & GP_ALLOW_BYREF_LIKE))
        return false;
    return true;
}

bool check_constraints(MethodTable *typical, Method *def, const TypeHandle *args, u32 n, Err *e)
{
    Module *m = def ? def->mt->module : typical->module;
    u32 token = def ? def->token : typical->klass->token;
    SigContext c = {.module = m};
    if (def) {
        c = context_of(def->mt);
        c.method_args = args;
        c.num_method_args = n;
    } else {
        c.class_args = args;
        c.num_class_args = n;
    }
    MdIter params = md_generic_params_of(m->md, token);
    for (u32 r; (r = md_next_row(&params));) {
        u32 i = md_GenericParam_Number(m->md, r);
        if (i >= n)
            continue;
        u32 before = load_misses();
        bool ok = special_ok(md_GenericParam_Flags(m->md, r), args[i]);
        MdIter it = md_constraints_of(m->md, r);
        for (u32 k; ok && (k = md_next_row(&it));) {
            TypeHandle to = load_token(&c, md_GenericParamConstraint_Constraint(m->md, k), e);
            if (!to)
                return false;
            ok = type_is_shared(args[i]) || type_is_shared(to) || can_cast(args[i], to);
        }
        if (ok)
            continue;
        if (load_missed(before, e)) /* not an answer yet */
            return false;
        char arg[160], on[160];
        type_name(args[i], TN_NAMESPACE | TN_FULL_INST, arg, sizeof arg);
        if (def) {
            type_name(th_of(def->mt), TN_NAMESPACE | TN_FULL_INST, on, sizeof on);
            return err_set(e, ERR_VERIFICATION, token, "Method %s.%s: type argument '%s' violates the constraint of type parameter '%s'.", on,
                           def->name, arg, md_genericparam_name(m->md, r));
        }
        type_name(th_of(typical), TN_NAMESPACE | TN_FULL_INST, on, sizeof on);
        return err_set(e, ERR_TYPE_LOAD, token, "GenericArguments[%u], '%s', on '%s' violates the constraint of type parameter '%s'.", i, arg, on,
                       md_genericparam_name(m->md, r));
    }
    return true;
}

bool type_check_constraints(MethodTable *typical, Method *def, const TypeHandle *args, u32 n, Err *e)
{
    return LOADED(bool, e, check_constraints(typical, def, args, n, LE));
}

/* A constraint's type as a field signature, to be compared without loading. */
static u8 *constraint_sig(Module *m, u32 token, u8 small[256], u32 *len)
{
    u32 n = 0;
    const u8 *blob = MD_TABLE_OF(token) == MDT_TypeSpec ? md_blob(m->md, md_TypeSpec_Signature(m->md, MD_RID(token)), &n) : NULL;
    u8 *p = n + 1 > 256 ? base_malloc(n + 1) : small;
    p[0] = SIG_FIELD;
    if (blob) {
        memcpy(p + 1, blob, n);
    } else {
        u32 coded = MD_RID(token) << 2 | (MD_TABLE_OF(token) == MDT_TypeRef);
        p[1] = ET_CLASS;
        p[2] = (u8)(0xC0 | coded >> 24);
        p[3] = (u8)(coded >> 16);
        p[4] = (u8)(coded >> 8);
        p[5] = (u8)coded;
        n = 5;
    }
    *len = n + 1;
    return p;
}

static bool constraint_is(Module *m, u32 token, WellKnown which)
{
    DefRef d;
    MethodTable *wk = type_wk(which);
    return MD_TABLE_OF(token) != MDT_TypeSpec && resolve_def(m, token, &d, NULL) && d.module == wk->module && d.rid == mt_rid(wk);
}

static bool has_constraint(MethodTable *mt, u32 token, MethodTable *base_mt, u32 param, const TypeHandle *bargs)
{
    u8 small[256], bsmall[256];
    Module *m = mt->module, *bm = base_mt->module;
    SigSide own = {.module = m, SIDE_ARGS(mt)};
    u8 *p = constraint_sig(m, token, small, &own.len), *bp;
    own.sig = p;
    bool found = false;
    MdIter it = md_constraints_of(bm->md, param);
    for (u32 k; !found && (k = md_next_row(&it));) {
        SigSide base = {.module = bm, .args = bargs, .num_args = base_mt->klass->num_generic};
        base.sig = bp = constraint_sig(bm, md_GenericParamConstraint_Constraint(bm->md, k), bsmall, &base.len);
        found = sig_equal(&own, &base, false);
        if (bp != bsmall)
            base_free(bp);
    }
    if (p != small)
        base_free(p);
    return found;
}

static u32 numbered_param(const MdImage *md, u32 method_rid, u32 number)
{
    MdIter it = md_generic_params_of(md, MD_TOKEN(MDT_MethodDef, method_rid));
    for (u32 r; (r = md_next_row(&it));)
        if (md_GenericParam_Number(md, r) == number)
            return r;
    return 0;
}

bool constraints_kept_by(MethodTable *mt, u32 rid, MethodTable *base, u32 base_rid, const TypeHandle *base_args, Err *e)
{
    Module *m = mt->module, *bm = base->module;
    u32 len, before = load_misses();
    const u8 *sig = md_blob(m->md, md_MethodDef_Signature(m->md, rid), &len);
    if (!len || !(sig[0] & SIG_GENERIC))
        return true;
    bool kept = true;
    MdIter params = md_generic_params_of(m->md, MD_TOKEN(MDT_MethodDef, rid));
    for (u32 r; kept && (r = md_next_row(&params));) {
        u32 b = numbered_param(bm->md, base_rid, md_GenericParam_Number(m->md, r));
        if (!b)
            continue;
        u32 own = md_GenericParam_Flags(m->md, r), was = md_GenericParam_Flags(bm->md, b);
        kept = !(own & ~was & (GP_CLASS | GP_STRUCT)) && !((own & GP_NEW) && !(was & (GP_NEW | GP_STRUCT))) && !(was & ~own & GP_ALLOW_BYREF_LIKE);
        MdIter it = md_constraints_of(m->md, r);
        for (u32 k; kept && (k = md_next_row(&it));) {
            u32 to = md_GenericParamConstraint_Constraint(m->md, k);
            kept = has_constraint(mt, to, base, b, base_args) || constraint_is(m, to, WK_OBJECT) ||
                   ((own & GP_STRUCT) && constraint_is(m, to, WK_VALUETYPE));
        }
    }
    return kept || (load_missed(before, e), false);
}

bool constraints_kept(MethodTable *mt, u32 rid, MethodTable *base, u32 base_rid, Err *e)
{
    return constraints_kept_by(mt, rid, base, base_rid, base->aux->inst, e);
}

bool type_special_constraints_ok(u32 flags, TypeHandle arg)
{
    Err ignored = {0}, *e = &ignored;
    return LOADED(bool, e, ((void)LE, special_ok(flags, arg)));
}

/* --- Variance: where a definition's variant parameters may stand -------------------------------------------------------------- */
enum { POS_OUT = 1, POS_IN = 2 }; /* a value comes out, goes in; both: only parameters without variance */

static bool position_ok(const MtClass *k, Module *m, MdSig *s, u32 pos)
{
    md_sig_skip_mods(s);
    MdSig whole = *s;
    u8 et = md_sig_byte(s);
    switch (et) {
    case ET_VAR: {
        u32 i = md_sig_uint(s);
        u8 v = i < k->num_generic ? k->variance[i] : 0;
        return !v || pos == (v == GP_COVARIANT ? POS_OUT : POS_IN);
    }
    case ET_SZARRAY: return position_ok(k, m, s, pos);
    case ET_BYREF: case ET_PTR: return position_ok(k, m, s, POS_OUT | POS_IN);
    case ET_GENERICINST: {
        md_sig_byte(s);
        DefRef d;
        bool found = resolve_def(m, md_sig_token(s), &d, NULL);
        MethodTable *def = found ? load_typedef(d.module, d.rid, NULL) : NULL;
        u32 n = md_sig_uint(s);
        bool ok = true;
        for (u32 i = 0; i < n && !s->bad; i++) {
            u8 v = def && def->klass->variance && i < def->klass->num_generic ? def->klass->variance[i] : 0;
            u32 p = v == GP_COVARIANT ? pos : v == GP_CONTRAVARIANT ? pos ^ (POS_OUT | POS_IN) : POS_OUT | POS_IN;
            ok &= position_ok(k, m, s, pos == (POS_OUT | POS_IN) ? pos : p);
        }
        return ok;
    }
    default:
        *s = whole;
        md_sig_skip_type(s);
        return true;
    }
}

/* NULL, or what is wrong with the signature. */
static const char *bad_position(MethodTable *mt, u32 rid)
{
    const MdImage *md = mt->module->md;
    MdSig s = md_sig_of(md, MD_TOKEN(MDT_MethodDef, rid));
    MdMethodSig head;
    if (!md_sig_method(&s, &head) || !position_ok(mt->klass, mt->module, &s, POS_OUT))
        return "the result type";
    for (u32 i = 0; i < head.param_count; i++)
        if (!position_ok(mt->klass, mt->module, &s, POS_IN))
            return "a parameter";
    MdIter params = md_generic_params_of(md, MD_TOKEN(MDT_MethodDef, rid));
    for (u32 r; (r = md_next_row(&params));) {
        MdIter it = md_constraints_of(md, r);
        for (u32 c; (c = md_next_row(&it));) {
            u32 token = md_GenericParamConstraint_Constraint(md, c);
            if (MD_TABLE_OF(token) != MDT_TypeSpec)
                continue;
            MdSig cs = md_sig_of(md, token);
            if (!position_ok(mt->klass, mt->module, &cs, POS_IN))
                return "a constraint";
        }
    }
    return NULL;
}

/* mt: a definition, an interface or a delegate when it has variant parameters. */
bool check_variance(MethodTable *mt, Err *e)
{
    const MtClass *k = mt->klass;
    const MdImage *md = mt->module->md;
    if (!k->variance)
        return true;
    for (u32 i = 0; i < k->num_methods; i++) {
        u32 rid = md_method_at(md, k->first_method_rid + i), attrs = md_MethodDef_Flags(md, rid);
        if ((attrs & MD_STATIC) || (mt_is_delegate(mt) && strcmp(md_method_name(md, rid), "Invoke") != 0))
            continue;
        const char *where = bad_position(mt, rid);
        char why[300];
        snprintf(why, sizeof why,
                 " because a covariant or contravariant type parameter was used illegally in the signature for %s in method '%s'", where,
                 md_method_name(md, rid));
        if (where)
            return load_error_mt(e, mt, why);
    }
    MdIter it = md_interfaces_of(md, mt_rid(mt));
    for (u32 r; mt_is_interface(mt) && (r = md_next_row(&it));) {
        u32 token = md_InterfaceImpl_Interface(md, r);
        if (MD_TABLE_OF(token) != MDT_TypeSpec)
            continue;
        MdSig s = md_sig_of(md, token);
        if (!position_ok(k, mt->module, &s, POS_OUT))
            return load_error_mt(e, mt, " because a covariant or contravariant type parameter was used illegally in an inherited interface");
    }
    return true;
}
