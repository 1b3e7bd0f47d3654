/* SPDX-License-Identifier: MIT */
/* pool.c - benchmarks of pools: one object that comes and goes, more than a proc keeps for itself,
 * and a pool beside new objects. */
#include "config.h"

#include "tests/bench/bench.h"

/* Each task's object is at once had again. */
static void put_and_get(gort_bench_share *s, void *arg)
{
    void *object = gort_alloc_object(16);

    while (gort_bench_next(s)) {
        gort_pool_put(arg, object);
        object = gort_pool_get(arg);
        if (object == NULL)
            object = gort_alloc_object(16);
    }
}

GORT_BENCH(Pool)
{
    static gort_pool pool;

    gort_bench_run_parallel(b, put_and_get, &pool);
}

/* A hundred go in, a hundred come out: an iteration is all of them. */
static void put_100(gort_bench_share *s, void *arg)
{
    char *objects = gort_alloc_noscan(100);

    while (gort_bench_next(s)) {
        for (int i = 0; i < 100; i++)
            gort_pool_put(arg, objects + i);
        for (int i = 0; i < 100; i++)
            gort_keepalive(gort_pool_get(arg));
    }
}

GORT_BENCH(PoolOverflow)
{
    static gort_pool pool;

    gort_bench_run_parallel(b, put_100, &pool);
}

/* ---- Work in a buffer of a KiB: taken from a pool, or new each time ---- */

#define WORK_BYTES 1024

static void *new_buffer(void *arg)
{
    (void)arg;
    return gort_alloc_noscan(WORK_BYTES);
}

__attribute__((noinline)) static void work_in(char *buffer)
{
    for (int i = 0; i < 64; i++)
        buffer[i] = (char)i;
    gort_keepalive(buffer);
}

GORT_BENCH(BufferPooled)
{
    static gort_pool pool = {.make = new_buffer};

    for (int64_t i = 0; i < b->n; i++) {
        char *buffer = gort_pool_get(&pool);

        work_in(buffer);
        gort_pool_put(&pool, buffer);
    }
}

GORT_BENCH(BufferNew)
{
    for (int64_t i = 0; i < b->n; i++)
        work_in(gort_alloc_noscan(WORK_BYTES));
}

GORT_BENCH_MAIN
