/* pe_write.c: a PE file out of finished parts.
 * In: pieces of sections, directories' contents.  Out: the file's bytes.
 * Steps: pieces lie in their sections as they come; pew_layout appends what the directories need, section by section, so that an RVA is known
 * when something that names it is laid down (addresses of later sections wait as Pointers); pew_finish copies, resolves, writes headers.
 * Not here: Win32 resources (pe_write_res.c), signatures (pe_sign.c).  Book: pe.md  Tests: tests/unit/pe/write.c */
#define _GNU_SOURCE /* qsort_r */
#include "pe/pe_write.h"

#include <stdlib.h>

#include "base/base_hash.h"
#include "pe/pe_write_int.h"

enum {
    SECTION_LIMIT = 1 << 30,
    CLI_HEADER = 72,
    NT_OFFSET = 0x80,
    RSRC = PEW_SECTIONS,
    RELOC,
    ALL_SECTIONS,
    DIR_EXPORT = 0,
    DIR_IMPORT = 1,
    DIR_RSRC = 2,
    DIR_RELOC = 5,
    DIR_DEBUG = 6,
    DIR_TLS = 9,
    DIR_IAT = 12,
    DIR_CLI = 14,
    DEBUG_ENTRY = 28,
};

typedef struct Pointer {
    u8 section, to_section;
    u32 at, to;
} Pointer;
typedef struct Vtable {
    u8 section;
    u16 count, type;
    u32 at;
} Vtable;
typedef struct Export {
    u32 name; /* into names */
    u32 ordinal, at, thunk;
    u8 section;
} Export;
typedef struct DebugEntry {
    u32 type, version, stamp, at, size; /* at: into debug_data */
} DebugEntry;

struct PeWriter {
    PewOptions o;
    bool pe64, stub, full, laid_out;
    PewBytes bytes[ALL_SECTIONS];
    VEC(Pointer) pointers;
    VEC(Vtable) vtables;
    VEC(Export) exports;
    VEC(DebugEntry) debug;
    PewBytes names, debug_data, resources;
    PewRes res;
    u32 strong_name;
    /* by pew_layout: */
    u32 cli; /* offset of the CLI header in .text */
    u32 rva[ALL_SECTIONS], raw[ALL_SECTIONS];
    u32 entry, metadata_at, metadata_size, debug_at, headers;
    PeDir dirs[16], cli_dirs[3]; /* resources, strong name, vtable fixups */
};

/* --- Bytes --- */

u32 pew_bytes_align(PewBytes *b, u32 align)
{
    u32 to = ALIGN_UP(b->len, align);
    vec_reserve(b, MAX(to, 1u));
    memset(b->data + b->len, 0, to - b->len);
    return b->len = to;
}

u32 pew_bytes_put(PewBytes *b, const void *p, size_t n, u32 align)
{
    u32 at = pew_bytes_align(b, align);
    if (b->len + n > b->cap) vec_reserve(b, MAX((u32)(b->len + n), MIN(b->cap * 2, (u32)SECTION_LIMIT)));
    if (p) memcpy(b->data + at, p, n);
    else memset(b->data + at, 0, n);
    b->len += (u32)n;
    return at;
}

static void store(u8 *p, u64 v, u32 n)
{
    memcpy(p, &v, n);
}

static u32 put_u32(PewBytes *b, u32 v)
{
    return pew_bytes_put(b, &v, 4, 1);
}

static u32 put_str(PewBytes *b, const char *s)
{
    return pew_bytes_put(b, s, strlen(s) + 1, 1);
}

/* --- Parts --- */

PeWriter *pew_new(bool pe64, bool stub)
{
    PeWriter *w = base_calloc(1, sizeof *w);
    w->pe64 = pe64;
    w->stub = stub;
    w->o = (PewOptions){.machine = pe64 ? PEW_AMD64 : PEW_I386,
                        .subsystem = 3,
                        .subsystem_version = {4, 0},
                        .dll_characteristics = PEW_ASLR | PEW_NX | PEW_NO_SEH | PEW_TS_AWARE,
                        .image_base = pe64 ? 0x140000000 : 0x400000,
                        .file_alignment = 0x200,
                        .stack_reserve = pe64 ? 0x400000 : 0x100000,
                        .cli_version = {2, 5},
                        .cli_flags = PE_CLI_IL_ONLY};
    for (u32 i = 0; i < PEW_SECTIONS; i++) w->rva[i] = i == PEW_TEXT ? PEW_TEXT_RVA : 0;
    if (stub) pew_bytes_put(&w->bytes[PEW_TEXT], NULL, pe64 ? 16 : 8, 1);
    w->cli = pew_bytes_put(&w->bytes[PEW_TEXT], NULL, CLI_HEADER, 1);
    return w;
}

