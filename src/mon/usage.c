/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/usage.h"

#include <math.h>

#define NO_MEMORY_LIMIT 0x1p62 /* GORT_MEMLIMIT says "none" by a number above */

static const struct {
    const char *name;
    enum fmt_unit unit;
    unsigned limit;
} rows[USAGES] = {
    [USAGE_MEMORY] = {"memory", FMT_BYTES, MON_CGROUP_LIMIT},
    [USAGE_HEAP] = {"the live heap", FMT_BYTES, MON_GC_MEMORY_LIMIT},
    [USAGE_FILES] = {"open files", FMT_COUNT, MON_PROCESS_FILES_LIMIT},
};

static bool mean_of(const struct history *h, unsigned metric, int64_t from_ns, int64_t to_ns,
                    double *mean)
{
    struct history_bucket b;
    bool known = history_range(h, metric, from_ns, to_ns, &b);

    *mean = history_mean(&b);
    return known;
}

bool usage_used(const struct history *h, enum usage_of of, int64_t from_ns, int64_t to_ns,
                double *used)
{
    double cache;

    if (of == USAGE_HEAP)
        return mean_of(h, MON_HEAP_LIVE, from_ns, to_ns, used);
    if (of == USAGE_FILES)
        return mean_of(h, MON_PROCESS_FILES, from_ns, to_ns, used);
    if (!mean_of(h, MON_CGROUP_MEMORY, from_ns, to_ns, used))
        return mean_of(h, MON_PROCESS_RSS, from_ns, to_ns, used);
    if (mean_of(h, MON_CGROUP_CACHE, from_ns, to_ns, &cache))
        *used = fmax(*used - cache, 0.0);
    return true;
}

bool usage_limit(const struct snapshot *s, enum usage_of of, double *limit)
{
    uint64_t value;

    if (!snapshot_value(s, rows[of].limit, &value) || value == 0)
        return false;
    *limit = (double)value;
    return *limit < NO_MEMORY_LIMIT;
}

enum fmt_unit usage_unit(enum usage_of of)
{
    return rows[of].unit;
}

const char *usage_name(enum usage_of of)
{
    return rows[of].name;
}
