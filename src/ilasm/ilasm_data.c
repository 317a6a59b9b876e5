/* ilasm_data.c: .data in all forms, and tables of method slots for native callers (§II.16.3, §II.15.5).
 * Data of .text have their address at once; those of .sdata and .tls when the metadata's size is known (ilasm_out.c). */
#include "ilasm/ilasm_int.h"

#include "base/utf.h"

enum { DATA_MAX = 1 << 28, DATA_ALL_MAX = 1 << 29 };

u32 ia_data_label(Asm *a, u32 name)
{
    u64 i = 0;
    map64_get(&a->label_index, (u64)name + 1, &i);
    return (u32)i;
}

static bool count_opt(Asm *a, u32 *n)
{
    *n = 1;
    if (!ia_take(a, '[')) return true;
    u32 at = a->at;
    if (!ia_want_int32(a, n) || !ia_want(a, ']', "']'")) return false;
    if (*n == 0 || *n > DATA_MAX) return ia_fail(a, at, "%u is no count of data", *n);
    return true;
}

typedef struct DataOut {
    Buf b;
    u32 section, first_fix;
} DataOut;

static bool number(Asm *a, u32 size, bool real, Buf *b)
{
    u32 n;
    u64 bits = 0;
    bool zero = !ia_take(a, '(');
    if (!zero) {
        if (real) {
            double v;
            bool whole = ia_is(a, T_INT) || ia_is(a, T_NINT) || ia_is(a, T_INT64);
            i64 w;
            if (whole) {
                if (!ia_want_int(a, &w)) return false;
                v = (double)w;
            } else if (!ia_want_float(a, &v, size == 4)) {
                return false;
            }
            float f = (float)v;
            if (size == 4) memcpy(&bits, &f, 4);
            else memcpy(&bits, &v, 8);
        } else {
            i64 w;
            if (!ia_want_int(a, &w)) return false;
            bits = (u64)w;
        }
        if (!ia_want(a, ')', "')'")) return false;
    }
    if (!count_opt(a, &n)) return false;
    if ((u64)n * size + b->len > DATA_MAX) return ia_fail(a, a->at, "too much data");
    if (zero) buf_zero(b, (size_t)n * size);
    else
        for (u32 i = 0; i < n; i++) buf_le(b, bits, size);
    return true;
}

static bool data_item(Asm *a, DataOut *d)
{
    Bytes x;
    switch (ia_tok(a)->kw) {
    case K_char:
        ia_next(a);
        if (!ia_want(a, '*', "'*'") || !ia_want(a, '(', "'('") || !ia_want_text(a)) return false;
        size_t n = utf8_to_utf16_len((const char *)a->tmp.p, a->tmp.len);
        char16 *u = base_malloc(n * 2 + 2);
        utf8_to_utf16((const char *)a->tmp.p, a->tmp.len, u);
        u[n] = 0;
        buf_put(&d->b, u, n * 2 + 2);
        base_free(u);
        return ia_want(a, ')', "')'");
    case K_bytearray:
        ia_next(a);
        if (!ia_want_bytes(a, &x)) return false;
        buf_put(&d->b, x.p, x.n);
        return true;
    case K_float32: ia_next(a); return number(a, 4, true, &d->b);
    case K_float64: ia_next(a); return number(a, 8, true, &d->b);
    case K_int64: ia_next(a); return number(a, 8, false, &d->b);
    case K_int32: ia_next(a); return number(a, 4, false, &d->b);
    case K_int16: ia_next(a); return number(a, 2, false, &d->b);
    case K_int8: ia_next(a); return number(a, 1, false, &d->b);
    default: break;
    }
    if (ia_take(a, '&')) {
        if (!ia_want(a, '(', "'('")) return false;
        if (!ia_is_name(a)) return ia_expected(a, "the label of data");
        vec_push(&a->fixes, ((DataFix){d->section, d->b.len, ia_tok(a)->val, a->at}));
        ia_next(a);
        buf_zero(&d->b, a->opt.pe64 ? 8 : 4);
        return ia_want(a, ')', "')'");
    }
    return ia_expected(a, "data: int8 … int64, float32, float64, char*, bytearray or &");
}

void ia_data(Asm *a)
{
    DataOut d = {.section = PEW_SDATA, .first_fix = a->fixes.len};
    u32 name = 0, tok = a->at;
    bool ok = true;
    ia_next(a);
    if (ia_take_kw(a, K_tls)) d.section = PEW_TLS;
    else if (ia_take_kw(a, K_cil)) d.section = PEW_TEXT;
    if (ia_is_name(a) && ia_ahead(a, 1)->kind == '=') {
        name = ia_tok(a)->val;
        a->at += 2;
    }
    if (ia_take(a, '{')) {
        do ok = data_item(a, &d);
        while (ok && ia_take(a, ','));
        ok = ok && ia_want(a, '}', "',' or '}'");
    } else {
        ok = data_item(a, &d);
    }
    if (!ok) {
        a->fixes.len = d.first_fix;
        buf_free(&d.b);
        return;
    }
    if (name && ia_data_label(a, name)) {
        ia_fail(a, tok, "a second .data %s", ia_s(a, name)->p);
    }
    u32 align = d.b.len % 8 == 0 ? 8 : d.b.len % 4 == 0 ? 4 : d.b.len % 2 == 0 ? 2 : 1;
    if (!name) align = 1; /* it goes on where the one before ends */
    else if (d.b.len >= 16) align = 8;
    if ((u64)pew_size(a->pe, (PewSection)d.section) + d.b.len > DATA_ALL_MAX) {
        ia_fail(a, tok, "too much data");
        buf_free(&d.b);
        return;
    }
    u32 at = pew_add(a->pe, (PewSection)d.section, d.b.p, d.b.len, align);
    for (u32 i = d.first_fix; i < a->fixes.len; i++) a->fixes.data[i].offset += at;
    if (name && !a->panic) {
        vec_push(&a->labels, ((DataLabel){name, d.section, at, tok}));
        map64_put(&a->label_index, (u64)name + 1, a->labels.len);
    }
    buf_free(&d.b);
}

void ia_vtfixup(Asm *a)
{
    SlotTable t = {.count = 1, .tok = a->at};
    ia_next(a);
    if (ia_take(a, '[') && (!ia_want_int32(a, &t.count) || !ia_want(a, ']', "']'"))) return;
    for (;;) {
        if (ia_take_kw(a, K_int32)) t.type |= 1;
        else if (ia_take_kw(a, K_int64)) t.type |= 2;
        else if (ia_take_kw(a, K_fromunmanaged)) t.type |= 4;
        else if (ia_take_kw(a, K_retainappdomain)) t.type |= 8;
        else if (ia_take_kw(a, K_callmostderived)) t.type |= 16;
        else break;
    }
    if (!(t.type & 3)) t.type |= 1;
    if (!ia_want_kw(a, K_at, "int32, int64, fromunmanaged, callmostderived, retainappdomain or 'at'")) return;
    if (!ia_is_name(a)) {
        ia_expected(a, "the label of data");
        return;
    }
    t.label = ia_tok(a)->val;
    ia_next(a);
    if (t.count == 0 || t.count > 0xFFFF) ia_fail(a, t.tok, "%u is no count of slots", t.count);
    else vec_push(&a->slot_tables, t);
}
