/* SPDX-License-Identifier: MIT */
/* screen_mouse.c - what a click means: a tab, or a row of a list. */
#include "config.h"

#include "panels/frame.h"
#include "panels/screen_parts.h"

/* The row that the cursor of a list is drawn in, or -1: the picture is asked, so that it need not
 * be said a second time where each panel draws its list. */
static int cursor_row(const struct screen *screen, const struct model *model)
{
    enum panel_id open = screen_open(screen);
    struct canvas canvas;
    int found = -1;

    canvas_init(&canvas, screen->view.rows, screen->view.cols);
    panel_get(open)->draw(model, &screen->state[open], &canvas);
    for (int row = 0; row < canvas.rows && found < 0; row++)
        for (int col = 0; col < canvas.cols; col++)
            if (canvas_at(&canvas, row, col)->role == ROLE_SELECTED)
                found = row;
    canvas_fini(&canvas);
    return found;
}

/* A row of a list has one item. On the one that has the cursor already, it is as Enter. */
static enum screen_wish click_row(struct screen *screen, const struct model *model, int row)
{
    int at = cursor_row(screen, model);
    const struct panel *panel = panel_get(screen_open(screen));
    struct panel_state *state = &screen->state[screen_open(screen)];

    if (panel->count == NULL || at < 0 || row < 0 || row >= screen->view.rows)
        return WISH_NONE;
    if (row == at)
        return screen_obey_panel(screen, model, keys_lookup(panel->scopes, '\r'));
    int rows = panel_list_rows(panel, model, state);
    int count = panel->count(model, state);
    struct scroll_window window = scroll_window(&state->scroll, count, rows);
    int item = window.cursor + row - at;
    if (item >= window.first && item < window.end)
        scroll_to(&state->scroll, item, count, rows);
    return WISH_NONE;
}

enum screen_wish screen_click(struct screen *screen, const struct model *model)
{
    int banner = frame_banner_rows(model);
    int foot = 1 + banner + screen->view.rows;

    if (screen_is_small(foot + 1, screen->view.cols))
        return WISH_NONE;
    if (screen->mouse_row == foot) {
        int tab = frame_tab_at(screen, model, screen->view.cols, screen->mouse_col);
        return tab >= 0 ? screen_open_tab(screen, tab) : WISH_NONE;
    }
    return click_row(screen, model, screen->mouse_row - 1 - banner);
}
