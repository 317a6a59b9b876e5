/* pe_write.h: writes a PE file with a CLI header (§II.25).
 * Files: pe_write.c (pieces, layout, headers), pe_write_res.c (.rsrc from a .res file), pe_sign.c (strong-name signatures).
 *
 * Order of use:
 *   w = pew_new(pe64, stub)             the width and whether there is an entry stub fix where .text begins
 *   *pew_options(w) = …                 any time before pew_layout: fields have the field's defaults already
 *   pew_add(w, PEW_TEXT, body …)        its RVA is final at once; data of PEW_SDATA and PEW_TLS has only an offset so far
 *   pew_pointer, pew_resource, pew_win32_resources, pew_vtable, pew_export, pew_strong_name, pew_codeview, …
 *   pew_layout(w, metadata_size, &e)    now every RVA is known: FieldRVA rows of .sdata and .tls can be set
 *   pew_finish(w, metadata, mvid_at, &size)   the file; then pe_sign if there is a key
 *
 * Deterministic: the same parts give the same bytes.  The time stamp and the MVID come from a hash of all others, as the compilers do it.
 * Sections: .text (import address table, CLI header, pieces, managed resources, strong name, debug directory, metadata, export thunks,
 * vtable fixups, import, stub), .sdata (data, export directory, TLS directory), .tls, .rsrc, .reloc; those with nothing in them are left out.
 * Book: pe.md  Tests: tests/unit/pe/write.c */
#ifndef PE_PE_WRITE_H
#define PE_PE_WRITE_H
#include "base/base.h"
#include "pe/pe.h"

enum {
    PEW_I386 = 0x14C,
    PEW_AMD64 = 0x8664,
    PEW_ARM = 0x1C4,
    PEW_ARM64 = 0xAA64,
    PEW_SECTION_ALIGNMENT = 0x2000,
    PEW_TEXT_RVA = PEW_SECTION_ALIGNMENT,
};
enum { /* dll_characteristics */
    PEW_HIGH_ENTROPY_VA = 0x20,
    PEW_ASLR = 0x40,
    PEW_NX = 0x100,
    PEW_NO_SEH = 0x400,
    PEW_APP_CONTAINER = 0x1000,
    PEW_TS_AWARE = 0x8000,
};
typedef enum PewSection { PEW_TEXT, PEW_SDATA, PEW_TLS, PEW_SECTIONS } PewSection;

typedef struct PewOptions { /* as pew_new leaves them: */
    bool dll;                /* false */
    bool strip_reloc;        /* false; true: no .reloc section */
    u16 machine;             /* PEW_I386; pe64: PEW_AMD64.  The stub and export thunks are for these two only. */
    u16 subsystem;           /* 3, console */
    u16 subsystem_version[2]; /* 4.0 */
    u16 dll_characteristics; /* 0x8540: NX, ASLR, no SEH, terminal server aware */
    u64 image_base;          /* 0x400000; pe64: 0x140000000 */
    u32 file_alignment;      /* 0x200; a power of two from 0x200 to PEW_SECTION_ALIGNMENT */
    u64 stack_reserve;       /* 0x100000; pe64: 0x400000 */
    u16 cli_version[2];      /* 2.5 */
    u32 cli_flags;           /* PE_CLI_IL_ONLY */
    u32 entry_token;         /* 0 */
    const char *file_name;   /* NULL; of the export directory: must live until pew_finish */
    u32 time_stamp;          /* 0: from the content */
} PewOptions;

typedef struct PeWriter PeWriter;
/* pe64: PE32+.  stub: import of mscoree.dll!_CorExeMain or _CorDllMain, and the jump there at the native entry point; callers give false for
 * machines other than PEW_I386 and PEW_AMD64. */
PeWriter *pew_new(bool pe64, bool stub);
void pew_free(PeWriter *w);
PewOptions *pew_options(PeWriter *w);

/* Adds n bytes (p NULL: zeros) at a multiple of align (a power of two); the offset in the section.  Sections end at 1 GB: beyond it, pew_layout
 * fails. */
u32 pew_add(PeWriter *w, PewSection section, const void *p, u32 n, u32 align);
u32 pew_size(const PeWriter *w, PewSection section);      /* of what was added so far: where an unaligned piece comes next */
u8 *pew_at(PeWriter *w, PewSection section, u32 offset);  /* to patch; good until the next pew_add */
/* The RVA of an offset; of PEW_SDATA and PEW_TLS after pew_layout only. */
u32 pew_rva(const PeWriter *w, PewSection section, u32 offset);
/* The pointer-sized word at an offset (4 bytes, pe64: 8) becomes the address of a place, with a base relocation. */
void pew_pointer(PeWriter *w, PewSection section, u32 offset, PewSection to_section, u32 to_offset);

u32 pew_resource(PeWriter *w, const void *p, u32 n); /* managed; its offset for the ManifestResource row */
/* The contents of a .res file become the .rsrc section.  false: it is not one. */
bool pew_win32_resources(PeWriter *w, const void *res, size_t size, Err *e);
/* A row of the VTableFixups directory (§II.25.3.3.3): count slots at an offset, 4 bytes each, or 8 with type & 2. */
void pew_vtable(PeWriter *w, PewSection section, u32 offset, u16 count, u16 type);
/* An export that jumps through the slot at an offset.  ordinal: from 1. */
void pew_export(PeWriter *w, const char *name, u32 ordinal, PewSection section, u32 offset);
void pew_strong_name(PeWriter *w, u32 size); /* room for a signature: as many bytes as the key has, 128 at least */

/* Entries of the debug directory, in this order.  A portable PDB's identity is a GUID and a stamp (md_pdb_write.h). */
void pew_codeview(PeWriter *w, const u8 guid[16], u32 stamp, const char *path);
void pew_pdb_checksum(PeWriter *w, const u8 sha256[32]);
void pew_reproducible(PeWriter *w);
void pew_embedded_pdb(PeWriter *w, const void *deflated, u32 size, u32 raw_size);

/* Sizes and addresses of everything.  false: bad options, a section too large, two exports of one ordinal, … */
bool pew_layout(PeWriter *w, u32 metadata_size, Err *e);
/* The file; base_free.  mvid_at: where in the metadata the module's GUID lies, which is then made from the content; 0: it stays. */
u8 *pew_finish(PeWriter *w, const u8 *metadata, u32 mvid_at, size_t *size);
/* The header's checksum of a finished file; most images leave it 0. */
void pew_checksum(u8 *file, size_t size);
#endif
