/* SPDX-License-Identifier: MIT */
/* offcpu.h - for how long a thread was on no processor.
 * That time is the machine's: it had no processor for the thread, or was fetching a page for it. On
 * a virtual machine the time that the host takes is not seen.
 * Threads: any; a struct is its owner's. */
#ifndef RUNTIME_OFFCPU_H
#define RUNTIME_OFFCPU_H

#include <stdint.h>

/* ---- another thread, while it is waited for ---- */

struct offcpu {
    int64_t begin_ns; /* monotonic */
    int64_t cpu_ns;   /* that the thread had used by then */
};

/* The wait for the thread TID of this process begins. A system call that does not block. */
void offcpu_begin(struct offcpu *wait, int32_t tid);

/* It ended at END_NS, just now: of the time between, how much TID was not running, in ns. What it
 * has run since END_NS counts against that. */
int64_t offcpu_end(const struct offcpu *wait, int32_t tid, int64_t end_ns);

/* ---- the calling thread ---- */

/* Makes it one that can tell how long it had to wait for a processor, if the kernel does: keeps a
 * descriptor for good. Once a thread. */
void offcpu_watch_self(void);

/* For how long the calling thread was ready to run, and did not, since it began, in ns; 0 of one
 * that has not been made so. A system call that does not block.
 * Source: the second figure of schedstat, Documentation/scheduler/sched-stats.rst in Linux. */
int64_t offcpu_queued_ns(void);

#endif
