/* SPDX-License-Identifier: MIT */
/* net.h - stream sockets that park the task, not the thread.
 * Errors are those of base.h. Buffers from mem.h must be pointer-free (gort_alloc_noscan). Two
 * tasks may use one connection at a time, one to read and one to write; more of a kind take turns.
 * Closing wakes all with GORT_ECLOSED and returns when they have left. A call tries first and looks
 * at its deadline only if it has to wait: what is there is read even after it.
 * Connections and listeners are objects of the collected heap. While open they stay alive wherever
 * they are noted; once closed, as any other object, and calls on them give GORT_ECLOSED. */
#ifndef GORT_NET_H
#define GORT_NET_H

#include <gort/base.h>

typedef struct gort_listener gort_listener;
typedef struct gort_conn gort_conn;

/* Listens on ADDRESS: "host:port", "[v6]:port", ":port" for all, port 0 for any, or "unix:/path".
 * A HOST that is neither numeric nor "localhost" is looked up in a blocking section. On success
 * *OUT is the listener, to be closed by gort_listener_close. */
GORT_API GORT_MUST_CHECK int gort_listen(const char *address, gort_listener **out);

/* The port that it listens on; 0 for a unix socket. */
GORT_API int gort_listener_port(const gort_listener *l);

/* Blocks the task until a connection comes. *OUT is to be closed by gort_conn_close. */
GORT_API GORT_MUST_CHECK int gort_accept(gort_listener *l, gort_conn **out);
GORT_API GORT_MUST_CHECK int gort_accept_by(gort_listener *l, gort_conn **out, int64_t deadline_ns);
/* Also removes a unix socket's file. Nothing happens the second time. */
GORT_API void gort_listener_close(gort_listener *l);

/* Connects to ADDRESS, as in gort_listen. */
GORT_API GORT_MUST_CHECK int gort_dial(const char *address, gort_conn **out);
GORT_API GORT_MUST_CHECK int gort_dial_by(const char *address, gort_conn **out,
                                          int64_t deadline_ns);

/* Reads 1 to BYTES bytes; 0 at the end of the stream. Blocks the task. */
GORT_API GORT_MUST_CHECK int64_t gort_read(gort_conn *c, void *buf, size_t bytes);
GORT_API GORT_MUST_CHECK int64_t gort_read_by(gort_conn *c, void *buf, size_t bytes,
                                              int64_t deadline_ns);

/* Writes all of BYTES and returns them, or an error (some may have gone out). Blocks the task.
 * Never raises SIGPIPE. */
GORT_API GORT_MUST_CHECK int64_t gort_write(gort_conn *c, const void *buf, size_t bytes);
GORT_API GORT_MUST_CHECK int64_t gort_write_by(gort_conn *c, const void *buf, size_t bytes,
                                               int64_t deadline_ns);

/* No more will be written: the peer reads the end of the stream. */
GORT_API GORT_MUST_CHECK int gort_conn_shutdown(gort_conn *c);
/* Blocks the task until no other works on it. Nothing happens the second time. */
GORT_API void gort_conn_close(gort_conn *c);

/* The file descriptor, borrowed until the close. */
GORT_API int gort_conn_fd(const gort_conn *c);

#endif
