/* md_pdb_write.c: portable PDBs on the metadata writer.
 * In: methods with points and scopes, in any order.  Out: the PDB's bytes and identity.
 * Methods are kept as they come and written in the order of their rids, which the tables ask for.
 * Not here: reading (md_pdb.c), the root's bytes (md_write_out.c).  Book: md.md  Tests: tests/unit/md/pdb_write.c */
#include "md/md_pdb_write.h"

#include <stdlib.h>
#ifdef STATOR_ZLIB
#include <zlib.h>
#endif

#include "base/base_hash.h"
#include "base/vec.h"

/* Limits of the format's sequence points */
enum { MAX_LINE = 0x20000000 - 1, MAX_COLUMN = 0x10000 - 1 };

const u8 md_pdb_csharp[16] = "\xF8\x62\x51\x3F\xC6\x07\xD3\x11\x90\x53\0\xC0\x4F\xA3\x02\xA1";
const u8 md_pdb_il[16] = "\xD3\x6C\x04\xAF\xE1\xD0\xD2\x11\x97\x7C\0\xA0\xC9\xB4\xD5\x0C";
const u8 md_pdb_sha1[16] = "\xEC\x16\x18\xFF\x5E\xAA\x10\x4D\x87\xF7\x6F\x49\x63\x83\x34\x60";
const u8 md_pdb_sha256[16] = "\x0F\xD0\x29\x88\xB8\x11\x13\x42\x87\x8B\x77\x0E\x85\x97\xAC\x16";

typedef struct Named { /* a variable or a constant of a scope */
    u32 name, scope;
    u32 slot, attributes; /* constants: slot is the signature's blob */
    bool constant;
} Named;
typedef struct Scope {
    u32 start, end, parent; /* UINT32_MAX: none */
    u32 named;              /* how many things it names */
} Scope;
typedef struct Method {
    u32 rid, sig;
    u32 points, scopes, named; /* first of its own; the next method's are the end */
} Method;

struct MdPdbWriter {
    MdWriter *w;
    VEC(Method) methods;
    VEC(MdSeqPoint) points;
    VEC(Scope) scopes;
    VEC(Named) named;
    u32 scope; /* the innermost open one */
    VEC(u8) blob; /* scratch */
};

MdPdbWriter *mdpw_new(void)
{
    MdPdbWriter *p = base_calloc(1, sizeof *p);
    p->w = mdw_new();
    p->scope = UINT32_MAX;
    MDW_ADD(p->w, ImportScope, 0, 0);
    return p;
}

void mdpw_free(MdPdbWriter *p)
{
    if (!p) return;
    mdw_free(p->w);
    vec_free(&p->methods);
    vec_free(&p->points);
    vec_free(&p->scopes);
    vec_free(&p->named);
    vec_free(&p->blob);
    base_free(p);
}

/* --- Blobs --- */

static void put_byte(MdPdbWriter *p, u32 v) { vec_push(&p->blob, (u8)v); }

/* §II.23.2 */
static void put_uint(MdPdbWriter *p, u32 v)
{
    if (v < 0x80) {
        put_byte(p, v);
    } else if (v < 0x4000) {
        put_byte(p, v >> 8 | 0x80);
        put_byte(p, v & 0xFF);
    } else {
        for (int i = 24; i >= 0; i -= 8) put_byte(p, ((v | 0xC0000000) >> i) & 0xFF);
    }
}

/* The sign goes to the lowest bit of a field of 7, 14 or 29 bits. */
static void put_int(MdPdbWriter *p, i32 v)
{
    u32 bits = v >= -0x40 && v < 0x40 ? 7 : v >= -0x2000 && v < 0x2000 ? 14 : 29;
    u32 x = ((u32)v << 1 | (v < 0)) & ((1u << bits) - 1);
    if (bits == 7) put_byte(p, x);
    else if (bits == 14) put_byte(p, x >> 8 | 0x80), put_byte(p, x & 0xFF);
    else for (int i = 24; i >= 0; i -= 8) put_byte(p, ((x | 0xC0000000) >> i) & 0xFF);
}

