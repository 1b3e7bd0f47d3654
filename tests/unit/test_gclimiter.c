/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>

#include "base/clock.h"
#include "runtime/gclimiter.h"

#define NPROCS  4u
#define STEP_NS (10 * NS_PER_MS)

/* Time passes, of which PERMILLE are kept from the program. In how many of the N steps the
 * collector gave way. */
static unsigned run(struct limiter_bucket *b, unsigned n, uint64_t permille)
{
    uint64_t total_ns = (uint64_t)STEP_NS * NPROCS;
    unsigned on = 0;

    for (unsigned i = 0; i < n; i++)
        on += limiter_look(b, b->kept_ns + total_ns * permille / 1000,
                           b->had_ns + total_ns * (1000 - permille) / 1000, b->total_ns + total_ns,
                           NPROCS);
    return on;
}

Test(gclimiter, half_of_the_time_is_granted)
{
    struct limiter_bucket b = {0};

    cr_assert_eq(run(&b, 100000, 500), 0, "it gave way at a half");
}

Test(gclimiter, all_of_the_time_is_granted_for_a_second)
{
    struct limiter_bucket b = {0};

    cr_assert_eq(run(&b, 99, 1000), 0, "it gave way within the first second");
    cr_assert_eq(run(&b, 10, 1000), 10, "it did not after that");
}

Test(gclimiter, a_share_above_a_half_is_noticed_sooner_the_larger_it_is)
{
    struct limiter_bucket much = {0};
    struct limiter_bucket more = {0};

    cr_assert_eq(run(&much, 1000, 550) + run(&much, 1, 550), 2, "55 percent: 10 seconds");
    cr_assert_eq(run(&more, 499, 600), 0, "60 percent: not before 5 seconds");
    cr_assert_eq(run(&more, 1, 600), 1, "60 percent: after 5 seconds");
}

Test(gclimiter, what_was_used_beyond_a_half_is_made_up_for)
{
    struct limiter_bucket b = {0};

    run(&b, 200, 1000); /* a second too many: stops that were not to be divided */
    cr_assert_eq(run(&b, 200, 250), 200, "two seconds at a quarter pay for one");
    cr_assert_eq(run(&b, 10, 250), 0, "then it is quits");
}

Test(gclimiter, a_program_at_rest_saves_nothing_up)
{
    struct limiter_bucket b = {0};

    run(&b, 100000, 0);
    cr_assert_eq(run(&b, 101, 1000), 2, "rest does not count as a credit");
}

Test(gclimiter, a_figure_that_falls_behind_for_a_moment_takes_nothing_back)
{
    struct limiter_bucket b = {0};

    run(&b, 50, 1000);
    limiter_look(&b, b.kept_ns, b.had_ns + 1000, b.total_ns + 1000, NPROCS);
    limiter_look(&b, b.kept_ns, b.had_ns - 500, b.total_ns, NPROCS);
    cr_assert_eq(b.fill_ns, (uint64_t)NPROCS * NS_PER_S / 2 - 1000, "let out twice, or poured in");
}

Test(gclimiter, more_tasks_that_wait_than_procs_count_as_procs)
{
    struct limiter_bucket b = {0};

    limiter_look(&b, 1000 * NS_PER_S, 0, NS_PER_S, NPROCS);
    cr_assert_eq(b.fill_ns, (uint64_t)NS_PER_S, "a thousand tasks fill it at once");
}
