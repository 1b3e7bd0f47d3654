/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>

#include "base/clock.h"
#include "mon/history.h"

#define S NS_PER_S
#define M (60 * NS_PER_S)

static struct history *h;

static void setup(void)
{
    struct metric_table t;

    metric_table_init(&t);
    h = history_new(&t);
    cr_assert_not_null(h, "no memory");
}

static void teardown(void)
{
    history_free(h);
}

TestSuite(history, .init = setup, .fini = teardown);

static struct history_bucket range(unsigned metric, int64_t from_ns, int64_t to_ns)
{
    struct history_bucket b;

    history_range(h, metric, from_ns, to_ns, &b);
    return b;
}

#define ASSERT_BUCKET(b, lo, hi, total, count, final)                                         \
    cr_assert((b).min == (lo) && (b).max == (hi) && (b).sum == (total) && (b).n == (count) && \
                  (b).last == (final),                                                        \
              "min %g max %g sum %g n %" PRIu32 " last %g", (double)(b).min, (double)(b).max, \
              (double)(b).sum, (b).n, (b).last)

Test(history, bucket_holds_min_max_sum_count_and_last)
{
    history_add(h, MON_HEAP_ALLOC, 10 * S, 5);
    history_add(h, MON_HEAP_ALLOC, 10 * S + 1, 9);
    history_add(h, MON_HEAP_ALLOC, 11 * S - 1, 7);

    ASSERT_BUCKET(range(MON_HEAP_ALLOC, 10 * S, 11 * S), 5, 9, 21, 3, 7);
}

Test(history, buckets_are_aligned_to_absolute_time)
{
    history_add(h, MON_HEAP_ALLOC, 10 * S - 1, 1);
    history_add(h, MON_HEAP_ALLOC, 10 * S, 2);

    ASSERT_BUCKET(range(MON_HEAP_ALLOC, 9 * S, 10 * S), 1, 1, 1, 1, 1);
    ASSERT_BUCKET(range(MON_HEAP_ALLOC, 10 * S, 11 * S), 2, 2, 2, 1, 2);
}

Test(history, a_wide_range_keeps_the_spike)
{
    for (int64_t i = 0; i < 60; i++)
        history_add(h, MON_HEAP_ALLOC, M + i * S, i == 17 ? 1000 : 10);

    ASSERT_BUCKET(range(MON_HEAP_ALLOC, M, 2 * M), 10, 1000, 1590, 60, 10);
}

Test(history, counter_is_kept_as_its_rate)
{
    history_add(h, MON_GC_COUNT, 10 * S, 100);
    history_add(h, MON_GC_COUNT, 12 * S, 110);

    ASSERT_BUCKET(range(MON_GC_COUNT, 12 * S, 13 * S), 5, 5, 5, 1, 110);
}

Test(history, counter_that_fell_back_gives_no_rate)
{
    history_add(h, MON_GC_COUNT, 10 * S, 100);
    history_add(h, MON_GC_COUNT, 11 * S, 3);
    history_add(h, MON_GC_COUNT, 12 * S, 4);

    ASSERT_BUCKET(range(MON_GC_COUNT, 11 * S, 12 * S), 0, 0, 0, 0, 0);
    ASSERT_BUCKET(range(MON_GC_COUNT, 12 * S, 13 * S), 1, 1, 1, 1, 4);
}

Test(history, counter_is_not_averaged_over_a_long_gap)
{
    history_add(h, MON_GC_COUNT, 10 * S, 100);
    history_add(h, MON_GC_COUNT, 100 * S, 1000);

    ASSERT_BUCKET(range(MON_GC_COUNT, 100 * S, 101 * S), 0, 0, 0, 0, 0);
}

Test(history, time_without_samples_is_a_gap)
{
    history_add(h, MON_HEAP_ALLOC, 10 * S, 1);
    history_add(h, MON_HEAP_ALLOC, 14 * S, 1);

    cr_assert_eq(range(MON_HEAP_ALLOC, 12 * S, 13 * S).n, 0, "a sample in the gap");
    cr_assert_eq(history_gap_at(h, 12 * S), GAP_NOT_WATCHED, "cause %d", history_gap_at(h, 12 * S));
    cr_assert_eq(history_gap_at(h, 10 * S), GAP_NONE, "cause %d", history_gap_at(h, 10 * S));
    cr_assert_eq(history_gap_at(h, 5 * S), GAP_UNKNOWN, "cause %d", history_gap_at(h, 5 * S));
}

