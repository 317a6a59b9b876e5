/* UTF conversion, log categories, knobs. */
#include <stdlib.h>

#include "base/knobs.h"
#include "base/log.h"
#include "base/utf.h"
#include "test.h"

static void expect_units(const char *s, size_t n, const char16 *want, size_t count)
{
    char16 got[32];
    EXPECT_EQ(utf8_to_utf16_len(s, n), count);
    EXPECT_EQ(utf8_to_utf16(s, n, got), count);
    for (size_t i = 0; i < count; i++)
        EXPECT_EQ(got[i], want[i]);
}
#define UNITS(s, ...)                                                                                                  \
    do {                                                                                                               \
        const char16 want_[] = {__VA_ARGS__};                                                                          \
        expect_units(s, sizeof(s) - 1, want_, ARRAY_LEN(want_));                                                       \
    } while (0)

TEST(utf8_valid)
{
    UNITS("A\xC3\xA9\xE2\x82\xAC", 'A', 0xE9, 0x20AC);
    UNITS("\xF0\x9F\x98\x80", 0xD83D, 0xDE00);
    UNITS("\xF4\x8F\xBF\xBF", 0xDBFF, 0xDFFF);
}

/* One U+FFFD for each maximal valid prefix, as System.Text.Encoding.UTF8. */
TEST(utf8_invalid)
{
    UNITS("\xFF""a", 0xFFFD, 'a');
    UNITS("\xC0\xAF", 0xFFFD, 0xFFFD);
    UNITS("\xE2\x82", 0xFFFD);
    UNITS("\xE2\x82""b", 0xFFFD, 'b');
    UNITS("\xED\xA0\x80", 0xFFFD, 0xFFFD, 0xFFFD);
    UNITS("\xF0\x9F\x98", 0xFFFD);
    UNITS("\xF4\x90\x80\x80", 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD);
}

TEST(utf16_both_ways)
{
    const char16 units[] = {'x', 0xE9, 0x20AC, 0xD83D, 0xDE00, 0xD800, 'y', 0xDC00, 0};
    char *s = utf16_dup_utf8(units, SIZE_MAX);
    EXPECT_STR(s, "x\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xEF\xBF\xBDy\xEF\xBF\xBD");
    char16 *u = utf8_dup_utf16(s, 10);
    EXPECT_EQ(utf16_strlen(u), 5);
    EXPECT_EQ(u[4], 0xDE00);
    base_free(s);
    base_free(u);
}

TEST(log_levels_from_text)
{
    log_init("gc:2,load,jit:0");
    EXPECT_EQ(log_levels[LOG_gc], 2);
    EXPECT_EQ(log_levels[LOG_load], 1);
    EXPECT_EQ(log_levels[LOG_jit], 0);
    log_init("all:3");
    EXPECT_EQ(log_levels[LOG_jit], 3);
    log_init(NULL);
    EXPECT_EQ(log_levels[LOG_jit], 0);
}

TEST(knobs_radix_and_alias)
{
    setenv("STATOR_DOMAINS", "12", 1);
    setenv("DOTNET_PerfMapEnabled", "1F", 1);
    setenv("STATOR_LOG", "gc:1", 1);
    unsetenv("STATOR_COVERAGE");
    knobs_init();
    EXPECT_EQ(knob_u64(KNOB_DOMAINS), 12);
    EXPECT_EQ(knob_u64(KNOB_PERF_MAP), 31);
    EXPECT_STR(knob_str(KNOB_LOG), "gc:1");
    EXPECT(knob_str(KNOB_COVERAGE) == NULL);
    EXPECT(!knob_is_set(KNOB_COVERAGE));
    EXPECT(!knob_bool(KNOB_GDBJIT));
}

TEST_MAIN(utf8_valid, utf8_invalid, utf16_both_ways, log_levels_from_text, knobs_radix_and_alias)
