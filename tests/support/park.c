/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/park.h"

#include <string.h>

static _Thread_local uintptr_t parked_sp;
static _Thread_local uintptr_t main_sp;

#if defined(__x86_64__)
#define FRAME_WORDS 7 /* r15, r14, r13, r12, rbx, rbp, the return address */
#define ENTRY_WORD 6
__asm__(".text\n"
        ".globl park_switch\n.type park_switch, @function\n"
        "park_switch:\n\t.cfi_startproc\n"
        "\tpushq %rbp\n\t.cfi_adjust_cfa_offset 8\n\tpushq %rbx\n\t.cfi_adjust_cfa_offset 8\n"
        "\tpushq %r12\n\t.cfi_adjust_cfa_offset 8\n\tpushq %r13\n\t.cfi_adjust_cfa_offset 8\n"
        "\tpushq %r14\n\t.cfi_adjust_cfa_offset 8\n\tpushq %r15\n\t.cfi_adjust_cfa_offset 8\n"
        "\tmovq %rsp, (%rdi)\n\tmovq %rsi, %rsp\n"
        "\tpopq %r15\n\tpopq %r14\n\tpopq %r13\n\tpopq %r12\n\tpopq %rbx\n\tpopq %rbp\n\tret\n"
        "\t.cfi_endproc\n.size park_switch, . - park_switch\n"
        ".globl park_entry\n.type park_entry, @function\n"
        "park_entry:\n\t.cfi_startproc\n\t.cfi_undefined rip\n"
        "\tcallq *%rbx\n\tud2\n"
        "\t.cfi_endproc\n.size park_entry, . - park_entry\n");
#define FN_WORD 4
#define SP_REG 7
static const uint8_t saved[] = {15, 14, 13, 12, 3, 6};
#elif defined(__aarch64__)
#define FRAME_WORDS 20 /* x19 .. x30, d8 .. d15 */
#define ENTRY_WORD 11
#define FN_WORD 0
#define SP_REG 31
static const uint8_t saved[] = {19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29};
__asm__(".text\n"
        ".globl park_switch\n.type park_switch, %function\n"
        "park_switch:\n\t.cfi_startproc\n"
        "\tsub sp, sp, #160\n\t.cfi_adjust_cfa_offset 160\n"
        "\tstp x19, x20, [sp]\n\tstp x21, x22, [sp, 16]\n\tstp x23, x24, [sp, 32]\n"
        "\tstp x25, x26, [sp, 48]\n\tstp x27, x28, [sp, 64]\n\tstp x29, x30, [sp, 80]\n"
        "\tstp d8, d9, [sp, 96]\n\tstp d10, d11, [sp, 112]\n"
        "\tstp d12, d13, [sp, 128]\n\tstp d14, d15, [sp, 144]\n"
        "\tmov x9, sp\n\tstr x9, [x0]\n\tmov sp, x1\n"
        "\tldp x19, x20, [sp]\n\tldp x21, x22, [sp, 16]\n\tldp x23, x24, [sp, 32]\n"
        "\tldp x25, x26, [sp, 48]\n\tldp x27, x28, [sp, 64]\n\tldp x29, x30, [sp, 80]\n"
        "\tldp d8, d9, [sp, 96]\n\tldp d10, d11, [sp, 112]\n"
        "\tldp d12, d13, [sp, 128]\n\tldp d14, d15, [sp, 144]\n"
        "\tadd sp, sp, #160\n\tret\n"
        "\t.cfi_endproc\n.size park_switch, . - park_switch\n"
        ".globl park_entry\n.type park_entry, %function\n"
        "park_entry:\n\t.cfi_startproc\n\t.cfi_undefined x30\n"
        "\tblr x19\n\tbrk 1\n"
        "\t.cfi_endproc\n.size park_entry, . - park_entry\n");
#endif

void park_entry(void);

void park_here(void)
{
    park_switch(&parked_sp, main_sp);
    __asm__ volatile(""); /* a jump instead of a call would leave this function off the stack */
}

uint64_t park_regs(uintptr_t sp, uint64_t *reg, uint64_t *pc)
{
    const uintptr_t *word = (const uintptr_t *)sp;
    uint64_t valid = UINT64_C(1) << SP_REG;

    for (size_t i = 0; i < sizeof saved; i++) {
        reg[saved[i]] = word[i];
        valid |= UINT64_C(1) << saved[i];
    }
    reg[SP_REG] = sp + FRAME_WORDS * sizeof *word;
    *pc = word[ENTRY_WORD];
    return valid;
}

uintptr_t park_start(void *lo, void *hi, void (*fn)(void))
{
    uintptr_t top = (uintptr_t)hi & ~(uintptr_t)63;
    uintptr_t *word = (uintptr_t *)(top - 64 - FRAME_WORDS * sizeof *word);

    memset(lo, 0, (size_t)((char *)hi - (char *)lo));
    word[ENTRY_WORD] = (uintptr_t)park_entry;
    word[FN_WORD] = (uintptr_t)fn;
    park_switch(&main_sp, (uintptr_t)word);
    return parked_sp;
}
