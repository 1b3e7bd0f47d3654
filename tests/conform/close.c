/* SPDX-License-Identifier: MIT */
/* close.c - the ends of a wait on a channel: closing, nil channels, deadlines. */
#include "config.h"

#include <stdatomic.h>

#include "runtime/timer.h"
#include "tests/support/conform.h"
#include "tests/support/probe.h"

/* ---- closing -------------------------------------------------------------------------------- */

CLAIM(a_closed_channel_is_drained_first)
{
    gort_chan *c = gort_chan_new(sizeof(int), 5);
    int got = -1;

    for (int i = 1; i <= 3; i++)
        gort_send(c, &i);
    gort_close(c);
    for (int i = 1; i <= 3; i++)
        EXPECT(gort_recv(c, &got) == 1 && got == i, "got %d, not %d", got, i);
    EXPECT(gort_recv(c, &got) == 0 && got == 0, "got %d behind the end", got);
    got = 9;
    EXPECT(gort_try_recv(c, &got) == 0 && got == 0, "tried: got %d behind the end", got);
    EXPECT(gort_recv(c, NULL) == 0, "without a place");
}

CLAIM(closing_wakes_every_receiver_with_zero)
{
    gort_chan *c = gort_chan_new(sizeof(int), 0);
    struct probe p[10] = {{0}};

    for (int i = 0; i < 10; i++) {
        p[i] = (struct probe){.c = c, .got = 77, .rc = 77};
        gort_go(probe_recv, &p[i]);
    }
    UNTIL_PARKED(10, PARKED_RECV);
    gort_close(c);
    for (int i = 0; i < 10; i++) {
        EVENTUALLY(probe_is_done(&p[i]), "receiver %d waits", i);
        EXPECT(p[i].rc == 0 && p[i].got == 0, "receiver %d: %d, got %d", i, p[i].rc, p[i].got);
    }
}

static gort_chan *closed_chan(size_t capacity)
{
    gort_chan *c = gort_chan_new(sizeof(int), capacity);

    gort_close(c);
    return c;
}

static const int zero;

ENDS(send_on_a_closed_channel, 2, "fatal error: gort_send: send on closed channel")
{
    gort_send(closed_chan(1), &zero);
}

ENDS(try_send_on_a_closed_channel, 2, "fatal error: gort_try_send: send on closed channel")
{
    EXPECT(gort_try_send(closed_chan(0), &zero) == 77, "returned");
}

ENDS(send_by_on_a_closed_channel, 2, "fatal error: gort_send_by: send on closed channel")
{
    EXPECT(gort_send_by(closed_chan(0), &zero, gort_in(GORT_S)) == 77, "returned");
}

static void close_when_parked(void *arg)
{
    UNTIL_PARKED(1, PARKED_SEND);
    gort_close(arg);
}

ENDS(a_channel_closed_under_a_waiting_sender, 2, "fatal error: gort_send: send on closed channel")
{
    gort_chan *c = gort_chan_new(sizeof(int), 0);

    gort_go(close_when_parked, c);
    gort_send(c, &zero);
}

ENDS(closing_twice, 2, "fatal error: gort_close: close of closed channel")
{
    gort_close(closed_chan(0));
}

ENDS(closing_nil, 2, "fatal error: gort_close: close of nil channel")
{
    gort_close(NULL);
}

ENDS(elements_too_large, 2, "fatal error: gort_chan_new: elements of 65537 bytes, above 65536")
{
    gort_chan_new(65537, 0);
}

ENDS(a_buffer_too_large, 2, "fatal error: gort_chan_new: capacity 4611686018427387904 out of range")
{
    gort_chan_new(8, (size_t)1 << 62);
}

/* ---- nil ------------------------------------------------------------------------------------ */

CLAIM(a_nil_channel_is_never_ready)
{
    int v = 1;
    int64_t at_ns = gort_in(2 * GORT_MS);

    EXPECT(gort_try_send(NULL, &v) == GORT_EWOULDBLOCK, "tried to send");
    EXPECT(gort_try_recv(NULL, &v) == GORT_EWOULDBLOCK, "tried to receive");
    EXPECT(gort_recv_by(NULL, &v, at_ns) == GORT_ETIMEDOUT, "received");
    EXPECT(gort_now() >= at_ns, "before the deadline");
    EXPECT(gort_send_by(NULL, &v, gort_in(GORT_MS)) == GORT_ETIMEDOUT, "sent");
}

