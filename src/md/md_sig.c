/* md_sig.c: reading, skipping and checking signatures.
 * Recursion happens only for types that hold types at more than one place (generic instances, arrays with a shape,
 * function pointers) and is limited to MD_SIG_DEPTH.
 * Not here: making types of them (type/).  Book: md.md  Tests: tests/unit/md/, fuzz/ */
#include "md/md_sig.h"

u32 md_sig_uint_slow(MdSig *s)
{
    size_t room = (size_t)(s->end - s->p);
    const u8 *p = s->p;
    if (room >= 2 && (p[0] & 0xC0) == 0x80) {
        s->p += 2;
        return (u32)(p[0] & 0x3F) << 8 | p[1];
    }
    if (room >= 4 && (p[0] & 0xE0) == 0xC0) {
        s->p += 4;
        return (u32)(p[0] & 0x1F) << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
    }
    return md_sig_fail(s);
}

i32 md_sig_int(MdSig *s)
{
    const u8 *start = s->p;
    u32 v = md_sig_uint(s);
    if (s->bad) return 0;
    size_t n = (size_t)(s->p - start);
    i32 r = (i32)(v >> 1);
    if (!(v & 1)) return r;
    return n == 1 ? r - 0x40 : n == 2 ? r - 0x2000 : r - 0x10000000;
}

u32 md_sig_token(MdSig *s)
{
    u32 token = md_decode(MDK_TypeDefOrRef, md_sig_uint(s));
    return token ? token : md_sig_fail(s);
}

void *md_sig_internal(MdSig *s)
{
    void *p;
    if (!s->internal || s->end - s->p < (ptrdiff_t)sizeof(p)) {
        md_sig_fail(s);
        return NULL;
    }
    memcpy(&p, s->p, sizeof(p));
    s->p += sizeof(p);
    return p;
}

bool md_sig_mod(MdSig *s, u32 *token, bool *required)
{
    u8 e = md_sig_peek(s);
    if (e != ET_CMOD_REQD && e != ET_CMOD_OPT) return false;
    s->p++;
    *required = e == ET_CMOD_REQD;
    *token = md_sig_token(s);
    return !s->bad;
}

bool md_sig_skip_mods(MdSig *s)
{
    bool any = false, required = false;
    u32 token;
    for (;;) {
        if (md_sig_peek(s) == ET_CMOD_INTERNAL) {
            s->p++;
            any |= md_sig_byte(s) != 0;
            md_sig_internal(s);
        } else if (md_sig_mod(s, &token, &required)) {
            any |= required;
        } else {
            return any;
        }
    }
}

bool md_sig_array_shape(MdSig *s, MdArrayShape *out)
{
    MdArrayShape local;
    MdArrayShape *a = out ? out : &local;
    a->rank = md_sig_uint(s);
    if (a->rank == 0 || a->rank > 255) md_sig_fail(s);
    a->size_count = md_sig_uint(s);
    if (a->size_count > a->rank) md_sig_fail(s);
    for (u32 i = 0; i < a->size_count && !s->bad; i++) a->sizes[MIN(i, 31u)] = md_sig_uint(s);
    a->size_count = MIN(a->size_count, 32u);
    a->lobound_count = md_sig_uint(s);
    if (a->lobound_count > a->rank) md_sig_fail(s);
    for (u32 i = 0; i < a->lobound_count && !s->bad; i++) a->lobounds[MIN(i, 31u)] = md_sig_int(s);
    a->lobound_count = MIN(a->lobound_count, 32u);
    if (s->bad) memset(a, 0, sizeof(*a));
    return !s->bad;
}

bool md_sig_method(MdSig *s, MdMethodSig *out)
{
    memset(out, 0, sizeof(*out));
    out->header = md_sig_byte(s);
    out->conv = out->header & SIG_KIND;
    out->has_this = out->header & SIG_HAS_THIS;
    out->explicit_this = out->header & SIG_EXPLICIT_THIS;
    out->is_vararg = out->conv == SIG_VARARG || out->conv == SIG_NATIVE_VARARG;
    bool kind_ok = out->conv <= SIG_VARARG || out->conv == SIG_PROPERTY || out->conv == SIG_UNMANAGED ||
                   out->conv == SIG_NATIVE_VARARG;
    if (!kind_ok || (out->explicit_this && !out->has_this)) md_sig_fail(s);
    if (out->header & SIG_GENERIC) {
        out->generic_count = md_sig_uint(s);
        if (out->generic_count == 0) md_sig_fail(s);
    }
    out->param_count = md_sig_uint(s);
    /* each takes a byte at least, so a count beyond that cannot be true */
    if (out->param_count > (size_t)(s->end - s->p)) md_sig_fail(s);
    if (s->bad) out->param_count = out->generic_count = 0;
    return !s->bad;
}

