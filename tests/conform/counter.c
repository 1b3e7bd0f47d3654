/* SPDX-License-Identifier: MIT */
/* counter.c - the sharded counter counts what an atomic one would. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/conform.h"

struct tally {
    gort_counter *c;
    _Atomic(int64_t) expected;
    _Atomic(int) stop;
    gort_waitgroup wg;
};

static struct tally *tally_new(void)
{
    struct tally *t = gort_new(struct tally);

    t->c = gort_counter_new();
    return t;
}

CLAIM(a_new_one_is_zero)
{
    EXPECT(gort_counter_sum(gort_counter_new()) == 0, "it is not");
}

static void add_some(void *arg)
{
    struct tally *t = arg;

    for (int i = 0; i < 1000; i++) {
        int64_t n = (int64_t)conform_random(1000) - 300;

        gort_counter_add(t->c, n);
        atomic_fetch_add_explicit(&t->expected, n, memory_order_relaxed);
        if (conform_random(16) == 0)
            gort_yield();
    }
}

CLAIM(nothing_that_is_added_is_lost)
{
    struct tally *t = tally_new();

    for (int i = 0; i < 16; i++)
        gort_waitgroup_go(&t->wg, add_some, t);
    gort_waitgroup_wait(&t->wg);
    EXPECT(gort_counter_sum(t->c) == t->expected, "%lld of %lld", (long long)gort_counter_sum(t->c),
           (long long)t->expected);
}

static void add_many(void *arg)
{
    for (int i = 0; i < 100000; i++)
        gort_counter_add(arg, 1);
}

CLAIM(nothing_is_lost_between_procs_that_add_without_a_pause)
{
    gort_counter *c = gort_counter_new();
    gort_waitgroup wg = {0};

    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&wg, add_many, c);
    gort_waitgroup_wait(&wg);
    EXPECT(gort_counter_sum(c) == 400000, "%lld of 400000", (long long)gort_counter_sum(c));
}

static void add_one(void *arg)
{
    gort_counter_add(arg, 1);
}

CLAIM(what_was_added_before_is_in_the_sum)
{
    gort_counter *c = gort_counter_new();

    for (int i = 1; i <= 200; i++) {
        gort_waitgroup wg = {0};

        gort_waitgroup_go(&wg, add_one, c);
        gort_waitgroup_wait(&wg);
        EXPECT(gort_counter_sum(c) == i, "%lld of %d", (long long)gort_counter_sum(c), i);
    }
}

static void count_up(void *arg)
{
    struct tally *t = arg;

    while (!atomic_load_explicit(&t->stop, memory_order_relaxed)) {
        gort_counter_add(t->c, 1);
        gort_yield();
    }
}

CLAIM(a_sum_of_what_only_grows_never_falls)
{
    struct tally *t = tally_new();
    int64_t before = 0;

    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&t->wg, count_up, t);
    for (int i = 0; i < 500; i++) {
        int64_t now = gort_counter_sum(t->c);

        EXPECT(now >= before, "%lld after %lld", (long long)now, (long long)before);
        before = now;
        gort_yield();
    }
    atomic_store_explicit(&t->stop, 1, memory_order_relaxed);
    gort_waitgroup_wait(&t->wg);
}

CLAIM(counters_are_apart_by_cache_lines)
{
    for (int i = 0; i < 20; i++) {
        uintptr_t at = (uintptr_t)gort_counter_new();

        EXPECT(at % 64 == 0, "it begins at %zx, within a line", (size_t)at);
    }
}

CLAIM(a_counter_stays_while_it_is_referred_to)
{
    struct tally *t = tally_new();

    gort_counter_add(t->c, 5);
    for (int i = 0; i < 3; i++) {
        gort_gc();
        for (int n = 0; n < 100; n++)
            gort_counter_add(gort_counter_new(), 1000);
    }
    EXPECT(gort_counter_sum(t->c) == 5, "%lld", (long long)gort_counter_sum(t->c));
}

CLAIM(it_wraps_like_an_unsigned_number)
{
    gort_counter *c = gort_counter_new();

    gort_counter_add(c, INT64_MAX);
    gort_counter_add(c, 1);
    EXPECT(gort_counter_sum(c) == INT64_MIN, "%lld", (long long)gort_counter_sum(c));
}
