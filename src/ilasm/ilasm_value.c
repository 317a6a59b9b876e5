/* ilasm_value.c: constants, the values of attributes spelled out, and descriptions of marshalling (§II.23.3, §II.23.4, §II.22.9). */
#include "ilasm/ilasm_int.h"

#include "base/utf.h"

enum { DEPTH_MAX = 60 };

/* --- constants --- */

/* int8 … float64, bool, char, `unsigned int32`; 0: none, nothing taken */
static u8 number_type(Asm *a)
{
    if (ia_kw(a, K_unsigned)) {
        u8 e;
        switch (ia_ahead(a, 1)->kw) {
        case K_int8: e = ET_U1; break;
        case K_int16: e = ET_U2; break;
        case K_int32: e = ET_U4; break;
        case K_int64: e = ET_U8; break;
        default: return 0;
        }
        a->at += 2;
        return e;
    }
    u8 e = 0;
    switch (ia_tok(a)->kw) {
    case K_bool: e = ET_BOOLEAN; break;
    case K_char: e = ET_CHAR; break;
    case K_int8: e = ET_I1; break;
    case K_uint8: e = ET_U1; break;
    case K_int16: e = ET_I2; break;
    case K_uint16: e = ET_U2; break;
    case K_int32: e = ET_I4; break;
    case K_uint32: e = ET_U4; break;
    case K_int64: e = ET_I8; break;
    case K_uint64: e = ET_U8; break;
    case K_float32: e = ET_R4; break;
    case K_float64: e = ET_R8; break;
    default: return 0;
    }
    ia_next(a);
    return e;
}

static bool fits(u8 type, i64 v)
{
    switch (type) {
    case ET_I1: case ET_U1: return v >= -128 && v <= 255;
    case ET_I2: case ET_U2: case ET_CHAR: return v >= -32768 && v <= 65535;
    case ET_I4: case ET_U4: return v >= INT32_MIN && v <= (i64)UINT32_MAX;
    default: return true;
    }
}

/* One number of that type, as it stands between parentheses or in a sequence */
static bool put_number(Asm *a, u8 type, Buf *out)
{
    static const u8 sizes[] = {[ET_BOOLEAN] = 1, [ET_CHAR] = 2, [ET_I1] = 1, [ET_U1] = 1, [ET_I2] = 2, [ET_U2] = 2, [ET_I4] = 4, [ET_U4] = 4,
        [ET_I8] = 8, [ET_U8] = 8, [ET_R4] = 4, [ET_R8] = 8};
    i64 v;
    double r;
    u32 at = a->at;
    const Tok *t = ia_tok(a);
    if (type == ET_BOOLEAN) {
        bool yes = ia_kw(a, K_true);
        if (yes || ia_kw(a, K_false)) {
            ia_next(a);
            buf_u8(out, yes);
            return true;
        }
        if (t->kind != T_INT) return ia_expected(a, "true or false");
    }
    if ((type == ET_R4 || type == ET_R8) && t->kind != T_INT && t->kind != T_NINT && t->kind != T_INT64) {
        if (!ia_want_float(a, &r, type == ET_R4)) return false;
        float f = (float)r;
        buf_put(out, type == ET_R4 ? (void *)&f : (void *)&r, sizes[type]);
        return true;
    }
    if (!ia_want_int(a, &v)) return false; /* a whole number for a float is its bits */
    if (!fits(type, v)) return ia_fail(a, at, "this number does not fit its type");
    buf_le(out, (u64)v, sizes[type]);
    return true;
}

static void put_utf16(Asm *a, Buf *out)
{
    size_t n = utf8_to_utf16_len((const char *)a->tmp.p, a->tmp.len);
    buf_room(out, (u32)n * 2);
    char16 *u = base_malloc(n * 2 + 2);
    utf8_to_utf16((const char *)a->tmp.p, a->tmp.len, u);
    buf_put(out, u, n * 2);
    base_free(u);
}

