/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/metric.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"

struct known {
    const char *name;
    const char *help;
    enum metric_kind kind;
    enum fmt_unit unit;
    enum metric_level level;
    bool kept;
};

static const struct known known[] = {
#define METRIC(id, name, kind, unit, level, keep, help) \
    {name, help, KIND_##kind, FMT_##unit, LEVEL_##level, keep},
#include "metrics.def"
#include "mon/process.def"
#undef METRIC
};

_Static_assert(ARRAY_COUNT(known) == MON_KNOWN, "one entry a metric");
_Static_assert(MON_KNOWN < METRIC_TABLE_MAX, "there is room for metrics that are not known yet");

void metric_table_init(struct metric_table *t)
{
    memset(t, 0, sizeof *t);
    for (size_t i = 0; i < MON_KNOWN; i++) {
        struct metric_info *info = &t->info[i];

        snprintf(info->name, sizeof info->name, "%s", known[i].name);
        snprintf(info->help, sizeof info->help, "%s", known[i].help);
        info->kind = known[i].kind;
        info->unit = known[i].unit;
        info->level = known[i].level;
        info->kept = known[i].kept;
    }
    t->n = MON_KNOWN;
}

int metric_find(const struct metric_table *t, const char *name)
{
    for (unsigned i = 0; i < t->n; i++)
        if (strcmp(t->info[i].name, name) == 0)
            return (int)i;
    return -1;
}

int metric_add(struct metric_table *t, const struct metric_info *info)
{
    DCHECK(metric_find(t, info->name) < 0);
    if (t->n == METRIC_TABLE_MAX)
        return -1;
    t->info[t->n] = *info;
    return (int)t->n++;
}
