/* SPDX-License-Identifier: MIT */
/* test_dumpdiff.c - what has changed between two dumps, and dumps that come from files. */
#include "config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "mon/dump_text.h"
#include "mon/dumpdiff.h"
#include "mon/dumpfile.h"
#include "mon/dumpsave.h"
#include "mon/pool.h"

#define GROUPS_MAX 70000
#define NOW_NS     UINT64_C(100000000000)

static struct dump *before, *after;
static struct dumpdiff *diff;

static struct dump *make(void)
{
    struct dump *dump = dump_new(DUMP_ASKED);

    dump->mono_ns = NOW_NS;
    dump->group = pool_alloc(dump_pool(dump), GROUPS_MAX * sizeof *dump->group);
    return dump;
}

static void set_up(void)
{
    before = make();
    after = make();
}

static void tear_down(void)
{
    dumpdiff_free(diff);
    dump_free(before);
    dump_free(after);
}

TestSuite(dumpdiff, .init = set_up, .fini = tear_down, .timeout = 60);

/* Adds N tasks in a function at an address, the first of them AGE_NS in their state. */
static struct dump_group *add_at(struct dump *dump, const char *function, uint64_t pc, size_t n,
                                 uint64_t age_ns)
{
    struct pool *pool = dump_pool(dump);
    struct dump_group *group = (struct dump_group *)(uintptr_t)&dump->group[dump->ngroups++];
    struct dump_frame *frame = pool_alloc(pool, sizeof *frame);
    struct dump_task *task = pool_alloc(pool, (n + 1) * sizeof *task);

    *frame = (struct dump_frame){.pc = pc,
                                 .function = pool_text(pool, function),
                                 .file = "orders.c",
                                 .module = "shop",
                                 .offset = pc,
                                 .line = 7};
    for (size_t i = 0; i < n; i++)
        task[i] = (struct dump_task){
            .id = dump->ntasks + i + 1, .since_ns = NOW_NS - age_ns + i, .name = ""};
    *group = (struct dump_group){.key = pc,
                                 .state = PAGE_TASK_WAITING,
                                 .reason = PAGE_WAIT_CHAN_RECV,
                                 .frame = frame,
                                 .nframes = 1,
                                 .spawned_at = {.function = "", .file = "", .module = ""},
                                 .task = task,
                                 .ntasks = n};
    dump->ntasks += n;
    return group;
}

static struct dump_group *add(struct dump *dump, const char *function, size_t n)
{
    return add_at(dump, function, 0x1000, n, 1000);
}

static void compare(void)
{
    dumpdiff_free(diff);
    diff = dumpdiff_new(before, after);
}

static const char *function_of(size_t group)
{
    return diff->dump.group[group].frame[0].function;
}

static void assert_group(size_t i, const char *function, uint64_t then, uint64_t now,
                         enum dumpdiff_kind kind)
{
    cr_assert_lt(i, diff->dump.ngroups, "no group %zu", i);
    cr_assert_str_eq(function_of(i), function, "%zu is %s", i, function_of(i));
    cr_assert(diff->count[i].before == then && diff->count[i].after == now,
              "%s: %" PRIu64 " to %" PRIu64, function, diff->count[i].before, diff->count[i].after);
    cr_assert_eq(dumpdiff_kind(&diff->count[i]), kind, "%s is of kind %d", function,
                 (int)dumpdiff_kind(&diff->count[i]));
}

Test(dumpdiff, groups_stand_most_changed_first)
{
    add(before, "steady", 500);
    add(before, "shrinks", 30);
    add(before, "grows", 3);
    add(before, "goes", 4);
    add(after, "steady", 500);
    add(after, "comes", 12);
    add(after, "shrinks", 10);
    add(after, "grows", 103);
    compare();
    cr_assert_eq(diff->dump.ngroups, 5, "%zu", diff->dump.ngroups);
    assert_group(0, "grows", 3, 103, DUMPDIFF_GREW);
    assert_group(1, "shrinks", 30, 10, DUMPDIFF_SHRANK);
    assert_group(2, "comes", 0, 12, DUMPDIFF_CAME);
    assert_group(3, "goes", 4, 0, DUMPDIFF_WENT);
    assert_group(4, "steady", 500, 500, DUMPDIFF_SAME);
    for (int kind = 0; kind < DUMPDIFF_KINDS; kind++)
        cr_assert_eq(diff->nkind[kind], 1, "%zu groups of kind %d", diff->nkind[kind], kind);
}

