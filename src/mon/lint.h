/* SPDX-License-Identifier: MIT */
/* lint.h - all lints, judged once a tick.
 * Leaks are leaks.h; here are those that a single look or a few tell: every task waits for another,
 * the collector stops the world for long, the process runs but publishes nothing. They raise after
 * some time or some cases, not at the first, and clear only well below.
 * Threads: one owner. No clock: time is in the input. */
#ifndef MON_LINT_H
#define MON_LINT_H

#include <stdint.h>

#include "mon/alert.h"
#include "mon/leaks.h"
#include "mon/liveness.h"

struct lints;

/* Growth is sought over WINDOW_NS; 0: the default. NULL if memory is short. */
struct lints *lints_new(int64_t window_ns);
void lints_free(struct lints *l);

/* The leak lints, to tell them of the past before the first tick. */
struct leaks *lints_leaks(struct lints *l);

struct lints_input {
    struct leaks_input leaks;
    const struct target_status *status;
};

/* Judges, and raises and clears in ALERTS. Of a target that has ended nothing is judged any
 * more. */
void lints_tick(struct lints *l, const struct lints_input *in, struct alerts *alerts);

#endif
