/* verify_method.c: one method: what can be said before the walk, blocks until nothing changes, merges, protected blocks, reports.
 * In: a Method.  Out: issues to the sink, each (offset, code) once.
 * Blocks are verified in IL order; one whose entry state grows is verified again.  Types only move up to what paths have in common and flags
 * only gather, so this ends, and what was wrong with the smaller state is wrong with the greater.
 * Rules of protected blocks: §III.1.7.5, III.3.46, II.12.4.2.8.  Initialization of this: §III.1.8.1.4.
 * Book: verify.md  Tests: tests/verify/ */
#include "verify/verify_int.h"

#include "md/md_attr.h"

#include <stdio.h>

/* --- Reports ------------------------------------------------------------------------------------------------------------------ */
static void report_at(VMethod *v, VerifyCode c, u32 offset, const char *found, const char *expected, const char *detail)
{
    for (u32 i = 0; i < v->num_seen; i++)
        if (v->seen[i].offset == offset && v->seen[i].code == c)
            return;
    if (v->num_seen == v->cap_seen) {
        v->cap_seen = v->cap_seen ? v->cap_seen * 2 : 8;
        void *p = arena_alloc(v->arena, v->cap_seen * sizeof *v->seen);
        if (v->num_seen)
            memcpy(p, v->seen, v->num_seen * sizeof *v->seen);
        v->seen = p;
    }
    v->seen[v->num_seen].offset = offset;
    v->seen[v->num_seen++].code = (u16)c;
    v->issues++;
    VerifyIssue i = {.code = c, .module = v->m->mt->module, .method = v->m, .token = v->m->token, .offset = offset, .found = found,
        .expected = expected, .detail = detail};
    if (v->sink)
        v->sink->report(v->sink->arg, &i);
}

void v_report(VMethod *v, VerifyCode c, const char *found, const char *expected, const char *detail)
{
    report_at(v, c, v->at, found, expected, detail);
}

void v_unexpected(VMethod *v, VerifyCode c, const VValue *found, TypeHandle expected)
{
    char f[256], x[256];
    VValue e = v_of(expected);
    if (e.kind == V_I4 || e.kind == V_I)
        v_type_text(expected, x, sizeof x);
    v_report(v, c, v_value_text(found, f, sizeof f),
        !expected ? "" : e.kind == V_I4 || e.kind == V_I ? x : v_value_text(&e, x, sizeof x), "");
}

/* Only the type system's words tell a violated constraint from other reasons why a type cannot be loaded. */
void v_resolve_error(VMethod *v, VerifyCode parent, const Err *e)
{
    VerifyCode c = VERIFY_TokenResolve;
    if (strstr(e->text, "violates the constraint"))
        c = e->kind == ERR_VERIFICATION ? VERIFY_UnsatisfiedMethodInst : parent;
    v_report(v, c, "", "", e->text);
    v->dead = true;
}

/* --- The stack ---------------------------------------------------------------------------------------------------------------- */
VValue v_pop_slow(VMethod *v)
{
    if (v->depth) {
        VValue *x = &v->stack[--v->depth];
        v_give_away(v, x);
        return *x;
    }
    v_error(v, VERIFY_StackUnderflow);
    v->dead = true;
    return (VValue){.kind = V_BAD};
}

void v_push_slow(VMethod *v)
{
    v_error(v, VERIFY_StackOverflow);
    v->dead = true;
}

void v_push_type(VMethod *v, TypeHandle th)
{
    VValue x = v_of(th);
    v_check_loadable(v, &x);
    v_push(v, x);
}

void v_unmanaged(VMethod *v) { v_error(v, VERIFY_UnmanagedPointer); }

bool v_uninit(VMethod *v, const VValue *x)
{
    if (!v_is_uninit(v, x))
        return false;
    v_unexpected(v, VERIFY_UninitStack, x, 0);
    return true;
}

bool v_check_slow(VMethod *v, const VValue *x, TypeHandle th)
{
    if (v_uninit(v, x))
        return false;
    if (v_assignable(x, th))
        return true;
    v_unexpected(v, VERIFY_StackUnexpected, x, th);
    return false;
}

VValue v_pop_type(VMethod *v, TypeHandle th)
{
    VValue x = v_pop(v);
    v_check(v, &x, th);
    return x;
}

/* What was verified already is verified again. */
void v_all_again(VMethod *v)
{
    for (u32 b = 0; b < v->w->num_blocks; b++)
        v->blocks[b].pending |= v->blocks[b].done;
    v->again = true;
}

