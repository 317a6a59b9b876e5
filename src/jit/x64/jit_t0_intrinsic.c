/* jit_t0_intrinsic.c: methods that the Tier-0 compiler expands itself (sem/sem_intrinsics.def).
 * Book: jit.md  Tests: tests/app */
#include "jit/x64/jit_t0.h"

/* The stack entry n below the top as native int in an own register. */
static X64Reg own_native(T0 *j, Val *v)
{
    X64Reg r = t0_own(j, v);
    if (v->kind == SEM_I4)
        x64_movsx_rr(T0B, 8, 4, r, r);
    return r;
}

static u32 generic_arg_size(const SemCall *c)
{
    u32 n;
    TypeHandle *args = type_method_inst(c->m, &n);
    CHECK(n >= 1);
    return type_size(args[0]);
}

static void pointer_add(T0 *j, const SemInst *in, bool subtract, u32 scale)
{
    Val i = t0_pop(j), p = t0_pop(j);
    u8 kind = p.kind == SEM_BYREF ? SEM_BYREF : SEM_I;
    (void)in;
    if (i.loc == V_CONST) {
        i64 d = (i.kind == SEM_I4 ? (i64)(i32)i.imm : i.imm) * (i64)scale;
        if (subtract)
            d = -d;
        if (p.loc == V_ADDR && d == (i32)d) {
            t0_push(j, (Val){.kind = kind, .loc = V_ADDR, .off = p.off + (i32)d});
            return;
        }
        if (d == (i32)d) {
            X64Reg s = t0_reg(j, &p), r = (j->reserved & (1u << s)) ? t0_gpr(j) : s;
            x64_lea(T0B, 8, r, x64_mem(s, (i32)d));
            t0_push_reg(j, r, kind, 0);
            return;
        }
    }
    X64Reg x = own_native(j, &i);
    X64Reg b = t0_own(j, &p);
    if (scale != 1) {
        if ((scale & (scale - 1)) == 0)
            x64_shl_ri(T0B, 8, x, (u32)__builtin_ctz(scale));
        else
            x64_imul_rri(T0B, 8, x, x, (i32)scale);
    }
    subtract ? x64_sub_rr(T0B, 8, b, x) : x64_add_rr(T0B, 8, b, x);
    t0_push_reg(j, b, kind, 0);
}

static void pointer_compare(T0 *j, X64Cc cc)
{
    Val b = t0_pop(j), a = t0_pop(j);
    X64Reg x = t0_reg(j, &a), y = t0_reg(j, &b);
    x64_cmp_rr(T0B, 8, x, y);
    t0_push(j, (Val){.kind = SEM_I4, .loc = V_CC, .reg = (u8)cc});
}

/* The value keeps its place, its kind changes; memory forms are read first where the slot kind would differ. */
static void retype(T0 *j, u8 kind, TypeHandle th)
{
    Val v = t0_pop(j);
    if (v.kind != kind && (v.loc == V_SLOT || v.loc == V_HOME)) {
        X64Reg r = t0_own(j, &v);
        t0_push_reg(j, r, kind, th);
        return;
    }
    v.kind = kind;
    v.th = th;
    t0_push(j, v);
}

static u32 param_size(const SemCall *c, u32 i)
{
    switch (c->sig->params[i].kind) {
    case ET_I1: case ET_U1: case ET_BOOLEAN: return 1;
    case ET_I2: case ET_U2: case ET_CHAR: return 2;
    case ET_I4: case ET_U4: return 4;
    default: return 8;
    }
}

static void widen_result(T0 *j, const SemCall *c, X64Reg r)
{
    switch (c->sig->ret.kind) {
    case ET_I1: x64_movsx_rr(T0B, 4, 1, r, r); break;
    case ET_U1: case ET_BOOLEAN: x64_movzx_rr(T0B, 1, r, r); break;
    case ET_I2: x64_movsx_rr(T0B, 4, 2, r, r); break;
    case ET_U2: case ET_CHAR: x64_movzx_rr(T0B, 2, r, r); break;
    case ET_I4: case ET_U4: x64_mov_rr(T0B, 4, r, r); break;
    default: break;
    }
}

/* The value in a general register other than rax. */
static X64Reg reg_but_rax(T0 *j, Val *v)
{
    if (v->loc == V_REG && v->reg != X64_RAX)
        return v->reg;
    if (v->loc == V_HOME && j->homes[v->home].reg != X64_NOREG)
        return j->homes[v->home].reg;
    X64Reg r = t0_gpr_in(j, (1u << X64_RCX) | (1u << X64_RDX) | (1u << X64_RSI) | (1u << X64_RDI) | (1u << X64_R8) |
                                (1u << X64_R9) | (1u << X64_R10) | (1u << X64_R11));
    t0_load_to(j, r, v);
    v->loc = V_REG;
    v->reg = (u8)r;
    return r;
}

