/* ilasm_read.c: small steps of reading: what must come next, names, numbers, strings, flags; growing buffers. */
#include "ilasm/ilasm_int.h"

#include <stdlib.h>

/* --- buffers --- */

void buf_room(Buf *b, u32 n)
{
    if (b->cap - b->len >= n) return;
    CHECK(b->len + (u64)n < UINT32_MAX / 2);
    b->cap = MAX(b->cap * 2, b->len + n + 64);
    b->p = base_realloc(b->p, b->cap);
}

void buf_put(Buf *b, const void *p, size_t n)
{
    if (!n) return;
    buf_room(b, (u32)n);
    memcpy(b->p + b->len, p, n);
    b->len += (u32)n;
}

void buf_le(Buf *b, u64 v, u32 n)
{
    buf_room(b, n);
    memcpy(b->p + b->len, &v, n);
    b->len += n;
}

void buf_zero(Buf *b, size_t n)
{
    if (!n) return;
    buf_room(b, (u32)n);
    memset(b->p + b->len, 0, n);
    b->len += (u32)n;
}

void buf_align(Buf *b, u32 to) { buf_zero(b, ALIGN_UP(b->len, to) - b->len); }

void buf_insert(Buf *b, u32 at, const void *p, u32 n)
{
    buf_room(b, n);
    memmove(b->p + at + n, b->p + at, b->len - at);
    memcpy(b->p + at, p, n);
    b->len += n;
}

static u32 compress(u8 out[4], u32 v)
{
    if (v < 0x80) {
        out[0] = (u8)v;
        return 1;
    }
    if (v < 0x4000) {
        out[0] = (u8)(0x80 | v >> 8), out[1] = (u8)v;
        return 2;
    }
    v |= 0xC0000000u;
    for (u32 i = 0; i < 4; i++) out[i] = (u8)(v >> (24 - 8 * i));
    return 4;
}

void buf_uint(Buf *b, u32 v)
{
    u8 t[4];
    buf_put(b, t, compress(t, v));
}

void buf_insert_uint(Buf *b, u32 at, u32 v)
{
    u8 t[4];
    u32 n = compress(t, v);
    buf_insert(b, at, t, n);
}

void buf_int(Buf *b, i32 v)
{
    u32 sign = v < 0, bits = (u32)v;
    if (v >= -64 && v < 64) {
        buf_u8(b, (bits << 1 & 0x7F) | sign);
    } else if (v >= -8192 && v < 8192) {
        u32 x = (bits << 1 & 0x3FFF) | sign;
        buf_u8(b, 0x80 | x >> 8), buf_u8(b, x);
    } else {
        u32 x = 0xC0000000u | (bits << 1 & 0x1FFFFFFF) | sign;
        for (u32 i = 0; i < 4; i++) buf_u8(b, x >> (24 - 8 * i));
    }
}

void buf_sertext(Buf *b, const char *p, u32 n)
{
    buf_uint(b, n);
    buf_put(b, p, n);
}

void buf_free(Buf *b)
{
    base_free(b->p);
    *b = (Buf){0};
}

/* --- what must come --- */

bool ia_want(Asm *a, u8 kind, const char *what)
{
    if (ia_take(a, kind)) return true;
    return ia_expected(a, what);
}

bool ia_want_kw(Asm *a, u32 kw, const char *what)
{
    if (ia_take_kw(a, kw)) return true;
    return ia_expected(a, what);
}

bool ia_want_int(Asm *a, i64 *v)
{
    const Tok *t = ia_tok(a);
    *v = 0;
    if (t->kind != T_INT && t->kind != T_NINT && t->kind != T_INT64) return ia_expected(a, "a number");
    *v = ia_int_of(a, t);
    ia_next(a);
    return true;
}

bool ia_want_int32(Asm *a, u32 *v)
{
    const Tok *t = ia_tok(a);
    *v = 0;
    if (t->kind == T_INT64) return ia_expected(a, "a number of 32 bits");
    if (t->kind != T_INT && t->kind != T_NINT) return ia_expected(a, "a number");
    *v = (u32)ia_int_of(a, t);
    ia_next(a);
    return true;
}

bool ia_want_bytes(Asm *a, Bytes *b)
{
    *b = (Bytes){0};
    if (!ia_want(a, '(', "'(' and bytes")) return false;
    if (!ia_is(a, T_BYTES)) return ia_expected(a, "bytes");
    *b = a->bytes.data[ia_tok(a)->val];
    ia_next(a);
    return ia_want(a, ')', "')' after the bytes");
}

