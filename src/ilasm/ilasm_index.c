/* ilasm_index.c: the first walk: which classes there are, and where each declaration begins.
 * Nothing is read but heads of classes up to the name; bodies are jumped over by their braces.  Out: a->classes (number == TypeDef rid, in
 * the order of the text, enclosing before nested; .typelist before all), a->items. */
#include "ilasm/ilasm_int.h"

typedef struct Open {
    u32 cls, prefix_len, tok;
    bool is_class;
} Open;

typedef struct Index {
    Asm *a;
    VEC(Open) open;
    Buf prefix; /* of namespaces */
    bool after_namespace; /* no item ends here that could be followed by a name */
    u32 cls;
} Index;

static void item(Index *x, u32 tok, u16 kw)
{
    vec_push(&x->a->items, ((Item){.tok = tok, .cls = x->cls, .kw = kw}));
}

static u32 declare(Asm *a, u32 encl, u32 name)
{
    u32 i = ia_find_class(a, encl, name);
    if (i) return i;
    vec_push(&a->classes, ((Cls){.name = name, .encl = encl}));
    map64_put(&a->class_index, (u64)(encl + 1) << 32 | name, a->classes.len - 1);
    return a->classes.len - 1;
}

static u32 full_name(Index *x, u32 name)
{
    Asm *a = x->a;
    if (!x->prefix.len || x->cls > 1) return name;
    a->tmp.len = 0;
    buf_put(&a->tmp, x->prefix.p, x->prefix.len);
    buf_put(&a->tmp, ia_s(a, name)->p, ia_s(a, name)->len);
    return ia_tmp_sym(a);
}

static u32 class_flags(Asm *a, Cls *c)
{
    u32 flags = 0;
    for (;;) {
        if (ia_take_kw(a, K_value)) c->is_value = true;
        else if (ia_take_kw(a, K_enum)) c->is_enum = true;
        else if (ia_kw(a, K_nested)) {
            static const char *const words[] = {"public", "private", "family", "assembly", "famandassem", "famorassem"};
            const Tok *t = ia_ahead(a, 1);
            u32 i = 0;
            while (i < ARRAY_LEN(words) && !(t->kind == T_ID && strcmp(ia_s(a, t->val)->p, words[i]) == 0)) i++;
            ia_next(a);
            if (i == ARRAY_LEN(words)) {
                ia_expected(a, "public, private, family, assembly, famandassem or famorassem after 'nested'");
                return flags;
            }
            flags = (flags & ~7u) | (TD_NESTED_PUBLIC + i);
            ia_next(a);
        } else if (!ia_take_flag(a, FG_TYPE, &flags)) {
            return flags;
        }
    }
}

/* Visibility as the place asks for */
static void fix_visibility(Asm *a, Cls *c, u32 tok)
{
    u32 v = c->flags & TD_VISIBILITY;
    if (c->encl && v < TD_NESTED_PUBLIC) {
        if (v == TD_PUBLIC) ia_warnf(a, a->tok[tok].pos, "this class is in another: 'public' counts as 'nested public'");
        c->flags = (c->flags & ~7u) | (v == TD_PUBLIC ? TD_NESTED_PUBLIC : TD_NESTED_PRIVATE);
    } else if (!c->encl && v >= TD_NESTED_PUBLIC) {
        ia_warnf(a, a->tok[tok].pos, "this class is in no other: 'nested' does not count");
        c->flags = (c->flags & ~7u) | (v == TD_NESTED_PUBLIC ? TD_PUBLIC : TD_NOT_PUBLIC);
    }
}

/* From behind the name to the '{': notes where parameters and the rest begin. */
static bool find_class_brace(Asm *a, Cls *c)
{
    u32 depth = 0;
    c->typars = 0;
    if (ia_is(a, '<')) {
        c->typars = a->at;
        for (;; ia_next(a)) {
            const Tok *t = ia_tok(a);
            if (t->kind == '<') depth++;
            if (t->kind == '>' && --depth == 0) break;
            if (t->kind == T_EOF || t->kind == '{' || t->kind == '}' || ia_is_decl(t->kw)) return ia_expected(a, "'>' after the generic parameters");
        }
        ia_next(a);
    }
    c->extends = a->at;
    if (!ia_kw(a, K_extends) && !ia_kw(a, K_implements) && !ia_is(a, '{')) return ia_expected(a, "'extends', 'implements' or '{'");
    for (; !ia_is(a, '{'); ia_next(a)) {
        const Tok *t = ia_tok(a);
        if (t->kind == T_EOF || t->kind == '}' || (ia_is_decl(t->kw) && t->kw != K_d_module)) return ia_expected(a, "'{'");
    }
    return true;
}

