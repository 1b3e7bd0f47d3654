/* SPDX-License-Identifier: MIT */
/* sysmon.c - the thread that watches: takes procs from tasks that hog them or block, looks at the
 * poller when nobody does, publishes, serves the mailbox. It has no proc and touches no heap.
 * Source: Go's proc.go, sysmon and retake. */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "runtime/alloc.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/gcthread.h"
#include "runtime/netpoll.h"
#include "runtime/noroot.h"
#include "runtime/os_linux.h"
#include "runtime/polling.h"
#include "runtime/preempt.h"
#include "runtime/procs.h"
#include "runtime/procsize.h"
#include "runtime/publish.h"
#include "runtime/replay.h"
#include "runtime/sched.h"
#include "runtime/schedtrace.h"

#define SLICE_NS        (10 * NS_PER_MS)
#define POLL_EVERY_NS   (10 * NS_PER_MS)
#define PUBLISH_BUSY_NS (100 * NS_PER_MS)
#define PUBLISH_IDLE_NS NS_PER_S
#define SETTLE_NS       (2 * NS_PER_S) /* a program that has just begun is never called idle */
#define SLEEP_MIN_NS    (20 * NS_PER_US)
#define SLEEP_MAX_NS    (10 * NS_PER_MS)
#define UNMANNED_MAX_NS (NS_PER_MS / 2) /* as long as nobody waits in the poller */
#define QUIET_ROUNDS    50u /* at the shortest sleep before it grows */
#define GC_PERIOD_NS    (120 * NS_PER_S)
#define CPUS_PERIOD_NS  (30 * NS_PER_S)

struct watch { /* what a proc was at when last looked at */
    uint32_t tick;
    uint64_t sections; /* blocking ones that had been entered */
    int64_t since_ns;  /* of the time slice */
    int64_t cpu_ns;    /* that its worker's thread had used then; in the deterministic mode */
};

static struct {
    struct watch watch[PROC_MAX];
    int64_t polled_ns;
    uint32_t looks; /* at the poller, as of the last round */
    int64_t published_ns;
    int64_t watched_ns; /* time as patience counts it */
    int64_t counted_ns; /* until when */
    int64_t gc_asked_ns;
    int64_t cpus_seen_ns;
    uint32_t quiet; /* rounds in a row in which no proc was taken */
} sysmon;
NO_ROOT(sysmon);

/* ---- Taking procs ---- */

/* W's side of the handshake is complete or not begun: by a barrier for the whole process, or where
 * the system refuses that, by a signal that W's thread takes. False if it did not. */
static bool barrier_with(struct worker *w)
{
    if (!atomic_load_explicit(&gort_has_barrier, memory_order_relaxed))
        return preempt_barrier(w);
    os_process_barrier();
    return true;
}

/* Takes P from worker W, whose task runs C code, unless it is in the runtime: see proc.h for the
 * handshake. */
static bool seize(struct proc *p, struct worker *w)
{
    uint32_t rest = seize_at_rest();
    bool taken = false;
    bool lost = false;
    bool met;

    /* Sequential consistency: asked before the barrier. */
    if (!atomic_compare_exchange_strong_explicit(&w->seize, &rest, SEIZE_ASKING,
                                                 memory_order_seq_cst, memory_order_relaxed))
        return false;
    met = barrier_with(w);
    lock_take(&sched.lock); /* who removes procs takes them from workers too */
    /* Acquire: pairs with the release of inrt in rt_leave: all that the worker did with the proc is
     * seen. */
    if (met && atomic_load_explicit(&w->inrt, memory_order_acquire) == 0) {
        taken = w->proc == p;
        lost = w->proc == NULL;
    }
    if (taken) {
        w->proc = NULL;
        atomic_store_explicit(&p->current, NULL, memory_order_relaxed);
    }
    lock_release(&sched.lock);
    uint32_t asking = SEIZE_ASKING;

    /* Release: pairs with the acquire in rt_enter_slow. Fails only if the whole runtime has
     * finished meanwhile. */
    atomic_compare_exchange_strong_explicit(&w->seize, &asking,
                                            taken || lost ? SEIZE_TAKEN : rest,
                                            memory_order_release, memory_order_relaxed);
    return taken;
}

static void take_from_hog(struct proc *p)
{
    struct worker *w = atomic_load_explicit(&p->worker, memory_order_relaxed);

    if (w == NULL)
        return;
    if (seize(p, w)) {
        stat_add(&p->stats.detaches, 1);
        proctime_turn(&p->time, PROCTIME_IDLE);
        sysmon.quiet = 0;
        if (debug.replay != 0)
            replay_rescued();
        proc_hand_off(p);
        return;
    }
    if (debug.replay == 0)
        atomic_fetch_or_explicit(&w->here.attention, ATTENTION_PREEMPT, memory_order_relaxed);
}

