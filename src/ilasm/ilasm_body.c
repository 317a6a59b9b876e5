/* ilasm_body.c: code: instructions, labels, locals, exception clauses; and the body as it stands in the file (§II.25.4).
 * Labels, arguments and locals are found through their symbols, which remember the method that they are good for (a->epoch).
 * Branches are as wide as written; -optimize shortens what can be short before targets are filled in. */
#include "ilasm/ilasm_int.h"

#include "base/utf.h"

typedef struct Fix { /* a target to fill in */
    u32 at, from, label, tok; /* at: of the operand; from: the end of its instruction */
    u8 size;
    bool table; /* of a switch */
} Fix;

typedef struct Point { /* an offset, or a label that gives it */
    u32 offset, label, tok; /* label 0: the offset counts */
} Point;

typedef struct Clause {
    u32 kind, token;
    Point try_start, try_end, start, end, filter;
} Clause;

typedef struct Local {
    u32 sig, len; /* in Body.types */
    bool there;
} Local;

typedef struct Undo { /* what a name meant outside the scope */
    u32 sym, epoch, slot;
} Undo;

struct Body {
    Buf code, out, types;
    VEC(Fix) fixes;
    VEC(Clause) clauses;
    VEC(Local) locals;
    VEC(Undo) undo;
    u32 method, max_stack, depth;
    u32 scope_undo; /* first of undo for the open block */
    bool init;
    bool bad_locals; /* a .locals had an error: what is missing has been told */
    u32 scope; /* the scope that is open, for the PDB */
    u32 first_point, first_scope;
};

/* --- a method's start --- */

void ia_body_start(Asm *a, u32 method)
{
    if (!a->body) a->body = ARENA_NEW(&a->arena, Body);
    Body *b = a->body;
    const Method *m = &a->methods.data[method];
    b->code.len = b->types.len = 0;
    b->fixes.len = b->clauses.len = b->locals.len = b->undo.len = 0;
    b->method = method;
    b->max_stack = 8;
    b->init = b->bad_locals = false;
    b->depth = b->scope_undo = 0;
    b->first_point = a->points.len;
    b->first_scope = a->scopes.len;
    a->epoch++;
    bool has_this = (m->conv & (SIG_HAS_THIS | SIG_EXPLICIT_THIS)) == SIG_HAS_THIS;
    for (u32 i = m->param_count; i-- > 0;) { /* the first of a name wins */
        u32 name = a->params.data[m->param_first + i].name;
        if (!name) continue;
        a->syms.data[name].arg_epoch = a->epoch;
        a->syms.data[name].arg = i + has_this;
    }
}

void ia_body_free(Asm *a)
{
    Body *b = a->body;
    if (!b) return;
    buf_free(&b->code);
    buf_free(&b->out);
    buf_free(&b->types);
    vec_free(&b->fixes);
    vec_free(&b->clauses);
    vec_free(&b->locals);
    vec_free(&b->undo);
}

void ia_emit_byte(Asm *a, u32 v) { buf_u8(&a->body->code, v); }
void ia_max_stack(Asm *a, u32 v) { a->body->max_stack = v; }
void ia_zero_init(Asm *a) { a->body->init = true; }
u32 ia_code_offset(const Asm *a) { return a->body->code.len; }

/* --- labels --- */

void ia_label(Asm *a)
{
    Sym *s = &a->syms.data[ia_tok(a)->val];
    if (s->label_epoch == a->epoch) ia_errorf(a, ia_tok(a)->pos, "a second label %s in this method", s->p);
    s->label_epoch = a->epoch;
    s->label_at = a->body->code.len;
    a->at += 2;
}

static bool label_or_number(Asm *a, Point *p, const char *what)
{
    *p = (Point){.tok = a->at};
    if (ia_is(a, T_INT)) {
        p->offset = ia_tok(a)->val;
    } else if (ia_is_name(a)) {
        p->label = ia_tok(a)->val;
    } else {
        return ia_expected(a, what);
    }
    ia_next(a);
    return true;
}

