/* SPDX-License-Identifier: MIT */
/* memgroup.c - a control group's limit on memory is kept by collecting more, for as long as what
 * lives fits; what does not fit is told of before the kernel ends the process. Skipped where nobody
 * may make a group. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gort.h"
#include "runtime/san.h"

#define LIMIT "134217728" /* 128 MiB */

static char group[128];

static bool put(const char *file, const char *text)
{
    char path[256];
    int fd = -1;
    bool done = false;

    snprintf(path, sizeof path, "%s/%s", group, file);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return done;
}

static bool make_group(const char *mount, const char *file)
{
    snprintf(group, sizeof group, "%s/gort-test-%d", mount, (int)getpid());
    if (mkdir(group, 0700) != 0)
        return false;
    if (put(file, LIMIT))
        return true;
    rmdir(group);
    return false;
}

struct load {
    int live;    /* MiB that are kept */
    int garbage; /* MiB that are not */
};

static int run(void *arg)
{
    const struct load *load = arg;
    void **keep = gort_make(void *, (size_t)load->live);

    for (int i = 0; i < load->live; i++)
        keep[i] = memset(gort_alloc(1 << 20), 1, 1 << 20);
    for (int i = 0; i < load->garbage * 5; i++)
        gort_keepalive(memset(gort_alloc_noscan(200000), 1, 200000));
    gort_keepalive(keep);
    return 0;
}

/* In a process of the group; how it ended. What it says goes to TEXT. */
static int run_inside(struct load load, char *text, size_t bytes)
{
    int ends[2];
    size_t n = 0;
    ssize_t got = 0;
    int status = 0;
    pid_t child = 0;

    if (pipe(ends) != 0 || (child = fork()) < 0)
        exit(77);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        exit(put("cgroup.procs", "0") ? gort_run(NULL, run, &load) : 77);
    }
    close(ends[1]);
    while (n < bytes - 1 && (got = read(ends[0], text + n, bytes - 1 - n)) > 0)
        n += (size_t)got;
    text[n] = '\0';
    close(ends[0]);
    waitpid(child, &status, 0);
    return status;
}

int main(void)
{
    static char text[65536];
    bool held = false;
    bool patient = false;
    bool told = false;
    int status = 0;

    unsetenv("GORT_MEMLIMIT");
    setenv("GORT_DEBUG", "", 1);
    if (SAN_ADDRESS || SAN_THREAD ||
        (!make_group("/sys/fs/cgroup/memory", "memory.limit_in_bytes") &&
         !make_group("/sys/fs/cgroup", "memory.max"))) {
        printf("no group with a limit can be made, or sanitizers need more memory\n");
        return 77;
    }
    status = run_inside((struct load){80, 400}, text, sizeof text);
    held = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!held)
        printf("80 MiB alive, of 128: ended with status %#x, and said:\n%s\n", status, text);
    /* So near to the limit the program does little but collect. Where that limit is a setting the
     * collector gives way after a second; here the kernel would end the process. */
    status = run_inside((struct load){106, 2500}, text, sizeof text);
    patient = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!patient)
        printf("106 MiB alive, of 128: ended with status %#x, and said:\n%s\n", status, text);
    status = run_inside((struct load){150, 400}, text, sizeof text);
    told = strstr(text, "gort: the memory limit of 115 MiB is exceeded: ") != NULL;
    if (!told)
        printf("150 MiB alive, of 128: ended with status %#x, and said:\n%s\n", status, text);
    rmdir(group);
    return held && patient && told ? 0 : 1;
}
