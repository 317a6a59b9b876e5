/* jit_tier0.c: drives the Tier-0 compilation of one method: walks sem's instructions, then prologue, out-of-line paths, relocation, maps.
 * In: a canonical Method with a body.  Out: registered CodeInfo.  Memory: one arena per compilation, kept per OS thread for reuse.
 * Not here: what each instruction becomes (jit/x64/).  Book: jit.md  Tests: tests/il/, tests/app/ */
#include "jit/x64/jit_t0.h"
#include "base/log.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

JitEnv jit_env;
JitStats jit_stats;

static u64 now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (u64)ts.tv_sec * 1000000000u + (u64)ts.tv_nsec;
}

static void inst(T0 *j, const SemInst *in)
{
    switch (in->op) {
    case SEM_NOP: break;
    case SEM_BREAK: break; /* like Debugger.Break: nothing without a debugger of managed code */
    case SEM_CONST: {
        i64 bits = in->value.i;
        if (in->result.kind == SEM_F4) {
            float f = (float)in->value.f;
            u32 b;
            memcpy(&b, &f, 4);
            bits = b;
        } else if (in->result.kind == SEM_F8) {
            memcpy(&bits, &in->value.f, 8);
        } else if (in->result.kind == SEM_REF) {
            bits = 0;
        } else if (in->result.kind == SEM_I4) {
            bits = (i32)bits;
        }
        t0_push_const(j, in->result.kind, bits);
        break;
    }
    case SEM_LDARG:
    case SEM_LDLOC: {
        u32 h = in->index + (in->op == SEM_LDLOC ? j->num_args : 0);
        Home *home = &j->homes[h];
        Val v = {.kind = home->kind, .loc = V_HOME, .home = h, .th = in->result.th ? in->result.th : home->th, .flags = in->result.flags};
        if (home->kind == SEM_VALUE)
            v.th = home->th;
        if (home->taken) { /* somebody may write through the address: read now */
            if (home->kind == SEM_VALUE) {
                i32 off = t0_struct_temp(j, j->depth, v.th);
                t0_copy(j, t0_frame(off), t0_frame(home->off), type_size(v.th));
                t0_push_slot(j, off, SEM_VALUE, v.th);
                break;
            }
            if (t0_is_float(home->kind)) {
                X64Reg x = t0_xown(j, &v);
                t0_push_reg(j, x, home->kind, 0);
            } else {
                X64Reg r = t0_own(j, &v);
                t0_push_reg(j, r, home->kind, v.th);
            }
            break;
        }
        t0_push(j, v);
        break;
    }
    case SEM_STARG:
    case SEM_STLOC: {
        u32 h = in->index + (in->op == SEM_STLOC ? j->num_args : 0);
        Home *home = &j->homes[h];
        Val v = t0_pop(j);
        if (v.loc == V_HOME && v.home == h)
            break;
        t0_home_changes(j, h);
        if (home->reg != X64_NOREG) {
            if (v.kind == SEM_I4 && home->kind != SEM_I4) { /* I4 into a native int */
                X64Reg r = t0_reg(j, &v);
                x64_movsx_rr(T0B, 8, 4, home->reg, r);
            } else if (home->size >= 4) {
                t0_load_to(j, home->reg, &v);
                if (home->kind == SEM_I4 && v.kind != SEM_I4)
                    x64_mov_rr(T0B, 4, home->reg, home->reg);
            } else {
                X64Reg r = t0_reg(j, &v);
                bool sx = home->et == ET_I1 || home->et == ET_I2;
                sx ? x64_movsx_rr(T0B, 4, home->size, home->reg, r) : x64_movzx_rr(T0B, home->size, home->reg, r);
            }
            break;
        }
        t0_store_mem(j, t0_frame(home->off), &v, home->et, home->th, false);
        break;
    }
    case SEM_LDARGA:
    case SEM_LDLOCA: {
        u32 h = in->index + (in->op == SEM_LDLOCA ? j->num_args : 0);
        t0_push(j, (Val){.kind = in->result.kind == SEM_I ? SEM_I : SEM_BYREF, .loc = V_ADDR, .off = j->homes[h].off});
        break;
    }
    case SEM_DUP: {
        Val v = *t0_top(j, 0);
        if (v.loc == V_REG) {
            X64Reg r = t0_gpr(j);
            /* picking may have moved the original out of its register */
            t0_load_to(j, r, t0_top(j, 0));
            t0_push_reg(j, r, v.kind, v.th);
        } else if (v.loc == V_XMM) {
            X64Reg x = t0_xmm(j);
            t0_load_to(j, x, t0_top(j, 0));
            t0_push_reg(j, x, v.kind, v.th);
        } else if (v.loc == V_SLOT && v.kind != SEM_VALUE) {
            if (t0_is_float(v.kind)) {
                X64Reg x = t0_xmm(j);
                t0_load_to(j, x, &v);
                t0_push_reg(j, x, v.kind, v.th);
            } else {
                X64Reg r = t0_gpr(j);
                t0_load_to(j, r, &v);
                t0_push_reg(j, r, v.kind, v.th);
            }
        } else {
            t0_push(j, v); /* constants, homes, addresses, struct temporaries (never written twice while on the stack) */
        }
        break;
    }
    case SEM_POP: t0_pop(j); break;
    case SEM_NEG:
    case SEM_NOT: t0_unary(j, in); break;
    case SEM_BINARY: t0_binary(j, in); break;
    case SEM_COMPARE: t0_compare(j, in); break;
    case SEM_CONV: t0_conv(j, in); break;
    case SEM_CKFINITE: t0_ckfinite(j); break;
    case SEM_JUMP: t0_jump(j, in); break;
    case SEM_JUMP_IF: t0_jump_if(j, in); break;
    case SEM_JUMP_CMP: t0_jump_cmp(j, in); break;
    case SEM_SWITCH: t0_switch(j, in); break;
    case SEM_LEAVE: t0_leave(j, in); break;
    case SEM_ENDFINALLY: t0_endfinally(j, false); break;
    case SEM_ENDFILTER: t0_endfinally(j, true); break;
    case SEM_THROW:
    case SEM_RETHROW: t0_throw(j, in); break;
    case SEM_RET: t0_ret(j); break;
    case SEM_LOAD: t0_ld_indirect(j, in); break;
    case SEM_STORE: t0_st_indirect(j, in); break;
    case SEM_CPOBJ: t0_cpobj(j, in); break;
    case SEM_INITOBJ: t0_initobj(j, in); break;
    case SEM_CPBLK:
    case SEM_INITBLK: t0_block_op(j, in); break;
    case SEM_LOCALLOC: t0_localloc(j); break;
    case SEM_LDFLD:
    case SEM_LDFLDA: t0_ldfld(j, in); break;
    case SEM_STFLD: t0_stfld(j, in); break;
    case SEM_LDSFLD:
    case SEM_LDSFLDA:
    case SEM_STSFLD: t0_sfld(j, in); break;
    case SEM_NEWARR:
    case SEM_LDLEN:
    case SEM_LDELEM:
    case SEM_LDELEMA:
    case SEM_STELEM: t0_array(j, in); break;
    case SEM_BOX:
    case SEM_UNBOX:
    case SEM_UNBOX_ANY:
    case SEM_CASTCLASS:
    case SEM_ISINST: t0_box_cast(j, in); break;
    case SEM_LDTOKEN:
    case SEM_RVASPAN:
    case SEM_TYPEOF: t0_token(j, in); break;
    case SEM_LDSTR: t0_ldstr(j, in); break;
    case SEM_LDFTN:
    case SEM_LDVIRTFTN: t0_ldftn(j, in); break;
    case SEM_CALL: t0_call(j, in); break;
    case SEM_MKREFANY:
    case SEM_REFANYVAL:
    case SEM_REFANYTYPE: t0_typedref(j, in); break;
    case SEM_NO_ACCESS:
        t0_flush_regs(j);
        t0_mov_ptr(j, X64_RDI, j->m);
        t0_mov_ptr(j, X64_RSI, in->denied.target);
        x64_mov_ri(T0B, 4, X64_RDX, in->denied.what);
        t0_call_helper(j, JIT_HELPER_THROW_ACCESS);
        break;
    default: base_missing("opcode", "sem operation %d in tier 0", (int)in->op);
    }
}

