/* SPDX-License-Identifier: MIT */
/* test_panels.c - every panel on models made by hand: as golden pictures, and at all sizes.
 * A golden is a file of tests/screen with all panels of one model at one size. After a change that
 * was meant, GOLDEN=update rewrites them: read the difference before it is committed. */
#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fixture.h"
#include "panels/screen.h"

#define SECOND INT64_C(1000000000)

static struct screen screen;

static void set_up(void)
{
    setenv("TZ", "UTC", 1);
}

TestSuite(panels, .init = set_up);

static void open_panel(const struct model *model, enum panel_id id, int rows, int cols)
{
    screen_fit(&screen, model, rows, cols);
    screen.tab = id < PANEL_TABS ? id : PANEL_OVERVIEW;
    screen.stacks_open = id == PANEL_STACKS;
    screen.changed_open = id == PANEL_CHANGED;
    screen.help_open = id == PANEL_HELP;
}

/* ---- Goldens ---- */

static void picture_all(FILE *out, const struct model *model, enum plot_tier tier, int rows,
                        int cols)
{
    struct canvas canvas;

    screen_init(&screen, PLOT_BRAILLE, tier, SECOND);
    canvas_init(&canvas, rows, cols);
    for (int id = 0; id < PANEL_FLEET; id++) {
        open_panel(model, (enum panel_id)id, rows, cols);
        screen_draw(&screen, model, &canvas);
        char *text = canvas_to_text(&canvas);
        fprintf(out, "=== %s\n%s", panel_get((enum panel_id)id)->title, text);
        free(text);
    }
    canvas_fini(&canvas);
}

static void golden_path(char *path, size_t size, const char *name)
{
    const char *top = getenv("top_srcdir");

    snprintf(path, size, "%s/tests/screen/%s.txt", top != NULL ? top : "..", name);
}

static char *read_golden(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1 << 20);

    cr_assert_not_null(file, "%s: no such golden; GOLDEN=update makes it", path);
    cr_assert_not_null(text, "no memory");
    size_t n = fread(text, 1, (1 << 20) - 1, file);
    cr_assert_gt(n, 0, "%s is empty", path);
    fclose(file);
    return text;
}

/* Compares line by line, to name the first that differs. */
static void compare(const char *name, char *wanted, char *got)
{
    char *wanted_rest, *got_rest;
    char *a = strtok_r(wanted, "\n", &wanted_rest);
    char *b = strtok_r(got, "\n", &got_rest);

    for (int line = 1; a != NULL || b != NULL; line++) {
        cr_assert(a != NULL && b != NULL && strcmp(a, b) == 0,
                  "%s, line %d (blank ones left out)\n  is     <%s>\n  not    <%s>", name, line,
                  b != NULL ? b : "nothing", a != NULL ? a : "nothing");
        a = strtok_r(NULL, "\n", &wanted_rest);
        b = strtok_r(NULL, "\n", &got_rest);
    }
}

/* Compares GOT, which is changed by it, with a golden. */
static void check_golden(const char *name, char *got)
{
    char path[512];

    golden_path(path, sizeof path, name);
    if (getenv("GOLDEN") != NULL && strcmp(getenv("GOLDEN"), "update") == 0) {
        FILE *file = fopen(path, "w");
        cr_assert_not_null(file, "%s cannot be written", path);
        fputs(got, file);
        fclose(file);
    }
    char *wanted = read_golden(path);
    compare(name, wanted, got);
    free(wanted);
}

static void check_fixture(enum fixture_kind kind, enum plot_tier tier, int rows, int cols)
{
    static const char *const tiers[PLOT_TIERS] = {"braille", "blocks", "lines", "ascii"};
    struct fixture *fixture = fixture_new(kind);
    char name[64];
    char *got;
    size_t bytes;
    FILE *out = open_memstream(&got, &bytes);

    snprintf(name, sizeof name, "%s-%dx%d-%s", fixture_name(kind), cols, rows, tiers[tier]);
    picture_all(out, &fixture->model, tier, rows, cols);
    fclose(out);
    check_golden(name, got);
    free(got);
    fixture_free(fixture);
}

Test(panels, look_as_they_did_at_80_by_24)
{
    for (int kind = 0; kind < FIXTURES; kind++)
        check_fixture((enum fixture_kind)kind, PLOT_ASCII, 24, 80);
}

Test(panels, look_as_they_did_at_40_by_10)
{
    check_fixture(FIXTURE_NORMAL, PLOT_ASCII, 10, 40);
    check_fixture(FIXTURE_KILLED, PLOT_ASCII, 10, 40);
}

Test(panels, look_as_they_did_at_120_by_40)
{
    check_fixture(FIXTURE_NORMAL, PLOT_ASCII, 40, 120);
    check_fixture(FIXTURE_HUGE, PLOT_ASCII, 40, 120);
}

Test(panels, look_as_they_did_in_other_glyphs)
{
    check_fixture(FIXTURE_NORMAL, PLOT_BRAILLE, 24, 80);
    check_fixture(FIXTURE_NORMAL, PLOT_BLOCKS, 24, 80);
    check_fixture(FIXTURE_NORMAL, PLOT_LINES, 24, 80);
}

