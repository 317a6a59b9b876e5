/* ilasm_lex.c: text to tokens: words, names, numbers, strings, bytes; #define, #ifdef, #include.
 * All sources share one space of positions.  A name is one token with its dots; bytes after `= (`, `bytearray (`, `ldc.r8 (` and
 * `marshal ({` are one token, so that `01 0A FE` needs no meaning of its own.  Braces know their partners.
 * Limits: 3 GB of text, includes and replacements 32 deep. */
#include "ilasm/ilasm_int.h"

#include "base/utf.h"
#include "os/os_file.h"
#include <stdio.h>
#include <stdlib.h>

enum { INCLUDE_MAX = 32, REPLACED_MAX = 1 << 20, WORDS_MAX = 2048 };
static const u32 TEXT_MAX = 3000000000u;

enum { C_ID = 1, C_START = 2, C_DIGIT = 4, C_SPACE = 8, C_HEX = 16 };
static u8 class_of[256];
static const u8 hex_of[256] = {
    ['0'] = 0, ['1'] = 1, ['2'] = 2, ['3'] = 3, ['4'] = 4, ['5'] = 5, ['6'] = 6, ['7'] = 7, ['8'] = 8, ['9'] = 9, ['a'] = 10, ['b'] = 11,
    ['c'] = 12, ['d'] = 13, ['e'] = 14, ['f'] = 15, ['A'] = 10, ['B'] = 11, ['C'] = 12, ['D'] = 13, ['E'] = 14, ['F'] = 15};

typedef struct Condition {
    bool on, outer, was; /* text counts now; outside it does; a branch has counted */
    u32 pos;
} Condition;

typedef struct Lex {
    Asm *a;
    const char *text;
    u32 base, size, depth;
    u32 opened; /* condition stack at the start */
} Lex;

/* What goes on from one source to the next */
typedef struct LexState {
    VEC(Condition) conditions;
    VEC(u32) braces;
    u32 replaced; /* includes and uses of #define so far */
} LexState;

static void lex_state_free(Asm *a)
{
    vec_free(&a->lex->braces);
    vec_free(&a->lex->conditions);
}

static void classes_init(void)
{
    for (u32 c = 0; c < 256; c++) {
        u8 k = 0;
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'), digit = c >= '0' && c <= '9';
        if (letter || c == '_' || c == '$' || c == '@' || c == '?' || c == '`' || c >= 0x80) k |= C_ID | C_START;
        if (digit) k |= C_ID | C_DIGIT;
        if (digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) k |= C_HEX;
        if (c == ' ' || (c >= 9 && c <= 13)) k |= C_SPACE;
        class_of[c] = k;
    }
}

/* --- symbols --- */

static void grow_slots(Asm *a)
{
    u32 cap = a->sym_slots ? (a->sym_mask + 1) * 2 : 4096;
    u64 *slots = base_calloc(cap, sizeof(u64));
    for (u32 i = 0; a->sym_slots && i <= a->sym_mask; i++) {
        if (!a->sym_slots[i]) continue;
        u32 k = (u32)(a->sym_slots[i] >> 32) & (cap - 1);
        while (slots[k]) k = (k + 1) & (cap - 1);
        slots[k] = a->sym_slots[i];
    }
    base_free(a->sym_slots);
    a->sym_slots = slots;
    a->sym_mask = cap - 1;
}

/* Ends of names overlap, so that no byte is taken alone but in the shortest. */
static inline u32 hash_name(const char *name, u32 n)
{
    const u8 *p = (const u8 *)name;
    const u64 k = 0x9E3779B97F4A7C15ull;
    u64 h = n * k;
    if (n >= 8) {
        for (u32 i = 0; i + 8 < n; i += 8) h = (h ^ pe_u64(p + i)) * k, h ^= h >> 29;
        h = (h ^ pe_u64(p + n - 8)) * k;
    } else if (n >= 4) {
        h = (h ^ (pe_u32(p) | (u64)pe_u32(p + n - 4) << 32)) * k;
    } else {
        for (u32 i = 0; i < n; i++) h = (h ^ p[i]) * k;
    }
    h = (h ^ h >> 32) * k; /* so that the last characters, which differ most, reach the low bits */
    return (u32)(h >> 32);
}

