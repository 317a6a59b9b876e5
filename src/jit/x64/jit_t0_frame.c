/* jit_t0_frame.c: frame layout, reference maps, prologue, epilogue, out-of-line paths, the IL map.
 * Out-of-line paths (throws, polls, misses) are emitted after the body; the IL map says which instruction each belongs to, and exception clauses are
 * matched by IL offset, so that they need not lie inside the native range of their try.
 * Book: jit.md  Tests: tests/il/ */
#include "jit/x64/jit_t0.h"
#include <stdlib.h>

i32 t0_alloc(T0 *j, u32 bytes)
{
    j->frame += (i32)ALIGN_UP(bytes, 8u);
    return -j->frame;
}

static void add_slot(T0 *j, i32 off, u8 kind, bool home)
{
    FrameSlot s = {.offset = off, .kind = kind, .home = home};
    vec_push(&j->slots, s);
    if (off < 0)
        vec_push(&j->zero, off);
}

void t0_describe(T0 *j, i32 off, u8 kind, TypeHandle th, bool home, bool pinned, bool is_sem_kind)
{
    u8 ref = pinned ? GC_SLOT_PINNED_REF : GC_SLOT_REF, interior = pinned ? GC_SLOT_PINNED_INTERIOR : GC_SLOT_INTERIOR;
    if (is_sem_kind) {
        if (kind == SEM_REF)
            add_slot(j, off, ref, home);
        else if (kind == SEM_BYREF)
            add_slot(j, off, interior, home);
        return;
    }
    switch (kind) {
    case ET_CLASS: add_slot(j, off, ref, home); break;
    case ET_BYREF: add_slot(j, off, interior, home); break;
    case ET_TYPEDBYREF: add_slot(j, off, interior, home); break;
    case ET_VALUETYPE: {
        TypeRefRun few[16], *runs = few;
        u32 n = type_value_refs(th_mt(th), few, 16);
        if (n > 16) {
            runs = ARENA_NEW_ARRAY(j->a, TypeRefRun, n);
            type_value_refs(th_mt(th), runs, n);
        }
        for (u32 i = 0; i < n; i++)
            add_slot(j, off + (i32)runs[i].offset, runs[i].interior ? interior : ref, home);
        break;
    }
    default: break;
    }
}

static const X64Reg arg_gpr[6] = {X64_RDI, X64_RSI, X64_RDX, X64_RCX, X64_R8, X64_R9};

/* Takes the next place for a value of the type (System V §3.2.3). */
void t0_place(T0Args *p, u8 et, TypeHandle th, T0Arg *out)
{
    *out = (T0Arg){0};
    out->size = 8;
    if (et == ET_VALUETYPE || et == ET_TYPEDBYREF) {
        const TypeAbi *abi;
        TypeAbi refany = {2, {ABI_INT, ABI_INT}, {8, 8}};
        if (et == ET_TYPEDBYREF) {
            abi = &refany;
            out->size = 16;
        } else {
            abi = type_abi(th_mt(th));
            out->size = type_size(th);
        }
        u32 g = 0, x = 0;
        for (u32 i = 0; i < abi->n; i++)
            abi->cls[i] == ABI_SSE ? x++ : g++;
        if (abi->n && p->gpr + g <= 6 && p->xmm + x <= 8) {
            out->n = abi->n;
            for (u32 i = 0; i < abi->n; i++) {
                out->reg[i] = abi->cls[i] == ABI_SSE ? (u8)(X64_XMM0 + p->xmm++) : (u8)arg_gpr[p->gpr++];
                out->bytes[i] = abi->bytes[i];
            }
            return;
        }
    } else if (et == ET_R4 || et == ET_R8) {
        if (p->xmm < 8) {
            out->n = 1;
            out->reg[0] = (u8)(X64_XMM0 + p->xmm++);
            out->bytes[0] = et == ET_R4 ? 4 : 8;
            return;
        }
    } else if (p->gpr < 6) {
        out->n = 1;
        out->reg[0] = (u8)arg_gpr[p->gpr++];
        out->bytes[0] = 8;
        return;
    }
    if (et == ET_VALUETYPE && type_align(th) == 16)
        p->stack = ALIGN_UP(p->stack, 16u);
    out->stack = p->stack;
    p->stack += ALIGN_UP(out->size, 8u);
}

