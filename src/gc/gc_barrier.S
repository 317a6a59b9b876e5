/* gc_barrier.S: the write barriers of compiled code.
 * In: slot in rdi, value in rsi.  Clobbers rdi, rsi, r10, r11 and flags only (exchange: rax gets the old value).
 * The store comes first, the card second; no frame is set up, so that a fault between gc_barrier_code_start and _end
 * is unwound by one return address.  Book: gc.md */
    .text
    .globl  gc_barrier_code_start, gc_barrier_code_end, gc_barrier_store, gc_barrier_exchange
    .hidden gc_barrier_code_start, gc_barrier_code_end, gc_barrier_store, gc_barrier_exchange
    .hidden gc_heap_base, gc_heap_size, gc_card_biased
    .type gc_barrier_store, @function
    .type gc_barrier_exchange, @function

/* Marks the card of the slot in rdi unless it is outside the heap or already marked. */
.macro MARK_CARD
    mov     %rdi, %r10
    sub     gc_heap_base(%rip), %r10
    cmp     gc_heap_size(%rip), %r10
    jae     1f
    shr     $9, %rdi
    add     gc_card_biased(%rip), %rdi
    cmpb    $0, (%rdi)
    jne     1f
    movb    $1, (%rdi)
1:
.endm

    .p2align 5
gc_barrier_code_start:
gc_barrier_store:
    mov     %rsi, (%rdi)
    test    %rsi, %rsi
    jz      2f
    MARK_CARD
2:  ret
    .size gc_barrier_store, . - gc_barrier_store

    .p2align 5
gc_barrier_exchange:
    mov     %rsi, %rax
    xchg    %rax, (%rdi)
    test    %rsi, %rsi
    jz      2f
    MARK_CARD
2:  ret
    .size gc_barrier_exchange, . - gc_barrier_exchange
gc_barrier_code_end:
    nop
    .section .note.GNU-stack, "", @progbits
