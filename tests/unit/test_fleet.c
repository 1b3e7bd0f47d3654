/* SPDX-License-Identifier: MIT */
/* test_fleet.c - the table of several targets: its order, its cursor, rows of the dead and of what
 * cannot be watched, and how it looks. A golden is a file of tests/screen; GOLDEN=update makes it.
 */
#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "panels/fleet.h"
#include "panels/screen.h"
#include "tests/support/fixture.h"

#define SECOND INT64_C(1000000000)
#define ROWS   24
#define COLS   120

enum { NORMAL, KILLED, EMPTY, HUGE_ONE, DENIED, TARGETS };

static struct fixture *fixture[TARGETS];
static struct fleet_rows rows;
static struct screen screen;
static const struct model *model; /* of nothing */

static void fill(int at, enum fixture_kind kind, pid_t pid, const char *name)
{
    fixture[at] = fixture_new(kind);
    fixture[at]->model.target.pid = pid;
    snprintf(fixture[at]->model.target.name, MODEL_NAME_BYTES, "%s", name);
    fleet_row_fill(&rows.row[at], &fixture[at]->model);
    rows.row[at].id = (unsigned)at + 1;
}

static void set_up(void)
{
    setenv("TZ", "UTC", 1);
    rows = (struct fleet_rows){.real_ns = FIXTURE_REAL_NS, .n = TARGETS};
    fill(NORMAL, FIXTURE_NORMAL, 300, "orders");
    for (int i = 0; i < 120; i++) /* a saw */
        history_add(fixture[NORMAL]->history, MON_HEAP_INUSE, FIXTURE_NOW_NS - (120 - i) * SECOND,
                    (uint64_t)(200 + 15 * (i % 40)) << 20);
    fleet_row_fill(&rows.row[NORMAL], &fixture[NORMAL]->model);
    fill(KILLED, FIXTURE_KILLED, 200, "billing");
    fill(EMPTY, FIXTURE_EMPTY, 500, "new");
    fill(HUGE_ONE, FIXTURE_HUGE, 400, "huge");
    rows.row[DENIED] = (struct fleet_row){.id = DENIED + 1, .pid = 100};
    snprintf(rows.row[DENIED].why, FLEET_WHY_BYTES,
             "process 100 (sshd) is another user's: run gomon as that user or as root");
    fixture[DENIED] = fixture_new(FIXTURE_EMPTY);
    model = &fixture[DENIED]->model;
    screen_init(&screen, PLOT_BRAILLE, PLOT_ASCII, SECOND);
    screen_show_fleet(&screen, &rows);
    screen_fit(&screen, model, ROWS, COLS);
}

static void tear_down(void)
{
    for (int i = 0; i < TARGETS; i++)
        fixture_free(fixture[i]);
}

TestSuite(fleet, .init = set_up, .fini = tear_down);

static enum screen_wish press(uint32_t key)
{
    screen_fit(&screen, model, ROWS, COLS);
    return screen_key(&screen, model, key);
}

static struct panel_state *state(void)
{
    return &screen.state[PANEL_FLEET];
}

static char *picture(int nrows, int ncols)
{
    struct canvas canvas;

    canvas_init(&canvas, nrows, ncols);
    screen_fit(&screen, model, nrows, ncols);
    screen_draw(&screen, model, &canvas);
    char *text = canvas_to_text(&canvas);
    canvas_fini(&canvas);
    return text;
}

static bool shows(const char *what)
{
    char *text = picture(ROWS, COLS);
    bool found = strstr(text, what) != NULL;

    free(text);
    return found;
}

/* The rows that are shown, by their numbers above, as letters. */
static const char *order(void)
{
    static char text[PIDLIST_MAX + 1];
    int index[PIDLIST_MAX];
    int n = fleet_order(state(), index);

    for (int i = 0; i < n; i++)
        text[i] = "NKEHD"[rows.row[index[i]].id - 1];
    text[n] = '\0';
    return text;
}

static void assert_order(const char *wanted)
{
    cr_assert_str_eq(order(), wanted, "%s, not %s", order(), wanted);
}

/* ---- Order ---- */

Test(fleet, the_worst_alert_comes_first)
{
    for (int i = 0; i < TARGETS; i++)
        rows.row[i].nalerts = 0;
    rows.row[EMPTY].nalerts = 3; /* more, but less bad */
    rows.row[EMPTY].worst = ALERT_NOTE;
    rows.row[HUGE_ONE].nalerts = 1;
    rows.row[HUGE_ONE].worst = ALERT_CRITICAL;
    assert_order("HENKD");
    press('I');
    assert_order("NKDEH");
}

