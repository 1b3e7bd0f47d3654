/* SPDX-License-Identifier: MIT */
/* sched.c - switching between tasks.
 * Invariant: what a task waits for is let go of only by the context that follows it (let_go), when
 * its stack pointer has been saved; so whoever finds the task there may resume it at once,
 * anywhere. */
#include "config.h"

#include "runtime/sched.h"

#include <string.h>

#include "runtime/cycles.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/gcstack.h"
#include "runtime/latency.h"
#include "runtime/leaked.h"
#include "runtime/os_linux.h"
#include "runtime/procs.h"
#include "runtime/publish.h"
#include "runtime/replay.h"
#include "runtime/tasktab.h"
#include "runtime/tasktab_move.h"

static int64_t coarse_now(void)
{
    return atomic_load_explicit(&sched.coarse_ns, memory_order_relaxed);
}

/* ---- After a switch ---- */

/* The stack below is damaged already: what comes next can't be trusted, but this can be told. */
_Noreturn static void tell_overflow(const struct task *t)
{
    publish_stack_overflow(t->id);
    gort_fatal("stack overflow: task %llu has used up its stack of %zu bytes",
               (unsigned long long)t->id, t->stack.bytes);
}

static void bury(struct worker *w, struct task *t)
{
    if (UNLIKELY(stack_has_overflowed(t->stack)))
        tell_overflow(t);
    san_fiber_fini(&t->san);
    stack_free(&w->proc->stacks, t->stack);
    t->stack = (struct stack){0};
    tasktab_dead(t);
    if (UNLIKELY(t->bound != NULL))
        threadlock_buried(w, t);
    stat_add(&w->proc->stats.exits, 1);
    task_free(w->proc, t);
}

static bool commit_exit(struct task *t, void *arg)
{
    (void)arg;
    bury(worker_self(), t);
    return true;
}

bool sched_commit_release(struct task *t, void *arg)
{
    (void)t;
    lock_release(arg);
    return true;
}

/* Shows the task that was left as it lies now: it may be elsewhere as soon as it is let go. */
static inline void show_left(const struct task *t)
{
    enum task_state state = (enum task_state)atomic_load_explicit(&t->state, memory_order_relaxed);

    if (state != TASK_DEAD) /* its burial says so */
        tasktab_left(t, state, coarse_now());
}

__attribute__((noinline)) static void put_last_full(struct proc *p, struct task *t)
{
    struct taskq spill = {0};

    if (!runq_put(&p->runq, t, &spill))
        sched_put_global(&spill);
}

static inline void put_last(struct proc *p, struct task *t, enum runq_heat heat)
{
    if (UNLIKELY(!runq_try_put(&p->runq, t, heat)))
        put_last_full(p, t);
}

bool sched_commit_to_tail(struct task *t, void *arg)
{
    (void)arg;
    put_last(worker_self()->proc, t, RUNQ_COLD);
    return true;
}

/* Out of line, as all that is rare here: else the usual way saves registers for it. */
__attribute__((noinline)) static void
commit_otherwise(struct worker *w, bool (*commit)(struct task *t, void *arg), struct task *t)
{
    if (UNLIKELY(gc_marks_beside() &&
                 atomic_load_explicit(&t->state, memory_order_relaxed) != TASK_DEAD))
        gcstack_after_run(t);
    if (!commit(t, w->commit_arg))
        sched_ready(t, 0);
}

__attribute__((always_inline)) static inline void let_go(struct worker *w)
{
    bool (*commit)(struct task * t, void *arg) = w->commit;
    struct task *t = w->left;

    if (commit == NULL)
        return;
    w->commit = NULL;
    show_left(t);
    if (UNLIKELY(gc_marks_beside()))
        commit_otherwise(w, commit, t);
    else if (LIKELY(commit == sched_commit_release))
        lock_release(w->commit_arg);
    else if (LIKELY(commit == sched_commit_to_tail))
        put_last(w->proc, t, RUNQ_COLD);
    else
        commit_otherwise(w, commit, t);
}

