/* SPDX-License-Identifier: MIT */
/* parts.h - what several panels share: figures of the model, and plots of its history.
 * Who: panels only. Threads: pure functions. */
#ifndef PANELS_PARTS_H
#define PANELS_PARTS_H

#include "mon/draw.h"
#include "panels/panel.h"

/* A metric's value, or its change per second. */
struct figure parts_value(const struct model *model, unsigned metric);
struct figure parts_rate(const struct model *model, unsigned metric);

/* Whether METRIC is a limit that the target does not have: GORT_GC or GORT_MEMLIMIT is off. */
bool parts_is_off(const struct model *model, unsigned metric);

/* A figure that is known. */
struct figure parts_known(enum fmt_unit unit, double value);

/* CPU time per second as a share of one core; a figure of time per second is meant. */
struct figure parts_cores(struct figure rate);

/* Where plots end: now, the time of the freeze, or the end of the target. */
int64_t parts_end_ns(const struct model *model);

/* A fact that is a count, with every digit. */
struct fact parts_exact(const struct model *model, const char *label, unsigned metric);

/* Time from FROM_NS to TO_NS; 0 if that is none, or none that can be: a target states what it
 * likes. */
int64_t parts_between(int64_t from_ns, int64_t to_ns);

/* A time span in whole seconds: "42s", "3m20s". Returns TEXT. */
const char *parts_span(char text[FIGURE_BYTES], int64_t ns);

/* The code at PC: its line if it is known, else its address; "-" for 0. Returns TEXT. */
const char *parts_code(const struct model *model, uint64_t pc, char text[CODE_LINE_BYTES]);

/* As parts_code, made to fit COLS columns (draw_code). */
const char *parts_code_in(const struct model *model, uint64_t pc, int cols,
                          char text[CODE_LINE_BYTES]);

/* An alert in a line of COLS columns: the code that it names, if it does, then its words. Returns
 * TEXT. */
#define PARTS_ALERT_BYTES (ALERT_TEXT_BYTES + CODE_LINE_BYTES + 2)
const char *parts_alert(const struct model *model, const struct alert *alert, int cols,
                        char text[PARTS_ALERT_BYTES]);

/* Not for small stacks: 110 KB. */
struct parts_plot {
    struct plot plot;
    struct plot_bucket bucket[PLOT_MAX_SERIES][PLOT_MAX_BUCKETS];
    struct plot_bucket collections[PLOT_MAX_BUCKETS];
    int64_t alert_ns[ALERTS_MAX];
    int64_t bridge_ns;
};

/* Begins a plot that will fill CANVAS; the marks of collections and alerts are there. */
void parts_plot_begin(struct parts_plot *parts, const struct model *model,
                      const struct panel_state *state, const struct canvas *canvas,
                      const char *title, enum fmt_unit unit);

/* Leaves the marks out. */
void parts_plot_no_marks(struct parts_plot *parts);

/* Adds a metric: its value, of a counter its change per second. One that has no history is left
 * out. FACTOR, mostly 1, turns its unit into the plot's. */
void parts_plot_add(struct parts_plot *parts, const struct model *model, unsigned metric,
                    const char *name, enum plot_style style, double factor);

/* Shows the means alone of the last series: of rare events the extremes of a second tell
 * nothing. */
void parts_plot_flatten(struct parts_plot *parts);

/* Adds a series that the caller fills: returns its empty buckets. */
struct plot_bucket *parts_plot_add_own(struct parts_plot *parts, const char *name,
                                       enum plot_style style);

/* The bucket that holds MONO_NS, or -1. */
int parts_plot_bucket(const struct parts_plot *parts, int64_t mono_ns);

#endif
