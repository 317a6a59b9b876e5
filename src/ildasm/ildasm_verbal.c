/* ildasm_verbal.c: -caverbal: the value of a custom attribute in words (§II.23.3): {int32(5) string('x') property bool 'P' = bool(true)}.
 * Each word stands for the bytes that it was read from, so the text assembles to the same value whatever the types really are.  The size
 * of an enum of another assembly is not in the file: sizes are tried until the value fits.  What has no words (an enum in an object, a
 * null array, text with control characters) is left as bytes by the caller. */
#include "ildasm/ildasm_int.h"

#include "md/md_names.h"

enum { TAG_TYPE = 0x50, TAG_OBJECT = 0x51, TAG_FIELD = 0x53, TAG_PROPERTY = 0x54, TAG_ENUM = 0x55, DEPTH_MAX = 8 };

/* A type of an argument: ET_BOOLEAN to ET_STRING or a TAG_; `array`: of these */
typedef struct ArgType {
    u8 elem;
    bool array;
    const u8 *name; /* TAG_ENUM in a named argument */
    u32 name_len;
} ArgType;

typedef struct Verbal {
    Dis *d;
    const u8 *p, *end;
    u8 enum_elem; /* what enums of other assemblies are taken for */
    bool met_enum, bad;
} Verbal;

static const u8 elem_sizes[] = {[ET_BOOLEAN] = 1, [ET_CHAR] = 2, [ET_I1] = 1, [ET_U1] = 1, [ET_I2] = 2, [ET_U2] = 2, [ET_I4] = 4,
    [ET_U4] = 4, [ET_I8] = 8, [ET_U8] = 8, [ET_R4] = 4, [ET_R8] = 8};

static const u8 *take(Verbal *v, u32 n)
{
    if (v->bad || n > (size_t)(v->end - v->p)) {
        v->bad = true;
        return NULL;
    }
    v->p += n;
    return v->p - n;
}

static u8 take_byte(Verbal *v)
{
    const u8 *p = take(v, 1);
    return p ? *p : 0;
}

/* SerString: NULL for null, and when bad */
static const u8 *take_string(Verbal *v, u32 *n)
{
    *n = 0;
    if (!v->bad && v->p < v->end && *v->p == 0xFF) {
        v->p++;
        return NULL;
    }
    MdSig s = md_sig(v->p, (u32)(v->end - v->p));
    u32 len = md_sig_uint(&s);
    bool shortest = s.p - v->p == (len < 0x80 ? 1 : len < 0x4000 ? 2 : 4); /* as the assembler writes it */
    if (s.bad || !shortest || len > (size_t)(s.end - s.p) || !dis_printable((const char *)s.p, len)) {
        v->bad = true;
        return NULL;
    }
    v->p = s.p + len;
    *n = len;
    return s.p;
}

static void put_ser_string(Verbal *v, const char *null)
{
    u32 n;
    const u8 *s = take_string(v, &n);
    if (s) put_quoted(v->d, (const char *)s, n, '\'');
    else put(v->d, null);
}

static const char *type_word(const Verbal *v, u8 elem)
{
    switch (elem) {
    case TAG_TYPE: return "type";
    case TAG_OBJECT: return "object";
    case ET_STRING: return "string";
    case TAG_ENUM: return dis_elem_word(v->enum_elem);
    default: return dis_elem_word(elem);
    }
}

static void put_scalar(Verbal *v, u8 elem)
{
    const u8 *p = take(v, elem_sizes[elem]);
    if (p && elem == ET_BOOLEAN && *p > 1) v->bad = true;
    if (p && !v->bad) put_number(v->d, elem, p);
}

static void put_argument(Verbal *v, const ArgType *t, u32 depth);