Test(history, a_time_that_has_not_come_has_no_sample)
{
    history_add(h, MON_HEAP_ALLOC, 10 * S, 1);
    history_add(h, MON_HEAP_ALLOC, 11 * S, 1);

    cr_assert_eq(range(MON_HEAP_ALLOC, 12 * S, 13 * S).n, 0, "n %" PRIu32,
                 range(MON_HEAP_ALLOC, 12 * S, 13 * S).n);
}

Test(history, gap_keeps_the_cause_that_was_marked)
{
    history_add(h, MON_HEAP_ALLOC, 10 * S, 1);
    history_mark_gap(h, 10 * S, 14 * S, GAP_STOPPED);

    cr_assert_eq(history_gap_at(h, 10 * S), GAP_NONE, "cause %d", history_gap_at(h, 10 * S));
    cr_assert_eq(history_gap_at(h, 13 * S), GAP_STOPPED, "cause %d", history_gap_at(h, 13 * S));
}

Test(history, minutes_reach_back_where_seconds_are_gone)
{
    int64_t now = 3 * 3600 * S;

    for (int64_t t = 0; t <= now; t += S)
        history_add(h, MON_HEAP_ALLOC, t, (uint64_t)(t / M));

    ASSERT_BUCKET(range(MON_HEAP_ALLOC, 100 * M, 101 * M), 100, 100, 6000, 60, 100);
    cr_assert_eq(range(MON_HEAP_ALLOC, now - 10 * S, now - 9 * S).n, 1, "not from the seconds");
}

Test(history, what_is_older_than_a_day_is_kept_in_tens_of_minutes)
{
    int64_t now = 30 * 3600 * S;

    for (int64_t t = 0; t <= now; t += M)
        history_add(h, MON_HEAP_ALLOC, t, (uint64_t)(t / M));

    ASSERT_BUCKET(range(MON_HEAP_ALLOC, 100 * M, 101 * M), 100, 109, 1045, 10, 109);
    ASSERT_BUCKET(range(MON_HEAP_ALLOC, now - M, now), 1799, 1799, 1799, 1, 1799);
}

Test(history, after_seven_days_the_oldest_makes_room)
{
    int64_t now = 8 * 24 * 3600 * S;

    for (int64_t t = 0; t <= now; t += M)
        history_add(h, MON_HEAP_ALLOC, t, 1);

    cr_assert_eq(range(MON_HEAP_ALLOC, 0, M).n, 0, "8 days are kept");
    cr_assert_eq(history_oldest_ns(h), now - (HISTORY_TENS_KEPT - 1) * 10 * M, "oldest %" PRId64,
                 history_oldest_ns(h));
}

Test(history, minutes_of_another_keeper_fill_the_tens_too)
{
    for (int64_t k = 0; k < 30 * 60; k++)
        history_add_minute(h, MON_HEAP_ALLOC, k * M + 59 * S,
                           &(struct history_minute){.min = 1, .max = (uint64_t)k, .last = 3});

    ASSERT_BUCKET(range(MON_HEAP_ALLOC, 100 * M, 110 * M), 1, 109, 1055, 20, 3);
}

Test(history, a_stretch_shows_the_seconds_of_long_ago)
{
    int64_t now = 3 * 3600 * S;

    for (int64_t t = 0; t <= now; t += S)
        history_add(h, MON_HEAP_ALLOC, t, 7);
    cr_assert_not(history_has_seconds(h, 1000 * S, 1100 * S), "there are no seconds yet");
    history_stretch(h, 1000 * S, 1100 * S);
    for (int64_t t = 990 * S; t < 1110 * S; t += S)
        history_stretch_add(h, MON_HEAP_ALLOC, t, (uint64_t)(t / S));

    cr_assert(history_has_seconds(h, 1000 * S, 1100 * S), "there are none now either");
    ASSERT_BUCKET(range(MON_HEAP_ALLOC, 1050 * S, 1051 * S), 1050, 1050, 1050, 1, 1050);
    ASSERT_BUCKET(range(MON_HEAP_ALLOC, 1200 * S, 1201 * S), 7, 7, 420, 60, 7);
    ASSERT_BUCKET(range(MON_HEAP_ALLOC, now - S, now), 7, 7, 7, 1, 7);
}

Test(history, a_new_stretch_forgets_the_one_before)
{
    history_stretch(h, 1000 * S, 1100 * S);
    history_stretch_add(h, MON_HEAP_TOTAL_ALLOC, 1000 * S, 50);
    history_stretch(h, 1000 * S, 3000 * S);
    history_stretch_add(h, MON_HEAP_TOTAL_ALLOC, 2500 * S, 100);
    history_stretch_add(h, MON_HEAP_TOTAL_ALLOC, 2501 * S, 130);

    cr_assert_eq(range(MON_HEAP_TOTAL_ALLOC, 1000 * S, 1001 * S).n, 0, "it is still there");
    ASSERT_BUCKET(range(MON_HEAP_TOTAL_ALLOC, 2501 * S, 2502 * S), 30, 30, 30, 1, 130);
    cr_assert_eq(history_gap_at(h, 2600 * S), GAP_NOT_WATCHED, "cause %d",
                 history_gap_at(h, 2600 * S));
}

