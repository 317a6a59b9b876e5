/* jit_t0_ops.c: arithmetic, comparison and conversion at Tier 0 (§III.1.5, III.3).
 * Not here: memory (jit_t0_mem.c), calls (jit_t0_call.c), control flow (jit_t0_flow.c).
 * Book: jit.md  Tests: tests/il/arith.il, conv.il */
#include "jit/x64/jit_t0.h"

static double const_f(const Val *v)
{
    double d;
    if (v->kind == SEM_F4) {
        float f;
        u32 b = (u32)v->imm;
        memcpy(&f, &b, 4);
        return f;
    }
    memcpy(&d, &v->imm, 8);
    return d;
}

static void widen_unsigned(T0 *j, Val *v, u8 kind)
{
    if (v->kind != SEM_I4 || kind == SEM_I4)
        return;
    if (v->loc == V_CONST)
        v->imm = (i64)(u32)v->imm;
    else
        t0_own(j, v);
    v->kind = kind;
}

/* An I4 that meets a native int is sign-extended (§III.1.5). */
static void widen(T0 *j, Val *v, u8 kind)
{
    if (v->kind != SEM_I4 || kind == SEM_I4)
        return;
    if (v->loc == V_CONST) {
        v->imm = (i64)(i32)v->imm;
    } else {
        X64Reg s = t0_reg(j, v);
        X64Reg r = (j->reserved & (1u << s)) ? t0_gpr(j) : s;
        x64_movsx_rr(T0B, 8, 4, r, s);
        v->loc = V_REG;
        v->reg = (u8)r;
    }
    v->kind = kind;
}

static bool fold(u8 op, u8 kind, i64 a, i64 b, i64 *r)
{
    u32 bits = kind == SEM_I4 ? 31 : 63;
    u64 x;
    switch (op) {
    case SEM_ADD: x = (u64)a + (u64)b; break;
    case SEM_SUB: x = (u64)a - (u64)b; break;
    case SEM_MUL: x = (u64)a * (u64)b; break;
    case SEM_AND: x = (u64)(a & b); break;
    case SEM_OR: x = (u64)(a | b); break;
    case SEM_XOR: x = (u64)(a ^ b); break;
    case SEM_SHL: x = (u64)a << (b & bits); break;
    case SEM_SHR: x = (u64)((kind == SEM_I4 ? (i64)(i32)a : a) >> (b & bits)); break;
    case SEM_SHR_UN: x = (kind == SEM_I4 ? (u64)(u32)a : (u64)a) >> (b & bits); break;
    default: return false;
    }
    *r = kind == SEM_I4 ? (i64)(i32)x : (i64)x;
    return true;
}

/* op dst, operand with the shortest operand form; alu is one of the ALU opcodes. */
static void alu(T0 *j, u8 op, u32 size, X64Reg dst, Val *b)
{
    X64Mem m;
    bool imm = b->loc == V_CONST && (size == 4 || (i64)(i32)b->imm == b->imm);
    bool mem = !imm && t0_is_mem(j, b, &m) && b->kind != SEM_NONE && t0_kind_size(b->kind) == size;
    X64Reg r = X64_NOREG;
    if (!imm && !mem)
        r = t0_reg(j, b);
#define ALU(name)                                                                                                      \
    do {                                                                                                               \
        if (imm)                                                                                                       \
            x64_##name##_ri(T0B, size, dst, (i32)b->imm);                                                              \
        else if (mem)                                                                                                  \
            x64_##name##_rm(T0B, size, dst, m);                                                                        \
        else                                                                                                           \
            x64_##name##_rr(T0B, size, dst, r);                                                                        \
    } while (0)
    switch (op) {
    case SEM_ADD: ALU(add); break;
    case SEM_SUB: ALU(sub); break;
    case SEM_AND: ALU(and); break;
    case SEM_OR: ALU(or); break;
    case SEM_XOR: ALU(xor); break;
    case 100: ALU(cmp); break;
    default: UNREACHABLE();
    }
#undef ALU
}

static void shift(T0 *j, u8 op, u8 kind, Val *a, Val *b)
{
    u32 size = kind == SEM_I4 ? 4 : 8;
    X64Reg r;
    if (b->loc == V_CONST) {
        u32 n = (u32)b->imm & (size * 8 - 1);
        r = t0_own(j, a);
        if (n) {
            switch (op) {
            case SEM_SHL: x64_shl_ri(T0B, size, r, n); break;
            case SEM_SHR: x64_sar_ri(T0B, size, r, n); break;
            default: x64_shr_ri(T0B, size, r, n); break;
            }
        }
        t0_push_reg(j, r, kind, 0);
        return;
    }
    t0_own_in(j, b, X64_RCX);
    if (a->loc == V_REG && a->reg == X64_RCX) { /* its copy was moved away by the take above, if it was popped it stays locked */
        UNREACHABLE();
    }
    r = t0_own(j, a);
    switch (op) {
    case SEM_SHL: x64_shl_r_cl(T0B, size, r); break;
    case SEM_SHR: x64_sar_r_cl(T0B, size, r); break;
    default: x64_shr_r_cl(T0B, size, r); break;
    }
    t0_push_reg(j, r, kind, 0);
}

