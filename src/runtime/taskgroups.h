/* SPDX-License-Identifier: MIT */
/* taskgroups.h - how many tasks there are of each kind: spawned at one place, in one state, for one
 * reason; who holds the locks that they wait for; and which of them run without end.
 * The rows of the task table are counted in a hash table. A million rows take some ten
 * milliseconds, so a count goes on in steps, and its result is of no one moment. Threads: one at a
 * time. Locks: for each task that waits for a lock tries SEMA, see blocker.h. */
#ifndef RUNTIME_TASKGROUPS_H
#define RUNTIME_TASKGROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page.h"
#include "runtime/taskholders.h"

#define TASKGROUPS_MAX 4096 /* kinds that can be told apart; a power of two */

#define TASKGROUPS_TOP 256 /* of them are told at most */

#define TASKGROUPS_HOGS 8

struct taskgroups_hog {
    uint64_t id;
    uint64_t since_ns; /* it has run since then */
};

/* Tasks of one kind. */
struct taskgroup {
    uint64_t spawn_pc;
    uint64_t start_fn;
    uint64_t oldest_since_ns;
    uint64_t count; /* 0: free */
    uint64_t leaked;
    uint8_t state;
    uint8_t reason;
};

struct taskgroups {
    int64_t hog_before_ns; /* who has run since then or longer is a hog */
    size_t nhogs;
    struct taskgroups_hog hog[TASKGROUPS_HOGS]; /* some of them */
    size_t next_row;
    size_t nrows; /* of this count */
    size_t used;
    struct taskgroup group[TASKGROUPS_MAX]; /* by hash */
    struct taskholders holders;
    uint16_t order[TASKGROUPS_TOP]; /* the largest, for taskgroups_top */
};

/* Begins a count, at NOW_NS. */
void taskgroups_begin(struct taskgroups *g, int64_t now_ns);

/* Goes on with it until DEADLINE_NS. Whether it is complete. */
bool taskgroups_count(struct taskgroups *g, int64_t deadline_ns);

/* Counts one row; for taskgroups_count and the tests. Returns the number of its group, or
 * TASKGROUPS_MAX: there are too many. */
uint32_t taskgroups_add(struct taskgroups *g, const struct page_task *row);

/* The largest groups, most tasks first, with their holders. Returns how many. */
size_t taskgroups_top(struct taskgroups *g, struct page_task_group top[TASKGROUPS_TOP]);

/* The sites of N groups with the most tasks, most first; the rest of SITE is 0. */
void taskgroups_sites(const struct page_task_group *group, size_t n,
                      struct page_site_count site[PAGE_SITES_KEPT]);

#endif
