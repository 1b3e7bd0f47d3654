/* SPDX-License-Identifier: MIT */
/* polling.h - who looks at the poller, and when.
 * A worker that has nothing to run looks in passing. If it finds nothing anywhere and nobody blocks
 * in the poller yet, it does so itself, until the first timer of all procs is due. Threads: workers
 * without a task. Source: Go's findRunnable. */
#ifndef RUNTIME_POLLING_H
#define RUNTIME_POLLING_H

#include <stdbool.h>

struct worker;

/* Makes runnable who is ready by its descriptor; whether there is anybody. */
bool polling_look(void);

/* Blocks in the poller until something is ready or the earliest timer is due, if nobody else does.
 * False if there is nothing to wait for there. W has no proc; afterwards it has one if there is
 * something to do. */
bool polling_wait(struct worker *w);

#endif
