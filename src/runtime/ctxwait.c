/* SPDX-License-Identifier: MIT */
/* ctxwait.c - waiting for something, or for a context: the functions that end in _ctx.
 * Channels and sleeps are selects. A task that waits for a semaphore has a function of the context
 * take it out of the queue, as a deadline would: that function finds the waiter by an object of the
 * heap, in which the waiter says, under the lock of the queue, how long it may be looked at.
 * Threads: tasks, no lock held. Source: the idiom of Go's select on ctx.Done, and x/sync's
 * semaphore.Acquire. */
#include "config.h"

#include "gort/context.h"
#include "gort/select.h"
#include "gort/sync.h"
#include "gort/time.h"
#include "runtime/sched.h"
#include "runtime/sem.h"
#include "runtime/usertimer.h"

/* ---- channels and time ---------------------------------------------------------------------- */

/* Carries out the first case, unless CTX is cancelled before: then its error, else 0. */
static int wait_for_case(gort_case cases[2], gort_ctx *ctx)
{
    int err = gort_ctx_err(ctx);

    if (err != GORT_OK)
        return err;
    return gort_select(cases, 2) == 0 ? GORT_OK : gort_ctx_err(ctx);
}

int gort_send_ctx(gort_chan *c, const void *value, gort_ctx *ctx)
{
    /* A send only reads it. */
    void *from = (void *)(uintptr_t)value;
    gort_case cases[2] = {GORT_SEND(c, from), GORT_RECV(gort_ctx_done(ctx), NULL)};

    return wait_for_case(cases, ctx);
}

int gort_recv_ctx(gort_chan *c, void *value, gort_ctx *ctx)
{
    gort_case cases[2] = {GORT_RECV(c, value), GORT_RECV(gort_ctx_done(ctx), NULL)};
    int err = wait_for_case(cases, ctx);

    return err != GORT_OK ? err : cases[0].ok;
}

int gort_sleep_ctx(int64_t duration_ns, gort_ctx *ctx)
{
    gort_case cases[2] = {GORT_DEADLINE(usertimer_in(duration_ns)),
                          GORT_RECV(gort_ctx_done(ctx), NULL)};

    return wait_for_case(cases, ctx);
}

/* ---- semaphores ----------------------------------------------------------------------------- */

static void call_off(void *arg)
{
    sem_call_off(arg);
}

int gort_sem_acquire_ctx(gort_sem *s, int64_t n, gort_ctx *ctx)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int err = gort_ctx_err(ctx);
    struct sem_wait *wait;
    gort_ctx_func *f;

    if (err != GORT_OK)
        return err;
    if (gort_sem_try_acquire(s, n))
        return GORT_OK;
    if (n > s->gort_count) { /* it would wait in vain, and others behind it */
        gort_recv(gort_ctx_done(ctx), NULL);
        return gort_ctx_err(ctx);
    }
    rt_enter("gort_sem_acquire_ctx");
    wait = sem_wait_new(s, n, pc);
    rt_leave(worker_self());
    f = gort_ctx_after_func(ctx, call_off, wait);
    rt_enter("gort_sem_acquire_ctx");
    err = sem_acquire_wait(wait, pc);
    rt_leave(worker_self());
    gort_ctx_func_stop(f);
    return err == GORT_ECANCELED ? gort_ctx_err(ctx) : err;
}
