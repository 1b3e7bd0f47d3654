/* SPDX-License-Identifier: MIT */
/* api.c - gort/task.h, each function a thin gate into the scheduler. */
#include "config.h"

#include "gort/task.h"

#include "runtime/due.h"
#include "runtime/once.h"
#include "runtime/os_linux.h"
#include "runtime/procs.h"
#include "runtime/sched.h"

void gort_go(void (*fn)(void *arg), void *arg)
{
    struct worker *w = rt_enter("gort_go");

    sched_spawn(fn, arg, NULL, 0, (uintptr_t)__builtin_return_address(0));
    rt_leave(w);
}

void gort_go_with(const gort_attr *attr, void (*fn)(void *arg), void *arg)
{
    struct worker *w = rt_enter("gort_go_with");
    size_t stack_bytes = attr != NULL && attr->stack_bytes != 0 ? stack_round(attr->stack_bytes)
                                                                : 0;

    sched_spawn(fn, arg, attr != NULL ? attr->name : NULL, stack_bytes,
                (uintptr_t)__builtin_return_address(0));
    rt_leave(w);
}

void gort_yield(void)
{
    sched_yield_inline(rt_enter("gort_yield"));
    rt_leave(worker_self());
}

void gort_exit(void)
{
    rt_enter("gort_exit");
    once_exit(task_self());
    due_task_ends(task_self());
    sched_exit();
}

uint64_t gort_task_id(void)
{
    struct worker *w = rt_enter("gort_task_id");
    uint64_t id = w->current->id;

    rt_leave(w);
    return id;
}

int64_t gort_num_tasks(void)
{
    return tasks_alive();
}

int gort_maxprocs(void)
{
    return (int)atomic_load_explicit(&sched.nprocs, memory_order_acquire);
}

int gort_num_cpu(void)
{
    return os_cpu_count();
}

void gort_safepoint(void)
{
    rt_leave(rt_enter("gort_safepoint"));
}
