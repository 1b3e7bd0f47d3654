/* SPDX-License-Identifier: MIT */
/* netdeadline.c - what deadlines of sockets leave alone: other calls, the data, the connection. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/conform.h"
#include "tests/support/netpair.h"

#define BYTES 400

static unsigned char byte_at(int i)
{
    return (unsigned char)(i * 31 + i / 256);
}

/* ---- reading -------------------------------------------------------------------------------- */

CLAIM(what_is_there_is_read_even_after_the_deadline)
{
    struct pair p = tcp_pair();
    char c = 0;

    EXPECT(gort_write(p.far, "xy", 2) == 2, "write");
    EXPECT(gort_read_by(p.near, &c, 1, gort_in(10 * GORT_S)) == 1 && c == 'x', "got %d", c);
    EXPECT(gort_read_by(p.near, &c, 1, INT64_MIN) == 1 && c == 'y', "got %d", c);
    EXPECT(gort_read_by(p.near, &c, 1, INT64_MIN) == GORT_ETIMEDOUT, "more than was written");
    close_pair(p);
}

static void write_bit_by_bit(void *arg)
{
    gort_conn *c = arg;

    for (int i = 0; i < BYTES; i++) {
        unsigned char byte = byte_at(i);

        EXPECT(gort_write(c, &byte, 1) == 1, "byte %d is not written", i);
        if (conform_random(4) == 0)
            gort_sleep(conform_random(50) * GORT_US);
    }
    EXPECT(gort_conn_shutdown(c) == GORT_OK, "shutdown");
}

/* Deadlines come at any moment beside the data: before, with and after it. */
CLAIM(no_byte_is_lost_or_doubled_by_reads_that_give_up)
{
    struct pair p = tcp_pair();
    int64_t by_ns = gort_in(20 * GORT_S);
    unsigned char buf[7];
    int64_t n = 1;
    int got = 0;

    gort_go(write_bit_by_bit, p.far);
    while (n != 0 && gort_now() < by_ns) {
        n = gort_read_by(p.near, buf, sizeof buf, gort_in(conform_random(60) * GORT_US));
        EXPECT(n >= 0 || n == GORT_ETIMEDOUT, "%s", gort_strerror((int)n));
        for (int64_t i = 0; i < n; i++, got++)
            EXPECT(buf[i] == byte_at(got), "byte %d is %d", got, buf[i]);
    }
    EXPECT(n == 0 && got == BYTES, "%d of %d bytes", got, BYTES);
    close_pair(p);
}

CLAIM(a_deadline_that_does_not_come_is_no_limit)
{
    gort_listener *l = listen_on("127.0.0.1:0");
    gort_conn *near;
    gort_conn *far;
    char c = 0;
    int rc = gort_dial_by(address_of(l, "127.0.0.1"), &near, GORT_FOREVER);

    EXPECT(rc == GORT_OK, "dial: %s", gort_strerror(rc));
    rc = gort_accept_by(l, &far, GORT_FOREVER);
    EXPECT(rc == GORT_OK, "accept: %s", gort_strerror(rc));
    EXPECT(gort_write_by(near, "x", 1, GORT_FOREVER) == 1, "write");
    EXPECT(gort_read_by(far, &c, 1, gort_in(INT64_MAX)) == 1 && c == 'x', "got %d", c);
    close_pair((struct pair){near, far});
    gort_listener_close(l);
}

/* ---- each call its own ---------------------------------------------------------------------- */

struct call {
    gort_conn *c;
    gort_listener *l;
    int64_t deadline_ns;
    int64_t result;
    int64_t ended_ns;
    gort_waitgroup wg;
};

static void read_one(void *arg)
{
    struct call *call = arg;
    char c;

    call->result = gort_read_by(call->c, &c, 1, call->deadline_ns);
    call->ended_ns = gort_now();
}

static void accept_one(void *arg)
{
    struct call *call = arg;
    gort_conn *c;

    call->result = gort_accept_by(call->l, &c, call->deadline_ns);
    call->ended_ns = gort_now();
    if (call->result == GORT_OK)
        gort_conn_close(c);
}

