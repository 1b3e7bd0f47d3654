/* SPDX-License-Identifier: MIT */
/* gcparked.h - for which tasks the last stop of a mark beside the program has to do something.
 * There may be a million tasks that wait, and a few that run. So the last stop goes through none of
 * them that nothing has changed for:
 *   changed  a bit for each slot of tasks: its task has run, or was born, or nothing could be noted
 *            about it. The last stop searches all of its stack.
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

/* The work of the last stop in pieces, numbered: how many, and hands over what piece I has to have
 * searched. EPOCH is that of the mark. Markers, one a piece. [stw] */
size_t parked_pieces(void);
void parked_scan(size_t i, uint32_t epoch, world_scan_fn scan, void *ctx);

#endif
