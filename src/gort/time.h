/* SPDX-License-Identifier: MIT */
/* time.h - the clock, sleeping, timers and tickers.
 * Timers and tickers are objects of the collected heap, as Go 1.23 and later has them: no value
 * from before is received once a stop or a reset has returned, and one that nothing refers to any
 * more, neither to it nor to its channel, is reclaimed though it was never stopped. As long as no
 * task is blocked on its channel, nothing happens when its time comes: the next one that looks at
 * the channel finds the time there. So one that nobody waits for costs its memory only, and is no
 * reason to wait for it when all tasks are blocked. Its channel is for receiving only. Any task may
 * stop or reset it, several at a time too. Source: the behaviour of Go's package time. */
#ifndef GORT_TIME_H
#define GORT_TIME_H

#include <gort/chan.h>

/* CLOCK_MONOTONIC now, in nanoseconds; in the deterministic mode (gort(7)) a clock of the runtime's
 * own. Callable from any thread. */
GORT_API int64_t gort_now(void);

/* A deadline DURATION_NS from now, saturating. Callable from any thread. */
GORT_API int64_t gort_in(int64_t duration_ns);

/* Blocks the task for at least DURATION_NS; 0 or less returns at once. However long, it is no
 * deadlock. */
GORT_API void gort_sleep(int64_t duration_ns);

/* The same; 0 when the time has passed; gort_ctx_err of CTX, if that is cancelled first. */
GORT_API GORT_MUST_CHECK int gort_sleep_ctx(int64_t duration_ns, struct gort_ctx *ctx);

/* Blocks the task until DEADLINE_NS; GORT_FOREVER: for ever, which can be a deadlock. */
GORT_API void gort_sleep_until(int64_t deadline_ns);

/* ---- timers: once ---------------------------------------------------------------------------- */

typedef struct gort_timer gort_timer;

/* A timer that fires once, DURATION_NS from now (0 or less: at once): from then on its channel has
 * that time, as of gort_now, however late it is received. Does not block. Ends the process when
 * memory runs out. */
GORT_API gort_timer *gort_timer_new(int64_t duration_ns);

/* The channel of T, of int64_t; NULL for one from gort_after_func. It stays open. */
GORT_API gort_chan *gort_timer_chan(const gort_timer *t);

/* The channel of a timer of its own. */
GORT_API gort_chan *gort_after(int64_t duration_ns);

/* Runs FN(ARG) in a task of its own in DURATION_NS. FN does not start earlier. The timer and ARG
 * stay alive until then, or until it is stopped; the result need not be kept. Does not block. */
GORT_API gort_timer *gort_after_func(int64_t duration_ns, void (*fn)(void *arg), void *arg);

/* Stops T. Returns 1 if that kept it from firing, or took back a time that nobody had received; 0
 * if it had been stopped, or its time received or its task started before: the task may still run.
 * Does not block. */
GORT_API int gort_timer_stop(gort_timer *t);

/* Stops T, as gort_timer_stop, and has it fire in DURATION_NS. Returns what stopping did. */
GORT_API int gort_timer_reset(gort_timer *t, int64_t duration_ns);

/* ---- tickers: again and again ---------------------------------------------------------------- */

typedef struct gort_ticker gort_ticker;

/* A ticker, whose channel has the time every PERIOD_NS (above 0, else it is misuse): a multiple of
 * the period from now, however late it is received. A tick that comes while the one before has not
 * been received is dropped. Does not block. Ends the process when memory runs out. */
GORT_API gort_ticker *gort_ticker_new(int64_t period_ns);

/* The channel of T, of int64_t. It stays open. */
GORT_API gort_chan *gort_ticker_chan(const gort_ticker *t);

/* Starts T anew with another period, the first tick PERIOD_NS from now; also after a stop. */
GORT_API void gort_ticker_reset(gort_ticker *t, int64_t period_ns);

/* No more ticks. */
GORT_API void gort_ticker_stop(gort_ticker *t);

#endif
