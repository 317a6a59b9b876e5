/* sem_ops.c: what each opcode does to the stack: constants, variables, arithmetic, comparison, conversion, branches, memory.
 * In: decoded instruction in SemPrivate.  Out: SemInst.
 * The numeric rules are those of §III.1.5, tables 2 to 8, relaxed as compilers need: native int meets int32 and int64 freely, object
 * references and byrefs may be compared with native ints.
 * Not here: calls (sem_call.c), fields, arrays, boxes, tokens (sem_token.c).  Book: sem.md  Tests: tests/unit/sem/, tests/il/ */
#include "sem/sem_int.h"

static inline bool is_int(u8 k) { return k == SEM_I4 || k == SEM_I8 || k == SEM_I; }
static inline bool is_float(u8 k) { return k == SEM_F4 || k == SEM_F8; }
static inline bool is_word(u8 k) { return is_int(k) || k == SEM_REF || k == SEM_BYREF; }

void sem_push_type(SemWalk *w, SemInst *o, u8 et, TypeHandle th)
{
    u8 kind = sem_kind_of_et(et);
    sem_push(w, o, kind, kind == SEM_VALUE || kind == SEM_REF ? th : 0, 0);
}

/* May a value of this kind be stored where that kind is wanted, conversions of sem_coerce done? */
static bool fits(u8 to, u8 from) { return to == from || (is_word(to) && is_word(from)) || (is_float(to) && is_float(from)); }

/* --- Arguments and locals ------------------------------------------------------------------------------------------------ */
static bool load_var(SemWalk *w, SemInst *o, SemOp op, u32 i, Err *e)
{
    if (UNLIKELY(i >= (op == SEM_LDARG ? w->num_args : w->num_locals)))
        return sem_invalid(e);
    const SemLocal *v = op == SEM_LDARG ? &w->args[i] : &w->locals[i];
    sem_head(w, o, op, 0);
    o->index = i;
    u8 flags = op == SEM_LDARG && i == 0 && w->sig->has_this && !w->this_stored ? SEMV_THIS : 0;
    bool th = v->kind == SEM_VALUE || (v->kind == SEM_REF && !v->type.shared);
    sem_push(w, o, v->kind, th ? v->type.th : 0, flags);
    return true;
}

static bool store_var(SemWalk *w, SemInst *o, SemOp op, u32 i, Err *e)
{
    SEM_NEED(1);
    if (UNLIKELY(i >= (op == SEM_STARG ? w->num_args : w->num_locals)))
        return sem_invalid(e);
    u8 kind = op == SEM_STARG ? w->args[i].kind : w->locals[i].kind;
    if (sem_coerce(w, o, kind))
        return true;
    if (!fits(kind, sem_top(w, 0)->kind))
        return sem_invalid(e);
    sem_head(w, o, op, 1);
    o->index = i;
    return true;
}

static bool address_var(SemWalk *w, SemInst *o, SemOp op, u32 i, Err *e)
{
    if (UNLIKELY(i >= (op == SEM_LDARGA ? w->num_args : w->num_locals)))
        return sem_invalid(e);
    sem_head(w, o, op, 0);
    o->index = i;
    sem_push(w, o, SEM_BYREF, 0, SEMV_NONNULL);
    return true;
}

/* --- Arithmetic -------------------------------------------------------------------------------------------------------------- */
static u8 int_result(u8 a, u8 b)
{
    if (a == b)
        return a;
    return a == SEM_I || b == SEM_I ? SEM_I : SEM_I8;
}

/* Result of a binary operation, SEM_NONE when the kinds do not go with it. */
static u8 binary_kind(u8 op, u8 a, u8 b)
{
    if (is_int(a) && is_int(b))
        return op >= SEM_SHL ? a : int_result(a, b);
    if (is_float(a) && is_float(b))
        return op > SEM_REM_UN || op == SEM_DIV_UN || op == SEM_REM_UN ? SEM_NONE : a == b ? a : SEM_F8;
    if (!is_word(a) || !is_word(b))
        return SEM_NONE;
    switch (op) { /* addresses */
    case SEM_ADD: return SEM_BYREF;
    case SEM_SUB: return is_int(b) ? SEM_BYREF : SEM_I;
    case SEM_AND: case SEM_OR: case SEM_XOR: return SEM_I;
    default: return SEM_NONE;
    }
}

