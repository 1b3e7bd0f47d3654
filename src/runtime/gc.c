/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gc.h"

#include <sched.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "gort/mem.h"
#include "runtime/alloc.h"
#include "runtime/allocsite.h"
#include "runtime/central.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/gclimit.h"
#include "runtime/gclog.h"
#include "runtime/gcmark.h"
#include "runtime/gcpace.h"
#include "runtime/gcroot.h"
#include "runtime/gcsweep.h"
#include "runtime/gcthread.h"
#include "runtime/gcverify.h"
#include "runtime/heap.h"
#include "runtime/pool.h"
#include "runtime/sched.h"
#include "runtime/special.h"
#include "runtime/world.h"

#define SPANS_AT_ONCE 64 /* swept between two places at which the task may be stopped */

static struct {
    struct lock lock;
    bool running;            /* a cycle is under way; [lock:lock] */
    struct taskq waiting;    /* tasks that want one; [lock:lock] */
    struct pace_state pace;  /* of the last mark; [lock:lock] and [stw] */
    _Atomic(uint32_t) phase; /* enum gc_phase */
    _Atomic(uint64_t) live;  /* bytes marked by the last mark, and made available since */
    _Atomic(uint64_t) goal;
    _Atomic(int32_t) percent; /* of pace, for readers without the lock */
    _Atomic(int64_t) limit;   /* as percent */
    _Atomic(uint64_t) retain; /* bytes of spans that the heap needs until then */
    _Atomic(int64_t) end_ns;  /* of the last cycle, monotonic */
} gc = {.lock = LOCK_INIT(RANK_GC)};

/* ---- phases ---- */

static void enter_phase(enum gc_phase to)
{
    static const enum gc_phase next[GC_PHASES] = {
        [GC_OFF] = GC_MARK,
        [GC_MARK] = GC_MARK_TERMINATION,
        [GC_MARK_TERMINATION] = GC_SWEEP,
        [GC_SWEEP] = GC_OFF,
    };
    enum gc_phase from = gc_phase();

    CHECK(next[from] == to);
    /* Release: pairs with the acquire in gc_phase: who sees the phase sees what led to it. */
    atomic_store_explicit(&gc.phase, to, memory_order_release);
}

enum gc_phase gc_phase(void)
{
    return (enum gc_phase)atomic_load_explicit(&gc.phase, memory_order_acquire);
}

void gc_sweep_ended(void)
{
    allocsite_publish();
    enter_phase(GC_OFF);
}

/* ---- pacing ---- */

uint64_t gc_goal(void)
{
    return atomic_load_explicit(&gc.goal, memory_order_relaxed);
}

static void set_goal(void)
{
    atomic_store_explicit(&gc.goal, pace_goal(&gc.pace), memory_order_relaxed);
}

void gc_count_alloc(uint64_t bytes)
{
    atomic_fetch_add_explicit(&gc.live, bytes, memory_order_relaxed);
}

static bool is_due(void)
{
    return atomic_load_explicit(&gc.live, memory_order_relaxed) >= gc_goal();
}

/* Memory that holds neither objects nor idle pages: it can't be had for objects. */
static uint64_t outside_bytes(uint64_t object_bytes)
{
    struct heap_pages pages;
    uint64_t total = 0;

    heap_read_pages(&pages);
    total = gclimit_used(&pages) - pages.free;
    return total > object_bytes ? total - object_bytes : 0;
}

/* ---- one cycle ---- */

struct cycle {
    struct gc_cycle log;
    struct world_stop stop;
    struct mark_result mark;
    int64_t patience_ns; /* with those who do not stop */
    bool stopped;
    uint64_t nspans; /* to be swept */
    int64_t marked_ns;
    int64_t restarted_ns;
};

/* The marks are complete: what follows from them. [stw] */
static void end_mark(const struct cycle *c)
{
    uint64_t old_goal = gc_goal();
    struct heap_pages pages;

    heap_read_pages(&pages);
    gc.pace.live = c->mark.live_bytes;
    gc.pace.stacks = c->mark.stack_bytes;
    gc.pace.globals = c->mark.globals_bytes;
    gc.pace.outside = outside_bytes(c->log.heap_before);
    set_goal();
    atomic_store_explicit(&gc.live, c->mark.live_bytes, memory_order_relaxed);
    atomic_store_explicit(&gc.retain, pace_retain(pages.inuse, old_goal, gc_goal()),
                          memory_order_relaxed);
    allocsite_marked();
    special_marked();
}

