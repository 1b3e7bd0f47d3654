/* SPDX-License-Identifier: MIT */
/* publish_leaks.h - the tasks that were proven to be leaked, in the page.
 * Threads: under the lock of publish. Lock: LEAKED, for as long as the kinds are copied. */
#ifndef RUNTIME_PUBLISH_LEAKS_H
#define RUNTIME_PUBLISH_LEAKS_H

#include <stdint.h>

#include "runtime/pagewrite.h"

/* Tells how many there are, how often they were looked for, and how many went on, in VALUE; and
 * their kinds in SECTION if a search or a refuted proof has changed them. */
void publish_leaks(uint64_t value[METRIC_COUNT], const struct pagedouble *section, int64_t now_ns);

#endif
