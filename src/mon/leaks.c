/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/leaks.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "mon/leaksites.h"

#define LEAST_WARM_UP_NS  (30 * NS_PER_S)
#define WARM_UP_BINS      (GROWTH_BINS * 2 / 5)
#define LEAST_HEAP        (1024.0 * 1024.0)
#define LEAST_OUTSIDE     (4 * 1024.0 * 1024.0) /* malloc's own slack moves by so much */
#define LEAST_COUNT_SHARE 0.02
#define SITE_SHARE        0.2 /* of the growth of the heap: less does not explain it */
#define FIRST_JUDGEMENTS  8

enum figure { HEAP, OUTSIDE, FILES, ALLOC_RATE, SPAWN_RATE, CPU_RATE, FIGURES };

/* Where a figure comes from: the least value of a bin, or of a counter its mean rate. */
static const struct {
    unsigned metric;
    bool is_rate;
} sources[FIGURES] = {
    [HEAP] = {MON_HEAP_LIVE, false},          [OUTSIDE] = {MON_PROCESS_OUTSIDE, false},
    [FILES] = {MON_PROCESS_FILES, false},     [ALLOC_RATE] = {MON_HEAP_TOTAL_ALLOC, true},
    [SPAWN_RATE] = {MON_TASKS_CREATED, true}, [CPU_RATE] = {MON_PROCESS_CPU, true},
};

/* What is watched beside tasks, and which loads would explain that it grows. */
static const struct watched {
    enum alert_lint lint;
    enum figure figure;
    enum figure load[GROWTH_LOADS];
    const char *name;
    const char *samples;
    enum fmt_unit unit;
    double least; /* 0: the limit of the lint is this, not a share */
} watched[] = {
    {LINT_HEAP_GROWTH,
     HEAP,
     {ALLOC_RATE, ALLOC_RATE, ALLOC_RATE},
     "live heap",
     "collections",
     FMT_BYTES,
     LEAST_HEAP},
    {LINT_OUTSIDE_GROWTH,
     OUTSIDE,
     {ALLOC_RATE, SPAWN_RATE, CPU_RATE},
     "memory outside the runtime",
     "looks",
     FMT_BYTES,
     LEAST_OUTSIDE},
    {LINT_FILE_GROWTH,
     FILES,
     {ALLOC_RATE, SPAWN_RATE, CPU_RATE},
     "open files",
     "looks",
     FMT_COUNT,
     0.0},
};

struct scale {
    struct growth_rule bins; /* of which bin_ns alone counts */
    int64_t next_bin; /* to be taken from the history and judged; -1: before the first tick */
    int64_t warm_ns;  /* samples from before do not count */
    struct growth figure[FIGURES];
    struct leaksites tasks;
    struct leaksites allocs;
};

enum { SHORT, LONG, SCALES };

struct leaks {
    struct scale scale[SCALES];
    int64_t tasks_ns; /* the last that were taken in */
    int64_t allocs_ns;
};

/* ---- taking in ---- */

static void add_figure(struct scale *s, enum figure figure, int64_t mono_ns, double value)
{
    if (mono_ns >= s->warm_ns)
        growth_add(&s->figure[figure], &s->bins, mono_ns, value);
    else
        growth_remember(&s->figure[figure], &s->bins, mono_ns, value);
}

static void add_site(struct leaks *l, bool is_task, int64_t mono_ns, uint64_t pc, double value)
{
    for (int i = 0; i < SCALES; i++) {
        struct scale *s = &l->scale[i];

        leaksites_add(is_task ? &s->tasks : &s->allocs, &s->bins, s->warm_ns, mono_ns, pc, value);
    }
}

static void add_zeroes(struct leaks *l, bool is_task, int64_t mono_ns)
{
    for (int i = 0; i < SCALES; i++) {
        struct scale *s = &l->scale[i];

        leaksites_add_zeroes(is_task ? &s->tasks : &s->allocs, &s->bins, s->warm_ns, mono_ns);
    }
}

/* The tasks of the biggest spawn sites: a site has a group for each state and reason. */
static void take_tasks(struct leaks *l, const struct task_groups *tasks)
{
    struct {
        uint64_t pc;
        uint64_t count;
    } sum[2 * LEAKSITES];
    size_t n = 0;

    if (!tasks->valid || tasks->mono_ns <= l->tasks_ns)
        return;
    for (uint32_t g = 0; g < tasks->n; g++) {
        size_t i = 0;

        while (i < n && sum[i].pc != tasks->group[g].spawn_pc)
            i++;
        if (i == ARRAY_COUNT(sum))
            continue;
        if (i == n) {
            sum[n].pc = tasks->group[g].spawn_pc;
            sum[n++].count = 0;
        }
        sum[i].count += tasks->group[g].count;
    }
    for (size_t i = 0; i < n; i++)
        add_site(l, true, tasks->mono_ns, sum[i].pc, (double)sum[i].count);
    add_zeroes(l, true, tasks->mono_ns);
    l->tasks_ns = tasks->mono_ns;
}

