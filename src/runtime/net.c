/* SPDX-License-Identifier: MIT */
/* net.c - stream sockets for tasks: what gort/net.h promises, on netfd.h.
 * A connection is an object of the collected heap, kept alive by the poller while it is open: so a
 * call on one that was closed in between finds it closed, not gone. errno is left as it was. */
#include "config.h"

#include "gort/net.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "gort/task.h"
#include "runtime/alloc.h"
#include "runtime/netaddr.h"
#include "runtime/neterr.h"
#include "runtime/netfd.h"
#include "runtime/os_linux.h"
#include "runtime/replay.h"
#include "runtime/sched.h"
#include "runtime/sleep.h"

#define BACKLOG        4096      /* the system cuts it at net.core.somaxconn */
#define BACKLOG_NAP_NS NS_PER_MS /* a full queue of a unix socket tells nobody when it has room */

enum { CONNECTED = 0, BACKLOG_FULL = 1 }; /* results of an attempt to connect */

struct gort_conn {
    struct netfd fd;
};

struct gort_listener {
    struct netfd fd;
    int port;                                             /* [const] */
    char path[sizeof((struct sockaddr_un *)0)->sun_path]; /* unlinked at the close; [const] */
};

/* ---- system calls; each returns 0 or more, or a negative errno
 * -------------------------------- */

static int64_t outcome(int64_t rc)
{
    return rc >= 0 ? rc : -os_errno();
}

static void set_option(int fd, int level, int option, int value)
{
    setsockopt(fd, level, option, &value, sizeof value); /* an option of comfort */
}

static int open_socket(const struct netaddr *a)
{
    int fd = socket(a->u.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && a->u.any.sa_family != AF_UNIX)
        set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1); /* accepted sockets inherit it */
    return (int)outcome(fd);
}

static int64_t attempt_accept(int fd, void *arg)
{
    int accepted;

    (void)arg;
    do
        accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (accepted < 0 && os_errno() == ECONNABORTED);
    return outcome(accepted);
}

/* Connecting again tells how the first time went. */
static int64_t attempt_connect(int fd, void *arg)
{
    const struct netaddr *a = arg;

    if (connect(fd, &a->u.any, a->bytes) == 0)
        return CONNECTED;
    switch (os_errno()) {
    case EISCONN:
        return CONNECTED;
    case EAGAIN:
        return BACKLOG_FULL;
    case EINTR:
    case EALREADY:
    case EINPROGRESS:
        return -EAGAIN;
    default:
        return -os_errno();
    }
}

struct transfer {
    char *at;
    size_t left;
};

static int64_t attempt_read(int fd, void *arg)
{
    const struct transfer *t = arg;

    return outcome(recv(fd, t->at, t->left, 0));
}

/* Until all is out; what went out is counted, so that the next attempt goes on behind it. */
static int64_t attempt_write(int fd, void *arg)
{
    struct transfer *t = arg;

    while (t->left > 0) {
        ssize_t n = send(fd, t->at, t->left, MSG_NOSIGNAL);

        if (n < 0)
            return -os_errno();
        t->at += n;
        t->left -= (size_t)n;
    }
    return 0;
}

static int64_t attempt_shutdown(int fd, void *arg)
{
    (void)arg;
    return outcome(shutdown(fd, SHUT_WR));
}

/* ---- addresses ------------------------------------------------------------------------------ */

/* Called and returns inside the runtime; a look-up happens outside, in a blocking section. */
static int resolve(const char *address, enum netaddr_use use, struct netaddrs *out)
{
    int rc = address == NULL ? GORT_EINVAL : netaddr_parse(address, use, out);

    if (rc != GORT_OK || out->host[0] == '\0')
        return rc;
    rt_leave(worker_self());
    GORT_BLOCKING
    {
        rc = netaddr_lookup(out);
    }
    rt_enter("gort_dial");
    return rc;
}

/* ---- listening ------------------------------------------------------------------------------ */

static int bind_and_listen(int fd, const struct netaddr *a)
{
    if (a->u.any.sa_family != AF_UNIX)
        set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (a->u.any.sa_family == AF_INET6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !IN6_IS_ADDR_UNSPECIFIED(&a->u.v6.sin6_addr));
    if (bind(fd, &a->u.any, a->bytes) != 0 || listen(fd, BACKLOG) != 0)
        return err_from_errno(os_errno());
    return GORT_OK;
}

static void note_bound(gort_listener *l, int fd)
{
    struct netaddr bound = {.bytes = sizeof bound.u};

    if (getsockname(fd, &bound.u.any, &bound.bytes) == 0)
        l->port = netaddr_port(&bound);
}

