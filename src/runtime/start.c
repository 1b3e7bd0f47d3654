/* SPDX-License-Identifier: MIT */
/* start.c - from gort_run to the first task and back. */
#include "config.h"

#include "gort.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "runtime/alloc.h"
#include "runtime/cgroupmem.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/gc.h"
#include "runtime/os_linux.h"
#include "runtime/parklot.h"
#include "runtime/preempt.h"
#include "runtime/procs.h"
#include "runtime/procsize.h"
#include "runtime/publish.h"
#include "runtime/replay.h"
#include "runtime/san.h"
#include "runtime/sched.h"
#include "runtime/signals.h"
#include "runtime/special.h"
#include "runtime/sysmem.h"
#include "runtime/tasktab.h"
#include "runtime/unwind.h"

#define SANITIZED_STACK_FACTOR 4u /* red zones and shadow calls make frames larger */

struct settings { /* options and environment, checked */
    int maxprocs; /* 0: nobody chose */
    size_t stack_bytes;
    int gc_percent;
    int64_t memory_limit;
    bool limit_is_hard; /* nobody chose one: the control group's, which the kernel enforces */
    bool monitor;
};

struct first_task {
    int (*fn)(void *arg);
    void *arg;
    int result;
    struct note done;
    sem_t posted; /* the same, under TSan */
};

/* ---- Settings ---- */

/* A number with an optional suffix B, KiB, MiB, GiB or TiB, as Go's GOMEMLIMIT; -1 if it is none.
 */
