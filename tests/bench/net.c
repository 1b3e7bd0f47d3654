/* SPDX-License-Identifier: MIT */
/* net.c - benchmarks of sockets: 64 bytes to a server on the loopback and back. */
#include "config.h"

#include <stdbool.h>

#include "tests/bench/bench.h"

#define MESSAGE_BYTES 64

static void echo(void *arg)
{
    gort_conn *conn = arg;
    char *buf = gort_alloc_noscan(MESSAGE_BYTES);
    int64_t n;

    while ((n = gort_read(conn, buf, MESSAGE_BYTES)) > 0 && gort_write(conn, buf, (size_t)n) > 0)
        continue;
    gort_conn_close(conn);
}

static void serve(void *arg)
{
    gort_conn *conn;

    while (gort_accept(arg, &conn) == GORT_OK)
        gort_go(echo, conn);
}

struct clients {
    gort_bench *b;
    gort_waitgroup end;
    int64_t each;
};

struct client {
    struct clients *all;
    gort_conn *conn;
};

/* Whether one message has come back. */
static bool go_round(gort_conn *conn, char *buf)
{
    int64_t got = 0;

    if (gort_write(conn, buf, MESSAGE_BYTES) != MESSAGE_BYTES)
        return false;
    while (got < MESSAGE_BYTES) {
        int64_t n = gort_read(conn, buf, (size_t)(MESSAGE_BYTES - got));

        if (n <= 0)
            return false;
        got += n;
    }
    return true;
}

static void ask(void *arg)
{
    struct client *client = arg;
    char *buf = gort_alloc_noscan(MESSAGE_BYTES);

    for (int64_t i = 0; i < client->all->each; i++) {
        if (!go_round(client->conn, buf)) {
            gort_bench_fail(client->all->b, "a connection broke");
            break;
        }
    }
    gort_conn_close(client->conn);
}

/* At least N messages in all, the same number for each of COUNT connections. */
static void echo_over(gort_bench *b, int count)
{
    struct clients all = {.b = b, .each = (b->n + count - 1) / count};
    struct client *clients = gort_make(struct client, (size_t)count);
    gort_listener *listener;
    char address[32];

    if (gort_listen("127.0.0.1:0", &listener) != GORT_OK) {
        gort_bench_fail(b, "cannot listen");
        return;
    }
    gort_go(serve, listener);
    snprintf(address, sizeof address, "127.0.0.1:%d", gort_listener_port(listener));
    for (int i = 0; i < count; i++) {
        clients[i].all = &all;
        if (gort_dial(address, &clients[i].conn) != GORT_OK) {
            gort_bench_fail(b, "cannot connect");
            count = i;
        }
    }
    gort_bench_reset_timer(b);
    for (int i = 0; i < count; i++)
        gort_waitgroup_go(&all.end, ask, &clients[i]);
    gort_waitgroup_wait(&all.end);
    gort_bench_stop_timer(b);
    gort_listener_close(listener);
}

GORT_BENCH(TcpEcho1)
{
    echo_over(b, 1);
}

GORT_BENCH(TcpEcho100)
{
    echo_over(b, 100);
}

GORT_BENCH_MAIN
