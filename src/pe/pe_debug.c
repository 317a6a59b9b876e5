/* pe_debug.c: the debug directory: where the PDB is, and one that is embedded.
 * Book: pe.md  Tests: tests/unit/pe/ */
#include "pe/pe.h"

enum { DEBUG_ENTRY_SIZE = 28, DEBUG_CODEVIEW = 2, DEBUG_EMBEDDED_PDB = 17 };

/* The nth entry of a type; its data must lie in the file. */
static const u8 *find_entry(const PeImage *pe, u32 type, u32 *size, const u8 **entry)
{
    PeDir dir = pe->dirs[6];
    const u8 *d = dir.size ? pe_rva_range(pe, dir.rva, dir.size) : NULL;
    for (u32 i = 0; d && i < dir.size / DEBUG_ENTRY_SIZE; i++) {
        const u8 *h = d + (size_t)i * DEBUG_ENTRY_SIZE;
        if (pe_u32(h + 12) != type) continue;
        u64 n = pe_u32(h + 16), at = pe_u32(h + 24);
        if (at + n > pe->size || n == 0) continue;
        *size = (u32)n;
        *entry = h;
        return pe->data + at;
    }
    return NULL;
}

bool pe_codeview(const PeImage *pe, PeCodeView *out)
{
    u32 size;
    const u8 *entry, *p = find_entry(pe, DEBUG_CODEVIEW, &size, &entry);
    memset(out, 0, sizeof(*out));
    if (!p || size < 25 || memcmp(p, "RSDS", 4) != 0 || !memchr(p + 24, 0, size - 24)) return false;
    memcpy(out->guid, p + 4, 16);
    out->age = pe_u32(p + 20);
    out->stamp = pe_u32(entry + 4);
    out->path = (const char *)p + 24;
    out->portable = pe_u16(entry + 10) == 0x504D;
    return true;
}

const u8 *pe_embedded_pdb(const PeImage *pe, u32 *size, u32 *raw_size)
{
    u32 n;
    const u8 *entry, *p = find_entry(pe, DEBUG_EMBEDDED_PDB, &n, &entry);
    if (!p || n < 8 || memcmp(p, "MPDB", 4) != 0) return NULL;
    *raw_size = pe_u32(p + 4);
    *size = n - 8;
    return p + 8;
}
