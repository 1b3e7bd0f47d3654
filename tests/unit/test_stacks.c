/* SPDX-License-Identifier: MIT */
/* test_stacks.c - the viewer of a dump: what its lines say, folding, searching, saving. */
#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/keyboard.h"
#include "base/bits.h"
#include "mon/dump.h"
#include "panels/screen.h"

static void set_up(void)
{
    keyboard_init();
    screen_init(&screen, PLOT_ASCII, PLOT_ASCII, 1000000000);
}

TestSuite(stacks, .init = set_up, .fini = keyboard_fini);

/* ---- What a line says ---- */

#define SLEEP_C "/home/build/gort/src/runtime/sleep.c"

/* Gives the model a dump of one group with these frames. */
static void show_stack(const struct dump_frame *frame, size_t nframes)
{
    static const struct dump_task task = {.id = 7, .name = ""};
    static struct dump_group group;
    static struct dump dump = {.ntasks = 1, .group = &group, .ngroups = 1};

    group = (struct dump_group){.state = TASK_WAITING,
                                .reason = 3,
                                .frame = frame,
                                .nframes = nframes,
                                .task = &task,
                                .ntasks = 1};
    fixture->model.dump = &dump;
    press('S');
}

static const struct dump_frame sleeper[] = {
    {.function = "sleep_until", .file = SLEEP_C, .module = "", .line = 66, .inlined = true},
    {.function = "gort_sleep", .file = SLEEP_C, .module = "", .line = 80},
    {.function = "gort_now", .file = SLEEP_C, .module = "", .line = 9, .inlined = true},
    {.function = "fight_for_it", .file = "demo/fight.c", .module = "", .line = 31, .inlined = true},
    {.function = "fight", .file = "demo/fight.c", .module = "", .line = 52},
};

Test(stacks, a_folded_group_is_known_by_the_first_frame_of_the_program)
{
    show_stack(sleeper, ARRAY_COUNT(sleeper));
    press('z');
    cr_assert(shows("fight_for_it demo/fight.c:31"), "not there:\n%s", picture());
}

/* The folders of the place are left out until there is room for them. */
Test(stacks, lines_that_are_cut_are_scrolled_sideways)
{
    static const char folder[] = "/home/build/some/where/far/away/from/the/edge/of/the/screen";
    static const struct dump_frame frame[] = {
        {.function = "fight",
         .file = "/home/build/some/where/far/away/from/the/edge/of/the/screen"
                 "/fight.c",
         .module = "",
         .line = 52},
    };
    int left;

    show_stack(frame, ARRAY_COUNT(frame));
    cr_assert(shows("fight.c:52") && !shows(folder), "%s", picture());
    press(KEY_CODE_RIGHT);
    cr_assert(shows("/edge/of/the/screen/fight.c:52"), "%s", picture());
    left = screen.state[PANEL_STACKS].left;
    press(KEY_CODE_RIGHT);
    cr_assert_eq(screen.state[PANEL_STACKS].left, left, "beyond the end by %d",
                 screen.state[PANEL_STACKS].left - left);
    for (int i = 0; i < 5; i++)
        press(KEY_CODE_LEFT);
    cr_assert(shows("  fight ") && !shows(folder), "%s", picture());
}

Test(stacks, lines_that_are_not_cut_stay_where_they_are)
{
    show_stack(&sleeper[3], 2);
    press(KEY_CODE_RIGHT);
    cr_assert_eq(screen.state[PANEL_STACKS].left, 0, "by %d", screen.state[PANEL_STACKS].left);
}

Test(stacks, what_the_runtime_calls_is_not_the_program)
{
    static const struct dump_frame clock[] = {
        {.function = "__vdso_clock_gettime", .file = "", .module = "[vdso]", .offset = 0xb46},
        {.function = "clock_mono_ns", .file = SLEEP_C, .module = "", .line = 12},
        {.function = "gort_now", .file = SLEEP_C, .module = "", .line = 9},
        {.function = "fight", .file = "demo/fight.c", .module = "", .line = 52},
    };

    show_stack(clock, ARRAY_COUNT(clock));
    press('z');
    cr_assert(shows("fight demo/fight.c:52"), "not there:\n%s", picture());
}

