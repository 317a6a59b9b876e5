/* code_entry.S: the hand-written stubs: C to managed, managed to the VM, raising, reverse calls.
 * Managed code has the Thread in r15 and a frame pointer in rbp; see code.h and thread.h (TransitionRecord).
 * Every stub is entered with rsp = 16n + 8.  Not here: stubs made per method, slot or helper (code_stubs.c).
 * Book: code.md  Tests: tests/unit/code/ */
#include "code/code_int.h"

    .text
.macro FUNC name
    .p2align 4
    .globl  \name
    .hidden \name
    .type   \name, @function
\name:
.endm
.macro END name
    .size   \name, . - \name
.endm

/* Fills the record at rsp + at and puts it on top; the return address is at rsp + frame.  Clobbers r10 and the flags. */
.macro PUSH_RECORD at, kind, frame
    mov     THREAD_O_RECORD(%r15), %r10
    mov     %r10, REC_PREV+\at(%rsp)
    movq    $\kind, REC_KIND+\at(%rsp)
    mov     \frame(%rsp), %r10
    mov     %r10, REC_IP+\at(%rsp)
    mov     %rbp, REC_FP+\at(%rsp)
    lea     \frame+8(%rsp), %r10
    mov     %r10, REC_SP+\at(%rsp)
    lea     \at(%rsp), %r10
    mov     %r10, THREAD_O_RECORD(%r15)
.endm
.macro POP_RECORD at, scratch
    mov     REC_PREV+\at(%rsp), \scratch
    mov     \scratch, THREAD_O_RECORD(%r15)
.endm

/* ---- C calls managed code ----------------------------------------------------------------------------------------------
 * Entry frame, from rbp down: rbx r12 r13 r14 r15, tag, the ENTRY record.  tag: CodeCallArgs * of code_call, 0: reverse thunk.
 * The code below code_entry_return finds all by rbp, which managed code preserves. */
#define E_TAG -48
#define E_RECORD -96

.macro ENTRY_FRAME
    .cfi_startproc
    push    %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset %rbp, -16
    mov     %rsp, %rbp
    .cfi_def_cfa_register %rbp
    push    %rbx
    push    %r12
    push    %r13
    push    %r14
    push    %r15
    sub     $56, %rsp
    .cfi_offset %rbx, -24
    .cfi_offset %r12, -32
    .cfi_offset %r13, -40
    .cfi_offset %r14, -48
    .cfi_offset %r15, -56
.endm
.macro ENTRY_RETURN
    mov     -8(%rbp), %rbx
    mov     -16(%rbp), %r12
    mov     -24(%rbp), %r13
    mov     -32(%rbp), %r14
    mov     -40(%rbp), %r15
    leave
    ret
.endm

/* bool code_call_flags(Thread *t, void *entry, CodeCallArgs *args, u64 flags) */
FUNC code_call_flags
    ENTRY_FRAME
    mov     %rdi, %r15
    mov     %rdx, %rbx
    mov     %rsi, %rax
    mov     %rdx, E_TAG(%rbp)
    mov     THREAD_O_RECORD(%r15), %r10
    mov     %r10, E_RECORD+REC_PREV(%rbp)
    movq    $REC_K_ENTRY, E_RECORD+REC_KIND(%rbp)
    movq    $0, E_RECORD+REC_IP(%rbp)
    mov     %rbp, E_RECORD+REC_FP(%rbp)
    mov     %rsp, E_RECORD+REC_SP(%rbp)
    mov     %rcx, E_RECORD+REC_EXTRA(%rbp)
    lea     E_RECORD(%rbp), %r10
    mov     %r10, THREAD_O_RECORD(%r15)
    mov     ARGS_NUM_STACK(%rbx), %rcx
    test    %rcx, %rcx
    jz      2f
    mov     ARGS_STACK(%rbx), %rsi
    lea     1(%rcx), %rdx
    and     $-2, %rdx
    shl     $3, %rdx
    sub     %rdx, %rsp
    mov     %rsp, %rdi
    cld
    rep movsq
