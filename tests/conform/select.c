/* SPDX-License-Identifier: MIT */
/* select.c - select behaves as Go's. */
#include "config.h"

#include <stdatomic.h>

#include "runtime/timer.h"
#include "tests/support/conform.h"

#define NCASES(cases) (sizeof(cases) / sizeof(cases)[0])

static gort_chan *new_chan(size_t capacity)
{
    return gort_chan_new(sizeof(int), capacity);
}

static gort_chan *full_chan(int value)
{
    gort_chan *c = new_chan(1);

    gort_send(c, &value);
    return c;
}

/* ---- what is ready -------------------------------------------------------------------------- */

CLAIM(the_default_is_chosen_if_nothing_is_ready)
{
    int v = 3;
    gort_case one[] = {GORT_RECV(new_chan(1), &v), GORT_DEFAULT};
    gort_case several[] = {GORT_DEFAULT, GORT_RECV(new_chan(0), &v), GORT_SEND(new_chan(0), &v),
                           GORT_SEND(full_chan(1), &v)};
    int at = gort_select(one, NCASES(one));

    EXPECT(at == 1, "chose %d of one channel", at);
    at = gort_select(several, NCASES(several));
    EXPECT(at == 0, "chose %d of three channels", at);
    EXPECT(v == 3, "v is %d", v);
}

CLAIM(a_ready_case_goes_before_the_default)
{
    int v = 3;
    gort_chan *room = new_chan(1);
    gort_case recv[] = {GORT_DEFAULT, GORT_RECV(full_chan(4), &v)};
    gort_case send[] = {GORT_DEFAULT, GORT_RECV(new_chan(0), NULL), GORT_SEND(room, &v)};
    int at = gort_select(recv, NCASES(recv));

    EXPECT(at == 1 && v == 4 && recv[1].ok == 1, "chose %d, got %d, ok %d", at, v, recv[1].ok);
    at = gort_select(send, NCASES(send));
    EXPECT(at == 2 && gort_chan_len(room) == 1, "chose %d, %zu sent", at, gort_chan_len(room));
}

CLAIM(nil_channels_are_never_chosen)
{
    int v = 0;
    gort_case cases[] = {GORT_RECV(NULL, &v), GORT_SEND(NULL, &v), GORT_RECV(full_chan(1), &v)};
    gort_case nothing[] = {GORT_RECV(NULL, &v), GORT_DEFAULT};
    int at = gort_select(cases, NCASES(cases));

    EXPECT(at == 2, "chose %d", at);
    at = gort_select(nothing, NCASES(nothing));
    EXPECT(at == 1, "chose %d", at);
}

CLAIM(a_closed_channel_is_ready_and_gives_zero)
{
    int v = 5;
    gort_chan *c = new_chan(0);
    gort_case cases[] = {GORT_RECV(new_chan(0), NULL), GORT_RECV(c, &v)};
    int at;

    gort_close(c);
    at = gort_select(cases, NCASES(cases));
    EXPECT(at == 1 && v == 0 && cases[1].ok == 0, "chose %d, got %d, ok %d", at, v, cases[1].ok);
}

/* ---- fairness ------------------------------------------------------------------------------- */

#define DRAWS 6000

static void expect_even(const int *chosen, int n)
{
    int expected = DRAWS / n;

    for (int i = 0; i < n; i++)
        EXPECT(chosen[i] > expected / 2 && chosen[i] < expected * 2,
               "case %d of %d chosen %d times in %d", i, n, chosen[i], DRAWS);
}

CLAIM(ready_cases_are_chosen_evenly)
{
    enum { N = 10 };
    gort_case cases[N];
    int chosen[N] = {0};

    for (int i = 0; i < N; i++) {
        gort_chan *c = new_chan(0);

        gort_close(c);
        cases[i] = (gort_case)GORT_RECV(c, NULL);
    }
    for (int i = 0; i < DRAWS; i++)
        chosen[gort_select(cases, N)]++;
    expect_even(chosen, N);
}

