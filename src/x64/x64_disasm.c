/* x64_disasm.c: one instruction to one line, by the Capstone library where the machine has it.
 * The library is opened at first use rather than linked, so that libcoreclr.so needs nothing beyond libc; its header is
 * needed when building, and without it only hex comes out.
 * Invariant: one handle for the process, made under pthread_once; the library's calls on it are serialised.
 * Book: x64.md  Tests: tests/unit/x64/ */
#include "x64/x64_disasm.h"

#include <stdio.h>

#if defined(__has_include)
#if __has_include(<capstone/capstone.h>)
#define HAVE_CAPSTONE 1
#endif
#endif

static int hex_line(const u8 *p, size_t n, char *out, size_t cap)
{
    int len = (int)MIN(n, (size_t)16);
    size_t used = (size_t)snprintf(out, cap, "db");
    for (int i = 0; i < len && used < cap; i++)
        used += (size_t)snprintf(out + used, cap - used, "%s0x%02x", i ? ", " : " ", p[i]);
    return len;
}

#ifdef HAVE_CAPSTONE
#include <capstone/capstone.h>
#include <dlfcn.h>
#include <pthread.h>

static struct {
    pthread_once_t once;
    pthread_mutex_t lock;
    bool ok;
    csh handle;
    cs_insn *insn;
    __typeof__(&cs_disasm_iter) iter;
} capstone = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

#define STRING2(x) #x
#define STRING(x) STRING2(x)

static void open_library(void)
{
    void *lib = dlopen("libcapstone.so." STRING(CS_API_MAJOR), RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        return;
    __typeof__(&cs_open) open_fn = (__typeof__(&cs_open))dlsym(lib, "cs_open");
    __typeof__(&cs_malloc) malloc_fn = (__typeof__(&cs_malloc))dlsym(lib, "cs_malloc");
    capstone.iter = (__typeof__(&cs_disasm_iter))dlsym(lib, "cs_disasm_iter");
    if (!open_fn || !malloc_fn || !capstone.iter)
        return;
    if (open_fn(CS_ARCH_X86, CS_MODE_64, &capstone.handle) != CS_ERR_OK)
        return;
    capstone.insn = malloc_fn(capstone.handle);
    capstone.ok = capstone.insn != NULL;
}

bool x64_disasm_available(void)
{
    pthread_once(&capstone.once, open_library);
    return capstone.ok;
}

int x64_disasm_line(const u8 *p, size_t n, u64 addr, char *out, size_t cap)
{
    if (n == 0) {
        if (cap)
            out[0] = 0;
        return 0;
    }
    if (!x64_disasm_available())
        return hex_line(p, n, out, cap);
    const u8 *code = p;
    size_t left = n;
    uint64_t at = addr;
    int len;
    pthread_mutex_lock(&capstone.lock);
    if (capstone.iter(capstone.handle, &code, &left, &at, capstone.insn)) {
        const cs_insn *insn = capstone.insn;
        snprintf(out, cap, "%s%s%s", insn->mnemonic, insn->op_str[0] ? " " : "", insn->op_str);
        len = insn->size;
    } else {
        len = hex_line(p, 1, out, cap);
    }
    pthread_mutex_unlock(&capstone.lock);
    return len;
}

#else

bool x64_disasm_available(void) { return false; }

int x64_disasm_line(const u8 *p, size_t n, u64 addr, char *out, size_t cap)
{
    (void)addr;
    return hex_line(p, n, out, cap);
}

#endif
