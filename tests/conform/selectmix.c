/* SPDX-License-Identifier: MIT */
/* selectmix.c - selects among each other and beside plain operations, on the same channels: what is
 * chosen, in which order values come, and what is left behind. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/conform.h"

static gort_chan *new_chan(size_t capacity)
{
    return gort_chan_new(sizeof(int), capacity);
}

/* ---- what is chosen ------------------------------------------------------------------------- */

#define DRAWS 600

static void send_zeroes_and_ones(void *arg)
{
    gort_chan *c = arg;
    int v[3] = {0, 1, 2};

    for (int i = 0; i < DRAWS; i++) {
        gort_case cases[] = {GORT_SEND(c, &v[0]), GORT_SEND(c, &v[1]), GORT_SEND(c, &v[2])};

        gort_select(cases, 3);
    }
}

/* Whether the receiver comes first or the select. */
static void expect_even_cases(size_t capacity, enum conform_wait await)
{
    gort_chan *c = new_chan(capacity);
    int chosen[3] = {0};

    gort_go(send_zeroes_and_ones, c);
    for (int i = 0; i < DRAWS; i++) {
        int v = 0;

        if (await == PARKED_SELECT && i < DRAWS - (int)capacity)
            UNTIL_PARKED(1, PARKED_SELECT);
        gort_recv(c, &v);
        chosen[v]++;
    }
    for (int i = 0; i < 3; i++)
        EXPECT(chosen[i] > DRAWS / 6, "capacity %zu: case %d was chosen %d times in %d", capacity,
               i, chosen[i], DRAWS);
}

CLAIM(cases_of_one_channel_are_chosen_evenly_waiting_or_not)
{
    expect_even_cases(DRAWS, PARKED_RECV);
    expect_even_cases(0, PARKED_RECV);
    expect_even_cases(0, PARKED_SELECT);
    expect_even_cases(2, PARKED_SELECT);
}

#define MEETINGS 1000

struct party {
    gort_chan *c;
    gort_waitgroup all;
};

struct guest {
    struct party *party;
    int name;
};

static void meet_others(void *arg)
{
    const struct guest *g = arg;
    gort_chan *c = g->party->c;
    int out = g->name;

    for (int i = 0; i < MEETINGS; i++) {
        int in = -1;
        gort_case sends_first[] = {GORT_SEND(c, &out), GORT_RECV(c, &in)};
        gort_case receives_first[] = {GORT_RECV(c, &in), GORT_SEND(c, &out)};

        gort_select(i % 2 == 0 ? sends_first : receives_first, 2);
        EXPECT(gort_chan_cap(c) > 0 || in != g->name, "%d received its own", g->name);
    }
}

/* Two that take part in as many meetings each, so that none is left alone. */
static void expect_meetings(size_t capacity)
{
    struct party *p = gort_new(struct party);

    p->c = new_chan(capacity);
    for (int i = 0; i < 2; i++) {
        struct guest *g = gort_new(struct guest);

        *g = (struct guest){p, i};
        gort_waitgroup_go(&p->all, meet_others, g);
    }
    gort_waitgroup_wait(&p->all);
}

CLAIM(a_select_that_sends_and_receives_meets_others_only)
{
    expect_meetings(0);
    expect_meetings(10);
}

/* ---- order and number ----------------------------------------------------------------------- */

#define WAYS    4
#define NVALUES 300

struct mix {
    gort_chan *c[WAYS];
    bool in_order; /* one sends on each channel, one receives: values come in order */
    int first;     /* of the numbers that a select sends on each channel */
    _Atomic(int) next_sender;
    _Atomic(int) next_receiver;
    _Atomic(int) seen[WAYS][2 * NVALUES];
    gort_waitgroup all;
};

static int take_number(_Atomic(int) *next)
{
    return atomic_fetch_add_explicit(next, 1, memory_order_relaxed);
}

static void give_way_now_and_then(void)
{
    if (conform_random(8) == 0)
        gort_yield();
}

static void note(struct mix *m, int way, int got, int expected)
{
    if (m->in_order)
        EXPECT(got == expected, "channel %d: got %d, not %d", way, got, expected);
    else
        atomic_fetch_add_explicit(&m->seen[way][got], 1, memory_order_relaxed);
}

/* Whichever channel has room; one drops out after its last number. */
static void send_on_all(void *arg)
{
    struct mix *m = arg;
    int next[WAYS];
    gort_case cases[WAYS];

    for (int k = 0; k < WAYS; k++) {
        next[k] = m->first;
        cases[k] = (gort_case)GORT_SEND(m->c[k], &next[k]);
    }
    for (int i = 0; i < WAYS * NVALUES; i++) {
        int at = gort_select(cases, WAYS);

        if (++next[at] == m->first + NVALUES)
            cases[at].c = NULL;
        give_way_now_and_then();
    }
}

