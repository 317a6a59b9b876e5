/* refl_emit.h: metadata written while the program runs (AssemblyBuilder): tables and heaps that grow, and their bytes.
 * Files: refl_emit_md.c (tables to bytes), refl_emit.c (assemblies), refl_emit_type.c (types).
 * An EmitTables holds rows with four-byte cells: heap indices, rids, and encoded coded indices, as the columns of md_tables.def ask.
 * emit_write makes a metadata root of them, which md_open_blob and md_open read. */
#ifndef CORELIB_REFL_EMIT_H
#define CORELIB_REFL_EMIT_H
#include "corelib/refl_int.h"

typedef VEC(u8) EmitBytes;
typedef struct EmitTables {
    EmitBytes strings, us, blobs, guids;
    VEC(u32) cells[MDT_COUNT]; /* row-major */
    u32 rows[MDT_COUNT];
} EmitTables;

void emit_init(EmitTables *e);
void emit_free(EmitTables *e);
u32 emit_string(EmitTables *e, const char *s);           /* heap index; "" is 0 */
u32 emit_blob(EmitTables *e, const void *p, u32 n);
u32 emit_guid(EmitTables *e, const u8 g[16]);
u32 emit_user_string(EmitTables *e, const char16 *s, u32 n); /* its token */
/* Appends a row: as many cells as the table has columns.  Its rid. */
u32 emit_row(EmitTables *e, u32 table, const u32 *cells);
#define EMIT_ROW(e, table, ...) emit_row((e), MDT_##table, (const u32[]){__VA_ARGS__})
u32 *emit_cell(EmitTables *e, u32 table, u32 rid, u32 col);
u32 emit_coded(MdKind kind, u32 token); /* 0 for nil and for tables that are none of the kind's */
/* The metadata root; the caller frees (base_free). */
u8 *emit_write(const EmitTables *e, u32 *size);
#endif
