/* SPDX-License-Identifier: MIT */
/* procsize.h - how many procs there are, and changing it.
 * Procs are made up to the highest number ever wanted and are never freed; the first sched.nprocs
 * of them run tasks. To change the number the world is stopped: then no worker is in the middle of
 * anything that concerns a proc. Procs that go give their tasks, timers and caches away and are
 * taken from whoever holds them: the list of idle ones, a worker, a blocking section. One that is
 * just being handed to a worker cannot be found; it is put away when that worker wakes up, or comes
 * to the list of idle ones, and is good again if the number has grown back by then.
 * Threads: as each says. Lock: PROCSIZE, for the total only.
 * Source: Go's proc.go, procresize; following the processors, Go 1.25. */
#ifndef RUNTIME_PROCSIZE_H
#define RUNTIME_PROCSIZE_H

#include <stdbool.h>
#include <stdint.h>

/* Makes the first procs: CHOSEN of them, or if that is 0 as many as there are processors, and then
 * follows these. Once, at start. */
void procsize_init(int chosen);

/* Whether the number follows that of the processors, and differs from it. Any thread. */
bool procsize_is_outdated(void);

/* Makes it so. Blocks while the world stops. Threads: one that is no worker. */
void procsize_follow_cpus(void);

/* Nanoseconds that all procs together have existed until NOW_NS. Any thread. */
int64_t procsize_total_ns(int64_t now_ns);

#endif