static bool binary(SemWalk *w, SemInst *o, u8 op, u8 ovf, Err *e)
{
    SEM_NEED(2);
    u8 a = sem_top(w, 1)->kind, b = sem_top(w, 0)->kind, kind = binary_kind(op, a, b);
    if (kind == SEM_NONE || (ovf && is_float(kind)))
        return sem_invalid(e);
    if (is_float(kind) && b != kind && sem_coerce(w, o, kind))
        return true;
    sem_head(w, o, SEM_BINARY, 2);
    o->bin.op = op;
    o->bin.ovf = ovf;
    sem_push(w, o, kind, 0, 0);
    return true;
}

static bool unary(SemWalk *w, SemInst *o, SemOp op, Err *e)
{
    SEM_NEED(1);
    u8 kind = sem_top(w, 0)->kind;
    if (!is_int(kind) && !(op == SEM_NEG && is_float(kind)))
        return sem_invalid(e);
    sem_head(w, o, op, 1);
    sem_push(w, o, kind, 0, 0);
    return true;
}

static bool comparable(u8 a, u8 b) { return (is_word(a) && is_word(b)) || (is_float(a) && is_float(b)); }

static bool compare(SemWalk *w, SemInst *o, u8 cmp, bool un, Err *e)
{
    SEM_NEED(2);
    u8 a = sem_top(w, 1)->kind, b = sem_top(w, 0)->kind;
    if (!comparable(a, b))
        return sem_invalid(e);
    if (a == SEM_F8 && sem_coerce(w, o, a))
        return true;
    sem_head(w, o, SEM_COMPARE, 2);
    o->cmp.cmp = cmp;
    o->cmp.un = un;
    sem_push(w, o, SEM_I4, 0, 0);
    return true;
}

static u8 conv_kind(u8 to)
{
    return sem_kind_of_et(to);
}

static bool conv(SemWalk *w, SemInst *o, u8 to, bool un, bool ovf, Err *e)
{
    SEM_NEED(1);
    u8 from = sem_top(w, 0)->kind;
    if (from == SEM_VALUE || from == SEM_NONE)
        return sem_invalid(e);
    if (un && !ovf && to == ET_R8) { /* conv.r.un; conv.r4: one rounding */
        IlInst n;
        if (sem_peek(w, w->priv->pos, &n) && n.op == IL_CONV_R4) {
            to = ET_R4;
            w->priv->pos = n.offset + n.size;
        }
    }
    sem_head(w, o, SEM_CONV, 1);
    o->conv.to = to;
    o->conv.down = 0;
    o->conv.un = un;
    o->conv.ovf = ovf;
    sem_push(w, o, conv_kind(to), 0, 0);
    return true;
}

/* --- Branches ------------------------------------------------------------------------------------------------------------------- */
static SemBlock *target_block(SemWalk *w, u32 offset) { return &w->blocks[w->block_of[offset] - 1]; }

static void pend_one(SemWalk *w, SemBlock *b)
{
    SemPrivate *p = w->priv;
    p->pend_one = b;
    p->pend = &p->pend_one;
    p->num_pend = 1;
}

static bool jump(SemWalk *w, SemInst *o, Err *e)
{
    SemBlock *b = target_block(w, w->priv->in.target);
    if (!sem_may_flow(w, b))
        return sem_invalid(e);
    if (sem_coerce_to_block(w, o, b, 0))
        return true;
    sem_head(w, o, SEM_JUMP, 0);
    o->target = b;
    w->priv->live = false;
    return sem_merge(w, b, e);
}

