/* os_signal.h: hardware faults as a callback.
 * The handler runs on the alternate stack of the thread (os_signal_thread_init), so that a stack overflow can be
 * handled.  The callback may edit the registers in the context and return true: the thread goes on from there.
 * false: the handler that was installed before is called, or the default action taken. */
#ifndef OS_SIGNAL_H
#define OS_SIGNAL_H
#include "base/base.h"

#include <signal.h>

typedef bool (*OsFaultFn)(int sig, siginfo_t *info, void *ucontext);
void os_signal_install(OsFaultFn fn); /* SIGSEGV, SIGBUS, SIGFPE, SIGILL; once per process; SIGPIPE is ignored */
void os_signal_thread_init(void);     /* alternate stack of the calling thread; again does nothing */
void os_signal_thread_done(void);     /* before the thread ends */
bool os_signal_on_alt_stack(const void *sp); /* does sp lie in the calling thread's alternate stack? */

/* Registers in a context, by their machine number: 0 rax, 1 rcx, 2 rdx, 3 rbx, 4 rsp, 5 rbp, 6 rsi, 7 rdi, 8..15. */
u64 *os_ucontext_reg(void *ucontext, u32 reg);
u64 *os_ucontext_ip(void *ucontext);
bool os_ucontext_is_write(void *ucontext); /* of a memory fault */
#endif
