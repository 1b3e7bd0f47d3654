/* SPDX-License-Identifier: MIT */
/* tabs.h - the names of the panels in the last line, with the numbers that open them. */
#ifndef PANELS_TABS_H
#define PANELS_TABS_H

#include "mon/canvas.h"
#include "panels/screen.h"

/* Columns that they take, and with the name of the open one only. */
int tabs_width(void);
int tabs_short_width(const struct screen *screen);

/* With their names, or where ROOM is short with the name of the open one only. */
void tabs_draw(const struct screen *screen, int room, struct canvas *canvas);

/* The tab at COL of a line that was drawn with ROOM, or -1. */
int tabs_at(const struct screen *screen, int room, int col);

#endif
