/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/export.h"

#include <inttypes.h>
#include <pwd.h>

#include "base/bits.h"
#include "base/clock.h"
#include "mon/figure.h"

#define MISSING "-"

/* Rates of the status line: so many seconds of what the page has kept. */
#define ALLOC_SECONDS  10
#define GC_SECONDS     60
#define LATELY_SECONDS 3

/* ---- rows ---- */

enum cell { CELL_CLOCK, CELL_STATE, CELL_VALUE, CELL_RATE, CELL_PAUSE, CELL_CPU, CELL_ALERTS };

static const struct {
    const char *title;
    enum cell cell;
    unsigned metric; /* of CELL_VALUE and CELL_RATE */
} columns[] = {
    {"time", CELL_CLOCK, 0},
    {"state", CELL_STATE, 0},
    {"alloc", CELL_VALUE, MON_HEAP_ALLOC},
    {"live", CELL_VALUE, MON_HEAP_LIVE},
    {"goal", CELL_VALUE, MON_GC_GOAL},
    {"sys", CELL_VALUE, MON_MEM_SYS},
    {"rss", CELL_VALUE, MON_PROCESS_RSS},
    {"alloc/s", CELL_RATE, MON_HEAP_TOTAL_ALLOC},
    {"gcs", CELL_VALUE, MON_GC_COUNT},
    {"p99", CELL_PAUSE, 0},
    {"tasks", CELL_VALUE, MON_TASKS},
    {"running", CELL_VALUE, MON_TASKS_RUNNING},
    {"waiting", CELL_VALUE, MON_TASKS_WAITING},
    {"runq", CELL_VALUE, MON_RUNQ},
    {"cpu", CELL_CPU, 0},
    {"alerts", CELL_ALERTS, 0},
};

static const char *value_text(const struct model *m, unsigned metric, char text[FMT_BYTES_MAX])
{
    uint64_t value;

    if (!snapshot_value(m->snapshot, metric, &value))
        return MISSING;
    return fmt_value(text, FMT_BYTES_MAX, m->metrics->info[metric].unit, (double)value);
}

static const char *rate_text(const struct model *m, unsigned metric, char text[FMT_BYTES_MAX])
{
    double rate;

    if (!snapshot_rate(m->snapshot, metric, &rate))
        return MISSING;
    return fmt_value(text, FMT_BYTES_MAX, m->metrics->info[metric].unit, rate);
}

/* Of one core, as top(1) counts. */
static const char *cpu_text(const struct model *m, char text[FMT_BYTES_MAX])
{
    double ns_per_s;

    if (!snapshot_rate(m->snapshot, MON_PROCESS_CPU, &ns_per_s))
        return MISSING;
    return fmt_ppm(text, FMT_BYTES_MAX, ns_per_s / 1e3);
}

static const char *cell_text(const struct model *m, size_t column, char text[FMT_BYTES_MAX])
{
    switch (columns[column].cell) {
    case CELL_CLOCK:
        return fmt_clock(text, FMT_BYTES_MAX, m->snapshot->real_ns);
    case CELL_STATE:
        return target_state_name(m->status.state);
    case CELL_VALUE:
        return value_text(m, columns[column].metric, text);
    case CELL_RATE:
        return rate_text(m, columns[column].metric, text);
    case CELL_PAUSE:
        if (m->snapshot->pauses.n == 0)
            return MISSING;
        return fmt_duration(text, FMT_BYTES_MAX, (double)m->snapshot->pauses.p99_ns);
    case CELL_CPU:
        return cpu_text(m, text);
    case CELL_ALERTS:
        return fmt_count(text, FMT_BYTES_MAX, m->alerts->nstanding);
    }
    return MISSING;
}

void export_titles(FILE *out)
{
    for (size_t i = 0; i < ARRAY_COUNT(columns); i++)
        fprintf(out, i == 0 ? "%-*s" : " %*s", FMT_WIDTH - (i > 0), columns[i].title);
    fputc('\n', out);
}

void export_row(FILE *out, const struct model *m)
{
    char text[FMT_BYTES_MAX];

    for (size_t i = 0; i < ARRAY_COUNT(columns); i++)
        fprintf(out, i == 0 ? "%-*s" : " %*s", FMT_WIDTH - (i > 0), cell_text(m, i, text));
    fputc('\n', out);
}

