/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/unwind_regs.h"

#include <stddef.h>
#include <string.h>

#include "runtime/san.h"

#define SAVED_FIRST 19u /* the context switch saves x19 .. x30, d8 .. d15 */
#define SAVED_WORDS 20u

/* unwind_here_arm64.S knows the layout. */
_Static_assert(offsetof(struct unwind_regs, valid) == 8, "layout of struct unwind_regs");
_Static_assert(offsetof(struct unwind_regs, reg) == 16, "layout of struct unwind_regs");

NO_SANITIZE_READS void unwind_regs_parked(struct unwind_regs *regs, uintptr_t sp)
{
    const uintptr_t *word = (const uintptr_t *)sp;

    memset(regs, 0, sizeof *regs);
    for (unsigned r = SAVED_FIRST; r <= UNWIND_FP; r++)
        unwind_regs_set(regs, r, word[r - SAVED_FIRST]);
    regs->pc = unwind_regs_strip(word[UNWIND_RA - SAVED_FIRST]);
    unwind_regs_set(regs, UNWIND_SP, sp + SAVED_WORDS * sizeof *word);
}

void unwind_regs_captured(struct unwind_regs *regs, const uintptr_t *captured, uintptr_t sp,
                          uintptr_t pc)
{
    memset(regs, 0, sizeof *regs);
    for (unsigned r = SAVED_FIRST; r <= UNWIND_FP; r++) /* x19 .. x29 */
        unwind_regs_set(regs, r, captured[r - SAVED_FIRST]);
    regs->pc = unwind_regs_strip(pc);
    unwind_regs_set(regs, UNWIND_SP, sp);
}

void unwind_regs_signal(struct unwind_regs *regs, const ucontext_t *context)
{
    memset(regs, 0, sizeof *regs);
    for (unsigned r = 0; r <= UNWIND_RA; r++)
        unwind_regs_set(regs, r, (uintptr_t)context->uc_mcontext.regs[r]);
    unwind_regs_set(regs, UNWIND_SP, (uintptr_t)context->uc_mcontext.sp);
    regs->pc = (uintptr_t)context->uc_mcontext.pc + 1;
}

/* A return address may carry a signature, made with the stack pointer, in its unused bits. */
uintptr_t unwind_regs_strip(uintptr_t pc)
{
    register uintptr_t x30 __asm__("x30") = pc;

    __asm__("hint 7" : "+r"(x30)); /* xpaclri; nothing on a processor without signatures */
    return x30;
}
