/* ilasm_main.c: options and phases.
 * Options are those of the known tool, after `-`, `--` or `/`, in any case, recognised by their first three letters; a value follows `=`
 * or `:`. */
#include "ilasm/ilasm_int.h"

#include "os/os_file.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "Usage: stator ilasm [options] FILE...\n\n"
    "Assembles text in the IL assembler's language to a .NET image.\n\n"
    "  -exe, -dll           what to make (default: -exe)\n"
    "  -output=FILE         default: the first source's name with .exe or .dll\n"
    "  -debug[=impl|opt]    write a portable PDB and mark the image as debuggable; impl, opt: lines are those of the text,\n"
    "                       without or with optimised code\n"
    "  -pdb[=FILE]          write a portable PDB without that mark\n"
    "  -key=FILE            sign with the key pair in FILE (.snk)\n"
    "  -resource=FILE       Win32 resources (.res)\n"
    "  -include=DIR         where #include looks (may be repeated)\n"
    "  -aname=NAME          the assembly's name, instead of the one in .assembly\n"
    "  -mdv=TEXT            version string of the metadata\n"
    "  -optimize            short forms of instructions where they do\n"
    "  -fold                methods with the same body share one\n"
    "  -noautoinherit       classes without 'extends' have no base class\n"
    "  -subsystem=N, -ssver=N.N, -flags=N, -alignment=N, -base=N, -stack=N   header fields, before those of the text\n"
    "  -pe64, -x64, -arm, -arm64, -32bitpreferred, -appcontainer, -highentropyva, -stripreloc, -nocorstub\n"
    "  -deterministic       accepted: the same text always gives the same file (adds the mark that says so)\n"
    "  -clock               how long it took\n"
    "  -nologo, -quiet      accepted: there is no chatter\n"
    "  -help                this text\n\n"
    "Exit code: 0 done; 1 errors in the text, no file; 2 bad arguments.\n";

/* --- phases --- */

static void start(Asm *a, const IlasmOptions *opt, bool quiet)
{
    a->opt = *opt;
    a->quiet = quiet;
    arena_init(&a->arena, 1 << 16);
    a->pe = pew_new(opt->pe64, !opt->no_cor_stub && opt->machine != ILASM_ARM && opt->machine != ILASM_ARM64);
    a->w = mdw_new();
    static const u8 none[16];
    MDW_ADD(a->w, Module, 0, 0, mdw_guid(a->w, none), 0, 0);
    ia_words_init(a);
}

