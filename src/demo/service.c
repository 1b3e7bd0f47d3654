/* SPDX-License-Identifier: MIT */
/* service.c - a service for hours, to see that alerts tell a leak from what only looks like one.
 * Each request is a task that makes garbage and renews an object of the live heap. How many come,
 * and how much lives, follows a shape; beside that, memory leaks from one line, as slowly as is
 * asked. The live heap is in parts, which are made and dropped as the shape wants it. */
#include "config.h"

#include "demo/demo.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <gort.h>

#include "demo/liveset.h"
#include "demo/pace.h"
#include "demo/random.h"
#include "demo/shape.h"

#define EXIT_USAGE      2
#define NPARTS          64
#define REQUEST_BYTES   16384 /* on average */
#define ANSWER_NS       (2 * GORT_MS)
#define HUNDRED_PERCENT INT64_C(100000) /* in thousandths of a percent */
#define HOUR_S          3600

struct service {
    const struct shape *shape; /* [const], as what follows up to the lock */
    int64_t start_ns;
    int64_t period_s;
    int64_t part_bytes;
    int64_t request_bytes_per_s; /* at full load */
    int64_t leak_bytes_per_hour;
    gort_mutex lock;
    struct liveset *part[NPARTS]; /* [lock:lock] */
    size_t nparts;                /* [lock:lock] changed by the task that listens only */
    uint64_t random;              /* [lock:lock] */
};

/* What the service thinks it knows of a user who left long ago. */
struct visit {
    struct visit *next;
    char state[256 - sizeof(struct visit *)];
};

static struct visit *visits; /* [owner] the task that leaks */

/* Not inlined, so that a stack or an alert names this function: here memory leaks. */
static __attribute__((noinline)) void remember_visit(void)
{
    struct visit *visit = gort_alloc(sizeof *visit);

    memset(visit->state, 'v', sizeof visit->state);
    visit->next = visits;
    visits = visit;
}

static void leak(void *arg)
{
    const struct service *s = arg;
    const int64_t visit_bytes = sizeof(struct visit);
    struct pace pace;

    pace_init(&pace, s->leak_bytes_per_hour);
    for (int64_t due = 0;;) {
        due += pace_wait(&pace);
        for (; due >= visit_bytes * HOUR_S; due -= visit_bytes * HOUR_S)
            remember_visit();
    }
}

/* A request: it renews something that lives, and its answer takes a while. */
static void serve(void *arg)
{
    struct service *s = arg;
    size_t bytes = REQUEST_BYTES / 2;
    char *answer;

    gort_mutex_lock(&s->lock);
    liveset_renew(s->part[random_below(&s->random, s->nparts)]);
    bytes += random_below(&s->random, REQUEST_BYTES);
    gort_mutex_unlock(&s->lock);
    answer = gort_alloc_noscan(bytes);
    memset(answer, 'a', bytes);
    gort_sleep(ANSWER_NS);
    gort_keepalive(answer);
}

static void add_part(struct service *s)
{
    struct liveset *part = liveset_new(s->part_bytes, s->nparts);

    gort_mutex_lock(&s->lock);
    s->part[s->nparts++] = part;
    gort_mutex_unlock(&s->lock);
}

static void drop_part(struct service *s)
{
    struct liveset *part;

    gort_mutex_lock(&s->lock);
    part = s->part[--s->nparts];
    s->part[s->nparts] = NULL;
    gort_mutex_unlock(&s->lock);
    liveset_drop(part);
}

static void resize(struct service *s, double share)
{
    size_t want = (size_t)(share * NPARTS + 0.5);

    while (s->nparts < want)
        add_part(s);
    while (s->nparts > want)
        drop_part(s);
}

/* Brings the live heap to the level that is due; returns that of the load. */
static double follow_shape(struct service *s)
{
    double passed_s = (double)(gort_now() - s->start_ns) / (double)GORT_S;
    struct shape_level level = s->shape->at(passed_s / (double)s->period_s);

    resize(s, level.live);
    return level.load;
}

static void listen_for_requests(void *arg)
{
    struct service *s = arg;
    struct pace pace;

    follow_shape(s);
    pace_init(&pace, 0);
    for (int64_t due_bytes = 0;;) {
        pace.rate = (int64_t)(follow_shape(s) * (double)s->request_bytes_per_s);
        due_bytes += pace_wait(&pace);
        for (; due_bytes > 0; due_bytes -= REQUEST_BYTES)
            demo_go("request", serve, s);
    }
}

static int64_t leak_per_hour(const struct demo_options *options)
{
    int64_t bytes = options->live_bytes * options->leak_milli / HUNDRED_PERCENT;

    return bytes < PACE_MAX_RATE ? bytes : PACE_MAX_RATE;
}

static int run_service(const struct demo_options *options)
{
    struct service *s = gort_new(struct service);

    s->shape = shape_find(options->shape);
    if (s->shape == NULL) {
        fprintf(stderr, "gort-demo service: there is no shape '%s'; gort-demo(1) lists them\n",
                options->shape);
        return EXIT_USAGE;
    }
    s->start_ns = gort_now();
    s->period_s = options->period_s;
    s->part_bytes = options->live_bytes / NPARTS;
    s->request_bytes_per_s = options->garbage_bytes;
    s->leak_bytes_per_hour = leak_per_hour(options);
    demo_go("listen", listen_for_requests, s);
    demo_go("leak", leak, s);
    demo_wait(options);
    return liveset_sums().faults > 0;
}

const struct scenario service_scenario = {
    .name = "service",
    .summary = "requests and a live heap that follow a shape for hours, with or without a leak",
    .options = DEMO_SECONDS | DEMO_SHAPE | DEMO_PERIOD | DEMO_LEAK_PERCENT | DEMO_GARBAGE |
               DEMO_LIVE,
    .defaults = {.shape = "steady",
                 .period_s = 20 * 60,
                 .garbage_bytes = 16 << 20,
                 .live_bytes = 64 << 20},
    .run = run_service,
};
