/* SPDX-License-Identifier: MIT */
/* recorder.h - writes what is known of a target into a recording, sample by sample.
 * Each second or so is one transaction, so that a kill loses no more than that, and whoever reads
 * the file at the same time sees whole samples. If the disk is full or the file fails, what could
 * not be written is lost, the recorder says so and tries again some seconds later; nothing that was
 * written before suffers. What the page kept from before the attach goes in first. A recording
 * without a name serves the way back in time while gomon runs.
 * Of one that is written as time goes, the log gets into the file apart from here (checkpoint.h).
 * Threads: one owner; the process has a single thread. Each call may wait for the disk. */
#ifndef MON_RECORDER_H
#define MON_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/model.h"
#include "mon/target.h"

#define RECORDER_WHY_BYTES   256
#define RECORDER_LEAST_BYTES (INT64_C(4) << 20)

struct about;
struct recorder;
struct recording;

struct recorder_options {
    const char *path;  /* NULL: a temporary one */
    int64_t keep_ns;   /* what is older is dropped; 0: no limit */
    int64_t max_bytes; /* of the file, but for its log (checkpoint.h): the oldest makes room */
    int64_t past_ns;   /* of what was known before: seconds up to so old, and minutes up to twelve
                        * times that; 0: all */
    bool is_draft; /* nobody else reads it, and a crash may spoil it: nothing waits for a disk */
    bool is_whole; /* in the end all is in the one file, as one wants it that is sent away */
};

/* What the user has set; borrowed for the call. */
struct recorder_marks {
    const struct model_marks *marks; /* or NULL */
    int64_t baseline_ns;             /* monotonic; 0: none */
    int64_t ahead_ns;                /* of the monotonic time is the wall clock */
};

/* What there is to write; borrowed for the call. */
struct recorder_input {
    int64_t mono_ns;
    int64_t real_ns;
    const struct snapshot *snapshot;
    const struct task_groups *tasks;
    const struct target_status *status;
    const struct history *history;
    const struct proc_history *procs;
    const struct alerts *alerts;
    struct recorder_marks set;
    struct code_lines code;
};

/* What is written once, as far as there is any. */
struct recorder_once {
    int64_t mono_ns;
    const struct dump *dump;   /* finished; or NULL */
    const struct about *about; /* or NULL */
    struct code_lines code;
};

struct recorder_status {
    bool failing;
    char why[RECORDER_WHY_BYTES]; /* if so */
    uint64_t lost;                /* samples that could not be written */
};

/* Begins a recording of TARGET, or goes on with one of the same process. T and the target's words
 * are borrowed until recorder_free. NULL: WHY says why. */
struct recorder *recorder_new(const struct recorder_options *options, const struct target *target,
                              const struct model *model, char why[static RECORDER_WHY_BYTES]);

/* Writes what is left. NULL is fine. */
void recorder_free(struct recorder *r);

void recorder_take(struct recorder *r, const struct recorder_input *in);

/* Writes these and all samples up to now; false: it failed, and the status says why. */
bool recorder_put(struct recorder *r, const struct recorder_once *once);

/* Writes what has been set, and all samples up to now, at MONO_NS. What fails is written with the
 * next sample. */
void recorder_mark(struct recorder *r, const struct recorder_marks *set, int64_t mono_ns);

const struct recorder_status *recorder_status(const struct recorder *r);

/* To read what was recorded; NULL if that is impossible. Lives as long as the recorder. */
struct recording *recorder_past(struct recorder *r);

#endif
