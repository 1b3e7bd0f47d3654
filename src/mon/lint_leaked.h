/* SPDX-License-Identifier: MIT */
/* lint_leaked.h - the lint for tasks that the collector has proven to be leaked.
 * No trend and no patience: one proof is enough, and it stands for as long as the target tells of
 * it. Each kind of them, by spawn site and wait site, is an alert, the first ones that were found.
 * Threads: one owner. No clock: time is in the input. */
#ifndef MON_LINT_LEAKED_H
#define MON_LINT_LEAKED_H

#include "mon/lint_parts.h"

/* Raises an alert for each kind, and clears those of kinds that are told of no more. */
void lint_leaked_judge(const struct lint_ask *q);

#endif
