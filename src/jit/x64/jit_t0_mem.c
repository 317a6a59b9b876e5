/* jit_t0_mem.c: loads and stores, fields, arrays, boxes, casts, literals, generic look-ups at Tier 0.
 * Stores of references that may land in the heap go through the write barrier cell; struct copies with references through gc_copy_refs.
 * Null is found by the fault of the access itself while offsets stay below a page; larger ones test first.
 * Book: jit.md  Tests: tests/il/fields.il, arrays.il */
#include "jit/x64/jit_t0.h"

enum { NULL_PAGE = 4096 };

void t0_copy(T0 *j, X64Mem dst, X64Mem src, u32 size)
{
    u32 i = 0;
    /* words up to 64 bytes: a 16-byte load of what two 8-byte stores just wrote waits for them to retire */
    for (; size <= 64 && i + 8 <= size; i += 8) {
        x64_movsd_xm(T0B, X64_XMM15, x64_mem_add(src, (i32)i));
        x64_movsd_mx(T0B, x64_mem_add(dst, (i32)i), X64_XMM15);
    }
    for (; i + 16 <= size; i += 16) {
        x64_movups_xm(T0B, X64_XMM15, x64_mem_add(src, (i32)i));
        x64_movups_mx(T0B, x64_mem_add(dst, (i32)i), X64_XMM15);
    }
    if (size - i >= 8) {
        x64_movsd_xm(T0B, X64_XMM15, x64_mem_add(src, (i32)i));
        x64_movsd_mx(T0B, x64_mem_add(dst, (i32)i), X64_XMM15);
        i += 8;
    }
    if (size - i >= 4) {
        x64_movss_xm(T0B, X64_XMM15, x64_mem_add(src, (i32)i));
        x64_movss_mx(T0B, x64_mem_add(dst, (i32)i), X64_XMM15);
        i += 4;
    }
    if (i == size)
        return;
    u32 keep = j->locked; /* 1 to 3 bytes: through a general register */
    if (src.kind == X64_MEM_SIB)
        j->locked |= (src.base < 16 ? 1u << src.base : 0) | (src.index < 16 ? 1u << src.index : 0);
    if (dst.kind == X64_MEM_SIB)
        j->locked |= (dst.base < 16 ? 1u << dst.base : 0) | (dst.index < 16 ? 1u << dst.index : 0);
    X64Reg r = t0_gpr(j);
    for (; i + 2 <= size; i += 2) {
        x64_movzx_rm(T0B, 2, r, x64_mem_add(src, (i32)i));
        x64_mov_mr(T0B, 2, x64_mem_add(dst, (i32)i), r);
    }
    if (i < size) {
        x64_movzx_rm(T0B, 1, r, x64_mem_add(src, (i32)i));
        x64_mov_mr(T0B, 1, x64_mem_add(dst, (i32)i), r);
    }
    j->locked = keep;
}

/* A copy too long to unroll: a call. Addresses are computed before; everything in registers is flushed. */
static void copy_call(T0 *j, X64Mem dst, X64Mem src, u32 size, JitHelper h)
{
    /* both operands may use rdi/rsi as bases: go through r10, r11 */
    t0_flush_regs(j);
    x64_lea(T0B, 8, X64_R11, src);
    x64_lea(T0B, 8, X64_RDI, dst);
    x64_mov_rr(T0B, 8, X64_RSI, X64_R11);
    x64_mov_ri(T0B, 4, X64_RDX, size);
    t0_call_helper(j, h);
}

static void copy_struct(T0 *j, X64Mem dst, X64Mem src, u32 size)
{
    if (size <= 128)
        t0_copy(j, dst, src, size);
    else
        copy_call(j, dst, src, size, JIT_HELPER_MEMCPY);
}

static void lock_mem(T0 *j, X64Mem m)
{
    if (m.kind != X64_MEM_SIB)
        return;
    if (m.base < 16 && m.base != X64_RBP && m.base != X64_RSP)
        j->locked |= 1u << m.base;
    if (m.index < 16)
        j->locked |= 1u << m.index;
}

void t0_zero_mem(T0 *j, X64Mem dst, u32 size)
{
    u32 i = 0;
    if (size > 256) {
        t0_flush_regs(j);
        x64_lea(T0B, 8, X64_RDI, dst);
        x64_zero(T0B, X64_RSI);
        x64_mov_ri(T0B, 4, X64_RDX, size);
        t0_call_helper(j, JIT_HELPER_MEMSET);
        return;
    }
    if (size >= 16)
        x64_xorps_xx(T0B, X64_XMM15, X64_XMM15);
    for (; i + 16 <= size; i += 16)
        x64_movups_mx(T0B, x64_mem_add(dst, (i32)i), X64_XMM15);
    for (; i + 8 <= size; i += 8)
        x64_mov_mi(T0B, 8, x64_mem_add(dst, (i32)i), 0);
    for (; i + 4 <= size; i += 4)
        x64_mov_mi(T0B, 4, x64_mem_add(dst, (i32)i), 0);
    for (; i + 2 <= size; i += 2)
        x64_mov_mi(T0B, 2, x64_mem_add(dst, (i32)i), 0);
    if (i < size)
        x64_mov_mi(T0B, 1, x64_mem_add(dst, (i32)i), 0);
}

X64Mem t0_addr(T0 *j, Val *v)
{
    if (v->loc == V_ADDR)
        return t0_frame(v->off);
    X64Reg r = t0_reg(j, v);
    j->locked |= 1u << r;
    return x64_mem(r, 0);
}

static u8 stack_kind(u8 et)
{
    switch (et) {
    case ET_BOOLEAN: case ET_CHAR: case ET_I1: case ET_U1: case ET_I2: case ET_U2: case ET_I4: case ET_U4: return SEM_I4;
    case ET_I8: case ET_U8: return SEM_I8;
    case ET_I: case ET_U: case ET_PTR: case ET_FNPTR: return SEM_I;
    case ET_R4: return SEM_F4;
    case ET_R8: return SEM_F8;
    case ET_BYREF: return SEM_BYREF;
    case ET_VALUETYPE: case ET_TYPEDBYREF: return SEM_VALUE;
    default: return SEM_REF;
    }
}

