/* SPDX-License-Identifier: MIT */
/* select.c - benchmarks of select: ready at once, fought for, none ready. */
#include "config.h"

#include "tests/bench/bench.h"

/* Two channels of each task's own take turns. */
static void take_turns(gort_bench_share *s, void *arg)
{
    gort_chan *c[2] = {gort_chan_new(sizeof(int), 1), gort_chan_new(sizeof(int), 1)};
    int value = 0;

    (void)arg;
    gort_send(c[0], &value);
    while (gort_bench_next(s)) {
        gort_case cases[] = {GORT_RECV(c[0], &value), GORT_RECV(c[1], &value)};
        int chosen = gort_select(cases, 2);

        gort_send(c[1 - chosen], &value);
    }
}

GORT_BENCH(SelectUncontended)
{
    gort_bench_run_parallel(b, take_turns, NULL);
}

/* ---- Three channels that nobody buffers, between many ---- */

struct crowd {
    gort_chan *c[3];
    gort_chan *done;
};

static void give(void *arg)
{
    struct crowd *crowd = arg;
    int value = 0;

    for (;;) {
        gort_case cases[] = {GORT_SEND(crowd->c[0], &value), GORT_SEND(crowd->c[1], &value),
                             GORT_SEND(crowd->c[2], &value), GORT_RECV(crowd->done, NULL)};

        if (gort_select(cases, 4) == 3)
            return;
    }
}

static void take(gort_bench_share *s, void *arg)
{
    struct crowd *crowd = arg;
    int value;

    gort_go(give, crowd);
    while (gort_bench_next(s)) {
        gort_case cases[] = {GORT_RECV(crowd->c[0], &value), GORT_RECV(crowd->c[1], &value),
                             GORT_RECV(crowd->c[2], &value)};

        gort_select(cases, 3);
    }
}

GORT_BENCH(SelectContended)
{
    struct crowd *crowd = gort_new(struct crowd);

    for (int i = 0; i < 3; i++)
        crowd->c[i] = gort_chan_new(sizeof(int), 0);
    crowd->done = gort_chan_new(0, 0);
    gort_bench_run_parallel(b, take, crowd);
    gort_close(crowd->done);
}

static void look(gort_bench_share *s, void *arg)
{
    gort_chan *empty = gort_chan_new(sizeof(int), 0);
    int value;

    (void)arg;
    while (gort_bench_next(s)) {
        gort_case cases[] = {GORT_RECV(empty, &value), GORT_DEFAULT};

        gort_select(cases, 2);
    }
}

GORT_BENCH(SelectNonblock)
{
    gort_bench_run_parallel(b, look, NULL);
}

GORT_BENCH_MAIN
