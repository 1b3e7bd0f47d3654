/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/lint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "mon/lint_leaked.h"

#define DEADLOCK_NS (3 * NS_PER_S)
#define STALE_NS (5 * NS_PER_S)
#define LONG_PAUSE_NS (UINT64_C(200) * 1000000)
#define PAUSE_CYCLES 10 /* looked at */
#define PAUSE_RAISE 5   /* of them long */
#define PAUSE_OLD_NS (300 * NS_PER_S)

struct lints {
    struct leaks *leaks;
    int64_t dead_since_ns; /* -1: tasks can go on */
};

struct lints *lints_new(int64_t window_ns)
{
    struct lints *l = calloc(1, sizeof *l);

    if (l == NULL)
        return NULL;
    l->dead_since_ns = -1;
    l->leaks = leaks_new(window_ns);
    if (l->leaks == NULL) {
        free(l);
        return NULL;
    }
    return l;
}

void lints_free(struct lints *l)
{
    if (l == NULL)
        return;
    leaks_free(l->leaks);
    free(l);
}

struct leaks *lints_leaks(struct lints *l)
{
    return l->leaks;
}

/* ---- deadlock ---- */

/* Whether there are tasks, all of them parked, and nothing left that could wake one. What the
 * source does not tell is no proof. */
static bool all_wait(const struct snapshot *s)
{
    static const unsigned could_wake[] = {MON_TASKS_RUNNING, MON_TASKS_RUNNABLE,
                                          MON_TASKS_BLOCKING, MON_TIMERS, MON_NETPOLL_WAITERS};
    uint64_t value;

    for (size_t i = 0; i < sizeof could_wake / sizeof could_wake[0]; i++)
        if (!snapshot_value(s, could_wake[i], &value) || value > 0)
            return false;
    return snapshot_value(s, MON_TASKS, &value) && value > 0;
}

static void judge_deadlock(struct lints *l, const struct leaks_input *in, struct alerts *alerts)
{
    struct alert *a;

    if (!all_wait(in->snapshot)) {
        l->dead_since_ns = -1;
        alerts_clear(alerts, LINT_DEADLOCK, 0, in->mono_ns);
        return;
    }
    if (l->dead_since_ns < 0)
        l->dead_since_ns = in->mono_ns;
    if (in->mono_ns - l->dead_since_ns < DEADLOCK_NS)
        return;
    a = alerts_raise(alerts, LINT_DEADLOCK, 0, in->mono_ns, in->real_ns);
    a->severity = ALERT_CRITICAL;
    snprintf(a->text, sizeof a->text,
             "all %" PRIu64 " tasks wait, and no timer or file can wake one",
             in->snapshot->value[MON_TASKS]);
}

/* ---- long pauses ---- */

struct pauses {
    uint32_t nlooked;
    uint32_t nlong;
    uint32_t nhalf; /* at least half as long */
    uint64_t longest_ns;
};

static struct pauses recent_pauses(const struct snapshot *s, int64_t mono_ns)
{
    struct pauses p = {0};

    for (uint32_t i = s->ncycles; i > 0 && p.nlooked < PAUSE_CYCLES; i--) {
        const struct gc_cycle *c = &s->cycle[i - 1];

        if (mono_ns - c->start_mono_ns > PAUSE_OLD_NS)
            break;
        p.nlooked++;
        p.nlong += c->pause_ns >= LONG_PAUSE_NS;
        p.nhalf += c->pause_ns >= LONG_PAUSE_NS / 2;
        if (c->pause_ns > p.longest_ns)
            p.longest_ns = c->pause_ns;
    }
    return p;
}

static void judge_pauses(const struct leaks_input *in, struct alerts *alerts)
{
    struct pauses p = recent_pauses(in->snapshot, in->mono_ns);
    char limit[FMT_BYTES_MAX];
    char longest[FMT_BYTES_MAX];
    struct alert *a;

    if (p.nhalf == 0)
        alerts_clear(alerts, LINT_LONG_PAUSE, 0, in->mono_ns);
    if (p.nlong < PAUSE_RAISE)
        return;
    a = alerts_raise(alerts, LINT_LONG_PAUSE, 0, in->mono_ns, in->real_ns);
    a->severity = ALERT_WARNING;
    snprintf(a->text, sizeof a->text,
             "%" PRIu32 " of the last %" PRIu32
             " collections stopped the world for %s or more, the longest for %s",
             p.nlong, p.nlooked, fmt_duration(limit, sizeof limit, (double)LONG_PAUSE_NS),
             fmt_duration(longest, sizeof longest, (double)p.longest_ns));
}

/* ---- stale data ---- */

static void judge_stale(const struct lints_input *in, struct alerts *alerts)
{
    char age[FMT_BYTES_MAX];
    struct alert *a;

    if (in->status->state != TARGET_STALLED) {
        alerts_clear(alerts, LINT_STALE, 0, in->leaks.mono_ns);
        return;
    }
    if (in->status->heartbeat_age_ns < STALE_NS)
        return;
    a = alerts_raise(alerts, LINT_STALE, 0, in->leaks.mono_ns, in->leaks.real_ns);
    a->severity = ALERT_WARNING;
    snprintf(a->text, sizeof a->text,
             "the process runs but has published nothing for %s: what is shown is that old",
             fmt_duration(age, sizeof age, (double)in->status->heartbeat_age_ns));
}

void lints_tick(struct lints *l, const struct lints_input *in, struct alerts *alerts)
{
    if (target_has_ended(in->status->state))
        return;
    judge_stale(in, alerts);
    if (in->status->state != TARGET_LIVE)
        return;
    judge_deadlock(l, &in->leaks, alerts);
    judge_pauses(&in->leaks, alerts);
    lint_leaked_tick(&in->leaks, alerts);
    leaks_tick(l->leaks, &in->leaks, alerts);
}
