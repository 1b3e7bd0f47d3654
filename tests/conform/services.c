/* SPDX-License-Identifier: MIT */
/* services.c - services start in order, stop in reverse, and end together. */
#include "config.h"

#include <gort/signal.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "tests/support/conform.h"

#define LOG_BYTES 512

/* What happened, a letter and a name each: S started, R ready, M missed, X stopping, E ended, A
 * abandoned. */
struct tale {
    gort_services *s;
    char log[LOG_BYTES]; /* by the task that runs them */
    _Atomic(int) nlogged;
    _Atomic(int) alive;
    int endless; /* the service called "deaf" waits for this */
    gort_chan *let_go;
    gort_waitgroup wg;
    int result;
};

static void note(enum gort_service_event event, const char *name, int result, void *arg)
{
    static const char letters[] = "SRMXEA";
    struct tale *t = arg;
    size_t used = strlen(t->log);

    (void)result;
    snprintf(t->log + used, LOG_BYTES - used, "%c%s ", letters[event], name);
    atomic_fetch_add_explicit(&t->nlogged, 1, memory_order_release);
}

static struct tale *tale_new(int64_t stop_ns)
{
    struct tale *t = gort_new(struct tale);
    gort_services_options options = {
        .report = note, .arg = t, .stop_ns = stop_ns, .signals = GORT_SIGNAL(SIGUSR1)};

    t->s = gort_services_new(&options);
    t->let_go = gort_chan_new(0, 0);
    return t;
}

static void expect_log(const struct tale *t, const char *log)
{
    EXPECT(strcmp(t->log, log) == 0, "'%s', not '%s'", t->log, log);
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks are left", (long long)gort_num_tasks());
}

static void add(struct tale *t, const char *name, int (*run)(gort_ctx *ctx, void *arg))
{
    gort_services_add(t->s, &(gort_service){.name = name, .run = run, .arg = t});
}

static int serve(gort_ctx *ctx, void *arg)
{
    struct tale *t = arg;

    atomic_fetch_add_explicit(&t->alive, 1, memory_order_release);
    gort_recv(gort_ctx_done(ctx), NULL);
    atomic_fetch_sub_explicit(&t->alive, 1, memory_order_release);
    return gort_ctx_err(ctx);
}

static int serve_deaf(gort_ctx *ctx, void *arg)
{
    struct tale *t = arg;

    (void)ctx;
    gort_recv(t->let_go, NULL);
    return 0;
}

static int serve_and_fail(gort_ctx *ctx, void *arg)
{
    struct tale *t = arg;

    (void)ctx;
    EVENTUALLY(atomic_load_explicit(&t->alive, memory_order_acquire) == 2, "not all are up");
    return GORT_EREFUSED;
}

static int be_done(gort_ctx *ctx, void *arg)
{
    (void)ctx, (void)arg;
    return 0;
}

static void run(void *arg)
{
    struct tale *t = arg;

    t->result = gort_services_run(t->s, gort_ctx_background());
}

static void wait_for_log(struct tale *t, int nlogged)
{
    EVENTUALLY(atomic_load_explicit(&t->nlogged, memory_order_acquire) >= nlogged, "log: %s",
               t->log);
}

/* ---- order ---------------------------------------------------------------------------------- */

CLAIM(none_at_all_is_over_at_once)
{
    struct tale *t = tale_new(0);

    EXPECT(gort_services_run(t->s, gort_ctx_background()) == 0, "it failed");
    expect_log(t, "");
}

CLAIM(they_start_in_order_and_stop_in_reverse)
{
    struct tale *t = tale_new(GORT_FOREVER);

    add(t, "a", serve);
    add(t, "b", serve);
    add(t, "c", serve);
    gort_waitgroup_go(&t->wg, run, t);
    wait_for_log(t, 3);
    gort_services_stop(t->s);
    gort_services_stop(t->s);
    gort_waitgroup_wait(&t->wg);
    EXPECT(t->result == 0, "result %d", t->result);
    expect_log(t, "Sa Sb Sc Xc Ec Xb Eb Xa Ea ");
}

CLAIM(the_parent_stops_them_in_reverse_too)
{
    struct tale *t = tale_new(GORT_FOREVER);
    gort_ctx *parent = gort_ctx_with_cancel(gort_ctx_background());

    add(t, "a", serve);
    add(t, "b", serve);
    gort_ctx_cancel(parent, 3);
    EXPECT(gort_services_run(t->s, parent) == 0, "it failed");
    expect_log(t, "Sa Sb Xb Eb Xa Ea ");
}

CLAIM(the_first_that_fails_stops_the_others)
{
    struct tale *t = tale_new(GORT_FOREVER);
    int result;

    add(t, "a", serve);
    add(t, "b", serve_and_fail);
    add(t, "c", serve);
    result = gort_services_run(t->s, gort_ctx_background());
    EXPECT(result == GORT_EREFUSED, "result %d", result);
    expect_log(t, "Sa Sb Sc Eb Xc Ec Xa Ea ");
}

static int stop_all(gort_ctx *ctx, void *arg)
{
    struct tale *t = arg;

    gort_services_stop(t->s);
    return serve(ctx, arg);
}

