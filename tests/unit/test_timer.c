/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "runtime/proc.h"
#include "runtime/procs.h"
#include "runtime/timer.h"

#define COUNT 1000

static struct proc proc;
static struct worker worker = {.proc = &proc};
static struct timer timer[COUNT];
static int64_t fired_at[COUNT]; /* in order of firing */
static size_t nfired;

static void begin(void)
{
    timers_init(&proc.timers);
    /* As if somebody slept in the poller until before every timer: nobody needs to be woken. */
    atomic_init(&sched.polling, 1);
    atomic_init(&sched.poll_until_ns, INT64_MIN);
    worker_set_self(&worker);
}

static int64_t next_ns(void)
{
    return atomic_load_explicit(&proc.timers.next_ns, memory_order_relaxed);
}

static void note_fired(void *arg)
{
    fired_at[nfired++] = ((struct timer *)arg)->when_ns;
}

static void arm_at_random(unsigned seed)
{
    srand(seed);
    for (size_t i = 0; i < COUNT; i++)
        timer_arm(&timer[i], rand() % 5000 + 1, note_fired, &timer[i]);
}

Test(timer, fires_in_order_of_time_whatever_the_order_of_arming, .init = begin)
{
    arm_at_random(1);

    cr_assert_eq(timers_fire(&proc.timers, 5000), COUNT, "fired %zu", nfired);
    for (size_t i = 1; i < COUNT; i++)
        cr_assert_leq(fired_at[i - 1], fired_at[i], "place %zu: %lld after %lld", i,
                      (long long)fired_at[i], (long long)fired_at[i - 1]);
}

Test(timer, fires_only_what_is_due, .init = begin)
{
    timer_arm(&timer[0], 100, note_fired, &timer[0]);
    timer_arm(&timer[1], 200, note_fired, &timer[1]);

    cr_assert_eq(timers_fire(&proc.timers, 99), 0, "nothing was due");
    cr_assert_eq(timers_fire(&proc.timers, 100), 1, "one was due");
    cr_assert_eq(next_ns(), 200, "next at %lld", (long long)next_ns());
}

Test(timer, disarmed_ones_do_not_fire, .init = begin)
{
    size_t disarmed = 0;

    arm_at_random(2);
    for (size_t i = 0; i < COUNT; i += 3, disarmed++)
        cr_assert(timer_disarm(&timer[i]), "timer %zu was armed", i);

    cr_assert_eq(timers_fire(&proc.timers, 5000), COUNT - disarmed, "fired %zu", nfired);
    cr_assert_eq(next_ns(), INT64_MAX, "none should be left");
}

Test(timer, disarm_says_whether_it_came_in_time, .init = begin)
{
    timer_arm(&timer[0], 1, note_fired, &timer[0]);
    timers_fire(&proc.timers, 1);

    cr_assert(!timer_disarm(&timer[0]), "it had fired");
    cr_assert(!timer_disarm(&timer[1]), "it was never armed");
}

Test(timer, can_be_armed_again_after_it_fired, .init = begin)
{
    timer_arm(&timer[0], 1, note_fired, &timer[0]);
    timers_fire(&proc.timers, 1);
    timer_arm(&timer[0], 2, note_fired, &timer[0]);

    cr_assert_eq(timers_fire(&proc.timers, 2), 1, "fired %zu in all", nfired);
}

Test(timer, with_a_period_fires_again_at_multiples_of_it, .init = begin)
{
    timer[0].period_ns = 100;
    timer_arm(&timer[0], 100, note_fired, &timer[0]);

    cr_assert_eq(timers_fire(&proc.timers, 130), 1, "fired %zu", nfired);
    cr_assert_eq(next_ns(), 200, "late by 30: next at %lld", (long long)next_ns());
    cr_assert_eq(timers_fire(&proc.timers, 550), 1, "fired %zu", nfired);
    cr_assert_eq(next_ns(), 600, "late by 350: next at %lld", (long long)next_ns());
    cr_assert(timer_disarm(&timer[0]), "it was armed");
    cr_assert_eq(next_ns(), INT64_MAX, "none should be left");
}

Test(timer, with_a_period_beyond_the_clock_stays_armed, .init = begin)
{
    timer[0].period_ns = INT64_MAX - 50;
    timer_arm(&timer[0], 100, note_fired, &timer[0]);
    timers_fire(&proc.timers, 100);

    cr_assert_eq(next_ns(), INT64_MAX - 1, "next at %lld", (long long)next_ns());
}
