/* SPDX-License-Identifier: MIT */
/* trees.h - the work of the benchmark of binary trees, whoever allocates.
 * One tree of DEPTH lives all the time; beside it each worker makes, counts and drops trees of
 * every even depth, as many of each that all depths allocate the same. Source: the binary-trees of
 * the Computer Language Benchmarks Game, after Ellis, Kovac and Boehm's GCBench. */
#ifndef BENCH_TREES_H
#define BENCH_TREES_H

#include <stddef.h>
#include <stdint.h>

#define TREES_WORKERS   4
#define TREES_MIN_DEPTH 4

struct tree {
    struct tree *left;
    struct tree *right;
};

struct tree *tree_alloc(void); /* zeroed; the program's own */

static inline struct tree *tree_new(int depth)
{
    struct tree *t = tree_alloc();

    if (depth > 0) {
        t->left = tree_new(depth - 1);
        t->right = tree_new(depth - 1);
    }
    return t;
}

static inline int64_t tree_count(const struct tree *t)
{
    return t->left == NULL ? 1 : 1 + tree_count(t->left) + tree_count(t->right);
}

static inline int64_t trees_nodes(int depth)
{
    return (INT64_C(2) << depth) - 1;
}

/* Makes and counts one tree, in a frame of its own. Compilers leave what is dead in the slots of a
 * frame, and a collector that knows of slots only keeps it: inlined in the loop, where gcc unrolls
 * three levels of the recursion, the tree before this one would live on, a quarter more memory. Go
 * tells its collector which slots are alive. */
static __attribute__((noinline)) int64_t tree_made_and_counted(int depth)
{
    return tree_count(tree_new(depth));
}

/* One worker's part: how many nodes it has counted. */
static inline int64_t trees_work(int max_depth)
{
    int64_t nodes = 0;

    for (int depth = TREES_MIN_DEPTH; depth < max_depth; depth += 2) {
        int64_t n = (INT64_C(1) << (max_depth - depth + TREES_MIN_DEPTH)) / TREES_WORKERS;

        for (int64_t i = 0; i < n; i++)
            nodes += tree_made_and_counted(depth);
    }
    return nodes;
}

/* What trees_work has to return. */
static inline int64_t trees_expected(int max_depth)
{
    int64_t nodes = 0;

    for (int depth = TREES_MIN_DEPTH; depth < max_depth; depth += 2)
        nodes += (INT64_C(1) << (max_depth - depth + TREES_MIN_DEPTH)) / TREES_WORKERS *
                 trees_nodes(depth);
    return nodes;
}

#endif
