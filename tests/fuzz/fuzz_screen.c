/* SPDX-License-Identifier: MIT */
/* fuzz_screen.c - keys in any order, on any model and any size of terminal, each followed by a
 * picture of which every cell is looked at.
 * The first byte chooses the fixture and the glyphs. Each further one below 128 is a key; the
 * others are deeds, some with operands: other keys, sizes, places of the mouse, what happens to the
 * target meanwhile. What the application does on a wish is done here as far as the screen sees it.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/clock.h"
#include "mon/fleetrow.h"
#include "mon/term_key.h"
#include "panels/screen.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/drawcheck.h"
#include "tests/support/fixture.h"

#define MOST_STEPS  60 /* pictures of one input */
#define MANY_GROUPS 300
#define FIRST_CODE  0400 /* of curses; all are within the next 256 */

enum deed {
    DEED_SPECIAL, /* a key of curses that has no character */
    DEED_RUNE,
    DEED_SIZE,
    DEED_POINT,
    DEED_CLICK,
    DEED_STATE,  /* the target lives on, or ends */
    DEED_MODEL,  /* another target is shown */
    DEED_MOMENT, /* another moment of it, or now */
    DEED_DUMP,   /* a new one has come */
    DEED_ROWS,   /* of the fleet, so many */
    DEED_SAY,
    DEEDS,
};

struct run {
    const uint8_t *at;
    const uint8_t *end;
    struct screen screen;
    struct fixture *fixture[FIXTURES];
    struct fixture *fixture_now;
    struct model model; /* of fixture_now, with what happened to it */
    struct model nothing;
    struct fleet_rows rows;
    int nrows;
    int ncols;
};

/* The next N bytes as a number; zeroes behind the end. */
static uint32_t take(struct run *r, unsigned n)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < n && r->at < r->end; i++)
        value |= (uint32_t)*r->at++ << 8 * i;
    return value;
}

/* ---- what is shown ---- */

/* Made once, but for what deeds change in copies of the models. */
static void make_fixtures(struct run *r)
{
    for (int i = 0; i < FIXTURES; i++) {
        r->fixture[i] = fixture_new((enum fixture_kind)i);
        if (i == FIXTURE_NORMAL)
            fixture_add_groups(r->fixture[i], 60);
        if (i == FIXTURE_KILLED)
            fixture_add_diff(r->fixture[i]);
        if (i == FIXTURE_HUGE)
            fixture_add_dump(r->fixture[i], MANY_GROUPS);
    }
    r->nothing = r->fixture[FIXTURE_EMPTY]->model;
}

/* Those of the fixtures, then one that cannot be watched. */
static void fill_rows(struct run *r, unsigned n)
{
    r->rows = (struct fleet_rows){.real_ns = FIXTURE_REAL_NS, .n = n};
    for (unsigned i = 0; i < FIXTURES; i++) {
        fleet_row_fill(&r->rows.row[i], &r->fixture[i]->model);
        r->rows.row[i].id = i + 1;
    }
    r->rows.row[FIXTURES] = (struct fleet_row){.id = FIXTURES + 1, .pid = 100};
    snprintf(r->rows.row[FIXTURES].why, FLEET_WHY_BYTES, "process 100 is another user's");
}

static void show_model(struct run *r, unsigned kind)
{
    r->fixture_now = r->fixture[kind % FIXTURES];
    r->model = r->fixture_now->model;
}

static void show_moment(struct run *r, uint32_t where)
{
    int64_t back_ns = (int64_t)(where >> 2) * NS_PER_S;

    r->model = r->fixture_now->model;
    r->model.baseline = (where & 2) != 0 ? r->model.snapshot : NULL;
    r->model.base_groups = (where & 2) != 0 ? r->model.groups : NULL;
    if ((where & 1) == 0)
        return;
    r->model.view = (struct model_view){.past = true,
                                        .end_ns = r->model.mono_ns,
                                        .first_ns = r->model.mono_ns - back_ns,
                                        .last_ns = r->model.mono_ns,
                                        .now_ns = r->model.mono_ns};
    r->model.mono_ns -= back_ns;
    r->model.real_ns -= back_ns;
}

static void change_state(struct run *r, uint32_t state)
{
    r->model.status.state = (enum target_state)(state % TARGET_STATES);
    r->model.status.since_ns = r->model.mono_ns - (int64_t)state * NS_PER_S;
}

/* ---- keys ---- */

static const struct model *shown(const struct run *r)
{
    return r->screen.fleet_open ? &r->nothing : &r->model;
}

static void open_target(struct run *r)
{
    const struct fleet_row *row = screen_choice(&r->screen);

    if (row == NULL || row->why[0] != '\0')
        return;
    show_model(r, row->id - 1);
    screen_show_target(&r->screen, &r->model);
}