u32 t0_elem_size(u8 et, TypeHandle th)
{
    switch (et) {
    case ET_BOOLEAN: case ET_I1: case ET_U1: return 1;
    case ET_CHAR: case ET_I2: case ET_U2: return 2;
    case ET_I4: case ET_U4: case ET_R4: return 4;
    case ET_VALUETYPE: return type_size(th);
    case ET_TYPEDBYREF: return 16;
    default: return 8;
    }
}

static SemLocal *local_of(T0 *j, u32 home) { return home < j->num_args ? &j->w.args[home] : &j->w.locals[home - j->num_args]; }

typedef bool (*HomeFilter)(const Home *h);
static bool plain_int(const Home *h) { return h->kind == SEM_I4 || h->kind == SEM_I8 || h->kind == SEM_I; }
static bool any_word(const Home *h) { return plain_int(h) || h->kind == SEM_REF || h->kind == SEM_BYREF; }
static bool float_home(const Home *h) { return t0_is_float(h->kind); }

/* Gives the n registers to the most used homes that pass the filter and have more than `least` uses; returns how many were given. */
static u32 give_registers(T0 *j, const u8 *regs, u32 n, u32 least, HomeFilter filter)
{
    for (u32 k = 0; k < n; k++) {
        u32 best = least, at = UINT32_MAX;
        for (u32 i = 0; i < j->num_homes; i++) {
            SemLocal *l = local_of(j, i);
            Home *h = &j->homes[i];
            if (h->reg == X64_NOREG && !h->taken && !h->pinned && !l->in_handler && l->uses > best && filter(h))
                best = l->uses, at = i;
        }
        if (at == UINT32_MAX)
            return k;
        j->homes[at].reg = regs[k];
        j->homes[at].is_xmm = regs[k] >= X64_XMM0;
        j->reserved |= 1u << regs[k];
    }
    return n;
}

/* The hottest plain homes go to rbx, r12, r13, r14 (D2): never references, never where a handler or filter could look. In a leaf that reaches
 * no safepoint, homes of every kind stay in scratch registers. */
static void choose_registers(T0 *j)
{
    static const u8 saved[4] = {X64_RBX, X64_R12, X64_R13, X64_R14};
    static const u8 scratch[3] = {X64_R11, X64_R10, X64_R9};
    static const u8 xmm[6] = {X64_XMM8, X64_XMM9, X64_XMM10, X64_XMM11, X64_XMM12, X64_XMM13};
    j->saved_mask = 0;
    if (j->w.has_catch)
        return;
    if (j->leaf || j->float_homes)
        give_registers(j, xmm, 6, j->leaf ? 0 : 3, float_home);
    if (j->leaf) {
        T0Args p = {.gpr = j->ret_in_memory + (j->w.ctx_kind == 1 || j->w.ctx_kind == 2)};
        for (u32 i = 0; i < j->num_args; i++) {
            T0Arg a;
            t0_place(&p, j->homes[i].et, j->homes[i].th, &a);
        }
        bool few = p.gpr <= 5; /* r9 brings no argument */
        give_registers(j, scratch, few ? 3 : 2, 0, any_word); /* six stay scratch */
        return;
    }
    u32 n = give_registers(j, saved, 4, 3, plain_int);
    j->saved_mask = (1u << n) - 1;
}