static bool label_offset(Asm *a, u32 label, u32 tok, u32 *offset)
{
    const Sym *s = ia_s(a, label);
    if (s->label_epoch == a->epoch) {
        *offset = s->label_at;
        return true;
    }
    Near n;
    ia_near_init(&n, s->p, s->len);
    u32 open = a->methods.data[a->body->method].open, close = MIN(a->tok[open].val, a->tok_count - 2);
    for (u32 i = open; i < close; i++) {
        if (a->tok[i + 1].kind == ':' && (a->tok[i].kind == T_ID || a->tok[i].kind == T_SQ)) ia_near_sym(a, &n, a->tok[i].val);
    }
    ia_errorf(a, a->tok[tok].pos, "no label %s in this method%s", s->p, ia_near_text(a, &n));
    *offset = 0;
    return false;
}

/* --- instructions --- */

static void put_op(Buf *c, u32 op)
{
    if (op >= 0x100) buf_u8(c, 0xFE);
    buf_u8(c, op & 0xFF);
}

/* A number, or the name of an argument or local */
static bool variable(Asm *a, u32 op, u32 *index)
{
    const Tok *t = ia_tok(a);
    if (t->kind == T_INT) {
        *index = t->val;
        ia_next(a);
        return true;
    }
    if (op == IL_UNALIGNED || op == IL_NO) return ia_expected(a, "a number");
    bool arg = op == IL_LDARG || op == IL_LDARG_S || op == IL_LDARGA || op == IL_LDARGA_S || op == IL_STARG || op == IL_STARG_S;
    if (!ia_is_name(a)) return ia_expected(a, arg ? "the name or number of an argument" : "the name or number of a local");
    const Sym *s = ia_s(a, t->val);
    if (arg ? s->arg_epoch == a->epoch : s->local_epoch == a->epoch) {
        *index = arg ? s->arg : s->local;
        ia_next(a);
        return true;
    }
    if (!arg && a->body->bad_locals) {
        a->panic = true;
        return false;
    }
    Near n;
    ia_near_init(&n, s->p, s->len);
    for (u32 i = a->sym_words; i < a->syms.len; i++) {
        const Sym *o = ia_s(a, i);
        if (arg ? o->arg_epoch == a->epoch : o->local_epoch == a->epoch) ia_near_try(&n, o->p, o->len);
    }
    return ia_fail(a, a->at, "no %s %s in this method%s", arg ? "argument" : "local", s->p, ia_near_text(a, &n));
}

static void short_variable(Buf *c, u32 op, u32 index, bool optimize)
{
    if (optimize) {
        static const struct {
            u16 wide, narrow, first;
        } forms[] = {{IL_LDARG, IL_LDARG_S, IL_LDARG_0}, {IL_LDLOC, IL_LDLOC_S, IL_LDLOC_0}, {IL_STLOC, IL_STLOC_S, IL_STLOC_0},
            {IL_LDARGA, IL_LDARGA_S, 0}, {IL_LDLOCA, IL_LDLOCA_S, 0}, {IL_STARG, IL_STARG_S, 0}};
        for (u32 i = 0; i < ARRAY_LEN(forms); i++) {
            if (op != forms[i].wide && op != forms[i].narrow) continue;
            if (forms[i].first && index < 4) {
                put_op(c, forms[i].first + index);
                return;
            }
            if (index < 256) op = forms[i].narrow;
        }
    }
    put_op(c, op);
    buf_le(c, index, op >= 0x100 && op != IL_UNALIGNED && op != IL_NO ? 2 : 1);
}

static void put_variable(Asm *a, u32 op, bool narrow)
{
    u32 index = 0, at = a->at;
    if (!variable(a, op, &index)) return;
    if (index > (narrow ? 0xFFu : 0xFFFFu) && !(a->opt.optimize && index <= 0xFFFF)) {
        ia_fail(a, at, "%u does not fit %s; the form without .s takes more", index, il_op_info[op].name);
        return;
    }
    if (narrow && index > 0xFF) index = 0;
    short_variable(&a->body->code, op, index, a->opt.optimize);
}

