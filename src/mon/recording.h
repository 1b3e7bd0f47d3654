/* SPDX-License-Identifier: MIT */
/* recording.h - reads a recording: what was true of the target at any moment of it.
 * Random access: each question names a time and is answered from the row at or before it. Columns
 * that this gomon does not know are metrics of their own, columns and tables that are not there
 * stay missing. A recording may be damaged, cut or made up: what can't be read is missing, text is
 * cleaned, numbers are checked; nothing in it can end gomon.
 * Threads: one owner. Each call may wait for the disk. */
#ifndef MON_RECORDING_H
#define MON_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/model.h"
#include "mon/source.h"

struct recfile;
struct recording;

/* Opens the file at PATH and enters into T what it has. NULL: FAILURE says why. T is borrowed. */
struct recording *recording_open(const char *path, struct metric_table *t,
                                 struct source_failure *failure);

/* What an open database holds so far, with the metrics of T, which are borrowed; NULL if memory is
 * short. */
struct recording *recording_within(struct recfile *f, const struct metric_table *t);

/* NULL is fine. */
void recording_free(struct recording *r);

/* Who was recorded; false if it does not say. */
bool recording_target(struct recording *r, struct model_target *target);

struct recording_moment {
    int64_t mono_ns; /* of the sample */
    int64_t real_ns;
    struct target_status status;
};

/* The first and the last sample; false if there is none. */
bool recording_first(struct recording *r, struct recording_moment *m);
bool recording_last(struct recording *r, struct recording_moment *m);

/* The sample at MONO_NS or the last before it, with its rates, procs, collections, events, classes,
 * sites and waits. False if there is none: nothing was changed. */
bool recording_at(struct recording *r, int64_t mono_ns, struct snapshot *s,
                  struct recording_moment *m);

/* The first sample after AFTER_NS, if it is not after UNTIL_NS: its values into S, without rates.
 * What is counted by group, the sites of S and TASKS, and the last collections are read anew every
 * 10 s and else stay. For who goes through all of it. False: there is none, and nothing was
 * changed. */
bool recording_step(struct recording *r, int64_t after_ns, int64_t until_ns, struct snapshot *s,
                    struct task_groups *tasks, struct recording_moment *m);

/* Time of the next sample after MONO_NS, or the last before it; false if there is none. */
bool recording_next(struct recording *r, int64_t mono_ns, int64_t *next_ns);
bool recording_previous(struct recording *r, int64_t mono_ns, int64_t *previous_ns);

/* The monotonic time of a wall clock time: that of the last sample at or before it, plus what is
 * between; before the first sample as that counts. False if there is no sample. */
bool recording_mono(struct recording *r, int64_t real_ns, int64_t *mono_ns);

/* The tasks, counted at MONO_NS or at most a minute before it; G is not valid else. */
void recording_tasks(struct recording *r, int64_t mono_ns, struct task_groups *g);

/* The alerts that had been raised at MONO_NS, as they were then. */
void recording_alerts(struct recording *r, int64_t mono_ns, struct alerts *a);

/* The times that were marked, the first ones if there are too many. */
void recording_marks(struct recording *r, struct model_marks *marks);

/* The time of the baseline that was set last; false if there is none. */
bool recording_baseline(struct recording *r, int64_t *mono_ns);

/* Fills the stretch [FROM_NS, TO_NS) of the history. */
void recording_stretch(struct recording *r, int64_t from_ns, int64_t to_ns, struct history *h);

/* Adds the minutes after *AFTER_NS to the history and moves it; from INT64_MIN on. */
void recording_minutes(struct recording *r, int64_t *after_ns, struct history *h);

/* What the procs did in [FROM_NS, TO_NS), into H anew. */
void recording_procs(struct recording *r, int64_t from_ns, int64_t to_ns, struct proc_history *h);

/* The tasks of each group in [FROM_NS, TO_NS), into P anew. */
void recording_groups(struct recording *r, int64_t from_ns, int64_t to_ns, struct grouppast *p);

/* The text of at most MOST addresses; returns how many. */
uint32_t recording_code(struct recording *r, struct code_line *line, uint32_t most);

/* The stacks of all tasks, as they were dumped last; the caller takes them, for dump_free. NULL if
 * there are none. */
struct dump *recording_dump(struct recording *r);

/* When stacks were dumped last at or before MONO_NS; if never, then first after it. False: there
 * are none. */
bool recording_dump_time(struct recording *r, int64_t mono_ns, int64_t *at_ns);

/* When they were dumped last before MONO_NS; false: never. */
bool recording_dump_before(struct recording *r, int64_t mono_ns, int64_t *before_ns);

/* Those of that time, as recording_dump. */
struct dump *recording_dump_of(struct recording *r, int64_t at_ns);

#endif
