/* SPDX-License-Identifier: MIT */
/* export_json.c - the half of export.h that needs a JSON library. */
#include "config.h"

#include "mon/export.h"

#if HAVE_JANSSON

#include <jansson.h>

#include "base/check.h"
#include "mon/figure.h"

#define TIME_BYTES FMT_BYTES_MAX

static void set(json_t *object, const char *key, json_t *value)
{
    int failed = json_object_set_new(object, key, value);

    CHECK(failed == 0);
}

/* JSON has no number above 2^63 - 1: such a figure means "off" or "none", and is null. */
static json_t *figure(uint64_t value)
{
    return value > INT64_MAX ? json_null() : json_integer((json_int_t)value);
}

static json_t *time_text(int64_t real_ns)
{
    char text[TIME_BYTES];

    return json_string(fmt_rfc3339(text, sizeof text, real_ns));
}

static json_t *metrics_object(const struct model *m)
{
    json_t *o = json_object();

    for (unsigned i = 0; i < m->metrics->n; i++)
        if (m->snapshot->has_value[i])
            set(o, m->metrics->info[i].name, figure(m->snapshot->value[i]));
    return o;
}

static json_t *rates_object(const struct model *m)
{
    json_t *o = json_object();

    for (unsigned i = 0; i < m->metrics->n; i++)
        if (m->snapshot->has_rate[i] && m->metrics->info[i].kind == KIND_COUNTER)
            set(o, m->metrics->info[i].name, json_real(m->snapshot->rate[i]));
    return o;
}

static json_t *pauses_object(const struct pause_summary *p)
{
    json_t *o = json_object();

    set(o, "n", json_integer(p->n));
    set(o, "p50", figure(p->p50_ns));
    set(o, "p90", figure(p->p90_ns));
    set(o, "p99", figure(p->p99_ns));
    set(o, "max", figure(p->max_ns));
    return o;
}

/* [from, below, count] of each bucket that has any, in ns; the last one is below null. */
static json_t *latency_array(const struct latency_sample *l)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < l->n; i++) {
        json_t *bucket;
        int failed;

        if (l->count[i] == 0)
            continue;
        bucket = json_pack("[o, o, o]", figure(l->from_ns[i]),
                           i + 1 < l->n ? figure(l->from_ns[i + 1]) : json_null(),
                           figure(l->count[i]));
        failed = json_array_append_new(array, bucket);
        CHECK(failed == 0);
    }
    return array;
}

static const char *const proc_state[PROC_STATES] = {[PROC_IDLE] = "idle",
                                                    [PROC_RUNNING] = "running",
                                                    [PROC_BLOCKING] = "blocking",
                                                    [PROC_STOPPED] = "stopped",
                                                    [PROC_SPINNING] = "spinning"};

static json_t *proc_object(const struct proc_sample *p)
{
    json_t *time = json_object();
    json_t *o = json_object();

    set(o, "id", json_integer(p->id));
    set(o, "state", json_string(proc_state[p->state]));
    set(o, "runq", json_integer(p->runq));
    set(o, "task", figure(p->task));
    set(o, "switches", figure(p->switches));
    set(o, "steals", figure(p->steals));
    set(o, "detaches", figure(p->detaches));
    for (int i = 0; i < PROC_STATES; i++)
        set(time, proc_state[i], figure(p->state_ns[i]));
    set(o, "time", time);
    return o;
}

static json_t *procs_array(const struct snapshot *s)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < s->nprocs; i++) {
        int failed = json_array_append_new(array, proc_object(&s->proc[i]));

        CHECK(failed == 0);
    }
    return array;
}

/* The code at PC is looked up by the return address CODE_PC. */
static json_t *code_object(const struct model *m, uint64_t pc, uint64_t code_pc)
{
    const char *code = model_code_line(m, code_pc);
    json_t *o = json_object();
    char text[24];

    snprintf(text, sizeof text, "0x%llx", (unsigned long long)pc);
    set(o, "pc", json_string(text));
    if (code != NULL)
        set(o, "code", json_string(code));
    return o;
}

static void append(json_t *array, json_t *value)
{
    int failed = json_array_append_new(array, value);

    CHECK(failed == 0);
}

static json_t *stop_object(const struct gc_stop *stop)
{
    json_t *o = json_object();

    set(o, "stop", figure(stop->stop_ns));
    set(o, "off_cpu", figure(stop->off_cpu_ns));
    set(o, "work", figure(stop->work_ns));
    set(o, "restart", figure(stop->restart_ns));
    return o;
}

