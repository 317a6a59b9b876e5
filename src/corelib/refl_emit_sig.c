/* refl_emit_sig.c: tokens inside signatures: finding them, and rewriting a signature for another module.
 * Any kind of signature is walked: method, field, property, locals, TypeSpec, MethodSpec. */
#include "corelib/refl_emit.h"

typedef struct Walk {
    MdSig s;
    const u8 *start;
    void (*visit)(void *arg, u32 token, u32 at, u32 n);
    void *arg;
} Walk;

static void walk_type(Walk *w, u32 depth);

static void walk_token(Walk *w)
{
    const u8 *p = w->s.p;
    u32 token = md_sig_token(&w->s);
    if (!w->s.bad)
        w->visit(w->arg, token, (u32)(p - w->start), (u32)(w->s.p - p));
}

static void walk_method(Walk *w, u32 depth)
{
    MdMethodSig head;
    if (!md_sig_method(&w->s, &head))
        return;
    for (u32 i = 0; i <= head.param_count && !w->s.bad; i++) {
        md_sig_sentinel(&w->s);
        walk_type(w, depth + 1);
    }
}

static void walk_type(Walk *w, u32 depth)
{
    if (depth > 64) {
        md_sig_fail(&w->s);
        return;
    }
    switch (md_sig_byte(&w->s)) {
    case ET_CMOD_REQD: case ET_CMOD_OPT:
        walk_token(w);
        walk_type(w, depth + 1);
        break;
    case ET_CLASS: case ET_VALUETYPE:
        walk_token(w);
        break;
    case ET_PTR: case ET_BYREF: case ET_SZARRAY: case ET_PINNED:
        walk_type(w, depth + 1);
        break;
    case ET_ARRAY:
        walk_type(w, depth + 1);
        md_sig_array_shape(&w->s, NULL);
        break;
    case ET_VAR: case ET_MVAR:
        md_sig_uint(&w->s);
        break;
    case ET_GENERICINST:
        md_sig_byte(&w->s);
        walk_token(w);
        for (u32 n = md_sig_uint(&w->s); n-- && !w->s.bad;)
            walk_type(w, depth + 1);
        break;
    case ET_FNPTR:
        walk_method(w, depth);
        break;
    default:
        break;
    }
}

/* The first byte tells the kind.  A TypeSpec has none: see emit_type_tokens. */
static void walk(Walk *w)
{
    u32 n;
    u8 head = md_sig_peek(&w->s);
    switch (head) {
    case SIG_FIELD:
        md_sig_field(&w->s);
        while (w->s.p < w->s.end && !w->s.bad)
            walk_type(w, 0);
        return;
    case SIG_LOCALS:
        md_sig_locals(&w->s, &n);
        while (w->s.p < w->s.end && !w->s.bad)
            walk_type(w, 0);
        return;
    case SIG_GENERICINST:
        md_sig_inst(&w->s, &n);
        while (w->s.p < w->s.end && !w->s.bad)
            walk_type(w, 0);
        return;
    default:
        break;
    }
    walk_method(w, 0);
}

void emit_sig_tokens(const u8 *sig, u32 len, void (*visit)(void *arg, u32 token, u32 at, u32 n), void *arg)
{
    Walk w = {md_sig(sig, len), sig, visit, arg};
    walk(&w);
}

void emit_type_tokens(const u8 *sig, u32 len, void (*visit)(void *arg, u32 token, u32 at, u32 n), void *arg)
{
    Walk w = {md_sig(sig, len), sig, visit, arg};
    walk_type(&w, 0);
}

void emit_put_uint(EmitBytes *b, u32 v)
{
    if (v < 0x80) {
        vec_push(b, (u8)v);
    } else if (v < 0x4000) {
        vec_push(b, (u8)(0x80 | v >> 8));
        vec_push(b, (u8)v);
    } else {
        vec_push(b, (u8)(0xC0 | v >> 24));
        vec_push(b, (u8)(v >> 16));
        vec_push(b, (u8)(v >> 8));
        vec_push(b, (u8)v);
    }
}

/* --- For another module -------------------------------------------------------------------------------------------------------- */
typedef struct Translate {
    EmitModule *m;
    Module *from;
    const u8 *sig;
    u32 done; /* bytes copied */
    EmitBytes *out;
    Err *e;
    bool ok;
} Translate;

static void translate_token(void *arg, u32 token, u32 at, u32 n)
{
    Translate *x = arg;
    if (!x->ok)
        return;
    for (; x->done < at; x->done++)
        vec_push(x->out, x->sig[x->done]);
    x->done = at + n;
    SigContext c = {.module = x->from};
    TypeHandle th = type_resolve_type(&c, token, NULL, x->e);
    if (!th || !th_mt(th)) {
        x->ok = false;
        return;
    }
    u32 ref = emit_type_ref(x->m, th_mt(th));
    emit_put_uint(x->out, emit_coded(MDK_TypeDefOrRef, ref));
}

bool emit_translate_sig(EmitModule *m, Module *from, const u8 *sig, u32 len, EmitBytes *out, Err *e)
{
    Translate x = {m, from, sig, 0, out, e, true};
    if (from == m->module) {
        x.done = 0;
    } else {
        emit_sig_tokens(sig, len, translate_token, &x);
    }
    for (; x.ok && x.done < len; x.done++)
        vec_push(out, sig[x.done]);
    return x.ok;
}
