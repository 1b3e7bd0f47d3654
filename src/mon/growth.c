/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/growth.h"

#include <math.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/clock.h"

#define MOST_P 0.01
#define LEAST_POINTS 12
#define LEAST_SPAN_BINS (GROWTH_BINS * 9 / 10)
#define NOISE_TIMES 6.0
#define PARTS 5
#define LATE_SPEED 0.7      /* of the speed over the whole window */
#define MOST_REGAINED 0.3   /* of the growth: the rest is beyond all that was before */
#define EXPLAINED_SHARE 0.7   /* of the growth may be the load's: not a leak, ... */
#define SEEN_SHARE      0.35  /* ... if so much of it was seen in the load for sure */
#define LOAD_PART_BINS  (GROWTH_BINS / 4)
#define LOAD_BACK_BINS  (5 * LOAD_PART_BINS) /* the oldest part ends that long ago */
#define STANDING_SHARE  0.5                  /* of what it takes to raise keeps it standing */
#define RAISE_YES 6         /* of 8 */
#define LEVEL_BINS 5        /* known ones: of so many the second least is a level that was held */

_Static_assert(GROWTH_BINS <= TREND_POINTS, "a window can be tested for a trend");
_Static_assert(LOAD_BACK_BINS + LOAD_PART_BINS <= GROWTH_KEPT, "the load before is kept");

void growth_clear(struct growth *g)
{
    memset(g, 0, sizeof *g);
    g->newest = -1;
    for (size_t i = 0; i < GROWTH_KEPT; i++)
        g->bin[i].number = -1;
    for (size_t i = 0; i < GROWTH_WINDOWS; i++)
        g->record_window[i] = -1;
}

/* ---- bins ---- */

static struct growth_bin *bin_at(struct growth *g, int64_t number)
{
    return &g->bin[number % GROWTH_KEPT];
}

static const struct growth_bin *known_bin(const struct growth *g, int64_t number)
{
    const struct growth_bin *b = number < 0 ? NULL : &g->bin[number % GROWTH_KEPT];

    return b != NULL && b->number == number ? b : NULL;
}

/* The level that was held in N bins, LEVEL_BINS at most: neither a few that were higher count nor
 * one that was lower. Sorts them. */
static float level_of(float *low, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        float v = low[i];
        size_t j = i;

        for (; j > 0 && low[j - 1] > v; j--)
            low[j] = low[j - 1];
        low[j] = v;
    }
    return low[n / 4];
}

/* Remembers the level that was held from bin NUMBER on, which is the oldest that is kept. */
static void take_record(struct growth *g, int64_t number)
{
    int64_t window = number / GROWTH_BINS;
    size_t at = (size_t)(window % GROWTH_WINDOWS);
    float low[LEVEL_BINS];
    float level;
    size_t n = 0;

    for (int64_t k = number; k < number + GROWTH_KEPT && n < LEVEL_BINS; k++)
        if (known_bin(g, k) != NULL)
            low[n++] = known_bin(g, k)->low;
    level = level_of(low, n);
    if (g->record_window[at] != window || level > g->record[at])
        g->record[at] = level;
    g->record_window[at] = window;
}

/* Makes NUMBER the newest bin; those that are too old for it leave. */
static void advance(struct growth *g, int64_t number)
{
    int64_t oldest = g->newest - GROWTH_KEPT + 1;

    for (int64_t k = oldest < 0 ? 0 : oldest; k <= number - GROWTH_KEPT && k <= g->newest; k++) {
        if (known_bin(g, k) == NULL)
            continue;
        take_record(g, k);
        bin_at(g, k)->number = -1;
    }
    g->newest = number;
}

static void add(struct growth *g, int64_t number, float value, bool is_start)
{
    struct growth_bin *b;

    if (number < 0 || number <= g->newest - GROWTH_KEPT)
        return;
    if (number > g->newest)
        advance(g, number);
    b = bin_at(g, number);
    if (b->number != number)
        *b = (struct growth_bin){.number = number, .low = value, .is_start = is_start};
    else if (value < b->low)
        b->low = value;
}

void growth_remember(struct growth *g, const struct growth_rule *rule, int64_t mono_ns,
                     double level)
{
    add(g, mono_ns / rule->bin_ns, (float)level, true);
}

void growth_add(struct growth *g, const struct growth_rule *rule, int64_t mono_ns, double value)
{
    add(g, mono_ns / rule->bin_ns, (float)value, false);
}

