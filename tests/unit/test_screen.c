/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/support/keyboard.h"

TestSuite(screen, .init = keyboard_init, .fini = keyboard_fini);

Test(screen, digits_open_their_panels)
{
    for (int i = 0; i < PANEL_TABS; i++) {
        press('1' + (uint32_t)i);
        cr_assert_eq((int)screen_open(&screen), i, "%d opens panel %d", i + 1,
                     (int)screen_open(&screen));
    }
}

Test(screen, tab_goes_round_in_both_directions)
{
    for (int i = 0; i < PANEL_TABS; i++)
        press('\t');
    cr_assert_eq(screen_open(&screen), PANEL_OVERVIEW, "%d", (int)screen_open(&screen));
    press(KEY_CODE_BACK_TAB);
    cr_assert_eq(screen_open(&screen), PANEL_METRICS, "%d", (int)screen_open(&screen));
}

Test(screen, what_must_be_done_outside_is_a_wish)
{
    static const struct {
        uint32_t key;
        enum screen_wish wish;
    } cases[] = {
        {'q', WISH_QUIT},
        {3, WISH_QUIT},
        {KEY_CODE_F0 + 10, WISH_QUIT},
        {' ', WISH_FREEZE},
        {'p', WISH_FREEZE},
        {'D', WISH_DUMP},
        {12, WISH_REDRAW},
        {26, WISH_SUSPEND},
        {'1', WISH_NONE},
        {'%', WISH_NONE},
        {KEY_CODE_OTHER, WISH_NONE},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum screen_wish wish = press(cases[i].key);
        cr_assert_eq(wish, cases[i].wish, "key %u: wish %d", cases[i].key, (int)wish);
    }
}

Test(screen, a_dump_opens_over_the_panel_and_esc_goes_back)
{
    press('4');
    press('D');
    cr_assert_eq(screen_open(&screen), PANEL_STACKS, "%d", (int)screen_open(&screen));
    press(0x1b);
    cr_assert_eq(screen_open(&screen), PANEL_SCHED, "%d", (int)screen_open(&screen));
}

Test(screen, a_target_that_has_ended_is_not_asked_for_a_dump)
{
    fixture->model.status.state = TARGET_KILLED;
    cr_assert_eq(press('D'), WISH_NONE, "it is asked");
    cr_assert(shows("the target has ended"), "nothing says why");
}

Test(screen, help_explains_the_panel_that_was_open_and_closes_again)
{
    press('3');
    press('?');
    cr_assert(shows("for so long the whole program"), "no help on the collector");
    press('?');
    cr_assert_eq(screen_open(&screen), PANEL_GC, "%d", (int)screen_open(&screen));
}

Test(screen, help_can_be_searched)
{
    press('?');
    press('/');
    type("zoom");
    press('\r');
    press('/');
    type("glyphs\r");
    press('/');
    type("braille\r");
    cr_assert(shows("braille"), "the line is not in sight");
    cr_assert_gt(screen.state[PANEL_HELP].scroll.cursor, 0, "the cursor did not move");
}

Test(screen, zoom_stays_between_a_minute_and_seven_days)
{
    for (int i = 0; i < 20; i++)
        press('+');
    cr_assert_eq(screen.view.window_ns, INT64_C(60000000000), "%ld", (long)screen.view.window_ns);
    for (int i = 0; i < 20; i++)
        press('-');
    cr_assert_eq(screen.view.window_ns, 7 * INT64_C(86400000000000), "%ld",
                 (long)screen.view.window_ns);
    press('=');
    screen_fit(&screen, &fixture->model, ROWS, COLS);
    cr_assert_eq(screen.view.window_ns, INT64_C(900000000000), "%ld", (long)screen.view.window_ns);
}