/* Operands of division: dividend in rax, divisor anywhere but rax and rdx. */
static void divide(T0 *j, const SemInst *in, u8 kind, Val *a, Val *b)
{
    bool un = in->bin.op == SEM_DIV_UN || in->bin.op == SEM_REM_UN, rem = in->bin.op == SEM_REM || in->bin.op == SEM_REM_UN;
    u32 size = kind == SEM_I4 ? 4 : 8;
    bool b_const = b->loc == V_CONST && b->imm != 0 && b->imm != -1 && !(kind == SEM_I4 && (i32)b->imm == -1);
    if (b_const && un && (b->imm & (b->imm - 1)) == 0 && b->imm > 0 && b->imm < (1ll << 31)) { /* unsigned by a power of two */
        u32 n = (u32)__builtin_ctzll((u64)b->imm);
        X64Reg r = t0_own(j, a);
        if (rem)
            x64_and_ri(T0B, size, r, (i32)(b->imm - 1));
        else if (n)
            x64_shr_ri(T0B, size, r, n);
        t0_push_reg(j, r, kind, 0);
        return;
    }
    if (b_const && !un && (b->imm & (b->imm - 1)) == 0 && b->imm > 1 && b->imm <= (1ll << 30)) { /* signed: towards zero, so bias the negative */
        u32 n = (u32)__builtin_ctzll((u64)b->imm);
        X64Reg r = rem ? t0_own(j, a) : t0_reg(j, a), s = t0_gpr(j);
        x64_mov_rr(T0B, size, s, r);
        x64_sar_ri(T0B, size, s, size * 8 - 1);
        x64_shr_ri(T0B, size, s, size * 8 - n);
        x64_add_rr(T0B, size, s, r);
        if (rem) {
            x64_and_ri(T0B, size, s, -(i32)b->imm);
            x64_sub_rr(T0B, size, r, s);
        } else {
            x64_sar_ri(T0B, size, s, n);
        }
        t0_push_reg(j, rem ? r : s, kind, 0);
        return;
    }
    /* get the divisor out of rax and rdx first */
    X64Reg d;
    if (b->loc == V_REG && (b->reg == X64_RAX || b->reg == X64_RDX)) {
        d = t0_gpr_in(j, (1u << X64_RCX) | (1u << X64_RSI) | (1u << X64_RDI) | (1u << X64_R8) | (1u << X64_R9) | (1u << X64_R10) | (1u << X64_R11));
        x64_mov_rr(T0B, size, d, b->reg);
        b->reg = (u8)d;
    } else if (b->loc == V_REG) {
        d = b->reg;
    } else if (b->loc == V_HOME && j->homes[b->home].reg != X64_NOREG) {
        d = j->homes[b->home].reg;
    } else {
        d = t0_gpr_in(j, (1u << X64_RCX) | (1u << X64_RSI) | (1u << X64_RDI) | (1u << X64_R8) | (1u << X64_R9) | (1u << X64_R10) | (1u << X64_R11));
        t0_load_to(j, d, b);
    }
    if (a->loc == V_REG && a->reg == X64_RDX) { /* rdx is locked by a itself */
        t0_take(j, X64_RAX);
        x64_mov_rr(T0B, size, X64_RAX, X64_RDX);
    } else {
        t0_own_in(j, a, X64_RAX);
        t0_take(j, X64_RDX);
    }
    if (!b_const) {
        x64_test_rr(T0B, size, d, d);
        t0_throw_if(j, X64_E, JIT_HELPER_THROW_DIVIDE);
    }
    if (un) {
        x64_zero(T0B, X64_RDX);
        x64_div_r(T0B, size, d);
    } else {
        X64Label done = x64_label(T0B);
        if (!b_const) { /* MIN / -1 overflows; MIN % -1 too, as on the reference */
            X64Label normal = x64_label(T0B);
            x64_cmp_ri(T0B, size, d, -1);
            x64_jcc(T0B, X64_NE, normal);
            if (size == 4) {
                x64_cmp_ri(T0B, 4, X64_RAX, INT32_MIN);
            } else {
                x64_mov_ri(T0B, 8, X64_RDX, INT64_MIN);
                x64_cmp_rr(T0B, 8, X64_RAX, X64_RDX);
            }
            t0_throw_if(j, X64_E, JIT_HELPER_THROW_DIVIDE_OVERFLOW);
            x64_bind(T0B, normal);
        }
        size == 4 ? x64_cdq(T0B) : x64_cqo(T0B);
        x64_idiv_r(T0B, size, d);
        x64_bind(T0B, done);
    }
    t0_push_reg(j, rem ? X64_RDX : X64_RAX, kind, 0);
}