static void put_int32(Asm *a, u32 op)
{
    u32 v;
    Buf *c = &a->body->code;
    if (!ia_want_int32(a, &v)) return;
    i32 s = (i32)v;
    if (a->opt.optimize && s >= -1 && s <= 8) {
        put_op(c, (u32)(IL_LDC_I4_0 + s));
        return;
    }
    if (a->opt.optimize && s >= -128 && s <= 127) op = IL_LDC_I4_S;
    put_op(c, op);
    buf_le(c, v, op == IL_LDC_I4_S ? 1 : 4);
}

static void put_int8(Asm *a, u32 op)
{
    u32 v, at = a->at;
    if (!ia_want_int32(a, &v)) return;
    i32 s = (i32)v;
    if (s < -128 || s > 255) {
        ia_fail(a, at, "%d does not fit %s", s, il_op_info[op].name);
        return;
    }
    if (a->opt.optimize && s >= -1 && s <= 8) {
        put_op(&a->body->code, (u32)(IL_LDC_I4_0 + s));
        return;
    }
    put_op(&a->body->code, op);
    buf_u8(&a->body->code, v);
}

static void put_float(Asm *a, u32 op, bool single)
{
    Buf *c = &a->body->code;
    double v;
    u32 size = single ? 4 : 8, at = a->at;
    if (ia_is(a, '(')) {
        Bytes x;
        if (!ia_want_bytes(a, &x)) return;
        if (x.n != size) {
            ia_fail(a, at, "%s wants %u bytes, not %u", il_op_info[op].name, size, x.n);
            return;
        }
        put_op(c, op);
        buf_put(c, x.p, size);
        return;
    }
    if (!ia_want_float(a, &v, single)) return;
    float f = (float)v;
    put_op(c, op);
    buf_put(c, single ? (void *)&f : (void *)&v, size);
}

static void put_branch(Asm *a, u32 op, u8 size)
{
    Buf *c = &a->body->code;
    const Tok *t = ia_tok(a);
    if (t->kind == T_INT || t->kind == T_NINT) { /* the displacement itself */
        i64 d = ia_int_of(a, t);
        if (size == 1 && (d < -128 || d > 127)) {
            ia_fail(a, a->at, "the branch is out of range of %s", il_op_info[op].name);
            return;
        }
        put_op(c, op);
        buf_le(c, (u64)d, size);
    } else if (ia_is_name(a)) {
        put_op(c, op);
        vec_push(&a->body->fixes, ((Fix){c->len, c->len + size, t->val, a->at, size, false}));
        buf_le(c, 0, size);
    } else {
        ia_expected(a, "a label");
        return;
    }
    ia_next(a);
}

static void put_switch(Asm *a, u32 op)
{
    Buf *c = &a->body->code;
    u32 n = 0, first = a->body->fixes.len;
    if (!ia_want(a, '(', "'(' and labels")) return;
    put_op(c, op);
    u32 count_at = c->len;
    buf_le(c, 0, 4);
    while (!ia_is(a, ')')) {
        if (ia_is(a, T_INT) || ia_is(a, T_NINT)) {
            buf_le(c, (u64)ia_int_of(a, ia_tok(a)), 4);
        } else if (ia_is_name(a)) {
            vec_push(&a->body->fixes, ((Fix){c->len, 0, ia_tok(a)->val, a->at, 4, true}));
            buf_le(c, 0, 4);
        } else {
            ia_expected(a, "a label or ')'");
            break;
        }
        n++;
        ia_next(a);
        if (!ia_take(a, ',')) break;
    }
    for (u32 i = first; i < a->body->fixes.len; i++) a->body->fixes.data[i].from = c->len;
    memcpy(c->p + count_at, &n, 4);
    if (!a->panic) ia_want(a, ')', "',' or ')'");
}

