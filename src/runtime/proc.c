/* SPDX-License-Identifier: MIT */
/* proc.c - who holds which proc: workers come and go, sleep, and get their procs back. */
#include "config.h"

#include "runtime/proc.h"

#include <sched.h>

#include "runtime/cycles.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/os_linux.h"
#include "runtime/preempt.h"
#include "runtime/procs.h"
#include "runtime/replay.h"
#include "runtime/sched.h"
#include "runtime/world.h"

struct sched sched = {.lock = LOCK_INIT(RANK_SCHED)};

__thread struct worker *gort_self_worker;

extern inline struct gort_here *gort_here(void);
static struct gort_here elsewhere = {.attention = 1};
_Thread_local struct gort_here *gort_here_now = &elsewhere;

void worker_set_self(struct worker *w)
{
    gort_self_worker = w;
    gort_here_now = w != NULL ? &w->here : &elsewhere;
    if (w != NULL) /* else the thread is none any more */
        w->errno_place = os_errno_place();
}

/* ---- Idle procs ---- */

void proc_shelve(struct proc *p)
{
    DCHECK(proc_is_removed(p) && runq_count(&p->runq) == 0);
    atomic_store_explicit(&p->worker, NULL, memory_order_relaxed);
    atomic_store_explicit(&p->current, NULL, memory_order_relaxed);
    atomic_store_explicit(&p->status, PROC_REMOVED, memory_order_relaxed);
    proctime_turn(&p->time, PROCTIME_ABSENT);
}

void proc_put_idle_locked(struct proc *p)
{
    DCHECK(lock_is_held(&sched.lock));
    if (UNLIKELY(proc_is_removed(p))) {
        proc_shelve(p);
        return;
    }
    atomic_store_explicit(&p->worker, NULL, memory_order_relaxed);
    atomic_store_explicit(&p->status, PROC_IDLE, memory_order_relaxed);
    proctime_turn(&p->time, PROCTIME_IDLE);
    p->next_idle = sched.idle_procs;
    sched.idle_procs = p;
    atomic_fetch_add_explicit(&sched.nidle_procs, 1, memory_order_seq_cst);
}

struct proc *proc_take_idle_locked(void)
{
    struct proc *p = sched.idle_procs;

    DCHECK(lock_is_held(&sched.lock));
    if (p == NULL)
        return NULL;
    sched.idle_procs = p->next_idle;
    p->next_idle = NULL;
    atomic_fetch_sub_explicit(&sched.nidle_procs, 1, memory_order_seq_cst);
    return p;
}

struct proc *proc_take_idle(void)
{
    struct proc *p;

    if (atomic_load_explicit(&sched.nidle_procs, memory_order_relaxed) == 0)
        return NULL;
    lock_take(&sched.lock);
    p = proc_take_idle_locked();
    lock_release(&sched.lock);
    return p;
}