Test(fleet, sorting_goes_from_column_to_column_and_stops_at_the_ends)
{
    for (int i = 0; i < 20; i++)
        press('<');
    assert_order("DKNHE"); /* by pid, the least first */
    press('>');
    cr_assert_eq(strncmp(order(), "D", 1), 0, "the row without a name is not first: %s", order());
    cr_assert_str_eq(order() + 1, "KHEN", "not by name: %s", order());
    press('>'); /* up time */
    press('>'); /* state: the worst first */
    assert_order("DKNEH");
    for (int i = 0; i < 20; i++)
        press('>');
    rows.row[KILLED].figure[FLEET_INUSE] = (struct figure){.known = true, .value = 5e18};
    rows.row[HUGE_ONE].figure[FLEET_INUSE].value = 4e18;
    cr_assert_eq(strncmp(order(), "KH", 2), 0, "not by what the sparks are of: %s", order());
}

Test(fleet, a_figure_that_is_not_known_is_less_than_any)
{
    for (int i = 0; i < 20; i++)
        press('<');
    for (int i = 0; i < 4; i++)
        press('>'); /* HeapInuse */
    rows.row[NORMAL].figure[FLEET_INUSE] = (struct figure){.known = true, .value = 0};
    rows.row[EMPTY].figure[FLEET_INUSE].known = false;
    const char *text = order();
    cr_assert(strchr(text, 'N') < strchr(text, 'E') && strchr(text, 'N') < strchr(text, 'D'),
              "0 comes behind what is not known: %s", text);
}

/* ---- The cursor ---- */

Test(fleet, the_cursor_stays_on_its_target_when_rows_move)
{
    press('G');
    const struct fleet_row *row = fleet_choice(state());
    cr_assert_eq(row->id, DENIED + 1, "the last row is that of id %u", row->id);
    press('k');
    unsigned id = fleet_choice(state())->id;
    for (int i = 0; i < TARGETS; i++)
        rows.row[i].nalerts = rows.row[i].id == id ? 9 : 0;
    screen_fit(&screen, model, ROWS, COLS);
    cr_assert_eq(order()[0], "NKEHD"[id - 1], "it is not first now: %s", order());
    cr_assert_eq(fleet_choice(state())->id, id, "the cursor is on %u, not %u",
                 fleet_choice(state())->id, id);
}

Test(fleet, a_filter_hides_rows_and_a_search_finds_one)
{
    press('&');
    for (const char *c = "kill"; *c != '\0'; c++)
        press((uint32_t)*c);
    press('\r');
    assert_order("K");
    press(0x1b);
    press('/');
    for (const char *c = "sshd"; *c != '\0'; c++)
        press((uint32_t)*c);
    press('\r');
    cr_assert_eq(fleet_choice(state())->id, DENIED + 1, "it is on %u", fleet_choice(state())->id);
}

/* ---- Keys ---- */

Test(fleet, enter_and_digits_open_and_esc_and_backspace_come_back)
{
    cr_assert_eq(press('\r'), WISH_OPEN, "Enter does not open");
    cr_assert_eq(press('3'), WISH_OPEN, "a digit does not open");
    screen_show_target(&screen, model);
    cr_assert_eq(screen_open(&screen), PANEL_GC, "not in the panel of the digit");
    press('/');
    cr_assert_eq(press(0x1b), WISH_NONE, "Esc leaves while a text is typed");
    cr_assert_eq(press(0x1b), WISH_FLEET, "Esc does not come back");
    cr_assert_eq(press(0x7f), WISH_FLEET, "Backspace does not come back");
    press('?');
    cr_assert_eq(press(0x1b), WISH_NONE, "Esc leaves the target, not the help");
}

Test(fleet, without_several_there_is_no_table_to_go_back_to)
{
    screen_init(&screen, PLOT_BRAILLE, PLOT_ASCII, SECOND);
    cr_assert_eq(press(0x1b), WISH_NONE, "Esc");
    cr_assert_eq(press(0x7f), WISH_NONE, "Backspace");
}

Test(fleet, x_asks_for_the_row_to_be_removed)
{
    cr_assert_eq(press('x'), WISH_REMOVE, "x does nothing");
    cr_assert(fleet_row_is_over(&rows.row[KILLED]) && fleet_row_is_over(&rows.row[DENIED]),
              "the dead cannot be removed");
    cr_assert_not(fleet_row_is_over(&rows.row[NORMAL]), "the living can be removed");
}