/* Few differ, and the heap itself takes them all. */
static u32 guid(MdPdbWriter *p, const u8 *g)
{
    const MdImage *m = mdw_image(p->w);
    for (u32 i = 0; g && i < m->guids_size / 16; i++)
        if (memcmp(m->guids + (size_t)i * 16, g, 16) == 0) return i + 1;
    return g ? mdw_guid(p->w, g) : 0;
}

/* A separator, then the blobs of the parts between separators */
static u32 document_name(MdPdbWriter *p, const char *path)
{
    char separator = strchr(path, '/') || !strchr(path, '\\') ? '/' : '\\';
    vec_clear(&p->blob);
    put_byte(p, (u8)separator);
    for (const char *s = path, *end;; s = end + 1) {
        end = strchr(s, separator);
        u32 n = end ? (u32)(end - s) : (u32)strlen(s);
        put_uint(p, mdw_blob(p->w, s, n));
        if (!end) break;
    }
    return mdw_blob(p->w, p->blob.data, p->blob.len);
}

u32 mdpw_document(MdPdbWriter *p, const char *path, const u8 *language, const u8 *algorithm, const void *hash, u32 hash_size)
{
    u32 name = document_name(p, path);
    const MdImage *m = mdw_image(p->w);
    for (u32 rid = 1; rid <= md_rows(m, MDT_Document); rid++)
        if (md_Document_Name(m, rid) == name) return rid;
    return MDW_ADD(p->w, Document, name, guid(p, algorithm), mdw_blob(p->w, hash, hash_size), guid(p, language));
}

/* --- Methods as they come --- */

void mdpw_method(MdPdbWriter *p, u32 rid, u32 sig)
{
    vec_push(&p->methods, ((Method){rid, MD_RID(sig), p->points.len, p->scopes.len, p->named.len}));
    p->scope = UINT32_MAX;
}

void mdpw_point(MdPdbWriter *p, const MdSeqPoint *point)
{
    MdSeqPoint x = *point;
    if (x.start_line != MD_PDB_HIDDEN) {
        x.start_line = MIN(x.start_line, (u32)MAX_LINE);
        x.end_line = MIN(MAX(x.end_line, x.start_line), (u32)MAX_LINE);
        x.start_column = MIN(x.start_column, (u32)MAX_COLUMN - 1);
        x.end_column = MIN(x.end_column, (u32)MAX_COLUMN);
        if (x.end_line == x.start_line) x.end_column = MAX(x.end_column, x.start_column + 1);
    }
    if (p->points.len > vec_last(&p->methods).points && vec_last(&p->points).il_offset >= x.il_offset) (void)vec_pop(&p->points);
    vec_push(&p->points, x);
}

void mdpw_open_scope(MdPdbWriter *p, u32 il_offset)
{
    vec_push(&p->scopes, ((Scope){.start = il_offset, .end = il_offset, .parent = p->scope}));
    p->scope = p->scopes.len - 1;
}

void mdpw_close_scope(MdPdbWriter *p, u32 il_offset)
{
    CHECK(p->scope != UINT32_MAX);
    p->scopes.data[p->scope].end = il_offset;
    p->scope = p->scopes.data[p->scope].parent;
}

static void add_named(MdPdbWriter *p, Named x)
{
    CHECK(p->scope != UINT32_MAX);
    x.scope = p->scope;
    p->scopes.data[p->scope].named++;
    vec_push(&p->named, x);
}

void mdpw_local(MdPdbWriter *p, u32 slot, const char *name, u32 attributes)
{
    add_named(p, (Named){.name = mdw_string(p->w, name), .slot = slot, .attributes = attributes});
}