static inline bool same_name(const char *x, const char *y, u32 n)
{
    const u8 *p = (const u8 *)x, *q = (const u8 *)y;
    if (n >= 8) {
        for (u32 i = 0; i + 8 < n; i += 8)
            if (pe_u64(p + i) != pe_u64(q + i)) return false;
        return pe_u64(p + n - 8) == pe_u64(q + n - 8);
    }
    if (n >= 4) return pe_u32(p) == pe_u32(q) && pe_u32(p + n - 4) == pe_u32(q + n - 4);
    return memcmp(p, q, n) == 0;
}

u32 ia_sym(Asm *a, const char *p, u32 n)
{
    if (!a->sym_slots || a->syms.len * 2 > a->sym_mask) grow_slots(a);
    u32 hash = hash_name(p, n), k = hash & a->sym_mask;
    for (u64 x; (x = a->sym_slots[k]); k = (k + 1) & a->sym_mask) {
        if ((u32)(x >> 32) != hash) continue;
        const Sym *s = ia_s(a, (u32)x - 1);
        if (s->len == n && same_name(s->p, p, n)) return (u32)x - 1;
    }
    vec_push(&a->syms, ((Sym){.p = arena_strndup(&a->arena, p, n), .len = n}));
    a->sym_slots[k] = (u64)hash << 32 | a->syms.len;
    return a->syms.len - 1;
}

u32 ia_str(Asm *a, u32 sym)
{
    Sym *s = &a->syms.data[sym];
    if (!s->str) s->str = mdw_string_n(a->w, s->p, s->len);
    return s->str;
}

static u32 word(Asm *a, const char *text, u16 kw)
{
    u32 i = ia_sym(a, text, (u32)strlen(text));
    if (!a->syms.data[i].kw) a->syms.data[i].kw = kw;
    CHECK(i < WORDS_MAX);
    return i;
}

static void table_word(Asm *a, u8 **table, const char *text, u32 code)
{
    if (strchr(text, ' ')) return;
    u32 i = word(a, text, K_RESERVED);
    if (!*table) *table = arena_alloc(&a->arena, WORDS_MAX);
    (*table)[i] = (u8)code;
}

static void flag_word(Asm *a, u32 group, const char *text, u32 mask, u32 value)
{
    if (strpbrk(text, " :+-") || !*text) return;
    u32 i = word(a, text, K_RESERVED);
    if (!a->words.flags[group]) a->words.flags[group] = ARENA_NEW_ARRAY(&a->arena, FlagValue, WORDS_MAX);
    a->words.flags[group][i] = (FlagValue){mask, value};
}

void ia_words_init(Asm *a)
{
    classes_init();
    a->lex = ARENA_NEW(&a->arena, LexState);
    vec_push(&a->syms, ((Sym){.p = ""})); /* symbol 0: no name */
#define W(id, text) word(a, text, K_##id);
#include "ilasm/ilasm_words.def"
    for (u32 i = 0; i < IL_OP_LIMIT; i++)
        if (il_op_info[i].name) word(a, il_op_info[i].name, (u16)(K_OPCODE | i));
    static const struct {
        const char *text;
        u16 op;
    } aliases[] = {
        {"ldc.i4.M1", IL_LDC_I4_M1}, {"brnull", IL_BRFALSE}, {"brnull.s", IL_BRFALSE_S}, {"brzero", IL_BRFALSE}, {"brzero.s", IL_BRFALSE_S},
        {"brinst", IL_BRTRUE}, {"brinst.s", IL_BRTRUE_S}, {"ldelem.any", IL_LDELEM}, {"stelem.any", IL_STELEM}, {"ldelem.u8", IL_LDELEM_I8},
        {"ldind.u8", IL_LDIND_I8}, {"endfault", IL_ENDFINALLY}, {"unaligned.", IL_UNALIGNED}};
    for (u32 i = 0; i < ARRAY_LEN(aliases); i++) word(a, aliases[i].text, (u16)(K_OPCODE | aliases[i].op));
    word(a, "il", K_cil);
    word(a, "async", K_RESERVED);
    u32 group = 0;
#define FLAGS(GROUP, g) group = FG_##GROUP;
#define FLAG(m, v, t) flag_word(a, group, t, m, v);
#define FLAGS_END
#define ELEM(code, t) table_word(a, &a->words.elem, t, code);
#define NATIVE(code, t) table_word(a, &a->words.native, t, code);
#define VARIANT(code, t) table_word(a, &a->words.variant, t, code);
#define SECACTION(code, t) table_word(a, &a->words.action, t, code);
#include "il/il_words.def"
    table_word(a, &a->words.elem, "wchar", ET_CHAR); /* as of old */
    table_word(a, &a->words.elem, "refany", ET_TYPEDBYREF);
    flag_word(a, FG_FIELD, "family", 7, 4);
    flag_word(a, FG_METHOD, "family", 7, 4);
    flag_word(a, FG_IMPL, "async", MI_ASYNC, MI_ASYNC);
    flag_word(a, FG_TYPE, "extended", 0x18, 0x18);
    flag_word(a, FG_TYPE, "interface", TD_INTERFACE | TD_ABSTRACT, TD_INTERFACE | TD_ABSTRACT); /* says both */
    a->sym_words = a->syms.len;
}