void t0_load_mem(T0 *j, X64Mem m, u8 et, TypeHandle th)
{
    u8 kind = stack_kind(et);
    if (kind == SEM_VALUE) {
        if (et == ET_TYPEDBYREF)
            th = th_of(type_wk(WK_TYPEDREFERENCE));
        i32 off = t0_struct_temp(j, j->depth, th);
        copy_struct(j, t0_frame(off), m, type_size(th));
        t0_push_slot(j, off, SEM_VALUE, th);
        return;
    }
    if (t0_is_float(kind)) {
        X64Reg x = t0_xmm(j);
        kind == SEM_F4 ? x64_movss_xm(T0B, x, m) : x64_movsd_xm(T0B, x, m);
        t0_push_reg(j, x, kind, 0);
        return;
    }
    X64Reg r = t0_gpr(j);
    switch (et) {
    case ET_BOOLEAN: case ET_U1: x64_movzx_rm(T0B, 1, r, m); break;
    case ET_I1: x64_movsx_rm(T0B, 4, 1, r, m); break;
    case ET_CHAR: case ET_U2: x64_movzx_rm(T0B, 2, r, m); break;
    case ET_I2: x64_movsx_rm(T0B, 4, 2, r, m); break;
    default: x64_mov_rm(T0B, kind == SEM_I4 ? 4 : 8, r, m); break;
    }
    t0_push_reg(j, r, kind, th);
}

/* The value goes to rsi, the address to rdi, then through the cell. */
static void store_ref_barrier(T0 *j, X64Mem m, Val *v)
{
    if (v->loc == V_CONST) { /* null needs no barrier */
        x64_mov_mi(T0B, 8, m, 0);
        return;
    }
    t0_calls_something(j);
    /* free rdi, rsi, r10, r11 */
    bool m_uses_rsi = m.kind == X64_MEM_SIB && (m.base == X64_RSI || m.index == X64_RSI);
    if (m_uses_rsi) {
        if (v->loc == V_REG && v->reg == X64_RDI) {
            x64_lea(T0B, 8, X64_RSI, m);
            x64_xchg_rr(T0B, 8, X64_RSI, X64_RDI);
        } else {
            t0_take(j, X64_RDI);
            x64_lea(T0B, 8, X64_RDI, m);
            t0_load_to(j, X64_RSI, v);
        }
    } else {
        if (!(v->loc == V_REG && v->reg == X64_RSI)) {
            t0_take(j, X64_RSI);
            t0_load_to(j, X64_RSI, v);
        }
        bool m_uses_rdi = m.kind == X64_MEM_SIB && (m.base == X64_RDI || m.index == X64_RDI);
        if (!m_uses_rdi)
            t0_take(j, X64_RDI);
        if (!(m.kind == X64_MEM_SIB && m.base == X64_RDI && m.index == X64_NOREG && m.disp == 0))
            x64_lea(T0B, 8, X64_RDI, m);
    }
    t0_take(j, X64_R10);
    t0_take(j, X64_R11);
    const void *cell = &gc_barrier_cells.store;
    if (os_span_contains(cell)) {
        x64_call_m(T0B, x64_mem_abs(cell));
    } else {
        x64_mov_ri(T0B, 8, X64_R11, (i64)cell);
        x64_call_m(T0B, x64_mem(X64_R11, 0));
    }
}

void t0_store_mem(T0 *j, X64Mem m, Val *v, u8 et, TypeHandle th, bool heap)
{
    u8 kind = stack_kind(et);
    if (kind == SEM_VALUE) {
        u32 size = et == ET_TYPEDBYREF ? 16 : type_size(th);
        X64Mem src = t0_struct_mem(j, v);
        if (heap && et == ET_VALUETYPE && mt_has_refs(th_mt(th))) {
            lock_mem(j, m);
            X64Reg t = m.kind == X64_MEM_SIB && m.base < 16 && m.index == X64_NOREG ? m.base : X64_NOREG;
            if (t != X64_NOREG)
                x64_test_mi(T0B, 1, m, 0); /* null faults here, not in C */
            copy_call(j, m, src, size, JIT_HELPER_COPY_REFS);
            return;
        }
        copy_struct(j, m, src, size);
        return;
    }
    if (kind == SEM_REF && heap) {
        store_ref_barrier(j, m, v);
        return;
    }
    lock_mem(j, m);
    if (t0_is_float(kind)) {
        X64Reg x;
        if (v->kind != kind && t0_is_float(v->kind)) {
            x = t0_xown(j, v);
            kind == SEM_F4 ? x64_cvtsd2ss_xx(T0B, x, x) : x64_cvtss2sd_xx(T0B, x, x);
        } else {
            x = t0_xreg(j, v);
        }
        kind == SEM_F4 ? x64_movss_mx(T0B, m, x) : x64_movsd_mx(T0B, m, x);
        return;
    }
    u32 size = et == ET_BOOLEAN || et == ET_I1 || et == ET_U1 ? 1 : et == ET_CHAR || et == ET_I2 || et == ET_U2 ? 2 : kind == SEM_I4 ? 4 : 8;
    if (v->loc == V_CONST && (size < 8 || (i64)(i32)v->imm == v->imm)) {
        i32 imm = size == 1 ? (i8)v->imm : size == 2 ? (i16)v->imm : (i32)v->imm;
        x64_mov_mi(T0B, size, m, imm);
        return;
    }
    X64Reg r;
    if (size == 8 && v->kind == SEM_I4) { /* I4 into a native int: sign-extended */
        r = t0_own(j, v);
        x64_movsx_rr(T0B, 8, 4, r, r);
    } else {
        r = t0_reg(j, v);
    }
    x64_mov_mr(T0B, size, m, r);
}

static void barrier_full(T0 *j, bool is_volatile)
{
    if (is_volatile) /* a volatile store is a release; on x64 the plain move is one */
        (void)j;
}

void t0_ld_indirect(T0 *j, const SemInst *in)
{
    Val a = t0_pop(j);
    X64Mem m = t0_addr(j, &a);
    t0_load_mem(j, m, in->mem.type.kind, in->mem.type.th);
}

void t0_st_indirect(T0 *j, const SemInst *in)
{
    Val v = t0_pop(j), a = t0_pop(j);
    bool stack = a.loc == V_ADDR;
    X64Mem m = t0_addr(j, &a);
    t0_store_mem(j, m, &v, in->mem.type.kind, in->mem.type.th, !stack); /* a pointer may lead into a pinned object */
    barrier_full(j, in->mem.is_volatile);
}

