/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "panels/tabs.h"

int tabs_width(void)
{
    int width = 0;

    for (int i = 0; i < PANEL_TABS; i++)
        width += 3 + canvas_text_width(panel_get((enum panel_id)i)->title);
    return width;
}

int tabs_short_width(const struct screen *screen)
{
    enum panel_id open = screen_open(screen);

    return 2 * PANEL_TABS + (open < PANEL_TABS ? 1 + canvas_text_width(panel_get(open)->title) : 0);
}

static bool has_name(const struct screen *screen, enum panel_id id, int room)
{
    return id == screen_open(screen) || tabs_width() <= room;
}

void tabs_draw(const struct screen *screen, int room, struct canvas *canvas)
{
    int col = 0;

    for (int i = 0; i < PANEL_TABS; i++) {
        const char *title = panel_get((enum panel_id)i)->title;
        bool open = (enum panel_id)i == screen_open(screen);
        canvas_put(canvas, 0, col++, '1' + (uint32_t)i, open ? ROLE_TAB : ROLE_KEY);
        if (has_name(screen, (enum panel_id)i, room)) {
            enum role role = open ? ROLE_TAB : ROLE_DIM;
            canvas_put(canvas, 0, col, ' ', role);
            col += 1 + canvas_text(canvas, 0, col + 1, role, title);
        }
        col++;
    }
}

int tabs_at(const struct screen *screen, int room, int col)
{
    int end = 0;

    for (int i = 0; i < PANEL_TABS; i++) {
        end += 2;
        if (has_name(screen, (enum panel_id)i, room))
            end += 1 + canvas_text_width(panel_get((enum panel_id)i)->title);
        if (col < end)
            return i;
    }
    return -1;
}
