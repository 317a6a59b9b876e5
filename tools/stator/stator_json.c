/* stator_json.c: reads and writes JSON.
 * One pass, no recursion: the parents of the value being read are on a stack of JSON_MAX_DEPTH.
 * Book: host.md  Tests: tests/unit/host/test_host_json.c */
#include "stator_json.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/vec.h"

typedef struct Reader {
    Arena *arena;
    char *start, *p;
    const char *skip;
    const char *what; /* error text; NULL: none yet */
} Reader;

static bool fail(Reader *r, const char *what)
{
    if (!r->what)
        r->what = what;
    return false;
}

static bool skip_comment(Reader *r)
{
    if (r->p[1] == '/') {
        while (*r->p && *r->p != '\n')
            r->p++;
        return true;
    }
    if (r->p[1] != '*')
        return fail(r, "A value is not valid");
    char *end = strstr(r->p + 2, "*/");
    if (!end)
        return fail(r, "A comment has no end");
    r->p = end + 2;
    return true;
}

static bool skip_space(Reader *r)
{
    for (;;) {
        while (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t')
            r->p++;
        if (*r->p != '/')
            return true;
        if (!skip_comment(r))
            return false;
    }
}

static int hex4(const char *s)
{
    int v = 0;
    for (int i = 0; i < 4; i++) {
        char c = s[i];
        int d = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
        if (d < 0)
            return -1;
        v = v * 16 + d;
    }
    return v;
}

static char *put_utf8(char *out, u32 c)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xC0 | c >> 6);
        *out++ = (char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        *out++ = (char)(0xE0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 63));
        *out++ = (char)(0x80 | (c & 63));
    } else {
        *out++ = (char)(0xF0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 63));
        *out++ = (char)(0x80 | (c >> 6 & 63));
        *out++ = (char)(0x80 | (c & 63));
    }
    return out;
}

/* p is behind "\u"; an escape is never shorter than what it stands for, so out stays behind p */
static bool read_unicode(Reader *r, char **out)
{
    int hi = hex4(r->p);
    if (hi < 0)
        return fail(r, "An escape in a string is not valid");
    r->p += 4;
    u32 c = (u32)hi;
    if (hi >= 0xD800 && hi < 0xDC00) {
        int lo = r->p[0] == '\\' && r->p[1] == 'u' ? hex4(r->p + 2) : -1;
        if (lo < 0xDC00 || lo > 0xDFFF)
            return fail(r, "A surrogate in a string has no partner");
        r->p += 6;
        c = 0x10000 + ((u32)(hi - 0xD800) << 10) + (u32)(lo - 0xDC00);
    } else if (hi >= 0xDC00 && hi < 0xE000) {
        return fail(r, "A surrogate in a string has no partner");
    }
    *out = put_utf8(*out, c);
    return true;
}

static bool read_escape(Reader *r, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = r->p[1];
    if (c == 'u') {
        r->p += 2;
        return read_unicode(r, out);
    }
    const char *at = c ? strchr(from, c) : NULL;
    if (!at)
        return fail(r, "An escape in a string is not valid");
    *(*out)++ = to[at - from];
    r->p += 2;
    return true;
}

