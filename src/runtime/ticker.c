/* SPDX-License-Identifier: MIT */
/* ticker.c - gort/time.h: tickers.
 * Source: Go's tick.go. */
#include "config.h"

#include "gort/time.h"

#include "base/list.h"
#include "runtime/fatal.h"
#include "runtime/proc.h"
#include "runtime/usertimer.h"

struct gort_ticker {
    struct usertimer t;
};

gort_ticker *gort_ticker_new(int64_t period_ns)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct usertimer *t;

    rt_enter("gort_ticker_new");
    if (period_ns <= 0)
        gort_fatal("gort_ticker_new: a period of %lld ns", (long long)period_ns);
    t = usertimer_new(NULL, NULL, pc);
    usertimer_set(t, usertimer_in(period_ns), period_ns);
    rt_leave(worker_self());
    return container_of(t, gort_ticker, t);
}

gort_chan *gort_ticker_chan(const gort_ticker *t)
{
    return t->t.chan;
}

void gort_ticker_reset(gort_ticker *t, int64_t period_ns)
{
    rt_enter("gort_ticker_reset");
    if (period_ns <= 0)
        gort_fatal("gort_ticker_reset: a period of %lld ns", (long long)period_ns);
    usertimer_set(&t->t, usertimer_in(period_ns), period_ns);
    rt_leave(worker_self());
}

void gort_ticker_stop(gort_ticker *t)
{
    rt_enter("gort_ticker_stop");
    usertimer_stop(&t->t);
    rt_leave(worker_self());
}
