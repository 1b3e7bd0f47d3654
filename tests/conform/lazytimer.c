/* SPDX-License-Identifier: MIT */
/* lazytimer.c - timers and tickers whose channel nobody waits for, and those that wait. */
#include "config.h"

#include <stdatomic.h>

#include "runtime/chan.h"
#include "runtime/chantimer.h"
#include "runtime/proc.h"
#include "tests/support/conform.h"

#define LONG  (3600 * GORT_S)
#define MANY  200
#define CROWD 5

static int load(_Atomic(int) *n)
{
    return atomic_load_explicit(n, memory_order_acquire);
}

static void add_one(_Atomic(int) *n)
{
    atomic_fetch_add_explicit(n, 1, memory_order_acq_rel);
}

static void until(int64_t time_ns)
{
    EVENTUALLY(gort_now() >= time_ns, "time stands still");
}

/* A timer's channel that has been due for a moment, and the time it was set for at the earliest. */
static gort_chan *due_chan(int64_t *set_ns)
{
    gort_chan *c;

    *set_ns = gort_in(GORT_US);
    c = gort_after(GORT_US);
    until(gort_in(GORT_US));
    return c;
}

/* ---- in no heap ----------------------------------------------------------------------------- */

CLAIM(what_nobody_waits_for_is_in_no_heap)
{
    size_t armed_before = timers_active();
    gort_timer *timers[MANY];

    for (int i = 0; i < MANY; i++) {
        timers[i] = gort_timer_new(conform_random(20) * GORT_US);
        gort_after(LONG);
        gort_ticker_new(GORT_MS);
        EXPECT(timers_active() <= armed_before, "%zu timers armed", timers_active());
    }
    for (int i = 0; i < MANY; i++)
        gort_timer_reset(timers[i], LONG);
    EXPECT(timers_active() <= armed_before, "%zu timers armed", timers_active());
}

ENDS(a_timer_that_nobody_waits_for_keeps_no_program_going, 2, "all tasks are asleep - deadlock!")
{
    gort_timer *t = gort_timer_new(LONG);

    gort_recv(NULL, NULL);
    gort_timer_stop(t);
}

/* ---- due, and not yet sent ------------------------------------------------------------------ */

CLAIM(each_way_of_receiving_finds_what_is_due)
{
    int64_t set_ns;
    int64_t v = 0;
    gort_ctx *ctx = gort_ctx_with_cancel(gort_ctx_background());

    EXPECT(gort_recv(due_chan(&set_ns), &v) == 1 && v >= set_ns, "gort_recv: %lld", (long long)v);
    EXPECT(gort_try_recv(due_chan(&set_ns), &v) == 1 && v >= set_ns, "gort_try_recv: %lld",
           (long long)v);
    EXPECT(gort_recv_by(due_chan(&set_ns), &v, INT64_MIN) == 1 && v >= set_ns, "gort_recv_by: %lld",
           (long long)v);
    EXPECT(gort_recv_ctx(due_chan(&set_ns), &v, ctx) == 1 && v >= set_ns, "gort_recv_ctx: %lld",
           (long long)v);
    gort_ctx_cancel(ctx, 0);
}

CLAIM(each_kind_of_select_finds_what_is_due)
{
    int64_t set_ns;
    int64_t v = 0;
    gort_case one[] = {GORT_RECV(due_chan(&set_ns), &v)};
    gort_case pass[] = {GORT_RECV(due_chan(&set_ns), &v), GORT_DEFAULT};
    gort_case many[] = {GORT_RECV(gort_chan_new(0, 0), NULL), GORT_RECV(gort_after(LONG), NULL),
                        GORT_RECV(due_chan(&set_ns), &v), GORT_DEFAULT};
    gort_case late[] = {GORT_RECV(due_chan(&set_ns), &v), GORT_DEADLINE(INT64_MIN)};

    EXPECT(gort_select(one, 1) == 0 && one[0].ok == 1, "alone");
    EXPECT(gort_select(pass, 2) == 0 && pass[0].ok == 1, "beside a default");
    EXPECT(gort_select(many, 4) == 2 && many[2].ok == 1, "among others");
    EXPECT(gort_select(late, 2) == 0 && late[0].ok == 1, "beside a passed deadline");
    EXPECT(v >= set_ns, "%lld ns early", (long long)(set_ns - v));
}

