/* SPDX-License-Identifier: MIT */
/* benchparallel.c - iterations of one benchmark shared out among tasks: taken from one counter in
 * grains that last long enough to hide it, and are short enough that all end together.
 * Source: Go, testing/benchmark.go (RunParallel). */
#include "config.h"

#include "gort/bench.h"

#include <stdatomic.h>

#include "base/check.h"
#include "gort/sync.h"
#include "gort/task.h"
#include "runtime/benchrun.h"

#define GRAIN_NS  INT64_C(100000) /* that a grain shall last */
#define GRAIN_MAX 10000           /* no body is shorter than 10 ns */

struct gort_bench_pool {
    _Atomic(int64_t) taken; /* iterations, and beyond n by at most a grain a task */
    int64_t n;
    int64_t grain;
    void (*body)(gort_bench_share *share, void *arg);
    void *arg;
    gort_waitgroup bodies;
};

int gort_bench_next_more(gort_bench_share *s)
{
    struct gort_bench_pool *pool = s->gort_pool;
    /* Relaxed: the counter alone says who makes which; the wait group orders what they did. */
    int64_t first = atomic_fetch_add_explicit(&pool->taken, pool->grain, memory_order_relaxed);
    int64_t left = pool->n - first;

    if (left <= 0)
        return 0;
    s->gort_left = (left < pool->grain ? left : pool->grain) - 1;
    return 1;
}

static int64_t grain_of(const struct bench *b)
{
    int64_t grain = 1;

    if (b->prev_n > 0 && b->prev_ns > 0)
        grain = GRAIN_NS * b->prev_n / b->prev_ns; /* prev_n is at most 1e9 */
    return grain < 1 ? 1 : grain > GRAIN_MAX ? GRAIN_MAX : grain;
}

static void run_body(void *arg)
{
    struct gort_bench_pool *pool = arg;
    gort_bench_share share = {.gort_left = 0, .gort_pool = pool};

    pool->body(&share, pool->arg);
}

void gort_bench_run_parallel(gort_bench *pub, void (*body)(gort_bench_share *share, void *arg),
                             void *arg)
{
    struct bench *b = bench_of(pub);
    struct gort_bench_pool pool = {.n = pub->n, .grain = grain_of(b), .body = body, .arg = arg};
    int tasks = b->parallelism * gort_maxprocs();

    DCHECK(pool.grain >= 1);
    for (int i = 0; i < tasks; i++)
        gort_waitgroup_go(&pool.bodies, run_body, &pool);
    gort_waitgroup_wait(&pool.bodies);
    if (atomic_load_explicit(&pool.taken, memory_order_relaxed) <= pool.n && !bench_has_failed(b))
        gort_bench_fail(pub, "a body of gort_bench_run_parallel returned before gort_bench_next "
                             "was 0");
}

void gort_bench_set_parallelism(gort_bench *pub, int per_proc)
{
    if (per_proc >= 1)
        bench_of(pub)->parallelism = per_proc;
}
