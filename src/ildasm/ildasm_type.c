/* ildasm_type.c: classes, fields, methods, properties and events.
 * What `.custom` belongs to is the declaration before it: a class's own attributes stand before its members, a method's before
 * those of its parameters. */
#include "ildasm/ildasm_int.h"

#include "ildasm/ildasm_export.h"
#include "md/md_names.h"
#include <stdio.h>

static void put_class_token(Dis *d, u32 type, u32 row)
{
    put_type_token(d, type);
    if (!MD_RID(type)) dis_problem(d, row, "names no class");
}

/* --- generic parameters --- */

/* Generic parameters go by number in their own constraints: the assembler resolves names there too late to know one type from another. */
static void put_bound(Dis *d, u32 constraint)
{
    u32 type = d->type_rid, method = d->method_rid;
    d->type_rid = d->method_rid = 0;
    put_class_token(d, md_GenericParamConstraint_Constraint(d->m, constraint), MD_TOKEN(MDT_GenericParamConstraint, constraint));
    d->type_rid = type, d->method_rid = method;
}

static void put_generic_params(Dis *d, u32 owner)
{
    MdImage *m = d->m;
    if (!dis_has(d, owner, HAS_GENERICS)) return;
    MdIter it = md_generic_params_of(m, owner);
    u32 n = 0;
    for (u32 r; (r = md_next_row(&it)) && !d->full; n++) {
        put(d, n ? ", " : "<");
        u32 left = put_flags(d, dis_gparam_flags, md_GenericParam_Flags(m, r)), bounds = 0;
        if (md_GenericParam_Number(m, r) != (u16)n) dis_problem(d, MD_TOKEN(MDT_GenericParam, r), "its number is not its place");
        if (left) putf(d, "flags(0x%x) ", md_GenericParam_Flags(m, r));
        MdIter c = md_constraints_of(m, r);
        for (u32 k; (k = md_next_row(&c)) && !d->full; bounds++) {
            put(d, bounds ? ", " : "(");
            put_bound(d, k);
        }
        if (bounds) put_lit(d, ") ");
        put_name(d, md_genericparam_name(m, r));
    }
    if (n) put_ch(d, '>');
}

static bool has_attributes(Dis *d, u32 token)
{
    return !d->opt.no_ca && dis_has(d, token, HAS_ATTRIBUTES);
}

static void put_generic_attributes(Dis *d, u32 owner)
{
    MdImage *m = d->m;
    if (!dis_has(d, owner, HAS_GENERICS)) return;
    MdIter it = md_generic_params_of(m, owner);
    for (u32 r; (r = md_next_row(&it)) && !d->full;) {
        u32 number = md_GenericParam_Number(m, r) + 1;
        if (has_attributes(d, MD_TOKEN(MDT_GenericParam, r))) {
            put_indent(d);
            putf(d, ".param type [%u]\n", number);
            put_attributes(d, MD_TOKEN(MDT_GenericParam, r));
        }
        MdIter c = md_constraints_of(m, r);
        for (u32 k; (k = md_next_row(&c)) && !d->full;) {
            if (!has_attributes(d, MD_TOKEN(MDT_GenericParamConstraint, k))) continue;
            put_indent(d);
            putf(d, ".param constraint [%u], ", number);
            put_bound(d, k);
            put_ch(d, '\n');
            put_attributes(d, MD_TOKEN(MDT_GenericParamConstraint, k));
        }
    }
}

/* --- fields --- */

