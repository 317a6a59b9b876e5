/* ildasm.h: the disassembler: an image as ILAsm text, as a list of its metadata, or as JSON.
 * Files: ildasm_main.c (an image's listing, the output file), ildasm_options.c and .def (the command line), ildasm_out.c (the growing
 * text), ildasm_colour.c (its forms with colours), ildasm_name.c (names, quotes, references to types), ildasm_sig.c (signatures,
 * members), ildasm_index.c (what rows have), ildasm_value.c (constants, attributes, marshalling, security), ildasm_verbal.c (attributes
 * in words), ildasm_body.c (instructions, clauses), ildasm_source.c (lines of the source), ildasm_type.c (classes and their members),
 * ildasm_item.c (which of them are shown), ildasm_manifest.c (assembly, files, resources, data), ildasm_export.c (slots for native
 * callers), ildasm_tables.c and ildasm_raw.c (-metadata), ildasm_headers.c (-headers, -stats), ildasm_json.c (-json).
 * Data: one Dis a run (ildasm_int.h): the image, the options, the text so far, names already worked out.
 * Invariants: the text assembles to the same tables and code; what an image has that ILAsm cannot say is a warning, never a
 * comment that hides it.  Bad bytes are reported and left out; nothing is trusted, and the text has a limit.
 * Words of the language: il/il_words.def, il/il_ops.def.  Book: ildasm.md  Tests: tests/ildasm/, fuzz/fuzz_ildasm.c */
#ifndef ILDASM_ILDASM_H
#define ILDASM_ILDASM_H
#include "base/base.h"

typedef enum IldasmColour { ILDASM_COLOUR_AUTO, ILDASM_COLOUR_ALWAYS, ILDASM_COLOUR_NEVER } IldasmColour;
/* Parts of -metadata */
enum { ILDASM_MD_ROWS = 1, ILDASM_MD_HEADER = 2, ILDASM_MD_SCHEMA = 4, ILDASM_MD_CSV = 8, ILDASM_MD_RAW = 16, ILDASM_MD_HEAPS = 32 };
typedef struct IldasmOptions { /* what each is for: ildasm_options.def */
    const char *file, *out; /* out NULL: standard output */
    const char *item;       /* Class::Method(sig) */
    const char *resources;  /* folder for managed resources; NULL: that of `out`, and none without */
    u32 metadata;           /* ILDASM_MD_… */
    u32 visible;            /* 1 << an access of members, for each that is shown; 0: all */
    bool headers, tokens, bytes, typelist, stats, classlist, linenum, source, json, html, raw_eh, no_il, no_ca, ca_verbal, no_resources, forward;
    bool quote_all, r2r_metadata, unicode, pager;
    IldasmColour colour;
    u64 limit;              /* most bytes of text; 0: a bound in proportion to the file */
} IldasmOptions;

/* `stator ildasm ARGS`: argv[0] is the word ildasm.  Exit code: 0 done; 1 bad image or file, or something of it left out; 2 bad arguments. */
int ildasm_main(int argc, char **argv);
/* The text of an image in memory.  *text is freed by base_free; the exit code as above; what was wrong is counted in *problems and
 * said on standard error unless quiet. */
int ildasm_memory(const IldasmOptions *opt, const u8 *data, size_t size, bool quiet, char **text, size_t *len, u32 *problems);
#endif
