/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "mon/export.h"

#if HAVE_JANSSON
#include <jansson.h>
#endif

#define REAL_NS (INT64_C(1795403564) * NS_PER_S) /* 2026-11-23T03:12:44Z */

static struct metric_table table;
static struct snapshot snap;
static struct alerts alerts;
static struct code_line code = {.pc = 0x1234, .text = "ask_peer leak.c:38"};
static struct model model;
static struct history *history; /* of the model, if it has one */
static char *text;
static size_t text_bytes;

static void setup(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    metric_table_init(&table);
    model = (struct model){.mono_ns = 100 * NS_PER_S,
                           .real_ns = REAL_NS,
                           .target = {.pid = 8123, .name = "orders", .start_real_ns = REAL_NS},
                           .metrics = &table,
                           .snapshot = &snap,
                           .alerts = &alerts,
                           .code = {.n = 1, .line = &code}};
    snap.mono_ns = 100 * NS_PER_S;
    snap.real_ns = REAL_NS;
    snap.published_ns = 99 * NS_PER_S;
    snapshot_set(&snap, MON_HEAP_LIVE, 432316416);
    snapshot_set(&snap, MON_GC_COUNT, 18442);
    snapshot_set(&snap, MON_GC_PERCENT, UINT64_MAX);
    snap.rate[MON_GC_COUNT] = 2.5;
    snap.has_rate[MON_GC_COUNT] = true;
    snap.latency = (struct latency_sample){
        .n = 3, .from_ns = {0, 8, 16}, .count = {5, 0, 7}, .lately = {1, 1, 1}};
    snap.pauses = (struct pause_summary){.n = 6, .p50_ns = 84000, .p99_ns = 1900000};
}

static void teardown(void)
{
    free(text);
}

TestSuite(export, .init = setup, .fini = teardown);

static void raise_alert(void)
{
    struct alert *a = alerts_raise(&alerts, LINT_TASK_GROWTH, 0x1234, 90 * NS_PER_S,
                                   REAL_NS - 10 * NS_PER_S);

    a->pc = 0x1234;
    a->severity = ALERT_WARNING;
    a->has_trend = true;
    a->trend = (struct alert_trend){.samples = 60, .per_second = 5.0, .p = 0.001};
    snprintf(a->text, sizeof a->text, "tasks grow");
}

static const char *written(void (*write)(FILE *out))
{
    FILE *out;

    free(text);
    out = open_memstream(&text, &text_bytes);
    write(out);
    fclose(out);
    return text;
}

static void write_row(FILE *out)
{
    export_titles(out);
    export_row(out, &model);
}

Test(export, titles_stand_above_their_figures)
{
    const char *row;
    const char *title;

    written(write_row);
    row = strchr(text, '\n') + 1;
    title = strstr(text, " live ");
    cr_assert_eq(strlen(row), (size_t)(row - text), "lines of different width: %s", text);
    cr_assert_eq(strncmp(row + (title - text) - 1, "412.3M ", 7), 0, "%s", text);
}

Test(export, a_figure_that_is_missing_is_a_dash)
{
    written(write_row);
    cr_assert_not_null(strstr(text, " - "), "%s", text);
    cr_assert_not_null(strstr(text, "03:12:44"), "%s", text);
}

static void write_metrics(FILE *out)
{
    export_metrics(out, &model);
}

Test(export, metrics_are_exact_and_readable)
{
    written(write_metrics);
    cr_assert_not_null(strstr(text, "heap.live "), "%s", text);
    cr_assert_not_null(strstr(text, " 432316416  412.3M\n"), "%s", text);
    cr_assert_null(strstr(text, "heap.alloc"), "a missing one is there: %s", text);
}

static void write_csv(FILE *out)
{
    export_csv_titles(out, &model);
    export_csv_row(out, &model);
}

static int fields(const char *line)
{
    int n = 1;

    for (; *line != '\n'; line++)
        n += *line == ',';
    return n;
}

