/* ildasm_tables.c: -metadata: every table, row by row, one line a row: its token, and each column as value and meaning. */
#include "ildasm/ildasm_int.h"

#include "md/md_names.h"

typedef struct Column {
    u32 table, rid, col;
    const MdCol *c;
    u32 raw;
} Column;

static const FlagWord *flag_words(u32 table, u32 col)
{
    switch (table << 8 | col) {
    case MDT_TypeDef << 8 | MDC_TypeDef_Flags: return dis_type_flags;
    case MDT_Field << 8 | MDC_Field_Flags: return dis_field_flags;
    case MDT_MethodDef << 8 | MDC_MethodDef_Flags: return dis_method_flags;
    case MDT_MethodDef << 8 | MDC_MethodDef_ImplFlags: return dis_impl_flags;
    case MDT_ImplMap << 8 | MDC_ImplMap_MappingFlags: return dis_pinvoke_flags;
    case MDT_ExportedType << 8 | MDC_ExportedType_Flags: return dis_export_flags;
    case MDT_GenericParam << 8 | MDC_GenericParam_Flags: return dis_gparam_flags;
    default: return NULL;
    }
}

static const char *const param_words[] = {"in", "out", "optional", "hasdefault", "hasmarshal"};
static const u16 param_bits[] = {PD_IN, PD_OUT, PD_OPTIONAL, PD_HAS_DEFAULT, PD_HAS_MARSHAL};
static const char *const semantics_words[] = {"setter", "getter", "other", "addon", "removeon", "fire"};

static void put_words(Dis *d, const Column *k)
{
    const FlagWord *w = flag_words(k->table, k->col);
    size_t start = d->len;
    put_lit(d, " (");
    if (w) put_flags(d, w, k->raw);
    if (k->table == MDT_TypeDef && w && k->raw & TD_HAS_SECURITY) put_lit(d, "hassecurity ");
    if (k->table == MDT_Field && w && k->raw & FD_HAS_RVA) put_lit(d, "hasfieldrva ");
    if (k->table == MDT_Field && w && k->raw & FD_HAS_DEFAULT) put_lit(d, "hasdefault ");
    if (k->table == MDT_Field && w && k->raw & FD_HAS_MARSHAL) put_lit(d, "hasmarshal ");
    if (k->table == MDT_MethodDef && w && k->col == MDC_MethodDef_Flags && k->raw & MD_PINVOKE_IMPL) put_lit(d, "pinvokeimpl ");
    if (k->table == MDT_Param && k->col == MDC_Param_Flags)
        for (u32 i = 0; i < ARRAY_LEN(param_bits); i++)
            if (k->raw & param_bits[i]) put(d, param_words[i]), put_ch(d, ' ');
    if (k->table == MDT_MethodSemantics && k->col == MDC_MethodSemantics_Semantics)
        for (u32 i = 0; i < ARRAY_LEN(semantics_words); i++)
            if (k->raw >> i & 1) put(d, semantics_words[i]), put_ch(d, ' ');
    if (d->full) return;
    if (d->len <= start + 2) d->len = start;
    else d->buf[d->len - 1] = ')';
}

/* What a signature says, after its bytes */
static void put_signature_text(Dis *d, const Column *k)
{
    u32 token = MD_TOKEN(k->table, k->rid), n;
    MdMethodSig h;
    MdSig s = md_sig_of(d->m, token);
    u8 kind = md_sig_peek(&s) & SIG_KIND;
    size_t start = d->len;
    put_lit(d, " (");
    d->type_rid = d->method_rid = 0;
    if (k->table == MDT_TypeSpec) {
        put_type(d, &s);
    } else if (k->table == MDT_MethodSpec || (k->table == MDT_StandAloneSig && kind == SIG_LOCALS)) {
        if (k->table == MDT_MethodSpec ? md_sig_inst(&s, &n) : md_sig_locals(&s, &n))
            for (u32 i = 0; i < n && !s.bad && !d->full; i++) put(d, i ? ", " : ""), put_type(d, &s);
    } else if (kind == SIG_FIELD) {
        if (md_sig_field(&s)) put_type(d, &s);
    } else if (md_sig_method(&s, &h)) {
        put_conv(d, h.header);
        put_type(d, &s);
        put_lit(d, " *(");
        put_params(d, &s, &h);
        put_ch(d, ')');
    }
    put_ch(d, ')');
    if (s.bad && !d->full) d->len = start;
}