void sched_arrive(void)
{
    struct worker *w = worker_self();
    struct task *t = w->current;

    san_switch_end(&t->san);
    let_go(w);
    *w->errno_place = t->saved_errno;
}

/* ---- Switching ---- */

static void give_stack(struct proc *p, struct task *t)
{
    size_t wanted = t->stack.bytes;

    t->stack = stack_alloc(&p->stacks, wanted);
    if (t->stack.lo == NULL)
        gort_fatal("out of memory: no room for a stack of %zu bytes", wanted);
    san_fiber_init(&t->san, stack_lo(t->stack), t->stack.bytes - STACK_GUARD_BYTES);
    t->sp = ctx_prepare(stack_hi(t->stack));
    tasktab_update(t, TASK_RUNNABLE, coarse_now());
}

/* What T, about to run, needs now and then. */
__attribute__((noinline)) static void prepare(struct proc *p, struct task *t)
{
    if (gc_marks_beside())
        gcstack_before_run(t);
    if (t->stack.lo == NULL)
        give_stack(p, t);
    latency_run(&p->latency, t);
}

/* T becomes W's current task; its context is ready to be switched to. */
__attribute__((always_inline)) static inline void adopt(struct worker *w, struct task *t,
                                                        enum slice slice)
{
    struct proc *p = w->proc;

    if (UNLIKELY(gc_marks_beside() || t->stack.lo == NULL || latency_is_measured(t)))
        prepare(p, t);
    if (slice == SLICE_NEW)
        atomic_store_explicit(&p->tick, atomic_load_explicit(&p->tick, memory_order_relaxed) + 1,
                              memory_order_relaxed);
    stat_add(&p->stats.switches, 1);
    w->current = t;
    w->here.holder = task_as_holder(t);
    atomic_store_explicit(&t->worker, w, memory_order_relaxed);
    atomic_store_explicit(&p->current, t, memory_order_relaxed);
    atomic_store_explicit(&t->state, TASK_RUNNING, memory_order_relaxed);
    tasktab_resumed(t, coarse_now());
}

/* Whether T waits for what another task sends: the answer is likely to come in a moment, and with
 * it a task for whoever stays awake. Who waits for a lock is better left alone: the holder gets
 * more done while nobody fights for it. */
static bool expects_message(const struct task *t)
{
    return t->reason == WAIT_CHAN_RECV || t->reason == WAIT_CHAN_SEND || t->reason == WAIT_SELECT;
}

struct departure sched_depart(struct worker *w, struct task *t)
{
    enum slice slice = SLICE_NEW;
    struct task *next = w->proc != NULL ? sched_take_local(w->proc, &slice) : NULL;

    t->saved_errno = *w->errno_place;
    w->left = t;
    if (UNLIKELY(next != NULL && (t->bound != NULL || next->bound != NULL))) {
        w->picked = next; /* threadlock_find sees to it */
        next = NULL;
    }
    if (LIKELY(next != NULL)) {
        adopt(w, next, slice);
        return (struct departure){next->sp, &next->san};
    }
    w->current = NULL;
    w->lingers = expects_message(t);
    if (w->proc != NULL)
        atomic_store_explicit(&w->proc->current, NULL, memory_order_relaxed);
    return (struct departure){w->sched_sp, &w->san};
}

/* W's own context goes on, after a switch to it. Whether its task only had something to be called,
 * and goes on in its turn. */
static bool come_back(struct worker *w)
{
    void (*call)(void *arg) = w->call;

    san_switch_end(&w->san);
    let_go(w);
    if (call == NULL)
        return false;
    w->call = NULL;
    call(w->call_arg);
    return true;
}

static void run_task(struct worker *w)
{
    do {
        san_switch_begin(&w->san, &w->current->san, SAN_COMES_BACK);
        ctx_switch(&w->sched_sp, w->current->sp);
    } while (come_back(w));
}

