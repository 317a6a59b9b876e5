/* ilasm_out.c: the files: what was gathered goes to the writers of metadata, image and PDB.
 * Order: image settings, tables of slots, layout of the metadata (its size), layout of the image, addresses that only now are known, bytes. */
#include "ilasm/ilasm_int.h"

#include "base/base_hash.h"
#include "md/md_pdb_write.h"
#include "os/os_file.h"
#include "pe/pe_sign.h"

static const u8 no_guid[16];

static void settings(Asm *a)
{
    PewOptions *o = pew_options(a->pe);
    const IlasmOptions *opt = &a->opt;
    u32 flags = opt->has_flags ? opt->flags : a->has_corflags ? a->corflags : PE_CLI_IL_ONLY;
    o->dll = opt->dll;
    o->machine = opt->machine == ILASM_ARM64 ? PEW_ARM64 : opt->machine == ILASM_ARM ? PEW_ARM : opt->pe64 ? PEW_AMD64 : PEW_I386;
    if (opt->prefer32) flags |= 0x20002;
    o->cli_flags = flags & ~(u32)PE_CLI_NATIVE_ENTRY;
    if (opt->has_subsystem || a->has_subsystem) o->subsystem = (u16)(opt->has_subsystem ? opt->subsystem : a->subsystem);
    if (opt->ss_major) o->subsystem_version[0] = (u16)opt->ss_major, o->subsystem_version[1] = (u16)opt->ss_minor;
    if (opt->has_base || a->has_base) o->image_base = opt->has_base ? opt->base : a->image_base;
    if (!opt->pe64 && o->image_base > 0xFFFFFFFFu) o->image_base = 0x400000;
    o->image_base &= ~0xFFFFull;
    if (!o->image_base) o->image_base = opt->pe64 ? 0x140000000ull : 0x400000;
    if (opt->has_stack || a->has_stack) o->stack_reserve = opt->has_stack ? opt->stack : a->stack_reserve;
    u32 alignment = opt->has_alignment ? opt->alignment : a->has_alignment ? a->alignment : 0;
    if (alignment) o->file_alignment = MIN(alignment, (u32)PEW_SECTION_ALIGNMENT);
    if (opt->app_container) o->dll_characteristics |= PEW_APP_CONTAINER;
    if (opt->high_entropy || (opt->app_container && opt->pe64)) o->dll_characteristics |= PEW_HIGH_ENTROPY_VA;
    o->strip_reloc = opt->strip_reloc;
    o->entry_token = a->entry;
    o->file_name = opt->output ? (strrchr(opt->output, '/') ? strrchr(opt->output, '/') + 1 : opt->output) : NULL;
}

static const DataLabel *label(Asm *a, u32 name, u32 tok)
{
    u32 i = ia_data_label(a, name);
    if (i) return &a->labels.data[i - 1];
    Near n;
    ia_near_init(&n, ia_s(a, name)->p, ia_s(a, name)->len);
    for (u32 k = 0; k < a->labels.len; k++) ia_near_try(&n, ia_s(a, a->labels.data[k].name)->p, ia_s(a, a->labels.data[k].name)->len);
    ia_errorf(a, a->tok[tok].pos, "no .data %s%s", ia_s(a, name)->p, ia_near_text(a, &n));
    return NULL;
}

static void pointers(Asm *a)
{
    for (u32 i = 0; i < a->fixes.len; i++) {
        const DataFix *f = &a->fixes.data[i];
        const DataLabel *l = label(a, f->label, f->tok);
        if (l) pew_pointer(a->pe, (PewSection)f->section, f->offset, (PewSection)l->section, l->offset);
    }
}

