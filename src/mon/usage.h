/* SPDX-License-Identifier: MIT */
/* usage.h - how much is used of what has a limit: memory, the collected heap, files.
 * Threads: pure functions. */
#ifndef MON_USAGE_H
#define MON_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fmt.h"
#include "mon/history.h"
#include "mon/snapshot.h"

enum usage_of {
    USAGE_MEMORY, /* of the control group, but for what the kernel drops when it needs room; where
                     there is no group, of the process; against the limit of the group */
    USAGE_HEAP,   /* what is live, against GORT_MEMLIMIT */
    USAGE_FILES,  /* open ones, against RLIMIT_NOFILE */
};
#define USAGES 3

/* The mean of [FROM_NS, TO_NS); false if nothing is known of it. */
bool usage_used(const struct history *h, enum usage_of of, int64_t from_ns, int64_t to_ns,
                double *used);

/* False: there is none, or it is not known. */
bool usage_limit(const struct snapshot *s, enum usage_of of, double *limit);

enum fmt_unit usage_unit(enum usage_of of);

/* "memory", "the live heap", "open files". */
const char *usage_name(enum usage_of of);

#endif
