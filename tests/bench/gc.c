/* SPDX-License-Identifier: MIT */
/* gc.c - benchmarks of the collector: what it costs, and how long it stops the program.
 * GCTree is the shape of GCBench (Ellis, Kovac, Boehm): a tree that lives, of which a full mark has
 * to search all, and two tasks that build and drop trees of many sizes. An iteration is one tree of
 * 2^17 nodes by each. RingBuffer holds 200,000 messages of 1 KB and replaces the oldest one each
 * time; what counts is the worst push.
 * Reported besides: the longest pause of a cycle (both of its stops, as Go counts), in ms; the
 * longest stop, less the time in which a thread that all others waited for was on no processor: on
 * a machine that has other things to do the first says more of these; that of a mark, in ns for
 * each object.
 * GCTreeLarge has a tree of four times as many nodes, 2.5 GiB. GCAdversary writes to all of its
 * heap all the time, also while a mark tries to come to an end; counted is by how much the heap
 * grew beyond the goal. Collections that begin and end within a few hundred iterations: for a
 * figure of 100 cycles take -benchtime 10000x. */
#include "config.h"

#include <stdatomic.h>

#include "runtime/gc.h"
#include "tests/bench/bench.h"

#define LIVE_DEPTH    23 /* 16.8 million nodes, 0.75 GiB with what goes with them */
#define TRIAL_DEPTH   10
#define TREE_DEPTH    16
#define MUTATORS      2
#define MESSAGES      200000
#define MESSAGE_BYTES 1024
#define PARKED        (SANITIZED ? 1000 : 100000)

struct node {
    struct node *left;
    struct node *right;
    int i;
    int j;
};

/* Memory of which some task writes one word on each page. */
#define PAGE_WORDS      ((size_t)512)
#define ADVERSARY_WORDS ((size_t)(SANITIZED ? 64 : 16384) * PAGE_WORDS)

struct adversary {
    void **words;
    _Atomic(uint32_t) stop;
    gort_waitgroup done;
};

static struct node *new_node(struct node *left, struct node *right)
{
    struct node *n = gort_alloc_object(sizeof *n);

    n->left = left;
    n->right = right;
    return n;
}

static struct node *tree_bottom_up(int depth)
{
    struct node *left = NULL;

    if (depth == 0)
        return new_node(NULL, NULL);
    left = tree_bottom_up(depth - 1);
    return new_node(left, tree_bottom_up(depth - 1));
}

static void grow_top_down(struct node *n, int depth)
{
    if (depth == 0)
        return;
    n->left = new_node(NULL, NULL);
    n->right = new_node(NULL, NULL);
    grow_top_down(n->left, depth - 1);
    grow_top_down(n->right, depth - 1);
}

