/* SPDX-License-Identifier: MIT */
/* tasktab.h - the task table: a mirror of the tasks in shared memory, for watchers.
 * The scheduler writes it at every transition and never reads it back. A row has one writer,
 * whoever holds the task. The cost is a few stores to one cache line; without a monitor the table
 * lies in private memory and nothing else changes. Threads: the holder of the task. */
#ifndef RUNTIME_TASKTAB_H
#define RUNTIME_TASKTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/task.h"

/* Makes the table, CAPACITY rows, most of which never cost memory. Returns 0, or the errno that
 * kept it from being shared: then it is private, or there is none, and the rest does nothing. */
enum tasktab_place { TASKTAB_PRIVATE, TASKTAB_SHARED };
int tasktab_init(size_t capacity, enum tasktab_place place);

/* In a forked child: goes on with a private table. Async-signal-safe. */
void tasktab_leave(void);

/* A new task: T's id, spawn_pc, fn are set. State runnable. */
void tasktab_born(struct task *t, int64_t now_ns);

/* T's state, reason, sp, wait_pc and stack as they are now. */
void tasktab_update(const struct task *t, enum task_state state, int64_t now_ns);

/* T, which waits, was proven to be leaked: says so until it changes its state. */
void tasktab_leaked(const struct task *t);

/* Since when T is in its state, monotonic and coarse; 0: that is not known. Any thread. */
int64_t tasktab_since_ns(const struct task *t);

/* Where the stack of task ID, in SLOT, begins and ends now: it may be followed, though the task may
 * go on meanwhile. False if it runs, has none yet, or changes all the time. Any thread. */
bool tasktab_stack_of(size_t slot, uint64_t id, uintptr_t *sp, uintptr_t *hi);

/* T has ended. */
void tasktab_dead(const struct task *t);

#endif
