/* ildasm_main.c: the order of a listing, and where it goes. */
#include "ildasm/ildasm_int.h"

#include "base/utf.h"
#include "os/os_file.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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
    if (o->metadata & ILDASM_MD_ROWS) put_tables(d);
    if (o->metadata & ~(u32)ILDASM_MD_ROWS) put_raw_metadata(d);
    if (o->item) return put_item(d, o->item);
    if (o->metadata || !d->pe) return true;
    put_manifest(d);
    dis_check_order(d);
    dis_check_classes(d);
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
    arena_init(&d->arena, MAX((size_t)1 << 12, MIN((size_t)1 << 18, (pe ? pe->size : m->root_size) / 4)));
    d->has_slots = pe && pe_rva_range(pe, pe->dirs[14].rva, 72) && pe_u32(pe_rva_range(pe, pe->dirs[14].rva, 72) + 52);
    dis_names_init(d);
    dis_check_start(d);
    if ((d->opt.linenum || d->opt.source) && pe) {
        Err e = {0};
        d->pdb = md_pdb_open_for(pe, &e);
        if (!d->pdb) dis_problem(d, 0, "no portable PDB: %s", e.text);
    }
    dis_collect_data(d);
    bool found = put_image(d);
    if (!found) dis_problem(d, 0, "no such item: %s", d->opt.item);
    dis_sources_free(d);
    if (d->pdb) md_pdb_close(d->pdb);
    dis_names_free(d);
    return d->problems ? 1 : 0;
}

/* The metadata that is to be shown: the image's, bare metadata (a portable PDB, or cut out of an image), or the manifest of a precompiled image */
static bool open_metadata(MdImage *m, PeImage *pe, bool *bare, const IldasmOptions *o, const u8 *data, size_t size, Err *e)
{
    *pe = (PeImage){0};
    *bare = size > 4 && memcmp(data, "BSJB", 4) == 0;
    if (*bare) return md_open_blob(m, data, size, e);
    if (!pe_open_memory(pe, data, size, false, o->file, e)) return false;
    if (o->r2r_metadata) {
        u32 n;
        const u8 *p = dis_r2r_metadata(pe, &n);
        *bare = true;
        if (!p) return err_set(e, ERR_BAD_IMAGE, 0, "-r2rnativemetadata is for precompiled images that are not part of a composite one");
        return md_open_blob(m, p, n, e);
    }
    return md_open(m, pe, e);
}

int ildasm_memory(const IldasmOptions *opt, const u8 *data, size_t size, bool quiet, char **text, size_t *len, u32 *problems)
{
    Dis d = {.opt = *opt, .quiet = quiet};
    PeImage pe;
    MdImage m;
    Err e = {0};
    bool bare;
    *text = NULL;
    *len = 0;
    *problems = 1;
    if (!open_metadata(&m, &pe, &bare, opt, data, size, &e)) {
        if (!quiet) fprintf(stderr, "ildasm: %s: no managed image: %s\n", opt->file ? opt->file : "image", e.text[0] ? e.text : "bad metadata");
        if (pe.data) pe_close(&pe);
        return 1;
    }
    if (bare && !d.opt.metadata) d.opt.metadata = ILDASM_MD_ROWS;
    int code = run(&d, &m, bare ? NULL : &pe);
    md_close(&m);
    if (pe.data) pe_close(&pe);
    *text = d.buf;
    *len = MIN(d.len, d.limit);
    *problems = d.problems;
    return code;
}

/* --- the command --- */

static bool has_high(const char *p, size_t n)
{
    size_t i = 0;
    u64 word, high = 0;
    for (; i + 8 <= n && !high; i += 8) memcpy(&word, p + i, 8), high = word & 0x8080808080808080;
    for (; i < n && !high; i++) high = (u8)p[i] & 0x80;
    return high != 0;
}

static bool write_all(FILE *f, const char *p, size_t n)
{
    return fwrite(p, 1, n, f) == n && fflush(f) == 0;
}

static bool write_file(const IldasmOptions *o, const char *text, size_t n)
{
    FILE *f = fopen(o->out, "wb");
    bool ok = f != NULL;
    if (ok && o->unicode) {
        size_t units = utf8_to_utf16_len(text, n);
        char16 *wide = base_malloc((units + 1) * 2);
        wide[0] = 0xFEFF;
        utf8_to_utf16(text, n, wide + 1);
        ok = write_all(f, (const char *)wide, (units + 1) * 2);
        base_free(wide);
    } else {
        if (ok && !o->json && has_high(text, n)) ok = fwrite("\xEF\xBB\xBF", 1, 3, f) == 3; /* assemblers elsewhere want the mark */
        ok = ok && write_all(f, text, n);
    }
    if (f && fclose(f) != 0) ok = false;
    if (!ok) fprintf(stderr, "ildasm: cannot write %s: %s\n", o->out, strerror(errno));
    return ok;
}

static bool write_console(const IldasmOptions *o, const char *text, size_t n)
{
    const char *pager = getenv("PAGER");
    FILE *f = o->pager && isatty(STDOUT_FILENO) ? popen(pager && *pager ? pager : "less -R", "w") : NULL;
    bool ok = write_all(f ? f : stdout, text, n);
    if (f) pclose(f);
    return ok || f || errno == EPIPE;
}

static int write_out(const IldasmOptions *o, const char *text, size_t n)
{
    bool terminal = !o->out && isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
    bool colour = o->colour == ILDASM_COLOUR_ALWAYS || (o->colour == ILDASM_COLOUR_AUTO && terminal);
    char *painted = !o->json && (colour || o->html) ? dis_colour(text, n, o->html, &n) : NULL;
    const char *all = painted ? painted : text;
    bool ok = o->out ? write_file(o, all, n) : write_console(o, all, n);
    base_free(painted);
    return ok ? 0 : 1;
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
    int stop = dis_read_args(&o, argc, argv);
    if (stop >= 0) return stop;
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
