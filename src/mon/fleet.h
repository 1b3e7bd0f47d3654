/* SPDX-License-Identifier: MIT */
/* fleet.h - several targets, sampled together: each has its own monitor, alerts and history, all
 * the time, be it open or only a row of the table. What a target costs that is only in the table is
 * bounded (monitor_options.sparing); names of code, and a recording to go back in, begin when it is
 * first opened. Who: app.c, app_watch.c. Threads: one. */
#ifndef MON_FLEET_H
#define MON_FLEET_H

#include "mon/fleetrow.h"
#include "mon/several.h"
#include "mon/watched.h"

struct fleet;

/* Opens all that were found; OPTIONS are borrowed. Ends the program if there is no memory. */
struct fleet *fleet_new(const struct options *options, const struct several *targets);
void fleet_free(struct fleet *f);

/* Whether any can be watched, or with --wait or --follow may come. If not, *STATUS is why the first
 * cannot, and each is told on stderr. */
bool fleet_has_any(const struct fleet *f, enum exit_status *status);

/* Samples each, and tries now and then those that could not be read; true if an alert was raised.
 */
bool fleet_tick(struct fleet *f, int64_t mono_ns, int64_t real_ns);

/* gomon --follow: the successor of a target that has ended takes its place in its row, unless that
 * is frozen or shown as it was. No process comes to be in two rows. Returns whose it is, not
 * sampled yet, or NULL: there is none; ask again until it is NULL. */
struct watched *fleet_follow(struct fleet *f);

/* The first whose recording of an alert had something to tell at the last tick, or NULL. */
const struct watched *fleet_news(const struct fleet *f);

/* Between two ticks: whether the target of any is not as its row says, or is to be tried again. */
bool fleet_check(struct fleet *f, int64_t mono_ns, int64_t real_ns);

/* Descriptors that become readable when a target ends, -1 for one that has none; returns how many.
 */
unsigned fleet_pidfds(const struct fleet *f, int fd[PIDLIST_MAX]);

/* Borrowed until fleet_free: rows change with each tick, and model is one without any target. */
const struct fleet_rows *fleet_rows(const struct fleet *f);
const struct model *fleet_model(const struct fleet *f);

/* The target of row ID, made ready to be looked at, or NULL: it cannot be watched. */
struct watched *fleet_open(struct fleet *f, unsigned id);

/* It is looked at no longer: it shows now again. */
void fleet_close(struct fleet *f, struct watched *w);

/* Removes row ID; false: it is watched, and lives. */
bool fleet_remove(struct fleet *f, unsigned id);

#endif
