/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/rechange.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/check.h"
#include "base/clock.h"
#include "mon/recorder.h"
#include "tests/support/fixture.h"

#define SAMPLES      9
#define EVERY_NS     (5 * NS_PER_S)
#define MOST_TABLES  32
#define MOST_COLUMNS 400
#define MOST_CHANGES 40
#define ALL_ROWS     255
#define LONG_TEXT    70000

struct table {
    char *name;
    char *column[MOST_COLUMNS];
    char *key; /* its columns, with commas */
    unsigned ncolumns;
};

static struct {
    char folder[40];
    char path[64];
    char *whole; /* the file as it was recorded */
    size_t bytes;
    struct table table[MOST_TABLES];
    unsigned ntables;
} rec;

/* ---- making one ---- */

/* The fixture, as it was AGO_NS ago: all that has a time is moved, some figures fall. */
static void take_sample(struct recorder *r, const struct fixture *f, int64_t ago_ns)
{
    static struct snapshot s;
    static struct task_groups tasks;

    s = f->snapshot;
    s.mono_ns -= ago_ns;
    s.real_ns -= ago_ns;
    s.published_ns -= ago_ns;
    for (unsigned i = 0; i < f->metrics.n; i++)
        s.value[i] -= s.value[i] / 1000 * (uint64_t)(ago_ns / EVERY_NS);
    tasks = f->tasks;
    tasks.mono_ns -= ago_ns;
    recorder_take(r, &(struct recorder_input){.mono_ns = FIXTURE_NOW_NS - ago_ns,
                                              .real_ns = FIXTURE_REAL_NS - ago_ns,
                                              .snapshot = &s,
                                              .tasks = &tasks,
                                              .status = &f->model.status,
                                              .history = f->history,
                                              .procs = f->procs,
                                              .alerts = &f->alerts,
                                              .code = f->model.code});
}

static void record(void)
{
    struct fixture *f = fixture_new(FIXTURE_NORMAL);
    struct target target = {.pid = 4242, .start_ticks = 1, .name = "fixture"};
    struct recorder_options how = {.path = rec.path,
                                   .max_bytes = RECORDER_LEAST_BYTES,
                                   .past_ns = 30 * NS_PER_S,
                                   .is_draft = true,
                                   .is_whole = true};
    char why[RECORDER_WHY_BYTES];
    struct recorder *r = recorder_new(&how, &target, &f->model, why);

    if (r == NULL) {
        fprintf(stderr, "no recording: %s\n", why);
        abort();
    }
    for (int i = SAMPLES; i >= 0; i--)
        take_sample(r, f, i * EVERY_NS);
    CHECK(recorder_put(r, &(struct recorder_once){.mono_ns = FIXTURE_NOW_NS,
                                                  .dump = f->model.dump,
                                                  .code = f->model.code}));
    recorder_free(r);
    fixture_free(f);
}

static void load(void)
{
    FILE *in = fopen(rec.path, "rb");

    CHECK(in != NULL && fseek(in, 0, SEEK_END) == 0);
    rec.bytes = (size_t)ftell(in);
    rec.whole = malloc(rec.bytes);
    rewind(in);
    CHECK(rec.whole != NULL && fread(rec.whole, 1, rec.bytes, in) == rec.bytes);
    fclose(in);
}

/* ---- what it consists of ---- */

static sqlite3 *open_it(void)
{
    sqlite3 *db;

    CHECK(sqlite3_open(rec.path, &db) == SQLITE_OK);
    sqlite3_exec(db,
                 "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE",
                 NULL, NULL, NULL);
    return db;
}

static char *text_of(sqlite3_stmt *s, int column)
{
    char *text = strdup((const char *)sqlite3_column_text(s, column));

    CHECK(text != NULL);
    return text;
}

static void learn_columns(sqlite3 *db, struct table *t)
{
    char key[256] = "";
    size_t n = 0;
    sqlite3_stmt *s;

    CHECK(sqlite3_prepare_v2(db, "SELECT name,pk FROM pragma_table_info(?)", -1, &s, NULL) ==
          SQLITE_OK);
    sqlite3_bind_text(s, 1, t->name, -1, SQLITE_STATIC);
    while (sqlite3_step(s) == SQLITE_ROW && t->ncolumns < MOST_COLUMNS) {
        t->column[t->ncolumns] = text_of(s, 0);
        if (sqlite3_column_int(s, 1) > 0)
            n += (size_t)snprintf(key + n, sizeof key - n, "%s%s", n > 0 ? "," : "",
                                  t->column[t->ncolumns]);
        t->ncolumns++;
    }
    sqlite3_finalize(s);
    t->key = strdup(n > 0 ? key : "rowid");
    CHECK(n < sizeof key && t->key != NULL && t->ncolumns > 0);
}

