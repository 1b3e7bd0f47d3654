/* SPDX-License-Identifier: MIT */
/* pattern.h - what programs of tasks and channels are made of again and again: a pool of workers
 * with a queue, pipelines of stages, services that start and stop together.
 * Nothing here has a thread of its own, and every task is one that a call named here has asked for:
 * it belongs to a pool, a group or a set of services, and the function that waits for that returns
 * when all of its tasks have returned. Elements are bytes, as in chan.h: what is given to a
 * function is a copy of its own, valid during the call. A function reports an error by a result
 * that is not 0, or below 0 where a result above 0 means something; the first one cancels the
 * context that all of them have, which is their sign to return. ARG is kept as a reference; the
 * structs of options are borrowed for the call, and all of their members but the function may be
 * zero. Sources: golang.org/x/sync/errgroup, sourcegraph/conc, oklog/run, thejerf/suture. */
#ifndef GORT_PATTERN_H
#define GORT_PATTERN_H

#include <gort/chan.h>
#include <gort/context.h>
#include <gort/sync.h>

/* ---- a pool of workers -----------------------------------------------------------------------
 * Jobs wait in a queue until one of a number of workers takes them:
 *     gort_workers *w = gort_workers_new(ctx, &(gort_workers_options){
 *         .work = resize, .workers = 4, .job_bytes = sizeof(struct image), .queue = 16});
 *     while (next_image(&image) && gort_workers_submit(w, &image) == 0)
 *         continue;
 *     err = gort_workers_wait(w); */

typedef struct gort_workers gort_workers;

typedef struct gort_workers_options {
    /* Does the job *JOB; what *RESULT, zeroed before, holds afterwards is sent to the results if it
     * returns 0. CTX is cancelled when the pool is stopped. */
    int (*work)(gort_ctx *ctx, const void *job, void *result, void *arg);
    void *arg;
    int workers;         /* tasks; 0: gort_maxprocs() */
    size_t job_bytes;    /* of one job, up to 65536 */
    size_t queue;        /* jobs that may wait, beside those that are worked on */
    size_t result_bytes; /* of one result, up to 65536; 0: there are no results */
    size_t results;      /* results that may wait to be received */
    int keep_going;      /* 1: a job that fails does not stop the pool */
    const char *name;    /* of the tasks, as in gort_attr */
} gort_workers_options;

/* Starts the workers. Their context is below PARENT; when that is cancelled the pool stops. A pool
 * is an object of the collected heap; it needs gort_workers_wait, or its tasks stay. */
GORT_API gort_workers *gort_workers_new(gort_ctx *parent, const gort_workers_options *options);

/* Queues a copy of *JOB. Blocks the task while the queue is full. 0; GORT_ECLOSED after
 * gort_workers_close; GORT_ECANCELED when the pool has stopped. Each job that was queued is worked
 * on unless the pool stops. May be called by several tasks, and by the workers themselves, which
 * must not all wait for room in the queue: then it is a deadlock. */
GORT_API GORT_MUST_CHECK int gort_workers_submit(gort_workers *w, const void *job);
/* The same; GORT_EWOULDBLOCK when the queue is full; GORT_ETIMEDOUT if DEADLINE_NS passed first. */
GORT_API GORT_MUST_CHECK int gort_workers_try_submit(gort_workers *w, const void *job);
GORT_API GORT_MUST_CHECK int gort_workers_submit_by(gort_workers *w, const void *job,
                                                    int64_t deadline_ns);

/* The channel of results, in the order in which they come about; NULL if there are none. It is
 * closed when all workers have returned. They wait until their results are received. */
GORT_API gort_chan *gort_workers_results(const gort_workers *w);

/* No more jobs; those that are queued are worked on. Blocks the task until those who submit have
 * noticed. Nothing happens the second time. */
GORT_API void gort_workers_close(gort_workers *w);

/* Stops the pool at once: its context is cancelled, with CAUSE as in gort_ctx_cancel; jobs that are
 * queued are dropped. */
GORT_API void gort_workers_stop(gort_workers *w, int cause);

/* Closes the pool and blocks the task until all workers have returned. The first result of a job
 * that was not 0, nor gort_ctx_err of its cancelled context; else 0, or if the pool was stopped
 * before all was done, why (gort_ctx_cause). */
GORT_API int gort_workers_wait(gort_workers *w);

/* ---- pipelines -------------------------------------------------------------------------------
 * A pipeline is a group with a context, and channels between stages, each of which is some tasks of
 * the group:
 *     gort_group_with_ctx(&g, parent);
 *     lines = gort_source_go(&g, &(gort_stage){.run = read_lines, .out_bytes = sizeof(struct
 * line)}); words = gort_stage_go(&g, lines, &(gort_stage){.run = split, .workers = 4, .out_bytes =
 * 32}); gort_sink_go(&g, words, &(gort_stage){.run = count}); err = gort_group_wait(&g); A stage
 * ends when its input is closed and empty, and then closes its output. The first failure cancels
 * the group's context, and all stages return: what was on its way is dropped. The group must have a
 * context and no limit: else it is misuse. */

/* Where a stage's function sends what it makes. Good until the function returns. */
typedef struct gort_emitter gort_emitter;

typedef struct gort_stage {
    /* Works on one element *IN, which it may change, and emits as many as it likes. A source is
     * called once, with IN NULL. A result that is not 0 is a failure of the pipeline. */
    int (*run)(gort_emitter *to, void *in, void *arg);
    void *arg;
    int workers;      /* calls at a time; 0: 1 */
    int ordered;      /* 1: the output has the order of the input, whatever the number of workers */
    size_t out_bytes; /* of one element of the output, up to 65536 */
    size_t buffer;    /* elements of the output that may wait for the next stage */
    const char *name; /* of the tasks, as in gort_attr */
} gort_stage;

