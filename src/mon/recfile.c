/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/recfile.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "mon/text.h"

#define APPLICATION_ID  0x676f6d6e /* "gomn", for file(1) */
#define BUSY_MS         100        /* the writer draws the screen too */
#define SQL_BYTES       2048
#define MOST_TEXT_BYTES 1000000 /* of a value: a recording may be anybody's */

static const struct {
    const char *name;
    const char *key;
    const char *columns;
    const char *all;
} tables[RECFILE_TABLES] = {
#define RECORD(id, name, key, columns) {name, key, columns, "mono_ns" key "," columns},
#include "mon/recording.def"
#undef RECORD
};

/* ---- opening ---- */

static bool no(struct recfile *f, const char *path, char why[static RECFILE_WHY_BYTES],
               const char *text)
{
    snprintf(why, RECFILE_WHY_BYTES, "%.150s: %s", path, text);
    recfile_close(f);
    return false;
}

/* A file that was just made has neither number. */
static bool check_format(struct recfile *f, const char *path, enum recfile_use use,
                         char why[static RECFILE_WHY_BYTES])
{
    int64_t id = recfile_number(f, "PRAGMA application_id");
    int64_t format = recfile_number(f, "PRAGMA user_version");
    int64_t tables_in_it = recfile_number(f, "SELECT count(*) FROM sqlite_master");
    char text[96];

    if (id < 0 || tables_in_it < 0)
        return no(f, path, why, sqlite3_errmsg(f->db));
    if (use != RECFILE_READ && tables_in_it == 0)
        return true;
    if (id != APPLICATION_ID)
        return no(f, path, why, "this is no recording of gomon");
    if (format < 1 || format > RECFILE_FORMAT) {
        snprintf(text, sizeof text, "its format is %d, this gomon knows those up to %d",
                 (int)format, RECFILE_FORMAT);
        return no(f, path, why, text);
    }
    return true;
}

