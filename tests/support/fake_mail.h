/* SPDX-License-Identifier: MIT */
/* fake_mail.h - the serving side of a mailbox, moved by hand, and records of dumps.
 * The mailbox is a memfd of this process under its real name, so that a client finds it through
 * /proc/self/fd. A test calls the client and these in turn; every word may be set to nonsense.
 * Threads: one. Source: page.h. */
#ifndef SUPPORT_FAKE_MAIL_H
#define SUPPORT_FAKE_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page.h"

struct fake_mail {
    int fd;
    size_t bytes;
    struct page_mail *mail; /* mapped */
    uint8_t *data;          /* mail->data_bytes of it */
};

enum fake_seals { FAKE_SEALED, FAKE_UNSEALED };

/* Ends the process with a message if it can't. */
void fake_mail_init(struct fake_mail *f, enum fake_seals seals);
void fake_mail_fini(struct fake_mail *f);

/* The slot in which something is requested, or NULL. */
struct page_mail_slot *fake_mail_request(struct fake_mail *f);

/* What the runtime does: takes the request up, sends a batch, ends. */
void fake_mail_take(struct page_mail_slot *slot);
void fake_mail_send(struct fake_mail *f, struct page_mail_slot *slot, const void *batch,
                    size_t bytes, bool last);
bool fake_mail_is_acknowledged(const struct page_mail_slot *slot);
void fake_mail_end(struct page_mail_slot *slot, enum page_mail_state state,
                   enum page_mail_error error);

/* A batch of records in the making. */
struct fake_batch {
    uint8_t *data;
    size_t bytes;
    size_t room;
};

void fake_batch_fini(struct fake_batch *b);
void fake_batch_begin(struct fake_batch *b, uint64_t id);
void fake_batch_end(struct fake_batch *b, uint64_t ntasks);

/* Adds a task and its stack; head, stack_bytes are filled in here. */
void fake_batch_task(struct fake_batch *b, const struct page_dump_task *task, const void *stack,
                     size_t stack_bytes);

/* Any record: HEAD.bytes of DATA. */
void fake_batch_record(struct fake_batch *b, const void *data, size_t bytes);

#endif
