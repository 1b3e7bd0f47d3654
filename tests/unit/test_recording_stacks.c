/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mon/about.h"
#include "mon/dump.h"
#include "mon/dump_text.h"
#include "tests/support/recorded.h"

TestSuite(recording_stacks, .init = recorded_setup, .fini = recorded_teardown, .timeout = 60);

#define CROWD 1000

static const struct dump_frame frame[] = {
    {.pc = 0x1010,
     .function = "gort_recv",
     .file = "chan.c",
     .line = 30,
     .module = "/bin/a",
     .offset = 0x10,
     .inlined = true},
    {.pc = 0x1020, .function = "wait_in", .file = "a.c", .line = 7, .module = "/bin/a"},
    {.pc = UINT64_MAX - 1, .function = "", .file = "", .module = "", .offset = UINT64_MAX},
};
static const struct dump_holder holder[] = {
    {.id = 9, .name = "keeper", .group = 1, .nwaiters = 998},
    {.id = 0, .name = "", .readers = 2, .group = DUMP_NO_GROUP, .nwaiters = 1},
};

/* A crowd that waits for a lock, and who has it. */
static struct dump *make_dump(void)
{
    struct dump *d = dump_new(DUMP_ASKED);
    struct dump_task *task = calloc(CROWD, sizeof *task);
    struct dump_group *group = calloc(2, sizeof *group);

    for (int i = 0; i < CROWD; i++)
        task[i] = (struct dump_task){
            .id = (uint64_t)i + 10, .since_ns = (uint64_t)(MONO_NS - (CROWD - i) * S), .name = ""};
    task[0] = (struct dump_task){.id = 10,
                                 .since_ns = (uint64_t)(MONO_NS - CROWD * S),
                                 .name = "first",
                                 .tid = 77,
                                 .holder = 9,
                                 .readers = 3};
    group[0] = (struct dump_group){.key = UINT64_MAX - 5,
                                   .state = PAGE_TASK_WAITING,
                                   .reason = PAGE_WAIT_MUTEX,
                                   .leaked = true,
                                   .moved = true,
                                   .end = DUMP_END_TRUNCATED,
                                   .frame = frame,
                                   .nframes = 3,
                                   .spawned_at = frame[1],
                                   .task = task,
                                   .ntasks = CROWD,
                                   .holder = holder,
                                   .nholders = 2,
                                   .nholders_more = 4};
    group[1] = (struct dump_group){.key = 1,
                                   .state = PAGE_TASK_RUNNING,
                                   .frame = frame,
                                   .nframes = 1,
                                   .spawned_at = {.function = "", .file = "", .module = ""},
                                   .task = &task[1],
                                   .ntasks = 1};
    *d = (struct dump){.origin = DUMP_ASKED,
                       .mono_ns = (uint64_t)MONO_NS,
                       .real_ns = (uint64_t)REAL_NS,
                       .took_ns = 4000,
                       .ntasks = CROWD + 1,
                       .nskipped = 2,
                       .note = "a guess",
                       .group = group,
                       .ngroups = 2};
    return d;
}

static void free_dump(struct dump *d)
{
    free((void *)(uintptr_t)d->group[0].task);
    free((void *)(uintptr_t)d->group);
    dump_free(d);
}

/* Records samples and a dump; D is freed. */
static void record(struct dump *d)
{
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 3);
    cr_assert(monitor_record_once(rec.monitor,
                                  &(struct recorder_once){.mono_ns = MONO_NS + 3 * S, .dump = d}),
              "%s", monitor_model(rec.monitor)->record->why);
    recorded_run(3, 2);
    recorded_close();
    free_dump(d);
}

static char *text_of(const struct dump *d)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    cr_assert(dump_write_text(d, out), "not written");
    fclose(out);
    return text;
}

