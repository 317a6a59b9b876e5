/* jit_t0_vals.c: the virtual evaluation stack: where values are, scratch registers, spilling.
 * Invariant: owner[r] is the stack index + 1 of the entry that lies in r; locked registers belong to operands already popped.
 * Not here: what instructions do (jit_t0_ops.c and friends).  Book: jit.md  Tests: tests/il/ */
#include "jit/x64/jit_t0.h"

#define GPR_SCRATCH                                                                                                    \
    ((1u << X64_RAX) | (1u << X64_RCX) | (1u << X64_RDX) | (1u << X64_RSI) | (1u << X64_RDI) | (1u << X64_R8) |        \
     (1u << X64_R9) | (1u << X64_R10) | (1u << X64_R11))
/* xmm14 and xmm15 are for copies inside one instruction */
#define XMM_SCRATCH 0x3fff0000u

Val *t0_top(T0 *j, u32 down)
{
    CHECK(j->depth > down);
    return &j->st[j->depth - 1 - down];
}

Val t0_pop(T0 *j)
{
    CHECK(j->depth > 0);
    Val v = j->st[--j->depth];
    if (v.loc == V_REG || v.loc == V_XMM) {
        j->owner[v.reg] = 0;
        j->locked |= 1u << v.reg;
    }
    return v;
}

void t0_push(T0 *j, Val v)
{
    CHECK(j->depth < j->cap);
    if (v.loc == V_REG || v.loc == V_XMM) {
        DCHECK(!(j->reserved & (1u << v.reg)));
        j->owner[v.reg] = (u16)(j->depth + 1);
    }
    j->st[j->depth++] = v;
}

void t0_push_reg(T0 *j, X64Reg r, u8 kind, TypeHandle th)
{
    t0_push(j, (Val){.kind = kind, .loc = r >= X64_XMM0 ? V_XMM : V_REG, .reg = (u8)r, .th = th});
}

void t0_push_slot(T0 *j, i32 off, u8 kind, TypeHandle th)
{
    t0_push(j, (Val){.kind = kind, .loc = V_SLOT, .off = off, .th = th});
}

void t0_push_const(T0 *j, u8 kind, i64 bits)
{
    t0_push(j, (Val){.kind = kind, .loc = V_CONST, .imm = bits});
}

void t0_end_inst(T0 *j) { j->locked = 0; }

/* Kind of the temporary slot: plain, reference, interior pointer. */
i32 t0_slot(T0 *j, u32 depth, u8 kind, TypeHandle th)
{
    if (kind == SEM_VALUE)
        return t0_struct_temp(j, depth, th);
    i32 *tab = kind == SEM_REF ? j->tmp_ref : kind == SEM_BYREF ? j->tmp_int : j->tmp_plain;
    if (tab[depth] == 0) {
        tab[depth] = t0_alloc(j, 8);
        t0_describe(j, tab[depth], kind, 0, false, false, true);
    }
    return tab[depth];
}

i32 t0_struct_temp(T0 *j, u32 depth, TypeHandle th)
{
    th = th_of(((MethodTable *)th)->aux->canon); /* predecessors of a block may know it exactly, or over __Canon */
    for (u32 i = 0; i < j->temps.len; i++)
        if (j->temps.data[i].depth == depth && j->temps.data[i].th == th)
            return j->temps.data[i].off;
    T0Temp t = {depth, th, t0_alloc(j, ALIGN_UP(type_size(th), 8u))};
    t0_describe(j, t.off, ET_VALUETYPE, th, false, false, false);
    vec_push(&j->temps, t);
    return t.off;
}

X64Mem t0_struct_mem(T0 *j, const Val *v)
{
    if (v->loc == V_HOME)
        return t0_frame(j->homes[v->home].off);
    CHECK(v->loc == V_SLOT);
    return t0_frame(v->off);
}

static void store_kind(T0 *j, X64Mem m, const Val *v)
{
    if (v->loc == V_XMM) {
        if (v->kind == SEM_F4)
            x64_movss_mx(T0B, m, v->reg);
        else
            x64_movsd_mx(T0B, m, v->reg);
    } else {
        x64_mov_mr(T0B, t0_kind_size(v->kind), m, v->reg);
    }
}

/* Moves the entry, which lies in a register, to its slot. */
static void spill_entry(T0 *j, u32 index)
{
    Val *v = &j->st[index];
    i32 off = t0_slot(j, index, v->kind, v->th);
    store_kind(j, t0_frame(off), v);
    j->owner[v->reg] = 0;
    v->loc = V_SLOT;
    v->off = off;
}

static X64Reg pick(T0 *j, u32 set)
{
    u32 free_set = set & ~j->reserved & ~j->locked;
    for (u32 s = free_set; s; s &= s - 1) {
        u32 r = (u32)__builtin_ctz(s);
        if (j->owner[r] == 0) {
            j->locked |= 1u << r;
            return (X64Reg)r;
        }
    }
    u32 best = 0xffff, best_reg = X64_NOREG; /* spill the deepest entry */
    for (u32 s = free_set; s; s &= s - 1) {
        u32 r = (u32)__builtin_ctz(s);
        if (j->owner[r] < best)
            best = j->owner[r], best_reg = r;
    }
    CHECK(best_reg != X64_NOREG);
    spill_entry(j, best - 1);
    j->locked |= 1u << best_reg;
    return (X64Reg)best_reg;
}