CLAIM(one_that_is_done_leaves_the_others_in_peace)
{
    struct tale *t = tale_new(GORT_FOREVER);

    add(t, "a", be_done);
    EXPECT(gort_services_run(t->s, gort_ctx_background()) == 0, "it failed");
    expect_log(t, "Sa Ea ");
    t = tale_new(GORT_FOREVER);
    gort_services_add(t->s, &(gort_service){.name = "a", .run = be_done, .announces = 1});
    add(t, "b", stop_all);
    EXPECT(gort_services_run(t->s, gort_ctx_background()) == 0, "it failed");
    expect_log(t, "Sa Ea Sb Xb Eb ");
}

static int announce(gort_ctx *ctx, void *arg)
{
    struct tale *t = arg;

    gort_recv(t->let_go, NULL);
    gort_service_ready(gort_ctx_with_cancel(ctx));
    gort_service_ready(ctx);
    return serve(ctx, arg);
}

CLAIM(those_after_one_that_announces_itself_wait_for_that)
{
    struct tale *t = tale_new(GORT_FOREVER);

    gort_services_add(t->s,
                      &(gort_service){.name = "a", .run = announce, .arg = t, .announces = 1});
    add(t, "b", serve);
    gort_waitgroup_go(&t->wg, run, t);
    UNTIL_PARKED(1, PARKED_RECV);
    UNTIL_PARKED(1, PARKED_SELECT);
    EXPECT(t->nlogged == 1, "log: %s", t->log);
    gort_close(t->let_go);
    wait_for_log(t, 3);
    gort_services_stop(t->s);
    gort_waitgroup_wait(&t->wg);
    expect_log(t, "Sa Ra Sb Xb Eb Xa Ea ");
}

CLAIM(one_that_never_announces_itself_can_be_stopped)
{
    struct tale *t = tale_new(GORT_FOREVER);

    gort_services_add(t->s, &(gort_service){.name = "a", .run = serve, .arg = t, .announces = 1});
    add(t, "b", serve);
    gort_services_stop(t->s);
    EXPECT(gort_services_run(t->s, gort_ctx_background()) == 0, "it failed");
    expect_log(t, "Sa Xa Ea ");
}

/* ---- limits --------------------------------------------------------------------------------- */

CLAIM(who_does_not_stop_in_time_is_not_waited_for)
{
    struct tale *t = tale_new(2 * GORT_MS);
    int result;

    add(t, "a", serve);
    add(t, "deaf", serve_deaf);
    gort_services_stop(t->s);
    result = gort_services_run(t->s, gort_ctx_background());
    EXPECT(result == GORT_ETIMEDOUT, "result %d", result);
    gort_close(t->let_go);
    expect_log(t, "Sa Sdeaf Xdeaf Adeaf Aa ");
}

CLAIM(a_signal_stops_them_and_a_second_one_waits_for_nobody)
{
    struct tale *t = tale_new(GORT_FOREVER);

    add(t, "a", serve);
    add(t, "deaf", serve_deaf);
    gort_waitgroup_go(&t->wg, run, t);
    wait_for_log(t, 2);
    raise(SIGUSR1);
    wait_for_log(t, 3);
    EXPECT(strcmp(t->log, "Sa Sdeaf Xdeaf ") == 0, "log: %s", t->log);
    raise(SIGUSR1);
    gort_waitgroup_wait(&t->wg);
    EXPECT(t->result == GORT_ECANCELED, "result %d", t->result);
    gort_close(t->let_go);
    expect_log(t, "Sa Sdeaf Xdeaf Adeaf Aa ");
}

/* ---- heartbeats ----------------------------------------------------------------------------- */

static int fall_silent(gort_ctx *ctx, void *arg)
{
    gort_service_beat(ctx);
    return serve(ctx, arg);
}

CLAIM(one_that_falls_silent_counts_as_failed)
{
    struct tale *t = tale_new(GORT_FOREVER);
    int result;

    add(t, "a", serve);
    gort_services_add(
        t->s, &(gort_service){.name = "b", .run = fall_silent, .arg = t, .beat_ns = 2 * GORT_MS});
    result = gort_services_run(t->s, gort_ctx_background());
    EXPECT(result == GORT_ETIMEDOUT, "result %d", result);
    expect_log(t, "Sa Sb Mb Xb Eb Xa Ea ");
}

static int fall_silent_twice(gort_ctx *ctx, void *arg)
{
    struct tale *t = arg;

    wait_for_log(t, 2);
    gort_service_beat(ctx);
    wait_for_log(t, 3);
    gort_services_stop(t->s);
    return serve(ctx, arg);
}

CLAIM(silence_may_only_be_reported_once_until_the_next_beat)
{
    struct tale *t = tale_new(GORT_FOREVER);

    gort_services_add(t->s, &(gort_service){.name = "b",
                                            .run = fall_silent_twice,
                                            .arg = t,
                                            .beat_ns = 20 * GORT_MS,
                                            .on_missed = GORT_MISSED_REPORTS});
    EXPECT(gort_services_run(t->s, gort_ctx_background()) == 0, "it failed");
    expect_log(t, "Sb Mb Mb Xb Eb ");
}

CLAIM(outside_a_service_a_beat_is_nothing)
{
    gort_service_beat(gort_ctx_background());
    gort_service_ready(gort_ctx_background());
    EXPECT(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
}

/* ---- misuse --------------------------------------------------------------------------------- */

ENDS(running_twice, 2, "fatal error: gort_services_run: a second time")
{
    struct tale *t = tale_new(0);

    (void)gort_services_run(t->s, gort_ctx_background());
    (void)gort_services_run(t->s, gort_ctx_background());
}
