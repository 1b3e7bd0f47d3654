/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcowner.h"

#include <sched.h>

#include "runtime/debug.h"
#include "runtime/gccycle.h"
#include "runtime/gclimit.h"
#include "runtime/gclimiter.h"
#include "runtime/gcsweep.h"
#include "runtime/gcthread.h"
#include "runtime/sched.h"

#define SPANS_AT_ONCE 64 /* swept between two places at which the task may be stopped */

static struct {
    struct lock lock;
    bool running;           /* a cycle is under way, from before it begins; [lock:lock] */
    _Atomic(uint32_t) busy; /* that, or one is asked for; changed under the lock */
    struct taskq waiting;   /* tasks that want one, or its end; [lock:lock] */
    /* Numbers of cycles. [lock:lock] */
    uint64_t wanted;
    uint64_t started;        /* the last one that has begun */
    uint64_t marked;         /* the last one whose mark has ended */
    enum gc_trigger trigger; /* of the one that is wanted */
} owner = {.lock = LOCK_INIT(RANK_GC)};

/* ---- owning ---- */

static void begin_locked(void)
{
    owner.running = true;
    atomic_store_explicit(&owner.busy, 1, memory_order_relaxed);
    owner.started++;
    if (owner.wanted < owner.started)
        owner.wanted = owner.started;
}

static void cease_to_own(void)
{
    struct taskq waiting;

    lock_take(&owner.lock);
    owner.running = false;
    owner.marked = owner.started;
    atomic_store_explicit(&owner.busy, owner.wanted > owner.started, memory_order_relaxed);
    waiting = owner.waiting;
    owner.waiting = (struct taskq){0};
    lock_release(&owner.lock);
    sched_ready_batch(&waiting);
}

/* Parks until a cycle has ended. The lock is let go of. */
static void wait_locked(uintptr_t pc)
{
    taskq_push(&owner.waiting, task_self());
    sched_park_release(WAIT_GC, pc, &owner.lock);
}

/* Makes the calling task the owner of a cycle. False if another's cycle has done what was wanted.
 */
static bool become_owner(enum gc_trigger trigger, uintptr_t pc)
{
    for (;;) {
        lock_take(&owner.lock);
        if (!owner.running) {
            begin_locked();
            lock_release(&owner.lock);
            return true;
        }
        wait_locked(pc);
        if (trigger == GC_BY_HEAP && !gc_is_due())
            return false;
    }
}

static bool become_owner_if_free(void)
{
    bool free;

    lock_take(&owner.lock);
    free = !owner.running;
    if (free)
        begin_locked();
    lock_release(&owner.lock);
    return free;
}

/* ---- sweeping for a cycle ---- */

static struct heap_cache *own_cache(void)
{
    return worker_self()->proc->heap;
}

/* Sweeps all that nobody has begun with, and waits for the rest. */
static void finish_sweep(void)
{
    for (int n = 1; sweep_one(own_cache()); n++) {
        /* The task may be stopped here, or lose its turn. */
        if (n % SPANS_AT_ONCE == 0 && debug.replay == 0) {
            rt_leave(worker_self());
            rt_enter("gort_gc");
        }
    }
    while (gc_phase() == GC_SWEEP) /* the last spans are in others' hands, for microseconds */
        sched_yield();
}

static void finish_sweep_with(struct heap_cache *c)
{
    while (gc_phase() != GC_OFF)
        if (!sweep_one(c))
            sched_yield();
}

/* ---- by a task, the world being stopped ---- */

static void run_here(void *trigger)
{
    cycle_run(*(enum gc_trigger *)trigger);
}

static void collect_as_owner(enum gc_trigger trigger, uintptr_t pc)
{
    if (!become_owner(trigger, pc))
        return;
    finish_sweep();
    sched_on_worker_stack(run_here, &trigger);
    if (trigger == GC_BY_CALL || debug.replay != 0)
        finish_sweep();
    if (debug.replay != 0)
        while (gclimit_give_back())
            continue;
    cease_to_own();
}

