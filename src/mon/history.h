/* SPDX-License-Identifier: MIT */
/* history.h - every kept metric over time, in buckets that never move.
 * Bucket k of a level covers [k * width, (k + 1) * width) of the monotonic clock, so a column of a
 * plot covers the same buckets for ever and the past does not shimmer. Three levels: 15 minutes at
 * 1 s, 24 hours at 1 minute, 7 days at 10 minutes; the latter two lie in a file without a name
 * (spill.h). Each bucket holds min, max, sum, count and last, so zooming out keeps the spikes; one
 * without a sample is a gap and stays one. Of a counter, min, max and sum are of its rate per
 * second, and last is the counter itself. A fourth one, of seconds again, shows a stretch of the
 * past that was kept elsewhere: history_stretch. All memory is taken by history_new.
 * Threads: one owner. */
#ifndef MON_HISTORY_H
#define MON_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/metric.h"

enum history_level { HISTORY_SECONDS, HISTORY_STRETCH, HISTORY_MINUTES, HISTORY_TENS };
#define HISTORY_LEVELS       4
#define HISTORY_SECONDS_KEPT 900
#define HISTORY_STRETCH_KEPT 1024
#define HISTORY_MINUTES_KEPT 1440
#define HISTORY_TENS_KEPT    1009

struct history_bucket {
    float min;
    float max;
    float sum;
    uint32_t n; /* 0: a gap */
    double last;
};

/* Why there is a gap. */
enum gap_cause {
    GAP_NONE,
    GAP_UNKNOWN,     /* before the page's history began */
    GAP_STALLED,     /* the target lived but published nothing */
    GAP_STOPPED,     /* the target was stopped by a signal or a debugger */
    GAP_TARGET_GONE, /* the target had ended */
    GAP_THROTTLED,   /* its control group had used up its CPU time */
    GAP_PAUSED,      /* the collector had stopped the world */
    GAP_NOT_WATCHED, /* gomon itself did not run and the page had nothing for this time */
};

struct history;

/* Room for the kept metrics of T; NULL if memory is short. */
struct history *history_new(const struct metric_table *t);

/* The same, with the level of seconds in such a file too: for one of many that are seldom looked
 * at. */
struct history *history_new_sparing(const struct metric_table *t);
void history_free(struct history *h);

/* In a child that fork made: it shares nothing with its parent's any more. False: there is no
 * memory. */
bool history_part(struct history *h);

/* Whether a history of this metric is kept. */
bool history_has(const struct history *h, unsigned metric);

/* Nothing was before FIRST_NS: the program began then. A bucket that covers it is empty before. */
void history_begin(struct history *h, int64_t first_ns);

/* Adds one sample to both levels. Samples of a metric come in rising time; one that is older than
 * the one before it is dropped. A counter's first sample, and the first after more than 10 s
 * without one or after it fell back, gives no rate. */
void history_add(struct history *h, unsigned metric, int64_t mono_ns, uint64_t value);

/* What another kept of one minute; of a counter, the counter itself. */
struct history_minute {
    uint64_t min;
    uint64_t max;
    uint64_t last;
};

/* Takes in a minute that was kept elsewhere: the bucket of minutes that covers MONO_NS. In rising
 * time, and only of minutes that have no sample of this metric yet. The seconds of that minute may
 * follow with history_add: they do not count twice. Its mean is taken to be in the middle. */
void history_add_minute(struct history *h, unsigned metric, int64_t mono_ns,
                        const struct history_minute *minute);

/* Forgets the stretch of seconds that was shown and begins that of [FROM_NS, TO_NS), of which at
 * most HISTORY_STRETCH_KEPT seconds are kept, the last ones. */
void history_stretch(struct history *h, int64_t from_ns, int64_t to_ns);

/* Adds a sample to the stretch, in rising time for each metric; what lies outside of it is
 * dropped. Rates as with history_add. */
void history_stretch_add(struct history *h, unsigned metric, int64_t mono_ns, uint64_t value);

/* Says why the target had published nothing at this time of the stretch. */
void history_stretch_gap(struct history *h, int64_t mono_ns, enum gap_cause cause);

/* Whether the seconds of [FROM_NS, TO_NS) are at hand, be it in the stretch. */
bool history_has_seconds(const struct history *h, int64_t from_ns, int64_t to_ns);

/* Takes in the whole bucket of a minute, as history_range told it of another history. In rising
 * time; not mixed with history_add. */
void history_put_minute(struct history *h, unsigned metric, int64_t mono_ns,
                        const struct history_bucket *bucket);

/* Says why the target published nothing from FROM_NS until TO_NS; buckets in which it did are not
 * touched. */
void history_mark_gap(struct history *h, int64_t from_ns, int64_t to_ns, enum gap_cause cause);

/* All of METRIC in [FROM_NS, TO_NS) as one bucket, from the finest level that reaches back so far.
 * False if there is no sample: *OUT is then all 0. A range that is narrower than the level's
 * buckets gets the bucket that covers its start. */
bool history_range(const struct history *h, unsigned metric, int64_t from_ns, int64_t to_ns,
                   struct history_bucket *out);

/* The width of the buckets that history_range takes for FROM_NS. */
int64_t history_width_ns(const struct history *h, int64_t from_ns);

static inline double history_mean(const struct history_bucket *b)
{
    return b->n == 0 ? 0.0 : (double)b->sum / b->n;
}

/* Why the target published nothing at this time; GAP_NONE if it did. */
enum gap_cause history_gap_at(const struct history *h, int64_t mono_ns);

/* Monotonic time from which on something is known, or 0 if nothing is. */
int64_t history_oldest_ns(const struct history *h);

#endif
