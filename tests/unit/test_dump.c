/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "mon/dump.h"
#include "mon/dump_text.h"
#include "mon/symbol.h"

#define NOW_NS UINT64_C(100000000000)

static struct symbols *nothing_known;
static struct dump *dump;

static void setup(void)
{
    nothing_known = symbols_new(0, SYMBOL_LOCAL);
    dump = dump_new(DUMP_ASKED);
    dump->mono_ns = NOW_NS;
}

static void teardown(void)
{
    dump_free(dump);
    symbols_free(nothing_known);
}

/* One task to be added. */
struct given {
    uint64_t id;
    unsigned state;
    unsigned reason;
    uint64_t age_ns;
    const uint64_t *pc;
    size_t npcs;
    const char *name;
};

static void add(const struct given *g)
{
    struct page_task row = {
        .word = PAGE_TASK_WORD(g->state, g->reason, g->id),
        .id = g->id,
        .since_ns = NOW_NS - g->age_ns,
        .spawn_pc = 0x5000,
    };
    struct dump_entry entry = {.row = &row,
                               .name = g->name == NULL ? "" : g->name,
                               .end = DUMP_END_START,
                               .pc = g->pc,
                               .npcs = g->npcs};

    dump_add(dump, &entry);
}

static void finish(void)
{
    cr_assert(dump_finish(dump, nothing_known), "symbols of nothing make it wait");
}

/* The whole text of the dump. */
static const char *text_of(void)
{
    static char text[1 << 16];
    FILE *file = fmemopen(text, sizeof text, "w");

    cr_assert(dump_write_text(dump, file), "not written");
    fclose(file);
    return text;
}

static const uint64_t one[] = {0x1000, 0x2000};
static const uint64_t two[] = {0x1000, 0x2001};

TestSuite(dump, .init = setup, .fini = teardown, .timeout = 60);

Test(dump, groups_by_stack_and_state)
{
    add(&(struct given){1, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 5, one, 2, NULL});
    add(&(struct given){2, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 9, one, 2, NULL});
    add(&(struct given){3, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 7, two, 2, NULL});
    add(&(struct given){4, PAGE_TASK_WAITING, PAGE_WAIT_IO, 7, one, 2, NULL});
    add(&(struct given){5, PAGE_TASK_RUNNABLE, 0, 7, one, 2, NULL});
    add(&(struct given){6, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 7, one, 1, NULL});
    finish();

    cr_assert_eq(dump->ngroups, 5, "%zu groups", dump->ngroups);
    cr_assert_eq(dump->ntasks, 6, "%" PRIu64 " tasks", dump->ntasks);
    cr_assert_eq(dump->group[0].ntasks, 2, "%zu tasks in the largest", dump->group[0].ntasks);
}

Test(dump, lists_the_longest_waiting_task_first)
{
    static const uint64_t order[] = {2, 3, 1};

    add(&(struct given){1, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 5, one, 2, NULL});
    add(&(struct given){2, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 9, one, 2, NULL});
    add(&(struct given){3, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 7, one, 2, NULL});
    finish();

    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(dump->group[0].task[i].id, order[i], "task %zu is %" PRIu64, i,
                     dump->group[0].task[i].id);
    cr_assert_eq(dump_age_ns(dump, &dump->group[0].task[0]), 9, "age %" PRIu64,
                 dump_age_ns(dump, &dump->group[0].task[0]));
}

Test(dump, a_task_from_the_future_has_no_age)
{
    struct dump_task task = {.since_ns = NOW_NS + 5};

    cr_assert_eq(dump_age_ns(dump, &task), 0, "age %" PRIu64, dump_age_ns(dump, &task));
}

Test(dump, equal_stacks_keep_their_key_in_later_dumps)
{
    uint64_t key;

    add(&(struct given){1, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 5, one, 2, NULL});
    finish();
    key = dump->group[0].key;
    dump_free(dump);
    dump = dump_new(DUMP_PEEKED);
    add(&(struct given){77, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 500, one, 2, NULL});
    finish();

    cr_assert_eq(dump->group[0].key, key, "%" PRIx64 " and %" PRIx64, dump->group[0].key, key);
}

Test(dump, of_no_task_is_empty)
{
    finish();

    cr_assert_eq(dump->ngroups, 0, "%zu groups", dump->ngroups);
    cr_assert_not_null(strstr(text_of(), "0 tasks in 0 groups"), "%s", text_of());
}

