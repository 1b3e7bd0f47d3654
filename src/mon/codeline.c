/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/codeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "mon/symbol.h"

#define LINES_MAX       512
#define GROUPS_LOOKED   128 /* of the task groups, most tasks first */
#define SITES_LOOKED    64
#define LEAKS_LOOKED    64
#define HOLDERS_LOOKED  64
#define CYCLES_LOOKED   32 /* newest, of whose last to stop the stack is shown */
#define NEW_PER_REFRESH 64 /* what more there is comes with the next refresh */

struct code_table {
    struct code_line line[LINES_MAX];
    uint64_t used[LINES_MAX]; /* number of the refresh that last asked for it */
    bool final[LINES_MAX];
    uint32_t n;
    uint64_t refresh;
    int nnew; /* added in this refresh */
};

struct code_table *code_table_new(void)
{
    struct code_table *table = calloc(1, sizeof *table);

    CHECK(table != NULL);
    return table;
}

void code_table_free(struct code_table *table)
{
    free(table);
}

/* The row of PC, a free one, or the one that was not asked for for longest; LINES_MAX: all have
 * been asked for in this refresh. */
static uint32_t row_for(struct code_table *table, uint64_t pc)
{
    uint32_t oldest = 0;

    for (uint32_t i = 0; i < table->n; i++) {
        if (table->line[i].pc == pc)
            return i;
        if (table->used[i] < table->used[oldest])
            oldest = i;
    }
    if (table->n == LINES_MAX && table->used[oldest] == table->refresh)
        return LINES_MAX;
    uint32_t row = table->n < LINES_MAX ? table->n++ : oldest;
    table->line[row] = (struct code_line){.pc = pc};
    table->final[row] = false;
    table->nnew++;
    return row;
}

/* Brings the text of PC up to date; true if it has changed. */
static bool look_up(struct code_table *table, struct symbols *symbols, uint64_t pc,
                    enum symbol_at at)
{
    char text[CODE_LINE_BYTES] = "";

    if (pc == 0 || table->nnew >= NEW_PER_REFRESH)
        return false;
    uint32_t row = row_for(table, pc);
    if (row == LINES_MAX)
        return false;
    table->used[row] = table->refresh;
    if (table->final[row])
        return false;
    table->final[row] = symbols_text(symbols, pc, at, text, sizeof text);
    if (strcmp(text, table->line[row].text) == 0)
        return false;
    memcpy(table->line[row].text, text, sizeof text);
    return true;
}

/* The sites with most live bytes, and those that have grown most. */
static bool look_up_sites(struct code_table *table, const struct snapshot *s,
                          struct symbols *symbols)
{
    uint16_t grown[SNAPSHOT_MAX_SITES];
    uint32_t n = snapshot_order_sites(s, SITES_BY_GROWTH, grown);
    bool changed = false;

    for (uint32_t i = 0; i < s->nsites && i < SITES_LOOKED; i++)
        changed |= look_up(table, symbols, s->site[i].pc, SYMBOL_AT_RETURN);
    for (uint32_t i = 0; i < n && i < SITES_LOOKED; i++)
        changed |= look_up(table, symbols, s->site[grown[i]].pc, SYMBOL_AT_RETURN);
    return changed;
}

static bool look_up_stops(struct code_table *table, const struct snapshot *s,
                          struct symbols *symbols)
{
    bool changed = false;

    for (uint32_t i = 0; i < s->ncycles && i < CYCLES_LOOKED; i++) {
        const struct gc_last *last = &s->cycle[s->ncycles - 1 - i].last_stopped;

        for (uint32_t k = 0; k < last->nframes; k++)
            changed |= look_up(table, symbols, gc_last_code(last, k), SYMBOL_AT_RETURN);
    }
    return changed;
}

bool code_table_refresh(struct code_table *table, const struct model *model,
                        struct symbols *symbols)
{
    const struct task_groups *tasks = model->tasks;
    const struct snapshot *snapshot = model->snapshot;
    bool changed = false;

    table->refresh++;
    table->nnew = 0;
    for (uint32_t i = 0; i < model->alerts->n; i++) {
        changed |= look_up(table, symbols, model->alerts->alert[i].pc, SYMBOL_AT_RETURN);
        changed |= look_up(table, symbols, model->alerts->alert[i].wait_pc, SYMBOL_AT_RETURN);
    }
    for (uint32_t i = 0; i < tasks->n && i < GROUPS_LOOKED; i++) {
        changed |= look_up(table, symbols, tasks->group[i].spawn_pc, SYMBOL_AT_RETURN);
        changed |= look_up(table, symbols, tasks->group[i].start_fn, SYMBOL_AT_EXACT);
    }
    for (uint32_t i = 0; i < tasks->nholders && i < HOLDERS_LOOKED; i++)
        changed |= look_up(table, symbols, tasks->holder[i].pc, SYMBOL_AT_RETURN);
    for (uint32_t i = 0; i < snapshot->nleaks && i < LEAKS_LOOKED; i++) {
        changed |= look_up(table, symbols, snapshot->leak[i].spawn_pc, SYMBOL_AT_RETURN);
        changed |= look_up(table, symbols, snapshot->leak[i].wait_pc, SYMBOL_AT_RETURN);
    }
    changed |= look_up_sites(table, snapshot, symbols);
    changed |= look_up_stops(table, snapshot, symbols);
    return changed;
}

struct code_lines code_table_lines(const struct code_table *table)
{
    return (struct code_lines){.n = table->n, .line = table->line};
}

bool code_table_is_final(const struct code_table *table)
{
    bool final = table->nnew < NEW_PER_REFRESH;

    for (uint32_t i = 0; i < table->n && final; i++)
        final = table->final[i] || table->used[i] != table->refresh;
    return final;
}