static bool interlocked(T0 *j, const SemInst *in)
{
    const SemCall *c = &in->call;
    u32 size = param_size(c, 1);
    u8 kind = sem_kind_of(&c->sig->ret);
    if (c->intrinsic == SEM_INTR_INTERLOCKED_COMPARE_EXCHANGE) {
        Val cmp = t0_pop(j), v = t0_pop(j), p = t0_pop(j);
        /* comparand in rax, the others elsewhere */
        X64Reg pr = reg_but_rax(j, &p);
        j->locked |= 1u << pr;
        X64Reg vr = reg_but_rax(j, &v);
        j->locked |= 1u << vr;
        t0_own_in(j, &cmp, X64_RAX);
        x64_lock_cmpxchg_mr(T0B, size, x64_mem(pr, 0), vr);
        widen_result(j, c, X64_RAX);
        t0_push_reg(j, X64_RAX, kind, 0);
        return true;
    }
    Val v = t0_pop(j), p = t0_pop(j);
    X64Reg pr = t0_reg(j, &p);
    j->locked |= 1u << pr;
    X64Reg vr = t0_own(j, &v);
    if (c->intrinsic == SEM_INTR_INTERLOCKED_EXCHANGE)
        x64_xchg_mr(T0B, size, x64_mem(pr, 0), vr);
    else
        x64_lock_xadd_mr(T0B, size, x64_mem(pr, 0), vr);
    widen_result(j, c, vr);
    t0_push_reg(j, vr, kind, 0);
    return true;
}

static void estimate(T0 *j, bool f4, bool root)
{
    Val a = t0_pop(j);
    X64Reg x = t0_xown(j, &a);
    if (root)
        f4 ? x64_sqrtss_xx(T0B, x, x) : x64_sqrtsd_xx(T0B, x, x);
    float one_f = 1;
    double one = 1;
    i64 bits = 0;
    f4 ? memcpy(&bits, &one_f, 4) : memcpy(&bits, &one, 8);
    Val k = {.kind = f4 ? SEM_F4 : SEM_F8, .loc = V_CONST, .imm = bits};
    X64Reg y = t0_xown(j, &k);
    f4 ? x64_divss_xx(T0B, y, x) : x64_divsd_xx(T0B, y, x);
    t0_push_reg(j, y, k.kind, 0);
}

static void span_item(T0 *j, const SemInst *in)
{
    const SemCall *c = &in->call;
    Val i = t0_pop(j), s = t0_pop(j);
    u32 n = c->m->mt->klass->num_generic;
    CHECK(n == 1);
    u32 size = type_size(c->m->mt->aux->inst[0]);
    X64Mem sm = t0_addr(j, &s);
    X64Reg x = t0_own(j, &i);
    j->locked |= 1u << x;
    x64_cmp_rm(T0B, 4, x, x64_mem_add(sm, 8));
    t0_throw_if(j, X64_AE, JIT_HELPER_THROW_RANGE);
    X64Reg b = t0_gpr(j);
    x64_mov_rm(T0B, 8, b, sm);
    if (size == 1 || size == 2 || size == 4 || size == 8) {
        x64_lea(T0B, 8, b, x64_mem_sib(b, x, size, 0));
    } else {
        x64_imul_rri(T0B, 8, x, x, (i32)size);
        x64_add_rr(T0B, 8, b, x);
    }
    t0_push_reg(j, b, SEM_BYREF, 0);
}

static void load_i32(T0 *j, i32 offset)
{
    Val o = t0_pop(j);
    X64Mem m = t0_addr(j, &o);
    X64Reg r = t0_gpr(j);
    x64_mov_rm(T0B, 4, r, x64_mem_add(m, offset));
    t0_push_reg(j, r, SEM_I4, 0);
}

