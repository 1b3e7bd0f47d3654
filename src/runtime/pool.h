/* SPDX-License-Identifier: MIT */
/* pool.h - the pools of gort/pool.h, as the collector sees them.
 * What a pool keeps is a root. At the beginning of each cycle what was kept becomes the victims,
 * and the victims of the cycle before are dropped. Inside the runtime no task is ever stopped, so
 * no cycle begins in the middle of a get or a put, but for the one place where a put allocates.
 * Source: Go's poolCleanup (sync/pool.go). */
#ifndef RUNTIME_POOL_H
#define RUNTIME_POOL_H

#include "runtime/world.h"

/* Makes victims, and drops those of before. Before the mark. [stw] */
void pools_age(void);

/* Hands all that pools refer to to SCAN. [stw] */
void pools_scan(world_scan_fn scan, void *ctx);

#endif
