/* type_validate.c: what a type definition must keep to beyond what loading it needs (§II.10, §II.22): constraints of its base and
 * interfaces, constraints that lead nowhere, overrides declared with .override.
 * In: a definition whose slots are there, not yet published; called under the loader lock, for assemblies that are not trusted.
 * Out: false with the reference's words.  Not here: members that are missing (check_complete), layout, slots.
 * Book: type.md  Tests: tests/badinput/ */
#include "type/type_int.h"

static bool instance_ok(MethodTable *mt, Err *e)
{
    if (!mt || mt_is_array(mt) || !mt->aux->inst || mt == mt->klass->typical)
        return true;
    return check_constraints(mt->klass->typical, NULL, mt->aux->inst, mt->klass->num_generic, e);
}

static bool names(MethodTable *mt, char *type, size_t tn, char *assembly, size_t an)
{
    md_type_full_name(mt->module->md, mt->klass->token, type, tn);
    assembly_display(mt->module->assembly, assembly, an);
    return true;
}

static bool interfaces_ok(MethodTable *mt, Err *e)
{
    u32 n;
    SigContext c = context_of(mt);
    if (!interfaces_of(mt, &n, e))
        return false;
    MdIter it = md_interfaces_of(mt->module->md, mt_rid(mt));
    for (u32 r; (r = md_next_row(&it));) {
        TypeHandle th = load_token(&c, md_InterfaceImpl_Interface(mt->module->md, r), e);
        if (!th || !instance_ok(th_mt(th), e))
            return false;
        if (!type_may_use_type(mt, th, true)) {
            char type[200], assembly[200];
            names(mt, type, sizeof type, assembly, sizeof assembly);
            return err_set(e, ERR_TYPE_LOAD, mt->klass->token,
                           "Type '%s' from assembly '%s' is attempting to implement an inaccessible interface.", type, assembly);
        }
    }
    return true;
}

static bool parent_ok(MethodTable *mt, Err *e)
{
    if (!instance_ok(mt->parent, e))
        return false;
    if (!mt->parent || type_may_use_type(mt, th_of(mt->parent), true))
        return true;
    char name[300];
    type_name(th_of(mt->parent), TN_NAMESPACE | TN_FULL_INST, name, sizeof name);
    return err_set(e, ERR_TYPE_LOAD, mt->klass->token, "Access is denied: '%s'.", name);
}

/* Does a chain of variables constrained by each other come back to the first? */
static bool variable_loops(const MdImage *md, u32 token, u32 first)
{
    u32 at = first;
    for (u32 steps = 0; steps < 64; steps++) {
        MdIter it = md_constraints_of(md, at);
        u32 next = 0;
        for (u32 k; (k = md_next_row(&it));) {
            u32 to = md_GenericParamConstraint_Constraint(md, k);
            if (MD_TABLE_OF(to) != MDT_TypeSpec)
                continue;
            MdSig s = md_sig_blob(md, md_TypeSpec_Signature(md, MD_RID(to)));
            if (md_sig_byte(&s) != (MD_TABLE_OF(token) == MDT_TypeDef ? ET_VAR : ET_MVAR))
                continue;
            u32 number = md_sig_uint(&s);
            MdIter params = md_generic_params_of(md, token);
            for (u32 r; (r = md_next_row(&params));)
                if (md_GenericParam_Number(md, r) == number)
                    next = r;
        }
        if (!next)
            return false;
        if (next == first)
            return true;
        at = next;
    }
    return true;
}

static bool variables_ok(MethodTable *mt, Err *e)
{
    const MdImage *md = mt->module->md;
    MdIter it = md_generic_params_of(md, mt->klass->token);
    SigContext c = context_of(mt);
    for (u32 r; (r = md_next_row(&it));) {
        if (variable_loops(md, mt->klass->token, r)) /* the reference has no text for it */
            return err_set(e, ERR_TYPE_LOAD, mt->klass->token, "Undefined resource string ID:0x801318CE");
        MdIter constraints = md_constraints_of(md, r);
        for (u32 k; (k = md_next_row(&constraints));)
            if (!load_token(&c, md_GenericParamConstraint_Constraint(md, k), e))
                return false;
    }
    return true;
}

