/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/addrspace.h"
#include "mon/images.h"
#include "mon/target.h"
#include "tests/support/fakepage.h"
#include "tests/support/sleeper.h"

#define NOW_NS (INT64_C(1795403564) * NS_PER_S)

static struct fakepage page;
static struct target_list list;
static struct target found;
static char error[TARGET_ERROR_BYTES];
static char name[24];

/* ---- live ones: this process is the target ---- */

static void setup(void)
{
    snprintf(name, sizeof name, "fake-%d", (int)getpid());
    fakepage_init(&page, &(struct fakepage_options){
                             .name = name, .nprocs = 1, .task_rows = 1, .real_ns = NOW_NS});
}

static void teardown(void)
{
    fakepage_fini(&page);
}

TestSuite(target, .init = setup, .fini = teardown);

Test(target, is_found_by_its_pid)
{
    enum target_match match = target_find_pid(getpid(), &list, &found, error);

    cr_assert_eq(match, TARGET_FOUND, "match %d: %s", match, error);
    cr_assert(found.live && found.pid == getpid() &&
                  found.start_ticks == fakepage_own_start_ticks(),
              "pid %d", (int)found.pid);
    cr_assert_str_eq(found.name, name, "%s", found.name);
}

Test(target, is_found_by_its_name_and_by_its_beginning)
{
    char beginning[24];
    enum target_match match = target_find(name, &list, &found, error);

    cr_assert_eq(match, TARGET_FOUND, "match %d: %s", match, error);
    cr_assert_eq(found.pid, getpid(), "pid %d", (int)found.pid);
    snprintf(beginning, sizeof beginning, "%s", name);
    beginning[strlen(beginning) - 1] = '\0';
    match = target_find(beginning, &list, &found, error);
    cr_assert_neq(match, TARGET_NONE, "%s: %s", beginning, error);
}

Test(target, is_in_the_list)
{
    bool listed = false;

    target_list_read(&list);
    for (unsigned i = 0; i < list.n; i++)
        listed |= list.target[i].live && list.target[i].pid == getpid();

    cr_assert(listed, "not among %u", list.n);
}

Test(target, two_of_one_name_are_several)
{
    enum target_match match;
    pid_t child;
    int ready[2];
    char byte;

    cr_assert_eq(pipe(ready), 0, "pipe");
    child = fork();
    if (child == 0) { /* a page of its own under the same name */
        fakepage_fini(&page);
        fakepage_init(&page, &(struct fakepage_options){.name = name, .nprocs = 1, .task_rows = 1});
        (void)!write(ready[1], "x", 1);
        for (;;)
            pause();
    }
    cr_assert_eq(read(ready[0], &byte, 1), 1, "read");
    match = target_find(name, &list, &found, error);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);

    cr_assert_eq(match, TARGET_SEVERAL, "match %d", match);
    cr_assert_eq(list.n, 2, "%u matches", list.n);
    cr_assert_not_null(strstr(error, "by its pid"), "%s", error);
}

Test(target, a_forked_child_is_none)
{
    pid_t child = fork_sleeper();
    enum target_match match;

    match = target_find_pid(child, &list, &found, error);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);

    cr_assert_eq(match, TARGET_NO_PAGE, "match %d", match);
    cr_assert_not_null(strstr(error, "has no page"), "%s", error);
}

/* A child that has ended and that nobody waits for until the test is over. */
static pid_t zombie(void)
{
    siginfo_t info;
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    cr_assert_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0, "waitid");
    return child;
}

Test(target, one_that_has_ended_is_said_to_have)
{
    pid_t child = zombie();
    enum target_match match = target_find_pid(child, &list, &found, error);

    waitpid(child, NULL, 0);
    cr_assert_eq(match, TARGET_NONE, "match %d", match);
    cr_assert_not_null(strstr(error, "has ended"), "%s", error);
}

Test(target, what_is_not_there_is_told)
{
    enum target_match match = target_find_pid(0x3fffffff, &list, &found, error);

    cr_assert_eq(match, TARGET_NONE, "match %d", match);
    match = target_find("no-program-is-called-so", &list, &found, error);
    cr_assert_eq(match, TARGET_NONE, "match %d", match);
    cr_assert_not_null(strstr(error, "no-program-is-called-so"), "%s", error);
}

