/* SPDX-License-Identifier: MIT */
/* unwind_regs.h - the registers of one thread or task at one moment, as unwinding needs them.
 * Numbered as DWARF numbers them for the processor. All code addresses are as a call leaves
 * them: the byte before lies in the instruction that is meant. So pc is a return address, or
 * one more than where a signal struck.
 * Threads: plain values; every function is async-signal-safe. */
#ifndef RUNTIME_UNWIND_REGS_H
#define RUNTIME_UNWIND_REGS_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#if defined(__x86_64__)
enum { UNWIND_NREGS = 17, UNWIND_FP = 6, UNWIND_SP = 7, UNWIND_RA = 16 };
enum { UNWIND_LINK_REGISTER = 0 }; /* 1: a call leaves the return address in register UNWIND_RA */
#elif defined(__aarch64__)
enum { UNWIND_NREGS = 32, UNWIND_FP = 29, UNWIND_SP = 31, UNWIND_RA = 30 };
enum { UNWIND_LINK_REGISTER = 1 };
#else
#error "no register numbers for this processor"
#endif

struct unwind_regs {
    uintptr_t pc;
    uint64_t valid;              /* bit r: reg[r] is known */
    uintptr_t reg[UNWIND_NREGS]; /* the stack pointer is reg[UNWIND_SP] */
};

static inline void unwind_regs_set(struct unwind_regs *regs, unsigned reg, uintptr_t value)
{
    regs->reg[reg] = value;
    regs->valid |= UINT64_C(1) << reg;
}

/* False if the register is not known, or is none. */
static inline bool unwind_regs_get(const struct unwind_regs *regs, uint64_t reg, uintptr_t *value)
{
    if (reg >= UNWIND_NREGS || !(regs->valid >> reg & 1))
        return false;
    *value = regs->reg[reg];
    return true;
}

/* Registers of a task that the context switch parked with stack pointer SP. */
void unwind_regs_parked(struct unwind_regs *regs, uintptr_t sp);

/* Registers of the caller of a function that captured the callee-saved ones (ctx.h), would return
 * to PC and leave the stack pointer at SP. */
void unwind_regs_captured(struct unwind_regs *regs, const uintptr_t *captured, uintptr_t sp,
                          uintptr_t pc);

/* Registers that a signal handler was given. */
void unwind_regs_signal(struct unwind_regs *regs, const ucontext_t *context);

/* Registers of the caller, as they are when this returns. */
void unwind_regs_here(struct unwind_regs *regs);

/* PC without what the processor keeps in the upper bits of a saved return address. */
uintptr_t unwind_regs_strip(uintptr_t pc);

#endif