bool not_virtual_error(MethodTable *mt, u32 body_rid, Err *e)
{
    char type[200], assembly[200];
    names(mt, type, sizeof type, assembly, sizeof assembly);
    return err_set(e, ERR_TYPE_LOAD, mt->klass->token,
                   "Method '%s' on type '%s' from assembly '%s' must be virtual to implement a method on an interface or super type.",
                   md_method_name(mt->module->md, body_rid), type, assembly);
}

/* A row's declaration: the type that it names, its name, its signature there. */
typedef struct Declared {
    TypeHandle owner;
    const char *name;
    SigSide sig;
} Declared;

static bool declared_by(MethodTable *mt, u32 row, Declared *d, Err *e)
{
    const MdImage *md = mt->module->md;
    u32 decl = md_MethodImpl_MethodDeclaration(md, row), rid = MD_RID(decl);
    bool by_ref = MD_TABLE_OF(decl) == MDT_MemberRef;
    SigContext c = context_of(mt);
    *d = (Declared){.owner = load_token(&c, by_ref ? md_MemberRef_Class(md, rid) : MD_TOKEN(MDT_TypeDef, md_method_owner(md, rid)), e),
                    .name = by_ref ? md_memberref_name(md, rid) : md_method_name(md, rid),
                    .sig.module = mt->module};
    if (!d->owner || !th_mt(d->owner))
        return false;
    side_args(&d->sig, th_mt(d->owner));
    d->sig.sig = md_blob(md, by_ref ? md_MemberRef_Signature(md, rid) : md_MethodDef_Signature(md, rid), &d->sig.len);
    return true;
}

/* The body of an interface's method: virtual, of the same signature, the only one of the class for it. */
static bool body_ok(MethodTable *mt, u32 row, Err *e)
{
    const MdImage *md = mt->module->md;
    u32 body = MD_RID(md_MethodImpl_MethodBody(md, row)), before = load_misses();
    char type[200], assembly[200];
    names(mt, type, sizeof type, assembly, sizeof assembly);
    if (!(md_MethodDef_Flags(md, body) & (MD_VIRTUAL | MD_STATIC)))
        return not_virtual_error(mt, body, e);
    Declared d, other;
    SigSide own = {.module = mt->module, SIDE_ARGS(mt)};
    own.sig = md_blob(md, md_MethodDef_Signature(md, body), &own.len);
    if (!declared_by(mt, row, &d, e))
        return false;
    bool same = sig_equal(&own, &d.sig, false);
    if (load_missed(before, e))
        return false;
    MethodTable *typical = th_mt(d.owner)->klass->typical;
    SigSide raw = d.sig;
    side_args(&raw, NULL);
    u32 decl = same ? find_method_rid(typical, d.name, &raw, false) : 0;
    if (decl && !constraints_kept_by(mt, body, typical, decl, d.sig.args, e))
        return weaker_error(mt, body, "explicitly implement an interface", e);
    if (!same)
        return err_set(e, ERR_TYPE_LOAD, mt->klass->token,
                       "Signature of the body and declaration in a method implementation do not match.  Type: '%s'.  Assembly: '%s'.", type,
                       assembly);
    MdIter it = md_method_impls_of(md, mt_rid(mt));
    for (u32 r; !mt_is_interface(mt) && (r = md_next_row(&it)) && r < row;) {
        if (!declared_by(mt, r, &other, e))
            return false;
        if (other.owner == d.owner && MD_RID(md_MethodImpl_MethodBody(md, r)) != body && strcmp(other.name, d.name) == 0 &&
            sig_equal(&other.sig, &d.sig, false))
            return err_set(e, ERR_TYPE_LOAD, mt->klass->token,
                           "Method '%s' on type '%s' from assembly '%s' is overriding a method that has been overridden.",
                           md_method_name(md, body), type, assembly);
    }
    return true;
}

