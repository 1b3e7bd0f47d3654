/* SPDX-License-Identifier: MIT */
/* taskgroups.h - how many tasks there are of each kind: spawned at one place, in one state, for one
 * reason; and which of them run without end.
 * The rows of the task table are counted in a hash table. A million rows take some ten
 * milliseconds, so a count goes on in steps, and its result is of no one moment. Threads: one at a
 * time. */
#ifndef RUNTIME_TASKGROUPS_H
#define RUNTIME_TASKGROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page.h"

#define TASKGROUPS_MAX 4096 /* kinds that can be told apart; a power of two */

#define TASKGROUPS_HOGS 8

struct taskgroups_hog {
    uint64_t id;
    uint64_t since_ns; /* it has run since then */
};

struct taskgroups {
    int64_t hog_before_ns; /* who has run since then or longer is a hog */
    size_t nhogs;
    struct taskgroups_hog hog[TASKGROUPS_HOGS]; /* some of them */
    size_t next_row;
    size_t nrows; /* of this count */
    size_t used;
    struct page_task_group group[TASKGROUPS_MAX]; /* by hash; count 0: free */
};

/* Begins a count, at NOW_NS. */
void taskgroups_begin(struct taskgroups *g, int64_t now_ns);

/* Goes on with it until DEADLINE_NS. Whether it is complete. */
bool taskgroups_count(struct taskgroups *g, int64_t deadline_ns);

/* Counts one row; for taskgroups_count and the tests. */
void taskgroups_add(struct taskgroups *g, const struct page_task *row);

/* The largest groups, most tasks first, at most MAX. Returns how many. */
size_t taskgroups_top(const struct taskgroups *g, struct page_task_group *top, size_t max);

/* The sites of N groups with the most tasks, most first; the rest of SITE is 0. */
void taskgroups_sites(const struct page_task_group *group, size_t n,
                      struct page_site_count site[PAGE_SITES_KEPT]);

#endif