static void finish(Asm *a)
{
    ia_body_free(a);
    for (u32 i = 0; i < a->sources.len; i++) vec_free(&a->sources.data[i].lines);
    vec_free(&a->sources);
    for (u32 i = 0; i < a->maps.len; i++) os_file_unmap(&a->maps.data[i]);
    vec_free(&a->maps);
    vec_free(&a->toks);
    vec_free(&a->bytes);
    vec_free(&a->param_toks);
    vec_free(&a->syms);
    base_free(a->sym_slots);
    vec_free(&a->classes);
    vec_free(&a->gparams);
    vec_free(&a->fields);
    vec_free(&a->methods);
    vec_free(&a->params);
    vec_free(&a->items);
    vec_free(&a->aliases);
    Map64 *const maps[] = {&a->class_index, &a->typeref_index, &a->field_index, &a->method_index, &a->assembly_index, &a->module_index,
        &a->file_index, &a->exported_index, &a->label_index, &a->folded};
    for (u32 i = 0; i < ARRAY_LEN(maps); i++) map64_free(maps[i]);
    buf_free(&a->sig);
    buf_free(&a->tmp);
    buf_free(&a->public_key);
    vec_free(&a->labels);
    vec_free(&a->fixes);
    vec_free(&a->field_data);
    vec_free(&a->slot_tables);
    vec_free(&a->slots);
    vec_free(&a->docs);
    vec_free(&a->points);
    vec_free(&a->scopes);
    vec_free(&a->scope_vars);
    vec_free(&a->debug);
    mdw_free(a->w);
    pew_free(a->pe);
    arena_free(&a->arena);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Tokens are there: everything else */
static bool assemble(Asm *a, u8 **image, size_t *size, u8 **pdb, size_t *pdb_size)
{
    ia_lex_end(a);
    ia_index(a);
    ia_heads(a);
    if (!a->has_module) mdw_set(a->w, MDT_Module, 1, MDC_Module_Name, mdw_string(a->w, a->opt.output ? base_name(a->opt.output) : "module"));
    ia_items(a);
    if (!a->opt.dll && !a->entry_set) ia_errorf(a, 0, "no .entrypoint: a program needs one (-dll makes a library)");
    ia_place_data(a);
    return !a->errors && ia_write(a, image, size, pdb, pdb_size);
}

int ilasm_memory(const IlasmOptions *opt, const IlasmText *texts, u32 count, bool quiet, u8 **image, size_t *size)
{
    Asm a = {0};
    u8 *pdb = NULL;
    size_t pdb_size = 0;
    *image = NULL;
    *size = 0;
    start(&a, opt, quiet);
    for (u32 i = 0; i < count; i++) ia_lex_text(&a, texts[i].name, texts[i].data, texts[i].size);
    assemble(&a, image, size, &pdb, &pdb_size);
    base_free(pdb);
    int code = a.errors != 0;
    finish(&a);
    return code;
}

/* --- options --- */

typedef struct Command {
    IlasmOptions o;
    VEC(const char *) files;
    bool help, want_pdb;
} Command;

static bool number(const char *v, u64 *n)
{
    char *end;
    errno = 0;
    *n = strtoull(v, &end, 0);
    return *v && !*end && errno == 0;
}

static bool two_numbers(const char *v, u32 *x, u32 *y)
{
    unsigned p, q;
    char rest;
    if (sscanf(v, "%u.%u%c", &p, &q, &rest) != 2) return false;
    *x = p, *y = q;
    return true;
}

static bool match(const char *a, const char *name)
{
    size_t n = strcspn(a, "=:");
    return n >= 3 && n <= strlen(name) && strncasecmp(a, name, n) == 0;
}

static bool flag_option(Command *c, const char *a)
{
    IlasmOptions *o = &c->o;
    if (strcasecmp(a, "dll") == 0) o->dll = true;
    else if (strcasecmp(a, "exe") == 0) o->dll = false;
    else if (match(a, "nologo") || match(a, "quiet") || match(a, "errorrecovery")) o->quiet = true;
    else if (match(a, "noautoinherit")) o->no_auto_inherit = true;
    else if (match(a, "nocorstub")) o->no_cor_stub = true;
    else if (match(a, "optimize")) o->optimize = true;
    else if (match(a, "fold")) o->fold = true;
    else if (match(a, "deterministic")) o->deterministic = true;
    else if (match(a, "clock")) o->clock = true;
    else if (match(a, "appcontainer")) o->app_container = true;
    else if (match(a, "highentropyva")) o->high_entropy = true;
    else if (match(a, "stripreloc")) o->strip_reloc = true;
    else if (match(a, "32bitpreferred")) o->prefer32 = true;
    else if (match(a, "pe64")) o->pe64 = true;
    else if (match(a, "x64")) o->pe64 = true, o->machine = ILASM_X64;
    else if (strcasecmp(a, "arm64") == 0) o->pe64 = true, o->machine = ILASM_ARM64;
    else if (strcasecmp(a, "arm") == 0) o->machine = ILASM_ARM;
    else if (match(a, "pdb")) o->debug = o->debug ? o->debug : ILASM_DEBUG_PDB;
    else if (match(a, "debug")) o->debug = ILASM_DEBUG_FULL;
    else if (match(a, "listing")) fputs("ilasm: -listing: there are no listings; `stator ildasm` shows what was made\n", stderr);
    else if (strcasecmp(a, "help") == 0 || strcmp(a, "?") == 0 || strcmp(a, "h") == 0) c->help = true;
    else return false;
    return true;
}

/* NULL: fine; else what is wrong */
static const char *value_option(Command *c, const char *a, const char *v)
{
    IlasmOptions *o = &c->o;
    u64 n;
    if (match(a, "output")) o->output = v;
    else if (match(a, "key")) o->key = v;
    else if (match(a, "resource")) o->resource = v;
    else if (match(a, "pdb")) o->pdb = v, o->debug = o->debug ? o->debug : ILASM_DEBUG_PDB;
    else if (match(a, "mdv")) o->mdv = v;
    else if (match(a, "aname")) o->aname = v;
    else if (match(a, "include")) {
        if (o->include_count == ARRAY_LEN(o->include)) return "too many -include";
        o->include[o->include_count++] = v;
    } else if (match(a, "debug")) {
        if (strncasecmp(v, "impl", 4) == 0) o->debug = ILASM_DEBUG_IMPL;
        else if (strncasecmp(v, "opt", 3) == 0) o->debug = ILASM_DEBUG_OPT;
        else return "-debug=impl or -debug=opt";
    } else if (match(a, "ssver")) {
        if (!two_numbers(v, &o->ss_major, &o->ss_minor)) return "-ssver=MAJOR.MINOR";
    } else if (match(a, "msv")) {
        if (!two_numbers(v, &o->ms_major, &o->ms_minor)) return "-msv=MAJOR.MINOR";
        if (o->ms_major != 2 || o->ms_minor != 0) return "-msv: only version 2.0 of the tables is written";
    } else if (!number(v, &n)) {
        bool known = match(a, "subsystem") || match(a, "flags") || match(a, "alignment") || match(a, "base") || match(a, "stack");
        return known ? "a number is wanted" : "no such option";
    } else if (match(a, "subsystem")) o->subsystem = (u32)n, o->has_subsystem = true;
    else if (match(a, "flags")) o->flags = (u32)n, o->has_flags = true;
    else if (match(a, "base")) o->base = n, o->has_base = true;
    else if (match(a, "stack")) o->stack = n, o->has_stack = true;
    else if (match(a, "alignment")) {
        if (n < 0x200 || n > 0x10000 || (n & (n - 1))) return "-alignment: a power of two from 512 to 65536";
        o->alignment = (u32)n, o->has_alignment = true;
    } else return "no such option";
    return NULL;
}

static bool bad_argument(const char *arg, const char *why)
{
    fprintf(stderr, "ilasm: %s: %s (see -help)\n", arg, why);
    return false;
}

/* Options that older tools have; NULL: not one of them */
static const char *refusal(const char *a)
{
    if (match(a, "enc")) return "deltas for edit and continue are the compilers' to make; there is no form of them in text";
    if (match(a, "itanium")) return "the machines are -x64, -arm and -arm64";
    if (strncasecmp(a, "key", 3) == 0 && a[strcspn(a, "=:")] && a[strcspn(a, "=:") + 1] == '@')
        return "there are no key containers here; -key=FILE takes a .snk file";
    return NULL;
}

static bool read_args(Command *c, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        bool slash = a[0] == '/' && !strchr(a + 1, '/') && access(a, F_OK) != 0;
        if (!slash && (a[0] != '-' || !a[1])) {
            vec_push(&c->files, a);
            continue;
        }
        a += a[0] == '-' && a[1] == '-' ? 2 : 1;
        const char *v = a + strcspn(a, "=:");
        const char *refused = refusal(a);
        if (refused) return bad_argument(argv[i], refused);
        if (!*v ? flag_option(c, a) : false) continue;
        if (!*v) return bad_argument(argv[i], "no such option, or it wants a value");
        const char *why = value_option(c, a, v + 1);
        if (why) return bad_argument(argv[i], why);
    }
    if (c->help || c->files.len) return true;
    return bad_argument("ilasm", "which file?");
}

