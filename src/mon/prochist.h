/* SPDX-License-Identifier: MIT */
/* prochist.h - what each proc did over time, for the ribbons of the scheduler.
 * Buckets of absolute time as in history.h, seconds and minutes; each holds the mean share of every
 * state. The memory lies proc by proc, so that a target of four procs touches only that of four.
 * Threads: one owner. */
#ifndef MON_PROCHIST_H
#define MON_PROCHIST_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/snapshot.h"

#define PROCHIST_PROCS 64 /* of further ones no history is kept */

struct proc_history;

/* Shares of the states, 0 to 1; their sum is 1. */
struct proc_shares {
    float share[PROC_STATES];
};

/* NULL if memory is short. */
struct proc_history *proc_history_new(void);

/* The same, in a file without a name (spill.h): for one of many that are seldom looked at. */
struct proc_history *proc_history_new_sparing(void);
void proc_history_free(struct proc_history *h);

/* As history_part. */
bool proc_history_part(struct proc_history *h);

/* Forgets everything; the memory stays. */
void proc_history_clear(struct proc_history *h);

/* Takes the shares of a snapshot into the buckets of its time. One without shares adds nothing. */
void proc_history_add(struct proc_history *h, const struct snapshot *snapshot);

/* What proc number INDEX did in [FROM_NS, TO_NS), or in the bucket of FROM_NS if that is wider.
 * False if nothing is known: *OUT is then all 0. */
bool proc_history_range(const struct proc_history *h, unsigned index, int64_t from_ns,
                        int64_t to_ns, struct proc_shares *out);

#endif
