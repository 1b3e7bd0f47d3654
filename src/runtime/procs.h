/* SPDX-License-Identifier: MIT */
/* procs.h - what the files of the scheduler say to each other and nobody else: proc.c, sched.c,
 * find.c, steal.c, worker.c, blocking.c, sysmon.c, world.c, start.c, procsize.c, threadlock.c,
 * attach.c. Threads: as each says; "locked" means under sched.lock. */
#ifndef RUNTIME_PROCS_H
#define RUNTIME_PROCS_H

#include "runtime/latency.h"
#include "runtime/proc.h"
#include "runtime/switch.h"

#define SCHED_GLOBAL_EVERY 61u /* ticks between looks at the global queue: it never starves */
#define SCHED_INHERIT_MOST 64u /* switches within slices, 10 us of them, until others come first \
                                */

/* ---- proc.c ---- */

/* The calling thread is W from now on. */
void worker_set_self(struct worker *w);

/* What a worker's seize says when nobody wants anything. */
enum seize_state seize_at_rest(void);

/* rt_enter_slow without a decision about giving way. */
struct worker *rt_enter_settle(struct worker *w);

/* The list of procs without a worker. A proc that was removed meanwhile is shelved instead. */
void proc_put_idle_locked(struct proc *p);
struct proc *proc_take_idle_locked(void);
struct proc *proc_take_idle(void);

/* W gets P, or gives its proc up. AGAIN: its task goes on in the same time slice. W's own thread.
 */
void worker_bind(struct worker *w, struct proc *p);
void worker_bind_again(struct worker *w, struct proc *p);
struct proc *worker_unbind(struct worker *w);

/* W, whose current task has lost its proc, gets one, at once or by queueing for it. Returns the
 * worker on which the task goes on. In a task, inside the runtime. */
struct worker *worker_get_proc(struct worker *w);

/* P was removed while it was handed on: nobody holds it now. By an active worker, or locked. */
void proc_shelve(struct proc *p);

/* ---- sched.c ---- */

/* Counts running tasks of a time slice: a task that inherits its slice does not begin a new one. */
enum slice { SLICE_NEW, SLICE_INHERITED };

/* The worker's own context: runs T until there is nothing to run but to look for work. Returns on
 * the worker's stack. */
void sched_execute(struct worker *w, struct task *t, enum slice slice);

/* The current task leaves its worker and COMMIT puts it where it goes on from. For tasks that stay
 * runnable. */
__attribute__((always_inline)) static inline void sched_requeue(bool (*commit)(struct task *t,
                                                                               void *arg))
{
    struct worker *w = worker_self();
    struct task *t = w->current;

    t->reason = WAIT_NONE;
    atomic_store_explicit(&t->state, TASK_RUNNABLE, memory_order_relaxed);
    latency_ready(t);
    w->commit = commit;
    w->commit_arg = NULL;
    sched_switch(w, t);
}

/* The same with the task behind all others, not only those of its proc. */
void sched_requeue_globally(void);

/* A COMMIT that puts the task behind those of its proc. */
bool sched_commit_to_tail(struct task *t, void *arg);

/* Whether another task waits for this proc. */
static inline bool sched_has_rivals(struct proc *p)
{
    return atomic_load_explicit(&p->timers.next_ns, memory_order_relaxed) != INT64_MAX ||
           !runq_is_empty(&p->runq) ||
           atomic_load_explicit(&sched.nglobal, memory_order_relaxed) > 0;
}

/* As sched_yield_task, to be inlined. */
__attribute__((always_inline)) static inline void sched_yield_inline(struct worker *w)
{
    stat_add(&w->proc->stats.yields, 1);
    if (sched_has_rivals(w->proc))
        sched_requeue(sched_commit_to_tail);
}

/* Appends Q, tasks in state runnable, to the global queue and empties it. Any thread. */
void sched_put_global(struct taskq *q);

/* The worker's own context of an attached thread begins: runs what its task asks for. Returns when
 * that task has left its worker. */
void sched_begin_own(struct worker *w);

/* Takes a share of the global queue, at most MOST tasks: one is returned, the rest goes to P's own
 * queue. NULL if there is none. */
#define SCHED_SHARE (RUNQ_CAPACITY / 2)
struct task *sched_take_global(struct proc *p, size_t most);

/* Whether the debug setting says that this exit of the runtime gives way. */
bool sched_random_yield(void);

/* ---- find.c ---- */

/* The next task for W: blocks the thread until there is one. On the worker's own stack. */
struct task *sched_find(struct worker *w, enum slice *slice);

