/* SPDX-License-Identifier: MIT */
/* pageclosed.c - a program that closes every descriptor it does not know, the page's among them,
 * and whose own files get their numbers: the runtime goes on, and neither writes into these files
 * nor closes them. */
#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gort.h"

#define OURS_MAX 16

static struct {
    int fd[OURS_MAX];
    int count;
} own;

static const char *fault;

/* Puts an empty file of the program's in the place of each descriptor of the page. */
static void take_numbers(void)
{
    char link[160];
    DIR *dir = opendir("/proc/self/fd");

    if (dir == NULL)
        exit(77);
    for (struct dirent *e = readdir(dir); e != NULL && own.count < OURS_MAX; e = readdir(dir)) {
        ssize_t n = readlinkat(dirfd(dir), e->d_name, link, sizeof link - 1);
        int empty = -1;

        link[n > 0 ? n : 0] = '\0';
        if (strstr(link, "gomon") == NULL)
            continue;
        empty = memfd_create("program", 0);
        own.fd[own.count] = dup2(empty, atoi(e->d_name));
        close(empty);
        own.count++;
    }
    closedir(dir);
}

static void look_at_own_files(const char *when)
{
    for (int i = 0; i < own.count; i++) {
        struct stat st;

        if (fstat(own.fd[i], &st) != 0)
            fault = "a file of the program's was closed";
        else if (st.st_size != 0)
            fault = "something was written into a file of the program's";
        if (fault != NULL) {
            printf("%s: %s\n", when, fault);
            return;
        }
    }
}

static int first_task(void *arg)
{
    pid_t pid = -1;
    int status = 0;

    (void)arg;
    gort_sleep(100 * GORT_MS);
    take_numbers();
    gort_sleep(2500 * GORT_MS); /* time for two images */
    look_at_own_files("while it ran");
    pid = fork();
    if (pid == 0) {
        look_at_own_files("in a forked child");
        _exit(fault != NULL);
    }
    if (waitpid(pid, &status, 0) != pid || status != 0)
        fault = "the child lost a file";
    return 0;
}

int main(void)
{
    if (gort_run(NULL, first_task, NULL) != 0)
        return 1;
    look_at_own_files("after the end");
    printf("%d descriptors were taken over\n", own.count);
    return fault == NULL && own.count >= 3 ? 0 : 1;
}
