/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/plot_body.h"

#include <math.h>
#include <stddef.h>

#include "base/check.h"

#define BRAILLE_BLANK 0x2800u
#define BLOCK_SHADE   0x2591u
#define BLOCK_FULL    0x2588u
#define LINE_ACROSS   0x2500u
#define LINE_DOWN     0x2502u

/* Sub-rows, counted from below: [low, high) is solid, [high, shade) is halftone. */
struct span {
    bool known;
    int low;
    int high;
    int shade;
};

/* What an encoder works on: one series on one canvas. */
struct brush {
    const struct plot *plot;
    const struct plot_series *series;
    struct canvas *canvas;
    double per_row; /* value of one sub-row */
    int nrows;      /* sub-rows */
    int ncols;      /* sub-columns */
};

int plot_tier_columns(enum plot_tier tier)
{
    return tier == PLOT_BRAILLE ? 2 : 1;
}

/* Sub-rows of a cell, for a style of drawing. */
static int sub_rows(enum plot_tier tier, enum plot_style style)
{
    switch (tier) {
    case PLOT_BRAILLE:
        return 4;
    case PLOT_BLOCKS:
        return style == PLOT_AREA ? 8 : 1;
    case PLOT_LINES:
        return 1;
    case PLOT_ASCII:
        return style == PLOT_AREA ? 3 : 1;
    }
    UNREACHABLE();
}

int plot_bucket_at(const struct plot_time *time, int x, int nx)
{
    int bucket = time->nbuckets - 1 - (nx - 1 - x) / time->repeat;

    return x >= 0 && x < nx && bucket >= time->lead ? bucket : -1;
}

bool plot_column_span(const struct plot_time *time, enum plot_tier tier, int col, int ncols,
                      int64_t *from_ns, int64_t *to_ns)
{
    int per = plot_tier_columns(tier);
    int first = plot_bucket_at(time, col * per, ncols * per);
    int last = plot_bucket_at(time, col * per + per - 1, ncols * per);

    if (last >= time->nknown)
        last = time->nknown - 1;
    if (last < first || last < 0)
        return false;
    *from_ns = time->begin_ns + (first < 0 ? last : first) * time->step_ns;
    *to_ns = time->begin_ns + (last + 1) * time->step_ns;
    return true;
}

/* The sub-row that a value lies in. */
static int row_of(const struct brush *brush, float value)
{
    double row = floor((double)value / brush->per_row);

    return row < 0 ? 0 : row >= brush->nrows ? brush->nrows - 1 : (int)row;
}

/* Sub-rows below a value: something that is not 0 can be seen. */
static int fill_of(const struct brush *brush, float value)
{
    double rows = round((double)value / brush->per_row);

    if (value > 0 && rows < 1)
        rows = 1;
    return rows < 0 ? 0 : rows > brush->nrows ? brush->nrows : (int)rows;
}

static const struct plot_bucket *known_bucket(const struct brush *brush, int x)
{
    int at = plot_bucket_at(&brush->plot->time, x, brush->ncols);
    const struct plot_bucket *bucket = at < 0 ? NULL : &brush->series->bucket[at];

    return bucket != NULL && bucket->n > 0 ? bucket : NULL;
}

/* From the row of the column before, so that the line is joined, and as far as the values
 * reached. */
static struct span span_of_line(const struct brush *brush, int x, const struct plot_bucket *bucket)
{
    const struct plot_bucket *before = known_bucket(brush, x - 1);
    int row = row_of(brush, bucket->mean);
    int from = before == NULL ? row : row_of(brush, before->mean);
    struct span span = {.known = true, .low = row, .high = row + 1};

    if (from < row)
        span.low = from + 1;
    if (from > row)
        span.high = from;
    if (row_of(brush, bucket->min) < span.low)
        span.low = row_of(brush, bucket->min);
    if (row_of(brush, bucket->max) >= span.high)
        span.high = row_of(brush, bucket->max) + 1;
    span.shade = span.high;
    return span;
}

static struct span span_at(const struct brush *brush, int x)
{
    const struct plot_bucket *bucket = known_bucket(brush, x);

