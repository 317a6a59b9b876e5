/* The same tests where memory files are refused: one view, writable and executable. */
int span_main(void);
#define main span_main
#include "span.c"
#undef main

int main(void)
{
    setenv("STATOR_NO_MEMFD", "1", 1);
    int failed = span_main();
    EXPECT_EQ(os_span.rw_delta, 0);
    return failed || test_failures;
}
