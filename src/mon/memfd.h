/* SPDX-License-Identifier: MIT */
/* memfd.h - the shared files that a process holds without a name in any directory.
 * They are found among its open files by what /proc says a descriptor is, and opened through it.
 * That needs the same user or root, and works across containers.
 * Threads: any. */
#ifndef MON_MEMFD_H
#define MON_MEMFD_H

#include <stdbool.h>
#include <sys/types.h>

/* Opens the memfd called NAME of process PID with the FLAGS of open(2). Returns a descriptor or a
 * negative errno: -ENOENT there is none of that name, -ESRCH no such process, -EACCES or -EPERM it
 * is another user's. */
int memfd_open(pid_t pid, const char *name, int flags);

/* The same; *NUMBER is the descriptor by which the process holds it. */
int memfd_open_numbered(pid_t pid, const char *name, int flags, int *number);

/* Whether process PID still holds the file of our descriptor FD by its descriptor NUMBER. If not,
 * it has closed that, called exec, ended, or become another user's. */
bool memfd_is_held(pid_t pid, int number, int fd);

#endif
