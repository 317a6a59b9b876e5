/* pe_write_res.c: the resource section of a PE file from a .res file.
 * In: 32-byte-aligned entries: type, name (a number or UTF-16 text), language, data.  Out: the tree of three levels (type, name, language),
 * its names and data, with RVAs that still lack the section's.
 * Book: pe.md  Tests: tests/unit/pe/write.c */
#include <stdlib.h>

#include "pe/pe_write_int.h"

typedef struct ResId { /* text NULL: a number */
    const u8 *text;
    u32 number; /* or the text's length in units */
} ResId;
typedef struct ResEntry {
    ResId id[2]; /* type, name */
    u32 language, size;
    const u8 *data;
} ResEntry;
typedef VEC(ResEntry) ResEntries;

static bool read_id(const u8 *p, u32 end, u32 *at, ResId *id)
{
    if (*at + 4 > end) return false;
    if (pe_u16(p + *at) == 0xFFFF) {
        *id = (ResId){.number = pe_u16(p + *at + 2)};
        *at += 4;
        return true;
    }
    u32 n = 0;
    while (*at + n * 2 + 2 <= end && pe_u16(p + *at + n * 2)) n++;
    if (*at + n * 2 + 2 > end) return false;
    *id = (ResId){.text = p + *at, .number = n};
    *at += n * 2 + 2;
    return true;
}

static bool read_entries(ResEntries *v, const u8 *p, size_t size)
{
    for (size_t at = 0; at + 8 <= size;) {
        u32 data = pe_u32(p + at), header = pe_u32(p + at + 4), pos = 8;
        if (header < 32 || header > size - at || data > size - at - header) return false;
        ResEntry x = {.size = data, .data = p + at + header};
        if (!read_id(p + at, header, &pos, &x.id[0]) || !read_id(p + at, header, &pos, &x.id[1])) return false;
        pos = ALIGN_UP(pos, 4u);
        if (pos + 16 > header) return false;
        x.language = pe_u16(p + at + pos + 6);
        bool first = !x.id[0].text && !x.id[0].number && !data; /* the entry that says "a 32-bit .res file" */
        if (!first) vec_push(v, x);
        at = ALIGN_UP(at + header + data, (size_t)4);
    }
    return true;
}

/* Names first, by code units; then numbers. */
static int compare_id(const ResId *a, const ResId *b)
{
    if (!a->text != !b->text) return a->text ? -1 : 1;
    for (u32 i = 0; a->text && i < a->number && i < b->number; i++) {
        u16 x = pe_u16(a->text + i * 2), y = pe_u16(b->text + i * 2);
        if (x != y) return x < y ? -1 : 1;
    }
    return a->number < b->number ? -1 : a->number > b->number;
}

static int by_id(const void *a, const void *b)
{
    const ResEntry *x = a, *y = b;
    int c = compare_id(&x->id[0], &y->id[0]);
    if (!c) c = compare_id(&x->id[1], &y->id[1]);
    return c ? c : x->language < y->language ? -1 : x->language > y->language;
}

static u32 group_end(const ResEntries *v, u32 from, u32 end, u32 level)
{
    u32 i = from + 1;
    while (i < end && compare_id(&v->data[i].id[level], &v->data[from].id[level]) == 0) i++;
    return i;
}

static void set_u32(PewBytes *b, u32 at, u32 v) { memcpy(b->data + at, &v, 4); }

/* A directory of the entries [from, end); its sub-directories follow.  Three levels deep at most. */
static u32 put_directory(PewRes *r, const ResEntries *v, u32 from, u32 end, u32 level)
{
    u32 counts[2] = {0}, i, next;
    for (i = from; i < end; i = next) {
        next = level < 2 ? group_end(v, i, end, level) : i + 1;
        counts[level == 2 || !v->data[i].id[level].text]++;
    }
    u32 at = pew_bytes_put(&r->bytes, NULL, 16 + (size_t)(counts[0] + counts[1]) * 8, 4), row = at + 16;
    const u16 n[2] = {(u16)counts[0], (u16)counts[1]};
    memcpy(r->bytes.data + at + 12, n, 4);
    for (i = from; i < end; i = next, row += 8) {
        const ResEntry *x = &v->data[i];
        next = level < 2 ? group_end(v, i, end, level) : i + 1;
        u32 key = level < 2 ? x->id[level].number : x->language, value;
        if (level < 2 && x->id[level].text) {
            const u16 len = (u16)key;
            key = pew_bytes_put(&r->bytes, &len, 2, 2) | 0x80000000;
            pew_bytes_put(&r->bytes, x->id[level].text, (size_t)len * 2, 1);
        }
        if (level < 2) {
            value = put_directory(r, v, i, next, level + 1) | 0x80000000;
        } else {
            value = pew_bytes_put(&r->bytes, NULL, 16, 4);
            u32 data = pew_bytes_put(&r->bytes, x->data, x->size, 8);
            set_u32(&r->bytes, value, data);
            set_u32(&r->bytes, value + 4, x->size);
            vec_push(&r->fixes, value);
        }
        set_u32(&r->bytes, row, key);
        set_u32(&r->bytes, row + 4, value);
    }
    return at;
}

bool pew_res_parse(PewRes *r, const u8 *p, size_t size, Err *e)
{
    ResEntries v = {0};
    bool ok = size < 1u << 28 && read_entries(&v, p, size) && v.len < 0xFFFF;
    vec_clear(&r->bytes);
    vec_clear(&r->fixes);
    if (ok && v.len) {
        qsort(v.data, v.len, sizeof(ResEntry), by_id);
        put_directory(r, &v, 0, v.len, 0);
    }
    vec_free(&v);
    return ok || err_set(e, ERR_BAD_IMAGE, 0, "not a .res file of Win32 resources");
}
