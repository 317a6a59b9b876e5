/* ildasm_headers.c: -headers (PE/COFF, CLI header, metadata root, where each method's IL is) and -stats (what takes how much room).
 * All lines are comments: the text still assembles. */
#include "ildasm/ildasm_int.h"


static const char *const dir_names[16] = {"export", "import", "resource", "exception", "certificate", "base relocation", "debug", "architecture",
    "global pointer", "TLS", "load config", "bound import", "IAT", "delay import", "CLI header", "reserved"};

static void put_coff(Dis *d, const PeImage *pe)
{
    u32 at = pe_u32(pe->data + 0x3C) + 24;
    const u8 *o = pe->data + at;
    putf(d, "// ----- DOS and COFF header\n");
    putf(d, "//   Magic:                      MZ, PE signature at 0x%x\n", at - 24);
    putf(d, "//   Machine:                    0x%04x\n", pe->machine);
    putf(d, "//   Sections:                   %u\n", pe->section_count);
    putf(d, "//   Time stamp:                 0x%08x\n", pe->timestamp);
    putf(d, "//   Characteristics:            0x%04x%s%s\n", pe->characteristics, pe->characteristics & 2 ? " executable" : "",
        pe->characteristics & 0x2000 ? " dll" : "");
    putf(d, "// ----- PE header (%s)\n", pe->pe32plus ? "PE32+" : "PE32");
    putf(d, "//   Entry point RVA:            0x%x\n", pe_u32(o + 16));
    putf(d, "//   Image base:                 0x%llx\n", (unsigned long long)pe->image_base);
    putf(d, "//   Section alignment:          0x%x\n", pe_u32(o + 32));
    putf(d, "//   File alignment:             0x%x\n", pe_u32(o + 36));
    putf(d, "//   Size of image:              0x%x\n", pe_u32(o + 56));
    putf(d, "//   Size of headers:            0x%x\n", pe->headers_size);
    putf(d, "//   Subsystem:                  %u\n", pe->subsystem);
    putf(d, "//   DLL characteristics:        0x%04x\n", pe->dll_characteristics);
    for (u32 i = 0; i < 16; i++)
        if (pe->dirs[i].rva || pe->dirs[i].size)
            putf(d, "//   Directory %-17s 0x%08x, %u bytes\n", dir_names[i], pe->dirs[i].rva, pe->dirs[i].size);
    for (u32 i = 0; i < pe->section_count && !d->full; i++) {
        const u8 *h = pe->sections + (size_t)i * 40;
        putf(d, "//   Section %-8.8s           RVA 0x%08x, %u bytes; file 0x%08x, %u bytes; flags 0x%08x\n", (const char *)h,
            pe_u32(h + 12), pe_u32(h + 8), pe_u32(h + 20), pe_u32(h + 16), pe_u32(h + 36));
    }
}

static void put_cli(Dis *d, const PeImage *pe)
{
    const u8 *h = pe_rva_range(pe, pe->dirs[14].rva, 72);
    if (!h) return;
    static const char *const names[] = {"Managed resources", "Strong name", "Code manager table", "Vtable fixups",
        "Export addresses", "Precompiled header"};
    putf(d, "// ----- CLI header\n");
    putf(d, "//   cb:                         %u\n", pe_u32(h));
    putf(d, "//   Runtime version:            %u.%u\n", pe->cli_major, pe->cli_minor);
    putf(d, "//   Metadata:                   RVA 0x%08x, %u bytes\n", pe_u32(h + 8), pe_u32(h + 12));
    putf(d, "//   Flags:                      0x%08x ", pe->cli_flags);
    put_flags(d, dis_corflags, pe->cli_flags);
    putf(d, "\n//   Entry point token:          %08X\n", pe->entry_token);
    for (u32 i = 0; i < ARRAY_LEN(names); i++)
        putf(d, "//   %-26s  RVA 0x%08x, %u bytes\n", names[i], pe_u32(h + 24 + i * 8), pe_u32(h + 28 + i * 8));
}

void put_metadata_root(Dis *d)
{
    const MdImage *m = d->m;
    putf(d, "// ----- Metadata root\n");
    putf(d, "//   Signature:                  BSJB %u.%u\n", pe_u16(m->root + 4), pe_u16(m->root + 6));
    putf(d, "//   Version:                    %s\n", m->version && strlen(m->version) < 64 ? m->version : "?");
    putf(d, "//   Stream %-20s %s\n", m->uncompressed ? "#-" : "#~", "tables");
    putf(d, "//   Stream %-20s %u bytes\n", "#Strings", m->strings_size);
    putf(d, "//   Stream %-20s %u bytes\n", "#US", m->us_size);
    putf(d, "//   Stream %-20s %u bytes\n", "#GUID", m->guids_size);
    putf(d, "//   Stream %-20s %u bytes\n", "#Blob", m->blobs_size);
    for (u32 t = 0; t < MDT_COUNT; t++)
        if (m->tables[t].rows) putf(d, "//   Table %02x %-24s %u rows\n", t, md_table_name(t), m->tables[t].rows);
}