Test(screen, plots_show_no_more_time_than_something_is_known_of)
{
    static const int64_t known_s[] = {0, 30, 61, 301, 5000};
    static const int64_t window_s[] = {60, 60, 120, 600, 900};

    for (int i = 0; i < 5; i++) {
        fixture_free(fixture);
        fixture = fixture_new(FIXTURE_EMPTY);
        if (known_s[i] > 0)
            history_add(fixture->history, MON_HEAP_ALLOC,
                        FIXTURE_NOW_NS - known_s[i] * INT64_C(1000000000), 1);
        screen_fit(&screen, &fixture->model, ROWS, COLS);
        cr_assert_eq(screen.view.window_ns / 1000000000, window_s[i], "%ld s known: %ld s shown",
                     (long)known_s[i], (long)(screen.view.window_ns / 1000000000));
    }
}

Test(screen, glyphs_cycle_through_those_that_the_terminal_has)
{
    for (int i = 0; i < PLOT_TIERS; i++)
        press('u');
    cr_assert_eq(screen.view.tier, PLOT_BRAILLE, "%d", (int)screen.view.tier);
    screen_init(&screen, PLOT_LINES, PLOT_LINES, 1000000000);
    press('u');
    press('u');
    cr_assert_eq(screen.view.tier, PLOT_LINES, "%d", (int)screen.view.tier);
}

Test(screen, a_new_delay_is_taken_and_a_wrong_one_refused)
{
    press('d');
    type("2.5");
    cr_assert_eq(press('\r'), WISH_SAMPLE, "no sample is taken");
    cr_assert_eq(screen.view.delay_ns, INT64_C(2500000000), "%ld", (long)screen.view.delay_ns);
    static const char *const wrong[] = {"0", "-1", "nan", "1e9", "two", "3x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        press('d');
        type(wrong[i]);
        cr_assert_eq(press('\r'), WISH_NONE, "\"%s\" is taken", wrong[i]);
        cr_assert_eq(screen.view.delay_ns, INT64_C(2500000000), "\"%s\" sets %ld", wrong[i],
                     (long)screen.view.delay_ns);
    }
}

Test(screen, the_present_delay_is_told_and_an_empty_line_keeps_it)
{
    screen.view.delay_ns = INT64_C(2500000000);
    press('d');
    cr_assert(shows("(now 2.5):"), "the present value is not told");
    cr_assert_eq(press('\r'), WISH_NONE, "a sample is taken");
    cr_assert_eq(screen.view.delay_ns, INT64_C(2500000000), "%ld", (long)screen.view.delay_ns);
    cr_assert_not(shows("nothing was changed"), "it is called a mistake");
}

Test(screen, what_is_typed_is_seen_on_a_tiny_screen)
{
    static const int widths[] = {120, 39, 20, 5};
    struct canvas canvas;

    for (int i = 0; i < 4; i++) {
        canvas_init(&canvas, 4, widths[i]);
        screen_fit(&screen, &fixture->model, 4, widths[i]);
        screen_key(&screen, &fixture->model, 'd');
        screen_key(&screen, &fixture->model, '7');
        screen_draw(&screen, &fixture->model, &canvas);
        char *text = canvas_to_text(&canvas);
        cr_assert_not_null(strchr(text, '7'), "%d columns: <%s>", widths[i], text);
        free(text);
        screen_key(&screen, &fixture->model, 0x1b);
        screen_draw(&screen, &fixture->model, &canvas);
        text = canvas_to_text(&canvas);
        cr_assert_eq(strncmp(text, "order", 5), 0, "%d columns: <%s>", widths[i], text);
        free(text);
        canvas_fini(&canvas);
    }
}

Test(screen, a_tiny_screen_shows_that_something_is_asked_for)
{
    struct canvas canvas;

    canvas_init(&canvas, 3, 20);
    screen_fit(&screen, &fixture->model, 3, 20);
    screen_key(&screen, &fixture->model, 'd');
    screen_draw(&screen, &fixture->model, &canvas);
    char *text = canvas_to_text(&canvas);
    cr_assert_eq(strncmp(text, ">", 1), 0, "<%s>", text);
    free(text);
    canvas_fini(&canvas);
}

