/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "runtime/cgroupmem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/os_linux.h"

#define PATH_BYTES 8192
#define NAME_BYTES 4096

/* No group's limit: version 1 says none by 2^63 less a page. */
#define NONE (INT64_MAX - ((int64_t)1 << 20))

/* One hierarchy that has the memory of groups in its care. */
struct hierarchy {
    const char *mount;
    const char *files[3]; /* up to a NULL */
};

static const struct hierarchy version1 = {"/sys/fs/cgroup/memory", {"memory.limit_in_bytes"}};
static const struct hierarchy version2 = {"/sys/fs/cgroup", {"memory.max", "memory.high"}};

/* The number in the file PATH; INT64_MAX for the word "max", and if there is no such file. */
static int64_t read_limit(const char *path)
{
    FILE *f = fopen(path, "re");
    char text[32] = "";
    int64_t bytes = 0;

    if (f == NULL)
        return INT64_MAX;
    if (fgets(text, sizeof text, f) == NULL)
        text[0] = '\0';
    fclose(f);
    if (sscanf(text, "%" SCNd64, &bytes) != 1 || bytes < 0 || bytes >= NONE)
        return INT64_MAX;
    return bytes;
}

static int64_t limit_of_group(const char *root, const struct hierarchy *h, const char *group)
{
    int64_t least = INT64_MAX;

    for (size_t i = 0; h->files[i] != NULL; i++) {
        char path[PATH_BYTES];
        int64_t bytes = 0;

        snprintf(path, sizeof path, "%s%s%s/%s", root, h->mount, group, h->files[i]);
        bytes = read_limit(path);
        if (bytes < least)
            least = bytes;
    }
    return least;
}

/* GROUP and all above it; cuts GROUP short. */
static int64_t limit_upwards(const char *root, const struct hierarchy *h, char *group)
{
    int64_t least = INT64_MAX;

    for (;;) {
        char *end = strrchr(group, '/');
        int64_t bytes = limit_of_group(root, h, group);

        if (bytes < least)
            least = bytes;
        if (end == NULL)
            return least;
        *end = '\0';
    }
}

/* LINE, "ID:CONTROLLERS:/GROUP", names the group of one hierarchy. */
static int64_t limit_by_line(const char *root, char *line)
{
    char *controllers = strchr(line, ':');
    char *rest = NULL;
    char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');

    if (group == NULL)
        return INT64_MAX;
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    if (strcmp(group, "/") == 0)
        *group = '\0';
    if (controllers[1] == '\0')
        return limit_upwards(root, &version2, group);
    for (char *name = strtok_r(controllers + 1, ",", &rest); name != NULL;
         name = strtok_r(NULL, ",", &rest))
        if (strcmp(name, "memory") == 0)
            return limit_upwards(root, &version1, group);
    return INT64_MAX;
}

int64_t cgroup_memory_limit(const char *root)
{
    int saved = os_errno();
    int64_t least = INT64_MAX;
    char line[NAME_BYTES];
    FILE *f = NULL;

    snprintf(line, sizeof line, "%s/proc/self/cgroup", root);
    f = fopen(line, "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        int64_t bytes = limit_by_line(root, line);

        if (bytes < least)
            least = bytes;
    }
    if (f != NULL)
        fclose(f);
    os_set_errno(saved);
    return least;
}

int64_t cgroup_share(int64_t bytes)
{
    return bytes == INT64_MAX ? bytes : bytes - bytes / 10;
}
