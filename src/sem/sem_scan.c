/* sem_scan.c: the quick look at a body before the walk: blocks, edges, handlers, uses of arguments and locals.
 * In: a method.  Out: SemWalk ready for sem_next.
 * Two passes over the IL: the first finds leaders and edges, the second, with loops known, counts uses.
 * Invariant: every leader is the start of an instruction.
 * Not here: what instructions mean (sem_ops.c), the stack (sem_walk.c).  Book: sem.md  Tests: tests/unit/sem/ */
#include "sem/sem_int.h"

SemClient sem_client;

typedef struct Edge { u32 src, dst; /* offsets */ } Edge;
typedef struct Scan {
    Edge *edges;
    u32 num_edges, cap;
} Scan;
enum { LEADER = 1, NO_FALL = 2, MAX_WEIGHT = 4096 };

enum { OPR_NONE = 0, OPR_I1 = 1, OPR_U1 = 1, OPR_U2 = 2, OPR_I4 = 4, OPR_I8 = 8, OPR_R4 = 4, OPR_R8 = 8, OPR_BR1 = 1, OPR_BR4 = 4, OPR_METHOD = 4,
       OPR_FIELD = 4, OPR_TYPE = 4, OPR_TOKEN = 4, OPR_SIG = 4, OPR_STRING = 4, OPR_SWITCH = 4 };
static const u8 inst_size[IL_OP_LIMIT] = { /* opcode and operand; a switch's targets come on top; 0: no such opcode */
#define IL_OP(id, nm, code, pop, push, opr, flw, section) [code] = OPR_##opr + ((code) < 0x100 ? 1 : 2),
#include "il/il_ops.def"
#undef IL_OP
};
/* Size of the instruction at `at`, 0 when it is none or is cut off. */
static inline u32 size_at(const u8 *code, u32 size, u32 at, u32 *op)
{
    u32 o = code[at], n;
    *op = 0;
    if (UNLIKELY(o == 0xFE)) {
        if (at + 1 >= size || code[at + 1] >= IL_OP_LIMIT - 0x100)
            return 0;
        o = 0x100 + code[at + 1];
    }
    *op = o;
    n = inst_size[o];
    return LIKELY(n <= size - at) ? n : 0;
}

u8 sem_kind_of_et(u8 et)
{
    switch (et) {
    case ET_BOOLEAN: case ET_CHAR: case ET_I1: case ET_U1: case ET_I2: case ET_U2: case ET_I4: case ET_U4: return SEM_I4;
    case ET_I8: case ET_U8: return SEM_I8;
    case ET_R4: return SEM_F4;
    case ET_R8: return SEM_F8;
    case ET_I: case ET_U: case ET_PTR: case ET_FNPTR: return SEM_I;
    case ET_BYREF: return SEM_BYREF;
    case ET_VALUETYPE: case ET_TYPEDBYREF: return SEM_VALUE;
    case ET_VOID: return SEM_NONE;
    default: return SEM_REF;
    }
}
SemKind sem_kind_of(const SigType *t) { return sem_kind_of_et(t->kind); }

SemBlock *sem_block_at(SemWalk *w, u32 il_offset)
{
    if (il_offset >= w->body.code_size)
        return NULL;
    while (w->block_of[il_offset] == 0)
        il_offset--;
    return &w->blocks[w->block_of[il_offset] - 1];
}

static void add_edge(SemWalk *w, Scan *s, u32 src, u32 dst)
{
    if (s->num_edges == s->cap) {
        u32 cap = s->cap ? s->cap * 2 : 32;
        Edge *n = ARENA_NEW_ARRAY(w->arena, Edge, cap);
        if (s->num_edges)
            memcpy(n, s->edges, s->num_edges * sizeof *n);
        s->edges = n;
        s->cap = cap;
    }
    s->edges[s->num_edges++] = (Edge){src, dst};
    w->block_of[dst] |= LEADER;
    if (dst <= src)
        w->has_loops = true;
}

