/* SPDX-License-Identifier: MIT */
/* attach.c - threads of the program that become tasks for a while.
 * Such a thread gets a worker's record and a task that is bound to it. It is a worker turned inside
 * out: its task runs on the thread's own stack, and the worker's own context, which sleeps while
 * the task waits, has a stack of the runtime. All else follows from that: the task is stopped,
 * searched, dumped, loses its proc and gets another as any bound task does. Threads: the one that
 * attaches. Source: the idea of Go's needm and dropm. */
#include "config.h"

#include <pthread.h>

#include "gort/task.h"
#include "runtime/fatal.h"
#include "runtime/gcstack.h"
#include "runtime/os_linux.h"
#include "runtime/preempt.h"
#include "runtime/procs.h"
#include "runtime/sched.h"
#include "runtime/tasktab.h"

/* What the thread had before it attached, and what it has while it is. */
struct attached {
    bool on;
    struct preempt_thread before;
    struct stack own; /* of the worker's own context */
};

static __thread struct attached attached __attribute__((tls_model("initial-exec")));

static pthread_key_t end_key;
static pthread_once_t end_key_once = PTHREAD_ONCE_INIT;

/* ---- The own context ---- */

_Noreturn void attach_main(struct worker *w)
{
    w->enters = false;
    sched_begin_own(w);
    worker_loop(w);
    UNREACHABLE(); /* its task does not end but detaches */
}

static void prepare_own_context(struct worker *w, struct stack s)
{
    w->os_stack_lo = stack_lo(s);
    w->os_stack_hi = stack_hi(s);
    w->sched_sp = ctx_prepare(stack_hi(s));
    w->enters = true;
    san_fiber_init(&w->san, stack_lo(s), s.bytes - STACK_GUARD_BYTES);
}

/* ---- The task ---- */

/* The thread's stack as T's. Its guard is the thread's, below it. */
static void give_own_stack(struct task *t)
{
    char *lo;
    size_t bytes;

    os_thread_stack(&lo, &bytes);
    t->stack = (struct stack){lo - STACK_GUARD_BYTES, bytes + STACK_GUARD_BYTES};
    san_fiber_init_thread(&t->san, lo, bytes);
}

static void begin_task(struct worker *w, struct task *t, uintptr_t pc)
{
    int64_t now_ns = atomic_load_explicit(&sched.coarse_ns, memory_order_relaxed);

    t->arg = NULL;
    t->fn = NULL;
    t->spawn_pc = pc;
    t->bound = w;
    t->nlocks = 1;
    w->bound = t;
    w->current = t;
    w->here.holder = task_as_holder(t);
    note_clear(&w->note);
    atomic_store_explicit(&t->worker, w, memory_order_relaxed);
    atomic_store_explicit(&t->state, TASK_RUNNING, memory_order_relaxed);
    tasktab_born(t, now_ns);
    tasktab_update(t, TASK_RUNNING, now_ns);
}

/* ---- The end of a thread ---- */

static void detach_at_end(void *arg)
{
    (void)arg;
    gort_thread_detach();
}

static void make_end_key(void)
{
    if (pthread_key_create(&end_key, detach_at_end) != 0)
        gort_fatal("gort_thread_attach: no pthread key left");
}

/* ---- Public ---- */

static bool is_running(void)
{
    return atomic_load_explicit(&sched.nprocs, memory_order_acquire) != 0 &&
           atomic_load_explicit(&sched.finished, memory_order_relaxed) == 0;
}

static void become_worker(struct worker *w, struct task *t, uintptr_t pc)
{
    prepare_own_context(w, attached.own);
    begin_task(w, t, pc);
    worker_set_self(w);
    preempt_attach_thread(w, &attached.before);
    attached.on = true;
    worker_become_active(w);
    if (gc_marks_beside()) /* the mark may have begun since the record was made */
        gcstack_before_run(t);
    /* Release: as in worker_main. */
    atomic_store_explicit(&w->tid, os_thread_id(), memory_order_release);
    give_own_stack(
        t); /* not before: of one that is not active and saved nothing, all is searched */
    worker_get_proc(w);
    stat_add(&w->proc->stats.spawns, 1);
}

int gort_thread_attach(void)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct task *t;

    if (worker_self() != NULL)
        return GORT_EALREADY;
    if (!is_running())
        return GORT_EINVAL;
    pthread_once(&end_key_once, make_end_key);
    attached.own = stack_alloc(NULL, sched.stack_bytes);
    if (attached.own.lo == NULL)
        return GORT_ENOMEM;
    t = pthread_setspecific(end_key, &attached) == 0 ? task_new_outside() : NULL;
    if (t == NULL) {
        pthread_setspecific(end_key, NULL);
        stack_free(NULL, attached.own);
        return GORT_ENOMEM;
    }
    atomic_store_explicit(&sched.foreign, 1, memory_order_relaxed);
    become_worker(worker_new(), t, pc);
    rt_leave(worker_self());
    return 0;
}

static void end_task(struct worker *w)
{
    struct task *t = w->current;
    struct proc *p = w->proc;

    atomic_store_explicit(&t->state, TASK_DEAD, memory_order_relaxed);
    tasktab_dead(t);
    t->bound = NULL;
    t->nlocks = 0;
    t->stack = (struct stack){0};
    w->bound = NULL;
    w->current = NULL;
    stat_add(&p->stats.exits, 1);
    task_free(p, t);
    proc_hand_off(worker_unbind(w));
}

/* When all has finished, the runtime must not be entered, but what is left of it may still collect:
 * the records stay, without the stack. */
static void leave_finished(struct worker *w)
{
    atomic_store_explicit(&w->inrt, 1, memory_order_relaxed); /* no more stops in the handler */
    atomic_signal_fence(memory_order_seq_cst);
    w->current->stack = (struct stack){0};
    w->current = NULL;
    atomic_store_explicit(&w->tid, 0, memory_order_relaxed);
    preempt_detach_thread(w, &attached.before);
    worker_become_quiet(w, WORKER_QUIET);
    worker_set_self(NULL);
}

int gort_thread_detach(void)
{
    struct worker *w = worker_self();

    if (w == NULL || !attached.on ||
        atomic_load_explicit(&w->seize, memory_order_relaxed) == SEIZE_BLOCKING)
        return GORT_EINVAL;
    attached.on = false;
    pthread_setspecific(end_key, NULL);
    if (atomic_load_explicit(&w->seize, memory_order_relaxed) == SEIZE_FINISHED) {
        leave_finished(w);
        return 0;
    }
    end_task(rt_enter("gort_thread_detach"));
    w->enters = false; /* its own context may never have been needed */
    san_fiber_fini(&w->san);
    preempt_detach_thread(w, &attached.before);
    worker_end(w);
    stack_free(NULL, attached.own);
    return 0;
}
