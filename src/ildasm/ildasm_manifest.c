/* ildasm_manifest.c: what stands before the classes (assembly, references, files, exported types, resources, image settings) and
 * after them (the data of fields).  Resources become files beside the output file, as the assembler reads them from there. */
#include "ildasm/ildasm_int.h"

#include "ildasm/ildasm_export.h"
#include "md/md_names.h"
#include "os/os_file.h"
#include <stdio.h>

static void put_assembly_words(Dis *d, u32 flags)
{
    static const char *const platforms[8] = {"", "cil ", "x86 ", "", "amd64 ", "arm ", "arm64 ", "noplatform "};
    if (flags & AF_RETARGETABLE) put_lit(d, "retargetable ");
    if ((flags & AF_CONTENT_TYPE) == AF_WINDOWS_RUNTIME) put_lit(d, "windowsruntime ");
    put(d, platforms[flags >> 4 & 7]);
}

static void put_version(Dis *d, u32 a, u32 b, u32 c, u32 e)
{
    put_indent(d);
    putf(d, ".ver %u:%u:%u:%u\n", a, b, c, e);
}

static void put_blob_line(Dis *d, const char *word, u32 blob)
{
    u32 n;
    const u8 *p = md_blob(d->m, blob, &n);
    if (!p || !n) return;
    put_indent(d);
    put(d, word);
    put_bytes(d, p, n);
    put_ch(d, '\n');
}

static void put_locale(Dis *d, const char *culture)
{
    if (!*culture) return;
    put_indent(d);
    put_lit(d, ".locale ");
    put_quoted(d, culture, strlen(culture), '"');
    put_ch(d, '\n');
}

static void open_brace(Dis *d)
{
    put_ch(d, '\n');
    put_indent(d);
    put_lit(d, "{\n");
    d->indent++;
}

static void close_brace(Dis *d)
{
    d->indent--;
    put_indent(d);
    put_lit(d, "}\n");
}

static void put_assembly_extern(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    u32 flags = md_AssemblyRef_Flags(m, rid);
    put_lit(d, ".assembly extern ");
    put_token(d, MD_TOKEN(MDT_AssemblyRef, rid));
    put_assembly_words(d, flags);
    size_t start = d->len;
    put_name(d, md_assemblyref_name(m, rid));
    size_t n = d->len - start;
    if (!d->full) {
        size_t at = d->len;
        put_lit(d, " as ");
        put_assembly_ref(d, rid);
        if (d->len - at == n + 4 && memcmp(d->buf + start, d->buf + at + 4, n) == 0) d->len = at;
    }
    open_brace(d);
    put_blob_line(d, flags & AF_PUBLIC_KEY ? ".publickey = " : ".publickeytoken = ", md_AssemblyRef_PublicKeyOrToken(m, rid));
    put_blob_line(d, ".hash = ", md_AssemblyRef_HashValue(m, rid));
    put_version(d, md_AssemblyRef_MajorVersion(m, rid), md_AssemblyRef_MinorVersion(m, rid), md_AssemblyRef_BuildNumber(m, rid),
        md_AssemblyRef_RevisionNumber(m, rid));
    put_locale(d, md_str(m, md_AssemblyRef_Culture(m, rid)));
    put_attributes(d, MD_TOKEN(MDT_AssemblyRef, rid));
    close_brace(d);
}

static void put_assembly(Dis *d)
{
    MdImage *m = d->m;
    u32 token = MD_TOKEN(MDT_Assembly, 1);
    if (!md_rows(m, MDT_Assembly)) return;
    u32 flags = md_Assembly_Flags(m, 1), wordless = flags & 0xFFFFF000;
    if (wordless) dis_problem(d, token, "the flags 0x%x have no words in the language", wordless); /* 0x8000: F#, for the JIT of .NET 1 */
    put_lit(d, ".assembly ");
    put_token(d, token);
    put_assembly_words(d, flags);
    put_name(d, md_str(m, md_Assembly_Name(m, 1)));
    open_brace(d);
    put_attributes(d, token);
    put_security(d, token);
    put_blob_line(d, ".publickey = ", md_Assembly_PublicKey(m, 1));
    put_indent(d);
    putf(d, ".hash algorithm 0x%08x\n", md_Assembly_HashAlgId(m, 1));
    put_version(d, md_Assembly_MajorVersion(m, 1), md_Assembly_MinorVersion(m, 1), md_Assembly_BuildNumber(m, 1), md_Assembly_RevisionNumber(m, 1));
    put_locale(d, md_str(m, md_Assembly_Culture(m, 1)));
    close_brace(d);
}