void t0_cpobj(T0 *j, const SemInst *in)
{
    Val s = t0_pop(j), d = t0_pop(j);
    bool stack = d.loc == V_ADDR;
    u8 et = in->mem.type.kind;
    if (stack_kind(et) == SEM_VALUE) {
        X64Mem dm = t0_addr(j, &d), sm = t0_addr(j, &s);
        u32 size = et == ET_TYPEDBYREF ? 16 : type_size(in->mem.type.th);
        if (!stack && et == ET_VALUETYPE && mt_has_refs(th_mt(in->mem.type.th))) {
            x64_test_mi(T0B, 1, dm, 0);
            x64_test_mi(T0B, 1, sm, 0);
            copy_call(j, dm, sm, size, JIT_HELPER_COPY_REFS);
        } else if (size <= 128) {
            t0_copy(j, dm, sm, size);
        } else {
            x64_test_mi(T0B, 1, dm, 0);
            x64_test_mi(T0B, 1, sm, 0);
            copy_call(j, dm, sm, size, JIT_HELPER_MEMCPY);
        }
        return;
    }
    X64Mem sm = t0_addr(j, &s);
    t0_load_mem(j, sm, et, 0);
    Val v = t0_pop(j);
    X64Mem dm = t0_addr(j, &d);
    t0_store_mem(j, dm, &v, et, 0, !stack);
}

void t0_initobj(T0 *j, const SemInst *in)
{
    Val a = t0_pop(j);
    X64Mem m = t0_addr(j, &a);
    u8 et = in->mem.type.kind;
    u32 size = et == ET_VALUETYPE ? type_size(in->mem.type.th) : et == ET_TYPEDBYREF ? 16 : stack_kind(et) == SEM_I4 || et == ET_R4 ? 4 : 8;
    if (et == ET_BOOLEAN || et == ET_I1 || et == ET_U1)
        size = 1;
    if (et == ET_CHAR || et == ET_I2 || et == ET_U2)
        size = 2;
    if (size > 256)
        x64_test_mi(T0B, 1, m, 0);
    t0_zero_mem(j, m, size);
}

void t0_block_op(T0 *j, const SemInst *in)
{
    Val n = t0_pop(j), s = t0_pop(j), d = t0_pop(j);
    bool copy = in->op == SEM_CPBLK;
    t0_flush_regs(j);
    /* a popped operand's own register is not an entry any more: move them to the argument registers by way of slots */
    u32 size_kind = n.kind == SEM_I4 ? 4 : 8;
    i32 td = t0_slot(j, j->depth, SEM_BYREF, 0), ts = t0_slot(j, j->depth + 1, copy ? SEM_BYREF : SEM_I, 0), tn = t0_slot(j, j->depth + 2, SEM_I, 0);
    X64Reg r = t0_reg(j, &d);
    x64_mov_mr(T0B, 8, t0_frame(td), r);
    r = t0_reg(j, &s);
    x64_mov_mr(T0B, 8, t0_frame(ts), r);
    r = t0_reg(j, &n);
    x64_mov_mr(T0B, 8, t0_frame(tn), r);
    x64_mov_rm(T0B, size_kind, X64_RDX, t0_frame(tn));
    x64_mov_rm(T0B, 8, X64_RDI, t0_frame(td));
    x64_mov_rm(T0B, copy ? 8 : 4, X64_RSI, t0_frame(ts));
    X64Label skip = x64_label(T0B);
    x64_test_rr(T0B, 8, X64_RDX, X64_RDX);
    x64_jcc(T0B, X64_E, skip);
    x64_test_mi(T0B, 1, x64_mem(X64_RDI, 0), 0); /* null faults here */
    if (copy)
        x64_test_mi(T0B, 1, x64_mem(X64_RSI, 0), 0);
    t0_call_helper(j, copy ? JIT_HELPER_MEMCPY : JIT_HELPER_MEMSET);
    x64_bind(T0B, skip);
}

/* localloc: rsp moves down, the outgoing area stays at [rsp].  Zeroed when the body asks for it. */
void t0_localloc(T0 *j)
{
    Val n = t0_pop(j);
    t0_flush_regs(j);
    i32 tn = t0_slot(j, j->depth, SEM_I, 0);
    X64Reg r = t0_reg(j, &n);
    x64_mov_mr(T0B, 8, t0_frame(tn), r);
    if (n.kind == SEM_I4)
        x64_mov_rm(T0B, 4, X64_RDX, t0_frame(tn));
    else
        x64_mov_rm(T0B, 8, X64_RDX, t0_frame(tn));
    X64Label zero = x64_label(T0B), done = x64_label(T0B), ok = x64_label(T0B);
    x64_zero(T0B, X64_RAX);
    x64_test_rr(T0B, 8, X64_RDX, X64_RDX);
    x64_jcc(T0B, X64_E, zero);
    x64_add_ri(T0B, 8, X64_RDX, 15);
    x64_and_ri(T0B, 8, X64_RDX, -16);
    x64_mov_mr(T0B, 8, t0_frame(tn), X64_RDX);
    x64_mov_rr(T0B, 8, X64_R10, X64_RDX);
    x64_mov_rr(T0B, 8, X64_RAX, X64_RSP);
    x64_sub_rr(T0B, 8, X64_RAX, X64_RDX);
    X64Label over = x64_label(T0B);
    x64_jcc(T0B, X64_C, over);
    x64_cmp_rm(T0B, 8, X64_RAX, x64_mem(X64_R15, TOFF(stack_limit_real)));
    x64_jcc(T0B, X64_AE, ok);
    x64_bind(T0B, over);
    x64_call_abs(T0B, code_limit_stub());
    x64_bind(T0B, ok);
    x64_mov_rm(T0B, 8, X64_RDX, t0_frame(tn));
    x64_sub_rr(T0B, 8, X64_RSP, X64_RDX);
    /* the block lies above the outgoing area, whose size is known at the end: patched like a funclet frame */
    x64_emit_rm(T0B, 0x8d | X64_W, X64_RDI, x64_mem(X64_RSP, 0x7fffff), 0);
    vec_push(&j->funclet_patches, (x64_pos(T0B) - 4) | 0x80000000u);
    x64_mov_rr(T0B, 8, X64_R8, X64_RDI);
    if (j->w.body.init_locals) {
        x64_mov_rr(T0B, 8, X64_RCX, X64_RDX);
        x64_shr_ri(T0B, 8, X64_RCX, 3);
        x64_zero(T0B, X64_RAX);
        x64_rep_stosq(T0B);
    }
    x64_mov_rr(T0B, 8, X64_RAX, X64_R8);
    x64_bind(T0B, zero);
    x64_bind(T0B, done);
    t0_push_reg(j, X64_RAX, SEM_I, 0);
}

/* --- fields ------------------------------------------------------------------------------------------------------------- */
static void null_test(T0 *j, X64Reg r, u32 offset)
{
    if (offset >= NULL_PAGE)
        x64_cmp_mi(T0B, 1, x64_mem(r, 0), 0);
}

