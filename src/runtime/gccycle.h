/* SPDX-License-Identifier: MIT */
/* gccycle.h - one cycle of the collector, from the phase OFF to the phase SWEEP.
 * In which order things happen, and why, is in gc.h.
 * Threads: the owner of the cycle (gcowner.h): on a worker's own stack, because that of a task may
 * be short, or a thread that is no worker. */
#ifndef RUNTIME_GCCYCLE_H
#define RUNTIME_GCCYCLE_H

#include "runtime/gc.h"

/* Runs it, in the mode gc_mode. All is swept before; afterwards the background thread sweeps. */
void cycle_run(enum gc_trigger trigger);

#endif
