/* SPDX-License-Identifier: MIT */
/* netdial.c - who meets whom: dials and accepts by many, listeners that come and go on one address,
 * a dial that must not meet itself. */
#include "config.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/conform.h"
#include "tests/support/netpair.h"
#include "tests/support/selfexec.h"

/* ---- many ----------------------------------------------------------------------------------- */

#define ACCEPTORS 10
#define DIALS     100

struct door {
    gort_listener *l;
    const char *address;
    _Atomic(int) naccepted;
    gort_waitgroup dialling;
    gort_waitgroup accepting;
};

/* Says "a" to each who comes. */
static void greet_all(void *arg)
{
    struct door *d = arg;
    gort_conn *c;
    int rc;

    while ((rc = gort_accept(d->l, &c)) == GORT_OK) {
        atomic_fetch_add_explicit(&d->naccepted, 1, memory_order_relaxed);
        EXPECT(gort_write(c, "a", 1) == 1, "write");
        gort_conn_close(c);
    }
    EXPECT(rc == GORT_ECLOSED, "accept: %s", gort_strerror(rc));
}

static void dial_some(void *arg)
{
    const struct door *d = arg;

    for (int i = 0; i < DIALS / 4; i++) {
        gort_conn *c;
        char said[2];
        int64_t rc = gort_dial_by(d->address, &c, gort_in(20 * GORT_S));

        EXPECT(rc == GORT_OK, "dial: %s", gort_strerror((int)rc));
        if (rc != GORT_OK)
            return;
        rc = gort_read(c, said, 2);
        EXPECT(rc == 1 && said[0] == 'a', "read: %s", gort_strerror((int)rc));
        EXPECT(gort_read(c, said, 1) == 0, "no end behind it");
        gort_conn_close(c);
    }
}

CLAIM(each_of_many_dials_is_accepted_by_one_of_many)
{
    struct door *d = gort_new(struct door);

    d->l = listen_on("127.0.0.1:0");
    d->address = address_of(d->l, "127.0.0.1");
    for (int i = 0; i < ACCEPTORS; i++)
        gort_waitgroup_go(&d->accepting, greet_all, d);
    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&d->dialling, dial_some, d);
    gort_waitgroup_wait(&d->dialling);
    gort_listener_close(d->l);
    gort_waitgroup_wait(&d->accepting);
    EXPECT(d->naccepted == DIALS, "%d accepted", d->naccepted);
}

/* ---- one address after the other ------------------------------------------------------------ */

static void accept_until_closed(void *arg)
{
    const struct door *d = arg;
    gort_conn *c;

    while (gort_accept(d->l, &c) == GORT_OK)
        gort_conn_close(c);
}

/* With connections that wait for an accept, that were closed, and that are open. */
CLAIM(an_address_can_be_listened_on_again_as_soon_as_it_was_closed)
{
    const char *address = NULL;

    for (int i = 0; i < 10; i++) {
        struct door *d = gort_new(struct door);
        struct pair open = {0};
        gort_conn *pending = NULL;
        int rc = gort_listen(address == NULL ? "127.0.0.1:0" : address, &d->l);

        EXPECT(rc == GORT_OK, "round %d: %s", i, gort_strerror(rc));
        if (rc != GORT_OK)
            return;
        address = address_of(d->l, "127.0.0.1");
        open = connect_pair(d->l, address);
        EXPECT(gort_dial(address, &pending) == GORT_OK, "dial");
        if (i % 2 == 0)
            gort_waitgroup_go(&d->accepting, accept_until_closed, d);
        gort_listener_close(d->l);
        gort_waitgroup_wait(&d->accepting);
        close_pair(open);
        gort_conn_close(pending);
    }
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

CLAIM(only_the_first_close_removes_the_file_of_a_socket)
{
    const char *address = socket_path();
    const char *path = address + strlen("unix:");
    gort_listener *l = listen_on(address);
    gort_listener *next;
    int rc = gort_listen(address, &next);

    EXPECT(rc == GORT_EADDRINUSE && next == NULL, "listen twice: %s", gort_strerror(rc));
    EXPECT(exists(path), "there is no file");
    gort_listener_close(l);
    EXPECT(!exists(path), "the file is left");
    next = listen_on(address);
    gort_listener_close(l);
    EXPECT(exists(path), "the file of the next one was removed");
    gort_listener_close(next);
    EXPECT(!exists(path), "the file is left");
}

/* ---- itself --------------------------------------------------------------------------------- */

#define RANGE_FILE "/proc/sys/net/ipv4/ip_local_port_range"

/* The port that the system draws for all who dial, in a network made by enter_small_net; else 0. */
static int only_port(void)
{
    char text[32] = "";
    char *end;
    int fd = open(RANGE_FILE, O_RDONLY | O_CLOEXEC);
    long first;

    EXPECT(read(fd, text, sizeof text - 1) > 0, "no " RANGE_FILE);
    close(fd);
    first = strtol(text, &end, 10);
    return strtol(end, NULL, 10) == first + 1 ? (int)first : 0;
}

/* What a_dial_does_not_meet_itself runs in such a network; elsewhere somebody may listen there. */
CLAIM(where_nobody_listens_a_dial_is_refused)
{
    int port = only_port();
    char address[32];

    snprintf(address, sizeof address, "127.0.0.1:%d", port);
    for (int i = 0; port != 0 && i < 3; i++) {
        gort_conn *c = NULL;
        int rc = gort_dial_by(address, &c, gort_in(20 * GORT_S));

        EXPECT(rc == GORT_EREFUSED && c == NULL, "dial %s: %s", address, gort_strerror(rc));
        if (rc == GORT_OK)
            gort_conn_close(c);
    }
}

/* In a child: a network of its own, with two ports to draw from. */
static bool enter_small_net(void)
{
    static const char range[] = "40000 40001";
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd;

    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (ioctl(fd, SIOCSIFFLAGS, &lo) != 0)
        return false;
    fd = open(RANGE_FILE, O_WRONLY | O_CLOEXEC);
    return write(fd, range, sizeof range - 1) == (ssize_t)sizeof range - 1;
}

#define CANNOT 77

/* The system has but the port that is dialled for who dials it. Where processes may not have
 * networks of their own, nothing is claimed. */
CLAIM(a_dial_does_not_meet_itself)
{
    const char *const argv[] = {"netdial", "where_nobody_listens_a_dial_is_refused", NULL};
    int status = 0;
    pid_t pid = fork();

    EXPECT(pid >= 0, "fork");
    if (pid == 0) {
        if (!enter_small_net())
            _exit(CANNOT);
        self_exec(argv);
        _exit(1);
    }
    GORT_BLOCKING
    {
        waitpid(pid, &status, 0);
    }
    EXPECT(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == CANNOT),
           "status %x", (unsigned)status);
}
