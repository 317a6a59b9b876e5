/* fuzz_utf.c: conversions write exactly the length they announce, and what is valid survives the round trip. */
#include "base/utf.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    const char *text = (const char *)data;
    size_t units = utf8_to_utf16_len(text, size);
    char16 *wide = base_malloc(units * 2);
    CHECK(utf8_to_utf16(text, size, wide) == units);
    size_t bytes = utf16_to_utf8_len(wide, units);
    char *narrow = base_malloc(bytes);
    CHECK(utf16_to_utf8(wide, units, narrow) == bytes);
    /* The second trip must not change anything: no broken input is left. */
    CHECK(utf8_to_utf16_len(narrow, bytes) == units);
    char16 *again = base_malloc(units * 2);
    utf8_to_utf16(narrow, bytes, again);
    CHECK(memcmp(wide, again, units * 2) == 0);
    base_free(wide);
    base_free(narrow);
    base_free(again);
    return 0;
}
