/* SPDX-License-Identifier: MIT */
/* sleep.h - parking until something happens or a time comes.
 * A deadline is the task's own timer. It is armed by the context that follows the park and before
 * the lock is let go, so that it can't fire on a task that still runs, and it is disarmed before
 * park_by returns: what FIRE uses may live on the parked task's stack.
 * Threads: a task, inside the runtime. */
#ifndef RUNTIME_SLEEP_H
#define RUNTIME_SLEEP_H

#include <stdint.h>

#include "runtime/sched.h"

struct deadline {
    int64_t at_ns;           /* GORT_FOREVER: none */
    void (*fire)(void *arg); /* takes the task from where it waits, readies it if it was there */
    void *arg;
};

/* Parks the current task, lets go of L (may be NULL) and waits until somebody readies it, at
 * D->at_ns its own FIRE. Returns the wake value. */
int32_t park_by(enum wait_reason why, uintptr_t pc, struct lock *l, const struct deadline *d);

/* Parks the current task until DEADLINE_NS, or for ever. */
void sleep_until(int64_t deadline_ns, enum wait_reason why, uintptr_t pc);

/* Parks the current task for ever: only the end of the program follows. */
_Noreturn void park_forever(enum wait_reason why, uintptr_t pc);

#endif
