/* SPDX-License-Identifier: MIT */
/* mutex.h - the mutex of gort/sync.h, with a deadline, for the runtime's own use.
 * One word of three bits. LOCKED. PARKED: somebody waits in the parking lot, or is about to; set
 * freely while LOCKED is set, cleared under the bucket's lock only. WOKEN: a waiter was woken and
 * has not yet tried; so nobody else need be.
 * A woken waiter competes with whoever passes by, which is fast but not fair; if it loses it goes
 * back to the front of the queue. One that has waited for over a millisecond gets the mutex handed
 * over: LOCKED is never cleared in between.
 * Threads: tasks, inside the runtime, no lock held.
 * Source: Pizlo, Locking in WebKit (2016); the millisecond is Go's. */
#ifndef RUNTIME_MUTEX_H
#define RUNTIME_MUTEX_H

#include <stdbool.h>
#include <stdint.h>

#include "gort/sync.h"
#include "runtime/task.h"

/* How to wait for it. */
struct mutex_wait {
    enum wait_reason why;
    uintptr_t pc;
    int64_t deadline_ns; /* GORT_FOREVER: none */
};

/* Takes M: 0, or GORT_ETIMEDOUT if the deadline passed first. */
int mutex_lock(gort_mutex *m, const struct mutex_wait *wait);

/* Takes M if it is free. */
bool mutex_try_lock(gort_mutex *m);

/* Lets M go. WHAT names the public function in the message if M is free. */
void mutex_unlock(gort_mutex *m, const char *what);

#endif
