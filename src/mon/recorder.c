/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/recorder.h"

#include <inttypes.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/checkpoint.h"
#include "mon/recfile.h"
#include "mon/recorder_once.h"
#include "mon/recorder_rows.h"
#include "mon/recording.h"

#define COMMIT_NS     (NS_PER_S * 9 / 10) /* samples may be more frequent */
#define RETRY_NS      (5 * NS_PER_S)
#define PRUNE_NS      (120 * NS_PER_S)  /* of the oldest, at a time */
#define PRUNE_MORE_NS (7200 * NS_PER_S) /* of minutes */
#define WHOLE_TRIES   100
#define WHOLE_TRY_MS  20

/* Asked again and again. */
enum query { QUERY_OLDEST_SAMPLE, QUERY_OLDEST_MINUTE, QUERY_PAGES, QUERY_FREE_PAGES };
#define QUERIES 4

static const char *const queries[QUERIES] = {
    [QUERY_OLDEST_SAMPLE] = "SELECT min(mono_ns) FROM samples",
    [QUERY_OLDEST_MINUTE] = "SELECT min(mono_ns) FROM minutes",
    [QUERY_PAGES] = "PRAGMA page_count",
    [QUERY_FREE_PAGES] = "PRAGMA freelist_count",
};

struct recorder {
    struct recfile file;
    struct sqlite3_stmt *query[QUERIES]; /* prepared; NULL: not yet */
    struct checkpoint checkpoint; /* of a recording that has a log, and is written as time goes */
    struct recorder_rows rows;
    struct recorder_rows written; /* what it was at the last commit */
    struct recorder_options options;
    struct recorder_status status;
    struct recording *past;
    int64_t page_bytes;
    int64_t committed_ns;
    int64_t retry_ns;
    uint64_t nopen; /* samples since the last commit */
    bool in_transaction;
    bool must_prune;
};

/* ---- beginning ---- */

static void read_boot_id(char id[40])
{
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

    if (f == NULL || fgets(id, 40, f) == NULL)
        snprintf(id, 40, "?");
    id[strcspn(id, "\n")] = '\0';
    if (f != NULL)
        fclose(f);
}

/* Tells processes apart, also after a boot. */
static void identity(const struct target *t, char text[96])
{
    char boot[40];

    read_boot_id(boot);
    snprintf(text, 96, "%d.%" PRIu64 ".%s", (int)t->pid, t->start_ticks, boot);
}

static bool set_number(struct recfile *f, const char *key, int64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, number);
    return recfile_set_meta(f, key, text);
}

static bool write_meta(struct recorder *r, const struct target *target, const struct model *m)
{
    struct recfile *f = &r->file;
    char who[96];
    char host[64] = "";

    identity(target, who);
    gethostname(host, sizeof host - 1);
    return recfile_set_meta(f, "process", who) && recfile_set_meta(f, "name", m->target.name) &&
           set_number(f, "pid", m->target.pid) && set_number(f, "uid", target->uid) &&
           set_number(f, "start_real_ns", m->target.start_real_ns) &&
           recfile_set_meta(f, "page_version", m->target.page_version) &&
           recfile_set_meta(f, "gomon", PACKAGE_VERSION) && recfile_set_meta(f, "host", host);
}

static bool is_same_process(struct recorder *r, const struct target *target)
{
    char who[96];
    char recorded[96];

    identity(target, who);
    return !recfile_get_meta(&r->file, "process", recorded, sizeof recorded) ||
           strcmp(recorded, who) == 0;
}

static int64_t ask(struct recorder *r, enum query query)
{
    sqlite3_stmt **s = &r->query[query];
    int64_t n = 0;

    if (*s == NULL)
        *s = recfile_prepare(&r->file, queries[query]);
    if (*s != NULL && sqlite3_step(*s) == SQLITE_ROW)
        n = sqlite3_column_int64(*s, 0);
    sqlite3_reset(*s);
    return n;
}

static void limit(struct recorder *r)
{
    char sql[80];

    r->page_bytes = recfile_number(&r->file, "PRAGMA page_size");
    if (r->options.max_bytes <= 0 || r->page_bytes <= 0)
        return;
    snprintf(sql, sizeof sql, "PRAGMA max_page_count=%" PRId64,
             r->options.max_bytes / r->page_bytes);
    recfile_run(&r->file, sql);
}

