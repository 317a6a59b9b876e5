/* verify_meta.c: rows of the metadata (§II.22, II.24.2.6): indices within their tables and heaps, lists and keys in order, nothing twice,
 * signatures well formed, flags that go together, rows that others promise.
 * In: an open module.  Out: one BadMetadata for each rule that a row breaks, by its token.
 * Columns are checked by their kind (md_tables.def), so a new table is covered by its row there; what only some tables ask for is in the lists below.
 * Not here: what a type's members mean together (base types, overrides, layout): loading the type says so (TypeLoad); types that enclose themselves:
 * such an image is not opened.
 * Book: verify.md  Tests: tests/verify/metadata.py, fuzz/fuzz_verify.c */
#include "verify/verify_int.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct Meta {
    Module *module;
    const MdImage *md;
    const VerifySink *sink;
    u32 issues;
} Meta;

PRINTF_LIKE(3, 4) static void bad(Meta *x, u32 token, const char *fmt, ...)
{
    char text[300];
    va_list v;
    va_start(v, fmt);
    vsnprintf(text, sizeof text, fmt, v);
    va_end(v);
    VerifyIssue i = {.code = VERIFY_BadMetadata, .module = x->module, .token = token, .offset = UINT32_MAX, .found = "", .expected = "",
        .detail = text};
    x->issues++;
    if (x->sink)
        x->sink->report(x->sink->arg, &i);
}

/* --- Columns ---------------------------------------------------------------------------------------------------------- */
typedef struct ColumnRule { u8 table, col, what; } ColumnRule;
enum { MAY_BE_NIL = 1, LIST = 2, NAME = 4 /* may not be empty */, SIG_METHOD_OR_FIELD = 8, SIG_0 = 16 };
#define SIG_OF(kind) ((u8)(SIG_0 * (1 + (kind)))) /* a signature of this MdSigKind */
#define RULE(table, col, what) {MDT_##table, MDC_##table##_##col, what}
static const ColumnRule rules[] = {
    RULE(Module, Name, NAME), RULE(TypeRef, ResolutionScope, MAY_BE_NIL), RULE(TypeRef, Name, NAME), RULE(TypeDef, Name, NAME),
    RULE(TypeDef, Extends, MAY_BE_NIL), RULE(TypeDef, FieldList, LIST), RULE(TypeDef, MethodList, LIST), RULE(Field, Name, NAME),
    RULE(Field, Signature, SIG_OF(MD_SIG_FIELD)), RULE(MethodDef, Name, NAME), RULE(MethodDef, Signature, SIG_OF(MD_SIG_METHOD)),
    RULE(MethodDef, ParamList, LIST), RULE(MemberRef, Name, NAME), RULE(MemberRef, Signature, SIG_METHOD_OR_FIELD),
    RULE(StandAloneSig, Signature, 0), RULE(EventMap, EventList, LIST), RULE(Event, Name, NAME), RULE(Event, EventType, MAY_BE_NIL),
    RULE(PropertyMap, PropertyList, LIST), RULE(Property, Name, NAME), RULE(Property, Type, SIG_OF(MD_SIG_PROPERTY)), RULE(ModuleRef, Name, NAME),
    RULE(TypeSpec, Signature, SIG_OF(MD_SIG_TYPESPEC)), RULE(Assembly, Name, NAME), RULE(AssemblyRef, Name, NAME), RULE(File, Name, NAME),
    RULE(ExportedType, TypeName, NAME), RULE(ExportedType, Implementation, MAY_BE_NIL), RULE(ManifestResource, Name, NAME),
    RULE(ManifestResource, Implementation, MAY_BE_NIL), RULE(MethodSpec, Instantiation, SIG_OF(MD_SIG_INST)), RULE(Module, Mvid, 0),
    RULE(Module, EncId, MAY_BE_NIL), RULE(Module, EncBaseId, MAY_BE_NIL),
};

static u32 rule_of(u32 table, u32 col)
{
    for (u32 i = 0; i < ARRAY_LEN(rules); i++)
        if (rules[i].table == table && rules[i].col == col)
            return rules[i].what;
    return 0;
}

