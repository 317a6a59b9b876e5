/* refl_emit.h: metadata written while the program runs (AssemblyBuilder, TypeBuilder).
 *
 * Files: refl_emit.c (assemblies and their memory), refl_emit_type.c (the calls of TypeBuilder and ModuleBuilder), refl_emit_sig.c (references to
 * other modules, signatures translated from them), refl_emit_attr.c (attributes that are bits and rows in metadata).
 *
 * A writer (md/md_write.h) is attached to the module's MdImage: tokens are final as soon as they are given out, and readers, which take no lock,
 * see every row at once.  A type's lists of members are empty, and its name unknown, until TermCreateClass finishes it; who loads it
 * before asks AppDomain.TypeResolve.  IL and data of fields lie in reserved address space and do not move; so do the module's tables by
 * rid (Module.typedefs and so on), of which as much is committed as there are rows.
 * Lock: one for all emitted modules, taken by each call; nothing is loaded and no managed code is called under it. */
#ifndef CORELIB_REFL_EMIT_H
#define CORELIB_REFL_EMIT_H
#include "corelib/refl_int.h"
#include "md/md_write.h"

typedef struct EmitRegion { /* grows in place */
    u8 *base;
    u32 len, committed;
} EmitRegion;
typedef struct EmitModule {
    Module *module;
    MdWriter *w;
    EmitRegion il;
    u8 *rid_tables;                 /* one reservation for all tables by rid */
    u32 rid_committed[MDT_COUNT];   /* rows */
    Map64 assembly_refs, type_refs; /* Assembly *, MethodTable * -> token */
    bool full;                      /* no room for IL */
    struct EmitModule *next;
} EmitModule;

/* --- refl_emit.c -------------------------------------------------------------------------------------------------------------------- */
void emit_start(void);
EmitModule *emit_lock(Module *m); /* takes the lock */
void emit_unlock(EmitModule *m);  /* raises OutOfMemoryException if a limit of the format was met */
/* Makes room for one more row of a table that the loader has a table by rid for. */
void emit_room(EmitModule *m, u32 table);
#define EMIT_ADD(m, table, ...) (emit_room((m), MDT_##table), MDW_ADD((m)->w, table, __VA_ARGS__))
#define EMIT_INTERN(m, table, ...) (emit_room((m), MDT_##table), MDW_INTERN((m)->w, table, __VA_ARGS__))
u32 emit_il(EmitModule *m, const void *p, u32 n, u32 align); /* offset, which is the RVA; p NULL: zeros */

/* --- refl_emit_attr.c ------------------------------------------------------------------------------------------------------------------- */
/* An attribute that metadata has flags or a table for (DllImport, StructLayout, MarshalAs and so on) becomes these: true.  false: an attribute
 * like others.  ctor: token in m. */
bool emit_pseudo_attribute(EmitModule *m, u32 target, u32 ctor, const u8 *value, u32 len);
void emit_add_flags(EmitModule *m, u32 table, u32 rid, u32 col, u32 bits);
typedef VEC(u8) EmitBytes;
void emit_put_uint(EmitBytes *b, u32 v); /* compressed */

/* --- refl_emit_sig.c -------------------------------------------------------------------------------------------------------------------- */
u32 emit_assembly_ref(EmitModule *m, Assembly *a); /* token */
/* Binds what a signature of another module refers to.  Before the lock is taken: may run managed code.  A failure shows when code is compiled. */
void emit_bind_sig(Module *from, const u8 *sig, u32 len);
/* The same signature of any kind but a TypeSpec's in m's tokens; from: the module whose tokens it has. */
void emit_translate_sig(EmitModule *m, Module *from, const u8 *sig, u32 len, EmitBytes *out);
#endif
