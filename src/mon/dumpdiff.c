/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/dumpdiff.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "mon/hash.h"
#include "mon/pool.h"

enum side { BEFORE, AFTER };
#define SIDES 2

/* A group of the difference while it is put together. */
struct row {
    uint64_t hash;
    const struct dump_group *first[SIDES]; /* NULL: it is not there */
    size_t nparts[SIDES];                  /* groups of that dump that are this one */
    struct dumpdiff_count count;
    struct dump_task *task; /* of all parts, if there are several; NULL: those of the first */
    size_t nlisted;         /* taken into `task` so far */
    size_t nleft;           /* parts that are not in it yet */
    size_t number;
};

/* What is behind a struct dumpdiff; the rest of it is freed when it is made. */
struct maker {
    struct dumpdiff diff;
    struct pool pool;
    const struct dump *side[SIDES];
    struct row *row;
    size_t nrows;
    uint32_t *slot; /* hash of rows: number + 1, 0 is free */
    size_t nslots;
    uint32_t *row_of[SIDES]; /* of each group of a dump */
    uint32_t *place;         /* of each row in the difference */
};

static struct maker *maker_of(struct dumpdiff *diff)
{
    return (struct maker *)(void *)diff; /* its first member */
}

static void *array_of(size_t n, size_t size)
{
    void *array = calloc(n + 1, size);

    CHECK(array != NULL);
    return array;
}

/* ---- Which groups are the same ---- */

static uint64_t hash_frame(uint64_t hash, const struct dump_frame *f)
{
    hash = hash_u64(hash, hash_text(f->function));
    hash = hash_u64(hash, f->line);
    return f->function[0] != '\0' ? hash : hash_u64(hash, f->offset);
}

/* What its tasks do: a reason is one only of those that wait. */
static unsigned doing(const struct dump_group *g)
{
    if (g->state != PAGE_TASK_WAITING)
        return g->state;
    return g->state | (unsigned)g->reason << 8 | (unsigned)g->leaked << 16;
}

static uint64_t hash_group(const struct dump_group *g)
{
    uint64_t hash = hash_u64((uint64_t)g->end, doing(g));

    for (size_t i = 0; i < g->nframes; i++)
        hash = hash_frame(hash, &g->frame[i]);
    return hash_frame(hash, &g->spawned_at);
}

/* One without a name is told by where it lies in its module. */
static bool is_same_frame(const struct dump_frame *a, const struct dump_frame *b)
{
    if (strcmp(a->function, b->function) != 0 || a->line != b->line ||
        strcmp(a->file, b->file) != 0)
        return false;
    return a->function[0] != '\0' || (a->offset == b->offset && strcmp(a->module, b->module) == 0);
}

static bool is_same(const struct dump_group *a, const struct dump_group *b)
{
    if (doing(a) != doing(b) || a->end != b->end || a->nframes != b->nframes ||
        !is_same_frame(&a->spawned_at, &b->spawned_at))
        return false;
    for (size_t i = 0; i < a->nframes; i++) {
        if (!is_same_frame(&a->frame[i], &b->frame[i]))
            return false;
    }
    return true;
}

static const struct dump_group *first_of(const struct row *row)
{
    return row->first[AFTER] != NULL ? row->first[AFTER] : row->first[BEFORE];
}

/* The row of GROUP, which may be a new one. */
static struct row *find_row(struct maker *m, const struct dump_group *group)
{
    uint64_t hash = hash_group(group);
    size_t i = hash & (m->nslots - 1);
    struct row *row;

    for (; m->slot[i] != 0; i = (i + 1) & (m->nslots - 1)) {
        row = &m->row[m->slot[i] - 1];
        if (row->hash == hash && is_same(first_of(row), group))
            return row;
    }
    row = &m->row[m->nrows];
    *row = (struct row){.hash = hash, .number = m->nrows};
    m->slot[i] = (uint32_t)++m->nrows;
    return row;
}

static void take_side(struct maker *m, enum side side)
{
    const struct dump *dump = m->side[side];

    for (size_t g = 0; g < dump->ngroups; g++) {
        struct row *row = find_row(m, &dump->group[g]);

        *(side == BEFORE ? &row->count.before : &row->count.after) += dump->group[g].ntasks;
        if (row->nparts[side]++ == 0)
            row->first[side] = &dump->group[g];
        m->row_of[side][g] = (uint32_t)row->number;
    }
}

/* ---- The groups of the difference ---- */

static enum side side_of(const struct row *row)
{
    return row->first[AFTER] != NULL ? AFTER : BEFORE;
}

static int longest_first(const void *a, const void *b)
{
    const struct dump_task *x = a, *y = b;

    return x->since_ns < y->since_ns ? -1 : x->since_ns > y->since_ns;
}

static void join_part(struct maker *m, struct row *row, const struct dump_group *part,
                      enum side side)
{
    size_t all = (size_t)(side == BEFORE ? row->count.before : row->count.after);

