/* SPDX-License-Identifier: MIT */
/* plot.c - a plot around its body: legend, axis, marks and times. */
#include "config.h"

#include "mon/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bits.h"
#include "base/clock.h"
#include "mon/plot_body.h"
#include "mon/rune.h"

#define LEAST_COLS_FOR_AXIS 28
#define LEAST_GAP_COLS      3 /* a shorter gap is seen, but not marked */
#define LABEL_BYTES         40

/* The parts of a plot's canvas; those without room are empty. */
struct frame {
    struct canvas legend;
    struct canvas axis;
    struct canvas body;
    struct canvas marks_label;
    struct canvas marks;
    struct canvas times; /* as wide as the axis and the body together */
};

static int gutter_for(int cols)
{
    return cols < LEAST_COLS_FOR_AXIS ? 0 : PLOT_GUTTER;
}

int plot_body_columns(int cols)
{
    return cols - gutter_for(cols);
}

static struct frame frame_of(const struct plot *plot, const struct canvas *canvas)
{
    int gutter = gutter_for(canvas->cols);
    int legend = canvas->rows >= 3;
    int times = canvas->rows >= 5 && !plot->no_times;
    int marks = canvas->rows >= 6 &&
                (plot->collections != NULL || plot->nalerts > 0 || plot->nmarks > 0);
    int body = canvas->rows - legend - times - marks;
    int cols = canvas->cols - gutter;
    struct rect rect[] = {
        {0, 0, legend, canvas->cols},         {legend, 0, body, gutter},
        {legend, gutter, body, cols},         {legend + body, 0, marks, gutter},
        {legend + body, gutter, marks, cols}, {legend + body + marks, 0, times, canvas->cols},
    };

    return (struct frame){
        .legend = canvas_view(canvas, rect[0]),
        .axis = canvas_view(canvas, rect[1]),
        .body = canvas_view(canvas, rect[2]),
        .marks_label = canvas_view(canvas, rect[3]),
        .marks = canvas_view(canvas, rect[4]),
        .times = canvas_view(canvas, rect[5]),
    };
}

/* ---- Legend ---- */

static const char *value_text(const struct plot *plot, double value, char text[LABEL_BYTES])
{
    char number[FMT_BYTES_MAX];

    fmt_value(number, sizeof number, plot->unit, value);
    snprintf(text, LABEL_BYTES, "%s%s", number, plot->per_second ? "/s" : "");
    return text;
}

/* "glyph name value": returns the column behind it; draws nothing if it is too long. */
static int draw_key(const struct plot *plot, const struct plot_series *series, int col,
                    struct canvas *legend)
{
    char text[LABEL_BYTES] = "-";

    if (series->has_now)
        value_text(plot, series->now, text);
    int width = 3 + rune_text_width(series->name) + (int)strlen(text);
    if (col + width > legend->cols)
        return col;
    canvas_put(legend, 0, col, plot_series_glyph(plot->tier, series), series->role);
    col += 2 + canvas_text(legend, 0, col + 2, ROLE_DIM, series->name);
    return col + 3 + canvas_text(legend, 0, col + 1, ROLE_STRONG, text);
}

static void draw_range(const struct plot *plot, int left, struct canvas *legend)
{
    struct plot_range range;
    char number[3][FMT_BYTES_MAX];
    char text[128];

    if (plot->nseries == 0 || !plot_range_of(&plot->series[0], &plot->time, &range))
        return;
    fmt_value(number[0], sizeof number[0], plot->unit, range.min);
    fmt_value(number[1], sizeof number[1], plot->unit, range.mean);
    fmt_value(number[2], sizeof number[2], plot->unit, range.max);
    snprintf(text, sizeof text, "min %*s  avg %*s  max %*s", 6, number[0], 6, number[1], 6,
             number[2]);
    if (left + rune_text_width(text) <= legend->cols)
        canvas_text_right(legend, 0, legend->cols, ROLE_DIM, text);
}