static void float_binary(T0 *j, const SemInst *in, u8 kind, Val *a, Val *b)
{
    bool f4 = kind == SEM_F4;
    if (a->kind != kind) { /* mixed: widen the float */
        X64Reg s = t0_xown(j, a);
        x64_cvtss2sd_xx(T0B, s, s);
        a->kind = kind;
    }
    if (b->kind != kind) {
        X64Reg s = t0_xown(j, b);
        x64_cvtss2sd_xx(T0B, s, s);
        b->kind = kind;
    }
    if (in->bin.op == SEM_REM) {
        t0_flush_regs(j);
        t0_load_to(j, X64_XMM14, b);
        if (a->loc == V_XMM && a->reg == X64_XMM0) {
        } else {
            t0_load_to(j, X64_XMM0, a);
        }
        x64_movaps_xx(T0B, X64_XMM1, X64_XMM14);
        t0_call_helper(j, f4 ? JIT_HELPER_FMODF : JIT_HELPER_FMOD);
        t0_push_reg(j, X64_XMM0, kind, 0);
        return;
    }
    X64Mem m;
    X64Reg x = t0_xown(j, a);
    bool mem = t0_is_mem(j, b, &m);
    X64Reg y = mem ? X64_NOREG : t0_xreg(j, b);
#define FOP(name)                                                                                                      \
    do {                                                                                                               \
        if (f4)                                                                                                        \
            mem ? x64_##name##ss_xm(T0B, x, m) : x64_##name##ss_xx(T0B, x, y);                                         \
        else                                                                                                           \
            mem ? x64_##name##sd_xm(T0B, x, m) : x64_##name##sd_xx(T0B, x, y);                                         \
    } while (0)
    switch (in->bin.op) {
    case SEM_ADD: FOP(add); break;
    case SEM_SUB: FOP(sub); break;
    case SEM_MUL: FOP(mul); break;
    case SEM_DIV: FOP(div); break;
    default: UNREACHABLE();
    }
#undef FOP
    t0_push_reg(j, x, kind, 0);
}

