/* SPDX-License-Identifier: MIT */
/* worker.c - threads: made when a proc has work and nobody sleeps, put to sleep when there is no
 * proc for them; one ends only with a task that is bound to it. */
#include "config.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "runtime/cycles.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/netpoll.h"
#include "runtime/os_linux.h"
#include "runtime/preempt.h"
#include "runtime/procs.h"
#include "runtime/sched.h"
#include "runtime/special.h"
#include "runtime/sysmem.h"

#define WORKER_STACK_BYTES ((size_t)256 << 10)
#define LATE_WHILES        20u    /* 0.2 to 0.4 ms */
#define CROWDED_WHILES     6000u  /* 60 to 120 ms */
#define WORKERS_MAX        10000u /* unless gort_set_max_threads says otherwise; as Go's */

static uint32_t workers_max = WORKERS_MAX; /* [lock:sched] */

/* ---- A worker's life ---- */

static void find_own_stack(struct worker *w)
{
    char *lo;
    size_t bytes;

    os_thread_stack(&lo, &bytes);
    w->os_stack_lo = lo;
    w->os_stack_hi = lo + bytes;
    san_fiber_init_thread(&w->san, lo, bytes);
}

/* Takes the proc that came with the wake-up, unless it was removed on the way. W is active. */
static void take_handed(struct worker *w)
{
    struct proc *p = w->handed;

    w->handed = NULL;
    w->spinning = w->handed_spinning;
    w->lingers = true; /* what it was woken for may be gone, and more come */
    if (LIKELY(!proc_is_removed(p))) {
        worker_bind(w, p);
        return;
    }
    proc_shelve(p);
    if (!w->spinning)
        return;
    /* Who made a task runnable meanwhile relied on this worker's look. */
    w->spinning = false;
    atomic_fetch_sub_explicit(&sched.nspinning, 1, memory_order_seq_cst);
    sched_wake_one();
}

void worker_loop(struct worker *w)
{
    enum slice slice;
    struct task *t;

    while ((t = threadlock_find(w, &slice)) != NULL)
        sched_execute(w, t, slice);
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;

    worker_set_self(w);
    find_own_stack(w);
    preempt_init_thread(w);
    worker_become_active(w);
    /* Release: who sees that the thread has begun sees its stacks. Not while the world is stopped:
     * it stays the same for who looks at it twice. */
    atomic_store_explicit(&w->tid, os_thread_id(), memory_order_release);
    take_handed(w);
    worker_loop(w);
    preempt_fini_thread(w);
    worker_end(w);
    return NULL;
}

static void start_thread(struct worker *w)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;
    int rc;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, WORKER_STACK_BYTES);
    sigfillset(&all); /* nothing may arrive before the alternate stack is there */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = os_thread_create(&thread, &attr, worker_main, w);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    if (rc != 0)
        gort_fatal("can't start a thread: %s; %u run already", strerror(rc),
                   atomic_load_explicit(&sched.nworkers, memory_order_relaxed));
}

static void check_limit_locked(void)
{
    uint32_t n = atomic_load_explicit(&sched.nworkers, memory_order_relaxed);

    if (n > workers_max)
        gort_fatal("too many threads: %u are busy or block, and the limit is %u", n, workers_max);
}

uint32_t workers_set_max(uint32_t max)
{
    uint32_t before;

    lock_take(&sched.lock);
    before = workers_max;
    if (max > 0)
        workers_max = max;
    check_limit_locked();
    lock_release(&sched.lock);
    return before;
}

/* A record whose thread has ended, or NULL. It stays in the list of all workers. */
static struct worker *take_ended(void)
{
    struct worker *w;

    lock_take(&sched.lock);
    w = sched.ended_workers;
    if (w != NULL)
        sched.ended_workers = w->next_idle;
    lock_release(&sched.lock);
    return w;
}

static void add_to_all_locked(struct worker *w)
{
    w->next_all = atomic_load_explicit(&sched.workers, memory_order_relaxed);
    /* Release: whoever walks the list sees a whole record. */
    atomic_store_explicit(&sched.workers, w, memory_order_release);
}

/* A record in the list of all workers. */
struct worker *worker_new(void)
{
    struct worker *w = take_ended();
    bool fresh = w == NULL;

    if (fresh)
        w = persist_alloc(sizeof *w, CACHE_LINE_BYTES, SYS_OTHER);
    atomic_store_explicit(&w->seize, seize_at_rest(), memory_order_relaxed);
    if (debug.yield > 0 || debug.replay != 0)
        atomic_store_explicit(&w->here.attention, ATTENTION_RANDOM, memory_order_relaxed);
    lock_take(&sched.lock);
    atomic_fetch_add_explicit(&sched.nworkers, 1, memory_order_relaxed);
    check_limit_locked();
    if (atomic_load_explicit(&sched.finished, memory_order_relaxed) != 0) {
        atomic_store_explicit(&w->seize, SEIZE_FINISHED, memory_order_relaxed);
        atomic_fetch_or_explicit(&w->here.attention, ATTENTION_FINISHED, memory_order_relaxed);
    }
    w->inrt = 1;
    if (fresh)
        add_to_all_locked(w);
    lock_release(&sched.lock);
    return w;
}