bool ia_field_init(Asm *a, u8 *type, Buf *value)
{
    Bytes b;
    if (ia_is(a, T_STR)) {
        *type = ET_STRING;
        if (!ia_want_text(a)) return false;
        put_utf16(a, value);
        return true;
    }
    if (ia_take_kw(a, K_nullref)) {
        *type = ET_CLASS;
        buf_le(value, 0, 4);
        return true;
    }
    if (ia_take_kw(a, K_bytearray)) {
        *type = ET_STRING;
        if (!ia_want_bytes(a, &b)) return false;
        buf_put(value, b.p, b.n);
        return true;
    }
    if (!(*type = number_type(a))) return ia_expected(a, "a value, such as int32(1), bool(true), \"text\", bytearray(…) or nullref");
    return ia_want(a, '(', "'('") && put_number(a, *type, value) && ia_want(a, ')', "')'");
}

/* --- values of attributes --- */

static void put_tmp_text(Asm *a, Buf *out) { buf_sertext(out, a->tmp.p ? (const char *)a->tmp.p : "", a->tmp.len); }

/* string: 'text', "text" or nullref */
static bool put_string(Asm *a, Buf *out)
{
    if (ia_take_kw(a, K_nullref)) {
        buf_u8(out, 0xFF);
        return true;
    }
    if (ia_is(a, T_STR)) {
        if (!ia_want_text(a)) return false;
    } else if (ia_is(a, T_SQ)) {
        a->tmp.len = 0;
        ia_string(a, ia_tok(a));
        ia_next(a);
    } else {
        return ia_expected(a, "a name in single quotes or nullref");
    }
    put_tmp_text(a, out);
    return true;
}

/* type: class 'text', a class, or nullref */
static bool put_type_name(Asm *a, Buf *out)
{
    if (ia_is(a, T_SQ) || ia_kw(a, K_nullref)) return put_string(a, out);
    if (ia_kw(a, K_class) && (ia_ahead(a, 1)->kind == T_SQ || ia_ahead(a, 1)->kind == T_STR)) {
        ia_next(a);
        return put_string(a, out);
    }
    u32 at = a->at;
    ia_take_kw(a, K_class);
    u32 token = ia_class_name(a);
    if (!token) return false;
    if (MD_TABLE_OF(token) != MDT_TypeDef && MD_TABLE_OF(token) != MDT_TypeRef) return ia_fail(a, at, "this is no class");
    const char *text = ia_class_text(a, token);
    buf_sertext(out, text, (u32)strlen(text));
    return true;
}

static bool put_object(Asm *a, Buf *out);

static bool put_value(Asm *a, u8 type, Buf *out)
{
    switch (type) {
    case ET_STRING: return put_string(a, out);
    case ET_ATTR_TYPE: return put_type_name(a, out);
    case ET_ATTR_BOXED: return put_object(a, out);
    default: return put_number(a, type, out);
    }
}

static u8 value_type(Asm *a)
{
    u8 e = number_type(a);
    if (e) return e;
    if (ia_take_kw(a, K_string)) return ET_STRING;
    if (ia_take_kw(a, K_type)) return ET_ATTR_TYPE;
    if (ia_take_kw(a, K_object)) return ET_ATTR_BOXED;
    return 0;
}

bool ia_ser_init(Asm *a, Buf *out, bool typed)
{
    u32 n, at;
    if (ia_take_kw(a, K_bytearray)) {
        Bytes b;
        if (!ia_want_bytes(a, &b)) return false;
        if (typed) buf_u8(out, ET_STRING);
        buf_put(out, b.p, b.n);
        return true;
    }
    u8 type = value_type(a);
    if (!type) return ia_expected(a, "a value, such as int32(1), string('text') or type(…)");
    if (ia_take(a, '[')) {
        if (!ia_want_int32(a, &n) || !ia_want(a, ']', "']'") || !ia_want(a, '(', "'('")) return false;
        if (typed) buf_u8(out, ET_SZARRAY), buf_u8(out, type);
        buf_le(out, n, 4);
        at = a->at;
        u32 found = 0;
        for (; !ia_is(a, ')'); found++) {
            if (a->panic || !put_value(a, type, out)) return false;
        }
        ia_next(a);
        if (found != n) return ia_fail(a, at, "%u values where %u were announced", found, n);
        return true;
    }
    if (typed) buf_u8(out, type);
    if (!ia_want(a, '(', "'(' or '['")) return false;
    return put_value(a, type, out) && ia_want(a, ')', "')'");
}

