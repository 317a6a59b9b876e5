/* ildasm_json.c: -json: the same facts for programs to read.  Text in it is what the listing has: types, signatures, operands.
 * Which keys each object has: the table in the book page, which tests/ildasm holds the output to.  Book: ildasm.md */
#include "ildasm/ildasm_int.h"

#include "md/md_names.h"

static void key(Dis *d, const char *name)
{
    if (d->len && d->buf[d->len - 1] != '{') put_ch(d, ',');
    put_ch(d, '"');
    put(d, name);
    put_lit(d, "\":");
}

static void key_str(Dis *d, const char *name, const char *value)
{
    key(d, name);
    put_json(d, value, strlen(value));
}

static void key_num(Dis *d, const char *name, i64 v)
{
    key(d, name);
    put_dec(d, v);
}

static void key_token(Dis *d, const char *name, u32 token)
{
    key(d, name);
    put_ch(d, '"');
    put_hexu(d, token, 8);
    put_ch(d, '"');
}

static void key_flags(Dis *d, const FlagWord *w, u32 flags)
{
    key_num(d, "flags", flags);
    key(d, "attributes");
    size_t start = d->len;
    put_flags(d, w, flags);
    if (!d->full && d->len > start) d->len--;
    dis_quote_tail(d, start);
}

/* A value that a printer writes: NEXT(d, "extends", put_type_token(d, token)); */
#define KEY_TEXT(d, name, print)                                                                                       \
    do {                                                                                                               \
        key((d), (name));                                                                                              \
        size_t start_ = (d)->len;                                                                                      \
        print;                                                                                                         \
        dis_quote_tail((d), start_);                                                                                   \
    } while (0)

/* Custom attributes of a row, if it has any */
static void put_json_attributes(Dis *d, u32 token)
{
    if (d->opt.no_ca || !dis_has(d, token, HAS_ATTRIBUTES)) return;
    MdIter it = md_attributes_of(d->m, token);
    u32 n = 0, size;
    key(d, "customAttributes");
    for (u32 r; (r = md_next_row(&it)) && !d->full; n++) {
        put(d, n ? ",{" : "[{");
        key_token(d, "token", MD_TOKEN(MDT_CustomAttribute, r));
        KEY_TEXT(d, "constructor", put_method_ref(d, md_CustomAttribute_Type(d->m, r)));
        const u8 *p = md_blob(d->m, md_CustomAttribute_Value(d->m, r), &size);
        key(d, "value"), put_ch(d, '"');
        for (u32 i = 0; p && i < size && !d->full; i++) put_hexu(d, p[i], 2);
        put_lit(d, "\"}");
    }
    put(d, n ? "]" : "[]");
}

static void put_json_generics(Dis *d, u32 owner)
{
    if (!dis_has(d, owner, HAS_GENERICS)) return;
    MdIter it = md_generic_params_of(d->m, owner);
    u32 n = 0;
    key(d, "genericParameters");
    put_ch(d, '[');
    for (u32 r; (r = md_next_row(&it)) && !d->full; n++) {
        const char *name = md_genericparam_name(d->m, r);
        if (n) put_ch(d, ',');
        put_json(d, name, strlen(name));
    }
    put_ch(d, ']');
}

static void put_signature(Dis *d, u32 token)
{
    MdSig s = md_sig_of(d->m, token);
    MdMethodSig h;
    if (!md_sig_method(&s, &h)) return;
    put_conv(d, h.header);
    put_type(d, &s);
    put_lit(d, " (");
    put_params(d, &s, &h);
    put_ch(d, ')');
}

static void put_field_type(Dis *d, u32 token)
{
    MdSig s = md_sig_of(d->m, token);
    if (md_sig_field(&s)) put_type(d, &s);
}

