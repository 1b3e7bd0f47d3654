/* SPDX-License-Identifier: MIT */
/* gcroot.h - where the search for references begins.
 *   - the stacks and registers of all tasks, and the workers' own stacks (world.h);
 *   - the writable data of every loaded module, without what the loader has sealed and large tables
 *     of the runtime (noroot.h);
 *   - the objects that armed timers keep (timer.h);
 *   - what pools keep (pool.h);
 *   - handles (handle.h), and what is attached to objects (special.h);
 *   - what the program added with gort_root_add.
 * What the runtime gets from the system for itself is none of these. For a mark the roots are cut
 * into pieces of about equal work, numbered, which any number of threads may search at the same
 * time. The world is stopped with the loader's lock held: a stopped thread can't hold it then, and
 * no module comes or goes between the making of the list and the end of the mark. A mark beside the
 * program searches the modules with that lock held, then lets it go: what is loaded or unloaded
 * later the last stop sees.
 * Threads: as each function says. Lock: ROOTS. */
#ifndef RUNTIME_GCROOT_H
#define RUNTIME_GCROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/world.h"

/* Gets the tables ready, which a collection for want of memory could not. At start; false: out of
 * memory. */
bool gcroot_init(void);

/* Brings the list of modules up to date and calls FN(ARG), meanwhile no module comes or goes.
 * Before the world is stopped, by the owner of the cycle; may wait for a thread that loads a
 * module. FN must not wait for ever for another thread: that may wait for the loader's lock. */
void gcroot_hold_modules(void (*fn)(void *arg), void *arg);

/* Cuts the roots into pieces; how many. GCROOT_CHANGED leaves out the stacks of tasks for which
 * nothing has changed since they were searched beside the program. [stw] */
enum gcroot_how { GCROOT_ALL, GCROOT_CHANGED };
size_t gcroot_prepare(enum gcroot_how how);

/* Hands the memory of piece I to SCAN. Any thread. [stw] */
void gcroot_scan(size_t i, world_scan_fn scan, void *ctx);

/* What kind of roots piece I is, for the accounts. [stw] */
enum gcroot_kind { GCROOT_STACKS, GCROOT_GLOBALS };
enum gcroot_kind gcroot_kind(size_t i);

/* A mark beside the program begins: hands over what can only be looked at in the stop: the stacks
 * of tasks and workers that run, and the pools. [stw] */
void gcroot_begin_beside(world_scan_fn scan, void *ctx);

/* Hands over the modules' data, the added roots and the timers, beside the program: what is stored
 * there meanwhile has to be found later. The owner of the cycle; may wait as gcroot_hold_modules.
 * Locks: takes ROOTS, TIMERS, and holds them while SCAN is called. */
void gcroot_scan_beside(world_scan_fn scan, void *ctx);

/* The tasks that there were at its beginning, in pieces: how many pieces; hands over piece I. Any
 * marker, one a piece. */
size_t gcroot_beside_pieces(void);
void gcroot_scan_beside_piece(size_t i, world_scan_fn scan, void *ctx);

#endif
