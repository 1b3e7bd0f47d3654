/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/publish_procs.h"

#include "base/seqlock.h"
#include "runtime/proc.h"
#include "runtime/stats.h"
#include "runtime/tasktab_read.h"

static enum page_proc_state state_of(const struct proc *p, const struct task *current)
{
    switch ((enum proc_status)atomic_load_explicit(&p->status, memory_order_relaxed)) {
    case PROC_IDLE:
        return PAGE_PROC_IDLE;
    case PROC_BLOCKING:
        return PAGE_PROC_BLOCKING;
    case PROC_REMOVED:
        return PAGE_PROC_ABSENT;
    case PROC_RUNNING:
        break;
    }
    if (atomic_load_explicit(&sched.stopping, memory_order_relaxed) != 0)
        return PAGE_PROC_STOPPED;
    return current != NULL ? PAGE_PROC_RUNNING : PAGE_PROC_SPINNING;
}

/* Adds to the time of ROW's state. */
static void add_time(struct page_proc *row, uint64_t passed_ns)
{
    switch ((enum page_proc_state)row->state) {
    case PAGE_PROC_IDLE:
        row->idle_ns += passed_ns;
        break;
    case PAGE_PROC_RUNNING:
        row->running_ns += passed_ns;
        break;
    case PAGE_PROC_BLOCKING:
        row->blocking_ns += passed_ns;
        break;
    case PAGE_PROC_STOPPED:
        row->stopped_ns += passed_ns;
        break;
    case PAGE_PROC_SPINNING:
        row->spinning_ns += passed_ns;
        break;
    case PAGE_PROC_ABSENT:
        break;
    }
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
}

static uint32_t count_timers(struct proc *p)
{
    uint32_t count = 0;

    if (atomic_load_explicit(&p->timers.next_ns, memory_order_relaxed) == INT64_MAX)
        return 0;
    lock_take(&p->timers.lock);
    count = (uint32_t)p->timers.count;
    lock_release(&p->timers.lock);
    return count;
}

static void read_proc(struct page_proc *row, struct proc *p)
{
    const struct task *current = atomic_load_explicit(&p->current, memory_order_relaxed);
    const struct worker *w = atomic_load_explicit(&p->worker, memory_order_relaxed);

    row->id = p->id;
    row->state = (uint32_t)state_of(p, current);
    row->runq = runq_count(&p->runq);
    row->timers = count_timers(p);
    row->tid = w != NULL ? atomic_load_explicit(&w->tid, memory_order_relaxed) : 0;
    read_task(row, current);
    read_counters(row, &p->stats);
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
    row->mallocs += one.mallocs;
    row->alloc_bytes += one.alloc_bytes;
}

void publish_procs(struct page_proc *row, uint32_t n, int64_t passed_ns)
{
    uint32_t nmade = atomic_load_explicit(&sched.nmade, memory_order_acquire);

    for (uint32_t i = 0; i < n; i++) {
        struct page_proc next = row[i]; /* nobody else writes it: times go on from here */

        if (i < nmade)
            read_proc(&next, sched.procs[i]);
        else
            next.state = PAGE_PROC_ABSENT;
        for (uint32_t rest = n; i == n - 1 && rest < nmade; rest++)
            add_proc(&next, sched.procs[rest]);
        add_time(&next, (uint64_t)passed_ns);
        seq_store_words((uint64_t *)&row[i], (const uint64_t *)&next,
                        sizeof next / sizeof(uint64_t));
    }
}
