/* refl_sig.c: System.Signature: types, calling convention and custom modifiers of a method, field or property signature. */
#include "corelib/refl_int.h"

#include "md/md_sig.h"

enum { CC_STANDARD = 1, CC_VARARGS = 2, CC_HAS_THIS = 0x20, CC_EXPLICIT_THIS = 0x40 }; /* CallingConventions */

static SigContext context_of(Field *f, Method *m, TypeHandle declaring)
{
    SigContext c = {0};
    MethodTable *d = th_mt(declaring);
    if (m)
        c = type_method_context(m);
    else if (f)
        c = type_mt_context(refl_field_owner(f, declaring));
    else if (d)
        c = type_mt_context(d);
    if (m && d && !(m->flags & (MF_ARRAY | MF_STUB))) { /* the type it is seen on decides the class arguments */
        MethodTable *mt = refl_matching_parent(d, m->mt);
        if (mt) {
            SigContext k = type_mt_context(mt);
            c.class_args = k.class_args;
            c.num_class_args = k.num_class_args;
        }
    }
    if (!c.module)
        c.module = d ? d->module : type_corelib->module;
    return c;
}

static i32 convention(const MdMethodSig *h)
{
    i32 r = h->is_vararg ? CC_VARARGS : CC_STANDARD;
    if (h->has_this)
        r |= CC_HAS_THIS;
    if (h->explicit_this)
        r |= CC_EXPLICIT_THIS;
    return r;
}

/* Types of a whole method or property signature: ret, then params.  Loaded preemptive. */
typedef struct SigTypes {
    TypeHandle small[33], *v; /* v[0]: return type */
    u32 n;                    /* params */
    i32 conv;
} SigTypes;

static bool read_types(SigTypes *s, const SigContext *c, const u8 *sig, u32 len, bool field, Err *e)
{
    MdSig r = md_sig(sig, len);
    MdMethodSig head = {0};
    s->v = s->small;
    s->n = 0;
    s->conv = 0;
    if (field) {
        if (!md_sig_field(&r))
            return err_set(e, ERR_BAD_IMAGE, 0, "Bad field signature.");
    } else {
        if (!md_sig_method(&r, &head))
            return err_set(e, ERR_BAD_IMAGE, 0, "Bad method signature.");
        s->n = head.param_count;
        s->conv = convention(&head);
        if (s->n + 1 > ARRAY_LEN(s->small))
            s->v = base_calloc(s->n + 1, sizeof *s->v);
    }
    const u8 *p = r.p;
    if (!field && (p >= r.end || *p == ET_END || *p > ET_PINNED))
        return err_set(e, ERR_BAD_IMAGE, 0, "The signature is incorrect.");
    for (u32 i = 0; i <= s->n; i++) {
        if (p < r.end && *p == ET_SENTINEL)
            p++;
        s->v[i] = type_from_sig(c, &p, r.end, e);
        if (!s->v[i])
            return false;
    }
    return true;
}

REFL(void, Signature_Init, ObjectHandleOnStack self, const u8 *sig, i32 len, Field *f, Method *m)
{
    Err e = {0};
    SigTypes types = {.v = NULL};
    QCALL_BEGIN(t);
    Object *o = *self.ptr;
    TypeHandle declaring = refl_th(RF_VAL(o, SIG_DECLARING, Object *));
    bool given = RF_VAL(o, SIG_ARGS, Object *) != NULL; /* the constructor for DynamicMethod has set the types */
    if (!sig && (f || m)) {
        sig = f ? f->sig : m->sig;
        len = (i32)(f ? f->sig_len : m->sig_len);
    }
    bool ok = true, field = len > 0 && (sig[0] & SIG_KIND) == SIG_FIELD;
    if (!given) {
        SigContext c = context_of(f, m, declaring);
        PREEMPTIVE(t) { ok = read_types(&types, &c, sig, (u32)len, field, &e); }
    }
    o = *self.ptr;
    RF_VAL(o, SIG_SIG, const void *) = sig;
    RF_VAL(o, SIG_LEN, i32) = len;
    RF_VAL(o, SIG_METHOD, void *) = m;
    if (!ok) {
        vm_throw_err(t, &e);
    } else if (!given) {
        RF_SET_REF(o, SIG_RETURN, vm_type_object(types.v[0]));
        if (!field) {
            RF_VAL(o, SIG_CONV, i32) = types.conv;
            Array *a = refl_type_array(t, type_wk(WK_RUNTIMETYPE), types.v + 1, types.n);
            if (a)
                RF_SET_REF(*self.ptr, SIG_ARGS, a);
        }
    }
    if (types.v != types.small)
        base_free(types.v);
    QCALL_END(t);
}

