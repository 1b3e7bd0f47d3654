/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"

struct derived {
    const char *name;
    const char *help;
    enum fmt_unit unit;
};

static const struct derived derived[] = {
#define DERIVED(id, name, unit, help) {name, help, FMT_##unit},
#include "mon/derived.def"
#undef DERIVED
};

_Static_assert(ARRAY_COUNT(derived) == DERIVED_LINTS, "the lints follow what the table has");

/* How many of the unit of the page make one of figure_value's. */
static double parts_of(enum fmt_unit unit)
{
    switch (unit) {
    case FMT_NS:
    case FMT_UNIX_NS:
        return 1e9;
    case FMT_PPM:
        return 1e6;
    case FMT_COUNT:
    case FMT_BYTES:
    case FMT_ENUM:
        return 1.0;
    }
    UNREACHABLE();
}

/* ---- what there is ---- */

static void derived_info(int number, struct figure_info *info)
{
    *info = (struct figure_info){.kind = KIND_GAUGE};
    if (number < DERIVED_LINTS) {
        snprintf(info->name, sizeof info->name, "%s", derived[number].name);
        info->help = derived[number].help;
        info->unit = derived[number].unit;
        return;
    }
    enum alert_lint lint = (enum alert_lint)(number - DERIVED_LINTS);
    snprintf(info->name, sizeof info->name, "alerts.%s", alert_lint_name(lint));
    info->help = alert_lint_help(lint);
    info->unit = FMT_COUNT;
}

bool figure_info(const struct metric_table *t, int figure, struct figure_info *info)
{
    if (figure >= FIGURE_DERIVED && figure < FIGURES) {
        derived_info(figure - FIGURE_DERIVED, info);
        return true;
    }
    if (figure < 0 || figure >= (int)t->n)
        return false;
    const struct metric_info *metric = &t->info[figure];
    snprintf(info->name, sizeof info->name, "%s", metric->name);
    info->help = metric->help;
    info->unit = metric->unit;
    info->kind = metric->kind;
    return true;
}

int figure_find(const struct metric_table *t, const char *name)
{
    struct figure_info info;

    for (int i = 0; i < FIGURES; i++)
        if (figure_info(t, i, &info) && strcmp(info.name, name) == 0)
            return i;
    return -1;
}

/* ---- values ---- */

static double count_alerts(const struct alerts *a, enum alert_lint lint)
{
    double n = 0.0;

    for (uint32_t i = 0; i < a->nstanding; i++)
        n += a->alert[i].lint == lint;
    return n;
}

static bool pause_value(const struct pause_summary *p, uint64_t ns, double *value)
{
    *value = (double)ns / parts_of(FMT_NS);
    return p->n > 0;
}

static bool derived_value(const struct model *m, int number, double *value)
{
    const struct pause_summary *p = &m->snapshot->pauses;

    if (number >= DERIVED_LINTS) {
        *value = count_alerts(m->alerts, (enum alert_lint)(number - DERIVED_LINTS));
        return true;
    }
    switch ((enum derived_figure)number) {
    case DERIVED_PAUSE_P50:
        return pause_value(p, p->p50_ns, value);
    case DERIVED_PAUSE_P90:
        return pause_value(p, p->p90_ns, value);
    case DERIVED_PAUSE_P99:
        return pause_value(p, p->p99_ns, value);
    case DERIVED_PAUSE_MAX:
        return pause_value(p, p->max_ns, value);
    case DERIVED_UPTIME:
        *value = (double)(m->real_ns - m->target.start_real_ns) / parts_of(FMT_NS);
        return true;
    case DERIVED_ALERTS:
        *value = m->alerts->nstanding;
        return true;
    case DERIVED_LINTS:
    case DERIVED_FIGURES:
        break;
    }
    UNREACHABLE();
}

bool figure_value(const struct model *m, int figure, double *value)
{
    uint64_t raw;

    *value = 0.0;
    if (figure >= FIGURE_DERIVED)
        return derived_value(m, figure - FIGURE_DERIVED, value);
    if (!snapshot_value(m->snapshot, (unsigned)figure, &raw))
        return false;
    *value = raw == UINT64_MAX ? (double)INFINITY
                               : (double)raw / parts_of(m->metrics->info[figure].unit);
    return true;
}

bool figure_rate(const struct model *m, int figure, double *per_s)
{
    *per_s = 0.0;
    if (figure >= FIGURE_DERIVED || !snapshot_rate(m->snapshot, (unsigned)figure, per_s))
        return false;
    *per_s /= parts_of(m->metrics->info[figure].unit);
    return true;
}

/* ---- text ---- */

char *figure_text(char *buf, size_t size, enum fmt_unit unit, double value)
{
    if (isinf(value)) {
        snprintf(buf, size, "off");
        return buf;
    }
    return fmt_value(buf, size, unit, value * parts_of(unit));
}

const char *figure_unit_name(enum fmt_unit unit)
{
    switch (unit) {
    case FMT_NS:
        return "seconds";
    case FMT_UNIX_NS:
        return "unix-seconds";
    case FMT_PPM:
        return "share";
    case FMT_BYTES:
        return "bytes";
    case FMT_COUNT:
        return "count";
    case FMT_ENUM:
        return "code";
    }
    UNREACHABLE();
}
