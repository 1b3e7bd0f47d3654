/* SPDX-License-Identifier: MIT */
/* waitgroup.h - the wait group of gort/sync.h, for the runtime's own use.
 * Count and number of waiters share one word, so that the step to zero knows whom to wake; each of
 * them gets a permit of the semaphore.
 * Threads: tasks, inside the runtime, no lock held. Source: Go's sync.WaitGroup. */
#ifndef RUNTIME_WAITGROUP_H
#define RUNTIME_WAITGROUP_H

#include <stdint.h>

#include "gort/sync.h"

/* Counts up or down. */
void waitgroup_add(gort_waitgroup *wg, int delta);

/* Parks until the count is zero. */
void waitgroup_wait(gort_waitgroup *wg, uintptr_t pc);

/* What is to be counted down yet. */
int32_t waitgroup_count(gort_waitgroup *wg);

#endif