/* The full bins after bin BEFORE up to bin LAST, at most a window, in time; returns how many. */
static size_t points_within(const struct growth *g, int64_t before, int64_t last, double bin_s,
                            struct trend_point point[GROWTH_BINS])
{
    size_t n = 0;

    for (int64_t k = before + 1; k <= last; k++) {
        const struct growth_bin *b = known_bin(g, k);

        if (b != NULL && !b->is_start)
            point[n++] = (struct trend_point){.t = (double)k * bin_s, .v = (double)b->low};
    }
    return n;
}

/* Those of the window that ends with bin LAST. */
static size_t points_of(const struct growth *g, int64_t last, double bin_s,
                        struct trend_point point[GROWTH_BINS])
{
    return points_within(g, last - GROWTH_BINS, last, bin_s, point);
}

/* The greatest level of those bins that are kept and are before FIRST or of the start. */
static double kept_record(const struct growth *g, int64_t first)
{
    float low[GROWTH_KEPT];
    float some[LEVEL_BINS];
    double record = -(double)INFINITY;
    size_t n = 0;
    size_t at_once;

    for (int64_t k = g->newest - GROWTH_KEPT + 1; k <= g->newest; k++)
        if (known_bin(g, k) != NULL && (k < first || known_bin(g, k)->is_start))
            low[n++] = known_bin(g, k)->low;
    at_once = n < LEVEL_BINS ? n : LEVEL_BINS;
    for (size_t i = 0; n > 0 && i + at_once <= n; i++) {
        memcpy(some, low + i, at_once * sizeof *some);
        record = fmax(record, (double)level_of(some, at_once));
    }
    return record;
}

/* The greatest level of the last day of windows, before bin FIRST; -INFINITY: none is known. */
static double record_before(const struct growth *g, int64_t first)
{
    double record = kept_record(g, first);

    for (size_t i = 0; i < GROWTH_WINDOWS; i++)
        if (g->record_window[i] > first / GROWTH_BINS - GROWTH_WINDOWS && g->record_window[i] >= 0)
            record = fmax(record, (double)g->record[i]);
    return record;
}

/* ---- the rules ---- */

static double median_of(const struct trend_point *point, size_t n)
{
    double value[GROWTH_BINS];

    for (size_t i = 0; i < n; i++)
        value[i] = point[i].v;
    return trend_median(value, n);
}

/* Rises from part to part, and has not slowed down at the end as what levels off does. */
static bool rises_to_the_end(const struct trend_point *point, size_t n, double slope)
{
    double median[PARTS];
    size_t half = n / 2;

    for (size_t i = 0; i < PARTS; i++) {
        size_t from = n * i / PARTS;

        median[i] = median_of(point + from, n * (i + 1) / PARTS - from);
        if (i > 0 && median[i] <= median[i - 1])
            return false;
    }
    return trend_of(point + half, n - half).slope >= LATE_SPEED * slope;
}

/* Whether the load rose by so much of its level that it explains that the figure rose by SHARE. The
 * load has the benefit of the doubt: its growth counts with twice its standard error, which is that
 * of a fitted line. */
static bool load_explains(const struct growth *load, int64_t last, double bin_s, double share)
{
    struct trend_point point[GROWTH_BINS];
    size_t n = points_of(load, last, bin_s, point);
    struct trend t = trend_of(point, n);
    double seen = t.to - t.from;
    double grown = seen + 2.0 * t.spread * sqrt(12.0 / fmax((double)n, 1.0));

    return n >= LEAST_POINTS && t.from > 0.0 && seen / t.from >= SEEN_SHARE * share &&
           grown / t.from >= EXPLAINED_SHARE * share;
}

/* The same for a load that has stopped rising since: what follows it takes its time. Its level now
 * is compared with the least that it had in the window or half a window before. */
static bool load_explained(const struct growth *load, int64_t last, double bin_s, double share)
{
    struct trend_point point[GROWTH_BINS];
    double least = (double)INFINITY;
    size_t n = 0;

    for (int64_t k = last - LOAD_BACK_BINS; k <= last; k += LOAD_PART_BINS) {
        n = points_within(load, k - LOAD_PART_BINS, k, bin_s, point);
        if (n >= LOAD_PART_BINS / 2)
            least = fmin(least, median_of(point, n));
    }
    return n > 0 && least > 0.0 && median_of(point, n) / least - 1.0 >= EXPLAINED_SHARE * share;
}

