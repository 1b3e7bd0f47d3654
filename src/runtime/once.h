/* SPDX-License-Identifier: MIT */
/* once.h - the calls of gort_once_do whose function a task runs.
 * They lie on its stack, chained from its record: a task that exits within such a function has done
 * what was to be done, as Go's deferred functions see to. Threads: the task itself. Source: Go's
 * sync.Once. */
#ifndef RUNTIME_ONCE_H
#define RUNTIME_ONCE_H

#include "gort/sync.h"

struct task;

struct once_call { /* all [owner] */
    gort_once *once;
    struct once_call *outer; /* within whose function this one was called, or NULL */
};

/* Ends all calls that T, the current task, which exits, is in. Readies those who wait. */
void once_exit(struct task *t);

#endif
