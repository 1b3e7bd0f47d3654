/* SPDX-License-Identifier: MIT */
/* plot.h - values over time, drawn on cells.
 * A column of a plot stands for a bucket of absolute time, [k * step, (k + 1) * step) of the
 * monotonic clock: the past never shimmers. The picture moves on by an eighth of its width at
 * once, into which the newest buckets are then drawn one by one: so little is sent to the terminal.
 * A bucket shows its mean and how far it reached up and down, so a wide window hides no spike. What
 * is not known is left blank and labelled with its cause, never joined over. The same plot comes
 * in four sorts of glyphs, from 2x4 dots in a cell to plain ASCII.
 * Threads: pure functions. Source: Bertin's and Tufte's advice on small plots; round ticks after
 * Heckbert, Nice Numbers for Graph Labels, Graphics Gems (1990). */
#ifndef MON_PLOT_H
#define MON_PLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fmt.h"
#include "mon/canvas.h"
#include "mon/history.h"

enum plot_tier { PLOT_BRAILLE, PLOT_BLOCKS, PLOT_LINES, PLOT_ASCII };
#define PLOT_TIERS 4

#define PLOT_MAX_BUCKETS 1280 /* drawn and leading ones of one plot */
#define PLOT_MAX_SERIES  4

/* ---- Time ---- */

/* The buckets of a plot. Bucket i, from 0, covers [begin_ns + i * step_ns, + step_ns); the first
 * `lead` are not drawn: they only keep the scale from shrinking as soon as a peak has left. */
struct plot_time {
    int64_t begin_ns; /* monotonic, a multiple of step_ns */
    int64_t step_ns;
    int nbuckets; /* the leading ones included */
    int nknown;   /* of those; what comes behind is yet to come, and blank */
    int lead;
    int repeat;              /* sub-columns that one bucket takes */
    int64_t real_minus_mono; /* ns */
};

/* Buckets that are known up to the one that holds END_NS. All cover WINDOW_NS or a little more in
 * NCOLS columns of cells; of these, an eighth at most is yet to come. */
struct plot_time plot_time_for(enum plot_tier tier, int ncols, int64_t window_ns, int64_t end_ns,
                               int64_t real_minus_mono);

/* ---- Series ---- */

struct plot_bucket {
    float min;
    float mean;
    float max;
    uint16_t n;   /* samples, at most 65535; 0: nothing is known */
    uint16_t gap; /* enum gap_cause, if n is 0 */
};

/* Fills the buckets of TIME from the history of METRIC. Holes shorter than BRIDGE_NS, which is two
 * or three sampling intervals, are no gaps: they repeat what was before. */
void plot_read_history(const struct history *history, unsigned metric, const struct plot_time *time,
                       int64_t bridge_ns, struct plot_bucket *bucket);

enum plot_style {
    PLOT_AREA, /* filled up to the mean, halftone up to the maximum */
    PLOT_LINE, /* the mean, joined */
    PLOT_BARS, /* from minimum to maximum, each by itself: for events */
};

struct plot_series {
    const char *name;
    const struct plot_bucket *bucket; /* time.nbuckets of them */
    enum plot_style style;
    enum role role;
    bool has_now;
    double now; /* the newest value, for the legend */
};

/* Least, mean and greatest of the drawn buckets; false if none has a sample. */
struct plot_range {
    double min;
    double mean;
    double max;
};
bool plot_range_of(const struct plot_series *series, const struct plot_time *time,
                   struct plot_range *range);

/* ---- Scale ---- */

struct plot_scale {
    double ceiling; /* value at the upper edge; above 0 */
    double step;    /* between two labelled values */
};

/* Round numbers for values from 0 to MAX with at most MOST steps: 1, 2 or 5 times a power of ten,
 * for bytes a power of two. */
struct plot_scale plot_scale_for(double max, enum fmt_unit unit, int most);

/* ---- The whole ---- */

struct plot {
    enum plot_tier tier;
    const char *title;
    enum fmt_unit unit;
    bool per_second; /* values are rates of UNIT */
    struct plot_time time;
    struct plot_series series[PLOT_MAX_SERIES]; /* drawn in this order, the first one summed up */
    int nseries;
    const struct plot_bucket *collections; /* per second; of which the mean is drawn; or NULL */
    const int64_t *alert_ns;               /* monotonic times to be marked */
    int nalerts;
    const int64_t *mark_ns; /* times that the user marked */
    int nmarks;
    int64_t cursor_ns; /* the time whose figures are shown, if it is not the end; else 0 */
    bool no_times; /* the plot below has the same times: leave out their row */
};

#define PLOT_GUTTER 8 /* columns of labels at the left */

/* Columns that the drawing itself gets in a canvas of COLS; for plot_time_for. */
int plot_body_columns(int cols);

/* The time that column COL of NCOLS columns of cells stands for, [*FROM_NS, *TO_NS), as far as it
 * is known. False if it is left of what is drawn, or yet to come. */
bool plot_column_span(const struct plot_time *time, enum plot_tier tier, int col, int ncols,
                      int64_t *from_ns, int64_t *to_ns);

/* Draws title and legend, labelled axis, body, marks of collections and alerts, and times; on a
 * small canvas the body alone. */
void plot_draw(const struct plot *plot, struct canvas *canvas);

#endif