void sched_execute(struct worker *w, struct task *t, enum slice slice)
{
    proctime_turn(&w->proc->time, PROCTIME_RUNNING);
    adopt(w, t, slice);
    run_task(w);
}

void sched_begin_own(struct worker *w)
{
    if (come_back(w))
        run_task(w);
}

/* ---- Staying runnable ---- */

void sched_yield_task(void)
{
    sched_yield_inline(worker_self());
}

bool sched_random_yield(void)
{
    if (debug.replay != 0)
        return replay_preempts();
    return debug.yield > 0 && proc_random(worker_self()->proc) % (uint32_t)debug.yield == 0;
}

void sched_on_worker_stack(void (*fn)(void *arg), void *arg)
{
    struct worker *w = worker_self();
    struct task *t = w->current;

    t->saved_errno = *w->errno_place;
    w->call = fn;
    w->call_arg = arg;
    san_switch_begin(&t->san, &w->san, SAN_COMES_BACK);
    ctx_switch(&t->sp, w->sched_sp);
    sched_arrive();
    if (UNLIKELY(worker_self()->proc == NULL)) /* removed while the world was stopped */
        worker_get_proc(worker_self());
}

/* ---- Making tasks runnable ---- */

void sched_put_global(struct taskq *q)
{
    size_t n = q->count;

    lock_take(&sched.lock);
    globq_put(&sched.global, q);
    /* Sequential consistency: pairs with last_look in find.c. */
    atomic_store_explicit(&sched.nglobal, (uint32_t)sched.global.count, memory_order_seq_cst);
    lock_release(&sched.lock);
    while (n-- > 0 && atomic_load_explicit(&sched.nidle_procs, memory_order_relaxed) > 0) {
        sched_wake_one();
        if (atomic_load_explicit(&sched.nspinning, memory_order_relaxed) > 0)
            break;
    }
}

struct task *sched_take_global(struct proc *p, size_t most)
{
    struct taskq spill = {0};
    struct task *t;
    size_t share;
    bool put = true;

    if (atomic_load_explicit(&sched.nglobal, memory_order_relaxed) == 0)
        return NULL;
    lock_take(&sched.lock);
    share = sched.global.count / atomic_load_explicit(&sched.nprocs, memory_order_relaxed);
    /* No more than there is room for: else those that have waited longest would be spilled, and
     * stand behind all others again. */
    share = min_size(share, min_size(most - 1, runq_room(&p->runq)));
    t = globq_pop(&sched.global);
    for (; share > 0 && sched.global.count > 0 && put; share--)
        put = runq_put(&p->runq, globq_pop(&sched.global), &spill);
    CHECK(put);
    atomic_store_explicit(&sched.nglobal, (uint32_t)sched.global.count, memory_order_relaxed);
    lock_release(&sched.lock);
    return t;
}

static void put_next(struct proc *p, struct task *t)
{
    struct task *old = runq_swap_next(&p->runq, t);

    if (old != NULL) /* one that has never run is at home nowhere yet */
        put_last(p, old, old->stack.lo != NULL ? RUNQ_WARM : RUNQ_COLD);
    sched_wake_one();
}

static void make_runnable(struct task *t)
{
    if (UNLIKELY(atomic_load_explicit(&t->leaked_ns, memory_order_relaxed) != 0))
        leaked_refute(t);
    t->reason = WAIT_NONE;
    atomic_store_explicit(&t->state, TASK_RUNNABLE, memory_order_relaxed);
    tasktab_readied(t, coarse_now());
    latency_ready(t);
}

/* Fetches what T will pop, and the frames above it, into the cache: it is likely to run next. */
static inline void fetch_stack(const struct task *t)
{
    for (size_t i = 0; i < 4; i++)
        __builtin_prefetch((const char *)t->sp + i * CACHE_LINE_BYTES, 1);
}

