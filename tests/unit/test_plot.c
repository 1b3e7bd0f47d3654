/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "mon/plot.h"
#include "mon/plot_body.h"

#define NOW    (INT64_C(5000) * NS_PER_S + 123456789)
#define MINUTE (60 * NS_PER_S)

/* ---- Time ---- */

/* Whether the buckets of T cover WINDOW and end with NOW, in COLS columns. */
static void check_time(enum plot_tier tier, int cols, int64_t window, struct plot_time t)
{
    int64_t known_end = t.begin_ns + t.nknown * t.step_ns;
    int eighth = cols / 8 * plot_tier_columns(tier) / t.repeat;

    cr_assert(known_end > NOW && known_end <= NOW + t.step_ns,
              "tier %d, %d columns, %ld ns: what is known ends %ld ns after now", (int)tier, cols,
              (long)window, (long)(known_end - NOW));
    cr_assert_geq((t.nbuckets - t.lead) * t.step_ns, window, "tier %d, %d columns: %ld ns, not %ld",
                  (int)tier, cols, (long)((t.nbuckets - t.lead) * t.step_ns), (long)window);
    cr_assert_leq(t.nbuckets - t.nknown, eighth > 1 ? eighth : 1,
                  "tier %d, %d columns: %d buckets of %d are blank", (int)tier, cols,
                  t.nbuckets - t.nknown, t.nbuckets - t.lead);
    cr_assert_leq(t.nbuckets, PLOT_MAX_BUCKETS, "%d buckets", t.nbuckets);
}

Test(plot_time, the_window_is_covered_and_ends_with_now_at_any_size)
{
    static const int64_t windows[] = {1, 5, 15, 60, 360, 1440};

    for (int tier = 0; tier < PLOT_TIERS; tier++) {
        for (int cols = 1; cols <= 300; cols++) {
            for (size_t w = 0; w < 6; w++)
                check_time((enum plot_tier)tier, cols, windows[w] * MINUTE,
                           plot_time_for((enum plot_tier)tier, cols, windows[w] * MINUTE, NOW, 0));
        }
    }
}

/* All of it is sent to the terminal each time. */
Test(plot_time, the_picture_moves_by_an_eighth_of_its_width)
{
    static const int64_t windows[] = {1, 5, 15, 60};

    for (size_t w = 0; w < 4; w++) {
        int64_t window = windows[w] * MINUTE;
        int64_t begin = 0;
        int moved = -1;

        for (int64_t at = NOW; at < NOW + window; at += NS_PER_S) {
            struct plot_time t = plot_time_for(PLOT_BRAILLE, 190, window, at, 0);
            moved += t.begin_ns != begin;
            begin = t.begin_ns;
        }
        cr_assert(moved >= 4 && moved <= 10, "%ld min: moved %d times", (long)windows[w], moved);
    }
}

Test(plot_time, buckets_are_the_same_a_moment_later)
{
    struct plot_time a = plot_time_for(PLOT_BRAILLE, 70, 15 * MINUTE, NOW, 0);
    struct plot_time b = plot_time_for(PLOT_BRAILLE, 70, 15 * MINUTE, NOW + 40 * NS_PER_S, 0);

    cr_assert_eq(a.step_ns, b.step_ns, "%ld and %ld", (long)a.step_ns, (long)b.step_ns);
    cr_assert_eq(a.begin_ns % (2 * a.step_ns), b.begin_ns % (2 * b.step_ns),
                 "the cells begin elsewhere");
    cr_assert_eq(a.begin_ns % a.step_ns, 0, "not a multiple of the step: %ld", (long)a.begin_ns);
}

