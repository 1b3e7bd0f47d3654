/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/changed.h"

#include <math.h>
#include <stdlib.h>

#include "mon/trend.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define BINS          60 /* of a stretch at most */
#define LEAST_SPAN_NS (5 * NS_PER_SECOND)
#define SPREAD_OF_MAD 1.4826 /* a standard deviation, of normal data */
#define LEAST_SHARE   0.02

/* Of groups: bins enough, wherever it begins, so that none comes and goes. */
static const int64_t least_group_ns = (CHANGED_LEAST + 1) * GROUPPAST_SLOT_NS;

/* From when on something is known. The first minute of a recording may begin before it. */
static int64_t oldest_of(const struct model *model)
{
    int64_t oldest_ns = history_oldest_ns(model->history);

    return model->view.past && model->view.first_ns > oldest_ns ? model->view.first_ns : oldest_ns;
}

/* What is read of a row in one stretch: means of its bins. */
struct reader {
    const struct history *history;
    int64_t oldest_ns;              /* nothing is known from before */
    const struct grouppast *groups; /* of a group; NULL: nothing is known of it */
    bool is_group;
    unsigned number; /* of the metric, or of the group in groups */
};

/* Before a baseline, the groups are those that were known when it was set. */
static struct reader reader_of(const struct model *model, const struct changed_row *row,
                               enum changed_side side)
{
    struct reader r = {.history = model->history,
                       .oldest_ns = oldest_of(model),
                       .is_group = row->is_group,
                       .number = row->metric};

    if (!row->is_group)
        return r;
    r.groups = side == CHANGED_BEFORE && model->baseline != NULL ? model->base_groups
                                                                 : model->groups;
    r.number = r.groups != NULL ? grouppast_find(r.groups, &row->key) : 0;
    return r;
}

static bool mean_of(const struct reader *r, int64_t from_ns, int64_t to_ns, double *mean)
{
    struct history_bucket b;

    if (r->is_group)
        return r->groups != NULL && grouppast_mean(r->groups, r->number, from_ns, to_ns, mean);
    if (!history_range(r->history, r->number, from_ns, to_ns, &b))
        return false;
    *mean = history_mean(&b);
    return true;
}

static int64_t round_up(int64_t ns, int64_t width_ns)
{
    return (ns + width_ns - 1) / width_ns * width_ns;
}

/* ---- Times ---- */

/* Half of the window, or of what is known of it. */
static int64_t half_of(const struct changed_ask *ask)
{
    int64_t oldest_ns = oldest_of(ask->model);
    int64_t known_ns = oldest_ns > 0 && oldest_ns < ask->now_ns ? ask->now_ns - oldest_ns : 0;

    return (known_ns < ask->window_ns ? known_ns : ask->window_ns) / 2;
}

bool changed_times(const struct changed_ask *ask, struct changed_times *times)
{
    const struct snapshot *baseline = ask->model->baseline;
    int64_t span_ns = half_of(ask);
    int64_t base_ns = baseline != NULL ? baseline->mono_ns : ask->now_ns - span_ns;
    int64_t apart_ns = base_ns < ask->now_ns ? ask->now_ns - base_ns : base_ns - ask->now_ns;

    if (span_ns > apart_ns)
        span_ns = apart_ns;
    if (span_ns < LEAST_SPAN_NS)
        span_ns = 0;
    *times = (struct changed_times){
        .before_ns = base_ns - span_ns, .after_ns = ask->now_ns - span_ns, .span_ns = span_ns};
    return span_ns > 0;
}

/* The stretches of a row: of groups less may be known. */
static struct changed_times times_of(const struct model *model, const struct changed_row *row,
                                     const struct changed_times *times)
{
    int64_t now_ns = times->after_ns + times->span_ns;
    int64_t oldest_ns;
    struct changed_times own = *times;

    if (!row->is_group || model->baseline != NULL || model->groups == NULL)
        return own;
    oldest_ns = grouppast_oldest_ns(model->groups);
    if (oldest_ns == 0 || oldest_ns <= times->before_ns || oldest_ns >= now_ns)
        return own;
    own.span_ns = (now_ns - oldest_ns) / 2;
    if (own.span_ns < least_group_ns)
        own.span_ns = 0;
    own.before_ns = now_ns - 2 * own.span_ns;
    own.after_ns = now_ns - own.span_ns;
    return own;
}

/* ---- The score ---- */

/* Means of the whole bins within a stretch; returns how many are known. */
static size_t read_bins(const struct reader *r, int64_t from_ns, int64_t span_ns, double bin[BINS])
{
    int64_t to_ns = from_ns + span_ns;

    if (from_ns < r->oldest_ns)
        from_ns = r->oldest_ns;
    if (from_ns >= to_ns)
        return 0;
    int64_t width_ns = r->is_group ? GROUPPAST_SLOT_NS : history_width_ns(r->history, from_ns);
    int64_t bin_ns = round_up((to_ns - from_ns + BINS - 1) / BINS, width_ns);
    size_t n = 0;

    for (int64_t at = round_up(from_ns, bin_ns); at + bin_ns <= to_ns && n < BINS; at += bin_ns)
        n += mean_of(r, at, at + bin_ns, &bin[n]);
    return n;
}

