/* SPDX-License-Identifier: MIT */
/* lint_hog.h - the lint on tasks that run without giving way while others wait for a proc:
 * task-hog. A long run alone is no fault: the runtime takes the proc away from such a task. It
 * counts while tasks that could run had to wait all the time. Threads: one owner. */
#ifndef MON_LINT_HOG_H
#define MON_LINT_HOG_H

#include "mon/lint_parts.h"

struct lint_hog {
    int64_t counted_ns; /* the counts of tasks up to here were judged */
    struct lint_votes votes;
};

void lint_hog_judge(struct lint_hog *l, const struct lint_ask *q);

#endif
