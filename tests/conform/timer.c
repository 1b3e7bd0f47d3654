/* SPDX-License-Identifier: MIT */
/* timer.c - timers; what the collector makes of them is in timerkeep.c. */
#include "config.h"

#include <stdatomic.h>

#include "runtime/chanlook.h"
#include "tests/support/conform.h"

#define MANY 200
#define LONG (3600 * GORT_S)

/* Nothing can be received from C now. */
static bool is_empty(gort_chan *c)
{
    int64_t v;

    return gort_try_recv(c, &v) == GORT_EWOULDBLOCK;
}

/* As is_empty, but receives nothing, and sees what gort_chan_len does not tell. */
static bool has_time(const gort_chan *c)
{
    return chan_can_recv(c);
}

/* The next value of C, or 0 if none comes in ten seconds. */
static int64_t receive(gort_chan *c)
{
    int64_t v = 0;

    return gort_recv_by(c, &v, gort_in(10 * GORT_S)) == 1 ? v : 0;
}

/* ---- firing --------------------------------------------------------------------------------- */

CLAIM(a_timer_sends_the_time_it_fired_and_never_too_early)
{
    for (int i = 0; i < 30; i++) {
        int64_t ns = (int64_t)conform_random(500) * GORT_US;
        int64_t since_ns = gort_now();
        gort_timer *t = gort_timer_new(ns);
        int64_t fired_ns = receive(gort_timer_chan(t));

        EXPECT(fired_ns >= since_ns + ns, "%lld ns early", (long long)(since_ns + ns - fired_ns));
        EXPECT(fired_ns <= gort_now(), "%lld ns from now", (long long)(fired_ns - gort_now()));
        EXPECT(is_empty(gort_timer_chan(t)), "it fired twice");
    }
}

CLAIM(after_gives_a_channel_that_has_the_time_once)
{
    int64_t since_ns = gort_now();
    gort_chan *c = gort_after(GORT_MS);
    int64_t fired_ns = receive(c);

    EXPECT(fired_ns >= since_ns + GORT_MS, "after %lld ns", (long long)(fired_ns - since_ns));
    EXPECT(is_empty(c), "twice");
}

/* Whatever is in it may be taken back by a stop: nobody is to count on it. */
CLAIM(the_channel_of_a_timer_looks_unbuffered)
{
    gort_chan *c = gort_after(0);

    EVENTUALLY(has_time(c), "it did not fire");
    EXPECT(gort_chan_len(c) == 0, "%zu elements", gort_chan_len(c));
    EXPECT(gort_chan_cap(c) == 0, "room for %zu", gort_chan_cap(c));
    EXPECT(receive(c) != 0, "nothing to receive");
}

CLAIM(no_time_left_fires_at_once)
{
    int64_t since_ns = gort_now();

    EXPECT(receive(gort_after(0)) >= since_ns, "0 ns");
    EXPECT(receive(gort_after(-5 * GORT_S)) >= since_ns, "-5 s");
    EXPECT(receive(gort_after(INT64_MIN)) >= since_ns, "INT64_MIN");
}

CLAIM(a_timer_for_ever_can_be_stopped_and_set_again)
{
    gort_timer *t = gort_timer_new(GORT_FOREVER);

    EXPECT(gort_timer_reset(t, GORT_FOREVER) == 1, "it was armed");
    EXPECT(is_empty(gort_timer_chan(t)), "it fired");
    EXPECT(gort_timer_reset(t, 0) == 1, "it was armed");
    EXPECT(receive(gort_timer_chan(t)) != 0, "it did not fire");
}

CLAIM(the_earlier_of_two_timers_is_selected)
{
    gort_chan *late = gort_after(LONG);
    gort_chan *soon = gort_after(GORT_MS);
    gort_case cases[] = {GORT_RECV(late, NULL), GORT_RECV(soon, NULL)};
    int chosen = gort_select(cases, 2);

    EXPECT(chosen == 1 && cases[1].ok == 1, "case %d", chosen);
}