static void put_instructions(Dis *d, const IlBody *b, u32 rid)
{
    IlInst in;
    key(d, "instructions");
    put_ch(d, '[');
    for (u32 at = 0; at < b->code_size && !d->full; at += in.size) {
        if (at) put_ch(d, ',');
        put_ch(d, '{');
        key_num(d, "offset", at);
        if (!il_decode(b->code, b->code_size, at, &in)) {
            key_num(d, "badByte", b->code[at]);
            put_ch(d, '}');
            in.size = 1;
            dis_problem(d, MD_TOKEN(MDT_MethodDef, rid), "bad instruction at IL_%04x", at);
            continue;
        }
        size_t name = strlen(il_op_info[in.op].name);
        key_str(d, "op", il_op_info[in.op].name);
        if (in.operand == IL_OPR_SWITCH) {
            key(d, "targets");
            for (u32 i = 0; i < in.switch_count; i++) put_ch(d, i ? ',' : '['), put_udec(d, il_switch_target(&in, i));
            put(d, in.switch_count ? "]" : "[]");
        } else if (in.operand == IL_OPR_BR1 || in.operand == IL_OPR_BR4) {
            key_num(d, "target", in.target);
        } else if (in.operand != IL_OPR_NONE) {
            bool token = in.operand >= IL_OPR_METHOD && in.operand <= IL_OPR_STRING;
            if (token) key_token(d, "token", in.token);
            key(d, "operand");
            size_t start = d->len;
            put_instruction_text(d, b, &in, rid);
            size_t skip = name < 10 ? 11 : name + 1;
            if (!d->full && d->len >= start + skip) {
                memmove(d->buf + start, d->buf + start + skip, d->len - start - skip);
                d->len -= skip;
            }
            dis_quote_tail(d, start);
        }
        put_ch(d, '}');
    }
    put_ch(d, ']');
}

static void put_json_clauses(Dis *d, const IlBody *b)
{
    static const char *const kinds[] = {"catch", "filter", "finally", "", "fault"};
    key(d, "clauses");
    put_ch(d, '[');
    for (u32 i = 0; i < b->clause_count && !d->full; i++) {
        IlClause c;
        il_clause(b, i, &c);
        put(d, i ? ",{" : "{");
        key_str(d, "kind", c.kind < ARRAY_LEN(kinds) ? kinds[c.kind] : "");
        key_num(d, "tryStart", c.try_start);
        key_num(d, "tryEnd", c.try_end);
        key_num(d, "handlerStart", c.handler_start);
        key_num(d, "handlerEnd", c.handler_end);
        if (c.kind == IL_EH_FILTER) key_num(d, "filterStart", c.filter_start);
        if (c.kind == IL_EH_CATCH) KEY_TEXT(d, "type", put_type_token(d, c.class_token));
        put_ch(d, '}');
    }
    put_ch(d, ']');
}

static void put_json_body(Dis *d, u32 rid)
{
    IlBody b;
    u32 n;
    if (!md_MethodDef_RVA(d->m, rid) || (md_MethodDef_ImplFlags(d->m, rid) & MI_CODE_TYPE) != MI_IL) return;
    if (!il_read_body(d->m, rid, &b, NULL)) {
        dis_problem(d, MD_TOKEN(MDT_MethodDef, rid), "bad method body");
        return;
    }
    key_num(d, "codeSize", b.code_size);
    key_num(d, "maxStack", b.max_stack);
    key(d, "initLocals"), put(d, b.init_locals ? "true" : "false");
    if (b.local_sig) {
        MdSig s = md_sig_of(d->m, b.local_sig);
        key(d, "locals");
        put_ch(d, '[');
        md_sig_locals(&s, &n);
        for (u32 i = 0; i < n && !s.bad && !d->full; i++) {
            if (i) put_ch(d, ',');
            size_t start = d->len;
            put_type(d, &s);
            dis_quote_tail(d, start);
        }
        put_ch(d, ']');
    }
    if (!d->opt.no_il) put_instructions(d, &b, rid);
    if (b.clause_count) put_json_clauses(d, &b);
}

static void put_json_params(Dis *d, u32 rid)
{
    MdRange r = md_method_params(d->m, rid);
    u32 n = 0;
    if (r.first >= r.end) return;
    key(d, "parameters");
    put_ch(d, '[');
    for (u32 i = r.first; i < r.end && !d->full; i++, n++) {
        u32 p = md_param_at(d->m, i);
        put(d, n ? ",{" : "{");
        key_token(d, "token", MD_TOKEN(MDT_Param, p));
        key_num(d, "sequence", md_Param_Sequence(d->m, p));
        key_str(d, "name", md_param_name(d->m, p));
        key_num(d, "flags", md_Param_Flags(d->m, p));
        put_json_attributes(d, MD_TOKEN(MDT_Param, p));
        put_ch(d, '}');
    }
    put_ch(d, ']');
}