static void learn_tables(void)
{
    sqlite3 *db = open_it();
    sqlite3_stmt *s;

    CHECK(sqlite3_prepare_v2(db, "SELECT name FROM sqlite_master WHERE type='table' ORDER BY name",
                             -1, &s, NULL) == SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW && rec.ntables < MOST_TABLES) {
        rec.table[rec.ntables].name = text_of(s, 0);
        learn_columns(db, &rec.table[rec.ntables++]);
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
    CHECK(rec.ntables > 0);
}

static void clean_up(void)
{
    unlink(rec.path);
    rmdir(rec.folder);
}

static void set_up(void)
{
    snprintf(rec.folder, sizeof rec.folder, "/tmp/gomon-fuzz.XXXXXX");
    CHECK(mkdtemp(rec.folder) != NULL);
    snprintf(rec.path, sizeof rec.path, "%s/r.gmr", rec.folder);
    atexit(clean_up);
    record();
    load();
    learn_tables();
}

static void write_whole(const char *data)
{
    FILE *out = fopen(rec.path, "wb");

    CHECK(out != NULL && fwrite(data, 1, rec.bytes, out) == rec.bytes);
    fclose(out);
}

const char *rechange_make(void)
{
    if (rec.whole == NULL)
        set_up();
    write_whole(rec.whole);
    return rec.path;
}

/* ---- values ---- */

enum value {
    VALUE_NULL,
    VALUE_BYTE,
    VALUE_SHORT,
    VALUE_NUMBER, /* of 64 bits */
    VALUE_EXTREME,
    VALUE_DOUBLE,
    VALUE_WORD,
    VALUE_LONG_TEXT,
    VALUE_BLOB,
    VALUE_ADDED, /* a short more than there was */
    VALUE_OTHER, /* that of another table and column */
    VALUES,
};

static uint64_t number_at(const uint8_t *at, unsigned bytes)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < bytes; i++)
        number |= (uint64_t)at[i] << 8 * i;
    return number;
}

static void bind_extreme(sqlite3_stmt *s, uint8_t which)
{
    static const int64_t extremes[] = {
        0,
        1,
        -1,
        INT64_MAX,
        INT64_MIN,
        INT64_MAX / 4,
        INT32_MAX,
        INT32_MIN,
        UINT32_MAX,
        INT64_MAX - 1,
        INT64_MIN + 1,
        FIXTURE_NOW_NS,
        -2,
        NS_PER_S,
        INT16_MAX + 1,
        INT64_MAX / 2,
        FIXTURE_REAL_NS,
        INT64_MAX / 4 + 1,
    };

    sqlite3_bind_int64(s, 1, extremes[which % ARRAY_COUNT(extremes)]);
}

static void bind_word(sqlite3_stmt *s, uint8_t which)
{
    static const char *const words[] = {
        "",
        "\033[2J\033]0;x\007",
        "\xff\xfe",
        "\xe7\x95\x8c\xcc\x81",
        "-1",
        "nan",
        "1e999",
        "inf",
        "killed",
        "crashed",
        "exited",
        "stopped",
        "stalled",
        "waiting",
        "running",
        "chan-recv",
        "heap-growth",
        "stale",
        "gc-thrash",
        "asked",
        "heap_alloc",
        "heap.alloc",
        "gc.count",
        "mono_ns",
        "gc_count",
        "sleeping",
        "18446744073709551616",
        "ffffffff 1",
        "%s%n",
        "\n\t\r",
        "-9223372036854775808",
        "9223372036854775807",
    };

    sqlite3_bind_text(s, 1, words[which % ARRAY_COUNT(words)], -1, SQLITE_STATIC);
}

static void bind_long(sqlite3_stmt *s, const uint8_t *of)
{
    char *text = malloc(LONG_TEXT);

    CHECK(text != NULL);
    for (size_t i = 0; i < LONG_TEXT; i++)
        text[i] = (char)of[i % 8];
    sqlite3_bind_text(s, 1, text, LONG_TEXT, free);
}

static void bind_value(sqlite3_stmt *s, enum value value, const uint8_t *of)
{
    uint64_t bits = number_at(of, 8);
    double number;

    switch (value) {
    case VALUE_NULL:
        sqlite3_bind_null(s, 1);
        break;
    case VALUE_BYTE:
        sqlite3_bind_int64(s, 1, (int8_t)of[0]);
        break;
    case VALUE_SHORT:
    case VALUE_ADDED:
        sqlite3_bind_int64(s, 1, (int16_t)number_at(of, 2));
        break;
    case VALUE_NUMBER:
        sqlite3_bind_int64(s, 1, (int64_t)bits);
        break;
    case VALUE_EXTREME:
        bind_extreme(s, of[0]);
        break;
    case VALUE_DOUBLE:
        memcpy(&number, &bits, sizeof number);
        sqlite3_bind_double(s, 1, number);
        break;
    case VALUE_WORD:
        bind_word(s, of[0]);
        break;
    case VALUE_LONG_TEXT:
        bind_long(s, of);
        break;
    case VALUE_BLOB:
        sqlite3_bind_blob(s, 1, of, 8, SQLITE_STATIC);
        break;
    case VALUE_OTHER:
    case VALUES:
        break;
    }
}

/* ---- changes ---- */