void pew_free(PeWriter *w)
{
    if (!w) return;
    for (u32 i = 0; i < ALL_SECTIONS; i++) vec_free(&w->bytes[i]);
    vec_free(&w->pointers);
    vec_free(&w->vtables);
    vec_free(&w->exports);
    vec_free(&w->debug);
    vec_free(&w->names);
    vec_free(&w->debug_data);
    vec_free(&w->resources);
    vec_free(&w->res.bytes);
    vec_free(&w->res.fixes);
    base_free(w);
}

PewOptions *pew_options(PeWriter *w)
{
    return &w->o;
}

u32 pew_add(PeWriter *w, PewSection section, const void *p, u32 n, u32 align)
{
    PewBytes *b = &w->bytes[section];
    if (n > SECTION_LIMIT - MIN(ALIGN_UP(b->len, align), (u32)SECTION_LIMIT)) {
        w->full = true;
        return 0;
    }
    return pew_bytes_put(b, p, n, align);
}

u32 pew_size(const PeWriter *w, PewSection section)
{
    return w->bytes[section].len;
}

u8 *pew_at(PeWriter *w, PewSection section, u32 offset)
{
    CHECK(offset <= w->bytes[section].len);
    return w->bytes[section].data + offset;
}

u32 pew_rva(const PeWriter *w, PewSection section, u32 offset)
{
    CHECK(section == PEW_TEXT || w->laid_out);
    return w->rva[section] + offset;
}

void pew_pointer(PeWriter *w, PewSection section, u32 offset, PewSection to_section, u32 to_offset)
{
    vec_push(&w->pointers, ((Pointer){.section = (u8)section, .to_section = (u8)to_section, .at = offset, .to = to_offset}));
}

u32 pew_resource(PeWriter *w, const void *p, u32 n)
{
    if (n > SECTION_LIMIT - MIN(w->resources.len + 16, (u32)SECTION_LIMIT)) {
        w->full = true;
        return 0;
    }
    u32 at = pew_bytes_put(&w->resources, &n, 4, 8);
    pew_bytes_put(&w->resources, p, n, 1);
    return at;
}

bool pew_win32_resources(PeWriter *w, const void *res, size_t size, Err *e)
{
    return pew_res_parse(&w->res, res, size, e);
}

void pew_vtable(PeWriter *w, PewSection section, u32 offset, u16 count, u16 type)
{
    vec_push(&w->vtables, ((Vtable){.section = (u8)section, .count = count, .type = type, .at = offset}));
}

void pew_export(PeWriter *w, const char *name, u32 ordinal, PewSection section, u32 offset)
{
    vec_push(&w->exports, ((Export){.name = put_str(&w->names, name), .ordinal = ordinal, .section = (u8)section, .at = offset}));
}

void pew_strong_name(PeWriter *w, u32 size)
{
    w->strong_name = size;
}

/* --- Debug directory --- */

static void add_debug(PeWriter *w, u32 type, u32 version, u32 stamp, const PewBytes *data)
{
    u32 at = pew_bytes_put(&w->debug_data, data->data, data->len, 4);
    vec_push(&w->debug, ((DebugEntry){.type = type, .version = version, .stamp = stamp, .at = at, .size = data->len}));
}

void pew_codeview(PeWriter *w, const u8 guid[16], u32 stamp, const char *path)
{
    PewBytes b = {0};
    pew_bytes_put(&b, "RSDS", 4, 1);
    pew_bytes_put(&b, guid, 16, 1);
    put_u32(&b, 1);
    put_str(&b, path);
    add_debug(w, 2, 0x504D0100, stamp, &b); /* 0x100, "MP": portable */
    vec_free(&b);
}

