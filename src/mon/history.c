/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "mon/spill.h"

#define MOST_NS_OF_A_RATE (10 * NS_PER_S)

/* The ring of one level. Bucket number k lies at k % nbuckets; those of [newest - nbuckets + 1,
 * newest] are kept. */
struct level {
    int64_t width_ns;
    int64_t nbuckets;
    int64_t newest;                /* bucket number, -1: none yet */
    int64_t oldest;                /* the first that was ever filled */
    uint8_t *cause;                /* [nbuckets], enum gap_cause */
    struct history_bucket *bucket; /* [nseries][nbuckets] */
    size_t bucket_bytes;
    bool is_spilled;
};

/* The sample before, of which a rate is reckoned. */
struct sample_before {
    int64_t last_ns; /* -1: none yet */
    uint64_t last;
};

struct series {
    bool is_counter;
    bool is_measured; /* by gomon itself: that says nothing of whether the target publishes */
    struct sample_before before;
    int64_t minutes_taken; /* up to this bucket of minutes they came from elsewhere; -1: none */
};

struct history {
    int32_t series_of[METRIC_TABLE_MAX]; /* -1: not kept */
    int32_t nseries;
    int64_t begin_ns; /* nothing was before */
    int64_t first_ns; /* nothing is known from before; INT64_MAX: nothing at all */
    struct series *series;
    struct sample_before *stretch; /* [nseries] */
    struct level level[HISTORY_LEVELS];
};

static const int64_t width_of[HISTORY_LEVELS] = {
    [HISTORY_SECONDS] = NS_PER_S,
    [HISTORY_STRETCH] = NS_PER_S,
    [HISTORY_MINUTES] = 60 * NS_PER_S,
    [HISTORY_TENS] = 600 * NS_PER_S,
};
static const int64_t kept_of[HISTORY_LEVELS] = {
    [HISTORY_SECONDS] = HISTORY_SECONDS_KEPT,
    [HISTORY_STRETCH] = HISTORY_STRETCH_KEPT,
    [HISTORY_MINUTES] = HISTORY_MINUTES_KEPT,
    [HISTORY_TENS] = HISTORY_TENS_KEPT,
};

/* ---- levels ---- */

static bool level_init(struct level *l, enum history_level which, int32_t nseries, bool sparing)
{
    size_t n = (size_t)nseries * (size_t)kept_of[which];

    l->width_ns = width_of[which];
    l->nbuckets = kept_of[which];
    l->newest = -1;
    l->cause = calloc((size_t)l->nbuckets, sizeof *l->cause);
    l->is_spilled = which >= HISTORY_MINUTES || (sparing && which == HISTORY_SECONDS);
    l->bucket_bytes = n * sizeof *l->bucket;
    l->bucket = l->is_spilled ? spill_new(l->bucket_bytes) : calloc(n, sizeof *l->bucket);
    return l->cause != NULL && l->bucket != NULL;
}

static void level_fini(struct level *l)
{
    free(l->cause);
    if (l->is_spilled)
        spill_free(l->bucket, l->bucket_bytes);
    else
        free(l->bucket);
}

static struct history_bucket *bucket_at(const struct level *l, int32_t series, int64_t number)
{
    return &l->bucket[(int64_t)series * l->nbuckets + number % l->nbuckets];
}

static bool level_keeps(const struct level *l, int64_t number)
{
    return l->newest >= 0 && number >= l->oldest && number <= l->newest &&
           number > l->newest - l->nbuckets;
}

/* Makes NUMBER the newest bucket: what lies between becomes a gap. */
static void level_advance(struct level *l, int32_t nseries, int64_t number)
{
    int64_t from = l->newest + 1;

    if (l->newest < 0)
        l->oldest = from = number;
    if (number - from >= l->nbuckets)
        from = number - l->nbuckets + 1;
    for (int64_t k = from; k <= number; k++) {
        l->cause[k % l->nbuckets] = GAP_NOT_WATCHED;
        for (int32_t s = 0; s < nseries; s++)
            *bucket_at(l, s, k) = (struct history_bucket){0};
    }
    if (number > l->newest)
        l->newest = number;
}

/* ---- buckets ---- */

static void bucket_add(struct history_bucket *b, float value)
{
    if (b->n == 0 || value < b->min)
        b->min = value;
    if (b->n == 0 || value > b->max)
        b->max = value;
    b->sum += value;
    b->n++;
}