bool md_sig_locals(MdSig *s, u32 *count)
{
    *count = 0;
    if (md_sig_byte(s) != SIG_LOCALS) md_sig_fail(s);
    u32 n = md_sig_uint(s);
    if (n > (size_t)(s->end - s->p)) md_sig_fail(s);
    if (!s->bad) *count = n;
    return !s->bad;
}

bool md_sig_field(MdSig *s)
{
    if ((md_sig_byte(s) & SIG_KIND) != SIG_FIELD) md_sig_fail(s);
    return !s->bad;
}

bool md_sig_inst(MdSig *s, u32 *count)
{
    *count = 0;
    if (md_sig_byte(s) != SIG_GENERICINST) md_sig_fail(s);
    u32 n = md_sig_uint(s);
    if (n == 0 || n > (size_t)(s->end - s->p)) md_sig_fail(s);
    if (!s->bad) *count = n;
    return !s->bad;
}

MdSig md_sig_of(const MdImage *m, u32 token)
{
    u32 rid = MD_RID(token), blob;
    switch (MD_TABLE_OF(token)) {
    case MDT_Field: blob = md_Field_Signature(m, rid); break;
    case MDT_MethodDef: blob = md_MethodDef_Signature(m, rid); break;
    case MDT_MemberRef: blob = md_MemberRef_Signature(m, rid); break;
    case MDT_StandAloneSig: blob = md_StandAloneSig_Signature(m, rid); break;
    case MDT_TypeSpec: blob = md_TypeSpec_Signature(m, rid); break;
    case MDT_MethodSpec: blob = md_MethodSpec_Instantiation(m, rid); break;
    case MDT_Property: blob = md_Property_Type(m, rid); break;
    default: blob = 0;
    }
    if (blob == 0) return md_sig(NULL, 0);
    return md_sig_blob(m, blob);
}

/* --- skipping --- */

static void skip_type(MdSig *s, u32 depth);

static void skip_method(MdSig *s, u32 depth)
{
    MdMethodSig h;
    if (!md_sig_method(s, &h)) return;
    skip_type(s, depth);
    for (u32 i = 0; i < h.param_count && !s->bad; i++) {
        md_sig_sentinel(s);
        skip_type(s, depth);
    }
}

static void skip_type(MdSig *s, u32 depth)
{
    if (depth >= MD_SIG_DEPTH) md_sig_fail(s);
    for (;;) {
        md_sig_skip_mods(s);
        switch (md_sig_byte(s)) {
        case ET_VOID: case ET_BOOLEAN: case ET_CHAR: case ET_I1: case ET_U1: case ET_I2: case ET_U2: case ET_I4:
        case ET_U4: case ET_I8: case ET_U8: case ET_R4: case ET_R8: case ET_STRING: case ET_TYPEDBYREF: case ET_I:
        case ET_U: case ET_OBJECT: return;
        case ET_PTR: case ET_BYREF: case ET_SZARRAY: case ET_PINNED: continue;
        case ET_VALUETYPE: case ET_CLASS: md_sig_token(s); return;
        case ET_VAR: case ET_MVAR: md_sig_uint(s); return;
        case ET_INTERNAL: md_sig_internal(s); return;
        case ET_ARRAY:
            skip_type(s, depth + 1);
            md_sig_array_shape(s, NULL);
            return;
        case ET_GENERICINST: {
            skip_type(s, depth + 1);
            u32 n = md_sig_uint(s);
            for (u32 i = 0; i < n && !s->bad; i++) skip_type(s, depth + 1);
            return;
        }
        case ET_FNPTR: skip_method(s, depth + 1); return;
        default: md_sig_fail(s); return;
        }
    }
}

void md_sig_skip_type(MdSig *s)
{
    skip_type(s, 0);
}

/* --- checking --- */

enum { /* what a type may be where it stands */
    ALLOW_VOID = 1,
    ALLOW_BYREF = 2, /* and typedref */
    ALLOW_PINNED = 4,
    ALLOW_TYPEDREF = 8,
};

static void check_type(const MdImage *m, MdSig *s, u32 allow, u32 depth);

static void check_token(const MdImage *m, MdSig *s)
{
    u32 token = md_sig_token(s);
    if (token && !md_valid_token(m, token)) md_sig_fail(s);
}