void pew_pdb_checksum(PeWriter *w, const u8 hash[32])
{
    PewBytes b = {0};
    put_str(&b, "SHA256");
    pew_bytes_put(&b, hash, 32, 1);
    add_debug(w, 19, 1, 0, &b);
    vec_free(&b);
}

void pew_reproducible(PeWriter *w)
{
    add_debug(w, 16, 0, 0, &(PewBytes){0});
}

void pew_embedded_pdb(PeWriter *w, const void *deflated, u32 size, u32 raw_size)
{
    PewBytes b = {0};
    pew_bytes_put(&b, "MPDB", 4, 1);
    put_u32(&b, raw_size);
    pew_bytes_put(&b, deflated, size, 1);
    add_debug(w, 17, 0x01000100, 0, &b);
    vec_free(&b);
}

static void lay_debug(PeWriter *w)
{
    if (!w->debug.len) return;
    PewBytes *t = &w->bytes[PEW_TEXT];
    w->debug_at = pew_bytes_put(t, NULL, (size_t)w->debug.len * DEBUG_ENTRY, 4);
    u32 data = pew_bytes_put(t, w->debug_data.data, w->debug_data.len, 4);
    for (u32 i = 0; i < w->debug.len; i++) w->debug.data[i].at += data;
    w->dirs[DIR_DEBUG] = (PeDir){PEW_TEXT_RVA + w->debug_at, w->debug.len * DEBUG_ENTRY};
}

/* --- .text --- */

/* mov through a pointer in the image: jmp [address], or movabs rax, [address]; jmp rax.  The address is at a multiple of 4. */
static u32 lay_jump(PeWriter *w, PewSection to_section, u32 to)
{
    PewBytes *t = &w->bytes[PEW_TEXT];
    pew_bytes_align(t, 4);
    pew_bytes_put(t, NULL, 2, 1);
    u32 at = w->pe64 ? pew_bytes_put(t, "\x48\xA1\0\0\0\0\0\0\0\0\xFF\xE0", 12, 1) : pew_bytes_put(t, "\xFF\x25\0\0\0\0", 6, 1);
    pew_pointer(w, PEW_TEXT, at + 2, to_section, to);
    return at;
}

static void lay_vtables(PeWriter *w)
{
    PewBytes *t = &w->bytes[PEW_TEXT];
    for (u32 i = 0; i < w->exports.len; i++)
        w->exports.data[i].thunk = lay_jump(w, (PewSection)w->exports.data[i].section, w->exports.data[i].at);
    if (!w->vtables.len) return;
    u32 at = pew_bytes_put(t, NULL, (size_t)w->vtables.len * 8, 4);
    w->cli_dirs[2] = (PeDir){PEW_TEXT_RVA + at, w->vtables.len * 8}; /* its rows need RVAs: fill_vtables */
}

static void lay_import(PeWriter *w)
{
    PewBytes *t = &w->bytes[PEW_TEXT];
    u32 word = w->pe64 ? 8 : 4, at = pew_bytes_put(t, NULL, 40, 4), table = pew_bytes_put(t, NULL, 2 * word, word);
    u32 hint = PEW_TEXT_RVA + pew_bytes_put(t, NULL, 2, 4);
    put_str(t, w->o.dll ? "_CorDllMain" : "_CorExeMain");
    u32 name = PEW_TEXT_RVA + put_str(t, "mscoree.dll");
    pew_bytes_put(t, NULL, 1, 1);
    store(t->data, hint, 4);
    store(t->data + table, hint, 4);
    store(t->data + at, PEW_TEXT_RVA + table, 4);
    store(t->data + at + 12, name, 4);
    store(t->data + at + 16, PEW_TEXT_RVA, 4);
    w->dirs[DIR_IMPORT] = (PeDir){PEW_TEXT_RVA + at, t->len - at};
    w->dirs[DIR_IAT] = (PeDir){PEW_TEXT_RVA, 2 * word};
    w->entry = PEW_TEXT_RVA + lay_jump(w, PEW_TEXT, 0);
}