static bool prepare(struct recorder *r, const struct target *target, const struct model *m)
{
    bool good = recfile_run(&r->file, "BEGIN IMMEDIATE") &&
                recfile_make_tables(&r->file, m->metrics) && write_meta(r, target, m) &&
                recfile_run(&r->file, "COMMIT");

    return good && recorder_rows_init(&r->rows, &r->file, m->metrics);
}

/* One that must be whole in the end is written by who waits for the disk anyway. */
static bool open_file(struct recorder *r, char why[static RECORDER_WHY_BYTES])
{
    const char *path = r->options.path;
    enum recfile_use use = path == NULL          ? RECFILE_TEMPORARY
                           : r->options.is_draft ? RECFILE_DRAFT
                                                 : RECFILE_WRITE;
    bool apart = use == RECFILE_WRITE && !r->options.is_whole;

    if (apart)
        checkpoint_start(&r->checkpoint, path);
    if (!recfile_open(&r->file, path, use, why)) {
        checkpoint_stop(&r->checkpoint);
        return false;
    }
    if (apart)
        checkpoint_watch(&r->checkpoint, r->file.db);
    return true;
}

struct recorder *recorder_new(const struct recorder_options *options, const struct target *target,
                              const struct model *model, char why[static RECORDER_WHY_BYTES])
{
    struct recorder *r = calloc(1, sizeof *r);
    const char *path = options->path != NULL ? options->path : "the temporary recording";

    snprintf(why, RECORDER_WHY_BYTES, "out of memory");
    if (r == NULL)
        return NULL;
    r->options = *options;
    if (!open_file(r, why)) {
        free(r);
        return NULL;
    }
    if (!is_same_process(r, target)) {
        snprintf(why, RECORDER_WHY_BYTES,
                 "%.150s records another process: give another name, or remove it", path);
        recorder_free(r);
        return NULL;
    }
    limit(r);
    if (!prepare(r, target, model)) {
        snprintf(why, RECORDER_WHY_BYTES, "%.150s: %.80s", path, sqlite3_errmsg(r->file.db));
        recorder_free(r);
        return NULL;
    }
    r->rows.past_ns = options->past_ns;
    r->written = r->rows;
    r->past = recording_within(&r->file, model->metrics);
    return r;
}

/* ---- room ---- */

static bool delete_before(struct recorder *r, const char *table, int64_t before_ns)
{
    char sql[96];

    snprintf(sql, sizeof sql, "DELETE FROM %s WHERE mono_ns < %" PRId64, table, before_ns);
    return recfile_run(&r->file, sql);
}

static bool delete_details(struct recorder *r, int64_t before_ns)
{
    bool good = delete_before(r, "samples", before_ns);

    for (int i = 0; i < RECFILE_TABLES && good; i++)
        if (i != RECFILE_MARKS)
            good = delete_before(r, recfile_table_name((enum recfile_table)i), before_ns);
    return good;
}

