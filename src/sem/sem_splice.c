/* sem_splice.c: a direct call of a body that is one instruction is given as that instruction: field getters and setters, empty constructors,
 * operators of two arguments.  The values already lie on the stack in the order in which the body would load them.
 * Not spliced: NoInlining, synchronized, shared or VM-made bodies, types whose class constructor must run first, other modules than the
 * caller's own and CoreLib's (their module constructor may be due).  A null object faults in the instruction, at the call's own IL offset.
 * Book: sem.md  Tests: tests/il/splice.il, tests/app */
#include "sem/sem_int.h"

static bool candidate(SemWalk *w, Method *m)
{
    enum { NEVER = MF_NOINLINE | MF_SYNCHRONIZED | MF_SHARED | MF_STUB | MF_FCALL | MF_PINVOKE | MF_RUNTIME | MF_ARRAY | MF_VARARG | MF_ABSTRACT |
                   MF_UNSAFE_ACCESSOR | MF_HAS_BODY_OVERRIDE | MF_DYNAMIC | MF_CCTOR | MF_UNMANAGED_CALLERS_ONLY };
    if ((m->flags & NEVER) || !m->mt || (m->canon && m->canon != m) || w->priv->stub)
        return false;
    const MethodTable *mt = m->mt;
    if (mt->klass->cctor_rid && !(mt->flags2 & MT2_BEFOREFIELDINIT))
        return false;
    return mt->module == w->method->mt->module || mt->module->assembly->is_corelib;
}

static bool small(u8 et) { return et == ET_BOOLEAN || et == ET_CHAR || et == ET_I1 || et == ET_U1 || et == ET_I2 || et == ET_U2; }
/* A value of type a is a value of type b without a conversion. */
static bool same(const SigType *a, u8 et, TypeHandle th)
{
    if (a->kind == et)
        return et != ET_VALUETYPE || a->th == th;
    return !small(a->kind) && !small(et) && et != ET_VALUETYPE && sem_kind_of_et(a->kind) == sem_kind_of_et(et);
}

static u32 token_at(const u8 *p) { return p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24; }

/* Who verifies does not see a body that is never compiled: a reference has to be of the very type that the field has, written alike. */
static bool same_words(const Method *m, const SigType *a, const Field *f)
{
    MdSig value = md_sig(a->sig, (u32)(m->sig + m->sig_len - a->sig)), field = md_sig(f->sig, f->sig_len);
    md_sig_field(&field);
    md_sig_skip_mods(&field);
    const u8 *from = field.p;
    md_sig_skip_type(&value);
    md_sig_skip_type(&field);
    return !value.bad && !field.bad && value.p - a->sig == field.p - from && memcmp(a->sig, from, (size_t)(field.p - from)) == 0;
}

static bool field_body(SemWalk *w, SemInst *o, Method *m, const MethodSig *sig, u32 token, bool store)
{
    Err ignored = {0};
    SigContext c = type_method_context(m);
    bool shared = false;
    SemField f = {0};
    f.f = type_resolve_field(&c, token, &f.owner, &shared, &ignored);
    if (!f.f || shared || (f.f->flags & (FF_STATIC | FF_LITERAL)) || f.owner != m->mt)
        return false;
    f.type.kind = f.f->kind;
    if (f.type.kind == ET_VALUETYPE) {
        f.type.th = type_field_type(f.owner, f.f, &ignored);
        if (!f.type.th)
            return false;
    } else if (f.type.kind == ET_TYPEDBYREF) {
        return false;
    }
    bool in_value = mt_is_valuetype(m->mt);
    if (!same(store ? &sig->params[0] : &sig->ret, f.type.kind, f.type.th) || sem_top(w, store)->kind != (in_value ? SEM_BYREF : SEM_REF))
        return false;
    if (store && (sem_top(w, 0)->kind != sem_kind_of_et(f.type.kind) || (f.f->attrs & FD_INIT_ONLY) || f.type.kind == ET_BYREF))
        return false;
    if ((f.type.kind == ET_CLASS || f.type.kind == ET_BYREF) && !same_words(m, store ? &sig->params[0] : &sig->ret, f.f))
        return false;
    f.on_ref = !in_value;
    f.offset = f.f->offset + (in_value ? 0 : 8);
    sem_head(w, o, store ? SEM_STFLD : SEM_LDFLD, 1 + store);
    o->field = f;
    if (!store)
        sem_push_type(w, o, f.type.kind, f.type.th);
    return true;
}

