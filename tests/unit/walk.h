/* walk.h: reads everything that pe/, md/ and il/ can read of one image, and counts.  Used by the test over all installed
 * assemblies (where nothing may be bad) and by the fuzzer (where all may be bad, but nothing may crash). */
#ifndef WALK_H
#define WALK_H
#include "il/il.h"
#include "md/md_attr.h"
#include "md/md_names.h"
#include "md/md_pdb.h"
#include "md/md_sig.h"

typedef struct Walk {
    u64 images, rows, types, methods, bodies, il_bytes, insts, clauses, sigs, attrs, args, named, seq_points;
    u64 bad_sigs, bad_attrs, bad_bodies, bad_insts, bad_names, bad_owners;
    u64 sum;             /* of all that was read, so that reads are not dropped */
    const char *complain; /* the image's name: print what is bad; NULL: silent */
    u64 budget;          /* items left, so that a mutant with absurd counts ends */
} Walk;

static inline bool walk_spend(Walk *w)
{
    return w->budget == 0 || --w->budget > 1;
}

static inline void walk_bad(Walk *w, u64 *count, u32 token, const char *what)
{
    ++*count;
    if (w->complain) printf("%s: %08X: bad %s\n", w->complain, token, what);
}

static inline void walk_rows(const MdImage *m, Walk *w)
{
    for (u32 t = 0; t < MDT_COUNT; t++) {
        const MdTable *tab = &m->tables[t];
        for (u32 rid = 1; rid <= tab->rows && walk_spend(w); rid++) {
            w->rows++;
            for (u32 c = 0; c < tab->col_count; c++) {
                u32 v = md_col(m, t, rid, c), n;
                w->sum += v;
                switch (tab->cols[c].kind) {
                case MDK_Str: w->sum += (u8)md_str(m, v)[0]; break;
                case MDK_Blob: {
                    const u8 *p = md_blob(m, v, &n);
                    if (p && n) w->sum += p[0] + p[n - 1];
                    break;
                }
                case MDK_Guid: {
                    const u8 *p = md_guid(m, v);
                    if (p) w->sum += p[15];
                    break;
                }
                default:
                    if (tab->cols[c].kind >= MDK_CODED0)
                        w->sum += md_valid_token(m, md_decode((MdKind)tab->cols[c].kind, v));
                }
            }
        }
    }
}

static inline void walk_sig(const MdImage *m, Walk *w, u32 token, u32 blob, MdSigKind kind)
{
    u32 n;
    char text[256];
    const u8 *p = md_blob(m, blob, &n);
    w->sigs++;
    if (!md_sig_validate(m, p, n, kind, NULL)) walk_bad(w, &w->bad_sigs, token, "signature");
    MdSig s = md_sig(p, n);
    if (kind == MD_SIG_METHOD || kind == MD_SIG_PROPERTY) {
        w->sum += md_sig_print_method(m, &s, "f", text, sizeof(text));
    } else {
        u32 count = 1;
        if (kind == MD_SIG_FIELD) md_sig_field(&s);
        if (kind == MD_SIG_LOCALS) md_sig_locals(&s, &count);
        if (kind == MD_SIG_INST) md_sig_inst(&s, &count);
        for (u32 i = 0; i < count && !s.bad; i++) {
            MdSig skip = s;
            w->sum += md_sig_print_type(m, &s, text, sizeof(text));
            md_sig_skip_type(&skip);
            if (skip.bad != s.bad || skip.p != s.p) walk_bad(w, &w->bad_sigs, token, "signature: skip and print differ");
        }
    }
}