/* Bytes of objects, dead ones too, as of now. */
static uint64_t object_bytes(void)
{
    struct heap_sums sums;
    uint64_t bytes = 0;

    cache_read_sums(&sums);
    for (unsigned i = 1; i < SIZE_CLASSES; i++)
        bytes += (sums.mallocs[i] - sums.frees[i]) * size_classes[i].bytes;
    return bytes + sums.large_alloc_bytes - sums.large_free_bytes;
}

static void begin_log(struct cycle *c)
{
    c->log.heap_before = object_bytes();
    c->log.heap_goal = gc_goal();
    c->log.procs = atomic_load_explicit(&sched.nprocs, memory_order_relaxed);
    c->log.tasks = (uint64_t)tasks_alive();
    if (c->log.trigger == GC_BY_HEAP && pace_is_limited(&gc.pace))
        c->log.trigger = GC_BY_LIMIT;
}

static void end_log(struct cycle *c)
{
    struct gc_cycle *log = &c->log;

    log->start_mono_ns = (uint64_t)c->stop.asked_ns;
    log->end_real_ns = (uint64_t)clock_real_ns();
    log->stop_ns = (uint64_t)(c->stop.stopped_ns - c->stop.asked_ns);
    log->mark_ns = (uint64_t)(c->marked_ns - c->stop.stopped_ns);
    log->restart_ns = (uint64_t)(c->restarted_ns - c->marked_ns);
    log->pause_ns = log->stop_ns + log->mark_ns + log->restart_ns;
    log->heap_live = c->mark.live_bytes;
    log->heap_bytes = c->mark.heap_bytes;
    log->stack_bytes = c->mark.stack_bytes;
    log->globals_bytes = c->mark.globals_bytes;
    log->last_task = c->stop.last_task;
    gclog_add(log, c->mark.thread_ns);
    atomic_store_explicit(&gc.end_ns, c->restarted_ns, memory_order_relaxed);
    if (debug.gctrace > 0)
        gclog_trace(log, c->mark.thread_ns);
}

/* The part of a cycle during which the world stands still. */
static void stop_and_mark(void *arg)
{
    struct cycle *c = arg;

    c->stopped = world_stop(&c->stop, c->patience_ns);
    if (!c->stopped)
        return;
    enter_phase(GC_MARK);
    pools_age();
    cache_flush_all();
    heap_forget_strays();
    mark_run(&c->mark, gcthread_wake_markers);
    if (debug.verify != 0)
        verify_run();
    c->marked_ns = clock_mono_ns();
    enter_phase(GC_MARK_TERMINATION);
    end_mark(c);
    enter_phase(GC_SWEEP);
    c->nspans = sweep_begin(gc_goal() - c->mark.live_bytes);
    world_start();
    c->restarted_ns = clock_mono_ns();
}

/* A thread that waits for the loader's lock with its signals blocked, as unwinders and sanitizers
 * do, stops only when it has got the lock: then all go on for a moment. */
static void mark_with_modules_held(struct cycle *c)
{
    c->patience_ns = WORLD_PATIENCE_NS;
    for (;;) {
        gcroot_hold_modules(stop_and_mark, c);
        sched_wake_one(); /* not with the loader's lock: starting a thread takes others of its own
                           */
        if (c->stopped)
            return;
        world_stop_later(&c->patience_ns);
    }
}

/* A cycle from the phase OFF to the phase SWEEP, C->log.trigger says why. On a worker's own stack,
 * because that of a task may be short, or on a thread that is no worker. */
static void run_cycle(void *arg)
{
    struct cycle *c = arg;

    if (debug.replay == 0)
        gcthread_start();
    begin_log(c);
    mark_with_modules_held(c);
    end_log(c);
    if (c->nspans == 0) /* nobody will sweep a last one */
        gc_sweep_ended();
    if (debug.replay == 0)
        gcthread_ask(GCTHREAD_SWEEP);
}

/* ---- by a task ---- */

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
    while (gc_phase() != GC_OFF) /* the last spans are in others' hands, for microseconds */
        sched_yield();
}

/* Makes the calling task the owner of a cycle. False if another's cycle has done what was wanted.
 */