/* --- tokens --- */

static void push(Lex *l, const char *p, u8 kind, u32 val, u16 kw)
{
    if (kw == K_d_param) vec_push(&l->a->param_toks, l->a->toks.len);
    vec_push(&l->a->toks, ((Tok){.pos = l->base + (u32)(p - l->text), .val = val, .kw = kw, .kind = kind}));
}

static void lex_error(Lex *l, const char *p, const char *text)
{
    ia_errorf(l->a, l->base + (u32)(p - l->text), "%s", text);
}

static const char *skip_comment(Lex *l, const char *p) /* at '/'; NULL: no comment */
{
    if (p[1] == '/') {
        const char *q = memchr(p, '\n', (size_t)(l->text + l->size - p));
        return q ? q : l->text + l->size;
    }
    if (p[1] != '*') return NULL;
    for (const char *q = p + 2; (q = memchr(q, '*', (size_t)(l->text + l->size - q))); q++)
        if (q[1] == '/') return q + 2;
    lex_error(l, p, "this comment has no end");
    return l->text + l->size;
}

static const char *lex_bytes(Lex *l, const char *p, char close)
{
    Asm *a = l->a;
    Buf *b = &a->tmp;
    const char *start = p;
    b->len = 0;
    for (;;) {
        u8 c = (u8)*p;
        if (class_of[c] & C_SPACE) {
            p++;
        } else if (class_of[c] & C_HEX) {
            u32 v = hex_of[c];
            if (class_of[(u8)*++p] & C_HEX) v = v << 4 | hex_of[(u8)*p++];
            if (class_of[(u8)*p] & C_ID) {
                lex_error(l, p, "expected a byte: two hexadecimal digits");
                while (class_of[(u8)*p] & C_ID) p++;
            }
            buf_u8(b, v);
        } else if (c == '/' && skip_comment(l, p)) {
            p = skip_comment(l, p);
        } else if (c == (u8)close) {
            break;
        } else {
            if (c == 0 && p == l->text + l->size) lex_error(l, start, "these bytes have no end");
            else if (close == ')') lex_error(l, p, "expected a byte (two hexadecimal digits) or ')'");
            else lex_error(l, p, "expected a byte (two hexadecimal digits) or '}'");
            while (*p && *p != close && *p != '\n' && *p != '{' && *p != '}') p++;
            break;
        }
    }
    u8 *copy = b->len ? arena_alloc(&a->arena, b->len) : NULL;
    if (b->len) memcpy(copy, b->p, b->len);
    push(l, start, T_BYTES, a->bytes.len, 0);
    vec_push(&a->bytes, ((Bytes){copy, b->len}));
    return p;
}

