/* SPDX-License-Identifier: MIT */
/* dumpjob.h - takes a dump of a target, step by step and without ever blocking its caller.
 * It asks through the mailbox, and if the runtime does not answer reads the stacks from outside;
 * it unwinds each task as it comes in, and last looks the addresses up. All of it advances in
 * dumpjob_step, which an event loop calls when dumpjob_fd is readable or the time of
 * dumpjob_wake_ns has come.
 * Threads: one. */
#ifndef MON_DUMPJOB_H
#define MON_DUMPJOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "mon/dump.h"

struct dumpjob;
struct symbols;

enum dumpjob_way {
    DUMPJOB_ASK_OR_PEEK, /* the usual */
    DUMPJOB_PEEK,        /* write nothing to the target (--read-only) */
};

/* Starts a dump of PID. SYMBOLS is borrowed until dumpjob_free; its child process serves this
 * job. Never NULL: what goes wrong is told by dumpjob_status. */
struct dumpjob *dumpjob_new(pid_t pid, struct symbols *symbols, enum dumpjob_way way);

/* Cancels what is under way, so that the target stops working for it. NULL is fine. */
void dumpjob_free(struct dumpjob *job);

/* Works for about BUDGET_NS, or until it has to wait. */
void dumpjob_step(struct dumpjob *job, int64_t budget_ns);

/* Call dumpjob_step when this becomes readable, -1: never; */
int dumpjob_fd(const struct dumpjob *job);

/* and at this monotonic time at the latest, INT64_MAX: never. */
int64_t dumpjob_wake_ns(const struct dumpjob *job);

/* Borrowed until the job is freed. */
const struct dump_status *dumpjob_status(const struct dumpjob *job);

/* The dump once the stage is DUMP_STAGE_DONE, else NULL; the caller takes it, for dump_free. */
struct dump *dumpjob_take(struct dumpjob *job);

#endif
