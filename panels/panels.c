/* SPDX-License-Identifier: MIT */
/* panels.c - all panels, by their number. */
#include "config.h"

#include "panels/panels.h"

static const struct panel *const panels[PANEL_COUNT] = {
    [PANEL_OVERVIEW] = &panel_overview,
    [PANEL_HEAP] = &panel_heap,
    [PANEL_GC] = &panel_gc,
    [PANEL_SCHED] = &panel_sched,
    [PANEL_TASKS] = &panel_tasks,
    [PANEL_ALERTS] = &panel_alerts,
    [PANEL_METRICS] = &panel_metrics,
    [PANEL_STACKS] = &panel_stacks,
    [PANEL_CHANGED] = &panel_changed,
    [PANEL_HELP] = &panel_help,
    [PANEL_FLEET] = &panel_fleet,
};

const struct panel *panel_get(enum panel_id id)
{
    return panels[id];
}