/* Enters the monitor of a synchronized method and adds the outermost fault clause that leaves it. */
static void synchronized_entry(T0 *j)
{
    if (j->m->flags & MF_STATIC) {
        t0_mov_ptr(j, X64_RDI, j->m->mt);
        if (j->w.ctx_kind == 1)
            x64_mov_rm(T0B, 8, X64_RDI, t0_frame(j->ctx_off));
        t0_call_helper(j, JIT_HELPER_TYPE_OBJECT);
        x64_mov_rr(T0B, 8, X64_RDI, X64_RAX);
    } else {
        Val self = {.kind = SEM_REF, .loc = V_HOME, .home = 0};
        t0_load_to(j, X64_RDI, &self);
    }
    x64_mov_mr(T0B, 8, t0_frame(j->sync_off), X64_RDI);
    t0_call_helper(j, JIT_HELPER_MONITOR_ENTER);
}

static void synchronized_fault(T0 *j)
{
    FuncletRange f = {.start = x64_pos(T0B), .il_index = j->w.num_clauses};
    x64_sub_ri(T0B, 8, X64_RSP, (i32)0x7fffff);
    vec_push(&j->funclet_patches, x64_pos(T0B) - 4);
    t0_map_il(j, IL_MAP_EPILOG);
    x64_mov_rm(T0B, 8, X64_RDI, t0_frame(j->sync_off));
    t0_call_helper(j, JIT_HELPER_MONITOR_EXIT);
    x64_add_ri(T0B, 8, X64_RSP, (i32)0x7fffff);
    vec_push(&j->funclet_patches, x64_pos(T0B) - 4);
    x64_ret(T0B);
    f.end = x64_pos(T0B);
    vec_push(&j->funclets, f);
    EhClause c = {.kind = EH_FAULT, .handler_start = f.start, .handler_end = f.end, .il_index = j->w.num_clauses, .il_try_end = j->w.body.code_size};
    vec_push(&j->clauses, c);
}

