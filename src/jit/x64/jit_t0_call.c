/* jit_t0_call.c: calls of every kind, newobj, function pointers, intrinsics at Tier 0.
 * Integer arguments of managed calls in order: this, return buffer, generic context, declared ones (D5).  Unmanaged: return buffer first.
 * Protocol: everything below the arguments that lies in scratch registers is flushed; stack arguments are written to [rsp+..]; the register
 * arguments go last as one parallel move.  Results: rax/rdx/xmm0/xmm1, or the return buffer, a temporary of this frame.
 * Book: jit.md  Tests: tests/il/calls.il */
#include "jit/x64/jit_t0.h"

#include "base/log.h"

typedef struct Move {
    u8 dst;      /* register */
    u8 src_reg;  /* register, or X64_NOREG */
    bool is_mem; /* load of `bytes` from frame memory */
    bool lea;
    u8 bytes;
    X64Mem mem;
    Val val;     /* neither: materialise */
    bool use_val;
    bool sext;   /* I4 passed as native int */
    const void *ptr; /* constant pointer */
} Move;
typedef struct CallState {
    Move moves[24];
    u32 n;
    T0Args place;
} CallState;

static void add_move(CallState *c, Move m)
{
    CHECK(c->n < ARRAY_LEN(c->moves));
    c->moves[c->n++] = m;
}

/* Register-to-register moves first (breaking cycles by exchange), then loads and constants. */
static void run_moves(T0 *j, CallState *c)
{
    u32 pending = 0;
    for (u32 i = 0; i < c->n; i++)
        if (c->moves[i].src_reg != X64_NOREG)
            pending |= 1u << i;
    while (pending) {
        bool progress = false;
        for (u32 i = 0; i < c->n; i++) {
            if (!(pending & (1u << i)))
                continue;
            Move *m = &c->moves[i];
            if (m->src_reg == m->dst) {
                pending &= ~(1u << i);
                progress = true;
                continue;
            }
            bool blocked = false;
            for (u32 k = 0; k < c->n; k++)
                if (k != i && (pending & (1u << k)) && c->moves[k].src_reg == m->dst)
                    blocked = true;
            if (blocked)
                continue;
            if (m->dst >= X64_XMM0)
                x64_movaps_xx(T0B, m->dst, m->src_reg);
            else
                x64_mov_rr(T0B, 8, m->dst, m->src_reg);
            pending &= ~(1u << i);
            progress = true;
        }
        if (!progress) { /* a cycle: exchange two */
            u32 i = (u32)__builtin_ctz(pending);
            Move *m = &c->moves[i];
            u8 a = m->dst, b = m->src_reg;
            if (a >= X64_XMM0) {
                x64_movaps_xx(T0B, X64_XMM15, a);
                x64_movaps_xx(T0B, a, b);
                x64_movaps_xx(T0B, b, X64_XMM15);
            } else {
                x64_xchg_rr(T0B, 8, a, b);
            }
            pending &= ~(1u << i);
            for (u32 k = 0; k < c->n; k++)
                if ((pending & (1u << k)) && c->moves[k].src_reg == a)
                    c->moves[k].src_reg = b;
        }
    }
    for (u32 i = 0; i < c->n; i++) {
        Move *m = &c->moves[i];
        if (m->sext && m->src_reg != X64_NOREG)
            x64_movsx_rr(T0B, 8, 4, m->dst, m->dst);
        if (m->src_reg != X64_NOREG)
            continue;
        if (m->ptr) {
            t0_mov_ptr(j, m->dst, m->ptr);
        } else if (m->lea) {
            x64_lea(T0B, 8, m->dst, m->mem);
        } else if (m->is_mem) {
            if (m->dst >= X64_XMM0) {
                m->bytes <= 4 ? x64_movss_xm(T0B, m->dst, m->mem) : x64_movsd_xm(T0B, m->dst, m->mem);
            } else if (m->bytes > 4) {
                x64_mov_rm(T0B, 8, m->dst, m->mem); /* homes and temporaries are whole words */
            } else {
                x64_mov_rm(T0B, 4, m->dst, m->mem);
            }
        } else {
            j->locked |= 1u << m->dst;
            t0_load_to(j, m->dst, &m->val);
            if (m->sext)
                x64_movsx_rr(T0B, 8, 4, m->dst, m->dst);
        }
    }
}

