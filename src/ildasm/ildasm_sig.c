/* ildasm_sig.c: signatures as types of the language; references to methods and fields.
 * A type's text is its base and then what is made of it, in order: `int32[]& modreq(X)` is a modified reference to an array.
 * Generic parameters in a reference's own signature go by number, as they are the callee's; elsewhere by the name that the class or
 * method being printed gives them. */
#include "ildasm/ildasm_int.h"

enum { DEPTH_MAX = 120 };

#define ELEM(code, text) [code] = text,
static const char *const elem_words[0x20] = {
#include "il/il_words.def"
};

const char *dis_elem_word(u8 elem)
{
    return elem < ARRAY_LEN(elem_words) ? elem_words[elem] : NULL;
}

MdSig dis_sig(Dis *d, u32 token)
{
    return md_sig_of(d->m, token);
}

void put_conv(Dis *d, u8 header)
{
    if (header & SIG_HAS_THIS) put_lit(d, "instance ");
    if (header & SIG_EXPLICIT_THIS) put_lit(d, "explicit ");
    switch (header & SIG_KIND) {
    case SIG_DEFAULT: case SIG_PROPERTY: break;
    case SIG_C: put_lit(d, "unmanaged cdecl "); break;
    case SIG_STDCALL: put_lit(d, "unmanaged stdcall "); break;
    case SIG_THISCALL: put_lit(d, "unmanaged thiscall "); break;
    case SIG_FASTCALL: put_lit(d, "unmanaged fastcall "); break;
    case SIG_VARARG: put_lit(d, "vararg "); break;
    case SIG_UNMANAGED: put_lit(d, "unmanaged "); break;
    default: putf(d, "callconv(%u) ", header & SIG_KIND);
    }
}

void put_params(Dis *d, MdSig *s, const MdMethodSig *h)
{
    for (u32 i = 0; i < h->param_count && !s->bad && !d->full; i++) {
        if (i) put_lit(d, ", ");
        if (md_sig_sentinel(s)) put_lit(d, "..., ");
        put_type(d, s);
    }
    if (md_sig_sentinel(s)) put(d, h->param_count ? ", ..." : "...");
}

static void put_shape(Dis *d, MdSig *s)
{
    MdArrayShape a;
    if (!md_sig_array_shape(s, &a)) return;
    put_ch(d, '[');
    for (u32 i = 0; i < a.rank; i++) {
        if (i) put_ch(d, ',');
        if (i < a.size_count && i < a.lobound_count) {
            if (a.lobounds[i]) put_dec(d, a.lobounds[i]), put_lit(d, "..."), put_dec(d, (i64)a.lobounds[i] + a.sizes[i] - 1);
            else put_udec(d, a.sizes[i]);
        } else if (i < a.size_count) {
            put_udec(d, a.sizes[i]);
        } else if (i < a.lobound_count) {
            put_dec(d, a.lobounds[i]), put_lit(d, "...");
        }
    }
    if (a.rank == 1 && !a.size_count && !a.lobound_count) put_lit(d, "...");
    put_ch(d, ']');
}

static void put_class_type(Dis *d, const char *word, u32 token)
{
    put(d, word);
    put_type_token(d, token);
    dis_check_class_type(d, token);
}

static void put_fnptr(Dis *d, MdSig *s)
{
    MdMethodSig h;
    if (!md_sig_method(s, &h)) return;
    put_lit(d, "method ");
    put_conv(d, h.header);
    put_type(d, s);
    put_lit(d, " *(");
    put_params(d, s, &h);
    put_ch(d, ')');
}

static void put_inst_args(Dis *d, MdSig *s, u32 n)
{
    put_ch(d, '<');
    for (u32 i = 0; i < n && !s->bad && !d->full; i++) {
        if (i) put_ch(d, ',');
        put_type(d, s);
    }
    put_ch(d, '>');
}

void put_type(Dis *d, MdSig *s)
{
    u32 token;
    bool required;
    if (d->depth >= DEPTH_MAX) {
        md_sig_fail(s);
        return;
    }
    d->depth++;
    u8 e = md_sig_peek(s);
    const char *word = dis_elem_word(e);
    if (word) {
        s->p++;
        put(d, word);
        d->depth--;
        return;
    }
    if (md_sig_mod(s, &token, &required)) {
        put_type(d, s);
        put(d, required ? " modreq(" : " modopt(");
        put_type_token(d, token);
        put_ch(d, ')');
        d->depth--;
        return;
    }
    switch (md_sig_byte(s)) {
    case ET_PTR: put_type(d, s), put_ch(d, '*'); break;
    case ET_BYREF: put_type(d, s), put_ch(d, '&'); break;
    case ET_SZARRAY: put_type(d, s), put_lit(d, "[]"); break;
    case ET_PINNED: put_type(d, s), put_lit(d, " pinned"); break;
    case ET_VALUETYPE: put_class_type(d, "valuetype ", md_sig_token(s)); break;
    case ET_CLASS: put_class_type(d, "class ", md_sig_token(s)); break;
    case ET_VAR: put_var(d, false, md_sig_uint(s)); break;
    case ET_MVAR: put_var(d, true, md_sig_uint(s)); break;
    case ET_ARRAY: put_type(d, s), put_shape(d, s); break;
    case ET_FNPTR: put_fnptr(d, s); break;
    case ET_GENERICINST: put_type(d, s), put_inst_args(d, s, md_sig_uint(s)); break;
    default: md_sig_fail(s);
    }
    d->depth--;
}