static void index_class(Index *x)
{
    Asm *a = x->a;
    u32 head = a->at, encl = x->cls > 1 ? x->cls : 0, name;
    Cls c = {.encl = encl};
    ia_next(a);
    c.flags = class_flags(a, &c);
    if (c.is_value) c.flags |= TD_SEALED;
    u32 at = a->at;
    if (a->panic || !(name = ia_want_name(a))) goto skip;
    name = full_name(x, name);
    if (!ia_s(a, name)->len) {
        ia_fail(a, at, "a class needs a name");
        goto skip;
    }
    if (!find_class_brace(a, &c)) goto skip;
    if (x->open.len >= IA_NEST_MAX) {
        ia_fail(a, head, "classes are nested too deep");
        goto skip;
    }
    u32 i = declare(a, encl, name);
    Cls *k = &a->classes.data[i];
    if (!k->head) {
        c.name = name;
        c.head = head;
        if (!(encl == 0 && strcmp(ia_s(a, name)->p, "<Module>") == 0)) fix_visibility(a, &c, head);
        *k = c;
    }
    u32 brace = a->at;
    ia_next(a);
    vec_push(&x->open, ((Open){x->cls, x->prefix.len, brace, true}));
    x->cls = i;
    item(x, head, K_d_class);
    vec_last(&a->items).end = a->at;
    return;
skip:
    a->panic = false;
    ia_skip_decl(a);
}

static void index_namespace(Index *x)
{
    Asm *a = x->a;
    u32 at = a->at, name;
    ia_next(a);
    if (!(name = ia_want_name(a))) goto skip;
    if (!ia_is(a, '{')) {
        ia_expected(a, "'{'");
        goto skip;
    }
    if (x->open.len >= IA_NEST_MAX) {
        ia_fail(a, at, "namespaces are nested too deep");
        goto skip;
    }
    vec_push(&x->open, ((Open){x->cls, x->prefix.len, a->at, false}));
    ia_next(a);
    buf_put(&x->prefix, ia_s(a, name)->p, ia_s(a, name)->len);
    buf_u8(&x->prefix, '.');
    x->after_namespace = true;
    return;
skip:
    a->panic = false;
    ia_skip_decl(a);
}

static void index_typelist(Index *x)
{
    Asm *a = x->a;
    ia_next(a);
    if (!ia_want(a, '{', "'{'")) return;
    while (!ia_is(a, '}') && !a->panic) {
        u32 cls = 0, depth = 0;
        do {
            u32 name = ia_want_name(a);
            if (!name) return;
            if (++depth > IA_NEST_MAX) {
                ia_fail(a, a->at, "classes are nested too deep");
                return;
            }
            cls = declare(a, cls, name);
        } while (ia_take(a, '/'));
    }
    ia_want(a, '}', "'}'");
}

static void index_one(Index *x)
{
    Asm *a = x->a;
    const Tok *t = ia_tok(a);
    if (t->kind == '}') {
        if (!x->open.len) {
            ia_fail(a, a->at, "this '}' closes nothing");
        } else {
            Open o = vec_pop(&x->open);
            if (o.is_class) item(x, a->at, 0);
            x->after_namespace = !o.is_class;
            x->cls = o.cls;
            x->prefix.len = o.prefix_len;
        }
        a->panic = false;
        ia_next(a);
        return;
    }
    if (!ia_is_decl(t->kw)) {
        if (x->after_namespace) item(x, a->at, K_RESERVED); /* it is looked at when names that stand for attributes are known */
        x->after_namespace = false;
        ia_skip_decl(a);
        return;
    }
    switch (t->kw) {
    case K_d_class:
        if (ia_ahead(a, 1)->kw == K_extern) break;
        index_class(x);
        return;
    case K_d_namespace: index_namespace(x); return;
    case K_d_typelist:
        index_typelist(x);
        a->panic = false;
        return;
    case K_d_hash: case K_d_entrypoint: /* the end of a .file */
        if (a->items.len && vec_last(&a->items).kw == K_d_file) {
            ia_skip_decl(a);
            return;
        }
        break;
    default: break;
    }
    item(x, a->at, t->kw);
    ia_skip_decl(a);
    if ((t->kw == K_d_interfaceimpl || t->kw == K_d_typedef) && ia_kw(a, K_d_custom)) ia_skip_decl(a); /* the attribute is a part of it */
}

static void check_typelist(Asm *a)
{
    for (u32 i = 2; i < a->classes.len; i++)
        if (!a->classes.data[i].head) ia_errorf(a, 0, "the class %s is in .typelist but nowhere declared", ia_s(a, a->classes.data[i].name)->p);
}

void ia_index(Asm *a)
{
    Index x = {.a = a, .cls = 1};
    vec_push(&a->classes, ((Cls){0}));
    u32 module = ia_sym(a, "<Module>", 8);
    vec_push(&a->classes, ((Cls){.name = module}));
    map64_put(&a->class_index, (u64)1 << 32 | module, 1);
    for (a->at = 0; !ia_is(a, T_EOF);) index_one(&x);
    vec_free(&x.open);
    buf_free(&x.prefix);
    check_typelist(a);
}