CLAIM(a_reader_that_gives_up_leaves_the_writer_alone)
{
    struct pair p = tcp_pair();
    struct call *call = gort_new(struct call);
    char *buf = gort_alloc_noscan(4 << 20);
    int64_t n = 0;

    call->c = p.near;
    call->deadline_ns = gort_in(2 * GORT_MS);
    gort_waitgroup_go(&call->wg, read_one, call);
    /* Until nothing fits any more: this one waits beside the reader. */
    while (n >= 0)
        n = gort_write_by(p.near, buf, 4 << 20, gort_in(5 * GORT_MS));
    gort_waitgroup_wait(&call->wg);
    EXPECT(call->result == GORT_ETIMEDOUT, "read: %s", gort_strerror((int)call->result));
    EXPECT(call->ended_ns >= call->deadline_ns, "read gave up early");
    EXPECT(n == GORT_ETIMEDOUT, "write: %s", gort_strerror((int)n));
    close_pair(p);
}

/* Only one of two readers is in the socket; the other waits for its turn, and for its deadline. */
CLAIM(who_waits_for_its_turn_gives_up_at_its_own_deadline)
{
    struct pair p = tcp_pair();
    struct call *first = gort_new(struct call);
    char c;
    int64_t at_ns;

    first->c = p.near;
    first->deadline_ns = gort_in(3600 * GORT_S);
    gort_waitgroup_go(&first->wg, read_one, first);
    UNTIL_PARKED(1, PARKED_IO);
    at_ns = gort_in(2 * GORT_MS);
    EXPECT(gort_read_by(p.near, &c, 1, at_ns) == GORT_ETIMEDOUT, "read something");
    EXPECT(gort_now() >= at_ns, "%lld ns early", (long long)(at_ns - gort_now()));
    EXPECT(gort_write(p.far, "x", 1) == 1, "write");
    gort_waitgroup_wait(&first->wg);
    EXPECT(first->result == 1, "first: %s", gort_strerror((int)first->result));
    close_pair(p);
}

CLAIM(an_accept_that_gave_up_takes_no_connection_from_the_next)
{
    gort_listener *l = listen_on("127.0.0.1:0");
    const char *address = address_of(l, "127.0.0.1");

    for (int i = 0; i < 20; i++) {
        struct call *call = gort_new(struct call);
        gort_conn *near;
        gort_conn *far;
        int rc;

        call->l = l;
        call->deadline_ns = gort_in(conform_random(100) * GORT_US);
        gort_waitgroup_go(&call->wg, accept_one, call);
        rc = gort_dial(address, &near);
        EXPECT(rc == GORT_OK, "dial %d: %s", i, gort_strerror(rc));
        gort_waitgroup_wait(&call->wg);
        if (call->result == GORT_ETIMEDOUT) {
            rc = gort_accept_by(l, &far, gort_in(10 * GORT_S));
            EXPECT(rc == GORT_OK, "accept %d: %s", i, gort_strerror(rc));
            gort_conn_close(far);
        } else {
            EXPECT(call->result == GORT_OK, "%s", gort_strerror((int)call->result));
        }
        gort_conn_close(near);
    }
    gort_listener_close(l);
}

/* ---- closing -------------------------------------------------------------------------------- */

/* Its timer fires about when the close wakes it: one of both it is, and nothing comes after. */
CLAIM(a_close_and_a_deadline_agree_on_one_end)
{
    for (int i = 0; i < 40; i++) {
        struct pair p = tcp_pair();
        struct call *call = gort_new(struct call);

        call->c = p.near;
        call->deadline_ns = gort_in(conform_random(200) * GORT_US);
        gort_waitgroup_go(&call->wg, read_one, call);
        gort_sleep(conform_random(200) * GORT_US);
        close_pair(p);
        gort_waitgroup_wait(&call->wg);
        EXPECT(call->result == GORT_ECLOSED || call->result == GORT_ETIMEDOUT ||
                   call->result == 0 || call->result == GORT_ERESET,
               "round %d: %s", i, gort_strerror((int)call->result));
    }
}