static bool find_leaders(SemWalk *w, Scan *s, Err *e)
{
    u32 size = w->body.code_size, *lead = w->block_of;
    if (size == 0)
        return sem_invalid(e);
    lead[0] = LEADER | NO_FALL;
    IlInst in;
    for (u32 at = 0; at < size;) {
        u32 op, n = size_at(w->body.code, size, at, &op), flow = il_op_info[op].flow;
        if (UNLIKELY(n == 0))
            return sem_invalid(e);
        if (flow == IL_FLOW_BRANCH || flow == IL_FLOW_COND) {
            if (!il_decode(w->body.code, size, at, &in))
                return sem_invalid(e);
            n = in.size;
        }
        u32 next = at + n;
        switch (flow) {
        case IL_FLOW_NEXT:
            switch (op) {
            case IL_LOCALLOC: w->has_localloc = true; break;
            case IL_NEWARR: case IL_BOX: case IL_UNBOX: case IL_UNBOX_ANY: case IL_CASTCLASS: case IL_ISINST: case IL_LDTOKEN:
            case IL_LDSFLD: case IL_STSFLD: case IL_LDSFLDA: case IL_STELEM_REF: case IL_STELEM: case IL_LDELEMA:
                w->makes_calls = true;
                break;
            }
            break;
        case IL_FLOW_BRANCH:
            add_edge(w, s, at, in.target);
            lead[next] |= LEADER | NO_FALL;
            break;
        case IL_FLOW_COND:
            if (in.operand == IL_OPR_SWITCH)
                for (u32 i = 0; i < in.switch_count; i++)
                    add_edge(w, s, at, il_switch_target(&in, i));
            else
                add_edge(w, s, at, in.target);
            lead[next] |= LEADER;
            break;
        case IL_FLOW_RETURN:
            w->has_tail |= op == IL_JMP;
            lead[next] |= LEADER | NO_FALL;
            break;
        case IL_FLOW_THROW:
            w->makes_calls = true;
            lead[next] |= LEADER | NO_FALL;
            break;
        case IL_FLOW_CALL: w->makes_calls = true; break;
        case IL_FLOW_META: w->has_tail |= op == IL_TAIL; break;
        }
        at = next;
    }
    return (lead[size] & NO_FALL) || w->priv->scan_only || sem_invalid(e); /* runs off the end, reached or not */
}

static bool read_clauses(SemWalk *w, Err *e)
{
    u32 n = w->body.clause_count, size = w->body.code_size;
    w->num_clauses = n;
    w->clauses = ARENA_NEW_ARRAY(w->arena, SemClause, n);
    w->priv->clause_reached = ARENA_NEW_ARRAY(w->arena, bool, n);
    w->priv->clauses_left = n;
    for (u32 i = 0; i < n; i++) {
        IlClause *c = &w->clauses[i].il;
        il_clause(&w->body, i, c);
        if (c->try_start >= c->try_end || c->try_end > size || c->handler_start >= c->handler_end || c->handler_end > size ||
            (c->kind == IL_EH_FILTER && c->filter_start >= c->handler_start))
            return sem_invalid(e);
        w->block_of[c->try_start] |= LEADER;
        w->block_of[c->try_end] |= LEADER;
        w->block_of[c->handler_start] |= LEADER;
        w->block_of[c->handler_end] |= LEADER;
        if (c->kind == IL_EH_FILTER)
            w->block_of[c->filter_start] |= LEADER;
        w->has_catch |= c->kind == IL_EH_CATCH || c->kind == IL_EH_FILTER;
    }
    return true;
}

static inline u32 handler_from(const IlClause *c) { return c->kind == IL_EH_FILTER ? c->filter_start : c->handler_start; }

static void enclosing_tries(SemWalk *w)
{
    for (u32 i = 0; i < w->num_clauses; i++) {
        const IlClause *c = &w->clauses[i].il;
        u32 best = UINT32_MAX;
        for (u32 k = 0; k < w->num_clauses; k++) {
            const IlClause *o = &w->clauses[k].il;
            u32 len = c->try_end - c->try_start, span = o->try_end - o->try_start, from = handler_from(o);
            if (k == i)
                continue;
            if (o->try_start <= c->try_start && c->try_end <= o->try_end && span > len && span < best) {
                best = span;
                w->clauses[i].enclosing_try = k + 1;
            } else if (from <= c->try_start && c->try_end <= o->handler_end && o->handler_end - from < best) {
                best = o->handler_end - from;
                w->clauses[i].enclosing_try = k + 1;
            }
        }
    }
}

