/* SPDX-License-Identifier: MIT */
/* group.c - tasks that work on parts of one thing, of which each may fail.
 * A wait group, the first result that is not zero, and if there is a limit, a semaphore with a unit
 * for each task that may run; if they shall stop each other, a context.
 * Threads: tasks, no lock held. Source: golang.org/x/sync/errgroup. */
#include "config.h"

#include "runtime/group.h"

#include "base/check.h"
#include "gort/context.h"
#include "gort/sync.h"
#include "runtime/alloc.h"
#include "runtime/fatal.h"
#include "runtime/proc.h"
#include "runtime/sched.h"
#include "runtime/sem.h"
#include "runtime/waitgroup.h"

/* Cancels the group's context, if it has one and this is the first that does. */
static void cancel_rest(const gort_group *g, int result)
{
    if (g->gort_ctx != NULL)
        gort_ctx_cancel(g->gort_ctx, result);
}

/* What a task of a group does; an object of the heap, which the task's argument keeps. */
struct part {
    gort_group *g;
    int (*fn)(void *arg);
    void *arg;
};

static void note_result(gort_group *g, int result)
{
    int none = 0;

    /* Relaxed: whoever waits sees it by the wait group. */
    if (result != 0 &&
        atomic_compare_exchange_strong_explicit(&g->gort_result, &none, result,
                                                memory_order_relaxed, memory_order_relaxed))
        cancel_rest(g, result);
}

static void run_part(void *arg)
{
    const struct part *part = arg;
    gort_group *g = part->g;

    note_result(g, part->fn(part->arg));
    rt_enter("gort_group_go");
    if (g->gort_limited)
        sem_release(&g->gort_slots, 1, "gort_group_go");
    /* The last that may touch it: the group may lie on the stack of the task that waits. */
    waitgroup_add(&g->gort_tasks, -1);
    rt_leave(worker_self());
}

static void start(gort_group *g, const char *name, struct part what, uintptr_t pc)
{
    struct part *part;

    waitgroup_add(&g->gort_tasks, 1);
    part = heap_alloc(sizeof *part, ALLOC_SCAN, pc);
    *part = what;
    sched_spawn(run_part, part, name, 0, pc);
}

void group_go(gort_group *g, const char *name, int (*fn)(void *arg), void *arg, uintptr_t pc)
{
    struct worker *w = rt_enter("gort_group_go");

    start(g, name, (struct part){g, fn, arg}, pc);
    rt_leave_to(w, pc);
}

void gort_group_go(gort_group *g, int (*fn)(void *arg), void *arg)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);

    rt_enter("gort_group_go");
    if (g->gort_limited) {
        int result = sem_acquire(&g->gort_slots, 1, GORT_FOREVER, pc);

        CHECK(result == GORT_OK);
    }
    start(g, NULL, (struct part){g, fn, arg}, pc);
    rt_leave(worker_self());
}

int gort_group_try_go(gort_group *g, int (*fn)(void *arg), void *arg)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    bool may;

    rt_enter("gort_group_try_go");
    may = !g->gort_limited || sem_try_acquire(&g->gort_slots, 1);
    if (may)
        start(g, NULL, (struct part){g, fn, arg}, pc);
    rt_leave(worker_self());
    return may;
}

static void check_idle(gort_group *g, const char *what)
{
    int32_t nactive = waitgroup_count(&g->gort_tasks);

    if (nactive != 0)
        gort_fatal("%s: active tasks in the group: %d", what, nactive);
}

void gort_group_set_limit(gort_group *g, int ntasks)
{
    struct worker *w = rt_enter("gort_group_set_limit");

    check_idle(g, "gort_group_set_limit");
    g->gort_limited = ntasks >= 0;
    if (g->gort_limited)
        gort_sem_init(&g->gort_slots, ntasks);
    rt_leave(w);
}

gort_ctx *gort_group_with_ctx(gort_group *g, gort_ctx *parent)
{
    struct worker *w = rt_enter("gort_group_with_ctx");

    if (parent == NULL)
        gort_fatal("gort_group_with_ctx: no parent");
    check_idle(g, "gort_group_with_ctx");
    rt_leave(w);
    g->gort_ctx = gort_ctx_with_cancel(parent);
    return g->gort_ctx;
}

int gort_group_wait(gort_group *g)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    int result;

    rt_enter("gort_group_wait");
    waitgroup_wait(&g->gort_tasks, pc);
    rt_leave(worker_self());
    result = atomic_load_explicit(&g->gort_result, memory_order_relaxed);
    cancel_rest(g, result);
    return result;
}