/* p is at the opening quote */
static const char *read_string(Reader *r)
{
    char *s = ++r->p, *out;
    while (*r->p != '"' && *r->p != '\\' && (u8)*r->p >= 0x20)
        r->p++;
    out = r->p;
    while (*r->p != '"') {
        if (*r->p == '\\') {
            if (!read_escape(r, &out))
                return NULL;
        } else if ((u8)*r->p < 0x20) {
            fail(r, *r->p ? "A string holds a control character" : "A string has no closing quote");
            return NULL;
        } else {
            *out++ = *r->p++;
        }
    }
    r->p++;
    *out = 0;
    return s;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_number(Reader *r, JsonNode *n)
{
    char *s = r->p;
    if (*r->p == '-')
        r->p++;
    if (!is_digit(*r->p))
        return fail(r, "A value is not valid");
    if (*r->p == '0' && is_digit(r->p[1]))
        return fail(r, "A number begins with 0");
    while (is_digit(*r->p))
        r->p++;
    if (*r->p == '.') {
        if (!is_digit(*++r->p))
            return fail(r, "A number has no digits after the point");
        while (is_digit(*r->p))
            r->p++;
    }
    if ((*r->p | 32) == 'e') {
        r->p++;
        if (*r->p == '+' || *r->p == '-')
            r->p++;
        if (!is_digit(*r->p))
            return fail(r, "A number has no exponent");
        while (is_digit(*r->p))
            r->p++;
    }
    n->kind = JSON_NUMBER;
    n->text = arena_strndup(r->arena, s, (size_t)(r->p - s));
    return true;
}

/* Steps over one value by counting brackets; only strings are looked into. */
static bool skip_value(Reader *r, JsonNode *n)
{
    int depth = 0;
    n->kind = JSON_SKIPPED;
    for (;; r->p++) {
        char c = *r->p;
        if (c == '"') {
            for (r->p++; *r->p && *r->p != '"'; r->p++)
                if (*r->p == '\\' && r->p[1])
                    r->p++;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return true;
            if (--depth == 0) {
                r->p++;
                return true;
            }
        } else if (c == ',' && depth == 0) {
            return true;
        }
        if (!*r->p)
            return fail(r, "The document ends early");
    }
}

static bool read_word(Reader *r, JsonNode *n, const char *word, JsonKind kind)
{
    size_t len = strlen(word);
    if (strncmp(r->p, word, len))
        return fail(r, "A value is not valid");
    r->p += len;
    n->kind = kind;
    return true;
}

/* A scalar, or the opening bracket of a container. */
static bool read_value(Reader *r, JsonNode *n)
{
    switch (*r->p) {
    case '"': n->kind = JSON_STRING; return (n->text = read_string(r)) != NULL;
    case '{': n->kind = JSON_OBJECT; r->p++; return true;
    case '[': n->kind = JSON_ARRAY; r->p++; return true;
    case 't': return read_word(r, n, "true", JSON_TRUE);
    case 'f': return read_word(r, n, "false", JSON_FALSE);
    case 'n': return read_word(r, n, "null", JSON_NULL);
    case 0: return fail(r, "The document ends early");
    default: return read_number(r, n);
    }
}

static const char *read_key(Reader *r)
{
    if (!skip_space(r))
        return NULL;
    if (*r->p != '"') {
        fail(r, "A member of an object has no name");
        return NULL;
    }
    const char *key = read_string(r);
    if (!key || !skip_space(r))
        return NULL;
    if (*r->p != ':') {
        fail(r, "A colon is missing after the name of a member");
        return NULL;
    }
    r->p++;
    return key;
}

static bool parse(Reader *r, JsonNode **root)
{
    JsonNode *parents[JSON_MAX_DEPTH], **tail = root;
    const char *key = NULL;
    int depth = 0;
    for (;;) {
        JsonNode *n = ARENA_NEW(r->arena, JsonNode);
        n->key = key;
        if (!skip_space(r))
            return false;
        bool skip = depth == 1 && key && r->skip && !strcmp(key, r->skip);
        if (!(skip ? skip_value(r, n) : read_value(r, n)))
            return false;
        *tail = n;
        tail = &n->next;
        if (n->kind == JSON_OBJECT || n->kind == JSON_ARRAY) {
            if (!skip_space(r))
                return false;
            if (*r->p == (n->kind == JSON_OBJECT ? '}' : ']')) {
                r->p++;
            } else {
                if (depth == JSON_MAX_DEPTH)
                    return fail(r, "The document is nested too deeply");
                parents[depth++] = n;
                tail = &n->child;
                key = NULL;
                if (n->kind == JSON_OBJECT && !(key = read_key(r)))
                    return false;
                continue;
            }
        }
        for (;;) { /* after a whole value: its parents may end here too */
            if (!skip_space(r))
                return false;
            if (depth == 0)
                return *r->p ? fail(r, "Text follows the end of the document") : true;
            JsonNode *parent = parents[depth - 1];
            bool object = parent->kind == JSON_OBJECT;
            if (*r->p == ',') {
                r->p++;
                key = NULL;
                if (object && !(key = read_key(r)))
                    return false;
                break;
            }
            if (*r->p != (object ? '}' : ']'))
                return fail(r, object ? "A comma or } is missing after a member"
                                      : "A comma or ] is missing after an element");
            r->p++;
            depth--;
            tail = &parent->next;
        }
    }
}

JsonNode *json_parse(Arena *a, char *text, size_t n, const char *skip, const char **error)
{
    Reader r = {.arena = a, .start = text, .p = text, .skip = skip};
    if (n >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3))
        r.p += 3;
    JsonNode *root = NULL;
    if (parse(&r, &root) && r.p == text + n)
        return root;
    if (!r.what)
        r.what = "Text follows the end of the document";
    /* strings that were read have lost their quotes, but no line end */
    int line = 1, column = 1;
    for (char *p = text; p < r.p; p++)
        if (*p == '\n')
            line++, column = 1;
        else
            column++;
    *error = arena_printf(a, "%s. [offset %zu: line %d, column %d]", r.what, (size_t)(r.p - text), line, column);
    return NULL;
}

