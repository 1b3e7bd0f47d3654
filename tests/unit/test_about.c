/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/about.h"

static struct about about;
static pid_t pid;

static void teardown(void)
{
    about_clear(&about);
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

TestSuite(about, .fini = teardown, .timeout = 60);

static const char *value_of(const char *name)
{
    for (unsigned i = 0; i < about.n; i++)
        if (strcmp(about.fact[i].name, name) == 0)
            return about.fact[i].value;
    return NULL;
}

/* A process with this environment and an odd command line; returns when it is that program. */
static void start(void)
{
    int ready[2];
    char byte;

    cr_assert_eq(pipe(ready), 0, "no pipe");
    pid = fork();
    if (pid == 0) {
        const char *const argv[] = {"sh", "-c", "echo x >&9; read nothing <&8", "a\x1b[31m b",
                                    NULL};
        const char *const env[] = {"GORT_MAXPROCS=3", "SECRET=hunter2", "GORT_DEBUG=a=b",
                                   "XGORT_NO=1", NULL};
        int idle[2];

        if (pipe(idle) != 0 || dup2(ready[1], 9) != 9 || dup2(idle[0], 8) != 8)
            _exit(1);
        execve("/bin/sh", (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
        _exit(1);
    }
    close(ready[1]);
    cr_assert_eq(read(ready[0], &byte, 1), 1, "it does not start");
    close(ready[0]);
}

Test(about, of_the_environment_only_what_is_the_runtimes)
{
    start();
    struct model m = {.target = {.pid = pid, .name = "sh"}};

    about_read(&about, &m);
    cr_assert_str_eq(value_of("GORT_MAXPROCS"), "3");
    cr_assert_str_eq(value_of("GORT_DEBUG"), "a=b");
    cr_assert_null(value_of("SECRET"), "a secret");
    cr_assert_null(value_of("XGORT_NO"), "another's setting");
    for (unsigned i = 0; i < about.n; i++)
        cr_assert_null(strstr(about.fact[i].value, "hunter2"), "%s", about.fact[i].name);
}

Test(about, the_command_line_is_made_safe_to_show)
{
    start();
    struct model m = {.target = {.pid = pid, .name = "sh"}};

    about_read(&about, &m);
    cr_assert_str_eq(value_of("command"), "sh -c echo x >&9; read nothing <&8 a?[31m b");
    cr_assert_not_null(value_of("executable"), "no executable");
    cr_assert_not_null(value_of("folder"), "no folder");
}

Test(about, of_a_process_that_has_ended_the_page_and_the_host_are_known)
{
    struct model m = {.target = {.pid = 1,
                                 .name = "dead",
                                 .post_mortem = true,
                                 .build_id = "abc123",
                                 .start_real_ns = INT64_C(1795403564) * NS_PER_S}};

    about_read(&about, &m);
    cr_assert_str_eq(value_of("name"), "dead");
    cr_assert_str_eq(value_of("build-id"), "abc123");
    cr_assert_str_eq(value_of("started"), "2026-11-23T03:12:44Z");
    cr_assert_null(value_of("command"), "the command of another process");
    cr_assert_not_null(value_of("host"), "no host");
    cr_assert_not_null(value_of("processors"), "no processors");
}

Test(about, there_is_a_most)
{
    char name[16];

    for (int i = 0; i < ABOUT_FACTS + 10; i++) {
        snprintf(name, sizeof name, "fact %d", i);
        about_add(&about, name, "%*d", ABOUT_VALUE_BYTES * 2, i);
    }
    cr_assert_eq(about.n, ABOUT_FACTS, "%u facts", about.n);
    cr_assert_lt(strlen(about.fact[0].value), ABOUT_VALUE_BYTES, "too long");
}
