/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/clock.h"
#include "mon/dump.h"
#include "tests/support/fixture_cycle.h"

#define MIB        (UINT64_C(1) << 20)
#define PAST_S     1200
#define GC_EVERY_S 7
#define NPROCS     8

/* A whole number below N that depends on nothing but T and SALT. */
static uint64_t noise(int64_t t, uint64_t salt, uint64_t n)
{
    uint64_t x = (uint64_t)t * UINT64_C(0x9e3779b97f4a7c15) + salt * UINT64_C(0xbf58476d1ce4e5b9);

    x ^= x >> 31;
    x *= UINT64_C(0x94d049bb133111eb);
    return (x >> 33) % n;
}

static void set(struct fixture *f, unsigned metric, uint64_t value)
{
    f->snapshot.value[metric] = value;
    f->snapshot.has_value[metric] = true;
}

static void set_rate(struct fixture *f, unsigned metric, double per_s)
{
    f->snapshot.rate[metric] = per_s;
    f->snapshot.has_rate[metric] = true;
}

/* ---- The past of a server under load ---- */

struct moment {
    uint64_t live, alloc, goal, sys, total_alloc, gc_count, pause_total, tasks, running, runnable,
        blocking, rss, outside, cpu, switches;
};

/* T in seconds before now, negative. */
static struct moment moment_at(int64_t t)
{
    uint64_t since = (uint64_t)(t + 100000);
    uint64_t cycle = since / GC_EVERY_S;
    struct moment m = {.live = 380 * MIB + (uint64_t)(t + PAST_S) * MIB / 30};

    m.goal = 2 * m.live;
    m.alloc = m.live + m.live * (since % GC_EVERY_S) / GC_EVERY_S;
    m.sys = 1150 * MIB;
    m.total_alloc = since * 55 * MIB + noise(t, 1, 9 * MIB);
    m.gc_count = cycle;
    m.pause_total = cycle * 400000 + noise((int64_t)cycle, 2, 300000);
    m.tasks = 41203 + (uint64_t)((t + PAST_S) * 2 / 3) - noise(t, 3, 40);
    m.running = 2 + noise(t, 4, 6);
    m.runnable = t > -420 && t < -400 ? 900 : noise(t, 5, 30);
    m.blocking = noise(t, 6, 8);
    m.outside = 190 * MIB + noise(t / 60, 7, 4 * MIB);
    m.rss = 980 * MIB + m.outside;
    m.cpu = since * 2120000000 + noise(t, 8, 200000000);
    m.switches = since * 184000 + noise(t, 9, 20000);
    return m;
}

static void record_moment(struct fixture *f, int64_t t)
{
    struct moment m = moment_at(t);
    const struct {
        unsigned metric;
        uint64_t value;
    } values[] = {
        {MON_HEAP_ALLOC, m.alloc},
        {MON_HEAP_LIVE, m.live},
        {MON_GC_GOAL, m.goal},
        {MON_MEM_SYS, m.sys},
        {MON_HEAP_TOTAL_ALLOC, m.total_alloc},
        {MON_GC_COUNT, m.gc_count},
        {MON_GC_PAUSE_TOTAL, m.pause_total},
        {MON_TASKS, m.tasks},
        {MON_TASKS_RUNNING, m.running},
        {MON_TASKS_RUNNABLE, m.runnable},
        {MON_TASKS_BLOCKING, m.blocking},
        {MON_TASKS_WAITING, m.tasks - m.running - m.runnable - m.blocking},
        {MON_RUNQ, m.runnable},
        {MON_RUNQ_GLOBAL, m.runnable / 3},
        {MON_PROCESS_RSS, m.rss},
        {MON_PROCESS_OUTSIDE, m.outside},
        {MON_PROCESS_CPU, m.cpu},
        {MON_SWITCHES, m.switches},
    };

    for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
        history_add(f->history, values[i].metric, FIXTURE_NOW_NS + t * NS_PER_S, values[i].value);
        set(f, values[i].metric, values[i].value);
    }
}