/* false: not expanded here, an ordinary call. */
bool t0_intrinsic(T0 *j, const SemInst *in)
{
    const SemCall *c = &in->call;
    switch (c->intrinsic) {
    case SEM_INTR_UNSAFE_AS_POINTER: retype(j, SEM_I, 0); return true;
    case SEM_INTR_UNSAFE_AS: retype(j, in->result.kind, in->result.th); return true;
    case SEM_INTR_UNSAFE_AS_REF: retype(j, SEM_BYREF, 0); return true;
    case SEM_INTR_UNSAFE_ADD: pointer_add(j, in, false, generic_arg_size(c)); return true;
    case SEM_INTR_UNSAFE_SUBTRACT: pointer_add(j, in, true, generic_arg_size(c)); return true;
    case SEM_INTR_UNSAFE_ADD_BYTES: pointer_add(j, in, false, 1); return true;
    case SEM_INTR_UNSAFE_SUB_BYTES: pointer_add(j, in, true, 1); return true;
    case SEM_INTR_UNSAFE_BYTE_OFFSET: {
        Val b = t0_pop(j), a = t0_pop(j);
        X64Reg x = t0_own(j, &b), y = t0_reg(j, &a);
        x64_sub_rr(T0B, 8, x, y);
        t0_push_reg(j, x, SEM_I, 0);
        return true;
    }
    case SEM_INTR_UNSAFE_ARE_SAME: pointer_compare(j, X64_E); return true;
    case SEM_INTR_UNSAFE_GREATER: pointer_compare(j, X64_A); return true;
    case SEM_INTR_UNSAFE_LESS: pointer_compare(j, X64_B); return true;
    case SEM_INTR_UNSAFE_GREATER_EQ: pointer_compare(j, X64_AE); return true;
    case SEM_INTR_UNSAFE_LESS_EQ: pointer_compare(j, X64_BE); return true;
    case SEM_INTR_UNSAFE_NULL_REF: t0_push_const(j, SEM_BYREF, 0); return true;
    case SEM_INTR_UNSAFE_IS_NULL_REF: {
        Val a = t0_pop(j);
        X64Reg r = t0_reg(j, &a);
        x64_test_rr(T0B, 8, r, r);
        t0_push(j, (Val){.kind = SEM_I4, .loc = V_CC, .reg = X64_E});
        return true;
    }
    case SEM_INTR_INTERLOCKED_EXCHANGE:
    case SEM_INTR_INTERLOCKED_COMPARE_EXCHANGE:
    case SEM_INTR_INTERLOCKED_EXCHANGE_ADD: return interlocked(j, in);
    case SEM_INTR_INTERLOCKED_MEMORY_BARRIER: x64_mfence(T0B); return true;
    case SEM_INTR_VOLATILE_READ_BARRIER:
    case SEM_INTR_VOLATILE_WRITE_BARRIER: return true;
    case SEM_INTR_GET_METHOD_TABLE: {
        Val o = t0_pop(j);
        X64Reg s = t0_reg(j, &o), r = (j->reserved & (1u << s)) ? t0_gpr(j) : s;
        x64_mov_rm(T0B, 8, r, x64_mem(s, 0));
        t0_push_reg(j, r, SEM_I, 0);
        return true;
    }
    case SEM_INTR_ARRAY_DATA_REF: {
        Val o = t0_pop(j);
        X64Reg s = t0_reg(j, &o), r = (j->reserved & (1u << s)) ? t0_gpr(j) : s;
        x64_cmp_mi(T0B, 1, x64_mem(s, 0), 0);
        x64_lea(T0B, 8, r, x64_mem(s, ARRAY_DATA));
        t0_push_reg(j, r, SEM_BYREF, 0);
        return true;
    }
    case SEM_INTR_VOLATILE_READ_BYREF: {
        Val p = t0_pop(j);
        X64Mem m = t0_addr(j, &p);
        X64Reg r = t0_gpr(j);
        x64_mov_rm(T0B, 8, r, m);
        t0_push_reg(j, r, SEM_BYREF, 0);
        return true;
    }
    case SEM_INTR_FAST_POLL_GC: {
        t0_flush_regs(j);
        T0Slow s = {.in = x64_label(T0B), .out = x64_label(T0B), .il = j->il, .kind = SLOW_POLL};
        x64_cmp_rm(T0B, 8, X64_RSP, x64_mem(X64_R15, TOFF(stack_limit)));
        x64_jcc(T0B, X64_B, s.in);
        x64_bind(T0B, s.out);
        t0_add_slow(j, s);
        return true;
    }
    case SEM_INTR_RECIPROCAL_ESTIMATE: estimate(j, false, false); return true;
    case SEM_INTR_RECIPROCAL_ESTIMATE_F: estimate(j, true, false); return true;
    case SEM_INTR_RECIPROCAL_SQRT_ESTIMATE: estimate(j, false, true); return true;
    case SEM_INTR_RECIPROCAL_SQRT_ESTIMATE_F: estimate(j, true, true); return true;
    case SEM_INTR_MULTIPLY_ADD_ESTIMATE:
    case SEM_INTR_MULTIPLY_ADD_ESTIMATE_F: {
        bool f4 = c->intrinsic == SEM_INTR_MULTIPLY_ADD_ESTIMATE_F;
        Val z = t0_pop(j), y = t0_pop(j), x = t0_pop(j);
        X64Reg a = t0_xown(j, &x), b = t0_xreg(j, &y), d = t0_xreg(j, &z);
        f4 ? x64_mulss_xx(T0B, a, b) : x64_mulsd_xx(T0B, a, b);
        f4 ? x64_addss_xx(T0B, a, d) : x64_addsd_xx(T0B, a, d);
        t0_push_reg(j, a, f4 ? SEM_F4 : SEM_F8, 0);
        return true;
    }
    case SEM_INTR_SQRT:
    case SEM_INTR_SQRT_F: {
        bool f4 = c->intrinsic == SEM_INTR_SQRT_F;
        Val a = t0_pop(j);
        X64Reg x = t0_xown(j, &a);
        f4 ? x64_sqrtss_xx(T0B, x, x) : x64_sqrtsd_xx(T0B, x, x);
        t0_push_reg(j, x, f4 ? SEM_F4 : SEM_F8, 0);
        return true;
    }
    case SEM_INTR_ABS: {
        u8 kind = t0_top(j, 0)->kind;
        if (!t0_is_float(kind))
            return false;
        Val a = t0_pop(j);
        X64Reg x = t0_xown(j, &a);
        Val mask = {.kind = kind, .loc = V_CONST, .imm = kind == SEM_F4 ? 0x7fffffffll : INT64_MAX};
        X64Reg y = t0_xown(j, &mask);
        x64_andps_xx(T0B, x, y);
        t0_push_reg(j, x, kind, 0);
        return true;
    }
    case SEM_INTR_STRING_LENGTH:
    case SEM_INTR_ARRAY_LENGTH:
    case SEM_INTR_SPAN_LENGTH:
    case SEM_INTR_READONLYSPAN_LENGTH: load_i32(j, 8); return true;
    case SEM_INTR_STRING_CHARS: {
        Val i = t0_pop(j), s = t0_pop(j);
        X64Reg o = t0_reg(j, &s);
        j->locked |= 1u << o;
        X64Reg x = t0_reg(j, &i);
        j->locked |= 1u << x;
        x64_cmp_rm(T0B, 4, x, x64_mem(o, STRING_LENGTH));
        t0_throw_if(j, X64_AE, JIT_HELPER_THROW_RANGE);
        X64Reg r = t0_gpr(j);
        x64_movzx_rm(T0B, 2, r, x64_mem_sib(o, x, 2, STRING_CHARS));
        t0_push_reg(j, r, SEM_I4, 0);
        return true;
    }
    case SEM_INTR_SPAN_ITEM:
    case SEM_INTR_READONLYSPAN_ITEM: span_item(j, in); return true;
    case SEM_INTR_OBJECT_GET_TYPE: {
        t0_flush_regs(j);
        Val o = t0_pop(j);
        t0_load_to(j, X64_RAX, &o);
        x64_mov_rm(T0B, 8, X64_RCX, x64_mem(X64_RAX, 0));
        if (jit_env.neutral) {
            t0_domain_type_value_of(j, X64_RCX, offsetof(DomainType, object), JIT_HELPER_TYPE_OBJECT);
        } else {
            u8 reg = X64_RCX;
            i64 imm = 0;
            X64Label slow = t0_slow_call(j, JIT_HELPER_TYPE_OBJECT, 1, &reg, &imm);
            x64_mov_rm(T0B, 8, X64_RAX, x64_mem(X64_RCX, (i32)offsetof(MethodTable, aux)));
            x64_mov_rm(T0B, 8, X64_RAX, x64_mem(X64_RAX, (i32)offsetof(MtAux, exposed)));
            x64_test_rr(T0B, 8, X64_RAX, X64_RAX);
            x64_jcc(T0B, X64_E, slow);
            t0_slow_back(j);
        }
        j->locked = 0;
        t0_push_reg(j, X64_RAX, SEM_REF, 0);
        return true;
    }
    case SEM_INTR_TYPE_EQUALS: pointer_compare(j, X64_E); return true;
    case SEM_INTR_TYPE_NOT_EQUALS: pointer_compare(j, X64_NE); return true;
    case SEM_INTR_KEEP_ALIVE: t0_pop(j); return true;
    default: return false;
    }
}
