/* type_faults.c: what is wrong with the bytes of a signature, in the reference's words (§II.23.2).
 * In: signatures of files that are not trusted, when their type is loaded or their locals are read.  Out: false with text and HRESULT.
 * Not here: what the types named are (type_sig.c), what loads them.  Book: type.md  Tests: tests/badinput/ */
#include "type/type_int.h"

#include <stdio.h>

typedef struct Fault {
    u32 code;
    const char *text;
} Fault;
static const Fault zero_sized = {0x80131237, "Signature specified is zero-sized."},
                   no_field = {0x80131239, "Method signature has invalid calling convention."},
                   no_type = {0x8013123D, "Signature missing element type."}, no_token = {0x8013123E, "Signature missing token."},
                   bad_token = {0x8013123F, "Signature has bad token."}, no_function = {0x80131240, "Signature is missing function pointer."},
                   bad_type = {0x80131247, "Signature has bad element type."}, sentinel = {0x801312DF, "E_T_SENTINEL in MethodDef signature."},
                   no_argument = {0x801312E3, "Signature missing argument."};

static const Fault *token_fault(const MdImage *md, MdSig *s)
{
    if (s->p >= s->end)
        return &no_token;
    u32 token = md_sig_token(s);
    bool there = !s->bad && MD_RID(token) && MD_RID(token) <= md_rows(md, MD_TABLE_OF(token));
    return there ? NULL : &bad_token;
}

static const Fault *type_fault(const MdImage *md, MdSig *s, u32 depth);

static const Fault *types_fault(const MdImage *md, MdSig *s, u32 n, u32 depth)
{
    const Fault *f = NULL;
    for (u32 i = 0; i < n && !f; i++) {
        (void)md_sig_sentinel(s);
        f = type_fault(md, s, depth + 1);
    }
    return f;
}

static const Fault *function_fault(const MdImage *md, MdSig *s, u32 depth)
{
    if (s->p >= s->end)
        return &no_function;
    u8 header = md_sig_byte(s);
    if (header & SIG_GENERIC)
        md_sig_uint(s);
    u32 n = md_sig_uint(s);
    return s->bad ? &no_function : types_fault(md, s, n + 1, depth);
}

static const Fault *instance_fault(const MdImage *md, MdSig *s, u32 depth)
{
    u8 et = md_sig_byte(s);
    if (et != ET_CLASS && et != ET_VALUETYPE)
        return &no_type;
    const Fault *f = token_fault(md, s);
    u32 n = f ? 0 : md_sig_uint(s);
    return f ? f : s->bad ? &no_argument : types_fault(md, s, n, depth);
}

static const Fault *type_fault(const MdImage *md, MdSig *s, u32 depth)
{
    const Fault *f = NULL;
    while (depth < MD_SIG_DEPTH) {
        if (s->p >= s->end)
            return &no_argument;
        u8 et = md_sig_byte(s);
        switch (et) {
        case ET_CMOD_REQD: case ET_CMOD_OPT:
            if ((f = token_fault(md, s)))
                return f;
            continue;
        case ET_PTR: case ET_BYREF: case ET_SZARRAY: case ET_PINNED: continue;
        case ET_CLASS: case ET_VALUETYPE: return token_fault(md, s);
        case ET_VAR: case ET_MVAR:
            md_sig_uint(s);
            return s->bad ? &no_argument : NULL;
        case ET_ARRAY:
            f = type_fault(md, s, depth + 1);
            if (!f)
                md_sig_array_shape(s, NULL); /* told when it is used */
            s->bad = false;
            return f;
        case ET_GENERICINST: return instance_fault(md, s, depth);
        case ET_FNPTR: return function_fault(md, s, depth);
        case ET_SENTINEL: return &sentinel;
        case ET_END: case ET_INTERNAL: return &bad_type;
        default: return et <= ET_OBJECT && et != 0x17 && et != 0x1A ? NULL : &no_type;
        }
    }
    return NULL;
}

