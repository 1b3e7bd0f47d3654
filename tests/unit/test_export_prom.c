/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mon/export_prom.h"

static struct prom_target target[2];
static char *text;
static size_t text_bytes;

static void fill(struct prom_target *t, pid_t pid, const char *name, uint64_t tasks)
{
    *t = (struct prom_target){.target = {.pid = pid, .start_real_ns = 1500 * NS_PER_MS}};
    snprintf(t->target.name, sizeof t->target.name, "%s", name);
    snprintf(t->target.page_version, sizeof t->target.page_version, "1.2");
    metric_table_init(&t->metrics);
    snapshot_set(&t->snapshot, MON_TASKS, tasks);
    snapshot_set(&t->snapshot, MON_GC_PAUSE_TOTAL, 1500000001);
    snapshot_set(&t->snapshot, MON_GC_COUNT, 5);
    snapshot_set(&t->snapshot, MON_GC_CPU, 12500);
}

static void setup(void)
{
    fill(&target[0], 11, "one", 4);
    fill(&target[1], 22, "two", 8);
}

static void teardown(void)
{
    free(text);
}

TestSuite(prom, .init = setup, .fini = teardown);

static void write_targets(unsigned n)
{
    FILE *out;

    free(text);
    out = open_memstream(&text, &text_bytes);
    export_prom(out, target, n);
    fclose(out);
}

static void assert_has(const char *words)
{
    cr_assert_not_null(strstr(text, words), "no \"%s\" in: %s", words, text);
}

Test(prom, a_family_has_the_samples_of_all_targets)
{
    write_targets(2);
    assert_has("# TYPE go_goroutines gauge\n"
               "go_goroutines{pid=\"11\",program=\"one\"} 4\n"
               "go_goroutines{pid=\"22\",program=\"two\"} 8\n"
               "# HELP ");
}

Test(prom, no_target_is_no_text)
{
    write_targets(0);
    cr_assert_str_eq(text, "", "%s", text);
}

Test(prom, times_are_exact_seconds_and_shares_are_of_one)
{
    write_targets(1);
    assert_has("go_gc_duration_seconds_sum{pid=\"11\",program=\"one\"} 1.500000001\n");
    assert_has("process_start_time_seconds{pid=\"11\",program=\"one\"} 1.500000000\n");
    assert_has("go_memstats_gc_cpu_fraction{pid=\"11\",program=\"one\"} 0.012500\n");
}

Test(prom, what_is_missing_is_not_there)
{
    write_targets(1);
    cr_assert_null(strstr(text, "go_memstats_alloc_bytes"), "%s", text);
    cr_assert_null(strstr(text, "go_sched_latencies"), "%s", text);
    snapshot_set(&target[1].snapshot, MON_HEAP_ALLOC, 77);
    write_targets(2);
    assert_has("# TYPE go_memstats_alloc_bytes gauge\n"
               "go_memstats_alloc_bytes{pid=\"22\",program=\"two\"} 77\n#");
}

Test(prom, pauses_are_quartiles_of_those_that_are_known)
{
    static const uint64_t pause_ms[] = {9, 1, 5, 3, 7};

    for (uint32_t i = 0; i < 5; i++)
        target[0].snapshot.cycle[i].pause_ns = pause_ms[i] * 1000000;
    target[0].snapshot.ncycles = 5;
    write_targets(1);
    assert_has("program=\"one\",quantile=\"0\"} 0.001000000\n");
    assert_has("program=\"one\",quantile=\"0.25\"} 0.003000000\n");
    assert_has("program=\"one\",quantile=\"0.5\"} 0.005000000\n");
    assert_has("program=\"one\",quantile=\"0.75\"} 0.007000000\n");
    assert_has("program=\"one\",quantile=\"1\"} 0.009000000\n");
}

Test(prom, waits_count_below_a_bound_only_if_all_of_their_bucket_is)
{
    target[0].snapshot.latency = (struct latency_sample){
        .n = 4, .from_ns = {0, 64, 600, 700}, .count = {3, 2, 5, 1}};
    write_targets(1);
    assert_has(",le=\"6.399999999999999e-08\"} 3\n");
    assert_has(",le=\"6.399999999999999e-07\"} 5\n");
    assert_has(",le=\"7.167999999999999e-06\"} 10\n");
    assert_has(",le=\"+Inf\"} 11\n");
    assert_has("go_sched_latencies_seconds_count{pid=\"11\",program=\"one\"} 11\n");
    assert_has("go_sched_latencies_seconds_sum{pid=\"11\",program=\"one\"} 0.000003828\n");
}

Test(prom, labels_are_escaped)
{
    snprintf(target[0].target.name, sizeof target[0].target.name, "a\"b\\c\nd");
    write_targets(1);
    assert_has("program=\"a\\\"b\\\\c\\nd\"");
}

Test(prom, other_metrics_get_names_with_their_units)
{
    snapshot_set(&target[0].snapshot, MON_GC_STOP_TOTAL, 2 * (uint64_t)NS_PER_S);
    snapshot_set(&target[0].snapshot, MON_PROCESS_OUTSIDE, 9);
    snapshot_set(&target[0].snapshot, MON_DUMP_HOLD_MAX, 5);
    write_targets(1);
    assert_has("# TYPE gort_gc_stop_seconds_total counter\n"
               "gort_gc_stop_seconds_total{pid=\"11\",program=\"one\"} 2\n");
    assert_has("gort_process_outside_bytes{pid=\"11\",program=\"one\"} 9\n");
    assert_has("# TYPE gort_page_dump_hold_max_seconds gauge\n");
}

Test(prom, a_metric_of_a_newer_page_is_one_family_whatever_its_numbers)
{
    struct metric_info fresh = {.name = "new.total", .help = "back\\slash", .kind = KIND_COUNTER};
    struct metric_info other = {.name = "other", .help = "", .kind = KIND_GAUGE};
    int at;

    metric_add(&target[0].metrics, &fresh);
    metric_add(&target[1].metrics, &other);
    at = metric_add(&target[1].metrics, &fresh);
    snapshot_set(&target[0].snapshot, (unsigned)MON_KNOWN, 1);
    snapshot_set(&target[1].snapshot, (unsigned)at, 2);
    write_targets(2);
    assert_has("# HELP gort_new_total back\\\\slash\n# TYPE gort_new_total counter\n"
               "gort_new_total{pid=\"11\",program=\"one\"} 1\n"
               "gort_new_total{pid=\"22\",program=\"two\"} 2\n#");
}

Test(prom, alerts_are_counted_by_lint)
{
    alerts_raise(&target[0].alerts, LINT_TASK_GROWTH, 1, 1, 1);
    alerts_raise(&target[0].alerts, LINT_TASK_GROWTH, 2, 1, 1);
    target[1].state = TARGET_STOPPED;
    write_targets(2);
    assert_has("gort_alerts{pid=\"11\",program=\"one\",lint=\"task-growth\"} 2\n");
    assert_has("gort_alerts{pid=\"11\",program=\"one\",lint=\"deadlock\"} 0\n");
    assert_has("gort_up{pid=\"11\",program=\"one\"} 1\ngort_up{pid=\"22\",program=\"two\"} 0\n");
}
