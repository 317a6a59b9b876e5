/* md_pdb.c: find and read portable PDBs: documents, sequence points, names of locals.
 * In: an image, or a PDB's bytes.  Out: MdPdb, which owns inflated or mapped bytes.
 * An embedded PDB is deflated (RFC 1951): read with zlib; without it (STATOR_ZLIB unset) it counts as absent.
 * Not here: putting lines into stack traces (CoreLib asks).  Book: md.md  Tests: tests/unit/md/ */
#include "md/md_pdb.h"
#include "md/md_sig.h"
#include <stdio.h>
#ifdef STATOR_ZLIB
#include <zlib.h>
#endif

struct MdPdb {
    MdImage md;
    u8 *owned;    /* inflated bytes */
    OsFileMap map;
    bool mapped;
};

enum { MAX_PDB_SIZE = 1 << 30 };

static bool no_pdb(Err *e, const char *why)
{
    return err_set(e, ERR_FILE_NOT_FOUND, 0, "%s", why);
}

static MdPdb *finish(MdPdb *p, const u8 *data, size_t size, Err *e)
{
    if (md_open_blob(&p->md, data, size, e) && (p->md.pdb || md_rows(&p->md, MDT_Document))) return p;
    err_set(e, ERR_BAD_IMAGE, 0, "Not a portable PDB.");
    md_pdb_close(p);
    return NULL;
}

MdPdb *md_pdb_open_memory(const u8 *data, size_t size, Err *e)
{
    return finish(base_calloc(1, sizeof(MdPdb)), data, size, e);
}

void md_pdb_close(MdPdb *p)
{
    if (!p) return;
    md_close(&p->md);
    if (p->mapped) os_file_unmap(&p->map);
    base_free(p->owned);
    base_free(p);
}

static u8 *inflate_raw(const u8 *src, u32 size, u32 raw_size)
{
#ifdef STATOR_ZLIB
    /* deflate makes at most about a thousand bytes of one: a size beyond that is a lie, and not allocated */
    if (raw_size > MAX_PDB_SIZE || raw_size / 1100 > size) return NULL;
    u8 *out = base_malloc(raw_size ? raw_size : 1);
    z_stream z = {.next_in = (Bytef *)(uintptr_t)src, .avail_in = size, .next_out = out, .avail_out = raw_size};
    bool ok = inflateInit2(&z, -15) == Z_OK;
    if (ok) {
        ok = inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_out == 0;
        inflateEnd(&z);
    }
    if (ok) return out;
    base_free(out);
#else
    (void)src, (void)size, (void)raw_size;
#endif
    return NULL;
}

/* Path of the PDB file: the CodeView entry's last component next to the image */
static char *neighbour_path(const PeImage *pe, const PeCodeView *cv)
{
    const char *base = cv->path, *slash;
    for (const char *c = cv->path; *c; c++)
        if (*c == '/' || *c == '\\') base = c + 1;
    slash = pe->path ? strrchr(pe->path, '/') : NULL;
    if (!pe->path || !*base) return NULL;
    return base_asprintf("%.*s%s", slash ? (int)(slash - pe->path + 1) : 0, pe->path, base);
}

static MdPdb *open_neighbour(const PeImage *pe, Err *e)
{
    PeCodeView cv;
    if (!pe_codeview(pe, &cv) || !cv.portable) return no_pdb(e, "The image names no portable PDB."), NULL;
    char *path = neighbour_path(pe, &cv);
    if (!path) return no_pdb(e, "The image has no path to look for its PDB."), NULL;
    MdPdb *p = base_calloc(1, sizeof(*p));
    p->mapped = os_file_map(path, &p->map, e);
    base_free(path);
    if (!p->mapped) {
        md_pdb_close(p);
        return NULL;
    }
    p = finish(p, p->map.data, p->map.size, e);
    if (p && (p->md.pdb_size < 20 || memcmp(p->md.pdb, cv.guid, 16) != 0)) {
        no_pdb(e, "The PDB next to the image belongs to another build.");
        md_pdb_close(p);
        return NULL;
    }
    return p;
}

MdPdb *md_pdb_open_for(const PeImage *pe, Err *e)
{
    u32 size, raw_size;
    const u8 *deflated = pe_embedded_pdb(pe, &size, &raw_size);
    u8 *bytes = deflated ? inflate_raw(deflated, size, raw_size) : NULL;
    if (!bytes) return open_neighbour(pe, e);
    MdPdb *p = base_calloc(1, sizeof(*p));
    p->owned = bytes;
    return finish(p, bytes, raw_size, e);
}

const MdImage *md_pdb_image(const MdPdb *p)
{
    return &p->md;
}