2:  movsd   ARGS_XMM+0(%rbx), %xmm0
    movsd   ARGS_XMM+8(%rbx), %xmm1
    movsd   ARGS_XMM+16(%rbx), %xmm2
    movsd   ARGS_XMM+24(%rbx), %xmm3
    movsd   ARGS_XMM+32(%rbx), %xmm4
    movsd   ARGS_XMM+40(%rbx), %xmm5
    movsd   ARGS_XMM+48(%rbx), %xmm6
    movsd   ARGS_XMM+56(%rbx), %xmm7
    mov     ARGS_GPR+0(%rbx), %rdi
    mov     ARGS_GPR+8(%rbx), %rsi
    mov     ARGS_GPR+16(%rbx), %rdx
    mov     ARGS_GPR+24(%rbx), %rcx
    mov     ARGS_GPR+32(%rbx), %r8
    mov     ARGS_GPR+40(%rbx), %r9
call_managed:
    call    *%rax
    .globl  code_entry_return
    .hidden code_entry_return
code_entry_return:
    mov     E_TAG(%rbp), %rbx
    test    %rbx, %rbx
    jz      reverse_return
    mov     %rax, ARGS_RET_GPR+0(%rbx)
    mov     %rdx, ARGS_RET_GPR+8(%rbx)
    movsd   %xmm0, ARGS_RET_XMM+0(%rbx)
    movsd   %xmm1, ARGS_RET_XMM+8(%rbx)
    mov     E_RECORD+REC_PREV(%rbp), %rcx
    mov     %rcx, THREAD_O_RECORD(%r15)
    mov     $1, %eax
    ENTRY_RETURN
    .cfi_endproc
END code_call_flags

/* An exception came out: rdi = the ENTRY record, r15 = t, t->pending set. */
    .p2align 4
leave_by_entry:
    lea     -E_RECORD(%rdi), %rbp
    lea     E_RECORD(%rbp), %rsp
    cmpq    $0, E_TAG(%rbp)
    je      3f
    mov     E_RECORD+REC_PREV(%rbp), %rcx
    mov     %rcx, THREAD_O_RECORD(%r15)
    xor     %eax, %eax
    ENTRY_RETURN
3:  call    code_reverse_raised

/* ---- Foreign code calls managed code -------------------------------------------------------------------------------------
 * r11 = ReverseData.  Argument registers are saved below the entry frame while the thread enters the managed world. */
FUNC code_reverse_entry
    ENTRY_FRAME
    sub     $192, %rsp
    mov     %rdi, 0(%rsp)
    mov     %rsi, 8(%rsp)
    mov     %rdx, 16(%rsp)
    mov     %rcx, 24(%rsp)
    mov     %r8, 32(%rsp)
    mov     %r9, 40(%rsp)
    movups  %xmm0, 48(%rsp)
    movups  %xmm1, 64(%rsp)
    movups  %xmm2, 80(%rsp)
    movups  %xmm3, 96(%rsp)
    movups  %xmm4, 112(%rsp)
    movups  %xmm5, 128(%rsp)
    movups  %xmm6, 144(%rsp)
    movups  %xmm7, 160(%rsp)
    mov     %r11, %rbx
    movq    $0, E_TAG(%rbp)
    movq    $REC_K_ENTRY, E_RECORD+REC_KIND(%rbp)
    movq    $0, E_RECORD+REC_IP(%rbp)
    mov     %rbp, E_RECORD+REC_FP(%rbp)
    mov     %rsp, E_RECORD+REC_SP(%rbp)
    lea     E_RECORD(%rbp), %rdi
    call    code_reverse_enter
    mov     %rax, %r15
    mov     %rsp, %rax
    mov     REVERSE_WORDS(%rbx), %rcx
    test    %rcx, %rcx
    jz      2f
    lea     1(%rcx), %rdx
    and     $-2, %rdx
    shl     $3, %rdx
    sub     %rdx, %rsp
    lea     16(%rbp), %rsi
    mov     %rsp, %rdi
    cld
    rep movsq
