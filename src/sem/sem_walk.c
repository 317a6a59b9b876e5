/* sem_walk.c: the walk: blocks in IL order, the typed stack, merges, what is reached.
 * In: SemWalk of sem_begin.  Out: one SemInst a call.
 * Invariant: a block is given only when reached; a block that nothing before it reaches but that a later branch may (a loop entered at its
 * condition) is given, with an empty stack (§III.1.7.5), when the graph has a path to it from a block already known to be reached.
 * Book: sem.md  Tests: tests/unit/sem/, tests/il/ */
#include "sem/sem_int.h"

const char *sem_op_name(SemOp op)
{
    static const char *const names[] = {
        "end", "block", "nop", "break", "const", "ldarg", "starg", "ldarga", "ldloc", "stloc", "ldloca", "arglist", "dup", "pop", "neg", "not",
        "binary", "compare", "conv", "ckfinite", "jump", "jump_if", "jump_cmp", "switch", "leave", "endfinally", "endfilter", "throw",
        "rethrow", "ret", "load", "store", "cpobj", "initobj", "cpblk", "initblk", "localloc", "ldfld", "ldflda", "stfld", "ldsfld",
        "ldsflda", "stsfld", "newarr", "ldlen", "ldelem", "ldelema", "stelem", "box", "unbox", "unbox_any", "castclass", "isinst", "ldtoken",
        "rvaspan", "typeof", "ldstr", "ldftn", "ldvirtftn", "call", "mkrefany", "refanyval", "refanytype", "no_access",
    };
    _Static_assert(ARRAY_LEN(names) == SEM_NO_ACCESS + 1, "one name each");
    return names[op];
}

static bool merge_value(SemValue *to, const SemValue *from)
{
    if (to->kind != from->kind)
        return (to->kind == SEM_I && from->kind == SEM_I8) || (to->kind == SEM_I8 && from->kind == SEM_I);
    if (to->kind == SEM_VALUE) /* one may be known over __Canon only: a static field of its own type */
        return to->th == from->th || (to->th && from->th && th_mt(to->th) && th_mt(from->th) &&
                                      th_mt(to->th)->aux->canon == th_mt(from->th)->aux->canon);
    if (to->th != from->th)
        to->th = 0;
    to->flags &= from->flags;
    return true;
}

/* Does the wider kind have to be known where a block is first reached?  The narrower one is converted on the way in. */
static bool widens(u8 known, u8 now)
{
    return (known == SEM_I4 && (now == SEM_I || now == SEM_I8 || now == SEM_BYREF)) || (known == SEM_F4 && now == SEM_F8) ||
           (known == SEM_I && now == SEM_BYREF);
}

/* The block's stack is to be what comes now (of values that differ the wider one): for another walk. */
static bool walk_again(SemWalk *w, SemBlock *b, Err *e)
{
    if (w->num_hints >= SEM_MAX_HINTS)
        return sem_invalid(e);
    SemHint *h = ARENA_NEW(w->arena, SemHint);
    h->il_start = b->il_start;
    h->depth = w->depth;
    h->stack = ARENA_NEW_ARRAY(w->arena, SemValue, w->depth + 1);
    for (u32 i = 0; i < w->depth; i++) {
        bool known = b->stack_depth == (i32)w->depth && !widens(b->stack[i].kind, w->stack[i].kind);
        h->stack[i].kind = known ? b->stack[i].kind : w->stack[i].kind;
        h->stack[i].th = h->stack[i].kind == SEM_VALUE ? w->stack[i].th : 0;
    }
    SemHint **last = &w->hints; /* a later hint of the same block replaces an earlier one */
    while (*last)
        last = &(*last)->next;
    *last = h;
    w->num_hints++;
    w->again = true;
    return sem_invalid(e);
}

