/* SPDX-License-Identifier: MIT */
/* plot_time.c - the buckets of a plot: which times they cover, and what the history has for them.
 */
#include "config.h"

#include "mon/plot.h"

#include "base/check.h"
#include "base/clock.h"

#define LEAD_NS (60 * NS_PER_S) /* a peak holds the scale for so long after it has left */
#define HOP     8               /* part of its width by which a plot moves on */

static int64_t floor_to(int64_t value, int64_t unit)
{
    int64_t rest = value % unit;

    return value - (rest < 0 ? rest + unit : rest);
}

/* Whole seconds while history has seconds, whole minutes beyond, tens of them beyond a day: a
 * bucket that held now one sample and now two would draw a pattern that is not in the data. */
static int64_t step_for(int64_t window_ns, int64_t nbuckets)
{
    int64_t seconds = (window_ns + nbuckets * NS_PER_S - 1) / (nbuckets * NS_PER_S);

    if (seconds > 30)
        seconds = (seconds + 59) / 60 * 60;
    if (window_ns > HISTORY_MINUTES_KEPT * 60 * NS_PER_S)
        seconds = (seconds + 599) / 600 * 600;
    return seconds * NS_PER_S;
}

struct plot_time plot_time_for(enum plot_tier tier, int ncols, int64_t window_ns, int64_t end_ns,
                               int64_t real_minus_mono)
{
    int per_cell = tier == PLOT_BRAILLE ? 2 : 1;
    int most = (PLOT_MAX_BUCKETS - (int)(LEAD_NS / NS_PER_S)) / per_cell;
    int cells = ncols < 1 ? 1 : ncols > most ? most : ncols;
    int hop = cells / HOP; /* cells that may be left for what is to come */
    struct plot_time time = {.repeat = 1, .real_minus_mono = real_minus_mono};
    int stretch = 0; /* cells that a bucket takes; 0: less than one */

    CHECK(window_ns > 0);
    time.step_ns = step_for(window_ns, (int64_t)cells * per_cell);
    while (cells / (stretch + 1) * time.step_ns >= window_ns)
        stretch++;
    if (stretch > 0)
        time.repeat = stretch * per_cell;
    int drawn = stretch > 0 ? cells / stretch : cells * per_cell;
    int64_t column_ns = stretch > 0 ? time.step_ns : time.step_ns * per_cell;
    int hop_columns = stretch > 0 ? hop / stretch : hop;
    int64_t hop_ns = column_ns * (hop_columns < 1 ? 1 : hop_columns);
    int64_t end_of_hop = floor_to(end_ns, hop_ns) + hop_ns;
    time.lead = (int)((LEAD_NS + time.step_ns - 1) / time.step_ns);
    time.nbuckets = drawn + time.lead;
    time.begin_ns = end_of_hop - time.nbuckets * time.step_ns;
    time.nknown = (int)((end_ns - time.begin_ns) / time.step_ns) + 1;
    DCHECK(time.nbuckets <= PLOT_MAX_BUCKETS && time.nknown <= time.nbuckets);
    return time;
}

static struct plot_bucket bucket_of(const struct history_bucket *from)
{
    return (struct plot_bucket){
        .min = from->min,
        .mean = (float)history_mean(from),
        .max = from->max,
        .n = (uint16_t)(from->n > UINT16_MAX ? UINT16_MAX : from->n),
    };
}

void plot_read_history(const struct history *history, unsigned metric, const struct plot_time *time,
                       int64_t bridge_ns, struct plot_bucket *bucket)
{
    int64_t at = time->begin_ns;
    int64_t known_until = INT64_MIN / 2;

    for (int i = time->nknown; i < time->nbuckets; i++)
        bucket[i] = (struct plot_bucket){0};
    for (int i = 0; i < time->nknown; i++, at += time->step_ns) {
        struct history_bucket found;
        if (history_range(history, metric, at, at + time->step_ns, &found)) {
            bucket[i] = bucket_of(&found);
            known_until = at + time->step_ns;
            continue;
        }
        enum gap_cause cause = history_gap_at(history, at + time->step_ns / 2);
        if (cause == GAP_NONE) /* others were measured then: the page does not keep this one */
            cause = GAP_NOT_WATCHED;
        if (i > 0 && at - known_until + time->step_ns <= bridge_ns && cause != GAP_TARGET_GONE)
            bucket[i] = bucket[i - 1];
        else
            bucket[i] = (struct plot_bucket){.gap = (uint16_t)cause};
    }
}
