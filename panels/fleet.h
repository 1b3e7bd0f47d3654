/* SPDX-License-Identifier: MIT */
/* fleet.h - what the screen needs of the table of targets beside its panel.
 * Rows move when the table is sorted by figures that change; the cursor stays on its target, which
 * the state knows by the id of the row.
 * Who: screen.c and tests. Threads: pure functions. */
#ifndef PANELS_FLEET_H
#define PANELS_FLEET_H

#include "mon/fleetrow.h"
#include "panels/panel.h"

/* Numbers of the rows that are shown, in their order; returns how many. */
int fleet_order(const struct panel_state *state, int index[PIDLIST_MAX]);

/* The row under the cursor, or NULL. */
const struct fleet_row *fleet_choice(const struct panel_state *state);

/* After the cursor was moved: what it is on now is what it stays on. */
void fleet_note_cursor(struct panel_state *state);

/* After rows have changed: brings the cursor back to its row, if that is still there. */
void fleet_keep_cursor(struct panel_state *state);

/* The header line of the table, or on a tiny screen all of it. */
void fleet_draw_header(const struct panel_state *state, struct canvas *canvas);

#endif