static bool jump_if(SemWalk *w, SemInst *o, bool when, Err *e)
{
    SEM_NEED(1);
    SemBlock *to = target_block(w, w->priv->in.target);
    if ((!is_word(sem_top(w, 0)->kind) && !is_float(sem_top(w, 0)->kind)) || !sem_may_flow(w, to))
        return sem_invalid(e);
    if (sem_coerce_to_block(w, o, to, 1))
        return true;
    sem_head(w, o, SEM_JUMP_IF, 1);
    o->branch.target = to;
    o->branch.cmp = when ? SEM_NE : SEM_EQ;
    o->branch.un = false;
    o->branch.when = when;
    o->branch.backward = w->priv->in.target <= w->priv->in.offset;
    pend_one(w, o->branch.target);
    return true;
}

static bool jump_cmp(SemWalk *w, SemInst *o, u8 cmp, bool un, Err *e)
{
    SEM_NEED(2);
    u8 a = sem_top(w, 1)->kind, b = sem_top(w, 0)->kind;
    SemBlock *to = target_block(w, w->priv->in.target);
    if (!comparable(a, b) || !sem_may_flow(w, to))
        return sem_invalid(e);
    if ((a == SEM_F8 && sem_coerce(w, o, a)) || sem_coerce_to_block(w, o, to, 2))
        return true;
    sem_head(w, o, SEM_JUMP_CMP, 2);
    o->branch.target = to;
    o->branch.cmp = cmp;
    o->branch.un = un;
    o->branch.when = true;
    o->branch.backward = w->priv->in.target <= w->priv->in.offset;
    pend_one(w, o->branch.target);
    return true;
}

static bool switch_op(SemWalk *w, SemInst *o, Err *e)
{
    SEM_NEED(1);
    SemPrivate *p = w->priv;
    u32 n = p->in.switch_count;
    SemBlock **t = ARENA_NEW_ARRAY(w->arena, SemBlock *, n);
    if (!is_int(sem_top(w, 0)->kind))
        return sem_invalid(e);
    for (u32 i = 0; i < n; i++) {
        t[i] = target_block(w, il_switch_target(&p->in, i));
        if (!sem_may_flow(w, t[i]))
            return sem_invalid(e);
        if (sem_coerce_to_block(w, o, t[i], 1))
            return true;
    }
    sem_head(w, o, SEM_SWITCH, 1);
    o->sw.targets = t;
    o->sw.n = n;
    p->pend = t;
    p->num_pend = n;
    return true;
}

static bool leave(SemWalk *w, SemInst *o, Err *e)
{
    SemPrivate *p = w->priv;
    u32 from = p->in.offset, to = p->in.target, n = 0;
    sem_head(w, o, SEM_LEAVE, w->depth);
    o->leave.target = target_block(w, to);
    o->leave.finallies = NULL;
    o->leave.from_catch = false;
    if (w->num_clauses)
        o->leave.finallies = ARENA_NEW_ARRAY(w->arena, u32, w->num_clauses);
    for (u32 i = 0; i < w->num_clauses; i++) {
        const IlClause *c = &w->clauses[i].il;
        bool to_try = c->try_start <= to && to < c->try_end;
        if (c->kind == IL_EH_FINALLY && c->try_start <= from && from < c->try_end && !to_try)
            o->leave.finallies[n++] = i;
        bool to_handler = c->handler_start <= to && to < c->handler_end;
        bool in_filter = c->kind == IL_EH_FILTER && c->filter_start <= from && from < c->handler_start;
        bool in_final = (c->kind == IL_EH_FINALLY || c->kind == IL_EH_FAULT) && c->handler_start <= from && from < c->handler_end;
        if (in_filter ? to < c->filter_start || to >= c->handler_start : in_final && !to_handler)
            return sem_invalid(e); /* §III.3.46 */
        if ((c->kind == IL_EH_CATCH || c->kind == IL_EH_FILTER) && c->handler_start <= from && from < c->handler_end && !to_handler)
            o->leave.from_catch = true;
    }
    o->leave.num_finallies = n;
    p->live = false;
    return sem_merge(w, o->leave.target, e);
}