Test(export, csv_has_a_field_for_each_title)
{
    table.info[MON_HEAP_LIVE].present = true;
    table.info[MON_HEAP_ALLOC].present = true;
    table.info[MON_GC_COUNT].present = true;
    table.info[MON_GC_PERCENT].present = true;
    written(write_csv);
    cr_assert_str_eq(text,
                     "time,pid,name,state,gap (ns),alerts (count),pause p50 (ns),pause p99 (ns),"
                     "pause max (ns),heap.alloc (bytes),gc.count (count),heap.live (bytes),"
                     "gc.percent (count),rate(gc.count) (count/s)\n"
                     "2026-11-23T03:12:44.000Z,8123,orders,live,0,0,84000,1900000,0,,18442,"
                     "432316416,,2.5\n",
                     "%s", text);
    snap.pauses.n = 0;
    written(write_csv);
    cr_assert_eq(fields(text), fields(strchr(text, '\n') + 1), "%s", text);
}

Test(export, csv_quotes_a_name_that_needs_it)
{
    snprintf(model.target.name, sizeof model.target.name, "a,\"b\"");
    written(write_csv);
    cr_assert_not_null(strstr(text, ",8123,\"a,\"\"b\"\"\",live,"), "%s", text);
}

static void write_figures(FILE *out)
{
    export_figures(out, &table);
}

Test(export, figures_are_listed_with_type_unit_and_help)
{
    written(write_figures);
    cr_assert_not_null(strstr(text, "\ngc.count                   counter  count         NumGC: "),
                       "%s", text);
    cr_assert_not_null(strstr(text, "\ngc.pause_p99               gauge    seconds "), "%s", text);
    cr_assert_not_null(strstr(text, "\nalerts.deadlock "), "%s", text);
}

static void write_status(FILE *out)
{
    export_status(out, &model);
}

Test(export, the_status_is_one_short_line)
{
    snapshot_set(&snap, MON_TASKS, 41);
    snapshot_set(&snap, MON_GC_CPU, 31000);
    cr_assert_str_eq(written(write_status),
                     "orders 412.3M rss - tasks 41 gc 3.1% p99 1.90ms\n", "%s", text);
    raise_alert();
    cr_assert_not_null(strstr(written(write_status), " ! task-growth\n"), "%s", text);
    alerts_raise(&alerts, LINT_TASK_GROWTH, 0x99, 90 * NS_PER_S, REAL_NS);
    model.status.state = TARGET_KILLED;
    snprintf(model.target.name, sizeof model.target.name, "a#(b");
    written(write_status);
    cr_assert_eq(strncmp(text, "a_(b killed 412.3M", 18), 0, "%s", text);
    cr_assert_not_null(strstr(text, " ! task-growth +1\n"), "%s", text);
}

/* In each of N seconds 3 MiB are allocated, and every fourth has a collection; then a look in the
 * midst of a second, right after one more. */
static void keep_seconds(int64_t n)
{
    int64_t first = 99 - n;

    history = history_new(&table);
    model.history = history;
    for (int64_t s = 0; s < n; s++) {
        history_add(history, MON_HEAP_TOTAL_ALLOC, (first + s) * NS_PER_S + NS_PER_S / 10,
                    (uint64_t)s * 3 << 20);
        history_add(history, MON_GC_COUNT, (first + s) * NS_PER_S + NS_PER_S / 10, (uint64_t)s / 4);
    }
    history_add(history, MON_GC_COUNT, 99 * NS_PER_S + NS_PER_S / 5, (uint64_t)n / 4 + 1);
    snap.published_ns = 99 * NS_PER_S + NS_PER_S / 5;
}

Test(export, the_status_has_rates_of_the_seconds_that_were_kept)
{
    keep_seconds(90);
    written(write_status);
    cr_assert_eq(strncmp(text, "orders 412.3M alloc 3.00M/s rss - ", 34), 0, "%s", text);
    cr_assert_not_null(strstr(text, " gc - 15/min p99"), "%s", text);
    model.status.state = TARGET_STOPPED;
    cr_assert_null(strstr(written(write_status), "/s"), "it stands still: %s", text);
    history_free(history);
}

