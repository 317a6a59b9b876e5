/* refl_guid.c: the GUID of a type (Type.GUID): that of its attribute, else one made of what the type is, as the reference makes it.
 * A made one is of version 3 (RFC 4122): MD5 over a name space and a text.  Of a class the text is its name and its assembly; of an
 * interface its name and the signatures of its public methods and fields, as words. */
#include "corelib/refl_int.h"

#include "base/base_hash.h"
#include "base/utf.h"
#include "md/md_attr.h"

#include <stdio.h>

typedef struct Text {
    VEC(char) v;
} Text;

static void put_bytes(Text *x, const void *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        vec_push(&x->v, ((const char *)p)[i]);
}
static void put(Text *x, const char *s) { put_bytes(x, s, strlen(s)); }

static void put_utf16(Text *x, const char *s, size_t n)
{
    char16 *w = base_malloc((n + 1) * sizeof *w);
    put_bytes(x, w, utf8_to_utf16(s, n, w) * sizeof *w);
    base_free(w);
}

/* --- The attribute ------------------------------------------------------------------------------------------------------------ */
static bool parse_guid(const char *s, u32 n, u8 *out)
{
    static const u8 order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    u32 k = 0, half = 0, v = 0;
    for (u32 i = 0; i < n && k < 16; i++) {
        char c = s[i];
        u32 d = c >= '0' && c <= '9' ? (u32)(c - '0') : (c | 32) >= 'a' && (c | 32) <= 'f' ? (u32)((c | 32) - 'a' + 10) : 16;
        if (d > 15)
            continue;
        v = v << 4 | d;
        if (half ^= 1)
            continue;
        out[order[k++]] = (u8)v;
    }
    return k == 16;
}

/* --- Signatures as words ---------------------------------------------------------------------------------------------------------- */
static const char *const conventions[12] = {"", "unmanaged cdecl ", "unmanaged stdcall ", "unmanaged thiscall ", "unmanaged fastcall ",
                                            "vararg ", "<error> ", "<error> ", "", "", "", "native vararg "};

static void put_sig_type(Text *x, const MdImage *md, MdSig *s, u32 depth);

static void put_sig_args(Text *x, const MdImage *md, MdSig *s, u32 n, u32 depth)
{
    put(x, "(");
    for (u32 i = 0; i < n && s->p < s->end && !s->bad; i++) {
        if (i)
            put(x, ",");
        if (md_sig_sentinel(s))
            put(x, "...,");
        put_sig_type(x, md, s, depth);
    }
    put(x, ")");
}

static void put_convention(Text *x, const MdMethodSig *h)
{
    if (h->has_this)
        put(x, "instance ");
    if (h->generic_count || (h->header & SIG_GENERIC))
        put(x, "generic ");
    if (h->conv < ARRAY_LEN(conventions))
        put(x, conventions[h->conv]);
}

static void put_named(Text *x, const MdImage *md, u32 token, u32 depth)
{
    const char *ns = "", *name = "";
    u32 rid = MD_RID(token);
    if (MD_TABLE_OF(token) == MDT_TypeDef) {
        ns = md_typedef_namespace(md, rid);
        name = md_typedef_name(md, rid);
    } else if (MD_TABLE_OF(token) == MDT_TypeRef) {
        ns = md_typeref_namespace(md, rid);
        name = md_typeref_name(md, rid);
    } else if (MD_TABLE_OF(token) == MDT_TypeSpec) {
        MdSig s = md_sig_blob(md, md_TypeSpec_Signature(md, rid));
        put_sig_type(x, md, &s, depth + 1);
        return;
    }
    put(x, ns);
    put(x, *ns ? "." : "");
    put(x, name);
}

static void put_shape(Text *x, MdSig *s)
{
    MdArrayShape a;
    if (!md_sig_array_shape(s, &a))
        return;
    put(x, "[");
    for (u32 i = 1; i < a.rank; i++)
        put(x, ",");
    put(x, "]");
}

