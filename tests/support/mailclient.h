/* SPDX-License-Identifier: MIT */
/* mailclient.h - one who asks the runtime through the mailbox, for tests: a good client in small
 * steps, each of which a bad one may leave out or spoil.
 * Threads: one a client. Source: gort-page(5). */
#ifndef SUPPORT_MAILCLIENT_H
#define SUPPORT_MAILCLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "page.h"

struct mailclient {
    int fd;
    struct page_mail *mail; /* mapped for reading and writing */
    size_t bytes;
    unsigned slot;
};

/* Opens the mailbox of process PID. False if there is none. */
bool mailclient_open(struct mailclient *c, pid_t pid);
/* Closes it; the slot is free then. */
void mailclient_close(struct mailclient *c);

/* Takes slot I. False if another has it. */
bool mailclient_claim(struct mailclient *c, unsigned i);

/* Writes a request into the slot, and rings. */
void mailclient_ask(struct mailclient *c, uint32_t op, uint64_t id, uint64_t stack_max);
void mailclient_ring(struct mailclient *c);

uint32_t mailclient_state(const struct mailclient *c);
uint32_t mailclient_error(const struct mailclient *c);

/* The number of the batch that waits to be taken, 0: none. *DATA, *BYTES and *LAST say what it is.
 */
uint64_t mailclient_batch(const struct mailclient *c, const char **data, size_t *bytes, bool *last);
/* Takes batch NUMBER as read. */
void mailclient_ack(struct mailclient *c, uint64_t number);

/* ---- what is in a batch ---- */

struct maildump { /* of all batches so far */
    bool begun;
    bool ended;
    uint64_t ntasks;
    uint64_t ended_with; /* tasks, as the end record says */
    uint64_t flags;      /* of all tasks, or-ed */
    struct page_dump_task first;
    struct page_dump_task last;
    uint64_t nlocks;            /* tasks that say what lock they wait for */
    struct page_dump_lock lock; /* of the last of them */
    uint64_t first_words[16];   /* of the first task's stack */
};

/* Walks through the records of a batch. False if one makes no sense. */
bool maildump_read(struct maildump *d, const char *data, size_t bytes);

#endif
