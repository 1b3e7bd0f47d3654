/* SPDX-License-Identifier: MIT */
/* gclog.h - what is remembered of the collector's cycles.
 * Totals in a double buffer, the last 256 cycles in a ring (base/seqlock.h): readers never wait and
 * never see half of a record.
 * Threads: gclog_add by the owner of a cycle; the readers are declared in gc.h. */
#ifndef RUNTIME_GCLOG_H
#define RUNTIME_GCLOG_H

#include "runtime/gc.h"

/* CYCLE is over. MARK_THREAD_NS is the time its markers took. Sets its number. */
void gclog_add(struct gc_cycle *cycle, uint64_t mark_thread_ns);

/* Writes CYCLE to stderr as Go's gctrace does. */
void gclog_trace(const struct gc_cycle *cycle, uint64_t mark_thread_ns);

#endif
