/* SPDX-License-Identifier: MIT */
/* churn.c - allocation and garbage under memory pressure, and no leak: a live set of a fixed size,
 * whose objects are replaced at random, and tasks that come and go. The heap saws up and down as
 * fast as the options ask, and no alert may come of it. If it has an end, it tells whether each
 * object was whole as long as it lived, and whether what was to be called after its life was. */
#include "config.h"

#include "demo/demo.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <gort.h>

#include "demo/liveset.h"
#include "demo/pace.h"

#define NMUTATORS 4
#define PATIENCE_NS (60 * GORT_S)

/* A part of the live set is made by a task that then replaces its objects. */
struct mutator {
    int64_t live_bytes;
    uint64_t seed;
    struct pace pace;
};

static _Atomic(bool) ending;
static gort_waitgroup mutators;

static bool is_ending(void)
{
    return atomic_load_explicit(&ending, memory_order_relaxed);
}

static void mutate(void *arg)
{
    struct mutator *m = arg;
    struct liveset *set = liveset_new(m->live_bytes, m->seed);
    int64_t due_bytes = 0;

    while (!is_ending()) {
        due_bytes += pace_wait(&m->pace);
        while (due_bytes > 0 && !is_ending())
            due_bytes -= liveset_replace(set);
    }
    liveset_drop(set);
    gort_waitgroup_done(&mutators);
}

/* A short life: some memory, a little time. */
static void live_briefly(void *arg)
{
    char *scratch = gort_alloc_noscan(2048);

    (void)arg;
    memset(scratch, 't', 2048);
    gort_sleep(5 * GORT_MS);
    gort_keepalive(scratch);
}

static void spawn_tasks(void *arg)
{
    const struct demo_options *options = arg;
    struct pace pace;

    pace_init(&pace, options->task_rate);
    for (;;) {
        for (int64_t due = pace_wait(&pace); due > 0; due--)
            gort_go(live_briefly, NULL);
    }
}

/* A word that is no reference may keep an object, and with it its cleanup. */
static int64_t lost(const struct liveset_sums *sums)
{
    int64_t kept = 16 + sums->watched / 1000;
    int64_t n = sums->watched - sums->cleaned;

    return n > kept ? n : 0;
}

/* Ends the mutators, and collects until all that hung on their objects was called. */
static int end_churn(void)
{
    int64_t until_ns = gort_in(PATIENCE_NS);
    struct liveset_sums sums;

    atomic_store_explicit(&ending, true, memory_order_relaxed);
    gort_waitgroup_wait(&mutators);
    do {
        gort_gc();
        gort_sleep(10 * GORT_MS);
        sums = liveset_sums();
    } while (lost(&sums) > 0 && gort_now() < until_ns);
    printf("gort-demo: %" PRId64 " objects looked at, %" PRId64 " of them not whole; %" PRId64
           " of %" PRId64 " cleanups ran\n",
           sums.checked, sums.faults, sums.cleaned, sums.watched);
    return sums.faults > 0 || lost(&sums) > 0;
}

static int run_churn(const struct demo_options *options)
{
    struct demo_options *copy = gort_alloc_noscan(sizeof *copy);

    *copy = *options;
    gort_waitgroup_add(&mutators, NMUTATORS);
    for (uint64_t i = 0; i < NMUTATORS; i++) {
        struct mutator *m = gort_new(struct mutator);

        m->live_bytes = options->live_bytes / NMUTATORS;
        m->seed = i;
        pace_init(&m->pace, options->garbage_bytes / NMUTATORS);
        demo_go("mutator", mutate, m);
    }
    demo_go("spawner", spawn_tasks, copy);
    demo_wait(options);
    return end_churn();
}

const struct scenario churn_scenario = {
    .name = "churn",
    .summary = "memory and tasks come and go at settable rates; nothing leaks",
    .options = DEMO_SECONDS | DEMO_TASK_RATE | DEMO_GARBAGE | DEMO_LIVE,
    .defaults = {.task_rate = 1000, .garbage_bytes = 128 << 20, .live_bytes = 64 << 20},
    .run = run_churn,
};
