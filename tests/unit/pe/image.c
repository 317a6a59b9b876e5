#define _GNU_SOURCE /* mkstemp */
/* image.c: headers that are wrong in one place each, RVA translation, resources, the debug directory. */
#include "test.h"
#include "pe/pe.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A PE32 file: one section at RVA 0x2000, file offset 0x200, 0x200 raw bytes, virtual size 0x300. */
static u8 file[0x400];
enum { NT = 0x80, OPT = NT + 24, SECT = OPT + 224, CLI = 0x200, META = 0x260, RES = 0x2A0, DEBUG = 0x2C0 };

static void w16(u32 at, u32 v)
{
    memcpy(file + at, &v, 2);
}
static void w32(u32 at, u32 v)
{
    memcpy(file + at, &v, 4);
}

static void make(void)
{
    memset(file, 0, sizeof(file));
    w16(0, 0x5A4D), w32(0x3C, NT), w32(NT, 0x4550), w16(NT + 4, 0x14C), w16(NT + 6, 1), w16(NT + 20, 224);
    w16(OPT, 0x10B), w32(OPT + 28, 0x400000), w32(OPT + 60, 0x200), w32(OPT + 92, 16);
    w32(OPT + 96 + 14 * 8, 0x2000), w32(OPT + 96 + 14 * 8 + 4, 72);
    w32(OPT + 96 + 6 * 8, 0x2000 + DEBUG - 0x200), w32(OPT + 96 + 6 * 8 + 4, 56);
    memcpy(file + SECT, ".text", 5);
    w32(SECT + 8, 0x300), w32(SECT + 12, 0x2000), w32(SECT + 16, 0x200), w32(SECT + 20, 0x200);
    w32(CLI, 72), w16(CLI + 4, 2), w16(CLI + 6, 5), w32(CLI + 8, 0x2000 + META - 0x200), w32(CLI + 12, 0x40);
    w32(CLI + 16, PE_CLI_IL_ONLY), w32(CLI + 20, 0x06000001);
    w32(CLI + 24, 0x2000 + RES - 0x200), w32(CLI + 28, 0x20);
    w32(META, 0x424A5342);
    w32(RES, 3), memcpy(file + RES + 4, "abc", 3), w32(RES + 8, 0x1000);
    /* CodeView, then an embedded PDB */
    w32(DEBUG + 4, 77), w16(DEBUG + 10, 0x504D), w32(DEBUG + 12, 2), w32(DEBUG + 16, 30), w32(DEBUG + 24, 0x340);
    w32(DEBUG + 28 + 12, 17), w32(DEBUG + 28 + 16, 12), w32(DEBUG + 28 + 24, 0x380);
    memcpy(file + 0x340, "RSDS0123456789abcdef\1\0\0\0a.pdb", 30);
    memcpy(file + 0x380, "MPDB\x10\0\0\0wxyz", 12);
}

static bool opens(void)
{
    PeImage pe;
    Err e = {0};
    bool ok = pe_open_memory(&pe, file, sizeof(file), true, NULL, &e);
    if (!ok) {
        EXPECT_EQ(e.kind, ERR_BAD_IMAGE);
        EXPECT_EQ(e.hresult, PE_HR_BAD_IMAGE);
        EXPECT_STR(e.text, "Bad IL format.");
        EXPECT(pe.data == NULL);
    }
    pe_close(&pe);
    return ok;
}

TEST(good)
{
    PeImage pe;
    u32 n;
    make();
    EXPECT(pe_open_memory(&pe, file, sizeof(file), false, NULL, NULL));
    EXPECT_EQ(pe.machine, 0x14C);
    EXPECT_EQ(pe.image_base, 0x400000);
    EXPECT_EQ(pe.entry_token, 0x06000001);
    EXPECT_EQ(pe.cli_major, 2);
    EXPECT_EQ(pe.metadata - pe.data, META);
    EXPECT(!pe.pe32plus);
    EXPECT(pe_rva(&pe, 0x2000, &n) == pe.data + 0x200);
    EXPECT_EQ(n, 0x200);
    EXPECT(pe_rva(&pe, 0x21FF, &n) == pe.data + 0x3FF);
    EXPECT_EQ(n, 1);
    EXPECT(pe_rva(&pe, 0x2200, &n) == NULL); /* inside the section, outside the file */
    EXPECT(pe_rva(&pe, 0x10, &n) == pe.data + 0x10);
    EXPECT_EQ(n, 0x1F0);
    EXPECT(pe_rva(&pe, 0x1000, &n) == NULL);
    EXPECT(pe_rva_range(&pe, 0x2100, 0x100) != NULL);
    EXPECT(pe_rva_range(&pe, 0x2100, 0x101) == NULL);
    EXPECT(pe_rva_data(&pe, 0x21F0, 0x20, &n) == pe.data + 0x3F0);
    EXPECT_EQ(n, 0x10);
    EXPECT(pe_rva_data(&pe, 0x2280, 0x80, &n) != NULL);
    EXPECT_EQ(n, 0);
    EXPECT(pe_rva_data(&pe, 0x2280, 0x81, &n) == NULL);
    EXPECT(pe_rva_data(&pe, 0x9000, 1, &n) == NULL);
    EXPECT(pe_resource(&pe, 0, &n) == pe.data + RES + 4);
    EXPECT_EQ(n, 3);
    EXPECT(pe_resource(&pe, 8, &n) == NULL);
    EXPECT(pe_resource(&pe, 0x1D, &n) == NULL);
    EXPECT(pe_resource(&pe, 0x1000, &n) == NULL);
    EXPECT(pe_check_runnable(&pe, NULL));
    pe.cli_flags = PE_CLI_IL_ONLY | PE_CLI_32BIT_REQUIRED;
    EXPECT(!pe_check_runnable(&pe, NULL));
    pe.cli_flags = 0;
    EXPECT(!pe_check_runnable(&pe, NULL));
    pe.machine = 0xFD1D;
    EXPECT(pe_check_runnable(&pe, NULL));
    pe.machine = 0xAA64;
    EXPECT(!pe_check_runnable(&pe, NULL));
    pe_close(&pe);
}

