/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/keyboard.h"

TestSuite(mouse, .init = keyboard_init, .fini = keyboard_fini);

/* The row of the terminal that the cursor of the list is drawn in. */
static int selected_row(void)
{
    struct canvas canvas;
    int row = 0;

    canvas_init(&canvas, ROWS, COLS);
    screen_fit(&screen, &fixture->model, ROWS, COLS);
    screen_draw(&screen, &fixture->model, &canvas);
    while (row < ROWS && canvas_at(&canvas, row, 20)->role != ROLE_SELECTED)
        row++;
    canvas_fini(&canvas);
    cr_assert_lt(row, ROWS, "no cursor is seen");
    return row;
}

static enum screen_wish click(int row, int col)
{
    screen_fit(&screen, &fixture->model, ROWS, COLS);
    screen_point(&screen, row, col);
    return press(KEY_CODE_CLICK);
}

Test(mouse, a_click_on_a_tab_opens_it_wherever_its_name_stands)
{
    for (int open = 0; open < PANEL_TABS; open++) {
        press('1' + (uint32_t)open);
        struct canvas canvas;
        canvas_init(&canvas, ROWS, COLS);
        screen_fit(&screen, &fixture->model, ROWS, COLS);
        screen_draw(&screen, &fixture->model, &canvas);
        for (int col = 0, digit = 0; digit < PANEL_TABS && col < COLS; col++) {
            if (canvas_at(&canvas, ROWS - 1, col)->rune != '1' + (uint32_t)digit)
                continue;
            click(ROWS - 1, col);
            cr_assert_eq(screen.tab, (enum panel_id)digit, "with %d open, column %d opens %d", open,
                         col, (int)screen.tab);
            press('1' + (uint32_t)open);
            digit++;
        }
        canvas_fini(&canvas);
    }
}

Test(mouse, a_click_beside_the_tabs_opens_nothing)
{
    press('3');
    click(ROWS - 1, COLS - 1);
    cr_assert_eq(screen.tab, PANEL_GC, "it opens %d", (int)screen.tab);
    click(0, 0);
    cr_assert_eq(screen.tab, PANEL_GC, "the header opens %d", (int)screen.tab);
}

Test(mouse, a_click_on_a_row_puts_the_cursor_there)
{
    struct scroll *scroll = &screen.state[PANEL_METRICS].scroll;

    press('7');
    click(6, 10);
    int at = scroll->cursor;
    click(9, 10);
    cr_assert_eq(scroll->cursor, at + 3, "from %d to %d", at, scroll->cursor);
    click(ROWS + 5, 10);
    click(1, 10); /* the head of the table */
    cr_assert_eq(scroll->cursor, at + 3, "outside it goes to %d", scroll->cursor);
}

Test(mouse, a_click_in_a_list_that_is_scrolled_means_the_row_that_is_seen)
{
    struct scroll *scroll = &screen.state[PANEL_METRICS].scroll;

    press('7');
    press('v');
    press('G');
    int end = scroll->cursor;
    press('k');
    press('k');
    click(selected_row() + 2, 10);
    cr_assert_eq(scroll->cursor, end, "to %d, not %d", scroll->cursor, end);
}

Test(mouse, the_wheel_moves_by_three_rows_and_stays_in_the_list)
{
    struct scroll *scroll = &screen.state[PANEL_METRICS].scroll;

    press('7');
    press(KEY_CODE_WHEEL_DOWN);
    press(KEY_CODE_WHEEL_DOWN);
    cr_assert_eq(scroll->cursor, 6, "%d", scroll->cursor);
    press(KEY_CODE_WHEEL_UP);
    press(KEY_CODE_WHEEL_UP);
    press(KEY_CODE_WHEEL_UP);
    cr_assert_eq(scroll->cursor, 0, "%d", scroll->cursor);
}

Test(mouse, a_second_click_on_a_row_is_as_enter)
{
    press('S');
    cr_assert_eq(screen_open(&screen), PANEL_STACKS, "%d", (int)screen_open(&screen));
    press('j');
    press('k'); /* the cursor is drawn */
    uint8_t toggled = screen.state[PANEL_STACKS].toggled[0];
    click(selected_row(), 20);
    cr_assert_neq(screen.state[PANEL_STACKS].toggled[0], toggled, "nothing is folded");
}

Test(mouse, typing_is_not_disturbed_by_the_mouse)
{
    press('7');
    press('/');
    type("gc");
    click(ROWS - 1, 0);
    press(KEY_CODE_WHEEL_DOWN);
    cr_assert(screen.prompt == PROMPT_FIND && strcmp(screen.typed, "gc") == 0, "%s", screen.typed);
}
