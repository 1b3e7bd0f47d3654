/* SPDX-License-Identifier: MIT */
/* chan.c - channels behave as Go's. */
#include "config.h"

#include <stdatomic.h>
#include <string.h>

#include "tests/support/conform.h"
#include "tests/support/probe.h"

/* ---- order and blocking --------------------------------------------------------------------- */

static void send_numbers(void *arg)
{
    gort_chan *c = arg;

    for (int i = 0; i < 1000; i++)
        gort_send(c, &i);
    gort_close(c);
}

static void expect_numbers(size_t capacity)
{
    gort_chan *c = gort_chan_new(sizeof(int), capacity);
    int expected = 0;
    int got;

    gort_go(send_numbers, c);
    for (; gort_recv(c, &got) == 1; expected++)
        EXPECT(got == expected, "capacity %zu: got %d, not %d", capacity, got, expected);
    EXPECT(expected == 1000, "capacity %zu: %d values", capacity, expected);
}

CLAIM(values_come_in_the_order_in_which_they_were_sent)
{
    expect_numbers(0);
    expect_numbers(1);
    expect_numbers(10);
    expect_numbers(5000);
}

CLAIM(an_unbuffered_send_waits_for_its_receiver)
{
    struct probe p = {.c = gort_chan_new(sizeof(int), 0), .number = 7};
    int got = 0;

    gort_go(probe_send, &p);
    UNTIL_PARKED(1, PARKED_SEND);
    EXPECT(!probe_is_done(&p), "sent without a receiver");
    gort_recv(p.c, &got);
    EXPECT(got == 7, "got %d", got);
    EVENTUALLY(probe_is_done(&p), "the sender still waits");
}

CLAIM(a_buffered_send_waits_only_when_full)
{
    struct probe p = {.c = gort_chan_new(sizeof(int), 2), .number = 3};
    int one = 1;

    gort_send(p.c, &one);
    gort_send(p.c, &one);
    EXPECT(gort_chan_len(p.c) == 2, "len %zu", gort_chan_len(p.c));
    gort_go(probe_send, &p);
    UNTIL_PARKED(1, PARKED_SEND);
    EXPECT(!probe_is_done(&p), "a third fits into two");
    for (int i = 0; i < 2; i++)
        gort_recv(p.c, NULL);
    EVENTUALLY(probe_is_done(&p), "the sender still waits");
    EXPECT(gort_chan_len(p.c) == 1, "len %zu", gort_chan_len(p.c));
    gort_recv(p.c, &one);
    EXPECT(one == 3, "got %d", one);
}

CLAIM(receivers_are_served_first_come_first_served)
{
    gort_chan *c = gort_chan_new(sizeof(int), 0);
    struct probe p[5] = {{0}};

    for (int i = 0; i < 5; i++) {
        p[i].c = c;
        gort_go(probe_recv, &p[i]);
        UNTIL_PARKED(i + 1, PARKED_RECV);
    }
    for (int i = 0; i < 5; i++)
        gort_send(c, &i);
    for (int i = 0; i < 5; i++) {
        EVENTUALLY(probe_is_done(&p[i]), "receiver %d waits", i);
        EXPECT(p[i].got == i && p[i].rc == 1, "receiver %d got %d, %d", i, p[i].got, p[i].rc);
    }
}

static void expect_senders_in_order(size_t capacity)
{
    gort_chan *c = gort_chan_new(sizeof(int), capacity);
    struct probe p[6] = {{0}};

    for (int i = 0; i < 6; i++) {
        p[i] = (struct probe){.c = c, .number = i};
        gort_go(probe_send, &p[i]);
        UNTIL_PARKED(i < (int)capacity ? 0 : i + 1 - (int)capacity, PARKED_SEND);
        EVENTUALLY(i >= (int)capacity || probe_is_done(&p[i]), "sender %d waits", i);
    }
    for (int i = 0; i < 6; i++) {
        int got = -1;

        gort_recv(c, &got);
        EXPECT(got == i, "capacity %zu: got %d, not %d", capacity, got, i);
    }
    for (int i = 0; i < 6; i++)
        EVENTUALLY(probe_is_done(&p[i]), "sender %d waits", i);
}

