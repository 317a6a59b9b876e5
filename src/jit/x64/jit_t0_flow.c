/* jit_t0_flow.c: blocks, branches, handlers, return at Tier 0.
 * At each block start all entries lie in canonical slots; loop headers poll (D6).  Finally, fault and filter bodies are funclets: their first
 * block opens a frame of their own; `leave` calls them, and so does the exception driver.
 * Book: jit.md  Tests: tests/il/branch.il, tests/il/eh.il */
#include "jit/x64/jit_t0.h"

static X64Label label_of(T0 *j, SemBlock *b) { return j->block_label[b - j->w.blocks]; }

static void poll(T0 *j)
{
    T0Slow s = {.in = x64_label(T0B), .out = x64_label(T0B), .il = j->il, .kind = SLOW_POLL};
    x64_cmp_rm(T0B, 8, X64_RSP, x64_mem(X64_R15, TOFF(stack_limit)));
    x64_jcc(T0B, X64_B, s.in);
    x64_bind(T0B, s.out);
    t0_add_slow(j, s);
}

static void funclet_frame(T0 *j, bool open)
{
    /* 81 /5 id or 81 /0 id with a 32-bit immediate that is patched at the end */
    x64_put1((x64_need(T0B, 16), T0B), 0x48);
    x64_put1(T0B, 0x81);
    x64_put1(T0B, open ? 0xec : 0xc4);
    vec_push(&j->funclet_patches, x64_pos(T0B));
    x64_put4(T0B, 0);
}

static void open_handler(T0 *j, SemBlock *blk)
{
    u32 ci = blk->region - 1;
    switch (blk->handler_kind) {
    case SEM_HANDLER_CATCH:
    case SEM_HANDLER_FILTER: /* rax: the exception */
        if (!j->catch_slot[ci]) {
            j->catch_slot[ci] = t0_alloc(j, 8);
            t0_describe(j, j->catch_slot[ci], SEM_REF, 0, true, false, true);
        }
        x64_mov_mr(T0B, 8, t0_frame(j->catch_slot[ci]), X64_RAX);
        j->depth = 0;
        t0_push_reg(j, X64_RAX, SEM_REF, 0);
        break;
    case SEM_HANDLER_FILTER_CODE: /* rdi: the exception */
    case SEM_HANDLER_FINALLY:
    case SEM_HANDLER_FAULT: {
        bool filter = blk->handler_kind == SEM_HANDLER_FILTER_CODE;
        FuncletRange f = {.start = x64_pos(T0B), .il_index = ci, .is_filter = filter};
        vec_push(&j->funclets, f);
        funclet_frame(j, true);
        j->depth = 0;
        if (filter) {
            /* the exception is kept in the catch's slot as well */
            if (!j->catch_slot[ci]) {
                j->catch_slot[ci] = t0_alloc(j, 8);
                t0_describe(j, j->catch_slot[ci], SEM_REF, 0, true, false, true);
            }
            x64_mov_mr(T0B, 8, t0_frame(j->catch_slot[ci]), X64_RDI);
            t0_push_reg(j, X64_RDI, SEM_REF, 0);
        }
        break;
    }
    default: break;
    }
}

void t0_block(T0 *j, SemBlock *blk)
{
    u32 index = (u32)(blk - j->w.blocks);
    if (blk->handler_start) {
        if (blk->handler_kind != SEM_HANDLER_CATCH && blk->handler_kind != SEM_HANDLER_FILTER)
            x64_bind(T0B, j->finally_label[blk->region - 1 + (blk->handler_kind == SEM_HANDLER_FILTER_CODE ? j->w.num_clauses : 0)]);
        else
            x64_bind(T0B, j->finally_label[blk->region - 1]); /* catch entry */
        memset(j->owner, 0, sizeof(j->owner));
        j->depth = 0;
        j->il = blk->il_start;
        t0_map_il(j, blk->il_start);
        open_handler(j, blk);
        if (blk->num_preds || blk->backward) { /* jumped to as well: agree on slots */
            t0_flush(j);
            x64_bind(T0B, j->block_label[index]);
        }
        j->unreachable = false;
        return;
    }
    if (!j->unreachable)
        t0_flush(j);
    x64_bind(T0B, j->block_label[index]);
    memset(j->owner, 0, sizeof(j->owner));
    j->depth = 0;
    for (u32 i = 0; i < j->w.depth; i++) {
        SemValue *v = &j->w.stack[i];
        t0_push_slot(j, t0_slot(j, i, v->kind, v->th), v->kind, v->th);
    }
    j->unreachable = false;
    j->locked = 0;
    if (blk->backward) {
        j->il = blk->il_start;
        t0_map_il(j, blk->il_start);
        poll(j);
    }
}

