/* SPDX-License-Identifier: MIT */
/* once.c - what is done once, by whoever comes first.
 * The others wait for a mutex, so that all of them return only after it was done; later calls see
 * that in one word and come here no more.
 * Threads: tasks, no lock held. Source: Go's sync.Once. */
#include "config.h"

#include "runtime/once.h"

#include "base/check.h"
#include "runtime/mutex.h"
#include "runtime/proc.h"
#include "runtime/sched.h"

/* Ends the innermost call that T is in. */
static void end_call(struct task *t)
{
    struct once_call *call = t->once;

    t->once = call->outer;
    /* Release: pairs with the acquire in gort_once_do. */
    atomic_store_explicit(&call->once->gort_done, 1, memory_order_release);
    mutex_unlock(&call->once->gort_first, "gort_once_do");
}

void once_exit(struct task *t)
{
    while (t->once != NULL)
        end_call(t);
}

/* Runs FN(ARG) outside the runtime. */
static void call(gort_once *o, void (*fn)(void *arg), void *arg)
{
    struct once_call call = {.once = o, .outer = task_self()->once};

    task_self()->once = &call;
    rt_leave_to(worker_self(), (uintptr_t)fn + 1);
    fn(arg);
    rt_enter("gort_once_do");
    DCHECK(task_self()->once == &call);
    end_call(task_self());
}

void gort_once_slow(gort_once *o, void (*fn)(void *arg), void *arg)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);

    rt_enter("gort_once_do");
    mutex_lock(&o->gort_first, &(struct mutex_wait){WAIT_ONCE, pc, GORT_FOREVER});
    /* The mutex has shown what was done. */
    if (atomic_load_explicit(&o->gort_done, memory_order_relaxed) == 0)
        call(o, fn, arg);
    else
        mutex_unlock(&o->gort_first, "gort_once_do");
    rt_leave(worker_self());
}
