/* utf.c: UTF-8 and UTF-16, each with U+FFFD for what is not valid.
 * A broken UTF-8 sequence becomes one U+FFFD for each maximal valid prefix (Unicode, section 3.9).
 * Book: base.md  Tests: tests/unit/base/ */
#include "base/utf.h"

enum { REPLACEMENT = 0xFFFD };

/* One code point from s[0..n), n > 0; *used is at least 1. */
static u32 utf8_next(const u8 *s, size_t n, size_t *used)
{
    u8 b = s[0];
    *used = 1;
    if (b < 0x80)
        return b;
    if (b < 0xC2 || b > 0xF4)
        return REPLACEMENT;
    u32 more = b < 0xE0 ? 1 : b < 0xF0 ? 2 : 3;
    /* The second byte's range is narrower after E0, ED, F0 and F4 (overlong, surrogates, beyond 10FFFF). */
    u8 low = b == 0xE0 ? 0xA0 : b == 0xF0 ? 0x90 : 0x80;
    u8 high = b == 0xED ? 0x9F : b == 0xF4 ? 0x8F : 0xBF;
    u32 c = b & (0x3Fu >> more);
    for (u32 i = 1; i <= more; i++) {
        if (i >= n || s[i] < low || s[i] > high)
            return REPLACEMENT;
        c = c << 6 | (s[i] & 0x3F);
        *used = i + 1;
        low = 0x80;
        high = 0xBF;
    }
    return c;
}

size_t utf8_to_utf16_len(const char *s, size_t n)
{
    size_t count = 0;
    for (size_t i = 0, used; i < n; i += used)
        count += utf8_next((const u8 *)s + i, n - i, &used) >= 0x10000 ? 2 : 1;
    return count;
}

size_t utf8_to_utf16(const char *s, size_t n, char16 *dst)
{
    char16 *d = dst;
    for (size_t i = 0, used; i < n; i += used) {
        u32 c = utf8_next((const u8 *)s + i, n - i, &used);
        if (c >= 0x10000) {
            c -= 0x10000;
            *d++ = (char16)(0xD800 + (c >> 10));
            *d++ = (char16)(0xDC00 + (c & 0x3FF));
        } else {
            *d++ = (char16)c;
        }
    }
    return (size_t)(d - dst);
}

/* One code point from s[0..n), n > 0. */
static u32 utf16_next(const char16 *s, size_t n, size_t *used)
{
    u32 c = s[0];
    *used = 1;
    if (c < 0xD800 || c > 0xDFFF)
        return c;
    if (c >= 0xDC00 || n < 2 || s[1] < 0xDC00 || s[1] > 0xDFFF)
        return REPLACEMENT;
    *used = 2;
    return 0x10000 + ((c - 0xD800) << 10) + (s[1] - 0xDC00u);
}

size_t utf16_to_utf8_len(const char16 *s, size_t n)
{
    size_t count = 0;
    for (size_t i = 0, used; i < n; i += used) {
        u32 c = utf16_next(s + i, n - i, &used);
        count += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    }
    return count;
}

size_t utf16_to_utf8(const char16 *s, size_t n, char *dst)
{
    char *d = dst;
    for (size_t i = 0, used; i < n; i += used) {
        u32 c = utf16_next(s + i, n - i, &used);
        if (c < 0x80) {
            *d++ = (char)c;
            continue;
        }
        u32 more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        static const u8 lead[] = {0, 0xC0, 0xE0, 0xF0};
        *d++ = (char)(lead[more] | c >> (6 * more));
        while (more-- > 0)
            *d++ = (char)(0x80 | (c >> (6 * more) & 0x3F));
    }
    return (size_t)(d - dst);
}

size_t utf16_strlen(const char16 *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    return n;
}

char *utf16_dup_utf8(const char16 *s, size_t n)
{
    if (n == SIZE_MAX)
        n = utf16_strlen(s);
    size_t len = utf16_to_utf8_len(s, n);
    char *d = base_malloc(len + 1);
    utf16_to_utf8(s, n, d);
    d[len] = 0;
    return d;
}

char16 *utf8_dup_utf16(const char *s, size_t n)
{
    if (n == SIZE_MAX)
        n = strlen(s);
    size_t len = utf8_to_utf16_len(s, n);
    char16 *d = base_malloc((len + 1) * sizeof *d);
    utf8_to_utf16(s, n, d);
    d[len] = 0;
    return d;
}