/* The constructors of the module and of an exact type, in code that serves several domains. */
static void domain_ready(T0 *j, MethodTable *mt)
{
    X64Label done = x64_label(T0B);
    t0_domain_word(j, X64_RAX, offsetof(Domain, types), t0_domain_type_offset(mt, offsetof(DomainType, ready)));
    x64_test_rr(T0B, 8, X64_RAX, X64_RAX);
    x64_jcc(T0B, X64_NE, done);
    t0_mov_ptr(j, X64_RDI, mt);
    t0_call_helper(j, JIT_HELPER_CLASS_INIT);
    x64_bind(T0B, done);
}

/* Which constructors the prologue has to ask for, or NULL. Nobody did it before the call for the exact type of shared code, nor, in neutral
 * mode, for the domains to come (for the first one the prestub did). */
static MethodTable *entry_module(T0 *j)
{
    Method *m = j->m;
    if (!jit_env.neutral || (m->flags & (MF_STUB | MF_CCTOR | MF_ARRAY | MF_DYNAMIC)) || !m->mt || m->mt->module->assembly->is_corelib)
        return NULL;
    MethodTable *mt = type_load_typedef(m->mt->module, MD_TOKEN(MDT_TypeDef, 1), NULL);
    return mt && mt->klass->cctor_rid ? mt : NULL;
}

static MethodTable *entry_class(T0 *j)
{
    Method *m = j->m;
    MethodTable *mt = m->mt;
    if (!mt || !(mt->flags2 & MT2_HAS_CCTOR) || (mt->flags2 & MT2_BEFOREFIELDINIT))
        return NULL;
    if (m->flags & (MF_CCTOR | MF_STUB | MF_GENERIC_DEF | MF_ARRAY))
        return NULL;
    if (!(m->flags & (MF_STATIC | MF_CTOR)) && !mt_is_valuetype(mt) && !mt_is_interface(mt))
        return NULL;
    return jit_env.neutral || type_is_shared(th_of(mt)) ? mt : NULL;
}