static bool any_explains(const struct growth *const loads[GROWTH_LOADS], int64_t last, double bin_s,
                         double share)
{
    for (size_t i = 0; loads != NULL && i < GROWTH_LOADS; i++)
        if (loads[i] != NULL && (load_explains(loads[i], last, bin_s, share) ||
                                 load_explained(loads[i], last, bin_s, share)))
            return true;
    return false;
}

static bool is_enough(const struct growth_rule *rule, const struct trend_point *point, size_t n)
{
    return n >= LEAST_POINTS && point[n - 1].t - point[0].t >= (double)(LEAST_SPAN_BINS - 1) *
                                                                   (double)rule->bin_ns /
                                                                   (double)NS_PER_S;
}

/* The cheap questions first: most figures do not grow at all. */
static bool may_grow(const struct growth_rule *rule, const struct trend_point *point, size_t n)
{
    return is_enough(rule, point, n) &&
           median_of(point + n - n / PARTS, n / PARTS) - median_of(point, n / PARTS) >=
               rule->least / 4.0;
}

/* It rises for sure, by enough. To go on standing takes STANDING_SHARE of what it takes to begin.
 */
static bool rises(const struct growth *g, const struct growth_rule *rule,
                  const struct trend_point *point, size_t n, struct trend *trend)
{
    double share = g->standing ? STANDING_SHARE : 1.0;
    double grown;

    if (!may_grow(rule, point, n))
        return false;
    *trend = trend_of(point, n);
    grown = trend->to - trend->from;
    return trend->p < MOST_P && grown >= share * rule->least &&
           grown >= share * rule->least_share * trend->from &&
           grown >= share * NOISE_TIMES * trend->spread;
}

/* One that stands has passed the later questions: they are of those that only look like it. */
static bool grows(const struct growth *g, const struct growth_rule *rule,
                  const struct growth *const loads[GROWTH_LOADS], int64_t last, struct trend *trend)
{
    struct trend_point point[GROWTH_BINS];
    double bin_s = (double)rule->bin_ns / (double)NS_PER_S;
    size_t n = points_of(g, last, bin_s, point);
    double grown;

    if (!rises(g, rule, point, n, trend))
        return false;
    if (g->standing)
        return true;
    grown = trend->to - trend->from;
    if (!rises_to_the_end(point, n, trend->slope) ||
        record_before(g, last - GROWTH_BINS + 1) > trend->from + MOST_REGAINED * grown)
        return false;
    return !any_explains(loads, last, bin_s, grown / fmax(trend->from, 1.0));
}

bool growth_is_known(const struct growth *g, const struct growth_rule *rule, int64_t mono_ns)
{
    struct trend_point point[GROWTH_BINS];
    double bin_s = (double)rule->bin_ns / (double)NS_PER_S;

    return is_enough(rule, point, points_of(g, mono_ns / rule->bin_ns - 1, bin_s, point));
}

enum growth_change growth_judge(struct growth *g, const struct growth_rule *rule,
                                const struct growth *const loads[GROWTH_LOADS], int64_t mono_ns)
{
    int64_t last = mono_ns / rule->bin_ns - 1;
    struct trend trend;
    bool yes;

    if (g->standing && !growth_is_known(g, rule, mono_ns))
        return GROWTH_AS_BEFORE;
    yes = grows(g, rule, loads, last, &trend);
    g->votes = (uint8_t)(g->votes << 1 | yes);
    if (yes) {
        g->trend = trend;
        g->to_ns = (last + 1) * rule->bin_ns;
        g->from_ns = g->to_ns - GROWTH_BINS * rule->bin_ns;
    }
    if (!g->standing && bits_count(g->votes) >= RAISE_YES) {
        g->standing = true;
        return GROWTH_RAISED;
    }
    if (g->standing && g->votes == 0) {
        g->standing = false;
        return GROWTH_CLEARED;
    }
    return GROWTH_AS_BEFORE;
}

struct trend growth_trend(const struct growth *g, const struct growth_rule *rule, int64_t mono_ns)
{
    struct trend_point point[GROWTH_BINS];
    double bin_s = (double)rule->bin_ns / (double)NS_PER_S;

    return trend_of(point, points_of(g, mono_ns / rule->bin_ns - 1, bin_s, point));
}
