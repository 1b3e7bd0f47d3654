/* SPDX-License-Identifier: MIT */
/* commands.h - what gort-kv answers.
 * One const table holds every command: its name, how many arguments it takes, and the function that
 * answers; COMMAND tells of it. A command reads its arguments where they arrived, and writes its
 * answer to an outbuf; it knows no socket.
 * Threads: any number of tasks, each with its own request. May block the task. */
#ifndef DEMO_COMMANDS_H
#define DEMO_COMMANDS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "demo/outbuf.h"
#include "demo/resp.h"
#include "demo/table.h"

/* What all connections share. */
struct kv {
    struct table *table; /* [const] */
    int64_t start_ns;    /* [const] */
    int port;            /* [const] */
    int64_t max_clients; /* [const] */
    _Atomic(int64_t) clients;   /* connected now; [atomic] */
    _Atomic(uint64_t) accepted; /* connections ever; [atomic] */
    _Atomic(uint64_t) refused;  /* above max_clients; [atomic] */
    _Atomic(uint64_t) commands; /* answered, added up once a batch; [atomic] */
};

/* A whole command: args lie in `data`. */
struct request {
    const char *data;
    const struct resp_arg *args;
    uint32_t nargs; /* at least 1 */
};

/* Answers REQUEST. Returns false when the client asked for the connection to end. */
bool commands_run(struct kv *kv, const struct request *request, struct outbuf *out);

/* The argument I of REQUEST. */
struct text request_text(const struct request *request, uint32_t i);

/* Answers INFO: the part of that name, or all of it for NULL. In info.c. */
void info_answer(struct kv *kv, const struct text *part, struct outbuf *out);

#endif
