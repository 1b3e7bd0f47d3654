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

/* How a version of control groups calls things. */
struct version {
    const char *controller; /* in the text of /proc/PID/cgroup, between the colons */
    const char *mount;      /* below the root */
    const char *use;
    const char *limit;
};

static const struct version versions[] = {
    {"memory", "/memory", "memory.usage_in_bytes", "memory.limit_in_bytes"},
    {"", "", "memory.current", "memory.max"},
    {"", "/unified", "memory.current", "memory.max"},
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

/* The least limit from DIR up to its first BASE_LEN bytes; 0 if there is none. DIR is shortened. */
static uint64_t least_limit(char *dir, size_t base_len, const char *name)
{
    uint64_t least = 0;

    for (;;) {
        uint64_t limit;
        char *slash;

        if (read_number(dir, name, &limit) && limit < NO_LIMIT && (least == 0 || limit < least))
            least = limit;
        slash = strrchr(dir, '/');
        if (slash == NULL || (size_t)(slash - dir) < base_len)
            return least;
        *slash = '\0';
    }
}

bool cgroup_read(const char *root, const char *membership, struct cgroup_memory *memory)
{
    char group[PATH_MAX];
    char dir[PATH_MAX];

    *memory = (struct cgroup_memory){0};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        const struct version *v = &versions[i];
        size_t base_len = strlen(root) + strlen(v->mount);

        if (!find_group(membership, v->controller, group))
            continue;
        if (strcmp(group, "/") == 0)
            group[0] = '\0';
        if ((size_t)snprintf(dir, sizeof dir, "%s%s%s", root, v->mount, group) >= sizeof dir ||
            !read_number(dir, v->use, &memory->bytes))
            continue;
        memory->limit_bytes = least_limit(dir, base_len, v->limit);
        return true;
    }
    return false;
}