static void check_mods(const MdImage *m, MdSig *s)
{
    while (md_sig_peek(s) == ET_CMOD_OPT || md_sig_peek(s) == ET_CMOD_REQD) {
        s->p++;
        check_token(m, s);
    }
}

static void check_method(const MdImage *m, MdSig *s, u32 depth)
{
    MdMethodSig h;
    if (!md_sig_method(s, &h)) return;
    check_type(m, s, ALLOW_VOID | ALLOW_BYREF | ALLOW_TYPEDREF, depth);
    bool sentinel = false;
    for (u32 i = 0; i < h.param_count && !s->bad; i++) {
        if (md_sig_sentinel(s)) {
            if (sentinel || !h.is_vararg) md_sig_fail(s);
            sentinel = true;
        }
        check_type(m, s, ALLOW_BYREF | ALLOW_TYPEDREF, depth);
    }
}

static void check_inst(const MdImage *m, MdSig *s, u32 depth)
{
    u8 kind = md_sig_byte(s);
    if (kind != ET_CLASS && kind != ET_VALUETYPE) md_sig_fail(s);
    check_token(m, s);
    u32 n = md_sig_uint(s);
    if (n == 0) md_sig_fail(s);
    for (u32 i = 0; i < n && !s->bad; i++) check_type(m, s, 0, depth);
}

static void check_type(const MdImage *m, MdSig *s, u32 allow, u32 depth)
{
    if (depth >= MD_SIG_DEPTH) md_sig_fail(s);
    for (;;) {
        check_mods(m, s);
        switch (md_sig_byte(s)) {
        case ET_VOID:
            if (!(allow & ALLOW_VOID)) md_sig_fail(s);
            return;
        case ET_BOOLEAN: case ET_CHAR: case ET_I1: case ET_U1: case ET_I2: case ET_U2: case ET_I4: case ET_U4:
        case ET_I8: case ET_U8: case ET_R4: case ET_R8: case ET_STRING: case ET_I: case ET_U: case ET_OBJECT: return;
        case ET_TYPEDBYREF:
            if (!(allow & ALLOW_TYPEDREF)) md_sig_fail(s);
            return;
        case ET_PTR: allow = ALLOW_VOID; continue;
        case ET_BYREF:
            if (!(allow & ALLOW_BYREF)) md_sig_fail(s);
            allow = ALLOW_TYPEDREF;
            continue;
        case ET_PINNED:
            if (!(allow & ALLOW_PINNED)) md_sig_fail(s);
            allow &= ~(u32)ALLOW_PINNED;
            continue;
        case ET_SZARRAY: allow = 0; continue;
        case ET_VALUETYPE: case ET_CLASS: check_token(m, s); return;
        case ET_VAR: case ET_MVAR: md_sig_uint(s); return;
        case ET_ARRAY:
            check_type(m, s, 0, depth + 1);
            md_sig_array_shape(s, NULL);
            return;
        case ET_GENERICINST: check_inst(m, s, depth + 1); return;
        case ET_FNPTR: check_method(m, s, depth + 1); return;
        default: md_sig_fail(s); return;
        }
    }
}

bool md_sig_validate(const MdImage *m, const u8 *p, u32 size, MdSigKind kind, Err *e)
{
    MdSig s = md_sig(p, size);
    u32 n = 0;
    switch (kind) {
    case MD_SIG_METHOD: check_method(m, &s, 0); break;
    case MD_SIG_PROPERTY:
        if ((md_sig_peek(&s) & SIG_KIND) != SIG_PROPERTY) md_sig_fail(&s);
        check_method(m, &s, 0);
        break;
    case MD_SIG_FIELD:
        md_sig_field(&s);
        check_type(m, &s, ALLOW_BYREF | ALLOW_TYPEDREF, 0);
        break;
    case MD_SIG_LOCALS:
        md_sig_locals(&s, &n);
        for (u32 i = 0; i < n && !s.bad; i++) check_type(m, &s, ALLOW_BYREF | ALLOW_PINNED | ALLOW_TYPEDREF, 0);
        break;
    case MD_SIG_TYPESPEC: check_type(m, &s, ALLOW_VOID | ALLOW_BYREF | ALLOW_TYPEDREF, 0); break;
    case MD_SIG_INST:
        md_sig_inst(&s, &n);
        for (u32 i = 0; i < n && !s.bad; i++) check_type(m, &s, 0, 0);
        break;
    }
    if (!s.bad) return true;
    if (e && e->kind == ERR_NONE) e->hresult = (i32)0x80131192; /* META_E_BAD_SIGNATURE */
    return err_set(e, ERR_BAD_IMAGE, 0, "Bad binary signature.");
}
