/* ilasm_class.c: the second reading, in the order of the text: attributes, bodies, properties, layout, overrides. */
#include "ilasm/ilasm_int.h"

typedef struct Outer {
    u32 cls, owner;
} Outer;

/* A generic parameter by "[n]" (from 1) or name: its row */
static u32 gparam(Asm *a, u32 first, u32 count)
{
    u32 n = 0, at = a->at;
    if (ia_take(a, '[')) {
        if (!ia_want_int32(a, &n) || !ia_want(a, ']', "']'")) return 0;
        n--;
    } else {
        u32 name = ia_want_name(a);
        if (!name) return 0;
        if (!ia_find_gparam(a, first, count, name, &n)) n = UINT32_MAX;
    }
    if (n >= count) {
        ia_fail(a, at, "no such generic parameter");
        return 0;
    }
    return a->gparams.data[first + n].rid;
}

bool ia_param_directive(Asm *a, u32 method)
{
    const Cls *c = &a->classes.data[a->cls];
    u32 first = method ? a->gp_method_first : c->gp_first, count = method ? a->gp_method_count : c->gp_count, rid, token;
    if (ia_take_kw(a, K_type)) {
        if (!(rid = gparam(a, first, count))) return false;
        a->owner = MD_TOKEN(MDT_GenericParam, rid);
        return true;
    }
    if (!ia_want_kw(a, K_constraint, "'type' or 'constraint'")) return false;
    if (!(rid = gparam(a, first, count)) || !ia_want(a, ',', "',' and a type") || !(token = ia_typespec(a))) return false;
    u32 row;
    MdIter it = md_constraints_of(mdw_image(a->w), rid);
    while ((row = md_next_row(&it)) && md_GenericParamConstraint_Constraint(mdw_image(a->w), row) != token) {}
    if (!row) row = MDW_ADD(a->w, GenericParamConstraint, rid, mdw_coded(MDK_TypeDefOrRef, token));
    a->owner = MD_TOKEN(MDT_GenericParamConstraint, row);
    return true;
}

/* The attribute that follows belongs to the implementation of the interface. */
static void interface_impl(Asm *a)
{
    u32 at = a->at, token, row, back = a->owner;
    ia_next(a);
    if (!ia_want_kw(a, K_type, "'type'") || !(token = ia_typespec(a))) return;
    MdIter it = md_interfaces_of(mdw_image(a->w), a->cls);
    while ((row = md_next_row(&it)) && md_InterfaceImpl_Interface(mdw_image(a->w), row) != token) {}
    if (!row) {
        ia_fail(a, at, "the class does not implement this interface");
        return;
    }
    if (!ia_kw(a, K_d_custom)) {
        ia_expected(a, ".custom");
        return;
    }
    a->owner = MD_TOKEN(MDT_InterfaceImpl, row);
    ia_custom(a);
    a->owner = back;
}

static void class_override(Asm *a)
{
    u32 at = a->at, decl, body, owner = 0, name = 0;
    ia_next(a);
    if (ia_take_kw(a, K_method)) {
        if (!(decl = ia_method_ref(a, false)) || !ia_want_kw(a, K_with, "'with'")) return;
        if (!ia_want_kw(a, K_method, "'method'") || !(body = ia_method_ref(a, false))) return;
    } else {
        if (!(owner = ia_typespec(a)) || !ia_want(a, T_DCOLON, "'::' and a method") || !(name = ia_method_name(a))) return;
        if (!ia_want_kw(a, K_with, "'with'") || !(body = ia_method_ref(a, false))) return;
        const MdImage *m = mdw_image(a->w);
        u32 sig = MD_TABLE_OF(body) == MDT_MethodDef ? md_MethodDef_Signature(m, MD_RID(body)) : md_MemberRef_Signature(m, MD_RID(body));
        if (!(decl = ia_member_ref(a, owner, name, sig, false, at))) return;
    }
    u32 d = mdw_coded(MDK_MethodDefOrRef, ia_named_method(a, decl)), b = mdw_coded(MDK_MethodDefOrRef, ia_named_method(a, body));
    if (!d || !b) {
        ia_fail(a, at, "an override names methods without arguments for their generic parameters");
        return;
    }
    MDW_ADD(a->w, MethodImpl, a->cls, b, d);
}

/* .get, .set, .addon and so on: the accessors of a property or event */
static u32 accessor_kind(u32 kw, bool event)
{
    if (kw == K_d_other) return MS_OTHER;
    if (event) return kw == K_d_addon ? MS_ADD_ON : kw == K_d_removeon ? MS_REMOVE_ON : kw == K_d_fire ? MS_FIRE : 0;
    return kw == K_d_get ? MS_GETTER : kw == K_d_set ? MS_SETTER : 0;
}

static void skip_to_directive(Asm *a)
{
    a->panic = false;
    while (!ia_is(a, T_EOF) && !ia_is(a, '}') && !(ia_is_decl(ia_tok(a)->kw))) ia_next(a);
}

