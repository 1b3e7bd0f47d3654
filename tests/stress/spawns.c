/* SPDX-License-Identifier: MIT */
/* spawns.c - tasks are born, park, are readied and end as fast as they can: trees of them, each of
 * which counts its leaves over channels, groups or mutexes. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/stress.h"

const struct stress stress_defaults = {.tasks = 20, .seconds = 1};

enum { FAN_OUT = 4 };

struct tree {
    const struct stress *s;
    int number;
    _Atomic(uint64_t) leaves;
    gort_waitgroup *wg;
};

struct node {
    int depth;
    gort_chan *up; /* its number of leaves goes there */
    uint64_t seed;
};

static uint64_t count_leaves(const struct node *n);

static void count_and_send(void *arg)
{
    const struct node *n = arg;
    uint64_t leaves = count_leaves(n);

    gort_send(n->up, &leaves);
}

struct shared_count {
    gort_mutex m;
    uint64_t leaves;
};

struct adder {
    struct node n;
    struct shared_count *to;
};

static void count_and_add(void *arg)
{
    const struct adder *a = arg;
    uint64_t leaves = count_leaves(&a->n);

    gort_mutex_lock(&a->to->m);
    a->to->leaves += leaves;
    gort_mutex_unlock(&a->to->m);
}

static uint64_t by_channel(const struct node *n, struct stress_random *r)
{
    struct node child[FAN_OUT];
    gort_chan *c = gort_chan_new(sizeof(uint64_t), stress_below(r, 3));
    uint64_t sum = 0;

    for (int i = 0; i < FAN_OUT; i++) {
        child[i] = (struct node){n->depth - 1, c, n->seed * FAN_OUT + (uint64_t)i};
        gort_go(count_and_send, &child[i]);
    }
    for (int i = 0; i < FAN_OUT; i++) {
        uint64_t leaves;

        gort_recv(c, &leaves);
        sum += leaves;
    }
    return sum;
}

static uint64_t by_group(const struct node *n)
{
    struct adder child[FAN_OUT];
    struct shared_count count = {0};
    gort_waitgroup wg = {0};

    for (int i = 0; i < FAN_OUT; i++) {
        child[i] = (struct adder){{n->depth - 1, NULL, n->seed * FAN_OUT + (uint64_t)i}, &count};
        gort_waitgroup_go(&wg, count_and_add, &child[i]);
    }
    gort_waitgroup_wait(&wg);
    return count.leaves;
}

static uint64_t count_leaves(const struct node *n)
{
    struct stress_random r = {n->seed};

    if (n->depth == 0)
        return 1;
    if (stress_below(&r, 8) == 0)
        gort_yield();
    return stress_below(&r, 2) == 0 ? by_channel(n, &r) : by_group(n);
}

static void grow_trees(void *arg)
{
    struct tree *t = arg;
    struct stress_random r = stress_random(t->s, t->number);

    while (!stress_is_over(t->s)) {
        struct node root = {.depth = 1 + (int)stress_below(&r, 4), .seed = r.state};
        uint64_t leaves = count_leaves(&root);

        REQUIRE(leaves == UINT64_C(1) << (2 * root.depth), "%llu leaves at depth %d",
                (unsigned long long)leaves, root.depth);
        atomic_fetch_add_explicit(&t->leaves, leaves, memory_order_relaxed);
    }
}

uint64_t stress_run(const struct stress *s)
{
    struct tree *trees = gort_make(struct tree, (size_t)s->tasks);
    gort_waitgroup wg = {0};
    uint64_t leaves = 0;

    for (int i = 0; i < s->tasks; i++) {
        trees[i].s = s;
        trees[i].number = i;
        gort_waitgroup_go(&wg, grow_trees, &trees[i]);
    }
    gort_waitgroup_wait(&wg);
    for (int i = 0; i < s->tasks; i++)
        leaves += trees[i].leaves;
    return leaves;
}
