/* made.h: small metadata built in memory by a test.
 *   made_begin(); made_row(MDT_TypeDef, 6 values); … MdImage m; made_open(&m, '~', sorted); */
#ifndef MADE_H
#define MADE_H
#include "md/md.h"
#include <stdlib.h>

static u32 made_rows[MDT_COUNT], made_cells[MDT_COUNT][64][MD_MAX_COLS];
static u8 made_strings[1024], made_blobs[1024], made_us[256];
static u32 made_strings_len, made_blobs_len, made_us_len;
static u8 *made_bytes;

static inline void made_begin(void)
{
    memset(made_rows, 0, sizeof(made_rows));
    made_strings_len = made_blobs_len = made_us_len = 1;
}
static inline u32 made_str(const char *s)
{
    u32 at = made_strings_len;
    memcpy(made_strings + at, s, strlen(s) + 1);
    made_strings_len += (u32)strlen(s) + 1;
    return at;
}
static inline u32 made_blob(const void *p, u32 n)
{
    u32 at = made_blobs_len;
    made_blobs[at] = (u8)n;
    memcpy(made_blobs + at + 1, p, n);
    made_blobs_len += n + 1;
    return at;
}
#define BLOB(...) made_blob((const u8[]){__VA_ARGS__}, sizeof((const u8[]){__VA_ARGS__}))
#define ROW(table, ...) made_row(table, (const u32[]){__VA_ARGS__}, sizeof((const u32[]){__VA_ARGS__}) / 4)
static inline u32 made_row(u32 table, const u32 *v, size_t n)
{
    memcpy(made_cells[table][made_rows[table]], v, n * 4);
    return ++made_rows[table];
}
static inline u8 *made_u32(u8 *p, u32 v)
{
    memcpy(p, &v, 4);
    return p + 4;
}

/* Widths are asked of the reader itself: an image with the same counts and no heap larger than 64 KB has 2-byte columns,
 * but for U4 ones. */
static inline size_t made_build(char kind, u64 sorted)
{
    free(made_bytes);
    made_bytes = calloc(1, 65536);
    u8 *p = made_bytes, *streams;
    p = made_u32(p, 0x424A5342);
    p = made_u32(p, 0x00010001);
    p = made_u32(p, 0);
    p = made_u32(p, 12);
    memcpy(p, "v4.0.30319", 11), p += 12;
    p = made_u32(p, 4u << 16);
    streams = p;
    p += 4 * 8 + 4 + 12 + 8 + 4; /* "#~" 4, "#Strings" 12, "#Blob" 8, "#US" 4 */
    u8 *start[4], *end[4];
    start[0] = p;
    p = made_u32(p, 0);
    *p++ = 2, *p++ = 0, *p++ = 0, *p++ = 1;
    u64 valid = 0;
    for (u32 t = 0; t < MDT_COUNT; t++) valid |= (u64)(made_rows[t] != 0) << t;
    memcpy(p, &valid, 8), p += 8;
    memcpy(p, &sorted, 8), p += 8;
    for (u32 t = 0; t < MDT_COUNT; t++)
        if (made_rows[t]) p = made_u32(p, made_rows[t]);
    for (u32 t = 0; t < MDT_COUNT; t++)
        for (u32 r = 0; r < made_rows[t]; r++)
            for (u32 c = 0; md_column_name(t, c); c++) {
                bool wide = false;
#define C(table, col, kind) MDK_##kind,
#define TABLE(id, name, cols)                                                                                          \
    if (t == (id)) wide = ((const u8[]){cols})[c] == MDK_U4;
#include "md/md_tables.def"
#undef TABLE
#undef C
                memcpy(p, &made_cells[t][r][c], wide ? 4 : 2), p += wide ? 4 : 2;
            }
    end[0] = p;
    const u8 *heaps[] = {made_strings, made_blobs, made_us};
    u32 sizes[] = {made_strings_len, made_blobs_len, made_us_len};
    for (int i = 0; i < 3; i++) {
        start[i + 1] = p;
        memcpy(p, heaps[i], sizes[i]), p += sizes[i];
        end[i + 1] = p;
    }
    const char *names[] = {kind == '-' ? "#-" : "#~", "#Strings", "#Blob", "#US"};
    for (int i = 0; i < 4; i++) {
        streams = made_u32(streams, (u32)(start[i] - made_bytes));
        streams = made_u32(streams, (u32)(end[i] - start[i]));
        strcpy((char *)streams, names[i]);
        streams += (strlen(names[i]) + 4) & ~(size_t)3;
    }
    return (size_t)(p - made_bytes);
}

static inline bool made_open(MdImage *m, char kind, u64 sorted)
{
    return md_open_blob(m, made_bytes, made_build(kind, sorted), NULL);
}
#endif
