/* SPDX-License-Identifier: MIT */
/* gcroot.h - where the search for references begins.
 *   - the stacks and registers of all tasks, and the workers' own stacks (world.h);
 *   - the writable data of every loaded module, without what the loader has sealed;
 *   - the objects that armed timers keep (timer.h);
 *   - what pools keep (pool.h);
 *   - handles (handle.h), and what is attached to objects (special.h);
 *   - what the program added with gort_root_add.
 * The runtime's own records lie in memory that is none of these. For a mark the roots are cut into
 * pieces of about equal work, numbered, which any number of threads may search at the same time.
 * The world is stopped with the loader's lock held: a stopped thread can't hold it then, and no
 * module comes or goes between the making of the list and the end of the mark.
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

/* Cuts the roots into pieces; how many. [stw] */
size_t gcroot_prepare(void);

/* Hands the memory of piece I to SCAN. Any thread. [stw] */
void gcroot_scan(size_t i, world_scan_fn scan, void *ctx);

/* What kind of roots piece I is, for the accounts. [stw] */
enum gcroot_kind { GCROOT_STACKS, GCROOT_GLOBALS };
enum gcroot_kind gcroot_kind(size_t i);

#endif