static void put_number(Text *x, const char *prefix, u32 n)
{
    char text[24];
    snprintf(text, sizeof text, "%s%u", prefix, n);
    put(x, text);
}

static void put_wrapped(Text *x, const MdImage *md, MdSig *s, u8 et, u32 depth)
{
    MdMethodSig h;
    switch (et) {
    case ET_PTR: put_sig_type(x, md, s, depth); put(x, "*"); break;
    case ET_BYREF: put_sig_type(x, md, s, depth); put(x, "&"); break;
    case ET_SZARRAY: put_sig_type(x, md, s, depth); put(x, "[]"); break;
    case ET_PINNED: put_sig_type(x, md, s, depth); put(x, " pinned"); break;
    case ET_ARRAY: put_sig_type(x, md, s, depth); put_shape(x, s); break;
    case ET_GENERICINST: {
        put_sig_type(x, md, s, depth);
        put(x, "<");
        for (u32 i = 0, n = md_sig_uint(s); i < n && !s->bad; i++) {
            put(x, i ? "," : "");
            put_sig_type(x, md, s, depth);
        }
        put(x, ">");
        break;
    }
    case ET_FNPTR:
        if (!md_sig_method(s, &h))
            break;
        put_convention(x, &h);
        put_sig_type(x, md, s, depth);
        put_sig_args(x, md, s, h.param_count, depth);
        break;
    default: break;
    }
}

static void put_sig_type(Text *x, const MdImage *md, MdSig *s, u32 depth)
{
    static const char *const plain[] = {
        [ET_VOID] = "void", [ET_BOOLEAN] = "bool", [ET_CHAR] = "wchar", [ET_I1] = "int8", [ET_U1] = "unsigned int8", [ET_I2] = "int16",
        [ET_U2] = "unsigned int16", [ET_I4] = "int32", [ET_U4] = "unsigned int32", [ET_I8] = "int64", [ET_U8] = "unsigned int64",
        [ET_R4] = "float32", [ET_R8] = "float64", [ET_I] = "int", [ET_U] = "unsigned int", [ET_OBJECT] = "class System.Object",
        [ET_STRING] = "class System.String", [ET_TYPEDBYREF] = "refany",
    };
    if (depth > 64)
        return;
    u8 et = md_sig_byte(s);
    if (et < ARRAY_LEN(plain) && plain[et]) {
        put(x, plain[et]);
        return;
    }
    switch (et) {
    case ET_CMOD_REQD: case ET_CMOD_OPT:
        put(x, et == ET_CMOD_REQD ? "required_modifier " : "optional_modifier ");
        put_named(x, md, md_sig_token(s), depth);
        put(x, " ");
        put_sig_type(x, md, s, depth + 1);
        break;
    case ET_VALUETYPE: put(x, "value class "); put_named(x, md, md_sig_token(s), depth); break;
    case ET_CLASS: put(x, "class "); put_named(x, md, md_sig_token(s), depth); break;
    case ET_VAR: put_number(x, "!", md_sig_uint(s)); break;
    case ET_MVAR: put_number(x, "!!", md_sig_uint(s)); break;
    default: put_wrapped(x, md, s, et, depth + 1); break;
    }
}

/* --- What a type is ---------------------------------------------------------------------------------------------------------------- */
static void put_name(Text *x, const MdImage *md, u32 rid)
{
    u32 outer = md_enclosing(md, rid);
    const char *ns = md_typedef_namespace(md, rid), *name = md_typedef_name(md, rid);
    if (outer) {
        put_name(x, md, outer);
        put_utf16(x, "+", 1);
    } else if (*ns) {
        put_utf16(x, ns, strlen(ns));
        put_utf16(x, ".", 1);
    }
    put_utf16(x, name, strlen(name));
}

static bool com_visible(const MdImage *md, u32 token)
{
    i64 v = 1;
    u32 rid = md_find_attribute(md, token, "System.Runtime.InteropServices", "ComVisibleAttribute");
    return !rid || !md_attr_int(md, rid, 0, &v) || v != 0;
}