static void lay_text(PeWriter *w)
{
    PewBytes *t = &w->bytes[PEW_TEXT];
    if (w->resources.len)
        w->cli_dirs[0] = (PeDir){PEW_TEXT_RVA + pew_bytes_put(t, w->resources.data, w->resources.len, 8), w->resources.len};
    if (w->strong_name) w->cli_dirs[1] = (PeDir){PEW_TEXT_RVA + pew_bytes_put(t, NULL, w->strong_name, 4), w->strong_name};
    lay_debug(w);
    w->metadata_at = pew_bytes_put(t, NULL, w->metadata_size, 4);
    lay_vtables(w);
    if (w->stub) lay_import(w);
}

/* --- .sdata, .tls --- */

static int by_name(const void *a, const void *b, void *names)
{
    const char *s = names;
    return strcmp(s + ((const Export *)a)->name, s + ((const Export *)b)->name);
}

static bool lay_exports(PeWriter *w, Err *e)
{
    if (!w->exports.len) return true;
    if (w->o.machine != (w->pe64 ? PEW_AMD64 : PEW_I386))
        return err_set(e, ERR_BAD_IMAGE, 0, "exports are written for x86 and x64 only, not for machine 0x%x", w->o.machine);
    PewBytes *s = &w->bytes[PEW_SDATA];
    u32 n = w->exports.len, low = UINT32_MAX, high = 0, rva = w->rva[PEW_SDATA];
    qsort_r(w->exports.data, n, sizeof(Export), by_name, w->names.data);
    for (u32 i = 0; i < n; i++) {
        low = MIN(low, w->exports.data[i].ordinal);
        high = MAX(high, w->exports.data[i].ordinal);
    }
    if (high - low > 0xFFFF) return err_set(e, ERR_BAD_IMAGE, 0, "ordinals of exports lie too far apart: %u and %u", low, high);
    u32 dir = pew_bytes_put(s, NULL, 40, 4), addresses = pew_bytes_put(s, NULL, (size_t)(high - low + 1) * 4, 4);
    u32 names = pew_bytes_put(s, NULL, (size_t)n * 4, 4), ordinals = pew_bytes_put(s, NULL, (size_t)n * 2, 4);
    for (u32 i = 0; i < n; i++) {
        const Export *x = &w->exports.data[i];
        u32 k = x->ordinal - low, name = put_str(s, (char *)w->names.data + x->name);
        if (pe_u32(s->data + addresses + k * 4)) return err_set(e, ERR_BAD_IMAGE, 0, "two exports have the ordinal %u", x->ordinal);
        store(s->data + addresses + k * 4, PEW_TEXT_RVA + x->thunk, 4);
        store(s->data + names + i * 4, rva + name, 4);
        store(s->data + ordinals + i * 2, k, 2);
    }
    u32 file = put_str(s, w->o.file_name ? w->o.file_name : "");
    const u32 header[] = {rva + file, low, high - low + 1, n, rva + addresses, rva + names, rva + ordinals};
    memcpy(s->data + dir + 12, header, sizeof header);
    w->dirs[DIR_EXPORT] = (PeDir){rva + dir, s->len - dir};
    return true;
}

/* Start and end of the template, the index cell, the (empty) list of callbacks */
static void lay_tls(PeWriter *w)
{
    if (!w->bytes[PEW_TLS].len) return;
    PewBytes *s = &w->bytes[PEW_SDATA];
    u32 word = w->pe64 ? 8 : 4, size = 4 * word + 8, dir = pew_bytes_put(s, NULL, size, word);
    u32 callbacks = pew_bytes_put(s, NULL, word, word), index = pew_bytes_put(s, NULL, 4, 4);
    pew_pointer(w, PEW_SDATA, dir, PEW_TLS, 0);
    pew_pointer(w, PEW_SDATA, dir + word, PEW_TLS, w->bytes[PEW_TLS].len);
    pew_pointer(w, PEW_SDATA, dir + 2 * word, PEW_SDATA, index);
    pew_pointer(w, PEW_SDATA, dir + 3 * word, PEW_SDATA, callbacks);
    w->dirs[DIR_TLS] = (PeDir){w->rva[PEW_SDATA] + dir, size};
}

/* --- .reloc --- */

static int by_place(const void *a, const void *b)
{
    u32 x = *(const u32 *)a, y = *(const u32 *)b;
    return x < y ? -1 : x > y;
}

