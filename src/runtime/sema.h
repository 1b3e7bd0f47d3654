/* SPDX-License-Identifier: MIT */
/* sema.h - counted semaphores for the sync types: a word of permits, its waiters in the parking
 * lot. A release with waiters hands its permit to the first of them, so waiters are served in
 * order; who comes while there are permits takes one at once.
 * Threads: tasks, inside the runtime, no lock held.
 * Source: Go's sema.go. */
#ifndef RUNTIME_SEMA_H
#define RUNTIME_SEMA_H

#include <stdatomic.h>
#include <stdint.h>

#include "runtime/parklot.h"
#include "runtime/task.h"

/* Takes a permit; parks until there is one. KIND says what the permits are a part of. */
void sema_acquire(_Atomic(uint32_t) *permits, enum wait_reason why, uintptr_t pc);

/* Gives a permit. */
void sema_release(_Atomic(uint32_t) *permits);

#endif
