/* md_write_out.c: a metadata root of what a writer holds (§II.24).
 * Steps: finish types; order of members (Ptr tables or none); order of sorted tables and the new rids that follow; #Strings; widths; sizes;
 * bytes.  Row counts and heaps alone decide the sizes, so cells may change up to the last step.
 * Book: md.md  Tests: tests/unit/md/write.c */
#include <stdlib.h>

#include "md/md_live.h"
#include "md/md_write_int.h"

const MdwShape mdw_shapes[MDT_COUNT] = {
#define C(table, col, knd) MDK_##knd,
#define TABLE(id, nm, list) [id] = {.count = MDC_##nm##_COUNT, .kinds = {list}},
#include "md/md_tables.def"
#undef TABLE
#undef C
};

enum { STREAMS = 6 }; /* #~, #Strings, #US, #GUID, #Blob, #Pdb */

typedef struct MdwOut {
    MdWriter *w;
    const MdImage *m;
    u32 *cells[MDT_COUNT]; /* rows to write, columns only */
    u32 rows[MDT_COUNT];
    u32 *new_rid[MDT_COUNT]; /* of tables that were sorted: old rid -> new; NULL: the same */
    MdwHeap strings;
    bool ptr, wide;
    u8 heap_sizes;
    u64 sorted;
    const MdwPdb *pdb;
    char *version;
    u32 at[STREAMS], sizes[STREAMS], size; /* streams in the root */
} MdwOut;
typedef MdwOut Out;

/* --- Bytes --- */

static void put(MdwHeap *b, const void *p, u32 n)
{
    if (b->len + n > b->cap) {
        while (b->cap < b->len + n) b->cap = b->cap ? b->cap * 2 : 4096;
        u8 *q = base_malloc(b->cap);
        if (b->len) memcpy(q, b->base, b->len);
        base_free(b->base);
        b->base = q;
    }
    if (n) memcpy(b->base + b->len, p, n);
    b->len += n;
}

static void put_uint(MdwHeap *b, u64 v, u32 n) { put(b, &v, n); }

static void pad4(MdwHeap *b)
{
    while (b->len & 3) put(b, "", 1);
}

/* --- Rows --- */

static u32 *cell(Out *o, u32 table, u32 rid, u32 col) { return &o->cells[table][(size_t)(rid - 1) * mdw_shapes[table].count + col]; }

static void copy_rows(Out *o)
{
    for (u32 t = 0; t < MDT_COUNT; t++) {
        u32 n = o->m->tables[t].rows, cols = mdw_shapes[t].count;
        bool is_ptr = t == MDT_FieldPtr || t == MDT_MethodPtr || t == MDT_ParamPtr || t == MDT_PropertyPtr || t == MDT_EventPtr;
        o->rows[t] = is_ptr ? 0 : n;
        o->cells[t] = base_calloc((size_t)n * cols + 1, sizeof(u32));
        for (u32 rid = 1; rid <= o->rows[t]; rid++)
            for (u32 c = 0; c < cols; c++) *cell(o, t, rid, c) = md_col(o->m, t, rid, c);
    }
}

/* One kind of list: owners in order of their rows, each with the range it has in the writer's Ptr table. */
typedef struct ListKind {
    u8 owner, col, ptr, item;
    MdRange (*range)(const MdImage *m, u32 owner);
    u32 (*at)(const MdImage *m, u32 pos);
} ListKind;

static MdRange map_range(const MdImage *m, u32 table, u32 col, u32 rid)
{
    u32 first = md_col(m, table, rid, col), end = md_extra(m, table, rid, MDX_LIST_END);
    return (MdRange){first, MAX(first, end)};
}
static MdRange properties_of_map(const MdImage *m, u32 rid) { return map_range(m, MDT_PropertyMap, MDC_PropertyMap_PropertyList, rid); }
static MdRange events_of_map(const MdImage *m, u32 rid) { return map_range(m, MDT_EventMap, MDC_EventMap_EventList, rid); }

