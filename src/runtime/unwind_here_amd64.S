/* SPDX-License-Identifier: MIT */
/* unwind_here_amd64.S - unwind_regs_here: the caller's registers, as they will be after the return.
 * struct unwind_regs: pc, valid, reg[17] by DWARF number. Only those that a call preserves. */

        .text
        .globl  unwind_regs_here
        .hidden unwind_regs_here
        .type   unwind_regs_here, @function
        .p2align 4
unwind_regs_here:
        .cfi_startproc
        movq    (%rsp), %rax
        movq    %rax, 0(%rdi)
        movq    $0xf0c8, %rax           /* rbx, rbp, rsp, r12 .. r15 */
        movq    %rax, 8(%rdi)
        movq    %rbx, 16 + 3 * 8(%rdi)
        movq    %rbp, 16 + 6 * 8(%rdi)
        leaq    8(%rsp), %rax
        movq    %rax, 16 + 7 * 8(%rdi)
        movq    %r12, 16 + 12 * 8(%rdi)
        movq    %r13, 16 + 13 * 8(%rdi)
        movq    %r14, 16 + 14 * 8(%rdi)
        movq    %r15, 16 + 15 * 8(%rdi)
        ret
        .cfi_endproc
        .size   unwind_regs_here, . - unwind_regs_here

        .section .note.GNU-stack, "", @progbits