Test(dump, makes_names_harmless)
{
    add(&(struct given){1, PAGE_TASK_RUNNING, 0, 5, one, 2, "\033[31mred\n"});
    finish();

    cr_assert_null(strchr(dump->group[0].task[0].name, '\033'), "an escape sequence");
    cr_assert_null(strchr(dump->group[0].task[0].name, '\n'), "a newline");
    cr_assert_not_null(strstr(dump->group[0].task[0].name, "red"), "%s",
                       dump->group[0].task[0].name);
}

Test(dump, holds_a_hundred_thousand_tasks_in_a_thousand_groups)
{
    for (uint64_t i = 0; i < 100000; i++) {
        uint64_t pc[] = {0x1000, 0x2000 + i % 1000};

        add(&(struct given){i + 1, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, i, pc, 2, NULL});
    }
    finish();

    cr_assert_eq(dump->ngroups, 1000, "%zu groups", dump->ngroups);
    for (size_t i = 0; i < dump->ngroups; i++)
        cr_assert_eq(dump->group[i].ntasks, 100, "group %zu has %zu tasks", i,
                     dump->group[i].ntasks);
}

Test(dump, bounds_the_number_of_different_stacks)
{
    for (uint64_t i = 0; i < 70000; i++) {
        uint64_t pc[] = {0x1000, i};

        add(&(struct given){i + 1, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, i, pc, 2, NULL});
    }
    finish();

    cr_assert_eq(dump->ngroups, 65536 + 4096, "%zu groups", dump->ngroups);
    cr_assert_eq(dump->nskipped, 70000 - 65536 - 4096, "%" PRIu64 " skipped", dump->nskipped);
}

Test(dump, tasks_beyond_too_many_stacks_are_told_apart_by_their_innermost_calls)
{
    for (uint64_t i = 0; i < 100000; i++) {
        uint64_t pc[] = {0x1000, 0x1100 + i % 2, 0x1200, 0x1300, i};

        add(&(struct given){i + 1, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, i, pc, 5, NULL});
    }
    finish();

    cr_assert_eq(dump->ntasks, 100000, "%" PRIu64 " tasks", dump->ntasks);
    cr_assert_eq(dump->nskipped, 0, "%" PRIu64 " skipped", dump->nskipped);
    cr_assert_eq(dump->ngroups, 65536 + 2, "%zu groups", dump->ngroups);
    cr_assert_eq(dump->group[0].ntasks, (100000 - 65536) / 2, "%zu", dump->group[0].ntasks);
    cr_assert_eq(dump->group[0].end, DUMP_END_LEFT_OFF, "it seems whole");
    cr_assert_not_null(strstr(dump->note, "34464 tasks"), "%s", dump->note);
}

Test(dump, says_in_words_what_tasks_do)
{
    struct dump_group g = {.state = PAGE_TASK_WAITING, .reason = PAGE_WAIT_CHAN_RECV};
    char text[DUMP_STATE_BYTES];

    cr_assert_str_eq(dump_state_text(&g, text), "chan receive", "%s", dump_state_text(&g, text));
    g.leaked = true;
    cr_assert_str_eq(dump_state_text(&g, text), "chan receive (leaked)", "%s", text);
    g.state = PAGE_TASK_RUNNING;
    cr_assert_str_eq(dump_state_text(&g, text), "running", "%s", dump_state_text(&g, text));
    g.state = 77;
    cr_assert_str_eq(dump_state_text(&g, text), "state 77", "%s", dump_state_text(&g, text));
}

/* Adds a task that waits for a lock. */
static void add_held(uint64_t id, unsigned reason, uint64_t holder, uint64_t readers)
{
    add(&(struct given){id, PAGE_TASK_WAITING, reason, id, one, 2, NULL});
    dump_add_lock(dump, id, holder, readers);
}

Test(dump, finds_who_holds_what_a_group_waits_for)
{
    const struct dump_group *g;

    add(&(struct given){9, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 5, two, 2, "loader"});
    for (uint64_t id = 1; id < 6; id++)
        add_held(id, PAGE_WAIT_MUTEX, id < 5 ? 9 : 77, 0);
    finish();

    g = &dump->group[0];
    cr_assert_eq(g->nholders, 2, "%zu holders", g->nholders);
    cr_assert_eq(g->holder[0].id, 9, "%" PRIu64, g->holder[0].id);
    cr_assert_eq(g->holder[0].nwaiters, 4, "%zu waiters", g->holder[0].nwaiters);
    cr_assert_eq(g->holder[0].group, 1, "group %zu", g->holder[0].group);
    cr_assert_str_eq(g->holder[0].name, "loader", "%s", g->holder[0].name);
    cr_assert_eq(g->holder[1].id, 77, "%" PRIu64, g->holder[1].id);
    cr_assert_eq(g->holder[1].group, DUMP_NO_GROUP, "group %zu", g->holder[1].group);
    cr_assert_eq(dump->group[1].nholders, 0, "%zu of who sleeps", dump->group[1].nholders);
}