Test(plot_time, a_short_window_on_a_wide_screen_repeats_its_seconds)
{
    struct plot_time t = plot_time_for(PLOT_BRAILLE, 130, MINUTE, NOW, 0);

    cr_assert_eq(t.step_ns, NS_PER_S, "%ld", (long)t.step_ns);
    cr_assert_eq(t.repeat, 4, "each second takes %d sub-columns", t.repeat);
    cr_assert_eq(plot_bucket_at(&t, 259, 260), t.nbuckets - 1, "%d", plot_bucket_at(&t, 259, 260));
    cr_assert_eq(plot_bucket_at(&t, 256, 260), t.nbuckets - 1, "%d", plot_bucket_at(&t, 256, 260));
    cr_assert_eq(plot_bucket_at(&t, 255, 260), t.nbuckets - 2, "%d", plot_bucket_at(&t, 255, 260));
}

Test(plot_time, columns_partition_the_time)
{
    struct plot_time t = plot_time_for(PLOT_BRAILLE, 71, 15 * MINUTE, NOW, 0);
    int64_t known_end = t.begin_ns + t.nknown * t.step_ns;
    int64_t last = 0;

    for (int col = 0; col < 71; col++) {
        int64_t from, to;
        if (!plot_column_span(&t, PLOT_BRAILLE, col, 71, &from, &to))
            continue;
        cr_assert(last == 0 || from == last, "column %d begins at %ld, not %ld", col, (long)from,
                  (long)last);
        last = to;
    }
    cr_assert_eq(last, known_end, "the last column ends at %ld", (long)last);
}

/* ---- From the history ---- */

static struct metric_table metrics;
static struct history *history;

static void new_history(void)
{
    metric_table_init(&metrics);
    for (unsigned i = 0; i < metrics.n; i++)
        metrics.info[i].present = true;
    history = history_new(&metrics);
    cr_assert_not_null(history, "no memory");
}

static void free_history(void)
{
    history_free(history);
}

TestSuite(plot_history, .init = new_history, .fini = free_history);

Test(plot_history, a_missed_second_is_bridged_and_a_long_hole_is_not)
{
    struct plot_time t = plot_time_for(PLOT_BLOCKS, 60, MINUTE, NOW, 0);
    struct plot_bucket bucket[PLOT_MAX_BUCKETS];
    int n = t.nknown;

    for (int i = 0; i < n; i++) {
        if (i != n - 40 && (i < n - 30 || i > n - 20))
            history_add(history, MON_HEAP_ALLOC, t.begin_ns + i * t.step_ns, 1000);
    }
    plot_read_history(history, MON_HEAP_ALLOC, &t, 5 * NS_PER_S / 2, bucket);
    cr_assert_gt(bucket[n - 40].n, 0, "one missed second is a gap");
    cr_assert_eq(bucket[n - 25].n, 0, "the middle of ten missed seconds is known");
    cr_assert_float_eq((double)bucket[n - 1].mean, 1000.0, 0.1, "%f", (double)bucket[n - 1].mean);
}

Test(plot_history, a_gap_knows_its_cause)
{
    struct plot_time t = plot_time_for(PLOT_BLOCKS, 60, MINUTE, NOW, 0);
    struct plot_bucket bucket[PLOT_MAX_BUCKETS];
    int64_t from = t.begin_ns + (t.nknown - 30) * t.step_ns;

    history_add(history, MON_HEAP_ALLOC, from - NS_PER_S, 1000);
    history_mark_gap(history, from, from + 20 * NS_PER_S, GAP_STOPPED);
    history_add(history, MON_HEAP_ALLOC, from + 25 * NS_PER_S, 1000);
    plot_read_history(history, MON_HEAP_ALLOC, &t, 5 * NS_PER_S / 2, bucket);
    cr_assert_eq(bucket[t.nknown - 20].n, 0, "the gap has samples");
    cr_assert_eq(bucket[t.nknown - 20].gap, GAP_STOPPED, "cause %d", bucket[t.nknown - 20].gap);
}

