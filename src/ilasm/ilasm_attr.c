/* ilasm_attr.c: custom attributes and declarative security (§II.21, §II.22.10, §II.22.11, §II.23.3).
 * An attribute belongs to the declaration before it (a->owner), or to the one in parentheses. */
#include "ilasm/ilasm_int.h"

#include "base/utf.h"

static bool ser_type(Asm *a, Buf *out)
{
    u32 start = out->len;
    if (ia_take_kw(a, K_type)) buf_u8(out, ET_ATTR_TYPE);
    else if (ia_take_kw(a, K_object)) buf_u8(out, ET_ATTR_BOXED);
    else if (ia_take_kw(a, K_enum)) {
        const char *name;
        buf_u8(out, ET_ATTR_ENUM);
        if (ia_kw(a, K_class) && ia_ahead(a, 1)->kind == T_SQ) {
            name = ia_s(a, ia_ahead(a, 1)->val)->p;
            a->at += 2;
        } else {
            u32 token = ia_class_name(a);
            if (!token) return false;
            if (MD_TABLE_OF(token) != MDT_TypeDef && MD_TABLE_OF(token) != MDT_TypeRef) return ia_fail(a, a->at, "this is no class");
            name = ia_class_text(a, token);
        }
        buf_sertext(out, name, (u32)strlen(name));
    } else {
        u32 sig = a->sig.len; /* a simple type is its one byte */
        const Tok *t = ia_tok(a);
        u8 e = 0;
        if (t->kw == K_unsigned) {
            u32 kw = ia_ahead(a, 1)->kw;
            e = kw == K_int8 ? ET_U1 : kw == K_int16 ? ET_U2 : kw == K_int32 ? ET_U4 : kw == K_int64 ? ET_U8 : 0;
            if (e) a->at += 2;
        } else if (t->kind == T_ID && t->val < a->sym_words) {
            e = a->words.elem[t->val];
            if (e < ET_BOOLEAN || e > ET_STRING) e = 0;
            if (e) ia_next(a);
        }
        a->sig.len = sig;
        if (!e) return ia_expected(a, "the type of a field or property: bool … string, type, object or enum");
        buf_u8(out, e);
    }
    while (ia_is(a, '[') && ia_ahead(a, 1)->kind == ']') {
        a->at += 2;
        buf_insert(out, start, &(u8){ET_SZARRAY}, 1);
    }
    return true;
}

/* "field int32 X = int32(1)" and so on up to '}': the number of them */
static bool named_values(Asm *a, Buf *out, u32 *count)
{
    for (*count = 0; ia_kw(a, K_field) || ia_kw(a, K_property); ++*count) {
        buf_u8(out, ia_kw(a, K_field) ? ET_ATTR_FIELD : ET_ATTR_PROPERTY);
        ia_next(a);
        if (!ser_type(a, out)) return false;
        u32 name = ia_want_name(a);
        if (!name) return false;
        buf_sertext(out, ia_s(a, name)->p, ia_s(a, name)->len);
        if (!ia_want(a, '=', "'='") || !ia_ser_init(a, out, false)) return false;
    }
    return true;
}

/* '{' taken: the whole value */
static bool value_block(Asm *a, Buf *out)
{
    u32 n;
    buf_le(out, 1, 2);
    while (!ia_is(a, '}') && !ia_kw(a, K_field) && !ia_kw(a, K_property))
        if (!ia_ser_init(a, out, false)) return false;
    u32 at = out->len;
    buf_le(out, 0, 2);
    if (!named_values(a, out, &n)) return false;
    if (n > 0xFFFF) return ia_fail(a, a->at, "too many values");
    out->p[at] = (u8)n, out->p[at + 1] = (u8)(n >> 8);
    return ia_want(a, '}', "a value, 'field', 'property' or '}'");
}

