/* SPDX-License-Identifier: MIT */
/* timerchan.c - the channel of a timer and that of a ticker, while tasks wait for it and while none
 * does: both are stopped and set the same way, and so tried by the same claims. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/conform.h"

#define LONG (3600 * GORT_S)

/* A timer or a ticker. */
struct alarm {
    gort_timer *timer;
    gort_ticker *ticker;
    gort_chan *c;
    int64_t due_ns; /* when the first time since it was set has come for certain */
    const char *kind;
};

static struct alarm timer_alarm(void)
{
    gort_timer *t = gort_timer_new(LONG);

    return (struct alarm){.timer = t, .c = gort_timer_chan(t), .kind = "timer"};
}

static struct alarm ticker_alarm(void)
{
    gort_ticker *t = gort_ticker_new(LONG);

    return (struct alarm){.ticker = t, .c = gort_ticker_chan(t), .kind = "ticker"};
}

static void alarm_set(struct alarm *a, int64_t in_ns)
{
    if (a->timer != NULL)
        gort_timer_reset(a->timer, in_ns);
    else
        gort_ticker_reset(a->ticker, in_ns);
    a->due_ns = gort_in(in_ns);
}

static void alarm_stop(struct alarm *a)
{
    if (a->timer != NULL)
        gort_timer_stop(a->timer);
    else
        gort_ticker_stop(a->ticker);
}

/* Its time has come. Nothing need have happened yet, as long as nobody receives. */
static bool is_due(const struct alarm *a)
{
    return gort_now() > a->due_ns;
}

static void expect_silence(const struct alarm *a, const char *when)
{
    EXPECT(gort_try_recv(a->c, NULL) == GORT_EWOULDBLOCK, "%s: a time %s", a->kind, when);
}

static void expect_time(const struct alarm *a, const char *when)
{
    EXPECT(gort_recv_by(a->c, NULL, gort_in(10 * GORT_S)) == 1, "%s: no time %s", a->kind, when);
}

static void for_both(void (*expect)(struct alarm *a))
{
    struct alarm timer = timer_alarm();
    struct alarm ticker = ticker_alarm();

    expect(&timer);
    alarm_stop(&timer);
    expect(&ticker);
    alarm_stop(&ticker);
}

/* ---- nobody waits --------------------------------------------------------------------------- */

static void expect_settings(struct alarm *a)
{
    alarm_stop(a);
    expect_silence(a, "after the first stop");
    alarm_set(a, LONG);
    expect_silence(a, "of the future");
    alarm_set(a, 1);
    EVENTUALLY(is_due(a), "%s: no time passes", a->kind);
    EXPECT(gort_chan_len(a->c) == 0 && gort_chan_cap(a->c) == 0, "%s: %zu of %zu", a->kind,
           gort_chan_len(a->c), gort_chan_cap(a->c));
    expect_time(a, "though it fired");
    alarm_set(a, 1);
    EVENTUALLY(is_due(a), "%s: no time passes", a->kind);
    alarm_set(a, LONG);
    expect_silence(a, "from before it was put off");
    alarm_set(a, 1);
    EVENTUALLY(is_due(a), "%s: no time passes", a->kind);
    alarm_stop(a);
    expect_silence(a, "from before it was stopped");
    alarm_set(a, 1);
    expect_time(a, "after a stop and a set");
}

CLAIM(whenever_it_is_set_or_stopped_nothing_from_before_is_received)
{
    for_both(expect_settings);
}

static void expect_first_time(struct alarm *a)
{
    int64_t seen_ns;
    int64_t v = 0;

    alarm_set(a, 100 * GORT_US);
    EVENTUALLY(is_due(a), "%s: no time passes", a->kind);
    seen_ns = gort_now();
    gort_sleep(2 * GORT_MS);
    EXPECT(gort_recv(a->c, &v) == 1 && v <= seen_ns, "%s: %lld ns later", a->kind,
           (long long)(v - seen_ns));
}

/* A ticker that fires again meanwhile keeps the first. */
CLAIM(what_is_received_late_is_the_time_of_the_first_firing)
{
    for_both(expect_first_time);
}

/* ---- tasks wait ----------------------------------------------------------------------------- */

struct waiting {
    const struct alarm *alarm;
    gort_chan *leave;
    _Atomic(int) nreceived;
    _Atomic(int) nleft;
    gort_waitgroup all;
};

static int load(_Atomic(int) *n)
{
    return atomic_load_explicit(n, memory_order_acquire);
}

static void receive(void *arg)
{
    struct waiting *w = arg;

    EXPECT(gort_recv(w->alarm->c, NULL) == 1, "%s: closed", w->alarm->kind);
    atomic_fetch_add_explicit(&w->nreceived, 1, memory_order_release);
}

static void receive_or_leave(void *arg)
{
    struct waiting *w = arg;
    gort_case cases[] = {GORT_RECV(w->alarm->c, NULL), GORT_RECV(w->leave, NULL)};
    _Atomic(int) *n = gort_select(cases, 2) == 0 ? &w->nreceived : &w->nleft;

    atomic_fetch_add_explicit(n, 1, memory_order_release);
}

static struct waiting *waiting_new(const struct alarm *a)
{
    struct waiting *w = gort_new(struct waiting);

    w->alarm = a;
    w->leave = gort_chan_new(0, 0);
    return w;
}

