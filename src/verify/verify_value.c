/* verify_value.c: types of values on the stack: which may stand for which, what two paths have in common, and the words for them.
 * In: TypeHandles, open ones too.  Out: yes or no.
 * Rules: §I.8.7 (assignment compatibility; type_can_cast knows classes, interfaces, arrays, variance and constraints of generic variables),
 * §III.1.8.1.2 (verification types), §III.1.8.1.3 (merging).
 * Book: verify.md  Tests: tests/verify/ */
#include "verify/verify_int.h"

#include <stdio.h>

VValue v_of_other(TypeHandle th)
{
    if (!th)
        return (VValue){.kind = V_BAD};
    MethodTable *mt = th_mt(th);
    u32 category = mt && (mt->flags2 & MT2_LOADED) ? mt->flags & MTF_CATEGORY_MASK : 0;
    if (category == MTF_CAT_NULLABLE || (category == MTF_CAT_VALUETYPE && mt != type_wk(WK_VOID)))
        return (VValue){.kind = V_VALUE, .th = th}; /* spares a look at the class's cold data */
    switch (type_elem_kind(th)) {
    case ET_BOOLEAN: case ET_CHAR: case ET_I1: case ET_U1: case ET_I2: case ET_U2: case ET_I4: case ET_U4:
        return (VValue){.kind = V_I4};
    case ET_I8: case ET_U8: return (VValue){.kind = V_I8};
    case ET_R4: case ET_R8: return (VValue){.kind = V_F};
    case ET_I: case ET_U: return (VValue){.kind = V_I};
    case ET_PTR: case ET_FNPTR: return (VValue){.kind = V_PTR, .th = th};
    case ET_BYREF: return (VValue){.kind = V_BYREF, .th = th_desc(th)->elem};
    case ET_VALUETYPE: case ET_TYPEDBYREF: case ET_VAR: case ET_MVAR: return (VValue){.kind = V_VALUE, .th = th};
    case ET_VOID: return (VValue){.kind = V_NONE};
    default: return (VValue){.kind = V_REF, .th = th};
    }
}

TypeHandle v_sig_type(const SigContext *c, const SigType *t, Err *e)
{
    if (t->th)
        return t->th;
    TypeHandle th = type_sigtype_load(c, t, e);
    bool plain = t->sig && t->sig[0] == ET_CLASS; /* a token: says the same in any context */
    if (th && t->kind == ET_CLASS && !t->stub && (plain || !(c->num_class_args || c->num_method_args)))
        __atomic_store_n((TypeHandle *)&t->th, th, __ATOMIC_RELEASE); /* found by whoever uses the signature next */
    return th;
}

static u8 reduced(TypeHandle th)
{
    u8 k = th_is_valuetype(th) ? type_elem_kind(th) : 0;
    switch (k) {
    case ET_BOOLEAN: case ET_U1: return ET_I1;
    case ET_CHAR: case ET_U2: return ET_I2;
    case ET_U4: return ET_I4;
    case ET_U8: return ET_I8;
    case ET_U: return ET_I;
    default: return k;
    }
}

bool v_same_reduced(TypeHandle a, TypeHandle b)
{
    if (a == b)
        return true;
    u8 k = reduced(a);
    return k && k != ET_VALUETYPE && k != ET_TYPEDBYREF && k != ET_VOID && k == reduced(b);
}

bool v_is_byref_like_var(TypeHandle th)
{
    TypeDesc *d = v_is_var(th) ? th_desc(th) : NULL;
    return d && (md_GenericParam_Flags(d->module->md, MD_RID(d->token)) & GP_ALLOW_BYREF_LIKE);
}

bool v_ref_assignable(TypeHandle from, TypeHandle to)
{
    if (!from || !to || from == to || to == th_of(type_wk(WK_OBJECT)))
        return true;
    MethodTable *mt = th_mt(from);
    for (MethodTable *p = mt, *end = th_mt(to); p && !mt_is_valuetype(mt); p = p->parent) /* most are bases */
        if (p == end)
            return true;
    if (mt && mt_is_nullable(mt) && mt->aux->inst && mt->aux->inst[0] == to)
        return true;
    return type_can_cast(from, to);
}

bool v_assignable(const VValue *from, TypeHandle to)
{
    VValue t = v_of(to);
    if (from->kind == V_BAD || t.kind == V_BAD)
        return true;
    switch (t.kind) {
    case V_I4: return from->kind == V_I4 || from->kind == V_I;
    case V_I: return from->kind == V_I4 || from->kind == V_I || from->kind == V_PTR || from->kind == V_METHOD;
    case V_PTR: return from->kind == V_PTR; /* reported where it came from: no number is a pointer */
    case V_REF: return from->kind == V_REF && v_ref_assignable(from->th, to);
    case V_BYREF: return from->kind == V_BYREF && !(from->flags & VF_CM) && v_same_reduced(from->th, t.th);
    case V_VALUE: return from->kind == V_VALUE && from->th == to;
    default: return from->kind == t.kind;
    }
}

