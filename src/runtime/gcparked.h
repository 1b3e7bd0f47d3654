/* SPDX-License-Identifier: MIT */
/* gcparked.h - for which tasks the last stop of a mark beside the program has to do something.
 * There may be a million tasks that wait, and a few that run. So the last stop goes through none of
 * them that nothing has changed for:
 *   changed  a bit for each slot of tasks: its task has run, or was born, or nothing could be noted
 *            about it. All of its stack is searched again.
 *   owners   for each place of a stack in a slab, which slot's task was searched there. The last
 *            stop asks the kernel which pages of slabs were written, by other tasks or the runtime;
 *            those that are in use by such a task are searched.
 * Slabs that are made after the tables were are not in them: what waits there counts as changed.
 * Threads: as each function says. Lock: none. */
#ifndef RUNTIME_GCPARKED_H
#define RUNTIME_GCPARKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/world.h"

struct task;

/* Empties the tables and declares the pages of all stacks clean. The owner of a cycle, before its
 * first stop. */
void parked_declare_clean(void);

/* Notes that the stack of T, which is on it, was searched; false if there is no place for that.
 * Markers, while T does not run. */
bool parked_note(const struct task *t);

/* The task in SLOT has changed. Whoever runs or makes it; a marker. */
void parked_set_changed(uint32_t slot);

/* It has not, after all. A marker that keeps the task from running. */
void parked_clear_changed(uint32_t slot);

/* How many have changed; a guess beside the program. */
size_t parked_count_changed(void);

/* The work of the last stop in pieces, numbered: how many, and hands over what piece I has to have
 * searched. Markers, one a piece. [stw] */
size_t parked_pieces(void);
void parked_scan(size_t i, world_scan_fn scan, void *ctx);

/* The same beside the program, so that less is left for that stop, in two steps of which the first
 * has to be over before the second begins. The first declares the pages of stacks clean, and
 * searches those written pages that the last stop would. The second searches what has changed and
 * does not run. In between a page counts as written if the program writes to it, or its task runs:
 * nothing is lost. */
size_t parked_renew_pieces(void);
void parked_renew(size_t i, world_scan_fn scan, void *ctx);
size_t parked_settle_pieces(void);
void parked_settle(size_t i, world_scan_fn scan, void *ctx);

#endif
