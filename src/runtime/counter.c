/* SPDX-License-Identifier: MIT */
/* counter.c - a number that many tasks add to and few look at.
 * A shard for each proc, in a cache line of its own. A task that adds has the proc meanwhile, so
 * each shard has one writer at a time and needs no locked instruction; who looks adds them up.
 * Procs that were made after the counter share its last shard, with locked instructions.
 * Threads: adding by tasks, the sum by anyone. No lock.
 * Source: the runtime's own proc_stats; per-CPU counters, McKenney, Is Parallel Programming Hard,
 * ch. 5. */
#include "config.h"

#include "base/bits.h"
#include "base/check.h"
#include "gort/sync.h"
#include "runtime/alloc.h"
#include "runtime/proc.h"

struct shard {
    _Alignas(CACHE_LINE_BYTES) _Atomic(uint64_t) n; /* [atomic] */
};

struct gort_counter {
    uint32_t nown;         /* shards with one writer, who has the proc; [const] */
    struct shard shards[]; /* and one behind them for all other procs */
};

_Static_assert(sizeof(struct shard) == CACHE_LINE_BYTES, "a line for each shard");
_Static_assert(offsetof(struct gort_counter, shards) == CACHE_LINE_BYTES,
               "no shard shares a line with the number of shards, which all read");

gort_counter *gort_counter_new(void)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    uint32_t nown;
    size_t bytes;
    gort_counter *c;

    rt_enter("gort_counter_new");
    nown = atomic_load_explicit(&sched.nmade, memory_order_relaxed);
    bytes = sizeof(struct gort_counter) + (nown + 1) * sizeof(struct shard);
    /* The heap aligns to less than a line: the counter begins somewhere in the first. */
    c = (gort_counter *)align_up((uintptr_t)heap_alloc(bytes + CACHE_LINE_BYTES, ALLOC_NOSCAN, pc),
                                 CACHE_LINE_BYTES);
    c->nown = nown;
    rt_leave(worker_self());
    return c;
}

void gort_counter_add(gort_counter *c, int64_t n)
{
    struct worker *w = rt_enter("gort_counter_add");

    if (LIKELY(w->proc->id < c->nown))
        stat_add(&c->shards[w->proc->id].n, (uint64_t)n);
    else
        atomic_fetch_add_explicit(&c->shards[c->nown].n, (uint64_t)n, memory_order_relaxed);
    rt_leave(w);
}

int64_t gort_counter_sum(const gort_counter *c)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i <= c->nown; i++)
        sum += atomic_load_explicit(&c->shards[i].n, memory_order_relaxed);
    return (int64_t)sum;
}
