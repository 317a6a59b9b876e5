/* vm_fault.c: hardware faults become managed exceptions, or end the program with the reference's
 * words. memory fault below 64 KB, at an ip that is managed or in what managed code calls without a
 * record -> NullReferenceException any other memory fault of managed code ->
 * AccessViolationException, fatal; in a stack's guard area: stack overflow divide fault ->
 * DivideByZeroException, or OverflowException when the divisor is not zero What managed code calls
 * without a record: the write barriers, memory helpers (MEMCPY, MEMSET, COPY_REFS) and the C
 * library functions that they end in.  Such a fault is moved to the call in managed code: by one
 * return address, or by one C frame of a known helper. The handler only edits the context; the
 * exception object is made by the dispatch (vm_eh.c) in normal context. Book: exceptions.md  Tests:
 * tests/il, tests/app */
#include "gc/gc.h"
#include "os/os_signal.h"
#include "vm/vm_eh.h"
#include "vm/vm_helpers.h"
#include "vm/vm_trace.h"

enum { REG_N_RDX = 2, REG_N_RSP = 4, REG_N_RBP = 5, REG_N_RSI = 6, REG_N_RDI = 7 };
enum {
    NULL_PAGE = 65536,
    RED_ZONE = 256,
    GUARD_ABOVE = 64 * 1024,
    GUARD_BELOW = 64 * 1024,
    HELPER_BYTES = 512,
    FRAME_MAX = 4096
};

/* bounds of the module's code, made by the linker */
extern const char etext[] __attribute__((visibility("hidden")));
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

typedef struct FaultPlace { /* where managed code is, seen from the fault */
    char *ip, *sp, *fp;
} FaultPlace;

static bool in_barrier(const char *ip)
{
    return ip >= gc_barrier_code_start && ip < gc_barrier_code_end;
}

static bool in_helper(const char *ip)
{
    const char *fn = jit_env.helpers[JIT_HELPER_COPY_REFS];
    return in_barrier(ip) || (ip >= vm_help_mem_start && ip < vm_help_mem_end) || (fn && ip >= fn && ip < fn + HELPER_BYTES);
}

/* Our own code other than the helpers: a fault there is a bug of ours. */
static bool in_runtime(const char *ip)
{
    return ip >= __ehdr_start && ip < etext && !in_helper(ip);
}

static bool in_thread_stack(const Thread *t, const char *p)
{
    return p >= t->stack_low && p + 16 <= t->stack_high;
}

static bool find_managed(const Thread *t, FaultPlace *p)
{
    if (code_is_managed(p->ip))
        return true;
    if (t->mode != THREAD_COOPERATIVE || in_runtime(p->ip) || !in_thread_stack(t, p->sp))
        return false;
    char *ret = *(char **)(void *)p->sp;
    if (code_is_managed(ret)) { /* no frame, or none yet */
        p->ip = ret - 1;
        p->sp += 8;
        return true;
    }
    if (!in_helper(p->ip) && !in_helper(ret))
        return false;
    if (p->fp < p->sp || p->fp - p->sp > FRAME_MAX || !in_thread_stack(t, p->fp))
        return false;
    ret = ((char **)(void *)p->fp)[1];
    if (!code_is_managed(ret))
        return false;
    p->ip = ret - 1;
    p->sp = p->fp + 16;
    p->fp = ((char **)(void *)p->fp)[0];
    return true;
}

static void redirect(Thread *t, void *uc, const FaultPlace *p, VmError kind)
{
    u64 low = *os_ucontext_reg(uc, REG_N_RSP);
    vm_eh_set_fault(kind);
    *os_ucontext_reg(uc, REG_N_RDI) = (u64)(uintptr_t)t;
    *os_ucontext_reg(uc, REG_N_RSI) = (u64)(uintptr_t)p->ip;
    *os_ucontext_reg(uc, REG_N_RDX) = (u64)(uintptr_t)p->sp;
    *os_ucontext_reg(uc, REG_N_RBP) = (u64)(uintptr_t)p->fp;
    *os_ucontext_reg(uc, REG_N_RSP) = (low - RED_ZONE) & ~(u64)15;
    *os_ucontext_ip(uc) = (u64)(uintptr_t)code_fault_raise;
}