static void check_blob(Meta *x, u32 token, u32 index, u32 rule, const char *name)
{
    u32 n;
    Err e = {0};
    const u8 *p = md_blob(x->md, index, &n);
    if (!p && index) {
        bad(x, token, "%s lies outside the #Blob heap", name);
        return;
    }
    u32 kind = rule >= SIG_0 ? rule / SIG_0 - 1 : MD_SIG_METHOD;
    if (rule == SIG_METHOD_OR_FIELD)
        kind = n && (p[0] & SIG_KIND) == SIG_FIELD ? MD_SIG_FIELD : MD_SIG_METHOD;
    if ((rule >= SIG_0 || rule == SIG_METHOD_OR_FIELD) && !md_sig_validate(x->md, p, n, (MdSigKind)kind, &e))
        bad(x, token, "%s is not a well-formed signature", name);
}

static void check_column(Meta *x, u32 table, u32 rid, u32 col)
{
    const MdImage *md = x->md;
    const MdCol *c = &md->tables[table].cols[col];
    u32 value = md_col(md, table, rid, col), rule = rule_of(table, col), token = MD_TOKEN(table, rid);
    const char *name = md_column_name(table, col);
    if (c->kind < 0x40) { /* a row of a table */
        u32 rows = md_rows(md, c->kind);
        if (rule & LIST ? value == 0 || value > rows + 1 : value > rows || (value == 0 && !(rule & MAY_BE_NIL)))
            bad(x, token, "%s %u is no row of %s", name, value, md_table_name(c->kind));
    } else if (c->kind == MDK_Str) {
        if (value >= md->strings_size && value)
            bad(x, token, "%s lies outside the #Strings heap", name);
        else if ((rule & NAME) && !md_str(md, value)[0])
            bad(x, token, "%s is empty", name);
    } else if (c->kind == MDK_Guid) {
        if (value > md->guids_size / 16)
            bad(x, token, "%s lies outside the #GUID heap", name);
    } else if (c->kind == MDK_Blob) {
        check_blob(x, token, value, rule, name);
    } else if (c->kind >= MDK_CODED0) {
        const MdCoded *k = &md_coded_info[c->kind - MDK_CODED0];
        u32 tag = value & ((1u << k->bits) - 1), row = value >> k->bits;
        if (row == 0 ? !(rule & MAY_BE_NIL) : tag >= k->count || k->tables[tag] == 0xFF || row > md_rows(md, k->tables[tag]))
            bad(x, token, "%s 0x%x is no row of the tables that it may name", name, value);
    }
}

/* --- Order and uniqueness ----------------------------------------------------------------------------------------------- */
typedef struct KeyRule { u8 table, col, second; bool unique; } KeyRule; /* second: 0xFF none; with unique: both together */
#define KEY(table, col, unique) {MDT_##table, MDC_##table##_##col, 0xFF, unique}
#define KEY2(table, col, second, unique) {MDT_##table, MDC_##table##_##col, MDC_##table##_##second, unique}
static const KeyRule keys[] = {
    KEY(InterfaceImpl, Class, false), KEY(Constant, Parent, true), KEY(CustomAttribute, Parent, false), KEY(FieldMarshal, Parent, true),
    KEY(DeclSecurity, Parent, false), KEY(ClassLayout, Parent, true), KEY(FieldLayout, Field, true), KEY(MethodSemantics, Association, false),
    KEY(MethodImpl, Class, false), KEY(ImplMap, MemberForwarded, true), KEY(FieldRVA, Field, true), KEY(NestedClass, NestedClass, true),
    KEY2(GenericParam, Owner, Number, true), KEY(GenericParamConstraint, Owner, false),
};

static void check_order(Meta *x, const KeyRule *k)
{
    u64 last = 0;
    for (u32 rid = 1; rid <= md_rows(x->md, k->table); rid++) {
        u64 key = (u64)md_col(x->md, k->table, rid, k->col) << 32 | (k->second == 0xFF ? 0 : md_col(x->md, k->table, rid, k->second));
        if (rid > 1 && key < last)
            bad(x, MD_TOKEN(k->table, rid), "the rows of %s are not in order of %s", md_table_name(k->table), md_column_name(k->table, k->col));
        else if (rid > 1 && key == last && k->unique)
            bad(x, MD_TOKEN(k->table, rid), "a second row of %s for the same %s", md_table_name(k->table), md_column_name(k->table, k->col));
        last = key;
    }
}

