/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define LOOK_NS (10 * NS_PER_MS) /* between two looks whether it has ended */

void launch_find_beside(const char *name, char path[static PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
    char *slash = n > 0 ? memrchr(path, '/', (size_t)n) : NULL;
    size_t room = slash == NULL ? 0 : PATH_MAX - (size_t)(slash + 1 - path);

    if (slash != NULL && (size_t)snprintf(slash + 1, room, "%s", name) < room &&
        access(path, X_OK) == 0)
        return;
    snprintf(path, PATH_MAX, "%s", name);
}

/* In the child: tells through REPORT why it cannot run. */
static _Noreturn void become(const struct launch *l, pid_t parent, int report)
{
    int null = open("/dev/null", O_RDWR);
    int output = l->output_fd < 0 ? null : l->output_fd;

    if (l->dies_with_us)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1); /* it has ended before the line above */
    if (l->own_group)
        setpgid(0, 0);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    dup2(null, STDIN_FILENO);
    execvp(l->argv[0], l->argv);
    ssize_t written = write(report, &errno, sizeof errno);
    (void)written;
    _exit(1);
}

pid_t launch_start(const struct launch *l, char error[static LAUNCH_ERROR_BYTES])
{
    int report[2];
    int why = 0;
    pid_t parent = getpid();

    if (pipe2(report, O_CLOEXEC) != 0) {
        snprintf(error, LAUNCH_ERROR_BYTES, "no pipe: %s", strerror(errno));
        return 0;
    }
    pid_t pid = fork();
    if (pid == 0)
        become(l, parent, report[1]);
    int failed = errno;
    close(report[1]);
    ssize_t n = pid < 0 ? 0 : read(report[0], &why, sizeof why); /* ends when it runs */
    close(report[0]);
    if (pid > 0 && n == 0)
        return pid;
    snprintf(error, LAUNCH_ERROR_BYTES, "%.180s does not run: %s", l->argv[0],
             strerror(pid < 0 ? failed : why));
    if (pid > 0)
        waitpid(pid, NULL, 0);
    return 0;
}

bool launch_has_ended(pid_t pid, int *status)
{
    return waitpid(pid, status, WNOHANG) == pid;
}

bool launch_stop(pid_t pid, int signal, int64_t patience_ns)
{
    int64_t until_ns = clock_mono_ns() + patience_ns;
    int status = 0;

    kill(pid, signal);
    while (!launch_has_ended(pid, &status)) {
        if (clock_mono_ns() >= until_ns)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
    return true;
}
