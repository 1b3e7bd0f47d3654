/* SPDX-License-Identifier: MIT */
/* cpufollow.c - the number of procs follows that of the processors that the process may use, until
 * the program chooses one. */
#include "config.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "gort.h"
#include "runtime/gcthread.h"
#include "runtime/procsize.h"

#define PATIENCE (20 * GORT_S)
#define SKIP     77

/* Every thread of the process, as taskset -a does. */
static void allow_all(const cpu_set_t *set)
{
    DIR *dir = opendir("/proc/self/task");
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (atoi(entry->d_name) > 0)
            sched_setaffinity(atoi(entry->d_name), sizeof *set, set);
    if (dir != NULL)
        closedir(dir);
}

static void keep_only_first(cpu_set_t *set)
{
    size_t cpu = 0;

    while (!CPU_ISSET(cpu, set))
        cpu++;
    CPU_ZERO(set);
    CPU_SET(cpu, set);
}

/* What sysmon asks for now and then. */
static int expect(int wanted)
{
    int64_t by_ns = gort_in(PATIENCE);

    while (gort_maxprocs() != wanted && gort_now() < by_ns) {
        if (procsize_is_outdated())
            gcthread_ask(GCTHREAD_CPUS);
        gort_sleep(GORT_MS);
    }
    if (gort_maxprocs() == wanted)
        return 0;
    fprintf(stderr, "%d procs, not %d\n", gort_maxprocs(), wanted);
    return 1;
}

static int run(void *arg)
{
    cpu_set_t all;
    cpu_set_t one;
    int n = gort_maxprocs();
    int bad = 0;

    (void)arg;
    sched_getaffinity(0, sizeof all, &all);
    one = all;
    keep_only_first(&one);
    allow_all(&one);
    bad += expect(1);
    allow_all(&all);
    bad += expect(n);
    gort_set_maxprocs(n);
    allow_all(&one);
    if (procsize_is_outdated()) {
        fprintf(stderr, "a chosen number is called outdated\n");
        bad++;
    }
    return bad;
}

int main(void)
{
    unsetenv("GORT_MAXPROCS");
    if (gort_num_cpu() < 2)
        return SKIP;
    return gort_run(NULL, run, NULL) == 0 ? 0 : 1;
}
