/* refl_emit_md.c: metadata tables and heaps to bytes (§II.24).
 * In: EmitTables.  Out: a root with the uncompressed stream "#-", whose tables need no order.  Heap indices are four bytes wide. */
#include "corelib/refl_emit.h"

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

static void append(EmitBytes *b, const void *p, size_t n)
{
    vec_reserve(b, b->len + (u32)n);
    if (n)
        memcpy(b->data + b->len, p, n);
    b->len += (u32)n;
}
static void append_u8(EmitBytes *b, u32 v) { vec_push(b, (u8)v); }
static void append_u16(EmitBytes *b, u32 v)
{
    u16 x = (u16)v;
    append(b, &x, 2);
}
static void append_u32(EmitBytes *b, u32 v) { append(b, &v, 4); }
static void pad4(EmitBytes *b)
{
    while (b->len & 3)
        append_u8(b, 0);
}

void emit_init(EmitTables *e)
{
    *e = (EmitTables){0};
    append_u8(&e->strings, 0);
    append_u8(&e->us, 0);
    append_u8(&e->blobs, 0);
}

void emit_free(EmitTables *e)
{
    vec_free(&e->strings);
    vec_free(&e->us);
    vec_free(&e->blobs);
    vec_free(&e->guids);
    for (u32 i = 0; i < MDT_COUNT; i++)
        vec_free(&e->cells[i]);
}

u32 emit_string(EmitTables *e, const char *s)
{
    if (!s || !*s)
        return 0;
    u32 at = e->strings.len;
    append(&e->strings, s, strlen(s) + 1);
    return at;
}

static void append_length(EmitBytes *b, u32 n)
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

u32 emit_row(EmitTables *e, u32 table, const u32 *cells)
{
    for (u32 i = 0; i < shapes[table].count; i++)
        vec_push(&e->cells[table], cells[i]);
    return ++e->rows[table];
}

u32 *emit_cell(EmitTables *e, u32 table, u32 rid, u32 col)
{
    CHECK(rid - 1 < e->rows[table] && col < shapes[table].count);
    return &e->cells[table].data[(rid - 1) * shapes[table].count + col];
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

static void write_tables(const EmitTables *e, EmitBytes *b)
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
                u32 v = e->cells[i].data[r * shapes[i].count + c];
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
    EmitBytes tables = {0}, out = {0};
    write_tables(e, &tables);
    const EmitBytes *parts[STREAMS] = {&tables, &e->strings, &e->us, &e->guids, &e->blobs};
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
        memcpy(out.data + at[i], &out.len, 4);
        append(&out, parts[i]->data, parts[i]->len);
        pad4(&out);
    }
    vec_free(&tables);
    *size = out.len;
    return out.data;
}