bool sem_merge(SemWalk *w, SemBlock *b, Err *e)
{
    u32 index = (u32)(b - w->blocks);
    if (b->stack_depth < 0) {
        b->stack_depth = (i32)w->depth;
        if (w->depth) {
            b->stack = ARENA_NEW_ARRAY(w->arena, SemValue, w->depth);
            memcpy(b->stack, w->stack, w->depth * sizeof *b->stack);
            for (u32 i = 0; i < w->depth; i++) {
                b->stack[i].flags &= b->backward ? 0 : SEMV_NONNULL | SEMV_EXACT | SEMV_THIS;
                if (b->backward && b->stack[i].kind != SEM_VALUE) /* what comes round is not known yet */
                    b->stack[i].th = 0;
            }
        }
        if (!b->reached && index <= w->priv->block) /* taken for dead */
            return walk_again(w, b, e);
    } else {
        if ((u32)b->stack_depth != w->depth)
            return index <= w->priv->block && b->stack_depth == 0 && !b->hinted && !b->handler_start ? walk_again(w, b, e) : sem_invalid(e);
        for (u32 i = 0; i < w->depth; i++)
            if (!merge_value(&b->stack[i], &w->stack[i]))
                return widens(b->stack[i].kind, w->stack[i].kind) && !b->handler_start ? walk_again(w, b, e) : sem_invalid(e);
    }
    b->reached = true;
    return true;
}

bool sem_crosses(const SemWalk *w, const SemBlock *from, const SemBlock *to)
{
    u32 a = from->il_start, b = to->il_start;
    for (u32 i = 0; i < w->num_clauses; i++) {
        const IlClause *c = &w->clauses[i].il;
        u32 h = c->kind == IL_EH_FILTER ? c->filter_start : c->handler_start;
        bool try_a = c->try_start <= a && a < c->try_end, try_b = c->try_start <= b && b < c->try_end;
        bool handler_a = h <= a && a < c->handler_end, handler_b = h <= b && b < c->handler_end;
        if ((try_a && !try_b) || handler_a != handler_b || (try_b && !try_a && b != c->try_start))
            return false;
    }
    return true;
}

/* Is the type, or what an array or pointer of it holds, among these arguments or inside them? */
static bool among(const TypeHandle *args, u32 n, MethodTable *typical)
{
    for (u32 i = 0; i < n; i++) {
        TypeHandle th = args[i];
        for (;;) {
            MethodTable *mt = th_mt(th);
            if (mt && !mt_is_array(mt))
                break;
            th = mt ? mt->elem : th_desc(th)->kind == TD_PTR || th_desc(th)->kind == TD_BYREF ? th_desc(th)->elem : 0;
            if (!th)
                break;
        }
        MethodTable *mt = th ? th_mt(th) : NULL;
        if (mt && (mt->klass->typical == typical || (mt->aux->inst && among(mt->aux->inst, mt->klass->num_generic, typical))))
            return true;
    }
    return false;
}

/* A type that the generic body got from its caller: new T[n], default(T).M(). */
static bool callers_type(const SemWalk *w, TypeHandle th)
{
    MethodTable *mt = th_mt(th);
    while (mt && mt_is_array(mt))
        mt = th_mt(mt->elem);
    return mt && (among(w->ctx.class_args, w->ctx.num_class_args, mt->klass->typical) ||
                  among(w->ctx.method_args, w->ctx.num_method_args, mt->klass->typical));
}

bool sem_no_access(SemWalk *w, SemInst *o, u8 what, void *target)
{
    SemPrivate *p = w->priv;
    bool args = !w->ctx.num_class_args && !w->ctx.num_method_args; /* of a generic body: what its caller put in is the caller's affair */
    bool ok;
    if (p->denied_at == p->start + 1)
        return false; /* given already */
    if (!args && callers_type(w, what == 0 ? (TypeHandle)target : th_of(what == 1 ? ((Method *)target)->mt : ((Field *)target)->mt)))
        return false;
    if (what == 0) {
        ok = type_may_use_type(p->access_user, (TypeHandle)target, args);
    } else if (what == 1) {
        Method *m = target;
        ok = type_may_use_member(p->access_user, m->mt, m->attrs, args);
        for (u32 i = 0, n; ok && args && m->num_generic; i++) {
            TypeHandle *inst = type_method_inst(m, &n);
            if (i >= n)
                break;
            ok = type_may_use_type(p->access_user, inst[i], true);
        }
    } else {
        Field *f = target;
        ok = type_may_use_member(p->access_user, f->mt, f->attrs, false);
    }
    return !ok && sem_deny(w, o, what, target);
}

bool sem_deny(SemWalk *w, SemInst *o, u8 what, void *target)
{
    SemPrivate *p = w->priv;
    if (p->denied_at == p->start + 1)
        return false; /* given already */
    sem_head(w, o, SEM_NO_ACCESS, 0);
    o->denied.what = what;
    o->denied.target = target;
    p->denied_at = p->start + 1;
    p->pos = p->start;
    return true;
}

