/* ildasm_raw.c: -metadata=MDHEADER, SCHEMA, CSV, RAW, HEAPS: what the tables are made of, for those who count bytes. */
#include "ildasm/ildasm_int.h"

static const char *const heap_names[] = {"#Strings", "#US", "#GUID", "#Blob"};

static const u8 *heap(const MdImage *m, u32 which, u32 *size)
{
    const u8 *const at[] = {m->strings, m->us, m->guids, m->blobs};
    const u32 sizes[] = {m->strings_size, m->us_size, m->guids_size, m->blobs_size};
    *size = sizes[which];
    return at[which];
}

static const char *kind_name(u32 kind)
{
    switch (kind) {
    case MDK_U2: return "u2";
    case MDK_U4: return "u4";
    case MDK_Str: return "#Strings";
    case MDK_Guid: return "#GUID";
    case MDK_Blob: return "#Blob";
#define CODED(name, bits, tables) \
    case MDK_##name: return #name;
#include "md/md_tables.def"
#undef CODED
    default: return md_table_name(kind);
    }
}

static void put_schema(Dis *d, u32 t)
{
    const MdTable *table = &d->m->tables[t];
    for (u32 c = 0; c < table->col_count; c++)
        putf(d, "//   column %u: offset %2u, %u bytes, %-26s %s\n", c, table->cols[c].offset, table->cols[c].size, kind_name(table->cols[c].kind),
            md_column_name(t, c));
}

static void put_raw_rows(Dis *d, u32 t)
{
    for (u32 r = 1; r <= md_rows(d->m, t) && !d->full; r++) {
        put_hexu(d, MD_TOKEN(t, r), 8);
        for (u32 c = 0; c < d->m->tables[t].col_count; c++) put_ch(d, ' '), put_hex(d, md_col(d->m, t, r, c), d->m->tables[t].cols[c].size * 2);
        put_ch(d, '\n');
    }
}

static void put_table(Dis *d, u32 t)
{
    const MdTable *table = &d->m->tables[t];
    if (!table->rows) return;
    putf(d, "\n// %s (0x%02x): %u rows of %u bytes%s\n", md_table_name(t), t, table->rows, table->row_size, table->sorted ? ", sorted" : "");
    put_schema(d, t);
    if (d->opt.metadata & ILDASM_MD_RAW) put_raw_rows(d, t);
}

static void put_csv(Dis *d)
{
    u32 n;
    put_lit(d, "Name,Size,Rows,RowSize\n");
    for (u32 i = 0; i < ARRAY_LEN(heap_names); i++) heap(d->m, i, &n), putf(d, "%s,%u\n", heap_names[i], n);
    for (u32 t = 0; t < MDT_COUNT; t++) {
        const MdTable *table = &d->m->tables[t];
        u32 width = table->rows ? table->row_size : 0;
        if (md_table_name(t)) putf(d, "%s,%u,%u,%u\n", md_table_name(t), table->rows * width, table->rows, width);
    }
}

static void put_heap(Dis *d, u32 which)
{
    u32 n;
    const u8 *p = heap(d->m, which, &n);
    putf(d, "\n// %s: %u bytes\n", heap_names[which], n);
    for (u32 at = 0; at < n && !d->full; at += 16) {
        put_hex(d, at, 8);
        put_ch(d, ' ');
        for (u32 i = at; i < at + 16; i++) {
            put_ch(d, ' ');
            if (i < n) put_hexu(d, p[i], 2);
            else put_lit(d, "  ");
        }
        put_lit(d, "  ");
        for (u32 i = at; i < MIN(at + 16, n); i++) put_ch(d, p[i] >= 0x20 && p[i] < 0x7F ? (char)p[i] : '.');
        put_ch(d, '\n');
    }
}

void put_raw_metadata(Dis *d)
{
    u32 parts = d->opt.metadata;
    if (parts & (ILDASM_MD_HEADER | ILDASM_MD_SCHEMA) && d->m->root_size >= 8) put_metadata_root(d);
    if (parts & ILDASM_MD_CSV) put_csv(d);
    for (u32 t = 0; t < MDT_COUNT && parts & (ILDASM_MD_SCHEMA | ILDASM_MD_RAW); t++) put_table(d, t);
    for (u32 i = 0; i < ARRAY_LEN(heap_names) && parts & ILDASM_MD_HEAPS; i++) put_heap(d, i);
}
