/* SPDX-License-Identifier: MIT */
/* churn.c - allocation and garbage under memory pressure, and no leak: a live set of a fixed size,
 * whose objects are replaced at random, and tasks that come and go. The heap saws up and down as
 * fast as the options ask, and no alert may come of it. */
#include "config.h"

#include "demo/demo.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <gort.h>

#include "demo/pace.h"
#include "demo/random.h"

#define NMUTATORS 4
#define OBJECT_MIN_BYTES 32
#define OBJECT_SCALES 8 /* sizes from 32 bytes to 8 KiB, each power of two as likely */
#define OBJECT_MEAN_BYTES 1536

/* A part of the live set, with a task that replaces its objects. */
struct mutator {
    void **slots; /* the objects that live; [owner] */
    size_t nslots;
    uint64_t random;
    struct pace pace;
};

/* An object with references, to two small ones of its own. */
struct branch {
    char *left;
    char *right;
};

static size_t random_bytes(uint64_t *random)
{
    size_t bytes = (size_t)OBJECT_MIN_BYTES << random_below(random, OBJECT_SCALES);

    return bytes + (size_t)random_below(random, bytes);
}

/* A new object of one of three kinds. Adds what it took to *BYTES. */
static void *make_object(uint64_t *random, int64_t *bytes)
{
    size_t n = random_bytes(random);
    void *object;

    *bytes += (int64_t)n;
    switch (random_below(random, 3)) {
    case 0:
        object = gort_alloc_noscan(n);
        memset(object, 'n', n);
        return object;
    case 1:
        return gort_alloc(n);
    default: {
        struct branch *branch = gort_new(struct branch);

        branch->left = gort_alloc_noscan(n / 2);
        branch->right = gort_alloc_noscan(n / 2);
        return branch;
    }
    }
}

static int64_t replace_one(struct mutator *m)
{
    int64_t bytes = 0;

    m->slots[random_below(&m->random, m->nslots)] = make_object(&m->random, &bytes);
    return bytes;
}

static void mutate(void *arg)
{
    struct mutator *m = arg;
    int64_t due_bytes = 0;
    int64_t filled = 0;

    for (size_t i = 0; i < m->nslots; i++)
        m->slots[i] = make_object(&m->random, &filled);
    for (;;) {
        due_bytes += pace_wait(&m->pace);
        while (due_bytes > 0)
            due_bytes -= replace_one(m);
    }
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

static int run_churn(const struct demo_options *options)
{
    struct demo_options *copy = gort_alloc_noscan(sizeof *copy);

    *copy = *options;
    for (uint64_t i = 0; i < NMUTATORS; i++) {
        struct mutator *m = gort_new(struct mutator);

        m->nslots = (size_t)(options->live_bytes / NMUTATORS / OBJECT_MEAN_BYTES) + 1;
        m->slots = gort_make(void *, m->nslots);
        m->random = i;
        pace_init(&m->pace, options->garbage_bytes / NMUTATORS);
        demo_go("mutator", mutate, m);
    }
    demo_go("spawner", spawn_tasks, copy);
    demo_wait(options);
    return 0;
}

const struct scenario churn_scenario = {
    .name = "churn",
    .summary = "memory and tasks come and go at settable rates; nothing leaks",
    .options = DEMO_SECONDS | DEMO_TASK_RATE | DEMO_GARBAGE | DEMO_LIVE,
    .defaults = {.task_rate = 1000, .garbage_bytes = 128 << 20, .live_bytes = 64 << 20},
    .run = run_churn,
};