2:  mov     0(%rax), %rdi
    mov     8(%rax), %rsi
    mov     16(%rax), %rdx
    mov     24(%rax), %rcx
    mov     32(%rax), %r8
    mov     40(%rax), %r9
    movups  48(%rax), %xmm0
    movups  64(%rax), %xmm1
    movups  80(%rax), %xmm2
    movups  96(%rax), %xmm3
    movups  112(%rax), %xmm4
    movups  128(%rax), %xmm5
    movups  144(%rax), %xmm6
    movups  160(%rax), %xmm7
    mov     REVERSE_EXTRA(%rbx), %r11
    mov     REVERSE_CELL(%rbx), %rax
    mov     (%rax), %rax
    jmp     call_managed
reverse_return:
    lea     E_RECORD-48(%rbp), %rsp
    mov     %rax, 0(%rsp)
    mov     %rdx, 8(%rsp)
    movups  %xmm0, 16(%rsp)
    movsd   %xmm1, 32(%rsp)
    mov     %r15, %rdi
    lea     E_RECORD(%rbp), %rsi
    call    code_reverse_leave
    mov     0(%rsp), %rax
    mov     8(%rsp), %rdx
    movups  16(%rsp), %xmm0
    movsd   32(%rsp), %xmm1
    ENTRY_RETURN
    .cfi_endproc
END code_reverse_entry

/* ---- First calls ---------------------------------------------------------------------------------------------------------
 * Frame: record 0, rdi rsi rdx rcx r8 r9 48..95, r11 96, xmm0-7 112..239, pad; return address 248. */
#define P_FRAME 248
.macro SAVE_ARGS
    sub     $P_FRAME, %rsp
    mov     %rdi, 48(%rsp)
    mov     %rsi, 56(%rsp)
    mov     %rdx, 64(%rsp)
    mov     %rcx, 72(%rsp)
    mov     %r8, 80(%rsp)
    mov     %r9, 88(%rsp)
    mov     %r11, 96(%rsp)
    movups  %xmm0, 112(%rsp)
    movups  %xmm1, 128(%rsp)
    movups  %xmm2, 144(%rsp)
    movups  %xmm3, 160(%rsp)
    movups  %xmm4, 176(%rsp)
    movups  %xmm5, 192(%rsp)
    movups  %xmm6, 208(%rsp)
    movups  %xmm7, 224(%rsp)
.endm
.macro RESTORE_ARGS
    mov     48(%rsp), %rdi
    mov     56(%rsp), %rsi
    mov     64(%rsp), %rdx
    mov     72(%rsp), %rcx
    mov     80(%rsp), %r8
    mov     88(%rsp), %r9
    mov     96(%rsp), %r11
    movups  112(%rsp), %xmm0
    movups  128(%rsp), %xmm1
    movups  144(%rsp), %xmm2
    movups  160(%rsp), %xmm3
    movups  176(%rsp), %xmm4
    movups  192(%rsp), %xmm5
    movups  208(%rsp), %xmm6
    movups  224(%rsp), %xmm7
.endm
/* rsi = what the stub is about (kept in rax while the record is made); ends in `finish_prestub` */
.macro PRESTUB_RECORD
    PUSH_RECORD 0, REC_K_PRESTUB, P_FRAME
    lea     48(%rsp), %r10
    mov     %r10, REC_EXTRA(%rsp)
    mov     %r15, %rdi
.endm

/* from a precode: r10 = Method */
FUNC code_prestub_entry
    SAVE_ARGS
    mov     %r10, %rsi
    PRESTUB_RECORD
    mov     %rsp, %rdx
    call    code_prestub_c
    jmp     finish_prestub
END code_prestub_entry