static bool become_owner(enum gc_trigger trigger, uintptr_t pc)
{
    for (;;) {
        lock_take(&gc.lock);
        if (!gc.running) {
            gc.running = true;
            lock_release(&gc.lock);
            return true;
        }
        taskq_push(&gc.waiting, task_self());
        sched_park_release(WAIT_GC, pc, &gc.lock);
        if (trigger == GC_BY_HEAP && !is_due())
            return false;
    }
}

static void cease_to_own(void)
{
    struct taskq waiting;

    lock_take(&gc.lock);
    gc.running = false;
    waiting = gc.waiting;
    gc.waiting = (struct taskq){0};
    lock_release(&gc.lock);
    sched_ready_batch(&waiting);
}

void gc_collect(enum gc_trigger trigger, uintptr_t pc)
{
    struct cycle c = {.log.trigger = trigger};

    if (worker_self()->current == NULL || !become_owner(trigger, pc))
        return;
    finish_sweep();
    sched_on_worker_stack(run_cycle, &c);
    if (trigger == GC_BY_CALL || debug.replay != 0)
        finish_sweep();
    if (debug.replay != 0)
        gclimit_give_back();
    cease_to_own();
}

void gc_measure_outside(void)
{
    lock_take(&gc.lock);
    if (!gc.running) {
        gc.pace.outside = outside_bytes(object_bytes());
        set_goal();
    }
    lock_release(&gc.lock);
}

void gc_make_room(size_t bytes, uintptr_t pc)
{
    gclimit_keep(bytes);
    if (is_due())
        gc_collect(GC_BY_HEAP, pc);
}

/* ---- by the background thread ---- */

static bool become_owner_if_free(void)
{
    bool free;

    lock_take(&gc.lock);
    free = !gc.running;
    gc.running = true;
    lock_release(&gc.lock);
    return free;
}

static void collect_here(struct heap_cache *cache)
{
    struct cycle c = {.log.trigger = GC_BY_TIME};

    while (gc_phase() != GC_OFF)
        if (!sweep_one(cache))
            sched_yield();
    run_cycle(&c);
    cease_to_own();
}

void gc_collect_by_time(struct heap_cache *cache)
{
    sched_outside_begin(); /* tasks may wait for the end of this cycle */
    if (become_owner_if_free())
        collect_here(cache);
    sched_outside_end();
}

uint64_t gc_retain(void)
{
    return atomic_load_explicit(&gc.retain, memory_order_relaxed);
}

/* ---- settings ---- */

static void set_pace_locked(int percent, int64_t limit)
{
    gc.pace.percent = percent;
    gc.pace.limit = limit;
    atomic_store_explicit(&gc.percent, percent, memory_order_relaxed);
    atomic_store_explicit(&gc.limit, limit, memory_order_relaxed);
    set_goal();
}

int gc_set_percent(int percent)
{
    int before = 0;

    lock_take(&gc.lock);
    before = gc.pace.percent;
    set_pace_locked(percent < 0 ? -1 : percent, gc.pace.limit);
    lock_release(&gc.lock);
    return before;
}

int64_t gc_set_memory_limit(int64_t limit_bytes)
{
    int64_t before = 0;

    lock_take(&gc.lock);
    before = gc.pace.limit;
    if (limit_bytes >= 0)
        set_pace_locked(gc.pace.percent, limit_bytes);
    lock_release(&gc.lock);
    return before;
}

int gc_percent(void)
{
    return atomic_load_explicit(&gc.percent, memory_order_relaxed);
}

int64_t gc_memory_limit(void)
{
    return atomic_load_explicit(&gc.limit, memory_order_relaxed);
}

bool gc_is_on(void)
{
    return gc_percent() >= 0;
}

int64_t gc_last_end_ns(void)
{
    return atomic_load_explicit(&gc.end_ns, memory_order_relaxed);
}

void gc_ask_periodic(void)
{
    gcthread_ask(GCTHREAD_COLLECT);
}

void heap_init(int gc_percent, int64_t limit_bytes)
{
    if (!heap_init_pages() || !gcroot_init())
        gort_fatal("out of memory: no room for the tables of the heap");
    central_init();
    lock_take(&gc.lock);
    gc.pace = (struct pace_state){0};
    set_pace_locked(gc_percent, limit_bytes < 0 ? PACE_NO_LIMIT : limit_bytes);
    lock_release(&gc.lock);
    atomic_store_explicit(&gc.retain, UINT64_MAX, memory_order_relaxed);
}
