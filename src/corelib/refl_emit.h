/* refl_emit.h: metadata written while the program runs (AssemblyBuilder, TypeBuilder).
 *
 * Files: refl_emit_md.c (tables and heaps), refl_emit.c (assemblies, publishing types), refl_emit_type.c (the calls of TypeBuilder and
 * ModuleBuilder), refl_emit_sig.c (tokens inside signatures).
 *
 * Tables and heaps lie in reserved address space and only grow, so the MdImage of the module points straight at them and readers need no
 * lock.  Cells are four bytes wide.
 * A type under construction is not in the tables: it, its members and parameters have *provisional* tokens (rid with bit 23 set) until
 * TermCreateClass appends its rows in one go, as rows of one type must be contiguous.  Where a provisional token was written (IL, a
 * signature blob, a cell) a patch is kept, and filled in once the token's row is there; a provisional token takes as many bytes in a
 * signature as it will need then.
 * Lock: one for all emitted modules, taken by each call. */
#ifndef CORELIB_REFL_EMIT_H
#define CORELIB_REFL_EMIT_H
#include "corelib/refl_int.h"

typedef struct EmitRegion { /* grows in place */
    u8 *base;
    u32 len, cap;
} EmitRegion;
typedef struct EmitTables {
    EmitRegion strings, us, blobs, guids, il;
    EmitRegion cells[MDT_COUNT];
    u32 rows[MDT_COUNT];
} EmitTables;
enum { EMIT_PROVISIONAL = 0x800000 };
static inline bool emit_is_provisional(u32 token) { return (token & EMIT_PROVISIONAL) && MD_TABLE_OF(token) < MDT_COUNT; }

/* --- refl_emit_md.c ------------------------------------------------------------------------------------------------------------- */
void emit_init(EmitTables *e);
u32 emit_string(EmitTables *e, const char *s); /* heap index; "" is 0 */
u32 emit_blob(EmitTables *e, const void *p, u32 n);
u32 emit_guid(EmitTables *e, const u8 g[16]);
u32 emit_user_string(EmitTables *e, const char16 *s, u32 n); /* its token */
u32 emit_il(EmitTables *e, const void *p, u32 n, u32 align); /* offset, which is the RVA */
/* Appends a row: as many cells as the table has columns.  Its rid. */
u32 emit_row(EmitTables *e, u32 table, const u32 *cells);
#define EMIT_ROW(e, table, ...) emit_row((e), MDT_##table, (const u32[]){__VA_ARGS__})
u32 *emit_cell(EmitTables *e, u32 table, u32 rid, u32 col);
u32 emit_coded(MdKind kind, u32 token); /* 0 for nil and for tables that are none of the kind's */
void emit_free(EmitTables *e);
u8 *emit_write(const EmitTables *e, u32 *size); /* a metadata root of what is there; base_free */
void emit_sync(EmitTables *e, MdImage *out);    /* rows and sizes that readers see */

/* --- refl_emit.c -------------------------------------------------------------------------------------------------------------------- */
typedef VEC(u32) EmitList;
typedef struct EmitType {
    char *name, *ns;
    u32 flags, parent, enclosing, rid;
    EmitList methods, fields, properties, events; /* indices of the arrays below */
} EmitType;
typedef struct EmitMember { /* method, field, parameter, property, event */
    char *name;
    u32 flags, impl, sig, rva, type, sequence, rid; /* sig: blob; type: of an event */
    EmitList params;                                /* methods */
} EmitMember;
typedef enum EmitPatchKind { PATCH_IL, PATCH_BLOB, PATCH_CELL } EmitPatchKind;
typedef struct EmitPatch {
    u8 kind, column_kind, table, col; /* CELL: which, and how the token is encoded there */
    u32 at;                           /* offset in il or blobs; CELL: rid */
    u32 token;
} EmitPatch;
typedef struct EmitModule {
    Module *module;
    EmitTables t;
    VEC(EmitType) types;
    VEC(EmitMember) methods, fields, params, properties, events;
    VEC(EmitPatch) patches; /* not filled in yet */
    Map64 assembly_refs, type_refs; /* Assembly *, MethodTable * -> token */
    struct EmitModule *next;
} EmitModule;

void emit_start(void);
EmitModule *emit_lock(Module *m); /* takes the lock; never NULL: fatal for a module that was not emitted */
void emit_unlock(EmitModule *m);  /* makes what was appended visible */
EmitType *emit_type(EmitModule *m, u32 token);
EmitMember *emit_member(EmitModule *m, u32 token); /* of any provisional table but TypeDef; NULL: no such */
u32 emit_real(EmitModule *m, u32 token); /* the row's token; a provisional one whose row is not there yet: 0 */
/* Stores token in a cell now, or when its row is there. */
void emit_cell_token(EmitModule *m, u32 table, u32 rid, u32 col, MdKind kind, u32 token);
u32 emit_sig(EmitModule *m, const u8 *sig, u32 len, bool typespec); /* blob of a signature in the module's own tokens, patches noted */
void emit_il_token(EmitModule *m, u32 at);           /* the four bytes at an offset of il are a token */
bool emit_publish(EmitModule *m, u32 type_token);    /* appends the rows of a type; false: it is there already */
u32 emit_assembly_ref(EmitModule *m, Assembly *a);   /* token */
u32 emit_type_ref(EmitModule *m, MethodTable *mt);   /* token of the definition, for use in m */

/* --- refl_emit_sig.c -------------------------------------------------------------------------------------------------------------------- */
/* Calls visit for each TypeDefOrRef token of a signature of any kind; at: its first byte, n: its bytes. */
void emit_sig_tokens(const u8 *sig, u32 len, void (*visit)(void *arg, u32 token, u32 at, u32 n), void *arg);
/* The same for a TypeSpec: one type. */
void emit_type_tokens(const u8 *sig, u32 len, void (*visit)(void *arg, u32 token, u32 at, u32 n), void *arg);
/* The same signature in m's tokens; from: the module whose tokens it has. */
typedef VEC(u8) EmitBytes;
bool emit_translate_sig(EmitModule *m, Module *from, const u8 *sig, u32 len, EmitBytes *out, Err *e);
void emit_put_uint(EmitBytes *b, u32 v); /* compressed */
#endif
