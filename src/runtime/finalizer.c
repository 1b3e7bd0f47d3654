/* SPDX-License-Identifier: MIT */
/* finalizer.c - gort/live.h: what is called with an object that is out of reach. */
#include "config.h"

#include "gort/live.h"
#include "runtime/allocfree.h"
#include "runtime/fatal.h"
#include "runtime/proc.h"
#include "runtime/special.h"

/* Objects that share a block begin anywhere in it. */
static bool may_begin_at(struct special_place at, uintptr_t addr)
{
    return addr == at.base || object_is_tiny(at.span);
}

void gort_finalizer_set(void *p, void (*fn)(void *p))
{
    struct special_place at;

    rt_enter("gort_finalizer_set");
    if (fn == NULL)
        gort_fatal("gort_finalizer_set: no function");
    at = special_place_of("gort_finalizer_set", p);
    if (!may_begin_at(at, (uintptr_t)p))
        gort_fatal("gort_finalizer_set: %p is not the beginning of its object, %p", p,
                   (void *)at.base);
    if (!special_add_finalizer(at, (uintptr_t)p, fn))
        gort_fatal("gort_finalizer_set: the object %p has a finalizer already", p);
    rt_leave(worker_self());
}

int gort_finalizer_clear(const void *p)
{
    bool removed = false;

    rt_enter("gort_finalizer_clear");
    removed = special_remove_finalizer(special_place_of("gort_finalizer_clear", p), (uintptr_t)p);
    rt_leave(worker_self());
    return removed;
}
