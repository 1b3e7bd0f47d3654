/* SPDX-License-Identifier: MIT */
/* main_launch.h - programs that gomon starts itself and then watches: gomon --demo, gomon --
 * COMMAND. Who: main. */
#ifndef MON_MAIN_LAUNCH_H
#define MON_MAIN_LAUNCH_H

#include "mon/fail.h"
#include "mon/options.h"
#include "mon/target.h"

/* What is done with a target that is given by its pid. */
typedef enum exit_status watch_fn(const struct options *o, struct target_list *list);

/* Starts what O asks for, waits for its page, calls WATCH with its pid for the target, then ends
 * it. */
enum exit_status launched_run(const struct options *o, struct target_list *list, watch_fn *watch);

#endif
