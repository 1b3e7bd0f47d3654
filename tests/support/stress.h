/* SPDX-License-Identifier: MIT */
/* stress.h - many tasks at random for a while; what must hold is checked all the time.
 * A test defines stress_defaults and stress_run, which is the first task.
 *     PROGRAM [--tasks N] [--seconds N] [--seed N]
 * GORT_MAXPROCS, GORT_DEBUG as ever; four procs if nothing is said. */
#ifndef SUPPORT_STRESS_H
#define SUPPORT_STRESS_H

#include <gort.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct stress {
    int tasks;
    double seconds;
    uint32_t seed;
    int64_t end_ns; /* set when the run begins */
};

extern const struct stress stress_defaults;

/* Runs the test; what it has done, for the report. */
uint64_t stress_run(const struct stress *s);

/* Says what does not hold; the program will fail. Any task. */
void stress_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define REQUIRE(cond, ...)            \
    do {                              \
        if (!(cond))                  \
            stress_fail(__VA_ARGS__); \
    } while (0)

bool stress_is_over(const struct stress *s);

/* Random numbers, for one task each. */
struct stress_random {
    uint64_t state;
};
struct stress_random stress_random(const struct stress *s, int task);
uint32_t stress_below(struct stress_random *r, uint32_t n);

#endif