void sched_ready(struct task *t, int32_t wake_value)
{
    fetch_stack(t);
    t->wake_value = wake_value;
    make_runnable(t);
    put_next(worker_self()->proc, t);
}

void sched_ready_last(struct task *t, int32_t wake_value)
{
    t->wake_value = wake_value;
    make_runnable(t);
    put_last(worker_self()->proc, t, RUNQ_COLD);
    /* A look for a spinner must not pass the store of the task: pairs with last_look in find.c.
     * runq_put_next has exchanged, runq_put only stored. */
    atomic_thread_fence(memory_order_seq_cst);
    sched_wake_one();
}

void sched_ready_own(struct taskq *q, bool help)
{
    struct proc *p = worker_self()->proc;
    struct task *t;

    while ((t = taskq_pop(q)) != NULL) {
        make_runnable(t);
        put_last(p, t, RUNQ_COLD);
    }
    if (!help)
        return;
    atomic_thread_fence(memory_order_seq_cst); /* as in sched_ready_last */
    sched_wake_one();
}

void sched_ready_batch(struct taskq *q)
{
    if (q->head == NULL)
        return;
    for (struct task *t = q->head; t != NULL; t = t->next)
        make_runnable(t);
    sched_put_global(q);
}

/* ---- Birth and death ---- */

void sched_spawn(void (*fn)(void *arg), void *arg, const char *name, size_t stack_bytes,
                 uintptr_t pc)
{
    struct proc *p = worker_self()->proc;
    struct task *t = task_new(p);

    t->fn = fn;
    t->arg = arg;
    t->spawn_pc = pc;
    t->stack.bytes = stack_bytes != 0 ? stack_bytes : sched.stack_bytes;
    if (name != NULL)
        strncpy(t->name, name, sizeof t->name - 1);
    stat_add(&p->stats.spawns, 1);
    tasktab_born(t, coarse_now());
    latency_ready(t);
    put_next(p, t);
}

void sched_spawn_outside(void (*fn)(void *arg), void *arg, const char *name)
{
    struct task *t = task_new_outside();
    struct taskq q = {0};

    if (t == NULL)
        gort_fatal("too many tasks: %u exist", TASKS_MAX);
    t->fn = fn;
    t->arg = arg;
    t->spawn_pc = (uintptr_t)fn + 1; /* as if it had been spawned there */
    t->stack.bytes = sched.stack_bytes;
    strncpy(t->name, name, sizeof t->name - 1);
    atomic_fetch_add_explicit(&sched.ncoming, 1, memory_order_relaxed);
    tasktab_born(t, coarse_now());
    latency_ready(t);
    taskq_push(&q, t);
    sched_put_global(&q);
}

void sched_count_birth(void)
{
    stat_add(&worker_self()->proc->stats.spawns, 1);
    /* Release: pairs with the acquire in tasks_alive: it is counted once at least. */
    atomic_fetch_sub_explicit(&sched.ncoming, 1, memory_order_release);
}

_Noreturn void sched_exit(void)
{
    struct worker *w = worker_self();
    struct task *t = w->current;
    struct departure to;

    atomic_store_explicit(&t->state, TASK_DEAD, memory_order_relaxed);
    w->commit = commit_exit;
    w->commit_arg = NULL;
    to = sched_depart(w, t);
    san_switch_begin(&t->san, to.san, SAN_DYING);
    ctx_switch(&t->sp, to.sp);
    UNREACHABLE();
}

/* Called by gort_task_start, on the fresh stack of a task. */
_Noreturn void sched_task_main(void);
_Noreturn void sched_task_main(void)
{
    struct task *t;

    if (UNLIKELY(worker_self()->enters))
        attach_main(worker_self());
    sched_arrive();
    t = task_self();
    rt_leave_to(worker_self(), (uintptr_t)t->fn + 1);
    t->fn(t->arg);
    rt_enter("gort_go");
    sched_exit();
}