ENDS(a_nil_channel_blocks_a_receiver_for_ever, 2, "chan receive (nil chan)")
{
    gort_recv(NULL, NULL);
}

ENDS(a_nil_channel_blocks_a_sender_for_ever, 2, "chan send (nil chan)")
{
    gort_send(NULL, &zero);
}

/* ---- deadlines ------------------------------------------------------------------------------ */

CLAIM(a_receive_gives_up_at_its_deadline_not_before)
{
    gort_chan *c = gort_chan_new(sizeof(int), 0);
    int64_t at_ns = gort_in(3 * GORT_MS);
    int v = 5;

    EXPECT(gort_recv_by(c, &v, at_ns) == GORT_ETIMEDOUT, "received of nobody");
    EXPECT(gort_now() >= at_ns, "%lld ns early", (long long)(at_ns - gort_now()));
    EXPECT(v == 5, "wrote %d", v);
    EXPECT(gort_try_send(c, &v) == GORT_EWOULDBLOCK, "it left a waiter behind");
}

CLAIM(a_send_gives_up_at_its_deadline)
{
    gort_chan *c = gort_chan_new(sizeof(int), 1);
    int v = 1;

    EXPECT(gort_send_by(c, &v, 0) == GORT_OK, "room, whatever the deadline");
    EXPECT(gort_send_by(c, &v, gort_in(2 * GORT_MS)) == GORT_ETIMEDOUT, "room in a full one");
    EXPECT(gort_try_recv(c, &v) == 1, "nothing came");
    EXPECT(gort_try_recv(c, &v) == GORT_EWOULDBLOCK, "the one that gave up was sent");
    EXPECT(gort_recv_by(c, &v, 0) == GORT_ETIMEDOUT, "a deadline in the past");
}

static void send_soon(void *arg)
{
    struct probe *p = arg;

    UNTIL_PARKED(1, PARKED_RECV);
    probe_send(p);
}

CLAIM(a_value_in_time_disarms_the_deadline)
{
    struct probe p = {.c = gort_chan_new(sizeof(int), 0), .number = 6};
    int v = 0;

    gort_go(send_soon, &p);
    EXPECT(gort_recv_by(p.c, &v, gort_in(GORT_S * 1000)) == 1 && v == 6, "got %d", v);
    EVENTUALLY(probe_is_done(&p), "the sender still waits");
    EVENTUALLY(timers_active() == 0, "%zu timers armed", timers_active());
}

static void close_when_receiver_parked(void *arg)
{
    UNTIL_PARKED(1, PARKED_RECV);
    gort_close(arg);
}

CLAIM(closing_ends_a_wait_with_a_deadline)
{
    gort_chan *c = gort_chan_new(sizeof(int), 0);
    int v = 1;

    gort_go(close_when_receiver_parked, c);
    EXPECT(gort_recv_by(c, &v, gort_in(GORT_S * 1000)) == 0 && v == 0, "got %d", v);
    EVENTUALLY(timers_active() == 0, "%zu timers armed", timers_active());
}

/* Deadlines that pass just as values come: each value arrives exactly once, or is not sent. */
struct race_round {
    gort_chan *c;
    int64_t at_ns;
    int sent;
    _Atomic(int) done;
};

static void send_against_deadline(void *arg)
{
    struct race_round *r = arg;
    int v = 1;

    r->sent = gort_send_by(r->c, &v, r->at_ns);
    atomic_store_explicit(&r->done, 1, memory_order_release);
}

CLAIM(a_deadline_and_a_value_at_once_agree)
{
    for (int i = 0; i < 300; i++) {
        struct race_round r = {.c = gort_chan_new(sizeof(int), 0)};
        int received;
        int v = 0;

        r.at_ns = gort_in(200 * GORT_US);
        gort_go(send_against_deadline, &r);
        gort_sleep_until(r.at_ns + (int64_t)conform_random(100) * GORT_US - 60 * GORT_US);
        received = gort_recv_by(r.c, &v, r.at_ns + (int64_t)conform_random(40) * GORT_US);
        EVENTUALLY(atomic_load_explicit(&r.done, memory_order_acquire), "the sender waits");
        EXPECT((r.sent == GORT_OK) == (received == 1), "sent %d, received %d", r.sent, received);
    }
}