bool sem_coerce(SemWalk *w, SemInst *o, u8 kind)
{
    if (!w->depth || sem_top(w, 0)->kind == kind)
        return false;
    u8 from = sem_top(w, 0)->kind, to;
    if (from == SEM_I4 && kind == SEM_I)
        to = ET_I;
    else if (from == SEM_I4 && kind == SEM_I8)
        to = ET_I8;
    else if (from == SEM_F4 && kind == SEM_F8)
        to = ET_R8;
    else if (from == SEM_F8 && kind == SEM_F4)
        to = ET_R4;
    else if ((from == SEM_I || from == SEM_I8 || from == SEM_BYREF) && kind == SEM_I4)
        to = ET_I4;
    else
        return false;
    sem_head(w, o, SEM_CONV, 1);
    o->conv.to = to;
    o->conv.down = 0;
    o->conv.un = o->conv.ovf = false;
    sem_push(w, o, kind, 0, 0);
    w->priv->pos = w->priv->start;
    return true;
}

/* Conversion on the way into a block from one kind to another, 0: none (or none is needed). */
static u8 entry_conv(u8 from, u8 to)
{
    if (from == SEM_I4)
        return to == SEM_I || to == SEM_BYREF ? ET_I : to == SEM_I8 ? ET_I8 : 0;
    return from == SEM_F4 && to == SEM_F8 ? ET_R8 : 0;
}

/* Before a jump or fall-through to a block: one value of the stack that is narrower than there is widened; a pointer that meets a byref becomes
 * one. */
bool sem_coerce_to_block(SemWalk *w, SemInst *o, const SemBlock *b, u32 above)
{
    if (b->stack_depth <= 0 || (u32)b->stack_depth + above != w->depth)
        return false;
    for (u32 i = 0; i < (u32)b->stack_depth; i++) {
        u8 kind = b->stack[i].kind, from = w->stack[i].kind, to;
        if (LIKELY(kind == from))
            continue;
        if (kind == SEM_BYREF && from == SEM_I && i + 1 == w->depth) {
            sem_head(w, o, SEM_CALL, 1);
            memset(&o->call, 0, sizeof o->call);
            o->call.dispatch = SEM_CALL_INTRINSIC;
            o->call.intrinsic = SEM_INTR_UNSAFE_AS_REF;
            o->call.num_args = 1;
            sem_push(w, o, SEM_BYREF, 0, 0);
        } else if ((to = entry_conv(from, kind)) != 0) {
            sem_head(w, o, SEM_CONV, 0);
            o->conv.to = to;
            o->conv.un = o->conv.ovf = false;
            o->conv.down = w->depth - 1 - i;
            w->stack[i] = (SemValue){.kind = kind == SEM_BYREF ? SEM_I : kind};
        } else {
            continue;
        }
        w->priv->pos = w->priv->start;
        return true;
    }
    return false;
}

/* Is there a path to the block from one that is reached and still to come? */
static bool reached_later(SemWalk *w, u32 block)
{
    SemPrivate *p = w->priv;
    u32 n = 0;
    p->stamp++;
#define VISIT(b)                                                                                                       \
    do {                                                                                                               \
        u32 b_ = (b);                                                                                                  \
        if (b_ > block && p->visit[b_] != p->stamp) {                                                                  \
            if (w->blocks[b_].reached)                                                                                 \
                return true;                                                                                           \
            p->visit[b_] = p->stamp;                                                                                   \
            p->work[n++] = b_;                                                                                         \
        }                                                                                                              \
    } while (0)
    for (u32 at = block;;) {
        for (u32 i = p->pred_first[at]; i < p->pred_first[at + 1]; i++)
            VISIT(p->preds[i]);
        if (at && p->falls_in[at])
            VISIT(at - 1);
        if (w->blocks[at].handler_start)
            for (u32 i = 0; i < w->num_clauses; i++) {
                const IlClause *c = &w->clauses[i].il;
                u32 start = w->blocks[at].il_start;
                if (c->handler_start == start || (c->kind == IL_EH_FILTER && c->filter_start == start))
                    for (u32 b = w->block_of[c->try_start] - 1; b < w->num_blocks && w->blocks[b].il_start < c->try_end; b++)
                        VISIT(b);
            }
        if (n == 0)
            return false;
        at = p->work[--n];
    }
#undef VISIT
}

static bool flush_branch(SemWalk *w, Err *e)
{
    SemPrivate *p = w->priv;
    u32 n = p->num_pend;
    p->num_pend = 0;
    for (u32 i = 0; i < n; i++)
        if (!sem_merge(w, p->pend[i], e))
            return false;
    return true;
}

