/* SPDX-License-Identifier: MIT */
/* ticker.c - gort/time.h: tickers.
 * Source: Go's tick.go. */
#include "config.h"

#include "gort/time.h"

#include "base/list.h"
#include "runtime/chantimer.h"
#include "runtime/fatal.h"
#include "runtime/proc.h"

struct gort_ticker {
    struct chantimer t;
};

gort_ticker *gort_ticker_new(int64_t period_ns)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    struct chantimer *t;

    rt_enter("gort_ticker_new");
    if (period_ns <= 0)
        gort_fatal("gort_ticker_new: a period of %lld ns", (long long)period_ns);
    t = chantimer_new(usertimer_in(period_ns), period_ns, pc);
    rt_leave(worker_self());
    return container_of(t, gort_ticker, t);
}

gort_chan *gort_ticker_chan(const gort_ticker *t)
{
    return t->t.user.chan;
}

void gort_ticker_reset(gort_ticker *t, int64_t period_ns)
{
    rt_enter("gort_ticker_reset");
    if (period_ns <= 0)
        gort_fatal("gort_ticker_reset: a period of %lld ns", (long long)period_ns);
    chantimer_set(&t->t, usertimer_in(period_ns), period_ns);
    rt_leave(worker_self());
}

void gort_ticker_stop(gort_ticker *t)
{
    rt_enter("gort_ticker_stop");
    chantimer_stop(&t->t);
    rt_leave(worker_self());
}
