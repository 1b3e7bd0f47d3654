/* SPDX-License-Identifier: MIT */
/* contextfunc.c - functions that run when a context is cancelled, and what keeps a context. Worth
 * running under GORT_DEBUG=gcstress=1,clobberfree=1 too. */
#include "config.h"

#include <stdatomic.h>

#include "tests/support/conform.h"

#define MANY 500
#define LONG (3600 * GORT_S)

struct call {
    _Atomic(int) ncalls;
    _Atomic(uint64_t) task;
};

static void note_call(void *arg)
{
    struct call *call = arg;

    atomic_store_explicit(&call->task, gort_task_id(), memory_order_relaxed);
    atomic_fetch_add_explicit(&call->ncalls, 1, memory_order_release);
}

static int ncalls(const struct call *call)
{
    return atomic_load_explicit(&call->ncalls, memory_order_acquire);
}

/* ---- functions ------------------------------------------------------------------------------ */

CLAIM(a_function_runs_once_in_a_task_of_its_own_when_all_is_cancelled)
{
    struct call *call = gort_new(struct call);
    gort_ctx *root = gort_ctx_with_cancel(gort_ctx_background());
    gort_ctx *child = gort_ctx_with_value(gort_ctx_with_cancel(root), call, call);
    gort_ctx_func *f = gort_ctx_after_func(child, note_call, call);

    gort_yield();
    EXPECT(ncalls(call) == 0, "it ran early");
    gort_ctx_cancel(root, 0);
    EVENTUALLY(ncalls(call) == 1, "%d calls", ncalls(call));
    EXPECT(atomic_load_explicit(&call->task, memory_order_relaxed) != gort_task_id(),
           "in the caller's task");
    EXPECT(gort_ctx_func_stop(f) == 0, "stopped what was over");
}

CLAIM(a_function_for_the_cancelled_runs_at_once)
{
    struct call *call = gort_new(struct call);

    gort_ctx_after_func(gort_ctx_with_timeout(gort_ctx_background(), 0), note_call, call);
    EVENTUALLY(ncalls(call) == 1, "%d calls", ncalls(call));
}

CLAIM(a_function_runs_at_the_deadline)
{
    struct call *call = gort_new(struct call);

    gort_ctx_after_func(gort_ctx_with_timeout(gort_ctx_background(), GORT_MS), note_call, call);
    EVENTUALLY(ncalls(call) == 1, "%d calls", ncalls(call));
}

CLAIM(a_stopped_function_does_not_run)
{
    struct call *call = gort_new(struct call);
    gort_ctx *ctx = gort_ctx_with_cancel(gort_ctx_background());
    gort_ctx_func *f = gort_ctx_after_func(ctx, note_call, call);
    gort_ctx_func *never = gort_ctx_after_func(gort_ctx_background(), note_call, call);

    EXPECT(gort_ctx_func_stop(f) == 1, "not stopped");
    EXPECT(gort_ctx_func_stop(f) == 0, "stopped twice");
    EXPECT(gort_ctx_func_stop(never) == 1, "not stopped, of the background");
    gort_ctx_cancel(ctx, 0);
    gort_sleep(GORT_MS);
    EXPECT(ncalls(call) == 0, "%d calls", ncalls(call));
}

struct contest {
    gort_ctx *ctx;
    gort_ctx_func *f;
    struct call call;
    gort_waitgroup wg;
    _Atomic(int) nstopped;
};

static void stop_it(void *arg)
{
    struct contest *c = arg;

    atomic_fetch_add_explicit(&c->nstopped, gort_ctx_func_stop(c->f), memory_order_relaxed);
}

static void cancel_it(void *arg)
{
    struct contest *c = arg;

    gort_ctx_cancel(c->ctx, 0);
}

CLAIM(it_is_either_stopped_or_runs)
{
    for (int i = 0; i < 100; i++) {
        struct contest *c = gort_new(struct contest);
        int nstopped;

        c->ctx = gort_ctx_with_timeout(gort_ctx_background(),
                                       (int64_t)conform_random(20) * GORT_US);
        c->f = gort_ctx_after_func(c->ctx, note_call, &c->call);
        gort_waitgroup_go(&c->wg, stop_it, c);
        gort_waitgroup_go(&c->wg, cancel_it, c);
        gort_waitgroup_go(&c->wg, stop_it, c);
        gort_waitgroup_wait(&c->wg);
        nstopped = atomic_load_explicit(&c->nstopped, memory_order_relaxed);
        EVENTUALLY(nstopped + ncalls(&c->call) == 1, "round %d: stopped %d, ran %d", i, nstopped,
                   ncalls(&c->call));
    }
}

struct held_up {
    gort_chan *cancelled;
    struct call call;
};

