/* SPDX-License-Identifier: MIT */
/* figure.h - every number that a script can ask for by name: the metrics of a target, and what
 * gomon works out of them (derived.def, and alerts.LINT for each lint).
 * A figure has a number: that of its metric, or one from FIGURE_DERIVED on.
 * Threads: pure functions. */
#ifndef MON_FIGURE_H
#define MON_FIGURE_H

#include <stdbool.h>

#include "mon/alert.h"
#include "mon/metric.h"
#include "mon/model.h"

#define FIGURE_DERIVED METRIC_TABLE_MAX

enum derived_figure {
#define DERIVED(id, name, unit, help) DERIVED_##id,
#include "mon/derived.def"
#undef DERIVED
    DERIVED_LINTS,
    DERIVED_FIGURES = DERIVED_LINTS + LINTS
};

#define FIGURES (FIGURE_DERIVED + (int)DERIVED_FIGURES)

struct figure_info {
    char name[METRIC_NAME_BYTES];
    const char *help; /* borrowed from the metric table, or constant */
    enum fmt_unit unit;
    enum metric_kind kind;
};

/* What FIGURE is; false: there is none of this number in T. */
bool figure_info(const struct metric_table *t, int figure, struct figure_info *info);

/* The figure of this name, or -1. */
int figure_find(const struct metric_table *t, const char *name);

/* Its value in seconds, bytes, shares of one, or a count; infinite if it is a setting that is off.
 * False: the target does not have it. */
bool figure_value(const struct model *m, int figure, double *value);

/* Its change per second, in the same units. False: not known. */
bool figure_rate(const struct model *m, int figure, double *per_s);

/* A value of figure_value as text for people, by UNIT. */
char *figure_text(char *buf, size_t size, enum fmt_unit unit, double value);

/* "bytes", "seconds", ...: the unit of figure_value, in one word. */
const char *figure_unit_name(enum fmt_unit unit);

#endif
