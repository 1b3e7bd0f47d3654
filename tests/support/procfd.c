/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "tests/support/procfd.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int procfd_open(pid_t pid, const char *name, int flags)
{
    char path[320];
    char wanted[64];
    char link[128];
    DIR *dir = NULL;
    int fd = -1;

    snprintf(wanted, sizeof wanted, "/memfd:%s (deleted)", name);
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    dir = opendir(path);
    if (dir == NULL)
        return -1;
    for (struct dirent *e = readdir(dir); e != NULL && fd < 0; e = readdir(dir)) {
        ssize_t n = 0;

        snprintf(path, sizeof path, "/proc/%ld/fd/%s", (long)pid, e->d_name);
        n = readlink(path, link, sizeof link - 1);
        link[n > 0 ? n : 0] = '\0';
        if (strcmp(link, wanted) == 0)
            fd = open(path, flags | O_CLOEXEC);
    }
    closedir(dir);
    return fd;
}

bool procfd_is_of_page(const char *link)
{
    static const char *const places[] = {"/memfd:gomon-", "/dev/shm/gomon-"};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (strncmp(link, places[i], strlen(places[i])) == 0)
            return true;
    return false;
}