static bool ret(SemWalk *w, SemInst *o, Err *e)
{
    u8 kind = sem_kind_of(&w->sig->ret);
    const SemBlock *b = &w->blocks[w->priv->block];
    if (w->depth != (u32)(kind != SEM_NONE) || b->try_region || b->region) /* §III.3.57 */
        return sem_invalid(e);
    if (kind != SEM_NONE) {
        if (sem_coerce(w, o, kind))
            return true;
        if (!fits(kind, sem_top(w, 0)->kind))
            return sem_invalid(e);
    }
    sem_head(w, o, SEM_RET, kind != SEM_NONE);
    w->priv->live = false;
    return true;
}

static bool finish(SemWalk *w, SemInst *o, SemOp op, u32 pops, Err *e);
/* endfinally, endfilter, rethrow: only in the handlers they are for (§III.3.34, III.3.35, III.4.24). */
static bool end_handler(SemWalk *w, SemInst *o, SemOp op, Err *e)
{
    const SemBlock *b = &w->blocks[w->priv->block];
    if (!b->region)
        return sem_invalid(e);
    const IlClause *c = &w->clauses[b->region - 1].il;
    bool filter = c->kind == IL_EH_FILTER && b->il_start < c->handler_start;
    bool ok = op == SEM_RETHROW     ? !filter
              : op == SEM_ENDFILTER ? filter && w->depth == 1
                                    : c->kind == IL_EH_FINALLY || c->kind == IL_EH_FAULT;
    return ok ? finish(w, o, op, op == SEM_ENDFILTER, e) : sem_invalid(e);
}

/* Ends a path; pops so many. */
static bool finish(SemWalk *w, SemInst *o, SemOp op, u32 pops, Err *e)
{
    SEM_NEED(pops);
    sem_head(w, o, op, pops);
    w->priv->live = false;
    return true;
}

/* --- Memory --------------------------------------------------------------------------------------------------------------------- */
static void set_mem(SemWalk *w, SemInst *o, SemType t)
{
    o->mem.type = t;
    o->mem.is_volatile = w->priv->pf_volatile;
    o->mem.unaligned = w->priv->pf_unaligned;
}

static bool load(SemWalk *w, SemInst *o, SemType t, Err *e)
{
    SEM_NEED(1);
    if (!is_word(sem_top(w, 0)->kind))
        return sem_invalid(e);
    sem_head(w, o, SEM_LOAD, 1);
    set_mem(w, o, t);
    sem_push_type(w, o, t.kind, t.exact.lookup ? 0 : t.th);
    return true;
}

static bool store(SemWalk *w, SemInst *o, SemType t, Err *e)
{
    SEM_NEED(2);
    u8 kind = sem_kind_of_et(t.kind);
    if (sem_coerce(w, o, kind))
        return true;
    if (!is_word(sem_top(w, 1)->kind) || !fits(kind, sem_top(w, 0)->kind))
        return sem_invalid(e);
    sem_head(w, o, SEM_STORE, 2);
    set_mem(w, o, t);
    return true;
}

static bool memory(SemWalk *w, SemInst *o, SemOp op, u32 pops, SemType t, Err *e)
{
    SEM_NEED(pops);
    for (u32 i = 0; i < pops; i++)
        if (!is_word(sem_top(w, i)->kind))
            return sem_invalid(e);
    sem_head(w, o, op, pops);
    set_mem(w, o, t);
    return true;
}

/* --- Tables of the short forms ------------------------------------------------------------------------------------------------------ */
static const u8 ldind_et[] = {ET_I1, ET_U1, ET_I2, ET_U2, ET_I4, ET_U4, ET_I8, ET_I, ET_R4, ET_R8, ET_CLASS};
static const u8 stind_et[] = {ET_CLASS, ET_I1, ET_I2, ET_I4, ET_I8, ET_R4, ET_R8};
static const u8 bin_of[] = {SEM_ADD, SEM_SUB, SEM_MUL, SEM_DIV, SEM_DIV_UN, SEM_REM, SEM_REM_UN,
                            SEM_AND, SEM_OR, SEM_XOR, SEM_SHL, SEM_SHR, SEM_SHR_UN};