Test(dumpdiff, a_stack_at_another_address_is_the_same)
{
    add_at(before, "serve", 0x1000, 5, 10);
    add_at(after, "serve", 0x7f0000001000, 5, 10);
    compare();
    assert_group(0, "serve", 5, 5, DUMPDIFF_SAME);
    cr_assert_eq(diff->dump.group[0].frame[0].pc, 0x7f0000001000, "not the later one is shown");
}

Test(dumpdiff, without_a_name_a_place_in_a_module_is_told_apart)
{
    add_at(before, "", 0x1000, 5, 10);
    add_at(after, "", 0x2000, 5, 10);
    compare();
    cr_assert_eq(diff->nkind[DUMPDIFF_CAME], 1, "%zu came", diff->nkind[DUMPDIFF_CAME]);
    cr_assert_eq(diff->nkind[DUMPDIFF_WENT], 1, "%zu went", diff->nkind[DUMPDIFF_WENT]);
}

Test(dumpdiff, another_state_line_or_spawn_site_is_another_group)
{
    struct dump_frame *frame;

    add(before, "serve", 5);
    add(after, "serve", 5)->reason = PAGE_WAIT_SLEEP;
    add(after, "serve", 5)->spawned_at = (struct dump_frame){
        .pc = 1, .function = "main", .file = "main.c", .module = "", .line = 3};
    frame = (struct dump_frame *)(uintptr_t)add(after, "serve", 5)->frame;
    frame->line = 8;
    add(after, "serve", 5)->end = DUMP_END_LOST;
    add(after, "serve", 5)->leaked = true;
    compare();
    cr_assert_eq(diff->nkind[DUMPDIFF_CAME], 5, "%zu came", diff->nkind[DUMPDIFF_CAME]);
    cr_assert_eq(diff->nkind[DUMPDIFF_WENT], 1, "%zu went", diff->nkind[DUMPDIFF_WENT]);
}

/* Both in the dump that is shown, and in the one of which only the count is. */
Test(dumpdiff, groups_of_one_dump_that_differ_in_addresses_alone_are_one)
{
    struct dump_group *crowd;

    add_at(before, "serve", 0x1000, 2, 10);
    add_at(before, "serve", 0x1008, 3, 10);
    add_at(after, "serve", 0x1000, 4, 100);
    crowd = add_at(after, "serve", 0x1008, 3, 5000);
    crowd->ntasks += 1000; /* that are not listed */
    crowd->nunlisted = 1000;
    add_at(after, "serve", 0x1010, 1, 300);
    compare();
    cr_assert_eq(diff->dump.ngroups, 1, "%zu", diff->dump.ngroups);
    assert_group(0, "serve", 5, 1008, DUMPDIFF_GREW);
    const struct dump_group *group = &diff->dump.group[0];
    cr_assert_eq(group->ntasks, 1008, "%zu tasks", group->ntasks);
    cr_assert_eq(dump_listed(group), 8, "%zu listed", dump_listed(group));
    for (size_t i = 1; i < dump_listed(group); i++)
        cr_assert_leq(group->task[i - 1].since_ns, group->task[i].since_ns, "task %zu", i);
    cr_assert_eq(group->task[0].since_ns, NOW_NS - 5000, "not the longest first");
}