static void draw_legend(const struct plot *plot, struct canvas *legend)
{
    int col = canvas_text(legend, 0, 0, ROLE_TITLE, plot->title) + 2;

    for (int i = 0; i < plot->nseries; i++)
        col = draw_key(plot, &plot->series[i], col, legend);
    draw_range(plot, col, legend);
}

/* ---- Axis ---- */

/* A round number without the zeros that fmt puts behind its point: "512M", "1G", "0". */
static void tick_text(char text[FMT_BYTES_MAX], enum fmt_unit unit, double value)
{
    fmt_value(text, FMT_BYTES_MAX, unit, value);
    char *point = strchr(text, '.');
    if (value == 0)
        snprintf(text, FMT_BYTES_MAX, "0");
    if (value == 0 || point == NULL)
        return;
    char *suffix = point + 1 + strspn(point + 1, "0123456789");
    char *end = suffix;
    while (end[-1] == '0')
        end--;
    if (end[-1] == '.')
        end--;
    memmove(end, suffix, strlen(suffix) + 1);
}

static void draw_axis(const struct plot *plot, struct plot_scale scale, struct canvas *axis)
{
    char text[FMT_BYTES_MAX];
    int right = axis->cols - 1;

    for (int row = 0; row < axis->rows; row++)
        canvas_put(axis, row, right, 0x2502, ROLE_AXIS);
    for (double value = 0; value <= scale.ceiling * 1.0001; value += scale.step) {
        int above = (int)lround(value / scale.ceiling * axis->rows);
        int row = axis->rows - (above > 0 ? above : 1);
        if (value == 0 && axis->rows < 2)
            continue;
        tick_text(text, plot->unit, value);
        canvas_put(axis, row, right, 0x2524, ROLE_AXIS);
        canvas_text_right(axis, row, right, ROLE_DIM, text);
    }
}

/* ---- Marks of collections and alerts ---- */

/* Collections in a column of cells. */
static double collections_in(const struct plot *plot, int col, int cols)
{
    int per = plot_tier_columns(plot->tier);
    double step_s = (double)plot->time.step_ns / (double)NS_PER_S;
    double count = 0;
    int counted = -1;

    for (int x = col * per - 1; x < (col + 1) * per; x++) {
        int at = plot_bucket_at(&plot->time, x, cols * per);
        if (at >= 0 && at != counted && x >= col * per && plot->collections[at].n > 0)
            count += (double)plot->collections[at].mean * step_s;
        counted = at;
    }
    return count;
}

static uint32_t collection_glyph(enum plot_tier tier, double count, double most)
{
    bool blocks = tier == PLOT_BRAILLE || tier == PLOT_BLOCKS;

    if (most < 1.5)
        return blocks ? 0x2575 : tier == PLOT_LINES ? 0x2502 : '|';
    if (blocks) /* up to half of the row, to stay apart from the plot above */
        return 0x2580 + (uint32_t)ceil(count / most * 4);
    return count < 9.5 ? '0' + (uint32_t)lround(count) : '#';
}

static void draw_collections(const struct plot *plot, struct canvas *marks)
{
    double most = 0;

    for (int col = 0; col < marks->cols; col++)
        most = fmax(most, collections_in(plot, col, marks->cols));
    for (int col = 0; col < marks->cols; col++) {
        double count = collections_in(plot, col, marks->cols);
        if (count > 0.5)
            canvas_put(marks, 0, col, collection_glyph(plot->tier, count, most), ROLE_GC);
    }
}

/* The column of cells that a time lies in, perhaps outside of 0 to COLS - 1. */
static int column_of(const struct plot *plot, int64_t mono_ns, int cols)
{
    const struct plot_time *time = &plot->time;
    int per = plot_tier_columns(plot->tier);
    int64_t end_ns = time->begin_ns + time->nbuckets * time->step_ns;

    if (mono_ns < time->begin_ns)
        return -1;
    if (mono_ns >= end_ns)
        return cols;
    int64_t before = (end_ns - mono_ns - 1) / time->step_ns * time->repeat; /* sub-columns */
    return before / per > cols ? -1 : cols - 1 - (int)(before / per);
}