CLAIM(neighbours_among_idle_cases_are_chosen_evenly)
{
    enum { N = 20 };
    gort_case cases[N];
    int chosen[N] = {0};

    for (int i = 0; i < N; i++)
        cases[i] = (gort_case)GORT_RECV(new_chan(0), NULL);
    gort_close(cases[3].c);
    gort_close(cases[4].c);
    for (int i = 0; i < DRAWS; i++)
        chosen[gort_select(cases, N)]++;
    expect_even(&chosen[3], 2);
}

/* ---- waiting -------------------------------------------------------------------------------- */

struct waiting {
    gort_case cases[4];
    int values[4];
    int chosen;
    _Atomic(int) done;
};

static void select_four(void *arg)
{
    struct waiting *w = arg;

    w->chosen = gort_select(w->cases, 4);
    atomic_store_explicit(&w->done, 1, memory_order_release);
}

/* Two receives and two sends on four channels; a task that waits for them. */
static struct waiting *start_waiting(void)
{
    struct waiting *w = gort_new(struct waiting);

    for (int i = 0; i < 4; i++)
        w->values[i] = 100 + i;
    w->cases[0] = (gort_case)GORT_RECV(new_chan(0), &w->values[0]);
    w->cases[1] = (gort_case)GORT_SEND(new_chan(0), &w->values[1]);
    w->cases[2] = (gort_case)GORT_RECV(new_chan(2), &w->values[2]);
    w->cases[3] = (gort_case)GORT_SEND(full_chan(9), &w->values[3]);
    gort_go(select_four, w);
    UNTIL_PARKED(1, PARKED_SELECT);
    return w;
}

static void expect_chosen(struct waiting *w, int at)
{
    int v = 55;

    EVENTUALLY(atomic_load_explicit(&w->done, memory_order_acquire), "still waits for %d", at);
    EXPECT(w->chosen == at, "chose %d, not %d", w->chosen, at);
    if (at != 0)
        EXPECT(gort_try_send(w->cases[0].c, &v) == GORT_EWOULDBLOCK, "a waiter was left");
    if (at != 1)
        EXPECT(gort_try_recv(w->cases[1].c, &v) == GORT_EWOULDBLOCK, "a waiter was left");
}

CLAIM(a_waiting_select_takes_what_is_sent)
{
    struct waiting *w = start_waiting();
    int v = 31;

    gort_send(w->cases[0].c, &v);
    expect_chosen(w, 0);
    EXPECT(w->values[0] == 31 && w->cases[0].ok == 1, "got %d", w->values[0]);
    w = start_waiting();
    gort_send(w->cases[2].c, &v);
    expect_chosen(w, 2);
    EXPECT(w->values[2] == 31 && w->cases[2].ok == 1, "got %d", w->values[2]);
    EXPECT(gort_chan_len(w->cases[2].c) == 0, "it is buffered too");
}

CLAIM(a_waiting_select_sends_to_who_receives)
{
    struct waiting *w = start_waiting();
    int v = 0;

    gort_recv(w->cases[1].c, &v);
    expect_chosen(w, 1);
    EXPECT(v == 101, "got %d", v);
    w = start_waiting();
    gort_recv(w->cases[3].c, &v);
    expect_chosen(w, 3);
    EXPECT(v == 9, "got %d, not the oldest", v);
    gort_recv(w->cases[3].c, &v);
    EXPECT(v == 103, "got %d", v);
}

CLAIM(a_waiting_select_is_woken_by_a_close)
{
    struct waiting *w = start_waiting();

    gort_close(w->cases[2].c);
    expect_chosen(w, 2);
    EXPECT(w->values[2] == 0 && w->cases[2].ok == 0, "got %d, ok %d", w->values[2], w->cases[2].ok);
}

/* ---- one channel in several cases ----------------------------------------------------------- */

CLAIM(a_select_does_not_meet_itself)
{
    gort_chan *c = new_chan(0);
    int in = 0;
    int out = 6;
    gort_case cases[] = {GORT_SEND(c, &out), GORT_RECV(c, &in), GORT_SEND(c, &out),
                         GORT_DEADLINE(gort_in(2 * GORT_MS))};
    int at = gort_select(cases, NCASES(cases));

    EXPECT(at == 3 && in == 0, "chose %d, received %d", at, in);
}

#define STOP (-1)

