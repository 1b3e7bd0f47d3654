/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/publish_values.h"

#include "base/clock.h"
#include "runtime/latency.h"
#include "runtime/netpoll.h"
#include "runtime/proc.h"
#include "runtime/task.h"

static void sum_procs(uint64_t value[METRIC_COUNT], const struct page_proc *proc, uint32_t n)
{
    static const enum metric summed[] = {
        METRIC_RUNQ,          METRIC_TIMERS,         METRIC_TASKS_RUNNING,
        METRIC_TASKS_CREATED, METRIC_SWITCHES,       METRIC_STEALS,
        METRIC_YIELDS,        METRIC_PARKS,          METRIC_BLOCKING_ENTERED,
        METRIC_DETACHES,      METRIC_BLOCKING_TAKEN, METRIC_TIME_RUNNING,
        METRIC_TIME_IDLE,     METRIC_TIME_BLOCKING,  METRIC_TIME_STOPPED,
        METRIC_TIME_SPINNING};

    for (size_t i = 0; i < ARRAY_COUNT(summed); i++)
        value[summed[i]] = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct page_proc *p = &proc[i];

        value[METRIC_RUNQ] += p->runq;
        value[METRIC_TIMERS] += p->timers;
        value[METRIC_TASKS_RUNNING] += p->task != 0 ? 1 : 0;
        value[METRIC_TASKS_CREATED] += p->spawns;
        value[METRIC_SWITCHES] += p->switches;
        value[METRIC_STEALS] += p->steals;
        value[METRIC_YIELDS] += p->yields;
        value[METRIC_PARKS] += p->parks;
        value[METRIC_BLOCKING_ENTERED] += p->blocking_entered;
        value[METRIC_DETACHES] += p->detaches;
        value[METRIC_BLOCKING_TAKEN] += p->blocking_taken;
        value[METRIC_TIME_RUNNING] += p->running_ns;
        value[METRIC_TIME_IDLE] += p->idle_ns;
        value[METRIC_TIME_BLOCKING] += p->blocking_ns;
        value[METRIC_TIME_STOPPED] += p->stopped_ns;
        value[METRIC_TIME_SPINNING] += p->spinning_ns;
    }
}

/* Tasks that have a thread but no proc: hogs that lost theirs, and those in blocking sections. */
static void count_detached(uint64_t value[METRIC_COUNT])
{
    uint64_t blocking = 0;

    for (const struct worker *w = atomic_load_explicit(&sched.workers, memory_order_acquire);
         w != NULL; w = w->next_all) {
        uint32_t seize = atomic_load_explicit(&w->seize, memory_order_relaxed);

        blocking += seize == SEIZE_BLOCKING ? 1 : 0;
        value[METRIC_TASKS_RUNNING] += seize == SEIZE_TAKEN ? 1 : 0;
    }
    value[METRIC_TASKS_BLOCKING] = blocking;
}

/* Those who neither run nor want to wait; the four states add up to all. */
static void count_tasks(uint64_t value[METRIC_COUNT])
{
    int64_t alive = tasks_alive();
    uint64_t total = alive > 0 ? (uint64_t)alive : 0;
    uint64_t rest = total;
    const enum metric states[] = {METRIC_TASKS_RUNNING, METRIC_TASKS_BLOCKING,
                                  METRIC_TASKS_RUNNABLE};

    value[METRIC_TASKS] = total;
    value[METRIC_TASKS_RUNNABLE] = value[METRIC_RUNQ];
    for (size_t i = 0; i < ARRAY_COUNT(states); i++) {
        uint64_t *count = &value[states[i]];

        if (*count > rest)
            *count = rest; /* some moved while they were counted */
        rest -= *count;
    }
    value[METRIC_TASKS_WAITING] = rest;
}

static uint64_t load(const _Atomic(uint32_t) *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

void publish_values_sched(uint64_t value[METRIC_COUNT], const struct page_proc *proc, uint32_t n)
{
    sum_procs(value, proc, n);
    value[METRIC_RUNQ_GLOBAL] = load(&sched.nglobal);
    value[METRIC_RUNQ] += value[METRIC_RUNQ_GLOBAL];
    count_detached(value);
    count_tasks(value);
    value[METRIC_PROCS] = load(&sched.nprocs);
    value[METRIC_PROCS_IDLE] = load(&sched.nidle_procs);
    value[METRIC_THREADS] = load(&sched.nworkers) + 1; /* and sysmon */
    value[METRIC_THREADS_IDLE] = load(&sched.nidle_workers);
    value[METRIC_THREADS_SPINNING] = load(&sched.nspinning);
    value[METRIC_NETPOLL_WAITERS] = netpoll_waiters();
    value[METRIC_NETPOLL_EVENTS] = netpoll_events();
}

static void put_histogram(const struct pagedouble *section, const struct latency_sum *sum,
                          int64_t now_ns)
{
    struct page_latency bucket[LATENCY_BUCKETS];

    for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
        bucket[i] = (struct page_latency){latency_floor(i), sum->count[i]};
    pagedouble_put(section, bucket, sizeof bucket, LATENCY_BUCKETS, now_ns);
}

void publish_values_latency(uint64_t value[METRIC_COUNT], const struct pagedouble *section,
                            int64_t now_ns)
{
    static struct latency_sum last; /* [lock: publish] */
    static int64_t due_ns;          /* [lock: publish] */
    struct latency_sum sum, second;

    if (now_ns < due_ns)
        return;
    due_ns = now_ns + NS_PER_S;
    latency_read(&sum);
    second = sum;
    latency_since(&second, &last);
    last = sum;
    value[METRIC_LATENCY_P50] = latency_quantile(&second, 500000);
    value[METRIC_LATENCY_P99] = latency_quantile(&second, 990000);
    value[METRIC_LATENCY_MAX] = second.max_ns;
    value[METRIC_LATENCY_SAMPLES] = sum.samples;
    put_histogram(section, &sum, now_ns);
}
