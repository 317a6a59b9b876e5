/* ildasm_colour.c: the listing with colours, for a terminal or as a page: directives, labels and opcodes, strings, names in quotes, comments.
 * It reads the finished text, so that the printers know nothing of it. */
#include "ildasm/ildasm_int.h"

typedef enum Paint { PAINT_DIRECTIVE, PAINT_LABEL, PAINT_OPCODE, PAINT_STRING, PAINT_COMMENT, PAINT_COUNT } Paint;
typedef struct Palette {
    const char *on[PAINT_COUNT], *off, *head, *tail;
    bool escape;
} Palette;
static const Palette terminal = {{"\033[35m", "\033[90m", "\033[36m", "\033[32m", "\033[90m"}, "\033[0m", "", "", false};
static const Palette page = {{"<b>", "<i>", "<u>", "<q>", "<s>"}, "",
    "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>ildasm</title>\n<style>b,i,u,q,s{font:inherit;text-decoration:none;quotes:none}"
    "b{color:#a0a}i,s{color:#888}u{color:#077}q{color:#070}</style></head>\n<body><pre>\n",
    "</pre></body></html>\n", true};

typedef struct Painter {
    const Palette *palette;
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

static void add_str(Painter *p, const char *s)
{
    add(p, s, strlen(s));
}

static void add_text(Painter *p, const char *s, size_t n)
{
    if (!p->palette->escape) {
        add(p, s, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '<') add_str(p, "&lt;");
        else if (s[i] == '>') add_str(p, "&gt;");
        else if (s[i] == '&') add_str(p, "&amp;");
        else add(p, s + i, 1);
    }
}

static void paint(Painter *p, Paint what, const char *s, size_t n)
{
    const char *on = p->palette->on[what];
    add_str(p, on);
    add_text(p, s, n);
    if (p->palette->escape) add_str(p, "</"), add_str(p, on + 1);
    else add_str(p, p->palette->off);
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
    add_text(p, start, (size_t)(s - start));
    size_t n = word_len(s, end);
    if (n > 3 && memcmp(s, "IL_", 3) == 0 && s[n - 1] == ':') {
        paint(p, PAINT_LABEL, s, n);
        for (s += n; s < end && *s == ' '; s++) add(p, s, 1);
        n = word_len(s, end);
        if (n && !(n >= 2 && s[0] == '/')) paint(p, PAINT_OPCODE, s, n), s += n;
    } else if (n && (*s == '.' || (n > 4 && (memcmp(s, "catch", 5) == 0 || (n == 7 && memcmp(s, "finally", 7) == 0))))) {
        paint(p, PAINT_DIRECTIVE, s, n);
        s += n;
    }
    while (s < end) {
        size_t k = 1;
        bool open = end - s > 1 && s[0] == '/' && s[1] == '*', line = end - s > 1 && s[0] == '/' && s[1] == '/';
        if (*s == '"' || *s == '\'') {
            k = quoted_len(s, end);
            paint(p, PAINT_STRING, s, k);
        } else if (line) {
            k = (size_t)(end - s);
            paint(p, PAINT_COMMENT, s, k);
        } else if (open) {
            const char *q = s + 2;
            while (q + 1 < end && !(q[0] == '*' && q[1] == '/')) q++;
            k = (size_t)(MIN(q + 2, end) - s);
            paint(p, PAINT_COMMENT, s, k);
        } else {
            while (s + k < end && s[k] != '"' && s[k] != '\'' && s[k] != '/') k++;
            add_text(p, s, k);
        }
        s += k;
    }
}

char *dis_colour(const char *text, size_t len, bool html, size_t *out_len)
{
    Painter p = {.palette = html ? &page : &terminal};
    add_str(&p, p.palette->head);
    for (const char *s = text, *end = text + len; s < end;) {
        const char *nl = memchr(s, '\n', (size_t)(end - s));
        paint_line(&p, s, nl ? nl : end);
        if (nl) add(&p, "\n", 1);
        s = nl ? nl + 1 : end;
    }
    add_str(&p, p.palette->tail);
    add(&p, "", 1);
    *out_len = p.len - 1;
    return p.out;
}
