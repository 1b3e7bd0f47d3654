/* SPDX-License-Identifier: MIT */
/* monitor.h - one target, watched: source, snapshots, history, lints and process figures, behind
 * one tick.
 * The screen and the batch output both drive it: monitor_tick reads everything that is due and
 * brings the model up to date; monitor_model lends it. After monitor_new its memory does
 * not grow, whatever the target does.
 * Threads: one owner. It reads no clock, time is an argument; but for when a process began, which
 * is in ticks of the kernel. */
#ifndef MON_MONITOR_H
#define MON_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/model.h"
#include "mon/options.h"

#define MONITOR_ERROR_BYTES 256

struct monitor;
struct target;

struct monitor_options {
    int64_t lint_window_ns; /* 0: the default */
};

struct monitor_failure {
    enum exit_status status;
    char text[MONITOR_ERROR_BYTES]; /* the cause and the mend, in one line */
};

/* Opens the target; the first tick takes its history in. NULL: FAILURE says why. */
struct monitor *monitor_new(const struct target *target, const struct monitor_options *options,
                            struct monitor_failure *failure);
void monitor_free(struct monitor *m);

/* Reads what is new. Never blocks for long: a few milliseconds with a million tasks. Call it once
 * a second or so. */
void monitor_tick(struct monitor *m, int64_t mono_ns, int64_t real_ns);

/* A descriptor that becomes readable when the target ends, or -1: poll it and tick at once. */
int monitor_pidfd(const struct monitor *m);

/* Between two ticks, which may be an hour apart: the time of the model goes on. Looks only whether
 * the target lives. True: not as the model says, or something is due: tick now. */
bool monitor_check(struct monitor *m, int64_t mono_ns, int64_t real_ns);

/* Holds snapshot, tasks and process figures of the model as they are, or lets them go on. */
void monitor_freeze(struct monitor *m, bool on);

/* Borrowed until monitor_free; its contents change with each tick. */
const struct model *monitor_model(const struct monitor *m);

/* For the owner of the dump and of the symbols: what the model shows as its dump and its code
 * lines. Borrowed; DUMP may be NULL. */
void monitor_set_dump(struct monitor *m, const struct dump *dump, struct dump_status status);
void monitor_set_code_lines(struct monitor *m, struct code_lines lines);

#endif
