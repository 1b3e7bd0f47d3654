/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "mon/draw.h"

static struct canvas grid;

static void set_up(void)
{
    canvas_init(&grid, 3, 40);
}

static void tear_down(void)
{
    canvas_fini(&grid);
}

TestSuite(draw, .init = set_up, .fini = tear_down);

static void expect(const char *wanted)
{
    char *text = canvas_to_text(&grid);

    cr_assert_str_eq(text, wanted, "wanted <<%s>>, got <<%s>>", wanted, text);
    free(text);
}

Test(draw, a_figure_that_is_missing_is_a_dash)
{
    char text[FIGURE_BYTES];

    cr_assert_str_eq(draw_figure_text(text, (struct figure){.value = 7}), "-", "%s", text);
}

Test(draw, a_rate_says_that_it_is_one)
{
    char text[FIGURE_BYTES];
    struct figure figure = {
        .known = true, .value = 12, .unit = FMT_COUNT, .per = FIGURE_PER_SECOND};

    cr_assert_str_eq(draw_figure_text(text, figure), "12/s", "%s", text);
}

Test(draw, facts_keep_their_places_when_digits_come_and_go)
{
    struct fact fact[2] = {{.label = "a", .text = "1"}, {.label = "b", .text = "22"}};

    draw_facts(&grid, 0, "T", fact, 2, 5);
    expect("T  a     1  b    22\n\n\n");
    snprintf(fact[0].text, sizeof fact[0].text, "12345");
    draw_facts(&grid, 0, "T", fact, 2, 5);
    expect("T  a 12345  b    22\n\n\n");
}

Test(draw, a_fact_that_does_not_fit_is_left_out_whole)
{
    struct fact fact[3] = {{.label = "first", .text = "1"},
                           {.label = "second", .text = "2"},
                           {.label = "third one", .text = "3"}};
    struct canvas view = canvas_view(&grid, (struct rect){0, 0, 1, 30});
    int drawn = draw_facts(&view, 0, "", fact, 3, 6);

    cr_assert_eq(drawn, 2, "%d facts", drawn);
    expect("first      1  second      2\n\n\n");
}

static const struct draw_column columns[] = {
    {.title = "NAME", .width = 6, .stretch = 1, .rank = 0},
    {.title = "SIZE", .width = 6, .align = DRAW_RIGHT, .rank = 1},
    {.title = "NOTE", .width = 8, .rank = 2},
};

Test(draw, a_table_stretches_and_aligns)
{
    struct draw_table table;

    draw_table_fit(&table, columns, 3, 24);
    draw_table_head(&table, &grid, 0, -1, DRAW_DESCENDING);
    draw_table_cell(&table, &grid, 1, 0, ROLE_TEXT, "something long");
    draw_table_cell(&table, &grid, 1, 1, ROLE_TEXT, "12");
    draw_table_cell(&table, &grid, 1, 2, ROLE_TEXT, "ok");
    expect("NAME       SIZE NOTE\nsomethi…     12 ok\n\n");
}

Test(draw, a_narrow_table_loses_its_least_dear_columns)
{
    struct draw_table table;

    draw_table_fit(&table, columns, 3, 14);
    cr_assert_eq(table.width[2], 0, "NOTE has %d columns", table.width[2]);
    draw_table_fit(&table, columns, 3, 8);
    cr_assert_eq(table.width[1], 0, "SIZE has %d columns", table.width[1]);
    cr_assert_geq(table.width[0], 6, "NAME has %d columns", table.width[0]);
}

Test(draw, table_columns_stay_inside_at_any_width)
{
    for (int cols = 0; cols < 60; cols++) {
        struct draw_table table;
        draw_table_fit(&table, columns, 3, cols);
        for (int i = 0; i < 3; i++)
            cr_assert(table.width[i] == 0 || table.left[i] + table.width[i] <= cols,
                      "%d columns: column %d is [%d, +%d)", cols, i, table.left[i], table.width[i]);
    }
}