static u32 user_string(Asm *a)
{
    Bytes x;
    u32 token = 0, at = a->at;
    bool ansi = ia_kw(a, K_ansi);
    if (ia_take_kw(a, K_bytearray)) {
        if (!ia_want_bytes(a, &x)) return 0;
        char16 *u = base_malloc(x.n + 2);
        if (x.n) memcpy(u, x.p, x.n);
        if (x.n & 1) ((u8 *)u)[x.n] = 0;
        token = mdw_user_string(a->w, u, (x.n + 1) / 2);
        base_free(u);
    } else {
        if (ansi && (ia_next(a), !ia_want(a, '(', "'('"))) return 0;
        if (!ia_is(a, T_STR)) {
            ia_expected(a, "a string or bytearray");
            return 0;
        }
        if (!ia_want_text(a)) return 0;
        if (ansi && !ia_want(a, ')', "')'")) return 0;
        if (ansi) { /* its bytes, two a unit */
            u32 n = a->tmp.len;
            char16 *u = base_calloc(n / 2 + 1, 2);
            memcpy(u, a->tmp.p, n);
            token = mdw_user_string(a->w, u, (n + 1) / 2);
            base_free(u);
        } else {
            size_t n = utf8_to_utf16_len((const char *)a->tmp.p, a->tmp.len);
            char16 small[256], *u = n > ARRAY_LEN(small) ? base_malloc(n * 2) : small;
            utf8_to_utf16((const char *)a->tmp.p, a->tmp.len, u);
            token = mdw_user_string(a->w, u, (u32)n);
            if (u != small) base_free(u);
        }
    }
    if (!token) ia_fail(a, at, "too many strings: a module has room for 16 MB");
    return token;
}

static void put_token(Asm *a, u32 op, u32 token)
{
    if (!token) return;
    put_op(&a->body->code, op);
    buf_le(&a->body->code, token, 4);
}

/* Without .line, the lines are those of the text itself. */
static void note_own_line(Asm *a)
{
    Place p = ia_place(a, ia_tok(a)->pos);
    if (a->line.own_file != p.file) { /* where a debugger finds it; -deterministic: as it was called */
        char *full = a->opt.deterministic ? NULL : os_file_realpath(p.file);
        a->line.own_doc = ia_document(a, full ? arena_strdup(&a->arena, full) : p.file);
        a->line.own_file = p.file;
        base_free(full);
    }
    u32 doc = a->line.own_doc;
    const SeqPoint *last = a->points.len > a->body->first_point ? &vec_last(&a->points) : NULL;
    if (last && last->doc == doc && last->line == p.line) return;
    vec_push(&a->points, ((SeqPoint){a->body->code.len, doc, p.line, 1, p.line, 2}));
}

static void note_line(Asm *a)
{
    a->line.pending = false;
    vec_push(&a->points, ((SeqPoint){a->body->code.len, a->line.doc, a->line.line, a->line.col, a->line.end_line, a->line.end_col}));
}

void ia_instruction(Asm *a, u32 op)
{
    i64 v;
    if (UNLIKELY(a->line.pending)) note_line(a);
    else if (UNLIKELY(a->opt.debug && !a->line.any)) note_own_line(a);
    ia_next(a);
    switch ((IlOperand)il_op_info[op].operand) {
    case IL_OPR_NONE: put_op(&a->body->code, op); break;
    case IL_OPR_I1: put_int8(a, op); break;
    case IL_OPR_U1: put_variable(a, op, true); break;
    case IL_OPR_U2: put_variable(a, op, false); break;
    case IL_OPR_I4: put_int32(a, op); break;
    case IL_OPR_I8:
        if (!ia_want_int(a, &v)) return;
        put_op(&a->body->code, op);
        buf_le(&a->body->code, (u64)v, 8);
        break;
    case IL_OPR_R4: put_float(a, op, true); break;
    case IL_OPR_R8: put_float(a, op, false); break;
    case IL_OPR_BR1: put_branch(a, op, 1); break;
    case IL_OPR_BR4: put_branch(a, op, 4); break;
    case IL_OPR_METHOD: put_token(a, op, ia_method_ref(a, false)); break;
    case IL_OPR_FIELD: put_token(a, op, ia_field_ref(a)); break;
    case IL_OPR_TYPE: put_token(a, op, ia_typespec(a)); break;
    case IL_OPR_TOKEN: put_token(a, op, ia_owner_ref(a)); break;
    case IL_OPR_SIG: put_token(a, op, ia_calli_sig(a)); break;
    case IL_OPR_STRING: put_token(a, op, user_string(a)); break;
    case IL_OPR_SWITCH: put_switch(a, op); break;
    }
}