static const u8 conv_of[] = {ET_I1, ET_I2, ET_I4, ET_I8, ET_R4, ET_R8, ET_U4, ET_U8};
static const u8 ovf_un_of[] = {ET_I1, ET_I2, ET_I4, ET_I8, ET_U1, ET_U2, ET_U4, ET_U8, ET_I, ET_U};
static const u8 ovf_of[] = {ET_I1, ET_U1, ET_I2, ET_U2, ET_I4, ET_U4, ET_I8, ET_U8};
static const u8 cmp_of[] = {SEM_EQ, SEM_GE, SEM_GT, SEM_LE, SEM_LT, SEM_NE, SEM_GE, SEM_GT, SEM_LE, SEM_LT}; /* beq … blt.un */

static bool branch(SemWalk *w, SemInst *o, u32 op, Err *e)
{
    if (op >= IL_BR) /* long forms stand in the same order */
        op = op - IL_BR + IL_BR_S;
    switch (op) {
    case IL_BR_S: return jump(w, o, e);
    case IL_BRFALSE_S: return jump_if(w, o, false, e);
    case IL_BRTRUE_S: return jump_if(w, o, true, e);
    default: return jump_cmp(w, o, cmp_of[op - IL_BEQ_S], op >= IL_BNE_UN_S, e);
    }
}

static bool constant(SemWalk *w, SemInst *o, u8 kind, i64 i, double f)
{
    sem_head(w, o, SEM_CONST, 0);
    o->value.i = i;
    o->value.f = f;
    sem_push(w, o, kind, 0, 0);
    return true;
}

/* Opcodes of one byte up to conv.u8 */
static bool low_op(SemWalk *w, SemInst *o, u32 op, Err *e)
{
    const IlInst *in = &w->priv->in;
    switch (op) {
    case IL_NOP: sem_head(w, o, SEM_NOP, 0); return true;
    case IL_BREAK: sem_head(w, o, SEM_BREAK, 0); return true;
    case IL_LDARG_0: case IL_LDARG_1: case IL_LDARG_2: case IL_LDARG_3: return load_var(w, o, SEM_LDARG, op - IL_LDARG_0, e);
    case IL_LDLOC_0: case IL_LDLOC_1: case IL_LDLOC_2: case IL_LDLOC_3: return load_var(w, o, SEM_LDLOC, op - IL_LDLOC_0, e);
    case IL_STLOC_0: case IL_STLOC_1: case IL_STLOC_2: case IL_STLOC_3: return store_var(w, o, SEM_STLOC, op - IL_STLOC_0, e);
    case IL_LDARG_S: return load_var(w, o, SEM_LDARG, (u32)in->i, e);
    case IL_LDARGA_S: return address_var(w, o, SEM_LDARGA, (u32)in->i, e);
    case IL_STARG_S: return store_var(w, o, SEM_STARG, (u32)in->i, e);
    case IL_LDLOC_S: return load_var(w, o, SEM_LDLOC, (u32)in->i, e);
    case IL_LDLOCA_S: return address_var(w, o, SEM_LDLOCA, (u32)in->i, e);
    case IL_STLOC_S: return store_var(w, o, SEM_STLOC, (u32)in->i, e);
    case IL_LDNULL: return constant(w, o, SEM_REF, 0, 0);
    case IL_LDC_I4_S: case IL_LDC_I4: return constant(w, o, SEM_I4, in->i, 0);
    case IL_LDC_I8: return constant(w, o, SEM_I8, in->i, 0);
    case IL_LDC_R4: return constant(w, o, SEM_F4, 0, in->r);
    case IL_LDC_R8: return constant(w, o, SEM_F8, 0, in->r);
    case IL_DUP: {
        SEM_NEED(1);
        SemValue v = *sem_top(w, 0);
        sem_head(w, o, SEM_DUP, 0);
        sem_push(w, o, v.kind, v.th, v.flags);
        return true;
    }
    case IL_POP:
        SEM_NEED(1);
        sem_head(w, o, SEM_POP, 1);
        return true;
    case IL_JMP: case IL_CALL: case IL_CALLI: return sem_call_op(w, o, e);
    case IL_RET: return ret(w, o, e);
    case IL_SWITCH: return switch_op(w, o, e);
    case IL_NEG: return unary(w, o, SEM_NEG, e);
    case IL_NOT: return unary(w, o, SEM_NOT, e);
    }
    if (op >= IL_LDC_I4_M1 && op <= IL_LDC_I4_8)
        return constant(w, o, SEM_I4, (i64)op - IL_LDC_I4_0, 0);
    if (op >= IL_BR_S && op <= IL_BLT_UN)
        return branch(w, o, op, e);
    if (op >= IL_LDIND_I1 && op <= IL_LDIND_REF)
        return load(w, o, (SemType){.kind = ldind_et[op - IL_LDIND_I1]}, e);
    if (op >= IL_STIND_REF && op <= IL_STIND_R8)
        return store(w, o, (SemType){.kind = stind_et[op - IL_STIND_REF]}, e);
    if (op >= IL_ADD && op <= IL_SHR_UN)
        return binary(w, o, bin_of[op - IL_ADD], SEM_OVF_NONE, e);
    if (op >= IL_CONV_I1 && op <= IL_CONV_U8)
        return conv(w, o, conv_of[op - IL_CONV_I1], false, false, e);
    return sem_invalid(e);
}

