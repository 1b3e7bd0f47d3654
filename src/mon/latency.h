/* SPDX-License-Identifier: MIT */
/* latency.h - how long tasks waited for a proc lately, out of counts that only grow.
 * Counts of some moments of the last minute are kept; the difference to the oldest of them is what
 * came since. Threads: one owner. */
#ifndef MON_LATENCY_H
#define MON_LATENCY_H

#include "mon/snapshot.h"

#define LATENCY_LATELY_NS INT64_C(60000000000)

struct latency_past;

/* NULL if memory is short. */
struct latency_past *latency_past_new(void);
void latency_past_free(struct latency_past *past);

/* Fills in what S tells of the last minute, or of less if less is known, and keeps what it counts.
 * S is newer than those before. */
void latency_past_add(struct latency_past *past, struct snapshot *s);

#endif
