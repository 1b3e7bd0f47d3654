/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>

#include "runtime/gcpace.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

static struct pace_state plain(uint64_t live)
{
    return (struct pace_state){.live = live, .percent = 100, .limit = PACE_NO_LIMIT};
}

Test(gcpace, a_heap_may_double_by_default)
{
    struct pace_state s = plain(100 * MIB);

    cr_assert_eq(pace_goal(&s), 200 * MIB, "goal %" PRIu64, pace_goal(&s));
}

Test(gcpace, stacks_and_globals_count_as_searched)
{
    struct pace_state s = plain(100 * MIB);

    s.stacks = 20 * MIB;
    s.globals = 2 * MIB;
    cr_assert_eq(pace_goal(&s), 222 * MIB, "goal %" PRIu64, pace_goal(&s));
}

Test(gcpace, small_heaps_grow_to_4_mib_by_the_percentage)
{
    struct pace_state s = plain(1000);

    cr_assert_eq(pace_goal(&s), 4 * MIB, "goal %" PRIu64, pace_goal(&s));
    s.percent = 50;
    cr_assert_eq(pace_goal(&s), 2 * MIB, "goal at 50 percent %" PRIu64, pace_goal(&s));
    s.percent = 400;
    cr_assert_eq(pace_goal(&s), 16 * MIB, "goal at 400 percent %" PRIu64, pace_goal(&s));
}

Test(gcpace, off_means_never_unless_there_is_a_limit)
{
    struct pace_state s = plain(100 * MIB);

    s.percent = -1;
    cr_assert_eq(pace_goal(&s), PACE_NEVER, "goal %" PRIu64, pace_goal(&s));
    s.limit = (int64_t)GIB;
    cr_assert_lt(pace_goal(&s), GIB, "goal %" PRIu64 " does not keep the limit", pace_goal(&s));
    cr_assert(pace_is_limited(&s), "the limit sets the goal, but is not named");
}

Test(gcpace, the_limit_leaves_room_for_what_is_not_an_object)
{
    struct pace_state s = plain(600 * MIB);

    s.limit = (int64_t)GIB;
    s.outside = 100 * MIB;
    cr_assert_leq(pace_goal(&s) + s.outside, GIB, "goal %" PRIu64 " breaks the limit",
                  pace_goal(&s));
    cr_assert_gt(pace_goal(&s), 800 * MIB, "goal %" PRIu64 " wastes the limit", pace_goal(&s));
    s.outside = 200 * MIB;
    cr_assert_leq(pace_goal(&s) + s.outside, GIB, "goal %" PRIu64 " with more outside",
                  pace_goal(&s));
}

Test(gcpace, a_limit_that_cannot_hold_does_not_collect_all_the_time)
{
    struct pace_state s = plain(2 * GIB);

    s.limit = (int64_t)GIB;
    cr_assert_geq(pace_goal(&s), s.live + s.live / 16, "goal %" PRIu64 " is too close to the heap",
                  pace_goal(&s));
}

Test(gcpace, a_limit_far_away_changes_nothing)
{
    struct pace_state s = plain(100 * MIB);

    s.limit = INT64_C(1) << 40;
    cr_assert_eq(pace_goal(&s), 200 * MIB, "goal %" PRIu64, pace_goal(&s));
    cr_assert_not(pace_is_limited(&s), "the limit does not set this goal");
}

Test(gcpace, huge_figures_do_not_wrap)
{
    struct pace_state s = plain(UINT64_MAX / 2);

    s.percent = INT32_MAX;
    cr_assert_eq(pace_goal(&s), UINT64_MAX, "goal %" PRIu64, pace_goal(&s));
}

Test(gcpace, sweeping_is_done_before_the_room_is_used_up)
{
    uint64_t before = 0;

    for (uint64_t used = 0; used <= 1000; used += 10) {
        uint64_t due = pace_sweep_due(777, used, 1000);

        cr_assert(due >= before && due <= 777, "at %" PRIu64 ": %" PRIu64 " due", used, due);
        before = due;
    }
    cr_assert_eq(pace_sweep_due(777, 0, 1000), 0, "something is due before anything is allocated");
    cr_assert_eq(pace_sweep_due(777, 900, 1000), 777, "not done in time");
    cr_assert_eq(pace_sweep_due(777, 5, 0), 777, "no room, and not done");
}

Test(gcpace, a_shrinking_heap_keeps_a_tenth_more_than_it_needs)
{
    cr_assert_eq(pace_retain(300 * MIB, 200 * MIB, 100 * MIB), 165 * MIB, "retains %" PRIu64,
                 pace_retain(300 * MIB, 200 * MIB, 100 * MIB));
    cr_assert_eq(pace_retain(300 * MIB, PACE_NEVER, 100 * MIB), UINT64_MAX,
                 "gives back although nothing is known of the past");
}

/* A program whose live heap is LIVE and that allocates without end: how often it collects. */
static double cycles_per_allocated(uint64_t live, int percent)
{
    struct pace_state s = {.live = live, .percent = percent, .limit = PACE_NO_LIMIT};
    uint64_t allocated = 0;
    int cycles = 0;

    for (; cycles < 100; cycles++)
        allocated += pace_goal(&s) - live;
    return (double)cycles / ((double)allocated / (double)live);
}

Test(gcpace, steady_programs_collect_once_per_percentage_of_growth)
{
    cr_assert_float_eq(cycles_per_allocated(GIB, 100), 1.0, 1e-6, "%f cycles per heap allocated",
                       cycles_per_allocated(GIB, 100));
    cr_assert_float_eq(cycles_per_allocated(GIB, 25), 4.0, 1e-6, "%f cycles per heap allocated",
                       cycles_per_allocated(GIB, 25));
}