TEST(debug_directory)
{
    PeImage pe;
    PeCodeView cv;
    u32 n, raw;
    make();
    EXPECT(pe_open_memory(&pe, file, sizeof(file), false, NULL, NULL));
    EXPECT(pe_codeview(&pe, &cv));
    EXPECT_STR(cv.path, "a.pdb");
    EXPECT(memcmp(cv.guid, "0123456789abcdef", 16) == 0);
    EXPECT_EQ(cv.age, 1);
    EXPECT_EQ(cv.stamp, 77);
    EXPECT(cv.portable);
    const u8 *p = pe_embedded_pdb(&pe, &n, &raw);
    EXPECT(p == pe.data + 0x388);
    EXPECT_EQ(n, 4);
    EXPECT_EQ(raw, 16);
    w32(DEBUG + 24, 0x3F0); /* beyond the end */
    w32(DEBUG + 28 + 24, 0xFFFFFFFF);
    EXPECT(!pe_codeview(&pe, &cv));
    EXPECT(pe_embedded_pdb(&pe, &n, &raw) == NULL);
    pe_close(&pe);
}

TEST(bad_headers)
{
    static const struct {
        u32 at, size, value;
    } cases[] = {
        {0, 2, 0},                          /* MZ */
        {0x3C, 4, 0xFFFFFFF0},              /* offset of the PE header */
        {NT, 4, 0},                         /* PE */
        {NT + 6, 2, 0},                     /* no sections */
        {NT + 6, 2, 97},                    /* too many */
        {NT + 20, 2, 0xFFFF},               /* optional header beyond the file */
        {NT + 20, 2, 1},                    /* none */
        {NT + 20, 2, 90},                   /* cut */
        {NT + 20, 2, 150},                  /* directories cut */
        {OPT, 2, 0x107},                    /* magic */
        {OPT + 96 + 14 * 8, 4, 0},          /* no CLI header: a native image */
        {OPT + 96 + 14 * 8, 4, 0x21E0},     /* CLI header beyond the section */
        {OPT + 96 + 14 * 8 + 4, 4, 71},     /* too small */
        {CLI, 4, 71},                       /* its own size */
        {CLI + 8, 4, 0x5000},               /* metadata nowhere */
        {CLI + 12, 4, 0x1000},              /* metadata too large */
        {CLI + 12, 4, 15},                  /* metadata too small */
    };
    make();
    EXPECT(opens());
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        make();
        memcpy(file + cases[i].at, &cases[i].value, cases[i].size);
        bool ok = opens();
        if (ok) printf("case %zu opened\n", i);
        EXPECT(!ok);
    }
    for (size_t n = 0; n < 0x300; n += 7) { /* cut files */
        PeImage pe;
        make();
        bool ok = pe_open_memory(&pe, file, n, true, NULL, NULL);
        EXPECT(ok == (n >= 0x2A0));
        pe_close(&pe);
    }
}

TEST(files)
{
    PeImage pe;
    Err e = {0};
    EXPECT(!pe_open_file(&pe, "/nowhere/at/all.dll", &e));
    EXPECT_EQ(e.kind, ERR_FILE_NOT_FOUND);
    EXPECT_EQ((u32)e.hresult, 0x80070002);
    EXPECT_STR(e.text, "Could not load file or assembly '/nowhere/at/all.dll'. The system cannot find the file specified.\n");
    EXPECT_STR(e.name, "/nowhere/at/all.dll");
    char path[] = "/tmp/pe_image_XXXXXX";
    int fd = mkstemp(path);
    EXPECT(fd >= 0);
    e = (Err){0};
    EXPECT(!pe_open_file(&pe, path, &e)); /* empty */
    EXPECT_EQ(e.kind, ERR_BAD_IMAGE);
    char want[256];
    snprintf(want, sizeof(want), "Bad IL format. The format of the file '%s' is invalid.", path);
    EXPECT_STR(e.text, want);
    make();
    EXPECT(write(fd, file, sizeof(file)) == (ssize_t)sizeof(file));
    close(fd);
    EXPECT(pe_open_file(&pe, path, NULL));
    EXPECT_STR(pe.path, path);
    EXPECT_EQ(pe.size, sizeof(file));
    pe_close(&pe);
    unlink(path);
}

TEST_MAIN(good, debug_directory, bad_headers, files)