static inline void walk_sigs(const MdImage *m, Walk *w)
{
    for (u32 r = 1; r <= md_rows(m, MDT_Field) && walk_spend(w); r++)
        walk_sig(m, w, MD_TOKEN(MDT_Field, r), md_Field_Signature(m, r), MD_SIG_FIELD);
    for (u32 r = 1; r <= md_rows(m, MDT_MethodDef) && walk_spend(w); r++)
        walk_sig(m, w, MD_TOKEN(MDT_MethodDef, r), md_MethodDef_Signature(m, r), MD_SIG_METHOD);
    for (u32 r = 1; r <= md_rows(m, MDT_MemberRef) && walk_spend(w); r++) {
        MdSig s = md_sig_of(m, MD_TOKEN(MDT_MemberRef, r));
        walk_sig(m, w, MD_TOKEN(MDT_MemberRef, r), md_MemberRef_Signature(m, r),
                 (md_sig_peek(&s) & SIG_KIND) == SIG_FIELD ? MD_SIG_FIELD : MD_SIG_METHOD);
    }
    for (u32 r = 1; r <= md_rows(m, MDT_StandAloneSig) && walk_spend(w); r++) {
        MdSig s = md_sig_of(m, MD_TOKEN(MDT_StandAloneSig, r));
        u8 k = md_sig_peek(&s) & SIG_KIND;
        walk_sig(m, w, MD_TOKEN(MDT_StandAloneSig, r), md_StandAloneSig_Signature(m, r),
                 k == SIG_LOCALS ? MD_SIG_LOCALS : k == SIG_FIELD ? MD_SIG_FIELD : MD_SIG_METHOD);
    }
    for (u32 r = 1; r <= md_rows(m, MDT_Property) && walk_spend(w); r++)
        walk_sig(m, w, MD_TOKEN(MDT_Property, r), md_Property_Type(m, r), MD_SIG_PROPERTY);
    for (u32 r = 1; r <= md_rows(m, MDT_TypeSpec) && walk_spend(w); r++)
        walk_sig(m, w, MD_TOKEN(MDT_TypeSpec, r), md_TypeSpec_Signature(m, r), MD_SIG_TYPESPEC);
    for (u32 r = 1; r <= md_rows(m, MDT_MethodSpec) && walk_spend(w); r++)
        walk_sig(m, w, MD_TOKEN(MDT_MethodSpec, r), md_MethodSpec_Instantiation(m, r), MD_SIG_INST);
}

static inline void walk_value(MdAttrReader *r, MdAttrValue *v, Walk *w)
{
    MdAttrValue one;
    w->args++;
    w->sum += (u64)v->i + v->str_len + v->count;
    if (v->str_len) w->sum += (u8)v->str[v->str_len - 1];
    while (walk_spend(w) && md_attr_element(r, v, &one)) w->sum += (u64)one.i;
}

/* An enum of another assembly has an unknown size here, so an attribute that names one may seem bad. */
static inline void walk_attr(const MdImage *m, Walk *w, u32 rid)
{
    MdAttrReader r;
    MdAttrValue v;
    const char *name, *ns;
    u32 len;
    bool property, foreign = false;
    w->attrs++;
    if (md_attribute_type_name(m, rid, &ns, &name)) w->sum += strlen(name) + strlen(ns);
    if (!md_attr_open(&r, m, rid)) {
        walk_bad(w, &w->bad_attrs, MD_TOKEN(MDT_CustomAttribute, rid), "attribute head");
        return;
    }
    while (walk_spend(w) && md_attr_fixed(&r, &v)) {
        foreign |= v.enum_token && MD_TABLE_OF(v.enum_token) != MDT_TypeDef;
        walk_value(&r, &v, w);
    }
    while (walk_spend(w) && md_attr_named(&r, &name, &len, &property, &v)) {
        foreign |= v.enum_name != NULL;
        w->named++;
        walk_value(&r, &v, w);
    }
    u8 ctor = md_sig_peek(&r.sig);
    bool open_generic = ctor == ET_VAR; /* argument of a generic attribute's parameter type */
    if ((r.blob.bad || r.blob.p != r.blob.end) && !foreign && !open_generic)
        walk_bad(w, &w->bad_attrs, MD_TOKEN(MDT_CustomAttribute, rid), "attribute value");
}

