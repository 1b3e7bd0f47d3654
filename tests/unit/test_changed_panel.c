/* SPDX-License-Identifier: MIT */
/* test_changed_panel.c - the view of what has changed: its keys, its cursor, its plot. */
#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/keyboard.h"
#include "panels/screen.h"

#define MINUTE INT64_C(60000000000)

static void set_up(void)
{
    keyboard_init();
    screen_init(&screen, PLOT_ASCII, PLOT_ASCII, 1000000000);
}

TestSuite(changed_panel, .init = set_up, .fini = keyboard_fini);

static struct panel_state *state(void)
{
    return &screen.state[PANEL_CHANGED];
}

Test(changed_panel, a_key_opens_it_and_it_or_esc_goes_back)
{
    press('3');
    press('c');
    cr_assert_eq(screen_open(&screen), PANEL_CHANGED, "panel %d", (int)screen_open(&screen));
    cr_assert(shows("2 of 21 moved: 03:05:14 to 03:12:44 against 02:57:44 to 03:05:14"), "%s",
              picture());
    press('c');
    cr_assert_eq(screen_open(&screen), PANEL_GC, "panel %d", (int)screen_open(&screen));
    press('c');
    press(0x1b);
    cr_assert_eq(screen_open(&screen), PANEL_GC, "panel %d", (int)screen_open(&screen));
    press('c');
    press('5');
    cr_assert_eq(screen_open(&screen), PANEL_TASKS, "panel %d", (int)screen_open(&screen));
}

Test(changed_panel, enter_plots_the_figure_and_goes_back)
{
    press('c');
    press('/');
    type("heap.live\r");
    press('\r');
    cr_assert(shows("heap.live") && shows("moved by") && !shows("COURSE"), "%s", picture());
    press('\r');
    cr_assert(shows("COURSE"), "%s", picture());
    press('\r');
    press(0x1b);
    cr_assert(shows("COURSE") && state()->find[0] != '\0', "Esc leaves more than the plot:\n%s",
              picture());
}

Test(changed_panel, enter_plots_a_group_of_tasks_too)
{
    press('c');
    press('\r');
    cr_assert(shows("chan receive  handle_order") && shows("200 before, 890 now"), "%s", picture());
}

Test(changed_panel, the_cursor_stays_on_its_figure_while_rows_change_places)
{
    press('c');
    press('/');
    type("heap.live\r");
    int before = state()->scroll.cursor;
    for (int t = 1; t < 300; t++) /* it leaps, and comes first */
        history_add(fixture->history, MON_HEAP_LIVE, FIXTURE_NOW_NS + t * INT64_C(1000000000),
                    UINT64_C(1) << 50);
    fixture->model.view.end_ns += 5 * MINUTE;
    fixture->model.mono_ns += 5 * MINUTE;
    picture();
    cr_assert_lt(state()->scroll.cursor, before, "it stays at %d", before);
    press('\r');
    cr_assert(shows("heap.live"), "%s", picture());
}

Test(changed_panel, the_first_row_is_always_the_first)
{
    press('c');
    cr_assert_eq(state()->chosen, 0, "the cursor is bound to a figure");
}

Test(changed_panel, it_is_filtered_by_names_and_meanings)
{
    press('c');
    press('&');
    type("tasks.\r");
    cr_assert(shows("tasks.total") && !shows("heap.live"), "%s", picture());
    press('&');
    press(0x15);
    type("no such figure\r");
    cr_assert(shows("no figure holds the text"), "%s", picture());
    press('\r');
    cr_assert_not(state()->opened, "a plot of nothing");
}

Test(changed_panel, zoom_and_the_keys_of_time_work_in_it)
{
    press('c');
    press('+');
    cr_assert(shows("03:10:14 to 03:12:44 against 03:07:44 to 03:10:14"), "%s", picture());
    cr_assert_eq(press(KEY_CODE_LEFT), WISH_MOVE, "it does not move");
    cr_assert_eq(press('a'), WISH_BASELINE, "no baseline");
}

Test(changed_panel, at_the_time_of_the_baseline_it_says_so)
{
    fixture->model.baseline = &fixture->snapshot;
    press('c');
    cr_assert(shows("this is the time of the baseline"), "%s", picture());
}

Test(changed_panel, of_the_past_it_shows_what_had_changed_then)
{
    fixture->model.view.past = true;
    fixture->model.mono_ns -= 5 * MINUTE;
    fixture->model.real_ns -= 5 * MINUTE;
    press('c');
    press('+');
    cr_assert(shows("03:05:14 to 03:07:44 against 03:02:44 to 03:05:14"), "%s", picture());
}

Test(changed_panel, a_dump_opens_over_it)
{
    press('c');
    cr_assert_eq(press('D'), WISH_DUMP, "no dump");
    cr_assert_eq(screen_open(&screen), PANEL_STACKS, "panel %d", (int)screen_open(&screen));
    press(0x1b);
    cr_assert_eq(screen_open(&screen), PANEL_CHANGED, "panel %d", (int)screen_open(&screen));
}
