/* pe_image.c: open a PE file or its bytes, check the headers, translate RVAs.
 * In: a path or bytes.  Out: PeImage, pointing into them.
 * Invariant: every header field that later code trusts (section count, metadata range) has been checked here against
 * the file's size; section contents are checked at each translation.
 * Not here: what the metadata says (md/), the debug directory (pe_debug.c).  Book: pe.md  Tests: tests/unit/pe/ */
#include "pe/pe.h"
#include <stdio.h>

enum { SECTION_SIZE = 40, CLI_HEADER_SIZE = 72, MAX_SECTIONS = 96 };

bool pe_bad_image(const PeImage *pe, Err *e)
{
    bool first = e && e->kind == ERR_NONE;
    if (pe && pe->path) {
        /* the exception's FileName stays unset in the reference, so Err.name does */
        err_set(e, ERR_BAD_IMAGE, 0, "Bad IL format. The format of the file '%s' is invalid.", pe->path);
    } else {
        err_set(e, ERR_BAD_IMAGE, 0, "Bad IL format.");
    }
    if (first) e->hresult = PE_HR_BAD_IMAGE;
    return false;
}

/* Reads the optional header's standard parts.  opt points at size bytes inside the file. */
static bool read_optional(PeImage *pe, const u8 *opt, u32 size)
{
    if (size < 2) return false;
    u16 magic = pe_u16(opt);
    u32 fixed;
    if (magic == 0x10B) {
        fixed = 96;
    } else if (magic == 0x20B) {
        fixed = 112;
        pe->pe32plus = true;
    } else {
        return false;
    }
    if (size < fixed) return false;
    pe->image_base = pe->pe32plus ? pe_u64(opt + 24) : pe_u32(opt + 28);
    pe->headers_size = pe_u32(opt + 60);
    pe->subsystem = pe_u16(opt + 68);
    pe->dll_characteristics = pe_u16(opt + 70);
    u32 count = pe_u32(opt + fixed - 4);
    count = MIN(count, (u32)ARRAY_LEN(pe->dirs));
    if ((size - fixed) / 8 < count) return false;
    for (u32 i = 0; i < count; i++) {
        pe->dirs[i].rva = pe_u32(opt + fixed + i * 8);
        pe->dirs[i].size = pe_u32(opt + fixed + i * 8 + 4);
    }
    return true;
}

static bool read_cli_header(PeImage *pe)
{
    PeDir dir = pe->dirs[14];
    if (dir.rva == 0 || dir.size < CLI_HEADER_SIZE) return false;
    const u8 *h = pe_rva_range(pe, dir.rva, CLI_HEADER_SIZE);
    if (!h || pe_u32(h) < CLI_HEADER_SIZE) return false;
    pe->cli_major = pe_u16(h + 4);
    pe->cli_minor = pe_u16(h + 6);
    PeDir md = {pe_u32(h + 8), pe_u32(h + 12)};
    pe->cli_flags = pe_u32(h + 16);
    pe->entry_token = pe_u32(h + 20);
    pe->resources = (PeDir){pe_u32(h + 24), pe_u32(h + 28)};
    pe->strong_name = (PeDir){pe_u32(h + 32), pe_u32(h + 36)};
    pe->native_header = (PeDir){pe_u32(h + 64), pe_u32(h + 68)};
    pe->metadata = pe_rva_range(pe, md.rva, md.size);
    pe->metadata_size = md.size;
    return pe->metadata && md.size >= 16;
}

static bool read_headers(PeImage *pe)
{
    const u8 *d = pe->data;
    if (pe->size < 64 || d[0] != 'M' || d[1] != 'Z') return false;
    u64 nt = pe_u32(d + 0x3C);
    if (nt + 24 > pe->size || pe_u32(d + nt) != 0x4550) return false;
    pe->machine = pe_u16(d + nt + 4);
    pe->section_count = pe_u16(d + nt + 6);
    pe->timestamp = pe_u32(d + nt + 8);
    u32 opt_size = pe_u16(d + nt + 20);
    pe->characteristics = pe_u16(d + nt + 22);
    u64 sections = nt + 24 + opt_size;
    if (pe->section_count == 0 || pe->section_count > MAX_SECTIONS) return false;
    if (sections + (u64)pe->section_count * SECTION_SIZE > pe->size) return false;
    pe->sections = d + sections;
    return read_optional(pe, d + nt + 24, opt_size) && read_cli_header(pe);
}

static bool open_bytes(PeImage *pe, Err *e)
{
    if (read_headers(pe)) return true;
    pe_bad_image(pe, e);
    pe_close(pe);
    return false;
}

/* The mapper's error in the words of an assembly load */
static bool file_error(const char *path, const Err *cause, Err *e)
{
    bool first = e && e->kind == ERR_NONE;
    bool absent = cause->kind == ERR_FILE_NOT_FOUND;
    err_set(e, absent ? ERR_FILE_NOT_FOUND : ERR_FILE_LOAD, 0, "Could not load file or assembly '%s'. %s\n", path,
            absent ? "The system cannot find the file specified." : "Access is denied.");
    if (first) {
        snprintf(e->name, sizeof(e->name), "%s", path);
        e->hresult = absent ? (i32)0x80070002 : (i32)0x80070005;
    }
    return false;
}

