/* SPDX-License-Identifier: MIT */
/* chat.c - gort-chat: one room for all who connect, a line at a time.
 * Each client has a task that reads, and one that writes what is in its queue. Whoever says
 * something puts it into all queues and waits for none: a client whose queue is full is put out. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <gort.h>

#include "demo/options.h"

#define NAME_BYTES  31
#define LINE_BYTES  512
#define QUEUE_LINES 256

GORT_CHAN(line, gort_str)

struct client {
    gort_conn *conn;
    gort_ctx *ctx; /* cancelled when it leaves */
    line_chan queue;
    gort_str unread; /* what came and is not a whole line yet */
};

static struct {
    gort_ctx *ctx;
    gort_waitgroup tasks;
    gort_mutex lock;
    GORT_SLICE(struct client *) clients; /* those with a name; [lock] */
} server;

static const struct option_row rows[] = {
    {"port", "N", "TCP port; 0 takes a free one and says which", OPTION_COUNT, 1, 0, 0, 65535},
};
static const struct option_program program = {
    "gort-chat", "", "A chat server: the first line of a client is its name.", {rows, 1, 1}, 0, 0};

/* Has everyone in the room hear it, but for those who leave or have no room in their queue. */
static void say(gort_str who, gort_str what)
{
    gort_str line = gort_str_join((gort_str[]){who, what, GORT_STR("\n")}, 3, GORT_STR(""));

    gort_mutex_lock(&server.lock);
    for (size_t i = server.clients.len; i-- > 0;) {
        struct client *c = server.clients.ptr[i];

        if (gort_ctx_err(c->ctx) == 0 && line_try_send(c->queue, line) == 0)
            continue;
        gort_ctx_cancel(c->ctx, 0);
        server.clients.ptr[i] = server.clients.ptr[--server.clients.len];
    }
    gort_mutex_unlock(&server.lock);
}

/* Writes what is in the queue, and closes the connection when C has left and it is empty. */
static void write_queue(void *arg)
{
    struct client *c = arg;
    gort_str line;
    int64_t n = 0;

    while (n >= 0 &&
           (line_recv_ctx(c->queue, &line, c->ctx) == 1 || line_try_recv(c->queue, &line) == 1))
        n = gort_write_by(c->conn, line.ptr, line.len, gort_in(5 * GORT_S));
    gort_conn_close(c->conn);
}

/* The next line of C; 0 at the end. Long ones come in parts. */
static int read_line(struct client *c, gort_str *line)
{
    while (!gort_str_cut(c->unread, GORT_STR("\n"), line, &c->unread) && line->len < LINE_BYTES) {
        gort_builder more = {0};
        int64_t n;

        gort_builder_str(&more, *line);
        gort_builder_reserve(&more, LINE_BYTES);
        n = gort_read(c->conn, more.ptr + more.len, LINE_BYTES);
        if (n <= 0)
            return 0;
        c->unread = (gort_str){more.ptr, more.len + (size_t)n};
    }
    line->len -= (size_t)gort_str_has_suffix(*line, GORT_STR("\r"));
    return 1;
}

static void serve(void *conn)
{
    struct client *c = gort_new(struct client);
    gort_str name, who, line;

    *c = (struct client){
        .conn = conn, .ctx = gort_ctx_with_cancel(server.ctx), .queue = line_chan_new(QUEUE_LINES)};
    gort_waitgroup_go(&server.tasks, write_queue, c);
    if (read_line(c, &name)) {
        name.len = name.len < NAME_BYTES ? name.len : NAME_BYTES;
        who = gort_str_join((gort_str[]){name, GORT_STR(": ")}, 2, GORT_STR(""));
        gort_mutex_lock(&server.lock);
        GORT_APPEND(&server.clients, c);
        gort_mutex_unlock(&server.lock);
        say(GORT_STR("* joins: "), name);
        while (read_line(c, &line))
            say(who, line);
        gort_ctx_cancel(c->ctx, 0);
        say(GORT_STR("* leaves: "), name);
    }
    gort_ctx_cancel(c->ctx, 0);
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
    int status = options_take(&program, argc, argv, &port, NULL);

    if (status >= 0)
        return status;
    snprintf(address, sizeof address, "127.0.0.1:%d", (int)port);
    if ((status = gort_listen(address, &listener)) != 0) {
        fprintf(stderr, "gort-chat: cannot listen on %s: %s\n", address, gort_strerror(status));
        return 1;
    }
    server.ctx = gort_ctx_with_cancel(gort_ctx_background());
    gort_ctx_after_func(ctx, close_listener, listener);
    printf("gort-chat: process %d, port %d\n", (int)getpid(), gort_listener_port(listener));
    fflush(stdout);
    while ((status = gort_accept(listener, &conn)) != GORT_ECLOSED)
        if (status == 0)
            gort_waitgroup_go(&server.tasks, serve, conn);
        else
            gort_sleep(50 * GORT_MS); /* out of descriptors, say */
    say(GORT_STR("* the server ends"), GORT_STR(""));
    gort_ctx_cancel(server.ctx, 0);
    gort_waitgroup_wait(&server.tasks);
    printf("gort-chat: ended\n");
    return 0;
}
GORT_MAIN(app)
