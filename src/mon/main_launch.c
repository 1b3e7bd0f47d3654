/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/main_launch.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/app.h"
#include "mon/launch.h"
#include "mon/target_wait.h"

#define PAGE_NS (10 * NS_PER_S)   /* the longest that its page is waited for */
#define LOOK_NS (100 * NS_PER_MS) /* for its page, between two looks whether it lives */
#define END_NS  (5 * NS_PER_S)    /* that it has to end, once it was asked to */

/* Waits for the page of the child PID. False: it has none, or has ended; *STATUS is then that of
 * waitpid, or -1 if it lives. */
static bool wait_page(pid_t pid, struct target_list *list, int *status)
{
    int64_t until_ns = clock_mono_ns() + PAGE_NS;
    struct target target;
    char error[TARGET_ERROR_BYTES];

    do {
        if (target_wait_page(pid, LOOK_NS, list, &target, error))
            return true;
        if (launch_has_ended(pid, status))
            return false;
    } while (clock_mono_ns() < until_ns);
    *status = -1;
    return false;
}

static enum exit_status watch_pid(const struct options *o, struct target_list *list,
                                  watch_fn *watch, pid_t pid)
{
    struct options with_pid = *o;
    char number[16];

    snprintf(number, sizeof number, "%d", (int)pid);
    with_pid.target = number;
    with_pid.demo = false;
    with_pid.command = NULL;
    return watch(&with_pid, list);
}

/* ---- a demo ---- */

static enum exit_status run_demo(const struct options *o, struct target_list *list, watch_fn *watch)
{
    char path[PATH_MAX];
    char error[LAUNCH_ERROR_BYTES];
    char *argv[] = {path, (char *)(uintptr_t)(o->target != NULL ? o->target : "leak"), NULL};
    int status = -1;

    launch_find_beside("gort-demo", path);
    pid_t pid = launch_start(
        &(struct launch){.argv = argv, .output_fd = -1, .own_group = true, .dies_with_us = true},
        error);
    if (pid == 0)
        return fail(EXIT_FAILED, "%s", error);
    if (wait_page(pid, list, &status)) {
        enum exit_status result = watch_pid(o, list, watch, pid);

        launch_stop(pid, SIGKILL, END_NS);
        return result;
    }
    if (status == -1)
        launch_stop(pid, SIGKILL, END_NS);
    return fail(EXIT_NO_TARGET, "the demo did not start: gort-demo --help lists scenarios");
}

/* ---- a command ---- */

/* What it prints must not come between the figures, nor on the screen. */
static int output_beside(bool on_screen)
{
    return on_screen && isatty(STDERR_FILENO) ? -1 : STDERR_FILENO;
}

static enum exit_status end_command(pid_t pid, enum exit_status status)
{
    if (!launch_stop(pid, SIGTERM, END_NS))
        fail(status, "process %d does not end by SIGTERM: it goes on", (int)pid);
    return status;
}

static enum exit_status tell_ended(const char *name, int status)
{
    if (WIFSIGNALED(status))
        return fail(EXIT_NO_TARGET, "%.64s was ended by signal %d before there was anything to see",
                    name, WTERMSIG(status));
    return fail(EXIT_NO_TARGET, "%.64s ended with status %d before there was anything to see", name,
                WEXITSTATUS(status));
}

static enum exit_status run_command(const struct options *o, struct target_list *list,
                                    watch_fn *watch)
{
    bool on_screen = o->mode == MODE_WATCH && app_has_terminal();
    char error[LAUNCH_ERROR_BYTES];
    int status = -1;
    pid_t pid = launch_start(&(struct launch){.argv = o->command,
                                              .output_fd = output_beside(on_screen),
                                              .own_group = on_screen},
                             error);

    if (pid == 0)
        return fail(EXIT_NO_TARGET, "%s", error);
    if (wait_page(pid, list, &status))
        return end_command(pid, watch_pid(o, list, watch, pid));
    if (status != -1)
        return tell_ended(o->command[0], status);
    fail(EXIT_NO_TARGET,
         "%.64s has not begun to use libgort in %d s: a script has to exec the program itself",
         o->command[0], (int)(PAGE_NS / NS_PER_S));
    return end_command(pid, EXIT_NO_TARGET);
}

enum exit_status launched_run(const struct options *o, struct target_list *list, watch_fn *watch)
{
    return o->demo ? run_demo(o, list, watch) : run_command(o, list, watch);
}