static uint64_t on_cpu_ns(const struct gc_stop *stop)
{
    return stop->restarted_ns - stop->asked_ns - stop->off_cpu_ns;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The longest pauses of the cycles numbered above FIRST, as far as they are remembered. */
static void report_pauses(gort_bench *b, uint32_t first)
{
    static struct gc_cycle cycle[GC_CYCLES_KEPT];
    size_t n = gc_cycles_read(first, cycle, GC_CYCLES_KEPT);
    uint64_t pause_ns = 0;
    uint64_t stop_ns = 0;

    for (size_t i = 0; i < n; i++) {
        pause_ns = larger(pause_ns, cycle[i].pause_ns);
        stop_ns = larger(stop_ns, larger(on_cpu_ns(&cycle[i].first), on_cpu_ns(&cycle[i].last)));
    }
    gort_bench_report_metric(b, (double)pause_ns / 1e6, "max-pause-ms");
    gort_bench_report_metric(b, (double)stop_ns / 1e6, "max-stop-ms");
}

static uint32_t cycles(void)
{
    gort_memstats m;

    gort_read_memstats(&m);
    return m.num_gc;
}

/* ---- trees ---- */

static struct node *live;

static void make_live(int depth)
{
    live = new_node(NULL, NULL);
    grow_top_down(live, depth);
}

struct mutator {
    int64_t n;
    gort_waitgroup done;
};

static void build_and_drop(void *arg)
{
    struct mutator *m = arg;

    for (int64_t i = 0; i < m->n; i++) {
        struct node *top = new_node(NULL, NULL);

        grow_top_down(top, TREE_DEPTH - 1);
        gort_keepalive(top);
        gort_keepalive(tree_bottom_up(TREE_DEPTH - 1));
    }
    gort_waitgroup_done(&m->done);
}

/* A single iteration only tries out whether it works, or how long one takes. */
static void bench_trees(gort_bench *b, int live_depth)
{
    static struct mutator m;
    uint32_t before = 0;

    make_live(b->n == 1 ? TRIAL_DEPTH : live_depth);
    m.n = b->n;
    before = cycles();
    gort_bench_reset_timer(b);
    gort_waitgroup_add(&m.done, MUTATORS);
    for (int i = 0; i < MUTATORS; i++)
        gort_go(build_and_drop, &m);
    gort_waitgroup_wait(&m.done);
    gort_bench_stop_timer(b);
    report_pauses(b, before);
    gort_bench_report_metric(b, (double)(cycles() - before), "cycles");
    gort_keepalive(live);
    live = NULL;
}

GORT_BENCH(GCTree)
{
    bench_trees(b, LIVE_DEPTH);
}

GORT_BENCH(GCTreeLarge)
{
    bench_trees(b, LIVE_DEPTH + 2);
}

/* ---- a full mark ---- */

/* One collection of a tree of 2^21 nodes that lives, by call. ns/object is the least of all:
 * whatever else the machine does makes it only longer. */
GORT_BENCH(GCFullMark)
{
    struct node *top = new_node(NULL, NULL);
    int64_t least_ns = INT64_MAX;

    grow_top_down(top, 20);
    gort_gc();
    gort_bench_reset_timer(b);
    for (int64_t i = 0; i < b->n; i++) {
        int64_t start_ns = gort_now();

        gort_gc();
        if (gort_now() - start_ns < least_ns)
            least_ns = gort_now() - start_ns;
    }
    gort_bench_stop_timer(b);
    gort_bench_report_metric(b, (double)least_ns / (double)(1 << 21), "ns/object");
    gort_keepalive(top);
}

/* ---- tasks that wait ---- */

struct parked {
    gort_chan *closed;
    gort_waitgroup done;
};

static void wait_for_close(void *arg)
{
    struct parked *p = arg;
    char byte;

    gort_recv(p->closed, &byte);
    gort_waitgroup_done(&p->done);
}

/* One collection by call beside 100,000 tasks that wait. */
GORT_BENCH(GCParked)
{
    static struct parked p;
    uint32_t before = 0;

    p.closed = gort_chan_new(1, 0);
    gort_waitgroup_add(&p.done, PARKED);
    for (int i = 0; i < PARKED; i++)
        gort_go(wait_for_close, &p);
    for (int i = 0; i < 3; i++)
        gort_gc();
    before = cycles();
    gort_bench_reset_timer(b);
    for (int64_t i = 0; i < b->n; i++)
        gort_gc();
    gort_bench_stop_timer(b);
    report_pauses(b, before);
    gort_close(p.closed);
    gort_waitgroup_wait(&p.done);
}

/* ---- an adversary ---- */

static void write_on_all_pages(void *arg)
{
    struct adversary *a = arg;

    while (atomic_load_explicit(&a->stop, memory_order_relaxed) == 0)
        for (size_t i = 0; i < ADVERSARY_WORDS; i += PAGE_WORDS)
            a->words[i] = &a->words[(i + PAGE_WORDS) % ADVERSARY_WORDS];
    gort_waitgroup_done(&a->done);
}

/* The bytes of objects beyond the goal, in percent of it. Right after a mark there is garbage that
 * was not swept, and a goal that is not for it: 0, until there is less than the goal, which is
 * *SETTLED then. */
static double overshoot_percent(uint64_t *settled)
{
    gort_memstats m;

    gort_read_memstats(&m);
    if (m.heap_alloc <= m.next_gc)
        *settled = m.next_gc;
    return *settled == m.next_gc ? 100.0 * ((double)m.heap_alloc / (double)m.next_gc - 1) : 0;
}

static void drop_a_list(void)
{
    struct node *list = NULL;

    for (int k = 0; k < 1000; k++)
        list = new_node(list, NULL);
    gort_keepalive(list);
}

/* An iteration is a list of 1,000 nodes that is dropped, beside a task that writes to 16,384 pages
 * without end. */
GORT_BENCH(GCAdversary)
{
    static struct adversary a;
    uint32_t before = 0;
    uint64_t settled = 0;
    double most = -100;

    a.words = gort_alloc(ADVERSARY_WORDS * sizeof *a.words);
    atomic_store_explicit(&a.stop, 0, memory_order_relaxed);
    gort_gc();
    before = cycles();
    gort_waitgroup_add(&a.done, 1);
    gort_go(write_on_all_pages, &a);
    gort_bench_reset_timer(b);
    for (int64_t i = 0; i < b->n; i++) {
        double over = overshoot_percent(&settled);

        if (over > most)
            most = over;
        drop_a_list();
    }
    gort_bench_stop_timer(b);
    atomic_store_explicit(&a.stop, 1, memory_order_relaxed);
    gort_waitgroup_wait(&a.done);
    gort_bench_report_metric(b, most, "over-percent");
    report_pauses(b, before);
    gort_bench_report_metric(b, (double)(cycles() - before), "cycles");
}

/* ---- messages ---- */

GORT_BENCH(GCRingBuffer)
{
    char **ring = gort_alloc(MESSAGES * sizeof *ring);
    int64_t worst_ns = 0;

    for (int64_t i = 0; i < b->n; i++) {
        int64_t start_ns = gort_now();
        char *message = gort_alloc_noscan(MESSAGE_BYTES);
        int64_t took_ns = 0;

        for (int k = 0; k < MESSAGE_BYTES; k++)
            message[k] = (char)i;
        ring[i % MESSAGES] = message;
        took_ns = gort_now() - start_ns;
        if (took_ns > worst_ns)
            worst_ns = took_ns;
    }
    gort_bench_stop_timer(b);
    gort_bench_report_metric(b, (double)worst_ns / 1e6, "worst-push-ms");
    gort_keepalive(ring);
}

GORT_BENCH_MAIN