/* A MethodImpl whose declaration is an interface's: the class must have that interface. */
static bool override_ok(MethodTable *mt, u32 row, Err *e)
{
    const MdImage *md = mt->module->md;
    SigContext c = context_of(mt);
    u32 decl = md_MethodImpl_MethodDeclaration(md, row), body = md_MethodImpl_MethodBody(md, row), n;
    u32 owner = MD_TABLE_OF(decl) == MDT_MemberRef ? md_MemberRef_Class(md, MD_RID(decl))
                                                   : MD_TOKEN(MDT_TypeDef, md_method_owner(md, MD_RID(decl)));
    if (MD_TABLE_OF(body) != MDT_MethodDef || MD_TABLE_OF(owner) == MDT_MethodDef || MD_TABLE_OF(owner) == MDT_ModuleRef)
        return true;
    bool open = MD_TABLE_OF(owner) == MDT_TypeSpec && !vars_within(md_sig_of(md, owner), c.num_class_args); /* nobody has it */
    TypeHandle th = open ? 0 : load_token(&c, owner, e);
    if (!th && !open)
        return false;
    MethodTable *iface = th_mt(th);
    if (!open && (!iface || !mt_is_interface(iface) || iface == mt))
        return true;
    MethodTable **map = interfaces_of(mt, &n, e);
    for (u32 i = 0; map && i < n; i++)
        if (map[i] == iface)
            return body_ok(mt, row, e);
    if (!map)
        return false;
    char type[200], assembly[200];
    names(mt, type, sizeof type, assembly, sizeof assembly);
    return err_set(e, ERR_TYPE_LOAD, mt->klass->token,
                   "Type '%s' from assembly '%s' tried to override method '%s' but does not implement or inherit that method.", type, assembly,
                   md_method_name(md, MD_RID(body)));
}

static bool statics_ok(MethodTable *mt, Err *e) /* instance fields: type_layout.c */
{
    const MdImage *md = mt->module->md;
    MdRange r = md_typedef_fields(md, mt_rid(mt));
    for (u32 i = r.first; i < r.end; i++) {
        u32 rid = md_field_at(md, i);
        MdSig s = md_sig_blob(md, md_Field_Signature(md, rid));
        if (!(md_Field_Flags(md, rid) & FD_STATIC) || !md_sig_field(&s))
            continue;
        md_sig_skip_mods(&s);
        u8 et = md_sig_peek(&s);
        bool by_ref_like = et == ET_BYREF;
        if (et == ET_VALUETYPE || et == ET_GENERICINST) {
            MdSig t = s;
            DefRef d;
            if (md_sig_byte(&t) == ET_GENERICINST)
                et = md_sig_byte(&t);
            u32 token = md_sig_token(&t), before = load_misses();
            Err ignored = {0};
            if (et == ET_VALUETYPE && resolve_def(mt->module, token, &d, &ignored))
                by_ref_like = md_has_attribute(d.module->md, MD_TOKEN(MDT_TypeDef, d.rid), "System.Runtime.CompilerServices", "IsByRefLikeAttribute");
            if (load_missed(before, e))
                return false;
        }
        if (by_ref_like)
            return err_set(e, ERR_TYPE_LOAD, MD_TOKEN(MDT_Field, rid),
                           "A ByRef or ByRef-like type cannot be used as the type for a static field.");
    }
    return true;
}

/* --- Results of overrides ---------------------------------------------------------------------------------------------------- */
static TypeHandle result_of(MethodTable *owner, u32 rid, SigSide *side, Err *e)
{
    const MdImage *md = owner->module->md;
    *side = (SigSide){.module = owner->module, SIDE_ARGS(owner)};
    side->sig = md_blob(md, md_MethodDef_Signature(md, rid), &side->len);
    MdSig s = md_sig(side->sig, side->len);
    MdMethodSig head;
    SigContext c = context_of(owner);
    Method *m = method_by_rid(owner, rid, e);
    if (!m || !md_sig_method(&s, &head))
        return 0;
    if (head.generic_count)
        c.method_args = type_method_inst(m, &c.num_method_args);
    return sig_read(&c, &s, false, e);
}

