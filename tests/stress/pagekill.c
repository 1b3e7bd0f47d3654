/* SPDX-License-Identifier: MIT */
/* pagekill.c - a process that is killed at any moment leaves an image that can be read: whole
 * copies, rings in order, nobody's lock. */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/support/pageload.h"
#include "tests/support/pageread.h"
#include "tests/support/wait.h"

#define ROUNDS      12
#define LIFE_MAX_NS (1300 * NS_PER_MS)
#define SHOWN_NS    (20 * NS_PER_S)

/* The image of process PID, or -1. */
static int open_image(pid_t pid, char path[320])
{
    char dir_path[64];
    char start[16];
    DIR *dir = NULL;
    int fd = -1;

    snprintf(dir_path, sizeof dir_path, PAGE_DIR_FORMAT, geteuid());
    dir = opendir(dir_path);
    if (dir == NULL)
        return -1;
    int n = snprintf(start, sizeof start, "%ld.", (long)pid);

    for (struct dirent *e = readdir(dir); e != NULL && fd < 0; e = readdir(dir)) {
        if (strncmp(e->d_name, start, (size_t)n) != 0)
            continue;
        snprintf(path, 320, "%s/%s", dir_path, e->d_name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    closedir(dir);
    return fd;
}

static const char *check_image(int fd, pid_t pid)
{
    struct pageread p;
    const char *fault = NULL;

    if (flock(fd, LOCK_SH | LOCK_NB) != 0)
        return "someone holds the lock";
    if (!pageread_open(&p, fd))
        fault = "it is not a page";
    else if (pageread_header(&p)->pid != pid)
        fault = "it is another process's";
    else if (pageread_header(&p)->state != PAGE_STATE_LIVE)
        fault = "it says that the process ended by itself";
    else
        fault = pageread_check(&p);
    pageread_close(&p);
    return fault;
}

struct image {
    pid_t pid;
    int fd;
    char path[320];
};

static bool is_shown(void *arg)
{
    struct image *image = arg;

    image->fd = open_image(image->pid, image->path);
    return image->fd >= 0;
}

static bool is_past(void *until_ns)
{
    return clock_mono_ns() >= *(int64_t *)until_ns;
}

/* Starts a process, kills it LIFE_NS after its image was shown, and looks at what is left. */
static const char *kill_one(int64_t life_ns)
{
    struct image image = {.pid = pageload_start(), .fd = -1};
    const char *fault = "there is no image";
    int64_t until_ns = 0;

    if (image.pid < 0)
        return "there is no process with a page";
    if (wait_until(is_shown, &image, SHOWN_NS)) {
        until_ns = clock_mono_ns() + life_ns;
        wait_until(is_past, &until_ns, INT64_MAX / 2);
    }
    pageload_kill(image.pid);
    if (image.fd >= 0) {
        fault = check_image(image.fd, image.pid);
        unlink(image.path);
        close(image.fd);
    }
    return fault;
}

int main(int argc, char **argv)
{
    unsigned seed = argc > 1 ? (unsigned)atoi(argv[1]) : (unsigned)clock_mono_ns();

    printf("seed %u\n", seed);
    if (access("/dev/shm", W_OK) != 0)
        return 77;
    for (int round = 0; round < ROUNDS; round++) {
        const char *fault = kill_one(rand_r(&seed) % LIFE_MAX_NS);

        if (fault != NULL) {
            printf("round %d: %s\n", round, fault);
            return 1;
        }
    }
    return 0;
}