static bool put_object(Asm *a, Buf *out)
{
    if (a->depth >= DEPTH_MAX) return ia_fail(a, a->at, "values are nested too deep");
    a->depth++;
    bool ok = ia_ser_init(a, out, true);
    a->depth--;
    return ok;
}

/* --- marshalling --- */

static bool native_type(Asm *a, Buf *b);

static bool put_native_text(Asm *a, Buf *b)
{
    if (!ia_want_text(a)) return false;
    put_tmp_text(a, b);
    return true;
}

static bool native_custom(Asm *a, Buf *b)
{
    Buf s = {0};
    u32 n = 0;
    bool ok = ia_want(a, '(', "'('");
    while (ok && n < 4) {
        ok = put_native_text(a, &s);
        n++;
        if (ok && !ia_take(a, ',')) break;
    }
    ok = ok && ia_want(a, ')', "')'");
    if (ok && n != 2 && n != 4) ok = ia_fail(a, a->at - 1, "custom(…) has two strings or four");
    buf_u8(b, 0x2C);
    if (n == 2) buf_u8(b, 0), buf_u8(b, 0);
    buf_put(b, s.p, s.len);
    buf_free(&s);
    return ok;
}

static bool bracket_count(Asm *a, u32 *n) { return ia_want(a, '[', "'['") && ia_want_int32(a, n) && ia_want(a, ']', "']'"); }

static bool native_fixed(Asm *a, Buf *b)
{
    u32 n;
    if (ia_take_kw(a, K_sysstring)) {
        buf_u8(b, 0x17);
        if (!bracket_count(a, &n)) return false;
        buf_uint(b, n);
        return true;
    }
    if (!ia_want_kw(a, K_array, "sysstring or array after 'fixed'")) return false;
    buf_u8(b, 0x1E);
    if (!bracket_count(a, &n)) return false;
    buf_uint(b, n);
    if (ia_is(a, ')')) return true;
    return native_type(a, b);
}

static bool variant_type(Asm *a, u32 *vt)
{
    *vt = 0;
    if (ia_take_kw(a, K_unsigned)) {
        u32 kw = ia_tok(a)->kw;
        *vt = kw == K_int8 ? 17 : kw == K_int16 ? 18 : kw == K_int32 ? 19 : kw == K_int64 ? 21 : kw == K_int ? 23 : 0;
        if (!*vt) return ia_expected(a, "int8, int16, int32, int64 or int after 'unsigned'");
        ia_next(a);
    } else if (ia_take(a, '*')) {
        *vt = 26;
    } else if (ia_is(a, T_ID) && ia_tok(a)->val < a->sym_words && a->words.variant[ia_tok(a)->val]) {
        *vt = a->words.variant[ia_tok(a)->val];
        ia_next(a);
    }
    for (;;) {
        if (ia_is(a, '[') && ia_ahead(a, 1)->kind == ']') *vt |= 0x2000, a->at += 2;
        else if (ia_take_kw(a, K_vector)) *vt |= 0x1000;
        else if (ia_take(a, '&')) *vt |= 0x4000;
        else return true;
    }
}

static bool native_safearray(Asm *a, Buf *b)
{
    u32 vt;
    buf_u8(b, 0x1D);
    if (!variant_type(a, &vt)) return false;
    buf_uint(b, vt);
    if (ia_take(a, ',')) return put_native_text(a, b);
    buf_u8(b, 0);
    return true;
}

