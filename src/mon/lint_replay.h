/* SPDX-License-Identifier: MIT */
/* lint_replay.h - the lints, judged on a recording as they are on a live target.
 * The recording is gone through from its beginning, sample by sample, with a history of its own, so
 * that each moment is judged by what was known then. What is found is kept with its times: the
 * alerts of any moment that was passed can be asked for. Where the gomon that recorded found the
 * same, its words stand.
 * Threads: one owner. Judging may wait for the disk. */
#ifndef MON_LINT_REPLAY_H
#define MON_LINT_REPLAY_H

#include "mon/lintset.h"
#include "mon/model.h"
#include "mon/recording.h"

struct lint_replay;

/* R, T and the target are borrowed; SET is copied, NULL: that of the table. NULL if memory is
 * short. */
struct lint_replay *lint_replay_new(struct recording *r, const struct metric_table *t,
                                    int64_t window_ns, const struct lint_set *set);
/* NULL is fine. */
void lint_replay_free(struct lint_replay *l);

/* Goes on, by at most MOST samples, up to UNTIL_NS. False: it is there. */
bool lint_replay_judge(struct lint_replay *l, int64_t until_ns, uint32_t most);

/* Adds to A, the alerts as they were recorded at MONO_NS, those that were found, and takes out
 * those of lints that are off or tuned. */
void lint_replay_alerts(const struct lint_replay *l, int64_t mono_ns, struct alerts *a);

#endif