static const ListKind list_kinds[] = {
    {MDT_TypeDef, MDC_TypeDef_FieldList, MDT_FieldPtr, MDT_Field, md_typedef_fields, md_field_at},
    {MDT_TypeDef, MDC_TypeDef_MethodList, MDT_MethodPtr, MDT_MethodDef, md_typedef_methods, md_method_at},
    {MDT_MethodDef, MDC_MethodDef_ParamList, MDT_ParamPtr, MDT_Param, md_method_params, md_param_at},
    {MDT_PropertyMap, MDC_PropertyMap_PropertyList, MDT_PropertyPtr, MDT_Property, properties_of_map, md_property_at},
    {MDT_EventMap, MDC_EventMap_EventList, MDT_EventPtr, MDT_Event, events_of_map, md_event_at},
};

/* Are all lists in the order of their owners? */
static bool in_order(const Out *o)
{
    for (u32 k = 0; k < ARRAY_LEN(list_kinds); k++) {
        const ListKind *l = &list_kinds[k];
        u32 next = 1;
        for (u32 owner = 1; owner <= o->m->tables[l->owner].rows; owner++) {
            MdRange r = l->range(o->m, owner);
            for (u32 i = r.first; i < r.end; i++)
                if (l->at(o->m, i) != next++) return false;
        }
    }
    return true;
}

static void write_lists(Out *o)
{
    for (u32 k = 0; k < ARRAY_LEN(list_kinds); k++) {
        const ListKind *l = &list_kinds[k];
        u32 next = 1;
        for (u32 owner = 1; owner <= o->m->tables[l->owner].rows; owner++) {
            MdRange r = l->range(o->m, owner);
            *cell(o, l->owner, owner, l->col) = next;
            for (u32 i = r.first; i < r.end; i++, next++)
                if (o->ptr) *cell(o, l->ptr, next, 0) = l->at(o->m, i);
        }
        if (o->ptr) o->rows[l->ptr] = next - 1;
    }
}

/* --- Sorted tables --- */

typedef struct SortKey {
    u32 key, minor, rid;
} SortKey;

static int by_key(const void *a, const void *b)
{
    const SortKey *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    if (x->minor != y->minor) return x->minor < y->minor ? -1 : 1;
    return x->rid < y->rid ? -1 : 1;
}

static void sort_table(Out *o, u32 table)
{
    u32 n = o->rows[table], cols = mdw_shapes[table].count, key = (u32)md_key_column(table);
    if (n < 2) return;
    SortKey *v = base_malloc(n * sizeof *v);
    for (u32 rid = 1; rid <= n; rid++)
        v[rid - 1] = (SortKey){*cell(o, table, rid, key), table == MDT_GenericParam ? *cell(o, table, rid, MDC_GenericParam_Number) : 0, rid};
    qsort(v, n, sizeof *v, by_key);
    u32 *sorted = base_malloc((size_t)n * cols * sizeof *sorted);
    o->new_rid[table] = base_calloc((size_t)n + 1, sizeof(u32));
    for (u32 i = 0; i < n; i++) {
        memcpy(sorted + (size_t)i * cols, cell(o, table, v[i].rid, 0), cols * sizeof *sorted);
        o->new_rid[table][v[i].rid] = i + 1;
    }
    base_free(o->cells[table]);
    o->cells[table] = sorted;
    base_free(v);
}

/* Columns that name rows of tables sorted so far */
static void rename_rows(Out *o, u32 table)
{
    for (u32 c = 0; c < mdw_shapes[table].count; c++) {
        u8 kind = mdw_shapes[table].kinds[c];
        if (kind >= MDK_U2 && kind < MDK_CODED0) continue;
        for (u32 rid = 1; rid <= o->rows[table]; rid++) {
            u32 *v = cell(o, table, rid, c), token = kind < MDK_U2 ? MD_TOKEN(kind, *v) : md_decode((MdKind)kind, *v);
            const u32 *map = MD_RID(token) ? o->new_rid[MD_TABLE_OF(token)] : NULL;
            if (!map || MD_RID(token) > o->rows[MD_TABLE_OF(token)]) continue;
            u32 rid2 = map[MD_RID(token)];
            *v = kind < MDK_U2 ? rid2 : mdw_coded((MdKind)kind, MD_TOKEN(MD_TABLE_OF(token), rid2));
        }
    }
}