void put_field(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    u32 token = MD_TOKEN(MDT_Field, rid), flags = md_Field_Flags(m, rid), row;
    put_indent(d);
    put_lit(d, ".field ");
    put_token(d, token);
    if ((row = md_field_layout_of(m, rid))) putf(d, "[%u] ", md_FieldLayout_Offset(m, row));
    u32 known = flags & ~(u32)(FD_HAS_RVA | FD_HAS_MARSHAL | FD_PINVOKE_IMPL | FD_HAS_DEFAULT);
    size_t start = d->len;
    if (put_flags(d, dis_field_flags, known)) {
        d->len = MIN(d->len, start);
        putf(d, "flags(0x%x) ", known);
    }
    if (dis_has(d, token, HAS_MARSHAL) && (row = md_marshal_of(m, token))) put_marshal(d, row), put_ch(d, ' ');
    MdSig s = md_sig_of(m, token);
    md_sig_field(&s);
    put_type(d, &s);
    if (s.bad) dis_problem(d, token, "bad field signature");
    put_ch(d, ' ');
    if ((flags & FD_ACCESS) == FD_COMPILER_CONTROLLED) put_hidden_name(d, md_field_name(m, rid), token);
    else put_name(d, md_field_name(m, rid));
    if ((row = md_field_rva_of(m, rid))) putf(d, " at I_%08X", md_FieldRVA_RVA(m, row));
    if (dis_has(d, token, HAS_CONSTANT) && (row = md_constant_of(m, token))) put_constant(d, row);
    put_ch(d, '\n');
    put_attributes(d, token);
}

/* --- methods --- */

static void put_pinvoke(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    u32 token = MD_TOKEN(MDT_MethodDef, rid), row = dis_has(d, token, HAS_PINVOKE) ? md_impl_map_of(m, token) : 0;
    if (!row) {
        if (md_MethodDef_Flags(m, rid) & MD_PINVOKE_IMPL) put_lit(d, "pinvokeimpl() ");
        return;
    }
    const char *lib = md_moduleref_name(m, md_ImplMap_ImportScope(m, row)), *name = md_str(m, md_ImplMap_ImportName(m, row));
    u32 flags = md_ImplMap_MappingFlags(m, row);
    if (MD_RID(md_ImplMap_ImportScope(m, row)) - 1 >= md_rows(m, MDT_ModuleRef)) dis_problem(d, token, "imports from no module");
    put_lit(d, "pinvokeimpl(");
    put_quoted(d, lib, strlen(lib), '"');
    if (strcmp(name, md_method_name(m, rid)) != 0) put_lit(d, " as "), put_quoted(d, name, strlen(name), '"');
    put_ch(d, ' ');
    size_t start = d->len;
    if (put_flags(d, dis_pinvoke_flags, flags)) {
        d->len = MIN(d->len, start);
        putf(d, "flags(0x%x) ", flags);
    }
    if (!d->full && d->buf[d->len - 1] == ' ') d->len--;
    put_lit(d, ") ");
}

static u32 param_row(Dis *d, u32 method_rid, u32 sequence)
{
    MdRange r = md_method_params(d->m, method_rid);
    for (u32 i = r.first; i < r.end; i++) {
        u32 p = md_param_at(d->m, i);
        if (md_Param_Sequence(d->m, p) == sequence) return p;
    }
    return 0;
}

static void put_param_flags(Dis *d, u32 flags)
{
    if (flags & PD_IN) put_lit(d, "[in] ");
    if (flags & PD_OUT) put_lit(d, "[out] ");
    if (flags & PD_OPTIONAL) put_lit(d, "[opt] ");
}

static void put_param_marshal(Dis *d, u32 param)
{
    u32 token = MD_TOKEN(MDT_Param, param), row = dis_has(d, token, HAS_MARSHAL) ? md_marshal_of(d->m, token) : 0;
    if (row) put_ch(d, ' '), put_marshal(d, row);
}

static void put_method_params(Dis *d, u32 rid, MdSig *s, const MdMethodSig *h)
{
    MdImage *m = d->m;
    for (u32 i = 0; i < h->param_count && !s->bad && !d->full; i++) {
        if (i) put_lit(d, ", ");
        if (md_sig_sentinel(s)) put_lit(d, "..., ");
        u32 p = param_row(d, rid, i + 1);
        if (p) put_param_flags(d, md_Param_Flags(m, p));
        put_type(d, s);
        put_param_marshal(d, p);
        if (p && *md_param_name(m, p)) put_ch(d, ' '), put_name(d, md_param_name(m, p));
    }
}