/* The one attribute that sets a flag, too, when the known assembler writes it (§II.22.11) */
static bool suppresses_security(Asm *a, u32 ctor)
{
    const MdImage *m = mdw_image(a->w);
    u32 type = MD_TABLE_OF(ctor) == MDT_MemberRef ? md_MemberRef_Class(m, MD_RID(ctor))
                                                  : MD_TOKEN(MDT_TypeDef, a->methods.data[MD_RID(ctor)].m.cls);
    static const char name[] = "SuppressUnmanagedCodeSecurityAttribute", space[] = "System.Security";
    u32 table = MD_TABLE_OF(type), rid = MD_RID(type);
    if (table == MDT_TypeRef) return strcmp(md_typeref_name(m, rid), name) == 0 && strcmp(md_typeref_namespace(m, rid), space) == 0;
    return table == MDT_TypeDef && strcmp(md_typedef_name(m, rid), name) == 0 && strcmp(md_typedef_namespace(m, rid), space) == 0;
}

static void add_attribute(Asm *a, u32 parent, u32 ctor, u32 blob, u32 at)
{
    u32 coded = mdw_coded(MDK_HasCustomAttribute, parent), type = mdw_coded(MDK_CustomAttributeType, ctor);
    if (!coded) {
        ia_fail(a, at, "nothing here that an attribute can belong to");
        return;
    }
    if (!type) {
        ia_fail(a, at, "the constructor of an attribute is a method without arguments for types of its own");
        return;
    }
    MDW_ADD(a->w, CustomAttribute, coded, type, blob);
    u32 table = MD_TABLE_OF(parent), rid = MD_RID(parent);
    if ((table != MDT_TypeDef && table != MDT_MethodDef) || !suppresses_security(a, ctor)) return;
    bool def = table == MDT_TypeDef;
    u32 col = def ? (u32)MDC_TypeDef_Flags : (u32)MDC_MethodDef_Flags, flag = def ? TD_HAS_SECURITY : MD_HAS_SECURITY;
    mdw_set(a->w, table, rid, col, md_col(mdw_image(a->w), table, rid, col) | flag);
}

static void custom(Asm *a, u32 parent)
{
    u32 at = a->at;
    Buf b = {0};
    Bytes x;
    ia_next(a);
    if (ia_take(a, '(')) {
        parent = ia_owner_ref(a);
        if (!parent || !ia_want(a, ')', "')'")) return;
    }
    u32 ctor = ia_method_ref(a, false), blob = 0;
    if (!ctor) return;
    if (ia_take(a, '=')) {
        if (ia_is(a, '(')) {
            if (!ia_want_bytes(a, &x)) return;
            blob = mdw_blob(a->w, x.p, x.n);
        } else if (ia_is(a, T_STR)) {
            if (!ia_want_text(a)) return;
            blob = mdw_blob(a->w, a->tmp.p, a->tmp.len);
        } else if (ia_take(a, '{')) {
            bool ok = value_block(a, &b);
            if (ok) blob = mdw_blob(a->w, b.p, b.len);
            buf_free(&b);
            if (!ok) return;
        } else {
            ia_expected(a, "'(' and bytes, '{' and values, or a string");
            return;
        }
    }
    add_attribute(a, parent, ctor, blob, at);
}

void ia_custom(Asm *a) { custom(a, a->owner); }

/* A name that .typedef gave to an attribute */
void ia_custom_alias(Asm *a, const Alias *al)
{
    u32 back = a->at + 1;
    if (a->depth) {
        a->at = back;
        return;
    }
    a->depth++;
    a->at = al->at;
    custom(a, a->owner);
    a->at = back;
    a->depth--;
}

void ia_attr_aliases(Asm *a)
{
    const Alias *al;
    while (ia_is_name(a) && (al = ia_alias(a)) && al->kind == ALIAS_ATTR && !a->panic) ia_custom_alias(a, al);
}

/* --- security --- */

static u32 security_action(Asm *a)
{
    const Tok *t = ia_tok(a);
    if (t->kind == T_ID && t->val < a->sym_words && a->words.action[t->val]) {
        ia_next(a);
        return a->words.action[t->val];
    }
    ia_expected(a, "a security action, such as demand");
    return 0;
}

