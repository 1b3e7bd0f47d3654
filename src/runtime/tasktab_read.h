/* SPDX-License-Identifier: MIT */
/* tasktab_read.h - the task table as those see it who tell others of it: dumps and groups.
 * Threads: any. */
#ifndef RUNTIME_TASKTAB_READ_H
#define RUNTIME_TASKTAB_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "page.h"

/* Rows below this number have ever held a task. */
size_t tasktab_used(void);

/* Whether row SLOT holds no task. */
bool tasktab_is_free(size_t slot);

/* Copies row SLOT, which must be below tasktab_used(). False if it changed all the time: then *ROW
 * is a mixture. */
bool tasktab_read(size_t slot, struct page_task *row);

/* Whether *ROW says where the task's stack lies at rest, and that makes sense. */
bool tasktab_has_stack(const struct page_task *row);

/* Whether row SLOT is still what *ROW says. Everything that was read between tasktab_read and this
 * then belongs to it. */
bool tasktab_is_unchanged(size_t slot, const struct page_task *row);

#endif
