/* SPDX-License-Identifier: MIT */
/* plot_body.h - the inner part of plot.c: values become glyphs.
 * Each series gives every sub-column a span of sub-rows; one encoder for each tier turns the spans
 * of a cell into its character. Braille cells of several series are laid over each other. Threads:
 * pure functions. */
#ifndef MON_PLOT_BODY_H
#define MON_PLOT_BODY_H

#include "mon/plot.h"

/* Draws all series of PLOT into the whole of CANVAS, its upper edge at CEILING. */
void plot_draw_body(const struct plot *plot, double ceiling, struct canvas *canvas);

/* The bucket drawn in sub-column X of NX; -1 if that is outside of what is drawn. */
int plot_bucket_at(const struct plot_time *time, int x, int nx);

/* Sub-columns of a cell. */
int plot_tier_columns(enum plot_tier tier);

/* What stands for a series in the legend. */
uint32_t plot_series_glyph(enum plot_tier tier, const struct plot_series *series);

#endif
