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

static void tell_jump(const struct lint_ask *q, int64_t by_ns)
{
    struct alert *a = lint_raise(q, LINT_CLOCK_JUMP, 0);
    char by[FMT_BYTES_MAX];

    fmt_duration(by, sizeof by, (double)llabs(by_ns));
    snprintf(a->text, sizeof a->text,
             by_ns > 0 ? "the wall clock went %s further than the monotonic one: the host was "
                         "suspended, or the clock was set"
                       : "the wall clock went back by %s: it was set",
             by);
}

/* A thing of one moment: it stands for some minutes, to be seen. */
static void judge_clock(struct lint_life *l, const struct lint_ask *q)
{
    int64_t ahead_ns = q->in->real_ns - q->in->mono_ns;
    int64_t by_ns = ahead_ns - l->ahead_ns;
    bool first = l->mono_ns == 0;

    l->mono_ns = q->in->mono_ns;
    l->ahead_ns = ahead_ns;
    if (!first && lint_is_on(q, LINT_CLOCK_JUMP) &&
        (double)llabs(by_ns) >= lint_limit(q, LINT_CLOCK_JUMP)) {
        tell_jump(q, by_ns);
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