bool t0_setup_homes(T0 *j)
{
    j->num_args = j->w.num_args;
    j->num_homes = j->w.num_args + j->w.num_locals;
    j->homes = ARENA_NEW_ARRAY(j->a, Home, j->num_homes + 1);
    for (u32 i = 0; i < j->num_homes; i++) {
        SemLocal *l = i < j->num_args ? &j->w.args[i] : &j->w.locals[i - j->num_args];
        Home *h = &j->homes[i];
        h->et = l->type.kind;
        h->kind = l->kind;
        h->th = l->type.th;
        h->taken = l->address_taken;
        h->pinned = l->type.pinned || l->pinned;
        h->reg = X64_NOREG;
        if (h->et == ET_TYPEDBYREF)
            h->th = th_of(type_wk(WK_TYPEDREFERENCE));
        h->size = t0_elem_size(h->et, h->th);
    }
    choose_registers(j);
    u32 saved = (j->w.has_catch ? 0xfu : j->saved_mask);
    if (saved) {
        j->saved_off = t0_alloc(j, 32) + 24; /* rbx at saved_off, the others below it */
        j->saved_mask = saved;
    }
    if (j->float_homes)
        j->xmm_save = t0_alloc(j, 48);
    if (j->w.ctx_kind)
        j->ctx_off = t0_alloc(j, 8);
    if (j->w.ctx_kind == 3)
        add_slot(j, j->ctx_off, GC_SLOT_REF, true);
    if (j->ret_in_memory)
        j->retbuf_off = t0_alloc(j, 8);
    if (j->m->flags & MF_SYNCHRONIZED) {
        j->sync_off = t0_alloc(j, 8);
        add_slot(j, j->sync_off, GC_SLOT_REF, true);
    }
    /* arguments on the stack stay where the caller put them */
    T0Args p = {0};
    bool has_this = j->sig->has_this && !j->sig->explicit_this;
    if (!has_this) {
        p.gpr += j->ret_in_memory;
        p.gpr += j->w.ctx_kind == 1 || j->w.ctx_kind == 2;
    }
    for (u32 i = 0; i < j->num_homes; i++) {
        Home *h = &j->homes[i];
        if (i < j->num_args) {
            T0Arg a;
            t0_place(&p, h->et, h->th, &a);
            if (i == 0 && has_this) {
                p.gpr += j->ret_in_memory;
                p.gpr += j->w.ctx_kind == 1 || j->w.ctx_kind == 2;
            }
            j->incoming = p.stack;
            if (a.n == 0) {
                h->off = 16 + (i32)a.stack;
                if (h->reg == X64_NOREG)
                    t0_describe(j, h->off, h->et, h->th, true, h->pinned, false);
                continue;
            }
        }
        if (h->reg != X64_NOREG)
            continue;
        h->off = t0_alloc(j, h->size);
        t0_describe(j, h->off, h->et, h->th, true, h->pinned, false);
    }
    return true;
}

static void load_home_reg(T0 *j, Home *h, X64Reg src, bool from_mem)
{
    u32 n = MIN(h->size, 8u);
    bool is_signed = h->et == ET_I1 || h->et == ET_I2;
    X64Mem m = t0_frame(h->off);
    if (h->is_xmm) {
        if (!from_mem)
            x64_movaps_xx(T0B, h->reg, src);
        else
            h->et == ET_R4 ? x64_movss_xm(T0B, h->reg, m) : x64_movsd_xm(T0B, h->reg, m);
    } else if (n >= 4) {
        if (from_mem)
            x64_mov_rm(T0B, n, h->reg, m);
        else
            x64_mov_rr(T0B, n, h->reg, src);
    } else if (is_signed) {
        from_mem ? x64_movsx_rm(T0B, 4, n, h->reg, m) : x64_movsx_rr(T0B, 4, n, h->reg, src);
    } else {
        from_mem ? x64_movzx_rm(T0B, n, h->reg, m) : x64_movzx_rr(T0B, n, h->reg, src);
    }
}

