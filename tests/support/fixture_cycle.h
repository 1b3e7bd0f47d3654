/* SPDX-License-Identifier: MIT */
/* fixture_cycle.h - collections of the fixture: what one beside the program adds.
 * Who: fixture.c. */
#ifndef SUPPORT_FIXTURE_CYCLE_H
#define SUPPORT_FIXTURE_CYCLE_H

#include <stdint.h>

#include "mon/snapshot.h"

/* Two stops of CYCLE, which has the sums of one, a mark beside the program, and who was last to
 * stop. NOISE are five numbers that are added to the figures. */
void fixture_make_concurrent(struct gc_cycle *cycle, const uint64_t noise[5]);

/* What holds of any LAST, were all its bytes set: its name ends, its frames have room. */
void fixture_bound_last(struct gc_last *last);

#endif