void put_method_head(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    u32 token = MD_TOKEN(MDT_MethodDef, rid), flags = md_MethodDef_Flags(m, rid), impl = md_MethodDef_ImplFlags(m, rid);
    MdSig s = md_sig_of(m, token);
    MdMethodSig h;
    md_sig_method(&s, &h);
    put_lit(d, ".method ");
    put_token(d, token);
    size_t words = d->len;
    put_flags(d, dis_method_flags, flags);
    if ((flags & MD_ACCESS) == MD_ACCESS) d->len = MIN(d->len, words), putf(d, "flags(0x%x) ", flags & ~(u32)(MD_PINVOKE_IMPL | MD_HAS_SECURITY));
    put_pinvoke(d, rid);
    put_conv(d, h.header);
    u32 ret = param_row(d, rid, 0);
    if (ret) put_param_flags(d, md_Param_Flags(m, ret));
    put_type(d, &s);
    put_param_marshal(d, ret);
    put_ch(d, ' ');
    if (dis_private_scope(d, rid)) put_hidden_name(d, md_method_name(m, rid), token);
    else put_method_name(d, md_method_name(m, rid));
    put_generic_params(d, token);
    put_ch(d, '(');
    put_method_params(d, rid, &s, &h);
    put_lit(d, ") ");
    size_t start = d->len;
    if (put_flags(d, dis_impl_flags, impl)) {
        d->len = MIN(d->len, start);
        putf(d, "flags(0x%x) ", impl);
    }
    if (!d->full && d->buf[d->len - 1] == ' ') d->len--;
    if (s.bad) dis_problem(d, token, "bad method signature");
    dis_check_method(d, rid, &h);
}

/* ".param [n] = constant" with its attributes, for each parameter that has one or the other, or is there for its own sake */
static void put_param_values(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    MdRange r = md_method_params(m, rid);
    for (u32 i = r.first; i < r.end && !d->full; i++) {
        u32 p = md_param_at(m, i), token = MD_TOKEN(MDT_Param, p), constant = dis_has(d, token, HAS_CONSTANT) ? md_constant_of(m, token) : 0;
        bool alone = !*md_param_name(m, p) && !(md_Param_Flags(m, p) & (PD_IN | PD_OUT | PD_OPTIONAL)) && !dis_has(d, token, HAS_MARSHAL);
        if (!constant && !alone && !has_attributes(d, token)) continue;
        put_indent(d);
        putf(d, ".param [%u]", md_Param_Sequence(m, p));
        if (constant) put_constant(d, constant);
        if (d->opt.tokens) put_ch(d, ' '), put_token(d, token);
        put_ch(d, '\n');
        put_attributes(d, token);
    }
}

/* Same bytes, so that the short form of .override finds the method by this one's signature */
static bool same_signature(Dis *d, u32 decl, u32 rid)
{
    MdSig a = md_sig_of(d->m, decl), b = md_sig_of(d->m, MD_TOKEN(MDT_MethodDef, rid));
    size_t n = (size_t)(a.end - a.p);
    return !a.bad && !b.bad && n == (size_t)(b.end - b.p) && memcmp(a.p, b.p, n) == 0 && !(md_sig_peek(&a) & SIG_GENERIC);
}

static void put_override_target(Dis *d, u32 decl)
{
    MdImage *m = d->m;
    bool def = MD_TABLE_OF(decl) == MDT_MethodDef;
    u32 owner = def ? md_method_owner(m, MD_RID(decl)) : 0;
    put_type_token(d, def ? (owner ? MD_TOKEN(MDT_TypeDef, owner) : 0) : md_MemberRef_Class(m, MD_RID(decl)));
    put_lit(d, "::");
    put_method_name(d, def ? md_method_name(m, MD_RID(decl)) : md_memberref_name(m, MD_RID(decl)));
}