X64Reg t0_gpr(T0 *j) { return pick(j, GPR_SCRATCH); }
X64Reg t0_gpr_in(T0 *j, u32 set) { return pick(j, set); }
X64Reg t0_xmm(T0 *j) { return pick(j, XMM_SCRATCH); }

void t0_take(T0 *j, X64Reg r)
{
    u32 o = j->owner[r];
    if (o) {
        /* move to another register when there is one, else spill */
        Val *v = &j->st[o - 1];
        u32 set = (r >= X64_XMM0 ? XMM_SCRATCH : GPR_SCRATCH) & ~j->reserved & ~j->locked & ~(1u << r);
        X64Reg to = X64_NOREG;
        for (u32 s = set; s; s &= s - 1)
            if (j->owner[__builtin_ctz(s)] == 0) {
                to = (X64Reg)__builtin_ctz(s);
                break;
            }
        if (to == X64_NOREG) {
            spill_entry(j, o - 1);
        } else {
            if (r >= X64_XMM0)
                x64_movaps_xx(T0B, to, r);
            else
                x64_mov_rr(T0B, 8, to, r);
            j->owner[to] = (u16)o;
            j->owner[r] = 0;
            v->reg = (u8)to;
        }
    }
    j->locked |= 1u << r;
}

void t0_mov_ptr(T0 *j, X64Reg r, const void *p)
{
    if (os_span_contains(p))
        x64_lea(T0B, 8, r, x64_mem_abs(p));
    else
        x64_mov_ri(T0B, 8, r, (i64)p);
}

/* Load of a home with its element type's width. */
static void load_home(T0 *j, X64Reg r, const Home *h)
{
    if (h->reg != X64_NOREG) {
        if (h->is_xmm)
            x64_movaps_xx(T0B, r, h->reg);
        else
            x64_mov_rr(T0B, h->kind == SEM_I4 ? 4 : 8, r, h->reg);
        return;
    }
    X64Mem m = t0_frame(h->off);
    switch (h->et) {
    case ET_I1: x64_movsx_rm(T0B, 4, 1, r, m); break;
    case ET_BOOLEAN:
    case ET_U1: x64_movzx_rm(T0B, 1, r, m); break;
    case ET_I2: x64_movsx_rm(T0B, 4, 2, r, m); break;
    case ET_CHAR:
    case ET_U2: x64_movzx_rm(T0B, 2, r, m); break;
    case ET_R4: x64_movss_xm(T0B, r, m); break;
    case ET_R8: x64_movsd_xm(T0B, r, m); break;
    default: x64_mov_rm(T0B, h->kind == SEM_I4 ? 4 : 8, r, m); break;
    }
}

void t0_load_to(T0 *j, X64Reg r, const Val *v)
{
    bool x = r >= X64_XMM0;
    switch (v->loc) {
    case V_CONST:
        if (x) {
            if (v->imm == 0) {
                x64_xorps_xx(T0B, r, r);
            } else { /* through memory: keeps every general register */
                X64Reg s = X64_R11;
                bool busy = j->owner[s] || ((j->locked | j->reserved) & (1u << s));
                if (busy)
                    x64_movd_xr(T0B, 8, X64_XMM15, s);
                x64_mov_ri(T0B, 8, s, v->kind == SEM_F4 ? (i64)(u32)v->imm : v->imm);
                x64_movd_xr(T0B, 8, r, s);
                if (busy)
                    x64_movd_rx(T0B, 8, s, X64_XMM15);
            }
        } else if (v->kind == SEM_I4) {
            x64_mov_ri(T0B, 4, r, (i64)(u32)v->imm);
        } else {
            x64_mov_ri(T0B, 8, r, v->imm);
        }
        break;
    case V_HOME: load_home(j, r, &j->homes[v->home]); break;
    case V_ADDR: x64_lea(T0B, 8, r, t0_frame(v->off)); break;
    case V_REG:
        if (v->reg != r)
            x64_mov_rr(T0B, v->kind == SEM_I4 ? 4 : 8, r, v->reg);
        break;
    case V_XMM:
        if (v->reg != r)
            x64_movaps_xx(T0B, r, v->reg);
        break;
    case V_SLOT:
        if (x) {
            if (v->kind == SEM_F4)
                x64_movss_xm(T0B, r, t0_frame(v->off));
            else
                x64_movsd_xm(T0B, r, t0_frame(v->off));
        } else {
            x64_mov_rm(T0B, t0_kind_size(v->kind), r, t0_frame(v->off));
        }
        break;
    default: UNREACHABLE();
    }
}