static void draw_marks(const struct plot *plot, struct canvas *marks)
{
    if (marks->rows == 0)
        return;
    if (plot->collections != NULL)
        draw_collections(plot, marks);
    for (int i = 0; i < plot->nalerts; i++)
        canvas_put(marks, 0, column_of(plot, plot->alert_ns[i], marks->cols), 0x25b2, ROLE_BAD);
    for (int i = 0; i < plot->nmarks; i++)
        canvas_put(marks, 0, column_of(plot, plot->mark_ns[i], marks->cols), 'm', ROLE_KEY);
}

/* A line where there is nothing else, and another colour where there is. */
static void draw_cursor(const struct plot *plot, struct canvas *canvas)
{
    int col = column_of(plot, plot->cursor_ns, canvas->cols);

    for (int row = 0; plot->cursor_ns > 0 && row < canvas->rows; row++) {
        const struct cell *cell = canvas_at(canvas, row, col);

        if (cell == NULL)
            return;
        if (cell->rune == ' ')
            canvas_put(canvas, row, col, 0x2502, ROLE_FROZEN);
        else
            canvas_tint(canvas, row, col, 1, ROLE_FROZEN);
    }
}

/* ---- Times ---- */

static int64_t utc_offset_ns(int64_t real_ns)
{
    time_t seconds = (time_t)(real_ns / NS_PER_S);
    struct tm local;

    return localtime_r(&seconds, &local) == NULL ? 0 : local.tm_gmtoff * NS_PER_S;
}

/* When a clock on the wall shows LOCAL_NS, counted as if in UTC. Of what it shows twice, as it is
 * set back, one of both; for what it never shows, as it is set forward, a time beside it. */
static int64_t instant_of(int64_t local_ns)
{
    int64_t about_ns = local_ns - utc_offset_ns(local_ns);

    return local_ns - utc_offset_ns(about_ns);
}

/* Distance of two labels of the time axis: round, and far enough for them. */
static int64_t label_step(int64_t column_ns)
{
    static const int64_t seconds[] = {10,   15,   30,   60,    120,   300,   600,  900,
                                      1800, 3600, 7200, 10800, 21600, 43200, 86400};

    for (size_t i = 0; i < ARRAY_COUNT(seconds); i++) {
        int columns = seconds[i] < 60 ? 14 : 11;
        if (seconds[i] * NS_PER_S >= columns * column_ns)
            return seconds[i] * NS_PER_S;
    }
    return 86400 * NS_PER_S;
}

/* "03:12:40", "03:12", or where every label is a midnight "11-23". */
static void label_text(char text[FMT_BYTES_MAX], int64_t real_ns, int64_t step_ns)
{
    if (step_ns >= 86400 * NS_PER_S) {
        fmt_date(text, FMT_BYTES_MAX, real_ns);
        if (strlen(text) > 10)
            memmove(text, text + 5, 6);
    } else {
        fmt_clock(text, FMT_BYTES_MAX, real_ns);
    }
    if (step_ns >= 60 * NS_PER_S && strlen(text) > 5)
        text[5] = '\0';
}

static void draw_times(const struct plot *plot, struct canvas *times, int gutter)
{
    const struct plot_time *time = &plot->time;
    int cols = times->cols - gutter;
    int64_t column_ns = time->step_ns * plot_tier_columns(plot->tier) / time->repeat;
    int64_t end_ns = time->begin_ns + time->nbuckets * time->step_ns + time->real_minus_mono;
    int64_t step_ns = label_step(column_ns);
    int64_t local_ns = (end_ns + utc_offset_ns(end_ns)) / step_ns * step_ns;

    for (;; local_ns -= step_ns) {
        char text[FMT_BYTES_MAX];
        int64_t at = instant_of(local_ns);
        int col = column_of(plot, at - time->real_minus_mono, cols);
        label_text(text, at, step_ns);
        int width = (int)strlen(text);
        int left = gutter + col - width / 2;
        if (col < 0 || left < 0)
            return;
        if (left + width <= times->cols)
            canvas_text(times, 0, left, ROLE_DIM, text);
    }
}