CLAIM(senders_are_served_first_come_first_served)
{
    expect_senders_in_order(0);
    expect_senders_in_order(1);
    expect_senders_in_order(3);
}

/* ---- elements ------------------------------------------------------------------------------- */

struct sized {
    gort_chan *c;
    size_t bytes;
};

static void fill(unsigned char *elem, size_t bytes, int seed)
{
    for (size_t i = 0; i < bytes; i++)
        elem[i] = (unsigned char)((size_t)seed * 31 + i * 7);
}

static void send_sized(void *arg)
{
    const struct sized *s = arg;
    unsigned char *elem = gort_alloc(s->bytes + 1);

    for (int i = 0; i < 20; i++) {
        fill(elem, s->bytes, i);
        gort_send(s->c, elem);
    }
    gort_close(s->c);
}

static void expect_sized(size_t bytes, size_t capacity)
{
    struct sized s = {gort_chan_new(bytes, capacity), bytes};
    unsigned char *expected = gort_alloc(bytes + 1);
    unsigned char *got = gort_alloc(bytes + 1);
    int n = 0;

    got[bytes] = 0x5a; /* nothing is written behind the element */
    gort_go(send_sized, &s);
    for (; gort_recv(s.c, got) == 1; n++) {
        fill(expected, bytes, n);
        EXPECT(memcmp(got, expected, bytes) == 0, "%zu bytes: element %d differs", bytes, n);
    }
    EXPECT(n == 20, "%zu bytes: %d elements", bytes, n);
    EXPECT(got[bytes] == 0x5a, "%zu bytes: wrote behind the element", bytes);
    memset(expected, 0, bytes);
    EXPECT(memcmp(got, expected, bytes) == 0, "%zu bytes: not zeroed by a closed channel", bytes);
}

CLAIM(elements_of_any_size_arrive_whole)
{
    static const size_t sizes[] = {0, 1, 3, 7, 8, 9, 16, 100, 4096, 65536};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        expect_sized(sizes[i], 0);
        expect_sized(sizes[i], 3);
    }
}

GORT_CHAN(number, int)

CLAIM(the_typed_wrapper_is_a_channel_of_that_type)
{
    number_chan ch = number_chan_new(1);
    int got = 0;

    number_send(ch, 5);
    EXPECT(number_recv(ch, &got) == 1 && got == 5, "got %d", got);
    number_close(ch);
    EXPECT(number_recv(ch, &got) == 0 && got == 0, "got %d of a closed one", got);
}

CLAIM(length_and_capacity_are_told)
{
    gort_chan *c = gort_chan_new(4, 10);
    int v = 1;

    for (size_t i = 0; i < 10; i++) {
        EXPECT(gort_chan_len(c) == i, "len %zu, not %zu", gort_chan_len(c), i);
        gort_send(c, &v);
    }
    EXPECT(gort_chan_cap(c) == 10, "cap %zu", gort_chan_cap(c));
    EXPECT(gort_chan_len(NULL) == 0 && gort_chan_cap(NULL) == 0, "of NULL: not 0");
}

/* ---- without waiting ------------------------------------------------------------------------ */

CLAIM(trying_never_waits)
{
    gort_chan *c = gort_chan_new(sizeof(int), 1);
    gort_chan *u = gort_chan_new(sizeof(int), 0);
    int v = 4;

    EXPECT(gort_try_recv(c, &v) == GORT_EWOULDBLOCK, "received of an empty one");
    EXPECT(gort_try_send(c, &v) == GORT_OK, "no room in an empty one");
    EXPECT(gort_try_send(c, &v) == GORT_EWOULDBLOCK, "room in a full one");
    EXPECT(gort_try_recv(c, &v) == 1 && v == 4, "got %d", v);
    EXPECT(gort_try_send(u, &v) == GORT_EWOULDBLOCK, "sent to nobody");
    EXPECT(gort_try_recv(u, &v) == GORT_EWOULDBLOCK, "received of nobody");
}