/* ---- the status line ---- */

/* tmux takes # in a status line for the beginning of a command. */
static void put_name(FILE *out, const char *name)
{
    for (; *name != '\0'; name++)
        fputc(*name == '#' ? '_' : *name, out);
}

static void put_figure(FILE *out, const struct model *m, const char *label, unsigned metric)
{
    char text[FMT_BYTES_MAX];

    fprintf(out, " %s%s", label, value_text(m, metric, text));
}

struct kept {
    int64_t at_ns;
    double count;
};

/* Whether a counter was kept in the second from AT_NS on: as it was at its end. */
static bool kept_in(const struct model *m, unsigned metric, int64_t at_ns, struct kept *kept)
{
    struct history_bucket second;

    if (at_ns < 0 || !history_range(m->history, metric, at_ns, at_ns + NS_PER_S, &second))
        return false;
    *kept = (struct kept){.at_ns = at_ns, .count = second.last};
    return true;
}

static bool kept_lately(const struct model *m, unsigned metric, int64_t end_ns, struct kept *kept)
{
    for (int64_t ago = 1; ago <= LATELY_SECONDS; ago++)
        if (kept_in(m, metric, end_ns - ago * NS_PER_S, kept))
            return true;
    return false;
}

static bool kept_first(const struct model *m, unsigned metric, int64_t from_ns, int64_t end_ns,
                       struct kept *kept)
{
    for (int64_t at_ns = from_ns; at_ns < end_ns; at_ns += NS_PER_S)
        if (kept_in(m, metric, at_ns, kept))
            return true;
    return false;
}

/* Per second, over whole seconds that the page has kept, SECONDS at most. That of now is left out:
 * it is cut short by when it is looked at. False: there are not two of them, none lately, or
 * the counter fell. */
static bool kept_rate(const struct model *m, unsigned metric, int64_t seconds, double *per_s)
{
    int64_t end_ns = m->snapshot->published_ns / NS_PER_S * NS_PER_S;
    struct kept first;
    struct kept last;

    if (m->history == NULL || m->status.state != TARGET_LIVE ||
        !kept_lately(m, metric, end_ns, &last) ||
        !kept_first(m, metric, end_ns - seconds * NS_PER_S, last.at_ns, &first) ||
        last.count < first.count)
        return false;
    *per_s = (last.count - first.count) * (double)NS_PER_S / (double)(last.at_ns - first.at_ns);
    return true;
}

static void put_alloc_rate(FILE *out, const struct model *m)
{
    char text[FMT_BYTES_MAX];
    double per_s;

    if (kept_rate(m, MON_HEAP_TOTAL_ALLOC, ALLOC_SECONDS, &per_s))
        fprintf(out, " alloc %s/s", fmt_bytes(text, sizeof text, per_s));
}

static void put_gc_rate(FILE *out, const struct model *m)
{
    double per_s;

    if (kept_rate(m, MON_GC_COUNT, GC_SECONDS, &per_s))
        fprintf(out, per_s > 0.0 && per_s * 60.0 < 9.95 ? " %.1f/min" : " %.0f/min", per_s * 60.0);
}

void export_status(FILE *out, const struct model *m)
{
    uint32_t n = m->alerts->nstanding;
    char text[FMT_BYTES_MAX];

    put_name(out, m->target.name);
    if (m->status.state != TARGET_LIVE)
        fprintf(out, " %s", target_state_name(m->status.state));
    put_figure(out, m, "", MON_HEAP_LIVE);
    put_alloc_rate(out, m);
    put_figure(out, m, "rss ", MON_PROCESS_RSS);
    put_figure(out, m, "tasks ", MON_TASKS);
    put_figure(out, m, "gc ", MON_GC_CPU);
    put_gc_rate(out, m);
    if (m->snapshot->pauses.n > 0)
        fprintf(out, " p99 %s",
                fmt_duration(text, sizeof text, (double)m->snapshot->pauses.p99_ns));
    if (m->forecast != NULL && m->forecast->state == FORECAST_KNOWN)
        fprintf(out, " limit in %s", fmt_duration(text, sizeof text, (double)m->forecast->left_ns));
    if (n > 0)
        fprintf(out, " ! %s", alert_lint_name(m->alerts->alert[0].lint));
    if (n > 1)
        fprintf(out, " +%u", n - 1);
    fputc('\n', out);
}