Test(target, a_number_that_no_pid_can_be_is_no_process)
{
    char word[32];
    const char *words[] = {word, "0", "000", "99999999999999999999999999"};

    snprintf(word, sizeof word, "%lld", (1LL << 32) + getpid());
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        enum target_match match = target_find(words[i], &list, &found, error);

        cr_assert_eq(match, TARGET_NONE, "%s: match %d", words[i], match);
        cr_assert_not_null(strstr(error, words[i]), "%s: %s", words[i], error);
    }
}

Test(target, a_later_one_of_the_same_name_is_the_successor)
{
    struct target old;

    target_find_pid(getpid(), &list, &old, error);
    cr_assert_not(target_find_successor(&old, 0, NULL, &list, &found), "it succeeds itself");
    old.start_ticks--;
    cr_assert(target_find_successor(&old, old.start_ticks, NULL, &list, &found), "not found");
    cr_assert_eq(found.pid, getpid(), "pid %d", (int)found.pid);
    old.uid++;
    cr_assert_not(target_find_successor(&old, 0, NULL, &list, &found), "of another user");
}

Test(target, its_page_is_mapped_until_it_calls_exec)
{
    struct execer e = fork_execer();

    cr_assert(addrspace_has_memfd(e.pid, PAGE_MEMFD_NAME), "it inherited that");
    cr_assert_not(addrspace_has_memfd(e.pid, "gomon-pag"), "the beginning of its name is enough");
    execer_exec(&e);
    cr_assert_not(addrspace_has_memfd(e.pid, PAGE_MEMFD_NAME), "the other program has it");
    kill(e.pid, SIGKILL);
    waitpid(e.pid, NULL, 0);
}

Test(target, what_is_taken_is_no_successor)
{
    struct pidlist taken = {.n = 2, .pid = {1, getpid()}};
    struct target old;

    target_find_pid(getpid(), &list, &old, error);
    old.start_ticks--;
    cr_assert_not(target_find_successor(&old, old.start_ticks, &taken, &list, &found), "pid %d",
                  (int)found.pid);
    taken.n = 1;
    cr_assert(target_find_successor(&old, old.start_ticks, &taken, &list, &found), "not found");
}

Test(target, one_that_began_before_the_end_of_the_old_one_is_no_successor)
{
    struct target old;
    uint64_t own_ticks;

    target_find_pid(getpid(), &list, &old, error);
    own_ticks = old.start_ticks;
    old.start_ticks -= 1000;
    cr_assert_not(target_find_successor(&old, own_ticks + 1, NULL, &list, &found),
                  "one that ran already, pid %d", (int)found.pid);
    cr_assert(target_find_successor(&old, own_ticks, NULL, &list, &found), "not in the same tick");
}

Test(target, another_page_of_the_same_process_is_the_successor_whatever_its_name)
{
    struct target old;

    target_find_pid(getpid(), &list, &old, error);
    snprintf(old.name, sizeof old.name, "another");
    cr_assert_not(target_find_successor(&old, 0, NULL, &list, &found), "the page that it was");
    old.since_real_ns -= NS_PER_S;
    cr_assert(target_find_successor(&old, UINT64_MAX, NULL, &list, &found), "not found");
    cr_assert_eq(found.pid, getpid(), "pid %d", (int)found.pid);
    cr_assert_str_eq(found.name, name, "%s", found.name);
}

/* ---- images of dead ones ---- */

static char dir[] = "/tmp/test_target.XXXXXX";
static struct images images;

static void setup_dir(void)
{
    cr_assert_not_null(mkdtemp(dir), "mkdtemp");
}

static void teardown_dir(void)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf %s", dir);
    cr_assert_eq(system(command), 0, "%s", command);
}

TestSuite(images, .init = setup_dir, .fini = teardown_dir);

static const char *path_of(const char *file)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", dir, file);
    return path;
}