/* --- files --- */

static char *with_suffix(const char *path, const char *suffix)
{
    const char *dot = strrchr(base_name(path), '.');
    return base_asprintf("%.*s%s", (int)(dot && dot != base_name(path) ? dot - path : (ptrdiff_t)strlen(path)), path, suffix);
}

static bool write_file(const char *path, const u8 *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    bool ok = f && fwrite(data, 1, size, f) == size;
    if (f && fclose(f) != 0) ok = false;
    if (!ok) fprintf(stderr, "ilasm: cannot write %s: %s\n", path, strerror(errno));
    return ok;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run(Command *c)
{
    Asm a = {0};
    u8 *image = NULL, *pdb = NULL;
    size_t size = 0, pdb_size = 0;
    double begin = now();
    char *made = c->o.output ? NULL : with_suffix(c->files.data[0], c->o.dll ? ".dll" : ".exe");
    if (made) c->o.output = made;
    char *made_pdb = c->o.pdb ? NULL : with_suffix(c->o.output, ".pdb");
    if (made_pdb) c->o.pdb = made_pdb;
    start(&a, &c->o, false);
    for (u32 i = 0; i < c->files.len; i++) {
        const char *f = c->files.data[i];
        char *il = !strchr(base_name(f), '.') && access(f, F_OK) != 0 ? base_asprintf("%s.il", f) : NULL;
        ia_lex_file(&a, il ? arena_strdup(&a.arena, il) : f);
        base_free(il);
    }
    double lexed = now();
    bool ok = assemble(&a, &image, &size, &pdb, &pdb_size);
    ok = ok && write_file(c->o.output, image, size) && (!pdb || write_file(c->o.pdb, pdb, pdb_size));
    if (c->o.clock) fprintf(stderr, "ilasm: %u tokens in %.3f s, all in %.3f s\n", a.tok_count, lexed - begin, now() - begin);
    if (a.errors && !a.quiet) fprintf(stderr, "ilasm: %u error%s, no file written\n", a.errors, a.errors == 1 ? "" : "s");
    base_free(image);
    base_free(pdb);
    finish(&a);
    base_free(made);
    base_free(made_pdb);
    return ok ? 0 : 1;
}

int ilasm_main(int argc, char **argv)
{
    Command c = {0};
    int code = 2;
    if (read_args(&c, argc, argv)) {
        if (c.help) {
            fputs(usage, stdout);
            code = 0;
        } else {
            code = run(&c);
        }
    }
    vec_free(&c.files);
    return code;
}
