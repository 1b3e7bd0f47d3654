/* SPDX-License-Identifier: MIT */
/* world.c - stopping the world.
 * Invariant: only a worker whose mode is ACTIVE touches a task or the heap. A worker that becomes
 * active stores its mode and then reads sched.stopping; who stops the world stores sched.stopping
 * and then reads the modes, both with sequential consistency: so either the worker waits, or the
 * stopper waits for the worker. A worker that leaves ACTIVE while the world is being stopped wakes
 * the stopper. */
#include "config.h"

#include "runtime/world.h"

#include <errno.h>
#include <sched.h>
#include <time.h>

#include "base/clock.h"
#include "runtime/debug.h"
#include "runtime/os_linux.h"
#include "runtime/preempt.h"
#include "runtime/procs.h"
#include "runtime/sched.h"
#include "runtime/sigblock.h"

#define AWAKE_NS    (100 * NS_PER_US) /* that a stopped thread waits before it sleeps */
#define RESUME_NS   (100 * NS_PER_US) /* after which it is not waited for who is late */
#define PAUSE_SHARE 4 /* of a stop that was in vain, all go on for so much before the next */

static struct {
    struct lock lock; /* rank WORLD: one stop at a time; held while the world is stopped */
    _Atomic(uint32_t)
        arrivals; /* counts workers that leave ACTIVE meanwhile; the stopper sleeps on it */
    _Atomic(uint32_t) restarts;  /* counts world_start; stopped workers sleep on it */
    _Atomic(uint32_t) held;      /* workers that wait for it, or have not run on yet */
    _Atomic(int64_t) resumed_ns; /* when the last of them ran on */
    _Atomic(struct worker *) last;   /* that arrived with a task, or NULL */
    _Atomic(struct worker *) latest; /* that arrived, with one or without, or NULL */
} world = {.lock = LOCK_INIT(RANK_WORLD)};

/* ---- The workers' side ---- */

/* W, which is active, is about to be so no more: who sees that it isn't sees what is noted here.
 * One without a task has kept nobody waiting for long, save for want of a processor. */
static void note_arrival(struct worker *w, bool goes_on)
{
    atomic_store_explicit(&world.latest, w, memory_order_relaxed);
    if (w->current == NULL)
        return;
    atomic_store_explicit(&w->arrival_task, w->current->id, memory_order_relaxed);
    atomic_store_explicit(&w->arrival_goes_on, goes_on, memory_order_relaxed);
    /* Release: pairs with the acquire in world_stop. */
    atomic_store_explicit(&world.last, w, memory_order_release);
}

static void become_quiet(struct worker *w, enum worker_mode mode)
{
    /* Release by sequential consistency: the stopper that sees it sees all that the worker wrote.
     */
    atomic_store_explicit(&w->mode, mode, memory_order_seq_cst);
    if (atomic_load_explicit(&sched.stopping, memory_order_seq_cst) != 0) {
        atomic_fetch_add_explicit(&world.arrivals, 1, memory_order_release);
        futex_wake(&world.arrivals, 1);
    }
}

void worker_become_quiet(struct worker *w, enum worker_mode mode)
{
    if (UNLIKELY(atomic_load_explicit(&sched.stopping, memory_order_relaxed) != 0))
        note_arrival(w, true);
    become_quiet(w, mode);
}

static void begin_hold(void)
{
    atomic_fetch_add_explicit(&world.held, 1, memory_order_relaxed);
}

static void end_hold(void)
{
    int64_t now_ns = clock_mono_ns();
    int64_t last_ns = atomic_load_explicit(&world.resumed_ns, memory_order_relaxed);

    while (last_ns < now_ns &&
           !atomic_compare_exchange_weak_explicit(&world.resumed_ns, &last_ns, now_ns,
                                                  memory_order_relaxed, memory_order_relaxed))
        continue;
    /* Release: pairs with the acquire in world_resumed_ns. */
    atomic_fetch_sub_explicit(&world.held, 1, memory_order_release);
}

/* Waits until the world goes on, or a little less. Most stops are over before a thread that sleeps
 * could be woken. */
static void wait_for_restart(uint32_t restarts)
{
    int64_t end_ns = clock_mono_ns() + AWAKE_NS;

    while (clock_mono_ns() < end_ns) {
        if (atomic_load_explicit(&sched.stopping, memory_order_seq_cst) == 0)
            return;
        sched_yield();
    }
    futex_wait(&world.restarts, restarts, -1);
}

/* HELD: begin_hold has been called. */
static void become_active(struct worker *w, bool held)
{
    for (;;) {
        uint32_t restarts = atomic_load_explicit(&world.restarts, memory_order_relaxed);

        atomic_store_explicit(&w->mode, WORKER_ACTIVE, memory_order_seq_cst);
        if (atomic_load_explicit(&sched.stopping, memory_order_seq_cst) == 0)
            break;
        if (!held)
            begin_hold();
        held = true;
        become_quiet(w, WORKER_STOPPED);
        wait_for_restart(restarts);
    }
    if (held)
        end_hold();
}

