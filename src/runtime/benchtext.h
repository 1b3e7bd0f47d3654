/* SPDX-License-Identifier: MIT */
/* benchtext.h - how a benchmark's name and figures are written: exactly as Go writes them.
 * Pure functions. Any thread.
 * Source: Go, testing/benchmark.go (prettyPrint, BenchmarkResult.String), testing/match.go
 * (rewrite). */
#ifndef RUNTIME_BENCHTEXT_H
#define RUNTIME_BENCHTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_METRICS_MAX 16
#define BENCH_UNIT_BYTES  32
#define BENCH_NAME_BYTES  256
#define BENCH_LINE_BYTES  2048

struct bench_metric {
    char unit[BENCH_UNIT_BYTES];
    double value;
};

struct bench_result {
    int64_t n; /* iterations, above 0 */
    int64_t duration_ns;
    int64_t bytes_per_op; /* 0: not said */
    uint64_t alloc_bytes;
    uint64_t allocs;
    struct bench_metric metrics[BENCH_METRICS_MAX];
    unsigned nmetrics;
};

/* "VALUE UNIT", with the decimals and the padding that Go gives a number of that size. Returns the
 * length, cut at BYTES. */
size_t bench_pretty(char *buf, size_t bytes, double value, const char *unit);

/* What stands behind the name: N, ns/op, MB/s, metrics sorted by unit; WITH_ALLOCS: B/op and
 * allocs/op. Returns the length, cut at BYTES. */
size_t bench_result_text(char *buf, size_t bytes, const struct bench_result *r, bool with_allocs);

/* The name of a sub-benchmark without what would break a line: space becomes '_', what cannot be
 * printed an escape. Cut at BYTES, never within a character. Returns the length. */
size_t bench_escape(char *buf, size_t bytes, const char *name);

/* The iterations for the next run: enough for GOAL_NS and a fifth more, by the time of the last run
 * (PREV_N in PREV_NS), but at least one more and at most a hundred times as many as LAST. */
int64_t bench_predict(int64_t goal_ns, int64_t prev_n, int64_t prev_ns, int64_t last);

#endif
