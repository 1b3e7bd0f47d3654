/* SPDX-License-Identifier: MIT */
/* cleanup.c - gort/live.h: what is called when an object is no more. */
#include "config.h"

#include "gort/live.h"
#include "runtime/fatal.h"
#include "runtime/proc.h"
#include "runtime/special.h"

/* An argument within the object would keep it for ever. What it refers to further on can't be
 * known. */
static void check_argument(struct special_place at, const void *arg)
{
    uintptr_t addr = (uintptr_t)arg;

    if (addr >= at.base && addr - at.base < at.span->elem_bytes)
        gort_fatal("gort_cleanup_add: the argument %p points into the object, which would live for "
                   "ever",
                   arg);
}

gort_cleanup gort_cleanup_add(const void *p, void (*fn)(void *arg), void *arg)
{
    struct special_place at;
    gort_cleanup c;

    rt_enter("gort_cleanup_add");
    if (fn == NULL)
        gort_fatal("gort_cleanup_add: no function");
    at = special_place_of("gort_cleanup_add", p);
    check_argument(at, arg);
    c.gort_record = special_add_cleanup(at, fn, arg, &c.gort_serial);
    rt_leave(worker_self());
    return c;
}

int gort_cleanup_stop(gort_cleanup c)
{
    struct worker *w = NULL;
    bool stopped = false;

    if (c.gort_record == NULL)
        return 0;
    w = rt_enter("gort_cleanup_stop");
    stopped = special_stop_cleanup(c.gort_record, c.gort_serial);
    rt_leave(w);
    return stopped;
}