void v_set_local_bits(VMethod *v, u32 local, u16 flags, bool add)
{
    u64 bit = 1ull << MIN(local, 63u);
    add |= local >= 63;
    v->stack_locals = flags & (VF_STACK | VF_INNER) ? v->stack_locals | bit : add ? v->stack_locals : v->stack_locals & ~bit;
    v->param_locals = flags & (VF_PARAM | VF_INNER_PARAM) ? v->param_locals | bit : add ? v->param_locals : v->param_locals & ~bit;
    v->ro_locals = flags & VF_RO ? v->ro_locals | bit : add ? v->ro_locals : v->ro_locals & ~bit;
    if (!v->w->num_clauses)
        return;
    /* handlers, and what runs after them, may see any of the values that are stored */
    u64 s = v->seen_stack | v->stack_locals, p = v->seen_param | v->param_locals, r = v->seen_ro | v->ro_locals;
    if (s != v->seen_stack || p != v->seen_param || r != v->seen_ro)
        v_all_again(v);
    v->stack_locals = v->seen_stack = s;
    v->param_locals = v->seen_param = p;
    v->ro_locals = v->seen_ro = r;
}

/* From now on, and for what was verified already. */
void v_add_arg_flags(VMethod *v, u32 i, u16 flags)
{
    if (!(flags & ~v->args[i].flags))
        return;
    v->args[i].flags |= flags;
    v_all_again(v);
}

void v_add_level(VMethod *v, u32 variable, u16 level)
{
    if (variable < v->w->num_locals)
        v_set_local_bits(v, variable, level, true);
    else
        v_add_arg_flags(v, variable - v->w->num_locals, level);
}

/* --- Attributes, modifiers ---------------------------------------------------------------------------------------------------- */
bool v_has_attribute(const MdImage *md, u32 token, const char *name)
{
    MdIter it = md_attributes_of(md, token);
    for (u32 r; (r = md_next_row(&it));) {
        const char *ns, *n;
        if (md_attribute_type_name(md, r, &ns, &n) && strcmp(n, name) == 0)
            return true;
    }
    return false;
}

/* Names of attribute classes that the module names or defines: most modules use none, and nothing is looked for on their members. */
u32 v_module_uses(Module *m)
{
    u32 known = __atomic_load_n(&m->pointer_attributes, __ATOMIC_RELAXED);
    if (LIKELY(known))
        return known;
    const MdImage *md = m->md;
    u32 refs = md_rows(md, MDT_TypeRef), defs = md_rows(md, MDT_TypeDef), uses = VA_KNOWN;
    for (u32 i = 1; i <= refs + defs; i++) {
        const char *n = i <= refs ? md_typeref_name(md, i) : md_typedef_name(md, i - refs);
        if (n[0] == 'S' && strcmp(n, "ScopedRefAttribute") == 0)
            uses |= VA_SCOPED;
        else if (n[0] == 'U' && strcmp(n, "UnscopedRefAttribute") == 0)
            uses |= VA_UNSCOPED;
        else if (n[0] == 'I' && strcmp(n, "IsReadOnlyAttribute") == 0)
            uses |= VA_READONLY;
        else if (n[0] == 'R' && strcmp(n, "RequiresLocationAttribute") == 0)
            uses |= VA_READONLY;
        else if (n[0] == 'R' && strcmp(n, "RefSafetyRulesAttribute") == 0 && v_has_attribute(md, MD_TOKEN(MDT_Module, 1), n))
            uses |= VA_RULES;
    }
    if (!md->index) /* one that grows may come to use them */
        __atomic_store_n(&m->pointer_attributes, (u8)uses, __ATOMIC_RELAXED);
    return uses;
}

/* [UnscopedRef] of the method, or of the property whose accessor it is. */
bool v_unscoped_this(const Method *m)
{
    const MdImage *md = m->mt->module->md;
    if ((m->flags & (MF_ARRAY | MF_STUB)) || MD_TABLE_OF(m->token) != MDT_MethodDef || !(v_module_uses(m->mt->module) & VA_UNSCOPED))
        return false;
    if (v_has_attribute(md, m->token, "UnscopedRefAttribute"))
        return true;
    if (!(m->attrs & MD_SPECIAL_NAME))
        return false;
    MdRange r = md_typedef_properties(md, MD_RID(m->mt->klass->token));
    for (u32 i = r.first; i < r.end; i++) {
        u32 token = MD_TOKEN(MDT_Property, md_property_at(md, i));
        MdIter it = md_semantics_of(md, token);
        for (u32 s; (s = md_next_row(&it));)
            if (md_MethodSemantics_Method(md, s) == MD_RID(m->token) && v_has_attribute(md, token, "UnscopedRefAttribute"))
                return true;
    }
    return false;
}

u32 v_param_row(const MdImage *md, u32 method_rid, u32 sequence)
{
    MdRange r = md_method_params(md, method_rid);
    for (u32 i = r.first; i < r.end; i++)
        if (md_Param_Sequence(md, md_param_at(md, i)) == sequence)
            return md_param_at(md, i);
    return 0;
}

/* Does the type that the reader stands at have the modifier? */
static bool has_mod(const MdImage *md, MdSig *s, const char *name)
{
    u32 token;
    bool required;
    while (md_sig_peek(s) == ET_CMOD_REQD || md_sig_peek(s) == ET_CMOD_OPT) {
        if (!md_sig_mod(s, &token, &required))
            break;
        const char *n = MD_TABLE_OF(token) == MDT_TypeRef   ? md_typeref_name(md, MD_RID(token))
                        : MD_TABLE_OF(token) == MDT_TypeDef ? md_typedef_name(md, MD_RID(token))
                                                            : "";
        if (strcmp(n, name) == 0)
            return true;
    }
    return false;
}

