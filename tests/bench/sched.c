/* SPDX-License-Identifier: MIT */
/* sched.c - benchmarks of the scheduler: giving way, spawning, a tree of a million tasks. */
#include "config.h"

#include "tests/bench/bench.h"

GORT_BENCH(Yield)
{
    for (int64_t i = 0; i < b->n; i++)
        gort_yield();
}

#define YIELDERS 100

static void yield_often(void *arg)
{
    const gort_bench *b = arg;

    for (int64_t i = 0; i < b->n / YIELDERS; i++)
        gort_yield();
}

GORT_BENCH(YieldMany)
{
    gort_waitgroup tasks = {0};

    for (int i = 0; i < YIELDERS; i++)
        gort_waitgroup_go(&tasks, yield_often, b);
    gort_waitgroup_wait(&tasks);
}

struct chain {
    int64_t left;
    gort_chan *done;
};

static void spawn_next(void *arg)
{
    struct chain *chain = arg;

    if (chain->left-- > 0)
        gort_go(spawn_next, chain);
    else
        gort_send(chain->done, NULL);
}

/* Each task spawns the next and ends. */
GORT_BENCH(SpawnChain)
{
    struct chain chain = {.left = b->n, .done = gort_chan_new(0, 0)};

    gort_go(spawn_next, &chain);
    gort_recv(chain.done, NULL);
}

#define BATCH 1000

static void end(void *arg)
{
    (void)arg;
}

/* One task spawns, in batches that it waits for. */
GORT_BENCH(SpawnWait)
{
    for (int64_t left = b->n; left > 0; left -= BATCH) {
        gort_waitgroup tasks = {0};

        for (int64_t i = 0; i < BATCH && i < left; i++)
            gort_waitgroup_go(&tasks, end, NULL);
        gort_waitgroup_wait(&tasks);
    }
}

/* ---- Skynet: every task has ten children and sends up their sum ---- */

struct node {
    gort_chan *parent;
    int64_t number;
    int64_t leaves;
};

static void skynet(void *arg)
{
    struct node *node = arg;
    int64_t sum = 0;
    gort_chan *children;

    if (node->leaves == 1) {
        gort_send(node->parent, &node->number);
        return;
    }
    children = gort_chan_new(sizeof(int64_t), 10);
    for (int64_t i = 0; i < 10; i++) {
        struct node *child = gort_new(struct node);

        child->parent = children;
        child->leaves = node->leaves / 10;
        child->number = node->number + i * child->leaves;
        gort_go(skynet, child);
    }
    for (int i = 0; i < 10; i++) {
        int64_t part;

        gort_recv(children, &part);
        sum += part;
    }
    gort_send(node->parent, &sum);
}

GORT_BENCH(Skynet)
{
    const int64_t leaves = SANITIZED ? 1000 : 1000000;

    for (int64_t i = 0; i < b->n; i++) {
        struct node *root = gort_new(struct node);
        int64_t sum;

        root->parent = gort_chan_new(sizeof(int64_t), 1);
        root->leaves = leaves;
        gort_go(skynet, root);
        gort_recv(root->parent, &sum);
        if (sum != leaves * (leaves - 1) / 2)
            gort_bench_fail(b, "the sum is %lld", (long long)sum);
    }
}

GORT_BENCH_MAIN