void t0_jump(T0 *j, const SemInst *in)
{
    t0_flush(j);
    x64_jmp(T0B, label_of(j, in->target));
    j->unreachable = true;
}

static void jcc_val(T0 *j, Val v, SemBlock *target, bool when)
{
    X64Label l = label_of(j, target);
    X64Cc cc = v.reg;
    if (v.fcc == 0) {
        x64_jcc(T0B, when ? cc : x64_cc_not(cc), l);
        return;
    }
    /* equal: E and not P;  not equal: NE or P */
    bool eq = (v.fcc == 1) == when;
    if (eq) {
        X64Label skip = x64_label(T0B);
        x64_jcc_short(T0B, X64_P, skip);
        x64_jcc(T0B, X64_E, l);
        x64_bind(T0B, skip);
    } else {
        x64_jcc(T0B, X64_P, l);
        x64_jcc(T0B, X64_NE, l);
    }
}

/* Flushes what lies below the operands, without touching flags later. */
static void flush_rest(T0 *j, u32 operands)
{
    Val tmp[2];
    for (u32 i = 0; i < operands; i++)
        tmp[i] = t0_pop(j);
    u32 keep = j->locked;
    t0_flush(j);
    j->locked = keep;
    for (u32 i = operands; i-- > 0;)
        t0_push(j, tmp[i]);
    j->locked = 0;
}

void t0_jump_if(T0 *j, const SemInst *in)
{
    Val *top = t0_top(j, 0);
    if (top->loc == V_CC) {
        Val v = t0_pop(j);
        t0_flush(j); /* moves only */
        jcc_val(j, v, in->branch.target, in->branch.when);
        return;
    }
    if (top->loc == V_CONST && !t0_is_float(top->kind)) {
        Val v = t0_pop(j);
        bool nz = v.kind == SEM_I4 ? (i32)v.imm != 0 : v.imm != 0;
        bool taken = nz == in->branch.when;
        sem_branch_taken(&j->w, taken);
        if (taken) {
            t0_flush(j);
            x64_jmp(T0B, label_of(j, in->branch.target));
            j->unreachable = true;
        }
        return;
    }
    flush_rest(j, 1);
    Val v = t0_pop(j);
    X64Mem m;
    u32 size = t0_kind_size(v.kind);
    if (t0_is_float(v.kind)) {
        X64Reg x = t0_xreg(j, &v);
        x64_xorps_xx(T0B, X64_XMM15, X64_XMM15);
        v.kind == SEM_F4 ? x64_ucomiss_xx(T0B, x, X64_XMM15) : x64_ucomisd_xx(T0B, x, X64_XMM15);
        jcc_val(j, (Val){.reg = X64_NE, .fcc = 2}, in->branch.target, in->branch.when);
        return;
    }
    if (v.loc != V_REG && t0_is_mem(j, &v, &m)) {
        x64_cmp_mi(T0B, size, m, 0);
    } else {
        X64Reg r = t0_reg(j, &v);
        x64_test_rr(T0B, size, r, r);
    }
    x64_jcc(T0B, in->branch.when ? X64_NE : X64_E, label_of(j, in->branch.target));
}

