/* SPDX-License-Identifier: MIT */
/* publish_values.h - the metrics' values, read where they are kept.
 * Nothing is stopped for it: counters are read one after the other, so sums may be off by what
 * happens meanwhile.
 * Threads: as publish_tick. */
#ifndef RUNTIME_PUBLISH_VALUES_H
#define RUNTIME_PUBLISH_VALUES_H

#include <stdint.h>

#include "page.h"
#include "runtime/pagewrite.h"

/* Fills the values of the scheduler, summing the N rows at PROC, which are fresh. */
void publish_values_sched(uint64_t value[METRIC_COUNT], const struct page_proc *proc, uint32_t n);

/* Fills in how long tasks waited for a proc: once a second, for that second, and puts the histogram
 * of all waits into SECTION; in between both stay as they are. */
void publish_values_latency(uint64_t value[METRIC_COUNT], const struct pagedouble *section,
                            int64_t now_ns);

#endif
