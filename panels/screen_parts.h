/* SPDX-License-Identifier: MIT */
/* screen_parts.h - what the files that a screen is made of share.
 * Who: screen.c, screen_fleet.c, screen_mouse.c. Threads: one. */
#ifndef PANELS_SCREEN_PARTS_H
#define PANELS_SCREEN_PARTS_H

#include "panels/screen.h"

/* Lets the open panel obey, and asks for what it wants. */
enum screen_wish screen_obey_panel(struct screen *screen, const struct model *model,
                                   enum command command);

/* Opens tab number TAB, round the ends; from the table of targets, that of the chosen one. */
enum screen_wish screen_open_tab(struct screen *screen, int tab);

/* Obeys a click where the mouse is. */
enum screen_wish screen_click(struct screen *screen, const struct model *model);

/* Whether the table of targets is open and COMMAND is of one target: the screen says so. */
bool screen_refuses(struct screen *screen, const struct model *model, enum command command);

/* Whether there is the one line alone. */
bool screen_is_small(int rows, int cols);

#endif
