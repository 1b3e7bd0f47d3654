/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>

#include "base/bits.h"
#include "base/clock.h"
#include "runtime/cycles.h"
#include "runtime/latency.h"

Test(latency, buckets_follow_each_other_without_a_gap)
{
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        uint64_t from = latency_floor(i);
        uint64_t next = latency_floor(i + 1);

        cr_assert_lt(from, next, "bucket %u: %" PRIu64 " to %" PRIu64, i, from, next);
        cr_assert_eq(latency_bucket(from), i, "%" PRIu64 " is in bucket %u, not %u", from,
                     latency_bucket(from), i);
        cr_assert_eq(latency_bucket(next - 1), i, "%" PRIu64 " is in bucket %u, not %u", next - 1,
                     latency_bucket(next - 1), i);
    }
}

Test(latency, no_bucket_is_wider_than_an_eighth)
{
    for (unsigned i = 8; i < LATENCY_BUCKETS; i++) {
        uint64_t from = latency_floor(i);
        uint64_t width = latency_floor(i + 1) - from;

        cr_assert_leq(width * 8, from, "bucket %u from %" PRIu64 " is %" PRIu64 " wide", i, from,
                      width);
    }
}

Test(latency, what_is_too_long_is_in_the_last_bucket)
{
    static const uint64_t ns[] = {UINT64_C(1) << 40, UINT64_C(1) << 63, UINT64_MAX};

    for (size_t i = 0; i < ARRAY_COUNT(ns); i++)
        cr_assert_eq(latency_bucket(ns[i]), LATENCY_BUCKETS - 1, "%" PRIu64 " is in bucket %u",
                     ns[i], latency_bucket(ns[i]));
}

static void add(struct latency_sum *sum, uint64_t ns, uint64_t n)
{
    sum->count[latency_bucket(ns)] += n;
    sum->samples += n;
    if (ns > sum->max_ns)
        sum->max_ns = ns;
}

static void expect_about(uint64_t is, uint64_t ns)
{
    cr_assert(is * 8 >= ns * 7 && is * 8 <= ns * 9, "%" PRIu64 ", not about %" PRIu64, is, ns);
}

Test(latency, quantiles_of_an_even_spread)
{
    struct latency_sum sum = {0};

    for (uint64_t us = 1; us <= 1000; us++)
        add(&sum, us * 1000, 1);
    expect_about(latency_quantile(&sum, 500000), 500000);
    expect_about(latency_quantile(&sum, 990000), 990000);
    cr_assert_eq(latency_quantile(&sum, 1000000), 1000000, "%" PRIu64,
                 latency_quantile(&sum, 1000000));
}

Test(latency, one_long_wait_in_a_thousand_is_beyond_the_99th)
{
    struct latency_sum sum = {0};

    add(&sum, 1000, 999);
    add(&sum, 50000000, 1);
    expect_about(latency_quantile(&sum, 990000), 1000);
    cr_assert_eq(latency_quantile(&sum, 1000000), 50000000, "%" PRIu64,
                 latency_quantile(&sum, 1000000));
}

Test(latency, without_samples_there_is_no_quantile)
{
    struct latency_sum sum = {0};

    cr_assert_eq(latency_quantile(&sum, 990000), 0, "%" PRIu64, latency_quantile(&sum, 990000));
}

Test(latency, a_difference_knows_nothing_of_what_was_before)
{
    struct latency_sum old = {0}, sum;

    add(&old, 70000000, 3);
    sum = old;
    add(&sum, 1000, 100);
    latency_since(&sum, &old);
    cr_assert_eq(sum.samples, 100, "%" PRIu64, sum.samples);
    expect_about(sum.max_ns, 1000);
    expect_about(latency_quantile(&sum, 990000), 1000);
}

Test(latency, cycles_become_nanoseconds)
{
    uint64_t cycles;
    int64_t from_ns, ns;

    latency_calibrate_begin();
    latency_calibrate_end();
    from_ns = clock_mono_ns();
    cycles = cycles_now();
    while (clock_mono_ns() - from_ns < 5 * NS_PER_MS)
        ;
    cycles = cycles_now() - cycles;
    ns = clock_mono_ns() - from_ns;
    cr_assert_leq(latency_ns(cycles), (uint64_t)ns * 102 / 100, "%" PRIu64 " of %" PRId64 " ns",
                  latency_ns(cycles), ns);
    cr_assert_geq(latency_ns(cycles), UINT64_C(5) * NS_PER_MS * 98 / 100 - 1000, "%" PRIu64 " ns",
                  latency_ns(cycles));
}
