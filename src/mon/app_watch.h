/* SPDX-License-Identifier: MIT */
/* app_watch.h - the screen while there is a target: its loop. */
#ifndef MON_APP_WATCH_H
#define MON_APP_WATCH_H

#include "mon/monitor.h"
#include "mon/options.h"

/* Shows what MONITOR, which it takes, samples or replays, until the user quits. The terminal is
 * open. */
void app_watch(const struct options *options, struct monitor *monitor);

#endif
