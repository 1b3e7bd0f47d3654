/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/lint_level.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "mon/usage.h"

#define LEAST_HEAP_BYTES (64.0 * 1024 * 1024) /* of a smaller one, fragments cost nothing */

/* A slot of time, and what is known of it. */
struct slot {
    const struct lint_input *in;
    int64_t start_ns; /* of the program */
    int64_t from_ns;
    int64_t to_ns;
};

/* ---- figures of a slot ---- */

static bool mean_of(const struct slot *s, unsigned metric, double *value)
{
    struct history_bucket b;
    bool known = history_range(s->in->history, metric, s->from_ns, s->to_ns, &b);

    *value = history_mean(&b);
    return known;
}

static bool least_of(const struct slot *s, unsigned metric, double *value)
{
    struct history_bucket b;
    bool known = history_range(s->in->history, metric, s->from_ns, s->to_ns, &b);

    *value = (double)b.min;
    return known;
}

/* ---- the readings ---- */

/* What the collector had used of the procs' time, in seconds, at the end of [FROM_NS, TO_NS); its
 * share is told since the start. */
static bool collector_s(const struct slot *s, int64_t from_ns, int64_t to_ns, double *used_s)
{
    struct history_bucket b;

    if (!history_range(s->in->history, MON_GC_CPU, from_ns, to_ns, &b))
        return false;
    *used_s = b.last / 1e6 * (double)(to_ns - s->start_ns) / (double)NS_PER_S;
    return true;
}

static bool read_gc_thrash(const struct slot *s, struct lint_reading *r)
{
    double slot_ns = (double)(s->to_ns - s->from_ns);
    double before_s;
    double after_s;

    if (!collector_s(s, s->from_ns - (s->to_ns - s->from_ns), s->from_ns, &before_s) ||
        !collector_s(s, s->from_ns, s->to_ns, &after_s))
        return false;
    r->value = fmax(after_s - before_s, 0.0) / (slot_ns / (double)NS_PER_S);
    return true;
}

static bool read_runq_wait(const struct slot *s, struct lint_reading *r)
{
    return mean_of(s, MON_LATENCY_P99, &r->value);
}

/* The wait, if there was work and a proc without any at every look. */
static bool read_idle_procs(const struct slot *s, struct lint_reading *r)
{
    double idle;
    double runq;

    if (!least_of(s, MON_PROCS_IDLE, &idle) || !least_of(s, MON_RUNQ, &runq) ||
        !mean_of(s, MON_LATENCY_P99, &r->value))
        return false;
    if (idle < 1.0 || runq < 1.0)
        r->value = 0.0;
    return true;
}

static bool read_fragmentation(const struct slot *s, struct lint_reading *r)
{
    double sys;
    double idle;
    double released;

    if (!mean_of(s, MON_MEM_SYS, &sys) || !mean_of(s, MON_HEAP_IDLE, &idle) ||
        !mean_of(s, MON_HEAP_RELEASED, &released))
        return false;
    r->of = sys - released;
    r->value = r->of < LEAST_HEAP_BYTES ? 0.0 : fmax(idle - released, 0.0) / r->of;
    return true;
}

/* Takes what is used of OF if that is a larger share than R has. */
static void take_share(const struct slot *s, enum usage_of of, struct lint_reading *r)
{
    double used;
    double limit;

    if (usage_used(s->in->history, of, s->from_ns, s->to_ns, &used) &&
        usage_limit(s->in->snapshot, of, &limit) && used / limit >= r->value)
        *r = (struct lint_reading){.value = used / limit, .of = limit};
}

static bool read_near_limit(const struct slot *s, struct lint_reading *r)
{
    take_share(s, USAGE_MEMORY, r);
    take_share(s, USAGE_HEAP, r);
    return r->of > 0.0;
}

static bool read_near_files(const struct slot *s, struct lint_reading *r)
{
    take_share(s, USAGE_FILES, r);
    return r->of > 0.0;
}

static bool read_throttled(const struct slot *s, struct lint_reading *r)
{
    double periods;
    double throttled;

    if (!mean_of(s, MON_CGROUP_CPU_PERIODS, &periods) ||
        !mean_of(s, MON_CGROUP_CPU_THROTTLED, &throttled))
        return false;
    r->value = periods > 0.0 ? throttled / periods : 0.0;
    return true;
}