void mdpw_constant(MdPdbWriter *p, const char *name, const u8 *sig, u32 n)
{
    add_named(p, (Named){.name = mdw_string(p->w, name), .slot = mdw_blob(p->w, sig, n), .constant = true});
}

void mdpw_state_machine(MdPdbWriter *p, u32 move_next, u32 kickoff) { MDW_ADD(p->w, StateMachineMethod, move_next, kickoff); }

void mdpw_custom(MdPdbWriter *p, u32 parent, const u8 kind[16], const void *value, u32 n)
{
    MDW_ADD(p->w, CustomDebugInformation, mdw_coded(MDK_HasCustomDebugInformation, parent), guid(p, kind), mdw_blob(p->w, value, n));
}

/* --- Rows in order --- */

/* The document, or 0 when the points are of several; then each change of document has a record. */
static u32 only_document(const MdSeqPoint *from, const MdSeqPoint *end)
{
    for (const MdSeqPoint *x = from; x < end; x++)
        if (x->document != from->document) return 0;
    return from->document;
}

static u32 points_blob(MdPdbWriter *p, u32 sig, const MdSeqPoint *from, const MdSeqPoint *end)
{
    const MdSeqPoint *last = NULL; /* visible */
    u32 document = from->document;
    vec_clear(&p->blob);
    put_uint(p, sig);
    if (!only_document(from, end)) put_uint(p, document);
    for (const MdSeqPoint *x = from; x < end; x++) {
        if (x->document != document) {
            put_uint(p, 0);
            put_uint(p, document = x->document);
        }
        put_uint(p, x == from ? x->il_offset : x->il_offset - x[-1].il_offset);
        if (x->start_line == MD_PDB_HIDDEN) {
            put_uint(p, 0);
            put_uint(p, 0);
            continue;
        }
        put_uint(p, x->end_line - x->start_line);
        if (x->end_line == x->start_line) put_uint(p, x->end_column - x->start_column);
        else put_int(p, (i32)x->end_column - (i32)x->start_column);
        if (last) {
            put_int(p, (i32)(x->start_line - last->start_line));
            put_int(p, (i32)(x->start_column - last->start_column));
        } else {
            put_uint(p, x->start_line);
            put_uint(p, x->start_column);
        }
        last = x;
    }
    return mdw_blob(p->w, p->blob.data, p->blob.len);
}

/* Among a method's: by start, the longer first; then as opened */
static int by_place(const void *a, const void *b)
{
    const Scope *const *x = a, *const *y = b;
    if ((*x)->start != (*y)->start) return (*x)->start < (*y)->start ? -1 : 1;
    if ((*x)->end != (*y)->end) return (*x)->end > (*y)->end ? -1 : 1;
    return *x < *y ? -1 : 1;
}

static void write_scopes(MdPdbWriter *p, const Method *m, u32 scopes_end, u32 named_end)
{
    u32 n = scopes_end - m->scopes;
    if (!n) return;
    const Scope **order = base_malloc(n * sizeof(Scope *));
    for (u32 i = 0; i < n; i++) order[i] = &p->scopes.data[m->scopes + i];
    qsort(order, n, sizeof *order, by_place);
    for (u32 i = 0; i < n; i++) {
        const Scope *s = order[i];
        if (!s->named || s->end <= s->start) continue;
        u32 index = (u32)(s - p->scopes.data), variables = md_rows(mdw_image(p->w), MDT_LocalVariable) + 1,
            constants = md_rows(mdw_image(p->w), MDT_LocalConstant) + 1;
        MDW_ADD(p->w, LocalScope, m->rid, 1, variables, constants, s->start, s->end - s->start);
        for (u32 k = m->named; k < named_end; k++) {
            const Named *x = &p->named.data[k];
            if (x->scope != index) continue;
            if (x->constant) MDW_ADD(p->w, LocalConstant, x->name, x->slot);
            else MDW_ADD(p->w, LocalVariable, x->attributes, x->slot, x->name);
        }
    }
    base_free(order);
}

