/* driver.c: main of every fuzzer: mutates inputs and calls LLVMFuzzerTestOneInput.
 * Inputs are files or folders on the command line; without any it starts from nothing.  There is no coverage feedback:
 * it finds what random bytes, flipped bits, cut and repeated pieces of good inputs find.  The input under test is in
 * fuzz-last.bin of the working folder when a run dies.
 * A fuzzer may define LLVMFuzzerCustomMutator (its input may have size 0: it then starts from a corpus of its own) and
 * fuzz_report, which adds a line to the progress.  One whose inputs leave memory behind sets fuzz_batch: so many runs are done by a
 * child process, which then ends; fuzz_start is called before; the counts of its reports belong in shared memory.
 *   fuzz_x [-seconds=N | -seconds N] [-runs N] [-seed N] [-once] [-keep-going] [FILE or FOLDER ...] */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/vec.h"
#include "os/os_file.h"
#include "os/os_time.h"
#include "fuzz_random.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned seed);
__attribute__((weak)) void fuzz_report(void);
__attribute__((weak)) void fuzz_start(bool given);
__attribute__((weak)) extern const u32 fuzz_batch;

enum { INPUT_MAX = 1 << 20 };
static VEC(Input) corpus;

static void add_file(const char *path)
{
    Input in;
    if (!os_file_read(path, &in.data, &in.size, NULL))
        return;
    if (in.size <= INPUT_MAX)
        vec_push(&corpus, in);
    else
        base_free(in.data);
}

static void add_path(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir) {
        add_file(path);
        return;
    }
    for (struct dirent *e; (e = readdir(dir));) {
        char *full = base_asprintf("%s/%s", path, e->d_name);
        if (e->d_name[0] != '.')
            add_file(full);
        base_free(full);
    }
    closedir(dir);
}

static void mutate_once(u8 *buf, size_t *size)
{
    static const u32 odd[] = {0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff};
    if (*size == 0) {
        *size = 1 + rnd(64);
        for (size_t i = 0; i < *size; i++)
            buf[i] = (u8)rnd(256);
        return;
    }
    /* Half of the changes near the start, where headers are. */
    u32 near_start = (u32)MIN(*size, 1024);
    u32 at = rnd(2) ? rnd((u32)*size) : rnd(near_start);
    u32 word = odd[rnd(ARRAY_LEN(odd))];
    size_t len = 1 + rnd((u32)MIN(*size - at, 64));
    switch (rnd(6)) {
    case 0: buf[at] ^= (u8)(1u << rnd(8)); break;
    case 1: buf[at] = (u8)rnd(256); break;
    case 2: memcpy(buf + at, &word, MIN(*size - at, (size_t)(1u << rnd(3)))); break;
    case 3: memmove(buf + rnd((u32)(*size - len + 1)), buf + at, MIN(len, *size - at)); break;
    case 4: buf[at] = (u8)(buf[at] + rnd(33) - 16); break;
    case 5:
        if (rnd(8) == 0)
            *size = at;
        break;
    }
}

/* The input in a shared file mapping: it survives the death of the process. */
static u8 *open_last(void)
{
    int fd = open("fuzz-last.bin", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    CHECK(fd >= 0);
    return mmap(NULL, INPUT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fd, ftruncate(fd, INPUT_MAX));
}

static u64 progress(u64 runs, u64 now, u64 shown)
{
    if (now - shown < 5000000000)
        return shown;
    printf("%llu runs\n", (unsigned long long)runs);
    if (fuzz_report)
        fuzz_report();
    fflush(stdout);
    return now;
}

enum { CHILD = -1 };
/* CHILD in the child; in the parent the child's exit code. */
static int run_child(void)
{
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        return CHILD;
    CHECK(waitpid(pid, &status, 0) == pid);
    if (WIFSIGNALED(status))
        printf("died of signal %d; the input is in fuzz-last.bin\n", WTERMSIG(status));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Where the failing input ends is not known; what follows it is of other inputs. */
static bool keep_input(const u8 *last, u32 n)
{
    char name[40];
    snprintf(name, sizeof name, "fuzz-fail-%u.bin", n);
    FILE *f = fopen(name, "wb");
    if (f) {
        fwrite(last, 1, INPUT_MAX, f);
        fclose(f);
    }
    return true;
}

int main(int argc, char **argv)
{
    u64 seconds = 30, most_runs = UINT64_MAX;
    u32 failed = 0;
    bool one_shot = false, keep_going = false;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "-seconds", 8) == 0)
            seconds = strtoull(argv[i][8] == '=' ? argv[i] + 9 : i + 1 < argc ? argv[++i] : "30", NULL, 10);
        else if (strcmp(argv[i], "-runs") == 0 && i + 1 < argc)
            most_runs = strtoull(argv[++i], NULL, 10), seconds = UINT32_MAX;
        else if (strcmp(argv[i], "-seed") == 0 && i + 1 < argc)
            state = strtoull(argv[++i], NULL, 10) * 2 + 1;
        else if (strcmp(argv[i], "-once") == 0)
            one_shot = true; /* the inputs as they are: to repeat a failure */
        else if (strcmp(argv[i], "-keep-going") == 0)
            keep_going = true; /* batches: failing inputs are kept as fuzz-fail-N.bin */
        else
            add_path(argv[i]);
    }
    if (fuzz_start)
        fuzz_start(one_shot || corpus.len);
    for (u32 i = 0; i < corpus.len; i++)
        LLVMFuzzerTestOneInput((u8 *)corpus.data[i].data, corpus.data[i].size);
    if (one_shot)
        return 0;
    u8 *last = open_last();
    u8 *buf = base_malloc(INPUT_MAX);
    u64 runs = 0, start = os_time_mono_ns(), shown = start;
    u64 batch = &fuzz_batch ? fuzz_batch : 0, child_end = 0;
    for (u64 now = start; now - start < seconds * 1000000000 && runs < most_runs; now = os_time_mono_ns()) {
        if (child_end && runs == child_end)
            _exit(0);
        if (batch && !child_end) {
            int status = run_child();
            if (status == CHILD) {
                child_end = runs + batch;
            } else {
                if (status != 0 && !keep_going)
                    return 1;
                failed += status != 0 && keep_input(last, failed);
                runs += batch;
                rnd(1);
                shown = progress(runs, now, shown);
                continue;
            }
        }
        size_t size = 0;
        if (corpus.len) {
            Input in = corpus.data[rnd(corpus.len)];
            memcpy(buf, in.data, size = in.size);
        }
        if (LLVMFuzzerCustomMutator)
            size = LLVMFuzzerCustomMutator(buf, size, INPUT_MAX, rnd(UINT32_MAX));
        else
            for (u32 n = 1 + rnd(8); n > 0; n--)
                mutate_once(buf, &size);
        memcpy(last, buf, size);
        u8 *exact = base_malloc(size); /* its own block, so that a read past the end is seen */
        memcpy(exact, buf, size);
        LLVMFuzzerTestOneInput(exact, size);
        base_free(exact);
        runs++;
        if (!child_end)
            shown = progress(runs, now, shown);
    }
    if (child_end)
        _exit(0);
    if (fuzz_report)
        fuzz_report();
    if (failed)
        printf("%llu runs, %u batches failed\n", (unsigned long long)runs, failed);
    else
        printf("%llu runs, nothing found\n", (unsigned long long)runs);
    base_free(buf);
    unlink("fuzz-last.bin");
    return failed != 0;
}
