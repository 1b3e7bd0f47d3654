/* SPDX-License-Identifier: MIT */
/* codeline.h - the code lines that a model's addresses stand for.
 * A model speaks of code by address: spawn sites, functions of tasks, allocation sites, what an
 * alert blames. This keeps their texts, asks for those that are new, and asks again until an
 * answer is final. The table has a bounded size; who was not asked for lately makes room.
 * Threads: one. Never blocks. */
#ifndef MON_CODELINE_H
#define MON_CODELINE_H

#include <stdbool.h>

#include "mon/model.h"

struct symbols;
struct code_table;

/* Ends the program if there is no memory. */
struct code_table *code_table_new(void);
void code_table_free(struct code_table *table);

/* Looks up all addresses that MODEL mentions. True if a text has changed. */
bool code_table_refresh(struct code_table *table, const struct model *model,
                        struct symbols *symbols);

/* Whether nothing that the last refresh looked up is still being asked for. */
bool code_table_is_final(const struct code_table *table);

/* Borrowed until the next refresh. */
struct code_lines code_table_lines(const struct code_table *table);

#endif
