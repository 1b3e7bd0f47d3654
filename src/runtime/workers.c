/* SPDX-License-Identifier: MIT */
/* workers.c - gort/pattern.h: a pool of workers with a queue of jobs.
 * The queue is a channel, and the workers are a group. A channel must not be closed under those who
 * send to it, so they hold a read lock while they do: whoever closes the pool first tells them, by
 * a channel that they wait for too, and then takes the lock for writing, when the last of them has
 * left. So each job either was refused or is in the queue before it is closed.
 * Threads: tasks, no lock held. */
#include "config.h"

#include <string.h>

#include "base/bits.h"
#include "gort/mem.h"
#include "gort/pattern.h"
#include "gort/select.h"
#include "gort/task.h"
#include "runtime/group.h"
#include "runtime/pattern.h"

struct gort_workers {
    gort_workers_options options; /* [const] */
    gort_group group;
    gort_ctx *ctx;           /* of the group; [const] */
    gort_chan *jobs;         /* closed with the write lock; [const] */
    gort_chan *results;      /* or NULL; [const] */
    gort_chan *closing;      /* closed: no more jobs; [const] */
    gort_rwmutex submitting; /* for reading: by who sends to jobs */
    gort_once close;
    _Atomic(int) left;         /* workers that have not returned; [atomic] */
    _Atomic(int) first_failed; /* the first result that was not 0; [atomic] */
};

/* ---- the workers ---------------------------------------------------------------------------- */

/* Whether the worker goes on. */
static bool deliver(struct gort_workers *w, const void *result)
{
    return w->results == NULL || gort_send_ctx(w->results, result, w->ctx) == 0;
}

/* A job had a result that is not 0: a failure, unless it only passes on that the pool has stopped.
 * Whether the worker goes on. */
static bool note_failure(struct gort_workers *w, int result)
{
    int none = 0;

    if (result == gort_ctx_err(w->ctx))
        return false;
    /* Relaxed: whoever waits sees it by the group. */
    atomic_compare_exchange_strong_explicit(&w->first_failed, &none, result, memory_order_relaxed,
                                            memory_order_relaxed);
    if (!w->options.keep_going)
        gort_ctx_cancel(w->ctx, result);
    return w->options.keep_going;
}

/* 0, or why the pool was stopped before all was done: all workers give the same reason. */
static int do_jobs(struct gort_workers *w)
{
    const gort_workers_options *o = &w->options;
    void *job = gort_alloc(o->job_bytes);
    void *result = gort_alloc(o->result_bytes);
    bool go_on = true;

    while (go_on) {
        int err = gort_recv_ctx(w->jobs, job, w->ctx);

        if (err == 0)
            return 0;
        if (err < 0)
            break;
        memset(result, 0, o->result_bytes);
        err = o->work(w->ctx, job, result, o->arg);
        go_on = err != 0 ? note_failure(w, err) : deliver(w, result);
    }
    return gort_ctx_cause(w->ctx);
}

static int run_worker(void *arg)
{
    struct gort_workers *w = arg;
    int err = do_jobs(w);

    /* Acquire and release: the last one closes after all have sent. */
    if (atomic_fetch_sub_explicit(&w->left, 1, memory_order_acq_rel) == 1 && w->results != NULL)
        gort_close(w->results);
    return err;
}

gort_workers *gort_workers_new(gort_ctx *parent, const gort_workers_options *options)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct gort_workers *w;

    if (options->work == NULL)
        pattern_misuse("gort_workers_new", "no function");
    if (options->workers < 0)
        pattern_misuse("gort_workers_new", "a negative number of workers");
    w = gort_new(struct gort_workers);
    w->options = *options;
    if (w->options.workers == 0)
        w->options.workers = gort_maxprocs();
    w->ctx = gort_group_with_ctx(&w->group, parent);
    w->jobs = gort_chan_new(options->job_bytes, options->queue);
    w->closing = gort_chan_new(0, 0);
    if (options->result_bytes > 0)
        w->results = gort_chan_new(options->result_bytes, options->results);
    atomic_store_explicit(&w->left, w->options.workers, memory_order_relaxed);
    for (int i = 0; i < w->options.workers; i++)
        group_go(&w->group, options->name, run_worker, w, pc);
    return w;
}

/* ---- jobs ----------------------------------------------------------------------------------- */

enum { SENT, CLOSING, CANCELLED, OTHER };

/* LAST is the fourth case, a deadline or a default, which gives LAST_ERR. */
static int submit(gort_workers *w, const void *job, gort_case last, int last_err)
{
    /* A send only reads it. */
    void *from = (void *)(uintptr_t)job;
    gort_case cases[] = {[SENT] = GORT_SEND(w->jobs, from),
                         [CLOSING] = GORT_RECV(w->closing, NULL),
                         [CANCELLED] = GORT_RECV(gort_ctx_done(w->ctx), NULL),
                         [OTHER] = last};
    int err = last_err;

    gort_rwmutex_rlock(&w->submitting);
    if (gort_try_recv(w->closing, NULL) == 0)
        err = GORT_ECLOSED;
    else if (gort_ctx_err(w->ctx) != GORT_OK)
        err = GORT_ECANCELED;
    else
        switch (gort_select(cases, ARRAY_COUNT(cases))) {
        case SENT:
            err = GORT_OK;
            break;
        case CLOSING:
            err = GORT_ECLOSED;
            break;
        case CANCELLED:
            err = GORT_ECANCELED;
            break;
        }
    gort_rwmutex_runlock(&w->submitting);
    return err;
}

int gort_workers_submit(gort_workers *w, const void *job)
{
    return submit(w, job, (gort_case)GORT_DEADLINE(GORT_FOREVER), GORT_ETIMEDOUT);
}

int gort_workers_try_submit(gort_workers *w, const void *job)
{
    return submit(w, job, (gort_case)GORT_DEFAULT, GORT_EWOULDBLOCK);
}

int gort_workers_submit_by(gort_workers *w, const void *job, int64_t deadline_ns)
{
    return submit(w, job, (gort_case)GORT_DEADLINE(deadline_ns), GORT_ETIMEDOUT);
}

/* ---- the end -------------------------------------------------------------------------------- */

gort_chan *gort_workers_results(const gort_workers *w)
{
    return w->results;
}

static void close_jobs(void *arg)
{
    struct gort_workers *w = arg;

    gort_close(w->closing);
    gort_rwmutex_lock(&w->submitting);
    gort_close(w->jobs);
    gort_rwmutex_unlock(&w->submitting);
}

void gort_workers_close(gort_workers *w)
{
    gort_once_do(&w->close, close_jobs, w);
}

void gort_workers_stop(gort_workers *w, int cause)
{
    gort_ctx_cancel(w->ctx, cause);
}

int gort_workers_wait(gort_workers *w)
{
    int result;
    int first_failed;

    gort_workers_close(w);
    result = gort_group_wait(&w->group);
    first_failed = atomic_load_explicit(&w->first_failed, memory_order_relaxed);
    return first_failed != 0 ? first_failed : result;
}