    if (bucket == NULL)
        return (struct span){0};
    if (brush->series->style == PLOT_LINE)
        return span_of_line(brush, x, bucket);
    struct span span = {.known = true};
    if (brush->series->style == PLOT_AREA) {
        span.high = fill_of(brush, bucket->mean);
        span.shade = fill_of(brush, bucket->max);
    } else {
        span.low = row_of(brush, bucket->min);
        span.high = span.shade = row_of(brush, bucket->max) + 1;
    }
    return span;
}

/* Whether the series is a line that lies on the axis in a column of cells where something is drawn
 * already: it would hide that, and says nothing. */
static bool is_line_at_zero(const struct brush *brush, int col)
{
    const struct cell *cell = canvas_at(brush->canvas, brush->canvas->rows - 1, col);
    int per = plot_tier_columns(brush->plot->tier);

    if (brush->series->style != PLOT_LINE || cell == NULL || cell->rune == ' ')
        return false;
    for (int x = col * per; x < (col + 1) * per; x++) {
        const struct plot_bucket *bucket = known_bucket(brush, x);
        if (bucket != NULL && bucket->max > 0)
            return false;
    }
    return true;
}

/* ---- Braille ---- */

/* Halftone follows the absolute number of the bucket, so that it moves with the data. */
static bool is_dotted(const struct brush *brush, struct span span, int x, int row)
{
    const struct plot_time *time = &brush->plot->time;

    if (row >= span.low && row < span.high)
        return true;
    if (row < span.high || row >= span.shade)
        return false;
    int64_t number = time->begin_ns / time->step_ns + plot_bucket_at(time, x, brush->ncols);
    return ((number + row) & 1) == 0;
}

static uint32_t braille_dots(const struct brush *brush, const struct span span[2], int x, int row)
{
    static const uint8_t dot[2][4] = {{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}};
    uint32_t dots = 0;

    for (int half = 0; half < 2; half++) {
        for (int i = 0; i < 4; i++) {
            if (span[half].known && is_dotted(brush, span[half], x + half, row + i))
                dots |= dot[half][i];
        }
    }
    return dots;
}

/* A line cuts itself out of an area that it crosses, so that it can be seen without colours too. */
static void put_braille(struct canvas *canvas, int row, int col, uint32_t dots,
                        const struct plot_series *series)
{
    const struct cell *cell = canvas_at(canvas, row, col);

    if (cell == NULL)
        return;
    if (series->style == PLOT_AREA && (cell->rune & ~0xffu) == BRAILLE_BLANK)
        dots |= cell->rune & 0xff;
    canvas_put(canvas, row, col, BRAILLE_BLANK | dots, series->role);
}

static void draw_braille(const struct brush *brush)
{
    for (int col = 0; col < brush->canvas->cols; col++) {
        struct span span[2] = {span_at(brush, col * 2), span_at(brush, col * 2 + 1)};
        if ((!span[0].known && !span[1].known) || is_line_at_zero(brush, col))
            continue;
        for (int row = 0; row < brush->canvas->rows; row++) {
            int below = (brush->canvas->rows - 1 - row) * 4;
            uint32_t dots = braille_dots(brush, span, col * 2, below);
            if (dots != 0)
                put_braille(brush->canvas, row, col, dots, brush->series);
        }
    }
}

/* ---- Filled cells ---- */

/* The glyph for a cell of PER sub-rows that has FILLED of them solid. */
static uint32_t fill_glyph(enum plot_tier tier, int filled, bool shaded)
{
    static const char ascii[] = {' ', '.', ':', '#'};

    if (filled == 0)
        return shaded ? (tier == PLOT_BLOCKS ? BLOCK_SHADE : '.') : ' ';
    return tier == PLOT_BLOCKS ? BLOCK_FULL - 8 + (uint32_t)filled : (uint32_t)ascii[filled];
}

