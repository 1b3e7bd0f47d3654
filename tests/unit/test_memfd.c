/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <unistd.h>

#include "mon/memfd.h"
#include "tests/support/fakepage.h"

static struct fakepage page;
static int number;
static int fd;

static void setup(void)
{
    fakepage_init(&page, &(struct fakepage_options){.name = "fake", .nprocs = 1});
    fd = memfd_open_numbered(getpid(), PAGE_MEMFD_NAME, O_RDONLY, &number);
    cr_assert(fd >= 0, "error %d", fd);
}

static void teardown(void)
{
    close(fd);
    fakepage_fini(&page);
}

TestSuite(memfd, .init = setup, .fini = teardown);

Test(memfd, is_held_by_the_number_at_which_it_was_found)
{
    cr_assert_eq(number, page.page_fd, "%d, not %d", number, page.page_fd);
    cr_assert(memfd_is_held(getpid(), number, fd), "it is not held");
    cr_assert_not(memfd_is_held(0x3fffffff, number, fd), "by a process that is not there");
}

Test(memfd, is_not_held_once_the_number_is_another_files)
{
    int kept = dup(number);

    page.page_fd = kept;
    dup2(STDERR_FILENO, number);
    cr_assert_not(memfd_is_held(getpid(), number, fd), "another file is taken for it");
    close(number);
    cr_assert_not(memfd_is_held(getpid(), number, fd), "no file is taken for it");
}