/* Of a moment in the past, what came after it is not shown. */
Test(plot_history, what_is_yet_to_come_is_blank)
{
    struct plot_bucket bucket[PLOT_MAX_BUCKETS];
    int blank = 0;

    for (int i = -120; i < 120; i++)
        history_add(history, MON_HEAP_ALLOC, NOW + i * NS_PER_S, 1000);
    for (int after = 0; after < 40; after++) {
        struct plot_time t = plot_time_for(PLOT_BLOCKS, 60, MINUTE, NOW + after * NS_PER_S, 0);

        plot_read_history(history, MON_HEAP_ALLOC, &t, 5 * NS_PER_S / 2, bucket);
        cr_assert_gt(bucket[t.nknown - 1].n, 0, "now is not known");
        for (int i = t.nknown; i < t.nbuckets; i++, blank++)
            cr_assert(bucket[i].n == 0 && bucket[i].gap == GAP_NONE, "n %d, gap %d", bucket[i].n,
                      bucket[i].gap);
    }
    cr_assert_gt(blank, 0, "no plot had room for what is to come");
}

Test(plot_history, a_spike_of_one_second_survives_any_zoom)
{
    struct plot_bucket bucket[PLOT_MAX_BUCKETS];

    for (int i = 0; i < 900; i++)
        history_add(history, MON_HEAP_ALLOC, NOW - (900 - i) * NS_PER_S, i == 300 ? 9000 : 10);
    for (int64_t minutes = 15; minutes <= 1440; minutes *= 4) {
        struct plot_time t = plot_time_for(PLOT_BRAILLE, 70, minutes * MINUTE, NOW, 0);
        float most = 0;
        plot_read_history(history, MON_HEAP_ALLOC, &t, 5 * NS_PER_S / 2, bucket);
        for (int i = 0; i < t.nbuckets; i++)
            most = bucket[i].n > 0 && bucket[i].max > most ? bucket[i].max : most;
        cr_assert_float_eq((double)most, 9000.0, 1.0, "%ld min: %f", (long)minutes, (double)most);
    }
}

/* ---- Scale ---- */

Test(plot_scale, the_ceiling_is_never_below_the_greatest_value)
{
    for (int unit = 0; unit < FMT_UNITS; unit++) {
        for (double max = 0; max < 1e19; max = max * 1.7 + 1) {
            for (int most = 1; most < 8; most++) {
                struct plot_scale s = plot_scale_for(max, (enum fmt_unit)unit, most);
                cr_assert(s.ceiling >= max && s.ceiling > 0 && s.step > 0,
                          "unit %d, %g in %d steps: %g by %g", unit, max, most, s.ceiling, s.step);
                cr_assert_leq(s.ceiling / s.step, most + 1e-6, "%g in %d steps has %g", max, most,
                              s.ceiling / s.step);
            }
        }
    }
}

Test(plot_scale, steps_of_bytes_are_powers_of_two)
{
    struct plot_scale s = plot_scale_for(700e6, FMT_BYTES, 3);

    cr_assert_float_eq(s.step, 256.0 * 1024 * 1024, 1, "%f", s.step);
    cr_assert_float_eq(s.ceiling, 768.0 * 1024 * 1024, 1, "%f", s.ceiling);
}

Test(plot_scale, steps_of_others_are_one_two_or_five)
{
    static const struct {
        double max, step;
    } cases[] = {{3, 1}, {7, 5}, {90, 50}, {41203, 20000}, {0.5, 1}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct plot_scale s = plot_scale_for(cases[i].max, FMT_COUNT, 3);
        cr_assert_float_eq(s.step, cases[i].step, 1e-6, "%g: step %g", cases[i].max, s.step);
    }
}

/* ---- Glyphs ---- */

#define COLS 6

/* A plot of COLS cells, one bucket a cell, or two with braille. */
static void draw_values(enum plot_tier tier, enum plot_style style, const float *value, int n,
                        int rows, char **text)
{
    static struct plot_bucket bucket[PLOT_MAX_BUCKETS];
    struct plot plot = {
        .tier = tier,
        .title = "",
        .nseries = 1,
        .time = {.begin_ns = 0, .step_ns = NS_PER_S, .nbuckets = n, .repeat = 1},
        .series = {{.name = "", .bucket = bucket, .style = style, .role = ROLE_SERIES_0}}};
    struct canvas canvas;

    for (int i = 0; i < n; i++)
        bucket[i] = (struct plot_bucket){
            .min = value[i], .mean = value[i], .max = value[i], .n = value[i] >= 0};
    canvas_init(&canvas, rows, COLS);
    plot_draw_body(&plot, 8, &canvas);
    *text = canvas_to_text(&canvas);
    canvas_fini(&canvas);
}

