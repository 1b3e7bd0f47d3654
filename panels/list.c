/* SPDX-License-Identifier: MIT */
/* list.c - the commands that all lists have in common: moving and searching. */
#include "config.h"

#include "panels/panel.h"

/* The item after FROM, in steps of BY and round the ends, that holds what was searched; or -1. */
static int next_match(const struct panel *panel, const struct model *model,
                      const struct panel_state *state, int from, int by)
{
    int count = panel->count(model, state);

    if (panel->find != NULL)
        return panel->find(model, state, from, by);
    for (int tried = 1; tried <= count; tried++) {
        int at = (from + by * tried + count) % count;
        if (panel->holds(model, state, at, state->find))
            return at;
    }
    return -1;
}

static enum intent find(const struct panel *panel, const struct model *model,
                        struct panel_state *state, int by, int rows)
{
    int count = panel->count(model, state);

    if (state->find[0] == '\0')
        return INTENT_NONE;
    int from = state->scroll.cursor < count ? state->scroll.cursor : count - 1;
    int at = count > 0 ? next_match(panel, model, state, from, by) : -1;
    if (at < 0)
        return INTENT_SAY_NOT_FOUND;
    scroll_to(&state->scroll, at, count, rows);
    return INTENT_NONE;
}

static bool can_find(const struct panel *panel)
{
    return panel->count != NULL && (panel->holds != NULL || panel->find != NULL);
}

int panel_list_rows(const struct panel *panel, const struct model *model,
                    const struct panel_state *state)
{
    return panel->list_rows != NULL ? panel->list_rows(model, state) : state->view->rows - 1;
}

enum intent panel_command(const struct panel *panel, const struct model *model,
                          struct panel_state *state, enum command command)
{
    if (command == COMMAND_FIND && can_find(panel))
        return INTENT_ASK_FIND;
    if (command == COMMAND_FIND_NEXT && can_find(panel))
        return find(panel, model, state, 1, panel_list_rows(panel, model, state));
    if (command == COMMAND_FIND_BACK && can_find(panel))
        return find(panel, model, state, -1, panel_list_rows(panel, model, state));
    if (panel->count != NULL && scroll_command(&state->scroll, command, panel->count(model, state),
                                               panel_list_rows(panel, model, state)))
        return INTENT_NONE;
    return panel->command != NULL ? panel->command(model, state, command) : INTENT_NONE;
}