static void recv_on_all(void *arg)
{
    struct mix *m = arg;
    int ngot[WAYS] = {0};
    int got = 0;
    gort_case cases[WAYS];

    for (int k = 0; k < WAYS; k++)
        cases[k] = (gort_case)GORT_RECV(m->c[k], &got);
    for (int i = 0; i < WAYS * NVALUES; i++) {
        int at = gort_select(cases, WAYS);

        note(m, at, got, ngot[at]);
        if (++ngot[at] == NVALUES)
            cases[at].c = NULL;
        give_way_now_and_then();
    }
}

static void send_on_one(void *arg)
{
    struct mix *m = arg;
    gort_chan *c = m->c[take_number(&m->next_sender)];

    for (int i = 0; i < NVALUES; i++) {
        gort_send(c, &i);
        give_way_now_and_then();
    }
}

static void recv_on_one(void *arg)
{
    struct mix *m = arg;
    int way = take_number(&m->next_receiver);

    for (int i = 0; i < NVALUES; i++) {
        int got = 0;

        gort_recv(m->c[way], &got);
        note(m, way, got, i);
        give_way_now_and_then();
    }
}

static void start(struct mix *m, void (*on_one)(void *arg), void (*on_all)(void *arg))
{
    for (int i = 0; on_one != NULL && i < WAYS; i++)
        gort_waitgroup_go(&m->all, on_one, m);
    if (on_all != NULL)
        gort_waitgroup_go(&m->all, on_all, m);
}

static struct mix *mix_new(size_t capacity)
{
    struct mix *m = gort_new(struct mix);

    for (int k = 0; k < WAYS; k++)
        m->c[k] = new_chan(capacity);
    m->in_order = true;
    return m;
}

CLAIM(values_keep_their_order_through_selects_at_either_end)
{
    static const size_t capacities[] = {0, 1, 10};

    for (int i = 0; i < 3; i++) {
        struct mix *to_all = mix_new(capacities[i]);
        struct mix *from_all = mix_new(capacities[i]);
        struct mix *both = mix_new(capacities[i]);

        start(to_all, send_on_one, recv_on_all);
        start(from_all, recv_on_one, send_on_all);
        start(both, NULL, send_on_all);
        start(both, NULL, recv_on_all);
        gort_waitgroup_wait(&to_all->all);
        gort_waitgroup_wait(&from_all->all);
        gort_waitgroup_wait(&both->all);
    }
}

CLAIM(selects_and_plain_operations_share_channels_without_loss)
{
    struct mix *m = mix_new(0);

    m->in_order = false;
    m->first = NVALUES; /* the plain ones send those below */
    m->c[2] = new_chan(2);
    m->c[3] = new_chan(3);
    start(m, send_on_one, send_on_all);
    start(m, recv_on_one, recv_on_all);
    gort_waitgroup_wait(&m->all);
    for (int k = 0; k < WAYS; k++)
        for (int i = 0; i < 2 * NVALUES; i++)
            EXPECT(m->seen[k][i] == 1, "channel %d: value %d came %d times", k, i, m->seen[k][i]);
}

/* ---- what is left behind -------------------------------------------------------------------- */

#define NSELECTS 3000
#define NCASES   12 /* more than there is room for on the stack */

static void send_some(void *arg)
{
    gort_chan *c = arg;

    for (int i = 0; i < NSELECTS; i++)
        gort_send(c, &i);
}

static uint64_t objects_after_selects(gort_chan *idle)
{
    gort_chan *c = new_chan(0);
    gort_case cases[NCASES];
    gort_memstats m;
    int v;

    for (int k = 0; k < NCASES; k++)
        cases[k] = (gort_case)GORT_RECV(idle, &v);
    cases[NCASES / 2].c = c;
    gort_go(send_some, c);
    for (int i = 0; i < NSELECTS; i++)
        gort_select(cases, i % 2 == 0 ? NCASES : NCASES / 2 + 1);
    gort_gc();
    gort_read_memstats(&m);
    return m.heap_objects;
}

CLAIM(selects_leave_nothing_in_the_heap_or_in_the_channels_that_they_did_not_use)
{
    gort_chan *idle = new_chan(0);
    uint64_t once = objects_after_selects(idle);
    uint64_t twice = objects_after_selects(idle);
    int v = 1;

    EXPECT(twice < once + NSELECTS / 10, "%llu objects more", (unsigned long long)(twice - once));
    EXPECT(gort_try_send(idle, &v) == GORT_EWOULDBLOCK, "a waiter was left");
}
