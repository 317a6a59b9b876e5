/* ilasm.h: the IL assembler: text of ILAsm (§II with today's additions) to an image.
 * Files: ilasm_lex.c (text to tokens), ilasm_words.def, ilasm_msg.c (messages with positions), ilasm_index.c (what is declared where),
 * ilasm_type.c (types and signatures), ilasm_ref.c (references to classes and members), ilasm_head.c (classes, fields, methods,
 * properties and events as rows), ilasm_class.c (what belongs to a class besides), ilasm_method.c (statements of a method that are no
 * instructions), ilasm_body.c (instructions, labels, exception clauses), ilasm_attr.c (attributes, security), ilasm_value.c
 * (constants, marshalling), ilasm_manifest.c, ilasm_data.c (.data), ilasm_main.c (options, phases), ilasm_out.c (the files).
 * Data flow: all sources become one array of tokens; the index finds classes and members, so that a reference always finds what it
 * names, wherever it stands; then rows are made in the order of classes, then bodies and attributes in the order of the text.
 * Invariants: input is never trusted; a statement in error is reported once and skipped; a file is written only without errors.
 * Book: ilasm.md  Tests: tests/ilasm/, fuzz/fuzz_ilasm.c */
#ifndef ILASM_ILASM_H
#define ILASM_ILASM_H
#include "base/base.h"

typedef struct IlasmText { /* a source in memory */
    const char *name;
    const void *data;
    size_t size;
} IlasmText;

typedef enum IlasmDebug { ILASM_DEBUG_NONE, ILASM_DEBUG_PDB, ILASM_DEBUG_FULL, ILASM_DEBUG_IMPL, ILASM_DEBUG_OPT } IlasmDebug;
typedef enum IlasmMachine { ILASM_ANY, ILASM_X64, ILASM_ARM, ILASM_ARM64 } IlasmMachine;

typedef struct IlasmOptions {
    const char **files; /* sources */
    u32 file_count;
    const char *output, *pdb, *key, *resource, *mdv, *aname;
    const char *include[16];
    u32 include_count;
    bool dll, quiet, clock, fold, optimize, no_auto_inherit, deterministic;
    bool pe64, strip_reloc, prefer32, app_container, high_entropy, no_cor_stub;
    IlasmDebug debug;
    IlasmMachine machine;
    bool has_subsystem, has_flags, has_alignment, has_base, has_stack;
    u32 subsystem, flags, alignment, ss_major, ss_minor, ms_major, ms_minor;
    u64 base, stack;
} IlasmOptions;

/* Assembles texts in memory; messages go to standard error unless quiet.  The image (and PDB) are base_free'd by the caller; NULL when
 * there were errors.  Exit code: 0, or 1 with errors.  Reads no files but those the text names (#include, .mresource). */
int ilasm_memory(const IlasmOptions *opt, const IlasmText *texts, u32 count, bool quiet, u8 **image, size_t *size);
/* The command: argv[0] is "ilasm" */
int ilasm_main(int argc, char **argv);
#endif