void t0_binary(T0 *j, const SemInst *in)
{
    Val b = t0_pop(j), a = t0_pop(j);
    u8 op = in->bin.op, kind = in->result.kind;
    if (t0_is_float(kind)) {
        float_binary(j, in, kind, &a, &b);
        return;
    }
    u8 wide = kind == SEM_I4 ? SEM_I4 : SEM_I8;
    u32 size = wide == SEM_I4 ? 4 : 8;
    if (op == SEM_SHL || op == SEM_SHR || op == SEM_SHR_UN) {
        i64 r;
        if (a.loc == V_CONST && b.loc == V_CONST && fold(op, wide, a.imm, b.imm, &r)) {
            t0_push_const(j, kind, r);
            return;
        }
        if (b.loc != V_CONST && a.loc == V_REG && a.reg == X64_RCX) {
            X64Reg r2 = t0_gpr(j);
            x64_mov_rr(T0B, 8, r2, X64_RCX);
            if (b.loc == V_REG) {
                x64_mov_rr(T0B, 4, X64_RCX, b.reg);
                b.reg = X64_RCX;
            }
            a.reg = (u8)r2;
            if (b.loc != V_REG) {
                t0_load_to(j, X64_RCX, &b);
                b.loc = V_REG, b.reg = X64_RCX;
            }
        }
        shift(j, op, kind, &a, &b);
        return;
    }
    (in->bin.ovf == SEM_OVF_UNSIGNED ? widen_unsigned : widen)(j, &a, wide);
    (in->bin.ovf == SEM_OVF_UNSIGNED ? widen_unsigned : widen)(j, &b, wide);
    if (op == SEM_DIV || op == SEM_DIV_UN || op == SEM_REM || op == SEM_REM_UN) {
        divide(j, in, kind, &a, &b);
        return;
    }
    i64 r;
    if (a.loc == V_CONST && b.loc == V_CONST && in->bin.ovf == SEM_OVF_NONE && fold(op, wide, a.imm, b.imm, &r)) {
        t0_push_const(j, kind, r);
        return;
    }
    if (op == SEM_MUL) {
        if (in->bin.ovf == SEM_OVF_UNSIGNED) {
            X64Reg d;
            if (b.loc == V_REG && (b.reg == X64_RAX || b.reg == X64_RDX)) {
                d = t0_gpr_in(j, (1u << X64_RCX) | (1u << X64_RSI) | (1u << X64_RDI) | (1u << X64_R8));
                x64_mov_rr(T0B, size, d, b.reg);
            } else {
                d = t0_gpr_in(j, (1u << X64_RCX) | (1u << X64_RSI) | (1u << X64_RDI) | (1u << X64_R8));
                t0_load_to(j, d, &b);
            }
            if (!(a.loc == V_REG && a.reg == X64_RDX))
                t0_own_in(j, &a, X64_RAX), t0_take(j, X64_RDX);
            else
                t0_take(j, X64_RAX), x64_mov_rr(T0B, size, X64_RAX, X64_RDX);
            x64_mul_r(T0B, size, d);
            t0_throw_if(j, X64_O, JIT_HELPER_THROW_OVERFLOW);
            t0_push_reg(j, X64_RAX, kind, 0);
            return;
        }
        X64Mem m;
        if (a.loc == V_CONST) {
            Val t = a;
            a = b, b = t;
        }
        if (b.loc == V_CONST && (i64)(i32)b.imm == b.imm) {
            X64Reg s = t0_reg(j, &a), d = (j->reserved & (1u << s)) ? t0_gpr(j) : s;
            x64_imul_rri(T0B, size, d, s, (i32)b.imm);
            a.reg = (u8)d;
        } else {
            X64Reg d = t0_own(j, &a);
            if (t0_is_mem(j, &b, &m) && t0_kind_size(b.kind) == size)
                x64_imul_rm(T0B, size, d, m);
            else
                x64_imul_rr(T0B, size, d, t0_reg(j, &b));
            a.reg = (u8)d;
        }
        if (in->bin.ovf)
            t0_throw_if(j, X64_O, JIT_HELPER_THROW_OVERFLOW);
        t0_push_reg(j, a.reg, kind, 0);
        return;
    }
    bool commutes = op != SEM_SUB;
    if (commutes && (a.loc == V_CONST || (a.loc != V_REG && b.loc == V_REG))) {
        Val t = a;
        a = b, b = t;
    }
    if (op == SEM_ADD && a.loc == V_ADDR && b.loc == V_CONST && in->bin.ovf == SEM_OVF_NONE) {
        t0_push(j, (Val){.kind = kind, .loc = V_ADDR, .off = a.off + (i32)b.imm});
        return;
    }
    X64Reg x = t0_own(j, &a);
    alu(j, op, size, x, &b);
    if (in->bin.ovf)
        t0_throw_if(j, in->bin.ovf == SEM_OVF_SIGNED ? X64_O : X64_C, JIT_HELPER_THROW_OVERFLOW);
    t0_push_reg(j, x, kind, 0);
}

void t0_unary(T0 *j, const SemInst *in)
{
    Val a = t0_pop(j);
    u8 kind = in->result.kind;
    if (t0_is_float(kind)) { /* neg: flip the sign bit */
        X64Reg x = t0_xown(j, &a);
        Val mask = {.kind = kind, .loc = V_CONST, .imm = kind == SEM_F4 ? 0x80000000ll : INT64_MIN};
        X64Reg y = t0_xown(j, &mask);
        x64_xorps_xx(T0B, x, y);
        t0_push_reg(j, x, kind, 0);
        return;
    }
    u32 size = kind == SEM_I4 ? 4 : 8;
    if (a.loc == V_CONST) {
        i64 v = in->op == SEM_NEG ? (i64)(0 - (u64)a.imm) : ~a.imm;
        t0_push_const(j, kind, size == 4 ? (i64)(i32)v : v);
        return;
    }
    X64Reg r = t0_own(j, &a);
    in->op == SEM_NEG ? x64_neg_r(T0B, size, r) : x64_not_r(T0B, size, r);
    t0_push_reg(j, r, kind, 0);
}