CLAIM(trying_meets_whoever_waits)
{
    struct probe sender = {.c = gort_chan_new(sizeof(int), 0), .number = 8};
    struct probe receiver = {.c = gort_chan_new(sizeof(int), 0)};
    int v = 9;

    gort_go(probe_recv, &receiver);
    UNTIL_PARKED(1, PARKED_RECV);
    EXPECT(gort_try_send(receiver.c, &v) == GORT_OK, "a receiver waits");
    EVENTUALLY(probe_is_done(&receiver), "it still waits");
    EXPECT(receiver.got == 9, "got %d", receiver.got);
    gort_go(probe_send, &sender);
    UNTIL_PARKED(1, PARKED_SEND);
    EXPECT(gort_try_recv(sender.c, &v) == 1 && v == 8, "got %d", v);
    EVENTUALLY(probe_is_done(&sender), "it still waits");
}

/* ---- many ----------------------------------------------------------------------------------- */

#define NVALUES 4000

struct crowd {
    gort_chan *c;
    _Atomic(int) next;
    _Atomic(int) seen[NVALUES];
    gort_waitgroup senders;
    gort_waitgroup receivers;
};

static void send_some(void *arg)
{
    struct crowd *w = arg;
    int i;

    while ((i = atomic_fetch_add_explicit(&w->next, 1, memory_order_relaxed)) < NVALUES)
        gort_send(w->c, &i);
}

static void recv_some(void *arg)
{
    struct crowd *w = arg;
    int i;

    while (gort_recv(w->c, &i) == 1)
        atomic_fetch_add_explicit(&w->seen[i], 1, memory_order_relaxed);
}

static void expect_crowd(size_t capacity)
{
    struct crowd *w = gort_new(struct crowd);

    w->c = gort_chan_new(sizeof(int), capacity);
    for (int i = 0; i < 8; i++) {
        gort_waitgroup_go(&w->senders, send_some, w);
        gort_waitgroup_go(&w->receivers, recv_some, w);
    }
    gort_waitgroup_wait(&w->senders);
    gort_close(w->c);
    gort_waitgroup_wait(&w->receivers);
    for (int i = 0; i < NVALUES; i++)
        EXPECT(w->seen[i] == 1, "capacity %zu: value %d came %d times", capacity, i, w->seen[i]);
}

CLAIM(each_value_of_a_crowd_arrives_exactly_once)
{
    expect_crowd(0);
    expect_crowd(1);
    expect_crowd(64);
}

struct filter {
    gort_chan *in;
    gort_chan *out;
    int prime;
};

static void count_up(void *arg)
{
    gort_chan *c = arg;

    for (int i = 2; i < 600; i++)
        gort_send(c, &i);
    gort_close(c);
}

static void sift(void *arg)
{
    const struct filter *f = arg;
    int i;

    while (gort_recv(f->in, &i) == 1)
        if (i % f->prime != 0)
            gort_send(f->out, &i);
    gort_close(f->out);
}

CLAIM(a_chain_of_filters_sieves_primes)
{
    gort_chan *c = gort_chan_new(sizeof(int), 0);
    int nprimes = 0;
    int prime = 0;
    int last = 0;

    gort_go(count_up, c);
    for (; gort_recv(c, &prime) == 1; nprimes++) {
        struct filter *f = gort_new(struct filter);

        *f = (struct filter){c, gort_chan_new(sizeof(int), 0), prime};
        gort_go(sift, f);
        c = f->out;
        last = prime;
    }
    EXPECT(nprimes == 109 && last == 599, "%d primes, the last %d", nprimes, last);
}