static void expect_woken_last(struct alarm *a)
{
    struct waiting *w = waiting_new(a);

    gort_waitgroup_go(&w->all, receive, w);
    UNTIL_PARKED(1, PARKED_RECV);
    alarm_stop(a);
    alarm_set(a, LONG);
    alarm_set(a, 2 * LONG);
    gort_sleep(GORT_MS);
    EXPECT(load(&w->nreceived) == 0, "%s: woken before its time", a->kind);
    alarm_set(a, 1);
    gort_waitgroup_wait(&w->all);
    EXPECT(load(&w->nreceived) == 1, "%s: %d received", a->kind, load(&w->nreceived));
}

CLAIM(it_can_be_stopped_put_off_and_brought_forward_under_a_receiver)
{
    for_both(expect_woken_last);
}

static void start_selects(struct waiting *w)
{
    for (int i = 0; i < 2; i++)
        gort_waitgroup_go(&w->all, receive_or_leave, w);
    UNTIL_PARKED(2, PARKED_SELECT);
}

static void expect_leaving(struct alarm *a)
{
    struct waiting *w = waiting_new(a);

    alarm_stop(a);
    start_selects(w);
    gort_close(w->leave);
    gort_waitgroup_wait(&w->all);
    EXPECT(load(&w->nleft) == 2, "%s: %d left", a->kind, load(&w->nleft));
    alarm_set(a, 1);
    expect_time(a, "for those who come after");
}

CLAIM(who_waits_for_a_stopped_one_may_leave_and_takes_nothing_along)
{
    for_both(expect_leaving);
}

static void expect_late_set(struct alarm *a)
{
    struct waiting *w = waiting_new(a);
    int most = a->timer != NULL ? 1 : 2;

    alarm_stop(a);
    start_selects(w);
    alarm_set(a, 1);
    EVENTUALLY(load(&w->nreceived) == most, "%s: %d received", a->kind, load(&w->nreceived));
    alarm_stop(a);
    gort_close(w->leave);
    gort_waitgroup_wait(&w->all);
    EXPECT(load(&w->nreceived) == most, "%s: %d received", a->kind, load(&w->nreceived));
    expect_silence(a, "after the stop");
}

CLAIM(it_can_be_set_under_those_who_began_to_wait_while_it_was_stopped)
{
    for_both(expect_late_set);
}

/* ---- two at once ---------------------------------------------------------------------------- */

/* Nobody else receives from the second: whether it fired or not, it can be stopped or set. */
static void race_two(void *arg)
{
    (void)arg;
    for (int i = 0; i < 50; i++) {
        gort_timer *t[2] = {gort_timer_new(20 * GORT_US), gort_timer_new(20 * GORT_US)};
        gort_case cases[] = {GORT_RECV(gort_timer_chan(t[0]), NULL),
                             GORT_RECV(gort_timer_chan(t[1]), NULL)};
        gort_timer *second = t[1 - gort_select(cases, 2)];

        if (i % 2 == 0)
            EXPECT(gort_timer_stop(second) == 1, "round %d: nothing to stop", i);
        else
            EXPECT(gort_timer_reset(second, LONG) == 1, "round %d: nothing to put off", i);
        EXPECT(gort_try_recv(gort_timer_chan(second), NULL) == GORT_EWOULDBLOCK, "a stale time");
        gort_timer_stop(second);
    }
}

CLAIM(the_second_of_two_timers_is_always_there_to_be_stopped)
{
    gort_waitgroup all = {0};

    for (int i = 0; i < 8; i++)
        gort_waitgroup_go(&all, race_two, NULL);
    gort_waitgroup_wait(&all);
}

/* ---- functions ------------------------------------------------------------------------------ */

#define NFUNCTIONS 200

struct call {
    gort_timer *timer;
    int64_t due_ns;
    _Atomic(int) ncalls;
};

static void note_call(void *arg)
{
    struct call *call = arg;

    EXPECT(gort_now() >= call->due_ns, "%lld ns early", (long long)(call->due_ns - gort_now()));
    atomic_fetch_add_explicit(&call->ncalls, 1, memory_order_release);
}

/* To times that never come, and at last to one that does, or that is long past. */
CLAIM(functions_that_are_moved_about_run_once_and_none_early)
{
    struct call *calls = gort_make(struct call, NFUNCTIONS);

    for (int i = 0; i < NFUNCTIONS; i++)
        calls[i].timer = gort_after_func(LONG, note_call, &calls[i]);
    for (int move = 0; move < 4 * NFUNCTIONS; move++) {
        gort_timer *t = calls[conform_random(NFUNCTIONS)].timer;

        if (move % 4 == 0)
            gort_timer_stop(t);
        else
            gort_timer_reset(t, LONG - conform_random(1000) * GORT_MS);
    }
    for (int i = 0; i < NFUNCTIONS; i++) {
        int64_t in_ns = i % 3 == 0 ? INT64_MIN : conform_random(2000) * GORT_US;

        calls[i].due_ns = gort_in(in_ns);
        gort_timer_reset(calls[i].timer, in_ns);
    }
    for (int i = 0; i < NFUNCTIONS; i++)
        EVENTUALLY(load(&calls[i].ncalls) == 1, "function %d: %d calls", i, load(&calls[i].ncalls));
    for (int i = 0; i < NFUNCTIONS; i++)
        EXPECT(gort_timer_stop(calls[i].timer) == 0 && load(&calls[i].ncalls) == 1,
               "function %d: %d calls", i, load(&calls[i].ncalls));
}