bool t0_const_compare(T0 *j, u8 cmp, bool un, i64 *result)
{
    if (j->depth < 2)
        return false;
    Val *b = t0_top(j, 0), *a = t0_top(j, 1);
    if (a->loc != V_CONST || b->loc != V_CONST || t0_is_float(a->kind) || t0_is_float(b->kind))
        return false;
    bool w4 = a->kind == SEM_I4 && b->kind == SEM_I4;
    i64 x = w4 ? (i64)(i32)a->imm : a->imm, y = w4 ? (i64)(i32)b->imm : b->imm;
    u64 ux = w4 ? (u32)x : (u64)x, uy = w4 ? (u32)y : (u64)y;
    bool lt = un ? ux < uy : x < y, eq = x == y;
    switch (cmp) {
    case SEM_EQ: *result = eq; break;
    case SEM_NE: *result = !eq; break;
    case SEM_LT: *result = lt; break;
    case SEM_LE: *result = lt || eq; break;
    case SEM_GT: *result = !lt && !eq; break;
    default: *result = !lt; break;
    }
    j->depth -= 2;
    return true;
}

static u8 swap_cmp(u8 cmp)
{
    static const u8 t[] = {[SEM_EQ] = SEM_EQ, [SEM_NE] = SEM_NE, [SEM_LT] = SEM_GT, [SEM_LE] = SEM_GE, [SEM_GT] = SEM_LT, [SEM_GE] = SEM_LE};
    return t[cmp];
}

Val t0_emit_compare(T0 *j, u8 cmp, bool un)
{
    Val b = t0_pop(j), a = t0_pop(j);
    Val v = {.kind = SEM_I4, .loc = V_CC};
    if (t0_is_float(a.kind)) {
        if (a.kind != b.kind) {
            Val *n = a.kind == SEM_F4 ? &a : &b;
            X64Reg s = t0_xown(j, n);
            x64_cvtss2sd_xx(T0B, s, s);
            n->kind = SEM_F8;
        }
        /* ucomis sets CF like below; unordered sets CF, ZF and PF.  Ordered <: b > a by "above"; unordered forms: "below" of a, b. */
        bool f4 = a.kind == SEM_F4;
        X64Reg x = t0_xreg(j, &a), y = t0_xreg(j, &b);
        bool swap = false;
        switch (cmp) {
        case SEM_EQ: v.reg = X64_E, v.fcc = 1; break;
        case SEM_NE: v.reg = X64_NE, v.fcc = 2; break;
        case SEM_GT: v.reg = un ? X64_B : X64_A, swap = un; break;
        case SEM_GE: v.reg = un ? X64_BE : X64_AE, swap = un; break;
        case SEM_LT: v.reg = un ? X64_B : X64_A, swap = !un; break;
        default: v.reg = un ? X64_BE : X64_AE, swap = !un; break;
        }
        if (swap) {
            X64Reg t = x;
            x = y, y = t;
        }
        f4 ? x64_ucomiss_xx(T0B, x, y) : x64_ucomisd_xx(T0B, x, y);
        return v;
    }
    u8 wide = a.kind == SEM_I4 && b.kind == SEM_I4 ? SEM_I4 : SEM_I8;
    if (wide == SEM_I8) {
        widen(j, &a, SEM_I8);
        widen(j, &b, SEM_I8);
    }
    u32 size = wide == SEM_I4 ? 4 : 8;
    if (a.loc == V_CONST) {
        Val t = a;
        a = b, b = t;
        cmp = swap_cmp(cmp);
    }
    static const u8 sc[] = {[SEM_EQ] = X64_E, [SEM_NE] = X64_NE, [SEM_LT] = X64_L, [SEM_LE] = X64_LE, [SEM_GT] = X64_G, [SEM_GE] = X64_GE};
    static const u8 uc[] = {[SEM_EQ] = X64_E, [SEM_NE] = X64_NE, [SEM_LT] = X64_B, [SEM_LE] = X64_BE, [SEM_GT] = X64_A, [SEM_GE] = X64_AE};
    v.reg = un ? uc[cmp] : sc[cmp];
    X64Mem m;
    if (b.loc == V_CONST && b.imm == 0 && (cmp == SEM_EQ || cmp == SEM_NE || cmp == SEM_LT || cmp == SEM_GE) && !t0_is_mem(j, &a, &m)) {
        X64Reg r = t0_reg(j, &a);
        x64_test_rr(T0B, size, r, r);
        return v;
    }
    if (b.loc == V_CONST && (size == 4 || (i64)(i32)b.imm == b.imm) && t0_is_mem(j, &a, &m) && t0_kind_size(a.kind) == size) {
        x64_cmp_mi(T0B, size, m, (i32)b.imm);
        return v;
    }
    X64Reg x = t0_reg(j, &a);
    alu(j, 100, size, x, &b);
    return v;
}

void t0_compare(T0 *j, const SemInst *in)
{
    i64 r;
    if (t0_const_compare(j, in->cmp.cmp, in->cmp.un, &r)) {
        t0_push_const(j, SEM_I4, r);
        return;
    }
    t0_push(j, t0_emit_compare(j, in->cmp.cmp, in->cmp.un));
}

