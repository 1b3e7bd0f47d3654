/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/addrspace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int addrspace_open(pid_t pid)
{
    char path[32];

    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* A failure is no proof: an address space that is gone reads as empty. */
static bool is_gone(int fd)
{
    char byte;

    return pread(fd, &byte, 1, 0) == 0;
}

/* A program that may not be looked into has come by exec: a process that ends shows that it has
 * nothing mapped. */
static bool has_one(pid_t pid)
{
    int fd = addrspace_open(pid);
    bool has;

    if (fd < 0)
        return errno == EACCES || errno == EPERM;
    has = !is_gone(fd);
    close(fd);
    return has;
}

bool addrspace_is_replaced(int fd, pid_t pid)
{
    return fd >= 0 && is_gone(fd) && has_one(pid);
}

bool addrspace_has_memfd(pid_t pid, const char *name)
{
    char wanted[64];
    char *line = NULL;
    size_t room = 0;
    bool has = false;
    int fd = addrspace_open(pid);
    FILE *maps = fd >= 0 ? fdopen(fd, "r") : NULL;

    if (maps == NULL && fd >= 0)
        close(fd);
    if (maps == NULL)
        return false;
    snprintf(wanted, sizeof wanted, " /memfd:%s (deleted)\n", name);
    while (!has && getline(&line, &room, maps) >= 0)
        has = strstr(line, wanted) != NULL;
    free(line);
    fclose(maps);
    return has;
}
