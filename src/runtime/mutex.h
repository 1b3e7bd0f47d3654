/* SPDX-License-Identifier: MIT */
/* mutex.h - the mutex of gort/sync.h, with a deadline, for the runtime's own use.
 * One word says who holds it: 0 or the task's slot and 1. The other counts those who wait, or
 * want to: while it is not 0, the mutex is let go under the lock of its bucket in the parking lot,
 * under which a waiter has its last look. While it is 0, the mutex is let go by a plain store, and
 * the look for a waiter who came at that moment goes to a table of the runtime's own, see asym.h:
 * the mutex itself may be gone by then with the memory that it lies in.
 * A woken waiter competes with whoever passes by, which is fast but not fair; if it loses it goes
 * back to the front of the queue. Until it has tried again, MUTEX_WOKEN, nobody else is woken. One
 * that has waited for over a millisecond gets the mutex handed over: it is never free in between.
 * Threads: tasks, inside the runtime, no lock held.
 * Source: Pizlo, Locking in WebKit (2016); the millisecond is Go's. */
#ifndef RUNTIME_MUTEX_H
#define RUNTIME_MUTEX_H

#include <stdbool.h>
#include <stdint.h>

#include "gort/sync.h"
#include "runtime/task.h"

enum { MUTEX_WOKEN = 1, MUTEX_WAITER = 2 }; /* gort_waiters: a flag, and what each adds */

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

/* The slot of the task that holds M or held it a moment ago, -1 if none does. Any thread, of a
 * mutex whose memory is there. */
int64_t mutex_holder(const gort_mutex *m);

/* Lets M go. WHAT names the public function in the message if M is free. */
void mutex_unlock(gort_mutex *m, const char *what);

#endif
