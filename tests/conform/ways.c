/* SPDX-License-Identifier: MIT */
/* ways.c - a channel looks the same by whatever way one sends to it or receives from it: by itself,
 * tried, with a deadline, with a context, or as one case of a select among others. Each way is
 * tried on a channel in each of its states. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/conform.h"

#define NOT_NOW      (-1) /* what a way returns that would have to wait, and does not */
#define UNTOUCHED    77
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static gort_chan *silent; /* nobody sends to it */
static gort_chan *deaf;   /* nobody receives from it */

struct way {
    const char *name;
    int (*go)(gort_chan *c, int *value);
    bool waits;
    enum conform_wait parked_for; /* of those that wait */
};

static gort_chan *new_chan(size_t capacity)
{
    return gort_chan_new(sizeof(int), capacity);
}

static void make_others(void)
{
    silent = new_chan(0);
    deaf = new_chan(0);
}

static int not_now_if(int rc, int would_wait)
{
    return rc == would_wait ? NOT_NOW : rc;
}

/* ---- receiving: 1 a value, 0 closed, or NOT_NOW ------------------------------------------------
 */

static int recv_plainly(gort_chan *c, int *value)
{
    return gort_recv(c, value);
}

static int recv_tried(gort_chan *c, int *value)
{
    return not_now_if(gort_try_recv(c, value), GORT_EWOULDBLOCK);
}

static int recv_in_time(gort_chan *c, int *value)
{
    return gort_recv_by(c, value, gort_in(100 * GORT_S));
}

static int recv_too_late(gort_chan *c, int *value)
{
    return not_now_if(gort_recv_by(c, value, 0), GORT_ETIMEDOUT);
}

static int recv_in_context(gort_chan *c, int *value)
{
    return gort_recv_ctx(c, value, gort_ctx_background());
}

static int recv_as_a_case(gort_chan *c, int *value)
{
    gort_case cases[] = {GORT_RECV(c, value)};

    gort_select(cases, 1);
    return cases[0].ok;
}

static int recv_or_default(gort_chan *c, int *value)
{
    gort_case cases[] = {GORT_RECV(c, value), GORT_DEFAULT};

    return gort_select(cases, 2) == 0 ? cases[0].ok : NOT_NOW;
}

static int recv_among_others(gort_chan *c, int *value)
{
    int other = UNTOUCHED;
    gort_case cases[] = {GORT_RECV(silent, &other), GORT_RECV(c, value), GORT_SEND(deaf, &other)};
    int at = gort_select(cases, 3);

    EXPECT(at == 1 && other == UNTOUCHED, "chose %d, the other value is %d", at, other);
    return cases[1].ok;
}

static int recv_among_others_or_default(gort_chan *c, int *value)
{
    int other = UNTOUCHED;
    gort_case cases[] = {GORT_DEFAULT, GORT_RECV(silent, &other), GORT_RECV(c, value)};
    int at = gort_select(cases, 3);

    EXPECT(at != 1 && other == UNTOUCHED, "chose %d, the other value is %d", at, other);
    return at == 2 ? cases[2].ok : NOT_NOW;
}

static int recv_or_passed_deadline(gort_chan *c, int *value)
{
    gort_case cases[] = {GORT_DEADLINE(0), GORT_RECV(c, value), GORT_RECV(silent, NULL)};

    return gort_select(cases, 3) == 1 ? cases[1].ok : NOT_NOW;
}

static const struct way receiving[] = {
    {"plainly", recv_plainly, true, PARKED_RECV},
    {"tried", recv_tried, .waits = false},
    {"in time", recv_in_time, true, PARKED_RECV},
    {"too late", recv_too_late, .waits = false},
    {"in a context", recv_in_context, true, PARKED_SELECT},
    {"as a case", recv_as_a_case, true, PARKED_SELECT},
    {"or default", recv_or_default, .waits = false},
    {"among others", recv_among_others, true, PARKED_SELECT},
    {"among others or default", recv_among_others_or_default, .waits = false},
    {"or a passed deadline", recv_or_passed_deadline, .waits = false},
};

/* ---- sending: 1 it is sent, or NOT_NOW --------------------------------------------------------
 */

static int send_plainly(gort_chan *c, int *value)
{
    gort_send(c, value);
    return 1;
}

static int send_tried(gort_chan *c, int *value)
{
    return gort_try_send(c, value) == GORT_OK ? 1 : NOT_NOW;
}

static int send_in_time(gort_chan *c, int *value)
{
    return gort_send_by(c, value, gort_in(100 * GORT_S)) == GORT_OK ? 1 : NOT_NOW;
}

static int send_too_late(gort_chan *c, int *value)
{
    return gort_send_by(c, value, 0) == GORT_OK ? 1 : NOT_NOW;
}

