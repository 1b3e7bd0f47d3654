/* SPDX-License-Identifier: MIT */
/* idle.c - a service without clients: nothing happens but a tick each second. What the runtime and
 * gomon cost by themselves shows here. */
#include "config.h"

#include "demo/demo.h"

#include <stddef.h>

#include <gort.h>

static void wait_for_work(void *arg)
{
    gort_chan *work = arg;

    while (gort_recv(work, NULL) == 1)
        continue;
}

static void tick(void *arg)
{
    gort_chan *work = arg;

    for (;;) {
        gort_sleep(GORT_S);
        gort_send(work, NULL);
    }
}

static int run_idle(const struct demo_options *options)
{
    gort_chan *work = gort_chan_new(0, 0);

    for (int64_t i = 0; i < options->tasks; i++)
        demo_go("idle", wait_for_work, work);
    demo_go("tick", tick, work);
    demo_wait(options);
    return 0;
}

const struct scenario idle_scenario = {
    .name = "idle",
    .summary = "a service without clients: a tick each second",
    .options = DEMO_SECONDS | DEMO_TASKS,
    .defaults = {.tasks = 8},
    .run = run_idle,
};
