/* ildasm_out.c: the growing text: numbers, bytes, indentation, problems.
 * All text goes into one buffer; formatting by hand, as a framework has hundreds of megabytes of it. */
#include "ildasm/ildasm_int.h"

#include <stdarg.h>
#include <stdio.h>

/* Past the limit text goes to the buffer's last part again and again: callers need no check. */
void dis_grow(Dis *d, size_t need)
{
    if (d->len > d->limit) {
        if (!d->full) {
            d->full = true;
            dis_problem(d, 0, "the text is longer than %llu bytes; the rest is left out", (unsigned long long)d->limit);
        }
        d->len = (size_t)d->limit;
        if (d->cap - d->len >= need) return;
    }
    size_t cap = MAX(d->cap * 2, (size_t)1 << 16);
    while (cap - d->len < need) cap *= 2;
    d->buf = base_realloc(d->buf, cap);
    d->cap = cap;
}

void putf(Dis *d, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    char *p = dis_room(d, 256);
    int n = vsnprintf(p, 256, fmt, ap);
    if (n >= 256) {
        p = dis_room(d, (size_t)n + 1);
        vsnprintf(p, (size_t)n + 1, fmt, again);
    }
    if (n > 0) d->len += (size_t)n;
    va_end(again);
    va_end(ap);
}

void put_udec(Dis *d, u64 v)
{
    char b[20], *p = b + 20;
    do *--p = (char)('0' + v % 10);
    while (v /= 10);
    put_mem(d, p, (size_t)(b + 20 - p));
}

void put_dec(Dis *d, i64 v)
{
    if (v < 0) put_ch(d, '-');
    put_udec(d, v < 0 ? 0 - (u64)v : (u64)v);
}

static void put_base16(Dis *d, u64 v, u32 digits, const char *set)
{
    u32 n = digits ? digits : 1;
    while (n < 16 && v >> (4 * n)) n++;
    char *p = dis_room(d, n);
    for (u32 i = n; i > 0; i--, v >>= 4) p[i - 1] = set[v & 15];
    d->len += n;
}

void put_hex(Dis *d, u64 v, u32 digits)
{
    put_base16(d, v, digits, "0123456789abcdef");
}

void put_hexu(Dis *d, u64 v, u32 digits)
{
    put_base16(d, v, digits, "0123456789ABCDEF");
}

void put_indent(Dis *d)
{
    u32 n = d->indent * 2;
    memset(dis_room(d, n), ' ', n);
    d->len += n;
}

void put_pad(Dis *d, size_t line_start, u32 column)
{
    size_t at = d->len - MIN(line_start, d->len);
    put_ch(d, ' ');
    for (at++; at < column; at++) put_ch(d, ' ');
}

void put_bytes(Dis *d, const u8 *p, u32 n)
{
    static const char set[] = "0123456789ABCDEF";
    put_lit(d, "( ");
    if (n <= 16) {
        for (u32 i = 0; i < n; i++) {
            char *o = dis_room(d, 3);
            o[0] = set[p[i] >> 4], o[1] = set[p[i] & 15], o[2] = ' ';
            d->len += 3;
        }
        put_ch(d, ')');
        return;
    }
    for (u32 at = 0; at < n; at += 16) {
        u32 k = MIN(n - at, 16u);
        put_ch(d, '\n');
        put_indent(d);
        put_lit(d, "    ");
        char *o = dis_room(d, 16 * 4 + 16);
        for (u32 i = 0; i < 16; i++, o += 3) {
            o[0] = i < k ? set[p[at + i] >> 4] : ' ';
            o[1] = i < k ? set[p[at + i] & 15] : ' ';
            o[2] = ' ';
        }
        bool last = at + k == n;
        o[0] = last ? ')' : ' ';
        memcpy(o + 1, " // ", 4);
        o += 5;
        for (u32 i = 0; i < k; i++) {
            u8 c = p[at + i];
            *o++ = c >= 0x20 && c < 0x7F && !(c == '\\' && i + 1 == k) ? (char)c : '.';
        }
        d->len += (size_t)(o - (d->buf + d->len));
    }
}

bool dis_printable(const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        u8 c = (u8)s[i];
        size_t more = c < 0x80 ? 0 : c >= 0xC2 && c < 0xE0 ? 1 : c >= 0xE0 && c < 0xF0 ? 2 : c >= 0xF0 && c < 0xF5 ? 3 : SIZE_MAX;
        if (c < 0x20 || c == 0x7F || more >= n - i) return false;
        for (size_t k = 1; k <= more; k++)
            if (((u8)s[i + k] & 0xC0) != 0x80) return false;
        i += 1 + more;
    }
    return true;
}

void put_json(Dis *d, const char *s, size_t n)
{
    put_ch(d, '"');
    for (size_t i = 0; i < n; i++) {
        u8 c = (u8)s[i];
        switch (c) {
        case '"': put_lit(d, "\\\""); break;
        case '\\': put_lit(d, "\\\\"); break;
        case '\n': put_lit(d, "\\n"); break;
        case '\r': put_lit(d, "\\r"); break;
        case '\t': put_lit(d, "\\t"); break;
        default:
            if (c < 0x20) putf(d, "\\u%04x", c);
            else put_ch(d, (char)c);
        }
    }
    put_ch(d, '"');
}

void dis_quote_tail(Dis *d, size_t start)
{
    if (d->full || start > d->len) return;
    size_t n = d->len - start;
    char *copy = base_malloc(n + 1);
    memcpy(copy, d->buf + start, n);
    d->len = start;
    put_json(d, copy, n);
    base_free(copy);
}

void dis_problem(Dis *d, u32 token, const char *fmt, ...)
{
    d->problems++;
    if (d->quiet || d->problems > 20) return;
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    fprintf(stderr, "ildasm: %s: ", d->opt.file ? d->opt.file : "image");
    if (token) fprintf(stderr, "%08X: ", token);
    fprintf(stderr, "%s\n", text);
    if (d->problems == 20) fprintf(stderr, "ildasm: more of this is not shown\n");
}