/* The least deviation that counts, in the unit of the figure. */
static double floor_of(const struct model *model, const struct changed_row *row)
{
    const struct metric_info *info = &model->metrics->info[row->metric];

    if (row->is_group)
        return 1;
    switch (info->unit) {
    case FMT_COUNT:
    case FMT_ENUM:
    case FMT_UNIX_NS:
        return 1;
    case FMT_BYTES:
        return 65536;
    case FMT_NS:
        return info->kind == KIND_COUNTER ? 1e7 : 1e5;
    case FMT_PPM:
        return 5000;
    }
    return 1;
}

static double deviation_of(double *bin, size_t n, double median)
{
    for (size_t i = 0; i < n; i++)
        bin[i] = fabs(bin[i] - median);
    return SPREAD_OF_MAD * trend_median(bin, n);
}

/* Fills in the figures of ROW; false if too little is known. */
static bool judge(const struct model *model, const struct changed_times *all,
                  struct changed_row *row)
{
    struct changed_times times = times_of(model, row, all);
    struct reader r = reader_of(model, row, CHANGED_BEFORE);
    double before[BINS], after[BINS];
    double scale;

    size_t nbefore = read_bins(&r, times.before_ns, times.span_ns, before);
    r = reader_of(model, row, CHANGED_AFTER);
    size_t nafter = read_bins(&r, times.after_ns, times.span_ns, after);
    if (nbefore < CHANGED_LEAST || nafter == 0)
        return false;
    row->before = trend_median(before, nbefore);
    row->after = trend_median(after, nafter);
    scale = deviation_of(before, nbefore, row->before);
    scale = fmax(scale, LEAST_SHARE * fabs(row->before));
    row->score = (row->after - row->before) / fmax(scale, floor_of(model, row));
    return isfinite(row->score);
}

/* ---- The ranking ---- */

static int most_moved_first(const void *a, const void *b)
{
    const struct changed_row *x = a, *y = b;
    double by_x = fabs(x->score), by_y = fabs(y->score);

    if (by_x > by_y || by_x < by_y)
        return by_x > by_y ? -1 : 1;
    if (x->is_group != y->is_group)
        return x->is_group ? 1 : -1;
    if (x->metric != y->metric)
        return x->metric < y->metric ? -1 : 1;
    if (x->key.spawn_pc != y->key.spawn_pc)
        return x->key.spawn_pc < y->key.spawn_pc ? -1 : 1;
    if (x->key.state != y->key.state)
        return x->key.state < y->key.state ? -1 : 1;
    return x->key.reason < y->key.reason ? -1 : x->key.reason > y->key.reason;
}

static void add(struct changed *changed, const struct model *model, const struct changed_row *row)
{
    changed->row[changed->n] = *row;
    if (judge(model, &changed->times, &changed->row[changed->n]))
        changed->n++;
}

/* A number that is only a name, or a time, does not move. */
static bool can_move(const struct metric_info *info)
{
    return info->present && info->kept && info->unit != FMT_ENUM && info->unit != FMT_UNIX_NS;
}

/* Those that are known now, and those that were at the baseline and are not any more. */
static void add_groups(struct changed *changed, const struct model *model)
{
    const struct grouppast *now = model->groups;
    const struct grouppast *then = model->baseline != NULL ? model->base_groups : NULL;

    for (uint32_t i = 0; now != NULL && i < grouppast_n(now); i++)
        add(changed, model, &(struct changed_row){.is_group = true, .key = *grouppast_at(now, i)});
    for (uint32_t i = 0; now != NULL && then != NULL && i < grouppast_n(then); i++)
        if (grouppast_find(now, grouppast_at(then, i)) == grouppast_n(now))
            add(changed, model,
                &(struct changed_row){.is_group = true, .key = *grouppast_at(then, i)});
}

void changed_rank(const struct changed_ask *ask, struct changed *changed)
{
    const struct model *model = ask->model;

    changed->n = 0;
    if (!changed_times(ask, &changed->times))
        return;
    for (unsigned i = 0; i < model->metrics->n; i++)
        if (can_move(&model->metrics->info[i]))
            add(changed, model, &(struct changed_row){.metric = i});
    add_groups(changed, model);
    qsort(changed->row, changed->n, sizeof changed->row[0], most_moved_first);
}

void changed_course(const struct model *model, const struct changed_row *row,
                    enum changed_side side, const struct changed_times *all, double *value, int n)
{
    struct changed_times times = times_of(model, row, all);
    struct reader r = reader_of(model, row, side);
    int64_t from_ns = side == CHANGED_BEFORE ? times.before_ns : times.after_ns;

    for (int i = 0; i < n; i++) {
        int64_t at = from_ns + times.span_ns * i / n;
        int64_t end = from_ns + times.span_ns * (i + 1) / n;

        if (row->is_group && end - at < 2 * GROUPPAST_SLOT_NS)
            at = end - 2 * GROUPPAST_SLOT_NS; /* there may be a count in every other slot only */
        if (at < 0 || !mean_of(&r, at, end, &value[i]))
            value[i] = (double)NAN;
    }
}
