/* SPDX-License-Identifier: MIT */
/* panels.h - the panels themselves, for the registry in panels.c. */
#ifndef PANELS_PANELS_H
#define PANELS_PANELS_H

#include "panels/panel.h"

extern const struct panel panel_overview;
extern const struct panel panel_heap;
extern const struct panel panel_gc;
extern const struct panel panel_sched;
extern const struct panel panel_tasks;
extern const struct panel panel_alerts;
extern const struct panel panel_metrics;
extern const struct panel panel_stacks;
extern const struct panel panel_changed;
extern const struct panel panel_help;
extern const struct panel panel_fleet;

#endif