static void entry_init(T0 *j)
{
    MethodTable *module = entry_module(j), *mt = entry_class(j);
    if (module)
        domain_ready(j, module);
    if (!mt)
        return;
    if (!type_is_shared(th_of(mt))) {
        domain_ready(j, mt);
        return;
    }
    switch (j->w.ctx_kind) {
    case 1: x64_mov_rm(T0B, 8, X64_RDI, t0_frame(j->ctx_off)); break;
    case 2:
        x64_mov_rm(T0B, 8, X64_RDI, t0_frame(j->ctx_off));
        x64_mov_rm(T0B, 8, X64_RDI, x64_mem(X64_RDI, (i32)offsetof(Method, mt)));
        break;
    case 3:
        x64_mov_rm(T0B, 8, X64_RDI, t0_frame(j->ctx_off));
        x64_mov_rm(T0B, 8, X64_RDI, x64_mem(X64_RDI, 0));
        t0_mov_ptr(j, X64_RSI, mt);
        t0_call_helper(j, JIT_HELPER_EXACT_MT);
        x64_mov_rr(T0B, 8, X64_RDI, X64_RAX);
        break;
    default: return;
    }
    t0_call_helper(j, JIT_HELPER_CLASS_INIT);
}

static void count_opcodes(const IlBody *body, const SemBlock *b)
{
    IlInst in;
    for (u32 at = b->il_start; at < b->il_end && il_decode(body->code, body->code_size, at, &in); at += in.size)
        jit_env.count_opcode(in.op);
}

static bool walk(T0 *j, Err *e)
{
    SemInst in;
    for (;;) {
        if (!sem_next(&j->w, &in, e))
            return false;
        if (in.op == SEM_END)
            return true;
        if (in.op == SEM_BLOCK) {
            if (UNLIKELY(jit_env.count_opcode != NULL))
                count_opcodes(&j->w.body, in.block);
            j->cur_region = in.block->region;
            t0_settle_cc(j);
            j->locked = 0;
            t0_block(j, in.block);
            continue;
        }
        j->il = in.il_offset;
        t0_map_il(j, in.il_offset);
        if (!(in.op == SEM_JUMP_IF))
            t0_settle_cc(j);
        j->locked = 0;
        if (j->poll_stress && in.op == SEM_CALL) {
            t0_flush_regs(j);
            t0_call_helper(j, JIT_HELPER_VERIFY_POLL);
        }
        inst(j, &in);
        t0_end_inst(j);
        if (j->b.error)
            return err_set(e, ERR_INVALID_PROGRAM, j->m->token, "code buffer");
        if (UNLIKELY(j->guess_broken))
            return true;
    }
}

static void setup(T0 *j)
{
    u32 cap = j->w.max_depth ? j->w.max_depth : j->w.body.max_stack;
    j->cap = MAX(cap, j->w.body.max_stack) + j->num_args + 16;
    j->st = ARENA_NEW_ARRAY(j->a, Val, j->cap);
    j->tmp_plain = ARENA_NEW_ARRAY(j->a, i32, j->cap + 8);
    j->tmp_ref = ARENA_NEW_ARRAY(j->a, i32, j->cap + 8);
    j->tmp_int = ARENA_NEW_ARRAY(j->a, i32, j->cap + 8);
    j->block_label = ARENA_NEW_ARRAY(j->a, X64Label, j->w.num_blocks + 1);
    for (u32 i = 0; i < j->w.num_blocks; i++)
        j->block_label[i] = x64_label(T0B);
    j->finally_label = ARENA_NEW_ARRAY(j->a, X64Label, 2 * j->w.num_clauses + 1);
    for (u32 i = 0; i < 2 * j->w.num_clauses; i++)
        j->finally_label[i] = x64_label(T0B);
    j->catch_slot = ARENA_NEW_ARRAY(j->a, i32, j->w.num_clauses + 1);
}