static void take_from_blocked(struct proc *p)
{
    uint32_t blocking = PROC_BLOCKING;

    /* Acquire: pairs with the release in blocking_enter. */
    if (!atomic_compare_exchange_strong_explicit(&p->status, &blocking, PROC_IDLE,
                                                 memory_order_acquire, memory_order_relaxed))
        return;
    stat_add(&p->stats.blocking_taken, 1);
    proctime_turn(&p->time, PROCTIME_IDLE);
    sysmon.quiet = 0;
    if (debug.replay != 0)
        replay_rescued();
    proc_hand_off(p);
}

/* A proc in a blocking section is taken at the second look at the same section if there is
 * something to do for it, else when its task's slice is over, sections before included. */
static bool is_wanted(const struct proc *p)
{
    if (debug.replay != 0)
        return false;
    return runq_count(&p->runq) > 0 ||
           atomic_load_explicit(&sched.nglobal, memory_order_relaxed) > 0 ||
           atomic_load_explicit(&p->timers.next_ns, memory_order_relaxed) != INT64_MAX ||
           netpoll_waiters() > 0;
}

static int32_t worker_tid(const struct proc *p)
{
    struct worker *w = atomic_load_explicit(&p->worker, memory_order_relaxed);

    return w != NULL ? atomic_load_explicit(&w->tid, memory_order_relaxed) : 0;
}

static int64_t worker_cpu(const struct proc *p)
{
    return debug.replay != 0 ? os_thread_cpu_ns(worker_tid(p)) : 0;
}

/* Whether the slice of P's task, or its blocking section, is over. In the deterministic mode it
 * must have slept or computed for long: not because the machine is busy with others. */
static bool is_slice_over(const struct proc *p, const struct watch *seen, int64_t now_ns)
{
    if (debug.replay == 0)
        return now_ns - seen->since_ns >= SLICE_NS;
    return now_ns - seen->since_ns >= REPLAY_PATIENCE_NS &&
           (worker_cpu(p) - seen->cpu_ns >= REPLAY_PATIENCE_NS || os_thread_sleeps(worker_tid(p)));
}

/* In the deterministic mode only the time counts in which this thread was awake to look: nobody
 * stood still while a debugger had stopped the process. */
static int64_t watch_time(int64_t now_ns)
{
    int64_t passed_ns = now_ns - sysmon.counted_ns;

    if (debug.replay == 0)
        return now_ns;
    sysmon.counted_ns = now_ns;
    sysmon.watched_ns += passed_ns < 2 * SLEEP_MAX_NS ? passed_ns : 2 * SLEEP_MAX_NS;
    return sysmon.watched_ns;
}

static void retake(struct proc *p, struct watch *seen, int64_t now_ns)
{
    uint32_t tick = atomic_load_explicit(&p->tick, memory_order_relaxed);
    uint64_t sections = atomic_load_explicit(&p->stats.blocking_entered, memory_order_relaxed);

    /* A task that stands still with the world does not hog. */
    if (tick != seen->tick || atomic_load_explicit(&sched.stopping, memory_order_relaxed) != 0) {
        *seen = (struct watch){tick, sections, now_ns, worker_cpu(p)};
        return;
    }
    switch ((enum proc_status)atomic_load_explicit(&p->status, memory_order_acquire)) {
    case PROC_RUNNING:
        if (is_slice_over(p, seen, now_ns) &&
            atomic_load_explicit(&p->current, memory_order_relaxed) != NULL) {
            take_from_hog(p);
            seen->since_ns = now_ns;
        }
        break;
    case PROC_BLOCKING:
        if ((sections == seen->sections && is_wanted(p)) || is_slice_over(p, seen, now_ns))
            take_from_blocked(p);
        seen->sections = sections;
        break;
    case PROC_IDLE:
    case PROC_REMOVED:
        break;
    }
}

/* ---- Other duties ---- */

static void poll_if_late(int64_t now_ns)
{
    struct taskq ready = {0};

    if (now_ns - sysmon.polled_ns < POLL_EVERY_NS || netpoll_waiters() == 0)
        return;
    sysmon.polled_ns = now_ns;
    sched_outside_begin();
    netpoll_poll(0, &ready);
    sched_ready_batch(&ready);
    sched_outside_end();
}