static void expect_body(enum plot_tier tier, enum plot_style style, const float *value, int n,
                        const char *wanted)
{
    char *text;

    draw_values(tier, style, value, n, 2, &text);
    cr_assert_str_eq(text, wanted, "wanted\n%sgot\n%s", wanted, text);
    free(text);
}

Test(plot_body, blocks_fill_by_eighths)
{
    static const float value[] = {0, 0.5f, 2, 4, 6, 8};

    expect_body(PLOT_BLOCKS, PLOT_AREA, value, COLS, "    ▄█\n ▁▄███\n");
}

Test(plot_body, ascii_fills_by_thirds)
{
    static const float value[] = {0, 1.4f, 2.8f, 4, 6, 8};

    expect_body(PLOT_ASCII, PLOT_AREA, value, COLS, "    :#\n .:###\n");
}

Test(plot_body, a_value_above_nothing_can_be_seen)
{
    static const float value[] = {0.001f, 0.001f, 0.001f, 0.001f, 0.001f, 0};

    expect_body(PLOT_BLOCKS, PLOT_AREA, value, COLS, "\n▁▁▁▁▁\n");
}

Test(plot_body, lines_turn_corners)
{
    static const float value[] = {1, 1, 6, 6, 1, 1};

    expect_body(PLOT_LINES, PLOT_LINE, value, COLS, "  ┌─┐\n──┘ └─\n");
}

Test(plot_body, what_is_not_known_is_left_blank_and_not_joined)
{
    static const float value[] = {1, -1, -1, 6, 6, 6};

    expect_body(PLOT_LINES, PLOT_LINE, value, COLS, "   ───\n─\n");
    expect_body(PLOT_BLOCKS, PLOT_AREA, value, COLS, "   ▄▄▄\n▂  ███\n");
}

Test(plot_body, braille_has_two_buckets_and_four_rows_a_cell)
{
    static const float value[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 0, 0};

    expect_body(PLOT_BRAILLE, PLOT_AREA, value, 2 * COLS, "  ⢀⣴⣿\n⢀⣴⣿⣿⣿\n");
}

Test(plot_body, a_line_cuts_itself_out_of_an_area)
{
    struct plot_bucket low[2] = {{1, 1, 1, 1, 0}, {1, 1, 1, 1, 0}};
    struct plot_bucket high[2] = {{7.5f, 7.5f, 7.5f, 1, 0}, {7.5f, 7.5f, 7.5f, 1, 0}};
    struct plot plot = {.tier = PLOT_BRAILLE,
                        .nseries = 2,
                        .time = {.step_ns = NS_PER_S, .nbuckets = 2, .repeat = 1},
                        .series = {{.bucket = low, .style = PLOT_AREA, .role = ROLE_SERIES_0},
                                   {.bucket = high, .style = PLOT_LINE, .role = ROLE_SERIES_1}}};
    struct canvas canvas;

    canvas_init(&canvas, 1, 1);
    plot_draw_body(&plot, 8, &canvas);
    uint32_t rune = canvas_at(&canvas, 0, 0)->rune;
    cr_assert_eq(rune, 0x2809, "U+%04x", rune);
    canvas_fini(&canvas);
}

Test(plot_body, a_line_on_the_axis_hides_no_area)
{
    for (int tier = 0; tier < PLOT_TIERS; tier++) {
        struct plot_bucket area[2] = {{8, 8, 8, 1, 0}, {8, 8, 8, 1, 0}};
        struct plot_bucket zero[2] = {{0, 0, 0, 1, 0}, {0, 0, 0, 1, 0}};
        struct plot plot = {
            .tier = (enum plot_tier)tier,
            .nseries = 2,
            .time = {.step_ns = NS_PER_S, .nbuckets = 2, .repeat = 1},
            .series = {{.bucket = area, .style = PLOT_AREA, .role = ROLE_SERIES_0},
                       {.bucket = zero, .style = PLOT_LINE, .role = ROLE_SERIES_1}}};
        struct canvas canvas;
        canvas_init(&canvas, 1, 1);
        plot_draw_body(&plot, 8, &canvas);
        cr_assert_eq(canvas_at(&canvas, 0, 0)->role, ROLE_SERIES_0, "tier %d: role %d", tier,
                     canvas_at(&canvas, 0, 0)->role);
        canvas_fini(&canvas);
    }
}