static bool object_op(SemWalk *w, SemInst *o, u32 op, Err *e)
{
    SemType t;
    switch (op) {
    case IL_CALLVIRT: case IL_NEWOBJ: return sem_call_op(w, o, e);
    case IL_CPOBJ: return sem_type(w, w->priv->in.token, &t, e) && memory(w, o, SEM_CPOBJ, 2, t, e);
    case IL_LDOBJ: return sem_type(w, w->priv->in.token, &t, e) && load(w, o, t, e);
    case IL_STOBJ: return sem_type(w, w->priv->in.token, &t, e) && store(w, o, t, e);
    case IL_LDSTR: case IL_LDTOKEN: return sem_token_op(w, o, e);
    case IL_CASTCLASS: case IL_ISINST: case IL_UNBOX: case IL_UNBOX_ANY: case IL_BOX: return sem_box_op(w, o, e);
    case IL_CONV_R_UN: return conv(w, o, ET_R8, true, false, e);
    case IL_THROW: return finish(w, o, SEM_THROW, 1, e);
    case IL_LDFLD: case IL_LDFLDA: case IL_STFLD: case IL_LDSFLD: case IL_LDSFLDA: case IL_STSFLD: return sem_field_op(w, o, e);
    case IL_REFANYVAL: case IL_MKREFANY: return sem_typedref_op(w, o, e);
    case IL_CKFINITE: {
        SEM_NEED(1);
        SemValue v = *sem_top(w, 0);
        if (!is_float(v.kind))
            return sem_invalid(e);
        sem_head(w, o, SEM_CKFINITE, 1);
        sem_push(w, o, v.kind, 0, 0);
        return true;
    }
    case IL_CONV_U2: return conv(w, o, ET_U2, false, false, e);
    case IL_CONV_U1: return conv(w, o, ET_U1, false, false, e);
    case IL_CONV_I: return conv(w, o, ET_I, false, false, e);
    case IL_CONV_U: return conv(w, o, ET_U, false, false, e);
    case IL_CONV_OVF_I: return conv(w, o, ET_I, false, true, e);
    case IL_CONV_OVF_U: return conv(w, o, ET_U, false, true, e);
    case IL_ADD_OVF: return binary(w, o, SEM_ADD, SEM_OVF_SIGNED, e);
    case IL_ADD_OVF_UN: return binary(w, o, SEM_ADD, SEM_OVF_UNSIGNED, e);
    case IL_MUL_OVF: return binary(w, o, SEM_MUL, SEM_OVF_SIGNED, e);
    case IL_MUL_OVF_UN: return binary(w, o, SEM_MUL, SEM_OVF_UNSIGNED, e);
    case IL_SUB_OVF: return binary(w, o, SEM_SUB, SEM_OVF_SIGNED, e);
    case IL_SUB_OVF_UN: return binary(w, o, SEM_SUB, SEM_OVF_UNSIGNED, e);
    case IL_ENDFINALLY: return end_handler(w, o, SEM_ENDFINALLY, e);
    case IL_LEAVE: case IL_LEAVE_S: return leave(w, o, e);
    case IL_STIND_I: return store(w, o, (SemType){.kind = ET_I}, e);
    }
    if (op >= IL_CONV_OVF_I1_UN && op <= IL_CONV_OVF_U_UN)
        return conv(w, o, ovf_un_of[op - IL_CONV_OVF_I1_UN], true, true, e);
    if (op >= IL_CONV_OVF_I1 && op <= IL_CONV_OVF_U8)
        return conv(w, o, ovf_of[op - IL_CONV_OVF_I1], false, true, e);
    if (op >= IL_NEWARR && op <= IL_STELEM)
        return sem_array_op(w, o, e);
    return sem_invalid(e);
}

