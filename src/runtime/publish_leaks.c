/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/publish_leaks.h"

#include "base/bits.h"
#include "runtime/gcleak.h"
#include "runtime/leaked.h"
#include "runtime/noroot.h"

_Static_assert(PAGELAYOUT_LEAKS == LEAKED_KINDS, "all that are told apart have room");

static struct leaked kinds[LEAKED_KINDS];   /* [lock: publish] */
NO_ROOT(kinds);
static struct page_leak told[LEAKED_KINDS]; /* [lock: publish] */
NO_ROOT(told);

static struct page_leak leak_of(const struct leaked *k)
{
    return (struct page_leak){.spawn_pc = k->spawn_pc,
                              .start_fn = k->start_fn,
                              .wait_pc = k->wait_pc,
                              .reason = k->reason,
                              .count = k->count,
                              .waits_since_ns = (uint64_t)k->waits_since_ns,
                              .proven_ns = (uint64_t)k->proven_ns};
}

void publish_leaks(uint64_t value[METRIC_COUNT], const struct pagedouble *section, int64_t now_ns)
{
    uint64_t count = leaked_count();
    uint64_t searches = gcleak_searches();
    uint64_t refuted = leaked_refuted();
    size_t n = 0;

    if (count == value[METRIC_TASKS_LEAKED] && searches == value[METRIC_LEAK_SEARCHES] &&
        refuted == value[METRIC_LEAKS_REFUTED])
        return;
    value[METRIC_TASKS_LEAKED] = count;
    value[METRIC_LEAK_SEARCHES] = searches;
    value[METRIC_LEAKS_REFUTED] = refuted;
    n = min_size(leaked_read(kinds, LEAKED_KINDS), LEAKED_KINDS);
    for (size_t i = 0; i < n; i++)
        told[i] = leak_of(&kinds[i]);
    pagedouble_put(section, told, n * sizeof told[0], n, now_ns);
}
