/* SPDX-License-Identifier: MIT */
/* openfds.h - how many descriptors a process has open. Threads: any. */
#ifndef SUPPORT_OPENFDS_H
#define SUPPORT_OPENFDS_H

#include <dirent.h>
#include <stdio.h>
#include <sys/types.h>

/* Of the entries below /proc/PID/WHAT, "fd" or "task"; -1 if the system does not say. Of this
 * process's own descriptors, the one that they are counted by is among them. */
static inline int proc_entries(pid_t pid, const char *what)
{
    char path[48];
    DIR *dir;
    int n = 0;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, what);
    dir = opendir(path);
    if (dir == NULL)
        return -1;
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

static inline int open_fds(pid_t pid)
{
    return proc_entries(pid, "fd");
}

#endif