static void bucket_merge(struct history_bucket *to, const struct history_bucket *from)
{
    if (from->n == 0)
        return;
    if (to->n == 0 || from->min < to->min)
        to->min = from->min;
    if (to->n == 0 || from->max > to->max)
        to->max = from->max;
    to->sum += from->sum;
    to->n += from->n;
    to->last = from->last;
}

/* ---- public ---- */

static struct history *new_in(const struct metric_table *t, bool sparing)
{
    struct history *h = calloc(1, sizeof *h);

    if (h == NULL)
        return NULL;
    h->first_ns = INT64_MAX;
    for (unsigned i = 0; i < METRIC_TABLE_MAX; i++)
        h->series_of[i] = i < t->n && t->info[i].kept ? h->nseries++ : -1;
    h->series = calloc((size_t)h->nseries, sizeof *h->series);
    for (unsigned i = 0; h->series != NULL && i < t->n; i++)
        if (h->series_of[i] >= 0)
            h->series[h->series_of[i]] = (struct series){.is_counter = t->info[i].kind ==
                                                                       KIND_COUNTER,
                                                         .is_measured = metric_is_measured((int)i),
                                                         .before = {.last_ns = -1},
                                                         .minutes_taken = -1};
    h->stretch = calloc((size_t)h->nseries, sizeof *h->stretch);
    bool enough = h->series != NULL && h->stretch != NULL;
    for (int i = 0; i < HISTORY_LEVELS && enough; i++)
        enough = level_init(&h->level[i], (enum history_level)i, h->nseries, sparing);
    if (!enough) {
        history_free(h);
        return NULL;
    }
    return h;
}

struct history *history_new(const struct metric_table *t)
{
    return new_in(t, false);
}

struct history *history_new_sparing(const struct metric_table *t)
{
    return new_in(t, true);
}

bool history_part(struct history *h)
{
    for (struct level *l = h->level; l < h->level + HISTORY_LEVELS; l++)
        if (l->is_spilled && !spill_part(l->bucket, l->bucket_bytes))
            return false;
    return true;
}

void history_free(struct history *h)
{
    if (h == NULL)
        return;
    for (int i = 0; i < HISTORY_LEVELS; i++)
        level_fini(&h->level[i]);
    free(h->stretch);
    free(h->series);
    free(h);
}

bool history_has(const struct history *h, unsigned metric)
{
    return metric < METRIC_TABLE_MAX && h->series_of[metric] >= 0;
}

void history_begin(struct history *h, int64_t first_ns)
{
    h->begin_ns = first_ns;
}

/* Something is known from FROM_NS on: a sample of AT_NS or later. If that is before the beginning,
 * the beginning was reckoned by a wall clock that has been set since. */
static void note_first(struct history *h, int64_t from_ns, int64_t at_ns)
{
    if (at_ns < h->begin_ns)
        h->begin_ns = at_ns;
    if (from_ns < h->begin_ns)
        from_ns = h->begin_ns;
    if (from_ns < h->first_ns)
        h->first_ns = from_ns;
}

/* What a sample adds to min, max and sum: the gauge, or the counter's rate. False: nothing. */
static bool figure_of(bool is_counter, const struct sample_before *before, int64_t mono_ns,
                      uint64_t value, float *figure)
{
    int64_t dt = mono_ns - before->last_ns;

    if (!is_counter) {
        *figure = (float)value;
        return true;
    }
    if (before->last_ns < 0 || dt <= 0 || dt > MOST_NS_OF_A_RATE || value < before->last)
        return false;
    *figure = (float)((double)(value - before->last) / ((double)dt / NS_PER_S));
    return true;
}

/* Makes room for time MONO_NS and returns its bucket, or NULL if that has long been dropped. */
static struct history_bucket *bucket_for(struct history *h, enum history_level which,
                                         int32_t series, int64_t mono_ns)
{
    struct level *l = &h->level[which];
    int64_t number = mono_ns / l->width_ns;

    if (number > l->newest)
        level_advance(l, h->nseries, number);
    if (!level_keeps(l, number))
        return NULL;
    if (!h->series[series].is_measured)
        l->cause[number % l->nbuckets] = GAP_NONE;
    return bucket_at(l, series, number);
}

static void add_to_level(struct history *h, enum history_level which, int32_t series,
                         int64_t mono_ns, const float *figure)
{
    struct history_bucket *b = bucket_for(h, which, series, mono_ns);

    if (b == NULL || figure == NULL)
        return;
    bucket_add(b, *figure);
    b->last = (double)h->series[series].before.last;
}

