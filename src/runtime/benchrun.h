/* SPDX-License-Identifier: MIT */
/* benchrun.h - one benchmark from its first call to its line.
 * A benchmark's function is called with one iteration first; that call also shows whether it has
 * sub-benchmarks, or counts by gort_bench_loop. Then it is called with more and more until it takes
 * long enough. Every call is in a task of its own, which the caller waits for.
 * Source: Go, testing/benchmark.go (run1, launch, processBench). */
#ifndef RUNTIME_BENCHRUN_H
#define RUNTIME_BENCHRUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gort/bench.h"
#include "gort/sync.h"
#include "runtime/benchflags.h"
#include "runtime/benchmatch.h"
#include "runtime/benchtext.h"

#define BENCH_STACK_BYTES \
    ((size_t)256 << 10) /* regexec and printf want more than a small task has */

struct bench_name { /* a full name that is taken */
    struct bench_name *next;
    char text[BENCH_NAME_BYTES];
};

struct bench_suite { /* what all benchmarks of a process share; used by one task at a time */
    const struct bench_flags *flags;
    const struct bench_match *match;
    int procs;           /* for the names; at first the most that any process runs with */
    size_t suffix_width; /* of the longest "-N" */
    size_t width;        /* that names are padded to */
    bool failed;
    struct bench_name *names;
};

struct bench {
    gort_bench pub; /* first: the public address is this one's */
    struct bench_suite *suite;
    const char *name; /* full; "" of the root */
    void (*fn)(gort_bench *b, void *arg);
    void *arg;
    struct bench_result result; /* n is set at the end */
    bool is_timing;
    bool has_subs;
    bool shows_allocs;
    bool loop_ended;
    int64_t start_ns; /* of the timer, while it runs */
    uint64_t start_allocs;
    uint64_t start_alloc_bytes;
    int64_t next_n; /* for the call that is begun */
    int64_t prev_n; /* the call before this one; 0: there was none */
    int64_t prev_ns;
    int parallelism;     /* tasks a proc */
    gort_waitgroup call; /* until the call has returned */
    gort_mutex lock;
    bool failed;   /* [lock:lock] */
    char why[256]; /* [lock:lock] */
};

/* NAME with the number of procs behind it, as Go shows it. Returns the length. */
size_t bench_full_name(char *buf, size_t bytes, const char *name, int procs);

/* The benchmark at the root: its sub-benchmarks are the registered ones. */
void bench_root_init(struct bench *b, struct bench_suite *suite);

/* Frees the names that were taken. */
void bench_suite_fini(struct bench_suite *suite);

/* Whether gort_bench_fail was called. */
bool bench_has_failed(struct bench *b);

static inline struct bench *bench_of(const gort_bench *pub)
{
    return (struct bench *)(uintptr_t)pub;
}

#endif
