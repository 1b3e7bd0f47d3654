/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "mon/snapshot.h"

static struct metric_table table;
static struct snapshot prev;
static struct snapshot cur;

static void setup(void)
{
    metric_table_init(&table);
    prev.mono_ns = 10 * NS_PER_S;
    prev.published_ns = 9 * NS_PER_S;
    cur.mono_ns = 12 * NS_PER_S;
    cur.published_ns = 13 * NS_PER_S;
}

TestSuite(snapshot, .init = setup);

static double rate_of(unsigned metric)
{
    double rate;

    cr_assert(snapshot_rate(&cur, metric, &rate), "no rate of %s", table.info[metric].name);
    return rate;
}

Test(snapshot, a_value_that_was_not_set_is_missing)
{
    uint64_t value = 1;

    cr_assert_not(snapshot_value(&cur, MON_HEAP_LIVE, &value), "it is there");
    cr_assert_eq(value, 0, "value %" PRIu64, value);
    cr_assert_not(snapshot_value(&cur, METRIC_TABLE_MAX, &value), "a metric that is none is there");
}

Test(snapshot, rates_of_the_target_go_by_its_own_time)
{
    snapshot_set(&prev, MON_GC_COUNT, 100);
    snapshot_set(&cur, MON_GC_COUNT, 108);
    snapshot_derive(&cur, &prev, &table);

    cr_assert_eq(rate_of(MON_GC_COUNT), 2.0, "rate %g", rate_of(MON_GC_COUNT));
}

Test(snapshot, rates_of_what_gomon_measures_go_by_its_time)
{
    snapshot_set(&prev, MON_PROCESS_CPU, 100);
    snapshot_set(&cur, MON_PROCESS_CPU, 108);
    snapshot_derive(&cur, &prev, &table);
    snapshot_derive_measured(&cur, &prev);

    cr_assert_eq(rate_of(MON_PROCESS_CPU), 4.0, "rate %g", rate_of(MON_PROCESS_CPU));
}

Test(snapshot, a_gauge_may_fall_but_a_counter_may_not)
{
    double rate;

    snapshot_set(&prev, MON_HEAP_ALLOC, 100);
    snapshot_set(&cur, MON_HEAP_ALLOC, 60);
    snapshot_set(&prev, MON_GC_COUNT, 100);
    snapshot_set(&cur, MON_GC_COUNT, 1);
    snapshot_derive(&cur, &prev, &table);

    cr_assert_eq(rate_of(MON_HEAP_ALLOC), -10.0, "rate %g", rate_of(MON_HEAP_ALLOC));
    cr_assert_not(snapshot_rate(&cur, MON_GC_COUNT, &rate), "rate %g", rate);
}

Test(snapshot, the_first_has_no_rates)
{
    double rate;

    snapshot_set(&cur, MON_GC_COUNT, 1);
    snapshot_derive(&cur, NULL, &table);

    cr_assert_not(snapshot_rate(&cur, MON_GC_COUNT, &rate), "rate %g", rate);
}

Test(snapshot, of_a_target_that_publishes_no_longer_only_what_is_measured_has_rates)
{
    double rate;

    snapshot_set(&prev, MON_GC_COUNT, 100);
    snapshot_set(&cur, MON_GC_COUNT, 108);
    snapshot_set(&prev, MON_PROCESS_CPU, 100);
    snapshot_set(&cur, MON_PROCESS_CPU, 108);
    snapshot_derive(&cur, &prev, &table);
    snapshot_derive_measured(&cur, &prev);
    snapshot_forget_rates(&cur, &table);

    cr_assert_not(snapshot_rate(&cur, MON_GC_COUNT, &rate), "rate %g", rate);
    cr_assert(snapshot_rate(&cur, MON_PROCESS_CPU, &rate), "the other is gone");
}

Test(snapshot, shares_of_a_proc_are_of_the_time_between)
{
    prev.nprocs = cur.nprocs = 1;
    prev.proc[0].state_ns[PROC_RUNNING] = 1000;
    cur.proc[0].state_ns[PROC_RUNNING] = 1300;
    cur.proc[0].state_ns[PROC_IDLE] = 100;
    cur.proc[0].switches = 8;
    snapshot_derive(&cur, &prev, &table);

    cr_assert_eq(cur.proc[0].share_ppm[PROC_RUNNING], 750000, "running %" PRIu32,
                 cur.proc[0].share_ppm[PROC_RUNNING]);
    cr_assert_eq(cur.proc[0].share_ppm[PROC_IDLE], 250000, "idle %" PRIu32,
                 cur.proc[0].share_ppm[PROC_IDLE]);
    cr_assert_eq(cur.proc[0].switches_per_s, 2.0, "switches %g", cur.proc[0].switches_per_s);
}