bool pe_open_file(PeImage *pe, const char *path, Err *e)
{
    Err cause = {0};
    memset(pe, 0, sizeof(*pe));
    if (!os_file_map(path, &pe->map, &cause)) return file_error(path, &cause, e);
    pe->mapped = true;
    pe->data = pe->map.data;
    pe->size = pe->map.size;
    pe->path = base_strdup(path);
    return open_bytes(pe, e);
}

bool pe_open_memory(PeImage *pe, const void *data, size_t size, bool copy, const char *path, Err *e)
{
    memset(pe, 0, sizeof(*pe));
    pe->size = size;
    if (copy && size) {
        u8 *own = base_malloc(size);
        memcpy(own, data, size);
        pe->data = own;
        pe->owned = true;
    } else {
        pe->data = data;
    }
    if (path) pe->path = base_strdup(path);
    return open_bytes(pe, e);
}

void pe_close(PeImage *pe)
{
    if (pe->mapped) os_file_unmap(&pe->map);
    if (pe->owned) base_free((void *)(uintptr_t)pe->data);
    base_free(pe->path);
    memset(pe, 0, sizeof(*pe));
}

bool pe_check_runnable(const PeImage *pe, Err *e)
{
    bool first = e && e->kind == ERR_NONE;
    const char *name = pe->path ? pe->path : "";
    /* 0xFD1D: x64 combined with the value that stands for Linux: precompiled here.  One made for another machine has
     * its IL too, but the reference refuses it. */
    bool machine = pe->machine == 0x8664 || pe->machine == 0xFD1D || pe->machine == 0x14C;
    bool only32 = (pe->machine == 0x14C && !(pe->cli_flags & PE_CLI_IL_ONLY)) ||
                  (pe->cli_flags & (PE_CLI_32BIT_REQUIRED | PE_CLI_32BIT_PREFERRED)) == PE_CLI_32BIT_REQUIRED;
    if (machine && !only32) return true;
    if (machine)
        err_set(e, ERR_FILE_LOAD, 0, "Could not load file or assembly '%s'. The assembly architecture is not compatible with the current process "
                                     "architecture.", name);
    else
        err_set(e, ERR_BAD_IMAGE, 0, "Could not load file or assembly '%s'. An attempt was made to load a program with an incorrect format.\n",
                name);
    if (first) {
        snprintf(e->name, sizeof e->name, "%s", name);
        e->hresult = machine ? PE_HR_PLATFORM : PE_HR_BAD_IMAGE;
    }
    return false;
}

/* Section of an RVA.  *offset is the distance from its start; NULL if it is in none. */
static const u8 *find_section(const PeImage *pe, u32 rva, u32 *offset)
{
    const u8 *s = pe->sections;
    for (u32 i = 0; i < pe->section_count; i++, s += SECTION_SIZE) {
        u32 va = pe_u32(s + 12), vsize = pe_u32(s + 8), raw = pe_u32(s + 16);
        u32 extent = MAX(vsize, raw);
        if (rva >= va && rva - va < extent) {
            *offset = rva - va;
            return s;
        }
    }
    return NULL;
}

const u8 *pe_rva(const PeImage *pe, u32 rva, u32 *avail)
{
    u32 offset = 0;
    *avail = 0;
    const u8 *s = find_section(pe, rva, &offset);
    if (!s) {
        if (rva >= pe->headers_size || rva >= pe->size) return NULL;
        *avail = (u32)MIN((u64)pe->headers_size, (u64)pe->size) - rva;
        return pe->data + rva;
    }
    u32 raw = pe_u32(s + 16), start = pe_u32(s + 20);
    if (offset >= raw) return NULL;
    u64 from = (u64)start + offset, end = (u64)start + raw;
    end = MIN(end, (u64)pe->size);
    if (from >= end) return NULL;
    *avail = (u32)(end - from);
    return pe->data + from;
}

const u8 *pe_rva_range(const PeImage *pe, u32 rva, u32 size)
{
    u32 avail;
    const u8 *p = pe_rva(pe, rva, &avail);
    return p && avail >= size ? p : NULL;
}

bool pe_section_of(const PeImage *pe, u32 rva, u32 *start, u32 *size)
{
    u32 offset = 0;
    const u8 *s = find_section(pe, rva, &offset);
    if (!s) return false;
    *start = rva - offset;
    *size = MAX(pe_u32(s + 8), pe_u32(s + 16));
    return true;
}

const u8 *pe_rva_data(const PeImage *pe, u32 rva, u32 size, u32 *file_size)
{
    u32 offset = 0, avail;
    *file_size = 0;
    const u8 *s = find_section(pe, rva, &offset);
    if (!s) return NULL;
    u32 vsize = pe_u32(s + 8), raw = pe_u32(s + 16);
    u32 extent = MAX(vsize, raw);
    if (extent - offset < size) return NULL;
    const u8 *p = pe_rva(pe, rva, &avail);
    *file_size = MIN(avail, size);
    return p ? p : pe->data; /* all of it beyond the file's bytes: none of it may be read */
}

const u8 *pe_resource(const PeImage *pe, u32 offset, u32 *size)
{
    *size = 0;
    if (offset > pe->resources.size || pe->resources.size - offset < 4) return NULL;
    const u8 *p = pe_rva_range(pe, pe->resources.rva, pe->resources.size);
    if (!p) return NULL;
    u32 n = pe_u32(p + offset);
    if (n > pe->resources.size - offset - 4) return NULL;
    *size = n;
    return p + offset + 4;
}
