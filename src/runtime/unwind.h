/* SPDX-License-Identifier: MIT */
/* unwind.h - the runtime walks its own stacks.
 * Each step asks the call frame information that every compiler emits (.eh_frame, through
 * ehframe.h); only code that has none is walked by frame pointers. That order costs a fraction
 * of a microsecond a frame and never skips one: a chain of frame pointers alone leaves out,
 * silently, every caller of code that was compiled without them.
 * Who: gort_stack, fatal errors, profiles. Threads: any; async-signal-safe, no allocation, reads
 * no stack byte outside [lo, hi). */
#ifndef RUNTIME_UNWIND_H
#define RUNTIME_UNWIND_H

#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#if defined(__x86_64__)
enum { UNWIND_NREGS = 17, UNWIND_FP = 6, UNWIND_SP = 7, UNWIND_RA = 16 };
#elif defined(__aarch64__)
enum { UNWIND_NREGS = 32, UNWIND_FP = 29, UNWIND_SP = 31, UNWIND_RA = 30 };
#else
#error "no register numbers for this processor"
#endif

/* A moment of one thread or task. All addresses are as a call leaves them: the byte before lies
 * in the instruction that is meant. So pc is a return address, or one more than where a signal
 * struck. */
struct unwind_regs {
    uintptr_t pc;
    uint64_t valid;              /* bit r: reg[r] is known */
    uintptr_t reg[UNWIND_NREGS]; /* by DWARF number; the stack pointer is reg[UNWIND_SP] */
};

/* Registers of a task that the context switch parked with stack pointer SP. */
void unwind_regs_parked(struct unwind_regs *regs, uintptr_t sp);

/* Registers that a signal handler was given. */
void unwind_regs_signal(struct unwind_regs *regs, const ucontext_t *context);

/* Registers of the caller, as they are when this returns. */
__attribute__((noinline)) void unwind_regs_here(struct unwind_regs *regs);

/* Finds the modules that are loaded, for all the others here. To be called before the first task
 * runs, and again (cheap if nothing has changed) by whoever wants to see what dlopen added
 * since; never from a signal handler: it takes the loader's lock. */
void unwind_init(void);

/* Walks from REGS outwards on the stack [LO, HI). Fills PCS, innermost first: regs->pc, then
 * return addresses. At most MAX; returns how many. Ends where the call frame information says so
 * (gort_task_start, the start of a thread). */
size_t unwind_stack(const struct unwind_regs *regs, uintptr_t lo, uintptr_t hi, uintptr_t *pcs,
                    size_t max);

#endif