static void put_overrides(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    u64 row = 0;
    if (!dis_has(d, MD_TOKEN(MDT_MethodDef, rid), HAS_OVERRIDES)) return;
    u32 guard = 0, owner = md_method_owner(m, rid);
    map64_get(&d->method_impls, MD_TOKEN(MDT_MethodDef, rid), &row);
    for (; row && guard++ < 100000 && !d->full; row = d->impl_next[row]) {
        u32 decl = md_MethodImpl_MethodDeclaration(m, (u32)row);
        if (md_MethodImpl_Class(m, (u32)row) != owner) continue;
        put_indent(d);
        put_lit(d, ".override ");
        u32 own = MD_TABLE_OF(decl) == MDT_MemberRef ? md_MemberRef_Class(m, MD_RID(decl)) : decl; /* with varying arguments: a method */
        bool hidden = MD_TABLE_OF(own) == MDT_MethodDef && (own != decl || dis_private_scope(d, MD_RID(own)));
        if (same_signature(d, decl, rid) && !hidden) put_override_target(d, decl);
        else put_lit(d, "method "), put_method_ref(d, decl);
        put_ch(d, '\n');
    }
}

static void put_entry_point(Dis *d, u32 rid)
{
    if (d->pe && d->pe->entry_token == MD_TOKEN(MDT_MethodDef, rid) && !(d->pe->cli_flags & PE_CLI_NATIVE_ENTRY))
        put_indent(d), put_lit(d, ".entrypoint\n");
}

void put_method(Dis *d, u32 rid)
{
    u32 token = MD_TOKEN(MDT_MethodDef, rid), before = d->method_rid;
    d->method_rid = rid;
    put_indent(d);
    put_method_head(d, rid);
    put_ch(d, '\n');
    put_indent(d);
    put_lit(d, "{\n");
    d->indent++;
    put_entry_point(d, rid);
    put_method_slots(d, rid);
    put_attributes(d, token);
    put_security(d, token);
    put_overrides(d, rid);
    put_generic_attributes(d, token);
    put_param_values(d, rid);
    put_body(d, rid);
    d->indent--;
    put_indent(d);
    put_lit(d, "} // end of method ");
    put_method_name(d, md_method_name(d->m, rid));
    put_lit(d, "\n\n");
    d->method_rid = before;
}

/* --- properties and events --- */

static void put_semantics(Dis *d, u32 token)
{
    static const struct {
        u32 flag;
        const char *word;
    } words[] = {{MS_SETTER, ".set "}, {MS_GETTER, ".get "}, {MS_OTHER, ".other "}, {MS_ADD_ON, ".addon "}, {MS_REMOVE_ON, ".removeon "},
        {MS_FIRE, ".fire "}};
    MdImage *m = d->m;
    MdIter it = md_semantics_of(m, token);
    for (u32 r; (r = md_next_row(&it)) && !d->full;) {
        u32 kind = md_MethodSemantics_Semantics(m, r);
        if (!dis_visible_member(d, MD_TOKEN(MDT_MethodDef, md_MethodSemantics_Method(m, r)))) continue;
        for (u32 i = 0; i < ARRAY_LEN(words); i++) {
            if (!(kind & words[i].flag)) continue;
            put_indent(d);
            put(d, words[i].word);
            put_method_ref(d, MD_TOKEN(MDT_MethodDef, md_MethodSemantics_Method(m, r)));
            put_ch(d, '\n');
        }
    }
}

static void put_special(Dis *d, u32 flags)
{
    if (flags & 0x200) put_lit(d, "specialname ");
    if (flags & 0x400) put_lit(d, "rtspecialname ");
}

static void put_braces(Dis *d, u32 token)
{
    put_ch(d, '\n');
    put_indent(d);
    put_lit(d, "{\n");
    d->indent++;
    put_attributes(d, token);
    put_semantics(d, token);
    d->indent--;
    put_indent(d);
    put_lit(d, "}\n");
}

