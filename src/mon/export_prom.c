/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/export_prom.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/clock.h"

#define NAME_BYTES    (METRIC_NAME_BYTES + 40)
#define QUANTILES_MAX 256 /* pauses that Go's runtime/debug keeps */
#define NS_AN_S       UINT64_C(1000000000)
#define PPM_OF_ONE    UINT64_C(1000000)

/* ---- the words of the format ---- */

static void put_family(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            fputs("\\n", out);
        else
            fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    }
}

/* A sample up to its value; MORE is one label more, "" for none. */
static void put_name(FILE *out, const struct prom_target *t, const char *name, const char *more)
{
    fprintf(out, "%s{pid=\"%d\",program=\"", name, (int)t->target.pid);
    put_escaped(out, t->target.name);
    fprintf(out, "\"%s%s} ", *more == '\0' ? "" : ",", more);
}

/* RAW divided by PARTS, exactly. */
static void put_part(FILE *out, uint64_t raw, uint64_t parts, int digits)
{
    fprintf(out, "%" PRIu64, raw / parts);
    if (raw % parts != 0)
        fprintf(out, ".%0*" PRIu64, digits, raw % parts);
    fputc('\n', out);
}

static void put_seconds(FILE *out, uint64_t ns)
{
    put_part(out, ns, NS_AN_S, 9);
}

static void put_value(FILE *out, enum fmt_unit unit, uint64_t raw)
{
    switch (unit) {
    case FMT_NS:
    case FMT_UNIX_NS:
        put_seconds(out, raw);
        return;
    case FMT_PPM:
        put_part(out, raw, PPM_OF_ONE, 6);
        return;
    case FMT_COUNT:
    case FMT_BYTES:
    case FMT_ENUM:
        fprintf(out, "%" PRIu64 "\n", raw);
        return;
    }
    UNREACHABLE();
}

/* ---- families of one metric ---- */

/* Nothing at all if no target has it. INFO is what the first one says about it. */
static void put_metric(FILE *out, const struct prom_target *targets, unsigned n, unsigned metric,
                       const struct metric_info *info, const char *name, const char *help)
{
    bool begun = false;
    uint64_t raw;

    for (unsigned i = 0; i < n; i++) {
        if (!snapshot_value(&targets[i].snapshot, metric, &raw))
            continue;
        if (!begun)
            put_family(out, name, info->kind == KIND_COUNTER ? "counter" : "gauge", help);
        begun = true;
        put_name(out, &targets[i], name, "");
        put_value(out, info->unit, raw);
    }
}

static const struct row {
    const char *name;
    enum metric_kind kind;
    unsigned metric;
    const char *help;
} rows[] = {
#define PROM(name, kind, metric, help) {name, KIND_##kind, MON_##metric, help},
#include "mon/prom.def"
#undef PROM
};

static void put_go_metrics(FILE *out, const struct prom_target *targets, unsigned n)
{
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct metric_info info = targets[0].metrics.info[rows[i].metric];

        info.kind = rows[i].kind;
        put_metric(out, targets, n, rows[i].metric, &info, rows[i].name, rows[i].help);
    }
}

/* ---- all other metrics ---- */

static bool has_row(unsigned metric)
{
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        if (rows[i].metric == metric)
            return true;
    return false;
}

static const char *unit_suffix(enum fmt_unit unit)
{
    switch (unit) {
    case FMT_NS:
        return "_seconds";
    case FMT_UNIX_NS:
        return "_timestamp_seconds";
    case FMT_BYTES:
        return "_bytes";
    case FMT_PPM:
        return "_ratio";
    case FMT_COUNT:
    case FMT_ENUM:
        return "";
    }
    UNREACHABLE();
}

