/* SPDX-License-Identifier: MIT */
/* publish_heap.h - memory and the collector, for the page.
 * Threads: as publish_tick. Locks: takes PROFILE, STACK. */
#ifndef RUNTIME_PUBLISH_HEAP_H
#define RUNTIME_PUBLISH_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "page.h"
#include "runtime/pagelayout.h"
#include "runtime/pagewrite.h"

struct publish_heap {
    struct pagedouble classes;
    struct pagedouble sites;
    struct pagering cycles;
    uint64_t cycles_told; /* number of the last one that is in the ring */
    size_t nsites;
    struct page_alloc_site site[PAGELAYOUT_ALLOC_SITES]; /* as last told */
};

void publish_heap_init(struct publish_heap *h, void *page, const struct pagelayout *layout);

/* Fills the values of memory and the collector, and adds its threads to the scheduler's. */
void publish_heap_values(uint64_t value[METRIC_COUNT]);

/* Shows the size classes, and the cycles that ended since the last time. */
void publish_heap_tick(struct publish_heap *h, int64_t now_ns);

/* Shows the allocation sites. */
void publish_heap_sites(struct publish_heap *h, int64_t now_ns);

/* The sites with most live bytes as last told, most first; the rest of SITE is 0. */
void publish_heap_top_sites(const struct publish_heap *h,
                            struct page_site_count site[PAGE_SITES_KEPT]);

#endif