static void check_lists(Meta *x)
{
    for (u32 i = 0; i < ARRAY_LEN(rules); i++) {
        if (!(rules[i].what & LIST))
            continue;
        u32 last = 0;
        for (u32 rid = 1; rid <= md_rows(x->md, rules[i].table); rid++) {
            u32 v = md_col(x->md, rules[i].table, rid, rules[i].col);
            if (v < last)
                bad(x, MD_TOKEN(rules[i].table, rid), "%s goes back", md_column_name(rules[i].table, rules[i].col));
            last = v;
        }
    }
}

/* Rows with the same hash, compared: same(a, b).  Map64 holds the last row of a hash; chains are short. */
static void check_unique(Meta *x, u32 table, u64 (*hash)(const MdImage *, u32), bool (*same)(const MdImage *, u32, u32), const char *what)
{
    Map64 seen = {0};
    for (u32 rid = 1; rid <= md_rows(x->md, table); rid++) {
        u64 h = hash(x->md, rid), other = 0;
        if (!h)
            continue;
        if (map64_get(&seen, h, &other) && same(x->md, (u32)other, rid))
            bad(x, MD_TOKEN(table, rid), "%s as 0x%08x", what, MD_TOKEN(table, (u32)other));
        map64_put(&seen, h, rid);
    }
    map64_free(&seen);
}

static u64 mix(u64 a, u64 b) { return base_hash_u64(a * 31 + b) | 1; }
static u64 type_hash(const MdImage *md, u32 rid)
{
    return mix(mix(base_hash_str(md_typedef_name(md, rid)), base_hash_str(md_typedef_namespace(md, rid))), md_enclosing(md, rid));
}
static bool same_type(const MdImage *md, u32 a, u32 b)
{
    return md_enclosing(md, a) == md_enclosing(md, b) && strcmp(md_typedef_name(md, a), md_typedef_name(md, b)) == 0 &&
           strcmp(md_typedef_namespace(md, a), md_typedef_namespace(md, b)) == 0;
}
static bool same_blob(const MdImage *md, u32 a, u32 b)
{
    u32 na, nb;
    const u8 *pa = md_blob(md, a, &na), *pb = md_blob(md, b, &nb);
    return na == nb && pa && pb && memcmp(pa, pb, na) == 0;
}
static u64 blob_hash(const MdImage *md, u32 i)
{
    u32 n;
    const u8 *p = md_blob(md, i, &n);
    return p ? base_hash_bytes(p, n) : 0;
}
static u64 method_hash(const MdImage *md, u32 rid)
{
    if ((md_MethodDef_Flags(md, rid) & MD_ACCESS) == MD_COMPILER_CONTROLLED)
        return 0;
    return mix(mix(base_hash_str(md_method_name(md, rid)), blob_hash(md, md_MethodDef_Signature(md, rid))), md_method_owner(md, rid));
}
static bool same_method(const MdImage *md, u32 a, u32 b)
{
    return md_method_owner(md, a) == md_method_owner(md, b) && strcmp(md_method_name(md, a), md_method_name(md, b)) == 0 &&
           same_blob(md, md_MethodDef_Signature(md, a), md_MethodDef_Signature(md, b));
}
static u64 field_hash(const MdImage *md, u32 rid)
{
    if ((md_Field_Flags(md, rid) & FD_ACCESS) == FD_COMPILER_CONTROLLED)
        return 0;
    return mix(mix(base_hash_str(md_field_name(md, rid)), blob_hash(md, md_Field_Signature(md, rid))), md_field_owner(md, rid));
}
static bool same_field(const MdImage *md, u32 a, u32 b)
{
    return md_field_owner(md, a) == md_field_owner(md, b) && strcmp(md_field_name(md, a), md_field_name(md, b)) == 0 &&
           same_blob(md, md_Field_Signature(md, a), md_Field_Signature(md, b));
}
static u64 impl_hash(const MdImage *md, u32 rid) { return mix(md_InterfaceImpl_Class(md, rid), md_InterfaceImpl_Interface(md, rid)); }
static bool same_impl(const MdImage *md, u32 a, u32 b)
{
    return md_InterfaceImpl_Class(md, a) == md_InterfaceImpl_Class(md, b) && md_InterfaceImpl_Interface(md, a) == md_InterfaceImpl_Interface(md, b);
}

