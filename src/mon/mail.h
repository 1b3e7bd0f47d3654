/* SPDX-License-Identifier: MIT */
/* mail.h - asking the runtime of a target for something, through its mailbox.
 * The client claims a slot with a lock that the kernel drops if it dies, writes a request and
 * rings; the runtime answers in batches, each of which is copied and acknowledged at once, so
 * that it fills the next one while this one is read. Nothing here blocks: mail_step looks what
 * has changed, mail_wake_ns says when to look again. The other side may be hostile: only memory
 * that it cannot take away is mapped, the batches are read with pread, and any number out of
 * turn ends the request.
 * Threads: one. Source: page.h, Mailbox. */
#ifndef MON_MAIL_H
#define MON_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mail;

enum mail_event {
    MAIL_NOTHING, /* not yet */
    MAIL_BATCH,   /* one has come: mail_batch */
    MAIL_DONE,    /* that was the final one */
    MAIL_FAILED,  /* mail_failure says why */
};

#define MAIL_TEXT_BYTES 160

/* Opens the mailbox of PID. NULL: WHY says what is wrong and what helps. */
struct mail *mail_open(pid_t pid, char why[MAIL_TEXT_BYTES]);

/* Withdraws what is under way. NULL is fine. */
void mail_close(struct mail *mail);

/* Puts a request of the kind OP (enum page_mail_op). Once. False: mail_failure says why. */
bool mail_ask(struct mail *mail, uint32_t op, uint64_t arg);

/* The number of the request, which the answer repeats. */
uint64_t mail_id(const struct mail *mail);

/* Looks what has come. */
enum mail_event mail_step(struct mail *mail);

/* The bytes of the batch: a copy, borrowed until the next mail_step. */
const uint8_t *mail_batch(const struct mail *mail, size_t *bytes);

/* When to call mail_step at the latest, monotonic. */
int64_t mail_wake_ns(const struct mail *mail);

const char *mail_failure(const struct mail *mail);

#endif
