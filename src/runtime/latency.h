/* SPDX-License-Identifier: MIT */
/* latency.h - how long tasks wait for a proc: from runnable to running.
 * Each sixteenth time that a task becomes runnable, the cycle counter is read then and again when
 * it runs, and the difference goes into a histogram of the proc that runs it. The other times cost
 * a counter in the task's record and a look at a word. (Go measures each eighth; with two readings
 * of the counter at some 10 ns each, that was 4 % of a channel's round trip.) The buckets are
 * linear within powers of two: eight to each, so none is wider than an eighth of where it begins;
 * below 8 ns one a nanosecond. What took longer than 2^40 ns is in the last. Threads: latency_ready
 * by whoever makes the task runnable, latency_run by the holder of the proc; reading by any.
 * Counters with one writer, relaxed. Source: Go's proc.go (gTrackingPeriod) and histogram.go. */
#ifndef RUNTIME_LATENCY_H
#define RUNTIME_LATENCY_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/check.h"
#include "runtime/task.h"

#define LATENCY_PERIOD   16u
#define LATENCY_SUB_BITS 3u
#define LATENCY_MAX_BITS 40u
#define LATENCY_BUCKETS  ((LATENCY_MAX_BITS - LATENCY_SUB_BITS + 1) << LATENCY_SUB_BITS)

struct latency {
    _Atomic(uint64_t) count[LATENCY_BUCKETS]; /* [atomic], written by the proc's holder */
    _Atomic(uint64_t) max_ns;                 /* [atomic], written by the proc's holder */
};

/* All procs together. */
struct latency_sum {
    uint64_t count[LATENCY_BUCKETS];
    uint64_t samples;
    uint64_t max_ns;
};

/* Measures the rate of the cycle counter over what lies between: the beginning and the end of the
 * runtime's start. The second waits until enough time has passed, some 50 us. */
void latency_calibrate_begin(void);
void latency_calibrate_end(void);

/* CYCLES of the counter in nanoseconds, to a thousandth or so. */
uint64_t latency_ns(uint64_t cycles);

/* Slow halves of the next two; out of line, so that their callers stay small. */
void latency_stamp(struct task *t);
void latency_record(struct latency *l, struct task *t);

/* T becomes runnable; it belongs to the caller. */
static inline void latency_ready(struct task *t)
{
    if (UNLIKELY(++t->nready % LATENCY_PERIOD == 0))
        latency_stamp(t);
}

/* Whether the wait of T, which is runnable, is one of those that are measured. */
static inline bool latency_is_measured(const struct task *t)
{
    return t->ready_cycles != 0;
}

/* T runs now, on the proc of L. */
static inline void latency_run(struct latency *l, struct task *t)
{
    if (UNLIKELY(latency_is_measured(t)))
        latency_record(l, t);
}

/* The bucket of NS, and the least that lies in a bucket. */
unsigned latency_bucket(uint64_t ns);
uint64_t latency_floor(unsigned bucket);

/* What all procs that were ever made have counted so far. Any thread. */
void latency_read(struct latency_sum *sum);

/* What came in between: from the sum OLD to *SUM, which becomes the difference. Its max_ns is that
 * of a bucket then. */
void latency_since(struct latency_sum *sum, const struct latency_sum *old);

/* The wait that PPM millionths of the samples were no longer than; 0 if there is none. */
uint64_t latency_quantile(const struct latency_sum *sum, uint32_t ppm);

#endif
