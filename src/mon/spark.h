/* SPDX-License-Identifier: MIT */
/* spark.h - a course of values in one row of cells, a cell a value.
 * The least value of all is the lowest glyph, the greatest the highest: it shows how a figure has
 * moved, not how large it is. What is not known is blank.
 * Threads: pure. Source: Tufte's sparklines, Beautiful Evidence (2006). */
#ifndef MON_SPARK_H
#define MON_SPARK_H

#include "mon/canvas.h"
#include "mon/plot.h"

struct spark_scale {
    double least;
    double greatest;
};

/* The scale of N values of which some may be NAN; SCALE has that of others already, or is
 * spark_nothing. */
extern const struct spark_scale spark_nothing;
void spark_widen(struct spark_scale *scale, const double *value, int n);

/* Draws N values from column COL on. */
void spark_draw(struct canvas *canvas, int row, int col, enum plot_tier tier,
                const struct spark_scale *scale, const double *value, int n, enum role role);

#endif