/* --- locals and scopes --- */

static bool named_in_block(const Asm *a, u32 sym)
{
    const Body *b = a->body;
    if (ia_s(a, sym)->local_epoch != a->epoch) return false;
    for (u32 i = b->undo.len; i-- > b->scope_undo;)
        if (b->undo.data[i].sym == sym) return true;
    return false;
}

/* Names of a block hide those around it; within a block the first of a name wins. */
static void name_local(Asm *a, u32 sym, u32 slot)
{
    Sym *s = &a->syms.data[sym];
    if (named_in_block(a, sym)) return;
    vec_push(&a->body->undo, ((Undo){sym, s->local_epoch, s->local}));
    s->local_epoch = a->epoch;
    s->local = slot;
    if (a->opt.debug) {
        Scope *k = a->body->first_scope < a->scopes.len ? &a->scopes.data[a->body->scope] : NULL;
        if (k && k->var_count == 0) k->first_var = a->scope_vars.len;
        if (k && k->first_var + k->var_count == a->scope_vars.len) {
            k->var_count++;
            vec_push(&a->scope_vars, ((ScopeVar){sym, slot}));
        }
    }
}

static bool add_local(Asm *a, u32 slot, u32 sig, u32 tok)
{
    Body *b = a->body;
    u32 len = a->sig.len - sig;
    if (slot > 0xFFFE) return ia_fail(a, tok, "a method has at most 65535 locals");
    while (b->locals.len <= slot) vec_push(&b->locals, ((Local){0}));
    Local *l = &b->locals.data[slot];
    if (l->there && (l->len != len || memcmp(b->types.p + l->sig, a->sig.p + sig, len) != 0))
        ia_warnf(a, a->tok[tok].pos, "slot %u has another type already", slot);
    *l = (Local){b->types.len, len, true};
    buf_put(&b->types, a->sig.p + sig, len);
    return true;
}

void ia_locals(Asm *a)
{
    u32 start = a->sig.len;
    ia_next(a);
    if (ia_take_kw(a, K_init)) a->body->init = true;
    if (!ia_want(a, '(', "init or '('") || ia_take(a, ')')) return;
    do {
        u32 flags = 0, tok = a->at, slot;
        a->sig.len = start;
        if (!ia_param_attr(a, &flags) || !ia_type(a)) break;
        slot = flags ? flags - 1 : a->body->locals.len;
        if (!add_local(a, slot, start, tok)) break;
        if (ia_is(a, ',') || ia_is(a, ')')) continue;
        if (!ia_is_name(a)) {
            ia_expected(a, "a name, ',' or ')'");
            break;
        }
        name_local(a, ia_want_name(a), slot);
    } while (ia_take(a, ','));
    a->sig.len = start;
    if (!a->panic) ia_want(a, ')', "',' or ')'");
    a->body->bad_locals |= a->panic;
}

enum { SCOPES_MAX = 400 };

/* '{' … '}' */
bool ia_scope(Asm *a)
{
    Body *b = a->body;
    if (!ia_want(a, '{', "'{'")) return false;
    if (b->depth >= SCOPES_MAX) return ia_fail(a, a->at, "blocks are nested too deep");
    b->depth++;
    u32 undo = b->undo.len, outer_undo = b->scope_undo, outer = b->scope, mine = a->scopes.len;
    if (a->opt.debug) {
        vec_push(&a->scopes, ((Scope){.start = b->code.len, .parent = outer}));
        b->scope = mine;
    }
    b->scope_undo = undo;
    bool ok = ia_statements(a);
    b->scope_undo = outer_undo;
    if (a->opt.debug) {
        a->scopes.data[mine].end = b->code.len;
        b->scope = outer;
    }
    while (b->undo.len > undo) {
        Undo u = vec_pop(&b->undo);
        a->syms.data[u.sym].local_epoch = u.epoch;
        a->syms.data[u.sym].local = u.slot;
    }
    b->depth--;
    return ok;
}