static void swap_until_stopped(void *arg)
{
    gort_chan *c = arg;
    int in = 0;
    int out = 1;

    while (in != STOP) {
        gort_case cases[] = {GORT_SEND(c, &out), GORT_RECV(c, &in), GORT_SEND(c, &out)};

        gort_select(cases, NCASES(cases));
    }
}

CLAIM(two_selects_meet_on_one_channel)
{
    gort_chan *c = new_chan(0);
    int stop = STOP;
    int in;
    int out = 2;
    int sent = 0;
    int received = 0;

    gort_go(swap_until_stopped, c);
    for (int i = 0; i < 2000; i++) {
        gort_case cases[] = {GORT_RECV(c, &in), GORT_SEND(c, &out), GORT_RECV(c, &in)};
        int at = gort_select(cases, NCASES(cases));

        sent += at == 1;
        received += at != 1;
    }
    EXPECT(sent > 100 && received > 100, "%d sent, %d received", sent, received);
    for (int at = 1; at == 1;) {
        gort_case cases[] = {GORT_SEND(c, &stop), GORT_RECV(c, &in)};

        at = gort_select(cases, NCASES(cases));
    }
}

/* ---- deadlines ------------------------------------------------------------------------------ */

CLAIM(the_deadline_is_chosen_when_it_passes)
{
    int v = 2;
    int64_t at_ns = gort_in(3 * GORT_MS);
    gort_case cases[] = {GORT_RECV(new_chan(0), &v), GORT_DEADLINE(at_ns),
                         GORT_SEND(new_chan(0), &v)};
    int at = gort_select(cases, NCASES(cases));

    EXPECT(at == 1 && v == 2, "chose %d", at);
    EXPECT(gort_now() >= at_ns, "%lld ns early", (long long)(at_ns - gort_now()));
    EXPECT(gort_try_send(cases[0].c, &v) == GORT_EWOULDBLOCK, "a receiver was left");
    EXPECT(gort_try_recv(cases[2].c, &v) == GORT_EWOULDBLOCK, "a sender was left");
}

CLAIM(what_is_ready_goes_before_a_passed_deadline)
{
    int v = 0;
    gort_case cases[] = {GORT_DEADLINE(0), GORT_RECV(full_chan(3), &v)};
    gort_case late[] = {GORT_DEADLINE(0), GORT_RECV(new_chan(0), &v)};
    int at = gort_select(cases, NCASES(cases));

    EXPECT(at == 1 && v == 3, "chose %d", at);
    at = gort_select(late, NCASES(late));
    EXPECT(at == 0, "chose %d", at);
}

CLAIM(a_deadline_alone_is_a_sleep)
{
    int64_t at_ns = gort_in(2 * GORT_MS);
    gort_case cases[] = {GORT_DEADLINE(at_ns)};
    int at = gort_select(cases, 1);

    EXPECT(at == 0 && gort_now() >= at_ns, "chose %d at %lld", at, (long long)gort_now());
}

CLAIM(a_value_disarms_the_deadline_of_a_select)
{
    int v;
    gort_case cases[] = {GORT_DEADLINE(gort_in(1000 * GORT_S)), GORT_RECV(full_chan(1), &v)};
    int at = gort_select(cases, NCASES(cases));

    EXPECT(at == 1, "chose %d", at);
    EVENTUALLY(timers_active() == 0, "%zu timers armed", timers_active());
}

/* ---- many cases ----------------------------------------------------------------------------- */

static void send_one_of(void *arg)
{
    gort_chan *c = arg;
    int v = 42;

    UNTIL_PARKED(1, PARKED_SELECT);
    gort_send(c, &v);
}

static void expect_many(size_t n)
{
    gort_case *cases = gort_make(gort_case, n);
    size_t target = conform_random((uint32_t)n);
    int v = 0;
    int at;

    for (size_t i = 0; i < n; i++)
        cases[i] = (gort_case)GORT_RECV(new_chan(0), &v);
    gort_go(send_one_of, cases[target].c);
    at = gort_select(cases, n);
    EXPECT(at == (int)target && v == 42, "%zu cases: chose %d, got %d", n, at, v);
}

CLAIM(a_select_may_have_thousands_of_cases)
{
    expect_many(8);
    expect_many(9);
    expect_many(100);
    expect_many(5000);
}

