/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/pagename.h"

static char base[] = "/dev/shm/gort-test-XXXXXX";
static char dir[64];

static void setup(void)
{
    if (mkdtemp(base) == NULL)
        cr_skip_test("no /dev/shm");
    snprintf(dir, sizeof dir, "%s/pages", base);
}

/* The folder holds a few plain files at most. */
static void teardown(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", base);
    cr_assert_eq(system(command), 0, "%s", command);
}

TestSuite(pagename, .init = setup, .fini = teardown);

static bool exists(const char *name)
{
    char path[160];
    struct stat st;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return lstat(path, &st) == 0;
}

Test(pagename, the_directory_is_made_for_its_user_alone)
{
    struct stat st;
    int fd = pagename_open_dir(dir);

    cr_assert_geq(fd, 0, "%s", pagename_reason(-fd));
    cr_assert_eq(fstat(fd, &st), 0, "fstat");
    cr_assert_eq(st.st_mode & 07777, 0700, "mode %o", st.st_mode & 07777);
    close(fd);
}

Test(pagename, a_directory_open_to_others_is_refused)
{
    cr_assert_eq(mkdir(dir, 0700), 0, "mkdir");
    cr_assert_eq(chmod(dir, 0777), 0, "chmod");
    cr_assert_eq(pagename_open_dir(dir), -EPERM, "%d", pagename_open_dir(dir));
}

Test(pagename, a_symbolic_link_is_refused)
{
    char real[80];

    snprintf(real, sizeof real, "%s/real", base);
    cr_assert_eq(mkdir(real, 0700), 0, "mkdir");
    cr_assert_eq(symlink(real, dir), 0, "symlink");
    cr_assert_eq(pagename_open_dir(dir), -ENOTDIR, "%d", pagename_open_dir(dir));
}

Test(pagename, a_plain_file_is_refused)
{
    close(open(dir, O_CREAT | O_WRONLY, 0600));
    cr_assert_eq(pagename_open_dir(dir), -ENOTDIR, "%d", pagename_open_dir(dir));
}

Test(pagename, a_directory_of_another_user_is_refused)
{
    if (geteuid() != 0)
        cr_skip_test("only root can make one");
    cr_assert_eq(mkdir(dir, 0700), 0, "mkdir");
    cr_assert_eq(chown(dir, 12345, 12345), 0, "chown");
    cr_assert_eq(pagename_open_dir(dir), -EPERM, "%d", pagename_open_dir(dir));
}

Test(pagename, a_real_disk_is_refused)
{
    char path[] = "/var/tmp/gort-test-XXXXXX";

    if (mkdtemp(path) == NULL)
        cr_skip_test("no /var/tmp");
    int fd = pagename_open_dir(path);

    rmdir(path);
    if (fd >= 0)
        cr_skip_test("/var/tmp is in memory");
    cr_assert_eq(fd, -EMEDIUMTYPE, "%d", fd);
}

Test(pagename, the_name_shows_only_when_it_is_finished)
{
    struct pagename n;
    int error = pagename_make(&n, dir, 123, 456);
    struct stat st;

    cr_assert_eq(error, 0, "%s", pagename_reason(error));
    cr_assert_not(exists("123.456"), "shown before it is finished");
    cr_assert_eq(pagename_show(&n), 0, "rename");
    cr_assert(exists("123.456"), "not shown");
    cr_assert_not(exists(".123.456.new"), "the temporary name is left");
    cr_assert_eq(fstat(n.fd, &st), 0, "fstat");
    cr_assert_eq(st.st_mode & 07777, 0600, "mode %o", st.st_mode & 07777);
    pagename_close(&n);
}

Test(pagename, the_lock_is_held_until_it_is_closed)
{
    struct pagename n;
    char path[96];

    cr_assert_eq(pagename_make(&n, dir, 123, 456), 0, "make");
    cr_assert_eq(pagename_show(&n), 0, "show");
    snprintf(path, sizeof path, "%s/123.456", dir);
    int fd = open(path, O_RDONLY);

    cr_assert_neq(flock(fd, LOCK_SH | LOCK_NB), 0, "nobody holds the lock");
    pagename_close(&n);
    cr_assert_eq(flock(fd, LOCK_SH | LOCK_NB), 0, "the lock is still held");
    close(fd);
}

Test(pagename, what_an_earlier_program_of_the_same_process_left_is_replaced)
{
    struct pagename first;
    struct pagename second;

    cr_assert_eq(pagename_make(&first, dir, 123, 456), 0, "make");
    close(first.fd);
    cr_assert_eq(pagename_make(&second, dir, 123, 456), 0, "again, over an unfinished one");
    cr_assert_eq(pagename_show(&second), 0, "show");
    close(second.fd);
    cr_assert_eq(pagename_make(&second, dir, 123, 456), 0, "again, over a finished one");
    cr_assert_eq(pagename_show(&second), 0, "show");
    pagename_remove(&second);
    cr_assert_not(exists("123.456"), "not removed");
    pagename_close(&second);
}

Test(pagename, notices_that_it_was_removed_or_cut)
{
    struct pagename n;
    char path[96];

    cr_assert_eq(pagename_make(&n, dir, 123, 456), 0, "make");
    cr_assert_eq(pagename_show(&n), 0, "show");
    cr_assert_eq(ftruncate(n.fd, 1000), 0, "ftruncate");
    cr_assert(pagename_is_there(&n, 1000), "it is there");
    cr_assert_not(pagename_is_there(&n, 2000), "it was cut");
    snprintf(path, sizeof path, "%s/123.456", dir);
    unlink(path);
    cr_assert_not(pagename_is_there(&n, 1000), "it was removed");
    pagename_close(&n);
}

Test(pagename, a_descriptor_that_became_another_file_is_left_alone)
{
    struct pagename n;
    int fd = -1;

    cr_assert_eq(pagename_make(&n, dir, 123, 456), 0, "make");
    cr_assert_eq(pagename_show(&n), 0, "show");
    fd = n.fd;
    cr_assert_eq(dup2(STDERR_FILENO, fd), fd, "dup2"); /* closes it, and takes the number */
    cr_assert_not(pagename_is_there(&n, 0), "it took another file for its own");
    pagename_close(&n);
    cr_assert_geq(fcntl(fd, F_GETFD), 0, "it closed a file that is not its own");
}

Test(pagename, removes_no_file_of_another)
{
    struct pagename n;
    char path[96];

    cr_assert_eq(pagename_make(&n, dir, 123, 456), 0, "make");
    cr_assert_eq(pagename_show(&n), 0, "show");
    snprintf(path, sizeof path, "%s/123.456", dir);
    unlink(path);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    pagename_remove(&n);
    cr_assert(exists("123.456"), "the other's file is gone");
    pagename_close(&n);
}

Test(pagename, a_missing_parent_is_an_error_code)
{
    struct pagename n;
    char path[96];

    snprintf(path, sizeof path, "%s/no/where", base);
    cr_assert_eq(pagename_make(&n, path, 1, 2), ENOENT, "%d", pagename_make(&n, path, 1, 2));
    cr_assert_eq(n.fd, -1, "fd %d", n.fd);
}
