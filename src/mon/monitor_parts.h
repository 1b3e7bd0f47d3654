/* SPDX-License-Identifier: MIT */
/* monitor_parts.h - what a monitor is made of.
 * Who: monitor.c, which follows the target, monitor_measure.c, which looks at its process,
 * monitor_time.c, which moves what is shown through time, and monitor_stacks.c. Threads: one. */
#ifndef MON_MONITOR_PARTS_H
#define MON_MONITOR_PARTS_H

#include "mon/grouppast.h"
#include "mon/latency.h"
#include "mon/lint.h"
#include "mon/lint_replay.h"
#include "mon/monitor.h"
#include "mon/recording.h"
#include "mon/source.h"
#include "mon/target.h"
#include "mon/timeview.h"

#define REPLAY_LINES 1024

/* A recording in the place of a target. */
struct replay {
    struct recording *recording; /* NULL: there is a target */
    int64_t from_ns;             /* bounds, monotonic; to_ns INT64_MAX: where it ends */
    int64_t to_ns;
    int64_t last_ns;  /* the last sample that is known */
    int64_t after_ns; /* minutes up to here are in the history */
    bool playing;
    struct lint_replay *lints; /* NULL: alerts are those that were recorded */
    bool is_judged;            /* up to what is shown */
    struct dump *dump;         /* of the time that is shown, or NULL */
    int64_t dump_ns;           /* when it was taken, as the recording has it */
    struct dump *before;       /* what it is compared with, or NULL */
    int64_t before_ns;
    struct dumpdiff *diff;     /* of these two, or NULL */
    struct model_marks marks;  /* room: those that it holds */
    struct code_line line[REPLAY_LINES];
    uint32_t nlines;
};

struct monitor {
    struct source *source;
    struct target target;
    struct procinfo_reader *reader; /* NULL: the process library refused */
    struct history *history;
    struct proc_history *procs;
    struct grouppast *groups;
    struct latency_past *latencies;
    struct lints *lints;
    struct recorder *recorder; /* NULL: nothing is recorded */
    int pidfd;
    int spacefd;          /* its address space, as it was at the beginning; -1: there is none */
    int64_t last_tick_ns; /* 0: none yet */
    int64_t last_kept_ns; /* time of the last sample in the history */
    int64_t kept_throttled_ns; /* what its control group had been throttled then */
    int64_t next_tasks_ns;
    int64_t alive_ns;       /* it was seen to live */
    uint64_t end_ticks;     /* no process that began earlier is its successor */
    int64_t next_search_ns; /* for one */
    struct metric_table table;
    struct snapshot now;
    struct snapshot before; /* room: what now was before it was read again */
    struct snapshot prev;   /* what the rates of now refer to */
    struct task_groups tasks;
    struct procinfo process;
    struct alerts alerts;
    struct target_list list;     /* room to search in */
    const struct pidlist *taken; /* borrowed: none of these is a successor; or NULL */
    struct {
        struct snapshot snapshot;
        struct task_groups tasks;
        struct procinfo process;
    } frozen;
    struct model model;        /* what is now */
    struct timeview *timeview; /* what was; NULL until it is asked for */
    struct snapshot *baseline; /* NULL: none yet */
    struct grouppast *base_groups; /* likewise */
    struct model_marks marks;
    struct replay replay;
    int64_t window_ns; /* that plots show, as was last told */
};

/* Of a tick: figures of the process, as the system has them. */
void monitor_measure(struct monitor *m);

/* What the user has set, for a recording. */
struct recorder_marks monitor_set(const struct monitor *m);

/* What a model of the past has of the present. */
void monitor_bring_up_to_date(struct monitor *m);

/* Of a replay: the stacks that were dumped last at MONO_NS; if there are none, the first ones. */
void monitor_choose_stacks(struct monitor *m, int64_t mono_ns);
void monitor_stacks_fini(struct monitor *m);

/* After each tick: who looks at the past keeps what is seen of it. */
void monitor_keep_past(struct monitor *m);

/* The tick of a replay. */
void monitor_replay_tick(struct monitor *m, int64_t mono_ns, int64_t real_ns);

#endif