/* As they stand: a variable is equal to the same variable only, whatever the declaring types put in its place. */
REFL(i32, Signature_AreEqual, const u8 *sig1, i32 len1, QCallTypeHandle type1, const u8 *sig2, i32 len2, QCallTypeHandle type2)
{
    return type_sigs_equal(refl_type_module(type1.th), sig1, (u32)len1, refl_type_module(type2.th), sig2, (u32)len2);
}

/* --- Offsets of types inside a signature: leaf calls; -1 when the bytes are bad ------------------------------------------------------ */
REFL(i32, Signature_GetParameterOffsetInternal, const u8 *sig, i32 len, i32 index)
{
    MdSig s = md_sig(sig, (u32)len);
    s.internal = true;
    if (len > 0 && (sig[0] & SIG_KIND) == SIG_FIELD) {
        md_sig_field(&s);
        return index == 0 && !s.bad ? (i32)(s.p - sig) : -1;
    }
    MdMethodSig head;
    if (!md_sig_method(&s, &head) || index < 0 || (u32)index > head.param_count)
        return -1;
    while (index--) { /* index 0: the return type */
        md_sig_sentinel(&s);
        md_sig_skip_type(&s);
    }
    md_sig_sentinel(&s);
    return s.bad ? -1 : (i32)(s.p - sig);
}

REFL(i32, Signature_GetTypeParameterOffsetInternal, const u8 *sig, i32 len, i32 offset, i32 index)
{
    if (offset < 0 || offset > len)
        return -1;
    MdSig s = md_sig(sig + offset, (u32)(len - offset));
    MdMethodSig head;
    s.internal = true;
    md_sig_skip_mods(&s);
    switch (md_sig_byte(&s)) {
    case ET_BYREF: case ET_PTR: case ET_SZARRAY: case ET_ARRAY: case ET_PINNED:
        return index == 0 && !s.bad ? (i32)(s.p - sig) : -1;
    case ET_FNPTR:
        if (!md_sig_method(&s, &head) || index < 0 || (u32)index > head.param_count)
            return -1;
        break;
    case ET_GENERICINST: {
        md_sig_byte(&s);
        md_sig_token(&s);
        u32 n = md_sig_uint(&s);
        if (index < 0 || (u32)index >= n)
            return -1;
        break;
    }
    default:
        return -1;
    }
    while (index--)
        md_sig_skip_type(&s);
    return s.bad ? -1 : (i32)(s.p - sig);
}

REFL(i32, Signature_GetCallingConventionFromFunctionPointerAtOffsetInternal, const u8 *sig, i32 len, i32 offset)
{
    if (offset < 0 || offset > len)
        return 0;
    MdSig s = md_sig(sig + offset, (u32)(len - offset));
    md_sig_skip_mods(&s);
    if (md_sig_byte(&s) != ET_FNPTR)
        return 0;
    return md_sig_byte(&s) & SIG_KIND;
}

/* Required or optional modifiers that stand before the type at the offset, as Type[], last one first. */
REFL(void, Signature_GetCustomModifiersAtOffset, ObjectHandleOnStack self, i32 offset, i32 required, ObjectHandleOnStack out)
{
    enum { MANY = 32 };
    TypeHandle v[MANY];
    u32 n = 0;
    Err e = {0};
    QCALL_BEGIN(t);
    Object *o = *self.ptr;
    const u8 *sig = RF_VAL(o, SIG_SIG, const u8 *);
    i32 len = RF_VAL(o, SIG_LEN, i32);
    SigContext c = context_of(NULL, RF_VAL(o, SIG_METHOD, Method *), refl_th(RF_VAL(o, SIG_DECLARING, Object *)));
    MdSig s = md_sig(sig + MIN(offset, len), (u32)(len - MIN(offset, len)));
    u32 token;
    bool is_required, ok = true;
    while (ok && n < MANY && md_sig_mod(&s, &token, &is_required))
        if (is_required == (required != 0)) {
            PREEMPTIVE(t) { v[n] = type_resolve_type(&c, token, NULL, &e); }
            ok = v[n++] != 0;
        }
    if (!ok) {
        vm_throw_err(t, &e);
    } else {
        for (u32 i = 0; i < n / 2; i++) {
            TypeHandle x = v[i];
            v[i] = v[n - 1 - i];
            v[n - 1 - i] = x;
        }
        qc_set_object(out, (Object *)refl_type_array(t, refl_class("System", "Type"), v, n));
    }
    QCALL_END(t);
}
