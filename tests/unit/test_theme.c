/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>

#include "mon/theme.h"

Test(theme, no_color_means_no_colour_unless_it_is_empty)
{
    cr_assert_eq(theme_depth_for(256, "1"), THEME_MONO, "%d", (int)theme_depth_for(256, "1"));
    cr_assert_eq(theme_depth_for(256, ""), THEME_256, "%d", (int)theme_depth_for(256, ""));
    cr_assert_eq(theme_depth_for(256, NULL), THEME_256, "%d", (int)theme_depth_for(256, NULL));
}

Test(theme, the_depth_follows_the_terminal)
{
    static const struct {
        int colours;
        enum theme_depth depth;
    } cases[] = {{-1, THEME_MONO}, {0, THEME_MONO}, {2, THEME_MONO},  {8, THEME_8},
                 {16, THEME_16},   {88, THEME_16},  {256, THEME_256}, {1 << 24, THEME_256}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum theme_depth depth = theme_depth_for(cases[i].colours, NULL);
        cr_assert_eq(depth, cases[i].depth, "%d colours: depth %d", cases[i].colours, (int)depth);
    }
}

Test(theme, a_depth_uses_only_the_colours_that_it_has)
{
    static const int colours[] = {0, 8, 16, 256};

    for (int depth = THEME_MONO; depth <= THEME_256; depth++) {
        for (int role = 0; role < ROLE_COUNT; role++) {
            struct theme_style style = theme_style((enum theme_depth)depth, (enum role)role);
            cr_assert(style.fg >= -1 && style.fg < colours[depth], "depth %d role %d: fg %d", depth,
                      role, style.fg);
            cr_assert(style.bg >= -1 && style.bg < colours[depth], "depth %d role %d: bg %d", depth,
                      role, style.bg);
        }
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

    for (int depth = THEME_MONO; depth <= THEME_256; depth++) {
        struct theme_style text = theme_style((enum theme_depth)depth, ROLE_TEXT);
        for (size_t i = 0; i < sizeof loud / sizeof loud[0]; i++)
            cr_assert_not(same(text, theme_style((enum theme_depth)depth, loud[i])),
                          "depth %d: role %d looks like text", depth, (int)loud[i]);
    }
}

Test(theme, series_are_told_apart_by_colour)
{
    for (int depth = THEME_8; depth <= THEME_256; depth++) {
        for (int a = ROLE_SERIES_0; a < ROLE_SERIES_3; a++)
            cr_assert_not(same(theme_style((enum theme_depth)depth, (enum role)a),
                               theme_style((enum theme_depth)depth, (enum role)(a + 1))),
                          "depth %d: roles %d and %d look alike", depth, a, a + 1);
    }
}
