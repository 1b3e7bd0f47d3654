/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "panels/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_SECOND INT64_C(1000000000)

struct figure parts_known(enum fmt_unit unit, double value)
{
    return (struct figure){.known = true, .value = value, .unit = unit};
}

struct figure parts_value(const struct model *model, unsigned metric)
{
    uint64_t value;
    struct figure figure = {.unit = model->metrics->info[metric].unit};

    figure.known = snapshot_value(model->snapshot, metric, &value);
    figure.value = (double)value;
    figure.compared = model->baseline != NULL && snapshot_value(model->baseline, metric, &value);
    figure.base = (double)value;
    return figure;
}

bool parts_is_off(const struct model *model, unsigned metric)
{
    uint64_t value;
    bool limit = metric == MON_GC_PERCENT || metric == MON_GC_MEMORY_LIMIT;

    return limit && snapshot_value(model->snapshot, metric, &value) && value >= INT64_MAX;
}

struct figure parts_rate(const struct model *model, unsigned metric)
{
    struct figure figure = {.unit = model->metrics->info[metric].unit, .per = FIGURE_PER_SECOND};

    figure.known = snapshot_rate(model->snapshot, metric, &figure.value);
    figure.compared = model->baseline != NULL &&
                      snapshot_rate(model->baseline, metric, &figure.base);
    return figure;
}

struct fact parts_exact(const struct model *model, const char *label, unsigned metric)
{
    struct fact fact = draw_fact(label, parts_value(model, metric));
    uint64_t value;

    struct figure figure = parts_value(model, metric);

    if (!snapshot_value(model->snapshot, metric, &value))
        return fact;
    fmt_grouped(fact.text, sizeof fact.text, value);
    if (figure.compared)
        draw_difference_text(fact.text + strlen(fact.text), sizeof fact.text - strlen(fact.text),
                             figure);
    return fact;
}

struct figure parts_cores(struct figure rate)
{
    return (struct figure){.known = rate.known,
                           .value = rate.value / 1e3,
                           .unit = FMT_PPM,
                           .compared = rate.compared,
                           .base = rate.base / 1e3};
}

int64_t parts_end_ns(const struct model *model)
{
    const struct target_status *status = &model->status;
    bool ended = target_has_ended(status->state) && status->since_ns > 0;

    return ended && status->since_ns < model->view.end_ns ? status->since_ns : model->view.end_ns;
}

int64_t parts_between(int64_t from_ns, int64_t to_ns)
{
    int64_t between_ns;

    if (to_ns < from_ns || __builtin_sub_overflow(to_ns, from_ns, &between_ns))
        return 0;
    return between_ns;
}

const char *parts_span(char text[FIGURE_BYTES], int64_t ns)
{
    int64_t seconds = ns < 0 ? 0 : ns / NS_PER_SECOND;

    if (seconds < 60)
        snprintf(text, FIGURE_BYTES, "%ds", (int)seconds);
    else
        fmt_duration(text, FIGURE_BYTES, (double)(seconds * NS_PER_SECOND));
    return text;
}

const char *parts_code(const struct model *model, uint64_t pc, char text[CODE_LINE_BYTES])
{
    const char *known = pc == 0 ? DRAW_MISSING : model_code_line(model, pc);

    if (known != NULL && known[0] != '\0')
        snprintf(text, CODE_LINE_BYTES, "%s", known);
    else
        snprintf(text, CODE_LINE_BYTES, "0x%" PRIx64, pc);
    return text;
}

const char *parts_code_in(const struct model *model, uint64_t pc, int cols,
                          char text[CODE_LINE_BYTES])
{
    char line[CODE_LINE_BYTES];
    char *blank = strrchr(parts_code(model, pc, line), ' ');
    struct draw_code code = {.function = "", .place = line};

    if (blank != NULL) {
        *blank = '\0';
        code = (struct draw_code){.function = line, .place = blank + 1};
    }
    draw_code(text, CODE_LINE_BYTES, code, cols);
    return text;
}

const char *parts_alert(const struct model *model, const struct alert *alert, int cols,
                        char text[PARTS_ALERT_BYTES])
{
    char code[CODE_LINE_BYTES] = "";

    if (alert->pc != 0)
        parts_code_in(model, alert->pc, cols, code);
    snprintf(text, PARTS_ALERT_BYTES, "%s%s%s", code, alert->pc != 0 ? "  " : "", alert->text);
    return text;
}

/* ---- Plots ---- */