static inline void walk_body(const MdImage *m, Walk *w, u32 rid)
{
    IlBody b;
    IlInst in;
    char text[256];
    u32 token = MD_TOKEN(MDT_MethodDef, rid), impl = md_MethodDef_ImplFlags(m, rid);
    if (!md_MethodDef_RVA(m, rid) || (impl & MI_CODE_TYPE) != MI_IL) return;
    w->bodies++;
    if (!il_read_body(m, rid, &b, NULL)) {
        walk_bad(w, &w->bad_bodies, token, "body");
        return;
    }
    w->il_bytes += b.code_size;
    w->clauses += b.clause_count;
    for (u32 i = 0; i < b.clause_count && walk_spend(w); i++) {
        IlClause c;
        il_clause(&b, i, &c);
        w->sum += b.code[c.try_start] + b.code[c.handler_end - 1];
    }
    for (u32 at = 0; at < b.code_size && walk_spend(w); at += in.size) {
        if (!il_decode(b.code, b.code_size, at, &in)) {
            walk_bad(w, &w->bad_insts, token, "instruction");
            return;
        }
        w->insts++;
        if (in.operand >= IL_OPR_METHOD && in.operand <= IL_OPR_STRING) {
            if (!md_valid_token(m, in.token)) walk_bad(w, &w->bad_insts, token, "token");
            if ((w->insts & 63) == 0) w->sum += il_token_text(m, in.token, text, sizeof(text));
        }
        if (in.operand == IL_OPR_SWITCH)
            for (u32 i = 0; i < in.switch_count; i++) w->sum += il_switch_target(&in, i);
    }
}

static inline void walk_type(MdImage *m, Walk *w, u32 rid)
{
    char text[256];
    u32 token = MD_TOKEN(MDT_TypeDef, rid), outer = md_enclosing(m, rid);
    const char *ns = md_typedef_namespace(m, rid), *name = md_typedef_name(m, rid);
    w->types++;
    u32 found = outer ? md_find_nested(m, outer, name) : md_find_typedef(m, ns, name);
    if (found != rid && found == 0) walk_bad(w, &w->bad_names, token, "type name: not found");
    w->sum += md_type_full_name(m, token, text, sizeof(text));
    MdRange r = md_typedef_methods(m, rid);
    for (u32 i = r.first; i < r.end && walk_spend(w); i++) {
        u32 method = md_method_at(m, i);
        if (md_method_owner(m, method) != rid) walk_bad(w, &w->bad_owners, MD_TOKEN(MDT_MethodDef, method), "owner");
        MdRange p = md_method_params(m, method);
        for (u32 k = p.first; k < p.end && walk_spend(w); k++)
            if (md_param_method(m, md_param_at(m, k)) != method)
                walk_bad(w, &w->bad_owners, MD_TOKEN(MDT_MethodDef, method), "parameter's owner");
    }
    r = md_typedef_fields(m, rid);
    for (u32 i = r.first; i < r.end && walk_spend(w); i++) {
        u32 field = md_field_at(m, i), layout = md_field_rva_of(m, field), size;
        if (md_field_owner(m, field) != rid) walk_bad(w, &w->bad_owners, MD_TOKEN(MDT_Field, field), "owner");
        w->sum += md_FieldLayout_Offset(m, md_field_layout_of(m, field));
        w->sum += md_Constant_Type(m, md_constant_of(m, MD_TOKEN(MDT_Field, field)));
        w->sum += md_marshal_of(m, MD_TOKEN(MDT_Field, field));
        if (layout && m->pe) {
            const u8 *p = pe_rva_data(m->pe, md_FieldRVA_RVA(m, layout), 1, &size);
            if (p && size) w->sum += p[0];
        }
    }
    r = md_typedef_properties(m, rid);
    for (u32 i = r.first; i < r.end && walk_spend(w); i++) {
        u32 prop = md_property_at(m, i);
        if (md_property_owner(m, prop) != rid) walk_bad(w, &w->bad_owners, MD_TOKEN(MDT_Property, prop), "owner");
        MdIter it = md_semantics_of(m, MD_TOKEN(MDT_Property, prop));
        while (walk_spend(w) && md_next_row(&it)) w->sum++;
    }
    r = md_typedef_events(m, rid);
    for (u32 i = r.first; i < r.end && walk_spend(w); i++)
        if (md_event_owner(m, md_event_at(m, i)) != rid)
            walk_bad(w, &w->bad_owners, MD_TOKEN(MDT_Event, md_event_at(m, i)), "owner");
    w->sum += md_class_layout_of(m, rid) + md_generic_count(m, token) + md_decl_security_of(m, token);
    w->sum += md_has_attribute(m, token, "System.Runtime.CompilerServices", "InlineArrayAttribute");
    MdIter it = md_interfaces_of(m, rid);
    while (walk_spend(w) && md_next_row(&it)) w->sum++;
    it = md_method_impls_of(m, rid);
    while (walk_spend(w) && md_next_row(&it)) w->sum++;
    it = md_generic_params_of(m, token);
    for (u32 g; (g = md_next_row(&it)) && walk_spend(w);) {
        MdIter c = md_constraints_of(m, g);
        while (walk_spend(w) && md_next_row(&c)) w->sum++;
    }
}

