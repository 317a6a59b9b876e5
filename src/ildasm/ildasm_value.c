/* ildasm_value.c: flags, constants, custom attributes, marshalling descriptions, security.
 * What has no words in the language is given as its bytes; every form here assembles to the bytes it was made from. */
#include "ildasm/ildasm_int.h"

#include "base/utf.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FLAGS(GROUP, group) const FlagWord dis_##group##_flags[] = {
#define FLAG(mask, value, text) {mask, value, text},
#define FLAGS_END {0, 0, NULL}};
#include "il/il_words.def"
#define CORFLAG(mask, value, text) {mask, value, text},
const FlagWord dis_corflags[] = {
#include "il/il_words.def"
    {0, 0, NULL}};

#define NATIVE(code, text) [code] = text,
static const char *const native_words[0x50] = {
#include "il/il_words.def"
};
#define VARIANT(code, text) [code] = text,
static const char *const variant_words[0x50] = {
#include "il/il_words.def"
};
#define SECACTION(code, text) [code] = text,
static const char *const action_words[0x20] = {
#include "il/il_words.def"
};

u32 put_flags(Dis *d, const FlagWord *w, u32 flags)
{
    u32 left = flags;
    for (; w->text; w++)
        if ((flags & w->mask) == w->value) {
            put(d, w->text);
            put_ch(d, ' ');
            left &= ~w->mask;
        }
    return left;
}

/* --- constants --- */

/* Shortest text that reads back as the same number, with the point that makes it one */
void put_float(Dis *d, double v, int digits)
{
    char b[40];
    snprintf(b, sizeof(b), "%.*g", digits, v);
    char *e = strchr(b, 'e');
    if (strchr(b, '.')) put(d, b);
    else if (e) put_mem(d, b, (size_t)(e - b)), put_lit(d, ".0"), put(d, e);
    else put(d, b), put_lit(d, ".0");
}

static void put_string_constant(Dis *d, const u8 *p, u32 n)
{
    char16 units[256];
    char text[sizeof(units) / 2 * 3];
    bool plain = n % 2 == 0 && n / 2 <= ARRAY_LEN(units);
    if (plain) memcpy(units, p, n);
    for (u32 i = 0; plain && i < n / 2; i++)
        plain = units[i] >= 0x20 && units[i] < 0x7F;
    if (plain) {
        put_quoted(d, text, utf16_to_utf8(units, n / 2, text), '"');
    } else {
        put_lit(d, "bytearray");
        put_bytes(d, p, n);
    }
}

void put_number(Dis *d, u8 type, const u8 *p)
{
    put(d, dis_elem_word(type));
    put_ch(d, '(');
    u32 u = type == ET_R4 ? pe_u32(p) : 0;
    u64 w = type == ET_R8 || type == ET_I8 || type == ET_U8 ? pe_u64(p) : 0;
    float f;
    double r;
    memcpy(&f, &u, 4);
    memcpy(&r, &w, 8);
    switch (type) {
    case ET_BOOLEAN: put(d, *p ? "true" : "false"); break;
    case ET_CHAR: put_lit(d, "0x"), put_hexu(d, pe_u16(p), 4); break;
    case ET_I1: put_dec(d, (i8)*p); break;
    case ET_U1: put_udec(d, *p); break;
    case ET_I2: put_dec(d, (i16)pe_u16(p)); break;
    case ET_U2: put_udec(d, pe_u16(p)); break;
    case ET_I4: put_dec(d, (i32)pe_u32(p)); break;
    case ET_U4: put_udec(d, pe_u32(p)); break;
    case ET_I8: put_dec(d, (i64)w); break;
    case ET_U8: put_udec(d, w); break;
    case ET_R4:
        if (isfinite(f) && (f != 0 || !u)) put_float(d, f, 9);
        else put_lit(d, "0x"), put_hexu(d, u, 8);
        break;
    default:
        if (isfinite(r) && (r != 0 || !w)) put_float(d, r, 17);
        else put_lit(d, "0x"), put_hexu(d, w, 16);
    }
    put_ch(d, ')');
}