static void block_regions(SemWalk *w, SemBlock *b)
{
    u32 best_try = UINT32_MAX, best = UINT32_MAX;
    for (u32 k = 0; k < w->num_clauses; k++) {
        const IlClause *c = &w->clauses[k].il;
        u32 from = handler_from(c), at = b->il_start;
        if (c->try_start <= at && at < c->try_end && c->try_end - c->try_start < best_try) {
            best_try = c->try_end - c->try_start;
            b->try_region = k + 1;
        }
        if (from <= at && at < c->handler_end && c->handler_end - from < best) {
            best = c->handler_end - from;
            b->region = k + 1;
        }
        b->try_start |= at == c->try_start;
    }
}

static void entry_exception(SemWalk *w, u32 offset, u8 kind, bool has_value)
{
    SemBlock *b = &w->blocks[w->block_of[offset] - 1];
    b->handler_start = true;
    b->handler_kind = kind;
    b->stack_depth = has_value;
    if (has_value) {
        b->stack = ARENA_NEW(w->arena, SemValue);
        b->stack[0] = (SemValue){.kind = SEM_REF, .flags = SEMV_NONNULL};
    }
}

static void handler_blocks(SemWalk *w)
{
    for (u32 i = 0; i < w->num_clauses; i++) {
        const IlClause *c = &w->clauses[i].il;
        switch (c->kind) {
        case IL_EH_FILTER:
            entry_exception(w, c->filter_start, SEM_HANDLER_FILTER_CODE, true);
            entry_exception(w, c->handler_start, SEM_HANDLER_FILTER, true);
            break;
        case IL_EH_FINALLY: entry_exception(w, c->handler_start, SEM_HANDLER_FINALLY, false); break;
        case IL_EH_FAULT: entry_exception(w, c->handler_start, SEM_HANDLER_FAULT, false); break;
        default: entry_exception(w, c->handler_start, SEM_HANDLER_CATCH, true); break;
        }
    }
}

/* Handlers of the tries that the block lies in can be entered from now on. */
void sem_reach_handlers(SemWalk *w, u32 block)
{
    SemPrivate *p = w->priv;
    u32 at = w->blocks[block].il_start;
    for (u32 i = 0; i < w->num_clauses; i++) {
        const IlClause *c = &w->clauses[i].il;
        if (p->clause_reached[i] || at < c->try_start || at >= c->try_end)
            continue;
        p->clause_reached[i] = true;
        p->clauses_left--;
        w->blocks[w->block_of[c->handler_start] - 1].reached = true;
        if (c->kind == IL_EH_FILTER)
            w->blocks[w->block_of[c->filter_start] - 1].reached = true;
    }
}

static void make_blocks(SemWalk *w)
{
    u32 n = 0, size = w->body.code_size, *of = w->block_of;
    for (u32 i = 0; i < size; i++)
        n += of[i] & LEADER;
    w->num_blocks = n;
    w->blocks = ARENA_NEW_ARRAY(w->arena, SemBlock, n);
    w->priv->falls_in = ARENA_NEW_ARRAY(w->arena, bool, n);
    n = 0;
    for (u32 i = 0; i < size; i++) {
        if (!of[i])
            continue;
        SemBlock *b = &w->blocks[n];
        b->il_start = i;
        b->il_end = size;
        b->stack_depth = -1;
        w->priv->falls_in[n] = !(of[i] & NO_FALL);
        if (n)
            b[-1].il_end = i;
        of[i] = ++n;
    }
    of[size] = 0;
}

