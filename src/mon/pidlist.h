/* SPDX-License-Identifier: MIT */
/* pidlist.h - a few processes, by their pids. Threads: values. */
#ifndef MON_PIDLIST_H
#define MON_PIDLIST_H

#include <stdbool.h>
#include <sys/types.h>

#define PIDLIST_MAX 64 /* that are watched at a time */

struct pidlist {
    unsigned n;
    pid_t pid[PIDLIST_MAX];
};

/* Whether PID is one of them; L may be NULL. */
bool pidlist_has(const struct pidlist *l, pid_t pid);

#endif
