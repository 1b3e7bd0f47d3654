/* SPDX-License-Identifier: MIT */
/* sleepers.c - very many tasks that do nothing: what a task costs, and whether a watcher keeps up.
 * Each sleeps about a minute at a time; the times are spread, so that they wake up evenly. */
#include "config.h"

#include "demo/demo.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include <gort.h>

#include "demo/random.h"

static void sleep_on(void *arg)
{
    uint64_t random = (uint64_t)(uintptr_t)arg;

    for (;;)
        gort_sleep((30 * 1000 + (int64_t)random_below(&random, 60 * 1000)) * GORT_MS);
}

static int run_sleepers(const struct demo_options *options)
{
    int64_t start_ns = gort_now();
    gort_memstats stats;

    for (int64_t i = 0; i < options->tasks; i++)
        gort_go(sleep_on, (void *)(uintptr_t)i);
    while (gort_num_tasks() < options->tasks)
        gort_sleep(GORT_MS);
    gort_read_memstats(&stats);
    printf("gort-demo: %" PRId64 " tasks sleep after %.1f s; %" PRIu64 " MiB from the system\n",
           options->tasks, (double)(gort_now() - start_ns) / 1e9, stats.sys >> 20);
    fflush(stdout);
    demo_wait(options);
    return 0;
}

const struct scenario sleepers_scenario = {
    .name = "sleepers",
    .summary = "very many tasks, all asleep",
    .options = DEMO_SECONDS | DEMO_TASKS,
    .defaults = {.tasks = 1000000},
    .run = run_sleepers,
};