void put_constant(Dis *d, u32 row)
{
    static const u8 sizes[] = {[ET_BOOLEAN] = 1, [ET_CHAR] = 2, [ET_I1] = 1, [ET_U1] = 1, [ET_I2] = 2, [ET_U2] = 2, [ET_I4] = 4,
        [ET_U4] = 4, [ET_I8] = 8, [ET_U8] = 8, [ET_R4] = 4, [ET_R8] = 8};
    u8 type = (u8)md_Constant_Type(d->m, row);
    u32 n;
    const u8 *p = md_blob(d->m, md_Constant_Value(d->m, row), &n);
    put_lit(d, " = ");
    if (type == ET_STRING && p) put_string_constant(d, p, n);
    else if (type == ET_CLASS) put_lit(d, "nullref");
    else if (type < ARRAY_LEN(sizes) && sizes[type] && p && n >= sizes[type]) put_number(d, type, p);
    else put_lit(d, "nullref"), dis_problem(d, MD_TOKEN(MDT_Constant, row), "bad constant");
}

/* --- custom attributes --- */

void put_attribute(Dis *d, u32 row, bool with_owner)
{
    MdImage *m = d->m;
    u32 ctor = md_CustomAttribute_Type(m, row), n;
    const u8 *p = md_blob(m, md_CustomAttribute_Value(m, row), &n);
    put_lit(d, ".custom ");
    if (with_owner) {
        put_ch(d, '(');
        put_owner(d, md_CustomAttribute_Parent(m, row));
        put_lit(d, ") ");
    }
    put_token(d, MD_TOKEN(MDT_CustomAttribute, row));
    put_method_ref(d, ctor);
    if (d->opt.ca_verbal && p && put_verbal(d, ctor, p, n)) return;
    if (p && n) {
        put_lit(d, " = ");
        put_bytes(d, p, n);
    } else if (!p) {
        dis_problem(d, MD_TOKEN(MDT_CustomAttribute, row), "bad value");
    }
}

void put_attributes(Dis *d, u32 token)
{
    if (d->opt.no_ca || !dis_has(d, token, HAS_ATTRIBUTES)) return;
    MdIter it = md_attributes_of(d->m, token);
    for (u32 r; (r = md_next_row(&it)) && !d->full;) {
        put_indent(d);
        put_attribute(d, r, false);
        put_ch(d, '\n');
    }
}

/* Attributes of what has no place of its own in the text */
void put_far_attributes(Dis *d)
{
    MdImage *m = d->m;
    if (d->opt.no_ca) return;
    u32 rows = md_rows(m, MDT_CustomAttribute);
    for (u32 r = 1; r <= rows && !d->full; r++) {
        u32 parent = md_CustomAttribute_Parent(m, r);
        switch (MD_TABLE_OF(parent)) {
        case MDT_TypeRef: case MDT_TypeSpec: case MDT_MemberRef: case MDT_MethodSpec:
            put_indent(d);
            put_attribute(d, r, true);
            put_ch(d, '\n');
            break;
        case MDT_TypeDef:
            if (parent == MD_TOKEN(MDT_TypeDef, 1)) put_attribute(d, r, true), put_ch(d, '\n');
            break;
        case MDT_StandAloneSig: case MDT_DeclSecurity: case MDT_ModuleRef:
            dis_problem(d, parent, "an attribute of this has no form in the language");
            break;
        default: break;
        }
    }
}

/* --- marshalling --- */

static bool native_type(Dis *d, MdSig *s, u32 depth);

static bool native_string(Dis *d, MdSig *s)
{
    u32 n = md_sig_uint(s);
    if (s->bad || n > (size_t)(s->end - s->p)) return false;
    put_quoted(d, (const char *)s->p, n, '"');
    s->p += n;
    return true;
}

static bool native_array(Dis *d, MdSig *s, u32 depth)
{
    bool more = s->p < s->end;
    if (more && md_sig_peek(s) == 0x50) s->p++;
    else if (more && !native_type(d, s, depth + 1)) return false;
    if (s->p == s->end) {
        put_lit(d, "[]");
        return more;
    }
    u32 param = md_sig_uint(s);
    if (s->p == s->end) {
        putf(d, "[+%u]", param);
        return !s->bad;
    }
    u32 count = md_sig_uint(s);
    if (s->p == s->end) return false;
    u32 flags = md_sig_uint(s);
    if (s->bad || s->p != s->end || flags > 1 || (flags == 0 && param)) return false;
    if (flags) putf(d, "[%u+%u]", count, param);
    else putf(d, "[%u]", count);
    return true;
}

