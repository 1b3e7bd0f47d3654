/* SPDX-License-Identifier: MIT */
/* recfile.h - the SQLite database that a recording is: opening, tables, rows.
 * `samples` has a row for each sample and `minutes` one for each minute, with a column for every
 * metric that is named like it with underscores ("heap.alloc" is heap_alloc); `metrics` describes
 * these columns, `meta` the target, `code` the addresses. The other tables are those of
 * recording.def. Numbers that do not fit into 63 bits are negative, as in two's complement.
 * A database that is written is in WAL mode: a reader never waits for the writer nor it for one,
 * and what was committed outlives the process.
 * Who: recorder.c and recording.c. Threads: one. */
#ifndef MON_RECFILE_H
#define MON_RECFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "mon/metric.h"
#include "mon/snapshot.h"

#define RECFILE_WHY_BYTES    256
#define RECFILE_FORMAT       1 /* of user_version; grows if an earlier gomon must not read it */
#define RECFILE_STACK_BYTES  (SNAPSHOT_FRAMES * 20) /* of addresses in text */
#define RECFILE_COLUMN_BYTES (METRIC_NAME_BYTES + 4)

struct sqlite3;
struct sqlite3_stmt;

enum recfile_table {
#define RECORD(id, name, key, columns) RECFILE_##id,
#include "mon/recording.def"
#undef RECORD
    RECFILE_TABLES
};

struct recfile {
    struct sqlite3 *db;
    struct sqlite3_stmt *insert[RECFILE_TABLES];
};

enum recfile_use {
    RECFILE_READ,      /* must exist */
    RECFILE_WRITE,     /* is made if it does not */
    RECFILE_DRAFT,     /* the same; it is not read meanwhile, and a crash may spoil it */
    RECFILE_TEMPORARY, /* has no name and goes away when it is closed; PATH is not looked at */
};

/* Opens it, and checks that it is a recording of a format that is known. False: WHY says it, with
 * the path, and nothing is open. */
bool recfile_open(struct recfile *f, const char *path, enum recfile_use use,
                  char why[static RECFILE_WHY_BYTES]);
void recfile_close(struct recfile *f);

/* Makes the tables, columns for the metrics of T that are present, and prepares the inserts. To be
 * called within a transaction. */
bool recfile_make_tables(struct recfile *f, const struct metric_table *t);

/* Whether table NAME has rows or at least columns; whether it has column COLUMN. */
bool recfile_has_column(struct recfile *f, const char *table, const char *column);

/* One or more statements without results. */
bool recfile_run(struct recfile *f, const char *sql);

/* A statement, or NULL: it makes no sense here, for want of a table perhaps. The caller finalizes
 * it. */
struct sqlite3_stmt *recfile_prepare(struct recfile *f, const char *sql);

/* The whole number that a query gives; -1: none. */
int64_t recfile_number(struct recfile *f, const char *sql);

/* Inserts or replaces a row. TYPES has a letter for each column, mono_ns first: i an int64_t, t a
 * text (NULL is none), d a double. */
bool recfile_put(struct recfile *f, enum recfile_table table, const char *types, ...);

/* Binds values in the same way from parameter FIRST on, steps to the end and resets. */
bool recfile_step(struct sqlite3_stmt *s, int first, const char *types, ...);

bool recfile_set_meta(struct recfile *f, const char *key, const char *text);
/* False, and TEXT "", if there is none. Control characters are taken out. */
bool recfile_get_meta(struct recfile *f, const char *key, char *text, size_t bytes);

/* The column of a metric of this name. Returns COLUMN. */
const char *recfile_column(const char *name, char column[static RECFILE_COLUMN_BYTES]);

/* A SELECT of the columns of a table of recording.def, mono_ns first, with what follows FROM and
 * the table's name; those that this file, which an earlier gomon wrote, has not are NULL. Else as
 * recfile_prepare. */
struct sqlite3_stmt *recfile_select(struct recfile *f, enum recfile_table table, const char *tail);
const char *recfile_table_name(enum recfile_table table);

#endif
