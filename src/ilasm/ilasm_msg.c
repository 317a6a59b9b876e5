/* ilasm_msg.c: messages: `file(line,col): error: found X, expected Y`, and words that resemble a wrong one.
 * One message a statement: while a->panic is set, further ones are left out. */
#include "ilasm/ilasm_int.h"

#include <stdarg.h>
#include <stdio.h>

enum { DEPTH_SHOWN = 40 };

static const Source *source_at(const Asm *a, u32 pos)
{
    u32 lo = 0, hi = a->sources.len;
    while (lo + 1 < hi) {
        u32 mid = (lo + hi) / 2;
        if (a->sources.data[mid].base <= pos) lo = mid;
        else hi = mid;
    }
    return a->sources.len ? &a->sources.data[lo] : NULL;
}

static void find_lines(Source *s)
{
    const char *p = s->text, *end = s->text + s->size;
    vec_push(&s->lines, 0);
    while ((p = memchr(p, '\n', (size_t)(end - p)))) vec_push(&s->lines, (u32)(++p - s->text));
}

Place ia_place(Asm *a, u32 pos)
{
    Source *s = (Source *)(uintptr_t)source_at(a, pos);
    for (u32 n = 0; s && s->parent && !s->name && n < DEPTH_SHOWN; n++) { /* the text of a #define: where it was used */
        pos = s->parent - 1;
        s = (Source *)(uintptr_t)source_at(a, pos);
    }
    if (!s) return (Place){"ilasm", 1, 1};
    if (!s->lines.len) find_lines(s);
    u32 at = MIN(pos - s->base, s->size), lo = 0, hi = s->lines.len, col = 1;
    while (lo + 1 < hi) {
        u32 mid = (lo + hi) / 2;
        if (s->lines.data[mid] <= at) lo = mid;
        else hi = mid;
    }
    for (u32 i = s->lines.data[lo]; i < at; i++) col += ((u8)s->text[i] & 0xC0) != 0x80;
    return (Place){s->name ? s->name : "#define", lo + 1, col};
}

static void message(Asm *a, u32 pos, const char *kind, const char *fmt, va_list ap)
{
    char b[1024];
    if (a->quiet) return;
    Place p = ia_place(a, pos);
    vsnprintf(b, sizeof(b), fmt, ap);
    fprintf(stderr, "%s(%u,%u): %s: %s\n", p.file, p.line, p.col, kind, b);
}

void ia_errorf(Asm *a, u32 pos, const char *fmt, ...)
{
    va_list ap;
    if (a->errors++ >= IA_ERRORS_MAX) return;
    va_start(ap, fmt);
    message(a, pos, "error", fmt, ap);
    va_end(ap);
    if (a->errors == IA_ERRORS_MAX && !a->quiet) fprintf(stderr, "ilasm: %u errors; that is enough\n", a->errors);
}

void ia_warnf(Asm *a, u32 pos, const char *fmt, ...)
{
    va_list ap;
    if (a->warnings++ >= IA_ERRORS_MAX) return;
    va_start(ap, fmt);
    message(a, pos, "warning", fmt, ap);
    va_end(ap);
}

bool ia_fail(Asm *a, u32 tok, const char *fmt, ...)
{
    char b[1024];
    va_list ap;
    if (a->panic) return false;
    va_start(ap, fmt);
    vsnprintf(b, sizeof(b), fmt, ap);
    va_end(ap);
    ia_errorf(a, a->tok[MIN(tok, a->tok_count - 1)].pos, "%s", b);
    a->panic = true;
    return false;
}

/* --- near words --- */

enum { NEAR_MAX = 40 };

void ia_near_init(Near *n, const char *p, u32 len) { *n = (Near){.p = p, .n = len, .score = len < 3 ? 1 : len < 6 ? 2 : 3}; }

/* Edits between two words, neighbours that changed places counting once; limit or more counts as limit. */
static u32 distance(const char *x, u32 n, const char *y, u32 m, u32 limit)
{
    u8 d[3][NEAR_MAX + 1];
    if (n > NEAR_MAX || m > NEAR_MAX || (n > m ? n - m : m - n) >= limit) return limit;
    for (u32 k = 0; k <= m; k++) d[0][k] = (u8)k;
    for (u32 i = 1; i <= n; i++) {
        u8 *row = d[i % 3], *up = d[(i + 2) % 3], *up2 = d[(i + 1) % 3];
        row[0] = (u8)i;
        for (u32 k = 1; k <= m; k++) {
            u32 v = MIN(MIN(up[k], row[k - 1]) + 1u, up[k - 1] + (u32)(x[i - 1] != y[k - 1]));
            if (i > 1 && k > 1 && x[i - 1] == y[k - 2] && x[i - 2] == y[k - 1]) v = MIN(v, up2[k - 2] + 1u);
            row[k] = (u8)v;
        }
    }
    return MIN(d[n % 3][m], limit);
}

void ia_near_try(Near *n, const char *p, u32 len)
{
    u32 score = distance(n->p, n->n, p, len, n->score);
    if (score >= n->score || score == 0) return;
    *n = (Near){n->p, p, n->n, len, score};
}

void ia_near_sym(const Asm *a, Near *n, u32 sym) { ia_near_try(n, ia_s(a, sym)->p, ia_s(a, sym)->len); }

const char *ia_near_text(Asm *a, const Near *n)
{
    return n->best ? arena_printf(&a->arena, "; did you mean '%.*s'?", (int)n->best_len, n->best) : "";
}

/* --- what was found --- */

static const char *found(Asm *a, const Tok *t)
{
    const Source *s = source_at(a, t->pos);
    const char *p = s ? s->text + (t->pos - s->base) : "";
    u32 n = 0;
    switch (t->kind) {
    case T_EOF: return "the end of the text";
    case T_BYTES: return "bytes";
    case T_ID: return arena_printf(&a->arena, "'%.*s'", (int)MIN(ia_s(a, t->val)->len, 60u), ia_s(a, t->val)->p);
    case T_SQ: return arena_printf(&a->arena, "the name '%.*s'", (int)MIN(ia_s(a, t->val)->len, 60u), ia_s(a, t->val)->p);
    case T_STR: return "a string";
    case T_INT: case T_NINT: case T_INT64: case T_FLOAT:
        while (n < 30 && strchr("+-0123456789abcdefABCDEFxX.", p[n]) && p[n]) n++;
        return arena_printf(&a->arena, "the number %.*s", (int)n, p);
    case T_DCOLON: return "'::'";
    case T_ELLIPSIS: return "'...'";
    default: return arena_printf(&a->arena, "'%c'", t->kind);
    }
}

bool ia_expected(Asm *a, const char *what)
{
    const Tok *t = ia_tok(a);
    if (a->panic) return false;
    const char *hint = "";
    if (t->kind == T_ID && t->kw == K_NONE) {
        const Sym *s = ia_s(a, t->val);
        Near n;
        ia_near_init(&n, s->p, s->len);
        for (u32 i = 0; i < a->sym_words; i++) ia_near_sym(a, &n, i);
        hint = ia_near_text(a, &n);
    } else if (t->kind == T_ID && strstr(what, "name")) {
        hint = "; a word of the language needs quotes to be a name";
    }
    return ia_fail(a, a->at, "found %s, expected %s%s", found(a, t), what, hint);
}