/* Edges by target, and the nesting of loops: a loop is taken to reach from its header to the last branch back to it. */
static u16 *link_edges(SemWalk *w, const Scan *s)
{
    u32 n = w->num_blocks;
    SemPrivate *p = w->priv;
    u16 *weight = ARENA_NEW_ARRAY(w->arena, u16, n + 1);
    u32 *words = ARENA_NEW_ARRAY(w->arena, u32, 3 * n + 2 + s->num_edges);
    p->pred_first = words;
    p->visit = words + n + 2;
    p->work = p->visit + n;
    p->preds = p->work + n;
    if (s->num_edges == 0) {
        for (u32 i = 0; i < n; i++)
            weight[i] = 1;
        return weight;
    }
    for (u32 i = 0; i < s->num_edges; i++)
        p->pred_first[w->block_of[s->edges[i].dst] + 1]++; /* two up: shifted back while filling */
    for (u32 i = 1; i <= n + 1; i++)
        p->pred_first[i] += p->pred_first[i - 1];
    u32 *loop_end = p->work, src = 0; /* by header: last block that branches back, plus 1 */
    for (u32 i = 0; i < s->num_edges; i++) {
        while (w->blocks[src].il_end <= s->edges[i].src)
            src++;
        u32 dst = w->block_of[s->edges[i].dst] - 1;
        p->preds[p->pred_first[dst + 1]++] = src;
        w->blocks[dst].num_preds++;
        if (s->edges[i].dst <= s->edges[i].src) {
            w->blocks[dst].backward = true;
            loop_end[dst] = MAX(loop_end[dst], src + 1);
        }
    }
    i32 depth = 0;
    i32 *delta = ARENA_NEW_ARRAY(w->arena, i32, n + 1);
    for (u32 i = 0; i < n; i++) {
        if (loop_end[i]) {
            delta[i]++;
            delta[loop_end[i]]--;
        }
        depth += delta[i];
        weight[i] = depth >= 4 ? MAX_WEIGHT : (u16)(1u << (3 * depth));
    }
    return weight;
}

/* A number out of range is refused by the walk, if it is reached. */
static SemLocal *use(SemWalk *w, SemLocal *v, u32 n, u32 i, u32 weight, bool handler)
{
    if (UNLIKELY(i >= n)) {
        w->bad_var = true;
        return NULL;
    }
    v[i].uses += weight;
    v[i].in_handler |= handler;
    return &v[i];
}

static inline u32 number_at(const u8 *code, u32 at, u32 op) { return op < 0x100 ? code[at + 1] : pe_u16(code + at + 2); }

static bool count_uses(SemWalk *w, const u16 *weight, Err *e)
{
    const u8 *code = w->body.code;
    u32 size = w->body.code_size, block = 0, na = w->num_args, nl = w->num_locals;
    SemLocal *a = w->args, *l = w->locals;
    u32 wt = weight[0];
    bool h = w->has_catch || w->blocks[0].region != 0;
    u32 op = 0;
    for (u32 at = 0, n; at < size; at += n) {
        if (at >= w->blocks[block].il_end) {
            if (at > w->blocks[block].il_end)
                return sem_invalid(e); /* a branch into the middle of an instruction */
            w->split_prefix |= il_op_info[op].flow == IL_FLOW_META;
            block++;
            wt = weight[block];
            h = w->has_catch || w->blocks[block].region != 0;
        }
        SemLocal *v;
        u32 i;
        n = size_at(code, size, at, &op);
        switch (op) {
        case IL_SWITCH: n += 4 * pe_u32(code + at + 1); break;
        case IL_LDARG_0: case IL_LDARG_1: case IL_LDARG_2: case IL_LDARG_3:
            use(w, a, na, op - IL_LDARG_0, wt, h);
            break;
        case IL_LDLOC_0: case IL_LDLOC_1: case IL_LDLOC_2: case IL_LDLOC_3:
            use(w, l, nl, op - IL_LDLOC_0, wt, h);
            break;
        case IL_STLOC_0: case IL_STLOC_1: case IL_STLOC_2: case IL_STLOC_3:
            use(w, l, nl, op - IL_STLOC_0, wt, h);
            break;
        case IL_LDARG: case IL_LDARG_S: use(w, a, na, number_at(code, at, op), wt, h); break;
        case IL_STARG: case IL_STARG_S:
            i = number_at(code, at, op);
            w->this_stored |= i == 0;
            use(w, a, na, i, wt, h);
            break;
        case IL_LDARGA: case IL_LDARGA_S:
            i = number_at(code, at, op);
            w->this_stored |= i == 0;
            if ((v = use(w, a, na, i, wt, h)) != NULL)
                v->address_taken = true;
            break;
        case IL_LDLOC: case IL_LDLOC_S: case IL_STLOC: case IL_STLOC_S: use(w, l, nl, number_at(code, at, op), wt, h); break;
        case IL_LDLOCA: case IL_LDLOCA_S:
            i = number_at(code, at, op);
            if ((v = use(w, l, nl, i, wt, h)) != NULL)
                v->address_taken = true;
            break;
        }
    }
    w->split_prefix |= il_op_info[op].flow == IL_FLOW_META;
    return true;
}