static bool fail(const Fault *f, ErrKind kind, u32 token, Err *e)
{
    if (e && e->kind == ERR_NONE)
        e->hresult = (i32)f->code;
    return err_set(e, kind, token, "%s (0x%08X)", f->text, f->code);
}

static bool illegal(Module *m, u32 type_rid, Err *e)
{
    char full[256], display[300];
    md_type_full_name(m->md, MD_TOKEN(MDT_TypeDef, type_rid), full, sizeof full);
    assembly_display(m->assembly, display, sizeof display);
    return err_set(e, ERR_TYPE_LOAD, MD_TOKEN(MDT_TypeDef, type_rid), "Type '%s' from assembly '%s' has a field of an illegal type.", full, display);
}

bool field_well_formed(Module *m, u32 type_rid, u32 num_generic, u32 rid, Err *e)
{
    u32 len = 0, token = MD_TOKEN(MDT_Field, rid);
    const u8 *sig = md_blob(m->md, md_Field_Signature(m->md, rid), &len);
    if (!m->pe) /* emitted: written by the class library */
        return true;
    if (!sig || !len)
        return fail(&zero_sized, ERR_COM, token, e);
    if ((sig[0] & SIG_KIND) != SIG_FIELD)
        return fail(&no_field, ERR_COM, token, e);
    MdSig s = md_sig(sig + 1, len - 1), t = s;
    const Fault *f = type_fault(m->md, &s, 0);
    if (f)
        return fail(f, ERR_COM, token, e);
    md_sig_skip_mods(&t);
    u8 et = md_sig_byte(&t);
    return (et == ET_VAR ? md_sig_uint(&t) < num_generic : et != ET_MVAR && et != ET_PINNED) || illegal(m, type_rid, e);
}

bool method_well_formed(Module *m, u32 rid, Err *e)
{
    u32 len = 0, sentinels = 0;
    const u8 *sig = md_blob(m->md, md_MethodDef_Signature(m->md, rid), &len);
    if (!m->pe)
        return true;
    MdSig s = md_sig(sig, len);
    MdMethodSig head;
    bool ok = sig && len && ((sig[0] & SIG_KIND) == SIG_FIELD || (sig[0] & SIG_GENERIC) || (md_sig_method(&s, &head) && head.conv != SIG_PROPERTY));
    bool listed = ok && (sig[0] & SIG_KIND) != SIG_FIELD && !(sig[0] & SIG_GENERIC);
    for (u32 i = 0; listed && i <= head.param_count && !s.bad; i++) {
        while (md_sig_sentinel(&s))
            sentinels++;
        md_sig_skip_type(&s);
    }
    return (ok && sentinels < 2) || err_set(e, ERR_TYPE_LOAD, MD_TOKEN(MDT_MethodDef, rid), "The signature is incorrect.");
}

bool locals_well_formed(Module *m, const u8 *sig, u32 len, Err *e)
{
    static const Fault binary = {0x80131192, "Bad binary signature."};
    MdSig s = md_sig(sig, len);
    if (!m->pe)
        return true;
    if (!len || len == 1)
        return fail(&binary, ERR_BAD_IMAGE, 0, e);
    if (md_sig_byte(&s) != SIG_LOCALS)
        return err_set(e, ERR_BAD_IMAGE, 0, "Signature is not IMAGE_CEE_CS_CALLCONV_LOCAL_SIG.");
    u32 n = md_sig_uint(&s);
    if (s.bad)
        return fail(&binary, ERR_BAD_IMAGE, 0, e);
    if (n > (size_t)(s.end - s.p))
        return err_set(e, ERR_BAD_IMAGE, 0, "An attempt was made to load a program with an incorrect format.\n (0x8007000B)");
    const Fault *f = types_fault(m->md, &s, n, 0);
    if (f == &bad_token)
        return err_set(e, ERR_BAD_IMAGE, 0, "A valid typedef or typeref token is expected to follow a ELEMENT_TYPE_CLASS or ELEMENT_TYPE_VALUETYPE.");
    return !f || fail(&binary, ERR_BAD_IMAGE, 0, e);
}