/* --- Flags ------------------------------------------------------------------------------------------------------------------ */
static void check_types(Meta *x)
{
    for (u32 rid = 1; rid <= md_rows(x->md, MDT_TypeDef); rid++) {
        u32 f = md_TypeDef_Flags(x->md, rid), token = MD_TOKEN(MDT_TypeDef, rid);
        bool nested = md_enclosing(x->md, rid) != 0;
        if (nested != ((f & TD_VISIBILITY) >= TD_NESTED_PUBLIC))
            bad(x, token, nested ? "a nested type with a visibility of top-level types" : "a visibility of nested types, but no row of NestedClass");
        if ((f & TD_INTERFACE) && (!(f & TD_ABSTRACT) || (f & TD_SEALED)))
            bad(x, token, "an interface has to be abstract and may not be sealed");
        if ((f & TD_INTERFACE) && md_TypeDef_Extends(x->md, rid))
            bad(x, token, "an interface extends nothing");
        if (rid > 1 && !(f & TD_INTERFACE) && !md_TypeDef_Extends(x->md, rid) && !x->module->assembly->is_corelib)
            bad(x, token, "a class has to extend another");
    }
}

static void check_methods(Meta *x)
{
    const MdImage *md = x->md;
    for (u32 rid = 1; rid <= md_rows(md, MDT_MethodDef); rid++) {
        u32 f = md_MethodDef_Flags(md, rid), impl = md_MethodDef_ImplFlags(md, rid), token = MD_TOKEN(MDT_MethodDef, rid);
        u32 owner = md_method_owner(md, rid), rva = md_MethodDef_RVA(md, rid);
        bool interface = md_TypeDef_Flags(md, owner) & TD_INTERFACE;
        MdSig s = md_sig_of(md, token);
        MdMethodSig head;
        if (!owner)
            bad(x, token, "the method belongs to no type");
        if (md_sig_method(&s, &head)) {
            if (head.has_this == ((f & MD_STATIC) != 0))
                bad(x, token, f & MD_STATIC ? "the signature of a static method has a this" : "the signature of an instance method has no this");
            if (head.generic_count != md_generic_count(md, token))
                bad(x, token, "the signature has %u generic parameters, GenericParam %u", head.generic_count, md_generic_count(md, token));
            MdRange r = md_method_params(md, rid);
            for (u32 i = r.first; i < r.end; i++)
                if (md_Param_Sequence(md, md_param_at(md, i)) > head.param_count)
                    bad(x, MD_TOKEN(MDT_Param, md_param_at(md, i)), "the method has no parameter %u", md_Param_Sequence(md, md_param_at(md, i)));
        }
        if ((f & (MD_ABSTRACT | MD_FINAL | MD_NEW_SLOT)) && !(f & MD_VIRTUAL))
            bad(x, token, "abstract, final or newslot, but not virtual");
        if ((f & MD_ABSTRACT) && (f & MD_FINAL) && !interface)
            bad(x, token, "abstract and final");
        if ((f & MD_ABSTRACT) && !(md_TypeDef_Flags(md, owner) & TD_ABSTRACT))
            bad(x, token, "an abstract method of a type that is not abstract");
        if ((f & MD_STATIC) && (f & MD_VIRTUAL) && !interface)
            bad(x, token, "static and virtual outside an interface");
        if ((f & MD_PINVOKE_IMPL) && !md_impl_map_of(md, token))
            bad(x, token, "PInvokeImpl, but no row of ImplMap");
        bool bodiless = (f & (MD_ABSTRACT | MD_PINVOKE_IMPL)) || (impl & (MI_INTERNAL_CALL | MI_CODE_TYPE));
        if (!bodiless && !rva && !v_has_attribute(md, token, "UnsafeAccessorAttribute"))
            bad(x, token, "the method has no body");
        if ((f & MD_ABSTRACT) && rva)
            bad(x, token, "an abstract method with a body");
    }
}