/* ---- Gaps ---- */

static const char *gap_text(unsigned cause)
{
    switch ((enum gap_cause)cause) {
    case GAP_NONE:
    case GAP_UNKNOWN:
        return NULL;
    case GAP_STALLED:
        return "stalled";
    case GAP_STOPPED:
        return "stopped";
    case GAP_THROTTLED:
        return "throttled";
    case GAP_PAUSED:
        return "long pause";
    case GAP_TARGET_GONE:
        return "ended";
    case GAP_NOT_WATCHED:
        return "not watched";
    }
    return NULL;
}

static void draw_gap(struct canvas *body, int from, int to, const char *text)
{
    int width = rune_text_width(text);

    if (to - from < LEAST_GAP_COLS)
        return;
    canvas_fill(body, body->rows - 1, from, to - from, 0xb7, ROLE_GAP);
    if (width <= to - from)
        canvas_text(body, body->rows / 2, from + (to - from - width) / 2, ROLE_GAP, text);
}

/* The cause of the gap in a column of cells, or NULL if something is known there. */
static const char *gap_in(const struct plot *plot, int col, int cols)
{
    int per = plot_tier_columns(plot->tier);
    const char *text = NULL;

    for (int x = col * per; x < (col + 1) * per; x++) {
        int at = plot_bucket_at(&plot->time, x, cols * per);
        if (at >= 0 && plot->series[0].bucket[at].n > 0)
            return NULL;
        if (at >= 0 && text == NULL)
            text = gap_text(plot->series[0].bucket[at].gap);
    }
    return text;
}

static void draw_gaps(const struct plot *plot, struct canvas *body)
{
    const char *open = NULL;
    int from = 0;

    if (plot->nseries == 0 || body->rows == 0)
        return;
    for (int col = 0; col <= body->cols; col++) {
        const char *text = col < body->cols ? gap_in(plot, col, body->cols) : NULL;
        if (text == open)
            continue;
        if (open != NULL)
            draw_gap(body, from, col, open);
        open = text;
        from = col;
    }
}

/* ---- The whole ---- */

/* The greatest value of all series, the leading buckets included. */
static double greatest(const struct plot *plot)
{
    double most = 0;

    for (int s = 0; s < plot->nseries; s++) {
        for (int i = 0; i < plot->time.nbuckets; i++) {
            const struct plot_bucket *bucket = &plot->series[s].bucket[i];
            if (bucket->n > 0 && isfinite(bucket->max))
                most = fmax(most, (double)bucket->max);
        }
    }
    return most;
}

/* As many labels as can be read without crowding. */
static int steps_for(int rows)
{
    if (rows < 4)
        return 1;
    return rows < 6 ? 2 : rows < 9 ? 3 : rows / 4 + 1;
}

void plot_draw(const struct plot *plot, struct canvas *canvas)
{
    struct frame frame = frame_of(plot, canvas);
    struct plot_scale scale = plot_scale_for(greatest(plot), plot->unit,
                                             steps_for(frame.body.rows));

    draw_legend(plot, &frame.legend);
    draw_axis(plot, scale, &frame.axis);
    plot_draw_body(plot, scale.ceiling, &frame.body);
    draw_gaps(plot, &frame.body);
    draw_cursor(plot, &frame.body);
    draw_marks(plot, &frame.marks);
    if (plot->collections != NULL)
        canvas_text_right(&frame.marks_label, 0, frame.marks_label.cols - 1, ROLE_DIM, "GC");
    if (frame.times.rows > 0)
        draw_times(plot, &frame.times, frame.axis.cols);
}
