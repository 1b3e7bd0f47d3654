/* SPDX-License-Identifier: MIT */
/* gclimiter.h - at most half of the program's time to keep the memory limit.
 * When nearly all of the limit is alive, each collection gains little, and soon nothing but
 * collections would run. So the time for which these keep the program from its work is poured into
 * a bucket, and what the program has for its work is let out. While it is full, the collector gives
 * way: who allocates neither helps nor waits, and where marks stop the world none begins; memory
 * grows beyond the limit instead.
 *   kept  tasks wait for the end of a mark or help with it, of these no more being counted than
 *         there are procs; the world is stopped, for all procs.
 *   had   beside a mark, the processors' time of the process without that of the collector: an idle
 *         proc is no sign of leisure there, its tasks may wait for the mark. Where marks stop the
 *         world, all the time of the procs in which it is not stopped.
 *
 * A heap that is paced by its percentage alone is left alone: who asked for that gets it. So is one
 * with the limit of a control group, beyond which the kernel ends the process (gc.c).
 *
 * Threads: any, as each function says. Lock: none. Source: Go's mgclimit, and proposal 48409. */
#ifndef RUNTIME_GCLIMITER_H
#define RUNTIME_GCLIMITER_H

#include <stdbool.h>
#include <stdint.h>

struct limiter_bucket {
    uint64_t fill_ns;
    uint64_t kept_ns; /* until it was looked at last */
    uint64_t had_ns;
    uint64_t total_ns;
};

/* TOTAL_NS of all procs have passed since the start, NPROCS at present; tasks were kept from their
 * work for KEPT_NS, and had HAD_NS for it. Whether the collector is to give way. */
bool limiter_look(struct limiter_bucket *b, uint64_t kept_ns, uint64_t had_ns, uint64_t total_ns,
                  uint32_t nprocs);

/* Tasks were kept from their work for NS; it does not count unless the limit has set the goal. Any
 * thread. */
void limiter_count_kept(uint64_t ns);

/* A task waits for the end of a mark. It is kept for that long, but for no longer than the
 * collector has the processors for it: what other processes take of these is not the collector's
 * fault. Any thread. */
struct limiter_wait {
    int64_t start_ns;
    uint64_t marker_ns;
};

struct limiter_wait limiter_wait_begin(void);
void limiter_wait_end(struct limiter_wait wait);

/* A thread of the collector has used NS of a processor, beside the program. Any thread. */
void limiter_count_marker(uint64_t ns);

/* Whether the collector gives way; to be asked while the limit has set the goal. Looks now and
 * then. Any thread. */
bool limiter_is_on(void);

/* The number of the cycle that was the last when it gave way last; 0: it never did. Any thread. */
uint64_t limiter_last_cycle(void);

#endif