Test(dumpdiff, holders_are_found_in_the_difference)
{
    static const struct dump_holder then = {.id = 1, .name = "", .group = 1, .nwaiters = 2};
    static const struct dump_holder now[] = {{.id = 1, .name = "", .group = 0, .nwaiters = 2},
                                             {.id = 9, .name = "", .group = DUMP_NO_GROUP}};
    struct dump_group *group;

    group = add(before, "went", 9);
    group->holder = &then;
    group->nholders = 1;
    add(before, "holds", 1);
    add(after, "holds", 1);
    group = add(after, "waits", 5);
    group->holder = now;
    group->nholders = 2;
    compare();
    assert_group(0, "went", 9, 0, DUMPDIFF_WENT);
    assert_group(1, "waits", 0, 5, DUMPDIFF_CAME);
    assert_group(2, "holds", 1, 1, DUMPDIFF_SAME);
    cr_assert_eq(diff->dump.group[0].holder[0].group, 2, "of the one that went");
    cr_assert_eq(diff->dump.group[1].holder[0].group, 2, "of the one that came");
    cr_assert_eq(diff->dump.group[1].holder[1].group, DUMP_NO_GROUP, "in no group");
}

Test(dumpdiff, dumps_of_nothing_have_no_difference)
{
    compare();
    cr_assert_eq(diff->dump.ngroups, 0, "%zu", diff->dump.ngroups);
}

Test(dumpdiff, as_many_groups_as_a_dump_can_have_are_compared)
{
    char name[32];

    for (int i = 0; i < 65536; i++) {
        snprintf(name, sizeof name, "serve_%d", i);
        add(before, name, 1);
        add(after, name, i % 2 == 0 ? 1 : 2);
    }
    compare();
    cr_assert_eq(diff->nkind[DUMPDIFF_SAME], 32768, "%zu", diff->nkind[DUMPDIFF_SAME]);
    cr_assert_eq(diff->nkind[DUMPDIFF_GREW], 32768, "%zu", diff->nkind[DUMPDIFF_GREW]);
}

/* ---- As text ---- */

static const char *written(enum dump_format format)
{
    static char text[1 << 14];
    FILE *file = fmemopen(text, sizeof text, "w");

    compare();
    cr_assert(dumpsave_write(after, diff, format, file), "%s", strerror(errno));
    fclose(file);
    return text;
}

Test(dumpdiff, as_text_it_leaves_out_what_has_not_changed)
{
    const char *text;

    add(before, "steady", 500);
    add(before, "grows", 3);
    add(after, "steady", 500);
    add(after, "grows", 15);
    text = written(DUMP_FORMAT_TEXT);
    cr_assert_not_null(strstr(text, "1 group grew; 1 as before are left out"), "%s", text);
    cr_assert_not_null(strstr(text, "#1  +12  15 tasks, not 3  chan receive"), "%s", text);
    cr_assert_null(strstr(text, "steady"), "%s", text);
}

Test(dumpdiff, counts_and_kinds_have_words)
{
    char text[DUMPDIFF_COUNT_BYTES], kinds[DUMPDIFF_KINDS_BYTES];
    static const struct {
        struct dumpdiff_count count;
        const char *words;
    } cases[] = {{{3, 1}, "1 task, not 3"},
                 {{0, 1}, "1 new task"},
                 {{0, 1200}, "1 200 new tasks"},
                 {{4, 0}, "no task, not 4"},
                 {{2, 2}, "2 tasks"}};

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        dumpdiff_format_count(&cases[i].count, text);
        cr_assert_str_eq(text, cases[i].words, "%s, not %s", text, cases[i].words);
    }
    add(before, "a", 1);
    add(before, "b", 9);
    add(after, "b", 2);
    add(after, "c", 2);
    compare();
    dumpdiff_format_kinds(diff, kinds, sizeof kinds);
    cr_assert_str_eq(kinds, "1 group shrank, 1 came, 1 went", "%s", kinds);
    dump_free(after);
    after = make();
    add(after, "a", 1);
    add(after, "b", 9);
    compare();
    dumpdiff_format_kinds(diff, kinds, sizeof kinds);
    cr_assert_str_eq(kinds, "no group has changed", "%s", kinds);
}