static const char *lex_number(Lex *l, const char *p)
{
    const char *start = p;
    bool neg = *p == '-', overflow = false;
    u64 v = 0;
    p += neg;
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        for (p += 2; class_of[(u8)*p] & C_HEX; p++) {
            overflow |= v >> 60 != 0;
            v = v << 4 | hex_of[(u8)*p];
        }
    } else {
        const char *q = p;
        u64 octal = 0;
        bool is_octal = p[0] == '0';
        for (; class_of[(u8)*p] & C_DIGIT; p++) {
            u32 d = (u32)(*p - '0');
            overflow |= v > (UINT64_MAX - d) / 10;
            v = v * 10 + d;
            octal = octal << 3 | d;
            is_octal &= d < 8;
        }
        bool point = *p == '.' && p[1] != '.' && !(class_of[(u8)p[1]] & C_START && p[1] != 'e' && p[1] != 'E');
        bool exponent = (*p == 'e' || *p == 'E') && (class_of[(u8)p[1]] & C_DIGIT || ((p[1] == '-' || p[1] == '+') && class_of[(u8)p[2]] & C_DIGIT));
        if (point || exponent) {
            char *end;
            strtod(start, &end);
            push(l, start, T_FLOAT, 0, 0);
            return end > p ? end : p + 1;
        }
        if (is_octal && p - q > 1) v = octal;
    }
    if (overflow) lex_error(l, start, "this number needs more than 64 bits");
    if (class_of[(u8)*p] & C_START) {
        lex_error(l, start, "a number ends in letters here");
        while (class_of[(u8)*p] & C_ID) p++;
    }
    bool small = neg ? v <= 0x80000000u : v <= 0xFFFFFFFFu;
    push(l, start, !small ? T_INT64 : neg ? T_NINT : T_INT, (u32)v, 0);
    return p;
}

/* Past the closing quote */
static const char *quoted_end(Lex *l, const char *p)
{
    char quote = *p;
    const char *start = p, *end = l->text + l->size;
    for (p++; p < end && *p != quote; p++) {
        if (*p == '\\' && p + 1 < end) p++;
        else if (*p == '\n') break;
    }
    if (p < end && *p == quote) return p + 1;
    lex_error(l, start, quote == '"' ? "this string has no end on its line" : "this name has no closing quote on its line");
    return p;
}

static const char *unescape(Buf *b, const char *p)
{
    u32 v = 0, n = 0;
    switch (*p) {
    case 'n': buf_u8(b, '\n'); return p + 1;
    case 't': buf_u8(b, '\t'); return p + 1;
    case 'r': buf_u8(b, '\r'); return p + 1;
    case 'b': buf_u8(b, '\b'); return p + 1;
    case 'f': buf_u8(b, '\f'); return p + 1;
    case 'v': buf_u8(b, '\v'); return p + 1;
    case 'a': buf_u8(b, '\a'); return p + 1;
    case '\r': p += p[1] == '\n';
    /* fall through */
    case '\n': /* a line goes on; blanks at the start of the next do not count */
        for (p++; *p == ' ' || *p == '\t'; p++) {}
        return p;
    case 'u':
        for (; n < 4 && class_of[(u8)p[1 + n]] & C_HEX; n++) v = v << 4 | hex_of[(u8)p[1 + n]];
        if (n == 4) {
            char16 u = (char16)v;
            char out[8];
            if (v >= 0xD800 && v < 0xE000) { /* kept as three bytes; a pair is joined when it becomes UTF-16 */
                buf_u8(b, 0xE0 | v >> 12), buf_u8(b, 0x80 | (v >> 6 & 63)), buf_u8(b, 0x80 | (v & 63));
            } else {
                buf_put(b, out, utf16_to_utf8(&u, 1, out));
            }
            return p + 5;
        }
        buf_u8(b, 'u');
        return p + 1;
    default:
        if (*p >= '0' && *p <= '7') {
            for (; n < 3 && *p >= '0' && *p <= '7'; n++, p++) v = v << 3 | (u32)(*p - '0');
            buf_u8(b, v);
            return p;
        }
        buf_u8(b, (u8)*p);
        return p + 1;
    }
}