void t0_ldfld(T0 *j, const SemInst *in)
{
    const SemField *f = &in->field;
    Val o = t0_pop(j);
    if (in->op == SEM_LDFLDA) {
        if (o.loc == V_ADDR) {
            t0_push(j, (Val){.kind = SEM_BYREF, .loc = V_ADDR, .off = o.off + (i32)f->offset});
            return;
        }
        X64Reg s = t0_reg(j, &o);
        if (o.kind != SEM_I)
            x64_cmp_mi(T0B, 1, x64_mem(s, 0), 0); /* null faults */
        X64Reg r = (j->reserved & (1u << s)) ? t0_gpr(j) : s;
        if (f->offset)
            x64_lea(T0B, 8, r, x64_mem(s, (i32)f->offset));
        else if (r != s)
            x64_mov_rr(T0B, 8, r, s);
        t0_push_reg(j, r, o.kind == SEM_I ? SEM_I : SEM_BYREF, 0);
        return;
    }
    if (f->on_value) {
        if (o.kind != SEM_VALUE) { /* a primitive's own field, e.g. m_value: the bits themselves */
            i32 t = t0_slot(j, j->depth, o.kind, 0);
            if (t0_is_float(o.kind)) {
                X64Reg x = t0_xreg(j, &o);
                x64_movsd_mx(T0B, t0_frame(t), x);
            } else {
                X64Reg r = t0_reg(j, &o);
                x64_mov_mr(T0B, 8, t0_frame(t), r);
            }
            t0_load_mem(j, t0_frame(t + (i32)f->offset), f->type.kind, f->type.th);
            return;
        }
        X64Mem m = t0_struct_mem(j, &o);
        t0_load_mem(j, x64_mem_add(m, (i32)f->offset), f->type.kind, f->type.th);
        return;
    }
    X64Mem m = t0_addr(j, &o);
    if (o.loc != V_ADDR)
        null_test(j, m.base, f->offset);
    t0_load_mem(j, x64_mem_add(m, (i32)f->offset), f->type.kind, f->type.th);
}

void t0_stfld(T0 *j, const SemInst *in)
{
    const SemField *f = &in->field;
    Val v = t0_pop(j), o = t0_pop(j);
    bool stack = o.loc == V_ADDR;
    X64Mem m = t0_addr(j, &o);
    if (!stack)
        null_test(j, m.base, f->offset);
    t0_store_mem(j, x64_mem_add(m, (i32)f->offset), &v, f->type.kind, f->type.th, !stack);
}

/* --- neutral mode (D12): what a domain has comes through its tables, t->domain ----------------------------------------------- */
enum { DOMAIN_TYPES = offsetof(Domain, types), DOMAIN_TABLE = offsetof(Domain, neutral_table) };

/* dst: the word at offset of a table of the current domain. */
void t0_domain_word(T0 *j, X64Reg dst, u32 table, u32 offset)
{
    x64_mov_rm(T0B, 8, dst, x64_mem(X64_R15, TOFF(domain)));
    x64_mov_rm(T0B, 8, dst, x64_mem(dst, (i32)table));
    x64_mov_rm(T0B, 8, dst, x64_mem(dst, (i32)offset));
}

u32 t0_domain_type_offset(MethodTable *mt, size_t field) { return (mt->aux->type_id << DOMAIN_TYPE_SHIFT) + (u32)field; }

/* rax: the word, which is not null; the helper with up to two arguments makes it. Registers are flushed. */
static void domain_value(T0 *j, u32 table, u32 offset, JitHelper h, i64 arg, i64 arg2)
{
    u8 regs[2] = {X64_NOREG, X64_NOREG};
    i64 imms[2] = {arg, arg2};
    t0_flush_regs(j);
    X64Label slow = t0_slow_call(j, h, 2, regs, imms);
    t0_domain_word(j, X64_RAX, table, offset);
    x64_test_rr(T0B, 8, X64_RAX, X64_RAX);
    x64_jcc(T0B, X64_E, slow);
    t0_slow_back(j);
}

static void domain_type_value(T0 *j, MethodTable *mt, size_t field, JitHelper h)
{
    domain_value(j, DOMAIN_TYPES, t0_domain_type_offset(mt, field), h, (i64)mt, 0);
}

/* The same for the type in mt, which stays there; rdx is used. */
void t0_domain_type_value_of(T0 *j, X64Reg mt, size_t field, JitHelper h)
{
    u8 reg = mt;
    i64 imm = 0;
    X64Label slow = t0_slow_call(j, h, 1, &reg, &imm);
    x64_mov_rm(T0B, 8, X64_RAX, x64_mem(mt, (i32)offsetof(MethodTable, aux)));
    x64_mov_rm(T0B, 4, X64_RAX, x64_mem(X64_RAX, (i32)offsetof(MtAux, type_id)));
    x64_shl_ri(T0B, 8, X64_RAX, DOMAIN_TYPE_SHIFT);
    x64_mov_rm(T0B, 8, X64_RDX, x64_mem(X64_R15, TOFF(domain)));
    x64_add_rm(T0B, 8, X64_RAX, x64_mem(X64_RDX, DOMAIN_TYPES));
    x64_mov_rm(T0B, 8, X64_RAX, x64_mem(X64_RAX, (i32)field));
    x64_test_rr(T0B, 8, X64_RAX, X64_RAX);
    x64_jcc(T0B, X64_E, slow);
    t0_slow_back(j);
}

/* Inline test of the initialised flag, slow call when clear. */
void t0_class_init(T0 *j, MethodTable *mt)
{
    t0_flush_regs(j);
    if (jit_env.neutral) {
        domain_type_value(j, mt, offsetof(DomainType, ready), JIT_HELPER_CLASS_INIT);
        return;
    }
    const void *flag = &mt->aux->flags;
    u8 reg = X64_NOREG;
    i64 imm = (i64)mt;
    if (os_span_contains(flag)) {
        x64_test_mi(T0B, 1, x64_mem_abs(flag), AUX_CLASS_INITED);
    } else {
        x64_mov_ri(T0B, 8, X64_RAX, (i64)flag);
        x64_test_mi(T0B, 1, x64_mem(X64_RAX, 0), AUX_CLASS_INITED);
    }
    X64Label in = t0_slow_call(j, JIT_HELPER_CLASS_INIT, 1, &reg, &imm);
    x64_jcc(T0B, X64_E, in);
    t0_slow_back(j);
}

/* r: data of an RVA field; rax where it is the domain's own. */
static X64Reg rva_data(T0 *j, Field *f)
{
    if (jit_env.neutral && !(f->flags & FF_INITONLY)) {
        domain_value(j, DOMAIN_TABLE, jit_env.field_index(f) * 8, JIT_HELPER_RVA_STATIC, (i64)f, 0);
        t0_take(j, X64_RAX);
        return X64_RAX;
    }
    X64Reg r = t0_gpr(j);
    t0_mov_ptr(j, r, type_static_address(f->mt, f, NULL));
    return r;
}

