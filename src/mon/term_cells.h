/* SPDX-License-Identifier: MIT */
/* term_cells.h - the cells of a canvas as those of curses.
 * Each role has a look on this terminal, by its colours and the theme. Curses is told only of the
 * cells that have changed, for it compares all that it is told of with what it has sent.
 * Who: term.c. Threads: one. */
#ifndef MON_TERM_CELLS_H
#define MON_TERM_CELLS_H

#include <stdbool.h>

#include "mon/canvas.h"
#include "mon/term.h"

/* Begins: what each role looks like. Curses has been started. */
void term_cells_prepare(const struct term_wishes *wishes, bool is_utf8);

/* Puts those of the NCOLS CELLS of a row into stdscr that differ from what is SHOWN there; NULL:
 * all. Whether there were any. */
bool term_cells_put(int row, int ncols, const struct cell *cells, const struct cell *shown);

#endif
