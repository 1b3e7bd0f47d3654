/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/lint_pause.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define OLD_NS        (300 * NS_PER_S)
#define STOP_SHARE    0.5 /* of a pause, spent on stopping: who was the last to stop is to blame */
#define OFF_CPU_SHARE 0.5 /* of a pause, without a processor: the machine is to blame */

struct pauses {
    unsigned nlooked;
    unsigned nlong;
    unsigned nnear; /* long, or not far below */
    const struct gc_cycle *longest;
};

static struct pauses recent_pauses(const struct lint_ask *q)
{
    const struct snapshot *s = q->in->snapshot;
    const struct lint_info *info = lint_info(LINT_LONG_PAUSE);
    double limit_ns = lint_limit(q, LINT_LONG_PAUSE);
    struct pauses p = {0};

    for (uint32_t i = s->ncycles; i > 0 && p.nlooked < info->of; i--) {
        const struct gc_cycle *c = &s->cycle[i - 1];

        if (q->in->mono_ns - c->start_mono_ns > OLD_NS)
            break;
        p.nlooked++;
        p.nlong += (double)c->pause_ns >= limit_ns;
        p.nnear += (double)c->pause_ns >= limit_ns * info->clear;
        if (p.longest == NULL || c->pause_ns > p.longest->pause_ns)
            p.longest = c;
    }
    return p;
}

/* "; of that, 180ms until task 7 had stopped", if that is what took so long. */
static void put_stopping(char *text, size_t bytes, const struct gc_cycle *c)
{
    char stop[FMT_BYTES_MAX];

    text[0] = '\0';
    if ((double)c->stop_ns < STOP_SHARE * (double)c->pause_ns)
        return;
    fmt_duration(stop, sizeof stop, (double)c->stop_ns);
    if (c->last_stopped.task != 0)
        snprintf(text, bytes, "; of that, %s until task %" PRIu64 " had stopped", stop,
                 c->last_stopped.task);
    else
        snprintf(text, bytes, "; of that, %s until all had stopped", stop);
}

/* "170ms off CPU", likewise, behind what TEXT says. */
static void put_off_cpu(char *text, size_t bytes, const struct gc_cycle *c)
{
    char off_cpu[FMT_BYTES_MAX];
    size_t n = strlen(text);

    if ((double)gc_off_cpu_ns(c) < OFF_CPU_SHARE * (double)c->pause_ns)
        return;
    snprintf(text + n, bytes - n, "%s %s off CPU", n == 0 ? "; of that," : ",",
             fmt_duration(off_cpu, sizeof off_cpu, (double)gc_off_cpu_ns(c)));
}

void lint_pause_judge(const struct lint_ask *q)
{
    struct pauses p = recent_pauses(q);
    char limit[FMT_BYTES_MAX];
    char longest[FMT_BYTES_MAX];
    char parts[112];
    struct alert *a;

    if (p.nnear == 0)
        lint_clear(q, LINT_LONG_PAUSE, 0);
    if (p.nlong < lint_info(LINT_LONG_PAUSE)->need || !lint_is_on(q, LINT_LONG_PAUSE))
        return;
    a = lint_raise(q, LINT_LONG_PAUSE, 0);
    put_stopping(parts, sizeof parts, p.longest);
    put_off_cpu(parts, sizeof parts, p.longest);
    snprintf(a->text, sizeof a->text,
             "%u of the last %u collections stopped the world for %s or more, the longest for %s%s",
             p.nlong, p.nlooked,
             lint_value_text(LINT_LONG_PAUSE, lint_limit(q, LINT_LONG_PAUSE), limit),
             fmt_duration(longest, sizeof longest, (double)p.longest->pause_ns), parts);
}
