/* SPDX-License-Identifier: MIT */
/* once.c - what is done once, by whoever comes first.
 * The others wait for a mutex, so that all of them return only after it was done; later calls see
 * that in one word and come here no more.
 * Threads: tasks, no lock held. Source: Go's sync.Once. */
#include "config.h"

#include "base/check.h"
#include "gort/sync.h"
#include "runtime/mutex.h"
#include "runtime/proc.h"

void gort_once_slow(gort_once *o, void (*fn)(void *arg), void *arg)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);

    rt_enter("gort_once_do");
    mutex_lock(&o->gort_first, &(struct mutex_wait){WAIT_ONCE, pc, GORT_FOREVER});
    /* The mutex has shown what was done. */
    if (atomic_load_explicit(&o->gort_done, memory_order_relaxed) == 0) {
        rt_leave(worker_self());
        fn(arg);
        rt_enter("gort_once_do");
        /* Release: pairs with the acquire in gort_once_do. */
        atomic_store_explicit(&o->gort_done, 1, memory_order_release);
    }
    mutex_unlock(&o->gort_first, "gort_once_do");
    rt_leave(worker_self());
}