void put_type_token(Dis *d, u32 token)
{
    if (MD_TABLE_OF(token) != MDT_TypeSpec) {
        if (token) put_class(d, token);
        return;
    }
    MdSig s = md_sig_of(d->m, token);
    put_type(d, &s);
    if (s.bad) dis_problem(d, token, "bad type signature");
    put_token(d, token);
}

void put_type_token_in(Dis *d, u32 token, u32 in_type)
{
    u32 type = d->type_rid, method = d->method_rid;
    d->type_rid = in_type;
    d->method_rid = 0;
    put_type_token(d, token);
    d->type_rid = type;
    d->method_rid = method;
}

/* The class that a member belongs to, with its two colons; nothing for a global one. */
static void put_parent(Dis *d, u32 parent)
{
    MdImage *m = d->m;
    if (MD_TABLE_OF(parent) == MDT_MethodDef && parent) { /* arguments beyond the sentinel of a method in this module */
        u32 owner = md_method_owner(m, MD_RID(parent));
        parent = owner ? MD_TOKEN(MDT_TypeDef, owner) : 0;
    }
    if (parent == 0 || parent == MD_TOKEN(MDT_TypeDef, 1)) return;
    if (MD_TABLE_OF(parent) == MDT_ModuleRef) {
        if (!md_valid_token(m, parent)) dis_problem(d, parent, "no such module");
        put_lit(d, "[.module ");
        put_name(d, md_moduleref_name(m, MD_RID(parent)));
        put_ch(d, ']');
    } else {
        put_type_token(d, parent);
    }
    put_lit(d, "::");
}

static u32 owner_token(u32 rid)
{
    return rid ? MD_TOKEN(MDT_TypeDef, rid) : 0;
}

static void put_inst(Dis *d, u32 spec, const MdMethodSig *h)
{
    u32 n;
    if (!spec) {
        if (h->generic_count) put_lit(d, "<["), put_udec(d, h->generic_count), put_lit(d, "]>");
        return;
    }
    MdSig s = md_sig_of(d->m, spec);
    if (md_sig_inst(&s, &n)) put_inst_args(d, &s, n);
    if (s.bad) dis_problem(d, spec, "bad instantiation");
}

/* Nobody's members, and global ones that the module has not: the assembler looks for them among its own. */
static void check_parent(Dis *d, u32 memberref, bool field)
{
    const MdImage *m = d->m;
    u32 n, k, parent = md_MemberRef_Class(m, memberref);
    const u8 *sig = md_blob(m, md_MemberRef_Signature(m, memberref), &n);
    MdRange r = field ? md_typedef_fields(m, 1) : md_typedef_methods(m, 1);
    if (MD_TABLE_OF(parent) == MDT_MethodDef && MD_RID(parent) &&
        (!md_valid_token(m, parent) || strcmp(md_method_name(m, MD_RID(parent)), md_memberref_name(m, memberref)) != 0))
        dis_problem(d, MD_TOKEN(MDT_MemberRef, memberref), "varying arguments for a method of another name");
    if (MD_RID(parent) && parent != MD_TOKEN(MDT_TypeDef, 1)) return;
    for (u32 i = r.first; i < r.end && MD_RID(parent); i++) {
        u32 rid = field ? md_field_at(m, i) : md_method_at(m, i);
        const u8 *p = md_blob(m, field ? md_Field_Signature(m, rid) : md_MethodDef_Signature(m, rid), &k);
        const char *name = field ? md_field_name(m, rid) : md_method_name(m, rid);
        if (strcmp(name, md_memberref_name(m, memberref)) == 0 && p && sig && k == n && memcmp(p, sig, n) == 0) return;
    }
    dis_problem(d, MD_TOKEN(MDT_MemberRef, memberref), "names no class and no global member");
}

