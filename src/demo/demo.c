/* SPDX-License-Identifier: MIT */
/* demo.c - gort-demo SCENARIO: a program that behaves in a way worth watching with gomon. */
#include "config.h"

#include "demo/demo.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <gort.h>

#include "demo/options.h"
#include "demo/pace.h"

#define EXIT_USAGE 2
#define MAX_TASKS 10000000
#define ONE_YEAR_S (366 * 24 * 3600)

static const struct scenario *const scenarios[] = {
    &churn_scenario,    &contention_scenario, &deadlock_scenario, &idle_scenario,  &leak_scenario,
    &pipeline_scenario, &service_scenario,    &sleepers_scenario, &wedge_scenario,
};
#define NSCENARIOS (sizeof scenarios / sizeof scenarios[0])

static const struct option_row rows[] = {
    {"seconds", "N", "end after N seconds; 0 is never", OPTION_COUNT, DEMO_SECONDS,
     offsetof(struct demo_options, seconds), 0, ONE_YEAR_S},
    {"tasks", "N", "number of tasks", OPTION_COUNT, DEMO_TASKS,
     offsetof(struct demo_options, tasks), 1, MAX_TASKS},
    {"task-rate", "N", "tasks spawned a second", OPTION_COUNT, DEMO_TASK_RATE,
     offsetof(struct demo_options, task_rate), 0, 1000000},
    {"item-rate", "N", "items a second", OPTION_COUNT, DEMO_ITEM_RATE,
     offsetof(struct demo_options, item_rate), 1, 10000000},
    {"leak", "BYTES", "memory leaked a second", OPTION_BYTES, DEMO_LEAK,
     offsetof(struct demo_options, leak_bytes), 0, PACE_MAX_RATE},
    {"garbage", "BYTES", "garbage made a second", OPTION_BYTES, DEMO_GARBAGE,
     offsetof(struct demo_options, garbage_bytes), 0, PACE_MAX_RATE},
    {"live", "BYTES", "memory kept alive", OPTION_BYTES, DEMO_LIVE,
     offsetof(struct demo_options, live_bytes), 1 << 20, INT64_C(1) << 40},
    {"shape", "NAME", "steady, sawtooth, warmup, wave or step", OPTION_TEXT, DEMO_SHAPE,
     offsetof(struct demo_options, shape), 0, 0},
    {"period", "N", "seconds until the shape comes again, or has come", OPTION_COUNT, DEMO_PERIOD,
     offsetof(struct demo_options, period_s), 1, ONE_YEAR_S},
    {"leak-percent", "P", "of the live heap leaked an hour, decimals allowed", OPTION_MILLI,
     DEMO_LEAK_PERCENT, offsetof(struct demo_options, leak_milli), 0, 100000},
};
#define NROWS (sizeof rows / sizeof rows[0])

/* What the first task gets. */
struct job {
    const struct scenario *scenario;
    struct demo_options options;
};

void demo_wait(const struct demo_options *options)
{
    int64_t end_ns = gort_in(options->seconds * GORT_S);

    if (options->seconds > 0)
        gort_sleep_until(end_ns);
    while (options->seconds == 0)
        gort_sleep(3600 * GORT_S);
}

void demo_go(const char *name, void (*fn)(void *arg), void *arg)
{
    gort_attr attr = {.name = name};

    gort_go_with(&attr, fn, arg);
}

void demo_work(int64_t duration_ns)
{
    int64_t end_ns = gort_in(duration_ns);

    while (gort_now() < end_ns)
        continue;
}

static int run_job(void *arg)
{
    struct job *job = arg;
    int pid = (int)getpid();

    printf("gort-demo: %s runs as process %d on %d procs; gomon -p %d watches it\n",
           job->scenario->name, pid, gort_maxprocs(), pid);
    fflush(stdout);
    return job->scenario->run(&job->options);
}

static void print_help(void)
{
    printf("usage: gort-demo SCENARIO [OPTION]...\n"
           "Runs a program on libgort that is worth watching with gomon. Scenarios:\n\n");
    for (size_t i = 0; i < NSCENARIOS; i++)
        printf("  %-12s %s\n", scenarios[i]->name, scenarios[i]->summary);
    printf("\ngort-demo SCENARIO --help lists the options of one. See gort-demo(1).\n");
}

static void print_scenario_help(const struct scenario *scenario, const struct option_table *table)
{
    printf("usage: gort-demo %s [OPTION]...\n%s\n\n", scenario->name, scenario->summary);
    options_print(table, &scenario->defaults, stdout);
    printf("\nBYTES may end in K, M or G.\n");
}

static const struct scenario *find_scenario(const char *name)
{
    for (size_t i = 0; i < NSCENARIOS; i++) {
        if (strcmp(scenarios[i]->name, name) == 0)
            return scenarios[i];
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct job job = {0};
    struct option_table table = {.rows = rows, .nrows = NROWS};
    char error[OPTIONS_ERROR_BYTES];
    int status;

    if (argc < 2) {
        fprintf(stderr, "gort-demo: which scenario? gort-demo --help lists them\n");
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help();
        return 0;
    }
    job.scenario = find_scenario(argv[1]);
    if (job.scenario == NULL) {
        fprintf(stderr, "gort-demo: there is no scenario '%s'; gort-demo --help lists them\n",
                argv[1]);
        return EXIT_USAGE;
    }
    job.options = job.scenario->defaults;
    table.user = job.scenario->options;
    switch (options_parse(&table, argc - 2, argv + 2, &job.options, error)) {
    case OPTIONS_OK:
        break;
    case OPTIONS_HELP:
        print_scenario_help(job.scenario, &table);
        return 0;
    case OPTIONS_BAD:
        fprintf(stderr, "gort-demo %s: %s\n", job.scenario->name, error);
        return EXIT_USAGE;
    }
    status = gort_run(NULL, run_job, &job);
    if (status < 0) {
        fprintf(stderr, "gort-demo: the runtime could not start: %s\n", gort_strerror(status));
        return 1;
    }
    return status;
}
