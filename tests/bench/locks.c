/* SPDX-License-Identifier: MIT */
/* locks.c - benchmarks of read-write mutexes, once, conditions and semaphores. */
#include "config.h"

#include <stdatomic.h>

#include "tests/bench/bench.h"

/* ---- Read-write mutexes ---- */

static void read_own(gort_bench_share *s, void *arg)
{
    struct {
        char before[64]; /* no cache line is shared with another task's */
        gort_rwmutex lock;
        char behind[64];
    } own = {.lock = {.gort_readers = 0}};

    (void)arg;
    while (gort_bench_next(s)) {
        gort_rwmutex_rlock(&own.lock);
        gort_rwmutex_rlock(&own.lock);
        gort_rwmutex_runlock(&own.lock);
        gort_rwmutex_runlock(&own.lock);
        gort_rwmutex_lock(&own.lock);
        gort_rwmutex_unlock(&own.lock);
    }
}

GORT_BENCH(RWMutexUncontended)
{
    gort_bench_run_parallel(b, read_own, NULL);
}

struct shared {
    gort_rwmutex lock;
    int writes_each; /* one in so many is a write */
};

static void read_and_write(gort_bench_share *s, void *arg)
{
    struct shared *shared = arg;
    int i = 0;

    while (gort_bench_next(s)) {
        if (++i % shared->writes_each == 0) {
            gort_rwmutex_lock(&shared->lock);
            gort_rwmutex_unlock(&shared->lock);
        } else {
            gort_rwmutex_rlock(&shared->lock);
            gort_rwmutex_runlock(&shared->lock);
        }
    }
}

GORT_BENCH(RWMutexWrite100)
{
    struct shared shared = {.writes_each = 100};

    gort_bench_run_parallel(b, read_and_write, &shared);
}

GORT_BENCH(RWMutexWrite10)
{
    struct shared shared = {.writes_each = 10};

    gort_bench_run_parallel(b, read_and_write, &shared);
}

/* ---- Once ---- */

static void nothing(void *arg)
{
    (void)arg;
}

/* By the hundred: one call takes less than to count an iteration. */
static void do_once(gort_bench_share *s, void *arg)
{
    while (gort_bench_next(s)) {
        for (int i = 0; i < 100; i++)
            gort_once_do(arg, nothing, NULL);
    }
}

GORT_BENCH(Once100)
{
    gort_once once = {0};

    gort_bench_run_parallel(b, do_once, &once);
}

/* ---- Conditions: all waiters and one more go from round to round ---- */

struct rounds {
    gort_mutex lock;
    gort_cond turn;
    gort_waitgroup tasks;
    int64_t left; /* rounds; [lock] */
    int here;     /* in this round; [lock] */
    int waiters;
};

static void go_round(void *arg)
{
    struct rounds *r = arg;

    for (;;) {
        gort_mutex_lock(&r->lock);
        if (r->left == -1) {
            gort_mutex_unlock(&r->lock);
            return;
        }
        if (++r->here == r->waiters + 1) {
            if (r->left-- == 0) {
                r->left = -1;
                gort_cond_broadcast(&r->turn);
                gort_mutex_unlock(&r->lock);
                return;
            }
            r->here = 0;
            gort_cond_broadcast(&r->turn);
        } else {
            gort_cond_wait(&r->turn, &r->lock);
        }
        gort_mutex_unlock(&r->lock);
    }
}

static void meet(gort_bench *b, int waiters)
{
    struct rounds *r = gort_new(struct rounds);

    r->left = b->n;
    r->waiters = waiters;
    for (int i = 0; i < waiters + 1; i++)
        gort_waitgroup_go(&r->tasks, go_round, r);
    gort_waitgroup_wait(&r->tasks);
}

GORT_BENCH(Cond1)
{
    meet(b, 1);
}

GORT_BENCH(Cond8)
{
    meet(b, 8);
}

GORT_BENCH(Cond32)
{
    meet(b, 32);
}

/* ---- Semaphores ---- */

GORT_BENCH(SemUncontended)
{
    gort_sem sem;

    gort_sem_init(&sem, 10);
    for (int64_t i = 0; i < b->n; i++) {
        gort_sem_acquire(&sem, 3);
        gort_sem_release(&sem, 3);
    }
}

GORT_BENCH_MAIN
