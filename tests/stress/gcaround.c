/* SPDX-License-Identifier: MIT */
/* gcaround.c - what goes on around a collector that marks beside the program: forks, locked memory,
 * a program that closes descriptors that it does not know, a system that refuses.
 * The claims: references that are moved about meanwhile are never lost; the mode is what gort(7)
 * says; where it had to be changed, one line on stderr says so. Each case is this program again. */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gort.h"
#include "runtime/gc.h"
#include "tests/support/moves.h"
#include "tests/support/refuse.h"
#include "tests/support/selfexec.h"

#define SKIPPED 77

static void move_about(void)
{
    moves_run(&(struct moves){.seed = 3, .ntasks = 12, .rounds = 60});
}

/* ---- cases: each returns 0, SKIPPED, or says what is wrong ---- */

static int expect_mode(enum gc_mode mode)
{
    if (gc_mode() == mode)
        return 0;
    printf("the mode is %d\n", (int)gc_mode());
    return 1;
}

static void fork_again_and_again(void *done)
{
    for (int i = 0; i < 20; i++) {
        pid_t child = -1;

        GORT_BLOCKING
        {
            child = fork();
            if (child == 0)
                _exit(0);
            waitpid(child, NULL, 0);
        }
        gort_yield();
    }
    gort_waitgroup_done(done);
}

static int beside_forks(void)
{
    static gort_waitgroup done;

    gort_waitgroup_add(&done, 1);
    gort_go(fork_again_and_again, &done);
    move_about();
    gort_waitgroup_wait(&done);
    return expect_mode(GC_CONCURRENT);
}

static int in_locked_memory(void)
{
    if (mlockall(MCL_CURRENT) != 0)
        return SKIPPED;
    move_about();
    return expect_mode(GC_CONCURRENT);
}

static bool is_the_collectors(int fd)
{
    char name[64];
    char to[64] = "";

    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    return readlink(name, to, sizeof to - 1) > 0 &&
           (strstr(to, "userfaultfd") != NULL || strstr(to, "/pagemap") != NULL);
}

/* As programs do that close all but the first three. */
static void close_in_a_while(void *done)
{
    for (int i = 0; i < 20; i++)
        gort_yield();
    for (int fd = 3; fd < 256; fd++)
        if (is_the_collectors(fd))
            close(fd);
    gort_waitgroup_done(done);
}

static int without_its_descriptors(void)
{
    static gort_waitgroup done;

    gort_waitgroup_add(&done, 1);
    gort_go(close_in_a_while, &done);
    move_about();
    gort_waitgroup_wait(&done);
    gort_gc();
    return expect_mode(GC_STOP_THE_WORLD);
}

static int where_it_is_refused(void)
{
    move_about();
    return expect_mode(GC_STOP_THE_WORLD);
}

static const struct acase {
    const char *name;
    int (*run)(void);
    bool refused;
    const char *told; /* on stderr, or NULL */
} cases[] = {
    {"forks", beside_forks, false, NULL},
    {"locked", in_locked_memory, false, NULL},
    {"closed", without_its_descriptors, false, "no longer tells which pages are written"},
    {"refused", where_it_is_refused, true, "does not tell which pages are written"},
};

/* ---- the child ---- */

static int run_case(void *arg)
{
    const struct acase *c = arg;

    return c->run();
}

static int be_child(const struct acase *c)
{
    if (c->refused && !refuse_call(SYS_userfaultfd, EPERM))
        return SKIPPED;
    return gort_run(NULL, run_case, (void *)(uintptr_t)c);
}

/* ---- the parent ---- */

static int run_child(size_t i, char *text, size_t bytes)
{
    char number[24];
    int ends[2];
    int status = 0;
    size_t at = 0;
    ssize_t n = 0;

    if (pipe(ends) != 0)
        return -1;
    snprintf(number, sizeof number, "%zu", i);
    setenv("GCAROUND_CASE", number, 1);
    if (fork() == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        self_exec((const char *[]){"gcaround", NULL});
        _exit(127);
    }
    close(ends[1]);
    while (at < bytes - 1 && (n = read(ends[0], text + at, bytes - 1 - at)) > 0)
        at += (size_t)n;
    text[at] = '\0';
    close(ends[0]);
    return wait(&status) < 0 ? -1 : status;
}

int main(void)
{
    static char text[1 << 16];
    const char *number = getenv("GCAROUND_CASE");
    int failed = 0;

    if (number != NULL)
        return be_child(&cases[strtoul(number, NULL, 10)]);
    setenv("GORT_GC_MODE", "concurrent", 1);
    setenv("GORT_DEBUG", "verify=1", 1);
    setenv("GORT_GC", "20", 1);
    setenv("GORT_MAXPROCS", "4", 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int status = run_child(i, text, sizeof text);
        bool told = cases[i].told == NULL || strstr(text, cases[i].told) != NULL;

        if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
            continue;
        if (!cases[i].refused && strstr(text, cases[3].told) != NULL)
            return SKIPPED; /* the kernel can't */
        printf("%s: %s\n", cases[i].name, status == 0 && told ? "ok" : "failed");
        if (status != 0 || !told) {
            printf("status %#x, and on stderr: %s\n", (unsigned)status, text);
            failed = 1;
        }
    }
    return failed;
}