bool v_field_is_readonly(const MethodTable *owner, const Field *f)
{
    MdSig s = md_sig(f->sig, f->sig_len);
    return md_sig_field(&s) && has_mod(owner->module->md, &s, "InAttribute");
}

bool v_has_mod(Method *m, u32 param, const char *name)
{
    MdSig s = md_sig(m->sig, m->sig_len);
    MdMethodSig head;
    if (m->flags & (MF_ARRAY | MF_STUB) || !md_sig_method(&s, &head))
        return false;
    for (u32 i = 0; i < param; i++)
        md_sig_skip_type(&s);
    return has_mod(m->mt->module->md, &s, name);
}

bool v_is_readonly(Method *m, u32 param)
{
    if (param && (m->flags & MF_UNSAFE_ACCESSOR)) /* whatever it stands for may write */
        return false;
    if (v_has_mod(m, param, "InAttribute"))
        return true;
    if (m->flags & (MF_ARRAY | MF_STUB | MF_VIRTUAL) || MD_TABLE_OF(m->token) != MDT_MethodDef || !(v_module_uses(m->mt->module) & VA_READONLY))
        return false;
    const MdImage *md = m->mt->module->md;
    u32 row = v_param_row(md, MD_RID(m->token), param), token = MD_TOKEN(MDT_Param, row);
    if (!row || (param && (md_Param_Flags(md, row) & (PD_IN | PD_OUT)) != PD_IN))
        return false;
    return v_has_attribute(md, token, "IsReadOnlyAttribute") || (param && v_has_attribute(md, token, "RequiresLocationAttribute"));
}

bool v_only_reads_this(const Method *m)
{
    const MdImage *md = m->mt->module->md;
    if ((m->flags & (MF_ARRAY | MF_STUB)) || !mt_is_valuetype(m->mt) || (m->flags & MF_CTOR) || !(v_module_uses(m->mt->module) & VA_READONLY))
        return false;
    return v_has_attribute(md, m->mt->klass->token, "IsReadOnlyAttribute") || v_has_attribute(md, m->token, "IsReadOnlyAttribute");
}

bool v_may_use_type(VMethod *v, TypeHandle th)
{
    return (!th_is_desc(th) && v_visible(v, (MethodTable *)th, MD_PUBLIC)) || v->m->mt->module->assembly->trusted ||
           type_may_use_type(v->m->mt, th, true);
}

/* --- Merges ------------------------------------------------------------------------------------------------------------------- */
static u32 block_index(const VMethod *v, const SemBlock *b) { return (u32)(b - v->w->blocks); }

static void set_pending(VMethod *v, VBlock *t)
{
    t->pending = true;
    v->again |= t <= v->running; /* behind what runs now */
}

static bool merge_state(VMethod *v, VBlock *t)
{
    bool init = t->this_init && v->this_init;
    u64 s = t->stack_locals | v->stack_locals, p = t->param_locals | v->param_locals, r = t->ro_locals | v->ro_locals;
    bool changed = init != t->this_init || s != t->stack_locals || p != t->param_locals || r != t->ro_locals;
    t->this_init = init;
    t->stack_locals = s;
    t->param_locals = p;
    t->ro_locals = r;
    return changed;
}

/* The same place in the same memory, or it is given away. */
static bool merge_memory(VMethod *v, VValue *into, VValue from)
{
    if (into->flags == from.flags && into->kind == from.kind && memcmp(&into->memory, &from.memory, sizeof from.memory) == 0)
        return false;
    v_give_away(v, into->flags & VF_MEMORY ? into : &from);
    *into = (VValue){.kind = V_BAD};
    return true;
}

static void merge(VMethod *v, const SemBlock *b, const VValue *stack, u32 depth)
{
    VBlock *t = &v->blocks[block_index(v, b)];
    if (t->depth < 0) {
        if (depth && v->at != UINT32_MAX && b->il_start <= v->at && !b->handler_start && !sem_entered_forward(v->w, block_index(v, b))) {
            v_error(v, VERIFY_BackwardBranch);
            return;
        }
        t->depth = (i32)depth;
        if (depth) {
            t->stack = ARENA_NEW_ARRAY(v->arena, VValue, depth);
            memcpy(t->stack, stack, depth * sizeof *stack);
        }
        t->this_init = v->this_init;
        t->stack_locals = v->stack_locals;
        t->param_locals = v->param_locals;
        t->ro_locals = v->ro_locals;
        set_pending(v, t);
        return;
    }
    if ((u32)t->depth != depth) {
        char f[16], x[16];
        snprintf(f, sizeof f, "%u", depth);
        snprintf(x, sizeof x, "%d", t->depth);
        v_report(v, VERIFY_PathStackDepth, f, x, "");
        return;
    }
    bool changed = merge_state(v, t);
    for (u32 i = 0; i < depth; i++)
        if ((t->stack[i].flags | stack[i].flags) & VF_MEMORY)
            changed |= merge_memory(v, &t->stack[i], stack[i]);
        else if (((t->stack[i].flags ^ stack[i].flags) & VF_THIS && v->tracks_this && !v->this_init) || !v_merge(&t->stack[i], &stack[i], &changed)) {
            char f[256], x[256];
            v_report(v, VERIFY_PathStackUnexpected, v_value_text(&stack[i], f, sizeof f), v_value_text(&t->stack[i], x, sizeof x), "");
            t->stack[i] = (VValue){.kind = V_BAD};
            changed = true;
        }
    if (changed)
        set_pending(v, t);
}