Test(stacks, what_is_done_once_is_the_program)
{
    static const struct dump_frame once[] = {
        {.function = "gort_recv", .file = SLEEP_C, .module = "", .line = 9},
        {.function = "read_settings", .file = "demo/settings.c", .module = "", .line = 17},
        {.function = "gort_once_slow", .file = SLEEP_C, .module = "", .line = 22},
        {.function = "gort_once_do", .file = SLEEP_C, .module = "", .line = 64, .inlined = true},
        {.function = "fight", .file = "demo/fight.c", .module = "", .line = 52},
    };

    show_stack(once, ARRAY_COUNT(once));
    press('z');
    cr_assert(shows("read_settings demo/settings.c:17"), "not there:\n%s", picture());
}

Test(stacks, a_stack_of_the_runtime_alone_is_known_by_its_innermost_frame)
{
    show_stack(sleeper, 2);
    press('z');
    cr_assert(shows("sleep_until "), "not there:\n%s", picture());
}

Test(stacks, file_and_line_are_seen_on_a_narrow_screen)
{
    show_stack(sleeper, ARRAY_COUNT(sleeper));
    for (width = 120; width >= 40; width -= 10) {
        cr_assert(shows("sleep.c:66"), "%d columns:\n%s", width, picture());
        cr_assert(shows("fight.c:52"), "%d columns:\n%s", width, picture());
    }
}

/* The column, from the beginning of the function on, of what follows the function. */
static size_t place_column(const char *text, const char *function)
{
    const char *at = strstr(text, function);

    cr_assert_not_null(at, "no %s in\n%s", function, text);
    return strlen(function) + strspn(at + strlen(function), " ");
}

Test(stacks, places_stand_one_below_the_other_on_a_narrow_screen)
{
    show_stack(sleeper, ARRAY_COUNT(sleeper));
    for (width = 60; width <= 100; width += 20) {
        const char *text = picture();
        size_t a = place_column(text, "sleep_until");
        size_t b = place_column(text, "gort_sleep");
        cr_assert_eq(a, b, "%d columns: %zu, %zu:\n%s", width, a, b, text);
    }
}

Test(stacks, folders_are_shown_where_there_is_room)
{
    show_stack(sleeper, ARRAY_COUNT(sleeper));
    width = 120;
    cr_assert(shows(SLEEP_C ":66 (inlined)"), "not there:\n%s", picture());
}

Test(stacks, a_folded_group_shows_its_line_on_a_narrow_screen)
{
    show_stack(sleeper, ARRAY_COUNT(sleeper));
    press('z');
    for (width = 120; width >= 40; width -= 10)
        cr_assert(shows("fight.c:31"), "%d columns:\n%s", width, picture());
}

Test(stacks, one_task_is_not_many)
{
    show_stack(sleeper, 2);
    cr_assert(shows("1 task in 1 group at"), "not there:\n%s", picture());
}

/* ---- Moving, folding, saving ---- */

static int lines_of_dump(void)
{
    return panel_get(PANEL_STACKS)->count(&fixture->model, &screen.state[PANEL_STACKS]);
}

Test(stacks, a_group_folds_to_one_line_and_back)
{
    press('S');
    int whole = lines_of_dump();
    press('\r');
    int folded = lines_of_dump();
    cr_assert_lt(folded, whole, "%d lines of %d", folded, whole);
    press('\r');
    cr_assert_eq(lines_of_dump(), whole, "%d lines", lines_of_dump());
    press('z');
    cr_assert_eq(lines_of_dump(), (int)fixture->dump->ngroups, "%d lines", lines_of_dump());
}

Test(stacks, folding_leaves_the_cursor_on_its_group)
{
    press('S');
    for (int i = 0; i < 12; i++)
        press('j');
    press('\r');
    cr_assert_leq(screen.state[PANEL_STACKS].scroll.cursor, 12, "%d",
                  screen.state[PANEL_STACKS].scroll.cursor);
    press('z');
    press('z');
    cr_assert_lt(screen.state[PANEL_STACKS].scroll.cursor, lines_of_dump(), "%d",
                 screen.state[PANEL_STACKS].scroll.cursor);
}