static void put_value(Verbal *v, u8 elem, u32 depth)
{
    Dis *d = v->d;
    switch (elem) {
    case TAG_ENUM:
        v->met_enum = true;
        put_scalar(v, v->enum_elem);
        break;
    case ET_STRING:
        put_lit(d, "string("), put_ser_string(v, "nullref"), put_ch(d, ')');
        break;
    case TAG_TYPE: {
        bool null = v->p < v->end && *v->p == 0xFF;
        put(d, null ? "type(" : "type(class "), put_ser_string(v, "nullref"), put_ch(d, ')');
        break;
    }
    case TAG_OBJECT: {
        u8 tag = take_byte(v);
        bool array = tag == ET_SZARRAY;
        ArgType boxed = {.elem = array ? take_byte(v) : tag, .array = array};
        if (boxed.elem == TAG_ENUM || (boxed.elem == TAG_OBJECT && !array) || depth > DEPTH_MAX) v->bad = true;
        put_lit(d, "object(");
        if (!v->bad) put_argument(v, &boxed, depth + 1);
        put_ch(d, ')');
        break;
    }
    default:
        if (elem < ARRAY_LEN(elem_sizes) && elem_sizes[elem]) put_scalar(v, elem);
        else v->bad = true;
    }
}

/* An element of "int32[2](1 2)": the value alone, but for objects */
static void put_element(Verbal *v, u8 elem, u32 depth)
{
    Dis *d = v->d;
    size_t start = d->len;
    if (elem == ET_STRING) {
        put_ser_string(v, "nullref");
    } else if (elem == TAG_TYPE) {
        if (v->p < v->end && *v->p != 0xFF) put_lit(d, "class ");
        put_ser_string(v, "nullref");
    } else {
        put_value(v, elem, depth);
        const char *open = elem == TAG_OBJECT || d->full ? NULL : memchr(d->buf + start, '(', d->len - start);
        if (elem == TAG_OBJECT && !d->full) { /* "object(" and ")" off */
            memmove(d->buf + start, d->buf + start + 7, d->len - start - 8);
            d->len -= 8;
        } else if (open) {
            size_t off = (size_t)(open + 1 - d->buf), n = d->len - 1 - off;
            memmove(d->buf + start, d->buf + off, n);
            d->len = start + n;
        }
    }
}

static void put_argument(Verbal *v, const ArgType *t, u32 depth)
{
    Dis *d = v->d;
    if (!t->array) {
        put_value(v, t->elem, depth);
        return;
    }
    const u8 *p = take(v, 4);
    u32 n = p ? pe_u32(p) : 0;
    const char *word = type_word(v, t->elem);
    if (!p || n > (size_t)(v->end - v->p) || !word) {
        v->bad = true;
        return;
    }
    v->met_enum |= t->elem == TAG_ENUM;
    put(d, word), put_ch(d, '['), put_udec(d, n), put_lit(d, "](");
    for (u32 i = 0; i < n && !v->bad && !d->full; i++) {
        if (i) put_ch(d, ' ');
        put_element(v, t->elem, depth + 1);
    }
    put_ch(d, ')');
}

/* --- types of arguments --- */

/* The type of an enum's one instance field; TAG_ENUM: it is of another assembly */
static u8 underlying(MdImage *m, u32 token)
{
    if (MD_TABLE_OF(token) != MDT_TypeDef) return TAG_ENUM;
    MdRange r = md_typedef_fields(m, MD_RID(token));
    for (u32 i = r.first; i < r.end; i++) {
        u32 f = md_field_at(m, i);
        if (md_Field_Flags(m, f) & FD_STATIC) continue;
        MdSig s = md_sig_of(m, MD_TOKEN(MDT_Field, f));
        return md_sig_field(&s) ? md_sig_byte(&s) : 0;
    }
    return 0;
}

static bool is_system_type(MdImage *m, u32 token)
{
    u32 r = MD_RID(token);
    switch (MD_TABLE_OF(token)) {
    case MDT_TypeRef: return strcmp(md_typeref_name(m, r), "Type") == 0 && strcmp(md_typeref_namespace(m, r), "System") == 0;
    case MDT_TypeDef: return strcmp(md_typedef_name(m, r), "Type") == 0 && strcmp(md_typedef_namespace(m, r), "System") == 0;
    default: return false;
    }
}