static int listen_on(gort_listener *l, const struct netaddr *a)
{
    int fd = open_socket(a);
    int rc;

    if (fd < 0)
        return err_from_errno(-fd);
    rc = bind_and_listen(fd, a);
    if (rc == GORT_OK)
        rc = netfd_open(&l->fd, fd, l);
    if (rc != GORT_OK) {
        close(fd);
        return rc;
    }
    note_bound(l, fd);
    if (a->u.any.sa_family == AF_UNIX)
        memcpy(l->path, a->u.local.sun_path, sizeof l->path);
    return GORT_OK;
}

int gort_listen(const char *address, gort_listener **out)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct netaddrs a;
    gort_listener *l;
    int saved_errno;
    int rc;

    rt_enter("gort_listen");
    saved_errno = os_errno();
    l = heap_alloc(sizeof *l, ALLOC_NOSCAN, pc);
    rc = resolve(address, NETADDR_LISTEN, &a);
    for (size_t i = 0; rc == GORT_OK && i < a.count; i++) {
        rc = listen_on(l, &a.addr[i]);
        if (rc == GORT_OK || i + 1 == a.count)
            break;
        rc = GORT_OK;
    }
    *out = rc == GORT_OK ? l : NULL;
    os_set_errno(saved_errno);
    rt_leave(worker_self());
    return rc;
}

int gort_listener_port(const gort_listener *l)
{
    return l->port;
}

static int accept_by(gort_listener *l, gort_conn **out, int64_t deadline_ns, uintptr_t pc)
{
    const struct netfd_op op = {
        .dir = POLL_READ, .deadline_ns = deadline_ns, .pc = pc, .attempt = attempt_accept};
    int64_t fd = netfd_do(&l->fd, &op);
    gort_conn *c;
    int rc;

    if (fd < 0)
        return (int)fd;
    c = heap_alloc(sizeof *c, ALLOC_NOSCAN, pc);
    rc = netfd_open(&c->fd, (int)fd, c);
    if (rc == GORT_OK)
        *out = c;
    else
        close((int)fd);
    return rc;
}

int gort_accept_by(gort_listener *l, gort_conn **out, int64_t deadline_ns)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int saved_errno;
    int rc;

    rt_enter("gort_accept_by");
    saved_errno = os_errno();
    *out = NULL;
    rc = accept_by(l, out, deadline_ns, pc);
    os_set_errno(saved_errno);
    rt_leave(worker_self());
    return rc;
}

int gort_accept(gort_listener *l, gort_conn **out)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int saved_errno;
    int rc;

    rt_enter("gort_accept");
    saved_errno = os_errno();
    *out = NULL;
    rc = accept_by(l, out, GORT_FOREVER, pc);
    os_set_errno(saved_errno);
    rt_leave(worker_self());
    return rc;
}

void gort_listener_close(gort_listener *l)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int saved_errno;

    rt_enter("gort_listener_close");
    saved_errno = os_errno();
    if (netfd_close(&l->fd, pc) && l->path[0] != '\0')
        unlink(l->path);
    os_set_errno(saved_errno);
    rt_leave(worker_self());
}

/* ---- dialling ------------------------------------------------------------------------------- */

static int connect_to(gort_conn *c, struct netaddr *a, int64_t deadline_ns, uintptr_t pc)
{
    const struct netfd_op op = {.dir = POLL_WRITE,
                                .deadline_ns = deadline_ns,
                                .pc = pc,
                                .attempt = attempt_connect,
                                .arg = a};
    int64_t result;

    while ((result = netfd_do(&c->fd, &op)) == BACKLOG_FULL) {
        int64_t now_ns = sched_now_ns();

        if (now_ns >= deadline_ns)
            return GORT_ETIMEDOUT;
        sleep_until(now_ns + BACKLOG_NAP_NS, WAIT_IO, pc);
    }
    return (int)result;
}

/* To a port of which the system also draws those of callers it may draw the same one; and if nobody
 * listens there, TCP joins the socket with itself (RFC 9293, simultaneous open). */
static bool is_its_own_peer(int fd, const struct netaddr *dialled)
{
    struct netaddr own = {.bytes = sizeof own.u};
    struct netaddr peer = {.bytes = sizeof peer.u};

    if (dialled->u.any.sa_family == AF_UNIX || getsockname(fd, &own.u.any, &own.bytes) != 0 ||
        netaddr_port(&own) != netaddr_port(dialled))
        return false;
    return getpeername(fd, &peer.u.any, &peer.bytes) == 0 && own.bytes == peer.bytes &&
           memcmp(&own.u, &peer.u, own.bytes) == 0;
}

