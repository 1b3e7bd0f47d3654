/* SPDX-License-Identifier: MIT */
/* changed.h - what has changed: all figures and groups of tasks, ranked by how far they have moved
 * from what they usually were.
 * Two stretches of time of the same length are compared: without a baseline the newer half of what
 * is known of a window with the older half, else the time up to now with that up to the baseline.
 * Tasks are counted only since gomon came: without a baseline, of a group the halves of that time
 * are compared if it is shorter. A stretch is cut into at most 60 bins, each with its mean. With m
 * the median of the bins before, x that of the bins after, and MAD the median of |bin - m| before,
 *     score = (x - m) / max(1.4826 MAD, 2 % of |m|, floor)
 * The first term makes it the robust z-score: it counts in standard deviations of what would be
 * normal, and a spike moves neither m nor MAD. The other two keep down what never moved before and
 * hardly moved now: the floor is 1 of what is counted, 64 KiB, 0.1 ms, 0.5 %, and of time per
 * second 10 ms. From 2.5 on, up or down, a figure counts as moved; one that grows as steadily
 * after as before has 2.7.
 * Threads: pure functions.
 * Source: Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993), the modified z-score
 * 0.6745 (x - m) / MAD; Leys et al., Detecting outliers: Do not use standard deviation around the
 * mean, use absolute deviation around the median (2013), the limit. The floors are ours. */
#ifndef MON_CHANGED_H
#define MON_CHANGED_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/grouppast.h"
#include "mon/metric.h"
#include "mon/model.h"

#define CHANGED_MAX   (METRIC_TABLE_MAX + 2 * GROUPPAST_GROUPS)
#define CHANGED_LIMIT 2.5 /* |score| from which on it has moved */
#define CHANGED_LEAST 3   /* bins before: with fewer there is no score */

struct changed_ask {
    const struct model *model;
    int64_t now_ns;    /* monotonic: the end of the time after */
    int64_t window_ns; /* both stretches together, if there is no baseline */
};

/* Two stretches of time, monotonic: [before_ns, before_ns + span_ns) and [after_ns, ...). */
struct changed_times {
    int64_t before_ns;
    int64_t after_ns;
    int64_t span_ns;
};

struct changed_row {
    bool is_group;
    unsigned metric;          /* unless it is a group */
    struct grouppast_key key; /* of the group */
    double before;            /* medians; of a counter, of its change per second */
    double after;
    double score;
};

struct changed {
    struct changed_times times;
    uint32_t n;
    struct changed_row row[CHANGED_MAX]; /* most moved first */
};

/* The two stretches; false, and of length 0, if they were shorter than 5 s: too little is known, or
 * now is too near to the baseline. */
bool changed_times(const struct changed_ask *ask, struct changed_times *times);

static inline bool changed_has_moved(const struct changed_row *row)
{
    return row->score >= CHANGED_LIMIT || row->score <= -CHANGED_LIMIT;
}

/* Ranks all of which enough is known. Not for small stacks: 40 KB. */
void changed_rank(const struct changed_ask *ask, struct changed *changed);

/* The course of a row over one of the stretches: the means of N bins, NAN where nothing is known.
 */
enum changed_side { CHANGED_BEFORE, CHANGED_AFTER };
void changed_course(const struct model *model, const struct changed_row *row,
                    enum changed_side side, const struct changed_times *times, double *value,
                    int n);

#endif
