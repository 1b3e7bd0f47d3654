/* SPDX-License-Identifier: MIT */
/* leak.h - tasks that wait for what nothing can give them any more, as the collector proves.
 * A task is leaked if it waits, without a deadline, for a channel, a select, a mutex, a wait group,
 * a condition or a semaphore that nothing refers to but the stacks of leaked tasks: it can never go
 * on. It is proven for scanned memory: what mem.h says of references holds for those to a task's
 * stack too. One that is kept in malloc'ed memory only, or by a thread that is not attached, is not
 * seen; gort_root_add makes it so. A task that goes on by such a reference after all is leaked no
 * more, and those that were spawned and wait at the same places are not told of from then on; a
 * build with checks, or GORT_DEBUG=verify=1, says so on stderr. Never leaked are: the first task;
 * tasks in I/O, asleep, bound to a thread, or that wait for something that is not an object of the
 * heap, such as a static mutex or a wait group on a stack. Nothing is freed. About once a minute a
 * collection looks for leaks on its own, among tasks that have waited for ten seconds. */
#ifndef GORT_LEAK_H
#define GORT_LEAK_H

#include <gort/base.h>

/* Leaked tasks that were spawned at one place and wait at one place. */
typedef struct gort_leak {
    uintptr_t spawn_pc;     /* return address of the call that spawned them */
    uintptr_t start_fn;     /* address of their function */
    uintptr_t wait_pc;      /* return address of the call that they wait in */
    const char *reason;     /* what they wait for, as in dumps: "chan receive"; never freed */
    int64_t tasks;          /* how many */
    int64_t waits_since_ns; /* the first of them, to some tens of milliseconds; 0: not known */
    int64_t proven_ns;      /* when the first of them was proven to be leaked */
} gort_leak;

/* Collects, looks for leaked tasks whether it is time or not, and returns how many are known.
 * Blocks the task. */
GORT_API int64_t gort_find_leaks(void);

/* How many leaked tasks are known, without looking for others. Any thread. */
GORT_API int64_t gort_leaked_tasks(void);

/* Fills the first N of LEAK, which may be NULL if N is 0, in the order in which they were found;
 * returns how many there are, which may be more. At most 256 kinds are told apart. */
GORT_API int gort_read_leaks(gort_leak *leak, int n);

#endif