/* "gc.pause_total", a counter of ns, is gort_gc_pause_seconds_total. */
static void name_of(const struct metric_info *info, char name[NAME_BYTES])
{
    size_t bytes = strlen(info->name);

    if (bytes > 6 && strchr("._", info->name[bytes - 6]) != NULL &&
        strcmp(info->name + bytes - 5, "total") == 0)
        bytes -= 6;
    snprintf(name, NAME_BYTES, "gort_%.*s%s%s", (int)bytes, info->name, unit_suffix(info->unit),
             info->kind == KIND_COUNTER ? "_total" : "");
    for (char *c = name; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
}

/* Help of a newer page may hold anything but control characters. */
static void escape_help(const char *help, char text[2 * METRIC_HELP_BYTES])
{
    for (; *help != '\0'; help++) {
        if (*help == '\\')
            *text++ = '\\';
        *text++ = *help;
    }
    *text = '\0';
}

static void put_own_metrics(FILE *out, const struct prom_target *targets, unsigned n)
{
    for (unsigned i = 0; i < MON_KNOWN; i++) {
        const struct metric_info *info = &targets[0].metrics.info[i];
        char name[NAME_BYTES];
        char help[2 * METRIC_HELP_BYTES];

        if (has_row(i))
            continue;
        name_of(info, name);
        escape_help(info->help, help);
        put_metric(out, targets, n, i, info, name, help);
    }
}

/* Those that only a newer page has: their numbers mean something else for each target, so each name
 * is written once, with all targets that have it. */
static bool is_named_before(const struct prom_target *targets, unsigned t, const char *name)
{
    for (unsigned i = 0; i < t; i++)
        if (metric_find(&targets[i].metrics, name) >= 0)
            return true;
    return false;
}

static void put_new_metric(FILE *out, const struct prom_target *targets, unsigned n, unsigned first,
                           const struct metric_info *info)
{
    char name[NAME_BYTES];
    char help[2 * METRIC_HELP_BYTES];
    uint64_t raw;

    name_of(info, name);
    escape_help(info->help, help);
    put_family(out, name, info->kind == KIND_COUNTER ? "counter" : "gauge", help);
    for (unsigned i = first; i < n; i++) {
        int metric = metric_find(&targets[i].metrics, info->name);

        if (metric < 0 || !snapshot_value(&targets[i].snapshot, (unsigned)metric, &raw))
            continue;
        put_name(out, &targets[i], name, "");
        put_value(out, info->unit, raw);
    }
}

static void put_new_metrics(FILE *out, const struct prom_target *targets, unsigned n)
{
    for (unsigned t = 0; t < n; t++) {
        const struct metric_table *table = &targets[t].metrics;

        for (unsigned i = MON_KNOWN; i < table->n; i++)
            if (!is_named_before(targets, t, table->info[i].name))
                put_new_metric(out, targets, n, t, &table->info[i]);
    }
}

/* ---- pauses ---- */

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Minimum, quartiles and maximum of the last pauses, as Go's debug.ReadGCStats picks them; 0 if
 * there was none. */
static void put_pause_quantiles(FILE *out, const struct prom_target *t, const char *name)
{
    static const char *const label[] = {"quantile=\"0\"", "quantile=\"0.25\"", "quantile=\"0.5\"",
                                        "quantile=\"0.75\"", "quantile=\"1\""};
    const struct snapshot *s = &t->snapshot;
    uint32_t n = s->ncycles < QUANTILES_MAX ? s->ncycles : QUANTILES_MAX;
    uint64_t pause[QUANTILES_MAX] = {0};

    for (uint32_t i = 0; i < n; i++)
        pause[i] = s->cycle[s->ncycles - n + i].pause_ns;
    qsort(pause, n, sizeof pause[0], compare_u64);
    for (uint32_t q = 0; q < ARRAY_COUNT(label); q++) {
        put_name(out, t, name, label[q]);
        put_seconds(out, n == 0 ? 0 : pause[(n - 1) * q / (ARRAY_COUNT(label) - 1)]);
    }
}

static void put_pauses(FILE *out, const struct prom_target *targets, unsigned n)
{
    static const char name[] = "go_gc_duration_seconds";
    uint64_t total;
    uint64_t count;

    put_family(out, name, "summary", "A summary of the pauses of collections.");
    for (unsigned i = 0; i < n; i++) {
        const struct snapshot *s = &targets[i].snapshot;

        if (!snapshot_value(s, MON_GC_PAUSE_TOTAL, &total) ||
            !snapshot_value(s, MON_GC_COUNT, &count))
            continue;
        put_pause_quantiles(out, &targets[i], name);
        put_name(out, &targets[i], "go_gc_duration_seconds_sum", "");
        put_seconds(out, total);
        put_name(out, &targets[i], "go_gc_duration_seconds_count", "");
        fprintf(out, "%" PRIu64 "\n", count);
    }
}

/* ---- waits for a proc ---- */

/* The bounds that client_golang gives to Go's histograms of times. */
static const struct {
    const char *label;
    uint64_t ns;
} bounds[] = {
    {"le=\"6.399999999999999e-08\"", 64},      {"le=\"6.399999999999999e-07\"", 640},
    {"le=\"7.167999999999999e-06\"", 7168},    {"le=\"8.191999999999999e-05\"", 81920},
    {"le=\"0.0009175039999999999\"", 917504},  {"le=\"0.010485759999999998\"", 10485760},
    {"le=\"0.11744051199999998\"", 117440512},
};

/* Waits that were shorter than NS; a bucket that reaches beyond it counts above. */
static uint64_t waits_below(const struct latency_sample *l, uint64_t ns)
{
    uint64_t waits = 0;

    for (uint32_t i = 0; i + 1 < l->n && l->from_ns[i + 1] <= ns; i++)
        waits += l->count[i];
    return waits;
}

static void put_waits_of(FILE *out, const struct prom_target *t)
{
    const struct latency_sample *l = &t->snapshot.latency;
    uint64_t count = 0;
    uint64_t sum_ns = 0;

    for (size_t i = 0; i < ARRAY_COUNT(bounds); i++) {
        put_name(out, t, "go_sched_latencies_seconds_bucket", bounds[i].label);
        fprintf(out, "%" PRIu64 "\n", waits_below(l, bounds[i].ns));
    }
    for (uint32_t i = 0; i < l->n; i++) {
        count += l->count[i];
        sum_ns += l->count[i] * l->from_ns[i];
    }
    put_name(out, t, "go_sched_latencies_seconds_bucket", "le=\"+Inf\"");
    fprintf(out, "%" PRIu64 "\n", count);
    put_name(out, t, "go_sched_latencies_seconds_sum", "");
    put_seconds(out, sum_ns);
    put_name(out, t, "go_sched_latencies_seconds_count", "");
    fprintf(out, "%" PRIu64 "\n", count);
}

static void put_waits(FILE *out, const struct prom_target *targets, unsigned n)
{
    bool begun = false;

    for (unsigned i = 0; i < n; i++) {
        if (targets[i].snapshot.latency.n == 0)
            continue;
        if (!begun)
            put_family(out, "go_sched_latencies_seconds", "histogram",
                       "Time that runnable tasks waited for a proc; one in sixteen is measured. "
                       "The sum is of the lower bounds.");
        begun = true;
        put_waits_of(out, &targets[i]);
    }
}

/* ---- what is no metric ---- */

static void put_facts(FILE *out, const struct prom_target *targets, unsigned n)
{
    char label[64];

    put_family(out, "go_info", "gauge", "Information about the runtime.");
    for (unsigned i = 0; i < n; i++) {
        snprintf(label, sizeof label, "version=\"gort-page%s\"", targets[i].target.page_version);
        put_name(out, &targets[i], "go_info", label);
        fputs("1\n", out);
    }
    put_family(out, "process_start_time_seconds", "gauge",
               "Start time of the process since unix epoch in seconds.");
    for (unsigned i = 0; i < n; i++) {
        put_name(out, &targets[i], "process_start_time_seconds", "");
        put_seconds(out, (uint64_t)targets[i].target.start_real_ns);
    }
    put_family(out, "gort_up", "gauge",
               "1 if the process lives and publishes figures, 0 if the figures are old.");
    for (unsigned i = 0; i < n; i++) {
        put_name(out, &targets[i], "gort_up", "");
        fprintf(out, "%d\n", targets[i].state == TARGET_LIVE);
    }
}

static void put_alerts(FILE *out, const struct prom_target *targets, unsigned n)
{
    char label[64];

    put_family(out, "gort_alerts", "gauge", "Alerts that stand, by what they are about.");
    for (unsigned i = 0; i < n; i++) {
        for (int lint = 0; lint < LINTS; lint++) {
            const struct alerts *a = &targets[i].alerts;
            unsigned standing = 0;

            for (uint32_t k = 0; k < a->nstanding; k++)
                standing += a->alert[k].lint == (enum alert_lint)lint;
            snprintf(label, sizeof label, "lint=\"%s\"", alert_lint_name((enum alert_lint)lint));
            put_name(out, &targets[i], "gort_alerts", label);
            fprintf(out, "%u\n", standing);
        }
    }
}

void export_prom(FILE *out, const struct prom_target *targets, unsigned n)
{
    if (n == 0)
        return;
    put_facts(out, targets, n);
    put_pauses(out, targets, n);
    put_waits(out, targets, n);
    put_go_metrics(out, targets, n);
    put_own_metrics(out, targets, n);
    put_new_metrics(out, targets, n);
    put_alerts(out, targets, n);
}
