/* SPDX-License-Identifier: MIT */
/* model.h - all that a panel may know, const.
 * A panel gets this and a canvas and nothing else: no clock, no file, no shared memory. The same
 * model drawn twice gives the same cells, which is how every screen is tested. The monitor fills
 * it (monitor.h); tests fill it by hand. All pointers are borrowed until the next tick of the
 * monitor. */
#ifndef MON_MODEL_H
#define MON_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/alert.h"
#include "mon/dump.h"
#include "mon/forecast.h"
#include "mon/history.h"
#include "mon/liveness.h"
#include "mon/metric.h"
#include "mon/prochist.h"
#include "mon/procinfo.h"
#include "mon/snapshot.h"
#include "mon/tasks.h"

#define MODEL_NAME_BYTES 64
#define CODE_LINE_BYTES 160

struct code_line {
    uint64_t pc;
    char text[CODE_LINE_BYTES]; /* "function file:line", without control characters */
};

struct code_lines {
    uint32_t n;
    const struct code_line *line;
};

/* Who is watched. */
struct model_target {
    pid_t pid;
    char name[MODEL_NAME_BYTES]; /* without control characters */
    int64_t start_real_ns;
    bool post_mortem;      /* opened from the image of a process that had ended before */
    char page_version[16]; /* "1.0"; "" if the source is not a page */
    char build_id[41];     /* of the program, in hexadecimal digits; "" if it is not known */
};

/* What is drawn of time. Live: end_ns is now. Frozen: end_ns is when the freeze began, and
 * snapshot, tasks and process are those of that moment, while history and alerts go on. Past:
 * mono_ns and real_ns of the model are the time at the cursor, and all figures, the state and the
 * alerts are those of then; only the plots may reach further, up to end_ns. */
struct model_view {
    bool frozen;
    int64_t end_ns;   /* monotonic: where plots end */
    bool past;        /* all of the model is that of a moment that has been, at the time cursor */
    bool replay;      /* of a recording, not of a target */
    bool playing;     /* the replay goes on by itself */
    int64_t first_ns; /* monotonic, of the past: where the cursor can go */
    int64_t last_ns;
    int64_t now_ns; /* monotonic: what mono_ns would be if it were not the past */
};

#define MODEL_MARKS 32

/* Times that the user marked, monotonic, in rising order. */
struct model_marks {
    uint32_t n;
    int64_t at_ns[MODEL_MARKS];
};

struct dumpdiff;        /* dumpdiff.h */
struct grouppast;       /* grouppast.h */
struct incident_notes;  /* incident_note.h */
struct recorder_status; /* recorder.h */

struct model {
    int64_t mono_ns; /* now */
    int64_t real_ns;
    struct model_target target;
    struct target_status status;
    struct model_view view;
    const struct metric_table *metrics;
    const struct snapshot *snapshot; /* never NULL; may be without any value */
    const struct procinfo *process;  /* never NULL; look at valid */
    const struct task_groups *tasks; /* never NULL; look at valid */
    const struct history *history;   /* never NULL */
    const struct grouppast *groups;  /* the tasks of each group over time, or NULL */
    const struct proc_history *procs; /* what the procs did; NULL: not kept */
    const struct alerts *alerts;     /* never NULL */
    const struct incident_notes *incidents; /* where those are recorded, or NULL */
    const struct forecast *forecast; /* when a limit is reached; NULL: of the past */
    const struct dump *dump;         /* the last dump of stacks, or NULL */
    const struct dumpdiff *diff;     /* what it changed since an earlier one, or NULL */
    struct dump_status dump_status;  /* of the one that is under way */
    struct code_lines code;
    const struct recorder_status *record; /* of the file that is written, or NULL */
    const struct model_marks *marks;      /* or NULL */
    const struct snapshot *baseline;      /* what figures are compared with, or NULL */
    const struct grouppast *base_groups;  /* groups as they were known then, or NULL */
};

/* The wall clock at a monotonic time, by the model's pair of clocks. */
static inline int64_t model_real_ns(const struct model *m, int64_t mono_ns)
{
    return m->real_ns + (mono_ns - m->mono_ns);
}

/* Now, monotonic, also while the model is of the past: for what is about the screen itself. */
static inline int64_t model_now_ns(const struct model *m)
{
    return m->view.past ? m->view.now_ns : m->mono_ns;
}

/* The text for PC, or NULL while it is not known. */
const char *model_code_line(const struct model *m, uint64_t pc);

#endif
