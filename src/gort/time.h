/* SPDX-License-Identifier: MIT */
/* time.h - the clock and sleeping. */
#ifndef GORT_TIME_H
#define GORT_TIME_H

#include <gort/base.h>

/* CLOCK_MONOTONIC now, in nanoseconds. Callable from any thread. */
GORT_API int64_t gort_now(void);

/* A deadline DURATION_NS from now, saturating. Callable from any thread. */
GORT_API int64_t gort_in(int64_t duration_ns);

/* Blocks the task for at least DURATION_NS; 0 or less returns at once. */
GORT_API void gort_sleep(int64_t duration_ns);

/* Blocks the task until DEADLINE_NS. */
GORT_API void gort_sleep_until(int64_t deadline_ns);

#endif