static const char *text_at(const Asm *a, u32 pos)
{
    u32 lo = 0, hi = a->sources.len;
    while (lo + 1 < hi) {
        u32 mid = (lo + hi) / 2;
        if (a->sources.data[mid].base <= pos) lo = mid;
        else hi = mid;
    }
    return a->sources.data[lo].text + (pos - a->sources.data[lo].base);
}

static void put_string(Buf *b, const char *p)
{
    char quote = *p++;
    for (;;) {
        const char *q = p;
        while (*q && *q != quote && *q != '\\' && *q != '\n') q++;
        buf_put(b, p, (size_t)(q - p));
        if (*q != '\\' || !q[1]) return;
        p = unescape(b, q + 1);
    }
}

void ia_string(Asm *a, const Tok *t)
{
    if (t->kind == T_SQ || t->kind == T_ID) buf_put(&a->tmp, ia_s(a, t->val)->p, ia_s(a, t->val)->len);
    else put_string(&a->tmp, text_at(a, t->pos));
}

i64 ia_int_of(Asm *a, const Tok *t)
{
    if (t->kind == T_INT) return t->val;
    if (t->kind == T_NINT) return -(i64)t->val;
    const char *p = text_at(a, t->pos);
    bool neg = *p == '-';
    u64 v = strtoull(p + neg, NULL, 0);
    return (i64)(neg ? 0 - v : v);
}

double ia_float_of(Asm *a, const Tok *t) { return strtod(text_at(a, t->pos), NULL); }
float ia_float32_of(Asm *a, const Tok *t) { return strtof(text_at(a, t->pos), NULL); }

/* --- directives of the text --- */

static bool lex_source(Asm *a, u32 source, u32 depth);

static const char *blanks(const char *p)
{
    while (*p == ' ' || *p == '\t') p++;
    return p;
}

static const char *line_end(const Lex *l, const char *p)
{
    const char *q = memchr(p, '\n', (size_t)(l->text + l->size - p));
    return q ? q : l->text + l->size;
}

static u32 add_source(Asm *a, const char *name, const char *text, size_t size, u32 parent)
{
    Source s = {.name = name, .text = text, .base = a->next_base, .size = (u32)size, .parent = parent};
    if (size >= TEXT_MAX - a->next_base) {
        ia_errorf(a, parent ? parent - 1 : 0, "%s: too much text", name ? name : "#define");
        return UINT32_MAX;
    }
    a->next_base += (u32)size + 1;
    vec_push(&a->sources, s);
    return a->sources.len - 1;
}

static void define_name(Lex *l, const char *name, u32 n, const char *p)
{
    Asm *a = l->a;
    u32 sym = ia_sym(a, name, n);
    const char *text = "";
    p = blanks(p);
    if (*p == '"') {
        a->tmp.len = 0;
        quoted_end(l, p);
        put_string(&a->tmp, p);
        text = arena_strndup(&a->arena, (const char *)a->tmp.p, a->tmp.len);
    }
    u32 s = add_source(a, NULL, text, strlen(text), l->base + (u32)(name - l->text) + 1);
    if (s != UINT32_MAX) a->syms.data[sym].define = s + 1;
}

/* Once one is too deep, or there are too many, nothing more is put in: texts may double at each step. */
static bool too_deep(Lex *l, const char *p, const char *what)
{
    u32 *n = &l->a->lex->replaced;
    if (*n > REPLACED_MAX) return true;
    if (l->depth + 1 < INCLUDE_MAX && ++*n <= REPLACED_MAX) return false;
    *n = REPLACED_MAX + 1;
    ia_errorf(l->a, l->base + (u32)(p - l->text), "%s too deep or too often", what);
    return true;
}

static void include(Lex *l, const char *p)
{
    Asm *a = l->a;
    size_t size;
    if (*p != '"') {
        lex_error(l, p, "expected the name of a file in quotes after #include");
        return;
    }
    quoted_end(l, p);
    a->tmp.len = 0;
    put_string(&a->tmp, p);
    char *name = arena_strndup(&a->arena, (const char *)a->tmp.p, a->tmp.len);
    if (too_deep(l, p, "files include each other")) return;
    char *text = ia_read_file(a, name, &size);
    u32 pos = l->base + (u32)(p - l->text);
    if (!text) {
        ia_errorf(a, pos, "cannot read the file %s", name);
        return;
    }
    u32 s = add_source(a, name, text, size, pos + 1);
    if (s != UINT32_MAX) lex_source(a, s, l->depth + 1);
}