static void home_arguments(T0 *j)
{
    bool has_this = j->sig->has_this && !j->sig->explicit_this;
    T0Args p = {0};
    X64Reg retbuf = X64_NOREG, ctx = X64_NOREG;
    bool ctx_arg = j->w.ctx_kind == 1 || j->w.ctx_kind == 2;
    for (u32 i = 0; i <= j->num_args; i++) {
        if ((i == 0 && !has_this) || (i == 1 && has_this)) {
            if (j->ret_in_memory)
                retbuf = arg_gpr[p.gpr++];
            if (ctx_arg)
                ctx = arg_gpr[p.gpr++];
        }
        if (i == j->num_args)
            break;
        Home *h = &j->homes[i];
        T0Arg a;
        t0_place(&p, h->et, h->th, &a);
        if (a.n == 0) {
            if (h->reg != X64_NOREG)
                load_home_reg(j, h, X64_NOREG, true);
            continue;
        }
        if (h->reg != X64_NOREG) {
            load_home_reg(j, h, a.reg[0], false);
            continue;
        }
        for (u32 k = 0; k < a.n; k++) {
            X64Mem m = t0_frame(h->off + (i32)k * 8);
            /* homes are whole 8-byte words, so storing all of the register is safe */
            if (a.reg[k] >= X64_XMM0)
                x64_movsd_mx(T0B, m, a.reg[k]);
            else
                x64_mov_mr(T0B, 8, m, a.reg[k]);
        }
    }
    if (retbuf != X64_NOREG)
        x64_mov_mr(T0B, 8, t0_frame(j->retbuf_off), retbuf);
    if (ctx != X64_NOREG)
        x64_mov_mr(T0B, 8, t0_frame(j->ctx_off), ctx);
    if (j->w.ctx_kind == 3)
        x64_mov_mr(T0B, 8, t0_frame(j->ctx_off), X64_RDI);
}

static int by_offset(const void *a, const void *b) { return *(const i32 *)a < *(const i32 *)b ? -1 : *(const i32 *)a > *(const i32 *)b; }

/* Many scattered slots: the whole frame is zeroed at once, before anything is stored in it. */
static bool zero_whole_frame(T0 *j) { return j->zero.len > 48; }

/* Zeroes the words in j->zero but those that an argument was just stored to. */
static void zero_slots(T0 *j, bool whole)
{
    /* locals' plain words too, when the body asks for it */
    for (u32 i = j->num_args; i < j->num_homes; i++) {
        Home *h = &j->homes[i];
        if (h->reg != X64_NOREG) {
            if (h->is_xmm)
                x64_xorps_xx(T0B, h->reg, h->reg);
            else
                x64_zero(T0B, h->reg);
            continue;
        }
        if (j->w.body.init_locals && !whole)
            for (u32 k = 0; k < h->size; k += 8)
                vec_push(&j->zero, h->off + (i32)k);
    }
    if (whole)
        return;
    for (u32 i = 0; i < j->zero.len; i++) /* arguments are not zeroed */
        for (u32 k = 0; k < j->num_args; k++) {
            Home *h = &j->homes[k];
            if (h->reg == X64_NOREG && h->off < 0 && j->zero.data[i] >= h->off && j->zero.data[i] < h->off + (i32)h->size)
                j->zero.data[i] = 0;
        }
    if (j->w.ctx_kind == 3)
        for (u32 i = 0; i < j->zero.len; i++)
            if (j->zero.data[i] == j->ctx_off)
                j->zero.data[i] = 0;
    if (j->zero.len)
        qsort(j->zero.data, j->zero.len, sizeof(i32), by_offset);
    u32 n = 0; /* unique, non-zero */
    for (u32 i = 0; i < j->zero.len; i++)
        if (j->zero.data[i] != 0 && (n == 0 || j->zero.data[n - 1] != j->zero.data[i]))
            j->zero.data[n++] = j->zero.data[i];
    if (n == 0)
        return;
    bool xmm_zero = false;
    for (u32 i = 0; i < n;) {
        u32 run = 1;
        while (i + run < n && j->zero.data[i + run] == j->zero.data[i + run - 1] + 8)
            run++;
        i32 off = j->zero.data[i];
        if (run > 16) {
            x64_lea(T0B, 8, X64_RDI, t0_frame(off));
            x64_zero(T0B, X64_RAX);
            x64_mov_ri(T0B, 4, X64_RCX, run);
            x64_rep_stosq(T0B);
        } else {
            u32 k = 0;
            for (; k + 2 <= run; k += 2) {
                if (!xmm_zero)
                    x64_xorps_xx(T0B, X64_XMM15, X64_XMM15);
                xmm_zero = true;
                x64_movups_mx(T0B, t0_frame(off + (i32)k * 8), X64_XMM15);
            }
            if (k < run)
                x64_mov_mi(T0B, 8, t0_frame(off + (i32)k * 8), 0);
        }
        i += run;
    }
}

