/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "mon/canvas.h"

static struct canvas grid;

static void set_up(void)
{
    canvas_init(&grid, 3, 10);
}

static void tear_down(void)
{
    canvas_fini(&grid);
}

TestSuite(canvas, .init = set_up, .fini = tear_down);

static void expect(const char *wanted)
{
    char *text = canvas_to_text(&grid);

    cr_assert_str_eq(text, wanted, "wanted <<%s>>, got <<%s>>", wanted, text);
    free(text);
}

Test(canvas, a_new_one_is_blank)
{
    expect("\n\n\n");
}

Test(canvas, text_is_cut_at_the_right_edge)
{
    int used = canvas_text(&grid, 1, 7, ROLE_TEXT, "abcdef");

    cr_assert_eq(used, 6, "%d columns", used);
    expect("\n       abc\n\n");
}

Test(canvas, text_that_begins_left_of_the_edge_shows_its_end)
{
    canvas_text(&grid, 0, -2, ROLE_TEXT, "abcd");
    expect("cd\n\n\n");
}

Test(canvas, nothing_is_written_outside_of_a_view)
{
    struct canvas view = canvas_view(&grid, (struct rect){1, 3, 1, 4});

    for (int row = -2; row < 4; row++) {
        canvas_text(&view, row, -3, ROLE_BAD, "0123456789");
        canvas_fill(&view, row, -5, 100, row == 0 ? '=' : 'x', ROLE_BAD);
        canvas_tint(&view, row, -5, 100, ROLE_WARN);
    }
    expect("\n   ====\n\n");
    cr_assert_eq(canvas_at(&grid, 1, 2)->role, ROLE_TEXT, "the cell left of the view has role %d",
                 canvas_at(&grid, 1, 2)->role);
    cr_assert_eq(canvas_at(&grid, 1, 7)->role, ROLE_TEXT, "the cell right of the view has role %d",
                 canvas_at(&grid, 1, 7)->role);
}

Test(canvas, a_view_is_cut_to_what_lies_inside)
{
    struct canvas view = canvas_view(&grid, (struct rect){-1, 8, 9, 9});

    cr_assert_eq(view.rows, 3, "%d rows", view.rows);
    cr_assert_eq(view.cols, 2, "%d columns", view.cols);
    view = canvas_view(&grid, (struct rect){5, 5, 2, 2});
    cr_assert_eq(view.rows, 0, "%d rows", view.rows);
    canvas_text(&view, 0, 0, ROLE_TEXT, "nowhere");
    expect("\n\n\n");
}

Test(canvas, half_a_wide_character_is_never_left)
{
    canvas_text(&grid, 0, 0, ROLE_TEXT, "中文");
    canvas_put(&grid, 0, 1, 'x', ROLE_TEXT);
    canvas_put(&grid, 0, 2, 'y', ROLE_TEXT);
    expect(" xy\n\n\n");
}

Test(canvas, a_wide_character_that_does_not_fit_is_a_blank)
{
    canvas_text(&grid, 0, 8, ROLE_TEXT, "a中");
    expect("        a\n\n\n");
    canvas_put(&grid, 1, -1, 0x4e2d, ROLE_TEXT);
    expect("        a\n\n\n");
}

Test(canvas, a_combining_character_joins_the_one_before)
{
    canvas_text(&grid, 0, 0, ROLE_TEXT, "e\u0301x");
    expect("e\u0301x\n\n\n");
    cr_assert_eq(canvas_at(&grid, 0, 1)->rune, 'x', "U+%04x", canvas_at(&grid, 0, 1)->rune);
}

Test(canvas, a_combining_character_at_the_edge_joins_nothing)
{
    canvas_text(&grid, 0, 0, ROLE_TEXT, "\u0301");
    expect("\n\n\n");
}

Test(canvas, long_text_in_a_place_ends_in_an_ellipsis)
{
    int used = canvas_text_in(&grid, 0, 2, 5, ROLE_TEXT, "abcdefgh");

    cr_assert_eq(used, 5, "%d columns", used);
    expect("  abcd…\n\n\n");
}

Test(canvas, text_that_fits_its_place_is_whole)
{
    canvas_text_in(&grid, 0, 2, 5, ROLE_TEXT, "abcde");
    expect("  abcde\n\n\n");
}

Test(canvas, an_ellipsis_may_fall_upon_a_wide_character)
{
    canvas_text_in(&grid, 0, 0, 4, ROLE_TEXT, "a中文");
    expect("a中…\n\n\n");
    canvas_text_in(&grid, 1, 0, 3, ROLE_TEXT, "a中文");
    expect("a中…\na …\n\n");
}

Test(canvas, right_aligned_text_ends_before_its_column)
{
    int col = canvas_text_right(&grid, 0, 6, ROLE_TEXT, "abc");

    cr_assert_eq(col, 3, "begins in column %d", col);
    expect("   abc\n\n\n");
}

Test(canvas, reduced_to_ascii_it_holds_nothing_else)
{
    canvas_text(&grid, 0, 0, ROLE_TEXT, "─│┼█⣿…中e\u0301");
    canvas_reduce(&grid, CANVAS_ASCII);
    expect("-|+#:~? e\n\n\n");
}

Test(canvas, reduced_to_lines_it_keeps_line_drawing)
{
    canvas_text(&grid, 0, 0, ROLE_TEXT, "─│┼█⣿…");
    canvas_reduce(&grid, CANVAS_LINES);
    expect("─│┼#:~\n\n\n");
}

Test(canvas, a_rune_is_appended_whole_or_not_at_all)
{
    char text[6] = "ab";

    canvas_append_rune(text, sizeof text, 0x4e2d);
    cr_assert_str_eq(text, "ab中", "%s", text);
    canvas_append_rune(text, sizeof text, 'x');
    cr_assert_str_eq(text, "ab中", "%s", text);
}
