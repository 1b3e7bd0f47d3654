/* SPDX-License-Identifier: MIT */
/* gclimit.h - the memory limit, between collections.
 * The goal of a cycle is paced so that the heap stays below the limit (gcpace.h). Here is what
 * pacing can't foresee: idle pages that the next span can't use, because they are of the other kind
 * of arena, and memory outside the heap that has grown since the last mark. Threads: as each
 * function says. No locks held. Source: Go's mheap and its memory limit. */
#ifndef RUNTIME_GCLIMIT_H
#define RUNTIME_GCLIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/heap.h"

/* Bytes that the limit is on: all from the system but what was given back. Any thread. */
uint64_t gclimit_used(const struct heap_pages *pages);

/* Keeps the limit though BYTES more are wanted: gives idle pages back, and if that is not enough,
 * lowers the goal to what is left. Called by a task in the runtime; it may come back on another
 * worker. */
void gclimit_keep(size_t bytes);

/* Gives up to BYTES of idle pages back. Called by a task in the runtime, which may be stopped in
 * between; it may come back on another worker. */
void gclimit_give_back_in_task(size_t bytes);

/* Gives back a part of what is idle beyond what the heap needs until the next cycle, or the limit
 * allows. Whether there is more: a collection need not wait for that. The background thread. */
bool gclimit_give_back(void);

/* Says when the limit can't be kept, because too much is alive, before the system ends the process
 * without a word. Once, until there is a sixteenth to spare again. By who has run a cycle: the
 * background thread may get no processor in time. */
void gclimit_tell(void);

#endif
