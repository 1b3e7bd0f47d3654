/* SPDX-License-Identifier: MIT */
/* alloc.c - benchmarks of allocation: objects that are garbage at once, without references, with
 * words of which each may be one, and with a type; by one task, and by a task for each proc. */
#include "config.h"

#include "tests/bench/bench.h"

static const uint64_t all_words[2] = {UINT64_MAX, UINT64_MAX};

/* A size, as an object all of whose words are references. */
#define SIZE(n)                                                        \
    {                                                                  \
        .name = #n, .bytes = (n), .nwords = (n) / 8, .ptrs = all_words \
    }
static const gort_type sizes[] = {SIZE(8), SIZE(16), SIZE(32), SIZE(128), SIZE(1024)};

static void alloc_plain(gort_bench *b, void *arg)
{
    const gort_type *size = arg;

    for (int64_t i = 0; i < b->n; i++)
        gort_keepalive(gort_alloc_noscan(size->bytes));
}

static void alloc_pointers(gort_bench *b, void *arg)
{
    const gort_type *size = arg;

    for (int64_t i = 0; i < b->n; i++)
        gort_keepalive(gort_alloc_object(size->bytes));
}

static void alloc_typed(gort_bench *b, void *arg)
{
    const gort_type *size = arg;

    for (int64_t i = 0; i < b->n; i++)
        gort_keepalive(gort_alloc_typed(size, 1));
}

/* What is known to be dead is freed: at best the next object takes its place. */
static void alloc_and_free(gort_bench *b, void *arg)
{
    const gort_type *size = arg;

    for (int64_t i = 0; i < b->n; i++)
        gort_free(gort_alloc(size->bytes));
}

/* The same with a hundred that live, in the order in which they were made. */
static void alloc_and_free_later(gort_bench *b, void *arg)
{
    enum { LIVE = 100 };
    const gort_type *size = arg;
    void **live = gort_make(void *, LIVE);

    for (int64_t i = 0; i < b->n; i++) {
        gort_free(live[i % LIVE]);
        live[i % LIVE] = gort_alloc(size->bytes);
    }
}

static void share_plain(gort_bench_share *s, void *arg)
{
    const gort_type *size = arg;

    while (gort_bench_next(s))
        gort_keepalive(gort_alloc_noscan(size->bytes));
}

static void alloc_plain_everywhere(gort_bench *b, void *arg)
{
    gort_bench_run_parallel(b, share_plain, arg);
}

static void share_pointers(gort_bench_share *s, void *arg)
{
    const gort_type *size = arg;

    while (gort_bench_next(s))
        gort_keepalive(gort_alloc_object(size->bytes));
}

static void alloc_pointers_everywhere(gort_bench *b, void *arg)
{
    gort_bench_run_parallel(b, share_pointers, arg);
}

static void run_sizes(gort_bench *b, void (*fn)(gort_bench *b, void *arg))
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        gort_bench_run(b, sizes[i].name, fn, (void *)(uintptr_t)&sizes[i]);
}

GORT_BENCH(AllocPlain)
{
    run_sizes(b, alloc_plain);
}

GORT_BENCH(AllocPointers)
{
    run_sizes(b, alloc_pointers);
}

GORT_BENCH(AllocTyped)
{
    run_sizes(b, alloc_typed);
}

GORT_BENCH(AllocFree)
{
    run_sizes(b, alloc_and_free);
}

GORT_BENCH(AllocFreeLater)
{
    run_sizes(b, alloc_and_free_later);
}

GORT_BENCH(AllocPlainParallel)
{
    run_sizes(b, alloc_plain_everywhere);
}

GORT_BENCH(AllocPointersParallel)
{
    run_sizes(b, alloc_pointers_everywhere);
}

GORT_BENCH_MAIN