static void put_blob(Dis *d, const Column *k)
{
    u32 n;
    const u8 *p = md_blob(d->m, k->raw, &n);
    if (!p) {
        put_lit(d, "<bad blob>");
        return;
    }
    bool key = k->table == MDT_Assembly || k->table == MDT_AssemblyRef;
    for (u32 i = 0; i < n && !d->full; i++) {
        if (i && !key) put_ch(d, ' ');
        put_hexu(d, p[i], 2);
    }
    if (n == 0) put_lit(d, "<empty>");
    const char *column = md_column_name(k->table, k->col);
    bool sig = strcmp(column, "Signature") == 0 || strcmp(column, "Instantiation") == 0 || (k->table == MDT_Property && k->col == MDC_Property_Type);
    if (sig && n && k->table < 0x30) put_signature_text(d, k);
}

static void put_guid(Dis *d, u32 index)
{
    const u8 *g = md_guid(d->m, index);
    if (!g) {
        put_lit(d, "<none>");
        return;
    }
    putf(d, "{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}", pe_u32(g), pe_u16(g + 4), pe_u16(g + 6), g[8], g[9], g[10], g[11], g[12], g[13],
        g[14], g[15]);
}

static void put_target(Dis *d, u32 token)
{
    char text[600];
    put_hexu(d, token, 8);
    if (!token) return;
    if (!md_valid_token(d->m, token)) {
        put_lit(d, " <no such row>");
        return;
    }
    const char *name = NULL;
    switch (MD_TABLE_OF(token)) {
    case MDT_AssemblyRef: name = md_assemblyref_name(d->m, MD_RID(token)); break;
    case MDT_ModuleRef: name = md_moduleref_name(d->m, MD_RID(token)); break;
    case MDT_Param: name = md_param_name(d->m, MD_RID(token)); break;
    case MDT_GenericParam: name = md_genericparam_name(d->m, MD_RID(token)); break;
    case MDT_Property: name = md_property_name(d->m, MD_RID(token)); break;
    case MDT_Event: name = md_str(d->m, md_Event_Name(d->m, MD_RID(token))); break;
    case MDT_TypeDef: case MDT_TypeRef: case MDT_ExportedType:
        md_type_full_name(d->m, token, text, sizeof(text));
        name = text;
        break;
    case MDT_MethodDef: case MDT_Field: case MDT_MemberRef: case MDT_TypeSpec: case MDT_MethodSpec:
        il_token_text(d->m, token, text, sizeof(text));
        name = text;
        break;
    default: break;
    }
    if (name && *name) put_ch(d, ' '), put(d, name);
}

static void put_column(Dis *d, const Column *k)
{
    u32 kind = k->c->kind;
    switch (kind) {
    case MDK_Str: put_quoted(d, md_str(d->m, k->raw), strlen(md_str(d->m, k->raw)), '"'); break;
    case MDK_Guid: put_guid(d, k->raw); break;
    case MDK_Blob: put_blob(d, k); break;
    case MDK_U2: case MDK_U4: {
        const char *name = md_column_name(k->table, k->col);
        bool plain = strstr(name, "Version") || strstr(name, "Number") || strstr(name, "Sequence") || strstr(name, "Generation") ||
                     strstr(name, "Size") || strstr(name, "Index");
        if (plain) put_udec(d, k->raw);
        else putf(d, "0x%0*x", k->c->size * 2, k->raw), put_words(d, k);
        break;
    }
    default:
        if (kind >= MDK_CODED0) put_target(d, md_decode((MdKind)kind, k->raw));
        else if (k->raw == d->m->tables[kind].rows + 1 || k->raw == 0) put_hexu(d, MD_TOKEN(kind, k->raw), 8); /* an empty list at the end */
        else put_target(d, MD_TOKEN(kind, k->raw));
    }
}

