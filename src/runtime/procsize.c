/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/procsize.h"

#include "base/clock.h"
#include "gort/task.h"
#include "runtime/alloc.h"
#include "runtime/cache.h"
#include "runtime/debug.h"
#include "runtime/gcthread.h"
#include "runtime/os_linux.h"
#include "runtime/procs.h"
#include "runtime/sched.h"
#include "runtime/sysmem.h"
#include "runtime/world.h"

static struct {
    _Atomic(uint32_t) follows; /* 1: nobody chose a number; [atomic] */
    struct lock lock;
    int64_t total_ns; /* of all procs, until since_ns; [lock:lock] */
    int64_t since_ns; /* [lock:lock] */
    uint32_t n;       /* procs since then; [lock:lock] */
} size = {.lock = LOCK_INIT(RANK_PROCSIZE)};

/* ---- How long there have been how many ---- */

static int64_t total_locked(int64_t now_ns)
{
    return size.total_ns + (now_ns - size.since_ns) * (int64_t)size.n;
}

int64_t procsize_total_ns(int64_t now_ns)
{
    int64_t total_ns;

    lock_take(&size.lock);
    total_ns = total_locked(now_ns);
    lock_release(&size.lock);
    return total_ns;
}

static void count_from_now(uint32_t n)
{
    int64_t now_ns = clock_mono_ns();

    lock_take(&size.lock);
    size.total_ns = total_locked(now_ns);
    size.since_ns = now_ns;
    size.n = n;
    lock_release(&size.lock);
}

/* ---- More procs ---- */

/* Makes procs until there are N. At start, or [stw]. */
static void make_up_to(uint32_t n)
{
    uint32_t nmade = atomic_load_explicit(&sched.nmade, memory_order_relaxed);

    for (uint32_t i = nmade; i < n; i++) {
        struct proc *p = persist_alloc(sizeof *p, CACHE_LINE_BYTES, SYS_MCACHE);

        p->id = i;
        p->rng = (debug.seed + i * 0x9e3779b9u) | 1u;
        timers_init(&p->timers);
        stack_cache_init(&p->stacks);
        proctime_init(&p->time);
        p->heap = heap_cache_new();
        atomic_init(&p->status, PROC_REMOVED);
        sched.procs[i] = p;
    }
    /* Release: readers that see the number see the procs. */
    if (n > nmade)
        atomic_store_explicit(&sched.nmade, n, memory_order_release);
}

static void set_number_locked(uint32_t n)
{
    atomic_store_explicit(&sched.nprocs, n, memory_order_release);
}

/* Procs from OLD to N run tasks from now on. One that is still being handed on since it was removed
 * stays with whoever has it. */
static void add_locked(uint32_t old, uint32_t n)
{
    set_number_locked(n);
    for (uint32_t i = n; i-- > old;) {
        struct proc *p = sched.procs[i];

        if (atomic_load_explicit(&p->status, memory_order_relaxed) == PROC_REMOVED)
            proc_put_idle_locked(p);
    }
}

/* ---- Fewer procs ---- */

static void put_runq_to(struct taskq *q, struct proc *p)
{
    struct task *t;
    bool inherit;

    while ((t = runq_take(&p->runq, &inherit)) != NULL)
        taskq_push(q, t);
}

/* What P holds goes to the others. Whoever has P touches none of it. [stw] */
static void empty_proc(struct proc *p, struct taskq *tasks)
{
    put_runq_to(tasks, p);
    timers_move(&p->timers, &sched.procs[0]->timers);
    cache_flush(p->heap);
    stack_cache_flush(&p->stacks);
    task_cache_flush(p);
}

/* W's task goes on without a proc, in C code or where it waits for the world. [stw] */
static void take_from_worker_locked(struct worker *w)
{
    struct proc *p = w->proc;
    uint32_t none = SEIZE_NONE;

    w->proc = NULL;
    if (w->spinning) {
        w->spinning = false;
        atomic_fetch_sub_explicit(&sched.nspinning, 1, memory_order_seq_cst);
    }
    /* Its next entry of the runtime gets another proc. If sysmon asks at this moment, it says so:
     * see seize in sysmon.c. */
    atomic_compare_exchange_strong_explicit(&w->seize, &none, SEIZE_TAKEN, memory_order_relaxed,
                                            memory_order_relaxed);
    proc_shelve(p);
}

static void take_from_workers_locked(void)
{
    for (struct worker *w = atomic_load_explicit(&sched.workers, memory_order_acquire); w != NULL;
         w = w->next_all) {
        if (w->proc != NULL && proc_is_removed(w->proc))
            take_from_worker_locked(w);
    }
}