/* One argument value to its place. */
static void pass(T0 *j, CallState *c, Val *v, u8 et, TypeHandle th, u32 base)
{
    T0Arg a;
    if (et == ET_TYPEDBYREF)
        th = th_of(type_wk(WK_TYPEDREFERENCE));
    t0_place(&c->place, et, th, &a);
    u8 want = et == ET_R4 ? SEM_F4 : et == ET_R8 ? SEM_F8 : 0;
    if (want && v->kind != want && t0_is_float(v->kind)) {
        X64Reg x = t0_xown(j, v);
        want == SEM_F4 ? x64_cvtsd2ss_xx(T0B, x, x) : x64_cvtss2sd_xx(T0B, x, x);
        v->kind = want;
    }
    bool native = et == ET_I || et == ET_U || et == ET_PTR || et == ET_FNPTR || et == ET_I8 || et == ET_U8;
    bool sext = native && v->kind == SEM_I4;
    if (v->kind == SEM_VALUE) {
        X64Mem m = t0_struct_mem(j, v);
        if (a.n == 0) {
            t0_copy(j, x64_mem(X64_RSP, (i32)(base + a.stack)), m, a.size);
            return;
        }
        for (u32 i = 0; i < a.n; i++)
            add_move(c, (Move){.dst = a.reg[i], .src_reg = X64_NOREG, .is_mem = true, .bytes = a.bytes[i] > 4 ? 8 : a.bytes[i],
                               .mem = x64_mem_add(m, (i32)i * 8)});
        return;
    }
    if (a.n == 0) {
        X64Mem m = x64_mem(X64_RSP, (i32)(base + a.stack));
        if (t0_is_float(v->kind)) {
            u32 keep = j->locked;
            X64Reg x = t0_xreg(j, v);
            v->kind == SEM_F4 ? x64_movss_mx(T0B, m, x) : x64_movsd_mx(T0B, m, x);
            j->locked = keep;
        } else if (v->loc == V_CONST && (i64)(i32)v->imm == v->imm) {
            x64_mov_mi(T0B, 8, m, (i32)v->imm);
        } else {
            u32 keep = j->locked;
            X64Reg r = t0_reg(j, v);
            if (sext) {
                X64Reg s = t0_gpr(j);
                x64_movsx_rr(T0B, 8, 4, s, r);
                r = s;
            }
            x64_mov_mr(T0B, 8, m, r);
            j->locked = keep;
        }
        return;
    }
    Move m = {.dst = a.reg[0], .src_reg = X64_NOREG, .val = *v, .use_val = true, .sext = sext};
    if (v->loc == V_REG || v->loc == V_XMM)
        m.src_reg = v->reg;
    else if (v->loc == V_HOME && j->homes[v->home].reg != X64_NOREG)
        m.src_reg = j->homes[v->home].reg;
    add_move(c, m);
}

static bool value_in_memory(u8 et, TypeHandle th)
{
    return et == ET_VALUETYPE && type_abi(th_mt(th))->n == 0;
}

/* Stack bytes that the arguments of the call need. */
static u32 stack_bytes(const SemCall *c, u32 hidden, bool has_this, u32 nargs)
{
    T0Args p = {.gpr = hidden};
    T0Arg a;
    if (has_this)
        t0_place(&p, ET_CLASS, 0, &a);
    for (u32 i = 0; i < c->sig->num_params && i < nargs; i++)
        t0_place(&p, c->sig->params[i].kind, c->sig->params[i].th, &a);
    return p.stack;
}

/* Pushes the result that the call left in registers or in the return buffer. */
static void push_result(T0 *j, const SigType *ret, i32 retbuf, bool native)
{
    u8 et = ret->kind;
    TypeHandle th = et == ET_TYPEDBYREF ? th_of(type_wk(WK_TYPEDREFERENCE)) : ret->th;
    if (et == ET_VOID)
        return;
    if (et == ET_VALUETYPE || et == ET_TYPEDBYREF) {
        if (retbuf) {
            t0_push_slot(j, retbuf, SEM_VALUE, th);
            return;
        }
        const TypeAbi *abi = type_abi(th_mt(th));
        i32 off = t0_struct_temp(j, j->depth, th);
        u32 g = 0, x = 0;
        for (u32 i = 0; i < abi->n; i++) {
            X64Mem m = t0_frame(off + (i32)i * 8);
            if (abi->cls[i] == ABI_SSE)
                x64_movsd_mx(T0B, m, x++ ? X64_XMM1 : X64_XMM0);
            else
                x64_mov_mr(T0B, 8, m, g++ ? X64_RDX : X64_RAX);
        }
        t0_push_slot(j, off, SEM_VALUE, th);
        return;
    }
    u8 kind = sem_kind_of(ret);
    if (t0_is_float(kind)) {
        t0_push_reg(j, X64_XMM0, kind, 0);
        return;
    }
    if (kind == SEM_I4) { /* narrow results: C and older callers leave the upper bits open */
        switch (et) {
        case ET_BOOLEAN: case ET_U1: x64_movzx_rr(T0B, 1, X64_RAX, X64_RAX); break;
        case ET_I1: x64_movsx_rr(T0B, 4, 1, X64_RAX, X64_RAX); break;
        case ET_CHAR: case ET_U2: x64_movzx_rr(T0B, 2, X64_RAX, X64_RAX); break;
        case ET_I2: x64_movsx_rr(T0B, 4, 2, X64_RAX, X64_RAX); break;
        default: x64_mov_rr(T0B, 4, X64_RAX, X64_RAX); break;
        }
    }
    (void)native;
    t0_push_reg(j, X64_RAX, kind, 0);
}

/* The GC transition around an unmanaged call (D5): a RECORD_CALL in the frame, mode preemptive, call, mode back, slow path when a stop waits. */
static i32 transition_record(T0 *j) { return t0_alloc(j, sizeof(TransitionRecord)); }