/* ---- by the background thread, asked by tasks ---- */

static void start_threads(void *arg)
{
    (void)arg;
    gcthread_start();
}

/* The cycle behind the last one that has begun is wanted. */
static void ask(enum gc_trigger trigger)
{
    bool first = false;

    if (!gcthread_is_started() && worker_self() != NULL && task_self() != NULL)
        sched_on_worker_stack(start_threads, NULL);
    lock_take(&owner.lock);
    first = owner.wanted == owner.started;
    owner.wanted = owner.started + 1;
    atomic_store_explicit(&owner.busy, 1, memory_order_relaxed);
    if (first || trigger == GC_BY_CALL)
        owner.trigger = trigger;
    lock_release(&owner.lock);
    if (!first)
        return;
    sched_outside_begin(); /* tasks may wait for the end of this cycle; see serve_one */
    gcthread_ask(GCTHREAD_SERVE);
}

static void collect_by_asking(enum gc_trigger trigger, uintptr_t pc)
{
    uint64_t number = 0;

    ask(trigger);
    lock_take(&owner.lock);
    number = owner.wanted;
    while (owner.marked < number) {
        wait_locked(pc);
        lock_take(&owner.lock);
    }
    lock_release(&owner.lock);
    if (trigger != GC_BY_HEAP) /* the program waits for what comes free, or there is no memory */
        finish_sweep();
}

/* Takes up a cycle that was asked for. */
static bool take_up(enum gc_trigger *trigger)
{
    bool taken = false;

    lock_take(&owner.lock);
    taken = owner.wanted > owner.started && !owner.running;
    if (taken) {
        begin_locked();
        *trigger = owner.trigger;
    }
    lock_release(&owner.lock);
    return taken;
}

static bool is_asked(void)
{
    bool asked = false;

    lock_take(&owner.lock);
    asked = owner.wanted > owner.started;
    lock_release(&owner.lock);
    return asked;
}

void owner_serve(struct heap_cache *c)
{
    enum gc_trigger trigger = GC_BY_HEAP;

    while (is_asked()) {
        if (!take_up(&trigger)) {
            sched_yield(); /* a task owns a cycle: the mode has just changed */
            continue;
        }
        finish_sweep_with(c);
        cycle_run(trigger);
        cease_to_own();
        sched_outside_end();
    }
}

/* ---- both ---- */

bool owner_is_running(void)
{
    return atomic_load_explicit(&owner.busy, memory_order_relaxed) != 0;
}

void gc_collect(enum gc_trigger trigger, uintptr_t pc)
{
    if (task_self() == NULL)
        return;
    if (gc_mode() == GC_CONCURRENT)
        collect_by_asking(trigger, pc);
    else
        collect_as_owner(trigger, pc);
}

void owner_collect_when_due(uintptr_t pc)
{
    if (gc_mode() != GC_CONCURRENT)
        gc_collect(GC_BY_HEAP, pc);
    else if (!owner_is_running())
        ask(GC_BY_HEAP);
}

void owner_await_mark(uintptr_t pc)
{
    struct limiter_wait wait;

    if (task_self() == NULL)
        return;
    wait = limiter_wait_begin();
    lock_take(&owner.lock);
    if (owner.marked < owner.wanted)
        wait_locked(pc);
    else
        lock_release(&owner.lock);
    limiter_wait_end(wait);
}

void owner_collect_by_time(struct heap_cache *c)
{
    if (gc_mode() == GC_CONCURRENT) {
        if (!is_asked())
            ask(GC_BY_TIME);
        owner_serve(c);
        return;
    }
    sched_outside_begin(); /* tasks may wait for the end of this cycle */
    if (become_owner_if_free()) {
        finish_sweep_with(c);
        cycle_run(GC_BY_TIME);
        cease_to_own();
    }
    sched_outside_end();
}
