/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/netpair.h"

#include <stdatomic.h>
#include <unistd.h>

#include "tests/support/conform.h"

gort_listener *listen_on(const char *address)
{
    gort_listener *l = NULL;
    int rc = gort_listen(address, &l);

    EXPECT(rc == GORT_OK, "listen on %s: %s", address, gort_strerror(rc));
    return l;
}

const char *address_of(gort_listener *l, const char *host)
{
    char *text = gort_alloc_noscan(64);

    snprintf(text, 64, "%s:%d", host, gort_listener_port(l));
    return text;
}

const char *socket_path(void)
{
    static _Atomic(int) count;
    char *text = gort_alloc_noscan(100);

    snprintf(text, 100, "unix:/tmp/gort-conform-%d-%d", (int)getpid(),
             atomic_fetch_add_explicit(&count, 1, memory_order_relaxed));
    return text;
}

struct pair connect_pair(gort_listener *l, const char *address)
{
    struct pair p = {0};
    int rc = gort_dial(address, &p.near);

    EXPECT(rc == GORT_OK, "dial %s: %s", address, gort_strerror(rc));
    rc = gort_accept(l, &p.far);
    EXPECT(rc == GORT_OK, "accept: %s", gort_strerror(rc));
    return p;
}

struct pair tcp_pair(void)
{
    gort_listener *l = listen_on("127.0.0.1:0");
    struct pair p = connect_pair(l, address_of(l, "127.0.0.1"));

    gort_listener_close(l);
    return p;
}

void close_pair(struct pair p)
{
    gort_conn_close(p.near);
    gort_conn_close(p.far);
}