/* Stands for the result of a call that never comes back. */
static void t0_after_tail(T0 *j, const SigType *ret)
{
    if (ret->kind == ET_VOID)
        return;
    u8 kind = sem_kind_of(ret);
    if (kind == SEM_VALUE) {
        TypeHandle th = ret->kind == ET_TYPEDBYREF ? th_of(type_wk(WK_TYPEDREFERENCE)) : ret->th;
        t0_push_slot(j, t0_struct_temp(j, j->depth, th), SEM_VALUE, th);
    } else {
        t0_push_const(j, kind, 0);
    }
}

static void unmanaged(T0 *j, const SemCall *c, X64Reg target)
{
    if (c->suppress_transition) {
        target == X64_NOREG ? x64_call_far(T0B, c->native_target, X64_RAX) : x64_call_r(T0B, target);
        return;
    }
    i32 rec = transition_record(j);
    X64Label after = x64_label(T0B);
    x64_mov_rm(T0B, 8, X64_R10, x64_mem(X64_R15, TOFF(record)));
    x64_mov_mr(T0B, 8, t0_frame(rec + (i32)offsetof(TransitionRecord, prev)), X64_R10);
    x64_mov_mi(T0B, 8, t0_frame(rec + (i32)offsetof(TransitionRecord, kind)), RECORD_CALL);
    x64_lea(T0B, 8, X64_R10, x64_mem_label(after, 0));
    x64_mov_mr(T0B, 8, t0_frame(rec + (i32)offsetof(TransitionRecord, ip)), X64_R10);
    x64_mov_mr(T0B, 8, t0_frame(rec + (i32)offsetof(TransitionRecord, fp)), X64_RBP);
    x64_mov_mr(T0B, 8, t0_frame(rec + (i32)offsetof(TransitionRecord, sp)), X64_RSP);
    x64_lea(T0B, 8, X64_R10, t0_frame(rec));
    x64_mov_mr(T0B, 8, x64_mem(X64_R15, TOFF(record)), X64_R10);
    x64_mov_mi(T0B, 4, x64_mem(X64_R15, TOFF(mode)), THREAD_PREEMPTIVE);
    if (target == X64_NOREG) {
        if (os_span_contains(c->native_target))
            x64_call_abs(T0B, c->native_target);
        else
            x64_call_far(T0B, c->native_target, X64_RAX);
    } else {
        x64_call_r(T0B, target);
    }
    x64_bind(T0B, after);
    x64_mov_mi(T0B, 4, x64_mem(X64_R15, TOFF(mode)), THREAD_COOPERATIVE);
    /* A stop may be on: the record stays on top until the thread may run on, or a walk would miss this frame.  Results wait in the frame. */
    X64Label quiet = x64_label(T0B), done = x64_label(T0B);
    x64_cmp_mi(T0B, 4, x64_mem(X64_R15, TOFF(request)), 0);
    x64_jcc(T0B, X64_E, quiet);
    i32 save = t0_alloc(j, 32);
    x64_mov_mr(T0B, 8, t0_frame(save), X64_RAX);
    x64_mov_mr(T0B, 8, t0_frame(save + 8), X64_RDX);
    x64_movsd_mx(T0B, t0_frame(save + 16), X64_XMM0);
    x64_movsd_mx(T0B, t0_frame(save + 24), X64_XMM1);
    t0_call_helper(j, JIT_HELPER_PINVOKE_WAIT);
    x64_mov_rm(T0B, 8, X64_RAX, t0_frame(save));
    x64_mov_rm(T0B, 8, X64_RDX, t0_frame(save + 8));
    x64_movsd_xm(T0B, X64_XMM0, t0_frame(save + 16));
    x64_movsd_xm(T0B, X64_XMM1, t0_frame(save + 24));
    x64_bind(T0B, quiet);
    x64_mov_rm(T0B, 8, X64_R10, t0_frame(rec));
    x64_mov_mr(T0B, 8, x64_mem(X64_R15, TOFF(record)), X64_R10);
    x64_cmp_mi(T0B, 8, x64_mem(X64_R15, TOFF(pending)), 0);
    x64_jcc(T0B, X64_E, done);
    t0_call_helper(j, JIT_HELPER_PINVOKE_RAISE);
    x64_bind(T0B, done);
}

static void call_cell(T0 *j, void **cell)
{
    if (os_span_contains(cell)) {
        x64_call_m(T0B, x64_mem_abs(cell));
    } else {
        x64_mov_ri(T0B, 8, X64_R10, (i64)cell);
        x64_call_m(T0B, x64_mem(X64_R10, 0));
    }
}

/* Puts the arguments of a multi-dimensional array operation (this excluded) as i32s into the frame; returns their offset. */
static i32 spread_indices(T0 *j, u32 n, u32 skip_top)
{
    i32 area = t0_alloc(j, n * 4);
    for (u32 i = 0; i < n; i++) {
        Val *v = t0_top(j, skip_top + n - 1 - i);
        Val copy = *v;
        X64Reg r = t0_gpr(j);
        t0_load_to(j, r, &copy);
        x64_mov_mr(T0B, 4, t0_frame(area + (i32)i * 4), r);
        j->locked = 0;
    }
    return area;
}