/* --- conversions (§III.3.27-3.29; float to integer saturates, NaN is 0) ---------------------------------------------------- */
static void float_to_int(T0 *j, Val *a, u8 to)
{
    bool f4 = a->kind == SEM_F4;
    X64Reg x = t0_xown(j, a);
    if (f4)
        x64_cvtss2sd_xx(T0B, x, x);
    if (to == ET_U8 || to == ET_U) {
        t0_flush_regs(j);
        if (x != X64_XMM0)
            x64_movaps_xx(T0B, X64_XMM0, x);
        t0_call_helper(j, JIT_HELPER_F2U8);
        t0_push_reg(j, X64_RAX, to == ET_U ? SEM_I : SEM_I8, 0);
        return;
    }
    X64Reg r = t0_gpr(j);
    X64Label done = x64_label(T0B);
    bool wide = to == ET_I8 || to == ET_I || to == ET_U4;
    if (wide && to != ET_U4) {
        x64_cvttsd2si_rx(T0B, 8, r, x); /* 0x8000... when out of range or NaN */
        X64Reg s = t0_gpr(j);
        x64_mov_ri(T0B, 8, s, INT64_MIN);
        x64_cmp_rr(T0B, 8, r, s);
        x64_jcc(T0B, X64_NE, done);
        x64_zero(T0B, r);
        x64_ucomisd_xx(T0B, x, x);
        x64_jcc(T0B, X64_P, done); /* NaN: 0 */
        x64_xorps_xx(T0B, X64_XMM15, X64_XMM15);
        x64_mov_rr(T0B, 8, r, s);
        x64_ucomisd_xx(T0B, x, X64_XMM15);
        x64_jcc(T0B, X64_B, done); /* negative: MIN */
        x64_not_r(T0B, 8, r);      /* MAX */
        x64_bind(T0B, done);
        t0_push_reg(j, r, to == ET_I ? SEM_I : SEM_I8, 0);
        return;
    }
    /* to 32 bits or less: by way of a saturated 64-bit value, then clamp to the 32-bit range */
    x64_cvttsd2si_rx(T0B, 8, r, x);
    X64Reg s = t0_gpr(j);
    X64Label in_range = x64_label(T0B), low = x64_label(T0B);
    bool u4 = to == ET_U4;
    if (u4) {
        x64_mov_rr(T0B, 4, s, r);
        x64_cmp_rr(T0B, 8, s, r);
        x64_jcc(T0B, X64_E, done);
    } else {
        x64_movsx_rr(T0B, 8, 4, s, r);
        x64_cmp_rr(T0B, 8, s, r);
        x64_jcc(T0B, X64_E, in_range);
    }
    x64_zero(T0B, r);
    x64_ucomisd_xx(T0B, x, x);
    x64_jcc(T0B, X64_P, done);
    x64_xorps_xx(T0B, X64_XMM15, X64_XMM15);
    x64_ucomisd_xx(T0B, x, X64_XMM15);
    x64_jcc(T0B, X64_B, low);
    x64_mov_ri(T0B, 4, r, u4 ? 0xffffffffll : 0x7fffffffll);
    x64_jmp(T0B, done);
    x64_bind(T0B, low);
    if (!u4)
        x64_mov_ri(T0B, 4, r, 0x80000000ll);
    x64_jmp(T0B, done);
    x64_bind(T0B, in_range);
    x64_mov_rr(T0B, 4, r, r);
    x64_bind(T0B, done);
    switch (to) { /* the reference converts to int32 and narrows */
    case ET_I1: x64_movsx_rr(T0B, 4, 1, r, r); break;
    case ET_U1: x64_movzx_rr(T0B, 1, r, r); break;
    case ET_I2: x64_movsx_rr(T0B, 4, 2, r, r); break;
    case ET_U2: x64_movzx_rr(T0B, 2, r, r); break;
    default: break;
    }
    t0_push_reg(j, r, SEM_I4, 0);
}

