/* SPDX-License-Identifier: MIT */
/* schedtrace.h - GORT_DEBUG=schedtrace=N: a line on stderr every N milliseconds, as Go 1.27 writes
 * it, so that what reads Go's reads ours. Go's needspinning has no counterpart and is 0; threads
 * are the workers and sysmon. Threads: sysmon. */
#ifndef RUNTIME_SCHEDTRACE_H
#define RUNTIME_SCHEDTRACE_H

#include <stdint.h>

/* Writes a line if it is due. */
void schedtrace_tick(int64_t now_ns);

/* How long sysmon may sleep that would sleep for TIMEOUT_NS. */
int64_t schedtrace_limit(int64_t timeout_ns);

#endif
