/* SPDX-License-Identifier: MIT */
/* leaked.h - the tasks that were proven to be leaked, by where they were spawned and where they
 * wait. A task that is counted here never runs again, but for what the collector can't see: should
 * one be readied, that refutes the proof. It is counted no longer, and others of its kind are not
 * told of from then on. As nothing of a leaked task was freed, it just goes on.
 * Threads: as each function says. Lock: LEAKED, held for a few words. */
#ifndef RUNTIME_LEAKED_H
#define RUNTIME_LEAKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/task.h"

#define LEAKED_KINDS 256 /* told apart; tasks of others are counted in the sum only */

struct leaked {
    uintptr_t spawn_pc;
    uintptr_t start_fn;
    uintptr_t wait_pc;
    enum wait_reason reason;
    uint64_t count;
    int64_t waits_since_ns; /* the first of them, monotonic and coarse; 0: not known */
    int64_t proven_ns;      /* the first of them, monotonic */
    bool refuted;           /* one of them went on */
};

/* T, which waits, is leaked, as was proven at NOW_NS; a kind that was refuted is left alone. [stw]
 */
void leaked_add(struct task *t, int64_t now_ns);

/* T, which is leaked, is being readied. Its holder, who may hold locks. In a build with checks, and
 * with GORT_DEBUG=verify=1, the first of a kind is said on stderr. */
void leaked_refute(struct task *t);

/* How many there are; how many proofs have been refuted. Any thread. */
uint64_t leaked_count(void);
uint64_t leaked_refuted(void);

/* Copies the kinds that have tasks, in the order in which they were found, at most MAX; returns how
 * many there are. Any thread. */
size_t leaked_read(struct leaked *out, size_t max);

#endif
