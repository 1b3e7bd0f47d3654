/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gc.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "runtime/alloc.h"
#include "runtime/allocsite.h"
#include "runtime/cache.h"
#include "runtime/central.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/gclimit.h"
#include "runtime/gclimiter.h"
#include "runtime/gcmark.h"
#include "runtime/gcowner.h"
#include "runtime/gcpace.h"
#include "runtime/gcroot.h"
#include "runtime/gcstack.h"
#include "runtime/gcthread.h"
#include "runtime/heap.h"
#include "runtime/lock.h"
#include "runtime/sched.h"
#include "runtime/sleep.h"

#define ASSIST_MORE \
    ((uint64_t)64 << 10) /* searched in advance, as Go does: fewer, longer stretches */
#define ASSIST_AT_ONCE ((uint64_t)256 << 10) /* 0.1 to 0.4 ms */
#define ASSIST_LITTLE  ((uint64_t)1 << 10)   /* where the collector is under test */
#define BREATH_NS      (100 * NS_PER_US)     /* of who finds nothing to search beyond the goal */

static struct {
    struct lock lock;
    struct pace_state pace;    /* of the last mark; [lock:lock] and [stw] */
    uint64_t work;             /* bytes of heap searched by the last mark; [stw] */
    struct gc_beside {         /* how the last marks beside the program went; [stw] */
        uint64_t allocated[2]; /* during the last, and the one before it: see pace_unhindered */
        uint64_t began_at;     /* heap size when this one began */
        int64_t began_ns;      /* monotonic */
    } beside;
    _Atomic(uint32_t) phase; /* enum gc_phase */
    _Atomic(uint64_t) live;  /* bytes marked by the last mark, and made available since */
    _Atomic(uint64_t) goal;
    _Atomic(uint64_t) trigger; /* heap size at which a cycle begins */
    _Atomic(uint64_t) ceiling; /* heap size at which who allocates waits for a mark */
    _Atomic(uint64_t) brake;   /* bytes that are searched for each KiB allocated, at least */
    _Atomic(uint32_t) held_up; /* 1: who allocates waits for the end of the mark */
    _Atomic(int32_t) percent;  /* of pace, for readers without the lock */
    _Atomic(int64_t) limit;    /* as percent */
    _Atomic(int) limited;      /* 1: the limit has set the goal */
    _Atomic(bool) hard;        /* the limit is one that the kernel enforces a little above it */
    _Atomic(uint64_t) retain;  /* bytes of spans that the heap needs until then */
    _Atomic(int64_t) end_ns;   /* of the last cycle, monotonic */
} gc = {.lock = LOCK_INIT(RANK_GC)};

/* ---- phases ---- */

void gc_enter_phase(enum gc_phase to)
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
    allocsite_publish(clock_mono_ns());
    gc_enter_phase(GC_OFF);
}

/* ---- pacing ---- */

uint64_t gc_goal(void)
{
    return atomic_load_explicit(&gc.goal, memory_order_relaxed);
}

static uint64_t live_now(void)
{
    return atomic_load_explicit(&gc.live, memory_order_relaxed);
}

/* Bytes that the next mark will search, by experience. */
static uint64_t expected_work(void)
{
    return gc.work != 0 ? gc.work : gc.pace.live;
}

bool gc_is_little(void)
{
    return gc_may_be_brief() &&
           pace_is_little(gc.work + gc.pace.stacks, gc.pace.globals, live_now());
}

static void set_goal(void)
{
    uint64_t goal = pace_goal(&gc.pace);
    uint64_t trigger = goal;

    if (gc_mode() == GC_CONCURRENT && !gc_is_little())
        trigger = pace_trigger(gc.pace.live, goal,
                               pace_runway(gc.beside.allocated[0], gc.beside.allocated[1],
                                           expected_work(), expected_work()));
    atomic_store_explicit(&gc.goal, goal, memory_order_relaxed);
    atomic_store_explicit(&gc.limited, pace_is_limited(&gc.pace), memory_order_relaxed);
    atomic_store_explicit(&gc.trigger, trigger, memory_order_relaxed);
    atomic_store_explicit(&gc.ceiling, pace_ceiling(&gc.pace, goal), memory_order_relaxed);
}