/* With what has been set in them. */
static bool delete_minutes(struct recorder *r, int64_t before_ns)
{
    return delete_before(r, "minutes", before_ns) && delete_before(r, "marks", before_ns);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What is too old, but not all at once: who raises the limit of a large file late must not wait. */
static bool drop_the_old(struct recorder *r, int64_t mono_ns)
{
    int64_t before_ns = mono_ns - r->options.keep_ns;
    int64_t samples, minutes;
    bool good = true;

    if (r->options.keep_ns <= 0)
        return true;
    samples = ask(r, QUERY_OLDEST_SAMPLE);
    minutes = ask(r, QUERY_OLDEST_MINUTE);
    if (samples < before_ns)
        good = delete_details(r, least(before_ns, samples + 5 * PRUNE_NS));
    if (minutes < before_ns - 60 * NS_PER_S)
        good = good && delete_minutes(r, least(before_ns, minutes + PRUNE_MORE_NS));
    return good;
}

/* The oldest two minutes in detail; or if there is little in detail, the oldest two hours of
 * minutes. */
static bool make_room(struct recorder *r, int64_t mono_ns)
{
    int64_t most = r->options.max_bytes / (r->page_bytes > 0 ? r->page_bytes : 4096);
    int64_t used, oldest;

    if (r->options.max_bytes <= 0)
        return true;
    used = ask(r, QUERY_PAGES) - ask(r, QUERY_FREE_PAGES);
    if (!r->must_prune && used < most - most / 16)
        return true;
    r->must_prune = false;
    oldest = ask(r, QUERY_OLDEST_SAMPLE);
    if (oldest > 0 && oldest < mono_ns - 8 * PRUNE_NS)
        return delete_details(r, oldest + PRUNE_NS);
    oldest = ask(r, QUERY_OLDEST_MINUTE);
    if (oldest > 0 && oldest < mono_ns - PRUNE_MORE_NS)
        return delete_minutes(r, oldest + PRUNE_MORE_NS);
    return delete_details(r, mono_ns - PRUNE_NS);
}

/* ---- taking ---- */

static bool begin(struct recorder *r, int64_t mono_ns)
{
    if (r->in_transaction)
        return true;
    r->in_transaction = recfile_run(&r->file, "BEGIN IMMEDIATE");
    return r->in_transaction && drop_the_old(r, mono_ns) && make_room(r, mono_ns);
}

static bool commit(struct recorder *r, int64_t mono_ns)
{
    if (!r->in_transaction)
        return true;
    if (!recfile_run(&r->file, "COMMIT"))
        return false;
    r->in_transaction = false;
    r->committed_ns = mono_ns;
    r->written = r->rows;
    r->nopen = 0;
    r->status.failing = false;
    return true;
}

static void give_up(struct recorder *r, int64_t mono_ns)
{
    int code = sqlite3_errcode(r->file.db);

    r->status.failing = true;
    snprintf(r->status.why, sizeof r->status.why, "%s", sqlite3_errmsg(r->file.db));
    r->status.lost += r->nopen;
    r->nopen = 0;
    r->must_prune = code == SQLITE_FULL;
    r->retry_ns = mono_ns + RETRY_NS;
    recfile_run(&r->file, "ROLLBACK"); /* it may have been done already */
    r->in_transaction = false;
    r->rows = r->written;
}

void recorder_take(struct recorder *r, const struct recorder_input *in)
{
    r->nopen++;
    if (in->mono_ns < r->retry_ns) {
        r->status.lost++;
        r->nopen = 0;
        return;
    }
    r->retry_ns = 0;
    if (!begin(r, in->mono_ns) || !recorder_rows_write(&r->rows, &r->file, in))
        give_up(r, in->mono_ns);
    else if (in->mono_ns - r->committed_ns >= COMMIT_NS && !commit(r, in->mono_ns))
        give_up(r, in->mono_ns);
}

bool recorder_put(struct recorder *r, const struct recorder_once *once)
{
    bool good = begin(r, once->mono_ns) && recorder_once_write(&r->file, once) &&
                recorder_rows_code(&r->rows, once->code) && commit(r, once->mono_ns);

    if (!good)
        give_up(r, once->mono_ns);
    return good;
}

void recorder_mark(struct recorder *r, const struct recorder_marks *set, int64_t mono_ns)
{
    if (mono_ns < r->retry_ns)
        return;
    if (!begin(r, mono_ns) || !recorder_rows_marks(&r->rows, &r->file, set) || !commit(r, mono_ns))
        give_up(r, mono_ns);
}

/* Takes the log into the file, which others who read it may put off for a moment. If they don't
 * stop, it stays beside the file, and nothing is lost. */
static void make_whole(struct recorder *r)
{
    for (int i = 0; i < WHOLE_TRIES && !recfile_run(&r->file, "PRAGMA journal_mode=DELETE"); i++)
        poll(NULL, 0, WHOLE_TRY_MS);
}

void recorder_free(struct recorder *r)
{
    if (r == NULL)
        return;
    recording_free(r->past);
    commit(r, r->committed_ns);
    recorder_rows_fini(&r->rows);
    checkpoint_stop(&r->checkpoint);
    for (int i = 0; i < QUERIES; i++)
        sqlite3_finalize(r->query[i]);
    if (r->options.is_whole)
        make_whole(r);
    recfile_close(&r->file);
    free(r);
}

const struct recorder_status *recorder_status(const struct recorder *r)
{
    return &r->status;
}

struct recording *recorder_past(struct recorder *r)
{
    return r->past;
}