/* Address of the static field as an operand; registers may be flushed. */
static X64Mem static_mem(T0 *j, const SemField *f)
{
    Field *fd = f->f;
    MethodTable *mt = f->owner;
    if (fd->flags & FF_RVA) {
        if (f->init_check)
            t0_class_init(j, mt);
        return x64_mem(rva_data(j, fd), 0);
    }
    if (fd->flags & FF_THREAD_STATIC) {
        t0_flush_regs(j);
        if (f->owner_exact.lookup) {
            t0_lookup(j, f->owner_exact.slot, X64_RAX);
            x64_mov_rr(T0B, 8, X64_RDI, X64_RAX);
            t0_call_helper(j, JIT_HELPER_THREAD_STATICS);
        } else if (f->init_check || mt->aux->tls_index == 0) {
            t0_mov_ptr(j, X64_RDI, mt);
            t0_call_helper(j, JIT_HELPER_THREAD_STATICS);
        } else {
            X64Label slow, done;
            u32 idx = mt->aux->tls_index;
            u8 reg = X64_NOREG;
            i64 imm = (i64)mt;
            slow = t0_slow_call(j, JIT_HELPER_THREAD_STATICS, 1, &reg, &imm);
            x64_cmp_mi(T0B, 4, x64_mem(X64_R15, TOFF(tls_count)), (i32)idx);
            x64_jcc(T0B, X64_BE, slow);
            x64_mov_rm(T0B, 8, X64_RAX, x64_mem(X64_R15, TOFF(tls_blocks)));
            x64_mov_rm(T0B, 8, X64_RAX, x64_mem(X64_RAX, (i32)idx * 8));
            x64_test_rr(T0B, 8, X64_RAX, X64_RAX);
            x64_jcc(T0B, X64_E, slow);
            t0_slow_back(j);
            done = 0;
            (void)done;
        }
        t0_take(j, X64_RAX);
        return x64_mem(X64_RAX, (i32)fd->offset);
    }
    if (f->owner_exact.lookup) {
        t0_lookup(j, f->owner_exact.slot, jit_env.neutral ? X64_RCX : X64_RAX);
        if (jit_env.neutral)
            t0_domain_type_value_of(j, X64_RCX, offsetof(DomainType, ready), JIT_HELPER_STATICS);
        t0_take(j, X64_RAX);
        return x64_mem(X64_RAX, (i32)fd->offset);
    }
    if (jit_env.neutral) {
        size_t word = f->init_check ? offsetof(DomainType, ready) : offsetof(DomainType, statics);
        domain_type_value(j, mt, word, JIT_HELPER_STATICS);
        t0_take(j, X64_RAX);
        return x64_mem(X64_RAX, (i32)fd->offset);
    }
    if (f->init_check)
        t0_class_init(j, mt);
    char *p = type_statics(mt) + fd->offset;
    if (os_span_contains(p))
        return x64_mem_abs(p);
    X64Reg r = t0_gpr(j);
    x64_mov_ri(T0B, 8, r, (i64)p);
    return x64_mem(r, 0);
}

void t0_sfld(T0 *j, const SemInst *in)
{
    const SemField *f = &in->field;
    if (in->op == SEM_STSFLD) {
        /* the address may flush registers: the value stays an entry meanwhile */
        X64Mem m = static_mem(j, f);
        lock_mem(j, m);
        Val v = t0_pop(j);
        t0_store_mem(j, m, &v, f->type.kind, f->type.th, true);
        return;
    }
    X64Mem m = static_mem(j, f);
    lock_mem(j, m);
    if (in->op == SEM_LDSFLDA) {
        X64Reg r = t0_gpr(j);
        x64_lea(T0B, 8, r, m);
        t0_push_reg(j, r, in->result.kind, 0);
        return;
    }
    t0_load_mem(j, m, f->type.kind, f->type.th);
}

/* --- generic look-ups (D10) ------------------------------------------------------------------------------------------------ */
/* rax: a dictionary of n arguments -> what its slot holds; not that long yet, or not filled: slow */
static void dictionary_slot(T0 *j, u32 n, u32 slot, X64Label slow)
{
    x64_cmp_mi(T0B, 8, x64_mem(X64_RAX, (i32)n * 8), (i32)slot);
    x64_jcc(T0B, X64_BE, slow);
    x64_mov_rm(T0B, 8, X64_RAX, x64_mem(X64_RAX, (i32)(n + 1 + slot) * 8));
    x64_test_rr(T0B, 8, X64_RAX, X64_RAX);
    x64_jcc(T0B, X64_E, slow);
    t0_slow_back(j);
}

void t0_lookup(T0 *j, u32 slot, X64Reg dst)
{
    t0_flush_regs(j);
    Method *m = j->m;
    X64Mem ctx = t0_frame(j->ctx_off);
    if (j->w.ctx_kind == 2) {
        u32 n = m->num_generic;
        u8 regs[2] = {X64_RCX, X64_NOREG};
        i64 imms[2] = {0, slot};
        x64_mov_rm(T0B, 8, X64_RCX, ctx);
        x64_mov_rm(T0B, 8, X64_RAX, x64_mem(X64_RCX, (i32)offsetof(Method, dict)));
        X64Label slow = t0_slow_call(j, JIT_HELPER_LOOKUP_METHOD, 2, regs, imms);
        dictionary_slot(j, n, slot, slow);
    } else {
        MethodTable *owner = m->mt;
        u32 n = owner->klass->num_generic, level = owner->klass->num_dicts - 1u;
        u8 regs[3] = {X64_RCX, X64_NOREG, X64_NOREG};
        i64 imms[3] = {0, (i64)owner, slot};
        x64_mov_rm(T0B, 8, X64_RCX, ctx);
        if (j->w.ctx_kind == 3)
            x64_mov_rm(T0B, 8, X64_RCX, x64_mem(X64_RCX, 0));
        x64_mov_rm(T0B, 8, X64_RAX, x64_mem(X64_RCX, (i32)offsetof(MethodTable, perinst)));
        x64_mov_rm(T0B, 8, X64_RAX, x64_mem(X64_RAX, (i32)level * 8));
        X64Label slow = t0_slow_call(j, JIT_HELPER_LOOKUP_MT, 3, regs, imms);
        dictionary_slot(j, n, slot, slow);
    }
    if (dst != X64_RAX)
        x64_mov_rr(T0B, 8, dst, X64_RAX);
}

