/* SPDX-License-Identifier: MIT */
/* drawcheck.h - draws a screen and looks at every cell, for fuzz targets.
 * Threads: one. */
#ifndef SUPPORT_DRAWCHECK_H
#define SUPPORT_DRAWCHECK_H

#include "panels/screen.h"

/* Fits and draws SCREEN in ROWS x COLS, on a part of a larger grid. Aborts, and says where, if a
 * cell around that part was changed, or one within it is none that a terminal can show. */
void drawcheck(struct screen *screen, const struct model *model, int rows, int cols);

#endif