static int send_in_context(gort_chan *c, int *value)
{
    return gort_send_ctx(c, value, gort_ctx_background()) == GORT_OK ? 1 : NOT_NOW;
}

static int send_as_a_case(gort_chan *c, int *value)
{
    gort_case cases[] = {GORT_SEND(c, value)};

    return gort_select(cases, 1) == 0 ? 1 : NOT_NOW;
}

static int send_or_default(gort_chan *c, int *value)
{
    gort_case cases[] = {GORT_DEFAULT, GORT_SEND(c, value)};

    return gort_select(cases, 2) == 1 ? 1 : NOT_NOW;
}

static int send_among_others(gort_chan *c, int *value)
{
    int other = UNTOUCHED;
    gort_case cases[] = {GORT_SEND(deaf, &other), GORT_RECV(silent, &other), GORT_SEND(c, value)};
    int at = gort_select(cases, 3);

    EXPECT(at == 2 && other == UNTOUCHED, "chose %d, the other value is %d", at, other);
    return 1;
}

static int send_among_others_or_default(gort_chan *c, int *value)
{
    gort_case cases[] = {GORT_SEND(c, value), GORT_SEND(deaf, value), GORT_DEFAULT};

    return gort_select(cases, 3) == 0 ? 1 : NOT_NOW;
}

static const struct way sending[] = {
    {"plainly", send_plainly, true, PARKED_SEND},
    {"tried", send_tried, .waits = false},
    {"in time", send_in_time, true, PARKED_SEND},
    {"too late", send_too_late, .waits = false},
    {"in a context", send_in_context, true, PARKED_SELECT},
    {"as a case", send_as_a_case, true, PARKED_SELECT},
    {"or default", send_or_default, .waits = false},
    {"among others", send_among_others, true, PARKED_SELECT},
    {"among others or default", send_among_others_or_default, .waits = false},
};

/* ---- states -------------------------------------------------------------------------------- */

static void fill(gort_chan *c, int n)
{
    for (int i = 1; i <= n; i++)
        gort_send(c, &i);
}

/* What is left of N values comes first, then zeroes without end. */
static void expect_drained(const struct way *way, size_t capacity, int n)
{
    gort_chan *c = new_chan(capacity);

    fill(c, n);
    gort_close(c);
    for (int i = 1; i <= n + 3; i++) {
        int value = UNTOUCHED;
        int rc = way->go(c, &value);
        int left = i <= n;

        EXPECT(rc == left && value == (left ? i : 0), "%s, receive %d of %d: %d, got %d", way->name,
               i, n, rc, value);
    }
}

CLAIM(a_closed_channel_is_drained_and_then_gives_zero_by_any_way)
{
    make_others();
    for (size_t i = 0; i < COUNT(receiving); i++) {
        expect_drained(&receiving[i], 0, 0);
        expect_drained(&receiving[i], 3, 0);
        expect_drained(&receiving[i], 3, 2);
        expect_drained(&receiving[i], 3, 3);
    }
}

CLAIM(the_oldest_value_is_received_by_any_way)
{
    make_others();
    for (size_t i = 0; i < COUNT(receiving); i++) {
        gort_chan *c = new_chan(3);

        fill(c, 3);
        for (int k = 1; k <= 3; k++) {
            int value = UNTOUCHED;
            int rc = receiving[i].go(c, &value);

            EXPECT(rc == 1 && value == k, "%s: %d, got %d, not %d", receiving[i].name, rc, value,
                   k);
        }
        EXPECT(gort_chan_len(c) == 0, "%s: %zu left", receiving[i].name, gort_chan_len(c));
    }
}

CLAIM(what_has_room_takes_a_value_by_any_way)
{
    make_others();
    for (size_t i = 0; i < COUNT(sending); i++) {
        gort_chan *c = new_chan(2);

        for (int k = 1; k <= 2; k++) {
            int value = k;
            int rc = sending[i].go(c, &value);

            EXPECT(rc == 1 && value == k, "%s: %d, sent %d", sending[i].name, rc, value);
            EXPECT(gort_chan_len(c) == (size_t)k, "%s: %zu elements", sending[i].name,
                   gort_chan_len(c));
        }
    }
}

/* Nothing comes, nothing is left in a queue, the channel stays as it was. */
static void expect_nothing_from(gort_chan *c)
{
    int value;

    for (size_t i = 0; i < COUNT(receiving); i++) {
        const struct way *way = &receiving[i];

        if (way->waits)
            continue;
        value = UNTOUCHED;
        EXPECT(way->go(c, &value) == NOT_NOW && value == UNTOUCHED, "%s: got %d", way->name, value);
    }
    EXPECT(gort_chan_cap(c) > 0 || gort_try_send(c, &value) == GORT_EWOULDBLOCK, "one waits");
}

CLAIM(from_an_empty_or_nil_channel_nothing_comes_by_any_way_that_does_not_wait)
{
    make_others();
    expect_nothing_from(new_chan(0));
    expect_nothing_from(new_chan(2));
    expect_nothing_from(NULL);
}

