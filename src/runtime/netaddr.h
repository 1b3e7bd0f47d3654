/* SPDX-License-Identifier: MIT */
/* netaddr.h - from the text of an address to what the system calls take.
 * Parsing is pure; only looking up a name talks to the world, and may take seconds.
 * Threads: any. */
#ifndef RUNTIME_NETADDR_H
#define RUNTIME_NETADDR_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NETADDR_MAX        8u
#define NETADDR_HOST_BYTES 256u

struct netaddr {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } u;
    socklen_t bytes;
};

/* The addresses that a text stands for, to be tried in order. */
struct netaddrs {
    size_t count;
    struct netaddr addr[NETADDR_MAX];
    char host[NETADDR_HOST_BYTES]; /* a name to be looked up, or empty */
    in_port_t port;                /* host's byte order */
};

enum netaddr_use { NETADDR_LISTEN, NETADDR_DIAL };

/* Parses TEXT: "host:port", "[v6]:port", ":port", "unix:/path". GORT_OK or GORT_EINVAL. If host is
 * set afterwards, netaddr_lookup must follow. */
int netaddr_parse(const char *text, enum netaddr_use use, struct netaddrs *out);

/* Looks A->host up and fills in its addresses; blocks the thread. GORT_OK, GORT_ENOTFOUND or
 * another error. */
int netaddr_lookup(struct netaddrs *a);

/* The port of A in the host's byte order; 0 if it has none. */
int netaddr_port(const struct netaddr *a);

#endif