/* `safearray vt` assembles to the variant type and an empty name; the shorter forms have no words */
static bool native_safearray(Dis *d, MdSig *s)
{
    put_lit(d, "safearray ");
    u32 vt = md_sig_uint(s);
    const char *word = vt < ARRAY_LEN(variant_words) ? variant_words[vt] : NULL;
    if (!word || s->p == s->end) return false;
    put(d, word);
    if (md_sig_peek(s) == 0) {
        s->p++;
        return true;
    }
    put_lit(d, ", ");
    return native_string(d, s);
}

/* False: no words for it (some may be out already) */
static bool native_type(Dis *d, MdSig *s, u32 depth)
{
    if (depth > 4) return false;
    u32 code = md_sig_uint(s);
    switch (code) {
    case 0x10: return false; /* pointer */
    case 0x17:
        put_lit(d, "fixed sysstring [");
        put_udec(d, md_sig_uint(s));
        put_ch(d, ']');
        return !s->bad;
    case 0x1E:
        put_lit(d, "fixed array [");
        put_udec(d, md_sig_uint(s));
        put_ch(d, ']');
        if (s->bad || s->p == s->end) return !s->bad;
        put_ch(d, ' ');
        return native_type(d, s, depth + 1);
    case 0x1D: return native_safearray(d, s);
    case 0x2A: return native_array(d, s, depth);
    case 0x2C: {
        bool bare = s->end - s->p >= 2 && s->p[0] == 0 && s->p[1] == 0;
        if (bare) s->p += 2;
        put_lit(d, "custom(");
        for (u32 i = 0, n = bare ? 2 : 4; i < n; i++) {
            if (i) put_lit(d, ", ");
            if (!native_string(d, s)) return false;
        }
        put_ch(d, ')');
        return true;
    }
    default: {
        const char *word = code < ARRAY_LEN(native_words) ? native_words[code] : NULL;
        if (!word || s->bad) return false;
        put(d, word);
        if ((code == 0x19 || code == 0x1A || code == 0x1C) && s->p < s->end) putf(d, "(iidparam = %u)", md_sig_uint(s));
        return !s->bad;
    }
    }
}

void put_marshal(Dis *d, u32 row)
{
    MdSig s = md_sig_blob(d->m, md_FieldMarshal_NativeType(d->m, row));
    MdSig raw = s;
    size_t start = d->len;
    put_lit(d, "marshal(");
    if (s.bad || s.p == s.end || !native_type(d, &s, 0) || s.p != s.end) {
        d->len = MIN(d->len, start);
        put_lit(d, "marshal({ ");
        for (const u8 *p = raw.p; p < raw.end; p++) put_hexu(d, *p, 2), put_ch(d, ' ');
        put_ch(d, '}');
    }
    put_lit(d, ")");
}

/* --- security --- */

void put_security(Dis *d, u32 token)
{
    MdImage *m = d->m;
    u32 key;
    if (!md_rows(m, MDT_DeclSecurity) || !md_encode(MDK_HasDeclSecurity, token, &key)) return;
    MdIter it = md_find_rows(m, MDT_DeclSecurity, MDC_DeclSecurity_Parent, key);
    for (u32 r; (r = md_next_row(&it));) {
        u32 action = md_DeclSecurity_Action(m, r), n;
        const u8 *p = md_blob(m, md_DeclSecurity_PermissionSet(m, r), &n);
        const char *word = action < ARRAY_LEN(action_words) ? action_words[action] : NULL;
        if (!p || !word) {
            dis_problem(d, MD_TOKEN(MDT_DeclSecurity, r), "bad security declaration");
            continue;
        }
        put_indent(d);
        put_lit(d, ".permissionset ");
        put(d, word);
        put_lit(d, " = ");
        put_bytes(d, p, n);
        put_ch(d, '\n');
    }
}
