/* SPDX-License-Identifier: MIT */
/* cycle.h - one collection in words: the parts of its stops, what it did beside the program, and
 * the task that was last to stop, with its stack.
 * Who: panels only. Threads: pure functions. */
#ifndef PANELS_CYCLE_H
#define PANELS_CYCLE_H

#include "panels/panel.h"

#define CYCLE_LEAST_ROWS 6 /* with two frames of the stack */

/* Fills CANVAS from its first row on; what finds no room is left out at the end. */
void cycle_draw(const struct model *model, const struct gc_cycle *cycle, struct canvas *canvas);

#endif
