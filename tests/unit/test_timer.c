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

Test(timer, put_off_fires_when_its_new_time_comes, .init = begin)
{
    timer_arm(&timer[0], 100, note_fired, &timer[0]);
    timer_arm(&timer[1], 200, note_fired, &timer[1]);
    cr_assert(timer_move(&timer[0], 300), "it was armed");
    cr_assert(timer_move(&timer[0], 400), "it was armed");

    cr_assert_eq(timers_fire(&proc.timers, 150), 0, "fired at its old time");
    cr_assert_eq(next_ns(), 200, "next at %lld", (long long)next_ns());
    cr_assert_eq(timers_fire(&proc.timers, 399), 1, "fired %zu", nfired);
    cr_assert_eq(next_ns(), 400, "next at %lld", (long long)next_ns());
    cr_assert_eq(timers_fire(&proc.timers, 400), 1, "fired %zu", nfired);
    cr_assert_eq(next_ns(), INT64_MAX, "none should be left");
}

Test(timer, put_off_and_brought_forward_fires_once_in_time, .init = begin)
{
    timer_arm(&timer[0], 100, note_fired, &timer[0]);
    timer_move(&timer[0], 300);
    timer_move(&timer[0], 200);
    cr_assert_eq(timers_fire(&proc.timers, 199), 0, "fired early");
    timer_move(&timer[0], 150);

    cr_assert_eq(next_ns(), 150, "next at %lld", (long long)next_ns());
    cr_assert_eq(timers_fire(&proc.timers, 500), 1, "fired %zu", nfired);
}

Test(timer, moved_about_they_fire_in_order, .init = begin)
{
    arm_at_random(3);
    for (size_t i = 0; i < 10 * COUNT; i++)
        timer_move(&timer[(size_t)rand() % COUNT], rand() % 5000 + 1);

    for (int64_t now_ns = 0; now_ns <= 5000; now_ns += 50) {
        timers_fire(&proc.timers, now_ns);
        cr_assert(nfired == 0 || fired_at[nfired - 1] <= now_ns, "fired early");
        cr_assert_gt(next_ns(), now_ns, "due and not fired: %lld", (long long)next_ns());
    }
    cr_assert_eq(nfired, COUNT, "fired %zu", nfired);
    for (size_t i = 1; i < COUNT; i++)
        cr_assert_leq(fired_at[i - 1] / 50, fired_at[i] / 50, "place %zu", i);
}

Test(timer, moves_only_what_is_armed, .init = begin)
{
    cr_assert(!timer_move(&timer[0], 100), "it was never armed");
    timer_arm(&timer[0], 100, note_fired, &timer[0]);
    timers_fire(&proc.timers, 100);

    cr_assert(!timer_move(&timer[0], 200), "it had fired");
}

static void arm_again(void *arg)
{
    struct timer *t = arg;

    nfired++;
    if (!timer_is_armed(t))
        timer_start(t, t->when_ns + 100);
}

Test(timer, in_an_object_is_idle_when_its_function_is_called, .init = begin)
{
    timer[0].place = TIMER_KEEPS;
    timer_arm(&timer[0], 100, arm_again, &timer[0]);

    cr_assert_eq(timers_fire(&proc.timers, 100), 1, "fired %zu", nfired);
    cr_assert_eq(next_ns(), 200, "next at %lld", (long long)next_ns());
    cr_assert_eq(timers_fire(&proc.timers, 350), 2, "fired %zu", nfired);
    cr_assert(timer_disarm(&timer[0]), "it was armed");
    cr_assert_eq(next_ns(), INT64_MAX, "none should be left");
}
