/* SPDX-License-Identifier: MIT */
/* sync.h - locks and gatherings that park tasks, not threads. All are ready for use when zero, and
 * must not be copied after first use. */
#ifndef GORT_SYNC_H
#define GORT_SYNC_H

#include <gort/base.h>

/* Mutual exclusion. Whoever comes while it is free may take it ahead of waiters; a task that has
 * waited for over 1 ms is handed the lock directly. Not recursive. Any task may unlock it.
 * Unlocking a free mutex is misuse. */
typedef struct gort_mutex {
    _Atomic(uint32_t) gort_state;
} gort_mutex;

GORT_API void gort_mutex_lock(gort_mutex *m);
/* Returns 1 if it was taken, else 0. */
GORT_API GORT_MUST_CHECK int gort_mutex_try_lock(gort_mutex *m);
GORT_API void gort_mutex_unlock(gort_mutex *m);

/* Waits until a count falls to zero. gort_waitgroup_add with a negative DELTA counts down; below
 * zero is misuse. */
typedef struct gort_waitgroup {
    _Atomic(uint64_t) gort_state; /* count in the upper half, waiters in the lower */
    _Atomic(uint32_t) gort_sema;
} gort_waitgroup;

GORT_API void gort_waitgroup_add(gort_waitgroup *wg, int delta);
GORT_API void gort_waitgroup_done(gort_waitgroup *wg);
GORT_API void gort_waitgroup_wait(gort_waitgroup *wg);
/* Adds 1, spawns a task that runs FN(ARG) and then counts down. */
GORT_API void gort_waitgroup_go(gort_waitgroup *wg, void (*fn)(void *arg), void *arg);

#endif
