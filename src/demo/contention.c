/* SPDX-License-Identifier: MIT */
/* contention.c - tasks that fight for locks. Half of them want one hot lock, which is asked for
 * more often than it can be had, so that a queue of waiters stands before it; the others share many
 * locks, nearly always free. Now and then a holder sleeps with its lock held, as bad code does. */
#include "config.h"

#include "demo/demo.h"

#include <stddef.h>
#include <stdint.h>

#include <gort.h>

#include "demo/random.h"

#define NCOOL 64
#define HOLD_NS (5 * GORT_US)       /* work under a lock */
#define NAP_NS GORT_MS              /* of one holder in NAP_EVERY */
#define NAP_EVERY 20
#define HOT_THINK_NS (25 * GORT_US) /* times those who want it: twice what it can serve */
#define COOL_THINK_NS (200 * GORT_MS)

struct locks {
    gort_mutex hot;
    gort_mutex cool[NCOOL];
    int64_t ntasks; /* [const] */
};

struct fighter {
    struct locks *locks;
    uint64_t random;
};

/* Work under the lock; the holder of one in NAP_EVERY sleeps on it. */
static void hold(gort_mutex *lock, uint64_t *random)
{
    gort_mutex_lock(lock);
    if (random_below(random, NAP_EVERY) == 0)
        gort_sleep(NAP_NS);
    else
        demo_work(HOLD_NS);
    gort_mutex_unlock(lock);
}

/* Sleeps a random time about MEAN_NS. */
static void think(uint64_t *random, int64_t mean_ns)
{
    gort_sleep(mean_ns / 2 + (int64_t)random_below(random, (uint64_t)mean_ns));
}

static void fight_for_the_hot(void *arg)
{
    struct fighter *f = arg;
    int64_t think_ns = HOT_THINK_NS * (f->locks->ntasks / 2) + GORT_MS;

    for (;;) {
        think(&f->random, think_ns);
        hold(&f->locks->hot, &f->random);
    }
}

static void share_the_cool(void *arg)
{
    struct fighter *f = arg;

    for (;;) {
        think(&f->random, COOL_THINK_NS);
        hold(&f->locks->cool[random_below(&f->random, NCOOL)], &f->random);
    }
}

static int run_contention(const struct demo_options *options)
{
    struct locks *locks = gort_new(struct locks);

    locks->ntasks = options->tasks;
    for (int64_t i = 0; i < options->tasks; i++) {
        struct fighter *f = gort_new(struct fighter);

        f->locks = locks;
        f->random = (uint64_t)i;
        demo_go(i % 2 == 0 ? "hot" : "cool", i % 2 == 0 ? fight_for_the_hot : share_the_cool, f);
    }
    demo_wait(options);
    return 0;
}

const struct scenario contention_scenario = {
    .name = "contention",
    .summary = "tasks fight for one hot lock and share many others",
    .options = DEMO_SECONDS | DEMO_TASKS,
    .defaults = {.tasks = 1000},
    .run = run_contention,
};