Test(export, the_status_has_no_rate_of_a_counter_that_fell)
{
    history = history_new(&table);
    model.history = history;
    for (int64_t s = 60; s < 99; s++)
        history_add(history, MON_GC_COUNT, s * NS_PER_S, (uint64_t)(s < 80 ? 500 + s : s));
    cr_assert_null(strchr(written(write_status), '/'), "%s", text);
    history_free(history);
}

Test(export, the_status_has_no_rates_of_long_ago)
{
    keep_seconds(90);
    snap.published_ns += 10 * NS_PER_S; /* it had been stopped */
    cr_assert_null(strchr(written(write_status), '/'), "%s", text);
    history_free(history);
}

Test(export, the_status_has_no_rates_before_two_seconds_were_kept)
{
    keep_seconds(2); /* the first of which has none before it */
    cr_assert_null(strchr(written(write_status), '/'), "%s", text);
    history_free(history);
    keep_seconds(3);
    cr_assert_not_null(strstr(written(write_status), " alloc 3.00M/s"), "%s", text);
    history_free(history);
}

static int64_t since_ns;

static void write_alerts(FILE *out)
{
    export_alerts(out, &model, &(struct export_alerts_how){.since_ns = since_ns});
}

Test(export, an_alert_is_told_once_with_its_code_and_again_when_it_ends)
{
    raise_alert();
    cr_assert_str_eq(written(write_alerts),
                     "! 03:12:34 task-growth: tasks grow, ask_peer leak.c:38\n", "%s", text);
    since_ns = 95 * NS_PER_S;
    cr_assert_str_eq(written(write_alerts), "", "%s", text);
    alerts_clear(&alerts, LINT_TASK_GROWTH, 0x1234, 99 * NS_PER_S);
    cr_assert_str_eq(written(write_alerts),
                     ". 03:12:43 task-growth: no longer: tasks grow, ask_peer leak.c:38\n", "%s",
                     text);
}

static struct target_list list = {
    .n = 2,
    .target = {{.pid = 11, .live = true, .name = "one", .since_real_ns = REAL_NS},
               {.pid = 22, .uid = 12345678, .name = "two", .since_real_ns = REAL_NS}}};

static void write_targets(FILE *out)
{
    export_targets(out, &list);
}

Test(export, targets_are_a_table)
{
    written(write_targets);
    cr_assert_not_null(strstr(text, "     11  root       live  2026-11-23 03:12:44  one\n"), "%s",
                       text);
    cr_assert_not_null(strstr(text, "     22  12345678   dead  2026-11-23 03:12:44  two\n"), "%s",
                       text);
}

#if HAVE_JANSSON

static json_t *parsed(void)
{
    json_t *o;

    cr_assert_eq(strchr(text, '\n'), text + strlen(text) - 1, "not one line: %s", text);
    o = json_loads(text, 0, NULL);
    cr_assert_not_null(o, "no JSON: %s", text);
    return o;
}

static void write_json(FILE *out)
{
    cr_assert(export_json(out, &model), "not written");
}

static json_int_t integer_at(json_t *o, const char *first, const char *second)
{
    json_t *v = json_object_get(json_object_get(o, first), second);

    cr_assert(json_is_integer(v), "no %s %s: %s", first, second, text);
    return json_integer_value(v);
}

