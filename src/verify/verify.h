/* verify.h: is this IL type safe?  (§III.1.8, and what today's C# needs beyond it.)
 *
 * Files: verify_errors.def (codes and words), verify_value.c (types of values: assignment, merging, words for them), verify_method.c (one
 * method: blocks, merges, protected blocks), verify_ops.c (opcodes), verify_call.c (calls, construction, delegates), verify_span.c (spans
 * over stackalloc and constant data), verify_meta.c (rows of
 * metadata, §II.22), verify_assembly.c (everything in a module, one report).
 * Data: sem_scan gives blocks, handlers and variables; type_resolve_* say what a token means; values carry a TypeHandle in which generic
 * variables stay open, so a method is verified once, in its typical form, for all of its instantiations.
 * Invariants: nothing is run, no class constructor, no managed code; nothing but the types that the code names is loaded.
 * A method with no report may be run: it cannot confuse types, whatever calls it.
 * Book: verify.md  Tests: tests/verify/, tests/unit/verify/ */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H
#include "sem/sem.h"

typedef enum VerifyCode {
    VERIFY_NONE,
#define VERIFY_ERROR(id, text) VERIFY_##id,
#include "verify/verify_errors.def"
#undef VERIFY_ERROR
    VERIFY_CODE_COUNT
} VerifyCode;
const char *verify_code_name(VerifyCode c); /* "StackUnexpected" */
const char *verify_code_text(VerifyCode c); /* one sentence */
VerifyCode verify_code_by_name(const char *name); /* VERIFY_NONE: there is none; case does not count */

typedef struct VerifyIssue {
    VerifyCode code;
    Module *module;
    Method *method;       /* NULL: of a type or of metadata */
    MethodTable *type;    /* of a type, or NULL */
    u32 token;            /* MethodDef, TypeDef or row */
    u32 offset;           /* of the instruction; UINT32_MAX: none */
    const char *found, *expected; /* "" when they do not apply; valid during the call */
    const char *detail;   /* more words, or "" */
} VerifyIssue;
typedef struct VerifySink {
    void (*report)(void *arg, const VerifyIssue *i);
    void *arg;
} VerifySink;

/* Verifies one method's body in its typical form (no body: nothing to do); how many issues were reported.
 * scan: the compiler's, taken over when it is of that form; NULL: there is none. */
u32 verify_method(Method *m, const SemWalk *scan, Arena *a, const VerifySink *sink);
/* Every row of the metadata (§II.22): ranges, order, duplicates, signatures. */
u32 verify_metadata(Module *m, const VerifySink *sink);
typedef struct VerifyCounts { u32 types, methods, bodies, il_bytes, issues; } VerifyCounts;
typedef struct VerifyFilter {
    bool (*method)(void *arg, Method *m); /* NULL: all.  False: leave it out */
    void *arg;
} VerifyFilter;
/* Loads and verifies every type and method of the module. */
void verify_module(Module *m, const VerifyFilter *filter, const VerifySink *sink, VerifyCounts *counts);
/* "[assembly : Ns.Type::Method(int32)][offset 0x00000005][found ...][expected ...] text"; the length it wanted */
size_t verify_issue_text(const VerifyIssue *i, char *buf, size_t n);

/* What verify_method knew of the stack where each block begins: for tests that compare it with the compiler's walk. */
typedef void (*VerifyMergeHook)(void *arg, const SemBlock *b, u32 depth, const u8 *kinds);
u32 verify_method_merges(Method *m, Arena *a, const VerifySink *sink, VerifyMergeHook hook, void *arg);
#endif