static void take_idle_locked(void)
{
    struct proc *idle = NULL;
    struct proc *p;

    while ((p = proc_take_idle_locked()) != NULL) {
        p->next_idle = idle;
        idle = p;
    }
    while ((p = idle) != NULL) {
        idle = p->next_idle;
        p->next_idle = NULL;
        proc_put_idle_locked(p); /* shelves those that were removed */
    }
}

/* From a blocking section, which finds it gone when it ends. */
static void take_if_left(struct proc *p)
{
    uint32_t blocking = PROC_BLOCKING;

    /* Acquire: pairs with the release in blocking_enter. */
    if (atomic_compare_exchange_strong_explicit(&p->status, &blocking, PROC_IDLE,
                                                memory_order_acquire, memory_order_relaxed))
        proc_shelve(p);
}

static void remove_locked(uint32_t n, uint32_t old, struct taskq *tasks)
{
    set_number_locked(n);
    take_idle_locked();
    take_from_workers_locked();
    for (uint32_t i = n; i < old; i++)
        take_if_left(sched.procs[i]);
    globq_put(&sched.global, tasks);
    /* Sequential consistency: pairs with last_look in find.c. */
    atomic_store_explicit(&sched.nglobal, (uint32_t)sched.global.count, memory_order_seq_cst);
}

/* ---- The change ---- */

struct change {
    uint32_t n;
    uint32_t before;
    bool stopped;
    int64_t patience_ns; /* with those who do not stop */
};

/* [stw] */
static void change_number(struct change *c)
{
    struct taskq tasks = {0};

    make_up_to(c->n);
    for (uint32_t i = c->n; i < c->before; i++)
        empty_proc(sched.procs[i], &tasks);
    lock_take(&sched.lock);
    if (c->n > c->before)
        add_locked(c->before, c->n);
    else
        remove_locked(c->n, c->before, &tasks);
    lock_release(&sched.lock);
    count_from_now(c->n);
}

static void stop_and_change(struct change *c)
{
    struct world_stop stop = {0};

    c->stopped = world_stop(&stop, c->patience_ns);
    if (!c->stopped)
        return;
    c->before = atomic_load_explicit(&sched.nprocs, memory_order_relaxed);
    if (c->before != c->n)
        change_number(c);
    world_start();
}

/* On a worker's own stack, or on a thread that is no worker. A thread that waits, with its signals
 * blocked, for a lock of libc that a stopped one has, stops only when all have gone on for a
 * moment. */
static void run_change(void *arg)
{
    struct change *c = arg;

    c->patience_ns = WORLD_PATIENCE_NS;
    for (;;) {
        stop_and_change(c);
        sched_wake_one();
        if (c->stopped)
            break;
        world_stop_later(&c->patience_ns);
    }
    gcthread_fit();
}

void procsize_init(int chosen)
{
    uint32_t n = (uint32_t)(chosen > 0 ? chosen : os_cpu_count());

    n = n < PROC_MAX ? n : PROC_MAX;
    atomic_store_explicit(&size.follows, chosen == 0, memory_order_relaxed);
    make_up_to(n);
    atomic_store_explicit(&sched.nprocs, n, memory_order_release);
    count_from_now(n);
}

bool procsize_is_outdated(void)
{
    return atomic_load_explicit(&size.follows, memory_order_relaxed) != 0 &&
           min_size((size_t)os_cpu_count(), PROC_MAX) !=
               atomic_load_explicit(&sched.nprocs, memory_order_relaxed);
}

void procsize_follow_cpus(void)
{
    struct change c = {.n = (uint32_t)min_size((size_t)os_cpu_count(), PROC_MAX)};

    if (!procsize_is_outdated())
        return;
    sched_outside_begin(); /* timers are on their way from proc to proc */
    run_change(&c);
    sched_outside_end();
}

int gort_set_maxprocs(int n)
{
    struct change c = {.n = (uint32_t)(n < PROC_MAX ? n : PROC_MAX)};

    rt_enter("gort_set_maxprocs");
    c.before = atomic_load_explicit(&sched.nprocs, memory_order_relaxed);
    if (n >= 1)
        atomic_store_explicit(&size.follows, 0, memory_order_relaxed);
    if (n >= 1 && c.n != c.before && debug.replay == 0)
        sched_on_worker_stack(run_change, &c);
    rt_leave(worker_self());
    return (int)c.before;
}
