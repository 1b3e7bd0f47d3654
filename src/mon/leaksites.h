/* SPDX-License-Identifier: MIT */
/* leaksites.h - a figure for each of many places in the code: the tasks that one line spawned, the
 * live bytes that one line allocated.
 * There is a fixed number of places; one that was not seen for a window makes room for another,
 * unless an alert stands on it.
 * Who: leaks.c. Threads: one owner. */
#ifndef MON_LEAKSITES_H
#define MON_LEAKSITES_H

#include "mon/growth.h"

#define LEAKSITES 32

struct leaksite {
    uint64_t pc; /* 0: free */
    int64_t seen_ns;
    struct growth growth;
};

struct leaksites {
    struct leaksite site[LEAKSITES];
};

/* Adds what was counted at PC; before WARM_NS a level is only remembered. */
void leaksites_add(struct leaksites *s, const struct growth_rule *rule, int64_t warm_ns,
                   int64_t mono_ns, uint64_t pc, double value);

/* Those that are watched and were not seen at MONO_NS have nothing any more. */
void leaksites_add_zeroes(struct leaksites *s, const struct growth_rule *rule, int64_t warm_ns,
                          int64_t mono_ns);

/* The place that grew most surely over the window that ends at MONO_NS, and by more than LEAST; 0:
 * none. What is estimated from samples is known up to an error that grows with its square root: so
 * a place that has much wanders by more than a slow leak adds, and how much a place grew counts by
 * the root of what it has. */
uint64_t leaksites_guilty(const struct leaksites *s, const struct growth_rule *rule,
                          int64_t mono_ns, double least);

#endif
