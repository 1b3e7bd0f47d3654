/* SPDX-License-Identifier: MIT */
/* lint_locks.h - the lints on tasks that wait in vain: deadlock, lock-cycle, lock-wait.
 * Who holds a lock, and whether that task waits in a circle, the target tells for each group of
 * tasks; counts come once a second or less, of a recording every 10 s.
 * Threads: one owner. */
#ifndef MON_LINT_LOCKS_H
#define MON_LINT_LOCKS_H

#include "mon/lint_parts.h"

#define LINT_LOCKS_SITES 16 /* that wait too long at the same time; further ones are left out */

struct lint_locks {
    int64_t dead_since_ns; /* 0: tasks can go on */
    int64_t counted_ns;    /* the counts of tasks up to here were judged */
    struct lint_votes circle;
    struct lint_locks_site {
        uint64_t pc; /* spawn site of those who wait; 0: free */
        struct lint_votes votes;
    } site[LINT_LOCKS_SITES];
};

void lint_locks_judge(struct lint_locks *l, const struct lint_ask *q);

#endif