void t0_exact_type(T0 *j, const SemType *t, X64Reg dst)
{
    if (t->exact.lookup)
        t0_lookup(j, t->exact.slot, dst);
    else
        t0_mov_ptr(j, dst, (const void *)t->th);
}

/* --- allocation -------------------------------------------------------------------------------------------------------------- */
void t0_new_object(T0 *j, MethodTable *mt, X64Reg exact_in)
{
    /* registers are flushed by the caller; result in rax, type in rcx */
    if (exact_in == X64_NOREG)
        t0_mov_ptr(j, X64_RCX, mt);
    else if (exact_in != X64_RCX)
        x64_mov_rr(T0B, 8, X64_RCX, exact_in);
    u32 size = ALIGN_UP(mt->base_size, 8u);
    if ((mt->flags & (MTF_HAS_FINALIZER | MTF_HAS_COMPONENTS)) || size > 4096 || knob_is_set(KNOB_GCSTRESS)) {
        x64_mov_rr(T0B, 8, X64_RDI, X64_RCX);
        t0_call_helper(j, JIT_HELPER_NEW);
        return;
    }
    u8 reg = X64_RCX;
    i64 imm = 0;
    X64Label slow = t0_slow_call(j, JIT_HELPER_NEW, 1, &reg, &imm);
    x64_mov_rm(T0B, 8, X64_RAX, x64_mem(X64_R15, TOFF(alloc_ptr)));
    x64_lea(T0B, 8, X64_RDX, x64_mem(X64_RAX, (i32)size));
    x64_cmp_rm(T0B, 8, X64_RDX, x64_mem(X64_R15, TOFF(alloc_limit)));
    x64_jcc(T0B, X64_A, slow);
    x64_mov_mr(T0B, 8, x64_mem(X64_R15, TOFF(alloc_ptr)), X64_RDX);
    x64_mov_mr(T0B, 8, x64_mem(X64_RAX, 8), X64_RCX);
    x64_add_ri(T0B, 8, X64_RAX, 8);
    t0_slow_back(j);
}

/* --- arrays ------------------------------------------------------------------------------------------------------------------- */
/* Bounds check, then the element's address as an operand. Null faults on the length. */
static X64Mem elem_mem(T0 *j, Val *arr, Val *idx, u32 size)
{
    X64Reg a = t0_reg(j, arr);
    j->locked |= 1u << a;
    if (idx->loc == V_CONST && idx->imm >= 0 && idx->imm < 0x1000000 && (u64)idx->imm * size < 0x40000000) {
        x64_cmp_mi(T0B, 4, x64_mem(a, ARRAY_LENGTH), (i32)idx->imm);
        t0_throw_if(j, X64_BE, JIT_HELPER_THROW_RANGE);
        return x64_mem(a, ARRAY_DATA + (i32)(idx->imm * size));
    }
    X64Reg i = t0_reg(j, idx);
    j->locked |= 1u << i;
    if (idx->kind == SEM_I4) {
        x64_cmp_rm(T0B, 4, i, x64_mem(a, ARRAY_LENGTH));
    } else {
        X64Reg n = t0_gpr(j);
        x64_mov_rm(T0B, 4, n, x64_mem(a, ARRAY_LENGTH));
        x64_cmp_rr(T0B, 8, i, n);
    }
    t0_throw_if(j, X64_AE, JIT_HELPER_THROW_RANGE);
    if (size == 1 || size == 2 || size == 4 || size == 8)
        return x64_mem_sib(a, i, size, ARRAY_DATA);
    X64Reg s = t0_gpr(j);
    x64_imul_rri(T0B, 8, s, i, (i32)size);
    x64_add_rr(T0B, 8, s, a);
    return x64_mem(s, ARRAY_DATA);
}

static void push_args3(T0 *j, Val *a, Val *b, Val *c)
{
    /* values to rdi, rsi, rdx by way of the stack slots: no conflicts */
    if (a)
        t0_push(j, *a);
    if (b)
        t0_push(j, *b);
    if (c)
        t0_push(j, *c);
    u32 n = (a != NULL) + (b != NULL) + (c != NULL);
    t0_flush_regs(j);
    static const u8 regs[3] = {X64_RDI, X64_RSI, X64_RDX};
    for (u32 i = 0; i < n; i++) {
        Val *v = &j->st[j->depth - n + i];
        t0_load_to(j, regs[i], v);
        if (v->kind == SEM_I4 && i == 1)
            x64_movsx_rr(T0B, 8, 4, regs[i], regs[i]);
    }
    j->depth -= n;
    j->locked = 0;
}

void t0_array(T0 *j, const SemInst *in)
{
    const SemElem *e = &in->elem;
    switch (in->op) {
    case SEM_LDLEN: {
        Val a = t0_pop(j);
        X64Reg s = t0_reg(j, &a), r = (j->reserved & (1u << s)) ? t0_gpr(j) : s;
        x64_mov_rm(T0B, 4, r, x64_mem(s, ARRAY_LENGTH));
        t0_push_reg(j, r, SEM_I, 0);
        return;
    }
    case SEM_NEWARR: {
        Val n = t0_pop(j);
        if (e->array.exact.lookup) {
            t0_push(j, n);
            t0_lookup(j, e->array.exact.slot, X64_RAX);
            n = t0_pop(j);
            t0_load_to(j, X64_RSI, &n);
            x64_mov_rr(T0B, 8, X64_RDI, X64_RAX);
        } else {
            t0_flush_regs(j);
            t0_load_to(j, X64_RSI, &n);
            t0_mov_ptr(j, X64_RDI, (const void *)e->array.th);
        }
        if (n.kind == SEM_I4)
            x64_movsx_rr(T0B, 8, 4, X64_RSI, X64_RSI);
        t0_call_helper(j, JIT_HELPER_NEW_ARRAY);
        j->locked = 0;
        t0_push_reg(j, X64_RAX, SEM_REF, in->result.th);
        return;
    }
    case SEM_LDELEM: {
        Val i = t0_pop(j), a = t0_pop(j);
        X64Mem m = elem_mem(j, &a, &i, t0_elem_size(e->type.kind, e->type.th));
        t0_load_mem(j, m, e->type.kind, e->type.th);
        return;
    }
    case SEM_LDELEMA: {
        Val i = t0_pop(j), a = t0_pop(j);
        if (e->type.kind == ET_CLASS && !e->readonly && !e->exact_known) {
            push_args3(j, &a, &i, NULL);
            if (e->type.exact.lookup) { /* keep the two in slots while looking up */
                i32 ta = t0_slot(j, j->depth, SEM_REF, 0), ti = t0_slot(j, j->depth + 1, SEM_I, 0);
                x64_mov_mr(T0B, 8, t0_frame(ta), X64_RDI);
                x64_mov_mr(T0B, 8, t0_frame(ti), X64_RSI);
                t0_lookup(j, e->type.exact.slot, X64_RDX);
                x64_mov_rm(T0B, 8, X64_RDI, t0_frame(ta));
                x64_mov_rm(T0B, 8, X64_RSI, t0_frame(ti));
            } else {
                t0_mov_ptr(j, X64_RDX, (const void *)e->type.th);
            }
            t0_call_helper(j, JIT_HELPER_LDELEMA_REF);
            t0_push_reg(j, X64_RAX, SEM_BYREF, 0);
            return;
        }
        X64Mem m = elem_mem(j, &a, &i, t0_elem_size(e->type.kind, e->type.th));
        X64Reg r = t0_gpr(j);
        x64_lea(T0B, 8, r, m);
        t0_push_reg(j, r, SEM_BYREF, 0);
        return;
    }
    default: { /* SEM_STELEM */
        Val v = t0_pop(j), i = t0_pop(j), a = t0_pop(j);
        if (e->type.kind == ET_CLASS) {
            bool null = v.loc == V_CONST;
            if (null || e->exact_known) {
                X64Mem m = elem_mem(j, &a, &i, 8);
                t0_store_mem(j, m, &v, ET_CLASS, 0, true);
                return;
            }
            push_args3(j, &a, &i, &v);
            t0_call_helper(j, JIT_HELPER_STELEM_REF);
            return;
        }
        u32 size = t0_elem_size(e->type.kind, e->type.th);
        X64Mem m = elem_mem(j, &a, &i, size);
        t0_store_mem(j, m, &v, e->type.kind, e->type.th, true);
        return;
    }
    }
}