/* ---- alerts ---- */

static void put_alert(FILE *out, const struct model *m, const struct alert *a)
{
    const char *code = a->pc == 0 ? NULL : model_code_line(m, a->pc);
    char time[FMT_BYTES_MAX];

    fmt_clock(time, sizeof time, a->cleared_ns == 0 ? a->raised_real_ns
                                                    : model_real_ns(m, a->cleared_ns));
    fprintf(out, "%c %s %s: %s%s%s%s\n", a->cleared_ns == 0 ? '!' : '.', time,
            alert_lint_name(a->lint), a->cleared_ns == 0 ? "" : "no longer: ", a->text,
            code == NULL ? "" : ", ", code == NULL ? "" : code);
}

void export_alerts(FILE *out, const struct model *m, const struct export_alerts_how *how)
{
    for (uint32_t i = m->alerts->n; i > 0; i--) {
        const struct alert *a = &m->alerts->alert[i - 1];

        if (a->raised_ns <= how->since_ns && a->cleared_ns <= how->since_ns)
            continue;
        if (how->with_pid)
            fprintf(out, "%7d  ", (int)m->target.pid);
        put_alert(out, m, a);
    }
}

/* ---- metrics ---- */

void export_metrics(FILE *out, const struct model *m)
{
    char text[FMT_BYTES_MAX];

    for (unsigned i = 0; i < m->metrics->n; i++)
        if (m->snapshot->has_value[i])
            fprintf(out, "%-26s %20" PRIu64 "  %s\n", m->metrics->info[i].name,
                    m->snapshot->value[i], value_text(m, i, text));
}

/* ---- figures ---- */

void export_figures(FILE *out, const struct metric_table *t)
{
    struct figure_info info;

    for (int i = 0; i < FIGURES; i++)
        if (figure_info(t, i, &info))
            fprintf(out, "%-26s %-8s %-13s %s\n", info.name,
                    info.kind == KIND_COUNTER ? "counter" : "gauge", figure_unit_name(info.unit),
                    info.help);
}

/* ---- targets ---- */

void export_targets(FILE *out, const struct target_list *list)
{
    fprintf(out, "%7s  %-10s %-5s %-19s  %s\n", "PID", "USER", "", "SINCE", "NAME");
    for (unsigned i = 0; i < list->n; i++) {
        const struct target *t = &list->target[i];
        const struct passwd *user = getpwuid(t->uid);
        char uid[16];
        char since[FMT_BYTES_MAX];

        snprintf(uid, sizeof uid, "%u", (unsigned)t->uid);
        fprintf(out, "%7d  %-10.10s %-5s %-19s  %s\n", (int)t->pid,
                user == NULL ? uid : user->pw_name, t->live ? "live" : "dead",
                fmt_date(since, sizeof since, t->since_real_ns), t->name);
    }
}

/* ---- code ---- */

static uint32_t add_sites(const struct snapshot *s, enum site_order order,
                          uint64_t pc[EXPORT_SITES])
{
    uint16_t index[SNAPSHOT_MAX_SITES];
    uint32_t n = snapshot_order_sites(s, order, index);

    if (n > EXPORT_SITES)
        n = EXPORT_SITES;
    for (uint32_t i = 0; i < n; i++)
        pc[i] = s->site[index[i]].pc;
    return n;
}

uint32_t export_codes(const struct model *m, uint64_t pc[EXPORT_CODES])
{
    const struct gc_cycle *cycle = snapshot_last_cycle(m->snapshot);
    uint32_t n = 0;

    for (uint32_t i = 0; cycle != NULL && i < cycle->last_stopped.nframes; i++)
        pc[n++] = gc_last_code(&cycle->last_stopped, i);
    n += add_sites(m->snapshot, SITES_BY_LIVE, pc + n);
    return n + add_sites(m->snapshot, SITES_BY_GROWTH, pc + n);
}