static void wait_for_the_canceller(void *arg)
{
    struct held_up *h = arg;

    gort_recv(h->cancelled, NULL);
    note_call(&h->call);
}

CLAIM(cancelling_does_not_wait_for_the_functions)
{
    struct held_up *h = gort_new(struct held_up);
    gort_ctx *ctx = gort_ctx_with_cancel(gort_ctx_background());

    h->cancelled = gort_chan_new(0, 0);
    gort_ctx_after_func(ctx, wait_for_the_canceller, h);
    gort_ctx_cancel(ctx, 0);
    EXPECT(ncalls(&h->call) == 0, "it has run");
    gort_close(h->cancelled);
    EVENTUALLY(ncalls(&h->call) == 1, "%d calls", ncalls(&h->call));
}

static void cancel_below(void *arg)
{
    gort_ctx_cancel(arg, -1005);
}

/* Contexts that are not above each other, bound by functions. */
CLAIM(a_function_may_cancel_another_context_and_so_run_another_function)
{
    struct call *call = gort_new(struct call);
    gort_ctx *first = gort_ctx_with_timeout(gort_ctx_background(), GORT_MS);
    gort_ctx *second = gort_ctx_with_cancel(gort_ctx_background());

    gort_ctx_after_func(first, cancel_below, second);
    gort_ctx_after_func(second, note_call, call);
    EVENTUALLY(ncalls(call) == 1, "%d calls", ncalls(call));
    EXPECT(gort_ctx_cause(second) == -1005, "cause %d", gort_ctx_cause(second));
}

ENDS(no_function_at_all, 2, "fatal error: gort_ctx_after_func: no function")
{
    gort_ctx_after_func(gort_ctx_background(), NULL, NULL);
}

/* ---- the collector -------------------------------------------------------------------------- */

/* Overwrites what calls have left on the stack. */
__attribute__((noinline)) static void wipe_stack(void)
{
    volatile char old[8192];

    for (size_t i = 0; i < sizeof old; i++)
        old[i] = 0;
}

static uint64_t objects_left(void)
{
    gort_memstats stats;

    wipe_stack();
    gort_gc();
    gort_read_memstats(&stats);
    return stats.heap_objects;
}

static void do_nothing(void *arg)
{
    (void)arg;
}

__attribute__((noinline)) static void come_and_go(gort_ctx *root)
{
    for (int i = 0; i < MANY; i++) {
        gort_ctx *ctx = gort_ctx_with_timeout(root, LONG);
        gort_ctx_func *f = gort_ctx_after_func(ctx, do_nothing, NULL);

        if (i % 2 == 0)
            gort_ctx_func_stop(f);
        gort_ctx_cancel(gort_ctx_with_cancel(ctx), 0);
        gort_ctx_cancel(ctx, 0);
    }
}

CLAIM(the_cancelled_do_not_stay_with_their_parent)
{
    gort_ctx *root = gort_ctx_with_cancel(gort_ctx_background());
    uint64_t before = objects_left();
    uint64_t after;

    come_and_go(root);
    EVENTUALLY(gort_num_tasks() == 1, "%lld tasks", (long long)gort_num_tasks());
    after = objects_left();
    EXPECT(after < before + MANY / 2, "%llu objects more", (unsigned long long)(after - before));
    gort_ctx_cancel(root, 0);
}

__attribute__((noinline)) static void forget(void)
{
    for (int i = 0; i < MANY; i++)
        gort_ctx_after_func(gort_ctx_with_cancel(gort_ctx_background()), note_call, NULL);
}

CLAIM(a_tree_that_nobody_can_cancel_any_more_is_reclaimed)
{
    uint64_t before = objects_left();
    uint64_t after;

    forget();
    after = objects_left();
    EXPECT(after < before + MANY / 2, "%llu objects more", (unsigned long long)(after - before));
}

/* Only the parent refers to the functions, or only a deadline to the context. */
__attribute__((noinline)) static void leave_behind(gort_ctx *root, struct call *call)
{
    for (int i = 0; i < MANY; i++) {
        gort_ctx *ctx = i % 2 == 0 ? gort_ctx_with_cancel(root)
                                   : gort_ctx_with_timeout(gort_ctx_background(), 5 * GORT_MS);

        gort_ctx_after_func(gort_ctx_with_cancel(ctx), note_call, call);
    }
}

CLAIM(what_is_still_to_be_cancelled_is_kept)
{
    gort_ctx *root = gort_ctx_with_cancel(gort_ctx_background());
    struct call *call = gort_new(struct call);

    leave_behind(root, call);
    wipe_stack();
    gort_gc();
    forget();
    gort_ctx_cancel(root, 0);
    EVENTUALLY(ncalls(call) == MANY, "%d of %d functions ran", ncalls(call), MANY);
}