Test(recording_stacks, a_dump_comes_back_as_it_was)
{
    record(make_dump());
    const struct dump *d = recorded_replay(NULL, NULL)->dump;

    cr_assert_not_null(d, "no dump");
    cr_assert(d->origin == DUMP_ASKED && d->mono_ns == (uint64_t)MONO_NS &&
                  d->real_ns == (uint64_t)REAL_NS && d->took_ns == 4000 && d->ntasks == CROWD + 1 &&
                  d->nskipped == 2 && d->ngroups == 2,
              "%" PRIu64 " tasks in %zu groups", d->ntasks, d->ngroups);
    cr_assert_str_eq(d->note, "a guess");
    const struct dump_group *g = &d->group[0];
    cr_assert(g->key == UINT64_MAX - 5 && g->state == PAGE_TASK_WAITING &&
                  g->reason == PAGE_WAIT_MUTEX && g->leaked && g->moved &&
                  g->end == DUMP_END_TRUNCATED,
              "state %u, reason %u, end %d", g->state, g->reason, g->end);
    cr_assert_eq(g->nframes, 3, "%zu frames", g->nframes);
    cr_assert_str_eq(g->frame[0].function, "gort_recv");
    cr_assert(g->frame[0].inlined && g->frame[0].line == 30 && g->frame[0].offset == 0x10 &&
                  g->frame[2].pc == UINT64_MAX - 1 && g->frame[2].offset == UINT64_MAX,
              "line %u", g->frame[0].line);
    cr_assert_str_eq(g->spawned_at.function, "wait_in");
    cr_assert(g->nholders == 2 && g->nholders_more == 4 && g->holder[0].id == 9 &&
                  g->holder[0].group == 1 && g->holder[0].nwaiters == 998 &&
                  g->holder[1].group == DUMP_NO_GROUP && g->holder[1].readers == 2,
              "%zu holders", g->nholders);
    cr_assert_str_eq(g->holder[0].name, "keeper");
    cr_assert(g->task[0].id == 10 && g->task[0].tid == 77 && g->task[0].holder == 9 &&
                  g->task[0].readers == 3,
              "task %" PRIu64, g->task[0].id);
    cr_assert_str_eq(g->task[0].name, "first");
}

Test(recording_stacks, of_a_crowd_the_first_and_the_last_are_kept)
{
    char wanted[DUMP_AGE_BYTES];
    char age[DUMP_AGE_BYTES];
    struct dump *made = make_dump();

    dump_format_age(made, &made->group[0], wanted);
    record(made);
    const struct dump *d = recorded_replay(NULL, NULL)->dump;
    const struct dump_group *g = &d->group[0];

    cr_assert(g->ntasks == CROWD && dump_listed(g) == 64, "%zu of %zu", dump_listed(g), g->ntasks);
    cr_assert(g->task[62].id == 72 && g->task[63].id == CROWD + 9, "%" PRIu64, g->task[63].id);
    dump_format_age(d, g, age);
    cr_assert_str_eq(age, wanted);
    ASSERT_QUERY("SELECT count(*) FROM stack_tasks WHERE rank = 0", 64);
    ASSERT_QUERY("SELECT tasks FROM stacks WHERE state = 'mutex lock' OR state LIKE '%mutex%'",
                 CROWD);
    char *text = text_of(d);
    cr_assert_not_null(strstr(text, "1000 tasks"), "%s", text);
    cr_assert_not_null(strstr(text, " and 936 more"), "%s", text);
    free(text);
}

