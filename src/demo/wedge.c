/* SPDX-License-Identifier: MIT */
/* wedge.c - every proc is hogged by a task that never calls the runtime. The procs are taken from
 * them, so the clock task goes on; D must show the hogs, and where they are. */
#include "config.h"

#include "demo/demo.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include <gort.h>

static _Atomic(uint64_t) turns; /* [atomic] keeps the loop from being optimised away */

static void hog(void *arg)
{
    (void)arg;
    for (;;)
        atomic_fetch_add_explicit(&turns, 1, memory_order_relaxed);
}

/* Wants to run ten times a second and says when it could not. */
static void watch_clock(void *arg)
{
    const int64_t step_ns = 100 * GORT_MS;
    int64_t worst_ns = 0;

    (void)arg;
    for (;;) {
        int64_t due_ns = gort_in(step_ns);
        int64_t late_ns;

        gort_sleep_until(due_ns);
        late_ns = gort_now() - due_ns;
        if (late_ns > worst_ns + 10 * GORT_MS) {
            worst_ns = late_ns;
            printf("gort-demo: the clock task ran %.0f ms late\n", (double)late_ns / 1e6);
            fflush(stdout);
        }
    }
}

static int run_wedge(const struct demo_options *options)
{
    int64_t hogs = options->tasks > 0 ? options->tasks : gort_maxprocs();

    demo_go("clock", watch_clock, NULL);
    for (int64_t i = 0; i < hogs; i++)
        demo_go("hog", hog, NULL);
    demo_wait(options);
    return 0;
}

const struct scenario wedge_scenario = {
    .name = "wedge",
    .summary = "every proc is hogged by a task that never lets go; 0 tasks are one a proc",
    .options = DEMO_SECONDS | DEMO_TASKS,
    .defaults = {.tasks = 0},
    .run = run_wedge,
};