/* Makes the faulting frame visible to stack walks while a last message is printed. */
static void show_frame(Thread *t, TransitionRecord *rec, const FaultPlace *p)
{
    *rec = (TransitionRecord){
        t->record, RECORD_FAULT, p->ip, (void **)(void *)p->fp, (void **)(void *)p->sp, NULL};
    t->record = rec;
}

/* Is the divisor of the div or idiv at ip zero? */
static bool divisor_is_zero(void *uc, const u8 *ip)
{
    u8 rex = 0;
    bool word = false;
    for (;; ip++) {
        if (*ip == 0x66)
            word = true;
        else if ((*ip & 0xf0) == 0x40)
            rex = *ip;
        else
            break;
    }
    if ((*ip & 0xfe) != 0xf6)
        return true;
    u32 size = *ip == 0xf6 ? 1 : rex & 8 ? 8 : word ? 2 : 4;
    u8 modrm = ip[1];
    const u8 *p = ip + 2;
    u64 value = 0;
    u32 rm = (modrm & 7) | (rex & 1 ? 8u : 0u), mod = modrm >> 6;
    if (mod == 3) {
        value = *os_ucontext_reg(uc, size == 1 && !rex && rm >= 4 ? rm - 4 : rm);
        if (size == 1 && !rex && rm >= 4)
            value >>= 8;
    } else {
        u64 at = 0;
        bool rip = false;
        if ((modrm & 7) == 4) {
            u8 sib = *p++;
            u32 index = ((sib >> 3) & 7) | (rex & 2 ? 8u : 0u),
                base = (sib & 7) | (rex & 1 ? 8u : 0u);
            if (index != 4)
                at += *os_ucontext_reg(uc, index) << (sib >> 6);
            if ((sib & 7) == 5 && mod == 0)
                mod = 4; /* disp32 without base */
            else
                at += *os_ucontext_reg(uc, base);
        } else if ((modrm & 7) == 5 && mod == 0) {
            rip = true;
        } else {
            at += *os_ucontext_reg(uc, rm);
        }
        i32 disp = 0;
        if (mod == 1) {
            disp = (i8)*p++;
        } else if (mod == 2 || mod == 4 || rip) {
            memcpy(&disp, p, 4);
            p += 4;
        }
        at += (u64)(i64)disp;
        if (rip)
            at += (u64)(uintptr_t)p;
        memcpy(&value, (const void *)(uintptr_t)at, size);
    }
    return size == 8 ? value == 0 : (value & (((u64)1 << (size * 8)) - 1)) == 0;
}

static bool on_memory_fault(Thread *t, siginfo_t *info, void *uc, FaultPlace *p)
{
    /* a non-canonical address is reported as 0 by the kernel itself */
    u64 at = info->si_code == SI_KERNEL ? ~(u64)0 : (u64)(uintptr_t)info->si_addr;
    bool managed = find_managed(t, p);
    TransitionRecord rec;
    if (managed && at < NULL_PAGE) {
        redirect(t, uc, p, VM_ERR_NULL_REFERENCE);
        return true;
    }
    u64 low = (u64)(uintptr_t)t->stack_low;
    if (at >= low - GUARD_BELOW && at < low + GUARD_ABOVE) {
        if (managed)
            show_frame(t, &rec, p);
        vm_stack_overflow(t);
    }
    if (managed) {
        show_frame(t, &rec, p);
        vm_access_violation(t);
    }
    return false;
}

static bool on_fault(int sig, siginfo_t *info, void *uc)
{
    Thread *t = thread_current();
    if (!t || info->si_code <= 0)
        return false;
    FaultPlace p = {(char *)(uintptr_t)*os_ucontext_ip(uc),
                    (char *)(uintptr_t)*os_ucontext_reg(uc, REG_N_RSP),
                    (char *)(uintptr_t)*os_ucontext_reg(uc, REG_N_RBP)};
    if (sig == SIGSEGV || sig == SIGBUS)
        return on_memory_fault(t, info, uc, &p);
    if (sig == SIGFPE && code_is_managed(p.ip)) {
        redirect(t, uc, &p,
                 divisor_is_zero(uc, (const u8 *)p.ip) ? VM_ERR_DIVIDE : VM_ERR_OVERFLOW);
        return true;
    }
    return false;
}

void vm_fault_init(void)
{
    os_signal_install(on_fault);
}
