/* SPDX-License-Identifier: MIT */
/* netpair.h - listeners and connected pairs for the claims on sockets. */
#ifndef SUPPORT_NETPAIR_H
#define SUPPORT_NETPAIR_H

#include <gort.h>

struct pair {
    gort_conn *near;
    gort_conn *far;
};

gort_listener *listen_on(const char *address);

/* The address at which L can be dialled as HOST. */
const char *address_of(gort_listener *l, const char *host);

/* An address of a unix socket, another each time. */
const char *socket_path(void);

struct pair connect_pair(gort_listener *l, const char *address);
struct pair tcp_pair(void);
void close_pair(struct pair p);

#endif