static void to_float(T0 *j, Val *a, u8 to, bool un)
{
    bool f4 = to == ET_R4;
    u8 kind = f4 ? SEM_F4 : SEM_F8;
    if (t0_is_float(a->kind)) {
        X64Reg x = t0_xown(j, a);
        if (a->kind == SEM_F4 && !f4)
            x64_cvtss2sd_xx(T0B, x, x);
        else if (a->kind == SEM_F8 && f4)
            x64_cvtsd2ss_xx(T0B, x, x);
        t0_push_reg(j, x, kind, 0);
        return;
    }
    if (un && a->kind != SEM_I4) {
        t0_flush_regs(j);
        if (!(a->loc == V_REG && a->reg == X64_RDI))
            t0_load_to(j, X64_RDI, a);
        t0_call_helper(j, f4 ? JIT_HELPER_U8_TO_F4 : JIT_HELPER_U8_TO_F8);
        t0_push_reg(j, X64_XMM0, kind, 0);
        return;
    }
    X64Reg r = t0_reg(j, a), x = t0_xmm(j);
    u32 size = a->kind == SEM_I4 && !un ? 4 : 8; /* an unsigned I4 has a zero upper half */
    x64_xorps_xx(T0B, x, x);
    f4 ? x64_cvtsi2ss_xr(T0B, size, x, r) : x64_cvtsi2sd_xr(T0B, size, x, r);
    t0_push_reg(j, x, kind, 0);
}

typedef struct Range {
    i64 lo;
    u64 hi;
} Range;
static Range range_of(u8 to)
{
    switch (to) {
    case ET_I1: return (Range){INT8_MIN, INT8_MAX};
    case ET_U1: return (Range){0, UINT8_MAX};
    case ET_I2: return (Range){INT16_MIN, INT16_MAX};
    case ET_U2: return (Range){0, UINT16_MAX};
    case ET_I4: return (Range){INT32_MIN, INT32_MAX};
    case ET_U4: return (Range){0, UINT32_MAX};
    case ET_I8: case ET_I: return (Range){INT64_MIN, INT64_MAX};
    default: return (Range){0, UINT64_MAX};
    }
}

static u8 result_kind(u8 to)
{
    return to == ET_I8 || to == ET_U8 ? SEM_I8 : to == ET_I || to == ET_U ? SEM_I : SEM_I4;
}

static void conv_ovf(T0 *j, const SemInst *in, Val *a)
{
    u8 to = in->conv.to, kind = result_kind(to);
    if (t0_is_float(a->kind)) {
        X64Reg x = t0_xown(j, a);
        if (a->kind == SEM_F4)
            x64_cvtss2sd_xx(T0B, x, x);
        t0_flush_regs(j);
        if (x != X64_XMM0)
            x64_movaps_xx(T0B, X64_XMM0, x);
        x64_mov_ri(T0B, 4, X64_RDI, to);
        t0_call_helper(j, JIT_HELPER_F2I_OVF);
        if (kind == SEM_I4)
            x64_mov_rr(T0B, 4, X64_RAX, X64_RAX);
        t0_push_reg(j, X64_RAX, kind, 0);
        return;
    }
    /* bring the source to 64 bits, then compare with the target's range */
    bool un = in->conv.un;
    X64Reg r = t0_own(j, a);
    if (a->kind == SEM_I4 && !un)
        x64_movsx_rr(T0B, 8, 4, r, r);
    Range rg = range_of(to);
    bool src_is_u32 = a->kind == SEM_I4 && un;
    if (un) {
        if (rg.hi != UINT64_MAX && !(src_is_u32 && rg.hi >= UINT32_MAX)) {
            if (rg.hi <= INT32_MAX) {
                x64_cmp_ri(T0B, 8, r, (i32)rg.hi);
            } else {
                X64Reg s = t0_gpr(j);
                x64_mov_ri(T0B, 8, s, (i64)rg.hi);
                x64_cmp_rr(T0B, 8, r, s);
            }
            t0_throw_if(j, X64_A, JIT_HELPER_THROW_OVERFLOW);
        }
    } else if (rg.lo == 0 && rg.hi == UINT64_MAX) { /* signed to u8 */
        x64_test_rr(T0B, 8, r, r);
        t0_throw_if(j, X64_S, JIT_HELPER_THROW_OVERFLOW);
    } else if (!(rg.lo == INT64_MIN)) {
        if (rg.lo == INT32_MIN) {
            X64Reg s = t0_gpr(j);
            x64_movsx_rr(T0B, 8, 4, s, r);
            x64_cmp_rr(T0B, 8, s, r);
            t0_throw_if(j, X64_NE, JIT_HELPER_THROW_OVERFLOW);
        } else if (rg.lo == 0 && rg.hi == UINT32_MAX) {
            X64Reg s = t0_gpr(j);
            x64_mov_rr(T0B, 4, s, r);
            x64_cmp_rr(T0B, 8, s, r);
            t0_throw_if(j, X64_NE, JIT_HELPER_THROW_OVERFLOW);
        } else {
            x64_cmp_ri(T0B, 8, r, (i32)rg.hi);
            t0_throw_if(j, X64_G, JIT_HELPER_THROW_OVERFLOW);
            x64_cmp_ri(T0B, 8, r, (i32)rg.lo);
            t0_throw_if(j, X64_L, JIT_HELPER_THROW_OVERFLOW);
        }
    }
    if (kind == SEM_I4)
        x64_mov_rr(T0B, 4, r, r);
    t0_push_reg(j, r, kind, 0);
}