bool ia_want_float(Asm *a, double *v, bool single)
{
    const Tok *t = ia_tok(a);
    i64 bits;
    *v = 0;
    switch (t->kind) {
    case T_FLOAT:
        *v = single ? (double)ia_float32_of(a, t) : ia_float_of(a, t);
        ia_next(a);
        return true;
    case T_INT: case T_NINT: case T_INT64:
        *v = (double)ia_int_of(a, t);
        ia_next(a);
        return true;
    default: break;
    }
    if (ia_take_kw(a, K_inf)) *v = __builtin_inf();
    else if (ia_take_kw(a, K_nan)) *v = __builtin_nan("");
    else if (ia_is(a, '-') && ia_ahead(a, 1)->kw == K_inf) *v = -__builtin_inf(), a->at += 2;
    else if (ia_kw(a, K_float32) || ia_kw(a, K_float64)) {
        bool f32 = ia_kw(a, K_float32);
        ia_next(a);
        if (!ia_want(a, '(', "'('") || !ia_want_int(a, &bits) || !ia_want(a, ')', "')'")) return false;
        float f;
        u32 low = (u32)bits;
        memcpy(&f, &low, 4);
        if (f32) *v = f;
        else memcpy(v, &bits, 8);
    } else {
        return ia_expected(a, "a floating point number");
    }
    return true;
}

/* Words that only flags and tables know are fine as names, and a few more that the known assembler takes. */
static bool name_at(const Tok *t)
{
    if (t->kind == T_SQ) return true;
    if (t->kind != T_ID) return false;
    switch (t->kw) {
    case K_NONE: case K_RESERVED: case K_inf: case K_nan: case K_cil: case K_unmanaged: return true;
    case K_native: return t[1].kw != K_int && t[1].kw != K_uint && t[1].kw != K_unsigned;
    default: return false;
    }
}

bool ia_is_name(const Asm *a) { return name_at(ia_tok(a)); }

u32 ia_want_name(Asm *a)
{
    if (!ia_is_name(a)) {
        ia_expected(a, "a name");
        return 0;
    }
    u32 sym = ia_tok(a)->val;
    ia_next(a);
    if (!ia_is(a, '.') || !name_at(ia_ahead(a, 1))) return sym;
    a->tmp.len = 0; /* 'a b'.c.'d e' */
    buf_put(&a->tmp, ia_s(a, sym)->p, ia_s(a, sym)->len);
    while (ia_is(a, '.') && name_at(ia_ahead(a, 1))) {
        const Sym *s = ia_s(a, ia_ahead(a, 1)->val);
        buf_u8(&a->tmp, '.');
        buf_put(&a->tmp, s->p, s->len);
        a->at += 2;
    }
    return ia_tmp_sym(a);
}

u32 ia_tmp_sym(Asm *a) { return ia_sym(a, a->tmp.len ? (const char *)a->tmp.p : "", a->tmp.len); }

bool ia_want_text(Asm *a)
{
    a->tmp.len = 0;
    do {
        if (!ia_is(a, T_STR)) return ia_expected(a, "a string");
        ia_string(a, ia_tok(a));
        ia_next(a);
    } while (ia_take(a, '+'));
    buf_u8(&a->tmp, 0);
    a->tmp.len--;
    return true;
}

/* --- declarations, flags --- */

void ia_skip_decl(Asm *a)
{
    u32 depth = 0;
    if (!ia_is(a, '}')) ia_next(a);
    for (;; ia_next(a)) {
        const Tok *t = ia_tok(a);
        switch (t->kind) {
        case T_EOF: return;
        case '(': case '[': depth++; break;
        case ')': case ']': depth -= depth > 0; break;
        case '{':
            if (t->val > a->at) a->at = MIN(t->val, a->tok_count - 1);
            if (ia_is(a, T_EOF)) return;
            break;
        case '}': return;
        case T_ID:
            if (ia_is_decl(t->kw) && (!depth || t->kw != K_d_module)) return;
            break;
        default: break;
        }
    }
}

bool ia_flag(const Asm *a, u32 group, const Tok *t, FlagValue *v)
{
    if (t->kind != T_ID || t->val >= a->sym_words) return false;
    *v = a->words.flags[group][t->val];
    return v->mask != 0;
}

bool ia_take_flag(Asm *a, u32 group, u32 *flags)
{
    FlagValue v;
    if (ia_flag(a, group, ia_tok(a), &v)) {
        *flags = (*flags & ~v.mask) | v.value;
        ia_next(a);
        return true;
    }
    if (ia_kw(a, K_flags) && ia_ahead(a, 1)->kind == '(') {
        u32 n;
        a->at += 2;
        if (!ia_want_int32(a, &n) || !ia_want(a, ')', "')'")) return false;
        *flags = group == FG_EXPORT ? *flags | n : n;
        return true;
    }
    return false;
}