static void record_procs(struct fixture *f, int64_t t)
{
    struct snapshot *s = &f->snapshot;

    s->nprocs = NPROCS;
    s->mono_ns = FIXTURE_NOW_NS + t * NS_PER_S;
    for (uint32_t i = 0; i < NPROCS; i++) {
        uint32_t busy = (uint32_t)noise(t / 20, i + 20, 1000000);
        uint32_t gc = t % GC_EVERY_S == 0 ? 150000 : 0;
        uint32_t blocking = i == 2 && t > -600 && t < -500 ? 900000 : 0;
        busy = blocking > 0 ? 50000 : busy * 8 / 10;
        s->proc[i].share_ppm[PROC_RUNNING] = busy;
        s->proc[i].share_ppm[PROC_STOPPED] = gc;
        s->proc[i].share_ppm[PROC_BLOCKING] = blocking > 0 ? blocking - gc : 0;
        s->proc[i].share_ppm[PROC_SPINNING] = 10000 * (i % 3);
        s->proc[i].share_ppm[PROC_IDLE] = blocking > 0 ? 50000 - 10000 * (i % 3)
                                                       : 1000000 - busy - gc - 10000 * (i % 3);
    }
    proc_history_add(f->procs, s);
}

/* ---- The present ---- */

static void fill_figures(struct fixture *f)
{
    static const struct {
        unsigned metric;
        uint64_t value;
    } values[] = {
        {MON_HEAP_MALLOCS, 812345678},
        {MON_HEAP_FREES, 809123456},
        {MON_HEAP_SYS, 1024 * MIB},
        {MON_HEAP_IDLE, 340 * MIB},
        {MON_HEAP_INUSE, 684 * MIB},
        {MON_HEAP_RELEASED, 120 * MIB},
        {MON_HEAP_OBJECTS, 3222222},
        {MON_STACK_INUSE, 96 * MIB},
        {MON_GC_LAST, FIXTURE_REAL_NS - 3 * NS_PER_S},
        {MON_GC_FORCED, 2},
        {MON_GC_CPU, 31000},
        {MON_GC_PERCENT, 100},
        {MON_GC_MEMORY_LIMIT, INT64_MAX},
        {MON_GC_MODE, GC_MODE_STOP_THE_WORLD},
        {MON_GC_LIMITER_LAST, 17},
        {MON_PROCS, NPROCS},
        {MON_PROCS_IDLE, 2},
        {MON_THREADS, 14},
        {MON_TIMERS, 812},
        {MON_LATENCY_P50, 1300},
        {MON_LATENCY_P99, 84000},
        {MON_LATENCY_MAX, 2100000},
        {MON_NETPOLL_WAITERS, 40000},
        {MON_PROCESS_THREADS, 19},
        {MON_PROCESS_FILES, 40211},
        {MON_PROCESS_FILES_LIMIT, 65536},
        {MON_CGROUP_MEMORY, 1400 * MIB},
        {MON_CGROUP_LIMIT, 2048 * MIB},
    };

    for (size_t i = 0; i < ARRAY_COUNT(values); i++)
        set(f, values[i].metric, values[i].value);
    set_rate(f, MON_HEAP_TOTAL_ALLOC, 55.0 * MIB);
    set_rate(f, MON_HEAP_MALLOCS, 610000);
    set_rate(f, MON_HEAP_FREES, 598000);
    set_rate(f, MON_SWITCHES, 184000);
    set_rate(f, MON_STEALS, 1200);
    set_rate(f, MON_DETACHES, 0.4);
    set_rate(f, MON_BLOCKING_ENTERED, 310);
    set_rate(f, MON_BLOCKING_TAKEN, 12);
    set_rate(f, MON_PARKS, 90000);
    set_rate(f, MON_TASKS_CREATED, 12000);
    set_rate(f, MON_PROCESS_CPU, 2.12e9);
    set_rate(f, MON_GC_COUNT, 1.0 / GC_EVERY_S);
}

static void fill_procs(struct fixture *f)
{
    for (uint32_t i = 0; i < NPROCS; i++) {
        struct proc_sample *proc = &f->snapshot.proc[i];
        proc->id = i;
        proc->state = i < 5 ? PROC_RUNNING : i == 5 ? PROC_BLOCKING : PROC_IDLE;
        proc->runq = i * 3 % 7;
        proc->tid = 8125 + (int32_t)i;
        proc->task = i < 6 ? 40000 + i * 37 : 0;
        proc->task_since_ns = FIXTURE_NOW_NS - (int64_t)(i * i) * 900000;
        proc->switches_per_s = 23000 - i * 1100;
        proc->detaches = i / 3;
    }
}

/* Waits of some hundred nanoseconds, and a few of a millisecond. */
static void fill_latencies(struct fixture *f)
{
    struct latency_sample *l = &f->snapshot.latency;

    l->n = 100;
    l->lately_ns = 60 * NS_PER_S;
    for (uint32_t i = 0; i < l->n; i++) {
        uint64_t off = i > 30 ? i - 30 : 30 - i;

        l->from_ns[i] = (4 + i % 4) << (i / 4 + 1);
        l->lately[i] = i < 12 || i > 84 ? 0 : 40000 / (off * off + 20) + (i == 70 ? 300 : 0);
        l->count[i] = 100 * l->lately[i];
    }
}