/* Handlers of the tries around the block see its state where it begins; what it makes of locals: v_set_local_bits. */
static void reach_handlers(VMethod *v, const SemBlock *b)
{
    for (u32 i = 0; i < v->w->num_clauses; i++) {
        const IlClause *c = &v->w->clauses[i].il;
        if (b->il_start < c->try_start || b->il_start >= c->try_end)
            continue;
        VValue ex = {.kind = V_REF, .th = th_of(type_wk(WK_OBJECT))};
        u32 n = c->kind == IL_EH_CATCH || c->kind == IL_EH_FILTER;
        if (c->kind == IL_EH_CATCH) {
            Err *e = v_err(v);
            ex.th = type_resolve_type(&v->w->ctx, c->class_token, NULL, e);
            if (!ex.th) {
                report_at(v, VERIFY_TokenResolve, c->handler_start, "", "", e->text);
                ex.kind = V_BAD;
            } else if (!v_is_ref_type(ex.th) && !v_is_var(ex.th)) {
                report_at(v, VERIFY_CatchByRef, c->handler_start, "", "", "");
            }
        }
        if (c->kind == IL_EH_FILTER)
            merge(v, &v->w->blocks[v->w->block_of[c->filter_start] - 1], &ex, 1);
        merge(v, &v->w->blocks[v->w->block_of[c->handler_start] - 1], &ex, n);
    }
}

/* --- Protected blocks --------------------------------------------------------------------------------------------------------- */
static bool in_try(const IlClause *c, u32 at) { return c->try_start <= at && at < c->try_end; }
static bool in_filter(const IlClause *c, u32 at) { return c->kind == IL_EH_FILTER && c->filter_start <= at && at < c->handler_start; }
static bool in_handler(const IlClause *c, u32 at) { return c->handler_start <= at && at < c->handler_end; }
static bool is_final(const IlClause *c) { return c->kind == IL_EH_FINALLY || c->kind == IL_EH_FAULT; }

static bool may_branch(VMethod *v, u32 to)
{
    u32 before = v->num_seen, from = v->at;
    bool left = false;
    for (u32 i = 0; i < v->w->num_clauses; i++) {
        const IlClause *c = &v->w->clauses[i].il;
        bool out = in_try(c, from) && !in_try(c, to);
        left |= out;
        if (out)
            v_error(v, VERIFY_BranchOutOfTry);
        if (!in_try(c, from) && in_try(c, to) && to != c->try_start && !left)
            v_error(v, VERIFY_BranchIntoTry);
        if (in_filter(c, from) != in_filter(c, to))
            v_error(v, in_filter(c, from) ? VERIFY_BranchOutOfFilter : VERIFY_BranchIntoFilter);
        if (in_handler(c, from) != in_handler(c, to))
            v_error(v, !in_handler(c, from) ? VERIFY_BranchIntoHandler : is_final(c) ? VERIFY_BranchOutOfFinally : VERIFY_BranchOutOfHandler);
    }
    return v->num_seen == before;
}

static bool flow(VMethod *v, u32 to)
{
    u32 at = v->w->block_of[to] - 1;
    const SemBlock *b = &v->w->blocks[at];
    VBlock *t = &v->blocks[at];
    if (t->depth == 0 && !v->depth && (t->this_init & !v->this_init) == 0 && !(v->stack_locals & ~t->stack_locals) &&
        !(v->param_locals & ~t->param_locals) && !(v->ro_locals & ~t->ro_locals))
        return true; /* nothing that is not known there */
    if (b->try_start && v->depth) { /* entered, not gone round in */
        for (u32 i = 0; i < v->w->num_clauses; i++)
            if (v->w->clauses[i].il.try_start == to && !in_try(&v->w->clauses[i].il, v->at)) {
                v_error(v, VERIFY_TryNonEmptyStack);
                return false;
            }
    }
    merge(v, b, v->stack, v->depth);
    return true;
}

static bool good_target(VMethod *v, u32 to)
{
    if (!v->starts || !(v->starts[to] & START_PREFIXED))
        return true;
    v_error(v, VERIFY_BadJumpTarget);
    return false;
}

bool v_branch(VMethod *v, u32 to) { return good_target(v, to) && may_branch(v, to) && flow(v, to); }

