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
#include "mon/recorder.h"

#define MONITOR_ERROR_BYTES 256

struct monitor;
struct target;

enum monitor_record {
    MONITOR_RECORDS_NOTHING,
    MONITOR_RECORDS_PAST, /* a temporary recording, to go back in */
    MONITOR_RECORDS_FILE,
};

struct monitor_options {
    int64_t lint_window_ns;       /* 0: the default */
    const struct lint_set *lints; /* borrowed for the call; NULL: those of the table */
    enum monitor_record record;
    struct recorder_options recorder;
    bool sparing; /* it is one of many: its past lies in files, its own memory is below 1 MB */
    const struct pidlist
        *taken; /* none of these succeeds it; NULL: any may; outlives the monitor */
};

/* What the command line asks for; UNNAMED is what is recorded without -w. */
struct monitor_options monitor_options_of(const struct options *o, enum monitor_record unnamed);

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

/* Begins a recording as OPTIONS say, if there is none yet: what was sampled before is in the
 * history alone. False: it cannot be, and WHY says why. */
bool monitor_record(struct monitor *m, const struct monitor_options *options,
                    char why[static RECORDER_WHY_BYTES]);

/* Ends the recording: what was taken is in the file then. */
void monitor_record_end(struct monitor *m);

/* Writes these into the recording; false: there is none, or it fails. */
bool monitor_record_once(struct monitor *m, const struct recorder_once *once);

/* In a child that fork made: M goes on there by itself, with what has been known and judged up to
 * now, but without the parent's recording. It must not be freed. False: there is no memory. */
bool monitor_part(struct monitor *m);

/* A descriptor that becomes readable when the target ends, or -1: poll it and tick at once. */
int monitor_pidfd(const struct monitor *m);

/* Between two ticks, which may be an hour apart: the time of the model goes on. Looks only whether
 * the target lives. True: not as the model says, or something is due: tick now. */
bool monitor_check(struct monitor *m, int64_t mono_ns, int64_t real_ns);

/* Opens the recording at PATH in the place of a target, at its beginning and playing. FROM and TO,
 * as -B and -E have them (timetext.h), bound it; NULL: they do not. NULL: FAILURE says why. */
struct monitor *monitor_new_replay(const char *path, const char *from, const char *to,
                                   struct monitor_failure *failure);

/* Of a replay: its lints are judged anew, over WINDOW_NS (0: the default) and by SET, which is
 * copied, beside what was recorded of them. False: no memory. */
bool monitor_judge_anew(struct monitor *m, int64_t window_ns, const struct lint_set *set);

/* Judges on. False: all that is shown has been judged, or nothing is judged anew. */
bool monitor_judge(struct monitor *m);

enum monitor_move {
    MOVE_LIVE,     /* to now; in a replay to its end, and it stays there */
    MOVE_BY,       /* by NS */
    MOVE_TO,       /* to the monotonic time NS */
    MOVE_TO_CLOCK, /* to the time NS of the wall clock */
    MOVE_SAMPLE,   /* to the next sample if NS is above 0, else to the one before */
    MOVE_MARK,     /* to the mark before, round the ends */
    MOVE_NOT,      /* nowhere, but the window has changed */
};

/* Moves the time cursor, when plots show WINDOW_NS: the model is that of the past then, until
 * MOVE_LIVE or until it has come to now. False: there is nothing further in that direction. */
bool monitor_move(struct monitor *m, enum monitor_move move, int64_t ns, int64_t window_ns);

/* A replay goes on by itself, or not. */
void monitor_play(struct monitor *m, bool on);

/* Marks the time that is shown; false if there is no room. */
bool monitor_mark(struct monitor *m);

/* What is shown becomes what figures are compared with; or nothing any more. False: no memory. */
bool monitor_set_baseline(struct monitor *m, bool on);

/* In a replay: compares the stacks that are shown with those that were dumped before them; again,
 * with those before that, and round. False: there are none before. */
bool monitor_compare_stacks(struct monitor *m);

/* Silences the alerts of this lint and key, or lets them be heard again if they are silenced.
 * False: there is no room for one more. */
bool monitor_silence(struct monitor *m, enum alert_lint lint, uint64_t key);

/* Holds snapshot, tasks and process figures of the model as they are, or lets them go on. */
void monitor_freeze(struct monitor *m, bool on);

/* Borrowed until monitor_free; its contents change with each tick. */
const struct model *monitor_model(const struct monitor *m);

/* The same, but of now, whatever is looked at. */
const struct model *monitor_model_now(const struct monitor *m);

/* For the owner of the dump and of the symbols: what the model shows as its dump and its code
 * lines. Borrowed; DUMP may be NULL, and DIFF, which is what it changed since an earlier one. */
void monitor_set_dump(struct monitor *m, const struct dump *dump, const struct dumpdiff *diff,
                      struct dump_status status);
/* For who records alerts: what the model shows of that; borrowed. */
void monitor_set_incidents(struct monitor *m, const struct incident_notes *notes);
void monitor_set_code_lines(struct monitor *m, struct code_lines lines);

#endif
