/* ildasm_main.c: options, and the order of a listing.
 * Options are those of the known tool, after `-`, `--` or `/`, in any case, recognised by their first three letters; what this one
 * adds has its whole name.  A value follows `=` or `:`. */
#include "ildasm/ildasm_int.h"

#include "os/os_file.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

static const char usage[] =
    "Usage: stator ildasm [options] FILE\n\n"
    "Writes a .NET assembly as text in the IL assembler's language.\n\n"
    "  -out=FILE            write to FILE (managed resources beside it) instead of standard output\n"
    "  -item=CLASS[::METHOD[(SIG)]]   only that class, or the methods of that name: -item='Ns.App::Main(string[])'\n"
    "  -metadata            every table of the metadata, row by row, with tokens\n"
    "  -headers             PE, CLI and metadata headers, and where each method is\n"
    "  -stats               what takes how much room\n"
    "  -classlist           the classes, as comments\n"
    "  -all                 -headers -bytes -stats -classlist -tokens\n"
    "  -tokens              metadata tokens as comments\n"
    "  -bytes               the bytes of instructions as comments\n"
    "  -typelist            a .typelist, which keeps the order of types\n"
    "  -linenum             .line directives from the portable PDB (in the file or beside it)\n"
    "  -raweh               exception clauses by labels, not as blocks\n"
    "  -pubonly             public and family types only\n"
    "  -noil                no instructions\n"
    "  -noca                no custom attributes\n"
    "  -noresources         with -out: do not write managed resources\n"
    "  -resources=DIR       write managed resources to DIR\n"
    "  -json                the same facts as JSON; with -metadata the tables\n"
    "  -color=WHEN          always, never, or auto: on a terminal\n"
    "  -pager               through $PAGER (less -R)\n"
    "  -utf8                accepted: the text always is UTF-8\n"
    "  -help                this text\n\n"
    "Exit code: 0 done; 1 the file is bad, or parts of it were left out; 2 bad arguments.\n";

/* --- one image --- */

static void put_classlist(Dis *d)
{
    put_lit(d, "// ----- Classes\n");
    for (u32 r = 1; r <= md_rows(d->m, MDT_TypeDef) && !d->full; r++) {
        put_lit(d, "//   ");
        put_flags(d, dis_type_flags, md_TypeDef_Flags(d->m, r));
        put_class(d, MD_TOKEN(MDT_TypeDef, r));
        put_ch(d, '\n');
    }
    put_ch(d, '\n');
}

static bool put_image(Dis *d)
{
    const IldasmOptions *o = &d->opt;
    if (o->json) {
        put_json_image(d);
        return true;
    }
    if (o->headers) put_headers(d);
    if (o->stats) put_stats(d);
    if (o->classlist) put_classlist(d);
    if (o->metadata) put_tables(d);
    if (o->item) return put_item(d, o->item);
    if (o->metadata || !d->pe) return true;
    put_manifest(d);
    put_all_types(d);
    put_far_attributes(d);
    put_data(d);
    return true;
}

static int run(Dis *d, MdImage *m, const PeImage *pe)
{
    d->m = m;
    d->pe = pe;
    d->limit = d->opt.limit ? d->opt.limit : ((u64)1 << 26) + 400 * (u64)(pe ? pe->size : m->root_size);
    arena_init(&d->arena, 1 << 18);
    d->has_slots = pe && pe_rva_range(pe, pe->dirs[14].rva, 72) && pe_u32(pe_rva_range(pe, pe->dirs[14].rva, 72) + 52);
    dis_names_init(d);
    if (d->opt.linenum && pe) {
        Err e = {0};
        d->pdb = md_pdb_open_for(pe, &e);
        if (!d->pdb) dis_problem(d, 0, "no portable PDB: %s", e.text);
    }
    dis_collect_data(d);
    bool found = put_image(d);
    if (!found) dis_problem(d, 0, "no such item: %s", d->opt.item);
    if (d->pdb) md_pdb_close(d->pdb);
    dis_names_free(d);
    return d->problems ? 1 : 0;
}

int ildasm_memory(const IldasmOptions *opt, const u8 *data, size_t size, bool quiet, char **text, size_t *len, u32 *problems)
{
    Dis d = {.opt = *opt, .quiet = quiet};
    PeImage pe;
    MdImage m;
    Err e = {0};
    *text = NULL;
    *len = 0;
    *problems = 1;
    bool bare = size > 4 && memcmp(data, "BSJB", 4) == 0; /* a portable PDB, or metadata cut out of an image */
    if (bare ? !md_open_blob(&m, data, size, &e) : !pe_open_memory(&pe, data, size, false, opt->file, &e)) {
        if (!quiet) fprintf(stderr, "ildasm: %s: no managed image: %s\n", opt->file ? opt->file : "image", e.text[0] ? e.text : "bad metadata");
        return 1;
    }
    if (!bare && !md_open(&m, &pe, &e)) {
        if (!quiet) fprintf(stderr, "ildasm: %s: bad metadata: %s\n", opt->file ? opt->file : "image", e.text);
        pe_close(&pe);
        return 1;
    }
    if (bare) d.opt.metadata = true;
    int code = run(&d, &m, bare ? NULL : &pe);
    md_close(&m);
    if (!bare) pe_close(&pe);
    *text = d.buf;
    *len = MIN(d.len, d.limit);
    *problems = d.problems;
    return code;
}

/* --- the command --- */

static bool match(const char *arg, const char *name, size_t n)
{
    return n >= 3 && n <= strlen(name) && strncasecmp(arg, name, n) == 0;
}