static bool operator_body(SemWalk *w, SemInst *o, const MethodSig *sig, u32 op, bool compare)
{
    u8 et = sig->params[0].kind, kind = sem_kind_of_et(et);
    bool number = et == ET_I4 || et == ET_U4 || et == ET_I8 || et == ET_U8 || et == ET_R4 || et == ET_R8 || et == ET_I || et == ET_U;
    if (!number || sig->params[1].kind != et || sig->ret.kind != (compare ? ET_BOOLEAN : et))
        return false;
    if (sem_top(w, 0)->kind != kind || sem_top(w, 1)->kind != kind)
        return false;
    if (compare) {
        sem_head(w, o, SEM_COMPARE, 2);
        o->cmp.cmp = op == 0x01 ? SEM_EQ : op <= 0x03 ? SEM_GT : SEM_LT;
        o->cmp.un = op == 0x03 || op == 0x05;
        sem_push(w, o, SEM_I4, 0, 0);
        return true;
    }
    static const u8 ops[] = {[IL_ADD] = SEM_ADD, [IL_SUB] = SEM_SUB, [IL_MUL] = SEM_MUL, [IL_AND] = SEM_AND, [IL_OR] = SEM_OR, [IL_XOR] = SEM_XOR};
    bool bits = op == IL_AND || op == IL_OR || op == IL_XOR;
    if (bits && sem_is_float(kind))
        return false;
    sem_head(w, o, SEM_BINARY, 2);
    o->bin.op = ops[op];
    o->bin.ovf = SEM_OVF_NONE;
    sem_push(w, o, kind, 0, 0);
    return true;
}

bool sem_splice(SemWalk *w, SemInst *o)
{
    Method *m = o->call.m;
    const MethodSig *sig = o->call.sig;
    if (!candidate(w, m))
        return false;
    IlBody b;
    Err ignored = {0};
    if (sig->num_params > 2 || !type_method_body(m, &b, &ignored) || b.code_size == 0 || b.code_size > 8 || b.clause_count || b.local_sig ||
        b.code[b.code_size - 1] != IL_RET)
        return false;
    const u8 *p = b.code;
    u32 n = b.code_size, args = sig->num_params + (u32)sig->has_this;
    bool is_void = sig->ret.kind == ET_VOID;
    if (sig->has_this && n == 7 && args == 1 && p[0] == IL_LDARG_0 && p[1] == IL_LDFLD)
        return field_body(w, o, m, sig, token_at(p + 2), false);
    if (sig->has_this && n == 8 && args == 2 && is_void && p[0] == IL_LDARG_0 && p[1] == IL_LDARG_1 && p[2] == IL_STFLD)
        return field_body(w, o, m, sig, token_at(p + 3), true);
    if (n == 1 && args == 1 && sig->has_this && is_void && !o->call.null_check) {
        sem_head(w, o, SEM_POP, 1);
        return true;
    }
    if (sig->has_this || args != 2 || n < 4 || p[0] != IL_LDARG_0 || p[1] != IL_LDARG_1)
        return false;
    if (n == 4 && (p[2] == IL_ADD || p[2] == IL_SUB || p[2] == IL_MUL || p[2] == IL_AND || p[2] == IL_OR || p[2] == IL_XOR))
        return operator_body(w, o, sig, p[2], false);
    if (n == 5 && p[2] == 0xfe && p[3] >= 0x01 && p[3] <= 0x05)
        return operator_body(w, o, sig, p[3], true);
    return false;
}
