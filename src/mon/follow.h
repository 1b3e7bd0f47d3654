/* SPDX-License-Identifier: MIT */
/* follow.h - gomon --follow: from a target that has ended to the one that runs in its place.
 * Who: app.c, main.c. Threads: one. */
#ifndef MON_FOLLOW_H
#define MON_FOLLOW_H

#include <sys/types.h>

struct monitor;
struct monitor_options;

/* A monitor of the process that M, whose target has ended, has found to be its successor; *PID is
 * that process. NULL: there is none yet, or it could not be opened: ask again after a tick. */
struct monitor *follow_next(const struct monitor *m, const struct monitor_options *how, pid_t *pid);

#endif
