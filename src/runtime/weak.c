/* SPDX-License-Identifier: MIT */
/* weak.c - gort/live.h: addresses that do not keep their object. */
#include "config.h"

#include "gort/live.h"
#include "runtime/alloc.h"
#include "runtime/proc.h"
#include "runtime/special.h"

gort_weak *gort_weak_new(const void *p)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct special_place at;
    struct gort_weak *weak = NULL;

    if (p == NULL)
        return NULL;
    rt_enter("gort_weak_new");
    at = special_place_of("gort_weak_new", p);
    weak = special_weak(at, (uintptr_t)p, NULL);
    if (weak == NULL) /* another task may make one meanwhile: then that is it */
        weak = special_weak(at, (uintptr_t)p, heap_alloc(sizeof *weak, ALLOC_NOSCAN, pc));
    gort_keepalive(p);
    rt_leave(worker_self());
    return weak;
}

void *gort_weak_get(const gort_weak *w)
{
    struct worker *worker = NULL;
    void *p = NULL;

    if (w == NULL)
        return NULL;
    worker = rt_enter("gort_weak_get");
    p = special_weak_read(w);
    rt_leave(worker);
    return p;
}
