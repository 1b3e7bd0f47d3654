/* SPDX-License-Identifier: MIT */
/* lint.h - all lints, judged once a tick: from what is known of a target to its alerts.
 * The lints are those of lints.def; each idea is a file of its own (lint_*.c, leaks.c)
 * that knows the others not. What is judged is mostly the history, so that a first look finds what
 * has been for long, and a recording is judged as a live target is.
 * Threads: one owner. No clock: time is in the input. */
#ifndef MON_LINT_H
#define MON_LINT_H

#include <stdint.h>

#include "mon/alert.h"
#include "mon/forecast.h"
#include "mon/history.h"
#include "mon/lintset.h"
#include "mon/liveness.h"
#include "mon/snapshot.h"
#include "mon/source.h"
#include "mon/tasks.h"

struct lints;
struct recorder_status;

/* Growth is sought over WINDOW_NS, 0: the default. SET is copied; NULL: that of the table. NULL if
 * memory is short. */
struct lints *lints_new(int64_t window_ns, const struct lint_set *set);
void lints_free(struct lints *l);

/* Says when the program began, monotonic: while it warms up, nothing counts. Before the rest. */
void lints_set_start(struct lints *l, int64_t start_ns);

/* Takes in a site of a minute before gomon came; a source_site_fn. Before the first tick. */
void lints_take_site(void *lints, const struct source_site *site);

struct lint_input {
    int64_t mono_ns;
    int64_t real_ns;
    int64_t boot_ns; /* CLOCK_BOOTTIME; 0: not known, as in a replay */
    const struct history *history;
    const struct snapshot *snapshot;
    const struct task_groups *tasks;
    const struct target_status *status;
    const struct recorder_status *recorder; /* of a recording that is written, or NULL */
};

/* Judges, and raises and clears in ALERTS. Of a target that has ended its end is all that is judged
 * any more. */
void lints_tick(struct lints *l, const struct lint_input *in, struct alerts *alerts);

/* What is known of the time until a limit is reached; borrowed. */
const struct forecast *lints_forecast(const struct lints *l);

#endif
