/* SPDX-License-Identifier: MIT */
/* lint_limit.h - when memory, the live heap or files will have reached their limit, and the lint on
 * it: time-to-limit.
 * It is told once the growth is sure (growth.h), of whatever cause: a load that rises fills memory
 * too. The slope is that of Theil and Sen, with bounds between which it lies at 95 % if the points
 * do not depend on each other; so the time has bounds.
 * Threads: one owner. */
#ifndef MON_LINT_LIMIT_H
#define MON_LINT_LIMIT_H

#include "mon/forecast.h"
#include "mon/growth.h"
#include "mon/lint_parts.h"

struct lint_limit_scale {
    int64_t bin_ns;
    int64_t next_bin; /* 0: before the first tick */
    int64_t warm_ns;
    struct growth growth[USAGES];
};

struct lint_limits {
    struct lint_limit_scale scale[2];
    struct forecast of[USAGES];
    struct forecast first; /* of those that are known, that which comes first */
};

/* Growth is sought over WINDOW_NS and over LONG_NS. */
void lint_limits_init(struct lint_limits *f, int64_t window_ns, int64_t long_ns);

/* PC is the code that fills the memory, 0: not known. */
void lint_limits_judge(struct lint_limits *f, const struct lint_ask *q, uint64_t pc);

#endif
