/* os_signal.c: one handler for the four hardware faults, chained to whatever was there before.
 * Book: os.md  Tests: tests/unit/os/ */
#define _GNU_SOURCE
#include "os/os_signal.h"

#include <errno.h>
#include <pthread.h>
#include <ucontext.h>
#include <unistd.h>

#include "os/os_mem.h"

enum { ALT_STACK_SIZE = 64 * 1024 };

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
static struct sigaction previous[ARRAY_LEN(fault_signals)]; /* written once, by os_signal_install */
static OsFaultFn fault_fn;
static _Thread_local char *alt_stack; /* guard page, then ALT_STACK_SIZE bytes */

static void call_previous(int sig, siginfo_t *info, void *ucontext)
{
    for (u32 i = 0; i < ARRAY_LEN(fault_signals); i++) {
        if (fault_signals[i] != sig)
            continue;
        struct sigaction *old = &previous[i];
        if (old->sa_flags & SA_SIGINFO) {
            old->sa_sigaction(sig, info, ucontext);
            return;
        }
        if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN) {
            old->sa_handler(sig);
            return;
        }
    }
    /* Default action: the instruction faults again on return; a signal that was sent must be sent again. */
    signal(sig, SIG_DFL);
    if (info->si_code <= 0)
        raise(sig);
}

static void on_fault(int sig, siginfo_t *info, void *ucontext)
{
    int saved = errno;
    if (!fault_fn || !fault_fn(sig, info, ucontext))
        call_previous(sig, info, ucontext);
    errno = saved;
}

void os_signal_install(OsFaultFn fn)
{
    if (fault_fn) {
        fault_fn = fn;
        return;
    }
    fault_fn = fn;
    struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&sa.sa_mask);
    for (u32 i = 0; i < ARRAY_LEN(fault_signals); i++)
        CHECK(sigaction(fault_signals[i], &sa, &previous[i]) == 0);
    signal(SIGPIPE, SIG_IGN);
}

void os_signal_thread_init(void)
{
    if (alt_stack)
        return;
    alt_stack = os_mem_reserve(OS_PAGE + ALT_STACK_SIZE, 0);
    CHECK(alt_stack && os_mem_commit(alt_stack + OS_PAGE, ALT_STACK_SIZE));
    stack_t ss = {.ss_sp = alt_stack + OS_PAGE, .ss_size = ALT_STACK_SIZE};
    CHECK(sigaltstack(&ss, NULL) == 0);
}

void os_signal_thread_done(void)
{
    if (!alt_stack)
        return;
    stack_t ss = {.ss_flags = SS_DISABLE};
    sigaltstack(&ss, NULL);
    os_mem_release(alt_stack, OS_PAGE + ALT_STACK_SIZE);
    alt_stack = NULL;
}

bool os_signal_on_alt_stack(const void *sp)
{
    const char *p = sp;
    return alt_stack && p >= alt_stack && p < alt_stack + OS_PAGE + ALT_STACK_SIZE;
}

u64 *os_ucontext_reg(void *ucontext, u32 reg)
{
    static const u8 index[16] = {
        REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
        REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
    };
    ucontext_t *uc = ucontext;
    return (u64 *)&uc->uc_mcontext.gregs[index[reg]];
}

u64 *os_ucontext_ip(void *ucontext)
{
    ucontext_t *uc = ucontext;
    return (u64 *)&uc->uc_mcontext.gregs[REG_RIP];
}

bool os_ucontext_is_write(void *ucontext)
{
    ucontext_t *uc = ucontext;
    return (uc->uc_mcontext.gregs[REG_ERR] & 2) != 0;
}