static bool two_byte_op(SemWalk *w, SemInst *o, u32 op, Err *e)
{
    const IlInst *in = &w->priv->in;
    SemType t = {0};
    switch (op) {
    case IL_ARGLIST: return sem_invalid(e); /* methods with variable arguments are refused, as by the reference on this platform */
    case IL_CEQ: return compare(w, o, SEM_EQ, false, e);
    case IL_CGT: return compare(w, o, SEM_GT, false, e);
    case IL_CGT_UN: return compare(w, o, SEM_GT, true, e);
    case IL_CLT: return compare(w, o, SEM_LT, false, e);
    case IL_CLT_UN: return compare(w, o, SEM_LT, true, e);
    case IL_LDFTN: case IL_LDVIRTFTN: return sem_call_op(w, o, e);
    case IL_LDARG: return load_var(w, o, SEM_LDARG, (u32)in->i, e);
    case IL_LDARGA: return address_var(w, o, SEM_LDARGA, (u32)in->i, e);
    case IL_STARG: return store_var(w, o, SEM_STARG, (u32)in->i, e);
    case IL_LDLOC: return load_var(w, o, SEM_LDLOC, (u32)in->i, e);
    case IL_LDLOCA: return address_var(w, o, SEM_LDLOCA, (u32)in->i, e);
    case IL_STLOC: return store_var(w, o, SEM_STLOC, (u32)in->i, e);
    case IL_LOCALLOC:
        SEM_NEED(1);
        if (!is_int(sem_top(w, 0)->kind) || w->blocks[w->priv->block].region) /* §III.3.47: not in handlers */
            return sem_invalid(e);
        sem_head(w, o, SEM_LOCALLOC, 1);
        sem_push(w, o, SEM_I, 0, SEMV_NONNULL);
        return true;
    case IL_ENDFILTER: return end_handler(w, o, SEM_ENDFILTER, e);
    case IL_INITOBJ: return sem_type(w, in->token, &t, e) && memory(w, o, SEM_INITOBJ, 1, t, e);
    case IL_CPBLK: return memory(w, o, SEM_CPBLK, 3, t, e);
    case IL_INITBLK: return memory(w, o, SEM_INITBLK, 3, t, e);
    case IL_RETHROW: return end_handler(w, o, SEM_RETHROW, e);
    case IL_SIZEOF:
        if (!sem_type(w, in->token, &t, e))
            return false;
        return constant(w, o, SEM_I4, type_size(t.th), 0);
    case IL_REFANYTYPE: return sem_typedref_op(w, o, e);
    }
    return sem_invalid(e);
}

bool sem_op(SemWalk *w, SemInst *o, Err *e)
{
    u32 op = w->priv->in.op;
    if (op <= IL_CONV_U8)
        return low_op(w, o, op, e);
    return op < 0x100 ? object_op(w, o, op, e) : two_byte_op(w, o, op, e);
}
