/* SPDX-License-Identifier: MIT */
/* growth.h - whether one figure grows the way a leak does: steadily, further than ever, beyond
 * noise.
 * The figure is kept as the least value of each bin of time, 60 bins a window: the level that the
 * figure comes back to. A trend test alone cries wolf on caches that fill, on loads that rise and
 * on anything that wanders; so all of these must hold at once:
 *   - the series rises (Mann-Kendall, p < 0.01) over nine tenths of a window or more;
 *   - by more than a given amount and share, and by six times its own noise;
 *   - in each of five parts of the window, and in its second half nearly as fast as overall;
 *   - from near the greatest level that was ever held before: what only regains it is no leak, and
 *     what was there for a moment, as what is born while a collection marks, is no level;
 *   - and no load, another figure, rose along with it, or not long before.
 * Six yeses of eight judgements, one a bin, raise. Then it stands for as long as it rises by half
 * of what it took; eight noes in a row clear. A window of which too little is known says neither: a
 * quiet program hardly collects, and one that is stopped does nothing.
 * Threads: one owner. No clock: time comes with the samples. */
#ifndef MON_GROWTH_H
#define MON_GROWTH_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/trend.h"

#define GROWTH_BINS 60
#define GROWTH_KEPT \
    96 /* bins: the last windows can be judged in hindsight, with their load before */
#define GROWTH_WINDOWS 96 /* whose greatest level is remembered: a day of windows of 15 minutes */

/* What a figure must do to count as growing. */
struct growth_rule {
    int64_t bin_ns;
    double least;       /* growth over the window */
    double least_share; /* of the level that it began with */
};

struct growth_bin {
    int64_t number; /* mono_ns / bin_ns; if it is another one than is sought, there is none */
    float low;
    bool is_start; /* the program was starting: this is no growth, but a level that was reached */
};

struct growth {
    struct growth_bin bin[GROWTH_KEPT];
    int64_t newest;              /* bin number, -1: no sample yet */
    float record[GROWTH_WINDOWS]; /* greatest level of each window before */
    int64_t record_window[GROWTH_WINDOWS];
    uint8_t votes; /* of the last 8 judgements, the latest in bit 0 */
    bool standing;
    struct trend trend; /* of the last judgement that said yes */
    int64_t from_ns;
    int64_t to_ns;
};

void growth_clear(struct growth *g);

/* Adds a sample; one that is older than all that is kept is dropped. */
void growth_add(struct growth *g, const struct growth_rule *rule, int64_t mono_ns, double value);

/* Remembers a level that was reached at a time that does not count as growth: the start-up. */
void growth_remember(struct growth *g, const struct growth_rule *rule, int64_t mono_ns,
                     double level);

enum growth_change { GROWTH_AS_BEFORE, GROWTH_RAISED, GROWTH_CLEARED };

#define GROWTH_LOADS 3

/* Judges the full bins before MONO_NS; call it once a bin. LOADS are the figures that would explain
 * a growth, as far as they are not NULL; NULL: there are none. */
enum growth_change growth_judge(struct growth *g, const struct growth_rule *rule,
                                const struct growth *const loads[GROWTH_LOADS], int64_t mono_ns);

/* Whether enough of the window that ends at MONO_NS is known for a judgement. */
bool growth_is_known(const struct growth *g, const struct growth_rule *rule, int64_t mono_ns);

/* The line that fits the window that ends at MONO_NS; it is 0 if too little is known. */
struct trend growth_trend(const struct growth *g, const struct growth_rule *rule, int64_t mono_ns);

#endif
