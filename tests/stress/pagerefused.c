/* SPDX-License-Identifier: MIT */
/* pagerefused.c - where the system refuses shared memory, or the user wants none, the program runs
 * all the same: without a page, with one line on stderr if that was not asked for. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "gort.h"
#include "tests/support/procfd.h"
#include "tests/support/refuse.h"

#define SKIPPED 77
#define SHOWN   3 /* exit status: there is a page */

static void limit_to(__rlimit_resource_t resource, rlim_t most)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0)
        _exit(SKIPPED);
    limit.rlim_cur = most;
    if (setrlimit(resource, &limit) != 0)
        _exit(SKIPPED);
}

static bool has_page(void)
{
    char link[160];
    DIR *dir = NULL;
    bool found = false;

    limit_to(RLIMIT_NOFILE, 64); /* a case may have lowered it */
    dir = opendir("/proc/self/fd");
    if (dir == NULL)
        _exit(SKIPPED);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        ssize_t n = readlinkat(dirfd(dir), e->d_name, link, sizeof link - 1);

        link[n > 0 ? n : 0] = '\0';
        found = found || procfd_is_of_page(link);
    }
    closedir(dir);
    return found;
}

static void add(void *sum)
{
    gort_sleep(GORT_MS);
    __atomic_fetch_add((int *)sum, 1, __ATOMIC_RELAXED);
}

/* Some work, longer than a tick of the page. */
static int first_task(void *arg)
{
    int *sum = gort_alloc_noscan(sizeof *sum);

    (void)arg;
    for (int i = 0; i < 1000; i++)
        gort_go(add, sum);
    while (__atomic_load_n(sum, __ATOMIC_RELAXED) < 1000)
        gort_sleep(GORT_MS);
    gort_sleep(300 * GORT_MS);
    return has_page() ? SHOWN : 0;
}

/* ---- what may be refused ---- */

static void nothing(void)
{
}

static void refuse_memfd(void)
{
    if (!refuse_call(SYS_memfd_create, EPERM))
        _exit(SKIPPED);
}

static void limit_files(void)
{
    limit_to(RLIMIT_FSIZE, 1 << 20);
}

static void limit_descriptors(void)
{
    limit_to(RLIMIT_NOFILE, 4);
}

static void want_none(void)
{
    setenv("GORT_MONITOR", "off", 1);
}

static const struct {
    const char *name;
    void (*prepare)(void);
    int status;
    bool told; /* a line on stderr */
} cases[] = {
    {"nothing refused", nothing, SHOWN, false},
    {"memfd_create refused", refuse_memfd, 0, true},
    {"files limited to 1 MiB", limit_files, 0, true},
    {"4 descriptors", limit_descriptors, 0, true},
    {"GORT_MONITOR=off", want_none, 0, false},
};

/* Runs the program in a child; its exit status. TEXT is what it wrote to stderr. */
static int run(void (*prepare)(void), char *text, size_t bytes)
{
    int ends[2];
    int status = 0;
    ssize_t n = 0;
    pid_t pid = -1;

    if (pipe(ends) != 0 || (pid = fork()) < 0)
        exit(SKIPPED);
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        prepare();
        _exit(gort_run(&(gort_options){.maxprocs = 2}, first_task, NULL));
    }
    close(ends[1]);
    n = read(ends[0], text, bytes - 1);
    text[n > 0 ? n : 0] = '\0';
    close(ends[0]);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void)
{
    int failed = 0;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        char text[1024];
        int status = run(cases[i].prepare, text, sizeof text);
        bool told = strstr(text, "can't be monitored") != NULL;
        bool good = status == SKIPPED || (status == cases[i].status && told == cases[i].told);

        printf("%s: status %d, %s%s\n", cases[i].name, status,
               good ? "good" : "NOT GOOD: ", good ? "" : text);
        failed += !good;
    }
    return failed == 0 ? 0 : 1;
}