static json_t *last_object(const struct model *m, const struct gc_last *last)
{
    static const char *const how[] = {[STOPPED_UNKNOWN] = "unknown",
                                      [STOPPED_BY_SIGNAL] = "signal",
                                      [STOPPED_IN_RUNTIME] = "runtime",
                                      [STOPPED_BY_BLOCKING] = "blocking"};
    json_t *stack = json_array();
    json_t *o = json_object();

    for (uint32_t i = 0; i < last->nframes; i++)
        append(stack, code_object(m, last->pc[i], gc_last_code(last, i)));
    set(o, "task", figure(last->task));
    set(o, "name", json_string(last->name));
    set(o, "how", json_string(how[last->how]));
    set(o, "stack", stack);
    return o;
}

/* The newest collection; all times in ns. */
static json_t *cycle_object(const struct model *m, const struct gc_cycle *c)
{
    static const char *const trigger[] = {[GC_BY_HEAP] = "heap",
                                          [GC_BY_TIME] = "time",
                                          [GC_BY_CALL] = "call",
                                          [GC_BY_LIMIT] = "limit"};
    json_t *o = json_object();

    set(o, "number", figure(c->number));
    set(o, "end", time_text(c->end_real_ns));
    set(o, "trigger", json_string(trigger[c->trigger]));
    set(o, "mode", json_string(c->mode == GC_MODE_CONCURRENT ? "concurrent" : "stw"));
    set(o, "pause", figure(c->pause_ns));
    if (c->mode == GC_MODE_CONCURRENT)
        set(o, "first_stop", stop_object(&c->first));
    set(o, "last_stop", stop_object(&c->last));
    set(o, "clean", figure(c->clean_ns));
    set(o, "beside", figure(c->beside_ns));
    set(o, "markers", figure(c->marker_ns));
    set(o, "assists", figure(c->assist_ns));
    set(o, "rounds", figure(c->rounds));
    set(o, "written_pages", figure(c->written_pages));
    set(o, "last_pages", figure(c->last_pages));
    set(o, "heap_before", figure(c->heap_before));
    set(o, "heap_end", figure(c->heap_end));
    set(o, "heap_live", figure(c->heap_live));
    set(o, "heap_goal", figure(c->heap_goal));
    if (c->last_stopped.task != 0)
        set(o, "last_to_stop", last_object(m, &c->last_stopped));
    return o;
}

static json_t *classes_array(const struct snapshot *s)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < s->nclasses; i++) {
        const struct class_sample *c = &s->size_class[i];
        json_t *o;

        if (c->mallocs == 0)
            continue;
        o = json_object();
        set(o, "bytes", json_integer(c->object_bytes));
        set(o, "mallocs", figure(c->mallocs));
        set(o, "frees", figure(c->frees));
        set(o, "live_bytes", figure(c->live_bytes));
        set(o, "free_bytes", figure(class_free_bytes(c)));
        set(o, "spans", figure(c->spans));
        append(array, o);
    }
    return array;
}

static json_t *sites_array(const struct model *m, enum site_order order)
{
    uint16_t index[SNAPSHOT_MAX_SITES];
    uint32_t n = snapshot_order_sites(m->snapshot, order, index);
    json_t *array = json_array();

    for (uint32_t i = 0; i < n && i < EXPORT_SITES; i++) {
        const struct alloc_site *site = &m->snapshot->site[index[i]];
        json_t *o = code_object(m, site->pc, site->pc);

        set(o, "live_bytes", figure(site->live_bytes));
        set(o, "live_objects", figure(site->live_objects));
        set(o, "before_bytes", figure(site->before_bytes));
        append(array, o);
    }
    return array;
}

static json_t *trend_object(const struct alert_trend *t)
{
    json_t *o = json_object();

    set(o, "samples", json_integer(t->samples));
    set(o, "seconds", json_real((double)(t->to_ns - t->from_ns) / 1e9));
    set(o, "from", json_real(t->from_value));
    set(o, "to", json_real(t->to_value));
    set(o, "per_second", json_real(t->per_second));
    set(o, "p", json_real(t->p));
    return o;
}

/* The code line of PC, or its address if that is not known. */
static void set_code(json_t *o, const char *name, const struct model *m, uint64_t pc)
{
    const char *code = model_code_line(m, pc);
    char text[24];

    snprintf(text, sizeof text, "0x%llx", (unsigned long long)pc);
    set(o, name, json_string(code != NULL && code[0] != '\0' ? code : text));
}

static json_t *leaks_array(const struct model *m)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < m->snapshot->nleaks; i++) {
        const struct leak_sample *leak = &m->snapshot->leak[i];
        json_t *o = json_object();
        int failed;

        set(o, "tasks", figure(leak->count));
        set(o, "reason", json_string(task_reason_name(leak->reason)));
        set_code(o, "spawned_at", m, leak->spawn_pc);
        set_code(o, "waits_at", m, leak->wait_pc);
        set(o, "since", time_text(m->snapshot->real_ns - (m->snapshot->mono_ns - leak->proven_ns)));
        failed = json_array_append_new(array, o);
        CHECK(failed == 0);
    }
    return array;
}

