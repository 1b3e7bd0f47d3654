/* SPDX-License-Identifier: MIT */
/* main_batch.h - output without a screen: a line, an object or a row for each sample.
 * Threads: the main one. */
#ifndef MON_MAIN_BATCH_H
#define MON_MAIN_BATCH_H

#include "mon/options.h"
#include "mon/several.h"
#include "mon/target.h"

/* What gomon says if it was built without JSON. */
enum exit_status batch_no_json(void);

/* Samples TARGET and writes to stdout until as many samples as were asked for are written, the
 * target has ended, or stdout fails; and records them, if that was asked for. Blocks in between. */
enum exit_status batch_run(const struct options *options, const struct target *target);

/* The same of several, line by line with their pids, until none is left. One that cannot be watched
 * is told on stderr, and waited for if that is asked for; of those that are given up the status is
 * that of the first, if nothing worse happened before. */
enum exit_status batch_run_several(const struct options *options, const struct several *targets);

/* Writes each sample of a recording. */
enum exit_status batch_replay(const struct options *options);

#endif
