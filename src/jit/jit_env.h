/* jit_env.h: what compilation asks of the VM, and what compiled code calls.  Declared here, filled in by vm/ at start.
 * Helpers are rows of helpers.def: one list for the enum, the table of stub addresses and the printers. */
#ifndef JIT_JIT_ENV_H
#define JIT_JIT_ENV_H
#include "code/code.h"
#include "sem/sem.h"

typedef enum JitHelper {
#define JIT_HELPER(id, fn, signature, flags, what) JIT_HELPER_##id,
#include "jit/helpers.def"
#undef JIT_HELPER
    JIT_HELPER_COUNT
} JitHelper;
typedef struct JitEnv {
    void *helpers[JIT_HELPER_COUNT]; /* addresses to call: transition stubs, or the function itself for leaves */
    bool neutral;                    /* D12: nothing of a domain is baked into code */
    /* Single mode: frozen interned string; *err_pending: an exception is pending (out of memory). */
    Object *(*string_literal)(Module *m, u32 token, struct IlStub *stub);
    Object *(*type_object)(TypeHandle th); /* single mode: the RuntimeType, made now (no managed code runs); never NULL for loaded closed types */
    /* Neutral mode: numbers in Domain.neutral_table: literal of (module, token); RuntimeType of a TypeDesc; writable data of an RVA field. */
    u32 (*literal_index)(Module *m, u32 token, struct IlStub *stub);
    u32 (*desc_index)(TypeDesc *d);
    u32 (*field_index)(Field *f);
    /* Address of the entry cell, made callable (precode): for `call [cell]`. */
    void **(*entry_cell)(Method *m);
    CallSite *(*new_site)(LoadContext *alc, Method *target, Method *caller, u32 il_offset);
    /* called with each opcode and prefix (IlOp) of a block that is compiled (STATOR_COVERAGE), or NULL */
    void (*count_opcode)(u32 il_op);
} JitEnv;
extern JitEnv jit_env;

/* Compiles the body of m (canonical, has IL or is a VM-made stub) at Tier 0; returns registered code or NULL + Err.  Runs in preemptive mode,
 * takes no lock of its own; never runs managed code. */
CodeInfo *jit_compile_tier0(Method *m, Err *e);
/* The same, if check says yes of the scanned body (NULL: it cannot be scanned) before anything is compiled: the verifier looks over the compiler's
 * shoulder.  It may use the arena, and leave nothing there. */
typedef bool (*JitCheck)(void *arg, const SemWalk *scan, Arena *a, Err *e);
CodeInfo *jit_compile_tier0_if(Method *m, JitCheck check, void *arg, Err *e);
typedef struct JitStats {
    u64 methods, il_bytes, code_bytes, ns;
} JitStats;
extern JitStats jit_stats; /* updated atomically */
/* Text of a compiled body for ./dev dump: IL and machine code side by side. */
void jit_dump(CodeInfo *ci, void *file);
#endif
