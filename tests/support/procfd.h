/* SPDX-License-Identifier: MIT */
/* procfd.h - what another process has open, for tests.
 * Threads: any. */
#ifndef SUPPORT_PROCFD_H
#define SUPPORT_PROCFD_H

#include <sys/types.h>

/* Opens the memfd NAME of process PID with FLAGS; -1 if there is none. */
int procfd_open(pid_t pid, const char *name, int flags);

#endif