void put_row(Dis *d, u32 table, u32 rid)
{
    const MdTable *t = &d->m->tables[table];
    bool versioned = table == MDT_Assembly || table == MDT_AssemblyRef;
    for (u32 c = 0; c < t->col_count && !d->full; c++) {
        const char *name = md_column_name(table, c);
        Column k = {table, rid, c, &t->cols[c], md_col(d->m, table, rid, c)};
        if (versioned && strcmp(name, "MajorVersion") == 0) {
            putf(d, " Version=%u.%u.%u.%u", k.raw, md_col(d->m, table, rid, c + 1), md_col(d->m, table, rid, c + 2), md_col(d->m, table, rid, c + 3));
            c += 3;
            continue;
        }
        if (versioned && strcmp(name, "Culture") == 0 && !*md_str(d->m, k.raw)) {
            put_lit(d, " Culture=neutral");
            continue;
        }
        put_ch(d, ' ');
        put(d, name);
        put_ch(d, '=');
        put_column(d, &k);
    }
}

static void put_user_strings(Dis *d)
{
    MdImage *m = d->m;
    if (m->us_size <= 1) return;
    putf(d, "// #US: %u bytes\n", m->us_size);
    bool tokens = d->opt.tokens;
    d->opt.tokens = false;
    IlInst in = {.op = IL_LDSTR, .operand = IL_OPR_STRING};
    IlBody none = {0};
    for (u32 at = 1; at < m->us_size && !d->full;) {
        u32 units, head;
        const u8 *p = md_user_string(m, at, &units);
        if (!p) break;
        u8 first = m->us[at];
        head = first < 0x80 ? 1 : (first & 0xC0) == 0x80 ? 2 : 4;
        u32 bytes = head == 1 ? first : head == 2 ? (u32)(first & 0x3F) << 8 | m->us[at + 1]
                  : (u32)(first & 0x1F) << 24 | (u32)m->us[at + 1] << 16 | (u32)m->us[at + 2] << 8 | m->us[at + 3];
        if (bytes) {
            in.token = MD_TOKEN(MDT_String, at);
            put_hexu(d, in.token, 8);
            put_lit(d, " String ");
            size_t start = d->len;
            put_instruction_text(d, &none, &in, 0);
            if (!d->full) { /* the operand alone */
                memmove(d->buf + start, d->buf + start + 11, d->len - start - 11);
                d->len -= 11;
            }
            put_ch(d, '\n');
        }
        at += head + bytes;
    }
    d->opt.tokens = tokens;
}

void put_tables(Dis *d)
{
    MdImage *m = d->m;
    putf(d, "// Metadata %s, schema %u.%u, %s; heaps: #Strings %u, #US %u, #GUID %u, #Blob %u bytes\n",
        m->version && strlen(m->version) < 64 ? m->version : "?", m->schema_major, m->schema_minor, m->uncompressed ? "#-" : "#~", m->strings_size,
        m->us_size, m->guids_size, m->blobs_size);
    for (u32 t = 0; t < MDT_COUNT; t++) {
        const MdTable *table = &m->tables[t];
        if (!table->rows) continue;
        putf(d, "\n// %s (0x%02x): %u rows of %u bytes%s\n", md_table_name(t), t, table->rows, table->row_size, table->sorted ? ", sorted" : "");
        for (u32 r = 1; r <= table->rows && !d->full; r++) {
            put_hexu(d, MD_TOKEN(t, r), 8);
            put_ch(d, ' ');
            put(d, md_table_name(t));
            put_row(d, t, r);
            put_ch(d, '\n');
        }
    }
    put_ch(d, '\n');
    put_user_strings(d);
}
