/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/demo_command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "gort-demo"

/* Beside gomon itself, or only the name. */
static void find_program(char path[static PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - sizeof "/" PROGRAM);
    char *slash = n > 0 ? memrchr(path, '/', (size_t)n) : NULL;

    if (slash != NULL)
        memcpy(slash + 1, PROGRAM, sizeof PROGRAM);
    if (slash == NULL || access(path, X_OK) != 0)
        memcpy(path, PROGRAM, sizeof PROGRAM);
}

/* In the child: tells through REPORT why it cannot run. */
static _Noreturn void become(const char *path, const char *scenario, pid_t parent, int report)
{
    char *argv[] = {(char[]){PROGRAM}, strdup(scenario), NULL};
    int null = open("/dev/null", O_RDWR);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1); /* it has ended before the line above */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    execvp(path, argv);
    ssize_t written = write(report, &errno, sizeof errno);
    (void)written;
    _exit(1);
}

pid_t demo_start(const char *scenario, char error[static DEMO_ERROR_BYTES])
{
    char path[PATH_MAX];
    int report[2];
    int why = 0;
    pid_t parent = getpid();

    find_program(path);
    if (pipe2(report, O_CLOEXEC) != 0) {
        snprintf(error, DEMO_ERROR_BYTES, "no pipe: %s", strerror(errno));
        return 0;
    }
    pid_t pid = fork();
    if (pid == 0)
        become(path, scenario, parent, report[1]);
    int failed = errno;
    close(report[1]);
    ssize_t n = pid < 0 ? 0 : read(report[0], &why, sizeof why); /* ends when it runs */
    close(report[0]);
    if (pid > 0 && n == 0)
        return pid;
    snprintf(error, DEMO_ERROR_BYTES, "%.180s does not run: %s", path,
             strerror(pid < 0 ? failed : why));
    if (pid > 0)
        waitpid(pid, NULL, 0);
    return 0;
}

void demo_stop(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
