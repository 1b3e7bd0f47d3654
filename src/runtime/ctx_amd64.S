/* SPDX-License-Identifier: MIT */
/* ctx_amd64.S - switching stacks on amd64, System V calling convention. See ctx.h. */

        .text

/* void ctx_switch(void **save_sp [rdi], void *new_sp [rsi]) */
        .globl  ctx_switch
        .hidden ctx_switch
        .type   ctx_switch, @function
        .p2align 4
ctx_switch:
        .cfi_startproc
        endbr64
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r15, 0
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %rcx
        notrack jmp *%rcx
        .cfi_endproc
        .size   ctx_switch, .-ctx_switch

/* void gort_blocking_enter(void): hands the caller's registers, stack pointer and address to
 * void blocking_enter(const uintptr_t *reg [rdi], void *caller_sp [rsi], uintptr_t pc [rdx]).
 * In assembler, for a C function would already have put the caller's registers into a frame that
 * is gone when it returns. */
        .globl  gort_blocking_enter
        .type   gort_blocking_enter, @function
        .p2align 4
gort_blocking_enter:
        .cfi_startproc
        endbr64
        leaq    8(%rsp), %rsi
        movq    (%rsp), %rdx
        subq    $56, %rsp
        .cfi_adjust_cfa_offset 56
        movq    %rbx, 0(%rsp)
        movq    %rbp, 8(%rsp)
        movq    %r12, 16(%rsp)
        movq    %r13, 24(%rsp)
        movq    %r14, 32(%rsp)
        movq    %r15, 40(%rsp)
        movq    %rsp, %rdi
        call    blocking_enter
        addq    $56, %rsp
        .cfi_adjust_cfa_offset -56
        ret
        .cfi_endproc
        .size   gort_blocking_enter, .-gort_blocking_enter

/* The outermost frame of every task. */
        .globl  gort_task_start
        .hidden gort_task_start
        .type   gort_task_start, @function
        .p2align 4
gort_task_start:
        .cfi_startproc
        .cfi_undefined %rip
        endbr64
        xorl    %ebp, %ebp
        call    sched_task_main
        ud2
        .cfi_endproc
        .size   gort_task_start, .-gort_task_start

        .section .note.GNU-stack, "", @progbits