void gc_count_alloc(uint64_t bytes)
{
    atomic_fetch_add_explicit(&gc.live, bytes, memory_order_relaxed);
}

bool gc_is_due(void)
{
    return live_now() >= atomic_load_explicit(&gc.trigger, memory_order_relaxed);
}

bool gc_is_limited(void)
{
    return atomic_load_explicit(&gc.limited, memory_order_relaxed) != 0;
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

uint64_t gc_room(void)
{
    uint64_t trigger = atomic_load_explicit(&gc.trigger, memory_order_relaxed);

    return trigger > gc.pace.live ? trigger - gc.pace.live : 0;
}

uint64_t gc_object_bytes(void)
{
    struct heap_sums sums;
    uint64_t bytes = 0;

    cache_read_sums(&sums);
    for (unsigned i = 1; i < SIZE_CLASSES; i++)
        bytes += (sums.mallocs[i] - sums.frees[i]) * size_classes[i].bytes;
    return bytes + sums.large_alloc_bytes - sums.large_free_bytes;
}

void gc_mark_begins(void)
{
    gc.beside.began_at = live_now();
    gc.beside.began_ns = clock_mono_ns();
    if (gc.beside.began_at > gc_goal()) /* it can't be kept below that */
        atomic_store_explicit(&gc.ceiling, pace_ceiling(&gc.pace, gc.beside.began_at),
                              memory_order_relaxed);
}

static void learn(const struct mark_result *mark)
{
    uint64_t now = live_now();
    uint64_t allocated = now > gc.beside.began_at ? now - gc.beside.began_at : 0;
    struct pace_effort effort = {
        .markers_ns = mark->thread_ns,
        .assists_ns = mark->assist_ns,
        .procs_ns = (uint64_t)(clock_mono_ns() - gc.beside.began_ns) *
                    atomic_load_explicit(&sched.nprocs, memory_order_relaxed),
    };

    gc.beside.allocated[1] = gc.beside.allocated[0];
    gc.beside.allocated[0] = pace_unhindered(allocated, &effort);
}

void gc_mark_ended(const struct mark_result *mark, uint64_t heap_end)
{
    uint64_t old_goal = gc_goal();
    struct heap_pages pages;

    heap_read_pages(&pages);
    if (gc_marks_beside())
        learn(mark);
    gc.work = mark->heap_bytes;
    gc.pace.live = mark->live_bytes;
    gc.pace.stacks = mark->stack_bytes + (uint64_t)tasks_alive() * sizeof(struct task);
    gc.pace.globals = mark->globals_bytes;
    gc.pace.outside = outside_bytes(heap_end);
    set_goal();
    atomic_store_explicit(&gc.brake, 0, memory_order_relaxed);
    atomic_store_explicit(&gc.held_up, 0, memory_order_relaxed);
    atomic_store_explicit(&gc.live, mark->live_bytes, memory_order_relaxed);
    atomic_store_explicit(&gc.retain, pace_retain(pages.inuse, old_goal, gc_goal()),
                          memory_order_relaxed);
}

void gc_brake(uint64_t written, uint64_t allocated)
{
    atomic_store_explicit(&gc.brake, pace_brake(written, allocated), memory_order_relaxed);
}

void gc_hold_up(void)
{
    atomic_store_explicit(&gc.held_up, 1, memory_order_relaxed);
}

void gc_set_end(int64_t end_ns)
{
    atomic_store_explicit(&gc.end_ns, end_ns, memory_order_relaxed);
}

void gc_measure_outside(void)
{
    enum gc_phase phase = gc_phase();

    if (phase != GC_OFF && phase != GC_SWEEP)
        return;
    lock_take(&gc.lock);
    gc.pace.outside = outside_bytes(gc_object_bytes());
    set_goal();
    lock_release(&gc.lock);
}

uint64_t gc_outside(void)
{
    uint64_t bytes = 0;

    lock_take(&gc.lock);
    bytes = gc.pace.outside;
    lock_release(&gc.lock);
    return bytes;
}

/* ---- a mark beside the program, and who allocates meanwhile ---- */

static void assist(void *bytes)
{
    *(uint64_t *)bytes = mark_assist(*(uint64_t *)bytes);
}

static uint64_t brake_now(void)
{
    return atomic_load_explicit(&gc.brake, memory_order_relaxed);
}

/* What the markers have done in advance for DEBT. Under the brake it does not count. */
static uint64_t take_credit(uint64_t debt)
{
    return brake_now() != 0 ? 0 : mark_take_credit(debt);
}

/* A large object is a large debt. Who pays it in one go keeps its proc from others for many ms, and
 * the descriptors that others wait for are looked at by nobody if all procs are kept so. False if
 * nothing was there that could be searched for all of it. */
static bool pay(uint64_t debt)
{
    uint64_t at_once = debug_tests_gc() ? ASSIST_LITTLE : ASSIST_AT_ONCE;

    for (debt -= take_credit(debt); debt > 0; debt -= take_credit(debt)) {
        uint64_t most = debt > at_once ? at_once : debt + ASSIST_MORE;
        uint64_t done = most;

        sched_on_worker_stack(assist, &done);
        if (done > debt)
            mark_give_credit(done - debt);
        if (done >= debt)
            return true;
        if (done < most)
            return false;
        debt -= done;
        sched_give_way();
    }
    return true;
}

/* All that is left to search is in the hands of others. Who goes on allocating meanwhile makes more
 * for them to search. Source: Go's gcParkAssist. */
static void let_others_search(uintptr_t pc)
{
    struct limiter_wait wait = limiter_wait_begin();

    sleep_until(clock_mono_ns() + BREATH_NS, WAIT_GC, pc);
    limiter_wait_end(wait);
}

/* Whether the program goes first, though the limit is not kept then. */
static bool gives_way(void)
{
    return gc_is_limited() && !atomic_load_explicit(&gc.hard, memory_order_relaxed) &&
           limiter_is_on();
}

static void help_for(size_t bytes, uintptr_t pc)
{
    struct pace_mark m = {
        .expected = expected_work(),
        .most = gc.beside.began_at,
        .done = mark_progress(),
        .heap = live_now(),
        .goal = gives_way() ? PACE_NEVER : gc_goal(),
        .ceiling = atomic_load_explicit(&gc.ceiling, memory_order_relaxed),
        .brake = brake_now(),
    };
    uint64_t debt = pace_debt(&m, bytes);

    if (debt > 0 && !pay(debt) && m.heap >= m.goal)
        let_others_search(pc);
}

/* Whether nobody may allocate more before the mark has ended. */
static bool is_held_up(void)
{
    if (gc_mode() != GC_CONCURRENT)
        return false;
    if (atomic_load_explicit(&gc.held_up, memory_order_relaxed) != 0)
        return true;
    return live_now() >= atomic_load_explicit(&gc.ceiling, memory_order_relaxed) && !gives_way();
}

/* A mark beside the program leaves it most of the time anyway. */
static bool may_collect(void)
{
    return gc_mode() == GC_CONCURRENT || !gives_way();
}

void gc_make_room(size_t bytes, uintptr_t pc)
{
    gclimit_keep(bytes);
    if (gc_marks_beside() && task_self() != NULL)
        help_for(bytes, pc);
    else if (!gc_marks_beside() && gc_is_due() && may_collect())
        owner_collect_when_due(pc);
    if (is_held_up())
        owner_await_mark(pc);
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
    if (limit_bytes >= 0) {
        set_pace_locked(gc.pace.percent, limit_bytes);
        atomic_store_explicit(&gc.hard, false, memory_order_relaxed);
    }
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

void heap_init(int gc_percent, int64_t limit_bytes, bool limit_is_hard)
{
    if (!heap_init_pages() || !gcroot_init())
        gort_fatal("out of memory: no room for the tables of the heap");
    central_init();
    lock_take(&gc.lock);
    gc.pace = (struct pace_state){0};
    set_pace_locked(gc_percent, limit_bytes < 0 ? PACE_NO_LIMIT : limit_bytes);
    lock_release(&gc.lock);
    atomic_store_explicit(&gc.hard, limit_is_hard, memory_order_relaxed);
    atomic_store_explicit(&gc.retain, UINT64_MAX, memory_order_relaxed);
}
