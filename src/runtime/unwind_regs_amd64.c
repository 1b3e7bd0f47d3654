/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/unwind_regs.h"

#include <stddef.h>
#include <string.h>

#include "base/bits.h"
#include "runtime/san.h"

/* unwind_here_amd64.S knows the layout. */
_Static_assert(offsetof(struct unwind_regs, valid) == 8, "layout of struct unwind_regs");
_Static_assert(offsetof(struct unwind_regs, reg) == 16, "layout of struct unwind_regs");

NO_SANITIZE_READS void unwind_regs_parked(struct unwind_regs *regs, uintptr_t sp)
{
    static const uint8_t saved[] = {15, 14, 13, 12, 3, UNWIND_FP}; /* r15 .. r12, rbx, rbp */
    const uintptr_t *word = (const uintptr_t *)sp;
    size_t n = ARRAY_COUNT(saved);

    memset(regs, 0, sizeof *regs);
    for (size_t i = 0; i < n; i++)
        unwind_regs_set(regs, saved[i], word[i]);
    regs->pc = word[n];
    unwind_regs_set(regs, UNWIND_SP, sp + (n + 1) * sizeof *word);
}

void unwind_regs_captured(struct unwind_regs *regs, const uintptr_t *captured, uintptr_t sp,
                          uintptr_t pc)
{
    static const uint8_t saved[] = {3, UNWIND_FP, 12, 13, 14, 15}; /* rbx, rbp, r12 .. r15 */

    memset(regs, 0, sizeof *regs);
    for (size_t i = 0; i < ARRAY_COUNT(saved); i++)
        unwind_regs_set(regs, saved[i], captured[i]);
    regs->pc = pc;
    unwind_regs_set(regs, UNWIND_SP, sp);
}

void unwind_regs_signal(struct unwind_regs *regs, const ucontext_t *context)
{
    /* Where the kernel puts DWARF's registers 0 to 15. */
    static const uint8_t place[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                    REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                    REG_R12, REG_R13, REG_R14, REG_R15};

    memset(regs, 0, sizeof *regs);
    for (unsigned r = 0; r < ARRAY_COUNT(place); r++)
        unwind_regs_set(regs, r, (uintptr_t)context->uc_mcontext.gregs[place[r]]);
    regs->pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP] + 1;
}

uintptr_t unwind_regs_strip(uintptr_t pc)
{
    return pc;
}