void v_leave(VMethod *v, u32 to)
{
    if (!good_target(v, to))
        return;
    u32 before = v->num_seen, from = v->at;
    for (u32 i = 0; i < v->w->num_clauses; i++) {
        const IlClause *c = &v->w->clauses[i].il;
        bool own = in_handler(c, from) && !is_final(c); /* a catch may go back into its try */
        if (!in_try(c, from) && in_try(c, to) && to != c->try_start && !own)
            v_error(v, VERIFY_LeaveIntoTry);
        if (in_filter(c, from) != in_filter(c, to))
            v_error(v, in_filter(c, from) ? VERIFY_LeaveOutOfFilter : VERIFY_LeaveIntoFilter);
        if (in_handler(c, to) && !in_handler(c, from))
            v_error(v, VERIFY_LeaveIntoHandler);
        if (in_handler(c, from) && !in_handler(c, to) && is_final(c))
            v_error(v, c->kind == IL_EH_FINALLY ? VERIFY_LeaveOutOfFinally : VERIFY_LeaveOutOfFault);
    }
    v->depth = 0;
    if (v->num_seen == before)
        flow(v, to);
}

void v_fall(VMethod *v, u32 to)
{
    if (to >= v->w->body.code_size) {
        v_error(v, VERIFY_MethodFallthrough);
        return;
    }
    u32 before = v->num_seen, from = v->at;
    for (u32 i = 0; i < v->w->num_clauses; i++) {
        const IlClause *c = &v->w->clauses[i].il;
        if ((in_try(c, from) && !in_try(c, to)) || (in_filter(c, from) && !in_filter(c, to)) || (in_handler(c, from) && !in_handler(c, to)))
            v_error(v, VERIFY_FallthroughException);
        if (!in_filter(c, from) && in_filter(c, to))
            v_error(v, VERIFY_FallthroughIntoFilter);
        if (!in_handler(c, from) && in_handler(c, to))
            v_error(v, VERIFY_FallthroughIntoHandler);
    }
    if (v->num_seen == before)
        flow(v, to);
}

/* --- Before the walk ---------------------------------------------------------------------------------------------------------- */
/* Where instructions begin.  False: the bytes cannot be walked; reported. */
static bool find_starts(VMethod *v, const IlBody *b, u32 num_args)
{
    u32 size = b->code_size, num_locals = 0;
    v->starts = ARENA_NEW_ARRAY(v->arena, u8, size + 1);
    if (b->local_sig) {
        MdSig s = md_sig_of(v->m->mt->module->md, b->local_sig);
        md_sig_locals(&s, &num_locals);
    }
    bool prefixed = false, ok = true;
    IlInst in;
    for (u32 at = 0; at < size; at += in.size) {
        v->at = at;
        if (!il_decode(b->code, size, at, &in)) {
            u32 op = b->code[at];
            if (op == 0xFE && at + 1 < size)
                op = 0x100u + b->code[at + 1];
            bool known = op < IL_OP_LIMIT && il_op_info[op].name;
            u8 o = known ? il_op_info[op].operand : IL_OPR_NONE;
            bool branch = o == IL_OPR_BR1 || o == IL_OPR_BR4 || o == IL_OPR_SWITCH;
            u32 need = !known ? 0 : il_op_info[op].size + (o == IL_OPR_BR1 ? 1u : 4u);
            v_error(v, !known ? VERIFY_UnknownOpcode : branch && at + need <= size ? VERIFY_BadBranch : VERIFY_MethodEnd);
            return false;
        }
        v->starts[at] = prefixed ? START_INST | START_PREFIXED : START_INST;
        prefixed = il_op_info[in.op].flow == IL_FLOW_META;
        switch ((u32)in.op) {
        case IL_LDARG_0: case IL_LDARG_1: case IL_LDARG_2: case IL_LDARG_3: in.i = (i64)in.op - IL_LDARG_0; goto arg;
        case IL_LDLOC_0: case IL_LDLOC_1: case IL_LDLOC_2: case IL_LDLOC_3: in.i = (i64)in.op - IL_LDLOC_0; goto local;
        case IL_STLOC_0: case IL_STLOC_1: case IL_STLOC_2: case IL_STLOC_3: in.i = (i64)in.op - IL_STLOC_0; goto local;
        case IL_STARG: case IL_STARG_S: case IL_LDARGA: case IL_LDARGA_S: case IL_LDARG: case IL_LDARG_S:
        arg:
            if ((u64)in.i >= num_args) {
                v_error(v, VERIFY_UnrecognizedArgumentNumber);
                ok = false;
            }
            break;
        case IL_LDLOC: case IL_LDLOC_S: case IL_STLOC: case IL_STLOC_S: case IL_LDLOCA: case IL_LDLOCA_S:
        local:
            if ((u64)in.i >= num_locals) {
                v_error(v, VERIFY_UnrecognizedLocalNumber);
                ok = false;
            }
            break;
        }
    }
    if (prefixed) {
        v_error(v, VERIFY_MethodEnd);
        return false;
    }
    for (u32 at = 0; at < size; at += in.size) {
        v->at = at;
        il_decode(b->code, size, at, &in);
        if (in.operand == IL_OPR_SWITCH) {
            for (u32 i = 0; i < in.switch_count; i++)
                if (il_switch_target(&in, i) >= size || !v->starts[il_switch_target(&in, i)]) {
                    v_error(v, VERIFY_BadJumpTarget);
                    ok = false;
                }
        } else if ((in.operand == IL_OPR_BR1 || in.operand == IL_OPR_BR4) && !v->starts[in.target]) {
            v_error(v, VERIFY_BadJumpTarget);
            ok = false;
        }
    }
    return ok;
}

