/* md_image.c: open metadata: streams, heaps, table layout (§II.24).
 * In: the bytes of a metadata root.  Out: MdImage with a column layout for each table.
 * Invariant: after md_open all rows of all tables lie inside the root; heap indices are checked at each use.
 * Not here: look-ups (md_search.c, md_names.c).  Book: md.md  Tests: tests/unit/md/ */
#include "md/md.h"
#include "md/md_names_int.h"

enum { SIGNATURE = 0x424A5342 }; /* "BSJB" */

const MdCoded md_coded_info[MDK_END - MDK_CODED0] = {
#define X 0xFF,
#define T(t) MDT_##t,
#define N(...) (sizeof((u8[]){__VA_ARGS__}))
#define CODED(name, nbits, list) {.bits = (nbits), .count = N(list), .tables = {list}},
#include "md/md_tables.def"
#undef CODED
#undef N
#undef T
#undef X
};

typedef struct ColInfo {
    const char *name;
    u8 kind;
} ColInfo;
typedef struct TableInfo {
    const char *name;
    u8 count;
    ColInfo cols[MD_MAX_COLS];
} TableInfo;

static const TableInfo table_info[MDT_COUNT] = {
#define C(table, col, knd) {.name = #col, .kind = MDK_##knd},
#define TABLE(id, nm, list) [id] = {.name = #nm, .count = MDC_##nm##_COUNT, .cols = {list}},
#include "md/md_tables.def"
#undef TABLE
#undef C
};

const char *md_table_name(u32 table)
{
    return table < MDT_COUNT ? table_info[table].name : NULL;
}

const char *md_column_name(u32 table, u32 col)
{
    return table < MDT_COUNT && col < table_info[table].count ? table_info[table].cols[col].name : NULL;
}

/* Where there is no metadata at all the image is said to be bad, else its metadata. */
static bool bad(const MdImage *m, Err *e)
{
    if (m->root_size < 4 || pe_u32(m->root) != SIGNATURE) return pe_bad_image(m->pe, e);
    if (e && e->kind == ERR_NONE) e->hresult = PE_HR_CORRUPT;
    return err_set(e, ERR_BAD_IMAGE, 0, "File is corrupt. (0x8013110E)");
}

/* --- streams --- */

typedef struct Streams {
    const u8 *tables;
    u32 tables_size;
    bool outside; /* a stream lies outside the metadata: that is said of the image, not of its metadata */
} Streams;

static void take_stream(MdImage *m, Streams *s, const char *name, const u8 *p, u32 size)
{
    struct {
        const char *name;
        const u8 **at;
        u32 *size;
    } heaps[] = {
        {"#Strings", &m->strings, &m->strings_size}, {"#US", &m->us, &m->us_size},
        {"#GUID", &m->guids, &m->guids_size},        {"#Blob", &m->blobs, &m->blobs_size},
        {"#Pdb", &m->pdb, &m->pdb_size},             {"#~", &s->tables, &s->tables_size},
        {"#-", &s->tables, &s->tables_size},
    };
    for (size_t i = 0; i < ARRAY_LEN(heaps); i++) {
        if (strcmp(name, heaps[i].name) != 0 || *heaps[i].at) continue;
        *heaps[i].at = p;
        *heaps[i].size = size;
        if (name[1] == '-') m->uncompressed = true;
    }
}

static bool read_root(MdImage *m, Streams *s)
{
    const u8 *r = m->root;
    u32 size = m->root_size;
    if (size < 20 || pe_u32(r) != SIGNATURE) return false;
    u32 vlen = pe_u32(r + 12);
    if (vlen > size - 20 || vlen > 256) return false;
    m->version = vlen && memchr(r + 16, 0, vlen) ? (const char *)r + 16 : "";
    u32 at = 16 + ALIGN_UP(vlen, 4u);
    if (at + 4 > size) return false;
    u32 count = pe_u16(r + at + 2);
    at += 4;
    for (u32 i = 0; i < count; i++) {
        if (size - at < 12) return false;
        u32 off = pe_u32(r + at), n = pe_u32(r + at + 4);
        const char *name = (const char *)r + at + 8;
        u32 room = MIN(size - at - 8, 32u);
        const char *nul = memchr(name, 0, room);
        s->outside = nul && (off > size || n > size - off);
        if (!nul || s->outside) return false;
        take_stream(m, s, name, r + off, n);
        at += 8 + ALIGN_UP((u32)(nul - name) + 1, 4u);
        if (at > size) return false;
    }
    while (m->strings_size && m->strings[m->strings_size - 1] != 0) m->strings_size--;
    return s->tables != NULL;
}

