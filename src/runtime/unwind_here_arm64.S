/* SPDX-License-Identifier: MIT */
/* unwind_here_arm64.S - unwind_regs_here: the caller's registers, as they will be after the return.
 * struct unwind_regs: pc, valid, reg[32] by DWARF number. Only those that a call preserves. */

        .text
        .globl  unwind_regs_here
        .hidden unwind_regs_here
        .type   unwind_regs_here, %function
        .p2align 4
unwind_regs_here:
        .cfi_startproc
        movz    x9, #0xbff8, lsl #16    /* x19 .. x29, sp */
        stp     x30, x9, [x0]
        add     x9, x0, #16 + 19 * 8
        stp     x19, x20, [x9]
        stp     x21, x22, [x9, #16]
        stp     x23, x24, [x9, #32]
        stp     x25, x26, [x9, #48]
        stp     x27, x28, [x9, #64]
        str     x29, [x9, #80]
        mov     x10, sp
        str     x10, [x9, #96]
        ret
        .cfi_endproc
        .size   unwind_regs_here, . - unwind_regs_here

        .section .note.GNU-stack, "", %progbits
