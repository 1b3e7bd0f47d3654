/* SPDX-License-Identifier: MIT */
/* net.c - sockets park tasks, obey deadlines, and close under whoever waits. */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/os_linux.h"
#include "tests/support/conform.h"
#include "tests/support/netpair.h"

#define LARGE_BYTES (4u << 20)

/* ---- echo ----------------------------------------------------------------------------------- */

static void echo(void *arg)
{
    gort_conn *c = arg;
    char *buf = gort_alloc_noscan(1000);
    int64_t n;

    while ((n = gort_read(c, buf, 1000)) > 0)
        EXPECT(gort_write(c, buf, (size_t)n) == n, "echo of %lld bytes", (long long)n);
    EXPECT(n == 0, "echo: %s", gort_strerror((int)n));
    gort_conn_close(c);
}

struct server {
    gort_listener *l;
    gort_waitgroup *wg;
};

static void serve(void *arg)
{
    const struct server *s = arg;
    gort_conn *c;

    while (gort_accept(s->l, &c) == GORT_OK)
        gort_waitgroup_go(s->wg, echo, c);
}

static void read_exactly(gort_conn *c, char *buf, size_t bytes)
{
    for (size_t got = 0; got < bytes;) {
        int64_t n = gort_read(c, buf + got, bytes - got);

        EXPECT(n > 0, "read: %s", gort_strerror((int)n));
        if (n <= 0)
            return;
        got += (size_t)n;
    }
}

static void talk(void *arg)
{
    const char *address = arg;
    char sent[300];
    char got[300];
    gort_conn *c;
    int rc = gort_dial(address, &c);

    EXPECT(rc == GORT_OK, "dial %s: %s", address, gort_strerror(rc));
    if (rc != GORT_OK)
        return;
    for (int i = 0; i < 30; i++) {
        size_t bytes = 1 + conform_random(sizeof sent - 1);

        memset(sent, 'a' + i % 26, bytes);
        EXPECT(gort_write(c, sent, bytes) == (int64_t)bytes, "wrote less than %zu", bytes);
        read_exactly(c, got, bytes);
        EXPECT(memcmp(sent, got, bytes) == 0, "round %d: %zu bytes differ", i, bytes);
    }
    gort_conn_close(c);
}

static void expect_echo(const char *listen_address, const char *host)
{
    gort_waitgroup wg = {0};
    gort_waitgroup talkers = {0};
    struct server s = {listen_on(listen_address), &wg};
    const char *address = host == NULL ? listen_address : address_of(s.l, host);

    gort_waitgroup_go(&wg, serve, &s);
    for (int i = 0; i < 10; i++)
        gort_waitgroup_go(&talkers, talk, (void *)(uintptr_t)address);
    gort_waitgroup_wait(&talkers);
    gort_listener_close(s.l);
    gort_waitgroup_wait(&wg);
}

CLAIM(what_is_written_comes_back_over_tcp)
{
    expect_echo("127.0.0.1:0", "127.0.0.1");
    expect_echo("localhost:0", "localhost");
    expect_echo(":0", "");
}

CLAIM(what_is_written_comes_back_over_a_unix_socket)
{
    const char *path = socket_path();

    expect_echo(path, NULL);
    EXPECT(access(path + 5, F_OK) != 0, "the socket's file is left");
}

static void write_large(void *arg)
{
    gort_conn *c = arg;
    char *buf = gort_alloc_noscan(LARGE_BYTES);

    for (size_t i = 0; i < LARGE_BYTES; i++)
        buf[i] = (char)(i * 7 + (i >> 11));
    EXPECT(gort_write(c, buf, LARGE_BYTES) == LARGE_BYTES, "not all was written");
    EXPECT(gort_conn_shutdown(c) == GORT_OK, "shutdown");
}

CLAIM(a_write_ends_when_all_is_out)
{
    struct pair p = tcp_pair();
    char *buf = gort_alloc_noscan(10000);
    size_t got = 0;
    int64_t n;

    gort_go(write_large, p.near);
    while ((n = gort_read(p.far, buf, 1 + conform_random(9999))) > 0) {
        for (size_t i = 0; i < (size_t)n; i++, got++)
            if (buf[i] != (char)(got * 7 + (got >> 11))) {
                EXPECT(0, "byte %zu differs", got);
                return;
            }
    }
    EXPECT(n == 0 && got == LARGE_BYTES, "%zu bytes, then %s", got, gort_strerror((int)n));
    close_pair(p);
}

