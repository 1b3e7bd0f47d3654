/* SPDX-License-Identifier: MIT */
/* timerstress.c - many timers, and timers beside all else: moved about, received from by many, set
 * while the collector runs, beside tasks that keep their procs. */
#include "config.h"

#include <stdatomic.h>

#include "runtime/chanlook.h"
#include "runtime/timer.h"
#include "tests/support/conform.h"

#define LONG   (3600 * GORT_S)
#define TIMERS 300

static int load(_Atomic(int) *n)
{
    return atomic_load_explicit(n, memory_order_acquire);
}

static void add_one(_Atomic(int) *n)
{
    atomic_fetch_add_explicit(n, 1, memory_order_acq_rel);
}

/* The next value of C, or 0 if none comes in ten seconds. */
static int64_t receive(gort_chan *c)
{
    int64_t v = 0;

    return gort_recv_by(c, &v, gort_in(10 * GORT_S)) == 1 ? v : 0;
}

static void count(void *arg)
{
    add_one(arg);
}

/* ---- many ----------------------------------------------------------------------------------- */

/* Moves are between times that come soon and those that never do, so that timers travel through the
 * whole heap of their proc. */
CLAIM(timers_that_are_moved_about_all_fire_and_none_early)
{
    gort_timer **timers = gort_alloc(TIMERS * sizeof *timers);
    int64_t due_ns[TIMERS];

    for (int i = 0; i < TIMERS; i++)
        timers[i] = gort_timer_new(LONG + conform_random(1000) * GORT_MS);
    for (int move = 0; move < 4 * TIMERS; move++)
        gort_timer_reset(timers[conform_random(TIMERS)], LONG - conform_random(1000) * GORT_MS);
    for (int i = 0; i < TIMERS; i++) {
        int64_t in_ns = conform_random(3000) * GORT_US;

        due_ns[i] = gort_in(in_ns);
        EXPECT(gort_timer_reset(timers[i], in_ns) == 1, "timer %d was over", i);
    }
    for (int i = 0; i < TIMERS; i++) {
        int64_t fired_ns = receive(gort_timer_chan(timers[i]));

        EXPECT(fired_ns >= due_ns[i], "timer %d: %lld ns early", i,
               (long long)(due_ns[i] - fired_ns));
    }
}

/* One that fired with a time of its own shall not be mistaken for the one that it was moved from.
 */
CLAIM(a_reset_takes_back_a_time_that_nobody_has_received)
{
    gort_timer *t = gort_timer_new(0);

    EVENTUALLY(chan_can_recv(gort_timer_chan(t)), "it did not fire");
    EXPECT(gort_timer_reset(t, LONG) == 1, "nothing was taken back");
    EXPECT(gort_try_recv(gort_timer_chan(t), NULL) == GORT_EWOULDBLOCK, "a stale time");
    EXPECT(gort_timer_stop(t) == 1, "it is not armed");
}

CLAIM(a_time_that_is_received_late_is_that_of_the_firing)
{
    gort_chan *c = gort_after(0);
    int64_t seen_ns;

    EVENTUALLY(chan_can_recv(c), "it did not fire");
    seen_ns = gort_now();
    gort_sleep(2 * GORT_MS);
    EXPECT(receive(c) <= seen_ns, "the time of the receiver");
}

CLAIM(timers_that_are_stopped_leave_nothing_armed)
{
    size_t before = timers_active();

    for (int i = 0; i < TIMERS; i++) {
        gort_ticker *ticker = gort_ticker_new(i % 2 == 0 ? GORT_US : LONG);
        gort_timer *timer = gort_timer_new(conform_random(100) * GORT_US);

        gort_ticker_stop(ticker);
        gort_timer_stop(timer);
    }
    EXPECT(timers_active() <= before, "%zu timers armed", timers_active());
}

/* ---- many who receive ----------------------------------------------------------------------- */

#define RECEIVERS 20

struct crowd {
    gort_chan *times;
    gort_chan *ping;
    gort_chan *pong;
    gort_timer *timer;
    _Atomic(int) stop;
    _Atomic(int) number;
    gort_waitgroup all;
};

static void receive_one(void *arg)
{
    struct crowd *c = arg;

    if (receive(c->times) != 0)
        add_one(&c->number);
}

CLAIM(each_tick_goes_to_one_of_those_who_wait)
{
    struct crowd *c = gort_new(struct crowd);
    int64_t since_ns = gort_now();
    gort_ticker *t = gort_ticker_new(100 * GORT_US);

    c->times = gort_ticker_chan(t);
    for (int i = 0; i < RECEIVERS; i++)
        gort_waitgroup_go(&c->all, receive_one, c);
    gort_waitgroup_wait(&c->all);
    gort_ticker_stop(t);
    EXPECT(load(&c->number) == RECEIVERS, "%d got a tick", load(&c->number));
    EXPECT(gort_now() >= since_ns + RECEIVERS * 100 * GORT_US, "more ticks than periods");
}