static void check_fields(Meta *x)
{
    for (u32 rid = 1; rid <= md_rows(x->md, MDT_Field); rid++) {
        u32 f = md_Field_Flags(x->md, rid), token = MD_TOKEN(MDT_Field, rid);
        if (!md_field_owner(x->md, rid))
            bad(x, token, "the field belongs to no type");
        if ((f & FD_LITERAL) && (!(f & FD_STATIC) || (f & FD_INIT_ONLY)))
            bad(x, token, "a literal field has to be static and may not be initonly");
        if ((f & FD_HAS_DEFAULT) && !md_constant_of(x->md, token))
            bad(x, token, "HasDefault, but no row of Constant");
        if ((f & FD_HAS_MARSHAL) && !md_marshal_of(x->md, token))
            bad(x, token, "HasFieldMarshal, but no row of FieldMarshal");
        u32 row = md_field_rva_of(x->md, rid), avail = 0;
        if ((f & FD_HAS_RVA) && !row)
            bad(x, token, "HasFieldRVA, but no row of FieldRVA");
        if (row && !md_rva(x->md, md_FieldRVA_RVA(x->md, row), &avail))
            bad(x, token, "the field's data lies outside the image");
        if ((md_TypeDef_Flags(x->md, md_field_owner(x->md, rid)) & TD_INTERFACE) && !(f & FD_STATIC))
            bad(x, token, "an instance field of an interface");
    }
}

/* Signatures of locals and call sites: which it is, its first byte says. */
static void check_standalone(Meta *x)
{
    for (u32 rid = 1; rid <= md_rows(x->md, MDT_StandAloneSig); rid++) {
        u32 n, token = MD_TOKEN(MDT_StandAloneSig, rid);
        const u8 *p = md_blob(x->md, md_StandAloneSig_Signature(x->md, rid), &n);
        u32 kind = n ? p[0] & SIG_KIND : 0;
        if (p && kind != SIG_FIELD && !md_sig_validate(x->md, p, n, kind == SIG_LOCALS ? MD_SIG_LOCALS : MD_SIG_METHOD, NULL))
            bad(x, token, "Signature is not a well-formed signature");
    }
}

u32 verify_metadata(Module *m, const VerifySink *sink)
{
    Meta x = {.module = m, .md = m->md, .sink = sink};
    if (md_rows(m->md, MDT_Module) != 1)
        bad(&x, MD_TOKEN(MDT_Module, 1), "there has to be one row of Module");
    if (md_rows(m->md, MDT_Assembly) > 1)
        bad(&x, MD_TOKEN(MDT_Assembly, 2), "there may be one row of Assembly");
    for (u32 t = 0; t <= MDT_GenericParamConstraint; t++)
        for (u32 rid = 1; rid <= md_rows(m->md, t); rid++)
            for (u32 c = 0; c < m->md->tables[t].col_count; c++)
                check_column(&x, t, rid, c);
    if (x.issues)
        return x.issues; /* what follows goes along those references */
    for (u32 i = 0; i < ARRAY_LEN(keys); i++)
        check_order(&x, &keys[i]);
    check_lists(&x);
    if (x.issues)
        return x.issues;
    check_standalone(&x);
    check_unique(&x, MDT_TypeDef, type_hash, same_type, "the same name");
    check_unique(&x, MDT_MethodDef, method_hash, same_method, "the same name and signature");
    check_unique(&x, MDT_Field, field_hash, same_field, "the same name and type");
    check_unique(&x, MDT_InterfaceImpl, impl_hash, same_impl, "the same interface");
    check_types(&x);
    check_methods(&x);
    check_fields(&x);
    return x.issues;
}
