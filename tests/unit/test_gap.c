/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>

#include "base/clock.h"
#include "mon/gap.h"

#define S NS_PER_S

static struct snapshot snap;
static const struct gap ten_s = {.from_ns = 100 * S, .to_ns = 110 * S};

static void add_cycle(int64_t start_ns, int64_t pause_ns)
{
    snap.cycle[snap.ncycles++] = (struct gc_cycle){.start_mono_ns = start_ns,
                                                   .pause_ns = (uint64_t)pause_ns};
}

Test(gap, a_long_pause_explains_it)
{
    add_cycle(99 * S, S / 100);
    cr_assert_eq(gap_explain(&ten_s, &snap), GAP_NONE, "a pause before it");
    add_cycle(103 * S, 3 * S);
    cr_assert_eq(gap_explain(&ten_s, &snap), GAP_NONE, "less than half of it");
    add_cycle(107 * S, 20 * S); /* of this, 3 s count */
    cr_assert_eq(gap_explain(&ten_s, &snap), GAP_PAUSED, "not told");
}

Test(gap, a_pause_that_cannot_be_is_none)
{
    snap.cycle[snap.ncycles++] = (struct gc_cycle){.start_mono_ns = 1, .pause_ns = UINT64_MAX};
    cr_assert_eq(gap_explain(&ten_s, &snap), GAP_NONE, "told");
}

Test(gap, a_throttled_group_explains_it)
{
    struct gap g = ten_s;

    g.throttled_ns = 4 * S;
    cr_assert_eq(gap_explain(&g, &snap), GAP_NONE, "less than half of it");
    g.throttled_ns = 6 * S;
    cr_assert_eq(gap_explain(&g, &snap), GAP_THROTTLED, "not told");
}

Test(gap, only_what_is_a_gap_is_marked)
{
    struct metric_table table;
    struct history *h;
    struct gap g = ten_s;

    metric_table_init(&table);
    h = history_new(&table);
    cr_assert_not_null(h, "no memory");
    history_add(h, MON_HEAP_LIVE, 100 * S, 1);
    history_add(h, MON_HEAP_LIVE, 110 * S, 1);
    gap_mark(h, &g, &snap);
    cr_assert_eq(history_gap_at(h, 105 * S), GAP_NOT_WATCHED, "without a cause: %d",
                 history_gap_at(h, 105 * S));
    g.throttled_ns = 9 * S;
    gap_mark(h, &g, &snap);
    cr_assert_eq(history_gap_at(h, 105 * S), GAP_THROTTLED, "cause %d", history_gap_at(h, 105 * S));
    cr_assert_eq(history_gap_at(h, 110 * S), GAP_NONE, "a second with a sample: %d",
                 history_gap_at(h, 110 * S));
    history_free(h);
}
