/* SPDX-License-Identifier: MIT */
/* stats.h - what the runtime has done: memory as Go's MemStats, and the scheduler. */
#ifndef GORT_STATS_H
#define GORT_STATS_H

#include <gort/base.h>

#define GORT_MEMSTATS_SIZES  68
#define GORT_MEMSTATS_PAUSES 256
#define GORT_SCHED_LATENCIES 304

/* Go's runtime.MemStats: the same fields with the same meaning. Bytes unless said otherwise.
 * It holds that
 *     sys = heap_sys + stack_sys + mspan_sys + mcache_sys + buckhash_sys + gc_sys + other_sys
 *     heap_sys = heap_inuse + heap_idle, heap_released <= heap_idle
 *     heap_objects = mallocs - frees, alloc = heap_alloc <= heap_inuse
 * in every reading, whatever the program does meanwhile. Thread stacks are the C library's and are
 * not counted, as in Go's programs with cgo. */
typedef struct gort_memstats {
    uint64_t alloc;       /* live and not yet swept objects */
    uint64_t total_alloc; /* ever allocated, by size class */
    uint64_t sys;         /* obtained from the system */
    uint64_t lookups;     /* always 0, as in Go */
    uint64_t mallocs;     /* objects ever allocated */
    uint64_t frees;       /* objects ever freed */
    uint64_t heap_alloc;
    uint64_t heap_sys;
    uint64_t heap_idle;     /* of spans without an object, given back or not */
    uint64_t heap_inuse;    /* of spans with objects; less heap_alloc: free slots in them */
    uint64_t heap_released; /* of heap_idle, given back to the system */
    uint64_t heap_objects;
    uint64_t stack_inuse; /* resident bytes of task stacks in use */
    uint64_t stack_sys;   /* and of those kept for new tasks */
    uint64_t mspan_inuse;
    uint64_t mspan_sys;
    uint64_t mcache_inuse;
    uint64_t mcache_sys;
    uint64_t buckhash_sys;
    uint64_t gc_sys;
    uint64_t other_sys;
    uint64_t next_gc;                        /* heap goal; UINT64_MAX when collection is off */
    uint64_t last_gc;                        /* end of the last cycle, ns since 1970; 0: none yet */
    uint64_t pause_total_ns;                 /* from asking tasks to stop until all ran on */
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

/* What one proc has done since it was made. No figure ever falls, and the five times add up to the
 * time that the proc was there. One that gort_set_maxprocs removed is not told of until it comes
 * back: then its figures go on. A task that has lost its proc, because it ran or blocked too long,
 * goes on without one: that is no proc's time. */
typedef struct gort_proc_stats {
    int32_t id;                /* from 0 */
    uint32_t queued;           /* tasks in its own run queue now */
    uint64_t running_ns;       /* it ran a task */
    uint64_t idle_ns;          /* no thread held it */
    uint64_t blocking_ns;      /* its task was in a blocking section, and nobody took it */
    uint64_t stopped_ns;       /* it stood still for the collector */
    uint64_t spinning_ns;      /* its thread looked for work */
    uint64_t switches;         /* times it began to run a task */
    uint64_t steals;           /* batches of tasks taken from another proc */
    uint64_t yields;           /* times a task gave way */
    uint64_t parks;            /* times a task waited */
    uint64_t spawns;           /* tasks spawned on it */
    uint64_t blocking_entered; /* blocking sections entered */
    uint64_t blocking_taken;   /* times it was taken from a task in a blocking section */
    uint64_t detached;         /* times it was taken from a task that ran too long */
} gort_proc_stats;

/* The scheduler as a whole, now. */
typedef struct gort_sched_stats {
    int32_t procs;
    int32_t idle_procs;
    int32_t threads; /* that run tasks or could */
    int32_t idle_threads;
    int32_t spinning_threads; /* that look for work */
    uint32_t queued;          /* tasks in the global run queue */
    int64_t tasks;            /* that exist */
    /* How long tasks waited from runnable to running, since the start; one time in sixteen
     * is measured. */
    uint64_t latency_samples;
    uint64_t latency_p50_ns; /* to within an eighth, as the buckets are */
    uint64_t latency_p99_ns;
    uint64_t latency_max_ns;
    uint64_t latency[GORT_SCHED_LATENCIES]; /* samples by length: gort_sched_latency_ns */
} gort_sched_stats;

/* Fills *STATS and the first N of PROCS, which may be NULL if N is 0; returns how many procs there
 * are, which may be more. What is told of one proc is of one moment to within the time of the call;
 * nothing is stopped. Callable from any thread; zeroes, and 0, before gort_run. */
GORT_API int gort_read_sched(gort_sched_stats *stats, gort_proc_stats *procs, int n);

/* The shortest wait that is counted in latency[BUCKET]; the longest is that of the next bucket less
 * a nanosecond. BUCKET is from 0 to GORT_SCHED_LATENCIES; any other is misuse. Any thread. */
GORT_API int64_t gort_sched_latency_ns(int bucket);

#endif