bool md_pdb_embedded_source(const MdPdb *p, u32 document_rid, char **text, size_t *size)
{
    static const u8 kind[16] = {0x71, 0x58, 0x8A, 0x0E, 0x6B, 0x92, 0x6E, 0x46, 0xB4, 0xAD, 0x8A, 0xB0, 0x46, 0x11, 0xF5, 0xFE};
    const MdImage *m = &p->md;
    for (u32 r = 1; r <= md_rows(m, MDT_CustomDebugInformation); r++) {
        if (md_CustomDebugInformation_Parent(m, r) != MD_TOKEN(MDT_Document, document_rid)) continue;
        const u8 *guid = md_guid(m, md_CustomDebugInformation_Kind(m, r));
        u32 n;
        const u8 *b = md_blob(m, md_CustomDebugInformation_Value(m, r), &n);
        if (!guid || memcmp(guid, kind, 16) != 0 || !b || n < 4) continue;
        u32 raw = pe_u32(b); /* 0: not deflated */
        *size = raw ? raw : n - 4;
        *text = raw ? (char *)inflate_raw(b + 4, n - 4, raw) : memcpy(base_malloc(*size ? *size : 1), b + 4, *size);
        return *text != NULL;
    }
    return false;
}

size_t md_pdb_document_name(const MdPdb *p, u32 rid, char *buf, size_t cap)
{
    MdSig s = md_sig_blob(&p->md, md_Document_Name(&p->md, rid));
    size_t len = 0;
    if (cap) buf[0] = 0;
    u8 separator = md_sig_byte(&s);
    for (bool first = true; s.p < s.end; first = false) {
        u32 n;
        const u8 *part = md_blob(&p->md, md_sig_uint(&s), &n);
        if (s.bad || !part) break;
        char sep[2] = {(char)(first ? 0 : separator), 0};
        int k = snprintf(len < cap ? buf + len : NULL, len < cap ? cap - len : 0, "%s%.*s", sep, (int)n,
                         (const char *)part);
        if (k > 0) len += (size_t)k;
    }
    return len;
}

/* --- sequence points --- */

bool md_seq_open(MdSeqReader *r, const MdPdb *p, u32 method_rid)
{
    memset(r, 0, sizeof(*r));
    r->pdb = p;
    u32 blob = md_MethodDebugInformation_SequencePoints(&p->md, method_rid);
    u32 document = md_MethodDebugInformation_Document(&p->md, method_rid);
    if (!blob) return false;
    MdSig s = md_sig_blob(&p->md, blob);
    md_sig_uint(&s); /* local signature */
    if (!document) document = md_sig_uint(&s);
    r->cur.document = document;
    r->p = s.p;
    r->end = s.end;
    r->first = true;
    return !s.bad;
}

static u32 add_delta(u32 value, i32 delta)
{
    return value + (u32)delta;
}

/* The rest of a record after its IL offset */
static void read_lines(MdSeqReader *r, MdSig *s)
{
    MdSeqPoint *c = &r->cur;
    u32 lines = md_sig_uint(s);
    i32 columns = lines ? md_sig_int(s) : (i32)md_sig_uint(s);
    if (lines == 0 && columns == 0) {
        c->start_line = c->end_line = MD_PDB_HIDDEN;
        c->start_column = c->end_column = 0;
        return;
    }
    if (r->seen_visible) {
        r->last_line = add_delta(r->last_line, md_sig_int(s));
        r->last_column = add_delta(r->last_column, md_sig_int(s));
    } else {
        r->last_line = md_sig_uint(s);
        r->last_column = md_sig_uint(s);
        r->seen_visible = true;
    }
    c->start_line = r->last_line;
    c->start_column = r->last_column;
    c->end_line = c->start_line + lines;
    c->end_column = add_delta(c->start_column, columns);
}

bool md_seq_next(MdSeqReader *r, MdSeqPoint *out)
{
    MdSig s = md_sig(r->p, (u32)(r->end - r->p));
    if (r->bad) return false;
    for (;;) {
        if (s.p >= s.end) return false;
        u32 delta = md_sig_uint(&s);
        if (delta == 0 && !r->first) { /* a document record */
            r->cur.document = md_sig_uint(&s);
            continue;
        }
        r->cur.il_offset += delta;
        break;
    }
    read_lines(r, &s);
    r->first = false;
    r->bad = s.bad;
    r->p = s.p;
    *out = r->cur;
    return !s.bad;
}

bool md_pdb_find_line(const MdPdb *p, u32 method_rid, u32 il_offset, MdSeqPoint *out)
{
    MdSeqReader r;
    MdSeqPoint sp;
    bool found = false;
    if (!md_seq_open(&r, p, method_rid)) return false;
    while (md_seq_next(&r, &sp) && sp.il_offset <= il_offset) {
        if (sp.start_line == MD_PDB_HIDDEN) continue;
        *out = sp;
        found = true;
    }
    return found;
}

const char *md_pdb_local_name(const MdPdb *p, u32 method_rid, u32 il_offset, u32 index)
{
    const MdImage *m = &p->md;
    MdIter it = md_find_rows(m, MDT_LocalScope, MDC_LocalScope_Method, method_rid);
    for (u32 scope; (scope = md_next_row(&it));) {
        u32 start = md_LocalScope_StartOffset(m, scope);
        if (il_offset < start || il_offset - start >= md_LocalScope_Length(m, scope)) continue;
        u32 last = md_rows(m, MDT_LocalVariable) + 1, v = md_LocalScope_VariableList(m, scope);
        u32 end = scope < md_rows(m, MDT_LocalScope) ? md_LocalScope_VariableList(m, scope + 1) : last;
        end = MIN(end, last);
        for (; v && v < end; v++)
            if (md_LocalVariable_Index(m, v) == index) return md_str(m, md_LocalVariable_Name(m, v));
    }
    return NULL;
}