CLAIM(what_is_not_due_is_not_found)
{
    int64_t v = 0;
    gort_chan *c = gort_after(LONG);
    gort_case cases[] = {GORT_RECV(c, &v), GORT_RECV(gort_after(LONG), &v), GORT_DEFAULT};

    EXPECT(gort_try_recv(c, &v) == GORT_EWOULDBLOCK, "gort_try_recv");
    EXPECT(gort_recv_by(c, &v, gort_in(GORT_US)) == GORT_ETIMEDOUT, "gort_recv_by");
    EXPECT(gort_select(cases, 3) == 2, "gort_select");
}

CLAIM(all_that_are_due_take_their_turns_in_a_select)
{
    int chosen[3] = {0};

    for (int i = 0; i < 300; i++) {
        int64_t set_ns;
        gort_case cases[] = {GORT_RECV(due_chan(&set_ns), NULL), GORT_RECV(due_chan(&set_ns), NULL),
                             GORT_RECV(due_chan(&set_ns), NULL)};

        chosen[gort_select(cases, 3)]++;
    }
    EXPECT(chosen[0] > 50 && chosen[1] > 50 && chosen[2] > 50, "%d, %d and %d times", chosen[0],
           chosen[1], chosen[2]);
}

/* That nobody looked for a long time can't be told from what is received. */
CLAIM(the_time_is_that_for_which_it_was_set)
{
    int64_t from_ns = gort_in(GORT_MS);
    gort_timer *t = gort_timer_new(GORT_MS);
    int64_t to_ns = gort_in(GORT_MS);
    int64_t v = 0;

    gort_sleep(5 * GORT_MS);
    EXPECT(gort_recv(gort_timer_chan(t), &v) == 1, "closed");
    EXPECT(v >= from_ns && v <= to_ns, "%lld ns late", (long long)(v - to_ns));
}

CLAIM(stopping_or_resetting_what_is_due_takes_it_back)
{
    gort_timer *t = gort_timer_new(0);
    gort_chan *c = gort_timer_chan(t);

    until(gort_in(GORT_US));
    EXPECT(gort_timer_stop(t) == 1, "it was not there");
    EXPECT(gort_try_recv(c, NULL) == GORT_EWOULDBLOCK, "received after the stop");
    EXPECT(gort_timer_reset(t, 0) == 0, "it was not stopped");
    until(gort_in(GORT_US));
    EXPECT(gort_timer_reset(t, LONG) == 1, "it was not there");
    EXPECT(gort_try_recv(c, NULL) == GORT_EWOULDBLOCK, "received after the reset");
    EXPECT(gort_timer_stop(t) == 1, "it is not set");
}

/* Puts the time into C if it is due, as happens when those for whom the heap fired have left. */
static void send_due(gort_chan *c)
{
    struct worker *w = rt_enter("send_due");

    lock_take(&c->lock);
    chantimer_look_locked(chantimer_of_chan(c));
    lock_release(&c->lock);
    rt_leave(w);
}

CLAIM(stopping_or_resetting_takes_back_what_was_sent)
{
    gort_timer *t = gort_timer_new(0);
    gort_chan *c = gort_timer_chan(t);

    until(gort_in(GORT_US));
    send_due(c);
    EXPECT(gort_chan_len(c) == 0 && gort_chan_cap(c) == 0, "it looks buffered");
    EXPECT(gort_timer_stop(t) == 1, "it was not there");
    EXPECT(gort_try_recv(c, NULL) == GORT_EWOULDBLOCK, "received after the stop");
    gort_timer_reset(t, 0);
    until(gort_in(GORT_US));
    send_due(c);
    EXPECT(gort_timer_reset(t, LONG) == 1, "it was not there");
    EXPECT(gort_try_recv(c, NULL) == GORT_EWOULDBLOCK, "received after the reset");
    EXPECT(gort_timer_stop(t) == 1, "it is not set");
}

/* ---- tickers -------------------------------------------------------------------------------- */

