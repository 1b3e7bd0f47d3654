/* SPDX-License-Identifier: MIT */
/* tasktable.h - counts the rows of a task table, by group.
 * The table is read in pieces of 1 MiB into one buffer and each row is looked up in a hash of the
 * groups seen so far; so a million tasks cost some 64 MiB of copying and as many look-ups, and no
 * memory that grows with them.
 * Threads: one owner. Source: gort-page(5). */
#ifndef MON_TASKTABLE_H
#define MON_TASKTABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/tasks.h"

struct tasktable;

/* Takes FD. NULL: what it holds is not a task table of a version that we know, or memory is
 * short. */
struct tasktable *tasktable_open(int fd);
void tasktable_close(struct tasktable *t);

/* Rows that a count has to read, for who wants to count big tables less often. */
uint64_t tasktable_rows(const struct tasktable *t);

/* Counts all tasks. False: the table is cut; GROUPS is then not valid. */
bool tasktable_count(struct tasktable *t, struct task_groups *groups);

#endif
