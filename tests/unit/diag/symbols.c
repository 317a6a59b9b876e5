/* symbols.c: the perf map's lines, the ELF file as readelf sees it, the list that gdb walks. */
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "diag/diag.h"

struct entry {
    struct entry *next, *prev;
    const char *file;
    u64 size;
};
extern struct {
    u32 version, action;
    struct entry *relevant, *first;
} __jit_debug_descriptor;

static char output[16384];

static void run(const char *command)
{
    FILE *p = popen(command, "r");
    size_t n = p ? fread(output, 1, sizeof output - 1, p) : 0;
    output[n] = 0;
    EXPECT(p && pclose(p) == 0);
}

#define HAS(text) (strstr(output, text) ? (void)0 : (void)(test_failures++, printf("no '%s' in:\n%s\n", text, output)))

TEST(perf_map)
{
    char path[] = "/tmp/stator-perf-XXXXXX";
    close(mkstemp(path));
    EXPECT(diag_perfmap_open(path));
    diag_perfmap_add((void *)0x7f001000, 0x40, "App.Program::Main(string[]) [Tier0]");
    diag_perfmap_add((void *)0x7f002000, 0xabc, "line\nend");
    char *big = base_calloc(3001, 1);
    memset(big, 'n', 3000);
    diag_perfmap_add((void *)1, 2, big);
    diag_perfmap_close();
    diag_perfmap_add((void *)1, 2, "late");
    FILE *f = fopen(path, "r");
    size_t n = fread(output, 1, sizeof output - 1, f);
    output[n] = 0;
    fclose(f);
    unlink(path);
    const char *head = "7f001000 40 App.Program::Main(string[]) [Tier0]\n7f002000 abc line end\n1 2 nnn";
    EXPECT(!strncmp(output, head, strlen(head)));
    EXPECT_EQ(n, strlen(head) - 3 + 3000 + 1);
    base_free(big);
}

TEST(elf)
{
    DiagSymbol symbols[] = {{0x7f0000001000, 0x80, "A.B::C()"}, {0x7f0000001080, 0x20, "D"}};
    size_t size;
    u8 *file = diag_elf_build(symbols, 2, &size);
    char path[] = "/tmp/stator-elf-XXXXXX", command[200];
    int fd = mkstemp(path);
    EXPECT(write(fd, file, size) == (ssize_t)size);
    close(fd);
    snprintf(command, sizeof command, "LC_ALL=C readelf -W --all --debug-dump=frames %s 2>&1", path);
    run(command);
    EXPECT(!strstr(output, "Warning") && !strstr(output, "Error"));
    HAS("EXEC (Executable file)");
    HAS("Advanced Micro Devices X86-64");
    HAS("00007f0000001000   128 FUNC    GLOBAL DEFAULT    1 A.B::C()");
    HAS("00007f0000001080    32 FUNC    GLOBAL DEFAULT    1 D");
    HAS("pc=00007f0000001000..00007f00000010a0");
    HAS("DW_CFA_def_cfa: r6 (rbp) ofs 16");
    HAS("DW_CFA_offset: r16 (rip) at cfa-8");
    HAS(".text             NOBITS          00007f0000001000");
    unlink(path);
    base_free(file);
}

static u32 list_length(void)
{
    u32 n = 0;
    struct entry *prev = NULL;
    for (struct entry *e = __jit_debug_descriptor.first; e; prev = e, e = e->next, n++) {
        EXPECT(e->prev == prev);
        EXPECT(!memcmp(e->file, "\177ELF", 4) && e->size > 64);
    }
    return n;
}

TEST(gdb_list)
{
    EXPECT_EQ(__jit_debug_descriptor.version, 1);
    diag_gdbjit_start(1);
    diag_gdbjit_add((void *)0x10000, 16, "a");
    diag_gdbjit_add((void *)0x10010, 16, "b");
    EXPECT_EQ(list_length(), 2);
    diag_gdbjit_start(3);
    diag_gdbjit_add((void *)0x10020, 16, "c");
    diag_gdbjit_add((void *)0x10030, 16, "d");
    EXPECT_EQ(list_length(), 2);
    diag_gdbjit_add((void *)0x10040, 16, "e");
    EXPECT_EQ(list_length(), 3);
    diag_gdbjit_add((void *)0x10050, 16, "f");
    diag_gdbjit_add((void *)0x90000000, 16, "g"); /* too far from f for one file */
    EXPECT_EQ(list_length(), 4);
    diag_gdbjit_flush();
    diag_gdbjit_flush();
    EXPECT_EQ(list_length(), 5);
}

TEST_MAIN(perf_map, elf, gdb_list)