static int dial_one(struct netaddr *a, gort_conn **out, int64_t deadline_ns, uintptr_t pc)
{
    gort_conn *c = heap_alloc(sizeof *c, ALLOC_NOSCAN, pc);
    int fd = open_socket(a);
    int rc;

    if (fd < 0)
        return err_from_errno(-fd);
    rc = netfd_open(&c->fd, fd, c);
    if (rc != GORT_OK) {
        close(fd);
        return rc;
    }
    rc = connect_to(c, a, deadline_ns, pc);
    if (rc == GORT_OK && is_its_own_peer(fd, a))
        rc = GORT_EREFUSED;
    if (rc == GORT_OK)
        *out = c;
    else
        netfd_close(&c->fd, pc);
    return rc;
}

static int dial_by(const char *address, gort_conn **out, int64_t deadline_ns, uintptr_t pc)
{
    struct netaddrs a;
    int saved_errno = os_errno();
    int rc;

    *out = NULL;
    rc = resolve(address, NETADDR_DIAL, &a);
    if (rc == GORT_OK) {
        /* An address that the system gave up on leaves time for the next; a deadline does not. */
        for (size_t i = 0; i < a.count && *out == NULL && (i == 0 || sched_now_ns() < deadline_ns);
             i++)
            rc = dial_one(&a.addr[i], out, deadline_ns, pc);
    }
    os_set_errno(saved_errno);
    return rc;
}

int gort_dial_by(const char *address, gort_conn **out, int64_t deadline_ns)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int rc;

    rt_enter("gort_dial_by");
    rc = dial_by(address, out, deadline_ns, pc);
    rt_leave(worker_self());
    return rc;
}

int gort_dial(const char *address, gort_conn **out)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int rc;

    rt_enter("gort_dial");
    rc = dial_by(address, out, GORT_FOREVER, pc);
    rt_leave(worker_self());
    return rc;
}

/* ---- connections ---------------------------------------------------------------------------- */

static int64_t read_by(gort_conn *c, void *buf, size_t bytes, int64_t deadline_ns, uintptr_t pc)
{
    struct transfer t = {.at = buf, .left = bytes};
    const struct netfd_op op = {
        .dir = POLL_READ, .deadline_ns = deadline_ns, .pc = pc, .attempt = attempt_read, .arg = &t};
    int saved_errno = os_errno();
    int64_t result = bytes == 0 ? 0 : netfd_do(&c->fd, &op);

    os_set_errno(saved_errno);
    return result;
}

int64_t gort_read(gort_conn *c, void *buf, size_t bytes)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int64_t n;

    rt_enter("gort_read");
    n = read_by(c, buf, bytes, GORT_FOREVER, pc);
    rt_leave(worker_self());
    return n;
}

int64_t gort_read_by(gort_conn *c, void *buf, size_t bytes, int64_t deadline_ns)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int64_t n;

    rt_enter("gort_read_by");
    n = read_by(c, buf, bytes, deadline_ns, pc);
    rt_leave(worker_self());
    return n;
}

static int64_t write_by(gort_conn *c, const void *buf, size_t bytes, int64_t deadline_ns,
                        uintptr_t pc)
{
    struct transfer t = {.at = (char *)(uintptr_t)buf, .left = bytes};
    const struct netfd_op op = {.dir = POLL_WRITE,
                                .deadline_ns = deadline_ns,
                                .pc = pc,
                                .attempt = attempt_write,
                                .arg = &t};
    int saved_errno = os_errno();
    int64_t result = netfd_do(&c->fd, &op);

    os_set_errno(saved_errno);
    return result == 0 ? (int64_t)bytes : result;
}

int64_t gort_write(gort_conn *c, const void *buf, size_t bytes)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int64_t n;

    rt_enter("gort_write");
    n = write_by(c, buf, bytes, GORT_FOREVER, pc);
    rt_leave(worker_self());
    return n;
}

int64_t gort_write_by(gort_conn *c, const void *buf, size_t bytes, int64_t deadline_ns)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int64_t n;

    rt_enter("gort_write_by");
    n = write_by(c, buf, bytes, deadline_ns, pc);
    rt_leave(worker_self());
    return n;
}

int gort_conn_shutdown(gort_conn *c)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    const struct netfd_op op = {
        .dir = POLL_WRITE, .deadline_ns = GORT_FOREVER, .pc = pc, .attempt = attempt_shutdown};
    int saved_errno;
    int rc;

    rt_enter("gort_conn_shutdown");
    saved_errno = os_errno();
    rc = (int)netfd_do(&c->fd, &op);
    os_set_errno(saved_errno);
    rt_leave(worker_self());
    return rc;
}

void gort_conn_close(gort_conn *c)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int saved_errno;

    rt_enter("gort_conn_close");
    saved_errno = os_errno();
    netfd_close(&c->fd, pc);
    os_set_errno(saved_errno);
    rt_leave(worker_self());
}

int gort_conn_fd(const gort_conn *c)
{
    return c->fd.fd;
}