static void put_file(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    u32 token = MD_TOKEN(MDT_File, rid);
    put_lit(d, ".file ");
    put_token(d, token);
    if (md_File_Flags(m, rid) & 1) put_lit(d, "nometadata ");
    put_name(d, md_str(m, md_File_Name(m, rid)));
    if (d->pe && d->pe->entry_token == token) put_lit(d, " .entrypoint");
    put_ch(d, '\n');
    put_blob_line(d, "    .hash = ", md_File_HashValue(m, rid));
    put_attributes(d, token);
}

static void put_implementation(Dis *d, u32 token)
{
    switch (token ? MD_TABLE_OF(token) : 0xFF) {
    case MDT_AssemblyRef: put_indent(d), put_lit(d, ".assembly extern "), put_assembly_ref(d, MD_RID(token)), put_ch(d, '\n'); break;
    case MDT_ExportedType: put_indent(d), put_lit(d, ".class extern "), put_class(d, token), put_ch(d, '\n'); break;
    case MDT_File: put_indent(d), put_lit(d, ".file "), put_name(d, md_str(d->m, md_File_Name(d->m, MD_RID(token)))), put_ch(d, '\n'); break;
    default: break;
    }
}

static void put_exported_type(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    u32 token = MD_TOKEN(MDT_ExportedType, rid), id = md_ExportedType_TypeDefId(m, rid);
    put_lit(d, ".class extern ");
    put_token(d, token);
    put_flags(d, dis_export_flags, md_ExportedType_Flags(m, rid));
    const char *ns = md_exported_namespace(m, rid), *name = md_exported_name(m, rid);
    char *full = base_asprintf("%s%s%s", ns, *ns ? "." : "", name);
    put_name(d, full);
    base_free(full);
    open_brace(d);
    put_implementation(d, md_ExportedType_Implementation(m, rid));
    if (id) put_indent(d), putf(d, ".class 0x%08X\n", id);
    put_attributes(d, token);
    close_brace(d);
}

/* --- resources --- */

/* A name that is one file name: separators and what a shell or an assembler stumbles over become '_'. */
static char *file_name_of(Dis *d, u32 rid)
{
    char *name = base_strdup(md_resource_name(d->m, rid));
    for (char *p = name; *p; p++)
        if (*p == '/' || *p == '\\' || *p == ':' || (u8)*p < 0x20 || *p == '\'' || *p == '"') *p = '_';
    if (*name == 0 || *name == '.' || strlen(name) > 200) {
        base_free(name);
        name = base_asprintf("resource_%u.bin", rid);
    }
    for (u32 r = 1; r < rid; r++)
        if (strcmp(md_resource_name(d->m, r), name) == 0) {
            char *other = base_asprintf("%s_%u", name, rid);
            base_free(name);
            return other;
        }
    return name;
}

static void write_resource(Dis *d, const char *name, const u8 *p, u32 n)
{
    if (!d->opt.resources || d->opt.no_resources) return;
    char *path = base_asprintf("%s%s%s", d->opt.resources, *d->opt.resources ? "/" : "", name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(p, 1, n, f) != n) dis_problem(d, 0, "cannot write %s", path);
    if (f) fclose(f);
    base_free(path);
}

static void put_resource(Dis *d, u32 rid)
{
    MdImage *m = d->m;
    u32 token = MD_TOKEN(MDT_ManifestResource, rid), impl = md_ManifestResource_Implementation(m, rid);
    u32 flags = md_ManifestResource_Flags(m, rid), offset = md_ManifestResource_Offset(m, rid), n = 0;
    const char *name = md_resource_name(m, rid);
    char *file = file_name_of(d, rid);
    put_lit(d, ".mresource ");
    put_token(d, token);
    put(d, (flags & 7) == 2 ? "private " : "public ");
    put_name(d, name);
    if (!impl && strcmp(file, name) != 0) put_lit(d, " as "), put_name(d, file);
    open_brace(d);
    if (MD_TABLE_OF(impl) == MDT_File && impl) {
        put_indent(d), put_lit(d, ".file ");
        put_name(d, md_str(m, md_File_Name(m, MD_RID(impl))));
        putf(d, " at 0x%08x\n", offset);
    } else if (impl) {
        put_implementation(d, impl);
    } else {
        const u8 *p = d->pe ? pe_resource(d->pe, offset, &n) : NULL;
        put_indent(d);
        putf(d, "// Offset: 0x%08X Length: 0x%08X\n", offset, n);
        if (p) write_resource(d, file, p, n);
        else dis_problem(d, token, "bad resource");
    }
    put_attributes(d, token);
    close_brace(d);
    base_free(file);
}

