/* SPDX-License-Identifier: MIT */
/* handle.h - the handles of gort/live.h, as the collector sees them.
 * A handle's place is a record with the pointer that it stands for; the handle is the place's
 * number, and above it how often the place was taken and given back, which is odd while it is in
 * use.
 * Threads: reading any, without a lock; the rest tasks. Lock: that of the records.
 * Source: Go's cgo.Handle, with places instead of a map. */
#ifndef RUNTIME_HANDLE_H
#define RUNTIME_HANDLE_H

#include <stdint.h>

#include "runtime/world.h"

/* Root pieces, and the memory of piece I. Any thread, at any time. */
uint32_t handle_pieces(void);
void handle_scan(uint32_t i, world_scan_fn scan, void *ctx);

#endif
