/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/term_cells.h"

#include <curses.h>
#include <stdlib.h>
#include <wchar.h>

#include "mon/term_line.h"
#include "mon/theme.h"

/* As term_cells_prepare left it. */
static bool utf8;
static struct {
    attr_t attributes;
    short pair;
} looks[ROLE_COUNT]; /* of each role, on this terminal */

static attr_t attributes_of(uint8_t weight)
{
    attr_t attributes = A_NORMAL;

    if ((weight & THEME_BOLD) != 0)
        attributes |= A_BOLD;
    if ((weight & THEME_FAINT) != 0)
        attributes |= A_DIM;
    if ((weight & THEME_REVERSE) != 0)
        attributes |= A_REVERSE;
    if ((weight & THEME_UNDERLINE) != 0)
        attributes |= A_UNDERLINE;
    return attributes;
}

void term_cells_prepare(const struct term_wishes *wishes, bool is_utf8)
{
    bool coloured = wishes->colour == TERM_COLOUR && has_colors();
    enum theme theme = wishes->theme == THEME_AUTO ? theme_auto(getenv("COLORFGBG"))
                                                   : wishes->theme;

    if (coloured) {
        start_color();
        use_default_colors();
    }
    utf8 = is_utf8;
    enum theme_depth depth = theme_depth_for(coloured ? COLORS : 0);
    for (int role = 0; role < ROLE_COUNT; role++) {
        struct theme_style style = theme_style(theme, depth, (enum role)role);
        looks[role].attributes = attributes_of(style.weight);
        looks[role].pair = 0;
        if (depth == THEME_MONO ||
            (style.fg == THEME_DEFAULT_COLOUR && style.bg == THEME_DEFAULT_COLOUR))
            continue;
        if (role + 1 < COLOR_PAIRS && init_pair((short)(role + 1), style.fg, style.bg) == OK)
            looks[role].pair = (short)(role + 1);
    }
}

/* Puts what CELL shows into stdscr, where the C library agrees about its width. */
static void put_cell(int row, int col, const struct cell *cell, int width)
{
    wchar_t text[CCHARW_MAX + 1] = {0};
    attr_t attributes = A_NORMAL;
    short pair = 0;
    const cchar_t *line = utf8 ? NULL : term_line_cell(cell->rune);
    cchar_t out;

    if (line != NULL) {
        getcchar(line, text, &attributes, &pair, NULL);
    } else {
        bool agreed = wcwidth((wchar_t)cell->rune) == width;
        text[0] = agreed ? (wchar_t)cell->rune : L'?';
        if (agreed && cell->mark != 0 && wcwidth((wchar_t)cell->mark) == 0)
            text[1] = (wchar_t)cell->mark;
    }
    setcchar(&out, text, attributes | looks[cell->role].attributes, looks[cell->role].pair, NULL);
    mvadd_wch(row, col, &out);
}

static bool is_same_cell(const struct cell *a, const struct cell *b)
{
    return a->rune == b->rune && a->mark == b->mark && a->role == b->role;
}

/* Whether A or B, which stand in the same place, is the right half of a wide character, and they
 * are not the same. */
static bool half_changes(const struct cell *a, const struct cell *b)
{
    return (a->rune == 0 || b->rune == 0) && !is_same_cell(a, b);
}

bool term_cells_put(int row, int ncols, const struct cell *cells, const struct cell *shown)
{
    bool changed = false;

    for (int col = 0; col < ncols; col++) {
        struct cell cell = cells[col];
        bool has_next = col + 1 < ncols;
        int width = has_next && cells[col + 1].rune == 0 && cell.rune != 0 ? 2 : 1;

        if (shown != NULL && is_same_cell(&cell, &shown[col]) &&
            !(has_next && half_changes(&cells[col + 1], &shown[col + 1])))
            continue;
        changed = true;
        if (cell.rune == 0)
            cell.rune = ' ';
        put_cell(row, col, &cell, width);
        if (width == 2 && wcwidth((wchar_t)cell.rune) == 2)
            col++;
    }
    return changed;
}
