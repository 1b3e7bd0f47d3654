/* SPDX-License-Identifier: MIT */
/* alloc.c - benchmarks of allocation: objects that are garbage at once, with and without
 * references. */
#include "config.h"

#include "tests/bench/bench.h"

static void alloc_plain(gort_bench *b, void *arg)
{
    const size_t *bytes = arg;

    for (int64_t i = 0; i < b->n; i++)
        gort_keepalive(gort_alloc_noscan(*bytes));
}

static void alloc_pointers(gort_bench *b, void *arg)
{
    const size_t *bytes = arg;

    for (int64_t i = 0; i < b->n; i++)
        gort_keepalive(gort_alloc_object(*bytes));
}

static void run_sizes(gort_bench *b, void (*fn)(gort_bench *b, void *arg))
{
    static const size_t sizes[] = {16, 32, 128, 1024};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t bytes = sizes[i];
        char name[16];

        snprintf(name, sizeof name, "%zu", bytes);
        gort_bench_run(b, name, fn, &bytes);
    }
}

GORT_BENCH(AllocPlain)
{
    run_sizes(b, alloc_plain);
}

GORT_BENCH(AllocPointers)
{
    run_sizes(b, alloc_pointers);
}

GORT_BENCH_MAIN
