/* SPDX-License-Identifier: MIT */
/* demo.h - what the scenarios of gort-demo share.
 * A scenario is a const table in a file of its own: a name, the options that it knows with their
 * defaults, and a function that runs as the first task and returns the exit status. A new one costs
 * its file and a line in demo.c. */
#ifndef DEMO_DEMO_H
#define DEMO_DEMO_H

#include <stdint.h>

/* Values of the options; each scenario reads those that it lists. */
struct demo_options {
    int64_t seconds;       /* how long it runs; 0: until it is killed */
    int64_t tasks;         /* how many it keeps */
    int64_t task_rate;     /* spawned a second */
    int64_t item_rate;     /* through a pipeline, a second */
    int64_t leak_bytes;    /* leaked a second */
    int64_t garbage_bytes; /* allocated and dropped a second */
    int64_t live_bytes;    /* kept alive */
    int64_t period_s;      /* of the shape */
    int64_t leak_milli;    /* thousandths of a percent of live_bytes leaked an hour */
    const char *shape;     /* of load and memory over time */
};

/* Which options a scenario knows. */
enum demo_option {
    DEMO_SECONDS = 1 << 0,
    DEMO_TASKS = 1 << 1,
    DEMO_TASK_RATE = 1 << 2,
    DEMO_ITEM_RATE = 1 << 3,
    DEMO_LEAK = 1 << 4,
    DEMO_GARBAGE = 1 << 5,
    DEMO_LIVE = 1 << 6,
    DEMO_SHAPE = 1 << 7,
    DEMO_PERIOD = 1 << 8,
    DEMO_LEAK_PERCENT = 1 << 9,
};

struct scenario {
    const char *name;
    const char *summary;           /* one line for the help */
    unsigned options;              /* enum demo_option bits */
    struct demo_options defaults;
    int (*run)(const struct demo_options *options); /* as the first task; returns the exit status */
};

extern const struct scenario churn_scenario;
extern const struct scenario contention_scenario;
extern const struct scenario deadlock_scenario;
extern const struct scenario idle_scenario;
extern const struct scenario leak_scenario;
extern const struct scenario pipeline_scenario;
extern const struct scenario service_scenario;
extern const struct scenario sleepers_scenario;
extern const struct scenario wedge_scenario;

/* Blocks the task for as long as the options say: for ever if they name no time. */
void demo_wait(const struct demo_options *options);

/* Spawns FN(ARG) under NAME, which dumps show. */
void demo_go(const char *name, void (*fn)(void *arg), void *arg);

/* Keeps the processor busy for about DURATION_NS, without a call of the runtime but its clock. */
void demo_work(int64_t duration_ns);

#endif