CLAIM(ticks_stay_at_multiples_of_the_period)
{
    const int64_t period_ns = 50 * GORT_US;
    gort_ticker *t = gort_ticker_new(period_ns);
    int64_t first_ns = 0;
    int64_t last_ns = 0;

    gort_recv(gort_ticker_chan(t), &first_ns);
    for (int i = 0; i < 30; i++) {
        int64_t v = 0;

        if (conform_random(3) == 0)
            gort_sleep(conform_random(300) * GORT_US);
        gort_recv(gort_ticker_chan(t), &v);
        EXPECT(v > last_ns && v <= gort_now(), "tick %d is of %lld, after %lld", i, (long long)v,
               (long long)last_ns);
        EXPECT((v - first_ns) % period_ns == 0, "tick %d is %lld ns off", i,
               (long long)((v - first_ns) % period_ns));
        last_ns = v;
    }
    gort_ticker_stop(t);
}

/* The first of the ticks that came meanwhile was kept, sent or not. */
CLAIM(a_slow_receiver_gets_the_first_tick_and_the_next_one_to_come)
{
    const int64_t period_ns = 100 * GORT_US;

    for (int sent = 0; sent < 2; sent++) {
        gort_ticker *t = gort_ticker_new(period_ns);
        int64_t by_ns = gort_in(period_ns);
        int64_t v = 0;

        until(by_ns);
        if (sent != 0)
            send_due(gort_ticker_chan(t));
        gort_sleep(5 * period_ns);
        gort_recv(gort_ticker_chan(t), &v);
        EXPECT(v <= by_ns, "%lld ns after the first", (long long)(v - by_ns));
        by_ns = v + 5 * period_ns;
        gort_recv(gort_ticker_chan(t), &v);
        EXPECT(v >= by_ns, "a tick from before was kept, %lld ns old", (long long)(by_ns - v));
        gort_ticker_stop(t);
    }
}

/* ---- who waits ------------------------------------------------------------------------------ */

struct crowd {
    gort_timer *timer;
    gort_chan *times;
    gort_chan *quit;
    _Atomic(int) ngot;
    gort_waitgroup all;
    int64_t set_ns;
};

static struct crowd *new_crowd(int64_t duration_ns)
{
    struct crowd *c = gort_new(struct crowd);

    c->set_ns = gort_in(duration_ns);
    c->timer = gort_timer_new(duration_ns);
    c->times = gort_timer_chan(c->timer);
    c->quit = gort_chan_new(0, 0);
    return c;
}

static void note(struct crowd *c, int64_t v)
{
    EXPECT(v >= c->set_ns, "%lld ns early", (long long)(c->set_ns - v));
    add_one(&c->ngot);
}

static void receive(void *arg)
{
    struct crowd *c = arg;
    int64_t v = 0;

    if (gort_recv(c->times, &v) == 1)
        note(c, v);
}

static void receive_or_quit(void *arg)
{
    struct crowd *c = arg;
    int64_t v = 0;
    /* Twice the same channel: two waiters of one task. */
    gort_case cases[] = {GORT_RECV(c->times, &v), GORT_RECV(c->quit, NULL),
                         GORT_RECV(c->times, &v)};

    if (gort_select(cases, 3) != 1)
        note(c, v);
}

static void receive_for_a_while(void *arg)
{
    struct crowd *c = arg;
    int64_t v = 0;

    if (gort_recv_by(c->times, &v, gort_in((CROWD - conform_random(CROWD)) * GORT_MS)) == 1)
        note(c, v);
}

static void start(struct crowd *c, int n, void (*fn)(void *arg))
{
    for (int i = 0; i < n; i++)
        gort_waitgroup_go(&c->all, fn, c);
}

CLAIM(who_waits_puts_the_timer_into_a_heap_and_the_last_takes_it_out)
{
    size_t armed_before = timers_active();
    struct crowd *c = new_crowd(LONG);

    start(c, CROWD, receive_or_quit);
    UNTIL_PARKED(CROWD, PARKED_SELECT);
    EXPECT(timers_active() == armed_before + 1, "%zu timers armed", timers_active());
    gort_send(c->quit, NULL);
    UNTIL_PARKED(CROWD - 1, PARKED_SELECT);
    EXPECT(timers_active() == armed_before + 1, "%zu timers armed", timers_active());
    gort_close(c->quit);
    gort_waitgroup_wait(&c->all);
    EXPECT(timers_active() <= armed_before, "%zu timers armed", timers_active());
}

CLAIM(those_who_give_up_leave_no_timer_behind)
{
    size_t armed_before = timers_active();
    struct crowd *c = new_crowd(LONG);

    start(c, CROWD, receive_for_a_while);
    gort_waitgroup_wait(&c->all);
    EXPECT(timers_active() <= armed_before, "%zu timers armed", timers_active());
    EXPECT(load(&c->ngot) == 0, "%d got it", load(&c->ngot));
}

