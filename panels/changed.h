/* SPDX-License-Identifier: MIT */
/* changed.h - what the screen must know of the view of what has changed: its rows change places.
 * Who: screen.c. Threads: pure but for the state. */
#ifndef PANELS_CHANGED_H
#define PANELS_CHANGED_H

#include "panels/panel.h"

/* Notes which figure the cursor is on, and later brings it to that figure again. */
void changed_note_cursor(const struct model *model, struct panel_state *state);
void changed_keep_cursor(const struct model *model, struct panel_state *state);

#endif
