/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/gap.h"

#include "base/clock.h"

#define LEAST_NS (2 * NS_PER_S) /* targets publish once a second */

/* How much of the gap the world stood still for collections. */
static int64_t paused_ns(const struct gap *g, const struct snapshot *s)
{
    int64_t sum = 0;

    for (uint32_t i = 0; i < s->ncycles; i++) {
        int64_t from_ns = s->cycle[i].start_mono_ns;
        int64_t to_ns;

        if (s->cycle[i].pause_ns > (uint64_t)(INT64_MAX / 4) || from_ns >= g->to_ns)
            continue;
        to_ns = from_ns + (int64_t)s->cycle[i].pause_ns;
        to_ns = to_ns < g->to_ns ? to_ns : g->to_ns;
        from_ns = from_ns > g->from_ns ? from_ns : g->from_ns;
        sum += to_ns > from_ns ? to_ns - from_ns : 0;
    }
    return sum;
}

enum gap_cause gap_explain(const struct gap *g, const struct snapshot *s)
{
    int64_t half_ns = (g->to_ns - g->from_ns) / 2;

    if (paused_ns(g, s) >= half_ns)
        return GAP_PAUSED;
    return g->throttled_ns >= half_ns ? GAP_THROTTLED : GAP_NONE;
}

void gap_mark(struct history *h, const struct gap *g, const struct snapshot *s)
{
    enum gap_cause cause;

    if (g->from_ns <= 0 || g->to_ns - g->from_ns < LEAST_NS)
        return;
    cause = gap_explain(g, s);
    if (cause != GAP_NONE)
        history_mark_gap(h, g->from_ns, g->to_ns, cause);
}
