/* ildasm_source.c: what the portable PDB says of a place in the code: .line with its document, and with -source the lines themselves.
 * A hidden sequence point is the line that PDBs use for it, so that the text assembles to the same points. */
#include "ildasm/ildasm_int.h"

#include "os/os_file.h"

struct DisSource {
    char *text; /* NULL: not looked for yet, or not there */
    size_t size;
    bool tried;
    u32 line;   /* of the place where `at` is */
    size_t at;
    u32 first, last; /* lines shown last */
};

static struct DisSource *find_source(Dis *d, u32 document, const char *name)
{
    u32 rows = md_rows(md_pdb_image(d->pdb), MDT_Document);
    if (document == 0 || document > rows) return NULL;
    if (!d->sources) d->sources = ARENA_NEW_ARRAY(&d->arena, struct DisSource, rows + 1);
    struct DisSource *s = &d->sources[document];
    if (s->tried) return s;
    s->tried = true;
    if (!md_pdb_embedded_source(d->pdb, document, &s->text, &s->size) && (!os_file_exists(name) || !os_file_read(name, &s->text, &s->size, NULL)))
        dis_problem(d, MD_TOKEN(MDT_Document, document), "the source %s is neither in the PDB nor there", name);
    s->line = 1;
    return s;
}

/* Moves to a line; false: there are not so many. */
static bool seek_line(struct DisSource *s, u32 line)
{
    if (line < s->line) s->line = 1, s->at = 0;
    while (s->line < line) {
        const char *nl = s->at < s->size ? memchr(s->text + s->at, '\n', s->size - s->at) : NULL;
        if (!nl) return false;
        s->at = (size_t)(nl + 1 - s->text);
        s->line++;
    }
    return s->at < s->size;
}

static void put_source(Dis *d, const MdSeqPoint *p, const char *name)
{
    struct DisSource *s = find_source(d, p->document, name);
    if (!s || !s->text || (s->first == p->start_line && s->last == p->end_line)) return;
    s->first = p->start_line, s->last = p->end_line;
    for (u32 line = p->start_line; line <= p->end_line && seek_line(s, line) && !d->full; line++) {
        const char *from = s->text + s->at, *nl = memchr(from, '\n', s->size - s->at);
        size_t n = nl ? (size_t)(nl - from) : s->size - s->at;
        while (n && (from[n - 1] == '\r' || from[n - 1] == '\\')) n--; /* a backslash there would join the next line to the comment */
        put_indent(d);
        putf(d, "// %6u: ", line);
        for (size_t i = 0; i < n; i++) put_ch(d, (u8)from[i] < 0x20 ? ' ' : from[i]);
        put_ch(d, '\n');
    }
}

static void put_language(Dis *d, u32 document)
{
    const MdImage *m = md_pdb_image(d->pdb);
    u32 index = md_Document_Language(m, document);
    const u8 *g = md_guid(m, index);
    if (!g || index == d->language) return;
    d->language = index;
    put_indent(d);
    putf(d, ".language '{%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}'\n", pe_u32(g), pe_u16(g + 4), pe_u16(g + 6), g[8], g[9], g[10], g[11],
        g[12], g[13], g[14], g[15]);
}

void put_line(Dis *d, const MdSeqPoint *p)
{
    char name[1024];
    md_pdb_document_name(d->pdb, p->document, name, sizeof(name));
    if (d->opt.source && p->start_line != MD_PDB_HIDDEN) put_source(d, p, name);
    if (!d->opt.linenum) return;
    put_language(d, p->document);
    put_indent(d);
    putf(d, ".line %u,%u : %u,%u ", p->start_line, p->end_line, p->start_column, p->end_column);
    put_quoted(d, name, strlen(name), '\'');
    put_ch(d, '\n');
}

void put_first_line(Dis *d)
{
    if (d->pdb && d->opt.linenum && md_rows(md_pdb_image(d->pdb), MDT_Document))
        put_line(d, &(MdSeqPoint){.document = 1, .start_line = MD_PDB_HIDDEN, .end_line = MD_PDB_HIDDEN});
}

void dis_sources_free(Dis *d)
{
    u32 n = d->sources ? md_rows(md_pdb_image(d->pdb), MDT_Document) : 0;
    for (u32 i = 1; i <= n; i++) base_free(d->sources[i].text);
    d->sources = NULL;
}