static void add_alert_marks(struct parts_plot *parts, const struct model *model)
{
    for (uint32_t i = 0; i < model->alerts->n && i < ALERTS_MAX; i++)
        parts->alert_ns[parts->plot.nalerts++] = model->alerts->alert[i].raised_ns;
    parts->plot.alert_ns = parts->alert_ns;
}

void parts_plot_begin(struct parts_plot *parts, const struct model *model,
                      const struct panel_state *state, const struct canvas *canvas,
                      const char *title, enum fmt_unit unit)
{
    const struct panel_view *view = state->view;
    int cols = plot_body_columns(canvas->cols);

    parts->bridge_ns = view->delay_ns * 5 / 2;
    parts->plot = (struct plot){.tier = view->tier, .title = title, .unit = unit};
    parts->plot.time = plot_time_for(view->tier, cols, view->window_ns, parts_end_ns(model),
                                     model->real_ns - model->mono_ns);
    if (history_has(model->history, MON_GC_COUNT)) {
        plot_read_history(model->history, MON_GC_COUNT, &parts->plot.time, parts->bridge_ns,
                          parts->collections);
        parts->plot.collections = parts->collections;
    }
    add_alert_marks(parts, model);
    if (model->marks != NULL) {
        parts->plot.mark_ns = model->marks->at_ns;
        parts->plot.nmarks = (int)model->marks->n;
    }
    if (model->view.past && model->mono_ns < model->view.end_ns)
        parts->plot.cursor_ns = model->mono_ns;
}

void parts_plot_no_marks(struct parts_plot *parts)
{
    parts->plot.collections = NULL;
    parts->plot.nalerts = 0;
    parts->plot.nmarks = 0;
}

static struct plot_series *new_series(struct parts_plot *parts, const char *name,
                                      enum plot_style style)
{
    int n = parts->plot.nseries++;
    struct plot_series *series = &parts->plot.series[n];

    *series = (struct plot_series){
        .name = name,
        .bucket = parts->bucket[n],
        .style = style,
        .role = (enum role)(ROLE_SERIES_0 + n),
    };
    return series;
}

static void scale_buckets(struct plot_bucket *bucket, int n, float factor)
{
    for (int i = 0; i < n; i++) {
        bucket[i].min *= factor;
        bucket[i].mean *= factor;
        bucket[i].max *= factor;
    }
}

void parts_plot_add(struct parts_plot *parts, const struct model *model, unsigned metric,
                    const char *name, enum plot_style style, double factor)
{
    bool counter = model->metrics->info[metric].kind == KIND_COUNTER;

    if (parts->plot.nseries == PLOT_MAX_SERIES || !history_has(model->history, metric))
        return;
    struct plot_bucket *bucket = parts->bucket[parts->plot.nseries];
    struct plot_series *series = new_series(parts, name, style);
    plot_read_history(model->history, metric, &parts->plot.time, parts->bridge_ns, bucket);
    scale_buckets(bucket, parts->plot.time.nbuckets, (float)factor);
    struct figure now = counter ? parts_rate(model, metric) : parts_value(model, metric);
    series->has_now = now.known;
    series->now = now.value * factor;
}

void parts_plot_flatten(struct parts_plot *parts)
{
    if (parts->plot.nseries == 0)
        return;
    struct plot_series *series = &parts->plot.series[parts->plot.nseries - 1];
    struct plot_bucket *bucket = parts->bucket[parts->plot.nseries - 1];

    series->has_now = false;
    for (int i = 0; i < parts->plot.time.nknown; i++) {
        bucket[i].min = bucket[i].max = bucket[i].mean;
        if (bucket[i].n > 0 && i + 2 <= parts->plot.time.nknown) { /* the last one is not full */
            series->has_now = true;
            series->now = (double)bucket[i].mean;
        }
    }
}

struct plot_bucket *parts_plot_add_own(struct parts_plot *parts, const char *name,
                                       enum plot_style style)
{
    struct plot_bucket *bucket = parts->bucket[parts->plot.nseries];

    new_series(parts, name, style);
    memset(bucket, 0, sizeof parts->bucket[0]);
    return bucket;
}

int parts_plot_bucket(const struct parts_plot *parts, int64_t mono_ns)
{
    const struct plot_time *time = &parts->plot.time;
    int64_t end_ns = time->begin_ns + time->nbuckets * time->step_ns;

    if (mono_ns < time->begin_ns || mono_ns >= end_ns)
        return -1;
    return (int)((mono_ns - time->begin_ns) / time->step_ns);
}