static int64_t parse_bytes(const char *text)
{
    static const struct {
        const char *suffix;
        unsigned shift;
    } units[] = {{"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
    char *end;
    long long n;

    errno = 0;
    n = strtoll(text, &end, 10);
    if (end == text || errno != 0 || n < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
        if (strcmp(end, units[i].suffix) == 0)
            return n > INT64_MAX >> units[i].shift ? INT64_MAX : (int64_t)n << units[i].shift;
    }
    return -1;
}

static bool parse_int(const char *text, int lo, int hi, int *value)
{
    char *end;
    long n = strtol(text, &end, 10);

    if (end == text || *end != '\0' || n < lo || n > hi)
        return false;
    *value = (int)n;
    return true;
}

/* What the environment says goes before what the program says, as in Go. */
static void read_environment(struct settings *s)
{
    const char *procs = getenv("GORT_MAXPROCS");
    const char *gc = getenv("GORT_GC");
    const char *limit = getenv("GORT_MEMLIMIT");
    const char *monitor = getenv("GORT_MONITOR");

    if (procs != NULL && !parse_int(procs, 1, PROC_MAX, &s->maxprocs))
        runtime_log("gort: GORT_MAXPROCS=%s is not a number from 1 to %d; ignored", procs,
                    PROC_MAX);
    if (gc != NULL && strcmp(gc, "off") == 0)
        s->gc_percent = -1;
    else if (gc != NULL && !parse_int(gc, 0, INT32_MAX, &s->gc_percent))
        runtime_log("gort: GORT_GC=%s is neither a percentage nor \"off\"; ignored", gc);
    if (limit != NULL && strcmp(limit, "off") == 0) {
        s->memory_limit = INT64_MAX;
    } else if (limit != NULL) {
        int64_t bytes = parse_bytes(limit);

        if (bytes < 0)
            runtime_log("gort: GORT_MEMLIMIT=%s is not a size such as 512MiB; ignored", limit);
        else
            s->memory_limit = bytes;
    }
    if (monitor != NULL && strcmp(monitor, "off") == 0)
        s->monitor = false;
    else if (monitor != NULL && strcmp(monitor, "on") != 0)
        runtime_log("gort: GORT_MONITOR=%s is neither \"on\" nor \"off\"; ignored", monitor);
}

size_t stack_round(size_t bytes)
{
    if (bytes < STACK_MIN_BYTES)
        return STACK_MIN_BYTES;
    if (bytes > STACK_MAX_BYTES)
        return STACK_MAX_BYTES;
    return is_pow2(bytes) ? bytes : (size_t)1 << (bits_highest(bytes) + 1);
}

static struct settings settle(const gort_options *o)
{
    struct settings s = {.gc_percent = 100, .memory_limit = -1, .monitor = true};

    if (o != NULL) {
        s.maxprocs = o->maxprocs < 0 ? 0 : o->maxprocs > PROC_MAX ? PROC_MAX : o->maxprocs;
        if (o->gc_percent != 0)
            s.gc_percent = o->gc_percent;
        if (o->memory_limit > 0)
            s.memory_limit = o->memory_limit;
        s.monitor = o->no_monitor == 0;
        s.stack_bytes = o->stack_bytes;
    }
    s.stack_bytes = stack_round(s.stack_bytes != 0 ? s.stack_bytes : STACK_DEFAULT_BYTES);
    if (SAN_ADDRESS || SAN_THREAD)
        s.stack_bytes = stack_round(s.stack_bytes * SANITIZED_STACK_FACTOR);
    read_environment(&s);
    if (debug.replay != 0)
        s.maxprocs = 1;
    s.limit_is_hard = s.memory_limit < 0;
    if (s.memory_limit < 0)
        s.memory_limit = debug.replay != 0 ? INT64_MAX : cgroup_share(cgroup_memory_limit(""));
    return s;
}

/* ---- Making the world ---- */

/* Guards, heap pages and the shared page are cut for pages of 4 KiB. */
static void check_page_size(void)
{
    long bytes = sysconf(_SC_PAGESIZE);

    if (bytes != 4096)
        gort_fatal("the system has memory pages of %zu bytes; libgort needs 4096", (size_t)bytes);
}

/* The child of a fork has the calling thread alone, and the runtime as it was at that moment, with
 * locks that nobody will release. Other threads have no part in it: they are no tasks. */
static void leave_in_child(void)
{
    struct worker *w = worker_self();

    replay_leave();
    if (w != NULL)
        atomic_store_explicit(&w->seize, SEIZE_FORKED, memory_order_relaxed);
    /* Whoever stopped the world is not here to let it go on. */
    atomic_store_explicit(&sched.stopping, 0, memory_order_relaxed);
}

/* The order is that of need: the heap's caches hang on procs, the page describes procs, tasks
 * appear in the table. */
static void make_runtime(const struct settings *s)
{
    check_page_size();
    os_barrier_init();
    san_start();
    latency_calibrate_begin();
    pthread_sigmask(SIG_SETMASK, NULL, &sched.signal_mask);
    sched.stack_bytes = s->stack_bytes;
    sched.start_ns = clock_mono_ns();
    sched.start_real_ns = clock_real_ns();
    atomic_store_explicit(&sched.coarse_ns, sched.start_ns, memory_order_relaxed);
    atomic_store_explicit(&sched.detour, (uint32_t)debug.replay, memory_order_relaxed);
    unwind_init();
    tasks_init();
    lots_init();
    heap_init(s->gc_percent, s->memory_limit, s->limit_is_hard);
    special_init();
    procsize_init(s->maxprocs);
    if (debug.replay != 0)
        replay_init();
    publish_init(s->monitor ? PUBLISH_ON : PUBLISH_OFF, gort_maxprocs());
    preempt_init();
    if (pthread_atfork(NULL, NULL, leave_in_child) != 0)
        gort_fatal("out of memory: no room for a fork handler");
    latency_calibrate_end();
    sysmon_start();
}

/* The first task goes into the first proc's queue by hand: no worker runs yet. */
static void queue_first(void (*fn)(void *arg), void *arg, uintptr_t pc)
{
    struct proc *p = sched.procs[0];
    struct task *t = task_new(p);
    struct taskq spill = {0};

    t->fn = fn;
    t->arg = arg;
    t->spawn_pc = pc;
    t->stack.bytes = sched.stack_bytes;
    memcpy(t->name, "main", sizeof "main");
    stat_add(&p->stats.spawns, 1);
    tasktab_born(t, sched.start_ns);
    CHECK(runq_put(&p->runq, t, &spill));
}

static void start_workers(void)
{
    uint32_t n = atomic_load_explicit(&sched.nprocs, memory_order_relaxed);

    lock_take(&sched.lock);
    for (uint32_t i = n; i-- > 1;)
        proc_put_idle_locked(sched.procs[i]);
    lock_release(&sched.lock);
    worker_start_on(sched.procs[0], START_WORKING);
}

/* ---- The first task, and the end ---- */

/* From now on no task goes on: each parks at its next entry of the runtime. */
static void finish_all(void)
{
    lock_take(&sched.lock);
    atomic_store_explicit(&sched.finished, 1, memory_order_relaxed);
    for (struct worker *w = atomic_load_explicit(&sched.workers, memory_order_relaxed); w != NULL;
         w = w->next_all) {
        atomic_store_explicit(&w->seize, SEIZE_FINISHED, memory_order_release);
        atomic_fetch_or_explicit(&w->here.attention, ATTENTION_FINISHED, memory_order_relaxed);
    }
    lock_release(&sched.lock);
}

static void run_first(void *arg)
{
    struct first_task *first = arg;

    first->result = first->fn(first->arg);
    rt_enter("gort_run");
    finish_all();
    if (SAN_THREAD)
        sem_post(&first->posted);
    note_wake(&first->done);
    rt_leave(worker_self()); /* parks for ever */
    UNREACHABLE();
}

/* Signals to the process go to the thread that waits here, if it lets them through. TSan holds them
 * back on a thread that sleeps, unless that is in a function of libc. */
static void wait_for_first(struct first_task *first)
{
    while (SAN_THREAD && sem_wait(&first->posted) != 0)
        CHECK(os_errno() == EINTR);
    note_sleep(&first->done);
}

int gort_run(const gort_options *options, int (*fn)(void *arg), void *arg)
{
    static _Atomic(uint32_t) once;
    struct first_task first = {.fn = fn, .arg = arg};
    struct settings s;

    if (atomic_exchange_explicit(&once, 1, memory_order_relaxed) != 0)
        return GORT_EALREADY;
    debug_init(getenv("GORT_DEBUG"));
    gc_choose_mode(getenv("GORT_GC_MODE"));
    s = settle(options);
    if (options != NULL && options->foreign_threads != 0)
        atomic_store_explicit(&sched.foreign, 1, memory_order_relaxed);
    make_runtime(&s);
    CHECK(sem_init(&first.posted, 0, 0) == 0);
    queue_first(run_first, &first, (uintptr_t)__builtin_return_address(0));
    start_workers();
    wait_for_first(&first);
    signals_restore();
    publish_exit();
    return first.result;
}
