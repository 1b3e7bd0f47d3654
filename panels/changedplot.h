/* SPDX-License-Identifier: MIT */
/* changedplot.h - one row of what has changed: its name, its figures, its plot.
 * Who: changed.c. Threads: pure. */
#ifndef PANELS_CHANGEDPLOT_H
#define PANELS_CHANGEDPLOT_H

#include "mon/changed.h"
#include "mon/draw.h"
#include "panels/panel.h"

#define CHANGEDPLOT_NAME_BYTES (CODE_LINE_BYTES + 40)

/* "heap.live", or "chan receive  handle_order orders/queue.c:214", made to fit COLS columns.
 * Returns TEXT. */
const char *changedplot_name(const struct model *model, const struct changed_row *row, int cols,
                             char text[CHANGEDPLOT_NAME_BYTES]);

/* VALUE in the unit of the row. */
struct figure changedplot_figure(const struct model *model, const struct changed_row *row,
                                 double value);

/* Draws the figure over the time that plots show, and what it is. */
void changedplot_draw(const struct model *model, const struct panel_state *state,
                      const struct changed_row *row, struct canvas *canvas);

#endif