static void take_allocs(struct leaks *l, const struct snapshot *s)
{
    if (s->nsites == 0 || s->mono_ns <= l->allocs_ns)
        return;
    for (uint32_t i = 0; i < s->nsites; i++)
        add_site(l, false, s->mono_ns, s->site[i].pc, (double)s->site[i].live_bytes);
    add_zeroes(l, false, s->mono_ns);
    l->allocs_ns = s->mono_ns;
}

void leaks_take_site(struct leaks *l, const struct source_site *site)
{
    add_site(l, site->of == SOURCE_SITE_TASKS, site->mono_ns, site->pc, (double)site->value);
}

/* The live heap counts if a collection ended in this bin. */
static void take_bin(struct scale *s, const struct history *h, int64_t number)
{
    int64_t from_ns = number * s->bins.bin_ns;
    int64_t to_ns = from_ns + s->bins.bin_ns;
    struct history_bucket b;
    bool collected = history_range(h, MON_GC_COUNT, from_ns, to_ns, &b) && b.max > 0.0f;

    for (int i = 0; i < FIGURES; i++)
        if ((i != HEAP || collected) && history_range(h, sources[i].metric, from_ns, to_ns, &b))
            add_figure(s, (enum figure)i, from_ns,
                       sources[i].is_rate ? history_mean(&b) : (double)b.min);
}

/* ---- alerts ---- */

static struct alert_trend evidence(const struct growth *g, enum fmt_unit unit)
{
    return (struct alert_trend){.samples = (uint32_t)g->trend.n,
                                .from_ns = g->from_ns,
                                .to_ns = g->to_ns,
                                .from_value = g->trend.from,
                                .to_value = g->trend.to,
                                .per_second = g->trend.slope,
                                .p = g->trend.p,
                                .unit = unit};
}

/* "live heap 412.3M -> 530.1M in 15m00s, +7.85M/min, rising in 60 collections (p < 0.001)" */
static void tell(struct alert *a, const struct growth *g, const char *name, enum fmt_unit unit,
                 const char *samples)
{
    const struct alert_trend *t = &a->trend;
    char from[FMT_BYTES_MAX];
    char to[FMT_BYTES_MAX];
    char time[FMT_BYTES_MAX];
    char rate[FMT_BYTES_MAX];

    a->has_trend = true;
    a->trend = evidence(g, unit);
    snprintf(a->text, sizeof a->text, "%s %s -> %s in %s, %s, rising in %" PRIu32 " %s (p < %s)",
             name, fmt_value(from, sizeof from, unit, t->from_value),
             fmt_value(to, sizeof to, unit, t->to_value),
             fmt_duration(time, sizeof time, (double)(t->to_ns - t->from_ns)),
             fmt_rate(rate, sizeof rate, unit, t->per_second), t->samples, samples,
             t->p < 0.001 ? "0.001" : "0.01");
}

static uint64_t guilty_in(const struct scale *s)
{
    const struct growth *heap = &s->figure[HEAP];

    return leaksites_guilty(&s->allocs, &s->bins, heap->to_ns,
                            SITE_SHARE * (heap->trend.to - heap->trend.from));
}

/* The scale on which FIGURE grows, the short one before the other; NULL: on none. */
static const struct scale *grows_on(const struct leaks *l, enum figure figure)
{
    for (int i = 0; i < SCALES; i++)
        if (l->scale[i].figure[figure].standing)
            return &l->scale[i];
    return NULL;
}

uint64_t leaks_guilty_pc(const struct leaks *l)
{
    const struct scale *s = grows_on(l, HEAP);

    return s == NULL ? 0 : guilty_in(s);
}

/* The growth of the tasks of PC on S, or NULL. */
static const struct growth *tasks_on(const struct scale *s, uint64_t pc)
{
    for (size_t i = 0; i < LEAKSITES; i++)
        if (s->tasks.site[i].pc == pc)
            return &s->tasks.site[i].growth;
    return NULL;
}

/* ---- judging ---- */

static void judge_figure(struct leaks *l, const struct watched *w, struct scale *s,
                         const struct lint_ask *q, int64_t at_ns)
{
    const struct growth *const loads[GROWTH_LOADS] = {
        &s->figure[w->load[0]], &s->figure[w->load[1]], &s->figure[w->load[2]]};
    double limit = lint_limit(q, w->lint);
    struct growth_rule rule = {.bin_ns = s->bins.bin_ns,
                               .least = w->least > 0.0 ? w->least : limit,
                               .least_share = w->least > 0.0 ? limit : LEAST_COUNT_SHARE};
    enum growth_change change = growth_judge(&s->figure[w->figure], &rule, loads, at_ns);
    const struct scale *on = grows_on(l, w->figure);
    struct alert *a;
    uint64_t pc;

    if (change == GROWTH_CLEARED && on == NULL)
        lint_clear(q, w->lint, 0);
    if (on == NULL)
        return;
    a = lint_raise(q, w->lint, 0);
    tell(a, &on->figure[w->figure], w->name, w->unit, w->samples);
    pc = w->figure == HEAP ? guilty_in(on) : 0;
    if (pc != 0)
        a->pc = pc;
}