Test(dumpdiff, as_folded_stacks_it_has_both_counts)
{
    add(before, "grows", 3);
    add(after, "grows", 15);
    add(after, "new;comer", 1);
    cr_assert_str_eq(written(DUMP_FORMAT_FOLDED),
                     "grows;[chan receive] 3 15\nnew:comer;[chan receive] 0 1\n", "%s",
                     written(DUMP_FORMAT_FOLDED));
}

#if HAVE_JANSSON

#include <jansson.h>

Test(dumpdiff, as_json_it_has_both_counts)
{
    json_t *root, *group;

    add(before, "grows", 3);
    add(after, "grows", 15);
    before->real_ns = 77;
    root = json_loads(written(DUMP_FORMAT_JSON), 0, NULL);
    cr_assert_not_null(root, "%s", written(DUMP_FORMAT_JSON));
    group = json_array_get(json_object_get(root, "groups"), 0);
    cr_assert_eq(json_integer_value(json_object_get(group, "before")), 3, "before");
    cr_assert_eq(json_integer_value(json_object_get(group, "after")), 15, "after");
    cr_assert_eq(json_integer_value(json_object_get(json_object_get(root, "before"), "real_ns")),
                 77, "time");
    json_decref(root);
}

/* ---- From files ---- */

static char path[] = "/tmp/test_dumpdiff.XXXXXX";
static char why[DUMPFILE_WHY_BYTES];

/* The dump that is read from a file with N bytes of TEXT, or NULL. */
static struct dump *read_text(const char *text, size_t n)
{
    char name[sizeof path];
    int fd;
    struct dump *dump;

    memcpy(name, path, sizeof path);
    fd = mkstemp(name);
    cr_assert(fd >= 0 && write(fd, text, n) == (ssize_t)n, "%s: %s", name, strerror(errno));
    close(fd);
    dump = dumpfile_read(name, why);
    unlink(name);
    return dump;
}

static const char *json_of(const struct dump *dump)
{
    static char text[1 << 14];
    FILE *file = fmemopen(text, sizeof text, "w");

    cr_assert(dump_write_json(dump, file), "%s", strerror(errno));
    fclose(file);
    return text;
}

Test(dumpdiff, a_dump_that_was_written_is_read_as_it_was)
{
    struct dump_group *group;
    const char *text;

    group = add_at(after, "serve", 0x1000, 3, 5000);
    group->spawned_at = (struct dump_frame){
        .pc = 9, .function = "main", .file = "m.c", .module = "m", .line = 4};
    group->ntasks = 40; /* of whom three are listed */
    group->nunlisted = 37;
    after->ntasks = 40;
    add(after, "runs", 1)->state = PAGE_TASK_RUNNING;
    add(after, "odd", 1)->state = 77;
    add(after, "lost", 1)->end = DUMP_END_LOST;
    add(after, "leaks", 1)->leaked = true;
    snprintf(after->note, sizeof after->note, "a \"note\"");
    text = json_of(after);
    dump_free(before);
    before = read_text(text, strlen(text));
    cr_assert_not_null(before, "%s", why);
    compare();
    cr_assert_eq(diff->nkind[DUMPDIFF_SAME], 5, "%zu of 5 are the same",
                 diff->nkind[DUMPDIFF_SAME]);
    cr_assert_eq(before->ntasks, 44, "%" PRIu64 " tasks", before->ntasks);
    cr_assert_eq(before->group[0].task[0].since_ns, NOW_NS - 5000, "another time");
    cr_assert_eq(before->group[0].key, 0x1000, "another key");
    cr_assert_str_eq(before->note, after->note, "%s", before->note);
}

Test(dumpdiff, a_file_that_is_cut_anywhere_is_no_dump)
{
    char text[1 << 14];
    size_t n;

    add(after, "serve", 2);
    snprintf(text, sizeof text, "%s", json_of(after));
    n = strlen(text) - 1; /* what is behind the last brace may be missing */
    for (size_t i = 0; i < n; i++)
        cr_assert_null(read_text(text, i), "%zu of %zu bytes are a dump", i, n);
    cr_assert_not_null(strstr(why, "not a dump"), "%s", why);
}