Test(export, json_has_what_its_schema_promises)
{
    json_t *o;

    written(write_json);
    o = parsed();
    cr_assert_eq(json_integer_value(json_object_get(o, "schema")), 1, "%s", text);
    cr_assert_str_eq(json_string_value(json_object_get(o, "t")), "2026-11-23T03:12:44.000Z", "%s",
                     text);
    cr_assert_eq(json_integer_value(json_object_get(o, "pid")), 8123, "%s", text);
    cr_assert_str_eq(json_string_value(json_object_get(o, "name")), "orders", "%s", text);
    cr_assert_str_eq(json_string_value(json_object_get(o, "state")), "live", "%s", text);
    cr_assert_eq(integer_at(o, "metrics", "heap.live"), 432316416, "%s", text);
    cr_assert_eq(json_real_value(json_object_get(json_object_get(o, "rates"), "gc.count")), 2.5,
                 "%s", text);
    cr_assert_eq(integer_at(json_object_get(o, "hist"), "gc.pause", "p99"), 1900000, "%s", text);
    cr_assert_eq(json_array_size(json_object_get(o, "alerts")), 0, "%s", text);
    json_decref(o);
}

Test(export, json_has_the_buckets_in_which_waits_fell)
{
    json_t *o, *buckets;
    char *found;

    written(write_json);
    o = parsed();
    buckets = json_object_get(json_object_get(o, "hist"), "sched.latency");
    found = json_dumps(buckets, JSON_COMPACT);
    cr_assert_str_eq(found, "[[0,8,5],[16,null,7]]", "%s", text);
    free(found);
    json_decref(o);
}

Test(export, json_has_null_for_a_figure_that_means_off)
{
    json_t *o;

    written(write_json);
    o = parsed();
    cr_assert(json_is_null(json_object_get(json_object_get(o, "metrics"), "gc.percent")), "%s",
              text);
    cr_assert_null(json_object_get(json_object_get(o, "metrics"), "heap.alloc"), "%s", text);
    json_decref(o);
}

Test(export, json_tells_where_the_time_of_each_proc_went)
{
    json_t *o, *p;

    snap.nprocs = 2;
    snap.proc[1] = (struct proc_sample){.id = 1,
                                        .state = PROC_BLOCKING,
                                        .runq = 3,
                                        .task = 42,
                                        .switches = 17,
                                        .state_ns = {[PROC_IDLE] = 5, [PROC_SPINNING] = 7}};
    written(write_json);
    o = parsed();
    cr_assert_eq(json_array_size(json_object_get(o, "procs")), 2, "%s", text);
    p = json_array_get(json_object_get(o, "procs"), 1);
    cr_assert_str_eq(json_string_value(json_object_get(p, "state")), "blocking", "%s", text);
    cr_assert_eq(json_integer_value(json_object_get(p, "runq")), 3, "%s", text);
    cr_assert_eq(json_integer_value(json_object_get(p, "task")), 42, "%s", text);
    cr_assert_eq(json_integer_value(json_object_get(p, "switches")), 17, "%s", text);
    cr_assert_eq(integer_at(p, "time", "idle"), 5, "%s", text);
    cr_assert_eq(integer_at(p, "time", "spinning"), 7, "%s", text);
    cr_assert_eq(integer_at(p, "time", "running"), 0, "%s", text);
    json_decref(o);
}

Test(export, json_tells_who_was_last_to_stop_and_the_parts_of_the_stops)
{
    json_t *o, *gc, *frame;

    snap.ncycles = 1;
    snap.cycle[0] = (struct gc_cycle){
        .number = 9,
        .mode = GC_MODE_CONCURRENT,
        .first = {.stop_ns = 11, .off_cpu_ns = 10},
        .last = {.work_ns = 12},
        .rounds = 3,
        .last_stopped = {42, STOPPED_BY_SIGNAL, "keeper", 2, {0x77, 0x1234}}};
    written(write_json);
    o = parsed();
    gc = json_object_get(o, "gc");
    cr_assert_eq(integer_at(gc, "first_stop", "stop"), 11, "%s", text);
    cr_assert_eq(integer_at(gc, "first_stop", "off_cpu"), 10, "%s", text);
    cr_assert_eq(integer_at(gc, "last_stop", "work"), 12, "%s", text);
    cr_assert_eq(integer_at(o, "gc", "rounds"), 3, "%s", text);
    cr_assert_eq(integer_at(gc, "last_to_stop", "task"), 42, "%s", text);
    frame = json_array_get(json_object_get(json_object_get(gc, "last_to_stop"), "stack"), 1);
    cr_assert_str_eq(json_string_value(json_object_get(frame, "pc")), "0x1234", "%s", text);
    json_decref(o);
}

