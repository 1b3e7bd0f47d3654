/* SPDX-License-Identifier: MIT */
/* find.c - what a worker does when its proc has nothing to run: timers, global queue, poller,
 * stealing, sleep. A worker that looks for work is "spinning"; at most half as many spin as procs
 * are busy. The rule that loses no wake-up: who makes a task runnable first publishes it and then
 * looks whether anyone spins; a spinner first stops counting as one and then looks at all queues
 * once more. Both with sequential consistency: one of the two sees the other. Source: Go's proc.go,
 * "Worker thread parking/unparking". */
#include "config.h"

#include "base/clock.h"
#include "runtime/cycles.h"
#include "runtime/debug.h"
#include "runtime/polling.h"
#include "runtime/procs.h"
#include "runtime/replay.h"
#include "runtime/sched.h"

/* ---- On the way from task to task ---- */

/* Whether the timers of P may be due. Reads the clock only if a while has passed by the cycle
 * counter: so late may a timer be noticed as long as tasks run. */
bool sched_timers_may_be_due(struct proc *p)
{
    int64_t next_ns = atomic_load_explicit(&p->timers.next_ns, memory_order_relaxed);
    uint64_t cycles = cycles_now();
    int64_t now_ns;

    if (cycles - p->looked_cycles < cycles_in_a_while())
        return false;
    p->looked_cycles = cycles;
    now_ns = clock_mono_ns();
    atomic_store_explicit(&sched.coarse_ns, now_ns, memory_order_relaxed);
    return next_ns <= now_ns;
}

/* Whether it is the turn of the global queue rather than of P's own: each as often as it has tasks
 * that wait for P. */
static bool is_global_turn(struct proc *p)
{
    uint32_t share = atomic_load_explicit(&sched.nglobal, memory_order_relaxed) /
                     atomic_load_explicit(&sched.nprocs, memory_order_relaxed);

    return proc_random(p) % (share + runq_count(&p->runq) + 1) < share;
}

/* T would go on in the slice of the one before it, as many have done. Two that ready each other
 * would keep the proc for a whole slice, and those who wait for it would wait for a slice of each
 * such pair: so now and then T goes behind them. Returns who comes first. */
struct task *sched_end_inheritance(struct proc *p, struct task *t, enum slice *slice)
{
    struct taskq spill = {0};
    struct task *other = is_global_turn(p) ? sched_take_global(p, 1) : NULL;

    if (other == NULL)
        other = runq_take_oldest(&p->runq);
    if (other == NULL)
        other = sched_take_global(p, SCHED_SHARE);
    if (other == NULL)
        return t;
    *slice = SLICE_NEW;
    /* Behind all others: the end of its own queue is before the global one, and a full one would
     * spill those that have waited longest. */
    if (atomic_load_explicit(&sched.nglobal, memory_order_relaxed) > 0)
        taskq_push(&spill, t);
    else
        runq_put(&p->runq, t, &spill);
    if (spill.head != NULL)
        sched_put_global(&spill);
    return other;
}

/* ---- Looking further ---- */

static int64_t look_at_clock(struct proc *p)
{
    int64_t now_ns = clock_mono_ns();

    p->looked_cycles = cycles_now();
    atomic_store_explicit(&sched.coarse_ns, now_ns, memory_order_relaxed);
    return now_ns;
}

int64_t sched_earliest_timer(void)
{
    /* Acquire: pairs with the release in set_number_locked: the procs are there, also for a thread
     * that has no proc and so never stopped with the world. */
    uint32_t n = atomic_load_explicit(&sched.nprocs, memory_order_acquire);
    int64_t earliest_ns = INT64_MAX;

    for (uint32_t i = 0; i < n; i++) {
        int64_t next_ns = atomic_load_explicit(&sched.procs[i]->timers.next_ns,
                                               memory_order_seq_cst);

        if (next_ns < earliest_ns)
            earliest_ns = next_ns;
    }
    return earliest_ns;
}

/* Fires what is due in all procs: those of busy procs may be late, those of idle ones have nobody
 * else. */
static bool fire_all(int64_t now_ns)
{
    uint32_t n = atomic_load_explicit(&sched.nprocs, memory_order_relaxed);
    size_t fired = 0;

    if (sched_earliest_timer() > now_ns)
        return false;
    for (uint32_t i = 0; i < n; i++)
        fired += timers_fire(&sched.procs[i]->timers, now_ns);
    return fired > 0;
}

