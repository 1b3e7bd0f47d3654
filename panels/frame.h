/* SPDX-License-Identifier: MIT */
/* frame.h - what is around a panel: the header line, the banner, the tabs, and the one line that
 * stands for everything on a screen too small for more.
 * Who: screen.c. Threads: pure functions. */
#ifndef PANELS_FRAME_H
#define PANELS_FRAME_H

#include "panels/screen.h"

/* Below this size there is only the status line. */
#define FRAME_LEAST_ROWS 8
#define FRAME_LEAST_COLS 40

/* Rows of the banner: 0 while the target is well. */
int frame_banner_rows(const struct model *model);

void frame_draw_header(const struct model *model, struct canvas *canvas);
void frame_draw_banner(const struct model *model, struct canvas *canvas);

/* The tabs, or the line that is typed, or a message. */
void frame_draw_footer(const struct screen *screen, const struct model *model,
                       struct canvas *canvas);

/* The number of the tab at COL of the footer of a screen of COLS, or -1. */
int frame_tab_at(const struct screen *screen, const struct model *model, int cols, int col);

/* All that a tiny screen shows: the line that is typed, a message, or how the target is. */
void frame_draw_line(const struct screen *screen, const struct model *model, struct canvas *canvas);

#endif
