/* SPDX-License-Identifier: MIT */
/* lint_level.h - the lints on a figure that is over a limit: a share, a time, a size.
 * Time is cut into slots that never move; the figure of a slot comes from the history, so that a
 * first look judges those that were before it, and a recording gives what the live target gave. A
 * slot of which nothing is known is passed over.
 * Threads: one owner. */
#ifndef MON_LINT_LEVEL_H
#define MON_LINT_LEVEL_H

#include "mon/lint_parts.h"

struct lint_reading {
    double value; /* in the unit of the limit */
    double of;    /* of a share: the whole, in bytes or a count; 0: is not told */
};

struct lint_level {
    int64_t next_slot; /* to be judged; 0: none was yet */
    struct lint_votes votes;
    struct lint_reading last;
    double worst; /* since it was raised */
};

struct lint_levels {
    struct lint_level level[LINTS]; /* of the others nothing is used */
};

void lint_levels_judge(struct lint_levels *l, const struct lint_ask *q);

#endif