/* Clauses: within the code, on instructions, tries and handlers apart or properly nested, inner ones first (§II.19). */
static bool clauses_ok(VMethod *v)
{
    u32 size = v->w->body.code_size;
    for (u32 i = 0; i < v->w->num_clauses; i++) {
        const IlClause *c = &v->w->clauses[i].il;
        u32 h = c->kind == IL_EH_FILTER ? c->filter_start : c->handler_start;
        const u8 *at = v->starts;
        bool ok = !at || (at[c->try_start] == START_INST && at[c->handler_start] == START_INST && at[h] == START_INST &&
                             (c->try_end == size || at[c->try_end]) && (c->handler_end == size || at[c->handler_end]));
        ok = ok && (c->try_end <= h || c->handler_end <= c->try_start);
        for (u32 k = 0; ok && k < i; k++) { /* regions of two clauses: apart, or one within another */
            const IlClause *d = &v->w->clauses[k].il;
            u32 g = d->kind == IL_EH_FILTER ? d->filter_start : d->handler_start;
            const u32 a[2][2] = {{c->try_start, c->try_end}, {h, c->handler_end}}, b[2][2] = {{d->try_start, d->try_end}, {g, d->handler_end}};
            for (u32 x = 0; x < 2; x++)
                for (u32 y = 0; y < 2; y++) {
                    bool apart = a[x][1] <= b[y][0] || b[y][1] <= a[x][0];
                    bool inside = (a[x][0] <= b[y][0] && b[y][1] <= a[x][1]) || (b[y][0] <= a[x][0] && a[x][1] <= b[y][1]);
                    ok &= apart || inside;
                }
            bool same_try = c->try_start == d->try_start && c->try_end == d->try_end;
            if (ok && !same_try && d->try_start <= c->try_start && c->try_end <= d->try_end)
                ok = false; /* an inner clause after its outer one */
        }
        if (!ok) {
            v->at = c->try_start;
            v_report(v, VERIFY_BadBody, "", "", "exception clauses overlap or do not begin and end with instructions");
            return false;
        }
    }
    return true;
}

/* Flags of what ldarg gives.  How far a parameter reaches is written in attributes: asked of pointers and ref structs only. */
static u16 flags_of_param(VMethod *v, const SigType *t, u32 sequence)
{
    bool var = t->kind == ET_VAR || t->kind == ET_MVAR, pointer = t->kind == ET_BYREF;
    if (!pointer && !var && t->kind != ET_VALUETYPE)
        return 0;
    if (t->kind == ET_VALUETYPE && t->th && !v_is_byref_like(t->th))
        return 0;
    const MdImage *md = v->m->mt->module->md;
    u32 row = v_param_row(md, MD_RID(v->m->token), sequence), token = MD_TOKEN(MDT_Param, row);
    u16 in = pointer && v_is_readonly(v->m, sequence) ? VF_RO : 0, level = pointer ? VF_PARAM : 0;
    if (!row)
        return in | level;
    bool out = pointer && v->new_rules && (md_Param_Flags(md, row) & (PD_OUT | PD_IN)) == PD_OUT &&
               !((v_module_uses(v->m->mt->module) & VA_UNSCOPED) && v_has_attribute(md, token, "UnscopedRefAttribute"));
    bool scoped = out || ((v_module_uses(v->m->mt->module) & VA_SCOPED) && v_has_attribute(md, token, "ScopedRefAttribute"));
    return in | (scoped ? VF_STACK : level);
}

/* May a pointer into this struct leave with the result?  A method that is called in the place of an interface's only if that one lets it: callers see
 * nothing but that. */
static bool this_may_leave(Method *m)
{
    if (!v_unscoped_this(m) || !(m->flags & MF_VIRTUAL))
        return v_unscoped_this(m);
    const MdImage *md = m->mt->module->md;
    MdIter it = md_method_impls_of(md, MD_RID(m->mt->klass->token));
    for (u32 r; (r = md_next_row(&it));)
        if (md_MethodImpl_MethodBody(md, r) == m->token)
            return false;
    V_ERR(e);
    u32 n = 0;
    MethodTable **interfaces = type_interfaces(m->mt, &n, &e);
    for (u32 i = 0; interfaces && i < n; i++) {
        const MdImage *of = interfaces[i]->module->md;
        for (u32 k = 0; k < interfaces[i]->klass->num_methods; k++) {
            u32 rid = type_method_rid(interfaces[i], k);
            if (strcmp(md_method_name(of, rid), md_method_name(md, MD_RID(m->token))) != 0)
                continue;
            Method *slot = type_method_by_rid(interfaces[i], rid, &e);
            if (!slot || !v_unscoped_this(slot))
                return false;
        }
    }
    return interfaces || !n;
}