/* At '#'; the place after the line */
static const char *directive(Lex *l, const char *p)
{
    const char *start = p, *w = blanks(p + 1), *e = w;
    while (class_of[(u8)*e] & C_ID) e++;
    u32 n = (u32)(e - w);
    const char *name = blanks(e), *q = name;
    while (class_of[(u8)*q] & C_ID || (*q == '.' && q > name)) q++;
    u32 len = (u32)(q - name), pos = l->base + (u32)(start - l->text);
    bool counts = !l->a->lex->conditions.len || vec_last(&l->a->lex->conditions).on;
#define IS(word) (n == sizeof(word) - 1 && memcmp(w, word, sizeof(word) - 1) == 0)
    if (IS("ifdef") || IS("ifndef")) {
        u32 sym = len ? ia_sym(l->a, name, len) : 0;
        bool there = len && l->a->syms.data[sym].define != 0, on = counts && there == IS("ifdef");
        if (!len) lex_error(l, start, "expected a name");
        vec_push(&l->a->lex->conditions, ((Condition){on, counts, on, pos}));
    } else if (IS("else") || IS("endif")) {
        if (l->a->lex->conditions.len <= l->opened) {
            lex_error(l, start, "no #ifdef before this");
        } else if (IS("endif")) {
            (void)vec_pop(&l->a->lex->conditions);
        } else {
            Condition *c = &vec_last(&l->a->lex->conditions);
            c->on = c->outer && !c->was;
            c->was = true;
        }
    } else if (!counts) {
        return line_end(l, p);
    } else if (IS("define") && len) {
        define_name(l, name, len, q);
    } else if (IS("undef") && len) {
        u32 sym = ia_sym(l->a, name, len); /* may move the symbols */
        l->a->syms.data[sym].define = 0;
    } else if (IS("include")) {
        include(l, name);
    } else if (IS("line")) {
        push(l, start, T_ID, ia_sym(l->a, "#line", 5), K_d_hashline);
        return e;
    } else {
        lex_error(l, start, "expected #define, #undef, #ifdef, #ifndef, #else, #endif, #include or #line");
    }
#undef IS
    return line_end(l, p);
}

/* --- the loop --- */

static const char *skip_off(Lex *l, const char *p)
{
    while (p < l->text + l->size && l->a->lex->conditions.len && !vec_last(&l->a->lex->conditions).on) {
        p = blanks(p);
        if (*p == '#') p = directive(l, p);
        else p = line_end(l, p);
        if (p < l->text + l->size) p++;
    }
    return p;
}

static const char *lex_name(Lex *l, const char *p)
{
    Asm *a = l->a;
    const char *q = p + 1;
    for (;;) {
        while (class_of[(u8)*q] & C_ID) q++;
        if (*q != '.' || !(class_of[(u8)q[1]] & C_ID)) break;
        q += 2;
    }
    if (*q == '.' && q[1] != '.') { /* tail. and the like are words with their point */
        u32 dotted = ia_sym(a, p, (u32)(q + 1 - p));
        if (ia_s(a, dotted)->kw & K_OPCODE) q++;
    }
    u32 sym = ia_sym(a, p, (u32)(q - p));
    const Sym *s = ia_s(a, sym);
    if (UNLIKELY(s->define)) {
        if (too_deep(l, p, "names of #define replace each other")) return q;
        Source d = a->sources.data[s->define - 1];
        u32 at = add_source(a, NULL, d.text, d.size, l->base + (u32)(p - l->text) + 1);
        if (at != UINT32_MAX) lex_source(a, at, l->depth + 1);
        return q;
    }
    push(l, p, T_ID, sym, s->kw);
    return q;
}

