/* SPDX-License-Identifier: MIT */
/* publish_procs.h - what each proc does, for the page.
 * The figures are those that the procs count themselves.
 * Threads: as publish_tick. Locks: takes TIMERS, PROCTIME. */
#ifndef RUNTIME_PUBLISH_PROCS_H
#define RUNTIME_PUBLISH_PROCS_H

#include <stdint.h>

#include "page.h"

/* Brings the N rows at ROW up to date, of procs 0 to N - 1. What further procs have done counts
 * with the last row. */
void publish_procs(struct page_proc *row, uint32_t n);

#endif
