/* type_check.c: generic constraints (§II.10.1.7).
 * Book: type.md  Tests: tests/unit/type/ */
#include "type/type_int.h"

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
        return true; /* a class constraint may also follow from the variable's own constraints */
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