/* --- exception blocks --- */

/* A block in braces, or "from to to" after a word */
static bool range(Asm *a, Point *start, Point *end, const char *what)
{
    if (ia_is(a, '{')) {
        *start = (Point){.offset = a->body->code.len, .tok = a->at};
        bool ok = ia_scope(a);
        *end = (Point){.offset = a->body->code.len, .tok = a->at};
        return ok;
    }
    return label_or_number(a, start, what) && ia_want_kw(a, K_to, "'to'") && label_or_number(a, end, "a label");
}

static bool handler(Asm *a, Clause *c)
{
    bool word = ia_take_kw(a, K_handler);
    if (!word && !ia_is(a, '{')) return ia_expected(a, "'{' or 'handler'");
    return range(a, &c->start, &c->end, "a label");
}

static bool one_clause(Asm *a, Clause *c)
{
    u32 at = a->at;
    switch (ia_tok(a)->kw) {
    case K_catch:
        ia_next(a);
        c->kind = IL_EH_CATCH;
        at = a->at;
        if (!(c->token = ia_typespec(a))) return false;
        if (!mdw_coded(MDK_TypeDefOrRef, c->token)) return ia_fail(a, at, "this is no type");
        return handler(a, c);
    case K_filter:
        ia_next(a);
        c->kind = IL_EH_FILTER;
        if (ia_is(a, '{')) {
            Point end;
            if (!range(a, &c->filter, &end, "")) return false;
        } else if (!label_or_number(a, &c->filter, "'{' or a label")) {
            return false;
        }
        return handler(a, c);
    case K_finally: ia_next(a); c->kind = IL_EH_FINALLY; return handler(a, c);
    case K_fault: ia_next(a); c->kind = IL_EH_FAULT; return handler(a, c);
    default: return ia_fail(a, at, "expected catch, filter, finally or fault");
    }
}

static bool at_clause(const Asm *a)
{
    u32 kw = ia_tok(a)->kw;
    return kw == K_catch || kw == K_filter || kw == K_finally || kw == K_fault;
}

void ia_try(Asm *a)
{
    Clause c = {0};
    ia_next(a);
    if (!range(a, &c.try_start, &c.try_end, "'{' or a label")) return;
    if (!at_clause(a)) {
        ia_expected(a, "catch, filter, finally or fault");
        return;
    }
    do {
        Clause k = c;
        if (!one_clause(a, &k)) return;
        vec_push(&a->body->clauses, k);
    } while (at_clause(a));
}

/* --- the end: targets, header, sections --- */

static void fill_targets(Asm *a)
{
    Body *b = a->body;
    for (u32 i = 0; i < b->fixes.len && a->errors < IA_ERRORS_MAX; i++) {
        const Fix *f = &b->fixes.data[i];
        u32 to;
        if (!label_offset(a, f->label, f->tok, &to)) continue;
        i64 d = (i64)to - f->from;
        if (f->size == 1 && (d < -128 || d > 127)) {
            const char *name = ia_s(a, f->label)->p;
            ia_errorf(a, a->tok[f->tok].pos, "%s is %lld bytes away: out of range of a short branch; write it without .s", name, (long long)d);
            continue;
        }
        memcpy(b->code.p + f->at, &d, f->size);
    }
}

static u32 point(Asm *a, Point *p)
{
    if (p->label) label_offset(a, p->label, p->tok, &p->offset);
    if (p->offset > a->body->code.len) {
        ia_errorf(a, a->tok[p->tok].pos, "offset %u is beyond the code, which has %u bytes", p->offset, a->body->code.len);
        p->offset = 0;
    }
    return p->offset;
}

static void resolve_clauses(Asm *a)
{
    Body *b = a->body;
    for (u32 i = 0; i < b->clauses.len; i++) {
        Clause *c = &b->clauses.data[i];
        u32 ts = point(a, &c->try_start), te = point(a, &c->try_end), hs = point(a, &c->start), he = point(a, &c->end);
        point(a, &c->filter);
        if (te >= ts && he >= hs) continue;
        ia_errorf(a, a->tok[te < ts ? c->try_end.tok : c->end.tok].pos, "the block ends before it begins");
        c->try_end = c->try_start, c->end = c->start;
    }
}

