/* SPDX-License-Identifier: MIT */
/* bench.h - benchmarks: Go's testing.B for C.
 * A program of benchmarks is
 *     GORT_BENCH(Yield)
 *     {
 *         while (gort_bench_loop(b))
 *             gort_yield();
 *     }
 *     GORT_BENCH_MAIN
 * and prints lines in Go's format, which benchstat reads. How often a body runs is found out as Go
 * does. A body that does not use gort_bench_loop makes b->n iterations and is called several times,
 * with ever more of them.
 * Each benchmark runs in a task of its own with a larger stack; a collection goes before each call.
 * One gort_bench is for that task alone, except gort_bench_fail and what is said of
 * gort_bench_run_parallel.
 * Source: Go, testing/benchmark.go; the format: golang.org/design/14313-benchmark-format. */
#ifndef GORT_BENCH_H
#define GORT_BENCH_H

#include <gort/base.h>

typedef struct gort_bench {
    int64_t n; /* iterations to make; with gort_bench_loop: those that it made, when it ended */
    int64_t gort_loop_i;
    int64_t gort_loop_n;
} gort_bench;

typedef struct gort_bench_entry {
    const char *name;
    void (*fn)(gort_bench *b);
    struct gort_bench_entry *next;
} gort_bench_entry;

/* Adds a benchmark, before main: GORT_BENCH does it. Takes ENTRY. Not thread-safe. */
GORT_API void gort_bench_register(gort_bench_entry *entry);

/* Defines and registers the benchmark "BenchmarkID". ID begins with a capital. */
#define GORT_BENCH(id)                                                 \
    static void gort_bench_##id(gort_bench *b);                        \
    __attribute__((constructor)) static void gort_bench_add_##id(void) \
    {                                                                  \
        static gort_bench_entry entry = {#id, gort_bench_##id, NULL};  \
        gort_bench_register(&entry);                                   \
    }                                                                  \
    static void gort_bench_##id(gort_bench *b)

/* Runs the registered benchmarks as the flags say, prints to stdout and returns the exit status: 0,
 * 1 when a benchmark failed, 2 after one line on stderr when a flag is wrong. Called by main before
 * any other thread, instead of gort_run: several values of -cpu are run in a process each, as a
 * runtime keeps its number of procs. The flags are in gort(3). */
GORT_API int gort_bench_main(int argc, char **argv);

#define GORT_BENCH_MAIN                     \
    int main(int argc, char **argv)         \
    {                                       \
        return gort_bench_main(argc, argv); \
    }

GORT_API int gort_bench_loop_more(gort_bench *b);

/* Whether the body shall go on: 1 for each iteration, then 0. The timer starts anew at the first
 * call, and stops at the last. The loop must be left by that 0 only. */
static inline int gort_bench_loop(gort_bench *b)
{
    if (b->gort_loop_i < b->gort_loop_n) {
        b->gort_loop_i++;
        return 1;
    }
    return gort_bench_loop_more(b);
}

/* The timer runs when a body is called; allocations count while it runs. Starting a running timer
 * and stopping a stopped one do nothing. A reset forgets time, allocations and metrics. */
GORT_API void gort_bench_start_timer(gort_bench *b);
GORT_API void gort_bench_stop_timer(gort_bench *b);
GORT_API void gort_bench_reset_timer(gort_bench *b);

/* The time measured so far. */
GORT_API int64_t gort_bench_elapsed(const gort_bench *b);

/* An iteration handles BYTES: MB/s are shown, of 1,000,000 bytes. */
GORT_API void gort_bench_set_bytes(gort_bench *b, int64_t bytes);

/* B/op and allocs/op are shown without -benchmem too. */
GORT_API void gort_bench_report_allocs(gort_bench *b);

/* Shows VALUE behind the other figures, or instead of the one that is called UNIT ("ns/op" of 0
 * hides it). UNIT is copied: without blanks, up to 31 bytes, as "p99-ns"; up to 16 of them; else
 * misuse. The last value of a unit counts. */
GORT_API void gort_bench_report_metric(gort_bench *b, double value, const char *unit);

/* The benchmark has failed, and why: its line says so, and it is not run again. The body returns
 * by itself. The first reason counts. Any task, as long as the body runs. */
GORT_API void gort_bench_fail(gort_bench *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Runs FN(SUB, ARG) as the benchmark "PARENT/NAME" and returns 1, or 0 if it failed. A body that
 * has sub-benchmarks is called once, and has no line of its own. NAME is escaped as Go does, and
 * made unique by "#01". */
GORT_API int gort_bench_run(gort_bench *b, const char *name, void (*fn)(gort_bench *b, void *arg),
                            void *arg);

/* One body's part of the iterations of gort_bench_run_parallel. */
typedef struct gort_bench_share {
    int64_t gort_left;
    struct gort_bench_pool *gort_pool;
} gort_bench_share;

GORT_API int gort_bench_next_more(gort_bench_share *s);

/* Whether the body shall make one more iteration. */
static inline int gort_bench_next(gort_bench_share *s)
{
    if (s->gort_left > 0) {
        s->gort_left--;
        return 1;
    }
    return gort_bench_next_more(s);
}

/* Runs BODY(SHARE, ARG) in one task for each proc; together they make b->n iterations, each as long
 * as gort_bench_next(SHARE) is 1. Blocks the task until all have returned. Not inside
 * gort_bench_loop. */
GORT_API void gort_bench_run_parallel(gort_bench *b,
                                      void (*body)(gort_bench_share *share, void *arg), void *arg);

/* PER_PROC tasks for each proc instead of one in gort_bench_run_parallel. */
GORT_API void gort_bench_set_parallelism(gort_bench *b, int per_proc);

#endif