/* Slots hold tokens of methods; exports jump through them. */
static void slots(Asm *a)
{
    for (u32 i = 0; i < a->slot_tables.len; i++) {
        const SlotTable *t = &a->slot_tables.data[i];
        const DataLabel *l = label(a, t->label, t->tok);
        u32 width = t->type & 2 ? 8 : 4;
        if (!l) continue;
        if ((u64)l->offset + (u64)t->count * width > pew_size(a->pe, (PewSection)l->section)) {
            ia_errorf(a, a->tok[t->tok].pos, "the data %s have no room for %u slots", ia_s(a, t->label)->p, t->count);
            continue;
        }
        pew_vtable(a->pe, (PewSection)l->section, l->offset, (u16)t->count, (u16)t->type);
    }
    for (u32 i = 0; i < a->slots.len; i++) {
        const SlotEntry *e = &a->slots.data[i];
        if (!e->table && e->exported && !a->slot_tables.len) { /* an export without a slot gets a table of its own */
            u32 width = a->opt.pe64 ? 8 : 4, at = pew_add(a->pe, PEW_SDATA, NULL, width, width), token = MD_TOKEN(MDT_MethodDef, e->method);
            memcpy(pew_at(a->pe, PEW_SDATA, at), &token, 4);
            pew_vtable(a->pe, PEW_SDATA, at, 1, (u16)((a->opt.pe64 ? 2 : 1) | 4));
            pew_export(a->pe, ia_s(a, e->name)->p, e->ordinal, PEW_SDATA, at);
            continue;
        }
        const SlotTable *t = e->table - 1 < a->slot_tables.len ? &a->slot_tables.data[e->table - 1] : NULL;
        if (!t && !e->exported) {
            ia_warnf(a, a->tok[e->tok].pos, "no slot %u : %u; .vtfixup declares them", e->table, e->slot);
            continue;
        }
        const DataLabel *l = t && e->slot - 1 < t->count ? label(a, t->label, t->tok) : NULL;
        if (!l) {
            ia_errorf(a, a->tok[e->tok].pos, e->table ? "no slot %u : %u; .vtfixup declares them" : "an export needs a .vtentry", e->table, e->slot);
            continue;
        }
        u32 width = t->type & 2 ? 8 : 4, at = l->offset + (e->slot - 1) * width, token = MD_TOKEN(MDT_MethodDef, e->method);
        if ((u64)at + width > pew_size(a->pe, (PewSection)l->section)) continue;
        memcpy(pew_at(a->pe, (PewSection)l->section, at), &token, 4);
        if (e->exported) pew_export(a->pe, ia_s(a, e->name)->p, e->ordinal, (PewSection)l->section, at);
    }
}

void ia_place_data(Asm *a)
{
    pointers(a);
    slots(a);
    for (u32 i = 0; i < a->field_data.len; i++) {
        FieldData *f = &a->field_data.data[i];
        f->row = label(a, f->label, f->tok) ? MDW_ADD(a->w, FieldRVA, 0, f->field) : 0;
    }
}

/* What tells the JIT how to treat code that is debugged: DebuggableAttribute(DebuggingModes), unless the text has one. */
static void debuggable(Asm *a)
{
    static const u8 modes[] = {[ILASM_DEBUG_FULL] = 1, [ILASM_DEBUG_IMPL] = 3, [ILASM_DEBUG_OPT] = 3};
    const MdImage *m = mdw_image(a->w);
    u32 assembly = MD_TOKEN(MDT_Assembly, 1), errors = a->errors;
    if (a->opt.debug <= ILASM_DEBUG_PDB || !a->has_assembly) return;
    MdIter it = md_attributes_of(m, assembly);
    for (u32 r; (r = md_next_row(&it));) {
        u32 ctor = md_CustomAttribute_Type(m, r), type = MD_TABLE_OF(ctor) == MDT_MemberRef ? md_MemberRef_Class(m, MD_RID(ctor)) : 0;
        if (MD_TABLE_OF(type) == MDT_TypeRef && strcmp(md_typeref_name(m, MD_RID(type)), "DebuggableAttribute") == 0) return;
    }
    u32 type = ia_core_class(a, "System.Diagnostics.DebuggableAttribute"), inner, start = a->sig.len;
    u32 name = ia_sym(a, "DebuggingModes", 14);
    if (MD_TABLE_OF(type) == MDT_TypeDef) inner = ia_find_class(a, MD_RID(type), name) | MDT_TypeDef << 24;
    else inner = ia_typeref(a, type, name);
    buf_put(&a->sig, (const u8[]){SIG_HAS_THIS, 1, ET_VOID, ET_VALUETYPE}, 4);
    buf_uint(&a->sig, mdw_coded(MDK_TypeDefOrRef, inner));
    u32 sig = mdw_blob(a->w, a->sig.p + start, a->sig.len - start);
    a->sig.len = start;
    u32 ctor = ia_member_ref(a, type, ia_sym(a, ".ctor", 5), sig, false, 0);
    const u8 value[8] = {1, 0, modes[a->opt.debug], a->opt.debug != ILASM_DEBUG_OPT};
    if (ctor && a->errors == errors)
        MDW_ADD(a->w, CustomAttribute, mdw_coded(MDK_HasCustomAttribute, assembly), mdw_coded(MDK_CustomAttributeType, ctor),
            mdw_blob(a->w, value, 8));
}