/* A file that was written AGE_S seconds ago. */
static int put(const char *file, int64_t age_s, size_t bytes)
{
    struct timespec times[2] = {{.tv_sec = NOW_NS / NS_PER_S - age_s},
                                {.tv_sec = NOW_NS / NS_PER_S - age_s}};
    int fd = open(path_of(file), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    cr_assert_eq(posix_fallocate(fd, 0, (off_t)bytes), 0, "fallocate");
    futimens(fd, times);
    return fd;
}

static bool is_there(const char *file)
{
    return access(path_of(file), F_OK) == 0;
}

Test(images, only_what_nobody_holds_is_dead)
{
    int held = put("10.100", 5, 4096);

    close(put("11.101", 5, 4096));
    cr_assert_eq(flock(held, LOCK_EX | LOCK_NB), 0, "flock");
    images_find_dead(dir, getuid(), &images);

    cr_assert(images.n == 1 && images.image[0].pid == 11 && images.image[0].start_ticks == 101,
              "%u images, first of %d", images.n, (int)images.image[0].pid);
    close(held);
}

Test(images, other_names_and_links_are_passed_over)
{
    close(put("x.1", 5, 1));
    close(put("12.", 5, 1));
    close(put("12.3x", 5, 1));
    close(put("-12.3", 5, 1));
    cr_assert_eq(symlink("/etc/passwd", path_of("13.5")), 0, "symlink");
    images_find_dead(dir, getuid(), &images);

    cr_assert_eq(images.n, 0, "%u images, first %s", images.n, images.image[0].name);
}

/* Another user may have planted the name of a file of ours. */
Test(images, a_file_of_two_names_is_passed_over)
{
    char first[128];

    close(put("14.6", 5, 4096));
    snprintf(first, sizeof first, "%s", path_of("14.6"));
    cr_assert_eq(link(first, path_of("15.7")), 0, "link");
    images_find_dead(dir, getuid(), &images);

    cr_assert_eq(images.n, 0, "%u images, first %s", images.n, images.image[0].name);
}

Test(images, a_folder_that_others_can_write_to_is_not_believed)
{
    close(put("11.101", 5, 4096));
    cr_assert_eq(chmod(dir, 0777), 0, "chmod");
    images_find_dead(dir, getuid(), &images);
    cr_assert_eq(images.n, 0, "%u images", images.n);
    cr_assert_eq(chmod(dir, 0700), 0, "chmod");
    images_find_dead(dir, getuid() + 1, &images);
    cr_assert_eq(images.n, 0, "%u images of another user", images.n);
}

Test(images, a_thousand_stale_ones_leave_the_newest)
{
    for (int i = 0; i < 1000; i++) {
        char file[32];

        snprintf(file, sizeof file, "%d.1", i + 1);
        close(put(file, 1000 - (i * 37) % 1000, 1));
    }
    images_find_dead(dir, getuid(), &images);

    cr_assert_eq(images.n, IMAGES_MAX, "%u images", images.n);
    for (unsigned i = 0; i < images.n; i++)
        cr_assert_eq(images.image[i].written_real_ns, NOW_NS - (i + 1) * NS_PER_S,
                     "image %u is %lld s old", i,
                     (long long)((NOW_NS - images.image[i].written_real_ns) / NS_PER_S));
}

Test(images, clearing_keeps_the_newest_eight)
{
    for (int i = 1; i <= 10; i++) {
        char file[32];

        snprintf(file, sizeof file, "%d.1", i);
        close(put(file, i, 4096));
    }
    images_clear(dir, NOW_NS);

    cr_assert(is_there("1.1") && is_there("8.1"), "a new one is gone");
    cr_assert_not(is_there("9.1") || is_there("10.1"), "an old one is left");
}

Test(images, clearing_removes_what_is_a_day_old_or_too_big)
{
    close(put("1.1", 24 * 3600 + 1, 4096));
    close(put("2.1", 10, 17u << 20));
    close(put("3.1", 5, 4096));
    images_clear(dir, NOW_NS);

    cr_assert(is_there("3.1"), "the small one is gone");
    cr_assert_not(is_there("1.1"), "the day old one is left");
    cr_assert_not(is_there("2.1"), "the big one is left");
}

Test(images, clearing_removes_half_built_ones_but_not_young_or_held_ones)
{
    int held = put(".3.1.new", 100, 1);

    close(put(".1.1.new", 100, 1));
    close(put(".2.1.new", 2, 1));
    close(put("notes", 1000000, 1));
    cr_assert_eq(flock(held, LOCK_EX | LOCK_NB), 0, "flock");
    images_clear(dir, NOW_NS);

    cr_assert_not(is_there(".1.1.new"), "the old one is left");
    cr_assert(is_there(".2.1.new"), "the young one is gone");
    cr_assert(is_there(".3.1.new"), "the held one is gone");
    cr_assert(is_there("notes"), "a foreign file is gone");
    close(held);
}