Test(snapshot, pauses_are_summed_up_by_rank)
{
    cur.ncycles = 100;
    for (uint64_t i = 0; i < 100; i++)
        cur.cycle[i].pause_ns = (i * 37 % 100 + 1) * 10;
    snapshot_derive(&cur, NULL, &table);

    cr_assert(cur.pauses.n == 100 && cur.pauses.p50_ns == 500 && cur.pauses.p90_ns == 900 &&
                  cur.pauses.p99_ns == 990 && cur.pauses.max_ns == 1000,
              "p50 %" PRIu64 " p90 %" PRIu64 " p99 %" PRIu64 " max %" PRIu64, cur.pauses.p50_ns,
              cur.pauses.p90_ns, cur.pauses.p99_ns, cur.pauses.max_ns);
}

Test(snapshot, a_single_pause_is_every_percentile)
{
    cur.ncycles = 1;
    cur.cycle[0].pause_ns = 7;
    snapshot_derive(&cur, NULL, &table);

    cr_assert(cur.pauses.p50_ns == 7 && cur.pauses.p99_ns == 7, "p50 %" PRIu64 " p99 %" PRIu64,
              cur.pauses.p50_ns, cur.pauses.p99_ns);
}

Test(snapshot, a_copy_has_all_that_the_lists_hold)
{
    memset(&cur, 0x5a, sizeof cur); /* each byte of each field is told apart from prev's 0 */
    memset(&prev, 0, sizeof prev);
    cur.nprocs = SNAPSHOT_MAX_PROCS;
    cur.latency.n = SNAPSHOT_MAX_LATENCIES;
    cur.nclasses = SNAPSHOT_MAX_CLASSES;
    cur.ncycles = SNAPSHOT_MAX_CYCLES;
    cur.nsites = SNAPSHOT_MAX_SITES;
    cur.nleaks = SNAPSHOT_MAX_LEAKS;
    cur.nevents = SNAPSHOT_MAX_EVENTS;
    snapshot_copy(&prev, &cur);

    const uint8_t *a = (const uint8_t *)&prev;
    const uint8_t *b = (const uint8_t *)&cur;
    size_t missing = 0;
    for (size_t i = 0; i < sizeof cur; i++)
        missing += a[i] != b[i];
    /* Between a count and the list behind it there may be padding. */
    cr_assert_lt(missing, 32, "%zu of %zu bytes are missing", missing, sizeof cur);
}

static void set_site(uint32_t i, uint64_t live_bytes, uint64_t before_bytes)
{
    cur.site[i] = (struct alloc_site){
        .pc = i, .live_bytes = live_bytes, .before_bytes = before_bytes};
}

Test(snapshot, sites_are_ordered_by_live_bytes_or_by_growth)
{
    uint16_t index[SNAPSHOT_MAX_SITES];

    cur.nsites = 3;
    set_site(0, 900, 1000); /* it has shrunk */
    set_site(1, 500, 100);
    set_site(2, 600, 550);
    cr_assert_eq(snapshot_order_sites(&cur, SITES_BY_LIVE, index), 3, "not all");
    cr_assert(index[0] == 0 && index[1] == 2 && index[2] == 1, "by live bytes %u %u %u", index[0],
              index[1], index[2]);
    cr_assert_eq(snapshot_order_sites(&cur, SITES_BY_GROWTH, index), 2, "one that has shrunk grew");
    cr_assert(index[0] == 1 && index[1] == 2, "by growth %u %u", index[0], index[1]);
}

Test(snapshot, what_is_free_of_a_class_is_never_below_0)
{
    struct class_sample sample = {.span_bytes = 8192, .live_bytes = 5000};

    cr_assert_eq(class_free_bytes(&sample), 3192, "%" PRIu64, class_free_bytes(&sample));
    sample.live_bytes = 9000;
    cr_assert_eq(class_free_bytes(&sample), 0, "%" PRIu64, class_free_bytes(&sample));
}
