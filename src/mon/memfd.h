/* SPDX-License-Identifier: MIT */
/* memfd.h - the shared files that a process holds without a name in any directory.
 * They are found among its open files by what /proc says a descriptor is, and opened through it.
 * That needs the same user or root, and works across containers.
 * Threads: any. */
#ifndef MON_MEMFD_H
#define MON_MEMFD_H

#include <sys/types.h>

/* Opens the memfd called NAME of process PID with the FLAGS of open(2). Returns a descriptor or a
 * negative errno: -ENOENT there is none of that name, -ESRCH no such process, -EACCES or -EPERM it
 * is another user's. */
int memfd_open(pid_t pid, const char *name, int flags);

#endif