static void put_json_method(Dis *d, u32 rid)
{
    u32 token = MD_TOKEN(MDT_MethodDef, rid);
    d->method_rid = rid;
    put_ch(d, '{');
    key_token(d, "token", token);
    key_str(d, "name", md_method_name(d->m, rid));
    key_flags(d, dis_method_flags, md_MethodDef_Flags(d->m, rid));
    key_num(d, "implFlags", md_MethodDef_ImplFlags(d->m, rid));
    KEY_TEXT(d, "signature", put_signature(d, token));
    put_json_generics(d, token);
    put_json_params(d, rid);
    put_json_attributes(d, token);
    key_num(d, "rva", md_MethodDef_RVA(d->m, rid));
    put_json_body(d, rid);
    put_ch(d, '}');
    d->method_rid = 0;
}

/* An array of what a class has of one table, if it has any */
static void put_json_list(Dis *d, const char *name, MdRange range, u32 table, u32 (*at)(const MdImage *m, u32 i), void (*print)(Dis *d, u32 rid))
{
    if (range.first >= range.end) return;
    key(d, name);
    put_ch(d, '[');
    for (u32 i = range.first, n = 0; i < range.end && !d->full; i++) {
        u32 rid = at(d->m, i);
        if (!dis_visible_member(d, MD_TOKEN(table, rid))) continue;
        if (n++) put_ch(d, ',');
        print(d, rid);
    }
    put_ch(d, ']');
}

static void put_json_field(Dis *d, u32 rid)
{
    put_ch(d, '{');
    key_token(d, "token", MD_TOKEN(MDT_Field, rid));
    key_str(d, "name", md_field_name(d->m, rid));
    key_flags(d, dis_field_flags, md_Field_Flags(d->m, rid));
    KEY_TEXT(d, "type", put_field_type(d, MD_TOKEN(MDT_Field, rid)));
    put_json_attributes(d, MD_TOKEN(MDT_Field, rid));
    put_ch(d, '}');
}

static void put_json_named(Dis *d, u32 token, const char *name)
{
    put_ch(d, '{');
    key_token(d, "token", token);
    key_str(d, "name", name);
    if (MD_TABLE_OF(token) == MDT_Property) KEY_TEXT(d, "signature", put_signature(d, token));
    MdIter it = md_semantics_of(d->m, token);
    u32 n = 0;
    key(d, "methods"), put_ch(d, '[');
    for (u32 r; (r = md_next_row(&it)) && !d->full; n++) {
        put(d, n ? ",{" : "{");
        key_num(d, "semantics", md_MethodSemantics_Semantics(d->m, r));
        key_token(d, "token", MD_TOKEN(MDT_MethodDef, md_MethodSemantics_Method(d->m, r)));
        put_ch(d, '}');
    }
    put_ch(d, ']');
    put_json_attributes(d, token);
    put_ch(d, '}');
}

static void put_json_property(Dis *d, u32 rid)
{
    put_json_named(d, MD_TOKEN(MDT_Property, rid), md_property_name(d->m, rid));
}

static void put_json_event(Dis *d, u32 rid)
{
    put_json_named(d, MD_TOKEN(MDT_Event, rid), md_str(d->m, md_Event_Name(d->m, rid)));
}