static bool read_body(SemWalk *w, const SigType **locals, u32 *num_locals, Err *e)
{
    SemPrivate *p = w->priv;
    Method *m = w->method;
    *locals = NULL;
    *num_locals = 0;
    if (m->flags & MF_STUB)
        p->stub = m->il_stub;
    else if (!((m->flags & MF_HAS_BODY_OVERRIDE) && sem_client.body_override && sem_client.body_override(m, &w->body, &p->stub)) &&
             !type_method_body(m, &w->body, e))
        return false;
    if (p->stub) {
        w->ctx.stub = p->stub;
        if (!sem_client.stub_body || !sem_client.stub_body(p->stub, &w->body, locals, num_locals))
            return err_set(e, ERR_MISSING_FEATURE, m->token, "body of a stub");
        if (sem_client.stub_native)
            p->native_target = sem_client.stub_native(p->stub, &p->suppress_transition);
        return true;
    }
    SigType *v;
    if (w->body.local_sig && !type_parse_locals(w->arena, &w->ctx, w->body.local_sig, &v, num_locals, e))
        return false;
    if (w->body.local_sig)
        *locals = v;
    return true;
}

static SemLocal local_of(const SigType *t)
{
    return (SemLocal){.type = *t, .kind = sem_kind_of_et(t->kind), .pinned = t->pinned};
}

static void set_vars(SemWalk *w, const SigType *locals, u32 num_locals)
{
    Method *m = w->method;
    bool has_this = w->sig->has_this && !w->sig->explicit_this;
    w->num_args = w->sig->num_params + has_this;
    w->args = ARENA_NEW_ARRAY(w->arena, SemLocal, w->num_args);
    w->num_locals = num_locals;
    w->locals = ARENA_NEW_ARRAY(w->arena, SemLocal, num_locals);
    if (has_this) {
        SigType t = {.kind = mt_is_valuetype(m->mt) && !(m->flags & MF_UNBOXING) ? ET_BYREF : ET_CLASS, .module = m->mt->module};
        if (t.kind == ET_CLASS && !(m->flags & MF_UNBOXING))
            t.th = th_of(m->mt);
        w->args[0] = local_of(&t);
    }
    for (u32 i = 0; i < w->sig->num_params; i++)
        w->args[i + has_this] = local_of(&w->sig->params[i]);
    for (u32 i = 0; i < num_locals; i++)
        w->locals[i] = local_of(&locals[i]);
}

static void apply_hints(SemWalk *w)
{
    for (const SemHint *h = w->hints; h; h = h->next) {
        SemBlock *b = &w->blocks[w->block_of[h->il_start] - 1];
        b->stack_depth = (i32)h->depth;
        b->stack = h->stack;
        b->hinted = true;
    }
}

