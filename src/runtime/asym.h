/* SPDX-License-Identifier: MIT */
/* asym.h - letting go without a locked instruction.
 * Who lets go of a lock stores to its word and then looks whether anyone waits; who is about to
 * wait says so and then looks at the word. One of the two has to see the other, for which both
 * would need a full barrier between the store and the look. The first comes often and the second
 * hardly ever, so the second issues the barrier for all threads of the process, and the first gets
 * by with plain moves. Where the system refuses such barriers, or begins to, both use locked
 * instructions.
 * Threads: any. Source: Dice, Huang and Yang, Asymmetric Dekker Synchronization (2001). */
#ifndef RUNTIME_ASYM_H
#define RUNTIME_ASYM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "runtime/os_linux.h"

/* The frequent side: stores VALUE, with release; then it looks, and then asks whether that will do.
 * If not, it has to look once more, behind a locked instruction. It asks last: who was told that it
 * will do has stored before, so that those who learn that no barrier is to be had can wait for
 * it. */
static inline void asym_release(_Atomic(uint32_t) *word, uint32_t value)
{
    atomic_store_explicit(word, value, memory_order_release);
    atomic_signal_fence(memory_order_seq_cst);
}

static inline bool asym_suffices(void)
{
    return atomic_load_explicit(&gort_has_barrier, memory_order_relaxed);
}

/* The rare side: between the locked instruction that says it waits and its last look. */
static inline void asym_barrier(void)
{
    if (atomic_load_explicit(&os_needs_barrier, memory_order_relaxed))
        os_process_barrier();
}

#endif