Test(dump, a_lock_belongs_to_the_task_that_was_added_last)
{
    add(&(struct given){1, PAGE_TASK_WAITING, PAGE_WAIT_MUTEX, 5, one, 2, NULL});
    dump_add_lock(dump, 2, 9, 0);
    finish();

    cr_assert_eq(dump->group[0].nholders, 0, "%zu holders", dump->group[0].nholders);
}

Test(dump, leaves_off_holders_of_few)
{
    for (uint64_t id = 1; id <= DUMP_HOLDERS_MAX + 3; id++)
        add_held(id, PAGE_WAIT_MUTEX, 100 + id, 0);
    finish();

    cr_assert_eq(dump->group[0].nholders, DUMP_HOLDERS_MAX, "%zu", dump->group[0].nholders);
    cr_assert_eq(dump->group[0].nholders_more, 3, "%zu", dump->group[0].nholders_more);
}

Test(dump, tasks_without_an_id_are_nobodys_holders)
{
    add(&(struct given){0, PAGE_TASK_RUNNING, 0, 5, two, 2, "ghost"});
    add_held(1, PAGE_WAIT_RWMUTEX_LOCK, 0, 2);
    add_held(2, PAGE_WAIT_RWMUTEX_LOCK, 0, 2);
    finish();

    cr_assert_eq(dump->group[0].holder[0].nwaiters, 2, "%zu", dump->group[0].holder[0].nwaiters);
    cr_assert_eq(dump->group[0].holder[0].group, DUMP_NO_GROUP, "%zu",
                 dump->group[0].holder[0].group);
}

TestSuite(dump_text, .init = setup, .fini = teardown, .timeout = 60);

static const char *ids_of(const uint64_t *id, size_t n)
{
    static char text[DUMP_IDS_BYTES];
    struct dump_task *task = calloc(n, sizeof *task);
    struct dump_group group = {.task = task, .ntasks = n};

    for (size_t i = 0; i < n; i++)
        task[i].id = id[i];
    dump_format_ids(&group, text);
    free(task);
    return text;
}

Test(dump_text, writes_ids_as_ranges)
{
    static const uint64_t ids[] = {9, 1, 2, 3, 20, 8};

    cr_assert_str_eq(ids_of(ids, 6), "1-3, 8-9, 20", "%s", ids_of(ids, 6));
}

Test(dump_text, counts_the_ids_that_have_no_room)
{
    uint64_t ids[100];

    for (uint64_t i = 0; i < 100; i++)
        ids[i] = UINT64_C(10000000000000000000) + i * 2;
    cr_assert_not_null(strstr(ids_of(ids, 100), " more"), "%s", ids_of(ids, 100));
    cr_assert_lt(strlen(ids_of(ids, 100)), DUMP_IDS_BYTES, "too long");
}

Test(dump_text, tells_state_ages_ids_frames_and_origin)
{
    const char *text;

    add(&(struct given){5, PAGE_TASK_WAITING, PAGE_WAIT_MUTEX, 2000000000, one, 2, "reader"});
    add(&(struct given){6, PAGE_TASK_WAITING, PAGE_WAIT_MUTEX, 1000000000, one, 2, "reader"});
    finish();
    text = text_of();

    cr_assert_not_null(strstr(text, "2 tasks in 1 group, "), "%s", text);
    cr_assert_not_null(strstr(text, "#1  2 tasks  sync.Mutex.Lock  "), "%s", text);
    cr_assert_not_null(strstr(text, " to "), "%s", text);
    cr_assert_not_null(strstr(text, "    id 5-6\n    named reader\n"), "%s", text);
    cr_assert_not_null(strstr(text, "0x1000\n"), "%s", text);
    cr_assert_not_null(strstr(text, "0x2000\n"), "%s", text);
    cr_assert_not_null(strstr(text, "    started by ?"), "%s", text);
}

Test(dump_text, says_who_holds_a_mutex_and_where_that_one_is)
{
    add(&(struct given){9, PAGE_TASK_WAITING, PAGE_WAIT_SLEEP, 5, two, 2, "loader"});
    add_held(1, PAGE_WAIT_MUTEX, 9, 0);
    add_held(2, PAGE_WAIT_MUTEX, 9, 0);
    finish();

    cr_assert_not_null(
        strstr(text_of(), "\n    wait for a mutex held by task 9 \"loader\" (#2)\n"), "%s",
        text_of());
}

