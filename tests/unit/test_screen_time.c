/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/keyboard.h"

TestSuite(screen_time, .init = keyboard_init, .fini = keyboard_fini);

static void assert_move(uint32_t key, enum screen_move move, int64_t ns)
{
    enum screen_wish wish = press(key);

    cr_assert(wish == WISH_MOVE && screen.move == move && screen.move_ns == ns,
              "key %u: wish %d, move %d by %ld", key, (int)wish, (int)screen.move,
              (long)screen.move_ns);
}

Test(screen_time, arrows_move_by_a_sixtieth_of_the_window)
{
    screen.own_window = true;
    screen.view.window_ns = INT64_C(3600000000000);
    assert_move(KEY_CODE_LEFT, SCREEN_MOVE_BY, -INT64_C(60000000000));
    assert_move(KEY_CODE_RIGHT, SCREEN_MOVE_BY, INT64_C(60000000000));
    assert_move('{', SCREEN_MOVE_BY, -INT64_C(600000000000));
    assert_move('}', SCREEN_MOVE_BY, INT64_C(600000000000));
    assert_move('.', SCREEN_MOVE_LIVE, 0);
    assert_move('+', SCREEN_MOVE_NOT, 0);
}

Test(screen_time, arrows_scroll_in_a_dump)
{
    press('S');
    cr_assert_eq(press(KEY_CODE_LEFT), WISH_NONE, "they move through time");
}

Test(screen_time, a_typed_time_is_jumped_to)
{
    press('b');
    type("-90");
    assert_move('\r', SCREEN_MOVE_TO_CLOCK, fixture->model.real_ns - INT64_C(90000000000));
    press('b');
    type("noon");
    cr_assert_eq(press('\r'), WISH_NONE, "it moves to no time");
    cr_assert(shows("no time: write 14:05"), "it does not say what it wants");
}

static void go_back(int64_t ns)
{
    struct model *m = &fixture->model;

    m->view.past = true;
    m->view.now_ns = m->view.last_ns = m->view.end_ns = m->mono_ns;
    m->mono_ns -= ns;
    m->real_ns -= ns;
}

Test(screen_time, the_past_is_never_shown_as_live)
{
    go_back(INT64_C(200000000000));
    for (uint32_t key = '1'; key < '1' + PANEL_TABS; key++) {
        press(key);
        cr_assert(shows("was live"), "panel %c", (int)key);
        cr_assert(shows("PAST -3m20s"), "panel %c does not say how far back", (int)key);
    }
    assert_move(0x1b, SCREEN_MOVE_LIVE, 0);
}

Test(screen_time, a_message_goes_away_in_the_past_too)
{
    go_back(INT64_C(200000000000));
    screen_say(&screen, &fixture->model, ROLE_STRONG, "moved to somewhere");
    cr_assert(shows("moved to somewhere"), "it is not shown");
    fixture->model.view.now_ns += INT64_C(6000000000);
    cr_assert_not(shows("moved to somewhere"), "it stays");
}

Test(screen_time, there_is_nothing_to_dump_in_the_past)
{
    go_back(INT64_C(200000000000));
    cr_assert_eq(press('D'), WISH_NONE, "a dump is wished for");
    cr_assert(shows("stacks are only those of now"), "it does not say why");
    fixture->model.view.replay = true;
    press('D');
    cr_assert(shows("a recording is not dumped"), "it does not say why");
}

Test(screen_time, stacks_of_a_recording_are_compared)
{
    go_back(INT64_C(200000000000));
    press('S');
    cr_assert_eq(press('c'), WISH_NONE, "in the past of a target");
    fixture->model.view.replay = true;
    cr_assert_eq(press('c'), WISH_COMPARE, "it is not wished for");
    fixture->model.dump = NULL;
    cr_assert_eq(press('c'), WISH_NONE, "there are no stacks");
    cr_assert(shows("a recording is not dumped"), "it does not say why");
}

Test(screen_time, a_report_is_made_of_a_target_at_any_time)
{
    cr_assert_eq(press('R'), WISH_REPORT, "no report");
    go_back(INT64_C(200000000000));
    cr_assert_eq(press('R'), WISH_REPORT, "no report in the past");
    fixture->model.view.replay = true;
    cr_assert_eq(press('R'), WISH_NONE, "a report of a recording");
    cr_assert(shows("this is a recording"), "it does not say why");
}

Test(screen_time, a_recording_says_whether_it_plays)
{
    go_back(0);
    fixture->model.view.replay = fixture->model.view.playing = true;
    cr_assert(shows("REPLAY") && shows("Space pauses"), "it plays");
    fixture->model.view.playing = false;
    cr_assert(shows("REPLAY paused") && shows("Space plays"), "it is paused");
    cr_assert_eq(press(' '), WISH_FREEZE, "Space does nothing");
}

Test(screen_time, figures_are_compared_with_the_baseline)
{
    static struct snapshot base;

    cr_assert_eq(press('a'), WISH_BASELINE, "a");
    cr_assert_eq(press('A'), WISH_NO_BASELINE, "A");
    base = *fixture->model.snapshot;
    base.value[MON_TASKS_WAITING] -= 7;
    fixture->model.baseline = &base;
    cr_assert(shows(" +7"), "Overview has no difference");
    press('7');
    press('&');
    type("tasks.waiting");
    cr_assert(shows("SINCE THE BASELINE") && shows("+7"), "All metrics has none");
}

static int count_of(char letter)
{
    struct canvas canvas;
    int n = 0;

    canvas_init(&canvas, ROWS, COLS);
    screen_fit(&screen, &fixture->model, ROWS, COLS);
    screen_draw(&screen, &fixture->model, &canvas);
    char *text = canvas_to_text(&canvas);
    for (const char *p = text; *p != '\0'; p++)
        n += *p == letter;
    free(text);
    canvas_fini(&canvas);
    return n;
}

Test(screen_time, marks_stand_below_the_plots)
{
    static struct model_marks marks = {.n = 1};
    int before = count_of('m');

    cr_assert_eq(press('m'), WISH_MARK, "m");
    assert_move('\'', SCREEN_MOVE_MARK, 0);
    marks.at_ns[0] = fixture->model.mono_ns - INT64_C(60000000000);
    fixture->model.marks = &marks;
    cr_assert_eq(count_of('m'), before + 1, "%d of them", count_of('m') - before);
}

Test(screen_time, a_line_shows_where_the_cursor_is)
{
    int before = count_of('|');

    screen.view.tier = PLOT_ASCII;
    before = count_of('|');
    go_back(INT64_C(120000000000));
    cr_assert_gt(count_of('|'), before, "there is none");
}
