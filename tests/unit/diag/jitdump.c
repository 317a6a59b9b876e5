/* jitdump.c: patterns of STATOR_JITDUMP against names of methods. */
#include "test.h"

#include "diag/diag.h"

TEST(patterns)
{
    const char *name = "Some.Space.Outer`1+Inner[System.String]:Method[System.Int32](System.Int32[],System.String)";
    EXPECT(diag_jitdump_matches("Some.Space.Outer`1+Inner:Method", name));
    EXPECT(diag_jitdump_matches("Outer`1+Inner:Method", name));
    EXPECT(diag_jitdump_matches("Method", name));
    EXPECT(diag_jitdump_matches("Nothing;Outer*:*", name));
    EXPECT(diag_jitdump_matches("Nothing *:M*d", name));
    EXPECT(diag_jitdump_matches("*", name));
    EXPECT(diag_jitdump_matches("*:Method(System.Int32[],*)", name));
    EXPECT(!diag_jitdump_matches("*:Method()", name));
    EXPECT(!diag_jitdump_matches("Inner:Method", name));
    EXPECT(!diag_jitdump_matches("Metho", name));
    EXPECT(!diag_jitdump_matches("", name));
    EXPECT(!diag_jitdump_matches(" ; ", name));
}

TEST_MAIN(patterns)
