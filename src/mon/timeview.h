/* SPDX-License-Identifier: MIT */
/* timeview.h - a model of the past: what was known of the target at one moment.
 * It is made of the live model and a recording: everything that a panel draws of the present is
 * looked up for the moment, and the history gets the seconds around it. So a panel needs not know
 * whether it shows now or then.
 * Threads: one owner. */
#ifndef MON_TIMEVIEW_H
#define MON_TIMEVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/model.h"
#include "mon/recording.h"

struct lint_replay;
struct timeview;

struct timeview_ask {
    struct recording *recording;
    const struct model *live;
    struct history *history;    /* the model's */
    const struct lint_replay *lints; /* alerts that were judged anew, or NULL */
    struct proc_history *procs; /* to be filled from the recording, or NULL: the live one will do */
    int64_t at_ns;
    int64_t window_ns; /* that plots show */
    bool at_edge;      /* plots end there; else only if they must move for it to be seen */
};

/* NULL if memory is short. */
struct timeview *timeview_new(void);
/* NULL is fine. */
void timeview_free(struct timeview *v);

/* Shows another moment. False: nothing is known of it or of what was before, and nothing was
 * changed. */
bool timeview_show(struct timeview *v, const struct timeview_ask *ask);

/* Back to the present. */
void timeview_leave(struct timeview *v);

/* The model, or NULL if the present is shown. Borrowed; it changes with each call of
 * timeview_show. */
struct model *timeview_model(struct timeview *v);

#endif