static void accessors(Asm *a, u32 token)
{
    bool event = MD_TABLE_OF(token) == MDT_Event;
    u32 close = a->tok[a->at].val, back = a->owner;
    if (!ia_want(a, '{', "'{'")) return;
    a->owner = token;
    while (!ia_is(a, '}') && !ia_is(a, T_EOF)) {
        u32 kw = ia_tok(a)->kw, kind = accessor_kind(kw, event), at = a->at;
        if (kind) {
            ia_next(a);
            u32 method = ia_method_ref(a, true);
            if (method) MDW_ADD(a->w, MethodSemantics, kind, MD_RID(method), mdw_coded(MDK_HasSemantics, token));
        } else if (kw == K_d_custom) {
            ia_custom(a);
        } else if (kw == K_d_line || kw == K_d_hashline) {
            ia_line(a);
        } else if (kw == K_d_language) {
            ia_language(a);
        } else {
            ia_attr_aliases(a);
            if (a->at == at) ia_expected(a, event ? ".addon, .removeon, .fire, .other, .custom or '}'" : ".get, .set, .other, .custom or '}'");
            if (a->at == at) ia_next(a);
        }
        if (a->panic) skip_to_directive(a);
    }
    a->owner = back;
    a->at = MIN(close + 1, a->tok_count - 1);
}

static void class_number(Asm *a, bool pack)
{
    u32 v, at = a->at;
    Cls *c = &a->classes.data[a->cls];
    ia_next(a);
    if (!ia_want_int32(a, &v)) return;
    if (a->cls == 1) {
        ia_fail(a, at, "this is possible in a class only");
        return;
    }
    if (pack && (v > 128 || (v & (v - 1)))) {
        ia_fail(a, at, ".pack is 0 or a power of two up to 128");
        return;
    }
    c->has_layout = true;
    if (pack) c->pack = v;
    else c->size = v;
}

static void one_item(Asm *a, Item *it)
{
    u32 owner = a->owner;
    switch (it->kw) {
    case K_d_field:
        if (it->ref) a->owner = MD_TOKEN(MDT_Field, it->ref);
        a->at = it->end;
        break;
    case K_d_method:
        if (!it->ref) return;
        ia_method_body(a, it->ref);
        a->owner = owner;
        break;
    case K_d_property: case K_d_event:
        if (!it->ref || !it->end) return;
        a->at = it->end;
        accessors(a, MD_TOKEN(it->kw == K_d_event ? MDT_Event : MDT_Property, it->ref));
        break;
    case K_d_custom: ia_custom(a); break;
    case K_d_permission: case K_d_permissionset:
        ia_security(a, it->cls > 1 ? MD_TOKEN(MDT_TypeDef, it->cls) : MD_TOKEN(MDT_Assembly, 1));
        break;
    case K_d_data: ia_data(a); break;
    case K_d_line: case K_d_hashline: ia_line(a); break;
    case K_d_language: ia_language(a); break;
    case K_d_typedef: a->at = it->end; break;
    case K_d_size: class_number(a, false); break;
    case K_d_pack: class_number(a, true); break;
    case K_d_override: class_override(a); break;
    case K_d_interfaceimpl: interface_impl(a); break;
    case K_d_param: ia_next(a); ia_param_directive(a, 0); break;
    default: ia_manifest(a, it);
    }
}

/* After a declaration another one must begin. */
static void check_end(Asm *a)
{
    if (!a->at) return;
    ia_attr_aliases(a);
    const Tok *t = ia_tok(a);
    if (t->kind != T_EOF && t->kind != '}' && !ia_is_decl(t->kw) && !a->panic) ia_expected(a, "a declaration or '}'");
}

void ia_items(Asm *a)
{
    VEC(Outer) outer = {0};
    a->cls = 1;
    a->owner = MD_TOKEN(MDT_Module, 1);
    a->at = 0;
    ia_attr_aliases(a);
    for (u32 i = 0; i < a->items.len && a->errors < IA_ERRORS_MAX; i++) {
        Item *it = &a->items.data[i];
        a->panic = false;
        a->depth = 0;
        a->sig.len = 0;
        a->at = it->tok;
        if (it->kw == 0) {
            Outer o = vec_pop(&outer);
            a->cls = o.cls;
            a->owner = o.owner;
            a->at++;
        } else if (it->kw == K_d_class && it->end) {
            vec_push(&outer, ((Outer){a->cls, a->owner}));
            a->cls = it[0].cls;
            a->owner = MD_TOKEN(MDT_TypeDef, a->cls);
            a->at = it->end;
        } else if (it->kw == K_RESERVED) {
            a->panic = false;
        } else {
            one_item(a, it);
            if ((it->kw == K_d_field || it->kw == K_d_typedef) && !it->end) continue;
            if ((it->kw == K_d_method || it->kw == K_d_property || it->kw == K_d_event) && !it->ref) continue;
        }
        if (!a->panic) check_end(a);
    }
    a->panic = false;
    vec_free(&outer);
    for (u32 i = 2; i < a->classes.len; i++) {
        const Cls *c = &a->classes.data[i];
        if (c->has_layout) MDW_ADD(a->w, ClassLayout, c->pack, c->size, i);
    }
}