Test(dumpdiff, what_is_no_dump_is_refused)
{
    static const char *const texts[] = {
        "[]",
        "{\"schema\":1}",
        "{\"schema\":2,\"groups\":[]}",
        "{\"schema\":1,\"difference\":true,\"groups\":[]}",
        "{\"schema\":1,\"groups\":[7]}",
        "{\"schema\":1,\"groups\":[{\"state\":\"running\",\"end\":\"\",\"frames\":[]}]}",
        "{\"schema\":1,\"groups\":[{\"state\":\"x\",\"end\":\"\",\"frames\":[],\"tasks\":[]}]}",
        ("{\"schema\":1,\"groups\":[{\"state\":\"state 999\",\"end\":\"\",\"frames\":[],"
         "\"tasks\":[]}]}"),
    };

    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        cr_assert_null(read_text(texts[i], strlen(texts[i])), "%s is a dump", texts[i]);
    cr_assert_null(dumpfile_read("/no/such/file", why), "a file that is not there");
    cr_assert_not_null(strstr(why, strerror(ENOENT)), "%s", why);
}

Test(dumpdiff, what_is_too_large_in_a_file_is_written_so_that_it_can_be_read)
{
    static const char text[] =
        "{\"schema\":1,\"groups\":["
        "{\"state\":\"running\",\"end\":\"\",\"count\":9223372036854775807,"
        "\"tasks\":[{\"tid\":2147483648}],\"frames\":[{\"line\":4294967295}]},"
        "{\"state\":\"running\",\"end\":\"\",\"count\":9223372036854775807,\"tasks\":[],"
        "\"frames\":[]}]}";
    char first[1 << 14];

    dump_free(before);
    before = read_text(text, sizeof text - 1);
    cr_assert_not_null(before, "%s", why);
    snprintf(first, sizeof first, "%s", json_of(before));
    dump_free(before);
    before = read_text(first, strlen(first));
    cr_assert_not_null(before, "%s: %s", why, first);
    cr_assert_str_eq(json_of(before), first, "%s", first);
}

Test(dumpdiff, a_group_of_which_no_task_is_listed_has_no_ids)
{
    char text[DUMP_IDS_BYTES] = "what was here before";
    struct dump_group group = {.ntasks = 0};

    dump_format_ids(&group, text);
    cr_assert_str_eq(text, "", "%s", text);
    group.ntasks = group.nunlisted = 7;
    dump_format_ids(&group, text);
    cr_assert_str_eq(text, "7 more", "%s", text);
}

Test(dumpdiff, a_long_note_is_cut_at_a_whole_character)
{
    char letters[201] = "", text[512];

    for (size_t i = 0; i < sizeof letters - 1; i += 2)
        memcpy(letters + i, "\xc3\xa9", 3);
    snprintf(text, sizeof text, "{\"schema\":1,\"groups\":[],\"note\":\"%s\"}", letters);
    dump_free(before);
    before = read_text(text, strlen(text));
    cr_assert_not_null(before, "%s", why);
    cr_assert_eq(strlen(before->note), sizeof before->note - 2, "%s", before->note);
    cr_assert_not_null(strstr(json_of(before), before->note), "%s", json_of(before));
}

Test(dumpdiff, texts_of_a_file_are_made_safe)
{
    static const char text[] =
        "{\"schema\":1,\"groups\":[{\"state\":\"running\",\"end\":\"\",\"tasks\":[7,{\"id\":-1}],"
        "\"frames\":[{\"function\":\"a\\u001b[31m\",\"line\":-3},7]}]}";

    dump_free(before);
    before = read_text(text, sizeof text - 1);
    cr_assert_not_null(before, "%s", why);
    cr_assert_str_eq(before->group[0].frame[0].function, "a?[31m", "%s",
                     before->group[0].frame[0].function);
    cr_assert_eq(before->group[0].nframes, 2, "%zu", before->group[0].nframes);
    compare();
}

#endif