static u32 label_pos_or_0(T0 *j, X64Label l) { return x64_label_bound(T0B, l) ? x64_label_pos(T0B, l) : 0; }

/* A funclet ends where the next block outside its handler starts; since IL handlers are contiguous and emitted in IL order, at the block of
 * handler_end (or of the code's end). */
static void finish_funclets(T0 *j, u32 body_end)
{
    for (u32 i = 0; i < j->funclets.len; i++) {
        FuncletRange *f = &j->funclets.data[i];
        if (f->end)
            continue;
        u32 il_end = f->is_filter ? j->w.clauses[f->il_index].il.handler_start : j->w.clauses[f->il_index].il.handler_end;
        f->end = body_end;
        for (u32 k = 0; k < j->w.num_blocks; k++) {
            SemBlock *b = &j->w.blocks[k];
            if (b->il_start < il_end)
                continue;
            u32 at = 0;
            if (b->handler_start && b->handler_kind) {
                bool fc = b->handler_kind == SEM_HANDLER_FILTER_CODE;
                at = label_pos_or_0(j, j->finally_label[b->region - 1 + (fc ? j->w.num_clauses : 0)]);
            }
            if (!at)
                at = label_pos_or_0(j, j->block_label[k]);
            if (at > f->start && at < f->end)
                f->end = at;
        }
    }
}

static void make_clauses(T0 *j)
{
    for (u32 i = 0; i < j->w.num_clauses; i++) {
        IlClause *il = &j->w.clauses[i].il;
        EhClause c = {.il_index = i, .il_try_start = il->try_start, .il_try_end = il->try_end};
        X64Label main = j->finally_label[i], filter = j->finally_label[i + j->w.num_clauses];
        if (!x64_label_bound(T0B, main) && !x64_label_bound(T0B, filter))
            continue; /* never reached: its try cannot be entered */
        switch (il->kind) {
        case IL_EH_CATCH: c.kind = EH_CATCH, c.class_token = il->class_token; break;
        case IL_EH_FILTER: c.kind = EH_FILTER, c.filter_start = label_pos_or_0(j, filter); break;
        case IL_EH_FINALLY: c.kind = EH_FINALLY; break;
        default: c.kind = EH_FAULT; break;
        }
        c.handler_start = label_pos_or_0(j, main);
        c.handler_end = c.handler_start;
        for (u32 k = 0; k < j->funclets.len; k++)
            if (j->funclets.data[k].il_index == i && !j->funclets.data[k].is_filter)
                c.handler_end = j->funclets.data[k].end;
        vec_push(&j->clauses, c);
    }
}

/* Emits the prologue behind everything, then moves it into the gap before the body. Returns the offset of the entry. */
static u32 place_prolog(T0 *j)
{
    u32 start = x64_pos(T0B);
    u32 fixups_before = j->b.relocs.len, resume;
    u32 slow_before = j->slow.len;
    t0_prolog(j, &resume);
    bool has_poll = j->slow.len > slow_before;
    T0Slow poll = {0};
    if (has_poll)
        poll = vec_last(&j->slow);
    if (j->m->flags & MF_SYNCHRONIZED)
        synchronized_entry(j);
    entry_init(j);
    /* the out-of-line poll of the prologue stays out of line: it is emitted now, after the prologue */
    u32 size = x64_pos(T0B) - start;
    CHECKF(size <= T0_PROLOG_MAX, "prologue of %u bytes", size);
    u32 entry = T0_PROLOG_MAX - size;
    memcpy(j->b.start + entry, j->b.start + start, size);
    i32 delta = (i32)entry - (i32)start;
    for (u32 i = fixups_before; i < j->b.relocs.len; i++)
        if (j->b.relocs.data[i].at >= start)
            j->b.relocs.data[i].at += (u32)delta;
    for (u32 i = 0; i < j->b.labels.len; i++)
        if (j->b.labels.data[i].pos != X64_UNBOUND && j->b.labels.data[i].pos > start)
            j->b.labels.data[i].pos += (u32)delta;
    for (u32 i = 0; i < j->b.fixups.len; i++)
        if (j->b.fixups.data[i].at >= start)
            j->b.fixups.data[i].at += (u32)delta;
    j->b.cur = j->b.start + start;
    if (!has_poll)
        return entry;
    x64_bind(T0B, poll.in);
    t0_map_il(j, IL_MAP_PROLOG);
    x64_zero(T0B, X64_R10);
    x64_call_abs(T0B, code_limit_stub());
    x64_jmp(T0B, poll.out);
    return entry;
}