const JsonNode *json_get(const JsonNode *object, const char *key)
{
    if (!object || object->kind != JSON_OBJECT)
        return NULL;
    for (const JsonNode *n = object->child; n; n = n->next)
        if (!strcmp(n->key, key))
            return n;
    return NULL;
}

const char *json_string(const JsonNode *n, const char *absent)
{
    return n && n->kind == JSON_STRING ? n->text : absent;
}

typedef VEC(char) Text;

static void add(Text *t, const char *s, size_t n)
{
    vec_reserve(t, t->len + (u32)n);
    memcpy(t->data + t->len, s, n);
    t->len += (u32)n;
}

static void add_quoted(Text *t, const char *s)
{
    static const char escapes[] = "\b\b\"\"\\\\\f\f\n\n\r\r\t\t", letters[] = "b\"\\fnrt";
    vec_push(t, '"');
    for (; *s; s++) {
        const char *at = NULL;
        for (u32 i = 0; i < sizeof(letters) - 1; i++)
            if (escapes[i * 2] == *s)
                at = &letters[i];
        if (at) {
            vec_push(t, '\\');
            vec_push(t, *at);
        } else if ((u8)*s < 0x20) {
            char buf[8];
            add(t, buf, (size_t)snprintf(buf, sizeof buf, "\\u%04X", (u8)*s));
        } else {
            vec_push(t, *s);
        }
    }
    vec_push(t, '"');
}

/* Whole numbers as written; others in the fewest digits that read back the same: with a point up to 21 places before
 * it and 6 zeros behind it, else with an exponent. */
static void add_number(Text *t, const char *s)
{
    char buf[40], digits[24], out[64];
    if (!strpbrk(s, ".eE")) {
        add(t, s, strlen(s));
        return;
    }
    double d = strtod(s, NULL);
    for (int places = 0; places < 17; places++) {
        snprintf(buf, sizeof buf, "%.*e", places, d < 0 ? -d : d);
        if (strtod(buf, NULL) == (d < 0 ? -d : d))
            break;
    }
    int n = 0, exponent = (int)strtol(strchr(buf, 'e') + 1, NULL, 10), before = exponent + 1;
    for (char *p = buf; *p != 'e'; p++)
        if (*p != '.')
            digits[n++] = *p;
    if (*s == '-')
        vec_push(t, '-');
    if (d == 0)
        add(t, "0.0", 3);
    else if (before >= n && before <= 21)
        add(t, out, (size_t)snprintf(out, sizeof out, "%.*s%.*s.0", n, digits, before - n, "00000000000000000000000"));
    else if (before > 0 && before <= 21)
        add(t, out, (size_t)snprintf(out, sizeof out, "%.*s.%.*s", before, digits, n - before, digits + before));
    else if (before > -6 && before <= 0)
        add(t, out, (size_t)snprintf(out, sizeof out, "0.%.*s%.*s", -before, "000000", n, digits));
    else
        add(t, out, (size_t)snprintf(out, sizeof out, "%c%s%.*se%d", digits[0], n > 1 ? "." : "", n - 1, digits + 1, exponent));
}

/* Recursion is bounded: the reader refuses what is nested deeper than JSON_MAX_DEPTH. */
static void write_node(Text *t, const JsonNode *n)
{
    bool object = n->kind == JSON_OBJECT;
    switch (n->kind) {
    case JSON_SKIPPED:
    case JSON_NULL: add(t, "null", 4); break;
    case JSON_TRUE: add(t, "true", 4); break;
    case JSON_FALSE: add(t, "false", 5); break;
    case JSON_NUMBER: add_number(t, n->text); break;
    case JSON_STRING: add_quoted(t, n->text); break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        vec_push(t, object ? '{' : '[');
        for (const JsonNode *c = n->child; c; c = c->next) {
            if (object) {
                add_quoted(t, c->key);
                vec_push(t, ':');
            }
            write_node(t, c);
            if (c->next)
                vec_push(t, ',');
        }
        vec_push(t, object ? '}' : ']');
        break;
    }
}

const char *json_write(Arena *a, const JsonNode *n)
{
    Text t = {0};
    write_node(&t, n);
    char *s = arena_strndup(a, t.data ? t.data : "", t.len);
    vec_free(&t);
    return s;
}