/* A class may narrow what a slot returns, one level below another: always to something that converts to what was there before by
 * reference. */
static bool result_ok(MethodTable *mt, u32 slot, Err *e)
{
    SlotSrc now = mt->klass->slot_src[slot], was = mt->parent->klass->slot_src[slot];
    if (now.depth == was.depth && now.index == was.index)
        return true;
    MethodTable *base = ancestor_at(mt, was.depth);
    u32 rid = md_method_at(mt->module->md, mt->klass->first_method_rid + now.index);
    u32 base_rid = md_method_at(base->module->md, base->klass->first_method_rid + was.index);
    SigSide own, old;
    TypeHandle r = result_of(mt, rid, &own, e), b = r ? result_of(base, base_rid, &old, e) : 0;
    if (!r || !b)
        return false;
    if (r == b || sig_equal(&own, &old, false))
        return true;
    bool variables = th_desc(r) && (th_desc(r)->kind == TD_VAR || th_desc(r)->kind == TD_MVAR);
    bool reference = variables || !(th_is_desc(r) || th_is_valuetype(r));
    if (reference && !th_is_desc(b) && !th_is_valuetype(b) && can_cast(r, b))
        return true;
    if (th_desc(b) && (th_desc(b)->kind == TD_MVAR || (variables && th_desc(r)->kind == th_desc(b)->kind)))
        return true; /* of two methods each its own variable: their signatures were compared when the body was placed */
    char type[200], assembly[200], of[200];
    names(mt, type, sizeof type, assembly, sizeof assembly);
    md_type_full_name(base->module->md, base->klass->token, of, sizeof of);
    return err_set(e, ERR_TYPE_LOAD, mt->klass->token,
                   "Return type in method '%s.%s()' on type '%s' from assembly '%s' is not compatible with base type method '%s.%s()'.", type,
                   md_method_name(mt->module->md, rid), type, assembly, of, md_method_name(base->module->md, base_rid));
}

static bool results_ok(MethodTable *mt, Err *e)
{
    if (mt_is_interface(mt) || !mt->parent || !(mt->klass->kflags & KF_FOLLOWED))
        return true;
    for (u32 s = 0; s < mt->parent->klass->num_slots; s++)
        if (!result_ok(mt, s, e))
            return false;
    return true;
}

bool validate_type(MethodTable *mt, Err *e)
{
    if (mt->aux->inst && !variables_ok(mt, e))
        return false;
    if (!statics_ok(mt, e) || !parent_ok(mt, e) || !interfaces_ok(mt, e) || !results_ok(mt, e))
        return false;
    MdIter it = md_method_impls_of(mt->module->md, mt_rid(mt));
    for (u32 row; (row = md_next_row(&it));)
        if (!override_ok(mt, row, e))
            return false;
    return true;
}

/* What attributes and signature of a method say of each other. */
bool validate_method(Module *m, u32 rid, Err *e)
{
    const MdImage *md = m->md;
    u32 attrs = md_MethodDef_Flags(md, rid), len;
    const u8 *sig = md_blob(md, md_MethodDef_Signature(md, rid), &len);
    const char *wrong = NULL;
    if (!method_well_formed(m, rid, e))
        return false;
    if (sig && len && ((sig[0] & SIG_EXPLICIT_THIS) || ((attrs & MD_STATIC) && (sig[0] & SIG_HAS_THIS))))
        wrong = "The signature is incorrect.";
    else if ((attrs & (MD_STATIC | MD_VIRTUAL)) == (MD_STATIC | MD_VIRTUAL) && !(md_TypeDef_Flags(md, md_method_owner(md, rid)) & TD_INTERFACE))
        wrong = "Virtual Static Method.";
    else if ((attrs & MD_ABSTRACT) && !(attrs & MD_VIRTUAL))
        wrong = "Non-virtual abstract method.";
    else if ((attrs & MD_VIRTUAL) && (attrs & MD_RT_SPECIAL_NAME) && strcmp(md_method_name(md, rid), ".ctor") == 0)
        wrong = "Virtual Instance Constructor.";
    return !wrong || err_set(e, ERR_TYPE_LOAD, MD_TOKEN(MDT_MethodDef, rid), "%s", wrong);
}