static void array_call(T0 *j, const SemInst *in)
{
    const SemCall *c = &in->call;
    Method *m = c->m;
    MethodTable *arr = m->mt;
    u32 rank = arr->klass->rank;
    u8 ek = type_elem_kind(arr->elem);
    t0_flush_regs(j);
    if (m->array_kind == ARRAY_CTOR) {
        u32 n = c->num_args;
        i32 area = spread_indices(j, n, 0);
        j->depth -= n;
        if (c->newobj_type.exact.lookup)
            t0_lookup(j, c->newobj_type.exact.slot, X64_RDI);
        else
            t0_mov_ptr(j, X64_RDI, arr);
        x64_mov_ri(T0B, 4, X64_RSI, n);
        x64_lea(T0B, 8, X64_RDX, t0_frame(area));
        t0_call_helper(j, JIT_HELPER_NEW_MDARRAY);
        t0_push_reg(j, X64_RAX, SEM_REF, th_of(arr));
        return;
    }
    bool set = m->array_kind == ARRAY_SET, ref = ek == ET_CLASS;
    i32 area = spread_indices(j, rank, set);
    Val value = {0};
    if (set) {
        value = j->st[--j->depth];
        if (ref && value.loc != V_CONST) { /* covariance: before the store, array kept on the stack */
            Val a0 = j->st[j->depth - rank - 1];
            t0_load_to(j, X64_RDI, &a0);
            t0_load_to(j, X64_RSI, &value);
            t0_call_helper(j, JIT_HELPER_MDARRAY_STORE_CHECK);
        }
    }
    bool exact_elem = m->array_kind == ARRAY_ADDRESS && ref && !c->readonly, shared_elem = exact_elem && c->newobj_type.exact.lookup;
    if (shared_elem) {
        t0_lookup(j, c->newobj_type.exact.slot, X64_RAX);
        x64_mov_rm(T0B, 8, X64_RDX, x64_mem(X64_RAX, (i32)offsetof(MethodTable, elem)));
    }
    j->depth -= rank;
    Val a = j->st[--j->depth];
    t0_load_to(j, X64_RDI, &a);
    x64_lea(T0B, 8, X64_RSI, t0_frame(area));
    if (exact_elem && !shared_elem)
        t0_mov_ptr(j, X64_RDX, (const void *)arr->elem);
    else if (!shared_elem)
        x64_zero(T0B, X64_RDX);
    t0_call_helper(j, JIT_HELPER_MDARRAY_ADDRESS);
    j->locked = 1u << X64_RAX;
    TypeHandle eth = ek == ET_VALUETYPE ? arr->elem : 0;
    switch (m->array_kind) {
    case ARRAY_GET: t0_load_mem(j, x64_mem(X64_RAX, 0), ek, eth); break;
    case ARRAY_SET: t0_store_mem(j, x64_mem(X64_RAX, 0), &value, ek, eth, true); break;
    default: t0_push_reg(j, X64_RAX, SEM_BYREF, 0); break;
    }
}

static i32 arg_home_value(T0 *j, u32 i, Val *v)
{
    *v = (Val){.kind = j->homes[i].kind, .loc = V_HOME, .home = i, .th = j->homes[i].th};
    return 0;
}

/* newobj: makes the object (or the zeroed temporary) and inserts it below the arguments; returns its slot. */
static void newobj_begin(T0 *j, const SemCall *c, i32 *obj_slot, bool *is_value)
{
    MethodTable *mt = th_mt(c->newobj_type.th);
    u32 n = c->num_args;
    *is_value = mt_is_valuetype(mt);
    t0_flush_regs(j);
    if (*is_value) {
        *obj_slot = t0_alloc(j, ALIGN_UP(type_size(c->newobj_type.th), 8u)); /* own storage: its address is passed on */
        t0_describe(j, *obj_slot, ET_VALUETYPE, c->newobj_type.th, true, false, false);
        t0_zero_mem(j, t0_frame(*obj_slot), ALIGN_UP(type_size(c->newobj_type.th), 8u));
    } else {
        X64Reg ex = X64_NOREG;
        if (c->newobj_type.exact.lookup)
            t0_lookup(j, c->newobj_type.exact.slot, ex = X64_RAX);
        t0_new_object(j, mt, ex);
        *obj_slot = t0_alloc(j, 8);
        t0_describe(j, *obj_slot, SEM_REF, 0, true, false, true);
        x64_mov_mr(T0B, 8, t0_frame(*obj_slot), X64_RAX);
    }
    /* shift the arguments up by one entry: they are constants, homes or slots now */
    CHECK(j->depth + 1 <= j->cap);
    for (u32 i = 0; i < n; i++)
        j->st[j->depth - i] = j->st[j->depth - i - 1];
    j->st[j->depth - n] = *is_value ? (Val){.kind = SEM_BYREF, .loc = V_ADDR, .off = *obj_slot}
                                      : (Val){.kind = SEM_REF, .loc = V_SLOT, .off = *obj_slot};
    j->depth++;
    j->locked = 0;
}

