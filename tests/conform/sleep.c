/* SPDX-License-Identifier: MIT */
/* sleep.c - sleeping and deadlines. */
#include "config.h"

#include <stdatomic.h>

#include "runtime/debug.h"
#include "runtime/timer.h"
#include "tests/support/conform.h"

CLAIM(a_sleep_is_never_too_short)
{
    for (int i = 0; i < 30; i++) {
        int64_t ns = (int64_t)conform_random(300) * GORT_US;
        int64_t since_ns = gort_now();

        gort_sleep(ns);
        EXPECT(gort_now() - since_ns >= ns, "slept %lld of %lld ns",
               (long long)(gort_now() - since_ns), (long long)ns);
    }
}

CLAIM(no_time_left_is_no_sleep)
{
    int64_t since_ns = gort_now();

    gort_sleep(0);
    gort_sleep(-5 * GORT_S);
    gort_sleep_until(0);
    gort_sleep_until(since_ns);
    EXPECT(!conform_is_deterministic() || gort_now() - since_ns < GORT_S, "took %lld ns",
           (long long)(gort_now() - since_ns));
}

CLAIM(deadlines_saturate)
{
    int64_t now_ns = gort_now();

    EXPECT(gort_in(GORT_FOREVER) == GORT_FOREVER, "%lld", (long long)gort_in(GORT_FOREVER));
    EXPECT(gort_in(INT64_MAX - 5) == GORT_FOREVER, "not for ever");
    EXPECT(gort_in(GORT_S) >= now_ns + GORT_S, "%lld", (long long)gort_in(GORT_S));
    EXPECT(gort_in(-GORT_S) < now_ns, "%lld", (long long)gort_in(-GORT_S));
}

/* ---- order ---------------------------------------------------------------------------------- */

#define NSLEEPERS 200

struct dormitory {
    int64_t woken_at_ns[NSLEEPERS];
    int64_t due_ns[NSLEEPERS];
    int order[NSLEEPERS];
    _Atomic(int) nwoken;
    gort_waitgroup wg;
};

struct sleeper {
    struct dormitory *d;
    int number;
};

static void sleep_once(void *arg)
{
    const struct sleeper *s = arg;
    struct dormitory *d = s->d;

    gort_sleep_until(d->due_ns[s->number]);
    d->woken_at_ns[s->number] = gort_now();
    d->order[atomic_fetch_add_explicit(&d->nwoken, 1, memory_order_relaxed)] = s->number;
}

/* Deadlines are GAP_NS apart, the first in START_NS; they are set in another order. */
static struct dormitory *sleep_all(int64_t start_ns, int64_t gap_ns)
{
    struct dormitory *d = gort_new(struct dormitory);
    int64_t first_ns = gort_in(start_ns);

    for (int i = 0; i < NSLEEPERS; i++) {
        struct sleeper *s = gort_new(struct sleeper);

        d->due_ns[i] = first_ns + (int64_t)((i * 77) % NSLEEPERS) * gap_ns;
        *s = (struct sleeper){d, i};
        gort_waitgroup_go(&d->wg, sleep_once, s);
    }
    gort_waitgroup_wait(&d->wg);
    return d;
}

/* The place in the order of one that woke after one that was due later; 0: there is none. */
static int out_of_order(const struct dormitory *d)
{
    for (int i = 1; i < NSLEEPERS; i++)
        if (d->due_ns[d->order[i - 1]] > d->due_ns[d->order[i]])
            return i;
    return 0;
}

/* A busy machine may hold a task up between its waking and its note of that, so that the others
 * overtake it: then once more. */
CLAIM(sleepers_of_one_proc_wake_in_the_order_of_their_deadlines)
{
    struct dormitory *d = NULL;
    int i = 1;

    if (gort_maxprocs() != 1 || debug.yield != 0)
        return;
    for (int nights = 0; nights < 10 && i != 0; nights++) {
        d = sleep_all(100 * GORT_MS, 50 * GORT_US);
        i = out_of_order(d);
    }
    EXPECT(i == 0, "sleeper %d, due %lld ns later, woke before sleeper %d", d->order[i - 1],
           (long long)(d->due_ns[d->order[i - 1]] - d->due_ns[d->order[i]]), d->order[i]);
}

CLAIM(many_sleepers_all_wake_and_none_early)
{
    const struct dormitory *d = sleep_all(GORT_MS, conform_random(20) * GORT_US);

    for (int i = 0; i < NSLEEPERS; i++)
        EXPECT(d->woken_at_ns[i] >= d->due_ns[i], "sleeper %d: %lld ns early", i,
               (long long)(d->due_ns[i] - d->woken_at_ns[i]));
    EVENTUALLY(timers_active() == 0, "%zu timers armed", timers_active());
}

/* ---- others go on --------------------------------------------------------------------------- */

static void count_yields(void *arg)
{
    _Atomic(int) *stop = arg;

    while (atomic_load_explicit(stop, memory_order_relaxed) == 0)
        gort_yield();
    atomic_store_explicit(stop, 2, memory_order_release);
}

CLAIM(a_sleeper_wakes_while_others_keep_every_proc_busy)
{
    _Atomic(int) stop[8] = {0};
    int64_t since_ns = gort_now();

    for (int i = 0; i < 8; i++)
        gort_go(count_yields, &stop[i]);
    gort_sleep(2 * GORT_MS);
    EXPECT(!conform_is_deterministic() || gort_now() - since_ns < GORT_S, "slept %lld ns",
           (long long)(gort_now() - since_ns));
    for (int i = 0; i < 8; i++) {
        atomic_store_explicit(&stop[i], 1, memory_order_relaxed);
        EVENTUALLY(atomic_load_explicit(&stop[i], memory_order_acquire) == 2, "task %d goes on", i);
    }
}

static void send_number(void *arg)
{
    gort_chan *c = arg;
    int v = 1;

    gort_send(c, &v);
}

CLAIM(a_task_that_sleeps_costs_the_others_nothing)
{
    gort_chan *c = gort_chan_new(sizeof(int), 0);
    int64_t at_ns = gort_in(20 * GORT_S);
    int v;

    gort_go(send_number, c);
    EXPECT(gort_recv_by(c, &v, at_ns) == 1, "nothing came");
    EXPECT(gort_now() < at_ns, "only at the deadline");
}