CLAIM(a_half_closed_connection_still_answers)
{
    struct pair p = tcp_pair();
    char c = 0;

    EXPECT(gort_conn_shutdown(p.near) == GORT_OK, "shutdown");
    EXPECT(gort_read(p.far, &c, 1) == 0, "no end");
    EXPECT(gort_write(p.far, "y", 1) == 1, "can't answer");
    EXPECT(gort_read(p.near, &c, 1) == 1 && c == 'y', "got %d", c);
    EXPECT(gort_write(p.near, "z", 1) == GORT_EPIPE, "wrote behind the end");
    close_pair(p);
}

/* ---- deadlines ------------------------------------------------------------------------------ */

CLAIM(a_read_gives_up_at_its_deadline)
{
    struct pair p = tcp_pair();
    char c = 0;
    int64_t at_ns = gort_in(3 * GORT_MS);

    EXPECT(gort_read_by(p.near, &c, 1, at_ns) == GORT_ETIMEDOUT, "read something");
    EXPECT(gort_now() >= at_ns, "%lld ns early", (long long)(at_ns - gort_now()));
    EXPECT(gort_write(p.far, "q", 1) == 1, "write");
    EXPECT(gort_read_by(p.near, &c, 1, gort_in(10 * GORT_S)) == 1 && c == 'q', "got %d", c);
    EXPECT(gort_read_by(p.near, &c, 1, 0) == GORT_ETIMEDOUT, "a deadline in the past");
    close_pair(p);
}

CLAIM(a_write_gives_up_at_its_deadline)
{
    struct pair p = tcp_pair();
    char *buf = gort_alloc_noscan(LARGE_BYTES);
    int64_t n = 0;

    for (int i = 0; i < 100 && n >= 0; i++)
        n = gort_write_by(p.near, buf, LARGE_BYTES, gort_in(2 * GORT_MS));
    EXPECT(n == GORT_ETIMEDOUT, "%s", gort_strerror((int)n));
    close_pair(p);
}

CLAIM(an_accept_gives_up_at_its_deadline)
{
    gort_listener *l = listen_on("127.0.0.1:0");
    int64_t at_ns = gort_in(2 * GORT_MS);
    gort_conn *c;
    int rc = gort_accept_by(l, &c, at_ns);

    EXPECT(rc == GORT_ETIMEDOUT && c == NULL, "%s", gort_strerror(rc));
    EXPECT(gort_now() >= at_ns, "%lld ns early", (long long)(at_ns - gort_now()));
    gort_listener_close(l);
}

CLAIM(a_dial_gives_up_at_its_deadline)
{
    const char *path = socket_path();
    gort_listener *l = listen_on(path);
    int fd_limit = 20000;
    gort_conn *c = NULL;
    int rc = GORT_OK;

    /* Nobody accepts: some time the queue is full. */
    while (rc == GORT_OK && fd_limit-- > 0)
        rc = gort_dial_by(path, &c, gort_in(3 * GORT_MS));
    EXPECT(rc == GORT_ETIMEDOUT || rc == GORT_EMFILE, "%s", gort_strerror(rc));
    gort_listener_close(l);
}

/* ---- errors --------------------------------------------------------------------------------- */

static void expect_refused(const char *address, int expected)
{
    gort_listener *l;
    gort_conn *c;
    int rc = gort_dial_by(address, &c, gort_in(20 * GORT_S));

    EXPECT(rc == expected && c == NULL, "dial %s: %s", address, gort_strerror(rc));
    if (expected != GORT_EINVAL)
        return;
    rc = gort_listen(address, &l);
    EXPECT(rc == expected && l == NULL, "listen on %s: %s", address, gort_strerror(rc));
}

