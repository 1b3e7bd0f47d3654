/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/recorded.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mon/procstat.h"
#include "tests/support/sleeper.h"

struct recorded rec = {.folder = "/tmp/gomon-test-recorder.XXXXXX"};

/* A child is the target; its page is written from here. */
void recorded_setup(void)
{
    struct procstat stat;

    cr_assert_not_null(mkdtemp(rec.folder), "no folder");
    snprintf(rec.path, sizeof rec.path, "%s/r.gmr", rec.folder);
    fakepage_init(&rec.page, &(struct fakepage_options){.name = "fake",
                                                        .nprocs = 2,
                                                        .task_rows = 100,
                                                        .mono_ns = MONO_NS - RECORDED_BEFORE * S,
                                                        .real_ns = REAL_NS - RECORDED_BEFORE * S});
    rec.target = (struct target){.pid = fork_sleeper(), .uid = getuid(), .live = true};
    cr_assert(procstat_read(rec.target.pid, &stat), "no child");
    rec.target.start_ticks = stat.start_ticks;
    rec.page.header->pid = rec.target.pid;
    rec.page.header->start_ticks = stat.start_ticks;
}

void recorded_teardown(void)
{
    char command[96];

    monitor_free(rec.monitor);
    kill(rec.target.pid, SIGKILL);
    waitpid(rec.target.pid, NULL, 0);
    fakepage_fini(&rec.page);
    snprintf(command, sizeof command, "rm -rf %s", rec.folder);
    cr_assert_eq(system(command), 0, "%s", command);
}

bool recorded_try_open(struct recorder_options how)
{
    struct monitor_options o = {
        .record = how.path != NULL ? MONITOR_RECORDS_FILE : MONITOR_RECORDS_PAST, .recorder = how};

    rec.monitor = monitor_new(&rec.target, &o, &rec.failure);
    snprintf(rec.why, sizeof rec.why, "%s", rec.failure.text);
    return rec.monitor != NULL;
}

void recorded_open(struct recorder_options how)
{
    cr_assert(recorded_try_open(how), "%d: %s", rec.failure.status, rec.failure.text);
}

void recorded_close(void)
{
    monitor_free(rec.monitor);
    rec.monitor = NULL;
}

static void publish(int64_t mono_ns)
{
    for (int i = 0; i < METRIC_COUNT && rec.heavy; i++)
        rec.page.value[i] = (uint64_t)mono_ns * 1000;
    rec.page.value[METRIC_HEAP_ALLOC] = (uint64_t)(mono_ns / S);
    rec.page.value[METRIC_GC_COUNT] = (uint64_t)(mono_ns / S) * 2;
    rec.page.value[METRIC_GC_PERCENT] = UINT64_MAX;
    rec.page.value[METRIC_MEM_SYS] = 1000000;
    fakepage_publish(&rec.page, mono_ns);
}

static void second(int64_t mono_ns)
{
    publish(mono_ns);
    monitor_tick(rec.monitor, mono_ns, REAL_NS + (mono_ns - MONO_NS));
}

void recorded_run(int64_t first, int64_t n)
{
    for (int64_t i = first; i < first + n; i++)
        second(MONO_NS + i * S);
}

/* The number that a query gives, on a connection of its own; -1 for none. */
int64_t recorded_query(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *s = NULL;
    int64_t n = -1;

    cr_assert_eq(sqlite3_open_v2(rec.path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK, "%s",
                 rec.path);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK, "%s: %s", sql,
                 sqlite3_errmsg(db));
    if (sqlite3_step(s) == SQLITE_ROW && sqlite3_column_type(s, 0) != SQLITE_NULL)
        n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return n;
}

void recorded_change(const char *sql)
{
    sqlite3 *db;

    cr_assert_eq(sqlite3_open(rec.path, &db), SQLITE_OK, "%s", rec.path);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
                 sqlite3_errmsg(db));
    sqlite3_close(db);
}

const struct model *recorded_replay(const char *from, const char *to)
{
    rec.monitor = monitor_new_replay(rec.path, from, to, &rec.failure);
    cr_assert_not_null(rec.monitor, "%d: %s", rec.failure.status, rec.failure.text);
    monitor_play(rec.monitor, false);
    monitor_tick(rec.monitor, S, S);
    return monitor_model(rec.monitor);
}

uint64_t recorded_value(unsigned metric)
{
    uint64_t value;

    cr_assert(snapshot_value(monitor_model(rec.monitor)->snapshot, metric, &value), "%u is missing",
              metric);
    return value;
}
