/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/publish_procs.h"

#include "base/seqlock.h"
#include "runtime/proc.h"
#include "runtime/stats.h"
#include "runtime/tasktab_read.h"

_Static_assert((int)PROCTIME_IDLE == (int)PAGE_PROC_IDLE, "states are shown as they are");
_Static_assert((int)PROCTIME_RUNNING == (int)PAGE_PROC_RUNNING, "states are shown as they are");
_Static_assert((int)PROCTIME_BLOCKING == (int)PAGE_PROC_BLOCKING, "states are shown as they are");
_Static_assert((int)PROCTIME_STOPPED == (int)PAGE_PROC_STOPPED, "states are shown as they are");
_Static_assert((int)PROCTIME_SPINNING == (int)PAGE_PROC_SPINNING, "states are shown as they are");
_Static_assert((int)PROCTIME_ABSENT == (int)PAGE_PROC_ABSENT, "states are shown as they are");

static void read_time(struct page_proc *row, struct proctime *time)
{
    uint64_t ns[PROCTIME_STATES];

    proctime_read(time, ns);
    row->running_ns = ns[PROCTIME_RUNNING];
    row->idle_ns = ns[PROCTIME_IDLE];
    row->blocking_ns = ns[PROCTIME_BLOCKING];
    row->stopped_ns = ns[PROCTIME_STOPPED];
    row->spinning_ns = ns[PROCTIME_SPINNING];
}

static void read_task(struct page_proc *row, const struct task *current)
{
    struct page_task task = {0};

    if (current != NULL && current->slot < tasktab_used())
        tasktab_read(current->slot, &task); /* a mixture at worst: it is told again soon */
    row->task = task.id;
    row->task_since_ns = task.since_ns;
}

static uint64_t load(const _Atomic(uint64_t) *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void read_counters(struct page_proc *row, const struct proc_stats *stats)
{
    row->switches = load(&stats->switches);
    row->steals = load(&stats->steals);
    row->yields = load(&stats->yields);
    row->parks = load(&stats->parks);
    row->spawns = load(&stats->spawns);
    row->blocking_entered = load(&stats->blocking_entered);
    row->detaches = load(&stats->detaches);
    row->blocking_taken = load(&stats->blocking_taken);
}

static void read_proc(struct page_proc *row, struct proc *p)
{
    const struct task *current = atomic_load_explicit(&p->current, memory_order_relaxed);
    const struct worker *w = atomic_load_explicit(&p->worker, memory_order_relaxed);

    row->id = p->id;
    row->state = (uint32_t)proctime_now(&p->time);
    row->runq = runq_count(&p->runq);
    row->timers = timers_count(&p->timers);
    row->tid = w != NULL ? atomic_load_explicit(&w->tid, memory_order_relaxed) : 0;
    read_task(row, current);
    read_counters(row, &p->stats);
    read_time(row, &p->time);
    stats_read_proc(p, &row->mallocs, &row->alloc_bytes);
}

/* Adds to ROW what P has and has done. */
static void add_proc(struct page_proc *row, struct proc *p)
{
    struct page_proc one = {0};

    read_proc(&one, p);
    row->runq += one.runq;
    row->timers += one.timers;
    row->switches += one.switches;
    row->steals += one.steals;
    row->yields += one.yields;
    row->parks += one.parks;
    row->spawns += one.spawns;
    row->blocking_entered += one.blocking_entered;
    row->detaches += one.detaches;
    row->blocking_taken += one.blocking_taken;
    row->running_ns += one.running_ns;
    row->idle_ns += one.idle_ns;
    row->blocking_ns += one.blocking_ns;
    row->stopped_ns += one.stopped_ns;
    row->spinning_ns += one.spinning_ns;
    row->mallocs += one.mallocs;
    row->alloc_bytes += one.alloc_bytes;
}

void publish_procs(struct page_proc *row, uint32_t n)
{
    uint32_t nmade = atomic_load_explicit(&sched.nmade, memory_order_acquire);

    for (uint32_t i = 0; i < n; i++) {
        struct page_proc next = {0};

        if (i < nmade)
            read_proc(&next, sched.procs[i]);
        else
            next.state = PAGE_PROC_ABSENT;
        for (uint32_t rest = n; i == n - 1 && rest < nmade; rest++)
            add_proc(&next, sched.procs[rest]);
        seq_store_words((uint64_t *)&row[i], (const uint64_t *)&next,
                        sizeof next / sizeof(uint64_t));
    }
}
