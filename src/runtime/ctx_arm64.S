/* SPDX-License-Identifier: MIT */
/* ctx_arm64.S - switching stacks on arm64, AAPCS64. See ctx.h. */

        .text

/* void ctx_switch(void **save_sp [x0], void *new_sp [x1]) */
        .globl  ctx_switch
        .hidden ctx_switch
        .type   ctx_switch, %function
        .p2align 4
ctx_switch:
        .cfi_startproc
        hint    #34                     /* bti c */
        sub     sp, sp, #160
        .cfi_def_cfa_offset 160
        stp     x19, x20, [sp, #0]
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        .cfi_offset x19, -160
        .cfi_offset x20, -152
        .cfi_offset x21, -144
        .cfi_offset x22, -136
        .cfi_offset x23, -128
        .cfi_offset x24, -120
        .cfi_offset x25, -112
        .cfi_offset x26, -104
        .cfi_offset x27, -96
        .cfi_offset x28, -88
        .cfi_offset x29, -80
        .cfi_offset x30, -72
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        mov     x9, sp
        str     x9, [x0]
        mov     sp, x1
        ldp     x19, x20, [sp, #0]
        ldp     x21, x22, [sp, #16]
        ldp     x23, x24, [sp, #32]
        ldp     x25, x26, [sp, #48]
        ldp     x27, x28, [sp, #64]
        ldp     x29, x30, [sp, #80]
        ldp     d8, d9, [sp, #96]
        ldp     d10, d11, [sp, #112]
        ldp     d12, d13, [sp, #128]
        ldp     d14, d15, [sp, #144]
        add     sp, sp, #160
        .cfi_def_cfa_offset 0
        ret
        .cfi_endproc
        .size   ctx_switch, .-ctx_switch

/* void gort_blocking_enter(void): hands the caller's registers, stack pointer and address to
 * void blocking_enter(const uintptr_t *reg [x0], void *caller_sp [x1], uintptr_t pc [x2]).
 * In assembler, for a C function would already have put the caller's registers into a frame that
 * is gone when it returns. */
        .globl  gort_blocking_enter
        .type   gort_blocking_enter, %function
        .p2align 4
gort_blocking_enter:
        .cfi_startproc
        hint    #34
        mov     x1, sp
        mov     x2, x30
        sub     sp, sp, #96
        .cfi_def_cfa_offset 96
        stp     x19, x20, [sp, #0]
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        .cfi_offset x29, -16
        .cfi_offset x30, -8
        mov     x0, sp
        bl      blocking_enter
        ldp     x29, x30, [sp, #80]
        add     sp, sp, #96
        .cfi_def_cfa_offset 0
        ret
        .cfi_endproc
        .size   gort_blocking_enter, .-gort_blocking_enter

/* The outermost frame of every task. */
        .globl  gort_task_start
        .hidden gort_task_start
        .type   gort_task_start, %function
        .p2align 4
gort_task_start:
        .cfi_startproc
        .cfi_undefined x30
        hint    #36                     /* bti j: entered by ret, harmless otherwise */
        mov     x29, xzr
        mov     x30, xzr
        bl      sched_task_main
        brk     #1
        .cfi_endproc
        .size   gort_task_start, .-gort_task_start

        .section .note.GNU-stack, "", %progbits