/* Blocks of 4 KB pages: RVA, size, then 16-bit entries, an even number of them. */
static void lay_relocations(PeWriter *w)
{
    if (!w->pointers.len || w->o.strip_reloc) return;
    PewBytes *r = &w->bytes[RELOC];
    u32 n = w->pointers.len, *rvas = base_malloc(n * sizeof *rvas);
    for (u32 i = 0; i < n; i++) rvas[i] = w->rva[w->pointers.data[i].section] + w->pointers.data[i].at;
    qsort(rvas, n, sizeof *rvas, by_place);
    for (u32 i = 0; i < n;) {
        u32 page = ALIGN_DOWN(rvas[i], 0x1000u), block = put_u32(r, page);
        put_u32(r, 0);
        for (; i < n && ALIGN_DOWN(rvas[i], 0x1000u) == page; i++) {
            u16 entry = (u16)((w->pe64 ? 10u : 3u) << 12 | (rvas[i] - page));
            pew_bytes_put(r, &entry, 2, 1);
        }
        pew_bytes_align(r, 4);
        store(r->data + block + 4, r->len - block, 4);
    }
    base_free(rvas);
    w->dirs[DIR_RELOC] = (PeDir){w->rva[RELOC], r->len};
}

/* --- Layout --- */

static bool check_options(const PeWriter *w, Err *e)
{
    const PewOptions *o = &w->o;
    if (o->file_alignment < 0x200 || o->file_alignment > PEW_SECTION_ALIGNMENT || (o->file_alignment & (o->file_alignment - 1)))
        return err_set(e, ERR_BAD_IMAGE, 0, "file alignment 0x%x: a power of two from 0x200 to 0x%x is expected", o->file_alignment,
                       PEW_SECTION_ALIGNMENT);
    if (o->image_base & 0xFFFF)
        return err_set(e, ERR_BAD_IMAGE, 0, "image base 0x%llx: a multiple of 0x10000 is expected", (unsigned long long)o->image_base);
    if (!w->pe64 && (o->image_base > 0x7FFF0000 || o->stack_reserve > UINT32_MAX))
        return err_set(e, ERR_BAD_IMAGE, 0, "image base or stack reserve too large for a 32-bit image");
    if (w->full) return err_set(e, ERR_BAD_IMAGE, 0, "a section would be larger than 1 GB");
    return true;
}

static void next_section(PeWriter *w, u32 from, u32 to)
{
    w->rva[to] = w->rva[from] + ALIGN_UP(w->bytes[from].len, (u32)PEW_SECTION_ALIGNMENT);
}

bool pew_layout(PeWriter *w, u32 metadata_size, Err *e)
{
    CHECK(!w->laid_out);
    w->metadata_size = metadata_size;
    u64 total = (u64)metadata_size + w->resources.len + w->debug_data.len + w->bytes[PEW_TEXT].len;
    w->full |= total + w->bytes[PEW_SDATA].len + w->bytes[PEW_TLS].len > SECTION_LIMIT;
    if (!check_options(w, e)) return false;
    lay_text(w);
    next_section(w, PEW_TEXT, PEW_SDATA);
    if (!lay_exports(w, e)) return false;
    lay_tls(w);
    next_section(w, PEW_SDATA, PEW_TLS);
    next_section(w, PEW_TLS, RSRC);
    pew_bytes_put(&w->bytes[RSRC], w->res.bytes.data, w->res.bytes.len, 1);
    for (u32 i = 0; i < w->res.fixes.len; i++) {
        u8 *p = w->bytes[RSRC].data + w->res.fixes.data[i];
        store(p, pe_u32(p) + w->rva[RSRC], 4);
    }
    if (w->bytes[RSRC].len) w->dirs[DIR_RSRC] = (PeDir){w->rva[RSRC], w->bytes[RSRC].len};
    next_section(w, RSRC, RELOC);
    lay_relocations(w);
    w->dirs[DIR_CLI] = (PeDir){PEW_TEXT_RVA + w->cli, CLI_HEADER};
    w->laid_out = true;
    return true;
}

/* --- The file --- */

