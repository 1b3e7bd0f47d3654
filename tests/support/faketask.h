/* SPDX-License-Identifier: MIT */
/* faketask.h - tasks in the runtime's records and table without a scheduler, for tests of what is
 * told of them.
 * Threads: one. */
#ifndef SUPPORT_FAKETASK_H
#define SUPPORT_FAKETASK_H

#include <stddef.h>

#include "runtime/task.h"

/* Makes the records and a private table of ROWS. Once. */
void faketask_init(size_t rows);

/* A task that has not run yet. */
struct task *faketask_born(void);

/* A task that waits, with USED_BYTES (a multiple of 8) of stack: word i holds i, so the register
 * saved there is i. */
struct task *faketask_waiting(size_t used_bytes);

/* It ends. */
void faketask_dead(struct task *t);

#endif
