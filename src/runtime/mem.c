/* SPDX-License-Identifier: MIT */
/* mem.c - gort/mem.h but for allocation (alloc.c) and roots (gcroot.c): asking the collector,
 * and limits. */
#include "config.h"

#include "gort/mem.h"

#include "runtime/gc.h"
#include "runtime/gcowner.h"
#include "runtime/gclimit.h"
#include "runtime/proc.h"
#include "runtime/sched.h"
#include "runtime/stack.h"

void gort_gc(void)
{
    rt_enter("gort_gc");
    gc_collect(GC_BY_CALL, (uintptr_t)__builtin_return_address(0));
    rt_leave(worker_self());
}

void gort_free_os_memory(void)
{
    struct stack_trim trim;

    rt_enter("gort_free_os_memory");
    gc_collect(GC_BY_CALL, (uintptr_t)__builtin_return_address(0));
    gclimit_give_back_in_task(SIZE_MAX);
    stack_trim_begin(&trim);
    while (stack_trim_step(&trim)) { /* the task may be stopped here, or lose its turn */
        rt_leave(worker_self());
        rt_enter("gort_free_os_memory");
    }
    rt_leave(worker_self());
}

int gort_set_gc_percent(int percent)
{
    int before = 0;

    rt_enter("gort_set_gc_percent");
    before = gc_set_percent(percent);
    rt_leave(worker_self());
    return before;
}

int64_t gort_set_memory_limit(int64_t limit_bytes)
{
    int64_t before = 0;

    rt_enter("gort_set_memory_limit");
    before = gc_set_memory_limit(limit_bytes);
    rt_leave(worker_self());
    return before;
}

int gort_set_max_threads(int n)
{
    return (int)workers_set_max(n > 0 ? (uint32_t)n : 0);
}