void worker_become_active(struct worker *w)
{
    become_active(w, false);
}

static void stop_and_wait(struct worker *w)
{
    if (atomic_load_explicit(&sched.stopping, memory_order_seq_cst) == 0)
        return;
    note_arrival(w, false);
    begin_hold();
    become_quiet(w, WORKER_STOPPED);
    become_active(w, true);
}

void world_wait(struct worker *w)
{
    stop_and_wait(w);
}

static void stop_on_worker_stack(void *arg)
{
    (void)arg;
    stop_and_wait(worker_self());
}

void world_stop_here(uintptr_t pc)
{
    worker_self()->stop_pc = pc;
    sched_on_worker_stack(stop_on_worker_stack, NULL);
}

/* Called by the signal handler, in C code, on the alternate stack whose frames from FRAME up hold
 * the registers. */
void world_stop_in_handler(struct worker *w, uintptr_t sp, char *frame, const void *context)
{
    w->stop_sp = sp;
    w->stop_context = context;
    w->stop_frame = frame;
    stop_and_wait(w);
    w->stop_frame = NULL;
}

/* ---- The stopper's side ---- */

static struct worker *first_worker(void)
{
    /* Acquire: pairs with the release in worker_new. */
    return atomic_load_explicit(&sched.workers, memory_order_acquire);
}

static bool is_active(struct worker *w)
{
    return atomic_load_explicit(&w->mode, memory_order_seq_cst) == WORKER_ACTIVE;
}

static void ask_all(const struct worker *self)
{
    for (struct worker *w = first_worker(); w != NULL; w = w->next_all) {
        if (w == self || !is_active(w))
            continue;
        atomic_fetch_or_explicit(&w->here.attention, ATTENTION_STOP, memory_order_seq_cst);
        /* One in the runtime sees the word when it leaves; the signal may find it just outside. */
        preempt_signal(w);
    }
}

/* What it costs is done while they stop. */
static void watch_all(const struct worker *self)
{
    for (struct worker *w = first_worker(); w != NULL; w = w->next_all) {
        if (w != self && is_active(w))
            offcpu_begin(&w->asked, atomic_load_explicit(&w->tid, memory_order_relaxed));
    }
}

/* All have stopped, as HOW says. */
static int64_t off_cpu_of_latest(const struct world_stop *how)
{
    struct worker *w = atomic_load_explicit(&world.latest, memory_order_relaxed);

    if (w == NULL || w->asked.begin_ns < how->asked_ns) /* it had stopped before it was watched */
        return 0;
    return offcpu_end(&w->asked, atomic_load_explicit(&w->tid, memory_order_relaxed),
                      how->stopped_ns);
}

/* Whether W has to be thought to block the signal: it is in C code, and has taken none since the
 * last look either. One look is not enough: a thread that is about to enter the handler has the
 * signal blocked, too. */
static bool seems_deaf(struct worker *w)
{
    uint32_t now = atomic_load_explicit(&w->urgents, memory_order_relaxed) + 1;
    bool again = w->suspected == now;

    if (!is_active(w) || atomic_load_explicit(&w->inrt, memory_order_relaxed) != 0 ||
        atomic_load_explicit(&w->handling, memory_order_relaxed) != 0)
        return false;
    w->suspected = now;
    return again;
}

static void look_for_blocked(const struct worker *self)
{
    for (struct worker *w = first_worker(); w != NULL; w = w->next_all) {
        if (w != self && seems_deaf(w) &&
            sigblock_look(atomic_load_explicit(&w->tid, memory_order_relaxed)))
            atomic_fetch_or_explicit(&w->here.attention, ATTENTION_UNBLOCK, memory_order_relaxed);
    }
}

static bool any_active(const struct worker *self)
{
    for (struct worker *w = first_worker(); w != NULL; w = w->next_all) {
        if (w != self && is_active(w))
            return true;
    }
    return false;
}

void world_start(void)
{
    proctime_pause_end();
    atomic_store_explicit(&sched.stopping, 0, memory_order_seq_cst);
    atomic_store_explicit(&sched.detour, (uint32_t)debug.replay, memory_order_relaxed);
    atomic_fetch_add_explicit(&world.restarts, 1, memory_order_release);
    futex_wake(&world.restarts, INT32_MAX);
    lock_release(&world.lock);
}

int64_t world_resumed_ns(int64_t started_ns)
{
    int64_t resumed_ns = 0;

    /* Acquire: pairs with the release in end_hold. */
    while (atomic_load_explicit(&world.held, memory_order_acquire) != 0) {
        if (clock_mono_ns() - started_ns >= RESUME_NS)
            return clock_mono_ns();
        sched_yield();
    }
    resumed_ns = atomic_load_explicit(&world.resumed_ns, memory_order_relaxed);
    return resumed_ns > started_ns ? resumed_ns : started_ns;
}

/* Who waits for its turn must not be waited for. Its task is saved already: it is on the worker's
 * own stack. */
