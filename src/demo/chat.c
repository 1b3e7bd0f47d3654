/* SPDX-License-Identifier: MIT */
/* chat.c - gort-chat: one room for all who connect, a line at a time.
 * Each client has a task that reads, and one that writes what is in its queue. Whoever says
 * something puts it into all queues and waits for none: a client whose queue is full is put out. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
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
    line_chan queue; /* closed when it leaves the room */
    int has_name;    /* without it hears nothing */
    char *input;     /* what came and is not a whole line yet */
    size_t have;
};

static struct {
    gort_mutex lock;
    struct client *first;
    gort_waitgroup tasks;
} room;

static const struct option_row rows[] = {
    {"port", "N", "TCP port; 0 takes a free one and says which", OPTION_COUNT, 1, 0, 0, 65535},
};
static const struct option_program program = {
    "gort-chat", "", "A chat server: the first line of a client is its name.", {rows, 1, 1}, 0, 0};

/* Out of the room: what is in its queue is still written, and then it is closed. */
static void put_out_locked(struct client **at)
{
    line_close((*at)->queue);
    *at = (*at)->next;
}

/* Puts C out, or everyone if it is NULL. */
static void put_out(const struct client *c)
{
    gort_mutex_lock(&room.lock);
    for (struct client **at = &room.first; *at != NULL;)
        if (c == NULL || *at == c)
            put_out_locked(at);
        else
            at = &(*at)->next;
    gort_mutex_unlock(&room.lock);
}

static void say(const char *who, const char *what)
{
    size_t bytes = strlen(who) + strlen(what) + 2;
    char *line = gort_alloc_noscan(bytes);

    snprintf(line, bytes, "%s%s\n", who, what);
    gort_mutex_lock(&room.lock);
    for (struct client **at = &room.first; *at != NULL;)
        if ((*at)->has_name && line_try_send((*at)->queue, line) != 0)
            put_out_locked(at);
        else
            at = &(*at)->next;
    gort_mutex_unlock(&room.lock);
}

static void write_queue(void *arg)
{
    struct client *c = arg;
    int64_t n = 0;

    GORT_RANGE (line, c->queue)
        if (n >= 0) /* else it is dropped */
            n = gort_write_by(c->conn, line, strlen(line), gort_in(WRITE_NS));
    gort_conn_close(c->conn);
}

/* The next line of C; 0 at the end. Long ones come in parts. */
static int read_line(struct client *c, char line[LINE_BYTES])
{
    const char *end;
    size_t len;

    while ((end = memchr(c->input, '\n', c->have)) == NULL && c->have < LINE_BYTES - 1) {
        int64_t n = gort_read(c->conn, c->input + c->have, LINE_BYTES - 1 - c->have);

        if (n <= 0)
            return 0;
        c->have += (size_t)n;
    }
    len = end != NULL ? (size_t)(end - c->input) + 1 : c->have;
    snprintf(line, LINE_BYTES, "%.*s", (int)len, c->input);
    line[strcspn(line, "\r\n")] = '\0';
    memmove(c->input, c->input + len, c->have -= len);
    return 1;
}

static void serve(void *arg)
{
    struct client *c = arg;
    char line[LINE_BYTES];
    char name[32];
    char who[40];

    if (read_line(c, line)) {
        snprintf(name, sizeof name, "%.31s", line);
        snprintf(who, sizeof who, "%s: ", name);
        gort_mutex_lock(&room.lock);
        c->has_name = 1;
        gort_mutex_unlock(&room.lock);
        say("* joins: ", name);
        while (read_line(c, line))
            say(who, line);
        put_out(c);
        say("* leaves: ", name);
    }
    put_out(c);
}

/* Clients are in the room from the first moment on, so that they all end with it. */
static void take_in(gort_conn *conn)
{
    struct client *c = gort_new(struct client);

    c->conn = conn;
    c->queue = line_chan_new(QUEUE_LINES);
    c->input = gort_alloc_noscan(LINE_BYTES);
    gort_mutex_lock(&room.lock);
    c->next = room.first;
    room.first = c;
    gort_mutex_unlock(&room.lock);
    gort_waitgroup_go(&room.tasks, write_queue, c);
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
    if ((status = gort_listen(address, &listener)) != 0) {
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
    put_out(NULL);
    gort_waitgroup_wait(&room.tasks);
    printf("gort-chat: ended\n");
    return 0;
}
GORT_MAIN(app)
