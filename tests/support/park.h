/* SPDX-License-Identifier: MIT */
/* park.h - stacks of parked tasks without a runtime, for tests of unwinding.
 * park_switch saves a context as the runtime's switch does (the saved registers at the saved
 * stack pointer, then the return address); a fresh stack ends in code that call frame
 * information says nobody called.
 * Threads: the caller's own. */
#ifndef TESTS_SUPPORT_PARK_H
#define TESTS_SUPPORT_PARK_H

#include <stddef.h>
#include <stdint.h>

/* Leaves the running context, stores its stack pointer in *SAVED, and goes on with the context
 * TO. */
void park_switch(uintptr_t *saved, uintptr_t to);

/* Runs FN on the fresh stack [LO, HI) until it parks with park_here; returns its saved stack
 * pointer. FN must not return. */
uintptr_t park_start(void *lo, void *hi, void (*fn)(void));

/* Registers of a context parked at SP, by DWARF number; returns the mask of those that are set. */
uint64_t park_regs(uintptr_t sp, uint64_t *reg, uint64_t *pc);

/* Called on such a stack: parks it for ever. */
void park_here(void);

#endif