Test(history, whole_minutes_are_taken_as_they_are)
{
    struct history_bucket b = {.min = 1, .max = 5, .sum = 6, .n = 2, .last = 5};

    history_put_minute(h, MON_HEAP_ALLOC, 7 * M, &b);
    history_put_minute(h, MON_HEAP_ALLOC, 8 * M, &b);

    ASSERT_BUCKET(range(MON_HEAP_ALLOC, 7 * M, 8 * M), 1, 5, 6, 2, 5);
}

Test(history, a_leap_over_everything_leaves_gaps_only)
{
    history_add(h, MON_HEAP_ALLOC, 10 * S, 1);
    history_add(h, MON_HEAP_ALLOC, 90 * 24 * 3600 * S, 2);

    cr_assert_eq(range(MON_HEAP_ALLOC, 0, 89 * 24 * 3600 * S).n, 0, "an old sample is seen again");
}

Test(history, a_sample_older_than_the_last_is_dropped)
{
    history_add(h, MON_HEAP_ALLOC, 20 * S, 1);
    history_add(h, MON_HEAP_ALLOC, 10 * S, 99);

    cr_assert_eq(range(MON_HEAP_ALLOC, 0, 30 * S).n, 1, "n %" PRIu32,
                 range(MON_HEAP_ALLOC, 0, 30 * S).n);
}

Test(history, minutes_kept_elsewhere_do_not_count_twice)
{
    struct history_minute minute = {.min = 10, .max = 30, .last = 20};

    history_add_minute(h, MON_HEAP_ALLOC, 5 * M + 30 * S, &minute);
    history_add(h, MON_HEAP_ALLOC, 5 * M + 40 * S, 20);
    history_add(h, MON_HEAP_ALLOC, 6 * M, 25);

    ASSERT_BUCKET(range(MON_HEAP_ALLOC, 5 * M, 6 * M), 10, 30, 40, 2, 20);
    ASSERT_BUCKET(range(MON_HEAP_ALLOC, 5 * M + 40 * S, 5 * M + 41 * S), 20, 20, 20, 1, 20);
    ASSERT_BUCKET(range(MON_HEAP_ALLOC, 5 * M, 7 * M), 10, 30, 65, 3, 25);
}

Test(history, a_counter_of_minutes_kept_elsewhere_is_a_rate)
{
    struct history_minute first = {.min = 0, .max = 600, .last = 600};
    struct history_minute second = {.min = 600, .max = 1200, .last = 1200};

    history_add_minute(h, MON_GC_COUNT, 5 * M, &first);
    history_add_minute(h, MON_GC_COUNT, 6 * M, &second);

    ASSERT_BUCKET(range(MON_GC_COUNT, 6 * M, 7 * M), 10, 10, 10, 1, 1200);
}

Test(history, nothing_was_before_the_program_began)
{
    struct history_minute minute = {.min = 10, .max = 30, .last = 20};

    history_begin(h, 5 * M + 40 * S);
    history_add_minute(h, MON_HEAP_ALLOC, 5 * M + 59 * S, &minute);

    cr_assert_eq(range(MON_HEAP_ALLOC, 5 * M + 39 * S, 5 * M + 40 * S).n, 0, "before");
    cr_assert_neq(range(MON_HEAP_ALLOC, 5 * M + 40 * S, 5 * M + 41 * S).n, 0, "after");
    cr_assert_eq(history_oldest_ns(h), 5 * M + 40 * S, "oldest %" PRId64, history_oldest_ns(h));
}

Test(history, a_sample_from_before_the_beginning_moves_the_beginning)
{
    history_begin(h, 100 * S);
    history_add(h, MON_HEAP_ALLOC, 50 * S, 1);

    cr_assert_eq(range(MON_HEAP_ALLOC, 50 * S, 51 * S).n, 1, "it is hidden");
    cr_assert_eq(history_oldest_ns(h), 50 * S, "oldest %" PRId64, history_oldest_ns(h));
}

Test(history, metrics_that_are_not_kept_have_none)
{
    history_add(h, MON_GC_PERCENT, 10 * S, 100);

    cr_assert_not(history_has(h, MON_GC_PERCENT), "gc.percent is kept");
    cr_assert_eq(range(MON_GC_PERCENT, 0, 20 * S).n, 0, "and has a sample");
}
