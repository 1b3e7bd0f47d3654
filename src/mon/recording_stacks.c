/* SPDX-License-Identifier: MIT */
/* recording_stacks.c - a dump of stacks out of the rows that it was written as. Interface:
 * recording.h. What is missing or makes no sense is left out: a recording may be anybody's. */
#include "config.h"

#include <sqlite3.h>
#include <string.h>

#include "base/bits.h"
#include "mon/dump.h"
#include "mon/dump_text.h"
#include "mon/pool.h"
#include "mon/recording_parts.h"

#define STACKS_READ     4096 /* the most that is looked at; and of each stack */
#define FRAMES_READ     1024
#define TASKS_READ      1024
#define ALL_FRAMES_READ 32768 /* of all stacks */
#define ALL_TASKS_READ  32768
#define TEXT_BYTES      1024

struct reader {
    struct pool *pool;
    struct sqlite3_stmt *frames; /* of one stack, with its rank as parameter 2; so the next */
    struct sqlite3_stmt *tasks;
    struct sqlite3_stmt *holders;
    size_t ngroups;
    size_t nframes; /* read so far, of all stacks */
    size_t ntasks;
};

static const char *text_of(struct reader *r, struct sqlite3_stmt *row, int column)
{
    char text[TEXT_BYTES];

    recording_text(row, column, text, sizeof text);
    return pool_text(r->pool, text);
}

static uint64_t u64(struct sqlite3_stmt *row, int column)
{
    return (uint64_t)sqlite3_column_int64(row, column);
}

/* A count: not below zero, at most MOST. */
static size_t count_of(struct sqlite3_stmt *row, int column, int64_t most)
{
    int64_t n = sqlite3_column_int64(row, column);

    return n < 0 ? 0 : (size_t)(n > most ? most : n);
}

/* How many rows S has, at most MOST; it then stands at their beginning. */
static size_t count_rows(struct sqlite3_stmt *s, size_t most)
{
    size_t n = 0;

    while (n < most && sqlite3_step(s) == SQLITE_ROW)
        n++;
    sqlite3_reset(s);
    return n;
}

/* The rows of the stack RANK in S; 0 if S is NULL. */
static size_t begin(struct sqlite3_stmt *s, int64_t rank, size_t most)
{
    if (s == NULL)
        return 0;
    sqlite3_bind_int64(s, 2, rank);
    return count_rows(s, most);
}

/* ---- one stack ---- */

static void read_frames(struct reader *r, int64_t rank, struct dump_group *g)
{
    size_t n = begin(r->frames, rank, min_size(FRAMES_READ, ALL_FRAMES_READ - r->nframes));
    struct dump_frame *frame = pool_alloc(r->pool, (n + 1) * sizeof *frame);

    g->frame = frame;
    for (; g->nframes < n && sqlite3_step(r->frames) == SQLITE_ROW; g->nframes++)
        frame[g->nframes] = (struct dump_frame){.pc = u64(r->frames, 3),
                                                .function = text_of(r, r->frames, 4),
                                                .file = text_of(r, r->frames, 5),
                                                .line = (uint32_t)u64(r->frames, 6),
                                                .module = text_of(r, r->frames, 7),
                                                .offset = u64(r->frames, 8),
                                                .inlined = u64(r->frames, 9) != 0};
    sqlite3_reset(r->frames);
    r->nframes += g->nframes;
}

/* The number of all tasks is in G already. */
static void read_tasks(struct reader *r, int64_t rank, struct dump_group *g)
{
    size_t n = begin(r->tasks, rank, min_size(TASKS_READ, ALL_TASKS_READ - r->ntasks));
    struct dump_task *task = pool_alloc(r->pool, (n + 1) * sizeof *task);
    size_t listed = 0;

    g->task = task;
    for (; listed < n && sqlite3_step(r->tasks) == SQLITE_ROW; listed++)
        task[listed] = (struct dump_task){.id = u64(r->tasks, 3),
                                          .name = text_of(r, r->tasks, 4),
                                          .since_ns = u64(r->tasks, 5),
                                          .tid = (int32_t)u64(r->tasks, 6),
                                          .holder = u64(r->tasks, 7),
                                          .readers = u64(r->tasks, 8)};
    sqlite3_reset(r->tasks);
    r->ntasks += listed;
    g->ntasks = max_size(g->ntasks, listed);
    g->nunlisted = g->ntasks - listed;
}