static void judge_tasks(struct leaks *l, struct scale *s, struct leaksite *site,
                        const struct lint_ask *q, int64_t at_ns)
{
    const struct growth *const loads[GROWTH_LOADS] = {&s->figure[SPAWN_RATE]};
    struct growth_rule rule = {.bin_ns = s->bins.bin_ns,
                               .least = lint_limit(q, LINT_TASK_GROWTH),
                               .least_share = LEAST_COUNT_SHARE};
    enum growth_change change = growth_judge(&site->growth, &rule, loads, at_ns);
    const struct growth *on = NULL;
    struct alert *a;

    for (int i = 0; i < SCALES && (on == NULL || !on->standing); i++)
        on = tasks_on(&l->scale[i], site->pc);
    if (on == NULL || !on->standing) {
        if (change == GROWTH_CLEARED)
            lint_clear(q, LINT_TASK_GROWTH, site->pc);
        return;
    }
    a = lint_raise(q, LINT_TASK_GROWTH, site->pc);
    tell(a, on, "tasks of one spawn site", FMT_COUNT, "counts");
    a->pc = site->pc;
}

static void judge_scale(struct leaks *l, struct scale *s, const struct lint_ask *q, int64_t at_ns)
{
    for (size_t i = 0; i < ARRAY_COUNT(watched); i++)
        if (lint_is_on(q, watched[i].lint))
            judge_figure(l, &watched[i], s, q, at_ns);
    for (size_t i = 0; i < LEAKSITES && lint_is_on(q, LINT_TASK_GROWTH); i++)
        if (s->tasks.site[i].pc != 0)
            judge_tasks(l, s, &s->tasks.site[i], q, at_ns);
}

/* At the first look there may be a day of bins to take in, of which the last few are judged. */
static void take_full_bins(struct leaks *l, struct scale *s, const struct lint_ask *q)
{
    int64_t bin_ns = s->bins.bin_ns;
    int64_t end = q->in->mono_ns / bin_ns;
    int64_t least = end - (int64_t)GROWTH_WINDOWS * GROWTH_BINS;
    int64_t first = s->next_bin >= 0 ? s->next_bin : history_oldest_ns(q->in->history) / bin_ns;

    first = first < least ? least : first;
    for (int64_t k = first < 0 ? 0 : first; k < end; k++) {
        take_bin(s, q->in->history, k);
        if (k >= end - FIRST_JUDGEMENTS)
            judge_scale(l, s, q, (k + 1) * bin_ns);
    }
    s->next_bin = end;
}

void leaks_judge(struct leaks *l, const struct lint_ask *q)
{
    take_tasks(l, q->in->tasks);
    take_allocs(l, q->in->snapshot);
    for (int i = 0; i < SCALES; i++)
        take_full_bins(l, &l->scale[i], q);
}

/* ---- life ---- */

void leaks_set_start(struct leaks *l, int64_t start_ns)
{
    for (int i = 0; i < SCALES; i++) {
        int64_t warm_up_ns = l->scale[i].bins.bin_ns * WARM_UP_BINS;

        l->scale[i].warm_ns = start_ns +
                              (warm_up_ns > LEAST_WARM_UP_NS ? warm_up_ns : LEAST_WARM_UP_NS);
    }
}

static void init_scale(struct scale *s, int64_t window_ns)
{
    s->bins.bin_ns = window_ns / GROWTH_BINS;
    s->next_bin = -1;
    for (int i = 0; i < FIGURES; i++)
        growth_clear(&s->figure[i]);
}

struct leaks *leaks_new(int64_t window_ns)
{
    struct leaks *l = calloc(1, sizeof *l);

    if (l == NULL)
        return NULL;
    if (window_ns <= 0)
        window_ns = LEAKS_DEFAULT_WINDOW_NS;
    if (window_ns < LEAKS_LEAST_WINDOW_NS)
        window_ns = LEAKS_LEAST_WINDOW_NS;
    init_scale(&l->scale[SHORT], window_ns);
    init_scale(&l->scale[LONG], window_ns * LEAKS_LONG);
    return l;
}

int64_t leaks_window_ns(const struct leaks *l)
{
    return l->scale[SHORT].bins.bin_ns * GROWTH_BINS;
}

void leaks_free(struct leaks *l)
{
    free(l);
}