static void draw_filled(const struct brush *brush)
{
    int per = sub_rows(brush->plot->tier, PLOT_AREA);

    for (int col = 0; col < brush->canvas->cols; col++) {
        struct span span = span_at(brush, col);
        for (int row = 0; row < brush->canvas->rows && span.known; row++) {
            int below = (brush->canvas->rows - 1 - row) * per;
            int filled = span.high - below;
            filled = filled < 0 ? 0 : filled > per ? per : filled;
            uint32_t glyph = fill_glyph(brush->plot->tier, filled, span.shade > below);
            if (glyph != ' ')
                canvas_put(brush->canvas, row, col, glyph, brush->series->role);
        }
    }
}

/* ---- Lines ---- */

/* The piece at ROW of a line that comes in at row FROM and goes out at row TO, counted from
 * below. */
static uint32_t line_glyph(int row, int from, int to)
{
    if (from == to)
        return LINE_ACROSS;
    if (row == to)
        return to > from ? 0x250c : 0x2514;
    if (row == from)
        return to > from ? 0x2518 : 0x2510;
    return LINE_DOWN;
}

static void draw_line_column(const struct brush *brush, int col)
{
    const struct plot_bucket *now = known_bucket(brush, col);
    const struct plot_bucket *before = known_bucket(brush, col - 1);

    if (now == NULL || is_line_at_zero(brush, col))
        return;
    int to = row_of(brush, now->mean);
    int from = before == NULL ? to : row_of(brush, before->mean);
    int low = from < to ? from : to;
    int high = from < to ? to : from;
    for (int row = low; row <= high; row++) {
        uint32_t glyph = brush->plot->tier == PLOT_ASCII
                             ? plot_series_glyph(PLOT_ASCII, brush->series)
                             : line_glyph(row, from, to);
        canvas_put(brush->canvas, brush->nrows - 1 - row, col, glyph, brush->series->role);
    }
}

static void draw_bar_column(const struct brush *brush, int col)
{
    struct span span = span_at(brush, col);
    uint32_t glyph = brush->plot->tier == PLOT_ASCII ? plot_series_glyph(PLOT_ASCII, brush->series)
                     : brush->plot->tier == PLOT_BLOCKS ? BLOCK_FULL
                                                        : LINE_DOWN;

    for (int row = span.low; row < span.high && span.known; row++)
        canvas_put(brush->canvas, brush->nrows - 1 - row, col, glyph, brush->series->role);
}

static void draw_lines(const struct brush *brush)
{
    for (int col = 0; col < brush->canvas->cols; col++) {
        if (brush->series->style == PLOT_BARS)
            draw_bar_column(brush, col);
        else
            draw_line_column(brush, col);
    }
}

uint32_t plot_series_glyph(enum plot_tier tier, const struct plot_series *series)
{
    static const char ascii[] = {'*', 'o', '+', 'x', '='};
    bool filled = series->style == PLOT_AREA;
    uint32_t line = series->style == PLOT_BARS ? LINE_DOWN : LINE_ACROSS;

    switch (tier) {
    case PLOT_BRAILLE:
    case PLOT_BLOCKS:
        return filled ? 0x25a0 : line;
    case PLOT_LINES:
        return line;
    case PLOT_ASCII:
        return filled ? '#' : (uint8_t)ascii[(series->role - ROLE_SERIES_0) % 5u];
    }
    UNREACHABLE();
}

static void draw_series(const struct plot *plot, const struct plot_series *series, double ceiling,
                        struct canvas *canvas)
{
    struct brush brush = {.plot = plot, .series = series, .canvas = canvas};

    brush.nrows = canvas->rows * sub_rows(plot->tier, series->style);
    brush.ncols = canvas->cols * plot_tier_columns(plot->tier);
    brush.per_row = ceiling / brush.nrows;
    if (plot->tier == PLOT_BRAILLE)
        draw_braille(&brush);
    else if (series->style == PLOT_AREA && plot->tier != PLOT_LINES)
        draw_filled(&brush);
    else
        draw_lines(&brush);
}

void plot_draw_body(const struct plot *plot, double ceiling, struct canvas *canvas)
{
    DCHECK(ceiling > 0);
    if (canvas->rows == 0 || canvas->cols == 0)
        return;
    for (int i = 0; i < plot->nseries; i++)
        draw_series(plot, &plot->series[i], ceiling, canvas);
}