Test(panels, what_a_dump_changed_looks_as_it_did)
{
    struct fixture *fixture = fixture_new(FIXTURE_NORMAL);
    struct canvas canvas;
    char *text;

    fixture_add_diff(fixture);
    canvas_init(&canvas, 24, 80);
    screen_init(&screen, PLOT_BRAILLE, PLOT_ASCII, SECOND);
    open_panel(&fixture->model, PANEL_STACKS, 24, 80);
    screen_new_dump(&screen, &fixture->model);
    screen_draw(&screen, &fixture->model, &canvas);
    text = canvas_to_text(&canvas);
    check_golden("compared-80x24-ascii", text);
    free(text);
    canvas_fini(&canvas);
    fixture_free(fixture);
}

/* ---- Properties ---- */

/* Draws on a view with a border of marks, which must still be there afterwards. */
static void draw_within_border(const struct model *model, int rows, int cols)
{
    struct canvas grid;

    canvas_init(&grid, rows + 2, cols + 2);
    for (int row = 0; row < rows + 2; row++)
        canvas_fill(&grid, row, 0, cols + 2, '@', ROLE_BAD);
    struct canvas view = canvas_view(&grid, (struct rect){1, 1, rows, cols});
    screen_draw(&screen, model, &view);
    for (int row = 0; row < rows + 2; row++) {
        cr_assert_eq(canvas_at(&grid, row, 0)->rune, '@', "%dx%d: left of row %d", cols, rows, row);
        cr_assert_eq(canvas_at(&grid, row, cols + 1)->rune, '@', "%dx%d: right of row %d", cols,
                     rows, row);
    }
    for (int col = 0; col < cols + 2; col++) {
        cr_assert_eq(canvas_at(&grid, 0, col)->rune, '@', "%dx%d: above", cols, rows);
        cr_assert_eq(canvas_at(&grid, rows + 1, col)->rune, '@', "%dx%d: below", cols, rows);
    }
    canvas_fini(&grid);
}

/* Panel, model and glyphs change from size to size, so that each sort meets many sizes. */
static void draw_at_all_sizes(enum fixture_kind kind)
{
    struct fixture *fixture = fixture_new(kind);
    unsigned turn = 0;

    for (int rows = 1; rows <= 60; rows++) {
        for (int cols = 1; cols <= 200; cols += 1 + cols / 40) {
            enum plot_tier tier = (enum plot_tier)(turn % PLOT_TIERS);
            screen_init(&screen, PLOT_BRAILLE, tier, SECOND);
            for (unsigned i = turn % 6; i > 0; i--)
                screen_key(&screen, &fixture->model, '-');
            open_panel(&fixture->model, (enum panel_id)(turn % PANEL_FLEET), rows, cols);
            screen.state[turn % PANEL_FLEET].scroll.cursor = (int)(turn * 7 % 300);
            draw_within_border(&fixture->model, rows, cols);
            turn++;
        }
    }
    fixture_free(fixture);
}

Test(panels, an_empty_model_is_drawn_at_all_sizes)
{
    draw_at_all_sizes(FIXTURE_EMPTY);
}

Test(panels, a_normal_model_is_drawn_at_all_sizes)
{
    draw_at_all_sizes(FIXTURE_NORMAL);
}

Test(panels, a_dead_target_is_drawn_at_all_sizes)
{
    draw_at_all_sizes(FIXTURE_KILLED);
}

Test(panels, huge_figures_are_drawn_at_all_sizes)
{
    draw_at_all_sizes(FIXTURE_HUGE);
}

Test(panels, hostile_texts_are_drawn_at_all_sizes)
{
    draw_at_all_sizes(FIXTURE_HOSTILE);
}

Test(panels, no_control_character_reaches_the_cells)
{
    struct fixture *fixture = fixture_new(FIXTURE_HOSTILE);
    struct canvas canvas;

    canvas_init(&canvas, 40, 120);
    screen_init(&screen, PLOT_BRAILLE, PLOT_BRAILLE, SECOND);
    for (int id = 0; id < PANEL_FLEET; id++) {
        open_panel(&fixture->model, (enum panel_id)id, 40, 120);
        screen_draw(&screen, &fixture->model, &canvas);
        for (int row = 0; row < 40; row++) {
            for (int col = 0; col < 120; col++) {
                uint32_t rune = canvas_at(&canvas, row, col)->rune;
                cr_assert(rune == 0 || (rune >= ' ' && rune < 0x7f) || rune >= 0xa0,
                          "panel %d has U+%04x", id, rune);
                cr_assert(rune < 0x202a || rune > 0x202e, "panel %d has U+%04x", id, rune);
            }
        }
    }
    canvas_fini(&canvas);
    fixture_free(fixture);
}

Test(panels, the_same_model_gives_the_same_cells)
{
    struct fixture *fixture = fixture_new(FIXTURE_NORMAL);
    char *text[2];

    for (int i = 0; i < 2; i++) {
        size_t bytes;
        FILE *out = open_memstream(&text[i], &bytes);
        picture_all(out, &fixture->model, PLOT_BRAILLE, 40, 120);
        fclose(out);
    }
    cr_assert_str_eq(text[0], text[1], "two drawings differ");
    free(text[0]);
    free(text[1]);
    fixture_free(fixture);
}
