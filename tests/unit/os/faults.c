/* Hardware faults as a callback, the alternate stack, files, libraries. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include "os/os_dl.h"
#include "os/os_file.h"
#include "os/os_mem.h"
#include "os/os_signal.h"
#include "test.h"

extern char fault_load[], fault_after[];
static u32 faults;
static int last_signal;

/* Loads from rdi; the label tells the handler where to go on. */
__asm__(".text\n.type load_from, @function\nload_from:\nfault_load:\n mov (%rdi), %rax\n ret\n"
        "fault_after:\n mov $77, %eax\n ret\n");
extern u64 load_from(const void *p);

static bool on_fault(int sig, siginfo_t *info, void *uc)
{
    char here = 0;
    EXPECT(os_signal_on_alt_stack(&here));
    last_signal = sig;
    faults++;
    if (*os_ucontext_ip(uc) != (u64)fault_load)
        return false;
    EXPECT((u64)info->si_addr == *os_ucontext_reg(uc, 7));
    EXPECT(!os_ucontext_is_write(uc));
    *os_ucontext_ip(uc) = (u64)fault_after;
    return true;
}

TEST(null_load_goes_on)
{
    os_signal_install(on_fault);
    os_signal_thread_init();
    EXPECT_EQ(load_from((void *)8), 77);
    EXPECT_EQ(load_from((void *)16), 77);
    EXPECT_EQ(faults, 2);
    EXPECT_EQ(last_signal, SIGSEGV);
    os_signal_thread_done();
    os_signal_thread_init();
    EXPECT_EQ(load_from((void *)8), 77);
}

TEST(files)
{
    char path[] = "/tmp/stator-test-XXXXXX";
    int fd = mkstemp(path);
    EXPECT(fd >= 0);
    close(fd);
    OsFileMap m;
    EXPECT(os_file_map(path, &m, NULL));
    EXPECT_EQ(m.size, 0);
    os_file_unmap(&m);
    char block[5000];
    memset(block, 'a', sizeof block);
    block[4500] = 'b';
    EXPECT(os_file_append(path, block, sizeof block));
    EXPECT(os_file_map_range(path, 4500, 500, &m, NULL));
    EXPECT_EQ(m.data[0], 'b');
    os_file_unmap(&m);
    Err e = {0};
    EXPECT(!os_file_map_range(path, 4500, 501, &m, &e));
    EXPECT_EQ(e.kind, ERR_FILE_LOAD);
    EXPECT(os_file_exists(path));
    EXPECT(os_dir_exists("/tmp"));
    unlink(path);
    e = (Err){0};
    EXPECT(!os_file_map(path, &m, &e));
    EXPECT_EQ(e.kind, ERR_FILE_NOT_FOUND);
    char *exe = os_file_exe_path();
    EXPECT(strstr(exe, "faults") != NULL);
    base_free(exe);
}

TEST(libraries)
{
    char error[200] = "";
    EXPECT(os_dl_open("libthere-is-none.so", error, sizeof error) == NULL);
    EXPECT(strstr(error, "libthere-is-none.so") != NULL);
    void *lib = os_dl_open("libm.so.6", NULL, 0);
    EXPECT(lib != NULL);
    double (*square_root)(double) = (double (*)(double))(uintptr_t)os_dl_sym(lib, "sqrt");
    EXPECT(square_root && square_root(9) == 3);
    EXPECT(os_dl_sym(lib, "no_such_function") == NULL);
    char *path = os_dl_path_of((void *)(uintptr_t)square_root);
    EXPECT(path && strstr(path, "libm"));
    base_free(path);
    EXPECT(os_dl_close(lib));
}

TEST_MAIN(null_load_goes_on, files, libraries)
