/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>

#include "mon/grouppast.h"

#define SECOND INT64_C(1000000000)
#define SLOT   GROUPPAST_SLOT_NS

static struct grouppast *past;

static void set_up(void)
{
    past = grouppast_new();
    cr_assert_not_null(past, "no memory");
}

static void tear_down(void)
{
    grouppast_free(past);
}

TestSuite(grouppast, .init = set_up, .fini = tear_down);

/* Counts N tasks of a spawn site at a time. */
static void count_at(int64_t mono_ns, uint64_t spawn_pc, uint64_t n)
{
    struct task_group group = {
        .spawn_pc = spawn_pc, .state = TASK_WAITING, .reason = 3, .count = n};

    cr_assert(grouppast_begin(past, mono_ns), "the slot has a count");
    grouppast_count(past, &group);
}

static uint32_t find(uint64_t spawn_pc)
{
    return grouppast_find(past, &(struct grouppast_key){spawn_pc, TASK_WAITING, 3});
}

static double mean(uint64_t spawn_pc, int64_t from_ns, int64_t to_ns)
{
    double value;

    return grouppast_mean(past, find(spawn_pc), from_ns, to_ns, &value) ? value : -1;
}

Test(grouppast, a_slot_keeps_its_first_count)
{
    count_at(10 * SLOT, 1, 5);
    cr_assert_not(grouppast_begin(past, 10 * SLOT + 4 * SECOND), "a second count");
    cr_assert_not(grouppast_begin(past, 9 * SLOT), "an earlier one");
    count_at(11 * SLOT, 1, 7);
    cr_assert_eq(mean(1, 10 * SLOT, 11 * SLOT), 5, "%g", mean(1, 10 * SLOT, 11 * SLOT));
    cr_assert_eq(mean(1, 10 * SLOT, 12 * SLOT), 6, "%g", mean(1, 10 * SLOT, 12 * SLOT));
}

Test(grouppast, a_slot_without_a_count_is_not_known_and_one_without_tasks_is_0)
{
    count_at(10 * SLOT, 1, 5);
    count_at(12 * SLOT, 2, 3);
    cr_assert_eq(mean(1, 11 * SLOT, 12 * SLOT), -1, "known");
    cr_assert_eq(mean(1, 12 * SLOT, 13 * SLOT), 0, "%g", mean(1, 12 * SLOT, 13 * SLOT));
    cr_assert_eq(mean(2, 10 * SLOT, 13 * SLOT), 1.5, "%g", mean(2, 10 * SLOT, 13 * SLOT));
    cr_assert_eq(mean(77, 10 * SLOT, 11 * SLOT), 0, "a group that there never was");
    cr_assert_eq(mean(1, 13 * SLOT, 99 * SLOT), -1, "the future");
    cr_assert_eq(mean(1, -SLOT, 0), -1, "before the beginning of time");
}

Test(grouppast, groups_that_start_elsewhere_count_together)
{
    struct task_groups groups = {.valid = true, .mono_ns = SLOT, .n = 2};

    groups.group[0] = (struct task_group){
        .spawn_pc = 1, .start_fn = 7, .state = TASK_WAITING, .reason = 3, .count = 4};
    groups.group[1] = groups.group[0];
    groups.group[1].start_fn = 8;
    grouppast_add(past, &groups);
    cr_assert_eq(grouppast_n(past), 1, "%u", grouppast_n(past));
    cr_assert_eq(mean(1, SLOT, 2 * SLOT), 8, "%g", mean(1, SLOT, 2 * SLOT));
    groups.valid = false;
    groups.mono_ns = 5 * SLOT;
    grouppast_add(past, &groups);
    cr_assert_eq(mean(1, 5 * SLOT, 6 * SLOT), -1, "a count that is not valid");
}

Test(grouppast, what_lies_further_back_than_the_slots_is_forgotten)
{
    count_at(1 * SLOT, 1, 5);
    count_at((1 + GROUPPAST_SLOTS) * SLOT, 1, 9); /* takes its place */
    cr_assert_eq(mean(1, SLOT, 2 * SLOT), -1, "still known");
    cr_assert_eq(mean(1, 0, 9999 * SLOT), 9, "%g", mean(1, 0, 9999 * SLOT));
    cr_assert_eq(grouppast_oldest_ns(past), (1 + GROUPPAST_SLOTS) * SLOT, "an older one");
}

