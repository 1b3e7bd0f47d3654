/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "mon/codeline.h"
#include "mon/symbol.h"

/* Stands in for the child that reads debug information: an address is known at the second question.
 */
static unsigned asked[1 << 16];
static uint64_t nasked;

bool symbols_text(struct symbols *symbols, uint64_t pc, enum symbol_at at, char *text, size_t bytes)
{
    bool final = ++asked[pc & 0xffff] > 1;

    (void)symbols;
    (void)at;
    nasked++;
    snprintf(text, bytes, final ? "function_%lu file.c:1" : "0x%lx", (unsigned long)pc);
    return final;
}

static struct code_table *table;
static struct task_groups tasks;
static struct snapshot snapshot;
static struct alerts alerts;
static struct model model = {.tasks = &tasks, .snapshot = &snapshot, .alerts = &alerts};

static void set_up(void)
{
    table = code_table_new();
}

static void tear_down(void)
{
    code_table_free(table);
}

TestSuite(codeline, .init = set_up, .fini = tear_down);

static const char *text_of(uint64_t pc)
{
    model.code = code_table_lines(table);
    return model_code_line(&model, pc);
}

static bool refresh(void)
{
    return code_table_refresh(table, &model, NULL);
}

Test(codeline, everything_that_names_code_is_looked_up)
{
    tasks.n = 1;
    tasks.group[0] = (struct task_group){.spawn_pc = 10, .start_fn = 20};
    snapshot.nsites = 1;
    snapshot.site[0].pc = 30;
    alerts.n = 1;
    alerts.alert[0].pc = 40;
    refresh();
    for (uint64_t pc = 10; pc <= 40; pc += 10)
        cr_assert_not_null(text_of(pc), "nothing for %lu", (unsigned long)pc);
    cr_assert_null(text_of(50), "a text for what nobody named: %s", text_of(50));
}

Test(codeline, an_answer_gets_better_until_it_is_final)
{
    alerts.n = 1;
    alerts.alert[0].pc = 0x40;
    cr_assert(refresh(), "the first text is no change");
    cr_assert_str_eq(text_of(0x40), "0x40", "%s", text_of(0x40));
    cr_assert(refresh(), "the better text is no change");
    cr_assert_str_eq(text_of(0x40), "function_64 file.c:1", "%s", text_of(0x40));
    cr_assert_not(refresh(), "a final text has changed");
    cr_assert_eq(nasked, 2, "it was asked for %lu times", (unsigned long)nasked);
}

Test(codeline, an_unknown_address_is_not_looked_up)
{
    alerts.n = 1;
    alerts.alert[0].pc = 0;
    refresh();
    cr_assert_eq(nasked, 0, "%lu questions", (unsigned long)nasked);
}

Test(codeline, the_table_is_bounded_and_keeps_what_is_asked_for)
{
    alerts.n = 1;
    alerts.alert[0].pc = 0x7777;
    tasks.n = 20;
    for (uint64_t round = 0; round < 200; round++) {
        for (uint32_t i = 0; i < tasks.n; i++)
            tasks.group[i].spawn_pc = 1 + round * tasks.n + i;
        refresh();
    }
    cr_assert_leq(code_table_lines(table).n, 512, "%u lines", code_table_lines(table).n);
    cr_assert_str_eq(text_of(0x7777), "function_30583 file.c:1", "%s", text_of(0x7777));
    cr_assert_not_null(text_of(1 + 199 * 20), "the newest is missing");
    cr_assert_null(text_of(1), "the oldest is still there");
}