static void fill_cycles(struct fixture *f)
{
    struct snapshot *s = &f->snapshot;
    uint64_t newest = (uint64_t)(100000 / GC_EVERY_S);

    s->ncycles = 120;
    for (uint32_t i = 0; i < s->ncycles; i++) {
        struct gc_cycle *cycle = &s->cycle[i];
        cycle->number = newest - s->ncycles + 1 + i;
        int64_t t = (int64_t)cycle->number * GC_EVERY_S - 100000;
        cycle->start_mono_ns = FIXTURE_NOW_NS + t * NS_PER_S;
        cycle->end_real_ns = FIXTURE_REAL_NS + t * NS_PER_S;
        cycle->stop_ns = 21000 + noise(t, 11, 60000);
        cycle->mark_ns = 250000 + noise(t, 12, 400000) + (i % 40 == 17 ? 6000000 : 0);
        cycle->restart_ns = 9000 + noise(t, 13, 5000);
        cycle->pause_ns = cycle->stop_ns + cycle->mark_ns + cycle->restart_ns;
        cycle->heap_live = moment_at(t).live;
        cycle->heap_before = cycle->heap_goal = 2 * cycle->heap_live;
        cycle->trigger = i % 50 == 0 ? GC_BY_CALL : GC_BY_HEAP;
        cycle->procs = NPROCS;
        cycle->tasks = (uint32_t)moment_at(t).tasks;
        cycle->last = (struct gc_stop){cycle->stop_ns, cycle->mark_ns, cycle->restart_ns,
                                       cycle->stop_ns / 5};
        if (i % 2 == 1)
            fixture_make_concurrent(
                cycle, (const uint64_t[]){noise(t, 14, 9000000), noise(t, 15, 4000000),
                                          noise(t, 16, 4), noise(t, 17, 3000), noise(t, 18, 40)});
    }
    s->pauses = (struct pause_summary){
        .n = 120, .p50_ns = 484000, .p90_ns = 690000, .p99_ns = 6400000, .max_ns = 6610000};
}

static void fill_memory(struct fixture *f)
{
    static const uint32_t sizes[] = {16, 48, 64, 128, 512, 2048, 0};
    struct snapshot *s = &f->snapshot;

    s->nclasses = ARRAY_COUNT(sizes);
    for (uint32_t i = 0; i < s->nclasses; i++) {
        uint64_t object = sizes[i] == 0 ? 200000 : sizes[i];
        uint64_t objects = 40000 * (i + 1) / (object / 512 + 1);
        s->size_class[i] = (struct class_sample){.object_bytes = sizes[i],
                                                 .mallocs = objects * 9,
                                                 .frees = objects * 8,
                                                 .spans = objects * object / 8192 + 1,
                                                 .live_bytes = objects * object,
                                                 .span_bytes = objects * object * 5 / 4};
    }
    s->nsites = 4;
    for (uint32_t i = 0; i < s->nsites; i++)
        s->site[i] = (struct alloc_site){.pc = 0x401000 + i * 16,
                                         .live_objects = 90000 >> (2 * i),
                                         .live_bytes = (210 * MIB) >> (2 * i),
                                         .before_bytes = (70 * MIB) >> (i == 1 ? 6 : 2 * i),
                                         .before_mono_ns = FIXTURE_NOW_NS - 780 * NS_PER_S};
}

static void fill_tasks(struct fixture *f)
{
    static const struct task_group groups[] = {
        {0x401000, 0x402000, TASK_WAITING, 10, 40000, 0, FIXTURE_NOW_NS - 200 * NS_PER_S, 0},
        {0x401010, 0x402010, TASK_WAITING, 3, 1930, 1900, FIXTURE_NOW_NS - 3000 * NS_PER_S, 0},
        {0x401020, 0x402010, TASK_WAITING, 8, 57, 0, FIXTURE_NOW_NS - 40 * NS_PER_S, 1},
        {0x401000, 0x402000, TASK_WAITING, 14, 12, 0, FIXTURE_NOW_NS - NS_PER_S, 2},
        {0x401000, 0x402000, TASK_RUNNABLE, 0, 11, 0, FIXTURE_NOW_NS - NS_PER_MS, 0},
        {0x401030, 0x402020, TASK_RUNNING, 0, 4, 0, FIXTURE_NOW_NS - 40 * NS_PER_MS, 0},
        {0x401030, 0x402020, TASK_BLOCKING, 0, 1, 0, FIXTURE_NOW_NS - 2 * NS_PER_S, 0},
    };
    static const struct task_holder holders[] = {
        {40037, 0, 57, 0x401030, TASK_WAITING, PAGE_WAIT_CHAN_RECV, 0, "stock keeper"},
        {0, 3, 11, 0, TASK_DEAD, 0, 0, ""},
    };

    f->tasks = (struct task_groups){.valid = true, .mono_ns = FIXTURE_NOW_NS};
    f->tasks.nholders = ARRAY_COUNT(holders);
    memcpy(f->tasks.holder, holders, sizeof holders);
    for (size_t i = 0; i < ARRAY_COUNT(groups); i++) {
        f->tasks.group[f->tasks.n++] = groups[i];
        f->tasks.by_state[groups[i].state] += groups[i].count;
        f->tasks.ntasks += groups[i].count;
    }
}

