/* SPDX-License-Identifier: MIT */
/* chat.c - gort-chat: one room for all who connect, a line at a time.
 * Each client has a task that reads, and one that writes what is in its queue. Whoever says
 * something puts it into all queues and waits for none: a client whose queue is full is put out. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gort.h>

#include "demo/options.h"

#define LINE_BYTES  512
#define QUEUE_LINES 256
#define WRITE_NS    (5 * GORT_S)

GORT_CHAN(line, char *)

struct client {
    struct client *next; /* in the room */
    gort_conn *conn;
    line_chan queue; /* closed when it has left the room */
    int has_name;    /* without it hears nothing */
};

static struct room {
    gort_mutex lock;
    struct client *first;
    gort_waitgroup tasks;
} room;

static const struct option_row rows[] = {
    {"port", "N", "TCP port; 0 takes a free one and says which", OPTION_COUNT, 1, 0, 0, 65535},
};
static const struct option_program program = {
    "gort-chat", "", "A chat server: the first line of a client is its name.", {rows, 1, 1}, 0, 0};

static void close_conn(void *arg)
{
    gort_conn_close(arg);
}

static void say(const char *who, const char *what)
{
    char text[LINE_BYTES + 64];
    char *line;

    snprintf(text, sizeof text, "%s%.*s\n", who, LINE_BYTES, what);
    line = gort_alloc_noscan(strlen(text) + 1);
    memcpy(line, text, strlen(text) + 1);
    gort_mutex_lock(&room.lock);
    for (struct client *c = room.first; c != NULL; c = c->next)
        if (c->has_name && line_try_send(c->queue, line) != 0)
            gort_go(close_conn, c->conn); /* then its reader leaves the room */
    gort_mutex_unlock(&room.lock);
}

/* Takes C out, or everyone if it is NULL: what is in their queues is still written. */
static void leave(const struct client *c)
{
    struct client **at = &room.first;

    gort_mutex_lock(&room.lock);
    while (*at != NULL) {
        if (c == NULL || *at == c) {
            line_close((*at)->queue);
            *at = (*at)->next;
        } else {
            at = &(*at)->next;
        }
    }
    gort_mutex_unlock(&room.lock);
}

static void write_queue(void *arg)
{
    struct client *c = arg;
    int64_t n = 0;

    GORT_RANGE (line, c->queue)
        if (n >= 0 && (n = gort_write_by(c->conn, line, strlen(line), gort_in(WRITE_NS))) < 0)
            gort_conn_close(c->conn); /* what else comes is dropped */
    gort_conn_close(c->conn);
}

/* Takes one line from BUF, which holds *HAVE bytes; false at the end. Long lines are cut. */
static int read_line(gort_conn *conn, char *buf, size_t *have, char line[LINE_BYTES])
{
    char *end;
    size_t len;

    while ((end = memchr(buf, '\n', *have)) == NULL && *have < LINE_BYTES - 1) {
        int64_t n = gort_read(conn, buf + *have, LINE_BYTES - 1 - *have);

        if (n <= 0)
            return 0;
        *have += (size_t)n;
    }
    len = end != NULL ? (size_t)(end - buf) : *have;
    snprintf(line, LINE_BYTES, "%.*s", (int)len, buf);
    line[strcspn(line, "\r")] = '\0';
    len += end != NULL;
    memmove(buf, buf + len, *have -= len);
    return 1;
}

static void serve(void *arg)
{
    struct client *c = arg;
    char *buf = gort_alloc_noscan(LINE_BYTES);
    char line[LINE_BYTES];
    char who[40];
    size_t have = 0;

    gort_waitgroup_go(&room.tasks, write_queue, c);
    if (read_line(c->conn, buf, &have, line)) {
        snprintf(who, sizeof who, "%.31s: ", line);
        gort_mutex_lock(&room.lock);
        c->has_name = 1;
        gort_mutex_unlock(&room.lock);
        say("* joins: ", line);
        while (read_line(c->conn, buf, &have, line))
            say(who, line);
        leave(c);
        who[strlen(who) - 2] = '\0';
        say("* leaves: ", who);
    }
    leave(c);
}

/* Clients are in the room from the first moment on, so that they all end with it. */
static void take_in(gort_conn *conn)
{
    struct client *c = gort_new(struct client);

    c->conn = conn;
    c->queue = line_chan_new(QUEUE_LINES);
    gort_mutex_lock(&room.lock);
    c->next = room.first;
    room.first = c;
    gort_mutex_unlock(&room.lock);
    gort_waitgroup_go(&room.tasks, serve, c);
}

static void close_listener(void *arg)
{
    gort_listener_close(arg);
}

static int app(int argc, char **argv)
{
    gort_ctx *ctx = gort_ctx_with_signals(gort_ctx_background(),
                                          GORT_SIGNAL(SIGINT) | GORT_SIGNAL(SIGTERM));
    int64_t port = 6667;
    gort_listener *listener;
    gort_conn *conn;
    char address[32];
    char **rest;
    int status = options_take(&program, argv, &port, &rest);

    (void)argc;
    if (status >= 0)
        return status;
    snprintf(address, sizeof address, "127.0.0.1:%d", (int)port);
    status = gort_listen(address, &listener);
    if (status != 0) {
        fprintf(stderr, "gort-chat: cannot listen on %s: %s\n", address, gort_strerror(status));
        return 1;
    }
    gort_ctx_after_func(ctx, close_listener, listener);
    printf("gort-chat: process %d, port %d\n", (int)getpid(), gort_listener_port(listener));
    fflush(stdout);
    while ((status = gort_accept(listener, &conn)) != GORT_ECLOSED)
        if (status == 0)
            take_in(conn);
        else
            gort_sleep(50 * GORT_MS); /* out of descriptors, say */
    say("* the server ends", "");
    leave(NULL);
    gort_waitgroup_wait(&room.tasks);
    printf("gort-chat: ended\n");
    return 0;
}
GORT_MAIN(app)