static int by_rid(const void *a, const void *b)
{
    const Method *x = a, *y = b;
    return x->rid < y->rid ? -1 : x->rid > y->rid;
}

typedef struct Ends { /* of a method's ranges, which the sorting would lose */
    Method m;
    u32 points, scopes, named;
} Ends;

static void write_methods(MdPdbWriter *p, u32 rows)
{
    u32 n = p->methods.len, done = 0;
    Ends *v = base_malloc(n * sizeof *v + 1);
    for (u32 i = 0; i < n; i++) {
        const Method *m = &p->methods.data[i];
        bool last = i + 1 == n;
        v[i] = (Ends){*m, last ? p->points.len : m[1].points, last ? p->scopes.len : m[1].scopes, last ? p->named.len : m[1].named};
    }
    if (n) qsort(v, n, sizeof *v, by_rid);
    for (u32 i = 0; i < n && done < rows; i++) {
        const MdSeqPoint *from = p->points.data + v[i].m.points, *end = p->points.data + v[i].points;
        if (v[i].m.rid <= done || v[i].m.rid > rows) continue;
        while (done + 1 < v[i].m.rid) MDW_ADD(p->w, MethodDebugInformation, 0, 0), done++;
        if (from < end) MDW_ADD(p->w, MethodDebugInformation, only_document(from, end), points_blob(p, v[i].m.sig, from, end));
        else MDW_ADD(p->w, MethodDebugInformation, 0, 0);
        done++;
        write_scopes(p, &v[i].m, v[i].scopes, v[i].named);
    }
    while (done++ < rows) MDW_ADD(p->w, MethodDebugInformation, 0, 0);
    base_free(v);
}

u8 *mdpw_finish(MdPdbWriter *p, const u32 *rows, u32 entry_token, MdPdbId *id, u32 *size)
{
    MdwPdb about = {.entry_token = entry_token};
    for (u32 t = 0; t < MDT_Document; t++) about.rows[t] = rows[t];
    write_methods(p, rows[MDT_MethodDef]);
    MdwOut *o = mdw_lay_out(p->w, &(MdwOptions){.pdb = &about});
    u32 at = mdw_out_pdb_id(o);
    *size = mdw_out_size(o);
    u8 *f = mdw_out_write(o);
    base_sha256(f, *size, id->checksum);
    memcpy(id->guid, id->checksum, 16);
    id->guid[7] = (u8)((id->guid[7] & 0x0F) | 0x40);
    id->guid[8] = (u8)((id->guid[8] & 0x3F) | 0x80);
    id->stamp = pe_u32(id->checksum + 16) | 0x80000000;
    memcpy(f + at, id->guid, 16);
    memcpy(f + at + 16, &id->stamp, 4);
    return f;
}

/* --- Embedding --- */

u8 *md_pdb_deflate(const u8 *data, u32 size, u32 *deflated_size)
{
#ifdef STATOR_ZLIB
    z_stream z = {.next_in = (Bytef *)(uintptr_t)data, .avail_in = size};
    CHECK(deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    uLong room = deflateBound(&z, size);
    u8 *out = base_malloc(room);
    z.next_out = out;
    z.avail_out = (uInt)room;
    CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
    *deflated_size = (u32)z.total_out;
    deflateEnd(&z);
#else
    enum { BLOCK = 0xFFFF };
    u32 blocks = size / BLOCK + 1, n = 0;
    u8 *out = base_malloc(size + (size_t)blocks * 5);
    for (u32 i = 0; i < blocks; i++) {
        const u16 len = (u16)MIN(size - i * BLOCK, (u32)BLOCK), inverse = (u16)~len;
        out[n] = i + 1 == blocks;
        memcpy(out + n + 1, &len, 2);
        memcpy(out + n + 3, &inverse, 2);
        memcpy(out + n + 5, data + (size_t)i * BLOCK, len);
        n += 5u + len;
    }
    *deflated_size = n;
#endif
    return out;
}