/* A value that lies below others: they step aside, in memory. */
static void conv_below(T0 *j, const SemInst *in)
{
    SemInst top = *in;
    u32 n = in->conv.down;
    Val *above = ARENA_NEW_ARRAY(j->a, Val, n);
    t0_flush_regs(j);
    for (u32 i = n; i-- > 0;)
        above[i] = t0_pop(j);
    top.conv.down = 0;
    t0_conv(j, &top);
    for (u32 i = 0; i < n; i++)
        t0_push(j, above[i]);
}

void t0_conv(T0 *j, const SemInst *in)
{
    if (UNLIKELY(in->conv.down)) {
        conv_below(j, in);
        return;
    }
    u8 to = in->conv.to;
    Val a = t0_pop(j);
    if (to == ET_R4 || to == ET_R8) {
        if (a.loc == V_CONST && a.kind == SEM_I4 && !in->conv.un) {
            double d = (double)(i32)a.imm;
            float f = (float)(i32)a.imm;
            i64 bits = 0;
            to == ET_R4 ? memcpy(&bits, &f, 4) : memcpy(&bits, &d, 8);
            t0_push_const(j, to == ET_R4 ? SEM_F4 : SEM_F8, bits);
            return;
        }
        to_float(j, &a, to, in->conv.un);
        return;
    }
    if (in->conv.ovf) {
        conv_ovf(j, in, &a);
        return;
    }
    if (t0_is_float(a.kind)) {
        (void)const_f;
        float_to_int(j, &a, to);
        return;
    }
    u8 kind = result_kind(to);
    if (a.loc == V_CONST) {
        i64 v = a.imm;
        switch (to) {
        case ET_I1: v = (i8)v; break;
        case ET_U1: v = (u8)v; break;
        case ET_I2: v = (i16)v; break;
        case ET_U2: v = (u16)v; break;
        case ET_I4: case ET_U4: v = (i32)v; break;
        case ET_U8: case ET_U: v = a.kind == SEM_I4 ? (i64)(u32)v : v; break;
        default: v = a.kind == SEM_I4 ? (i64)(i32)v : v; break;
        }
        t0_push_const(j, kind, v);
        return;
    }
    if (kind != SEM_I4 && a.kind != SEM_I4) { /* 64 to 64 bits: the kind changes, the bits do not (conv.u of a byref: a pointer) */
        if (a.loc == V_SLOT || a.loc == V_HOME) {
            X64Reg r = t0_own(j, &a);
            t0_push_reg(j, r, kind, 0);
            return;
        }
        a.kind = kind;
        a.th = 0;
        t0_push(j, a);
        return;
    }
    X64Reg s = t0_reg(j, &a);
    X64Reg r = (j->reserved & (1u << s)) ? t0_gpr(j) : s;
    switch (to) {
    case ET_I1: x64_movsx_rr(T0B, 4, 1, r, s); break;
    case ET_U1: x64_movzx_rr(T0B, 1, r, s); break;
    case ET_I2: x64_movsx_rr(T0B, 4, 2, r, s); break;
    case ET_U2: x64_movzx_rr(T0B, 2, r, s); break;
    case ET_I4: case ET_U4:
        if (a.kind != SEM_I4 || r != s)
            x64_mov_rr(T0B, 4, r, s);
        break;
    case ET_I8: case ET_I: x64_movsx_rr(T0B, 8, 4, r, s); break;
    default:
        if (r != s)
            x64_mov_rr(T0B, 4, r, s); /* upper half is zero already */
        break;
    }
    t0_push_reg(j, r, kind, 0);
}

void t0_ckfinite(T0 *j)
{
    Val a = t0_pop(j);
    X64Reg x = t0_xown(j, &a), r = t0_gpr(j);
    if (a.kind == SEM_F4) {
        x64_movd_rx(T0B, 4, r, x);
        x64_and_ri(T0B, 4, r, 0x7f800000);
        x64_cmp_ri(T0B, 4, r, 0x7f800000);
    } else {
        x64_movd_rx(T0B, 8, r, x);
        x64_shl_ri(T0B, 8, r, 1);
        x64_shr_ri(T0B, 8, r, 53);
        x64_cmp_ri(T0B, 4, r, 0x7ff);
    }
    t0_throw_if(j, X64_E, JIT_HELPER_THROW_OVERFLOW);
    t0_push_reg(j, x, a.kind, 0);
}