/* A constant entry point: no generic look-up, no stub in between. */
static void *constant_entry(const SemCall *c, Method *m)
{
    if (!m || c->method_lookup.lookup || (m->flags & (MF_CTX_MT | MF_CTX_METHOD | MF_UNMANAGED_CALLERS_ONLY | MF_GENERIC_DEF)) || jit_env.neutral)
        return NULL;
    jit_env.entry_cell(m);
    return code_precode(m);
}

/* The target is an instance method of a class, closed over the object on the stack: two stores make the delegate. */
static void *closed_instance(const SemCall *c)
{
    Method *m = c->dl_target;
    Err ignored = {0};
    if (!m || (m->flags & (MF_STATIC | MF_VIRTUAL | MF_SHARED)) || !m->mt || mt_is_valuetype(m->mt) || mt_is_interface(m->mt) || m->canon != m)
        return NULL;
    const MethodSig *sig = type_method_sig(m, &ignored);
    Method *invoke = type_method_by_name(th_mt(c->newobj_type.th), "Invoke", -1);
    const MethodSig *isig = invoke ? type_method_sig(invoke, &ignored) : NULL;
    return sig && isig && sig->num_params == isig->num_params ? constant_entry(c, m) : NULL;
}

static void delegate_newobj(T0 *j, const SemInst *in)
{
    const SemCall *c = &in->call;
    t0_flush_regs(j);
    X64Reg ex = X64_NOREG;
    if (c->newobj_type.exact.lookup)
        t0_lookup(j, c->newobj_type.exact.slot, ex = X64_RAX);
    t0_new_object(j, th_mt(c->newobj_type.th), ex);
    i32 obj = t0_slot(j, j->depth, SEM_REF, 0);
    x64_mov_mr(T0B, 8, t0_frame(obj), X64_RAX);
    Val fn = t0_pop(j), target = t0_pop(j);
    void *entry = closed_instance(c);
    t0_load_to(j, X64_RSI, &target);
    if (entry) {
        u8 regs[3] = {X64_RAX, X64_RSI, X64_NOREG};
        i64 imms[3] = {0, 0, (i64)entry};
        X64Label slow = t0_slow_call(j, JIT_HELPER_DELEGATE_CTOR, 3, regs, imms);
        x64_test_rr(T0B, 8, X64_RSI, X64_RSI); /* a null target is refused there */
        x64_jcc(T0B, X64_E, slow);
        t0_mov_ptr(j, X64_RCX, entry);
        x64_mov_mr(T0B, 8, x64_mem(X64_RAX, 24), X64_RCX); /* _methodPtr */
        x64_lea(T0B, 8, X64_RDI, x64_mem(X64_RAX, 8));     /* _target */
        x64_mov_ri(T0B, 8, X64_R11, (i64)&gc_barrier_cells.store);
        x64_call_m(T0B, x64_mem(X64_R11, 0));
        t0_slow_back(j);
    } else {
        x64_mov_rr(T0B, 8, X64_RDI, X64_RAX);
        t0_load_to(j, X64_RDX, &fn);
        t0_call_helper(j, JIT_HELPER_DELEGATE_CTOR);
    }
    j->locked = 0;
    X64Reg r = t0_gpr(j);
    x64_mov_rm(T0B, 8, r, t0_frame(obj));
    t0_push_reg(j, r, SEM_REF, c->newobj_type.th);
}

/* this of a constrained call: dereferenced or boxed. The entry is n - 1 below the top. */
static void fix_this(T0 *j, const SemCall *c)
{
    u32 at = j->depth - c->num_args;
    t0_flush_regs(j);
    Val *v = &j->st[at];
    if (c->this_fix == SEM_THIS_DEREF) {
        t0_load_to(j, X64_RAX, v);
        x64_mov_rm(T0B, 8, X64_RAX, x64_mem(X64_RAX, 0));
    } else {
        t0_load_to(j, X64_RSI, v);
        i32 keep = t0_slot(j, j->depth, SEM_BYREF, 0);
        if (c->this_type.exact.lookup) {
            x64_mov_mr(T0B, 8, t0_frame(keep), X64_RSI);
            t0_lookup(j, c->this_type.exact.slot, X64_RDI);
            x64_mov_rm(T0B, 8, X64_RSI, t0_frame(keep));
        } else {
            t0_mov_ptr(j, X64_RDI, (const void *)c->this_type.th);
        }
        t0_call_helper(j, JIT_HELPER_BOX);
    }
    i32 off = t0_slot(j, at, SEM_REF, 0);
    x64_mov_mr(T0B, 8, t0_frame(off), X64_RAX);
    *v = (Val){.kind = SEM_REF, .loc = V_SLOT, .off = off};
    j->locked = 0;
}

