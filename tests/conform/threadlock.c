/* SPDX-License-Identifier: MIT */
/* threadlock.c - a bound task keeps its thread, and the thread its task. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "runtime/os_linux.h"
#include "tests/support/conform.h"

#define BOUND  6
#define ROUNDS 200

/* ---- who runs where ---- */

static _Thread_local uint64_t owner; /* task that has bound this thread, or 0 */

static void check_thread(int32_t tid)
{
    EXPECT(os_thread_id() == tid, "on thread %d, not %d", (int)os_thread_id(), (int)tid);
    EXPECT(owner == gort_task_id(), "the thread is of task %llu", (unsigned long long)owner);
}

struct play {
    gort_chan *in;
    gort_chan *out;
    gort_mutex mutex;
    gort_waitgroup wg;
    _Atomic(int) stop;
};

static void echo_bound(void *arg)
{
    struct play *p = arg;
    int32_t tid;
    int v;

    gort_lock_thread();
    tid = os_thread_id();
    owner = gort_task_id();
    while (gort_recv(p->in, &v) == 1) {
        check_thread(tid);
        gort_mutex_lock(&p->mutex);
        check_thread(tid);
        gort_mutex_unlock(&p->mutex);
        if (v % 16 == 0)
            gort_sleep(10 * GORT_US);
        if (v % 8 == 0)
            gort_yield();
        check_thread(tid);
        v++;
        gort_send(p->out, &v);
        check_thread(tid);
    }
    owner = 0;
    gort_unlock_thread();
}

static void run_unbound(void *arg)
{
    struct play *p = arg;

    while (!atomic_load_explicit(&p->stop, memory_order_relaxed)) {
        EXPECT(owner == 0, "an unbound task runs on the thread of task %llu",
               (unsigned long long)owner);
        gort_yield();
    }
}

static struct play *play_new(void)
{
    struct play *p = gort_new(struct play);

    p->in = gort_chan_new(sizeof(int), 0);
    p->out = gort_chan_new(sizeof(int), 0);
    return p;
}

static void send_all(void *arg)
{
    struct play *p = arg;

    for (int i = 0; i < ROUNDS; i++)
        gort_send(p->in, &i);
}

CLAIM(a_bound_task_runs_on_one_thread_and_nobody_else_does)
{
    struct play *p = play_new();
    int64_t sum = 0;

    for (int i = 0; i < BOUND; i++)
        gort_waitgroup_go(&p->wg, echo_bound, p);
    for (int i = 0; i < 4; i++)
        gort_waitgroup_go(&p->wg, run_unbound, p);
    gort_go(send_all, p);
    for (int i = 0; i < ROUNDS; i++) {
        int v = 0;

        EXPECT(gort_recv(p->out, &v) == 1, "closed");
        sum += v;
        if (i % 50 == 0)
            gort_gc();
        if (i % 20 == 0)
            gort_set_maxprocs(1 + (int)conform_random(5));
    }
    EXPECT(sum == (int64_t)ROUNDS * (ROUNDS + 1) / 2, "sum %lld", (long long)sum);
    atomic_store_explicit(&p->stop, 1, memory_order_relaxed);
    gort_close(p->in);
    gort_waitgroup_wait(&p->wg);
}

static void yield_bound(void *arg)
{
    struct play *p = arg;
    int32_t tid;

    gort_lock_thread();
    tid = os_thread_id();
    owner = gort_task_id();
    while (!atomic_load_explicit(&p->stop, memory_order_relaxed)) {
        gort_yield();
        check_thread(tid);
    }
    owner = 0;
    gort_unlock_thread();
}

/* Nobody else runs on its thread meanwhile, so each of its turns is a thread's. */
CLAIM(a_bound_task_that_yields_lets_others_run)
{
    struct play *p = play_new();
    int v = 0;

    for (int i = 0; i < 2; i++)
        gort_waitgroup_go(&p->wg, yield_bound, p);
    gort_go(send_all, p);
    for (int i = 0; i < ROUNDS; i++)
        EXPECT(gort_recv(p->in, &v) == 1 && v == i, "got %d, not %d", v, i);
    atomic_store_explicit(&p->stop, 1, memory_order_relaxed);
    gort_waitgroup_wait(&p->wg);
}

CLAIM(calls_nest)
{
    int32_t tid;

    gort_lock_thread();
    gort_lock_thread();
    tid = os_thread_id();
    owner = gort_task_id();
    gort_unlock_thread();
    for (int i = 0; i < 100; i++) {
        gort_sleep(GORT_US);
        check_thread(tid);
    }
    owner = 0;
    gort_unlock_thread();
    gort_unlock_thread(); /* one too many does nothing */
    gort_sleep(GORT_US);
}

CLAIM(a_bound_task_that_computes_gets_its_thread_back)
{
    int64_t until_ns = gort_in(30 * GORT_MS);
    int32_t tid;

    gort_lock_thread();
    tid = os_thread_id();
    owner = gort_task_id();
    while (gort_now() < until_ns) { /* long enough to lose the proc */
    }
    gort_yield();
    check_thread(tid);
    owner = 0;
    gort_unlock_thread();
}

/* ---- the end of a bound task ---- */

static pthread_key_t ended_key;
static _Atomic(int) ended;

static void note_end(void *arg)
{
    (void)arg;
    atomic_fetch_add_explicit(&ended, 1, memory_order_relaxed);
}

static void end_bound(void *arg)
{
    gort_lock_thread();
    pthread_setspecific(ended_key, arg);
    if (conform_random(2) == 0)
        gort_yield();
}

static void end_unlocked(void *arg)
{
    (void)arg;
    gort_lock_thread();
    gort_unlock_thread();
}

CLAIM(its_thread_ends_with_a_task_that_is_bound)
{
    gort_waitgroup wg = {0};
    int here = 0;

    EXPECT(pthread_key_create(&ended_key, note_end) == 0, "no key");
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 5; i++)
            gort_go(end_bound, &here);
        for (int i = 0; i < 5; i++)
            gort_waitgroup_go(&wg, end_unlocked, NULL);
        gort_waitgroup_wait(&wg);
        EVENTUALLY(atomic_load_explicit(&ended, memory_order_relaxed) == 5 * (round + 1),
                   "%d threads ended", ended);
        gort_gc();
    }
    pthread_key_delete(ended_key);
    atomic_store_explicit(&ended, 0, memory_order_relaxed);
}

/* ---- deadlocks ---- */

static void wait_bound(void *arg)
{
    gort_lock_thread();
    gort_recv(arg, NULL);
}

ENDS(bound_tasks_that_wait_are_part_of_a_deadlock, 2, "all tasks are asleep - deadlock!")
{
    gort_chan *c = gort_chan_new(0, 0);

    for (int i = 0; i < 3; i++)
        gort_go(wait_bound, c);
    wait_bound(c);
}

ENDS(a_deadlock_is_found_when_the_last_thread_ends, 2, "all tasks are asleep - deadlock!")
{
    gort_chan *c = gort_chan_new(0, 0);

    gort_go(wait_bound, c);
    gort_lock_thread();
    gort_exit();
}
