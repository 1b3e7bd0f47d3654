/* SPDX-License-Identifier: MIT */
/* pace.h - doing something at a rate.
 * The owner asks now and then how much has become due since it last asked; fractions are kept. What
 * it could not do in a second is forgiven, so that a stopped program does not come back with a
 * burst.
 * Threads: one owner. */
#ifndef DEMO_PACE_H
#define DEMO_PACE_H

#include <stdint.h>

#include <gort.h>

#define PACE_MAX_RATE (INT64_C(8) << 30) /* a second; times 10^9 it fits 63 bits */
#define PACE_TICK_NS (10 * GORT_MS)      /* how often an owner asks, by custom */

struct pace {
    int64_t rate;    /* units a second, 0 to PACE_MAX_RATE; [owner] who may change it */
    int64_t last_ns; /* when it was asked last; [owner] */
    int64_t rest;    /* billionths of a unit; [owner] */
};

static inline void pace_init(struct pace *p, int64_t rate)
{
    *p = (struct pace){.rate = rate, .last_ns = gort_now()};
}

/* Units that are due at NOW_NS. */
static inline int64_t pace_take(struct pace *p, int64_t now_ns)
{
    int64_t elapsed_ns = now_ns - p->last_ns;
    int64_t billionths = p->rate * (elapsed_ns < GORT_S ? elapsed_ns : GORT_S) + p->rest;

    p->last_ns = now_ns;
    p->rest = billionths % GORT_S;
    return billionths / GORT_S;
}

/* Blocks the task for a tick; returns the units that are due then. */
static inline int64_t pace_wait(struct pace *p)
{
    gort_sleep(PACE_TICK_NS);
    return pace_take(p, gort_now());
}

#endif
