/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/theme.h"

#include <stddef.h>

#include "base/check.h"

#define DEF THEME_DEFAULT_COLOUR

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, GREY };

/* 256 colours: hues of equal lightness that stay apart for the colour-blind (blue, orange,
 * teal). */
static const struct theme_style deep[ROLE_COUNT] = {
    [ROLE_TEXT] = {DEF, DEF, 0},
    [ROLE_DIM] = {245, DEF, 0},
    [ROLE_STRONG] = {DEF, DEF, THEME_BOLD},
    [ROLE_TITLE] = {110, DEF, THEME_BOLD},
    [ROLE_BAR] = {255, 237, 0},
    [ROLE_BAR_DIM] = {248, 237, 0},
    [ROLE_BAR_GOOD] = {114, 237, 0},
    [ROLE_BAR_WARN] = {221, 237, THEME_BOLD},
    [ROLE_BAR_BAD] = {231, 124, THEME_BOLD},
    [ROLE_KEY] = {DEF, DEF, THEME_BOLD},
    [ROLE_TAB] = {255, 24, THEME_BOLD},
    [ROLE_GOOD] = {114, DEF, 0},
    [ROLE_WARN] = {221, DEF, 0},
    [ROLE_BAD] = {203, DEF, THEME_BOLD},
    [ROLE_BANNER] = {231, 124, THEME_BOLD},
    [ROLE_FROZEN] = {232, 179, THEME_BOLD},
    [ROLE_SELECTED] = {DEF, 238, 0},
    [ROLE_MATCH] = {232, 221, 0},
    [ROLE_AXIS] = {240, DEF, 0},
    [ROLE_GC] = {180, DEF, 0},
    [ROLE_GAP] = {240, DEF, 0},
    [ROLE_SERIES_0] = {74, DEF, 0},
    [ROLE_SERIES_1] = {173, DEF, 0},
    [ROLE_SERIES_2] = {108, DEF, 0},
    [ROLE_SERIES_3] = {139, DEF, 0},
    [ROLE_SERIES_4] = {246, DEF, 0},
};

/* 8 colours; with 16, dim things are the bright black of colour 8 in place of a faint weight. */
static const struct theme_style plain[ROLE_COUNT] = {
    [ROLE_TEXT] = {DEF, DEF, 0},
    [ROLE_DIM] = {DEF, DEF, THEME_FAINT},
    [ROLE_STRONG] = {DEF, DEF, THEME_BOLD},
    [ROLE_TITLE] = {CYAN, DEF, THEME_BOLD},
    [ROLE_BAR] = {WHITE, BLUE, THEME_BOLD},
    [ROLE_BAR_DIM] = {WHITE, BLUE, 0},
    [ROLE_BAR_GOOD] = {WHITE, BLUE, THEME_BOLD},
    [ROLE_BAR_WARN] = {YELLOW, BLUE, THEME_BOLD},
    [ROLE_BAR_BAD] = {WHITE, RED, THEME_BOLD},
    [ROLE_KEY] = {DEF, DEF, THEME_BOLD},
    [ROLE_TAB] = {BLACK, CYAN, 0},
    [ROLE_GOOD] = {GREEN, DEF, 0},
    [ROLE_WARN] = {YELLOW, DEF, 0},
    [ROLE_BAD] = {RED, DEF, THEME_BOLD},
    [ROLE_BANNER] = {WHITE, RED, THEME_BOLD},
    [ROLE_FROZEN] = {BLACK, YELLOW, 0},
    [ROLE_SELECTED] = {DEF, DEF, THEME_REVERSE},
    [ROLE_MATCH] = {BLACK, YELLOW, 0},
    [ROLE_AXIS] = {DEF, DEF, THEME_FAINT},
    [ROLE_GC] = {YELLOW, DEF, 0},
    [ROLE_GAP] = {DEF, DEF, THEME_FAINT},
    [ROLE_SERIES_0] = {BLUE, DEF, 0},
    [ROLE_SERIES_1] = {YELLOW, DEF, 0},
    [ROLE_SERIES_2] = {GREEN, DEF, 0},
    [ROLE_SERIES_3] = {MAGENTA, DEF, 0},
    [ROLE_SERIES_4] = {WHITE, DEF, 0},
};

static const uint8_t mono[ROLE_COUNT] = {
    [ROLE_STRONG] = THEME_BOLD,      [ROLE_TITLE] = THEME_BOLD,
    [ROLE_BAR] = THEME_REVERSE,      [ROLE_BAR_DIM] = THEME_REVERSE,
    [ROLE_BAR_GOOD] = THEME_REVERSE, [ROLE_BAR_WARN] = THEME_REVERSE | THEME_BOLD,
    [ROLE_BAR_BAD] = THEME_BOLD,     [ROLE_KEY] = THEME_BOLD,
    [ROLE_TAB] = THEME_REVERSE,      [ROLE_WARN] = THEME_BOLD,
    [ROLE_BAD] = THEME_BOLD,         [ROLE_BANNER] = THEME_REVERSE,
    [ROLE_FROZEN] = THEME_REVERSE,   [ROLE_SELECTED] = THEME_REVERSE,
    [ROLE_MATCH] = THEME_UNDERLINE,
};

static struct theme_style of_16(enum role role)
{
    struct theme_style style = plain[role];

    if ((style.weight & THEME_FAINT) != 0)
        style = (struct theme_style){GREY, DEF, 0};
    return style;
}

struct theme_style theme_style(enum theme_depth depth, enum role role)
{
    CHECK(role < ROLE_COUNT);
    switch (depth) {
    case THEME_MONO:
        return (struct theme_style){DEF, DEF, mono[role]};
    case THEME_8:
        return plain[role];
    case THEME_16:
        return of_16(role);
    case THEME_256:
        return deep[role];
    }
    UNREACHABLE();
}

enum theme_depth theme_depth_for(int ncolours, const char *no_color)
{
    if ((no_color != NULL && no_color[0] != '\0') || ncolours < 8)
        return THEME_MONO;
    if (ncolours < 16)
        return THEME_8;
    return ncolours < 256 ? THEME_16 : THEME_256;
}