CLAIM(a_channel_may_stand_in_thousands_of_cases)
{
    enum { N = 3000 };
    gort_case *cases = gort_make(gort_case, N);
    gort_chan *c = new_chan(0);
    int v = 0;
    int at;

    for (int i = 0; i < N; i++)
        cases[i] = (gort_case)GORT_RECV(c, &v);
    gort_go(send_one_of, c);
    at = gort_select(cases, N);
    EXPECT(at >= 0 && v == 42, "chose %d, got %d", at, v);
    EXPECT(gort_try_send(c, &v) == GORT_EWOULDBLOCK, "a waiter was left");
}

/* ---- nothing is lost or doubled ------------------------------------------------------------- */

#define NVALUES 5000
#define WAYS    4

struct storm {
    gort_chan *c[WAYS];
    _Atomic(int) next;
    _Atomic(int) seen[NVALUES];
    gort_waitgroup senders;
    gort_waitgroup receivers;
};

static void send_any_way(void *arg)
{
    struct storm *s = arg;
    int i;

    while ((i = atomic_fetch_add_explicit(&s->next, 1, memory_order_relaxed)) < NVALUES) {
        gort_case cases[WAYS];

        for (int k = 0; k < WAYS; k++)
            cases[k] = (gort_case)GORT_SEND(s->c[k], &i);
        gort_select(cases, WAYS);
    }
}

/* A closed channel drops out of its cases. */
static void recv_any_way(void *arg)
{
    struct storm *s = arg;
    gort_case cases[WAYS];
    int open = WAYS;
    int v;

    for (int k = 0; k < WAYS; k++)
        cases[k] = (gort_case)GORT_RECV(s->c[k], &v);
    while (open > 0) {
        int at = gort_select(cases, WAYS);

        if (cases[at].ok) {
            atomic_fetch_add_explicit(&s->seen[v], 1, memory_order_relaxed);
        } else {
            cases[at].c = NULL;
            open--;
        }
    }
}

CLAIM(each_value_sent_by_a_select_arrives_exactly_once)
{
    struct storm *s = gort_new(struct storm);

    for (size_t k = 0; k < WAYS; k++)
        s->c[k] = new_chan(k);
    for (int i = 0; i < 6; i++) {
        gort_waitgroup_go(&s->senders, send_any_way, s);
        gort_waitgroup_go(&s->receivers, recv_any_way, s);
    }
    gort_waitgroup_wait(&s->senders);
    for (int k = 0; k < WAYS; k++)
        gort_close(s->c[k]);
    gort_waitgroup_wait(&s->receivers);
    for (int i = 0; i < NVALUES; i++)
        EXPECT(s->seen[i] == 1, "value %d came %d times", i, s->seen[i]);
}

/* ---- ends ----------------------------------------------------------------------------------- */

ENDS(no_cases_at_all_block_for_ever, 2, "select (no cases)")
{
    gort_select(NULL, 0);
}

ENDS(two_defaults, 2, "fatal error: gort_select: more than one default case")
{
    gort_case cases[] = {GORT_DEFAULT, GORT_DEFAULT};

    gort_select(cases, 2);
}

ENDS(two_deadlines, 2, "fatal error: gort_select: more than one deadline case")
{
    gort_case cases[] = {GORT_DEADLINE(1), GORT_DEADLINE(2)};

    gort_select(cases, 2);
}

ENDS(a_send_case_on_a_closed_channel, 2, "fatal error: gort_select: send on closed channel")
{
    int v = 0;
    gort_case cases[] = {GORT_SEND(new_chan(0), &v), GORT_RECV(new_chan(0), &v)};

    gort_close(cases[0].c);
    gort_select(cases, 2);
}

static void close_under_select(void *arg)
{
    UNTIL_PARKED(1, PARKED_SELECT);
    gort_close(arg);
}

ENDS(a_channel_closed_under_a_waiting_send_case, 2,
     "fatal error: gort_select: send on closed channel")
{
    int v = 0;
    gort_case cases[] = {GORT_SEND(new_chan(0), &v), GORT_RECV(new_chan(0), &v)};

    gort_go(close_under_select, cases[0].c);
    gort_select(cases, 2);
}
