/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/histogram.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "mon/plot_body.h"

#define LEAST_OCTAVES 4
#define TICK          0x2502u

/* What is drawn of the axis: from 2^low on, so many sub-columns for each doubling. */
struct span {
    int low;
    int octaves;
    int per_octave;
    int nx; /* sub-columns in all */
};

static double log_of(uint64_t ns)
{
    return ns < 2 ? 0 : log2((double)ns);
}

/* Where bucket I ends; the last one is taken to be as wide as it is far. */
static double end_of(const struct histogram *h, uint32_t i)
{
    return i + 1 < h->n ? log_of(h->from_ns[i + 1]) : log_of(h->from_ns[i]) + 1;
}

/* False if there is nothing to draw, or no room. */
static bool span_of(const struct histogram *h, int ncols, struct span *span)
{
    uint32_t first = 0, last = h->n;

    while (first < h->n && h->count[first] == 0)
        first++;
    while (last > first && h->count[last - 1] == 0)
        last--;
    if (first == last)
        return false;
    span->low = (int)floor(log_of(h->from_ns[first]));
    span->octaves = (int)ceil(end_of(h, last - 1)) - span->low;
    if (span->octaves < LEAST_OCTAVES)
        span->octaves = LEAST_OCTAVES;
    span->nx = ncols * plot_tier_columns(h->tier);
    span->per_octave = span->nx / span->octaves;
    return span->per_octave > 0;
}

/* Spreads the times of a bucket over the sub-columns that it lies in. */
static void spread(double from, double to, double count, double *share, int nx)
{
    for (int x = (int)floor(from); x < nx && (double)x < to; x++) {
        double begin = from > x ? from : x;
        double end = to < x + 1 ? to : x + 1;

        if (x >= 0 && to > from)
            share[x] += count * (end - begin) / (to - from);
    }
}

/* The share of all times that fall into each sub-column; returns the greatest. */
static double fill(const struct histogram *h, const struct span *span, double *share)
{
    double total = 0, most = 0;

    memset(share, 0, (size_t)span->nx * sizeof *share);
    for (uint32_t i = 0; i < h->n; i++) {
        double from = (log_of(h->from_ns[i]) - span->low) * span->per_octave;
        double to = (end_of(h, i) - span->low) * span->per_octave;

        if (to <= from) /* 0 and 1 ns are one place on this axis */
            to = from + 1;
        total += (double)h->count[i];
        spread(from, to, (double)h->count[i], share, span->nx);
    }
    for (int x = 0; x < span->nx; x++) {
        share[x] /= total;
        most = share[x] > most ? share[x] : most;
    }
    return most;
}

static void draw_body(const struct histogram *h, const struct span *span, struct canvas *body,
                      double *most)
{
    double share[PLOT_MAX_BUCKETS];
    struct plot_bucket bucket[PLOT_MAX_BUCKETS] = {0};
    struct plot plot = {.tier = h->tier, .time = {.step_ns = 1, .repeat = 1}, .nseries = 1};

    *most = fill(h, span, share);
    for (int x = 0; x < span->nx; x++)
        bucket[x] = (struct plot_bucket){(float)share[x], (float)share[x], (float)share[x], 1, 0};
    plot.time.nbuckets = span->nx;
    plot.series[0] = (struct plot_series){
        .name = "", .bucket = bucket, .style = PLOT_AREA, .role = ROLE_SERIES_0};
    plot_draw_body(&plot, *most, body);
}

/* Powers of ten, as far as they have room; returns the column behind the last one. */
static int draw_times(const struct histogram *h, const struct span *span, int left,
                      struct canvas *canvas)
{
    static const char *const text[] = {"1ns",  "10ns",  "100ns", "1us", "10us", "100us", "1ms",
                                       "10ms", "100ms", "1s",    "10s", "100s", "1000s"};
    int free_col = left;

    for (unsigned i = 0; i < ARRAY_COUNT(text); i++) {
        double x = (i * log2(10) - span->low) * span->per_octave;
        int col = left + (int)floor(x / plot_tier_columns(h->tier));
        int end = col + 1 + (int)strlen(text[i]);

        if (x < 0 || col < free_col || end > canvas->cols || x >= span->octaves * span->per_octave)
            continue;
        canvas_put(canvas, canvas->rows - 1, col, TICK, ROLE_AXIS);
        canvas_text(canvas, canvas->rows - 1, col + 1, ROLE_DIM, text[i]);
        free_col = end + 1;
    }
    return free_col;
}

void histogram_draw(const struct histogram *h, struct canvas *canvas)
{
    int ncols = (int)min_size((size_t)plot_body_columns(canvas->cols), PLOT_MAX_BUCKETS / 2);
    int left = canvas->cols - ncols;
    struct canvas body = canvas_view(canvas, (struct rect){0, left, canvas->rows - 1, ncols});
    struct span span = {0};
    double most = 0;
    char label[16];

    if (body.rows == 0 || !span_of(h, ncols, &span))
        return;
    draw_body(h, &span, &body, &most);
    snprintf(label, sizeof label, "%.*f%%", most < 0.0995 ? 1 : 0, most * 100);
    if (left > 0)
        canvas_text_right(canvas, 0, left - 1, ROLE_DIM, label);
    int col = draw_times(h, &span, left, canvas);
    if (h->note != NULL && col + 1 + canvas_text_width(h->note) <= canvas->cols)
        canvas_text_right(canvas, canvas->rows - 1, canvas->cols, ROLE_DIM, h->note);
}
