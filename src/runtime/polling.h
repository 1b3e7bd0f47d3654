/* SPDX-License-Identifier: MIT */
/* polling.h - who looks at the poller, and when.
 * A worker that has nothing to run looks in passing. If it finds nothing anywhere and nobody blocks
 * in the poller yet, it does so itself, until the first timer of all procs is due.
 * One that comes back with a single task runs it, and nobody takes its place: what that task writes
 * to would wake the other one each time, for nothing if the reader is found in passing. It soon
 * comes to look again, or sysmon sends for another. Threads: workers without a task, but for what
 * sysmon asks. Source: Go's findRunnable. */
#ifndef RUNTIME_POLLING_H
#define RUNTIME_POLLING_H

#include <stdbool.h>
#include <stdint.h>

struct worker;

/* Makes runnable who is ready by its descriptor, on this proc or globally; whether there is
 * anybody. */
bool polling_look(void);

/* Blocks in the poller until something is ready or the earliest timer is due, if nobody else does.
 * False if there is nothing to wait for there. W has no proc; afterwards it has one if there is
 * something to do. */
bool polling_wait(struct worker *w);

/* Whether tasks wait for descriptors, procs are idle, and nobody blocks in the poller; a guess. Any
 * thread. */
bool polling_is_unmanned(void);

/* Counts the looks, more or less; any thread. */
uint32_t polling_looks(void);

#endif
