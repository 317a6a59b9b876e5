/* utf.h: UTF-8 <-> UTF-16.  Invalid input becomes U+FFFD, as System.Text.Encoding does; lone surrogates too. */
#ifndef BASE_UTF_H
#define BASE_UTF_H
#include "base/base.h"

/* Number of UTF-16 units that n bytes of UTF-8 make. */
size_t utf8_to_utf16_len(const char *s, size_t n);
/* Writes them (no terminator); returns the count.  dst has room for utf8_to_utf16_len units. */
size_t utf8_to_utf16(const char *s, size_t n, char16 *dst);
size_t utf16_to_utf8_len(const char16 *s, size_t n);
size_t utf16_to_utf8(const char16 *s, size_t n, char *dst);
size_t utf16_strlen(const char16 *s);
/* Fresh NUL-terminated copies on the C heap (base_free). n in units, or SIZE_MAX: to the terminator. */
char *utf16_dup_utf8(const char16 *s, size_t n);
char16 *utf8_dup_utf16(const char *s, size_t n);
#endif
