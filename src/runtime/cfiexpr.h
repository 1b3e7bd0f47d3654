/* SPDX-License-Identifier: MIT */
/* cfiexpr.h - evaluates the DWARF expressions of call frame information.
 * A stack machine over the registers of one frame and its stack memory. Compilers use it in three
 * places: the procedure linkage table, functions that realign their stack, and the frame that a
 * signal handler returns to. Only the operations that occur there are known.
 * Threads: any; async-signal-safe; reads no memory outside the stack bounds given.
 * Source: DWARF 5, section 2.5. */
#ifndef RUNTIME_CFIEXPR_H
#define RUNTIME_CFIEXPR_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/ehframe.h"
#include "runtime/unwind.h"

/* The stack that may be read, or a copy of it. */
struct unwind_stack_bounds {
    uintptr_t lo;
    uintptr_t hi;
    uintptr_t moved; /* from there to the copy; 0: it is none */
};

/* Loads the word at AT; false if it is not wholly on the stack or not aligned. */
bool cfiexpr_load(const struct unwind_stack_bounds *stack, uintptr_t at, uintptr_t *value);

/* Evaluates EXPR with PUSHED on the stack first (the CFA, or nothing if it is NULL); the PC that
 * expressions see is that of REGS. False if the expression is not understood or reads what it
 * must not. */
bool cfiexpr_evaluate(struct ehframe_expr expr, const struct unwind_regs *regs,
                      const struct unwind_stack_bounds *stack, const uintptr_t *pushed,
                      uintptr_t *value);

#endif