static void put_methods(Dis *d)
{
    MdImage *m = d->m;
    putf(d, "// ----- Methods: token, RVA, size of header, IL and sections\n");
    for (u32 r = 1; r <= md_rows(m, MDT_MethodDef) && !d->full; r++) {
        IlBody b;
        char name[300];
        if (!md_MethodDef_RVA(m, r) || (md_MethodDef_ImplFlags(m, r) & MI_CODE_TYPE) != MI_IL) continue;
        if (!il_read_body(m, r, &b, NULL)) continue;
        il_token_text(m, MD_TOKEN(MDT_MethodDef, r), name, sizeof(name));
        for (char *p = name; *p; p++)
            if ((u8)*p < 0x20) *p = '?';
        u32 head = b.fat ? 12 : 1;
        putf(d, "//   %08X RVA 0x%08x, %s header %u, IL %u, sections %u: %s\n", MD_TOKEN(MDT_MethodDef, r),
            md_MethodDef_RVA(m, r), b.fat ? "fat" : "tiny",
            head, b.code_size, b.total_size - MIN(b.total_size, head + b.code_size), name);
    }
}

/* The manifest's own metadata: section 112 of the READYTORUN_HEADER */
const u8 *dis_r2r_metadata(const PeImage *pe, u32 *size)
{
    const u8 *h = pe->native_header.size >= 16 ? pe_rva_range(pe, pe->native_header.rva, 16) : NULL;
    if (!h || memcmp(h, "RTR", 4) != 0) return NULL;
    u32 count = pe_u32(h + 12);
    const u8 *s = count <= 1000 ? pe_rva_range(pe, pe->native_header.rva + 16, count * 12) : NULL;
    for (u32 i = 0; s && i < count; i++, s += 12)
        if (pe_u32(s) == 112) return pe_rva_range(pe, pe_u32(s + 4), *size = pe_u32(s + 8));
    return NULL;
}

void put_headers(Dis *d)
{
    if (d->pe) put_coff(d, d->pe), put_cli(d, d->pe);
    if (d->m->root_size >= 8) put_metadata_root(d);
    if (d->pe) put_methods(d);
    put_ch(d, '\n');
}

static void put_share(Dis *d, const char *what, u64 n, u64 all)
{
    putf(d, "//   %-28s %10llu  %5.1f %%\n", what, (unsigned long long)n, all ? 100.0 * (double)n / (double)all : 0.0);
}

void put_stats(Dis *d)
{
    MdImage *m = d->m;
    u64 file = d->pe ? d->pe->size : m->root_size, tables = 0, il = 0, heads = 0;
    u32 bodies = 0, tiny = 0, interfaces = 0, abstract = 0, clauses = 0;
    for (u32 t = 0; t < MDT_COUNT; t++) tables += (u64)m->tables[t].rows * m->tables[t].row_size;
    for (u32 r = 1; r <= md_rows(m, MDT_MethodDef); r++) {
        IlBody b;
        if (!md_MethodDef_RVA(m, r) || (md_MethodDef_ImplFlags(m, r) & MI_CODE_TYPE) != MI_IL || !il_read_body(m, r, &b, NULL)) continue;
        bodies++, tiny += !b.fat, clauses += b.clause_count;
        il += b.code_size, heads += b.total_size - MIN(b.total_size, b.code_size);
    }
    for (u32 r = 1; r <= md_rows(m, MDT_TypeDef); r++) {
        u32 f = md_TypeDef_Flags(m, r);
        interfaces += (f & TD_INTERFACE) != 0;
        abstract += (f & TD_ABSTRACT) != 0 && !(f & TD_INTERFACE);
    }
    putf(d, "// ----- Statistics\n//   %-28s %10llu\n", "File size", (unsigned long long)file);
    put_share(d, "Metadata", m->root_size, file);
    put_share(d, "  tables", tables, file);
    put_share(d, "  #Strings", m->strings_size, file);
    put_share(d, "  #US", m->us_size, file);
    put_share(d, "  #GUID", m->guids_size, file);
    put_share(d, "  #Blob", m->blobs_size, file);
    put_share(d, "IL code", il, file);
    put_share(d, "method headers and clauses", heads, file);
    if (d->pe) put_share(d, "managed resources", d->pe->resources.size, file);
    putf(d, "//   %-28s %10u  (%u interfaces, %u abstract)\n", "Types", md_rows(m, MDT_TypeDef), interfaces, abstract);
    putf(d, "//   %-28s %10u  (%u bodies: %u tiny, %u fat; %u clauses; %.1f bytes of IL on average)\n", "Methods",
        md_rows(m, MDT_MethodDef), bodies, tiny,
        bodies - tiny, clauses, bodies ? (double)il / bodies : 0.0);
    putf(d, "//   %-28s %10u\n\n", "Fields", md_rows(m, MDT_Field));
}
