/* SPDX-License-Identifier: MIT */
/* test_dumpsave.c - dumps in files: formats by name, what is left alone, full disks. */
#include "config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mon/dumpdiff.h"
#include "mon/dumpsave.h"
#include "mon/pool.h"

static char dir[] = "/tmp/test_dumpsave.XXXXXX";
static struct dump *dump;

static void set_up(void)
{
    static const struct dump_frame frame = {
        .function = "wait_for_stock", .file = "stock.c", .module = "", .line = 52};
    struct dump_group *group;

    cr_assert_not_null(mkdtemp(dir), "%s: %s", dir, strerror(errno));
    dump = dump_new(DUMP_ASKED);
    group = pool_alloc(dump_pool(dump), sizeof *group);
    *group = (struct dump_group){.state = PAGE_TASK_RUNNING,
                                 .frame = &frame,
                                 .nframes = 1,
                                 .spawned_at = {.function = "", .file = "", .module = ""},
                                 .ntasks = 3,
                                 .nunlisted = 3};
    dump->group = group;
    dump->ngroups = 1;
    dump->ntasks = 3;
}

static void tear_down(void)
{
    dump_free(dump);
    rmdir(dir);
}

TestSuite(dumpsave, .init = set_up, .fini = tear_down, .timeout = 60);

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

/* What is in the file, which is then removed. */
static const char *contents(const char *name)
{
    static char text[4096];
    FILE *file = fopen(path_of(name), "r");

    cr_assert_not_null(file, "%s: %s", name, strerror(errno));
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    unlink(path_of(name));
    return text;
}

Test(dumpsave, the_end_of_a_name_is_its_format)
{
    cr_assert_eq(dumpsave_format("a/b.json"), DUMP_FORMAT_JSON, "json");
    cr_assert_eq(dumpsave_format("b.folded"), DUMP_FORMAT_FOLDED, "folded");
    cr_assert_eq(dumpsave_format("b.folded.txt"), DUMP_FORMAT_TEXT, "text");
    cr_assert_eq(dumpsave_format(".json"), DUMP_FORMAT_TEXT, "a hidden file");
    cr_assert_eq(dumpsave_format("json"), DUMP_FORMAT_TEXT, "no point");
}

Test(dumpsave, each_format_is_written_of_a_dump_and_of_a_difference)
{
    struct dumpdiff *diff = dumpdiff_new(dump, dump);

    cr_assert(dumpsave_file(dump, NULL, path_of("a.folded")), "%s", strerror(errno));
    cr_assert_str_eq(contents("a.folded"), "wait_for_stock;[running] 3\n", "a dump");
    cr_assert(dumpsave_file(dump, diff, path_of("a.folded")), "%s", strerror(errno));
    cr_assert_str_eq(contents("a.folded"), "wait_for_stock;[running] 3 3\n", "a difference");
    cr_assert(dumpsave_file(dump, NULL, path_of("a")), "%s", strerror(errno));
    cr_assert_not_null(strstr(contents("a"), "#1  3 tasks  running"), "a dump as text");
    cr_assert(dumpsave_file(dump, diff, path_of("a")), "%s", strerror(errno));
    cr_assert_not_null(strstr(contents("a"), "no group has changed"), "a difference as text");
    dumpdiff_free(diff);
}

/* A limit of file sizes stands for the full disk. */
Test(dumpsave, a_file_that_could_not_be_written_is_not_left_in_the_way)
{
    struct rlimit limit, none;
    struct stat st;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
    bool saved_without_room = dumpsave_file(dump, NULL, path_of("stacks"));
    int error = errno;
    setrlimit(RLIMIT_FSIZE, &limit);
    bool left = stat(path_of("stacks"), &st) == 0;
    bool saved = dumpsave_file(dump, NULL, path_of("stacks"));
    unlink(path_of("stacks"));

    cr_assert_not(saved_without_room, "it is said to be saved");
    cr_assert_eq(error, EFBIG, "%s", strerror(error));
    cr_assert_not(left, "an empty file was left");
    cr_assert(saved, "the next try fails");
}

Test(dumpsave, a_file_that_is_there_is_left_alone)
{
    FILE *file = fopen(path_of("mine"), "w");

    fputs("mine", file);
    fclose(file);
    cr_assert_not(dumpsave_file(dump, NULL, path_of("mine")), "it was written over");
    cr_assert_eq(errno, EEXIST, "%s", strerror(errno));
    cr_assert_not_null(strstr(dumpsave_error(EEXIST), "there already"), "%s",
                       dumpsave_error(EEXIST));
    cr_assert_str_eq(contents("mine"), "mine", "it was written over");
}

Test(dumpsave, where_nobody_may_write_there_is_a_reason)
{
    cr_assert_not(dumpsave_file(dump, NULL, "/proc/gomon.stacks"), "written to /proc");
    cr_assert_neq(errno, 0, "no reason");
    cr_assert_not(dumpsave_file(dump, NULL, path_of("no/such/folder")), "written to nowhere");
    cr_assert_eq(errno, ENOENT, "%s", strerror(errno));
}