/* --- table layout --- */

typedef struct Layout {
    u32 rows[64]; /* own rows, or those of the image that a PDB belongs to */
    u8 heaps;     /* HeapSizes */
} Layout;

static u8 coded_size(const Layout *l, const MdCoded *c)
{
    u32 most = 0;
    for (u32 i = 0; i < c->count; i++)
        if (c->tables[i] != 0xFF) most = MAX(most, l->rows[c->tables[i]]);
    return most < (1u << (16 - c->bits)) ? 2 : 4;
}

/* List columns point into the Ptr table where there is one. */
static u32 list_rows(const Layout *l, u32 table, u32 col, u32 target)
{
    static const u8 lists[][3] = {{MDT_TypeDef, MDC_TypeDef_FieldList, MDT_FieldPtr},
                                  {MDT_TypeDef, MDC_TypeDef_MethodList, MDT_MethodPtr},
                                  {MDT_MethodDef, MDC_MethodDef_ParamList, MDT_ParamPtr},
                                  {MDT_EventMap, MDC_EventMap_EventList, MDT_EventPtr},
                                  {MDT_PropertyMap, MDC_PropertyMap_PropertyList, MDT_PropertyPtr}};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        if (lists[i][0] == table && lists[i][1] == col && l->rows[lists[i][2]]) return l->rows[lists[i][2]];
    return l->rows[target];
}

static u8 column_size(const Layout *l, u32 table, u32 col, u8 kind)
{
    switch (kind) {
    case MDK_U2: return 2;
    case MDK_U4: return 4;
    case MDK_Str: return l->heaps & 1 ? 4 : 2;
    case MDK_Guid: return l->heaps & 2 ? 4 : 2;
    case MDK_Blob: return l->heaps & 4 ? 4 : 2;
    default:
        if (l->heaps & 0x20) return 4; /* edit-and-continue delta: all indices are wide */
        if (kind >= MDK_CODED0) return coded_size(l, &md_coded_info[kind - MDK_CODED0]);
        return list_rows(l, table, col, kind) < 0x10000 ? 2 : 4;
    }
}

static void lay_out(MdTable *t, const Layout *l, u32 id)
{
    const TableInfo *info = &table_info[id];
    u8 offset = 0;
    t->col_count = info->count;
    for (u32 c = 0; c < info->count; c++) {
        u8 size = column_size(l, id, c, info->cols[c].kind);
        t->cols[c] = (MdCol){.offset = offset, .size = size, .kind = info->cols[c].kind};
        offset = (u8)(offset + size);
    }
    t->row_size = offset;
}

/* Row counts of the image that a portable PDB describes */
static bool read_pdb_rows(MdImage *m, Layout *l)
{
    if (!m->pdb) return true;
    if (m->pdb_size < 32) return false;
    u64 mask = pe_u64(m->pdb + 24);
    u32 at = 32;
    for (u32 i = 0; i < 64; i++) {
        if (!(mask >> i & 1)) continue;
        if (m->pdb_size - at < 4) return false;
        if (l->rows[i] == 0) l->rows[i] = pe_u32(m->pdb + at);
        at += 4;
    }
    return true;
}

static bool read_tables(MdImage *m, const Streams *s)
{
    const u8 *p = s->tables;
    u32 size = s->tables_size, at = 24;
    Layout l = {0};
    if (size < 24) return false;
    m->schema_major = p[4];
    m->schema_minor = p[5];
    l.heaps = p[6];
    m->valid = pe_u64(p + 8);
    m->sorted = pe_u64(p + 16);
    for (u32 i = 0; i < 64; i++) {
        if (!(m->valid >> i & 1)) continue;
        if (size - at < 4 || !md_table_name(i)) return false;
        l.rows[i] = pe_u32(p + at);
        if (l.rows[i] > 0xFFFFFF) return false;
        at += 4;
    }
    if (l.heaps & 0x40) at += 4;
    if (at > size) return false;
    u32 own[MDT_COUNT];
    memcpy(own, l.rows, sizeof(own));
    if (!read_pdb_rows(m, &l)) return false;
    for (u32 i = 0; i < MDT_COUNT; i++) {
        MdTable *t = &m->tables[i];
        lay_out(t, &l, i);
        t->rows = own[i];
        t->sorted = m->sorted >> i & 1;
        t->base = p + at;
        u64 bytes = (u64)t->rows * t->row_size;
        if (bytes > size - at) return false;
        at += (u32)bytes;
    }
    return true;
}

