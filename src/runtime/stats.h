/* SPDX-License-Identifier: MIT */
/* stats.h - memory and the collector in figures, for the page and for gort_read_memstats.
 * Everything is read while the program runs: what belongs together is read together (counts of one
 * proc, pages of the heap, one cycle), and sums are made from the parts that are shown, so that the
 * equations of gort/stats.h hold in every reading.
 * Threads: any; no lock but, for a few words, that of the number of procs. */
#ifndef RUNTIME_STATS_H
#define RUNTIME_STATS_H

#include "gort/stats.h"
#include "runtime/allocsite.h"
#include "runtime/gc.h"

struct memory_stats {         /* beyond Go's MemStats; names as in metrics.def */
    struct gort_memstats mem; /* pause_ns, pause_end and by_size are not filled */
    struct gc_totals gc;
    enum gc_phase phase;
    int percent;          /* -1: off */
    int64_t memory_limit; /* INT64_MAX: none */
    uint64_t tiny_allocs;
    uint64_t stack_virtual;
    uint64_t sweep_ns;
    uint64_t gc_threads;
};

void stats_read(struct memory_stats *out);

struct size_class_stats {
    uint64_t object_bytes; /* 0: large objects */
    uint64_t mallocs;
    uint64_t frees;
    uint64_t spans;
    uint64_t span_bytes;
    uint64_t live_bytes; /* of objects not yet swept away */
};

/* All size classes, large objects first. */
void stats_read_classes(struct size_class_stats out[GORT_MEMSTATS_SIZES]);

struct proc;

/* Objects and bytes that P has allocated. */
void stats_read_proc(const struct proc *p, uint64_t *mallocs, uint64_t *bytes);

#endif
