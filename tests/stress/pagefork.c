/* SPDX-License-Identifier: MIT */
/* pagefork.c - a child that a task forks has no page and harms its parent's in nothing; a program
 * that it becomes inherits nothing either. The parent keeps its lock meanwhile, and cleans up at
 * its end. */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gort.h"
#include "page.h"
#include "tests/support/pageread.h"
#include "tests/support/procfd.h"
#include "tests/support/selfexec.h"

static char *program;
static char image[96];
static const char *fault;

/* What of the page this process has open, or NULL. */
static const char *open_part(void)
{
    static char link[160];
    DIR *dir = opendir("/proc/self/fd");
    bool found = false;

    if (dir == NULL)
        exit(77);
    for (struct dirent *e = readdir(dir); e != NULL && !found; e = readdir(dir)) {
        ssize_t n = readlinkat(dirfd(dir), e->d_name, link, sizeof link - 1);

        link[n > 0 ? n : 0] = '\0';
        found = procfd_is_of_page(link);
    }
    closedir(dir);
    return found ? link : NULL;
}

static void expect(bool holds, const char *what)
{
    if (!holds && fault == NULL)
        fault = what;
}

static void nothing(void *arg)
{
    (void)arg;
}

/* The child of a fork: still in a task, with a worker, but alone. */
static void in_child(void)
{
    const char *part = open_part();

    if (part != NULL) {
        printf("open in the child: %s\n", part);
        fflush(stdout);
        _exit(1);
    }
    gort_go(nothing, NULL); /* is refused, with status 2 */
    _exit(0);
}

static int status_of(pid_t pid)
{
    int status = 0;

    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static uint64_t rows_used(void)
{
    struct page_tasks_header h = {.used = 0};
    int fd = procfd_open(getpid(), PAGE_TASKS_MEMFD_NAME, O_RDONLY);

    if (fd < 0 || pread(fd, &h, sizeof h, 0) != (ssize_t)sizeof h)
        expect(false, "the parent lost its task table");
    close(fd);
    return h.used;
}

static bool parent_has_a_page(void)
{
    struct pageread p;
    int fd = procfd_open(getpid(), PAGE_MEMFD_NAME, O_RDONLY);
    bool good = pageread_open(&p, fd) && pageread_header(&p)->state == PAGE_STATE_LIVE &&
                pageread_check(&p) == NULL;

    pageread_close(&p);
    close(fd);
    return good;
}

static void fork_a_child(void)
{
    uint64_t used = rows_used();
    pid_t pid = fork();

    if (pid == 0)
        in_child();
    expect(status_of(pid) == 2, "the forked child has a part of the page open, or has tasks");
    expect(rows_used() == used, "the child wrote into its parent's task table");
}

static void start_a_program(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        self_exec((const char *[]){program, "what-is-open", NULL});
        _exit(99);
    }
    expect(status_of(pid) == 0, "a started program has a part of the page open");
}

/* Names the image of this process. */
static void find_image(void)
{
    struct page_header h = {.pid = 0};
    int fd = procfd_open(getpid(), PAGE_MEMFD_NAME, O_RDONLY);

    if (fd < 0 || pread(fd, &h, sizeof h, 0) != (ssize_t)sizeof h)
        return;
    close(fd);
    snprintf(image, sizeof image, PAGE_DIR_FORMAT "/%d.%lu", h.uid, h.pid,
             (unsigned long)h.start_ticks);
}

/* Whether someone holds the image's lock. True as well where there is no image. */
static bool is_locked(void)
{
    int fd = open(image, O_RDONLY | O_CLOEXEC);
    bool locked = fd < 0 || flock(fd, LOCK_SH | LOCK_NB) != 0;

    if (fd >= 0)
        close(fd);
    return locked;
}

static int first_task(void *arg)
{
    (void)arg;
    gort_go(nothing, NULL);
    gort_sleep(10 * GORT_MS);
    find_image();
    expect(parent_has_a_page(), "there is no page");
    expect(is_locked(), "the lock is not held");
    fork_a_child();
    start_a_program();
    expect(parent_has_a_page(), "the parent's page was spoilt");
    expect(is_locked(), "a child's end dropped the lock");
    return 0;
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc > 1)
        return open_part() != NULL ? 1 : 0;
    if (gort_run(NULL, first_task, NULL) != 0)
        return 1;
    expect(access(image, F_OK) != 0, "a clean end left the image behind");
    printf("%s\n", fault != NULL ? fault : "children have no page");
    return fault == NULL ? 0 : 1;
}
