/* SPDX-License-Identifier: MIT */
/* pidlist.h - the processes that -p names: 4711,4712,4713.
 * Threads: values. */
#ifndef MON_PIDLIST_H
#define MON_PIDLIST_H

#include <stdbool.h>
#include <sys/types.h>

#define PIDLIST_MAX 64

struct pidlist {
    unsigned n;
    bool is_full; /* there were more than that */
    pid_t pid[PIDLIST_MAX];
};

/* Adds the pids of TEXT, which commas separate; one that is there already is not added again.
 * False: TEXT is no such list, and what stood before the fault has been added. */
bool pidlist_add(struct pidlist *l, const char *text);

/* Whether PID is one of them; L may be NULL. */
bool pidlist_has(const struct pidlist *l, pid_t pid);

#endif