static void resolve(PeWriter *w)
{
    for (u32 i = 0; i < w->pointers.len; i++) {
        const Pointer *p = &w->pointers.data[i];
        u32 word = w->pe64 ? 8 : 4;
        CHECK(p->at + word <= w->bytes[p->section].len);
        store(w->bytes[p->section].data + p->at, w->o.image_base + w->rva[p->to_section] + p->to, word);
    }
    u8 *t = w->bytes[PEW_TEXT].data, *v = t + (w->cli_dirs[2].rva - PEW_TEXT_RVA);
    for (u32 i = 0; i < w->vtables.len; i++, v += 8) {
        store(v, w->rva[w->vtables.data[i].section] + w->vtables.data[i].at, 4);
        store(v + 4, w->vtables.data[i].count, 2);
        store(v + 6, w->vtables.data[i].type, 2);
    }
    u8 *d = t + w->debug_at;
    for (u32 i = 0; i < w->debug.len; i++, d += DEBUG_ENTRY) {
        const DebugEntry *x = &w->debug.data[i];
        const u32 row[] = {0, x->stamp, x->version, x->type, x->size, x->size ? PEW_TEXT_RVA + x->at : 0, x->size ? w->raw[PEW_TEXT] + x->at : 0};
        memcpy(d, row, sizeof row);
    }
}

static void fill_cli_header(PeWriter *w)
{
    u8 *h = w->bytes[PEW_TEXT].data + w->cli;
    store(h, CLI_HEADER, 4);
    store(h + 4, w->o.cli_version[0], 2);
    store(h + 6, w->o.cli_version[1], 2);
    store(h + 8, PEW_TEXT_RVA + w->metadata_at, 4);
    store(h + 12, w->metadata_size, 4);
    store(h + 16, w->o.cli_flags, 4);
    store(h + 20, w->o.entry_token, 4);
    memcpy(h + 24, &w->cli_dirs[0], 16);
    memcpy(h + 48, &w->cli_dirs[2], 8);
}

typedef struct SectionKind {
    char name[9];
    u32 flags;
} SectionKind;
static const SectionKind section_kinds[ALL_SECTIONS] = {
    [PEW_TEXT] = {".text", 0x60000020}, [PEW_SDATA] = {".sdata", 0xC0000040}, [PEW_TLS] = {".tls", 0xC0000040},
    [RSRC] = {".rsrc", 0x40000040},     [RELOC] = {".reloc", 0x42000040},
};

static void write_dos_header(u8 *f)
{
    static const char stub[] = "MZ\x90\0\3\0\0\0\4\0\0\0\xFF\xFF\0\0\xB8\0\0\0\0\0\0\0\x40";
    static const char text[] = "\x0E\x1F\xBA\x0E\0\xB4\x09\xCD\x21\xB8\1\x4C\xCD\x21This program cannot be run in DOS mode.\r\r\n$";
    memcpy(f, stub, sizeof stub);
    memcpy(f + 0x40, text, sizeof text);
    store(f + 0x3C, NT_OFFSET, 4);
}

/* The optional header (§II.25.2.3); the fields whose width depends on the format are at the end of each part. */
static void write_optional(const PeWriter *w, u8 *h, u32 image_size)
{
    const PewOptions *o = &w->o;
    u32 word = w->pe64 ? 8 : 4, data = 0, text = ALIGN_UP(w->bytes[PEW_TEXT].len, o->file_alignment);
    for (u32 i = PEW_SDATA; i < ALL_SECTIONS; i++) data += ALIGN_UP(w->bytes[i].len, o->file_alignment);
    store(h, w->pe64 ? 0x20B : 0x10B, 2);
    store(h + 2, 11, 1);
    store(h + 4, text, 4);
    store(h + 8, data, 4);
    store(h + 16, w->entry, 4);
    store(h + 20, PEW_TEXT_RVA, 4);
    if (!w->pe64) store(h + 24, w->rva[PEW_SDATA], 4);
    store(h + (w->pe64 ? 24 : 28), o->image_base, word);
    store(h + 32, PEW_SECTION_ALIGNMENT, 4);
    store(h + 36, o->file_alignment, 4);
    store(h + 40, 4, 2);
    store(h + 48, o->subsystem_version[0], 2);
    store(h + 50, o->subsystem_version[1], 2);
    store(h + 56, image_size, 4);
    store(h + 60, w->headers, 4);
    store(h + 68, o->subsystem, 2);
    store(h + 70, o->dll_characteristics, 2);
    u8 *p = h + 72;
    const u64 sizes[] = {o->stack_reserve, w->pe64 ? 0x4000 : 0x1000, 0x100000, w->pe64 ? 0x2000 : 0x1000};
    for (u32 i = 0; i < ARRAY_LEN(sizes); i++, p += word) store(p, sizes[i], word);
    store(p + 4, 16, 4);
    memcpy(p + 8, w->dirs, sizeof w->dirs);
}