static inline void walk_names(MdImage *m, Walk *w)
{
    MdAssemblyName n, back;
    char text[1024], buf[1025];
    if (md_assembly_identity(m, &n)) {
        size_t len = md_format_assembly_name(&n, text, sizeof(text));
        if (len < sizeof(text) && md_parse_assembly_name(text, len, buf, &back, NULL))
            w->sum += md_same_simple_name(&n, &back);
        else walk_bad(w, &w->bad_names, 0x20000001, "assembly name");
    }
    for (u32 r = 1; r <= md_rows(m, MDT_AssemblyRef) && walk_spend(w); r++)
        if (md_assemblyref_identity(m, r, &n)) w->sum += md_format_assembly_name(&n, text, sizeof(text));
    for (u32 r = 1; r <= md_rows(m, MDT_ExportedType) && walk_spend(w); r++) {
        u32 impl = md_ExportedType_Implementation(m, r);
        bool nested = MD_TABLE_OF(impl) == MDT_ExportedType;
        u32 found = nested ? md_find_exported_nested(m, MD_RID(impl), md_exported_name(m, r))
                           : md_find_exported(m, md_exported_namespace(m, r), md_exported_name(m, r));
        if (!found) walk_bad(w, &w->bad_names, MD_TOKEN(MDT_ExportedType, r), "exported name: not found");
        w->sum += md_type_full_name(m, MD_TOKEN(MDT_ExportedType, r), text, sizeof(text));
    }
    for (u32 r = 1; r <= md_rows(m, MDT_TypeRef) && walk_spend(w); r++)
        w->sum += md_type_full_name(m, MD_TOKEN(MDT_TypeRef, r), text, sizeof(text));
    for (u32 r = 1; r <= md_rows(m, MDT_ManifestResource) && walk_spend(w); r++) {
        u32 size;
        const u8 *p = m->pe ? pe_resource(m->pe, md_ManifestResource_Offset(m, r), &size) : NULL;
        if (p && size) w->sum += p[0] + p[size - 1];
    }
}

static inline void walk_pdb(MdPdb *p, u32 methods, Walk *w)
{
    char text[512];
    if (!p) return;
    const MdImage *m = md_pdb_image(p);
    walk_rows(m, w);
    for (u32 r = 1; r <= md_rows(m, MDT_Document) && walk_spend(w); r++)
        w->sum += md_pdb_document_name(p, r, text, sizeof(text));
    for (u32 r = 1; r <= methods && walk_spend(w); r++) {
        MdSeqReader s;
        MdSeqPoint sp;
        if (!md_seq_open(&s, p, r)) continue;
        while (walk_spend(w) && md_seq_next(&s, &sp)) w->seq_points++;
        if (s.bad) walk_bad(w, &w->bad_sigs, MD_TOKEN(MDT_MethodDef, r), "sequence points");
        const char *name = md_pdb_local_name(p, r, 0, 0);
        w->sum += name ? (u8)name[0] : 0;
        w->sum += md_pdb_find_line(p, r, 1, &sp);
    }
    md_pdb_close(p);
}

static inline void walk_image(MdImage *m, Walk *w)
{
    w->images++;
    walk_rows(m, w);
    walk_sigs(m, w);
    for (u32 r = 1; r <= md_rows(m, MDT_CustomAttribute) && walk_spend(w); r++) walk_attr(m, w, r);
    for (u32 r = 1; r <= md_rows(m, MDT_TypeDef) && walk_spend(w); r++) walk_type(m, w, r);
    walk_names(m, w);
    w->methods += md_rows(m, MDT_MethodDef);
    for (u32 r = 1; r <= md_rows(m, MDT_MethodDef) && walk_spend(w); r++) walk_body(m, w, r);
    if (m->pe) walk_pdb(md_pdb_open_for(m->pe, NULL), md_rows(m, MDT_MethodDef), w);
}
#endif