static void prepare_vars(VMethod *v)
{
    const SemWalk *w = v->w;
    u32 has_this = w->num_args > w->sig->num_params;
    v->args = ARENA_NEW_ARRAY(v->arena, VVar, w->num_args);
    v->locals = ARENA_NEW_ARRAY(v->arena, VVar, w->num_locals);
    v->new_rules = v_new_ref_rules(v->m);
    if (has_this && mt_is_valuetype(v->m->mt)) {
        u16 *flags = &v->args[0].flags;
        *flags = this_may_leave(v->m) ? VF_PARAM : VF_STACK; /* callers take a returned pointer to be independent of it */
        if (v->is_ctor)
            *flags |= VF_OUTER;
        else if (!v->is_init_accessor && v_only_reads_this(v->m))
            *flags |= VF_RO;
    }
    for (u32 i = 0; i < w->sig->num_params; i++)
        v->args[i + has_this].flags = flags_of_param(v, &w->sig->params[i], i + 1);
}

static VVar *typed_var(VMethod *v, VVar *x, TypeHandle th, const SigType *t)
{
    Err *const e = v_err(v);
    if (!th && !(th = type_sigtype_load(&v->w->ctx, t, e))) {
        v_resolve_error(v, VERIFY_TokenResolve, e);
        return NULL;
    }
    x->th = th;
    x->value = v_of_kind(t->kind, th);
    x->holds_pointer = v_holds_pointer(th);
    return x;
}

VVar *v_arg_slow(VMethod *v, u32 i)
{
    bool own = i == 0 && v->w->num_args > v->w->sig->num_params;
    TypeHandle th = !own ? 0 : mt_is_valuetype(v->m->mt) ? type_byref_to(th_of(v->m->mt), NULL) : th_of(v->m->mt);
    return typed_var(v, &v->args[i], th, &v->w->args[i].type);
}

VVar *v_local_slow(VMethod *v, u32 i) { return typed_var(v, &v->locals[i], 0, &v->w->locals[i].type); }

TypeHandle v_ret(VMethod *v)
{
    Err *const e = v_err(v);
    if (!v->ret && !(v->ret = v_sig_type(&v->w->ctx, &v->w->sig->ret, e)))
        v_resolve_error(v, VERIFY_TokenResolve, e);
    return v->ret;
}

/* --- The walk ----------------------------------------------------------------------------------------------------------------- */
static void run_block(VMethod *v, u32 index)
{
    const SemBlock *b = &v->w->blocks[index];
    VBlock *s = &v->blocks[index];
    s->pending = false;
    s->done = true;
    v->block = b;
    v->depth = (u32)s->depth;
    if (v->depth > v->max_stack) {
        v->at = b->il_start;
        v_error(v, VERIFY_StackOverflow);
        return;
    }
    if (v->depth)
        memcpy(v->stack, s->stack, v->depth * sizeof *v->stack);
    v->this_init = s->this_init;
    v->stack_locals = s->stack_locals | v->seen_stack;
    v->param_locals = s->param_locals | v->seen_param;
    v->ro_locals = s->ro_locals | v->seen_ro;
    v->live = true;
    v->dead = false;
    v->ftn_at = v->dup_at = 0;
    v->num_prev = 0;
    v->at = b->il_start;
    if (b->try_region)
        reach_handlers(v, b);
    v->pos = b->il_start;
    v_ops(v, b->il_end);
    if (v->live && !v->dead)
        v_fall(v, v->pos);
}

static void run(VMethod *v)
{
    u32 n = v->w->num_blocks;
    v->blocks = ARENA_NEW_ARRAY(v->arena, VBlock, n);
    for (u32 i = 0; i < n; i++)
        v->blocks[i].depth = -1;
    v->stack = ARENA_NEW_ARRAY(v->arena, VValue, v->max_stack + 1);
    v->at = UINT32_MAX;
    v->this_init = !v->tracks_this;
    merge(v, &v->w->blocks[0], NULL, 0);
    v->at = 0;
    if (v->w->blocks[0].handler_start)
        v_error(v, VERIFY_FallthroughIntoHandler);
    do {
        v->again = false;
        for (u32 i = 0; i < n; i++)
            if (v->blocks[i].pending) {
                v->running = &v->blocks[i];
                run_block(v, i);
            }
    } while (v->again);
}