static void fill_code(struct fixture *f)
{
    static const struct code_line code[] = {
        {0x401000, "accept_loop server.c:88"},       {0x401010, "handle_order orders/queue.c:214"},
        {0x401020, "start_ticker clock.c:31"},       {0x401030, "main main.c:412"},
        {0x402000, "serve_connection server.c:120"}, {0x402010, "wait_for_stock orders/stock.c:52"},
    };

    memcpy(f->code, code, sizeof code);
    f->model.code = (struct code_lines){.n = ARRAY_COUNT(code), .line = f->code};
}

/* ---- The kinds ---- */

static void make_normal(struct fixture *f, int64_t until_s)
{
    for (int64_t t = -PAST_S; t <= until_s; t++) {
        if (until_s == 0 || t < -700 || t > -640)
            record_moment(f, t);
        record_procs(f, t);
    }
    fill_figures(f);
    fill_procs(f);
    fill_latencies(f);
    fill_cycles(f);
    fill_memory(f);
    fill_tasks(f);
    fixture_add_alerts(f);
    fill_code(f);
    fixture_add_dump(f, 5);
    fixture_add_groups(f, until_s);
    snprintf(f->model.target.name, sizeof f->model.target.name, "orders-svc");
    f->model.target.start_real_ns = FIXTURE_REAL_NS - 1051200 * NS_PER_S;
    f->snapshot.interval_ns = NS_PER_S;
    f->snapshot.mono_ns = f->snapshot.published_ns = FIXTURE_NOW_NS + until_s * NS_PER_S;
}

static void make_killed(struct fixture *f)
{
    make_normal(f, -120);
    history_mark_gap(f->history, FIXTURE_NOW_NS - 700 * NS_PER_S, FIXTURE_NOW_NS - 640 * NS_PER_S,
                     GAP_STOPPED);
    f->snapshot.stale = true;
    f->model.status = (struct target_status){
        .state = TARGET_KILLED, .since_ns = FIXTURE_NOW_NS - 119 * NS_PER_S, .successor = 8200};
}

static void make_huge(struct fixture *f)
{
    make_normal(f, 0);
    for (unsigned i = 0; i < f->metrics.n; i++) {
        set(f, i, UINT64_MAX);
        set_rate(f, i, 1e30);
        history_add(f->history, i, FIXTURE_NOW_NS + NS_PER_S, UINT64_MAX);
    }
    f->snapshot.nprocs = SNAPSHOT_MAX_PROCS;
    for (uint32_t i = 0; i < SNAPSHOT_MAX_PROCS; i++) {
        memset(&f->snapshot.proc[i], 0xff, sizeof f->snapshot.proc[i]);
        f->snapshot.proc[i].state = (enum proc_state)(i % PROC_STATES);
    }
    f->snapshot.latency.n = SNAPSHOT_MAX_LATENCIES;
    for (uint32_t i = 0; i < SNAPSHOT_MAX_LATENCIES; i++) {
        f->snapshot.latency.from_ns[i] = UINT64_MAX - SNAPSHOT_MAX_LATENCIES + i;
        f->snapshot.latency.lately[i] = UINT64_MAX;
    }
    f->snapshot.latency.lately_ns = INT64_MAX;
    f->tasks.n = TASK_GROUPS_MAX;
    for (uint32_t i = 0; i < TASK_GROUPS_MAX; i++)
        f->tasks.group[i] = (struct task_group){.spawn_pc = UINT64_MAX - i,
                                                .start_fn = UINT64_MAX,
                                                .state = TASK_WAITING,
                                                .reason = UINT32_MAX,
                                                .count = UINT64_MAX,
                                                .oldest_since_ns = INT64_MIN,
                                                .holder = i % (TASK_HOLDERS_MAX + 1)};
    f->tasks.nholders = TASK_HOLDERS_MAX;
    for (uint32_t i = 0; i < TASK_HOLDERS_MAX; i++)
        f->tasks.holder[i] = (struct task_holder){.id = UINT64_MAX,
                                                  .nwaiters = UINT64_MAX - 1,
                                                  .pc = UINT64_MAX,
                                                  .state = TASK_WAITING,
                                                  .reason = UINT32_MAX,
                                                  .name = "a name as long as there is room"};
    f->snapshot.ncycles = SNAPSHOT_MAX_CYCLES;
    memset(f->snapshot.cycle, 0x7f, sizeof f->snapshot.cycle);
    for (uint32_t i = 0; i < SNAPSHOT_MAX_CYCLES; i++)
        fixture_bound_last(&f->snapshot.cycle[i].last_stopped);
    memset(&f->snapshot.pauses, 0xff, sizeof f->snapshot.pauses);
    f->alerts.n = f->alerts.nstanding = ALERTS_MAX;
    for (uint32_t i = 2; i < ALERTS_MAX; i++)
        f->alerts.alert[i] = f->alerts.alert[0];
    f->model.target.pid = INT32_MAX;
    f->model.target.start_real_ns = 1;
}