void sched_give_way(void)
{
    polling_look();
    if (sched_has_rivals(worker_self()->proc))
        sched_requeue_globally();
}

static bool may_spin(struct worker *w)
{
    uint32_t busy;

    if (w->spinning)
        return true;
    busy = atomic_load_explicit(&sched.nprocs, memory_order_relaxed) -
           atomic_load_explicit(&sched.nidle_procs, memory_order_relaxed);
    if (2 * atomic_load_explicit(&sched.nspinning, memory_order_relaxed) >= busy)
        return false;
    w->spinning = true;
    atomic_fetch_add_explicit(&sched.nspinning, 1, memory_order_seq_cst);
    return true;
}

/* Everything that can be had while W has a proc. */
static struct task *look_around(struct worker *w, enum slice *slice)
{
    struct proc *p = w->proc;
    struct task *t;

    *slice = SLICE_NEW;
    if (UNLIKELY(debug.replay != 0))
        return replay_look(w);
    if (atomic_load_explicit(&p->timers.next_ns, memory_order_relaxed) != INT64_MAX)
        timers_fire(&p->timers, look_at_clock(p));
    t = sched_take_own(p, slice);
    if (t == NULL)
        t = sched_take_global(p, SCHED_SHARE);
    if (t != NULL)
        return t;
    proctime_turn(&p->time, PROCTIME_SPINNING);
    if (polling_look())
        t = sched_take_own(p, slice);
    if (t == NULL)
        t = sched_take_global(p, SCHED_SHARE);
    if (t == NULL && sched_earliest_timer() != INT64_MAX && fire_all(look_at_clock(p)))
        t = sched_take_own(p, slice);
    if (t == NULL && may_spin(w))
        t = sched_steal(w);
    return t;
}

/* ---- Giving up the proc ---- */

static bool any_work(void)
{
    /* Acquire: as in sched_earliest_timer. */
    uint32_t n = atomic_load_explicit(&sched.nprocs, memory_order_acquire);

    if (atomic_load_explicit(&sched.nglobal, memory_order_seq_cst) > 0)
        return true;
    for (uint32_t i = 0; i < n; i++) {
        if (runq_count(&sched.procs[i]->runq) > 0)
            return true;
    }
    return false;
}

/* Puts W's proc on the idle list, unless a task turned up in the global queue: then that is
 * returned. */
static struct task *release_proc(struct worker *w)
{
    struct task *t = NULL;

    lock_take(&sched.lock);
    if (atomic_load_explicit(&sched.stopping, memory_order_relaxed) == 0)
        t = globq_pop(&sched.global);
    if (t == NULL)
        proc_put_idle_locked(worker_unbind(w));
    else
        atomic_store_explicit(&sched.nglobal, (uint32_t)sched.global.count, memory_order_relaxed);
    lock_release(&sched.lock);
    return t;
}

/* W has put its proc on the idle list. Stops counting as one that looks, and looks once more; takes
 * a proc again if there is work. One that was not allowed to spin looks too: whoever made a task
 * runnable before the proc became idle found nobody to wake. */
static void last_look(struct worker *w)
{
    struct proc *p;

    /* Sequential consistency: pairs with sched_wake_one, which publishes a task before it reads the
     * count. */
    if (w->spinning)
        atomic_fetch_sub_explicit(&sched.nspinning, 1, memory_order_seq_cst);
    w->spinning = false;
    if (!any_work())
        return;
    p = proc_take_idle();
    if (p == NULL)
        return;
    worker_bind(w, p);
    sched_rest_ends();
    w->spinning = true;
    atomic_fetch_add_explicit(&sched.nspinning, 1, memory_order_seq_cst);
}

/* W found something: somebody else shall look now, for where there is one task there may be more.
 */
static void stop_spinning(struct worker *w)
{
    if (!w->spinning)
        return;
    w->spinning = false;
    atomic_fetch_sub_explicit(&sched.nspinning, 1, memory_order_seq_cst);
    sched_wake_one();
}

struct task *sched_find(struct worker *w, enum slice *slice)
{
    for (;;) {
        struct task *t;

        if (atomic_load_explicit(&sched.stopping, memory_order_relaxed) != 0)
            world_wait(w);
        if (w->proc == NULL) {
            if (!polling_wait(w))
                worker_sleep(w);
            continue;
        }
        t = look_around(w, slice);
        if (t == NULL)
            t = release_proc(w);
        if (t != NULL) {
            stop_spinning(w);
            return t;
        }
        last_look(w);
    }
}