Test(export, the_code_that_json_names_is_told_of_before)
{
    uint64_t pc[EXPORT_CODES];

    cr_assert_eq(export_codes(&model, pc), 0, "there is none");
    snap.ncycles = 1;
    snap.cycle[0].last_stopped = (struct gc_last){
        42, STOPPED_BY_SIGNAL, "keeper", 2, {0x77, 0x1233}};
    snap.nsites = 2;
    snap.site[0] = (struct alloc_site){.pc = 0x900, .live_bytes = 500, .before_bytes = 600};
    snap.site[1] = (struct alloc_site){.pc = 0x901, .live_bytes = 400, .before_bytes = 300};
    cr_assert_eq(export_codes(&model, pc), 5, "%u", export_codes(&model, pc));
    cr_assert(pc[0] == 0x78 && pc[1] == 0x1233, "the stack");
    cr_assert(pc[2] == 0x900 && pc[3] == 0x901 && pc[4] == 0x901, "the sites");
    snap.nsites = 3 * EXPORT_SITES;
    for (uint32_t i = 0; i < snap.nsites; i++)
        snap.site[i] = (struct alloc_site){.pc = i, .live_bytes = 1};
    cr_assert_eq(export_codes(&model, pc), 2 + 2 * EXPORT_SITES, "more than JSON has");
}

Test(export, json_tells_what_is_free_of_each_size_and_which_sites_grew)
{
    json_t *o, *row;

    snap.nclasses = 2;
    snap.size_class[1] = (struct class_sample){
        .object_bytes = 64, .mallocs = 100, .spans = 1, .span_bytes = 8192, .live_bytes = 6400};
    snap.nsites = 1;
    snap.site[0] = (struct alloc_site){.pc = 0x1234, .live_bytes = 500, .before_bytes = 600};
    written(write_json);
    o = parsed();
    cr_assert_eq(json_array_size(json_object_get(o, "size_classes")), 1, "unused ones: %s", text);
    row = json_array_get(json_object_get(o, "size_classes"), 0);
    cr_assert_eq(json_integer_value(json_object_get(row, "free_bytes")), 1792, "%s", text);
    row = json_array_get(json_object_get(o, "sites"), 0);
    cr_assert_eq(json_integer_value(json_object_get(row, "before_bytes")), 600, "%s", text);
    cr_assert_eq(json_array_size(json_object_get(o, "sites_grown")), 0, "it shrank: %s", text);
    json_decref(o);
}

Test(export, json_tells_the_gap_of_stale_data)
{
    json_t *o;

    snap.stale = true;
    written(write_json);
    o = parsed();
    cr_assert_eq(json_integer_value(json_object_get(o, "gap_ns")), NS_PER_S, "%s", text);
    json_decref(o);
}

Test(export, json_tells_standing_alerts_with_their_evidence)
{
    json_t *o;
    json_t *a;

    raise_alert();
    written(write_json);
    o = parsed();
    a = json_array_get(json_object_get(o, "alerts"), 0);
    cr_assert_str_eq(json_string_value(json_object_get(a, "lint")), "task-growth", "%s", text);
    cr_assert_str_eq(json_string_value(json_object_get(a, "since")), "2026-11-23T03:12:34.000Z",
                     "%s", text);
    cr_assert_str_eq(json_string_value(json_object_get(a, "code")), "ask_peer leak.c:38", "%s",
                     text);
    cr_assert_str_eq(json_string_value(json_object_get(a, "pc")), "0x1234", "%s", text);
    cr_assert_eq(json_real_value(json_object_get(json_object_get(a, "trend"), "per_second")), 5.0,
                 "%s", text);
    json_decref(o);
}

#endif