/* from a slot prestub: r10d = slot, rdi = this */
FUNC code_slot_prestub_entry
    SAVE_ARGS
    mov     %rdi, %rsi
    mov     %r10d, %edx
    PRESTUB_RECORD
    mov     %rsp, %rcx
    call    *code_client+CLIENT_SLOT_PRESTUB(%rip)
    jmp     finish_prestub
END code_slot_prestub_entry

/* r11 = CallSite, rdi = this */
FUNC code_site_miss_entry
    SAVE_ARGS
    mov     %rdi, %rsi
    mov     %r11, %rdx
    PRESTUB_RECORD
    mov     %rsp, %rcx
    call    *code_client+CLIENT_SITE_MISS(%rip)
finish_prestub:
    POP_RECORD 0, %rcx
    test    %rax, %rax
    jz      4f
    RESTORE_ARGS
    add     $P_FRAME, %rsp
    jmp     *%rax
4:  add     $P_FRAME, %rsp
    jmp     code_raise_pending
END code_site_miss_entry

/* a precode whose method has code: r10 = Method */
FUNC code_through_entry
    jmp     *(%r10)
END code_through_entry

/* Open delegate whose arguments all lie in registers: they move down by one, the target is _methodPtrAux. */
FUNC code_shuffle_stub
    mov     32(%rdi), %rax
    mov     %rsi, %rdi
    mov     %rdx, %rsi
    mov     %rcx, %rdx
    mov     %r8, %rcx
    mov     %r9, %r8
    jmp     *%rax
END code_shuffle_stub

/* ---- Limit check failed: r10 = bytes of frame still needed ------------------------------------------------------------------
 * Frame as above, and rax at 104. */
FUNC code_limit_entry
    SAVE_ARGS
    mov     %rax, 104(%rsp)
    mov     %r10, %rdx
    PUSH_RECORD 0, REC_K_CALL, P_FRAME
    mov     %r15, %rdi
    lea     P_FRAME+8(%rsp), %rsi
    call    *code_client+CLIENT_LIMIT_HIT(%rip)
    POP_RECORD 0, %rcx
    cmpq    $0, THREAD_O_PENDING(%r15)
    jne     4b
    RESTORE_ARGS
    mov     104(%rsp), %rax
    add     $P_FRAME, %rsp
    ret
END code_limit_entry

/* ---- Tail calls with more stack arguments than the caller was given ---------------------------------------------------------
 * Jumped to from a managed frame (rbp; saved registers given back): r10 = target, r11 and the argument registers as the target wants
 * them, rax = bytes of stack arguments, which lie at [rsp].  The frame is emptied but for its saved rbp and return address, and the
 * arguments move up to end below these; a frame that was left so already is used again, so that the stack stays flat however often the number
 * changes. The walk steps over it (code_walk.c). */
FUNC code_tail_entry
    push    %r10
    push    %rsi
    push    %rdi
    push    %rcx
    lea     32(%rsp), %rsi
    lea     code_tail_return(%rip), %rcx
    cmp     %rcx, 8(%rbp)
    jne     1f
    mov     (%rbp), %rbp
1:  lea     15(%rax), %rdi
    and     $-16, %rdi
    neg     %rdi
    add     %rbp, %rdi
2:  sub     $8, %rax
    jb      3f
    mov     (%rsi,%rax), %rcx
    mov     %rcx, (%rdi,%rax)
    jmp     2b
3:  mov     %rdi, %rax
    pop     %rcx
    pop     %rdi
    pop     %rsi
    pop     %r10
    mov     %rax, %rsp
    call    *%r10
    .globl  code_tail_return
    .hidden code_tail_return
code_tail_return:
    leave
    ret
END code_tail_entry

/* ---- Raising ---------------------------------------------------------------------------------------------------------------
 * Frame: the throw's record 0, FUNCLET record 48, EhStep 96; return address (the throwing ip) 152.
 * Nothing is kept in registers across a step: a funclet may use all of them but r15 and rsp. */