static void write_sections(const PeWriter *w, u8 *h)
{
    for (u32 i = 0; i < ALL_SECTIONS; i++) {
        u32 n = w->bytes[i].len;
        if (!n) continue;
        memcpy(h, section_kinds[i].name, 8);
        store(h + 8, n, 4);
        store(h + 12, w->rva[i], 4);
        store(h + 16, ALIGN_UP(n, w->o.file_alignment), 4);
        store(h + 20, w->raw[i], 4);
        store(h + 36, section_kinds[i].flags, 4);
        h += 40;
    }
}

static void write_headers(const PeWriter *w, u8 *f, u32 sections, u32 image_size)
{
    u8 *nt = f + NT_OFFSET;
    u32 optional = w->pe64 ? 240 : 224;
    write_dos_header(f);
    memcpy(nt, "PE\0\0", 4);
    store(nt + 4, w->o.machine, 2);
    store(nt + 6, sections, 2);
    store(nt + 20, optional, 2);
    store(nt + 22, (w->pe64 ? 0x22u : 0x102u) | (w->o.dll ? 0x2000u : 0) | (w->o.strip_reloc ? 1u : 0), 2);
    write_optional(w, nt + 24, image_size);
    write_sections(w, nt + 24 + optional);
}

/* The GUID has the form of a random one (version 4); the stamp looks like a date of no program: its top bit is set. */
static void name_by_content(const PeWriter *w, u8 *f, size_t size, u8 *mvid)
{
    u8 hash[32];
    base_sha256(f, size, hash);
    if (mvid) {
        memcpy(mvid, hash, 16);
        mvid[7] = (u8)((mvid[7] & 0x0F) | 0x40);
        mvid[8] = (u8)((mvid[8] & 0x3F) | 0x80);
    }
    store(f + NT_OFFSET + 8, w->o.time_stamp ? w->o.time_stamp : pe_u32(hash + 16) | 0x80000000, 4);
}

u8 *pew_finish(PeWriter *w, const u8 *metadata, u32 mvid_at, size_t *size)
{
    CHECK(w->laid_out);
    u32 sections = 0, align = w->o.file_alignment, image_size = 0;
    for (u32 i = 0; i < ALL_SECTIONS; i++) sections += w->bytes[i].len != 0;
    w->headers = ALIGN_UP(NT_OFFSET + 24 + (w->pe64 ? 240 : 224) + sections * 40, align);
    size_t at = w->headers;
    for (u32 i = 0; i < ALL_SECTIONS; i++) {
        if (!w->bytes[i].len) continue;
        w->raw[i] = (u32)at;
        at += ALIGN_UP(w->bytes[i].len, align);
        image_size = w->rva[i] + ALIGN_UP(w->bytes[i].len, (u32)PEW_SECTION_ALIGNMENT);
    }
    resolve(w);
    fill_cli_header(w);
    u8 *f = base_calloc(1, at);
    write_headers(w, f, sections, image_size);
    for (u32 i = 0; i < ALL_SECTIONS; i++)
        if (w->bytes[i].len) memcpy(f + w->raw[i], w->bytes[i].data, w->bytes[i].len);
    u8 *root = f + w->raw[PEW_TEXT] + w->metadata_at;
    if (w->metadata_size) memcpy(root, metadata, w->metadata_size);
    name_by_content(w, f, at, mvid_at ? root + mvid_at : NULL);
    *size = at;
    return f;
}

/* One's-complement sum of 16-bit words, plus the length; the field itself counts as zero. */
void pew_checksum(u8 *f, size_t size)
{
    u8 *field = f + pe_u32(f + 0x3C) + 24 + 64;
    u64 sum = 0;
    store(field, 0, 4);
    for (size_t i = 0; i < size; i += 2) {
        sum += f[i] | (i + 1 < size ? (u32)f[i + 1] << 8 : 0);
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    store(field, (u32)(sum + size), 4);
}