static void save_regs(T0 *j, bool restore)
{
    static const u8 regs[4] = {X64_RBX, X64_R12, X64_R13, X64_R14};
    for (u32 i = 0; i < 4; i++)
        if (j->saved_mask & (1u << i)) {
            X64Mem m = t0_frame(j->saved_off - (i32)i * 8);
            restore ? x64_mov_rm(T0B, 8, regs[i], m) : x64_mov_mr(T0B, 8, m, regs[i]);
        }
}

/* Emits the prologue; code positions before it (the body) are already there: it is moved in front of them by the driver. */
bool t0_prolog(T0 *j, u32 *poll_resume)
{
    u32 frame = ALIGN_UP((u32)j->frame + ALIGN_UP(j->outgoing, 16u), 16u); /* as in publish */
    x64_push_r(T0B, X64_RBP);
    x64_mov_rr(T0B, 8, X64_RBP, X64_RSP);
    if (frame > 65536) { /* far below the limit: ask before touching anything */
        X64Label ok = x64_label(T0B);
        x64_lea(T0B, 8, X64_R11, x64_mem(X64_RSP, -(i32)frame));
        x64_cmp_rm(T0B, 8, X64_R11, x64_mem(X64_R15, TOFF(stack_limit_real)));
        x64_jcc(T0B, X64_AE, ok);
        x64_mov_ri(T0B, 8, X64_R10, frame);
        x64_call_abs(T0B, code_limit_stub());
        x64_bind(T0B, ok);
    }
    if (frame)
        x64_sub_ri(T0B, 8, X64_RSP, (i32)frame);
    bool whole = zero_whole_frame(j); /* zero_slots lengthens the list */
    if (whole) {
        x64_mov_rr(T0B, 8, X64_R10, X64_RDI);
        x64_mov_rr(T0B, 8, X64_R11, X64_RCX);
        x64_mov_rr(T0B, 8, X64_RDI, X64_RSP);
        x64_mov_ri(T0B, 4, X64_RCX, frame / 8);
        x64_zero(T0B, X64_RAX);
        x64_rep_stosq(T0B);
        x64_mov_rr(T0B, 8, X64_RDI, X64_R10);
        x64_mov_rr(T0B, 8, X64_RCX, X64_R11);
    }
    save_regs(j, false);
    home_arguments(j);
    zero_slots(j, whole);
    *poll_resume = x64_pos(T0B);
    if (j->leaf)
        return true;
    X64Label hit = x64_label(T0B), back = x64_label(T0B);
    x64_cmp_rm(T0B, 8, X64_RSP, x64_mem(X64_R15, TOFF(stack_limit)));
    x64_jcc(T0B, X64_B, hit);
    x64_bind(T0B, back);
    T0Slow s = {.in = hit, .out = back, .il = IL_MAP_PROLOG, .kind = SLOW_POLL};
    t0_add_slow(j, s);
    return true;
}

void t0_restore_saved(T0 *j) { save_regs(j, true); }

void t0_leave_frame(T0 *j)
{
    save_regs(j, true);
    x64_mov_rr(T0B, 8, X64_RSP, X64_RBP);
    x64_pop_r(T0B, X64_RBP);
}

void t0_epilog(T0 *j)
{
    t0_leave_frame(j);
    x64_ret(T0B);
}

void t0_map_il(T0 *j, u32 il)
{
    u32 at = x64_pos(T0B);
    if (j->ilmap.len && vec_last(&j->ilmap).native == at) {
        vec_last(&j->ilmap).il = il;
        return;
    }
    if (j->ilmap.len && vec_last(&j->ilmap).il == il)
        return;
    IlMapEntry e = {at, il};
    vec_push(&j->ilmap, e);
}

static bool near_code(const void *p) { return os_span_contains(p); }

void t0_calls_something(T0 *j) { j->guess_broken |= j->leaf | j->float_homes; }

static void call_helper(T0 *j, JitHelper h)
{
    const void *f = jit_env.helpers[h];
    CHECKF(f != NULL, "helper %d", (int)h);
    if (near_code(f))
        x64_call_abs(T0B, f);
    else
        x64_call_far(T0B, f, X64_RAX);
}