CLAIM(errors_say_what_was_wrong)
{
    gort_listener *l = listen_on("127.0.0.1:0");
    gort_listener *second;
    const char *address = address_of(l, "127.0.0.1");
    int rc = gort_listen(address, &second);

    EXPECT(rc == GORT_EADDRINUSE && second == NULL, "listen twice: %s", gort_strerror(rc));
    gort_listener_close(l);
    expect_refused(address, GORT_EREFUSED);
    expect_refused("", GORT_EINVAL);
    expect_refused("127.0.0.1", GORT_EINVAL);
    expect_refused("127.0.0.1:", GORT_EINVAL);
    expect_refused("127.0.0.1:70000", GORT_EINVAL);
    expect_refused("127.0.0.1:http", GORT_EINVAL);
    expect_refused("::1:80", GORT_EINVAL);
    expect_refused("[::1:80", GORT_EINVAL);
    expect_refused("unix:", GORT_EINVAL);
    expect_refused("unix:/nonexistent/socket", GORT_ENOTFOUND);
}

/* A number with a zone is beyond our own parser, and needs no name server: the library looks it up,
 * in a blocking section. */
CLAIM(a_name_is_looked_up)
{
    gort_listener *l;
    gort_conn *c;
    int rc = gort_listen("[::1]:0", &l);

    if (rc == GORT_EADDRNOTAVAIL || rc == GORT_EINVAL) /* no such family here */
        return;
    EXPECT(rc == GORT_OK, "listen: %s", gort_strerror(rc));
    rc = gort_dial(address_of(l, "[::1%1]"), &c);
    EXPECT(rc == GORT_OK, "dial: %s", gort_strerror(rc));
    if (rc == GORT_OK)
        gort_conn_close(c);
    gort_listener_close(l);
}

CLAIM(a_reset_is_told)
{
    struct pair p = tcp_pair();
    struct linger abort_it = {.l_onoff = 1};
    char c;
    int64_t n;

    setsockopt(gort_conn_fd(p.far), SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it);
    gort_conn_close(p.far);
    n = gort_read(p.near, &c, 1);
    EXPECT(n == GORT_ERESET, "%s", gort_strerror((int)n));
    n = gort_write(p.near, "x", 1);
    EXPECT(n == GORT_EPIPE, "%s", gort_strerror((int)n));
    gort_conn_close(p.near);
}

CLAIM(accept_tells_when_no_descriptor_is_left)
{
    gort_listener *l = listen_on("127.0.0.1:0");
    struct rlimit limit;
    struct rlimit none;
    gort_conn *near;
    gort_conn *far;
    int rc = gort_dial(address_of(l, "127.0.0.1"), &near);

    EXPECT(rc == GORT_OK, "dial: %s", gort_strerror(rc));
    getrlimit(RLIMIT_NOFILE, &limit);
    none = limit;
    none.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &none);
    rc = gort_accept(l, &far);
    setrlimit(RLIMIT_NOFILE, &limit);
    EXPECT(rc == GORT_EMFILE, "%s", gort_strerror(rc));
    rc = gort_accept(l, &far);
    EXPECT(rc == GORT_OK, "with descriptors: %s", gort_strerror(rc));
    close_pair((struct pair){near, far});
    gort_listener_close(l);
}

CLAIM(errno_and_options_are_as_promised)
{
    struct pair p;
    int value = 0;
    socklen_t bytes = sizeof value;
    char c;

    os_set_errno(ENOTTY);
    p = tcp_pair();
    getsockopt(gort_conn_fd(p.near), IPPROTO_TCP, TCP_NODELAY, &value, &bytes);
    EXPECT(value != 0, "dialled: delays small writes");
    getsockopt(gort_conn_fd(p.far), IPPROTO_TCP, TCP_NODELAY, &value, &bytes);
    EXPECT(value != 0, "accepted: delays small writes");
    EXPECT(gort_read_by(p.near, &c, 1, gort_in(GORT_MS)) == GORT_ETIMEDOUT, "read something");
    EXPECT(gort_read_by(p.near, &c, 0, 0) == 0, "no bytes are always there");
    close_pair(p);
    EXPECT(os_errno() == ENOTTY, "errno %d", os_errno());
}
