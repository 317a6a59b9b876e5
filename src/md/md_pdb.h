/* md_pdb.h: portable PDBs: which source line an IL offset belongs to.
 * A PDB is found as the one embedded in the image, else as the file the CodeView entry names, next to the image. */
#ifndef MD_MD_PDB_H
#define MD_MD_PDB_H
#include "md/md.h"

typedef struct MdPdb MdPdb;
enum { MD_PDB_HIDDEN = 0xFEEFEE }; /* line of a hidden sequence point */
typedef struct MdSeqPoint {
    u32 il_offset, document; /* Document rid */
    u32 start_line, end_line; /* MD_PDB_HIDDEN: hidden */
    u32 start_column, end_column;
} MdSeqPoint;

/* The image's own PDB; NULL (with *e) if there is none that fits or it is bad.  A file must carry the CodeView GUID. */
MdPdb *md_pdb_open_for(const PeImage *pe, Err *e);
MdPdb *md_pdb_open_memory(const u8 *data, size_t size, Err *e); /* the bytes must outlive it */
void md_pdb_close(MdPdb *p);
const MdImage *md_pdb_image(const MdPdb *p);
/* "/src/a.cs": cut to cap with NUL; the length it wanted */
size_t md_pdb_document_name(const MdPdb *p, u32 document_rid, char *buf, size_t cap);

/* Source text that the PDB holds for a document: a copy for base_free; false: it holds none */
bool md_pdb_embedded_source(const MdPdb *p, u32 document_rid, char **text, size_t *size);

typedef struct MdSeqReader {
    const MdPdb *pdb;
    const u8 *p, *end;
    MdSeqPoint cur;
    u32 last_line, last_column;
    bool first, seen_visible, bad;
} MdSeqReader;
bool md_seq_open(MdSeqReader *r, const MdPdb *p, u32 method_rid); /* false: the method has none */
bool md_seq_next(MdSeqReader *r, MdSeqPoint *out);                /* false at the end, or when bad */
/* The last visible sequence point at or before il_offset */
bool md_pdb_find_line(const MdPdb *p, u32 method_rid, u32 il_offset, MdSeqPoint *out);
/* Name of local variable `index` of a method at an IL offset; NULL if not recorded */
const char *md_pdb_local_name(const MdPdb *p, u32 method_rid, u32 il_offset, u32 index);
#endif
