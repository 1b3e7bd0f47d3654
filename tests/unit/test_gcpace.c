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

Test(gcpace, one_stop_is_tried_for_little_work_in_a_small_heap)
{
    cr_assert(pace_is_little(100 << 10, 900 << 10, 4 * MIB), "100 KiB in 4 MiB are little");
    cr_assert_not(pace_is_little(MIB, 0, 4 * MIB), "1 MiB of heap and stacks is not");
    cr_assert_not(pace_is_little(0, 3 * MIB, 4 * MIB), "nor are 3 MiB of globals");
    cr_assert_not(pace_is_little(0, 0, 20 * MIB), "20 MiB can't be declared clean in a stop");
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

/* ---- a mark beside the program ---- */

Test(gcpace, markers_have_a_quarter_of_the_procs_together)
{
    for (uint32_t procs = 1; procs <= 64; procs++) {
        uint32_t all = 0;

        for (uint32_t i = 0; i < procs; i++)
            all += pace_marker_share(procs, i);
        cr_assert_eq(all, procs * 250, "%u procs: %u thousandths", procs, all);
    }
    cr_assert_eq(pace_marker_share(2, 0), 500, "two procs: %u", pace_marker_share(2, 0));
    cr_assert_eq(pace_marker_share(6, 1), 500, "the second of six: %u", pace_marker_share(6, 1));
    cr_assert_eq(pace_marker_share(4, 1), 0, "the second of four: %u", pace_marker_share(4, 1));
}

Test(gcpace, a_cycle_begins_a_runway_before_the_goal)
{
    uint64_t first = pace_trigger(100 * MIB, 200 * MIB, 0);

    cr_assert_eq(first, 170 * MIB, "without experience at %" PRIu64, first);
    cr_assert_eq(pace_trigger(100 * MIB, 200 * MIB, 20 * MIB), 180 * MIB);
    cr_assert_eq(pace_trigger(100 * MIB, 200 * MIB, 90 * MIB), first, "earlier than the earliest");
    cr_assert_eq(pace_trigger(100 * MIB, 200 * MIB, 1), 195 * MIB, "later than the latest");
    cr_assert_eq(pace_trigger(100 * MIB, 100 * MIB, 1), 100 * MIB, "without any room");
    cr_assert_eq(pace_trigger(100 * MIB, PACE_NEVER, 1), PACE_NEVER, "although it is off");
}

Test(gcpace, the_runway_is_the_longest_of_two_marks_scaled_to_the_work)
{
    cr_assert_eq(pace_runway(10, 30, 100, 100), 30);
    cr_assert_eq(pace_runway(40, 30, 100, 200), 80);
    cr_assert_eq(pace_runway(0, 0, 0, 0), 0);
}

Test(gcpace, a_program_that_was_hindered_wants_a_longer_runway)
{
    struct pace_effort fair = {.markers_ns = 500000, .procs_ns = 2000000};
    struct pace_effort assisted = {.markers_ns = 500000, .assists_ns = 750000, .procs_ns = 2000000};
    struct pace_effort idle = {.markers_ns = 1000000, .procs_ns = 2000000};
    struct pace_effort all = {.markers_ns = 500000, .assists_ns = 9000000, .procs_ns = 2000000};

    cr_assert_eq(pace_unhindered(1000, &fair), 1000, "as it is meant");
    cr_assert_eq(pace_unhindered(1000, &assisted), 5000, "2.5 times the effort, half of the time");
    cr_assert_eq(pace_unhindered(1000, &idle), 2000, "the next may have no proc that is idle");
    cr_assert_eq(pace_unhindered(1000, &all), 285000, "no time at all is taken for a twentieth");
    cr_assert_eq(pace_unhindered(1000, &(struct pace_effort){0}), 1000, "in no time");
}

/* A program with LIVE bytes that allocates in steps of 8 KiB while nobody else marks; the heap's
 * size when the mark, which has WORK to search instead of the EXPECTED, is over. */
static uint64_t heap_at_the_end(uint64_t live, uint64_t expected, uint64_t work)
{
    struct pace_state s = plain(live);
    struct pace_mark m = {.expected = expected, .most = 2 * work, .goal = pace_goal(&s)};

    m.heap = pace_trigger(live, m.goal, 0);
    m.ceiling = pace_ceiling(&s, m.goal);
    while (m.done < work) {
        m.done += pace_debt(&m, 8192);
        m.heap += 8192;
        cr_assert_lt(m.heap, 4 * m.goal, "the mark does not end");
    }
    return m.heap;
}

Test(gcpace, tasks_that_allocate_finish_the_mark_when_the_goal_is_reached)
{
    uint64_t heap = heap_at_the_end(100 * MIB, 100 * MIB, 100 * MIB);

    cr_assert(heap > 195 * MIB && heap < 202 * MIB, "%" PRIu64 " MiB at the end", heap / MIB);
}

Test(gcpace, twice_the_work_that_was_expected_still_ends_below_the_ceiling)
{
    uint64_t heap = heap_at_the_end(100 * MIB, 100 * MIB, 199 * MIB);

    cr_assert_leq(heap, 220 * MIB, "%" PRIu64 " MiB at the end", heap / MIB);
}

Test(gcpace, the_ceiling_is_a_tenth_above_the_goal_unless_memory_is_limited)
{
    struct pace_state s = plain(100 * MIB);

    cr_assert_eq(pace_ceiling(&s, 200 * MIB), 220 * MIB);
    s.limit = 150 * MIB;
    cr_assert_eq(pace_ceiling(&s, 140 * MIB), 140 * MIB);
    cr_assert_eq(pace_ceiling(&s, PACE_NEVER), PACE_NEVER);
}

Test(gcpace, nobody_owes_anything_when_the_work_is_done_or_the_collector_is_off)
{
    struct pace_mark m = {.expected = 10, .most = 10, .done = 10, .heap = 5, .goal = 20};

    cr_assert_eq(pace_debt(&m, 8192), 0, "after the work");
    m.done = 0;
    m.goal = PACE_NEVER;
    cr_assert_eq(pace_debt(&m, 8192), 0, "although it is off");
}

Test(gcpace, under_the_brake_as_much_is_searched_as_is_written)
{
    uint64_t written = UINT64_C(40) << 20;
    uint64_t allocated = UINT64_C(4) << 20;
    struct pace_mark m = {.goal = PACE_NEVER, .brake = pace_brake(written, allocated)};

    cr_assert_eq(pace_debt(&m, allocated), written);
    cr_assert_geq(pace_brake(0, allocated), 1, "it is on");
    cr_assert_leq(pace_brake(written, 0), written, "nothing allocated");
}