/* Start a stage without input, one between others, and one without output; return the output, to be
 * received from. A source has one worker. They do not block. */
GORT_API gort_chan *gort_source_go(gort_group *g, const gort_stage *stage);
GORT_API gort_chan *gort_stage_go(gort_group *g, gort_chan *in, const gort_stage *stage);
GORT_API void gort_sink_go(gort_group *g, gort_chan *in, const gort_stage *stage);

/* Sends a copy of *VALUE to the next stage; blocks the task until there is room, and if the stage
 * is ordered, until all that was made of earlier input has been sent. 0, or the error of the
 * context when the pipeline is to end: then return it. In a sink it is misuse. */
GORT_API GORT_MUST_CHECK int gort_emit(gort_emitter *to, const void *value);

/* The context of the pipeline. */
GORT_API gort_ctx *gort_emitter_ctx(const gort_emitter *to);

/* Fan-in: all that comes from the N channels INS, of one size of element, on one channel, which is
 * closed when they all are closed. BUFFER as in gort_stage. INS is borrowed for the call. */
GORT_API gort_chan *gort_merge_go(gort_group *g, gort_chan *const *ins, size_t n, size_t buffer);

enum gort_split {
    GORT_SPLIT_ANY, /* each element to one of them, to whichever has room first */
    GORT_SPLIT_ALL, /* each element to all of them: the slowest sets the pace */
};

/* Fan-out: stores N (1 to 65535) new channels in OUTS, which get what comes from IN and are closed
 * when that is closed. */
GORT_API void gort_split_go(gort_group *g, gort_chan *in, gort_chan **outs, size_t n,
                            enum gort_split how, size_t buffer);

/* ---- services --------------------------------------------------------------------------------
 * The long-running parts of a program. They are started in the order in which they were added. When
 * one fails, when a signal to end comes, when the parent context is cancelled or somebody asks,
 * they are stopped in reverse order, each when the one after it has returned; a service is asked to
 * return by its context. Not all may do so: there is a limit of time, and a second signal, or a
 * first one if they are being stopped already, means to wait no longer.
 *     gort_services *s = gort_services_new(&(gort_services_options){.stop_ns = 5 * GORT_S});
 *     gort_services_add(s, &(gort_service){.name = "store", .run = run_store, .announces = 1});
 *     gort_services_add(s, &(gort_service){.name = "web", .run = run_web, .beat_ns = 2 * GORT_S});
 *     return gort_services_run(s, gort_ctx_background()) != 0; */

typedef struct gort_services gort_services;

enum gort_missed {
    GORT_MISSED_STOPS,   /* counts as a failure, GORT_ETIMEDOUT: all are stopped */
    GORT_MISSED_REPORTS, /* is reported, once until it beats again */
};

typedef struct gort_service {
    const char *name; /* for reports and dumps; kept as a reference, of a literal say */
    /* Returns when CTX is cancelled; 0, or gort_ctx_err of CTX, if all went well. One that returns
     * 0 earlier is done, and the others go on. */
    int (*run)(gort_ctx *ctx, void *arg);
    void *arg;
    int announces;   /* 1: those after it are started when it has called gort_service_ready */
    int64_t beat_ns; /* the longest time between its calls of gort_service_beat; 0: it has none */
    enum gort_missed on_missed;
} gort_service;

enum gort_service_event {
    GORT_SERVICE_STARTED,
    GORT_SERVICE_READY,
    GORT_SERVICE_MISSED,    /* it has not beaten in time */
    GORT_SERVICE_STOPPING,  /* its context was cancelled */
    GORT_SERVICE_ENDED,     /* it has returned RESULT */
    GORT_SERVICE_ABANDONED, /* it has not returned, and is not waited for any more */
};

typedef struct gort_services_options {
    /* Is told what happens to the service NAME; called by the task of gort_services_run. RESULT is
     * 0 but for ENDED. */
    void (*report)(enum gort_service_event event, const char *name, int result, void *arg);
    void *arg;
    int64_t stop_ns;  /* how long stopping may take in all; 0: 10 s; GORT_FOREVER */
    uint64_t signals; /* of gort/signal.h, to stop at; 0: SIGINT and SIGTERM */
    int no_signals;   /* 1: none */
} gort_services_options;

/* An empty set, an object of the collected heap. OPTIONS may be NULL. */
GORT_API gort_services *gort_services_new(const gort_services_options *options);

/* Adds a service, at the end. Before gort_services_run only. */
GORT_API void gort_services_add(gort_services *s, const gort_service *service);

/* Runs them; blocks the task until all have returned. Returns the result of the first that failed;
 * GORT_ETIMEDOUT if the time for stopping passed, GORT_ECANCELED if a signal came while they were
 * being stopped, with some left that have not returned (their contexts are all cancelled); else 0.
 * Their contexts have the values of PARENT. Once only. */
GORT_API int gort_services_run(gort_services *s, gort_ctx *parent);

/* Asks for all to be stopped. Callable by any task, also before they run. */
GORT_API void gort_services_stop(gort_services *s);

/* By a service, with its context or one below it: it is up; it is alive. Elsewhere they do nothing.
 * They do not block. */
GORT_API void gort_service_ready(gort_ctx *ctx);
GORT_API void gort_service_beat(gort_ctx *ctx);

#endif
