/* SPDX-License-Identifier: MIT */
/* test_screen_sizes.c - a terminal that shrinks to next to nothing, and grows again, while
 * something is open over the panels or is being typed. */
#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "tests/support/keyboard.h"

TestSuite(screen_sizes, .init = keyboard_init, .fini = keyboard_fini, .timeout = 60);

/* Each is opened by its keys. */
static const char *const overlays[] = {"?", "?/gly", "D", "D/wait", "D&or", "Ds",
                                       "c", "5&or",  "d", "b-3",    "7/he", "6"};

static const int sizes[][2] = {{1, 1},   {200, 2}, {3, 500}, {3, 12}, {39, 184}, {1, 500},
                               {200, 1}, {2, 2},   {8, 39},  {7, 40}, {5, 80},   {60, 5}};

static void open_overlay(const char *keys)
{
    screen_init(&screen, PLOT_BRAILLE, PLOT_BRAILLE, 1000000000);
    type(keys);
}

static char *picture_of(int rows, int cols)
{
    struct canvas grid;

    canvas_init(&grid, rows + 2, cols + 2);
    for (int row = 0; row < rows + 2; row++)
        canvas_fill(&grid, row, 0, cols + 2, '@', ROLE_BAD);
    struct canvas view = canvas_view(&grid, (struct rect){1, 1, rows, cols});
    screen_fit(&screen, &fixture->model, rows, cols);
    screen_draw(&screen, &fixture->model, &view);
    for (int row = 0; row < rows + 2; row++)
        cr_assert(canvas_at(&grid, row, 0)->rune == '@' &&
                      canvas_at(&grid, row, cols + 1)->rune == '@',
                  "%dx%d: beside row %d", cols, rows, row);
    for (int col = 0; col < cols + 2; col++)
        cr_assert(canvas_at(&grid, 0, col)->rune == '@' &&
                      canvas_at(&grid, rows + 1, col)->rune == '@',
                  "%dx%d: above or below column %d", cols, rows, col);
    char *text = canvas_to_text(&view);
    canvas_fini(&grid);
    return text;
}

Test(screen_sizes, what_is_open_is_as_it_was_when_the_terminal_has_grown_again)
{
    for (size_t i = 0; i < ARRAY_COUNT(overlays); i++) {
        open_overlay(overlays[i]);
        char *before = picture_of(ROWS, COLS);
        for (size_t k = 0; k < ARRAY_COUNT(sizes); k++) {
            free(picture_of(sizes[k][0], sizes[k][1]));
            char *after = picture_of(ROWS, COLS);
            cr_assert_str_eq(after, before, "\"%s\" after %dx%d:\n%s\nbefore:\n%s", overlays[i],
                             sizes[k][1], sizes[k][0], after, before);
            free(after);
        }
        free(before);
    }
}

static void press_at(uint32_t key, int rows, int cols)
{
    screen_fit(&screen, &fixture->model, rows, cols);
    screen_key(&screen, &fixture->model, key);
    free(picture_of(rows, cols));
}

/* What the screen shows in its usual size after keys that were pressed in another one. */
static char *picture_after_keys(int rows, int cols)
{
    static const uint32_t keys[] = {
        'j',  'j',  'k', KEY_CODE_PAGE_DOWN, 'G', 'n', 'g', '-', '+', '\t', '?', 'x',
        0x7f, '\r', 0x1b};

    for (size_t j = 0; j < ARRAY_COUNT(keys); j++)
        press_at(keys[j], rows, cols);
    return picture_of(ROWS, COLS);
}

/* Whatever is pressed there does the same. */
Test(screen_sizes, keys_are_obeyed_on_any_size)
{
    for (size_t i = 0; i < ARRAY_COUNT(overlays); i++) {
        open_overlay(overlays[i]);
        char *wanted = picture_after_keys(ROWS, COLS);
        for (size_t k = 0; k < ARRAY_COUNT(sizes); k++) {
            open_overlay(overlays[i]);
            char *got = picture_after_keys(sizes[k][0], sizes[k][1]);
            cr_assert_str_eq(got, wanted, "\"%s\" at %dx%d:\n%s\nnot:\n%s", overlays[i],
                             sizes[k][1], sizes[k][0], got, wanted);
            free(got);
        }
        free(wanted);
    }
}

Test(screen_sizes, the_cursor_moves_on_any_size)
{
    const struct scroll *scroll = &screen.state[PANEL_METRICS].scroll;

    for (size_t k = 0; k < ARRAY_COUNT(sizes); k++) {
        int rows = sizes[k][0], cols = sizes[k][1];

        open_overlay("7");
        press_at('j', rows, cols);
        cr_assert_eq(scroll->cursor, 1, "%dx%d: j goes to %d", cols, rows, scroll->cursor);
        press_at(KEY_CODE_PAGE_DOWN, rows, cols);
        int page = scroll->cursor - 1;
        cr_assert(page >= 1 && page <= rows, "%dx%d: a page is %d", cols, rows, page);
        press_at('k', rows, cols);
        cr_assert_eq(scroll->cursor, page, "%dx%d: k goes to %d", cols, rows, scroll->cursor);
        press_at('G', rows, cols);
        int last = scroll->cursor;
        press_at('j', rows, cols);
        cr_assert(last > 40 && scroll->cursor == last, "%dx%d: from %d to %d", cols, rows, last,
                  scroll->cursor);
        press_at('g', rows, cols);
        cr_assert_eq(scroll->cursor, 0, "%dx%d: g goes to %d", cols, rows, scroll->cursor);
    }
}
