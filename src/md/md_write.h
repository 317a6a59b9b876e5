/* md_write.h: the metadata writer: tables and heaps that grow (§II.22–24).
 * Two users.  The assembler adds rows and serialises them at the end (mdw_serialise).  Reflection.Emit attaches the writer to the MdImage
 * of a module that runs (mdw_attach): readers of md.h see each row as soon as it is there.
 * Files: md_write.c (heaps, rows, members), md_write_out.c (a complete root).  Tests: tests/unit/md/write.c
 *
 * Data: a writer's rows lie in an MdImage, four bytes a cell, followed by a few cells that files do not have (MdExtra); md_* readers work on
 * it.  A row has its rid for good: members may be added to any type in any order, and the lists of a type go through the Ptr tables,
 * filled in one go by mdw_finish_type.
 * Growth copies a table or heap to a larger place and keeps the old one until mdw_free once the writer is attached.  Sizes are stored
 * after bases, so a reader without a lock finds every row that it was told of; one that looks at the old place misses later edits,
 * never rows.  Strings, blobs and names stay where they are: pointers to them live as long as the writer.
 * Invariants: one thread writes at a time (the caller locks).  Columns take what md_col gives back: rids, coded indices (mdw_coded), heap
 * indices.  Limits: 16 M rows a table, 512 MB a heap, 16 MB of user strings; beyond them a call gives 0 and mdw_full says so. */
#ifndef MD_MD_WRITE_H
#define MD_MD_WRITE_H
#include "md/md.h"

typedef struct MdWriter MdWriter;

MdWriter *mdw_new(void);
void mdw_free(MdWriter *w); /* an image attached must not be read any more, nor closed */
/* m becomes a view of the writer, and the writer's own rows are moved into it.  m->pe, root and version stay. */
void mdw_attach(MdWriter *w, MdImage *m);
const MdImage *mdw_image(const MdWriter *w); /* to read back with md_* */
bool mdw_full(const MdWriter *w);            /* a limit was met since the last call of this */

/* Heaps.  The same content gives the same index; "" and the empty blob are 0. */
u32 mdw_string(MdWriter *w, const char *s); /* NULL: "" */
u32 mdw_string_n(MdWriter *w, const char *s, u32 n);
u32 mdw_blob(MdWriter *w, const void *p, u32 n);
u32 mdw_guid(MdWriter *w, const u8 guid[16]);
u32 mdw_user_string(MdWriter *w, const char16 *s, u32 units); /* its token, 0x70… */
void mdw_skip_user_strings(MdWriter *w, u32 bytes);           /* leaves zeros, so that tokens begin higher */

/* Rows: as many cells as the table has columns; two-byte columns are cut.  The new rid; 0: full. */
u32 mdw_add(MdWriter *w, u32 table, const u32 *cells);
#define MDW_ADD(w, table, ...) mdw_add((w), MDT_##table, (const u32[MDC_##table##_COUNT]){__VA_ARGS__})
/* The rid of an equal row if there is one, else a new one.  For one table use either this or mdw_add. */
u32 mdw_intern(MdWriter *w, u32 table, const u32 *cells);
#define MDW_INTERN(w, table, ...) mdw_intern((w), MDT_##table, (const u32[MDC_##table##_COUNT]){__VA_ARGS__})
void mdw_set(MdWriter *w, u32 table, u32 rid, u32 col, u32 value); /* not a column that rows are looked up by */
/* The first row whose looked-up column (§II.22, "sorted using") has the key of these cells is overwritten; else one is added. */
u32 mdw_put(MdWriter *w, u32 table, const u32 *cells);
#define MDW_PUT(w, table, ...) mdw_put((w), MDT_##table, (const u32[MDC_##table##_COUNT]){__VA_ARGS__})
u32 mdw_coded(MdKind kind, u32 token); /* 0 for nil and for tables that are none of the kind's */

/* Types and what they own; all give rids.  An owner that is finished takes no more: 0. */
u32 mdw_typedef(MdWriter *w, u32 flags, const char *name, const char *ns, u32 extends_token, u32 enclosing_rid);
u32 mdw_field(MdWriter *w, u32 type, u32 flags, const char *name, u32 sig_blob);
u32 mdw_method(MdWriter *w, u32 type, u32 rva, u32 impl_flags, u32 flags, const char *name, u32 sig_blob);
u32 mdw_param(MdWriter *w, u32 method, u32 flags, u32 sequence, const char *name);
u32 mdw_property(MdWriter *w, u32 type, u32 flags, const char *name, u32 sig_blob);
u32 mdw_event(MdWriter *w, u32 type, u32 flags, const char *name, u32 type_token);
u32 mdw_find_param(const MdWriter *w, u32 method, u32 sequence); /* of a method whose type is not finished */
/* Closes the lists (parameters are put in order of sequence) and makes the type known by name.  false: it was finished. */
bool mdw_finish_type(MdWriter *w, u32 type);

/* A complete metadata root (§II.24.2.1).  Types that are not finished are.  Tables are sorted as §II.22 asks, and rids that this
 * changes (InterfaceImpl, GenericParam, constraints, DeclSecurity) are changed in the columns that name them; #Strings is made anew, a
 * string that ends another sharing its bytes; indices are as wide as they must be.  Members in order of their types: a stream "#~"
 * without Ptr tables; else "#-" with them.  All other tokens stay, so IL and signatures need no change. */
typedef struct MdwPdb { /* makes the root a portable PDB's: stream #Pdb, row counts of the image that it is about */
    u32 entry_token;
    u32 rows[64]; /* rows of type-system tables that other tables' indices here may name */
} MdwPdb;
typedef struct MdwOptions {
    const char *version; /* NULL: "v4.0.30319" */
    bool wide;           /* heap indices of four bytes even where two would do */
    const MdwPdb *pdb;   /* NULL: an image's metadata */
} MdwOptions;
u8 *mdw_serialise(MdWriter *w, const MdwOptions *o, u32 *size); /* base_free */

/* The same in steps, for what is only known when the size is (a field's RVA behind the metadata): lay out, set, write.  Between the first and
 * the last the writer must stay as it is. */
typedef struct MdwOut MdwOut;
MdwOut *mdw_lay_out(MdWriter *w, const MdwOptions *o);
u32 mdw_out_size(const MdwOut *o);
u32 mdw_out_mvid(const MdwOut *o);    /* offset of the module's GUID; 0: it has none */
u32 mdw_out_pdb_id(const MdwOut *o);  /* offset of the 20 bytes that name a PDB */
const u32 *mdw_out_rows(const MdwOut *o); /* of each table, as they will be in the file */
/* rid as the writer gave it; not a column that the table is sorted by. */
void mdw_out_set(MdwOut *o, u32 table, u32 rid, u32 col, u32 value);
u8 *mdw_out_write(MdwOut *o); /* base_free; o is gone */
#endif