static void take_turn(struct worker *self)
{
    if (self != NULL)
        become_quiet(self, WORKER_STOPPED);
    lock_take(&world.lock);
    if (self != NULL)
        atomic_store_explicit(&self->mode, WORKER_ACTIVE, memory_order_seq_cst);
}

/* Whether all workers but SELF stop before END_NS. */
static bool await_all(const struct worker *self, int64_t end_ns)
{
    for (;;) {
        uint32_t arrivals = atomic_load_explicit(&world.arrivals, memory_order_acquire);

        if (!any_active(self))
            return true;
        if (clock_mono_ns() >= end_ns)
            return false;
        /* A lost signal would mean a thread that blocks SIGURG: ask again now and then. */
        if (!futex_wait(&world.arrivals, arrivals, 10 * NS_PER_MS)) {
            ask_all(self);
            look_for_blocked(self);
        }
    }
}

bool world_stop(struct world_stop *how, int64_t patience_ns)
{
    struct worker *self = worker_self();

    take_turn(self);
    how->asked_ns = clock_mono_ns();
    atomic_store_explicit(&world.last, NULL, memory_order_relaxed);
    atomic_store_explicit(&world.latest, NULL, memory_order_relaxed);
    atomic_store_explicit(&sched.detour, 1, memory_order_relaxed);
    proctime_pause_begin();
    atomic_store_explicit(&sched.stopping, 1, memory_order_seq_cst);
    ask_all(self);
    watch_all(self);
    if (!await_all(self, how->asked_ns + patience_ns)) {
        world_start();
        return false;
    }
    how->stopped_ns = clock_mono_ns();
    how->off_cpu_ns = off_cpu_of_latest(how);
    /* Acquire: pairs with the release in note_arrival. */
    if (how->last != NULL)
        laststop_take(how->last, atomic_load_explicit(&world.last, memory_order_acquire));
    return true;
}

/* Not shortened by signals: sysmon's come to whoever has a proc for long. */
static void sleep_for(int64_t ns)
{
    struct timespec left = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};

    while (nanosleep(&left, &left) != 0 && os_errno() == EINTR)
        continue;
}

void world_stop_later(int64_t *patience_ns)
{
    struct worker *self = worker_self();

    if (self != NULL)
        become_quiet(self, WORKER_STOPPED);
    sleep_for(*patience_ns / PAUSE_SHARE);
    if (self != NULL)
        worker_become_active(self);
    *patience_ns *= 2;
}

/* ---- What a stopped world refers to ---- */

static void scan_range(world_scan_fn scan, void *ctx, uintptr_t lo, const char *hi)
{
    lo &= ~(uintptr_t)(sizeof(void *) - 1);
    if (lo < (uintptr_t)hi)
        scan(ctx, (const void *)lo, hi);
}

static void scan_stack(const struct task *t, world_scan_fn scan, void *ctx)
{
    struct worker *w = atomic_load_explicit(&t->worker, memory_order_relaxed);
    uintptr_t sp = (uintptr_t)t->sp;

    if (atomic_load_explicit(&t->state, memory_order_relaxed) == TASK_RUNNING && w != NULL &&
        w->current == t && w->stop_frame != NULL) {
        sp = w->stop_sp - CTX_RED_ZONE_BYTES;
        if (w->stop_frame >= w->sig_stack_lo &&
            w->stop_frame < w->sig_stack_lo + w->sig_stack_bytes)
            scan_range(scan, ctx, (uintptr_t)w->stop_frame, w->sig_stack_lo + w->sig_stack_bytes);
    }
    /* A task may run on memory of its own making for a moment; then all of its own stack is
     * searched. */
    if (sp < (uintptr_t)stack_lo(t->stack) || sp > (uintptr_t)stack_hi(t->stack))
        sp = (uintptr_t)stack_lo(t->stack);
    scan_range(scan, ctx, sp, stack_hi(t->stack));
}

void world_scan_task(size_t slot, world_scan_fn scan, void *ctx)
{
    struct task *t = task_at(slot);
    enum task_state state = (enum task_state)atomic_load_explicit(&t->state, memory_order_relaxed);

    if (state == TASK_DEAD)
        return;
    scan(ctx, &t->arg, &t->arg + 1);
    if (state == TASK_BLOCKING)
        scan(ctx, t->blocking_regs, t->blocking_regs + CTX_CALLEE_WORDS);
    if (t->stack.lo != NULL)
        scan_stack(t, scan, ctx);
}

void world_scan_workers(world_scan_fn scan, void *ctx)
{
    for (struct worker *w = first_worker(); w != NULL; w = w->next_all) {
        uintptr_t sp;

        /* Acquire: pairs with the release in worker_main. A thread that has not begun refers to
         * nothing. */
        if (atomic_load_explicit(&w->tid, memory_order_acquire) == 0)
            continue;
        sp = (uintptr_t)w->sched_sp;
        if (sp < (uintptr_t)w->os_stack_lo || sp >= (uintptr_t)w->os_stack_hi)
            sp = (uintptr_t)w->os_stack_lo; /* it has not run a task yet */
        scan_range(scan, ctx, sp, w->os_stack_hi);
    }
}