static bool scan(SemWalk *w, Arena *a, Method *m, bool only, const SemWalk *failed, Err *e)
{
    SemHint *hints = failed ? failed->hints : NULL;
    u32 num_hints = failed ? failed->num_hints : 0;
    bool find_stacks = failed && failed->find_stacks;
    memset(w, 0, sizeof *w);
    w->hints = hints;
    w->num_hints = num_hints;
    w->find_stacks = find_stacks;
    w->method = only || !m->canon ? m : m->canon;
    w->arena = a;
    w->ctx = type_method_context(w->method);
    SemPrivate *p = w->priv = ARENA_NEW(a, SemPrivate);
    p->scan_only = only;
    const SigType *locals;
    u32 num_locals;
    Scan s = {0};
    if (!read_body(w, &locals, &num_locals, e) || !(w->sig = type_method_sig(w->method, e)))
        return false;
    if (w->method->flags & MF_VARARG)
        return sem_invalid(e);
    u32 f = w->method->flags;
    if (!p->stub && !(f & (MF_STUB | MF_DYNAMIC)) && !w->method->mt->module->assembly->trusted)
        p->access_user = w->method->mt;
    w->ctx_kind = f & MF_CTX_MT ? 1 : f & MF_CTX_METHOD ? 2 : f & MF_CTX_THIS ? 3 : 0;
    set_vars(w, locals, num_locals);
    w->block_of = ARENA_NEW_ARRAY(a, u32, w->body.code_size + 1);
    if (!find_leaders(w, &s, e) || !read_clauses(w, e))
        return false;
    make_blocks(w);
    const u16 *weight = link_edges(w, &s);
    if (w->num_clauses) {
        enclosing_tries(w);
        for (u32 i = 0; i < w->num_blocks; i++)
            block_regions(w, &w->blocks[i]);
        handler_blocks(w);
        for (u32 i = 0; i < w->num_clauses; i++) /* a handler that stands before its try */
            if (handler_from(&w->clauses[i].il) < w->clauses[i].il.try_start)
                sem_reach_handlers(w, w->block_of[w->clauses[i].il.try_start] - 1);
    }
    return count_uses(w, weight, e);
}

bool sem_scan(SemWalk *w, Arena *a, Method *m, Err *e) { return scan(w, a, m, true, NULL, e); }

bool sem_scan_as(SemWalk *w, const SemWalk *scan, Method *m, Err *e)
{
    SigType *locals = NULL;
    u32 num_locals = 0;
    *w = *scan;
    w->method = m;
    w->ctx = type_method_context(m);
    if (!(w->sig = type_method_sig(m, e)) ||
        (w->body.local_sig && !type_parse_locals(w->arena, &w->ctx, w->body.local_sig, &locals, &num_locals, e)))
        return false;
    set_vars(w, locals, num_locals);
    return true;
}

static bool begin(SemWalk *w, Arena *a, Method *m, const SemWalk *failed, Err *e)
{
    if (!scan(w, a, m, false, failed, e))
        return false;
    SemPrivate *p = w->priv;
    p->stack_cap = MAX(w->body.max_stack, 8u) + 4;
    p->max_stack = p->stub ? p->stack_cap - 2 : MAX(w->body.max_stack, 1u); /* 1: the exception on entry to a handler */
    w->max_depth = p->stack_cap;
    w->stack = ARENA_NEW_ARRAY(a, SemValue, p->stack_cap);
    memset(p->work, 0, w->num_blocks * sizeof *p->work);
    p->block = UINT32_MAX;
    p->live = false;
    apply_hints(w);
    SemBlock *first = &w->blocks[0];
    first->reached = true;
    if (first->stack_depth < 0)
        first->stack_depth = 0;
    return true;
}

bool sem_begin(SemWalk *w, Arena *a, Method *m, Err *e) { return begin(w, a, m, NULL, e); }
bool sem_begin_again(SemWalk *w, Arena *a, Method *m, Err *e) { return begin(w, a, m, w, e); }

bool sem_entered_forward(const SemWalk *w, u32 block)
{
    const SemPrivate *p = w->priv;
    bool yes = block == 0 || p->falls_in[block] || w->blocks[block].handler_start;
    for (u32 i = p->pred_first[block]; !yes && i < p->pred_first[block + 1]; i++)
        yes = p->preds[i] < block;
    return yes;
}