Test(grouppast, a_sparing_one_forgets_earlier)
{
    grouppast_free(past);
    past = grouppast_new_sparing();
    cr_assert_not_null(past, "no memory");
    for (uint64_t i = 1; i <= GROUPPAST_GROUPS; i++)
        count_at((int64_t)i * SLOT, i, i);
    cr_assert_eq(grouppast_n(past), GROUPPAST_GROUPS, "%u", grouppast_n(past));
    cr_assert_eq(grouppast_oldest_ns(past), (GROUPPAST_GROUPS - GROUPPAST_SLOTS_SPARING + 1) * SLOT,
                 "%" PRId64, grouppast_oldest_ns(past));
    cr_assert_eq(mean(GROUPPAST_GROUPS, GROUPPAST_GROUPS * SLOT, (GROUPPAST_GROUPS + 1) * SLOT),
                 GROUPPAST_GROUPS, "the last group is not known");
}

Test(grouppast, the_oldest_count_is_the_first_one_that_is_kept)
{
    cr_assert_eq(grouppast_oldest_ns(past), 0, "of nothing");
    count_at(3 * SLOT, 1, 5);
    count_at(9 * SLOT, 1, 5);
    cr_assert_eq(grouppast_oldest_ns(past), 3 * SLOT, "not the first");
}

Test(grouppast, of_too_many_groups_the_one_that_is_gone_for_longest_is_dropped)
{
    for (uint64_t i = 0; i < GROUPPAST_GROUPS; i++)
        count_at((int64_t)(1 + i) * SLOT, 100 + i, 1);
    count_at((1 + GROUPPAST_GROUPS) * SLOT, 999, 6);
    cr_assert_eq(grouppast_n(past), GROUPPAST_GROUPS, "%u", grouppast_n(past));
    cr_assert_eq(find(100), GROUPPAST_GROUPS, "the first one is still there");
    cr_assert_lt(find(101), GROUPPAST_GROUPS, "the second one is not");
    cr_assert_eq(mean(999, SLOT, 2 * SLOT), 0, "it has the tasks of the one whose place it took");
}

Test(grouppast, when_all_have_tasks_no_more_are_taken)
{
    struct task_group group = {.state = TASK_RUNNING, .count = 1};

    grouppast_begin(past, SLOT);
    for (uint64_t i = 0; i <= GROUPPAST_GROUPS; i++) {
        group.spawn_pc = i;
        grouppast_count(past, &group);
    }
    cr_assert_eq(grouppast_n(past), GROUPPAST_GROUPS, "%u", grouppast_n(past));
    cr_assert_eq(grouppast_at(past, 0)->spawn_pc, 0, "the first one was dropped");
}

Test(grouppast, counts_do_not_wrap)
{
    struct task_group group = {
        .spawn_pc = 1, .state = TASK_WAITING, .reason = 3, .count = UINT64_MAX};

    grouppast_begin(past, SLOT);
    grouppast_count(past, &group);
    grouppast_count(past, &group);
    cr_assert_eq(mean(1, SLOT, 2 * SLOT), UINT32_MAX, "%g", mean(1, SLOT, 2 * SLOT));
}

Test(grouppast, a_copy_stays_as_it_was)
{
    struct grouppast *copy;
    double value;

    count_at(SLOT, 1, 5);
    copy = grouppast_clone(past);
    cr_assert_not_null(copy, "no memory");
    count_at((1 + GROUPPAST_SLOTS) * SLOT, 2, 7);
    cr_assert(grouppast_mean(copy, 0, SLOT, 2 * SLOT, &value), "not known");
    cr_assert_eq(value, 5, "%g", value);
    grouppast_clear(past);
    cr_assert_eq(grouppast_n(past), 0, "%u", grouppast_n(past));
    cr_assert_eq(grouppast_n(copy), 1, "%u", grouppast_n(copy));
    grouppast_free(copy);
}
