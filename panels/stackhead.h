/* SPDX-License-Identifier: MIT */
/* stackhead.h - what stands above the groups of a dump: which dump it is, or what has changed, and
 * what the next one waits for.
 * Who: stacks.c. Threads: pure. */
#ifndef PANELS_STACKHEAD_H
#define PANELS_STACKHEAD_H

#include "panels/panel.h"

#define STACKHEAD_ROWS 2

/* Whether what has changed is shown, not the last dump alone. */
bool stackhead_is_compared(const struct model *model, const struct panel_state *state);

/* Draws both rows; the model has a dump. */
void stackhead_draw(const struct model *model, const struct panel_state *state,
                    struct canvas *canvas);

/* Over them, how far the dump is that is under way, or why it failed. */
void stackhead_draw_stage(const struct model *model, const struct panel_state *state,
                          struct canvas *canvas);

#endif
