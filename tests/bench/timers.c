/* SPDX-License-Identifier: MIT */
/* timers.c - benchmarks of timers, among 32768 others for each proc, as Go's own. */
#include "config.h"

#include "tests/bench/bench.h"

#define OTHERS (SANITIZED ? 100 : 1 << 15)

static void never_called(void *arg)
{
    (void)arg;
}

struct others {
    gort_waitgroup armed;
    gort_timer **timer;
    int nprocs;
};

struct part {
    struct others *others;
    int first;
};

static void arm_part(void *arg)
{
    const struct part *part = arg;

    for (int i = 0; i < OTHERS; i++)
        part->others->timer[part->first + i] = gort_after_func(3600 * GORT_S, never_called, NULL);
}

/* Runs BODY with an armed crowd of timers. */
static void among_others(gort_bench *b, void (*body)(gort_bench_share *s, void *arg))
{
    struct others *others = gort_new(struct others);

    others->nprocs = gort_maxprocs();
    others->timer = gort_make(gort_timer *, (size_t)others->nprocs * OTHERS);
    for (int i = 0; i < others->nprocs; i++) {
        struct part *part = gort_new(struct part);

        part->others = others;
        part->first = i * OTHERS;
        gort_waitgroup_go(&others->armed, arm_part, part);
    }
    gort_waitgroup_wait(&others->armed);
    gort_bench_reset_timer(b);
    gort_bench_run_parallel(b, body, NULL);
    gort_bench_stop_timer(b);
    for (int i = 0; i < others->nprocs * OTHERS; i++)
        gort_timer_stop(others->timer[i]);
}

static void wait_after(gort_bench_share *s, void *arg)
{
    (void)arg;
    while (gort_bench_next(s)) {
        int64_t now;

        gort_recv(gort_after(1), &now);
    }
}

GORT_BENCH(After)
{
    among_others(b, wait_after);
}

/* A thousand functions, each of which sets up the next. */
struct run {
    int left;
    gort_chan *end;
};

static void set_up_next(void *arg)
{
    struct run *run = arg;

    if (run->left-- > 0)
        gort_after_func(0, set_up_next, run);
    else
        gort_send(run->end, NULL);
}

static void run_thousand(gort_bench_share *s, void *arg)
{
    (void)arg;
    while (gort_bench_next(s)) {
        struct run *run = gort_new(struct run);

        run->left = 1000;
        run->end = gort_chan_new(0, 0);
        gort_go(set_up_next, run);
        gort_recv(run->end, NULL);
    }
}

GORT_BENCH(AfterFunc1000)
{
    among_others(b, run_thousand);
}

static void reset_often(gort_bench_share *s, void *arg)
{
    gort_timer *t = gort_timer_new(3600 * GORT_S);

    (void)arg;
    while (gort_bench_next(s))
        gort_timer_reset(t, 3600 * GORT_S);
    gort_timer_stop(t);
}

GORT_BENCH(TimerReset)
{
    among_others(b, reset_often);
}

static void stop_new(gort_bench_share *s, void *arg)
{
    (void)arg;
    while (gort_bench_next(s))
        gort_timer_stop(gort_timer_new(GORT_S));
}

GORT_BENCH(TimerStop)
{
    among_others(b, stop_new);
}

GORT_BENCH_MAIN