/* Gives the model a dump of a task that waits for one in the other group. */
static void show_holder(void)
{
    static const struct dump_task waits[] = {{.id = 7, .name = "", .holder = 9}};
    static const struct dump_task holds[] = {{.id = 9, .name = "loader"}};
    static const struct dump_holder holder[] = {
        {.id = 9, .name = "loader", .group = 1, .nwaiters = 1}};
    static struct dump_group group[2];
    static struct dump dump = {.ntasks = 2, .group = group, .ngroups = 2};

    group[0] = (struct dump_group){.state = TASK_WAITING,
                                   .reason = PAGE_WAIT_MUTEX,
                                   .frame = sleeper,
                                   .nframes = 2,
                                   .task = waits,
                                   .ntasks = 1,
                                   .holder = holder,
                                   .nholders = 1};
    group[1] = (struct dump_group){
        .state = TASK_RUNNING, .frame = sleeper, .nframes = 5, .task = holds, .ntasks = 1};
    fixture->model.dump = &dump;
    press('S');
}

Test(stacks, the_holder_of_a_lock_is_named)
{
    show_holder();
    cr_assert(shows("waits for a mutex held by task 9 \"loader\""), "not there:\n%s", picture());
}

Test(stacks, enter_on_a_holder_goes_to_its_stack)
{
    struct panel_state *state = &screen.state[PANEL_STACKS];
    int lines;

    show_holder();
    lines = lines_of_dump();
    press('j');
    press('\r');
    cr_assert_eq(state->scroll.cursor, 6, "it goes to line %d:\n%s", state->scroll.cursor,
                 picture());
    cr_assert_eq(lines_of_dump(), lines, "%d lines, %d before", lines_of_dump(), lines);
}

Test(stacks, the_stack_of_a_holder_is_unfolded_for_who_goes_there)
{
    int lines;

    show_holder();
    lines = lines_of_dump();
    press('G');
    press('\r'); /* folds the holder's group */
    cr_assert_lt(lines_of_dump(), lines, "%d lines", lines_of_dump());
    press('g');
    press('j');
    press('\r');
    cr_assert_eq(lines_of_dump(), lines, "%d lines", lines_of_dump());
}

Test(stacks, stacks_are_searched_forwards_and_backwards)
{
    struct panel_state *state = &screen.state[PANEL_STACKS];

    press('S');
    press('/');
    type("libshop\r");
    int first = state->scroll.cursor;
    press('n');
    int second = state->scroll.cursor;
    cr_assert_gt(second, first, "%d after %d", second, first);
    press('N');
    cr_assert_eq(state->scroll.cursor, first, "%d", state->scroll.cursor);
    press('N');
    cr_assert_gt(state->scroll.cursor, second, "it does not go round: %d", state->scroll.cursor);
}

Test(stacks, what_is_folded_is_found_by_all_of_its_lines)
{
    struct panel_state *state = &screen.state[PANEL_STACKS];

    press('S');
    press('z');
    press('/');
    type("libshop\r");
    cr_assert_eq(state->scroll.cursor, 1, "%d", state->scroll.cursor);
    press('/');
    press(0x15);
    type("no unwind information\r");
    cr_assert_eq(state->scroll.cursor, 4, "%d", state->scroll.cursor);
    cr_assert_not(shows("not found"), "it is said not to be found");
}

Test(stacks, saving_asks_for_a_name_and_then_wishes)
{
    press('S');
    cr_assert_eq(press('w'), WISH_NONE, "it saves at once");
    cr_assert_eq(screen.prompt, PROMPT_FILE, "prompt %d", (int)screen.prompt);
    cr_assert_str_eq(screen.typed, "gomon-8123.stacks", "%s", screen.typed);
    cr_assert_eq(press('\r'), WISH_SAVE, "it does not save");
    press('w');
    press(0x15);
    cr_assert_eq(press('\r'), WISH_NONE, "it saves to a file without a name");
}

