/* SPDX-License-Identifier: MIT */
/* gcsweep.h - turning what was not marked into free slots, span by span.
 * A sweep never looks at objects, only at their bits. A span is swept before anything is allocated
 * from it: by whoever needs a span of its class, by allocations in proportion to what they take (so
 * that all is swept before the next cycle), and by the collector's background thread. The one that
 * sweeps the last span ends the cycle.
 * Threads: any, in the runtime. Each span has one sweeper: who took it off its list.
 * Source: Go's mgcsweep, lazy sweeping with proportional assistance. */
#ifndef RUNTIME_GCSWEEP_H
#define RUNTIME_GCSWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/cache.h"

/* Begins the sweep of all spans: flips the central lists. ROOM is how many bytes may be allocated
 * until it must be done. Returns how many spans there are; if none, nobody will call
 * gc_sweep_ended. [stw] */
uint64_t sweep_begin(uint64_t room_bytes);

/* Sweeps S, which the caller has taken off an unswept list; C gets the counts. S stays the
 * caller's, who calls sweep_leave when S is in a cache, a list, or free. */
void sweep_span(struct heap_cache *c, struct span *s);
void sweep_leave(void);

/* Fills the BYTES of a dead object, a multiple of 8, with SWEEP_CLOBBER. */
#define SWEEP_CLOBBER UINT64_C(0xdeadbeefdeadbeef)
void sweep_clobber(void *p, size_t bytes);

/* Sweeps one span that nobody has begun with and puts it where it belongs; false if there is none.
 * Others may still be at work on theirs. */
bool sweep_one(struct heap_cache *c);

/* Frees large objects until NPAGES pages came free or there are none left to sweep. */
void sweep_for_pages(struct heap_cache *c, size_t npages);

/* BYTES are about to be allocated: sweeps what is due. */
void sweep_assist(struct heap_cache *c, uint64_t bytes);

/* Whether every span is swept. */
bool sweep_is_done(void);

/* Thread time spent sweeping so far, estimated from every 16th span. */
uint64_t sweep_total_ns(void);

#endif
