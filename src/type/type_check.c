/* type_check.c: generic constraints (§II.10.1.7).
 * Book: type.md  Tests: tests/unit/type/ */
#include "type/type_int.h"

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

bool type_special_constraints_ok(u32 flags, TypeHandle arg)
{
    Err ignored = {0}, *e = &ignored;
    return LOADED(bool, e, ((void)LE, special_ok(flags, arg)));
}
