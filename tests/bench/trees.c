/* SPDX-License-Identifier: MIT */
/* trees.c - a benchmark of allocation and collection together: binary trees by four tasks, the time
 * of all of it and the peak of memory. */
#include "config.h"

#include <inttypes.h>

#include "tests/bench/bench.h"
#include "tests/bench/peak.h"
#include "tests/bench/trees.h"

#define DEPTH (SANITIZED || GORT_DEBUG_CHECKS ? 10 : 19)

GORT_TYPE(tree_type, struct tree, GORT_PTR(struct tree, left) | GORT_PTR(struct tree, right));

struct tree *tree_alloc(void)
{
    return gort_alloc_typed(&tree_type, 1);
}

struct forest {
    gort_waitgroup workers;
    gort_bench *b;
};

static void work(void *arg)
{
    struct forest *f = arg;
    int64_t nodes = trees_work(DEPTH);

    if (nodes != trees_expected(DEPTH))
        gort_bench_fail(f->b, "%" PRId64 " nodes, not %" PRId64, nodes, trees_expected(DEPTH));
}

/* Takes the memory that is to be used from then on. */
__attribute__((noinline)) static void stretch(gort_bench *b)
{
    if (tree_count(tree_new(DEPTH + 1)) != trees_nodes(DEPTH + 1))
        gort_bench_fail(b, "the first tree has lost nodes");
}

static void run_forest(gort_bench *b)
{
    struct forest f = {.b = b};
    struct tree *lasting = NULL;

    stretch(b);
    lasting = tree_new(DEPTH);
    for (int i = 0; i < TREES_WORKERS; i++)
        gort_waitgroup_go(&f.workers, work, &f);
    gort_waitgroup_wait(&f.workers);
    if (tree_count(lasting) != trees_nodes(DEPTH))
        gort_bench_fail(b, "the lasting tree has lost nodes");
}

GORT_BENCH(BinaryTrees)
{
    peak_reset();
    for (int64_t i = 0; i < b->n; i++)
        run_forest(b);
    gort_bench_report_metric(b, (double)peak_bytes(), "peak-B");
}

GORT_BENCH_MAIN
