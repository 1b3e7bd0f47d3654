/* SPDX-License-Identifier: MIT */
/* tasktab.h - the task table: a mirror of the tasks in shared memory, for watchers.
 * The scheduler writes it at every transition and never reads it back. A row has one writer,
 * whoever holds the task. The cost is a few stores to one cache line; without a monitor the table
 * lies in private memory and nothing else changes. Threads: the holder of the task. */
#ifndef RUNTIME_TASKTAB_H
#define RUNTIME_TASKTAB_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/task.h"

/* Makes the table, CAPACITY rows, in shared memory if SHARED is not 0; falls back to private
 * memory. */
enum tasktab_place { TASKTAB_PRIVATE, TASKTAB_SHARED };
void tasktab_init(size_t capacity, enum tasktab_place place);

/* A new task: T's id, spawn_pc, fn are set. State runnable. */
void tasktab_born(const struct task *t, int64_t now_ns);

/* T's state, reason, sp, wait_pc and stack as they are now. */
void tasktab_update(const struct task *t, enum task_state state, int64_t now_ns);

/* T has ended. */
void tasktab_dead(const struct task *t);

#endif
