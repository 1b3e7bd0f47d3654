/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>

#include "mon/scroll.h"

Test(scroll, an_empty_list_has_no_cursor)
{
    struct scroll scroll = {.cursor = 7, .top = 3};
    struct scroll_window window = scroll_window(&scroll, 0, 10);

    cr_assert_eq(window.cursor, -1, "%d", window.cursor);
    cr_assert_eq(window.first, window.end, "%d to %d", window.first, window.end);
}

Test(scroll, the_cursor_is_always_inside_what_is_seen)
{
    for (int count = 1; count < 30; count++) {
        for (int rows = -1; rows < 35; rows++) {
            for (int cursor = -2; cursor < 40; cursor += 3) {
                struct scroll scroll = {.cursor = cursor, .top = (cursor * 7) % 31};
                struct scroll_window w = scroll_window(&scroll, count, rows);
                cr_assert(w.first >= 0 && w.end <= count && w.cursor >= w.first &&
                              w.cursor < w.end && w.end - w.first <= (rows < 1 ? 1 : rows),
                          "count %d rows %d cursor %d: [%d, %d) %d", count, rows, cursor, w.first,
                          w.end, w.cursor);
            }
        }
    }
}

Test(scroll, a_short_list_is_seen_whole)
{
    struct scroll scroll = {.cursor = 4, .top = 4};
    struct scroll_window window = scroll_window(&scroll, 5, 10);

    cr_assert_eq(window.first, 0, "%d", window.first);
    cr_assert_eq(window.end, 5, "%d", window.end);
}

Test(scroll, moving_down_scrolls_only_at_the_lower_edge)
{
    struct scroll scroll = {0};

    for (int i = 0; i < 9; i++)
        scroll_command(&scroll, COMMAND_DOWN, 100, 10);
    cr_assert_eq(scroll.top, 0, "top %d", scroll.top);
    scroll_command(&scroll, COMMAND_DOWN, 100, 10);
    cr_assert_eq(scroll.top, 1, "top %d", scroll.top);
    cr_assert_eq(scroll.cursor, 10, "cursor %d", scroll.cursor);
}

Test(scroll, the_ends_hold)
{
    struct scroll scroll = {0};

    scroll_command(&scroll, COMMAND_UP, 100, 10);
    cr_assert_eq(scroll.cursor, 0, "%d", scroll.cursor);
    scroll_command(&scroll, COMMAND_LAST, 100, 10);
    cr_assert_eq(scroll.cursor, 99, "%d", scroll.cursor);
    cr_assert_eq(scroll.top, 90, "%d", scroll.top);
    scroll_command(&scroll, COMMAND_PAGE_DOWN, 100, 10);
    cr_assert_eq(scroll.cursor, 99, "%d", scroll.cursor);
    scroll_command(&scroll, COMMAND_FIRST, 100, 10);
    cr_assert_eq(scroll.cursor, 0, "%d", scroll.cursor);
}

Test(scroll, a_page_leaves_one_row_in_common)
{
    struct scroll scroll = {0};

    scroll_command(&scroll, COMMAND_PAGE_DOWN, 100, 10);
    cr_assert_eq(scroll.cursor, 9, "%d", scroll.cursor);
    scroll_command(&scroll, COMMAND_PAGE_UP, 100, 10);
    cr_assert_eq(scroll.cursor, 0, "%d", scroll.cursor);
}

Test(scroll, a_command_of_another_kind_is_left_to_others)
{
    struct scroll scroll = {.cursor = 3};

    cr_assert_not(scroll_command(&scroll, COMMAND_QUIT, 100, 10), "quit moved the cursor");
    cr_assert_eq(scroll.cursor, 3, "%d", scroll.cursor);
}