/* Constructors: instance without result; a class constructor static, without parameters, result and variables. */
bool validate_constructor(Module *m, u32 type_rid, u32 rid, Err *e)
{
    const MdImage *md = m->md;
    bool of_class = strcmp(md_method_name(md, rid), ".cctor") == 0;
    MdSig s = md_sig_blob(md, md_MethodDef_Signature(md, rid));
    MdMethodSig h;
    bool is_static = (md_MethodDef_Flags(md, rid) & MD_STATIC) != 0;
    if (!md_sig_method(&s, &h) || is_static != of_class || (of_class && (h.has_this || h.is_vararg || h.param_count || h.generic_count)))
        return load_error(e, m, type_rid, "");
    md_sig_skip_mods(&s);
    return md_sig_byte(&s) == ET_VOID || load_error(e, m, type_rid, "");
}

static bool access_kept(u32 base, u32 own, bool same_assembly)
{
    switch (base) {
    case MD_PUBLIC: return own == MD_PUBLIC;
    case MD_FAM_OR_ASSEM: return own == MD_PUBLIC || own == MD_FAM_OR_ASSEM || (!same_assembly && own == MD_FAMILY);
    case MD_FAMILY: return own == MD_PUBLIC || own == MD_FAM_OR_ASSEM || own == MD_FAMILY;
    case MD_ASSEMBLY: return own == MD_PUBLIC || own == MD_FAM_OR_ASSEM || own == MD_ASSEMBLY;
    case MD_FAM_AND_ASSEM: return own != MD_PRIVATE && own != 0;
    default: return true;
    }
}

/* §II.15.4.2.2, "strict": may a class of an assembly, derived from the owner, see the method? */
static bool override_visible(Assembly *user, Assembly *owner, u32 access)
{
    switch (access) {
    case MD_PUBLIC: case MD_FAMILY: case MD_FAM_OR_ASSEM: return true;
    case MD_ASSEMBLY: case MD_FAM_AND_ASSEM: return sees_internals(user, owner);
    default: return user == owner;
    }
}

bool validate_override(MethodTable *mt, u32 rid, MethodTable *base, u32 base_rid, Err *e)
{
    u32 own = md_MethodDef_Flags(mt->module->md, rid) & MD_ACCESS, was = md_MethodDef_Flags(base->module->md, base_rid) & MD_ACCESS;
    bool strict = (md_MethodDef_Flags(base->module->md, base_rid) & MD_CHECK_ACCESS) != 0;
    bool visible = !strict || override_visible(mt->module->assembly, base->module->assembly, was);
    if (mt->module->assembly->trusted || (visible && access_kept(was, own, mt->module->assembly == base->module->assembly)))
        return true;
    char type[200], assembly[200];
    names(mt, type, sizeof type, assembly, sizeof assembly);
    if (!visible)
        return err_set(e, ERR_TYPE_LOAD, mt->klass->token,
                       "Method '%s' on type '%s' from assembly '%s' is overriding a method that is not visible from that assembly.",
                       md_method_name(mt->module->md, rid), type, assembly);
    return err_set(e, ERR_TYPE_LOAD, mt->klass->token, "Derived method '%s' in type '%s' from assembly '%s' cannot reduce access.",
                   md_method_name(mt->module->md, rid), type, assembly);
}