Test(stacks, keys_of_the_dump_mean_nothing_elsewhere)
{
    press('w');
    cr_assert_eq(screen.prompt, PROMPT_NONE, "prompt %d", (int)screen.prompt);
}

Test(stacks, a_new_dump_is_shown_from_its_beginning)
{
    press('S');
    press('z');
    press('G');
    screen_new_dump(&screen, &fixture->model);
    cr_assert_eq(screen.state[PANEL_STACKS].scroll.cursor, 0, "%d",
                 screen.state[PANEL_STACKS].scroll.cursor);
    cr_assert_not(screen.state[PANEL_STACKS].folded, "it is folded");
}

/* ---- What has changed ---- */

Test(stacks, another_dump_to_compare_with_is_a_wish)
{
    press('S');
    cr_assert_eq(press('c'), WISH_COMPARE, "it does not ask for one");
    fixture->model.view.past = true;
    cr_assert_eq(press('c'), WISH_NONE, "it asks for one of the past");
    cr_assert(shows("stacks are only those of now"), "%s", picture());
}

Test(stacks, what_has_changed_is_shown_a_line_a_group)
{
    press('S');
    press('G');
    fixture_add_diff(fixture);
    screen_new_dump(&screen, &fixture->model);
    cr_assert_eq(lines_of_dump(), 6, "%d lines", lines_of_dump());
    cr_assert_eq(screen.state[PANEL_STACKS].scroll.cursor, 0, "not at the first");
    cr_assert(shows("1 group grew, 1 shrank, 1 came, 1 went; 1 213 tasks, not 15"), "%s",
              picture());
    cr_assert(shows("+1200  1 203 tasks, not 3"), "%s", picture());
    cr_assert(shows("-3  no task, not 3"), "%s", picture());
}

Test(stacks, a_key_turns_from_what_has_changed_to_all_groups_and_back)
{
    press('S');
    press('C');
    cr_assert_not(shows("+1200"), "without a second dump:\n%s", picture());
    fixture_add_diff(fixture);
    screen_new_dump(&screen, &fixture->model);
    press('C');
    cr_assert_not(shows("+1200"), "%s", picture());
    cr_assert(shows("1 213 tasks in 5 groups"), "%s", picture());
    press('C');
    cr_assert(shows("+1200"), "%s", picture());
}

Test(stacks, what_has_changed_is_unfolded_searched_and_filtered_like_a_dump)
{
    int before;

    fixture_add_diff(fixture);
    screen_new_dump(&screen, &fixture->model);
    press('S');
    before = lines_of_dump();
    press('\r');
    cr_assert_gt(lines_of_dump(), before, "nothing is unfolded");
    press('/');
    type("no task\r");
    cr_assert_eq(screen.state[PANEL_STACKS].scroll.cursor, lines_of_dump() - 5, "%d of %d",
                 screen.state[PANEL_STACKS].scroll.cursor, lines_of_dump());
    press('&');
    type("mutex\r");
    cr_assert_not(shows("+1200"), "%s", picture());
    cr_assert(shows("sync.Mutex.Lock"), "%s", picture());
}

Test(stacks, enter_on_a_holder_finds_it_among_what_has_changed)
{
    struct panel_state *state = &screen.state[PANEL_STACKS];

    fixture_add_diff(fixture);
    screen_new_dump(&screen, &fixture->model);
    press('S');
    press('z');
    press('/');
    type("held by task 17\r");
    cr_assert_gt(state->scroll.cursor, 0, "not found:\n%s", picture());
    press('\r');
    cr_assert_eq(state->scroll.cursor, 0, "the holder is in the group that grew, not at %d",
                 state->scroll.cursor);
}

Test(stacks, ten_thousand_groups_are_walked_in_no_time)
{
    struct panel_state *state = &screen.state[PANEL_STACKS];

    fixture_add_dump(fixture, 10000);
    press('S');
    press('G');
    cr_assert_eq(state->scroll.cursor, lines_of_dump() - 1, "%d of %d", state->scroll.cursor,
                 lines_of_dump());
    press('/');
    type("no such text\r");
    cr_assert_eq(state->scroll.cursor, lines_of_dump() - 1, "%d", state->scroll.cursor);
}
