/* SPDX-License-Identifier: MIT */
/* stats.c - benchmarks of reading MemStats: while nothing happens, and beside a task that allocates
 * and drops objects of many sizes, so that caches, spans and cycles change all the time. */
#include "config.h"

#include <stdatomic.h>

#include "tests/bench/bench.h"

static gort_memstats stats;

GORT_BENCH(ReadMemStats)
{
    for (int64_t i = 0; i < b->n; i++)
        gort_read_memstats(&stats);
}

static _Atomic(bool) stopped;
static gort_waitgroup churning;

static void churn(void *arg)
{
    (void)arg;
    while (!atomic_load_explicit(&stopped, memory_order_relaxed))
        for (size_t bytes = 16; bytes <= 4096; bytes *= 2)
            gort_keepalive(gort_alloc_noscan(bytes));
    gort_waitgroup_done(&churning);
}

GORT_BENCH(ReadMemStatsBusy)
{
    atomic_store_explicit(&stopped, false, memory_order_relaxed);
    gort_waitgroup_add(&churning, 1);
    gort_go(churn, NULL);
    gort_yield();
    gort_bench_reset_timer(b);
    for (int64_t i = 0; i < b->n; i++)
        gort_read_memstats(&stats);
    gort_bench_stop_timer(b);
    atomic_store_explicit(&stopped, true, memory_order_relaxed);
    gort_waitgroup_wait(&churning);
}

GORT_BENCH_MAIN
