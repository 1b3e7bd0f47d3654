/* SPDX-License-Identifier: MIT */
/* ticker.c - tickers. */
#include "config.h"

#include "runtime/timer.h"
#include "tests/support/conform.h"

#define LONG (3600 * GORT_S)

/* Nothing can be received from C now. */
static bool is_empty(gort_chan *c)
{
    int64_t v;

    return gort_try_recv(c, &v) == GORT_EWOULDBLOCK;
}

/* The next value of C, or 0 if none comes in ten seconds. */
static int64_t receive(gort_chan *c)
{
    int64_t v = 0;

    return gort_recv_by(c, &v, gort_in(10 * GORT_S)) == 1 ? v : 0;
}

CLAIM(the_nth_tick_is_not_before_n_periods)
{
    int64_t period_ns = 200 * GORT_US;
    int64_t since_ns = gort_now();
    gort_ticker *t = gort_ticker_new(period_ns);

    for (int n = 1; n <= 20; n++) {
        int64_t tick_ns = receive(gort_ticker_chan(t));

        EXPECT(tick_ns >= since_ns + n * period_ns, "tick %d: %lld ns early", n,
               (long long)(since_ns + n * period_ns - tick_ns));
    }
    gort_ticker_stop(t);
}

CLAIM(ticks_that_nobody_receives_are_dropped)
{
    gort_ticker *t = gort_ticker_new(GORT_MS);
    int64_t before_ns;

    gort_sleep(20 * GORT_MS);
    before_ns = gort_now();
    EXPECT(receive(gort_ticker_chan(t)) != 0, "no tick");
    EXPECT(receive(gort_ticker_chan(t)) >= before_ns, "an old tick was kept beside the first");
    gort_ticker_stop(t);
}

CLAIM(a_stopped_ticker_is_silent_until_it_is_reset)
{
    size_t armed_before = timers_active();
    gort_ticker *t = gort_ticker_new(10 * GORT_US);
    int64_t since_ns;

    for (int i = 0; i < 50; i++) {
        conform_pause();
        gort_ticker_stop(t);
        EXPECT(is_empty(gort_ticker_chan(t)), "round %d: a stale tick", i);
        gort_ticker_reset(t, 10 * GORT_US);
    }
    gort_ticker_stop(t);
    EXPECT(timers_active() <= armed_before, "%zu timers armed", timers_active());
    since_ns = gort_now();
    gort_ticker_reset(t, GORT_MS);
    EXPECT(receive(gort_ticker_chan(t)) >= since_ns + GORT_MS, "too early");
    gort_ticker_stop(t);
}

CLAIM(a_tick_from_before_is_not_received_after_a_reset)
{
    gort_ticker *t = gort_ticker_new(5 * GORT_US);

    for (int i = 0; i < 50; i++) {
        int64_t since_ns;
        int64_t tick_ns;

        conform_pause();
        since_ns = gort_now();
        gort_ticker_reset(t, 200 * GORT_US);
        tick_ns = receive(gort_ticker_chan(t));
        EXPECT(tick_ns >= since_ns + 200 * GORT_US, "round %d: %lld ns early", i,
               (long long)(since_ns + 200 * GORT_US - tick_ns));
        gort_ticker_reset(t, 5 * GORT_US);
    }
    gort_ticker_stop(t);
}

CLAIM(a_very_long_period_is_no_misuse)
{
    gort_ticker *t = gort_ticker_new(GORT_FOREVER);

    EXPECT(is_empty(gort_ticker_chan(t)), "it ticked");
    gort_ticker_stop(t);
}

ENDS(a_ticker_without_a_period, 2, "fatal error: gort_ticker_new: a period of 0 ns")
{
    gort_ticker_new(0);
}

ENDS(a_ticker_set_to_a_period_below_0, 2, "fatal error: gort_ticker_reset: a period of -1 ns")
{
    gort_ticker_reset(gort_ticker_new(LONG), -1);
}