static bool open_root(MdImage *m, Err *e)
{
    Streams s = {0};
    if (read_root(m, &s) && read_tables(m, &s)) return true;
    if (s.outside) pe_bad_image(m->pe, e);
    else bad(m, e);
    memset(m, 0, sizeof(*m));
    return false;
}

bool md_open(MdImage *m, const PeImage *pe, Err *e)
{
    memset(m, 0, sizeof(*m));
    m->pe = pe;
    m->root = pe->metadata;
    m->root_size = pe->metadata_size;
    return open_root(m, e);
}

bool md_open_blob(MdImage *m, const u8 *data, size_t size, Err *e)
{
    memset(m, 0, sizeof(*m));
    m->root = data;
    m->root_size = (u32)MIN(size, (size_t)UINT32_MAX);
    return open_root(m, e);
}

void md_close(MdImage *m)
{
    md_names_free(m->names);
    memset(m, 0, sizeof(*m));
}

bool md_check_manifest(const MdImage *m, Err *e)
{
    if (md_rows(m, MDT_Assembly)) return true;
    bool first = e && e->kind == ERR_NONE;
    err_set(e, ERR_BAD_IMAGE, 0, "The module was expected to contain an assembly manifest.");
    if (first) e->hresult = PE_HR_ASSEMBLY_EXPECTED;
    return false;
}

bool md_valid_token(const MdImage *m, u32 token)
{
    u32 table = MD_TABLE_OF(token), rid = MD_RID(token);
    if (table == MDT_String) return rid < m->us_size;
    return table < MDT_COUNT && rid - 1 < m->tables[table].rows;
}

bool md_encode(MdKind kind, u32 token, u32 *value)
{
    const MdCoded *c = &md_coded_info[kind - MDK_CODED0];
    for (u32 i = 0; i < c->count; i++) {
        if (c->tables[i] == 0xFF || c->tables[i] != MD_TABLE_OF(token)) continue;
        *value = MD_RID(token) << c->bits | i;
        return true;
    }
    return false;
}

/* --- heaps --- */

/* Length-prefixed item of #Blob or #US */
static const u8 *heap_item(const u8 *heap, u32 heap_size, u32 index, u32 *size)
{
    *size = 0;
    if (index >= heap_size) return NULL;
    const u8 *p = heap + index;
    u32 room = heap_size - index, n, head;
    if (p[0] < 0x80) {
        n = p[0];
        head = 1;
    } else if ((p[0] & 0xC0) == 0x80 && room >= 2) {
        n = (u32)(p[0] & 0x3F) << 8 | p[1];
        head = 2;
    } else if ((p[0] & 0xE0) == 0xC0 && room >= 4) {
        n = (u32)(p[0] & 0x1F) << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
        head = 4;
    } else {
        return NULL;
    }
    if (n > room - head) return NULL;
    *size = n;
    return p + head;
}

const u8 *md_blob(const MdImage *m, u32 index, u32 *size)
{
    static const u8 none[1];
    if (index == 0 && m->blobs_size == 0) { /* index 0 is the empty blob, with or without a heap */
        *size = 0;
        return none;
    }
    u32 limit = __atomic_load_n(&m->blobs_size, __ATOMIC_ACQUIRE); /* before the base it goes with */
    return heap_item(m->blobs, limit, index, size);
}

const u8 *md_guid(const MdImage *m, u32 index)
{
    if (index == 0 || index > __atomic_load_n(&m->guids_size, __ATOMIC_ACQUIRE) / 16) return NULL;
    return m->guids + (size_t)(index - 1) * 16;
}

const u8 *md_user_string(const MdImage *m, u32 index, u32 *units)
{
    u32 size, limit = __atomic_load_n(&m->us_size, __ATOMIC_ACQUIRE);
    const u8 *p = heap_item(m->us, limit, index, &size);
    *units = size / 2; /* the odd last byte is a flag */
    return p;
}

const u8 *md_rva(const MdImage *m, u32 rva, u32 *avail)
{
    *avail = 0;
    return m->pe ? pe_rva(m->pe, rva, avail) : NULL;
}