void put_method_ref(Dis *d, u32 token)
{
    MdImage *m = d->m;
    u32 member = token, spec = 0, parent, type = d->type_rid, method = d->method_rid, name_rid;
    if (MD_TABLE_OF(token) == MDT_MethodSpec) {
        spec = token;
        member = md_MethodSpec_Method(m, MD_RID(token));
    }
    name_rid = MD_RID(member);
    bool def = MD_TABLE_OF(member) == MDT_MethodDef;
    size_t start = d->len;
    if (!md_valid_token(m, member) || (!def && MD_TABLE_OF(member) != MDT_MemberRef)) {
        dis_problem(d, token, "is no method");
        putf(d, "mdtoken(0x%08X)", token);
        return;
    }
    Text *kept = spec ? NULL : def ? &d->methoddefs[name_rid] : &d->memberrefs[name_rid];
    if (kept && kept->p) {
        put_mem(d, kept->p, kept->len);
        return;
    }
    parent = def ? owner_token(md_method_owner(m, name_rid)) : md_MemberRef_Class(m, name_rid);
    MdSig s = md_sig_of(m, member);
    MdMethodSig h;
    md_sig_method(&s, &h);
    d->type_rid = d->method_rid = 0;
    put_conv(d, h.header);
    put_type(d, &s);
    put_ch(d, ' ');
    d->type_rid = type, d->method_rid = method;
    put_parent(d, parent);
    if (!def) check_parent(d, name_rid, false);
    u32 own = def ? member : parent; /* a call site's varying arguments belong to the method that it names */
    bool hidden = MD_TABLE_OF(own) == MDT_MethodDef && md_valid_token(m, own) && dis_private_scope(d, MD_RID(own));
    if (hidden) put_hidden_name(d, md_method_name(m, MD_RID(own)), own);
    else put_method_name(d, def ? md_method_name(m, name_rid) : md_memberref_name(m, name_rid));
    put_inst(d, spec, &h);
    put_ch(d, '(');
    d->type_rid = d->method_rid = 0;
    put_params(d, &s, &h);
    d->type_rid = type, d->method_rid = method;
    put_ch(d, ')');
    put_token(d, token);
    if (s.bad) dis_problem(d, member, "bad method signature");
    else if (kept && MD_TABLE_OF(parent) != MDT_TypeSpec) *kept = dis_keep(d, start); /* a TypeSpec's parameters have names here, and others there */
}

bool dis_is_field(Dis *d, u32 token)
{
    if (MD_TABLE_OF(token) == MDT_Field) return true;
    if (MD_TABLE_OF(token) != MDT_MemberRef) return false;
    MdSig s = md_sig_of(d->m, token);
    return (md_sig_peek(&s) & SIG_KIND) == SIG_FIELD;
}

void put_field_ref(Dis *d, u32 token)
{
    MdImage *m = d->m;
    u32 rid = MD_RID(token), type = d->type_rid, method = d->method_rid;
    bool def = MD_TABLE_OF(token) == MDT_Field;
    if (!md_valid_token(m, token) || !dis_is_field(d, token)) {
        dis_problem(d, token, "is no field");
        putf(d, "mdtoken(0x%08X)", token);
        return;
    }
    Text *kept = def ? &d->fields[rid] : &d->memberrefs[rid];
    if (kept->p) {
        put_mem(d, kept->p, kept->len);
        return;
    }
    size_t start = d->len;
    u32 parent = def ? owner_token(md_field_owner(m, rid)) : md_MemberRef_Class(m, rid);
    MdSig s = md_sig_of(m, token);
    md_sig_field(&s);
    d->type_rid = d->method_rid = 0;
    put_type(d, &s);
    d->type_rid = type, d->method_rid = method;
    if (s.bad) dis_problem(d, token, "bad field signature");
    put_ch(d, ' ');
    put_parent(d, parent);
    if (!def) check_parent(d, rid, true);
    bool hidden = def && (md_Field_Flags(m, rid) & FD_ACCESS) == FD_COMPILER_CONTROLLED;
    if (hidden) put_hidden_name(d, md_field_name(m, rid), token);
    else put_name(d, def ? md_field_name(m, rid) : md_memberref_name(m, rid));
    put_token(d, token);
    if (!s.bad && MD_TABLE_OF(parent) != MDT_TypeSpec) *kept = dis_keep(d, start);
}

void put_owner(Dis *d, u32 token)
{
    switch (MD_TABLE_OF(token)) {
    case MDT_Field: case MDT_MethodDef: case MDT_MemberRef: case MDT_MethodSpec:
        if (dis_is_field(d, token)) put_lit(d, "field "), put_field_ref(d, token);
        else put_lit(d, "method "), put_method_ref(d, token);
        break;
    case MDT_TypeDef: case MDT_TypeRef: case MDT_TypeSpec: put_type_token(d, token); break;
    default: putf(d, "mdtoken(0x%08X)", token);
    }
}