Test(screen, typed_keys_are_text_and_not_commands)
{
    press('7');
    press('/');
    cr_assert_eq(press('q'), WISH_NONE, "q quits while a text is typed");
    type("heap");
    cr_assert_str_eq(screen.state[PANEL_METRICS].find, "qheap", "%s",
                     screen.state[PANEL_METRICS].find);
    press(0x1b);
    cr_assert_str_eq(screen.state[PANEL_METRICS].find, "", "%s", screen.state[PANEL_METRICS].find);
}

Test(screen, rubbing_out_takes_whole_characters)
{
    press('7');
    press('/');
    press(0x4e2d);
    press('x');
    press(KEY_CODE_BACKSPACE);
    cr_assert_str_eq(screen.typed, "中", "%s", screen.typed);
    press(KEY_CODE_BACKSPACE);
    cr_assert_str_eq(screen.typed, "", "%s", screen.typed);
    press(KEY_CODE_BACKSPACE);
    cr_assert_str_eq(screen.typed, "", "%s", screen.typed);
}

Test(screen, a_line_that_is_too_long_is_cut)
{
    press('7');
    press('/');
    for (int i = 0; i < 1000; i++)
        press('a' + (uint32_t)i % 26);
    cr_assert_lt(strlen(screen.typed), sizeof screen.typed, "%zu", strlen(screen.typed));
    cr_assert_lt(strlen(screen.state[PANEL_METRICS].find), PANEL_TEXT_BYTES, "%zu",
                 strlen(screen.state[PANEL_METRICS].find));
}

Test(screen, search_moves_the_cursor_to_matches_and_round)
{
    struct panel_state *state = &screen.state[PANEL_METRICS];

    press('7');
    press('/');
    type("NumGC\r");
    int first = state->scroll.cursor;
    cr_assert_gt(first, 0, "%d", first);
    press('n');
    press('N');
    cr_assert_eq(state->scroll.cursor, first, "%d", state->scroll.cursor);
    press('n');
    cr_assert_eq(state->scroll.cursor, first, "the only match is left for %d",
                 state->scroll.cursor);
}

/* The line of a holder is a row of the list, below that of its group. */
Test(screen, the_holder_of_a_lock_is_searched_and_filtered_by)
{
    const struct scroll *scroll = &screen.state[PANEL_TASKS].scroll;

    press('5');
    type("/stock keeper\r");
    cr_assert_eq(scroll->cursor, 3, "at %d", scroll->cursor);
    type("/clock.c\r");
    cr_assert_eq(scroll->cursor, 2, "at %d", scroll->cursor);
    press('G');
    cr_assert_eq(scroll->cursor, 8, "the last row is %d", scroll->cursor);
    type("&3 readers\r");
    cr_assert(shows("11 of them held by 3 readers") && shows("RWMutex"), "it is left out");
    cr_assert_not(shows("clock.c:31"), "all are shown");
}

Test(screen, a_search_that_finds_nothing_says_so)
{
    for (uint32_t key = '3'; key <= '7'; key++) {
        press(key);
        press('/');
        type("no such text\r");
        cr_assert(shows("not found: no such text"), "panel %c says nothing", (int)key);
        press(0x1b);
    }
    press('7');
    press('/');
    type("NumGC\r");
    cr_assert_not(shows("not found"), "what is there is not found");
}

Test(screen, a_message_leaves_the_tabs_in_sight)
{
    press('5');
    type("/no such text\r");
    cr_assert(shows("1 2 3 4 5 Tasks 6 7 ") && shows("not found: no such text"), "they are gone");
}

Test(screen, a_help_that_the_table_cuts_is_whole_below_it)
{
    press('7');
    cr_assert_not(shows("tasks running on a proc or detached from one"), "there is room");
    type("/tasks.running\r");
    cr_assert(shows("tasks.running: tasks running on a proc or detached from one"), "it is cut");
}

