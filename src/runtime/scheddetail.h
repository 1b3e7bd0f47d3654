/* SPDX-License-Identifier: MIT */
/* scheddetail.h - GORT_DEBUG=schedtrace=N,scheddetail=1: besides the scheduler as a whole a line on
 * each proc (Go's P), thread (M) and task (G), as Go 1.27 writes them. What has no counterpart is
 * 0, false or empty. Threads have the numbers of their records, not of the system. What is told is
 * read while all goes on: lines need not agree with each other. Threads: sysmon. Locks: takes
 * TIMERS of each proc. */
#ifndef RUNTIME_SCHEDDETAIL_H
#define RUNTIME_SCHEDDETAIL_H

#include <stdint.h>

/* Writes all lines. Blocks while stderr does. */
void scheddetail_write(int64_t now_ns);

#endif
