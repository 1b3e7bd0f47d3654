/* SPDX-License-Identifier: MIT */
/* clock.h - the clocks, in nanoseconds.
 * A reading costs about 45 ns in a virtual machine: read at edges, pass the time on as an argument.
 * Threads: any; async-signal-safe. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* CLOCK_MONOTONIC. */
int64_t clock_mono_ns(void);

/* CLOCK_REALTIME, since 1970. */
int64_t clock_real_ns(void);

/* CLOCK_BOOTTIME: the monotonic clock, and the time for which the host was suspended. */
int64_t clock_boot_ns(void);

/* CPU time of the calling thread. */
int64_t clock_thread_cpu_ns(void);

#endif