/* --- image settings --- */

static void put_module(Dis *d)
{
    MdImage *m = d->m;
    const u8 *g = md_guid(m, md_Module_Mvid(m, 1));
    put_lit(d, ".module ");
    put_token(d, MD_TOKEN(MDT_Module, 1));
    put_name(d, md_str(m, md_Module_Name(m, 1)));
    put_ch(d, '\n');
    if (g)
        putf(d, "// MVID: {%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}\n", pe_u32(g), pe_u16(g + 4), pe_u16(g + 6), g[8], g[9], g[10], g[11],
            g[12], g[13], g[14], g[15]);
    put_attributes(d, MD_TOKEN(MDT_Module, 1));
}

static void put_image_settings(Dis *d)
{
    const PeImage *pe = d->pe;
    if (!pe) return;
    u32 nt = pe_u32(pe->data + 0x3C), at = nt + 24;
    u64 stack = pe->pe32plus ? pe_u64(pe->data + at + 72) : pe_u32(pe->data + at + 72);
    u32 flags = pe->cli_flags & ~(u32)PE_CLI_NATIVE_ENTRY;
    if (pe->image_base & 0xFFFF) dis_problem(d, 0, "an image base that is no multiple of 0x10000");
    putf(d, ".imagebase 0x%llx\n", (unsigned long long)pe->image_base);
    u32 alignment = pe_u32(pe->data + at + 36);
    if (alignment < 0x200 || alignment > 0x10000 || (alignment & (alignment - 1))) dis_problem(d, 0, "an odd alignment of the file");
    putf(d, ".file alignment 0x%x\n", alignment);
    putf(d, ".stackreserve 0x%llx\n", (unsigned long long)stack);
    putf(d, ".subsystem 0x%x\n", pe->subsystem);
    if (pe->native_header.rva) { /* the text has the IL only */
        putf(d, "// precompiled: the flags of the file are 0x%x\n", pe->cli_flags);
        flags = (flags & ~(u32)PE_CLI_IL_LIBRARY) | PE_CLI_IL_ONLY;
    }
    putf(d, ".corflags 0x%x    // ", flags);
    put_flags(d, dis_corflags, flags);
    put_ch(d, '\n');
}

static void put_typelist(Dis *d)
{
    put_lit(d, ".typelist\n{\n");
    for (u32 r = 2; r <= md_rows(d->m, MDT_TypeDef) && !d->full; r++) {
        put_lit(d, "  ");
        put_class(d, MD_TOKEN(MDT_TypeDef, r));
        put_ch(d, '\n');
    }
    put_lit(d, "}\n\n");
}

/* Is this the library that System.Object is defined in?  Its primitive types then are no references to another. */
static bool is_core(Dis *d)
{
    return md_find_typedef(d->m, "System", "Object") != 0;
}

void put_manifest(Dis *d)
{
    MdImage *m = d->m;
    if (is_core(d)) put_lit(d, ".mscorlib\n");
    putf(d, "// Metadata version: %s\n", m->version && strlen(m->version) < 64 ? m->version : "?");
    for (u32 r = 1; r <= md_rows(m, MDT_ModuleRef) && !d->full; r++) {
        put_lit(d, ".module extern ");
        put_token(d, MD_TOKEN(MDT_ModuleRef, r));
        put_name(d, md_moduleref_name(m, r));
        put_ch(d, '\n');
    }
    for (u32 r = 1; r <= md_rows(m, MDT_AssemblyRef) && !d->full; r++) put_assembly_extern(d, r);
    put_assembly(d);
    for (u32 r = 1; r <= md_rows(m, MDT_File) && !d->full; r++) put_file(d, r);
    for (u32 r = 1; r <= md_rows(m, MDT_ExportedType) && !d->full; r++) put_exported_type(d, r);
    for (u32 r = 1; r <= md_rows(m, MDT_ManifestResource) && !d->full; r++) put_resource(d, r);
    put_module(d);
    put_image_settings(d);
    put_vtfixups(d);
    if (d->opt.typelist) put_typelist(d);
    put_first_line(d);
}

/* --- data of fields --- */

static u32 type_size(Dis *d, MdSig *s, u32 depth);