/* What protects from a file that was made to do harm. */
static void distrust(struct recfile *f)
{
    sqlite3_db_config(f->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(f->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_limit(f->db, SQLITE_LIMIT_LENGTH, MOST_TEXT_BYTES);
    recfile_run(f, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;");
}

/* PATH as a URI of SQLite with a query; false if that is too long. */
static bool uri_of(const char *path, const char *query, char *uri, size_t bytes)
{
    size_t n = (size_t)snprintf(uri, bytes, "file:");

    for (; *path != '\0' && n < bytes; path++)
        n += (size_t)snprintf(uri + n, bytes - n, strchr("?#%", *path) ? "%%%02x" : "%c",
                              (unsigned char)*path);
    if (n < bytes)
        n += (size_t)snprintf(uri + n, bytes - n, "?%s", query);
    return n < bytes;
}

/* On media that can't be written there may be a log that nobody can open: then without it. */
static bool open_read(struct recfile *f, const char *path)
{
    char uri[1024];

    if (sqlite3_open_v2(path, &f->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        return false;
    sqlite3_busy_timeout(f->db, BUSY_MS);
    if (recfile_number(f, "SELECT count(*) FROM sqlite_master") >= 0 ||
        sqlite3_errcode(f->db) != SQLITE_CANTOPEN || !uri_of(path, "immutable=1", uri, sizeof uri))
        return true;
    sqlite3_close(f->db);
    return sqlite3_open_v2(uri, &f->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK;
}

static bool open_database(struct recfile *f, const char *path, enum recfile_use use)
{
    int how = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

    if (use == RECFILE_READ)
        return open_read(f, path);
    return sqlite3_open_v2(use == RECFILE_TEMPORARY ? "" : path, &f->db, how, NULL) == SQLITE_OK;
}

static bool tune(struct recfile *f, enum recfile_use use)
{
    static const char *const how[] = {
        [RECFILE_READ] = "PRAGMA query_only=ON; PRAGMA cache_size=-512;",
        [RECFILE_WRITE] = ("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                           "PRAGMA cache_size=-512; PRAGMA wal_autocheckpoint=256;"
                           "PRAGMA journal_size_limit=1048576;"),
        [RECFILE_DRAFT] = ("PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF;"
                           "PRAGMA cache_size=-512;"),
        [RECFILE_TEMPORARY] = ("PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF;"
                               "PRAGMA cache_size=-512;"),
    };

    sqlite3_busy_timeout(f->db, BUSY_MS);
    return recfile_run(f, how[use]);
}

bool recfile_open(struct recfile *f, const char *path, enum recfile_use use,
                  char why[static RECFILE_WHY_BYTES])
{
    *f = (struct recfile){0};
    if (use == RECFILE_TEMPORARY)
        path = "the temporary recording";
    if (use == RECFILE_READ && access(path, R_OK) != 0)
        return no(f, path, why, "it is not there, or not yours to read");
    if (!open_database(f, path, use))
        return no(f, path, why, f->db != NULL ? sqlite3_errmsg(f->db) : "out of memory");
    distrust(f);
    if (!check_format(f, path, use, why))
        return false;
    if (!tune(f, use))
        return no(f, path, why, sqlite3_errmsg(f->db));
    return true;
}

void recfile_close(struct recfile *f)
{
    for (int i = 0; i < RECFILE_TABLES; i++)
        sqlite3_finalize(f->insert[i]);
    sqlite3_close_v2(f->db);
    *f = (struct recfile){0};
}

/* ---- statements ---- */

bool recfile_run(struct recfile *f, const char *sql)
{
    return sqlite3_exec(f->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

struct sqlite3_stmt *recfile_prepare(struct recfile *f, const char *sql)
{
    sqlite3_stmt *s = NULL;

    sqlite3_prepare_v2(f->db, sql, -1, &s, NULL);
    return s;
}

int64_t recfile_number(struct recfile *f, const char *sql)
{
    sqlite3_stmt *s = recfile_prepare(f, sql);
    int64_t number = s != NULL && sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : -1;

    sqlite3_finalize(s);
    return number;
}

static void bind_all(sqlite3_stmt *s, int at, const char *types, va_list args)
{
    for (; *types != '\0'; types++, at++) {
        if (*types == 'i')
            sqlite3_bind_int64(s, at, va_arg(args, int64_t));
        else if (*types == 'd')
            sqlite3_bind_double(s, at, va_arg(args, double));
        else
            sqlite3_bind_text(s, at, va_arg(args, const char *), -1, SQLITE_STATIC);
    }
}

static bool finish_step(sqlite3_stmt *s)
{
    while (sqlite3_step(s) == SQLITE_ROW)
        continue;
    return sqlite3_reset(s) == SQLITE_OK;
}

bool recfile_step(struct sqlite3_stmt *s, int first, const char *types, ...)
{
    va_list args;

    if (s == NULL)
        return false;
    va_start(args, types);
    bind_all(s, first, types, args);
    va_end(args);
    return finish_step(s);
}

bool recfile_put(struct recfile *f, enum recfile_table table, const char *types, ...)
{
    sqlite3_stmt *s = f->insert[table];
    va_list args;

    if (s == NULL)
        return false;
    DCHECK((int)strlen(types) == sqlite3_bind_parameter_count(s));
    va_start(args, types);
    bind_all(s, 1, types, args);
    va_end(args);
    return finish_step(s);
}

/* ---- tables ---- */

static bool prepare_insert(struct recfile *f, int i)
{
    char sql[SQL_BYTES];
    size_t n = (size_t)snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO %s (%s) VALUES (?",
                                tables[i].name, tables[i].all);

    for (const char *p = tables[i].all; *p != '\0'; p++)
        if (*p == ',' && n < sizeof sql)
            n += (size_t)snprintf(sql + n, sizeof sql - n, ",?");
    CHECK(n < sizeof sql);
    snprintf(sql + n, sizeof sql - n, ")");
    sqlite3_finalize(f->insert[i]);
    f->insert[i] = recfile_prepare(f, sql);
    return f->insert[i] != NULL;
}

bool recfile_has_column(struct recfile *f, const char *table, const char *column)
{
    sqlite3_stmt *s = recfile_prepare(f, "SELECT 1 FROM pragma_table_info(?) WHERE name=?");
    bool has;

    if (s == NULL)
        return false;
    sqlite3_bind_text(s, 1, table, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, column, -1, SQLITE_STATIC);
    has = sqlite3_step(s) == SQLITE_ROW;
    sqlite3_finalize(s);
    return has;
}

static bool add_column(struct recfile *f, const char *table, const char *column, const char *suffix)
{
    char name[RECFILE_COLUMN_BYTES + 8];
    char sql[256];

    snprintf(name, sizeof name, "%s%s", column, suffix);
    if (recfile_has_column(f, table, name))
        return true;
    snprintf(sql, sizeof sql, "ALTER TABLE %s ADD COLUMN %s", table, name);
    return recfile_run(f, sql);
}

/* NAME gets the column that FROM, a list, begins with; returns what follows, or NULL at the end. */
static const char *first_column(const char *from, char name[static RECFILE_COLUMN_BYTES])
{
    size_t n = strcspn(from, ",");

    CHECK(n < RECFILE_COLUMN_BYTES);
    memcpy(name, from, n);
    name[n] = '\0';
    return from[n] == ',' ? from + n + 1 : NULL;
}

/* An earlier gomon made the table with fewer columns. */
static bool add_missing(struct recfile *f, int i)
{
    char name[RECFILE_COLUMN_BYTES];
    bool good = true;

    for (const char *p = tables[i].columns; p != NULL && good;) {
        p = first_column(p, name);
        good = add_column(f, tables[i].name, name, "");
    }
    return good;
}

static bool make_table(struct recfile *f, int i)
{
    char sql[SQL_BYTES];

    snprintf(sql, sizeof sql,
             "CREATE TABLE IF NOT EXISTS %s (mono_ns INTEGER NOT NULL%s,%s, "
             "PRIMARY KEY (mono_ns%s)) WITHOUT ROWID",
             tables[i].name, tables[i].key, tables[i].columns, tables[i].key);
    return recfile_run(f, sql) &&
           (prepare_insert(f, i) || (add_missing(f, i) && prepare_insert(f, i)));
}

/* The columns of a table; NULL in the place of those that this file has not. */
static void list_columns(struct recfile *f, enum recfile_table table, char *list, size_t bytes)
{
    char name[RECFILE_COLUMN_BYTES];
    size_t n = 0;

    for (const char *p = tables[table].all; p != NULL && n < bytes;) {
        p = first_column(p, name);
        n += (size_t)snprintf(list + n, bytes - n, "%s%s", n > 0 ? "," : "",
                              recfile_has_column(f, tables[table].name, name) ? name : "NULL");
    }
    CHECK(n < bytes);
}

static struct sqlite3_stmt *select_columns(struct recfile *f, enum recfile_table table,
                                           const char *list, const char *tail)
{
    char sql[SQL_BYTES];
    int n = snprintf(sql, sizeof sql, "SELECT %s FROM %s %s", list, tables[table].name, tail);

    CHECK(n > 0 && (size_t)n < sizeof sql);
    return recfile_prepare(f, sql);
}

/* Most files have all columns: to ask for each would cost more than the query. */
struct sqlite3_stmt *recfile_select(struct recfile *f, enum recfile_table table, const char *tail)
{
    struct sqlite3_stmt *s = select_columns(f, table, tables[table].all, tail);
    char list[SQL_BYTES / 2];

    if (s != NULL)
        return s;
    list_columns(f, table, list, sizeof list);
    return select_columns(f, table, list, tail);
}

static bool add_metric(struct recfile *f, const struct metric_info *info)
{
    char column[RECFILE_COLUMN_BYTES];
    sqlite3_stmt *s = recfile_prepare(f, "INSERT OR REPLACE INTO metrics (name, column_name, kind, "
                                         "unit, level, kept, help) VALUES (?,?,?,?,?,?,?)");
    bool good;

    recfile_column(info->name, column);
    good = recfile_step(s, 1, "ttiiiit", info->name, column, (int64_t)info->kind,
                        (int64_t)info->unit, (int64_t)info->level, (int64_t)info->kept, info->help);
    sqlite3_finalize(s);
    good = good && add_column(f, "samples", column, "");
    if (!info->kept)
        return good;
    return good && add_column(f, "minutes", column, "") &&
           add_column(f, "minutes", column, "_min") && add_column(f, "minutes", column, "_max") &&
           add_column(f, "minutes", column, "_mean");
}

bool recfile_make_tables(struct recfile *f, const struct metric_table *t)
{
    char sql[SQL_BYTES];
    bool good;

    snprintf(sql, sizeof sql,
             "PRAGMA application_id=%d; PRAGMA user_version=%d;"
             "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
             "CREATE TABLE IF NOT EXISTS metrics (name TEXT PRIMARY KEY, column_name TEXT,"
             " kind INTEGER, unit INTEGER, level INTEGER, kept INTEGER, help TEXT) WITHOUT ROWID;"
             "CREATE TABLE IF NOT EXISTS code (pc INTEGER PRIMARY KEY, text TEXT);"
             "CREATE TABLE IF NOT EXISTS samples (mono_ns INTEGER PRIMARY KEY, real_ns INTEGER,"
             " published_ns INTEGER, state TEXT, since_ns INTEGER, stale INTEGER);"
             "CREATE INDEX IF NOT EXISTS samples_by_clock ON samples (real_ns);"
             "CREATE TABLE IF NOT EXISTS minutes (mono_ns INTEGER PRIMARY KEY, real_ns INTEGER);",
             APPLICATION_ID, RECFILE_FORMAT);
    good = recfile_run(f, sql);
    for (int i = 0; i < RECFILE_TABLES && good; i++)
        good = make_table(f, i);
    for (unsigned i = 0; i < t->n && good; i++)
        good = !t->info[i].present || add_metric(f, &t->info[i]);
    return good;
}

/* ---- names and words ---- */

const char *recfile_column(const char *name, char column[static RECFILE_COLUMN_BYTES])
{
    static const char *const taken[] = {"mono_ns", "real_ns",  "published_ns",
                                        "state",   "since_ns", "stale"};
    size_t n = 0;

    for (; name[n] != '\0' && n + 2 < RECFILE_COLUMN_BYTES; n++) {
        char c = name[n];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c >= '0' && c <= '9' && n > 0);
        column[n] = plain ? c : '_';
    }
    column[n] = '\0';
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (strcmp(column, taken[i]) == 0)
            memcpy(column + n, "_", 2);
    return column;
}

const char *recfile_table_name(enum recfile_table table)
{
    return tables[table].name;
}

bool recfile_set_meta(struct recfile *f, const char *key, const char *text)
{
    sqlite3_stmt *s = recfile_prepare(f, "INSERT OR REPLACE INTO meta VALUES (?,?)");
    bool good = recfile_step(s, 1, "tt", key, text);

    sqlite3_finalize(s);
    return good;
}

bool recfile_get_meta(struct recfile *f, const char *key, char *text, size_t bytes)
{
    sqlite3_stmt *s = recfile_prepare(f, "SELECT value FROM meta WHERE key=?");
    bool has = false;

    text[0] = '\0';
    if (s != NULL) {
        sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
        has = sqlite3_step(s) == SQLITE_ROW && sqlite3_column_text(s, 0) != NULL;
        if (has)
            text_clean(text, bytes, sqlite3_column_text(s, 0), (size_t)sqlite3_column_bytes(s, 0));
    }
    sqlite3_finalize(s);
    return has;
}