static const char *lex_dot(Lex *l, const char *p)
{
    Asm *a = l->a;
    if (p[1] == '.' && p[2] == '.') {
        push(l, p, T_ELLIPSIS, 0, 0);
        return p + 3;
    }
    const char *q = p + 1;
    while (class_of[(u8)*q] & C_ID) q++;
    u32 sym = q - p > 1 ? ia_sym(a, p, (u32)(q - p)) : 0;
    if (sym && ia_s(a, sym)->kw) {
        push(l, p, T_ID, sym, ia_s(a, sym)->kw);
        return q;
    }
    push(l, p, '.', 0, 0);
    return p + 1;
}

static bool bytes_follow(const Asm *a, const char *p)
{
    const Tok *t = a->toks.data;
    u32 n = a->toks.len;
    if (*p == '{') return n >= 2 && t[n - 1].kind == '(' && t[n - 2].kw == K_marshal;
    if (!n) return false;
    const Tok *b = &t[n - 1];
    if (b->kw & K_OPCODE) return (b->kw & ~K_OPCODE) == IL_LDC_R4 || (b->kw & ~K_OPCODE) == IL_LDC_R8;
    return b->kind == '=' || b->kw == K_bytearray;
}

static const char *lex_open(Lex *l, const char *p)
{
    Asm *a = l->a;
    bool bytes = bytes_follow(a, p);
    push(l, p, (u8)*p, 0, 0);
    if (bytes) return lex_bytes(l, p + 1, *p == '(' ? ')' : '}');
    if (*p == '{') vec_push(&l->a->lex->braces, a->toks.len - 1);
    return p + 1;
}

static void close_brace(Lex *l, const char *p)
{
    Asm *a = l->a;
    u32 at = a->toks.len;
    push(l, p, '}', 0, 0);
    Tok *t = a->toks.data;
    if (at >= 2 && t[at - 1].kind == T_BYTES && t[at - 2].kind == '{') t[at - 2].val = at;
    else if (l->a->lex->braces.len) a->toks.data[vec_pop(&l->a->lex->braces)].val = at;
}

static bool lex_source(Asm *a, u32 source, u32 depth)
{
    Source s = a->sources.data[source];
    Lex lex = {.a = a, .text = s.text, .base = s.base, .size = s.size, .depth = depth, .opened = a->lex->conditions.len}, *l = &lex;
    const char *p = s.text, *end = s.text + s.size;
    bool fresh = true; /* nothing before on this line */
    while (p < end) {
        u8 c = (u8)*p;
        if (class_of[c] & C_SPACE) {
            fresh |= c == '\n';
            p++;
            continue;
        }
        const char *q = NULL;
        if (class_of[c] & C_START) p = lex_name(l, p);
        else if (class_of[c] & C_DIGIT || ((c == '-' || c == '.') && class_of[(u8)p[1]] & C_DIGIT)) p = lex_number(l, p);
        else if (c == '/' && (q = skip_comment(l, p))) p = q;
        else if (c == '#' && fresh) p = skip_off(l, directive(l, p));
        else if (c == '.') p = lex_dot(l, p);
        else if (c == ':' && p[1] == ':') push(l, p, T_DCOLON, 0, 0), p += 2;
        else if (c == '"') q = quoted_end(l, p), push(l, p, T_STR, 0, 0), p = q;
        else if (c == '\'') {
            q = quoted_end(l, p);
            a->tmp.len = 0;
            put_string(&a->tmp, p);
            push(l, p, T_SQ, ia_sym(a, a->tmp.p ? (const char *)a->tmp.p : "", a->tmp.len), 0);
            p = q;
        } else if (c == '(' || c == '{') p = lex_open(l, p);
        else if (c == '}') close_brace(l, p), p++;
        else if (c == ';') p++;
        else if (c && strchr(")[]<>,=+*&!/-:", c)) push(l, p, c, 0, 0), p++;
        else {
            char text[64];
            snprintf(text, sizeof(text), c >= 0x20 && c < 0x7F ? "no token begins with '%c'" : "no token begins with byte 0x%02x", c);
            lex_error(l, p, text);
            p++;
        }
        fresh = c == '#';
    }
    while (a->lex->conditions.len > l->opened) {
        ia_errorf(a, vec_pop(&a->lex->conditions).pos, "no #endif for this");
    }
    return true;
}

