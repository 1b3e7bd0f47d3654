/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "mon/check_command.h"
#include "mon/model.h"

static struct metric_table table;
static struct snapshot snap;
static struct alerts alerts;
static struct model model;
static struct check check;
static char *text;
static size_t text_bytes;

static void setup(void)
{
    metric_table_init(&table);
    model = (struct model){.target = {.pid = 8123, .name = "orders"},
                           .metrics = &table,
                           .snapshot = &snap,
                           .alerts = &alerts};
    snapshot_set(&snap, MON_HEAP_LIVE, UINT64_C(400) << 20);
    snapshot_set(&snap, MON_GC_COUNT, 7);
    snapshot_set(&snap, MON_LATENCY_P99, 4000000);
    snap.rate[MON_GC_COUNT] = 2.5;
    snap.has_rate[MON_GC_COUNT] = true;
}

static void teardown(void)
{
    free(text);
}

TestSuite(check, .init = setup, .fini = teardown);

static enum check_status report(const char *warning, const char *critical)
{
    enum check_status status;
    FILE *out;

    cr_assert(check_init(&check, warning, critical), "%s", check.error);
    cr_assert(check_bind(&check, &model), "%s", check.error);
    free(text);
    out = open_memstream(&text, &text_bytes);
    status = check_report(&check, &model, out);
    fclose(out);
    cr_assert_eq(strchr(text, '\n'), text + strlen(text) - 1, "not one line: %s", text);
    return status;
}

Test(check, of_several_the_worst_status_wins)
{
    cr_assert_eq(check_worst(CHECK_WARNING, CHECK_OK), CHECK_WARNING, "ok wins over warning");
    cr_assert_eq(check_worst(CHECK_WARNING, CHECK_UNKNOWN), CHECK_UNKNOWN, "warning is known");
    cr_assert_eq(check_worst(CHECK_UNKNOWN, CHECK_CRITICAL), CHECK_CRITICAL, "unknown wins");
    cr_assert_eq(check_worst(CHECK_OK, CHECK_OK), CHECK_OK, "none is ok");
}

Test(check, is_ok_if_neither_holds)
{
    cr_assert_eq(report("heap.live > 500M", "heap.live > 1G"), CHECK_OK, "%s", text);
    cr_assert_str_eq(text,
                     "GOMON OK - orders[8123]: heap.live 400.0M | "
                     "'heap.live'=419430400B;524288000;1073741824\n",
                     "%s", text);
}

Test(check, warns_and_critical_wins_over_the_warning)
{
    cr_assert_eq(report("heap.live > 300M", "heap.live > 1G"), CHECK_WARNING, "%s", text);
    cr_assert_eq(strncmp(text, "GOMON WARNING - ", 16), 0, "%s", text);
    cr_assert_eq(report("heap.live > 300M", "heap.live > 350M"), CHECK_CRITICAL, "%s", text);
    cr_assert_eq(strncmp(text, "GOMON CRITICAL - ", 17), 0, "%s", text);
    cr_assert_eq(report(NULL, "heap.live > 350M"), CHECK_CRITICAL, "%s", text);
    cr_assert_eq(report("heap.live > 300M", NULL), CHECK_WARNING, "%s", text);
}

Test(check, data_have_units_and_ranges)
{
    report("rate(gc.count) < 1 or sched.latency_p99 >= 5ms", "gc.count > 10");
    cr_assert_str_eq(strchr(text, '|'),
                     "| 'rate(gc.count)'=2.5;1:; 'sched.latency_p99'=0.004s;0.005; "
                     "'gc.count'=7c;;10\n",
                     "%s", text);
}

Test(check, a_figure_of_both_is_told_once)
{
    report("heap.live > 500M and gc.count > 1", "gc.count > 99 or heap.live > 1G");
    cr_assert_str_eq(strchr(text, '|'),
                     "| 'heap.live'=419430400B;524288000;1073741824 'gc.count'=7c;1;99\n", "%s",
                     text);
}

Test(check, what_is_missing_is_unknown_but_hides_nothing_critical)
{
    cr_assert_eq(report("heap.alloc > 1", NULL), CHECK_UNKNOWN, "%s", text);
    cr_assert_str_eq(text,
                     "GOMON UNKNOWN - orders[8123]: heap.alloc not known | "
                     "'heap.alloc'=U;1;\n",
                     "%s", text);
    cr_assert_eq(report("heap.alloc > 1", "heap.live > 1"), CHECK_CRITICAL, "%s", text);
    cr_assert_eq(report("heap.live > 1", "heap.alloc > 1"), CHECK_UNKNOWN, "%s", text);
}

Test(check, a_target_that_does_not_run_is_critical)
{
    static const enum target_state states[] = {TARGET_STALLED, TARGET_STOPPED, TARGET_EXITED,
                                               TARGET_CRASHED, TARGET_KILLED,  TARGET_REPLACED};

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        model.status.state = states[i];
        cr_assert_eq(report("heap.live > 500M", NULL), CHECK_CRITICAL, "%s", text);
        cr_assert_not_null(strstr(text, target_state_name(states[i])), "%s", text);
    }
}

static const char *data(void)
{
    FILE *out;

    cr_assert(check_init(&check, "rate(gc.count) < 1 or heap.live > 1G", NULL), "%s", check.error);
    cr_assert(check_bind(&check, &model), "%s", check.error);
    free(text);
    out = open_memstream(&text, &text_bytes);
    check_data(&check, &model, out);
    fclose(out);
    return text;
}

Test(check, data_of_several_have_the_target_in_quoted_labels)
{
    cr_assert_str_eq(data(),
                     "'orders[8123] rate(gc.count)'=2.5;1:; "
                     "'orders[8123] heap.live'=419430400B;1073741824;",
                     "%s", text);
}

Test(check, a_quote_in_the_label_is_written_twice)
{
    snprintf(model.target.name, MODEL_NAME_BYTES, "a='b|c'");
    cr_assert_eq(strncmp(data(), "'a=''b|c''[8123] rate(gc.count)'=2.5", 36), 0, "%s", text);
}

Test(check, a_bar_in_the_name_does_not_begin_the_data)
{
    snprintf(model.target.name, MODEL_NAME_BYTES, "a|b");
    report("heap.live > 500M", NULL);
    cr_assert_eq(strncmp(text, "GOMON OK - a!b[8123]: heap.live 400.0M | '", 42), 0, "%s", text);
}

Test(check, units_that_do_not_go_together_are_told_before_there_is_a_target)
{
    cr_assert_not(check_init(&check, "heap.live > 1", "heap.live > 5s"), "it is right");
    cr_assert_str_eq(check.error,
                     "--critical: heap.live (bytes) cannot be compared with a number in seconds",
                     "%s", check.error);
    cr_assert(check_init(&check, "figure.of_a_later_version > 5s", NULL), "%s", check.error);
}

Test(check, errors_name_the_option)
{
    cr_assert_not(check_init(&check, "heap.live > 1", "heap.live >"), "it is right");
    cr_assert_eq(strncmp(check.error, "--critical: ", 12), 0, "%s", check.error);
    cr_assert(check_init(&check, "no.such > 1", NULL), "%s", check.error);
    cr_assert_not(check_bind(&check, &model), "it is bound");
}
