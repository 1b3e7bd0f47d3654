/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/lint_limit.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define LEAST_SHARE      0.0005 /* of the limit, grown over a window */
#define CRITICAL_NS      (3600 * NS_PER_S)
#define LONGEST_NS       (INT64_C(100) * 365 * 86400 * NS_PER_S)
#define FIRST_JUDGEMENTS 8
#define WARM_UP_BINS     (GROWTH_BINS * 2 / 5)

void lint_limits_init(struct lint_limits *f, int64_t window_ns, int64_t long_ns)
{
    memset(f, 0, sizeof *f);
    f->scale[0].bin_ns = window_ns / GROWTH_BINS;
    f->scale[1].bin_ns = long_ns / GROWTH_BINS;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < USAGES; k++)
            growth_clear(&f->scale[i].growth[k]);
}

/* ---- what is used ---- */

static struct growth_rule rule_for(const struct lint_limit_scale *s, double limit)
{
    return (struct growth_rule){.bin_ns = s->bin_ns, .least = LEAST_SHARE * limit};
}

static void take_bin(struct lint_limit_scale *s, const struct lint_ask *q, int64_t number,
                     bool judge_too)
{
    int64_t from_ns = number * s->bin_ns;

    for (int i = 0; i < USAGES; i++) {
        double limit;
        double used;

        if (!usage_limit(q->in->snapshot, (enum usage_of)i, &limit))
            continue;
        struct growth_rule rule = rule_for(s, limit);
        if (from_ns >= s->warm_ns &&
            usage_used(q->in->history, (enum usage_of)i, from_ns, from_ns + s->bin_ns, &used))
            growth_add(&s->growth[i], &rule, from_ns, used);
        if (judge_too)
            growth_judge(&s->growth[i], &rule, NULL, from_ns + s->bin_ns);
    }
}

static void take_bins(struct lint_limit_scale *s, const struct lint_ask *q)
{
    int64_t end = q->in->mono_ns / s->bin_ns;
    int64_t first = s->next_bin > 0 ? s->next_bin : end - GROWTH_KEPT;

    s->warm_ns = q->start_ns + s->bin_ns * WARM_UP_BINS;
    if (first < 0)
        first = 0;
    for (int64_t k = first; k < end; k++)
        take_bin(s, q, k, k >= end - FIRST_JUDGEMENTS);
    s->next_bin = end;
}

/* ---- the forecast ---- */

static int64_t time_left(double room, double per_s)
{
    double ns;

    if (per_s <= 0.0)
        return INT64_MAX;
    ns = room <= 0.0 ? 0.0 : room / per_s * (double)NS_PER_S;
    return ns < (double)LONGEST_NS ? (int64_t)ns : INT64_MAX;
}

/* Of the two scales the one on which it comes sooner. */
static void foresee(struct forecast *to, const struct lint_limit_scale *s, enum usage_of of,
                    double limit, int64_t now_ns)
{
    const struct growth *g = &s->growth[of];
    const struct trend *t = &g->trend;
    struct growth_rule rule = rule_for(s, limit);
    double used;

    if (to->state < FORECAST_LEVEL && growth_is_known(g, &rule, now_ns))
        to->state = FORECAST_LEVEL;
    if (!g->standing)
        return;
    used = t->to + t->slope * (double)(now_ns - g->to_ns) / (double)NS_PER_S;
    struct forecast f = {.state = FORECAST_KNOWN,
                         .of = of,
                         .used = used,
                         .limit = limit,
                         .per_s = t->slope,
                         .left_ns = time_left(limit - used, t->slope),
                         .soonest_ns = time_left(limit - used, t->slope_high),
                         .latest_ns = time_left(limit - used, t->slope_low),
                         .window_ns = s->bin_ns * GROWTH_BINS,
                         .samples = (uint32_t)t->n};
    if (f.left_ns != INT64_MAX && (to->state != FORECAST_KNOWN || f.left_ns < to->left_ns))
        *to = f;
}

static void foresee_all(struct lint_limits *f, const struct lint_ask *q)
{
    f->first = (struct forecast){.state = FORECAST_NONE};
    for (int i = 0; i < USAGES; i++) {
        struct forecast *of = &f->of[i];
        double limit;

        *of = (struct forecast){.state = FORECAST_NONE, .of = (enum usage_of)i};
        if (!usage_limit(q->in->snapshot, (enum usage_of)i, &limit))
            continue;
        *of = (struct forecast){.state = FORECAST_NOT_YET, .of = (enum usage_of)i, .limit = limit};
        for (int k = 0; k < 2; k++)
            foresee(of, &f->scale[k], (enum usage_of)i, limit, q->in->mono_ns);
        if (of->state > f->first.state ||
            (of->state == FORECAST_KNOWN && of->left_ns < f->first.left_ns))
            f->first = *of;
    }
}

/* ---- the lint ---- */

static void tell(const struct lint_ask *q, const struct forecast *f, uint64_t pc)
{
    struct alert *a = lint_raise(q, LINT_TIME_TO_LIMIT, f->of);
    enum fmt_unit unit = usage_unit(f->of);
    char limit[FMT_BYTES_MAX], left[FMT_BYTES_MAX], used[FMT_BYTES_MAX], rate[FMT_BYTES_MAX];
    char soonest[FMT_BYTES_MAX], latest[FMT_BYTES_MAX] = "never";

    if (f->left_ns < CRITICAL_NS)
        a->severity = ALERT_CRITICAL;
    if (f->of != USAGE_FILES && pc != 0)
        a->pc = pc;
    if (f->latest_ns != INT64_MAX)
        fmt_duration(latest, sizeof latest, (double)f->latest_ns);
    snprintf(
        a->text, sizeof a->text, "%s reaches the limit of %s in %s (between %s and %s): %s, %s",
        usage_name(f->of), fmt_value(limit, sizeof limit, unit, f->limit),
        fmt_duration(left, sizeof left, (double)f->left_ns),
        fmt_duration(soonest, sizeof soonest, (double)f->soonest_ns), latest,
        fmt_value(used, sizeof used, unit, f->used), fmt_rate(rate, sizeof rate, unit, f->per_s));
}

static void judge(const struct lint_ask *q, const struct forecast *f, uint64_t pc)
{
    double limit_ns = lint_limit(q, LINT_TIME_TO_LIMIT);
    double clear_ns = limit_ns * lint_info(LINT_TIME_TO_LIMIT)->clear;

    if (f->state == FORECAST_KNOWN && (double)f->left_ns <= limit_ns)
        tell(q, f, pc);
    else if (f->state != FORECAST_KNOWN || (double)f->left_ns > clear_ns)
        lint_clear(q, LINT_TIME_TO_LIMIT, f->of);
}

void lint_limits_judge(struct lint_limits *f, const struct lint_ask *q, uint64_t pc)
{
    for (int i = 0; i < 2; i++)
        take_bins(&f->scale[i], q);
    foresee_all(f, q);
    for (int i = 0; i < USAGES && lint_is_on(q, LINT_TIME_TO_LIMIT); i++)
        judge(q, &f->of[i], pc);
}