/* ---- stopping ------------------------------------------------------------------------------- */

CLAIM(stop_keeps_a_timer_from_firing_and_says_so_once)
{
    gort_timer *t = gort_timer_new(5 * GORT_MS);

    EXPECT(gort_timer_stop(t) == 1, "not stopped");
    EXPECT(gort_timer_stop(t) == 0, "stopped twice");
    gort_sleep(10 * GORT_MS);
    EXPECT(is_empty(gort_timer_chan(t)), "it fired");
}

CLAIM(stop_takes_back_a_time_that_nobody_has_received)
{
    gort_timer *t = gort_timer_new(0);

    EVENTUALLY(has_time(gort_timer_chan(t)), "it did not fire");
    EXPECT(gort_timer_stop(t) == 1, "nothing was taken back");
    EXPECT(is_empty(gort_timer_chan(t)), "a stale time");
    EXPECT(gort_timer_stop(t) == 0, "taken back twice");
}

CLAIM(stop_after_the_time_was_received_does_nothing)
{
    gort_timer *t = gort_timer_new(0);

    EXPECT(receive(gort_timer_chan(t)) != 0, "it did not fire");
    EXPECT(gort_timer_stop(t) == 0, "stopped what was over");
}

struct contest {
    gort_timer *timer;
    gort_waitgroup wg;
    _Atomic(int) nwon;
};

static void stop_for_it(void *arg)
{
    struct contest *c = arg;

    gort_sleep((int64_t)conform_random(20) * GORT_US);
    atomic_fetch_add_explicit(&c->nwon, gort_timer_stop(c->timer), memory_order_relaxed);
}

static void receive_for_it(void *arg)
{
    struct contest *c = arg;
    int64_t v;
    int64_t by_ns = gort_in(20 * GORT_US);

    atomic_fetch_add_explicit(&c->nwon, gort_recv_by(gort_timer_chan(c->timer), &v, by_ns) == 1,
                              memory_order_relaxed);
}

CLAIM(one_stop_or_one_receiver_gets_it)
{
    for (int i = 0; i < 100; i++) {
        struct contest *c = gort_new(struct contest);
        int nwon;

        c->timer = gort_timer_new((int64_t)conform_random(30) * GORT_US);
        gort_waitgroup_go(&c->wg, receive_for_it, c);
        gort_waitgroup_go(&c->wg, stop_for_it, c);
        gort_waitgroup_go(&c->wg, receive_for_it, c);
        gort_waitgroup_go(&c->wg, stop_for_it, c);
        gort_waitgroup_wait(&c->wg);
        nwon = atomic_load_explicit(&c->nwon, memory_order_relaxed) + gort_timer_stop(c->timer);
        EXPECT(nwon == 1, "round %d: %d got it", i, nwon);
    }
}

ENDS(waiting_for_a_stopped_timer, 2, "all tasks are asleep - deadlock!")
{
    gort_timer *t = gort_timer_new(LONG);

    gort_timer_stop(t);
    gort_recv(gort_timer_chan(t), NULL);
}

/* ---- setting again -------------------------------------------------------------------------- */

CLAIM(reset_brings_a_timer_forward_and_puts_it_off)
{
    int64_t since_ns = gort_now();
    gort_timer *t = gort_timer_new(LONG);

    EXPECT(gort_timer_reset(t, GORT_MS) == 1, "it was armed");
    EXPECT(receive(gort_timer_chan(t)) >= since_ns + GORT_MS, "too early");
    EXPECT(gort_timer_reset(t, 0) == 0, "it was over");
    EXPECT(receive(gort_timer_chan(t)) != 0, "not again");
    gort_timer_reset(t, GORT_MS);
    gort_timer_reset(t, LONG);
    gort_sleep(2 * GORT_MS);
    EXPECT(is_empty(gort_timer_chan(t)), "it was not put off");
    EXPECT(gort_timer_stop(t) == 1, "it is not armed");
}

