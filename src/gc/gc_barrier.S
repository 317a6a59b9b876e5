/* gc_barrier.S: the write barriers of compiled code.
 * In: slot in rdi, value in rsi.  Clobbers rdi, rsi, r10, r11 and flags only (exchange: rax gets the old value).
 * The store comes first, the card second; no frame is set up, so that a fault between gc_barrier_code_start and _end
 * is unwound by one return address.
 * Two sets.  Normal: a card is wanted where an object that is not in generation 0 gets a reference to a young one.  Marking: each
 * store into the heap marks its card, unconditionally: a test before the store could miss that the marker just cleaned it.
 * Book: gc.md */
    .text
    .globl  gc_barrier_code_start, gc_barrier_code_end, gc_barrier_store, gc_barrier_exchange
    .globl  gc_barrier_store_marking, gc_barrier_exchange_marking
    .hidden gc_barrier_code_start, gc_barrier_code_end, gc_barrier_store, gc_barrier_exchange
    .hidden gc_barrier_store_marking, gc_barrier_exchange_marking
    .hidden gc_heap_base, gc_heap_size, gc_card_biased, gc_state_biased
    .globl  gc_exchange_ref_probed, gc_compare_exchange_ref_probed
    .hidden gc_exchange_ref_probed, gc_compare_exchange_ref_probed, gc_exchange_ref, gc_compare_exchange_ref
    .type gc_exchange_ref_probed, @function
    .type gc_compare_exchange_ref_probed, @function
    .type gc_barrier_store, @function
    .type gc_barrier_exchange, @function
    .type gc_barrier_store_marking, @function
    .type gc_barrier_exchange_marking, @function

#define REGION_SHIFT 20
#define CARD_SHIFT 8
#define STATE_GEN0 1
#define STATE_YOUNG 2

/* rsi: not null.  Returns from the barrier on all paths. */
.macro NORMAL
    mov     gc_state_biased(%rip), %r10
    shr     $REGION_SHIFT, %rsi
    testb   $STATE_YOUNG, (%r10,%rsi)
    jz      1f
    mov     %rdi, %r11
    sub     gc_heap_base(%rip), %r11
    cmp     gc_heap_size(%rip), %r11
    jae     1f
    mov     %rdi, %rsi
    shr     $REGION_SHIFT, %rsi
    testb   $STATE_GEN0, (%r10,%rsi)
    jnz     1f
    shr     $CARD_SHIFT, %rdi
    add     gc_card_biased(%rip), %rdi
    testb   $1, (%rdi)
    jnz     1f
    orb     $1, (%rdi)
1:  ret
.endm

.macro MARKING
    mov     %rdi, %r11
    sub     gc_heap_base(%rip), %r11
    cmp     gc_heap_size(%rip), %r11
    jae     1f
    shr     $CARD_SHIFT, %rdi
    add     gc_card_biased(%rip), %rdi
    movb    $3, (%rdi) /* GC_CARD_STORED */
1:  ret
.endm

    .p2align 5
gc_barrier_code_start:
gc_barrier_store:
    mov     %rsi, (%rdi)
    test    %rsi, %rsi
    jz      2f
    NORMAL
2:  ret
    .size gc_barrier_store, . - gc_barrier_store

    .p2align 5
gc_barrier_exchange:
    mov     %rsi, %rax
    xchg    %rax, (%rdi)
    test    %rsi, %rsi
    jz      2f
    NORMAL
2:  ret
    .size gc_barrier_exchange, . - gc_barrier_exchange

    .p2align 5
gc_barrier_store_marking:
    mov     %rsi, (%rdi)
    test    %rsi, %rsi
    jz      2f
    MARKING
2:  ret
    .size gc_barrier_store_marking, . - gc_barrier_store_marking

    .p2align 5
gc_barrier_exchange_marking:
    mov     %rsi, %rax
    xchg    %rax, (%rdi)
    test    %rsi, %rsi
    jz      2f
    MARKING
2:  ret
    .size gc_barrier_exchange_marking, . - gc_barrier_exchange_marking

/* Interlocked on references: a null slot faults here, where it can be unwound. */
    .p2align 4
gc_exchange_ref_probed:
    cmpb    $0, (%rdi)
    jmp     gc_exchange_ref
    .size gc_exchange_ref_probed, . - gc_exchange_ref_probed

    .p2align 4
gc_compare_exchange_ref_probed:
    cmpb    $0, (%rdi)
    jmp     gc_compare_exchange_ref
    .size gc_compare_exchange_ref_probed, . - gc_compare_exchange_ref_probed
gc_barrier_code_end:
    nop
    .section .note.GNU-stack, "", @progbits
