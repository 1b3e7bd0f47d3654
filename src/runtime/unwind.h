/* SPDX-License-Identifier: MIT */
/* unwind.h - the runtime walks its own stacks.
 * Each step asks the call frame information that every compiler emits (.eh_frame, through
 * ehframe.h); only code that has none is walked by frame pointers. That order costs a fraction
 * of a microsecond a frame and never skips one: a chain of frame pointers alone leaves out,
 * silently, every caller of code that was compiled without them.
 * Who: gort_stack, fatal errors, profiles.
 * Threads: any; unwind_stack is async-signal-safe, allocates nothing and reads no stack byte
 * outside [lo, hi). */
#ifndef RUNTIME_UNWIND_H
#define RUNTIME_UNWIND_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/unwind_regs.h"

/* Finds the modules that are loaded. To be called before the first task runs, and again (cheap
 * if nothing has changed) by whoever wants to see what dlopen added since; never from a signal
 * handler: it takes the loader's lock. */
void unwind_init(void);

/* Walks from REGS outwards on the stack [LO, HI). Fills PCS, innermost first: regs->pc, then
 * return addresses. At most MAX; returns how many. It ends where the call frame information says
 * that nobody called (gort_task_start, the start of a thread); that last piece of code is left
 * off. */
size_t unwind_stack(const struct unwind_regs *regs, uintptr_t lo, uintptr_t hi, uintptr_t *pcs,
                    size_t max);

/* The same on COPY, of BYTES, of what was at LO: the stack itself may have changed since. Of a
 * stack that goes on above it, the frames in it are found. */
size_t unwind_copy(const struct unwind_regs *regs, uintptr_t lo, const void *copy, size_t bytes,
                   uintptr_t *pcs, size_t max);

#endif
