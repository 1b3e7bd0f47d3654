/* SPDX-License-Identifier: MIT */
/* benchflags.h - the command line of a program of benchmarks: go test's flags.
 * "-flag value", "-flag=value", and the same with two dashes. Any thread. */
#ifndef RUNTIME_BENCHFLAGS_H
#define RUNTIME_BENCHFLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_CPUS_MAX 64

struct bench_flags {
    const char *pattern; /* borrowed until argv is changed */
    int64_t time_ns;     /* how long to measure; 0: fixed_n iterations instead */
    int64_t fixed_n;     /* 0: as many as time_ns takes */
    int64_t count;       /* repeats */
    int cpus[BENCH_CPUS_MAX];
    unsigned ncpus; /* 0: as many procs as the runtime takes by itself */
    bool benchmem;
    bool list;
    bool help;
};

/* False when something is wrong; then WHY (of BYTES) is one line on it. */
bool bench_flags_parse(struct bench_flags *f, int argc, char **argv, char *why, size_t bytes);

#endif