static void put_property(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    u32 token = MD_TOKEN(MDT_Property, rid), constant;
    MdSig s = md_sig_of(m, token);
    MdMethodSig h;
    md_sig_method(&s, &h);
    put_indent(d);
    put_lit(d, ".property ");
    put_token(d, token);
    put_special(d, md_Property_Flags(m, rid));
    put_conv(d, h.header & (u8)~SIG_KIND);
    put_type(d, &s);
    put_ch(d, ' ');
    put_name(d, md_property_name(m, rid));
    put_ch(d, '(');
    put_params(d, &s, &h);
    put_ch(d, ')');
    if (s.bad) dis_problem(d, token, "bad property signature");
    if ((constant = md_constant_of(m, token))) put_constant(d, constant);
    put_braces(d, token);
}

static void put_event(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    u32 token = MD_TOKEN(MDT_Event, rid), type = md_Event_EventType(m, rid);
    put_indent(d);
    put_lit(d, ".event ");
    put_token(d, token);
    put_special(d, md_Event_EventFlags(m, rid));
    if (type) put_type_token(d, type), put_ch(d, ' ');
    put_name(d, md_str(m, md_Event_Name(m, rid)));
    put_braces(d, token);
}

/* --- classes --- */

static void put_class_head(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    dis_check_class(d, rid);
    u32 token = MD_TOKEN(MDT_TypeDef, rid), flags = md_TypeDef_Flags(m, rid), extends = md_TypeDef_Extends(m, rid);
    put_indent(d);
    put_lit(d, ".class ");
    put_token(d, token);
    u32 known = flags & ~(u32)(TD_HAS_SECURITY | TD_FORWARDER);
    size_t start = d->len;
    u32 left = put_flags(d, dis_type_flags, known);
    if (left || (flags & (TD_INTERFACE | TD_ABSTRACT)) == TD_INTERFACE) { /* the word `interface` says `abstract`, too */
        d->len = MIN(d->len, start);
        putf(d, "flags(0x%x) ", known);
    }
    put_typedef_own_name(d, rid);
    put_generic_params(d, token);
    put_ch(d, '\n');
    if (extends) put_indent(d), put_lit(d, "    extends "), put_type_token(d, extends), put_ch(d, '\n');
    MdIter it = md_interfaces_of(m, rid);
    u32 n = 0;
    for (u32 r; (r = md_next_row(&it)) && !d->full; n++) {
        if (n) put_lit(d, ",\n");
        put_indent(d), put(d, n ? "               " : "    implements ");
        put_class_token(d, md_InterfaceImpl_Interface(m, r), MD_TOKEN(MDT_InterfaceImpl, r));
    }
    if (n) put_ch(d, '\n');
}

static void put_interface_attributes(Dis *d, u32 rid)
{
    MdIter it = md_interfaces_of(d->m, rid);
    for (u32 r; (r = md_next_row(&it)) && !d->full;) {
        if (!has_attributes(d, MD_TOKEN(MDT_InterfaceImpl, r))) continue;
        MdIter at = md_attributes_of(d->m, MD_TOKEN(MDT_InterfaceImpl, r));
        for (u32 a; (a = md_next_row(&at)) && !d->full;) {
            put_indent(d);
            put_lit(d, ".interfaceimpl type ");
            put_type_token(d, md_InterfaceImpl_Interface(d->m, r));
            put_ch(d, '\n');
            put_indent(d);
            put_attribute(d, a, false);
            put_ch(d, '\n');
        }
    }
}

/* Implementations whose body is not a method of the class itself */
static void put_class_overrides(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    MdIter it = md_method_impls_of(m, rid);
    for (u32 r; (r = md_next_row(&it)) && !d->full;) {
        u32 body = md_MethodImpl_MethodBody(m, r);
        if (MD_TABLE_OF(body) == MDT_MethodDef && md_method_owner(m, MD_RID(body)) == rid) continue;
        put_indent(d);
        put_lit(d, ".override method ");
        put_method_ref(d, md_MethodImpl_MethodDeclaration(m, r));
        put_lit(d, " with method ");
        put_method_ref(d, body);
        put_ch(d, '\n');
    }
}

