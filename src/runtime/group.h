/* SPDX-License-Identifier: MIT */
/* group.h - the group of gort/sync.h, for what the runtime builds of groups. */
#ifndef RUNTIME_GROUP_H
#define RUNTIME_GROUP_H

#include <stdint.h>

#include "gort/sync.h"

/* As gort_group_go of a group without a limit, for the caller at PC; the task has NAME, or NULL.
 * Threads: a task that is not inside the runtime. */
void group_go(gort_group *g, const char *name, int (*fn)(void *arg), void *arg, uintptr_t pc);

#endif
