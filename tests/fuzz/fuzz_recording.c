/* SPDX-License-Identifier: MIT */
/* fuzz_recording.c - a recording that somebody made to do harm, replayed, judged anew and shown.
 * Input that begins with 'F' tells bytes of the file to be changed; any other is a list of changes
 * to rows of a good recording, see tests/support/rechange.h. SQLite may refuse what is no database;
 * what it gives must not end gomon, nor show as anything but text. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "mon/dumpsave.h"
#include "mon/export.h"
#include "mon/monitor.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/drawcheck.h"
#include "tests/support/rechange.h"

#define MOST_MOMENTS 5
#define WINDOW_NS    (120 * NS_PER_S)

static struct screen screen;

static void press(const struct model *m, uint32_t key)
{
    screen_fit(&screen, m, 24, 80);
    screen_key(&screen, m, key);
}

/* Panel number I, then one below it. */
static void draw(const struct model *m, unsigned i)
{
    static const uint32_t over[] = {'S', 'c', '?'};

    press(m, 0x1b);
    press(m, i < PANEL_TABS ? '1' + i : over[i % 3]);
    press(m, KEY_CODE_DOWN);
    drawcheck(&screen, m, i % 2 == 0 ? 24 : 50, i % 2 == 0 ? 80 : 132);
}

static void draw_all(const struct model *m)
{
    for (unsigned i = 0; i < PANEL_TABS + 3; i++)
        draw(m, i);
}

static void export_all(const struct model *m)
{
    FILE *out = fopen("/dev/null", "w");

    CHECK(out != NULL);
    export_titles(out);
    export_row(out, m);
    export_status(out, m);
    export_alerts(out, m, &(struct export_alerts_how){0});
    export_metrics(out, m);
    export_csv_titles(out, m);
    export_csv_row(out, m);
    export_figures(out, m->metrics);
    export_json(out, m);
    for (int i = DUMP_FORMAT_TEXT; m->dump != NULL && i <= DUMP_FORMAT_FOLDED; i++)
        dumpsave_write(m->dump, NULL, (enum dump_format)i, out);
    fclose(out);
}

static void move(struct monitor *m, enum monitor_move how, int64_t ns)
{
    monitor_move(m, how, ns, WINDOW_NS);
    while (monitor_judge(m))
        continue;
}

/* Through all moments, and to some that may not be. */
static void replay(struct monitor *m)
{
    static const int64_t far[] = {INT64_MIN, INT64_MAX};

    for (unsigned i = 0; i < MOST_MOMENTS && monitor_move(m, MOVE_SAMPLE, 1, WINDOW_NS); i++)
        draw(monitor_model(m), i % (PANEL_TABS + 3));
    monitor_mark(m);
    move(m, MOVE_LIVE, 0);
    monitor_compare_stacks(m);
    draw_all(monitor_model(m));
    export_all(monitor_model(m));
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        move(m, MOVE_TO, far[i]);
        move(m, MOVE_TO_CLOCK, far[i]);
        draw(monitor_model(m), PANEL_TABS + 1);
    }
    move(m, MOVE_MARK, 0);
    move(m, MOVE_BY, -30 * NS_PER_S);
    draw_all(monitor_model(m));
}

static void judge(struct monitor *m)
{
    struct lint_set set;

    lint_set_init(&set);
    CHECK(lint_set_take(&set, "stale=1s,gc-thrash=1%") && monitor_judge_anew(m, 0, &set));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct monitor_failure failure = {0};
    bool is_file = bytes > 0 && data[0] == 'F';

    if (!is_file && bytes % RECHANGE_BYTES > 1)
        return -1; /* half a change: it is tried without, too */
    const char *path = rechange_make();

    setenv("TZ", "UTC", 1);
    if (is_file)
        rechange_bytes(data + 1, bytes - 1);
    else
        rechange_rows(data, bytes);
    struct monitor *m = monitor_new_replay(path, bytes % RECHANGE_BYTES == 1 ? "-20s" : NULL, NULL,
                                           &failure);
    if (m == NULL) {
        CHECK(failure.status != EXIT_OK && failure.text[0] != '\0');
        return 0;
    }
    screen_init(&screen, PLOT_BRAILLE, (enum plot_tier)(bytes / RECHANGE_BYTES % PLOT_TIERS),
                NS_PER_S);
    judge(m);
    monitor_tick(m, NS_PER_S, NS_PER_S);
    monitor_set_baseline(m, true);
    monitor_play(m, false);
    replay(m);
    monitor_free(m);
    return 0;
}
