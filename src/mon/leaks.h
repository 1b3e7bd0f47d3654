/* SPDX-License-Identifier: MIT */
/* leaks.h - the lints for what grows: the live heap, and the tasks of each spawn site.
 * The live heap counts only where a collection has just measured it: between two of them it saws,
 * which looks like growth in either direction. Tasks are counted by spawn site, because one site
 * that leaks hides among a thousand tasks that come and go. Each alert names the code: the spawn
 * site, or the allocation site whose live bytes grew most.
 * What a page kept of the past counts, so a leak may be told at the first look.
 * Threads: one owner. */
#ifndef MON_LEAKS_H
#define MON_LEAKS_H

#include <stdint.h>

#include "mon/alert.h"
#include "mon/history.h"
#include "mon/snapshot.h"
#include "mon/source.h"
#include "mon/tasks.h"

#define LEAKS_DEFAULT_WINDOW_NS (INT64_C(900) * 1000000000)
#define LEAKS_LEAST_WINDOW_NS (INT64_C(30) * 1000000000)

struct leaks;

/* Growth is sought over WINDOW_NS; 0: the default, 15 minutes. NULL if memory is short. */
struct leaks *leaks_new(int64_t window_ns);
void leaks_free(struct leaks *l);

/* Says when the program began, monotonic: a quarter of a window from then on, and at least 30 s, it
 * is warming up, and nothing counts. Before anything is taken in. */
void leaks_set_start(struct leaks *l, int64_t start_ns);

struct leaks_input {
    int64_t mono_ns;
    int64_t real_ns;
    const struct history *history;
    const struct snapshot *snapshot;
    const struct task_groups *tasks;
};

/* Takes in a site of a minute before gomon came; a source_site_fn. Before the first leaks_tick. */
void leaks_take_site(void *leaks, const struct source_site *site);

/* Takes in what is new, and judges if a bin of time is full. */
void leaks_tick(struct leaks *l, const struct leaks_input *in, struct alerts *alerts);

#endif
