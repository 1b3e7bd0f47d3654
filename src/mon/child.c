/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/child.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OLD_FILES_MAX 1024 /* looked for where Linux has no close_range */

void child_drop_standard_files(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    if (null > STDERR_FILENO)
        close(null);
}

void child_keep_only(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, CHILD_FD + 1); /* it may lie in the way itself */

    child_drop_standard_files();
    if (high < 0 || dup2(high, CHILD_FD) != CHILD_FD)
        _exit(1);
    if (syscall(SYS_close_range, CHILD_FD + 1, ~0U, 0) != 0) {
        for (int i = CHILD_FD + 1; i < OLD_FILES_MAX; i++)
            close(i);
    }
}

void child_drop_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
}
