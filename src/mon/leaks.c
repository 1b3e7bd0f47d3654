/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/leaks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/clock.h"
#include "mon/growth.h"

#define SITES 32
#define LEAST_WARM_UP_NS (30 * NS_PER_S)
#define LEAST_HEAP_BYTES (1024.0 * 1024.0)
#define LEAST_TASKS 16.0
#define LEAST_SHARE 0.02
#define SITE_SHARE 0.2 /* of the growth of the heap: less does not explain it */
#define FIRST_JUDGEMENTS 8

/* A place in the code whose figure is watched. */
struct site {
    uint64_t pc; /* 0: free */
    int64_t seen_ns;
    struct growth growth;
};

struct sites {
    struct site site[SITES];
};

struct leaks {
    int64_t window_ns;
    int64_t next_bin; /* to be taken from the history and judged; -1: before the first tick */
    int64_t warm_ns;  /* samples from before do not count; known with the first tick */
    struct growth_rule heap_rule;
    struct growth_rule task_rule;
    struct growth heap;
    struct growth alloc_rate; /* what would explain growth of the heap */
    struct growth spawn_rate; /* and of tasks */
    struct sites tasks;
    struct sites allocs;
};

/* ---- sites ---- */

/* The place of PC, or one for it that is free or long unused; NULL if there is none. */
static struct site *site_for(struct sites *s, uint64_t pc, int64_t unused_before_ns)
{
    struct site *spare = NULL;

    for (size_t i = 0; i < SITES; i++) {
        struct site *at = &s->site[i];

        if (at->pc == pc)
            return at;
        if (at->pc == 0 || (at->seen_ns < unused_before_ns && !at->growth.standing))
            spare = at;
    }
    if (spare != NULL) {
        spare->pc = pc;
        growth_clear(&spare->growth);
    }
    return spare;
}

/* While the program warms up, a level is remembered but does not count as growth. */
static void add(const struct leaks *l, struct growth *g, int64_t mono_ns, double value)
{
    if (mono_ns >= l->warm_ns)
        growth_add(g, &l->heap_rule, mono_ns, value);
    else
        growth_remember(g, &l->heap_rule, mono_ns, value);
}

static void add_to_site(struct leaks *l, struct sites *s, uint64_t pc, int64_t mono_ns,
                        double value)
{
    struct site *site = pc == 0 ? NULL : site_for(s, pc, mono_ns - l->window_ns);

    if (site == NULL)
        return;
    site->seen_ns = mono_ns;
    add(l, &site->growth, mono_ns, value);
}

/* Those that are watched and were not seen now have nothing any more. */
static void add_zeroes(struct leaks *l, struct sites *s, int64_t mono_ns)
{
    for (size_t i = 0; i < SITES; i++)
        if (s->site[i].pc != 0 && s->site[i].seen_ns < mono_ns)
            add(l, &s->site[i].growth, mono_ns, 0.0);
}

/* The tasks of the biggest spawn sites: a site has a group for each state and reason. */
static void take_tasks(struct leaks *l, const struct task_groups *tasks)
{
    struct {
        uint64_t pc;
        uint64_t count;
    } sum[2 * SITES];
    size_t n = 0;

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
        add_to_site(l, &l->tasks, sum[i].pc, tasks->mono_ns, (double)sum[i].count);
    add_zeroes(l, &l->tasks, tasks->mono_ns);
}

static void take_allocs(struct leaks *l, const struct snapshot *s)
{
    for (uint32_t i = 0; i < s->nsites; i++)
        add_to_site(l, &l->allocs, s->site[i].pc, s->mono_ns, (double)s->site[i].live_bytes);
    add_zeroes(l, &l->allocs, s->mono_ns);
}

void leaks_take_site(void *leaks, const struct source_site *site)
{
    struct leaks *l = leaks;

    add_to_site(l, site->of == SOURCE_SITE_TASKS ? &l->tasks : &l->allocs, site->pc, site->mono_ns,
                (double)site->value);
}

/* ---- the history ---- */