Test(draw, a_bar_is_divided_by_value)
{
    const struct draw_part part[] = {{1, ROLE_SERIES_0, 'a'}, {3, ROLE_SERIES_1, 'b'}};

    draw_bar(&grid, (struct rect){0, 2, 1, 8}, PLOT_ASCII, part, 2, 0);
    draw_bar(&grid, (struct rect){1, 2, 1, 8}, PLOT_ASCII, part, 2, 8);
    expect("  aabbbbbb\n  abbb\n\n");
}

Test(draw, a_bar_of_nothing_is_blank)
{
    const struct draw_part part[] = {{0, ROLE_SERIES_0, 'a'}};

    draw_bar(&grid, (struct rect){0, 0, 1, 8}, PLOT_ASCII, part, 1, 0);
    expect("\n\n\n");
}

Test(draw, words_break_at_blanks)
{
    struct canvas view = canvas_view(&grid, (struct rect){0, 0, 3, 10});
    int rows = draw_words(&view, 0, 2, ROLE_TEXT, "one two three four");

    cr_assert_eq(rows, 3, "%d rows", rows);
    expect("  one two\n  three\n  four\n");
}

Test(draw, a_word_that_is_longer_than_the_line_is_cut)
{
    struct canvas view = canvas_view(&grid, (struct rect){0, 0, 3, 4});

    draw_words(&view, 0, 0, ROLE_TEXT, "abcdefgh");
    expect("abcd\nefgh\n\n");
}

Test(draw, matches_are_found_in_either_case)
{
    canvas_text(&grid, 0, 0, ROLE_TEXT, "Heap heAP hea");
    draw_mark_matches(&grid, 0, "heap");
    cr_assert_eq(canvas_at(&grid, 0, 0)->role, ROLE_MATCH, "%d", canvas_at(&grid, 0, 0)->role);
    cr_assert_eq(canvas_at(&grid, 0, 8)->role, ROLE_MATCH, "%d", canvas_at(&grid, 0, 8)->role);
    cr_assert_eq(canvas_at(&grid, 0, 4)->role, ROLE_TEXT, "%d", canvas_at(&grid, 0, 4)->role);
    cr_assert_eq(canvas_at(&grid, 0, 10)->role, ROLE_TEXT, "%d", canvas_at(&grid, 0, 10)->role);
}

Test(draw, an_empty_search_marks_nothing_and_is_held_by_all)
{
    canvas_text(&grid, 0, 0, ROLE_TEXT, "text");
    draw_mark_matches(&grid, 0, "");
    cr_assert_eq(canvas_at(&grid, 0, 0)->role, ROLE_TEXT, "%d", canvas_at(&grid, 0, 0)->role);
    cr_assert(draw_text_holds("text", ""), "the empty text is not held");
    cr_assert_not(draw_text_holds("text", "z"), "z is held");
}

Test(draw, code_gives_up_folders_then_the_name_and_never_the_line)
{
    static const struct {
        int cols;
        const char *text;
    } cases[] = {
        {40, "handle_order orders/queue.c:214"},
        {31, "handle_order orders/queue.c:214"},
        {30, "handle_order queue.c:214"},
        {24, "handle_order queue.c:214"},
        {20, "handle_\u2026 queue.c:214"},
        {16, "han\u2026 queue.c:214"},
        {15, "queue.c:214"},
        {3, "queue.c:214"},
    };
    char text[64];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        draw_code(text, sizeof text, (struct draw_code){"handle_order", "orders/queue.c:214", 0},
                  cases[i].cols);
        cr_assert_str_eq(text, cases[i].text, "%d columns: <%s>", cases[i].cols, text);
    }
}

Test(draw, places_of_code_stand_one_below_the_other)
{
    char text[64];
    int col = draw_code(text, sizeof text, (struct draw_code){"main", "main.c:4", 10}, 40);

    cr_assert_str_eq(text, "main       main.c:4", "<%s>", text);
    cr_assert_eq(col, 11, "%d", col);
    draw_code(text, sizeof text, (struct draw_code){"main", "main.c:4", 10}, 15);
    cr_assert_str_eq(text, "main   main.c:4", "<%s>", text);
}