static bool native_base(Asm *a, Buf *b)
{
    u32 n;
    const Tok *t = ia_tok(a), *after = ia_ahead(a, 1);
    if (t->kind == ')' || t->kind == '[' || t->kind == '*' || t->kind == ',') return true; /* none */
    if (t->kind != T_ID || t->val >= a->sym_words) {
        const Alias *al = ia_alias(a);
        if (!al) return ia_expected(a, "a native type, such as lpwstr or int32");
        return ia_fail(a, a->at, "this name stands for no native type");
    }
    if (ia_take_kw(a, K_custom)) return native_custom(a, b);
    if (ia_take_kw(a, K_fixed)) return native_fixed(a, b);
    if (ia_take_kw(a, K_safearray)) return native_safearray(a, b);
    u32 two = t->kw == K_nested && after->kw == K_struct ? 0x21 : t->kw == K_ansi && after->kw == K_bstr ? 0x23
        : t->kw == K_variant && after->kw == K_bool ? 0x25 : t->kw == K_as && after->kw == K_any ? 0x28 : 0;
    if (t->kw == K_unsigned) {
        u32 kw = after->kw;
        two = kw == K_int8 ? 4 : kw == K_int16 ? 6 : kw == K_int32 ? 8 : kw == K_int64 ? 10 : kw == K_int ? 0x20 : 0;
    }
    if (two) {
        a->at += 2;
        buf_u8(b, two);
        return true;
    }
    if (!a->words.native[t->val]) return ia_expected(a, "a native type, such as lpwstr or int32");
    buf_u8(b, a->words.native[t->val]);
    ia_next(a);
    if (ia_is(a, '(') && after->kind == '(') {
        ia_next(a);
        if (!ia_want_kw(a, K_iidparam, "iidparam") || !ia_want(a, '=', "'='") || !ia_want_int32(a, &n) || !ia_want(a, ')', "')'")) return false;
        buf_uint(b, n);
    }
    return true;
}

static bool native_array(Asm *a, Buf *b, u32 start)
{
    u32 n = 0, param = 0;
    ia_next(a);
    if (b->len == start) buf_u8(b, 0x50);
    buf_insert(b, start, &(u8){0x2A}, 1);
    if (ia_take(a, ']')) return true;
    bool has_count = ia_is(a, T_INT);
    if (has_count && !ia_want_int32(a, &n)) return false;
    bool has_param = ia_take(a, '+');
    if (has_param && !ia_want_int32(a, &param)) return false;
    if (!has_count && !has_param) return ia_expected(a, "a size, '+' or ']'");
    buf_uint(b, param);
    if (has_count) {
        buf_uint(b, n);
        buf_uint(b, has_param);
    }
    return ia_want(a, ']', "']'");
}

static bool native_type(Asm *a, Buf *b)
{
    u32 start = b->len;
    if (a->depth >= DEPTH_MAX) return ia_fail(a, a->at, "types are nested too deep");
    a->depth++;
    bool ok = native_base(a, b);
    while (ok) {
        if (ia_is(a, '[')) ok = native_array(a, b, start);
        else if (ia_take(a, '*')) buf_insert(b, start, &(u8){0x10}, 1);
        else break;
    }
    a->depth--;
    return ok;
}

bool ia_marshal(Asm *a, u32 *blob)
{
    Buf b = {0};
    bool ok = ia_want(a, '(', "'('");
    if (ok && ia_is(a, '{')) {
        ia_next(a);
        ok = ia_is(a, T_BYTES) || ia_expected(a, "bytes");
        if (ok) {
            Bytes x = a->bytes.data[ia_tok(a)->val];
            buf_put(&b, x.p, x.n);
            ia_next(a);
            ok = ia_want(a, '}', "'}'");
        }
    } else if (ok) {
        ok = native_type(a, &b);
    }
    ok = ok && ia_want(a, ')', "')'");
    *blob = ok ? mdw_blob(a->w, b.p, b.len) : 0;
    buf_free(&b);
    return ok;
}