static void make_hostile(struct fixture *f)
{
    static const char evil[] = "a\x1b[2J\x07\n\t\xe4\xb8\xad\xe6\x96\x87 e\xcc\x81\xcc\x82\xff\xfe "
                               "\xf0\x9f\x98\x80\xe2\x80\xae txt";

    make_normal(f, 0);
    snprintf(f->model.target.name, sizeof f->model.target.name, "%s", evil);
    for (uint32_t i = 0; i < f->model.code.n; i++)
        snprintf(f->code[i].text, sizeof f->code[i].text, "%s %s:%u", evil, evil, i);
    snprintf(f->alerts.alert[0].text, ALERT_TEXT_BYTES, "%s%s%s%s", evil, evil, evil, evil);
    snprintf(f->metrics.info[3].help, METRIC_HELP_BYTES, "%s", evil);
    f->model.status = (struct target_status){.state = TARGET_CRASHED, .since_ns = FIXTURE_NOW_NS};
    snprintf(f->tasks.holder[0].name, sizeof f->tasks.holder[0].name, "%.31s", evil);
    f->snapshot.nevents = 1;
    f->snapshot.event[0] = (struct event_sample){.kind = EVENT_FATAL};
    snprintf(f->snapshot.event[0].text, SNAPSHOT_EVENT_BYTES, "%s", evil);
}

const char *fixture_name(enum fixture_kind kind)
{
    static const char *const names[FIXTURES] = {"empty", "normal", "killed", "huge", "hostile"};

    return names[kind];
}

struct fixture *fixture_new(enum fixture_kind kind)
{
    struct fixture *f = calloc(1, sizeof *f);

    CHECK(f != NULL);
    metric_table_init(&f->metrics);
    for (unsigned i = 0; i < f->metrics.n && kind != FIXTURE_EMPTY; i++)
        f->metrics.info[i].present = true;
    f->history = history_new(&f->metrics);
    f->procs = proc_history_new();
    CHECK(f->history != NULL && f->procs != NULL);
    f->model = (struct model){.mono_ns = FIXTURE_NOW_NS,
                              .real_ns = FIXTURE_REAL_NS,
                              .target = {.pid = 8123, .name = "starting", .page_version = "1.0"},
                              .view = {.end_ns = FIXTURE_NOW_NS},
                              .metrics = &f->metrics,
                              .snapshot = &f->snapshot,
                              .process = &f->process,
                              .tasks = &f->tasks,
                              .history = f->history,
                              .procs = f->procs,
                              .alerts = &f->alerts};
    switch (kind) {
    case FIXTURE_EMPTY:
        break;
    case FIXTURE_NORMAL:
        make_normal(f, 0);
        break;
    case FIXTURE_KILLED:
        make_killed(f);
        break;
    case FIXTURE_HUGE:
        make_huge(f);
        break;
    case FIXTURE_HOSTILE:
        make_hostile(f);
        break;
    }
    return f;
}

void fixture_free(struct fixture *f)
{
    if (f == NULL)
        return;
    history_free(f->history);
    proc_history_free(f->procs);
    grouppast_free(f->groups);
    dumpdiff_free(f->diff);
    if (f->dump != NULL)
        free((void *)(uintptr_t)f->dump->group);
    free(f->dump);
    free(f);
}
