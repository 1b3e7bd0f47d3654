/* SPDX-License-Identifier: MIT */
/* ribbon.h - a row of cells a proc: what it did over the time of the plots.
 * The columns are those of a plot of the same width, so a stop of the world stands under its mark.
 * Threads: pure functions. Source: the processor lanes of Go's execution tracer. */
#ifndef PANELS_RIBBON_H
#define PANELS_RIBBON_H

#include "panels/panel.h"

/* Rows that a ribbon of the model's procs would like: one each, and one that explains the signs. */
int ribbon_rows(const struct model *model);

/* Draws as many procs as there are rows, and says how many more there are. */
void ribbon_draw(const struct model *model, const struct panel_state *state, struct canvas *canvas);

#endif