/* --- sources --- */

/* UTF-16 by its mark becomes UTF-8; the mark of UTF-8 is taken away. */
static const char *to_utf8(Asm *a, const u8 *p, size_t n, size_t *len)
{
    bool little = n >= 2 && p[0] == 0xFF && p[1] == 0xFE, big = n >= 2 && p[0] == 0xFE && p[1] == 0xFF;
    if (little || big) {
        size_t units = n / 2 - 1;
        char16 *u = base_malloc(units * 2 + 2);
        for (size_t i = 0; i < units; i++) u[i] = little ? (char16)(p[2 + i * 2] | p[3 + i * 2] << 8) : (char16)(p[2 + i * 2] << 8 | p[3 + i * 2]);
        *len = utf16_to_utf8_len(u, units);
        char *t = arena_alloc(&a->arena, *len + 1);
        utf16_to_utf8(u, units, t);
        base_free(u);
        return t;
    }
    size_t skip = n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    *len = n - skip;
    char *t = arena_alloc(&a->arena, *len + 1);
    memcpy(t, p + skip, *len);
    return t;
}

static bool lex_utf8(Asm *a, const char *name, const char *text, size_t len)
{
    u32 s = add_source(a, name, text, len, 0);
    if (s == UINT32_MAX) return false;
    vec_reserve(&a->toks, a->toks.len + (u32)(len / 5) + 16);
    return lex_source(a, s, 0);
}

bool ia_lex_text(Asm *a, const char *name, const void *data, size_t size)
{
    size_t len;
    if (size >= TEXT_MAX) {
        ia_errorf(a, 0, "%s: too much text", name);
        return false;
    }
    const char *text = to_utf8(a, data, size, &len);
    return lex_utf8(a, name, text, len);
}

static char *read_path(Asm *a, const char *path, size_t *size)
{
    char *text;
    size_t n;
    Err e = {0};
    if (!os_file_read(path, &text, &n, &e)) return NULL;
    char *t = (char *)(uintptr_t)to_utf8(a, (const u8 *)text, n, size);
    base_free(text);
    return t;
}

char *ia_read_file(Asm *a, const char *path, size_t *size)
{
    char *t = read_path(a, path, size);
    for (u32 i = 0; !t && *path != '/' && i < a->opt.include_count; i++)
        t = read_path(a, arena_printf(&a->arena, "%s/%s", a->opt.include[i], path), size);
    return t;
}

bool ia_lex_file(Asm *a, const char *path)
{
    OsFileMap map;
    Err e = {0};
    if (!os_file_map(path, &map, &e)) {
        ia_errorf(a, 0, "cannot read %s: %s", path, e.text);
        return false;
    }
    const u8 *p = map.data;
    size_t n = map.size;
    if (n % 4096 && n < TEXT_MAX && !(n >= 2 && (p[0] ^ p[1]) == 1 && p[0] >= 0xFE)) { /* zeros follow: it is read where it is */
        size_t skip = n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        vec_push(&a->maps, map);
        return lex_utf8(a, path, (const char *)p + skip, n - skip);
    }
    bool ok = ia_lex_text(a, path, p, n);
    os_file_unmap(&map);
    return ok;
}

void ia_lex_end(Asm *a)
{
    u32 last = a->toks.len ? vec_last(&a->toks).pos + 1 : 0;
    for (u32 i = 0; i < a->lex->braces.len && i < 3; i++) {
        u32 at = a->lex->braces.data[a->lex->braces.len - 1 - i];
        ia_errorf(a, a->toks.data[at].pos, "no '}' for this '{'");
    }
    for (u32 i = 0; i < a->lex->braces.len; i++) a->toks.data[a->lex->braces.data[i]].val = a->toks.len;
    lex_state_free(a);
    vec_push(&a->toks, ((Tok){.pos = last, .kind = T_EOF}));
    a->tok = a->toks.data;
    a->tok_count = a->toks.len;
    a->at = 0;
}
