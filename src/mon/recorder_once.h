/* SPDX-License-Identifier: MIT */
/* recorder_once.h - the rows that are written once: a dump of stacks, and what the target is.
 * Of a crowd with one stack only the first tasks and the last are written, with the number of all;
 * of very many stacks those that most tasks have. So the size is bounded, whatever the target does.
 * Who: recorder.c. Threads: one. */
#ifndef MON_RECORDER_ONCE_H
#define MON_RECORDER_ONCE_H

#include <stdbool.h>

#include "mon/recfile.h"
#include "mon/recorder.h"

/* All but the code lines. Within a transaction; false: the file failed, and it has to be undone. */
bool recorder_once_write(struct recfile *f, const struct recorder_once *once);

#endif