static void tell_merges(VMethod *v)
{
    static const u8 kind[] = {[V_I4] = SEM_I4, [V_I8] = SEM_I8, [V_I] = SEM_I, [V_F] = SEM_F8, [V_REF] = SEM_REF, [V_BYREF] = SEM_BYREF,
        [V_VALUE] = SEM_VALUE, [V_PTR] = SEM_I, [V_METHOD] = SEM_I, [V_BAD] = SEM_NONE};
    for (u32 i = 0; i < v->w->num_blocks; i++) {
        VBlock *b = &v->blocks[i];
        if (b->depth < 0)
            continue;
        u8 *k = ARENA_NEW_ARRAY(v->arena, u8, (u32)b->depth + 1);
        for (i32 d = 0; d < b->depth; d++)
            k[d] = kind[b->stack[d].kind];
        v->hook(v->hook_arg, &v->w->blocks[i], (u32)b->depth, k);
    }
}

static void verify_body(VMethod *v, const SemWalk *scan)
{
    Method *m = v->m;
    const MdImage *md = m->mt->module->md;
    Err *const e = v_err(v);
    IlBody b;
    bool scanned = scan && scan->method == m;
    v->at = 0;
    if (scanned)
        b = scan->body;
    else if (!il_read_body(md, MD_RID(m->token), &b, e)) {
        v_report(v, VERIFY_BadBody, "", "", e->text);
        return;
    }
    if (b.code_size == 0) {
        v_error(v, VERIFY_CodeSizeZero);
        return;
    }
    MdSig sig = md_sig(m->sig, m->sig_len);
    MdMethodSig head;
    if (!md_sig_method(&sig, &head) || (m->flags & MF_VARARG)) {
        v_report(v, m->flags & MF_VARARG ? VERIFY_Unverifiable : VERIFY_BadBody, "", "", "the method's signature");
        return;
    }
    v->w = scan;
    if (!scanned) {
        SemWalk *own = ARENA_NEW(v->arena, SemWalk);
        bool same = scan && scan->method->token == m->token && scan->method->mt->module == m->mt->module; /* of an instantiation */
        scanned = same ? sem_scan_as(own, scan, m, e) : sem_scan(own, v->arena, m, e);
        v->w = own;
    }
    if ((!scanned || v->w->split_prefix || v->w->bad_var) && !find_starts(v, &b, head.param_count + (head.has_this && !head.explicit_this)))
        return;
    v->at = 0;
    if (!scanned) {
        if (e->kind == ERR_INVALID_PROGRAM)
            v_report(v, VERIFY_BadBody, "", "", e->text);
        else
            v_resolve_error(v, VERIFY_UnsatisfiedMethodParentInst, e);
        return;
    }
    if (!clauses_ok(v))
        return;
    v->at = 0;
    if (v->w->num_locals && !b.init_locals)
        v_error(v, VERIFY_InitLocals);
    v->is_ctor = (m->flags & MF_CTOR) && !(m->flags & MF_STATIC);
    v->is_cctor = (m->flags & MF_STATIC) && strcmp(m->name, ".cctor") == 0;
    v->tracks_this = v->is_ctor && !mt_is_valuetype(m->mt) && m->mt != type_wk(WK_OBJECT);
    v->ret_readonly = v->w->sig->ret.kind == ET_BYREF && v_is_readonly(m, 0);
    v->is_init_accessor = !(m->flags & MF_STATIC) && !v->is_ctor && v_has_mod(m, 0, "IsExternalInit");
    prepare_vars(v);
    v->max_stack = b.max_stack ? b.max_stack : v->w->num_clauses ? 1 : 0;
    run(v);
    if (v->hook)
        tell_merges(v);
}

static u32 verify(Method *m, const SemWalk *scan, Arena *a, const VerifySink *sink, VerifyMergeHook hook, void *arg)
{
    u32 skip = MF_ABSTRACT | MF_FCALL | MF_PINVOKE | MF_RUNTIME | MF_STUB | MF_ARRAY | MF_DYNAMIC;
    if ((m->flags & skip) || MD_TABLE_OF(m->token) != MDT_MethodDef || !md_MethodDef_RVA(m->mt->module->md, MD_RID(m->token)))
        return 0;
    MethodTable *typical = m->mt->klass->typical;
    if (m->mt != typical || (m->num_generic && !(m->flags & MF_GENERIC_DEF))) {
        Method *t = type_method_by_rid(typical, MD_RID(m->token), NULL);
        m = t ? t : m;
    }
    ArenaMark mark = arena_mark(a);
    VMethod *v = ARENA_NEW(a, VMethod);
    v->m = m; /* all else is zero */
    v->arena = a;
    v->sink = sink;
    V_ERR(e);
    v->err = &e;
    v->hook = hook;
    v->hook_arg = arg;
    verify_body(v, scan);
    u32 n = v->issues;
    arena_release(a, mark);
    return n;
}

u32 verify_method(Method *m, const SemWalk *scan, Arena *a, const VerifySink *sink) { return verify(m, scan, a, sink, NULL, NULL); }
u32 verify_method_merges(Method *m, Arena *a, const VerifySink *sink, VerifyMergeHook hook, void *arg)
{
    return verify(m, NULL, a, sink, hook, arg);
}
