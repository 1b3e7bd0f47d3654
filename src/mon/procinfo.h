/* SPDX-License-Identifier: MIT */
/* procinfo.h - what the system knows of a process: memory, CPU, threads, files, control group.
 * The one place that uses the process library: libproc2 with the macros of 4.0.2 or of 4.0.5, or
 * libprocps. The rest comes from /proc and the control group's own files.
 * Threads: one owner. */
#ifndef MON_PROCINFO_H
#define MON_PROCINFO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "mon/cgroup.h"

#define PROCINFO_NAME_BYTES 64

struct procinfo {
    bool valid;                     /* the process was there; false: all else is 0 */
    pid_t pid;
    uid_t uid;
    char state;                     /* R S D Z T t X, as in ps(1) */
    char name[PROCINFO_NAME_BYTES]; /* without control characters */
    uint64_t start_ticks;
    uint64_t rss_bytes;
    uint64_t virtual_bytes;
    uint64_t cpu_ns; /* user and system, all threads */
    uint32_t nthreads;
    bool has_files; /* own user's processes and root only */
    uint32_t nfiles;
    uint32_t files_limit; /* 0: not known */
    bool has_cgroup;
    uint64_t cgroup_bytes;
    uint64_t cgroup_cache; /* of these, files that can be dropped */
    uint64_t cgroup_limit; /* 0: none */
    bool has_cgroup_cpu;   /* its CPU time is limited */
    struct cgroup_cpu cgroup_cpu;
};

struct procinfo_reader;

/* NULL if the process library refuses. */
struct procinfo_reader *procinfo_reader_new(void);
void procinfo_reader_free(struct procinfo_reader *r);

/* Reads one process. False, and INFO all 0, if there is none. */
bool procinfo_read(struct procinfo_reader *r, pid_t pid, struct procinfo *info);

#endif
