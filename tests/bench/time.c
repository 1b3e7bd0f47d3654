/* SPDX-License-Identifier: MIT */
/* time.c - benchmarks of sleeping, and of waiting with a deadline that does not come. */
#include "config.h"

#include "tests/bench/bench.h"

GORT_BENCH(Sleep1us)
{
    for (int64_t i = 0; i < b->n; i++)
        gort_sleep(GORT_US);
}

struct pair {
    gort_chan *there;
    gort_chan *back;
};

static void answer(void *arg)
{
    struct pair *p = arg;

    while (gort_recv(p->there, NULL) == 1)
        gort_send(p->back, NULL);
}

/* There and back, with a timer armed and disarmed on the way back. */
GORT_BENCH(DeadlineArm)
{
    struct pair *p = gort_new(struct pair);

    p->there = gort_chan_new(0, 0);
    p->back = gort_chan_new(0, 0);
    gort_go(answer, p);
    for (int64_t i = 0; i < b->n; i++) {
        gort_send(p->there, NULL);
        if (gort_recv_by(p->back, NULL, gort_in(3600 * GORT_S)) != 1)
            gort_bench_fail(b, "the hour is over");
    }
    gort_close(p->there);
}

GORT_BENCH_MAIN