static X64Reg load_into(T0 *j, Val *v, X64Reg r, u8 loc)
{
    t0_load_to(j, r, v);
    v->loc = loc;
    v->reg = (u8)r;
    return r;
}

X64Reg t0_reg(T0 *j, Val *v)
{
    if (v->loc == V_REG)
        return v->reg;
    if (v->loc == V_HOME && j->homes[v->home].reg != X64_NOREG && !j->homes[v->home].is_xmm)
        return j->homes[v->home].reg;
    return t0_own(j, v);
}

X64Reg t0_own(T0 *j, Val *v)
{
    if (v->loc == V_REG)
        return v->reg;
    return load_into(j, v, t0_gpr(j), V_REG);
}

X64Reg t0_own_in(T0 *j, Val *v, X64Reg r)
{
    if (v->loc == V_REG && v->reg == r)
        return r;
    t0_take(j, r);
    return load_into(j, v, r, V_REG);
}

X64Reg t0_xreg(T0 *j, Val *v)
{
    if (v->loc == V_XMM)
        return v->reg;
    if (v->loc == V_HOME && j->homes[v->home].is_xmm)
        return j->homes[v->home].reg;
    return t0_xown(j, v);
}

X64Reg t0_xown(T0 *j, Val *v)
{
    if (v->loc == V_XMM)
        return v->reg;
    return load_into(j, v, t0_xmm(j), V_XMM);
}

bool t0_is_mem(T0 *j, const Val *v, X64Mem *m)
{
    if (v->loc == V_SLOT && v->kind != SEM_VALUE) {
        *m = t0_frame(v->off);
        return true;
    }
    if (v->loc == V_HOME) {
        const Home *h = &j->homes[v->home];
        if (h->reg != X64_NOREG || h->kind == SEM_VALUE || h->size < t0_kind_size(h->kind))
            return false;
        *m = t0_frame(h->off);
        return true;
    }
    return false;
}

void t0_flush_regs(T0 *j) { t0_flush_below(j, 0); }

void t0_flush_below(T0 *j, u32 keep_top)
{
    for (u32 i = 0; i + keep_top < j->depth; i++)
        if (j->st[i].loc == V_REG || j->st[i].loc == V_XMM)
            spill_entry(j, i);
}

/* Puts one entry into its canonical slot; uses only moves, so that flags survive. */
static void flush_entry(T0 *j, u32 i)
{
    Val *v = &j->st[i];
    if (v->kind == SEM_VALUE) {
        i32 off = t0_struct_temp(j, i, v->th);
        if (v->loc == V_SLOT && v->off == off)
            return;
        t0_copy(j, t0_frame(off), t0_struct_mem(j, v), type_size(v->th));
        v->loc = V_SLOT;
        v->off = off;
        return;
    }
    i32 off = t0_slot(j, i, v->kind, 0);
    if (v->loc == V_SLOT && v->off == off)
        return;
    if (v->loc == V_REG || v->loc == V_XMM) {
        spill_entry(j, i);
        return;
    }
    if (v->loc == V_CONST && (v->kind == SEM_I4 || (i64)(i32)v->imm == v->imm) && v->kind != SEM_F8) {
        x64_mov_mi(T0B, t0_kind_size(v->kind), t0_frame(off), (i32)v->imm);
    } else if (t0_is_float(v->kind) && v->loc != V_CONST) {
        t0_load_to(j, X64_XMM15, v);
        Val x = {.kind = v->kind, .loc = V_XMM, .reg = X64_XMM15};
        store_kind(j, t0_frame(off), &x);
    } else {
        u32 keep = j->locked;
        X64Reg r = t0_gpr(j);
        if (t0_is_float(v->kind))
            x64_mov_ri(T0B, 8, r, v->imm);
        else
            t0_load_to(j, r, v);
        x64_mov_mr(T0B, t0_kind_size(v->kind), t0_frame(off), r);
        j->locked = keep;
    }
    v->loc = V_SLOT;
    v->off = off;
}

void t0_flush(T0 *j)
{
    for (u32 i = 0; i < j->depth; i++)
        flush_entry(j, i);
}

void t0_home_changes(T0 *j, u32 home)
{
    for (u32 i = 0; i < j->depth; i++)
        if (j->st[i].loc == V_HOME && j->st[i].home == home)
            flush_entry(j, i);
}

void t0_settle_cc(T0 *j)
{
    if (j->depth == 0 || j->st[j->depth - 1].loc != V_CC)
        return;
    Val v = j->st[--j->depth];
    X64Reg r = t0_gpr(j); /* may spill: moves only */
    x64_setcc_r(T0B, v.reg, r);
    if (v.fcc) {
        X64Reg s = t0_gpr(j);
        x64_setcc_r(T0B, v.fcc == 1 ? X64_NP : X64_P, s);
        if (v.fcc == 1)
            x64_and_rr(T0B, 1, r, s);
        else
            x64_or_rr(T0B, 1, r, s);
    }
    x64_movzx_rr(T0B, 1, r, r);
    t0_push_reg(j, r, SEM_I4, 0);
}