static bool read_stack_hog(const struct slot *s, struct lint_reading *r)
{
    double bytes;
    double tasks;

    if (!mean_of(s, MON_STACK_INUSE, &bytes) || !mean_of(s, MON_TASKS, &tasks))
        return false;
    r->value = tasks > 0.0 ? bytes / tasks : 0.0;
    return true;
}

/* ---- the table ---- */

/* "BEFORE value AFTER": over the limit ... */
static const struct row {
    enum alert_lint lint;
    bool (*read)(const struct slot *s, struct lint_reading *r);
    enum fmt_unit whole; /* unit of what a share is of */
    const char *before;
    const char *after;
} rows[] = {
    {LINT_NEAR_LIMIT, read_near_limit, FMT_BYTES, "memory in use is ", " of its limit"},
    {LINT_NEAR_FILES, read_near_files, FMT_COUNT, "open files are ", " of the most that may be"},
    {LINT_RUNQ_WAIT, read_runq_wait, FMT_COUNT, "of tasks that could run, one in 100 waits ",
     " or longer for a proc"},
    {LINT_GC_THRASH, read_gc_thrash, FMT_COUNT, "the collector takes ", " of the procs' time"},
    {LINT_CPU_THROTTLED, read_throttled, FMT_COUNT,
     "the control group has used up its CPU time in ", " of its periods"},
    {LINT_IDLE_PROCS, read_idle_procs, FMT_COUNT, "tasks that could run wait ",
     " while procs have nothing to do"},
    {LINT_FRAGMENTATION, read_fragmentation, FMT_BYTES, "empty heap that was not given back is ",
     " of the memory of the runtime"},
    {LINT_STACK_HOG, read_stack_hog, FMT_COUNT, "the stacks of tasks take ", " each, on average"},
};

static void tell(const struct lint_level *l, const struct row *row, const struct lint_ask *q)
{
    const struct lint_info *info = lint_info(row->lint);
    struct alert *a = lint_raise(q, row->lint, 0);
    char value[FMT_BYTES_MAX], limit[FMT_BYTES_MAX], worst[FMT_BYTES_MAX], slot[FMT_BYTES_MAX];
    char whole[FMT_BYTES_MAX + 8] = "";

    if (l->last.of > 0.0) {
        memcpy(whole, ", ", 3);
        fmt_value(whole + 2, sizeof whole - 2, row->whole, l->last.of);
    }
    snprintf(a->text, sizeof a->text, "%s%s%s%s: over %s in %u of the last %u times %s, at most %s",
             row->before, lint_value_text(row->lint, l->last.value, value), row->after, whole,
             lint_value_text(row->lint, lint_limit(q, row->lint), limit),
             lint_votes_over(&l->votes, row->lint), info->of,
             fmt_duration(slot, sizeof slot, (double)info->slot_ns),
             lint_value_text(row->lint, l->worst, worst));
}

static void judge_slot(struct lint_level *l, const struct row *row, const struct lint_ask *q,
                       int64_t number)
{
    const struct lint_info *info = lint_info(row->lint);
    double limit = lint_limit(q, row->lint);
    struct slot s = {.in = q->in,
                     .start_ns = q->start_ns,
                     .from_ns = number * info->slot_ns,
                     .to_ns = (number + 1) * info->slot_ns};
    struct lint_reading r = {0};

    if (!row->read(&s, &r))
        return;
    l->last = r;
    if (!l->votes.stands && (l->votes.over & 1) == 0)
        l->worst = 0.0;
    l->worst = fmax(l->worst, r.value);
    lint_vote(&l->votes, row->lint, r.value > limit, r.value > limit * info->clear);
    if (!l->votes.stands)
        lint_clear(q, row->lint, 0);
    else if (r.value > limit)
        tell(l, row, q);
}

/* All slots that are over since the last time; at first those that are needed for a judgement. */
static void judge(struct lint_level *l, const struct row *row, const struct lint_ask *q)
{
    const struct lint_info *info = lint_info(row->lint);
    int64_t end = q->in->mono_ns / info->slot_ns;
    int64_t warm = (q->start_ns + info->warm_ns) / info->slot_ns + 1;
    int64_t first = l->next_slot;

    if (first < end - (int64_t)info->of)
        first = end - (int64_t)info->of;
    if (first < warm)
        first = warm;
    for (int64_t k = first < 0 ? 0 : first; k < end; k++)
        judge_slot(l, row, q, k);
    l->next_slot = end;
}

void lint_levels_judge(struct lint_levels *l, const struct lint_ask *q)
{
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        if (lint_is_on(q, rows[i].lint))
            judge(&l->level[rows[i].lint], &rows[i], q);
}