/* An option's switch: false if it is none */
static bool set_option(IldasmOptions *o, const char *a, size_t n, const char *value)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {{"metadata", &o->metadata}, {"headers", &o->headers}, {"tokens", &o->tokens}, {"bytes", &o->bytes}, {"typelist", &o->typelist},
        {"stats", &o->stats}, {"statistics", &o->stats}, {"classlist", &o->classlist}, {"linenum", &o->linenum},
        {"json", &o->json}, {"raweh", &o->raw_eh},
        {"noil", &o->no_il},
        {"noca", &o->no_ca}, {"noresources", &o->no_resources}, {"pubonly", &o->visible_only}, {"pager", &o->pager}, {"forward", &o->forward}};
    for (u32 i = 0; i < ARRAY_LEN(flags); i++)
        if (match(a, flags[i].name, n)) return *flags[i].flag = true;
    if (match(a, "all", n)) return o->headers = o->bytes = o->stats = o->classlist = o->tokens = true;
    if (match(a, "utf8", n) || match(a, "nobar", n) || match(a, "text", n) || match(a, "quoteallnames", n)) return true;
    if (!value || !*value) return false;
    if (match(a, "out", n)) return (o->out = value) != NULL;
    if (match(a, "item", n)) return (o->item = value) != NULL;
    if (match(a, "resources", n)) return (o->resources = value) != NULL;
    if (match(a, "color", n) || match(a, "colour", n)) {
        o->colour = strcmp(value, "always") == 0 ? ILDASM_COLOUR_ALWAYS : strcmp(value, "never") == 0 ? ILDASM_COLOUR_NEVER : ILDASM_COLOUR_AUTO;
        return o->colour != ILDASM_COLOUR_AUTO || strcmp(value, "auto") == 0;
    }
    return false;
}

/* 0: go on; else the exit code plus one */
static int read_args(IldasmOptions *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i];
        bool slash = a[0] == '/' && !strchr(a + 1, '/') && access(a, F_OK) != 0;
        if ((a[0] == '-' && a[1]) || slash) {
            a += a[0] == '-' && a[1] == '-' ? 2 : 1;
            size_t n = strcspn(a, "=:");
            if (strcasecmp(a, "help") == 0 || strcmp(a, "?") == 0 || strcmp(a, "h") == 0) {
                fputs(usage, stdout);
                return 1;
            }
            if (!set_option(o, a, n, a[n] ? a + n + 1 : NULL)) {
                fprintf(stderr, "ildasm: no such option, or no value: %s (see -help)\n", argv[i]);
                return 3;
            }
        } else if (o->file) {
            fprintf(stderr, "ildasm: more than one file: %s\n", a);
            return 3;
        } else {
            o->file = a;
        }
    }
    if (o->file) return 0;
    fprintf(stderr, "ildasm: which file?\n%s", usage);
    return 3;
}

static bool has_high(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((u8)p[i] >= 0x80) return true;
    return false;
}

static bool write_all(FILE *f, const char *p, size_t n)
{
    return fwrite(p, 1, n, f) == n && fflush(f) == 0;
}

static int write_out(const IldasmOptions *o, const char *text, size_t n)
{
    if (o->out) {
        FILE *f = fopen(o->out, "wb");
        bool ok = f != NULL;
        if (ok && !o->json && has_high(text, n)) ok = fwrite("\xEF\xBB\xBF", 1, 3, f) == 3; /* assemblers elsewhere want the mark */
        ok = ok && write_all(f, text, n);
        if (f && fclose(f) != 0) ok = false;
        if (!ok) fprintf(stderr, "ildasm: cannot write %s: %s\n", o->out, strerror(errno));
        return ok ? 0 : 1;
    }
    bool terminal = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
    bool colour = !o->json && (o->colour == ILDASM_COLOUR_ALWAYS || (o->colour == ILDASM_COLOUR_AUTO && terminal));
    size_t len = n;
    char *painted = colour ? dis_colour(text, n, &len) : NULL;
    const char *pager = getenv("PAGER");
    FILE *f = o->pager && isatty(STDOUT_FILENO) ? popen(pager && *pager ? pager : "less -R", "w") : NULL;
    bool ok = write_all(f ? f : stdout, painted ? painted : text, len);
    if (f) pclose(f);
    base_free(painted);
    return ok || f || errno == EPIPE ? 0 : 1;
}

/* Folder of the output file: "" for the current one */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = base_strdup(path);
    dir[slash ? slash - path + (slash == path) : 0] = 0;
    return dir;
}

int ildasm_main(int argc, char **argv)
{
    IldasmOptions o = {0};
    int stop = read_args(&o, argc, argv);
    if (stop) return stop - 1;
    OsFileMap map;
    Err e = {0};
    if (!os_file_map(o.file, &map, &e)) {
        fprintf(stderr, "ildasm: cannot read %s: %s\n", o.file, e.text);
        return 1;
    }
    char *dir = o.out && !o.resources && !o.item ? folder_of(o.out) : NULL;
    if (dir) o.resources = dir;
    char *text;
    size_t n;
    u32 problems;
    int code = ildasm_memory(&o, map.data, map.size, false, &text, &n, &problems);
    if (text) {
        int wrote = write_out(&o, text, n);
        code = MAX(code, wrote);
        if (problems) fprintf(stderr, "ildasm: %s: %u problems\n", o.file, problems);
    }
    base_free(text);
    base_free(dir);
    os_file_unmap(&map);
    return code;
}
