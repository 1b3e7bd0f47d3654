/* SPDX-License-Identifier: MIT */
/* procfd.h - what another process has open, for tests.
 * Threads: any. */
#ifndef SUPPORT_PROCFD_H
#define SUPPORT_PROCFD_H

#include <stdbool.h>
#include <sys/types.h>

/* Opens the memfd NAME of process PID with FLAGS; -1 if there is none. */
int procfd_open(pid_t pid, const char *name, int flags);

/* Whether LINK, as read from /proc/PID/fd, is a part of a page: shared memory or the image. */
bool procfd_is_of_page(const char *link);

#endif