/* Tables whose rows others name come first. */
static void sort_tables(Out *o)
{
    static const u8 order[] = {MDT_InterfaceImpl, MDT_GenericParam, MDT_DeclSecurity, MDT_GenericParamConstraint, MDT_Constant, MDT_FieldMarshal,
                               MDT_ClassLayout, MDT_FieldLayout, MDT_MethodSemantics, MDT_MethodImpl, MDT_ImplMap, MDT_FieldRVA, MDT_NestedClass,
                               MDT_CustomAttribute, MDT_StateMachineMethod, MDT_CustomDebugInformation};
    for (u32 i = 0; i < ARRAY_LEN(order); i++) {
        u32 t = order[i];
        if (t == MDT_GenericParamConstraint || t == MDT_CustomAttribute) rename_rows(o, t);
        sort_table(o, t);
        o->sorted |= 1ull << t;
    }
    const u64 debug = 1ull << MDT_LocalScope | 1ull << MDT_StateMachineMethod | 1ull << MDT_CustomDebugInformation;
    o->sorted = o->pdb ? debug : o->sorted & ~debug; /* local scopes come in order: lists hang on them */
}

/* --- #Strings --- */

typedef struct StringUse {
    const char *s;
    u64 tail; /* the last eight bytes, the last of them highest */
    u32 len, old;
} StringUse;

/* By the reversed text, so that a suffix stands before what it ends */
static int by_tail(const void *a, const void *b)
{
    const StringUse *x = a, *y = b;
    if (x->tail != y->tail) return x->tail < y->tail ? -1 : 1;
    for (u32 i = 9; i <= x->len && i <= y->len; i++) {
        u8 p = (u8)x->s[x->len - i], q = (u8)y->s[y->len - i];
        if (p != q) return p < q ? -1 : 1;
    }
    return x->len < y->len ? -1 : x->len > y->len;
}

/* Calls for each cell that is a string. */
static void each_string(Out *o, void (*visit)(void *arg, u32 *cell), void *arg)
{
    for (u32 t = 0; t < MDT_COUNT; t++)
        for (u32 c = 0; c < mdw_shapes[t].count; c++)
            if (mdw_shapes[t].kinds[c] == MDK_Str)
                for (u32 rid = 1; rid <= o->rows[t]; rid++)
                    if (*cell(o, t, rid, c)) visit(arg, cell(o, t, rid, c));
}

typedef struct Strings {
    VEC(StringUse) uses;
    const MdImage *m;
    u32 *place; /* old index -> new one; before there are new ones: not 0, seen */
} Strings;

static void note_string(void *arg, u32 *v)
{
    Strings *x = arg;
    if (x->place[*v]) return;
    x->place[*v] = 1;
    StringUse u = {.s = md_str(x->m, *v), .old = *v};
    u.len = (u32)strlen(u.s);
    for (u32 i = 1; i <= MIN(u.len, 8u); i++) u.tail |= (u64)(u8)u.s[u.len - i] << (64 - 8 * i);
    vec_push(&x->uses, u);
}

static void place_string(void *arg, u32 *v) { *v = ((Strings *)arg)->place[*v]; }

static void make_strings(Out *o)
{
    Strings x = {.m = o->m, .place = base_calloc((size_t)o->m->strings_size + 1, sizeof(u32))};
    each_string(o, note_string, &x);
    u32 n = x.uses.len;
    if (n) qsort(x.uses.data, n, sizeof(StringUse), by_tail);
    put(&o->strings, "", 1);
    for (u32 i = n; i-- > 0;) { /* longest first among those with one tail */
        const StringUse *u = &x.uses.data[i], *next = i + 1 < n ? u + 1 : NULL;
        if (next && next->len >= u->len && memcmp(next->s + next->len - u->len, u->s, u->len) == 0) {
            x.place[u->old] = x.place[next->old] + next->len - u->len;
            continue;
        }
        x.place[u->old] = o->strings.len;
        put(&o->strings, u->s, u->len + 1);
    }
    each_string(o, place_string, &x);
    vec_free(&x.uses);
    base_free(x.place);
}

/* --- Widths and bytes --- */

/* Rows that an index may name: in a PDB, the image's too. */
static u32 rows_named(const Out *o, u32 table) { return o->pdb ? MAX(o->pdb->rows[table], o->rows[table]) : o->rows[table]; }