/* ---- Waking ---- */

static struct worker *take_idle_worker(void)
{
    struct worker *w;

    lock_take(&sched.lock);
    w = sched.idle_workers;
    if (w != NULL) {
        sched.idle_workers = w->next_idle;
        atomic_fetch_sub_explicit(&sched.nidle_workers, 1, memory_order_relaxed);
    }
    lock_release(&sched.lock);
    return w;
}

/* That of the calling task, or NULL. */
static const struct proc *proc_here(void)
{
    const struct worker *w = worker_self();

    return w != NULL ? w->proc : NULL;
}

void worker_start_on(struct proc *p, enum worker_start how)
{
    struct worker *w = take_idle_worker();
    bool fresh = w == NULL;

    if (fresh)
        w = worker_new();
    w->handed = p;
    w->handed_spinning = how == START_SPINNING;
    w->waker = proc_here();
    w->waker_cpu = sched_getcpu();
    if (fresh)
        start_thread(w);
    else
        note_wake(&w->note);
    sched_rest_ends();
}

/* ---- All tasks asleep ---- */

enum hope { HOPE, HOPE_IN_POLLER, HOPE_NONE };

/* Whether a task can ever run again. Not if all workers sleep, no other thread may attach or is
 * about to ready a task, and there is neither a timer nor a socket to wait for. The last worker
 * awake may be in the poller still, for something that has gone since. */
static enum hope judge_hope_locked(void)
{
    uint32_t awake = atomic_load_explicit(&sched.nworkers, memory_order_relaxed) -
                     atomic_load_explicit(&sched.nidle_workers, memory_order_relaxed);

    if (awake > 1 || sched.noutside > 0 || sched.global.count > 0 || special_is_awaited() ||
        sched_earliest_timer() != INT64_MAX || netpoll_waiters() != 0 ||
        atomic_load_explicit(&sched.foreign, memory_order_relaxed) != 0 ||
        atomic_load_explicit(&sched.finished, memory_order_relaxed) != 0)
        return HOPE;
    if (awake == 0)
        return HOPE_NONE;
    /* Sequential consistency: pairs with begin_polling in polling.c, which looks for something to
     * wait for when it has said that it polls. */
    return atomic_load_explicit(&sched.polling, memory_order_seq_cst) != 0 ? HOPE_IN_POLLER : HOPE;
}

static void act_on(enum hope hope)
{
    switch (hope) {
    case HOPE:
        return;
    case HOPE_IN_POLLER:
        netpoll_break(); /* it finds nothing to wait for, and comes to sleep */
        return;
    case HOPE_NONE:
        gort_fatal_all("all tasks are asleep - deadlock!");
    }
}

void sched_outside_begin(void)
{
    lock_take(&sched.lock);
    sched.noutside++;
    lock_release(&sched.lock);
}

void sched_outside_end(void)
{
    enum hope hope;

    lock_take(&sched.lock);
    sched.noutside--;
    hope = judge_hope_locked();
    lock_release(&sched.lock);
    act_on(hope);
}

/* ---- Sleeping ---- */

static uint64_t switches_of(const struct proc *p)
{
    return atomic_load_explicit(&p->stats.switches, memory_order_relaxed);
}

/* Lets the task that woke W to look for work go on, if the kernel has put W on its processor:
 * kernels do so even if another is idle, above all in virtual machines. It may come to what it has
 * readied at once, or block. But behind others who compute, a thread that yields waits for ms: if
 * that was long, and the waker's proc has hardly run in it, not again for some time. */
static void make_way(const struct worker *w)
{
    static _Atomic(uint64_t) crowded_at; /* in cycles */
    uint64_t since = cycles_now();
    uint64_t switches, whiles;

    if (!w->handed_spinning || w->waker == NULL || w->waker_cpu != sched_getcpu() ||
        since - atomic_load_explicit(&crowded_at, memory_order_relaxed) <
            CROWDED_WHILES * cycles_in_a_while())
        return;
    switches = switches_of(w->waker);
    sched_yield();
    whiles = (cycles_now() - since) / cycles_in_a_while();
    if (whiles > LATE_WHILES && switches_of(w->waker) - switches < whiles)
        atomic_store_explicit(&crowded_at, cycles_now(), memory_order_relaxed);
}

