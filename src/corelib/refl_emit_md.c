/* refl_emit_md.c: metadata tables and heaps that grow (§II.24).
 * In: rows, strings, blobs.  Out: an MdImage over them; and, to begin with, a root with the uncompressed stream "#-", whose tables need no
 * order (of a module without types: at most 64 KB). */
#include "corelib/refl_emit.h"

#include "os/os_mem.h"

typedef struct TableShape {
    u8 count;
    u8 kinds[MD_MAX_COLS];
} TableShape;

static const TableShape shapes[MDT_COUNT] = {
#define C(table, col, knd) MDK_##knd,
#define TABLE(id, nm, list) [id] = {.count = MDC_##nm##_COUNT, .kinds = {list}},
#include "md/md_tables.def"
#undef TABLE
#undef C
};

static void reserve(EmitRegion *r, size_t cap)
{
    if (r->base)
        return;
    r->base = os_mem_reserve(cap, 0);
    r->cap = (u32)cap;
    if (!r->base || !os_mem_commit(r->base, cap))
        base_fatal(EXIT_MISSING, "stator: no address space for emitted metadata");
}

static void append(EmitRegion *b, const void *p, size_t n)
{
    if (n > b->cap - b->len)
        base_missing("feature", "more than %u bytes of one kind of emitted metadata", b->cap);
    if (n)
        memcpy(b->base + b->len, p, n);
    b->len += (u32)n;
}
static void append_u8(EmitRegion *b, u32 v)
{
    u8 x = (u8)v;
    append(b, &x, 1);
}
static void append_u16(EmitRegion *b, u32 v)
{
    u16 x = (u16)v;
    append(b, &x, 2);
}
static void append_u32(EmitRegion *b, u32 v) { append(b, &v, 4); }
static void pad4(EmitRegion *b)
{
    while (b->len & 3)
        append_u8(b, 0);
}

enum { HEAP_BYTES = 32 << 20, TABLE_BYTES = 8 << 20, SMALL_BYTES = 64 << 10 };

void emit_init(EmitTables *e)
{
    *e = (EmitTables){0};
    reserve(&e->strings, HEAP_BYTES);
    reserve(&e->us, HEAP_BYTES);
    reserve(&e->blobs, HEAP_BYTES);
    reserve(&e->guids, SMALL_BYTES);
    reserve(&e->il, HEAP_BYTES);
    append_u8(&e->strings, 0);
    append_u8(&e->us, 0);
    append_u8(&e->blobs, 0);
}

u32 emit_string(EmitTables *e, const char *s)
{
    if (!s || !*s)
        return 0;
    u32 at = e->strings.len;
    append(&e->strings, s, strlen(s) + 1);
    return at;
}

static void append_length(EmitRegion *b, u32 n)
{
    if (n < 0x80) {
        append_u8(b, n);
    } else if (n < 0x4000) {
        append_u8(b, 0x80 | n >> 8);
        append_u8(b, n);
    } else {
        append_u8(b, 0xC0 | n >> 24);
        append_u8(b, n >> 16);
        append_u8(b, n >> 8);
        append_u8(b, n);
    }
}

u32 emit_blob(EmitTables *e, const void *p, u32 n)
{
    u32 at = e->blobs.len;
    append_length(&e->blobs, n);
    append(&e->blobs, p, n);
    return at;
}

u32 emit_guid(EmitTables *e, const u8 g[16])
{
    append(&e->guids, g, 16);
    return e->guids.len / 16;
}

u32 emit_user_string(EmitTables *e, const char16 *s, u32 n)
{
    u32 at = e->us.len;
    append_length(&e->us, n * 2 + 1);
    append(&e->us, s, (size_t)n * 2);
    append_u8(&e->us, 0);
    return MD_TOKEN(MDT_String, at);
}

u32 emit_il(EmitTables *e, const void *p, u32 n, u32 align)
{
    while (e->il.len & (align - 1))
        append_u8(&e->il, 0);
    u32 at = e->il.len;
    append(&e->il, p, n);
    return at;
}

u32 emit_row(EmitTables *e, u32 table, const u32 *cells)
{
    reserve(&e->cells[table], TABLE_BYTES);
    append(&e->cells[table], cells, shapes[table].count * 4u);
    return ++e->rows[table];
}

u32 *emit_cell(EmitTables *e, u32 table, u32 rid, u32 col)
{
    CHECK(rid - 1 < e->rows[table] && col < shapes[table].count);
    return (u32 *)e->cells[table].base + (rid - 1) * shapes[table].count + col;
}

