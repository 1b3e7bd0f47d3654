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
    snapshot.ncycles = 1;
    snapshot.cycle[0].last_stopped = (struct gc_last){
        .task = 1, .how = STOPPED_IN_RUNTIME, .nframes = 2, .pc = {50, 60}};
    refresh();
    for (uint64_t pc = 10; pc <= 60; pc += 10)
        cr_assert_not_null(text_of(pc), "nothing for %lu", (unsigned long)pc);
    cr_assert_null(text_of(70), "a text for what nobody named: %s", text_of(70));
}

/* As if it were behind a call, where look-ups begin. */
Test(codeline, the_instruction_at_which_a_signal_stopped_is_looked_up_itself)
{
    snapshot.ncycles = 1;
    snapshot.cycle[0].last_stopped = (struct gc_last){
        .task = 1, .how = STOPPED_BY_SIGNAL, .nframes = 2, .pc = {50, 60}};
    refresh();
    cr_assert_not_null(text_of(51), "nothing for where it stopped");
    cr_assert_not_null(text_of(60), "nothing for its caller");
    cr_assert_null(text_of(50), "the instruction before it: %s", text_of(50));
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

/* What finds no room would else push out what was found before it, again and again. */
Test(codeline, more_than_fits_does_not_ask_for_ever)
{
    uint64_t before;

    snapshot.ncycles = 32;
    snapshot.nsites = 64;
    tasks.n = 128;
    for (uint64_t i = 0; i < 128; i++)
        tasks.group[i] = (struct task_group){.spawn_pc = 1000 + i, .start_fn = 2000 + i};
    for (uint64_t i = 0; i < 64; i++)
        snapshot.site[i].pc = 3000 + i;
    for (uint32_t i = 0; i < 32; i++) {
        snapshot.cycle[i].last_stopped.nframes = SNAPSHOT_FRAMES;
        for (uint32_t k = 0; k < SNAPSHOT_FRAMES; k++)
            snapshot.cycle[i].last_stopped.pc[k] = 4000 + i * SNAPSHOT_FRAMES + k;
    }
    for (int i = 0; i < 40; i++)
        refresh();
    before = nasked;
    cr_assert_not(refresh(), "a text has changed");
    cr_assert_eq(nasked, before, "%lu more questions", (unsigned long)(nasked - before));
    cr_assert_not_null(text_of(1000), "what comes first is missing");
    cr_assert_not_null(text_of(4000 + 31 * SNAPSHOT_FRAMES), "the newest stop is missing");
}
