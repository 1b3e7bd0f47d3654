/* SPDX-License-Identifier: MIT */
/* recording_alerts.c - the alerts of a recording, as they were at a moment. Interface:
 * recording_parts.h. */
#include "config.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "mon/recording_parts.h"

static uint64_t u64(struct sqlite3_stmt *s, int column)
{
    return (uint64_t)sqlite3_column_int64(s, column);
}

static uint32_t u32(struct sqlite3_stmt *s, int column)
{
    int64_t n = sqlite3_column_int64(s, column);

    return n < 0 || n > UINT32_MAX ? 0 : (uint32_t)n;
}

/* A number of an enum with N values; what is not known is the first. */
static int one_of(struct sqlite3_stmt *s, int column, int n)
{
    int64_t value = sqlite3_column_int64(s, column);

    return value >= 0 && value < n ? (int)value : 0;
}

static bool lint_of(const char *name, enum alert_lint *lint)
{
    for (int i = 0; i < LINTS; i++) {
        *lint = (enum alert_lint)i;
        if (strcmp(alert_lint_name(*lint), name) == 0)
            return true;
    }
    return false;
}

/* False: a lint that this gomon does not know. */
static bool alert_of(struct sqlite3_stmt *row, int64_t mono_ns, struct alert *a)
{
    char name[32];

    *a = (struct alert){.raised_ns = recording_time(row, 0, 0),
                        .key = u64(row, 2),
                        .severity = (enum alert_severity)one_of(row, 3, ALERT_CRITICAL + 1),
                        .raised_real_ns = recording_time(row, 4, 0),
                        .cleared_ns = recording_time(row, 5, 0),
                        .pc = u64(row, 6),
                        .has_trend = u32(row, 8) > 0,
                        .trend = {.samples = u32(row, 8),
                                  .from_ns = recording_time(row, 9, 0),
                                  .to_ns = recording_time(row, 10, 0),
                                  .from_value = sqlite3_column_double(row, 11),
                                  .to_value = sqlite3_column_double(row, 12),
                                  .per_second = sqlite3_column_double(row, 13),
                                  .p = sqlite3_column_double(row, 14),
                                  .unit = (enum fmt_unit)one_of(row, 15, FMT_UNITS)}};
    if (a->cleared_ns > mono_ns)
        a->cleared_ns = 0;
    recording_text(row, 1, name, sizeof name);
    recording_text(row, 7, a->text, sizeof a->text);
    return lint_of(name, &a->lint);
}

void recording_read_alerts(struct recfile *f, int64_t mono_ns, struct alerts *a)
{
    struct sqlite3_stmt *row = recfile_select(f, RECFILE_ALERTS,
                                              "WHERE mono_ns<=?1 ORDER BY mono_ns DESC LIMIT 32");

    *a = (struct alerts){0};
    if (row == NULL)
        return;
    sqlite3_bind_int64(row, 1, mono_ns);
    while (sqlite3_step(row) == SQLITE_ROW)
        if (a->n < ALERTS_MAX && alert_of(row, mono_ns, &a->alert[a->n]))
            a->nstanding += a->alert[a->n++].cleared_ns == 0;
    sqlite3_finalize(row);
    qsort(a->alert, a->n, sizeof a->alert[0], alert_by_standing);
}
