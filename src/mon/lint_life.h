/* SPDX-License-Identifier: MIT */
/* lint_life.h - the lints on whether the program lives and tells of itself: ended, stale,
 * clock-jump, recorder-lag.
 * Threads: one owner. */
#ifndef MON_LINT_LIFE_H
#define MON_LINT_LIFE_H

#include "mon/lint_parts.h"

struct lint_life {
    int64_t mono_ns;      /* of the last tick; 0: none yet */
    int64_t ahead_ns;     /* of the wall clock before the monotonic one then */
    int64_t asleep_ns;    /* how long the host had been suspended until then; -1: not known */
    int64_t jumped_ns;    /* when it last jumped; 0: not */
    int64_t throttled_at; /* time throttled when the silence began */
    bool silent;
};

void lint_life_judge(struct lint_life *l, const struct lint_ask *q);

/* What is judged of a program that has ended. */
void lint_life_judge_end(const struct lint_ask *q);

#endif