Test(recording_stacks, what_makes_no_sense_is_left_out)
{
    static const char *const harm[] = {
        "UPDATE stacks SET tasks = -5, state_code = 77, ending = 'x', holders_more = -1",
        "UPDATE stack_holders SET holder_rank = 2, waiters = 99999999",
        "UPDATE stack_holders SET holder_rank = -7",
        "UPDATE stack_frames SET function = NULL, line = -1, module = x'1b5b33316d'",
        "UPDATE stacks SET tasks = 9223372036854775807",
        "DELETE FROM stack_tasks",
        "UPDATE dumps SET note = char(27) || '[31m', tasks = -1",
        "DROP TABLE stack_frames",
        "DROP TABLE stack_holders",
    };

    record(make_dump());
    for (size_t i = 0; i < sizeof harm / sizeof harm[0]; i++) {
        recorded_change(harm[i]);
        const struct dump *d = recorded_replay(NULL, NULL)->dump;
        cr_assert_not_null(d, "%s: no dump", harm[i]);
        cr_assert_eq(d->ngroups, 2, "%s: %zu groups", harm[i], d->ngroups);
        for (size_t g = 0; g < d->ngroups; g++) {
            cr_assert_leq(d->group[g].nunlisted, d->group[g].ntasks, "%s", harm[i]);
            for (size_t k = 0; k < d->group[g].nholders; k++)
                cr_assert(d->group[g].holder[k].group == DUMP_NO_GROUP ||
                              d->group[g].holder[k].group < 2,
                          "%s", harm[i]);
        }
        char *text = text_of(d);
        cr_assert_null(strchr(text, 27), "%s: %s", harm[i], text);
        free(text);
        recorded_close();
    }
}

Test(recording_stacks, a_recording_need_not_have_any)
{
    recorded_open((struct recorder_options){.path = rec.path});
    recorded_run(0, 3);
    recorded_close();
    cr_assert_null(recorded_replay(NULL, NULL)->dump, "a dump from nowhere");
    recorded_close();
    recorded_change("DROP TABLE dumps");
    cr_assert_null(recorded_replay(NULL, NULL)->dump, "a dump without a table");
}

Test(recording_stacks, what_the_target_is_lies_beside_them)
{
    struct about about = {0};

    about_add(&about, "command", "a\x1b[31m %d", 5);
    about_add(&about, "command", "another");
    about_add(&about, "nothing", "%s", "");
    recorded_open((struct recorder_options){.path = rec.path, .is_draft = true});
    recorded_run(0, 2);
    about_read(&about, monitor_model(rec.monitor));
    cr_assert(monitor_record_once(rec.monitor,
                                  &(struct recorder_once){.mono_ns = MONO_NS, .about = &about}),
              "not written");
    recorded_close();
    about_clear(&about);

    ASSERT_QUERY("SELECT count(*) FROM target WHERE key = 'command' AND value = 'a?[31m 5'", 1);
    ASSERT_QUERY("SELECT count(*) FROM target WHERE key = 'nothing'", 0);
    ASSERT_QUERY("SELECT count(*) FROM target WHERE key IN ('host', 'kernel', 'machine', 'state', "
                 "'started', 'taken', 'executable', 'name')",
                 8);
    ASSERT_QUERY("SELECT value FROM target WHERE key = 'pid'", rec.target.pid);
    ASSERT_QUERY("SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'delete'", 1);
}

Test(recording_stacks, only_so_much_of_the_past_as_is_wanted)
{
    for (int64_t i = -RECORDED_BEFORE; i < 0; i++) {
        rec.page.value[METRIC_HEAP_ALLOC] = (uint64_t)(MONO_NS / S + i);
        if (i % 60 == 0)
            fakepage_minute(&rec.page, MONO_NS + i * S, 50, 100);
        fakepage_second(&rec.page, MONO_NS + i * S);
    }
    recorded_open((struct recorder_options){.path = rec.path, .past_ns = 60 * S});
    recorded_run(0, 2);
    recorded_close();

    ASSERT_QUERY("SELECT min(mono_ns) / 1000000000 FROM samples", MONO_NS / S - 60);
    ASSERT_QUERY("SELECT count(*) FROM samples", 62);
    ASSERT_QUERY("SELECT min(mono_ns) / 60000000000 >= 50000 / 60 - 14 FROM minutes", 1);
    ASSERT_QUERY("SELECT count(*) BETWEEN 10 AND 14 FROM minutes", 1);
}
