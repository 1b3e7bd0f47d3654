/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "demo/server.h"

#include <stdio.h>
#include <string.h>

#define INPUT_FIRST_BYTES 16384
#define INPUT_KEEP_BYTES 65536 /* a larger buffer is dropped once it has been used up */

/* One connection; it lives on the stack of its task. */
struct client {
    struct kv *kv;
    gort_conn *conn;
    struct resp_parser parser;
    struct outbuf out;
    char *input; /* what came and is not answered: [start, end) of cap bytes */
    size_t start;
    size_t end;
    size_t cap;
    uint64_t answered; /* in this batch */
};

/* What a new task gets; from the collected heap. */
struct handover {
    struct kv *kv;
    gort_conn *conn;
};

static bool flush_to_conn(void *context, const char *data, size_t bytes)
{
    return gort_write(context, data, bytes) == (int64_t)bytes;
}

static void client_init(struct client *c, const struct handover *handover)
{
    memset(c, 0, sizeof *c);
    c->kv = handover->kv;
    c->conn = handover->conn;
    c->cap = INPUT_FIRST_BYTES;
    c->input = gort_alloc_noscan(c->cap);
    resp_init(&c->parser);
    outbuf_init(&c->out, gort_alloc_noscan(OUTBUF_BYTES), flush_to_conn, c->conn);
}

/* Moves the input to a buffer of CAP bytes, its beginning first. */
static void move_input(struct client *c, size_t cap)
{
    size_t bytes = c->end - c->start;
    char *to = cap == c->cap ? c->input : gort_alloc_noscan(cap);

    memmove(to, c->input + c->start, bytes);
    c->input = to;
    c->cap = cap;
    c->start = 0;
    c->end = bytes;
}

/* Makes room to read into: at least half of the buffer, of which a command may need all. */
static void make_room(struct client *c)
{
    size_t bytes = c->end - c->start;

    if (bytes == 0 && c->cap > INPUT_KEEP_BYTES)
        move_input(c, INPUT_FIRST_BYTES);
    else if (bytes > c->cap / 2)
        move_input(c, c->cap * 2);
    else if (c->start > 0)
        move_input(c, c->cap);
}

/* Takes what has come, at least one byte. Blocks the task. */
static bool read_more(struct client *c)
{
    int64_t n;

    make_room(c);
    n = gort_read(c->conn, c->input + c->end, c->cap - c->end);
    if (n <= 0)
        return false;
    c->end += (size_t)n;
    return true;
}

static void refuse_the_rest(struct client *c)
{
    char error[128];

    snprintf(error, sizeof error, "ERR Protocol error: %s", c->parser.error);
    outbuf_error(&c->out, error);
}

/* Answers every whole command that has come. Returns false when the connection is to end. */
static bool answer_batch(struct client *c)
{
    while (c->start < c->end) {
        const char *data = c->input + c->start;
        struct request request;

        switch (resp_parse(&c->parser, data, c->end - c->start)) {
        case RESP_MORE:
            return true;
        case RESP_BAD:
            refuse_the_rest(c);
            return false;
        case RESP_COMMAND:
            break;
        }
        c->start += c->parser.pos;
        request = (struct request){data, c->parser.args, c->parser.nargs};
        c->answered++;
        if (request.nargs > 0 && !commands_run(c->kv, &request, &c->out))
            return false;
        if (c->out.failed)
            return false;
        resp_next(&c->parser);
    }
    return true;
}

/* The end of a batch: answers go out, and are counted. */
static void end_batch(struct client *c)
{
    outbuf_push(&c->out);
    atomic_fetch_add_explicit(&c->kv->commands, c->answered, memory_order_relaxed);
    c->answered = 0;
}

static void serve(void *arg)
{
    struct client client;
    bool open = true;

    client_init(&client, arg);
    while (open && read_more(&client)) {
        open = answer_batch(&client);
        end_batch(&client);
        open = open && !client.out.failed;
    }
    resp_fini(&client.parser);
    gort_conn_close(client.conn);
    atomic_fetch_sub_explicit(&client.kv->clients, 1, memory_order_relaxed);
}

/* Above the limit a client gets one line, and no task. What a fresh socket cannot take is
 * dropped. */
static void refuse(struct kv *kv, gort_conn *conn)
{
    static const char error[] = "-ERR max number of clients reached\r\n";

    atomic_fetch_add_explicit(&kv->refused, 1, memory_order_relaxed);
    if (gort_write_by(conn, error, sizeof error - 1, gort_in(GORT_MS)) < 0)
        fprintf(stderr, "gort-kv: a client above the limit could not even be told\n");
    gort_conn_close(conn);
}

static void take_on(struct kv *kv, gort_conn *conn)
{
    static const gort_attr attr = {.name = "client"};
    struct handover *handover = gort_new(struct handover);

    atomic_fetch_add_explicit(&kv->accepted, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&kv->clients, 1, memory_order_relaxed);
    *handover = (struct handover){kv, conn};
    gort_go_with(&attr, serve, handover);
}

void server_accept_all(struct kv *kv, gort_listener *listener)
{
    for (;;) {
        gort_conn *conn = NULL;
        int err = gort_accept(listener, &conn);

        if (err == GORT_ECLOSED)
            return;
        if (err != 0) { /* out of descriptors, say: some will come free */
            fprintf(stderr, "gort-kv: cannot accept: %s\n", gort_strerror(err));
            gort_sleep(50 * GORT_MS);
        } else if (atomic_load_explicit(&kv->clients, memory_order_relaxed) >= kv->max_clients) {
            refuse(kv, conn);
        } else {
            take_on(kv, conn);
        }
    }
}
