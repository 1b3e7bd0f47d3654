/* SPDX-License-Identifier: MIT */
/* netclose.c - the life of connections: closing under whoever waits, descriptors that are used
 * again, what keeps an open connection alive. */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/conform.h"
#include "tests/support/netpair.h"

#define LARGE_BYTES (4u << 20)

/* ---- closing under whoever waits ------------------------------------------------------------ */

struct waiter {
    gort_conn *c;
    gort_listener *l;
    int64_t result;
    _Atomic(int) done;
};

static void wait_reading(void *arg)
{
    struct waiter *w = arg;
    char c;

    w->result = gort_read(w->c, &c, 1);
    atomic_store_explicit(&w->done, 1, memory_order_release);
}

static void wait_writing(void *arg)
{
    struct waiter *w = arg;
    char *buf = gort_alloc_noscan(LARGE_BYTES);

    do
        w->result = gort_write(w->c, buf, LARGE_BYTES);
    while (w->result >= 0);
    atomic_store_explicit(&w->done, 1, memory_order_release);
}

static void wait_accepting(void *arg)
{
    struct waiter *w = arg;

    w->result = gort_accept(w->l, &w->c);
    atomic_store_explicit(&w->done, 1, memory_order_release);
}

static void expect_closed(struct waiter *w, const char *what)
{
    EVENTUALLY(atomic_load_explicit(&w->done, memory_order_acquire), "%s still waits", what);
    EXPECT(w->result == GORT_ECLOSED, "%s: %s", what, gort_strerror((int)w->result));
}

CLAIM(closing_wakes_reader_and_writer)
{
    struct pair p = tcp_pair();
    struct waiter reader = {.c = p.near};
    struct waiter second = {.c = p.near};
    struct waiter writer = {.c = p.near};
    char c;

    gort_go(wait_reading, &reader);
    UNTIL_PARKED(1, PARKED_IO);
    gort_go(wait_reading, &second);
    gort_go(wait_writing, &writer);
    UNTIL_PARKED(3, PARKED_IO);
    gort_conn_close(p.near);
    expect_closed(&reader, "reader");
    expect_closed(&second, "second reader");
    expect_closed(&writer, "writer");
    EXPECT(gort_read(p.near, &c, 1) == GORT_ECLOSED, "read of a closed one");
    EXPECT(gort_write(p.near, "x", 1) == GORT_ECLOSED, "write to a closed one");
    gort_conn_close(p.near);
    gort_conn_close(p.far);
}

CLAIM(closing_wakes_all_who_accept)
{
    gort_listener *l = listen_on("127.0.0.1:0");
    struct waiter w[3] = {{.l = l}, {.l = l}, {.l = l}};
    gort_conn *c;

    for (int i = 0; i < 3; i++)
        gort_go(wait_accepting, &w[i]);
    UNTIL_PARKED(3, PARKED_IO);
    gort_listener_close(l);
    for (int i = 0; i < 3; i++)
        expect_closed(&w[i], "acceptor");
    EXPECT(gort_accept(l, &c) == GORT_ECLOSED, "accept on a closed one");
}

/* Descriptors are used again at once: no wait may see an event of the one before. */
CLAIM(a_descriptor_that_is_used_again_starts_afresh)
{
    for (int i = 0; i < 50; i++) {
        struct pair p = tcp_pair();
        char c = 0;

        EXPECT(gort_write(p.far, "a", 1) == 1, "write");
        if (i % 2 == 0)
            EXPECT(gort_read(p.near, &c, 1) == 1 && c == 'a', "got %d", c);
        if (i % 3 == 0)
            EXPECT(gort_read_by(p.far, &c, 1, gort_in(50 * GORT_US)) == GORT_ETIMEDOUT,
                   "something came");
        close_pair(p);
    }
}

CLAIM(a_closed_connection_does_not_disturb_the_next_with_its_descriptor)
{
    struct pair old = tcp_pair();
    struct pair p;
    struct waiter reader = {0};
    char c;

    close_pair(old);
    p = tcp_pair();
    reader.c = p.near;
    gort_go(wait_reading, &reader);
    UNTIL_PARKED(1, PARKED_IO);
    EXPECT(gort_read(old.near, &c, 1) == GORT_ECLOSED, "read of a closed one");
    EXPECT(gort_read(old.far, &c, 1) == GORT_ECLOSED, "read of a closed one");
    EXPECT(gort_conn_shutdown(old.near) == GORT_ECLOSED, "shutdown of a closed one");
    EXPECT(gort_write(p.far, "x", 1) == 1, "write");
    EVENTUALLY(atomic_load_explicit(&reader.done, memory_order_acquire), "the reader waits");
    EXPECT(reader.result == 1, "%s", gort_strerror((int)reader.result));
    close_pair(p);
}

/* ---- what keeps it alive -------------------------------------------------------------------- */

CLAIM(an_open_connection_is_kept_wherever_it_is_noted)
{
    struct pair *noted = malloc(sizeof *noted); /* the collector does not look there */
    char c = 0;

    *noted = tcp_pair();
    for (int i = 0; i < 3; i++) {
        gort_gc();
        for (int k = 0; k < 100; k++)
            gort_alloc_noscan(256);
    }
    EXPECT(gort_write(noted->near, "k", 1) == 1, "can't write");
    EXPECT(gort_read(noted->far, &c, 1) == 1 && c == 'k', "got %d", c);
    close_pair(*noted);
    free(noted);
}

CLAIM(who_waits_for_the_network_is_no_deadlock)
{
    struct pair p = tcp_pair();
    struct waiter reader = {.c = p.near};
    int fd = dup(gort_conn_fd(p.far));

    gort_go(wait_reading, &reader);
    UNTIL_PARKED(1, PARKED_IO);
    gort_sleep(5 * GORT_MS);
    EXPECT(write(fd, "x", 1) == 1, "errno %d", errno);
    EVENTUALLY(atomic_load_explicit(&reader.done, memory_order_acquire), "still waits");
    close(fd);
    close_pair(p);
}
