/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/pagestale.h"

#define NOW_S 1000000000

static char dir[] = "/dev/shm/gort-test-XXXXXX";

static void setup(void)
{
    if (mkdtemp(dir) == NULL)
        cr_skip_test("no /dev/shm");
}

static void teardown(void)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    cr_assert_eq(system(command), 0, "%s", command);
}

TestSuite(pagestale, .init = setup, .fini = teardown);

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

/* A file last written AGE_S ago. Returns its descriptor. */
static int plant(const char *name, int64_t age_s, size_t bytes)
{
    struct timespec times[2] = {{.tv_sec = NOW_S - age_s}, {.tv_sec = NOW_S - age_s}};
    int fd = open(path_of(name), O_CREAT | O_RDWR, 0600);

    cr_assert_geq(fd, 0, "%s", name);
    cr_assert_eq(bytes == 0 ? 0 : posix_fallocate(fd, 0, (off_t)bytes), 0, "%s", name);
    cr_assert_eq(futimens(fd, times), 0, "%s", name);
    return fd;
}

static bool exists(const char *name)
{
    struct stat st;

    return lstat(path_of(name), &st) == 0;
}

Test(pagestale, the_newest_eight_are_kept)
{
    char name[16];

    for (int i = 1; i <= 12; i++) {
        snprintf(name, sizeof name, "%d.5", i);
        close(plant(name, i * 60, 4096));
    }
    pagestale_clear(dir, NOW_S);
    for (int i = 1; i <= 12; i++) {
        snprintf(name, sizeof name, "%d.5", i);
        cr_assert_eq(exists(name), i <= 8, "file of %d minutes ago", i);
    }
}

Test(pagestale, none_is_kept_for_more_than_a_day)
{
    close(plant("1.1", 24 * 3600 - 5, 100));
    close(plant("2.2", 24 * 3600 + 5, 100));
    pagestale_clear(dir, NOW_S);
    cr_assert(exists("1.1"), "not yet a day");
    cr_assert_not(exists("2.2"), "more than a day");
}

Test(pagestale, they_take_sixteen_mebibytes_in_all)
{
    close(plant("1.1", 1, 7 << 20));
    close(plant("2.2", 2, 7 << 20));
    close(plant("3.3", 3, 7 << 20));
    pagestale_clear(dir, NOW_S);
    cr_assert(exists("1.1") && exists("2.2"), "the two newest");
    cr_assert_not(exists("3.3"), "21 MiB in all");
}

Test(pagestale, a_locked_one_is_alive_however_old)
{
    int fd = plant("1.1", 100 * 24 * 3600, 100);

    cr_assert_eq(flock(fd, LOCK_EX | LOCK_NB), 0, "flock");
    pagestale_clear(dir, NOW_S);
    cr_assert(exists("1.1"), "a live process lost its page");
    close(fd);
    pagestale_clear(dir, NOW_S);
    cr_assert_not(exists("1.1"), "it is dead by now");
}

Test(pagestale, half_built_ones_go)
{
    int locked = plant(".3.3.new", 60, 100);

    cr_assert_eq(flock(locked, LOCK_EX | LOCK_NB), 0, "flock");
    close(plant(".1.1.new", 60, 100));
    close(plant(".2.2.new", 2, 100));
    pagestale_clear(dir, NOW_S);
    cr_assert_not(exists(".1.1.new"), "its maker died");
    cr_assert(exists(".2.2.new"), "its maker may be about to lock it");
    cr_assert(exists(".3.3.new"), "its maker is at work");
    close(locked);
}

Test(pagestale, what_is_not_ours_is_left_alone)
{
    const int64_t old_s = 100 * 24 * 3600;

    close(plant("notes", old_s, 100));
    close(plant("12.x", old_s, 100));
    close(plant("12.", old_s, 100));
    close(plant("1.1", old_s, 100));
    cr_assert_eq(symlink("1.1", path_of("9.9")), 0, "symlink");
    cr_assert_eq(mkdir(path_of("8.8"), 0700), 0, "mkdir");
    pagestale_clear(dir, NOW_S);
    cr_assert(exists("notes") && exists("12.x") && exists("12."), "other names");
    cr_assert(exists("9.9") && exists("8.8"), "no plain files");
    cr_assert_not(exists("1.1"), "the old page");
}

Test(pagestale, a_directory_open_to_others_is_not_touched)
{
    close(plant("1.1", 100 * 24 * 3600, 100));
    cr_assert_eq(chmod(dir, 0777), 0, "chmod");
    pagestale_clear(dir, NOW_S);
    cr_assert(exists("1.1"), "removed something from a hostile directory");
}