/* ---- The whole ---- */

Test(plot, it_never_draws_outside_at_any_size)
{
    static struct plot_bucket bucket[PLOT_MAX_BUCKETS];
    static const int64_t alert_ns[] = {NOW - MINUTE, 0, INT64_MAX / 2};

    for (int rows = 0; rows < 24; rows++) {
        for (int cols = 0; cols < 90; cols++) {
            struct canvas grid;
            struct plot plot = {.tier = (enum plot_tier)(cols % 4),
                                .title = "TITLE",
                                .collections = bucket,
                                .alert_ns = alert_ns,
                                .nalerts = 3,
                                .nseries = 1,
                                .series = {{.name = "name",
                                            .bucket = bucket,
                                            .role = ROLE_SERIES_0,
                                            .has_now = true,
                                            .now = 1e18}}};
            plot.time = plot_time_for(plot.tier, plot_body_columns(cols), 15 * MINUTE, NOW, 0);
            for (int i = 0; i < plot.time.nbuckets; i++)
                bucket[i] = (struct plot_bucket){
                    .mean = (float)i, .max = (float)(i * 2), .n = i % 50 < 40, .gap = GAP_STOPPED};
            canvas_init(&grid, rows + 2, cols + 2);
            canvas_clear(&grid, ROLE_BAD);
            struct canvas view = canvas_view(&grid, (struct rect){1, 1, rows, cols});
            plot_draw(&plot, &view);
            for (int row = 0; row < rows + 2; row++) {
                cr_assert_eq(canvas_at(&grid, row, 0)->rune, ' ', "%dx%d: left", rows, cols);
                cr_assert_eq(canvas_at(&grid, row, cols + 1)->rune, ' ', "%dx%d: right", rows,
                             cols);
            }
            for (int col = 0; col < cols + 2; col++) {
                cr_assert_eq(canvas_at(&grid, 0, col)->rune, ' ', "%dx%d: above", rows, cols);
                cr_assert_eq(canvas_at(&grid, rows + 1, col)->rune, ' ', "%dx%d: below", rows,
                             cols);
            }
            canvas_fini(&grid);
        }
    }
}

Test(plot, times_stand_under_their_columns)
{
    static struct plot_bucket bucket[PLOT_MAX_BUCKETS];
    struct plot plot = {.tier = PLOT_BLOCKS,
                        .title = "T",
                        .nseries = 1,
                        .series = {{.name = "n", .bucket = bucket, .role = ROLE_SERIES_0}}};
    int64_t real = INT64_C(1795403564) * NS_PER_S; /* 03:12:44 */
    struct canvas canvas;

    setenv("TZ", "UTC", 1);
    plot.time = plot_time_for(PLOT_BLOCKS, 60, 15 * MINUTE, NOW, real - NOW);
    for (int i = 0; i < plot.time.nbuckets; i++) {
        int64_t begin = plot.time.begin_ns + i * plot.time.step_ns + plot.time.real_minus_mono;
        bool spans_ten_past = begin <= real - 164 * NS_PER_S &&
                              begin + plot.time.step_ns > real - 164 * NS_PER_S;
        bucket[i] = (struct plot_bucket){.mean = spans_ten_past, .max = spans_ten_past, .n = 1};
    }
    canvas_init(&canvas, 8, 68);
    plot_draw(&plot, &canvas);
    char *text = canvas_to_text(&canvas);
    char *last = strrchr(text, '0');
    cr_assert(last - text > 4 && strncmp(last - 4, "03:10", 5) == 0, "the last label is\n%s", text);
    int col = 0;
    while (col < 68 && canvas_at(&canvas, 6, col)->rune != 0x2588)
        col++;
    cr_assert_eq(canvas_at(&canvas, 7, col - 2)->rune, '0', "column %d, but\n%s", col, text);
    cr_assert_eq(canvas_at(&canvas, 7, col)->rune, ':', "column %d, but\n%s", col, text);
    free(text);
    canvas_fini(&canvas);
}

