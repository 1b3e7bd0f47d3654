/* SPDX-License-Identifier: MIT */
/* stats.h - what the runtime has done, as Go's MemStats. */
#ifndef GORT_STATS_H
#define GORT_STATS_H

#include <gort/base.h>

#define GORT_MEMSTATS_SIZES  68
#define GORT_MEMSTATS_PAUSES 256

/* Go's runtime.MemStats: the same fields with the same meaning. Bytes unless said otherwise.
 * It holds that
 *     sys = heap_sys + stack_sys + mspan_sys + mcache_sys + buckhash_sys + gc_sys + other_sys
 *     heap_sys = heap_inuse + heap_idle, heap_released <= heap_idle
 *     heap_objects = mallocs - frees, alloc = heap_alloc */
typedef struct gort_memstats {
    uint64_t alloc;       /* live and not yet swept objects */
    uint64_t total_alloc; /* ever allocated, by size class */
    uint64_t sys;         /* obtained from the system */
    uint64_t lookups;     /* always 0, as in Go */
    uint64_t mallocs;     /* objects ever allocated */
    uint64_t frees;       /* objects ever freed */
    uint64_t heap_alloc;
    uint64_t heap_sys;
    uint64_t heap_idle;
    uint64_t heap_inuse;
    uint64_t heap_released;
    uint64_t heap_objects;
    uint64_t stack_inuse; /* resident bytes of task stacks in use */
    uint64_t stack_sys;
    uint64_t mspan_inuse;
    uint64_t mspan_sys;
    uint64_t mcache_inuse;
    uint64_t mcache_sys;
    uint64_t buckhash_sys;
    uint64_t gc_sys;
    uint64_t other_sys;
    uint64_t next_gc;                        /* heap goal; UINT64_MAX when collection is off */
    uint64_t last_gc;                        /* end of the last cycle, ns since 1970; 0: none yet */
    uint64_t pause_total_ns;                 /* time the world was stopped by the collector */
    uint64_t pause_ns[GORT_MEMSTATS_PAUSES]; /* the newest at [(num_gc + 255) % 256] */
    uint64_t pause_end[GORT_MEMSTATS_PAUSES]; /* ns since 1970 */
    uint32_t num_gc;
    uint32_t num_forced_gc;
    double gc_cpu_fraction; /* share of the procs' time since start */
    int enable_gc;          /* always 1 */
    int debug_gc;           /* always 0 */
    struct {
        uint32_t size; /* entry 0: 0 */
        uint64_t mallocs;
        uint64_t frees;
    } by_size[GORT_MEMSTATS_SIZES];
} gort_memstats;

/* Fills *STATS without stopping the world. Callable from any thread; zeroes before gort_run. */
GORT_API void gort_read_memstats(gort_memstats *stats);

#endif