/* STATOR_LOG=jit:2: the steps from a method's first call to its code */
static PRINTF_LIKE(2, 3) void log_step(Method *m, const char *fmt, ...)
{
    char name[400], text[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    type_method_name(m, false, name, sizeof name);
    LOG(jit, 2, "%s: %s", name, text);
}

static CodeInfo *publish(T0 *j, u32 entry, Err *e)
{
    u32 frame = ALIGN_UP((u32)j->frame + ALIGN_UP(j->outgoing, 16u), 16u); /* localloc keeps the outgoing area 16-aligned */
    u32 funclet = ALIGN_UP(j->outgoing, 16u) + 8;
    for (u32 i = 0; i < j->funclet_patches.len; i++) {
        u32 p = j->funclet_patches.data[i];
        u32 v = p & 0x80000000u ? j->outgoing : funclet; /* localloc: distance from rsp to the block */
        if (p & 0x80000000u)
            v = ALIGN_UP(v, 16u);
        memcpy(j->b.start + (p & 0x7fffffffu), &v, 4);
    }
    u32 size = x64_pos(T0B) - entry;
    LoadContext *alc = type_method_context_of(j->m);
    char *rw, *rx = code_alloc(alc, size, &rw);
    if (!rx)
        return err_set(e, ERR_OUT_OF_MEMORY, 0, "code heap"), NULL;
    if (UNLIKELY(log_levels[LOG_jit] > 1))
        log_step(j->m, "memory, %u bytes at %p", size, (void *)rx);
    if (!x64_finish(T0B, (u64)rx - entry))
        return err_set(e, ERR_INVALID_PROGRAM, j->m->token, "code out of reach"), NULL;
    memcpy(rw, j->b.start + entry, size);
    CodeInfo *ci = type_alloc(alc, HEAP_COLD, sizeof *ci);
    *ci = (CodeInfo){.start = rx, .size = size, .body_start = T0_PROLOG_MAX - entry, .frame_size = frame, .funclet_frame = funclet,
                     .outgoing = j->outgoing,
                     .method = j->m, .alc = alc, .tier = 1, .has_catch = j->w.has_catch, .has_localloc = j->w.has_localloc,
                     .is_stub = (j->m->flags & (MF_STUB | MF_DYNAMIC)) == MF_STUB, .synchronized = (j->m->flags & MF_SYNCHRONIZED) != 0,
                     .ctx_offset = j->ctx_off, .saved_regs_offset = j->saved_off, .saved_regs_mask = j->saved_off ? j->saved_mask : 0};
    static const u8 kinds[] = {CODE_CTX_NONE, CODE_CTX_MT, CODE_CTX_METHOD, CODE_CTX_THIS};
    ci->ctx_kind = kinds[j->w.ctx_kind];
    static u64 maps; /* that could be made wrong so far */
    u64 fault = knob_u64(KNOB_MAPFAULT);
    if (fault && j->slots.len && __atomic_add_fetch(&maps, 1, __ATOMIC_RELAXED) % fault == 0)
        j->slots.data[0].offset += 4; /* on purpose wrong: the debug check must find it */
#define KEEP(field, count, vec, T)                                                                                     \
    do {                                                                                                               \
        T *p_ = type_alloc(alc, HEAP_COLD, sizeof(T) * (vec)->len);                                                    \
        if ((vec)->len)                                                                                                \
            memcpy(p_, (vec)->data, sizeof(T) * (vec)->len);                                                           \
        ci->field = p_;                                                                                                \
        ci->count = (vec)->len;                                                                                        \
    } while (0)
    for (u32 i = 0; i < j->ilmap.len; i++)
        j->ilmap.data[i].native -= entry;
    for (u32 i = 0; i < j->funclets.len; i++)
        j->funclets.data[i].start -= entry, j->funclets.data[i].end -= entry;
    for (u32 i = 0; i < j->clauses.len; i++) {
        EhClause *c = &j->clauses.data[i];
        c->handler_start -= entry, c->handler_end -= entry;
        if (c->kind == EH_FILTER)
            c->filter_start -= entry;
    }
    KEEP(slots, num_slots, &j->slots, FrameSlot);
    KEEP(clauses, num_clauses, &j->clauses, EhClause);
    KEEP(ilmap, num_ilmap, &j->ilmap, IlMapEntry);
    KEEP(funclets, num_funclets, &j->funclets, FuncletRange);
#undef KEEP
    ci->ilstub = j->m->il_stub;
    code_register(ci);
    if (UNLIKELY(log_levels[LOG_jit] > 1))
        log_step(j->m, "code, %u bytes for %u of IL", size, j->w.body.code_size);
    return ci;
}

/* What may be assumed before a line is compiled; t0_calls_something says when it was wrong. */
static void guess(T0 *j)
{
    bool plain = j->w.num_clauses == 0 && !j->w.has_localloc && !(j->m->flags & MF_SYNCHRONIZED) && !j->poll_stress &&
                 !knob_is_set(KNOB_GCSTRESS) && !entry_module(j) && !entry_class(j);
    j->leaf = plain && !j->w.makes_calls && !j->w.has_loops;
    bool floats = false;
    for (u32 i = 0; i < j->w.num_args + j->w.num_locals && plain && j->w.has_loops; i++) {
        SemLocal *l = i < j->w.num_args ? &j->w.args[i] : &j->w.locals[i - j->w.num_args];
        floats |= (l->kind == SEM_F4 || l->kind == SEM_F8) && l->uses > 8;
    }
    j->float_homes = floats;
}

/* guesses: try them; *broken says that they were wrong and nothing was published. */
static CodeInfo *compile(T0 *j, bool guesses, bool *broken, Err *e)
{
    Err why;
    why.kind = ERR_NONE;
    bool verified = false;
    bool scanned = sem_begin_again(&j->w, j->a, j->m, j->check ? &why : e);
    if (UNLIKELY(j->check != NULL)) {
        JitCheck check = j->check;
        j->check = NULL; /* once */
        verified = true;
        if (!check(j->check_arg, scanned ? &j->w : NULL, j->a, e))
            return NULL;
        if (!scanned)
            *e = why;
    }
    if (!scanned)
        return NULL;
    if (guesses && UNLIKELY(log_levels[LOG_jit] > 1))
        log_step(j->m, "IL, %u bytes%s", j->w.body.code_size, verified ? ", verified" : "");
    if (guesses)
        guess(j);
    j->sig = j->w.sig;
    j->ret_in_memory = j->sig->ret.kind == ET_VALUETYPE && type_abi(th_mt(j->sig->ret.th))->n == 0;
    j->num_args = j->w.num_args;
    setup(j);
    t0_setup_homes(j);
    j->poll_stress = knob_is_set(KNOB_GCSTRESS) && gc_stress_mode() == GC_STRESS_POLL;
    x64_need(T0B, T0_PROLOG_MAX);
    memset(j->b.cur, 0xcc, T0_PROLOG_MAX);
    j->b.cur += T0_PROLOG_MAX;
    IlMapEntry pro = {0, IL_MAP_PROLOG};
    vec_push(&j->ilmap, pro);
    j->unreachable = false;
    if (!walk(j, e))
        return NULL;
    *broken = j->guess_broken || (j->leaf && j->frame > T0_LEAF_FRAME); /* larger frames poll, which keeps no scratch registers */
    if (*broken)
        return NULL;
    u32 body_end = x64_pos(T0B);
    finish_funclets(j, body_end);
    make_clauses(j);
    if (j->m->flags & MF_SYNCHRONIZED)
        synchronized_fault(j);
    t0_emit_slow(j);
    u32 entry = place_prolog(j);
    /* the prologue's own entry of the map starts at the entry point */
    j->ilmap.data[0].native = entry;
    return publish(j, entry, e);
}

/* Empty again; keeps the arena, the memory of the buffers and what failed walks of the same method found out. */
static void reset(T0 *j, Method *m, Err *e)
{
    T0 keep = *j;
    memset(j, 0, sizeof *j);
#define REUSE(v) (j->v = keep.v, vec_clear(&j->v))
    REUSE(slots), REUSE(zero), REUSE(temps), REUSE(slow), REUSE(ilmap), REUSE(clauses), REUSE(funclets), REUSE(funclet_patches);
#undef REUSE
    j->b = keep.b;
    if (j->b.start)
        x64_reset(&j->b);
    else
        x64_init(&j->b, 16 * 1024);
    j->a = keep.a;
    if (keep.m == m && keep.w.again) {
        j->w.hints = keep.w.hints;
        j->w.num_hints = keep.w.num_hints;
        j->w.find_stacks = keep.w.find_stacks;
    }
    j->m = m;
    j->e = e;
}

/* --- Memory of compilations: any thread takes what another left ------------------------------------------------------------------- */
typedef struct Workspace {
    T0 j;
    Arena arena;
} Workspace;
enum { SPARE_WORKSPACES = 4 };
static Workspace *spare[SPARE_WORKSPACES]; /* exchanged whole */

static Workspace *take_workspace(void)
{
    for (u32 i = 0; i < SPARE_WORKSPACES; i++) {
        Workspace *w = __atomic_load_n(&spare[i], __ATOMIC_RELAXED) ? __atomic_exchange_n(&spare[i], NULL, __ATOMIC_ACQ_REL) : NULL;
        if (w)
            return w;
    }
    Workspace *w = base_calloc(1, sizeof *w);
    arena_init(&w->arena, 64 * 1024);
    return w;
}

static void give_workspace(Workspace *w)
{
    for (u32 i = 0; i < SPARE_WORKSPACES; i++) {
        Workspace *none = NULL;
        if (__atomic_compare_exchange_n(&spare[i], &none, w, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return;
    }
    T0 *j = &w->j;
    vec_free(&j->slots), vec_free(&j->zero), vec_free(&j->temps), vec_free(&j->slow);
    vec_free(&j->ilmap), vec_free(&j->clauses), vec_free(&j->funclets), vec_free(&j->funclet_patches);
    x64_free(&j->b);
    arena_free(&w->arena);
    base_free(w);
}

/* Compilation may load types, which may compile: nested use takes other memory. */
CodeInfo *jit_compile_tier0(Method *m, Err *e) { return jit_compile_tier0_if(m, NULL, NULL, e); }

CodeInfo *jit_compile_tier0_if(Method *m, JitCheck check, void *arg, Err *e)
{
    u64 t0 = now_ns();
    Workspace *w = take_workspace();
    T0 *j = &w->j;
    Arena *a = j->a = &w->arena;
    ArenaMark mark = arena_mark(a);
    bool broken = false;
    Err before = *e;
    j->w.again = false;
    reset(j, m, e);
    j->check = check;
    j->check_arg = arg;
    CodeInfo *ci = compile(j, true, &broken, e);
    while (broken || (!ci && j->w.again)) {
        broken = false;
        if (!j->w.hints)
            arena_release(a, mark); /* hints lie there */
        *e = before;
        j->w.again |= j->w.hints != NULL;
        reset(j, m, e);
        ci = compile(j, false, &broken, e);
    }
    u32 il = j->w.body.code_size;
    arena_release(a, mark);
    give_workspace(w);
    if (ci) {
        __atomic_fetch_add(&jit_stats.methods, 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&jit_stats.il_bytes, il, __ATOMIC_RELAXED);
        __atomic_fetch_add(&jit_stats.code_bytes, ci->size, __ATOMIC_RELAXED);
        __atomic_fetch_add(&jit_stats.ns, now_ns() - t0, __ATOMIC_RELAXED);
    }
    return ci;
}
