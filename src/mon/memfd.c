/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/memfd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether the entry of /proc/PID/fd is a link to the memfd NAME: "/memfd:NAME (deleted)". */
static bool is_memfd(int dir, const char *entry, const char *name)
{
    static const char prefix[] = "/memfd:";
    char link[64];
    ssize_t n = readlinkat(dir, entry, link, sizeof link - 1);
    size_t len = strlen(name);

    if (n < 0)
        return false;
    link[n] = '\0';
    if (strncmp(link, prefix, sizeof prefix - 1) != 0)
        return false;
    return strncmp(link + sizeof prefix - 1, name, len) == 0 &&
           (link[sizeof prefix - 1 + len] == ' ' || link[sizeof prefix - 1 + len] == '\0');
}

/* Opens the entry, which is believed to be a plain file only once it is open. */
static int open_entry(int dir, const char *entry, int flags)
{
    struct stat st;
    int fd = openat(dir, entry, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return -ENOENT;
    }
    return fd;
}

int memfd_open_numbered(pid_t pid, const char *name, int flags, int *number)
{
    char path[32];
    DIR *dir;
    int fd = -ENOENT;

    *number = -1;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    dir = opendir(path);
    if (dir == NULL)
        return errno == ENOENT ? -ESRCH : -errno;
    for (struct dirent *e = readdir(dir); e != NULL && fd == -ENOENT; e = readdir(dir)) {
        if (!is_memfd(dirfd(dir), e->d_name, name))
            continue;
        fd = open_entry(dirfd(dir), e->d_name, flags);
        *number = (int)strtol(e->d_name, NULL, 10);
    }
    closedir(dir);
    return fd;
}

int memfd_open(pid_t pid, const char *name, int flags)
{
    int number;

    return memfd_open_numbered(pid, name, flags, &number);
}

bool memfd_is_held(pid_t pid, int number, int fd)
{
    char path[48];
    struct stat theirs;
    struct stat ours;

    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, number);
    return stat(path, &theirs) == 0 && fstat(fd, &ours) == 0 && theirs.st_dev == ours.st_dev &&
           theirs.st_ino == ours.st_ino;
}