/* What can be short becomes short, until nothing changes; labels, clauses and lines move along. */
static void shorten(Asm *a)
{
    Body *b = a->body;
    bool again = true;
    while (again) {
        again = false;
        for (u32 i = 0; i < b->fixes.len; i++) {
            Fix *f = &b->fixes.data[i];
            const Sym *s = ia_s(a, f->label);
            u8 op = f->at ? b->code.p[f->at - 1] : 0;
            bool leave = op == IL_LEAVE, plain = op >= IL_BR && op <= IL_BLT_UN;
            if (f->size != 4 || f->table || s->label_epoch != a->epoch || (!leave && !plain)) continue;
            i64 d = (i64)s->label_at - f->from + (s->label_at > f->at ? 0 : 3);
            if (d < -128 || d > 127) continue;
            u32 cut = f->at + 1; /* three bytes from here go */
            b->code.p[f->at - 1] = leave ? IL_LEAVE_S : (u8)(op - IL_BR + IL_BR_S);
            memmove(b->code.p + cut, b->code.p + cut + 3, b->code.len - cut - 3);
            b->code.len -= 3;
            f->size = 1;
            for (u32 k = 0; k < b->fixes.len; k++) {
                Fix *o = &b->fixes.data[k];
                if (o->at >= cut) o->at -= 3;
                if (o->from >= cut) o->from -= 3;
            }
            for (u32 k = 0; k < b->clauses.len; k++) {
                Point *const p[] = {&b->clauses.data[k].try_start, &b->clauses.data[k].try_end, &b->clauses.data[k].start, &b->clauses.data[k].end,
                    &b->clauses.data[k].filter};
                for (u32 j = 0; j < ARRAY_LEN(p); j++)
                    if (!p[j]->label && p[j]->offset >= cut) p[j]->offset -= 3;
            }
            for (u32 k = b->first_point; k < a->points.len; k++)
                if (a->points.data[k].offset >= cut) a->points.data[k].offset -= 3;
            for (u32 k = b->first_scope; k < a->scopes.len; k++) {
                if (a->scopes.data[k].start >= cut) a->scopes.data[k].start -= 3;
                if (a->scopes.data[k].end >= cut) a->scopes.data[k].end -= 3;
            }
            for (u32 t = a->methods.data[b->method].open; t < a->at; t++) {
                if (a->tok[t + 1].kind != ':' || (a->tok[t].kind != T_ID && a->tok[t].kind != T_SQ)) continue;
                Sym *l = &a->syms.data[a->tok[t].val];
                if (l->label_epoch == a->epoch && l->label_at >= cut && !(l->label_at & 0x80000000u)) l->label_at = (l->label_at - 3) | 0x80000000u;
            }
            for (u32 t = a->methods.data[b->method].open; t < a->at; t++)
                if (a->tok[t].kind == T_ID || a->tok[t].kind == T_SQ) a->syms.data[a->tok[t].val].label_at &= 0x7FFFFFFFu;
            again = true;
        }
    }
}

static bool clauses_small(const Body *b)
{
    if (b->clauses.len > (255 - 4) / 12) return false;
    for (u32 i = 0; i < b->clauses.len; i++) {
        const Clause *c = &b->clauses.data[i];
        if (c->try_start.offset > 0xFFFF || c->try_end.offset - c->try_start.offset > 0xFF) return false;
        if (c->start.offset > 0xFFFF || c->end.offset - c->start.offset > 0xFF) return false;
    }
    return true;
}

