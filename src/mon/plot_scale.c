/* SPDX-License-Identifier: MIT */
/* plot_scale.c - the extent of what is drawn, and round numbers for its axis. */
#include "config.h"

#include "mon/plot.h"

#include <math.h>
#include <stddef.h>

static int first_drawn(const struct plot_time *time)
{
    return time->lead;
}

bool plot_range_of(const struct plot_series *series, const struct plot_time *time,
                   struct plot_range *range)
{
    double sum = 0;
    int known = 0;

    *range = (struct plot_range){.min = (double)INFINITY, .max = -(double)INFINITY};
    for (int i = first_drawn(time); i < time->nbuckets; i++) {
        const struct plot_bucket *bucket = &series->bucket[i];
        if (bucket->n == 0)
            continue;
        range->min = fmin(range->min, (double)bucket->min);
        range->max = fmax(range->max, (double)bucket->max);
        sum += (double)bucket->mean;
        known++;
    }
    if (known == 0)
        *range = (struct plot_range){0};
    else
        range->mean = sum / known;
    return known > 0;
}

/* The smallest of BASE^k times 1, 2 or 5 (a power of two for bytes) that is LEAST or more. */
static double round_up(double least, enum fmt_unit unit)
{
    if (unit == FMT_BYTES)
        return exp2(ceil(log2(least)));
    double power = pow(10, floor(log10(least)));
    double fraction = least / power;
    return power * (fraction <= 1 ? 1 : fraction <= 2 ? 2 : fraction <= 5 ? 5 : 10);
}

/* The least step that makes sense: no half tasks, no half bytes. */
static double finest_step(enum fmt_unit unit)
{
    switch (unit) {
    case FMT_COUNT:
    case FMT_ENUM:
    case FMT_UNIX_NS:
        return 1;
    case FMT_BYTES:
        return 1024;
    case FMT_NS:
        return 1000;
    case FMT_PPM:
        return 1000;
    }
    return 1;
}

struct plot_scale plot_scale_for(double max, enum fmt_unit unit, int most)
{
    double steps = most < 1 ? 1 : most;
    double step = round_up(fmax(max / steps, finest_step(unit)), unit);
    double count = fmax(ceil(max / step), 1);

    return (struct plot_scale){.ceiling = step * count, .step = step};
}
