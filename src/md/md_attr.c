/* md_attr.c: custom attributes: find them by name, read their arguments (§II.23.3).
 * Not here: making objects of them (managed reflection does).  Book: md.md  Tests: tests/unit/md/ */
#include "md/md_attr.h"
#include "md/md_names.h"

enum { MAX_DEPTH = 16 };

/* Type token that the attribute's constructor belongs to; 0 if there is none (a generic attribute's is a TypeSpec). */
static u32 attribute_type(const MdImage *m, u32 rid)
{
    u32 ctor = md_CustomAttribute_Type(m, rid), owner;
    switch (MD_TABLE_OF(ctor)) {
    case MDT_MethodDef:
        owner = md_method_owner(m, MD_RID(ctor));
        return owner ? MD_TOKEN(MDT_TypeDef, owner) : 0;
    case MDT_MemberRef: return md_MemberRef_Class(m, MD_RID(ctor));
    default: return 0;
    }
}

bool md_attribute_type_name(const MdImage *m, u32 rid, const char **ns, const char **name)
{
    u32 type = attribute_type(m, rid);
    switch (MD_TABLE_OF(type)) {
    case MDT_TypeDef:
        *ns = md_typedef_namespace(m, MD_RID(type));
        *name = md_typedef_name(m, MD_RID(type));
        return true;
    case MDT_TypeRef:
        *ns = md_typeref_namespace(m, MD_RID(type));
        *name = md_typeref_name(m, MD_RID(type));
        return true;
    default: return false;
    }
}

u32 md_find_attribute(const MdImage *m, u32 token, const char *ns, const char *name)
{
    MdIter it = md_attributes_of(m, token);
    for (u32 rid; (rid = md_next_row(&it));) {
        const char *n, *s;
        if (md_attribute_type_name(m, rid, &s, &n) && strcmp(n, name) == 0 && strcmp(s, ns) == 0) return rid;
    }
    return 0;
}

bool md_attr_open_value(MdAttrReader *r, const MdImage *m, u32 ctor, const u8 *value, u32 len)
{
    MdMethodSig h;
    memset(r, 0, sizeof(*r));
    r->m = m;
    r->sig = md_sig_of(m, ctor);
    if (!ctor || !md_sig_method(&r->sig, &h)) return false;
    md_sig_skip_type(&r->sig);
    r->blob = md_sig(value, len);
    if (!value) md_sig_fail(&r->blob);
    if (r->sig.bad) return false;
    if (r->blob.p == r->blob.end && !r->blob.bad) return h.param_count == 0; /* an empty value: no arguments */
    if (md_sig_byte(&r->blob) != 1 || md_sig_byte(&r->blob) != 0) md_sig_fail(&r->blob);
    r->fixed_left = h.param_count;
    return !r->blob.bad;
}

bool md_attr_open(MdAttrReader *r, const MdImage *m, u32 rid)
{
    u32 len;
    const u8 *value = md_blob(m, md_CustomAttribute_Value(m, rid), &len);
    return md_attr_open_value(r, m, md_CustomAttribute_Type(m, rid), value, len);
}

static u64 read_le(MdSig *s, u32 n)
{
    u64 v = 0;
    if ((size_t)(s->end - s->p) < n) return md_sig_fail(s);
    memcpy(&v, s->p, n);
    s->p += n;
    return v;
}

/* SerString: NULL (0xFF) or length and UTF-8 bytes */
static bool read_string(MdSig *s, const char **str, u32 *len)
{
    *str = NULL;
    *len = 0;
    if (md_sig_peek(s) == 0xFF && s->p < s->end) {
        s->p++;
        return false;
    }
    u32 n = md_sig_uint(s);
    if (n > (size_t)(s->end - s->p)) md_sig_fail(s);
    if (s->bad) return false;
    *str = (const char *)s->p;
    *len = n;
    s->p += n;
    return true;
}

static bool is_primitive(u8 e)
{
    return e >= ET_BOOLEAN && e <= ET_R8;
}

static void read_primitive(MdSig *s, u8 e, MdAttrValue *v)
{
    switch (e) {
    case ET_BOOLEAN: case ET_U1: v->i = (i64)read_le(s, 1); break;
    case ET_I1: v->i = (i8)read_le(s, 1); break;
    case ET_CHAR: case ET_U2: v->i = (i64)read_le(s, 2); break;
    case ET_I2: v->i = (i16)read_le(s, 2); break;
    case ET_I4: v->i = (i32)read_le(s, 4); break;
    case ET_U4: v->i = (i64)read_le(s, 4); break;
    case ET_I8: case ET_U8: v->i = (i64)read_le(s, 8); break;
    case ET_R4: {
        u32 bits = (u32)read_le(s, 4);
        float f;
        memcpy(&f, &bits, 4);
        v->d = (double)f;
        break;
    }
    case ET_R8: {
        u64 bits = read_le(s, 8);
        memcpy(&v->d, &bits, 8);
        break;
    }
    default: md_sig_fail(s);
    }
}