void emit_sync(EmitTables *e, MdImage *m)
{
    m->strings = e->strings.base;
    m->us = e->us.base;
    m->blobs = e->blobs.base;
    m->guids = e->guids.base;
    m->strings_size = e->strings.len;
    m->us_size = e->us.len;
    m->blobs_size = e->blobs.len;
    m->guids_size = e->guids.len;
    for (u32 i = 0; i < MDT_COUNT; i++) {
        MdTable *t = &m->tables[i];
        if (!e->rows[i] || t->rows == e->rows[i])
            continue;
        t->base = e->cells[i].base;
        t->row_size = (u8)(shapes[i].count * 4u);
        t->col_count = shapes[i].count;
        t->sorted = false;
        for (u32 c = 0; c < shapes[i].count; c++)
            t->cols[c] = (MdCol){(u8)(c * 4), 4, shapes[i].kinds[c]};
        m->valid |= 1ull << i;
        __atomic_store_n(&t->rows, e->rows[i], __ATOMIC_RELEASE);
    }
}

u32 emit_coded(MdKind kind, u32 token)
{
    u32 v;
    return MD_RID(token) && md_encode(kind, token, &v) ? v : 0;
}

static bool wide(const EmitTables *e, u8 kind)
{
    if (kind < MDK_U2)
        return e->rows[kind] > 0xFFFF;
    if (kind == MDK_U2)
        return false;
    if (kind < MDK_CODED0)
        return true;
    const MdCoded *c = &md_coded_info[kind - MDK_CODED0];
    for (u32 i = 0; i < c->count; i++)
        if (c->tables[i] != 0xFF && c->tables[i] < MDT_COUNT && e->rows[c->tables[i]] >= 1u << (16 - c->bits))
            return true;
    return false;
}

static void write_tables(const EmitTables *e, EmitRegion *b)
{
    enum { WIDE_HEAPS = 7 };
    u64 valid = 0, sorted = 0;
    append_u32(b, 0);
    append_u8(b, 2);
    append_u8(b, 0);
    append_u8(b, WIDE_HEAPS);
    append_u8(b, 1);
    for (u32 i = 0; i < MDT_COUNT; i++)
        if (e->rows[i])
            valid |= 1ull << i;
    append(b, &valid, 8);
    append(b, &sorted, 8);
    for (u32 i = 0; i < MDT_COUNT; i++)
        if (e->rows[i])
            append_u32(b, e->rows[i]);
    for (u32 i = 0; i < MDT_COUNT; i++)
        for (u32 r = 0; r < e->rows[i]; r++)
            for (u32 c = 0; c < shapes[i].count; c++) {
                u32 v = ((const u32 *)e->cells[i].base)[r * shapes[i].count + c];
                if (wide(e, shapes[i].kinds[c]))
                    append_u32(b, v);
                else
                    append_u16(b, v);
            }
    append_u8(b, 0);
    pad4(b);
}

u8 *emit_write(const EmitTables *e, u32 *size)
{
    static const char *const names[] = {"#-", "#Strings", "#US", "#GUID", "#Blob"};
    enum { STREAMS = 5 };
    EmitRegion tables = {.cap = SMALL_BYTES}, out = {.cap = SMALL_BYTES};
    tables.base = base_malloc(SMALL_BYTES);
    out.base = base_malloc(SMALL_BYTES);
    write_tables(e, &tables);
    const EmitRegion *parts[STREAMS] = {&tables, &e->strings, &e->us, &e->guids, &e->blobs};
    append(&out, "BSJB\1\0\1\0\0\0\0\0\x0c\0\0\0v4.0.30319\0\0\0\0\5\0", 32);
    u32 at[STREAMS];
    for (u32 i = 0; i < STREAMS; i++) {
        at[i] = out.len;
        append_u32(&out, 0);
        append_u32(&out, ALIGN_UP(parts[i]->len, 4u));
        append(&out, names[i], strlen(names[i]) + 1);
        pad4(&out);
    }
    for (u32 i = 0; i < STREAMS; i++) {
        memcpy(out.base + at[i], &out.len, 4);
        append(&out, parts[i]->base, parts[i]->len);
        pad4(&out);
    }
    base_free(tables.base);
    *size = out.len;
    return out.base;
}

static void release(EmitRegion *r)
{
    if (r->base)
        os_mem_release(r->base, r->cap);
}

void emit_free(EmitTables *e)
{
    release(&e->strings);
    release(&e->us);
    release(&e->blobs);
    release(&e->guids);
    release(&e->il);
    for (u32 i = 0; i < MDT_COUNT; i++)
        release(&e->cells[i]);
}