static void put_json_type(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    char name[1024];
    d->type_rid = rid;
    put_ch(d, '{');
    key_token(d, "token", MD_TOKEN(MDT_TypeDef, rid));
    md_type_full_name(m, MD_TOKEN(MDT_TypeDef, rid), name, sizeof(name));
    key_str(d, "name", name);
    key_flags(d, dis_type_flags, md_TypeDef_Flags(m, rid));
    if (d->enclosing[rid]) key_token(d, "enclosing", MD_TOKEN(MDT_TypeDef, d->enclosing[rid]));
    put_json_generics(d, MD_TOKEN(MDT_TypeDef, rid));
    put_json_attributes(d, MD_TOKEN(MDT_TypeDef, rid));
    if (md_TypeDef_Extends(m, rid)) KEY_TEXT(d, "extends", put_type_token(d, md_TypeDef_Extends(m, rid)));
    MdIter it = md_interfaces_of(m, rid);
    u32 n = 0;
    for (u32 r; (r = md_next_row(&it)) && !d->full; n++) {
        if (n == 0) key(d, "implements"), put_ch(d, '[');
        else put_ch(d, ',');
        size_t start = d->len;
        put_type_token(d, md_InterfaceImpl_Interface(m, r));
        dis_quote_tail(d, start);
    }
    if (n) put_ch(d, ']');
    put_json_list(d, "fields", md_typedef_fields(m, rid), MDT_Field, md_field_at, put_json_field);
    put_json_list(d, "methods", md_typedef_methods(m, rid), MDT_MethodDef, md_method_at, put_json_method);
    put_json_list(d, "properties", md_typedef_properties(m, rid), MDT_Property, md_property_at, put_json_property);
    put_json_list(d, "events", md_typedef_events(m, rid), MDT_Event, md_event_at, put_json_event);
    put_ch(d, '}');
    d->type_rid = 0;
}

static void put_json_tables(Dis *d)
{
    MdImage *m = d->m;
    key(d, "tables");
    put_ch(d, '{');
    for (u32 t = 0; t < MDT_COUNT; t++) {
        if (!m->tables[t].rows) continue;
        key(d, md_table_name(t));
        put_ch(d, '[');
        for (u32 r = 1; r <= m->tables[t].rows && !d->full; r++) {
            put(d, r > 1 ? ",\n{" : "\n{");
            key_token(d, "token", MD_TOKEN(t, r));
            for (u32 c = 0; c < m->tables[t].col_count; c++) {
                const MdCol *col = &m->tables[t].cols[c];
                u32 v = md_col(m, t, r, c), n;
                const char *name = md_column_name(t, c);
                if (col->kind == MDK_Str) {
                    key_str(d, name, md_str(m, v));
                } else if (col->kind == MDK_Blob || col->kind == MDK_Guid) {
                    const u8 *p = col->kind == MDK_Blob ? md_blob(m, v, &n) : (n = 16, md_guid(m, v));
                    key(d, name), put_ch(d, '"');
                    for (u32 i = 0; p && i < n && !d->full; i++) put_hexu(d, p[i], 2);
                    put_ch(d, '"');
                } else if (col->kind >= MDK_CODED0) {
                    key_token(d, name, md_decode((MdKind)col->kind, v));
                } else if (col->kind < MDT_COUNT) {
                    key_token(d, name, MD_TOKEN(col->kind, v));
                } else {
                    key_num(d, name, v);
                }
            }
            put_ch(d, '}');
        }
        put_ch(d, ']');
    }
    put_ch(d, '}');
}

void put_json_image(Dis *d)
{
    MdImage *m = d->m;
    MdAssemblyName n;
    char text[1024];
    put_ch(d, '{');
    key_str(d, "file", d->opt.file ? d->opt.file : "");
    if (md_assembly_identity(m, &n)) md_format_assembly_name(&n, text, sizeof(text)), key_str(d, "assembly", text);
    if (md_rows(m, MDT_Assembly)) put_json_attributes(d, MD_TOKEN(MDT_Assembly, 1));
    if (d->pe) key_token(d, "entryPoint", d->pe->entry_token), key_num(d, "corFlags", d->pe->cli_flags);
    key(d, "references");
    put_ch(d, '[');
    for (u32 r = 1, k = 0; r <= md_rows(m, MDT_AssemblyRef) && !d->full; r++) {
        if (!md_assemblyref_identity(m, r, &n)) continue;
        md_format_assembly_name(&n, text, sizeof(text));
        if (k++) put_ch(d, ',');
        put_json(d, text, strlen(text));
    }
    put_ch(d, ']');
    if (d->opt.metadata) {
        put_json_tables(d);
    } else {
        key(d, "types");
        put_ch(d, '[');
        for (u32 r = 1, k = 0; r <= md_rows(m, MDT_TypeDef) && !d->full; r++) {
            if (!dis_visible(d, r)) continue;
            put(d, k++ ? ",\n" : "\n");
            put_json_type(d, r);
        }
        put_ch(d, ']');
    }
    put_lit(d, "}\n");
}
