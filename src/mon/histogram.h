/* SPDX-License-Identifier: MIT */
/* histogram.h - how often something took how long, drawn on cells.
 * The axis is logarithmic, from the shortest time that occurred to the longest, and the height is
 * the share of the times in a column: each column spans the same factor, so heights can be compared
 * however wide the buckets are. In the glyphs of the plots. Threads: pure functions. */
#ifndef MON_HISTOGRAM_H
#define MON_HISTOGRAM_H

#include <stdint.h>

#include "mon/canvas.h"
#include "mon/plot.h"

struct histogram {
    enum plot_tier tier;
    uint32_t n;              /* buckets */
    const uint64_t *from_ns; /* [n], rising; the last bucket has no end */
    const uint64_t *count;   /* [n] */
    const char *note;        /* stands at the right of the axis if there is room; may be NULL */
};

/* Draws it with the labels of its axis in the last row. */
void histogram_draw(const struct histogram *histogram, struct canvas *canvas);

#endif
