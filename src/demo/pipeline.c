/* SPDX-License-Identifier: MIT */
/* pipeline.c - a source, a pool of workers, a sink: fan-out and fan-in over buffered channels.
 * Items are objects of the collected heap that change hands; the sink checks their sum. */
#include "config.h"

#include "demo/demo.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <gort.h>

#include "demo/pace.h"

#define ITEM_WORDS 32
#define WORK_NS (20 * GORT_US)
#define REPORT_NS (10 * GORT_S)

struct item {
    uint64_t number;
    uint64_t sum; /* of the words, by a worker */
    uint64_t words[ITEM_WORDS];
};

GORT_CHAN(item, struct item *)

struct pipeline {
    item_chan jobs;    /* source to workers */
    item_chan results; /* workers to sink */
    int64_t item_rate;
};

static void source(void *arg)
{
    struct pipeline *p = arg;
    struct pace pace;
    uint64_t number = 0;

    pace_init(&pace, p->item_rate);
    for (;;) {
        for (int64_t due = pace_wait(&pace); due > 0; due--) {
            struct item *item = gort_alloc_noscan(sizeof *item);

            item->number = ++number;
            for (size_t i = 0; i < ITEM_WORDS; i++)
                item->words[i] = number + i;
            item_send(p->jobs, item);
        }
    }
}

static void worker(void *arg)
{
    struct pipeline *p = arg;
    struct item *item;

    while (item_recv(p->jobs, &item) == 1) {
        for (size_t i = 0; i < ITEM_WORDS; i++)
            item->sum += item->words[i];
        demo_work(WORK_NS);
        item_send(p->results, item);
    }
}

/* Ends the program if an item came through changed. */
static void check_item(const struct item *item)
{
    uint64_t expected = ITEM_WORDS * item->number + ITEM_WORDS * (ITEM_WORDS - 1) / 2;

    if (item->sum != expected) {
        fprintf(stderr, "gort-demo: item %" PRIu64 " sums to %" PRIu64 ", not %" PRIu64 "\n",
                item->number, item->sum, expected);
        exit(1);
    }
}

static void sink(void *arg)
{
    struct pipeline *p = arg;
    struct item *item;
    uint64_t items = 0;
    int64_t report_ns = gort_in(REPORT_NS);

    while (item_recv(p->results, &item) == 1) {
        check_item(item);
        items++;
        if (gort_now() >= report_ns) {
            printf("gort-demo: %" PRIu64 " items in 10 s\n", items);
            fflush(stdout);
            items = 0;
            report_ns = gort_in(REPORT_NS);
        }
    }
}

static int run_pipeline(const struct demo_options *options)
{
    struct pipeline *p = gort_new(struct pipeline);

    p->jobs = item_chan_new(256);
    p->results = item_chan_new(256);
    p->item_rate = options->item_rate;
    demo_go("sink", sink, p);
    for (int64_t i = 0; i < options->tasks; i++)
        demo_go("worker", worker, p);
    demo_go("source", source, p);
    demo_wait(options);
    return 0;
}

const struct scenario pipeline_scenario = {
    .name = "pipeline",
    .summary = "a source fans out to workers, whose results fan in to a sink",
    .options = DEMO_SECONDS | DEMO_TASKS | DEMO_ITEM_RATE,
    .defaults = {.tasks = 16, .item_rate = 10000},
    .run = run_pipeline,
};