/* --- enums --- */

static u8 underlying_of_typedef(const MdImage *m, u32 rid)
{
    MdRange r = md_typedef_fields(m, rid);
    for (u32 i = r.first; i < r.end; i++) {
        u32 field = md_field_at(m, i);
        if (md_Field_Flags(m, field) & FD_STATIC) continue;
        MdSig s = md_sig_of(m, MD_TOKEN(MDT_Field, field));
        md_sig_field(&s);
        u8 e = md_sig_byte(&s);
        if (is_primitive(e)) return e;
    }
    return ET_I4;
}

/* "Ns.Outer+Inner, Assembly" looked for in this image */
static u32 find_by_full_name(const MdImage *m, const char *name, u32 len)
{
    MdImage *index = (MdImage *)(uintptr_t)m; /* the name index may be built: it is published atomically */
    const char *comma = memchr(name, ',', len);
    if (comma) len = (u32)(comma - name);
    u32 rid = 0, at = 0;
    while (at <= len) {
        const char *plus = at < len ? memchr(name + at, '+', len - at) : NULL;
        u32 end = plus ? (u32)(plus - name) : len;
        if (at == 0) {
            u32 dot = end;
            while (dot > 0 && name[dot - 1] != '.') dot--;
            rid = md_find_typedef_n(index, name, dot ? dot - 1 : 0, name + dot, end - dot);
        } else {
            rid = md_find_nested_n(index, rid, name + at, end - at);
        }
        if (!rid) return 0;
        at = end + 1;
    }
    return rid;
}

static u8 enum_underlying(MdAttrReader *r, u32 token, const char *name, u32 len)
{
    if (r->enum_underlying) {
        u8 e = r->enum_underlying(r->arg, token, name, len);
        if (e) return e;
    }
    u32 rid = MD_TABLE_OF(token) == MDT_TypeDef ? MD_RID(token) : 0;
    if (!rid && name) rid = find_by_full_name(r->m, name, len);
    return rid ? underlying_of_typedef(r->m, rid) : ET_I4;
}

/* --- values --- */

/* A type as the constructor's signature or a named argument's FieldOrPropType gives it */
typedef struct ArgType {
    u8 type, elem; /* elem: of ET_SZARRAY */
    u32 token;
    const char *name;
    u32 name_len;
} ArgType;

/* Type in a signature: class tokens are System.Type (or object as a boxed value), value types are enums. */
static void sig_type(MdAttrReader *r, MdSig *s, ArgType *t, bool in_array)
{
    md_sig_skip_mods(s);
    u8 e = md_sig_byte(s);
    if (is_primitive(e) || e == ET_STRING) {
        t->type = e;
    } else if (e == ET_OBJECT) {
        t->type = ET_ATTR_BOXED;
    } else if (e == ET_CLASS) {
        md_sig_token(s);
        t->type = ET_ATTR_TYPE;
    } else if (e == ET_VALUETYPE) {
        t->token = md_sig_token(s);
        t->type = ET_ATTR_ENUM;
    } else if (e == ET_SZARRAY && !in_array) {
        sig_type(r, s, t, true);
        t->elem = t->type;
        t->type = ET_SZARRAY;
    } else {
        md_sig_fail(s);
        md_sig_fail(&r->blob);
    }
}

/* FieldOrPropType in the blob */
static void blob_type(MdSig *s, ArgType *t, bool in_array)
{
    u8 e = md_sig_byte(s);
    if (is_primitive(e) || e == ET_STRING || e == ET_ATTR_TYPE || e == ET_ATTR_BOXED) {
        t->type = e;
    } else if (e == ET_ATTR_ENUM) {
        read_string(s, &t->name, &t->name_len);
        if (!t->name) md_sig_fail(s);
        t->type = ET_ATTR_ENUM;
    } else if (e == ET_SZARRAY && !in_array) {
        blob_type(s, t, true);
        t->elem = t->type;
        t->type = ET_SZARRAY;
    } else {
        md_sig_fail(s);
    }
}

