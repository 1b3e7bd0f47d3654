/* SPDX-License-Identifier: MIT */
/* gcleaknote.h - references to the stacks of tasks, as a mark comes across them that looks for
 * leaks.
 * A task that others can reach by something on its stack, a struct of which it gave them the
 * address, may be given what it waits for; and others may find there what they wait on. So the mark
 * notes which words of all stacks it has found references to, a bit for each 8 bytes. References
 * that a piece of roots has to itself are left out: a stack that is searched is reached already.
 * Only the owner of the cycle begins and ends it; markers that run meanwhile write with atomics.
 * Threads: as each function says. */
#ifndef RUNTIME_GCLEAKNOTE_H
#define RUNTIME_GCLEAKNOTE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

extern _Atomic(uint32_t) leaknote_on;

/* Whether references are noted. Changes while no mark runs; any marker. */
static inline bool leaknote_is_on(void)
{
    return atomic_load_explicit(&leaknote_on, memory_order_relaxed) != 0;
}

/* Begins, with nothing noted. False: there is no memory for it. Beside the program or in a stop.
 * Lock: takes STACK. */
bool leaknote_begin(void);

/* Forgets all. */
void leaknote_end(void);

/* Extends [*LO, *HI) so that it holds all stacks. While it is on. */
void leaknote_widen(uintptr_t *lo, uintptr_t *hi);

/* Notes WORD if it is an address in a stack. Markers, while it is on. */
void leaknote_add(uintptr_t word);

/* Whether an address in [LO, HI), of one stack, was noted, other than those in the 8 bytes at
 * EXCEPT. Any marker. */
bool leaknote_any(uintptr_t lo, uintptr_t hi, uintptr_t except);

#endif