/* An explicit tail call that this frame can make way for: nothing of the frame is named. */
static bool can_tail(T0 *j, const SemCall *c, u32 nargs, bool retbuf)
{
    if (!(c->tail || c->is_jmp) || c->is_newobj || c->dispatch == SEM_CALL_UNMANAGED || j->w.has_localloc ||
        (j->m->flags & MF_SYNCHRONIZED) || retbuf != j->ret_in_memory || j->cur_region)
        return false;
    for (u32 i = 0; i < nargs; i++)
        if (t0_top(j, i)->loc == V_ADDR)
            return false;
    return true;
}

/* Leaves the frame; the target is in r10 (an address) or, when cell is not NULL, read from there. */
static void tail_jump(T0 *j, u32 need, void **cell)
{
    j->unreachable = true;
    if (need > j->incoming) { /* they do not fit where our own came in */
        t0_restore_saved(j);
        if (cell && os_span_contains(cell)) {
            x64_mov_rm(T0B, 8, X64_R10, x64_mem_abs(cell));
        } else if (cell) {
            x64_mov_ri(T0B, 8, X64_R10, (i64)cell);
            x64_mov_rm(T0B, 8, X64_R10, x64_mem(X64_R10, 0));
        }
        x64_mov_ri(T0B, 4, X64_RAX, need);
        x64_jmp_abs(T0B, code_tail_stub());
        return;
    }
    for (u32 i = 0; i < need; i += 8) {
        x64_movsd_xm(T0B, X64_XMM15, x64_mem(X64_RSP, (i32)i));
        x64_movsd_mx(T0B, t0_frame(16 + (i32)i), X64_XMM15);
    }
    t0_leave_frame(j);
    if (cell && os_span_contains(cell)) {
        x64_jmp_m(T0B, x64_mem_abs(cell));
    } else {
        if (cell) {
            x64_mov_ri(T0B, 8, X64_R10, (i64)cell);
            x64_mov_rm(T0B, 8, X64_R10, x64_mem(X64_R10, 0));
        }
        x64_jmp_r(T0B, X64_R10);
    }
}

/* Address of the inline-cached interface target in r10. */
static void site_target(T0 *j, const SemCall *c)
{
    CallSite *site = jit_env.new_site(type_method_context_of(j->m), c->m, j->m, j->il);
    X64Label miss = x64_label(T0B), go = x64_label(T0B);
    x64_mov_rm(T0B, 8, X64_RAX, x64_mem(X64_RDI, 0));
    t0_mov_ptr(j, X64_R11, site);
    x64_mov_rm(T0B, 8, X64_R10, x64_mem(X64_R11, (i32)offsetof(CallSite, pair)));
    x64_cmp_mr(T0B, 8, x64_mem(X64_R10, 0), X64_RAX);
    x64_jcc_short(T0B, X64_NE, miss);
    x64_mov_rm(T0B, 8, X64_R10, x64_mem(X64_R10, 8));
    x64_mov_rm(T0B, 8, X64_R10, x64_mem(X64_R10, 0));
    x64_jmp_short(T0B, go);
    x64_bind(T0B, miss);
    t0_mov_ptr(j, X64_R10, code_site_miss_stub());
    x64_bind(T0B, go);
}

