/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/lint_life.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "mon/recorder.h"

#define JUMP_STANDS_NS  (600 * NS_PER_S)
#define THROTTLED_SHARE 0.5 /* of a silence: it explains it */

/* ---- ended ---- */

void lint_life_judge_end(const struct lint_ask *q)
{
    enum target_state state = q->in->status->state;
    struct alert *a;

    lint_clear(q, LINT_STALE, 0);
    if (state == TARGET_EXITED || state == TARGET_REPLACED || !lint_is_on(q, LINT_ENDED))
        return;
    a = lint_raise(q, LINT_ENDED, 0);
    snprintf(a->text, sizeof a->text,
             state == TARGET_CRASHED ? "the program crashed: it reported a fatal error"
                                     : "the program was killed: it ended without a word");
}

/* ---- stale ---- */

static int64_t time_throttled(const struct snapshot *s)
{
    uint64_t ns;

    return snapshot_value(s, MON_CGROUP_THROTTLED, &ns) ? (int64_t)ns : -1;
}

/* How long it was throttled since the silence began; 0: not, or that is not known. */
static int64_t throttled_since(const struct lint_life *l, const struct snapshot *s)
{
    int64_t now = time_throttled(s);

    return now < 0 || l->throttled_at < 0 ? 0 : now - l->throttled_at;
}

static void note_silence(struct lint_life *l, const struct lint_ask *q)
{
    bool silent = q->in->status->state != TARGET_LIVE;

    if (!silent || !l->silent)
        l->throttled_at = time_throttled(q->in->snapshot);
    l->silent = silent;
}

static void tell_stale(const struct lint_life *l, const struct lint_ask *q, struct alert *a)
{
    const struct target_status *status = q->in->status;
    int64_t throttled_ns = throttled_since(l, q->in->snapshot);
    char age[FMT_BYTES_MAX];
    char part[FMT_BYTES_MAX];

    fmt_duration(age, sizeof age, (double)status->heartbeat_age_ns);
    if (status->state == TARGET_STOPPED)
        snprintf(a->text, sizeof a->text,
                 "the process has published nothing for %s: it is stopped, by a signal or a "
                 "debugger",
                 age);
    else if ((double)throttled_ns >= THROTTLED_SHARE * (double)status->heartbeat_age_ns)
        snprintf(a->text, sizeof a->text,
                 "the process has published nothing for %s: its control group had used up its CPU "
                 "time for %s of it",
                 age, fmt_duration(part, sizeof part, (double)throttled_ns));
    else
        snprintf(a->text, sizeof a->text,
                 "the process runs but has published nothing for %s: what is shown is that old",
                 age);
}

static void judge_stale(struct lint_life *l, const struct lint_ask *q)
{
    const struct target_status *status = q->in->status;

    note_silence(l, q);
    if (status->state == TARGET_LIVE) {
        lint_clear(q, LINT_STALE, 0);
        return;
    }
    if (lint_is_on(q, LINT_STALE) && (double)status->heartbeat_age_ns >= lint_limit(q, LINT_STALE))
        tell_stale(l, q, lint_raise(q, LINT_STALE, 0));
}

/* ---- clock-jump ---- */

/* What has become of the clocks since the last tick. */
struct clock_change {
    int64_t ahead_ns;  /* the wall clock went so much further than the monotonic one */
    int64_t asleep_ns; /* the host was suspended for so long; -1: not known */
};

static struct clock_change look_at_clocks(struct lint_life *l, const struct lint_input *in)
{
    int64_t ahead_ns = in->real_ns - in->mono_ns;
    int64_t asleep_ns = in->boot_ns != 0 ? in->boot_ns - in->mono_ns : -1;
    bool known = asleep_ns >= 0 && l->asleep_ns >= 0;
    struct clock_change change = {.ahead_ns = ahead_ns - l->ahead_ns,
                                  .asleep_ns = known ? asleep_ns - l->asleep_ns : -1};

    if (l->mono_ns == 0) /* the first look */
        change = (struct clock_change){0, -1};
    l->mono_ns = in->mono_ns;
    l->ahead_ns = ahead_ns;
    l->asleep_ns = asleep_ns;
    return change;
}

static void tell_jump(const struct lint_ask *q, const struct clock_change *change, bool slept)
{
    struct alert *a = lint_raise(q, LINT_CLOCK_JUMP, 0);
    char by[FMT_BYTES_MAX];

    fmt_duration(by, sizeof by,
                 (double)(slept ? change->asleep_ns : (int64_t)llabs(change->ahead_ns)));
    if (slept)
        snprintf(a->text, sizeof a->text,
                 "the host was suspended for %s: nothing ran meanwhile, nothing is missing", by);
    else if (change->ahead_ns < 0)
        snprintf(a->text, sizeof a->text, "the wall clock went back by %s: it was set", by);
    else
        snprintf(a->text, sizeof a->text,
                 "the wall clock went %s further than the monotonic one: %s", by,
                 change->asleep_ns < 0 ? "the host was suspended, or the clock was set"
                                       : "it was set");
}

/* A thing of one moment: it stands for some minutes, to be seen. */
static void judge_clock(struct lint_life *l, const struct lint_ask *q)
{
    struct clock_change change = look_at_clocks(l, q->in);
    double limit_ns = lint_limit(q, LINT_CLOCK_JUMP);
    bool slept = (double)change.asleep_ns >= limit_ns;

    if (lint_is_on(q, LINT_CLOCK_JUMP) && (slept || (double)llabs(change.ahead_ns) >= limit_ns)) {
        tell_jump(q, &change, slept);
        l->jumped_ns = q->in->mono_ns;
    } else if (l->jumped_ns != 0 && q->in->mono_ns - l->jumped_ns >= JUMP_STANDS_NS) {
        lint_clear(q, LINT_CLOCK_JUMP, 0);
        l->jumped_ns = 0;
    }
}

/* ---- recorder-lag ---- */

static void judge_recorder(const struct lint_ask *q)
{
    const struct recorder_status *r = q->in->recorder;
    struct alert *a;

    if (r == NULL || !r->failing) {
        lint_clear(q, LINT_RECORDER_LAG, 0);
        return;
    }
    if (!lint_is_on(q, LINT_RECORDER_LAG))
        return;
    a = lint_raise(q, LINT_RECORDER_LAG, 0);
    snprintf(a->text, sizeof a->text,
             "the recording cannot be written (%.100s): %" PRIu64 " samples are lost", r->why,
             r->lost);
}

void lint_life_judge(struct lint_life *l, const struct lint_ask *q)
{
    judge_stale(l, q);
    judge_clock(l, q);
    judge_recorder(q);
}
