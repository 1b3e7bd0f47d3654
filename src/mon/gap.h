/* SPDX-License-Identifier: MIT */
/* gap.h - why a target published nothing for a while, told when it has begun again.
 * While it is silent, only its state is seen: it is stopped, or it runs and says nothing.
 * Afterwards its collections and its control group tell more. Threads: one owner of the history. */
#ifndef MON_GAP_H
#define MON_GAP_H

#include <stdint.h>

#include "mon/history.h"
#include "mon/snapshot.h"

struct gap {
    int64_t from_ns; /* it published at these times, and not between; monotonic */
    int64_t to_ns;
    int64_t throttled_ns; /* time that its control group stood still meanwhile; 0: or not known */
};

/* The cause, if S, which was read after it, tells one that explains half of the gap; else GAP_NONE.
 */
enum gap_cause gap_explain(const struct gap *g, const struct snapshot *s);

/* Writes the cause into the history, if there is one and the gap is longer than a target may take.
 */
void gap_mark(struct history *h, const struct gap *g, const struct snapshot *s);

#endif
