/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/gclimit.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "base/bits.h"
#include "runtime/debug.h"
#include "runtime/fatal.h"
#include "runtime/gc.h"
#include "runtime/gcpace.h"
#include "runtime/proc.h"
#include "runtime/sysmem.h"

#define GIVE_BACK_LEAST   ((uint64_t)512 << 10)
#define GIVE_BACK_AT_ONCE ((size_t)1 << 20) /* before others get their turn: some 0.1 ms */

uint64_t gclimit_used(const struct heap_pages *pages)
{
    uint64_t used = 0;

    for (int use = 0; use < SYS_USES; use++)
        used += sys_bytes((enum sys_use)use);
    return used - pages->released;
}

void gclimit_give_back_in_task(size_t bytes)
{
    while (bytes > 0) {
        size_t given = heap_scavenge(min_size(bytes, GIVE_BACK_AT_ONCE));

        if (given == 0)
            return;
        bytes -= min_size(bytes, given);
        if (debug.replay == 0) {
            rt_leave(worker_self());
            rt_enter("gort_alloc");
        }
    }
}

void gclimit_keep(size_t bytes)
{
    uint64_t limit = (uint64_t)gc_memory_limit();
    struct heap_pages pages;
    uint64_t used = 0;

    if (limit == PACE_NO_LIMIT)
        return;
    heap_read_pages(&pages);
    used = gclimit_used(&pages) + bytes;
    if (used <= limit)
        return;
    gclimit_give_back_in_task(min_size(used - limit, pages.free));
    if (used - limit > pages.free)
        gc_measure_outside();
}

/* In MiB. */
static unsigned long long mib(uint64_t bytes)
{
    return bytes >> 20;
}

void gclimit_tell(void)
{
    static _Atomic(bool) told;
    uint64_t limit = (uint64_t)gc_memory_limit();
    struct gc_totals totals;
    uint64_t used = 0;

    if (limit == PACE_NO_LIMIT)
        return;
    gc_read_totals(&totals);
    used = totals.live_bytes + gc_outside();
    if (used <= limit && used > limit - limit / 16)
        return;
    if (atomic_exchange_explicit(&told, used > limit, memory_order_relaxed) || used <= limit)
        return;
    runtime_log("gort: the memory limit of %llu MiB is exceeded: %llu MiB are in use after a "
                "collection, of them %llu MiB live objects; the system may end the process",
                mib(limit), mib(used), mib(totals.live_bytes));
}

bool gclimit_give_back(void)
{
    struct heap_pages pages;
    uint64_t limit = (uint64_t)gc_memory_limit();
    uint64_t used = 0;
    uint64_t excess = 0;

    heap_read_pages(&pages);
    used = gclimit_used(&pages);
    if (pages.inuse + pages.free > gc_retain())
        excess = pages.inuse + pages.free - gc_retain();
    if (used > limit && used - limit > excess)
        excess = used - limit;
    return excess >= GIVE_BACK_LEAST && heap_scavenge(min_size(excess, GIVE_BACK_AT_ONCE)) > 0;
}