static void read_holders(struct reader *r, int64_t rank, struct dump_group *g)
{
    size_t n = begin(r->holders, rank, DUMP_HOLDERS_MAX);
    struct dump_holder *holder = pool_alloc(r->pool, (n + 1) * sizeof *holder);

    g->holder = holder;
    for (; g->nholders < n && sqlite3_step(r->holders) == SQLITE_ROW; g->nholders++) {
        int64_t in = sqlite3_column_int64(r->holders, 6);
        bool is_known = in >= 0 && (uint64_t)in < r->ngroups;

        holder[g->nholders] = (struct dump_holder){
            .id = u64(r->holders, 3),
            .name = text_of(r, r->holders, 4),
            .readers = u64(r->holders, 5),
            .group = is_known ? (size_t)in : DUMP_NO_GROUP,
            .nwaiters = count_of(r->holders, 7, (int64_t)g->ntasks)};
    }
    sqlite3_reset(r->holders);
}

static void read_stack(struct reader *r, struct sqlite3_stmt *row, struct dump_group *g)
{
    int64_t rank = sqlite3_column_int64(row, 1);

    *g = (struct dump_group){.key = u64(row, 2),
                             .state = (uint8_t)u64(row, 4),
                             .reason = (uint8_t)u64(row, 5),
                             .leaked = u64(row, 6) != 0,
                             .moved = u64(row, 7) != 0,
                             .end = dump_end_of_text(text_of(r, row, 8)),
                             .ntasks = count_of(row, 9, INT64_C(1) << 40),
                             .spawned_at = {.pc = u64(row, 10),
                                            .function = text_of(r, row, 11),
                                            .file = text_of(r, row, 12),
                                            .module = text_of(r, row, 13),
                                            .line = (uint32_t)u64(row, 14)},
                             .nholders_more = count_of(row, 15, INT64_C(1) << 40)};
    read_frames(r, rank, g);
    read_tasks(r, rank, g);
    read_holders(r, rank, g);
}

/* ---- the dump ---- */

/* The rows of TABLE that are of the dump at MONO_NS, and with TAIL of one stack. */
static struct sqlite3_stmt *rows_of(struct recfile *f, enum recfile_table table, int64_t mono_ns,
                                    const char *tail)
{
    struct sqlite3_stmt *s = recfile_select(f, table, tail);

    if (s != NULL)
        sqlite3_bind_int64(s, 1, mono_ns);
    return s;
}

static void read_stacks(struct recfile *f, struct dump *dump)
{
    static const char one[] = "WHERE mono_ns=? AND rank=? ORDER BY 1,2,3";
    int64_t mono_ns = (int64_t)dump->mono_ns;
    struct sqlite3_stmt *row = rows_of(f, RECFILE_STACKS, mono_ns, "WHERE mono_ns=? ORDER BY rank");
    struct reader r = {.pool = dump_pool(dump),
                       .frames = rows_of(f, RECFILE_FRAMES, mono_ns, one),
                       .tasks = rows_of(f, RECFILE_STACK_TASKS, mono_ns, one),
                       .holders = rows_of(f, RECFILE_HOLDERS, mono_ns, one)};
    struct dump_group *group;

    r.ngroups = row != NULL ? count_rows(row, STACKS_READ) : 0;
    group = pool_alloc(r.pool, (r.ngroups + 1) * sizeof *group);
    for (; dump->ngroups < r.ngroups && sqlite3_step(row) == SQLITE_ROW; dump->ngroups++)
        read_stack(&r, row, &group[dump->ngroups]);
    if (dump->ngroups < r.ngroups) /* damaged: holders may name stacks that are not there */
        dump->ngroups = 0;
    dump->group = group;
    sqlite3_finalize(row);
    sqlite3_finalize(r.frames);
    sqlite3_finalize(r.tasks);
    sqlite3_finalize(r.holders);
}

struct dump *recording_read_dump(struct recfile *f, int64_t mono_ns)
{
    struct sqlite3_stmt *row = rows_of(f, RECFILE_DUMPS, mono_ns,
                                       "WHERE mono_ns<=? ORDER BY mono_ns DESC LIMIT 1");
    struct dump *dump = NULL;
    char origin[16];

    if (row != NULL && sqlite3_step(row) == SQLITE_ROW) {
        recording_text(row, 2, origin, sizeof origin);
        dump = dump_new(strcmp(origin, "asked") == 0 ? DUMP_ASKED : DUMP_PEEKED);
        dump->mono_ns = u64(row, 0);
        dump->real_ns = u64(row, 1);
        dump->took_ns = u64(row, 3);
        dump->ntasks = u64(row, 4);
        dump->nskipped = u64(row, 5);
        recording_text(row, 7, dump->note, sizeof dump->note);
        read_stacks(f, dump);
    }
    sqlite3_finalize(row);
    return dump;
}
