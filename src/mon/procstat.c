/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/procstat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/text.h"

#define FIELD_START_TICKS 22

ssize_t procstat_read_file(int dir, const char *path, char *text, size_t bytes)
{
    int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    size_t used = 0;
    ssize_t n = 0;

    if (fd < 0)
        return -1;
    do {
        n = read(fd, text + used, bytes - 1 - used);
        if (n > 0)
            used += (size_t)n;
    } while ((n > 0 && used < bytes - 1) || (n < 0 && errno == EINTR));
    close(fd);
    text[used] = '\0';
    return n < 0 ? -1 : (ssize_t)used;
}

/* The name stands in parentheses and may hold some itself: the last one ends it. */
bool procstat_parse(const char *text, struct procstat *stat)
{
    const char *name = strchr(text, '(');
    const char *end = strrchr(text, ')');
    const char *at = end;

    if (name == NULL || end == NULL || end < name || end[1] != ' ' || end[2] == '\0')
        return false;
    text_clean(stat->name, sizeof stat->name, name + 1, (size_t)(end - name - 1));
    stat->state = end[2];
    for (int field = 2; field < FIELD_START_TICKS; field++) {
        at = strchr(at + 1, ' ');
        if (at == NULL)
            return false;
    }
    stat->start_ticks = strtoull(at + 1, NULL, 10);
    return true;
}

bool procstat_read(pid_t pid, struct procstat *stat)
{
    char path[32];
    char text[1024];

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    return procstat_read_file(AT_FDCWD, path, text, sizeof text) > 0 && procstat_parse(text, stat);
}

bool procstat_has_ended(pid_t pid)
{
    struct procstat stat;

    return !procstat_read(pid, &stat) || procstat_is_zombie(&stat);
}

uint64_t procstat_ticks_ago(int64_t ago_ns)
{
    struct timespec up;
    int64_t then_ns;

    clock_gettime(CLOCK_BOOTTIME, &up);
    then_ns = up.tv_sec * NS_PER_S + up.tv_nsec - ago_ns;
    return then_ns > 0 ? (uint64_t)(then_ns / (NS_PER_S / sysconf(_SC_CLK_TCK))) : 0;
}

pid_t procstat_inner_pid(pid_t pid)
{
    char path[32];
    char text[4096];
    const char *line;
    const char *last;
    size_t len;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    if (procstat_read_file(AT_FDCWD, path, text, sizeof text) <= 0)
        return 0;
    line = strstr(text, "\nNSpid:");
    if (line == NULL)
        return pid; /* a kernel without namespaces of pids */
    len = strcspn(line + 1, "\n");
    last = memrchr(line + 1, '\t', len);
    return last == NULL ? pid : (pid_t)strtol(last + 1, NULL, 10);
}
