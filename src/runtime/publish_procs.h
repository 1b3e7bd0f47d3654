/* SPDX-License-Identifier: MIT */
/* publish_procs.h - what each proc does, for the page.
 * Time in a state is sampled: the time between two looks counts for the state that the second one
 * finds.
 * Threads: as publish_tick. Locks: takes TIMERS. */
#ifndef RUNTIME_PUBLISH_PROCS_H
#define RUNTIME_PUBLISH_PROCS_H

#include <stdint.h>

#include "page.h"

/* Brings the N rows at ROW up to date, of procs 0 to N - 1; PASSED_NS since the last time. What
 * further procs have done counts with the last row. */
void publish_procs(struct page_proc *row, uint32_t n, int64_t passed_ns);

#endif