void t0_jump_cmp(T0 *j, const SemInst *in)
{
    i64 r;
    if (t0_const_compare(j, in->branch.cmp, in->branch.un, &r)) {
        sem_branch_taken(&j->w, r != 0);
        if (r) {
            t0_flush(j);
            x64_jmp(T0B, label_of(j, in->branch.target));
            j->unreachable = true;
        }
        return;
    }
    flush_rest(j, 2);
    Val v = t0_emit_compare(j, in->branch.cmp, in->branch.un);
    jcc_val(j, v, in->branch.target, true);
}

void t0_switch(T0 *j, const SemInst *in)
{
    flush_rest(j, 1);
    Val v = t0_pop(j);
    X64Reg i = t0_own(j, &v), a = t0_gpr(j);
    if (v.kind == SEM_I4)
        x64_mov_rr(T0B, 4, i, i);
    X64Label over = x64_label(T0B), table = x64_label(T0B);
    x64_cmp_ri(T0B, v.kind == SEM_I4 ? 4 : 8, i, (i32)in->sw.n);
    x64_jcc(T0B, X64_AE, over);
    x64_lea(T0B, 8, a, x64_mem_label(table, 0));
    x64_movsx_rm(T0B, 8, 4, i, x64_mem_sib(a, i, 4, 0));
    x64_add_rr(T0B, 8, i, a);
    x64_jmp_r(T0B, i);
    X64Label *targets = ARENA_NEW_ARRAY(j->a, X64Label, in->sw.n + 1);
    for (u32 k = 0; k < in->sw.n; k++)
        targets[k] = label_of(j, in->sw.targets[k]);
    x64_table(T0B, table, targets, in->sw.n);
    x64_bind(T0B, over);
    j->locked = 0;
}

void t0_leave(T0 *j, const SemInst *in)
{
    memset(j->owner, 0, sizeof(j->owner));
    j->depth = 0;
    for (u32 i = 0; i < in->leave.num_finallies; i++)
        x64_call_label(T0B, j->finally_label[in->leave.finallies[i]]);
    x64_jmp(T0B, label_of(j, in->leave.target));
    j->unreachable = true;
}

void t0_endfinally(T0 *j, bool filter)
{
    if (filter) {
        Val v = t0_pop(j);
        t0_load_to(j, X64_RAX, &v);
        j->locked = 0;
    }
    memset(j->owner, 0, sizeof(j->owner));
    j->depth = 0;
    funclet_frame(j, false);
    x64_ret(T0B);
    j->unreachable = true;
}

void t0_throw(T0 *j, const SemInst *in)
{
    if (in->op == SEM_RETHROW) {
        SemBlock *b = sem_block_at(&j->w, in->il_offset);
        (void)b;
        u32 region = j->cur_region; /* innermost enclosing catch */
        while (region && j->catch_slot[region - 1] == 0) {
            u32 up = 0;
            IlClause *c = &j->w.clauses[region - 1].il;
            for (u32 k = 0; k < j->w.num_clauses; k++) {
                IlClause *o = &j->w.clauses[k].il;
                if (k != region - 1 && o->handler_start <= c->handler_start && o->handler_end >= c->handler_end) {
                    up = k + 1;
                    break;
                }
            }
            region = up;
        }
        CHECK(region);
        x64_mov_rm(T0B, 8, X64_RDI, t0_frame(j->catch_slot[region - 1]));
        t0_call_helper(j, JIT_HELPER_RETHROW);
        x64_ud2(T0B);
    } else {
        Val v = t0_pop(j);
        t0_load_to(j, X64_RDI, &v);
        X64Label ok = x64_label(T0B); /* nothing comes back from here: the guesses hold */
        bool broken = j->guess_broken;
        x64_test_rr(T0B, 8, X64_RDI, X64_RDI);
        x64_jcc(T0B, X64_NE, ok);
        t0_call_helper(j, JIT_HELPER_THROW_NULL);
        j->guess_broken = broken;
        x64_bind(T0B, ok);
        x64_call_abs(T0B, code_throw_stub());
        x64_ud2(T0B);
    }
    memset(j->owner, 0, sizeof(j->owner));
    j->depth = 0;
    j->unreachable = true;
}