void sem_branch_taken(SemWalk *w, bool taken)
{
    if (taken)
        w->priv->live = false;
    else
        w->priv->num_pend = 0;
}

static void start_block(SemWalk *w, u32 index, SemInst *o)
{
    SemPrivate *p = w->priv;
    SemBlock *b = &w->blocks[index];
    b->reached = true;
    if (b->stack_depth < 0)
        b->stack_depth = 0;
    p->block = index;
    p->block_end = b->il_end;
    p->pos = p->start = b->il_start;
    p->live = true;
    w->depth = 0;
    sem_head(w, o, SEM_BLOCK, 0);
    w->depth = (u32)b->stack_depth;
    if (w->depth)
        memcpy(w->stack, b->stack, w->depth * sizeof *w->stack);
    o->block = b;
    if (b->try_region && p->clauses_left)
        sem_reach_handlers(w, index);
}

static bool step(SemWalk *w, SemInst *o, Err *e)
{
    SemPrivate *p = w->priv;
    p->start = p->pos;
    p->pf_volatile = p->pf_readonly = p->pf_tail = false;
    p->pf_unaligned = 0;
    p->pf_constrained = 0;
    p->queued = p->taken = 0;
    for (;;) {
        if (UNLIKELY(p->pos >= w->body.code_size))
            return sem_invalid(e);
        il_decode_known(w->body.code, w->body.code_size, p->pos, &p->in); /* the scan went over it */
        p->pos += p->in.size;
        if (LIKELY(il_op_info[p->in.op].flow != IL_FLOW_META))
            break;
        switch ((u32)p->in.op) {
        case IL_VOLATILE: p->pf_volatile = true; break;
        case IL_READONLY: p->pf_readonly = true; break;
        case IL_TAIL: p->pf_tail = true; break;
        case IL_UNALIGNED: p->pf_unaligned = (u8)p->in.i; break;
        case IL_CONSTRAINED: p->pf_constrained = p->in.token; break;
        default: return sem_invalid(e); /* no.: refused, as by the reference */
        }
    }
    if (UNLIKELY(!sem_op(w, o, e)))
        return sem_invalid(e); /* only when no error was given */
    return LIKELY(w->depth <= p->max_stack) || sem_invalid(e);
}

/* A block that nothing has reached yet but something will: given, on the guess that its stack is empty, or left out to find the stack. */
static bool given_empty(SemWalk *w, u32 index)
{
    if (!w->blocks[index].backward || !reached_later(w, index))
        return false;
    if (w->find_stacks)
        w->priv->skipped = true;
    else
        w->priv->guessed = true;
    return !w->find_stacks;
}

static bool next(SemWalk *w, SemInst *o, Err *e)
{
    SemPrivate *p = w->priv;
    if (p->taken < p->queued) {
        *o = p->queue[p->taken++];
        return true;
    }
    if (p->num_pend && !flush_branch(w, e))
        return false;
    u32 index = p->block + 1;
    if (p->live) {
        if (LIKELY(p->pos < p->block_end))
            return step(w, o, e);
        if (index >= w->num_blocks)
            return sem_invalid(e); /* runs off the end */
        SemBlock *b = &w->blocks[index];
        u32 pos = p->pos;
        if (!sem_may_flow(w, b))
            return sem_invalid(e);
        if (sem_coerce_to_block(w, o, b, 0)) {
            p->pos = pos;
            return true;
        }
        if (!sem_merge(w, b, e))
            return false;
    }
    p->live = false;
    while (index < w->num_blocks && !w->blocks[index].reached && !w->blocks[index].hinted && !given_empty(w, index))
        index++;
    if (index >= w->num_blocks) {
        if (UNLIKELY(p->skipped))
            return sem_invalid(e);
        p->block = w->num_blocks - 1;
        w->depth = 0;
        sem_head(w, o, SEM_END, 0);
        return true;
    }
    start_block(w, index, o);
    return true;
}

bool sem_next(SemWalk *w, SemInst *o, Err *e)
{
    if (LIKELY(next(w, o, e)))
        return true;
    if (w->again) {
        w->find_stacks = false;
    } else if (w->priv->guessed && w->num_hints < SEM_MAX_HINTS) { /* perhaps because the stack was not empty */
        w->find_stacks = w->again = true;
        w->num_hints++;
    }
    return false;
}
