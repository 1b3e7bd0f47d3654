/* SPDX-License-Identifier: MIT */
/* dump_holders.h - who holds the locks that the tasks of a dump wait for.
 * Each waiter names the holder by its id; here the holders of a group are counted, and each is
 * found among the tasks of the dump, for its name and its stack. As the waiters were asked one
 * after the other, those of one lock may name several.
 * Who: dump.c. Threads: one. */
#ifndef MON_DUMP_HOLDERS_H
#define MON_DUMP_HOLDERS_H

#include <stddef.h>

#include "mon/dump.h"
#include "mon/pool.h"

/* Fills in the holders of GROUP[0] to GROUP[NGROUPS - 1], which have their tasks and their order;
 * they live in POOL. */
void dump_holders_find(struct pool *pool, struct dump_group *group, size_t ngroups);

#endif
