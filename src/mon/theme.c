/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/theme.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/check.h"

#define DEF THEME_DEFAULT_COLOUR

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, GREY, BRIGHT = GREY };

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

/* The same two for a light background: darker hues of the same kinds. */
static const struct theme_style deep_light[ROLE_COUNT] = {
    [ROLE_TEXT] = {DEF, DEF, 0},
    [ROLE_DIM] = {242, DEF, 0},
    [ROLE_STRONG] = {DEF, DEF, THEME_BOLD},
    [ROLE_TITLE] = {24, DEF, THEME_BOLD},
    [ROLE_BAR] = {16, 253, 0},
    [ROLE_BAR_DIM] = {240, 253, 0},
    [ROLE_BAR_GOOD] = {22, 253, 0},
    [ROLE_BAR_WARN] = {94, 253, THEME_BOLD},
    [ROLE_BAR_BAD] = {231, 160, THEME_BOLD},
    [ROLE_KEY] = {DEF, DEF, THEME_BOLD},
    [ROLE_TAB] = {231, 25, THEME_BOLD},
    [ROLE_GOOD] = {28, DEF, 0},
    [ROLE_WARN] = {130, DEF, 0},
    [ROLE_BAD] = {160, DEF, THEME_BOLD},
    [ROLE_BANNER] = {231, 160, THEME_BOLD},
    [ROLE_FROZEN] = {16, 222, THEME_BOLD},
    [ROLE_SELECTED] = {DEF, 252, 0},
    [ROLE_MATCH] = {16, 222, 0},
    [ROLE_AXIS] = {248, DEF, 0},
    [ROLE_GC] = {94, DEF, 0},
    [ROLE_GAP] = {248, DEF, 0},
    [ROLE_SERIES_0] = {25, DEF, 0},
    [ROLE_SERIES_1] = {166, DEF, 0},
    [ROLE_SERIES_2] = {29, DEF, 0},
    [ROLE_SERIES_3] = {90, DEF, 0},
    [ROLE_SERIES_4] = {244, DEF, 0},
};

/* Yellow and white are not seen there. */
static struct theme_style plain_light(enum role role)
{
    struct theme_style style = plain[role];

    if (style.bg != DEF)
        return style;
    if (role == ROLE_TITLE)
        style.fg = BLUE;
    else if (role == ROLE_SERIES_1 || role == ROLE_GC)
        style.fg = RED;
    else if (style.fg == YELLOW)
        style = (struct theme_style){MAGENTA, DEF, THEME_BOLD};
    else if (style.fg == WHITE)
        style.fg = BLACK;
    return style;
}

/* With 16 colours and more, the bright ones; with 8, weight. */
static struct theme_style contrast(enum theme_depth depth, enum role role)
{
    struct theme_style style = plain[role];

    style.weight &= (uint8_t)~THEME_FAINT;
    if (style.fg == DEF || style.bg != DEF)
        return style;
    if (depth == THEME_8)
        style.weight |= THEME_BOLD;
    else
        style.fg += BRIGHT;
    return style;
}

static struct theme_style of_16(struct theme_style style)
{
    if ((style.weight & THEME_FAINT) != 0)
        style = (struct theme_style){GREY, DEF, 0};
    return style;
}

struct theme_style theme_style(enum theme theme, enum theme_depth depth, enum role role)
{
    bool is_light = theme == THEME_LIGHT;

    CHECK(role < ROLE_COUNT);
    if (depth != THEME_MONO && theme == THEME_CONTRAST)
        return contrast(depth, role);
    switch (depth) {
    case THEME_MONO:
        return (struct theme_style){DEF, DEF, mono[role]};
    case THEME_8:
        return is_light ? plain_light(role) : plain[role];
    case THEME_16:
        return of_16(is_light ? plain_light(role) : plain[role]);
    case THEME_256:
        return is_light ? deep_light[role] : deep[role];
    }
    UNREACHABLE();
}

enum theme_depth theme_depth_for(int ncolours)
{
    if (ncolours < 8)
        return THEME_MONO;
    if (ncolours < 16)
        return THEME_8;
    return ncolours < 256 ? THEME_16 : THEME_256;
}

enum theme theme_auto(const char *colorfgbg)
{
    const char *background = colorfgbg == NULL ? NULL : strrchr(colorfgbg, ';');

    if (background == NULL)
        return THEME_DARK;
    bool is_light = strcmp(background, ";7") == 0 || strcmp(background, ";15") == 0;
    return is_light ? THEME_LIGHT : THEME_DARK;
}

const char *theme_name(unsigned theme)
{
    static const char *const names[THEMES] = {[THEME_AUTO] = "auto",
                                              [THEME_DARK] = "dark",
                                              [THEME_LIGHT] = "light",
                                              [THEME_CONTRAST] = "contrast"};

    return theme < THEMES ? names[theme] : NULL;
}