/* --- box, unbox, casts --------------------------------------------------------------------------------------------------------- */
/* Where the value of an entry lies in memory: stores it to its slot first if need be. */
static i32 value_in_frame(T0 *j, Val *v, u8 et)
{
    if (v->kind == SEM_VALUE) {
        X64Mem m = t0_struct_mem(j, v);
        return m.disp;
    }
    i32 off = t0_slot(j, j->depth, v->kind, 0);
    if (v->loc == V_SLOT && v->off == off)
        return off;
    t0_store_mem(j, t0_frame(off), v, et, 0, false);
    return off;
}

static void box(T0 *j, const SemInst *in)
{
    const SemType *t = &in->type;
    MethodTable *mt = th_mt(t->th);
    Val v = t0_pop(j);
    u8 et = t->kind == ET_VALUETYPE ? ET_VALUETYPE : t->kind;
    i32 off = value_in_frame(j, &v, et);
    t0_flush_regs(j);
    j->locked = 0;
    if (mt_is_nullable(mt) || mt_has_refs(mt)) {
        t0_exact_type(j, t, X64_RDI);
        x64_lea(T0B, 8, X64_RSI, t0_frame(off));
        t0_call_helper(j, JIT_HELPER_BOX);
    } else {
        X64Reg ex = X64_NOREG;
        if (t->exact.lookup)
            t0_lookup(j, t->exact.slot, ex = X64_RAX);
        t0_new_object(j, mt, ex);
        t0_copy(j, x64_mem(X64_RAX, OBJ_DATA), t0_frame(off), type_size(t->th));
    }
    t0_push_reg(j, X64_RAX, SEM_REF, t->th);
}

void t0_box_cast(T0 *j, const SemInst *in)
{
    const SemType *t = &in->type;
    MethodTable *mt = th_mt(t->th);
    if (in->op == SEM_BOX) {
        box(j, in);
        return;
    }
    if (in->op == SEM_CASTCLASS || in->op == SEM_ISINST) {
        t0_flush_regs(j);
        X64Label done = x64_label(T0B);
        bool exact = !t->exact.lookup && mt && !mt_is_interface(mt) && (mt->flags2 & MT2_SEALED) && !mt_is_array(mt) &&
                     !(mt->flags2 & MT2_HAS_VARIANCE) && !mt_is_nullable(mt);
        if (t->exact.lookup) {
            t0_lookup(j, t->exact.slot, X64_RSI);
        } else {
            t0_mov_ptr(j, X64_RSI, (const void *)t->th);
        }
        Val o = t0_pop(j);
        t0_load_to(j, X64_RAX, &o);
        x64_test_rr(T0B, 8, X64_RAX, X64_RAX);
        x64_jcc(T0B, X64_E, done);
        if (mt || t->exact.lookup) { /* the very type: no call */
            x64_cmp_mr(T0B, 8, x64_mem(X64_RAX, 0), X64_RSI);
            x64_jcc(T0B, X64_E, done);
        }
        if (exact && in->op == SEM_ISINST) {
            x64_zero(T0B, X64_RAX);
        } else if (in->op == SEM_ISINST && mt && !t->exact.lookup && mt_is_interface(mt) && !(mt->flags2 & MT2_HAS_VARIANCE)) {
            x64_mov_rr(T0B, 8, X64_RDI, X64_RAX);
            t0_call_helper(j, JIT_HELPER_ISINST);
        } else {
            x64_mov_rr(T0B, 8, X64_RDI, X64_RAX);
            t0_call_helper(j, in->op == SEM_ISINST ? JIT_HELPER_ISINST : JIT_HELPER_CAST);
        }
        x64_bind(T0B, done);
        j->locked = 0;
        t0_push_reg(j, X64_RAX, SEM_REF, t->exact.lookup ? 0 : t->th);
        return;
    }
    /* UNBOX, UNBOX_ANY of a value type */
    if (mt_is_nullable(mt)) {
        i32 off = t0_struct_temp(j, j->depth - 1, t->th);
        Val *o = t0_top(j, 0);
        if (o->loc == V_REG)
            t0_flush_regs(j);
        t0_flush_regs(j);
        t0_exact_type(j, t, X64_RSI);
        Val v = t0_pop(j);
        t0_load_to(j, X64_RDX, &v);
        x64_lea(T0B, 8, X64_RDI, t0_frame(off));
        t0_call_helper(j, JIT_HELPER_UNBOX_NULLABLE);
        j->locked = 0;
        if (in->op == SEM_UNBOX)
            t0_push(j, (Val){.kind = SEM_BYREF, .loc = V_ADDR, .off = off});
        else
            t0_push_slot(j, off, SEM_VALUE, t->th);
        return;
    }
    t0_flush_regs(j);
    t0_exact_type(j, t, X64_RSI);
    Val o = t0_pop(j);
    t0_load_to(j, X64_RDI, &o);
    X64Label slow_done = x64_label(T0B), same = x64_label(T0B);
    x64_cmp_mr(T0B, 8, x64_mem(X64_RDI, 0), X64_RSI); /* null faults */
    x64_jcc(T0B, X64_E, same);
    t0_call_helper(j, JIT_HELPER_UNBOX); /* enums and their underlying types, or InvalidCast */
    x64_jmp(T0B, slow_done);
    x64_bind(T0B, same);
    x64_lea(T0B, 8, X64_RAX, x64_mem(X64_RDI, OBJ_DATA));
    x64_bind(T0B, slow_done);
    j->locked = 1u << X64_RAX;
    if (in->op == SEM_UNBOX)
        t0_push_reg(j, X64_RAX, SEM_BYREF, 0);
    else
        t0_load_mem(j, x64_mem(X64_RAX, 0), t->kind, t->th);
}