static void expect_no_room_in(gort_chan *c)
{
    size_t length = gort_chan_len(c);
    int value = UNTOUCHED;

    for (size_t i = 0; i < COUNT(sending); i++)
        if (!sending[i].waits)
            EXPECT(sending[i].go(c, &value) == NOT_NOW, "%s: sent", sending[i].name);
    EXPECT(gort_chan_len(c) == length, "%zu elements, not %zu", gort_chan_len(c), length);
    EXPECT(length > 0 || gort_try_recv(c, &value) == GORT_EWOULDBLOCK, "one waits");
}

CLAIM(in_a_full_or_nil_channel_there_is_no_room_by_any_way_that_does_not_wait)
{
    gort_chan *full = new_chan(2);

    make_others();
    fill(full, 2);
    expect_no_room_in(new_chan(0));
    expect_no_room_in(full);
    expect_no_room_in(NULL);
}

/* ---- those that wait ----------------------------------------------------------------------- */

struct waiting {
    const struct way *way;
    gort_chan *c;
    int value;
    int rc;
    _Atomic(int) done;
};

static void go_that_way(void *arg)
{
    struct waiting *w = arg;

    w->rc = w->way->go(w->c, &w->value);
    atomic_store_explicit(&w->done, 1, memory_order_release);
}

/* W waits, then this task goes by WAY with MINE; the one of both that sends has 5. */
static void expect_met(struct waiting *w, const struct way *way, int mine)
{
    int rc;

    gort_go(go_that_way, w);
    UNTIL_PARKED(1, w->way->parked_for);
    rc = way->go(w->c, &mine);
    EVENTUALLY(atomic_load_explicit(&w->done, memory_order_acquire), "%s still waits",
               w->way->name);
    EXPECT(rc == 1 && w->rc == 1, "%s and %s: %d and %d", w->way->name, way->name, w->rc, rc);
    EXPECT(mine == 5 && w->value == 5, "%s and %s: %d and %d", w->way->name, way->name, w->value,
           mine);
}

CLAIM(who_waits_to_receive_is_met_by_any_way_of_sending)
{
    make_others();
    for (size_t i = 0; i < COUNT(receiving); i++) {
        for (size_t k = 0; receiving[i].waits && k < COUNT(sending); k++) {
            struct waiting w = {&receiving[i], new_chan(k % 2), .value = UNTOUCHED};

            expect_met(&w, &sending[k], 5);
        }
    }
}

CLAIM(who_waits_to_send_is_met_by_any_way_of_receiving)
{
    make_others();
    for (size_t i = 0; i < COUNT(sending); i++) {
        for (size_t k = 0; sending[i].waits && k < COUNT(receiving); k++) {
            struct waiting w = {&sending[i], new_chan(0), .value = 5};

            expect_met(&w, &receiving[k], UNTOUCHED);
        }
    }
}

CLAIM(who_waits_to_receive_is_woken_by_the_close_by_any_way)
{
    make_others();
    for (size_t i = 0; i < COUNT(receiving); i++) {
        struct waiting w = {&receiving[i], new_chan(i % 2), .value = UNTOUCHED};

        if (!w.way->waits)
            continue;
        gort_go(go_that_way, &w);
        UNTIL_PARKED(1, w.way->parked_for);
        gort_close(w.c);
        EVENTUALLY(atomic_load_explicit(&w.done, memory_order_acquire), "%s waits", w.way->name);
        EXPECT(w.rc == 0 && w.value == 0, "%s: %d, got %d", w.way->name, w.rc, w.value);
    }
}

/* ---- ends ----------------------------------------------------------------------------------- */

static gort_chan *full_and_closed(void)
{
    gort_chan *c = new_chan(1);

    fill(c, 1);
    gort_close(c);
    return c;
}

ENDS(trying_to_send_on_a_closed_channel_without_room, 2,
     "fatal error: gort_try_send: send on closed channel")
{
    int value = 1;

    EXPECT(send_tried(full_and_closed(), &value) == UNTOUCHED, "returned");
}

ENDS(a_default_does_not_save_from_a_closed_channel, 2,
     "fatal error: gort_select: send on closed channel")
{
    int value = 1;

    EXPECT(send_or_default(full_and_closed(), &value) == UNTOUCHED, "returned");
}

ENDS(a_context_does_not_save_from_a_closed_channel, 2, "send on closed channel")
{
    int value = 1;

    EXPECT(send_in_context(full_and_closed(), &value) == UNTOUCHED, "returned");
}

ENDS(cases_of_nil_channels_alone_block_for_ever, 2, "[select")
{
    int value = 1;
    gort_case cases[] = {GORT_RECV(NULL, &value), GORT_SEND(NULL, &value)};

    gort_select(cases, 2);
}