Test(screen, an_empty_search_ends_the_search)
{
    press('7');
    press('/');
    type("NumGC\r");
    int cursor = screen.state[PANEL_METRICS].scroll.cursor;
    press('/');
    press('\r');
    cr_assert_str_eq(screen.state[PANEL_METRICS].find, "", "%s", screen.state[PANEL_METRICS].find);
    cr_assert_eq(screen.state[PANEL_METRICS].scroll.cursor, cursor, "the cursor moved");
}

Test(screen, procs_and_collections_are_searched_by_what_their_rows_show)
{
    press('4');
    press('/');
    type("blocking\r");
    cr_assert_eq(screen.state[PANEL_SCHED].scroll.cursor, 5, "%d",
                 screen.state[PANEL_SCHED].scroll.cursor);
    press('3');
    press('/');
    type("14 240\r");
    cr_assert_eq(screen.state[PANEL_GC].scroll.cursor, 45, "%d",
                 screen.state[PANEL_GC].scroll.cursor);
    press('/');
    press(0x15);
    type("343.1us\r");
    cr_assert_eq(screen.state[PANEL_GC].scroll.cursor, 0, "%d",
                 screen.state[PANEL_GC].scroll.cursor);
}

Test(screen, every_panel_with_the_keys_of_a_search_has_one)
{
    for (int id = 0; id < PANEL_COUNT; id++) {
        const struct panel *panel = panel_get((enum panel_id)id);
        bool promised = (panel->scopes & SCOPE_LIST) != 0;
        bool there = panel->count != NULL && (panel->holds != NULL || panel->find != NULL);
        cr_assert_eq(promised, there, "panel %d: promised %d, there %d", id, promised, there);
    }
}

Test(screen, a_filter_shows_what_it_says_while_it_is_typed)
{
    press('5');
    press('&');
    type("handle_order");
    cr_assert(shows("chan receive"), "the group that was asked for is hidden");
    cr_assert_not(shows("IO wait"), "another group is shown");
    press('\r');
    cr_assert_not(shows("IO wait"), "the filter ends with Enter");
    press(0x1b);
    cr_assert(shows("IO wait"), "Esc does not end it");
}

Test(screen, a_filter_is_told_as_long_as_it_is_on)
{
    static const uint32_t keys[] = {'5', '7', 'S'};

    for (int i = 0; i < 3; i++) {
        press(keys[i]);
        press('&');
        type("no such\r");
        cr_assert(shows("only \"no such\""), "panel %c does not tell", (int)keys[i]);
        cr_assert(shows("holds the text"), "panel %c is empty without a word", (int)keys[i]);
        press(0x1b);
        cr_assert_not(shows("only \"no such\""), "panel %c tells of it for ever", (int)keys[i]);
    }
}

Test(screen, columns_are_sorted_in_both_directions)
{
    int index = screen.state[PANEL_TASKS].sort;

    press('5');
    press('<');
    cr_assert_eq(screen.state[PANEL_TASKS].sort, index, "it sorts by column %d",
                 screen.state[PANEL_TASKS].sort);
    for (int i = 0; i < 20; i++)
        press('>');
    cr_assert_eq(screen.state[PANEL_TASKS].sort, 5, "%d", screen.state[PANEL_TASKS].sort);
    press('I');
    cr_assert(screen.state[PANEL_TASKS].inverted, "not inverted");
}

Test(screen, the_line_that_an_alert_names_is_seen_on_a_narrow_screen)
{
    cr_assert(shows("! 03:09:12  handle_order orders/queue.c:214  1 930 tasks"),
              "not on the overview");
    press('6');
    cr_assert(shows("task-growth    handle_order orders/queue.c:214  1 930"),
              "not in the list of alerts");
}

