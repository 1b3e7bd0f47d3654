/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>

#include "runtime/allocsite.h"
#include "runtime/heap.h"
#include "runtime/sampling.h"

#define OBJECT 64

static struct span *span;

static void setup(void)
{
    unsigned size_class = 0;

    cr_assert(heap_init_pages(), "no memory for the heap's tables");
    size_class = size_class_of(OBJECT);
    span = heap_span_new(size_classes[size_class].npages,
                         span_class_of(size_class, SPAN_CONSERVATIVE));
    cr_assert_not_null(span, "no span");
}

TestSuite(allocsite, .init = setup);

static void sample(size_t object, uintptr_t pc)
{
    allocsite_sample(span, span->base + object * OBJECT, pc);
}

static int64_t now_ns = 1;

/* A whole cycle: a mark, a sweep that frees the objects whose bits FREED has, and publication. */
static void cycle(uint64_t freed_of_first_64)
{
    uint64_t freed[PAGE_BIT_WORDS] = {freed_of_first_64};

    allocsite_marked();
    if (span->samples != NULL)
        allocsite_swept(span, freed);
    allocsite_publish(now_ns);
}

static struct alloc_site_stats stats_of(uintptr_t pc)
{
    struct alloc_site_stats all[16];
    size_t n = allocsite_top(all, 16, ALLOCSITE_BY_LIVE);

    for (size_t i = 0; i < n; i++)
        if (all[i].pc == pc)
            return all[i];
    return (struct alloc_site_stats){0};
}

static uint64_t bytes_of_one(void)
{
    return sampling_weight(OBJECT) * OBJECT / SAMPLE_ONE;
}

Test(allocsite, counts_as_live_only_after_a_mark)
{
    sample(0, 0x1000);
    cr_assert_eq(stats_of(0x1000).live_bytes, 0, "live before any mark: %" PRIu64,
                 stats_of(0x1000).live_bytes);
    cr_assert_eq(stats_of(0x1000).total_bytes, bytes_of_one(), "total %" PRIu64,
                 stats_of(0x1000).total_bytes);
    cycle(0);
    cr_assert_eq(stats_of(0x1000).live_bytes, bytes_of_one(), "live after a mark: %" PRIu64,
                 stats_of(0x1000).live_bytes);
}

Test(allocsite, what_is_allocated_during_the_sweep_waits_for_the_next_mark)
{
    allocsite_marked();
    sample(0, 0x1000);
    allocsite_publish(now_ns);
    cr_assert_eq(stats_of(0x1000).live_bytes, 0, "live %" PRIu64, stats_of(0x1000).live_bytes);
    cycle(0);
    cr_assert_eq(stats_of(0x1000).live_bytes, bytes_of_one(), "live %" PRIu64,
                 stats_of(0x1000).live_bytes);
}

Test(allocsite, what_the_sweep_frees_lives_no_more)
{
    sample(0, 0x1000);
    sample(1, 0x1000);
    sample(2, 0x2000);
    cycle(0);
    cycle(1 << 0 | 1 << 2);
    cr_assert_eq(stats_of(0x1000).live_bytes, bytes_of_one(), "live %" PRIu64,
                 stats_of(0x1000).live_bytes);
    cr_assert_eq(stats_of(0x2000).live_bytes, 0, "live %" PRIu64, stats_of(0x2000).live_bytes);
    cr_assert_eq(stats_of(0x2000).samples, 1, "samples %" PRIu64, stats_of(0x2000).samples);
    cycle(1 << 1);
    cr_assert_null(span->samples, "samples are left of objects that are gone");
}

Test(allocsite, garbage_of_the_first_cycle_never_counts)
{
    sample(3, 0x3000);
    cycle(1 << 3);
    cr_assert_eq(stats_of(0x3000).live_bytes, 0, "live %" PRIu64, stats_of(0x3000).live_bytes);
    cr_assert_eq(stats_of(0x3000).live_objects, 0, "live %" PRIu64, stats_of(0x3000).live_objects);
}

Test(allocsite, the_largest_come_first)
{
    struct alloc_site_stats top[2];
    size_t next = 0;

    for (uintptr_t site = 1; site <= 5; site++)
        for (uintptr_t i = 0; i < (site * 3) % 7 + 1; i++)
            sample(next++, site * 0x100);
    cycle(0);
    cr_assert_eq(allocsite_top(top, 2, ALLOCSITE_BY_LIVE), 2, "fewer than two sites");
    cr_assert_eq(top[0].pc, 0x200, "first is %" PRIx64, top[0].pc);
    cr_assert_eq(top[1].pc, 0x400, "second is %" PRIx64, top[1].pc);
}

/* What lived ten to twenty minutes ago, or nothing, is what growth is told against. */
Test(allocsite, growth_is_told_against_an_earlier_window)
{
    struct alloc_site_stats top[2];

    sample(0, 0x1000);
    sample(1, 0x1000);
    cycle(0);
    cr_assert_eq(stats_of(0x1000).before_bytes, 0, "before the start %" PRIu64,
                 stats_of(0x1000).before_bytes);
    cr_assert_eq(allocsite_before_ns(), 0, "since %" PRId64, allocsite_before_ns());
    now_ns += ALLOCSITE_WINDOW_NS;
    cycle(0);
    cr_assert_eq(stats_of(0x1000).before_bytes, 0, "in the second window %" PRIu64,
                 stats_of(0x1000).before_bytes);
    sample(2, 0x2000);
    now_ns += ALLOCSITE_WINDOW_NS;
    cycle(0);
    cr_assert_eq(stats_of(0x1000).before_bytes, 2 * bytes_of_one(), "in the third window %" PRIu64,
                 stats_of(0x1000).before_bytes);
    cr_assert_eq(stats_of(0x2000).before_bytes, 0, "of the new one %" PRIu64,
                 stats_of(0x2000).before_bytes);
    cr_assert_eq(allocsite_before_ns(), now_ns - ALLOCSITE_WINDOW_NS, "since %" PRId64,
                 allocsite_before_ns());
    cr_assert_eq(allocsite_top(top, 2, ALLOCSITE_BY_GROWTH), 2, "fewer than two sites");
    cr_assert_eq(top[0].pc, 0x2000, "most grew %" PRIx64, top[0].pc);
    cr_assert_eq(stats_of(0x1000).live_bytes, 2 * bytes_of_one(), "live %" PRIu64,
                 stats_of(0x1000).live_bytes);
}

Test(allocsite, sites_beyond_the_table_share_one_entry)
{
    for (uintptr_t site = 1; site <= 9000; site++)
        sample(site % 64, site * 16);
    cycle(0);
    cr_assert_eq(stats_of(0).samples + 8192, 9000, "%" PRIu64 " samples of other sites",
                 stats_of(0).samples);
}