void history_add(struct history *h, unsigned metric, int64_t mono_ns, uint64_t value)
{
    struct series *s;
    float figure;
    const float *adds;

    if (!history_has(h, metric) || mono_ns < 0)
        return;
    s = &h->series[h->series_of[metric]];
    if (mono_ns < s->before.last_ns)
        return;
    adds = figure_of(s->is_counter, &s->before, mono_ns, value, &figure) ? &figure : NULL;
    s->before = (struct sample_before){.last_ns = mono_ns, .last = value};
    note_first(h, mono_ns, mono_ns);
    add_to_level(h, HISTORY_SECONDS, h->series_of[metric], mono_ns, adds);
    if (mono_ns / h->level[HISTORY_MINUTES].width_ns <= s->minutes_taken)
        return;
    add_to_level(h, HISTORY_MINUTES, h->series_of[metric], mono_ns, adds);
    add_to_level(h, HISTORY_TENS, h->series_of[metric], mono_ns, adds);
}

/* A minute that is full counts in the ten minutes that it is of. */
static void add_to_tens(struct history *h, int32_t series, int64_t mono_ns,
                        const struct history_bucket *minute)
{
    struct history_bucket *b = bucket_for(h, HISTORY_TENS, series, mono_ns);

    if (b != NULL)
        bucket_merge(b, minute);
}

/* The last value of the bucket of minutes before NUMBER, or false. */
static bool minute_before(const struct level *l, int32_t series, int64_t number, double *last)
{
    if (!level_keeps(l, number - 1))
        return false;
    *last = bucket_at(l, series, number - 1)->last;
    return true;
}

static void take_minute(struct history *h, int32_t series, int64_t number,
                        const struct history_minute *minute)
{
    struct level *l = &h->level[HISTORY_MINUTES];
    struct history_bucket *b = bucket_for(h, HISTORY_MINUTES, series, number * l->width_ns);
    double before;

    if (b == NULL)
        return;
    b->last = (double)minute->last;
    if (!h->series[series].is_counter) {
        bucket_add(b, (float)minute->min);
        bucket_add(b, (float)minute->max);
    } else if (minute_before(l, series, number, &before) && b->last >= before) {
        bucket_add(b, (float)((b->last - before) * (double)NS_PER_S / (double)l->width_ns));
    }
    add_to_tens(h, series, number * l->width_ns, b);
}

void history_add_minute(struct history *h, unsigned metric, int64_t mono_ns,
                        const struct history_minute *minute)
{
    int64_t width_ns = h->level[HISTORY_MINUTES].width_ns;
    int64_t number = mono_ns / width_ns;
    struct series *s;

    if (!history_has(h, metric) || mono_ns < 0)
        return;
    s = &h->series[h->series_of[metric]];
    if (number * width_ns <= s->before.last_ns || number <= s->minutes_taken)
        return;
    s->minutes_taken = number;
    note_first(h, number * width_ns, mono_ns);
    take_minute(h, h->series_of[metric], number, minute);
}

void history_put_minute(struct history *h, unsigned metric, int64_t mono_ns,
                        const struct history_bucket *bucket)
{
    struct history_bucket *b;

    if (!history_has(h, metric) || mono_ns < 0)
        return;
    note_first(h, mono_ns, mono_ns);
    b = bucket_for(h, HISTORY_MINUTES, h->series_of[metric], mono_ns);
    if (b != NULL)
        *b = *bucket;
    add_to_tens(h, h->series_of[metric], mono_ns, bucket);
}

/* ---- the stretch ---- */

void history_stretch(struct history *h, int64_t from_ns, int64_t to_ns)
{
    struct level *l = &h->level[HISTORY_STRETCH];
    int64_t first = from_ns / l->width_ns;
    int64_t last = to_ns > from_ns ? (to_ns - 1) / l->width_ns : first;

    if (first < last - l->nbuckets + 1)
        first = last - l->nbuckets + 1;
    l->newest = -1;
    level_advance(l, h->nseries, first < 0 ? 0 : first);
    level_advance(l, h->nseries, last);
    for (int32_t s = 0; s < h->nseries; s++)
        h->stretch[s].last_ns = -1;
}

