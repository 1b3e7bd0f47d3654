/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "mon/procinfo.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "mon/cgroup.h"
#include "mon/proclib.h"
#include "mon/procstat.h"
#include "mon/text.h"

struct procinfo_reader {
    struct proclib *lib;
    uint64_t ns_per_tick;
};

struct procinfo_reader *procinfo_reader_new(void)
{
    struct procinfo_reader *r = calloc(1, sizeof *r);
    long ticks_per_s = sysconf(_SC_CLK_TCK);

    if (r == NULL)
        return NULL;
    r->ns_per_tick = (uint64_t)(NS_PER_S / (ticks_per_s > 0 ? ticks_per_s : 100));
    r->lib = proclib_new();
    if (r->lib == NULL) {
        free(r);
        return NULL;
    }
    return r;
}

void procinfo_reader_free(struct procinfo_reader *r)
{
    if (r == NULL)
        return;
    proclib_free(r->lib);
    free(r);
}

/* Since 6.2 the kernel says how many there are; before, the folder has to be read. */
static bool count_files(const char *path, uint32_t *n)
{
    struct stat st;
    DIR *dir;

    if (access(path, R_OK) != 0 || stat(path, &st) != 0)
        return false;
    *n = (uint32_t)st.st_size;
    if (st.st_size > 0)
        return true;
    dir = opendir(path);
    if (dir == NULL)
        return false;
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        *n += e->d_name[0] != '.';
    closedir(dir);
    return true;
}

static void read_files(pid_t pid, struct procinfo *info)
{
    struct rlimit limit;
    char path[32];

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    info->has_files = count_files(path, &info->nfiles);
    if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit) == 0 && limit.rlim_cur <= UINT32_MAX)
        info->files_limit = (uint32_t)limit.rlim_cur;
}

static void read_cgroup(pid_t pid, struct procinfo *info)
{
    struct cgroup_memory memory;
    char path[32];
    char text[4096];

    snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
    if (procstat_read_file(AT_FDCWD, path, text, sizeof text) <= 0)
        return;
    info->has_cgroup = cgroup_read(CGROUP_ROOT, text, &memory);
    info->cgroup_bytes = memory.bytes;
    info->cgroup_cache = memory.cache_bytes;
    info->cgroup_limit = memory.limit_bytes;
    info->has_cgroup_cpu = cgroup_read_cpu(CGROUP_ROOT, text, &info->cgroup_cpu);
}

bool procinfo_read(struct procinfo_reader *r, pid_t pid, struct procinfo *info)
{
    struct proclib_figures figures;
    struct procstat stat;

    *info = (struct procinfo){0};
    if (!procstat_read(pid, &stat) || !proclib_read(r->lib, pid, &figures))
        return false;
    *info = (struct procinfo){
        .valid = true,
        .pid = pid,
        .uid = figures.uid,
        .state = figures.state,
        .start_ticks = stat.start_ticks,
        .rss_bytes = figures.rss_bytes,
        .virtual_bytes = figures.virtual_bytes,
        .cpu_ns = figures.cpu_ticks * r->ns_per_tick,
        .nthreads = figures.nthreads,
    };
    text_clean(info->name, sizeof info->name, figures.name, sizeof figures.name);
    read_files(pid, info);
    read_cgroup(pid, info);
    return true;
}