Test(dump_text, says_how_many_of_a_group_wait_for_whom)
{
    for (uint64_t id = 1; id < 4; id++)
        add_held(id, PAGE_WAIT_RWMUTEX_LOCK, id == 3 ? 70 : 0, id == 3 ? 0 : 5);
    finish();

    cr_assert_not_null(
        strstr(text_of(), "    2 of them wait for a read-write mutex held by 5 readers\n"), "%s",
        text_of());
    cr_assert_not_null(
        strstr(text_of(), "    1 of them waits for a read-write mutex held by task 70\n"), "%s",
        text_of());
}

Test(dump_text, places_are_lines_else_offsets_else_addresses)
{
    struct dump_frame f = {
        .pc = 0x77, .file = "a/b.c", .line = 12, .module = "/x/lib.so", .offset = 0x34};
    char text[64];

    dump_format_place(&f, text, sizeof text);
    cr_assert_str_eq(text, "a/b.c:12", "%s", text);
    f.line = 0;
    dump_format_place(&f, text, sizeof text);
    cr_assert_str_eq(text, "lib.so+0x34", "%s", text);
    f.module = "";
    dump_format_place(&f, text, sizeof text);
    cr_assert_str_eq(text, "0x77", "%s", text);
}

/* ---- Folded stacks ---- */

TestSuite(dump_folded, .init = setup, .fini = teardown, .timeout = 60);

/* The dump as folded stacks. */
static const char *folded(void)
{
    static char text[1 << 12];
    FILE *file = fmemopen(text, sizeof text, "w");

    cr_assert(dump_write_folded(dump, file), "not written");
    fclose(file);
    return text;
}

Test(dump_folded, has_a_line_a_group_from_the_outermost_function_on)
{
    static const struct dump_frame frame[] = {
        {.function = "inner;most", .module = ""},
        {.function = "operator new", .module = ""},
        {.function = "", .module = "/lib/x.so", .offset = 52}};
    static const struct dump_group group[] = {{.state = PAGE_TASK_WAITING,
                                               .reason = PAGE_WAIT_SLEEP,
                                               .frame = frame,
                                               .nframes = 3,
                                               .ntasks = 1200,
                                               .nunlisted = 1200},
                                              {.state = PAGE_TASK_RUNNING,
                                               .end = DUMP_END_TRUNCATED,
                                               .frame = frame,
                                               .nframes = 1,
                                               .ntasks = 1,
                                               .nunlisted = 1}};

    dump->group = group;
    dump->ngroups = 2;
    cr_assert_str_eq(folded(),
                     "x.so+0x34;operator new;inner:most;[sleep] 1200\n"
                     "[the stack goes on];inner:most;[running] 1\n",
                     "%s", folded());
}

Test(dump_folded, of_no_task_is_empty)
{
    finish();
    cr_assert_str_eq(folded(), "", "%s", folded());
}

#if HAVE_JANSSON

#include <jansson.h>

Test(dump_text, writes_json_that_says_the_same)
{
    static char text[1 << 16];
    FILE *file = fmemopen(text, sizeof text, "w");
    json_t *root, *group;

    snprintf(dump->note, sizeof dump->note, "say \"why\"");
    add(&(struct given){5, PAGE_TASK_WAITING, PAGE_WAIT_MUTEX, 2000, one, 2, "reader"});
    add(&(struct given){6, PAGE_TASK_RUNNING, 0, 1000, two, 2, NULL});
    finish();
    cr_assert(dump_write_json(dump, file), "not written");
    fclose(file);
    cr_assert_eq(strcspn(text, "\n"), strlen(text) - 1, "more than one line: %s", text);
    root = json_loads(text, 0, NULL);

    cr_assert_not_null(root, "%s", text);
    cr_assert_eq(json_integer_value(json_object_get(root, "ntasks")), 2, "%s", text);
    cr_assert_str_eq(json_string_value(json_object_get(root, "note")), dump->note, "%s", text);
    group = json_array_get(json_object_get(root, "groups"), 0);
    cr_assert_str_eq(json_string_value(json_object_get(group, "state")), "sync.Mutex.Lock", "%s",
                     text);
    cr_assert_eq(json_array_size(json_object_get(group, "frames")), 2, "%s", text);
    json_decref(root);
}

#endif
