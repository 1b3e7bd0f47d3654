/* SPDX-License-Identifier: MIT */
/* lint_pause.h - the lint on collections that stop the world for long: long-pause.
 * Judged over the last collections, not over time: they come as they like.
 * Threads: one owner. */
#ifndef MON_LINT_PAUSE_H
#define MON_LINT_PAUSE_H

#include "mon/lint_parts.h"

void lint_pause_judge(const struct lint_ask *q);

#endif
