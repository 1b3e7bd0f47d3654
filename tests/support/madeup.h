/* SPDX-License-Identifier: MIT */
/* madeup.h - made-up programs for the lints: a function says what a program has at each second of
 * its life; all lints are judged on it, and what they tell, and when, is noted. Time is made up
 * too, and noise comes from a seed: each run is the same. */
#ifndef TESTS_SUPPORT_MADEUP_H
#define TESTS_SUPPORT_MADEUP_H

#include "mon/lint.h"

#define MADEUP_MIB      (1024.0 * 1024.0)
#define MADEUP_START_NS (INT64_C(10000) * 1000000000)
#define MADEUP_LEAKY_PC 0x1000u
#define MADEUP_OTHER_PC 0x2000u

/* What the program has; what is not set stays as it was. */
struct madeup_program {
    double t; /* seconds since its start */
    double live;
    double alloc_per_s;
    double gc_period_s;
    double site_tasks[2];
    double site_bytes[2];
    double spawn_per_s;
    double outside; /* bytes; 0: not measured, as with the rest */
    double rss;
    double memory_limit;
    double files;
    double cpu_per_s;
    double memory;   /* of a program that has one */
    double window_s; /* of the lints */
};
typedef void madeup_fn(struct madeup_program *p);

struct madeup {
    struct metric_table table;
    struct history *history;
    struct lints *lints;
    struct snapshot snapshot;
    struct task_groups tasks;
    struct target_status status;
    struct alerts alerts;
    struct madeup_program program;
    double next_gc;
    double gc_count;
    double total_alloc;
    double tasks_created;
    double cpu_s;
    double told[LINTS]; /* second of the first alert, -1: never */
};

/* WINDOW_NS is that of the lints, 0: the default. */
void madeup_start(struct madeup *r, int64_t window_ns, uint64_t seed);
void madeup_finish(struct madeup *r);

/* Lives for SECONDS more and is looked at every STEP. */
void madeup_run(struct madeup *r, madeup_fn *fn, int seconds, int step);

/* The standing alert of LINT, or NULL. */
const struct alert *madeup_standing(const struct madeup *r, enum alert_lint lint);

/* -1 to 1, evenly; and near normal, with a standard deviation of 1. */
double madeup_uniform(void);
double madeup_noise(void);

#endif
