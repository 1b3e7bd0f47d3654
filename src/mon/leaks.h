/* SPDX-License-Identifier: MIT */
/* leaks.h - the lints for what grows: the live heap, the tasks of each spawn site, the memory
 * outside the runtime, open files.
 * Each is judged over two windows: a short one, which finds a leak of a tenth an hour within half
 * an hour, and one 16 times as long, which finds a hundredth an hour within six hours. The live
 * heap counts only where a collection has just measured it: between two of them it saws, which
 * looks like growth in either direction. Tasks are counted by spawn site, because one site that
 * leaks hides among a thousand tasks that come and go. Each alert names the code: the spawn site,
 * or the allocation site whose live bytes grew most. What a page kept of the past counts, so a leak
 * may be told at the first look. Threads: one owner. */
#ifndef MON_LEAKS_H
#define MON_LEAKS_H

#include <stdint.h>

#include "mon/lint_parts.h"

#define LEAKS_DEFAULT_WINDOW_NS (INT64_C(900) * 1000000000)
#define LEAKS_LEAST_WINDOW_NS   (INT64_C(30) * 1000000000)
#define LEAKS_LONG              16 /* the long window, in short ones */

struct leaks;

/* Growth is sought over WINDOW_NS; 0: the default, 15 minutes. NULL if memory is short. */
struct leaks *leaks_new(int64_t window_ns);
void leaks_free(struct leaks *l);

/* The short window. */
int64_t leaks_window_ns(const struct leaks *l);

/* Says when the program began, monotonic: two fifths of a window from then on, and at least 30 s,
 * it is warming up, and nothing counts. Before anything is taken in. */
void leaks_set_start(struct leaks *l, int64_t start_ns);

/* Takes in a site of a minute before gomon came. Before the first leaks_judge. */
void leaks_take_site(struct leaks *l, const struct source_site *site);

/* Takes in what is new, and judges if a bin of time is full. */
void leaks_judge(struct leaks *l, const struct lint_ask *q);

/* The allocation site that makes the heap grow, or 0. */
uint64_t leaks_guilty_pc(const struct leaks *l);

#endif