void t0_ret(T0 *j)
{
    const SigType *ret = &j->sig->ret;
    if (ret->kind != ET_VOID) {
        Val v = t0_pop(j);
        if (j->m->flags & MF_SYNCHRONIZED) { /* the result waits in its slot */
            t0_push(j, v);
            t0_flush_regs(j);
            x64_mov_rm(T0B, 8, X64_RDI, t0_frame(j->sync_off));
            t0_call_helper(j, JIT_HELPER_MONITOR_EXIT);
            v = t0_pop(j);
        }
        if (v.kind == SEM_VALUE) {
            X64Mem m = t0_struct_mem(j, &v);
            u32 size = type_size(v.th);
            if (j->ret_in_memory) { /* return buffers are always on a stack (D5): no barrier */
                j->locked = 0;
                X64Reg p = t0_gpr(j);
                x64_mov_rm(T0B, 8, p, t0_frame(j->retbuf_off));
                if (size <= 128) {
                    t0_copy(j, x64_mem(p, 0), m, size);
                } else {
                    x64_mov_rr(T0B, 8, X64_RDI, p);
                    x64_lea(T0B, 8, X64_RSI, m);
                    x64_mov_ri(T0B, 4, X64_RDX, size);
                    t0_call_helper(j, JIT_HELPER_MEMCPY);
                }
                x64_mov_rm(T0B, 8, X64_RAX, t0_frame(j->retbuf_off));
            } else {
                const TypeAbi *abi = type_abi(th_mt(v.th));
                u32 g = 0, x = 0;
                for (u32 i = 0; i < abi->n; i++) {
                    X64Mem w = x64_mem_add(m, (i32)i * 8);
                    if (abi->cls[i] == ABI_SSE)
                        x64_movsd_xm(T0B, x++ ? X64_XMM1 : X64_XMM0, w);
                    else
                        x64_mov_rm(T0B, 8, g++ ? X64_RDX : X64_RAX, w);
                }
            }
        } else if (t0_is_float(v.kind)) {
            u8 want = ret->kind == ET_R4 ? SEM_F4 : SEM_F8;
            if (v.loc != V_XMM || v.reg != X64_XMM0)
                t0_load_to(j, X64_XMM0, &v);
            if (v.kind != want)
                want == SEM_F4 ? x64_cvtsd2ss_xx(T0B, X64_XMM0, X64_XMM0) : x64_cvtss2sd_xx(T0B, X64_XMM0, X64_XMM0);
        } else {
            t0_load_to(j, X64_RAX, &v);
            switch (ret->kind) {
            case ET_BOOLEAN: case ET_U1: x64_movzx_rr(T0B, 1, X64_RAX, X64_RAX); break;
            case ET_I1: x64_movsx_rr(T0B, 4, 1, X64_RAX, X64_RAX); break;
            case ET_CHAR: case ET_U2: x64_movzx_rr(T0B, 2, X64_RAX, X64_RAX); break;
            case ET_I2: x64_movsx_rr(T0B, 4, 2, X64_RAX, X64_RAX); break;
            default:
                if (v.kind == SEM_I4 && sem_kind_of(ret) != SEM_I4)
                    x64_movsx_rr(T0B, 8, 4, X64_RAX, X64_RAX);
                break;
            }
        }
    } else if (j->m->flags & MF_SYNCHRONIZED) {
        x64_mov_rm(T0B, 8, X64_RDI, t0_frame(j->sync_off));
        t0_call_helper(j, JIT_HELPER_MONITOR_EXIT);
    }
    memset(j->owner, 0, sizeof(j->owner));
    j->locked = 0;
    j->depth = 0;
    t0_map_il(j, IL_MAP_EPILOG);
    t0_epilog(j);
    j->unreachable = true;
}