void worker_bind(struct worker *w, struct proc *p)
{
    atomic_store_explicit(&p->tick, atomic_load_explicit(&p->tick, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    worker_bind_again(w, p);
}

void worker_bind_again(struct worker *w, struct proc *p)
{
    uint32_t taken = SEIZE_TAKEN;

    DCHECK(w->proc == NULL && !proc_is_removed(p));
    /* Left from a proc that was removed while W looked for work: no task of it has entered the
     * runtime since, and from one that never does this proc could not be taken. */
    if (UNLIKELY(atomic_load_explicit(&w->seize, memory_order_relaxed) == SEIZE_TAKEN))
        atomic_compare_exchange_strong_explicit(&w->seize, &taken, seize_at_rest(),
                                                memory_order_relaxed, memory_order_relaxed);
    w->proc = p;
    atomic_store_explicit(&p->worker, w, memory_order_relaxed);
    atomic_store_explicit(&p->current, w->current, memory_order_relaxed);
    proctime_turn(&p->time, w->current != NULL ? PROCTIME_RUNNING : PROCTIME_SPINNING);
    /* Release: sysmon that sees RUNNING sees the worker. */
    atomic_store_explicit(&p->status, PROC_RUNNING, memory_order_release);
}

struct proc *worker_unbind(struct worker *w)
{
    struct proc *p = w->proc;

    w->proc = NULL;
    atomic_store_explicit(&p->current, NULL, memory_order_relaxed);
    return p;
}

/* ---- Entering and leaving the runtime, the rare ways ---- */

_Noreturn void rt_not_a_task(const char *what)
{
    gort_fatal("%s: called outside a task", what);
}

_Noreturn static void park_for_ever(struct worker *w)
{
    static _Atomic(uint32_t) never;

    worker_become_quiet(w, WORKER_QUIET);
    for (;;)
        futex_wait(&never, 0, -1);
}

static bool commit_to_global(struct task *t, void *arg)
{
    struct taskq q = {0};

    (void)arg;
    taskq_push(&q, t);
    sched_put_global(&q);
    return true;
}

void sched_requeue_globally(void)
{
    sched_requeue(commit_to_global);
}

/* The proc is gone: take an idle one, else queue for one like any runnable task. */
struct worker *worker_get_proc(struct worker *w)
{
    struct proc *p = NULL;

    if (atomic_load_explicit(&sched.stopping, memory_order_relaxed) == 0)
        p = proc_take_idle();
    if (p != NULL) {
        worker_bind(w, p);
        sched_rest_ends();
        return w;
    }
    sched_requeue_globally();
    return worker_self();
}

enum seize_state seize_at_rest(void)
{
    return debug.replay != 0 ? SEIZE_REPLAY : SEIZE_NONE;
}

struct worker *rt_enter_settle(struct worker *w)
{
    for (;;) {
        /* Acquire: pairs with sysmon's release, which wrote w->proc before it said TAKEN. */
        switch ((enum seize_state)atomic_load_explicit(&w->seize, memory_order_acquire)) {
        case SEIZE_NONE:
        case SEIZE_REPLAY:
            if (w->proc == NULL)
                w = worker_get_proc(w);
            return w;
        case SEIZE_ASKING: /* for the length of a membarrier */
            cpu_relax();
            sched_yield();
            break;
        case SEIZE_TAKEN: /* it may say FINISHED by now */
            atomic_compare_exchange_strong_explicit(&w->seize, &(uint32_t){SEIZE_TAKEN},
                                                    seize_at_rest(), memory_order_relaxed,
                                                    memory_order_relaxed);
            break;
        case SEIZE_BLOCKING:
            gort_fatal("a function of the runtime was called inside GORT_BLOCKING");
        case SEIZE_FORKED:
            gort_fatal("a function of the runtime was called in the child of a fork, which may "
                       "only exec or exit");
        case SEIZE_FINISHED:
            park_for_ever(w);
        }
    }
}

struct worker *rt_enter_slow(struct worker *w)
{
    w = rt_enter_settle(w);
    if (debug.replay != 0 && replay_preempts()) {
        sched_yield_task();
        w = worker_self();
    }
    return w;
}

/* Attention was asked for while the task was in the runtime, or just after. */
void rt_leave_slow(struct worker *w, uintptr_t pc)
{
    uint32_t asked;

    atomic_store_explicit(&w->inrt, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    w = rt_enter_settle(w);
    asked = atomic_fetch_and_explicit(&w->here.attention, ATTENTION_RANDOM | ATTENTION_FINISHED,
                                      memory_order_acquire);
    if ((asked & ATTENTION_UNBLOCK) != 0)
        preempt_unblock();
    if (atomic_load_explicit(&sched.stopping, memory_order_relaxed) != 0)
        world_stop_here(pc);
    /* Its turn is over: behind all others, not only those of this proc, or two tasks that ready
     * each other would keep the proc from the global queue. */
    if ((asked & ATTENTION_PREEMPT) != 0)
        sched_requeue_globally();
    else if (sched_random_yield())
        sched_yield_task();
    w = worker_self();
    atomic_store_explicit(&w->inrt, 0, memory_order_release);
    atomic_signal_fence(memory_order_seq_cst);
    if ((atomic_load_explicit(&w->here.attention, memory_order_relaxed) &
         (ATTENTION_STOP | ATTENTION_PREEMPT | ATTENTION_FINISHED)) != 0)
        rt_leave_slow(w, pc);
}

void rt_attend(uintptr_t pc)
{
    rt_leave_to(rt_enter("gort_safepoint"), pc);
}