/* Sends somebody to the poller if all who might look in passing are at something longer. */
static void man_poller(void)
{
    uint32_t looks = polling_looks();

    if (looks == sysmon.looks && polling_is_unmanned())
        sched_wake_one();
    sysmon.looks = looks;
}

static bool all_idle(void)
{
    return atomic_load_explicit(&sched.nidle_procs, memory_order_seq_cst) ==
           atomic_load_explicit(&sched.nprocs, memory_order_relaxed);
}

static int64_t publish_interval(int64_t now_ns, bool idle)
{
    return idle && now_ns - sched.start_ns > SETTLE_NS ? PUBLISH_IDLE_NS : PUBLISH_BUSY_NS;
}

static void publish_if_due(int64_t now_ns, bool idle)
{
    if (now_ns - sysmon.published_ns < publish_interval(now_ns, idle))
        return;
    sysmon.published_ns = now_ns;
    stack_measure();
    publish_tick(now_ns);
}

static void collect_if_due(int64_t now_ns)
{
    int64_t last_ns = gc_last_end_ns();

    if (last_ns < sysmon.gc_asked_ns)
        last_ns = sysmon.gc_asked_ns;
    if (now_ns - last_ns < GC_PERIOD_NS || !gc_is_on())
        return;
    sysmon.gc_asked_ns = now_ns;
    gc_ask_periodic();
}

/* The number of procs follows that of the processors that the process may use. */
static void look_at_cpus_if_due(int64_t now_ns)
{
    if (now_ns - sysmon.cpus_seen_ns < CPUS_PERIOD_NS)
        return;
    sysmon.cpus_seen_ns = now_ns;
    if (procsize_is_outdated())
        gcthread_ask(GCTHREAD_CPUS);
}

static int64_t next_sleep(void)
{
    int64_t most_ns = polling_is_unmanned() ? UNMANNED_MAX_NS : SLEEP_MAX_NS;
    uint32_t doublings;

    if (++sysmon.quiet < QUIET_ROUNDS)
        return SLEEP_MIN_NS;
    doublings = sysmon.quiet - QUIET_ROUNDS;
    if (doublings > 9 || SLEEP_MIN_NS << doublings > most_ns)
        return most_ns;
    return SLEEP_MIN_NS << doublings;
}

/* Sleeps long while the whole process is idle; whoever begins to work ends it. */
static void rest(int64_t now_ns)
{
    atomic_store_explicit(&sched.sysmon_resting, 1, memory_order_seq_cst);
    if (all_idle()) {
        command_wait(schedtrace_limit(publish_interval(now_ns, true)));
        sysmon.quiet = 0;
    }
    atomic_store_explicit(&sched.sysmon_resting, 0, memory_order_relaxed);
}

void sched_rest_ends(void)
{
    if (atomic_load_explicit(&sched.sysmon_resting, memory_order_seq_cst) != 0 &&
        atomic_exchange_explicit(&sched.sysmon_resting, 0, memory_order_relaxed) != 0)
        command_wake();
}

static void watch_round(int64_t now_ns)
{
    /* Acquire: pairs with the release in set_number_locked: the procs are there, though the world
     * never stops this thread. */
    uint32_t n = atomic_load_explicit(&sched.nprocs, memory_order_acquire);
    int64_t at_ns = watch_time(now_ns);

    for (uint32_t i = 0; i < n; i++)
        retake(sched.procs[i], &sysmon.watch[i], at_ns);
    if (debug.replay != 0) /* tasks do it */
        return;
    man_poller();
    poll_if_late(now_ns);
    collect_if_due(now_ns);
    look_at_cpus_if_due(now_ns);
}

static void *sysmon_main(void *arg)
{
    (void)arg;
    for (;;) {
        int64_t now_ns = clock_mono_ns();
        bool idle = all_idle();

        atomic_store_explicit(&sched.coarse_ns, now_ns, memory_order_relaxed);
        watch_round(now_ns);
        publish_if_due(now_ns, idle);
        schedtrace_tick(now_ns);
        if (command_serve(now_ns) != 0)
            continue;
        if (idle)
            rest(now_ns);
        else
            command_wait(next_sleep());
    }
    return NULL;
}

void sysmon_start(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;
    int rc;

    sysmon.cpus_seen_ns = sysmon.gc_asked_ns = clock_mono_ns();
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    sigfillset(&all); /* the program's signals are the program's threads' */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = os_thread_create(&thread, &attr, sysmon_main, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    if (rc != 0)
        gort_fatal("can't start a thread: %s", strerror(rc));
}
