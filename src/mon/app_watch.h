/* SPDX-License-Identifier: MIT */
/* app_watch.h - the screen while there is a target: its loop. */
#ifndef MON_APP_WATCH_H
#define MON_APP_WATCH_H

#include "mon/fleet.h"
#include "mon/monitor.h"
#include "mon/options.h"

/* Shows what MONITOR, which it takes, samples or replays, until the user quits. The terminal is
 * open. */
void app_watch(const struct options *options, struct monitor *monitor);

/* The same of several targets, which are the caller's: the table of them first. */
void app_watch_fleet(const struct options *options, struct fleet *fleet);

#endif
