/* SPDX-License-Identifier: MIT */
/* tasktable.h - counts the rows of a task table, by group.
 * The table is read in pieces of 1 MiB into one buffer and each row is looked up in a hash of the
 * groups seen so far; so a million tasks cost some 64 MiB of copying and as many look-ups, and no
 * memory that grows with them, nor any between two counts. A call reads so much at most, whatever
 * the table says of itself: a larger one takes several.
 * Threads: one owner. Source: gort-page(5). */
#ifndef MON_TASKTABLE_H
#define MON_TASKTABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/tasks.h"
#include "page.h"

#define TASKTABLE_BYTES_MAX  ((uint64_t)1 << 30)  /* a larger table is not believed */
#define TASKTABLE_CALL_BYTES ((uint64_t)64 << 20) /* read by one call */

struct tasktable;

enum tasktable_progress {
    TASKTABLE_COUNTED,
    TASKTABLE_PART, /* the groups are as they were: call again */
    TASKTABLE_CUT,  /* the table is cut, or no longer one: the groups are not valid */
};

/* Takes FD. NULL: what it holds is not a task table of a version that we know, or memory is
 * short. */
struct tasktable *tasktable_open(int fd);
void tasktable_close(struct tasktable *t);

/* Counts all tasks, or goes on with the count of the last call. */
enum tasktable_progress tasktable_count(struct tasktable *t, struct task_groups *groups);

/* Reads the header of the table in FD; false if it is none, or one that cannot be believed. */
bool tasktable_read_header(int fd, struct page_tasks_header *h);

#endif
