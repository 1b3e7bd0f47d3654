/* SPDX-License-Identifier: MIT */
/* schedstats.c - gort_read_sched: the scheduler in figures, for the program itself.
 * Source: Go's runtime/metrics, /sched. */
#include "config.h"

#include <string.h>

#include "gort/stats.h"
#include "runtime/fatal.h"
#include "runtime/proc.h"

_Static_assert(GORT_SCHED_LATENCIES == LATENCY_BUCKETS, "the histogram is shown as it is");

static uint64_t load(const _Atomic(uint64_t) *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void read_proc(gort_proc_stats *out, struct proc *p)
{
    const struct proc_stats *stats = &p->stats;
    uint64_t ns[PROCTIME_STATES];

    proctime_read(&p->time, ns);
    *out = (gort_proc_stats){
        .id = (int32_t)p->id,
        .queued = runq_count(&p->runq),
        .running_ns = ns[PROCTIME_RUNNING],
        .idle_ns = ns[PROCTIME_IDLE],
        .blocking_ns = ns[PROCTIME_BLOCKING],
        .stopped_ns = ns[PROCTIME_STOPPED],
        .spinning_ns = ns[PROCTIME_SPINNING],
        .switches = load(&stats->switches),
        .steals = load(&stats->steals),
        .yields = load(&stats->yields),
        .parks = load(&stats->parks),
        .spawns = load(&stats->spawns),
        .blocking_entered = load(&stats->blocking_entered),
        .blocking_taken = load(&stats->blocking_taken),
        .detached = load(&stats->detaches),
    };
}

static void read_whole(gort_sched_stats *out, uint32_t nprocs)
{
    *out = (gort_sched_stats){
        .procs = (int32_t)nprocs,
        .idle_procs = (int32_t)atomic_load_explicit(&sched.nidle_procs, memory_order_relaxed),
        .threads = (int32_t)atomic_load_explicit(&sched.nworkers, memory_order_relaxed),
        .idle_threads = (int32_t)atomic_load_explicit(&sched.nidle_workers, memory_order_relaxed),
        .spinning_threads = (int32_t)atomic_load_explicit(&sched.nspinning, memory_order_relaxed),
        .queued = atomic_load_explicit(&sched.nglobal, memory_order_relaxed),
        .tasks = tasks_alive(),
    };
}

static void read_latency(gort_sched_stats *out)
{
    struct latency_sum sum;

    latency_read(&sum);
    out->latency_samples = sum.samples;
    out->latency_p50_ns = latency_quantile(&sum, 500000);
    out->latency_p99_ns = latency_quantile(&sum, 990000);
    out->latency_max_ns = sum.max_ns;
    memcpy(out->latency, sum.count, sizeof out->latency);
}

int gort_read_sched(gort_sched_stats *stats, gort_proc_stats *procs, int n)
{
    /* Acquire: pairs with the release in set_number_locked: the procs are there. */
    uint32_t nprocs = atomic_load_explicit(&sched.nprocs, memory_order_acquire);

    if (n > 0)
        memset(procs, 0, (size_t)n * sizeof *procs);
    memset(stats, 0, sizeof *stats);
    if (nprocs == 0)
        return 0;
    read_whole(stats, nprocs);
    read_latency(stats);
    for (uint32_t i = 0; i < nprocs && (int)i < n; i++)
        read_proc(&procs[i], sched.procs[i]);
    return (int)nprocs;
}

int64_t gort_sched_latency_ns(int bucket)
{
    if (bucket < 0 || bucket > GORT_SCHED_LATENCIES)
        gort_fatal("gort_sched_latency_ns: there is no bucket %d", bucket);
    return (int64_t)latency_floor((unsigned)bucket);
}