enum change {
    CHANGE_SET,
    CHANGE_DELETE,
    CHANGE_COPY,   /* the row once more, with another value in the column */
    CHANGE_UNTYPE, /* the table loses its key and its types, which else bound values */
    CHANGE_DROP,   /* the column, or with the first one the table */
    CHANGES,
};

static const struct table *table_at(uint8_t number)
{
    return &rec.table[number % rec.ntables];
}

/* Which row is meant: behind WHERE. */
static void where(char *sql, size_t bytes, const struct table *t, uint8_t row)
{
    if (row == ALL_ROWS)
        snprintf(sql, bytes, "true");
    else
        snprintf(sql, bytes, "(%s) IN (SELECT %s FROM %s LIMIT 1 OFFSET %d)", t->key, t->key,
                 t->name, row);
}

static void run(sqlite3 *db, const char *sql, enum value value, const uint8_t *of)
{
    sqlite3_stmt *s = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK) {
        if (sqlite3_bind_parameter_count(s) > 0)
            bind_value(s, value, of);
        sqlite3_step(s);
    }
    sqlite3_finalize(s);
}

static void set(sqlite3 *db, const uint8_t *c, enum value value)
{
    const struct table *t = table_at(c[0]);
    const struct table *other = table_at(c[4]);
    const char *column = t->column[c[1] % t->ncolumns];
    char which[700], what[300] = "?1", sql[1200];

    if (value == VALUE_ADDED)
        snprintf(what, sizeof what, "%s+?1", column);
    if (value == VALUE_OTHER)
        snprintf(what, sizeof what, "(SELECT %s FROM %s LIMIT 1 OFFSET %d)",
                 other->column[c[5] % other->ncolumns], other->name, c[6]);
    where(which, sizeof which, t, c[2]);
    snprintf(sql, sizeof sql, "UPDATE OR REPLACE %s SET %s=%s WHERE %s", t->name, column, what,
             which);
    run(db, sql, value, c + 4);
}

static void delete_rows(sqlite3 *db, const uint8_t *c)
{
    const struct table *t = table_at(c[0]);
    char which[700], sql[1200];

    where(which, sizeof which, t, c[2]);
    snprintf(sql, sizeof sql, "DELETE FROM %s WHERE %s", t->name, which);
    run(db, sql, VALUE_NULL, c);
}

static void copy(sqlite3 *db, const uint8_t *c, enum value value)
{
    const struct table *t = table_at(c[0]);
    char which[700], sql[32768];
    size_t n = (size_t)snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO %s SELECT ", t->name);

    for (unsigned i = 0; i < t->ncolumns && n < sizeof sql; i++)
        n += (size_t)snprintf(sql + n, sizeof sql - n, "%s%s", i > 0 ? "," : "",
                              i == c[1] % t->ncolumns ? "?1" : t->column[i]);
    where(which, sizeof which, t, c[2]);
    if (n < sizeof sql)
        snprintf(sql + n, sizeof sql - n, " FROM %s WHERE %s", t->name, which);
    run(db, sql, value, c + 4);
}

static void untype(sqlite3 *db, const struct table *t)
{
    char sql[700];

    snprintf(sql, sizeof sql,
             "CREATE TABLE spare AS SELECT * FROM %s; DROP TABLE %s;"
             "ALTER TABLE spare RENAME TO %s",
             t->name, t->name, t->name);
    sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static void drop(sqlite3 *db, const uint8_t *c)
{
    const struct table *t = table_at(c[0]);
    unsigned column = c[1] % t->ncolumns;
    char sql[300];

    if (column == 0)
        snprintf(sql, sizeof sql, "DROP TABLE %s", t->name);
    else
        snprintf(sql, sizeof sql, "ALTER TABLE %s DROP COLUMN %s", t->name, t->column[column]);
    run(db, sql, VALUE_NULL, c);
}

static void change(sqlite3 *db, const uint8_t *c)
{
    enum value value = (enum value)(c[3] % VALUES);

    switch ((enum change)(c[3] / VALUES % CHANGES)) {
    case CHANGE_SET:
        set(db, c, value);
        break;
    case CHANGE_DELETE:
        delete_rows(db, c);
        break;
    case CHANGE_COPY:
        copy(db, c, value);
        break;
    case CHANGE_UNTYPE:
        untype(db, table_at(c[0]));
        break;
    case CHANGE_DROP:
        drop(db, c);
        break;
    case CHANGES:
        break;
    }
}

void rechange_rows(const uint8_t *script, size_t bytes)
{
    sqlite3 *db = open_it();

    sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    for (size_t i = 0; i < MOST_CHANGES && (i + 1) * RECHANGE_BYTES <= bytes; i++)
        change(db, script + i * RECHANGE_BYTES);
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(db);
}

void rechange_bytes(const uint8_t *script, size_t bytes)
{
    char *data = malloc(rec.bytes);

    CHECK(data != NULL);
    memcpy(data, rec.whole, rec.bytes);
    for (size_t i = 0; i + 4 <= bytes; i += 4)
        data[number_at(script + i, 3) % rec.bytes] = (char)script[i + 3];
    write_whole(data);
    free(data);
}
