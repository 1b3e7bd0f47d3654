/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mon/picker.h"

static struct target_list list;
static struct picker picker;

static void add(int pid, const char *name, bool live)
{
    struct target *target = &list.target[list.n++];

    target->pid = pid;
    target->live = live;
    target->since_real_ns = 0;
    snprintf(target->name, sizeof target->name, "%s", name);
}

static void set_up(void)
{
    add(8123, "orders-svc", true);
    add(9001, "gort-kv", true);
    add(700, "orders-svc", false);
    picker = (struct picker){.list = &list, .real_ns = INT64_C(90000000000), .rows = 24};
}

TestSuite(picker, .init = set_up);

static void type(const char *text)
{
    for (; *text != '\0'; text++)
        picker_key(&picker, (unsigned char)*text);
}

static int chosen(void)
{
    const struct target *target = picker_choice(&picker);

    return target != NULL ? (int)target->pid : -1;
}

static bool shows(const char *what)
{
    struct canvas canvas;

    canvas_init(&canvas, picker.rows, 80);
    picker_draw(&picker, &canvas);
    char *text = canvas_to_text(&canvas);
    bool found = strstr(text, what) != NULL;
    free(text);
    canvas_fini(&canvas);
    return found;
}

Test(picker, enter_chooses_the_one_under_the_cursor)
{
    picker_key(&picker, KEY_CODE_DOWN);
    cr_assert_eq(picker_key(&picker, '\r'), PICKER_CHOOSE, "Enter chooses nothing");
    cr_assert_eq(chosen(), 9001, "%d", chosen());
}

Test(picker, typing_filters_by_name_or_pid)
{
    type("kv");
    cr_assert_eq(chosen(), 9001, "%d", chosen());
    cr_assert_not(shows("orders-svc"), "the others are still shown");
    picker_key(&picker, 0x1b);
    type("700");
    cr_assert_eq(chosen(), 700, "%d", chosen());
}

Test(picker, letters_that_are_commands_elsewhere_are_typed_into_a_filter)
{
    type("oq");
    cr_assert_str_eq(picker.filter, "oq", "%s", picker.filter);
    cr_assert_eq(picker_key(&picker, '\r'), PICKER_NONE, "it chooses from an empty list");
    picker_key(&picker, KEY_CODE_BACKSPACE);
    cr_assert_str_eq(picker.filter, "o", "%s", picker.filter);
}

Test(picker, q_and_esc_quit_when_nothing_is_typed)
{
    type("x");
    cr_assert_eq(picker_key(&picker, 0x1b), PICKER_NONE, "Esc quits with a filter");
    cr_assert_eq(picker_key(&picker, 0x1b), PICKER_QUIT, "Esc does not quit");
    cr_assert_eq(picker_key(&picker, 'q'), PICKER_QUIT, "q does not quit");
}

Test(picker, those_that_have_ended_are_said_to_have)
{
    cr_assert(shows("live"), "none is live");
    cr_assert(shows("ended"), "none has ended");
}

/* The list as it is read next: a new process comes first, the one that was there has moved down. */
static void read_again(int newer)
{
    struct target old = list.target[0];

    list.n = 0;
    add(newer, "orders-svc", true);
    add(9001, "gort-kv", true);
    list.target[list.n++] = old;
}

Test(picker, the_cursor_stays_on_its_process_when_the_list_changes)
{
    picker_list_is_new(&picker);
    read_again(9500);
    picker_list_is_new(&picker);
    cr_assert_eq(picker_key(&picker, '\r'), PICKER_CHOOSE, "Enter chooses nothing");
    cr_assert_eq(chosen(), 8123, "%d", chosen());

    list.n--;
    picker_list_is_new(&picker);
    cr_assert_eq(chosen(), 9001, "of the one that is gone it went to %d", chosen());
}

Test(picker, a_pid_that_was_used_again_is_another_process)
{
    list.target[0].start_ticks = 5;
    picker_list_is_new(&picker);
    list.target[0].start_ticks = 7;
    list.target[2] = list.target[0];
    list.target[2].start_ticks = 5;
    picker_list_is_new(&picker);
    cr_assert_eq(picker_choice(&picker)->start_ticks, 5, "it is on the later one");
}

Test(picker, an_empty_list_says_so)
{
    list.n = 0;
    cr_assert(shows("no process with a page is running"), "it does not");
    cr_assert_eq(picker_key(&picker, '\r'), PICKER_NONE, "Enter chooses from nothing");
}

Test(picker, processes_that_could_not_be_read_are_counted)
{
    list.ndenied = 17;
    cr_assert(shows("17 processes of others"), "they are passed over in silence");
}

Test(picker, a_filter_that_is_too_long_is_cut)
{
    for (int i = 0; i < 500; i++)
        picker_key(&picker, 'x');
    cr_assert_lt(strlen(picker.filter), sizeof picker.filter, "%zu", strlen(picker.filter));
}

Test(picker, it_is_drawn_at_all_sizes)
{
    for (int rows = 1; rows < 30; rows++) {
        for (int cols = 1; cols < 100; cols += 3) {
            struct canvas grid;
            canvas_init(&grid, rows + 1, cols + 1);
            struct canvas view = canvas_view(&grid, (struct rect){0, 0, rows, cols});
            picker.rows = rows;
            picker.scroll.cursor = rows;
            picker_draw(&picker, &view);
            for (int col = 0; col <= cols; col++)
                cr_assert_eq(canvas_at(&grid, rows, col)->rune, ' ', "%dx%d: below", cols, rows);
            for (int row = 0; row <= rows; row++)
                cr_assert_eq(canvas_at(&grid, row, cols)->rune, ' ', "%dx%d: right", cols, rows);
            canvas_fini(&grid);
        }
    }
}