static void receive_or_leave(void *arg)
{
    struct crowd *c = arg;
    gort_case cases[] = {GORT_RECV(c->times, NULL), GORT_RECV(c->pong, NULL)};

    if (gort_select(cases, 2) == 0)
        add_one(&c->number);
}

/* All of them are in the queue of a timer's channel, some by a select. */
CLAIM(one_of_those_who_wait_for_a_timer_gets_its_time)
{
    struct crowd *c = gort_new(struct crowd);

    c->timer = gort_timer_new(LONG);
    c->times = gort_timer_chan(c->timer);
    c->pong = gort_chan_new(0, 0);
    for (int i = 0; i < RECEIVERS; i++)
        gort_waitgroup_go(&c->all, receive_or_leave, c);
    UNTIL_PARKED(RECEIVERS, PARKED_SELECT);
    gort_timer_reset(c->timer, 0);
    EVENTUALLY(load(&c->number) == 1, "nobody got it");
    gort_close(c->pong);
    gort_waitgroup_wait(&c->all);
    EXPECT(load(&c->number) == 1, "%d got it", load(&c->number));
}

/* ---- beside all else ------------------------------------------------------------------------ */

static void serve(void *arg)
{
    struct crowd *c = arg;

    while (gort_recv(c->ping, NULL) == 1)
        gort_send(c->pong, NULL);
    gort_close(c->pong);
}

static void play(void *arg)
{
    struct crowd *c = arg;

    while (load(&c->stop) == 0) {
        gort_send(c->ping, NULL);
        if (gort_recv(c->pong, NULL) != 1)
            break;
    }
    gort_close(c->ping);
}

/* The function's task stands in the queue of a proc whose place for the next task the pair fills
 * again and again. */
CLAIM(a_function_runs_beside_a_pair_that_wake_each_other)
{
    struct crowd *c = gort_new(struct crowd);

    c->ping = gort_chan_new(0, 0);
    c->pong = gort_chan_new(0, 0);
    gort_waitgroup_go(&c->all, serve, c);
    gort_waitgroup_go(&c->all, play, c);
    for (int i = 0; i < 5; i++) {
        gort_after_func(conform_random(100) * GORT_US, count, &c->number);
        EVENTUALLY(load(&c->number) == i + 1, "function %d", i);
    }
    atomic_store_explicit(&c->stop, 1, memory_order_release);
    gort_waitgroup_wait(&c->all);
}

static void come_and_go(void *arg)
{
    struct crowd *c = arg;

    while (load(&c->stop) == 0) {
        gort_timer *t = gort_after_func(conform_random(50) * GORT_US, count, &c->number);
        gort_ticker *ticker = gort_ticker_new(conform_random(20) * GORT_US + 1);

        receive(gort_ticker_chan(ticker));
        gort_ticker_reset(ticker, conform_random(20) * GORT_US + 1);
        gort_ticker_stop(ticker);
        gort_timer_stop(t);
    }
}

CLAIM(timers_come_and_go_during_collections)
{
    struct crowd *c = gort_new(struct crowd);
    size_t before = timers_active();

    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&c->all, come_and_go, c);
    for (int i = 0; i < 3; i++)
        gort_gc();
    atomic_store_explicit(&c->stop, 1, memory_order_release);
    gort_waitgroup_wait(&c->all);
    EVENTUALLY(timers_active() <= before, "%zu timers armed", timers_active());
}

static void arm_and_compute(void *arg)
{
    struct crowd *c = arg;

    gort_after_func(GORT_MS, count, &c->number);
    while (load(&c->number) == 0 && load(&c->stop) == 0)
        continue;
}

/* The timer is of a proc that its task does not leave; another timer, stopped meanwhile, had the
 * poller's worker wait for it. */
CLAIM(a_timer_fires_though_the_task_that_set_it_computes)
{
    for (int i = 0; i < 5; i++) {
        struct crowd *c = gort_new(struct crowd);
        gort_timer *other = gort_timer_new(LONG);

        gort_waitgroup_go(&c->all, arm_and_compute, c);
        if (conform_random(2) == 0)
            conform_pause();
        gort_timer_stop(other);
        gort_waitgroup_wait(&c->all);
        EXPECT(load(&c->number) == 1, "%d calls", load(&c->number));
    }
}