static json_t *alert_object(const struct model *m, const struct alert *a)
{
    static const char *const severity[] = {"note", "warning", "critical"};
    const char *code = a->pc == 0 ? NULL : model_code_line(m, a->pc);
    json_t *o = json_object();
    char pc[24];

    set(o, "lint", json_string(alert_lint_name(a->lint)));
    set(o, "severity", json_string(severity[a->severity]));
    set(o, "since", time_text(a->raised_real_ns));
    set(o, "text", json_string(a->text));
    if (a->pc != 0) {
        snprintf(pc, sizeof pc, "0x%llx", (unsigned long long)a->pc);
        set(o, "pc", json_string(pc));
    }
    if (code != NULL)
        set(o, "code", json_string(code));
    if (a->wait_pc != 0)
        set_code(o, "waits_at", m, a->wait_pc);
    if (a->has_trend)
        set(o, "trend", trend_object(&a->trend));
    return o;
}

static json_t *alerts_array(const struct model *m)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < m->alerts->nstanding; i++) {
        int failed = json_array_append_new(array, alert_object(m, &m->alerts->alert[i]));

        CHECK(failed == 0);
    }
    return array;
}

static void write_line(FILE *out, json_t *object)
{
    json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(9));
    fputc('\n', out);
    json_decref(object);
}

bool export_json(FILE *out, const struct model *m)
{
    const struct snapshot *s = m->snapshot;
    json_t *hist = json_object();
    json_t *o = json_object();

    set(o, "schema", json_integer(EXPORT_SCHEMA));
    set(o, "t", time_text(s->real_ns));
    set(o, "mono_ns", json_integer(s->mono_ns));
    set(o, "pid", json_integer(m->target.pid));
    set(o, "start", time_text(m->target.start_real_ns));
    set(o, "name", json_string(m->target.name));
    set(o, "state", json_string(target_state_name(m->status.state)));
    set(o, "gap_ns", json_integer(s->stale ? m->mono_ns - s->published_ns : 0));
    set(o, "metrics", metrics_object(m));
    set(o, "rates", rates_object(m));
    set(hist, "gc.pause", pauses_object(&s->pauses));
    if (s->latency.n > 0)
        set(hist, "sched.latency", latency_array(&s->latency));
    set(o, "hist", hist);
    set(o, "procs", procs_array(s));
    if (s->nleaks > 0)
        set(o, "leaks", leaks_array(m));
    if (snapshot_last_cycle(s) != NULL)
        set(o, "gc", cycle_object(m, snapshot_last_cycle(s)));
    set(o, "size_classes", classes_array(s));
    set(o, "sites", sites_array(m, SITES_BY_LIVE));
    set(o, "sites_grown", sites_array(m, SITES_BY_GROWTH));
    set(o, "alerts", alerts_array(m));
    write_line(out, o);
    return true;
}

bool export_targets_json(FILE *out, const struct target_list *list)
{
    for (unsigned i = 0; i < list->n; i++) {
        const struct target *t = &list->target[i];
        json_t *o = json_object();

        set(o, "schema", json_integer(EXPORT_SCHEMA));
        set(o, "pid", json_integer(t->pid));
        set(o, "uid", json_integer(t->uid));
        set(o, "name", json_string(t->name));
        set(o, "live", json_boolean(t->live));
        set(o, "since", time_text(t->since_real_ns));
        write_line(out, o);
    }
    return true;
}

bool export_figures_json(FILE *out, const struct metric_table *t)
{
    struct figure_info info;

    for (int i = 0; i < FIGURES; i++) {
        if (!figure_info(t, i, &info))
            continue;
        json_t *o = json_object();
        set(o, "schema", json_integer(EXPORT_SCHEMA));
        set(o, "name", json_string(info.name));
        set(o, "type", json_string(info.kind == KIND_COUNTER ? "counter" : "gauge"));
        set(o, "unit", json_string(figure_unit_name(info.unit)));
        set(o, "help", json_string(info.help));
        write_line(out, o);
    }
    return true;
}

#else

bool export_json(FILE *out, const struct model *m)
{
    (void)out;
    (void)m;
    return false;
}

bool export_targets_json(FILE *out, const struct target_list *list)
{
    (void)out;
    (void)list;
    return false;
}

bool export_figures_json(FILE *out, const struct metric_table *t)
{
    (void)out;
    (void)t;
    return false;
}

#endif