CLAIM(a_stop_leaves_those_who_wait_and_a_reset_serves_one)
{
    size_t armed_before = timers_active();
    struct crowd *c = new_crowd(LONG);

    start(c, CROWD, receive);
    UNTIL_PARKED(CROWD, PARKED_RECV);
    EXPECT(gort_timer_stop(c->timer) == 1, "it was not set");
    EXPECT(timers_active() <= armed_before, "%zu timers armed", timers_active());
    for (int i = 0; i < CROWD; i++) {
        EXPECT(conform_parked(PARKED_RECV) == CROWD - i, "%d wait", conform_parked(PARKED_RECV));
        c->set_ns = gort_in(GORT_MS);
        gort_timer_reset(c->timer, GORT_MS);
        EVENTUALLY(load(&c->ngot) == i + 1, "%d got it", load(&c->ngot));
    }
    gort_waitgroup_wait(&c->all);
    EXPECT(timers_active() <= armed_before, "%zu timers armed", timers_active());
}

/* The heap has the first of its times, at which nothing is due any more. */
CLAIM(one_that_is_put_off_again_and_again_is_not_early)
{
    struct crowd *c = new_crowd(100 * GORT_US);

    start(c, 1, receive_or_quit);
    for (int i = 0; i < 100; i++) {
        if (load(&c->ngot) > 0)
            break;
        if (conform_random(2) == 0)
            conform_pause();
        /* Before the reset: who receives meanwhile got what was before. */
        if (gort_timer_reset(c->timer, LONG) == 0)
            break;
        c->set_ns = gort_in((100 + i) * GORT_US);
        gort_timer_reset(c->timer, (100 + i) * GORT_US);
    }
    EVENTUALLY(load(&c->ngot) == 1, "it did not fire");
    gort_waitgroup_wait(&c->all);
}

static void poll(void *arg)
{
    struct crowd *c = arg;
    int64_t v = 0;

    while (load(&c->ngot) < CROWD) {
        if (gort_try_recv(c->times, &v) == 1)
            note(c, v);
        else
            gort_yield();
    }
}

/* Who looks may serve one who waits: the tick is one's or the other's. */
CLAIM(ticks_are_shared_by_those_who_wait_and_those_who_look)
{
    struct crowd *c = new_crowd(LONG);
    gort_ticker *t = gort_ticker_new(50 * GORT_US);

    c->times = gort_ticker_chan(t);
    c->set_ns = 0;
    start(c, CROWD, receive_or_quit);
    start(c, 2, poll);
    gort_waitgroup_wait(&c->all);
    EXPECT(load(&c->ngot) >= CROWD, "%d ticks", load(&c->ngot));
    gort_ticker_stop(t);
}

CLAIM(a_timer_goes_to_one_of_many_however_they_look)
{
    for (int i = 0; i < 30; i++) {
        struct crowd *c = new_crowd(conform_random(50) * GORT_US);

        start(c, 2, receive_or_quit);
        start(c, 2, receive_for_a_while);
        start(c, 2, receive_or_quit);
        EVENTUALLY(load(&c->ngot) == 1, "round %d: %d got it", i, load(&c->ngot));
        gort_close(c->quit);
        gort_waitgroup_wait(&c->all);
        EXPECT(load(&c->ngot) == 1, "round %d: %d got it", i, load(&c->ngot));
        EXPECT(gort_timer_stop(c->timer) == 0, "round %d: a time is left", i);
    }
}

/* ---- closed by the program ------------------------------------------------------------------ */

CLAIM(a_channel_that_the_program_closes_stays_closed)
{
    size_t armed_before = timers_active();
    struct crowd *c = new_crowd(LONG);
    int64_t v = 1;

    start(c, CROWD, receive);
    UNTIL_PARKED(CROWD, PARKED_RECV);
    gort_close(c->times);
    gort_waitgroup_wait(&c->all);
    EXPECT(load(&c->ngot) == 0, "%d got it", load(&c->ngot));
    EXPECT(timers_active() <= armed_before, "%zu timers armed", timers_active());
    gort_timer_reset(c->timer, 0);
    until(gort_in(GORT_US));
    EXPECT(gort_recv(c->times, &v) == 0 && v == 0, "received %lld", (long long)v);
    gort_timer_stop(c->timer);
}