static void remove_row(struct run *r)
{
    const struct fleet_row *row = screen_choice(&r->screen);

    if (row != NULL && r->rows.n > 0)
        r->rows.row[row - r->rows.row] = r->rows.row[--r->rows.n];
}

/* What only a target can fulfil is not to be wished while the table of targets is open. */
static bool wants_target(enum screen_wish wish)
{
    return wish == WISH_DUMP || wish == WISH_COMPARE || wish == WISH_SAVE || wish == WISH_MOVE ||
           wish == WISH_MARK || wish == WISH_BASELINE || wish == WISH_NO_BASELINE ||
           wish == WISH_SILENCE || wish == WISH_FLEET || wish == WISH_REPORT;
}

static void press(struct run *r, uint32_t key)
{
    bool in_fleet = r->screen.fleet_open;

    screen_fit(&r->screen, shown(r), r->nrows, r->ncols);
    enum screen_wish wish = screen_key(&r->screen, shown(r), key);
    CHECK(!in_fleet || !wants_target(wish));
    switch (wish) {
    case WISH_OPEN:
        open_target(r);
        break;
    case WISH_REMOVE:
        remove_row(r);
        break;
    case WISH_FLEET:
        screen_show_fleet(&r->screen, &r->rows);
        break;
    case WISH_DUMP:
    case WISH_COMPARE:
        screen_new_dump(&r->screen, &r->model);
        break;
    case WISH_SILENCE:
        screen_alert(&r->screen, shown(r));
        break;
    case WISH_MOVE:
        show_moment(r, r->screen.move == SCREEN_MOVE_LIVE ? 0 : 41);
        break;
    case WISH_NONE:
    case WISH_QUIT:
    case WISH_REPORT:
    case WISH_FREEZE:
    case WISH_SAVE:
    case WISH_SAMPLE:
    case WISH_MARK:
    case WISH_BASELINE:
    case WISH_NO_BASELINE:
    case WISH_REDRAW:
    case WISH_SUSPEND:
        break;
    }
}

static void click(struct run *r, uint32_t which)
{
    static const uint32_t keys[] = {KEY_CODE_CLICK, KEY_CODE_WHEEL_UP, KEY_CODE_WHEEL_DOWN};

    press(r, keys[which % ARRAY_COUNT(keys)]);
}

static void act(struct run *r, enum deed deed)
{
    switch (deed) {
    case DEED_SPECIAL:
        press(r, term_special_key((wint_t)(FIRST_CODE + take(r, 1))));
        break;
    case DEED_RUNE:
        press(r, take(r, 3) % KEY_CODE_F0);
        break;
    case DEED_SIZE:
        r->nrows = 1 + (int)take(r, 1) % 70;
        r->ncols = 1 + (int)take(r, 1);
        break;
    case DEED_POINT:
        screen_point(&r->screen, (int)take(r, 1), (int)take(r, 1));
        break;
    case DEED_CLICK:
        click(r, take(r, 1));
        break;
    case DEED_STATE:
        change_state(r, take(r, 1));
        break;
    case DEED_MODEL:
        show_model(r, take(r, 1));
        break;
    case DEED_MOMENT:
        show_moment(r, take(r, 2));
        break;
    case DEED_DUMP:
        if (!r->screen.fleet_open)
            screen_new_dump(&r->screen, &r->model);
        break;
    case DEED_ROWS:
        fill_rows(r, take(r, 1) % (FIXTURES + 2));
        break;
    case DEED_SAY:
        screen_say(&r->screen, shown(r), ROLE_TEXT, "something \xe7\x95\x8c was said");
        break;
    case DEEDS:
        break;
    }
}

static void step(struct run *r)
{
    uint32_t byte = take(r, 1);

    if (byte < 128)
        press(r, byte);
    else
        act(r, (enum deed)(byte % DEEDS));
    drawcheck(&r->screen, shown(r), r->nrows, r->ncols);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static struct run run; /* large, and its fixtures are made once */
    struct run *r = &run;
    uint32_t how;

    if (r->fixture[0] == NULL) {
        setenv("TZ", "UTC", 1);
        make_fixtures(r);
    }
    r->at = data;
    r->end = data + bytes;
    r->nrows = 24;
    r->ncols = 80;
    how = take(r, 1);
    show_model(r, how);
    fill_rows(r, FIXTURES + 1);
    screen_init(&r->screen, PLOT_BRAILLE, (enum plot_tier)(how / FIXTURES % PLOT_TIERS), NS_PER_S);
    if (how / FIXTURES / PLOT_TIERS % 2 == 1)
        screen_show_fleet(&r->screen, &r->rows);
    for (int i = 0; i < MOST_STEPS && r->at < r->end; i++)
        step(r);
    return 0;
}