/* The closest class that both are. */
static TypeHandle common_base(TypeHandle a, TypeHandle b, u32 depth)
{
    if (v_ref_assignable(a, b))
        return b;
    if (v_ref_assignable(b, a))
        return a;
    MethodTable *ma = th_mt(a), *mb = th_mt(b);
    if (ma && mb && mt_is_szarray(ma) && mt_is_szarray(mb) && depth < 8 && v_is_ref_type(ma->elem) && v_is_ref_type(mb->elem)) {
        TypeHandle r = type_szarray_of(common_base(ma->elem, mb->elem, depth + 1), NULL);
        if (r)
            return r;
    }
    for (MethodTable *p = ma; p; p = p->parent)
        if (v_ref_assignable(b, th_of(p)))
            return th_of(p);
    return th_of(type_wk(WK_OBJECT));
}

bool v_merge(VValue *into, const VValue *from, bool *changed)
{
    VValue was = *into;
    if (into->kind == V_BAD || from->kind == V_BAD) {
        *into = (VValue){.kind = V_BAD};
    } else if (into->kind != from->kind) {
        bool ints = (into->kind == V_I4 || into->kind == V_I || into->kind == V_METHOD || into->kind == V_PTR) &&
                    (from->kind == V_I4 || from->kind == V_I || from->kind == V_METHOD || from->kind == V_PTR);
        if (!ints)
            return false;
        *into = (VValue){.kind = V_I};
    } else {
        switch (into->kind) {
        case V_REF:
            if (into->th != from->th)
                into->th = !into->th ? from->th : !from->th ? into->th : common_base(into->th, from->th, 0);
            break;
        case V_BYREF:
            if (!v_same_reduced(into->th, from->th))
                return false;
            break;
        case V_VALUE:
            if (into->th != from->th)
                return false;
            break;
        case V_METHOD:
            if (into->m != from->m)
                *into = (VValue){.kind = V_I};
            break;
        }
        into->flags = (u16)((into->flags & from->flags) | ((into->flags | from->flags) & VF_MERGE_OR));
        if (into->local != from->local)
            into->local = 0;
    }
    *changed |= into->kind != was.kind || into->th != was.th || into->flags != was.flags || into->local != was.local;
    return true;
}

/* --- Words -------------------------------------------------------------------------------------------------------------------- */
const char *v_type_text(TypeHandle th, char *buf, size_t n)
{
    static const char *const words[] = {[ET_VOID] = "void", [ET_BOOLEAN] = "bool", [ET_CHAR] = "char", [ET_I1] = "int8", [ET_U1] = "uint8",
        [ET_I2] = "int16", [ET_U2] = "uint16", [ET_I4] = "int32", [ET_U4] = "uint32", [ET_I8] = "int64", [ET_U8] = "uint64",
        [ET_R4] = "float32", [ET_R8] = "float64", [ET_I] = "native int", [ET_U] = "native uint"};
    MethodTable *mt = th_mt(th);
    if (!th)
        snprintf(buf, n, "?");
    else if (mt && mt == type_wk_cache[WK_OBJECT])
        snprintf(buf, n, "object");
    else if (mt && mt == type_wk_cache[WK_STRING])
        snprintf(buf, n, "string");
    else if (mt && mt_is_valuetype(mt) && !mt_is_enum(mt) && mt->klass->elem_kind < ARRAY_LEN(words) && words[mt->klass->elem_kind])
        snprintf(buf, n, "%s", words[mt->klass->elem_kind]);
    else
        type_name(th, TN_NAMESPACE | TN_FULL_INST, buf, n);
    return buf;
}

const char *v_value_text(const VValue *v, char *buf, size_t n)
{
    char t[200];
    switch (v->kind) {
    case V_I4: snprintf(buf, n, "int32"); break;
    case V_I8: snprintf(buf, n, "int64"); break;
    case V_I: snprintf(buf, n, "native int"); break;
    case V_F: snprintf(buf, n, "float64"); break;
    case V_REF:
        if (!v->th)
            snprintf(buf, n, "null reference");
        else
            snprintf(buf, n, "%s '%s'", th_is_valuetype(v->th) || v_is_var(v->th) ? "boxed" : "ref", v_type_text(v->th, t, sizeof t));
        break;
    case V_BYREF: snprintf(buf, n, "%saddress of '%s'", v->flags & (VF_CM | VF_RO) ? "readonly " : "", v_type_text(v->th, t, sizeof t)); break;
    case V_VALUE: snprintf(buf, n, "value '%s'", v_type_text(v->th, t, sizeof t)); break;
    case V_PTR: snprintf(buf, n, "pointer '%s'", v_type_text(v->th, t, sizeof t)); break;
    case V_METHOD: snprintf(buf, n, "method pointer"); break;
    default: snprintf(buf, n, "nothing");
    }
    return buf;
}