    if (row->task == NULL) {
        row->task = pool_alloc(&m->pool, all * sizeof *row->task);
        row->nleft = row->nparts[side];
    }
    memcpy(row->task + row->nlisted, part->task, dump_listed(part) * sizeof *row->task);
    row->nlisted += dump_listed(part);
    if (--row->nleft == 0)
        qsort(row->task, row->nlisted, sizeof *row->task, longest_first);
}

/* Brings the tasks of rows together that have several parts on SIDE, which is the one shown. */
static void join_tasks(struct maker *m, enum side side)
{
    const struct dump *dump = m->side[side];

    for (size_t g = 0; g < dump->ngroups; g++) {
        const struct dump_group *part = &dump->group[g];
        struct row *row = &m->row[m->row_of[side][g]];

        if (side_of(row) == side && row->nparts[side] > 1)
            join_part(m, row, part, side);
    }
}

static uint64_t distance(const struct dumpdiff_count *c)
{
    return c->after > c->before ? c->after - c->before : c->before - c->after;
}

static uint64_t larger(const struct dumpdiff_count *c)
{
    return c->after > c->before ? c->after : c->before;
}

static int most_changed_first(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    uint64_t by_x = distance(&x->count), by_y = distance(&y->count);

    if (by_x != by_y)
        return by_x > by_y ? -1 : 1;
    if (larger(&x->count) != larger(&y->count))
        return larger(&x->count) > larger(&y->count) ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Holders are told by the numbers of their groups, which are others here. */
static void move_holders(struct maker *m, struct dump_group *group, enum side side)
{
    struct dump_holder *holder = pool_alloc(&m->pool, (group->nholders + 1) * sizeof *holder);

    for (size_t i = 0; i < group->nholders; i++) {
        holder[i] = group->holder[i];
        if (holder[i].group < m->side[side]->ngroups)
            holder[i].group = m->place[m->row_of[side][holder[i].group]];
    }
    group->holder = holder;
}

static void fill_group(struct maker *m, const struct row *row, struct dump_group *group)
{
    *group = *first_of(row);
    if (row->task != NULL) {
        group->task = row->task;
        group->ntasks = side_of(row) == BEFORE ? row->count.before : row->count.after;
        group->nunlisted = group->ntasks - row->nlisted;
    }
    move_holders(m, group, side_of(row));
}

static void fill(struct maker *m)
{
    struct dump_group *group = pool_alloc(&m->pool, (m->nrows + 1) * sizeof *group);
    struct dumpdiff_count *count = pool_alloc(&m->pool, (m->nrows + 1) * sizeof *count);

    qsort(m->row, m->nrows, sizeof *m->row, most_changed_first);
    for (size_t i = 0; i < m->nrows; i++)
        m->place[m->row[i].number] = (uint32_t)i;
    for (size_t i = 0; i < m->nrows; i++) {
        fill_group(m, &m->row[i], &group[i]);
        count[i] = m->row[i].count;
        m->diff.nkind[dumpdiff_kind(&count[i])]++;
    }
    m->diff.dump.group = group;
    m->diff.dump.ngroups = m->nrows;
    m->diff.count = count;
}

struct dumpdiff *dumpdiff_new(const struct dump *before, const struct dump *after)
{
    struct maker *m = array_of(1, sizeof *m);
    size_t most = before->ngroups + after->ngroups;

    m->diff = (struct dumpdiff){
        .dump = *after, .before_ntasks = before->ntasks, .before_real_ns = before->real_ns};
    m->side[BEFORE] = before;
    m->side[AFTER] = after;
    pool_init(&m->pool);
    for (m->nslots = 2; m->nslots < 2 * most + 2;)
        m->nslots *= 2;
    m->slot = array_of(m->nslots, sizeof *m->slot);
    m->row = array_of(most, sizeof *m->row);
    m->place = array_of(most, sizeof *m->place);
    for (int side = BEFORE; side <= AFTER; side++) {
        m->row_of[side] = array_of(m->side[side]->ngroups, sizeof *m->row_of[side]);
        take_side(m, (enum side)side);
    }
    join_tasks(m, BEFORE);
    join_tasks(m, AFTER);
    fill(m);
    free(m->slot);
    free(m->row);
    free(m->place);
    free(m->row_of[BEFORE]);
    free(m->row_of[AFTER]);
    return &m->diff;
}

void dumpdiff_free(struct dumpdiff *diff)
{
    if (diff == NULL)
        return;
    pool_fini(&maker_of(diff)->pool);
    free(maker_of(diff));
}

enum dumpdiff_kind dumpdiff_kind(const struct dumpdiff_count *count)
{
    if (count->before == 0)
        return DUMPDIFF_CAME;
    if (count->after == 0)
        return DUMPDIFF_WENT;
    if (count->after == count->before)
        return DUMPDIFF_SAME;
    return count->after > count->before ? DUMPDIFF_GREW : DUMPDIFF_SHRANK;
}

int64_t dumpdiff_growth(const struct dumpdiff_count *count)
{
    return (int64_t)(count->after - count->before);
}