CLAIM(no_time_from_before_is_received_after_a_reset)
{
    gort_timer *t = gort_timer_new(0);

    for (int i = 0; i < 300; i++) {
        int64_t ns = (int64_t)conform_random(30) * GORT_US;
        int64_t since_ns;
        int64_t fired_ns;

        if (conform_random(2) == 0)
            conform_pause();
        since_ns = gort_now();
        gort_timer_reset(t, ns);
        if (conform_random(3) == 0)
            continue;
        fired_ns = receive(gort_timer_chan(t));
        EXPECT(fired_ns >= since_ns + ns, "round %d: %lld ns early", i,
               (long long)(since_ns + ns - fired_ns));
    }
    gort_timer_stop(t);
    EXPECT(is_empty(gort_timer_chan(t)), "a stale time");
}

static void set_at_random(void *arg)
{
    struct contest *c = arg;

    for (int i = 0; i < 100; i++) {
        if (conform_random(3) == 0)
            gort_timer_stop(c->timer);
        else
            gort_timer_reset(c->timer, (int64_t)conform_random(10) * GORT_US);
        if (conform_random(4) == 0)
            gort_yield();
    }
}

CLAIM(many_tasks_may_stop_and_reset_one_timer)
{
    struct contest *c = gort_new(struct contest);

    c->timer = gort_timer_new(0);
    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&c->wg, set_at_random, c);
    gort_waitgroup_wait(&c->wg);
    gort_timer_stop(c->timer);
    EXPECT(is_empty(gort_timer_chan(c->timer)), "a stale time");
    gort_timer_reset(c->timer, 0);
    EXPECT(receive(gort_timer_chan(c->timer)) != 0, "it does not fire any more");
}

/* ---- functions ------------------------------------------------------------------------------ */

struct call {
    _Atomic(int) ncalls;
    int64_t called_ns;
    uint64_t task;
};

static void note_call(void *arg)
{
    struct call *call = arg;

    call->called_ns = gort_now();
    call->task = gort_task_id();
    atomic_fetch_add_explicit(&call->ncalls, 1, memory_order_release);
}

static int ncalls(const struct call *call)
{
    return atomic_load_explicit(&call->ncalls, memory_order_acquire);
}

CLAIM(a_function_runs_once_later_in_a_task_of_its_own)
{
    struct call *call = gort_new(struct call);
    int64_t since_ns = gort_now();
    gort_timer *t = gort_after_func(GORT_MS, note_call, call);

    EXPECT(gort_timer_chan(t) == NULL, "it has a channel");
    EVENTUALLY(ncalls(call) == 1, "%d calls", ncalls(call));
    EXPECT(call->called_ns >= since_ns + GORT_MS, "too early");
    EXPECT(call->task != gort_task_id(), "in the caller's task");
    EXPECT(gort_timer_stop(t) == 0, "stopped what was over");
    EXPECT(gort_timer_reset(t, 0) == 0, "it was over");
    EVENTUALLY(ncalls(call) == 2, "%d calls", ncalls(call));
}

static void count_call(void *arg)
{
    atomic_fetch_add_explicit(&((struct call *)arg)->ncalls, 1, memory_order_relaxed);
}

CLAIM(a_stopped_function_never_runs)
{
    struct call *call = gort_new(struct call);
    int nstopped = 0;

    for (int i = 0; i < MANY; i++) {
        gort_timer *t = gort_after_func((int64_t)conform_random(40) * GORT_US, count_call, call);

        if (conform_random(2) == 0)
            conform_pause();
        nstopped += gort_timer_stop(t);
    }
    EVENTUALLY(ncalls(call) == MANY - nstopped, "%d calls, %d stopped", ncalls(call), nstopped);
    gort_sleep(GORT_MS);
    EXPECT(ncalls(call) == MANY - nstopped, "%d calls, %d stopped", ncalls(call), nstopped);
}