void t0_call(T0 *j, const SemInst *in)
{
    const SemCall *c = &in->call;
    if (c->dispatch == SEM_CALL_ARRAY) {
        array_call(j, in);
        return;
    }
    if (c->dispatch == SEM_CALL_INTRINSIC && t0_intrinsic(j, in))
        return;
    t0_calls_something(j);
    if (UNLIKELY(log_levels[LOG_jit] > 2) && c->m) {
        char name[400];
        type_method_name(c->m, false, name, sizeof name);
        LOG(jit, 3, "call of %s", name);
    }
    if (c->delegate_ctor) {
        delegate_newobj(j, in);
        return;
    }
    if (c->is_jmp)
        for (u32 i = 0; i < j->num_args; i++) {
            Val v;
            arg_home_value(j, i, &v);
            t0_push(j, v);
        }
    u32 nargs = c->is_jmp ? j->num_args : c->num_args;
    i32 obj_slot = 0;
    bool newobj_value = false;
    if (c->is_newobj && !c->newobj_string) {
        newobj_begin(j, c, &obj_slot, &newobj_value);
        nargs++;
    }
    if (c->this_fix != SEM_THIS_ASIS)
        fix_this(j, c);
    bool native = c->dispatch == SEM_CALL_UNMANAGED;
    bool has_this = !native && c->sig->has_this && !c->sig->explicit_this && !c->newobj_string;
    if (c->m && c->dispatch != SEM_CALL_INDIRECT && !native)
        has_this = !(c->m->flags & MF_STATIC);
    bool fnptr_on_stack = c->dispatch == SEM_CALL_INDIRECT || (native && !c->native_target);
    bool retbuf = value_in_memory(c->sig->ret.kind, c->sig->ret.th);

    /* values that need code of their own before the arguments are placed: look-ups and resolved targets, kept in frame slots */
    i32 ctx_tmp = 0, target_tmp = 0;
    if (fnptr_on_stack) {
        Val f = t0_pop(j);
        target_tmp = t0_slot(j, j->depth + 2, SEM_I, 0);
        X64Reg r = t0_reg(j, &f);
        x64_mov_mr(T0B, 8, t0_frame(target_tmp), r);
        j->locked = 0;
    }
    if (c->ctx && c->ctx_lookup.lookup) {
        t0_lookup(j, c->ctx_lookup.slot, X64_RAX);
        ctx_tmp = t0_slot(j, j->depth + 1, SEM_I, 0);
        x64_mov_mr(T0B, 8, t0_frame(ctx_tmp), X64_RAX);
    }
    if (c->dispatch == SEM_CALL_LOOKUP || c->dispatch == SEM_CALL_GENERIC_VIRTUAL || (c->dispatch == SEM_CALL_INTERFACE && c->method_lookup.lookup)) {
        t0_flush_regs(j);
        if (c->method_lookup.lookup)
            t0_lookup(j, c->method_lookup.slot, X64_RSI);
        else
            t0_mov_ptr(j, X64_RSI, c->m);
        if (c->dispatch == SEM_CALL_LOOKUP) {
            x64_mov_rm(T0B, 8, X64_RAX, x64_mem(X64_RSI, METHOD_ENTRY_OFFSET));
        } else { /* GENERIC_VIRTUAL; interface methods whose exact owner is only known at run time go the same way */
            Val self = *t0_top(j, nargs - 1);
            t0_load_to(j, X64_RDI, &self);
            t0_call_helper(j, JIT_HELPER_GENERIC_VIRTUAL);
        }
        j->locked = 0;
        target_tmp = t0_slot(j, j->depth + 2, SEM_I, 0);
        x64_mov_mr(T0B, 8, t0_frame(target_tmp), X64_RAX);
    }

    u32 in_regs = 0;
    for (u32 i = 0; i < nargs; i++)
        in_regs += t0_top(j, i)->loc == V_REG || t0_top(j, i)->loc == V_XMM;
    if (in_regs > 6) /* a register must stay free for what goes to the stack */
        t0_flush_regs(j);
    t0_flush_below(j, nargs);
    u32 hidden = (u32)retbuf + (c->ctx != SEM_CTX_NONE);
    u32 need = stack_bytes(c, hidden, has_this, nargs);
    j->outgoing = MAX(j->outgoing, need);
    bool tail = can_tail(j, c, nargs, retbuf);
    CallState cs = {0};
    u32 first = j->depth - nargs;
    i32 ret_tmp = 0;
    if (retbuf) { /* the result's own temporary: arguments by value are copied out before the call; one named by address keeps it away */
        ret_tmp = t0_struct_temp(j, first, c->sig->ret.th);
        for (u32 i = 0; i < nargs; i++)
            if (j->st[first + i].loc == V_ADDR && j->st[first + i].off == ret_tmp)
                ret_tmp = t0_struct_temp(j, j->depth + 3, c->sig->ret.th);
    }
    for (u32 i = 0; i < nargs; i++) { /* registers of popped values stay locked until the end of the instruction */
        Val *v = &j->st[first + i];
        if (v->loc == V_REG || v->loc == V_XMM) {
            j->owner[v->reg] = 0;
            j->locked |= 1u << v->reg;
        }
    }
    j->depth = first;
    u32 arg = 0;
    if (native && retbuf)
        add_move(&cs, (Move){.dst = (cs.place.gpr++, X64_RDI), .src_reg = X64_NOREG, .lea = true, .mem = t0_frame(ret_tmp)});
    if (has_this) {
        Val *v = &j->st[first + arg++];
        pass(j, &cs, v, ET_CLASS, 0, 0);
    }
    static const u8 gpr[6] = {X64_RDI, X64_RSI, X64_RDX, X64_RCX, X64_R8, X64_R9};
    if (!native && retbuf) {
        Move m = {.dst = gpr[cs.place.gpr++], .src_reg = X64_NOREG, .lea = true, .mem = t0_frame(ret_tmp)};
        if (tail) /* the caller's buffer is filled directly */
            m.lea = false, m.is_mem = true, m.bytes = 8, m.mem = t0_frame(j->retbuf_off);
        add_move(&cs, m);
    }
    if (c->ctx) {
        Move m = {.dst = gpr[cs.place.gpr++], .src_reg = X64_NOREG};
        if (c->ctx_lookup.lookup)
            m.is_mem = true, m.bytes = 8, m.mem = t0_frame(ctx_tmp);
        else
            m.ptr = c->ctx_const;
        add_move(&cs, m);
    }
    for (u32 i = 0; arg < nargs; i++, arg++) {
        CHECK(i < c->sig->num_params);
        pass(j, &cs, &j->st[first + arg], c->sig->params[i].kind, c->sig->params[i].th, 0);
    }
    run_moves(j, &cs);

    if (c->null_check && has_this)
        x64_cmp_mr(T0B, 1, x64_mem(X64_RDI, 0), X64_RDI); /* null faults */
    if (tail) {
        switch (c->dispatch) {
        case SEM_CALL_DIRECT:
        case SEM_CALL_INTRINSIC: tail_jump(j, need, jit_env.entry_cell(c->m->canon)); break;
        case SEM_CALL_VIRTUAL:
            x64_mov_rm(T0B, 8, X64_RAX, x64_mem(X64_RDI, 0));
            x64_mov_rm(T0B, 8, X64_R10, x64_mem(X64_RAX, MT_VTABLE_OFFSET + (i32)c->m->slot * 8));
            tail_jump(j, need, NULL);
            break;
        case SEM_CALL_DELEGATE:
            x64_mov_rm(T0B, 8, X64_R10, x64_mem(X64_RDI, 24));
            x64_mov_rm(T0B, 8, X64_RDI, x64_mem(X64_RDI, 8));
            tail_jump(j, need, NULL);
            break;
        default:
            if (c->dispatch == SEM_CALL_INTERFACE && !c->method_lookup.lookup)
                site_target(j, c);
            else
                x64_mov_rm(T0B, 8, X64_R10, t0_frame(target_tmp));
            tail_jump(j, need, NULL);
            break;
        }
        /* sem still gives the ret that follows: its value is never used */
        j->locked = 0;
        t0_after_tail(j, &c->sig->ret);
        return;
    }
    switch (c->dispatch) {
    case SEM_CALL_DIRECT:
    case SEM_CALL_INTRINSIC:
        call_cell(j, jit_env.entry_cell(c->m->canon));
        break;
    case SEM_CALL_VIRTUAL:
        x64_mov_rm(T0B, 8, X64_RAX, x64_mem(X64_RDI, 0));
        x64_call_m(T0B, x64_mem(X64_RAX, MT_VTABLE_OFFSET + (i32)c->m->slot * 8));
        break;
    case SEM_CALL_INTERFACE:
        if (!c->method_lookup.lookup) {
            site_target(j, c);
            x64_call_r(T0B, X64_R10);
            break;
        }
        /* fallthrough */
    case SEM_CALL_GENERIC_VIRTUAL:
    case SEM_CALL_LOOKUP:
    case SEM_CALL_INDIRECT:
        x64_mov_rm(T0B, 8, X64_R10, t0_frame(target_tmp));
        x64_call_r(T0B, X64_R10);
        break;
    case SEM_CALL_DELEGATE:
        x64_mov_rm(T0B, 8, X64_RAX, x64_mem(X64_RDI, 24)); /* _methodPtr */
        x64_mov_rm(T0B, 8, X64_RDI, x64_mem(X64_RDI, 8));  /* _target */
        x64_call_r(T0B, X64_RAX);
        break;
    case SEM_CALL_UNMANAGED:
        if (target_tmp)
            x64_mov_rm(T0B, 8, X64_R11, t0_frame(target_tmp));
        unmanaged(j, c, target_tmp ? X64_R11 : X64_NOREG);
        break;
    default: UNREACHABLE();
    }
    j->locked = 0;
    if (c->is_newobj && !c->newobj_string) {
        if (newobj_value && in->result.kind != SEM_VALUE) { /* IntPtr and the like: the bits themselves */
            t0_load_mem(j, t0_frame(obj_slot), c->newobj_type.kind == ET_VALUETYPE ? ET_I : c->newobj_type.kind, 0);
        } else if (newobj_value) {
            t0_push_slot(j, obj_slot, SEM_VALUE, c->newobj_type.th);
        } else {
            X64Reg r = t0_gpr(j);
            x64_mov_rm(T0B, 8, r, t0_frame(obj_slot));
            t0_push_reg(j, r, SEM_REF, c->newobj_type.th);
        }
        return;
    }
    push_result(j, &c->sig->ret, retbuf ? ret_tmp : 0, native);
    if (retbuf && ret_tmp != t0_struct_temp(j, first, c->sig->ret.th)) {
        Val v = t0_pop(j);
        i32 off = t0_struct_temp(j, j->depth, c->sig->ret.th);
        t0_copy(j, t0_frame(off), t0_frame(v.off), type_size(c->sig->ret.th));
        t0_push_slot(j, off, SEM_VALUE, c->sig->ret.th);
    }
    if (c->is_jmp)
        t0_ret(j);
}

void t0_ldftn(T0 *j, const SemInst *in)
{
    const SemCall *c = &in->call;
    void *entry = in->op == SEM_LDFTN ? constant_entry(c, c->m) : NULL;
    if (entry) {
        X64Reg r = t0_gpr(j);
        t0_mov_ptr(j, r, entry);
        t0_push_reg(j, r, SEM_I, 0);
        return;
    }
    t0_flush_regs(j);
    if (c->method_lookup.lookup)
        t0_lookup(j, c->method_lookup.slot, X64_RDI);
    else
        t0_mov_ptr(j, X64_RDI, c->m);
    if (in->op == SEM_LDVIRTFTN) {
        x64_mov_rr(T0B, 8, X64_RSI, X64_RDI);
        Val o = t0_pop(j);
        t0_load_to(j, X64_RDI, &o);
        t0_call_helper(j, JIT_HELPER_LDVIRTFTN);
    } else {
        t0_call_helper(j, JIT_HELPER_LDFTN);
    }
    j->locked = 0;
    t0_push_reg(j, X64_RAX, SEM_I, 0);
}