/* The live heap counts if a collection ended in this bin. */
static void take_bin(struct leaks *l, const struct history *h, int64_t number)
{
    int64_t from_ns = number * l->heap_rule.bin_ns;
    int64_t to_ns = from_ns + l->heap_rule.bin_ns;
    struct history_bucket b;

    if (history_range(h, MON_GC_COUNT, from_ns, to_ns, &b) && b.max > 0.0f &&
        history_range(h, MON_HEAP_LIVE, from_ns, to_ns, &b))
        add(l, &l->heap, from_ns, (double)b.min);
    if (history_range(h, MON_HEAP_TOTAL_ALLOC, from_ns, to_ns, &b))
        add(l, &l->alloc_rate, from_ns, history_mean(&b));
    if (history_range(h, MON_TASKS_CREATED, from_ns, to_ns, &b))
        add(l, &l->spawn_rate, from_ns, history_mean(&b));
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

/* "live heap 412.3M -> 530.1M in 15m00s, +7.85M/min" */
static void put_text(struct alert *a, const char *what, enum fmt_unit unit, const char *samples)
{
    const struct alert_trend *t = &a->trend;
    char from[FMT_BYTES_MAX];
    char to[FMT_BYTES_MAX];
    char time[FMT_BYTES_MAX];
    char rate[FMT_BYTES_MAX];

    snprintf(a->text, sizeof a->text, "%s %s -> %s in %s, %s, rising in %" PRIu32 " %s (p < %s)",
             what, fmt_value(from, sizeof from, unit, t->from_value),
             fmt_value(to, sizeof to, unit, t->to_value),
             fmt_duration(time, sizeof time, (double)(t->to_ns - t->from_ns)),
             fmt_rate(rate, sizeof rate, unit, t->per_second), t->samples, samples,
             t->p < 0.001 ? "0.001" : "0.01");
}

static void fill_alert(struct alert *a, const struct growth *g, enum fmt_unit unit)
{
    a->severity = ALERT_WARNING;
    a->has_trend = true;
    a->trend = evidence(g, unit);
}

/* The allocation site whose live bytes grew most, if that is a good part of the heap's growth. */
static uint64_t guilty_site(const struct leaks *l)
{
    double most = SITE_SHARE * (l->heap.trend.to - l->heap.trend.from);
    uint64_t pc = 0;

    for (size_t i = 0; i < SITES; i++) {
        double grown = growth_of(&l->allocs.site[i].growth, &l->heap_rule, l->heap.to_ns);

        if (l->allocs.site[i].pc != 0 && grown > most) {
            most = grown;
            pc = l->allocs.site[i].pc;
        }
    }
    return pc;
}

static void tell_heap(struct leaks *l, const struct leaks_input *in, struct alerts *alerts)
{
    struct alert *a = alerts_raise(alerts, LINT_HEAP_GROWTH, 0, in->mono_ns, in->real_ns);
    uint64_t pc = guilty_site(l);

    fill_alert(a, &l->heap, FMT_BYTES);
    put_text(a, "live heap", FMT_BYTES, "collections");
    if (pc != 0)
        a->pc = pc;
}

static void tell_tasks(const struct site *site, const struct leaks_input *in,
                       struct alerts *alerts)
{
    struct alert *a = alerts_raise(alerts, LINT_TASK_GROWTH, site->pc, in->mono_ns, in->real_ns);

    fill_alert(a, &site->growth, FMT_COUNT);
    put_text(a, "tasks of one spawn site", FMT_COUNT, "counts");
    a->pc = site->pc;
}

/* ---- judging ---- */

static void judge_heap(struct leaks *l, const struct leaks_input *in, int64_t at_ns,
                       struct alerts *alerts)
{
    enum growth_change change = growth_judge(&l->heap, &l->heap_rule, &l->alloc_rate, at_ns);

    if (change == GROWTH_CLEARED)
        alerts_clear(alerts, LINT_HEAP_GROWTH, 0, in->mono_ns);
    else if (l->heap.standing)
        tell_heap(l, in, alerts);
}

static void judge_tasks(struct leaks *l, struct site *site, const struct leaks_input *in,
                        int64_t at_ns, struct alerts *alerts)
{
    enum growth_change change = growth_judge(&site->growth, &l->task_rule, &l->spawn_rate, at_ns);

    if (change == GROWTH_CLEARED)
        alerts_clear(alerts, LINT_TASK_GROWTH, site->pc, in->mono_ns);
    else if (site->growth.standing)
        tell_tasks(site, in, alerts);
}

static void judge_all(struct leaks *l, const struct leaks_input *in, int64_t at_ns,
                      struct alerts *alerts)
{
    judge_heap(l, in, at_ns, alerts);
    for (size_t i = 0; i < SITES; i++)
        if (l->tasks.site[i].pc != 0)
            judge_tasks(l, &l->tasks.site[i], in, at_ns, alerts);
}

/* At the first look there may be a day of bins to take in, of which the last few are judged. */
static void take_full_bins(struct leaks *l, const struct leaks_input *in, struct alerts *alerts)
{
    int64_t bin_ns = l->heap_rule.bin_ns;
    int64_t end = in->mono_ns / bin_ns;
    int64_t least = end - (int64_t)GROWTH_WINDOWS * GROWTH_BINS;
    int64_t first = l->next_bin >= 0 ? l->next_bin : history_oldest_ns(in->history) / bin_ns;

    first = first < least ? least : first;
    for (int64_t k = first < 0 ? 0 : first; k < end; k++) {
        take_bin(l, in->history, k);
        if (k >= end - FIRST_JUDGEMENTS)
            judge_all(l, in, (k + 1) * bin_ns, alerts);
    }
    l->next_bin = end;
}

void leaks_tick(struct leaks *l, const struct leaks_input *in, struct alerts *alerts)
{
    if (in->tasks->valid)
        take_tasks(l, in->tasks);
    if (in->snapshot->nsites > 0)
        take_allocs(l, in->snapshot);
    take_full_bins(l, in, alerts);
}

/* ---- life ---- */

void leaks_set_start(struct leaks *l, int64_t start_ns)
{
    int64_t warm_up_ns = l->window_ns / 4;

    l->warm_ns = start_ns + (warm_up_ns > LEAST_WARM_UP_NS ? warm_up_ns : LEAST_WARM_UP_NS);
}

struct leaks *leaks_new(int64_t window_ns)
{
    struct leaks *l = calloc(1, sizeof *l);
    int64_t bin_ns;

    if (l == NULL)
        return NULL;
    if (window_ns <= 0)
        window_ns = LEAKS_DEFAULT_WINDOW_NS;
    if (window_ns < LEAKS_LEAST_WINDOW_NS)
        window_ns = LEAKS_LEAST_WINDOW_NS;
    bin_ns = window_ns / GROWTH_BINS;
    l->window_ns = window_ns;
    l->next_bin = -1;
    l->heap_rule = (struct growth_rule){bin_ns, LEAST_HEAP_BYTES, LEAST_SHARE};
    l->task_rule = (struct growth_rule){bin_ns, LEAST_TASKS, LEAST_SHARE};
    growth_clear(&l->heap);
    growth_clear(&l->alloc_rate);
    growth_clear(&l->spawn_rate);
    return l;
}

void leaks_free(struct leaks *l)
{
    free(l);
}