/* Slow parts of the next: timers may be due; T, which would go on in the slice of the one before
 * it, may have to stand back. */
bool sched_timers_may_be_due(struct proc *p);
struct task *sched_end_inheritance(struct proc *p, struct task *t, enum slice *slice);

/* The next task of P's own queue, or NULL. */
static inline struct task *sched_take_own(struct proc *p, enum slice *slice)
{
    struct task *t;
    bool inherit;

    *slice = SLICE_NEW;
    if (UNLIKELY(atomic_load_explicit(&p->tick, memory_order_relaxed) % SCHED_GLOBAL_EVERY == 0) &&
        (t = sched_take_global(p, SCHED_SHARE)) != NULL)
        return t;
    t = runq_take(&p->runq, &inherit);
    *slice = inherit ? SLICE_INHERITED : SLICE_NEW;
    if (inherit && UNLIKELY(++p->inherited % SCHED_INHERIT_MOST == 0))
        t = sched_end_inheritance(p, t, slice);
    return t;
}

/* The next task of P without looking far, or NULL: then the worker's own context has something to
 * do. Locks may be held. */
static inline struct task *sched_take_local(struct proc *p, enum slice *slice)
{
    if (UNLIKELY(atomic_load_explicit(&sched.detour, memory_order_relaxed) != 0) ||
        (atomic_load_explicit(&p->timers.next_ns, memory_order_relaxed) != INT64_MAX &&
         sched_timers_may_be_due(p)))
        return NULL;
    return sched_take_own(p, slice);
}

/* When the first timer of all procs is due, INT64_MAX if there is none. Any thread. */
int64_t sched_earliest_timer(void);

/* ---- steal.c ---- */

/* A task of another proc for W, which has a proc and counts as one that looks for work, or NULL.
 * Others may have come to W's queue with it. */
struct task *sched_steal(struct worker *w);

/* ---- worker.c ---- */

/* Gives P to a sleeping or new worker. SPINNING: it counts as one that looks for work. Any thread,
 * no lock held. */
enum worker_start { START_WORKING, START_SPINNING };
void worker_start_on(struct proc *p, enum worker_start how);

/* Sleeps until a proc is handed over, and binds it. */
void worker_sleep(struct worker *w);

/* Gives P to whoever can use it, or to the idle list. Any thread, no lock held. */
void proc_hand_off(struct proc *p);

/* A record in the list of all workers, for a thread that is to become one. */
struct worker *worker_new(void);

/* Runs tasks in W's own context until W ends. */
void worker_loop(struct worker *w);

/* As worker_sleep, until W's bound task is picked somewhere: the proc comes from there. */
void worker_sleep_bound(struct worker *w);

/* Gives P to W, for its bound task. By another worker. */
void worker_wake_bound(struct worker *w, struct proc *p);

/* W, which has no proc, ceases to be a worker; its thread may end. */
void worker_end(struct worker *w);

/* ---- threadlock.c ---- */

/* The next task for W, which may be bound to a task; NULL: its thread ends. On the worker's own
 * stack. */
struct task *threadlock_find(struct worker *w, enum slice *slice);

/* W's bound task has ended: so will W. */
void threadlock_buried(struct worker *w, struct task *t);

/* ---- attach.c ---- */

/* The own context of an attached thread, on a stack of the runtime. */
_Noreturn void attach_main(struct worker *w);

/* ---- world.c ---- */

/* W touches no task any more (QUIET: sleeps or polls; BLOCKING: in a section). Its own thread. */
void worker_become_quiet(struct worker *w, enum worker_mode mode);
/* W may touch tasks: waits while the world is stopped. Its own thread, no current task's state is
 * in flux. */
void worker_become_active(struct worker *w);
/* Waits, with the current task saved on its stack, while the world is stopped. In a task, inside
 * the runtime, which it leaves for PC. */
void world_stop_here(uintptr_t pc);
/* Waits in the signal handler, whose frames from FRAME up hold the registers of the code that was
 * interrupted at SP. */
void world_stop_in_handler(struct worker *w, uintptr_t sp, char *frame, const void *context);
/* Waits in a worker's own context while the world is stopped. */
void world_wait(struct worker *w);

/* ---- start.c ---- */

/* A wanted stack size made a valid one. */
size_t stack_round(size_t bytes);

/* ---- sysmon.c ---- */

void sysmon_start(void);
/* Work begins after the whole process was idle. Any thread. */
void sched_rest_ends(void);

#endif
