/* md_pdb_write.h: writes portable PDBs: which source line each IL offset of a method comes from, and what its locals are called.
 * Methods may come in any order, each once.  The format has no place for a document's vendor and type, nor for empty scopes.
 * Deterministic: the PDB's identity, which the image's CodeView entry repeats (pew_codeview), is made of its content.
 * Book: md.md  Tests: tests/unit/md/pdb_write.c */
#ifndef MD_MD_PDB_WRITE_H
#define MD_MD_PDB_WRITE_H
#include "md/md_pdb.h"
#include "md/md_write.h"

typedef struct MdPdbWriter MdPdbWriter;
extern const u8 md_pdb_csharp[16], md_pdb_il[16], md_pdb_sha1[16], md_pdb_sha256[16]; /* languages, hash algorithms */

MdPdbWriter *mdpw_new(void);
void mdpw_free(MdPdbWriter *p);
/* The rid of the document of that path; its other facts are those of the first call.  language, algorithm: NULL for none. */
u32 mdpw_document(MdPdbWriter *p, const char *path, const u8 *language, const u8 *algorithm, const void *hash, u32 hash_size);

/* Opens a method; what follows belongs to it until the next.  local_sig: token of its StandAloneSig, or 0. */
void mdpw_method(MdPdbWriter *p, u32 method_rid, u32 local_sig);
/* IL offsets rise; a point at the offset of the one before replaces it.  start_line MD_PDB_HIDDEN: hidden. */
void mdpw_point(MdPdbWriter *p, const MdSeqPoint *point);
/* Scopes nest; variables and constants go to the innermost that is open. */
void mdpw_open_scope(MdPdbWriter *p, u32 il_offset);
void mdpw_close_scope(MdPdbWriter *p, u32 il_offset);
void mdpw_local(MdPdbWriter *p, u32 slot, const char *name, u32 attributes); /* attributes: 1 hidden from debuggers */
void mdpw_constant(MdPdbWriter *p, const char *name, const u8 *sig, u32 n);

void mdpw_state_machine(MdPdbWriter *p, u32 move_next_rid, u32 kickoff_rid);
void mdpw_custom(MdPdbWriter *p, u32 parent_token, const u8 kind[16], const void *value, u32 n);

typedef struct MdPdbId {
    u8 guid[16];
    u32 stamp;
    u8 checksum[32]; /* SHA-256 of the PDB while its identity is zero */
} MdPdbId;
/* The file; base_free.  rows: of the image's tables (mdw_out_rows); entry_token: its entry point or 0. */
u8 *mdpw_finish(MdPdbWriter *p, const u32 *rows, u32 entry_token, MdPdbId *id, u32 *size);
/* For embedding (pew_embedded_pdb): deflated with zlib, or where this build has none, in stored blocks; base_free. */
u8 *md_pdb_deflate(const u8 *data, u32 size, u32 *deflated_size);
#endif