void t0_call_helper(T0 *j, JitHelper h)
{
    t0_calls_something(j);
    call_helper(j, h);
}

/* Saves or reloads the float homes around a poll. */
static void float_homes(T0 *j, bool save)
{
    if (!j->xmm_save)
        return;
    for (u32 i = 0; i < 6; i++)
        if (j->reserved & (1u << (X64_XMM8 + i))) {
            X64Mem m = t0_frame(j->xmm_save + (i32)i * 8);
            save ? x64_movsd_mx(T0B, m, X64_XMM8 + i) : x64_movsd_xm(T0B, X64_XMM8 + i, m);
        }
}

void t0_throw_if(T0 *j, X64Cc cc, JitHelper h)
{
    for (u32 i = j->slow.len; i-- > 0 && j->slow.data[i].il == j->il;)
        if (j->slow.data[i].kind == SLOW_THROW && j->slow.data[i].helper == h) {
            x64_jcc(T0B, cc, j->slow.data[i].in);
            return;
        }
    T0Slow s = {.in = x64_label(T0B), .il = j->il, .kind = SLOW_THROW, .helper = (u16)h};
    x64_jcc(T0B, cc, s.in);
    t0_add_slow(j, s);
}

X64Label t0_slow_call(T0 *j, JitHelper h, u32 nargs, const u8 *regs, const i64 *imms)
{
    t0_calls_something(j);
    T0Slow s = {.in = x64_label(T0B), .out = x64_label(T0B), .il = j->il, .kind = SLOW_CALL, .helper = (u16)h, .nargs = (u8)nargs};
    for (u32 i = 0; i < nargs; i++)
        s.arg_reg[i] = regs[i], s.arg[i] = imms[i];
    t0_add_slow(j, s);
    return s.in;
}

void t0_slow_back(T0 *j) { x64_bind(T0B, vec_last(&j->slow).out); }

void t0_add_slow(T0 *j, T0Slow s)
{
    s.at = x64_pos(T0B);
    vec_push(&j->slow, s);
}

/* What lies behind the body belongs to the funclet it was left from: walks tell the frame by its ip. */
static void in_funclet_too(T0 *j, u32 at, u32 start, u32 num_funclets)
{
    FuncletRange best = {0};
    for (u32 i = 0; i < num_funclets; i++) {
        FuncletRange f = j->funclets.data[i];
        if (f.start <= at && at < f.end && (!best.end || f.end - f.start < best.end - best.start))
            best = f;
    }
    if (!best.end)
        return;
    best.start = start;
    best.end = x64_pos(T0B);
    vec_push(&j->funclets, best);
}

void t0_emit_slow(T0 *j)
{
    u32 num_funclets = j->funclets.len;
    for (u32 i = 0; i < j->slow.len; i++) {
        T0Slow s = j->slow.data[i];
        if (s.il == IL_MAP_PROLOG && s.kind == SLOW_POLL && !x64_label_bound(T0B, s.out))
            continue; /* the prologue's, emitted by the driver */
        u32 start = x64_pos(T0B);
        x64_bind(T0B, s.in);
        t0_map_il(j, s.il);
        switch (s.kind) {
        case SLOW_THROW:
            call_helper(j, s.helper);
            x64_ud2(T0B);
            break;
        case SLOW_POLL:
            float_homes(j, true);
            x64_zero(T0B, X64_R10);
            x64_call_abs(T0B, code_limit_stub());
            float_homes(j, false);
            x64_jmp(T0B, s.out);
            break;
        case SLOW_CALL:
            for (u32 k = 0; k < s.nargs; k++) { /* sources are rax, rcx or immediates by construction: no conflicts in order */
                X64Reg dst = arg_gpr[k];
                if (s.arg_reg[k] == X64_NOREG)
                    t0_mov_ptr(j, dst, (const void *)s.arg[k]);
                else if (s.arg_reg[k] != dst)
                    x64_mov_rr(T0B, 8, dst, s.arg_reg[k]);
            }
            call_helper(j, s.helper);
            x64_jmp(T0B, s.out);
            break;
        }
        in_funclet_too(j, s.at, start, num_funclets);
    }
}