/* One attribute: its class and a blob with the count and the values */
static bool security_attribute(Asm *a, Buf *out, bool may_name)
{
    const char *name;
    Buf v = {0};
    u32 n;
    if (may_name && ia_kw(a, K_class) && ia_ahead(a, 1)->kind == T_SQ) {
        name = ia_s(a, ia_ahead(a, 1)->val)->p;
        a->at += 2;
    } else {
        u32 at = a->at, token = ia_typespec(a);
        if (!token) return false;
        if (MD_TABLE_OF(token) != MDT_TypeDef && MD_TABLE_OF(token) != MDT_TypeRef) return ia_fail(a, at, "this is no class");
        name = ia_class_text(a, token);
    }
    buf_sertext(out, name, (u32)strlen(name));
    bool ok = true;
    n = 0;
    if (ia_take(a, '=')) ok = ia_want(a, '{', "'{'") && named_values(a, &v, &n) && ia_want(a, '}', "'field', 'property' or '}'");
    Buf count = {0};
    buf_uint(&count, n);
    buf_uint(out, count.len + v.len);
    buf_put(out, count.p, count.len);
    buf_put(out, v.p, v.len);
    buf_free(&count);
    buf_free(&v);
    return ok;
}

static void add_security(Asm *a, u32 parent, u32 action, const void *p, u32 n, u32 at)
{
    u32 coded = mdw_coded(MDK_HasDeclSecurity, parent);
    if (!coded) {
        ia_fail(a, at, "nothing here that a permission can belong to");
        return;
    }
    MDW_ADD(a->w, DeclSecurity, action, coded, mdw_blob(a->w, p, n));
    const MdImage *m = mdw_image(a->w);
    u32 rid = MD_RID(parent);
    if (MD_TABLE_OF(parent) == MDT_TypeDef) mdw_set(a->w, MDT_TypeDef, rid, MDC_TypeDef_Flags, md_TypeDef_Flags(m, rid) | TD_HAS_SECURITY);
    if (MD_TABLE_OF(parent) == MDT_MethodDef) mdw_set(a->w, MDT_MethodDef, rid, MDC_MethodDef_Flags, md_MethodDef_Flags(m, rid) | MD_HAS_SECURITY);
}

static bool permission_set(Asm *a, Buf *b)
{
    u32 n = 0;
    Buf list = {0};
    bool ok = true;
    while (ok && !ia_is(a, '}')) {
        ok = security_attribute(a, &list, true);
        n++;
        if (!ia_take(a, ',')) break;
    }
    buf_u8(b, '.');
    buf_uint(b, n);
    buf_put(b, list.p, list.len);
    buf_free(&list);
    return ok && ia_want(a, '}', "',' or '}'");
}

void ia_security(Asm *a, u32 parent)
{
    u32 at = a->at, action;
    bool set = ia_kw(a, K_d_permissionset), ok = true;
    Buf b = {0};
    Bytes x;
    ia_next(a);
    if (!(action = security_action(a))) return;
    if (!set) {
        Buf one = {0};
        ok = security_attribute(a, &one, false);
        if (ok && ia_is(a, '(')) ok = ia_fail(a, a->at, "expected '=' and values in braces: .permission demand X = { property bool Y = bool(true) }");
        buf_u8(&b, '.');
        buf_uint(&b, 1);
        buf_put(&b, one.p, one.len);
        buf_free(&one);
    } else if (ia_is(a, T_STR)) {
        ok = ia_want_text(a);
        if (ok) {
            size_t n = utf8_to_utf16_len((const char *)a->tmp.p, a->tmp.len);
            buf_room(&b, (u32)n * 2 + 2);
            utf8_to_utf16((const char *)a->tmp.p, a->tmp.len, (char16 *)(void *)b.p);
            b.len = (u32)n * 2;
        }
    } else {
        bool equals = ia_take(a, '='), word = !equals && ia_take_kw(a, K_bytearray);
        if (!equals && !word) ok = ia_expected(a, "'=', bytearray or a string");
        else if (equals && ia_take(a, '{')) ok = permission_set(a, &b);
        else if ((ok = ia_want_bytes(a, &x))) buf_put(&b, x.p, x.n);
    }
    if (ok) add_security(a, parent, action, b.p, b.len, at);
    buf_free(&b);
}
