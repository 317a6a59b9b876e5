/* test.h: what a unit test needs.  A test program is one file: TEST(name) { ... } functions, then TEST_MAIN(a, b, ...)
 * naming them.  A failed EXPECT prints both values and the test goes on; the program returns 1 if any failed. */
#ifndef TEST_H
#define TEST_H
#include <stdio.h>
#include <string.h>

#include "base/base.h"

static int test_failures;
#define TEST(name) static void name(void)
#define EXPECT(c) ((c) ? (void)0 : (void)(test_failures++, printf("%s:%d: expected %s\n", __FILE__, __LINE__, #c)))
#define EXPECT_EQ(a, b)                                                                                                \
    do {                                                                                                               \
        long long left_ = (long long)(a), right_ = (long long)(b);                                                     \
        if (left_ != right_) {                                                                                         \
            test_failures++;                                                                                           \
            printf("%s:%d: %s is %lld (0x%llx), expected %lld (0x%llx)\n", __FILE__, __LINE__, #a, left_, left_,       \
                   right_, right_);                                                                                    \
        }                                                                                                              \
    } while (0)
#define EXPECT_STR(a, b)                                                                                               \
    do {                                                                                                               \
        const char *left_ = (a), *right_ = (b);                                                                        \
        if (!left_ || strcmp(left_, right_) != 0) {                                                                    \
            test_failures++;                                                                                           \
            printf("%s:%d: %s is \"%s\", expected \"%s\"\n", __FILE__, __LINE__, #a, left_ ? left_ : "(null)", right_); \
        }                                                                                                              \
    } while (0)
#define TEST_MAIN(...)                                                                                                 \
    int main(void)                                                                                                     \
    {                                                                                                                  \
        void (*const tests[])(void) = {__VA_ARGS__};                                                                   \
        for (size_t i = 0; i < ARRAY_LEN(tests); i++)                                                                  \
            tests[i]();                                                                                                \
        printf("%zu tests, %d failures\n", ARRAY_LEN(tests), test_failures);                                           \
        return test_failures != 0;                                                                                     \
    }
#endif
