/* SPDX-License-Identifier: MIT */
/* mutex.h - the mutex of gort/sync.h, with a deadline, for the runtime's own use.
 * One word says who holds it: 0 or the task's slot and 1. The other counts those who wait, or
 * want to: while it is not 0, the mutex is let go under the lock of its bucket in the parking lot,
 * under which a waiter has its last look. While it is 0, the mutex is let go by a plain store, and
 * the look for a waiter who came at that moment goes to a table of the runtime's own, see asym.h:
 * the mutex itself may be gone by then with the memory that it lies in.
 * This takes a barrier for all threads by whoever waits; so the first leaves a mark, MUTEX_ORDERED,
 * upon which the mutex is let go by locked instructions until it was calm for a while.
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

/* gort_waiters: two flags, and what each who waits adds. */
enum { MUTEX_WOKEN = 1, MUTEX_ORDERED = 2, MUTEX_WAITER = 4 };

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

/* Whether somebody waits, or has been woken to try again. */
static inline bool mutex_is_awaited(const gort_mutex *m)
{
    return (atomic_load_explicit(&m->gort_waiters, memory_order_relaxed) &
            ~(uint32_t)MUTEX_ORDERED) != 0;
}

/* For a lock that is made of M and more. Whoever is about to wait for it counts himself in first,
 * with the bucket locked in which he will wait: from then on unlocking M takes its slow path, and
 * for one who has looked already and is about to store, gort_mutex_let_go says so. */
void mutex_count_in(gort_mutex *m);
void mutex_count_out(gort_mutex *m);

/* M was let go of by gort_mutex_let_go, which says that somebody may have come meanwhile: whether
 * that may be so, by a second look where no barrier is to be had. M is not touched. */
bool mutex_has_late_comer(const gort_mutex *m);

/* Somebody may have come while M was let go of: wakes who waits for M. M is not touched if nobody
 * does. */
void mutex_wake_late_comer(gort_mutex *m);

#endif