Test(screen, the_arrow_shows_which_way_a_column_is_sorted)
{
    static const char *const heads[] = {"▼TASKS", "▼LEAKED", "STATE▲", "▼LONGEST",
                                        "SPAWNED AT▲"};
    static const char *const inverted[] = {"▲TASKS", "▲LEAKED", "STATE▼", "▲LONGEST",
                                           "SPAWNED AT▼"};

    press('5');
    for (int column = 0; column < 5; column++) {
        cr_assert(shows(heads[column]), "column %d has no %s", column, heads[column]);
        press('I');
        cr_assert(shows(inverted[column]), "column %d has no %s", column, inverted[column]);
        press('I');
        press('>');
    }
}

Test(screen, sizes_of_objects_are_told_in_bytes)
{
    fixture->snapshot.size_class[4].object_bytes = 32768;
    press('2');
    cr_assert(shows(" 32768 "), "not there");
}

/* ---- Around the panel ---- */

Test(screen, a_dead_target_is_never_shown_as_live)
{
    static const struct {
        enum target_state state;
        const char *word;
    } cases[] = {{TARGET_EXITED, "EXITED"},   {TARGET_CRASHED, "CRASHED"},
                 {TARGET_KILLED, "KILLED"},   {TARGET_REPLACED, "REPLACED"},
                 {TARGET_STOPPED, "STOPPED"}, {TARGET_STALLED, "STALLED"}};

    cr_assert(shows("[8123]  live"), "a live target is not said to be so");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture->model.status.state = cases[i].state;
        for (uint32_t key = '1'; key <= '7'; key++) {
            press(key);
            cr_assert(shows(cases[i].word), "%s is not on panel %c", cases[i].word, (int)key);
            cr_assert_not(shows("[8123]  live"), "panel %c of state %d says live", (int)key,
                          (int)cases[i].state);
        }
    }
}

Test(screen, a_frozen_picture_says_since_when)
{
    fixture->model.view.frozen = true;
    fixture->model.view.end_ns -= INT64_C(42000000000);
    cr_assert(shows("FROZEN +42s"), "it does not");
}

Test(screen, a_message_goes_away_by_itself)
{
    screen_say(&screen, &fixture->model, ROLE_STRONG, "saved to somewhere");
    cr_assert(shows("saved to somewhere"), "it is not shown");
    fixture->model.mono_ns += INT64_C(6000000000);
    cr_assert_not(shows("saved to somewhere"), "it stays");
}

Test(screen, an_alert_is_silenced_by_a_key)
{
    const struct alert *chosen;

    press('6');
    cr_assert(shows("open     task-growth"), "it is not open");
    cr_assert_eq(press('x'), WISH_SILENCE, "x does nothing");
    chosen = screen_alert(&screen, &fixture->model);
    cr_assert(chosen != NULL && chosen->lint == LINT_TASK_GROWTH, "another one");
    alerts_silence(&fixture->alerts, chosen->lint, chosen->key, true);
    cr_assert(shows("silenced task-growth"), "it is not silenced");
    cr_assert(shows("x lets it be heard again"), "how to undo it is not told");
    fixture->alerts.n = fixture->alerts.nstanding = fixture->alerts.nsilenced = 0;
    cr_assert_eq(press('x'), WISH_NONE, "there is nothing to silence");
    cr_assert_null(screen_alert(&screen, &fixture->model), "of none");
}

Test(screen, the_time_to_a_limit_is_on_the_overview)
{
    struct forecast f = {.state = FORECAST_KNOWN,
                         .of = USAGE_MEMORY,
                         .left_ns = 11400 * NS_PER_S,
                         .soonest_ns = 9900 * NS_PER_S};

    cr_assert_not(shows("MEMORY LIMIT IN"), "without a forecast");
    fixture->model.forecast = &f;
    cr_assert(shows("MEMORY LIMIT IN 3h10m +-25m"), "not there");
    f.state = FORECAST_LEVEL;
    cr_assert_not(shows("MEMORY LIMIT IN"), "of what does not grow");
}
