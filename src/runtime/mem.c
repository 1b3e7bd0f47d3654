/* SPDX-License-Identifier: MIT */
/* mem.c - gort/mem.h but for allocation (alloc.c) and roots (gcroot.c): asking the collector. */
#include "config.h"

#include "gort/mem.h"

#include "runtime/gc.h"
#include "runtime/heap.h"
#include "runtime/proc.h"
#include "runtime/stack.h"

#define GIVE_BACK_AT_ONCE ((size_t)1 << 20)

void gort_gc(void)
{
    rt_enter("gort_gc");
    gc_collect(GC_BY_CALL, (uintptr_t)__builtin_return_address(0));
    rt_leave(worker_self());
}

/* The task may be stopped here, or lose its turn. */
static void come_up_for_air(void)
{
    rt_leave(worker_self());
    rt_enter("gort_free_os_memory");
}

void gort_free_os_memory(void)
{
    struct stack_trim trim;

    rt_enter("gort_free_os_memory");
    gc_collect(GC_BY_CALL, (uintptr_t)__builtin_return_address(0));
    while (heap_scavenge(GIVE_BACK_AT_ONCE) > 0)
        come_up_for_air();
    stack_trim_begin(&trim);
    while (stack_trim_step(&trim))
        come_up_for_air();
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