/* Type of a constructor's parameter */
static bool fixed_type(MdImage *m, MdSig *s, ArgType *t)
{
    u8 e = md_sig_byte(s);
    u32 token;
    if (e == ET_SZARRAY && !t->array) {
        t->array = true;
        return fixed_type(m, s, t);
    }
    t->elem = e;
    switch (e) {
    case ET_STRING: return true;
    case ET_OBJECT: t->elem = TAG_OBJECT; return true;
    case ET_CLASS: t->elem = TAG_TYPE; return is_system_type(m, md_sig_token(s));
    case ET_VALUETYPE:
        token = md_sig_token(s);
        t->elem = s->bad ? 0 : underlying(m, token);
        return t->elem == TAG_ENUM || (t->elem < ARRAY_LEN(elem_sizes) && elem_sizes[t->elem]);
    default: return e < ARRAY_LEN(elem_sizes) && elem_sizes[e];
    }
}

/* FieldOrPropType of a named argument */
static void named_type(Verbal *v, ArgType *t)
{
    t->elem = take_byte(v);
    if (t->elem == ET_SZARRAY) t->array = true, t->elem = take_byte(v);
    if (t->elem == TAG_ENUM && !(t->name = take_string(v, &t->name_len))) v->bad = true;
}

static void put_named(Verbal *v)
{
    Dis *d = v->d;
    ArgType t = {0};
    u8 kind = take_byte(v);
    named_type(v, &t);
    const char *word = type_word(v, t.elem);
    if (!word || (kind != TAG_FIELD && kind != TAG_PROPERTY)) v->bad = true;
    if (v->bad) return;
    put(d, kind == TAG_FIELD ? "field " : "property ");
    if (t.elem == TAG_ENUM) put_lit(d, "enum class "), put_quoted(d, (const char *)t.name, t.name_len, '\'');
    else put(d, word);
    put(d, t.array ? "[] " : " ");
    u32 n;
    const u8 *name = take_string(v, &n);
    if (!name) v->bad = true;
    else put_quoted(d, (const char *)name, n, '\'');
    put_lit(d, " = ");
    put_argument(v, &t, 0);
}

static void put_all(Verbal *v, u32 ctor)
{
    Dis *d = v->d;
    MdSig s = md_sig_of(d->m, ctor);
    MdMethodSig h;
    const u8 *prolog = take(v, 2), *count;
    if (!prolog || pe_u16(prolog) != 1 || !md_sig_method(&s, &h) || md_sig_byte(&s) != ET_VOID) {
        v->bad = true;
        return;
    }
    put_lit(d, " = {");
    for (u32 i = 0; i < h.param_count && !v->bad && !d->full; i++) {
        ArgType t = {0};
        if (i) put_ch(d, ' ');
        if (!fixed_type(d->m, &s, &t) || s.bad) v->bad = true;
        else put_argument(v, &t, 0);
    }
    count = take(v, 2);
    for (u32 i = 0, n = count ? pe_u16(count) : 0; i < n && !v->bad && !d->full; i++) {
        if (i || h.param_count) put_ch(d, ' ');
        put_named(v);
    }
    put_ch(d, '}');
    if (v->p != v->end) v->bad = true;
}

bool put_verbal(Dis *d, u32 ctor, const u8 *p, u32 n)
{
    static const u8 guesses[] = {ET_I4, ET_U1, ET_U2, ET_I8};
    size_t start = d->len;
    u32 table = MD_TABLE_OF(ctor);
    if (!md_valid_token(d->m, ctor) || (table != MDT_MethodDef && table != MDT_MemberRef)) return false;
    for (u32 i = 0; i < ARRAY_LEN(guesses); i++) {
        Verbal v = {.d = d, .p = p, .end = p + n, .enum_elem = guesses[i]};
        put_all(&v, ctor);
        if (!v.bad) return true;
        if (!d->full) d->len = start;
        if (!v.met_enum) break;
    }
    return false;
}