void history_stretch_add(struct history *h, unsigned metric, int64_t mono_ns, uint64_t value)
{
    struct level *l = &h->level[HISTORY_STRETCH];
    int64_t number = mono_ns / l->width_ns;
    struct sample_before *before;
    struct history_bucket *b;
    int32_t series;
    float figure;
    bool known;

    if (!history_has(h, metric) || mono_ns < 0)
        return;
    series = h->series_of[metric];
    before = &h->stretch[series];
    if (mono_ns <= before->last_ns)
        return;
    known = figure_of(h->series[series].is_counter, before, mono_ns, value, &figure);
    *before = (struct sample_before){.last_ns = mono_ns, .last = value};
    if (!level_keeps(l, number))
        return;
    note_first(h, mono_ns, mono_ns);
    if (!h->series[series].is_measured)
        l->cause[number % l->nbuckets] = GAP_NONE;
    b = bucket_at(l, series, number);
    if (known)
        bucket_add(b, figure);
    b->last = (double)value;
}

void history_stretch_gap(struct history *h, int64_t mono_ns, enum gap_cause cause)
{
    struct level *l = &h->level[HISTORY_STRETCH];
    int64_t number = mono_ns / l->width_ns;

    if (mono_ns >= 0 && level_keeps(l, number) && l->cause[number % l->nbuckets] != GAP_NONE)
        l->cause[number % l->nbuckets] = (uint8_t)cause;
}

bool history_has_seconds(const struct history *h, int64_t from_ns, int64_t to_ns)
{
    const struct level *s = &h->level[HISTORY_STRETCH];
    int64_t first = from_ns / s->width_ns;
    int64_t last = (to_ns - 1) / s->width_ns;

    if (level_keeps(s, first) && level_keeps(s, last))
        return true;
    return level_keeps(&h->level[HISTORY_SECONDS], first);
}

/* ---- looking ---- */

void history_mark_gap(struct history *h, int64_t from_ns, int64_t to_ns, enum gap_cause cause)
{
    for (int i = 0; i < HISTORY_LEVELS && from_ns >= 0 && to_ns > from_ns; i++) {
        struct level *l = &h->level[i];

        if (i == HISTORY_STRETCH)
            continue;
        int64_t first = from_ns / l->width_ns;
        int64_t last = (to_ns - 1) / l->width_ns;

        if (last > l->newest)
            level_advance(l, h->nseries, last);
        for (int64_t k = last; k >= first && level_keeps(l, k); k--)
            if (l->cause[k % l->nbuckets] != GAP_NONE)
                l->cause[k % l->nbuckets] = (uint8_t)cause;
    }
}

/* The finest level that reaches back to FROM_NS, or else the coarsest. */
static const struct level *level_for(const struct history *h, int64_t from_ns)
{
    for (int i = 0; i < HISTORY_LEVELS - 1; i++) {
        const struct level *l = &h->level[i];
        int64_t number = from_ns / l->width_ns;
        bool reaches = l->newest >= 0 && number >= l->oldest && number > l->newest - l->nbuckets;

        if (reaches && (i != HISTORY_STRETCH || number <= l->newest))
            return l;
    }
    return &h->level[HISTORY_LEVELS - 1];
}

int64_t history_width_ns(const struct history *h, int64_t from_ns)
{
    return level_for(h, from_ns)->width_ns;
}

bool history_range(const struct history *h, unsigned metric, int64_t from_ns, int64_t to_ns,
                   struct history_bucket *out)
{
    const struct level *l = level_for(h, from_ns);
    int64_t first = from_ns / l->width_ns;
    int64_t last = to_ns > from_ns ? (to_ns - 1) / l->width_ns : first;

    *out = (struct history_bucket){0};
    if (!history_has(h, metric) || from_ns < 0 || to_ns <= h->first_ns)
        return false;
    if (first < l->newest - l->nbuckets + 1)
        first = l->newest - l->nbuckets + 1;
    if (last > l->newest)
        last = l->newest;
    for (int64_t k = first; k <= last; k++)
        if (level_keeps(l, k))
            bucket_merge(out, bucket_at(l, h->series_of[metric], k));
    return out->n > 0;
}

enum gap_cause history_gap_at(const struct history *h, int64_t mono_ns)
{
    const struct level *l = level_for(h, mono_ns);
    int64_t number = mono_ns / l->width_ns;

    if (mono_ns < h->first_ns || !level_keeps(l, number))
        return GAP_UNKNOWN;
    return (enum gap_cause)l->cause[number % l->nbuckets];
}

int64_t history_oldest_ns(const struct history *h)
{
    const struct level *l = &h->level[HISTORY_TENS];
    int64_t kept_ns = (l->newest - l->nbuckets + 1) * l->width_ns;

    if (h->first_ns == INT64_MAX)
        return 0;
    return kept_ns > h->first_ns ? kept_ns : h->first_ns;
}
