/* SPDX-License-Identifier: MIT */
/* sync.c - benchmarks of mutexes and wait groups. */
#include "config.h"

#include "tests/bench/bench.h"

static void lock_own(gort_bench_share *s, void *arg)
{
    struct {
        char before[64]; /* no cache line is shared with another task's */
        gort_mutex lock;
        char behind[64];
    } own = {.lock = {0}};

    (void)arg;
    while (gort_bench_next(s)) {
        gort_mutex_lock(&own.lock);
        gort_mutex_unlock(&own.lock);
    }
}

GORT_BENCH(MutexUncontended)
{
    gort_bench_run_parallel(b, lock_own, NULL);
}

static void lock_shared(gort_bench_share *s, void *arg)
{
    gort_mutex *lock = arg;

    while (gort_bench_next(s)) {
        gort_mutex_lock(lock);
        gort_mutex_unlock(lock);
    }
}

GORT_BENCH(MutexContended)
{
    gort_mutex lock = {0};

    gort_bench_run_parallel(b, lock_shared, &lock);
}

static void gather(gort_bench_share *s, void *arg)
{
    struct {
        char before[64];
        gort_waitgroup group;
        char behind[64];
    } own = {.group = {0}};

    (void)arg;
    while (gort_bench_next(s)) {
        gort_waitgroup_add(&own.group, 1);
        gort_waitgroup_done(&own.group);
        gort_waitgroup_wait(&own.group);
    }
}

GORT_BENCH(WaitGroup)
{
    gort_bench_run_parallel(b, gather, NULL);
}

GORT_BENCH_MAIN
