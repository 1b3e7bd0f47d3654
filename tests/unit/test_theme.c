/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>

#include "mon/theme.h"

Test(theme, auto_is_light_only_on_a_light_background)
{
    static const struct {
        const char *colorfgbg;
        enum theme theme;
    } cases[] = {{NULL, THEME_DARK},         {"", THEME_DARK},       {"15;0", THEME_DARK},
                 {"0;15", THEME_LIGHT},      {"0;7", THEME_LIGHT},   {"0;default;15", THEME_LIGHT},
                 {"15;default", THEME_DARK}, {"garbage", THEME_DARK}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum theme theme = theme_auto(cases[i].colorfgbg);
        cr_assert_eq(theme, cases[i].theme, "case %zu: theme %d", i, (int)theme);
    }
}

Test(theme, the_depth_follows_the_terminal)
{
    static const struct {
        int colours;
        enum theme_depth depth;
    } cases[] = {{-1, THEME_MONO}, {0, THEME_MONO}, {2, THEME_MONO},  {8, THEME_8},
                 {16, THEME_16},   {88, THEME_16},  {256, THEME_256}, {1 << 24, THEME_256}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum theme_depth depth = theme_depth_for(cases[i].colours);
        cr_assert_eq(depth, cases[i].depth, "%d colours: depth %d", cases[i].colours, (int)depth);
    }
}

static struct theme_style style_of(int theme, int depth, int role)
{
    return theme_style((enum theme)theme, (enum theme_depth)depth, (enum role)role);
}

Test(theme, a_depth_uses_only_the_colours_that_it_has)
{
    static const int colours[] = {0, 8, 16, 256};

    for (int i = 0; i < THEMES * 4 * ROLE_COUNT; i++) {
        int theme = i / (4 * ROLE_COUNT), depth = i / ROLE_COUNT % 4, role = i % ROLE_COUNT;
        struct theme_style style = style_of(theme, depth, role);
        cr_assert(style.fg >= -1 && style.fg < colours[depth], "theme %d depth %d role %d: fg %d",
                  theme, depth, role, style.fg);
        cr_assert(style.bg >= -1 && style.bg < colours[depth], "theme %d depth %d role %d: bg %d",
                  theme, depth, role, style.bg);
    }
}

static int same(struct theme_style a, struct theme_style b)
{
    return a.fg == b.fg && a.bg == b.bg && a.weight == b.weight;
}

Test(theme, warnings_stand_out_at_every_depth)
{
    static const enum role loud[] = {ROLE_WARN,   ROLE_BAD,      ROLE_BANNER,
                                     ROLE_FROZEN, ROLE_SELECTED, ROLE_MATCH};

    for (int i = 0; i < THEMES * 4; i++) {
        for (size_t k = 0; k < sizeof loud / sizeof loud[0]; k++)
            cr_assert_not(
                same(style_of(i / 4, i % 4, ROLE_TEXT), style_of(i / 4, i % 4, (int)loud[k])),
                "theme %d depth %d: role %d looks like text", i / 4, i % 4, (int)loud[k]);
    }
}

Test(theme, series_are_told_apart_by_colour)
{
    for (int i = 0; i < THEMES * 4; i++) {
        for (int a = ROLE_SERIES_0; i % 4 != THEME_MONO && a < ROLE_SERIES_3; a++)
            cr_assert_not(same(style_of(i / 4, i % 4, a), style_of(i / 4, i % 4, a + 1)),
                          "theme %d depth %d: roles %d and %d look alike", i / 4, i % 4, a, a + 1);
    }
}

Test(theme, a_light_background_gets_neither_yellow_nor_white_words)
{
    for (int depth = THEME_8; depth <= THEME_16; depth++) {
        for (int role = 0; role < ROLE_COUNT; role++) {
            struct theme_style style = style_of(THEME_LIGHT, depth, role);
            cr_assert(style.bg != -1 || (style.fg != 3 && style.fg != 7), "depth %d role %d: %d",
                      depth, role, style.fg);
        }
    }
}

Test(theme, contrast_has_nothing_faint)
{
    for (int i = 0; i < 4 * ROLE_COUNT; i++) {
        struct theme_style style = style_of(THEME_CONTRAST, i / ROLE_COUNT, i % ROLE_COUNT);
        cr_assert((style.weight & THEME_FAINT) == 0 && style.fg != 8, "depth %d role %d",
                  i / ROLE_COUNT, i % ROLE_COUNT);
    }
}
