/* SPDX-License-Identifier: MIT */
/* deadlock.c - two locks taken in two orders. For a while nobody meets; then two tasks hold what
 * the other wants, the first task waits for both, and the runtime ends the program with their
 * stacks. */
#include "config.h"

#include "demo/demo.h"

#include <stdbool.h>

#include <gort.h>

struct account {
    gort_mutex lock;
    int64_t amount; /* [lock:lock] */
};

/* Two accounts, and tasks that move money between them in both directions. */
struct bank {
    struct account left;
    struct account right;
    gort_waitgroup movers;
    gort_waitgroup meeting; /* counts two: a careless mover holds one lock until both do */
    bool careless; /* both locks are held in the two orders at once; [const] while movers run */
};

static void move(struct bank *bank, struct account *from, struct account *to)
{
    gort_mutex_lock(&from->lock);
    from->amount--;
    if (bank->careless) {
        gort_waitgroup_done(&bank->meeting);
        gort_waitgroup_wait(&bank->meeting);
    }
    gort_mutex_lock(&to->lock);
    to->amount++;
    gort_mutex_unlock(&to->lock);
    gort_mutex_unlock(&from->lock);
}

static void move_right(void *arg)
{
    struct bank *bank = arg;

    move(bank, &bank->left, &bank->right);
}

static void move_left(void *arg)
{
    struct bank *bank = arg;

    move(bank, &bank->right, &bank->left);
}

static int run_deadlock(const struct demo_options *options)
{
    struct bank *bank = gort_new(struct bank);
    int64_t end_ns = gort_in(options->seconds * GORT_S);

    while (gort_now() < end_ns) {
        gort_waitgroup_go(&bank->movers, move_right, bank);
        gort_waitgroup_wait(&bank->movers);
        gort_waitgroup_go(&bank->movers, move_left, bank);
        gort_waitgroup_wait(&bank->movers);
        gort_sleep(10 * GORT_MS);
    }
    bank->careless = true;
    gort_waitgroup_add(&bank->meeting, 2);
    gort_waitgroup_go(&bank->movers, move_right, bank);
    gort_waitgroup_go(&bank->movers, move_left, bank);
    gort_waitgroup_wait(&bank->movers);
    return 0;
}

const struct scenario deadlock_scenario = {
    .name = "deadlock",
    .summary = "works for --seconds, then all tasks wait for each other: ends with status 2",
    .options = DEMO_SECONDS,
    .defaults = {.seconds = 3},
    .run = run_deadlock,
};