#define D_FUNCLET 48
#define D_STEP 96
#define D_FRAME 152
#define D_DEAD 4096 /* bytes below the driver that searching for handlers wrote to; within the reserve of every stack */

/* `throw`: rdi = object, 0: rethrow */
FUNC code_throw_entry
    mov     %rdi, THREAD_O_PENDING(%r15)
/* Jumped to with rsp as after a call from managed code: [rsp] = ip. */
    .globl  code_raise_pending
    .hidden code_raise_pending
code_raise_pending:
    sub     $D_FRAME, %rsp
    PUSH_RECORD 0, REC_K_CALL, D_FRAME
raise:
    mov     %r15, %rdi
    mov     %rsp, %rsi
    call    *code_client+CLIENT_EH_BEGIN(%rip)
    xor     %edx, %edx
next_step:
    mov     %r15, %rdi
    lea     D_STEP(%rsp), %rsi
    call    *code_client+CLIENT_EH_NEXT(%rip)
    mov     D_STEP+STEP_KIND(%rsp), %rcx
    cmp     $STEP_K_RESUME, %rcx
    je      5f
    ja      6f
    /* FUNCLET */
    mov     THREAD_O_RECORD(%r15), %r10
    mov     %r10, D_FUNCLET+REC_PREV(%rsp)
    movq    $REC_K_FUNCLET, D_FUNCLET+REC_KIND(%rsp)
    mov     D_STEP+STEP_TARGET(%rsp), %rax
    mov     %rax, D_FUNCLET+REC_IP(%rsp)
    mov     D_STEP+STEP_FP(%rsp), %rbp
    mov     %rbp, D_FUNCLET+REC_FP(%rsp)
    mov     %rsp, D_FUNCLET+REC_SP(%rsp)
    lea     D_STEP(%rsp), %r10
    mov     %r10, D_FUNCLET+REC_EXTRA(%rsp)
    lea     D_FUNCLET(%rsp), %r10
    mov     %r10, THREAD_O_RECORD(%r15)
    mov     D_STEP+STEP_EXCEPTION(%rsp), %rdi
    call    *%rax
    .globl  code_funclet_return
    .hidden code_funclet_return
code_funclet_return:
    POP_RECORD D_FUNCLET, %rcx
    mov     %rax, %rdx
    jmp     next_step
5:  /* RESUME */
    mov     D_STEP+STEP_RECORD(%rsp), %rcx
    mov     %rcx, THREAD_O_RECORD(%r15)
    mov     D_STEP+STEP_TARGET(%rsp), %rcx
    mov     D_STEP+STEP_EXCEPTION(%rsp), %rax
    mov     D_STEP+STEP_FP(%rsp), %rbp
    mov     D_STEP+STEP_SP(%rsp), %rsi
    /* What the frames left behind held must not be met again by scans of C frames that come to lie there (gc.md). */
    lea     -D_DEAD(%rsp), %rdi
    mov     %rsi, %rsp
    mov     %rcx, %rdx
    mov     %rax, %r8
    mov     %rsi, %rcx
    sub     %rdi, %rcx
    shr     $3, %rcx
    xor     %eax, %eax
    rep stosq
    mov     %r8, %rax
    jmp     *%rdx
6:  /* TO_ENTRY */
    mov     D_STEP+STEP_RECORD(%rsp), %rdi
    jmp     leave_by_entry
END code_throw_entry

/* From the signal handler: rdi = t, rsi = fault ip, rdx = rsp at the fault, rbp as at the fault. */
FUNC code_fault_raise
    mov     %rdi, %r15
    and     $-16, %rsp
    push    %rsi
    sub     $D_FRAME, %rsp
    PUSH_RECORD 0, REC_K_FAULT, D_FRAME
    mov     %rdx, REC_SP(%rsp)
    jmp     raise
END code_fault_raise

    .section .note.GNU-stack, "", @progbits