static bool is_wide(const Out *o, u32 table, u32 col)
{
    u8 kind = mdw_shapes[table].kinds[col];
    switch (kind) {
    case MDK_U2: return false;
    case MDK_U4: return true;
    case MDK_Str: return o->heap_sizes & 1;
    case MDK_Guid: return o->heap_sizes & 2;
    case MDK_Blob: return o->heap_sizes & 4;
    default: break;
    }
    if (kind < MDK_U2) {
        for (u32 k = 0; k < ARRAY_LEN(list_kinds); k++) /* lists point into the Ptr table where there is one */
            if (list_kinds[k].owner == table && list_kinds[k].col == col && o->rows[list_kinds[k].ptr]) kind = list_kinds[k].ptr;
        return rows_named(o, kind) > 0xFFFF;
    }
    const MdCoded *c = &md_coded_info[kind - MDK_CODED0];
    for (u32 i = 0; i < c->count; i++)
        if (c->tables[i] != 0xFF && rows_named(o, c->tables[i]) >= 1u << (16 - c->bits)) return true;
    return false;
}

static u64 tables_size(const Out *o)
{
    u64 n = 24 + 1;
    for (u32 t = 0; t < MDT_COUNT; t++) {
        u32 row = 0;
        for (u32 c = 0; c < mdw_shapes[t].count; c++) row += is_wide(o, t, c) ? 4 : 2;
        n += (u64)o->rows[t] * row + (o->rows[t] ? 4 : 0);
    }
    return n;
}

static void write_tables(Out *o, MdwHeap *b)
{
    u64 valid = 0, sorted = o->sorted;
    for (u32 i = 0; i < MDT_COUNT; i++)
        if (o->rows[i]) valid |= 1ull << i;
    put_uint(b, 0, 4);
    put_uint(b, 2, 1);
    put_uint(b, 0, 1);
    put_uint(b, o->heap_sizes, 1);
    put_uint(b, 1, 1);
    put_uint(b, valid, 8);
    put_uint(b, sorted, 8);
    for (u32 i = 0; i < MDT_COUNT; i++)
        if (o->rows[i]) put_uint(b, o->rows[i], 4);
    for (u32 i = 0; i < MDT_COUNT; i++) {
        u8 *p = b->base + b->len; /* there is room for all: the size is known */
        const u32 *v = o->cells[i], cols = mdw_shapes[i].count;
        bool wide[MD_MAX_COLS];
        for (u32 c = 0; c < cols; c++) wide[c] = is_wide(o, i, c);
        for (u32 rid = 1; rid <= o->rows[i]; rid++)
            for (u32 c = 0; c < cols; c++, v++) {
                memcpy(p, v, wide[c] ? 4 : 2);
                p += wide[c] ? 4 : 2;
            }
        CHECK(p <= b->base + b->cap);
        b->len = (u32)(p - b->base);
    }
    put_uint(b, 0, 1);
    pad4(b);
}

static u64 referenced_tables(const MdwPdb *pdb, u32 *count)
{
    u64 mask = 0;
    *count = 0;
    for (u32 t = 0; t < 64; t++)
        if (pdb->rows[t]) mask |= 1ull << t, ++*count;
    return mask;
}

static void write_pdb(const Out *o, MdwHeap *b)
{
    static const u8 no_id[20];
    u32 count;
    u64 mask = referenced_tables(o->pdb, &count);
    put(b, no_id, sizeof no_id);
    put_uint(b, o->pdb->entry_token, 4);
    put_uint(b, mask, 8);
    for (u32 t = 0; t < 64; t++)
        if (o->pdb->rows[t]) put_uint(b, o->pdb->rows[t], 4);
}

static const char *stream_name(const Out *o, u32 i)
{
    static const char *const names[STREAMS] = {"#~", "#Strings", "#US", "#GUID", "#Blob", "#Pdb"};
    return i == 0 && o->ptr ? "#-" : names[i];
}

static u32 stream_count(const Out *o) { return o->pdb ? STREAMS : STREAMS - 1; }