Test(fleet, a_row_that_waits_says_for_what)
{
    static const struct {
        enum fleet_wait wait;
        const char *text;
    } waits[] = {{FLEET_WAITS_PAGE, "100 waits for its page: process 100"},
                 {FLEET_WAITS_RIGHT, "100 waits for the right to read it: process 100"},
                 {FLEET_WAITS_GOOD_PAGE, "100 waits for a good page: process 100"}};

    cr_assert_not(shows("waited for"), "nothing waits");
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        rows.row[DENIED].wait = waits[i].wait;
        cr_assert(shows(waits[i].text), "%s", picture(ROWS, COLS));
    }
    cr_assert(shows("5 targets  3 live  1 waited for  1 over"), "%s", picture(ROWS, COLS));
}

Test(fleet, a_row_without_a_process_says_that_it_waits_for_one)
{
    rows.row[DENIED] = (struct fleet_row){.id = DENIED + 1, .wait = FLEET_WAITS_PROGRAM};
    snprintf(rows.row[DENIED].why, FLEET_WHY_BYTES, "no target is called \"kv\"");
    cr_assert(shows("      - waits for it to start: no target is called \"kv\""), "%s",
              picture(ROWS, COLS));
    cr_assert(shows("5 targets  3 live  1 waited for  1 over"), "%s", picture(ROWS, COLS));
}

Test(fleet, a_row_that_is_followed_says_how_it_ended_and_that_it_waits)
{
    cr_assert_not(shows("waits"), "nothing waits");
    rows.row[KILLED].wait = FLEET_WAITS_NEXT;
    cr_assert(shows("KILLED 1m waits"), "%s", picture(ROWS, COLS));
    cr_assert(shows("5 targets  3 live  1 waited for  1 over"), "%s", picture(ROWS, COLS));
    cr_assert(fleet_row_is_over(&rows.row[KILLED]), "its process lives");
    press('&');
    for (const char *c = "waits"; *c != '\0'; c++)
        press((uint32_t)*c);
    press('\r');
    assert_order("K");
}

Test(fleet, on_a_narrow_screen_it_says_that_it_waits)
{
    rows.row[KILLED].wait = FLEET_WAITS_NEXT;
    for (int ncols = 40; ncols < 130; ncols++) {
        char *text = picture(ROWS, ncols);

        cr_assert_not_null(strstr(text, ncols < 60 ? " waits 1m" : " KILLED 1m waits"),
                           "%d columns: %s", ncols, text);
        free(text);
    }
}

Test(fleet, what_is_of_one_target_is_refused_in_the_table)
{
    static const char keys[] = "D +-=\t";

    for (const char *key = keys; *key != '\0'; key++) {
        cr_assert_eq(press((uint32_t)*key), WISH_NONE, "%c is obeyed", *key);
        cr_assert(shows("Enter opens it"), "%c says nothing", *key);
        press(0x1b);
    }
}

/* ---- Rows ---- */

Test(fleet, a_dead_target_keeps_its_row_with_its_end)
{
    cr_assert(shows("KILLED 1m"), "its end is not shown");
    cr_assert_str_eq(rows.row[KILLED].name, "billing", "%s", rows.row[KILLED].name);
    cr_assert(rows.row[KILLED].figure[FLEET_INUSE].known, "its last figures are gone");
}

Test(fleet, what_cannot_be_watched_says_why)
{
    cr_assert(shows("process 100 (sshd) is another user's"), "it does not");
}

Test(fleet, an_empty_table_can_be_drawn_and_obeys_keys)
{
    rows.n = 0;
    cr_assert(shows("every row has been removed"), "it says nothing");
    cr_assert_null(fleet_choice(state()), "a row of nothing");
    press('\r');
    press('j');
    press('x');
}

Test(fleet, it_fits_any_screen)
{
    for (int nrows = 1; nrows < 14; nrows++)
        for (int ncols = 1; ncols < 200; ncols += 7)
            free(picture(nrows, ncols));
}

/* ---- Goldens ---- */

static void check_golden(int nrows, int ncols)
{
    char path[512];
    char wanted[1 << 16] = "";
    const char *top = getenv("top_srcdir");
    char *got = picture(nrows, ncols);

    snprintf(path, sizeof path, "%s/tests/screen/fleet-%dx%d-ascii.txt", top != NULL ? top : "..",
             ncols, nrows);
    if (getenv("GOLDEN") != NULL && strcmp(getenv("GOLDEN"), "update") == 0) {
        FILE *file = fopen(path, "w");
        cr_assert_not_null(file, "%s cannot be written", path);
        fputs(got, file);
        fclose(file);
    }
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s: no such golden; GOLDEN=update makes it", path);
    size_t n = fread(wanted, 1, sizeof wanted - 1, file);
    fclose(file);
    wanted[n] = '\0';
    cr_assert_str_eq(got, wanted, "%s: is\n%s", path, got);
    free(got);
}

Test(fleet, looks_as_it_did)
{
    check_golden(24, 80);
    check_golden(40, 120);
    check_golden(10, 40);
}
