/* pe.h: a PE/COFF file with a CLI header, read as a flat file.
 * Files: pe_image.c (map, headers, RVA translation), pe_debug.c (debug directory); to write: pe_write.h, pe_sign.h.
 * Data: PeImage holds where things are; every pointer it hands out points into the file's bytes and lives as long as
 * the image.  Sections are never laid out as a native loader would: an RVA is translated through the section table.
 * Invariants: nothing outside [data, data+size) is read, whatever the file says.  Native code (ReadyToRun) is ignored.
 * Book: pe.md  Tests: tests/unit/pe/, fuzz/ */
#ifndef PE_PE_H
#define PE_PE_H
#include "base/base.h"
#include "os/os_file.h"

/* HRESULTs that go with ERR_BAD_IMAGE */
enum {
    PE_HR_BAD_IMAGE = (i32)0x8007000B,         /* COR_E_BADIMAGEFORMAT */
    PE_HR_ASSEMBLY_EXPECTED = (i32)0x80131018, /* COR_E_ASSEMBLYEXPECTED: no manifest */
    PE_HR_PLATFORM = (i32)0x80132006,          /* made for 32-bit processes only */
    PE_HR_CORRUPT = (i32)0x8013110E,           /* CLDB_E_FILE_CORRUPT: metadata */
};

enum { /* PeImage.cli_flags (§II.25.3.3.1) */
    PE_CLI_IL_ONLY = 1,
    PE_CLI_32BIT_REQUIRED = 2,
    PE_CLI_IL_LIBRARY = 4,
    PE_CLI_STRONG_NAME_SIGNED = 8,
    PE_CLI_NATIVE_ENTRY = 0x10,
    PE_CLI_TRACK_DEBUG = 0x10000,
    PE_CLI_32BIT_PREFERRED = 0x20000,
};

typedef struct PeDir {
    u32 rva, size;
} PeDir;

typedef struct PeImage {
    const u8 *data; /* the whole file */
    size_t size;
    char *path;   /* owned; NULL for a memory image */
    bool mapped;  /* pe_close unmaps map */
    bool owned;   /* pe_close frees data */
    OsFileMap map;
    bool pe32plus;
    u16 machine;         /* as in the file: 0x14C, 0x8664, 0xFD1D (ReadyToRun for linux-x64) … */
    u16 characteristics; /* COFF header */
    u16 subsystem, dll_characteristics;
    u32 timestamp, section_count;
    const u8 *sections; /* section_count headers of 40 bytes, all inside the file */
    u64 image_base;
    PeDir dirs[16];
    u32 headers_size;
    /* CLI header */
    u16 cli_major, cli_minor;
    u32 cli_flags, entry_token; /* entry point: MethodDef or File token, or 0 */
    PeDir resources, strong_name, native_header;
    const u8 *metadata; /* inside data */
    u32 metadata_size;
} PeImage;

/* Opens a file read-only.  False: *e says ERR_FILE_NOT_FOUND or ERR_BAD_IMAGE, and *pe is zeroed. */
bool pe_open_file(PeImage *pe, const char *path, Err *e);
/* Reads an image that lies in memory; copy: take a copy that the image owns, else the bytes must outlive it.
 * path may be NULL. */
bool pe_open_memory(PeImage *pe, const void *data, size_t size, bool copy, const char *path, Err *e);
void pe_close(PeImage *pe);
/* May this process run it?  IL only or precompiled for this machine; not 32-bit only.  The text names pe->path. */
bool pe_check_runnable(const PeImage *pe, Err *e);
/* Fills *e with the reference's words for a bad image ("Bad IL format." and the file's name) and HRESULT; false. */
bool pe_bad_image(const PeImage *pe, Err *e);

/* The bytes at rva: NULL if it lies in no section's raw data; *avail gets the bytes up to the end of that data. */
const u8 *pe_rva(const PeImage *pe, u32 rva, u32 *avail);
/* The same for a fixed length; NULL unless all of it is there. */
const u8 *pe_rva_range(const PeImage *pe, u32 rva, u32 size);
/* True if [rva, rva+size) is within a section's virtual extent.  *file_size gets how much of it the file holds (the
 * rest reads as zeros): for the data of fields with an RVA. */
bool pe_section_of(const PeImage *pe, u32 rva, u32 *start, u32 *size); /* the section that an RVA lies in */
const u8 *pe_rva_data(const PeImage *pe, u32 rva, u32 size, u32 *file_size);
/* Managed resource at an offset of the ManifestResource table: its bytes after the length word; NULL if bad. */
const u8 *pe_resource(const PeImage *pe, u32 offset, u32 *size);

/* Debug directory (IMAGE_DEBUG_DIRECTORY) */
typedef struct PeCodeView {
    u8 guid[16];
    u32 age, stamp;
    const char *path; /* UTF-8, NUL-terminated inside the file */
    bool portable;    /* the PDB is a portable one (minor version 'PM') */
} PeCodeView;
bool pe_codeview(const PeImage *pe, PeCodeView *out);
/* Entry type 17: deflated portable PDB; *raw_size is the size when inflated.  NULL if there is none. */
const u8 *pe_embedded_pdb(const PeImage *pe, u32 *size, u32 *raw_size);

/* Unaligned little-endian loads */
static inline u16 pe_u16(const u8 *p)
{
    u16 v;
    memcpy(&v, p, 2);
    return v;
}
static inline u32 pe_u32(const u8 *p)
{
    u32 v;
    memcpy(&v, p, 4);
    return v;
}
static inline u64 pe_u64(const u8 *p)
{
    u64 v;
    memcpy(&v, p, 8);
    return v;
}
#endif