static void lay_out_root(Out *o)
{
    const MdWriter *w = o->w;
    u32 count;
    o->heap_sizes = (u8)((o->wide || o->strings.len > 0xFFFF ? 1 : 0) | (o->wide || w->guids.len / 16 > 0xFFFF ? 2 : 0) |
                         (o->wide || w->blobs.len > 0xFFFF ? 4 : 0));
    const u64 sizes[STREAMS] = {tables_size(o), o->strings.len, w->us.len, w->guids.len, w->blobs.len};
    u32 at = 16 + ALIGN_UP((u32)strlen(o->version) + 1, 4u) + 4;
    for (u32 i = 0; i < stream_count(o); i++) at += 8 + ALIGN_UP((u32)strlen(stream_name(o, i)) + 1, 4u);
    for (u32 i = 0; i < stream_count(o); i++) {
        o->sizes[i] = ALIGN_UP((u32)sizes[i], 4u);
        if (i == 5) {
            referenced_tables(o->pdb, &count);
            o->sizes[i] = 32 + count * 4;
        }
        o->at[i] = at;
        at += o->sizes[i];
    }
    o->size = at;
}

/* --- Calls --- */

MdwOut *mdw_lay_out(MdWriter *w, const MdwOptions *opt)
{
    MdwOut *o = base_calloc(1, sizeof *o);
    o->w = w;
    o->m = w->image;
    o->wide = opt && opt->wide;
    o->pdb = opt ? opt->pdb : NULL;
    o->version = base_strdup(opt && opt->version ? opt->version : o->pdb ? "PDB v1.0" : "v4.0.30319");
    for (u32 rid = 1; rid <= w->image->tables[MDT_TypeDef].rows; rid++) mdw_finish_type(w, rid);
    o->ptr = !in_order(o);
    copy_rows(o);
    write_lists(o);
    sort_tables(o);
    make_strings(o);
    lay_out_root(o);
    return o;
}

u32 mdw_out_size(const MdwOut *o) { return o->size; }
const u32 *mdw_out_rows(const MdwOut *o) { return o->rows; }
u32 mdw_out_pdb_id(const MdwOut *o) { return o->at[5]; }

u32 mdw_out_mvid(const MdwOut *o)
{
    u32 guid = o->rows[MDT_Module] ? *cell((Out *)(uintptr_t)o, MDT_Module, 1, MDC_Module_Mvid) : 0;
    return guid ? o->at[3] + (guid - 1) * 16 : 0;
}

void mdw_out_set(MdwOut *o, u32 table, u32 rid, u32 col, u32 value)
{
    *cell(o, table, o->new_rid[table] ? o->new_rid[table][rid] : rid, col) = value;
}

u8 *mdw_out_write(MdwOut *o)
{
    const MdWriter *w = o->w;
    const MdwHeap *const heaps[] = {NULL, &o->strings, &w->us, &w->guids, &w->blobs};
    MdwHeap out = {.base = base_malloc(o->size), .cap = o->size};
    put(&out, "BSJB\1\0\1\0\0\0\0\0", 12);
    put_uint(&out, ALIGN_UP((u32)strlen(o->version) + 1, 4u), 4);
    put(&out, o->version, (u32)strlen(o->version) + 1);
    pad4(&out);
    put_uint(&out, 0, 2);
    put_uint(&out, stream_count(o), 2);
    for (u32 i = 0; i < stream_count(o); i++) {
        put_uint(&out, o->at[i], 4);
        put_uint(&out, o->sizes[i], 4);
        put(&out, stream_name(o, i), (u32)strlen(stream_name(o, i)) + 1);
        pad4(&out);
    }
    for (u32 i = 0; i < stream_count(o); i++) {
        CHECK(out.len == o->at[i]);
        if (i == 0) write_tables(o, &out);
        else if (i == 5) write_pdb(o, &out);
        else put(&out, heaps[i]->base, heaps[i]->len);
        pad4(&out);
    }
    CHECK(out.len == o->size);
    for (u32 i = 0; i < MDT_COUNT; i++) {
        base_free(o->cells[i]);
        base_free(o->new_rid[i]);
    }
    base_free(o->strings.base);
    base_free(o->version);
    base_free(o);
    return out.base;
}

u8 *mdw_serialise(MdWriter *w, const MdwOptions *opt, u32 *size)
{
    MdwOut *o = mdw_lay_out(w, opt);
    *size = o->size;
    return mdw_out_write(o);
}
