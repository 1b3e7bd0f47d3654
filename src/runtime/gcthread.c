/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gcthread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "runtime/alloc.h"
#include "runtime/fatal.h"
#include "runtime/gclimit.h"
#include "runtime/gcmark.h"
#include "runtime/gcowner.h"
#include "runtime/gcpages.h"
#include "runtime/gcsweep.h"
#include "runtime/offcpu.h"
#include "runtime/os_linux.h"
#include "runtime/proc.h"
#include "runtime/procsize.h"
#include "runtime/sched.h"

#define STACK_BYTES   ((size_t)256 << 10)
#define LOOK_AGAIN_NS NS_PER_MS
#define PLACED_MAX    64 /* markers that are kept off a processor, by a call each */
#define SPANS_AT_ONCE 32 /* swept before others get the processor */

static struct {
    _Atomic(uint32_t) started; /* 1: someone starts or has started them */
    _Atomic(uint32_t) count;   /* threads */
    _Atomic(uint32_t) nmarkers; /* mark threads among them */
    _Atomic(uint32_t) helpers;  /* of these, the first so many help with a mark */
    _Atomic(uint32_t) marks;   /* counts the marks opened; markers sleep on it */
    _Atomic(uint32_t) asked;   /* bits of enum gcthread_work; the background thread sleeps on it */
    _Atomic(int32_t) tid[PLACED_MAX]; /* of the markers, from number 1 on; 0: not started yet */
} threads;

/* The marker NUMBER helps with the mark that was opened last; false: not now. */
static bool help(uint32_t number)
{
    return number > atomic_load_explicit(&threads.helpers, memory_order_relaxed) ||
           mark_help(number);
}

/* When the thread is woken it takes no processor from one that works: not from a task, and not from
 * the owner in a stop, who would look on while it does all of the work. To save time only. */
static void become_modest(void)
{
    struct sched_param none = {0};

    pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
}

static void *mark_main(void *arg)
{
    uint32_t number = (uint32_t)(uintptr_t)arg + 1; /* the owner of the cycle is number 0 */
    uint32_t seen = 0;

    become_modest();
    if (number <= PLACED_MAX)
        atomic_store_explicit(&threads.tid[number - 1], os_thread_id(), memory_order_relaxed);
    for (;;) {
        uint32_t marks = atomic_load_explicit(&threads.marks, memory_order_acquire);

        if (marks == seen)
            futex_wait(&threads.marks, seen, -1);
        else if (!help(number))
            futex_wait(&threads.marks, marks, LOOK_AGAIN_NS);
        else
            seen = marks;
    }
    return NULL;
}

/* Sweeps until all is done or a collection is under way. */
static void sweep_in_background(struct heap_cache *c)
{
    int n = 0;

    while (sweep_one(c))
        if (++n % SPANS_AT_ONCE == 0)
            sched_yield();
}

static bool is_collection_asked(void)
{
    uint32_t asked = atomic_load_explicit(&threads.asked, memory_order_relaxed);

    return (asked & (GCTHREAD_COLLECT | GCTHREAD_SERVE)) != 0;
}

/* Unless a collection is asked for: after it there is time again. */
static void give_back(void)
{
    while (!is_collection_asked() && gclimit_give_back())
        continue;
}

static void *background_main(void *arg)
{
    struct heap_cache *c = heap_cache_new();

    (void)arg;
    offcpu_watch_self();
    for (;;) {
        uint32_t asked = atomic_exchange_explicit(&threads.asked, 0, memory_order_acquire);

        if ((asked & GCTHREAD_COLLECT) != 0)
            owner_collect_by_time(c);
        if ((asked & GCTHREAD_SERVE) != 0)
            owner_serve(c);
        if ((asked & GCTHREAD_SWEEP) != 0) {
            pages_forgo();
            sched_outside_begin(); /* tasks may wait for what becomes due */
            sweep_in_background(c);
            sched_outside_end();
            give_back();
        }
        if ((asked & GCTHREAD_CPUS) != 0)
            procsize_follow_cpus();
        if (asked == 0)
            futex_wait(&threads.asked, 0, -1);
    }
    return NULL;
}

static void start_one(void *(*main)(void *), uintptr_t number, const char *name)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all;
    sigset_t old;
    int rc = 0;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = os_thread_create(&thread, &attr, main, (void *)number);
    if (rc == 0)
        pthread_setname_np(thread, name);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    if (rc != 0)
        gort_fatal("can't start a thread of the collector: %s", strerror(rc));
    atomic_fetch_add_explicit(&threads.count, 1, memory_order_relaxed);
}

/* As many threads as can mark at the same time, the one that stops the world included. */
static uint32_t count_markers(void)
{
    uint32_t nprocs = atomic_load_explicit(&sched.nprocs, memory_order_relaxed);
    uint32_t ncpus = (uint32_t)os_cpu_count();

    return nprocs < ncpus ? nprocs : ncpus;
}

void gcthread_fit(void)
{
    uint32_t n = atomic_load_explicit(&threads.nmarkers, memory_order_relaxed);
    uint32_t wanted;

    if (atomic_load_explicit(&threads.started, memory_order_relaxed) == 0)
        return;
    wanted = count_markers() - 1;
    atomic_store_explicit(&threads.helpers, wanted, memory_order_relaxed);
    while (n < wanted)
        if (atomic_compare_exchange_strong_explicit(&threads.nmarkers, &n, n + 1,
                                                    memory_order_relaxed, memory_order_relaxed))
            start_one(mark_main, n++, "gort-mark");
}

void gcthread_start(void)
{
    if (atomic_exchange_explicit(&threads.started, 1, memory_order_relaxed) != 0)
        return;
    start_one(background_main, 0, "gort-gc");
    gcthread_fit();
}

bool gcthread_is_started(void)
{
    return atomic_load_explicit(&threads.started, memory_order_relaxed) != 0;
}

void gcthread_wake_markers(void)
{
    /* Release: pairs with the acquire in mark_main: the open mark. */
    atomic_fetch_add_explicit(&threads.marks, 1, memory_order_release);
    futex_wake(&threads.marks, INT32_MAX);
}

/* The kernel is wont to wake a thread where it was woken from. If all other processors have work at
 * that moment it stays there, behind the caller, for some ms, though they are soon idle. */
static void keep_off(int cpu)
{
    uint32_t n = atomic_load_explicit(&threads.helpers, memory_order_relaxed);
    cpu_set_t others;

    if (cpu < 0 || cpu >= CPU_SETSIZE || sched_getaffinity(0, sizeof others, &others) != 0)
        return;
    CPU_CLR((size_t)cpu, &others);
    for (uint32_t i = 0; i < n && i < PLACED_MAX && CPU_COUNT(&others) > 0; i++) {
        int32_t tid = atomic_load_explicit(&threads.tid[i], memory_order_relaxed);

        if (tid != 0)
            (void)sched_setaffinity(tid, sizeof others, &others); /* to save time only */
    }
}

void gcthread_call_markers(void)
{
    keep_off(sched_getcpu());
    gcthread_wake_markers();
}

void gcthread_ask(enum gcthread_work work)
{
    gcthread_start();
    atomic_fetch_or_explicit(&threads.asked, work, memory_order_release);
    futex_wake(&threads.asked, 1);
}

uint32_t gcthread_count(void)
{
    return atomic_load_explicit(&threads.count, memory_order_relaxed);
}