void worker_sleep(struct worker *w)
{
    enum hope hope;

    DCHECK(w->proc == NULL && w->current == NULL && !w->spinning);
    note_clear(&w->note);
    worker_become_quiet(w, WORKER_QUIET);
    lock_take(&sched.lock);
    w->next_idle = sched.idle_workers;
    sched.idle_workers = w;
    atomic_fetch_add_explicit(&sched.nidle_workers, 1, memory_order_relaxed);
    hope = judge_hope_locked();
    lock_release(&sched.lock);
    act_on(hope);
    note_sleep(&w->note);
    make_way(w);
    worker_become_active(w);
    take_handed(w);
}

void worker_sleep_bound(struct worker *w)
{
    enum hope hope = HOPE;

    DCHECK(w->proc == NULL && w->current == NULL && w->bound != NULL && !w->spinning);
    worker_become_quiet(w, WORKER_QUIET);
    lock_take(&sched.lock);
    if (w->handed == NULL) {
        w->bound_asleep = true;
        atomic_fetch_add_explicit(&sched.nidle_workers, 1, memory_order_relaxed);
        hope = judge_hope_locked();
    }
    lock_release(&sched.lock);
    act_on(hope);
    note_sleep(&w->note);
    note_clear(&w->note); /* for the next time: its task may be picked before it sleeps */
    worker_become_active(w);
    take_handed(w);
}

void worker_wake_bound(struct worker *w, struct proc *p)
{
    lock_take(&sched.lock);
    DCHECK(w->handed == NULL);
    w->handed = p;
    w->handed_spinning = false;
    if (w->bound_asleep) {
        w->bound_asleep = false;
        atomic_fetch_sub_explicit(&sched.nidle_workers, 1, memory_order_relaxed);
    }
    lock_release(&sched.lock);
    note_wake(&w->note);
    sched_rest_ends();
}

/* The record stays for another thread. Nothing on this thread's stack refers to anything from here
 * on, and it is not searched any more. */
void worker_end(struct worker *w)
{
    enum hope hope;

    DCHECK(w->proc == NULL && w->current == NULL && w->bound == NULL);
    atomic_store_explicit(&w->tid, 0, memory_order_relaxed);
    worker_become_quiet(w, WORKER_QUIET);
    worker_set_self(NULL);
    w->sched_sp = NULL;
    w->ends = false;
    lock_take(&sched.lock);
    w->next_idle = sched.ended_workers;
    sched.ended_workers = w;
    atomic_fetch_sub_explicit(&sched.nworkers, 1, memory_order_relaxed);
    hope = judge_hope_locked();
    lock_release(&sched.lock);
    act_on(hope);
}

/* Whether a worker is to be woken; if so it counts as one that looks, from now on. */
static bool claim_spinner(void)
{
    uint32_t none = 0;

    /* Sequential consistency: the task was published before; pairs with last_look in find.c. */
    return atomic_load_explicit(&sched.nidle_procs, memory_order_seq_cst) != 0 &&
           atomic_load_explicit(&sched.nspinning, memory_order_seq_cst) == 0 &&
           atomic_load_explicit(&sched.stopping, memory_order_relaxed) == 0 &&
           atomic_compare_exchange_strong_explicit(&sched.nspinning, &none, 1, memory_order_seq_cst,
                                                   memory_order_relaxed);
}

void sched_wake_one_slow(void)
{
    /* Another time if the last idle proc has just been taken: a task published while we counted as
     * one that looks relies on us. */
    while (claim_spinner()) {
        struct proc *p = proc_take_idle();

        if (p != NULL) {
            worker_start_on(p, START_SPINNING);
            return;
        }
        atomic_fetch_sub_explicit(&sched.nspinning, 1, memory_order_seq_cst);
    }
}

/* Something may come from the poller or be due, and nobody waits for it there. */
static bool is_poller_wanted(void)
{
    return atomic_load_explicit(&sched.polling, memory_order_seq_cst) == 0 &&
           (netpoll_waiters() > 0 || sched_earliest_timer() != INT64_MAX);
}

void proc_hand_off(struct proc *p)
{
    bool needed = runq_count(&p->runq) > 0 ||
                  atomic_load_explicit(&sched.nglobal, memory_order_relaxed) > 0 ||
                  atomic_load_explicit(&p->timers.next_ns, memory_order_relaxed) != INT64_MAX ||
                  is_poller_wanted();

    if (needed) {
        worker_start_on(p, START_WORKING);
        return;
    }
    lock_take(&sched.lock);
    proc_put_idle_locked(p);
    lock_release(&sched.lock);
    /* What came between the look and the list: a task, or the poller's worker has gone to sleep. */
    if (atomic_load_explicit(&sched.nglobal, memory_order_seq_cst) > 0 || is_poller_wanted())
        sched_wake_one();
}