/* Arrays of boxed values may hold such arrays: depth limits that. */
static void read_value(MdAttrReader *r, MdSig *s, ArgType t, MdAttrValue *v, u32 depth)
{
    memset(v, 0, sizeof(*v));
    if (depth > MAX_DEPTH) md_sig_fail(s);
    for (int boxed = 0; t.type == ET_ATTR_BOXED; boxed++) {
        t = (ArgType){0};
        blob_type(s, &t, false);
        if (boxed) md_sig_fail(s); /* a boxed boxed value */
        if (s->bad) return;
    }
    v->type = t.type;
    v->enum_token = t.token;
    v->enum_name = t.name;
    v->enum_name_len = t.name_len;
    switch (t.type) {
    case ET_STRING: case ET_ATTR_TYPE: v->is_null = !read_string(s, &v->str, &v->str_len); break;
    case ET_ATTR_ENUM:
        v->elem = enum_underlying(r, t.token, t.name, t.name_len);
        read_primitive(s, v->elem, v);
        break;
    case ET_SZARRAY: {
        u32 n = (u32)read_le(s, 4);
        v->elem = t.elem;
        v->is_null = n == 0xFFFFFFFF;
        v->count = v->is_null ? 0 : n;
        if (v->count > (size_t)(s->end - s->p)) md_sig_fail(s); /* each takes a byte at least */
        v->items = *s;
        MdAttrValue one;
        ArgType et = {.type = t.elem, .token = t.token, .name = t.name, .name_len = t.name_len};
        for (u32 i = 0; i < v->count && !s->bad; i++) read_value(r, s, et, &one, depth + 1);
        break;
    }
    default: read_primitive(s, t.type, v);
    }
    if (s->bad) v->count = 0;
}

bool md_attr_fixed(MdAttrReader *r, MdAttrValue *v)
{
    ArgType t = {0};
    if (r->in_named || r->fixed_left == 0 || r->blob.bad) return false;
    r->fixed_left--;
    sig_type(r, &r->sig, &t, false);
    if (r->sig.bad) md_sig_fail(&r->blob);
    read_value(r, &r->blob, t, v, 0);
    return !r->blob.bad;
}

bool md_attr_named(MdAttrReader *r, const char **name, u32 *name_len, bool *is_property, MdAttrValue *v)
{
    ArgType t = {0};
    while (r->fixed_left)
        if (!md_attr_fixed(r, v)) return false;
    if (!r->in_named) {
        r->in_named = true;
        /* the count may be missing where the value is empty */
        r->named_left = r->blob.p == r->blob.end ? 0 : (u32)read_le(&r->blob, 2);
    }
    if (r->named_left == 0 || r->blob.bad) return false;
    r->named_left--;
    u8 kind = md_sig_byte(&r->blob);
    if (kind != ET_ATTR_FIELD && kind != ET_ATTR_PROPERTY) md_sig_fail(&r->blob);
    *is_property = kind == ET_ATTR_PROPERTY;
    blob_type(&r->blob, &t, false);
    if (!read_string(&r->blob, name, name_len)) md_sig_fail(&r->blob);
    if (r->blob.bad) return false;
    read_value(r, &r->blob, t, v, 0);
    return !r->blob.bad;
}

bool md_attr_element(MdAttrReader *r, MdAttrValue *array, MdAttrValue *v)
{
    if (array->type != ET_SZARRAY || array->count == 0) return false;
    array->count--;
    ArgType t = {.type = array->elem,
                 .token = array->enum_token,
                 .name = array->enum_name,
                 .name_len = array->enum_name_len};
    read_value(r, &array->items, t, v, 0);
    return !array->items.bad;
}

/* --- short cuts --- */

static bool nth_fixed(const MdImage *m, u32 rid, u32 nth, MdAttrValue *v)
{
    MdAttrReader r;
    if (!md_attr_open(&r, m, rid)) return false;
    for (u32 i = 0; i <= nth; i++)
        if (!md_attr_fixed(&r, v)) return false;
    return true;
}

bool md_attr_int(const MdImage *m, u32 rid, u32 nth, i64 *out)
{
    MdAttrValue v;
    if (!nth_fixed(m, rid, nth, &v)) return false;
    bool integer = v.type == ET_ATTR_ENUM || (v.type >= ET_BOOLEAN && v.type <= ET_U8);
    if (integer) *out = v.i;
    return integer;
}

bool md_attr_string(const MdImage *m, u32 rid, u32 nth, const char **str, u32 *len)
{
    MdAttrValue v;
    if (!nth_fixed(m, rid, nth, &v) || v.is_null || (v.type != ET_STRING && v.type != ET_ATTR_TYPE)) return false;
    *str = v.str;
    *len = v.str_len;
    return true;
}

bool md_attr_find_named(const MdImage *m, u32 rid, const char *name, MdAttrValue *v)
{
    MdAttrReader r;
    const char *n;
    u32 len;
    bool property;
    if (!md_attr_open(&r, m, rid)) return false;
    while (md_attr_named(&r, &n, &len, &property, v))
        if (len == strlen(name) && memcmp(n, name, len) == 0) return true;
    return false;
}
