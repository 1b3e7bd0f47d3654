/* SPDX-License-Identifier: MIT */
/* layout.c - benchmarks for those who tune: where data lies. Counters in one cache line and apart,
 * structs with holes and without, memory in a row and at random, one object and many. */
#include "config.h"

#include <stdatomic.h>

#include "tests/bench/bench.h"

/* ---- Counters of several tasks ---- */

#define MAX_TASKS 64

struct tally {
    _Atomic(uint32_t) next;
    size_t apart; /* counters from one to the next */
    _Atomic(int64_t) *counters;
};

static void count_own(gort_bench_share *s, void *arg)
{
    struct tally *t = arg;
    uint32_t i = atomic_fetch_add_explicit(&t->next, 1, memory_order_relaxed);
    _Atomic(int64_t) *own = &t->counters[i % MAX_TASKS * t->apart];

    while (gort_bench_next(s))
        atomic_fetch_add_explicit(own, 1, memory_order_relaxed);
}

static void count_apart(gort_bench *b, size_t apart)
{
    struct tally *t = gort_new(struct tally);

    t->apart = apart;
    t->counters = gort_alloc_noscan(MAX_TASKS * apart * sizeof(int64_t));
    gort_bench_run_parallel(b, count_own, t);
}

GORT_BENCH(CountersShared)
{
    count_apart(b, 1);
}

GORT_BENCH(CountersPadded)
{
    count_apart(b, 16);
}

/* ---- A hundred thousand structs, in an order of members that leaves holes, and in another ---- */

#define NSTRUCTS (SANITIZED ? 1000 : 100000)

struct padded {
    char kind;
    int64_t amount;
    char state;
    int32_t count;
    char flag;
};

struct packed {
    int64_t amount;
    int32_t count;
    char kind;
    char state;
    char flag;
};

_Static_assert(sizeof(struct padded) == 32 && sizeof(struct packed) == 16, "twice the memory");

#define SUM_UP(T)                                              \
    T *all = gort_alloc_noscan(NSTRUCTS * sizeof(T));          \
    int64_t sum = 0;                                           \
                                                               \
    for (int i = 0; i < NSTRUCTS; i++)                         \
        all[i].amount = i;                                     \
    gort_bench_reset_timer(b);                                 \
    for (int64_t n = 0; n < b->n; n++) {                       \
        for (int i = 0; i < NSTRUCTS; i++)                     \
            sum += all[i].amount + all[i].count + all[i].kind; \
        bench_keep(sum);                                       \
    }

GORT_BENCH(StructsPadded){SUM_UP(struct padded)}

GORT_BENCH(StructsPacked)
{
    SUM_UP(struct packed)
}

/* ---- Steps through 64 MiB: in a row, and along references in random order ---- */

#define NNODES ((size_t)(SANITIZED ? 1000 : 1 << 20))

struct node {
    struct node *next;
    int64_t value;
    int64_t rest[6]; /* a node is a cache line */
};

/* All nodes in one circle (Sattolo's shuffle); made once. */
static struct node *circle(void)
{
    static struct node *nodes;
    uint32_t *order;
    uint64_t random = 1;

    if (nodes != NULL)
        return nodes;
    nodes = gort_make(struct node, NNODES);
    order = gort_alloc_noscan(NNODES * sizeof *order);
    for (size_t i = 0; i < NNODES; i++)
        order[i] = (uint32_t)i;
    for (size_t i = NNODES - 1; i > 0; i--) {
        size_t j;
        uint32_t other;

        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        j = (random >> 33) % i;
        other = order[j];
        order[j] = order[i];
        order[i] = other;
    }
    for (size_t i = 0; i < NNODES; i++) {
        nodes[i].next = &nodes[order[i]];
        nodes[i].value = (int64_t)i;
    }
    return nodes;
}

GORT_BENCH(TraverseSequential)
{
    const struct node *nodes = circle();
    int64_t sum = 0;

    gort_bench_reset_timer(b);
    for (int64_t i = 0; i < b->n; i++)
        sum += nodes[(size_t)i % NNODES].value;
    bench_keep(sum);
}

GORT_BENCH(TraverseChasing)
{
    const struct node *at = circle();
    int64_t sum = 0;

    gort_bench_reset_timer(b);
    for (int64_t i = 0; i < b->n; i++) {
        sum += at->value;
        at = at->next;
    }
    bench_keep(sum);
}

/* ---- A hundred objects of 32 bytes: one batch, or each by itself ---- */

#define NOBJECTS 100

struct object {
    int64_t words[4];
};

GORT_BENCH(ObjectsBatch)
{
    for (int64_t n = 0; n < b->n; n++) {
        struct object *all = gort_alloc_noscan(NOBJECTS * sizeof *all);

        for (int i = 0; i < NOBJECTS; i++) {
            all[i].words[0] = i;
            gort_keepalive(&all[i]);
        }
    }
}

GORT_BENCH(ObjectsSingle)
{
    for (int64_t n = 0; n < b->n; n++) {
        for (int i = 0; i < NOBJECTS; i++) {
            struct object *one = gort_alloc_noscan(sizeof *one);

            one->words[0] = i;
            gort_keepalive(one);
        }
    }
}

GORT_BENCH_MAIN