static void put_members(Dis *d, u32 rid)
{
    static const struct {
        u32 table;
        MdRange (*range)(const MdImage *m, u32 rid);
        u32 (*at)(const MdImage *m, u32 i);
        void (*put)(Dis *d, u32 rid);
    } kinds[] = {{MDT_Field, md_typedef_fields, md_field_at, put_field}, {MDT_MethodDef, md_typedef_methods, md_method_at, put_method},
        {MDT_Event, md_typedef_events, md_event_at, put_event}, {MDT_Property, md_typedef_properties, md_property_at, put_property}};
    for (u32 k = 0; k < ARRAY_LEN(kinds); k++) {
        MdRange r = kinds[k].range(d->m, rid);
        for (u32 i = r.first; i < r.end && !d->full; i++) {
            u32 member = kinds[k].at(d->m, i);
            if (dis_visible_member(d, MD_TOKEN(kinds[k].table, member))) kinds[k].put(d, member);
        }
        if (kinds[k].table == MDT_Field && r.first < r.end) put_ch(d, '\n');
    }
}

static void open_class(Dis *d, u32 rid)
{
    put_class_head(d, rid);
    put_indent(d);
    put_lit(d, "{\n");
    d->indent++;
}

static void close_class(Dis *d, u32 rid)
{
    d->indent--;
    put_indent(d);
    put_lit(d, "} // end of class ");
    put_typedef_own_name(d, rid);
    put_lit(d, "\n\n");
}

void put_type_def(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    u32 token = MD_TOKEN(MDT_TypeDef, rid), before = d->type_rid, row;
    if (d->full || !dis_visible(d, rid)) return;
    d->type_rid = rid;
    open_class(d, rid);
    if ((row = md_class_layout_of(m, rid))) {
        u32 pack = md_ClassLayout_PackingSize(m, row);
        if (pack > 128 || (pack & (pack - 1))) dis_problem(d, MD_TOKEN(MDT_ClassLayout, row), "a packing that is no power of two up to 128");
        put_indent(d), putf(d, ".pack %u\n", pack);
        put_indent(d), putf(d, ".size %u\n", md_ClassLayout_ClassSize(m, row));
    }
    put_attributes(d, token);
    put_security(d, token);
    put_interface_attributes(d, rid); /* before .param: after it the known assembler never ends */
    put_generic_attributes(d, token);
    for (u32 n = d->first_nested[rid]; n && !d->full; n = d->next_nested[n]) put_type_def(d, n);
    put_members(d, rid);
    put_class_overrides(d, rid);
    close_class(d, rid);
    d->type_rid = before;
}

/* -forward: a class without its members */
static void put_outline(Dis *d, u32 rid)
{
    u32 before = d->type_rid;
    if (!dis_visible(d, rid)) return;
    d->type_rid = rid;
    open_class(d, rid);
    for (u32 n = d->first_nested[rid]; n && !d->full; n = d->next_nested[n]) put_outline(d, n);
    close_class(d, rid);
    d->type_rid = before;
}

void put_all_types(Dis *d)
{
    u32 types = md_rows(d->m, MDT_TypeDef);
    if (d->opt.forward) put_lit(d, "\n// --- classes, without members ---\n\n");
    for (u32 r = 2; r <= types && !d->full && d->opt.forward; r++)
        if (!d->enclosing[r]) put_outline(d, r);
    put_lit(d, "\n// --- members of the module itself ---\n\n");
    if (types) put_members(d, 1);
    if (types && (md_TypeDef_Extends(d->m, 1) || md_TypeDef_Flags(d->m, 1))) { /* the known assembler takes, and drops, these */
        open_class(d, 1);
        close_class(d, 1);
    }
    put_lit(d, "// --- classes ---\n\n");
    for (u32 r = 2; r <= types && !d->full; r++)
        if (!d->enclosing[r]) put_type_def(d, r);
}
