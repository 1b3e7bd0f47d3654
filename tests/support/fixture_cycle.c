/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/fixture_cycle.h"

void fixture_make_concurrent(struct gc_cycle *cycle, const uint64_t noise[5])
{
    /* The first is not a return address: its code is looked up by the next. */
    static const struct gc_last last = {
        40037, STOPPED_BY_SIGNAL, "stock keeper", 3, {0x401010 - 1, 0x402010, 0x401030}};

    cycle->mode = GC_MODE_CONCURRENT;
    cycle->first = (struct gc_stop){cycle->stop_ns / 3, 31000, cycle->restart_ns / 2,
                                    cycle->stop_ns / 4};
    cycle->last = (struct gc_stop){cycle->stop_ns - cycle->stop_ns / 3, cycle->mark_ns - 31000,
                                   cycle->restart_ns - cycle->restart_ns / 2, 0};
    cycle->clean_ns = 900000;
    cycle->beside_ns = 84000000 + noise[0];
    cycle->marker_ns = 2 * cycle->beside_ns;
    cycle->assist_ns = noise[1];
    cycle->rounds = 1 + noise[2];
    cycle->written_pages = 900 + noise[3];
    cycle->last_pages = 12 + noise[4];
    cycle->heap_end = cycle->heap_before + (4 << 20);
    cycle->last_stopped = last;
}

void fixture_bound_last(struct gc_last *last)
{
    last->how = STOPPED_IN_RUNTIME;
    last->name[sizeof last->name - 1] = '\0';
    last->nframes = SNAPSHOT_FRAMES;
}
