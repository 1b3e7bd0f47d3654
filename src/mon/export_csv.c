/* SPDX-License-Identifier: MIT */
/* export_csv.c - the part of export.h for spreadsheets and data frames: RFC 4180 but for the line
 * ends, which are those of the system. The columns are those of the target's metric table, which
 * does not change while it is watched, so that all lines have as many. */
#include "config.h"

#include "mon/export.h"

#include <inttypes.h>

#include "mon/figure.h"

/* A text as one field: quoted where it has to be. */
static void put_text(FILE *out, const char *text)
{
    bool plain = true;

    for (const char *c = text; *c != '\0'; c++)
        plain = plain && *c != '"' && *c != ',' && *c != '\n' && *c != '\r';
    if (plain) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++)
        fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    fputc('"', out);
}

/* The unit of the exact values, which are never scaled. */
static const char *unit_name(enum fmt_unit unit)
{
    static const char *const names[FMT_UNITS] = {
        [FMT_COUNT] = "count",     [FMT_BYTES] = "bytes", [FMT_NS] = "ns",
        [FMT_UNIX_NS] = "unix ns", [FMT_PPM] = "ppm",     [FMT_ENUM] = "code"};

    return names[unit];
}

static bool has_rate_column(const struct metric_info *info)
{
    return info->present && info->kind == KIND_COUNTER;
}

void export_csv_titles(FILE *out, const struct model *m)
{
    fputs("time,pid,name,state,gap (ns),alerts (count),pause p50 (ns),pause p99 (ns),"
          "pause max (ns)",
          out);
    for (unsigned i = 0; i < m->metrics->n; i++) {
        const struct metric_info *info = &m->metrics->info[i];

        if (info->present)
            fprintf(out, ",%s (%s)", info->name, unit_name(info->unit));
    }
    for (unsigned i = 0; i < m->metrics->n; i++) {
        const struct metric_info *info = &m->metrics->info[i];

        if (has_rate_column(info))
            fprintf(out, ",rate(%s) (%s/s)", info->name, unit_name(info->unit));
    }
    fputc('\n', out);
}

static void put_pauses(FILE *out, const struct pause_summary *p)
{
    if (p->n == 0)
        fputs(",,,", out);
    else
        fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, p->p50_ns, p->p99_ns, p->max_ns);
}

/* What is missing, and a setting that is off, is an empty field. */
static void put_values(FILE *out, const struct model *m)
{
    uint64_t value;

    for (unsigned i = 0; i < m->metrics->n; i++) {
        if (!m->metrics->info[i].present)
            continue;
        fputc(',', out);
        if (snapshot_value(m->snapshot, i, &value) && value <= INT64_MAX)
            fprintf(out, "%" PRIu64, value);
    }
}

static void put_rates(FILE *out, const struct model *m)
{
    double rate;

    for (unsigned i = 0; i < m->metrics->n; i++) {
        if (!has_rate_column(&m->metrics->info[i]))
            continue;
        fputc(',', out);
        if (snapshot_rate(m->snapshot, i, &rate))
            fprintf(out, "%.9g", rate);
    }
}

void export_csv_row(FILE *out, const struct model *m)
{
    const struct snapshot *s = m->snapshot;
    char time[FMT_BYTES_MAX];

    fprintf(out, "%s,%d,", fmt_rfc3339(time, sizeof time, s->real_ns), (int)m->target.pid);
    put_text(out, m->target.name);
    fprintf(out, ",%s,%" PRId64 ",%" PRIu32, target_state_name(m->status.state),
            s->stale ? m->mono_ns - s->published_ns : 0, m->alerts->nstanding);
    put_pauses(out, &s->pauses);
    put_values(out, m);
    put_rates(out, m);
    fputc('\n', out);
}