static void put_clauses(const Body *b, Buf *o)
{
    bool small = clauses_small(b);
    u32 size = b->clauses.len * (small ? 12 : 24) + 4;
    buf_align(o, 4);
    buf_u8(o, small ? 0x01 : 0x41);
    buf_le(o, size, 3);
    for (u32 i = 0; i < b->clauses.len; i++) {
        const Clause *c = &b->clauses.data[i];
        u32 try_len = c->try_end.offset - c->try_start.offset, len = c->end.offset - c->start.offset;
        u32 last = c->kind == IL_EH_CATCH ? c->token : c->kind == IL_EH_FILTER ? c->filter.offset : 0;
        buf_le(o, c->kind, small ? 2 : 4);
        buf_le(o, c->try_start.offset, small ? 2 : 4);
        buf_le(o, try_len, small ? 1 : 4);
        buf_le(o, c->start.offset, small ? 2 : 4);
        buf_le(o, len, small ? 1 : 4);
        buf_le(o, last, 4);
    }
}

static u32 local_sig(Asm *a)
{
    Body *b = a->body;
    if (!b->locals.len) return 0;
    Buf s = {0};
    buf_u8(&s, SIG_LOCALS);
    buf_uint(&s, b->locals.len);
    for (u32 i = 0; i < b->locals.len; i++) {
        const Local *l = &b->locals.data[i];
        if (!l->there) {
            ia_errorf(a, a->tok[a->methods.data[b->method].m.head].pos, "local slot %u has no type, but a later one has", i);
            break;
        }
        buf_put(&s, b->types.p + l->sig, l->len);
    }
    u32 blob = mdw_blob(a->w, s.p, s.len);
    buf_free(&s);
    return MD_TOKEN(MDT_StandAloneSig, MDW_INTERN(a->w, StandAloneSig, blob));
}

static void note_debug(Asm *a, u32 sig)
{
    Body *b = a->body;
    if (!a->opt.debug) return;
    MethodDebug d = {.method = b->method, .local_sig = sig, .code_size = b->code.len, .first_point = b->first_point, .first_scope = b->first_scope};
    d.point_count = a->points.len - b->first_point;
    d.scope_count = a->scopes.len - b->first_scope;
    vec_push(&a->debug, d);
}

static void check_kind(Asm *a)
{
    const Method *m = &a->methods.data[a->body->method];
    if (a->body->code.len && (m->flags & MD_ABSTRACT)) ia_errorf(a, a->tok[m->m.head].pos, "an abstract method has no body");
}

/* The offset of these bytes in .text; with -fold, of the equal ones that are there. */
static u32 place_body(Asm *a, const Buf *o, bool fat)
{
    u64 key = a->opt.fold ? base_hash_bytes(o->p, o->len) : 0, known;
    for (; a->opt.fold && map64_get(&a->folded, key, &known); key += 1ull << 32) /* another of this hash: the next key */
        if (known >> 32 == o->len && memcmp(pew_at(a->pe, PEW_TEXT, (u32)known), o->p, o->len) == 0) return (u32)known;
    u32 at = pew_add(a->pe, PEW_TEXT, o->p, o->len, fat ? 4 : 1);
    if (a->opt.fold) map64_put(&a->folded, key, (u64)o->len << 32 | at);
    return at;
}

void ia_body_end(Asm *a)
{
    Body *b = a->body;
    Buf *o = &b->out;
    u32 errors = a->errors;
    if (a->opt.optimize) shorten(a);
    fill_targets(a);
    resolve_clauses(a);
    check_kind(a);
    u32 sig = local_sig(a);
    if (!b->code.len || a->errors > errors) return;
    bool fat = sig || b->clauses.len || b->code.len >= 64 || b->max_stack != 8 || b->init;
    o->len = 0;
    if (fat) {
        buf_le(o, 0x3003u | (b->clauses.len ? 8u : 0) | (b->init ? 0x10u : 0), 2);
        buf_le(o, b->max_stack, 2);
        buf_le(o, b->code.len, 4);
        buf_le(o, sig, 4);
    } else {
        buf_u8(o, 2 | b->code.len << 2);
    }
    buf_put(o, b->code.p, b->code.len);
    if (b->clauses.len) put_clauses(b, o);
    u32 at = place_body(a, o, fat);
    mdw_set(a->w, MDT_MethodDef, b->method, MDC_MethodDef_RVA, pew_rva(a->pe, PEW_TEXT, at));
    note_debug(a, sig);
}