/* --- literals and tokens --------------------------------------------------------------------------------------------------------- */
static void push_type_object(T0 *j, const SemType *t)
{
    if (t->exact.lookup) {
        t0_flush_regs(j);
        t0_exact_type(j, t, X64_RDI);
        t0_call_helper(j, JIT_HELPER_TYPE_OBJECT);
        t0_push_reg(j, X64_RAX, SEM_REF, 0);
        return;
    }
    if (jit_env.neutral) {
        if (th_is_desc(t->th))
            domain_value(j, DOMAIN_TABLE, jit_env.desc_index(th_desc(t->th)) * 8, JIT_HELPER_TYPE_OBJECT, (i64)t->th, 0);
        else
            domain_type_value(j, th_mt(t->th), offsetof(DomainType, object), JIT_HELPER_TYPE_OBJECT);
        t0_push_reg(j, X64_RAX, SEM_REF, 0);
        return;
    }
    X64Reg r = t0_gpr(j);
    x64_mov_ri(T0B, 8, r, (i64)jit_env.type_object(t->th));
    t0_push_reg(j, r, SEM_REF, 0);
}

void t0_token(T0 *j, const SemInst *in)
{
    if (in->op == SEM_TYPEOF) {
        push_type_object(j, &in->type);
        return;
    }
    TypeHandle hth = in->result.th;
    i32 off;
    if (in->op == SEM_RVASPAN) {
        Field *f = in->token.f;
        off = t0_struct_temp(j, j->depth, hth);
        X64Reg r = rva_data(j, f);
        x64_mov_mr(T0B, 8, t0_frame(off), r);
        x64_mov_mi(T0B, 8, t0_frame(off + 8), (i32)(type_size(type_field_type(f->mt, f, j->e)) / type_size(in->token.type.th)));
        t0_push_slot(j, off, SEM_VALUE, hth);
        return;
    }
    if (in->token.what == 0) {
        push_type_object(j, &in->token.type);
    } else {
        t0_flush_regs(j);
        bool method = in->token.what == 1;
        if (method) {
            if (in->token.exact.lookup)
                t0_lookup(j, in->token.exact.slot, X64_RDI);
            else
                t0_mov_ptr(j, X64_RDI, in->token.m);
            t0_call_helper(j, JIT_HELPER_METHOD_HANDLE);
        } else {
            if (in->token.exact.lookup)
                t0_lookup(j, in->token.exact.slot, X64_RSI); /* the exact owner */
            else
                t0_mov_ptr(j, X64_RSI, in->token.type.th ? (const void *)in->token.type.th : in->token.f->mt);
            t0_mov_ptr(j, X64_RDI, in->token.f);
            t0_call_helper(j, JIT_HELPER_FIELD_HANDLE);
        }
        t0_push_reg(j, X64_RAX, SEM_REF, 0);
    }
    Val v = t0_pop(j);
    off = t0_struct_temp(j, j->depth, hth);
    t0_store_mem(j, t0_frame(off), &v, ET_CLASS, 0, false);
    t0_push_slot(j, off, SEM_VALUE, hth);
}

void t0_ldstr(T0 *j, const SemInst *in)
{
    if (jit_env.neutral && !in->str.literal && !in->str.stub) { /* the body of a dynamic method is its domain's own */
        u32 index = jit_env.literal_index(in->str.module, in->str.token, NULL);
        domain_value(j, DOMAIN_TABLE, index * 8, JIT_HELPER_STRING_LITERAL, (i64)in->str.module, in->str.token);
        t0_push_reg(j, X64_RAX, SEM_REF, th_of(type_wk(WK_STRING)));
        return;
    }
    Object *s = in->str.literal ? in->str.literal : jit_env.string_literal(in->str.module, in->str.token, in->str.stub);
    X64Reg r = t0_gpr(j);
    x64_mov_ri(T0B, 8, r, (i64)s);
    t0_push_reg(j, r, SEM_REF, th_of(type_wk(WK_STRING)));
}

/* --- typed references: {byref value, type handle} --------------------------------------------------------------------------------- */
void t0_typedref(T0 *j, const SemInst *in)
{
    TypeHandle tr = th_of(type_wk(WK_TYPEDREFERENCE));
    if (in->op == SEM_MKREFANY) {
        t0_flush_regs(j);
        t0_exact_type(j, &in->type, X64_RAX);
        Val a = t0_pop(j);
        i32 off = t0_struct_temp(j, j->depth, tr);
        x64_mov_mr(T0B, 8, t0_frame(off + 8), X64_RAX);
        t0_load_to(j, X64_RCX, &a);
        x64_mov_mr(T0B, 8, t0_frame(off), X64_RCX);
        j->locked = 0;
        t0_push_slot(j, off, SEM_VALUE, tr);
        return;
    }
    if (in->op == SEM_REFANYVAL) {
        t0_flush_regs(j);
        t0_exact_type(j, &in->type, X64_RSI);
        Val a = t0_pop(j);
        x64_lea(T0B, 8, X64_RDI, t0_struct_mem(j, &a));
        t0_call_helper(j, JIT_HELPER_TYPEDREF_TYPE);
        t0_push_reg(j, X64_RAX, SEM_BYREF, 0);
        return;
    }
    /* refanytype: RuntimeTypeHandle {RuntimeType} */
    Val a = t0_pop(j);
    X64Mem m = t0_struct_mem(j, &a);
    t0_flush_regs(j);
    x64_mov_rm(T0B, 8, X64_RDI, x64_mem_add(m, 8));
    t0_call_helper(j, JIT_HELPER_TYPE_OBJECT);
    i32 off = t0_struct_temp(j, j->depth, in->result.th);
    x64_mov_mr(T0B, 8, t0_frame(off), X64_RAX);
    t0_push_slot(j, off, SEM_VALUE, in->result.th);
}
