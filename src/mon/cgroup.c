/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/cgroup.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mon/procstat.h"

/* From here on a limit means none: version 1 says "none" by a number near 2^63. */
#define NO_LIMIT (UINT64_C(1) << 60)

#define STAT_BYTES 8192 /* of memory.stat, which is half as long */

/* How a version of control groups calls things. */
struct version {
    const char *controller; /* in the text of /proc/PID/cgroup, between the colons */
    const char *mount;      /* below the root */
    const char *use;
    const char *limit;
    const char *cache; /* in memory.stat */
};

static const struct version versions[] = {
    {"memory", "/memory", "memory.usage_in_bytes", "memory.limit_in_bytes", "total_inactive_file"},
    {"", "", "memory.current", "memory.max", "inactive_file"},
    {"", "/unified", "memory.current", "memory.max", "inactive_file"},
};

/* Reads the number in DIR/NAME; false if there is none, as for "max". */
static bool read_number(const char *dir, const char *name, uint64_t *value)
{
    char path[PATH_MAX];
    char text[32];
    char *end;

    if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, name) >= sizeof path)
        return false;
    if (procstat_read_file(AT_FDCWD, path, text, sizeof text) <= 0)
        return false;
    *value = strtoull(text, &end, 10);
    return end != text;
}

/* The number after KEY in the lines "key number" of DIR/NAME; false if there is none. */
static bool read_entry(const char *dir, const char *name, const char *key, uint64_t *value)
{
    char path[PATH_MAX];
    char text[STAT_BYTES];
    size_t len = strlen(key);

    if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, name) >= sizeof path ||
        procstat_read_file(AT_FDCWD, path, text, sizeof text) <= 0)
        return false;
    for (const char *line = text; line != NULL;) {
        if (strncmp(line, key, len) == 0 && line[len] == ' ') {
            *value = strtoull(line + len + 1, NULL, 10);
            return true;
        }
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    return false;
}

/* Whether the comma-separated LIST of N bytes holds NAME; an empty list holds "" only. */
static bool lists(const char *list, size_t n, const char *name)
{
    size_t len = strlen(name);

    for (size_t at = 0; at <= n;) {
        size_t part = strcspn(list + at, ",:");

        if (part == len && strncmp(list + at, name, len) == 0)
            return true;
        at += part + 1;
    }
    return false;
}

/* Copies the path of the group that the line "7:cpu,memory:/a/b" with CONTROLLER names. */
static bool find_group(const char *membership, const char *controller, char group[PATH_MAX])
{
    for (const char *line = membership; line != NULL && *line != '\0';) {
        const char *list = strchr(line, ':');
        const char *path = list == NULL ? NULL : strchr(list + 1, ':');
        const char *next = strchr(line, '\n');

        if (path != NULL && (next == NULL || path < next) &&
            lists(list + 1, (size_t)(path - list - 1), controller)) {
            snprintf(group, PATH_MAX, "%.*s", (int)strcspn(path + 1, "\n"), path + 1);
            return true;
        }
        line = next == NULL ? NULL : next + 1;
    }
    return false;
}

/* Shortens DIR to the group above; false: it was the first BASE_LEN bytes, or above. */
static bool go_up(char *dir, size_t base_len)
{
    char *slash = strrchr(dir, '/');

    if (slash == NULL || (size_t)(slash - dir) < base_len)
        return false;
    *slash = '\0';
    return true;
}

/* The least limit from DIR up to its first BASE_LEN bytes; 0 if there is none. DIR is shortened. */
static uint64_t least_limit(char *dir, size_t base_len, const char *name)
{
    uint64_t least = 0;
    uint64_t limit;

    do
        if (read_number(dir, name, &limit) && limit < NO_LIMIT && (least == 0 || limit < least))
            least = limit;
    while (go_up(dir, base_len));
    return least;
}

/* The folder of the group that MEMBERSHIP names for CONTROLLER, below MOUNT; false: there is none.
 */
static bool find_dir(const char *root, const char *mount, const char *membership,
                     const char *controller, char dir[PATH_MAX])
{
    char group[PATH_MAX];

    if (!find_group(membership, controller, group))
        return false;
    if (strcmp(group, "/") == 0)
        group[0] = '\0';
    return (size_t)snprintf(dir, PATH_MAX, "%s%s%s", root, mount, group) < PATH_MAX;
}

bool cgroup_read(const char *root, const char *membership, struct cgroup_memory *memory)
{
    char dir[PATH_MAX];

    *memory = (struct cgroup_memory){0};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        const struct version *v = &versions[i];
        size_t base_len = strlen(root) + strlen(v->mount);

        if (!find_dir(root, v->mount, membership, v->controller, dir) ||
            !read_number(dir, v->use, &memory->bytes))
            continue;
        if (!read_entry(dir, "memory.stat", v->cache, &memory->cache_bytes))
            memory->cache_bytes = 0;
        memory->limit_bytes = least_limit(dir, base_len, v->limit);
        return true;
    }
    return false;
}

/* Version 1 counts nanoseconds, version 2 microseconds. */
static bool read_cpu_stat(const char *dir, struct cgroup_cpu *cpu)
{
    uint64_t time;

    if (!read_entry(dir, "cpu.stat", "nr_periods", &cpu->periods) || cpu->periods == 0 ||
        !read_entry(dir, "cpu.stat", "nr_throttled", &cpu->throttled))
        return false;
    if (read_entry(dir, "cpu.stat", "throttled_usec", &time))
        cpu->throttled_ns = time * 1000;
    else if (read_entry(dir, "cpu.stat", "throttled_time", &time))
        cpu->throttled_ns = time;
    return true;
}

bool cgroup_read_cpu(const char *root, const char *membership, struct cgroup_cpu *cpu)
{
    static const struct {
        const char *controller;
        const char *mount;
    } mounts[] = {{"cpu", "/cpu"}, {"", ""}, {"", "/unified"}};
    char dir[PATH_MAX];

    for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; i++) {
        size_t base_len = strlen(root) + strlen(mounts[i].mount);

        *cpu = (struct cgroup_cpu){0};
        if (!find_dir(root, mounts[i].mount, membership, mounts[i].controller, dir))
            continue;
        do
            if (read_cpu_stat(dir, cpu))
                return true;
        while (go_up(dir, base_len));
    }
    return false;
}
