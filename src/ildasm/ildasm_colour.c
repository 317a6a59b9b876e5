/* ildasm_colour.c: the listing with colours for a terminal: directives, labels and opcodes, strings, names in quotes, comments.
 * It reads the finished text, so that the printers know nothing of it. */
#include "ildasm/ildasm_int.h"

#define DIRECTIVE "\033[35m"
#define LABEL "\033[90m"
#define OPCODE "\033[36m"
#define STRING "\033[32m"
#define COMMENT "\033[90m"
#define PLAIN "\033[0m"

typedef struct Painter {
    char *out;
    size_t len, cap;
} Painter;

static void add(Painter *p, const char *s, size_t n)
{
    if (p->cap - p->len < n) {
        p->cap = MAX(p->cap * 2, p->len + n + 4096);
        p->out = base_realloc(p->out, p->cap);
    }
    memcpy(p->out + p->len, s, n);
    p->len += n;
}

static void paint(Painter *p, const char *colour, const char *s, size_t n)
{
    add(p, colour, strlen(colour));
    add(p, s, n);
    add(p, PLAIN, sizeof(PLAIN) - 1);
}

static size_t word_len(const char *s, const char *end)
{
    const char *p = s;
    while (p < end && *p > ' ' && *p != '(' && *p != ',' && *p != '"' && *p != '\'') p++;
    return (size_t)(p - s);
}

static size_t quoted_len(const char *s, const char *end)
{
    const char *p = s + 1;
    while (p < end && *p != *s) p += *p == '\\' && p + 1 < end ? 2 : 1;
    return (size_t)(MIN(p + 1, end) - s);
}

static void paint_line(Painter *p, const char *s, const char *end)
{
    const char *start = s;
    while (s < end && *s == ' ') s++;
    add(p, start, (size_t)(s - start));
    size_t n = word_len(s, end);
    if (n > 3 && memcmp(s, "IL_", 3) == 0 && s[n - 1] == ':') {
        paint(p, LABEL, s, n);
        for (s += n; s < end && *s == ' '; s++) add(p, s, 1);
        n = word_len(s, end);
        if (n && !(n >= 2 && s[0] == '/')) paint(p, OPCODE, s, n), s += n;
    } else if (n && (*s == '.' || (n > 4 && (memcmp(s, "catch", 5) == 0 || (n == 7 && memcmp(s, "finally", 7) == 0))))) {
        paint(p, DIRECTIVE, s, n);
        s += n;
    }
    while (s < end) {
        size_t k = 1;
        bool open = end - s > 1 && s[0] == '/' && s[1] == '*', line = end - s > 1 && s[0] == '/' && s[1] == '/';
        if (*s == '"' || *s == '\'') {
            k = quoted_len(s, end);
            paint(p, STRING, s, k);
        } else if (line) {
            k = (size_t)(end - s);
            paint(p, COMMENT, s, k);
        } else if (open) {
            const char *q = s + 2;
            while (q + 1 < end && !(q[0] == '*' && q[1] == '/')) q++;
            k = (size_t)(MIN(q + 2, end) - s);
            paint(p, COMMENT, s, k);
        } else {
            while (s + k < end && s[k] != '"' && s[k] != '\'' && s[k] != '/') k++;
            add(p, s, k);
        }
        s += k;
    }
}

char *dis_colour(const char *text, size_t len, size_t *out_len)
{
    Painter p = {0};
    for (const char *s = text, *end = text + len; s < end;) {
        const char *nl = memchr(s, '\n', (size_t)(end - s));
        paint_line(&p, s, nl ? nl : end);
        if (nl) add(&p, "\n", 1);
        s = nl ? nl + 1 : end;
    }
    add(&p, "", 1);
    *out_len = p.len - 1;
    return p.out;
}