/* --- signing, Win32 resources --- */

static bool open_key(Asm *a, PeKey *key)
{
    char *bytes;
    size_t n;
    Err e = {0};
    if (!a->opt.key) { /* a public key alone: room for a signature that another tool makes */
        if (a->has_assembly && a->public_key.len) pew_strong_name(a->pe, a->public_key.len > 160 ? a->public_key.len - 32 : 128);
        if (a->has_assembly && a->public_key.len && !a->opt.has_flags && !a->has_corflags) pew_options(a->pe)->cli_flags |= 8;
        return true;
    }
    bool ok = a->opt.key[0] != '@' ? os_file_read(a->opt.key, &bytes, &n, &e) : err_set(&e, ERR_NOT_SUPPORTED, 0, "there are no key containers here");
    if (ok) {
        ok = pe_key_open(key, (const u8 *)bytes, n, &e);
        base_free(bytes);
    }
    if (!ok) {
        ia_errorf(a, 0, "the key %s: %s", a->opt.key, e.text);
        return false;
    }
    if (a->has_assembly) {
        mdw_set(a->w, MDT_Assembly, 1, MDC_Assembly_PublicKey, mdw_blob(a->w, key->public_key, key->public_size));
        mdw_set(a->w, MDT_Assembly, 1, MDC_Assembly_Flags, md_Assembly_Flags(mdw_image(a->w), 1) | AF_PUBLIC_KEY);
        if (!md_Assembly_HashAlgId(mdw_image(a->w), 1)) mdw_set(a->w, MDT_Assembly, 1, MDC_Assembly_HashAlgId, 0x8004);
    }
    pew_strong_name(a->pe, key->signature_size);
    if (key->can_sign) pew_options(a->pe)->cli_flags |= 8;
    return true;
}

static void win32_resources(Asm *a)
{
    char *bytes;
    size_t n;
    Err e = {0};
    if (!a->opt.resource) return;
    if (os_file_read(a->opt.resource, &bytes, &n, &e)) {
        pew_win32_resources(a->pe, bytes, n, &e);
        base_free(bytes);
    }
    if (e.kind) ia_errorf(a, 0, "the resources %s: %s", a->opt.resource, e.text);
}

/* --- PDB --- */

static void open_scopes(Asm *a, MdPdbWriter *p, const MethodDebug *d, u32 *at, u32 end)
{
    /* scopes of one method stand in the order of their beginnings: a scope's inner ones follow it */
    while (*at < d->first_scope + d->scope_count && a->scopes.data[*at].start < end) {
        const Scope *s = &a->scopes.data[(*at)++];
        if (s->end <= s->start) continue;
        mdpw_open_scope(p, s->start);
        const ScopeVar *v = a->scope_vars.data + s->first_var;
        for (u32 i = 0; i < s->var_count; i++) mdpw_local(p, v[i].slot, ia_s(a, v[i].name)->p, 0);
        open_scopes(a, p, d, at, s->end);
        mdpw_close_scope(p, s->end);
    }
}

