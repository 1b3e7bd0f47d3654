/* SPDX-License-Identifier: MIT */
/* sockets.c - connections come and go at random over TCP: some talk, some wait in vain until a
 * deadline, some are closed by a third task under who reads. What comes back must be what was sent,
 * and every wait must end. */
#include "config.h"

#include <stdatomic.h>
#include <string.h>

#include "runtime/netpoll.h"
#include "tests/support/stress.h"

const struct stress stress_defaults = {.tasks = 40, .seconds = 1};

#define CHUNK 700

struct town {
    const struct stress *s;
    gort_listener *l;
    char address[32];
    _Atomic(uint64_t) bytes;
    gort_waitgroup guests;
    gort_waitgroup hosts;
};

struct guest {
    struct town *t;
    int number;
};

static void echo(void *arg)
{
    gort_conn *c = arg;
    char *buf = gort_alloc_noscan(CHUNK);
    int64_t n;

    while ((n = gort_read(c, buf, CHUNK)) > 0)
        if (gort_write(c, buf, (size_t)n) != n)
            break;
    gort_conn_close(c);
}

static void host(void *arg)
{
    struct town *t = arg;
    gort_conn *c;

    while (gort_accept(t->l, &c) == GORT_OK)
        gort_waitgroup_go(&t->hosts, echo, c);
}

static void talk(struct town *t, gort_conn *c, struct stress_random *r)
{
    char sent[CHUNK];
    char got[CHUNK];
    size_t bytes = 1 + stress_below(r, CHUNK - 1);
    size_t at = 0;

    memset(sent, (int)stress_below(r, 256), bytes);
    REQUIRE(gort_write(c, sent, bytes) == (int64_t)bytes, "a write was cut short");
    while (at < bytes) {
        int64_t n = gort_read_by(c, got + at, bytes - at, gort_in(60 * GORT_S));

        REQUIRE(n > 0, "no answer: %s", gort_strerror((int)n));
        if (n <= 0)
            return;
        at += (size_t)n;
    }
    REQUIRE(memcmp(sent, got, bytes) == 0, "%zu bytes came back changed", bytes);
    atomic_fetch_add_explicit(&t->bytes, bytes, memory_order_relaxed);
}

static void wait_in_vain(gort_conn *c, struct stress_random *r)
{
    int64_t due_ns = gort_in(stress_below(r, 300) * GORT_US);
    char byte;
    int64_t n = gort_read_by(c, &byte, 1, due_ns);

    REQUIRE(n == GORT_ETIMEDOUT, "%s", gort_strerror((int)n));
    REQUIRE(gort_now() >= due_ns, "before its deadline");
}

static void close_it(void *arg)
{
    gort_conn_close(arg);
}

static void be_closed(struct town *t, gort_conn *c, struct stress_random *r)
{
    char byte;
    int64_t n;

    gort_waitgroup_go(&t->hosts, close_it, c);
    if (stress_below(r, 2) == 0)
        gort_yield();
    n = gort_read(c, &byte, 1);
    REQUIRE(n == GORT_ECLOSED, "%s", gort_strerror((int)n));
}

static void visit(void *arg)
{
    const struct guest *g = arg;
    struct stress_random r = stress_random(g->t->s, g->number);

    while (!stress_is_over(g->t->s)) {
        gort_conn *c;
        int rc = gort_dial(g->t->address, &c);

        if (rc == GORT_EADDRNOTAVAIL) { /* too many that are just gone */
            gort_sleep(GORT_MS);
            continue;
        }
        REQUIRE(rc == GORT_OK, "dial: %s", gort_strerror(rc));
        if (rc != GORT_OK)
            return;
        for (uint32_t i = stress_below(&r, 200); i > 0 && !stress_is_over(g->t->s); i--)
            talk(g->t, c, &r);
        if (stress_below(&r, 2) == 0)
            wait_in_vain(c, &r);
        if (stress_below(&r, 2) == 0)
            be_closed(g->t, c, &r);
        gort_conn_close(c);
    }
}

uint64_t stress_run(const struct stress *s)
{
    struct town *t = gort_new(struct town);
    int rc = gort_listen("127.0.0.1:0", &t->l);

    REQUIRE(rc == GORT_OK, "listen: %s", gort_strerror(rc));
    t->s = s;
    snprintf(t->address, sizeof t->address, "127.0.0.1:%d", gort_listener_port(t->l));
    for (int i = 0; i < 3; i++)
        gort_waitgroup_go(&t->hosts, host, t);
    for (int i = 0; i < s->tasks; i++) {
        struct guest *g = gort_new(struct guest);

        *g = (struct guest){t, i};
        gort_waitgroup_go(&t->guests, visit, g);
    }
    gort_waitgroup_wait(&t->guests);
    gort_listener_close(t->l);
    gort_waitgroup_wait(&t->hosts);
    REQUIRE(netpoll_waiters() == 0, "%llu tasks wait", (unsigned long long)netpoll_waiters());
    REQUIRE(!netpoll_in_use(), "descriptors are left");
    return t->bytes;
}
