/* SPDX-License-Identifier: MIT */
/* cgroup.h - how much memory a control group uses and may use, and how often it is out of CPU time.
 * The limit of memory that counts is the least of the group's own and those of all above it; that
 * of CPU time is that of the innermost group that has one. Version 2 and version 1 of control
 * groups alike.
 * Threads: any. */
#ifndef MON_CGROUP_H
#define MON_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#define CGROUP_ROOT "/sys/fs/cgroup"

struct cgroup_memory {
    uint64_t bytes;
    uint64_t cache_bytes; /* of it, files that can be dropped; 0 if that is not known */
    uint64_t limit_bytes; /* 0: none */
};

struct cgroup_cpu {
    uint64_t periods;
    uint64_t throttled;    /* periods */
    uint64_t throttled_ns; /* summed over processors */
};

/* The memory of the group that MEMBERSHIP, the text of /proc/PID/cgroup, names, in the file system
 * mounted at ROOT. False if there is none, as in the root group of version 2. */
bool cgroup_read(const char *root, const char *membership, struct cgroup_memory *memory);

/* The CPU time, likewise; false if there is no limit to it. */
bool cgroup_read_cpu(const char *root, const char *membership, struct cgroup_cpu *cpu);

#endif