/* With the checksum of the source file as it is on disk, by which debuggers know the right text; none for what is not there. */
static void document(MdPdbWriter *p, const Document *d)
{
    const u8 *language = memcmp(d->language, no_guid, 16) ? d->language : NULL;
    OsFileMap file;
    u8 hash[32];
    bool there = os_file_exists(d->name) && os_file_map(d->name, &file, NULL);
    if (there) {
        base_sha256(file.data, file.size, hash);
        os_file_unmap(&file);
    }
    mdpw_document(p, d->name, language, there ? md_pdb_sha256 : NULL, hash, there ? sizeof hash : 0);
}

static u8 *pdb_bytes(Asm *a, const u32 *rows, MdPdbId *id, u32 *size)
{
    MdPdbWriter *p = mdpw_new();
    for (u32 i = 0; i < a->docs.len; i++) document(p, &a->docs.data[i]);
    for (u32 i = 0; i < a->debug.len; i++) {
        const MethodDebug *d = &a->debug.data[i];
        mdpw_method(p, d->method, d->local_sig);
        for (u32 k = 0; k < d->point_count; k++) {
            const SeqPoint *s = &a->points.data[d->first_point + k];
            if (s->offset >= d->code_size) continue;
            MdSeqPoint q = {.il_offset = s->offset, .document = s->doc, .start_line = s->line, .start_column = s->col, .end_line = s->end_line,
                .end_column = s->end_col};
            mdpw_point(p, &q);
        }
        u32 at = d->first_scope;
        open_scopes(a, p, d, &at, UINT32_MAX);
    }
    u8 *bytes = mdpw_finish(p, rows, MD_TABLE_OF(a->entry) == MDT_MethodDef ? a->entry : 0, id, size);
    mdpw_free(p);
    return bytes;
}

/* --- all --- */

bool ia_write(Asm *a, u8 **image, size_t *size, u8 **pdb, size_t *pdb_size)
{
    Err e = {0};
    MdwOptions mo = {.version = a->opt.mdv};
    u32 n;
    settings(a);
    PeKey key = {0};
    debuggable(a);
    bool keyed = open_key(a, &key);
    win32_resources(a);
    if (mdw_full(a->w)) ia_errorf(a, 0, "too much metadata: a table or heap is full");
    if (a->errors || !keyed) {
        pe_key_close(&key);
        return false;
    }
    MdwOut *out = mdw_lay_out(a->w, &mo);
    if (a->opt.debug) {
        MdPdbId id;
        *pdb = pdb_bytes(a, mdw_out_rows(out), &id, &n);
        *pdb_size = n;
        pew_codeview(a->pe, id.guid, id.stamp, a->opt.pdb ? a->opt.pdb : "a.pdb");
        pew_pdb_checksum(a->pe, id.checksum);
    }
    if (a->opt.deterministic) pew_reproducible(a->pe);
    if (!pew_layout(a->pe, mdw_out_size(out), &e)) {
        ia_errorf(a, 0, "%s", e.text);
        base_free(mdw_out_write(out));
        pe_key_close(&key);
        return false;
    }
    for (u32 i = 0; i < a->field_data.len; i++) {
        const FieldData *f = &a->field_data.data[i];
        const DataLabel *l = label(a, f->label, f->tok);
        if (l) mdw_out_set(out, MDT_FieldRVA, f->row, MDC_FieldRVA_RVA, pew_rva(a->pe, (PewSection)l->section, l->offset));
    }
    u32 mvid = mdw_out_mvid(out);
    u8 *metadata = mdw_out_write(out);
    *image = pew_finish(a->pe, metadata, mvid, size);
    base_free(metadata);
    if (key.can_sign && !pe_sign(*image, *size, &key, &e)) ia_errorf(a, 0, "%s", e.text);
    pe_key_close(&key);
    return !a->errors;
}