/* The times under a plot of 60 columns that ends at REAL_NS, in the time zone TZ. */
static char *times_under(const char *tz, int64_t window_ns, int64_t real_ns)
{
    static struct plot_bucket bucket[PLOT_MAX_BUCKETS];
    struct plot plot = {.tier = PLOT_BLOCKS,
                        .title = "T",
                        .nseries = 1,
                        .series = {{.name = "n", .bucket = bucket, .role = ROLE_SERIES_0}}};
    struct canvas canvas;

    setenv("TZ", tz, 1);
    tzset();
    plot.time = plot_time_for(PLOT_BLOCKS, 60, window_ns, NOW, real_ns - NOW);
    canvas_init(&canvas, 8, 68);
    plot_draw(&plot, &canvas);
    char *text = canvas_to_text(&canvas);
    canvas_fini(&canvas);
    char *last = text + strlen(text) - 1;
    while (last > text && last[-1] != '\n')
        last--;
    memmove(text, last, strlen(last) + 1);
    return text;
}

#define CENTRAL_EUROPE "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK       "EST5EDT,M3.2.0,M11.1.0"

/* Each line is of a week in which the clocks were changed, and of one day of that week. */
Test(plot, times_stay_round_when_the_clocks_are_changed)
{
    static const struct {
        const char *tz;
        int64_t days;
        int64_t real_s;
        const char *wanted[5];
    } cases[] = {
        /* set forward on 2026-03-29; set back on 2026-10-25; shown on the Tuesday after */
        {CENTRAL_EUROPE, 7, 1774951200, {"03-31", "03-30", "03-29", "03-28", "03-27"}},
        {CENTRAL_EUROPE, 7, 1793098800, {"10-27", "10-26", "10-25", "10-24", "10-23"}},
        {NEW_YORK, 7, 1773172800, {"03-10", "03-09", "03-08", "03-07", "03-06"}},
        {NEW_YORK, 7, 1793736000, {"11-03", "11-02", "11-01", "10-31", "10-30"}},
        /* 19:00 of the Sunday itself */
        {CENTRAL_EUROPE, 1, 1774803600, {"18:00", "12:00", "06:00", "00:00"}},
        {CENTRAL_EUROPE, 1, 1792951200, {"18:00", "12:00", "06:00", "00:00"}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = times_under(cases[i].tz, cases[i].days * 1440 * MINUTE,
                                 cases[i].real_s * NS_PER_S);
        for (int k = 0; k < 5 && cases[i].wanted[k] != NULL; k++) {
            const char *first = strstr(text, cases[i].wanted[k]);

            cr_assert(first != NULL && strstr(first + 1, cases[i].wanted[k]) == NULL,
                      "case %zu: %s is not there once in\n%s", i, cases[i].wanted[k], text);
        }
        free(text);
    }
}

Test(plot, the_legend_says_what_is_not_known)
{
    static struct plot_bucket bucket[PLOT_MAX_BUCKETS];
    struct plot plot = {.tier = PLOT_ASCII,
                        .title = "HEAP",
                        .nseries = 1,
                        .series = {{.name = "alloc", .bucket = bucket, .role = ROLE_SERIES_0}}};
    struct canvas canvas;

    plot.time = plot_time_for(PLOT_ASCII, 60, 15 * MINUTE, NOW, 0);
    canvas_init(&canvas, 8, 68);
    plot_draw(&plot, &canvas);
    char *text = canvas_to_text(&canvas);
    cr_assert_eq(strncmp(text, "HEAP  # alloc -\n", 16), 0, "%s", text);
    free(text);
    canvas_fini(&canvas);
}
