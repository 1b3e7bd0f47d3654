/* SPDX-License-Identifier: MIT */
/* gcverify.h - GORT_DEBUG=verify=1: marks once more, simply, and compares.
 * One thread, one stack, one bit for every 8 bytes of heap, spans looked up by their records and
 * objects by division: nothing of the fast marker's but the layout of types. An object that this
 * mark reaches and the other did not would have been freed while in use: the process ends, naming
 * it, what refers to it, and whether the kernel says that the page of that was written.
 * Threads: whoever has stopped the world, after mark_run and before the sweep begins. */
#ifndef RUNTIME_GCVERIFY_H
#define RUNTIME_GCVERIFY_H

void verify_run(void);

#endif
