/* names.c: display names of assemblies, SHA-1. */
#include "test.h"
#include "md/md_names.h"

static const char *round_trip(const char *text)
{
    static char out[512];
    char buf[512];
    MdAssemblyName n;
    Err e = {0};
    if (!md_parse_assembly_name(text, strlen(text), buf, &n, &e)) {
        EXPECT_EQ(e.kind, ERR_FILE_LOAD);
        EXPECT_EQ((u32)e.hresult, 0x80131047);
        return "bad";
    }
    md_format_assembly_name(&n, out, sizeof(out));
    return out;
}

TEST(display_names)
{
    EXPECT_STR(round_trip("A"), "A");
    EXPECT_STR(round_trip("  A.B  "), "A.B");
    EXPECT_STR(round_trip("A, Version=1.2"), "A, Version=1.2.65535.65535");
    EXPECT_STR(round_trip("A,version=1.2.3.4,culture=NEUTRAL,publickeytoken=NULL"),
               "A, Version=1.2.3.4, Culture=neutral, PublicKeyToken=null");
    EXPECT_STR(round_trip("A, PublicKeyToken=b77a5c561934e089, Culture=de-DE, Retargetable=Yes"),
               "A, Culture=de-DE, PublicKeyToken=b77a5c561934e089, Retargetable=Yes");
    EXPECT_STR(round_trip("A, PublicKey=00000000000000000400000000000000"), "A, PublicKeyToken=b77a5c561934e089");
    EXPECT_STR(round_trip("A, Unknown=x, ContentType=WindowsRuntime"), "A, ContentType=WindowsRuntime");
    EXPECT_STR(round_trip("\"a,b\""), "a\\,b");
    EXPECT_STR(round_trip("a\\,b, ProcessorArchitecture=MSIL"), "a\\,b");
    EXPECT_STR(round_trip("' a '"), "\" a \"");
    EXPECT_STR(round_trip("a\\tb"), "a\\tb");
}

TEST(bad_display_names)
{
    static const char *const bad[] = {"",           ",",          "A,",           "A, Version",    "A, Version=",
                                      "A, Version=1", "A, Version=1.70000", "A, Version=1.2.3.4.5", "A, Version=1.x",
                                      "A, Version=1.2, Version=1.2", "A, PublicKeyToken=12", "A, PublicKeyToken=zz",
                                      "A, PublicKey=1", "A, Retargetable=maybe", "A, ContentType=x",
                                      "A, ProcessorArchitecture=x", "\"A", "A\\", "A\\x", "A=B", "A\"b"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (strcmp(round_trip(bad[i]), "bad") != 0) printf("accepted: %s\n", bad[i]);
        EXPECT_STR(round_trip(bad[i]), "bad");
    }
    MdAssemblyName n;
    char buf[8];
    EXPECT(!md_parse_assembly_name("A\0B", 3, buf, &n, NULL));
}

TEST(cut_and_compare)
{
    MdAssemblyName a = {.name = "System", .name_len = 6}, b = {.name = "SYSTEM", .name_len = 6};
    char buf[4];
    EXPECT_EQ(md_format_assembly_name(&a, buf, sizeof(buf)), 6);
    EXPECT_STR(buf, "Sys");
    EXPECT(md_same_simple_name(&a, &b));
    b.name = "SYSTEMS";
    EXPECT(md_same_simple_name(&a, &b));
    b.name_len = 7;
    EXPECT(!md_same_simple_name(&a, &b));
}

TEST_MAIN(display_names, bad_display_names, cut_and_compare)