static void put_method(Text *x, const MdImage *md, u32 rid)
{
    MdMethodSig h;
    MdSig s = md_sig_blob(md, md_MethodDef_Signature(md, rid));
    if ((md_MethodDef_Flags(md, rid) & MD_ACCESS) != MD_PUBLIC || !md_sig_method(&s, &h) || h.generic_count ||
        !com_visible(md, MD_TOKEN(MDT_MethodDef, rid)))
        return;
    put_convention(x, &h);
    put_sig_type(x, md, &s, 0);
    put_sig_args(x, md, &s, h.param_count, 0);
    MdRange params = md_method_params(md, rid);
    for (u32 i = params.first; i < params.end; i++) {
        u32 p = md_param_at(md, i);
        char flags = (char)md_Param_Flags(md, p);
        if (md_Param_Sequence(md, p)) /* not the return value's */
            vec_push(&x->v, flags);
    }
}

static void put_field(Text *x, const MdImage *md, u32 rid)
{
    MdSig s = md_sig_blob(md, md_Field_Signature(md, rid));
    if ((md_Field_Flags(md, rid) & FD_ACCESS) != FD_PUBLIC || !md_sig_field(&s) || !com_visible(md, MD_TOKEN(MDT_Field, rid)))
        return;
    put_sig_type(x, md, &s, 0);
}

static void put_members(Text *x, const MdImage *md, u32 rid)
{
    MdRange r = md_typedef_methods(md, rid);
    for (u32 i = r.first; i < r.end; i++)
        put_method(x, md, md_method_at(md, i));
    r = md_typedef_fields(md, rid);
    for (u32 i = r.first; i < r.end; i++)
        put_field(x, md, md_field_at(md, i));
}

/* The assembly as the type library that would be made of it. */
static void put_assembly(Text *x, const Assembly *a)
{
    const MdAssemblyName *n = &a->identity;
    char *lower = base_malloc(n->name_len + 1);
    for (u32 i = 0; i < n->name_len; i++) {
        char c = n->name[i];
        lower[i] = c == '.' || c == ' ' ? '_' : c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
    }
    put_utf16(x, lower, n->name_len);
    base_free(lower);
    put(x, "TypeLib");
    u16 version[4] = {n->version[0], n->version[0], n->version[2], n->version[3]}; /* the major number twice */
    put_bytes(x, version, sizeof version);
    if (n->version[1])
        put_bytes(x, &n->version[1], 2);
    if (n->public_key)
        put_bytes(x, n->public_key, n->public_key_len);
}

static void make_guid(MethodTable *mt, u8 *out)
{
    static const u8 space[16] = {0x69, 0xf9, 0xcb, 0xc9, 0xda, 0x05, 0x11, 0xd1, 0x94, 0x08, 0x00, 0x00, 0xf8, 0x08, 0x34, 0x60};
    Text x = {0};
    u8 h[16];
    put_bytes(&x, space, sizeof space);
    put_name(&x, mt->module->md, MD_RID(mt->klass->token));
    if (mt_is_interface(mt))
        put_members(&x, mt->module->md, MD_RID(mt->klass->token));
    else
        put_assembly(&x, mt->module->assembly);
    if (x.v.len & 1)
        vec_push(&x.v, 0);
    base_md5(x.v.data, x.v.len, h);
    vec_free(&x.v);
    h[6] = (u8)((h[6] & 0x0F) | 0x30);
    h[8] = (u8)((h[8] & 0x3F) | 0x80);
    static const u8 order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    for (u32 i = 0; i < 16; i++)
        out[i] = h[order[i]];
}

REFL(void, ReflectionInvocation_GetGuid, MethodTable *mt, u8 *out)
{
    memset(out, 0, 16);
    if (mt_is_array(mt))
        return;
    const MdImage *md = mt->module->md;
    u32 rid = md_find_attribute(md, mt->klass->token, "System.Runtime.InteropServices", "GuidAttribute"), n;
    const char *s;
    if (!rid || !md_attr_string(md, rid, 0, &s, &n) || !parse_guid(s, n, out))
        make_guid(mt, out);
}