static u32 typedef_size(Dis *d, u32 rid, u32 depth)
{
    MdImage *m = d->m;
    u32 row = md_class_layout_of(m, rid), size = row ? md_ClassLayout_ClassSize(m, row) : 0, sum = 0;
    if (size || depth > 8) return size;
    MdRange r = md_typedef_fields(m, rid);
    for (u32 i = r.first; i < r.end && i < r.first + 1000; i++) {
        u32 f = md_field_at(m, i);
        if (md_Field_Flags(m, f) & FD_STATIC) continue;
        MdSig s = md_sig_of(m, MD_TOKEN(MDT_Field, f));
        md_sig_field(&s);
        u32 n = type_size(d, &s, depth + 1);
        if (n == 0) return 0;
        u32 align = MIN(n & (0u - n), 8u);
        sum = ALIGN_UP(sum, align) + n;
    }
    return sum;
}

static u32 type_size(Dis *d, MdSig *s, u32 depth)
{
    md_sig_skip_mods(s);
    switch (md_sig_byte(s)) {
    case ET_BOOLEAN: case ET_I1: case ET_U1: return 1;
    case ET_CHAR: case ET_I2: case ET_U2: return 2;
    case ET_I4: case ET_U4: case ET_R4: return 4;
    case ET_I8: case ET_U8: case ET_R8: return 8;
    case ET_I: case ET_U: case ET_PTR: case ET_FNPTR: return d->pe && !d->pe->pe32plus && d->pe->machine == 0x14C ? 4 : 8;
    case ET_VALUETYPE: {
        u32 token = md_sig_token(s);
        return MD_TABLE_OF(token) == MDT_TypeDef && token ? typedef_size(d, MD_RID(token), depth) : 0;
    }
    default: return 0;
    }
}

u32 dis_field_size(Dis *d, u32 field_rid)
{
    MdSig s = md_sig_of(d->m, MD_TOKEN(MDT_Field, field_rid));
    return md_sig_field(&s) ? type_size(d, &s, 0) : 0;
}

void dis_collect_data(Dis *d)
{
    MdImage *m = d->m;
    Map64 at = {0};
    for (u32 r = 1; r <= md_rows(m, MDT_FieldRVA); r++) {
        u32 rva = md_FieldRVA_RVA(m, r), size = dis_field_size(d, md_FieldRVA_Field(m, r));
        u64 i;
        if (map64_get(&at, (u64)rva + 1, &i)) {
            d->data.data[i].size = MAX(d->data.data[i].size, size);
            continue;
        }
        map64_put(&at, (u64)rva + 1, d->data.len);
        vec_push(&d->data, ((DisData){rva, size}));
    }
    map64_free(&at);
}

static const char *data_word(const PeImage *pe, u32 rva)
{
    for (u32 i = 0; i < pe->section_count; i++) {
        const u8 *h = pe->sections + (size_t)i * 40;
        if (rva - pe_u32(h + 12) >= MAX(pe_u32(h + 8), pe_u32(h + 16))) continue;
        if (memcmp(h, ".tls", 5) == 0) return "tls ";
        return memcmp(h, ".data", 6) == 0 || memcmp(h, ".sdata", 7) == 0 ? "" : "cil ";
    }
    return "cil ";
}

void put_data(Dis *d)
{
    u64 total = 0, most = d->pe ? (u64)d->pe->size * 4 + 65536 : 0; /* a hostile image may claim the same bytes again and again */
    for (u32 i = 0; i < d->data.len && !d->full && d->pe; i++) {
        u32 rva = d->data.data[i].rva, size = d->data.data[i].size, in_file = 0;
        const u8 *p = pe_rva_data(d->pe, rva, size, &in_file);
        putf(d, ".data %sI_%08X = ", data_word(d->pe, rva), rva);
        if (!p && size) dis_problem(d, 0, "the data at RVA 0x%x are outside the image", rva);
        if (size == 0) dis_problem(d, 0, "the size of the data at RVA 0x%x is not known here", rva);
        total += in_file;
        if (!p || !size || in_file == 0 || total > most) {
            putf(d, "int8[%u]\n", MAX(size, 1u));
            continue;
        }
        if (in_file < size) {
            put_lit(d, "{ bytearray ");
            put_bytes(d, p, in_file);
            putf(d, ", int8[%u] }\n", size - in_file);
        } else {
            put_lit(d, "bytearray ");
            put_bytes(d, p, size);
            put_ch(d, '\n');
        }
    }
}
